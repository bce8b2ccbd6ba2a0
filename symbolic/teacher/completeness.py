"""All critical points of the fixed space of Delta(S_k) with k students, proved complete by one-dimensional bisection.

The network is homogeneous in W: with a(W) = (1/2) E f_W^2 and b(W) = E f_W f_V, f_W = sum_i relu<w_i, x>,

    L(r U) = r^2 a(U) - r b(U) + constant    for r > 0.

The rows of a W in the fixed space have A at their own teacher and B elsewhere, so W is not 0 if and only if no row
vanishes. Put U(phi) = (A, B) = (cos phi, sin phi / sqrt(k - 1)), of row norm 1. Then a(U) >= k/4 > 0 because the kernel
is not negative, and b(U) > 0 because w_1 cannot be opposite to all of e_1, ..., e_k. The derivative along the ray
vanishes at r = b/(2a) > 0 only, and there the derivative in phi is (b/(4 a^2)) (b a' - 2 a b'). So the critical points
without a vanishing row are, one to one, the zeros of

    h(phi) = 2 a b' - b a'    on the circle,    at (A, B) = (b / (2 a)) U(phi).

No bound on the weights is needed. The circle is bisected: an arc is closed if an enclosure of h on it excludes 0, or if
all points r U of it lie in a cube in which a certified zero is alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import arb

from symbolic.enclosure import arb_of, endpoints, working_precision
from symbolic.errors import InsufficientPrecision, InvalidProblem
from symbolic.problem import Completeness, CompletenessStatus
from symbolic.teacher.certify import CertifiedPoint, certify
from symbolic.teacher.fixed_spaces import FixedSpace
from symbolic.teacher.restricted import system

BITS = 96
ARC_BUDGET = 20_000
SMALLEST = Fraction(1, 2**24)
"""Arcs shorter than this are given up."""


@dataclass(frozen=True)
class CircleSearch:
    """What the bisection of the circle proved.

    Attributes:
        points: the certified points it was given or found, in the order of phi.
        completeness: `proved_in_box` if every arc was closed.
        arcs: number of arcs looked at.
        open_arcs: the arcs (phi from, to) that stayed open.
    """

    points: tuple[CertifiedPoint, ...]
    completeness: Completeness
    arcs: int
    open_arcs: tuple[tuple[Fraction, Fraction], ...]


def search_circle(
    space: FixedSpace, known: Sequence[CertifiedPoint] = (), budget: int = ARC_BUDGET
) -> CircleSearch:
    """All critical points with no vanishing row in the fixed space of Delta(S_k), k students.

    Args:
        space: `FixedSpace((k,))`, with any number of inputs.
        known: points of it that are already certified; others are certified as they are met.
        budget: arcs looked at most.

    Guarantee: with `proved_in_box`, the points are all critical points of the fixed space with no vanishing row; they
        are different from each other. Otherwise further ones may lie in the directions of the open arcs.

    Raises:
        InvalidProblem: another fixed space.

    Reference: see the head of the module; the proof is elementary.
    """
    if space.unmatched or space.extra_rows or len(space.sizes) != 1:
        raise InvalidProblem(f"completeness is proved for Delta(S_k) with k students only, not for {space.text}")
    points = list(known)
    with working_precision(BITS):
        circle = _Circle(space)
        pending = [(Fraction(i, 8), Fraction(i + 1, 8)) for i in range(51)]
        open_arcs = []
        arcs = 0
        while pending:
            low, high = pending.pop()
            arcs += 1
            if circle.closes(low, high, points):
                continue
            if high - low < SMALLEST or arcs > budget:
                open_arcs.append((low, high))
                continue
            middle = (low + high) / 2
            if high - low < Fraction(1, 2**6):
                circle.certify_nearby(low, high, points)
            pending += [(low, middle), (middle, high)]
    words = "every direction of the fixed space was excluded or tied to a certified point by interval bisection"
    status = CompletenessStatus.PROVED_IN_BOX
    if open_arcs:
        status, words = CompletenessStatus.UNDECIDED, f"{len(open_arcs)} arcs of directions stayed undecided"
    caveat = "all critical points of this fixed space with no vanishing row"
    ordered = tuple(sorted(points, key=lambda point: point.center))
    return CircleSearch(ordered, Completeness(status, words, caveat), arcs, tuple(sorted(open_arcs)))


class _Circle:
    """Enclosures over arcs of directions."""

    def __init__(self, space: FixedSpace) -> None:
        self.space = space
        self.root = arb(space.teachers - 1).sqrt()

    def gradients(self, low: Fraction, high: Fraction) -> tuple[list[arb], list[arb], list[arb], list[arb]]:
        """U, dU/dphi, and the gradients of a and b per entry of W, over the arc.

        grad L(t U) = t grad a(U) - grad b(U): its values at t = 1 and t = 2 give both.
        """
        phi = arb_of((low + high) / 2, (high - low) / 2)
        sine, cosine = phi.sin_cos()
        point, tangent = [cosine, sine / self.root], [-sine, cosine / self.root]
        once = system(self.space, None, point)
        twice = system(self.space, None, [2 * value for value in point])
        square = [b - a for a, b in zip(once, twice, strict=True)]
        linear = [a - b for a, b in zip(square, once, strict=True)]
        return point, tangent, square, linear

    def closes(self, low: Fraction, high: Fraction, points: Sequence[CertifiedPoint]) -> bool:
        """Whether the arc holds no zero of h, or its critical points all lie in the cube of one certified point."""
        point, tangent, square, linear = self.gradients(low, high)
        weights = [arb(1), arb(self.space.teachers - 1)]

        def pair(gradient: Sequence[arb], direction: Sequence[arb]) -> arb:
            return sum((w * g * x for w, g, x in zip(weights, gradient, direction, strict=True)), arb(0))

        # Euler: <grad a, U> = 2 a, <grad b, U> = b.
        twice_a, b = pair(square, point), pair(linear, point)
        value = twice_a * pair(linear, tangent) - b * pair(square, tangent)
        if value.is_finite() and not value.contains(0):
            return True
        if not (b.is_finite() and twice_a > 0):
            return False
        box = [b / twice_a * coordinate for coordinate in point]
        if not all(coordinate.is_finite() for coordinate in box):
            return False
        ends = [endpoints(coordinate) for coordinate in box]
        return any(
            all(
                center - known.reach <= lower and upper <= center + known.reach
                for center, (lower, upper) in zip(known.center, ends, strict=True)
            )
            for known in points
        )

    def certify_nearby(self, low: Fraction, high: Fraction, points: list[CertifiedPoint]) -> None:
        """Try Newton from the middle of an arc, and add what is new."""
        middle = (low + high) / 2
        point, _, square, linear = self.gradients(middle, middle)
        weights = [1.0, float(self.space.teachers - 1)]
        values = [float(value.mid()) for value in point]
        twice_a = sum(w * float(g.mid()) * x for w, g, x in zip(weights, square, values, strict=True))
        b = sum(w * float(g.mid()) * x for w, g, x in zip(weights, linear, values, strict=True))
        guess = [b / twice_a * value for value in values]
        # Next to a known point the arc only has to become short enough for its cube.
        near = 8 * float(high - low)
        if any(all(abs(g - float(c)) < near for g, c in zip(guess, p.center, strict=True)) for p in points):
            return
        try:
            found = certify(self.space, guess)
        except InsufficientPrecision:
            return
        if not any(known.holds(found.center, found.error) for known in points):
            points.append(found)
