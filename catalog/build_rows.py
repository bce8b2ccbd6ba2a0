"""Rows of the database from the rich objects of a survey."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from catalog import __version__
from catalog.errors import CatalogError
from catalog.number_text import outward_floats
from catalog.record import cell_record, function_record, problem_record, to_text
from catalog.store import Row, now
from catalog.strata_record import PackedStrata, numbers_text
from symbolic.interval.problem import IntervalProblem
from symbolic.problem import Cell

if TYPE_CHECKING:
    from symbolic.interval.functions import IntervalFunction
    from symbolic.surveys import StrataSurvey, Survey

LIBRARIES = ("sympy", "mpmath", "numpy", "python-flint", "SQLAlchemy")

STRATA_VERSION = 1
"""To be raised with every change that could alter a stratum, so that those of older versions are surveyed again."""


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


def problem_row(problem: IntervalProblem) -> Row:
    return {
        "name": problem.name,
        "family": problem.family,
        "content": problem.canonical_text(),
        "canonical": problem.canonical()[0].text(),
        "degree": problem.degree,
        "record": to_text(problem_record(problem)),
    }


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


def survey_row(survey: Survey, regions: int, seconds: float, budget: float | None) -> Row:
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


def strata_survey_row(found: StrataSurvey, packed: PackedStrata, seconds: float) -> Row:
    """The row of the database for the strata of one width.

    Raises:
        CatalogError: the strata and their number by function, kind and index do not agree.
    """
    labelled = sum(stratum.orbit_size for stratum in found.strata)
    if labelled != sum(row["labelled"] for row in packed.counts):
        raise CatalogError(f"the strata of {found.problem.name} at width {found.width} do not add up")
    return {
        "problem": found.problem.name,
        "width": found.width,
        "status": found.completeness.status.value,
        "reason": found.completeness.reason,
        "caveat": found.completeness.caveat,
        "strata": len(found.strata),
        "labelled": labelled,
        "numbers": numbers_text(packed),
        "roles": to_text(packed.roles),
        "version": STRATA_VERSION,
        "seconds": seconds,
        "finished_at": now(),
        "software": software(),
    }
