"""The systems whose solutions are the critical functions of a polynomial target (classes A and B).

Canonical problem: target H on [0, 1]. Knots 0 = t_0 < t_1 < ... < t_m < t_{m+1} = 1 cut it into pieces k = 0..m of
length h_k, half-length eta_k and midpoint c_k. On every piece f is the best affine fit of H plus a line through
(c_k, 0) of slope 12 delta_k M / h_k^3, so that int r = 0 and int x r = delta_k M there. delta_k = sigma_{k+1} - sigma_k
with sigma_0 = 0, sigma_{m+1} = 1 and sigma_+ = 1/(1-g), sigma_- = -g/(1-g) for the orientation of knot k.

Let R_k, L_k be the residual (best fit minus H) at the right and left end of piece k, s_k its slope,

    S = sum_k delta_k s_k,   N = sum_k delta_k^2 h_k^-3,   12 M = -S / N,   beta_k = delta_k h_k^-2 / (2 N).

Continuity at knot i = 1..m is the equation

    E_i = R_{i-1} - L_i - S (beta_{i-1} + beta_i) = 0;

the slope equation is solved by the choice of M. In the system "free" (class A) M = 0: E_i = R_{i-1} - L_i.
Proof: docs/theory.md, "The systems".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import pairwise
from math import comb
from typing import Generic, Protocol, Self, TypeVar

from flint import arb, ctx

from symbolic.enclosure import arb_of, working_precision
from symbolic.exact.number_field import FieldElement
from symbolic.interval.problem import CanonicalProblem

GRID_BITS = 192
"""Released numbers are rounded to multiples of 2^-GRID_BITS (times a power of two for the scale of the problem)."""

FREE = "free"
"""Name of the system of class A."""


class RingElement(Protocol):
    """What the formulas need of a number, exact or enclosed."""

    def __add__(self, other: Self, /) -> Self: ...
    def __sub__(self, other: Self, /) -> Self: ...
    def __neg__(self) -> Self: ...
    def __mul__(self, other: Self, /) -> Self: ...
    def __truediv__(self, other: Self, /) -> Self: ...


T = TypeVar("T", bound=RingElement)


@dataclass(frozen=True)
class Piece(Generic[T]):
    """A piece [t_k, t_{k+1}]: `taylor[j]` = H^(j)(c_k)/j!, its best affine fit, and the residuals of that fit."""

    half_length: T
    taylor: tuple[T, ...]
    powers: tuple[T, ...]
    mean: T
    slope: T
    residual_left: T
    residual_right: T


@dataclass(frozen=True)
class Profile(Generic[T]):
    """The function f of a solution: slopes and jumps, f(0), M, the loss, and S (which is 0 iff M is)."""

    slopes: tuple[T, ...]
    jumps: tuple[T, ...]
    offset: T
    moment: T
    loss: T
    slope_sum: T


def orientations(leak: Fraction) -> dict[str, Fraction]:
    """sigma_+ = 1/(1-g) and sigma_- = -g/(1-g)."""
    return {"+": 1 / (1 - leak), "-": -leak / (1 - leak)}


def weights_of(system: str, leak: Fraction, knots: int) -> tuple[Fraction, ...]:
    """delta_0, ..., delta_m of a pattern; all 0 for the free system."""
    if system == FREE:
        return (Fraction(0),) * (knots + 1)
    sigma = orientations(leak)
    values = [Fraction(0), *(sigma[mark] for mark in system), Fraction(1)]
    return tuple(right - left for left, right in pairwise(values))


def even_factor(j: int) -> Fraction:
    """a_j: the share of the Taylor term j that the best affine fit leaves at the ends of a piece.

    On [-eta, eta] the best affine fit of y^j is eta^j/(j+1) for even j and 3 eta^(j-1) y/(j+2) for odd j; at y = eta
    the fit minus y^j is -a_j eta^j with a_j = j/(j+1) (even), (j-1)/(j+2) (odd), a_0 = a_1 = 0.
    """
    return Fraction(j, j + 1) if j % 2 == 0 else Fraction(j - 1, j + 2)


@dataclass(frozen=True)
class Constants(Generic[T]):
    """The rational constants of a system as numbers of one kind, so that evaluation does arithmetic only.

    `taylor[j]` lists the coefficients of H^(j)/j!; `end[j]`, `mean[j]`, `slope[j]` are the factors of the Taylor term
    j in the end residual, the mean and the slope of the best fit; `below[j]`, `above[j]` those of docs/theory.md for
    dR/du, dR/dv.
    """

    zero: T
    one: T
    two: T
    three: T
    twelve: T
    half: T
    weights: tuple[T, ...]
    squares: tuple[T, ...]
    taylor: tuple[tuple[T, ...], ...]
    end: tuple[T, ...]
    mean: tuple[T, ...]
    slope: tuple[T, ...]
    below: tuple[T, ...]
    above: tuple[T, ...]
    whole: tuple[T, ...]
    gram: dict[tuple[int, int], T]


@dataclass(frozen=True)
class SkeletonSystem:
    """The equations E_1 = ... = E_m = 0 for one pattern, or for "free".

    Every formula is written once, for any kind of number; `constants(lift)` makes the constants of that kind, where
    `lift` makes a number from a rational. Points are the m interior knots; 0 < t_1 < ... < t_m < 1 is needed (a piece
    of length 0 divides by zero).
    """

    problem: CanonicalProblem
    knots: int
    system: str

    @property
    def dimension(self) -> int:
        return self.knots

    @cached_property
    def weights(self) -> tuple[Fraction, ...]:
        return weights_of(self.system, self.problem.leak, self.knots)

    @cached_property
    def active(self) -> tuple[int, ...]:
        """The pieces with delta_k != 0."""
        return tuple(k for k, weight in enumerate(self.weights) if weight)

    def constants(self, lift: Callable[[Fraction], T]) -> Constants[T]:
        """The constants of this system, lifted."""
        degree, target = self.problem.degree, self.problem.target

        def row(values: Iterable[Fraction | int]) -> tuple[T, ...]:
            return tuple(lift(Fraction(value)) for value in values)

        indices = range(degree + 1)
        gram = {}
        for i in range(2, degree + 1):
            for j in range(2 + i % 2, degree + 1, 2):
                shared = Fraction(1, (i + 1) * (j + 1)) if i % 2 == 0 else Fraction(3, (i + 2) * (j + 2))
                gram[i, j] = lift(2 * (Fraction(1, i + j + 1) - shared))
        return Constants(
            zero=lift(Fraction(0)),
            one=lift(Fraction(1)),
            two=lift(Fraction(2)),
            three=lift(Fraction(3)),
            twelve=lift(Fraction(12)),
            half=lift(Fraction(1, 2)),
            weights=row(self.weights),
            squares=row(weight**2 for weight in self.weights),
            taylor=tuple(row(target[i] * comb(i, j) for i in range(j, degree + 1)) for j in indices),
            end=row(even_factor(j) for j in indices),
            mean=row(Fraction(1, j + 1) for j in indices),
            slope=row(Fraction(3, j + 2) for j in indices),
            below=row(-(j + 1) * (even_factor(j) - even_factor(j + 1)) / 2 for j in indices),
            above=row(-(j + 1) * (even_factor(j) + even_factor(j + 1)) / 2 for j in indices),
            whole=row(range(degree + 2)),
            gram=gram,
        )

    def pieces(self, point: Sequence[T], known: Constants[T]) -> list[Piece[T]]:
        """The m + 1 pieces that `point` cuts."""
        ends = [known.zero, *point, known.one]
        degree = self.problem.degree
        result = []
        for u, v in pairwise(ends):
            center, eta = (u + v) * known.half, (v - u) * known.half
            taylor = []
            for coefficients in known.taylor:
                value = coefficients[-1]
                for coefficient in reversed(coefficients[:-1]):
                    value = value * center + coefficient
                taylor.append(value)
            powers = [known.one]
            for _ in range(degree):
                powers.append(powers[-1] * eta)
            mean, slope = taylor[0], taylor[1]
            even, odd = known.zero, known.zero
            for j in range(2, degree + 1):
                term = taylor[j] * powers[j]
                if j % 2 == 0:
                    mean = mean + term * known.mean[j]
                    even = even + term * known.end[j]
                else:
                    slope = slope + taylor[j] * powers[j - 1] * known.slope[j]
                    odd = odd + term * known.end[j]
            result.append(Piece(eta, tuple(taylor), tuple(powers), mean, slope, odd - even, -(even + odd)))
        return result

    def slope_sum(self, pieces: Sequence[Piece[T]], known: Constants[T]) -> T:
        """S = sum_k delta_k s_k."""
        total = known.zero
        for k in self.active:
            total = total + pieces[k].slope * known.weights[k]
        return total

    def _inverse_cubes(self, pieces: Sequence[Piece[T]], known: Constants[T]) -> tuple[dict[int, T], T]:
        """h_k^-3 of the active pieces, and N."""
        total, cubes = known.zero, {}
        for k in self.active:
            h = pieces[k].half_length * known.two
            cubes[k] = known.one / (h * h * h)
            total = total + cubes[k] * known.squares[k]
        return cubes, total

    def residual_in(self, point: Sequence[T], known: Constants[T]) -> list[T]:
        """E_1, ..., E_m at `point`, in the arithmetic of its entries."""
        pieces = self.pieces(point, known)
        values = [pieces[i].residual_right - pieces[i + 1].residual_left for i in range(self.knots)]
        if not self.active:
            return values
        cubes, total = self._inverse_cubes(pieces, known)
        drop = self.slope_sum(pieces, known) / total
        for i in range(self.knots):
            for k in (i, i + 1):
                if k in cubes:
                    values[i] = values[i] - drop * cubes[k] * pieces[k].half_length * known.weights[k]
        return values

    def jacobian_in(self, point: Sequence[T], known: Constants[T]) -> list[list[T]]:
        """dE_i/dt_j, by the derivative formulas of docs/theory.md."""
        m = self.knots
        pieces = self.pieces(point, known)
        rows = [[known.zero] * m for _ in range(m)]
        ends = [self._end_derivatives(piece, known) for piece in pieces]
        for i in range(m):
            (left_u, left_v), (right_u, right_v) = ends[i + 1][0], ends[i][1]
            if i > 0:
                rows[i][i - 1] = right_u
            rows[i][i] = right_v - left_u
            if i + 1 < m:
                rows[i][i + 1] = -left_v
        if not self.active:
            return rows
        slope_sum = self.slope_sum(pieces, known)
        cubes, total = self._inverse_cubes(pieces, known)
        lengths = {k: pieces[k].half_length * known.two for k in self.active}
        share = {k: cubes[k] * known.squares[k] / total for k in self.active}
        beta = {k: share[k] * pieces[k].half_length / known.weights[k] for k in self.active}
        steepness = {k: self._slope_derivatives(pieces[k], known) for k in self.active}
        for j in range(m):
            # t_{j+1} is the right end of piece j and the left end of piece j + 1.
            sides = [(k, end) for k, end in ((j, 1), (j + 1, -1)) if k in cubes]
            change = known.zero
            for k, end in sides:
                by_center, by_eta = steepness[k]
                derivative = by_center + by_eta if end == 1 else by_center - by_eta
                change = change + derivative * known.half * known.weights[k]
            for i in range(m):
                for k in (i, i + 1):
                    if k not in cubes:
                        continue
                    moved = known.zero
                    for piece, end in sides:
                        derivative = known.three * share[piece] * beta[k] / lengths[piece]
                        if piece == k:
                            derivative = derivative - known.two * beta[k] / lengths[piece]
                        moved = moved + derivative if end == 1 else moved - derivative
                    rows[i][j] = rows[i][j] - change * beta[k] - slope_sum * moved
        return rows

    def _end_derivatives(self, piece: Piece[T], known: Constants[T]) -> tuple[tuple[T, T], tuple[T, T]]:
        """((dL/du, dL/dv), (dR/du, dR/dv)) of the residuals at the ends of the piece [u, v].

        R = -sum_j a_j tau_j eta^j with tau_j the Taylor coefficients at the midpoint, so
        dR/du = -1/2 sum_j (j+1)(a_j - a_{j+1}) tau_{j+1} eta^j and dR/dv the same with a plus; L is R with eta -> -eta.
        """
        left_u, left_v, right_u, right_v = known.zero, known.zero, known.zero, known.zero
        for j in range(1, self.problem.degree):
            term = piece.taylor[j + 1] * piece.powers[j]
            below, above = term * known.below[j], term * known.above[j]
            right_u, right_v = right_u + below, right_v + above
            if j % 2 == 0:
                left_v, left_u = left_v + below, left_u + above
            else:
                left_v, left_u = left_v - below, left_u - above
        return (left_u, left_v), (right_u, right_v)

    def _slope_derivatives(self, piece: Piece[T], known: Constants[T]) -> tuple[T, T]:
        """ds/dc and ds/d(eta) of the best slope s = tau_1 + sum_{odd j >= 3} 3 tau_j eta^(j-1)/(j+2)."""
        degree = self.problem.degree
        by_center = piece.taylor[2] * known.two if degree >= 2 else known.zero
        by_eta = known.zero
        for j in range(3, degree + 1, 2):
            if j + 1 <= degree:
                by_center = by_center + piece.taylor[j + 1] * piece.powers[j - 1] * known.slope[j] * known.whole[j + 1]
            by_eta = by_eta + piece.taylor[j] * piece.powers[j - 2] * known.slope[j] * known.whole[j - 1]
        return by_center, by_eta

    def profile(self, point: Sequence[T], known: Constants[T]) -> Profile[T]:
        """The function that a solution of the system is, on [0, 1] in the coordinates of the canonical problem.

        loss = sum_k (int of (best fit - H)^2 over piece k + (12 delta_k M / h_k^3)^2 h_k^3 / 12), and with tau_j the
        Taylor coefficients at the midpoint int (best fit - H)^2 = sum_{i, j >= 2} tau_i tau_j eta^(i+j+1) g_ij, g_ij
        = 2/(i+j+1) minus the part of the best fit: 2/((i+1)(j+1)) for even i, j and 6/((i+2)(j+2)) for odd ones.
        """
        pieces = self.pieces(point, known)
        slope_sum = self.slope_sum(pieces, known)
        moment = known.zero
        if self.active:
            _, total = self._inverse_cubes(pieces, known)
            moment = -(slope_sum / (total * known.twelve))
        slopes, loss, offset = [], known.zero, known.zero
        for k, piece in enumerate(pieces):
            for (i, j), factor in known.gram.items():
                term = piece.taylor[i] * piece.taylor[j] * piece.powers[i] * piece.powers[j]
                loss = loss + term * piece.half_length * factor
            slope = piece.slope
            if k in self.active:
                h = piece.half_length * known.two
                volume = h * h * h / known.twelve
                correction = moment * known.weights[k] / volume
                slope = slope + correction
                loss = loss + correction * correction * volume
            if k == 0:
                offset = piece.mean - slope * piece.half_length
            slopes.append(slope)
        jumps = [right - left for left, right in pairwise(slopes)]
        return Profile(tuple(slopes), tuple(jumps), offset, moment, loss, slope_sum)

    def ball_constants(self) -> Constants[arb]:
        """The constants as balls of the precision in force."""
        return _ball_constants(self, int(ctx.prec))

    def residual(self, point: Sequence[arb]) -> list[arb]:
        """E over a box of balls, at the precision in force."""
        return self.residual_in(point, self.ball_constants())

    def jacobian(self, point: Sequence[arb]) -> list[list[arb]]:
        """E' over a box of balls, at the precision in force."""
        return self.jacobian_in(point, self.ball_constants())

    def vanishes(self, point: Sequence[FieldElement]) -> bool:
        """Whether every equation is exactly 0 at a point of a number field; False where a piece has length 0."""
        try:
            return all(value.is_zero() for value in self.residual_in(point, self.constants(point[0].field.lift)))
        except ZeroDivisionError:
            return False


@lru_cache(maxsize=256)
def _ball_constants(system: SkeletonSystem, bits: int) -> Constants[arb]:
    with working_precision(bits):
        return system.constants(arb_of)
