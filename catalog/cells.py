"""Cells of tables for the eye, shared by the families."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Context, InvalidOperation
from typing import Any

SHORT_DIGITS = 12
"""Significant digits in tables for the eye; every other format has all that is proved."""

YES_NO = {True: "yes", False: "no", None: "-"}

STRATA_SHORT = ("label", "kind", "index", "nullity", "dimension", "orbit", "reason")
"""Columns of the table of strata for the eye, the same for every family."""


def short_number(decimal: str) -> str:
    """A decimal string rounded to `SHORT_DIGITS` significant digits."""
    try:
        value = Context(prec=SHORT_DIGITS).create_decimal(decimal)
    except InvalidOperation:
        return decimal
    if value == 0:
        return "0"
    return str(value) if len(decimal.strip("-0.")) > SHORT_DIGITS else decimal


def or_dash(value: int | None) -> str:
    """A number, or a dash where there is none."""
    return "-" if value is None else str(value)


def stratum_cells(row: Mapping[str, Any]) -> list[str]:
    """The cells of a stratum under `STRATA_SHORT`."""
    return [
        row["label"],
        row["kind"],
        or_dash(row["index"]),
        or_dash(row["nullity"]),
        str(row["dimension"]),
        str(row["orbit_size"]),
        row["reason"],
    ]


def survey_cells(surveys: list[Mapping[str, Any]]) -> list[str]:
    """The surveyed widths of a problem, and how complete they are."""
    return [
        " ".join(str(survey["width"]) for survey in surveys) or "none",
        " ".join(dict.fromkeys(survey["status"] for survey in surveys)) or "not surveyed",
    ]


def flat_loss(row: Mapping[str, Any]) -> dict[str, Any]:
    """The loss of a function as columns of CSV."""
    loss = row["loss"]
    return {"loss": loss["decimal"]} | {f"loss_{name}": loss[name] for name in ("exact", "lower", "upper")}
