"""Statements about the transitions of interval problems: rates, from the residual and the sample of the source."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flint import arb

from catalog.record import Record
from catalog.verification import Fault, Ledger, expect, first_fault
from catalog.verify_numbers import NumberReader, Value, ball_of, read_value
from catalog.verify_rates import (
    DESCENTS,
    ESCAPE_RATES,
    HESSIAN_RATES,
    NO_DESCENTS,
    UNIT,
    eigenvalue_fault,
)
from catalog.verify_records import Records
from catalog.verify_transitions import DESCENT, ESCAPE, HESSIAN, component
from symbolic.enclosure import enclose
from symbolic.interval.problem import IntervalProblem
from symbolic.interval.recheck.network import INACTIVE, neuron_at
from symbolic.interval.recheck.residual import sign_of
from symbolic.interval.recheck.second_order import dense_hessian

if TYPE_CHECKING:
    from catalog.interval.verify import IntervalFunctionView

WAYS = "transitions: two ways out for each negative eigenvalue of the Hessian"

_PARAMETER = re.compile(r"([wbv])([1-9][0-9]*)")
_BITS = 512


def check_rates(
    problem: IntervalProblem, records: Records, views: Mapping[str, IntervalFunctionView], reader: NumberReader,
    ledger: Ledger, slow: bool,
) -> None:
    """Check the rates of all transitions; those along eigenvectors are slow checks."""
    known: dict[Any, Fault] = {}
    hessians: dict[str, _Core] = {}
    for width, found in records.transitions.items():
        strata = {one["label"]: one for one in records.strata.get(width, ())}
        for one in found:
            source = strata.get(one.get("source", ""))
            view = None if source is None else views.get(source["function"])
            kind, label = one.get("kind"), f"the transition from {one.get('source')}"
            if source is None or view is None:
                ledger.skip(HESSIAN_RATES, 1, "its source cannot be read")
            elif kind == ESCAPE:
                ledger.check(ESCAPE_RATES, label, lambda v=view, s=source, o=one: _escape(problem, v, s, o, known))
            elif kind == HESSIAN and slow:
                ledger.check(
                    HESSIAN_RATES, label,
                    lambda v=view, s=source, o=one: _hessian(problem, v, s, o, reader, hessians),
                )
            elif kind == HESSIAN:
                ledger.skip(HESSIAN_RATES, 1, "a slow check")
            elif kind == DESCENT:
                ledger.skip(DESCENTS, 1, NO_DESCENTS)
        marks = zip(records.sources.get(width, ()), _rows(records, width), strict=True)
        for mark, row in marks:
            source = strata.get(row["source"])
            if source is not None and source["index"] is not None and mark.get("doubts") == []:
                ledger.check(WAYS, row["source"], lambda s=source, f=found: _ways(s, f))


def _rows(records: Records, width: int) -> list[Mapping[str, Any]]:
    return [row for row in (records.rows or {}).get("transition_sources", ()) if row["width"] == width]


def _ways(source: Record, found: list[Record]) -> Fault:
    quiet = [one for one in found if one["source"] == source["label"] and one["seed"] is None]
    number, index = sum(one["kind"] == HESSIAN for one in quiet), source["index"]
    return expect(number == 2 * index, f"{number} ways out along eigenvectors, its index is {index}")


def _direction(one: Record) -> dict[str, arb]:
    return {name: enclose(component(value), _BITS) for name, value in one["direction"]}


def _escape(
    problem: IntervalProblem, view: IntervalFunctionView, source: Record, one: Record, known: dict[Any, Fault]
) -> Fault:
    """rate = 2 |G|, G = int r s(w x + b) for the unit vector (w, b), and v = -sign G."""
    numbers = {found[2] for name, _ in one["direction"] if (found := _PARAMETER.fullmatch(name))}
    if len(numbers) != 1 or len(one["direction"]) != 3:
        return "not one neuron escapes"
    number = int(numbers.pop())
    if not 1 <= number <= len(source["roles"]) or source["roles"][number - 1] != "zero":
        return f"neuron {number} is not at 0"
    key = (view.label, str([value for _, value in one["direction"]]), str(one["rate"]), one["sign"])
    if key not in known:
        known[key] = _growth(problem, view, one, number)
    return known[key]


def _growth(problem: IntervalProblem, view: IntervalFunctionView, one: Record, number: int) -> Fault:
    parts = _direction(one)
    w, b, v = (parts[f"{name}{number}"] for name in "wbv")
    pull = neuron_at(view.balls, problem.leak, w, b, v).pulls[0]
    rate = read_value(one["rate"])
    return first_fault(
        expect(abs(w * w + b * b - 1) < ball_of(UNIT), "(w, b) is not of length 1"),
        expect(v == one["sign"] and sign_of(pull) == -one["sign"], "v has not the sign with which it grows"),
        expect((2 * abs(pull)).overlaps(rate.ball), "the rate is not 2 |G|"),
    )


class _Core:
    """The neurons of a stratum that take part in the flow, balanced, and the Hessian in their parameters."""

    def __init__(
        self, problem: IntervalProblem, view: IntervalFunctionView, source: Record, reader: NumberReader
    ) -> None:
        sample = source["sample"]
        rows: list[tuple[arb, arb, arb]] = []
        self.numbers: list[int] = []
        for number, code in enumerate(source["roles"], start=1):
            values = [reader.value(sample[name][number - 1]) for name in "wbv"]
            if code in ("dead", "zero"):
                continue
            w, b, v = (one.ball for one in values)
            silent = problem.leak == 0 and neuron_at(view.balls, problem.leak, w, b, v).shape == INACTIVE
            if silent and code.startswith("l"):
                continue
            rows.append(_balanced(w, b, values[2]))
            self.numbers.append(number)
        self.matrix = dense_hessian(view.balls, problem.leak, rows)
        self.names = [f"{name}{number}" for name in "wbv" for number in self.numbers] + ["c"]


def _balanced(w: arb, b: arb, v: Value) -> tuple[arb, arb, arb]:
    """The point of the orbit (s w, s b, v/s) with |(w, b)| = |v|, or with |(w, b)| = 1 for v = 0."""
    size = (w * w + b * b).sqrt()
    factor = 1 / size if v.rational == 0 else (abs(v.ball) / size).sqrt()
    return w * factor, b * factor, v.ball / factor


def _hessian(
    problem: IntervalProblem, view: IntervalFunctionView, source: Record, one: Record, reader: NumberReader,
    known: dict[str, _Core],
) -> Fault:
    label = source["label"]
    if label not in known:
        known[label] = _Core(problem, view, source, reader)
    core, parts = known[label], _direction(one)
    if set(parts) != set(core.names):
        return "the direction has other parameters than those of the neurons that move"
    return eigenvalue_fault(core.matrix, [parts[name] for name in core.names], read_value(one["rate"]))
