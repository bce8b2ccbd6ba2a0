"""The kernel f(w, v) = E relu<w,x> relu<v,x> for Gaussian x: value, gradient and Hessian, in symbols, floats and balls.

With P = <w, v>, s = sqrt(|w|^2 |v|^2 - P^2), theta = atan2(s, P) in [0, pi]:

    f = (1/2 pi) (s + (pi - theta) P),
    grad_w f = (1/2 pi) (s w / |w|^2 + (pi - theta) v),
    H11 = d2f/dw dw = (s / (2 pi |w|^2)) (I - e e^T + n n^T),
    H12 = d2f/dw dv = (1/2 pi) ((pi - theta) I + sin theta (cos theta (e e^T - n n^T) + sin theta (e n^T + n e^T))),

where e = w/|w| and n is the unit vector along q = v - (P/|w|^2) w (Y. Cho, L. K. Saul, NeurIPS 2009, order 1, for f).
This H12 equals the usual (1/2 pi) ((pi - theta) I + e n^T + (v/|v|) m^T), m being n with w and v exchanged, after
v/|v| = cos theta e + sin theta n has been put in: the two terms that cancel for parallel rows are gone.

Accuracy: s is computed as |w| |q|, never as the root of a difference. In p-bit arithmetic every entry of q has an
absolute error of a few 2^-p |v|, so s has one of about d 2^-p |w||v|, and with |w| = |v| = 1 theta, f, grad f, H11 and
H12 have absolute errors of the order d 2^-p however parallel the rows are; |w|^2 |v|^2 - P^2 would leave 2^(-p/2).
Near opposite rows pi - theta = atan2(s, -P) is small without cancellation, and so is f by the series

    sin a - a cos a = a^3/3 - a^5/30 + ... = sum_m (-1)^(m+1) 2 m a^(2m+1)/(2m+1)!,   a = pi - theta.

f is twice continuously differentiable wherever w and v do not vanish; n is bounded and multiplied by sin theta, so the
balls of a box that holds parallel rows are finite and shrink with the box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from flint import arb, ctx

from symbolic.errors import InvalidProblem
from symbolic.teacher.arithmetic import BallArithmetic, FloatArithmetic, FloatArray

if TYPE_CHECKING:
    from sympy import Expr

VANISHING = "a row vanishes: the loss is not differentiable there"


def symbolic_kernel(first: Expr, second: Expr, product: Expr) -> Expr:
    """f as a SymPy expression in |w|^2, |v|^2 and <w, v>."""
    from sympy import atan2, pi, sqrt

    sine = sqrt(first * second - product**2)
    value: Expr = (sine + (pi - atan2(sine, product)) * product) / (2 * pi)
    return value


@dataclass(frozen=True)
class FloatPairs:
    """All pairs of a row of `first` (n x d) and a row of `second` (m x d), in float64.

    Raises:
        InvalidProblem: a row vanishes or is not finite.
    """

    first: FloatArray
    second: FloatArray

    def __post_init__(self) -> None:
        for rows in (self.first, self.second):
            if not np.isfinite(rows).all():
                raise InvalidProblem("weights must be finite numbers")
            if not np.all(np.any(rows != 0, axis=1)):
                raise InvalidProblem(VANISHING)

    @cached_property
    def product(self) -> FloatArray:
        """<w, v>, n x m."""
        return self.first @ self.second.T

    @cached_property
    def _lengths(self) -> tuple[FloatArray, FloatArray]:
        return np.linalg.norm(self.first, axis=1)[:, None], np.linalg.norm(self.second, axis=1)[None, :]

    @cached_property
    def _residue(self) -> FloatArray:
        """q = v - (P/|w|^2) w, n x m x d."""
        along = self.product / self._lengths[0] ** 2
        residue: FloatArray = self.second[None, :, :] - along[:, :, None] * self.first[:, None, :]
        return residue

    @cached_property
    def _distance(self) -> FloatArray:
        """|q|, n x m."""
        square: FloatArray = np.einsum("ijc,ijc->ij", self._residue, self._residue)
        return np.sqrt(square)

    @cached_property
    def sine(self) -> FloatArray:
        """s = |w||v| sin theta, n x m."""
        sine: FloatArray = self._lengths[0] * self._distance
        return sine

    @cached_property
    def supplement(self) -> FloatArray:
        """pi - theta, n x m."""
        return FloatArithmetic().supplement(self.sine, self.product)

    def values(self) -> FloatArray:
        """f, n x m."""
        a = self.supplement
        series = a**3 * (1 / 3 - a**2 * (1 / 30 - a**2 * (1 / 840 - a**2 * (1 / 45360 - a**2 / 3991680))))
        product_of_lengths = self._lengths[0] * self._lengths[1]
        return np.where(a < 0.1, product_of_lengths * series, self.sine + a * self.product) / (2 * np.pi)

    def gradients(self) -> FloatArray:
        """grad_w f, n x m x d."""
        radial = self.sine / self._lengths[0] ** 2
        along: FloatArray = radial[:, :, None] * self.first[:, None, :]
        return (along + self.supplement[:, :, None] * self.second[None, :, :]) / (2 * np.pi)

    def hessians(self) -> tuple[FloatArray, FloatArray]:
        """H11 and H12, each n x m x d x d."""
        length, other = self._lengths
        e = (self.first / length)[:, None, :]
        n = self._residue / np.where(self._distance > 0, self._distance, 1.0)[:, :, None]
        ee = e[..., :, None] * e[..., None, :]
        nn = n[..., :, None] * n[..., None, :]
        en = e[..., :, None] * n[..., None, :]
        identity = np.eye(self.first.shape[1])
        sine = (self._distance / other)[:, :, None, None]
        cosine = (self.product / (length * other))[:, :, None, None]
        scale = (self.sine / length**2)[:, :, None, None]
        h11 = scale * (identity - ee + nn)
        h12 = self.supplement[:, :, None, None] * identity + sine * (
            cosine * (ee - nn) + sine * (en + np.swapaxes(en, -1, -2))
        )
        return h11 / (2 * np.pi), h12 / (2 * np.pi)


class BallPair:
    """One pair of rows w, v in balls at the working precision.

    Guarantee:
        Every ball holds every value on the box of the entries, or is not finite (a row that may vanish).

    Raises:
        InvalidProblem: a row is exactly zero; rows of different lengths.
    """

    def __init__(self, first: Sequence[arb], second: Sequence[arb]) -> None:
        if len(first) != len(second):
            raise InvalidProblem(f"rows of {len(first)} and {len(second)} entries")
        self.numbers = BallArithmetic()
        self.first, self.second = first, second
        self.first_norm, self.second_norm = _square_norm(first), _square_norm(second)
        if self.first_norm.is_zero() or self.second_norm.is_zero():
            raise InvalidProblem(VANISHING)
        self.product = _dot(first, second)
        along = self.product / self.first_norm
        self.residue = [v - along * w for w, v in zip(first, second, strict=True)]
        self.square_distance = _square_norm(self.residue)
        self.sine = self.numbers.root(self.first_norm * self.square_distance)
        self.supplement = self.numbers.supplement(self.sine, self.product)

    def value(self) -> arb:
        """f(w, v), with a relative error of a few 2^-p also near opposite rows."""
        if abs(self.supplement) < 0.125:
            scale = self.numbers.root(self.first_norm * self.second_norm)
            return scale * _sine_minus_angle_cosine(self.supplement) / (2 * self.numbers.pi)
        return (self.sine + self.supplement * self.product) / (2 * self.numbers.pi)

    def gradient(self) -> list[arb]:
        """grad_w f(w, v)."""
        radial, scale = self.sine / self.first_norm, 2 * self.numbers.pi
        return [(radial * w + self.supplement * v) / scale for w, v in zip(self.first, self.second, strict=True)]

    @cached_property
    def _frame(self) -> tuple[list[arb], list[arb]]:
        """The unit vectors e and n; where q may vanish, n has entries in [-1, 1]."""
        length, distance = self.numbers.root(self.first_norm), self.numbers.root(self.square_distance)
        one = self.numbers.one
        return [w / length for w in self.first], [self.numbers.quotient(q, distance, one) for q in self.residue]

    def h11(self) -> list[list[arb]]:
        """d2f/dw dw."""
        e, n = self._frame
        scale = self.sine / (2 * self.numbers.pi * self.first_norm)
        size = range(len(e))
        return [[scale * (int(i == j) - e[i] * e[j] + n[i] * n[j]) for j in size] for i in size]

    def h22(self) -> list[list[arb]]:
        """d2f/dv dv."""
        return BallPair(self.second, self.first).h11()

    def h12(self) -> list[list[arb]]:
        """d2f/dw dv (row: entry of w, column: entry of v); a symmetric matrix."""
        e, n = self._frame
        scale = 2 * self.numbers.pi
        lengths = self.numbers.root(self.first_norm * self.second_norm)
        sine, cosine = self.sine / lengths, self.product / lengths
        size = range(len(e))
        return [
            [
                (
                    int(i == j) * self.supplement
                    + sine * (cosine * (e[i] * e[j] - n[i] * n[j]) + sine * (e[i] * n[j] + n[i] * e[j]))
                )
                / scale
                for j in size
            ]
            for i in size
        ]


def _dot(first: Sequence[arb], second: Sequence[arb]) -> arb:
    return sum((a * b for a, b in zip(first, second, strict=True)), arb(0))


def _square_norm(row: Sequence[arb]) -> arb:
    total = sum((value * value for value in row), arb(0))
    # A product of a ball with itself forgets that squares are not negative.
    return total.nonnegative_part()


def _sine_minus_angle_cosine(angle: arb) -> arb:
    """sin a - a cos a for 0 <= a < 1 by its alternating series; the first term left out bounds the rest."""
    square = angle * angle
    power, factorial = angle * square, 6
    total, m = arb(0), 1
    while True:
        term = 2 * m * power / factorial
        if m > 1 and not abs(term) > abs(total).abs_upper() * arb((1, -ctx.prec - 8)):
            return total + arb(0, 1) * abs(term).abs_upper()
        total = total + term if m % 2 else total - term
        m += 1
        power = power * square
        factorial *= 2 * m * (2 * m + 1)
