"""Loss, gradient and Hessian of a shallow network on an interval, in floating point and in closed form.

L(w, b, v, c) = int_a^b (f - h)^2 dx with f(x) = c + sum_j v_j s(w_j x + b_j), s(z) = max(z, g z). Between two
neighbouring breakpoints f is affine and h a polynomial, so every integral is a polynomial in the midpoint and the
half-length of the piece; there is no quadrature.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from symbolic.errors import InvalidProblem
from symbolic.interval.problem import IntervalProblem

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Pieces:
    """A network cut at its breakpoints.

    Attributes:
        ends: a, the breakpoints inside in increasing order, b (a breakpoint outside is moved to the nearer end).
        middles, halves: midpoints and half-lengths of the pieces.
        slopes: s' of every neuron (row) on every piece (column): 1 or g; g where w = b = 0.
        values: w x + b of every neuron at the middles.
        height, rise: f at the middles, and its slope.
        target: Taylor coefficients of h at the middles, one row per power.
    """

    ends: FloatArray
    middles: FloatArray
    halves: FloatArray
    slopes: FloatArray
    values: FloatArray
    height: FloatArray
    rise: FloatArray
    target: FloatArray


class IntervalField:
    """The loss of the networks of one width; parameters are one vector (w_1..w_n, b_1..b_n, v_1..v_n, c).

    Args:
        problem: an interval problem with activation max(z, g z).
        width: number of neurons n, at least 0.

    Guarantee: `loss`, `gradient` and `hessian` are those of L up to rounding, at every point without neuron w = b = 0;
    there s' = g is taken, which gives the gradient 0 that a neuron w = b = v = 0 has. At a breakpoint on a or b, where
    the Hessian has a jump, it is that of one of the two sides.

    Raises:
        InvalidProblem: quadratic activation.
    """

    def __init__(self, problem: IntervalProblem, width: int) -> None:
        if problem.activation != "relu":
            raise InvalidProblem('the flow is for activation "relu", leaky or not')
        self.width = width
        self.size = 3 * width + 1
        self.start, self.end = (float(end) for end in problem.domain)
        self.leak = float(problem.leak)
        target = [float(value) for value in problem.target]
        self.target = np.array(target)
        count = len(target)
        # h^(j)(m)/j! = sum_i C(i, j) h_i m^(i-j)
        self._taylor = np.array(
            [[comb(i + j, j) * target[i + j] if i + j < count else 0.0 for i in range(count)] for j in range(count)]
        )
        powers = np.arange(count)
        self._powers = powers[:, None]
        even = powers % 2 == 0
        # int z^j dz = 2 eta^(j+1)/(j+1) for even j, int z^(j+1) dz = 2 eta^(j+2)/(j+2) for odd j
        self._mass = np.where(even, 2 / (powers + 1), 0.0)[:, None]
        self._moment = np.where(even, 0.0, 2 / (powers + 2))[:, None]
        # For each power: coefficients of h^(j)/j!, the highest first, and the two factors above.
        self._rows = [
            (row[: count - j][::-1], float(self._mass[j, 0]), float(self._moment[j, 0]))
            for j, row in enumerate(self._taylor.tolist())
        ]

    def split(self, parameters: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, float]:
        """w, b, v and c."""
        n = self.width
        return parameters[:n], parameters[n : 2 * n], parameters[2 * n : 3 * n], float(parameters[3 * n])

    def breakpoints(self, parameters: FloatArray) -> FloatArray:
        """t_j = -b_j/w_j; infinite where w_j = 0."""
        w, b, _, _ = self.split(parameters)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(w == 0, np.inf, -b / w)

    def pieces(self, parameters: FloatArray) -> Pieces:
        """The network between its breakpoints."""
        w, b, v, c = self.split(parameters)
        ends = np.empty(self.width + 2)
        ends[0], ends[-1] = self.start, self.end
        ends[1:-1] = self.breakpoints(parameters)
        np.clip(ends, self.start, self.end, out=ends)
        ends.sort()
        middles, halves = (ends[1:] + ends[:-1]) / 2, (ends[1:] - ends[:-1]) / 2
        values = w[:, None] * middles + b[:, None]
        slopes = np.where(values > 0, 1.0, self.leak)
        weighted = v[:, None] * slopes
        target = self._taylor @ middles**self._powers
        height, rise = c + (weighted * values).sum(axis=0), w @ weighted
        return Pieces(ends, middles, halves, slopes, values, height, rise, target)

    def loss(self, parameters: FloatArray) -> float:
        """int_a^b (f - h)^2 dx."""
        cut = self.pieces(parameters)
        rows = max(len(cut.target), 2)
        residual = np.zeros((rows, len(cut.middles)))
        residual[: len(cut.target)] = -cut.target
        residual[0] += cut.height
        residual[1] += cut.rise
        total = 0.0
        for i in range(rows):
            for j in range(i % 2, rows, 2):
                total += float(residual[i] * residual[j] @ cut.halves ** (i + j + 1)) * 2 / (i + j + 1)
        return total

    def _integrals(self, cut: Pieces) -> tuple[FloatArray, FloatArray]:
        """int r and int x r on every piece."""
        halves = cut.halves
        scaled = cut.target * halves**self._powers
        mass = 2 * halves * cut.height - halves * (self._mass * scaled).sum(axis=0)
        moment = halves * halves * (halves * cut.rise * 2 / 3 - (self._moment * scaled).sum(axis=0))
        return mass, moment + cut.middles * mass

    def gradient(self, parameters: FloatArray) -> FloatArray:
        """2 (v_j int x r s', v_j int r s', int r s(w_j x + b_j), int r).

        Plain Python numbers: for the widths of a catalog that is three times as fast as arrays.
        """
        n, start, leak = self.width, self.start, self.leak
        numbers: list[float] = parameters.tolist()
        w, b, v, c = numbers[:n], numbers[n : 2 * n], numbers[2 * n : 3 * n], numbers[3 * n]
        inside = []
        for j in range(n):
            t = -b[j] / w[j] if w[j] else start
            if start < t < self.end:
                inside.append(t)
        inside.sort()
        inside.append(self.end)
        masses, moments, total, left = [0.0] * n, [0.0] * n, 0.0, start
        for right in inside:
            middle, half = (left + right) / 2, (right - left) / 2
            height, rise = c, 0.0
            factors = []
            for j in range(n):
                value = w[j] * middle + b[j]
                factor = 1.0 if value > 0 else leak
                factors.append(factor)
                factor *= v[j]
                height += factor * value
                rise += factor * w[j]
            mass, moment, power = 2 * height, rise * half * 2 / 3, 1.0
            for row, weight, lever in self._rows:
                coefficient = 0.0
                for entry in row:
                    coefficient = coefficient * middle + entry
                coefficient *= power
                mass -= weight * coefficient
                moment -= lever * coefficient
                power *= half
            mass *= half
            moment = moment * half * half + middle * mass
            total += mass
            for j, factor in enumerate(factors):
                masses[j] += factor * mass
                moments[j] += factor * moment
            left = right
        found = [2 * v[j] * moments[j] for j in range(n)]
        found += [2 * v[j] * masses[j] for j in range(n)]
        found += [2 * (w[j] * moments[j] + b[j] * masses[j]) for j in range(n)]
        found.append(2 * total)
        return np.array(found)

    def hessian(self, parameters: FloatArray) -> FloatArray:
        """2 int (grad f)(grad f)^T + 2 int r Hess f."""
        w, _, v, _ = self.split(parameters)
        n = self.width
        cut = self.pieces(parameters)
        mass, moment = self._integrals(cut)
        weighted = v[:, None] * cut.slopes
        # Every derivative of f is affine on a piece: its value in the middle and its slope.
        heights, rises = np.zeros((self.size, len(mass))), np.zeros((self.size, len(mass)))
        heights[:n], rises[:n] = weighted * cut.middles, weighted
        heights[n : 2 * n] = weighted
        heights[2 * n : 3 * n], rises[2 * n : 3 * n] = cut.slopes * cut.values, cut.slopes * w[:, None]
        heights[3 * n] = 1.0
        found = (heights * (4 * cut.halves)) @ heights.T + (rises * (4 / 3 * cut.halves**3)) @ rises.T
        masses, moments = 2 * cut.slopes @ mass, 2 * cut.slopes @ moment
        places = self.breakpoints(parameters)
        residuals = self.residuals(parameters, places)
        for j in range(n):
            found[j, 2 * n + j] += moments[j]
            found[2 * n + j, j] += moments[j]
            found[n + j, 2 * n + j] += masses[j]
            found[2 * n + j, n + j] += masses[j]
            t = places[j]
            if self.start < t < self.end:
                factor = 2 * v[j] * (1 - self.leak) * residuals[j] / abs(w[j])
                found[j, j] += factor * t * t
                found[j, n + j] += factor * t
                found[n + j, j] += factor * t
                found[n + j, n + j] += factor
        return found

    def values(self, parameters: FloatArray, places: FloatArray) -> FloatArray:
        """f at the given places."""
        w, b, v, c = self.split(parameters)
        z = np.multiply.outer(places, w) + b
        found: FloatArray = c + np.maximum(z, self.leak * z) @ v
        return found

    def residuals(self, parameters: FloatArray, places: FloatArray) -> FloatArray:
        """r = f - h at the given places; those outside of [a, b] are moved to the nearer end."""
        inside = np.clip(places, self.start, self.end)
        return self.values(parameters, inside) - self._target_at(inside)

    def _target_at(self, places: FloatArray) -> FloatArray:
        found = np.zeros_like(places)
        for coefficient in self.target[::-1]:
            found = found * places + coefficient
        return found
