"""Statements about the breakpoint-ordering regions of interval problems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING

from catalog.interval.verify_formula import check_loss
from catalog.record import from_text
from catalog.verification import Ledger, expect, first_fault
from catalog.verify_records import Records
from symbolic.interval.problem import IntervalProblem

if TYPE_CHECKING:
    from catalog.interval.verify import IntervalFunctionView

REGIONS = "regions: all of them, named by their neurons"
CLOSURES = "regions: functions in the closure by the subsequence rule"
REGION_LOSS = "regions: the formula of the loss"


def check_regions(
    problem: IntervalProblem, records: Records, views: Mapping[str, IntervalFunctionView], ledger: Ledger, slow: bool
) -> None:
    """Check the regions of all widths; a released file has none."""
    if records.rows is None:
        return
    for width, survey in records.surveys.items():
        found = records.regions.get(width, [])
        wanted = [] if problem.activation == "quadratic" else _all_regions(width)
        labels = [f"{records.name}@{width}:r:{word}{'a' * a}{'i' * i}" for word, a, i in wanted]
        stored = [one.get("label") for one in found]
        ledger.check(
            REGIONS, f"{records.name} at width {width}",
            lambda s=stored, w=labels, row=survey: first_fault(
                expect(s == w, f"not the {len(w)} regions of this width in their order"),
                expect(row["regions"] == len(w), f"there are {len(w)} regions"),
            ),
        )
        listed = [
            (view.label, view.record["class"], len(view.kinks), view.pattern, view.record["realizations"])
            for view in views.values() if view.record["minimal_width"] <= width
        ]
        if stored != labels:
            continue
        for record, (word, active, inactive) in zip(found, wanted, strict=True):
            name = str(record["label"])
            neurons = [*word, *["active"] * active, *["inactive"] * inactive]
            ledger.check(
                REGIONS, name,
                lambda r=record, n=neurons, w=word: first_fault(
                    expect(r["neurons"] == n, "its neurons are not those of its label"),
                    expect(r["order"] == list(range(1, len(w) + 1)), "its order"),
                ),
            )
            affine = active > 0 or (problem.leak > 0 and inactive > 0)
            names = [one[0] for one in listed if _in_closure(word, affine, *one[1:])]
            ledger.check(
                CLOSURES, name, lambda r=record, n=names: expect(r["functions"] == n, f"the functions are {n}")
            )
            if slow:
                ledger.check(REGION_LOSS, name, lambda r=record, n=neurons: check_loss(problem, r["loss"], n))
            else:
                ledger.skip(REGION_LOSS, 1, "a slow check")
    _region_columns(records, ledger)


def _all_regions(width: int) -> list[tuple[str, int, int]]:
    return [
        ("".join(marks), active, width - k - active)
        for k in range(width + 1)
        for marks in product("+-", repeat=k)
        for active in range(width - k, -1, -1)
    ]


def _in_closure(
    word: str, affine: bool, kind: str, knots: int, pattern: str | None, realizations: Sequence[str]
) -> bool:
    """Class B: its pattern is a subsequence of the word. Class A: letters to spare, an affine neuron, or a coincidence
    that is a subsequence (for no kink: the constant)."""
    if kind == "B":
        return _within(pattern or "", word)
    return len(word) > knots or (len(word) == knots and affine) or any(_within(one, word) for one in realizations)


def _within(short: str, long: str) -> bool:
    place = 0
    for letter in short:
        place = long.find(letter, place) + 1
        if not place:
            return False
    return True


def _region_columns(records: Records, ledger: Ledger) -> None:
    assert records.rows is not None
    for row in records.rows.get("regions", ()):
        record = from_text(row["record"])
        states = record.get("neurons", [])
        counts = (len(record.get("order", [])), states.count("active"), states.count("inactive"))
        ledger.check(
            REGIONS, str(row["label"]),
            lambda row=row, c=counts: expect((row["interior"], row["active"], row["inactive"]) == c, "its columns"),
        )
