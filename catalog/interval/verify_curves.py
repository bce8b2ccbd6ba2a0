"""The stored descent curves against the series of the loss along them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Protocol

from flint import arb

from catalog.number_text import parse_rational
from catalog.record import Record
from catalog.verification import Fault, NotChecked, expect, first_fault
from catalog.verify_numbers import Value
from catalog.verify_shared import integer
from symbolic.interval.recheck.curves import Moved, change_of_loss
from symbolic.interval.recheck.residual import Residual, sign_of, vanishes

_PARAMETER = re.compile(r"([wbv])([1-9][0-9]*)|c")


class SampledStratum(Protocol):
    """What is needed of a stratum: its record, its width, and its sample with a key for each neuron."""

    record: Record
    width: int
    w: list[Value]
    b: list[Value]
    v: list[Value]
    keys: list[tuple[int, int, int]]


def descent_fault(
    residual: Residual[arb], leak: Fraction, one: SampledStratum, value: Callable[[Any], Value],
    known: dict[Any, list[arb]],
) -> Fault:
    """The change of the loss along the curve, as a series computed anew; equal moves are computed once."""
    curve = one.record["descent"]
    if curve is None:
        raise NotChecked("a saddle without a stored curve")
    order = integer(curve["order"])
    if not 1 <= order <= 64 or curve["argument"] not in (
        "degenerate", "end", "curvature", "opened curvature", "flat",
    ):
        return "its order or argument"
    leading = value(curve["leading"])
    terms: dict[int, dict[str, dict[int, Fraction]]] = {}
    constant: dict[int, Fraction] = {}
    seen: Counter[tuple[str, int]] = Counter()
    for term in curve["terms"]:
        name, power, coefficient = term["parameter"], integer(term["power"]), parse_rational(term["coefficient"])
        found = _PARAMETER.fullmatch(name)
        seen[name, power] += 1
        if not found or not 1 <= power <= 64 or not coefficient or seen[name, power] > 1:
            return f"the term {name} eps^{power}"
        if name == "c":
            constant[power] = coefficient
        elif int(found[2]) > one.width:
            return f"there is no {name}"
        else:
            mine = terms.setdefault(int(found[2]) - 1, {"w": {}, "b": {}, "v": {}})
            mine[found[1]][power] = coefficient
    # Neurons of equal numbers are interchangeable, so that equal moves are computed once.
    moves = sorted(
        (*one.keys[j], *(tuple(sorted(parts[name].items())) for name in "wbv")) for j, parts in terms.items()
    )
    key = (order, tuple(moves), tuple(sorted(constant.items())))
    series = known.get(key)
    if series is None:
        moved = [
            Moved(one.w[j].ball, one.b[j].ball, one.v[j].ball, parts["w"], parts["b"], parts["v"])
            for j, parts in terms.items()
        ]
        series = known[key] = change_of_loss(residual, leak, moved, constant, order)
    if not all(vanishes(coefficient) for coefficient in series[:order]):
        return "a term of lower order does not vanish"
    return first_fault(
        expect(sign_of(leading.ball) < 0, "the leading coefficient is not negative"),
        expect(series[order].overlaps(leading.ball), "the leading coefficient is another one"),
    )
