"""From names of problems and labels to the LaTeX tables of `catalog.latex`."""

from __future__ import annotations

from collections.abc import Sequence

from catalog.errors import CatalogError, NotAvailable
from catalog.query import Catalog
from catalog.record import problem_from_record
from catalog.store import Row
from symbolic.interval.problem import IntervalProblem

LATER = ("strata", "transitions")


def typeset(
    catalog: Catalog, names: Sequence[str], what: str, width: int | None, *, standalone: bool = False
) -> str:
    """One table for every problem, and one for the given labels of each kind.

    Args:
        catalog: an open catalog.
        names: problems (names, or paths ending in .toml) or labels.
        what: "functions" or "regions": the table of a problem.
        width: for problems; the largest one surveyed if None.
        standalone: a whole document instead of its body.

    Raises:
        CatalogError: an unknown name or table.
    """
    from catalog.latex import document, render_functions, render_regions

    if what in LATER:
        raise NotAvailable(f"tables of {what} are not available in this version; functions and regions are")
    if what not in ("functions", "regions"):
        raise CatalogError(f"unknown table {what!r}; choose from functions, regions, {', '.join(LATER)}")
    bodies: list[str] = []
    labelled: dict[tuple[str, str], list[tuple[Row, dict[str, str]]]] = {}
    problems = {row["name"]: problem_from_record(row) for row in catalog.problems()}
    for name in names:
        if ":" in name and not name.endswith(".toml"):
            entity, row, complete = catalog.record(name)
            labelled.setdefault((entity, row["problem"]), []).append((row, complete))
            continue
        problem = _named(catalog, name, problems)
        answer = catalog.query(what, problem=name, width=width)
        render = render_functions if what == "functions" else render_regions
        bodies.append(render(answer, answer.complete, problem=problem))
    for (entity, owner), found in labelled.items():
        rows, complete = [row for row, _ in found], dict(found[0][1])
        complete["caveat"] = "; ".join(filter(None, (complete["caveat"], "only the labels asked for are shown")))
        render = render_functions if entity == "functions" else render_regions
        bodies.append(render(rows, complete, problem=problems[owner]))
    return document(bodies) if standalone else "\n".join(bodies)


def _named(catalog: Catalog, name: str, problems: dict[str, IntervalProblem]) -> IntervalProblem | None:
    found = [row["name"] for row in catalog.problems(problem=name)]
    return problems[found[0]] if found else None
