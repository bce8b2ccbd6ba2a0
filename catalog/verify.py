"""`saddlery verify`: every stored record re-checked from its own text, without the searches that found it.

Statements that all families share are here and in `catalog.verify_shared`; those of a family are in its package, under
the protocol `FamilyChecks`. The certified covers behind "proved" are not stored and are not searched again: that is
said in the table, and certificates hold them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Protocol

from catalog.build import Progress
from catalog.errors import CatalogError, DatabaseError
from catalog.seal import OPEN, check_seal
from catalog.store import Store
from catalog.verification import Fault, Ledger, NotChecked, Verification
from catalog.verify_records import READABLE, DatabaseReader, Records, released
from catalog.verify_shared import check_shared
from catalog.verify_transitions import check_transitions

INTACT = "the database is intact"
SEALED = "the database is sealed, its bytes are those that were stored"
TABLES_READ = "every row of every table is looked at"


class FamilyChecks(Protocol):
    """The module `catalog.<family>.verify`."""

    def check(self, records: Records, ledger: Ledger, *, slow: bool) -> None:
        """Check the statements of the family on the records of one problem; faults go into the ledger."""


def verify_database(
    db: str | Path | None,
    names: Sequence[str] = (),
    *,
    slow: bool = False,
    report: Callable[[Progress], None] | None = None,
) -> Verification:
    """Re-check the stored records of problems.

    Args:
        db: path or URL of the database.
        names: problems, or paths ending in .jsonl of released files; all surveyed problems if empty.
        slow: also the checks that take longer.
        report: is told of every problem that is done.

    Returns:
        Every statement with how many records it was checked on, and a line for every record that is refuted.

    Guarantee: a record is not refuted if it is correct and was built by this version. What is checked of it follows
        from the record alone: equations are evaluated exactly, or in balls that hold every number of the record.

    Raises:
        CatalogError: no such database, problem or file.
    """
    files = [name for name in names if name.endswith(".jsonl")]
    wanted = [name for name in names if not name.endswith(".jsonl")]
    for file in files:
        if not Path(file).is_file():
            raise CatalogError(f"{file} cannot be read: there is no such file")
    result = Verification()
    total = len(files)
    if wanted or not files:
        with Store.reading(db) as store:
            reader = DatabaseReader(store)
            ledger = Ledger("database")
            ledger.check(INTACT, str(store.path), reader.integrity)
            ledger.check(SEALED, str(store.path), lambda: _seal(store, reader))
            try:
                families = reader.names()
                if not wanted:
                    _tables(reader.unread(families), ledger)
            except DatabaseError:
                _add(result, ledger)
                if not result.refuted:
                    raise
                return result
            missing = sorted(set(wanted) - set(families))
            if missing:
                raise CatalogError(f"no survey of {missing[0]!r} in {store.path}; build it first")
            _add(result, ledger)
            chosen = wanted or list(families)
            total += len(chosen)
            for done, name in enumerate(chosen):
                _report(report, name, done, total)
                _add(result, _checked(name, lambda ledger, name=name: _in_one_state(reader, name, ledger), slow))
    for done, file in enumerate(files, start=total - len(files)):
        _report(report, Path(file).stem, done, total)
        _add(result, _checked(file, lambda ledger, file=file: released(Path(file), ledger), slow))
    _report(report, "", total, total)
    return result


def verify_lines(path: str | Path, *, slow: bool = False) -> Verification:
    """Re-check a released file; see `verify_database`.

    Raises:
        CatalogError: the file cannot be opened.
    """
    return verify_database(None, [str(path)], slow=slow)


def _checked(name: str, read: Callable[..., Records | None], slow: bool) -> Ledger:
    ledger = Ledger(name)
    found: list[Records] = []

    def reading() -> None:
        records = read(ledger)
        if records is None:
            raise CatalogError("there is no problem of a known family")
        found.append(records)

    with ledger.timed(READABLE):
        ledger.guard(READABLE, name, reading)
    for records in found:
        ledger.family = records.family
        checks: FamilyChecks = import_module(f"catalog.{records.family}.verify").CHECKS
        # What stops a whole part is a record of a form that no check expected.
        ledger.guard(READABLE, name, lambda records=records: check_shared(records, ledger))
        ledger.guard(READABLE, name, lambda records=records: check_transitions(records, ledger))
        ledger.guard(READABLE, name, lambda records=records, checks=checks: checks.check(records, ledger, slow=slow))
    return ledger


def _in_one_state(reader: DatabaseReader, name: str, ledger: Ledger) -> Records | None:
    """The records of a problem as one snapshot has them; a build may go on while they are checked."""
    with reader.store.snapshot():
        return reader.records(name, ledger)


def _seal(store: Store, reader: DatabaseReader) -> Fault:
    with store.snapshot():
        if reader.state() == OPEN:
            raise NotChecked("it was written to since it was sealed, or is too large; its structure was checked")
        with store.transaction() as connection:
            try:
                check_seal(connection, store.path)
            except DatabaseError as error:
                return str(error)
    return None


def _tables(unread: Mapping[str, int], ledger: Ledger) -> None:
    rest = {table: number for table, number in unread.items() if number}
    ledger.statement(TABLES_READ).checked += len(unread) - len(rest)
    if rest:
        told = ", ".join(f"{number} of {table}" for table, number in rest.items())
        ledger.skip(TABLES_READ, sum(rest.values()), f"rows that belong to no problem that was surveyed: {told}")


def _add(result: Verification, ledger: Ledger) -> None:
    for one in ledger.statements.values():
        one.family = ledger.family
    result.statements += [one for one in ledger.statements.values() if one.checked or one.not_checked]
    result.refuted += ledger.refuted


def _report(report: Callable[[Progress], None] | None, problem: str, done: int, total: int) -> None:
    if report is not None:
        report(Progress(problem, 0, done, total))
