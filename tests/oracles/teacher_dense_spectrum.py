"""Dense Hessian of the teacher family's loss from the textbook formulas, row block by row block, in floats."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


def kernel(w: Matrix, v: Matrix) -> float:
    """E relu<w, x> relu<v, x> for standard Gaussian x."""
    lengths = np.linalg.norm(w) * np.linalg.norm(v)
    cosine = np.clip(w @ v / lengths, -1, 1)
    angle = np.arccos(cosine)
    return float(lengths * (np.sin(angle) + (np.pi - angle) * cosine) / (2 * np.pi))


def loss(weights: Matrix, teachers: int) -> float:
    """1/2 E (sum_i relu<w_i, x> - sum_{j <= k} relu(x_j))^2, all pairs of the kernel."""
    rows = [*weights, *np.eye(weights.shape[1])[:teachers]]
    signs = [1.0] * len(weights) + [-1.0] * teachers
    return 0.5 * sum(
        s * t * kernel(v, w) for s, v in zip(signs, rows, strict=True) for t, w in zip(signs, rows, strict=True)
    )


def _angle(w: Matrix, v: Matrix) -> tuple[float, Matrix, Matrix]:
    """theta, and the unit vectors n (in the plane, at right angles to w) and m (to v); 0 for parallel vectors."""
    a, b = w / np.linalg.norm(w), v / np.linalg.norm(v)
    angle = 2 * np.arctan2(np.linalg.norm(a - b), np.linalg.norm(a + b))
    if np.sin(angle) < 1e-14:
        return float(angle), np.zeros_like(w), np.zeros_like(w)
    n, m = b - (a @ b) * a, a - (a @ b) * b
    return float(angle), n / np.linalg.norm(n), m / np.linalg.norm(m)


def hessian(weights: Matrix, teachers: int) -> Matrix:
    """The n d x n d matrix of second derivatives."""
    n, d = weights.shape
    result = np.zeros((n, d, n, d))
    for i, w in enumerate(weights):
        along = w / np.linalg.norm(w)
        block = np.eye(d) / 2
        others = [(1.0, v) for p, v in enumerate(weights) if p != i]
        others += [(-1.0, v) for v in np.eye(d)[:teachers]]
        for sign, v in others:
            angle, normal, _ = _angle(w, v)
            scale = sign * np.linalg.norm(v) * np.sin(angle) / (2 * np.pi * np.linalg.norm(w))
            block += scale * (np.eye(d) - np.outer(along, along) + np.outer(normal, normal))
        result[i, :, i, :] = block
        for p, v in enumerate(weights):
            if p != i:
                angle, normal, other = _angle(w, v)
                block = (np.pi - angle) * np.eye(d) + np.outer(along, normal) + np.outer(v / np.linalg.norm(v), other)
                result[i, :, p, :] = block / (2 * np.pi)
    return result.reshape(n * d, n * d)


def second_differences(weights: Matrix, teachers: int, step: float = 1e-4) -> Matrix:
    """The Hessian by central differences of the loss alone (error about 1e-7)."""
    flat = weights.ravel()
    size = len(flat)

    def at(shift: Matrix) -> float:
        return loss((flat + shift).reshape(weights.shape), teachers)

    unit = step * np.eye(size)
    result = np.zeros((size, size))
    for i in range(size):
        for j in range(i + 1):
            value = at(unit[i] + unit[j]) - at(unit[i] - unit[j]) - at(unit[j] - unit[i]) + at(-unit[i] - unit[j])
            result[i, j] = result[j, i] = value / (4 * step * step)
    return result
