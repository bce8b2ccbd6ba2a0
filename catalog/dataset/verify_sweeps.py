"""Statements about sweeps of data sets: their pieces, and what is critical at values of t on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

from catalog.dataset.sweep_record import sweep_from_record
from catalog.number_text import parse_rational
from catalog.record import Record
from catalog.sweeps import SWEEP_VERSION, Vary
from catalog.verification import Fault, Ledger, NotChecked, expect, first_fault
from catalog.verify_numbers import check_algebraic
from catalog.verify_records import Records
from catalog.verify_shared import integer
from symbolic.dataset.patterns import arrangement
from symbolic.dataset.problem import DatasetProblem
from symbolic.dataset.quadratics import compare, rational_between
from symbolic.dataset.recheck import NeuronFacts, PointChecker, Vector
from symbolic.dataset.sweep import MINIMA, Branch, Piece, Sweep
from symbolic.enclosure import AlgebraicNumber
from symbolic.problem import Kind

COLUMNS = "sweeps: columns agree with the record, label and version"
PIECES = "sweeps: values and open intervals in turn without gaps, losses those of the residuals"
LEAST = "sweeps: global minima have the least loss on their piece"
STATIONARY = "sweeps: every stratum is stationary at a value of t inside its piece"
FRESH = "sweeps: other values of t inside each piece have the strata of a fresh survey with checked cases"

_SIGNS = {"p": 1, "n": -1, "z": 0}


def check_sweeps(problem: DatasetProblem, records: Records, ledger: Ledger, slow: bool) -> None:
    """Check the sweeps of a data set; fresh surveys are slow checks."""
    for record, row in zip(records.sweeps, (records.rows or {}).get("sweeps", ()), strict=True):
        label = str(row["label"])
        ledger.check(COLUMNS, label, lambda r=record, row=row: _columns(problem, r, row))
        if row["status"] != "proved":
            ledger.skip(PIECES, 1, "nothing is claimed of an undecided sweep")
            continue
        found: list[Sweep] = []
        ledger.check(PIECES, label, lambda r=record, row=row, f=found: _pieces(problem, r, row["width"], f))
        for sweep in found:
            _check_pieces(sweep, label, ledger, slow)


def _columns(problem: DatasetProblem, record: Record, row: Mapping[str, Any]) -> Fault:
    vary = Vary(integer(row["sample"]), parse_rational(row["lower"]), parse_rational(row["upper"]))
    fault = first_fault(
        expect(1 <= vary.sample <= len(problem.targets), "there is no such sample"),
        expect(vary.lower < vary.upper, "its ends"),
        expect(row["label"] == vary.label(problem.name, row["width"]), "its label"),
        expect(row["version"] == SWEEP_VERSION, "made by another version"),
        expect(row["status"] in ("proved", "undecided") and row["reason"], "its status or reason"),
    )
    if fault or row["status"] != "proved":
        return fault or expect(record == {}, "a record of an undecided sweep")
    told = {"sample": row["sample"], "from": row["lower"], "to": row["upper"]}
    return expect(all(record[name] == value for name, value in told.items()), "its columns")


def _pieces(problem: DatasetProblem, record: Record, width: int, found: list[Sweep]) -> Fault:
    sweep = sweep_from_record(problem, width, record)
    pieces = sweep.pieces
    for piece in pieces:
        for end in (piece.lower, piece.upper):
            if isinstance(end, AlgebraicNumber):
                check_algebraic(end)
    if len(pieces) < 3 or len(pieces) % 2 == 0:
        return "not values and open intervals in turn"
    for i, piece in enumerate(pieces):
        if compare(piece.lower, piece.upper) != (0 if i % 2 == 0 else -1):
            return f"piece {i + 1} is no value, or no interval"
    fault = first_fault(
        expect(pieces[0].lower == sweep.lower and pieces[-1].upper == sweep.upper, "its ends"),
        expect(all(compare(p.upper, q.lower) == 0 for p, q in pairwise(pieces)), "a gap between two pieces"),
    )
    if fault:
        return fault
    found.append(sweep)
    return None


def _value(branch: Branch, t: Fraction) -> Vector:
    return tuple(c0 + c1 * t for c0, c1 in branch.residuals)


def _at(problem: DatasetProblem, sample: int, t: Fraction) -> DatasetProblem:
    return replace(problem, targets=tuple(t if k == sample - 1 else y for k, y in enumerate(problem.targets)))


def _check_pieces(sweep: Sweep, label: str, ledger: Ledger, slow: bool) -> None:
    faces = _faces(sweep.problem)
    for number, piece in enumerate(sweep.pieces, start=1):
        name = f"piece {number} of {label}"
        if piece.is_wall and not isinstance(piece.lower, Fraction):
            for statement in (LEAST, STATIONARY, FRESH):
                ledger.skip(statement, 1, "an irrational value of t")
            continue
        inside = piece.lower if isinstance(piece.lower, Fraction) else None
        t = inside if piece.is_wall and inside is not None else rational_between(piece.lower, piece.upper)
        ledger.check(LEAST, name, lambda p=piece, t=t: _least(p, t))
        ledger.check(STATIONARY, name, lambda p=piece, t=t: _stationary(sweep, p, t, faces))
        if not slow:
            ledger.skip(FRESH, 1, "a slow check")
            continue
        others = [t] if piece.is_wall else [rational_between(piece.lower, t), rational_between(t, piece.upper)]
        for other in others:
            ledger.check(FRESH, f"{name} at t = {other}", lambda p=piece, t=other: _fresh(sweep, p, t))


def _least(piece: Piece, t: Fraction) -> Fault:
    losses = [branch.loss(t) for branch in piece.branches]
    least = min(losses)
    for branch, loss in zip(piece.branches, losses, strict=True):
        kinds = {kind for _, kind in branch.strata if kind in MINIMA}
        if kinds - {Kind.GLOBAL_MINIMUM if loss == least else Kind.LOCAL_MINIMUM}:
            return f"a minimum of the loss {loss} at t = {t}, where the least one is {least}"
    return None


def _faces(problem: DatasetProblem) -> Mapping[str, list[Vector]]:
    """Vectors whose positive combinations are the open faces of the arrangement, by pattern."""
    faces = arrangement(problem.samples).faces
    return {face.pattern: [tuple(map(Fraction, ray)) for ray in face.rays] for face in faces}


def _point(checker: PointChecker, code: str, rays: Sequence[Vector]) -> Vector:
    """A point of the open face; with a = 0 one where the derivative in a is 0, if there is one."""
    weights = [Fraction(1)] * len(rays)
    if code.endswith("z"):
        slopes = [checker.slope(ray, code[:-1]) for ray in rays]
        total = sum(slopes, Fraction(0))
        against = next((i for i, slope in enumerate(slopes) if slope * total < 0), None)
        if against is not None:
            weights[against] -= total / slopes[against]
    return tuple(
        sum((c * ray[i] for c, ray in zip(weights, rays, strict=True)), Fraction(0))
        for i in range(checker.problem.dimension)
    )


def _stationary(sweep: Sweep, piece: Piece, t: Fraction, faces: Mapping[str, list[Vector]]) -> Fault:
    """Every type of neuron at the residuals of t; kinds with an escape neuron are those of saddles."""
    problem = _at(sweep.problem, sweep.sample, t)
    for branch in piece.branches:
        checker = PointChecker(problem, _value(branch, t))
        known: dict[str, NeuronFacts] = {}

        def facts(
            code: str, checker: PointChecker = checker, known: dict[str, NeuronFacts] = known
        ) -> NeuronFacts:
            if code not in known:
                known[code] = checker.neuron(_point(checker, code, faces[code[:-1]]), Fraction(_SIGNS[code[-1]]))
            return known[code]

        fault = _branch(branch, facts, sweep.width)
        if fault:
            return f"{fault} at t = {t}"
    return None


def _branch(branch: Branch, facts: Callable[[str], NeuronFacts], width: int) -> Fault:
    codes = [code for code, _ in branch.strata]
    if len(set(codes)) != len(codes) or not codes:
        return "a stratum stands twice, or a function has none"
    for code, kind in branch.strata:
        neurons: Sequence[str] = code.split(".")
        if len(neurons) != width:
            return f"{code} has not {width} neurons"
        mine = [facts(one) for one in neurons]
        if not all(one.stationary and one.directional for one in mine):
            return f"{code} is not stationary"
        if (kind in MINIMA) == any(one.escapes for one in mine):
            return f"{code} is a {kind.value}"
    return None


def _fresh(sweep: Sweep, piece: Piece, t: Fraction) -> Fault:
    """The same residuals, codes and kinds as a survey at t whose cases prove it complete."""
    from symbolic.dataset.check import check_cases
    from symbolic.dataset.survey import survey_dataset, survey_dataset_strata
    from symbolic.errors import BudgetExceeded

    problem = _at(sweep.problem, sweep.sample, t)
    try:
        surveyed = survey_dataset(problem, sweep.width)
        strata = survey_dataset_strata(surveyed).by_function
    except BudgetExceeded as error:
        raise NotChecked(str(error)) from None
    faults = check_cases(problem, sweep.width, surveyed.cases)
    if faults:
        return faults[0]
    wanted = {}
    for function in surveyed.functions:
        mine = [one for one in strata.get(function.label, ()) if one.by_default]
        if mine:
            wanted[function.residuals] = sorted((one.label.rpartition(":")[2], one.kind) for one in mine)
    stored = {_value(branch, t): sorted(branch.strata) for branch in piece.branches}
    if set(stored) != set(wanted):
        return f"there are {len(wanted)} functions, not these {len(stored)}"
    wrong = [residuals for residuals, one in wanted.items() if stored[residuals] != one]
    return expect(not wrong, "the strata are others")
