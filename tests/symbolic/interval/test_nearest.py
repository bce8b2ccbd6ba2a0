"""Distances to functions and strata: against quadrature, differences, a fine grid, and points of the strata."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from oracles.multistart import NetworkLoss, numerical_gradient

from symbolic.errors import InvalidProblem
from symbolic.interval.nearest import NearFunction, function_reach, sup_distance
from symbolic.interval.nearest_target import distance_to_target
from symbolic.interval.problem import IntervalProblem
from symbolic.interval.relocation import relocate, system_of
from symbolic.interval.strata.sites import sites_of
from symbolic.interval.trained import TINY, TrainedNetwork
from symbolic.surveys import survey, survey_strata

SQUARE = IntervalProblem("square", (Fraction(0), Fraction(0), Fraction(1)))
LINE = IntervalProblem("line", (Fraction(1), Fraction(-2)), (Fraction(-1), Fraction(2)), Fraction(1, 10))


def network_of(problem: IntervalProblem, parameters) -> TrainedNetwork:
    n = len(parameters) // 3
    exact = [Fraction(float(value)) for value in parameters]
    return TrainedNetwork(problem, exact[:n], exact[n : 2 * n], exact[2 * n : 3 * n], exact[3 * n])


@pytest.fixture(scope="module")
def surveyed():
    found = survey(SQUARE, 2)
    return found, survey_strata(found)


@pytest.mark.parametrize("problem", [SQUARE, LINE])
def test_loss_and_gradient_are_those_of_quadrature(problem: IntervalProblem) -> None:
    oracle = NetworkLoss(problem.target, problem.domain, problem.leak, 3)
    generator = np.random.default_rng(8)
    for _ in range(5):
        point = oracle.random_start(generator)
        network = network_of(problem, point)
        gradient, _ = oracle.gradient_and_hessian(point)
        own = (*network.gradient.w, *network.gradient.b, *network.gradient.v, network.gradient.c)
        assert float(network.loss) == pytest.approx(oracle.loss(point), rel=1e-11)
        assert np.allclose([float(value) for value in own], gradient, atol=1e-10)
        assert np.allclose([float(value) for value in own], numerical_gradient(oracle, point), atol=1e-4)


def test_the_normalized_gradient_does_not_depend_on_scaling() -> None:
    point = np.array([1.0, -2.0, -0.25, 1.5, 0.5, -1.0, 0.125])
    scaled = point.copy()
    for j, factor in enumerate((8.0, 1 / 64)):
        scaled[[j, 2 + j]] *= factor
        scaled[4 + j] /= factor
    one, other = network_of(SQUARE, point), network_of(SQUARE, scaled)
    assert [(n.start, n.end, n.v) for n in one.neurons] == [(n.start, n.end, n.v) for n in other.neurons]
    assert one.normalized_squared_gradient == other.normalized_squared_gradient
    assert one.gradient.squared_norm != other.gradient.squared_norm
    assert one.loss == other.loss


def test_an_almost_vanishing_neuron_is_near_zero_in_its_coordinates() -> None:
    (neuron,) = network_of(SQUARE, [1e6, -3e5, 1e-20, 0.0]).neurons
    assert neuron.size < TINY
    assert max(abs(neuron.start), abs(neuron.end), abs(neuron.v)) < Fraction(1, 10**6)


def test_the_quadratic_activation_is_refused() -> None:
    problem = IntervalProblem("q", (Fraction(0), Fraction(1)), activation="quadratic")
    with pytest.raises(InvalidProblem, match="max"):
        TrainedNetwork(problem, [Fraction(1)], [Fraction(0)], [Fraction(1)], Fraction(0))


def test_the_distance_of_functions_is_that_on_a_fine_grid(surveyed) -> None:
    functions, _ = surveyed
    point = np.array([1.0, 1.0, -0.3, -0.55, 0.7, 0.9, 0.01])
    network = network_of(SQUARE, point)
    grid = np.linspace(0, 1, 20001)
    own = point[6] + sum(point[4 + j] * np.maximum(point[j] * grid + point[2 + j], 0) for j in range(2))
    for function in functions.functions:
        realized = functions.realized[function.label].balls
        kinks = [float(t.mid()) for t in realized.kinks]
        slopes = [float(s.mid()) for s in realized.slopes]
        other = float(realized.offset.mid()) + slopes[0] * grid
        for kink, left, right in zip(kinks, slopes, slopes[1:], strict=False):
            other += (right - left) * np.maximum(grid - kink, 0)
        low, high = sup_distance(network, function)
        assert high - low < Fraction(1, 10**20)
        assert float(low) == pytest.approx(np.abs(own - other).max(), abs=1e-4)


@pytest.mark.slow
def test_bounds_hold_at_moved_points_of_every_stratum(surveyed) -> None:
    """A point of the stratum was moved by a known distance: lower bounds are below it, the constructed ones above the
    lower ones, of the same size, and the function moves by less than its reach."""
    functions, strata = surveyed
    generator = np.random.default_rng(1)
    constructed = 0
    for stratum in strata.strata:
        realized = functions.realized[stratum.function]
        sample = stratum.sample
        values = [float(sum(map(Fraction, _ends(x))) / 2) for x in (*sample.w, *sample.b, *sample.v, sample.c)]
        here = network_of(SQUARE, values)
        if any(one.size == 0 for one in here.neurons):
            continue
        moved = network_of(SQUARE, np.array(values) + 1e-6 * generator.normal(size=len(values)))
        distance = float(
            sum(
                (a.start - b.start) ** 2 + (a.end - b.end) ** 2 + (a.v - b.v) ** 2
                for a, b in zip(here.neurons, moved.neurons, strict=True)
            )
            + (here.c - moved.c) ** 2
        ) ** 0.5
        near = NearFunction(moved, realized, sites_of(realized))
        options = [{role.code: least for role, least in row} for row in near.options(Fraction(1, 1000))]
        codes = stratum.label.rpartition(":")[2].split(".")
        assert all(code in row for code, row in zip(codes, options, strict=True)), stratum.label
        least = sum(row[code] for code, row in zip(codes, options, strict=True))
        assert float(least) ** 0.5 <= distance * (1 + 1e-9) + 1e-15
        roles = {role.code: role for role in near.roles}
        most = near.place([roles[code] for code in codes])
        record = next(one for one in functions.functions if one.label == stratum.function)
        assert sup_distance(moved, record)[0] <= function_reach(moved, Fraction(distance) + Fraction(1, 10**12))
        if most is not None:
            constructed += 1
            assert most**2 >= least
            assert float(most) < 60 * distance
    assert constructed > 30


def _ends(number) -> tuple[Fraction, Fraction]:
    from symbolic.enclosure import bounds

    return bounds(number)


def test_a_record_leads_back_to_its_solution(surveyed) -> None:
    functions, _ = surveyed
    for function in functions.functions:
        system = system_of(SQUARE, function)
        cell = next((c for c in functions.cells if c.key == (system.knots, system.system)), None)
        again = relocate(SQUARE, function, [] if cell is None else cell.roots)
        for ball, other in zip(again.balls.kinks, functions.realized[function.label].balls.kinks, strict=True):
            assert ball.overlaps(other)


def test_networks_that_realize_an_affine_target_are_at_distance_zero() -> None:
    a = Fraction(1, 4)
    # 1 - 2 x on [-1, 2] by an active neuron; by a pair of opposite orientations at one breakpoint; by a broken one.
    active = TrainedNetwork(LINE, [Fraction(1)], [Fraction(2)], [Fraction(-2)], Fraction(5))
    assert distance_to_target(active) == 0
    pair = TrainedNetwork(
        LINE, [Fraction(1), Fraction(-1)], [-a, a], [-Fraction(20, 9), Fraction(20, 9)], Fraction(1, 2)
    )
    found = distance_to_target(pair)
    assert found is not None
    assert pair.loss == 0 or found > 0
    broken = TrainedNetwork(LINE, [Fraction(1)], [-a], [Fraction(-2)], Fraction(1))
    far = distance_to_target(broken)
    assert far is None or far > Fraction(1, 10)
