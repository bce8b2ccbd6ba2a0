"""Statements about the critical strata of interval problems, from their samples and the functions they are over.

Neurons that occur in many samples are looked at once per function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from flint import arb, fmpq

from catalog.interval.verify_curves import descent_fault
from catalog.interval.verify_roles import Role, check_meanings, sites_fault
from catalog.interval.verify_sample import Key, Stratum
from catalog.record import Record
from catalog.verification import Fault, Ledger, NotChecked, expect, first_fault
from catalog.verify_numbers import NumberReader, Value
from catalog.verify_records import Records
from catalog.verify_shared import SAME_RIGOR, integer
from symbolic.interval.problem import IntervalProblem
from symbolic.interval.recheck.beam import BeamSigns, beam_signs
from symbolic.interval.recheck.network import INACTIVE, INSIDE, ZERO, Neuron, neuron_at
from symbolic.interval.recheck.residual import Residual, sign_of, vanishes
from symbolic.interval.recheck.second_order import Projection, definite_directions, dense_hessian, form_signature

if TYPE_CHECKING:
    from catalog.interval.verify import IntervalFunctionView

CRITICAL = "strata: the gradient is 0 at the sample"
REALIZED = "strata: the sample realizes the function"
ROLES = "strata: every neuron of the sample does what its role says"
DIMENSION = "strata: dimension and gauge dimension"
INERTIA = "strata: inertia by the form of the breakpoints at the sample"
DENSE = "strata: inertia by the whole Hessian at the sample"
KINDS = "strata: kind, reason and notions follow from the roles and the function"
MINIMA = "strata: minima satisfy the conditions of the theorem"
LEAST = "strata: global minima have the least loss of the width"
DESCENT = "strata: the loss falls along the stored curve as it says"

BEAM_OPEN = "the sign of K was not decided"


def check_strata(
    problem: IntervalProblem,
    records: Records,
    views: Mapping[str, IntervalFunctionView],
    reader: NumberReader,
    ledger: Ledger,
    slow: bool,
) -> None:
    """Check all strata of a problem."""
    total = sum(len(found) for found in records.strata.values())
    if problem.activation == "quadratic":
        ledger.skip(KINDS, total, "strata of the quadratic activation are given in closed form")
        return
    over = {label: _OverFunction(problem, view) for label, view in views.items()}
    known: dict[int, Value] = {}

    def value(record: Any) -> Value:
        found = known.get(id(record))
        if found is None:
            found = known[id(record)] = reader.value(record)
        return found

    for width, found in records.strata.items():
        check_meanings(records, width, ledger)
        listed = [view for view in views.values() if view.record.get("minimal_width", width + 1) <= width]
        for one in found:
            label = str(one.get("label"))
            strata = over.get(one.get("function", ""))
            if strata is None:
                ledger.skip(CRITICAL, 1, "its function cannot be read")
                continue
            stratum: list[Stratum] = []

            def read(one: Record = one, strata: _OverFunction = strata, stratum: list[Stratum] = stratum) -> Fault:
                stratum.append(Stratum(one, strata, value))
                return strata.roles_fault(stratum[0])

            if not ledger.check(ROLES, label, read) and not stratum:
                continue
            _check_one(stratum[0], strata, listed, ledger, value, slow)
    for strata in over.values():
        ledger.check(ROLES, strata.view.label, lambda strata=strata: sites_fault(strata.sites))


def _check_one(
    one: Stratum, over: _OverFunction, listed: list[IntervalFunctionView], ledger: Ledger,
    value: Callable[[Any], Value], slow: bool,
) -> None:
    label = str(one.record["label"])
    ledger.check(SAME_RIGOR, label, one.rigor_fault)
    ledger.check(REALIZED, label, lambda: over.realized_fault(one))
    ledger.check(CRITICAL, label, lambda: over.critical_fault(one))
    ledger.check(DIMENSION, label, lambda: over.dimension_fault(one))
    ledger.check(KINDS, label, lambda: over.kind_fault(one))
    if one.record["kind"] == "global_minimum":
        ledger.check(LEAST, label, lambda: _least_fault(over, listed))
    if one.is_whole:
        return
    if one.record["index"] is not None:
        ledger.check(INERTIA, label, lambda: over.inertia_fault(one))
        if slow:
            ledger.check(DENSE, label, lambda: over.dense_fault(one))
        else:
            ledger.skip(DENSE, 1, "a slow check")
    if one.record["kind"] in ("local_minimum", "global_minimum"):
        ledger.check(MINIMA, label, lambda: over.minimum_fault(one))
    if one.record["kind"] == "saddle" or one.record["descent"] is not None:
        ledger.check(DESCENT, label, lambda: descent_fault(over.residual, over.leak, one, value, over.curves))


def _least_fault(over: _OverFunction, listed: list[IntervalFunctionView]) -> Fault:
    better = [view.label for view in listed if view.loss.ball < over.view.loss.ball]
    return expect(not better, f"{better[:1]} has a smaller loss")


class _OverFunction:
    """What the strata over one function share."""

    def __init__(self, problem: IntervalProblem, view: IntervalFunctionView) -> None:
        self.problem, self.view, self.leak = problem, view, problem.leak
        self.residual = view.balls
        self.jumps = self.residual.jumps()
        self._neurons: dict[tuple[Key, bool], Neuron[Any]] = {}
        self._roles: dict[tuple[str, Key, bool], Fault] = {}
        self.curves: dict[Any, list[arb]] = {}
        self._projections: dict[Any, Projection] = {}
        self._beam: BeamSigns | None = None
        self.sites: dict[tuple[str, int], arb] = {}
        self.ends = {end: self.residual.end_order(right=end == "b") for end in "ab"}

    def neuron(self, key: Key, w: Value, b: Value, v: Value, ring: bool) -> Neuron[Any]:
        """The neuron of these numbers, exact or in balls."""
        found = self._neurons.get((key, ring))
        if found is None:
            if ring and self.view.exact is not None:
                assert w.rational is not None
                assert b.rational is not None
                assert v.rational is not None
                found = neuron_at(self.view.exact, self.leak, w.rational, b.rational, v.rational)
            else:
                found = neuron_at(self.residual, self.leak, w.ball, b.ball, v.ball)
            self._neurons[key, ring] = found
        return found

    # Roles.

    def roles_fault(self, one: Stratum) -> Fault:
        """Every neuron against its role."""
        for role, key, neuron in zip(one.roles, one.keys, one.neurons, strict=not one.is_whole):
            known = (role.code, key, one.ring)
            if known not in self._roles:
                self._roles[known] = self._role_fault(role, neuron)
            if (fault := self._roles[known]) is not None:
                return f"{role.code}: {fault}"
        return None

    def _role_fault(self, role: Role, neuron: Neuron[Any]) -> Fault:
        class_a, sign = self.view.is_class_a, sign_of(neuron.v)
        exact_zero = neuron.v == 0
        wrong_v = expect(exact_zero if role.sign == 0 else sign == role.sign, "v has another sign")
        if role.letter in ("k", "v", "f"):
            return wrong_v or self._site_fault(role, neuron)
        if role.letter == "l":
            return first_fault(
                wrong_v,
                expect(neuron.end == role.end and neuron.orientation == role.mark, "its breakpoint is elsewhere"),
                expect(class_a or self._is_silent(neuron), "an affine neuron with a slope over class B"),
            )
        left, right = (sign_of(neuron.w * end + neuron.b) for end in self._ends_like(neuron))
        moves = neuron.w != 0 or not exact_zero
        match role.code:
            case "act":
                return expect(class_a and left > 0 and right > 0 and moves, "it is not fully active")
            case "ina":
                inside = class_a and left < 0 and right < 0 and moves and self.leak > 0
                return expect(inside, "it is not on the inactive side")
            case "dead":
                return expect(left < 0 and right < 0 and self.leak == 0, "it is not inactive")
            case "con+" | "con-":
                wanted = 1 if role.code == "con+" else -1
                right_side = sign_of(neuron.b) == wanted and (wanted > 0 or self.leak > 0)
                return wrong_v or expect(neuron.w == 0 and right_side, "it is not constant with this sign of b")
        return wrong_v or expect(neuron.w == 0 and neuron.b == 0 and neuron.shape == ZERO, "w and b are not 0")

    def _ends_like(self, neuron: Neuron[Any]) -> tuple[Any, Any]:
        residual: Residual[Any] = self.residual
        if isinstance(neuron.w, fmpq) and self.view.exact is not None:
            residual = self.view.exact
        return residual.start, residual.stop

    def _site_fault(self, role: Role, neuron: Neuron[Any]) -> Fault:
        if neuron.shape != INSIDE or neuron.orientation != role.mark:
            return "its breakpoint is not inside, or its orientation is the other one"
        place = arb(neuron.place)
        near = [i for i, kink in enumerate(self.residual.kinks, start=1) if kink.overlaps(place)]
        critical = all(vanishes(pull) for pull in neuron.pulls)
        if role.letter == "k":
            marks = self.view.pattern
            return first_fault(
                expect(near == [role.number], f"its breakpoint is not at kink {role.number}"),
                expect(marks is None or marks[role.number - 1] == role.mark, "not the orientation of the kink"),
                expect(critical, "it is not critical there"),
            )
        known = self.sites.setdefault((role.letter, role.number), place)
        fault = expect(not near, "its site is a kink") or expect(known.overlaps(place), "one site at two places")
        if role.letter == "v":
            return fault or expect(critical, "it is not critical with v != 0 there")
        flat = vanishes(neuron.pulls[0]) and sign_of(neuron.pulls[2]) != 0
        return fault or expect(flat, "K + sigma M is not 0, or K' is, at its flat site")

    # The point.

    def realized_fault(self, one: Stratum) -> Fault:
        """c + sum v s(w x + b) = f: value and slope at a, and all jumps."""
        residual: Residual[Any] = self.residual
        if one.ring and self.view.exact is not None:
            residual = self.view.exact
        height: Any = one.c.rational if one.ring else one.c.ball
        slope: Any = residual.zero
        for neuron in one.neurons:
            height, slope = height + neuron.height, slope + neuron.slope
        if not vanishes(height - residual.offset):
            return "f(a) is another number"
        if not vanishes(slope - residual.slopes[0]):
            return "the first slope is another number"
        groups: list[tuple[Any, Any]] = [(kink, residual.zero) for kink in residual.kinks]
        for neuron in one.neurons:
            if neuron.shape != INSIDE:
                continue
            for i, (place, jump) in enumerate(groups):
                if vanishes(place - neuron.place):
                    groups[i] = (place, jump + neuron.jump)
                    break
            else:
                groups.append((neuron.place, neuron.jump))
        wanted = [*residual.jumps(), *[residual.zero] * (len(groups) - len(residual.kinks))]
        for (_, jump), jump_of_f in zip(groups, wanted, strict=True):
            if not vanishes(jump - jump_of_f):
                return "a jump of slope is another number"
        return None

    def critical_fault(self, one: Stratum) -> Fault:
        """All derivatives; at w = b = 0 the one in v."""
        if not vanishes(self.view.residual.total[0]):
            return "dL/dc is not 0"
        wrong = [i for i, neuron in enumerate(one.neurons, start=1) if not neuron.is_critical]
        return expect(not wrong, f"the gradient of neuron {wrong[:1]} is not 0")

    def dimension_fault(self, one: Stratum) -> Fault:
        """Free parameters of the roles, less one for each site with live neurons and one for a slope equation."""
        if one.is_whole:
            free = not sign_of(self.residual.slopes[0]) and self.leak == 0
            return first_fault(
                expect(one.record["dimension"] == 3 * one.width - int(not free), "its dimension"),
                expect(one.record["gauge_dimension"] == one.width, "its gauge dimension"),
            )
        total = 0
        sites: dict[tuple[str, int], set[str]] = {}
        movable = False
        for role, neuron in zip(one.roles, one.neurons, strict=True):
            if role.is_live:
                sites.setdefault((role.letter, role.number), set()).add(role.mark)
            if role.letter in ("k", "v", "l"):
                total += 2 if role.sign else 1
            else:
                total += {"f": 1, "act": 3, "ina": 3, "dead": 3, "con+": 1, "con-": 1, "zero": 0}.get(role.letter, 1)
            affine_end = role.letter == "l" and role.sign and not self._is_silent(neuron)
            movable = movable or role.code in ("act", "ina") or bool(affine_end)
        movable = movable or any(len(marks) == 2 for marks in sites.values())
        dimension = total - len(sites) - int(self.view.is_class_a and movable)
        gauge = sum(role.code != "zero" for role in one.roles)
        return first_fault(
            expect(one.record["dimension"] == dimension, f"the dimension is {dimension}"),
            expect(one.record["gauge_dimension"] == gauge, f"the gauge dimension is {gauge}"),
        )

    def _is_silent(self, neuron: Neuron[Any]) -> bool:
        return self.leak == 0 and neuron.shape == INACTIVE

    # Second order.

    def _lambda(self, one: Stratum, opened: bool, virtual: bool) -> tuple[bool, dict[tuple[str, int], str]]:
        """Whether x is in Lambda, and its hinges by site with an orientation."""
        marks: dict[tuple[str, int], set[str]] = {}
        holds_x = opened
        for role, neuron in zip(one.roles, one.neurons, strict=True):
            if role.letter in ("k", "v"):
                marks.setdefault((role.letter, role.number), set()).add(role.mark)
            affine_end = role.letter == "l" and not self._is_silent(neuron)
            holds_x = holds_x or role.code in ("act", "ina") or affine_end
        if virtual:
            for site in self.sites:
                if site[0] == "v":
                    marks.setdefault(site, {"+"})
        holds_x = holds_x or any(len(both) == 2 for both in marks.values())
        return holds_x, {site: min(both) for site, both in marks.items()}

    def _place(self, site: tuple[str, int]) -> arb:
        return self.residual.kinks[site[1] - 1] if site[0] == "k" else self.sites[site]

    def _form(self, one: Stratum, opened: bool = False, virtual: bool = False) -> tuple[int, int, int]:
        """(negative, positive) of the form on the live neurons, and dim Lambda."""
        holds_x, hinges = self._lambda(one, opened, virtual)
        live = [(role, neuron) for role, neuron in zip(one.roles, one.neurons, strict=True) if role.is_live]
        steps = sorted({(role.letter, role.number) for role, _ in live})
        key = (holds_x, tuple(sorted(hinges.items())), tuple(steps))
        projection = self._projections.get(key)
        if projection is None:
            functions = [(self._place(site), mark) for site, mark in hinges.items()]
            places = [self._place(site) for site in steps]
            projection = self._projections[key] = Projection(self.residual, self.leak, holds_x, functions, places)
        positions = [steps.index((role.letter, role.number)) for role, _ in live]
        jumps = [arb(neuron.jump) for _, neuron in live]
        residuals = [self.residual.at(self._place((role.letter, role.number))) for role, _ in live]
        negative, positive = form_signature(projection, positions, jumps, residuals)
        return negative, positive, projection.dimension

    def inertia_fault(self, one: Stratum) -> Fault:
        """The inertia from the form at the sample."""
        negative, positive, dimension = self._form(one)
        pairs = sum(
            role.letter == "f" or (role.letter in ("con+", "con-") and not self.view.is_class_a) for role in one.roles
        )
        found = (negative + pairs, positive + dimension + pairs)
        zero = 3 * one.width + 1 - sum(found)
        stored = (one.record["index"], one.record["positive"], one.record["nullity"])
        return expect(stored == (*found, zero), f"the inertia is {found[0]}, {zero}, {found[1]}")

    def dense_fault(self, one: Stratum) -> Fault:
        """As many negative and positive directions of the whole Hessian as the record says."""
        rows = [(w.ball, b.ball, v.ball) for w, b, v in zip(one.w, one.b, one.v, strict=True)]
        matrix = dense_hessian(self.residual, self.leak, rows)
        sure = definite_directions(matrix, integer(one.record["index"]), integer(one.record["positive"]))
        return expect(sure, "the Hessian at the sample has not so many negative and positive directions")

    # Kinds.

    def _live_ends(self, one: Stratum) -> list[tuple[Role, Neuron[Any]]]:
        pairs = zip(one.roles, one.neurons, strict=True)
        return [(role, neuron) for role, neuron in pairs if role.letter == "l" and role.sign]

    def _flat(self, one: Stratum) -> bool:
        for role in one.roles:
            if role.letter == "f" or role.code == "zero" or (role.letter in ("k", "v", "l") and not role.sign):
                return True
            if role.letter in ("con+", "con-") and not self.view.is_class_a:
                return True
        return False

    def kind_fault(self, one: Stratum) -> Fault:
        """Existence of the Hessian, notions, and the argument named for the kind."""
        record = one.record
        if one.is_whole:
            at_target = record["kind"] == "global_minimum" and self.view.is_target
            return first_fault(
                expect(at_target, "a set of all parameters over a function that is not the target"),
                expect(record["reason"] == "f is the target, the loss is 0", "its reason"),
                expect(record["hessian"] == "no" and record["index"] is None, "its Hessian"),
                expect(set(record["stationarity"].values()) == {"yes"}, "its notions"),
                expect(record["descent"] is None, "a descent from a global minimum"),
            )
        degenerate = [role for role in one.roles if role.is_degenerate]
        vanishing = [role for role in one.roles if role.code in ("zero", "zerop", "zeron")]
        rough = bool(vanishing) or any(
            (near := self.ends[role.end]) is not None and near[0] == 0 for role, _ in self._live_ends(one)
        )
        notions = record["stationarity"]
        wanted = {"smooth": "no" if degenerate else "yes"}
        back = self._holds_back(degenerate) if degenerate else True
        if back is not None:
            wanted["directional"] = "yes" if back else "no"
        fault = first_fault(
            expect(record["hessian"] in ("no" if rough else "yes", "undecided"), "whether it has a Hessian"),
            expect(record["hessian"] == "no" or not rough, "a Hessian where there is none"),
            *(expect(notions[name] in (value, "undecided"), f"its {name} notion") for name, value in wanted.items()),
            expect(notions["clarke"] != "no", "stationary in no sense"),
            expect(record["descent"] is None or record["kind"] == "saddle", "a curve that falls from another kind"),
        )
        fault = fault or self._reason_fault(one)
        if fault is None and back is None and notions["directional"] != "undecided":
            raise NotChecked(BEAM_OPEN)
        return fault

    def _holds_back(self, degenerate: list[Role]) -> bool | None:
        """Whether v K >= 0 on [a, b] for all degenerate neurons, and M = 0; None where it was not decided."""
        if not self.view.is_class_a:
            return False
        if self._beam is None:
            self._beam = beam_signs(self.view.residual)
        if any(-role.sign in self._beam.occur for role in degenerate):
            return False
        return True if self._beam.complete else None

    def _reason_fault(self, one: Stratum) -> Fault:
        record = one.record
        kind, reason = record["kind"], record["reason"].partition("; the index could not be proved")[0]
        ends, degenerate = bool(self._live_ends(one)), any(role.is_degenerate for role in one.roles)
        vanishing = any(role.code in ("zero", "zerop", "zeron") for role in one.roles)
        arguments: dict[str, tuple[tuple[str, ...], bool]] = {
            "index": (("strict_saddle",), bool(record["index"])),
            "flat neuron": (("saddle",), self._flat(one)),
            "breakpoint at an end with v r < 0": (("saddle",), self._falls_at_end(one)),
            "third-order descent of a breakpoint at an end": (("saddle",), ends),
            "negative curvature with the breakpoints at the ends fixed": (("saddle",), ends),
            "negative curvature with the degenerate neurons fixed": (("saddle",), vanishing),
            "negative curvature with the affine direction opened by a degenerate neuron": (("saddle",), degenerate),
            "strict saddles of the same loss arbitrarily near": (("saddle",), self.view.is_class_a),
            "first-order descent at a degenerate neuron": (
                ("saddle",), degenerate and record["stationarity"]["directional"] == "no",
            ),
            "Morse-Bott": (("local_minimum",), not ends and not degenerate),
            "Morse-Bott with the breakpoints at the ends fixed, and v r > 0 there": (("local_minimum",), ends),
            "Morse-Bott with the breakpoints at the ends fixed, and third-order terms > 0 there": (
                ("local_minimum",), ends,
            ),
            "Morse-Bott with the directions opened by the degenerate neurons": (("local_minimum",), degenerate),
            "least loss of a complete list, and a minimizer exists": (("global_minimum",), True),
        }
        if kind == "undecided":
            raise NotChecked("nothing is claimed of an undecided kind")
        if reason not in arguments:
            return f"the argument {reason!r} is not known"
        kinds, holds = arguments[reason]
        return expect(kind in kinds and holds, f"{reason!r} does not make it a {kind}")

    def _falls_at_end(self, one: Stratum) -> bool:
        return any(
            (near := self.ends[role.end]) is not None and near[0] == 0 and near[1] * role.sign < 0
            for role, _ in self._live_ends(one)
        )

    def minimum_fault(self, one: Stratum) -> Fault:
        """The conditions 1 to 3 of docs/strata.md, "A lower bound of the loss", at the sample."""
        if self._flat(one):
            return "a flat neuron: it is no minimum"
        degenerate = [role for role in one.roles if role.is_degenerate]
        back = self._holds_back(degenerate) if degenerate else True
        if back is False:
            return "v K < 0 somewhere for a degenerate neuron"
        constant = self.view.is_class_a and any(role.letter in ("con+", "con-") for role in one.roles)
        negative, _, _ = self._form(one, opened=constant or bool(degenerate), virtual=bool(degenerate))
        sites = [("k", i + 1) for i in range(len(self.residual.kinks))]
        sites += [site for site in self.sites if site[0] == "v" and degenerate]
        if not all(sign_of(self.residual.at(self._place(site))) for site in sites):
            return "r is not proved to differ from 0 at a site"
        if negative:
            return "negative curvature of the breakpoints"
        fault = self._ends_fault(one, bool(degenerate))
        if fault is None and back is None:
            raise NotChecked(BEAM_OPEN)
        return fault

    def _ends_fault(self, one: Stratum, degenerate: bool) -> Fault:
        for end, near in self.ends.items():
            mine = [(role, neuron) for role, neuron in self._live_ends(one) if role.end == end]
            if not mine:
                continue
            if near is None:
                return "r is 0 at an end"
            order, sign = near
            against = [(role, neuron) for role, neuron in mine if role.sign * sign < 0]
            if not against:
                continue
            if order == 0 or len(against) < len(mine) or degenerate:
                return "a breakpoint at an end moves downhill"
            bound = abs(self.residual.end_coefficient(order, right=end == "b"))
            factor = arb(fmpq((1 - self.leak).numerator, (1 - self.leak).denominator))
            sizes = [abs(arb(neuron.v) * arb(neuron.w)) * factor for _, neuron in against]
            if order == 1 and not all(size > bound for size in sizes):
                return "a breakpoint at an end moves downhill in the third order"
        return None
