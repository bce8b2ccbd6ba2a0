"""Is a vector in a closed cone, given by lines and rays? Exactly."""

from __future__ import annotations

from collections.abc import Sequence

from flint import fmpz_mat

from symbolic.exact.cones import gordan

Vector = tuple[int, ...]


def in_closed_cone(lines: Sequence[Vector], rays: Sequence[Vector], vector: Vector) -> bool:
    """Whether `vector` is a combination of the lines with any coefficients and of the rays with coefficients >= 0.

    Args:
        lines, rays, vector: integer vectors of one length.

    Guarantee: exact. Modulo the lines, Gordan's alternative for the rays and -vector either separates them strictly
        (no), or combines them to 0 with weights c >= 0: with a positive weight of -vector (yes), or with rays alone,
        which are then lines of the cone; there are finitely many of those.
    """
    lines, rays = list(lines), list(rays)
    while True:
        rows = orthogonal(lines, len(vector))
        goal = _project(rows, vector)
        if not any(goal):
            return True
        left = [(ray, image) for ray in rays if any(image := _project(rows, ray))]
        direction, weights = gordan([*(image for _, image in left), tuple(-x for x in goal)], len(rows))
        if direction is not None:
            return False
        if weights[-1]:
            return True
        lines += [ray for (ray, _), weight in zip(left, weights, strict=False) if weight]
        rays = [ray for (ray, _), weight in zip(left, weights, strict=False) if not weight]


def orthogonal(vectors: Sequence[Vector], length: int) -> list[Vector]:
    """An integer basis of the vectors orthogonal to the given ones."""
    if not vectors:
        return [tuple(int(i == j) for i in range(length)) for j in range(length)]
    basis, nullity = fmpz_mat([list(vector) for vector in vectors]).nullspace()
    return [tuple(int(basis[i, j]) for i in range(length)) for j in range(nullity)]


def _project(rows: Sequence[Vector], vector: Vector) -> Vector:
    return tuple(sum(a * b for a, b in zip(row, vector, strict=True)) for row in rows)
