"""Which stratum of a data set a run ended in."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from symbolic.dataset.functions import DatasetFunction
from symbolic.dataset.problem import DatasetProblem
from symbolic.dataset.stationarity import NeuronType
from symbolic.dataset.strata import DatasetStratum
from symbolic.flow.dataset_descent import Descent

NEAR = 1e-5
"""Distances below this are accepted: of residuals beside the largest target, of preactivations beside |w| |x_k|, of a
beside the largest weight."""

FADED = 1e-2
"""A neuron with |w| and |a| below this fraction of the largest weight that adds less than `NEAR` to the values at the
samples is taken for one at 0: the flow approaches some of these ends like a power of time only."""

APART = 30.0
"""The second nearest function must be this many times as far."""


@dataclass(frozen=True)
class Landing:
    """The stratum a run ended in, with the largest distance accepted on the way; or None and why not."""

    stratum: DatasetStratum | None
    distance: float
    cause: str = ""


class Landings:
    """The strata of one width by their functions and types.

    Args:
        problem: a data set.
        functions: of a survey.
        strata: all strata of one width, those that are stationary in Clarke's sense alone included.
    """

    def __init__(
        self, problem: DatasetProblem, functions: Iterable[DatasetFunction], strata: Iterable[DatasetStratum]
    ) -> None:
        self.problem = problem
        self.scale = max((abs(float(y)) for y in problem.targets), default=0.0) or 1.0
        self._norms = [math.hypot(*map(float, x)) for x in problem.samples]
        self._samples = [tuple(map(float, x)) for x in problem.samples]
        self._functions = [(one.label, tuple(map(float, one.residuals))) for one in functions]
        self._strata = {_key(one.function, one.neurons): one for one in strata}

    def stratum(self, function: str, neurons: Iterable[NeuronType]) -> DatasetStratum | None:
        """The stratum over a function with given types of neurons, in any order."""
        return self._strata.get(_key(function, neurons))

    def find(self, end: Descent, others: Sequence[NeuronType]) -> Landing:
        """The stratum of a network in which a run ended.

        Args:
            end: the end of the run.
            others: the types of the neurons that took no part in it.

        Returns:
            The stratum, or the reason why none is near or two functions are about as near.

        Guarantee: numerical. The residual is within `distance` of that of the stratum, beside the targets. The types
            are those of the run, with the sides of kinks on which its neurons are; where there is no such stratum,
            those of the limit, which preactivations within `distance` of 0 have reached.
        """
        ranked = sorted(
            (max(abs(one - other) for one, other in zip(residuals, end.residuals, strict=True)) / self.scale, label)
            for label, residuals in self._functions
        )
        distance, label = ranked[0]
        if not distance <= NEAR:
            return Landing(None, distance, f"no critical function within {NEAR:g}: the nearest is {distance:.1e} away")
        if len(ranked) > 1 and ranked[1][0] < APART * distance:
            return Landing(None, distance, "two critical functions are about as near")
        largest = max(max(math.hypot(*w), abs(a)) for w, a in zip(end.inner, end.outer, strict=True))
        found = [
            self._type(w, a, pattern, max(largest, 1.0))
            for w, a, pattern in zip(end.inner, end.outer, end.patterns, strict=True)
        ]
        off = max(one.off for one in found)
        as_seen = [one.seen for one in found]
        stratum = self.stratum(label, [*as_seen, *others])
        if stratum is not None:
            return Landing(stratum, max(distance, off))
        stratum = self.stratum(label, [*(one.limit for one in found), *others])
        if stratum is not None:
            return Landing(stratum, max(distance, off, max(one.snapped for one in found)))
        codes = ".".join(sorted(one.code for one in (*as_seen, *others)))
        return Landing(None, distance, f"no stratum over {label} has the types {codes}")

    def _type(self, w: Sequence[float], a: float, pattern: str, unit: float) -> _Found:
        size = math.hypot(*w)
        largest = max(size, abs(a))
        reach = abs(a) * size * max(self._norms, default=0.0) / self.scale
        if largest < FADED * unit and reach < NEAR:
            zero = NeuronType("0" * len(pattern), 0)
            return _Found(zero, zero, largest / unit, 0.0)
        sign, off = (0, abs(a) / unit) if abs(a) < NEAR * unit else (1 if a > 0 else -1, 0.0)
        letters, snapped = [], 0.0
        for letter, x, norm in zip(pattern, self._samples, self._norms, strict=True):
            height = abs(sum(one * other for one, other in zip(w, x, strict=True)))
            if letter != "0" and height <= NEAR * size * norm:
                letters.append("0")
                snapped = max(snapped, height / (size * norm) if size * norm else 0.0)
            else:
                letters.append(letter)
        return _Found(NeuronType(pattern, sign), NeuronType("".join(letters), sign), off, snapped)


@dataclass(frozen=True)
class _Found:
    """The type of a neuron as it is, and in the limit; how far it is from each."""

    seen: NeuronType
    limit: NeuronType
    off: float
    snapped: float


def _key(function: str, neurons: Iterable[NeuronType]) -> tuple[str, tuple[NeuronType, ...]]:
    return function, tuple(sorted(neurons))
