"""Statements about the functions, searches, strata and branches of teacher problems, by the dense formulas in balls."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import factorial, prod
from typing import Any

from flint import arb

from catalog.number_text import number_from_record
from catalog.record import Record, from_text
from catalog.teacher.building import SURVEY_VERSION
from catalog.teacher.names import entry_names, isotropy_of, row_class_names
from catalog.teacher.problem_table import problem_from_record
from catalog.teacher.strata_record import role_words
from catalog.teacher.verify_automorphisms import automorphisms
from catalog.teacher.verify_branches import BRANCHES, check_branches
from catalog.teacher.verify_transitions import check_rates
from catalog.verification import Fault, Ledger, expect, first_fault
from catalog.verify_numbers import BITS, NumberReader, Value
from catalog.verify_rates import HESSIAN_RATES
from catalog.verify_records import Records
from catalog.verify_shared import integer
from symbolic.enclosure import bounds, working_precision
from symbolic.exact.krawczyk import has_unique_zero
from symbolic.teacher.families import named_point
from symbolic.teacher.fixed_spaces import FixedSpace
from symbolic.teacher.functions import blocks_word, loss_digits
from symbolic.teacher.problem import TeacherProblem
from symbolic.teacher.recheck import DensePoint
from symbolic.teacher.restricted import FixedSpaceSystem

GRADIENT = "functions: the gradient is 0 at the entries"
LOSS = "functions: the loss is that of the entries, its digits in the label"
SPACE = "functions: fixed space, isotropy, names of entries, blocks in the label"
SPECTRUM = "functions: multiplicities add up to n d, eigenvalues to the trace of the Hessian"
SQUARES = "functions: squares of the eigenvalues add up to the square of the Hessian"
INERTIA = "functions: inertia is that of the signs of the spectrum"
SPLITTING = "functions: smallest second variations of splitting a row"
UNIQUE = "functions: a nondegenerate zero of its fixed space, alone in a box (Krawczyk)"
NAMES = "functions: named families by the box around their branch"
SEARCHES = "regions: searches of the fixed spaces of the problem, their starts add up"
COMPLETE = "regions: the interval search behind proved_in_box"
VERSION = "surveys: parameters known"
RAYS = "strata: the rows of the sample are shares of the rays of the function"
ORBITS = "strata: orbit sizes by the automorphisms of the point"
FACTS = "strata: dimension, inertia and kind by the function and the splitting forms"
MEANINGS = "strata: the meanings of the roles"

_IRREP = re.compile(r"(?:(e):)?(t|[sxy][0-9]+|s[0-9]+\*s[0-9]+)")
_CLASS = re.compile(r"([1-9][0-9]*)x([1-9][0-9]*)")
_REACHES = (6, 9, 12, 16, 20, 26, 32, 40, 56)
WIDEST = Fraction(1, 2**100)
"""The largest radius of a certified number."""

CLOSE = Fraction(1, 2**100)
"""Within which a stored smallest second variation is confirmed."""


class TeacherFunctionView:
    """One stored function as a point of its fixed space."""

    def __init__(self, problem: TeacherProblem, record: Record, reader: NumberReader) -> None:
        self.problem, self.record = problem, record
        self.label = str(record["label"])
        self.space = FixedSpace.parse(record["space"])
        if self.space.width > 200 or self.space.inputs > 200:
            raise ValueError("a matrix too large to be checked entry by entry")
        names = entry_names(self.space)
        if set(names) != set(record["entries"]):
            raise ValueError("its entries are not those of its fixed space")
        self.entries: list[Value] = [reader.value(record["entries"][name]) for name in names]
        self.balls = [one.ball for one in self.entries]
        self.matrix = self.space.dense(self.balls, arb(0))
        self.point = DensePoint(self.matrix, self.space.teachers)
        self.loss = reader.value(record["loss"])
        self.spectrum = [
            (part["irrep"], integer(part["multiplicity"]), reader.value(part["value"])) for part in record["spectrum"]
        ]
        self.is_teacher = self.loss.rational == 0
        firsts, number = [], 0
        for rows in self.space.row_classes:
            firsts.append(number)
            number += 1 if rows.block is None else self.space.sizes[rows.block]
        self.firsts = firsts
        self._signatures: dict[int, tuple[int, int]] = {}

    @property
    def width(self) -> int:
        return self.space.width

    def splitting_signature(self, number: int) -> tuple[int, int]:
        """(negative, positive) eigenvalues of the second variation of splitting a row of this class."""
        if number not in self._signatures:
            self._signatures[number] = self.point.splitting_signature(self.firsts[number], arb(0))
        return self._signatures[number]


class TeacherChecks:
    """See `catalog.verify.FamilyChecks`."""

    def check(self, records: Records, ledger: Ledger, *, slow: bool) -> None:
        """Check functions, searches, strata and branches of a teacher problem."""
        problem = problem_from_record(records.problem)
        reader = NumberReader(WIDEST)
        views: dict[str, TeacherFunctionView] = {}
        with working_precision(BITS):
            for record in records.functions:
                label = str(record.get("label"))

                def read(record: Record = record, label: str = label) -> Fault:
                    views[label] = TeacherFunctionView(problem, record, reader)
                    return _space(views[label])

                ledger.check(SPACE, label, read)
            for label, view in views.items():
                _check_function(view, label, ledger, slow)
            ledger.guard(SEARCHES, records.name, lambda: _searches(problem, records, ledger))
            shared: dict[str, list[tuple[int, ...]]] = {}
            ledger.guard(RAYS, records.name, lambda: _strata(records, views, reader, shared, ledger))
            ledger.guard(HESSIAN_RATES, records.name, lambda: check_rates(records, views, shared, ledger, slow))
        for width, survey in records.surveys.items():
            if "parameters" in survey:
                known = {"survey_version": SURVEY_VERSION}
                ledger.check(
                    VERSION, f"{records.name} at width {width}",
                    lambda s=survey, known=known: expect(from_text(s["parameters"]) == known, "its parameters"),
                )
        ledger.guard(BRANCHES, records.name, lambda: check_branches(records, ledger, slow))


CHECKS = TeacherChecks()


def _check_function(view: TeacherFunctionView, label: str, ledger: Ledger, slow: bool) -> None:
    ledger.check(GRADIENT, label, lambda: _gradient(view))
    ledger.check(LOSS, label, lambda: _loss(view))
    ledger.check(SPECTRUM, label, lambda: _spectrum(view))
    ledger.check(INERTIA, label, lambda: _inertia(view))
    ledger.check(SPLITTING, label, lambda: _splitting(view))
    if slow:
        ledger.check(SQUARES, label, lambda: _squares(view))
        ledger.check(UNIQUE, label, lambda: _unique(view))
        ledger.check(NAMES, label, lambda: _name(view))
    else:
        for name in (SQUARES, UNIQUE, NAMES):
            ledger.skip(name, 1, "a slow check")


def _space(view: TeacherFunctionView) -> Fault:
    record, space = view.record, view.space
    stem = view.label.partition(":")[2].partition(".L")[0]
    numbers = [*view.entries, view.loss]
    exact = all(one.is_exact for one in numbers)
    return first_fault(
        expect(record["space"] == space.text, "its fixed space is spelled in another way"),
        expect(record["isotropy"] == isotropy_of(space), "its isotropy"),
        expect(space.teachers == view.problem.k and space.inputs == view.problem.dimension, "k or d is another one"),
        expect(stem == blocks_word(space), "the label names other blocks"),
        expect(record["minimal_width"] == space.width, f"the number of its rays is {space.width}"),
        expect(record["rigor"] == ("exact" if exact else "certified"), "its rigor"),
        expect((record["name"] == "global") == view.is_teacher, "global is the name of the teacher itself"),
        expect([part["row"] for part in record["splitting"]] == row_class_names(space), "names of the rows"),
    )


def _gradient(view: TeacherFunctionView) -> Fault:
    for number in view.firsts:
        if not all(entry.contains(0) for entry in view.point.gradient(number)):
            return f"the gradient of row {number + 1} is not 0"
    return None


def _loss(view: TeacherFunctionView) -> Fault:
    digits = view.label.rpartition(".L")[2] if view.label.count(".L") == 1 else view.label.partition(".L")[2]
    wanted = loss_digits(view.loss.number)
    if view.is_teacher:
        rows = [[int(i == j) for j in range(view.space.inputs)] for i in range(view.width)]
        same = all(a == b for row, unit in zip(view.matrix, rows, strict=True) for a, b in zip(row, unit, strict=True))
        return expect(same and digits == "0", "loss 0 at another point than the teacher")
    return first_fault(
        expect(view.point.loss().overlaps(view.loss.ball), "the loss is another one"),
        expect(view.loss.ball > 0, "the loss is not proved positive"),
        expect(digits.rstrip("abcdefghijklmnopqrstuvwxyz") == wanted, f"the digits of the loss are {wanted}"),
    )


def dimension_of(irrep: str, sizes: Sequence[int], unused: int) -> int:
    """The dimension of an irrep by its name; block sizes as the catalog numbers them."""
    found = _IRREP.fullmatch(irrep)
    if not found:
        raise ValueError(f"{irrep!r} is no irrep")
    result = unused if found[1] else 1
    if found[2] == "t":
        return result
    for part in found[2].split("*"):
        n = sizes[int(part[1:])]
        result *= {"s": n - 1, "x": (n - 1) * (n - 2) // 2, "y": n * (n - 3) // 2}[part[0]]
    return result


def _spectrum(view: TeacherFunctionView) -> Fault:
    sizes, unused = view.record["isotropy"], view.space.inputs - view.space.teachers
    total, trace = 0, arb(0)
    for irrep, multiplicity, value in view.spectrum:
        if multiplicity != dimension_of(irrep, sizes, unused):
            return f"the multiplicity of {irrep}"
        total += multiplicity
        trace += multiplicity * value.ball
    if total != view.width * view.space.inputs:
        return f"the multiplicities add up to {total}, not to {view.width * view.space.inputs}"
    wanted = arb(0)
    for number, rows in zip(view.firsts, view.space.row_classes, strict=True):
        copies = 1 if rows.block is None else view.space.sizes[rows.block]
        wanted += copies * view.point.trace_of_row(number)
    return expect(trace.overlaps(wanted), "the eigenvalues do not add up to the trace of the Hessian")


def _squares(view: TeacherFunctionView) -> Fault:
    total = arb(0)
    for _, multiplicity, value in view.spectrum:
        total += multiplicity * value.ball * value.ball
    return expect(total.overlaps(view.point.square_of_hessian()), "they do not")


def _inertia(view: TeacherFunctionView) -> Fault:
    signs: Counter[int] = Counter()
    for _, multiplicity, value in view.spectrum:
        if value.ball.contains(0) and value.rational != 0:
            return expect(view.record["inertia"] is None, "an inertia, though an eigenvalue may be 0")
        signs[(value.ball > 0) - (value.ball < 0)] += multiplicity
    found = [signs[-1], signs[0], signs[1]]
    return expect(view.record["inertia"] == found, f"the inertia is {found}")


def _splitting(view: TeacherFunctionView) -> Fault:
    for number, (first, part) in enumerate(zip(view.firsts, view.record["splitting"], strict=True)):
        low, high = bounds(number_from_record(part["value"]))
        lower, upper = (arb(0) + _rational(end) for end in (low - CLOSE, high + CLOSE))
        if view.is_teacher:
            fault = expect(low <= 0 <= high, f"at the teacher the second variation of row class {number} is 0")
        else:
            below, _ = view.point.splitting_signature(first, lower)
            above, _ = view.point.splitting_signature(first, upper)
            fault = expect(below == 0 and above > 0, f"the smallest second variation of {part['row']} is another one")
        if fault:
            return fault
    return None


def _rational(value: Fraction) -> arb:
    return arb(value.numerator) / arb(value.denominator)


def _middle(ends: tuple[Fraction, Fraction]) -> Fraction:
    return (ends[0] + ends[1]) / 2


def _unique(view: TeacherFunctionView) -> Fault:
    system = FixedSpaceSystem(view.space)
    center = [_middle(bounds(one.number)) for one in view.entries]
    found = any(has_unique_zero(system, center, Fraction(1, 2**power), 256) for power in (*_REACHES, 100, 140))
    return expect(found, "no box around its entries is certified to hold one zero")


def _name(view: TeacherFunctionView) -> Fault:
    if view.is_teacher:
        return None
    name = named_point(view.space, view.balls)
    return expect(view.record["name"] == name, f"the name is {name!r}")


def _searches(problem: TeacherProblem, records: Records, ledger: Ledger) -> None:
    functions = {one.get("label") for one in records.functions}
    for width, survey in records.surveys.items():
        # A released file tells the searches, the named families and their crossings one after the other.
        told = [one for one in records.systems if "starts" in one and one.get("width") == width]
        found = records.regions.get(width, []) if records.rows is not None else told
        spaces = [space.text for space in problem.spaces(integer(width))]
        ledger.check(
            SEARCHES, f"{records.name} at width {width}",
            lambda f=found, s=spaces, row=survey: first_fault(
                expect(sorted(one["space"] for one in f) == sorted(s), f"the fixed spaces are {s}"),
                expect(row["regions"] == len(s), f"there are {len(s)} fixed spaces"),
                expect(row["status"] != "proved", "a search proves no list complete"),
            ),
        )
        for record in found:
            ledger.check(SEARCHES, str(record.get("label")), lambda r=record, w=width: _search(r, w, functions))
            if record.get("completeness") == "proved_in_box":
                ledger.skip(COMPLETE, 1, "the cover of the fixed space is not stored")


def _search(record: Record, width: int, functions: set[Any]) -> Fault:
    space = FixedSpace.parse(record["space"])
    names = row_class_names(space)
    neurons = [
        name for name, rows in zip(names, space.row_classes, strict=True)
        for _ in range(1 if rows.block is None else space.sizes[rows.block])
    ]
    counts = [integer(record[name]) for name in ("failed", "vanished", "unresolved", "starts", "rounds", "orbits")]
    hits = {label: integer(number) for label, number in record["hits"].items()}
    ended = sum(counts[:3]) + sum(hits.values())
    return first_fault(
        expect(record["label"].endswith(f"@{width}:r:{blocks_word(space)}"), "its label"),
        expect(record["isotropy"] == isotropy_of(space), "its isotropy"),
        expect(record["neurons"] == neurons, "its neurons"),
        expect(min([*counts, *hits.values()]) >= 0, "a negative number"),
        expect(ended == record["starts"], f"{ended} starts ended somewhere, of {record['starts']}"),
        expect(sorted(hits) == sorted(record["functions"]) and set(hits) <= functions, "the functions it met"),
        expect(record["orbits"] == len(hits), "the number of orbits"),
        expect(set(record["families"]) <= set(hits), "a family it did not meet"),
        expect(record["completeness"] in ("proved_in_box", "searched", "undecided"), "its completeness"),
    )


def _strata(
    records: Records, views: Mapping[str, TeacherFunctionView], reader: NumberReader,
    shared: dict[str, list[tuple[int, ...]]], ledger: Ledger,
) -> None:
    for width, found in records.strata.items():
        for code, words in records.roles.get(width, {}).items():
            ledger.check(
                MEANINGS, f"role {code} of {records.name} at width {width}",
                lambda c=code, w=words: expect(dict(w) == role_words(c), "its words"),
            )
        for one in found:
            view = views.get(one.get("function", ""))
            label = str(one.get("label"))
            if view is None:
                ledger.skip(RAYS, 1, "its function cannot be read")
                continue
            copies: list[tuple[int, ...]] = []

            def rays(one: Record = one, view: TeacherFunctionView = view, copies: Any = copies) -> Fault:
                copies.extend(_copies(one["label"]))
                return _rays(one, view, copies, reader)

            if not ledger.check(RAYS, label, rays):
                continue
            shared[label] = copies
            ledger.check(ORBITS, label, lambda one=one, view=view, c=copies: _orbit(one, view, c))
            ledger.check(FACTS, label, lambda one=one, view=view, c=copies: _facts(one, view, c))


def _copies(label: str) -> list[tuple[int, ...]]:
    """For each class of rays the numbers of rows, from a label such as `f@10:8x1-1x2.1x1`."""
    words = label.rpartition("@")[2].partition(":")[2]
    result = []
    for word in words.split("."):
        numbers: list[int] = []
        for part in word.split("-"):
            found = _CLASS.fullmatch(part)
            if not found or int(found[1]) > 10_000:
                raise ValueError(f"{word!r} is no distribution of rows")
            numbers += [int(found[2])] * int(found[1])
        result.append(tuple(numbers))
    return result


def _rays(one: Record, view: TeacherFunctionView, copies: Sequence[tuple[int, ...]], reader: NumberReader) -> Fault:
    names = row_class_names(view.space)
    sizes = [1 if rows.block is None else view.space.sizes[rows.block] for rows in view.space.row_classes]
    if [len(numbers) for numbers in copies] != sizes:
        return "its label has other classes of rays than its function"
    codes = [
        f"{name}x{copied}" for name, numbers in zip(names, copies, strict=True) for copied in numbers
        for _ in range(copied)
    ]
    rows = [[reader.value(value) for value in row] for row in one["sample"]["w"]]
    if one["roles"] != codes or len(rows) != len(codes) or len(rows) != one["width"]:
        return "its roles are not those of its label, or not as many as its width"
    exact = all(value.is_exact for row in rows for value in row)
    number = 0
    for ray, copied in zip(view.matrix, (c for numbers in copies for c in numbers), strict=True):
        shares = [[value.ball for value in row] for row in rows[number : number + copied]]
        number += copied
        for column, entry in zip(zip(*shares, strict=True), ray, strict=True):
            total = arb(0)
            for value in column:
                total += value
            if not total.overlaps(entry):
                return "the rows on a ray do not add up to it"
        pivot = max(range(len(ray)), key=lambda i: float(abs(ray[i]).mid()))
        for share in shares:
            factor = share[pivot] / ray[pivot]
            if not factor > 0 or not all((factor * a).overlaps(b) for a, b in zip(ray, share, strict=True)):
                return "a row does not lie on its ray"
    return expect(one["rigor"] == ("exact" if exact else "certified"), "its rigor")


def _orbit(one: Record, view: TeacherFunctionView, copies: Sequence[tuple[int, ...]]) -> Fault:
    """n! k! / (number of column permutations that carry rays to rays of as many copies, times prod copies!)."""
    space = view.space
    inside = prod(factorial(number) for c in copies for number in Counter(c).values())
    inside *= prod(map(factorial, space.unmatched))
    shared = prod(factorial(value) for numbers in copies for value in numbers)
    order = automorphisms(space, view.balls, copies) * inside * shared
    size, rest = divmod(factorial(integer(one["width"])) * factorial(space.teachers), order)
    return expect(rest == 0 and one["orbit_size"] == size, f"the orbit has {size} members")


def _facts(one: Record, view: TeacherFunctionView, copies: Sequence[tuple[int, ...]]) -> Fault:
    base = view.record["inertia"]
    dimension = sum(value - 1 for numbers in copies for value in numbers)
    inertia = None
    if base is not None:
        negative, zero, positive = base
        for number, numbers in enumerate(copies):
            surplus = sum(value - 1 for value in numbers)
            if surplus and view.is_teacher:
                zero += surplus * view.space.inputs
            elif surplus:
                below, above = view.splitting_signature(number)
                negative, zero, positive = negative + surplus * below, zero + surplus, positive + surplus * above
        inertia = (negative, zero, positive)
    shared = [number for number, numbers in enumerate(copies) if max(numbers) > 1]
    if view.is_teacher:
        kind, reason = "global_minimum", "the loss is 0 exactly, and never less"
    elif base is not None and base[0]:
        kind, reason = "strict_saddle", "a negative eigenvalue of the Hessian is certified"
    elif any(view.splitting_signature(number)[0] for number in shared):
        kind, reason = "strict_saddle", "splitting a neuron has certified negative curvature"
    elif inertia is not None and inertia[1] == dimension:
        kind, reason = "local_minimum", "all eigenvalues of the Hessian are certified positive"
        if dimension:
            reason = "the Hessian is certified positive definite across the flat family"
    else:
        kind, reason = "undecided", one["reason"]
    stored = None if one["index"] is None else (one["index"], one["nullity"], one["positive"])
    return first_fault(
        expect(one["dimension"] == dimension and one["gauge_dimension"] == 0, f"the dimension is {dimension}"),
        expect(stored == inertia, f"the inertia is {inertia}"),
        expect(one["hessian"] == ("undecided" if inertia is None else "yes"), "whether it has a Hessian"),
        expect((one["kind"], one["reason"]) == (kind, reason), f"it is a {kind}: {reason}"),
        expect(set(one["stationarity"].values()) == {"yes"}, "its notions"),
    )
