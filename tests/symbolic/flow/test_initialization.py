from __future__ import annotations

import math
from fractions import Fraction

import pytest

from symbolic.errors import InvalidProblem
from symbolic.flow.initialization import balanced, random_directions


def test_balanced_neurons_have_the_direction_the_sign_and_the_scale() -> None:
    start = balanced([(3, 4), (Fraction(-1, 2), 0)], [-1, 1], "1e-12")
    tiny = Fraction(1, 10**12)
    assert start.scale == tiny
    assert start.inner == ((3 * tiny, 4 * tiny), (-tiny / 2, 0))
    assert start.outer == pytest.approx((-5e-12, 5e-13), rel=1e-15)


@pytest.mark.parametrize(
    ("directions", "signs", "scale"),
    [
        ([(1, 0)], [1, 1], 1),
        ([(1, 0)], [0], 1),
        ([(0, 0)], [1], 1),
        ([(1, 0)], [1], 0),
        ([(1, 0)], [1], "-1/2"),
        ([(1, 0)], [1], "small"),
        ([(1, 0)], [1], "1/0"),
    ],
)
def test_bad_initializations_are_refused(directions: list[tuple[int, int]], signs: list[int], scale: int | str) -> None:
    with pytest.raises(InvalidProblem):
        balanced(directions, signs, scale)


def test_random_directions_are_seeded_rational_and_normalized() -> None:
    directions, signs = random_directions(200, 3, seed=7)
    assert (directions, signs) == random_directions(200, 3, seed=7)
    assert (directions, signs) != random_directions(200, 3, seed=8)
    assert all(max(map(abs, g)) == 1 for g in directions)
    assert set(signs) == {1, -1}
    octants = {tuple(math.copysign(1, value) for value in g) for g in directions}
    assert len(octants) == 8
    with pytest.raises(InvalidProblem):
        random_directions(0, 2, seed=1)
