"""Rows of the database that every family writes in the same way: problems, functions, regions, and surveys."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Protocol

from catalog import __version__
from catalog.errors import CatalogError
from catalog.number_text import outward_floats
from catalog.packed_strata import PackedStrata, numbers_text
from catalog.record import Record, to_text
from catalog.store import Row, Store, now
from catalog.strata_store import strata_surveys_of
from symbolic.enclosure import Number
from symbolic.problem import Completeness, Problem

LIBRARIES = ("sympy", "mpmath", "numpy", "python-flint", "SQLAlchemy")

STRATA_VERSION = 2
"""To be raised with every change that could alter a stratum, so that those of older versions are surveyed again."""


class SurveyOfStrata(Protocol):
    """What a survey of strata of any family tells."""

    @property
    def problem(self) -> Problem: ...

    @property
    def width(self) -> int: ...

    @property
    def strata(self) -> Sequence[SizedStratum]: ...

    @property
    def completeness(self) -> Completeness: ...


class SizedStratum(Protocol):
    """A stratum up to permutation."""

    @property
    def orbit_size(self) -> int: ...


def software() -> str:
    """The versions that a result came from, as canonical text."""
    found = {"saddlery": __version__, "python": platform.python_version()}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "unknown"
    return to_text(found)


def problem_row(problem: Problem, record: Record, **own: Any) -> Row:
    """The row of the database for a problem; `own` are the columns of its family, or what it tells otherwise."""
    content = problem.canonical_text()
    row = {"name": problem.name, "family": problem.family, "record": to_text(record)}
    return row | {"content": content, "canonical": content} | own


def function_row(record: Record, loss: Number, position: int, **own: Any) -> Row:
    """The row of the database for a critical function.

    Args:
        record: its flat form.
        loss: of the function.
        position: in the order of the survey.
        own: the columns of its family, or what it tells otherwise.
    """
    lower, upper = outward_floats(loss)
    row = {name: record[name] for name in ("label", "problem", "family", "minimal_width", "rigor")}
    row |= {"clarke_width": record["minimal_width"], "provisional": 0, "loss_lower": lower, "loss_upper": upper}
    return row | {"position": position, "record": to_text(record)} | own


def region_row(record: Record, position: int, **own: Any) -> Row:
    """The row of the database for a region of exactly one width, from its flat form."""
    row = {name: record[name] for name in ("label", "problem", "width")}
    return row | {"position": position, "record": to_text(record)} | own


def survey_row(
    problem: str,
    width: int,
    completeness: Completeness,
    functions: int,
    regions: int,
    seconds: float,
    parameters: Mapping[str, Any],
) -> Row:
    """The row of the database for the functions of one width.

    Args:
        problem, width, completeness: of the survey.
        functions: how many are listed by default.
        regions: how many there are, whether they are stored or too many for that.
        seconds: spent.
        parameters: what the survey was allowed, and what it left open.
    """
    return {
        "problem": problem,
        "width": width,
        "status": completeness.status.value,
        "reason": completeness.reason,
        "caveat": completeness.caveat,
        "functions": functions,
        "regions": regions,
        "seconds": seconds,
        "software": software(),
        "parameters": to_text(parameters),
    }


def strata_survey_row(found: SurveyOfStrata, packed: PackedStrata, seconds: float) -> Row:
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


def strata_are_current(store: Store, problem: str, width: int) -> bool:
    """Whether the strata of a width are stored, and by this version."""
    row = strata_surveys_of(store).get((problem, width))
    return row is not None and row["version"] == STRATA_VERSION
