"""The tables of the data-set family for people: which columns, and what stands in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog.cells import SHORT_DIGITS, YES_NO, or_dash, short_number, survey_cells
from catalog.dataset.sweep_text import value_of
from catalog.families import Columns
from catalog.function_cells import function_columns
from catalog.strata_cells import strata_columns
from catalog.transition_cells import TRANSITION_COLUMNS

COLUMNS = {
    "problems": Columns(
        ("problem", "family", "samples", "dimension", "widths", "completeness"),
        ("name", "family", "inputs", "targets", "bias", "surveys"),
    ),
    "regions": Columns(
        ("label", "width", "neurons", "functions", "completeness"),
        ("label", "problem", "family", "width", "neurons", "loss", "completeness", "functions"),
    ),
    "functions": function_columns(
        ("label", "width", "loss", "residuals", "fit", "rigor", "local minimum"),
        ("minimal_width", "clarke_width"),
        ("residuals", "fit", "rigor"),
    ),
    "sweeps": Columns(
        ("label", "width", "sample", "from", "to", "walls"),
        ("label", "problem", "family", "width", "sample", "from", "to", "walls", "pieces"),
    ),
    "transitions": TRANSITION_COLUMNS,
    "strata": strata_columns("w", "a"),
}


def short_cells(entity: str, row: Mapping[str, Any]) -> list[str]:
    """The cells of a row in the table for the eye."""
    if entity == "problems":
        dimension = len(row["inputs"][0]) + int(row["bias"])
        return [row["name"], row["family"], str(len(row["targets"])), str(dimension), *survey_cells(row["surveys"])]
    if entity == "regions":
        neurons = " ".join(row["neurons"])
        return [row["label"], str(row["width"]), neurons, str(len(row["functions"])), row["completeness"]]
    if entity == "sweeps":
        walls = " ".join(value_of(row, wall["exact"]) for wall in row["walls"])
        return [row["label"], str(row["width"]), str(row["sample"]), row["from"], row["to"], walls or "-"]
    loss = row["loss"]
    return [
        row["label"],
        or_dash(row["minimal_width"]),
        loss["exact"] if len(loss["exact"]) <= SHORT_DIGITS else short_number(loss["decimal"]),
        " ".join(row["residuals"]),
        " ".join(map(str, row["fit"])) or "-",
        row["rigor"],
        YES_NO[row["local_minimum"]],
    ]
