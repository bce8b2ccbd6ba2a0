"""The Hessian on the sides of kinks to which a direction leads, against differences of the frozen loss."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest
from oracles.dataset_hessian import hessian
from oracles.dataset_naive import DataSet

from symbolic.dataset.problem import DatasetProblem
from symbolic.dataset.recheck import hessian_on_sides
from symbolic.enclosure import working_precision

INPUTS = ((-2, 1), (1, 3), (2, -1), (0, 1))
TARGETS = (1, -2, 3, 1)


def checked(rows, signs, towards, residuals) -> np.ndarray:
    problem = DatasetProblem("p", tuple(tuple(map(Fraction, x)) for x in INPUTS), tuple(map(Fraction, TARGETS)))
    exact = [tuple(map(Fraction, row)) for row in rows]
    with working_precision(256):
        balls = hessian_on_sides(problem, residuals, exact, signs, [tuple(map(Fraction, v)) for v in towards])
    return np.array([[float(value.mid()) for value in row] for row in balls])


def by_differences(rows, signs, towards) -> np.ndarray:
    """At the balanced point, moved a little; in the order (w_1, a_1, w_2, ...)."""
    lengths = [float(np.linalg.norm(row)) for row in rows]
    w = [np.array(row) / (n**0.5 if s else n) for row, s, n in zip(rows, signs, lengths, strict=True)]
    a = [s * n**0.5 for s, n in zip(signs, lengths, strict=True)]
    w = [row + 1e-11 * np.array(v, float) for row, v in zip(w, towards, strict=True)]
    data = DataSet.of(INPUTS, TARGETS)
    rational = [tuple(map(Fraction, map(float, row))) for row in w]
    matrix = np.array(hessian(data, rational, [Fraction(value) for value in a]), float)
    order = [place for j in range(len(rows)) for place in (2 * j, 2 * j + 1, 2 * len(rows) + j)]
    return matrix[np.ix_(order, order)]


def residuals_at(rows, signs) -> list[Fraction]:
    values = [
        sum(s * max(w[0] * x[0] + w[1] * x[1], 0) for w, s in zip(rows, signs, strict=True)) for x in INPUTS
    ]
    return [Fraction(y - value) for y, value in zip(TARGETS, values, strict=True)]


@pytest.mark.parametrize("seed", range(6))
def test_without_kinks_it_is_the_hessian(seed: int) -> None:
    source = random.Random(seed)
    rows = [(source.randint(1, 5), source.randint(3, 9)) for _ in range(3)]
    signs = [source.choice((-1, 0, 1)) for _ in rows]
    towards = [(0, 0)] * 3
    found = checked(rows, signs, towards, residuals_at(rows, signs))
    assert found == pytest.approx(by_differences(rows, signs, towards), abs=1e-9)


@pytest.mark.parametrize("side", [1, -1])
def test_a_resting_neuron_goes_to_the_side_of_its_direction(side: int) -> None:
    """w = (1, 2) is on the kinks of (-2, 1) and (2, -1) with a = 0."""
    rows, signs, towards = [(1, 2), (3, 1)], [0, 1], [(2 * side, -side), (0, 0)]
    found = checked(rows, signs, towards, residuals_at(rows, signs))
    assert found == pytest.approx(by_differences(rows, signs, towards), abs=1e-9)


def test_a_neuron_that_stays_is_projected_off_its_kinks() -> None:
    rows, signs = [(1, 2), (3, 1)], [1, 1]
    found = checked(rows, signs, [(1, 0), (0, 0)], residuals_at(rows, signs))
    whole = by_differences(rows, signs, [(0, 0), (0, 0)])
    normal = np.array([-2, 1]) / 5**0.5
    keep = np.eye(6)
    keep[:2, :2] -= np.outer(normal, normal)
    assert found == pytest.approx(keep @ whole @ keep, abs=1e-9)
