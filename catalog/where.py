"""The filter expressions of `--where`: one SQL expression over documented columns, run where it can do no harm.

The expression runs on a read-only connection. An authorizer admits reading the documented columns of one table and a
list of harmless functions, and nothing else; limits on size, depth and time hold off what merely takes forever.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable

from catalog.errors import CatalogError
from catalog.store import Store

COLUMNS = {
    "problems": ("name", "family", "degree", "samples", "dimension", "teachers"),
    "regions": ("label", "problem", "width", "interior", "active", "inactive"),
    "functions": (
        "label",
        "problem",
        "family",
        "class",
        "pattern",
        "knots",
        "fitted",
        "minimal_width",
        "clarke_width",
        "rigor",
        "provisional",
        "loss_lower",
        "loss_upper",
        "name",
        "isotropy",
    ),
    "strata": (
        "label",
        "problem",
        "width",
        "function",
        "kind",
        "reason",
        "negative",
        "nullity",
        "positive",
        "hessian",
        "dimension",
        "gauge_dimension",
        "orbit_size",
        "smooth",
        "directional",
        "clarke",
        "rigor",
    ),
    "branches": ("id", "name", "irrep", "kind_from", "kind_to", "k_lower", "k_upper"),
    "transitions": ("id", "problem", "width", "source", "target", "kind", "rate_lower", "rate_upper"),
}
"""Columns a filter may use. `loss_lower` and `loss_upper` are bounds rounded outward; `--max-loss` compares exactly.
`negative` is the index; it, `nullity` and `positive` are NULL without a Hessian. What a family does not have is NULL
(`degree`, `class`, `pattern`, `knots`, `interior`, ... are of the interval family; `samples` and `fitted`, the number
of samples that are fit exactly, of data sets; `teachers`, the family's `name` of a function, and `isotropy`, such as
'9-1', of teacher problems). An orbit beyond 64 bits is compared as the nearest float.
The `target` of a transition whose end was not identified is NULL, and so is the rate of a descent."""

FUNCTIONS = frozenset(
    {"abs", "coalesce", "glob", "ifnull", "iif", "instr", "length", "like", "lower", "max", "min", "nullif", "round",
     "sign", "substr", "substring", "trim", "typeof", "upper"}
)

LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 1_000_000,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 100,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 200,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
}
MAXIMAL_LENGTH = 4000
MAXIMAL_SECONDS = 3.0

_LITERAL = re.compile(r"'(?:[^']|'')*'")
_QUOTED = re.compile(r'"([^"]*)"')
_UNSEEN_JOIN = re.compile(r"\b(?:natural|using)\b", re.IGNORECASE)


def keys_where(store: Store, entity: str, expression: str) -> set[str]:
    """Keys (labels, names of problems, ids of branches and transitions) of the rows for which the expression is true.

    Args:
        store: the database.
        entity: a key of `COLUMNS`.
        expression: SQL over `COLUMNS[entity]` without semicolons, for example ``class = 'B' AND knots > 2``.

    Raises:
        CatalogError: a syntax error, an unknown column, or anything that is not such an expression.
    """
    columns = COLUMNS[entity]
    _check_text(expression, columns)
    statement = f"SELECT {columns[0]} FROM {entity} WHERE ({expression})"
    deadline = time.monotonic() + MAXIMAL_SECONDS
    with store.raw_reader() as connection:
        before = {category: connection.setlimit(category, limit) for category, limit in LIMITS.items()}
        connection.set_authorizer(_authorizer(entity, columns))
        connection.set_progress_handler(lambda: int(time.monotonic() > deadline), 10_000)
        try:
            return {str(key) for (key,) in connection.execute(statement)}
        except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError) as error:
            raise CatalogError(f"--where {_short(expression)} cannot be used: {_reason(error, columns)}") from None
        finally:
            # The connection goes on with statements of this package.
            connection.set_authorizer(None)
            connection.set_progress_handler(None, 0)
            for category, limit in before.items():
                connection.setlimit(category, limit)


Authorizer = Callable[[int, str | None, str | None, str | None, str | None], int]


def _authorizer(entity: str, columns: tuple[str, ...]) -> Authorizer:
    def allow(action: int, first: str | None, second: str | None, _database: str | None, _view: str | None) -> int:
        if action == sqlite3.SQLITE_SELECT:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_READ and first == entity and (not second or second in columns):
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in FUNCTIONS:
            return sqlite3.SQLITE_OK
        return sqlite3.SQLITE_DENY

    return allow


def _check_text(expression: str, columns: tuple[str, ...]) -> None:
    if not expression.strip():
        raise CatalogError("--where needs an expression, for example \"minimal_width = 2\"")
    if len(expression) > MAXIMAL_LENGTH:
        raise CatalogError(f"--where must have at most {MAXIMAL_LENGTH} characters, not {len(expression)}")
    if not expression.replace("\n", " ").replace("\t", " ").isprintable():
        raise CatalogError("--where must not have control characters")
    # Outside of texts and quoted names the expression must stand alone: what closes the parenthesis around it, hides
    # it behind a comment or ends the statement would ask another question than a filter does.
    outside = _LITERAL.sub("''", expression)
    for name in _QUOTED.findall(outside):
        # SQLite takes an unknown name in double quotes for a text: a misspelled column would silently be an answer.
        if name not in columns:
            raise CatalogError(f"--where: no column {name!r}; texts are written in single quotes, like 'x2:A.1.1'")
    outside = _QUOTED.sub("name", outside)
    for mark in ("--", "/*", ";", "`", "[", '"'):
        if mark in outside:
            raise CatalogError(f"--where {_short(expression)} cannot be used: {mark} is not part of an expression")
    # SQLite does not ask the authorizer about the columns of such joins.
    if join := _UNSEEN_JOIN.search(outside):
        raise CatalogError(f"--where {_short(expression)} cannot be used: {join[0]} is not part of an expression")
    depth = 0
    for char in outside:
        depth += (char == "(") - (char == ")")
        if depth < 0:
            break
    if depth:
        raise CatalogError(f"--where {_short(expression)} cannot be used: its parentheses do not match")


def _reason(error: Exception, columns: tuple[str, ...]) -> str:
    text = " ".join(str(error).split())
    if "interrupted" in text:
        return f"it takes more than {MAXIMAL_SECONDS:.0f} s"
    if "not authorized" in text or "prohibited" in text:
        return f"only the columns {', '.join(columns)} and simple functions are allowed ({text})"
    if "no such column" in text:
        return f"{text}; the columns are {', '.join(columns)}"
    return text


def _short(expression: str) -> str:
    text = " ".join(expression.split())
    return repr(text if len(text) <= 60 else text[:57] + "...")
