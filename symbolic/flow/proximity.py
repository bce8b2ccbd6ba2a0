"""Passages of a run near critical functions: plateaus of the gradient, and the stretches of time around them.

A run is given at some times, by any optimizer; nothing is assumed of the step between two of them. What is measured
does not change when neurons are permuted or rescaled, at each time in a way of its own: functions, losses, and the
norm of the gradient at the balanced point of the orbit of rescalings (see the module of each family).

A *plateau* is a local minimum in time of this norm: it rises by the factor 1/`DIP` before and after, the ends of the
run counting as such rises. A plateau is *near* the critical function f_k next to it if

    |f - f_k| <= NEAR * min(|f_k - f_l| over the other critical functions f_l, scale of the target)

in L2. So a run is near one critical function at most. Plateaus near the same function with no other plateau between
them are one passage; its stretch of time is that around its plateaus in which the inequality holds.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from symbolic.errors import InvalidProblem

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.intp]

DIP = 0.5
"""On both sides of a plateau the norm of the gradient rises at least to this fraction's inverse times its value."""

NEAR = 0.25
"""Distances below this are near, beside the distance to the next critical function and the scale of the target."""

FLOOR = 1e-12
"""Norms of the gradient below this fraction of the largest one are rounding errors."""

SAME = 1e-7
"""Distances that differ by less than this fraction, of themselves or of the scale, are the same: the first one counts
as the closest."""

CHUNK = 2_000_000
"""Numbers in the largest array of a step of the vectorized formulas."""


class ProximityField(Protocol):
    """A run measured against critical functions; every number is numerical."""

    @property
    def losses(self) -> FloatArray:
        """The loss at every time."""

    @property
    def gradient_norms(self) -> FloatArray:
        """The norm of the gradient at the balanced point, at every time."""

    @property
    def critical_losses(self) -> FloatArray:
        """The loss of each critical function."""

    @property
    def squares_per_loss(self) -> float:
        """|f - target|^2 in L2 beside the loss."""

    @property
    def scale(self) -> float:
        """The L2 norm of the target, or of its deviation from its mean."""

    def distances_at(self, times: IndexArray, function: int, enough: float) -> FloatArray:
        """The L2 distance of the run to a critical function at some times; where a function stands for an orbit of
        symmetries, to its next member, or to one no farther than `enough`."""

    def distances_near(self, function: int, time: int) -> FloatArray:
        """The same at all times; where a function stands for an orbit of symmetries, to the member next to the run at
        the given time."""

    def separation(self, function: int) -> float:
        """The L2 distance of a critical function to the next one; infinite if it is alone."""


class MeasuredRun(ABC):
    """Losses and norms of gradients at all times, measured together and in parts (`chunks`)."""

    @property
    @abstractmethod
    def count(self) -> int:
        """The number of times."""

    @property
    @abstractmethod
    def _numbers_per_time(self) -> int:
        """How many numbers the largest array of a measurement has for each time."""

    @abstractmethod
    def _measure(self, part: slice) -> tuple[FloatArray, FloatArray]:
        """Loss and norm of the gradient at a part of the times."""

    @property
    def losses(self) -> FloatArray:
        return self._measured[0]

    @property
    def gradient_norms(self) -> FloatArray:
        return self._measured[1]

    @cached_property
    def _measured(self) -> tuple[FloatArray, FloatArray]:
        losses, norms = np.empty(self.count), np.empty(self.count)
        for part in chunks(self.count, self._numbers_per_time):
            losses[part], norms[part] = self._measure(part)
        return losses, norms


@dataclass(frozen=True)
class Passage:
    """A passage near a critical function, or a plateau near none (`function` is None); times are indices.

    Attributes:
        function: the critical function.
        plateau: where the norm of the gradient is least.
        first, last: ends of the stretch of time; `plateau` where there is no function.
        closest: where the distance is least, up to rounding (`SAME`): the first such time.
        distance: the L2 distance there; infinite where there is no function.
        reach: the distance up to which the run counts as near.
        plateaus: how many plateaus were taken together.
    """

    function: int | None
    plateau: int
    first: int
    last: int
    closest: int
    distance: float
    reach: float
    plateaus: int


def plateaus(gradient_norms: FloatArray, dip: float = DIP) -> IndexArray:
    """The local minima in time of the norm of the gradient that are `dip` times as low as what surrounds them.

    Args:
        gradient_norms: one per time.
        dip: between 0 and 1.

    Returns:
        Indices in increasing order; at least one. The ends of the run can be minima.

    Raises:
        InvalidProblem: no times, or `dip` out of range.
    """
    from scipy.signal import find_peaks  # slow to load, so not with the module

    if not len(gradient_norms):
        raise InvalidProblem("a run needs at least one time")
    if not 0 < dip < 1:
        raise InvalidProblem("the depth of a plateau must be between 0 and 1")
    largest = float(gradient_norms.max())
    heights = -np.log(np.maximum(gradient_norms, max(FLOOR * largest, np.finfo(float).tiny)))
    padding = heights.min() + math.log(dip) - 1  # so low that the ends of the run can be peaks, and one is
    peaks, _ = find_peaks(np.concatenate(([padding], heights, [padding])), prominence=-math.log(dip))
    found: IndexArray = np.asarray(peaks, dtype=np.intp) - 1
    return found


def passages(field: ProximityField, near: float = NEAR, dip: float = DIP) -> tuple[Passage, ...]:
    """The passages of a run near critical functions, in the order of time.

    Args:
        field: the run and the functions.
        near: see `NEAR`.
        dip: see `DIP`.

    Returns:
        The passages, and the plateaus near none of the functions, those at the start of the run left out.

    Guarantee: numerical. Where the critical functions are not all known, a run may be near one that is not listed.

    Raises:
        InvalidProblem: no times, or tolerances out of range.
    """
    if not 0 < near < 0.5:
        raise InvalidProblem("the relative reach of a critical function must be between 0 and 1/2")
    nearness = _Nearness(field, near)
    minima = plateaus(field.gradient_norms, dip)
    functions = nearness.functions_at(minima)
    groups: list[tuple[int | None, list[int]]] = []
    for at, function in zip(minima.tolist(), functions, strict=True):
        if groups and groups[-1][0] == function:
            groups[-1][1].append(at)
        else:
            groups.append((function, [at]))
    return tuple(
        nearness.passage(function, times) for function, times in groups if function is not None or times != [0]
    )


class _Nearness:
    def __init__(self, field: ProximityField, near: float) -> None:
        self.field = field
        self.near = near
        self._reaches: dict[int, float] = {}

    def reach(self, function: int) -> float:
        if function not in self._reaches:
            self._reaches[function] = self.near * min(self.field.separation(function), self.field.scale)
        return self._reaches[function]

    def functions_at(self, times: IndexArray) -> list[int | None]:
        """The function that is near at each time.

        |f - f_k| >= |(|f - target| - |f_k - target|)|, so that losses rule most functions out.
        """
        field = self.field
        found: list[int | None] = [None] * len(times)
        norms = _norms(field.losses[times], field)
        critical = _norms(field.critical_losses, field)
        for function in range(len(critical)):
            open_ = [i for i, one in enumerate(found) if one is None]
            gaps = np.abs(norms[open_] - critical[function])
            if not len(gaps) or gaps.min() > self.near * field.scale * (1 + 1e-9):
                continue
            reach = self.reach(function)
            possible = np.array(open_, dtype=np.intp)[gaps <= reach + 1e-9 * field.scale]
            if len(possible):
                distances = field.distances_at(times[possible], function, reach)
                for i, distance in zip(possible.tolist(), distances.tolist(), strict=True):
                    if distance <= reach:
                        found[i] = function
        return found

    def passage(self, function: int | None, times: Sequence[int]) -> Passage:
        norms = self.field.gradient_norms
        plateau = min(times, key=lambda at: (norms[at], at))
        if function is None:
            return Passage(None, plateau, times[0], times[-1], plateau, math.inf, 0.0, len(times))
        distances = self.field.distances_near(function, plateau)
        reach = self.reach(function)
        outside = np.flatnonzero(distances > reach)
        before, after = outside[outside < times[0]], outside[outside > times[-1]]
        first = int(before[-1]) + 1 if len(before) else 0
        last = int(after[0]) - 1 if len(after) else len(distances) - 1
        stretch = distances[first : last + 1]
        # Not the least of numbers that differ by rounding only.
        closest = first + int(np.argmax(stretch <= stretch.min() * (1 + SAME) + SAME * self.field.scale))
        return Passage(function, plateau, first, last, closest, float(distances[closest]), reach, len(times))


def _norms(losses: FloatArray, field: ProximityField) -> FloatArray:
    """|f - target| in L2 from losses."""
    norms: FloatArray = np.sqrt(np.maximum(losses, 0.0) * field.squares_per_loss)
    return norms


def chunks(count: int, numbers: int) -> list[slice]:
    """Slices of 0, ..., count - 1, each with at most `CHUNK` numbers if every index needs so many."""
    step = max(1, CHUNK // max(1, numbers))
    return [slice(first, min(first + step, count)) for first in range(0, count, step)]
