"""Escape directions against a dense search on the circle, and exact direction paths against small steps."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import numpy as np
import pytest
from oracles.dataset_problems import arguments

from symbolic.dataset.directions import Fate, settle
from symbolic.dataset.escape import attractors, dot, escape_directions
from symbolic.dataset.patterns import arrangement, pattern_of
from symbolic.dataset.problem import DatasetProblem

PLANAR = [
    *("toy", "tent3", "zigzag4", "even", "scalar3"),
    *("plane", "plane-rational", "circle-mixed", "opposite", "parallel"),
]


def cases():
    rng = random.Random(7)
    for name in PLANAR:
        problem = DatasetProblem(**arguments(name))
        yield problem, problem.targets
        for _ in range(3):
            yield problem, tuple(Fraction(rng.randrange(-9, 10), rng.randrange(1, 5)) for _ in problem.targets)


def gain(samples, residuals, points):
    """G_r at points, in floats, from the definition."""
    x, r = np.array(samples, dtype=float), np.array(residuals, dtype=float)
    return np.maximum(points @ x.T, 0) @ r / len(r)


def test_directions_are_the_maxima_on_the_circle():
    angles = np.linspace(0, 2 * math.pi, 40_000, endpoint=False)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    for problem, residuals in cases():
        samples = problem.samples
        found = escape_directions(arrangement(samples), samples, residuals)
        for sign in (1, -1):
            values = sign * gain(samples, residuals, circle)
            peaks = (values > np.roll(values, 1)) & (values > np.roll(values, -1)) & (values > 1e-6)
            # Two neighbours can straddle a peak with equal values to the last bit.
            flat = (values == np.roll(values, -1)) & (values > np.roll(values, 1)) & (values > np.roll(values, -2))
            expected = sorted(values[peaks | (flat & (values > 1e-6))])
            mine = sorted(float(one.rate) for one in found if one.sign == sign)
            # At a kink the grid misses the peak by a slope times half a step.
            allowed = 1e-3 * max(1e-6, abs(values).max())
            assert mine == pytest.approx(expected, abs=allowed), (problem.name, residuals)


def test_the_rate_is_the_gain_in_the_direction():
    for problem, residuals in cases():
        for one in escape_directions(arrangement(problem.samples), problem.samples, residuals):
            count = len(residuals)
            heights = [max(dot(one.direction, x), Fraction(0)) for x in problem.samples]
            value = dot(residuals, heights) / count
            assert one.sign * value == one.rate_squared == dot(one.direction, one.direction)
            assert pattern_of(one.direction, problem.samples) == one.pattern


def test_bpf_toy():
    problem = DatasetProblem(**arguments("toy"))
    found = escape_directions(arrangement(problem.samples), problem.samples, problem.targets)
    assert [(one.sign, one.pattern, one.rate.text()) for one in found] == [
        (1, "0+", "sqrt(5)/2"),
        (-1, "+0", "sqrt(5)/4"),
    ]


def test_orthogonal_neurons_keep_their_side():
    """A neuron with u_2 < 0 settles at D_{1} on the kink of sample 2, though the other side of the kink climbs."""
    one, zero = Fraction(1), Fraction(0)
    problem = DatasetProblem("ones", ((one, zero), (zero, one)), (one, Fraction(2)))
    places = arrangement(problem.samples)
    assert {one.pattern for one in escape_directions(places, problem.samples, problem.targets)} == {"++"}
    sides = {(one.side, one.pattern): one.rate_squared for one in attractors(places, problem.samples, problem.targets)}
    assert sides == {("++", "++"): Fraction(5, 4), ("+-", "+0"): Fraction(1, 4), ("-+", "0+"): Fraction(1)}


def small_steps(samples, residuals, sign, weights, steps=25_000, size=5e-3):
    """The direction by explicit steps of w' = s D with relu'(0) = 0."""
    x, r, w = np.array(samples, dtype=float), np.array(residuals, dtype=float), np.array(weights, dtype=float)
    w /= np.linalg.norm(w)
    for _ in range(steps):
        drive = sign * ((x @ w > 0) * r) @ x / len(r)
        w = w + size * drive
        w /= np.linalg.norm(w)
    return w


@pytest.mark.slow
def test_paths_end_where_small_steps_end():
    rng = random.Random(3)
    seen = set()
    for problem, residuals in list(cases())[::4]:
        for sign in (1, -1):
            start = tuple(Fraction(rng.randrange(-50, 51), 50) + Fraction(1, 997) for _ in range(2))
            there = settle(problem.samples, residuals, sign, start)
            seen.add(there.fate)
            ahead = small_steps(problem.samples, residuals, sign, start)
            place = there.direction if there.fate is not Fate.RESTS else there.weights
            exact = np.array(place, dtype=float)
            assert ahead == pytest.approx(exact / np.linalg.norm(exact), abs=0.02), (problem.name, residuals, sign)
    assert Fate.GROWS in seen


def test_every_attractor_is_settled_at_from_beside_it():
    for problem, residuals in cases():
        places = arrangement(problem.samples)
        for one in attractors(places, problem.samples, residuals):
            inside = [sum(ray[i] for ray in places.by_pattern[one.side].rays) for i in range(problem.dimension)]
            start = tuple(a + Fraction(b) / 100 for a, b in zip(one.direction, inside, strict=True))
            there = settle(problem.samples, residuals, one.sign, start)
            assert (there.direction, there.pattern, there.rate_squared) == (one.direction, one.side, one.rate_squared)


def test_a_neuron_that_meets_its_opposite_drive_decays():
    there = settle(((Fraction(2),),), (Fraction(1),), -1, (Fraction(3),))
    assert there.fate is Fate.DECAYS
    assert there.rate.text() == "-2"
    assert settle(((Fraction(2),),), (Fraction(1),), 1, (Fraction(-1),)).fate is Fate.RESTS
