"""Statements about the functions, cases, regions and strata of data sets, all in rational arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import combinations_with_replacement, permutations
from typing import Any

from catalog.dataset.building import SURVEY_VERSION
from catalog.dataset.case_record import cases_from_record
from catalog.dataset.problem_table import notes, problem_from_record
from catalog.dataset.record import function_from_record
from catalog.dataset.strata_record import neuron_words
from catalog.dataset.verify_sweeps import PIECES, check_sweeps
from catalog.dataset.verify_transitions import check_rates
from catalog.number_text import parse_rational
from catalog.record import Record, from_text
from catalog.verification import Fault, Ledger, NotChecked, expect, first_fault
from catalog.verify_rates import ESCAPE_RATES
from catalog.verify_records import Records
from catalog.verify_shared import SAME_RIGOR, integer
from symbolic.dataset.cases import Case
from symbolic.dataset.check import check_cases
from symbolic.dataset.functions import DatasetFunction
from symbolic.dataset.patterns import arrangement
from symbolic.dataset.problem import DatasetProblem
from symbolic.dataset.recheck import NeuronFacts, PointChecker, Vector, rank_of

LOSS = "functions: the loss is that of the residuals"
ORDER = "functions: labels numbered by width, loss and residuals"
CASES = "cases: they prove the lists complete, by multiplication"
LISTED = "cases: those with live sets are the functions, with their widths"
REGIONS = "regions: all of them, named by their patterns"
CLOSURES = "regions: functions in the closure by matching"
REGION_LOSS = "regions: the formula of the loss"
VERSION = "surveys: parameters known"
ROLES = "strata: every neuron of the sample lies on the face of its role"
MEANINGS = "strata: the meanings of the roles"
REALIZED = "strata: the sample realizes the residuals"
STATIONARY = "strata: stationary in the notions it says, in no better one"
DIMENSION = "strata: dimension and gauge dimension"
KINDS = "strata: kind, reason and index by the escape neurons"
HESSIAN = "strata: inertia of the whole Hessian at the sample"
LEAST = "strata: global minima have the least loss of the width"

_SIGNS = {"p": 1, "n": -1, "z": 0}


class DatasetChecks:
    """See `catalog.verify.FamilyChecks`."""

    def check(self, records: Records, ledger: Ledger, *, slow: bool) -> None:
        """Check functions, cases, regions and strata of a data set."""
        problem = problem_from_record(records.problem)
        functions: dict[str, DatasetFunction] = {}
        for record in records.functions:
            ledger.check(LOSS, str(record.get("label")), lambda r=record: _loss(problem, r, functions))
        ledger.guard(ORDER, records.name, lambda: _order(records, functions, ledger))
        cases: dict[int, Sequence[Case]] = {}
        ledger.guard(CASES, records.name, lambda: _cases(problem, records, functions, cases, ledger))
        ledger.guard(REGIONS, records.name, lambda: _regions(problem, records, functions, cases, ledger, slow))
        ledger.guard(ROLES, records.name, lambda: _strata(problem, records, functions, ledger))
        ledger.guard(
            ESCAPE_RATES, records.name,
            lambda: check_rates(problem, records, functions, parse_rational, ledger, slow),
        )
        ledger.guard(PIECES, records.name, lambda: check_sweeps(problem, records, ledger, slow))
        for width, survey in records.surveys.items():
            if "parameters" in survey:
                ledger.check(
                    VERSION, f"{records.name} at width {width}",
                    lambda s=survey: first_fault(
                        expect(from_text(s["parameters"]) == {"survey_version": SURVEY_VERSION}, "its parameters"),
                        expect(s["caveat"] == "; ".join(notes(problem)), "its caveat"),
                    ),
                )


CHECKS = DatasetChecks()


def _loss(problem: DatasetProblem, record: Record, functions: dict[str, DatasetFunction]) -> Fault:
    function = function_from_record(record)
    residuals = function.residuals
    if len(residuals) != len(problem.targets):
        return "not one residual for each sample"
    functions[function.label] = function
    total = sum((r * r for r in residuals), Fraction(0)) / (2 * len(residuals))
    return expect(function.loss == total, f"the loss is {total}")


def _order(records: Records, functions: Mapping[str, DatasetFunction], ledger: Ledger) -> None:
    widths: dict[int, list[DatasetFunction]] = {}
    for one in functions.values():
        widths.setdefault(one.clarke_width, []).append(one)
    for width, found in widths.items():
        found.sort(key=lambda one: (one.loss, tuple(-value for value in one.residuals)))
        for number, one in enumerate(found, start=1):
            wanted = f"{records.name}:{width}.{number}"
            ledger.check(
                ORDER, one.label,
                lambda one=one, wanted=wanted: first_fault(
                    expect(one.label == wanted, f"by width, loss and residuals it is {wanted}"),
                    expect(one.minimal_width is None or one.minimal_width >= one.clarke_width, "its widths"),
                ),
            )


def _cases(
    problem: DatasetProblem, records: Records, functions: Mapping[str, DatasetFunction],
    cases: dict[int, Sequence[Case]], ledger: Ledger,
) -> None:
    for width, survey in records.surveys.items():
        name = f"cases of {records.name} at width {width}"
        if survey["status"] != "proved":
            ledger.skip(CASES, 1, "nothing is claimed of an undecided list")
        elif records.rows is None:
            ledger.skip(CASES, 1, "a released file has no cases")
        else:
            ledger.check(CASES, name, lambda w=width: _proves(problem, records, w, cases))
    for width, found in cases.items():
        ledger.check(LISTED, f"{records.name} at width {width}", lambda w=width, f=found: _widths(f, w, functions))


def _proves(
    problem: DatasetProblem, records: Records, width: int, cases: dict[int, Sequence[Case]]
) -> Fault:
    if width not in records.cases:
        return "they are not there"
    found = cases_from_record(records.cases[width])
    faults = check_cases(problem, width, found)
    cases[width] = found
    return faults[0] if faults else None


def _widths(cases: Sequence[Case], width: int, functions: Mapping[str, DatasetFunction]) -> Fault:
    least = {}
    for case in cases:
        if case.live_sets:
            directional = [len(one.types) for one in case.live_sets if one.directional]
            least[case.residuals] = (min(len(one.types) for one in case.live_sets), min(directional, default=None))
    mine = {one.residuals: one for one in functions.values() if one.clarke_width <= width}
    if set(mine) != set(least):
        return "the functions of this width are not the realized residuals"
    for residuals, (clarke, minimal) in least.items():
        one = mine[residuals]
        if one.clarke_width != clarke:
            return f"the least width of {one.label} in Clarke's sense is {clarke}"
        beyond = one.minimal_width is None or one.minimal_width > width
        if one.minimal_width != minimal and not (minimal is None and beyond):
            return f"the minimal width of {one.label} is {minimal}"
    return None


def _regions(
    problem: DatasetProblem, records: Records, functions: Mapping[str, DatasetFunction],
    cases: Mapping[int, Sequence[Case]], ledger: Ledger, slow: bool,
) -> None:
    if records.rows is None:
        return
    cells = sorted(cell.pattern for cell in arrangement(problem.samples).cells)
    by_residual = {one.residuals: one for one in functions.values()}
    for width, survey in records.surveys.items():
        found = records.regions.get(width, [])
        wanted = [list(patterns) for patterns in combinations_with_replacement(cells, width)]
        stored = [one.get("neurons") for one in found]
        listed = not found or stored == wanted
        ledger.check(
            REGIONS, f"{records.name} at width {width}",
            lambda s=survey, w=wanted, ok=listed: first_fault(
                expect(ok, "not all regions in their order"),
                expect(s["regions"] == len(w), f"there are {len(w)} regions"),
            ),
        )
        sets = {
            by_residual[case.residuals].label: [
                tuple(one.pattern for one in live.types) for live in case.live_sets if live.directional
            ]
            for case in cases.get(width, ()) if case.residuals in by_residual
        }
        for record in found:
            name = str(record.get("label"))
            ledger.check(
                REGIONS, name,
                lambda r=record, w=width: expect(
                    r["label"] == f"{records.name}@{w}:r:{'.'.join(r['neurons'])}", "its label"
                ),
            )
            ledger.check(CLOSURES, name, lambda r=record, s=sets: _closure(r, s))
            if slow:
                from catalog.dataset.verify_formula import check_loss

                ledger.check(REGION_LOSS, name, lambda r=record: check_loss(problem, r["loss"], r["neurons"]))
            else:
                ledger.skip(REGION_LOSS, 1, "a slow check")


def _closure(record: Record, sets: Mapping[str, list[tuple[str, ...]]]) -> Fault:
    """A function is in the closure iff the faces of a live set can be given to different cells around them."""
    if not sets:
        raise NotChecked("there are no cases of this width")
    cells = record["neurons"]
    inside = {
        label for label, found in sets.items()
        if any(
            all(
                all(p in ("0", q) for p, q in zip(face, cell, strict=True))
                for face, cell in zip(faces, order, strict=True)
            )
            for faces in found if len(faces) <= len(cells)
            for order in permutations(cells, len(faces))
        )
    }
    return expect(
        set(record["functions"]) == inside and len(record["functions"]) == len(inside), f"they are {sorted(inside)}"
    )


class _OverFunction:
    """What the strata over one function share."""

    def __init__(self, problem: DatasetProblem, function: DatasetFunction) -> None:
        self.problem, self.function = problem, function
        self.point = PointChecker(problem, function.residuals)
        self._neurons: dict[tuple[Vector, Fraction], NeuronFacts] = {}

    def neuron(self, w: Vector, a: Fraction) -> NeuronFacts:
        found = self._neurons.get((w, a))
        if found is None:
            found = self._neurons[w, a] = self.point.neuron(w, a)
        return found


def _strata(
    problem: DatasetProblem, records: Records, functions: Mapping[str, DatasetFunction], ledger: Ledger
) -> None:
    over = {label: _OverFunction(problem, one) for label, one in functions.items()}
    known: dict[str, Fraction] = {}

    def number(text: Any) -> Fraction:
        if text not in known:
            known[text] = parse_rational(text)
        return known[text]

    for width, found in records.strata.items():
        for code, words in records.roles.get(width, {}).items():
            ledger.check(
                MEANINGS, f"role {code} of {records.name} at width {width}",
                lambda c=code, w=words: expect(dict(w) == neuron_words(c[:-1], _SIGNS[c[-1:]]), "its words"),
            )
        losses = [
            one.loss for one in functions.values() if one.minimal_width is not None and one.minimal_width <= width
        ]
        least = min(losses, default=Fraction(0))
        for one in found:
            strata = over.get(one.get("function", ""))
            if strata is None:
                ledger.skip(ROLES, 1, "its function cannot be read")
                continue
            _check_one(one, strata, number, least, ledger)


def _check_one(one: Record, over: _OverFunction, number: Any, least: Fraction, ledger: Ledger) -> None:
    label = str(one.get("label"))
    rows: list[Vector] = []
    outer: list[Fraction] = []
    facts: list[NeuronFacts] = []

    def roles() -> Fault:
        width = integer(one["width"])
        rows.extend(tuple(number(value) for value in row) for row in one["sample"]["w"])
        outer.extend(number(value) for value in one["sample"]["a"])
        if not len(rows) == len(outer) == width == len(one["roles"]):
            return "the sample has not one neuron for each of the width"
        if any(len(row) != over.problem.dimension for row in rows):
            return "the sample has another dimension"
        for code, w, a in zip(one["roles"], rows, outer, strict=True):
            found = over.neuron(w, a)
            if found.pattern != code[:-1] or a != _SIGNS[code[-1]]:
                return f"the neuron of role {code} is of another type"
            facts.append(found)
        return None

    if not ledger.check(ROLES, label, roles):
        return
    kind = one["kind"]
    ledger.check(SAME_RIGOR, label, lambda: expect(one["rigor"] == "exact", "its numbers are rational"))
    ledger.check(REALIZED, label, lambda: _realized(over, rows, outer))
    ledger.check(STATIONARY, label, lambda: _stationary(one, facts))
    ledger.check(DIMENSION, label, lambda: _dimension(one, facts, rows, outer))
    lowest = over.function.loss == least
    ledger.check(KINDS, label, lambda: _kind(one, facts, lowest) or _hessian_word(one, facts, over))
    if kind in ("global_minimum", "local_minimum"):
        ledger.check(LEAST, label, lambda: expect((kind == "global_minimum") == lowest, "its loss says otherwise"))
    if one["index"] is not None:
        ledger.check(HESSIAN, label, lambda: _hessian(one, over, rows, outer))


def _realized(over: _OverFunction, rows: Sequence[Vector], outer: Sequence[Fraction]) -> Fault:
    values = over.point.values(rows, outer)
    wanted = [y - r for y, r in zip(over.problem.targets, over.function.residuals, strict=True)]
    return expect(values == wanted, "the network has other values at the samples")


def _stationary(one: Record, facts: Sequence[NeuronFacts]) -> Fault:
    directional = all(fact.directional for fact in facts)
    found = {
        "smooth": directional and all(fact.smooth for fact in facts),
        "directional": directional,
        "clarke": all(fact.clarke for fact in facts),
    }
    words = {name: "yes" if value else "no" for name, value in found.items()}
    return first_fault(
        expect(all(fact.stationary for fact in facts), "a derivative in an outer weight is not 0"),
        expect(one["stationarity"] == words, f"it is {words}"),
        expect(found["clarke"], "it is not stationary"),
    )


def _dimension(
    one: Record, facts: Sequence[NeuronFacts], rows: Sequence[Vector], outer: Sequence[Fraction]
) -> Fault:
    live = {fact.pattern: fact.effects for fact in facts if fact.effects}
    rank = rank_of([vector for effects in live.values() for vector in effects])
    dimension = sum(fact.dimension for fact in facts) - rank
    gauge = sum(bool(a) or any(w) for w, a in zip(rows, outer, strict=True))
    return first_fault(
        expect(one["dimension"] == dimension, f"the dimension is {dimension}"),
        expect(one["gauge_dimension"] == gauge, f"the gauge dimension is {gauge}"),
    )


def _kind(one: Record, facts: Sequence[NeuronFacts], lowest: bool) -> Fault:
    directional = all(fact.directional for fact in facts)
    escapes = sum(fact.escapes for fact in facts)
    index = escapes if directional and all(fact.regular for fact in facts) else None
    if not directional:
        kind, reason = "saddle", "first-order descent at a kink: stationary in Clarke's sense alone"
    elif index:
        kind, reason = "strict_saddle", "escape neuron where the loss is twice differentiable"
    elif escapes:
        kind, reason = "saddle", "escape neuron"
    elif lowest:
        kind, reason = "global_minimum", "least loss of a complete list, and a minimizer exists"
    else:
        kind, reason = "local_minimum", "directionally stationary without escape neuron"
    return first_fault(
        expect(one["kind"] == kind, f"it is a {kind}"),
        expect(one["reason"] == reason, f"the reason is: {reason}"),
        expect(one["index"] == index, f"the index is {index}"),
        expect(directional or one["hessian"] == "no", "a Hessian where L has a kink"),
        expect(index is None or one["hessian"] == "yes", "its Hessian"),
    )


def _hessian_word(one: Record, facts: Sequence[NeuronFacts], over: _OverFunction) -> Fault:
    """Without an index: "no" where L has a kink, or bends at a sample that is no multiple of another one."""
    if one["index"] is not None:
        return None
    samples = over.problem.samples
    alone = [
        any(x) and not any(
            j != k and any(y) and rank_of([x, y]) == 1 for j, y in enumerate(samples)
        )
        for k, x in enumerate(samples)
    ]
    rough = not all(fact.directional for fact in facts) or any(
        sign == "0" and alone[k] and (fact.bends or over.function.residuals[k])
        for fact in facts for k, sign in enumerate(fact.pattern)
    )
    return expect(one["hessian"] == ("no" if rough else "undecided"), "whether it has a Hessian")


def _hessian(one: Record, over: _OverFunction, rows: Sequence[Vector], outer: Sequence[Fraction]) -> Fault:
    negative, zero, positive = over.point.hessian_inertia(rows, outer)
    known = one["positive"] is None or (one["nullity"], one["positive"]) == (zero, positive)
    return expect(one["index"] == negative and known, f"the inertia at the sample is {negative}, {zero}, {positive}")
