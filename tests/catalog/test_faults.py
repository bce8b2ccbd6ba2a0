"""Builds that are killed, disks that are full, databases that are locked, several processes at once."""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from oracles.killed_builds import PROBLEMS, contents
from test_damage import captured, state_of

from catalog import location
from catalog.build import build, jobs_of
from catalog.errors import CatalogError
from catalog.output_file import write_file, write_files
from catalog.query import open_catalog
from catalog.store import Store

ROOT = Path(__file__).parents[2]
ENVIRONMENT = os.environ | {
    "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests"))),
    "OPENBLAS_NUM_THREADS": "1",
}


def problem_files(folder: Path) -> dict[str, Path]:
    files = {name: folder / f"{name}.toml" for name in PROBLEMS}
    for name, path in files.items():
        path.write_text(f'name = "{name}"\n{PROBLEMS[name]}')
    return files


@contextmanager
def files_at_most(size: int) -> Iterator[None]:
    """No file may grow beyond a size, as on a disk that is full; Python ignores the signal that goes with it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.slow
def test_builds_survive_fifty_kills(tmp_path: Path) -> None:
    program = ROOT / "tests" / "oracles" / "killed_builds.py"
    command = [sys.executable, str(program), str(tmp_path), "50", "1"]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["kills"] == 50
    # Kills of every sort: while the file was being changed, and before and after it was.
    assert 5 <= told["within a transaction"] <= 45
    assert told["left open"] >= 10
    assert all(told["tables"][name] for name in ("strata", "cases", "cells", "transitions"))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    build(jobs_of(list(problem_files(folder).values()), None), folder / "catalog.sqlite")
    return folder / "catalog.sqlite"


@pytest.mark.slow
def test_a_full_disk_stops_a_build_and_loses_nothing(undisturbed: Path, tmp_path: Path) -> None:
    arguments = ["build", *map(str, problem_files(tmp_path).values()), "--workers", "1"]
    stopped, kept = 0, []
    for size in range(0, 400_000, 30_000):
        with files_at_most(size):
            outcome = captured(arguments)
        if outcome.code == 0:
            break
        stopped += 1
        line = outcome.err.splitlines()[-1]
        assert (outcome.code, outcome.out) == (2, "")
        assert line.startswith(f"saddlery: {tmp_path}"), outcome
        assert "cannot be" in line
        database = tmp_path / "catalog.sqlite"
        if database.exists() and database.stat().st_size:
            with open_catalog(database) as opened:
                kept.append(len(opened.store.surveys()))
    assert stopped >= 4
    assert kept == sorted(kept)
    assert kept[-1] > 0
    assert contents(tmp_path / "catalog.sqlite") == contents(undisturbed)
    assert state_of(tmp_path / "catalog.sqlite") != "open"


@pytest.mark.slow
def test_a_full_disk_leaves_no_half_of_an_output(undisturbed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    database = ["--db", str(undisturbed)]
    assert captured(["release", "-o", str(folder), *database]).code == 0
    table = tmp_path / "table.tex"
    assert captured(["latex", "cubic", "--what", "strata", "-o", str(table), *database]).code == 0
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert len(before) == 1 + len(PROBLEMS)
    smallest, largest = min(map(len, before.values())), max(map(len, before.values()))
    for size in (0, smallest - 1, largest - 1):
        for arguments in (
            ["release", "-o", str(folder), *database],
            ["latex", "cubic", "--what", "strata", "-o", str(table), *database],
            ["latex", "cubic", "--what", "strata", "-o", str(tmp_path / "new.tex"), *database],
        ):
            if arguments[0] == "latex" and size >= len(before[table]):
                continue
            with files_at_most(size):
                outcome = captured(arguments)
            assert outcome.is_refused(), outcome
            assert "cannot be written: File too large" in outcome.err
            assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_an_output_that_takes_nothing(undisturbed: Path, tmp_path: Path) -> None:
    database = ["--db", str(undisturbed)]
    outcome = captured(["latex", "line", "-o", "/dev/full", *database])
    assert outcome.is_refused(), outcome
    assert "/dev/full cannot be written: No space left on device" in outcome.err
    for arguments in (
        ["query", "strata", "--format", "json"],
        ["show", "line:A.0.1"],
        ["latex", "line"],
        ["graph", "line", "--width", "1"],
        ["release", "-o", str(tmp_path / "out")],
    ):
        command = [sys.executable, "-m", "catalog", *arguments, *database]
        with open("/dev/full", "w") as full:
            done = subprocess.run(command, env=ENVIRONMENT, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        assert done.returncode == 2, done
        assert done.stderr == "saddlery: No space left on device\n"


def test_files_that_are_written_whole(tmp_path: Path) -> None:
    path, link = tmp_path / "a.tex", tmp_path / "link.tex"
    link.symlink_to(path)
    write_file(link, "one\n")
    assert path.read_bytes() == b"one\n"
    assert link.is_symlink()
    with pytest.raises(CatalogError, match="cannot be written: No such file"):
        write_files({path: "two", tmp_path / "no" / "b.tex": "three"})
    with pytest.raises(CatalogError, match=r"cannot be written: .*null"):
        write_files({path: "two", Path("nul\0byte"): "three"})
    with pytest.raises(CatalogError, match="Is a directory"):
        write_files({path: "two", tmp_path: "three"})
    with pytest.raises(CatalogError, match="cannot be written"):
        write_file(path, "\udcff")
    assert path.read_bytes() == b"one\n"
    assert sorted(tmp_path.iterdir()) == [path, link]
    reading, writing = os.pipe()
    write_file(f"/dev/fd/{writing}", "through a pipe")
    os.close(writing)
    with open(reading) as pipe:
        assert pipe.read() == "through a pipe"


@pytest.mark.slow
def test_a_build_waits_for_another_writer(undisturbed: Path, tmp_path: Path) -> None:
    database = tmp_path / "catalog.sqlite"
    Store.writing(database).close()
    other = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.5, other.execute, ["ROLLBACK"])
    release.start()
    outcome = captured(["build", *map(str, problem_files(tmp_path).values()), "--workers", "1"])
    release.join()
    other.close()
    assert outcome.code == 0, outcome
    assert contents(database) == contents(undisturbed)


@pytest.mark.parametrize("lock", ["IMMEDIATE", "EXCLUSIVE"])
def test_a_lock_that_stays_is_said(
    lock: str, undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = tmp_path / "catalog.sqlite"
    database.write_bytes(undisturbed.read_bytes())
    monkeypatch.setattr(location, "BUSY_SECONDS", 0.05)
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute(f"BEGIN {lock}")
        built = captured(["build", *map(str, problem_files(tmp_path).values()), "--workers", "1"])
        assert built.is_refused(), built
        assert "is locked by another program" in built.err
        for arguments in (["query", "functions"], ["latex", "line"], ["release", "-o", str(tmp_path / "out")]):
            read = captured(arguments)
            if lock == "IMMEDIATE":
                assert read.code == 0, read
            else:
                assert read.is_refused(), read
                assert "is locked by another program" in read.err
    assert database.read_bytes() == undisturbed.read_bytes()


def test_a_lock_in_the_middle_of_a_build(undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program takes the lock after some steps and keeps it: one line, and the repeated build goes on."""
    database = tmp_path / "catalog.sqlite"
    jobs = jobs_of(list(problem_files(tmp_path).values()), None)
    steps = 0
    with closing(sqlite3.connect(database, isolation_level=None)) as other, monkeypatch.context() as patch:
        patch.setattr(location, "BUSY_SECONDS", 0.05)

        def report(_progress: object) -> None:
            nonlocal steps
            steps += 1
            if steps == 5:
                other.execute("BEGIN IMMEDIATE")

        with pytest.raises(CatalogError, match="is locked by another program"):
            build(jobs, database, report=report)
        other.execute("ROLLBACK")
    assert 0 < len(contents(database)["surveys"]) < len(contents(undisturbed)["surveys"])
    build(jobs, database)
    assert contents(database) == contents(undisturbed)


@pytest.mark.slow
def test_several_processes_at_once(undisturbed: Path, tmp_path: Path) -> None:
    """Different problems, the same problem twice, and readers in between."""
    files = problem_files(tmp_path)
    database = tmp_path / "shared.sqlite"
    command = [sys.executable, "-m", "catalog"]
    order = [*files, "cubic"]
    builders = [
        subprocess.Popen(
            [*command, "build", str(files[name]), "--workers", "1", "--db", str(database)],
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for name in order
    ]
    answered = 0
    while any(one.poll() is None for one in builders):
        if database.exists():
            outcome = captured(["query", "strata", "--format", "json", "--db", str(database)])
            assert outcome.code == 0 or (outcome.is_refused() and "is empty" in outcome.err), outcome
            answered += outcome.code == 0
    for one in builders:
        _, err = one.communicate()
        assert one.returncode == 0, err
    assert answered
    assert contents(database) == contents(undisturbed)
    assert state_of(database) != "open"
