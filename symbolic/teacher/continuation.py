"""Certified continuation of a zero of the equations of a fixed space in the real number k of teachers.

A *segment* is an interval of k, written k = center + half t with -1 <= t <= 1, a polynomial p(t) and radii r such that
for every k of the interval the box p(t) +- r holds exactly one zero x(k) of the equations F(x, k) = 0, a nondegenerate
one; by the implicit function theorem x(k) is an analytic curve. A *branch* is a chain of segments that agree where
they meet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import arb, arb_mat, arb_series

from symbolic.enclosure import arb_of, midpoint, working_precision
from symbolic.errors import InsufficientPrecision, InvalidProblem
from symbolic.exact.krawczyk import refine_zero
from symbolic.teacher.evaluation import RestrictedLoss
from symbolic.teacher.fixed_spaces import FixedSpace
from symbolic.teacher.restricted import FixedSpaceSystem, jacobian, system
from symbolic.teacher.taylor import (
    Matrix,
    TaylorArithmetic,
    expand,
    multiply,
    restrict,
    series_inverse,
    series_terms,
    taylor_model,
    unit_range,
)

BITS = 192
TERMS = 10
WIDEST = Fraction(1, 2**18)
"""A wider box is not accepted: the signs of eigenvalues are read off over it."""
NEAR = Fraction(1, 2**6)
"""From how near the end of a curve one step to the end is tried."""
NARROWEST = Fraction(1, 2**30)
"""The least radius times k^2: the Jacobian can be as steep as k^2, and narrower boxes are hard to meet."""


@dataclass(frozen=True)
class Curve:
    """The fixed spaces of Delta(S_(k - q) x S_small[0] x ...), q = sum(small), for real k.

    Attributes:
        small: sizes of the blocks that do not grow.
    """

    small: tuple[int, ...]

    @property
    def space(self) -> FixedSpace:
        """One of them: it says which coordinates exist."""
        return FixedSpace((5, *self.small))

    @property
    def end(self) -> int:
        """The k where the large block has size 2: below, not all entries of a generic point exist."""
        return 2 + sum(self.small)

    def sizes(self, k: Fraction) -> tuple[Fraction | int, ...]:
        """Block sizes at k."""
        return (k - sum(self.small), *self.small)

    def series_sizes(self, k: list[arb], terms: int) -> list[arb_series]:
        """Block sizes where k is a series."""
        large = arb_series(k, terms) - sum(self.small)
        return [large, *(arb_series([size], terms) for size in self.small)]

    def equations(self, k: Fraction) -> FixedSpaceSystem:
        """F(., k)."""
        return FixedSpaceSystem(self.space, self.sizes(k))


@dataclass(frozen=True, eq=False)
class Segment:
    """A proved piece of a branch.

    Attributes:
        center, half: k = center + half t.
        coefficients: for each reduced coordinate those of p, exact.
        radii: r, exact.
        speeds: for each coordinate a bound on |d/dt (x - p)|.
    """

    curve: Curve
    center: Fraction
    half: Fraction
    coefficients: tuple[tuple[arb, ...], ...]
    radii: tuple[arb, ...]
    speeds: tuple[arb, ...]

    @property
    def low(self) -> Fraction:
        return self.center - self.half

    @property
    def high(self) -> Fraction:
        return self.center + self.half

    def __contains__(self, k: Fraction) -> bool:
        return self.low <= k <= self.high

    def box(self, k: Fraction) -> list[arb]:
        """The box at k that holds exactly one zero."""
        t = arb_of((k - self.center) / self.half)
        return [
            expand(line, t, 1)[0] + arb(0, 1) * radius
            for line, radius in zip(self.coefficients, self.radii, strict=True)
        ]

    def holds(self, k: Fraction, point: Sequence[arb]) -> bool:
        """Whether the balls of `point` are proved to lie in the box at k."""
        t = arb_of((k - self.center) / self.half)
        return all(
            bool(abs(value - expand(line, t, 1)[0]) < radius)
            for value, line, radius in zip(point, self.coefficients, self.radii, strict=True)
        )

    def misses(self, k: Fraction, point: Sequence[arb]) -> bool:
        """Whether the balls of `point` are proved to lie outside of the box at k."""
        return any(not value.overlaps(side) for value, side in zip(point, self.box(k), strict=True))

    def point(self, k: Fraction, accuracy: int) -> tuple[tuple[Fraction, ...], Fraction]:
        """The zero at k: centre and half-width (2^-accuracy, or less) of a cube that holds it.

        Raises:
            InsufficientPrecision: the cube could not be placed inside the box.
        """
        with working_precision(BITS):
            start = [midpoint(value) for value in self.box(k)]
        accuracy = max(accuracy, BITS // 2 + 2 * int(k).bit_length())
        center, half = refine_zero(self.curve.equations(k), start, accuracy)
        with working_precision(accuracy + 32):
            if not self.holds(k, [arb_of(value, half) for value in center]):
                raise InsufficientPrecision(f"the zero at k = {k} could not be placed on the branch")
        return center, half

    def series(self, low: Fraction, high: Fraction) -> Callable[[int, arb], tuple[list[arb_series], list[arb_series]]]:
        """Sizes and coordinates on [low, high] as series in u, k = (low + high)/2 + u (high - low)/2.

        The constant terms of the coordinates hold x - p; their further terms are those of p.
        """
        middle = arb_of(((low + high) / 2 - self.center) / self.half)
        scale = arb_of((high - low) / 2 / self.half)
        k = [arb_of((low + high) / 2), arb_of((high - low) / 2)]
        lines = [restrict(line, middle, scale) for line in self.coefficients]

        def at(terms: int, u: arb) -> tuple[list[arb_series], list[arb_series]]:
            points = []
            for line, radius in zip(lines, self.radii, strict=True):
                values = expand(line, u, min(terms, len(line)))
                values[0] += arb(0, 1) * radius
                points.append(arb_series(values, terms))
            return self.curve.series_sizes(expand(k, u, 2), terms), points

        return at

    def tangents(self, low: Fraction, high: Fraction) -> tuple[list[arb_series], list[arb_series]]:
        """Sizes and coordinates at all points of [low, high] with their first derivatives in k, as two terms."""
        middle = arb_of(((low + high) / 2 - self.center) / self.half)
        spread = arb(0, 1) * arb_of((high - low) / 2 / self.half)
        scale = arb_of(1 / self.half)
        points = []
        for line, radius, speed in zip(self.coefficients, self.radii, self.speeds, strict=True):
            value, slope = expand(line, middle + spread, 2)
            points.append(
                arb_series([value + arb(0, 1) * radius, (slope + arb(0, 1) * speed) * scale], 2)
            )
        k = [arb_of((low + high) / 2, (high - low) / 2), arb(1)]
        return self.curve.series_sizes(k, 2), points


def prove_segment(curve: Curve, center: Fraction, half: Fraction, start: Sequence[arb]) -> Segment | None:
    """The segment of center +- half around the zero near `start`, or None if no proof was found.

    Guarantee: for each k of the interval the map x -> x - Y(k) F(x, k), with Y a polynomial near the inverse of the
        Jacobian, sends the box p +- r into its interior (Krawczyk's operator, uniformly in k). So the box holds
        exactly one zero, and the Jacobian is regular on the whole box.
    """
    with working_precision(BITS):
        try:
            return _prove(curve, center, half, start)
        except (InsufficientPrecision, InvalidProblem, ZeroDivisionError, ValueError):
            return None


def _prove(curve: Curve, center: Fraction, half: Fraction, start: Sequence[arb]) -> Segment | None:
    space, dimension = curve.space, curve.space.dimension
    point, inverse = _newton(curve, center, start)
    k = [arb_of(center), arb_of(half)]
    lines = [[value] for value in point]
    # Order by order: F(p) has the coefficient J p_m + (known) at t^m.
    for m in range(1, TERMS):
        with series_terms(m + 1):
            numbers = TaylorArithmetic(m + 1)
            sizes = curve.series_sizes(k, m + 1)
            residues = _equations(space, sizes, [arb_series(line, m + 1) for line in lines], numbers)
            step = inverse * arb_mat(dimension, 1, [residue[m] for residue in residues])
        for i, line in enumerate(lines):
            line.append(-step[i, 0].mid())
    with series_terms(TERMS):
        sizes = curve.series_sizes(k, TERMS)
        slopes = _jacobian(space, sizes, [arb_series(line, TERMS) for line in lines], TaylorArithmetic(TERMS))
        approximate = [[entry.coeffs() for entry in row] for row in series_inverse(slopes, TERMS)]
    exact = tuple(tuple(line) for line in lines)

    def preconditioner(terms: int, t: arb) -> Matrix:
        return [
            [arb_series(expand(entry, t, min(terms, len(entry))), terms) for entry in row] for row in approximate
        ]

    def segment(radii: tuple[arb, ...], speeds: tuple[arb, ...]) -> Segment:
        return Segment(curve, center, half, exact, radii, speeds)

    zero = tuple(arb(0) for _ in lines)
    bare = segment(zero, zero).series(center - half, center + half)

    def steps(terms: int, t: arb) -> list[arb_series]:
        sizes, x = bare(terms, t)
        values = _equations(space, sizes, x, TaylorArithmetic(terms))
        return [row[0] for row in multiply(preconditioner(terms, t), [[value] for value in values])]

    moved = [abs(unit_range(model)) for model in taylor_model(steps, TERMS)]
    least = arb_of(NARROWEST / center**2).upper()
    radii = tuple(arb((2 * value.upper()).max(least)) for value in moved)
    if not all(radius < arb_of(WIDEST) for radius in radii):
        return None
    tube = segment(radii, zero).series(center - half, center + half)

    def products(terms: int, t: arb) -> list[arb_series]:
        sizes, x = tube(terms, t)
        slopes = _jacobian(space, sizes, x, TaylorArithmetic(terms))
        return [entry for row in multiply(preconditioner(terms, t), slopes) for entry in row]

    found = [unit_range(model) for model in taylor_model(products, TERMS)]
    defect = [
        [abs(int(i == j) - found[i * dimension + j]).upper() for j in range(dimension)] for i in range(dimension)
    ]
    for i, line in enumerate(defect):
        spread = sum((value * radius for value, radius in zip(line, radii, strict=True)), arb(0))
        if not moved[i] + spread < radii[i]:
            return None

    def drift(terms: int, t: arb) -> list[arb_series]:
        """Y dF(p + const)/dt."""
        with series_terms(terms + 1):
            sizes, x = tube(terms + 1, t)
            values = _equations(space, sizes, x, TaylorArithmetic(terms + 1))
            rates = [[arb_series((value.derivative()).coeffs(), terms)] for value in values]
        return [row[0] for row in multiply(preconditioner(terms, t), rates)]

    # Y J (x - p)' = -Y dF(p + (x - p))/dt, and Y J = I - defect: iterate the bound |v| <= |b| + defect |v|.
    rates = [abs(unit_range(model)).upper() for model in taylor_model(drift, TERMS - 1)]
    norm = max((sum(line, arb(0)) for line in defect), key=lambda value: float(value.upper()))
    if not norm < 1:
        return None
    largest = max(rates, key=lambda value: float(value.mid())) / (1 - norm)
    speeds = tuple(arb((rate + norm * largest).upper()) for rate in rates)
    return segment(radii, speeds)


def _newton(curve: Curve, k: Fraction, start: Sequence[arb]) -> tuple[list[arb], arb_mat]:
    """An approximate zero at k with exact entries, and the inverse of the Jacobian there."""
    point = [value.mid() for value in start]
    inverse = arb_mat(0, 0)
    for _ in range(12):
        inverse = arb_mat(jacobian(curve.space, curve.sizes(k), point)).mid().inv().mid()
        step = inverse * arb_mat(len(point), 1, system(curve.space, curve.sizes(k), point))
        point = [(value - step[i, 0]).mid() for i, value in enumerate(point)]
        largest = max(float(abs(step[i, 0]).upper()) for i in range(len(point)))
        if not largest < 1:
            raise InsufficientPrecision("Newton's iteration left the neighbourhood")
        if largest < 2.0 ** (-BITS // 2):
            return point, inverse
    raise InsufficientPrecision("Newton's iteration did not settle")


def _equations(
    space: FixedSpace, sizes: list[arb_series], x: list[arb_series], numbers: TaylorArithmetic
) -> list[arb_series]:
    gradient = RestrictedLoss(space, sizes, x, numbers, curvature=False).gradient()
    return [value / count for value, count in zip(gradient, space.multiplicities(sizes), strict=True)]


def _jacobian(space: FixedSpace, sizes: list[arb_series], x: list[arb_series], numbers: TaylorArithmetic) -> Matrix:
    hessian = RestrictedLoss(space, sizes, x, numbers, curvature=True).hessian()
    counts = space.multiplicities(sizes)
    return [[value / count for value in row] for row, count in zip(hessian, counts, strict=True)]


class Branch:
    """A chain of segments through a starting point, extended as far as it is asked for.

    Args:
        curve: the fixed spaces.
        k: where it starts.
        start: approximate coordinates there.

    Raises:
        InsufficientPrecision: no zero could be certified near the start.
    """

    def __init__(self, curve: Curve, k: Fraction, start: Sequence[Fraction]) -> None:
        self.curve = curve
        self.start = k
        step = (k - curve.end) / 8
        with working_precision(BITS):
            point = [arb_of(value) for value in start]
        first = None
        for _ in range(12):
            first = first or prove_segment(curve, k, step, point)
            step /= 2
        if first is None:
            raise InsufficientPrecision(f"no zero could be certified near the start at k = {k}")
        self.segments = [first]
        self.stuck_low = self.stuck_high = False

    @property
    def low(self) -> Fraction:
        return self.segments[0].low

    @property
    def high(self) -> Fraction:
        return self.segments[-1].high

    def reach(self, k: Fraction) -> bool:
        """Extend the chain until it holds k. False where no further step could be proved; `low`, `high` say how far."""
        while k < self.low and not self.stuck_low:
            self.stuck_low = not self._extend(-1, k)
        while k > self.high and not self.stuck_high:
            self.stuck_high = not self._extend(1, k)
        return self.low <= k <= self.high

    def at(self, k: Fraction) -> Segment:
        """The segment over k.

        Raises:
            InsufficientPrecision: the branch could not be continued so far.
        """
        if not self.reach(k):
            raise InsufficientPrecision(f"the branch is proved for {float(self.low)} <= k <= {float(self.high)} only")
        return next(segment for segment in self.segments if k in segment)

    def point(self, k: Fraction, accuracy: int) -> tuple[tuple[Fraction, ...], Fraction]:
        """The zero of the branch at k: centre and half-width of a cube that holds it (`Segment.point`).

        Raises:
            InsufficientPrecision: as `at` and `Segment.point`.
        """
        return self.at(k).point(k, accuracy)

    def _extend(self, direction: int, goal: Fraction) -> bool:
        last = self.segments[0] if direction < 0 else self.segments[-1]
        edge = last.low if direction < 0 else last.high
        half = last.half * Fraction(3, 2)
        # The equations may be singular at the end of the curve: walk towards it, try to step on it from nearby.
        room = edge - self.curve.end if direction < 0 else edge
        if direction > 0 or room > NEAR:
            half = min(half, room / 6)
        rest = abs(goal - edge) / 2
        least = min((edge - self.curve.end) / 2**10, rest)
        if direction < 0 and room <= NEAR:
            half = least = rest
        while half >= least:
            # Short numbers: the centre is an end of all that follows.
            scale = Fraction(2) ** (half.numerator.bit_length() - half.denominator.bit_length() - 4)
            half = rest if half >= rest else half // scale * scale
            center = edge + direction * half
            with working_precision(BITS):
                t = arb_of((center - last.center) / last.half)
                start = [expand(line, t, 1)[0] for line in last.coefficients]
            found = prove_segment(self.curve, center, half, start)
            if found is not None and self._agree(last, found, edge):
                self.segments.insert(0 if direction < 0 else len(self.segments), found)
                return True
            half /= 2
        return False

    @staticmethod
    def _agree(first: Segment, second: Segment, k: Fraction) -> bool:
        """Whether both boxes at their common end hold the same zero."""
        try:
            center, half = first.point(k, BITS // 2)
        except InsufficientPrecision:
            return False
        with working_precision(BITS):
            return second.holds(k, [arb_of(value, half) for value in center])
