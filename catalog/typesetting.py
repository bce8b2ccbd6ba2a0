"""From names of problems and labels to the LaTeX tables of `catalog.latex`."""

from __future__ import annotations

from collections.abc import Sequence

from catalog.errors import CatalogError, NotAvailable
from catalog.query import Catalog
from catalog.record import problem_from_record
from catalog.store import Row
from symbolic.interval.problem import IntervalProblem

LATER = ("transitions",)
TABLES = ("functions", "strata", "regions", "classification")


def typeset(
    catalog: Catalog, names: Sequence[str], what: str, width: int | None, *, standalone: bool = False
) -> str:
    """One table for every problem, and one for the given labels of each kind.

    Args:
        catalog: an open catalog.
        names: problems (names, or paths ending in .toml) or labels.
        what: the table of a problem: "functions", "strata", "regions", or "classification" for an affine target.
        width: for problems; the largest one surveyed if None.
        standalone: a whole document instead of its body.

    Raises:
        CatalogError: an unknown name or table.
        Refuted: the classification disagrees with the enumerated strata.
    """
    from catalog.latex import document

    if what in LATER:
        raise NotAvailable(f"tables of {what} are not available in this version; {', '.join(TABLES)} are")
    if what not in TABLES:
        raise CatalogError(f"unknown table {what!r}; choose from {', '.join(TABLES + LATER)}")
    if what == "classification" and width is not None:
        raise CatalogError("--width does not apply to the classification, which is that of all widths")
    bodies: list[str] = []
    labelled: dict[tuple[str, str], list[tuple[Row, dict[str, str]]]] = {}
    problems = {row["name"]: problem_from_record(row) for row in catalog.problems()}
    for name in names:
        if ":" in name and not name.endswith(".toml"):
            entity, row, complete = catalog.record(name)
            labelled.setdefault((entity, row["problem"]), []).append((row, complete))
            continue
        problem = _named(catalog, name, problems)
        if what == "classification":
            bodies.append(_classification(catalog, name, problem))
        else:
            answer = catalog.query(what, problem=name, width=width)
            bodies.append(_render(what, answer, answer.complete, problem))
    for (entity, owner), found in labelled.items():
        rows, complete = [row for row, _ in found], dict(found[0][1])
        complete["caveat"] = "; ".join(filter(None, (complete["caveat"], "only the labels asked for are shown")))
        bodies.append(_render(entity, rows, complete, problems[owner]))
    return document(bodies) if standalone else "\n".join(bodies)


def _render(entity: str, rows: Sequence[Row], complete: Row, problem: IntervalProblem | None) -> str:
    from catalog.latex import render_functions, render_regions
    from catalog.latex_strata import render_strata

    if entity == "functions":
        return render_functions(rows, complete, problem=problem)
    if entity == "strata":
        return render_strata(rows, complete, problem=problem)
    return render_regions(rows, complete, problem=problem)


def _classification(catalog: Catalog, name: str, problem: IntervalProblem | None) -> str:
    from catalog.latex_classification import render_classification

    if problem is None:
        raise CatalogError(f"{name} is not in {catalog.store.path}; run `saddlery build` on it once")
    return render_classification(catalog, problem)


def _named(catalog: Catalog, name: str, problems: dict[str, IntervalProblem]) -> IntervalProblem | None:
    found = [row["name"] for row in catalog.problems(problem=name)]
    return problems[found[0]] if found else None
