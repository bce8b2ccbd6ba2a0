"""The checker of cases accepts what a survey kept, and refutes every corruption of it."""

import random
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import combinations

import pytest

from symbolic import survey, survey_strata
from symbolic.dataset.cases import Case
from symbolic.dataset.check import check_cases
from symbolic.dataset.patterns import arrangement
from symbolic.dataset.problem import DatasetProblem
from symbolic.dataset.regions import dataset_regions, functions_in_closures
from symbolic.errors import BudgetExceeded
from symbolic.exact.cones import Farkas


def problem_of(inputs: Sequence[Sequence[int]], targets: Sequence[int], bias: bool = True) -> DatasetProblem:
    rows = tuple(tuple(map(Fraction, row)) for row in inputs)
    return DatasetProblem("checked", rows, tuple(map(Fraction, targets)), bias)


TENT = problem_of([[-1], [0], [1]], [0, 1, 0])
ZIGZAG = problem_of([[-2], [-1], [1], [2]], [1, -1, 1, -1])
CONFLICT = problem_of([[1], [1], [-1]], [1, -2, 1], bias=False)
PLANE = problem_of([[1, 0], [0, 1], [1, 1]], [1, -1, 2], bias=False)
ZERO = problem_of([[0, 0], [2, 1], [-4, -2]], [1, 1, -1], bias=False)
SURVEYED = [(TENT, 1), (TENT, 2), (ZIGZAG, 1), (ZIGZAG, 2), (CONFLICT, 2), (PLANE, 1), (ZERO, 2)]


def cases_of(problem: DatasetProblem, width: int) -> list[Case]:
    return list(survey(problem, width).cases)


def with_case(cases: list[Case], i: int, **changes: object) -> list[Case]:
    return [*cases[:i], replace(cases[i], **changes), *cases[i + 1 :]]


@pytest.mark.parametrize(("problem", "width"), SURVEYED)
def test_a_survey_passes_in_any_order(problem: DatasetProblem, width: int) -> None:
    cases = cases_of(problem, width)
    assert check_cases(problem, width, cases) == []
    assert check_cases(problem, width, cases[::-1]) == []


@pytest.mark.parametrize(("problem", "width"), [one for one in SURVEYED if one != (ZIGZAG, 2)])
def test_every_missing_or_foreign_case_is_found(problem: DatasetProblem, width: int) -> None:
    cases = cases_of(problem, width)
    for i in range(len(cases)):
        assert check_cases(problem, width, cases[:i] + cases[i + 1 :])
    assert check_cases(problem, width, [*cases, cases[0]])
    moved = tuple(value + 1 for value in cases[0].residuals)
    assert check_cases(problem, width, [*cases, replace(cases[0], residuals=moved)])
    assert check_cases(problem, width, [*cases, replace(cases[0], residuals=moved[1:])])


@pytest.mark.parametrize(
    ("problem", "width"),
    [(TENT, 1), pytest.param(TENT, 2, marks=pytest.mark.slow), (ZIGZAG, 1), (CONFLICT, 2), (ZERO, 2)],
)
def test_every_corruption_of_a_live_set_is_found(problem: DatasetProblem, width: int) -> None:
    cases = cases_of(problem, width)
    places = arrangement(problem.samples)
    tried = 0
    for i, case in enumerate(cases):
        for j, live in enumerate(case.live_sets):
            others = [*case.live_sets[:j], *case.live_sets[j + 1 :]]
            wrong = [others, [*case.live_sets, live], [*others, replace(live, directional=not live.directional)]]
            for k, weights in enumerate(live.weights):
                rays = places.by_pattern[live.types[k].pattern].rays
                for position, weight in enumerate(weights):
                    # Any positive multiple of a ray that is active nowhere is as good as another.
                    silent = not any(places.activations(rays[position]))
                    for value in (-weight, Fraction(0), *([] if silent else [weight + Fraction(1, 10**9)])):
                        changed = (*weights[:position], value, *weights[position + 1 :])
                        corrupt = (*live.weights[:k], changed, *live.weights[k + 1 :])
                        wrong.append([*others, replace(live, weights=corrupt)])
                wrong.append([*others, replace(live, weights=live.weights[:k] + live.weights[k + 1 :])])
            for sets in wrong:
                assert check_cases(problem, width, with_case(cases, i, live_sets=tuple(sets))), (case, live, sets)
                tried += 1
    assert tried > 5


@pytest.mark.parametrize(
    ("problem", "width"),
    [
        (TENT, 1),
        (TENT, 2),
        (ZIGZAG, 1),
        pytest.param(ZIGZAG, 2, marks=pytest.mark.slow),
        (CONFLICT, 2),
        (ZERO, 2),
    ],
)
def test_farkas_vectors_that_are_left_out_or_corrupted(problem: DatasetProblem, width: int) -> None:
    """Against the inequalities of every single vector on every single set."""
    rng = random.Random(3)
    places = arrangement(problem.samples)
    cases = cases_of(problem, width)
    found = 0
    for i, case in enumerate(cases):
        types = sorted([*case.directional, *case.only_clarke])
        live = {one.types for one in case.live_sets}
        goal = [y - r for y, r in zip(problem.targets, case.residuals, strict=True)]
        common = 1
        for value in goal:
            common *= value.denominator
        scaled = [int(value * common) for value in goal]
        generators = {
            one: [
                tuple(one.sign * z for z in places.activations(ray)) for ray in places.by_pattern[one.pattern].rays
            ]
            for one in types
        }
        for _ in range(4):
            vectors = [
                vector if rng.random() < 0.6 else tuple(value + rng.randint(-2, 2) for value in vector)
                for vector in case.refutations
                if rng.random() < 0.8
            ]
            all_closed = all(
                chosen in live
                or any(Farkas(one).refutes([g for t in chosen for g in generators[t]], scaled) for one in vectors)
                for count in range(width + 1)
                for chosen in combinations(types, count)
            )
            faults = check_cases(problem, width, with_case(cases, i, refutations=tuple(vectors)))
            assert (not faults) == all_closed
            found += bool(faults)
    assert found
    without = with_case(cases, 0, refutations=())
    assert bool(check_cases(problem, width, without)) == bool(cases[0].refutations)


def test_types_width_and_length_are_checked() -> None:
    cases = cases_of(TENT, 1)
    for i, case in enumerate(cases):
        assert check_cases(TENT, 1, with_case(cases, i, size=2))
        assert check_cases(TENT, 1, with_case(cases, i, refutations=(*case.refutations, (1, 0))))
        if case.directional:
            assert check_cases(TENT, 1, with_case(cases, i, directional=case.directional[1:]))
            assert check_cases(TENT, 1, with_case(cases, i, directional=(), only_clarke=case.directional))
    assert check_cases(TENT, 2, cases)
    other = replace(TENT, targets=(Fraction(0), Fraction(2), Fraction(0)))
    assert check_cases(other, 1, cases)


def test_a_raised_budget_of_patterns_holds_for_strata_and_regions(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = problem_of([[-3], [5], [11]], [0, 1, 0])
    monkeypatch.setattr(arrangement.__wrapped__, "__defaults__", (4,))
    with pytest.raises(BudgetExceeded):
        arrangement(problem.samples)
    surveyed = survey(problem, 1, pattern_budget=100)
    assert survey_strata(surveyed).completeness.proved
    regions = dataset_regions(surveyed.arrangement, 1)
    assert len(regions) == len(functions_in_closures(surveyed, regions)) == 6
    assert check_cases(problem, 1, surveyed.cases, pattern_budget=100) == []
    with pytest.raises(BudgetExceeded):
        check_cases(problem, 1, surveyed.cases, pattern_budget=4)
