"""Exact loss, gradient, Hessian and inertia of a network at a rational point, written for the critical strata.

f(x) = c + sum_j v_j s(w_j x + b_j), L = integral (f - h)^2. The second derivative of s is (1 - leak) times a point
mass at the breakpoint, so that in (w_j, b_j) the loss has the extra block

    2 v_j (1 - leak) r(t_j)/|w_j| [[t_j^2, t_j], [t_j, 1]]     for a < t_j < b,

which stays right where breakpoints coincide, because the loss is twice continuously differentiable there. A point
that is not rational is replaced by a rational point within 2^-240 of it. Inertia: the characteristic polynomial of a
symmetric matrix has real roots only, so Descartes' rule counts the positive and negative ones exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from flint import fmpq, fmpq_mat, fmpq_poly

from symbolic.enclosure import enclose, midpoint, to_fmpq

ZERO, ONE = fmpq(0), fmpq(1)
POINT_BITS = 240
ROUNDING = fmpq(1, 2**200)
TINY, SMALL = fmpq(1, 10**40), fmpq(1, 10**12)


@dataclass(frozen=True)
class Setting:
    """Target h, ends of the domain, leak."""

    target: fmpq_poly
    start: fmpq
    end: fmpq
    leak: fmpq


@dataclass(frozen=True)
class Point:
    """Rational parameters."""

    w: tuple[fmpq, ...]
    b: tuple[fmpq, ...]
    v: tuple[fmpq, ...]
    c: fmpq

    @property
    def width(self) -> int:
        return len(self.w)

    def list(self) -> list[fmpq]:
        return [*self.w, *self.b, *self.v, self.c]

    @classmethod
    def of(cls, values: Sequence[fmpq]) -> Point:
        n = (len(values) - 1) // 3
        return cls(tuple(values[:n]), tuple(values[n : 2 * n]), tuple(values[2 * n : 3 * n]), values[3 * n])

    def moved(self, direction: Sequence[fmpq], step: fmpq = ONE) -> Point:
        return Point.of([x + step * d for x, d in zip(self.list(), direction, strict=True)])

    def replaced(self, index: int, value: fmpq) -> Point:
        values = self.list()
        values[index] = value
        return Point.of(values)


def setting_of(problem) -> Setting:
    target = fmpq_poly([to_fmpq(c) for c in problem.target])
    return Setting(target, to_fmpq(problem.domain[0]), to_fmpq(problem.domain[1]), to_fmpq(problem.leak))


def rational(number, bits: int = POINT_BITS) -> fmpq:
    """The number itself if it is rational, else a rational within about 2^-bits of it."""
    if isinstance(number, Fraction):
        return to_fmpq(number)
    scale = 2**bits
    return fmpq(round(midpoint(enclose(number, bits + 80)) * scale), scale)


def point_of(sample) -> Point:
    """The rational point of the sample of a stratum."""
    rows = (tuple(map(rational, row)) for row in (sample.w, sample.b, sample.v))
    return Point(*rows, rational(sample.c))


def is_rational(sample) -> bool:
    return all(isinstance(x, Fraction) for x in (*sample.w, *sample.b, *sample.v, sample.c))


def slope_factor(setting: Setting, z: fmpq) -> fmpq:
    return ONE if z > 0 else setting.leak


def pieces(setting: Setting, point: Point) -> list[tuple[fmpq, fmpq]]:
    cuts = {-b / w for w, b in zip(point.w, point.b, strict=True) if w != 0}
    inside = sorted(t for t in cuts if setting.start < t < setting.end)
    return list(pairwise([setting.start, *inside, setting.end]))


def factors(setting: Setting, point: Point, low: fmpq, high: fmpq) -> list[fmpq]:
    """s'(w_j x + b_j) on the piece; for w_j = b_j = 0 the value is never used with a weight other than 0."""
    middle = (low + high) / 2
    return [slope_factor(setting, w * middle + b) for w, b in zip(point.w, point.b, strict=True)]


def affine(point: Point, slopes: Sequence[fmpq]) -> fmpq_poly:
    constant, linear = point.c, ZERO
    for w, b, v, s in zip(point.w, point.b, point.v, slopes, strict=True):
        constant, linear = constant + v * s * b, linear + v * s * w
    return fmpq_poly([constant, linear])


def between(polynomial: fmpq_poly, low: fmpq, high: fmpq) -> fmpq:
    whole = polynomial.integral()
    return whole(high) - whole(low)


def loss(setting: Setting, point: Point) -> fmpq:
    total = ZERO
    for low, high in pieces(setting, point):
        r = affine(point, factors(setting, point, low, high)) - setting.target
        total += between(r * r, low, high)
    return total


def residual_at(setting: Setting, point: Point, x: fmpq) -> fmpq:
    total = point.c - setting.target(x)
    for w, b, v in zip(point.w, point.b, point.v, strict=True):
        z = w * x + b
        total += v * z * slope_factor(setting, z)
    return total


def tangents(point: Point, slopes: Sequence[fmpq]) -> list[tuple[fmpq, fmpq]]:
    """df/dparameter on a piece as (constant, linear)."""
    rows = [(ZERO, v * s) for v, s in zip(point.v, slopes, strict=True)]
    rows += [(v * s, ZERO) for v, s in zip(point.v, slopes, strict=True)]
    rows += [(b * s, w * s) for w, b, s in zip(point.w, point.b, slopes, strict=True)]
    return [*rows, (ONE, ZERO)]


def gradient(setting: Setting, point: Point) -> list[fmpq]:
    total = [ZERO] * (3 * point.width + 1)
    for low, high in pieces(setting, point):
        slopes = factors(setting, point, low, high)
        r = affine(point, slopes) - setting.target
        first, second = between(r, low, high), between(r * fmpq_poly([0, 1]), low, high)
        for i, (p, q) in enumerate(tangents(point, slopes)):
            total[i] += 2 * (p * first + q * second)
    return total


def hessian(setting: Setting, point: Point) -> list[list[fmpq]]:
    """2 integral (grad f)(grad f)^T + 2 integral r (second derivatives of f), in the order w, b, v, c."""
    n = point.width
    size = 3 * n + 1
    total = [[ZERO] * size for _ in range(size)]
    for low, high in pieces(setting, point):
        slopes = factors(setting, point, low, high)
        r = affine(point, slopes) - setting.target
        first, second = between(r, low, high), between(r * fmpq_poly([0, 1]), low, high)
        m0, m1, m2 = (between(fmpq_poly([0] * k + [1]), low, high) for k in range(3))
        lines = tangents(point, slopes)
        for i, (p, q) in enumerate(lines):
            for j in range(i, size):
                s, t = lines[j]
                total[i][j] += 2 * (p * s * m0 + (p * t + q * s) * m1 + q * t * m2)
        for j, s in enumerate(slopes):
            total[j][2 * n + j] += 2 * s * second
            total[n + j][2 * n + j] += 2 * s * first
    for j, (w, b, v) in enumerate(zip(point.w, point.b, point.v, strict=True)):
        if w == 0 or not setting.start < -b / w < setting.end:
            continue
        t = -b / w
        mass = 2 * v * (1 - setting.leak) * residual_at(setting, point, t) / abs(w)
        total[j][j] += mass * t * t
        total[j][n + j] += mass * t
        total[n + j][n + j] += mass
    return [[total[min(i, j)][max(i, j)] for j in range(size)] for i in range(size)]


def _variations(coefficients: Sequence[fmpq]) -> int:
    signs = [1 if c > 0 else -1 for c in coefficients if c != 0]
    return sum(a != b for a, b in pairwise(signs))


def roots_above(polynomial: fmpq_poly, bound: fmpq) -> int:
    """Number of roots > bound, with multiplicity, of a polynomial with real roots only."""
    return _variations(polynomial(fmpq_poly([bound, 1])).coeffs())


def roots_below(polynomial: fmpq_poly, bound: fmpq) -> int:
    return _variations(polynomial(fmpq_poly([bound, -1])).coeffs())


def inertia_exact(matrix: Sequence[Sequence[fmpq]]) -> tuple[int, int, int]:
    """(negative, zero, positive) of a symmetric rational matrix."""
    polynomial = fmpq_mat([list(row) for row in matrix]).charpoly()
    negative, positive = roots_below(polynomial, ZERO), roots_above(polynomial, ZERO)
    return negative, len(matrix) - negative - positive, positive


def inertia_rounded(
    matrix: Sequence[Sequence[fmpq]], tiny: fmpq = TINY, small: fmpq = SMALL
) -> tuple[int, int, int]:
    """The same for a matrix known to about 2^-200, where no eigenvalue has a size between `tiny` and `small`.

    Raises:
        ValueError: some eigenvalue is in the gap.
    """
    rounded = [[round(Fraction(int(x.p), int(x.q)) * 2**200) * ROUNDING for x in row] for row in matrix]
    polynomial = fmpq_mat(rounded).charpoly()
    found = [
        (roots_below(polynomial, -bound), roots_above(polynomial, bound)) for bound in (tiny, small)
    ]
    if found[0] != found[1]:
        raise ValueError("an eigenvalue lies between tiny and small")
    negative, positive = found[0]
    return negative, len(matrix) - negative - positive, positive
