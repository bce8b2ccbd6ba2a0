"""Transitions of the gradient flow as a LaTeX table, with exact or bounded rates."""

from __future__ import annotations

from collections.abc import Sequence

from catalog.errors import CatalogError
from catalog.latex_cells import RootNotes, escape, label_cell, number_math
from catalog.latex_page import Row, TableFrame
from symbolic.problem import Problem

DIGITS = 9
"""Significant digits of a rate that is not known exactly."""


def render_transitions(
    rows: Sequence[Row], complete: Row, *, problem: Problem | None = None, standalone: bool = False
) -> str:
    """A longtable of transitions: source, target, kind, rate and how each is known.

    Args:
        rows: records of `query transitions`: `source, target, kind, rate, evidence`, and `gradient_norm` where the end
            was not identified.
        complete: the completeness of that answer.
        problem: adds the problem to the caption.
        standalone: a whole document instead of its body.

    Guarantee: an exact rate is printed exactly, a decimal one with a bound. Where the end of a run was not identified
        the table says so, with the norm of the gradient there.

    Raises:
        CatalogError: a record without its evidence.
    """
    notes = RootNotes()
    return TableFrame(rows, complete, problem, standalone).fill(
        "transitions.tex.j2",
        "Transitions of the gradient flow",
        rows=[_cells(row, notes) for row in rows],
        roots=notes.lines(),
    )


def _cells(row: Row, notes: RootNotes) -> dict[str, str]:
    if not row.get("evidence"):
        raise CatalogError(f"the transition from {row.get('source')} does not say how it is known")
    target = row.get("target")
    if target is not None:
        end = label_cell(target)
    else:
        norm = row.get("gradient_norm")
        measured = "" if norm is None else rf", $|\nabla L| \approx {_measured(float(norm))}$"
        end = rf"\emph{{not identified}}{measured}"
    return {
        "source": label_cell(row["source"]),
        "target": end,
        "kind": escape(row["kind"]),
        "rate": _rate(row, notes),
        "evidence": escape(row["evidence"]),
    }


def _rate(row: Row, notes: RootNotes) -> str:
    rate, exact = row.get("rate"), row.get("rate_exact")
    if rate is None:
        return "--"
    text = str(rate)
    if row.get("rate_evidence") == "numerical":
        return rf"$\approx {_measured(float(text), 5)}$"
    is_decimal = exact is None and ("." in text or "e" in text)
    form = None if is_decimal else exact or text
    return f"${number_math(text if is_decimal else None, form, notes, DIGITS)}$"


def _measured(value: float, digits: int = 1) -> str:
    """A measured number in math: mantissa and power of ten."""
    mantissa, _, exponent = f"{value:.{digits}e}".partition("e")
    return mantissa if int(exponent) == 0 else rf"{mantissa} \cdot 10^{{{int(exponent)}}}"
