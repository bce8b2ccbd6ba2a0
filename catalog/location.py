"""Where the database is, how it is opened, and which clear line each failure of the file system becomes."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from catalog.errors import DatabaseError

BUSY_SECONDS = 60.0
"""How long a writer waits for another before it says that the database is locked."""

REMEDY = "restore a copy, or build into a new file"
"""What is left to do with a damaged database."""


def user_data_folder() -> Path:
    """The folder for data of this user's programs; `$XDG_DATA_HOME` where it is set."""
    configured = os.environ.get("XDG_DATA_HOME", "")
    if os.path.isabs(configured):
        return Path(configured)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    return Path.home() / ".local" / "share"


def database_path(location: str | Path | None = None) -> Path:
    """The file that `--db PATH-or-URL` means; without it `$SADDLERY_DB`, else the one in the user's data folder.

    Raises:
        DatabaseError: a URL of another database system, or of no file.
    """
    if location is None:
        location = os.environ.get("SADDLERY_DB") or user_data_folder() / "saddlery" / "catalog.sqlite"
    text = str(location)
    if text.startswith("sqlite:///"):
        text = text.removeprefix("sqlite:///")
    elif "://" in text or text.startswith("sqlite:"):
        raise DatabaseError(f"the database must be a path or a URL sqlite:///PATH, not {text!r}")
    if not text or text == ":memory:" or not text.isprintable():
        raise DatabaseError(f"the database must be a file, not {text!r}")
    return Path(text)


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """A connection in one of SQLite's modes: "ro" never creates or changes the file, "rw" never creates it."""
    uri = f"file:{quote(str(path.absolute()))}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    if mode == "ro":
        # Whoever reads makes no file, not even a temporary one to sort in.
        connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def roll_back_interrupted_write(path: Path) -> None:
    """Let SQLite undo a transaction that a killed writer left half done, which a read-only connection cannot."""
    if Path(f"{path}-journal").exists():
        with suppress(sqlite3.Error):
            connection = connect(path, "rw")
            try:
                connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            finally:
                connection.close()


@contextmanager
def clear_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite and the file system raise inside the block into a `DatabaseError` of one line."""
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError

    try:
        yield
    except DBAPIError as error:
        raise DatabaseError(_line(path, error.orig or error)) from None
    except (SQLAlchemyError, sqlite3.Error, sqlite3.Warning) as error:
        raise DatabaseError(_line(path, error)) from None
    except UnicodeDecodeError:
        # SQLite quotes the damaged text in its own message.
        raise DatabaseError(f"{path} is damaged: it holds text that is not UTF-8; {REMEDY}") from None
    except UnicodeEncodeError as error:
        raise DatabaseError(f"{path} has no {error.object!r}, which is not text that UTF-8 can spell") from None
    except OverflowError:
        raise DatabaseError(f"{path} has no integer beyond 64 bits, which is asked for") from None


def _line(path: Path, error: BaseException) -> str:
    text = " ".join(str(error).split())
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith("SQLITE_NOTADB") or "not a database" in text:
        return f"{path} is not an SQLite database"
    if name.startswith("SQLITE_READONLY") or "readonly" in text:
        return f"{path} cannot be written: the file or its folder is read-only"
    if name.startswith("SQLITE_FULL") or "is full" in text:
        return f"{path} cannot be written: the disk is full; what was stored before is kept"
    if name.startswith("SQLITE_CANTOPEN") or "unable to open" in text:
        return f"{path} cannot be opened (no such folder, no permission, or not a file)"
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")) or "locked" in text:
        return f"{path} is locked by another program for more than {BUSY_SECONDS:.0f} s; try again when it is done"
    if name.startswith("SQLITE_IOERR") or "disk I/O" in text:
        return f"{path} cannot be read or written: the disk reports an error (is it full?)"
    if name.startswith("SQLITE_CORRUPT") or "malformed" in text:
        return f"{path} is damaged: {text}; {REMEDY}"
    return f"{path}: {text}"
