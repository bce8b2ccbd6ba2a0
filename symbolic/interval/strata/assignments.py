"""All critical strata of width n over one critical function.

A stratum is a multiset of n roles that realizes f: every kink has live neurons whose jumps can add up to the jump of
f, live neurons at
a virtual site cancel, and for class A the slopes add up. The set of parameters is described by the roles; its
dimension is
counted below, its inertia comes from the index formula, its kind from the theorems cited in
`symbolic.interval.strata.kinds`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, combinations_with_replacement, pairwise
from math import comb, factorial, prod

from flint import arb

from symbolic.enclosure import Verdict, arb_of, working_precision
from symbolic.interval.located import BITS
from symbolic.interval.realization import RealizedFunction
from symbolic.interval.strata.roles import Role, RoleKind
from symbolic.interval.strata.sites import Site, SiteKind, Sites

AFFINE = (RoleKind.ACTIVE, RoleKind.LEAKY_INACTIVE)


@dataclass(frozen=True)
class Assignment:
    """A feasible multiset of roles: the neurons in the order of their codes, and the dimension of the stratum.

    `slope_is_free`: class A, and some affine neuron or some site with both orientations lets the slopes be shared in
    many ways
    (one equation then ties the parameters together).
    """

    roles: tuple[Role, ...]
    slope_is_free: bool

    @property
    def orbit_size(self) -> int:
        """Number of labelled assignments: n! / prod (multiplicity of each role)!."""
        counts = Counter(role.code for role in self.roles)
        return factorial(len(self.roles)) // prod(factorial(count) for count in counts.values())

    @property
    def code(self) -> str:
        return ".".join(role.code for role in self.roles)

    @property
    def dimension(self) -> int:
        """Parameters of the neurons, less one equation per site with live neurons, less the slope equation if it binds.

        The output bias c is determined by f.
        """
        sites = {role.site for role in self.roles if role.kind is RoleKind.LIVE}
        return sum(role.free_parameters for role in self.roles) - len(sites) - int(self.slope_is_free)

    @property
    def gauge_dimension(self) -> int:
        return sum(role.gauge_dimension for role in self.roles)

    def of_kind(self, *kinds: RoleKind) -> list[Role]:
        return [role for role in self.roles if role.kind in kinds]


class Enumerator:
    """Feasible assignments over one function."""

    def __init__(self, function: RealizedFunction, sites: Sites, roles: Sequence[Role]) -> None:
        self.function = function
        self.sites = sites
        self.roles = roles
        self.doubts: list[str] = []
        leak = function.problem.leak
        slopes = function.balls.slopes
        with working_precision(BITS + 64):
            self.jumps = [right - left for left, right in pairwise(slopes)]
            kappa = arb_of(leak / (1 - leak))
            self.twist = 1 + 2 * kappa
            # (1 + 2 kappa) sum q - sum of affine slopes must equal this (class A).
            self.target = kappa * sum(self.jumps, arb(0)) - slopes[0]
            self.zero = arb(0)

    def assignments(self, width: int) -> Iterator[Assignment]:
        """Every feasible multiset of `width` roles; what cannot be decided is left out with a doubt."""
        by_kink = [[role for role in self.roles if role.site is kink and role.v_sign] for kink in self.sites.kinks]
        if len(by_kink) > width:
            return
        for chosen in combinations_with_replacement(self.roles, width):
            if any(not any(role in group for role in chosen) for group in by_kink):
                continue
            verdict, free = self._feasible(chosen)
            if verdict is Verdict.YES:
                yield Assignment(chosen, free)
            elif verdict is Verdict.UNDECIDED:
                self.doubts.append(f"whether the roles {'.'.join(role.code for role in chosen)} can share the slopes")

    def labelled_count(self, width: int) -> int:
        """Number of feasible n-tuples of roles: sum over feasible sets U of roles of the surjections of n neurons
        onto U.

        Another route to the sum of the orbit sizes: feasibility depends on the set of roles only, and there are
        sum_i (-1)^i C(u, i) (u - i)^n surjections onto u roles.
        """
        by_kink = [{role.code for role in self.roles if role.site is kink and role.v_sign} for kink in self.sites.kinks]
        total = 0
        for size in range(1, width + 1):
            surjections = sum((-1) ** i * comb(size, i) * (size - i) ** width for i in range(size + 1))
            for chosen in combinations(self.roles, size):
                codes = {role.code for role in chosen}
                if all(codes & group for group in by_kink) and self._feasible(chosen)[0] is Verdict.YES:
                    total += surjections
        return total

    def _feasible(self, chosen: Sequence[Role]) -> tuple[Verdict, bool]:
        live: dict[Site, dict[str, set[int]]] = {}
        for role in chosen:
            if role.kind is RoleKind.LIVE and role.site is not None and role.v_sign is not None:
                live.setdefault(role.site, {}).setdefault(role.orientation, set()).add(role.v_sign)
        low, high, free = self.zero, self.zero, False
        low_open = high_open = False
        for site, signs in live.items():
            interval = self._share_of_minus(site, signs)
            if interval is None:
                return Verdict.NO, False
            bottom, top = interval
            if bottom is not None and bottom is top:
                low, high = low + bottom * self.twist, high + bottom * self.twist
                continue
            free = True
            low_open, high_open = low_open or bottom is None, high_open or top is None
            low = low if bottom is None else low + bottom * self.twist
            high = high if top is None else high + top * self.twist
        if not self.function.is_class_a:
            return Verdict.YES, False
        for role in chosen:
            if role.kind in AFFINE:
                free = low_open = high_open = True
            elif role.kind is RoleKind.ACTIVE_END and role.v_sign:
                # The affine slope has the sign of v for orientation +, the opposite one for -; it enters with a minus.
                free = True
                if (role.v_sign > 0) == (role.orientation == "+"):
                    low_open = True
                else:
                    high_open = True
        if not free:
            pattern = "".join(next(iter(live[kink])) for kink in self.sites.kinks)
            # Neurons of one orientation that cancel at a virtual site add no slope anywhere.
            return (Verdict.YES if pattern in self.function.record.realizations else Verdict.NO), False
        below = Verdict.YES if low_open else self._less(low, self.target)
        above = Verdict.YES if high_open else self._less(self.target, high)
        if Verdict.NO in (below, above):
            return Verdict.NO, False
        if Verdict.UNDECIDED in (below, above):
            return Verdict.UNDECIDED, False
        return Verdict.YES, True

    def _share_of_minus(self, site: Site, signs: dict[str, set[int]]) -> tuple[arb | None, arb | None] | None:
        """Range of the jump q carried by the '-' neurons of a site, as open ends (None: unbounded); None: impossible.

        The '+' neurons carry p with p + q = D, the jump of f there (0 at a virtual site). Equal ends that are the same
        object mean a fixed value.
        """
        jump = self.jumps[site.number - 1] if site.kind is SiteKind.KINK else self.zero
        sign = 0 if site.kind is SiteKind.VIRTUAL else (1 if jump > 0 else -1)
        if len(signs) == 1:
            mark, only = next(iter(signs.items()))
            possible = only == {1, -1} or (sign != 0 and only == {sign})
            fixed = jump if mark == "-" else self.zero
            return (fixed, fixed) if possible else None
        plus, minus = signs["+"], signs["-"]
        bottom: arb | None = None
        top: arb | None = None
        if minus == {1}:
            bottom = self.zero
        if minus == {-1}:
            top = self.zero
        if plus == {1}:
            # q < D
            top = jump if top is None or sign < 0 else top
        if plus == {-1}:
            bottom = jump if bottom is None or sign > 0 else bottom
        if minus == {1} and plus == {1} and sign <= 0:
            return None
        if minus == {-1} and plus == {-1} and sign >= 0:
            return None
        return bottom, top

    def _less(self, left: arb, right: arb) -> Verdict:
        """Whether left < right; equality is never proved here, so a ball that holds 0 stays undecided."""
        with working_precision(BITS + 64):
            difference = right - left
            if difference.contains(0):
                return Verdict.UNDECIDED
            return Verdict.YES if difference > 0 else Verdict.NO
