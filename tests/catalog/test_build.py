"""Building: resumed after kill -9, two at once, the same bytes whatever the workers; the released records."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from fractions import Fraction
from importlib import import_module
from pathlib import Path

import pytest
from conftest import Command, write_problem

from catalog import build as build_module
from catalog.build import Progress, build, jobs_of
from catalog.errors import CatalogError
from catalog.migrations import APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION
from catalog.problem_file import bundled_problem_files
from catalog.query import open_catalog
from catalog.release import release
from catalog.store import Store, StoredCell
from catalog.strata_store import save_strata, strata_surveys_of
from symbolic.interval.functions import IntervalFunction
from symbolic.interval.orderings import realized_in_closure, regions

ROOT = Path(__file__).parents[2]
TARGET = "x**3 - x/3"


def start(*arguments: str) -> subprocess.Popen[bytes]:
    """The real command in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "catalog", *arguments]

    def interruptible() -> None:
        """A shell that runs the tests in the background has children ignore the interrupt."""
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=interruptible
    )


def answers(database: Path) -> object:
    with open_catalog(database) as opened:
        return [opened.query(entity).as_json() for entity in ("problems", "regions", "functions", "strata")]


def released(database: Path, folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in release(folder, database)}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    build(jobs_of([write_problem(folder, "p", TARGET, width="3")], None), folder / "catalog.sqlite")
    return folder / "catalog.sqlite"


def test_progress_counts_every_step_once_and_a_finished_build_does_no_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = jobs_of([write_problem(tmp_path, "p", TARGET), write_problem(tmp_path, "a", "x")], None)
    seen: list[Progress] = []
    first = build(jobs, report=seen.append)
    cells = (1 + 2) + (1 + 4)
    assert {one.total for one in seen} == {cells + 2 * (2 + 2)}
    assert [one.done for one in seen] == sorted(one.done for one in seen)
    assert seen[-1].done == seen[-1].total
    monkeypatch.setattr("symbolic.surveys.survey", lambda *_, **__: pytest.fail("a finished build surveys again"))
    before = (tmp_path / "catalog.sqlite").read_bytes()
    seen.clear()
    assert build(jobs, report=seen.append) == first
    assert seen[-1].done == seen[-1].total
    assert (tmp_path / "catalog.sqlite").read_bytes() == before


def test_cells_are_shared_by_equivalent_problems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(jobs_of([write_problem(tmp_path, "one", "x**3")], None))
    monkeypatch.setattr("symbolic.surveys.solve_cell", lambda *_: pytest.fail("a known cell is solved again"))
    equivalent = write_problem(tmp_path, "two", "2*x**3/27 - 5", domain='["0", "3"]')
    build(jobs_of([equivalent], None))
    with open_catalog() as opened:
        assert len(opened.functions(problem="two")) == len(opened.functions(problem="one")) == 8


def test_rows_of_the_database_are_the_survey(tmp_path: Path) -> None:
    build(jobs_of([write_problem(tmp_path, "p", TARGET)], None))
    with open_catalog() as opened:
        rows = list(opened.regions(problem="p"))
        labels = [row["label"] for row in opened.functions(problem="p")]
        provenance = opened.store.surveys()
    assert [row["label"] for row in rows] == [f"p@2:{region.label}" for region in regions(2)]
    from symbolic.surveys import survey

    surveyed = survey(jobs_of([tmp_path / "p.toml"], None)[0].problem, 2)
    assert labels == [one.label for one in surveyed.functions]

    def realized(one: IntervalFunction) -> list[str]:
        return [f"p@2:{region.label}" for region in regions(2) if realized_in_closure(region, one, True)]

    for one in surveyed.functions:
        assert [row["label"] for row in rows if one.label in row["functions"]] == realized(one)
    for row in provenance:
        assert json.loads(row["software"])["saddlery"]
        assert json.loads(row["parameters"])["seconds_per_cell"] is None
        assert row["seconds"] > 0
        assert row["finished_at"].startswith("20")


def test_undecided_cells_are_tried_again_only_with_more_time(tmp_path: Path) -> None:
    jobs = jobs_of([write_problem(tmp_path, "p", TARGET, width="1")], None)
    (row,) = build(jobs, budget=1e-9)
    assert row["status"] == row["strata"]["status"] == "undecided"
    assert build(jobs, budget=1e-9) == [row]
    assert build(jobs, budget=1e-10) == [row]
    (row,) = build(jobs, budget=None)
    assert row["status"] == row["strata"]["status"] == "proved"
    (again,) = build(jobs, budget=1e-9)
    assert again == row


def test_a_survey_is_brought_up_to_date_when_its_cells_were_decided_elsewhere(tmp_path: Path) -> None:
    one = jobs_of([write_problem(tmp_path, "one", "x**3", width="1")], None)
    other = jobs_of([write_problem(tmp_path, "other", "5*x**3", width="1")], None)
    assert build(one, budget=1e-9)[0]["status"] == "undecided"
    assert build(other)[0]["status"] == "proved"
    assert build(one, budget=1e-9)[0]["status"] == "proved"


def test_a_worker_that_dies_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise build_module.BrokenProcessPool

    monkeypatch.setattr("symbolic.surveys.survey", broken)
    with pytest.raises(CatalogError, match="a worker process died"):
        build(jobs_of([write_problem(tmp_path, "p", TARGET)], None))


def test_strata_that_are_missing_are_surveyed_without_solving_again(
    undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a build leaves it that was stopped between the functions and the strata of a width."""
    database = tmp_path / "catalog.sqlite"
    database.write_bytes(undisturbed.read_bytes())
    with sqlite3.connect(database) as connection:
        for table in ("strata", "strata_counts", "strata_surveys"):
            connection.execute(f"DELETE FROM {table} WHERE width = 2")
        connection.execute("UPDATE strata_surveys SET version = 0 WHERE width = 1")
    connection.close()
    surveying = import_module("symbolic.surveys")
    monkeypatch.setattr(surveying, "solve_cell", lambda *_: pytest.fail("a known cell is solved again"))
    rows = build(jobs_of([write_problem(tmp_path, "p", TARGET, width="3")], None), database)
    assert [row["strata"]["status"] for row in rows] == ["proved"] * 3
    assert answers(database) == answers(undisturbed)
    with open_catalog(database) as here, open_catalog(undisturbed) as there:
        for width in (1, 2):
            assert list(here.strata(width=width)) == list(there.strata(width=width))


def as_before(database: Path, version: int, path: Path) -> None:
    """What an earlier version would have stored of a database."""
    with sqlite3.connect(path) as connection:
        for migration in MIGRATIONS[:version]:
            for statement in migration.statements:
                connection.execute(statement)
            provenance = (migration.version, migration.name, "2026-01-01", "0")
            connection.execute("INSERT INTO migrations VALUES (?, ?, ?, ?)", provenance)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {version}")
        connection.execute("ATTACH ? AS now", (str(database),))
        tables = [name for (name,) in connection.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table'")]
        # The seal is that of the file itself; its migration fills the table.
        for table in sorted(set(tables) - {"migrations", "seals"}):
            then, now = (
                [row[1] for row in connection.execute(f"PRAGMA {schema}.table_info({table})")]
                for schema in ("main", "now")
            )
            columns = ", ".join(name for name in then if name in now)
            connection.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM now.{table}")
    connection.close()


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION))
def test_a_database_of_an_earlier_version_is_brought_up_to_date(
    version: int, undisturbed: Path, tmp_path: Path
) -> None:
    database = tmp_path / "catalog.sqlite"
    as_before(undisturbed, version, database)
    with pytest.raises(CatalogError, match=f"has schema {version}, older than {SCHEMA_VERSION}"):
        open_catalog(database)
    with Store.writing(database) as store:
        assert [row["name"] for row in store.migrations()] == [one.name for one in MIGRATIONS]
        if version > 1:
            # As an older version marks its strata.
            with store.transaction() as connection:
                connection.exec_driver_sql("UPDATE strata_surveys SET version = 0")
    build(jobs_of([write_problem(tmp_path, "p", TARGET, width="3")], None), database)
    assert answers(database) == answers(undisturbed)


def test_strata_over_functions_that_are_gone_are_surveyed_again(undisturbed: Path, tmp_path: Path) -> None:
    database = tmp_path / "catalog.sqlite"
    database.write_bytes(undisturbed.read_bytes())
    with Store.writing(database) as store:
        (survey,) = [row for row in store.surveys() if row["width"] == 2]
        functions = store.functions("p", 2)
        renamed = [row | {"label": row["label"] + "?"} for row in functions[:1]]
        store.save_survey(survey, renamed + functions[1:], [])
        assert strata_surveys_of(store) == {}
    row = {"problem": "p", "width": 2}
    with Store.writing(database) as store, pytest.raises(CatalogError, match="which is no function"):
        save_strata(store, row, [{"function": "p:B.+.9"}], [])


def test_two_workers_give_the_same_bytes(undisturbed: Path, tmp_path: Path) -> None:
    problem = write_problem(tmp_path, "p", TARGET, width="3")
    process = start("build", str(problem), "--workers", "2")
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert out.count(b"proved") == 3
    database = tmp_path / "catalog.sqlite"
    assert answers(database) == answers(undisturbed)
    assert released(database, tmp_path / "here") == released(undisturbed, tmp_path / "there")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_build_that_was_stopped_goes_on(how: signal.Signals, undisturbed: Path, tmp_path: Path) -> None:
    """Stopped as soon as a few cells are stored, whatever it does at that moment; the workers end with it."""
    problem = write_problem(tmp_path, "p", TARGET, width="3")
    database, kept = stopped_build(problem, how, tmp_path)
    second = start("build", str(problem), "--workers", "1", "--db", str(database))
    _, err = second.communicate(timeout=300)
    assert second.returncode == 0, err
    with Store.reading(database) as store:
        now = store.cells(store.problems()[0]["canonical"])
    assert {key: now[key] for key in kept} == kept
    assert answers(database) == answers(undisturbed)


def stopped_build(problem: Path, how: signal.Signals, folder: Path) -> tuple[Path, dict[tuple[int, str], StoredCell]]:
    """A database whose build was stopped after at least 4 cells and before the last width, and its cells.

    On a busy machine the build may be done before it is stopped; then another one is started.
    """
    for attempt in range(20):
        database = folder / f"stopped-{attempt}.sqlite"
        process = start("build", str(problem), "--workers", "2", "--db", str(database))
        wait_for_cells(database, process, 4)
        process.send_signal(how)
        # The pipes close when the workers, which have them too, are gone.
        _, err = process.communicate(timeout=60)
        if process.returncode == 0:
            continue
        if how == signal.SIGINT:
            assert process.returncode == 130
            assert b"interrupted; what was solved is kept" in err
            assert b"Traceback" not in err
        else:
            assert process.returncode == -signal.SIGKILL
        with Store.reading(database) as store:
            cells = store.cells(store.problems()[0]["canonical"])
            if 3 not in {row["width"] for row in store.surveys()}:
                assert len(cells) >= 4
                return database, cells
    pytest.fail("no build could be stopped in time")


def wait_for_cells(database: Path, process: subprocess.Popen[bytes], count: int) -> None:
    """Looked at without the checks of a reader, which take longer than a small build on a busy machine."""
    while process.poll() is None:
        time.sleep(0.002)
        if not database.exists() or database.stat().st_size == 0:
            continue
        connection = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)
        try:
            (found,) = connection.execute("SELECT count(*) FROM cells").fetchone()
        except sqlite3.OperationalError:
            continue
        finally:
            connection.close()
        if found >= count:
            return


def test_two_builds_at_once_both_finish(undisturbed: Path, tmp_path: Path) -> None:
    problem = write_problem(tmp_path, "p", TARGET, width="3")
    processes = [start("build", str(problem), "--workers", "1") for _ in range(2)]
    for process in processes:
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        assert out.count(b"proved") == 3
    assert answers(tmp_path / "catalog.sqlite") == answers(undisturbed)


def test_the_release_has_nothing_of_time_or_machine(undisturbed: Path, tmp_path: Path) -> None:
    (text,) = released(undisturbed, tmp_path / "out").values()
    records = [json.loads(line) for line in text.decode("ascii").splitlines()]
    functions = [record["functions"] for record in records if record["record"] == "survey"][-1]
    kinds = [record["record"] for record in records]
    first = ["header", "problem", *["survey"] * 3, *["system"] * 17, *["function"] * functions]
    assert kinds[: len(first)] == first
    assert records[1]["target"] == TARGET.replace("x/3", "1*x/3")
    assert {tuple(sorted(record)) for record in records if record["record"] == "system"} == {
        ("knots", "record", "solutions", "status", "system")
    }
    strata = records[len(first) :]
    surveys = [record for record in strata if record["record"] == "strata_survey"]
    for survey, width in zip(surveys, (1, 2, 3), strict=True):
        mine = [record for record in strata if record["width"] == width and record is not survey]
        found = [record for record in mine if record["record"] == "stratum"]
        counts = [record for record in mine if record["record"] == "strata_count"]
        assert len(counts) == (functions if width == 3 else 0)
        counted = sum(sum(record["kinds"].values()) + record["only_clarke"] for record in counts)
        assert len(found) + counted == survey["strata"]
        assert width == 3 or sum(record["orbit_size"] for record in found) == survey["labelled"]
        explained = {record["code"] for record in mine if record["record"] == "role"}
        assert explained == {code for record in found for code in record["roles"]}
    for record in records:
        assert not {"seconds", "boxes", "software", "finished_at", "method", "solved_at"} & set(record)
    assert sorted(os.listdir(tmp_path / "out")) == ["p.jsonl"]


def test_release_command(small_database: Path, tmp_path: Path, saddlery: Command) -> None:
    database = ["--db", str(small_database)]
    outcome = saddlery("release", "x2", "-o", str(tmp_path / "out"), *database)
    assert outcome.code == 0
    assert outcome.out == f"{tmp_path / 'out' / 'x2.jsonl'}\n"
    bad = ((["x9", "-o", "out"], "no survey of 'x9'"), (["-o", "/dev/null/out"], "cannot be written"))
    for arguments, words in bad:
        refused = saddlery("release", *arguments, *database)
        assert refused.is_refused(), refused
        assert words in refused.err


@pytest.mark.slow
def test_the_released_records_are_rebuilt_byte_for_byte(tmp_path: Path) -> None:
    process = start("build", "--strict", "--workers", "2")
    _, err = process.communicate(timeout=1200)
    assert process.returncode == 0, err
    rebuilt = released(tmp_path / "catalog.sqlite", tmp_path / "out")
    kept = {path.name: path.read_bytes() for path in (ROOT / "data" / "catalog").glob("*.jsonl")}
    assert sorted(rebuilt) == sorted(kept) == sorted(f"{path.stem}.jsonl" for path in bundled_problem_files())
    for name, data in rebuilt.items():
        if b'"family":"teacher"' in data.splitlines()[1]:
            assert mathematics(data) == mathematics(kept[name]), name
        else:
            assert data == kept[name], name


def mathematics(data: bytes) -> list[object]:
    """Functions, numbers of strata and crossings of a teacher problem, balls to 25 digits.

    The search starts from floats: how often a point is met, and where in its ball it is rounded, differs by machine.
    """

    def shortened(value: object) -> object:
        if isinstance(value, dict):
            if "ball" in value:
                return value["decimal"].partition("e")[0][:25]
            return {key: shortened(one) for key, one in value.items()}
        return [shortened(one) for one in value] if isinstance(value, list) else value

    records = [json.loads(line) for line in data.splitlines()]
    told = [one for one in records if one["record"] in ("function", "strata_count") or "irrep" in one]
    return [shortened(one) for one in told]


def test_the_released_losses_and_counts() -> None:
    """Critical functions per width, and the least loss, from published closed forms."""
    counts = {
        "x": (2, 3, 3, 4, 4, 5),
        "x2": (3, 7, 15, 35),
        "x3": (3, 8, 18, 42),
        "x3-x": (4, 9, 20, 44),
    }
    for name, expected in counts.items():
        lines = (ROOT / "data" / "catalog" / f"{name}.jsonl").read_text().splitlines()
        records = [json.loads(line) for line in lines]
        surveys = [record for record in records if record["record"] == "survey"]
        assert tuple(record["functions"] for record in surveys) == expected
        assert {record["status"] for record in surveys} == {"proved"}
        assert sum(record["record"] == "function" for record in records) == expected[-1]
    best = [json.loads(line) for line in (ROOT / "data" / "catalog" / "x2.jsonl").read_text().splitlines()]
    losses = {Fraction(one["loss"]["rational"]) for one in best if "loss" in one and "rational" in one["loss"]}
    assert {Fraction(16, 180 * (2 * m + 1) ** 4) for m in range(1, 5)} <= losses
