"""Walls of a moving target: sorts of walls one by one, and that values at which lines meet are walls already."""

from fractions import Fraction
from itertools import combinations

import pytest

from symbolic import survey, survey_strata
from symbolic.dataset.patterns import arrangement
from symbolic.dataset.problem import DatasetProblem
from symbolic.dataset.stationarity import Faces
from symbolic.dataset.walls import MovingTarget, value_at


def problem_of(inputs: list[int | str], targets: list[int]) -> DatasetProblem:
    rows = tuple((Fraction(x),) for x in inputs)
    return DatasetProblem("moving", rows, tuple(map(Fraction, targets)), bias=True)


def moving_of(problem: DatasetProblem, sample: int, width: int) -> MovingTarget:
    return MovingTarget(Faces(arrangement(problem.samples)), problem.targets, sample - 1, width)


def listed(problem: DatasetProblem, sample: int, width: int, t: Fraction) -> dict[tuple[Fraction, ...], set[str]]:
    """Residuals at one value, with the codes of their listed strata, by a survey there."""
    targets = tuple(t if k == sample - 1 else y for k, y in enumerate(problem.targets))
    surveyed = survey(DatasetProblem("moving", problem.inputs, targets, problem.bias), width)
    strata = survey_strata(surveyed).by_function
    found = {}
    for function in surveyed.functions:
        codes = {one.label.rpartition(":")[2] for one in strata.get(function.label, ()) if one.by_default}
        if codes:
            found[function.residuals] = codes
    return found


def test_a_line_that_is_realized_at_a_single_value() -> None:
    """Samples 0, 1, 2, 3 with targets 0, 0, t, 2, one neuron with its kink on sample 2 and a > 0: values (0, 0, p, 2p)
    and r = (0, 0, -2q, q), q = (2 - 2t)/5. With the kink moved left G_r = (0 - 2 q 2 + 3q) = -q, moved right G_r = q;
    a > 0 is stationary if both are at most 0: q = 0, t = 1."""
    problem = problem_of([0, 1, 2, 3], [0, 0, 0, 2])
    moving = moving_of(problem, 3, 1)
    (line,) = [line for line, spans in moving.lines.items() if ((0, 0, 1, 2),) in spans]
    assert line == (
        (Fraction(0), Fraction(0)), (Fraction(0), Fraction(0)), (Fraction(-4, 5), Fraction(4, 5)),
        (Fraction(2, 5), Fraction(-2, 5)),
    )
    assert moving.walls_of(line, Fraction(-1), Fraction(3)) == {Fraction(1)}
    codes = {t: listed(problem, 3, 1, t) for t in (Fraction(9, 10), Fraction(1), Fraction(11, 10))}
    kink = {t: {code for each in found.values() for code in each if "-0++p" in code} for t, found in codes.items()}
    assert kink[Fraction(1)]
    assert not kink[Fraction(9, 10)]
    assert not kink[Fraction(11, 10)]
    assert Fraction(1) in moving.walls(Fraction(-1), Fraction(3))


@pytest.mark.parametrize(
    ("problem", "sample", "width", "pairs"),
    [
        (problem_of(["-1/2", 2], [-1, 1]), 2, 2, 4),
        (problem_of([-1, 0, 1], [-1, 0, 1]), 2, 1, 2),
        (problem_of([-2, -1, 1, 2], [1, -1, 2, -1]), 2, 1, 4),
    ],
)
def test_realized_lines_meet_at_walls_of_theirs(
    problem: DatasetProblem, sample: int, width: int, pairs: int
) -> None:
    """Which lines are realized beside a value at which they meet is told by surveys."""
    lower, upper, near = Fraction(-3), Fraction(3), Fraction(1, 10**6)
    moving = moving_of(problem, sample, width)
    walls = {line: moving.walls_of(line, lower, upper) for line in moving.lines}
    found = 0
    for one, other in combinations(moving.lines, 2):
        slopes = [(a0 - b0, b1 - a1) for (a0, a1), (b0, b1) in zip(one, other, strict=True) if a1 != b1]
        for s in {above / below for above, below in slopes}:
            if value_at(one, s) != value_at(other, s) or not lower < s < upper:
                continue
            for t in (s - near, s + near):
                if {value_at(one, t), value_at(other, t)} <= set(listed(problem, sample, width, t)):
                    assert s in walls[one] | walls[other]
                    found += 1
    assert found == pairs


def test_where_two_realized_lines_meet_is_a_wall() -> None:
    """Samples -1, 0, 1 with targets -1, t, 1 and two neurons: the two that fit the outer samples alone leave
    r = (0, t, 0), and two others fit all: the lines meet at t = 0."""
    problem = problem_of([-1, 0, 1], [-1, 0, 1])
    moving = moving_of(problem, 2, 2)
    one, other = ((0, 0), (0, 1), (0, 0)), ((0, 0), (0, 0), (0, 0))
    assert {one, other} <= set(moving.lines)
    for t in (Fraction(-1, 10), Fraction(1, 10)):
        assert {(0, t, 0), (0, 0, 0)} <= set(listed(problem, 2, 2, t))
    assert Fraction(0) in moving.walls(Fraction(-1, 2), Fraction(1, 2))
    # It is one already without looking for meetings: G_r changes its sign where the neurons could reach the sample.
    assert Fraction(0) in moving.walls_of(one, Fraction(-1, 2), Fraction(1, 2))
