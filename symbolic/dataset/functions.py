"""Critical functions of a data set: vectors of residuals that stationary points realize."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import fmpq_mat

from symbolic.dataset.patterns import Vector
from symbolic.enclosure import to_fmpq, to_fraction


@dataclass(frozen=True)
class DatasetFunction:
    """A critical function: its residuals r = y - f at the samples, exactly.

    Attributes:
        problem: name of the problem.
        label: `problem:m.i`, m the `clarke_width`, i the number among the functions of that width, by loss, then
            residuals.
        residuals: r_k = y_k - f(x_k).
        loss: (1/2n) sum_k r_k^2.
        minimal_width: the least width with a stratum that is stationary in the smooth or the directional sense; None
            if there is none up to the surveyed width.
        clarke_width: the least width with a stratum that is stationary in Clarke's sense.
    """

    problem: str
    label: str
    residuals: tuple[Fraction, ...]
    loss: Fraction
    minimal_width: int | None
    clarke_width: int

    @property
    def fit(self) -> tuple[int, ...]:
        """The samples (from 1) that are fit exactly."""
        return tuple(k for k, residual in enumerate(self.residuals, start=1) if residual == 0)


def loss_of(residuals: Sequence[Fraction]) -> Fraction:
    """L = (1/2n) sum_k r_k^2."""
    return sum((residual**2 for residual in residuals), Fraction(0)) / (2 * len(residuals))


def residual_of(targets: Sequence[Fraction], spanning: Sequence[Vector]) -> tuple[Fraction, ...]:
    """The residual of the targets after projection on the span of independent integer vectors.

    Guarantee: exact. At a stationary point the residual is orthogonal to what its active neurons can add to the values
        at the samples by moving inside their faces, and the values are a sum of such vectors: so it is this projection.
    """
    if not spanning:
        return tuple(targets)
    basis = fmpq_mat([[to_fmpq(value) for value in vector] for vector in spanning])
    labels = fmpq_mat([[to_fmpq(value)] for value in targets])
    coefficients = (basis * basis.transpose()).solve(basis * labels)
    values = basis.transpose() * coefficients
    return tuple(target - to_fraction(values[k, 0]) for k, target in enumerate(targets))
