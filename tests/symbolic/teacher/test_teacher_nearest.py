"""Distances of student weights to known points: under permutations, splittings, and against brute force."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest

from symbolic.teacher.dense import float_gradient, float_loss
from symbolic.teacher.fixed_spaces import FixedSpace
from symbolic.teacher.nearest import KnownPoint, TrainedStudent
from symbolic.teacher.problem import TeacherProblem

PROBLEM = TeacherProblem("three", 3, ((3,),))
TEACHER = KnownPoint("three:3.L0", FixedSpace((3,)), (Fraction(1), Fraction(0)), Fraction(0), Fraction(0))


def student_of(weights) -> TrainedStudent:
    return TrainedStudent(PROBLEM, [tuple(Fraction(float(x)) for x in row) for row in weights])


def test_the_match_is_the_best_permutation() -> None:
    generator = np.random.default_rng(5)
    for _ in range(10):
        weights = np.eye(3)[generator.permutation(3)] + 0.05 * generator.normal(size=(3, 3))
        student = student_of(weights)
        match = student.match(TEACHER)
        assert match is not None
        wanted = min(np.linalg.norm(weights - np.eye(3)[list(order)]) for order in permutations(range(3)))
        assert float(match.at_most) == pytest.approx(wanted)
        assert float(student.at_least(TEACHER)) <= wanted * (1 + 1e-12)
        assert float(student.function_at_least(TEACHER)) == pytest.approx((2 * float_loss(weights, 3)) ** 0.5)
        assert student.function_at_least(TEACHER) <= match.function_at_most
        own = float_gradient(weights, 3)
        assert float(student.squared_gradient().mid()) == pytest.approx(float((own**2).sum()))


def test_rows_on_one_ray_are_added_up() -> None:
    weights = np.array([[0.25, 0, 0], [0, 1, 0], [0.75, 0, 0], [0, 0, 1.0]])
    student = student_of(weights)
    match = student.match(TEACHER)
    assert match is not None
    assert match.at_most == 0
    assert match.rays[0] == match.rays[2]
    # Another partition of four rows into three rays is at least as far as the shortest row turned by 45 degrees.
    assert 0.1 < float(student.other_splittings_at_least(TEACHER, match)) < 0.25


def test_a_vanishing_row_is_noticed() -> None:
    assert student_of([[1, 0, 0], [0, 0, 0], [0, 1, 0]]).vanishing == [2]
