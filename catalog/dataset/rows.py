"""Rows of the database from the rich objects of a survey of a data set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.dataset.problem_table import problem_record
from catalog.dataset.record import function_record
from catalog.number_text import outward_floats
from catalog.record import to_text
from catalog.store import Row
from symbolic.dataset.functions import DatasetFunction
from symbolic.dataset.problem import DatasetProblem

if TYPE_CHECKING:
    from symbolic.dataset.survey import DatasetSurvey


def problem_row(problem: DatasetProblem) -> Row:
    return {
        "name": problem.name,
        "family": problem.family,
        "content": problem.canonical_text(),
        "canonical": problem.canonical_text(),
        "samples": len(problem.targets),
        "dimension": problem.dimension,
        "record": to_text(problem_record(problem)),
    }


def function_row(function: DatasetFunction, position: int) -> Row:
    """The row of the database for a critical function."""
    lower, upper = outward_floats(function.loss)
    return {
        "label": function.label,
        "problem": function.problem,
        "family": "dataset",
        "fitted": len(function.fit),
        "minimal_width": function.minimal_width,
        "clarke_width": function.clarke_width,
        "rigor": "exact",
        "provisional": 0,
        "loss_lower": lower,
        "loss_upper": upper,
        "position": position,
        "record": to_text(function_record(function)),
    }


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
        label = f"{problem.name}@{survey.width}:{region.label}"
        record = {
            "label": label,
            "problem": problem.name,
            "width": survey.width,
            "neurons": list(region.patterns),
            "loss": str(region_loss(problem, region.patterns)),
            "functions": list(functions),
        }
        rows.append(
            {
                "label": label,
                "problem": problem.name,
                "width": survey.width,
                "position": position,
                "record": to_text(record),
            }
        )
    return rows
