"""Whether minus a stored rate is an eigenvalue of a Hessian, along a stored direction."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from flint import arb, arb_mat

from catalog.verification import Fault
from catalog.verify_numbers import Value, ball_of
from symbolic.enclosure import bounds
from symbolic.exact.inertia import signature

HESSIAN_RATES = "transitions: minus the rate is an eigenvalue of the Hessian, along the direction"
ESCAPE_RATES = "transitions: escaping neurons grow at the rate of their correlation with the residual"
DESCENTS = "transitions: descents without a rate"
NO_DESCENTS = "their curves are checked with the strata they start from"

ALONG = Fraction(1, 10**6)
"""How far |H u + rate u| may be from 0, beside 1 + rate, at an approximate eigenvector |u| = 1."""

BESIDE = Fraction(1, 2**60)
"""How far beyond the ends of its ball an eigenvalue may lie, beside 1 + rate: balls of the Hessian have a width."""

UNIT = Fraction(1, 10**6)
"""How far the length of a unit vector of rounded numbers may be from 1."""


def eigenvalue_fault(matrix: Sequence[Sequence[arb]], vector: Sequence[arb], rate: Value) -> Fault:
    """What is wrong with a rate and an approximate eigenvector; None if nothing is.

    Args:
        matrix: a symmetric Hessian H, in balls.
        vector: u, about of length 1.
        rate: in its enclosure.

    Guarantee: without a fault H has an eigenvalue within `BESIDE` of minus the enclosure, by Sylvester's law of inertia
        for H + s I at both ends.
    """
    fault = along_fault((arb_mat([list(row) for row in matrix]) * _column(vector)).tolist(), vector, rate)
    if fault:
        return fault
    low, high = bounds(rate.number, 320)
    beside = BESIDE * (1 + high)
    below = signature(_shifted(matrix, ball_of(high + beside)))[0]
    above = signature(_shifted(matrix, ball_of(low - beside)))[0]
    return None if below < above else "no eigenvalue of the Hessian is minus the rate"


def along_fault(image: Sequence[Sequence[arb]], vector: Sequence[arb], rate: Value) -> Fault:
    """Whether u is about of length 1 and H u about -rate u; `image` is H u as a column."""
    length, rest = arb(0), arb(0)
    for value, (moved,) in zip(vector, image, strict=True):
        length += value * value
        gap = moved + rate.ball * value
        rest += gap * gap
    bound = ball_of(ALONG) * (1 + rate.ball)
    if not abs(length - 1) < ball_of(UNIT):
        return "the direction is not of length 1"
    if not rest < bound * bound:
        return "the direction is no eigenvector for minus the rate"
    return None


def _column(vector: Sequence[arb]) -> arb_mat:
    return arb_mat([[value] for value in vector])


def _shifted(matrix: Sequence[Sequence[arb]], shift: arb) -> list[list[arb]]:
    return [[value + shift if i == j else value for j, value in enumerate(row)] for i, row in enumerate(matrix)]
