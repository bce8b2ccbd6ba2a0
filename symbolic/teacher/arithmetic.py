"""The kinds of numbers the teacher's formulas are evaluated in: float arrays, balls, balls with a derivative.

A formula is written once, for a type `Scalar`, with + - * / and the three functions of `Arithmetic`. Two further kinds
have modules of their own: Taylor polynomials with ball coefficients, and exact Puiseux series.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias, TypeVar

import numpy as np
from flint import arb, arb_series
from numpy.typing import NDArray

from symbolic.teacher.puiseux import PuiseuxSeries

FloatArray: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Dual:
    """A ball and the ball of its derivative in one direction."""

    value: arb
    slope: arb

    def __add__(self, other: Dual | int) -> Dual:
        if isinstance(other, int):
            return Dual(self.value + other, self.slope)
        return Dual(self.value + other.value, self.slope + other.slope)

    def __sub__(self, other: Dual | int) -> Dual:
        if isinstance(other, int):
            return Dual(self.value - other, self.slope)
        return Dual(self.value - other.value, self.slope - other.slope)

    def __neg__(self) -> Dual:
        return Dual(-self.value, -self.slope)

    def __mul__(self, other: Dual | int) -> Dual:
        if isinstance(other, int):
            return Dual(self.value * other, self.slope * other)
        return Dual(self.value * other.value, self.slope * other.value + self.value * other.slope)

    __rmul__ = __mul__

    def __truediv__(self, other: Dual | int) -> Dual:
        if isinstance(other, int):
            return Dual(self.value / other, self.slope / other)
        ratio = self.value / other.value
        return Dual(ratio, (self.slope - ratio * other.slope) / other.value)


Scalar = TypeVar("Scalar", arb, FloatArray, Dual, arb_series, PuiseuxSeries)


class Arithmetic(Protocol[Scalar]):
    """Constants and functions of one kind of numbers."""

    zero: Scalar
    one: Scalar
    pi: Scalar

    def root(self, square: Scalar, /) -> Scalar:
        """The square root of a number known to be at least 0."""

    def supplement(self, sine: Scalar, cosine: Scalar, /) -> Scalar:
        """pi - theta for the angle theta in [0, pi] with sin theta : cos theta = sine : cosine, sine >= 0."""

    def quotient(self, numerator: Scalar, denominator: Scalar, bound: Scalar, /) -> Scalar:
        """numerator / denominator, known to be at most `bound` in absolute value also where both vanish."""


class FloatArithmetic:
    """Arrays of float64; every operation acts entry by entry."""

    def __init__(self) -> None:
        self.zero: FloatArray = np.zeros(())
        self.one: FloatArray = np.ones(())
        self.pi: FloatArray = np.asarray(np.pi)

    def root(self, square: FloatArray) -> FloatArray:
        return np.sqrt(square)

    def supplement(self, sine: FloatArray, cosine: FloatArray) -> FloatArray:
        return np.arctan2(sine, -cosine)

    def quotient(self, numerator: FloatArray, denominator: FloatArray, bound: FloatArray) -> FloatArray:
        regular = denominator > 0
        return np.where(regular, numerator / np.where(regular, denominator, 1.0), 0.0)


class BallArithmetic:
    """Balls at flint's working precision.

    Guarantee: each result holds every value that the exact operation takes on the operands, or is not finite.

    Args:
        squares: the caller vouches that what it takes roots of is a sum of squares, so that the part of a ball below
            0 is rounding and may be cut off.
    """

    def __init__(self, squares: bool = True) -> None:
        self.squares = squares
        self.zero = arb(0)
        self.one = arb(1)
        self.pi = arb.pi()

    def root(self, square: arb) -> arb:
        return (square.nonnegative_part() if self.squares else square).sqrt()

    def supplement(self, sine: arb, cosine: arb) -> arb:
        if cosine > 0:
            return self.pi - arb.atan2(sine, cosine)
        if cosine < 0:
            return arb.atan2(sine, -cosine)
        if sine > 0:
            return self.pi / 2 + (cosine / sine).atan()
        return arb.nan()

    def quotient(self, numerator: arb, denominator: arb, bound: arb) -> arb:
        if not denominator > 0:
            return arb(0, 1) * bound
        ratio = numerator / denominator
        if ratio.rel_accuracy_bits() > 8 or not bound.is_finite():
            return ratio
        return ratio.intersection(arb(0, 1) * bound) if ratio.is_finite() else arb(0, 1) * bound


class DualArithmetic:
    """Balls with a derivative; where a root of 0 would be differentiated the slope is not finite."""

    def __init__(self, squares: bool = True) -> None:
        self.balls = BallArithmetic(squares)
        self.zero = Dual(arb(0), arb(0))
        self.one = Dual(arb(1), arb(0))
        self.pi = Dual(arb.pi(), arb(0))

    def root(self, square: Dual) -> Dual:
        value = self.balls.root(square.value)
        return Dual(value, square.slope / (2 * value))

    def supplement(self, sine: Dual, cosine: Dual) -> Dual:
        s, p = sine.value, cosine.value
        return Dual(self.balls.supplement(s, p), (s * cosine.slope - p * sine.slope) / (s * s + p * p))

    def quotient(self, numerator: Dual, denominator: Dual, bound: Dual) -> Dual:
        return numerator / denominator
