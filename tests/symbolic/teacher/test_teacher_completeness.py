"""All critical points of the fixed space of Delta(S_k): the certified list against a scan, and what stays open."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray
from oracles.teacher_descent import dense_loss

from symbolic.errors import InvalidProblem
from symbolic.problem import CompletenessStatus
from symbolic.teacher import completeness
from symbolic.teacher.certify import certify
from symbolic.teacher.completeness import search_circle
from symbolic.teacher.fixed_spaces import FixedSpace


def critical_directions(k: int, samples: int) -> list[tuple[float, float]]:
    """(A, B) by sign changes of the derivative of the least loss on each ray, from the dense loss in floats."""
    teacher = np.eye(k)

    def weights(phi: float) -> NDArray[np.float64]:
        beside = np.sin(phi) / np.sqrt(k - 1)
        return beside + (np.cos(phi) - beside) * teacher

    def best(phi: float) -> tuple[float, float]:
        # L(r U) = a r^2 - b r + c at r = 1, 2, 3.
        one, two, three = (dense_loss(r * weights(phi))[0] for r in (1.0, 2.0, 3.0))
        a = (three - 2 * two + one) / 2
        b = 3 * a - (two - one)
        return b / (2 * a), one - a + b - b * b / (4 * a)

    step = 2 * np.pi / samples
    values = [best(i * step + 0.1)[1] for i in range(samples)]
    found = []
    for i in range(samples):
        before, here, after = values[i - 1], values[i], values[(i + 1) % samples]
        if (here - before) * (after - here) <= 0:
            phi = i * step + 0.1
            radius = best(phi)[0]
            found.append((radius * np.cos(phi), radius * np.sin(phi) / np.sqrt(k - 1)))
    return found


@pytest.mark.parametrize("k", [10, *(pytest.param(k, marks=pytest.mark.slow) for k in (2, 3, 6, 17))])
def test_the_list_is_that_of_a_scan_of_all_directions(k: int) -> None:
    result = search_circle(FixedSpace((k,)))
    assert result.completeness.status is CompletenessStatus.PROVED_IN_BOX
    assert "no vanishing row" in result.completeness.caveat
    assert not result.open_arcs
    scanned = critical_directions(k, 800)
    assert len(result.points) == len(scanned) == 4
    for a, b in scanned:
        distances = [abs(float(p.center[0]) - a) + abs(float(p.center[1]) - b) for p in result.points]
        assert sum(distance < 0.01 for distance in distances) == 1


def test_known_points_are_used_and_not_repeated() -> None:
    space = FixedSpace((10,), inputs=13)
    known = [certify(space, [1.0, 0.0]), certify(space, [-0.8003, 0.1985])]
    result = search_circle(space, known)
    assert len(result.points) == 4
    assert set(known) <= set(result.points)


def test_large_k() -> None:
    result = search_circle(FixedSpace((1000,)))
    assert result.completeness.status is CompletenessStatus.PROVED_IN_BOX
    assert len(result.points) == 4


def test_a_small_budget_leaves_arcs_open() -> None:
    result = search_circle(FixedSpace((10,)), budget=100)
    assert result.completeness.status is CompletenessStatus.UNDECIDED
    assert result.open_arcs
    assert all(low < high for low, high in result.open_arcs)


def test_a_zero_that_cannot_be_certified_leaves_arcs_open(monkeypatch: pytest.MonkeyPatch) -> None:
    # Without the point near (-0.8, 0.2) its direction must not be closed.
    monkeypatch.setattr(completeness._Circle, "certify_nearby", lambda *arguments: None)
    monkeypatch.setattr(completeness, "SMALLEST", Fraction(1, 2**14))
    space = FixedSpace((10,))
    starts = [[1.0, 0.0], [0.15573, 0.15573], [-0.05573, -0.05573]]
    result = search_circle(space, [certify(space, start) for start in starts])
    assert result.completeness.status is CompletenessStatus.UNDECIDED
    missing = np.arctan2(3 * 0.19848, -0.80030)
    assert any(float(low) <= missing <= float(high) for low, high in result.open_arcs)
    assert all(abs(float(low) - missing) < 0.01 for low, _ in result.open_arcs)


@pytest.mark.parametrize(
    "space", [FixedSpace((5, 1)), FixedSpace((5,), (1,)), FixedSpace((5,), extra_rows=1)], ids=lambda space: space.text
)
def test_other_spaces_are_refused(space: FixedSpace) -> None:
    with pytest.raises(InvalidProblem):
        search_circle(space)
