"""Membership in closed cones against nonnegative least squares."""

from __future__ import annotations

import random

import numpy as np
from scipy.optimize import nnls

from symbolic.graph.cone_membership import in_closed_cone


def test_against_nonnegative_least_squares() -> None:
    source = random.Random(11)
    answers = set()
    for _ in range(300):
        size = source.randint(1, 4)

        def vector(size: int = size) -> tuple[int, ...]:
            return tuple(source.randint(-2, 2) for _ in range(size))

        lines = [vector() for _ in range(source.randint(0, 1))]
        rays = [vector() for _ in range(source.randint(0, 5))]
        goal = vector()
        columns = [*rays, *lines, *(tuple(-x for x in line) for line in lines)]
        if columns:
            _, distance = nnls(np.array(columns, dtype=float).T, np.array(goal, dtype=float))
        else:
            distance = float(np.linalg.norm(goal))
        # For integers of this size the distance is 0 or far from it.
        answer = in_closed_cone(lines, rays, goal)
        assert answer == (distance < 1e-9)
        answers.add(answer)
    assert answers == {True, False}


def test_lines_hidden_among_rays() -> None:
    assert in_closed_cone([], [(1, 0), (-1, 0), (0, 1)], (-5, 2))
    assert not in_closed_cone([], [(1, 0), (-1, 0), (0, 1)], (0, -1))
    assert in_closed_cone([], [], (0, 0))
