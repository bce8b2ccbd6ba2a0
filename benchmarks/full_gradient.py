"""scipy's multistart on the full gradient, for the processor time of the proved list, and for ten times that."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from cases import Case, TimedSurvey, timed_survey
from oracles.multistart import critical_functions, function_values

from symbolic.enclosure import Number, enclose


def table(case: Case, width: int, workers: int) -> Iterator[str]:
    """Lines of the table: distinct functions of the list that were met, and points that are in no list."""
    columns = ["target", "width", "functions", "seconds", "met in this time", "met in 10 times it", "not listed"]
    yield f"| {' | '.join(columns)} |"
    yield "|" + "---|" * len(columns)
    for n in range(1, width + 1):
        result = timed_survey(case, n, workers)
        seconds = result.processor_seconds
        same, _ = met(case, result, n, seconds)
        more, strangers = met(case, result, n, 10 * seconds)
        total = len(result.functions)
        cells = [str(n), str(total), f"{seconds:.2f}", f"{same} of {total}", f"{more} of {total}", str(strangers)]
        yield f"| {case.title} | {' | '.join(cells)} |"


def met(case: Case, result: TimedSurvey, width: int, seconds: float) -> tuple[int, int]:
    """Listed functions met by one process in `seconds`, and points with gradient below 1e-12 that are no listed one."""
    problem = case.problem()
    a, b = map(float, problem.domain)
    listed = []
    for function in result.functions:
        kinks, slopes, (offset,) = _floats(function.kinks), _floats(function.slopes), _floats((function.offset,))
        listed.append(function_values(kinks, slopes, offset, a, b))
    found = critical_functions(problem.target, problem.domain, problem.leak, width, 10**9, seed=0, seconds=seconds)
    hits: set[int] = set()
    strangers = 0
    for point in found:
        distances = [float(np.abs(point.values - values).max()) for values in listed]
        nearest = int(np.argmin(distances))
        if distances[nearest] < 1e-6:
            hits.add(nearest)
        else:
            strangers += 1
    return len(hits), strangers


def _floats(numbers: tuple[Number, ...]) -> list[float]:
    return [float(enclose(number).mid()) for number in numbers]
