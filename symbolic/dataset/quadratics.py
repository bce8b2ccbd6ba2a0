"""Quadratic polynomials over Q in one variable t, and their real roots, exactly and in order."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cmp_to_key
from math import isqrt

from symbolic.enclosure import AlgebraicNumber, arb_of, bounds, enclose, endpoints, working_precision
from symbolic.exact.cones import primitive

Root = Fraction | AlgebraicNumber


@dataclass(frozen=True)
class Quadratic:
    """c0 + c1 t + c2 t^2."""

    c0: Fraction
    c1: Fraction
    c2: Fraction

    def __call__(self, t: Fraction) -> Fraction:
        return self.c0 + t * (self.c1 + t * self.c2)

    def __sub__(self, other: Quadratic) -> Quadratic:
        return Quadratic(self.c0 - other.c0, self.c1 - other.c1, self.c2 - other.c2)

    def roots(self) -> list[Root]:
        """The real roots in increasing order, each once; none of the zero polynomial.

        Guarantee: exact: rational, or algebraic of degree 2 with disjoint isolating intervals.
        """
        if self.c2 == 0:
            return [] if self.c1 == 0 else [-self.c0 / self.c1]
        discriminant = self.c1**2 - 4 * self.c2 * self.c0
        if discriminant < 0:
            return []
        middle = -self.c1 / (2 * self.c2)
        if discriminant == 0:
            return [middle]
        product = discriminant.numerator * discriminant.denominator
        if isqrt(product) ** 2 == product:
            half = abs(Fraction(isqrt(product), discriminant.denominator) / (2 * self.c2))
            return [middle - half, middle + half]
        coefficients = primitive((self.c0, self.c1, self.c2))
        if coefficients[-1] < 0:
            coefficients = tuple(-value for value in coefficients)
        with working_precision(192):
            half_ball = abs(arb_of(discriminant).sqrt() / arb_of(2 * self.c2))
            ends = [endpoints(arb_of(middle) + sign * half_ball) for sign in (-1, 1)]
        return [AlgebraicNumber(coefficients, low, high) for low, high in ends]


def compare(left: Root, right: Root) -> int:
    """-1, 0 or 1 as left is less than, equal to or greater than right; decided exactly."""
    if isinstance(left, Fraction) and isinstance(right, Fraction):
        return (left > right) - (left < right)
    if isinstance(left, AlgebraicNumber) and isinstance(right, AlgebraicNumber) and left.same_as(right):
        return 0
    bits = 64
    while True:
        a, b = enclose(left, bits), enclose(right, bits)
        if a < b:
            return -1
        if a > b:
            return 1
        bits *= 2


in_order = cmp_to_key(compare)
"""Sort key for roots."""


def rational_between(left: Root, right: Root) -> Fraction:
    """A rational number strictly between two different roots, left < right."""
    bits = 64
    while True:
        low, high = bounds(left, bits)[1], bounds(right, bits)[0]
        if low < high:
            return simplest_between(low, high)
        bits *= 2


def simplest_between(low: Fraction, high: Fraction) -> Fraction:
    """The rational of least denominator strictly between low < high (Stern-Brocot)."""
    floor = low.numerator // low.denominator
    if floor + 1 < high:
        return Fraction(floor + 1)
    shifted, top = low - floor, high - floor
    if shifted == 0:
        # Strictly between 0 and top <= 1: the least denominator with 1/q < top.
        return floor + Fraction(1, top.denominator // top.numerator + 1)
    return floor + 1 / simplest_between(1 / top, 1 / shifted)
