"""Escape directions against |G| on a grid of the circle, by quadrature."""

from __future__ import annotations

from math import atan2, cos, pi, sin

import pytest
from flint import arb, fmpq
from oracles.interval_flow import Piecewise, Setting

from symbolic.interval.escape import EscapeDirections, escape_directions
from symbolic.interval.problem import IntervalProblem
from symbolic.interval.realization import RealizedFunction
from symbolic.surveys import survey

STEPS = 900

QUICK = [
    IntervalProblem.from_text("x", "x"),
    IntervalProblem.from_text("x2", "x**2"),
    IntervalProblem.from_text("x2-leaky", "x**2", leak="1/3"),
]
MORE = [
    IntervalProblem.from_text("left", "x**3", ("-2", "-1"), "1/3"),
    IntervalProblem.from_text("x-leaky", "x", leak="1/10"),
    IntervalProblem.from_text("x2-sym", "x**2", ("-1", "1")),
    IntervalProblem.from_text("x3-x", "x**3 - x"),
    IntervalProblem.from_text("right", "x**2", ("1", "2")),
    IntervalProblem.from_text("up-to-0", "x**3 - x", ("-1", "0"), "1/10"),
    IntervalProblem.from_text("quartic", "x**4 - x", ("-2", "1"), "1/2"),
]


def piecewise(function: RealizedFunction) -> Piecewise:
    values = function.balls
    kinks, slopes = (tuple(float(x.mid()) for x in row) for row in (values.kinks, values.slopes))
    return Piecewise(Setting.of(function.problem), kinks, slopes, float(values.offset.mid()))


def angles(found: EscapeDirections) -> list[float]:
    return sorted(atan2(float(one.bias.mid()), float(one.weight.mid())) % (2 * pi) for one in found.directions)


def gap(one: float, other: float) -> float:
    return min(abs(one - other), 2 * pi - abs(one - other))


def check(problem: IntervalProblem, width: int) -> None:
    for label, function in survey(problem, width).realized.items():
        if function.is_target:
            continue
        found = escape_directions(function)
        assert found.doubts == ()
        shape = piecewise(function)
        for one in found.directions:
            w, b = float(one.weight.mid()), float(one.bias.mid())
            assert w * w + b * b == pytest.approx(1, abs=1e-15)
            strength = float(one.strength.mid())
            assert not one.strength.contains(0)
            assert shape.growth(w, b) == pytest.approx(strength, abs=1e-13)
            assert float(one.rate.mid()) == pytest.approx(2 * abs(strength))
            assert one.outer_sign * strength < 0
        # Every maximum on the grid is next to one of the list. Two maxima nearer than a step look like one.
        step = 2 * pi / STEPS
        grid, mine = shape.extremal_angles(STEPS), angles(found)
        for angle in grid:
            assert min(gap(angle, other) for other in mine) < 1.01 * step, (label, angle)
        # And every one of the list is higher than its surroundings, at every distance tried.
        for angle in mine:
            assert is_highest(shape, angle, [1e-4, 1e-6]), (label, angle)


def is_highest(shape: Piecewise, angle: float, distances: list[float]) -> bool:
    top = abs(shape.growth(cos(angle), sin(angle)))
    others = [abs(shape.growth(cos(angle + d), sin(angle + d))) for one in distances for d in (one, -one)]
    return all(other <= top * (1 + 1e-13) + 1e-17 for other in others)


@pytest.mark.parametrize("problem", QUICK, ids=lambda problem: problem.name)
def test_directions_are_the_maxima_on_the_circle(problem: IntervalProblem) -> None:
    check(problem, 1)


@pytest.mark.slow
@pytest.mark.parametrize("problem", [*QUICK, *MORE], ids=lambda problem: problem.name)
def test_directions_are_the_maxima_on_the_circle_at_width_2(problem: IntervalProblem) -> None:
    check(problem, 2)


def test_from_the_mean_of_x_a_neuron_escapes_along_the_axis_with_rate_one_sixth() -> None:
    # r = 1/2 - x: G(1, 0) = int r x = -1/12, and G(-1, b) has its extremum inside.
    function = survey(QUICK[0], 1).realized["x:B..1"]
    found = escape_directions(function).directions
    assert [(one.orientation, one.outer_sign) for one in found] == [("+", 1), ("-", -1)]
    assert float(found[0].breakpoint.mid()) == 0.0
    assert found[0].rate.overlaps(arb(fmpq(1, 6)))
    assert found[0].rate.rad() < 1e-40
    assert found[0].weight == 1
    assert 0 < float(found[1].breakpoint.mid()) < 1


def test_a_virtual_site_is_no_escape_direction() -> None:
    # Over the pattern + of x^2 on [0, 1], G vanishes to second order at t = 2/3 for orientation -.
    function = survey(QUICK[1], 1).realized["x2:B.+.1"]
    shape = piecewise(function)
    assert abs(shape.growth(-1.0, 2 / 3)) < 1e-16
    assert all(abs(float(one.breakpoint.mid()) - 2 / 3) > 0.01 for one in escape_directions(function).directions
               if one.orientation == "-")
