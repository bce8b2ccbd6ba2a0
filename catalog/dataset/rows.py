"""Rows of the database from the rich objects of a survey of a data set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog import build_rows
from catalog.dataset.problem_table import problem_record
from catalog.dataset.record import function_record
from catalog.store import Row
from symbolic.dataset.functions import DatasetFunction
from symbolic.dataset.problem import DatasetProblem

if TYPE_CHECKING:
    from symbolic.dataset.survey import DatasetSurvey


def problem_row(problem: DatasetProblem) -> Row:
    sizes = {"samples": len(problem.targets), "dimension": problem.dimension}
    return build_rows.problem_row(problem, problem_record(problem), **sizes)


def function_row(function: DatasetFunction, position: int) -> Row:
    """The row of the database for a critical function."""
    own = {"fitted": len(function.fit), "clarke_width": function.clarke_width}
    return build_rows.function_row(function_record(function), function.loss, position, **own)


def region_rows(survey: DatasetSurvey) -> list[Row]:
    """The regions of the survey's width, each with its loss and the functions that its closure realizes.

    Raises:
        BudgetExceeded: too many regions to be listed.
    """
    from symbolic.dataset.loss import region_loss
    from symbolic.dataset.regions import dataset_regions, functions_in_closures

    problem, rows = survey.problem, []
    regions = dataset_regions(survey.arrangement, survey.width)
    realized = functions_in_closures(survey, regions)
    for position, (region, functions) in enumerate(zip(regions, realized, strict=True)):
        record = {
            "label": f"{problem.name}@{survey.width}:{region.label}",
            "problem": problem.name,
            "width": survey.width,
            "neurons": list(region.patterns),
            "loss": str(region_loss(problem, region.patterns)),
            "functions": list(functions),
        }
        rows.append(build_rows.region_row(record, position))
    return rows
