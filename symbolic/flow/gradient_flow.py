"""The gradient flow of a shallow ReLU network on finitely many samples, followed through all changes of pattern."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from symbolic.errors import InvalidProblem
from symbolic.flow.sample_field import SampleField, SampleMode
from symbolic.flow.switching import (
    Accuracy,
    Budget,
    FloatArray,
    Termination,
    growth_rate,
    integrate_switched,
)

Real = Fraction | int | float


@dataclass(frozen=True)
class FlowEvent:
    """At `time`, neuron `neuron` went from `before` to `after` ("+", "-", "0": on the kink) on `samples`.

    Neurons and samples count from 1.
    """

    time: float
    neuron: int
    samples: tuple[int, ...]
    before: str
    after: str


@dataclass(frozen=True)
class FlowRun:
    """A run of the gradient flow at a few times in each of its steps; an event has two entries, before and after.

    Attributes:
        scale: the lambda of a small initialization, where there is one.
        times: from 0, nowhere decreasing.
        losses: 1/(2n) sum_k r_k^2 at these times.
        gradient_norms: norm of the gradient (on kinks: of the Clarke subgradient the flow follows).
        residuals: one row r per time.
        inner: the weights w, indexed by time, neuron, coordinate.
        outer: the weights a, indexed by time, neuron.
        patterns: (time from which it holds, one word over "+", "0", "-" per neuron), in the order of time.
        events: every change of a letter of a pattern.
        termination: why the run ended.
        growth: at the end, the largest relative rate of growth of a neuron or, if that is more, the largest real part
            of an eigenvalue of the flow within the last pattern, in the coordinates of `symbolic.flow.sample_field`.
    """

    scale: float | None
    times: FloatArray
    losses: FloatArray
    gradient_norms: FloatArray
    residuals: FloatArray
    inner: FloatArray
    outer: FloatArray
    patterns: tuple[tuple[float, tuple[str, ...]], ...]
    events: tuple[FlowEvent, ...]
    termination: Termination
    growth: float

    @property
    def converged(self) -> bool:
        return self.termination is Termination.CONVERGED

    @property
    def final_patterns(self) -> tuple[str, ...]:
        return self.patterns[-1][1]

    @property
    def final_residuals(self) -> FloatArray:
        last: FloatArray = self.residuals[-1]
        return last

    @property
    def final_loss(self) -> float:
        return float(self.losses[-1])

    @property
    def final_gradient_norm(self) -> float:
        return float(self.gradient_norms[-1])


class _Recorder:
    def __init__(self, field: SampleField) -> None:
        self.field = field
        self.times: list[float] = []
        self.residuals: list[FloatArray] = []
        self.gradient_norms: list[float] = []
        self.weights: list[tuple[FloatArray, FloatArray]] = []
        self.patterns: list[tuple[float, tuple[str, ...]]] = []
        self.events: list[FlowEvent] = []
        self._mode: SampleMode | None = None

    def __call__(self, time: float, state: FloatArray, mode: SampleMode) -> None:
        self.times.append(time)
        self.residuals.append(self.field.residuals(state, mode))
        self.gradient_norms.append(self.field.gradient_norm(state, mode))
        self.weights.append(self.field.unpack(state))
        if mode is self._mode:
            return
        self._mode = mode
        patterns = self.field.patterns(mode)
        if self.patterns:
            if patterns == self.patterns[-1][1]:
                return
            self.events += _changes(time, self.patterns[-1][1], patterns)
        self.patterns.append((time, patterns))


def _changes(time: float, before: tuple[str, ...], after: tuple[str, ...]) -> list[FlowEvent]:
    events = []
    for neuron, (old, new) in enumerate(zip(before, after, strict=True), start=1):
        samples: dict[tuple[str, str], list[int]] = {}
        for k, letters in enumerate(zip(old, new, strict=True), start=1):
            if letters[0] != letters[1]:
                samples.setdefault(letters, []).append(k)
        events += [FlowEvent(time, neuron, tuple(ks), *letters) for letters, ks in sorted(samples.items())]
    return events


def integrate(
    inputs: Sequence[Sequence[Fraction | int]],
    targets: Sequence[Fraction | int],
    inner: Sequence[Sequence[Real]],
    outer: Sequence[Real],
    end_time: float,
    *,
    scale: float | Fraction | None = None,
    method: str = "auto",
    accuracy: Accuracy | None = None,
    budget: Budget | None = None,
) -> FlowRun:
    """The gradient flow a_j' = (1/n) sum_k r_k relu(<w_j, x_k>), w_j' = a_j D_j from given weights, with relu'(0) = 0.

    Inside an activation pattern the field is a polynomial and is integrated by `method`; each time a preactivation
    <w_j, x_k> vanishes the neuron is put on the kink and either crosses it, or stays on it for as long as the field
    points to it from both sides (Filippov's solution), or for as long as nothing moves it off. The initial pattern is
    decided exactly from the weights given, and only events change it: a preactivation of 1e-12 beside weights of order
    1 keeps its sign.

    Args:
        inputs: the samples x_k, with the constant coordinate 1 appended where the network has a bias.
        targets: y_k.
        inner: w_j; exact numbers are judged exactly, and a float as the dyadic rational it is.
        outer: a_j.
        end_time: the run ends here at the latest.
        scale: the lambda of the initialization, kept for the reports.
        method: "DOP853" (explicit), "Radau" (implicit), or "auto": each where it is the better.
        accuracy: local errors per step in the logarithm of the size and in the direction of each neuron.
        budget: steps and events allowed.

    Returns:
        The run, with the reason for its end.

    Guarantee: numerical. Small and large neurons have the same relative accuracy; a balanced neuron (|a| = |w|) stays
    balanced exactly. `CONVERGED` means that all relative rates of change are below `accuracy.rest` and that nothing
    grows within the last pattern: a plateau with dormant growing neurons is not mistaken for the end.

    Raises:
        InvalidProblem: shapes that do not fit, or a number that is not finite.
        Undecided: how the flow leaves a kink it starts on.
    """
    width = len(inner)
    if width == 0 or len(outer) != width:
        raise InvalidProblem(f"one weight a for each of at least one w is needed, not {len(outer)} for {width}")
    field = SampleField(inputs, targets, width)
    if any(len(w) != field.dimension for w in inner):
        raise InvalidProblem(f"every w needs {field.dimension} coordinates, as the samples have")
    if not all(math.isfinite(value) for value in (*outer, *(value for w in inner for value in w))):
        raise InvalidProblem("the initial weights must be finite numbers")
    state, mode = field.start(
        np.array([[float(value) for value in w] for w in inner]),
        np.array([float(a) for a in outer]),
        [[_side(inputs[c.samples[0]], w) for c in field.classes] for w in inner],
    )
    record = _Recorder(field)
    arrival = integrate_switched(
        field, state, mode, end_time, record, method=method, accuracy=accuracy, budget=budget
    )
    residuals = np.array(record.residuals)
    return FlowRun(
        scale=None if scale is None else float(scale),
        times=np.array(record.times),
        losses=np.square(residuals).sum(axis=1) / (2 * field.count),
        gradient_norms=np.array(record.gradient_norms),
        residuals=residuals,
        inner=np.array([w for w, _ in record.weights]),
        outer=np.array([a for _, a in record.weights]),
        patterns=tuple(record.patterns),
        events=tuple(record.events),
        termination=arrival.termination,
        growth=max(
            growth_rate(field, arrival.state, arrival.mode)[0], field.neuron_growth(arrival.state, arrival.mode)
        ),
    )


def _side(sample: Sequence[Fraction | int], weights: Sequence[Real]) -> int:
    """The sign of <w, x>, exactly."""
    product = sum((Fraction(w) * x for w, x in zip(weights, sample, strict=True)), Fraction(0))
    return (product > 0) - (product < 0)
