"""The gradient flow of a network on an interval, from a start to the critical point where it comes to rest.

L is C^1 away from neurons w = b = 0 and its gradient is Lipschitz, so the flow theta' = -grad L is an ordinary stiff
equation: LSODA with the exact Hessian, then Newton's iteration on grad L.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from symbolic.flow.interval_field import FloatArray, IntervalField
from symbolic.flow.switching import Termination
from symbolic.interval.problem import IntervalProblem

if TYPE_CHECKING:
    from scipy.integrate import BDF, LSODA

    Solver = BDF[Any] | LSODA

HORIZON = 1e14
"""The flow is followed up to this time."""

LOOK = 5
"""The state is looked at after so many steps."""

QUIET = 1e-8
"""Newton's iteration is tried where the gradient is below this."""

NEWTON_STEPS = 8

RANK = 1e-9
"""Eigenvalues of the Hessian below this fraction of the largest one do not take part in Newton's iteration."""

ASLEEP = 1e-6
"""A neuron is asleep if it is inactive on all of [a, b] but for a part shorter than this."""

WAKE = 1e-4
"""How far inside the breakpoint of a sleeping neuron is put that the flow would wake, beside the length of [a, b]."""

WAKES = 8
"""So many times at most in a run."""


@dataclass(frozen=True)
class RunBudget:
    """What one run may use, and what counts as at rest.

    Attributes:
        steps: steps of the integrator.
        patience: after so many of them the slower and more robust integrator goes on.
        relative, absolute: local error per step.
        rest: a run has converged when the norm of the gradient is below this.
    """

    steps: int = 6_000
    patience: int = 3_000
    relative: float = 1e-8
    absolute: float = 1e-10
    rest: float = 1e-12


@dataclass(frozen=True)
class Start:
    """A start near a critical point `origin`, as plain numbers that any executor can send to another process.

    The run is looked at only once it is farther than `away` from the origin, or slower there than it was.
    """

    problem: IntervalProblem
    origin: tuple[float, ...]
    parameters: tuple[float, ...]
    away: float
    budget: RunBudget = dataclasses.field(default_factory=RunBudget)


@dataclass(frozen=True)
class Descent:
    """Where a run ended: parameters, loss, norm of the gradient, time, steps, sleeping neurons put back, and why."""

    parameters: tuple[float, ...]
    loss: float
    gradient_norm: float
    time: float
    steps: int
    wakes: int
    termination: Termination

    @property
    def converged(self) -> bool:
        return self.termination is Termination.CONVERGED


def descend(start: Start) -> Descent:
    """Follow the gradient flow from a start near a critical point to the next critical point.

    Args:
        start: the problem, where the run starts and what it may use.

    Returns:
        The end of the run with the reason for it.

    Guarantee: numerical. `CONVERGED` says that the norm of the gradient is below `budget.rest`; a saddle that the flow
    comes so near to is an end as well. A ReLU neuron whose breakpoint has come to the end of [a, b] where it is
    inactive never gets there in finite time; where the sign of v r at that end is such that it would come back, it is
    put back inside and the run goes on.
    """
    budget = start.budget
    field = IntervalField(start.problem, (len(start.parameters) - 1) // 3)
    state, origin = np.array(start.parameters), np.array(start.origin)
    time, steps, wakes, armed = 0.0, 0, 0, False

    def end(termination: Termination) -> Descent:
        norm = float(np.linalg.norm(field.gradient(state)))
        return Descent(tuple(map(float, state)), field.loss(state), norm, time, steps, wakes, termination)

    while True:
        solver = _solver(field, time, state, budget, robust=steps >= budget.patience)
        while True:
            if steps >= budget.steps:
                return end(Termination.STEPS_USED_UP)
            if steps == budget.patience:
                solver = _solver(field, time, state, budget, robust=True)
            solver.step()
            steps += 1
            if solver.status == "failed" or not np.all(np.isfinite(solver.y)):
                return end(Termination.SOLVER_FAILED)
            state, time = solver.y.copy(), float(solver.t)
            if solver.status == "finished":
                return end(Termination.TIME_OVER)
            if steps % LOOK:
                continue
            armed = armed or float(np.linalg.norm(state - origin)) > start.away
            if armed and float(np.linalg.norm(field.gradient(state))) < QUIET:
                polished = polish(field, state, budget.rest)
                if polished is not None:
                    break
        woken = _woken(field, polished) if wakes < WAKES else None
        if woken is None:
            state = polished
            return end(Termination.CONVERGED)
        state, wakes = woken, wakes + 1


def _solver(field: IntervalField, time: float, state: FloatArray, budget: RunBudget, *, robust: bool) -> Solver:
    """LSODA is the faster by far, but creeps now and then where a breakpoint moves along an end, which BDF does not."""
    from scipy.integrate import BDF, LSODA  # slow to load, so not with the module

    def velocity(_: float, y: FloatArray) -> FloatArray:
        return -field.gradient(y)

    def jacobian(_: float, y: FloatArray) -> FloatArray:
        return -field.hessian(y)

    relative, absolute = budget.relative, budget.absolute
    if robust:
        return BDF(velocity, time, state, HORIZON, rtol=relative, atol=absolute, jac=jacobian)
    return LSODA(velocity, time, state, HORIZON, rtol=relative, atol=absolute, jac=jacobian)


def polish(field: IntervalField, state: FloatArray, rest: float) -> FloatArray | None:
    """Newton's iteration theta - H^+ grad L, H^+ the inverse of the Hessian on its eigenvectors of large eigenvalue.

    The set of critical points near a critical point is a manifold as a rule, along which H vanishes; the iteration goes
    to a nearby point of it. None if the gradient does not get below `rest`, or the point moves far.
    """
    point = state.copy()
    gradient = field.gradient(point)
    for _ in range(NEWTON_STEPS):
        if float(np.linalg.norm(gradient)) < rest:
            return point
        values, vectors = np.linalg.eigh(field.hessian(point))
        large = np.abs(values) > RANK * np.abs(values).max()
        step = vectors[:, large] @ ((vectors[:, large].T @ gradient) / values[large])
        point = point - step
        if float(np.linalg.norm(point - state)) > 1e-3 * (1 + float(np.linalg.norm(state))):
            return None
        gradient = field.gradient(point)
    return point if float(np.linalg.norm(gradient)) < rest else None


def _woken(field: IntervalField, state: FloatArray) -> FloatArray | None:
    """The state with the sleeping neurons that would come back (v r < 0 at their end) put inside; None if there is
    none.

    A breakpoint at distance eps inside an end e where the neuron is inactive changes L by v |w| r(e) eps^2 + ..., so
    it moves away from the end if v r(e) < 0.
    """
    if field.leak:
        return None
    w, _, v, _ = field.split(state)
    places = field.breakpoints(state)
    length = field.end - field.start
    result = None
    for j in range(field.width):
        end, inward = (field.end, -1) if w[j] > 0 else (field.start, 1)
        if v[j] == 0 or abs(places[j] - end) > ASLEEP * length:
            continue
        if v[j] * field.residuals(state, np.array([end]))[0] < -1e-9:
            if result is None:
                result = state.copy()
            result[field.width + j] = -w[j] * (end + inward * WAKE * length)
    return result
