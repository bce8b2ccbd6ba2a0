"""Brute force: look for critical points of the true loss from random starts, knowing nothing about their structure.

L(w, b, v, c) = int_a^b (c + sum_j v_j s(w_j x + b_j) - h(x))^2 dx, s(z) = max(z, g z). The gradient and the Hessian are
integrated by Gauss-Legendre rules on the pieces between the breakpoints, which is exact for polynomials of this degree
up to rounding; Levenberg-Marquardt (MINPACK through scipy) looks for zeros of the whole gradient, saddles included.

A search, in floats: nothing says that it finds everything. What it finds must be in every complete list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from time import process_time
from typing import Any

import numpy as np
from numpy.polynomial import polynomial
from scipy.optimize import root

NODES, WEIGHTS = np.polynomial.legendre.leggauss(10)


@dataclass(frozen=True)
class FoundFunction:
    """A function the search ended at: its loss, its values on a grid, the parameters, the size of the gradient."""

    loss: float
    values: Any
    parameters: Any
    gradient: float


class NetworkLoss:
    """The loss of a network of n neurons with parameters (w, b, v, c) in one array of length 3n + 1."""

    def __init__(
        self, target: Sequence[Fraction], domain: tuple[Fraction, Fraction], leak: Fraction, width: int
    ) -> None:
        self.target = np.array([float(value) for value in target])
        self.a, self.b = float(domain[0]), float(domain[1])
        self.leak = float(leak)
        self.width = width

    def _split(self, parameters: Any) -> tuple[Any, Any, Any, float]:
        n = self.width
        return parameters[:n], parameters[n : 2 * n], parameters[2 * n : 3 * n], float(parameters[3 * n])

    def _quadrature(self, w: Any, b: Any) -> tuple[Any, Any]:
        with np.errstate(divide="ignore", invalid="ignore"):
            breaks = -b / w
        inside = breaks[np.isfinite(breaks) & (breaks > self.a) & (breaks < self.b)]
        ends = np.concatenate(([self.a], np.sort(inside), [self.b]))
        half = np.diff(ends) / 2
        middle = (ends[1:] + ends[:-1]) / 2
        return (middle[:, None] + half[:, None] * NODES).ravel(), (half[:, None] * WEIGHTS).ravel()

    def _features(self, parameters: Any, x: Any) -> tuple[Any, Any, Any]:
        """Activations s(z_j), derivatives s'(z_j), residual f - h at the points x."""
        w, b, v, c = self._split(parameters)
        z = np.outer(w, x) + b[:, None]
        derivative = np.where(z > 0, 1.0, self.leak)
        return z * derivative, derivative, c + v @ (z * derivative) - polynomial.polyval(x, self.target)

    def loss(self, parameters: Any) -> float:
        w, b, _, _ = self._split(parameters)
        x, weight = self._quadrature(w, b)
        _, _, residual = self._features(parameters, x)
        return float(weight @ residual**2)

    def values(self, parameters: Any, count: int = 41) -> Any:
        """f on an even grid."""
        x = np.linspace(self.a, self.b, count)
        return self._features(parameters, x)[2] + polynomial.polyval(x, self.target)

    def gradient_and_hessian(self, parameters: Any) -> tuple[Any, Any]:
        n = self.width
        w, b, v, _ = self._split(parameters)
        x, weight = self._quadrature(w, b)
        active, derivative, residual = self._features(parameters, x)
        tangent = np.concatenate((v[:, None] * derivative * x, v[:, None] * derivative, active, np.ones((1, len(x)))))
        weighted = weight * residual
        gradient = 2 * tangent @ weighted
        hessian = 2 * (tangent * weight) @ tangent.T
        mixed_w, mixed_b = 2 * (derivative * x) @ weighted, 2 * derivative @ weighted
        for j in range(n):
            hessian[j, 2 * n + j] += mixed_w[j]
            hessian[2 * n + j, j] += mixed_w[j]
            hessian[n + j, 2 * n + j] += mixed_b[j]
            hessian[2 * n + j, n + j] += mixed_b[j]
            if w[j] == 0:
                continue
            t = -b[j] / w[j]
            if self.a < t < self.b:
                # The kink moves with (w, b): a delta function of s'' at t.
                at_kink = float(self._features(parameters, np.array([t]))[2][0])
                bend = 2 * v[j] * (1 - self.leak) * at_kink / abs(w[j])
                hessian[j, j] += bend * t * t
                hessian[j, n + j] += bend * t
                hessian[n + j, j] += bend * t
                hessian[n + j, n + j] += bend
        return gradient, hessian

    def random_start(self, generator: np.random.Generator) -> Any:
        """Breakpoints spread over the domain and a little beyond, |w_j| = 1, offsets and outer weights of order 1."""
        n = self.width
        w = generator.choice([-1.0, 1.0], n)
        margin = 0.1 * (self.b - self.a)
        t = generator.uniform(self.a - margin, self.b + margin, n)
        heights = polynomial.polyval(np.linspace(self.a, self.b, 21), self.target)
        scale = 3 * (heights.max() - heights.min()) / (self.b - self.a) + 0.1
        return np.concatenate((w, -w * t, generator.normal(0, scale, n), generator.normal(0, scale, 1)))


def critical_functions(
    target: Sequence[Fraction],
    domain: tuple[Fraction, Fraction],
    leak: Fraction,
    width: int,
    starts: int,
    seed: int = 0,
    seconds: float | None = None,
    tolerance: float = 1e-12,
) -> list[FoundFunction]:
    """Distinct critical functions met from `starts` random starts (or within `seconds` of processor time), by loss.

    A point counts as critical where every entry of the gradient is below `tolerance` with every neuron scaled to
    |(w_j, b_j)| = 1, and no neuron is degenerate; two points are one function where they agree on a grid to 1e-6.
    """
    network = NetworkLoss(target, domain, leak, width)
    generator = np.random.default_rng(seed)
    found: list[FoundFunction] = []
    deadline = None if seconds is None else process_time() + seconds
    for _ in range(starts):
        if deadline is not None and process_time() > deadline:
            break
        start = network.random_start(generator)
        with np.errstate(all="ignore"):
            answer = root(
                network.gradient_and_hessian,
                start,
                jac=True,
                method="lm",
                options={"maxiter": 400, "xtol": 1e-15, "ftol": 1e-15},
            )
        point = _scaled(answer.x, width)
        if point is None:
            continue
        size = float(np.abs(network.gradient_and_hessian(point)[0]).max())
        if not size < tolerance:
            continue
        values = network.values(point)
        if any(np.abs(values - other.values).max() < 1e-6 for other in found):
            continue
        found.append(FoundFunction(network.loss(point), values, point, size))
    return sorted(found, key=lambda function: function.loss)


def _scaled(parameters: Any, width: int) -> Any | None:
    """The same network with |(w_j, b_j)| = 1; None where it is not finite or a neuron is degenerate."""
    if not np.all(np.isfinite(parameters)) or np.abs(parameters).max() > 1e6:
        return None
    point = parameters.copy()
    size = np.hypot(point[:width], point[width : 2 * width])
    if np.any(size < 1e-6):
        return None
    point[:width] /= size
    point[width : 2 * width] /= size
    point[2 * width : 3 * width] *= size
    return point


def numerical_gradient(network: NetworkLoss, parameters: Any, step: float = 1e-6) -> Any:
    """Central differences of the loss."""
    result = np.zeros(len(parameters))
    for i in range(len(parameters)):
        ahead, behind = parameters.copy(), parameters.copy()
        ahead[i] += step
        behind[i] -= step
        result[i] = (network.loss(ahead) - network.loss(behind)) / (2 * step)
    return result


def function_values(
    kinks: Sequence[float], slopes: Sequence[float], offset: float, a: float, b: float, count: int = 41
) -> Any:
    """A piecewise affine function on the grid that `NetworkLoss.values` uses."""
    x = np.linspace(a, b, count)
    total = np.full(count, offset)
    for (left, right), slope in zip(pairwise([a, *kinks, b]), slopes, strict=True):
        total += slope * (np.clip(x, left, right) - left)
    return total
