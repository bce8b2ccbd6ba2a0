"""The teacher's loss from its definition: an expectation over Gaussian inputs, by quadrature and by sampling.

Nothing here knows the kernel's closed form. For two rows the expectation is an integral over the plane they span:
x = r (cos phi, sin phi), E r^2 = 2, so E relu<w,x> relu<v,x> is |w||v|/pi times the integral of
relu(cos phi) relu(cos(phi - theta)) over the circle.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import mpmath
import numpy as np
from numpy.typing import NDArray


def kernel_by_quadrature(first: Sequence[int], second: Sequence[int], digits: int = 30) -> Any:
    """E relu<w,x> relu<v,x> to about `digits` digits, for two rows of integers."""
    with mpmath.workdps(digits + 10):
        w, v = mpmath.matrix(list(first)), mpmath.matrix(list(second))
        lengths = mpmath.norm(w), mpmath.norm(v)
        cosine = (w.T * v)[0] / (lengths[0] * lengths[1])
        angle = mpmath.acos(max(mpmath.mpf(-1), min(mpmath.mpf(1), cosine)))
        half = mpmath.pi / 2
        cuts = sorted({-mpmath.pi, -half, half, angle - half, min(angle + half, mpmath.pi), mpmath.pi})

        def integrand(phi: Any) -> Any:
            return max(mpmath.cos(phi), 0) * max(mpmath.cos(phi - angle), 0)

        integral = sum(mpmath.quad(integrand, [low, high]) for low, high in pairwise(cuts))
        return lengths[0] * lengths[1] * integral / mpmath.pi


def sampled_loss(weights: NDArray[np.float64], teachers: int, samples: int, seed: int) -> tuple[float, float]:
    """Mean of (1/2)(student - teacher)^2 over Gaussian samples, and its standard error."""
    inputs = np.random.default_rng(seed).standard_normal((samples, weights.shape[1]))
    errors = np.maximum(inputs @ weights.T, 0).sum(axis=1) - np.maximum(inputs[:, :teachers], 0).sum(axis=1)
    losses = errors**2 / 2
    return float(losses.mean()), float(losses.std() / np.sqrt(samples))


def sampled_gradient(
    weights: NDArray[np.float64], teachers: int, samples: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean of the gradient of (1/2)(student - teacher)^2 in W over Gaussian samples, and its standard errors."""
    inputs = np.random.default_rng(seed).standard_normal((samples, weights.shape[1]))
    active = inputs @ weights.T
    errors = np.maximum(active, 0).sum(axis=1) - np.maximum(inputs[:, :teachers], 0).sum(axis=1)
    signal = errors[:, None] * (active > 0)
    mean = signal.T @ inputs / samples
    square = (signal**2).T @ inputs**2 / samples
    return mean, np.sqrt((square - mean**2) / samples)
