"""Named families of critical points in real k: stored once for all problems, and answered for each.

Which families belong to a problem is said by its isotropy: A to [k], I_q and II_q to [k - q, q]. What happens along a
family does not depend on k or on the problem.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from catalog.answer import Answer
from catalog.build_rows import software
from catalog.families import family_of
from catalog.number_text import number_from_record, number_record, outward_floats, rational_text
from catalog.record import Record, from_text, to_text
from catalog.schema import branch_surveys
from catalog.schema import branches as table
from catalog.scopes import NOT_SURVEYED, Scope, combine, complete_as, names_of
from catalog.store import Row, Store, now
from catalog.where import keys_where

if TYPE_CHECKING:
    from symbolic.teacher.branches import BranchReport
    from symbolic.teacher.problem import TeacherProblem

BRANCH_VERSION = 1
"""To be raised with every change that could alter a branch, so that older ones are followed again."""

NO_BRANCHES = "only problems of the teacher family have branches"
NO_FAMILY = "no named family has the isotropy of this problem"


def family_names(problem: TeacherProblem) -> dict[str, tuple[int, ...]]:
    """The named families of the isotropy lists of a problem, each with its block sizes at k."""
    found: dict[str, tuple[int, ...]] = {}
    for blocks in problem.isotropy:
        sizes = tuple(sorted(blocks, reverse=True))
        if len(sizes) == 1:
            found["A"] = sizes
        elif len(sizes) == 2:
            number = "" if sizes[1] == 1 else f"_{sizes[1]}"
            found |= {f"I{number}": sizes, f"II{number}": sizes}
    return found


def missing_branches(store: Store, problem: TeacherProblem) -> list[str]:
    """Names of its families that are not stored, or by an older version."""
    stored = {row["name"]: row["version"] for row in store.rows(select(branch_surveys))}
    return [name for name in family_names(problem) if stored.get(name) != BRANCH_VERSION]


def start_branches(names: Sequence[str], executor: Executor | None) -> dict[str, Future[Row] | None]:
    """Begin to follow families in other processes; without an executor they are followed when they are collected."""
    return {name: None if executor is None else executor.submit(followed, name) for name in names}


def followed(name: str) -> Row:
    """The rows of a family: `{"survey": row of branch_surveys, "branches": rows of branches}`.

    A family that could not be followed is undecided, with the reason.
    """
    from symbolic.errors import Undecided
    from symbolic.teacher.branches import follow

    started = time.monotonic()
    survey: Row = {"name": name, "caveat": "", "version": BRANCH_VERSION, "software": software()}
    rows: list[Row] = []
    try:
        report = follow(name)
    except Undecided as error:
        survey |= {"status": "undecided", "reason": str(error), "record": to_text({"name": name})}
    else:
        survey |= {
            "status": report.completeness.status.value,
            "reason": _reason(report),
            "caveat": report.completeness.caveat,
            "record": to_text(report_record(report)),
        }
        rows = [_crossing_row(record, i) for i, record in enumerate(crossing_records(report))]
    return {"survey": survey | {"seconds": time.monotonic() - started}, "branches": rows}


def save_branches(store: Store, found: Row) -> None:
    """Store a family with its crossings, in the place of an earlier one."""
    name = found["survey"]["name"]
    with store.transaction() as connection:
        connection.execute(delete(table).where(table.c.name == name))
        connection.execute(delete(branch_surveys).where(branch_surveys.c.name == name))
        connection.execute(insert(branch_surveys).values({**found["survey"], "finished_at": now()}))
        if found["branches"]:
            connection.execute(insert(table), found["branches"])


def undecided_families(store: Store, problem: TeacherProblem) -> list[str]:
    """A line for each stored family of a problem that could not be followed as far as it should."""
    surveys, _ = stored_branches(store, list(family_names(problem)))
    return [f"family {row['name']} is undecided: {row['reason']}" for row in surveys if row["status"] == "undecided"]


def report_record(report: BranchReport) -> Record:
    """The flat form of a family: where it was followed, and where it is a spurious minimum."""
    return {
        "name": report.name,
        "group": report.isotropy,
        "low": rational_text(report.low),
        "high": rational_text(report.high),
        "minima": [[one.first, one.last] for one in report.minima],
        "end": report.end,
    }


def crossing_records(report: BranchReport) -> list[Record]:
    """The flat forms of the crossings of a family, by k."""
    return [
        {
            "name": one.name,
            "group": one.isotropy,
            "irrep": one.irrep,
            "k": number_record(one.k),
            "from": one.kind_from.value,
            "to": one.kind_to.value,
        }
        for one in report.crossings
    ]


def stored_branches(store: Store, names: Sequence[str]) -> tuple[list[Row], list[Row]]:
    """The stored surveys and crossings of families."""
    surveys = store.rows(select(branch_surveys).where(branch_surveys.c.name.in_(list(names))))
    crossings = select(table).where(table.c.name.in_(list(names))).order_by(table.c.name, table.c.position)
    return surveys, store.rows(crossings)


def answer_branches(store: Store, problem: str | None = None, where: str | None = None) -> Answer:
    """The crossings of the families of teacher problems.

    Args:
        store: the database.
        problem: a name, or a path ending in .toml; all teacher problems if None.
        where: see `catalog.where`.

    Returns:
        A row for each sign change. The status is that of the families; one that was not followed is undecided.
    """
    keys = None if where is None else keys_where(store, "branches", where)
    stored = {row["name"]: row for row in store.problems()}
    rows: list[Row] = []
    scopes: list[Scope] = []
    for name in sorted(names_of(store, problem)):
        if name not in stored:
            scopes.append(Scope(name, None, complete_as("undecided", NOT_SURVEYED), surveyed=False))
            continue
        if stored[name]["family"] != "teacher":
            if problem is not None:
                scopes.append(Scope(name, None, complete_as("proved", NO_BRANCHES)))
            continue
        families = family_names(family_of(stored[name]).problem_from_record(from_text(stored[name]["record"])))
        surveys, crossings = stored_branches(store, list(families))
        known = {row["name"]: row for row in surveys}
        for family, sizes in families.items():
            complete = complete_as("undecided", NOT_SURVEYED)
            if family in known:
                complete = complete_as(*(known[family][field] for field in ("status", "reason", "caveat")))
                mine = [row for row in crossings if row["name"] == family and (keys is None or str(row["id"]) in keys)]
                rows += [_answer(row, name, sizes) for row in mine]
            scopes.append(Scope(f"{name} {family}", None, complete, surveyed=family in known))
        if not families:
            scopes.append(Scope(name, None, complete_as("proved", NO_FAMILY)))
    return Answer("branches", rows, combine(_shared(scopes)), ("teacher",))


def _shared(scopes: Sequence[Scope]) -> list[Scope]:
    """A family that several problems have is told once."""
    told: dict[tuple[str, str], Scope] = {}
    for scope in scopes:
        family = scope.problem.partition(" ")[2]
        name = family or scope.problem
        told.setdefault((name, scope.complete["reason"]), Scope(name, None, scope.complete, scope.surveyed))
    return list(told.values())


def _answer(row: Row, problem: str, sizes: Sequence[int]) -> Record:
    record = from_text(row["record"])
    return {
        "problem": problem,
        "family": "teacher",
        "name": record["name"],
        "isotropy": list(sizes),
        "group": record["group"],
        "irrep": record["irrep"],
        "k": record["k"]["decimal"],
        "k_lower": row["k_lower"],
        "k_upper": row["k_upper"],
        "from": record["from"],
        "to": record["to"],
    }


def _crossing_row(record: Mapping[str, Any], position: int) -> Row:
    lower, upper = outward_floats(number_from_record(record["k"]))
    return {
        "name": record["name"],
        "irrep": record["irrep"],
        "kind_from": record["from"],
        "kind_to": record["to"],
        "k_lower": lower,
        "k_upper": upper,
        "position": position,
        "record": to_text(record),
    }


def _reason(report: BranchReport) -> str:
    minima = ", ".join(f"{one.first} <= k <= {one.last}" for one in report.minima)
    spurious = f"a spurious minimum for the integers {minima}" if minima else "no integer k with a spurious minimum"
    return f"{report.completeness.reason}; {spurious}; {report.end}"
