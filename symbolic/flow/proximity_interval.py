"""A run of networks on an interval beside critical functions, vectorized over time; closed forms, no quadrature."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import comb

import numpy as np

from symbolic.errors import InvalidProblem
from symbolic.flow.proximity import FloatArray, IndexArray, MeasuredRun, chunks
from symbolic.interval.problem import IntervalProblem

Polygon = tuple[FloatArray, FloatArray]
"""A piecewise affine function on [a, b]: its corners a, kinks, b, and its values there."""


class IntervalProximity(MeasuredRun):
    """Networks f = c + sum_j v_j s(w_j x + b_j) over time, s(z) = max(z, g z).

    The gradient is taken at the balanced point of each neuron, |v_j| = |(w_j, b_j)|: with m_j = |v_j| |(w_j, b_j)| and
    the unit vector u_j along (w_j, b_j)

        |gradient|^2 = 4 (int r)^2 + 4 sum_j m_j ((int r s(<u_j, (x, 1)>))^2 + |int r s' (x, 1)|^2),   r = f - h.

    Args:
        problem: activation "relu", leaky or not.
        w, b, v: indexed by time and neuron.
        c: indexed by time.
        functions: the critical functions as polygons.

    Guarantee: numerical; up to rounding nothing changes if the neurons are permuted or rescaled.

    Raises:
        InvalidProblem: quadratic activation.
    """

    def __init__(
        self,
        problem: IntervalProblem,
        w: FloatArray,
        b: FloatArray,
        v: FloatArray,
        c: FloatArray,
        functions: Sequence[Polygon],
    ) -> None:
        if problem.activation != "relu":
            raise InvalidProblem('runs are followed for activation "relu", leaky or not')
        self.start, self.end = (float(end) for end in problem.domain)
        self.leak = float(problem.leak)
        self.target = np.array([float(value) for value in problem.target])
        self.functions = list(functions)
        self.squares_per_loss = 1.0
        self._known: dict[int, FloatArray] = {}
        sizes, outer = np.hypot(w, b), np.abs(v)
        safe = np.where(sizes > 0, sizes, 1.0)
        self.slopes, self.heights = w / safe, b / safe
        self.masses = sizes * outer
        self.signed = sizes * v
        self.offsets = c
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            places = np.where(w == 0, self.start, -b / np.where(w == 0, 1.0, w))
        self.places: FloatArray = np.clip(places, self.start, self.end)

    @property
    def count(self) -> int:
        """The number of times."""
        return len(self.offsets)

    @cached_property
    def scale(self) -> float:
        """|h - mean of h| in L2, or |h|, or 1, the first that is not 0."""
        length = self.end - self.start
        square, mean = self._power(self.target)[1], self._power(self.target)[0] / length
        spread = float(np.sqrt(max(square - length * mean * mean, 0.0)))
        if spread > 1e-12 * np.sqrt(square) and spread > 0:
            return spread
        return float(np.sqrt(square)) or 1.0

    def _power(self, coefficients: FloatArray) -> tuple[float, float]:
        """int p and int p^2 over [a, b]."""
        whole, square = np.polynomial.Polynomial(coefficients), np.polynomial.Polynomial(coefficients) ** 2
        first, second = whole.integ(), square.integ()
        return float(first(self.end) - first(self.start)), float(second(self.end) - second(self.start))

    @property
    def _numbers_per_time(self) -> int:
        width = int(self.masses.shape[1])
        return (width + 1) * (width + len(self.target) + 2)

    def _measure(self, part: slice) -> tuple[FloatArray, FloatArray]:
        slopes, heights, signed = self.slopes[part, :, None], self.heights[part, :, None], self.signed[part, :, None]
        count = len(self.offsets[part])
        edges = np.empty((count, self.masses.shape[1] + 2))
        edges[:, 0], edges[:, -1] = self.start, self.end
        edges[:, 1:-1] = np.sort(self.places[part], axis=1)
        middles, halves = (edges[:, 1:] + edges[:, :-1]) / 2, (edges[:, 1:] - edges[:, :-1]) / 2
        values = slopes * middles[:, None, :] + heights
        factors = np.where(values > 0, 1.0, self.leak)
        height = self.offsets[part, None] + (signed * factors * values).sum(axis=1)
        rise = (signed * factors * slopes).sum(axis=1)
        degree = len(self.target) - 1
        rows = max(degree + 1, 2)
        residual = np.zeros((rows, *middles.shape))
        # h^(j)(m)/j! = sum_i C(i, j) h_i m^(i-j)
        for j in range(degree + 1):
            for i in range(degree, j - 1, -1):
                residual[j] *= middles
                residual[j] -= comb(i, j) * self.target[i]
        residual[0] += height
        residual[1] += rise
        scaled = residual * halves ** np.arange(rows)[:, None, None]
        loss = np.zeros(count)
        mass, moment = np.zeros_like(halves), np.zeros_like(halves)
        for i in range(rows):
            for j in range(i % 2, rows, 2):
                loss += (scaled[i] * scaled[j] * halves).sum(axis=1) * 2 / (i + j + 1)
            if i % 2 == 0:
                mass += scaled[i] * halves * 2 / (i + 1)
            else:
                moment += scaled[i] * halves * halves * 2 / (i + 2)
        moment += middles * mass
        masses = (factors * mass[:, None, :]).sum(axis=2)
        moments = (factors * moment[:, None, :]).sum(axis=2)
        pull = self.slopes[part] * moments + self.heights[part] * masses
        square = (self.masses[part] * (pull**2 + masses**2 + moments**2)).sum(axis=1) + mass.sum(axis=1) ** 2
        return loss, 2 * np.sqrt(square)

    @cached_property
    def critical_losses(self) -> FloatArray:
        """int (f_k - h)^2."""
        found = []
        for corners, values in self.functions:
            total = 0.0
            for left, right, low, high in zip(corners[:-1], corners[1:], values[:-1], values[1:], strict=True):
                # On the piece x = left + (right - left) z.
                line = np.polynomial.Polynomial([low, high - low])
                inside = np.polynomial.Polynomial([left, right - left])
                square = ((line - np.polynomial.Polynomial(self.target)(inside)) ** 2).integ()
                total += float(square(1.0) - square(0.0)) * (right - left)
            found.append(total)
        return np.array(found)

    def values(self, times: IndexArray | slice, places: FloatArray) -> FloatArray:
        """f at the given places (one row per time)."""
        z = self.slopes[times, :, None] * places[:, None, :] + self.heights[times, :, None]
        activated = np.maximum(z, self.leak * z)
        found: FloatArray = self.offsets[times, None] + (self.signed[times, :, None] * activated).sum(axis=1)
        return found

    def distances_at(self, times: IndexArray | slice, function: int, enough: float = 0.0) -> FloatArray:
        """The L2 distances: both functions are affine between their breakpoints."""
        corners, values = self.functions[function]
        own = self.places[times]
        places = np.sort(np.concatenate((own, np.broadcast_to(corners, (len(own), len(corners)))), axis=1), axis=1)
        gap = self.values(times, places) - np.interp(places, corners, values)
        left, right = gap[:, :-1], gap[:, 1:]
        square = (np.diff(places, axis=1) * (left * left + left * right + right * right)).sum(axis=1) / 3
        distance: FloatArray = np.sqrt(np.maximum(square, 0.0))
        return distance

    def distances_near(self, function: int, time: int) -> FloatArray:
        """The same at all times."""
        if function not in self._known:
            self._known[function] = self._over_time(function)
        return self._known[function]

    def _over_time(self, function: int) -> FloatArray:
        width, corners = self.masses.shape[1], len(self.functions[function][0])
        parts = chunks(self.count, (width + 1) * (width + corners))
        return np.concatenate([self.distances_at(part, function) for part in parts])

    def separation(self, function: int) -> float:
        """The L2 distance to the next critical function."""
        corners, values = self.functions[function]
        least = np.inf
        for other, (places, heights) in enumerate(self.functions):
            if other != function:
                every = np.union1d(corners, places)
                gap = np.interp(every, corners, values) - np.interp(every, places, heights)
                left, right = gap[:-1], gap[1:]
                square = float((np.diff(every) * (left * left + left * right + right * right)).sum()) / 3
                least = min(least, float(np.sqrt(max(square, 0.0))))
        return least
