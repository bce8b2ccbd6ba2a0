"""Critical points of a fixed space, certified in balls and refinable to any precision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from flint import arb

from symbolic.enclosure import arb_of, working_precision
from symbolic.errors import InsufficientPrecision, InvalidProblem
from symbolic.exact.krawczyk import has_unique_zero, refine_zero
from symbolic.teacher.fixed_spaces import FixedSpace
from symbolic.teacher.restricted import FixedSpaceSystem

ACCURACY = 192
"""Bits to which points are kept: 2^-192 < 10^-57."""

_REACHES = (6, 9, 12, 16, 20, 26, 32, 40, 56)
"""Half-widths 2^-j tried for the cube in which a point is alone."""

BITS = 128
"""Precision of the test that a cube of that size holds one zero."""


@dataclass(frozen=True)
class CertifiedPoint:
    """A nondegenerate zero of the critical-point equations of a fixed space.

    Attributes:
        space: the fixed space.
        center: dyadic rationals; every coordinate of the zero lies within `error` of its entry.
        error: 2^-ACCURACY, or 0: the point is `center` itself.
        reach: half-width of a cube around `center` in which the zero is the only one.
    """

    space: FixedSpace
    center: tuple[Fraction, ...]
    error: Fraction
    reach: Fraction

    @property
    def exact(self) -> bool:
        """Whether the coordinates are the rational numbers of `center`."""
        return self.error == 0

    def enclose(self, bits: int = ACCURACY) -> list[arb]:
        """Balls of absolute accuracy 2^-bits that hold the coordinates, as wide as the working precision allows.

        Raises:
            InsufficientPrecision: the refinement could not be certified.
        """
        if self.exact or bits <= ACCURACY:
            return [arb_of(value, self.error) for value in self.center]
        center, half = _refined(self, bits)
        return [arb_of(value, half) for value in center]

    def holds(self, center: Sequence[Fraction], error: Fraction) -> bool:
        """Whether the cube in which the zero is alone holds every point within `error` of `center`."""
        return all(
            abs(value - own) + error <= self.reach for value, own in zip(center, self.center, strict=True)
        )


def certify(space: FixedSpace, start: Sequence[float], exact: Sequence[Fraction] | None = None) -> CertifiedPoint:
    """The critical point next to a floating-point start.

    Args:
        space: the fixed space.
        start: reduced coordinates.
        exact: a point that the caller has proved to be critical, if `start` approximates one.

    Guarantee: Krawczyk's test proves that the cube of half-width `reach` holds exactly one zero, which is
        nondegenerate, and that it lies within `error` of `center`. With `exact` the point is exact if it lies in the
        cube.

    Raises:
        InsufficientPrecision: no zero could be certified: it may be degenerate (part of a flat family), or none.
    """
    system = FixedSpaceSystem(space)
    point = [Fraction(float(value)) for value in start]
    try:
        center, error = refine_zero(system, point, ACCURACY)
    except InvalidProblem as failure:
        raise InsufficientPrecision(str(failure)) from None
    if max(abs(a - b) for a, b in zip(center, point, strict=True)) > Fraction(1, 2**12):
        raise InsufficientPrecision("Newton's iteration left the neighbourhood of the starting point")
    reach = error
    for power in _REACHES:
        if has_unique_zero(system, center, Fraction(1, 2**power), BITS):
            reach = Fraction(1, 2**power)
            break
    found = CertifiedPoint(space, center, error, reach)
    if exact is not None and found.holds(exact, Fraction(0)):
        moved = max(abs(a - b) for a, b in zip(exact, center, strict=True))
        return CertifiedPoint(space, tuple(exact), Fraction(0), max(reach - moved, Fraction(0)))
    return found


def alone_in_cube(space: FixedSpace, center: Sequence[Fraction], points: Sequence[Fraction]) -> bool:
    """Whether some cube around `center` provably holds exactly one zero and holds `points`."""
    system = FixedSpaceSystem(space)
    distance = max(abs(a - b) for a, b in zip(center, points, strict=True))
    for power in _REACHES:
        half = Fraction(1, 2**power)
        if distance < half and has_unique_zero(system, center, half, BITS):
            return True
    return False


@lru_cache(maxsize=256)
def _refined(point: CertifiedPoint, bits: int) -> tuple[tuple[Fraction, ...], Fraction]:
    with working_precision(bits + 64):
        center, half = refine_zero(FixedSpaceSystem(point.space), point.center, bits)
    if not point.holds(center, half):
        raise InsufficientPrecision("the refined point left the cube in which the zero is alone")
    return center, half
