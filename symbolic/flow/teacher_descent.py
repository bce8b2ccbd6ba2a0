"""The gradient flow of the teacher loss, from a start to the critical point where it comes to rest.

Symmetries of the start are kept by the flow, but not by rounding. So a run from a start with known symmetry is made in
the space of weights with these symmetries: one coordinate for each orbit of entries, whose velocity is minus the mean
of the gradient on it. The equation is stiff near critical points and smooth where no row vanishes: LSODA with the exact
Hessian, then Newton's iteration on grad L.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from symbolic.errors import InvalidProblem
from symbolic.flow.switching import Termination
from symbolic.teacher.arithmetic import FloatArray
from symbolic.teacher.dense import float_hessian, float_loss
from symbolic.teacher.kernel import VANISHING

if TYPE_CHECKING:
    from scipy.integrate import LSODA

HORIZON = 1e8
"""The flow is followed up to this time."""

LOOK = 5
"""The state is looked at after so many steps."""

QUIET = 1e-6
"""Newton's iteration is tried where the gradient is below this."""

NEWTON_STEPS = 12

RANK = 1e-9
"""Eigenvalues of the Hessian below this fraction of the largest one do not take part in Newton's iteration."""

NEAR = 1e-3
"""Newton's iteration may move a point so far, beside its norm."""

BACK = 0.1
"""Newton's iteration may move a point by this fraction of its distance from the start of the run."""

SLACK = 1e-9
"""The loss may be so much larger after Newton's iteration as rounding."""

VANISHED = 1e-7
"""A row shorter than this has vanished."""


@dataclass(frozen=True)
class RunBudget:
    """What one run may use, and what counts as at rest.

    Attributes:
        steps: steps of the integrator.
        relative, absolute: local error per step.
        rest: a run has converged when the norm of the gradient is below this, beside the number of rows.
    """

    steps: int = 4_000
    relative: float = 1e-6
    absolute: float = 1e-9
    rest: float = 1e-12


@dataclass(frozen=True)
class Start:
    """A start near a critical point `origin`, as plain numbers that any executor can send to another process.

    `pattern` numbers the orbits of the entries of the n x d weights; the run stays in the space where entries of one
    orbit are equal. The run is looked at only once it is farther than `away` from the origin.
    """

    teachers: int
    origin: tuple[tuple[float, ...], ...]
    weights: tuple[tuple[float, ...], ...]
    pattern: tuple[tuple[int, ...], ...]
    away: float
    budget: RunBudget = dataclasses.field(default_factory=RunBudget)


@dataclass(frozen=True)
class Descent:
    """Where a run ended: weights, loss, norm of the gradient, time, steps, why, and whether a row vanished."""

    weights: tuple[tuple[float, ...], ...]
    loss: float
    gradient_norm: float
    time: float
    steps: int
    termination: Termination
    vanished: bool = False

    @property
    def converged(self) -> bool:
        return self.termination is Termination.CONVERGED


class SymmetricFlow:
    """W' = -grad L(W) on the weights that are constant on given orbits of entries.

    Args:
        teachers: their number k.
        pattern: n x d numbers 0, 1, ... of the orbits. They must be the orbits of a group that leaves L unchanged; then
            the space is invariant.
    """

    def __init__(self, teachers: int, pattern: tuple[tuple[int, ...], ...]) -> None:
        self.teachers = teachers
        self.pattern = np.array(pattern)
        self._flat = self.pattern.ravel()
        self.counts = np.bincount(self._flat).astype(float)
        classes = {tuple(sorted(row)): number for number, row in reversed(list(enumerate(self.pattern.tolist())))}
        self._representatives = sorted(classes.values())
        self._own = self.pattern[self._representatives].ravel()
        self._own_counts = np.bincount(self._own).astype(float)
        self._units = np.eye(teachers, self.pattern.shape[1])
        self._signs = np.concatenate((np.ones(len(self.pattern)), -np.ones(teachers)))
        self._indicator = np.zeros((len(self._flat), len(self.counts)))
        self._indicator[np.arange(len(self._flat)), self._flat] = 1.0

    def state(self, weights: FloatArray) -> FloatArray:
        """The means of the entries over the orbits."""
        means: FloatArray = np.bincount(self._flat, weights=weights.ravel()) / self.counts
        return means

    def weights(self, state: FloatArray) -> FloatArray:
        """n x d."""
        weights: FloatArray = state[self.pattern]
        return weights

    def gradient(self, state: FloatArray) -> FloatArray:
        """The gradient in the metric of the weights: of each orbit the mean of the entries of grad L.

        Only one row of each class is looked at: the group exchanges those with the same orbits.
        """
        weights = self.weights(state)
        rows = weights[self._representatives]
        others = np.concatenate((weights, self._units))
        squares = np.einsum("ic,ic->i", rows, rows)
        if not np.isfinite(squares).all() or not squares.all() or not weights.any(axis=1).all():
            raise InvalidProblem(VANISHING)
        product = rows @ others.T
        along = product / squares[:, None]
        residue = others[None, :, :] - along[:, :, None] * rows[:, None, :]
        distance = np.sqrt(np.einsum("ijc,ijc->ij", residue, residue))
        lengths = np.sqrt(squares)[:, None]
        supplement = np.arctan2(lengths * distance, -product)
        # grad_w f = (s/|w|^2 w + (pi - theta) v) / (2 pi); that of a row with itself is w/2, with s = 0.
        radial = (distance / lengths) @ self._signs
        entries = (radial[:, None] * rows + (supplement * self._signs) @ others) / (2 * np.pi)
        means: FloatArray = np.bincount(self._own, weights=entries.ravel()) / self._own_counts
        return means

    def jacobian(self, state: FloatArray) -> FloatArray:
        """Of `gradient`."""
        hessian = float_hessian(self.weights(state), self.teachers)
        reduced: FloatArray = self._indicator.T @ (hessian @ self._indicator) / self.counts[:, None]
        return reduced

    def norm(self, velocity: FloatArray) -> float:
        """|W| of weights with these entries on the orbits."""
        return float(np.sqrt((self.counts * velocity**2).sum()))

    def loss(self, state: FloatArray) -> float:
        return float_loss(self.weights(state), self.teachers)

    def shortest_row(self, state: FloatArray) -> float:
        return float(np.linalg.norm(self.weights(state), axis=1).min())


def descend(start: Start) -> Descent:
    """Follow the gradient flow from a start near a critical point to the next critical point.

    Args:
        start: where the run starts and what it may use.

    Returns:
        The end of the run with the reason for it.

    Guarantee: numerical. `CONVERGED` says that the norm of the gradient is below `budget.rest` times the number of
    rows. A saddle that the flow comes so near to is an end as well; a start with symmetry may well end in a saddle.
    """
    flow = SymmetricFlow(start.teachers, start.pattern)
    state, origin = flow.state(np.array(start.weights)), flow.state(np.array(start.origin))
    rest = start.budget.rest * len(start.weights)
    time, steps, armed = 0.0, 0, False

    def end(termination: Termination, vanished: bool = False) -> Descent:
        try:
            norm, loss = flow.norm(flow.gradient(state)), flow.loss(state)
        except InvalidProblem:
            norm = loss = float("nan")
        weights = tuple(tuple(map(float, row)) for row in flow.weights(state))
        return Descent(weights, loss, norm, time, steps, termination, vanished)

    solver = _solver(flow, state, start.budget)
    while steps < start.budget.steps:
        try:
            solver.step()
        except InvalidProblem:
            # A row became 0, or a step was so long that the weights are not finite.
            return end(Termination.SOLVER_FAILED, flow.shortest_row(state) < VANISHED)
        steps += 1
        if solver.status == "failed" or not np.all(np.isfinite(solver.y)):
            return end(Termination.SOLVER_FAILED, flow.shortest_row(state) < VANISHED)
        state, time = solver.y.copy(), float(solver.t)
        if solver.status == "finished":
            return end(Termination.TIME_OVER)
        if steps % LOOK:
            continue
        if flow.shortest_row(state) < VANISHED:
            return end(Termination.SOLVER_FAILED, True)
        armed = armed or flow.norm(state - origin) > start.away
        if armed and flow.norm(flow.gradient(state)) < QUIET:
            polished = polish(flow, state, rest)
            # Near a saddle of small eigenvalues the gradient is as small as near the end, and Newton goes back to it.
            if polished is not None and flow.norm(polished - state) < BACK * flow.norm(state - origin):
                state = polished
                return end(Termination.CONVERGED)
    return end(Termination.STEPS_USED_UP)


def _solver(flow: SymmetricFlow, state: FloatArray, budget: RunBudget) -> LSODA:
    from scipy.integrate import LSODA  # slow to load, so not with the module

    def velocity(_: float, y: FloatArray) -> FloatArray:
        return -flow.gradient(y)

    def jacobian(_: float, y: FloatArray) -> FloatArray:
        return -flow.jacobian(y)

    return LSODA(velocity, 0.0, state, HORIZON, rtol=budget.relative, atol=budget.absolute, jac=jacobian)


def polish(flow: SymmetricFlow, state: FloatArray, rest: float) -> FloatArray | None:
    """Newton's iteration W - H^+ grad L, H^+ the inverse of the Hessian on its eigenvectors of large eigenvalue.

    On a splitting family H vanishes along the family, and the iteration goes to a nearby point of it. None if the
    gradient does not get below `rest`, the point moves far, or the loss grows: then the flow is still on its way.
    """
    scale = np.sqrt(flow.counts)
    point, loss = state.copy(), flow.loss(state)
    try:
        gradient = flow.gradient(point)
        for _ in range(NEWTON_STEPS):
            if flow.norm(gradient) < rest:
                break
            # In orthonormal coordinates the reduced Hessian is symmetric.
            values, vectors = np.linalg.eigh(scale[:, None] * flow.jacobian(point) / scale[None, :])
            large = np.abs(values) > RANK * np.abs(values).max()
            step = vectors[:, large] @ ((vectors[:, large].T @ (scale * gradient)) / values[large])
            point = point - step / scale
            if flow.norm(point - state) > NEAR * (1 + flow.norm(state)):
                return None
            gradient = flow.gradient(point)
        if flow.norm(gradient) < rest and flow.loss(point) <= loss + SLACK:
            return point
    except InvalidProblem:
        return None
    return None
