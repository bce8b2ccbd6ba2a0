"""Databases for the tests of verification, built once, and corrupted copies of them."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import pytest

from catalog.build import build, jobs_of
from catalog.number_text import number_from_record, outward_floats
from catalog.problem_file import bundled_problem_files
from catalog.store import Store
from catalog.sweeps import build_sweeps
from catalog.teacher.branches import BRANCH_VERSION, save_branches
from catalog.transitions import build_transitions
from symbolic.errors import BudgetExceeded
from symbolic.teacher import branches, survey
from symbolic.teacher.problem import TeacherProblem

Record = dict[str, Any]
Change = Callable[[Any], Any]

TEACHER = 'name = "small"\nfamily = "teacher"\nk = 3\nisotropy = [[2, 1]]\n'
RECORDS = ("record", "numbers", "roles")
"""Columns that hold records."""

SWEEP = "bpf-toy@1:s2:-1..2"


def files() -> dict[str, Path]:
    """The bundled problem files by name."""
    return {file.stem: file for file in bundled_problem_files()}


@lru_cache
def verified_database() -> Path:
    """x2 and bpf-toy at width 2, x at width 2, a teacher with few starts; its named families are not followed."""
    folder = Path(tempfile.mkdtemp(prefix="saddlery-verified-"))
    path = folder / "catalog.sqlite"
    (folder / "small.toml").write_text(TEACHER)
    search = survey.survey_teacher

    @cache
    def quick(problem: TeacherProblem, width: int) -> survey.TeacherSurvey:
        return search(problem, width, starts=60, rounds=1)

    def refuse(name: str) -> branches.BranchReport:
        raise BudgetExceeded(f"{name} is not followed in tests")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(survey, "survey_teacher", quick)
        patch.setattr(branches, "follow", refuse)
        build(jobs_of([files()[name] for name in ("x2", "x", "bpf-toy")], 2), path)
        build(jobs_of([folder / "small.toml"], None), path)
    return path


@lru_cache
def flow_database() -> Path:
    """The same with the transitions of x at width 1, a sweep of bpf-toy, and the crossings of family A as published."""
    path = Path(tempfile.mkdtemp(prefix="saddlery-flows-")) / "catalog.sqlite"
    shutil.copyfile(verified_database(), path)
    build_transitions(jobs_of([files()["x"]], 1), path, 1)
    build_sweeps([files()["bpf-toy"]], "targets[2]=-1..2", 1, path)
    with Store.writing(path) as store:
        save_branches(store, family_a())
    return path


@lru_cache
def dataset_flow_database() -> Path:
    """The same with the transitions of x2 and bpf-toy at width 1 and of the teacher."""
    path = Path(tempfile.mkdtemp(prefix="saddlery-flows-")) / "catalog.sqlite"
    shutil.copyfile(flow_database(), path)
    folder = Path(tempfile.mkdtemp(prefix="saddlery-small-"))
    (folder / "small.toml").write_text(TEACHER)
    build_transitions(jobs_of([files()["x2"], files()["bpf-toy"]], 1), path, 1)
    build_transitions(jobs_of([folder / "small.toml"], None), path, 3)
    return path


def family_a() -> Record:
    """The rows of family A: its crossings at k = 2.1075... and 5.7638..., to 120 bits."""
    record = {
        "name": "A", "group": "Delta(S_k)", "low": "129/64", "high": "1000", "minima": [[6, 1000]],
        "end": "at k = 2 the growing block has 2 rows",
    }
    survey_row = {
        "name": "A", "status": "proved_in_box", "reason": "the Hessian is regular but at the crossings listed",
        "caveat": "", "record": text(record), "version": BRANCH_VERSION, "seconds": 1.0, "software": "{}",
    }
    rows = []
    crossings = (
        (
            "s0", "strict_saddle", "717172254328356726441912692273741962471/2**128",
            "2.10757983382367040628237337800899422",
        ),
        (
            "x0", "local_minimum", "1961323839927479340173930832373211754569/2**128",
            "5.76381273491957116692455955808479613",
        ),
    )
    for position, (irrep, kind_to, midpoint, decimal) in enumerate(crossings):
        k = {"ball": {"midpoint": midpoint, "radius": "1/2**120"}, "decimal": decimal}
        crossing = {"name": "A", "group": "Delta(S_k)", "irrep": irrep, "k": k, "from": "strict_saddle", "to": kind_to}
        lower, upper = outward_floats(number_from_record(k))
        rows.append({
            "name": "A", "irrep": irrep, "kind_from": "strict_saddle", "kind_to": kind_to, "k_lower": lower,
            "k_upper": upper, "position": position, "record": text(crossing),
        })
    return {"survey": survey_row, "branches": rows}


def text(record: Any) -> str:
    """Canonical text."""
    return json.dumps(record, sort_keys=True, separators=(",", ":"))


def put(*path: Any) -> Callable[[Any], Change]:
    """The change that sets what is at a path of a record to a value, or to what a function makes of it."""

    def with_value(value: Any) -> Change:
        def change(record: Any) -> Any:
            place = record
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = value(place[path[-1]]) if callable(value) else value
            return record

        return change

    return with_value


def rational(exact: str, decimal: str) -> Record:
    return {"rational": exact, "decimal": decimal}


def digit(number: str) -> str:
    """One digit of a number changed, the third from the left that is one."""
    places = [i for i, letter in enumerate(number) if letter.isdigit()]
    place = places[min(2, len(places) - 1)]
    return number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]


def entry(position: int, change: Callable[[str], str]) -> Change:
    return lambda row: ";".join(change(part) if i == position else part for i, part in enumerate(row.split(";")))


def changed(built: Path, folder: Path) -> tuple[Path, sqlite3.Connection]:
    path = folder / "changed.sqlite"
    shutil.copyfile(built, path)
    return path, sqlite3.connect(path)


def corrupt(
    built: Path, folder: Path, table: str, where: str, column: str, change: Any, also: Mapping[str, Any] | None = None
) -> Path:
    """A copy in which one value of one row is another one; `also` are columns beside it that repeat it."""
    path, connection = changed(built, folder)
    with connection:
        chosen = connection.execute(f"SELECT rowid, {column} FROM {table} WHERE {where} ORDER BY rowid").fetchone()
        assert chosen is not None, where
        row, old = chosen
        made = change(json.loads(old) if column in RECORDS else old) if callable(change) else change
        new = text(made) if column in RECORDS else made
        assert new != old
        for name, value in {column: new, **(also or {})}.items():
            connection.execute(f"UPDATE {table} SET {name} = ? WHERE rowid = ?", (value, row))
    connection.close()
    return path
