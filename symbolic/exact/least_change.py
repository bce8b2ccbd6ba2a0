"""The least change of a vector that makes it satisfy linear equations, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from flint import fmpq_mat

from symbolic.enclosure import to_fmpq, to_fraction


def least_change(
    rows: Sequence[Sequence[Fraction]], goals: Sequence[Fraction], size: int
) -> tuple[Fraction, ...] | None:
    """The x of least Euclidean norm with A x = g.

    Args:
        rows: of A, of `size` entries each; they may depend on each other.
        goals: g.
        size: number of unknowns.

    Guarantee: exact (x = B^T (B B^T)^-1 g for independent rows B that span those of A). None if and only if the
        equations contradict each other.
    """
    chosen: list[tuple[Sequence[Fraction], Fraction]] = []
    for row, goal in zip(rows, goals, strict=True):
        trial = [*chosen, (row, goal)]
        if _matrix([one for one, _ in trial]).rank() == len(trial):
            chosen = trial
        elif _matrix([[*one, rest] for one, rest in trial]).rank() == len(trial):
            return None
    if not chosen:
        return (Fraction(0),) * size
    matrix = _matrix([one for one, _ in chosen])
    multipliers = (matrix * matrix.transpose()).solve(fmpq_mat([[to_fmpq(rest)] for _, rest in chosen]))
    moves = matrix.transpose() * multipliers
    return tuple(to_fraction(moves[j, 0]) for j in range(size))


def _matrix(rows: Sequence[Sequence[Fraction]]) -> fmpq_mat:
    return fmpq_mat([[to_fmpq(value) for value in row] for row in rows])
