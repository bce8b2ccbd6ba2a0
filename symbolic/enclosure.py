"""Numbers that know how they are known: rationals, algebraic numbers, certified balls.

A `Number` is one of

- `fractions.Fraction`: the rational itself;
- `AlgebraicNumber`: the one real root of an irreducible integer polynomial in an isolating interval;
- `Ball`: a real number of which only `|x - center| <= radius` is proved.

The first two are exact: equality and sign are decided. A ball proves "not zero", never "zero".
Everything downstream asks for an `arb` with `enclose(number, bits)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, StrEnum
from fractions import Fraction
from functools import lru_cache

from flint import arb, ctx, fmpq, fmpz, fmpz_poly

from symbolic.errors import InsufficientPrecision


class Rigor(StrEnum):
    """How an entry is known."""

    EXACT = "exact"
    CERTIFIED = "certified"
    NUMERICAL = "numerical"


class Verdict(Enum):
    """An answer with three values. Its truth value raises on `UNDECIDED`, so that "not yes" is never read as "no"."""

    YES = "yes"
    NO = "no"
    UNDECIDED = "undecided"

    def __bool__(self) -> bool:
        if self is Verdict.UNDECIDED:
            raise InsufficientPrecision("the verdict is undecided: compare it with Verdict.YES or Verdict.NO")
        return self is Verdict.YES


@contextmanager
def working_precision(bits: int) -> Iterator[None]:
    """Set flint's precision for a block and restore it afterwards, whatever happens inside."""
    before = int(ctx.prec)
    ctx.prec = bits
    try:
        yield
    finally:
        ctx.prec = before


def to_fmpq(value: Fraction | int) -> fmpq:
    """The flint rational equal to `value`."""
    fraction = Fraction(value)
    return fmpq(fraction.numerator, fraction.denominator)


def to_fraction(value: fmpq | fmpz | int) -> Fraction:
    """The Python rational equal to a flint rational or integer."""
    if isinstance(value, fmpq):
        return Fraction(int(value.p), int(value.q))
    return Fraction(int(value))


def midpoint(ball: arb) -> Fraction:
    """The exact dyadic midpoint of a finite arb."""
    mantissa, exponent = ball.mid().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def radius(ball: arb) -> Fraction:
    """The exact dyadic radius of a finite arb."""
    mantissa, exponent = ball.rad().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def endpoints(ball: arb) -> tuple[Fraction, Fraction]:
    """Exact rational lower and upper end of a finite arb."""
    center, half = midpoint(ball), radius(ball)
    return center - half, center + half


def arb_of(value: Fraction | int, spread: Fraction | int = 0) -> arb:
    """An arb at the working precision that encloses `[value - spread, value + spread]`."""
    center = arb(to_fmpq(value))
    if not spread:
        return center
    half = arb(to_fmpq(spread))
    return center + arb(0, 1) * half


@dataclass(frozen=True)
class AlgebraicNumber:
    """The one real root of `minimal_polynomial` in the closed interval `[lower, upper]`.

    Args:
        minimal_polynomial: integer coefficients, constant term first, primitive, irreducible over Q, leading
            coefficient positive, degree at least 2 (a rational is a `Fraction`).
        lower, upper: rational ends; the polynomial has exactly one real root between them.

    Guarantee:
        Two algebraic numbers are the same real number if and only if their minimal polynomials are equal and
        their intervals hold the same root; `same_as` decides it.
    """

    minimal_polynomial: tuple[int, ...]
    lower: Fraction
    upper: Fraction

    @property
    def degree(self) -> int:
        return len(self.minimal_polynomial) - 1

    def enclose(self, bits: int) -> arb:
        """A ball of relative accuracy about `bits` bits that holds the number."""
        return _algebraic_ball(self.minimal_polynomial, self.lower, self.upper, bits)

    def same_as(self, other: AlgebraicNumber) -> bool:
        """Whether both are the same real number. Decided exactly: distinct roots of one polynomial separate."""
        if self.minimal_polynomial != other.minimal_polynomial:
            return False
        bits = 64
        while True:
            roots = _real_roots(self.minimal_polynomial, bits)
            mine = [i for i, root in enumerate(roots) if _meets(root, self.lower, self.upper)]
            theirs = [i for i, root in enumerate(roots) if _meets(root, other.lower, other.upper)]
            if len(mine) == 1 and len(theirs) == 1:
                return mine == theirs
            bits *= 2


@dataclass(frozen=True)
class Ball:
    """A real number known to lie in `[center - radius, center + radius]` (both dyadic rationals), and no better."""

    center: Fraction
    radius: Fraction

    def enclose(self, bits: int) -> arb:
        """The ball itself, rounded outward to `bits` bits; more bits do not make it smaller than `radius`."""
        with working_precision(bits):
            return arb_of(self.center, self.radius)


Number = Fraction | AlgebraicNumber | Ball


def enclose(number: Number, bits: int = 128) -> arb:
    """An arb that holds `number`, at about `bits` bits."""
    if isinstance(number, Fraction):
        with working_precision(bits):
            return arb_of(number)
    return number.enclose(bits)


def is_exact(number: Number) -> bool:
    """Whether the number is known exactly (rational or algebraic), not only enclosed."""
    return not isinstance(number, Ball)


def sign(number: Number) -> int:
    """-1, 0 or 1.

    Guarantee: 0 is answered for the rational 0 only (an algebraic number of degree >= 2 is never 0).

    Raises:
        InsufficientPrecision: a ball that holds 0: its sign is not known.
    """
    if isinstance(number, Fraction):
        return (number > 0) - (number < 0)
    if isinstance(number, Ball):
        if abs(number.center) <= number.radius:
            raise InsufficientPrecision("a ball that holds 0 has no known sign")
        return 1 if number.center > 0 else -1
    bits = 64
    while True:
        ball = number.enclose(bits)
        if ball > 0:
            return 1
        if ball < 0:
            return -1
        bits *= 2


def bounds(number: Number, bits: int = 192) -> tuple[Fraction, Fraction]:
    """Rational numbers `lower <= number <= upper`, equal for a rational."""
    if isinstance(number, Fraction):
        return number, number
    if isinstance(number, Ball):
        return number.center - number.radius, number.center + number.radius
    return endpoints(number.enclose(bits))


@lru_cache(maxsize=4096)
def _real_roots(polynomial: tuple[int, ...], bits: int) -> tuple[arb, ...]:
    """Disjoint balls around the real roots of a square-free integer polynomial, in increasing order."""
    with working_precision(bits + 32):
        roots = [root.real for root, _ in fmpz_poly(list(polynomial)).complex_roots() if root.imag == 0]
    return tuple(sorted(roots, key=midpoint))


def _meets(root: arb, lower: Fraction, upper: Fraction) -> bool:
    low, high = endpoints(root)
    return low <= upper and lower <= high


@lru_cache(maxsize=4096)
def _algebraic_ball(polynomial: tuple[int, ...], lower: Fraction, upper: Fraction, bits: int) -> arb:
    work = bits
    while True:
        inside = [root for root in _real_roots(polynomial, work) if _meets(root, lower, upper)]
        if len(inside) == 1:
            return inside[0]
        work *= 2
