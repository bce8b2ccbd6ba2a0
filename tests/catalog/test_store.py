"""The database: schema and migrations, what is refused, and one clear line when the disk does not play along."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from conftest import CELL, Command, write_problem

from catalog import location, migrations, store
from catalog.errors import CatalogError, DatabaseError
from catalog.location import connect, database_path
from catalog.migrations import APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION, Migration
from catalog.schema import metadata
from catalog.store import Store

PROBLEM = {
    "name": "p",
    "family": "interval",
    "content": "something",
    "canonical": "c",
    "record": "{}",
    "degree": 2,
    "samples": None,
    "dimension": None,
    "teachers": None,
}
READS = (["query", "functions"], ["show", "x:A.0.1"], ["latex", "x"], ["release"])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "catalog #1?.sqlite"


def test_default_location(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert database_path() == tmp_path / "catalog.sqlite"
    monkeypatch.delenv("SADDLERY_DB")
    assert database_path() == tmp_path / "data" / "saddlery" / "catalog.sqlite"
    monkeypatch.setenv("XDG_DATA_HOME", "relative/is/ignored")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(location.sys, "platform", "linux")
    assert database_path() == tmp_path / ".local" / "share" / "saddlery" / "catalog.sqlite"
    assert database_path("sqlite:////var/x.sqlite") == Path("/var/x.sqlite")
    assert database_path("sqlite:///x.sqlite") == Path("x.sqlite")


@pytest.mark.parametrize("url", ["postgresql://host/db", "http://x/y", "sqlite://", ":memory:", "a\nb", "sqlite:x"])
def test_locations_that_are_no_files(url: str, saddlery: Command) -> None:
    outcome = saddlery("query", "problems", "--db", url)
    assert outcome.is_refused(), outcome
    assert "the database must be" in outcome.err


def test_migrations_make_the_tables_that_the_queries_use(path: Path) -> None:
    with Store.writing(path) as opened:
        assert [(row["version"], row["name"]) for row in opened.migrations()] == [
            (one.version, one.name) for one in MIGRATIONS
        ]
    connection = sqlite3.connect(path)
    for table in metadata.sorted_tables:
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table.name})")]
        assert columns == list(table.columns.keys())
    strict = {row[1]: row[5] for row in connection.execute("PRAGMA table_list") if row[0] == "main"}
    assert all(strict[table.name] == 1 for table in metadata.sorted_tables)
    assert strict["migrations"] == 1
    assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    connection.close()
    assert [one.version for one in MIGRATIONS] == list(range(1, SCHEMA_VERSION + 1))


def test_a_later_migration_runs_once_and_keeps_the_data(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.writing(path) as opened:
        opened.save_problems([PROBLEM])
    more = Migration(SCHEMA_VERSION + 1, "a note", ("CREATE TABLE notes (text TEXT NOT NULL) STRICT",))
    monkeypatch.setattr(store, "MIGRATIONS", (*MIGRATIONS, more))
    monkeypatch.setattr(store, "SCHEMA_VERSION", more.version)
    with pytest.raises(DatabaseError, match=f"older than {more.version}; run `saddlery build`"):
        Store.reading(path)
    for _ in range(2):
        with Store.writing(path) as opened:
            assert [row["name"] for row in opened.migrations()] == [*(one.name for one in MIGRATIONS), "a note"]
            assert opened.problems() == [PROBLEM]


def test_a_migration_that_fails_leaves_the_database_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.writing(path):
        pass
    before = path.read_bytes()
    statements = ("CREATE TABLE notes (text TEXT NOT NULL) STRICT", "CREATE TABLE notes (text TEXT) STRICT")
    monkeypatch.setattr(store, "MIGRATIONS", (*MIGRATIONS, Migration(SCHEMA_VERSION + 1, "broken", statements)))
    with pytest.raises(DatabaseError, match="already exists"):
        Store.writing(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("arguments", READS)
def test_no_database_is_said_and_none_is_made(arguments: list[str], tmp_path: Path, saddlery: Command) -> None:
    outcome = saddlery(*arguments)
    assert outcome.is_refused(), outcome
    assert "no database at" in outcome.err
    assert "saddlery build" in outcome.err
    assert list(tmp_path.iterdir()) == []


def foreign(path: Path, kind: str) -> str:
    """Make a file that is not ours, and return words that its refusal must have."""
    if kind == "text":
        path.write_text("not a database, but long enough to have a header " * 50)
        return "is not an SQLite database"
    if kind == "directory":
        path.mkdir()
        return "is a directory"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE functions (label TEXT)")
    words = "of another program"
    if kind == "newer":
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 6}")
        words = "newer version"
    if kind == "other application":
        connection.execute("PRAGMA application_id = 77")
        connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()
    return words


@pytest.mark.parametrize("kind", ["text", "directory", "other program", "newer", "other application"])
def test_a_foreign_database_is_refused_and_left_alone(kind: str, tmp_path: Path, saddlery: Command) -> None:
    path = tmp_path / "foreign.sqlite"
    words = foreign(path, kind)
    problem = write_problem(tmp_path, "good")
    before = path.read_bytes() if path.is_file() else b""
    for arguments in (*READS, ["build", str(problem)]):
        outcome = saddlery(*arguments, "--db", str(path))
        assert outcome.is_refused(), outcome
        assert words in outcome.err
    assert (path.read_bytes() if path.is_file() else b"") == before
    assert sorted(tmp_path.iterdir()) == sorted([path, problem])


def test_an_empty_file_is_no_catalog_to_read(tmp_path: Path, saddlery: Command) -> None:
    (tmp_path / "catalog.sqlite").touch()
    outcome = saddlery("query", "problems")
    assert outcome.is_refused()
    assert "is empty" in outcome.err
    assert (tmp_path / "catalog.sqlite").stat().st_size == 0


def test_reading_never_writes(path: Path) -> None:
    with Store.writing(path):
        pass
    with Store.reading(path) as opened, pytest.raises(DatabaseError, match="read-only"):
        opened.save_problems([PROBLEM])


def test_a_read_only_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, saddlery: Command) -> None:
    """A disk mounted read-only, simulated by opening the file the way SQLite then does."""
    problem = write_problem(tmp_path, "good", width="1")
    with Store.writing():
        pass
    monkeypatch.setattr(store, "connect", lambda path, mode: connect(path, "ro"))
    outcome = saddlery("build", str(problem), "--workers", "1")
    assert outcome.is_refused(), outcome
    assert "read-only" in outcome.err
    (tmp_path / "catalog.sqlite").unlink()
    outcome = saddlery("build", str(problem), "--workers", "1")
    assert outcome.is_refused(), outcome
    assert "cannot be opened" in outcome.err


def test_a_folder_that_cannot_be_made(tmp_path: Path, saddlery: Command) -> None:
    problem = write_problem(tmp_path, "good")
    outcome = saddlery("build", str(problem), "--db", str(problem / "inside" / "catalog.sqlite"))
    assert outcome.is_refused(), outcome
    assert "cannot be made" in outcome.err


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, saddlery: Command) -> None:
    """The database may not grow past 45 pages: what was stored before stays readable."""

    def bounded(path: Path, mode: str) -> sqlite3.Connection:
        connection = connect(path, mode)
        connection.execute("PRAGMA max_page_count = 45")
        return connection

    problem = write_problem(tmp_path, "good", width="3")
    monkeypatch.setattr(store, "connect", bounded)
    outcome = saddlery("build", str(problem), "--workers", "1")
    assert outcome.code == 2
    assert "disk is full" in outcome.err.splitlines()[-1]
    assert "Traceback" not in outcome.err
    monkeypatch.undo()
    kept = saddlery("query", "functions", "--db", str(tmp_path / "catalog.sqlite"), "--format", "json")
    assert kept.code == 0
    assert json.loads(kept.out)["rows"]


def test_a_locked_database_is_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.writing(path):
        pass
    monkeypatch.setattr(location, "BUSY_SECONDS", 0.01)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(DatabaseError, match="is locked by another program"):
        Store.writing(path)
    other.close()


def test_a_write_that_was_killed_is_undone_by_the_next_reader(path: Path) -> None:
    """A hot journal, made by copying the files in the middle of a transaction, as a killed writer leaves them."""
    with Store.writing(path) as opened:
        opened.save_problems([PROBLEM])
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("PRAGMA cache_size = 1")
    writer.execute("PRAGMA cache_spill = 1")
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("DELETE FROM problems")
    for i in range(200):
        columns = "(name, family, content, canonical, record)"
        writer.execute(f"INSERT INTO problems {columns} VALUES (?, 'f', ?, 'c', '')", (f"q{i}", "x" * 2000))
    killed = path.with_name("killed.sqlite")
    killed.write_bytes(path.read_bytes())
    Path(f"{killed}-journal").write_bytes(Path(f"{path}-journal").read_bytes())
    writer.close()
    assert b"q150" in killed.read_bytes()
    with Store.reading(killed) as opened:
        assert opened.problems() == [PROBLEM]


def test_other_content_under_a_name_is_refused_and_nothing_of_the_batch_is_kept(path: Path) -> None:
    with Store.writing(path) as opened:
        opened.save_problems([PROBLEM])
        opened.save_problems([PROBLEM])
        with pytest.raises(CatalogError, match="already has another problem named 'p'"):
            opened.save_problems([PROBLEM | {"name": "q"}, PROBLEM | {"content": "other"}])
        assert opened.problems() == [PROBLEM]


def test_a_proved_cell_is_not_replaced_by_an_undecided_one(path: Path) -> None:
    with Store.writing(path) as opened:
        opened.save_cell(CELL | {"status": "undecided", "record": "1"})
        opened.save_cell(CELL | {"record": "2"})
        opened.save_cell(CELL | {"status": "undecided", "record": "3"})
        assert opened.cells("c")[1, "+"].record == "2"
        assert opened.cells("other") == {}


def test_strict_tables_refuse_the_wrong_type(path: Path) -> None:
    with Store.writing(path) as opened, pytest.raises(DatabaseError, match="cannot store TEXT"):
        opened.save_cell(CELL | {"knots": "many"})


def test_migration_names_are_documented_in_order() -> None:
    assert len({one.name for one in migrations.MIGRATIONS}) == len(migrations.MIGRATIONS)
