"""Zeros of the critical-point equations of a fixed space in floating point, from many starts at once.

Nothing is proved here: the points are candidates for `symbolic.teacher.certify`, and how often each is met measures how
far the search can be trusted. The equations are solved by Levenberg-Marquardt steps on |F|^2, which is drawn to saddles
of the loss as much as to its minima.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symbolic.teacher.arithmetic import FloatArray
from symbolic.teacher.fixed_spaces import FixedSpace, RowClass
from symbolic.teacher.restricted import float_jacobian, float_system

ITERATIONS = 120
SOLVED = 1e-24
"""|F|^2 at which a start has arrived."""

SMALLEST_DAMPING = 1e-14

VANISHED = 1e-5
"""Length of a row below which a start is counted as running into a vanishing row."""


@dataclass(frozen=True)
class Arrivals:
    """Where the starts of one round ended.

    Attributes:
        points: the solutions found, one row for each start that arrived.
        failed: number of starts that arrived nowhere.
        vanished: number of starts that ended at a vanishing row, where the loss is not differentiable.
    """

    points: FloatArray
    failed: int
    vanished: int


def search_round(space: FixedSpace, starts: int, seed: tuple[int, ...]) -> Arrivals:
    """Solve the critical-point equations from random starts.

    Args:
        space: the fixed space.
        starts: how many.
        seed: of the generator; the same seed gives the same starts.

    Returns:
        The end points; nothing is proved of them.
    """
    points, squares = _solve(space, random_starts(space, starts, np.random.default_rng(seed)))
    lengths = row_lengths(space, points)
    small = ~(lengths.min(axis=-1) > VANISHED)
    arrived = (squares < SOLVED) & ~small & (lengths.max(axis=-1) < 1e3)
    vanished = small & ~arrived
    return Arrivals(points[arrived], int((~arrived & ~vanished).sum()), int(vanished.sum()))


def row_lengths(space: FixedSpace, points: FloatArray) -> FloatArray:
    """|w| for a row of each class: shape (..., classes)."""
    columns = []
    for rows in space.row_classes:
        indices, weights = _coordinates(space, rows)
        columns.append(np.sqrt((weights * points[..., indices] ** 2).sum(axis=-1)))
    return np.stack(columns, axis=-1)


def random_starts(space: FixedSpace, count: int, generator: np.random.Generator) -> FloatArray:
    """Starting points of four sorts, in equal parts.

    Gaussian entries; rows of Gaussian direction on the unit sphere, with their lengths spread; points near the teacher
    and near the antipode 2/n - identity of some of the blocks; these two with much noise.
    """
    points = np.empty((count, space.dimension))
    sort = np.arange(count) % 4
    spread = np.exp(generator.uniform(-3.0, 0.0, size=(count, 1)))
    scale = np.exp(0.4 * generator.standard_normal((count, 1)))
    for rows in space.row_classes:
        indices, weights = _coordinates(space, rows)
        gauss = generator.standard_normal((count, len(indices)))
        own_scale = np.exp(0.5 * generator.standard_normal((count, 1)))
        # A direction on the sphere of the full row has entries of length 1/sqrt(row entries) each.
        sphere = gauss / np.sqrt(weights)
        sphere = sphere / np.sqrt((weights * sphere**2).sum(axis=1, keepdims=True)) * own_scale
        shape = _shape(space, rows, generator.integers(0, 3, size=count), generator)
        near = shape + spread * sphere
        far = scale * shape + sphere
        columns = np.where((sort == 0)[:, None], gauss * own_scale, sphere)
        columns = np.where((sort == 2)[:, None], near, columns)
        points[:, indices] = np.where((sort == 3)[:, None], far, columns)
    return points


def _shape(
    space: FixedSpace, rows: RowClass, choice: NDArray[np.int64], generator: np.random.Generator
) -> FloatArray:
    """Rows of the teacher (0), of its antipode (1), or 0 (2); an extra row takes a random teacher or its antipode."""
    indices, _ = _coordinates(space, rows)
    teacher, antipode = np.zeros(len(indices)), np.zeros(len(indices))
    blocks = space.blocks
    block = int(generator.integers(len(blocks))) if rows.block is None else rows.block
    for place, index in enumerate(indices):
        if index == rows.own or (rows.block is None and index == rows.off[block]):
            teacher[place], antipode[place] = 1.0, 2.0 / blocks[block] - 1.0
        elif index == rows.off[block]:
            antipode[place] = 2.0 / blocks[block]
    if blocks[block] == 1:
        antipode = -teacher
    shapes: FloatArray = np.stack([teacher, antipode, np.zeros(len(indices))])
    return shapes[choice]


def _coordinates(space: FixedSpace, rows: RowClass) -> tuple[list[int], FloatArray]:
    """The reduced coordinates of one class, and how many entries of a row each fills."""
    indices = [] if rows.own is None else [rows.own]
    weights = [1.0] * len(indices)
    for block, index in enumerate(rows.off):
        if index is not None:
            indices.append(index)
            weights.append(float(space.blocks[block] - int(block == rows.block)))
    return indices, np.array(weights)


def _solve(space: FixedSpace, points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Levenberg-Marquardt from every row of `points`: end points and |F|^2."""
    sizes = [float(size) for size in space.blocks]
    x = points.copy()
    values = float_system(space, sizes, x)
    squares = _squares(values)
    damping = np.full(len(x), 1e-2)
    active = np.flatnonzero(np.isfinite(squares))
    for _ in range(ITERATIONS):
        slopes = float_jacobian(space, sizes, x[active])
        usable = np.isfinite(slopes).all(axis=(1, 2))
        active, slopes = active[usable], slopes[usable]
        trial = x[active] - _steps(slopes, values[active], damping[active])
        trial_values = float_system(space, sizes, trial)
        trial_squares = _squares(trial_values)
        better = trial_squares < squares[active]
        accepted, rejected = active[better], active[~better]
        x[accepted], values[accepted] = trial[better], trial_values[better]
        squares[accepted] = trial_squares[better]
        damping[accepted] = np.maximum(damping[accepted] / 5, SMALLEST_DAMPING)
        damping[rejected] *= 5
        # Past the target, steps go on as long as they help: Newton's last ones cost little.
        active = active[(damping[active] < 1e6) & ~(squares[active] < SOLVED * 1e-4)]
        if not len(active):
            break
    return x, squares


def _steps(slopes: FloatArray, values: FloatArray, damping: FloatArray) -> FloatArray:
    """(J^T J + damping (1 + trace) I)^-1 J^T F for every row."""
    turned = np.swapaxes(slopes, 1, 2)
    normal: FloatArray = turned @ slopes
    trace = np.trace(normal, axis1=1, axis2=2)
    identity = np.eye(slopes.shape[-1])
    right = turned @ values[..., None]
    # On a flat family the normal matrix is singular: the damping must not be lost in rounding.
    for least in (SMALLEST_DAMPING, 1e-10, 1e-6):
        weight = np.maximum(damping, least) * (1 + trace)
        try:
            solved: FloatArray = np.linalg.solve(normal + weight[:, None, None] * identity, right)
        except np.linalg.LinAlgError:
            continue
        return solved[..., 0]
    return np.asarray(right[..., 0] / (1 + trace)[:, None])


def _squares(values: FloatArray) -> FloatArray:
    total: FloatArray = (values**2).sum(axis=-1)
    return np.where(np.isfinite(total), total, np.inf)
