"""All critical strata of width n over one critical function.

A stratum is a multiset of n roles that realizes f: every kink has live neurons whose jumps can add up to the jump of
f, live neurons at a virtual site cancel, and for class A the slopes add up. The set of parameters is described by the
roles; its dimension is counted below, its inertia comes from the index formula, its kind from the theorems cited in
`symbolic.interval.strata.kinds`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, pairwise
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
    many ways (one equation then ties the parameters together).
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


Amount = tuple[Fraction, ...]
"""A rational combination of the jumps D_1, ..., D_m of f and its first slope s_0."""


@dataclass(frozen=True)
class _Feasibility:
    """Whether a set of roles can realize f, and whether the slope equation then ties their parameters together."""

    verdict: Verdict
    slope_is_free: bool = False


class Enumerator:
    """Feasible assignments over one function. Feasibility depends on the set of roles that occur, not on how often."""

    def __init__(self, function: RealizedFunction, sites: Sites, roles: Sequence[Role]) -> None:
        self.function = function
        self.sites = sites
        self.roles = roles
        self.doubts: list[str] = []
        self.slopes = SlopeNumbers(function)
        self.kink_roles = [
            {i for i, role in enumerate(roles) if role.site is kink and role.v_sign} for kink in sites.kinks
        ]
        self._known: dict[tuple[int, ...], _Feasibility] = {}

    def assignments(self, width: int) -> Iterator[Assignment]:
        """Every feasible multiset of `width` roles; what cannot be decided is left out with a doubt."""
        for support, feasibility in self._supports(width):
            codes = ".".join(self.roles[i].code for i in support)
            if feasibility.verdict is Verdict.UNDECIDED:
                self.doubts.append(f"whether neurons with the roles {codes} can share the slopes")
                continue
            for counts in _compositions(width, len(support)):
                chosen = [self.roles[i] for i, count in zip(support, counts, strict=True) for _ in range(count)]
                yield Assignment(tuple(chosen), feasibility.slope_is_free)

    def labelled_count(self, width: int) -> int:
        """Number of feasible n-tuples of roles, by surjections onto the sets of roles that occur.

        Another route to the sum of the orbit sizes: there are sum_i (-1)^i C(u, i) (u - i)^n surjections onto u roles.
        """
        total = 0
        for support, feasibility in self._supports(width):
            if feasibility.verdict is Verdict.YES:
                size = len(support)
                total += sum((-1) ** i * comb(size, i) * (size - i) ** width for i in range(size + 1))
        return total

    def _supports(self, width: int) -> Iterator[tuple[tuple[int, ...], _Feasibility]]:
        """Sets of at most `width` roles that cover every kink and are not proved infeasible."""
        for size in range(max(1, len(self.kink_roles)), width + 1):
            for support in combinations(range(len(self.roles)), size):
                if all(not group.isdisjoint(support) for group in self.kink_roles):
                    feasibility = self._known.get(support)
                    if feasibility is None:
                        feasibility = self._feasible([self.roles[i] for i in support])
                        self._known[support] = feasibility
                    if feasibility.verdict is not Verdict.NO:
                        yield support, feasibility

    def _feasible(self, chosen: Sequence[Role]) -> _Feasibility:
        """Jumps at every site, then for class A the slope equation.

        (1 + 2 kappa) sum q - sum (affine slopes) = kappa sum D - s_0, where q is the jump carried by the '-' neurons
        of a site. The left side ranges over an open interval, or is fixed if every site has one orientation and
        nothing is affine.
        """
        live: dict[Site, dict[str, set[int]]] = {}
        for role in chosen:
            if role.kind is RoleKind.LIVE and role.site is not None and role.v_sign is not None:
                live.setdefault(role.site, {}).setdefault(role.orientation, set()).add(role.v_sign)
        low = high = self.slopes.nothing
        free = low_open = high_open = False
        for site, signs in live.items():
            share = self._share_of_minus(site, signs)
            if share is None:
                return _Feasibility(Verdict.NO)
            free = free or len(signs) == 2
            low_open, high_open = low_open or share[0] is None, high_open or share[1] is None
            low = _plus(low, share[0] or self.slopes.nothing)
            high = _plus(high, share[1] or self.slopes.nothing)
        if not self.function.is_class_a:
            return _Feasibility(Verdict.YES)
        for role in chosen:
            if role.kind in AFFINE:
                free = low_open = high_open = True
            elif role.kind is RoleKind.ACTIVE_END and role.v_sign:
                # The affine slope has the sign of v for orientation +, the opposite one for -; it enters with a minus.
                free = True
                rising = (role.v_sign > 0) == (role.orientation == "+")
                low_open, high_open = low_open or rising, high_open or not rising
        if not free:
            # One neuron per kink and orientation; neurons that cancel at a virtual site add no slope anywhere.
            pattern = "".join(next(iter(live[kink])) for kink in self.sites.kinks)
            return _Feasibility(Verdict.YES if pattern in self.function.record.realizations else Verdict.NO)
        needed = self.slopes.needed_share
        signs_of_room = [
            1 if low_open else self.slopes.sign(_minus(needed, low)),
            1 if high_open else self.slopes.sign(_minus(high, needed)),
        ]
        if any(sign is not None and sign <= 0 for sign in signs_of_room):
            return _Feasibility(Verdict.NO)
        if None in signs_of_room:
            return _Feasibility(Verdict.UNDECIDED)
        return _Feasibility(Verdict.YES, True)

    def _share_of_minus(self, site: Site, signs: dict[str, set[int]]) -> tuple[Amount | None, Amount | None] | None:
        """Ends of the range of q at a site (None: unbounded), equal if q is fixed, open if not; None if impossible.

        The '+' neurons carry p with p + q = D, the jump of f there (0 at a virtual site).
        """
        nothing = self.slopes.nothing
        jump, sign = nothing, 0
        if site.kind is SiteKind.KINK:
            jump, sign = self.slopes.jump(site.number), self.slopes.jump_sign(site.number)
        if len(signs) == 1:
            mark, only = next(iter(signs.items()))
            if only != {1, -1} and (sign == 0 or only != {sign}):
                return None
            fixed = jump if mark == "-" else nothing
            return fixed, fixed
        plus, minus = signs["+"], signs["-"]
        if plus == minus and len(plus) == 1 and plus != {sign}:
            return None
        low = nothing if minus == {1} else None
        high = nothing if minus == {-1} else None
        if plus == {1} and (high is None or sign < 0):
            high = jump
        if plus == {-1} and (low is None or sign > 0):
            low = jump
        return low, high


class SlopeNumbers:
    """Signs of rational combinations of the jumps and the first slope of a function, decided exactly where possible."""

    def __init__(self, function: RealizedFunction) -> None:
        self.function = function
        self.size = len(function.record.kinks)
        self.nothing: Amount = (Fraction(0),) * (self.size + 1)
        leak = function.problem.leak
        kappa = leak / (1 - leak)
        # kappa sum D - s_0 = (1 + 2 kappa) sum q - (affine slopes)
        self.needed_share: Amount = tuple(value / (1 + 2 * kappa) for value in (*[kappa] * self.size, Fraction(-1)))
        with working_precision(BITS + 64):
            slopes = function.balls.slopes
            self.balls = [*(right - left for left, right in pairwise(slopes)), slopes[0]]
        exact = function.exact
        self.exact = (
            None if exact is None else [*(right - left for left, right in pairwise(exact.slopes)), exact.slopes[0]]
        )
        canonical, _ = function.problem.canonical()
        even = canonical.symmetric and canonical.degree % 2 == 0
        self.self_mirrored = even and function.is_class_a and function.solution.is_own_mirror()

    def jump(self, number: int) -> Amount:
        """The jump at kink `number`, counted from 1."""
        return tuple(Fraction(int(i == number - 1)) for i in range(self.size + 1))

    def jump_sign(self, number: int) -> int:
        return 1 if self.balls[number - 1] > 0 else -1

    def sign(self, amount: Amount) -> int | None:
        """-1, 0, 1, or None where it could not be decided.

        0 is proved formally, by the mirror symmetry of an even target (s_{m-k} = -s_k, hence D_{m+1-i} = D_i and s_0
        = -sum D / 2), or in the number field of the function.
        """
        if not any(self._reduced(amount)):
            return 0
        with working_precision(BITS + 64):
            ball = arb(0)
            for factor, value in zip(amount, self.balls, strict=True):
                ball += arb_of(factor) * value
            if not ball.contains(0):
                return 1 if ball > 0 else -1
        if self.exact is None or self.function.solution.field is None:
            return None
        lift = self.function.solution.field.lift
        total = lift(0)
        for factor, element in zip(amount, self.exact, strict=True):
            total = total + lift(factor) * element
        return 0 if total.is_zero() else None

    def _reduced(self, amount: Amount) -> Amount:
        if not self.self_mirrored:
            return amount
        jumps, slope = amount[:-1], amount[-1]
        halved = [value - slope / 2 for value in jumps]
        return tuple(value + other for value, other in zip(halved, reversed(halved), strict=True))


def _plus(left: Amount, right: Amount) -> Amount:
    return tuple(a + b for a, b in zip(left, right, strict=True))


def _minus(left: Amount, right: Amount) -> Amount:
    return tuple(a - b for a, b in zip(left, right, strict=True))


def _compositions(total: int, parts: int) -> Iterator[tuple[int, ...]]:
    """Ways to write `total` as an ordered sum of `parts` positive integers."""
    for cuts in combinations(range(1, total), parts - 1):
        yield tuple(right - left for left, right in pairwise((0, *cuts, total)))
