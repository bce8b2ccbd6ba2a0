"""Kernel and whole loss: against quadrature, sampling, differences, SymPy's derivatives, and at parallel rows."""

from __future__ import annotations

from collections.abc import Iterator

import mpmath
import numpy as np
import pytest
import sympy
from flint import arb
from numpy.typing import NDArray
from oracles.teacher_monte_carlo import kernel_by_quadrature, sampled_gradient, sampled_loss

from symbolic.enclosure import working_precision
from symbolic.errors import InvalidProblem
from symbolic.teacher.dense import (
    ball_gradient,
    ball_hessian,
    ball_loss,
    float_gradient,
    float_hessian,
    float_loss,
)
from symbolic.teacher.kernel import BallPair, FloatPairs, symbolic_kernel

BITS = 160
ROWS = [(3, 1, -2), (1, 0, 0), (-1, 2, 2), (-3, -1, 2), (6, 2, -4), (2, 1, 4), (3, 1, -1)]


@pytest.fixture(autouse=True)
def _precision() -> Iterator[None]:
    with working_precision(BITS):
        yield


def balls(row: tuple[int, ...]) -> list[arb]:
    return [arb(entry) for entry in row]


def table(rows: NDArray[np.float64]) -> list[list[arb]]:
    return [[arb(float(entry)) for entry in row] for row in rows]


def close(ball: arb, digits: object, accuracy: int = 28) -> bool:
    difference = abs(ball - arb(mpmath.nstr(digits, 45) if isinstance(digits, mpmath.mpf) else str(digits)))
    return bool(difference < arb(10) ** -accuracy)


@pytest.mark.parametrize("first", ROWS)
@pytest.mark.parametrize("second", ROWS)
def test_value_is_the_expectation(first: tuple[int, ...], second: tuple[int, ...]) -> None:
    expected = kernel_by_quadrature(first, second)
    value = BallPair(balls(first), balls(second)).value()
    assert close(value, expected)
    assert value.rad() < 1e-40
    single = FloatPairs(np.array([first], dtype=float), np.array([second], dtype=float)).values()[0, 0]
    assert abs(single - float(expected)) < 1e-14 * (1 + float(expected))


def dot(first: list[sympy.Symbol], second: list[sympy.Symbol]) -> sympy.Expr:
    return sum((x * y for x, y in zip(first, second, strict=True)), sympy.Integer(0))


def test_symbolic_value() -> None:
    value = symbolic_kernel(sympy.Integer(14), sympy.Integer(21), sympy.Integer(-1)).evalf(40)
    assert close(BallPair(balls((3, 1, -2)), balls((2, 1, 4))).value(), value)


@pytest.mark.slow
def test_gradient_and_hessian_are_sympys_derivatives() -> None:
    symbols = [sympy.Symbol(f"x{i}", real=True) for i in range(4)]
    at = dict(zip(symbols, (3, 1, -2, 5), strict=True))
    w, v = symbols[:2], symbols[2:]
    f = symbolic_kernel(dot(w, w), dot(v, v), dot(w, v))
    pair = BallPair(balls((3, 1)), balls((-2, 5)))

    def agrees(ball: arb, *indices: int) -> bool:
        exact = f.diff(*(symbols[i] for i in indices)).evalf(40, subs=at)
        return bool(abs(ball - arb(str(exact))) < 1e-35) and bool(ball.rad() < 1e-40)

    for i in range(2):
        assert agrees(pair.gradient()[i], i)
        for j in range(2):
            assert agrees(pair.h11()[i][j], i, j)
            assert agrees(pair.h22()[i][j], 2 + i, 2 + j)
            assert agrees(pair.h12()[i][j], i, 2 + j)


@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize("exponent", [20, 60, 120])
def test_nearly_parallel_rows_lose_no_digits(direction: int, exponent: int) -> None:
    """Against the same formulas with 6 times the bits, where the naive s is still good."""
    tiny = arb((1, -exponent))
    first, second = [arb(3), arb(1), arb(-2)], [arb(3 * direction), direction + tiny, arb(-2 * direction)]
    pair = BallPair(first, second)
    with working_precision(6 * BITS):
        w2, v2 = arb(14), 13 + second[1] * second[1]
        inner = direction * (13 + direction * second[1])
        sine = (w2 * v2 - inner * inner).sqrt()
        angle = arb.atan2(sine, inner)
        value = (sine + (arb.pi() - angle) * inner) / (2 * arb.pi())
        along, across = sine / w2, arb.pi() - angle
        gradient = [(along * w + across * v) / (2 * arb.pi()) for w, v in zip(first, second, strict=True)]
        assert sine > 0
    assert abs(pair.sine - sine) < arb((1, 12 - BITS))
    assert pair.sine.contains(sine)
    assert pair.value().contains(value)
    assert pair.value().rel_accuracy_bits() > BITS - exponent - 20
    for ball, exact in zip(pair.gradient(), gradient, strict=True):
        assert ball.contains(exact)
        assert ball.rad() < arb((1, 12 - BITS))
    for row in pair.h11() + pair.h12():
        for ball in row:
            assert ball.rad() < arb((1, 12 - BITS))


def test_the_value_between_opposite_rows_keeps_its_relative_accuracy() -> None:
    """f is about |w||v| (pi - theta)^3 / (6 pi): 2^-300 here, where s + (pi - theta) P would leave nothing."""
    tiny = arb((1, -100))
    value = BallPair([arb(1), arb(0)], [arb(-1), tiny]).value()
    assert value.rel_accuracy_bits() > BITS - 20
    assert abs(value / (tiny * tiny * tiny / (6 * arb.pi())) - 1) < 1e-45


@pytest.mark.parametrize("direction", [1, -1])
def test_hessian_of_parallel_rows_is_the_limit(direction: int) -> None:
    """At theta = 0: H11 = 0, H12 = I/2; at theta = pi both vanish. A box around the rows gives a ball around that."""
    row = [arb(3), arb(1), arb(-2)]
    limit = 0.5 if direction == 1 else 0.0
    pair = BallPair(row, [direction * 2 * entry for entry in row])
    wide = BallPair([entry + arb(0, 1e-9) for entry in row], [direction * 2 * entry for entry in row])
    for i in range(3):
        for j in range(3):
            for holder, radius in ((pair, 1e-40), (wide, 1e-7)):
                assert holder.h11()[i][j].contains(0)
                assert holder.h11()[i][j].rad() < radius
                assert holder.h12()[i][j].contains(limit * int(i == j))
                assert holder.h12()[i][j].rad() < radius
    h11, h12 = FloatPairs(np.array([[3.0, 1.0, -2.0]]), direction * np.array([[6.0, 2.0, -4.0]])).hessians()
    assert np.abs(h11).max() < 1e-14
    assert np.abs(h12[0, 0] - limit * np.eye(3)).max() < 1e-14


def test_vanishing_rows_are_refused() -> None:
    with pytest.raises(InvalidProblem, match="vanishes"):
        BallPair([arb(0), arb(0)], [arb(1), arb(0)])
    with pytest.raises(InvalidProblem, match="vanishes"):
        FloatPairs(np.zeros((1, 2)), np.eye(2))
    with pytest.raises(InvalidProblem, match="vanishes"):
        ball_loss([[arb(1), arb(2)], [arb(0), arb(0)]], 2)
    with pytest.raises(InvalidProblem, match="vanishes"):
        float_hessian(np.array([[1.0, 2.0], [0.0, 0.0]]), 2)
    with pytest.raises(InvalidProblem, match="finite"):
        float_loss(np.array([[1.0, np.nan], [1.0, 0.0]]), 2)
    perhaps = BallPair([arb(0, 0.5), arb(0, 0.5)], [arb(1), arb(0)])
    assert not perhaps.gradient()[0].is_finite()
    assert not perhaps.h11()[0][0].is_finite()


@pytest.mark.parametrize("teachers", [1, 4])
def test_teachers_out_of_range_are_refused(teachers: int) -> None:
    with pytest.raises(InvalidProblem):
        float_loss(np.ones((2, 3)), teachers)
    with pytest.raises(InvalidProblem):
        ball_gradient(table(np.ones((2, 3))), teachers)


SHAPES = [(4, 4, 4), (5, 4, 4), (3, 4, 4), (3, 5, 3)]


@pytest.mark.parametrize(("width", "inputs", "teachers"), SHAPES)
def test_loss_and_gradient_are_those_of_samples(width: int, inputs: int, teachers: int) -> None:
    weights = np.random.default_rng(width).standard_normal((width, inputs))
    mean, error = sampled_loss(weights, teachers, 60_000, seed=5)
    assert error < 0.03 * mean
    assert abs(float_loss(weights, teachers) - mean) < 5 * error
    means, errors = sampled_gradient(weights, teachers, 60_000, seed=6)
    exact = float_gradient(weights, teachers)
    assert np.all(np.abs(exact - means) < 5 * errors)
    assert np.abs(exact).max() > 20 * errors.max()


@pytest.mark.parametrize(("width", "inputs", "teachers"), SHAPES)
def test_gradient_and_hessian_are_differences_of_the_loss(width: int, inputs: int, teachers: int) -> None:
    """In balls with exact weights: central differences with a step of 2^-40 are right to about 2^-78."""
    weights = table(np.random.default_rng(width).standard_normal((width, inputs)))
    gradient, hessian = ball_gradient(weights, teachers), ball_hessian(weights, teachers)
    step = arb((1, -40))
    rng = np.random.default_rng(3)
    for i, a in zip(rng.integers(width, size=4).tolist(), rng.integers(inputs, size=4).tolist(), strict=True):
        up, down = [list(row) for row in weights], [list(row) for row in weights]
        up[i][a] += step
        down[i][a] -= step
        slope = (ball_loss(up, teachers) - ball_loss(down, teachers)) / (2 * step)
        assert abs(slope - gradient[i][a]) < 1e-20
        above, below = ball_gradient(up, teachers), ball_gradient(down, teachers)
        for j in range(width):
            for b in range(inputs):
                slope = (above[j][b] - below[j][b]) / (2 * step)
                assert abs(slope - hessian[j * inputs + b, i * inputs + a]) < 1e-20


@pytest.mark.parametrize(("width", "inputs", "teachers"), SHAPES)
def test_floats_agree_with_balls(width: int, inputs: int, teachers: int) -> None:
    weights = np.random.default_rng(width).standard_normal((width, inputs))
    rows = table(weights)
    assert abs(float_loss(weights, teachers) - float(ball_loss(rows, teachers))) < 1e-13
    expected = np.array([[float(entry) for entry in row] for row in ball_gradient(rows, teachers)])
    assert np.abs(float_gradient(weights, teachers) - expected).max() < 1e-13
    size = width * inputs
    hessian = ball_hessian(rows, teachers)
    expected = np.array([[float(hessian[i, j]) for j in range(size)] for i in range(size)])
    assert np.abs(float_hessian(weights, teachers) - expected).max() < 1e-13


def test_the_teacher_itself_is_a_zero_of_loss_and_gradient() -> None:
    identity = table(np.eye(4))
    assert ball_loss(identity, 4).contains(0)
    assert ball_loss(identity, 4).rad() < 1e-40
    assert all(entry.contains(0) and entry.rad() < 1e-40 for row in ball_gradient(identity, 4) for entry in row)
    eigenvalues = np.linalg.eigvalsh(float_hessian(np.eye(6), 6))
    assert abs(eigenvalues[0] - (np.pi - 2) / (4 * np.pi)) < 1e-12
