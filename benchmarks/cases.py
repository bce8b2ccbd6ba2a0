"""The problems of the benchmark, and the timed survey that everything is compared with."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from time import perf_counter

from symbolic.enclosure import enclose
from symbolic.interval.problem import IntervalProblem
from symbolic.survey import Survey, survey


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


def timed_survey(case: Case, width: int, workers: int) -> tuple[Survey, float]:
    """A survey from nothing; the start of the worker processes is counted."""
    started = perf_counter()
    with ProcessPoolExecutor(workers) as pool:
        result = survey(case.problem(), width, executor=pool)
    return result, perf_counter() - started


def lowest_loss(result: Survey) -> str:
    """12 digits of the least loss in the list."""
    balls = [enclose(function.loss) for function in result.functions]
    return min(balls, key=lambda ball: float(ball.mid())).mid().str(12, radius=False)
