"""Flat records of the interval family: critical functions and solved systems."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from catalog.number_text import (
    dyadic_text,
    exact_form,
    number_from_record,
    number_record,
    parse_dyadic,
    parse_rational,
    rational_text,
)
from catalog.record import Reading, Record, completeness_from_record, completeness_record
from symbolic.enclosure import Rigor
from symbolic.interval.functions import IntervalFunction
from symbolic.problem import Cell, OpenBox


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
    with Reading("function"):
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
    with Reading("cell"):
        return Cell(
            knots=record["knots"],
            system=record["system"],
            completeness=completeness_from_record(record["completeness"]),
            roots=tuple(tuple(parse_dyadic(value) for value in root) for root in record["roots"]),
            boxes=record["boxes"],
            open_boxes=tuple(OpenBox(_rationals(b["lower"]), _rationals(b["upper"])) for b in record["open_boxes"]),
            method=record["method"],
        )


def function_answer(record: Mapping[str, Any], loss: Record) -> Record:
    """What a query answers for a function of this family: decimals, exact forms beside them.

    Args:
        record: the flat form of the function.
        loss: as the query answers it.
    """
    return {
        "class": record["class"],
        "pattern": record["pattern"],
        "realizations": list(record["realizations"]),
        "minimal_width": record["minimal_width"],
        "loss": loss,
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
    }


def _texts(values: tuple[Fraction, ...]) -> list[str]:
    return [rational_text(value) for value in values]


def _rationals(values: list[str]) -> tuple[Fraction, ...]:
    return tuple(parse_rational(value) for value in values)
