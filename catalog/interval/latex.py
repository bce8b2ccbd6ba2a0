r"""LaTeX tables of the interval family: critical functions, strata, and regions with their equations.

A number is printed exactly or with a bound (`catalog.latex_cells`); the statement of completeness always follows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from catalog.latex_cells import (
    DIGITS,
    RootNotes,
    escape,
    exact_item,
    expression_math,
    label_cell,
    loss_math,
    number_math,
)
from catalog.latex_page import Row, TableFrame, math_rational, status_of
from catalog.latex_strata import codes_cell, strata_table
from symbolic.interval.problem import IntervalProblem
from symbolic.interval.target import format_target

_LEGEND = (
    r"In every region $f(x) = d + s\,x + \sum_j u_j z_j(x)$ with breakpoints $t_j = -b_j/w_j$ in increasing order, "
    r"$u_j = v_j w_j$, and $z_j(x) = x - t_j$ on the active side of neuron $j$, $g\,(x - t_j)$ on the other side "
    r"($g$ the leak). $s$ is the total slope of the neurons without an interior breakpoint and $d$ the offset that "
    r"goes with it ($s$ is left out where no neuron can have one). Where every neuron with an interior "
    r"breakpoint has $v_j \neq 0$, and where $s$ occurs some neuron behind it has $v_j \neq 0$ or $w_j \neq 0$, "
    r"a point of the region is critical if and only if all the equations hold."
)


def described(problem: IntervalProblem) -> str:
    """`: target $x^2$ on $[0, 1]$, ReLU`."""
    start, end = (math_rational(value) for value in problem.domain)
    if problem.activation != "relu":
        activation = f"{escape(problem.activation)} activation"
    else:
        activation = rf"leak ${math_rational(problem.leak)}$" if problem.leak else "ReLU"
    return rf": target ${expression_math(format_target(problem.target))}$ on $[{start}, {end}]$, {activation}"


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
    return TableFrame(rows, complete, problem, standalone).fill(
        "functions.tex.j2",
        "Critical functions",
        rows=table,
        start=start,
        notes=lines,
    )


def render_strata(
    rows: Sequence[Row], complete: Row, *, problem: IntervalProblem | None = None, standalone: bool = False
) -> str:
    """A longtable of strata (`catalog.latex_strata.strata_table`), with the codes of the roles explained under it."""
    words = {one["code"]: one for row in rows for one in row["neurons"]}
    legend = [
        rf"\texttt{{{escape(code)}}} {escape(one['does'])}" + (f" ({escape(one['cjr22'])})" if one["cjr22"] else "")
        for code, one in sorted(words.items())
    ]
    frame = TableFrame(rows, complete, problem, standalone)
    return strata_table(frame, "strata.tex.j2", codes_cell, legend="; ".join(legend))


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
    return TableFrame(rows, complete, problem, standalone).fill(
        "regions.tex.j2",
        "Breakpoint-ordering regions",
        rows=table,
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


@dataclass(frozen=True)
class _FunctionCells:
    label: str
    cls: str
    width: str
    loss: str
    shape: str


def _function_cells(row: Row, notes: RootNotes, digits: int, start: str) -> _FunctionCells:
    # In the order of the page, so that the names of algebraic numbers count up along it.
    loss = loss_math(row["loss"], notes, digits)
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


