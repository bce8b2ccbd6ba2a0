"""Runs of the gradient flow of a data set out of a saddle, as plain numbers that any executor can send around."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from symbolic.dataset.escape import Vector, dot
from symbolic.errors import BudgetExceeded, Undecided
from symbolic.flow.sample_field import SampleField, SampleMode
from symbolic.flow.switching import Accuracy, Budget, FloatArray, Termination, integrate_switched

STEADY = 1e-7
"""A neuron does not grow or turn if its relative rate is below this fraction of the mean of |x_k| |y_k|."""

QUIET = 1e-7
"""A run that was stopped is at rest if the gradient is below this fraction of its largest norm."""


@dataclass(frozen=True)
class RunBudget:
    """What one run may use.

    Attributes:
        steps: of the integrator.
        events: changes of pattern.
        horizon: the run ends at this time, beside the time 1 / (mean of |x_k| |y_k|) in which weights of size 1 change.
        relative, absolute: local error per step.
        rest: the run is at rest when the norm of the gradient is below this fraction of its largest one, and no
            neuron grows or turns.
    """

    steps: int = 4_000
    events: int = 200
    horizon: float = 1e9
    relative: float = 1e-8
    absolute: float = 1e-10
    rest: float = 1e-8


@dataclass(frozen=True)
class Start:
    """A start near a stationary point; rational weights w are on kinks exactly."""

    samples: tuple[Vector, ...]
    targets: Vector
    inner: tuple[Vector, ...]
    outer: tuple[float, ...]
    budget: RunBudget = dataclasses.field(default_factory=RunBudget)


@dataclass(frozen=True)
class Descent:
    """Where a run ended.

    Attributes:
        inner, outer: the weights w, a.
        patterns: of the neurons, with the kinks they are on.
        residuals: r.
        loss, gradient_norm: there.
        cause: why it did not come to rest; empty if it did.
    """

    inner: tuple[tuple[float, ...], ...]
    outer: tuple[float, ...]
    patterns: tuple[str, ...]
    residuals: tuple[float, ...]
    loss: float
    gradient_norm: float
    cause: str

    @property
    def converged(self) -> bool:
        return not self.cause


class _AtRest(Exception):
    """The run has come to rest."""


class _Observer:
    """Remembers the last state, and ends the run where it is at rest but for neurons that shrink for ever."""

    def __init__(self, field: SampleField, rest: float, drive: float) -> None:
        self.field, self.rest, self.steady = field, rest, STEADY * drive
        self.largest = 0.0
        self.norm = 0.0
        self.state: FloatArray = np.zeros(0)
        self.mode: SampleMode | None = None

    def __call__(self, time: float, state: FloatArray, mode: SampleMode) -> None:
        self.state, self.mode = state, mode
        self.norm = self.field.gradient_norm(state, mode)
        self.largest = max(self.largest, self.norm)
        if self.norm <= self.rest * self.largest:
            rows = self.field.velocity(state, mode).reshape(self.field.width, -1)
            if rows[:, 0].max() <= self.steady and np.abs(rows[:, 1:]).max() <= self.steady:
                raise _AtRest


def descend(start: Start) -> Descent:
    """Follow the gradient flow from a start near a stationary point to the next stationary point.

    Guarantee: numerical (`symbolic.flow.switching.integrate_switched`). Without a cause the norm of the gradient at the
        end is below `QUIET` times its largest value, or the speed of every neuron is 0 up to rounding; a saddle that
        the flow comes so near to is an end as well.
    """
    budget, count = start.budget, len(start.samples)
    norms = [math.sqrt(float(dot(x, x))) for x in start.samples]
    drive = sum(norm * abs(float(y)) for norm, y in zip(norms, start.targets, strict=True)) / count
    field = SampleField(start.samples, start.targets, len(start.inner))
    observer = _Observer(field, budget.rest, drive)
    try:
        state, mode = field.start(
            np.array([[float(value) for value in w] for w in start.inner]),
            np.array(start.outer),
            [[_side(start.samples[c.samples[0]], w) for c in field.classes] for w in start.inner],
        )
        termination = integrate_switched(
            field,
            state,
            mode,
            budget.horizon / drive,
            observer,
            accuracy=Accuracy(relative=budget.relative, absolute=budget.absolute),
            budget=Budget(steps=budget.steps, events=budget.events),
        ).termination
    except _AtRest:
        termination = Termination.CONVERGED
    except (Undecided, BudgetExceeded) as error:
        return _nowhere(start, str(error))
    return _end(observer, termination)


def _end(observer: _Observer, termination: Termination) -> Descent:
    field, state, mode = observer.field, observer.state, observer.mode
    if mode is None:
        raise AssertionError("a run is observed at its start")
    stopped = termination not in (Termination.SOLVER_FAILED, Termination.KINK_UNDECIDED)
    quiet = stopped and observer.norm <= QUIET * observer.largest
    cause = "" if termination is Termination.CONVERGED or quiet else f"the run did not come to rest: {termination}"
    inner, outer = field.unpack(state)
    patterns = field.patterns(mode)
    if not cause and patterns != _seen(field, state, patterns):
        cause = "the run did not keep the sides of its kinks"
    residuals = field.residuals(state, mode)
    return Descent(
        tuple(tuple(map(float, w)) for w in inner),
        tuple(map(float, outer)),
        patterns,
        tuple(map(float, residuals)),
        float(residuals @ residuals) / (2 * field.count),
        observer.norm,
        cause,
    )


def _seen(field: SampleField, state: FloatArray, patterns: tuple[str, ...]) -> tuple[str, ...]:
    """The patterns, with the letters of preactivations that are clearly of the other sign."""
    inner, _ = field.unpack(state)
    words = []
    for w, word in zip(inner, patterns, strict=True):
        heights = field.inputs @ w
        near = 1e-6 * np.linalg.norm(field.inputs, axis=1) * float(np.linalg.norm(w))
        words.append(
            "".join(
                letter if abs(height) <= bound else "+" if height > 0 else "-"
                for letter, height, bound in zip(word, heights, near, strict=True)
            )
        )
    return tuple(words)


def _side(sample: Vector, weights: Vector) -> int:
    """The sign of <w, x>, exactly."""
    product = dot(weights, sample)
    return (product > 0) - (product < 0)


def _nowhere(start: Start, cause: str) -> Descent:
    """A run that could not be followed."""
    inner = tuple(tuple(map(float, w)) for w in start.inner)
    values = [
        sum((Fraction(a) * max(dot(w, x), Fraction(0)) for w, a in zip(start.inner, start.outer, strict=True)),
            Fraction(0))
        for x in start.samples
    ]
    residuals = [y - value for y, value in zip(start.targets, values, strict=True)]
    loss = float(sum(value * value for value in residuals)) / (2 * len(residuals))
    return Descent(
        inner, start.outer, (), tuple(map(float, residuals)), loss, math.nan, f"the run could not be followed: {cause}"
    )
