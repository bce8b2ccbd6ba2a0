"""Cells of tables for the eye, shared by the families."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Context, InvalidOperation
from typing import Any

SHORT_DIGITS = 12
"""Significant digits in tables for the eye; every other format has all that is proved."""

YES_NO = {True: "yes", False: "no", None: "-"}


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


def survey_cells(surveys: list[Mapping[str, Any]]) -> list[str]:
    """The surveyed widths of a problem, and how complete they are."""
    return [
        " ".join(str(survey["width"]) for survey in surveys) or "none",
        " ".join(dict.fromkeys(survey["status"] for survey in surveys)) or "not surveyed",
    ]
