"""Clarke stationarity of a degenerate neuron w = b = 0 != v of a leaky network over a constant function of class B.

Near (w, b) = 0 the gradient of L in (w, b) takes values that tend to 2 v C_s(t), with s the orientation, t the
breakpoint (t outside [a, b] gives the same points as t = a and t = b) and

    C_+(t) = (X, Y) = (M + (1-g)(K - t K'), -(1-g) K'),    C_-(t) = ((1+g) M, 0) - C_+(t).

The point is stationary in Clarke's sense iff 0 is a convex combination of these; both answers have exact witnesses:
three rational points around 0, or a line through 0 with all of them on one side. Proof: docs/strata.md, "Kinds",
item 7.
"""

from __future__ import annotations

from math import atan2, cos, pi, sin

from flint import arb, fmpq, fmpq_poly

from symbolic.enclosure import Verdict, to_fmpq, working_precision
from symbolic.interval.problem import IntervalProblem

SAMPLES = (16, 128, 1024)
DEPTH = 24
PRECISION = 128

Point = tuple[fmpq, fmpq]


def clarke_at_constant(problem: IntervalProblem) -> Verdict:
    """Whether 0 is in the closed convex hull of the points C_+(t), C_-(t) over f = the mean of the target.

    Guarantee: YES if three points with rational t have 0 strictly inside their triangle, or one is 0; NO if a rational
    linear form is proved positive on both curves. UNDECIDED if neither was found, as where 0 lies on the boundary of
    the hull.
    """
    start, end = (to_fmpq(value) for value in problem.domain)
    first, second = _curve(problem)
    level = (1 + to_fmpq(problem.leak)) * -_beam(problem)(end)
    for count in SAMPLES:
        places = [start + (end - start) * fmpq(i, count) for i in range(count + 1)]
        plus = [(first(t), second(t)) for t in places]
        points = [*plus, *((level - x, -y) for x, y in plus)]
        if any(x == 0 and y == 0 for x, y in points):
            return Verdict.YES
        points.sort(key=_angle)
        if _some_triangle_holds_zero(points):
            return Verdict.YES
        along = _opposite_of_the_largest_gap([_angle(point) for point in points])
        form = first * along[0] + second * along[1]
        if _positive(form, start, end) and _positive(fmpq_poly([along[0] * level]) - form, start, end):
            return Verdict.NO
    return Verdict.UNDECIDED


def _beam(problem: IntervalProblem) -> fmpq_poly:
    """K for f = the mean of the target: K'' = r, K(a) = K'(a) = 0."""
    start, end = (to_fmpq(value) for value in problem.domain)
    whole = fmpq_poly([to_fmpq(value) for value in problem.target]).integral()
    mean = (whole(end) - whole(start)) / (end - start)
    slope = fmpq_poly([0, mean]) - whole
    beam = (slope - slope(start)).integral()
    return beam - beam(start)


def _curve(problem: IntervalProblem) -> tuple[fmpq_poly, fmpq_poly]:
    """The coordinates of C_+(t) as polynomials in t; M = -K(b)."""
    beam, factor = _beam(problem), 1 - to_fmpq(problem.leak)
    slope = beam.derivative()
    moment = -beam(to_fmpq(problem.domain[1]))
    return (beam - slope * fmpq_poly([0, 1])) * factor + moment, slope * -factor


def _angle(point: Point) -> float:
    """Used to find witnesses only, which are then checked exactly."""
    x, y = (int(value.p) / int(value.q) for value in point)
    return atan2(y, x)


def _opposite_of_the_largest_gap(angles: list[float]) -> Point:
    """A short rational direction, from the middle of the largest gap between sorted angles turned by a half turn."""
    following = [*angles[1:], angles[0] + 2 * pi]
    gap, left = max((after - angle, angle) for angle, after in zip(angles, following, strict=True))
    middle = left + gap / 2 + pi
    return fmpq(round(cos(middle) * 2**20), 2**20), fmpq(round(sin(middle) * 2**20), 2**20)


def _some_triangle_holds_zero(points: list[Point]) -> bool:
    """Whether 0 is proved strictly inside a triangle of three of the points, which are sorted by angle."""
    first = points[0]
    left = [point for point in points if _cross(first, point) > 0]
    right = [point for point in points if _cross(first, point) < 0]
    if not left or not right:
        return False
    # The points nearest to the direction opposite to the first one, on either side of it.
    return _cross(max(left, key=_angle), min(right, key=_angle)) > 0


def _cross(one: Point, other: Point) -> fmpq:
    return one[0] * other[1] - one[1] * other[0]


def _positive(polynomial: fmpq_poly, start: fmpq, end: fmpq) -> bool:
    """Whether the polynomial is proved positive on [start, end], by balls on a subdivision."""
    stack = [(start, end, 0)]
    with working_precision(PRECISION):
        while stack:
            low, high, depth = stack.pop()
            middle = (low + high) / 2
            # Powers of the distance from the middle, so that the enclosure shrinks with the box.
            coefficients = polynomial(fmpq_poly([middle, 1])).coeffs()
            if not coefficients or coefficients[0] <= 0 or depth == DEPTH:
                return False
            box, value = arb(0, 1) * arb((high - low) / 2), arb(0)
            for coefficient in reversed(coefficients):
                value = value * box + arb(coefficient)
            if not value > 0:
                stack.extend([(low, middle, depth + 1), (middle, high, depth + 1)])
    return True
