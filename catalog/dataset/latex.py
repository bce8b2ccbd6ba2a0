r"""LaTeX tables of data sets: critical functions, strata, and regions with their loss; every number is exact."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby

from catalog.latex_cells import DIGITS, RootNotes, escape, expression_math, label_cell, loss_math
from catalog.latex_page import Row, completeness_statement, finish, of_problem, status_of
from symbolic.dataset.problem import DatasetProblem

PRINTED_SAMPLES = 8
"""Data sets of at most so many samples are printed in the caption."""

_LEGEND = (
    r"In every region $L = \frac{1}{2n} \sum_k \bigl(y_k - \sum_j a_j \langle w_j, x_k\rangle\bigr)^2$, the inner sum "
    r"over the neurons that are active at $x_k$: a polynomial in the coordinates $w_{j,i}$ of the weights (the last "
    r"one is the bias, if there is one) and in $a_j$."
)


def described(problem: DatasetProblem) -> str:
    """The samples and targets where they are few, else their number."""
    count = len(problem.targets)
    bias = " with bias" if problem.bias else ""
    if count > PRINTED_SAMPLES:
        coordinates = f"{count} samples in dimension {len(problem.inputs[0])}"
        return f": {coordinates}{bias}"
    inputs = ", ".join(_vector(row) for row in problem.inputs)
    targets = ", ".join(_number(value) for value in problem.targets)
    return f": inputs {inputs}{bias}, targets {targets}"


def render_functions(
    rows: Sequence[Row], complete: Row, *, problem: DatasetProblem | None = None, standalone: bool = False
) -> str:
    """A longtable of critical functions with exact residuals and losses.

    Args:
        rows: rows of `query functions`.
        complete: the completeness of that answer.
        problem: adds the data to the caption.
        standalone: a whole document instead of its body.
    """
    notes = RootNotes()
    return finish(
        "dataset_functions.tex.j2",
        standalone,
        rows=[
            {
                "label": label_cell(row["label"]),
                "width": "--" if row["minimal_width"] is None else escape(row["minimal_width"]),
                "loss": f"${loss_math(row['loss'], notes, DIGITS)}$",
                "residuals": ", ".join(_number(Fraction(value)) for value in row["residuals"]),
                "fit": ", ".join(map(str, row["fit"])) or "none",
            }
            for row in rows
        ],
        caption="Critical functions" + of_problem(problem, rows),
        statement=completeness_statement(complete),
    )


def render_strata(
    rows: Sequence[Row], complete: Row, *, problem: DatasetProblem | None = None, standalone: bool = False
) -> str:
    """A longtable of strata, grouped by function and width.

    Args: as for `render_functions`, with rows of `query strata`.

    Guarantee: index and nullity are printed only where they are proved.
    """
    groups = [
        {"heading": label_cell(f"{function}@{width}"), "rows": [_stratum(row) for row in members]}
        for (function, width), members in groupby(rows, key=lambda row: (row["function"], row["width"]))
    ]
    return finish(
        "dataset_strata.tex.j2",
        standalone,
        groups=groups,
        caption="Critical strata" + of_problem(problem, rows),
        statement=completeness_statement(complete),
    )


def render_regions(
    rows: Sequence[Row], complete: Row, *, problem: DatasetProblem | None = None, standalone: bool = False
) -> str:
    """A longtable of regions with the functions in their closure, then the loss of each region.

    Args: as for `render_functions`, with rows of `query regions`.
    """
    table = [
        {
            "label": label_cell(row["label"]),
            "completeness": escape(status_of(row.get("completeness"))),
            "functions": ", ".join(label_cell(name) for name in row["functions"]) or "none",
        }
        for row in rows
    ]
    blocks = [{"label": label_cell(row["label"]), "lines": [f"L = {expression_math(row['loss'])}"]} for row in rows]
    return finish(
        "dataset_regions.tex.j2",
        standalone,
        rows=table,
        caption="Activation regions" + of_problem(problem, rows),
        statement=completeness_statement(complete),
        legend=_LEGEND,
        equations=blocks,
    )


def _stratum(row: Row) -> dict[str, str]:
    return {
        "neurons": label_cell(".".join(one["code"] for one in row["neurons"])),
        "dimension": escape(row["dimension"]),
        "index": _or_dash(row["index"]),
        "nullity": _or_dash(row["nullity"]),
        "kind": escape(str(row["kind"]).replace("_", " ")),
        "reason": escape(row["reason"]),
        "orbit": escape(row["orbit_size"]),
    }


def _or_dash(value: int | None) -> str:
    return "--" if value is None else escape(value)


def _vector(values: Sequence[Fraction]) -> str:
    inner = ", ".join(expression_math(str(value)) for value in values)
    return f"$({inner})$" if len(values) != 1 else f"${inner}$"


def _number(value: Fraction) -> str:
    return f"${expression_math(str(value))}$"
