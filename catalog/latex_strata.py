"""Critical strata as a LaTeX table, grouped by function and width: dimension, inertia, kind with its reason."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from catalog.latex_cells import escape, label_cell
from catalog.latex_page import Row, TableFrame


def strata_table(
    frame: TableFrame,
    template: str,
    neurons: Callable[[Row], str],
    orbit: Callable[[int], str] = escape,
    **values: object,
) -> str:
    """A longtable of strata, grouped by function and width.

    Args:
        frame: with rows of `query strata`.
        template: that of the family, made from `strata_base.tex.j2`.
        neurons: the cell that says what the neurons of a stratum do.
        orbit: the cell of the size of an orbit.
        values: what else the template prints.

    Guarantee: index and nullity are printed only where they are proved; the statement of completeness always follows.
    """

    def cells(row: Row) -> dict[str, str]:
        return {
            "neurons": neurons(row),
            "dimension": escape(row["dimension"]),
            "index": _or_dash(row["index"]),
            "nullity": _or_dash(row["nullity"]),
            "kind": escape(str(row["kind"]).replace("_", " ")),
            "reason": escape(row["reason"]),
            "orbit": orbit(row["orbit_size"]),
        }

    groups = [
        {"heading": label_cell(f"{function}@{width}"), "rows": [cells(row) for row in members]}
        for (function, width), members in groupby(frame.rows, key=lambda row: (row["function"], row["width"]))
    ]
    return frame.fill(template, "Critical strata", groups=groups, **values)


def codes_cell(row: Row) -> str:
    """The codes of the neurons of a stratum, joined by dots."""
    return label_cell(".".join(one["code"] for one in row["neurons"]))


def _or_dash(value: int | None) -> str:
    return "--" if value is None else escape(value)
