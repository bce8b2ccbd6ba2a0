"""The complete search: known systems, an exact account of the cover, and injected faults that must be noticed."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from flint import arb

from symbolic.enclosure import arb_of
from symbolic.solving import subdivision
from symbolic.solving.float_balls import FloatBall, Floats
from symbolic.solving.subdivision import Budget, SearchResult, search_simplex


@dataclass(frozen=True)
class Products:
    """F_i = (t_i - a_i)(t_i - b_i) for rationals a_i, b_i: 2^m zeros in the plane, those in increasing order count."""

    pairs: tuple[tuple[Fraction, Fraction], ...]

    @property
    def dimension(self) -> int:
        return len(self.pairs)

    def residual(self, point: Sequence[arb]) -> list[arb]:
        return [(t - arb_of(a)) * (t - arb_of(b)) for t, (a, b) in zip(point, self.pairs, strict=True)]

    def jacobian(self, point: Sequence[arb]) -> list[list[arb]]:
        m = self.dimension
        rows = [[arb(0)] * m for _ in range(m)]
        for i, (t, (a, b)) in enumerate(zip(point, self.pairs, strict=True)):
            rows[i][i] = 2 * t - arb_of(a + b)
        return rows

    def residual_balls(self, lower: Floats, upper: Floats) -> FloatBall:
        t = FloatBall.between(lower, upper)
        rows = [t[i].shifted(-a) * t[i].shifted(-b) for i, (a, b) in enumerate(self.pairs)]
        return FloatBall(np.stack([row.m for row in rows]), np.stack([row.r for row in rows])).sealed()

    def jacobian_balls(self, lower: Floats, upper: Floats) -> FloatBall:
        t = FloatBall.between(lower, upper)
        m = self.dimension
        result = FloatBall.zeros((m, m, lower.shape[1]))
        for i, (a, b) in enumerate(self.pairs):
            row = t[i].scaled(Fraction(2)).shifted(-(a + b))
            result.m[i, i], result.r[i, i] = row.m, row.r
        return result.sealed()


F = Fraction
TWO = Products(((F(1, 3), F(4, 5)), (F(1, 2), F(9, 10))))
"""In increasing order: (1/3, 1/2), (1/3, 9/10), (4/5, 9/10); not (4/5, 1/2)."""


def run(system: Products, budget: Budget | None = None) -> SearchResult:
    return search_simplex(system, system, accuracy=100, budget=budget)


def centers(result: SearchResult) -> list[tuple[Fraction, ...]]:
    return [tuple(value.limit_denominator(1000) for value in solution.center) for solution in result.solutions]


def test_all_increasing_zeros_and_no_other() -> None:
    result = run(TWO)
    assert result.complete
    assert not result.open_boxes
    assert centers(result) == [(F(1, 3), F(1, 2)), (F(1, 3), F(9, 10)), (F(4, 5), F(9, 10))]
    for solution in result.solutions:
        assert all(
            abs(a - b) <= solution.half_width
            for a, b in zip(solution.center, centers(result)[result.solutions.index(solution)], strict=True)
        )


def test_close_zeros_are_told_apart() -> None:
    result = run(Products(((F(1, 3), F(1, 3) + F(1, 10**9)), (F(1, 2), F(3, 2)))))
    assert result.complete
    assert len(result.solutions) == 2


def test_three_unknowns() -> None:
    result = run(Products(((F(1, 7), F(2, 7)), (F(3, 7), F(1, 9)), (F(5, 7), F(6, 7)))))
    assert result.complete
    # t_1 in {1/7, 2/7}, t_2 = 3/7 (1/9 is too small), t_3 in {5/7, 6/7}.
    assert len(result.solutions) == 4


def test_a_double_zero_stays_open() -> None:
    result = run(Products(((F(1, 3), F(1, 3)), (F(1, 2), F(3, 2)))), Budget(boxes=200_000))
    assert not result.complete
    assert any(
        box.lower[0] <= F(1, 3) <= box.upper[0] and box.lower[1] <= F(1, 2) <= box.upper[1] for box in result.open_boxes
    )


def test_a_zero_on_the_wall_stays_open() -> None:
    # t_1 = t_2 = 1/2 is a zero of the system but no increasing point.
    result = run(Products(((F(1, 2), F(2)), (F(1, 2), F(3, 2)))))
    assert not result.complete
    assert result.solutions == ()
    assert all(box.lower[i] <= F(1, 2) <= box.upper[i] for box in result.open_boxes for i in range(2))


def test_budgets_leave_open_boxes_that_cover_the_rest() -> None:
    for budget in (Budget(boxes=1), Budget(seconds=0.0)):
        result = run(TWO, budget)
        assert not result.complete
        assert "budget" in result.reason
        for zero in ((F(1, 3), F(1, 2)), (F(4, 5), F(9, 10))):
            assert any(
                all(low <= t <= high for low, t, high in zip(box.lower, zero, box.upper, strict=True))
                for box in result.open_boxes
            )


def test_a_dropped_box_is_missed_by_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    original = subdivision._Search._split
    calls = []

    def drop_one(self: subdivision._Search, batch: subdivision.Batch, *rest: Floats) -> None:
        original(self, batch, *rest)
        calls.append(1)
        if len(calls) == 3:
            last = self.stack.pop()
            self.stack.append(last.where(np.arange(len(last)) > 0))

    monkeypatch.setattr(subdivision._Search, "_split", drop_one)
    result = run(TWO)
    assert not result.complete
    assert "volume" in result.reason


def test_a_box_counted_twice_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    original = subdivision.Ledger.close
    calls = []

    def close_twice(self: subdivision.Ledger, depth: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
        original(self, depth)
        if depth.size and not calls:
            calls.append(1)
            original(self, depth)

    monkeypatch.setattr(subdivision.Ledger, "close", close_twice)
    assert not run(TWO).complete


def test_a_certificate_that_always_fails_leaves_the_zero_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subdivision, "has_unique_zero", lambda *arguments: False)
    result = run(TWO, Budget(boxes=100_000))
    assert not result.complete
    assert result.solutions == ()
    assert result.open_boxes


def test_one_failed_certificate_never_loses_a_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    original = subdivision.has_unique_zero
    for fail in range(6):
        calls = []

        def sometimes(*arguments: object, number: int = fail, seen: list[int] = calls) -> bool:
            seen.append(1)
            return len(seen) - 1 != number and original(*arguments)

        monkeypatch.setattr(subdivision, "has_unique_zero", sometimes)
        result = run(TWO)
        assert not result.complete or len(result.solutions) == 3
