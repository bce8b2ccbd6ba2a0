"""The staircase of a small initialization: plateaus of the loss, and the times of the drops between them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.optimize import brentq

from symbolic.errors import InvalidProblem, Undecided
from symbolic.flow.gradient_flow import FlowRun
from symbolic.flow.switching import FloatArray

FLAT = 0.01
"""The loss differs by at most this fraction of its initial value along a plateau."""

DIP = 0.5
"""Along a plateau the gradient sinks below this fraction of its largest norm before and after."""


@dataclass(frozen=True)
class Plateau:
    """A passage near a stationary point: the loss is within `FLAT` of `loss` from `start` to `end`; `loss`,
    `gradient_norm` and `residuals` are those at `time`, where the norm of the gradient has a local minimum."""

    time: float
    start: float
    end: float
    loss: float
    gradient_norm: float
    residuals: FloatArray


@dataclass(frozen=True)
class Staircase:
    """Plateaus in the order of time, and for each two in a row the time at which the loss is halfway between."""

    plateaus: tuple[Plateau, ...]
    transitions: tuple[float, ...]


def staircase(run: FlowRun, *, flat: float = FLAT, dip: float = DIP) -> Staircase:
    """The plateaus of a run, at local minima of the norm of the gradient, and the times of its transitions.

    Args:
        run: a run of the gradient flow.
        flat: minima of the gradient whose losses differ by at most flat * L(0) belong to one plateau.
        dip: a minimum counts if the norm of the gradient is below `dip` times its maximum up to the next minimum, on
            both sides; the ends of the run count as minima.

    Returns:
        The staircase. A run that is stopped while the loss falls has no plateau at its end.

    Guarantee: numerical; two saddles whose losses differ by at most flat * L(0) are reported as one plateau.

    Raises:
        InvalidProblem: `flat` or `dip` not between 0 and 1.
    """
    from scipy.signal import find_peaks  # slow to load, so not with the module

    if not (0 < flat < 1 and 0 < dip < 1):
        raise InvalidProblem("the tolerances of a plateau must be between 0 and 1")
    allowed = flat * float(run.losses[0])
    heights = -np.log(np.maximum(run.gradient_norms, np.finfo(float).tiny))
    padding = heights.min() - 1  # lower than all, so that the ends of the run can be peaks
    peaks, _ = find_peaks(np.concatenate(([padding], heights, [padding])), prominence=-math.log(dip))
    groups: list[list[int]] = []
    for peak in peaks - 1:
        if groups and run.losses[groups[-1][0]] - run.losses[peak] <= allowed:
            groups[-1].append(int(peak))
        else:
            groups.append([int(peak)])
    plateaus = tuple(_plateau(run, min(group, key=lambda i: run.gradient_norms[i]), allowed) for group in groups)
    crossings = tuple(time_of_loss(run, (upper.loss + lower.loss) / 2) for upper, lower in pairwise(plateaus))
    return Staircase(plateaus, crossings)


def _plateau(run: FlowRun, at: int, allowed: float) -> Plateau:
    within = np.flatnonzero(np.abs(run.losses - run.losses[at]) <= allowed)  # in a row, since the loss falls
    return Plateau(
        float(run.times[at]),
        float(run.times[within[0]]),
        float(run.times[within[-1]]),
        float(run.losses[at]),
        float(run.gradient_norms[at]),
        run.residuals[at],
    )


def time_of_loss(run: FlowRun, level: float) -> float:
    """The time at which the loss falls to `level`, by cubic Hermite interpolation with dL/dt = -|gradient|^2.

    Raises:
        InvalidProblem: the loss does not reach the level.
    """
    if not run.losses[-1] <= level <= run.losses[0]:
        raise InvalidProblem(f"the loss of the run never is {level}")
    after = next(i for i, loss in enumerate(run.losses) if loss <= level)
    if after == 0:
        return float(run.times[0])
    low, high = float(run.times[after - 1]), float(run.times[after])
    width = high - low
    if width == 0:
        return high
    values = (float(run.losses[after - 1]), float(run.losses[after]))
    slopes = (-float(run.gradient_norms[after - 1]) ** 2 * width, -float(run.gradient_norms[after]) ** 2 * width)

    def above(s: float) -> float:
        rest = 1 - s
        ends = values[0] * rest * rest * (1 + 2 * s) + values[1] * s * s * (3 - 2 * s)
        return ends + slopes[0] * s * rest * rest - slopes[1] * s * s * rest - level

    return low + width * float(brentq(above, 0.0, 1.0))


def measured_slopes(first: FlowRun, second: FlowRun) -> tuple[float, ...]:
    """(t_1 - t_2) / (log(1/lambda_1) - log(1/lambda_2)) for each transition of two runs of different scale.

    t / log(1/lambda) tends to the predicted time tau of a transition only like 1 / log(1/lambda); in the difference of
    two runs from the same directions the constant cancels.

    Args:
        first: a run with `scale` lambda_1.
        second: a run from the same directions with another `scale` lambda_2.

    Returns:
        One slope per transition, in the order of time.

    Guarantee: numerical.

    Raises:
        InvalidProblem: a run without scale, or twice the same.
        Undecided: the runs have different numbers of transitions.
    """
    if first.scale is None or second.scale is None or first.scale == second.scale:
        raise InvalidProblem("slopes need two runs with different scales")
    times = staircase(first).transitions, staircase(second).transitions
    if len(times[0]) != len(times[1]):
        raise Undecided(f"the runs have {len(times[0])} and {len(times[1])} transitions")
    logarithm = math.log(second.scale) - math.log(first.scale)
    return tuple((t1 - t2) / logarithm for t1, t2 in zip(*times, strict=True))
