"""Statements about the named families of teacher problems and their crossings in real k."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Any

from flint import arb

from catalog.number_text import number_from_record, outward_floats, parse_rational
from catalog.record import Record, from_text
from catalog.strata_query import KINDS
from catalog.teacher.branches import BRANCH_VERSION
from catalog.verification import Fault, Ledger, expect, first_fault
from catalog.verify_numbers import NumberReader
from catalog.verify_records import Records
from catalog.verify_shared import STATUSES, integer
from symbolic.enclosure import bounds, enclose, working_precision
from symbolic.exact.eigenvalues import eigenvalue_enclosures
from symbolic.teacher.families import Family, family_point
from symbolic.teacher.isotypic import isotypic_blocks

BRANCHES = "branches: columns agree with the records"
FAMILIES = "branches: status, range and minima of the families agree with their crossings"
CROSSINGS = "branches: an eigenvalue changes its sign within the ball of k, the kinds beside it"
ELSEWHERE = "branches: no eigenvalue changes its sign elsewhere"

SLOW = "a slow check"
NOT_FOLLOWED = "branches are followed again by a build alone"

BITS = 256
MINIMUM, SADDLE = "local_minimum", "strict_saddle"


def check_branches(records: Records, ledger: Ledger, slow: bool) -> None:
    """Check the crossings; the spectra beside them are slow checks."""
    if records.rows is None:
        for record in records.systems:
            if "starts" not in record:
                name = f"branch {record.get('name')}"
                ledger.check(BRANCHES, name, lambda record=record: _released(record))
                ledger.skip(CROSSINGS, 1, "checked in databases")
        return
    by_family: dict[Any, list[Record]] = {}
    for row in records.rows.get("branches", ()):
        label = f"crossing of {row['name']}"
        found: list[Record] = []
        ledger.check(BRANCHES, label, lambda row=row, found=found: _branch(row, found))
        for record in found:
            by_family.setdefault(row["name"], []).append(record)
            if slow:
                ledger.check(CROSSINGS, label, lambda record=record: _crossing(record))
            else:
                ledger.skip(CROSSINGS, 1, SLOW)
    surveys = records.rows.get("branch_surveys", ())
    for row in surveys:
        mine = by_family.pop(row["name"], [])
        ledger.check(FAMILIES, f"family {row['name']}", lambda row=row, mine=mine: _family(row, mine))
        ledger.skip(ELSEWHERE, 1, NOT_FOLLOWED)
    lost = [*by_family][:1]
    ledger.check(FAMILIES, records.name, lambda: expect(not lost, f"crossings of {lost}, not surveyed"))


def _released(record: Record) -> Fault:
    """A crossing with its k, or what is told of a family; nothing else is in the file."""
    if "k" in record:
        NumberReader().value(record["k"])
        return expect({record["from"], record["to"]} <= {*KINDS}, "an unknown kind")
    return expect(all(integer(end) > 0 for ends in record.get("minima", ()) for end in ends), "its minima")


def _branch(row: Mapping[str, Any], found: list[Record]) -> Fault:
    record = from_text(row["record"])
    NumberReader(Fraction(1, 2**100)).value(record["k"])
    k = number_from_record(record["k"])
    fault = first_fault(
        expect((row["name"], row["irrep"]) == (record["name"], record["irrep"]), "columns name, irrep"),
        expect((row["kind_from"], row["kind_to"]) == (record["from"], record["to"]), "columns of the kinds"),
        expect((row["k_lower"], row["k_upper"]) == outward_floats(k), "columns of k"),
        expect({record["from"], record["to"]} <= {MINIMUM, SADDLE}, "an unknown kind"),
        expect(record["from"] != record["to"] or record["from"] == SADDLE, "no change of kind"),
        expect(record["group"] == Family.parse(record["name"]).isotropy, "its group"),
        expect(integer(row["position"]) >= 0, "its position"),
    )
    if fault is None:
        found.append(record)
    return fault


def _family(row: Mapping[str, Any], crossings: list[Record]) -> Fault:
    """Crossings in order within the range; the kinds of neighbours agree; minima only where the kind is one."""
    record = from_text(row["record"])
    if row["status"] == "undecided":
        return expect(record["name"] == row["name"] and row["reason"], "its name or reason")
    low, high = parse_rational(record["low"]), parse_rational(record["high"])
    places = [bounds(number_from_record(one["k"])) for one in crossings]
    ends = [low, *(end for place in places for end in place), high]
    # The kind between two crossings, on [last end, next start].
    kinds = [crossings[0]["from"], *(one["to"] for one in crossings)] if crossings else []
    runs = [(ends[2 * i], ends[2 * i + 1], kind) for i, kind in enumerate(kinds)]
    minima = [(integer(first), integer(last)) for first, last in record["minima"]]
    return first_fault(
        expect(record["name"] == row["name"], "column name"),
        expect(record["group"] == Family.parse(row["name"]).isotropy, "its group"),
        expect(row["version"] == BRANCH_VERSION, "made by another version"),
        expect(row["status"] in STATUSES and row["status"] != "proved" and row["reason"], "its status or reason"),
        expect(all(p < q for p, q in pairwise(ends)), "the crossings are not in order within its range"),
        expect(all(p["to"] == q["from"] for p, q in pairwise(crossings)), "the kinds of neighbours do not agree"),
        expect(all(low <= first <= last <= high for first, last in minima), "minima outside of its range"),
        expect(
            not crossings or all(_kind_at(runs, k) == MINIMUM for pair in minima for k in pair),
            "a minimum where it is a saddle",
        ),
        expect(
            not crossings or all(_covered(minima, run) for run in runs if run[2] == MINIMUM),
            "minima are missing where it is one",
        ),
    )


def _kind_at(runs: list[tuple[Fraction, Fraction, str]], k: int) -> str | None:
    return next((kind for low, high, kind in runs if low <= k <= high), None)


def _covered(minima: list[tuple[int, int]], run: tuple[Fraction, Fraction, str]) -> bool:
    first, last = -(-run[0] // 1), run[1] // 1
    return first > last or any(low <= first and last <= high for low, high in minima)


def _crossing(record: Record) -> Fault:
    """The spectra at both ends of the ball of k: one eigenvalue of the irrep has another sign, the others not."""
    family = Family.parse(record["name"])
    low, high = bounds(number_from_record(record["k"]))
    with working_precision(BITS + 64):
        before, after = _signs(family, low), _signs(family, high)
    irrep = record["irrep"]
    if irrep not in before or before.keys() != after.keys():
        return f"there is no irrep {irrep}"
    others = [name for name in before if name != irrep and before[name] != after[name]]
    kinds = [SADDLE if any(signs.values()) else MINIMUM for signs in (before, after)]
    return first_fault(
        expect(abs(before[irrep] - after[irrep]) == 1, f"no eigenvalue of {irrep} changes its sign"),
        expect(not others, f"an eigenvalue of {others[:1]} changes its sign"),
        expect(kinds == [record["from"], record["to"]], f"from {kinds[0]} to {kinds[1]}"),
    )


def _signs(family: Family, k: Fraction) -> dict[str, int]:
    """The number of negative eigenvalues by irrep, none of which may be 0."""
    point = [enclose(value, BITS + 64) for value in family_point(family.name, k, BITS)]
    found: dict[str, int] = {}
    for block in isotypic_blocks(family.curve.space, family.curve.sizes(k), point):
        values: tuple[arb, ...] = eigenvalue_enclosures([list(row) for row in block.matrix])
        if any(value.contains(0) for value in values):
            raise ValueError(f"an eigenvalue of {block.irrep} may be 0 beside the crossing")
        found[block.irrep] = sum(bool(value < 0) for value in values)
    return found
