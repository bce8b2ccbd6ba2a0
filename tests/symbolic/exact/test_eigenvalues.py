"""Certified eigenvalues against exact and floating-point ones."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from flint import arb, fmpz_mat

from symbolic.enclosure import radius, working_precision
from symbolic.errors import InsufficientPrecision
from symbolic.exact.eigenvalues import eigenvalue_enclosures

SEED = 20240611


def balls(matrix: list[list[int]]) -> list[list[arb]]:
    return [[arb(entry) for entry in row] for row in matrix]


def test_a_multiple_eigenvalue_has_one_ball_for_each_copy() -> None:
    # J + I for the all-ones J of size 5: 1 four times, 6 once.
    with working_precision(200):
        found = eigenvalue_enclosures([[arb(1 + int(i == j)) for j in range(5)] for i in range(5)])
        assert [value.unique_fmpz() for value in found] == [1, 1, 1, 1, 6]
        assert max(radius(value) for value in found) < Fraction(1, 2**180)


def test_each_ball_holds_the_root_of_the_characteristic_polynomial() -> None:
    rng = np.random.default_rng(SEED)
    for size in range(1, 8):
        half = rng.integers(-9, 10, (size, size))
        matrix = (half + half.T).tolist()
        with working_precision(160):
            roots = [root.real for root, _ in fmpz_mat(matrix).charpoly().complex_roots()]
            roots.sort(key=lambda root: float(root.mid()))
            found = eigenvalue_enclosures(balls(matrix))
            assert len(found) == size
            assert all(ball.overlaps(root) for ball, root in zip(found, roots, strict=True))
            assert max(radius(ball) for ball in found) < Fraction(1, 2**140)


def test_the_balls_hold_the_eigenvalues_of_every_matrix_inside() -> None:
    rng = np.random.default_rng(SEED)
    half = rng.normal(size=(4, 4))
    matrix, spread = half + half.T, 1e-3
    found = eigenvalue_enclosures([[arb(float(x), spread) for x in row] for row in matrix])
    for _ in range(200):
        shift = np.triu(rng.choice([-spread, spread], (4, 4)))
        inside = matrix + shift + np.triu(shift, 1).T
        for ball, value in zip(found, np.linalg.eigvalsh(inside), strict=True):
            assert ball.contains(float(value))
    assert all(float(ball.rad()) < 4.01 * spread for ball in found)


def test_the_empty_matrix_and_an_entry_without_enclosure() -> None:
    assert eigenvalue_enclosures([]) == ()
    with pytest.raises(InsufficientPrecision):
        eigenvalue_enclosures([[arb(1), arb.nan()], [arb.nan(), arb(1)]])
