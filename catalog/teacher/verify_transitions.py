"""Statements about the transitions of teacher problems: rates, by the dense Hessian at the balanced point."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from flint import arb

from catalog.record import Record
from catalog.verification import Fault, Ledger, expect
from catalog.verify_numbers import BITS, read_value
from catalog.verify_rates import DESCENTS, HESSIAN_RATES, NO_DESCENTS, along_fault
from catalog.verify_records import Records
from catalog.verify_transitions import DESCENT, component
from symbolic.enclosure import enclose
from symbolic.teacher.recheck import DensePoint

if TYPE_CHECKING:
    from catalog.teacher.verify import TeacherFunctionView

CHOICES = "transitions: fixed space, irrep and axis of the direction"

_ENTRY = re.compile(r"w([1-9][0-9]*)\[([1-9][0-9]*)(?:\.\.([1-9][0-9]*))?\]")
_IRREP = re.compile(r"(split[0-9]+:)?(e:)?(t|[sxy][0-9]+|s[0-9]+\*s[0-9]+)")
_AXIS = re.compile(r"([0-9]+(,[0-9]+)*)?")


def check_rates(
    records: Records, views: Mapping[str, TeacherFunctionView], copies: Mapping[str, Sequence[tuple[int, ...]]],
    ledger: Ledger, slow: bool,
) -> None:
    """Check the rates of all transitions, a slow check; `copies` by the label of the stratum."""
    points: dict[str, DensePoint] = {}
    for width, found in records.transitions.items():
        strata = {one["label"]: one for one in records.strata.get(width, ())}
        for one in found:
            name, label = one.get("source", ""), f"the transition from {one.get('source')}"
            source = strata.get(name)
            view = None if source is None else views.get(source["function"])
            ledger.check(CHOICES, label, lambda one=one: _choice(one))
            if view is None or name not in copies:
                ledger.skip(HESSIAN_RATES, 1, "its source cannot be read")
            elif one.get("kind") == DESCENT:
                ledger.skip(DESCENTS, 1, NO_DESCENTS)
            elif slow:
                ledger.check(
                    HESSIAN_RATES, label, lambda v=view, c=copies[name], o=one, n=name: _along(v, c, o, n, points)
                )
            else:
                ledger.skip(HESSIAN_RATES, 1, "a slow check")


def _choice(one: Record) -> Fault:
    named = _IRREP.fullmatch(one["irrep"]) and _AXIS.fullmatch(one["axis"]) and one["kind"] == "hessian"
    return expect(named and isinstance(one["space"], str), "its irrep or axis")


def _along(
    view: TeacherFunctionView, copies: Sequence[tuple[int, ...]], one: Record, name: str, points: dict[str, DensePoint]
) -> Fault:
    """|H V + rate V| is small for the unit direction V, so an eigenvalue of H is near minus the rate."""
    if name not in points:
        rows: list[list[arb]] = []
        for ray, count in zip(view.matrix, (c for numbers in copies for c in numbers), strict=True):
            # Entries that are one number stay one: parallel rows are told by that.
            shares = {id(value): value / count for value in ray}
            rows += [[shares[id(value)] for value in ray]] * count
        points[name] = DensePoint(rows, view.space.teachers)
    point = points[name]
    direction = [[arb(0)] * point.inputs for _ in point.rows]
    for text, value in one["direction"]:
        found = _ENTRY.fullmatch(text)
        if not found:
            return f"there is no {text}"
        row, first, last = int(found[1]), int(found[2]), int(found[3] or found[2])
        if not (row <= len(point.rows) and first <= last <= point.inputs):
            return f"there is no {text}"
        for column in range(first, last + 1):
            direction[row - 1][column - 1] = enclose(component(value), BITS)
    image = point.hessian_times(direction)
    flat = [value for row in direction for value in row]
    return along_fault([[value] for row in image for value in row], flat, read_value(one["rate"]))
