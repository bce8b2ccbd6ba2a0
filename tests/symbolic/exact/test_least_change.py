"""The least change that satisfies linear equations, against numpy's pseudo-inverse."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from symbolic.exact.least_change import least_change
from symbolic.exact.outward import root_above, root_below


def test_it_is_that_of_the_pseudo_inverse() -> None:
    generator = np.random.default_rng(4)
    for size, count in ((1, 1), (4, 2), (6, 6), (5, 3)):
        rows = generator.integers(-5, 6, (count, size))
        goals = rows @ generator.integers(-3, 4, size)
        found = least_change([[Fraction(int(x)) for x in row] for row in rows], [Fraction(int(g)) for g in goals], size)
        assert found is not None
        assert [sum(int(x) * f for x, f in zip(row, found, strict=True)) for row in rows] == [int(g) for g in goals]
        assert np.allclose(np.linalg.pinv(rows.astype(float)) @ goals, [float(x) for x in found])


def test_dependent_rows_are_fine_and_contradictions_are_not() -> None:
    one = Fraction(1)
    assert least_change([[one, one], [2 * one, 2 * one]], [one, 2 * one], 2) == (one / 2, one / 2)
    assert least_change([[one, one], [2 * one, 2 * one]], [one, one], 2) is None
    assert least_change([[0 * one, 0 * one]], [one], 2) is None
    assert least_change([], [], 2) == (0, 0)


@pytest.mark.parametrize("square", [Fraction(0), Fraction(1, 3), Fraction(2), Fraction(1, 10**40), Fraction(4)])
def test_roots_are_rounded_to_their_sides(square: Fraction) -> None:
    low, high = root_below(square), root_above(square)
    assert low**2 <= square <= high**2
    assert high - low <= high / 2**50
