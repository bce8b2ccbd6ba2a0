"""Square roots of rationals, rounded to a known side."""

from __future__ import annotations

from fractions import Fraction

from symbolic.enclosure import arb_of, endpoints, working_precision


def root_below(square: Fraction) -> Fraction:
    """A rational number at most the square root, within 2^-50 of it relatively; 0 for what is not positive."""
    return _root(square)[0]


def root_above(square: Fraction) -> Fraction:
    """A rational number at least the square root, within 2^-50 of it relatively; 0 for what is not positive."""
    return _root(square)[1]


def _root(square: Fraction) -> tuple[Fraction, Fraction]:
    if square <= 0:
        return Fraction(0), Fraction(0)
    with working_precision(64):
        low, high = endpoints(arb_of(square).sqrt())
    return max(low, Fraction(0)), high
