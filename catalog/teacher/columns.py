"""The tables of the teacher family for people: which columns, and what stands in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog.cells import YES_NO, short_number, survey_cells
from catalog.families import Columns
from catalog.function_cells import function_columns
from catalog.strata_cells import strata_columns
from catalog.teacher.names import isotropy_word
from catalog.transition_cells import TRANSITION_COLUMNS

COLUMNS = {
    "problems": Columns(
        ("problem", "family", "k", "dimension", "isotropy", "widths", "completeness"),
        ("name", "family", "k", "inputs", "isotropy", "surveys"),
    ),
    "regions": Columns(
        ("label", "width", "space", "starts", "seed", "orbits", "least hits", "completeness"),
        (
            "label",
            "problem",
            "family",
            "width",
            "space",
            "isotropy",
            "neurons",
            "seed",
            "starts",
            "rounds",
            "orbits",
            "hits",
            "families",
            "failed",
            "vanished",
            "unresolved",
            "completeness",
            "reason",
            "caveat",
            "functions",
        ),
    ),
    "functions": function_columns(
        ("label", "name", "width", "loss", "index", "least eigenvalue", "rigor", "local minimum"),
        ("name", "minimal_width"),
        ("isotropy", "space", "entries", "entries_exact", "spectrum", "splitting", "rigor"),
    ),
    "transitions": TRANSITION_COLUMNS,
    "strata": strata_columns("w", "w_exact"),
    "branches": Columns(
        ("problem", "name", "group", "irrep", "k", "from", "to"),
        ("problem", "family", "name", "isotropy", "group", "irrep", "k", "k_lower", "k_upper", "from", "to"),
    ),
}


def short_cells(entity: str, row: Mapping[str, Any]) -> list[str]:
    """The cells of a row in the table for the eye."""
    if entity == "problems":
        lists = " ".join(isotropy_word(blocks) for blocks in row["isotropy"])
        return [row["name"], row["family"], str(row["k"]), str(row["inputs"]), lists, *survey_cells(row["surveys"])]
    if entity == "regions":
        numbers = [str(row[name]) for name in ("starts", "seed", "orbits")]
        least = str(min(row["hits"].values(), default=0))
        return [row["label"], str(row["width"]), row["space"], *numbers, least, row["completeness"]]
    if entity == "branches":
        names = [row[name] for name in ("problem", "name", "group", "irrep")]
        return [*names, short_number(row["k"]), row["from"], row["to"]]
    return [
        row["label"],
        row["name"] or "-",
        str(row["minimal_width"]),
        short_number(row["loss"]["decimal"]),
        " ".join(map(str, row["indices"] or ())) or "-",
        short_number(least_eigenvalue(row)),
        row["rigor"],
        YES_NO[row["local_minimum"]],
    ]


def least_eigenvalue(row: Mapping[str, Any]) -> str:
    """The decimal of the least eigenvalue of a function at its minimal width."""
    from decimal import Decimal

    return min((str(part["value"]) for part in row["spectrum"]), key=Decimal)
