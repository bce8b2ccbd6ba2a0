"""The event-driven flow against fixed-step integrators, closed forms, and the identities of every gradient flow."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from symbolic.errors import BudgetExceeded, InvalidProblem
from symbolic.flow.gradient_flow import FlowEvent, FlowRun, integrate
from symbolic.flow.initialization import balanced, random_directions
from symbolic.flow.switching import Accuracy, Budget, Termination

Array = NDArray[np.float64]
Samples = Sequence[Sequence[int | Fraction]]

LINE: Samples = [(-2, 1), (-1, 1), (1, 1), (3, 1)]
LINE_TARGETS = [1, -1, 2, -2]


def plain_velocity(x: Array, y: Array, w: Array, a: Array) -> tuple[Array, Array]:
    """The gradient with relu'(0) = 0, from the definition, sample by sample."""
    residuals = [y[k] - sum(a[j] * max(w[j] @ x[k], 0.0) for j in range(len(a))) for k in range(len(y))]
    dw, da = np.zeros_like(w), np.zeros_like(a)
    for j in range(len(a)):
        for k in range(len(y)):
            if w[j] @ x[k] > 0:
                dw[j] += a[j] * residuals[k] * x[k] / len(y)
                da[j] += residuals[k] * (w[j] @ x[k]) / len(y)
    return dw, da


def fixed_steps(
    x: Samples, y: Sequence[int | Fraction], w0: Array, a0: Array, end: float, steps: int, *, order: int
) -> tuple[Array, Array]:
    """Euler (order 1) or the classical Runge-Kutta method (order 4), ignoring kinks."""
    xs = np.array([[float(v) for v in row] for row in x])
    ys = np.array([float(v) for v in y])
    w, a, h = w0.astype(float), a0.astype(float), end / steps
    for _ in range(steps):
        k1 = plain_velocity(xs, ys, w, a)
        if order == 1:
            w, a = w + h * k1[0], a + h * k1[1]
            continue
        k2 = plain_velocity(xs, ys, w + h / 2 * k1[0], a + h / 2 * k1[1])
        k3 = plain_velocity(xs, ys, w + h / 2 * k2[0], a + h / 2 * k2[1])
        k4 = plain_velocity(xs, ys, w + h * k3[0], a + h * k3[1])
        w = w + h / 6 * (k1[0] + 2 * k2[0] + 2 * k3[0] + k4[0])
        a = a + h / 6 * (k1[1] + 2 * k2[1] + 2 * k3[1] + k4[1])
    return w, a


def conserved(run: FlowRun) -> Array:
    return run.outer**2 - (run.inner**2).sum(axis=2)


def some_run(end_time: float = 40.0, scale: str = "1e-3") -> FlowRun:
    directions, signs = random_directions(6, 2, seed=3)
    start = balanced(directions, signs, scale)
    return integrate(LINE, LINE_TARGETS, start.inner, start.outer, end_time, scale=start.scale)


# Against other integrators


def test_inside_a_pattern_it_agrees_with_runge_kutta() -> None:
    w, a = np.array([[1.0, 0.5], [-0.5, 0.25]]), np.array([0.5, -1.0])
    x, y = [(1, 0), (2, 1), (-1, 1)], [1, -1, 2]
    run = integrate(x, y, w.tolist(), a.tolist(), 0.5)
    assert not run.events
    direct = fixed_steps(x, y, w, a, 0.5, 200, order=4)
    np.testing.assert_allclose(run.inner[-1], direct[0], atol=1e-9)
    np.testing.assert_allclose(run.outer[-1], direct[1], atol=1e-9)


@pytest.mark.parametrize("seed", [0, 5])
def test_across_kinks_it_agrees_with_small_fixed_steps(seed: int) -> None:
    generator = np.random.default_rng(seed)
    w, a = generator.normal(size=(3, 2)), generator.normal(size=3)
    run = integrate(LINE, LINE_TARGETS, w.tolist(), a.tolist(), 0.6)
    assert run.events
    direct = fixed_steps(LINE, LINE_TARGETS, w, a, 0.6, 600, order=4)
    np.testing.assert_allclose(run.inner[-1], direct[0], atol=2e-3)
    np.testing.assert_allclose(run.outer[-1], direct[1], atol=2e-3)


@pytest.mark.parametrize("method", ["DOP853", "Radau"])
def test_the_solvers_agree(method: str) -> None:
    directions, signs = random_directions(4, 2, seed=8)
    start = balanced(directions, signs, "1e-2")
    runs = [integrate(LINE, LINE_TARGETS, start.inner, start.outer, 8.0, method=m) for m in ("auto", method)]
    np.testing.assert_allclose(runs[0].inner[-1], runs[1].inner[-1], atol=1e-7)
    assert runs[0].final_patterns == runs[1].final_patterns


# Identities


def test_the_conserved_quantities_and_the_decay_of_the_loss() -> None:
    generator = np.random.default_rng(1)
    run = integrate(LINE, LINE_TARGETS, generator.normal(size=(4, 2)).tolist(), generator.normal(size=4).tolist(), 5.0)
    assert len(run.events) >= 2
    quantities = conserved(run)
    np.testing.assert_allclose(quantities, np.broadcast_to(quantities[0], quantities.shape), atol=1e-8)
    # dL/dt = -|gradient|^2: by the trapezoidal rule, whose error is of third order in the steps.
    widths = np.diff(run.times)
    squares = run.gradient_norms**2
    loss_of_energy = (squares[:-1] + squares[1:]) / 2 * widths
    fine = (widths < 0.02) & (widths > 0)
    assert fine.sum() > 20
    np.testing.assert_allclose(-np.diff(run.losses)[fine], loss_of_energy[fine], rtol=2e-2, atol=1e-6)
    assert (np.diff(run.losses) <= 1e-12).all()


def test_balanced_neurons_stay_balanced_at_every_scale() -> None:
    run = some_run(scale="1e-12", end_time=40.0)
    norms = np.linalg.norm(run.inner, axis=2)
    np.testing.assert_allclose(np.abs(run.outer), norms, rtol=1e-8, atol=0)


def test_the_flow_of_tiny_neurons_is_linear() -> None:
    """With the residuals at rest, w(t; lambda) / lambda does not depend on lambda."""
    runs = [some_run(end_time=3.0, scale=scale) for scale in ("1e-8", "1e-12")]
    sizes = [run.inner[-1] / run.scale for run in runs if run.scale]
    np.testing.assert_allclose(sizes[0], sizes[1], rtol=1e-8)
    assert [e.samples for e in runs[0].events] == [e.samples for e in runs[1].events]


def test_residuals_losses_and_patterns_belong_to_the_weights() -> None:
    run = some_run()
    for index in range(0, len(run.times), 25):
        values = np.array(LINE, dtype=float) @ run.inner[index].T
        residuals = np.array(LINE_TARGETS) - np.maximum(values, 0) @ run.outer[index]
        np.testing.assert_allclose(run.residuals[index], residuals, atol=1e-12)
        assert run.losses[index] == pytest.approx((residuals**2).sum() / 8)
        pattern = [p for t, p in run.patterns if t <= run.times[index]][-1]
        for word, row in zip(pattern, values.T, strict=True):
            signs = {"+": 1, "0": 0, "-": -1}
            size = np.abs(row).max() + 1e-300
            for letter, value in zip(word, row, strict=True):
                assert signs[letter] * value >= -1e-12 * size
                assert letter != "0" or abs(value) <= 1e-12 * size


def test_the_events_are_the_changes_of_the_patterns() -> None:
    run = some_run()
    words = [list(word) for word in run.patterns[0][1]]
    for event in run.events:
        for k in event.samples:
            assert words[event.neuron - 1][k - 1] == event.before
            words[event.neuron - 1][k - 1] = event.after
    assert tuple("".join(word) for word in words) == run.final_patterns
    assert run.events


# Kinks


def test_sliding_has_the_closed_form() -> None:
    """One neuron on the kink of sample 1, held there (D_A pushes it on, r_1 pushes it off): z' = z (1 - z^2) / 2."""
    run = integrate([(0, 1), (1, 1)], [-2, 1], [(Fraction(1, 4), 0)], [Fraction(1, 4)], 8.0)
    assert run.patterns == ((0.0, ("0+",)),)
    exact = 1 / np.sqrt(1 + 15 * np.exp(-run.times))
    np.testing.assert_allclose(run.inner[:, 0, 0], exact, rtol=1e-9)
    np.testing.assert_allclose(run.inner[:, 0, 1], 0, atol=1e-15)
    np.testing.assert_allclose(run.outer[:, 0], exact, rtol=1e-9)


def test_a_neuron_reaches_a_kink_and_slides_as_euler_does() -> None:
    x, y = [(0, 1), (1, 1)], [-2, 1]
    w, a = np.array([[0.5, 0.2]]), np.array([0.6])
    run = integrate(x, y, w.tolist(), a.tolist(), 2.0)
    assert [(e.neuron, e.samples, e.before, e.after) for e in run.events] == [(1, (1,), "+", "0")]
    euler = fixed_steps(x, y, w, a, 2.0, 15_000, order=1)
    np.testing.assert_allclose(run.inner[-1], euler[0], atol=2e-4)
    np.testing.assert_allclose(run.outer[-1], euler[1], atol=2e-4)


def test_sliding_ends_when_the_kink_no_longer_holds_the_neuron() -> None:
    """A second neuron fits sample 1, so that nothing holds the first neuron down there any more."""
    x, y = [(0, 1), (1, 1)], [-6, 2]
    w, a = np.array([[0.3, 0.01], [-3.0, 1.5]]), np.array([0.3, -1.5])
    run = integrate(x, y, w.tolist(), a.tolist(), 1.0)
    assert [(e.before, e.after) for e in run.events if e.neuron == 1] == [("+", "0"), ("0", "+")]
    assert run.patterns[-1][1][0] == "++"
    euler = fixed_steps(x, y, w, a, 1.0, 10_000, order=1)
    np.testing.assert_allclose(run.inner[-1], euler[0], atol=1e-3)
    np.testing.assert_allclose(run.outer[-1], euler[1], atol=1e-3)


def test_a_neuron_slides_on_two_kinks_at_once_as_euler_does() -> None:
    x, y = [(1, 0, 1), (0, 1, 1), (1, 1, 3)], [-2, -2, 2]
    w, a = np.array([[-0.4, -0.4, 0.42]]), np.array([0.5])
    run = integrate(x, y, w.tolist(), a.tolist(), 2.0)
    assert run.final_patterns == ("00+",)
    assert {e.samples for e in run.events} == {(1, 2)} or {e.samples for e in run.events} == {(1,), (2,)}
    euler = fixed_steps(x, y, w, a, 2.0, 10_000, order=1)
    np.testing.assert_allclose(run.inner[-1], euler[0], atol=1e-3)
    np.testing.assert_allclose(run.outer[-1], euler[1], atol=1e-3)


def test_a_neuron_is_held_on_three_dependent_kinks_as_by_euler() -> None:
    """Samples 1, 2, 3 are collinear: held on two of their kinks, the neuron is on the third."""
    x, y = [(-1, 0, 1), (0, 0, 1), (1, 0, 1), (0, 1, 1), (0, 2, 1)], [-8, -8, -2, 3, 3]
    w, a = np.array([[0.0, 1.0, 0.15]]), np.array([1.0])
    run = integrate(x, y, w.tolist(), a.tolist(), 1.0)
    assert [p for _, (p,) in run.patterns] == ["+++++", "-++++", "-0+++", "000++"]
    euler = fixed_steps(x, y, w, a, 1.0, 10_000, order=1)
    np.testing.assert_allclose(run.inner[-1], euler[0], atol=2e-3)
    np.testing.assert_allclose(run.outer[-1], euler[1], atol=2e-3)


def test_on_a_repelling_kink_the_derivative_of_relu_at_zero_is_zero() -> None:
    """D_A pushes down, D_A with the sample would push up: with relu'(0) = 0 the neuron goes down."""
    run = integrate([(0, 1), (1, 1)], [4, -1], [(1, 0)], [1], 0.25)
    assert run.patterns[-1][1] == ("-+",)
    assert run.inner[-1, 0, 1] < 0
    assert run.events == ()  # it never was on the kink for a time


def test_a_neuron_that_nothing_moves_off_the_kink_stays() -> None:
    """Orthogonal inputs: sample 1 never pushes a neuron that is not active on it, wherever the residual goes."""
    run = integrate([(1, 0), (0, 1)], [2, 3], [(0, 1)], [1], 50.0)
    assert run.converged
    assert run.final_patterns == ("0+",)
    np.testing.assert_allclose(run.final_residuals, [2, 0], atol=1e-7)
    assert (run.inner[:, 0, 0] == 0).all()


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([(1, 1), (2, 2), (-1, -1), (0, 0), (1, -1)], [1, -2, 2, 5, 1]),
        ([(1, 1), (1, 1), (-3, 2)], [2, -1, 1]),
    ],
    ids=["parallel, opposite and zero inputs", "repeated inputs with different targets"],
)
def test_degenerate_data_against_small_steps(x: Samples, y: list[int]) -> None:
    generator = np.random.default_rng(2)
    w, a = generator.normal(size=(3, 2)) / 2, generator.normal(size=3) / 2
    run = integrate(x, y, w.tolist(), a.tolist(), 1.5)
    euler = fixed_steps(x, y, w, a, 1.5, 4000, order=1)
    np.testing.assert_allclose(run.inner[-1], euler[0], atol=2e-3)
    np.testing.assert_allclose(run.outer[-1], euler[1], atol=2e-3)


def test_opposite_inputs_change_sides_together() -> None:
    x, y = [(1, 0), (-1, 0), (1, 2)], [-3, 1, 1]
    run = integrate(x, y, [(Fraction(1, 10), 1)], [1], 2.0)
    assert FlowEvent(run.events[0].time, 1, (1,), "+", run.events[0].after) == run.events[0]
    assert all({p[0][0], p[0][1]} in ({"+", "-"}, {"0"}) for _, p in run.patterns)


# Neurons that stay


def test_dead_zero_and_orthogonal_neurons_stay() -> None:
    x = [(1, 1, 0), (2, 1, 0)]
    w = [(-1, -1, 5), (0, 0, 0), (0, 0, 2), (0, 0, 0), (1, 0, 0)]
    a = [3, 2, 1, 0, 1]
    run = integrate(x, [1, -1], w, a, 5.0)
    assert run.final_patterns[:4] == ("--", "00", "00", "00")
    for index in range(4):
        np.testing.assert_allclose(run.inner[:, index] - run.inner[0, index], 0, atol=1e-15)
        np.testing.assert_allclose(run.outer[:, index] - run.outer[0, index], 0, atol=1e-15)
    assert run.losses[-1] < run.losses[0]


def test_a_zero_neuron_stays_on_more_kinks_than_dimensions() -> None:
    run = integrate([(1, 0), (-1, 0), (0, 1), (1, 1)], [1, -2, 3, 1], [(0, 0), (1, 1)], [1, 1], 20.0)
    assert {p[0] for _, p in run.patterns} == {"0000"}
    assert (run.inner[:, 0] == 0).all()
    assert run.outer[:, 0] == pytest.approx(1.0)


def test_an_output_weight_may_start_at_zero_and_change_sign() -> None:
    w, a = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0.0, 0.5])
    x, y = [(1, 1), (2, -1)], [-1, -1]
    run = integrate(x, y, w.tolist(), a.tolist(), 3.0)
    assert run.outer[-1, 0] < 0
    assert run.outer[-1, 1] < 0
    direct = fixed_steps(x, y, w, a, 3.0, 1500, order=4)
    np.testing.assert_allclose(run.outer[-1], direct[1], atol=1e-3)


def test_a_tiny_preactivation_keeps_its_sign_beside_large_ones() -> None:
    """The neuron fits sample 1 and misses sample 2 by 1e-12 of its size: a spurious end."""
    x = [(Fraction(3, 5), Fraction(4, 5)), (Fraction(-4, 5), Fraction(3, 5))]
    g = [(Fraction(7, 5), Fraction(1, 5))]  # <g, x_1> = 1, <g, x_2> = -1
    start = balanced(g, [1], "1e-12")
    run = integrate(x, [1, 1], start.inner, start.outer, 300.0, scale=start.scale)
    assert run.converged
    assert run.final_patterns == ("+-",)
    np.testing.assert_allclose(run.final_residuals, [0, 1], atol=1e-7)


# Ends


def test_every_end_is_said() -> None:
    start = balanced(*random_directions(6, 2, seed=3), "1e-3")
    assert some_run(end_time=2.0).termination is Termination.TIME_OVER
    assert some_run(end_time=2.0).times[-1] == 2.0
    few = {"steps": Budget(steps=5), "events": Budget(events=1)}
    ends = {
        name: integrate(LINE, LINE_TARGETS, start.inner, start.outer, 500.0, budget=budget).termination
        for name, budget in few.items()
    }
    assert ends == {"steps": Termination.STEPS_USED_UP, "events": Termination.EVENTS_USED_UP}


def test_convergence_is_rest_of_every_neuron() -> None:
    run = some_run(end_time=2000.0)
    assert run.converged
    assert run.final_gradient_norm < 1e-7
    assert run.growth < 1e-6
    later = integrate(
        LINE, LINE_TARGETS, run.inner[-1].tolist(), run.outer[-1].tolist(), 50.0, accuracy=Accuracy(rest=1e-12)
    )
    np.testing.assert_allclose(later.final_residuals, run.final_residuals, atol=1e-6)


def test_a_plateau_with_growing_neurons_is_not_an_end() -> None:
    start = balanced([(1, 1)], [1], "1e-12")
    run = integrate([(1, 0), (0, 1)], [1, 1], start.inner, start.outer, 10.0)
    assert run.gradient_norms[0] < 1e-11
    assert run.termination is Termination.TIME_OVER
    assert run.growth > 0.3


@pytest.mark.parametrize(
    "call",
    [
        lambda: integrate([], [], [(1,)], [1], 1.0),
        lambda: integrate([(1, 0), (1,)], [1, 1], [(1, 1)], [1], 1.0),
        lambda: integrate([(1, 0)], [1, 1], [(1, 1)], [1], 1.0),
        lambda: integrate([(1, 0)], [1], [(1,)], [1], 1.0),
        lambda: integrate([(1, 0)], [1], [(1, 1)], [1, 1], 1.0),
        lambda: integrate([(1, 0)], [1], [], [], 1.0),
        lambda: integrate([(1, 0)], [1], [(1, float("nan"))], [1], 1.0),
        lambda: integrate([(1, 0)], [1], [(1, 1)], [1], float("inf")),
        lambda: integrate([(1, 0)], [1], [(1, 1)], [1], 0.0),
        lambda: integrate([(1, 0)], [1], [(1, 1)], [1], 1.0, method="euler"),
    ],
)
def test_bad_input_has_one_clear_line(call: object) -> None:
    assert callable(call)
    with pytest.raises(InvalidProblem) as error:
        call()
    assert "\n" not in str(error.value)


def test_too_many_kinks_at_once_are_said() -> None:
    """Nine kinks through one line, and one more sample that pushes the neuron off all of them."""
    x = [(i, 1, 0) for i in range(9)] + [(1, 1, 1)]
    with pytest.raises(BudgetExceeded, match="9 kinks"):
        integrate(x, [2] * 10, [(0, 0, 1)], [1], 1.0)
