"""Transitions as records: what must go together, certified comparison, counts."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from flint import arb

from symbolic.enclosure import AlgebraicNumber, Ball, Verdict, arb_of, endpoints, working_precision
from symbolic.errors import InvalidProblem
from symbolic.flow.transitions import HESSIAN, NUMERICAL, Transition, is_less, rounded, tally

EDGE = Transition(
    source="p:B..1@1:zero",
    target="p:A.0.1@1:act",
    kind=HESSIAN,
    direction=(("c", Fraction(1)),),
    sign=1,
    rate=Ball(Fraction(1), Fraction(1, 2**100)),
    rate_evidence="certified",
    evidence=NUMERICAL,
    distance=1e-9,
    gradient_norm=1e-13,
    loss_before=Fraction(1, 2),
    loss_after=Fraction(1, 3),
    perturbation=1e-4,
    seed=None,
)


def test_a_transition_has_a_target_or_a_cause() -> None:
    assert EDGE.descends is Verdict.YES
    with pytest.raises(InvalidProblem, match="cause"):
        replace(EDGE, target=None)
    with pytest.raises(InvalidProblem, match="cause"):
        replace(EDGE, cause="lost")
    lost = replace(EDGE, target=None, cause="lost")
    assert lost.descends is Verdict.UNDECIDED


def test_less_is_proved_or_undecided() -> None:
    third = Fraction(1, 3)
    root = AlgebraicNumber((-2, 0, 1), Fraction(1), Fraction(2))
    assert is_less(third, Fraction(1, 2)) is Verdict.YES
    assert is_less(Fraction(1, 2), third) is Verdict.NO
    assert is_less(third, third) is Verdict.NO
    assert is_less(root, root) is Verdict.NO
    assert is_less(Fraction(14142135623730950488, 10**19), root) is Verdict.YES
    assert is_less(root, Fraction(14142135623730950489, 10**19)) is Verdict.YES
    wide = Ball(third, Fraction(1, 10))
    assert is_less(wide, wide) is Verdict.UNDECIDED
    assert is_less(wide, Fraction(2, 5)) is Verdict.UNDECIDED
    assert is_less(wide, Fraction(1, 2)) is Verdict.YES


def test_rounding_a_ball_keeps_what_is_in_it() -> None:
    with working_precision(500):
        for ball in (arb_of(Fraction(1, 3)), arb(2).sqrt(), -arb_of(Fraction(10**30, 7), Fraction(1, 10**40)), arb(0)):
            low, high = endpoints(ball)
            found = rounded(ball, 80)
            assert found.center - found.radius <= low
            assert high <= found.center + found.radius
            mantissa = found.center.numerator
            assert mantissa.bit_length() - (mantissa & -mantissa).bit_length() < 80
            assert found.radius <= abs(found.center) / 2**75


def test_the_tally_counts_every_run() -> None:
    lost = replace(EDGE, target=None, cause="lost")
    found = tally([EDGE, lost, lost, replace(lost, cause="slow"), EDGE])
    assert (found.runs, found.identified, found.causes) == (5, 2, (("lost", 2), ("slow", 1)))
    assert found.share == pytest.approx(0.4)
    assert tally([]).share == 1
