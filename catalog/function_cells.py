"""Columns of critical functions in the tables for people and in CSV: what is the same for every family."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog.families import Columns


def function_columns(short: tuple[str, ...], identity: tuple[str, ...], shape: tuple[str, ...]) -> Columns:
    """The columns of functions.

    Args:
        short: of the table for the eye.
        identity, shape: what a family tells in CSV before and after the loss.
    """
    loss = ("loss", "loss_exact", "loss_lower", "loss_upper")
    of_strata = ("kinds", "indices", "local_minimum")
    return Columns(short, ("label", "problem", "family", *identity, *loss, *shape, *of_strata))


def flat_function(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A function with a value for each column of CSV."""
    loss = row["loss"]
    return {**row, "loss": loss["decimal"]} | {f"loss_{name}": loss[name] for name in ("exact", "lower", "upper")}
