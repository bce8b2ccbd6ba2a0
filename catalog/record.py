"""Flat records: the only converter between the rich objects of `symbolic` and the text that is stored and released.

A record is a tree of dicts, lists, texts, integers, booleans and None, without floats; its text is canonical JSON
(sorted keys, ASCII, no spaces), so that equal records have equal bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from catalog.errors import CatalogError
from catalog.number_text import (
    dyadic_text,
    exact_form,
    number_from_record,
    number_record,
    parse_dyadic,
    parse_rational,
    rational_text,
)
from symbolic.enclosure import Rigor
from symbolic.interval.functions import IntervalFunction
from symbolic.interval.problem import IntervalProblem
from symbolic.interval.target import format_target, parse_target
from symbolic.problem import Cell, Completeness, CompletenessStatus, OpenBox

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


def problem_record(problem: IntervalProblem) -> Record:
    """The flat form of a problem: its name and what `canonical_text` says, field by field."""
    return {
        "name": problem.name,
        "family": problem.family,
        "target": format_target(problem.target),
        "domain": [rational_text(end) for end in problem.domain],
        "leak": rational_text(problem.leak),
        "activation": problem.activation,
    }


def problem_from_record(record: Mapping[str, Any]) -> IntervalProblem:
    """The problem of a flat form."""
    with _Reading("problem"):
        left, right = record["domain"]
        return IntervalProblem(
            record["name"],
            parse_target(record["target"]),
            (parse_rational(left), parse_rational(right)),
            parse_rational(record["leak"]),
            record["activation"],
        )


def function_record(function: IntervalFunction) -> Record:
    """The flat form of a critical function."""
    return {
        "label": function.label,
        "problem": function.problem,
        "family": "interval",
        "class": function.function_class,
        "pattern": function.pattern,
        "realizations": list(function.realizations),
        "kinks": [number_record(value) for value in function.kinks],
        "slopes": [number_record(value) for value in function.slopes],
        "offset": number_record(function.offset),
        "moment": number_record(function.moment),
        "loss": number_record(function.loss),
        "minimal_width": function.minimal_width,
        "rigor": function.rigor.value,
        "provisional": function.provisional,
    }


def function_from_record(record: Mapping[str, Any]) -> IntervalFunction:
    """The critical function of a flat form; `function_record` of it is the same record."""
    with _Reading("function"):
        return IntervalFunction(
            problem=record["problem"],
            label=record["label"],
            function_class=record["class"],
            pattern=record["pattern"],
            realizations=tuple(record["realizations"]),
            kinks=tuple(number_from_record(value) for value in record["kinks"]),
            slopes=tuple(number_from_record(value) for value in record["slopes"]),
            offset=number_from_record(record["offset"]),
            moment=number_from_record(record["moment"]),
            loss=number_from_record(record["loss"]),
            minimal_width=record["minimal_width"],
            rigor=Rigor(record["rigor"]),
            provisional=record["provisional"],
        )


def completeness_record(completeness: Completeness) -> Record:
    """`{"status", "reason", "caveat"}`."""
    return {
        "status": completeness.status.value,
        "reason": completeness.reason,
        "caveat": completeness.caveat,
    }


def completeness_from_record(record: Mapping[str, Any]) -> Completeness:
    """The completeness of a flat form."""
    with _Reading("completeness"):
        return Completeness(CompletenessStatus(record["status"]), record["reason"], record["caveat"])


def cell_record(cell: Cell) -> Record:
    """The flat form of one solved system."""
    return {
        "knots": cell.knots,
        "system": cell.system,
        "completeness": completeness_record(cell.completeness),
        "roots": [[dyadic_text(value) for value in root] for root in cell.roots],
        "boxes": cell.boxes,
        "open_boxes": [{"lower": _texts(box.lower), "upper": _texts(box.upper)} for box in cell.open_boxes],
        "method": cell.method,
    }


def cell_from_record(record: Mapping[str, Any]) -> Cell:
    """The cell of a flat form."""
    with _Reading("cell"):
        return Cell(
            knots=record["knots"],
            system=record["system"],
            completeness=completeness_from_record(record["completeness"]),
            roots=tuple(tuple(parse_dyadic(value) for value in root) for root in record["roots"]),
            boxes=record["boxes"],
            open_boxes=tuple(OpenBox(_rationals(b["lower"]), _rationals(b["upper"])) for b in record["open_boxes"]),
            method=record["method"],
        )


def function_row(record: Mapping[str, Any], lower: float, upper: float) -> Record:
    """The row a query answers for a function: decimals, exact forms beside them, the loss with outward bounds.

    Args:
        record: the flat form of the function.
        lower, upper: outward-rounded ends of the loss; an infinite one is answered as null.
    """
    loss = record["loss"]
    return {
        "label": record["label"],
        "problem": record["problem"],
        "family": record["family"],
        "class": record["class"],
        "pattern": record["pattern"],
        "realizations": list(record["realizations"]),
        "minimal_width": record["minimal_width"],
        "loss": {
            "exact": exact_form(loss),
            "decimal": loss["decimal"],
            "lower": _finite(lower),
            "upper": _finite(upper),
        },
        "kinks": [value["decimal"] for value in record["kinks"]],
        "kinks_exact": [exact_form(value) for value in record["kinks"]],
        "slopes": [value["decimal"] for value in record["slopes"]],
        "slopes_exact": [exact_form(value) for value in record["slopes"]],
        "offset": record["offset"]["decimal"],
        "offset_exact": exact_form(record["offset"]),
        "moment": record["moment"]["decimal"],
        "moment_exact": exact_form(record["moment"]),
        "rigor": record["rigor"],
        "provisional": record["provisional"],
        # Known only with the strata over the function.
        "kinds": None,
        "indices": None,
        "local_minimum": None,
    }


class _Reading:
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


def _texts(values: tuple[Fraction, ...]) -> list[str]:
    return [rational_text(value) for value in values]


def _rationals(values: list[str]) -> tuple[Fraction, ...]:
    return tuple(parse_rational(value) for value in values)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number of a record")
