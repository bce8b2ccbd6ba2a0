"""Surveys of teacher problems into the database: one number of students, then the named families in real k."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from catalog.build_rows import strata_are_current, strata_survey_row, survey_row
from catalog.families import Run
from catalog.record import from_text
from catalog.single_width import save_single_width
from catalog.store import Store
from catalog.strata_store import save_strata
from catalog.teacher.branches import family_names, followed, missing_branches, save_branches, start_branches
from catalog.teacher.rows import function_row, region_rows
from catalog.teacher.strata_record import pack
from symbolic.errors import BudgetExceeded
from symbolic.problem import Completeness, CompletenessStatus
from symbolic.teacher.problem import TeacherProblem

if TYPE_CHECKING:
    from symbolic.teacher.survey import TeacherStrata, TeacherSurvey

SURVEY_VERSION = 1
"""To be raised with every change that could alter a function or a search, so that older surveys are made again."""

KNOWN_AGAIN = ("space", "entries", "loss")
"""Fields of a record by which a function of two surveys is the same."""


def steps(problem: TeacherProblem) -> int:
    """One step for the functions, one for the strata, one for each named family."""
    return 2 + len(family_names(problem))


def build(store: Store, problem: TeacherProblem, width: int, run: Run) -> None:
    """Survey one width, and follow the named families, as far as that is not in the database."""
    names = family_names(problem)
    missing = missing_branches(store, problem)
    begun = start_branches(missing, run.executor)
    try:
        if not _is_finished(store, problem, width):
            _build_width(store, problem, width, run)
        else:
            run.step(width, 2)
        run.step(width, len(names) - len(missing))
        for name, future in begun.items():
            save_branches(store, followed(name) if future is None else future.result())
            run.step(width, 1)
    except BaseException:
        for future in begun.values():
            if future is not None:
                future.cancel()
        raise


def _build_width(store: Store, problem: TeacherProblem, width: int, run: Run) -> None:
    from symbolic.teacher.survey import survey_teacher

    started = time.monotonic()
    surveyed = survey_teacher(problem, width)
    rows = [function_row(one, i) for i, one in enumerate(surveyed.functions)]
    regions = region_rows(surveyed)
    parameters = {"survey_version": SURVEY_VERSION}
    numbers, seconds = (len(rows), len(regions)), time.monotonic() - started
    survey = survey_row(problem.name, width, surveyed.completeness, *numbers, seconds, parameters)
    save_single_width(store, survey, rows, regions, KNOWN_AGAIN)
    run.step(width, 1)
    started = time.monotonic()
    found = _strata(surveyed)
    packed = pack(problem.name, {one.label: one.space for one in surveyed.functions}, found.strata)
    save_strata(store, strata_survey_row(found, packed, time.monotonic() - started), packed.rows, packed.counts)
    run.step(width, 1)


def _strata(surveyed: TeacherSurvey) -> TeacherStrata:
    from symbolic.teacher.survey import TeacherStrata, survey_teacher_strata

    try:
        return survey_teacher_strata(surveyed)
    except BudgetExceeded as error:
        undecided = Completeness(CompletenessStatus.UNDECIDED, str(error))
        return TeacherStrata(surveyed.problem, surveyed.width, (), undecided)


def _is_finished(store: Store, problem: TeacherProblem, width: int) -> bool:
    row = store.survey(problem.name, width)
    if row is None or from_text(row["parameters"]) != {"survey_version": SURVEY_VERSION}:
        return False
    return strata_are_current(store, problem.name, width)
