"""Surveys of teacher problems: reference values, dense Hessians, a second seed, and descent without symmetry."""

from __future__ import annotations

import json
from fractions import Fraction
from functools import lru_cache
from math import factorial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from oracles.teacher_dense_spectrum import hessian as dense_hessian
from oracles.teacher_descent import dense_loss, descend, sorted_entries

import symbolic
from symbolic.enclosure import Ball, Number, Rigor, bounds
from symbolic.problem import CompletenessStatus, Kind
from symbolic.teacher.dense import float_gradient
from symbolic.teacher.fixed_spaces import FixedSpace
from symbolic.teacher.functions import TeacherFunction, with_suffixes
from symbolic.teacher.problem import TeacherProblem
from symbolic.teacher.strata import TeacherStratum
from symbolic.teacher.survey import TeacherSurvey, separated, survey_teacher, survey_teacher_strata

POINTS = json.loads((Path(__file__).parents[2] / "ground_truth" / "teacher.json").read_text())["points"]


def unnamed(*arguments: object) -> str:
    return ""


def problem_of(k: int) -> TeacherProblem:
    return TeacherProblem(f"teacher{k}", k, ((k,), (k - 1, 1), (k - 2, 2)))


@lru_cache(maxsize=8)
def surveyed(k: int, width: int | None = None, seed: int = 1) -> TeacherSurvey:
    return survey_teacher(problem_of(k), width, seed=seed, names=unnamed)


def value_of(number: Number) -> float:
    low, high = bounds(number)
    return float((low + high) / 2)


def matrix(stratum: TeacherStratum) -> NDArray[np.float64]:
    return np.array([[value_of(value) for value in row] for row in stratum.sample_w])


def with_entries(survey: TeacherSurvey, entries: dict[str, str]) -> list[TeacherFunction]:
    wanted = [Fraction(text) for text in entries.values()]
    return [
        function
        for function in survey.functions
        if list(function.entries) == list(entries)
        and all(abs(a - b) < Fraction(1, 10**25) for a, b in zip(function.point.center, wanted, strict=True))
    ]


@pytest.mark.parametrize(
    "point",
    [
        pytest.param(p, id=f"{p['family']}-{p['k']}", marks=[pytest.mark.slow] if p["k"] > 6 else [])
        for p in POINTS
    ],
)
def test_reference_points_are_in_the_catalog(point: dict[str, Any]) -> None:
    survey = surveyed(point["k"])
    entries = point["entries"]
    if point["family"] == "global":
        entries = {"A0": "1", "B00": "0"}
    (function,) = with_entries(survey, entries)
    assert abs(value_of(function.loss) - float(point["loss"])) < 1e-14
    spectrum = [(part["irrep"], part["dim"], float(value)) for part in point["spectrum"] for value in part["eig"]]
    found = [(part.irrep, part.multiplicity, value_of(part.value)) for part in function.spectrum]
    assert [one[:2] for one in found] == [one[:2] for one in spectrum]
    assert np.allclose([one[2] for one in found], [one[2] for one in spectrum], rtol=0, atol=1e-12)
    (stratum,) = survey_teacher_strata(survey).by_function[function.label]
    assert stratum.index == point["index"]
    expected = Kind.GLOBAL_MINIMUM if point["family"] == "global" else Kind.LOCAL_MINIMUM
    assert stratum.kind is expected


@pytest.mark.parametrize("k", [6, pytest.param(7, marks=pytest.mark.slow), pytest.param(10, marks=pytest.mark.slow)])
def test_every_stratum_against_its_dense_hessian(k: int) -> None:
    survey = surveyed(k)
    strata = survey_teacher_strata(survey).strata
    functions = {function.label: function for function in survey.functions}
    assert {stratum.function for stratum in strata} == set(functions)
    for stratum in strata:
        check_stratum(stratum, functions[stratum.function], k)


def check_stratum(stratum: TeacherStratum, function: TeacherFunction, k: int) -> None:
    weights = matrix(stratum)
    assert weights.shape == (stratum.width, k)
    assert np.abs(float_gradient(weights, k)).max() < 1e-12
    assert abs(dense_loss(weights)[0] - value_of(function.loss)) < 1e-12
    eigenvalues = np.linalg.eigvalsh(dense_hessian(weights, k))
    assert stratum.inertia is not None
    counted = ((eigenvalues < -1e-9).sum(), (abs(eigenvalues) <= 1e-9).sum(), (eigenvalues > 1e-9).sum())
    assert counted == (stratum.inertia.negative, stratum.inertia.zero, stratum.inertia.positive)
    assert stratum.index == stratum.inertia.negative
    if function.loss == 0:
        assert stratum.kind is Kind.GLOBAL_MINIMUM
    else:
        assert stratum.inertia.zero == stratum.dimension
        assert stratum.kind is (Kind.STRICT_SADDLE if stratum.index else Kind.LOCAL_MINIMUM)
    assert stratum.width >= function.minimal_width
    assert stratum.dimension == stratum.width - function.minimal_width
    assert len(stratum.neurons) == stratum.width


def test_orbits_of_the_named_points() -> None:
    sizes = {"6": factorial(6), "5-1": 6 * factorial(6), "4-2": 15 * factorial(6)}
    functions = {function.label: function for function in surveyed(6).functions}
    for stratum in survey_teacher_strata(surveyed(6)).strata:
        word = stratum.function.removeprefix("teacher6:").split(".")[0]
        if word in sizes:
            assert stratum.orbit_size == sizes[word]
            assert functions[stratum.function].isotropy.startswith("Delta(S_" + word.split("-")[0])


def test_parallel_rows_form_families_over_narrower_functions() -> None:
    """All rows parallel to (1, ..., 1): one function of one neuron, a family of dimension n - 1."""
    survey = surveyed(6)
    narrow = [function for function in survey.functions if function.minimal_width == 1]
    assert [function.space for function in narrow] == [FixedSpace((), (6,), extra_rows=1)] * 2
    strata = survey_teacher_strata(survey).by_function
    for function in narrow:
        (stratum,) = strata[function.label]
        assert (stratum.dimension, stratum.orbit_size, stratum.copies) == (5, 1, ((6,),))
        assert stratum.label == f"{function.label}@6:1x6"


def test_counts_and_completeness() -> None:
    survey = surveyed(6)
    assert survey.completeness.status is CompletenessStatus.SEARCHED
    assert "within Delta(S_6)" in survey.completeness.caveat
    assert "vanishing row" in survey.completeness.caveat
    one, two, three = survey.searches
    assert (one.orbits, two.orbits, three.orbits) == (4, 12, 22)
    assert one.completeness.status is CompletenessStatus.PROVED_IN_BOX
    for search in survey.searches:
        assert search.starts >= 2000
        assert search.unresolved == ()
        assert search.rare == ()
        assert sum(search.hits.values()) + search.failed + search.vanished == search.starts
        assert search.proved | search.families == set(search.hits)
    # The points of Delta(S_6) occur in all three spaces, and are filed once.
    assert set(one.hits) <= set(two.hits) & set(three.hits)
    assert len(survey.functions) == len({function.label for function in survey.functions}) == 29
    assert survey.functions[0].rigor is Rigor.EXACT
    assert {function.rigor for function in survey.functions[1:]} == {Rigor.CERTIFIED}


def test_functions_are_separated_and_their_losses_sorted() -> None:
    functions = surveyed(6).functions
    for number, first in enumerate(functions):
        assert not separated(first, first)
        assert all(separated(first, second) for second in functions[number + 1 :])
    losses = [value_of(function.loss) for function in functions]
    assert losses == sorted(losses)


def test_delta_s_k_alone_is_complete() -> None:
    problem = TeacherProblem("alone", 8, ((8,),))
    survey = survey_teacher(problem, names=unnamed)
    assert survey.completeness.status is CompletenessStatus.PROVED_IN_BOX
    assert len(survey.functions) == 4
    # What the search misses is filed by the proof.
    blind = survey_teacher(problem, starts=1, rounds=1, names=unnamed)
    assert [function.label for function in blind.functions] == [function.label for function in survey.functions]
    assert blind.completeness.status is CompletenessStatus.PROVED_IN_BOX


def test_a_short_search_says_that_it_was_short() -> None:
    problem = TeacherProblem("short", 8, ((7, 1),))
    survey = survey_teacher(problem, starts=30, rounds=1, names=unnamed)
    assert survey.completeness.status is CompletenessStatus.SEARCHED
    assert survey.searches[0].rare
    assert "met less often" in survey.completeness.reason


def labels(survey: TeacherSurvey) -> set[str]:
    return {function.label for function in survey.functions}


@pytest.mark.parametrize("k", [8, pytest.param(20, marks=pytest.mark.slow)])
def test_a_second_seed_finds_nothing_new(k: int) -> None:
    assert labels(surveyed(k)) == labels(surveyed(k, seed=20_000 + k))


@pytest.mark.slow
@pytest.mark.parametrize("k", [8, 20])
def test_ten_times_the_starts_find_nothing_new(k: int) -> None:
    assert labels(survey_teacher(problem_of(k), seed=77, starts=40_000, names=unnamed)) == labels(surveyed(k))


@pytest.mark.slow
@pytest.mark.parametrize("k", [6, 7])
def test_minima_found_by_descent_are_in_the_catalog(k: int) -> None:
    """Descent in all k^2 weights, from random weights and from around the antipode of the teacher."""
    ends = descend(k, 150, seed=4) + descend(k, 40, 5, 2 / k - np.eye(k), 0.2)
    strata = [s for s in survey_teacher_strata(surveyed(k)).strata if s.kind.value.endswith("minimum")]
    catalog = {stratum.label: sorted_entries(matrix(stratum)) for stratum in strata}
    met = set()
    for end in ends:
        assert end.gradient < 1e-6
        found = sorted_entries(end.weights)
        near = [label for label, entries in catalog.items() if np.abs(entries - found).max() < 1e-4]
        assert len(near) == 1, f"a minimum of loss {end.loss} is not in the catalog"
        met.update(near)
    # The teacher, II and A at least.
    assert len(met) >= 3


@pytest.mark.slow
def test_one_student_more() -> None:
    """Width k + 1: points of their own, and splitting families, all of them strict saddles but those of the teacher."""
    problem = TeacherProblem("wide6", 6, ((6,), (5, 1)))
    survey = survey_teacher(problem, 7, names=unnamed)
    strata = survey_teacher_strata(survey)
    functions = {function.label: function for function in survey.functions}
    narrow = {function.label for function in survey_teacher(problem, 6, names=unnamed).functions}
    assert narrow <= set(functions)
    for stratum in strata.strata:
        check_stratum(stratum, functions[stratum.function], 6)
    split = [s for s in strata.strata if functions[s.function].minimal_width == 6]
    # One family for the rows of each class.
    for label in {stratum.function for stratum in split}:
        assert len(strata.by_function[label]) == len(functions[label].space.row_classes)
    bases = {label: functions[label].inertia.inertia for label in {stratum.function for stratum in split}}
    minima = {label for label, inertia in bases.items() if inertia is not None and inertia.negative == 0}
    # The teacher, II and A: splitting turns the spurious ones into saddles.
    assert len(minima) == 3
    for stratum in split:
        assert stratum.dimension == 1
        if functions[stratum.function].zero_loss:
            assert stratum.kind is Kind.GLOBAL_MINIMUM
            assert stratum.inertia is not None
            # k null directions: the piece split off may move freely to second order.
            assert (stratum.inertia.negative, stratum.inertia.zero) == (0, 6)
        else:
            assert stratum.kind is Kind.STRICT_SADDLE
    teacher = next(s for s in split if functions[s.function].zero_loss)
    assert teacher.label == "wide6:6.L0@7:1x2-5x1"
    assert teacher.orbit_size == 6 * factorial(7) // 2


def test_fewer_students_and_more_inputs() -> None:
    narrow = survey_teacher(TeacherProblem("narrow", 6, ((5, 1),)), 5, names=unnamed)
    functions = {function.label: function for function in narrow.functions}
    for stratum in survey_teacher_strata(narrow).strata:
        check_stratum(stratum, functions[stratum.function], 6)
        assert stratum.kind is not Kind.GLOBAL_MINIMUM
    best = narrow.functions[0]
    assert best.space == FixedSpace((5,), (1,))
    assert best.label == "narrow:5-x1.L0.06142633363"
    tall = survey_teacher(TeacherProblem("tall", 6, ((6,),), inputs=8), names=unnamed)
    assert [value_of(f.loss) for f in tall.functions] == pytest.approx(
        [value_of(f.loss) for f in surveyed(6).functions if len(f.space.blocks) == 1 and f.space.extra_rows < 2]
    )
    for stratum in survey_teacher_strata(tall).strata:
        assert len(stratum.sample_w[0]) == 8
        assert stratum.inertia is not None
        eigenvalues = np.linalg.eigvalsh(dense_hessian(matrix(stratum), 6))
        assert stratum.index == (eigenvalues < -1e-9).sum()
        assert stratum.inertia.zero == (abs(eigenvalues) <= 1e-9).sum()


def test_labels_that_coincide_get_letters() -> None:
    functions = surveyed(6).functions
    twice = with_suffixes([functions[0], functions[1], functions[1]])
    assert twice[0].label == "teacher6:6.L0"
    assert [one.label for one in twice[1:]] == [f"{functions[1].label}a", f"{functions[1].label}b"]


def test_the_dispatch_of_all_families() -> None:
    problem = symbolic.TeacherProblem("via", 5, ((5,),))
    survey = symbolic.survey(problem, 5)
    assert isinstance(survey, TeacherSurvey)
    strata = symbolic.survey_strata(survey)
    assert strata.strata[0].kind is Kind.GLOBAL_MINIMUM
    assert len(strata.strata) == len(survey.functions) == 4


def test_samples_are_dyadic() -> None:
    for stratum in survey_teacher_strata(surveyed(6)).strata:
        for row in stratum.sample_w:
            for value in row:
                center = value.center if isinstance(value, Ball) else value
                assert isinstance(center, Fraction)
                assert center.denominator & (center.denominator - 1) == 0
