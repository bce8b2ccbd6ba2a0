"""Builds that are killed with SIGKILL at random moments and repeated; run as a program of its own, which only forks.

    python killed_builds.py FOLDER KILLS SEED

Half of the kills come after a random time, half at a random statement of SQL, within a transaction or between two.
After each kill the database is read, and from time to time a build is let run to its end: then the database must be
equal to one whose build was never disturbed. The result is one line of JSON.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from catalog import store
from catalog.build import Job, build, jobs_of
from catalog.errors import DatabaseError
from catalog.location import connect
from catalog.query import open_catalog
from catalog.transitions import build_transitions

VOLATILE = {"seconds", "finished_at", "solved_at", "applied_at", "id"}
PROBLEMS = {
    "cubic": 'family = "interval"\ntarget = "x**3 - x/3"\nwidth = 1\n',
    "line": 'family = "interval"\ntarget = "x"\nwidth = 1\n',
    "points": 'family = "dataset"\ninputs = [["1"], ["-1"]]\ntargets = ["1", "2"]\nwidth = 2\n',
}

def contents(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every table without times and numbers of rows."""
    found = {}
    with closing(sqlite3.connect(path)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        for table in sorted(set(tables) - {"seals"}):
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[1] not in VOLATILE]
            rows = connection.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()
            found[table] = sorted(rows, key=repr)
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    return found


def whole_build(jobs: list[Job], path: Path) -> None:
    build(jobs, path)
    build_transitions([job for job in jobs if job.problem.name == "line"], path, 1)


def forked(work: Callable[[], None]) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)


def ended(child: int) -> bool:
    """Whether the child came to its end; False if it was killed."""
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return False
    if status:
        raise RuntimeError("a build failed by itself")
    return True


def killed_at_statement(number: int, work: Callable[[], None]) -> None:
    """Do the work and be killed at the given statement of SQL."""
    left = number

    def count(_statement: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def counted(path: Path, mode: str) -> sqlite3.Connection:
        connection = connect(path, mode)
        # So that changes go to the file, and undoing them needs the journal, before the transaction is done.
        connection.execute("PRAGMA cache_size = 1")
        connection.set_trace_callback(count)
        return connection

    store.connect = counted
    work()


def read(database: Path) -> bool:
    """Read what a killed build left, if it came so far as to make the schema; whether it is there and not sealed."""
    try:
        with open_catalog(database) as opened:
            for entity in ("functions", "strata", "transitions"):
                assert opened.query(entity).complete["status"] in ("proved", "searched", "undecided")
    except DatabaseError as error:
        if "is empty" not in str(error) and "no database at" not in str(error):
            raise
        return False
    with closing(sqlite3.connect(database)) as connection:
        return bool(connection.execute("SELECT state FROM seals").fetchone() == ("open",))


def main(folder: Path, kills: int, seed: int) -> dict[str, Any]:
    rng = random.Random(seed)
    files = []
    for name, text in PROBLEMS.items():
        files.append(folder / f"{name}.toml")
        files[-1].write_text(f'name = "{name}"\n{text}')
    jobs = jobs_of(files, None)
    # Once here, so that the children have every module already.
    warm = folder / "warm.toml"
    warm.write_text('name = "line"\nfamily = "interval"\ntarget = "2*x"\nwidth = 1\n')
    whole_build([*jobs_of([warm], None), *jobs_of([files[2]], 1)], folder / "warm.sqlite")
    undisturbed = folder / "undisturbed.sqlite"
    started = time.monotonic()
    assert ended(forked(lambda: whole_build(jobs, undisturbed)))
    seconds = time.monotonic() - started
    expected = contents(undisturbed)
    done, left_open, moments = 0, 0, []
    number = 0
    while done < kills:
        database = folder / f"{number}.sqlite"
        work = partial(whole_build, jobs, database)
        number += 1
        # A few kills, then the end.
        for _ in range(min(rng.randint(1, 6), kills - done)):
            by_time = done % 2 == 0
            if by_time:
                child = forked(work)
                time.sleep(rng.uniform(0, seconds / 2))
                os.kill(child, signal.SIGKILL)
            else:
                child = forked(partial(killed_at_statement, rng.randint(1, 400), work))
            if ended(child):
                continue
            done += 1
            moments.append(os.path.exists(f"{database}-journal"))
            left_open += read(database)
        assert ended(forked(work))
        found = contents(database)
        assert found == expected, [table for table in expected if found[table] != expected[table]]
        with closing(sqlite3.connect(database)) as connection:
            assert len(connection.execute("SELECT state FROM seals").fetchone()[0]) == 64
    return {
        "kills": done,
        "databases": number,
        "within a transaction": sum(moments),
        "left open": left_open,
        "seconds": seconds,
        "tables": {name: len(rows) for name, rows in expected.items()},
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
