"""A piecewise affine f on [a, b], its residual r = f - h and the integrals of r, from the definitions alone.

All formulas are polynomials in x with coefficients of one kind: `fmpq` (then zeros are exact) or balls (then a zero is
confirmed as far as the balls can: a ball that excludes 0 refutes it).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from flint import arb, fmpq

N = TypeVar("N", fmpq, arb)


def vanishes(value: fmpq | arb) -> bool:
    """Whether a number is 0: exactly, or as far as its ball tells."""
    return bool(value.contains(0)) if isinstance(value, arb) else bool(value == 0)


def sign_of(value: fmpq | arb) -> int:
    """-1, 1, or 0 where the number is 0 or its ball holds 0."""
    if vanishes(value):
        return 0
    return 1 if value > 0 else -1


def horner(coefficients: Sequence[N], x: N) -> N:
    """The value of a polynomial, constant term first, at least one coefficient."""
    total = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        total = total * x + coefficient
    return total


def antiderivative(coefficients: Sequence[N], zero: N) -> list[N]:
    """Coefficients of the antiderivative that is 0 at 0."""
    found = [zero]
    for j, value in enumerate(coefficients):
        found.append(value / (j + 1))
    return found


class Residual(Generic[N]):
    """r = f - h for f with kinks t_1 < ... < t_m, slopes s_0, ..., s_m and f(a) = offset.

    Args:
        target: coefficients of h, constant term first.
        start, stop: a < b.
        kinks, slopes, offset: of f.
        zero: of the kind of number.
    """

    def __init__(
        self, target: Sequence[N], start: N, stop: N, kinks: Sequence[N], slopes: Sequence[N], offset: N, zero: N
    ) -> None:
        self.start: N = start
        self.stop: N = stop
        self.kinks: list[N] = list(kinks)
        self.slopes: list[N] = list(slopes)
        self.offset: N = offset
        self.zero: N = zero
        self.ends: list[N] = [start]
        self.ends.extend(kinks)
        self.ends.append(stop)
        self.pieces: list[list[N]] = []
        if len(slopes) != len(kinks) + 1:
            raise ValueError("not one slope more than kinks")
        height = offset
        for i in range(len(slopes)):
            piece = [zero - value for value in target] + [zero] * (2 - len(target))
            piece[0] = piece[0] + height - slopes[i] * self.ends[i]
            piece[1] = piece[1] + slopes[i]
            self.pieces.append(piece)
            height = height + slopes[i] * (self.ends[i + 1] - self.ends[i])
        self._first: list[list[N]] = []
        self._second: list[list[N]] = []
        for piece in self.pieces:
            self._first.append(antiderivative(piece, zero))
            shifted: list[N] = [zero]
            shifted.extend(piece)
            self._second.append(antiderivative(shifted, zero))
        # I_0 and I_1 (integrals of r and x r from a) at the left end of every piece, and at b.
        self.below: list[tuple[N, N]] = [(zero, zero)]
        for number in range(len(self.pieces)):
            areas = self.over_piece(number)
            before = self.below[-1]
            self.below.append((before[0] + areas[0], before[1] + areas[1]))

    def over_piece(self, piece: int) -> tuple[N, N]:
        """The integrals of r and of x r over one piece."""
        left, right = self.ends[piece], self.ends[piece + 1]
        first, second = self._first[piece], self._second[piece]
        return horner(first, right) - horner(first, left), horner(second, right) - horner(second, left)

    @property
    def total(self) -> tuple[N, N]:
        """The integrals of r and of x r over [a, b]; the second is M."""
        return self.below[-1]

    def loss(self) -> N:
        """The integral of r^2."""
        total = self.zero
        for k, piece in enumerate(self.pieces):
            square = [self.zero] * (2 * len(piece) - 1)
            for i, p in enumerate(piece):
                for j, q in enumerate(piece):
                    square[i + j] = square[i + j] + p * q
            whole = antiderivative(square, self.zero)
            total = total + horner(whole, self.ends[k + 1]) - horner(whole, self.ends[k])
        return total

    def piece_of(self, t: N) -> int:
        """A piece whose closure holds t, as far as can be told."""
        return sum(1 for kink in self.kinks if t > kink)

    def until(self, t: N) -> tuple[N, N]:
        """The integrals of r and of x r over [a, t]."""
        piece = self.piece_of(t)
        left, first, second = self.ends[piece], self._first[piece], self._second[piece]
        before = self.below[piece]
        return (
            before[0] + horner(first, t) - horner(first, left),
            before[1] + horner(second, t) - horner(second, left),
        )

    def beam(self, t: N) -> N:
        """K(t) = int_a^t (t - x) r(x) dx."""
        zeroth, first = self.until(t)
        return t * zeroth - first

    def at(self, t: N) -> N:
        """r(t)."""
        return horner(self.pieces[self.piece_of(t)], t)

    def jumps(self) -> list[N]:
        """s_i - s_(i-1) at the kinks."""
        return [self.slopes[i + 1] - self.slopes[i] for i in range(len(self.kinks))]

    def end_order(self, *, right: bool) -> tuple[int, int] | None:
        """(k, sign of rho) with r = rho d^k (1 + O(d)) at distance d from an end of [a, b]; None if r is 0 there.

        A coefficient whose ball holds 0 is taken for 0.
        """
        piece = list(self.pieces[-1 if right else 0])
        end = self.stop if right else self.start
        for i in range(len(piece)):
            for j in range(len(piece) - 2, i - 1, -1):
                piece[j] = piece[j] + piece[j + 1] * end
        for order, value in enumerate(piece):
            if sign := sign_of(value):
                return order, -sign if right and order % 2 else sign
        return None

    def end_coefficient(self, order: int, *, right: bool) -> N:
        """rho of `end_order`."""
        piece = list(self.pieces[-1 if right else 0])
        end = self.stop if right else self.start
        for i in range(len(piece)):
            for j in range(len(piece) - 2, i - 1, -1):
                piece[j] = piece[j] + piece[j + 1] * end
        return -piece[order] if right and order % 2 else piece[order]
