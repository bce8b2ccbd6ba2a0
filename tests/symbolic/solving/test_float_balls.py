"""Double-precision balls hold the exact result, and would not without their rounding slack."""

import random
from fractions import Fraction

import numpy as np
import pytest

from symbolic.solving import float_balls
from symbolic.solving.float_balls import FloatBall


def random_ball(generator: random.Random, count: int) -> tuple[FloatBall, list[Fraction]]:
    """A ball and a point inside it for every entry."""
    m = np.array([generator.uniform(-2, 2) for _ in range(count)])
    r = np.array([generator.choice([0.0, 1e-9, 1e-3]) * generator.random() for _ in range(count)])
    shares = [Fraction(generator.uniform(-1, 1)) for _ in range(count)]
    points = [Fraction(a) + Fraction(b) * share for a, b, share in zip(m.tolist(), r.tolist(), shares, strict=True)]
    return FloatBall(m, r), points


def misses(ball: FloatBall, points: list[Fraction]) -> int:
    sealed = ball.sealed()
    return sum(
        not Fraction(m) - Fraction(r) <= point <= Fraction(m) + Fraction(r)
        for m, r, point in zip(sealed.m.tolist(), sealed.r.tolist(), points, strict=True)
    )


def chain(seed: int) -> int:
    """Random expressions of depth 12 on 50 entries; the number of entries whose ball misses the exact value."""
    generator = random.Random(seed)
    ball, points = random_ball(generator, 50)
    third = Fraction(1, 3)
    for _ in range(12):
        other, values = random_ball(generator, 50)
        match generator.randrange(5):
            case 0:
                ball, points = ball + other, [a + b for a, b in zip(points, values, strict=True)]
            case 1:
                ball, points = ball - other, [a - b for a, b in zip(points, values, strict=True)]
            case 2:
                ball, points = ball * other, [a * b for a, b in zip(points, values, strict=True)]
            case 3:
                ball, points = ball.scaled(third), [a * third for a in points]
            case _:
                ball, points = ball.shifted(third), [a + third for a in points]
    return misses(ball, points)


@pytest.mark.parametrize("seed", range(20))
def test_every_operation_holds_the_exact_result(seed: int) -> None:
    assert chain(seed) == 0


def test_without_slack_results_are_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(float_balls, "UNIT", 0.0)
    assert sum(chain(seed) for seed in range(20)) > 0


def test_between_holds_both_ends() -> None:
    low, high = np.array([0.1, -3.0, 0.0]), np.array([0.3, 5e-17, 0.0])
    ball = FloatBall.between(low, high).sealed()
    for a, b, m, r in zip(low.tolist(), high.tolist(), ball.m.tolist(), ball.r.tolist(), strict=True):
        assert Fraction(m) - Fraction(r) <= Fraction(a)
        assert Fraction(b) <= Fraction(m) + Fraction(r)
