"""Sweeps in one target value of a data set: asked for as `targets[2]=-1..2`, computed, stored and answered."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from catalog.answer import Answer
from catalog.build import Progress, Reporter, jobs_of
from catalog.build_rows import software
from catalog.errors import CatalogError
from catalog.families import Limits, family_named
from catalog.number_text import parse_rational, rational_text
from catalog.problem_fields import number_field, short
from catalog.record import from_text, to_text
from catalog.schema import sweeps as table
from catalog.scopes import NOT_SURVEYED, Scope, check_width_asked, combine, complete_as, names_of
from catalog.store import Row, Store, now
from symbolic.problem import Problem

if TYPE_CHECKING:
    from symbolic.dataset.problem import DatasetProblem

SWEEP_VERSION = 1
"""To be raised with every change that could alter a sweep, so that older ones are made again."""

PROVED = "one complete survey at every wall and between each two of them, and a proof that nothing else changes"

_FORM = re.compile(r"targets\[([0-9]{1,6})\]\s*=\s*(.+?)\s*\.\.\s*(.+)")


@dataclass(frozen=True)
class Vary:
    """The target of a sample, from 1, moves from `lower` to `upper`."""

    sample: int
    lower: Fraction
    upper: Fraction

    def label(self, problem: str, width: int) -> str:
        """`problem@n:s2:-1..2`, a fraction p/q written as p_q."""
        ends = "..".join(rational_text(end).replace("/", "_") for end in (self.lower, self.upper))
        return f"{problem}@{width}:s{self.sample}:{ends}"


def parse_vary(text: str) -> Vary:
    """What `--vary` asks for.

    Raises:
        CatalogError: anything but `targets[K]=P..Q` with exact numbers P < Q; one line that says what would be right.
    """
    found = _FORM.fullmatch(text.strip())
    if found is None:
        form = '"targets[2]=-1..2", with ends that are integers or p/q'
        raise CatalogError(f"--vary must be like {form}, not {short(text)}")
    lower, upper = (number_field("--vary", found[i], item=True) for i in (2, 3))
    if not lower < upper:
        raise CatalogError(f"--vary moves a target from a number to a larger one, not from {lower} to {upper}")
    return Vary(int(found[1]), lower, upper)


def build_sweeps(
    files: Sequence[str | Path],
    text: str,
    width: int | None = None,
    location: str | Path | None = None,
    *,
    patterns: int | None = None,
    report: Reporter | None = None,
) -> list[Row]:
    """Sweep one target of a data set at the widths 1..N, and store what is not in the database.

    Args:
        files: one problem file.
        text: `targets[K]=P..Q`.
        width: N; that of the file if None.
        location: path or URL of the database.
        patterns: activation patterns allowed; the limit of the family if None.
        report: called after every surveyed value.

    Returns:
        The stored rows of the widths, in order; `status` is undecided where there was too much to list.

    Raises:
        CatalogError: another number of files, another family, no such sample or interval, too many patterns.
    """
    vary = parse_vary(text)
    if len(files) != 1:
        raise CatalogError(f"--vary needs exactly one FILE, not {len(files) or 'the bundled ones'}")
    (job,) = jobs_of(files, width)
    problem = _checked(job.problem, vary)
    limits = Limits(patterns=patterns)
    family = family_named(problem.family)
    family.check_limits(problem, limits)
    with Store.writing(location) as store:
        store.save_problems([family.problem_row(problem)])
        for one in job.widths:
            row = _stored(store, vary.label(problem.name, one))
            if row is None or row["status"] != "proved" or row["version"] != SWEEP_VERSION:
                _build_width(store, problem, vary, one, patterns, report)
        found = [_stored(store, vary.label(problem.name, one)) for one in job.widths]
    return [row for row in found if row is not None]


def answer_sweeps(store: Store, problem: str | None = None, width: int | None = None) -> Answer:
    """The sweeps of the database.

    Args:
        store: the database.
        problem: a name, or a path ending in .toml; all problems with a sweep if None.
        width: exactly this one; the largest one of each sweep if None.

    Returns:
        Only sweeps that are complete. A width that was not swept, and one that had too much to list, is undecided.
    """
    check_width_asked(width)
    names = names_of(store, problem)
    by_request: dict[tuple[str, Vary], dict[int, Row]] = {}
    for row in store.rows(select(table)):
        if row["problem"] in names:
            vary = Vary(row["sample"], parse_rational(row["lower"]), parse_rational(row["upper"]))
            by_request.setdefault((row["problem"], vary), {})[row["width"]] = row
    rows, scopes = [], []
    order = sorted(by_request, key=lambda key: (key[0], key[1].sample, key[1].lower, key[1].upper))
    for name, vary in order:
        found = by_request[name, vary]
        asked = max(found) if width is None else width
        if asked not in found:
            scopes.append(Scope(name, asked, complete_as("undecided", NOT_SURVEYED), surveyed=False))
            continue
        scopes.append(_scope(found[asked]))
        if found[asked]["status"] == "proved":
            rows.append(_answer(found[asked]))
    if problem is not None and not scopes:
        scopes = [Scope(name, width, complete_as("undecided", NOT_SURVEYED), surveyed=False) for name in names]
    return Answer("sweeps", rows, combine(scopes), ("dataset",))


def sweep_of(store: Store, label: str) -> tuple[Row, dict[str, str]] | None:
    """The row and the completeness of the sweep of a label, if it is stored."""
    row = _stored(store, label)
    if row is None or row["status"] != "proved":
        return None
    return _answer(row), combine([_scope(row)])


def sweeps_text(rows: Sequence[Row]) -> str:
    """Stored rows in full, for people; an undecided one with its reason."""
    from catalog.dataset.sweep_text import sweep_text

    return "\n\n".join(
        sweep_text(_answer(row)) if row["status"] == "proved" else f"{row['label']}: undecided: {row['reason']}"
        for row in rows
    )


def _checked(problem: Problem, vary: Vary) -> DatasetProblem:
    from symbolic.dataset.problem import DatasetProblem
    from symbolic.dataset.sweep import MAXIMAL_BOUND

    if not isinstance(problem, DatasetProblem):
        raise CatalogError(f"--vary moves a target of a data set; {problem.name} is of the family {problem.family}")
    count = len(problem.targets)
    if not 1 <= vary.sample <= count:
        raise CatalogError(f"--vary: samples are counted from 1 to {count}; there is no sample {vary.sample}")
    if max(abs(vary.lower), abs(vary.upper)) > MAXIMAL_BOUND:
        raise CatalogError(f"--vary: the ends must be at most {MAXIMAL_BOUND} in size")
    return problem


def _build_width(
    store: Store, problem: DatasetProblem, vary: Vary, width: int, patterns: int | None, report: Reporter | None
) -> None:
    from catalog.dataset.sweep_record import sweep_record
    from symbolic.dataset.patterns import PATTERN_BUDGET
    from symbolic.dataset.sweep import sweep_target
    from symbolic.errors import BudgetExceeded

    def on_piece(done: int, total: int) -> None:
        if report is not None:
            report(Progress(problem.name, width, done, total))
            counted[0] = total

    counted = [0]
    started = time.monotonic()
    budget = PATTERN_BUDGET if patterns is None else patterns
    status, reason, record = "proved", PROVED, {}
    try:
        record = sweep_record(
            sweep_target(
                problem, vary.sample, vary.lower, vary.upper, width, pattern_budget=budget, on_piece=on_piece
            )
        )
    except BudgetExceeded as error:
        status, reason = "undecided", str(error)
    row = {
        "label": vary.label(problem.name, width),
        "problem": problem.name,
        "width": width,
        "sample": vary.sample,
        "lower": rational_text(vary.lower),
        "upper": rational_text(vary.upper),
        "status": status,
        "reason": reason,
        "record": to_text(record),
        "version": SWEEP_VERSION,
        "seconds": time.monotonic() - started,
        "finished_at": now(),
        "software": software(),
    }
    with store.transaction() as connection:
        connection.execute(delete(table).where(table.c.label == row["label"]))
        connection.execute(insert(table).values(row))
    if counted[0]:
        on_piece(counted[0], counted[0])


def _stored(store: Store, label: str) -> Row | None:
    found = store.rows(select(table).where(table.c.label == label))
    return found[0] if found else None


def _scope(row: Row) -> Scope:
    return Scope(row["problem"], row["width"], complete_as(row["status"], row["reason"]))


def _answer(row: Row) -> dict[str, Any]:
    from catalog.dataset.sweep_record import sweep_answer

    return sweep_answer(row["label"], row["problem"], row["width"], from_text(row["record"]))
