"""Columns and cells of strata in the tables for people and in CSV, the same for every family."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog.cells import or_dash
from catalog.families import Columns

_FACTS = (
    "label", "problem", "family", "function", "width", "kind", "reason", "index", "nullity", "positive", "hessian",
    "dimension", "gauge_dimension", "smooth", "directional", "clarke", "neurons", "orbit_size",
)


def strata_columns(*sample: str, more: tuple[str, ...] = ()) -> Columns:
    """The columns of strata whose sample points have the given parts; `more` are those after the rigor."""
    short = ("label", "kind", "index", "nullity", "dimension", "orbit", "reason")
    return Columns(short, (*_FACTS, *sample, "rigor", *more))


def stratum_cells(row: Mapping[str, Any]) -> list[str]:
    """The cells of a stratum in the table for the eye."""
    return [
        row["label"],
        row["kind"],
        or_dash(row["index"]),
        or_dash(row["nullity"]),
        str(row["dimension"]),
        str(row["orbit_size"]),
        row["reason"],
    ]


def flat_stratum(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A stratum with a value for each column of CSV."""
    return {**row, **row["sample"], **row["stationarity"], "neurons": [one["code"] for one in row["neurons"]]}
