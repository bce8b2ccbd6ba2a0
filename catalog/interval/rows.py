"""Rows of the database from the rich objects of a survey of the interval family."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.build_rows import software
from catalog.interval.problem_table import problem_record
from catalog.interval.record import cell_record, function_record
from catalog.number_text import outward_floats
from catalog.record import to_text
from catalog.store import Row
from symbolic.interval.problem import IntervalProblem
from symbolic.problem import Cell

if TYPE_CHECKING:
    from symbolic.interval.functions import IntervalFunction
    from symbolic.surveys import Survey


def problem_row(problem: IntervalProblem) -> Row:
    return {
        "name": problem.name,
        "family": problem.family,
        "content": problem.canonical_text(),
        "canonical": problem.canonical()[0].text(),
        "degree": problem.degree,
        "record": to_text(problem_record(problem)),
    }


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
        "clarke_width": function.minimal_width,
        "rigor": function.rigor.value,
        "provisional": int(function.provisional),
        "loss_lower": lower,
        "loss_upper": upper,
        "position": position,
        "record": to_text(function_record(function)),
    }


def region_rows(survey: Survey) -> list[Row]:
    """The regions of the survey's width, each with its loss and the functions that its closure realizes.

    None for the quadratic activation, whose loss is one polynomial.
    """
    from symbolic.interval.loss import loss_text
    from symbolic.interval.orderings import realized_in_closure, regions

    problem, rows = survey.problem, []
    if problem.activation == "quadratic":
        return []
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


def cell_row(canonical: str, cell: Cell, budget: float | None) -> Row:
    return {
        "canonical": canonical,
        "knots": cell.knots,
        "system": cell.system,
        "status": cell.completeness.status.value,
        "record": to_text(cell_record(cell)),
        "budget": budget,
        "software": software(),
    }
