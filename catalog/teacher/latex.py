r"""LaTeX tables of teacher problems: functions with entries and spectra, strata, searches of fixed spaces, branches."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby

from catalog.latex_cells import DIGITS, RootNotes, bounded_decimal, escape, label_cell, loss_math, number_math
from catalog.latex_page import Row, TableFrame, status_of
from catalog.latex_strata import strata_table
from symbolic.teacher.problem import TeacherProblem

SPECTRUM_DIGITS = 8
"""Significant digits of a printed eigenvalue."""

_ENTRY = re.compile(r"([ABC])([0-9]+)(?:_([0-9]+))?")
_GROUP_PART = re.compile(r"S_(\([^)]*\)|[0-9k]+)")


def described(problem: TeacherProblem) -> str:
    """Number of teachers and inputs, and the isotropy that was searched."""
    lists = ", ".join(group_math(f"Delta({' x '.join(f'S_{size}' for size in sizes)})") for sizes in problem.isotropy)
    return f": ${problem.k}$ orthonormal teachers in dimension ${problem.dimension}$, fixed spaces of {lists}"


def render_functions(
    rows: Sequence[Row], complete: Row, *, problem: TeacherProblem | None = None, standalone: bool = False
) -> str:
    """A longtable of critical functions with their entries and spectra.

    Args: those of `catalog.latex_page.TableFrame`, with rows of `query functions`.

    Guarantee: every number is exact or carries a bound.
    """
    notes = RootNotes()
    return TableFrame(rows, complete, problem, standalone).fill(
        "teacher_functions.tex.j2",
        "Critical functions",
        rows=[
            {
                "label": label_cell(row["label"]),
                "name": escape(row["name"]) or "--",
                "group": group_math(row["space"]),
                "width": escape(row["minimal_width"]),
                "index": ", ".join(map(str, row["indices"] or ())) or "--",
                "loss": f"${loss_math(row['loss'], notes, DIGITS)}$",
                "entries": _entries(row, notes),
                "spectrum": _spectrum(row),
            }
            for row in rows
        ],
    )


def render_strata(
    rows: Sequence[Row], complete: Row, *, problem: TeacherProblem | None = None, standalone: bool = False
) -> str:
    """A longtable of strata (`catalog.latex_strata.strata_table`); a stratum is named by the end of its label."""

    def rays(row: Row) -> str:
        return label_cell(row["label"].rpartition(":")[2])

    return strata_table(TableFrame(rows, complete, problem, standalone), "teacher_strata.tex.j2", rays, _orbit)


def render_regions(
    rows: Sequence[Row], complete: Row, *, problem: TeacherProblem | None = None, standalone: bool = False
) -> str:
    """A longtable of the fixed spaces with what the search in each of them did.

    Args: as for `render_functions`, with rows of `query regions`.
    """
    return TableFrame(rows, complete, problem, standalone).fill(
        "teacher_regions.tex.j2",
        "Searches of fixed spaces",
        rows=[
            {
                "group": group_math(row["space"]),
                "starts": escape(row["starts"]),
                "seed": escape(row["seed"]),
                "completeness": escape(status_of(row["completeness"])),
                "functions": ", ".join(
                    f"{label_cell(label)} ({escape(count)})" for label, count in row["hits"].items()
                )
                or "none",
            }
            for row in rows
        ],
    )


def render_branches(
    rows: Sequence[Row], complete: Row, *, problem: TeacherProblem | None = None, standalone: bool = False
) -> str:
    """A longtable of the values of k at which an eigenvalue along a named family changes its sign.

    Args: as for `render_functions`, with rows of `query branches`.
    """
    # What happens along a family is the same for every problem.
    distinct = {(row["name"], row["irrep"], row["k"]): row for row in rows}
    return TableFrame(rows, complete, problem, standalone).fill(
        "teacher_branches.tex.j2",
        "Changes of sign along families in real $k$",
        rows=[
            {
                "name": escape(row["name"]),
                "group": group_math(row["group"]),
                "irrep": f"${irrep_math(row['irrep'])}$",
                "k": f"${bounded_decimal(row['k'], 31)}$",
                "below": escape(row["from"].replace("_", " ")),
                "above": escape(row["to"].replace("_", " ")),
            }
            for row in distinct.values()
        ],
    )


def group_math(text: str) -> str:
    r"""`Delta(S_8 x S_1) x S_2 + 1` as math: $\Delta(S_{8} \times S_{1}) \times S_{2} + 1$."""
    body = _GROUP_PART.sub(lambda found: f"S_{{{found[1].strip('()')}}}", text)
    body = body.replace("Delta", r"\Delta").replace(" x ", r" \times ").replace("R^", r"\mathbf{R}^")
    body = re.sub(r"\^([0-9]+)", r"^{\1}", body).replace(" in ", r" \text{ in } ")
    return f"${body}$"


def irrep_math(irrep: str) -> str:
    r"""`s0*s1` as $s_{0} \otimes s_{1}$."""
    body = re.sub(r"([sxy])([0-9]+)", r"\1_{\2}", irrep)
    return body.replace("*", r" \otimes ").replace("e:", r"e \otimes ")


def _entries(row: Row, notes: RootNotes) -> str:
    exact: Mapping[str, object] = row["entries_exact"]
    parts = []
    for name, decimal in row["entries"].items():
        parts.append(f"${_entry_math(name)} = {number_math(decimal, exact[name], notes, DIGITS)}$")
    return ", ".join(parts)


def _entry_math(name: str) -> str:
    found = _ENTRY.fullmatch(name)
    if found is None:
        return rf"\mathit{{{escape(name)}}}"
    letter, first, second = found.groups()
    if second is not None:
        return f"{letter}_{{{first},{second}}}"
    return f"{letter}_{{{','.join(first) if letter == 'B' else first}}}"


def _spectrum(row: Row) -> str:
    parts = []
    for irrep, members in groupby(row["spectrum"], key=lambda part: (part["irrep"], part["multiplicity"])):
        name, times = irrep
        values = ", ".join(f"${bounded_decimal(part['value'], SPECTRUM_DIGITS)}$" for part in members)
        parts.append(rf"${irrep_math(name)}$ ($\times {times}$): {values}")
    return "; ".join(parts)


def _orbit(size: int) -> str:
    """A size with gaps at which a line may break."""
    return r"\,\penalty0{}".join(f"{size:,}".split(","))
