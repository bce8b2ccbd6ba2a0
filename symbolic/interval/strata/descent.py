"""Descent curves: an explicit theta(eps), starting in the sample point of a saddle that is not strict, along which the
loss falls.

Every parameter that changes is its value at the sample plus a polynomial in eps with rational coefficients, so that
L(theta(eps)) - L(theta(0)) = leading * eps^order + O(eps^(order + 1)) for eps >= 0, with a leading coefficient that is
proved to be negative. In the notation of docs/strata.md, where this is proved ("Descent curves"):

- *degenerate*, w = b = 0 != v: (w, b) opens in a direction with v G < 0; order 1, leading 2 v G;
- *end*: a breakpoint at an end e moves inside, c takes back the affine part; order 2, leading (1-g) v |w| r(e);
- *curvature*: breakpoints of live neurons, outer weights and c move in a direction of negative second variation;
  order 2, or 4 where the slope of f changes through a neuron with w = v = 0, whose w and v are then of order eps;
- *flat*, v = 0: (w, b) moves to where G = g_p eps^p + ..., and v by -sign(g_p) eps^(p+1); order 2p + 1, leading
  -2 |g_p|.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from flint import arb

from symbolic.enclosure import Ball, Number, midpoint, radius, working_precision
from symbolic.interval.located import BITS
from symbolic.interval.problem import IntervalProblem
from symbolic.interval.realization import RealizedFunction
from symbolic.interval.strata.curvature import negative_direction
from symbolic.interval.strata.expansions import Expansions, Scalar, plus, scalar_of, sign_of, times
from symbolic.interval.strata.roles import Role, RoleKind
from symbolic.interval.strata.sites import SiteKind
from symbolic.interval.strata.strata import Stratum
from symbolic.problem import Kind

LEADING_BITS = 128
"""Accuracy of a leading coefficient that is not rational."""

ENDS = (RoleKind.SILENT_END, RoleKind.ACTIVE_END)
ONE = Fraction(1)


@dataclass(frozen=True)
class Term:
    """`coefficient * eps**power`, added to the parameter: w1, ..., wn, b1, ..., bn, v1, ..., vn or c."""

    parameter: str
    coefficient: Fraction
    power: int


@dataclass(frozen=True)
class Descent:
    """A curve that starts in the sample point of a stratum and along which the loss falls for small eps > 0.

    Attributes:
        terms: what is added to the sample; a parameter may occur with several powers.
        order: of the first term of L(theta(eps)) - L(theta(0)) that does not vanish.
        leading: its coefficient, proved negative; rational, or a ball.
        argument: "degenerate", "end", "curvature", "opened curvature", "flat", or "cubic" (quadratic activation).
    """

    terms: tuple[Term, ...]
    order: int
    leading: Number
    argument: str


@dataclass(frozen=True)
class _Opening:
    """A move of (w, b) at v = 0 with G = gain * eps^power + ...: coefficients of eps in w and b."""

    w: Fraction
    b: Fraction
    power: int
    gain: Scalar


def descents(
    problem: IntervalProblem, realized: Mapping[str, RealizedFunction], strata: Iterable[Stratum]
) -> dict[str, Descent]:
    """The descent curves of the saddles that are not strict, by label.

    Args:
        problem: of the strata.
        realized: its functions by label, as in a survey.
        strata: any; those of another kind have no curve.

    Guarantee: every curve is proved to descend. A saddle without an entry is one for which no curve of the forms above
        could be proved, not one without a descent.
    """
    finders: dict[str, DescentFinder] = {}
    found: dict[str, Descent] = {}
    for stratum in strata:
        if stratum.kind is not Kind.SADDLE or stratum.roles is None:
            continue
        if problem.activation == "quadratic":
            descent = cubic_descent(problem, stratum.roles)
        else:
            finder = finders.get(stratum.function)
            if finder is None:
                finder = finders[stratum.function] = DescentFinder(realized[stratum.function])
            descent = finder.find(stratum)
        if descent is not None:
            found[stratum.label] = descent
    return found


class DescentFinder:
    """Finds descent curves at the strata over one function that is not the target."""

    def __init__(self, function: RealizedFunction) -> None:
        self.function = function
        self.leak = function.problem.leak
        self.a, self.b = function.problem.domain
        self.near = Expansions(function)
        self._openings: dict[str, _Opening | None] = {}

    def find(self, stratum: Stratum) -> Descent | None:
        """The first curve of `all`: of first order if a degenerate neuron gives one, then second order, then higher."""
        return next(self.all(stratum), None)

    def all(self, stratum: Stratum) -> Iterator[Descent]:
        """A curve by every construction and neuron that gives one.

        Guarantee: the leading coefficient of each is proved negative. None at all proves nothing.
        """
        neurons = list(enumerate(stratum.roles or ()))
        attempts: list[Callable[[], Descent | None]] = [
            *(partial(self._degenerate, stratum, j, role) for j, role in neurons),
            *(partial(self._end, stratum, j, role) for j, role in neurons),
            partial(self._curvature, stratum),
            *(partial(self._flat, j, role) for j, role in neurons),
            partial(self._opened_curvature, stratum),
        ]
        for attempt in attempts:
            with working_precision(BITS + 64):
                found = attempt()
            if found is not None:
                yield found

    def _degenerate(self, stratum: Stratum, j: int, role: Role) -> Descent | None:
        """L changes by 2 v G(w, b) + O(eps^2); G is w M on the affine side, (1-g) |w| K(-b/w) if M = 0."""
        if role.kind is not RoleKind.ZERO_LIVE:
            return None
        v = scalar_of(stratum.sample.v[j])
        opening = self._opening_of_zero(-(sign_of(v) or 0))
        if opening is None:
            return None
        terms = ((f"w{j + 1}", opening.w, 1), (f"b{j + 1}", opening.b, 1))
        return _descent(terms, 1, times(2, v, opening.gain), "degenerate")

    def _opening_of_zero(self, sign: int) -> _Opening | None:
        """A direction out of w = b = 0 with G of the given sign."""
        if self.function.is_class_a:
            found = self.near.point_with(sign)
            return None if found is None else _Opening(ONE, -found[0], 1, times(1 - self.leak, found[1]))
        slope = Fraction(sign * (sign_of(self.near.moment) or 0))
        # Active on [a, b]: z = x - a or b - x.
        start = self.a if slope > 0 else self.b
        return _Opening(slope, -slope * start, 1, times(slope, self.near.moment)) if slope else None

    def _end(self, stratum: Stratum, j: int, role: Role) -> Descent | None:
        """The breakpoint moves inside by eps: f gains a constant and (1-g) v times a hinge on an interval of length
        eps.

        c takes the constant back; what its rational coefficient misses adds its square times b - a to the leading
        coefficient. If r(e) = 0, the order is 3 and the leading coefficient D (r'(e) + D)/3 with D = (1-g) v and the
        inward derivative r'.
        """
        if role.kind not in ENDS or not role.v_sign:
            return None
        v, residual = scalar_of(stratum.sample.v[j]), self.near.residual_at_end(role.end)
        weight = times(1 - self.leak, v)
        is_active = (role.end == "a") == (role.orientation == "+")
        back = v if is_active else times(-self.leak, v)
        step = -ONE if is_active else ONE
        if sign_of(residual[0]) == 0:
            if not isinstance(back, Fraction):
                return None
            leading = times(weight, plus(residual[1], weight), Fraction(1, 3))
            return _descent(((f"b{j + 1}", step, 1), ("c", back, 1)), 3, leading, "end")
        for bits in (0, 8, 16, 32, 64):
            rounded = back if isinstance(back, Fraction) else Fraction(round(midpoint(back) * 2**bits), 2**bits)
            missed = plus(back, -rounded)
            leading = plus(times(weight, residual[0]), times(missed, missed, self.b - self.a))
            descent = _descent(((f"b{j + 1}", step, 1), ("c", rounded, 1)), 2, leading, "end")
            if descent is not None or isinstance(back, Fraction):
                return descent
        return None

    def _flat(self, j: int, role: Role) -> Descent | None:
        """L changes by 2 v G + v^2 int s^2 with G = g_p eps^p + ... and v = -sign(g_p) eps^(p+1)."""
        if role.code not in self._openings:
            self._openings[role.code] = self._opening(role)
        opening = self._openings[role.code]
        sign = None if opening is None else sign_of(opening.gain)
        if opening is None or not sign:
            return None
        terms = (
            (f"w{j + 1}", opening.w, 1),
            (f"b{j + 1}", opening.b, 1),
            (f"v{j + 1}", Fraction(-sign), opening.power + 1),
        )
        return _descent(terms, 2 * opening.power + 1, times(-2 * sign, opening.gain), "flat")

    def _opening(self, role: Role) -> _Opening | None:
        """How a neuron with v = 0 moves to where G != 0; None if it has v != 0, or no move was proved."""
        if role.kind is RoleKind.ZERO:
            return self._opening_of_zero(1) or self._opening_of_zero(-1)
        if role.kind is RoleKind.CONSTANT and not self.function.is_class_a:
            slope = ONE if role.code == "con+" else self.leak
            return _Opening(ONE, Fraction(0), 1, times(slope, self.near.moment))
        if role.v_sign != 0 or (role.site is None and not role.end):
            return None
        # |w| = 1 and b = -w t: the breakpoint moves to the right, or inside, by eps.
        step = ONE if role.orientation == "-" else -ONE
        if role.site is not None and role.site.kind is SiteKind.FLAT:
            return _Opening(Fraction(0), step, 1, times(1 - self.leak, self.near.integral_to(role.site)))
        if role.site is not None:
            residual = self.near.residual_at_site(role.site)
        else:
            residual = self.near.residual_at_end(role.end)
            step = -step if role.end == "b" else step
        # G = (1-g) |w| (K + sigma M), where K'' = r, and K + sigma M and K' are 0 here.
        for power, coefficient in enumerate(residual):
            if sign_of(coefficient) != 0:
                share = (1 - self.leak) / ((power + 1) * (power + 2))
                return _Opening(Fraction(0), step, power + 2, times(share, coefficient))
        return None

    def _curvature(self, stratum: Stratum) -> Descent | None:
        if stratum.inertia is not None and not stratum.inertia.negative:
            return None
        found = negative_direction(self.function, self.near, stratum)
        if found is None:
            return None
        return _descent([(name, value, 1) for name, value in found.step], 2, found.form, "curvature")

    def _opened_curvature(self, stratum: Stratum) -> Descent | None:
        """A neuron with w = v = 0 adds v (w x + b) with w = eps, v = nu eps: nu eps^2 x, and a constant that c takes
        back; everything else moves by multiples of eps^2."""
        roles = stratum.roles or ()
        constant = next((j for j, role in enumerate(roles) if role.kind is RoleKind.CONSTANT), None)
        if constant is None or not self.function.is_class_a:
            return None
        found = negative_direction(self.function, self.near, stratum, with_slope=True)
        if found is None:
            return None
        positive = roles[constant].code == "con+"
        terms = [
            (f"w{constant + 1}", ONE, 1),
            (f"v{constant + 1}", found.slope / (ONE if positive else self.leak), 1),
            ("c", -found.slope if positive else found.slope, 1),
            *((name, value, 2) for name, value in found.step),
        ]
        return _descent(terms, 4, found.form, "opened curvature")


def cubic_descent(problem: IntervalProblem, roles: Sequence[Role]) -> Descent | None:
    """Quadratic activation, every neuron w = b = v = 0: L changes by 2 v w (w m_2 + 2 b m_1) + O(eps^6), which is
    -4 |m_1| eps^3 on the curve; m_1 = -alpha (b-a)^3/12 (`symbolic.interval.strata.quadratic`)."""
    if any(role.kind is not RoleKind.ZERO for role in roles):
        return None
    (a, b), slope = problem.domain, problem.target[1]
    middle, moment = (a + b) / 2, -slope * (b - a) ** 3 / 12
    terms = (("w1", ONE, 1), ("b1", 1 - middle, 1), ("v1", -ONE if moment > 0 else ONE, 1))
    return _descent(terms, 3, -4 * abs(moment), "cubic")


def _descent(
    terms: Iterable[tuple[str, Fraction, int]], order: int, leading: Scalar, argument: str
) -> Descent | None:
    """The curve, if the leading coefficient is proved negative."""
    if sign_of(leading) != -1:
        return None
    kept = tuple(Term(name, value, power) for name, value, power in terms if value)
    return Descent(kept, order, _number(leading), argument)


def _number(scalar: Scalar) -> Number:
    """The rational itself, or a ball whose centre lies on a grid that its own size fixes."""
    if not isinstance(scalar, arb):
        return scalar
    center, half = midpoint(scalar), radius(scalar)
    exponent = center.numerator.bit_length() - center.denominator.bit_length() - LEADING_BITS
    step = Fraction(2) ** exponent
    while half > step / 2:
        step *= 2
    return Ball(round(center / step) * step, step)
