"""Statements about the stored transitions of the gradient flow that all families share.

That the ends of the numerical runs are where the records say is not checked: nothing is integrated again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from catalog.number_text import dyadic_text, number_from_record, outward_floats, parse_dyadic
from catalog.record import Record, from_text
from catalog.transitions import TRANSITION_VERSION
from catalog.verification import Fault, Ledger, expect, first_fault
from catalog.verify_numbers import Value, read_value
from catalog.verify_records import Records
from catalog.verify_shared import integer
from symbolic.enclosure import Ball, Number

COLUMNS = "transitions: columns agree with the record, the rate rounded outward"
ENDS = "transitions: source and target are strata of the width, the source was followed"
FALLS = "transitions: the loss of the target is less than that of the source"
FACTS = "transitions: kind, evidence, direction and measured numbers are consistent"
FOLLOWED = "transitions: the saddles that were followed are there, their runs add up"
RUNS = "transitions: where the runs of the flow end"

HESSIAN, ESCAPE, DESCENT = "hessian", "escape", "descent"
MINIMA = ("global_minimum", "local_minimum")


def check_transitions(records: Records, ledger: Ledger) -> None:
    """Check what does not depend on the family; faults go into the ledger."""
    if not records.transition_surveys and not records.transitions:
        return
    losses: dict[str, Value] = {}
    for function in records.functions:
        # A loss that cannot be read is a fault of the function.
        ledger.guard(FALLS, str(function.get("label")), lambda f=function: losses.update({f["label"]: _loss(f)}))
    rows = iter((records.rows or {}).get("transitions", ()))
    for width, found in records.transitions.items():
        strata = {one["label"]: one for one in records.strata.get(width, ())}
        followed = {row["source"] for row in _sources(records, width)}
        for one in found:
            label, values = f"the transition from {one.get('source')}", next(rows)
            ledger.check(COLUMNS, label, lambda one=one, row=values: _columns(one, row, records.name))
            ledger.check(ENDS, label, lambda one=one, s=strata, f=followed: _ends(one, s, f))
            ledger.check(FALLS, label, lambda one=one: _falls(one, losses))
            ledger.check(FACTS, label, lambda one=one: _facts(one))
        ledger.skip(RUNS, len(found), "runs are numerical and are not repeated")
    for width in sorted(records.transition_surveys.keys() | records.sources.keys()):
        label = f"{records.name} at width {width}"
        ledger.check(FOLLOWED, label, lambda w=width: _survey(records, w))
        for mark, row in zip(records.sources.get(width, ()), _sources(records, width), strict=True):
            ledger.check(FOLLOWED, str(row["source"]), lambda m=mark, row=row, w=width: _source(m, row, records, w))


def component(value: Any) -> Number:
    """A component of a direction: a dyadic number or a ball, canonically spelled.

    Raises:
        ValueError: spelled in another way.
    """
    texts = [value] if isinstance(value, str) else [value["midpoint"], value["radius"]]
    numbers = [parse_dyadic(text) for text in texts]
    if any(dyadic_text(number) != text for number, text in zip(numbers, texts, strict=True)):
        raise ValueError("a component of the direction is spelled in another way")
    return numbers[0] if len(numbers) == 1 else Ball(numbers[0], numbers[1])


def _loss(function: Mapping[str, Any]) -> Value:
    return read_value(function["loss"])


def _sources(records: Records, width: int) -> list[Mapping[str, Any]]:
    return [row for row in (records.rows or {}).get("transition_sources", ()) if row["width"] == width]


def _columns(one: Record, row: Mapping[str, Any], problem: str) -> Fault:
    wrong = [name for name in ("source", "target", "kind") if row[name] != one[name]]
    rate = one["rate"]
    floats = (None, None) if rate is None else outward_floats(number_from_record(rate))
    return first_fault(
        expect(not wrong, f"column {', '.join(wrong)}"),
        expect(row["problem"] == problem, "column problem"),
        expect((row["rate_lower"], row["rate_upper"]) == floats, "the columns of the rate"),
    )


def _ends(one: Record, strata: Mapping[str, Record], followed: set[Any]) -> Fault:
    source, target = strata.get(one["source"]), one["target"]
    return first_fault(
        expect(source is not None, "its source is no stratum of the width"),
        expect(target is None or target in strata, "its target is no stratum of the width"),
        expect(one["source"] in followed, "its source was not followed"),
        expect(source is None or source["kind"] not in MINIMA, "its source is a minimum"),
    )


def _falls(one: Record, losses: Mapping[str, Value]) -> Fault:
    if one["target"] is None:
        component(one["loss_end"])
        return expect(one["cause"] and one["distance"] is None, "no target, and no cause or a distance")
    before, after = (losses[one[end].partition("@")[0]] for end in ("source", "target"))
    if before.rational is not None and after.rational is not None:
        less = after.rational < before.rational
    else:
        less = bool(after.ball < before.ball)
    return first_fault(
        expect(less, "the loss of the target is not proved to be less"),
        expect(one["cause"] == "" and one["loss_end"] is None, "a target, and a cause why there is none"),
    )


def _facts(one: Record) -> Fault:
    kind, rate = one["kind"], one["rate"]
    names = [name for name, value in one["direction"] if component(value) is not None]
    measured = [_measured(one[name]) for name in ("gradient_norm", "perturbation")]
    if one["distance"] is not None:
        measured.append(_measured(one["distance"]))
    fault = first_fault(
        expect(kind in (HESSIAN, ESCAPE, DESCENT), f"unknown kind {kind!r}"),
        expect((rate is None) == (kind == DESCENT), "a descent with a rate, or another kind without one"),
        expect(integer(one["sign"]) in (1, -1), "its sign"),
        expect(one["seed"] is None or integer(one["seed"]) >= 0, "its seed"),
        expect(one["evidence"] in ("numerical", "proved"), "its evidence"),
        expect(one["target"] or one["evidence"] == "numerical", "the end of a run without a target, proved"),
        expect(names and len(set(names)) == len(names), "no direction, or a parameter twice"),
        expect(one["target"] is None or one["distance"] is not None, "a target without a distance"),
        expect(one["target"] is None or all(map(math.isfinite, measured)), "what was measured is not finite"),
        expect(not any(value < 0 for value in measured), "a negative size"),
    )
    if fault:
        return fault
    if rate is None:
        # Records of versions without descents have neither field.
        return first_fault(
            expect(one["rate_evidence"] is None, "evidence of a rate that is not there"),
            expect(integer(one["order"]) >= 1, "the order of its curve"),
            expect(read_value(one["leading"]).ball < 0, "the leading coefficient is not proved negative"),
        )
    value = read_value(rate)
    exact = "exact" if value.is_exact else "certified"
    return first_fault(
        expect(value.ball > 0, "the rate is not proved positive"),
        expect(one["rate_evidence"] in (exact, "numerical"), "the evidence of the rate"),
    )


def _measured(text: str) -> float:
    value = float(text)
    if repr(value) != text:
        raise ValueError("a measured number is spelled in another way")
    return value


def _survey(records: Records, width: int) -> Fault:
    survey = records.transition_surveys.get(width)
    if survey is None:
        return "saddles without a survey"
    if width not in records.strata_surveys:
        return "no survey of the strata of this width"
    rows = _sources(records, width)
    order = {one["label"]: i for i, one in enumerate(records.strata.get(width, ()))}
    kinds = {one["label"]: one["kind"] for one in records.strata.get(width, ())}
    saddles = {
        one["label"] for one in records.strata.get(width, ()) if one["kind"] not in MINIMA and one["roles"] != ["all"]
    }
    followed = {row["source"] for row in rows}
    parameters = from_text(survey["parameters"])
    return first_fault(
        expect(survey["version"] == TRANSITION_VERSION, "made by another version"),
        expect(integer(parameters["seed"]) >= 0 and len(parameters) > 1, "its parameters"),
        expect(survey["sources"] == len(saddles), f"it says {survey['sources']} saddles, there are {len(saddles)}"),
        expect(not any(kinds[name] in MINIMA for name in followed if name in kinds), "a minimum was followed"),
        expect(followed <= saddles, "a source that is no saddle of the width"),
        expect(survey["finished_at"] is None or followed == saddles, "finished, but not every saddle was followed"),
        expect(all(order.get(row["source"]) == row["position"] for row in rows), "positions of the saddles"),
    )


def _source(mark: Record, row: Mapping[str, Any], records: Records, width: int) -> Fault:
    mine = [one for one in records.transitions.get(width, ()) if one.get("source") == row["source"]]
    quiet = sum(one["seed"] is None for one in mine)
    doubts = mark["doubts"]
    return first_fault(
        expect(isinstance(doubts, list) and all(isinstance(doubt, str) and doubt for doubt in doubts), "its doubts"),
        expect(integer(row["runs"]) >= len(mine), f"{len(mine)} transitions of {row['runs']} runs"),
        expect((row["runs"] == 0) == (not mine), "runs without transitions"),
        expect(not mine or quiet > 0, "no run without noise"),
        expect(row["runs"] or doubts, "no run, and no reason why"),
    )

