"""What `--where` can reach: the documented columns of one table, harmless functions, a bounded time, and no file."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from conftest import Command

from catalog import where
from catalog.errors import CatalogError, DatabaseError
from catalog.query import Catalog, open_catalog
from catalog.schema import metadata
from catalog.store import Store
from catalog.where import COLUMNS, FUNCTIONS, keys_where

ATTACKS = (
    # Writing, other files, settings.
    "label IN (DELETE FROM functions RETURNING label)",
    "label IN (INSERT INTO functions DEFAULT VALUES RETURNING label)",
    "1) ; VACUUM INTO 'pwned' -- (",
    "EXISTS (SELECT 1 FROM pragma_table_info('functions'))",
    "EXISTS (SELECT 1 FROM pragma_database_list)",
    "EXISTS (SELECT * FROM pragma_user_version)",
    "edit('x') = 1",
    "fts3_tokenizer('x', x'00') = 1",
    "writefile('pwned', label) > 0",
    "fileio_read('/etc/passwd') > ''",
    "sqlite_compileoption_get(1) > ''",
    "sqlite_version() > ''",
    "last_insert_rowid() = 0",
    "total_changes() = 0",
    # Other tables, other columns, and the ways around their names.
    "EXISTS (SELECT 1 FROM sqlite_master)",
    "EXISTS (SELECT 1 FROM main.sqlite_schema)",
    "EXISTS (SELECT 1 FROM temp.sqlite_schema)",
    "EXISTS (SELECT 1 FROM cells)",
    "EXISTS (SELECT software FROM surveys)",
    "EXISTS (SELECT state FROM seals)",
    "EXISTS (SELECT * FROM functions)",
    "EXISTS (TABLE functions)",
    "EXISTS (VALUES (1) UNION SELECT record FROM functions)",
    "record IS NOT NULL",
    "functions.record IS NOT NULL",
    '"record" IS NOT NULL',
    "main.functions.record > ''",
    "rowid > 0",
    "_rowid_ > 0",
    "oid > 0",
    "(label, record) > ('', '')",
    "label IN (SELECT max(record) FROM functions)",
    "label IN sqlite_schema",
    "label IN (WITH t AS (SELECT record FROM functions) SELECT * FROM t)",
    "EXISTS (SELECT 1 FROM functions AS f NATURAL JOIN regions)",
    "EXISTS (SELECT 1 FROM functions AS f join problems uSiNg (record))",
    "EXISTS (SELECT 1 FROM functions AS f JOIN cells)",
    "EXISTS (SELECT 1 FROM json_each('[1]'))",
    "EXISTS (SELECT 1 FROM generate_series(1, 10))",
    "EXISTS (SELECT 1 FROM dbstat)",
    # Memory and time.
    "randomblob(1000000000) > ''",
    "zeroblob(1000000000) > ''",
    "printf('%1000000000d', 1) > ''",
    "format('%1000000000d', 1) > ''",
    "hex(label) > ''",
    "replace(label, 'x', label) > ''",
    "group_concat(label) > ''",
    "label REGEXP '(a+)+b'",
    "label MATCH 'x'",
    "label LIKE '" + "%_" * 150 + "'",
    "label GLOB '" + "*a" * 150 + "'",
    "(WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t) > 0",
    "(WITH RECURSIVE t(n) AS (SELECT label FROM functions UNION ALL SELECT n || n FROM t) SELECT 1 FROM t)",
    "(" * 60 + "1" + ")" * 60 + " AND " + "NOT " * 200 + "1",
    "abs(-9223372036854775808) > 0",
    "label COLLATE nosuch > ''",
    "count(*) OVER () > 0",
    "$label = 1",
    "label = 'x' \x1b[2J",
    "label = '\udcff'",
    "label\u2028= 'x'",
)
ENDLESS = (
    "EXISTS (SELECT 1 FROM strata a, strata b, strata c, strata d WHERE a.width + b.width + c.width + d.width = -1)",
    "label IN (SELECT a.label || b.label FROM strata a, strata b, strata c, strata d)",
    "label IN (SELECT a.label FROM strata a, strata b, strata c, strata d ORDER BY b.label || c.label)",
    "(SELECT max(a.label || b.label || c.label) FROM strata a, strata b, strata c, strata d) > 'z'",
)


def digests(folder: Path) -> dict[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def opened(small_database: Path) -> Iterator[Catalog]:
    with open_catalog(small_database) as one:
        yield one


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, where a file made by accident would be seen."""
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("attack", ATTACKS)
def test_one_line_and_no_change(attack: str, small_database: Path, elsewhere: Path, saddlery: Command) -> None:
    before = digests(small_database.parent)
    for entity in ("functions", "strata"):
        outcome = saddlery("query", entity, "--where", attack, "--db", str(small_database))
        assert outcome.is_refused(), outcome
        assert len(outcome.err) < 600
    assert digests(small_database.parent) == before
    assert os.listdir(elsewhere) == []


@pytest.mark.parametrize("expression", ENDLESS)
def test_what_never_ends_is_stopped_without_a_temporary_file(
    expression: str, opened: Catalog, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(where, "MAXIMAL_SECONDS", 0.3)
    monkeypatch.setenv("SQLITE_TMPDIR", str(elsewhere))
    before = os.stat(elsewhere).st_mtime_ns
    with pytest.raises(CatalogError, match="it takes more than"):
        opened.strata(where=expression)
    assert os.stat(elsewhere).st_mtime_ns == before


def test_the_authorizer_admits_three_actions_only() -> None:
    allow = where._authorizer("functions", COLUMNS["functions"])
    actions = range(100)
    admitted = {
        (action, first, second)
        for action in actions
        for first in (None, "functions", "strata", "sqlite_master")
        for second in (None, "", "label", "record", "max", "load_extension", "LIKE")
        if allow(action, first, second, "main", None) == sqlite3.SQLITE_OK
    }
    selects = {one for one in admitted if one[0] == sqlite3.SQLITE_SELECT}
    calls = {one for one in admitted if one[0] == sqlite3.SQLITE_FUNCTION}
    reads = admitted - selects - calls
    assert {second for _, _, second in calls} == {"max", "LIKE"}
    assert reads == {(sqlite3.SQLITE_READ, "functions", second) for second in (None, "", "label")}


def test_every_other_function_of_this_sqlite_is_refused(opened: Catalog) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        known = {(row[0], row[4]) for row in connection.execute("PRAGMA function_list")}
    assert len(known) > 80
    for name, count in sorted(known):
        if name in FUNCTIONS or not name.isidentifier():
            continue
        arguments = ", ".join(["label"] * max(count, 0))
        with pytest.raises(CatalogError):
            opened.functions(where=f"{name}({arguments}) IS NOT 'x'")


def test_every_column_and_no_other(opened: Catalog) -> None:
    for entity, columns in COLUMNS.items():
        for column in (one.name for one in metadata.tables[entity].columns):
            expression = f"{column} IS NULL OR {column} IS NOT NULL"
            if column in columns:
                keys_where(opened.store, entity, expression)
            else:
                with pytest.raises(CatalogError, match="only the columns"):
                    keys_where(opened.store, entity, expression)


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM functions", "CREATE TABLE pwned (a)", "PRAGMA user_version = 0", "UPDATE seals SET state = ''"],
)
def test_the_connection_cannot_write_even_without_the_authorizer(
    statement: str, small_database: Path
) -> None:
    before = digests(small_database.parent)
    with Store.reading(small_database) as store:
        with pytest.raises(DatabaseError, match="read-only"), store.raw_reader() as connection:
            connection.execute(statement)
        with pytest.raises(DatabaseError, match="read-only"), store.transaction() as other:
            other.exec_driver_sql(statement)
    assert digests(small_database.parent) == before


INJECTIONS = ("x2' OR '1'='1", "x2'; DROP TABLE functions; --", "x2\" OR \"1\"=\"1", "%", "x2%", "x_", "*")


@pytest.mark.parametrize("text", INJECTIONS)
def test_other_arguments_are_data(text: str, small_database: Path, saddlery: Command) -> None:
    before = digests(small_database.parent)
    for arguments in (
        ["show", text],
        ["show", f"x2:B.++.1@{text}"],
        ["latex", text],
        ["graph", text],
        ["query", "functions", "--problem", text],
        ["query", "functions", "--kind", text],
        ["query", "strata", "--notion", text],
        ["query", "transitions", "--kind", text],
        ["query", "functions", "--max-loss", text],
    ):
        outcome = saddlery(*arguments, "--db", str(small_database))
        assert outcome.is_refused(), (arguments, outcome)
    assert digests(small_database.parent) == before
