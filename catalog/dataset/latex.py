r"""LaTeX tables of data sets: critical functions, strata, and regions with their loss; every number is exact."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from catalog.latex_cells import DIGITS, RootNotes, escape, expression_math, label_cell, loss_math
from catalog.latex_page import Row, TableFrame, status_of
from catalog.latex_strata import codes_cell, strata_table
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

    Args: those of `catalog.latex_page.TableFrame`, with rows of `query functions`.
    """
    notes = RootNotes()
    return TableFrame(rows, complete, problem, standalone).fill(
        "dataset_functions.tex.j2",
        "Critical functions",
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
    )


def render_strata(
    rows: Sequence[Row], complete: Row, *, problem: DatasetProblem | None = None, standalone: bool = False
) -> str:
    """A longtable of strata (`catalog.latex_strata.strata_table`)."""
    return strata_table(TableFrame(rows, complete, problem, standalone), "dataset_strata.tex.j2", codes_cell)


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
    return TableFrame(rows, complete, problem, standalone).fill(
        "dataset_regions.tex.j2",
        "Activation regions",
        rows=table,
        legend=_LEGEND,
        equations=blocks,
    )


def _vector(values: Sequence[Fraction]) -> str:
    inner = ", ".join(expression_math(str(value)) for value in values)
    return f"$({inner})$" if len(values) != 1 else f"${inner}$"


def _number(value: Fraction) -> str:
    return f"${expression_math(str(value))}$"
