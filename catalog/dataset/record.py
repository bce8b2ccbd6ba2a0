"""Flat records of critical functions of data sets; every number is rational."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from catalog.number_text import number_from_record, number_record, parse_rational, rational_text
from catalog.record import Reading, Record

if TYPE_CHECKING:
    from symbolic.dataset.functions import DatasetFunction


def function_record(function: DatasetFunction) -> Record:
    """The flat form of a critical function. `residuals` are exact texts."""
    return {
        "label": function.label,
        "problem": function.problem,
        "family": "dataset",
        "residuals": [rational_text(value) for value in function.residuals],
        "loss": number_record(function.loss),
        "minimal_width": function.minimal_width,
        "clarke_width": function.clarke_width,
        "rigor": "exact",
    }


def function_from_record(record: Mapping[str, Any]) -> DatasetFunction:
    """The critical function of a flat form; `function_record` of it is the same record."""
    from symbolic.dataset.functions import DatasetFunction

    with Reading("function"):
        loss = number_from_record(record["loss"])
        if record["rigor"] != "exact" or not isinstance(loss, Fraction):
            raise ValueError("a function of a data set is exact")
        return DatasetFunction(
            problem=record["problem"],
            label=record["label"],
            residuals=tuple(parse_rational(value) for value in record["residuals"]),
            loss=loss,
            minimal_width=record["minimal_width"],
            clarke_width=record["clarke_width"],
        )


def function_answer(record: Mapping[str, Any], loss: Record) -> Record:
    """What a query answers for a function of this family: its record, and the loss as the query answers it."""
    return {
        "minimal_width": record["minimal_width"],
        "clarke_width": record["clarke_width"],
        "loss": loss,
        "residuals": list(record["residuals"]),
        "fit": [k for k, residual in enumerate(record["residuals"], start=1) if residual == "0"],
        "rigor": record["rigor"],
    }
