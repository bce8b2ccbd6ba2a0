"""The text of flat records, and the records that all families share.

A record is a tree of dicts, lists, texts, integers, booleans and None, without floats; its text is canonical JSON
(sorted keys, ASCII, no spaces), so that equal records have equal bytes. The records of a family's own objects are in
its package.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from catalog.errors import CatalogError
from catalog.number_text import exact_form
from symbolic.problem import Completeness, CompletenessStatus

Record = dict[str, Any]


def to_text(record: Mapping[str, Any]) -> str:
    """The canonical JSON text of a record; a NaN or an infinity in it is a ValueError."""
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def from_text(text: str) -> Record:
    """The record of a JSON text.

    Raises:
        CatalogError: not JSON, or not an object.
    """
    try:
        record = json.loads(text, parse_constant=_refuse_constant)
    except ValueError as error:
        raise CatalogError(f"a stored record is not JSON: {error}") from None
    if not isinstance(record, dict):
        raise CatalogError("a stored record must be a JSON object")
    return record


def completeness_record(completeness: Completeness) -> Record:
    """`{"status", "reason", "caveat"}`."""
    return {
        "status": completeness.status.value,
        "reason": completeness.reason,
        "caveat": completeness.caveat,
    }


def completeness_from_record(record: Mapping[str, Any]) -> Completeness:
    """The completeness of a flat form."""
    with Reading("completeness"):
        return Completeness(CompletenessStatus(record["status"]), record["reason"], record["caveat"])


def loss_answer(loss: Mapping[str, Any], lower: float, upper: float) -> Record:
    """The loss as a query answers it.

    Args:
        loss: the flat form of the number.
        lower, upper: its outward-rounded ends; an infinite one is answered as null.
    """
    return {
        "exact": exact_form(loss),
        "decimal": loss["decimal"],
        "lower": _finite(lower),
        "upper": _finite(upper),
    }


class Reading:
    """Turns the accidents of reading a malformed record into one clear line."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, KeyError):
            raise CatalogError(f"a stored {self.what} record has no field {error}") from None
        if isinstance(error, TypeError | AttributeError) or type(error) is ValueError:
            raise CatalogError(f"a stored {self.what} record is malformed: {error}") from None


def _finite(value: float) -> float | None:
    return value if abs(value) != float("inf") else None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number of a record")
