"""The cases of a data set in the database: text, object, text is the identity, and what is stored proves the list."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import write_problem

from catalog.build import build, jobs_of
from catalog.dataset.case_record import cases_from_record, cases_record, stored_cases
from catalog.errors import CatalogError
from catalog.problem_file import bundled_problem_files, load_problem
from catalog.query import open_catalog
from catalog.record import Record, from_text, to_text
from catalog.store import Store
from symbolic import survey
from symbolic.dataset.check import check_cases
from symbolic.dataset.patterns import arrangement
from symbolic.dataset.problem import DatasetProblem

FILES = {file.stem: file for file in bundled_problem_files()}


def data_set(name: str) -> DatasetProblem:
    problem = load_problem(FILES[name]).problem
    assert isinstance(problem, DatasetProblem)
    return problem


@pytest.mark.parametrize(("name", "width"), [("bpf-toy", 2), ("tent3", 2), ("xor", 1), ("zigzag4", 2)])
def test_the_record_is_the_cases(name: str, width: int) -> None:
    cases = survey(data_set(name), width).cases
    text = to_text(cases_record(width, cases))
    read = cases_from_record(from_text(text))
    assert read == cases
    assert to_text(cases_record(width, read)) == text


def test_what_a_build_stores_proves_the_list(tmp_path: Path) -> None:
    problem = data_set("tent3")
    build(jobs_of([FILES["tent3"]], 2))
    with Store.reading() as store:
        for width in (1, 2):
            cases = stored_cases(store, "tent3", width)
            assert check_cases(problem, width, cases) == []
            assert check_cases(problem, width, cases[1:])
            realized = {case.residuals for case in cases if case.live_sets}
            assert len(realized) == len(store.functions("tent3", width, clarke=True))
        with pytest.raises(CatalogError, match="no cases of tent3 at width 3"):
            stored_cases(store, "tent3", 3)


def test_cases_that_are_missing_are_made_again(tmp_path: Path) -> None:
    """An older version kept none; its surveys are marked as older."""
    build(jobs_of([FILES["tent3"]], 1))
    with Store.writing() as store, store.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM cases")
        connection.exec_driver_sql("""UPDATE surveys SET parameters = '{"survey_version":1}'""")
    build(jobs_of([FILES["tent3"]], 1))
    with Store.reading() as store:
        assert check_cases(data_set("tent3"), 1, stored_cases(store, "tent3", 1)) == []


def no_field(record: Record) -> None:
    del record["cases"][0]["live"]


def other_spelling(record: Record) -> None:
    record["cases"][1]["residuals"][0] = "2/4"


def unknown_letter(record: Record) -> None:
    record["cases"][-1]["directional"][0] = "+-+z"


def no_such_type(record: Record) -> None:
    next(case for case in record["cases"] if case["live"])["live"][0][0] = [-1]


def inexact_vector(record: Record) -> None:
    next(case for case in record["cases"] if case["refutations"])["refutations"][0][0] = 0.5


@pytest.mark.parametrize("damage", [no_field, other_spelling, unknown_letter, no_such_type, inexact_vector])
def test_a_malformed_record_is_one_clear_line(damage: Callable[[Record], None]) -> None:
    record = cases_record(1, survey(data_set("tent3"), 1).cases)
    cases_from_record(record)
    broken = copy.deepcopy(record)
    damage(broken)
    with pytest.raises(CatalogError):
        cases_from_record(broken)


def test_a_raised_budget_of_patterns_is_that_of_the_whole_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrangement.__wrapped__, "__defaults__", (4,))
    data = {"family": '"dataset"', "inputs": "[[-7], [3], [13]]", "targets": "[0, 1, 0]", "bias": "true", "width": "1"}
    path = tmp_path / "three.toml"
    path.write_text("".join(f"{key} = {value}\n" for key, value in ({"name": '"three"'} | data).items()))
    build(jobs_of([path], None), patterns=100)
    with open_catalog() as opened:
        for answer in (opened.functions(problem="three"), opened.strata(problem="three"), opened.regions()):
            assert answer.complete["status"] == "proved"
            assert len(answer)


def test_interval_problems_have_no_cases(tmp_path: Path) -> None:
    build(jobs_of([write_problem(tmp_path, "line", "x", width="1")], None))
    with Store.reading() as store, pytest.raises(CatalogError, match="no cases of line"):
        stored_cases(store, "line", 1)
