"""Certified eigenvalues of a small symmetric matrix of balls, simple or not."""

from __future__ import annotations

from collections.abc import Sequence

from flint import arb, arb_mat, ctx

from symbolic.enclosure import midpoint
from symbolic.errors import InsufficientPrecision


def eigenvalue_enclosures(matrix: Sequence[Sequence[arb]]) -> tuple[arb, ...]:
    """Balls around lambda_1 <= ... <= lambda_N of A = M + E, from D = Q^T M Q with approximate eigenvectors Q.

    M holds the midpoints of the balls, E what is within their radii.

    Args:
        matrix: square, symmetric, entries enclosed at the precision in force.

    Returns:
        One ball per eigenvalue, counted with multiplicity, in increasing order of the eigenvalues.

    Guarantee:
        The i-th ball holds the i-th smallest eigenvalue of every symmetric matrix inside the balls, also where
        eigenvalues coincide or cluster (their balls then overlap). The radius is absolute: at most N times the largest
        radius of an entry, plus about 2^-precision times the norm.

    Raises:
        InsufficientPrecision: an entry is not finite, or no approximate eigenvectors were found.

    Reference:
        |lambda_i(D) - d_i| <= ||D - diag(d)|| for the sorted d, |lambda_i(A) - lambda_i(M)| <= ||E|| (H. Weyl, 1912);
        lambda_i(Q^T M Q) = t_i lambda_i(M) with |t_i - 1| <= ||Q^T Q - I|| < 1 (A. M. Ostrowski, Proc. Nat. Acad. Sci.
        45, 1959). The norms are bounded by the largest absolute row sum.
    """
    size = len(matrix)
    if not all(entry.is_finite() for row in matrix for entry in row):
        raise InsufficientPrecision("an entry of the symmetric matrix has no finite enclosure")
    if size <= 1:
        return tuple(matrix[0]) if size else ()
    lower = [[matrix[max(i, j)][min(i, j)] for j in range(size)] for i in range(size)]
    middle = [[entry.mid() for entry in row] for row in lower]
    vectors = arb_mat(_approximate_eigenvectors(middle))
    turned = (vectors.transpose() * arb_mat(middle) * vectors).tolist()
    gram = (vectors.transpose() * vectors).tolist()
    skew = _largest([[gram[i][j] - int(i == j) for j in range(size)] for i in range(size)])
    if not skew < 1:
        raise InsufficientPrecision("the approximate eigenvectors are too far from orthonormal")
    order = sorted(range(size), key=lambda i: midpoint(turned[i][i]))
    rest = [[turned[i][j] - turned[i][i].mid() if i == j else turned[i][j] for j in range(size)] for i in range(size)]
    inner, outer = arb(0, 1) * _largest(rest), arb(0, 1) * _largest([[entry.rad() for entry in row] for row in lower])
    stretch = 1 + arb(0, 1) * skew
    return tuple((turned[i][i].mid() + inner) / stretch + outer for i in order)


def _largest(matrix: Sequence[Sequence[arb]]) -> arb:
    """A number that is at least every absolute row sum."""
    largest = arb(0)
    for row in matrix:
        total = arb(0)
        for entry in row:
            total += entry.abs_upper()
        largest = largest.max(total).upper()
    return largest


def _approximate_eigenvectors(matrix: Sequence[Sequence[arb]]) -> list[list[arb]]:
    """Columns that are nearly orthonormal and nearly eigenvectors of an exact matrix; nothing is proved of them."""
    import mpmath

    def exact(value: mpmath.mpf) -> arb:
        sign, mantissa, exponent, _ = value._mpf_
        return arb((-int(mantissa) if sign else int(mantissa), int(exponent)))

    with mpmath.workprec(ctx.prec + 10):
        rows = []
        for row in matrix:
            parts = [entry.man_exp() for entry in row]
            rows.append([mpmath.mpf((int(mantissa), int(exponent))) for mantissa, exponent in parts])
        try:
            _, vectors = mpmath.eigsy(mpmath.matrix(rows))
        except RuntimeError:
            raise InsufficientPrecision("the approximate eigenvectors did not converge") from None
        size = len(rows)
        return [[exact(vectors[i, j]) for j in range(size)] for i in range(size)]
