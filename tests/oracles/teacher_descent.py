"""Local minima of the teacher loss by descent from random weights: no symmetry, no fixed space, no balls.

L(W) = (1/2) E (sum_i relu<w_i,x> - sum_j relu<e_j,x>)^2 through the arc-cosine kernel (Y. Cho, L. K. Saul, NeurIPS
2009), written anew in angles, with its gradient by hand. Minimized in all n k weights by BFGS from weights of
random size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Minimum:
    """A point where the descent stopped: the loss, the largest entry of the gradient, and the weights."""

    loss: float
    gradient: float
    weights: Matrix


def _kernel_sums(left: Matrix, right: Matrix) -> tuple[float, Matrix]:
    """sum_ij E relu<u_i,x> relu<v_j,x> and its gradient in the u_i."""
    lengths, others = np.linalg.norm(left, axis=1), np.linalg.norm(right, axis=1)
    scale = lengths[:, None] * others[None, :]
    angle = np.arccos(np.clip(left @ right.T / scale, -1.0, 1.0))
    value = float((scale * (np.sin(angle) + (np.pi - angle) * np.cos(angle))).sum() / (2 * np.pi))
    slope = (others * np.sin(angle)).sum(axis=1)[:, None] * left / lengths[:, None] + (np.pi - angle) @ right
    return value, slope / (2 * np.pi)


def dense_loss(weights: Matrix) -> tuple[float, Matrix]:
    """Loss and gradient for k teachers in R^k, k the number of columns."""
    teacher = np.eye(weights.shape[1])
    own, own_slope = _kernel_sums(weights, weights)
    cross, cross_slope = _kernel_sums(weights, teacher)
    target, _ = _kernel_sums(teacher, teacher)
    return own / 2 - cross + target / 2, own_slope - cross_slope


def descend(k: int, starts: int, seed: int, around: Matrix | None = None, noise: float = 0.0) -> list[Minimum]:
    """End points of BFGS in all k^2 weights, from Gaussian starts of varying size or from noise around a matrix."""
    generator = np.random.default_rng(seed)

    def flat(vector: Matrix) -> tuple[float, Matrix]:
        value, slope = dense_loss(vector.reshape(k, k))
        return value, slope.ravel()

    found = []
    for _ in range(starts):
        start = generator.standard_normal(k * k) * np.exp(generator.uniform(-2.0, 0.5)) / np.sqrt(k)
        if around is not None:
            start = around.ravel() + noise * generator.standard_normal(k * k)
        result: Any = minimize(flat, start, jac=True, method="BFGS", options={"gtol": 1e-9, "maxiter": 4000})
        weights: Matrix = result.x.reshape(k, k)
        found.append(Minimum(float(result.fun), float(np.abs(flat(result.x)[1]).max()), weights))
    return found


def sorted_entries(weights: Matrix) -> Matrix:
    """All entries in increasing order: unchanged by permutations of rows and of columns."""
    return np.sort(weights.ravel())
