"""What a verification says: named statements with counts, and one line for every record that is refuted.

A statement is checked record by record. What cannot be read, or what a correct record would confirm and this one does
not, is a fault of the record; a check that is not made is counted as such, never as passed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from symbolic.errors import SaddleryError, Undecided

LONGEST = 300
"""Characters of a line about a fault."""

Fault = str | None
"""What is wrong, in words; None if nothing is."""


class NotChecked(Exception):
    """Raised by a check that is not made for this record; its text is the reason."""


@dataclass
class Statement:
    """One statement about one problem: how many records it was checked on, and with what outcome."""

    name: str
    subject: str
    family: str = ""
    checked: int = 0
    refuted: int = 0
    not_checked: int = 0
    seconds: float = 0.0  # of processor time
    why_not: str = ""


@dataclass
class Verification:
    """The statements that were checked and what they refuted.

    Attributes:
        statements: in the order in which they were checked.
        refuted: `label: statement: what is wrong`, a line for each.
    """

    statements: list[Statement] = field(default_factory=list)
    refuted: list[str] = field(default_factory=list)

    @property
    def checked(self) -> int:
        return sum(one.checked for one in self.statements)

    def to_text(self) -> str:
        """The table of statements for the eye, the refuted records below it."""
        head = ("statement", "family or problem", "checked", "refuted", "not checked", "seconds")
        rows: list[tuple[str, ...]] = [head]
        rows += [
            (one.name, one.subject, str(one.checked), str(one.refuted), str(one.not_checked), f"{one.seconds:.2f}")
            for one in self._told()
        ]
        sums = (sum(getattr(one, name) for one in self.statements) for name in ("checked", "refuted", "not_checked"))
        seconds = sum(one.seconds for one in self.statements)
        rows.append(("total", "", *map(str, sums), f"{seconds:.2f}"))
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        lines = [
            "  ".join(
                cell.ljust(size) if i < 2 else cell.rjust(size)
                for i, (cell, size) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        ]
        reasons = {one.name: one.why_not for one in self.statements if one.not_checked and one.why_not}
        lines += [f"NOT CHECKED: {name}: {why}" for name, why in reasons.items()]
        lines += [f"REFUTED: {line}" for line in self.refuted]
        return "\n".join(lines)

    def _told(self) -> list[Statement]:
        """The rows of the table: by problem where there is one, by family where there are more."""
        if len({one.subject for one in self.statements if one.family}) <= 1:
            return self.statements
        found: dict[tuple[str, str], Statement] = {}
        for one in self.statements:
            subject = one.family or one.subject
            mine = found.setdefault((one.name, subject), Statement(one.name, subject, one.family))
            mine.checked, mine.refuted = mine.checked + one.checked, mine.refuted + one.refuted
            mine.not_checked, mine.seconds = mine.not_checked + one.not_checked, mine.seconds + one.seconds
            mine.why_not = mine.why_not or one.why_not
        families = list(dict.fromkeys(one.family for one in found.values()))
        return sorted(found.values(), key=lambda one: families.index(one.family))

    def to_json(self) -> str:
        """The same as one JSON object, always by problem."""
        rows = [
            {
                "statement": one.name,
                "subject": one.subject,
                "family": one.family,
                "checked": one.checked,
                "refuted": one.refuted,
                "not_checked": one.not_checked,
                "why_not": one.why_not,
                "seconds": round(one.seconds, 3),
            }
            for one in self.statements
        ]
        return json.dumps({"statements": rows, "refuted": self.refuted}, indent=1, ensure_ascii=True)


class Ledger:
    """Collects the outcomes of the checks of one problem.

    Args:
        subject: the problem, as the table names it.
        family: of the problem, once it is known.
    """

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self.family = ""
        self.statements: dict[str, Statement] = {}
        self.refuted: list[str] = []

    def check(self, name: str, label: str, test: Callable[..., Fault]) -> bool:
        """Check one record; whether it passed. No exception leaves this but an interrupt.

        Args:
            name: the statement.
            label: of the record, or what stands for it.
            test: returns what is wrong; raises `NotChecked` where it has nothing to say.
        """
        statement = self.statement(name)
        started = time.process_time()
        try:
            fault = test()
        except NotChecked as reason:
            statement.not_checked += 1
            statement.why_not = statement.why_not or str(reason)
            return True
        except Undecided as error:
            fault = f"not confirmed: {error}"
        except SaddleryError as error:
            fault = f"cannot be read: {error}"
        except Exception as error:
            fault = f"cannot be read: {type(error).__name__}: {error}"
        finally:
            statement.seconds += time.process_time() - started
        statement.checked += 1
        if fault is None:
            return True
        statement.refuted += 1
        line = f"{label}: {name}: {fault}"
        self.refuted.append(" ".join(line.split())[:LONGEST])
        return False

    def guard(self, name: str, label: str, work: Callable[..., object]) -> None:
        """Run checks of many records; an exception that none of them expected is one fault of `label`."""
        try:
            work()
        except Exception as error:
            fault = f"cannot be read: {type(error).__name__}: {error}"
            self.check(name, label, lambda: fault)

    def statement(self, name: str) -> Statement:
        """The counts of a statement."""
        return self.statements.setdefault(name, Statement(name, self.subject))

    def skip(self, name: str, number: int, why: str) -> None:
        """Note records of a statement that are not checked."""
        statement = self.statement(name)
        statement.not_checked += number
        statement.why_not = statement.why_not or why

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Adds the time of a block to a statement."""
        started = time.process_time()
        try:
            yield
        finally:
            self.statement(name).seconds += time.process_time() - started


def expect(condition: Any, fault: str) -> Fault:
    """The fault unless the condition holds."""
    return None if condition else fault


def first_fault(*faults: Fault) -> Fault:
    """The first that is one."""
    return next((one for one in faults if one is not None), None)
