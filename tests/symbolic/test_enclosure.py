"""Numbers: balls prove "not zero", never "zero"; algebraic numbers are compared exactly."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symbolic.enclosure import (
    AlgebraicNumber,
    Ball,
    Verdict,
    arb_of,
    bounds,
    enclose,
    endpoints,
    is_exact,
    midpoint,
    radius,
    sign,
    working_precision,
)
from symbolic.errors import InsufficientPrecision

ROOT_TWO = AlgebraicNumber((-2, 0, 1), Fraction(1), Fraction(2))
rationals = st.fractions(min_value=-(10**6), max_value=10**6, max_denominator=10**9)


def test_verdict_undecided_has_no_truth_value() -> None:
    assert Verdict.YES
    assert not Verdict.NO
    with pytest.raises(InsufficientPrecision):
        bool(Verdict.UNDECIDED)


@given(rationals, st.fractions(min_value=0, max_value=1, max_denominator=10**6))
def test_arb_of_holds_the_interval(value: Fraction, spread: Fraction) -> None:
    low, high = endpoints(arb_of(value, spread))
    assert low <= value - spread
    assert value + spread <= high


@given(rationals)
def test_midpoint_and_radius_are_exact(value: Fraction) -> None:
    with working_precision(100):
        ball = arb_of(value)
        assert abs(midpoint(ball) - value) <= radius(ball)


def test_algebraic_ball_shrinks_and_squares_to_two() -> None:
    coarse, fine = ROOT_TWO.enclose(64), ROOT_TWO.enclose(256)
    assert radius(fine) < radius(coarse)
    low, high = endpoints(fine)
    assert low**2 <= 2 <= high**2
    assert high - low < Fraction(1, 2**240)


def test_algebraic_identity_is_exact() -> None:
    assert ROOT_TWO.same_as(AlgebraicNumber((-2, 0, 1), Fraction(7, 5), Fraction(3, 2)))
    assert not ROOT_TWO.same_as(AlgebraicNumber((-2, 0, 1), Fraction(-2), Fraction(-1)))
    assert not ROOT_TWO.same_as(AlgebraicNumber((-3, 0, 1), Fraction(1), Fraction(2)))


def test_signs() -> None:
    assert [sign(Fraction(-1, 3)), sign(Fraction(0)), sign(ROOT_TWO)] == [-1, 0, 1]
    assert sign(AlgebraicNumber((-2, 0, 1), Fraction(-2), Fraction(-1))) == -1
    assert sign(Ball(Fraction(1, 4), Fraction(1, 8))) == 1
    for ball in (Ball(Fraction(1, 4), Fraction(1, 4)), Ball(Fraction(0), Fraction(0)), Ball(Fraction(0), Fraction(1))):
        with pytest.raises(InsufficientPrecision):
            sign(ball)


def test_bounds_and_exactness() -> None:
    assert bounds(Fraction(1, 3)) == (Fraction(1, 3), Fraction(1, 3))
    low, high = bounds(ROOT_TWO)
    assert low**2 < 2 < high**2
    assert bounds(Ball(Fraction(1), Fraction(1, 2))) == (Fraction(1, 2), Fraction(3, 2))
    assert is_exact(ROOT_TWO)
    assert not is_exact(Ball(Fraction(1), Fraction(1, 2)))


def test_precision_is_restored_after_an_error() -> None:
    with working_precision(77):
        before = midpoint(enclose(Fraction(1, 3), 77))
        with pytest.raises(ZeroDivisionError), working_precision(500):
            raise ZeroDivisionError
        assert midpoint(arb_of(Fraction(1, 3))) == before
