"""Inertia, kind and stationarity of a stratum.

Arguments used (proofs in docs/strata.md):

- *index*: where L is twice differentiable the inertia is that of the index formula; index > 0 is a strict saddle.
- *flat neuron*: v_j = 0 and G(w, b) = int r s(w x + b) not identically 0 near (w_j, b_j): moving (w_j, b_j) to where
G != 0 and then
  v_j by a small amount of the right sign lowers L, so the point is no minimum. G vanishes identically nearby only for
  an inactive neuron, and for an affine one if M = 0.
- *end*: for a breakpoint at an end with r != 0 there, moving it inside by eps changes L by
  (1-g) v |w| r(end) eps^2 + o(eps^2): no Hessian; a descent if v r < 0, and harmless if v r > 0.
- *Morse-Bott*: no degenerate, flat or end neuron, r_i != 0 at the sites and Q nonsingular: the kernel of the Hessian
is the tangent
  space of the stratum, so index 0 means local minimum.
- *degenerate* (w = b = 0): with v = 0 the flat neuron argument; with v != 0 L has the first-order term 2 v G(dw, db),
which is
  >= 0 in all directions iff M = 0 and v K >= 0 on [a, b]; then the index with the directions that the neuron opens
  decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from flint import arb

from symbolic.enclosure import Verdict, arb_of, working_precision
from symbolic.interval.located import BITS
from symbolic.interval.realization import RealizedFunction
from symbolic.interval.strata.assignments import AFFINE, Assignment
from symbolic.interval.strata.index import FormOfFunction, Tangents
from symbolic.interval.strata.roles import Role, RoleKind
from symbolic.interval.strata.sites import Site, SiteKind, Sites
from symbolic.problem import SMOOTH, Inertia, Kind, Stationarity

FLAT_KINDS = (RoleKind.FLAT_AT_SITE, RoleKind.FLAT, RoleKind.ZERO)


@dataclass(frozen=True)
class Judgement:
    """Kind with its reason, inertia where the Hessian exists and was proved, and stationarity."""

    kind: Kind
    reason: str
    inertia: Inertia | None
    stationarity: Stationarity


class Judge:
    """Judges the assignments over one function that is not the target."""

    def __init__(self, function: RealizedFunction, sites: Sites) -> None:
        self.function = function
        self.form = FormOfFunction(function, sites.kinks)
        self.virtual = sites.virtual
        self.leaky = function.problem.leak > 0
        with working_precision(BITS + 64):
            polynomials = function.residual_polynomials(function.balls, arb_of)
            slopes = function.balls.slopes
            self.jump_signs = [_sign(right - left) for left, right in pairwise(slopes)]
            a_sign = _sign(polynomials[0][0])
            last, length = polynomials[-1], self._last_length()
            value = arb(0)
            for coefficient in reversed(last):
                value = value * length + coefficient
            self.end_signs = {"a": a_sign, "b": _sign(value)}
        self.k_sign = self._sign_of_k(sites)

    def _last_length(self) -> arb:
        _, b = self.function.problem.domain
        kinks = self.function.balls.kinks
        return arb_of(b) - (kinks[-1] if kinks else arb_of(self.function.problem.domain[0]))

    def _sign_of_k(self, sites: Sites) -> int | None:
        """Sign of K on [a, b] for class A: 1 or -1 if K never has the other sign, 0 if it takes both, None if unknown.

        K has double zeros at a, b and the kinks, so it has the sign of r next to each of them, and changes sign at
        flat sites only.
        """
        if not self.function.is_class_a or sites.doubts:
            return None
        if sites.flat:
            return 0
        signs = {self.end_signs["a"], self.end_signs["b"], *(site.residual_sign for site in sites.kinks)}
        if None in signs:
            return None
        return next(iter(signs)) if len(signs) == 1 else 0

    def judge(self, assignment: Assignment) -> Judgement:
        stationarity = self._stationarity(assignment)
        if assignment.of_kind(RoleKind.ZERO, RoleKind.ZERO_LIVE):
            return self._degenerate(assignment, stationarity)
        ends = [role for role in assignment.of_kind(RoleKind.SILENT_END, RoleKind.ACTIVE_END) if role.v_sign]
        if ends:
            return self._at_ends(assignment, ends, stationarity)
        return self._smooth(assignment, stationarity)

    def _stationarity(self, assignment: Assignment) -> Stationarity:
        degenerate = assignment.of_kind(RoleKind.ZERO_LIVE)
        if not degenerate:
            return SMOOTH
        if not self.function.is_class_a:
            # Directions with w x + b > 0 on [a, b] change L by 2 v w M, which has both signs.
            # At the breakpoint of a kink the gradient in (w, b) tends to 0: the equations of a neuron there.
            clarke = Verdict.UNDECIDED if self.leaky and not self.form.kinks else Verdict.YES
            return Stationarity(Verdict.NO, Verdict.NO, clarke)
        if self.k_sign is None:
            directional = Verdict.UNDECIDED
        else:
            good = self.k_sign != 0 and all(role.v_sign == self.k_sign for role in degenerate)
            directional = Verdict.YES if good else Verdict.NO
        # The gradients on the fully active side tend to (2 v M, 0) = 0.
        return Stationarity(Verdict.NO, directional, Verdict.YES)

    def _smooth(self, assignment: Assignment, stationarity: Stationarity) -> Judgement:
        inertia = self.inertia(assignment)
        if inertia is None:
            if self._has_flat(assignment):
                return Judgement(Kind.SADDLE, "flat neuron; the index could not be proved", None, stationarity)
            reason = "a residual at a site or Q could not be proved not to vanish"
            return Judgement(Kind.UNDECIDED, reason, None, stationarity)
        if inertia.negative:
            return Judgement(Kind.STRICT_SADDLE, "index", inertia, stationarity)
        if self._has_flat(assignment):
            return Judgement(Kind.SADDLE, "flat neuron", inertia, stationarity)
        kind, reason = self._minimum_or_not(assignment)
        return Judgement(kind, reason, inertia, stationarity)

    def _minimum_or_not(self, assignment: Assignment) -> tuple[Kind, str]:
        """Index 0 and no flat neuron: a local minimum, unless a neuron with w = v = 0 opens the affine direction (M =
        0).

        Such a neuron can move to v = 0, w != 0 without changing f; there Lambda holds x. If the index is positive
        there, strict saddles of the same loss come arbitrarily near; if it is 0, L is locally a function of f's
        affine part and the other neurons with a nondegenerate minimum.
        """
        if self.function.is_class_a and assignment.of_kind(RoleKind.CONSTANT):
            _, hinges = self.tangents(assignment)
            opened = self._index(assignment, (True, hinges))
            if opened is None:
                return Kind.UNDECIDED, "the index with the affine direction opened could not be proved"
            if opened:
                return Kind.SADDLE, "strict saddles of the same loss arbitrarily near"
        return Kind.LOCAL_MINIMUM, "Morse-Bott"

    def _at_ends(self, assignment: Assignment, ends: list[Role], stationarity: Stationarity) -> Judgement:
        """No Hessian, unless r vanishes at the ends; negative curvature of the other parameters is named first."""
        index = self._index(assignment, self.tangents(assignment))
        if index:
            reason = "negative curvature with the breakpoints at the ends fixed"
            return Judgement(Kind.SADDLE, reason, None, stationarity)
        products = [None if (r := self.end_signs[role.end]) is None else r * (role.v_sign or 0) for role in ends]
        if any(value is not None and value < 0 for value in products):
            return Judgement(Kind.SADDLE, "breakpoint at an end with v r < 0", None, stationarity)
        if self._has_flat(assignment):
            return Judgement(Kind.SADDLE, "flat neuron", None, stationarity)
        if index is None or None in products:
            reason = "a residual at an end or at a site could not be proved not to vanish"
            return Judgement(Kind.UNDECIDED, reason, None, stationarity)
        kind, reason = self._minimum_or_not(assignment)
        if kind is Kind.LOCAL_MINIMUM:
            reason = "Morse-Bott with the breakpoints at the ends fixed, and v r > 0 there"
        return Judgement(kind, reason, None, stationarity)

    def _degenerate(self, assignment: Assignment, stationarity: Stationarity) -> Judgement:
        """No Hessian; negative curvature of the other parameters is named first."""
        if self._index(assignment, self.tangents(assignment)):
            reason = "negative curvature with the degenerate neurons fixed"
            return Judgement(Kind.SADDLE, reason, None, stationarity)
        if self._has_flat(assignment):
            return Judgement(Kind.SADDLE, "flat neuron", None, stationarity)
        if stationarity.directional is Verdict.NO:
            return Judgement(Kind.SADDLE, "first-order descent at a degenerate neuron", None, stationarity)
        if stationarity.directional is Verdict.UNDECIDED:
            return Judgement(Kind.UNDECIDED, "the sign of K could not be proved", None, stationarity)
        ends = [role for role in assignment.of_kind(RoleKind.SILENT_END, RoleKind.ACTIVE_END) if role.v_sign]
        products = [(self.end_signs[role.end] or 0) * (role.v_sign or 0) for role in ends]
        if min(products, default=1) < 0:
            return Judgement(Kind.SADDLE, "breakpoint at an end with v r < 0", None, stationarity)
        kind, reason = self._opened(assignment)
        if 0 in products:
            kind, reason = Kind.UNDECIDED, "a residual at an end could not be proved not to vanish"
        return Judgement(kind, reason, None, stationarity)

    def _opened(self, assignment: Assignment) -> tuple[Kind, str]:
        """Degenerate neurons with v K > 0 and nothing else that descends: docs/strata.md, "Kinds", item 6.

        They can become affine neurons and neurons at the kinks and virtual sites with r Delta > 0. With x and the
        hinges of
        the virtual sites added to Lambda, index 0 is a local minimum; a positive index with x alone is a descent.
        """
        _, hinges = self.tangents(assignment)
        present = {site for site, _ in hinges}
        virtual = tuple((site, "+") for site in self.virtual if site not in present)
        every = self._index(assignment, (True, (*hinges, *virtual)))
        with_x = self._index(assignment, (True, hinges))
        if with_x:
            return Kind.SADDLE, "negative curvature with the affine direction opened by a degenerate neuron"
        if every == 0:
            return Kind.LOCAL_MINIMUM, "Morse-Bott with the directions opened by the degenerate neurons"
        return Kind.UNDECIDED, "the index with the directions opened by the degenerate neurons is not 0 or not proved"

    def _has_flat(self, assignment: Assignment) -> bool:
        """Whether the flat neuron argument applies."""
        for role in assignment.roles:
            if role.kind in FLAT_KINDS:
                return True
            if role.kind in (RoleKind.SILENT_END, RoleKind.ACTIVE_END) and role.v_sign == 0:
                return True
            if role.kind is RoleKind.CONSTANT and not self.function.is_class_a:
                return True
        return False

    def tangents(self, assignment: Assignment) -> Tangents:
        """Lambda of the assignment: x if a neuron is affine or a site has both orientations, and the hinges present."""
        hinges: dict[Site, set[str]] = {}
        holds_x = False
        for role in assignment.roles:
            if role.site is not None and role.kind in (RoleKind.LIVE, RoleKind.FLAT_AT_SITE):
                hinges.setdefault(role.site, set()).add(role.orientation)
            holds_x = holds_x or role.kind in AFFINE or role.kind is RoleKind.ACTIVE_END
        holds_x = holds_x or any(len(marks) == 2 for marks in hinges.values())
        ordered = sorted(hinges, key=lambda site: (site.kind is not SiteKind.KINK, site.number))
        return holds_x, tuple((site, min(hinges[site])) for site in ordered)

    def _live_signs(self, assignment: Assignment) -> list[tuple[Site, int]] | None:
        """sign(r_i Delta_ij) of every live neuron with its site; None if some r_i was not proved not 0."""
        signs = []
        for role in assignment.of_kind(RoleKind.LIVE):
            if role.site is None or role.site.residual_sign is None or role.v_sign is None:
                return None
            signs.append((role.site, role.site.residual_sign * role.v_sign))
        return signs

    def _index(self, assignment: Assignment, tangents: Tangents) -> int | None:
        signs = self._live_signs(assignment)
        base = self.form.negative(tangents)
        if signs is None or base is None:
            return None
        index = base + sum(1 for _, sign in signs if sign < 0)
        for kink, jump in zip(self.form.kinks, self.jump_signs, strict=True):
            if jump is None or kink.residual_sign is None:
                return None
            index -= int(jump * kink.residual_sign < 0)
        return index

    def inertia(self, assignment: Assignment) -> Inertia | None:
        """The inertia by the index formula where L is twice differentiable; None if a sign was not proved."""
        tangents = self.tangents(assignment)
        index = self._index(assignment, tangents)
        if index is None:
            return None
        holds_x, hinges = tangents
        live = len(assignment.of_kind(RoleKind.LIVE))
        hyperbolic = len(assignment.of_kind(RoleKind.FLAT))
        if not self.function.is_class_a:
            hyperbolic += len(assignment.of_kind(RoleKind.CONSTANT))
        positive = 1 + int(holds_x) + len(hinges) + live - index + hyperbolic
        negative = index + hyperbolic
        return Inertia(negative, 3 * len(assignment.roles) + 1 - negative - positive, positive)


def _sign(ball: arb) -> int | None:
    if ball.contains(0):
        return None
    return 1 if ball > 0 else -1
