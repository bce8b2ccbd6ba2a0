"""A critical function together with the solution it comes from, in the coordinates of its problem.

The record of a function holds rounded balls; here the same numbers are available as narrow balls and, where the
solution was recognized, in one number field, so that signs and zeros can be decided exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from math import comb
from typing import Generic, TypeVar

from flint import arb

from symbolic.enclosure import arb_of, working_precision
from symbolic.exact.number_field import FieldElement
from symbolic.interval.functions import IntervalFunction
from symbolic.interval.located import BITS, LocatedSolution
from symbolic.interval.problem import AffineTransport, IntervalProblem
from symbolic.interval.skeletons import Profile, T

V = TypeVar("V")


@dataclass(frozen=True)
class LeadingTerm:
    """r = coefficient * d^order (1 + O(d)) at distance d from an end of a piece, inside the piece.

    `coefficient` is a ball proved not 0, `sign` its sign, so that of r just inside. If `order` is positive, r was
    proved to vanish at the end to exactly this order.
    """

    order: int
    sign: int
    coefficient: arb


@dataclass(frozen=True)
class Values(Generic[V]):
    """Kinks, slopes, offset f(a), moment M and loss of a function, as numbers of one kind."""

    kinks: tuple[V, ...]
    slopes: tuple[V, ...]
    offset: V
    moment: V
    loss: V


def carry(
    knots: Sequence[T], profile: Profile[T], transport: AffineTransport, lift: Callable[[Fraction], T]
) -> Values[T]:
    """The numbers of a canonical function in the coordinates of the problem (see `AffineTransport`)."""
    scale, length = lift(transport.scale), lift(transport.length)
    rise = lift(transport.scale / transport.length)
    area = lift(transport.scale * transport.length**2)
    start, shift, one = lift(transport.start), lift(transport.shift), lift(Fraction(1))
    offset, moment = profile.offset, area * profile.moment
    kinks = [start + length * t for t in knots]
    slopes = [rise * slope for slope in profile.slopes]
    if transport.reflected:
        kinks = [start + length * (one - t) for t in reversed(knots)]
        slopes = [-slope for slope in reversed(slopes)]
        moment = -moment
        ends = [lift(Fraction(0)), *knots, one]
        for slope, (left, right) in zip(profile.slopes, pairwise(ends), strict=True):
            offset = offset + slope * (right - left)
    loss = lift(transport.scale**2 * transport.length) * profile.loss
    return Values(tuple(kinks), tuple(slopes), shift + scale * offset, moment, loss)


@dataclass(frozen=True)
class RealizedFunction:
    """A critical function f with its residual r = f - h and K(t) = int_a^t (t - x) r(x) dx, piece by piece."""

    problem: IntervalProblem
    transport: AffineTransport
    solution: LocatedSolution
    record: IntervalFunction

    @cached_property
    def balls(self) -> Values[arb]:
        with working_precision(BITS + 64):
            return carry(self.solution.balls, self.solution.profile, self.transport, arb_of)

    @cached_property
    def exact(self) -> Values[FieldElement] | None:
        profile, field = self.solution.exact_profile, self.solution.field
        if profile is None or field is None or self.solution.exact is None:
            return None
        return carry(self.solution.exact, profile, self.transport, field.lift)

    @property
    def is_class_a(self) -> bool:
        return self.record.function_class == "A"

    @property
    def is_target(self) -> bool:
        """Whether f = h: exactly the class-A functions of targets of degree at most 1."""
        return self.problem.degree <= 1 and self.is_class_a

    def near_end(self, piece: int, *, right: bool) -> LeadingTerm | None:
        """How r behaves next to the left or the right end of a piece.

        Guarantee: the coefficients before the leading one are 0 by exact arithmetic, the leading one is not by its
        ball. None where the function is not known exactly and a ball holds 0, or where r is 0 on the piece.
        """
        with working_precision(BITS + 64):
            balls = self._from_end(self.balls, arb_of, piece, right)
        exact: list[FieldElement] | None = None
        for order, ball in enumerate(balls):
            if ball.contains(0):
                if exact is None:
                    if self.exact is None or self.solution.field is None:
                        return None
                    exact = self._from_end(self.exact, self.solution.field.lift, piece, right)
                if exact[order].is_zero():
                    continue
                ball = _nonzero_ball(exact[order])
            return LeadingTerm(order, 1 if ball > 0 else -1, ball)
        return None

    def _from_end(self, values: Values[T], lift: Callable[[Fraction], T], piece: int, right: bool) -> list[T]:
        """r on a piece as coefficients of powers of the distance from one of its ends."""
        coefficients = self.residual_polynomials(values, lift)[piece]
        if not right:
            return coefficients
        ends = [lift(self.problem.domain[0]), *values.kinks, lift(self.problem.domain[1])]
        length = ends[piece + 1] - ends[piece]
        # Taylor coefficients at the right end, by Horner's scheme; the distance is measured to the left.
        for i in range(len(coefficients)):
            for j in range(len(coefficients) - 2, i - 1, -1):
                coefficients[j] = coefficients[j] + coefficients[j + 1] * length
        return [-value if i % 2 else value for i, value in enumerate(coefficients)]

    def residual_polynomials(self, values: Values[T], lift: Callable[[Fraction], T]) -> list[list[T]]:
        """r on every piece, as coefficients of powers of the distance from the left end of the piece."""
        target = self.problem.target
        ends = [lift(self.problem.domain[0]), *values.kinks, lift(self.problem.domain[1])]
        height, result = values.offset, []
        for slope, (left, right) in zip(values.slopes, pairwise(ends), strict=True):
            coefficients = []
            for j in range(max(2, len(target))):
                shifted = lift(Fraction(0))
                for i in range(len(target) - 1, j - 1, -1):
                    shifted = shifted * left + lift(target[i] * comb(i, j))
                coefficients.append(-shifted)
            coefficients[0] = coefficients[0] + height
            coefficients[1] = coefficients[1] + slope
            result.append(coefficients)
            height = height + slope * (right - left)
        return result


def _nonzero_ball(element: FieldElement) -> arb:
    """A ball of an element that is not 0, at a precision at which it excludes 0."""
    bits = BITS
    while True:
        ball = element.enclose(bits)
        if not ball.contains(0):
            return ball
        bits *= 2
