"""Damaged databases: every command answers as from the undamaged one, or refuses in one line; never something else."""

from __future__ import annotations

import io
import json
import random
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from conftest import CELL, Outcome

from catalog.build import build, jobs_of
from catalog.cli import _run
from catalog.errors import DatabaseError
from catalog.problem_file import bundled_problem_files
from catalog.seal import OPEN
from catalog.store import Store
from catalog.transitions import build_transitions

READS = (
    ["query", "problems", "--format", "json"],
    ["query", "regions", "--format", "json", "--where", "width > 0"],
    ["query", "functions", "--format", "json", "--max-loss", "1/20"],
    ["query", "functions", "--format", "csv", "--kind", "strict_saddle"],
    ["query", "strata", "--format", "json"],
    ["query", "transitions", "--format", "json"],
    ["query", "branches", "--format", "json"],
    ["query", "sweeps", "--format", "json"],
    ["show", "x:A.0.1"],
    ["show", "x@1:r:+"],
    ["latex", "x"],
    ["latex", "x", "--what", "strata"],
    ["graph", "x"],
    ["graph", "x", "--tree", "--width", "1"],
    ["chain", "orthogonal-narrow"],
)
Damage = Callable[[bytearray, random.Random], None]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interval problem with transitions and a data set, small and sealed."""
    path = tmp_path_factory.mktemp("whole") / "catalog.sqlite"
    files = {file.stem: file for file in bundled_problem_files()}
    jobs = jobs_of([files["x"]], 1)
    build([*jobs, *jobs_of([files["orthogonal-narrow"]], 1)], path)
    build_transitions(jobs, path, 1)
    return path


@pytest.fixture(scope="module")
def expected(whole: Path) -> dict[int, Outcome]:
    """What every command says of the undamaged database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SADDLERY_DB", str(whole))
        return {i: captured(arguments) for i, arguments in enumerate(READS)}


def captured(arguments: list[str]) -> Outcome:
    """What a command does, within this process and without a fixture of one test."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = _run(arguments)
    return Outcome(code, out.getvalue(), err.getvalue())


def state_of(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        (state,) = connection.execute("SELECT state FROM seals").fetchone()
    return str(state)


def one_byte(data: bytearray, rng: random.Random) -> None:
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def some_bytes(data: bytearray, rng: random.Random) -> None:
    for _ in range(rng.randint(2, 12)):
        data[rng.randrange(len(data))] = rng.randrange(256)


def in_the_header(data: bytearray, rng: random.Random) -> None:
    data[rng.randrange(100)] = rng.randrange(256)


def a_block_of_zeros(data: bytearray, rng: random.Random) -> None:
    start = 512 * rng.randrange(len(data) // 512)
    data[start : start + 512] = bytes(512)


def two_pages_swapped(data: bytearray, rng: random.Random) -> None:
    one, other = (4096 * page for page in rng.sample(range(len(data) // 4096), 2))
    data[one : one + 4096], data[other : other + 4096] = data[other : other + 4096], data[one : one + 4096]


def cut(data: bytearray, rng: random.Random) -> None:
    del data[rng.randrange(len(data)) :]


DAMAGES: tuple[Damage, ...] = (one_byte, some_bytes, in_the_header, a_block_of_zeros, two_pages_swapped, cut)


def damaged(path: Path, damage: Damage, seed: int, copy: Path) -> None:
    data = bytearray(path.read_bytes())
    damage(data, random.Random(f"{damage.__name__} {seed}"))
    copy.write_bytes(data)


def test_the_expected_answers_are_answers(expected: dict[int, Outcome]) -> None:
    for i, outcome in expected.items():
        assert outcome.code == 0, (READS[i], outcome)


def said_of(path: Path, expected: dict[int, Outcome], monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the commands answer as expected, refuse, answer something else, or do neither."""
    monkeypatch.setenv("SADDLERY_DB", str(path))
    found: Counter[str] = Counter()
    for i, arguments in enumerate(READS):
        outcome = captured(arguments)
        if outcome == expected[i]:
            found["same"] += 1
        elif outcome.is_refused():
            found["refused"] += 1
        else:
            found["other" if outcome.code == 0 else f"{arguments}: {outcome}"] += 1
    return found


@pytest.mark.slow
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_database_is_refused_or_answers_the_same(
    damage: Damage, whole: Path, expected: dict[int, Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert state_of(whole) != OPEN
    copy = tmp_path / "copy.sqlite"
    found: Counter[str] = Counter()
    for trial in range(50):
        damaged(whole, damage, trial, copy)
        found += said_of(copy, expected, monkeypatch)
    assert set(found) == {"same", "refused"} or set(found) == {"refused"}
    assert found["refused"] > 50


def test_every_changed_byte_of_a_record_is_noticed(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Damage that SQLite itself does not see: a digit of a loss, a kind, a status."""
    data = whole.read_bytes()
    changes = {b'"rational":"1/12"': b'"rational":"1/18"', b"strict_saddle": b"local_minimum", b"proved": b"proyed"}
    for old, new in changes.items():
        assert data.count(old) > 0
        copy = tmp_path / "copy.sqlite"
        copy.write_bytes(data.replace(old, new))
        with closing(sqlite3.connect(copy)) as connection:
            assert connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]
        monkeypatch.setenv("SADDLERY_DB", str(copy))
        for arguments in (*READS, ["build", "x.toml"], ["release", "-o", str(tmp_path / "out")]):
            outcome = captured(arguments)
            assert outcome.is_refused()
            if arguments[0] != "build":
                assert "is damaged: its bytes are not those that were stored" in outcome.err
        assert sorted(tmp_path.iterdir()) == [copy]


@pytest.mark.slow
def test_nothing_is_built_on_a_damaged_database(whole: Path, tmp_path: Path) -> None:
    file = next(str(path) for path in bundled_problem_files() if path.stem == "x")
    copy = tmp_path / "copy.sqlite"
    for damage in DAMAGES:
        for trial in range(6):
            damaged(whole, damage, trial, copy)
            before = copy.read_bytes()
            outcome = captured(["build", file, "--width", "1", "--workers", "1", "--db", str(copy)])
            if outcome.code == 0:
                assert answers_of(copy) == answers_of(whole)
            else:
                assert outcome.is_refused(), (damage, trial, outcome)
                assert copy.read_bytes() == before


def answers_of(path: Path) -> list[str]:
    found = [captured([*arguments, "--db", str(path)]) for arguments in READS[:8]]
    assert {outcome.code for outcome in found} == {0}
    return [outcome.out for outcome in found]


def test_a_database_is_open_from_its_first_change_to_its_closing(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    file = next(path for path in bundled_problem_files() if path.stem == "x")
    jobs = jobs_of([file], 1)
    build(jobs, path)
    sealed, before = state_of(path), path.read_bytes()
    assert len(sealed) == 64
    with Store.writing(path) as store:
        assert store.problems()
    assert path.read_bytes() == before
    with Store.writing(path) as store:
        store.save_cell(CELL)
        assert state_of(path) == OPEN
        with Store.reading(path) as reader:
            assert reader.cells("c")
    assert state_of(path) not in (OPEN, sealed)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM cells WHERE canonical = 'c'")
        connection.commit()
    assert state_of(path) == OPEN
    build(jobs, path)
    assert len(state_of(path)) == 64


def test_every_table_breaks_the_seal(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    Store.writing(path).close()
    with closing(sqlite3.connect(path)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        triggers = Counter(
            name for (name,) in connection.execute("SELECT tbl_name FROM sqlite_schema WHERE type = 'trigger'")
        )
    assert triggers == dict.fromkeys(tables - {"seals"}, 3)


def test_an_open_database_is_checked_for_its_structure(whole: Path, tmp_path: Path) -> None:
    """An entry of an index that is gone: SQLite would silently answer with fewer rows."""
    path = tmp_path / "catalog.sqlite"
    path.write_bytes(whole.read_bytes())
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE seals SET state = 'open'")
        (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'functions_by_width'").fetchone()
        connection.commit()
    data = bytearray(path.read_bytes())
    start = 4096 * (root - 1)
    cells = int.from_bytes(data[start + 3 : start + 5], "big")
    data[start + 3 : start + 5] = (cells - 1).to_bytes(2, "big")
    path.write_bytes(data)
    with pytest.raises(DatabaseError, match="is damaged"):
        Store.reading(path)
    with pytest.raises(DatabaseError, match="is damaged"):
        Store.writing(path)


@pytest.mark.slow
def test_what_is_no_database_at_all(
    whole: Path, expected: dict[int, Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, text, empty, records = (tmp_path / name for name in ("folder", "text", "empty", "records.jsonl"))
    folder.mkdir()
    text.write_text("x" * 5000)
    empty.touch()
    records.write_text(json.dumps({"record": "header"}))
    other = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE seals (state TEXT)")
    header = tmp_path / "header.sqlite"
    header.write_bytes(whole.read_bytes()[:100])
    devices = (Path("/dev/null"), Path("/dev/zero"))
    for path in (folder, text, empty, records, other, header, tmp_path / "nothing", *devices):
        assert said_of(path, expected, monkeypatch) == {"refused": len(READS)}, path
