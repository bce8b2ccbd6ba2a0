"""The database: what is kept of a survey, and under which keys.

Exact text is the record; the REAL columns beside it are rounded outward and serve range queries only. Cells are kept
under the canonical problem, so that problems which are affinely equivalent share them and an interrupted build goes
on from the last cell. Every write is one short transaction, and writing the same thing twice changes nothing.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Engine, Table, create_engine, delete, event, exists, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.pool import NullPool

from catalog.closing import Closing
from catalog.errors import CatalogError, DatabaseError
from catalog.location import clear_errors, connect, database_path, roll_back_interrupted_write
from catalog.migrations import APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION
from catalog.schema import cells, functions, problems, regions, survey_functions, surveys
from catalog.seal import check_seal, seal
from catalog.strata_store import delete_stale_strata

Row = dict[str, Any]


@dataclass(frozen=True)
class StoredCell:
    """A solved system as text, with the seconds that were allowed for it (None: no limit)."""

    record: str
    status: str
    budget: float | None


class Store(Closing):
    """An open database; a context manager.

    `Store.reading` never creates or changes a file; `Store.writing` creates the file and its folder and brings the
    schema up to date.

    Raises:
        DatabaseError: at opening or later, in one clear line: no file, not ours, a newer schema, locked, full, ...
    """

    def __init__(self, path: Path, engine: Engine) -> None:
        self.path = path
        self._engine = engine
        self._seals = False
        self._held = threading.local()

    @classmethod
    def reading(cls, location: str | Path | None = None) -> Self:
        path = database_path(location)
        if not path.exists():
            raise DatabaseError(f"no database at {path}; make one with `saddlery build`, or name one with --db")
        if path.is_dir():
            raise DatabaseError(f"{path} is a directory, not a database")
        roll_back_interrupted_write(path)
        store = cls(path, _engine(path, "ro", "BEGIN"))
        try:
            with store.transaction() as connection:
                version = _schema_of(connection, path)
                check_seal(connection, path)
        except BaseException:
            store.close()
            raise
        if version < SCHEMA_VERSION:
            store.close()
            what = "is empty" if version == 0 else f"has schema {version}, older than {SCHEMA_VERSION}"
            raise DatabaseError(f"{path} {what}; run `saddlery build` on it once")
        return store

    @classmethod
    def writing(cls, location: str | Path | None = None) -> Self:
        path = database_path(location)
        if path.is_dir():
            raise DatabaseError(f"{path} is a directory, not a database")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DatabaseError(f"{path.parent} cannot be made: {error.strerror or error}") from None
        store = cls(path, _engine(path, "rwc", "BEGIN IMMEDIATE"))
        try:
            store._migrate()
        except BaseException:
            store.close()
            raise
        store._seals = True
        return store

    def close(self) -> None:
        """Close the database; one that was written to is sealed (`catalog.seal`)."""
        if self._seals:
            # A full disk leaves it open, which is legal.
            with suppress(DatabaseError), self.transaction() as connection:
                seal(connection)
        self._engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction: all of the block or nothing; errors of the database in one clear line.

        Within a `snapshot` it is part of that.
        """
        held = getattr(self._held, "connection", None)
        with clear_errors(self.path):
            if held is not None:
                yield held
                return
            with self._engine.begin() as connection:
                yield connection

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Within the block this thread reads one state of the database, whatever other programs do; they wait with
        their next write, so that the block should be short."""
        if getattr(self._held, "connection", None) is not None:
            yield
            return
        with ExitStack() as stack:
            with clear_errors(self.path):
                connection = stack.enter_context(self._engine.begin())
                # The state is that of the first statement.
                connection.exec_driver_sql("SELECT count(*) FROM sqlite_schema").scalar_one()
            self._held.connection = connection
            try:
                yield
            finally:
                self._held.connection = None

    def _migrate(self) -> None:
        from catalog import __version__

        with self.transaction() as connection:
            version = _schema_of(connection, self.path)
            check_seal(connection, self.path)
            for migration in MIGRATIONS[version:]:
                for statement in migration.statements:
                    connection.exec_driver_sql(statement)
                connection.exec_driver_sql(
                    "INSERT INTO migrations (version, name, applied_at, software) VALUES (?, ?, ?, ?)",
                    (migration.version, migration.name, now(), __version__),
                )
                # Pragmas take no parameters; both values are integers of this package.
                connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID:d}")
                connection.exec_driver_sql(f"PRAGMA user_version = {migration.version:d}")

    def migrations(self) -> list[Row]:
        """The migrations this database went through, in order."""
        with self.transaction() as connection:
            rows = connection.exec_driver_sql("SELECT version, name, applied_at, software FROM migrations ORDER BY 1")
            return [dict(row) for row in rows.mappings()]

    def problems(self) -> list[Row]:
        """All problems by name."""
        return self.rows(select(problems).order_by(problems.c.name))

    def families(self) -> dict[str, str]:
        """The family of each problem, by name."""
        return {row["name"]: row["family"] for row in self.rows(select(problems.c.name, problems.c.family))}

    def surveys(self) -> list[Row]:
        """All finished surveys by problem and width."""
        return self.rows(select(surveys).order_by(surveys.c.problem, surveys.c.width))

    def survey(self, problem: str, width: int) -> Row | None:
        """The finished survey of one problem and width."""
        found = self.rows(select(surveys).where(surveys.c.problem == problem, surveys.c.width == width))
        return found[0] if found else None

    def functions(self, problem: str, width: int, *, clarke: bool = False) -> list[Row]:
        """Functions of minimal width at most `width`, in the order of the survey; with `clarke` also those with a
        stratum of that width which is stationary only in Clarke's sense.

        Where each width was surveyed by itself, those that its survey lists.
        """
        alone = select(exists().where(survey_functions.c.problem == problem))
        with self.transaction() as connection:
            lists_its_own = bool(connection.execute(alone).scalar_one())
        if lists_its_own:
            mine = (survey_functions.c.problem == problem) & (survey_functions.c.width == width)
            listed = select(functions).join(survey_functions, survey_functions.c.function == functions.c.label)
            return self.rows(listed.where(mine).order_by(survey_functions.c.position))
        least = functions.c.clarke_width if clarke else functions.c.minimal_width
        found = select(functions).where(functions.c.problem == problem, least <= width)
        return self.rows(found.order_by(functions.c.clarke_width, functions.c.position))

    def widths_of_function(self, row: Row) -> list[int]:
        """The surveyed widths whose surveys list this stored function."""
        mine = survey_functions.c.function == row["label"]
        listed = self.rows(select(survey_functions.c.width).where(mine).order_by(survey_functions.c.width))
        if listed:
            return [one["width"] for one in listed]
        return [one["width"] for one in self.surveys() if one["problem"] == row["problem"]]

    def regions(self, problem: str, width: int) -> list[Row]:
        """Regions of one width, in the order of the enumeration."""
        found = select(regions).where(regions.c.problem == problem, regions.c.width == width)
        return self.rows(found.order_by(regions.c.position))

    def row(self, table: Table, label: str) -> Row | None:
        """The function or region of a label."""
        found = self.rows(select(table).where(table.c.label == label))
        return found[0] if found else None

    def labels(self) -> list[str]:
        """Labels of all functions and regions."""
        with self.transaction() as connection:
            tables = (functions, regions)
            return [label for table in tables for label in connection.execute(select(table.c.label)).scalars()]

    def cells(self, canonical: str) -> dict[tuple[int, str], StoredCell]:
        """The solved systems of a canonical problem by (knots, system)."""
        return {
            (row["knots"], row["system"]): StoredCell(row["record"], row["status"], row["budget"])
            for row in self.rows(select(cells).where(cells.c.canonical == canonical))
        }

    def save_problems(self, rows: Sequence[Row]) -> None:
        """Store problems, all or none.

        Raises:
            CatalogError: the database holds other content under one of the names.
        """
        with self.transaction() as connection:
            for row in rows:
                stored = connection.execute(
                    select(problems.c.content).where(problems.c.name == row["name"])
                ).scalar_one_or_none()
                if stored is not None and stored != row["content"]:
                    raise CatalogError(
                        f"the database {self.path} already has another problem named {row['name']!r} ({stored}); "
                        "give this one another name or use another --db"
                    )
                if stored is None:
                    connection.execute(insert(problems).values(row))

    def save_cell(self, row: Row) -> None:
        """Store one solved system. A proved one is never replaced by one that is not."""
        statement = insert(cells).values({**row, "solved_at": now()})
        new = {name: statement.excluded[name] for name in ("status", "record", "budget", "solved_at", "software")}
        keep = (cells.c.status != "proved") | (statement.excluded.status == "proved")
        with self.transaction() as connection:
            connection.execute(
                statement.on_conflict_do_update(index_elements=["canonical", "knots", "system"], set_=new, where=keep)
            )

    def save_survey(self, survey: Row, function_rows: Sequence[Row], region_rows: Sequence[Row]) -> None:
        """Store the survey of one width, with its functions and regions, in the place of an earlier one."""
        name, width = survey["problem"], survey["width"]
        with self.transaction() as connection:
            connection.execute(
                delete(functions).where(functions.c.problem == name, functions.c.clarke_width <= width)
            )
            connection.execute(delete(regions).where(regions.c.problem == name, regions.c.width == width))
            connection.execute(delete(surveys).where(surveys.c.problem == name, surveys.c.width == width))
            for row in function_rows:
                connection.execute(
                    insert(functions).values(row).on_conflict_do_update(index_elements=["label"], set_=dict(row))
                )
            if region_rows:
                connection.execute(insert(regions), list(region_rows))
            connection.execute(insert(surveys).values({**survey, "finished_at": now()}))
            delete_stale_strata(connection, name, width)

    @contextmanager
    def raw_reader(self) -> Iterator[sqlite3.Connection]:
        """A read-only connection for a filter that the user wrote: that of the snapshot, or one of its own.

        A second connection beside a snapshot would wait for a writer that waits for the snapshot.
        """
        held = getattr(self._held, "connection", None)
        with clear_errors(self.path):
            if held is not None:
                yield held.connection.driver_connection
                return
            connection = connect(self.path, "ro")
            try:
                yield connection
            finally:
                connection.close()

    def rows(self, statement: Any) -> list[Row]:
        """The rows of a statement."""
        with self.transaction() as connection:
            return [dict(row) for row in connection.execute(statement).mappings()]


def now() -> str:
    """The time as stored in the provenance."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _engine(path: Path, mode: str, begin: str) -> Engine:
    engine = create_engine("sqlite://", creator=lambda: connect(path, mode), poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def on_connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        # sqlite3 would begin a transaction too late; with isolation_level None the statement is ours.
        connection.exec_driver_sql(begin)

    return engine


def _schema_of(connection: Connection, path: Path) -> int:
    """The schema version of the database, 0 for an empty one; another program's database is refused."""
    identity = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
    version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
    tables = connection.exec_driver_sql("SELECT count(*) FROM sqlite_schema").scalar_one()
    if identity == 0 and version == 0 and tables == 0:
        return 0
    if identity != APPLICATION_ID or version < 1:
        raise DatabaseError(f"{path} is an SQLite database of another program, without the schema of Saddlery")
    if version > SCHEMA_VERSION:
        raise DatabaseError(
            f"{path} has schema {version}, made by a newer version of Saddlery; this one knows schema {SCHEMA_VERSION}"
        )
    return int(version)

