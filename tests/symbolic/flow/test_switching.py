"""The integrator on fields that have nothing to do with networks, with known event times."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest

from symbolic.errors import Undecided
from symbolic.flow.switching import (
    Accuracy,
    Arrival,
    FloatArray,
    SwitchedField,
    Termination,
    growth_rate,
    integrate_switched,
)


@dataclass(frozen=True)
class Ball:
    """A ball that falls with acceleration 1 and bounces without loss: from height 1/2 it hits at t = 1, 3, 5, ..."""

    decided: bool = True

    def velocity(self, state: FloatArray, mode: int) -> FloatArray:
        return np.array([state[1], -1.0])

    def guards(self, state: FloatArray, mode: int) -> FloatArray:
        return state[:1]

    def switch(self, state: FloatArray, mode: int, failed: list[int]) -> tuple[FloatArray, int]:
        if not self.decided:
            raise Undecided("no")
        assert failed == [0]
        return np.array([0.0, -state[1]]), mode + 1

    def speed(self, state: FloatArray, mode: int) -> float:
        return 1.0


@dataclass(frozen=True)
class Linear:
    """y' = diag(rates) y, without events."""

    rates: tuple[float, ...]

    def velocity(self, state: FloatArray, mode: None) -> FloatArray:
        return np.array(self.rates) * state

    def guards(self, state: FloatArray, mode: None) -> FloatArray:
        return np.zeros(0)

    def switch(self, state: FloatArray, mode: None, failed: list[int]) -> tuple[FloatArray, None]:
        raise AssertionError

    def speed(self, state: FloatArray, mode: None) -> float:
        return float(np.linalg.norm(self.velocity(state, mode)))


def silent(time: float, state: FloatArray, mode: object) -> None:
    pass


def run_linear(field: SwitchedField[None], start: list[float], end: float, method: str = "auto") -> Arrival[None]:
    return integrate_switched(field, np.array(start), None, end, silent, method=method)


@pytest.mark.parametrize("method", ["auto", "DOP853", "Radau"])
def test_events_are_found_where_they_are(method: str) -> None:
    hits: list[float] = []
    modes = [0]

    def observe(time: float, state: FloatArray, mode: int) -> None:
        if mode != modes[-1]:
            modes.append(mode)
            hits.append(time)

    arrival = integrate_switched(Ball(), np.array([0.5, 0.0]), 0, 8.0, observe, method=method)
    assert hits == pytest.approx([1, 3, 5, 7], abs=1e-8)
    assert arrival.events == 4
    assert arrival.state == pytest.approx([0.0 + 1 * 1 - 0.5, 0.0], abs=1e-8)


def test_an_undecided_switch_ends_the_run() -> None:
    arrival = integrate_switched(Ball(decided=False), np.array([0.5, 0.0]), 0, 8.0, silent)
    assert arrival.termination is Termination.KINK_UNDECIDED
    assert arrival.time == pytest.approx(1)


def test_a_sink_is_an_end_and_a_saddle_is_not() -> None:
    sink = run_linear(Linear((-1.0, -0.5)), [1.0, 1.0], 500.0)
    assert sink.termination is Termination.CONVERGED
    assert sink.time == pytest.approx(2 * math.log(0.5e9), rel=0.1)
    # It comes within 2e-10 of the saddle, where it is slower than a run at rest, and goes on.
    saddle = run_linear(Linear((-1.0, 1.0)), [1.0, 1e-20], 46.0)
    assert saddle.termination is Termination.TIME_OVER
    assert saddle.state[1] == pytest.approx(1e-20 * math.exp(46), rel=1e-2)


def test_rest_may_be_asked_for_more_strictly() -> None:
    arrival = integrate_switched(
        Linear((-1.0,)), np.array([1.0]), None, 500.0, silent, accuracy=Accuracy(rest=1e-4)
    )
    assert arrival.time == pytest.approx(math.log(1e4), abs=2)


def test_stiff_fields_are_left_to_the_implicit_solver() -> None:
    field = Linear((-1000.0, -0.1))
    arrivals = {method: run_linear(field, [1.0, 1.0], 10.0, method) for method in ("auto", "DOP853")}
    assert 3 * arrivals["auto"].steps < arrivals["DOP853"].steps
    for arrival in arrivals.values():
        assert arrival.time == 10.0
        assert arrival.state[1] == pytest.approx(math.exp(-1.0), rel=1e-7)


def test_growth_rates_are_eigenvalues() -> None:
    rate, largest = growth_rate(Linear((-3.0, 0.25, 0.0)), np.array([0.1, 0.2, 0.3]), None)
    assert rate == pytest.approx(0.25, abs=1e-8)
    assert largest == pytest.approx(3.0, abs=1e-8)
