r"""Tables for papers: critical functions and regions as LaTeX (booktabs, longtable) with exact cells.

The interface:

- `render_functions(rows, complete, problem=..., standalone=...)`: a table of critical functions;
- `render_regions(rows, complete, problem=..., equations=..., standalone=...)`: the regions with the functions in their
  closure, then loss and gradient equations of each;
- `region_equations(problem, row)`: these equations for one region, from `symbolic.interval.loss`;
- `catalog.latex_strata.render_strata`, `catalog.latex_classification.render_classification`: tables of strata, and the
  classification for an affine target;
- `table_latex(entity, rows, complete)`: what `query --format latex` and `.to_latex()` print;
- `document(bodies)`: several of them as one document that compiles.

`rows` are the rows of a query as its JSON answers them, `complete` is `{"status", "reason", "caveat"}`. A number is
printed exactly or with a bound (`catalog.latex_cells`). Under every table stands, in words, what is proved of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from catalog.errors import CatalogError
from catalog.latex_cells import (
    RootNotes,
    escape,
    exact_item,
    expression_math,
    label_cell,
    number_math,
)
from catalog.latex_page import Row, completeness_statement, document, finish, math_rational, of_problem, status_of

if TYPE_CHECKING:
    from symbolic.interval.problem import IntervalProblem

__all__ = [
    "completeness_statement",
    "document",
    "region_equations",
    "render_functions",
    "render_regions",
    "table_latex",
]

DIGITS = 12
"""Significant digits of a printed decimal."""

_LEGEND = (
    r"In every region $f(x) = d + s\,x + \sum_j u_j z_j(x)$ with breakpoints $t_j = -b_j/w_j$ in increasing order, "
    r"$u_j = v_j w_j$, and $z_j(x) = x - t_j$ on the active side of neuron $j$, $g\,(x - t_j)$ on the other side "
    r"($g$ the leak). $s$ is the total slope of the neurons without an interior breakpoint and $d$ the offset that "
    r"goes with it ($s$ is left out where no neuron can have one). Where every neuron with an interior "
    r"breakpoint has $v_j \neq 0$, and where $s$ occurs some neuron behind it has $v_j \neq 0$ or $w_j \neq 0$, "
    r"a point of the region is critical if and only if all the equations hold."
)


def render_functions(
    rows: Sequence[Row],
    complete: Row,
    *,
    problem: IntervalProblem | None = None,
    standalone: bool = False,
    digits: int = DIGITS,
) -> str:
    """A longtable of critical functions.

    Args:
        rows: rows of `query functions`.
        complete: the completeness of that answer.
        problem: adds target, domain and leak to the caption.
        standalone: a whole document instead of its body.
        digits: significant digits of numbers that are not known exactly.

    Guarantee: every number is exact or carries a bound; numbers of degree 3 and more are defined in notes under the
        table by minimal polynomial and isolating interval; the completeness statement always follows.

    Raises:
        CatalogError: a row holds a text that is not a number.
    """
    notes = RootNotes()
    start = math_rational(problem.domain[0]) if problem else "a"
    table = [_function_cells(row, notes, digits, start) for row in rows]
    provisional = any(row.get("provisional") or str(row.get("label", "")).endswith("?") for row in rows)
    lines = notes.lines()
    if provisional:
        lines.append("A label that ends in ``?'' may still change: the system it belongs to is undecided.")
    caption = "Critical functions" + of_problem(problem, rows)
    return finish(
        "functions.tex.j2",
        standalone,
        rows=table,
        caption=caption,
        start=start,
        notes=lines,
        statement=completeness_statement(complete),
    )


def render_regions(
    rows: Sequence[Row],
    complete: Row,
    *,
    problem: IntervalProblem | None = None,
    equations: Mapping[str, Sequence[str]] | None = None,
    standalone: bool = False,
) -> str:
    """A longtable of regions with the functions in their closure, then the equations of each region.

    Args:
        rows: rows of `query regions`.
        complete: the completeness of that answer.
        problem: if given, loss and gradient equations are computed for it in reduced coordinates.
        equations: or the lines of math to print for each label, instead.
        standalone: a whole document instead of its body.
    """
    if equations is None:
        equations = {str(row["label"]): region_equations(problem, row) for row in rows} if problem else {}
    table = [
        {
            "label": label_cell(row["label"]),
            "neurons": _neurons(row),
            "completeness": escape(status_of(row.get("completeness"))),
            "functions": ", ".join(label_cell(name) for name in row.get("functions") or ()) or "none",
        }
        for row in rows
    ]
    blocks = [{"label": label_cell(label), "lines": list(lines)} for label, lines in equations.items() if lines]
    return finish(
        "regions.tex.j2",
        standalone,
        rows=table,
        caption="Breakpoint-ordering regions" + of_problem(problem, rows),
        statement=completeness_statement(complete),
        legend=_LEGEND,
        equations=blocks,
    )


def region_equations(problem: IntervalProblem, row: Row) -> list[str]:
    """Loss and gradient equations of a region, in reduced coordinates, as lines of LaTeX math."""
    from symbolic.interval.loss import reduced_coordinates, reduced_gradient, reduced_loss, setting_of
    from symbolic.interval.orderings import Region

    states = list(row["neurons"])
    word = "".join(state for state in states if state in ("+", "-"))
    region = Region(word, states.count("active"), states.count("inactive"))
    setting = setting_of(problem)
    lines = [f"L = {expression_math(str(reduced_loss(region, setting)))}"]
    coordinates = reduced_coordinates(region, setting.leak)
    for symbol, derivative in zip(coordinates, reduced_gradient(region, setting), strict=True):
        name = expression_math(str(symbol))
        lines.append(rf"\partial L/\partial {name} = {expression_math(str(derivative))} = 0")
    return lines


def table_latex(
    entity: str, rows: Sequence[Row], complete: Row, *, standalone: bool = False, digits: int = DIGITS
) -> str:
    """The LaTeX of a query's answer: the tables above for functions and regions, plain columns for the rest."""
    if entity == "functions":
        return render_functions(rows, complete, standalone=standalone, digits=digits)
    if entity == "regions":
        return render_regions(rows, complete, standalone=standalone)
    if entity == "strata":
        from catalog.latex_strata import render_strata

        return render_strata(rows, complete, standalone=standalone)
    fields = list(dict.fromkeys(field for row in rows for field in row))
    width = 0.94 / max(len(fields), 1)
    column = rf">{{\raggedright\arraybackslash}}p{{{width:.3f}\textwidth}}"
    return finish(
        "records.tex.j2",
        standalone,
        columns=column * max(len(fields), 1),
        caption=escape(entity.capitalize()),
        head=" & ".join(escape(field).replace(r"\_", r"\_\allowbreak{}") for field in fields) or "no rows",
        rows=[" & ".join(_field_cell(field, row.get(field)) for field in fields) for row in rows],
        statement=completeness_statement(complete),
    )


@dataclass(frozen=True)
class _FunctionCells:
    label: str
    cls: str
    width: str
    loss: str
    shape: str


def _function_cells(row: Row, notes: RootNotes, digits: int, start: str) -> _FunctionCells:
    # In the order of the page, so that the names of algebraic numbers count up along it.
    loss = _loss_math(row["loss"], notes, digits)
    shape = [_listed("t", row["kinks"], row.get("kinks_exact"), notes, digits, first=1)]
    shape.append(_listed("s", row["slopes"], row.get("slopes_exact"), notes, digits, first=0))
    offset = number_math(row.get("offset"), row.get("offset_exact"), notes, digits)
    moment = number_math(row.get("moment"), row.get("moment_exact"), notes, digits)
    shape.append(rf"$f({start}) = {offset}$, $M = {moment}$")
    letter = escape(row.get("class") or "")
    pattern = row.get("pattern")
    return _FunctionCells(
        label_cell(row["label"]),
        rf"{letter} \texttt{{{escape(pattern)}}}" if pattern else letter,
        escape(row["minimal_width"]),
        rf"${loss}$\newline {escape(row['rigor'])}",
        r"\newline ".join(part for part in shape if part),
    )


def _loss_math(loss: Row, notes: RootNotes, digits: int) -> str:
    if loss.get("exact") is None and loss.get("decimal") is None:
        raise CatalogError("a loss has neither an exact form nor a decimal")
    return number_math(loss.get("decimal"), loss.get("exact"), notes, digits)


def _listed(
    letter: str, decimals: Sequence[str], exact: object, notes: RootNotes, digits: int, *, first: int
) -> str:
    """Numbers with their names, each breakable from the next."""
    parts = []
    for index, decimal in enumerate(decimals):
        number = number_math(decimal, exact_item(exact, index), notes, digits)
        parts.append(rf"${letter}_{{{index + first}}} = {number}$")
    return ", ".join(parts)


def _neurons(row: Row) -> str:
    """The states, interior breakpoints first in their order: `-, +, active`."""
    return ", ".join(f"${state}$" if state in ("+", "-") else escape(state) for state in row["neurons"])


def _field_cell(field: str, value: Any) -> str:
    """A field of a problem, or of any other record."""
    if field in ("target", "leak"):
        return f"${expression_math(value)}$"
    if field == "domain":
        return f"$[{', '.join(expression_math(end) for end in value)}]$"
    if field == "surveys":
        return "; ".join(f"width {escape(one['width'])}: {escape(status_of(one))}" for one in value)
    return label_cell(value) if field == "name" else _plain_cell(value)


def _plain_cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        if value.get("decimal"):
            return f"${number_math(value['decimal'], value.get('exact'), RootNotes(), DIGITS)}$"
        value = value.get("status", ", ".join(f"{key}: {item}" for key, item in value.items()))
    if isinstance(value, float):
        raise CatalogError(f"a number without a bound is not printed: {value!r}")
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_plain_cell(item) for item in value)
    return escape(value)
