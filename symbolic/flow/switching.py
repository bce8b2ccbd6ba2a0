"""Integration of a vector field that is smooth within modes and switches at events.

The integrator knows nothing of networks. A field says what its velocity is in a mode, when the mode ends (its guards)
and which mode comes next; every family of problems writes its own field.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import DOP853, Radau
from scipy.optimize import brentq

from symbolic.errors import InvalidProblem, Undecided

FloatArray = NDArray[np.float64]

Mode = TypeVar("Mode")

Solver = DOP853[Any] | Radau

METHODS = ("auto", "DOP853", "Radau")
"""Solvers of `scipy.integrate`: explicit of order 8, implicit for stiff fields, and each where it is the better."""

CREEP = 1e-3
"""An explicit step that changes the state by less than this is short for stability, not for accuracy."""

CREEPING_STEPS = 10
"""After so many creeping steps in a row the implicit solver takes over."""

STRIDE = 1.0
"""The explicit solver takes over again after an implicit step that changes the state by more than this."""

GRAZE = 1e-14
"""A guard has failed when it is below minus this: a mode that starts with a guard at zero up to rounding holds."""

SAMPLES_PER_STEP = 4
"""A guard is looked at this often within a step, so that one that fails and recovers within a step is seen."""

DIFFERENCE = 1e-6
"""Step of the central differences for Jacobians."""

UNSTABLE = 1e-4
"""A point at rest counts as unstable if a growth rate exceeds this fraction of the largest rate there."""


class Termination(StrEnum):
    """Why a run ended; only `CONVERGED` says that it came to rest."""

    CONVERGED = "converged"
    TIME_OVER = "time over"
    STEPS_USED_UP = "budget of steps used up"
    EVENTS_USED_UP = "budget of events used up"
    SOLVER_FAILED = "the solver could not go on"
    KINK_UNDECIDED = "undecided how the run leaves the kinks it reached"


class SwitchedField(Protocol[Mode]):
    """A vector field with modes.

    The state is a vector in coordinates in which absolute errors are meaningful: a field whose variables live on
    many scales takes logarithms first.
    """

    def velocity(self, state: FloatArray, mode: Mode) -> FloatArray:
        """The derivative of the state; smooth in a neighbourhood of every state the mode allows."""

    def guards(self, state: FloatArray, mode: Mode) -> FloatArray:
        """Numbers that are nonnegative while the mode holds; as many for all states of one mode."""

    def switch(self, state: FloatArray, mode: Mode, failed: list[int]) -> tuple[FloatArray, Mode]:
        """The state, put exactly on the surface it reached, and the mode in which it goes on; raises `Undecided`."""

    def speed(self, state: FloatArray, mode: Mode) -> float:
        """A measure of the velocity; below the tolerance of a run the state is at rest."""


@dataclass(frozen=True)
class Budget:
    """How much work a run may do; what is used up is said by its `Termination`."""

    steps: int = 20_000
    events: int = 2_000


@dataclass(frozen=True)
class Accuracy:
    """Local error allowed per step, and the speed below which a run is at rest.

    Attributes:
        relative: relative part of the local error.
        absolute: absolute part of the local error.
        rest: a run has converged when its speed is below this and no growth rate within its mode is positive.
    """

    relative: float = 1e-10
    absolute: float = 1e-12
    rest: float = 1e-9


@dataclass(frozen=True)
class Arrival(Generic[Mode]):
    """Where and why an integration ended, and what it took."""

    time: float
    state: FloatArray
    mode: Mode
    termination: Termination
    steps: int
    events: int


def integrate_switched(
    field: SwitchedField[Mode],
    state: FloatArray,
    mode: Mode,
    end_time: float,
    observe: Callable[[float, FloatArray, Mode], None],
    *,
    method: str = "auto",
    accuracy: Accuracy | None = None,
    budget: Budget | None = None,
) -> Arrival[Mode]:
    """Integrate y' = velocity(y, mode) from time 0, stopping at each zero of a guard to switch the mode.

    Args:
        field: the vector field.
        state: the start.
        mode: a mode that holds at the start.
        end_time: the run ends here at the latest; positive and finite.
        observe: called with time, state and mode at the start, at `SAMPLES_PER_STEP` times in every step, and before
            and after every event.
        method: one of `METHODS`.
        accuracy: local errors and rest, by default `Accuracy()`.
        budget: steps and events allowed, by default `Budget()`.

    Returns:
        The last time, state and mode, and the reason for the end.

    Guarantee: numerical. The local error of each step is estimated and kept below `accuracy`; event times are zeros of
    the dense output up to rounding. An event is missed only if a guard fails and recovers between two of the
    `SAMPLES_PER_STEP` looks within a step. `CONVERGED` means at rest with no growth rate above `UNSTABLE` within the
    mode; it is not a proof of a stationary point.

    Raises:
        InvalidProblem: an unknown method, or an end time that is not positive and finite.
    """
    accuracy, budget = accuracy or Accuracy(), budget or Budget()
    if method not in METHODS:
        raise InvalidProblem(f"the method is one of {', '.join(METHODS)}, not {method!r}")
    if not (0 < end_time < float("inf")):
        raise InvalidProblem(f"the end time must be positive and finite, not {end_time!r}")

    time, steps, events, creeping = 0.0, 0, 0, 0
    implicit = method == "Radau"

    def arrival(termination: Termination) -> Arrival[Mode]:
        return Arrival(time, state, mode, termination, steps, events)

    observe(time, state, mode)
    while True:
        solver = _solver(field, mode, time, state, end_time, implicit, accuracy)
        guards = field.guards(state, mode)
        while True:
            if _at_rest(field, state, mode, accuracy):
                return arrival(Termination.CONVERGED)
            if time >= end_time:
                return arrival(Termination.TIME_OVER)
            if steps >= budget.steps:
                return arrival(Termination.STEPS_USED_UP)
            solver.step()
            steps += 1
            if solver.status == "failed" or not np.all(np.isfinite(solver.y)):
                return arrival(Termination.SOLVER_FAILED)
            found = _first_failure(field, mode, solver, guards, observe)
            if found is not None:
                break
            change = (float(solver.t) - time) * field.speed(state, mode)
            time, state = float(solver.t), solver.y.copy()
            guards = field.guards(state, mode)
            creeping = creeping + 1 if change < CREEP else 0
            turn = creeping >= CREEPING_STEPS if not implicit else change > STRIDE
            if method == "auto" and turn and time < end_time:
                implicit, creeping = not implicit, 0
                solver = _solver(field, mode, time, state, end_time, implicit, accuracy)
        time, state, failed = found
        observe(time, state, mode)
        if events >= budget.events:
            return arrival(Termination.EVENTS_USED_UP)
        events += 1
        try:
            state, mode = field.switch(state, mode, failed)
        except Undecided:
            return arrival(Termination.KINK_UNDECIDED)
        observe(time, state, mode)


def _solver(
    field: SwitchedField[Mode],
    mode: Mode,
    time: float,
    state: FloatArray,
    end_time: float,
    implicit: bool,
    accuracy: Accuracy,
) -> Solver:
    def velocity(_: float, y: FloatArray) -> FloatArray:
        return field.velocity(y, mode)

    def jacobian(_: float, y: FloatArray) -> FloatArray:
        return _jacobian(field, y, mode)

    if implicit:
        return Radau(
            velocity, time, state, end_time, rtol=accuracy.relative, atol=accuracy.absolute, jac=jacobian
        )
    return DOP853(velocity, time, state, end_time, rtol=accuracy.relative, atol=accuracy.absolute)


def _first_failure(
    field: SwitchedField[Mode],
    mode: Mode,
    solver: Solver,
    before: FloatArray,
    observe: Callable[[float, FloatArray, Mode], None],
) -> tuple[float, FloatArray, list[int]] | None:
    """The first time within the last step at which a guard fails, the state there, and the guards that fail then;
    the looks before that time are observed."""
    start, end = float(solver.t_old), float(solver.t)
    dense = solver.dense_output()
    times = np.linspace(start, end, SAMPLES_PER_STEP + 1)
    previous = before
    for left, right in pairwise(times):
        state = solver.y.copy() if right == end else np.asarray(dense(right), dtype=np.float64)
        current = field.guards(state, mode)
        crossing = np.flatnonzero((previous >= -GRAZE) & (current < -GRAZE))
        if crossing.size:
            roots = {int(i): _root(field, mode, dense, int(i), float(left), float(right)) for i in crossing}
            first = min(roots.values())
            rounding = 4 * np.spacing(max(first, 1.0))
            failed = [i for i, root in roots.items() if root <= first + rounding]
            return first, np.asarray(dense(first), dtype=np.float64), failed
        observe(float(right), state, mode)
        previous = current
    return None


def _root(
    field: SwitchedField[Mode],
    mode: Mode,
    dense: Callable[[float], FloatArray],
    guard: int,
    left: float,
    right: float,
) -> float:
    def value(time: float) -> float:
        return float(field.guards(dense(time), mode)[guard]) + GRAZE

    if value(left) <= 0:  # the dense output and the step differ by rounding
        return left
    return float(brentq(value, left, right, xtol=2 * np.spacing(max(right, 1.0))))


def _at_rest(field: SwitchedField[Mode], state: FloatArray, mode: Mode, accuracy: Accuracy) -> bool:
    """Whether the state moves slower than `accuracy.rest` and is not merely passing a saddle."""
    if field.speed(state, mode) >= accuracy.rest:
        return False
    rate, largest = growth_rate(field, state, mode)
    return rate <= UNSTABLE * largest


def growth_rate(field: SwitchedField[Mode], state: FloatArray, mode: Mode) -> tuple[float, float]:
    """The largest real part, and the largest modulus, of the eigenvalues of the Jacobian of the velocity in a mode.

    Guarantee: numerical, by central differences; says nothing about leaving the mode.
    """
    eigenvalues = np.linalg.eigvals(_jacobian(field, state, mode))
    return float(eigenvalues.real.max(initial=0.0)), float(np.abs(eigenvalues).max(initial=0.0))


def _jacobian(field: SwitchedField[Mode], state: FloatArray, mode: Mode) -> FloatArray:
    """Row i, column k: the derivative of velocity i in coordinate k, by central differences."""
    columns = []
    for direction in np.eye(state.size) * DIFFERENCE:
        ahead, behind = field.velocity(state + direction, mode), field.velocity(state - direction, mode)
        columns.append((ahead - behind) / (2 * DIFFERENCE))
    return np.array(columns).T
