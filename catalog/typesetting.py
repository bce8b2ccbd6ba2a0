"""From names of problems and labels to the LaTeX tables of `catalog.latex`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from catalog.errors import CatalogError
from catalog.families import Family, family_named, family_of
from catalog.problem_file import load_problem
from catalog.query import Catalog
from catalog.store import Row
from symbolic.problem import Problem

TABLES = ("functions", "strata", "regions", "transitions", "branches", "classification")


def typeset(
    catalog: Catalog, names: Sequence[str], what: str, width: int | None, *, standalone: bool = False
) -> str:
    """One table for every problem, and one for the given labels of each kind.

    Args:
        catalog: an open catalog.
        names: problems (names, or paths ending in .toml) or labels.
        what: the table of a problem: "functions", "strata", "regions", "transitions", "branches" of a teacher problem,
            or "classification" for an affine target.
        width: for problems; the largest one surveyed if None.
        standalone: a whole document instead of its body.

    Raises:
        CatalogError: an unknown name or table.
        Refuted: the classification disagrees with the enumerated strata.
    """
    from catalog.latex import document

    if what not in TABLES:
        raise CatalogError(f"unknown table {what!r}; choose from {', '.join(TABLES)}")
    if what == "classification" and width is not None:
        raise CatalogError("--width does not apply to the classification, which is that of all widths")
    bodies: list[str] = []
    labelled: dict[tuple[str, str], list[tuple[Row, dict[str, str]]]] = {}
    problems: dict[str, Problem] = {row["name"]: family_of(row).problem_from_record(row) for row in catalog.problems()}
    for name in names:
        if ":" in name and not name.endswith(".toml"):
            entity, row, complete = catalog.record(name)
            labelled.setdefault((entity, row["problem"]), []).append((row, complete))
            continue
        problem = _named(catalog, name, problems)
        if what == "classification":
            bodies.append(_classification(catalog, name, problem))
        else:
            _check_has_table(catalog, name, what)
            answer = catalog.query(what, problem=name, width=width)
            bodies.append(_family(catalog, name).latex(what, list(answer), answer.complete, problem))
    for (entity, owner), found in labelled.items():
        rows, complete = [row for row, _ in found], dict(found[0][1])
        complete["caveat"] = "; ".join(filter(None, (complete["caveat"], "only the labels asked for are shown")))
        bodies.append(family_of(rows[0]).latex(entity, rows, complete, problems[owner]))
    return document(bodies) if standalone else "\n".join(bodies)


def _classification(catalog: Catalog, name: str, problem: Problem | None) -> str:
    from catalog.interval.latex_classification import render_classification
    from symbolic.interval.problem import IntervalProblem

    if problem is None:
        raise CatalogError(f"{name} is not in {catalog.store.path}; run `saddlery build` on it once")
    if not isinstance(problem, IntervalProblem):
        raise CatalogError(f"the classification is that of interval problems; {name} is one of {problem.family}")
    return render_classification(catalog, problem)


def _check_has_table(catalog: Catalog, name: str, what: str) -> None:
    if what == "branches" and _family_name(catalog, name) != "teacher":
        raise CatalogError(f"branches are those of teacher problems; {name} is one of {_family_name(catalog, name)}")


def _family(catalog: Catalog, name: str) -> Family[Any]:
    """The family of a problem, which may be a file that is not in the database."""
    return family_named(_family_name(catalog, name))


def _family_name(catalog: Catalog, name: str) -> str:
    return load_problem(name).problem.family if name.endswith(".toml") else catalog.store.families()[name]


def _named(catalog: Catalog, name: str, problems: dict[str, Problem]) -> Problem | None:
    found = [row["name"] for row in catalog.problems(problem=name)]
    return problems[found[0]] if found else None
