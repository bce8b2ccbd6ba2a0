"""Real roots of irreducible integer polynomials, exactly: counted, separated and put in order."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from flint import fmpz_poly

from symbolic.enclosure import AlgebraicNumber, bounds, enclose, endpoints, midpoint, working_precision

ExactNumber = Fraction | AlgebraicNumber

ISOLATION_BITS = 96
"""Relative accuracy of the stored isolating intervals; flint keeps them disjoint whatever this says."""


def real_roots_in_unit_interval(polynomial: fmpz_poly) -> list[ExactNumber]:
    """The roots t with 0 < t < 1 of an irreducible integer polynomial, in increasing order.

    Args:
        polynomial: irreducible over Q, degree at least 1 (sign and content do not matter).

    Returns:
        A `Fraction` for degree 1, otherwise one `AlgebraicNumber` for each root.

    Guarantee:
        All roots, each once. Flint isolates every complex root in a box of its own and marks the real ones by
        an imaginary part that is exactly 0. An irrational root is neither 0 nor 1, so enough bits decide its
        side.
    """
    coefficients = primitive_coefficients(polynomial)
    if len(coefficients) == 2:
        rational = Fraction(-coefficients[0], coefficients[1])
        return [rational] if 0 < rational < 1 else []
    with working_precision(ISOLATION_BITS):
        balls = [root.real for root, _ in fmpz_poly(list(coefficients)).complex_roots() if root.imag == 0]
    found: list[ExactNumber] = []
    for ball in sorted(balls, key=midpoint):
        lower, upper = endpoints(ball)
        root = AlgebraicNumber(coefficients, lower, upper)
        if _in_unit_interval(root):
            found.append(root)
    return found


def primitive_coefficients(polynomial: fmpz_poly) -> tuple[int, ...]:
    """Integer coefficients, constant term first, without common factor, leading coefficient positive."""
    content = int(polynomial.content())
    if int(polynomial.leading_coefficient()) < 0:
        content = -content
    return tuple(int(value) // content for value in polynomial.coeffs())


def equal(left: ExactNumber, right: ExactNumber) -> bool:
    """Whether two exact numbers are the same number. Decided exactly (an `AlgebraicNumber` is irrational)."""
    if isinstance(left, Fraction) or isinstance(right, Fraction):
        return left == right
    return left.same_as(right)


def less(left: ExactNumber, right: ExactNumber) -> bool:
    """Whether `left < right`. Decided exactly: equality first, then bits until the two balls are apart."""
    if equal(left, right):
        return False
    bits = 64
    while True:
        a, b = enclose(left, bits), enclose(right, bits)
        if a < b:
            return True
        if a > b:
            return False
        bits *= 2


def isolating_radius(number: ExactNumber, others: Sequence[ExactNumber], bits: int) -> Fraction:
    """A radius rho > 0 such that no number of `others`, `number` itself excepted, lies within rho of
    `number`.

    Guarantee: proved by the balls at `bits` bits; 0 where they do not separate the numbers yet.
    """
    lower, upper = bounds(number, bits)
    distance = Fraction(1)
    for other in others:
        if equal(number, other):
            continue
        low, high = bounds(other, bits)
        distance = min(distance, max(low - upper, lower - high))
    return max(Fraction(0), distance)


def _in_unit_interval(root: AlgebraicNumber) -> bool:
    bits = 64
    while True:
        ball = root.enclose(bits)
        if ball > 0 and ball < 1:
            return True
        if ball < 0 or ball > 1:
            return False
        bits *= 2
