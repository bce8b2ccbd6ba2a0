"""The records of one problem as a verification reads them: from a database, or from a released file.

Nothing is trusted: rows are read without conversion of types, texts that are not UTF-8 are kept as such, and what is no
record is a fault under the statement `READABLE`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from catalog.errors import CatalogError
from catalog.families import AVAILABLE, family_named
from catalog.record import Record, from_text, to_text
from catalog.store import Row, Store
from catalog.verification import Fault, Ledger, expect

READABLE = "records can be read"
CANONICAL = "records are canonical text"

OF_THE_DATABASE = frozenset({"migrations", "seals", "sqlite_sequence", "sqlite_stat1"})
"""Tables that say nothing of a problem."""

TABLES = frozenset({
    "problems", "cells", "surveys", "functions", "survey_functions", "regions", "strata_surveys", "strata",
    "strata_counts", "branch_surveys", "branches", "cases", "sweeps", "transition_surveys", "transition_sources",
    "transitions",
})
"""Tables whose rows are looked at."""


@dataclass
class Records:
    """The records of one problem.

    Attributes:
        name, family: of the problem; problem: its record.
        surveys, strata_surveys: by width.
        functions: flat records in the order of the catalog.
        systems: flat records of the solved systems (of a released file: status and number of solutions alone).
        regions, strata, counts, roles, cases, listed: by width; `listed` are the labels a survey of its own lists.
        transitions, sources, transition_surveys: by width, the records of the runs and of the saddles that were
            followed, and the raw rows of their surveys.
        sweeps: their records.
        rows: from a database, the raw rows beside the records by entity, in the same order; None from a file.
    """

    name: str
    family: str
    problem: Record
    surveys: dict[int, Row] = field(default_factory=dict)
    strata_surveys: dict[int, Row] = field(default_factory=dict)
    functions: list[Record] = field(default_factory=list)
    systems: list[Record] = field(default_factory=list)
    regions: dict[int, list[Record]] = field(default_factory=dict)
    strata: dict[int, list[Record]] = field(default_factory=dict)
    counts: dict[int, list[Row]] = field(default_factory=dict)
    roles: dict[int, dict[str, Any]] = field(default_factory=dict)
    numbers: dict[int, list[Record]] = field(default_factory=dict)
    cases: dict[int, Record] = field(default_factory=dict)
    listed: dict[int, list[str]] = field(default_factory=dict)
    transitions: dict[int, list[Record]] = field(default_factory=dict)
    sources: dict[int, list[Record]] = field(default_factory=dict)
    transition_surveys: dict[int, Row] = field(default_factory=dict)
    sweeps: list[Record] = field(default_factory=list)
    rows: dict[str, list[Row]] | None = None

    @property
    def largest(self) -> int:
        return max(self.surveys, default=0)


class DatabaseReader:
    """The rows of a database by problem; a context manager."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def names(self) -> dict[str, str]:
        """The family of each problem that was surveyed or swept, by name."""
        both = "SELECT problem FROM surveys UNION SELECT problem FROM sweeps"
        surveyed = {row["problem"] for row in self._rows(both)}
        found = self._rows("SELECT name, family FROM problems ORDER BY name")
        return {str(row["name"]): str(row["family"]) for row in found if row["name"] in surveyed}

    def state(self) -> Any:
        """The seal: a digest, or `catalog.seal.OPEN`."""
        return next(iter(self._rows("SELECT state FROM seals")), {}).get("state")

    def unread(self, names: Iterable[str]) -> dict[str, int]:
        """How many rows of each table belong to none of some problems, so that nothing looks at them."""
        known = set(names)
        tables = [str(row["name"]) for row in self._rows("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        canonical = {row["canonical"] for row in self._rows("SELECT name, canonical FROM problems")
                     if row["name"] in known}
        teachers = "SELECT name FROM problems WHERE family = 'teacher'"
        found = {}
        for table in sorted(set(tables) - OF_THE_DATABASE):
            if table in ("branches", "branch_surveys"):
                read = any(row["name"] in known for row in self._rows(teachers))
                found[table] = 0 if read else self._number(table)
                continue
            column = {"problems": "name", "cells": "canonical"}.get(table, "problem")
            if table not in TABLES:
                found[table] = self._number(table)
                continue
            owners = self._rows(f"SELECT {column} AS owner, count(*) AS number FROM {table} GROUP BY {column}")
            mine = canonical if table == "cells" else known
            found[table] = sum(row["number"] for row in owners if row["owner"] not in mine)
        return found

    def _number(self, table: str) -> int:
        quoted = table.replace('"', '""')
        (row,) = self._rows(f'SELECT count(*) AS number FROM "{quoted}"')
        return int(row["number"])

    def integrity(self) -> Fault:
        """What SQLite says of the file and of the references between its tables."""
        found = [str(next(iter(row.values()))) for row in self._rows("PRAGMA integrity_check(3)")]
        if found != ["ok"]:
            return "; ".join(found)
        return expect(not self._rows("PRAGMA foreign_key_check"), "a row refers to one that is not there")

    def records(self, name: str, ledger: Ledger) -> Records | None:
        """The records of one problem; what cannot be read is a fault. None if the problem itself cannot be read."""
        (row,) = self._rows("SELECT * FROM problems WHERE name = ?", name)
        problem = _parsed(ledger, f"problem {name}", row["record"])
        if problem is None or row["family"] not in AVAILABLE:
            return None
        found = Records(name, row["family"], problem, rows={"problem": [row]})
        assert found.rows is not None
        for survey in self._rows("SELECT * FROM surveys WHERE problem = ? ORDER BY width", name):
            found.surveys[survey["width"]] = survey
        self._functions(found, name, ledger)
        self._regions(found, name, ledger)
        cells = self._rows("SELECT * FROM cells WHERE canonical = ? ORDER BY knots, system", row["canonical"])
        for cell in cells:
            record = _parsed(ledger, f"system {cell['system']} of {name}", cell["record"])
            if record is not None:
                found.systems.append(record)
                found.rows.setdefault("cells", []).append(cell)
        for case in self._rows("SELECT * FROM cases WHERE problem = ?", name):
            record = _parsed(ledger, f"cases of {name} at width {case['width']}", case["record"])
            if record is not None:
                found.cases[case["width"]] = record
        self._strata(found, name, ledger)
        self._transitions(found, name, ledger)
        for sweep in self._rows("SELECT * FROM sweeps WHERE problem = ? ORDER BY label", name):
            record = _parsed(ledger, str(sweep["label"]), sweep["record"])
            if record is not None:
                found.sweeps.append(record)
                found.rows.setdefault("sweeps", []).append(sweep)
        if found.family == "teacher":
            # Branches belong to families of points, not to one problem.
            found.rows["branches"] = self._rows("SELECT * FROM branches ORDER BY name, position")
            found.rows["branch_surveys"] = self._rows("SELECT * FROM branch_surveys ORDER BY name")
        return found

    def _functions(self, found: Records, name: str, ledger: Ledger) -> None:
        assert found.rows is not None
        query = "SELECT * FROM functions WHERE problem = ? ORDER BY clarke_width, position"
        for row in self._rows(query, name):
            record = _parsed(ledger, str(row["label"]), row["record"])
            if record is not None:
                found.functions.append(record)
                found.rows.setdefault("functions", []).append(row)
        for row in self._rows("SELECT * FROM survey_functions WHERE problem = ? ORDER BY width, position", name):
            found.listed.setdefault(row["width"], []).append(row["function"])

    def _transitions(self, found: Records, name: str, ledger: Ledger) -> None:
        assert found.rows is not None
        for survey in self._rows("SELECT * FROM transition_surveys WHERE problem = ? ORDER BY width", name):
            found.transition_surveys[survey["width"]] = survey
        for table, order, mine in (
            ("transition_sources", "position", found.sources), ("transitions", "id", found.transitions),
        ):
            for row in self._rows(f"SELECT * FROM {table} WHERE problem = ? ORDER BY width, {order}", name):
                record = _parsed(ledger, f"{table} from {row['source']}", row["record"])
                if record is not None:
                    mine.setdefault(row["width"], []).append(record)
                    found.rows.setdefault(table, []).append(row)

    def _regions(self, found: Records, name: str, ledger: Ledger) -> None:
        assert found.rows is not None
        for row in self._rows("SELECT * FROM regions WHERE problem = ? ORDER BY width, position", name):
            record = _parsed(ledger, str(row["label"]), row["record"])
            if record is not None:
                found.regions.setdefault(row["width"], []).append(record)
                found.rows.setdefault("regions", []).append(row)

    def _strata(self, found: Records, name: str, ledger: Ledger) -> None:
        assert found.rows is not None
        for survey in self._rows("SELECT * FROM strata_surveys WHERE problem = ? ORDER BY width", name):
            width = survey["width"]
            found.strata_surveys[width] = {key: survey[key] for key in survey if key not in ("numbers", "roles")}
            label = f"{name} at width {width}"
            numbers = _parsed(ledger, f"numbers of {label}", survey["numbers"])
            roles = _parsed(ledger, f"roles of {label}", survey["roles"])
            rows = self._rows("SELECT * FROM strata WHERE problem = ? AND width = ? ORDER BY id", name, width)
            counts = "SELECT * FROM strata_counts WHERE problem = ? AND width = ?"
            found.counts[width] = self._rows(counts, name, width)
            found.strata[width] = []
            if numbers is None or roles is None:
                ledger.skip(READABLE, len(rows), "their numbers or roles cannot be read")
                continue
            listed = numbers.get("numbers")
            found.numbers[width] = listed if isinstance(listed, list) else []
            found.roles[width] = roles
            self._unpacked(found, width, rows, (survey["numbers"], survey["roles"]), ledger)

    def _unpacked(
        self, found: Records, width: int, rows: list[Row], texts: tuple[str, str], ledger: Ledger
    ) -> None:
        assert found.rows is not None
        try:
            words = family_named(found.family).strata_words(*texts)
        except Exception as error:
            fault = f"cannot be read: {type(error).__name__}: {error}"
            ledger.check(READABLE, f"numbers and roles of {found.name} at width {width}", lambda: fault)
            return
        good = []
        for row in rows:
            try:
                good.append((words.record(row), row))
            except Exception as error:
                fault = f"cannot be read: {type(error).__name__}: {error}"
                ledger.check(READABLE, str(row["label"]), lambda fault=fault: fault)
        ledger.statement(READABLE).checked += len(good)
        found.strata[width] = [record for record, _ in good]
        found.rows.setdefault("strata", []).extend(row for _, row in good)

    def _rows(self, query: str, *values: Any) -> list[Row]:
        with self.store.raw_reader() as connection:
            # Within a snapshot the connection is also that of others.
            before = connection.row_factory, connection.text_factory
            connection.row_factory, connection.text_factory = sqlite3.Row, _decoded
            try:
                with closing(connection.execute(query, values)) as cursor:
                    return [dict(row) for row in cursor]
            finally:
                connection.row_factory, connection.text_factory = before


def released(path: Path, ledger: Ledger) -> Records | None:
    """The records of a released file; what cannot be read is a fault. None if no problem can be read.

    Raises:
        CatalogError: the file cannot be opened.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise CatalogError(f"{path} cannot be read: {error.strerror or error}") from None
    by_kind: dict[str, list[Record]] = {}
    for number, line in enumerate(lines, start=1):
        if line or number < len(lines):
            record = _parsed(ledger, f"line {number} of {path.name}", _decoded(line))
            if record is not None:
                by_kind.setdefault(str(record.pop("record", None)), []).append(record)
    problems = by_kind.get("problem", [])
    fault = expect(len(problems) == 1 and len(by_kind.get("header", ())) == 1, "not one header and one problem")
    family = problems[0].get("family") if problems else None
    fault = fault or expect(family in AVAILABLE, f"unknown family {family!r}")
    if not ledger.check(READABLE, path.name, lambda: fault):
        return None
    found = Records(str(problems[0].get("name")), str(family), problems[0])
    for kind, mine in (("survey", found.surveys), ("strata_survey", found.strata_surveys)):
        for record in by_kind.get(kind, ()):
            ledger.check(READABLE, f"{kind} of {found.name}", lambda r=record: expect("width" in r, "no width"))
            mine[record.get("width", 0)] = record
    found.functions, found.systems = by_kind.get("function", []), by_kind.get("system", [])
    for record in by_kind.get("stratum", ()):
        found.strata.setdefault(record.get("width", 0), []).append(record)
    for record in by_kind.get("role", ()):
        found.roles.setdefault(record.pop("width", 0), {})[str(record.pop("code", ""))] = record
    for record in by_kind.get("strata_count", ()):
        found.counts.setdefault(record.get("width", 0), []).append(record)
    known = {"header", "problem", "survey", "strata_survey", "function", "system", "stratum", "role", "strata_count"}
    for kind in set(by_kind) - known:
        ledger.check(READABLE, path.name, lambda kind=kind: f"a record of unknown kind {kind}")
    return found


def all_numbers(value: Any) -> Iterator[Mapping[str, Any]]:
    """The number records anywhere in a record."""
    if isinstance(value, Mapping):
        if "decimal" in value:
            yield value
            return
        for one in value.values():
            yield from all_numbers(one)
    elif isinstance(value, list):
        for one in value:
            yield from all_numbers(one)


def _parsed(ledger: Ledger, label: str, text: Any) -> Record | None:
    found: list[Record] = []

    def read() -> Fault:
        if not isinstance(text, str):
            return f"cannot be read: {type(text).__name__} in the place of a text"
        found.append(from_text(text))
        return None

    ledger.check(READABLE, label, read)
    if not found:
        return None
    ledger.check(CANONICAL, label, lambda: expect(to_text(found[0]) == text, "spelled in another way"))
    return found[0]


def _decoded(text: bytes) -> str:
    return text.decode("utf-8", errors="replace")
