"""Vectorized ball arithmetic in double precision with a proved bound on its rounding errors.

A `FloatBall` holds arrays m, r and stands for the intervals [m - r, m + r]. Error analysis: u = 2^-53, round to
nearest, fl(x op y) = (x op y)(1 + d) with |d| <= u barring underflow. Every operation adds the rounding error of
its midpoint to the radius, u |m|. The radii themselves are computed by sums and products of nonnegative numbers only,
so after a chain of at most 2^12 operations their relative error is below 2^12 * 2 u < 2^-40; `sealed` multiplies
by 1 + 2^-39 and adds 2^-600, which exceeds all underflow as long as no factor in the chain exceeds 2^400. A
computation that overflows leaves an infinite or undefined radius, which proves nothing, and callers treat it so.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

UNIT = 2.0**-53
"""Unit roundoff; tests set it to 0 to see the audit fail."""

_SEAL = 1.0 + 2.0**-39
_TINY = 2.0**-600
OUTWARD = 2.0**-45
"""Relative margin for bounds computed outside `FloatBall` in at most 64 operations."""


class FloatBall:
    """Arrays of real numbers known up to a radius."""

    __slots__ = ("m", "r")

    def __init__(self, m: Floats, r: Floats) -> None:
        self.m = m
        self.r = r

    @classmethod
    def between(cls, lower: Floats, upper: Floats) -> FloatBall:
        """The ball that holds [lower, upper]."""
        middle = 0.5 * (lower + upper)
        return cls(middle, np.maximum(upper - middle, middle - lower) + np.abs(middle) * (2 * UNIT))

    @classmethod
    def zeros(cls, shape: tuple[int, ...]) -> FloatBall:
        return cls(np.zeros(shape), np.zeros(shape))

    def __getitem__(self, index: int) -> FloatBall:
        return FloatBall(self.m[index], self.r[index])

    def __add__(self, other: FloatBall) -> FloatBall:
        m = self.m + other.m
        r = np.abs(m)
        r *= UNIT
        r += self.r
        r += other.r
        return FloatBall(m, r)

    def __sub__(self, other: FloatBall) -> FloatBall:
        m = self.m - other.m
        r = np.abs(m)
        r *= UNIT
        r += self.r
        r += other.r
        return FloatBall(m, r)

    def __neg__(self) -> FloatBall:
        return FloatBall(-self.m, self.r)

    def __mul__(self, other: FloatBall) -> FloatBall:
        m = self.m * other.m
        r = np.abs(other.m)
        r += other.r
        r *= self.r
        part = np.abs(self.m)
        part *= other.r
        r += part
        np.abs(m, out=part)
        part *= UNIT
        r += part
        return FloatBall(m, r)

    def scaled(self, factor: Fraction) -> FloatBall:
        """Product with a rational, whose own rounding to a double is accounted for."""
        value = float(factor)
        m = self.m * value
        r = np.abs(m)
        r *= 3 * UNIT
        r += self.r * abs(value)
        return FloatBall(m, r)

    def shifted(self, constant: Fraction) -> FloatBall:
        """Sum with a rational, whose own rounding to a double is accounted for."""
        value = float(constant)
        m = self.m + value
        r = np.abs(m)
        r += abs(value)
        r *= UNIT
        r += self.r
        return FloatBall(m, r)

    def sealed(self) -> FloatBall:
        """The same with a radius that also covers the rounding of the radius itself."""
        return FloatBall(self.m, self.r * _SEAL + _TINY)
