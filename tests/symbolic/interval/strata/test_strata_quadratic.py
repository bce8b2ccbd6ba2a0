"""The quadratic activation: every stratum against SymPy's gradient and Hessian of the integrated loss."""

from fractions import Fraction
from itertools import pairwise

import pytest
import sympy

from symbolic import IntervalProblem, survey, survey_strata
from symbolic.enclosure import Number
from symbolic.problem import Kind

TARGET, DOMAIN = (Fraction(1), Fraction(3)), (Fraction(-1), Fraction(2))


def rational(value: Number) -> sympy.Rational:
    assert isinstance(value, Fraction)
    return sympy.Rational(value.numerator, value.denominator)


def inertia(matrix: sympy.Matrix) -> tuple[int, int, int]:
    """Signs of the eigenvalues by Descartes' rule, exact because they are all real."""
    coefficients = matrix.charpoly().all_coeffs()
    zero = next(i for i, value in enumerate(reversed(coefficients)) if value != 0)
    kept = [value for value in coefficients if value != 0]
    positive = sum((a > 0) != (b > 0) for a, b in pairwise(kept))
    return matrix.shape[0] - zero - positive, zero, positive


@pytest.mark.parametrize("width", [1, 2, pytest.param(3, marks=pytest.mark.slow)])
def test_gradient_inertia_and_kinds(width: int) -> None:
    result = survey_strata(survey(IntervalProblem("q", TARGET, DOMAIN, activation="quadratic"), width))
    assert result.completeness.proved
    x, c = sympy.symbols("x c")
    names = [sympy.symbols(f"{letter}1:{width + 1}") for letter in "wbv"]
    output = c + sum(v * (w * x + b) ** 2 for w, b, v in zip(*names, strict=True))
    loss = sympy.integrate(sympy.expand((output - 1 - 3 * x) ** 2), (x, -1, 2))
    symbols = [*names[0], *names[1], *names[2], c]
    gradient = [sympy.diff(loss, symbol) for symbol in symbols]
    hessian = sympy.hessian(loss, symbols)
    for stratum in result.strata:
        sample = stratum.sample
        values = [rational(value) for value in (*sample.w, *sample.b, *sample.v, sample.c)]
        point = dict(zip(symbols, values, strict=True))
        assert all(entry.subs(point) == 0 for entry in gradient)
        if stratum.roles is None:
            assert loss.subs(point) == 0
            continue
        assert loss.subs(point) == sympy.Rational(81 * 3, 12) == 9 * 27 / sympy.Integer(12)
        assert stratum.inertia is not None
        found = (stratum.inertia.negative, stratum.inertia.zero, stratum.inertia.positive)
        assert found == inertia(hessian.subs(point))
        degenerate = all(role.code == "zero" for role in stratum.roles)
        assert stratum.kind is (Kind.SADDLE if degenerate else Kind.STRICT_SADDLE)
    counts = sum(stratum.orbit_size for stratum in result.strata if stratum.roles is not None)
    assert counts == 6**width


def test_the_totally_degenerate_point_descends_at_third_order() -> None:
    """L along w = e, b = (1 - mu) e, v = -sign(m_1) e is the mean's loss minus 4 |m_1| e^3 up to order 6."""
    x, e = sympy.symbols("x e")
    middle = sympy.Rational(1, 2)
    mean = 1 + 3 * middle
    moment = sympy.integrate(x * (mean - 1 - 3 * x), (x, -1, 2))
    curve = mean - sympy.sign(moment) * e * (e * x + (1 - middle) * e) ** 2
    loss = sympy.Poly(sympy.integrate(sympy.expand((curve - 1 - 3 * x) ** 2), (x, -1, 2)), e)
    assert loss.coeff_monomial(e**3) == -4 * abs(moment)
    assert all(loss.coeff_monomial(e**k) == 0 for k in (1, 2, 4, 5))
