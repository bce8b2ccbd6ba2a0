"""Columns and cells of transitions in the tables for people and in CSV, the same for every family."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog.cells import short_number
from catalog.families import Columns

TRANSITION_COLUMNS = Columns(
    ("source", "target", "kind", "rate", "evidence", "gradient norm"),
    (
        "source",
        "target",
        "problem",
        "family",
        "width",
        "kind",
        "rate",
        "rate_exact",
        "rate_lower",
        "rate_upper",
        "rate_evidence",
        "order",
        "leading",
        "leading_exact",
        "evidence",
        "gradient_norm",
        "distance",
        "cause",
        "loss_before",
        "loss_before_exact",
        "loss_after",
        "loss_after_exact",
        "direction",
        "sign",
        "perturbation",
        "seed",
    ),
)


def transition_cells(row: Mapping[str, Any]) -> list[str]:
    """The cells of a transition in the table for the eye."""
    measured = "-" if row["gradient_norm"] is None else f"{row['gradient_norm']:.1e}"
    target = row["target"] or "not identified"
    rate = "-" if row["rate"] is None else short_number(row["rate"])
    return [row["source"], target, row["kind"], rate, row["evidence"], measured]


def flat_transition(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A transition with a value for each column of CSV."""
    losses = {name: row[name]["decimal"] for name in ("loss_before", "loss_after")}
    return {**row, **losses} | {f"{name}_exact": row[name]["exact"] for name in losses}
