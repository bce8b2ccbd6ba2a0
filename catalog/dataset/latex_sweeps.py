r"""LaTeX tables of sweeps in a target value: the critical functions on every piece, and what changes at every wall."""

from __future__ import annotations

from collections.abc import Sequence

from catalog.dataset.sweep_text import change_words
from catalog.latex_cells import DIGITS, RootNotes, escape, expression_math, label_cell, number_math
from catalog.latex_page import Row, completeness_statement, finish


def render_sweeps(rows: Sequence[Row], complete: Row, *, standalone: bool = False) -> str:
    """A longtable for each sweep, all its numbers exact.

    Args:
        rows: rows of `query sweeps`.
        complete: the completeness of that answer.
        standalone: a whole document instead of its body.
    """
    notes = RootNotes()
    return finish(
        "dataset_sweeps.tex.j2",
        standalone,
        sweeps=[
            {
                "caption": rf"Sweep {label_cell(row['label'])}: $y_{{{row['sample']}}} = t$ from "
                rf"${expression_math(row['from'])}$ to ${expression_math(row['to'])}$, width {row['width']}",
                "pieces": [_piece(piece, notes) for piece in row["pieces"]],
                "walls": [
                    {
                        "value": number_math(wall["decimal"], wall["exact"], notes, DIGITS),
                        "changes": escape("; ".join(change_words(wall["changes"])).replace("_", " ")),
                    }
                    for wall in row["walls"]
                ],
            }
            for row in rows
        ],
        statement=completeness_statement(complete),
    )


def _piece(piece: Row, notes: RootNotes) -> dict[str, object]:
    low, high = (number_math(None, piece[end], notes, DIGITS) for end in ("from", "to"))
    return {
        "place": f"$t = {low}$" if piece["wall"] else f"${low} < t < {high}$",
        "functions": [
            {
                "loss": f"${expression_math(one['loss']['exact'])}$",
                "residuals": ", ".join(f"${expression_math(text)}$" for text in one["residuals"]),
                "kinds": ", ".join(f"{count} {escape(kind.replace('_', ' '))}" for kind, count in one["kinds"].items()),
            }
            for one in piece["functions"]
        ],
    }
