"""Signs of K(t) = int_a^t (t - x) r(x) dx on [a, b], where int r = int x r = 0 on every piece, as for class A.

Then K = K' = 0 at all ends of pieces, and on a piece [p, p + h], with y = t - p, K = y^2 (h - y)^2 Q(y) for a
polynomial Q, which has the sign of K wherever K is not 0. Rational Q: by Sturm's theorem. Q in balls: by the signs of
its coefficients in the Bernstein basis of ever smaller intervals, of which Q is a convex combination.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import comb
from typing import Any

from flint import arb, fmpq, fmpq_poly

from symbolic.interval.recheck.residual import N, Residual, horner, sign_of, vanishes

DEPTH = 24
"""Halvings of a piece after which the sign of Q in balls is given up."""

SAMPLES = 16
"""Places in each piece at which a sign is looked for."""


@dataclass(frozen=True)
class BeamSigns:
    """Signs of K.

    Attributes:
        occur: the signs, of 1 and -1, that K is proved to have somewhere.
        complete: whether it is proved that K has no other ones.
    """

    occur: frozenset[int]
    complete: bool


def beam_signs(residual: Residual[Any]) -> BeamSigns:
    """Which signs K has.

    Args:
        residual: of a function of class A, exact or in balls; that its integrals are 0 is not looked at again.

    Guarantee: `occur` and `complete` are proved. Exact residuals are always decided; in balls a K that touches 0 inside
        a piece is not.

    Reference: Sturm (1829); the convex-hull property of the Bernstein basis.
    """
    occur: set[int] = set()
    complete = True
    for number in range(len(residual.pieces)):
        quotient = quotient_of_piece(residual, number)
        length = residual.ends[number + 1] - residual.ends[number]
        if isinstance(length, arb):
            signs, sure = _signs_in_balls(quotient, length)
        else:
            signs, sure = exact_signs(quotient, length), True
        occur |= signs
        complete = complete and sure
    return BeamSigns(frozenset(occur), complete or len(occur) == 2)


def quotient_of_piece(residual: Residual[N], number: int) -> list[N]:
    """The coefficients of Q on one piece, in y, the constant term first."""
    start, zero = residual.ends[number], residual.zero
    length = residual.ends[number + 1] - start
    shifted = list(residual.pieces[number])
    for i in range(len(shifted)):
        for j in range(len(shifted) - 2, i - 1, -1):
            shifted[j] = shifted[j] + shifted[j + 1] * start
    # K = y^2 sum_j c_j y^j / ((j + 1) (j + 2)) for r = sum_j c_j y^j.
    quotient = [value / ((j + 1) * (j + 2)) for j, value in enumerate(shifted)]
    for _ in range(2):
        divided = [zero] * max(1, len(quotient) - 1)
        carry = zero
        for j in range(len(quotient) - 1, 0, -1):
            carry = quotient[j] + carry * length
            divided[j - 1] = carry
        quotient = divided
    return quotient


def exact_signs(coefficients: Sequence[fmpq], length: fmpq) -> set[int]:
    """The signs, of 1 and -1, that a polynomial has on (0, length)."""
    polynomial = fmpq_poly(list(coefficients))
    if polynomial == 0:
        return set()
    changes = 0
    for factor, power in polynomial.factor()[1]:
        if power % 2:
            changes += roots_inside(factor, fmpq(0), length)
    if changes:
        return {1, -1}
    # No change of sign: that of a place that is no root.
    places = (length * i / (polynomial.degree() + 2) for i in range(1, polynomial.degree() + 2))
    return {next(sign for t in places if (sign := sign_of(polynomial(t))))}


def roots_inside(factor: fmpq_poly, low: fmpq, high: fmpq) -> int:
    """How many roots an irreducible polynomial has in the open interval (low, high), by Sturm's theorem."""
    if factor.degree() == 1:
        root = -factor[0] / factor[1]
        return int(low < root < high)
    # Irreducible of a larger degree: no end is a root, and all roots are simple.
    chain = [factor, factor.derivative()]
    while chain[-1].degree() > 0:
        chain.append(-(chain[-2] % chain[-1]))
    return _variations(chain, low) - _variations(chain, high)


def _variations(chain: Sequence[fmpq_poly], x: fmpq) -> int:
    signs = [sign for one in chain if (sign := sign_of(one(x)))]
    return sum(p != q for p, q in pairwise(signs))


def _signs_in_balls(coefficients: Sequence[arb], length: arb) -> tuple[set[int], bool]:
    """Signs that occur on (0, length), and whether no others do."""
    values = (horner(coefficients, length * i / SAMPLES) for i in range(1, SAMPLES))
    occur = {sign for value in values if (sign := sign_of(value))}
    if len(occur) != 1:
        return occur, len(occur) == 2
    sign = next(iter(occur))
    scaled, power = [], arb(sign)
    for value in coefficients:
        scaled.append(value * power)
        power = power * length
    pending = [(_bernstein(scaled), 0)]
    while pending:
        one, depth = pending.pop()
        if all(value > 0 for value in one):
            continue
        if depth == DEPTH or any(value < 0 for value in (one[0], one[-1])) or vanishes(one[0]) or vanishes(one[-1]):
            return occur, False
        pending += [(half, depth + 1) for half in _halves(one)]
    return occur, True


def _bernstein(coefficients: Sequence[arb]) -> list[arb]:
    """The coefficients in the Bernstein basis of [0, 1]: b_i = sum_j C(i, j) / C(n, j) a_j."""
    degree = len(coefficients) - 1
    found = []
    for i in range(degree + 1):
        total = arb(0)
        for j in range(i + 1):
            total += coefficients[j] * comb(i, j) / comb(degree, j)
        found.append(total)
    return found


def _halves(coefficients: Sequence[arb]) -> tuple[list[arb], list[arb]]:
    """The coefficients on [0, 1/2] and [1/2, 1], by de Casteljau."""
    row, left, right = list(coefficients), [], []
    while row:
        left.append(row[0])
        right.append(row[-1])
        row = [(p + q) / 2 for p, q in pairwise(row)]
    return left, right[::-1]
