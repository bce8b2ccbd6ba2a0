"""Sums of square roots of rationals, with equality and order decided exactly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

from flint import arb

from symbolic.enclosure import Ball, midpoint, radius, to_fmpq, working_precision

SMALL_PRIME = 1000


@dataclass(frozen=True)
class RootSum:
    """sum_i c_i sqrt(d_i) with rational c_i != 0 and positive integers d_i; the radicand 1 is the rational part.

    Attributes:
        terms: pairs (d_i, c_i), sorted; the products d_i d_j of two of them are not squares.

    Guarantee: the square roots of integers from different classes modulo squares are linearly independent over the
        rationals, so a sum is 0 if and only if it has no term, and nothing has to be factored to know it.

    Reference: A. S. Besicovitch, On the linear independence of fractional powers of integers, J. London Math. Soc. 15
        (1940). Proof for classes modulo squares: the characters of the Galois group that the roots belong to differ.
    """

    terms: tuple[tuple[int, Fraction], ...] = ()

    @classmethod
    def rational(cls, value: Fraction | int) -> RootSum:
        return _collected([(1, Fraction(value))])

    @classmethod
    def square_root(cls, value: Fraction | int) -> RootSum:
        """sqrt(value) for a rational value >= 0."""
        fraction = Fraction(value)
        if fraction < 0:
            raise ValueError("the square root of a negative number is not real")
        return _collected([(fraction.numerator * fraction.denominator, Fraction(1, fraction.denominator))])

    def __add__(self, other: RootSum) -> RootSum:
        return _collected([*self.terms, *other.terms])

    def __sub__(self, other: RootSum) -> RootSum:
        return self + other.scaled(-1)

    def scaled(self, factor: Fraction | int) -> RootSum:
        """The product with a rational."""
        return _collected([(radicand, coefficient * factor) for radicand, coefficient in self.terms])

    def times_root(self, value: Fraction | int) -> RootSum:
        """The product with sqrt(value), value a rational >= 0."""
        fraction = Fraction(value)
        inside = fraction.numerator * fraction.denominator
        return _collected([(radicand * inside, c / fraction.denominator) for radicand, c in self.terms])

    def over_root(self, value: Fraction | int) -> RootSum:
        """The quotient by sqrt(value), value a rational > 0."""
        return self.times_root(value).scaled(1 / Fraction(value))

    def enclose(self, bits: int) -> arb:
        """A ball that holds the number."""
        with working_precision(bits):
            total = arb(0)
            for radicand, coefficient in self.terms:
                total += arb(to_fmpq(coefficient)) * arb(radicand).sqrt()
            return total

    @property
    def as_rational(self) -> Fraction | None:
        """The number itself if it is rational, else None; exact."""
        if not self.terms:
            return Fraction(0)
        (radicand, coefficient), *more = self.terms
        return coefficient if radicand == 1 and not more else None

    def sign(self) -> int:
        """-1, 0 or 1, decided exactly: 0 by `terms`, the others by balls that shrink until they exclude 0."""
        if not self.terms:
            return 0
        bits = 64
        while True:
            ball = self.enclose(bits)
            if ball > 0:
                return 1
            if ball < 0:
                return -1
            bits *= 2

    def ball(self, bits: int = 256) -> Ball:
        """The number as a certified ball, for decimals."""
        enclosed = self.enclose(bits)
        return Ball(midpoint(enclosed), radius(enclosed))

    def text(self) -> str:
        """The number in integers, + - * / and sqrt( ): "2*sqrt(5)/5", "1/2 - sqrt(3)"; "0" without terms."""
        words = [_spelled(radicand, coefficient) for radicand, coefficient in self.terms]
        if not words:
            return "0"
        return words[0] + "".join(f" - {word[1:]}" if word.startswith("-") else f" + {word}" for word in words[1:])

    def __float__(self) -> float:
        return float(midpoint(self.enclose(128)))


def _spelled(radicand: int, coefficient: Fraction) -> str:
    if radicand == 1:
        return str(coefficient)
    top = coefficient.numerator
    lead = "-" if top < 0 else ""
    body = f"sqrt({radicand})" if abs(top) == 1 else f"{abs(top)}*sqrt({radicand})"
    return f"{lead}{body}" + (f"/{coefficient.denominator}" if coefficient.denominator != 1 else "")


def _collected(terms: Iterable[tuple[int, Fraction]]) -> RootSum:
    found: dict[int, Fraction] = {}
    for radicand, coefficient in terms:
        if not radicand or not coefficient:
            continue
        factor, core = _square_part(radicand)
        coefficient *= factor
        for other in found:
            root = isqrt(other * core)
            if root * root == other * core:
                # sqrt(core) = sqrt(other core) / other * sqrt(other).
                found[other] += coefficient * Fraction(root, other)
                break
        else:
            found[core] = coefficient
    return RootSum(tuple(sorted((d, c) for d, c in found.items() if c)))


def _square_part(value: int) -> tuple[int, int]:
    """(s, d) with value = s^2 d: squares of small primes taken out, and a square cofactor."""
    factor = 1
    core, rest = 1, value
    for prime in range(2, SMALL_PRIME):
        if prime * prime > rest:
            break
        power = 0
        while rest % prime == 0:
            rest, power = rest // prime, power + 1
        factor *= prime ** (power // 2)
        core *= prime ** (power % 2)
    root = isqrt(rest)
    return (factor * root, core) if root * root == rest else (factor, core * rest)
