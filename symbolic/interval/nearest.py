"""How far a network of given weights is from a critical function, and from the strata over it; proofs in
docs/identify.md.

Distances between parameters are Euclidean, in the coordinates (z_a, z_b, v) of the normalized neurons and c
(`symbolic.interval.trained`). An upper bound comes from a point of the stratum that is written down: every neuron is
projected on the inner weights of its role, then the outer weights are moved as little as possible to where the jumps
and slopes add up. A lower bound comes from each neuron's distance to its role alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod

from flint import arb, arb_mat

from symbolic.enclosure import arb_of, enclose, endpoints, working_precision
from symbolic.exact.outward import root_above, root_below
from symbolic.interval.functions import IntervalFunction
from symbolic.interval.realization import RealizedFunction
from symbolic.interval.strata.roles import Role, RoleKind, roles_of
from symbolic.interval.strata.sites import Site, SiteKind, Sites
from symbolic.interval.trained import Neuron, TrainedNetwork

BITS = 384

CHOICES = 4096
"""Assignments of roles looked at most."""

Pair = tuple[arb, arb]


def sup_distance(network: TrainedNetwork, function: IntervalFunction) -> tuple[Fraction, Fraction]:
    """Lower and upper bound of sup |f - F| on [a, b], f the function of the network.

    f - F is affine between the kinks of both, so that the largest value is taken at one of them or at an end.
    """
    with working_precision(BITS):
        kinks = [enclose(value, BITS) for value in function.kinks]
        slopes = [enclose(value, BITS) for value in function.slopes]
        offset, start = enclose(function.offset, BITS), arb_of(network.problem.domain[0])
        low = high = Fraction(0)
        for x in (*map(arb_of, network.vertices), *kinks):
            value = offset + slopes[0] * (x - start)
            for kink, left, right in zip(kinks, slopes, slopes[1:], strict=False):
                value += (right - left) * _positive_part(x - kink)
            least, most = _size(_network_value(network, x) - value)
            low, high = max(low, least), max(high, most)
        return low, high


def function_reach(network: TrainedNetwork, distance: Fraction) -> Fraction:
    """What sup |f' - f| is at most, for every network within `distance` of the normalized weights.

    |v' s(z') - v s(z)| <= |v' - v| |z| + |v'| |z' - z| <= e + (|v| + e) e on [a, b], because |z| <= 1 there, z' - z
    lies between its values at the ends, and s has slopes at most 1; c adds e.
    """
    return distance * (1 + sum(1 + abs(neuron.v) + distance for neuron in network.neurons))


@dataclass(frozen=True)
class Placement:
    """An assignment of roles to the neurons in their order.

    Attributes:
        roles: one for each neuron.
        at_least: no point of the stratum with these roles is nearer.
        at_most: some point of it is as near; None if none was constructed.
    """

    roles: tuple[Role, ...]
    at_least: Fraction
    at_most: Fraction | None

    @property
    def code(self) -> tuple[str, ...]:
        return tuple(role.code for role in self.roles)


class NearFunction:
    """The strata over one critical function, as seen from a network.

    Args:
        network: the given weights.
        function: a critical function, not the target itself.
        sites: of the function.
    """

    def __init__(self, network: TrainedNetwork, function: RealizedFunction, sites: Sites) -> None:
        self.network, self.function, self.sites = network, function, sites
        self.leak = network.problem.leak
        self.roles = roles_of(sites, class_a=function.is_class_a, leaky=self.leak > 0)
        start, end = network.problem.domain
        with working_precision(BITS):
            self._start, self._length = arb_of(start), arb_of(end - start)
            self._distances = [[(role, self._least(role, one)) for role in self.roles] for one in network.neurons]

    def order(self, roles: Sequence[Role]) -> str:
        """The codes of roles as a label has them."""
        position = {role.code: i for i, role in enumerate(self.roles)}
        return ".".join(sorted((role.code for role in roles), key=position.__getitem__))

    def options(self, reach: Fraction) -> list[list[tuple[Role, Fraction]]]:
        """For each neuron the roles within `reach`, nearest first, each with a lower bound of the squared distance.

        A weight that is exactly 0 (v; w and b; an end value) is taken to be meant: roles in which it is not are left
        out.
        """
        return [
            sorted(
                ((role, least) for role, least in row if least is not None and least <= reach**2),
                key=lambda item: item[1],
            )
            for row in self._distances
        ]

    def placements(self, reach: Fraction) -> Iterator[Placement]:
        """Every assignment of roles within `reach`, whether or not it realizes the function.

        Raises:
            OverflowError: more than `CHOICES`.
        """
        options = self.options(reach)
        count = prod(map(len, options))
        if count > CHOICES:
            raise OverflowError(f"{count} assignments of roles are within reach")
        for chosen in product(*options):
            total = sum((least for _, least in chosen), Fraction(0))
            if total <= reach**2:
                yield Placement(tuple(role for role, _ in chosen), root_below(total), None)

    def place(self, roles: Sequence[Role]) -> Fraction | None:
        """An upper bound of the distance to the stratum of these roles, by a point of it; None if the construction
        leaves it.

        Guarantee: the point has the roles (signs and sides are proved), and the function is realized: its jumps and,
        where they are free, its slopes by the equations that were solved, c by f(a).
        """
        with working_precision(BITS):
            try:
                return self._place(roles)
            except ZeroDivisionError:
                return None

    # One neuron and one role.

    def _along(self, role: Role) -> Pair | None:
        """The direction of the end values of a role whose inner weights are a ray."""
        sign = -1 if role.orientation == "-" else 1
        if role.site is not None:
            part = (role.site.position - self._start) / self._length
            return -part * sign, (1 - part) * sign
        if role.end == "a":
            return arb(0), arb(sign)
        if role.end == "b":
            return arb(-sign), arb(0)
        if role.kind is RoleKind.CONSTANT:
            side = 1 if role.code == "con+" else -1
            return arb(side), arb(side)
        return None

    def _least(self, role: Role, neuron: Neuron) -> Fraction | None:
        """A lower bound of the squared distance; None if an exact zero of the neuron excludes the role."""
        if not _respects_zeros(role, neuron):
            return None
        off = Fraction(0)
        sign = 0 if role.kind in (RoleKind.FLAT, RoleKind.FLAT_AT_SITE) else role.v_sign
        if sign is not None and (neuron.v > 0) - (neuron.v < 0) != sign:
            # The lesser one: the outer weight of an almost vanishing neuron was enlarged.
            off = neuron.v**2 if neuron.is_zero else min(abs(neuron.v), neuron.size) ** 2
        start, end = neuron.start, neuron.end
        if role.kind in (RoleKind.ZERO, RoleKind.ZERO_LIVE):
            # In the weights as given too: there w = b = 0 may be nearer.
            return min(Fraction(1), neuron.scale) ** 2 * (start**2 + end**2) + off
        if role.kind in (RoleKind.DEAD, RoleKind.LEAKY_INACTIVE):
            return off + max(start, Fraction(0)) ** 2 + max(end, Fraction(0)) ** 2
        if role.kind is RoleKind.ACTIVE:
            return off + min(start, Fraction(0)) ** 2 + min(end, Fraction(0)) ** 2
        along = self._along(role)
        if along is None:
            return None
        if along[0] * arb_of(start) + along[1] * arb_of(end) < 0:
            return off + start**2 + end**2
        cross = arb_of(start) * along[1] - arb_of(end) * along[0]
        return off + max(Fraction(0), endpoints(_square(cross) / (_square(along[0]) + _square(along[1])))[0])

    def _inner(self, role: Role, neuron: Neuron) -> Pair | None:
        """The nearest end values that the role allows; None where they are not proved to be allowed."""
        start, end = arb_of(neuron.start), arb_of(neuron.end)
        if role.kind in (RoleKind.ZERO, RoleKind.ZERO_LIVE):
            return arb(0), arb(0)
        if role.kind in (RoleKind.DEAD, RoleKind.LEAKY_INACTIVE):
            return (start, end) if neuron.start < 0 and neuron.end < 0 else None
        if role.kind is RoleKind.ACTIVE:
            return (start, end) if neuron.start > 0 and neuron.end > 0 else None
        along = self._along(role)
        if along is None:
            return None
        share = (along[0] * start + along[1] * end) / (_square(along[0]) + _square(along[1]))
        return (share * along[0], share * along[1]) if share > 0 else None

    # All neurons.

    def _place(self, roles: Sequence[Role]) -> Fraction | None:
        neurons = self.network.neurons
        found = [self._inner(role, neuron) for role, neuron in zip(roles, neurons, strict=True)]
        inner = [pair for pair in found if pair is not None]
        if len(inner) < len(found):
            return None
        outer = [
            arb(0) if role.v_sign == 0 or role.kind in (RoleKind.FLAT, RoleKind.FLAT_AT_SITE) else arb_of(neuron.v)
            for role, neuron in zip(roles, neurons, strict=True)
        ]
        if not self._balance(roles, inner, outer):
            return None
        for role, pair, v in zip(roles, inner, outer, strict=True):
            wrong_sign = role.v_sign and not v * role.v_sign > 0
            positive = role.kind is not RoleKind.ACTIVE or (pair[0] > 0 and pair[1] > 0)
            negative = role.kind is not RoleKind.LEAKY_INACTIVE or (pair[0] < 0 and pair[1] < 0)
            # An affine neuron without slope and weight would be another role.
            if wrong_sign or not positive or not negative:
                return None
            affine = role.kind in (RoleKind.ACTIVE, RoleKind.LEAKY_INACTIVE)
            if affine and v.contains(0) and (pair[1] - pair[0]).contains(0):
                return None
        values = self.function.balls
        offset = values.offset
        for role, pair, v in zip(roles, inner, outer, strict=True):
            offset -= v * self._at_start(role, pair)
        total = _square(offset - arb_of(self.network.c))
        for neuron, pair, v in zip(neurons, inner, outer, strict=True):
            total += _square(pair[0] - arb_of(neuron.start)) + _square(pair[1] - arb_of(neuron.end))
            total += _square(v - arb_of(neuron.v))
        if not total.is_finite():
            return None
        return root_above(endpoints(total)[1])

    def _at_start(self, role: Role, pair: Pair) -> arb:
        """s(z_a), whose sign is known from the role."""
        if role.kind in (RoleKind.DEAD, RoleKind.LEAKY_INACTIVE) or role.code == "con-":
            return pair[0] * arb_of(self.leak)
        if (role.site is not None or role.end == "b") and role.orientation == "+":
            return pair[0] * arb_of(self.leak)
        return pair[0]

    def _balance(self, roles: Sequence[Role], inner: list[Pair], outer: list[arb]) -> bool:
        """Move outer weights (or, of affine neurons with a larger outer weight, the slope) to where jumps and slopes
        add up; least squares of the moves."""
        leak, length = arb_of(self.leak), self._length
        slopes = [(pair[1] - pair[0]) / length for pair in inner]
        sites: dict[Site, dict[int, arb]] = {}
        for j, role in enumerate(roles):
            if role.kind is RoleKind.LIVE and role.site is not None:
                sites.setdefault(role.site, {})[j] = (1 - leak) * abs(slopes[j])
        equations: list[tuple[dict[int, arb], arb]] = []
        for site, row in sites.items():
            jump = arb(0)
            if site.kind is SiteKind.KINK:
                jump = self.function.balls.slopes[site.number] - self.function.balls.slopes[site.number - 1]
            equations.append((row, jump - sum((outer[j] * size for j, size in row.items()), arb(0))))
        affine = {
            j: leak if role.kind is RoleKind.LEAKY_INACTIVE or self._leans_on_leak(role) else arb(1)
            for j, role in enumerate(roles)
            if role.kind in (RoleKind.ACTIVE, RoleKind.LEAKY_INACTIVE)
            or (role.kind is RoleKind.ACTIVE_END and role.v_sign)
        }
        both = any(len({roles[j].orientation for j in row}) == 2 for row in sites.values())
        bent: set[int] = set()
        if affine or both:
            row, total = {}, arb(0)
            for j, role in enumerate(roles):
                factor = affine.get(j)
                if role.kind is RoleKind.LIVE:
                    factor = leak if role.orientation == "+" else arb(1)
                if factor is None:
                    continue
                total += factor * slopes[j] * outer[j]
                if j in affine and role.kind is not RoleKind.ACTIVE_END and abs(outer[j]) > abs(slopes[j]) * length:
                    bent.add(j)
                    row[j] = factor * outer[j] / length
                else:
                    row[j] = factor * slopes[j]
            equations.append((row, self.function.balls.slopes[0] - total))
        if not equations:
            return True
        size = len(equations)
        gram = [
            sum((one[j] * other[j] for j in one if j in other), arb(0))
            for one, _ in equations
            for other, _ in equations
        ]
        multipliers = arb_mat(size, size, gram).solve(arb_mat(size, 1, [rest for _, rest in equations]))
        for i, (row, _) in enumerate(equations):
            for j, coefficient in row.items():
                step = coefficient * multipliers[i, 0]
                if j in bent:
                    inner[j] = inner[j][0] - step / 2, inner[j][1] + step / 2
                else:
                    outer[j] += step
        return True

    def _leans_on_leak(self, role: Role) -> bool:
        """Whether a neuron with its breakpoint at an end is on the leaky side inside."""
        return role.kind is RoleKind.ACTIVE_END and (role.end == "a") != (role.orientation == "+")


def _respects_zeros(role: Role, neuron: Neuron) -> bool:
    """Whether every exact zero of the neuron is one of the role."""
    vanishing = role.kind in (RoleKind.ZERO, RoleKind.ZERO_LIVE)
    if neuron.is_zero:
        return vanishing and (role.kind is RoleKind.ZERO) == (neuron.v == 0)
    if vanishing and neuron.v == 0:
        return False
    if neuron.v == 0 and role.v_sign and role.kind is not RoleKind.DEAD:
        return False
    if (neuron.start == 0 and role.end != "a") or (neuron.end == 0 and role.end != "b"):
        return vanishing
    # w = v = 0 is a role of its own.
    return role.kind is RoleKind.CONSTANT or not (neuron.v == 0 and neuron.start == neuron.end) or (
        role.kind is RoleKind.DEAD
    )


def _network_value(network: TrainedNetwork, x: arb) -> arb:
    leak = arb_of(network.problem.leak)
    total = arb_of(network.c)
    for w, b, v in zip(network.w, network.b, network.v, strict=True):
        z = arb_of(w) * x + arb_of(b)
        total += arb_of(v) * (leak * z + (1 - leak) * _positive_part(z))
    return total


def _positive_part(z: arb) -> arb:
    if z > 0:
        return z
    if z <= 0:
        return arb(0)
    return (z + abs(z)) / 2


def _square(ball: arb) -> arb:
    """Not by the power function, which is not finite on a ball that holds 0."""
    return ball * ball


def _size(ball: arb) -> tuple[Fraction, Fraction]:
    low, high = endpoints(ball)
    return max(low, -high, Fraction(0)), max(high, -low)
