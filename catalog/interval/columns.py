"""The tables of the interval family for people: which columns, and what stands in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog.cells import SHORT_DIGITS, YES_NO, short_number, survey_cells
from catalog.families import Columns
from catalog.function_cells import function_columns
from catalog.strata_cells import strata_columns
from catalog.transition_cells import TRANSITION_COLUMNS

COLUMNS = {
    "problems": Columns(
        ("problem", "family", "target", "domain", "leak", "widths", "completeness"),
        ("name", "family", "target", "domain", "leak", "activation", "surveys"),
    ),
    "regions": Columns(
        ("label", "width", "neurons", "order", "functions", "completeness"),
        ("label", "problem", "family", "width", "neurons", "order", "loss", "completeness", "functions"),
    ),
    "functions": function_columns(
        ("label", "class", "width", "loss", "kinks", "rigor", "local minimum"),
        ("class", "pattern", "realizations", "minimal_width"),
        (
            *("kinks", "kinks_exact", "slopes", "slopes_exact", "offset", "offset_exact", "moment", "moment_exact"),
            *("rigor", "provisional"),
        ),
    ),
    "transitions": TRANSITION_COLUMNS,
    "strata": strata_columns("w", "w_exact", "b", "b_exact", "v", "v_exact", "c", "c_exact", more=("descent",)),
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
    return [
        row["label"],
        row["class"],
        str(row["minimal_width"]),
        short_number(row["loss"]["decimal"]),
        " ".join(_kink(row, i) for i in range(len(row["kinks"]))) or "-",
        row["rigor"],
        YES_NO[row["local_minimum"]],
    ]



def _kink(row: Mapping[str, Any], i: int) -> str:
    exact = row["kinks_exact"][i]
    return exact if isinstance(exact, str) and len(exact) <= SHORT_DIGITS else short_number(row["kinks"][i])
