"""What every LaTeX table has: its template, the problem in its caption, and the statement of completeness under it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from catalog.errors import CatalogError
from catalog.families import family_named
from catalog.latex_cells import escape, expression_math, label_cell

if TYPE_CHECKING:
    from jinja2 import Environment

    from symbolic.problem import Problem

Row = Mapping[str, Any]

_STATEMENTS = {
    "proved": r"\textbf{Completeness: proved.} The list is proved to be all there is.",
    "proved_in_box": r"\textbf{Completeness: proved in a box.} Nothing is missing inside the box that was searched.",
    "searched": r"\textbf{Completeness: searched, not proved.} Entries may be missing.",
    "undecided": r"\textbf{Completeness: undecided.} Entries may be missing; this list must not be cited as complete.",
}


def document(bodies: Sequence[str]) -> str:
    """One LaTeX document with the given tables, to be compiled by pdflatex."""
    return _environment().get_template("document.tex.j2").render(bodies=list(bodies))


def completeness_statement(complete: Row) -> str:
    """The sentence that stands under a table.

    Raises:
        CatalogError: the status is none of those that exist: a table without a statement is not printed.
    """
    status = str(complete.get("status"))
    if status not in _STATEMENTS:
        raise CatalogError(f"no completeness status is called {status!r}")
    parts = [_STATEMENTS[status]]
    for field, lead in (("reason", ""), ("caveat", "Caveat: ")):
        text = str(complete.get(field) or "").strip()
        if text:
            parts.append(lead + escape(text[0].upper() + text[1:] if not lead else text))
    return " ".join(part if part.endswith((".", "!", "?")) else part + "." for part in parts)


def status_of(completeness: object) -> str:
    """The status in words."""
    if isinstance(completeness, Mapping):
        completeness = completeness.get("status")
    return str(completeness or "undecided").replace("_", " ")


def of_problem(problem: Problem | None, rows: Sequence[Row]) -> str:
    """` of problem x2: x^2 on [0, 1], ReLU`."""
    names = list(dict.fromkeys(str(row["problem"]) for row in rows if row.get("problem")))
    if problem is None:
        return " of " + ", ".join(label_cell(name) for name in names) if names else ""
    return f" of {label_cell(problem.name)}{family_named(problem.family).described(problem)}"


def math_rational(value: Fraction) -> str:
    """A rational as LaTeX math."""
    return expression_math(str(value))


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        block_start_string=r"\BLOCK{",
        block_end_string="}",
        variable_start_string=r"\VAR{",
        variable_end_string="}",
        comment_start_string=r"\#{",
        comment_end_string="}",
        trim_blocks=True,
        autoescape=False,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        loader=PackageLoader("catalog", "templates"),
    )


def finish(template: str, standalone: bool, **values: object) -> str:
    """A filled template, as a body or as a document of its own."""
    body = _environment().get_template(template).render(**values)
    return document([body]) if standalone else body


@dataclass(frozen=True)
class TableFrame:
    """What stands around the rows of every table of an answer.

    Attributes:
        rows: of the answer.
        complete: the completeness of that answer.
        problem: adds its data to the caption.
        standalone: a whole document instead of its body.
    """

    rows: Sequence[Row]
    complete: Row
    problem: Problem | None = None
    standalone: bool = False

    def fill(self, template: str, caption: str, **values: object) -> str:
        """The filled template, with the problem in its caption and the statement of completeness under it.

        Raises:
            CatalogError: the status of completeness is none of those that exist.
        """
        caption += of_problem(self.problem, self.rows)
        statement = completeness_statement(self.complete)
        return finish(template, self.standalone, caption=caption, statement=statement, **values)
