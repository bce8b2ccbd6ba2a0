"""Multi-start gradient descent on the data-set loss: where training ends, whatever any theory says.

Plain gradient descent from many random starts with relu'(0) = 0. A run may end on a kink, where it zigzags: there the
neurons close to a hyperplane are put on it, descent goes on inside (Newton steps with a line search), and the end
counts only if the gradient inside is below 1e-10 and no one-sided derivative on the extremal directions is negative.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

GRADIENT = 1e-10


@dataclass(frozen=True)
class End:
    """Where a run ended: the loss, the residuals y - f, and the neurons' weights."""

    loss: float
    residuals: tuple[float, ...]
    w: np.ndarray
    a: np.ndarray


@dataclass(frozen=True)
class Training:
    """Samples as rows (with the constant coordinate, if any) and targets, in double precision."""

    samples: np.ndarray
    targets: np.ndarray

    @classmethod
    def of(cls, samples, targets) -> Training:
        return cls(np.array(samples, dtype=float), np.array(targets, dtype=float))

    def residuals(self, w, a):
        """y - f, for one network (w: m x d) or a stack of them."""
        return self.targets - np.einsum("...j,...jk->...k", a, np.maximum(w @ self.samples.T, 0))

    def loss(self, w, a):
        return (self.residuals(w, a) ** 2).sum(axis=-1) / (2 * len(self.targets))

    def gradient(self, w, a, on):
        """Of L with relu' given by the 0/1 array `on` (... x m x n)."""
        size = len(self.targets)
        r = self.residuals(w, a)
        da = -np.einsum("...k,...jk->...j", r, np.maximum(w @ self.samples.T, 0)) / size
        dw = -np.einsum("...j,...k,...jk,kd->...jd", a, r, on, self.samples) / size
        return dw, da

    def descend(self, w, a, steps, rate):
        """Gradient descent on a stack of networks, all with the same step."""
        for _ in range(steps):
            dw, da = self.gradient(w, a, (w @ self.samples.T > 0).astype(float))
            w, a = w - rate * dw, a - rate * da
        return w, a

    def settle(self, w, a, margin):
        """Descent inside the face within `margin` of one network, or None if it does not end at a stationary point."""
        heights = w @ self.samples.T
        lengths = np.linalg.norm(w, axis=1)[:, None] * np.linalg.norm(self.samples, axis=1)[None, :]
        near = np.abs(heights) <= margin * np.maximum(lengths, margin)
        on = (heights > 0) & ~near
        m, d = w.shape
        blocks = []
        for j in range(m):
            rows = self.samples[near[j]]
            if len(rows) and np.abs(rows).any():
                _, values, right = np.linalg.svd(rows)
                blocks.append(right[int((values > 1e-9).sum()) :].T)
            else:
                blocks.append(np.eye(d))
        w = np.array([block @ (block.T @ row) for block, row in zip(blocks, w, strict=True)])
        basis = np.zeros((m * d + m, sum(b.shape[1] for b in blocks) + m))
        column = 0
        for j, block in enumerate(blocks):
            basis[j * d : j * d + d, column : column + block.shape[1]] = block
            column += block.shape[1]
        basis[m * d :, column:] = np.eye(m)
        on_float = on.astype(float)
        for _ in range(200):
            dw, da = self.gradient(w, a, on_float)
            slope = basis.T @ np.concatenate([dw.ravel(), da])
            if np.abs(slope).max() < GRADIENT:
                break
            # Gauss-Newton with damping: a descent direction of L inside the face.
            outputs = np.maximum(w @ self.samples.T, 0)
            inner_part = np.einsum("j,jk,kd->jdk", a, on_float, self.samples).reshape(m * d, -1)
            jacobian = np.concatenate([inner_part, outputs])
            inner = (basis.T @ jacobian) @ (basis.T @ jacobian).T / len(self.targets)
            step = -basis @ np.linalg.solve(inner + (np.abs(slope).max() + 1e-13) * np.eye(len(slope)), slope)
            length, before = 1.0, self.loss(w, a)
            while length > 1e-9:
                new_w, new_a = w + length * step[: m * d].reshape(m, d), a + length * step[m * d :]
                signs_kept = (((new_w @ self.samples.T > 0) == on) | near).all()
                if signs_kept and self.loss(new_w, new_a) <= before + 1e-18:
                    break
                length /= 2
            else:
                return None
            w, a = new_w, new_a
        else:
            return None
        return End(float(self.loss(w, a)), tuple(self.residuals(w, a)), w, a) if self.stays(w, a, near) else None

    def stays(self, w, a, near) -> bool:
        """Whether no one-sided derivative of L is negative, over the extremal directions of every neuron."""
        r = self.residuals(w, a)
        size, d = self.samples.shape
        for row, c, close in zip(w, a, near, strict=True):
            heights = np.where(close, 0.0, self.samples @ row)
            moment = (r * (heights > 0)) @ self.samples / size
            walls = self.samples[close & (np.abs(self.samples).max(axis=1) > 0)]
            for v in extremal_directions(walls, d):
                slope = moment @ v + (r[close] * np.maximum(self.samples[close] @ v, 0)).sum() / size
                if c * slope > 1e-8:
                    return False
        return True

    def ends(self, width, starts, seed, *, steps=4000, rate=0.05, scale=1.0) -> list[End]:
        """The ends of the runs that converged, in the order of their random starts."""
        generator = np.random.default_rng(seed)
        w = scale * generator.normal(size=(starts, width, self.samples.shape[1]))
        a = scale * generator.normal(size=(starts, width))
        w, a = self.descend(w, a, steps, rate)
        w, a = self.descend(w, a, steps, rate / 10)
        found = []
        for row, c in zip(w, a, strict=True):
            coarse = float(self.loss(row, c))
            for margin in (1e-9, 1e-3, 1e-2):
                end = self.settle(row, c, margin)
                if end is not None and abs(end.loss - coarse) < 1e-2 * (1 + coarse):
                    found.append(end)
                    break
        return found


def extremal_directions(walls: np.ndarray, d: int) -> list[np.ndarray]:
    """Generators of the cones cut by the hyperplanes orthogonal to the rows of `walls`."""
    if not len(walls):
        return [sign * row for row in np.eye(d) for sign in (1, -1)]
    _, values, right = np.linalg.svd(walls)
    full = int((values > 1e-9).sum())
    found = list(right[full:])
    for size in range(full):
        for chosen in combinations(range(len(walls)), size):
            rows = walls[list(chosen)]
            _, values, right_part = np.linalg.svd(rows if size else np.zeros((1, d)))
            rank = int((values > 1e-9).sum())
            if rank == full - 1:
                kernel = right_part[rank:]
                inside = kernel - kernel @ right[full:].T @ right[full:]
                found.append(inside[np.argmax(np.linalg.norm(inside, axis=1))])
    return [sign * row / np.linalg.norm(row) for row in found for sign in (1, -1)]
