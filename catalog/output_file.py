"""Files that a command writes: whole or not at all, with one clear line where the disk does not take them."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from catalog.errors import CatalogError


def write_files(texts: dict[Path, str], encoding: str = "utf-8") -> None:
    """Write texts to files: all of them, or none is changed.

    They are written beside their places first, and put there when all are complete; a crash between two of these last
    steps leaves some files new and some old, and none in parts. What is no regular file, as a pipe, is written to.

    Raises:
        CatalogError: a file that cannot be written; the line names it.
    """
    beside: dict[Path, Path] = {}
    at = Path()
    try:
        for given, text in texts.items():
            at = given
            path = _place(given)
            target = given if path is None else path.with_name(f".{path.name}.{os.getpid()}.new")
            if path is not None:
                beside[path] = target
            with target.open("w", encoding=encoding, newline="\n") as file:
                file.write(text)
                file.flush()
                if path is not None:
                    # A disk may report only now that it is full.
                    os.fsync(file.fileno())
        for path, written in beside.items():
            at = path
            os.replace(written, path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise CatalogError(f"{at} cannot be written: {reason}") from None
    finally:
        for written in beside.values():
            with suppress(OSError):
                written.unlink()


def write_file(path: str | Path, text: str) -> None:
    """Write one text file whole, or leave what is there; see `write_files`."""
    write_files({Path(path): text})


def _place(path: Path) -> Path | None:
    """Where the bytes of a regular or new file go, behind symbolic links; None for anything else, as a device."""
    return None if path.exists() and not path.is_file() else Path(os.path.realpath(path))
