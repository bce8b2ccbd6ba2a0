"""Rows of the database from the rich objects of a survey of the interval family."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog import build_rows
from catalog.interval.problem_table import problem_record
from catalog.interval.record import cell_record, function_record
from catalog.record import to_text
from catalog.store import Row
from symbolic.interval.problem import IntervalProblem
from symbolic.problem import Cell

if TYPE_CHECKING:
    from symbolic.interval.functions import IntervalFunction
    from symbolic.surveys import Survey


def problem_row(problem: IntervalProblem) -> Row:
    canonical, _ = problem.canonical()
    return build_rows.problem_row(problem, problem_record(problem), canonical=canonical.text(), degree=problem.degree)


def function_row(function: IntervalFunction, position: int) -> Row:
    """The row of the database for a critical function."""
    own = {"class": function.function_class, "pattern": function.pattern, "knots": len(function.kinks)}
    own |= {"provisional": int(function.provisional)}
    return build_rows.function_row(function_record(function), function.loss, position, **own)


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
        record = {
            "label": f"{problem.name}@{survey.width}:{region.label}",
            "problem": problem.name,
            "width": survey.width,
            "neurons": list(region.neurons),
            "order": list(region.order),
            "loss": loss_text(region, problem),
            "functions": [
                one.label for one in survey.functions if realized_in_closure(region, one, problem.leak == 0)
            ],
        }
        numbers = {"interior": len(region.order), "active": region.active, "inactive": region.inactive}
        rows.append(build_rows.region_row(record, position, **numbers))
    return rows


def cell_row(canonical: str, cell: Cell, budget: float | None) -> Row:
    return {
        "canonical": canonical,
        "knots": cell.knots,
        "system": cell.system,
        "status": cell.completeness.status.value,
        "record": to_text(cell_record(cell)),
        "budget": budget,
        "software": build_rows.software(),
    }
