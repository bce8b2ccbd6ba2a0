"""Loss, gradient and Hessian in floats against exact rational integrals, quadrature and differences."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest
from oracles.interval_flow import Setting
from oracles.region_quadrature import Network, gradient, hessian, loss

from symbolic.errors import InvalidProblem
from symbolic.flow.interval_field import IntervalField
from symbolic.interval.problem import IntervalProblem

PROBLEMS = [
    IntervalProblem.from_text("x", "x"),
    IntervalProblem.from_text("x2", "x**2", ("-1", "1")),
    IntervalProblem.from_text("wild", "x**4 - (3/2)*x**3 + x/7 - 2", ("1/3", "5/2"), "1/10"),
    IntervalProblem.from_text("flat", "3", ("-2", "-1"), "1/2"),
]


def random_network(problem: IntervalProblem, width: int, generator: random.Random) -> Network:
    """Rational parameters without equal breakpoints, about half of which lie inside."""

    def number() -> Fraction:
        return Fraction(generator.randint(-300, 300) * 2 + 1, 211)

    rows = [[number() for _ in range(width)] for _ in range(3)]
    w, b, v = (tuple(row) for row in rows)
    return Network(w, b, v, number(), problem.leak, problem.target, *problem.domain)


def names(width: int) -> list[str]:
    return [*(f"{letter}{j}" for letter in "wbv" for j in range(1, width + 1)), "c"]


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)
@pytest.mark.parametrize("width", [0, 1, 2, 3, 5])
def test_loss_gradient_and_hessian_are_the_exact_ones(problem: IntervalProblem, width: int) -> None:
    generator = random.Random(width)
    field = IntervalField(problem, width)
    for _ in range(3):
        network = random_network(problem, width, generator)
        point = np.array([float(x) for x in (*network.w, *network.b, *network.v, network.c)])
        exact = {"loss": loss(network), "gradient": gradient(network), "hessian": hessian(network)}
        order = names(width)
        scale = 1 + float(exact["loss"])
        assert abs(field.loss(point) - float(exact["loss"])) < 1e-12 * scale
        slopes = np.array([float(exact["gradient"][name]) for name in order])
        np.testing.assert_allclose(field.gradient(point), slopes, rtol=1e-11, atol=1e-11 * scale)
        curvatures = np.array([[float(exact["hessian"][x, y]) for y in order] for x in order])
        np.testing.assert_allclose(field.hessian(point), curvatures, rtol=1e-10, atol=1e-10 * scale)


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)
def test_gradient_is_that_of_quadrature_and_the_difference_quotient_of_the_loss(problem: IntervalProblem) -> None:
    generator = np.random.default_rng(3)
    field, setting = IntervalField(problem, 3), Setting.of(problem)
    for _ in range(4):
        point = generator.standard_normal(10)
        found = field.gradient(point)
        scale = 1 + float(np.abs(found).max())
        np.testing.assert_allclose(found, setting.gradient(point), atol=1e-11 * scale)
        quotients = [(field.loss(point + 1e-5 * e) - field.loss(point - 1e-5 * e)) / 2e-5 for e in np.eye(10)]
        np.testing.assert_allclose(found, quotients, atol=1e-6 * scale)


def test_breakpoints_at_the_same_place_and_neurons_that_do_nothing() -> None:
    problem = PROBLEMS[1]
    field, setting = IntervalField(problem, 4), Setting.of(problem)
    # Two neurons share a breakpoint, one is at 0, one is inactive.
    point = np.array([1.0, -2.0, 0.0, 1.0, -0.25, 0.5, 0.0, -3.0, 0.7, 0.4, 0.0, 5.0, 0.1])
    found = field.gradient(point)
    np.testing.assert_allclose(found, setting.gradient(point), atol=1e-13)
    assert [found[i] for i in (2, 3, 6, 7, 10, 11)] == [0.0] * 6
    assert np.all(np.isfinite(field.hessian(point)))
    assert field.loss(point) == pytest.approx(setting.loss(point), abs=1e-14)


def test_quadratic_activation_is_refused() -> None:
    problem = IntervalProblem("q", (Fraction(0), Fraction(1)), activation="quadratic")
    with pytest.raises(InvalidProblem, match="activation"):
        IntervalField(problem, 1)
