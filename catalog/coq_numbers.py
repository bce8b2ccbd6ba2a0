"""Numbers p + q sqrt(d) and polynomials in e over them: exact arithmetic, signs, and their spelling in Coq."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt, sqrt

from symbolic.enclosure import AlgebraicNumber, Number

ROOT = "root"
"""The name of sqrt(d) in the files."""


class NotQuadratic(Exception):
    """A number is not of the form p + q sqrt(d) with rational p, q and the d of the others."""


@dataclass(frozen=True)
class Quadratic:
    """rational + factor * sqrt(radicand); the radicand, no square, is 1 as long as the factor is 0."""

    rational: Fraction
    factor: Fraction = Fraction(0)
    radicand: int = 1

    def __add__(self, other: Quadratic) -> Quadratic:
        return self._new(other, self.rational + other.rational, self.factor + other.factor)

    def __sub__(self, other: Quadratic) -> Quadratic:
        return self + -other

    def __neg__(self) -> Quadratic:
        return Quadratic(-self.rational, -self.factor, self.radicand)

    def __mul__(self, other: Quadratic) -> Quadratic:
        d = max(self.radicand, other.radicand)
        rational = self.rational * other.rational + self.factor * other.factor * d
        return self._new(other, rational, self.rational * other.factor + self.factor * other.rational)

    def inverse(self) -> Quadratic:
        """1 / self: the conjugate over the norm, which is 0 only for 0."""
        norm = self.rational**2 - self.factor**2 * self.radicand
        return Quadratic(self.rational / norm, -self.factor / norm, self.radicand)

    def _new(self, other: Quadratic, rational: Fraction, factor: Fraction) -> Quadratic:
        known = {one.radicand for one in (self, other) if one.factor}
        if len(known) > 1:
            raise NotQuadratic
        return Quadratic(rational, factor, known.pop() if known and factor else 1)

    def sign(self) -> int:
        """-1, 0 or 1. If the two terms differ in sign, the one of larger square wins; equal squares mean 0."""
        first, second = _sign(self.rational), _sign(self.factor)
        if first == second or not second:
            return first
        if not first:
            return second
        return first * _sign(self.rational**2 - self.factor**2 * self.radicand)

    def size(self) -> Fraction:
        """A rational upper bound of the absolute value."""
        return abs(self.rational) + abs(self.factor) * (isqrt(self.radicand) + 1 if self.factor else 0)

    def __float__(self) -> float:
        return float(self.rational) + float(self.factor) * sqrt(self.radicand)


ZERO, ONE = Quadratic(Fraction(0)), Quadratic(Fraction(1))


def quadratics(numbers: Iterable[Number]) -> list[Quadratic]:
    """The numbers with one common radicand.

    Raises:
        NotQuadratic: one of them is a ball, of degree above 2, or needs another square root.
    """
    found: list[Quadratic] = []
    radicand = 0
    for number in numbers:
        if isinstance(number, Fraction):
            found.append(Quadratic(number))
            continue
        if not isinstance(number, AlgebraicNumber) or number.degree != 2:
            raise NotQuadratic
        c, b, a = number.minimal_polynomial
        discriminant = b * b - 4 * a * c
        radicand = radicand or _without_squares(discriminant)
        # sqrt(discriminant) = root / radicand * sqrt(radicand).
        root = isqrt(discriminant * radicand)
        if root * root != discriminant * radicand:
            raise NotQuadratic
        vertex = Fraction(-b, 2 * a)
        larger = number.upper > vertex and (a * number.upper + b) * number.upper + c >= 0
        factor = Fraction(root, 2 * a * radicand)
        found.append(Quadratic(vertex, factor if larger else -factor, radicand))
    return found


def _sign(value: Fraction) -> int:
    return (value > 0) - (value < 0)


def _without_squares(value: int) -> int:
    for small in range(2, 1000):
        while value % (small * small) == 0:
            value //= small * small
    return value


Polynomial = tuple[Quadratic, ...]
"""Coefficients of 1, e, e^2, ..., the last one not 0."""


def polynomial(coefficients: Iterable[Quadratic]) -> Polynomial:
    found = list(coefficients)
    while found and found[-1] == ZERO:
        found.pop()
    return tuple(found)


def plus(*terms: Polynomial) -> Polynomial:
    size = max(map(len, terms), default=0)
    return polynomial(
        sum((term[i] for term in terms if i < len(term)), ZERO) for i in range(size)
    )


def times(one: Polynomial, *others: Polynomial) -> Polynomial:
    for other in others:
        product = [ZERO] * max(len(one) + len(other) - 1, 0)
        for i, left in enumerate(one):
            for j, right in enumerate(other):
                product[i + j] = product[i + j] + left * right
        one = polynomial(product)
    return one


def scaled(one: Polynomial, factor: Quadratic) -> Polynomial:
    return polynomial(value * factor for value in one)


def order_of(one: Polynomial) -> int:
    """The exponent of the first term that is not 0."""
    return next(i for i, value in enumerate(one) if value != ZERO)


def initial_sign(one: Polynomial) -> int:
    """The sign for small e > 0."""
    return one[order_of(one)].sign() if one else 0


def quotient(one: Polynomial, other: Polynomial) -> Polynomial | None:
    """one / other, None if that is no polynomial."""
    rest, found = list(one), [ZERO] * max(len(one) - len(other) + 1, 0)
    lead = other[-1].inverse()
    for i in range(len(found) - 1, -1, -1):
        found[i] = rest[i + len(other) - 1] * lead
        for j, value in enumerate(other):
            rest[i + j] = rest[i + j] - found[i] * value
    return polynomial(found) if not polynomial(rest) else None


def rational_coq(value: Fraction) -> str:
    """2, (3/4), (-3/4)."""
    text = str(value)
    return text if text.isdigit() else f"({text})"


def number_coq(value: Quadratic) -> str:
    """A number as an atom of the scope R: 3/4, (1/2 + 3 * root)."""
    if not value.factor:
        return rational_coq(value.rational)
    if not value.rational and value.factor == 1:
        return ROOT
    root = ROOT if abs(value.factor) == 1 else f"{abs(value.factor)} * {ROOT}"
    if not value.rational:
        return f"({'- ' if value.factor < 0 else ''}{root})"
    return f"({value.rational} {'-' if value.factor < 0 else '+'} {root})"


def polynomial_coq(one: Polynomial, variable: str = "e") -> str:
    """A polynomial as an atom: (1/3 - 2 * e + e ^ 2)."""
    words: list[str] = []
    for i, value in enumerate(one):
        if value == ZERO:
            continue
        negative = not value.factor and value.rational < 0
        size = -value if negative else value
        power = variable if i == 1 else f"{variable} ^ {i}"
        body = number_coq(size) if i == 0 else power if size == ONE else f"{number_coq(size)} * {power}"
        if words:
            words.append(f"{'-' if negative else '+'} {body}")
        else:
            words.append(f"- {body}" if negative else body)
    if not words:
        return "0"
    if len(one) == 1:
        return number_coq(one[0])
    text = " ".join(words)
    return text if text.isalnum() else f"({text})"


def abs_lower(value: Quadratic) -> Fraction:
    """A positive rational at most |value|, for a value that is not 0."""
    size = value if value.sign() > 0 else -value
    step = Fraction(1)
    while (size - Quadratic(step)).sign() < 0:
        step /= 2
    while (size - Quadratic(step * 2)).sign() >= 0:
        step *= 2
    return step
