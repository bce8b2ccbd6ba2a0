"""The released records: the catalog as text, one file for each problem, the same bytes wherever it is made.

A line is one record in canonical JSON. Nothing in it depends on time, machine, workers or the engine that searched:
numbers are exact or balls of one canonical form, and of a solved system only its status and its number of solutions
are told. Time, versions and parameters are in the database.

Strata are released one by one at widths up to `STRATA_IN_FULL`; at larger widths, where there are thousands of them,
their number by function and kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from catalog.errors import CatalogError
from catalog.families import family_of
from catalog.output_file import write_files
from catalog.record import Record, from_text, to_text
from catalog.store import Row, Store
from catalog.strata_query import KINDS
from catalog.strata_store import counts_of_strata, packed_strata, strata_surveys_of, strata_words

STRATA_IN_FULL = 2
"""The largest width whose strata are released one by one."""

HEADER = {
    "record": "header",
    "strata": f"widths 1 to {STRATA_IN_FULL} in full; at larger widths the number of strata by function and kind",
}

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
    with Store.reading(location) as store, store.snapshot():
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
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CatalogError(f"{folder} cannot be written: {error.strerror or error}") from None
    files = {folder / f"{name}.jsonl": text for name, text in sorted(texts.items())}
    write_files(files, encoding="ascii")
    return list(files)


def problem_records(store: Store, problem: Row) -> list[Record]:
    """The records of one problem: itself, its surveys, the systems behind them, its functions and their strata."""
    name = problem["name"]
    surveys = [row for row in store.surveys() if row["problem"] == name]
    largest = max(row["width"] for row in surveys)
    told = ("width", "status", "reason", "caveat", "functions", "regions")
    return [
        dict(HEADER),
        _tagged("problem", from_text(problem["record"])),
        *(_tagged("survey", {field: row[field] for field in told}) for row in surveys),
        *(_tagged("system", record) for record in family_of(problem).systems(store, problem, largest)),
        *(_tagged("function", from_text(row["record"])) for row in store.functions(name, largest, clarke=True)),
        *(record for row in surveys for record in _strata(store, problem, row["width"])),
    ]


def _strata(store: Store, owner: Row, width: int) -> list[Record]:
    """The survey of the strata of one width, then what its roles mean and the strata, or their numbers."""
    problem = owner["name"]
    survey = strata_surveys_of(store).get((problem, width))
    if survey is None:
        raise CatalogError(f"the strata of {problem} at width {width} are not in {store.path}; build them first")
    told = ("width", "status", "reason", "caveat", "strata", "labelled")
    records = [_tagged("strata_survey", {field: survey[field] for field in told})]
    if width > STRATA_IN_FULL:
        return records + _numbers_of_strata(store, problem, width)
    words = family_of(owner).strata_words(*strata_words(store, problem, width))
    meanings = sorted(words.roles.items())
    records += [_tagged("role", {"width": width, "code": code, **meaning}) for code, meaning in meanings]
    found = packed_strata(store, problem, width)
    return records + [_tagged("stratum", words.record(packed)) for packed in found]


def _numbers_of_strata(store: Store, problem: str, width: int) -> list[Record]:
    """Of every function, how many strata of each kind lie over it, and how many of the rest are stationary only in
    Clarke's sense."""
    functions = {row["label"]: Counter[str]() for row in store.functions(problem, width, clarke=True)}
    only_clarke: Counter[str] = Counter()
    for row in counts_of_strata(store, problem, width):
        if row["listed"]:
            functions[row["function"]][row["kind"]] += row["strata"]
        else:
            only_clarke[row["function"]] += row["strata"]
    return [
        _tagged(
            "strata_count",
            {
                "width": width,
                "function": label,
                "kinds": {kind: kinds[kind] for kind in KINDS if kind in kinds},
                "only_clarke": only_clarke[label],
            },
        )
        for label, kinds in functions.items()
    ]


def _tagged(kind: str, record: Mapping[str, Any]) -> Record:
    return {"record": kind, **record}
