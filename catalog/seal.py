"""The seal of a database: a digest of the whole file, so that a damaged one is refused before anything is read from it.

SQLite notices damage to its own structure, but not a changed byte within a stored text or number. Whoever writes
through SQLite breaks the seal (triggers of the schema do that, in the same transaction); a builder seals the database
again when it closes it. A database whose builder was killed stays open until the build is repeated, and only its
structure is checked.

The seal guards against accidents of disks and copies. It is no signature: what the records claim is for `verify`.
"""

from __future__ import annotations

import hashlib
import sqlite3
from typing import Any

from sqlalchemy import Connection

from catalog.errors import DatabaseError
from catalog.location import REMEDY

OPEN = "open"
"""The state of a database that was written to since it was sealed."""

MAXIMAL_BYTES = 1 << 29
"""Larger databases are not sealed: hashing them at every opening would take seconds."""


def check_seal(connection: Connection, path: object) -> None:
    """Refuse a database that is damaged.

    Guarantee:
        A sealed database that passes has the bytes that it was sealed with (SHA-256), apart from the counters in its
        header and the page of the seal itself.

    Raises:
        DatabaseError: the bytes are not those that were sealed, or the structure of an open database is damaged.
    """
    try:
        state = _state(connection)
        if state != OPEN and _digest(_driver(connection)) == state:
            return
        found = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalars().all() if state == OPEN else []
    except MemoryError:
        found = []
    if found != ["ok"]:
        raise DatabaseError(f"{path} is damaged: its bytes are not those that were stored; {REMEDY}")


def seal(connection: Connection) -> None:
    """Seal an open database, within a transaction that may write."""
    if _state(connection) == OPEN and _size(_driver(connection)) <= MAXIMAL_BYTES:
        connection.exec_driver_sql("UPDATE seals SET state = ?", (_digest(_driver(connection)),))


def _state(connection: Connection) -> object:
    """The digest, or `OPEN`; databases of older versions, which have no seal, count as open."""
    if not connection.exec_driver_sql("SELECT count(*) FROM sqlite_schema WHERE name = 'seals'").scalar_one():
        return OPEN
    return connection.exec_driver_sql("SELECT state FROM seals").scalar_one_or_none()


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _size(connection: sqlite3.Connection) -> int:
    (pages,), (bytes_of_page,) = (connection.execute(f"PRAGMA page_{name}").fetchone() for name in ("count", "size"))
    return int(pages * bytes_of_page)


def _digest(connection: sqlite3.Connection) -> str:
    """The SHA-256 of all pages as this transaction sees them, without the page that holds the seal.

    Bytes 24-27 and 92-99 of the header are written at every commit, after the seal: they count changes and say which
    SQLite made the last one.
    """
    (bytes_of_page,) = connection.execute("PRAGMA page_size").fetchone()
    (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'seals'").fetchone()
    image = memoryview(connection.serialize())
    start = (page - 1) * bytes_of_page
    digest = hashlib.sha256()
    for low, high in ((0, 24), (28, 92), (100, start), (start + bytes_of_page, len(image))):
        digest.update(image[low:high])
    return digest.hexdigest()
