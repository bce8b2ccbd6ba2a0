"""The problems of the benchmark, and the timed survey that everything is compared with."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from time import perf_counter

from symbolic.enclosure import enclose
from symbolic.interval.functions import IntervalFunction
from symbolic.interval.problem import IntervalProblem
from symbolic.problem import Cell, CompletenessStatus
from symbolic.surveys import survey


@dataclass(frozen=True)
class Case:
    """A target on an interval, for ReLU networks."""

    target: str
    start: str
    end: str

    @property
    def title(self) -> str:
        return f"{self.target.replace('**', '^').replace('*', ' ')} on [{self.start}, {self.end}]"

    def problem(self) -> IntervalProblem:
        return IntervalProblem.from_text("bench", self.target, (self.start, self.end))


QUARTIC = Case("x**4 - x**2", "-1", "1")
SQUARE = Case("x**2", "-1", "1")


@dataclass(frozen=True)
class TimedSurvey:
    """What a survey found, its wall-clock seconds, and the processor seconds of all its processes."""

    functions: tuple[IntervalFunction, ...]
    cells: tuple[Cell, ...]
    status: CompletenessStatus
    seconds: float
    processor_seconds: float


def timed_survey(case: Case, width: int, workers: int) -> TimedSurvey:
    """A survey from nothing, in a fresh interpreter, so that no cache of an earlier one helps.

    The imports are not counted, the start of the worker processes is.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh:
        return fresh.submit(_survey_with_workers, case, width, workers).result()


def _survey_with_workers(case: Case, width: int, workers: int) -> TimedSurvey:
    started, processor_started = perf_counter(), _processor_seconds()
    with ProcessPoolExecutor(workers) as pool:
        result = survey(case.problem(), width, executor=pool)
    seconds, processor_seconds = perf_counter() - started, _processor_seconds() - processor_started
    return TimedSurvey(result.functions, result.cells, result.completeness.status, seconds, processor_seconds)


def _processor_seconds() -> float:
    """Processor seconds of this process and of its finished children."""
    usages = [getrusage(who) for who in (RUSAGE_SELF, RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def lowest_loss(result: TimedSurvey) -> str:
    """12 digits of the least loss in the list."""
    balls = [enclose(function.loss) for function in result.functions]
    return min(balls, key=lambda ball: float(ball.mid())).mid().str(12, radius=False)
