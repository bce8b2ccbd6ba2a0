"""The released records: the catalog as text, one file for each problem, the same bytes wherever it is made.

A line is one record in canonical JSON. Nothing in it depends on time, machine, workers or the engine that searched:
numbers are exact or balls of one canonical form, and of a solved system only its status and its number of solutions
are told. Time, versions and parameters are in the database.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from catalog.errors import CatalogError
from catalog.record import Record, from_text, to_text
from catalog.store import Row, Store


def release(
    folder: str | Path, location: str | Path | None = None, problems: Sequence[str] = ()
) -> list[Path]:
    """Write the records of a database as `<problem>.jsonl` into a folder.

    Args:
        folder: made if it is not there; other files in it are left alone.
        location: path or URL of the database.
        problems: names; all surveyed problems if empty.

    Returns:
        The files, sorted.

    Raises:
        CatalogError: a problem without a survey, or a folder that cannot be written.
    """
    folder = Path(folder)
    with Store.reading(location) as store:
        surveyed = {row["problem"] for row in store.surveys()}
        missing = sorted(set(problems) - surveyed)
        if missing:
            raise CatalogError(f"no survey of {missing[0]!r} in {store.path}; build it first")
        texts = {
            row["name"]: "".join(to_text(record) + "\n" for record in problem_records(store, row))
            for row in store.problems()
            if row["name"] in (set(problems) or surveyed)
        }
    if not texts:
        raise CatalogError("the database has no survey to release; build one first")
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in sorted(texts.items()):
            path = folder / f"{name}.jsonl"
            beside = folder / f".{name}.jsonl.new"
            beside.write_text(text, encoding="ascii", newline="\n")
            os.replace(beside, path)
            written.append(path)
    except OSError as error:
        raise CatalogError(f"{folder} cannot be written: {error.strerror or error}") from None
    return written


def problem_records(store: Store, problem: Row) -> list[Record]:
    """The records of one problem: itself, its surveys, the systems behind them, its functions."""
    name = problem["name"]
    surveys = [row for row in store.surveys() if row["problem"] == name]
    largest = max(row["width"] for row in surveys)
    cells = sorted(
        (key, from_text(cell.record)) for key, cell in store.cells(problem["canonical"]).items() if key[0] <= largest
    )
    told = ("width", "status", "reason", "caveat", "functions", "regions")
    return [
        _tagged("problem", from_text(problem["record"])),
        *(_tagged("survey", {field: row[field] for field in told}) for row in surveys),
        *(_tagged("system", _system(record)) for _, record in cells),
        *(_tagged("function", from_text(row["record"])) for row in store.functions(name, largest)),
    ]


def _system(cell: Record) -> Record:
    status = cell["completeness"]["status"]
    return {"knots": cell["knots"], "system": cell["system"], "status": status, "solutions": len(cell["roots"])}


def _tagged(kind: str, record: dict[str, Any]) -> Record:
    return {"record": kind, **record}
