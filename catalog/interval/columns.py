"""The tables of the interval family for people: which columns, and what stands in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog.cells import (
    SHORT_DIGITS,
    STRATA_SHORT,
    YES_NO,
    flat_loss,
    short_number,
    stratum_cells,
    survey_cells,
)
from catalog.families import Columns
from catalog.transition_cells import TRANSITION_COLUMNS, flat_transition, transition_cells

COLUMNS = {
    "problems": Columns(
        ("problem", "family", "target", "domain", "leak", "widths", "completeness"),
        ("name", "family", "target", "domain", "leak", "activation", "surveys"),
    ),
    "regions": Columns(
        ("label", "width", "neurons", "order", "functions", "completeness"),
        ("label", "problem", "family", "width", "neurons", "order", "loss", "completeness", "functions"),
    ),
    "functions": Columns(
        ("label", "class", "width", "loss", "kinks", "rigor", "local minimum"),
        (
            "label",
            "problem",
            "family",
            "class",
            "pattern",
            "realizations",
            "minimal_width",
            "loss",
            "loss_exact",
            "loss_lower",
            "loss_upper",
            "kinks",
            "kinks_exact",
            "slopes",
            "slopes_exact",
            "offset",
            "offset_exact",
            "moment",
            "moment_exact",
            "rigor",
            "provisional",
            "kinds",
            "indices",
            "local_minimum",
        ),
    ),
    "transitions": TRANSITION_COLUMNS,
    "strata": Columns(
        STRATA_SHORT,
        (
            "label",
            "problem",
            "family",
            "function",
            "width",
            "kind",
            "reason",
            "index",
            "nullity",
            "positive",
            "hessian",
            "dimension",
            "gauge_dimension",
            "smooth",
            "directional",
            "clarke",
            "neurons",
            "orbit_size",
            "w",
            "w_exact",
            "b",
            "b_exact",
            "v",
            "v_exact",
            "c",
            "c_exact",
            "rigor",
            "descent",
        ),
    ),
}


def short_cells(entity: str, row: Mapping[str, Any]) -> list[str]:
    """The cells of a row in the table for the eye."""
    if entity == "problems":
        domain = f"[{', '.join(row['domain'])}]"
        return [row["name"], row["family"], row["target"], domain, row["leak"], *survey_cells(row["surveys"])]
    if entity == "regions":
        return [
            row["label"],
            str(row["width"]),
            " ".join(row["neurons"]),
            " ".join(map(str, row["order"])),
            str(len(row["functions"])),
            row["completeness"],
        ]
    if entity == "strata":
        return stratum_cells(row)
    if entity == "transitions":
        return transition_cells(row)
    return [
        row["label"],
        row["class"],
        str(row["minimal_width"]),
        short_number(row["loss"]["decimal"]),
        " ".join(_kink(row, i) for i in range(len(row["kinks"]))) or "-",
        row["rigor"],
        YES_NO[row["local_minimum"]],
    ]


def flat(entity: str, row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A row with a value for each column of CSV."""
    if entity == "functions":
        return {**row, **flat_loss(row)}
    if entity == "transitions":
        return flat_transition(row)
    if entity == "strata":
        return {**row, **row["sample"], **row["stationarity"], "neurons": [one["code"] for one in row["neurons"]]}
    return row


def _kink(row: Mapping[str, Any], i: int) -> str:
    exact = row["kinks_exact"][i]
    return exact if isinstance(exact, str) and len(exact) <= SHORT_DIGITS else short_number(row["kinks"][i])
