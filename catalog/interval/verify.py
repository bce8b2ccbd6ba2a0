"""Statements about the functions, systems and regions of interval problems, and the checks of their strata.

Formulas here are short ones of their own: with r = f - h and sigma_0 = 0, sigma_(m+1) = 1, a function of class B
satisfies int r = 0 and int x r = (sigma_(k+1) - sigma_k) M on every piece, one of class A both with 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise, product
from typing import Any

from flint import arb, fmpq

from catalog.interval.problem_table import problem_from_record
from catalog.interval.record import cell_from_record
from catalog.interval.verify_regions import REGIONS, check_regions
from catalog.interval.verify_strata import check_strata
from catalog.interval.verify_transitions import check_rates
from catalog.record import Record
from catalog.verification import Fault, Ledger, NotChecked, expect, first_fault
from catalog.verify_numbers import BITS, NumberReader, Value, ball_of
from catalog.verify_rates import ESCAPE_RATES
from catalog.verify_records import Records
from catalog.verify_shared import integer
from symbolic.enclosure import bounds, midpoint, to_fmpq, working_precision
from symbolic.exact.krawczyk import has_unique_zero
from symbolic.interval.problem import IntervalProblem
from symbolic.interval.recheck.residual import Residual, sign_of, vanishes
from symbolic.interval.skeletons import FREE, GRID_BITS, SkeletonSystem

EQUATIONS = "functions: the critical equations hold at the stored numbers"
MOMENT = "functions: the moment is that of the function, 0 iff of class A"
LOSS = "functions: the loss is that of the function"
JUMPS = "functions: kinks in order inside the domain, no jump of slope is 0"
SLOPES = "functions: the slope equation, and which patterns realize it"
LABELS = "functions: labels spell class and pattern, numbers consecutive by loss"
WIDTHS = "functions: minimal width"
RIGOR = "functions: rigor is exact iff all numbers are"
UNIQUE = "functions: the only one near its kinks (Krawczyk)"
CELLS = "systems: all of them are there, their statuses consistent"
ROOTS = "systems: every root is certified to be the only one in its box"
MATCHED = "systems: functions and roots correspond"
COVERS = "systems: the cover that proves there is no other root"

ALONE = Fraction(1, 2**160)


class IntervalFunctionView:
    """One stored function with its residual, exact where all its numbers are rational, and in balls."""

    def __init__(self, problem: IntervalProblem, record: Record, reader: NumberReader) -> None:
        self.problem, self.record = problem, record
        self.label = str(record["label"])
        self.kinks = [reader.value(one) for one in _items(record["kinks"])]
        self.slopes = [reader.value(one) for one in _items(record["slopes"])]
        self.offset, self.moment, self.loss = (reader.value(record[name]) for name in ("offset", "moment", "loss"))
        self.pattern: str | None = record["pattern"]
        if len(self.slopes) != len(self.kinks) + 1:
            raise ValueError("not one slope more than kinks")
        self.balls = self._residual_in_balls()
        self.exact = self._exact_residual()
        self.is_class_a = record["class"] == "A"
        self.is_target = problem.degree <= 1 and self.is_class_a

    @property
    def numbers(self) -> list[Value]:
        return [*self.kinks, *self.slopes, self.offset, self.moment, self.loss]

    def _residual_in_balls(self) -> Residual[arb]:
        target = [ball_of(value) for value in self.problem.target]
        start, stop = (ball_of(end) for end in self.problem.domain)
        kinks, slopes = [one.ball for one in self.kinks], [one.ball for one in self.slopes]
        return Residual(target, start, stop, kinks, slopes, self.offset.ball, arb(0))

    def _exact_residual(self) -> Residual[fmpq] | None:
        kinks = [one.rational for one in self.kinks if one.rational is not None]
        slopes = [one.rational for one in self.slopes if one.rational is not None]
        offset = self.offset.rational
        if offset is None or len(kinks) < len(self.kinks) or len(slopes) < len(self.slopes):
            return None
        target = [to_fmpq(value) for value in self.problem.target]
        start, stop = (to_fmpq(end) for end in self.problem.domain)
        return Residual(target, start, stop, kinks, slopes, offset, fmpq(0))

    @property
    def residual(self) -> Residual[Any]:
        """The exact one where there is one."""
        return self.balls if self.exact is None else self.exact

    def number(self, value: Value) -> Any:
        """A number of the record of the kind in which `residual` computes."""
        if self.exact is None:
            return value.ball
        return value.ball if value.rational is None else value.rational


class IntervalChecks:
    """See `catalog.verify.FamilyChecks`."""

    def check(self, records: Records, ledger: Ledger, *, slow: bool) -> None:
        """Check functions, systems, regions and strata of an interval problem."""
        with working_precision(BITS):
            problem = problem_from_record(records.problem)
            reader = NumberReader(_widest(problem))
            views: dict[str, IntervalFunctionView] = {}
            for record in records.functions:
                label = str(record.get("label"))

                def read(record: Record = record, label: str = label) -> Fault:
                    views[label] = IntervalFunctionView(problem, record, reader)
                    return None

                ledger.check(EQUATIONS, label, lambda read=read, label=label: read() or _equations(views[label]))
            for label, view in views.items():
                ledger.check(MOMENT, label, lambda view=view: _moment(view))
                ledger.check(LOSS, label, lambda view=view: _loss(view))
                ledger.check(JUMPS, label, lambda view=view: _jumps(view))
                ledger.check(SLOPES, label, lambda view=view: _slope_equation(view))
                ledger.check(WIDTHS, label, lambda view=view: _minimal_width(view))
                ledger.check(RIGOR, label, lambda view=view: _rigor(view))
                if slow:
                    ledger.check(UNIQUE, label, lambda view=view: _alone(view))
                else:
                    ledger.skip(UNIQUE, 1, "a slow check")
            ledger.guard(LABELS, records.name, lambda: _labels(views, ledger))
            ledger.guard(CELLS, records.name, lambda: _systems(problem, records, views, ledger))
            ledger.guard(REGIONS, records.name, lambda: check_regions(problem, records, views, ledger, slow))
            ledger.guard(SLOPES, records.name, lambda: check_strata(problem, records, views, reader, ledger, slow))
            ledger.guard(ESCAPE_RATES, records.name, lambda: check_rates(problem, records, views, reader, ledger, slow))


CHECKS = IntervalChecks()


def _widest(problem: IntervalProblem) -> Fraction:
    """2^-100 of the scale on which the numbers of the problem are rounded."""
    transport = problem.canonical()[1]
    size, length = abs(transport.scale), transport.length
    return max(Fraction(1), length, size / length, size, size * length**2, size**2 * length) / 2**100


def _items(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("a list is something else")
    return value


def _sigma(leak: Fraction) -> dict[str, Fraction]:
    return {"+": 1 / (1 - leak), "-": -leak / (1 - leak)}


def _rational(value: Fraction, like: Residual[Any]) -> Any:
    return ball_of(value) if isinstance(like.zero, arb) else to_fmpq(value)


def _equations(view: IntervalFunctionView) -> Fault:
    record, residual = view.record, view.residual
    if record["class"] not in ("A", "B") or (record["class"] == "A") != (view.pattern is None):
        return "its class and pattern do not agree"
    pattern = view.pattern
    if pattern is not None and (len(pattern) != len(view.kinks) or set(pattern) - {"+", "-"}):
        return "its pattern has not one orientation for each kink"
    if view.problem.activation == "quadratic":
        whole, _ = residual.total
        return expect(vanishes(whole) and not view.kinks, "the integral of r is not 0")
    moment = residual.total[1]
    sigma = _sigma(view.problem.leak)
    levels = [Fraction(0), *(sigma[mark] for mark in pattern or ""), Fraction(1)]
    shares = [Fraction(0)] * len(view.slopes) if pattern is None else [q - p for p, q in pairwise(levels)]
    for piece, share in enumerate(shares):
        area, first = residual.over_piece(piece)
        if not vanishes(area):
            return f"the integral of r over piece {piece} is not 0"
        if not vanishes(first - _rational(share, residual) * moment):
            return f"the integral of x r over piece {piece} is not {share} M"
    return None


def _moment(view: IntervalFunctionView) -> Fault:
    computed, stored = view.residual.total[1], view.number(view.moment)
    if view.is_class_a:
        return expect(view.moment.rational == 0 and vanishes(computed), "the moment of class A is not 0")
    return first_fault(
        expect(vanishes(_as(computed) - _as(stored)), "the stored moment is another one"),
        expect(sign_of(view.moment.ball), "the moment of class B is not proved to differ from 0"),
    )


def _as(value: Any) -> arb:
    return value if isinstance(value, arb) else arb(value)


def _loss(view: IntervalFunctionView) -> Fault:
    computed, stored = view.residual.loss(), view.number(view.loss)
    if isinstance(computed, fmpq) and isinstance(stored, fmpq):
        return expect(computed == stored, f"the loss is {computed}")
    return expect(vanishes(_as(computed) - _as(stored)), "the loss is another one")


def _jumps(view: IntervalFunctionView) -> Fault:
    residual = view.residual
    ends = residual.ends
    for i in range(len(ends) - 1):
        if not ends[i + 1] > ends[i]:
            return "the kinks are not increasing inside the domain"
    return expect(all(sign_of(jump) for jump in residual.jumps()), "a jump of slope is not proved to differ from 0")


def _slope_equation(view: IntervalFunctionView) -> Fault:
    """s_0 = kappa sum_+ D_i - (1 + kappa) sum_- D_i, kappa = g/(1 - g), with one neuron at each kink."""
    if view.problem.activation == "quadratic":
        raise NotChecked("the slope equation is one of the ReLU activation")
    residual = view.residual
    leak = view.problem.leak
    kappa = leak / (1 - leak)
    by_mark = {"+": _rational(kappa, residual), "-": _rational(-(1 + kappa), residual)}
    jumps = residual.jumps()

    def excess(pattern: Sequence[str]) -> Any:
        total = -residual.slopes[0]
        for mark, jump in zip(pattern, jumps, strict=True):
            total = total + by_mark[mark] * jump
        return total

    if view.pattern is not None:
        return first_fault(
            expect(vanishes(excess(view.pattern)), "the slope equation of its pattern does not hold"),
            expect(view.record["realizations"] == [], "realizations of a function of class B"),
        )
    found = sorted("".join(p) for p in product("+-", repeat=len(jumps)) if vanishes(excess(p)))
    return expect(sorted(view.record["realizations"]) == found, f"the slope equation holds for the patterns {found}")


def _minimal_width(view: IntervalFunctionView) -> Fault:
    knots = len(view.kinks)
    if view.problem.activation == "quadratic":
        width = 2 if view.is_class_a and view.problem.degree == 1 else 0
    else:
        width = knots + int(view.is_class_a and not view.record["realizations"])
    return expect(integer(view.record["minimal_width"]) == width, f"the minimal width is {width}")


def _rigor(view: IntervalFunctionView) -> Fault:
    word = "exact" if all(one.is_exact for one in view.numbers) else "certified"
    return expect(view.record["rigor"] == word, f"by its numbers it is {word}")


def _labels(views: Mapping[str, IntervalFunctionView], ledger: Ledger) -> None:
    groups: dict[str, list[IntervalFunctionView]] = {}
    for view in views.values():
        name, _, rest = view.label.partition(":")
        kind, _, middle = rest.rpartition(".")[0].partition(".")
        wanted = ("A", str(len(view.kinks))) if view.is_class_a else ("B", view.pattern)
        provisional = view.label.endswith("?")
        spelled = (kind, middle) == wanted and name == view.problem.name
        ledger.check(
            LABELS, view.label,
            lambda s=spelled, p=provisional, v=view: first_fault(
                expect(s, "the label spells another class or pattern"),
                expect(p == v.record["provisional"], "provisional, or not, against its label"),
            ),
        )
        groups.setdefault(f"{kind}.{middle}", []).append(view)
    for stem, group in groups.items():
        ledger.check(LABELS, f"{group[0].problem.name}:{stem}", lambda group=group: _order(group))


def _order(group: list[IntervalFunctionView]) -> Fault:
    """Numbers 1, 2, ... by loss, then kinks; two numbers whose balls meet are not told apart here."""
    numbers = [int(view.label.rstrip("?").rpartition(".")[2]) for view in group]
    if sorted(numbers) != list(range(1, len(group) + 1)):
        return f"the numbers are {sorted(numbers)}"
    ordered = [view for _, view in sorted(zip(numbers, group, strict=True), key=lambda pair: pair[0])]
    for first, second in pairwise(ordered):
        for one, other in zip([first.loss, *first.kinks], [second.loss, *second.kinks], strict=True):
            if one.ball > other.ball:
                return f"{second.label} should come before {first.label}"
            if one.ball < other.ball:
                break
    return None


def _alone(view: IntervalFunctionView) -> Fault:
    """The canonical kinks in a box of half-width 2^-160 that holds exactly one solution of its system."""
    if not view.kinks or view.problem.degree <= 1:
        raise NotChecked("functions without kinks and those of affine targets are known in closed form")
    canonical, transport = view.problem.canonical()
    centers = [_middle(bounds(one.number, 320)) for one in view.kinks]
    knots = [(value - transport.start) / transport.length for value in centers]
    pattern = FREE if view.pattern is None else view.pattern
    if transport.reflected:
        knots = [1 - value for value in reversed(knots)]
        pattern = pattern if pattern == FREE else "".join("-" if m == "+" else "+" for m in reversed(pattern))
    system = SkeletonSystem(canonical, len(knots), pattern)
    alone = has_unique_zero(system, knots, ALONE, 384)
    return expect(alone, "no box around its kinks is certified to hold one solution")


def _middle(ends: tuple[Fraction, Fraction]) -> Fraction:
    return (ends[0] + ends[1]) / 2


def _systems(
    problem: IntervalProblem, records: Records, views: Mapping[str, IntervalFunctionView], ledger: Ledger
) -> None:
    if problem.degree <= 1:
        ledger.check(CELLS, records.name, lambda: expect(not records.systems, "an affine target has no systems"))
        return
    wanted = {
        (m, system) for m in range(1, records.largest + 1)
        for system in (FREE, *("".join(marks) for marks in product("+-", repeat=m)))
    }
    found = {(one.get("knots"), one.get("system")): one for one in records.systems}
    for key in sorted(wanted, key=str):
        name = f"system {key[1]} of {key[0]} knots of {records.name}"
        ledger.check(CELLS, name, lambda key=key: _system(found.get(key)))
    extra = [key for key in found if key not in wanted and records.rows is None]
    ledger.check(CELLS, records.name, lambda: expect(not extra, f"a system {extra[:1]} of no surveyed width"))
    statuses: dict[Any, list[Any]] = {one["knots"]: [] for one in records.systems if "knots" in one}
    for one in records.systems:
        if "knots" in one:
            statuses[one["knots"]].append(one.get("status", one.get("completeness", {}).get("status")))
    for width, survey in records.surveys.items():
        proved = all(set(statuses.get(m, ("",))) == {"proved"} for m in range(1, width + 1))
        ledger.check(
            CELLS, f"{records.name} at width {width}",
            lambda s=survey, p=proved: expect(s["status"] != "proved" or p, "proved, though a system is not"),
        )
    ledger.skip(COVERS, len(wanted), "covers are not stored; `saddlery certify` writes them down")
    if records.rows is None:
        _count_solutions(found, views, records, ledger)
        return
    rows = {(row["knots"], row["system"]): row for row in records.rows.get("cells", ())}
    canonical = problem.canonical()[0]
    for key in sorted(wanted & set(found), key=str):
        name = f"system {key[1]} of {key[0]} knots of {records.name}"
        ledger.check(CELLS, name, lambda key=key: _cell_row(found[key], rows[key], canonical.text()))
        for number in range(len(found[key].get("roots", ()))):
            ledger.check(ROOTS, f"root {number + 1} of {name}", lambda k=key, i=number: _root(canonical, found[k], i))
        ledger.check(MATCHED, name, lambda key=key: _matching(problem, found[key], views))


def _system(record: Record | None) -> Fault:
    if record is None:
        return "it is not there"
    if "roots" in record:
        cell = cell_from_record(record)
        proved = cell.completeness.proved
        fault = expect(proved == (not cell.open_boxes), "proved with open boxes, or undecided without any")
        return fault or expect(cell.method in ("subdivision", "reflection"), f"unknown method {cell.method!r}")
    return expect(integer(record["solutions"]) >= 0 and record["status"] in ("proved", "undecided"), "its status")


def _cell_row(record: Record, row: Mapping[str, Any], canonical: str) -> Fault:
    return first_fault(
        expect(row["canonical"] == canonical, "column canonical"),
        expect(row["status"] == record["completeness"]["status"], "column status"),
        expect((row["knots"], row["system"]) == (record["knots"], record["system"]), "columns knots, system"),
    )


def _root(canonical: Any, record: Record, number: int) -> Fault:
    cell = cell_from_record(record)
    root = cell.roots[number]
    if len(root) != cell.knots or not all(p < q for p, q in pairwise([Fraction(0), *root, Fraction(1)])):
        return "it is no increasing list of knots between 0 and 1"
    system = SkeletonSystem(canonical, cell.knots, cell.system)
    fault = expect(all(one.denominator <= 2**GRID_BITS for one in root), "it is not on the grid")
    sure = has_unique_zero(system, root, Fraction(1, 2**GRID_BITS), GRID_BITS + 64)
    return fault or expect(sure, "no zero is certified within a step of the grid")


def _matching(problem: IntervalProblem, record: Record, views: Mapping[str, IntervalFunctionView]) -> Fault:
    """Every function of the system has a root; every other root has a jump or a moment that may be 0."""
    cell = cell_from_record(record)
    canonical, transport = problem.canonical()
    pattern = None
    if cell.system != FREE:
        pattern = cell.system
        if transport.reflected:
            pattern = "".join("-" if m == "+" else "+" for m in reversed(pattern))
    mine = [
        view for view in views.values() if view.pattern == pattern and len(view.kinks) == cell.knots
    ]
    system = SkeletonSystem(canonical, cell.knots, cell.system)
    step = transport.length / 2**GRID_BITS
    places = []
    for root in cell.roots:
        knots = [1 - one for one in reversed(root)] if transport.reflected else list(root)
        places.append([transport.start + transport.length * one for one in knots])
    used = set()
    for view in mine:
        near = [
            i for i, place in enumerate(places)
            if all(abs(midpoint(k.ball) - t) <= 4 * step for k, t in zip(view.kinks, place, strict=True))
        ]
        if len(near) != 1 or near[0] in used:
            return f"{view.label} is at no root of its own"
        used.add(near[0])
    for i, root in enumerate(cell.roots):
        if i in used:
            continue
        profile = system.profile([ball_of(one) + arb(0, 2.0**-GRID_BITS) for one in root], system.ball_constants())
        moment = cell.system != FREE and profile.slope_sum.contains(0)
        wide = cell.system == FREE and cell.knots == max((len(one.kinks) for one in views.values()), default=0)
        if not moment and not any(jump.contains(0) for jump in profile.jumps) and not wide and cell.system != FREE:
            return f"root {i + 1} has no function"
    return None


def _count_solutions(
    found: Mapping[Any, Record], views: Mapping[str, IntervalFunctionView], records: Records, ledger: Ledger
) -> None:
    reflected = problem_from_record(records.problem).canonical()[1].reflected
    for (knots, system), record in found.items():
        pattern = None if system == FREE else str(system)
        if pattern is not None and reflected:
            pattern = "".join("-" if m == "+" else "+" for m in reversed(pattern))
        number = sum(1 for view in views.values() if view.pattern == pattern and len(view.kinks) == knots)
        name = f"system {system} of {knots} knots of {records.name}"
        ledger.check(
            MATCHED, name,
            lambda r=record, n=number: expect(n <= integer(r["solutions"]), "more functions than solutions"),
        )
