"""Filters on the loss: compared with a rational exactly, by the outward bounds where these tell."""

from __future__ import annotations

import re
from fractions import Fraction

from catalog.errors import CatalogError
from catalog.number_text import compare_with, number_from_record
from catalog.record import from_text
from catalog.store import Row

MAXIMAL_LENGTH = 1000
"""Characters of the text of a rational in a filter."""

_RATIONAL = re.compile(r"([+-]?[0-9]+)(?:/([0-9]+))?")
_DECIMAL = re.compile(r"[+-]?[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]{1,2})?")


def threshold_of(value: Fraction | int | str) -> Fraction:
    """The rational that `--max-loss` means.

    Raises:
        CatalogError: a decimal or a float (the line shows the exact spelling), or no number.
    """
    if isinstance(value, Fraction | int) and not isinstance(value, bool):
        return Fraction(value)
    if isinstance(value, str) and len(value) <= MAXIMAL_LENGTH:
        match = _RATIONAL.fullmatch(value.strip())
        if match and int(match[2] or 1):
            return Fraction(int(match[1]), int(match[2] or 1))
        if not match and _DECIMAL.fullmatch(value.strip()):
            raise CatalogError(f"max-loss must be exact: write {Fraction(value.strip())} for {value.strip()}")
    raise CatalogError(f"max-loss must be an integer or a rational p/q such as 1/1000, not {str(value)[:60]!r}")


def at_most_all(rows: list[Row], threshold: Fraction | None) -> tuple[list[Row], list[str]]:
    """The functions whose loss is at most the threshold, and the labels of those for which it is not decided."""
    if threshold is None:
        return rows, []
    compared = [(row, _at_most(row, threshold)) for row in rows]
    return [row for row, at_most in compared if at_most], [row["label"] for row, value in compared if value is None]


def _at_most(row: Row, threshold: Fraction) -> bool | None:
    """Whether the loss is at most the threshold: by the outward bounds, and exactly where these do not tell."""
    if -float("inf") < row["loss_upper"] < float("inf") and Fraction(row["loss_upper"]) <= threshold:
        return True
    if -float("inf") < row["loss_lower"] < float("inf") and Fraction(row["loss_lower"]) > threshold:
        return False
    compared = compare_with(number_from_record(from_text(row["record"])["loss"]), threshold)
    return None if compared is None else compared <= 0
