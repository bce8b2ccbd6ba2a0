"""Transitions as flat records and back, and what queries tell of them; the same for every family."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from catalog.errors import CatalogError
from catalog.number_text import decimal_text, dyadic_text, exact_form, number_from_record, number_record, parse_dyadic
from catalog.record import Reading, Record
from symbolic.enclosure import Ball, Number

if TYPE_CHECKING:
    from symbolic.flow.transitions import Transition


def transition_record(transition: Transition) -> Record:
    """The flat form of a transition. Losses are those of the functions; that of an end without a target is kept."""
    return {
        "source": transition.source,
        "target": transition.target,
        "kind": transition.kind,
        "direction": [[name, _component(value)] for name, value in transition.direction],
        "sign": transition.sign,
        "rate": None if transition.rate is None else number_record(transition.rate),
        "rate_evidence": transition.rate_evidence,
        "evidence": transition.evidence,
        "distance": None if transition.distance is None else repr(transition.distance),
        "gradient_norm": repr(transition.gradient_norm),
        "loss_end": _component(transition.loss_after) if transition.target is None else None,
        "perturbation": repr(transition.perturbation),
        "seed": transition.seed,
        "cause": transition.cause,
        "order": transition.order,
        "leading": None if transition.leading is None else number_record(transition.leading),
    }


def transition_from_record(record: Mapping[str, Any], losses: Mapping[str, Number]) -> Transition:
    """The transition of a flat form.

    Args:
        record: from `transition_record`.
        losses: of the critical functions, by label.

    Raises:
        CatalogError: not such a record.
    """
    from symbolic.flow.transitions import Transition

    with Reading("transition"):
        target, distance = record["target"], record["distance"]
        loss_after = (
            _component_from(record["loss_end"]) if target is None else losses[target.partition("@")[0]]
        )
        return Transition(
            source=record["source"],
            target=target,
            kind=record["kind"],
            direction=tuple((name, _component_from(value)) for name, value in record["direction"]),
            sign=record["sign"],
            rate=None if record["rate"] is None else number_from_record(record["rate"]),
            rate_evidence=record["rate_evidence"],
            evidence=record["evidence"],
            distance=None if distance is None else float(distance),
            gradient_norm=float(record["gradient_norm"]),
            loss_before=losses[record["source"].partition("@")[0]],
            loss_after=loss_after,
            perturbation=float(record["perturbation"]),
            seed=record["seed"],
            cause=record["cause"],
            order=record["order"],
            leading=None if record["leading"] is None else number_from_record(record["leading"]),
        )


def direction_answer(record: Mapping[str, Any]) -> dict[str, str]:
    """The direction as a query answers it, decimals by parameter: what is proved of a ball, and the shortest text of a
    double (an eigenvector is approximate)."""
    found = ((name, _component_from(value)) for name, value in record["direction"])
    return {name: repr(float(one)) if isinstance(one, Fraction) else decimal_text(one) for name, one in found}


def curve_answer(record: Mapping[str, Any]) -> Record:
    """The order and the leading coefficient of a descent as a query answers them; null for other transitions, and for
    those that versions without descents stored."""
    leading = record.get("leading")
    return {
        "order": record.get("order"),
        "leading": None if leading is None else decimal_text(number_from_record(leading)),
        "leading_exact": None if leading is None else exact_form(leading),
    }


def loss_end_answer(record: Mapping[str, Any]) -> Record:
    """The loss where a run without a target ended: measured, without bounds."""
    decimal = decimal_text(_component_from(record["loss_end"]))
    return {"exact": None, "decimal": decimal, "lower": None, "upper": None}


def _component(value: Number) -> str | Record:
    if isinstance(value, Fraction):
        return dyadic_text(value)
    if isinstance(value, Ball):
        return {"midpoint": dyadic_text(value.center), "radius": dyadic_text(value.radius)}
    raise CatalogError(f"a component of a direction must be dyadic or a ball, not {value}")


def _component_from(value: str | Mapping[str, Any]) -> Number:
    if isinstance(value, str):
        return parse_dyadic(value)
    return Ball(parse_dyadic(value["midpoint"]), parse_dyadic(value["radius"]))


def parameters_text(seed: int, budget: Mapping[str, Any]) -> Record:
    """The seed and the budget of the runs, as nested fields, with numbers as text."""
    return {"seed": seed} | _as_text(budget)


def _as_text(values: Mapping[str, Any]) -> Record:
    return {name: _as_text(value) if isinstance(value, dict) else repr(value) for name, value in values.items()}
