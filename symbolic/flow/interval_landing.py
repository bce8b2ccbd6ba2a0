"""Which stratum of a survey a run ended in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from symbolic.enclosure import Number, enclose
from symbolic.flow.interval_field import FloatArray, IntervalField
from symbolic.interval.functions import IntervalFunction
from symbolic.interval.problem import IntervalProblem
from symbolic.interval.realization import RealizedFunction
from symbolic.interval.strata.roles import Role
from symbolic.interval.strata.sites import Site, sites_of
from symbolic.interval.strata.strata import Stratum

NEAR = 1e-5
"""Distances below this are accepted: of functions beside the largest distance of the target from its mean, of places
beside the length of [a, b], of parameters beside the largest one."""

FADED = 1e-2
"""A neuron whose parameters are below this fraction of the largest one, and that adds less than `NEAR` to f, is taken
for one at 0: the flow approaches some of these ends like a power of time only."""

TINY = 1e-9
"""A neuron below this fraction is at 0 wherever its breakpoint is."""

APART = 30.0
"""The second nearest function or place must be this many times as far."""


@dataclass(frozen=True)
class Landing:
    """The stratum a run ended in, with the largest distance accepted on the way; or None and why not."""

    stratum: Stratum | None
    distance: float
    cause: str = ""


@dataclass(frozen=True)
class _Shape:
    """A critical function in floats, and where breakpoints may sit on it."""

    record: IntervalFunction
    ends: FloatArray
    heights: FloatArray
    sites: tuple[tuple[float, Site], ...]

    def values(self, places: FloatArray) -> FloatArray:
        return np.interp(places, self.ends, self.heights)


class Landings:
    """The strata of one width by their functions and roles.

    Args:
        problem: an interval problem.
        functions: the functions of a survey.
        realized: them with their residuals, by label.
        strata: all strata of one width.
    """

    def __init__(
        self,
        problem: IntervalProblem,
        functions: Iterable[IntervalFunction],
        realized: Mapping[str, RealizedFunction],
        strata: Iterable[Stratum],
    ) -> None:
        self.problem = problem
        self.length = float(problem.length)
        self._shapes = [_shape(problem, function, realized.get(function.label)) for function in functions]
        self._strata: dict[tuple[str, tuple[str, ...] | None], Stratum] = {}
        for stratum in strata:
            codes = None if stratum.roles is None else _key(role.code for role in stratum.roles)
            self._strata[stratum.function, codes] = stratum
        places = np.linspace(float(problem.domain[0]), float(problem.domain[1]), 65)
        target = sum(float(value) * places**power for power, value in enumerate(problem.target)) + 0 * places
        self.scale = float(np.abs(target - target.mean()).max()) or 1.0

    def find(self, parameters: Sequence[float], others: Sequence[Role]) -> Landing:
        """The stratum of a network with given neurons, and others in given roles that add nothing to f.

        Args:
            parameters: w, b, v of the neurons and c.
            others: the roles of the neurons left out.

        Returns:
            The stratum, or the reason why none is near or none is the nearest by far.

        Guarantee: numerical. f is within `distance` of that of the stratum, beside the scale of the target, and every
        neuron within `distance` of its role; the second nearest function and place are `APART` times as far.
        """
        field = IntervalField(self.problem, (len(parameters) - 1) // 3)
        state = np.array(parameters)
        ranked = sorted(((self._distance(field, state, shape), i) for i, shape in enumerate(self._shapes)))
        distance, first = ranked[0]
        if distance > NEAR:
            return Landing(None, distance, f"no critical function within {NEAR:g}: the nearest is {distance:.1e} away")
        if len(ranked) > 1 and ranked[1][0] < APART * distance:
            return Landing(None, distance, "two critical functions are about as near")
        shape = self._shapes[first]
        label = shape.record.label
        whole = self._strata.get((label, None))
        if whole is not None:
            return Landing(whole, distance)
        codes: list[str] = []
        for j in range(field.width):
            found, off = self._role(field, state, j, shape)
            if not found:
                return Landing(None, distance, f"neuron {j + 1} over {label} is in no role: {off}")
            codes.append(found)
            distance = max(distance, float(off))
        stratum = self._strata.get((label, _key([*codes, *(role.code for role in others)])))
        if stratum is None:
            return Landing(None, distance, f"no stratum over {label} has the roles {'.'.join(sorted(codes))}")
        return Landing(stratum, distance)

    def _distance(self, field: IntervalField, state: FloatArray, shape: _Shape) -> float:
        """The largest distance of two piecewise affine functions: at a kink of one of them, or at an end."""
        inside = field.breakpoints(state)
        places = np.concatenate((shape.ends, inside[(inside > field.start) & (inside < field.end)]))
        return float(np.abs(field.values(state, places) - shape.values(places)).max()) / self.scale

    def _role(self, field: IntervalField, state: FloatArray, j: int, shape: _Shape) -> tuple[str, float | str]:
        """The code of the role of a neuron and its distance from it, or "" and why there is none."""
        w, b, v, _ = field.split(state)
        a, z = field.start, field.end
        size, outer = float(np.hypot(w[j], b[j])), float(v[j])
        unit = max(1.0, float(np.abs(state).max()))
        largest = max(size, abs(outer))
        reach = abs(outer) * max(abs(w[j] * a + b[j]), abs(w[j] * z + b[j])) / self.scale
        # A balanced neuron has |v| = |(w, b)| all the time, so one of them at 0 up to rounding means both.
        heard = size < TINY * unit or self._is_heard(field, w[j], b[j])
        if largest < TINY * unit or (largest < FADED * unit and reach < NEAR and heard):
            return "zero", largest / unit
        if size < TINY * unit:
            return "", "w and b are nearly 0 and v is not"
        letter, off = ("z", abs(outer) / unit) if abs(outer) < NEAR * unit else ("p" if outer > 0 else "n", 0.0)
        if abs(w[j]) * self.length < NEAR * size:
            on, off = b[j] > 0, max(off, abs(float(w[j])) / size)
            if letter == "z":
                return ("con+" if on else "con-" if field.leak else "dead"), off
            return ("act" if on else "ina" if field.leak else "dead"), off
        mark = "+" if w[j] > 0 else "-"
        place = float(-b[j] / w[j])
        for end, at in (("a", a), ("b", z)):
            if abs(place - at) < NEAR * self.length:
                return f"l{end}{mark}{letter}", max(off, abs(place - at) / self.length)
        if not a < place < z:
            active = (place < a) == (mark == "+")
            return ("act" if active else "ina" if field.leak else "dead"), off
        near = sorted((abs(place - at), i) for i, (at, site) in enumerate(shape.sites) if mark in site.orientations)
        if not near or near[0][0] > NEAR * self.length:
            return "", f"its breakpoint {place:.9g} is at no site"
        if len(near) > 1 and near[1][0] < APART * near[0][0]:
            return "", "two sites are about as near"
        site = shape.sites[near[0][1]][1]
        off = max(off, near[0][0] / self.length)
        if site.kind.value == "flat":
            return (f"f{site.number}{mark}", off) if letter == "z" else ("", "at a flat site, with v not 0")
        return f"{site.kind.value[0]}{site.number}{mark}{letter}", off


    @staticmethod
    def _is_heard(field: IntervalField, w: float, b: float) -> bool:
        """Whether the neuron is active somewhere in [a, b], further than the distances that are accepted, or leaky."""
        length = field.end - field.start
        return bool(field.leak) or max(w * field.start + b, w * field.end + b) > NEAR * length * float(np.hypot(w, b))


def _key(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(codes))


def _float(number: Number) -> float:
    return float(enclose(number).mid())


def _shape(problem: IntervalProblem, record: IntervalFunction, realized: RealizedFunction | None) -> _Shape:
    ends = np.array([float(problem.domain[0]), *map(_float, record.kinks), float(problem.domain[1])])
    steps = np.array(list(map(_float, record.slopes))) * np.diff(ends)
    heights = np.concatenate(([0.0], np.cumsum(steps))) + _float(record.offset)
    sites: tuple[tuple[float, Site], ...] = ()
    if realized is not None and not realized.is_target:
        sites = tuple((float(site.position.mid()), site) for site in sites_of(realized).all)
    return _Shape(record, ends, heights, sites)
