"""Surveys of interval problems into the database: solved systems, functions and regions, then strata, width by width.

Systems are kept under the canonical problem, so that problems which are affinely equivalent share them, and an
interrupted build goes on from the last one.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from catalog.build_rows import strata_are_current, strata_survey_row, survey_row
from catalog.families import Run
from catalog.interval.record import cell_from_record
from catalog.interval.rows import cell_row, function_row, region_rows
from catalog.interval.strata_record import pack
from catalog.record import from_text
from catalog.store import Row, Store, StoredCell
from catalog.strata_store import save_strata
from symbolic.interval.problem import IntervalProblem
from symbolic.problem import Cell

if TYPE_CHECKING:
    from symbolic.surveys import Survey

CellKey = tuple[int, str]


def steps(problem: IntervalProblem, width: int) -> int:
    """One step for every system, and two for every width: its functions and its strata."""
    from symbolic.surveys import plan

    return len(set(plan(problem, width))) + 2 * width


def build(store: Store, problem: IntervalProblem, width: int, run: Run) -> None:
    """Survey widths 1..N of a problem, going on where an earlier build was stopped.

    A system that was left undecided under a smaller limit of seconds is tried again.
    """
    reported: set[CellKey] = set()
    for one in range(1, width + 1):
        _build_width(store, problem, one, run, reported)


def _build_width(store: Store, problem: IntervalProblem, width: int, run: Run, reported: set[CellKey]) -> None:
    """Survey one width, functions and then strata, unless that is done; `reported` are the cells that were counted
    already."""
    from symbolic.surveys import plan, survey

    canonical, budget = problem.canonical()[0].text(), run.limits.seconds
    keys = set(plan(problem, width))
    stored = {key: cell for key, cell in store.cells(canonical).items() if key in keys}
    usable = {key: cell for key, cell in stored.items() if not _try_again(cell, budget)}
    run.step(width, len(set(usable) - reported))
    reported |= set(usable)
    functions_done = _is_finished(store.survey(problem.name, width), keys, usable)
    if functions_done and strata_are_current(store, problem.name, width):
        run.step(width, 2)
        return

    def keep(cell: Cell) -> None:
        store.save_cell(cell_row(canonical, cell, budget))
        if cell.key not in reported:
            reported.add(cell.key)
            run.step(width, 1)

    known = {key: cell_from_record(from_text(cell.record)) for key, cell in usable.items()}
    started = time.monotonic()
    result = survey(problem, width, known=known, executor=run.executor, seconds_per_cell=budget, on_cell=keep)
    if not functions_done:
        regions = region_rows(result)
        parameters = {
            "seconds_per_cell": None if budget is None else str(budget),
            "undecided_cells": sorted([*cell.key] for cell in result.cells if not cell.completeness.proved),
        }
        functions = [function_row(one, i) for i, one in enumerate(result.functions)]
        numbers, seconds = (len(functions), len(regions)), time.monotonic() - started
        row = survey_row(problem.name, width, result.completeness, *numbers, seconds, parameters)
        store.save_survey(row, functions, regions)
    run.step(width, 1)
    _build_strata(store, result)
    run.step(width, 1)


def _build_strata(store: Store, surveyed: Survey) -> None:
    """Survey the strata over the functions of a survey and store them in one transaction."""
    from symbolic.interval.strata.descent import descents
    from symbolic.surveys import survey_strata

    started = time.monotonic()
    found = survey_strata(surveyed)
    curves = descents(surveyed.problem, surveyed.realized, found.strata)
    packed = pack(surveyed.problem.name, found.strata, curves)
    save_strata(store, strata_survey_row(found, packed, time.monotonic() - started), packed.rows, packed.counts)


def _is_finished(row: Row | None, keys: set[CellKey], usable: Mapping[CellKey, StoredCell]) -> bool:
    """Whether the stored survey is all that the stored cells can give."""
    if row is None:
        return False
    if row["status"] == "proved":
        return True
    now_open = sorted([*key] for key, cell in usable.items() if cell.status != "proved")
    return len(usable) == len(keys) and from_text(row["parameters"])["undecided_cells"] == now_open


def _try_again(cell: StoredCell, budget: float | None) -> bool:
    """Whether an undecided cell was given less than what is allowed now."""
    return cell.status != "proved" and cell.budget is not None and (budget is None or budget > cell.budget)
