"""The whole loss in all n d weights, in floats and in balls: what fixed spaces and isotypic blocks are checked against.

    L(W) = sum_i |w_i|^2/4 + (1/2) sum_{i != j} f(w_i, w_j) - sum_{i,j} f(w_i, v_j) + k/4 + k (k - 1)/(4 pi)

for student rows w_1..w_n in R^d and the teacher v_j = e_j, j = 1..k <= d; f as in `symbolic.teacher.kernel`. It equals
(1/2) E (sum_i relu<w_i,x> - sum_j relu<v_j,x>)^2 for x ~ N(0, I_d). The Hessian has the blocks

    H_ii = I/2 + sum_{l != i} H11(w_i, w_l) - sum_j H11(w_i, v_j),   H_ij = H12(w_i, w_j),

at row i d + a, column j d + b for the entries W[i, a], W[j, b].
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from flint import arb, arb_mat

from symbolic.errors import InvalidProblem
from symbolic.teacher.arithmetic import FloatArray
from symbolic.teacher.kernel import BallPair, FloatPairs

BallRows = Sequence[Sequence[arb]]


def float_loss(weights: FloatArray, teachers: int) -> float:
    """L(W) in float64.

    Args:
        weights: the n x d matrix W.
        teachers: their number k, at most d.

    Raises:
        InvalidProblem: a row vanishes or is not finite; k out of range.
    """
    among, across = _float_pairs(weights, teachers)
    values = among.values()
    # f(w, w) = |w|^2 / 2, so half the sum over all pairs holds the squares as well.
    constant = teachers / 4 + teachers * (teachers - 1) / (4 * np.pi)
    return float(values.sum() / 2 - across.values().sum() + constant)


def float_gradient(weights: FloatArray, teachers: int) -> FloatArray:
    """dL/dW in float64, n x d. Args, Raises: as for `float_loss`."""
    among, across = _float_pairs(weights, teachers)
    gradient: FloatArray = among.gradients().sum(axis=1) - across.gradients().sum(axis=1)
    return gradient


def float_hessian(weights: FloatArray, teachers: int) -> FloatArray:
    """The Hessian of L in float64, (n d) x (n d). Args, Raises: as for `float_loss`."""
    rows, inputs = weights.shape
    among, across = _float_pairs(weights, teachers)
    curvature, mixed = among.hessians()
    index = np.arange(rows)
    curvature[index, index] = 0.0
    mixed[index, index] = np.eye(inputs) / 2 + curvature.sum(axis=1) - across.hessians()[0].sum(axis=1)
    return mixed.transpose(0, 2, 1, 3).reshape(rows * inputs, rows * inputs)


def ball_loss(weights: BallRows, teachers: int) -> arb:
    """L(W) in balls at the working precision.

    Args:
        weights: the rows of W, entries exact or balls.
        teachers: their number k, at most d.

    Guarantee: the ball holds every value on the box of the entries, or is not finite.

    Raises:
        InvalidProblem: a row is exactly zero; rows of different lengths; k out of range.
    """
    pi, units = arb.pi(), _teacher_rows(weights, teachers)
    total = arb(teachers) / 4 + arb(teachers * (teachers - 1)) / (4 * pi)
    for i, row in enumerate(weights):
        total += sum((entry * entry for entry in row), arb(0)) / 4
        for other in weights[:i]:
            total += BallPair(row, other).value()
        for unit in units:
            total -= BallPair(row, unit).value()
    return total


def ball_gradient(weights: BallRows, teachers: int) -> list[list[arb]]:
    """dL/dW in balls, n rows of d entries. Args, Guarantee, Raises: as for `ball_loss`."""
    units = _teacher_rows(weights, teachers)
    result = []
    for i, row in enumerate(weights):
        entries = [entry / 2 for entry in row]
        for j, other in enumerate(weights):
            if j != i:
                entries = [a + b for a, b in zip(entries, BallPair(row, other).gradient(), strict=True)]
        for unit in units:
            entries = [a - b for a, b in zip(entries, BallPair(row, unit).gradient(), strict=True)]
        result.append(entries)
    return result


def ball_hessian(weights: BallRows, teachers: int) -> arb_mat:
    """The Hessian of L in balls, (n d) x (n d). Args, Guarantee, Raises: as for `ball_loss`."""
    units = _teacher_rows(weights, teachers)
    rows, inputs = len(weights), len(weights[0])
    size = rows * inputs
    table = [[arb(0)] * size for _ in range(size)]

    def add(block: list[list[arb]], i: int, j: int, sign: int = 1) -> None:
        for a, line in enumerate(block):
            for b, value in enumerate(line):
                table[i * inputs + a][j * inputs + b] += sign * value

    for i, row in enumerate(weights):
        for a in range(inputs):
            table[i * inputs + a][i * inputs + a] += arb(1) / 2
        for unit in units:
            add(BallPair(row, unit).h11(), i, i, -1)
        for j, other in enumerate(weights):
            if j != i:
                pair = BallPair(row, other)
                add(pair.h11(), i, i)
                if j < i:
                    mixed = pair.h12()
                    add(mixed, i, j)
                    add(mixed, j, i)
    return arb_mat(table)


def _float_pairs(weights: FloatArray, teachers: int) -> tuple[FloatPairs, FloatPairs]:
    if weights.ndim != 2:
        raise InvalidProblem("weights are an n x d matrix")
    _check(weights.shape[0], weights.shape[1], teachers)
    return FloatPairs(weights, weights), FloatPairs(weights, np.eye(teachers, weights.shape[1]))


def _teacher_rows(weights: BallRows, teachers: int) -> list[list[arb]]:
    inputs = len(weights[0]) if weights else 0
    _check(len(weights), inputs, teachers)
    return [[arb(int(i == j)) for j in range(inputs)] for i in range(teachers)]


def _check(rows: int, inputs: int, teachers: int) -> None:
    if rows < 1:
        raise InvalidProblem("a student network has at least 1 neuron")
    if not 2 <= teachers <= inputs:
        raise InvalidProblem(f"{teachers} orthonormal teachers: at least 2, and at most the {inputs} inputs")
