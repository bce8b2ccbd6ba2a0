"""Taylor polynomials in t with ball coefficients, and enclosures over -1 <= t <= 1 with Lagrange's remainder.

If g has n derivatives on [-1, 1], the coefficients c_0, ..., c_(n-1) of its expansion at 0 and the ball C of the n-th
Taylor coefficients at all points of [-1, 1] enclose it: g(t) is in c_0 + c_1 t + ... + c_(n-1) t^(n-1) + C t^n.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import comb

from flint import arb, arb_mat, arb_series, ctx

from symbolic.errors import InsufficientPrecision

Matrix = list[list[arb_series]]
UNIT = (-1, 1)


@contextmanager
def series_terms(terms: int) -> Iterator[None]:
    """Set flint's bound on the number of terms for a block and restore it afterwards."""
    before = int(ctx.cap)
    ctx.cap = terms
    try:
        yield
    finally:
        ctx.cap = before


class TaylorArithmetic:
    """The loss evaluated on truncated series of a given number of terms.

    Guarantee: each coefficient holds the one of the exact operation for every choice inside the coefficients of the
        operands.

    Raises (by its operations):
        InsufficientPrecision: a root, a quotient or an angle at a ball that may hold 0.
    """

    def __init__(self, terms: int) -> None:
        self.zero = arb_series([], terms)
        self.one = arb_series([1], terms)
        self.pi = arb_series([arb.pi()], terms)

    def root(self, square: arb_series) -> arb_series:
        if not square[0] > 0:
            raise InsufficientPrecision("a root of what may be 0")
        return square.sqrt()

    def supplement(self, sine: arb_series, cosine: arb_series) -> arb_series:
        if cosine[0] > sine[0]:
            return self.pi - (sine / cosine).atan()
        if cosine[0] < -sine[0]:
            return -(sine / cosine).atan()
        if sine[0] > 0:
            return self.pi / 2 + (cosine / sine).atan()
        raise InsufficientPrecision("an angle without a proved quadrant")

    def quotient(self, numerator: arb_series, denominator: arb_series, bound: arb_series) -> arb_series:
        if not denominator[0] > 0:
            raise InsufficientPrecision("a quotient by what may be 0")
        return numerator / denominator


def expand(coefficients: Sequence[arb], at: arb, terms: int) -> list[arb]:
    """The first Taylor coefficients at every point of the ball `at` of the polynomial with these coefficients."""
    result = []
    for j in range(terms):
        total = arb(0)
        for i in range(len(coefficients) - 1, j - 1, -1):
            total = total * at + comb(i, j) * coefficients[i]
        result.append(total)
    return result


def restrict(coefficients: Sequence[arb], center: arb, half: arb) -> list[arb]:
    """The polynomial in the variable u with t = center + half u."""
    moved, scale, result = expand(coefficients, center, len(coefficients)), arb(1), []
    for value in moved:
        result.append(value * scale)
        scale *= half
    return result


def unit_range(coefficients: Sequence[arb]) -> arb:
    """A ball that holds the values of a polynomial for -1 <= t <= 1."""
    if not coefficients:
        return arb(0)
    total = coefficients[0]
    for j, value in enumerate(coefficients[1:], 1):
        total += value * (arb(0, 1) if j % 2 else arb(0.5, 0.5))
    return total


Values = Callable[[int, arb], list[arb_series]]
"""Given a number of terms and a ball of t: the functions expanded at all points of the ball."""


def taylor_model(functions: Values, terms: int) -> list[list[arb]]:
    """Coefficients c_0..c_n whose polynomials enclose the functions on [-1, 1], the last one the remainder's.

    Raises:
        InsufficientPrecision: an operation that the functions need has no enclosure.
    """
    try:
        with series_terms(terms):
            inner = [_padded(value, terms) for value in functions(terms, arb(0))]
        with series_terms(terms + 1):
            outer = [_padded(value, terms + 1) for value in functions(terms + 1, arb(0, 1))]
    except ValueError as failure:
        # flint refuses a division by a series whose first coefficient may be 0.
        raise InsufficientPrecision(str(failure)) from None
    return [[*near, far[-1]] for near, far in zip(inner, outer, strict=True)]


def _padded(series: arb_series, terms: int) -> list[arb]:
    values = series.coeffs()
    if any(not value.is_finite() for value in values):
        raise InsufficientPrecision("a Taylor coefficient has no finite enclosure")
    return [*values, *[arb(0)] * (terms - len(values))][:terms]


def series_inverse(matrix: Sequence[Sequence[arb_series]], terms: int) -> Matrix:
    """Approximate inverse of a matrix of series, by Newton's iteration from the inverse of the constant terms.

    Guarantee: none; what is concluded from it is checked with the exact product.

    Raises:
        ZeroDivisionError: the constant terms are singular.
    """
    size = len(matrix)
    start = arb_mat([[entry[0].mid() for entry in row] for row in matrix]).inv()
    result: Matrix = [[arb_series([start[i, j].mid()], terms) for j in range(size)] for i in range(size)]
    known = 1
    while known < terms:
        known *= 2
        product = multiply(matrix, result)
        rest = [[(2 if i == j else 0) - product[i][j] for j in range(size)] for i in range(size)]
        result = multiply(result, rest)
        result = [[arb_series([value.mid() for value in entry.coeffs()], terms) for entry in row] for row in result]
    return result


def multiply(left: Sequence[Sequence[arb_series]], right: Sequence[Sequence[arb_series]]) -> Matrix:
    """The product of two matrices of series."""
    columns = list(zip(*right, strict=True))
    result = []
    for row in left:
        line = []
        for column in columns:
            total = row[0] * column[0]
            for a, b in zip(row[1:], column[1:], strict=True):
                total = total + a * b
            line.append(total)
        result.append(line)
    return result
