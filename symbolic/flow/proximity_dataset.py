"""A run of networks on a data set beside critical functions, vectorized over time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from symbolic.dataset.problem import DatasetProblem
from symbolic.flow.proximity import FloatArray, IndexArray, chunks

KINK = 1e-2
"""A sample is on the kink of a neuron if |<w, x>| is at most this times |w| |x|."""

SWEEPS = 8
"""Of the coordinate descent for the least subgradient."""


class DatasetProximity:
    """Networks f = sum_j a_j relu<w_j, x> over time; distances are root mean squares over the samples.

    The gradient is taken at the balanced point of each neuron, |a_j| = |w_j|: with m_j = |a_j| |w_j|, u_j = w_j/|w_j|

        |gradient|^2 = sum_j m_j (G_r(u_j)^2 + |D_j|^2),   D_j = (1/n) sum_k l_jk r_k x_k,

    l_jk = 1 where <u_j, x_k> > 0, else 0; for the samples on the kink of the neuron (`KINK`) those l_jk in [0, 1] that
    make |D_j| least, as found by coordinate descent: optimizers with finite steps jump to and fro over a kink on which
    the flow would stay.

    Args:
        problem: the data set.
        w: indexed by time, neuron, coordinate; the constant coordinate of a bias last.
        a: indexed by time and neuron.
        residuals: of each critical function, y - f at the samples.

    Guarantee: numerical; up to rounding nothing changes if the neurons are permuted or rescaled.
    """

    def __init__(
        self, problem: DatasetProblem, w: FloatArray, a: FloatArray, residuals: Sequence[Sequence[float]]
    ) -> None:
        self.samples = np.array([[float(value) for value in row] for row in problem.samples])
        self.targets = np.array([float(value) for value in problem.targets])
        number = len(self.targets)
        self.squares_per_loss = 2.0
        sizes = np.linalg.norm(w, axis=2)
        self.directions: FloatArray = w / np.where(sizes > 0, sizes, 1.0)[:, :, None]
        self.masses = sizes * np.abs(a)
        self.signed = sizes * a
        self.critical = np.array(residuals, dtype=float).reshape(len(residuals), number)

    @property
    def count(self) -> int:
        """The number of times."""
        return len(self.masses)

    @property
    def scale(self) -> float:
        """The root mean square of the targets, or 1."""
        return float(np.sqrt(np.mean(self.targets**2))) or 1.0

    @property
    def losses(self) -> FloatArray:
        """1/(2n) sum_k r_k^2."""
        found: FloatArray = np.square(self.residuals).mean(axis=1) / 2
        return found

    @cached_property
    def critical_losses(self) -> FloatArray:
        found: FloatArray = np.square(self.critical).mean(axis=1) / 2
        return found

    @cached_property
    def residuals(self) -> FloatArray:
        """r = y - f, one row per time."""
        found = np.empty((self.count, len(self.targets)))
        for part in chunks(self.count, self.masses.shape[1] * len(self.targets)):
            activations = np.maximum(self.directions[part] @ self.samples.T, 0.0)
            found[part] = self.targets - np.einsum("tj,tjk->tk", self.signed[part], activations)
        return found

    @cached_property
    def gradient_norms(self) -> FloatArray:
        found = np.empty(self.count)
        for part in chunks(self.count, 2 * self.masses.shape[1] * len(self.targets)):
            found[part] = self._norms(part)
        return found

    def _norms(self, part: slice) -> FloatArray:
        number = len(self.targets)
        lengths = np.linalg.norm(self.samples, axis=1)
        products = self.directions[part] @ self.samples.T
        pulls = self.residuals[part, :, None] * self.samples / number
        loaded = self.residuals[part] / number
        heights = np.einsum("tk,tjk->tj", loaded, np.maximum(products, 0.0))
        weights = (products > 0).astype(float)
        drives = weights @ pulls
        on = (np.abs(products) <= KINK * lengths) & (lengths > 0)
        busy = np.flatnonzero(on.any(axis=(1, 2)))
        if len(busy):
            drives[busy] = _least(weights[busy], drives[busy], pulls[busy], on[busy])
        square = self.masses[part] * (heights**2 + np.square(drives).sum(axis=2))
        norms: FloatArray = np.sqrt(square.sum(axis=1))
        return norms

    def distances_at(self, times: IndexArray, function: int, enough: float = 0.0) -> FloatArray:
        """sqrt((1/n) sum_k (r_k - r*_k)^2)."""
        found: FloatArray = np.sqrt(np.square(self.residuals[times] - self.critical[function]).mean(axis=1))
        return found

    def distances_near(self, function: int, time: int) -> FloatArray:
        """The same at all times."""
        return self.distances_at(np.arange(self.count), function)

    def separation(self, function: int) -> float:
        """The distance to the next critical function."""
        gaps = np.sqrt(np.square(self.critical - self.critical[function]).mean(axis=1))
        others = np.delete(gaps, function)
        return float(others.min()) if len(others) else float("inf")


def _least(weights: FloatArray, drives: FloatArray, pulls: FloatArray, on: FloatArray) -> FloatArray:
    """min |D| over the weights in [0, 1] of the samples on a kink."""
    weights, drives = weights.copy(), drives.copy()
    squares = np.square(pulls).sum(axis=2)
    kinked = np.flatnonzero(on.any(axis=(0, 1)))
    for _ in range(1 if len(kinked) == 1 else SWEEPS):
        for k in kinked.tolist():
            pull = pulls[:, None, k, :]
            safe = np.where(squares[:, k] > 0, squares[:, k], 1.0)[:, None]
            best = np.clip(weights[:, :, k] - (drives * pull).sum(axis=2) / safe, 0.0, 1.0)
            change = np.where(on[:, :, k], best - weights[:, :, k], 0.0)
            drives += change[:, :, None] * pull
            weights[:, :, k] += change
    return drives
