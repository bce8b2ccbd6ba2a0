"""Building: survey widths 1..N of problems into the database, and go on where an earlier build was stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.build_rows import (
    STRATA_VERSION,
    cell_row,
    function_row,
    problem_row,
    region_rows,
    strata_survey_row,
    survey_row,
)
from catalog.errors import CatalogError
from catalog.problem_file import ProblemFile, load_problem
from catalog.record import cell_from_record, from_text
from catalog.store import Row, Store, StoredCell
from catalog.strata_record import pack
from catalog.strata_store import save_strata, strata_surveys_of
from catalog.workers import worker_pool
from symbolic.interval.problem import IntervalProblem, check_width
from symbolic.problem import Cell

if TYPE_CHECKING:
    from symbolic.surveys import Survey


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
        The stored surveys of these problems and widths, in order, each with the survey of its strata as `strata`.
    """
    with Store.writing(location) as store:
        store.save_problems([problem_row(job.problem) for job in jobs])
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
        strata = strata_surveys_of(store)
        keys = [(row, (row["problem"], row["width"])) for row in store.surveys()]
        return [row | {"strata": strata.get(key)} for row, key in keys if key in wanted]


class _Counter:
    """Steps of a build: one for every cell, and two for every width: its functions and its strata."""

    def __init__(self, jobs: Sequence[Job], report: Reporter | None) -> None:
        from symbolic.surveys import plan

        self._report = report
        self._cells = {job.problem.name: frozenset(plan(job.problem, job.width)) for job in jobs}
        self._total = sum(len(self._cells[job.problem.name]) + 2 * job.width for job in jobs)
        self._done = 0

    def step(self, problem: str, width: int, steps: int = 1) -> None:
        self._done += steps
        if self._report is not None:
            self._report(Progress(problem, width, self._done, self._total))


def _build_problem(store: Store, job: Job, executor: Executor | None, budget: float | None, counter: _Counter) -> None:
    reported: set[CellKey] = set()
    for width in range(1, job.width + 1):
        _build_width(store, job.problem, width, executor, budget, counter, reported)


def _build_width(
    store: Store,
    problem: IntervalProblem,
    width: int,
    executor: Executor | None,
    budget: float | None,
    counter: _Counter,
    reported: set[CellKey],
) -> None:
    """Survey one width, functions and then strata, unless that is done; `reported` are the cells that the counter
    knows already."""
    from symbolic.surveys import plan, survey

    canonical = problem.canonical()[0].text()
    keys = set(plan(problem, width))
    stored = {key: cell for key, cell in store.cells(canonical).items() if key in keys}
    usable = {key: cell for key, cell in stored.items() if not _try_again(cell, budget)}
    counter.step(problem.name, width, len(set(usable) - reported))
    reported |= set(usable)
    finished = {row["width"]: row for row in store.surveys() if row["problem"] == problem.name}
    functions_done = _is_finished(finished.get(width), keys, usable)
    if functions_done and _has_strata(store, problem.name, width):
        counter.step(problem.name, width, 2)
        return

    def keep(cell: Cell) -> None:
        store.save_cell(cell_row(canonical, cell, budget))
        if cell.key not in reported:
            reported.add(cell.key)
            counter.step(problem.name, width)

    known = {key: cell_from_record(from_text(cell.record)) for key, cell in usable.items()}
    started = time.monotonic()
    result = survey(problem, width, known=known, executor=executor, seconds_per_cell=budget, on_cell=keep)
    if not functions_done:
        regions = region_rows(result)
        row = survey_row(result, len(regions), time.monotonic() - started, budget)
        store.save_survey(row, [function_row(one, i) for i, one in enumerate(result.functions)], regions)
    counter.step(problem.name, width)
    _build_strata(store, result)
    counter.step(problem.name, width)


def _build_strata(store: Store, surveyed: Survey) -> None:
    """Survey the strata over the functions of a survey and store them in one transaction."""
    from symbolic.surveys import survey_strata

    started = time.monotonic()
    found = survey_strata(surveyed)
    packed = pack(surveyed.problem.name, found.strata)
    save_strata(store, strata_survey_row(found, packed, time.monotonic() - started), packed.rows, packed.counts)


def _has_strata(store: Store, problem: str, width: int) -> bool:
    row = strata_surveys_of(store).get((problem, width))
    return row is not None and row["version"] == STRATA_VERSION


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


def _width_of(loaded: ProblemFile, width: int | None) -> int:
    if width is not None:
        return check_width(width)
    if loaded.width is None:
        raise CatalogError(f"{loaded.path}: no width; write width = 3 into the file, or give --width")
    return loaded.width
