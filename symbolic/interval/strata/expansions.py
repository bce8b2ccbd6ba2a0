"""r, K and M of a critical function near its breakpoints, exactly where they are rational and in balls elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Protocol

from flint import arb

from symbolic.enclosure import Number, arb_of, enclose, midpoint, to_fraction, working_precision
from symbolic.exact.number_field import FieldElement
from symbolic.interval.located import BITS
from symbolic.interval.realization import RealizedFunction
from symbolic.interval.skeletons import T
from symbolic.interval.strata.sites import Site, SiteKind

Scalar = Fraction | arb
"""A rational number, or a ball."""

GRIDS = (16, 64, 256)
"""Numbers of steps of [a, b] among which a point with K != 0 of a wanted sign is looked for."""


class _Expand(Protocol):
    def __call__(self, polynomial: Sequence[T], length: T, /) -> list[T]: ...


class Expansions:
    """Taylor coefficients of the residual of a function that is not the target.

    To be used under `working_precision(BITS + 64)`. Every list holds the coefficients of powers of the distance from
    the place, constant term first.
    """

    def __init__(self, function: RealizedFunction) -> None:
        self.function = function
        self.a, self.b = function.problem.domain
        values, field = function.exact, function.solution.field
        with working_precision(BITS + 64):
            self.places = [arb_of(self.a), *function.balls.kinks, arb_of(self.b)]
            self.residuals = function.residual_polynomials(function.balls, arb_of)
        self._exact: tuple[list[FieldElement], list[list[FieldElement]]] | None = None
        self.moment: Scalar = function.balls.moment
        if values is not None and field is not None:
            exact_places = [field.lift(self.a), *values.kinks, field.lift(self.b)]
            self._exact = exact_places, function.residual_polynomials(values, field.lift)
            self.moment = _rational_or(values.moment, self.moment)
        self._at_ends: dict[str, list[Scalar]] = {}
        self._points: dict[int, tuple[Fraction, Scalar] | None] = {}

    def residual_at_end(self, end: str) -> list[Scalar]:
        """r at the end "a" or "b", in powers of the distance inward."""
        if end not in self._at_ends:
            piece, expand = (0, _from_the_left) if end == "a" else (len(self.residuals) - 1, _from_the_right)
            self._at_ends[end] = self._scalars(piece, expand)
        return self._at_ends[end]

    def residual_at_site(self, site: Site) -> list[Scalar]:
        """r at a site, in powers of the distance to the right of it."""
        if site.kind is SiteKind.KINK:
            return self._scalars(site.number, _from_the_left)
        piece = self._piece_of(site)
        return list(_shifted(self.residuals[piece], site.position - self.places[piece]))

    def integral_to(self, site: Site) -> arb:
        """K'(t) at a flat site: the integral of r from the start of its piece, where K' = 0."""
        piece = self._piece_of(site)
        length, total = site.position - self.places[piece], arb(0)
        for j in range(len(self.residuals[piece]) - 1, -1, -1):
            total = (total + self.residuals[piece][j] * arb_of(Fraction(1, j + 1))) * length
        return total

    def point_with(self, sign: int) -> tuple[Fraction, Scalar] | None:
        """Class A: a rational point of (a, b) where K has this sign, as far inside as the grids tell, and K there."""
        if sign not in self._points:
            self._points[sign] = self._search(sign)
        return self._points[sign]

    def _search(self, sign: int) -> tuple[Fraction, Scalar] | None:
        for steps in GRIDS:
            places = [self.a + (self.b - self.a) * Fraction(i, steps) for i in range(1, steps)]
            found = [(place, value) for place in places if (value := self._k(place)) is not None]
            fitting = [(place, value) for place, value in found if sign_of(value) == sign]
            if fitting:
                return max(fitting, key=lambda one: abs(float(ball_of(one[1]).mid())))
        return None

    def _k(self, place: Fraction) -> Scalar | None:
        """K at a rational point that is proved to be no kink, for class A: K = K' = 0 at the start of every piece."""
        distances = [arb_of(place) - kink for kink in self.function.balls.kinks]
        if any(distance.contains(0) for distance in distances):
            return None
        piece = sum(distance > 0 for distance in distances)
        ball = _double_integral(self.residuals[piece], arb_of(place) - self.places[piece], arb_of)
        field = self.function.solution.field
        if self._exact is None or field is None:
            return ball
        places, residuals = self._exact
        return _rational_or(_double_integral(residuals[piece], field.lift(place) - places[piece], field.lift), ball)

    def _piece_of(self, site: Site) -> int:
        """The piece that a virtual or flat site lies in; it was proved to lie inside when it was found."""
        place = midpoint(site.position)
        return sum(midpoint(kink) < place for kink in self.function.balls.kinks)

    def _scalars(self, piece: int, expand: _Expand) -> list[Scalar]:
        """Coefficients of r on a piece after `expand(r, length of the piece)`: rationals where they are, else balls."""
        balls = expand(self.residuals[piece], self.places[piece + 1] - self.places[piece])
        if self._exact is None:
            return list(balls)
        places, residuals = self._exact
        exact = expand(residuals[piece], places[piece + 1] - places[piece])
        return [_rational_or(element, ball) for element, ball in zip(exact, balls, strict=True)]


def scalar_of(number: Number) -> Scalar:
    return number if isinstance(number, Fraction) else enclose(number, BITS)


def ball_of(scalar: Scalar) -> arb:
    return arb_of(scalar) if isinstance(scalar, Fraction) else scalar


def times(*factors: Scalar | int) -> Scalar:
    """The product, rational if all factors are."""
    rational, ball = Fraction(1), None
    for factor in factors:
        if isinstance(factor, arb):
            ball = factor if ball is None else ball * factor
        else:
            rational *= factor
    return rational if ball is None else ball * arb_of(rational)


def plus(one: Scalar, other: Scalar) -> Scalar:
    """The sum, rational if both are."""
    if isinstance(one, Fraction) and isinstance(other, Fraction):
        return one + other
    return ball_of(one) + ball_of(other)


def sign_of(scalar: Scalar) -> int | None:
    """-1, 0 or 1; None for a ball that holds 0."""
    if isinstance(scalar, Fraction):
        return (scalar > 0) - (scalar < 0)
    if scalar.contains(0):
        return None
    return 1 if scalar > 0 else -1


def _rational_or(element: FieldElement, ball: arb) -> Scalar:
    """The element itself if it is rational, 0 included, else the ball."""
    coefficients = element.polynomial.coeffs()
    if len(coefficients) > 1:
        return ball
    return to_fraction(coefficients[0]) if coefficients else Fraction(0)


def _double_integral(residual: Sequence[T], length: T, lift: Callable[[Fraction], T]) -> T:
    total = lift(Fraction(0))
    for j in range(len(residual) - 1, -1, -1):
        total = total * length + residual[j] * lift(Fraction(1, (j + 1) * (j + 2)))
    return total * length * length


def _shifted(polynomial: Sequence[T], place: T) -> list[T]:
    """Coefficients in powers of the distance to the right of `place`, by repeated division."""
    values = list(polynomial)
    for done in range(len(values)):
        for i in range(len(values) - 2, done - 1, -1):
            values[i] = values[i] + values[i + 1] * place
    return values


def _from_the_left(polynomial: Sequence[T], _: T) -> list[T]:
    return list(polynomial)


def _from_the_right(polynomial: Sequence[T], length: T) -> list[T]:
    """Coefficients in powers of the distance to the left of the right end of the piece."""
    return [-value if power % 2 else value for power, value in enumerate(_shifted(polynomial, length))]
