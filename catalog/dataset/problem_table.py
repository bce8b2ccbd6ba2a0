"""A data-set problem as the table of a TOML file and as a flat record."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from catalog.number_text import parse_rational, rational_text
from catalog.problem_fields import Refusal, check_keys, number_field, short
from catalog.record import Reading, Record
from symbolic.dataset.problem import DatasetProblem

KEYS = ("name", "family", "inputs", "targets", "bias", "width")

NAMED_CONFLICTS = 3
"""Pairs of contradictory samples that a note names."""


def read_problem(table: Mapping[str, Any]) -> DatasetProblem:
    """The problem of a TOML table.

    Raises:
        InvalidProblem, Refusal: one line that says what would be right.
    """
    check_keys(table, KEYS, {"name": '"toy"', "inputs": '[["-1/2"], ["2"]]', "targets": '["-1", "1"]'})
    bias = table.get("bias", False)
    if not isinstance(bias, bool):
        raise Refusal(f"bias must be true or false, not {short(bias)}")
    return DatasetProblem(table["name"], _inputs(table["inputs"]), _targets(table["targets"]), bias)


def problem_record(problem: DatasetProblem) -> Record:
    """The flat form of a problem: its name and what `canonical_text` says, field by field."""
    return {
        "name": problem.name,
        "family": problem.family,
        "inputs": [[rational_text(value) for value in row] for row in problem.inputs],
        "targets": [rational_text(value) for value in problem.targets],
        "bias": problem.bias,
    }


def problem_from_record(record: Mapping[str, Any]) -> DatasetProblem:
    """The problem of a flat form."""
    with Reading("problem"):
        return DatasetProblem(
            record["name"],
            tuple(tuple(parse_rational(value) for value in row) for row in record["inputs"]),
            tuple(parse_rational(value) for value in record["targets"]),
            record["bias"],
        )


def notes(problem: DatasetProblem) -> tuple[str, ...]:
    """That samples contradict each other, which is legal."""
    pairs = [f"{i} and {j}" for i, j in problem.conflicts]
    if not pairs:
        return ()
    more = f" (and {len(pairs) - NAMED_CONFLICTS} more pairs)" if len(pairs) > NAMED_CONFLICTS else ""
    named = ", ".join(pairs[:NAMED_CONFLICTS])
    return (f"samples {named}{more} have equal inputs and different targets: no network fits both",)


def _inputs(value: object) -> tuple[tuple[Fraction, ...], ...]:
    if not isinstance(value, list):
        raise Refusal(f"inputs must be one list per sample, such as [[\"-1/2\"], [\"2\"]], not {short(value)}")
    rows = []
    for k, row in enumerate(value, start=1):
        if not isinstance(row, list):
            raise Refusal(f"inputs: sample {k} must be a list of numbers such as [\"2\"], not {short(row)}")
        rows.append(tuple(number_field("inputs", one, item=True) for one in row))
    return tuple(rows)


def _targets(value: object) -> tuple[Fraction, ...]:
    if not isinstance(value, list):
        raise Refusal(f"targets must be a list of numbers such as [\"-1\", \"1\"], not {short(value)}")
    return tuple(number_field("targets", one, item=True) for one in value)
