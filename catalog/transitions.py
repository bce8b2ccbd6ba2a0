"""Transitions of the gradient flow in the database: made saddle by saddle, stored, and answered.

The saddles of one width are followed in batches, each of which is stored with the marks of its saddles in one
transaction, so that an interrupted build goes on from the last batch. Whoever replaces the strata of a width deletes
its transitions with them (the tables refer to `strata_surveys`).
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from catalog.answer import Answer
from catalog.errors import CatalogError
from catalog.families import TransitionRecords, family_named
from catalog.number_text import exact_form, number_from_record, outward_floats
from catalog.record import Record, from_text, loss_answer, to_text
from catalog.schema import transition_sources, transition_surveys, transitions
from catalog.scopes import NOT_SURVEYED, Scope, check_width_asked, combine, complete_as, names_of, undecided
from catalog.store import Row, Store, now
from catalog.strata_store import packed_strata, strata_surveys_of
from catalog.transition_text import curve_answer
from catalog.where import keys_where
from symbolic.problem import Problem

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from catalog.build import Job, Reporter

TRANSITION_VERSION = 3
"""To be raised with every change that could alter a transition, so that older ones are made again."""

KINDS = ("hessian", "escape", "descent")
NO_WAY_OUT = "no way out of it is known"

BATCH = 8
"""Saddles that are stored at once, for each process."""


def refusal(problem: Problem) -> str:
    """Why transitions of a problem are not available; empty if they are."""
    return family_named(problem.family).transition_records().refusal(problem)


def build_transitions(
    jobs: Sequence[Job],
    location: str | Path | None,
    width: int,
    *,
    workers: int = 1,
    report: Reporter | None = None,
) -> list[Row]:
    """Make the transitions of surveyed problems at widths 1 to `width`, going on where an earlier build was stopped.

    Args:
        jobs: problems that were built; widths beyond those of a job are not looked at, and problems without
            transitions (`refusal`) are left out.
        location: path or URL of the database.
        width: the largest one.
        workers: processes; the transitions do not depend on their number.
        report: called after every saddle.

    Returns:
        For each problem and width `{"problem", "width", "sources", "runless", "transitions", "unidentified",
        "status", "seconds"}`; `unidentified` are the records of the runs whose end is no known stratum, `status` that
        of the list of strata: where it is not `proved`, such ends are to be expected.

    Raises:
        CatalogError: strata that are not surveyed.
    """
    from catalog.build import Progress
    from catalog.workers import worker_pool

    wanted = [
        (job.problem, n) for job in jobs if not refusal(job.problem) for n in job.widths if n <= width
    ]
    with Store.writing(location) as store:
        work = {(problem.name, n): _sources_at_most(store, problem.name, n) for problem, n in wanted}
        total, done = sum(work.values()), 0

        def tell(problem: str, n: int, steps: int) -> None:
            nonlocal done
            done += steps
            if report is not None:
                report(Progress(problem, n, done, total))

        try:
            with worker_pool(workers) as executor:
                for problem, n in wanted:
                    told = _build_width(store, problem, n, executor, BATCH * workers, tell)
                    tell(problem.name, n, work[problem.name, n] - told)
        except BrokenProcessPool:
            raise CatalogError(
                "a worker process died (out of memory?); what was followed is kept: repeat the command to go on"
            ) from None
        return [_summary(store, problem.name, n) for problem, n in wanted]


def _sources_at_most(store: Store, problem: str, width: int) -> int:
    """How many strata are not minima: the steps of progress of a width."""
    minima = ("global_minimum", "local_minimum")
    return sum(row["kind"] not in minima for row in packed_strata(store, problem, width))


def _build_width(
    store: Store,
    problem: Problem,
    width: int,
    executor: Executor | None,
    batch: int,
    tell: Callable[[str, int, int], None],
) -> int:
    """Follow the saddles of one width that are not done; returns how many steps were told."""
    records = family_named(problem.family).transition_records()
    if (problem.name, width) not in strata_surveys_of(store):
        raise CatalogError(f"the strata of {problem.name} at width {width} are not surveyed")
    stored = transition_survey(store, problem.name, width)
    made_as = to_text(records.parameters())
    if stored is not None and (stored["version"], stored["parameters"]) != (TRANSITION_VERSION, made_as):
        delete_transitions(store, problem.name, width)
        stored = None
    if stored is not None and stored["finished_at"] is not None:
        return 0
    exploring = records.explorer(store, problem, width)
    sources = exploring.sources()
    if stored is None:
        _begin(store, problem.name, width, len(sources), made_as)
    done = {row["source"] for row in sources_of(store, problem.name, width)}
    tell(problem.name, width, len(done))
    told, left = len(done), [one for one in sources if one.label not in done]
    for first in range(0, len(left), batch):
        started = time.monotonic()
        part = left[first : first + batch]
        exploring.prepare(executor, sources=part)
        found = [exploring.transitions_from(one) for one in part]
        runs = {one.label: len(exploring.departures(one)[0]) for one in part}
        _save(store, exploring, records, found, runs, time.monotonic() - started)
        tell(problem.name, width, len(part))
        told += len(part)
    _finish(store, problem.name, width)
    return told


def unidentified_line(record: Record) -> str:
    """A run whose end is no known stratum, in words; for a complete list of strata it is a reason to doubt it."""
    norm = float(record["gradient_norm"])
    way = f"the {record['kind']} transition from {record['source']}"
    return f"{way} has no known end: {record['cause']} (norm of the gradient {norm:.1e})"


def transition_survey(store: Store, problem: str, width: int) -> Row | None:
    """What is stored of the transitions of one width; `finished_at` is None where not all saddles were followed."""
    mine = (transition_surveys.c.problem == problem) & (transition_surveys.c.width == width)
    found = store.rows(select(transition_surveys).where(mine))
    return found[0] if found else None


def sources_of(store: Store, problem: str, width: int) -> list[Row]:
    """The saddles that were followed, each with the number of its runs and its doubts."""
    mine = (transition_sources.c.problem == problem) & (transition_sources.c.width == width)
    return store.rows(select(transition_sources).where(mine).order_by(transition_sources.c.position))


def stored_transitions(store: Store, problem: str, width: int, **equal: Any) -> list[Row]:
    """The stored transitions of one width; `equal` are columns with the value they must have."""
    found = select(transitions).where(transitions.c.problem == problem, transitions.c.width == width)
    for name, value in equal.items():
        found = found.where(transitions.c[name] == value)
    return store.rows(found.order_by(transitions.c.id))


def delete_transitions(store: Store, problem: str, width: int) -> None:
    """Forget the transitions of one width."""
    mine = (transition_surveys.c.problem == problem) & (transition_surveys.c.width == width)
    with store.transaction() as connection:
        connection.execute(delete(transition_surveys).where(mine))


def answer_transitions(
    store: Store,
    problem: str | None = None,
    width: int | None = None,
    kind: str | None = None,
    where: str | None = None,
) -> Answer:
    """The transitions out of the saddles of exactly one width.

    Args:
        store: the database.
        problem: a name, or a path ending in .toml; all problems if None.
        width: the largest one whose transitions were made, for each problem, if None.
        kind: "hessian", "escape" or "descent".
        where: see `catalog.where`.

    Returns:
        The rows, `source` and `target` labels of strata. The status is never better than `searched`: the runs are
        numerical, and start from one point of each stratum. `undecided` where saddles were not followed.

    Raises:
        CatalogError: an unknown problem, kind or filter.
    """
    check_width_asked(width)
    if kind not in (None, *KINDS):
        raise CatalogError(f"unknown kind {kind!r} of a transition; choose from {', '.join(KINDS)}")
    keys = None if where is None else keys_where(store, "transitions", where)
    families = store.families()
    columns = (transition_surveys.c.problem, transition_surveys.c.width)
    made = [(row["problem"], row["width"]) for row in store.rows(select(*columns))]
    names = names_of(store, problem)
    rows: list[Row] = []
    scopes: list[Scope] = []
    for name in sorted(names):
        asked = width if width is not None else max((n for owner, n in made if owner == name), default=None)
        if asked is None or (name, asked) not in made:
            scopes.append(Scope(name, asked, complete_as("undecided", NOT_SURVEYED), surveyed=False))
        else:
            equal = {} if kind is None else {"kind": kind}
            found = stored_transitions(store, name, asked, **equal)
            answered = _Answers(store, name, families[name], asked)
            rows += [answered.row(row) for row in found if keys is None or str(row["id"]) in keys]
            scopes.append(Scope(name, asked, _complete(store, name, asked)))
    asked_of = dict.fromkeys(families[name] for name in sorted(names) if name in families)
    return Answer("transitions", rows, combine(scopes), tuple(asked_of))


class _Answers:
    """Stored transitions of one width as rows of an answer."""

    def __init__(self, store: Store, problem: str, family: str, width: int) -> None:
        self.problem = problem
        self.family = family
        self._records = family_named(family).transition_records()
        self._losses = {
            row["label"]: loss_answer(from_text(row["record"])["loss"], row["loss_lower"], row["loss_upper"])
            for row in store.functions(problem, width, clarke=True)
        }

    def row(self, stored: Row) -> Row:
        record = from_text(stored["record"])
        rate = record["rate"]
        exact = None if rate is None else exact_form(rate)
        target = record["target"]
        after = self._records.loss_end_answer(record) if target is None else self._losses[target.partition("@")[0]]
        return {
            "problem": self.problem,
            "family": self.family,
            "width": stored["width"],
            "source": record["source"],
            "target": target,
            "kind": record["kind"],
            "rate": exact if rate is None or isinstance(exact, str) else rate["decimal"],
            "rate_exact": exact,
            "rate_lower": stored["rate_lower"],
            "rate_upper": stored["rate_upper"],
            "rate_evidence": record["rate_evidence"],
            **curve_answer(record),
            "evidence": record["evidence"],
            "gradient_norm": _finite(record["gradient_norm"]),
            "distance": _finite(record["distance"]),
            "cause": record["cause"] or None,
            "loss_before": self._losses[record["source"].partition("@")[0]],
            "loss_after": after,
            "direction": self._records.direction_answer(record),
            "sign": record["sign"],
            "perturbation": _finite(record["perturbation"]),
            "seed": record["seed"],
        }


def _complete(store: Store, problem: str, width: int) -> dict[str, str]:
    """What is known of the list of transitions of a width."""
    followed, found = sources_of(store, problem, width), stored_transitions(store, problem, width)
    survey = transition_survey(store, problem, width)
    strata = strata_surveys_of(store)[problem, width]
    reason = "numerical runs from one balanced sample of each saddle"
    proved = sum(from_text(row["record"])["evidence"] == "proved" for row in found)
    if proved:
        reason += f"; the ends of {proved} of {len(found)} transitions are proved"
    silent = Counter(_first(row) or NO_WAY_OUT for row in followed if not row["runs"])
    if silent:
        causes = "; ".join(f"{number}: {cause}" for cause, number in silent.most_common())
        reason += f"; {sum(silent.values())} of {len(followed)} saddles have no run ({causes})"
    caveats = []
    doubtful = Counter(_first(row) for row in followed if row["runs"] and _first(row))
    if doubtful:
        causes = "; ".join(f"{number}: {cause}" for cause, number in doubtful.most_common())
        caveats.append(f"{sum(doubtful.values())} saddles may have more ways out ({causes})")
    lost = sum(row["target"] is None for row in found)
    if lost:
        caveats.append(f"{lost} runs did not end in a known stratum")
    complete = complete_as("searched", reason, "; ".join(caveats))
    if survey is None or survey["finished_at"] is None:
        missing = (survey or {"sources": 0})["sources"] - len(followed)
        complete = undecided(complete, f"{missing} saddles are not followed yet: repeat the build to go on")
    if strata["status"] == "undecided":
        complete = undecided(complete, f"the list of strata is undecided: {strata['reason']}")
    return complete


def _first(source: Row) -> str:
    """The doubts about the runs out of a saddle."""
    return ", ".join(from_text(source["record"])["doubts"])


def _begin(store: Store, problem: str, width: int, sources: int, made_as: str) -> None:
    from catalog.build_rows import software

    row = {"problem": problem, "width": width, "sources": sources, "version": TRANSITION_VERSION, "seconds": 0.0}
    with store.transaction() as connection:
        connection.execute(insert(transition_surveys).values({**row, "parameters": made_as, "software": software()}))


def _save(
    store: Store,
    exploring: Any,
    records: TransitionRecords,
    found: Sequence[Any],
    runs: dict[str, int],
    seconds: float,
) -> None:
    """Store saddles with all their transitions, and the time it took."""
    key = {"problem": exploring.problem.name, "width": exploring.strata.width}
    order = {one.label: i for i, one in enumerate(exploring.strata.strata)}
    marks = [
        key | {"source": one.stratum, "position": order[one.stratum], "runs": runs[one.stratum],
               "record": to_text({"doubts": list(one.doubts)})}
        for one in found
    ]
    rows = [key | _row(records.transition_record(transition)) for one in found for transition in one.transitions]
    mine = (transition_surveys.c.problem == key["problem"]) & (transition_surveys.c.width == key["width"])
    with store.transaction() as connection:
        connection.execute(insert(transition_sources), marks)
        if rows:
            connection.execute(insert(transitions), rows)
        spent = transition_surveys.c.seconds + seconds
        connection.execute(update(transition_surveys).where(mine).values(seconds=spent))


def _finish(store: Store, problem: str, width: int) -> None:
    mine = (transition_surveys.c.problem == problem) & (transition_surveys.c.width == width)
    with store.transaction() as connection:
        connection.execute(update(transition_surveys).where(mine).values(finished_at=now()))


def _row(record: Record) -> Row:
    rate = record["rate"]
    lower, upper = (None, None) if rate is None else outward_floats(number_from_record(rate))
    told = {name: record[name] for name in ("source", "target", "kind")}
    return told | {"rate_lower": lower, "rate_upper": upper, "record": to_text(record)}


def _summary(store: Store, problem: str, width: int) -> Row:
    survey, sources = transition_survey(store, problem, width), sources_of(store, problem, width)
    lost = stored_transitions(store, problem, width, target=None)
    return {
        "problem": problem,
        "width": width,
        "sources": len(sources),
        "runless": sum(not row["runs"] for row in sources),
        "transitions": len(stored_transitions(store, problem, width)),
        "unidentified": [from_text(row["record"]) for row in lost],
        "status": strata_surveys_of(store)[problem, width]["status"],
        "seconds": survey["seconds"] if survey else 0.0,
    }


def _finite(text: str | None) -> float | None:
    """A measured number; one that is not finite is not told."""
    value = math.nan if text is None else float(text)
    return value if math.isfinite(value) else None
