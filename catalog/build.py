"""Building: survey problems into the database, and go on where an earlier build was stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from catalog.errors import CatalogError
from catalog.families import Limits, Run, family_named
from catalog.problem_file import ProblemFile, bundled_problem_files, load_problem
from catalog.store import Row, Store
from catalog.strata_store import strata_surveys_of
from catalog.workers import worker_pool
from symbolic.errors import InvalidProblem
from symbolic.problem import Problem


@dataclass(frozen=True)
class Job:
    """A problem and the width up to which it is surveyed."""

    problem: Problem
    width: int

    @property
    def widths(self) -> Sequence[int]:
        return family_named(self.problem.family).widths(self.width)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of the problem, which is legal."""
        return family_named(self.problem.family).notes(self.problem)


@dataclass(frozen=True)
class Progress:
    """What a build tells while it runs: the problem and width at work, and steps done of all."""

    problem: str
    width: int
    done: int
    total: int


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


def bundled_jobs(width: int | None) -> tuple[list[Job], list[str]]:
    """The bundled problems, and a line for each that cannot be surveyed at the width asked for and is left out."""
    jobs, left_out = [], []
    for file in bundled_problem_files():
        try:
            jobs += jobs_of([file], width)
        except InvalidProblem as error:
            left_out.append(f"{file.name} is left out: {error}")
    if not jobs:
        raise CatalogError(left_out[0])
    return jobs, left_out


def build(
    jobs: Sequence[Job],
    location: str | Path | None = None,
    *,
    workers: int = 1,
    budget: float | None = None,
    patterns: int | None = None,
    report: Reporter | None = None,
) -> list[Row]:
    """Survey every problem up to its width into the database.

    Args:
        jobs: from `jobs_of`.
        location: path or URL of the database.
        workers: processes; the records do not depend on their number.
        budget: seconds allowed for one system of equations; one that was left undecided under a smaller budget is
            tried again.
        patterns: activation patterns allowed for one data set; the limit of the family if None.
        report: called after every step.

    Returns:
        The stored surveys of these problems and widths, in order, each with the survey of its strata as `strata` and
        what stayed undecided beside them as `doubts`.

    Raises:
        CatalogError: a problem that the limits do not allow, or a database that cannot be used.
    """
    limits = Limits(budget, patterns)
    for job in jobs:
        family_named(job.problem.family).check_limits(job.problem, limits)
    with Store.writing(location) as store:
        store.save_problems([family_named(job.problem.family).problem_row(job.problem) for job in jobs])
        counter = _Counter(jobs, report)
        try:
            with worker_pool(workers) as executor:
                for job in jobs:
                    run = Run(executor, limits, counter.stepper(job.problem.name))
                    family_named(job.problem.family).build(store, job.problem, job.width, run)
        except BrokenProcessPool:
            raise CatalogError(
                "a worker process died (out of memory?); what was solved is kept: repeat the command to go on"
            ) from None
        wanted = {(job.problem.name, width) for job in jobs for width in job.widths}
        strata = strata_surveys_of(store)
        doubts = {job.problem.name: family_named(job.problem.family).doubts(store, job.problem) for job in jobs}
        keys = [(row, (row["problem"], row["width"])) for row in store.surveys()]
        return [
            row | {"strata": strata.get(key), "doubts": doubts[row["problem"]]} for row, key in keys if key in wanted
        ]


class _Counter:
    """Steps of a build, over all problems."""

    def __init__(self, jobs: Sequence[Job], report: Reporter | None) -> None:
        self._report = report
        self._total = sum(family_named(job.problem.family).steps(job.problem, job.width) for job in jobs)
        self._done = 0

    def stepper(self, problem: str) -> Callable[[int, int], None]:
        """What the family of this problem calls with the width at work and the steps done."""

        def step(width: int, steps: int) -> None:
            self._done += steps
            if self._report is not None:
                self._report(Progress(problem, width, self._done, self._total))

        return step


def _width_of(loaded: ProblemFile, width: int | None) -> int:
    if width is not None:
        return family_named(loaded.problem.family).check_width(loaded.problem, width)
    if loaded.width is None:
        raise CatalogError(f"{loaded.path}: no width; write width = 3 into the file, or give --width")
    return loaded.width
