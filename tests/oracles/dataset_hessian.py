"""Hessian of the data-set loss at a rational point by exact second differences, and its inertia by Descartes' rule.

With the strictly active sets frozen, L is a polynomial of degree at most 2 in each single parameter, so central second
differences of exact rational values have no error. All roots of the characteristic polynomial are real, so the number
of sign changes of its coefficients is the number of positive ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from flint import fmpq, fmpq_mat
from oracles.dataset_exact import Vector, dot
from oracles.dataset_naive import DataSet


def frozen_loss(data: DataSet, active: Sequence[Sequence[int]], point: Sequence[Fraction]) -> Fraction:
    """L with neuron j switched on at exactly the samples active[j]; the point lists w_1, ..., w_m, then a."""
    d, m = data.dimension, len(active)
    total = Fraction(0)
    for k, (x, y) in enumerate(zip(data.samples, data.targets, strict=True)):
        heights = {j: dot(point[d * j : d * j + d], x) for j in range(m) if k in active[j]}
        total += (sum((point[d * m + j] * height for j, height in heights.items()), Fraction(0)) - y) ** 2
    return total / (2 * data.size)


def hessian(data: DataSet, w: Sequence[Vector], a: Sequence[Fraction]) -> list[list[Fraction]]:
    """Second derivatives in (w_1, ..., w_m, a) with the strictly active sets of the point frozen."""
    active = [[k for k, x in enumerate(data.samples) if dot(row, x) > 0] for row in w]
    point = [value for row in w for value in row] + list(a)

    def shifted(*moves: tuple[int, int]) -> Fraction:
        moved = list(point)
        for place, amount in moves:
            moved[place] += amount
        return frozen_loss(data, active, moved)

    size = len(point)
    matrix = [[Fraction(0)] * size for _ in range(size)]
    for i in range(size):
        matrix[i][i] = shifted((i, 1)) + shifted((i, -1)) - 2 * shifted()
        for j in range(i):
            cross = shifted((i, 1), (j, 1)) - shifted((i, 1), (j, -1)) - shifted((i, -1), (j, 1))
            matrix[i][j] = matrix[j][i] = (cross + shifted((i, -1), (j, -1))) / 4
    return matrix


def inertia(matrix: Sequence[Sequence[Fraction]]) -> tuple[int, int, int]:
    """Numbers of negative, zero and positive eigenvalues of a symmetric rational matrix."""
    rows = [[fmpq(value.numerator, value.denominator) for value in row] for row in matrix]
    coefficients = list(fmpq_mat(rows).charpoly().coeffs())
    zero = next(i for i, c in enumerate(coefficients) if c)
    kept = [c for c in coefficients if c]
    positive = sum((left > 0) != (right > 0) for left, right in pairwise(kept))
    return len(matrix) - zero - positive, zero, positive


def has_hessian(data: DataSet, w: Sequence[Vector], a: Sequence[Fraction]) -> bool:
    """Whether L is twice differentiable at the point, for samples of which no two are parallel: every neuron on the
    hyperplane of a nonzero x_k must have a_j = 0 and the residual there must vanish."""
    residuals = data.residuals(w, a)
    return all(
        c == 0 and r == 0
        for row, c in zip(w, a, strict=True)
        for r, x in zip(residuals, data.samples, strict=True)
        if any(x) and dot(row, x) == 0
    )
