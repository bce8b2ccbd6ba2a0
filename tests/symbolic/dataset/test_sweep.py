"""Sweeps in a target value, against surveys at random values and on both sides of every wall."""

import random
from fractions import Fraction
from itertools import pairwise

import pytest

from symbolic import survey, survey_strata
from symbolic.dataset.problem import DatasetProblem
from symbolic.dataset.quadratics import Quadratic, compare, rational_between, simplest_between
from symbolic.dataset.sweep import Piece, Sweep, sweep_target
from symbolic.dataset.walls import value_at
from symbolic.enclosure import AlgebraicNumber, bounds
from symbolic.errors import InvalidProblem


def problem_of(inputs: list[int | str], targets: list[int]) -> DatasetProblem:
    rows = tuple((Fraction(x),) for x in inputs)
    return DatasetProblem("moving", rows, tuple(map(Fraction, targets)), bias=True)


TOY = problem_of(["-1/2", 2], [-1, 1])
ZIGZAG = problem_of([-2, -1, 1, 2], [1, -1, 1, -1])


def directly(sweep: Sweep, t: Fraction) -> dict[tuple[Fraction, ...], dict[str, str]]:
    """Residuals and the kinds of the listed strata at one value, by a survey there."""
    targets = list(sweep.problem.targets)
    targets[sweep.sample - 1] = t
    surveyed = survey(DatasetProblem("moving", sweep.problem.inputs, tuple(targets), sweep.problem.bias), sweep.width)
    strata = survey_strata(surveyed).by_function
    found = {}
    for function in surveyed.functions:
        listed = [one for one in strata.get(function.label, ()) if one.by_default]
        codes = {one.label.rpartition(":")[2]: one.kind.value for one in listed}
        if codes:
            found[function.residuals] = codes
    return found


def told(piece: Piece, t: Fraction) -> dict[tuple[Fraction, ...], dict[str, str]]:
    return {
        value_at(branch.residuals, t): {code: kind.value for code, kind in branch.strata} for branch in piece.branches
    }


def check(sweep: Sweep, seed: int) -> None:
    rng = random.Random(seed)
    assert sweep.pieces[0].lower == sweep.lower
    assert sweep.pieces[-1].upper == sweep.upper
    for i, piece in enumerate(sweep.pieces):
        assert piece.is_wall == (i % 2 == 0)
        if i:
            assert compare(sweep.pieces[i - 1].upper, piece.lower) == 0
        if piece.is_wall:
            if isinstance(piece.lower, Fraction):
                assert told(piece, piece.lower) == directly(sweep, piece.lower)
            continue
        low, high = bounds(piece.lower)[1], bounds(piece.upper)[0]
        # Close to both walls, and anywhere between.
        for share in (Fraction(1, 10**9), Fraction(rng.randint(1, 96), 97), 1 - Fraction(1, 10**9)):
            t = simplest_between(low + (high - low) * share * Fraction(9, 10), low + (high - low) * share)
            assert told(piece, t) == directly(sweep, t)
            for branch in piece.branches:
                residuals = value_at(branch.residuals, t)
                assert branch.loss(t) == sum(r * r for r in residuals) / (2 * len(residuals))


@pytest.mark.parametrize(("problem", "sample", "width"), [(TOY, 1, 1), (TOY, 2, 1), (ZIGZAG, 2, 1), (ZIGZAG, 1, 1)])
def test_pieces_are_what_surveys_find(problem: DatasetProblem, sample: int, width: int) -> None:
    check(sweep_target(problem, sample, Fraction(-2), Fraction(2), width), seed=sample)


@pytest.mark.slow
@pytest.mark.parametrize(("problem", "sample"), [(TOY, 2), (ZIGZAG, 2)])
def test_width_two(problem: DatasetProblem, sample: int) -> None:
    check(sweep_target(problem, sample, Fraction(-1), Fraction(2), 2), seed=sample)


def test_every_wall_is_a_change() -> None:
    sweep = sweep_target(ZIGZAG, 2, Fraction(-2), Fraction(2), 1)
    for number in range(len(sweep.walls)):
        left, wall, right = sweep.pieces[2 * number + 1 : 2 * number + 4]
        assert (
            sweep.changes_at(number)
            or set(left.branches) != set(right.branches)
            or {branch.strata for branch in wall.branches} != {branch.strata for branch in left.branches}
        )


def test_toy_at_width_one() -> None:
    """One neuron fits the negative sample, or the positive one where there is one: equal losses at t = 1."""
    sweep = sweep_target(TOY, 2, Fraction(-1), Fraction(2), 1)
    assert sweep.walls == (0, 1)
    swap = {change.code: (change.before, change.after) for change in sweep.changes_at(1)}
    assert swap["+-n"] == ("global_minimum", "local_minimum")
    assert swap["-+p"] == ("local_minimum", "global_minimum")


def test_irrational_walls_are_where_two_losses_are_equal() -> None:
    sweep = sweep_target(ZIGZAG, 2, Fraction(-2), Fraction(2), 1)
    irrational = [(i, wall) for i, wall in enumerate(sweep.walls) if isinstance(wall, AlgebraicNumber)]
    assert irrational
    for i, wall in irrational:
        low, high = bounds(wall)
        lowest = [
            {branch.loss for branch in sweep.pieces[2 * i + k].branches if "global_minimum" in branch.kinds}
            for k in (1, 3)
        ]
        (before,), (after,) = lowest
        difference = before - after
        assert difference(low) * difference(high) < 0


def test_quadratic_roots() -> None:
    rng = random.Random(5)
    for _ in range(200):
        values = [Fraction(rng.randint(-6, 6), rng.randint(1, 4)) for _ in range(3)]
        roots = Quadratic(*values).roots()
        assert all(compare(a, b) < 0 for a, b in pairwise(roots))
        for root in roots:
            if isinstance(root, Fraction):
                assert Quadratic(*values)(root) == 0
            else:
                low, high = bounds(root)
                assert Quadratic(*values)(low) * Quadratic(*values)(high) < 0
        discriminant = values[1] ** 2 - 4 * values[2] * values[0]
        if values[2]:
            assert len(roots) == (0 if discriminant < 0 else 1 if discriminant == 0 else 2)


def test_rationals_between() -> None:
    rng = random.Random(6)
    for _ in range(300):
        low = Fraction(rng.randint(-40, 40), rng.randint(1, 30))
        high = low + Fraction(rng.randint(1, 40), rng.randint(1, 900))
        found = simplest_between(low, high)
        assert low < found < high
        assert found == rational_between(low, high)
        for denominator in range(1, found.denominator):
            assert low.numerator * denominator // low.denominator + 1 >= high * denominator


@pytest.mark.parametrize(
    ("sample", "lower", "upper", "words"),
    [(0, -1, 1, "sample"), (3, -1, 1, "sample 3"), (1, 1, 1, "larger"), (1, 0, 10**9, "at most")],
)
def test_bad_input(sample: int, lower: int, upper: int, words: str) -> None:
    with pytest.raises(InvalidProblem, match=words):
        sweep_target(TOY, sample, Fraction(lower), Fraction(upper), 1)
