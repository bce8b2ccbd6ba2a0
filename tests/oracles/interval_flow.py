"""The gradient flow on an interval the slow way: quadrature, central differences, scipy's default integrators.

Nothing here knows closed forms, strata or functions: the loss is a sum over Gauss points between the breakpoints, of an
order at which the quadrature is exact for the polynomials that occur.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

POINTS, WEIGHTS = np.polynomial.legendre.leggauss(12)


@dataclass(frozen=True)
class Setting:
    """Target (constant term first), domain and leak, in floats."""

    target: tuple[float, ...]
    start: float
    end: float
    leak: float

    @classmethod
    def of(cls, problem: Any) -> Setting:
        return cls(tuple(map(float, problem.target)), *map(float, problem.domain), float(problem.leak))

    def nodes(self, breakpoints: Sequence[float]) -> tuple[Any, Any]:
        """Gauss points and weights on every piece."""
        inside = sorted(t for t in breakpoints if self.start < t < self.end)
        ends = np.array([self.start, *inside, self.end])
        middle, half = (ends[1:] + ends[:-1]) / 2, (ends[1:] - ends[:-1]) / 2
        return (middle[:, None] + half[:, None] * POINTS).ravel(), (half[:, None] * WEIGHTS).ravel()

    def h(self, x: Any) -> Any:
        return sum(value * x**power for power, value in enumerate(self.target))

    def s(self, z: Any) -> Any:
        return np.where(z > 0, z, self.leak * z)

    def gradient(self, parameters: Any) -> Any:
        """dL/dtheta = 2 int r df/dtheta by quadrature, df/dtheta term by term."""
        n = (len(parameters) - 1) // 3
        w, b, v, c = parameters[:n], parameters[n : 2 * n], parameters[2 * n : 3 * n], parameters[-1]
        x, weight = self.nodes([-bias / slope for slope, bias in zip(w, b, strict=True) if slope])
        z = np.outer(x, w) + b
        r = (c + self.s(z) @ v - self.h(x)) * weight
        slopes = np.where(z > 0, 1.0, self.leak)
        return 2 * np.concatenate(
            ((x * r) @ slopes * v, r @ slopes * v, r @ self.s(z), [r.sum()]),
        )

    def loss(self, parameters: Any) -> float:
        n = (len(parameters) - 1) // 3
        w, b, v, c = parameters[:n], parameters[n : 2 * n], parameters[2 * n : 3 * n], parameters[-1]
        x, weight = self.nodes([-bias / slope for slope, bias in zip(w, b, strict=True) if slope])
        return float(((c + self.s(np.outer(x, w) + b) @ v - self.h(x)) ** 2) @ weight)

    def flow(self, parameters: Sequence[float], time: float) -> Any:
        """The state after `time`, by an implicit Runge-Kutta method with differences for the Jacobian."""
        answer = solve_ivp(
            lambda _, y: -self.gradient(y), (0.0, time), np.array(parameters), method="Radau", rtol=1e-8, atol=1e-10
        )
        assert answer.success
        return answer.y[:, -1]


@dataclass(frozen=True)
class Piecewise:
    """A continuous piecewise affine function, against the target of a setting."""

    setting: Setting
    kinks: tuple[float, ...]
    slopes: tuple[float, ...]
    offset: float

    def value(self, x: Any) -> Any:
        found = self.offset + self.slopes[0] * (x - self.setting.start)
        for kink, jump in zip(self.kinks, np.diff(self.slopes), strict=True):
            found = found + jump * np.maximum(x - kink, 0)
        return found

    def growth(self, w: float, b: float) -> float:
        """G(w, b) = int r s(w x + b)."""
        x, weight = self.setting.nodes([*self.kinks, *([-b / w] if w else [])])
        return float((self.value(x) - self.setting.h(x)) * self.setting.s(w * x + b) @ weight)

    def extremal_angles(self, steps: int) -> list[float]:
        """Angles at which |G| on a grid of the circle is at least as large as at both neighbours, and not 0."""
        angles = 2 * np.pi * (np.arange(steps) + 0.37) / steps
        sizes = np.array([abs(self.growth(np.cos(angle), np.sin(angle))) for angle in angles])
        least = 1e-9 * float(sizes.max())
        return [
            float(angles[i])
            for i in range(steps)
            if sizes[i] > least and sizes[i] > sizes[i - 1] and sizes[i] >= sizes[(i + 1) % steps]
        ]
