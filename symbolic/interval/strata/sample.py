"""One point of every stratum: parameters (w, b, v, c) with |w_j| = 1 where w_j is not 0.

A live neuron with jump Delta has w = +-1, b = -+t, v = Delta/(1-g). The jumps of a site are shared out so that every
sign is as the roles say; for class A the shares q of the '-' neurons and the slopes of affine neurons are moved
together, on the segment between two ends of their open ranges, to where the slope equation holds. All of it is
rational arithmetic in the numbers of the function, so the sample is exact where they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Generic

from flint import arb

from symbolic.enclosure import arb_of, endpoints, working_precision
from symbolic.exact.number_field import FieldElement
from symbolic.interval.located import BITS
from symbolic.interval.realization import RealizedFunction, V, Values
from symbolic.interval.skeletons import T
from symbolic.interval.strata.assignments import Assignment
from symbolic.interval.strata.roles import Role, RoleKind
from symbolic.interval.strata.sites import Site, SiteKind


@dataclass(frozen=True)
class Sample(Generic[V]):
    """Parameters of the network: one entry per neuron, and the output bias."""

    w: tuple[V, ...]
    b: tuple[V, ...]
    v: tuple[V, ...]
    c: V


def ball_sample(function: RealizedFunction, assignment: Assignment) -> Sample[arb]:
    """The sample in balls."""
    with working_precision(BITS + 64):
        return _Sampler(function, function.balls, assignment, arb_of, lambda site: site.position).run()


def exact_sample(function: RealizedFunction, assignment: Assignment) -> Sample[FieldElement] | None:
    """The sample in the number field of the function, or None where the function or a site is known as a ball only."""
    values, field = function.exact, function.solution.field
    if values is None or field is None:
        return None
    if any(role.site is not None and role.site.exact is None for role in assignment.roles):
        return None

    def place(site: Site) -> FieldElement:
        assert site.exact is not None
        return site.exact

    return _Sampler(function, values, assignment, field.lift, place).run()


class _Sampler(Generic[T]):
    def __init__(
        self,
        function: RealizedFunction,
        values: Values[T],
        assignment: Assignment,
        lift: Callable[[Fraction], T],
        place: Callable[[Site], T],
    ) -> None:
        self.function = function
        self.values = values
        self.roles = assignment.roles
        self.lift = lift
        self.place = place
        self.leak = function.problem.leak
        self.zero = lift(Fraction(0))

    def run(self) -> Sample[T]:
        jumps, affine = self._shares()
        one = self.lift(Fraction(1))
        start, stop = (self.lift(end) for end in self.function.problem.domain)
        rows: list[tuple[T, T, T]] = []
        for index, role in enumerate(self.roles):
            w, b = self.zero, self.zero
            v = self.lift(Fraction(role.v_sign or 0))
            sign = -1 if role.orientation == "-" else 1
            if role.site is not None:
                t = self.place(role.site)
                w, b = (one, -t) if sign > 0 else (-one, t)
                v = jumps.get(index, self.zero) * self.lift(1 / (1 - self.leak))
            elif role.end:
                t = start if role.end == "a" else stop
                w, b = (one, -t) if sign > 0 else (-one, t)
                if role.kind is RoleKind.ACTIVE_END and role.v_sign:
                    active = (role.end == "a") == (sign > 0)
                    v = affine[index] * self.lift(Fraction(sign) / (1 if active else self.leak))
            elif role.kind is RoleKind.ACTIVE:
                w, b, v = one, one - start, affine[index]
            elif role.kind is RoleKind.LEAKY_INACTIVE:
                w, b, v = one, -(one + stop), affine[index] * self.lift(1 / self.leak)
            elif role.kind is RoleKind.CONSTANT:
                b = one if role.code == "con+" else -one
            elif role.kind is RoleKind.DEAD:
                w, b, v = one, -(one + stop), one
            rows.append((w, b, v))
        offset = self.values.offset
        for (w, b, v), role in zip(rows, self.roles, strict=True):
            offset = offset - v * self._activation_at_start(role, w * start + b)
        w_row, b_row, v_row = zip(*rows, strict=True)
        return Sample(tuple(w_row), tuple(b_row), tuple(v_row), offset)

    def _activation_at_start(self, role: Role, z: T) -> T:
        """s(w a + b), whose sign is known from the role."""
        inactive = role.kind in (RoleKind.LEAKY_INACTIVE, RoleKind.DEAD) or role.code == "con-"
        inside_or_right = role.site is not None or role.end == "b"
        if inactive or (inside_or_right and role.orientation == "+"):
            return z * self.lift(self.leak)
        return z

    def _shares(self) -> tuple[dict[int, T], dict[int, T]]:
        """Jumps of the live neurons and slopes of the affine ones, by position in the assignment."""
        live: dict[Site, list[int]] = {}
        for index, role in enumerate(self.roles):
            if role.kind is RoleKind.LIVE and role.site is not None:
                live.setdefault(role.site, []).append(index)
        minus = self._shares_of_minus(live) if self.function.is_class_a else ({}, {})
        jumps: dict[int, T] = {}
        for site, members in live.items():
            whole = self._jump(site)
            for mark in "+-":
                group = [index for index in members if self.roles[index].orientation == mark]
                if not group:
                    continue
                part = whole
                if site in minus[0]:
                    part = minus[0][site] if mark == "-" else whole - minus[0][site]
                jumps.update(self._split(group, part))
        return jumps, minus[1]

    def _jump(self, site: Site) -> T:
        if site.kind is SiteKind.VIRTUAL:
            return self.zero
        return self.values.slopes[site.number] - self.values.slopes[site.number - 1]

    def _split(self, group: Sequence[int], total: T) -> dict[int, T]:
        """Jumps with the signs of the roles that add up to `total`."""
        positive = [index for index in group if self.roles[index].v_sign == 1]
        negative = [index for index in group if self.roles[index].v_sign == -1]
        if not positive or not negative:
            return {index: total * self.lift(Fraction(1, len(group))) for index in group}
        size = self.lift(_bound(self.ball(total)) + 1)
        up, down = (total + size), -size
        shares = {index: up * self.lift(Fraction(1, len(positive))) for index in positive}
        shares.update({index: down * self.lift(Fraction(1, len(negative))) for index in negative})
        return shares

    def _shares_of_minus(self, live: dict[Site, list[int]]) -> tuple[dict[Site, T], dict[int, T]]:
        """Class A: q at every site with both orientations and the slope of every affine neuron, solving the slope
        equation.

        (1 + 2 kappa) sum q - sum (affine slopes) = kappa sum D - s_0.
        """
        kappa = self.leak / (1 - self.leak)
        twist = self.lift(1 + 2 * kappa)
        need = -self.values.slopes[0]
        fixed: dict[Site, T] = {}
        ranges: list[tuple[Site | int, T, T]] = []
        for site, members in live.items():
            whole = self._jump(site)
            need = need + whole * self.lift(kappa)
            marks = {self.roles[index].orientation for index in members}
            if marks == {"-"}:
                need = need - whole * twist
            elif len(marks) == 2:
                low, high = self._range(site, members, whole)
                ranges.append((site, low * twist, high * twist))
        movable = [i for i, role in enumerate(self.roles) if role.kind in (RoleKind.ACTIVE, RoleKind.LEAKY_INACTIVE)]
        bound = self.lift(10 * (_bound(self.ball(need)) + sum(_bound(self.ball(h - lo)) for _, lo, h in ranges) + 1))
        ranges.extend((index, -bound, bound) for index in movable)
        for index, role in enumerate(self.roles):
            if role.kind is RoleKind.ACTIVE_END and role.v_sign:
                rising = (role.v_sign > 0) == (role.orientation == "+")
                ranges.append((index, -bound, self.zero) if rising else (index, self.zero, bound))
        if not ranges:
            return fixed, {}
        low, high = self.zero, self.zero
        for _, bottom, top in ranges:
            low, high = low + bottom, high + top
        part = (need - low) / (high - low)
        affine: dict[int, T] = {}
        for owner, bottom, top in ranges:
            value = bottom + (top - bottom) * part
            if isinstance(owner, int):
                affine[owner] = -value
            else:
                fixed[owner] = value / twist
        return fixed, affine

    def _range(self, site: Site, members: Sequence[int], whole: T) -> tuple[T, T]:
        """A bounded open range of q in which the '-' share q and the '+' share D - q can have the signs of the
        roles."""
        signs = {mark: {self.roles[i].v_sign for i in members if self.roles[i].orientation == mark} for mark in "+-"}
        need = self.ball(self.values.slopes[0])
        far = self.lift(10 * (_bound(need) + sum(_bound(self.ball(s)) for s in self.values.slopes) + 1))
        ball = self.ball(whole)
        low, high = -far, far
        if signs["-"] == {1}:
            low = self.zero
        if signs["-"] == {-1}:
            high = self.zero
        if signs["+"] == {1} and not (signs["-"] == {-1} and not ball < 0):
            high = whole
        if signs["+"] == {-1} and not (signs["-"] == {1} and not ball > 0):
            low = whole
        return low, high

    def ball(self, value: T) -> arb:
        if isinstance(value, FieldElement):
            return value.enclose(BITS)
        assert isinstance(value, arb)
        return value


def _bound(ball: arb) -> Fraction:
    """An integer at least as large as the number."""
    low, high = endpoints(ball)
    return Fraction(int(max(abs(low), abs(high))) + 1)
