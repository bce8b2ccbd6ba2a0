"""Families in the catalog: each stands behind the protocol, and none knows another."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

from catalog.families import AVAILABLE, FAMILIES, Family, family_named, family_of
from catalog.problem_file import bundled_problem_files, load_problem
from catalog.tables import merged

CATALOG = Path(__file__).parents[2] / "catalog"
ENTITIES = ("problems", "regions", "functions", "strata")


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("name", AVAILABLE)
def test_a_family_has_the_methods_of_the_protocol_and_no_others(name: str) -> None:
    wanted = {one for one, value in vars(Family).items() if inspect.isfunction(value) and not one.startswith("_")}
    family = type(family_named(name))
    assert {one for one in dir(family) if not one.startswith("_")} == wanted
    for one in wanted:
        mine, theirs = (inspect.signature(getattr(owner, one)) for owner in (family, Family))
        assert list(mine.parameters) == list(theirs.parameters), one


@pytest.mark.parametrize("name", AVAILABLE)
def test_a_family_imports_no_other(name: str) -> None:
    others = set(FAMILIES) - {name}
    modules = [*(CATALOG / name).glob("*.py")]
    assert modules
    for path in modules:
        for other in others:
            foreign = (f"catalog.{other}", f"symbolic.{other}")
            assert not {one for one in imported(path) if one.startswith(foreign)}, path


def test_every_family_has_columns_for_every_entity() -> None:
    for name in AVAILABLE:
        for entity in ENTITIES:
            columns = family_named(name).columns(entity)
            assert len(set(columns.short)) == len(columns.short)
            assert len(set(columns.csv)) == len(columns.csv)
            assert "family" in columns.csv


def test_every_bundled_problem_is_read_back_from_its_row() -> None:
    for file in bundled_problem_files():
        problem = load_problem(file).problem
        family = family_named(problem.family)
        row = family.problem_row(problem)
        assert row["content"] == problem.canonical_text()
        from catalog.record import from_text

        record = from_text(row["record"])
        assert family_of(record) is family
        assert family.problem_from_record(record) == problem


def test_columns_of_several_tables_keep_their_order() -> None:
    assert merged([]) == []
    assert merged([("a", "b", "d"), ("a", "c", "d", "e")]) == ["a", "c", "b", "d", "e"]
    assert merged([("a", "b"), ("c",)]) == ["c", "a", "b"]
    for headers in ([("x", "y", "z"), ("x", "q", "z")], [("a",), ("b", "a")]):
        whole = merged(headers)
        for header in headers:
            assert [name for name in whole if name in header] == list(header)
