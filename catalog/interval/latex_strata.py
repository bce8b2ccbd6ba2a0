"""Tables of critical strata as LaTeX: what the neurons do, dimension, inertia, kind with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from catalog.latex_cells import escape, label_cell
from catalog.latex_page import Row, completeness_statement, finish, of_problem

if TYPE_CHECKING:
    from symbolic.interval.problem import IntervalProblem


def render_strata(
    rows: Sequence[Row], complete: Row, *, problem: IntervalProblem | None = None, standalone: bool = False
) -> str:
    """A longtable of strata, grouped by function and width, with the codes of the roles explained under it.

    Args:
        rows: rows of `query strata`.
        complete: the completeness of that answer.
        problem: adds target, domain and leak to the caption.
        standalone: a whole document instead of its body.

    Guarantee: the index and nullity of a stratum are printed only where they are proved; the statement of completeness
        always follows.
    """
    groups = [
        {"heading": label_cell(f"{function}@{width}"), "rows": [_cells(row) for row in members]}
        for (function, width), members in groupby(rows, key=lambda row: (row["function"], row["width"]))
    ]
    words = {one["code"]: one for row in rows for one in row["neurons"]}
    legend = [
        rf"\texttt{{{escape(code)}}} {escape(one['does'])}" + (f" ({escape(one['cjr22'])})" if one["cjr22"] else "")
        for code, one in sorted(words.items())
    ]
    return finish(
        "strata.tex.j2",
        standalone,
        groups=groups,
        caption="Critical strata" + of_problem(problem, rows),
        legend="; ".join(legend),
        statement=completeness_statement(complete),
    )


def _cells(row: Row) -> dict[str, str]:
    return {
        "roles": label_cell(".".join(one["code"] for one in row["neurons"])),
        "dimension": escape(row["dimension"]),
        "index": _or_dash(row["index"]),
        "nullity": _or_dash(row["nullity"]),
        "kind": escape(str(row["kind"]).replace("_", " ")),
        "reason": escape(row["reason"]),
        "orbit": escape(row["orbit_size"]),
    }


def _or_dash(value: int | None) -> str:
    return "--" if value is None else escape(value)
