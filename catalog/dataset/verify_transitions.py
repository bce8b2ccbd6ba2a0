"""Statements about the transitions of data sets: rates, from the residuals and the sample of the source."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from flint import arb

from catalog.record import Record
from catalog.verification import Fault, Ledger, NotChecked, expect, first_fault
from catalog.verify_numbers import BITS, ball_of, read_value
from catalog.verify_rates import (
    DESCENTS,
    ESCAPE_RATES,
    HESSIAN_RATES,
    NO_DESCENTS,
    UNIT,
    eigenvalue_fault,
)
from catalog.verify_records import Records
from catalog.verify_transitions import DESCENT, ESCAPE, component
from symbolic.dataset.functions import DatasetFunction
from symbolic.dataset.problem import DatasetProblem
from symbolic.dataset.recheck import Vector, hessian_on_sides
from symbolic.enclosure import enclose, midpoint, working_precision

_INNER = re.compile(r"w([1-9][0-9]*)_([1-9][0-9]*)")
_OUTER = re.compile(r"a([1-9][0-9]*)")
NO_CERTIFICATE = "rates of neurons that may leave their kinks are numerical"

Direction = dict[int, tuple[list[arb], arb]]
"""The parts (w, a) of the neurons that move, by number."""


def check_rates(
    problem: DatasetProblem, records: Records, functions: Mapping[str, DatasetFunction],
    number: Callable[[Any], Fraction], ledger: Ledger, slow: bool,
) -> None:
    """Check the rates of all transitions; those along eigenvectors are slow checks."""
    for width, found in records.transitions.items():
        strata = {one["label"]: one for one in records.strata.get(width, ())}
        for one in found:
            source = strata.get(one.get("source", ""))
            function = None if source is None else functions.get(source["function"])
            kind, label = one.get("kind"), f"the transition from {one.get('source')}"
            if source is None or function is None:
                ledger.skip(HESSIAN_RATES, 1, "its source cannot be read")
            elif kind == ESCAPE:
                ledger.check(ESCAPE_RATES, label, lambda f=function, s=source, o=one: _escape(problem, f, s, o))
            elif kind == DESCENT:
                ledger.skip(DESCENTS, 1, NO_DESCENTS)
            elif slow:
                ledger.check(
                    HESSIAN_RATES, label, lambda f=function, s=source, o=one: _hessian(problem, f, s, o, number)
                )
            else:
                ledger.skip(HESSIAN_RATES, 1, "a slow check")


def _direction(problem: DatasetProblem, one: Record) -> Direction:
    found: Direction = {}
    for name, value in one["direction"]:
        inner, outer = _INNER.fullmatch(name), _OUTER.fullmatch(name)
        match = inner or outer
        if match is None:
            raise ValueError(f"there is no {name}")
        w, _ = found.setdefault(int(match[1]), ([arb(0)] * problem.dimension, arb(0)))
        ball = enclose(component(value), BITS)
        if inner is None:
            found[int(match[1])] = (w, ball)
        elif int(inner[2]) > problem.dimension:
            raise ValueError(f"there is no {name}")
        else:
            w[int(inner[2]) - 1] = ball
    return found


def _escape(problem: DatasetProblem, function: DatasetFunction, source: Record, one: Record) -> Fault:
    """rate = |G|, G = (1/n) sum r_k max(<u, x_k>, 0) over the kinks on which the neuron is, and a = sign G."""
    with working_precision(BITS):
        moving = _direction(problem, one)
        if len(moving) != 1:
            return "not one neuron escapes"
        ((position, (u, a)),) = moving.items()
        if position > len(source["roles"]) or not source["roles"][position - 1].endswith("z"):
            return f"neuron {position} has a != 0"
        pattern = source["roles"][position - 1][:-1]
        if "+" in pattern:
            return f"neuron {position} is active at a sample"
        total, length = arb(0), arb(0)
        for x, r, letter in zip(problem.samples, function.residuals, pattern, strict=True):
            if letter == "0":
                z = arb(0)
                for value, part in zip(u, x, strict=True):
                    z += value * ball_of(part)
                total += ball_of(r) * (z + abs(z)) / 2
        for value in u:
            length += value * value
        total /= len(problem.samples)
        rate = read_value(one["rate"])
        return first_fault(
            expect(abs(length - 1) < ball_of(UNIT), "w is not of length 1"),
            expect(a == one["sign"] and bool(one["sign"] * total > 0), "a has not the sign with which it grows"),
            expect(abs(total).overlaps(rate.ball), "the rate is not |G|"),
        )


def _hessian(
    problem: DatasetProblem, function: DatasetFunction, source: Record, one: Record,
    number: Callable[[Any], Fraction],
) -> Fault:
    """The Hessian at the balanced sample, on the sides of kinks to which the direction leads."""
    with working_precision(BITS):
        parts = _direction(problem, one)
        rows: list[Vector] = []
        signs: list[int] = []
        inner: list[list[arb]] = []
        outer: list[arb] = []
        for position, code in enumerate(source["roles"], start=1):
            if "+" not in code[:-1]:
                if position in parts:
                    return f"neuron {position} is active at no sample"
                continue
            rows.append(tuple(number(value) for value in source["sample"]["w"][position - 1]))
            signs.append({"p": 1, "n": -1, "z": 0}[code[-1]])
            w, a = parts.pop(position, ([arb(0)] * problem.dimension, arb(0)))
            inner.append(w)
            outer.append(a)
        if parts:
            return "a neuron that is not there moves"
        rate = read_value(one["rate"])
        if one["rate_evidence"] == "numerical":
            raise NotChecked(NO_CERTIFICATE)
        towards: list[Sequence[Fraction]] = [
            [one["sign"] * midpoint(value) for value in w] for w in inner
        ]
        matrix = hessian_on_sides(problem, function.residuals, rows, signs, towards)
        vector = [value for w, a in zip(inner, outer, strict=True) for value in (*w, a)]
        return eigenvalue_fault(matrix, vector, rate)
