"""Exact expansions at large k against certified points at high k, and the arithmetic of Puiseux series."""

from __future__ import annotations

import ast
import operator
import tomllib
from fractions import Fraction
from pathlib import Path

import pytest
from flint import arb, fmpz_poly
from mpmath import mp, mpf
from sympy import Expr, Integer, Symbol, atan, pi, series, sqrt

from symbolic.enclosure import arb_of, working_precision
from symbolic.errors import InsufficientPrecision, InvalidProblem
from symbolic.exact.krawczyk import refine_zero
from symbolic.teacher.families import Family
from symbolic.teacher.puiseux import ONE, PI, ZERO, PiNumber, PuiseuxArithmetic, PuiseuxSeries
from symbolic.teacher.restricted import loss
from symbolic.teacher.series import eigenvalue_series, family_series, series_latex
from symbolic.teacher.spectrum import spectrum

ROOT = Path(__file__).resolve().parents[3]
PUBLISHED = tomllib.loads((ROOT / "data" / "published" / "teacher-families.toml").read_text())["series"]
DIGITS = 100


def certified(name: str, k: int) -> list[arb]:
    """The zero next to the leading terms at a large k, to about 100 digits (apart from the series)."""
    curve = Family.parse(name).curve
    center, half = refine_zero(
        curve.equations(Fraction(k)), [Fraction(value) for value in Family.parse(name).leading(k)], 420
    )
    return [arb_of(value, half) for value in center]


def fitted(values: list[arb], roots: list[arb], lowest: int) -> list[float]:
    """Coefficients of a polynomial in s through the values, after division by s^lowest: a fit, nothing is proved."""
    with mp.workdps(DIGITS):
        points = [mpf(root.mid().str(DIGITS, radius=False)) for root in roots]
        targets = [mpf(v.mid().str(DIGITS, radius=False)) / p**lowest for v, p in zip(values, points, strict=True)]
        matrix = mp.matrix([[point**j for j in range(len(points))] for point in points])
        return [float(value) for value in mp.lu_solve(matrix, mp.matrix(targets))]


def squares(count: int) -> list[int]:
    return [10**10 * (n + 2) ** 2 for n in range(count)]


@pytest.mark.parametrize("name", ["A", *(pytest.param(n, marks=pytest.mark.slow) for n in ("I", "II", "I_2", "II_4"))])
def test_the_coefficients_are_those_of_a_fit_at_large_k(name: str) -> None:
    order = 6
    found = family_series(name, order)
    assert found.order == order
    curve = Family.parse(name).curve
    with working_precision(480):
        points = {k: certified(name, k) for k in squares(12)}
        roots = [1 / arb(k).sqrt() for k in points]
        for i, (label, exact) in enumerate(found.entries.items()):
            fit = fitted([point[i] for point in points.values()], roots, 0)
            for exponent in range(order):
                expected = float(exact[exponent].enclose(64).mid())
                assert fit[exponent] == pytest.approx(expected, rel=1e-8, abs=1e-8), (label, exponent)
        losses = [loss(curve.space, curve.sizes(Fraction(k)), point) for k, point in points.items()]
        fit = fitted(losses, roots, 0)
        for exponent in range(4):
            assert fit[exponent] == pytest.approx(float(found.loss[exponent].enclose(64).mid()), rel=1e-8, abs=1e-8)


@pytest.mark.parametrize(
    ("name", "irrep"),
    [
        ("A", "t"),
        ("A", "s0"),
        ("A", "x0"),
        ("A", "y0"),
        pytest.param("I", "t", marks=pytest.mark.slow),
        pytest.param("II", "x0", marks=pytest.mark.slow),
        pytest.param("I_2", "s0*s1", marks=pytest.mark.slow),
    ],
)
def test_eigenvalues_are_those_of_a_fit_at_large_k(name: str, irrep: str) -> None:
    order = 2
    exact = eigenvalue_series(name, irrep, order)
    assert exact.missing == 0
    assert all(value.order == order for value in exact.eigenvalues)
    curve = Family.parse(name).curve
    with working_precision(480):
        ks = squares(12)
        roots = [1 / arb(k).sqrt() for k in ks]
        spectra = [spectrum(curve.space, curve.sizes(Fraction(k)), certified(name, k))[irrep].eigenvalues for k in ks]
        for number, value in enumerate(exact.eigenvalues):
            fit = fitted([values[number] for values in spectra], roots, -2)
            for exponent in range(-2, order):
                expected = float(value[exponent].enclose(64).mid())
                assert fit[exponent + 2] == pytest.approx(expected, rel=1e-7, abs=1e-7)


def closed_form(text: str) -> Expr:
    """The number that a text in integers, pi, + - * / ** stands for."""
    operations = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}

    def value(node: ast.expr) -> Expr:
        if isinstance(node, ast.Constant):
            return Integer(node.value)
        if isinstance(node, ast.UnaryOp):
            assert isinstance(node.op, ast.USub)
            return -value(node.operand)
        if isinstance(node, ast.Name):
            assert node.id == "pi"
            return pi
        assert isinstance(node, ast.BinOp)
        if isinstance(node.op, ast.Pow):
            return value(node.left) ** value(node.right)
        return operations[type(node.op)](value(node.left), value(node.right))

    return value(ast.parse(text, mode="eval").body)


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(entry, id=entry["family"], marks=[] if entry["family"] == "A" else [pytest.mark.slow])
        for entry in PUBLISHED
    ],
)
def test_published_closed_forms(entry: dict) -> None:
    found = family_series(entry["family"], 5)
    for label in set(entry) - {"family", "obtained", "proof"}:
        exact = found.loss if label == "loss" else found.entries[label]
        terms = {int(exponent): closed_form(text) for exponent, text in entry[label].items()}
        for exponent in range(max(terms) + 1):
            assert (exact[exponent].to_sympy() - terms.get(exponent, 0)).simplify() == 0


def test_the_spectra_of_a_and_of_the_teacher_agree_at_leading_order() -> None:
    # Eigenvalues of the Hessian at the teacher: (pi - 2)/(4 pi) on x, (pi + 2)/(4 pi) on y.
    for irrep, value in (("x0", (pi - 2) / (4 * pi)), ("y0", (pi + 2) / (4 * pi))):
        (found,) = eigenvalue_series("A", irrep, 2).eigenvalues
        assert (found[0].to_sympy() - value).simplify() == 0


def test_latex() -> None:
    lines = family_series("A", 5).latex(3)
    assert lines[0] == r"A_{0} &= -1+2 s^{2}+\left(-4 + \frac{8}{\pi}\right) s^{4}+O(s^{5})"
    assert lines[-1].startswith(r"L &= \frac{1}{2} - \frac{1}{\pi}- \frac{4}{3 \pi} s+\left(")
    assert eigenvalue_series("A", "x0", 2).latex() == [
        r"\lambda_{x0} &= \frac{1}{4} - \frac{1}{2 \pi}- \frac{1}{\pi} s+O(s^{2})"
    ]
    assert series_latex(PuiseuxSeries(1, (), 1)) == "O(s)"


def test_refused_series() -> None:
    with pytest.raises(InvalidProblem):
        family_series("II_2")
    with pytest.raises(InvalidProblem):
        family_series("A", 2)
    with pytest.raises(InvalidProblem):
        eigenvalue_series("A", "s1")
    with pytest.raises(InvalidProblem):
        eigenvalue_series("II_3", "x0")


def numbers(*texts: str) -> list[PiNumber]:
    known = {"pi": PI, "1/pi": ONE / PI}
    return [known.get(text) or PiNumber.rational(Fraction(text)) for text in texts]


def test_the_field_of_rational_functions_of_pi() -> None:
    two = PiNumber.rational(2)
    assert (PI * PI - two * two) / (PI - two) == PI + two
    assert (PI - PI).is_zero
    assert (ONE / (two - PI)).denominator == fmpz_poly([-2, 1])
    assert (ONE / (two - PI)).sign == -1
    assert ZERO.sign == 0
    square = (PI - two - two) * (PI - two - two) / (PI * PI)
    root = square.square_root()
    assert root is not None
    assert root.sign == 1
    assert root * root == square
    assert PI.square_root() is None
    assert (-ONE).square_root() is None
    with pytest.raises(ZeroDivisionError):
        ONE / ZERO
    # A number that is nearly 0: 355/113 - pi.
    assert (PiNumber.rational(Fraction(355, 113)) - PI).sign == 1


@pytest.mark.slow
def test_series_against_sympy() -> None:
    s = Symbol("s", positive=True)
    first = PuiseuxSeries(-2, numbers("1", "pi", "-2", "1/3", "1/pi", "1", "pi"), 5)
    second = PuiseuxSeries(1, numbers("pi", "-2", "1", "1/3", "1/pi"), 6)
    left, right = first.to_sympy(), second.to_sympy()

    def agree(found: PuiseuxSeries, expression: Expr, order: int) -> None:
        assert found.order == order
        expected = series(expression * s**4, s, 0, order + 4).removeO()
        difference = (found.to_sympy() * s**4 - expected).expand()
        assert all(difference.coeff(s, n).simplify() == 0 for n in range(order + 4))

    agree(first + second, left + right, 5)
    agree(first * second, left * right, 4)
    agree(second / first, right / left, 8)
    agree((first * first).root(), left, 5)
    agree(second.arctangent(), atan(right), 6)
    agree((first - 3) * 2, 2 * (left - 3), 5)
    agree(PuiseuxSeries(0, numbers("1", "pi", "-2"), 4).root(), sqrt(1 + pi * s - 2 * s**2), 4)


def test_what_is_unknown_cannot_be_read() -> None:
    known = PuiseuxSeries(0, numbers("pi", "1"), 3)
    assert known[2].is_zero
    with pytest.raises(InsufficientPrecision):
        known[3]
    spoiled = known.root() + 1
    assert not spoiled.known
    with pytest.raises(InsufficientPrecision):
        spoiled[0]
    with pytest.raises(InsufficientPrecision):
        PuiseuxSeries(0, (), 2).inverse()
    arithmetic = PuiseuxArithmetic(4)
    with pytest.raises(InvalidProblem):
        arithmetic.supplement(arithmetic.one, arithmetic.one)
    with pytest.raises(InvalidProblem):
        known.arctangent()


def test_angles_near_zero_a_right_angle_and_pi() -> None:
    arithmetic = PuiseuxArithmetic(6)
    small = PuiseuxSeries(1, numbers("1"), 7)
    assert arithmetic.supplement(small, arithmetic.one)[0] == PI
    assert arithmetic.supplement(small, -arithmetic.one)[0].is_zero
    assert arithmetic.supplement(small, -arithmetic.one)[1] == ONE
    assert arithmetic.supplement(arithmetic.one, small)[0] == PI / PiNumber.rational(2)
    assert arithmetic.supplement(arithmetic.one, small)[1] == ONE
