r"""Tables for papers: the answers of a query as LaTeX (booktabs, longtable) with exact cells.

The interface:

- `table_latex(entity, rows, complete)`: what `query --format latex` and `.to_latex()` print: the tables of the
  families (their `latex`), and plain columns for problems;
- `document(bodies)`: several of them as one document that compiles;
- `catalog.typesetting.typeset`: from names of problems and labels to these tables.

`rows` are the rows of a query as its JSON answers them, `complete` is `{"status", "reason", "caveat"}`. A number is
printed exactly or with a bound (`catalog.latex_cells`). Under every table stands, in words, what is proved of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from catalog.errors import CatalogError
from catalog.families import AVAILABLE, family_named
from catalog.latex_cells import DIGITS, RootNotes, escape, expression_math, label_cell, number_math
from catalog.latex_page import Row, completeness_statement, document, finish, status_of

__all__ = ["completeness_statement", "document", "table_latex"]


def table_latex(
    entity: str, rows: Sequence[Row], complete: Row, *, families: Sequence[str] = (), standalone: bool = False
) -> str:
    """The LaTeX of a query's answer: a table for each family in it, with the statement of completeness under it."""
    names = [*dict.fromkeys(row.get("family", "") for row in rows)] or families or AVAILABLE[:1]
    bodies = []
    for name in names:
        mine = [dict(row) for row in rows if row.get("family", "") == name]
        if entity == "problems":
            bodies.append(_records(entity, mine, complete))
        else:
            bodies.append(family_named(name).latex(entity, mine, complete, None))
    return document(bodies) if standalone else "\n".join(bodies)


def _records(entity: str, rows: Sequence[Row], complete: Row) -> str:
    """A table with a column for every field."""
    fields = list(dict.fromkeys(field for row in rows for field in row))
    # Equal columns, less their share of the gaps of 8pt between them.
    count = max(len(fields), 1)
    width = rf"\dimexpr{0.995 / count:.3f}\textwidth-{8 * (count - 1) / count:.1f}pt\relax"
    column = rf">{{\raggedright\arraybackslash}}p{{{width}}}"
    return finish(
        "records.tex.j2",
        False,
        columns=column * count,
        caption=escape(entity.capitalize()),
        head=" & ".join(escape(field).replace(r"\_", r"\_\allowbreak{}") for field in fields) or "no rows",
        rows=[" & ".join(_field_cell(field, row.get(field)) for field in fields) for row in rows],
        statement=completeness_statement(complete),
    )


def _field_cell(field: str, value: Any) -> str:
    """A field of a problem, or of any other record."""
    if field in ("target", "leak"):
        return f"${expression_math(value)}$"
    if field == "domain":
        return f"$[{', '.join(expression_math(end) for end in value)}]$"
    if field == "isotropy":
        return "; ".join("-".join(map(escape, blocks)) for blocks in value)
    if field in ("inputs", "targets") and isinstance(value, Sequence):
        return ", ".join(_exact_cell(item) for item in value)
    if field == "surveys":
        return "; ".join(f"width {escape(one['width'])}: {escape(status_of(one))}" for one in value)
    return label_cell(value) if field == "name" else _plain_cell(value)


def _exact_cell(value: str | list[str]) -> str:
    """A rational, or a vector of them."""
    if isinstance(value, str):
        return f"${expression_math(value)}$"
    return f"$({', '.join(map(expression_math, value))})$"


def _plain_cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        if value.get("decimal"):
            return f"${number_math(value['decimal'], value.get('exact'), RootNotes(), DIGITS)}$"
        value = value.get("status", ", ".join(f"{key}: {item}" for key, item in value.items()))
    if isinstance(value, float):
        raise CatalogError(f"a number without a bound is not printed: {value!r}")
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_plain_cell(item) for item in value)
    return escape(value)
