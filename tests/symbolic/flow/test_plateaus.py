"""Plateaus and slopes against the closed forms of orthogonal data, and against small synthetic runs."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from symbolic.errors import InvalidProblem, Undecided
from symbolic.flow.gradient_flow import FlowRun, integrate
from symbolic.flow.initialization import balanced
from symbolic.flow.plateaus import measured_slopes, staircase, time_of_loss

TESTS = Path(__file__).resolve().parents[2]
ORTHOGONAL = json.loads((TESTS / "ground_truth" / "dataset.json").read_text())["orthogonal"]
NAMES = sorted(ORTHOGONAL)

CLOSED_FORMS = {
    "O1_bpf_toy": ([2 / math.sqrt(5), 4 / math.sqrt(5)], ["1/2", "1/4", "0"]),
    "O2_neg_first": ([3 / 2, 3 / math.sqrt(2)], ["7/8", "5/24", "0"]),
}


@lru_cache
def run_of(name: str, scale: str) -> FlowRun:
    problem = ORTHOGONAL[name]
    start = balanced(
        [[Fraction(v) for v in neuron["g"]] for neuron in problem["init"]],
        [neuron["sign"] for neuron in problem["init"]],
        scale,
    )
    inputs = [[Fraction(v) for v in x] for x in problem["x"]]
    return integrate(inputs, [Fraction(y) for y in problem["y"]], start.inner, start.outer, 400.0, scale=start.scale)


@pytest.mark.parametrize("name", NAMES)
def test_the_plateaus_of_orthogonal_data_have_the_predicted_losses(name: str) -> None:
    run = run_of(name, "1e-12")
    assert run.converged
    path = ORTHOGONAL[name]["predicted"]["path"]
    losses = [Fraction(path[0]["loss_before"]), *(Fraction(step["loss_after"]) for step in path)]
    assert losses == [Fraction(v) for v in CLOSED_FORMS[name][1]]
    found = staircase(run).plateaus
    assert [p.loss for p in found] == pytest.approx([float(v) for v in losses], abs=2e-5)
    targets = np.array([float(Fraction(y)) for y in ORTHOGONAL[name]["y"]])
    for plateau, fit in zip(found, [path[0]["frm"], *(step["to"] for step in path)], strict=True):
        expected = [0.0 if k in fit else y for k, y in enumerate(targets, start=1)]
        np.testing.assert_allclose(plateau.residuals, expected, atol=5e-3)


@pytest.mark.parametrize("name", NAMES)
def test_the_slopes_of_orthogonal_data_are_the_predicted_times(name: str) -> None:
    predicted = [step["tau"] for step in ORTHOGONAL[name]["predicted"]["path"]]
    assert predicted == pytest.approx(CLOSED_FORMS[name][0], abs=1e-12)
    slopes = measured_slopes(run_of(name, "1e-12"), run_of(name, "1e-10"))
    assert slopes == pytest.approx(predicted, rel=3e-4)
    # The quotient itself is still far from its limit.
    far = staircase(run_of(name, "1e-12")).transitions[1] / math.log(1e12)
    assert abs(far - predicted[1]) > 0.02


@pytest.mark.parametrize("name", NAMES)
def test_the_final_patterns_and_residuals(name: str) -> None:
    run = run_of(name, "1e-12")
    np.testing.assert_allclose(run.final_residuals, 0, atol=1e-7)
    for word, active in zip(run.final_patterns, ORTHOGONAL[name]["predicted"]["active_sets"], strict=True):
        assert [k for k, letter in enumerate(word, start=1) if letter == "+"] == active


def synthetic(losses: list[float], norms: list[float]) -> FlowRun:
    count = len(losses)
    return replace(
        run_of("O1_bpf_toy", "1e-12"),
        times=np.arange(count, dtype=float),
        losses=np.array(losses),
        gradient_norms=np.array(norms),
        residuals=np.zeros((count, 2)),
    )


def test_plateaus_are_the_dips_of_the_gradient() -> None:
    run = synthetic([10, 9.99, 6, 5.01, 5, 4.99, 2, 0.01, 0], [1e-6, 0.1, 2, 0.1, 0.01, 0.1, 2, 0.1, 1e-9])
    stairs = staircase(run)
    assert [(p.time, p.start, p.end, p.loss) for p in stairs.plateaus] == [
        (0, 0, 1, 10),
        (4, 3, 5, 5),
        (8, 7, 8, 0),
    ]
    assert 1 < stairs.transitions[0] < 3
    assert 5 < stairs.transitions[1] < 7


def test_small_wiggles_and_dips_at_one_loss_are_one_plateau() -> None:
    shallow = synthetic([10, 6, 4, 3, 0], [1e-6, 2, 1.5, 2, 1e-9])
    assert [p.loss for p in staircase(shallow).plateaus] == [10, 0]
    double = synthetic([10, 9.99, 9.98, 9.97, 5, 0], [1e-6, 1e-3, 1e-7, 0.1, 2, 1e-9])
    assert [(p.time, p.loss) for p in staircase(double).plateaus] == [(2, 9.98), (5, 0)]


def test_a_run_stopped_while_the_loss_falls_has_no_plateau_at_its_end() -> None:
    run = synthetic([10, 9.99, 6], [1e-6, 0.1, 2])
    assert [p.loss for p in staircase(run).plateaus] == [10]
    assert staircase(run).transitions == ()


def test_the_time_of_a_loss_interpolates_a_cubic_exactly() -> None:
    """L = 8 - t^3 has dL/dt = -3 t^2, so the norm of the gradient is sqrt(3) t."""
    times = np.array([0.0, 0.5, 2.0])
    run = replace(synthetic([0.0] * 3, [0.0] * 3), times=times, losses=8 - times**3, gradient_norms=np.sqrt(3) * times)
    for level in (7.99, 7.0, 1.0, 8.0, 0.0):
        assert time_of_loss(run, level) == pytest.approx((8 - level) ** (1 / 3), abs=1e-10)
    with pytest.raises(InvalidProblem):
        time_of_loss(run, 9.0)


def test_slopes_need_two_comparable_runs() -> None:
    run = run_of("O1_bpf_toy", "1e-12")
    with pytest.raises(InvalidProblem):
        measured_slopes(run, run)
    with pytest.raises(InvalidProblem):
        measured_slopes(run, replace(run, scale=None))
    with pytest.raises(Undecided, match="2 and 1"):
        measured_slopes(run, replace(synthetic([10, 6, 0], [1e-6, 2, 1e-9]), scale=1e-3))
    with pytest.raises(InvalidProblem):
        staircase(run, flat=0.0)
