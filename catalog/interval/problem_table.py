"""An interval problem as the table of a TOML file and as a flat record."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from catalog.number_text import parse_rational, rational_text
from catalog.problem_fields import Refusal, SpelledFloat, check_keys, number_field, short
from catalog.record import Reading, Record
from symbolic.interval.problem import IntervalProblem
from symbolic.interval.target import format_target, parse_target

KEYS = ("name", "family", "target", "domain", "leak", "activation", "width")


def read_problem(table: Mapping[str, Any]) -> IntervalProblem:
    """The problem of a TOML table.

    Raises:
        InvalidProblem, Refusal: one line that says what would be right.
    """
    check_keys(table, KEYS, {"name": '"x2"', "target": '"x**2"'})
    activation = table.get("activation", "relu")
    if activation not in ("relu", "quadratic"):
        raise Refusal(f"activation must be \"relu\" or \"quadratic\", not {short(activation)}")
    return IntervalProblem(
        name=table["name"],
        target=_target(table["target"]),
        domain=_domain(table.get("domain", ["0", "1"])),
        leak=number_field("leak", table.get("leak", 0)),
        activation=activation,
    )


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
    with Reading("problem"):
        left, right = record["domain"]
        return IntervalProblem(
            record["name"],
            parse_target(record["target"]),
            (parse_rational(left), parse_rational(right)),
            parse_rational(record["leak"]),
            record["activation"],
        )


def _target(value: object) -> tuple[Fraction, ...]:
    if isinstance(value, SpelledFloat):
        number_field("target", value)
    if isinstance(value, str):
        return parse_target(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return (number_field("target", value),)
    raise Refusal(f"target must be a text such as \"x**2\", not {short(value)}")


def _domain(value: object) -> tuple[Fraction, Fraction]:
    if not isinstance(value, list) or len(value) != 2:
        raise Refusal(f"domain must be a list of two numbers such as [\"0\", \"1\"], not {short(value)}")
    return number_field("domain", value[0], item=True), number_field("domain", value[1], item=True)
