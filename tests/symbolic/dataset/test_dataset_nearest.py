"""Distances of data-set networks: against numpy, differences, and points that are in the strata."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from symbolic.dataset.nearest import TrainedDataset
from symbolic.dataset.problem import DatasetProblem
from symbolic.surveys import survey, survey_strata

TENT = DatasetProblem(
    "tent", tuple((Fraction(x),) for x in (-1, 0, 1)), tuple(Fraction(y) for y in (0, 1, 0)), bias=True
)
SAMPLES = np.array([[float(x) for x in row] for row in TENT.samples])
TARGETS = np.array([float(y) for y in TENT.targets])


def network_of(w, a) -> TrainedDataset:
    return TrainedDataset(
        TENT, [tuple(Fraction(float(x)) for x in row) for row in w], tuple(Fraction(float(x)) for x in a)
    )


def loss_of(w, a) -> float:
    return float(((TARGETS - a @ np.maximum(w @ SAMPLES.T, 0)) ** 2).sum() / (2 * len(TARGETS)))


def test_loss_residuals_and_gradient_are_those_of_numpy() -> None:
    generator = np.random.default_rng(6)
    for _ in range(10):
        w, a = generator.normal(size=(3, 2)), generator.normal(size=3)
        network = network_of(w, a)
        assert float(network.loss) == pytest.approx(loss_of(w, a), rel=1e-12)
        own = np.concatenate([np.array([[float(x) for x in row] for row, _ in network.gradients]).ravel(),
                              [float(x) for _, x in network.gradients]])
        step, wanted = 1e-6, []
        point = np.concatenate([w.ravel(), a])
        for i in range(len(point)):
            ends = []
            for sign in (1, -1):
                moved = point.copy()
                moved[i] += sign * step
                ends.append(loss_of(moved[:6].reshape(3, 2), moved[6:]))
            wanted.append((ends[0] - ends[1]) / (2 * step))
        assert np.allclose(own, wanted, atol=1e-7)
        assert float(network.squared_gradient) == pytest.approx(float(own @ own))


def test_scaling_changes_no_normalized_neuron() -> None:
    w, a = np.array([[1.0, -0.5], [0.25, 3.0]]), np.array([2.0, -1.0])
    one, other = network_of(w, a), network_of(w * [[4.0], [1 / 32]], a / [4.0, 1 / 32])
    assert one.neurons == other.neurons
    assert one.normalized_squared_gradient == other.normalized_squared_gradient


@pytest.mark.slow
def test_bounds_hold_at_moved_points_of_every_stratum() -> None:
    """The point constructed is in the stratum, and the lower bound is below the known distance to a point of it."""
    surveyed = survey(TENT, 2)
    residuals = {one.label: one.residuals for one in surveyed.functions}
    generator = np.random.default_rng(2)
    constructed = 0
    for stratum in survey_strata(surveyed).strata:
        w = np.array([[float(x) for x in row] for row in stratum.sample_w])
        a = np.array([float(x) for x in stratum.sample_a])
        here = network_of(w, a)
        if any(one.is_zero or one.a == 0 for one in here.neurons):
            continue
        moved = network_of(w + 1e-6 * generator.normal(size=w.shape), a + 1e-6 * generator.normal(size=a.shape))
        distance = float(
            sum(
                sum((x - y) ** 2 for x, y in zip(p.w, q.w, strict=True)) + (p.a - q.a) ** 2
                for p, q in zip(here.neurons, moved.neurons, strict=True)
            )
        ) ** 0.5
        options = [dict(row) for row in moved.options(Fraction(1, 1000))]
        least = sum(row[one] for row, one in zip(options, stratum.neurons, strict=True))
        assert float(least) ** 0.5 <= distance * (1 + 1e-9)
        wanted = residuals[stratum.function]
        assert not moved.excludes(wanted, Fraction(distance) * 2)
        others = [one for label, one in residuals.items() if label != stratum.function]
        assert all(moved.excludes(one, Fraction(distance)) for one in others)
        most = moved.place(stratum.neurons, wanted)
        if most is not None:
            constructed += 1
            assert most**2 >= least
            assert float(most) < 100 * distance
    assert constructed > 20
