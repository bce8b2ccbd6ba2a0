"""Surveys of data sets into the database: one width is one unit of work, stored when it is done."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from math import comb
from typing import TYPE_CHECKING

from catalog.build_rows import strata_are_current, strata_survey_row, survey_row
from catalog.dataset.case_record import save_cases
from catalog.dataset.problem_table import notes
from catalog.dataset.record import function_from_record
from catalog.dataset.rows import function_row, region_rows
from catalog.dataset.strata_record import pack
from catalog.errors import CatalogError
from catalog.families import Limits, Run
from catalog.record import from_text
from catalog.store import Row, Store
from catalog.strata_store import save_strata
from symbolic.dataset.functions import DatasetFunction
from symbolic.dataset.patterns import PATTERN_BUDGET
from symbolic.dataset.problem import DatasetProblem
from symbolic.errors import BudgetExceeded
from symbolic.problem import Completeness, CompletenessStatus

if TYPE_CHECKING:
    from symbolic.dataset.survey import DatasetStrata, DatasetSurvey

SURVEY_VERSION = 2
"""To be raised with every change that could alter a function, region or case, so that older surveys are made again."""


def check_limits(problem: DatasetProblem, limits: Limits) -> None:
    """Refuse a data set with more activation patterns than are allowed, before anything is surveyed.

    Raises:
        CatalogError: the number of patterns, and how to allow them.
    """
    from symbolic.dataset.patterns import arrangement

    try:
        arrangement(problem.samples, _budget(limits))
    except BudgetExceeded as error:
        raise CatalogError(f"{problem.name}: {error}: build --patterns-budget N") from None


def build(store: Store, problem: DatasetProblem, width: int, run: Run) -> None:
    """Survey the widths 1..N of a data set that are not in the database."""
    for one in range(1, width + 1):
        if not _is_finished(store, problem, one):
            _build_width(store, problem, one, run.limits)
        run.step(one, 1)


def _build_width(store: Store, problem: DatasetProblem, width: int, limits: Limits) -> None:
    """Survey one width; what is too large to be listed is stored as undecided, with its size."""
    from symbolic.surveys import survey

    started = time.monotonic()
    caveat = "; ".join(notes(problem))
    try:
        surveyed = survey(problem, width, pattern_budget=_budget(limits))
    except BudgetExceeded as error:
        undecided = Completeness(CompletenessStatus.UNDECIDED, str(error), caveat)
        known = store.functions(problem.name, width - 1, clarke=True)
        save_cases(store, problem.name, width, ())
        _save_functions(store, problem, width, undecided, known, ([], 0), started)
        _save_strata(store, _no_strata(problem, width, undecided), {}, started)
        return
    completeness = replace(surveyed.completeness, caveat=caveat)
    functions = [function_row(one, i) for i, one in enumerate(_with_known_widths(store, surveyed))]
    # Before the survey, which says that all of the width is there.
    save_cases(store, problem.name, width, surveyed.cases)
    _save_functions(store, problem, width, completeness, functions, _regions(surveyed), started)
    started = time.monotonic()
    residuals = {one.label: one.residuals for one in surveyed.functions}
    _save_strata(store, _strata(surveyed, caveat), residuals, started)


def _regions(surveyed: DatasetSurvey) -> tuple[list[Row], int]:
    """The rows of the regions, and their number; no rows where there are too many to be listed."""
    try:
        rows = region_rows(surveyed)
    except BudgetExceeded:
        return [], comb(len(surveyed.arrangement.cells) + surveyed.width - 1, surveyed.width)
    return rows, len(rows)


def _strata(surveyed: DatasetSurvey, caveat: str) -> DatasetStrata:
    from symbolic.surveys import survey_strata

    try:
        found = survey_strata(surveyed)
    except BudgetExceeded as error:
        undecided = Completeness(CompletenessStatus.UNDECIDED, str(error), caveat)
        return _no_strata(surveyed.problem, surveyed.width, undecided)
    return replace(found, completeness=replace(found.completeness, caveat=caveat))


def _no_strata(problem: DatasetProblem, width: int, completeness: Completeness) -> DatasetStrata:
    from symbolic.dataset.survey import DatasetStrata

    return DatasetStrata(problem, width, (), completeness)


def _save_functions(
    store: Store,
    problem: DatasetProblem,
    width: int,
    completeness: Completeness,
    functions: list[Row],
    regions: tuple[list[Row], int],
    started: float,
) -> None:
    rows, number = regions
    listed = sum(row["minimal_width"] is not None and row["minimal_width"] <= width for row in functions)
    seconds, parameters = time.monotonic() - started, {"survey_version": SURVEY_VERSION}
    survey = survey_row(problem.name, width, completeness, listed, number, seconds, parameters)
    store.save_survey(survey, functions, rows)


def _save_strata(
    store: Store, found: DatasetStrata, residuals: Mapping[str, Sequence[Fraction]], started: float
) -> None:
    packed = pack(found.problem, residuals, found.strata)
    save_strata(store, strata_survey_row(found, packed, time.monotonic() - started), packed.rows, packed.counts)


def _with_known_widths(store: Store, surveyed: DatasetSurvey) -> list[DatasetFunction]:
    """The functions; the minimal width of one that is stationary only in Clarke's sense up to this width may be known
    from a survey of a larger one."""
    stored = [from_text(row["record"]) for row in store.functions(surveyed.problem.name, surveyed.width, clarke=True)]
    known = {one.label: one for one in map(function_from_record, stored)}
    functions = []
    for one in surveyed.functions:
        earlier = known.get(one.label)
        if one.minimal_width is None and earlier is not None and earlier.residuals == one.residuals:
            one = replace(one, minimal_width=earlier.minimal_width)
        functions.append(one)
    return functions


def _is_finished(store: Store, problem: DatasetProblem, width: int) -> bool:
    row = store.survey(problem.name, width)
    if row is None or from_text(row["parameters"]) != {"survey_version": SURVEY_VERSION}:
        return False
    return strata_are_current(store, problem.name, width)


def _budget(limits: Limits) -> int:
    return PATTERN_BUDGET if limits.patterns is None else limits.patterns
