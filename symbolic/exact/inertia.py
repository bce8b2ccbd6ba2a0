"""Inertia of a symmetric matrix of balls, by certified elimination."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from flint import arb

from symbolic.errors import InsufficientPrecision


def signature(matrix: Sequence[Sequence[arb]]) -> tuple[int, int]:
    """(negative, positive) eigenvalues of a nonsingular symmetric matrix, by LDL^T with pivots of size 1 and 2.

    Sylvester's law of inertia: the Schur complement of an invertible principal block A has the inertia of the matrix
    minus that of A. A 1 x 1 block is used where a diagonal entry is proved not 0; else a block [[a, b], [b, c]] with
    a c - b^2 proved negative, which has one eigenvalue of each sign.

    Args:
        matrix: symmetric, entries enclosed at the precision in force.

    Guarantee:
        The two numbers add up to the size: the matrix is proved nonsingular and the signs are proved.

    Raises:
        InsufficientPrecision: no pivot could be proved not 0; the matrix may be singular.
    """
    rows = [list(row) for row in matrix]
    negative = positive = 0
    while rows:
        size = len(rows)
        single = max(
            (i for i in range(size) if not rows[i][i].contains(0)),
            key=lambda i: float(abs(rows[i][i]).mid()),
            default=None,
        )
        if single is not None:
            pivot = rows[single][single]
            if pivot > 0:
                positive += 1
            else:
                negative += 1
            rest = [i for i in range(size) if i != single]
            rows = [[rows[i][j] - rows[i][single] * rows[single][j] / pivot for j in rest] for i in rest]
            continue
        for i, j in combinations(range(size), 2):
            a, b, c = rows[i][i], rows[i][j], rows[j][j]
            determinant = a * c - b * b
            if not determinant < 0:
                continue
            negative, positive = negative + 1, positive + 1
            rest = [k for k in range(size) if k not in (i, j)]
            rows = [
                [
                    rows[k][m]
                    - (rows[k][i] * (c * rows[i][m] - b * rows[j][m]) + rows[k][j] * (a * rows[j][m] - b * rows[i][m]))
                    / determinant
                    for m in rest
                ]
                for k in rest
            ]
            break
        else:
            raise InsufficientPrecision("no pivot of the symmetric matrix could be proved not to be 0")
    return negative, positive
