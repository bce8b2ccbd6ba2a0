"""Inertia, kind and stationarity of a stratum.

Arguments used (proofs in docs/strata.md):

- *index*: where L is twice differentiable the inertia is that of the index formula; index > 0 is a strict saddle.
- *flat neuron*: v_j = 0 and G(w, b) = int r s(w x + b) not identically 0 near (w_j, b_j): moving (w_j, b_j) to where
  G != 0 and then v_j by a small amount of the right sign lowers L, so the point is no minimum. G vanishes identically
  nearby only for an inactive neuron, and for an affine one if M = 0.
- *end*: for a breakpoint at an end, moving it inside by eps changes L by D r(end) eps^2 + o(eps^2), D = (1-g) v |w|. If
  r(end) != 0 there is no Hessian, and this is a descent if v r < 0 and harmless if v r > 0. If r = rho d + O(d^2) at
  distance d from the end, rho != 0, the Hessian exists and the change is D (D + rho) eps^3 / 3 + O(eps^4). If r
  vanishes to higher order it is D^2 eps^3 / 3 + O(eps^4).
- *minimum*: without flat neuron, with r_i != 0 at the sites, harmless ends and Q positive definite on what the
  neurons can do, a lower bound of L proves a local minimum. Without end or degenerate neuron this is the Morse-Bott
  case: the kernel of the Hessian is the tangent space of the stratum.
- *degenerate* (w = b = 0): with v = 0 the flat neuron argument; with v != 0 L has the first-order term 2 v G(dw, db),
  which is >= 0 in all directions iff M = 0 and v K >= 0 on [a, b]; then the index with the directions that the neuron
  opens decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from flint import arb

from symbolic.enclosure import Verdict, arb_of, working_precision
from symbolic.interval.located import BITS
from symbolic.interval.realization import LeadingTerm, RealizedFunction
from symbolic.interval.strata.assignments import AFFINE, Assignment
from symbolic.interval.strata.clarke import clarke_at_constant
from symbolic.interval.strata.index import FormOfFunction, Tangents
from symbolic.interval.strata.roles import Role, RoleKind
from symbolic.interval.strata.sample import ball_sample
from symbolic.interval.strata.sites import Site, SiteKind, Sites
from symbolic.problem import SMOOTH, Inertia, Kind, Stationarity

FLAT_KINDS = (RoleKind.FLAT_AT_SITE, RoleKind.FLAT, RoleKind.ZERO)
DEGENERATE_KINDS = (RoleKind.ZERO, RoleKind.ZERO_LIVE)
END_KINDS = (RoleKind.SILENT_END, RoleKind.ACTIVE_END)

END_UNPROVED = "a residual at an end or at a site could not be proved not to vanish"
END_BY_SIZE = (
    "r vanishes at the end of a breakpoint, to first order and with v r < 0 inside: a saddle where (1-g)|v w| < |r'| "
    "there, and the stratum is not divided by that"
)
END_MIXED = "neurons with v of both signs have their breakpoints at an end where r vanishes"


@dataclass(frozen=True)
class Judgement:
    """Kind with its reason, inertia where the Hessian exists and was proved, and stationarity.

    `hessian`: whether L is twice differentiable on the stratum; with YES and no inertia, a sign was not proved.
    """

    kind: Kind
    reason: str
    inertia: Inertia | None
    stationarity: Stationarity
    hessian: Verdict


@dataclass(frozen=True)
class Ends:
    """What moving the breakpoints at the ends inside does: `descent` names a descent, `doubt` what is not settled."""

    descent: str = ""
    doubt: str = ""


class Judge:
    """Judges the assignments over one function that is not the target."""

    def __init__(self, function: RealizedFunction, sites: Sites) -> None:
        self.function = function
        self.form = FormOfFunction(function, sites.kinks)
        self.virtual = sites.virtual
        self.leaky = function.problem.leak > 0
        with working_precision(BITS + 64):
            self.jump_signs = [_sign(right - left) for left, right in pairwise(function.balls.slopes)]
        self.ends = {
            "a": function.near_end(0, right=False),
            "b": function.near_end(len(function.balls.kinks), right=True),
        }
        self.k_sign = self._sign_of_k(sites)
        self.clarke = self._clarke_at_degenerate()

    def _sign_of_k(self, sites: Sites) -> int | None:
        """Sign of K on [a, b] for class A: 1 or -1 if K never has the other sign, 0 if it takes both, None if unknown.

        K has zeros at a, b and the kinks, where K' = 0 and K'' = r, so it has the sign of r next to each of them; it
        changes sign at flat sites, and perhaps at virtual sites with r = 0.
        """
        if not self.function.is_class_a or sites.doubts:
            return None
        if sites.flat:
            return 0
        ends = {None if near is None else near.sign for near in self.ends.values()}
        signs = {*ends, *(site.residual_sign for site in sites.kinks + sites.virtual)}
        if None in signs:
            return None
        return next(iter(signs)) if len(signs) == 1 else 0

    def _clarke_at_degenerate(self) -> Verdict:
        """Clarke stationarity at w = b = 0 != v: whether 0 is in the hull of the limits of the gradient in (w, b).

        ReLU: the gradient is 0 on the inactive side. M = 0: it tends to (2 v M, 0) = 0 on the active side. At the
        breakpoint of a kink or a virtual site it tends to 0: the equations of a neuron there.
        """
        if self.function.is_class_a or not self.leaky or self.form.kinks or self.virtual:
            return Verdict.YES
        return clarke_at_constant(self.function.problem)

    def judge(self, assignment: Assignment) -> Judgement:
        """The judgement of one assignment.

        Guarantee: a kind other than UNDECIDED holds at every point of the stratum and is proved (docs/strata.md,
        "Kinds"); so does the inertia.
        """
        stationarity, hessian = self._stationarity(assignment), self._hessian(assignment)
        if assignment.of_kind(*DEGENERATE_KINDS):
            return self._degenerate(assignment, stationarity, hessian)
        if hessian is not Verdict.YES:
            return self._at_ends(assignment, stationarity, hessian)
        return self._smooth(assignment, stationarity)

    def _hessian(self, assignment: Assignment) -> Verdict:
        """Whether L is twice differentiable: no degenerate neuron, and r = 0 at the ends of live end neurons."""
        if assignment.of_kind(*DEGENERATE_KINDS):
            return Verdict.NO
        orders = [None if (near := self.ends[role.end]) is None else near.order for role in self._live_ends(assignment)]
        if 0 in orders:
            return Verdict.NO
        return Verdict.UNDECIDED if None in orders else Verdict.YES

    def _live_ends(self, assignment: Assignment) -> list[Role]:
        return [role for role in assignment.of_kind(*END_KINDS) if role.v_sign]

    def _stationarity(self, assignment: Assignment) -> Stationarity:
        degenerate = assignment.of_kind(RoleKind.ZERO_LIVE)
        if not degenerate:
            return SMOOTH
        if not self.function.is_class_a:
            # Directions with w x + b > 0 on [a, b] change L by 2 v w M, which has both signs.
            return Stationarity(Verdict.NO, Verdict.NO, self.clarke)
        if self.k_sign is None:
            directional = Verdict.UNDECIDED
        else:
            good = self.k_sign != 0 and all(role.v_sign == self.k_sign for role in degenerate)
            directional = Verdict.YES if good else Verdict.NO
        return Stationarity(Verdict.NO, directional, self.clarke)

    def _smooth(self, assignment: Assignment, stationarity: Stationarity) -> Judgement:
        inertia = self.inertia(assignment)
        kind, reason = self._smooth_kind(assignment, inertia)
        return Judgement(kind, reason, inertia, stationarity, Verdict.YES)

    def _smooth_kind(self, assignment: Assignment, inertia: Inertia | None) -> tuple[Kind, str]:
        if inertia is not None and inertia.negative:
            return Kind.STRICT_SADDLE, "index"
        unproved = "" if inertia is not None else "; the index could not be proved"
        if self._has_flat(assignment):
            return Kind.SADDLE, "flat neuron" + unproved
        ends = self._move_ends(assignment)
        if ends.descent:
            return Kind.SADDLE, ends.descent + unproved
        if inertia is None:
            return Kind.UNDECIDED, "a residual at a site or Q could not be proved not to vanish"
        if ends.doubt:
            return Kind.UNDECIDED, ends.doubt
        kind, reason = self._minimum_or_not(assignment)
        if kind is Kind.LOCAL_MINIMUM and self._live_ends(assignment):
            reason = "Morse-Bott with the breakpoints at the ends fixed, and third-order terms > 0 there"
        return kind, reason

    def _move_ends(self, assignment: Assignment) -> Ends:
        """Whether moving breakpoints from the ends inside lowers L, raises it, or is not settled.

        With D = (1-g) v |w| and r = rho d^k + ... at distance d from the end: k = 0 is settled by the sign of D rho;
        k = 1 by that of D (D + rho), if all neurons there have one sign of v; k >= 2 always, if they have.
        """
        doubts = []
        for end, near in self.ends.items():
            roles = [role for role in self._live_ends(assignment) if role.end == end]
            if not roles:
                continue
            if near is None:
                doubts.append(END_UNPROVED)
                continue
            against = [role for role in roles if role.v_sign == -near.sign]
            if near.order == 0:
                if against:
                    return Ends(descent="breakpoint at an end with v r < 0")
                continue
            # A directionally stationary degenerate neuron has the sign of K, which is that of r just inside.
            if against and (len(against) < len(roles) or assignment.of_kind(RoleKind.ZERO_LIVE)):
                doubts.append(END_MIXED)
            if near.order == 1:
                for role in against:
                    excess = self._excess(assignment, role, near)
                    if excess == -1:
                        return Ends(descent="third-order descent of a breakpoint at an end")
                    if excess is None:
                        doubts.append(END_BY_SIZE)
        return Ends(doubt=doubts[0] if doubts else "")

    def _excess(self, assignment: Assignment, role: Role, near: LeadingTerm) -> int | None:
        """The sign of |D| - |rho| for a neuron at an end, if the slope equation fixes its D on the whole stratum."""
        if role.kind is not RoleKind.ACTIVE_END:
            return None
        marks: dict[Site, set[str]] = {}
        for other in assignment.of_kind(RoleKind.LIVE):
            if other.site is not None:
                marks.setdefault(other.site, set()).add(other.orientation)
        movable = sum(1 for other in assignment.roles if other.kind in AFFINE) + len(self._live_ends(assignment))
        movable += sum(1 for found in marks.values() if len(found) == 2)
        if movable > 1:
            return None
        with working_precision(BITS + 64):
            jump = ball_sample(self.function, assignment).v[assignment.roles.index(role)]
            return _sign(abs(jump) * arb_of(1 - self.function.problem.leak) - abs(near.coefficient))

    def _minimum_or_not(self, assignment: Assignment) -> tuple[Kind, str]:
        """Index 0 and no flat neuron: a local minimum, unless a neuron with w = v = 0 opens the affine direction.

        Over class A such a neuron can move to v = 0, w != 0 without changing f; there Lambda holds x. If the index is
        positive there, strict saddles of the same loss come arbitrarily near; if it is 0, the lower bound of L holds.
        """
        if self.function.is_class_a and assignment.of_kind(RoleKind.CONSTANT):
            _, hinges = self.tangents(assignment)
            opened = self._index(assignment, (True, hinges))
            if opened is None:
                return Kind.UNDECIDED, "the index with the affine direction opened could not be proved"
            if opened:
                return Kind.SADDLE, "strict saddles of the same loss arbitrarily near"
        return Kind.LOCAL_MINIMUM, "Morse-Bott"

    def _at_ends(self, assignment: Assignment, stationarity: Stationarity, hessian: Verdict) -> Judgement:
        """No Hessian, or not proved; negative curvature of the other parameters is named first."""
        kind, reason = self._kind_at_ends(assignment)
        return Judgement(kind, reason, None, stationarity, hessian)

    def _kind_at_ends(self, assignment: Assignment) -> tuple[Kind, str]:
        index = self._index(assignment, self.tangents(assignment))
        if index:
            return Kind.SADDLE, "negative curvature with the breakpoints at the ends fixed"
        ends = self._move_ends(assignment)
        if ends.descent:
            return Kind.SADDLE, ends.descent
        if self._has_flat(assignment):
            return Kind.SADDLE, "flat neuron"
        if index is None:
            return Kind.UNDECIDED, END_UNPROVED
        if ends.doubt:
            return Kind.UNDECIDED, ends.doubt
        kind, reason = self._minimum_or_not(assignment)
        if kind is Kind.LOCAL_MINIMUM:
            reason = "Morse-Bott with the breakpoints at the ends fixed, and v r > 0 there"
        return kind, reason

    def _degenerate(self, assignment: Assignment, stationarity: Stationarity, hessian: Verdict) -> Judgement:
        kind, reason = self._kind_with_degenerate(assignment, stationarity)
        return Judgement(kind, reason, None, stationarity, hessian)

    def _kind_with_degenerate(self, assignment: Assignment, stationarity: Stationarity) -> tuple[Kind, str]:
        """Negative curvature of the other parameters is named first."""
        if self._index(assignment, self.tangents(assignment)):
            return Kind.SADDLE, "negative curvature with the degenerate neurons fixed"
        if self._has_flat(assignment):
            return Kind.SADDLE, "flat neuron"
        if stationarity.directional is Verdict.NO:
            return Kind.SADDLE, "first-order descent at a degenerate neuron"
        if stationarity.directional is Verdict.UNDECIDED:
            return Kind.UNDECIDED, "the sign of K could not be proved"
        ends = self._move_ends(assignment)
        if ends.descent:
            return Kind.SADDLE, ends.descent
        kind, reason = self._opened(assignment)
        if ends.doubt and kind is not Kind.SADDLE:
            return Kind.UNDECIDED, ends.doubt
        return kind, reason

    def _opened(self, assignment: Assignment) -> tuple[Kind, str]:
        """Degenerate neurons with v K >= 0 and nothing else that descends: docs/strata.md, "Kinds", item 6.

        With x and the hinges of the virtual sites added to Lambda, index 0 is a local minimum, by the lower bound of L;
        a positive index with x alone is a descent.
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
            if role.kind in END_KINDS and role.v_sign == 0:
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
