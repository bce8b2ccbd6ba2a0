"""Building: survey widths 1..N of problems into the database, and go on where an earlier build was stopped."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from catalog import __version__
from catalog.errors import CatalogError
from catalog.number_text import outward_floats
from catalog.problem_file import ProblemFile, load_problem
from catalog.record import (
    cell_from_record,
    cell_record,
    from_text,
    function_record,
    problem_record,
    to_text,
)
from catalog.store import Row, Store, StoredCell
from catalog.workers import worker_pool
from symbolic.interval.problem import IntervalProblem, check_width
from symbolic.problem import Cell

if TYPE_CHECKING:
    from symbolic.interval.functions import IntervalFunction
    from symbolic.survey import Survey

LIBRARIES = ("sympy", "mpmath", "numpy", "python-flint", "SQLAlchemy")


@dataclass(frozen=True)
class Job:
    """A problem and the width up to which it is surveyed."""

    problem: IntervalProblem
    width: int


@dataclass(frozen=True)
class Progress:
    """What a build tells while it runs: the problem and width at work, and steps done of all."""

    problem: str
    width: int
    done: int
    total: int


CellKey = tuple[int, str]
Reporter = Callable[[Progress], None]


def jobs_of(files: Sequence[str | Path], width: int | None) -> list[Job]:
    """Read and check every file before anything is written.

    Raises:
        CatalogError: a file or width that cannot be surveyed, or two different problems of one name.
    """
    jobs: dict[str, Job] = {}
    for file in files:
        loaded = load_problem(file)
        job = Job(loaded.problem, _width_of(loaded, width))
        earlier = jobs.get(job.problem.name)
        if earlier is not None and earlier.problem != job.problem:
            raise CatalogError(f"{file}: another problem of this command is also named {job.problem.name!r}")
        jobs[job.problem.name] = max(job, earlier or job, key=lambda one: one.width)
    return list(jobs.values())


def build(
    jobs: Sequence[Job],
    location: str | Path | None = None,
    *,
    workers: int = 1,
    budget: float | None = None,
    report: Reporter | None = None,
) -> list[Row]:
    """Survey widths 1..N of every problem into the database.

    Args:
        jobs: from `jobs_of`.
        location: path or URL of the database.
        workers: processes; the records do not depend on their number.
        budget: seconds allowed for one cell; a cell that was left undecided under another budget is tried again.
        report: called after every step.

    Returns:
        The stored surveys of these problems and widths, in order.
    """
    with Store.writing(location) as store:
        store.save_problems([_problem_row(job.problem) for job in jobs])
        counter = _Counter(jobs, report)
        try:
            with worker_pool(workers) as executor:
                for job in jobs:
                    _build_problem(store, job, executor, budget, counter)
        except BrokenProcessPool:
            raise CatalogError(
                "a worker process died (out of memory?); what was solved is kept: repeat the command to go on"
            ) from None
        wanted = {(job.problem.name, width) for job in jobs for width in range(1, job.width + 1)}
        return [row for row in store.surveys() if (row["problem"], row["width"]) in wanted]


class _Counter:
    """Steps of a build: one for every cell, and one for every width."""

    def __init__(self, jobs: Sequence[Job], report: Reporter | None) -> None:
        from symbolic.survey import plan

        self._report = report
        self._cells = {job.problem.name: frozenset(plan(job.problem, job.width)) for job in jobs}
        self._total = sum(len(self._cells[job.problem.name]) + job.width for job in jobs)
        self._done = 0

    def step(self, problem: str, width: int, steps: int = 1) -> None:
        self._done += steps
        if self._report is not None:
            self._report(Progress(problem, width, self._done, self._total))


def _build_problem(store: Store, job: Job, executor: Executor | None, budget: float | None, counter: _Counter) -> None:
    reported: set[CellKey] = set()
    for width in range(1, job.width + 1):
        _build_width(store, job.problem, width, executor, budget, counter, reported)
        counter.step(job.problem.name, width)


def _build_width(
    store: Store,
    problem: IntervalProblem,
    width: int,
    executor: Executor | None,
    budget: float | None,
    counter: _Counter,
    reported: set[CellKey],
) -> None:
    """Survey one width unless that is done; `reported` are the cells that the counter knows already."""
    from symbolic.survey import plan, survey

    canonical = problem.canonical()[0].text()
    keys = set(plan(problem, width))
    stored = {key: cell for key, cell in store.cells(canonical).items() if key in keys}
    usable = {key: cell for key, cell in stored.items() if not _try_again(cell, budget)}
    counter.step(problem.name, width, len(set(usable) - reported))
    reported |= set(usable)
    finished = {row["width"]: row for row in store.surveys() if row["problem"] == problem.name}
    if _is_finished(finished.get(width), keys, usable):
        return

    def keep(cell: Cell) -> None:
        store.save_cell(_cell_row(canonical, cell, budget))
        if cell.key not in reported:
            reported.add(cell.key)
            counter.step(problem.name, width)

    known = {key: cell_from_record(from_text(cell.record)) for key, cell in usable.items()}
    started = time.monotonic()
    result = survey(problem, width, known=known, executor=executor, seconds_per_cell=budget, on_cell=keep)
    regions = region_rows(result)
    row = _survey_row(result, len(regions), time.monotonic() - started, budget)
    store.save_survey(row, [function_row(one, i) for i, one in enumerate(result.functions)], regions)


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


def region_rows(survey: Survey) -> list[Row]:
    """The regions of the survey's width, each with its loss and the functions that its closure realizes."""
    from symbolic.interval.loss import loss_text
    from symbolic.interval.orderings import realized_in_closure, regions

    problem, rows = survey.problem, []
    for position, region in enumerate(regions(survey.width)):
        label = f"{problem.name}@{survey.width}:{region.label}"
        record = {
            "label": label,
            "problem": problem.name,
            "width": survey.width,
            "neurons": list(region.neurons),
            "order": list(region.order),
            "loss": loss_text(region, problem),
            "functions": [
                one.label for one in survey.functions if realized_in_closure(region, one, problem.leak == 0)
            ],
        }
        rows.append(
            {
                "label": label,
                "problem": problem.name,
                "width": survey.width,
                "interior": len(region.order),
                "active": region.active,
                "inactive": region.inactive,
                "position": position,
                "record": to_text(record),
            }
        )
    return rows


def function_row(function: IntervalFunction, position: int) -> Row:
    """The row of the database for a critical function."""
    lower, upper = outward_floats(function.loss)
    return {
        "label": function.label,
        "problem": function.problem,
        "family": "interval",
        "class": function.function_class,
        "pattern": function.pattern,
        "knots": len(function.kinks),
        "minimal_width": function.minimal_width,
        "rigor": function.rigor.value,
        "provisional": int(function.provisional),
        "loss_lower": lower,
        "loss_upper": upper,
        "position": position,
        "record": to_text(function_record(function)),
    }


def software() -> str:
    """The versions that a result came from, as canonical text."""
    found = {"saddlery": __version__, "python": platform.python_version()}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "unknown"
    return to_text(found)


def _width_of(loaded: ProblemFile, width: int | None) -> int:
    if width is not None:
        return check_width(width)
    if loaded.width is None:
        raise CatalogError(f"{loaded.path}: no width; write width = 3 into the file, or give --width")
    return loaded.width


def _problem_row(problem: IntervalProblem) -> Row:
    return {
        "name": problem.name,
        "family": problem.family,
        "content": problem.canonical_text(),
        "canonical": problem.canonical()[0].text(),
        "degree": problem.degree,
        "record": to_text(problem_record(problem)),
    }


def _cell_row(canonical: str, cell: Cell, budget: float | None) -> Row:
    return {
        "canonical": canonical,
        "knots": cell.knots,
        "system": cell.system,
        "status": cell.completeness.status.value,
        "record": to_text(cell_record(cell)),
        "budget": budget,
        "software": software(),
    }


def _survey_row(survey: Survey, regions: int, seconds: float, budget: float | None) -> Row:
    return {
        "problem": survey.problem.name,
        "width": survey.width,
        "status": survey.completeness.status.value,
        "reason": survey.completeness.reason,
        "caveat": survey.completeness.caveat,
        "functions": len(survey.functions),
        "regions": regions,
        "seconds": seconds,
        "software": software(),
        "parameters": to_text(
            {
                "seconds_per_cell": None if budget is None else str(budget),
                "undecided_cells": sorted([*cell.key] for cell in survey.cells if not cell.completeness.proved),
            }
        ),
    }
