"""Inertia of the Hessian at a point, from the quadratic form of docs/strata.md before it is reduced to the kinks.

With tau_ij the shifts of the breakpoints of the live neurons, y_i = sum_j Delta_ij tau_ij and
G_ik = <(1 - P) H_i, (1 - P) H_k>, H_i = 1 on (t_i, b], P the projection on Lambda, the form is

    2 y^T G y + 2 sum_ij r_i Delta_ij tau_ij^2

besides dim Lambda positive directions. It is evaluated at the jumps Delta of the sample itself, a matrix of the size of
the number of live neurons, so that the index formula (which never sees the sample) is confirmed from outside. `dense`
is slower and uses no theory: the whole Hessian, entry by entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from flint import arb, arb_mat, fmpq

from symbolic.errors import InsufficientPrecision
from symbolic.exact.inertia import signature
from symbolic.interval.recheck.network import INSIDE, Neuron, neuron_at
from symbolic.interval.recheck.residual import Residual

Line = tuple[arb, arb, arb]
"""A hinge function: value left of t is p (x - t), right of t it is q (x - t): (t, p, q)."""


class Projection:
    """G for one Lambda.

    Args:
        residual: of the function, in balls.
        leak: g.
        holds_x: whether x is in Lambda.
        hinges: breakpoints of its hinge functions, with an orientation each.
        steps: the breakpoints t_i.
    """

    def __init__(
        self, residual: Residual[arb], leak: Fraction, holds_x: bool, hinges: Sequence[tuple[arb, str]],
        steps: Sequence[arb],
    ) -> None:
        a, b = residual.start, residual.stop
        g = arb(fmpq(leak.numerator, leak.denominator))
        basis: list[Line] = []
        if holds_x:
            basis.append((a, arb(1), arb(1)))
        for t, mark in hinges:
            if holds_x:
                basis.append((t, arb(0), arb(1)))
            else:
                basis.append((t, g, arb(1)) if mark == "+" else (t, arb(-1), -g))
        self.dimension = 1 + len(basis)
        places = sorted([a, b, *(t for t, _, _ in basis), *steps], key=lambda t: float(t.mid()))
        cuts = [(u, v) for u, v in pairwise(places) if v > u]
        rows = [[(arb(1), arb(0))] * len(cuts), *([_on(line, u, v) for u, v in cuts] for line in basis)]
        marks = [[(arb(int(u >= t or u.overlaps(t))), arb(0)) for u, v in cuts] for t in steps]
        gram = arb_mat([[_inner(p, q, cuts) for q in rows] for p in rows])
        mixed = arb_mat([[_inner(p, q, cuts) for q in marks] for p in rows]) if steps else None
        self.matrix: list[list[arb]] = []
        if mixed is not None:
            shares = mixed.transpose() * gram.solve(mixed)
            self.matrix = [
                [_inner(p, q, cuts) - (shares[i, j] + shares[j, i]) / 2 for j, q in enumerate(marks)]
                for i, p in enumerate(marks)
            ]


def _on(line: Line, u: arb, v: arb) -> tuple[arb, arb]:
    """A hinge function as p + q x on a piece that t does not cut."""
    t, left, right = line
    slope = right if u >= t or u.overlaps(t) else left
    return -slope * t, slope


def _inner(
    first: Sequence[tuple[arb, arb]], second: Sequence[tuple[arb, arb]], cuts: Sequence[tuple[arb, arb]]
) -> arb:
    total = arb(0)
    for (p, q), (s, t), (u, v) in zip(first, second, cuts, strict=True):
        middle, length = (u + v) / 2, v - u
        total += length * ((p + q * middle) * (s + t * middle) + q * t * length * length / 12)
    return total


def form_signature(
    projection: Projection, positions: Sequence[int], jumps: Sequence[arb], residuals: Sequence[arb]
) -> tuple[int, int]:
    """(negative, positive) directions of the form on the shifts of the live neurons.

    Args:
        projection: with a step for each site of a live neuron.
        positions: for each live neuron the number of its step.
        jumps: Delta of each; residuals: r at each.

    Raises:
        InsufficientPrecision: the form could not be proved nondegenerate.
    """
    matrix = []
    for i, (site, jump) in enumerate(zip(positions, jumps, strict=True)):
        row = []
        for j, (other, second) in enumerate(zip(positions, jumps, strict=True)):
            entry = 2 * jump * second * projection.matrix[site][other]
            if i == j:
                entry += 2 * residuals[i] * jump
            row.append(entry)
        matrix.append(row)
    try:
        return signature(matrix)
    except ZeroDivisionError:
        raise InsufficientPrecision("the form of the breakpoints could not be reduced") from None


def dense_hessian(residual: Residual[arb], leak: Fraction, rows: Sequence[tuple[arb, arb, arb]]) -> list[list[arb]]:
    """The Hessian of L in w_1..w_n, b_1..b_n, v_1..v_n, c at parameters that realize the function of r.

    2 int (df/dp)(df/dq) + 2 int r d2f/dpdq, with the point masses of s'' at the breakpoints inside (a, b).

    Args:
        residual: r, in balls.
        leak: g.
        rows: (w, b, v) of every neuron.
    """
    neurons: list[Neuron[arb]] = [neuron_at(residual, leak, w, b, v) for w, b, v in rows]
    n = len(neurons)
    g = arb(fmpq(leak.numerator, leak.denominator))
    inner = [one.place for one in neurons if one.shape == INSIDE and one.place is not None]
    places = sorted([residual.start, residual.stop, *inner], key=lambda t: float(t.mid()))
    cuts = [(u, v) for u, v in pairwise(places) if v > u]
    tangents: list[list[tuple[arb, arb]]] = []
    factors = [[_factor(one, g, (u + v) / 2) for u, v in cuts] for one in neurons]
    zero, one_ = arb(0), arb(1)
    tangents += [[(zero, n_.v * s) for s in row] for n_, row in zip(neurons, factors, strict=True)]
    tangents += [[(n_.v * s, zero) for s in row] for n_, row in zip(neurons, factors, strict=True)]
    tangents += [[(n_.b * s, n_.w * s) for s in row] for n_, row in zip(neurons, factors, strict=True)]
    tangents.append([(one_, zero)] * len(cuts))
    size = 3 * n + 1
    table = [[2 * _inner(tangents[i], tangents[j], cuts) for j in range(size)] for i in range(size)]
    for j, one in enumerate(neurons):
        for place, value in ((j, one.pulls[1]), (n + j, one.pulls[2])):
            table[place][2 * n + j] += 2 * value
            table[2 * n + j][place] += 2 * value
        if one.shape == INSIDE and one.place is not None:
            t = one.place
            mass = 2 * one.v * (1 - g) * residual.at(t) / abs(one.w)
            table[j][j] += mass * t * t
            table[j][n + j] += mass * t
            table[n + j][j] += mass * t
            table[n + j][n + j] += mass
    return table


def _factor(neuron: Neuron[arb], g: arb, x: arb) -> arb:
    return arb(1) if neuron.w * x + neuron.b > 0 else g


def definite_directions(matrix: Sequence[Sequence[arb]], negative: int, positive: int) -> bool:
    """Whether a symmetric matrix is proved to be negative on a space of one dimension and positive on one of another.

    The spaces are spanned by rounded eigenvectors; the form on each is reduced in balls.
    """
    import numpy as np

    size = len(matrix)
    middle = np.array([[float(value.mid()) for value in row] for row in matrix])
    scale = np.sqrt(np.maximum(np.abs(middle).max(axis=1), 1e-300))
    values, vectors = np.linalg.eigh(middle / np.outer(scale, scale))
    vectors = vectors / scale[:, None]
    order = np.argsort(values)
    balls = arb_mat([list(row) for row in matrix])
    for chosen, wanted in ((order[:negative], (negative, 0)), (order[size - positive :], (0, positive))):
        if not len(chosen):
            continue
        span = arb_mat([[arb(float(vectors[i, k])) for k in chosen] for i in range(size)])
        form = (span.transpose() * balls * span).tolist()
        if signature(form) != wanted:
            return False
    return True
