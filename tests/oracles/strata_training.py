"""Training by brute force: seeded descent on the true loss in floats, knowing nothing of the catalog.

Every run is a quasi-Newton descent from a random network, then Newton steps on the gradient (Levenberg-Marquardt) that
are accepted only if they stay near, do not raise the loss and make the gradient smaller. A run counts if its gradient
ends below 1e-9 with every neuron rescaled to |(w_j, b_j)| = 1; the others (slow drift, escape to infinity) are counted
apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from oracles.multistart import NetworkLoss
from scipy.optimize import minimize, root


@dataclass(frozen=True)
class End:
    """Where a run ended: loss, f on an even grid, parameters, largest entry of the gradient."""

    loss: float
    values: Any
    parameters: Any
    gradient: float


def _balanced(parameters: Any, width: int) -> Any:
    """The same network with |(w_j, b_j)| = 1, where a neuron is not tiny."""
    point = parameters.copy()
    size = np.hypot(point[:width], point[width : 2 * width])
    size[size < 1e-8] = 1.0
    point[:width] /= size
    point[width : 2 * width] /= size
    point[2 * width : 3 * width] *= size
    return point


def train(
    target: Sequence[Fraction],
    domain: tuple[Fraction, Fraction],
    leak: Fraction,
    width: int,
    runs: int,
    seed: int = 0,
    tolerance: float = 1e-9,
) -> tuple[list[End], int]:
    """The ends of the runs that converged, and how many did not."""
    network = NetworkLoss(target, domain, leak, width)
    generator = np.random.default_rng(seed)
    ends, lost = [], 0
    for _ in range(runs):
        point = network.random_start(generator)
        with np.errstate(all="ignore"):
            for _ in range(4):
                answer = minimize(
                    lambda p: (network.loss(p), network.gradient_and_hessian(p)[0]),
                    point,
                    jac=True,
                    method="BFGS",
                    options={"gtol": 1e-12, "maxiter": 3000},
                )
                point = _balanced(answer.x, width)
            size = _gradient(network, point)
            if size > tolerance and np.all(np.isfinite(point)):
                point = _polished(network, point)
                size = _gradient(network, point)
        if not np.all(np.isfinite(point)) or not size < tolerance:
            lost += 1
            continue
        ends.append(End(network.loss(point), network.values(point), point, size))
    return ends, lost


def _gradient(network: NetworkLoss, point: Any) -> float:
    return float(np.abs(network.gradient_and_hessian(point)[0]).max())


def _polished(network: NetworkLoss, point: Any) -> Any:
    answer = root(network.gradient_and_hessian, point, jac=True, method="lm", options={"maxiter": 100, "xtol": 1e-15})
    near = np.abs(answer.x - point).max() < 1e-2
    if near and network.loss(answer.x) <= network.loss(point) + 1e-12:
        return _balanced(answer.x, network.width)
    return point
