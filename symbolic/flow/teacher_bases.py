"""Vectors of much symmetry in the isotypic components of the directions at a point of a fixed space.

An eigenvalue of the Hessian on an irrep has a sphere of eigenvectors; representatives are those that as large a group
as possible leaves fixed. With p the size of an *axis*, x the vector of sum 0 with one value on the first p members of a
block and another on the rest (fixed by S_p x S_(n-p)), and names as in `symbolic.teacher.isotypic`:

- `t`: constant where W is; `s<a>` built with x; `s<a>*s<b>` with x and y;
- `y<a>`: the symmetric matrix with one value on {1, 2}, another between {1, 2} and the rest, and a third on the rest
  (S_2 x S_(n-2));
- `x<a>`: the cycle on {1, 2, 3}, U_12 = U_23 = U_31 = 1 = -U_21 = ... (Z_3 x S_(n-3));
- `e:...`: in the first of the inputs that no teacher uses.

In each of these cases the group fixes one line of the irrep.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt

import numpy as np

from symbolic.teacher.arithmetic import FloatArray
from symbolic.teacher.fixed_spaces import FixedSpace


@dataclass(frozen=True)
class Basis:
    """Vectors of an isotypic component that belong to one vector of the irrep.

    Attributes:
        axis: the sizes p; empty where there is no choice.
        vectors: orthonormal, one row for each row of W, in the order of the matrix of `isotypic_blocks`.
        classes: for each vector the class of the rows in which it lies.
        cycle: the block whose first three members can be turned, besides permutations that are products of
            transpositions which fix the vectors.
    """

    axis: str
    vectors: list[FloatArray]
    classes: list[int]
    cycle: int | None = None


class IsotypicBases:
    """Bases at the points of a fixed space.

    Attributes:
        space: the fixed space.
        classes: for each row of W its class.
        columns: for each block its columns.
    """

    def __init__(self, space: FixedSpace) -> None:
        self.space = space
        self.classes = [
            number
            for number, rows in enumerate(space.row_classes)
            for _ in range(1 if rows.block is None else space.sizes[rows.block])
        ]
        starts = np.concatenate(([0], np.cumsum(space.blocks))).tolist()
        self.columns = [list(range(starts[i], starts[i + 1])) for i in range(len(space.blocks))]

    @property
    def count(self) -> int:
        """The number of rows."""
        return len(self.classes)

    def rays(self, number: int) -> list[int]:
        """The rows of a class."""
        return [ray for ray, c in enumerate(self.classes) if c == number]

    def of(self, irrep: str, axes: int) -> Iterator[Basis]:
        """Orthonormal bases of the fixed vectors of the groups described above, one for each axis.

        Args:
            irrep: its name in `isotypic_blocks`.
            axes: how many axes (`axis_sizes`).
        """
        if irrep == "t":
            pattern = np.array(self.space.pattern())
            basis = [_unit((pattern == i).astype(float)) for i in range(self.space.dimension)]
            yield Basis("", basis, [self._class_of(vector) for vector in basis])
        elif irrep == "e:t":
            basis = [self._in_unused(np.array([float(c == number) for c in self.classes])) for number in
                     range(len(self.space.row_classes))]
            yield Basis("", basis, list(range(len(self.space.row_classes))))
        elif irrep.startswith("e:s"):
            number = int(irrep[3:])
            for p in axis_sizes(self.space.sizes[number], axes):
                rays = np.zeros(self.count)
                rays[self.rays(number)] = axis_vector(self.space.sizes[number], p)
                yield Basis(str(p), [self._in_unused(rays)], [number])
        elif "*" in irrep:
            first, second = (int(part[1:]) for part in irrep.split("*"))
            for p in axis_sizes(self.space.blocks[first], axes):
                for q in axis_sizes(self.space.blocks[second], axes):
                    basis, classes = self._product(first, second, p, q)
                    yield Basis(f"{p},{q}", basis, classes)
        elif irrep[0] == "s":
            number = int(irrep[1:])
            for p in axis_sizes(self.space.blocks[number], axes):
                basis, classes = self._standard(number, axis_vector(self.space.blocks[number], p))
                yield Basis(str(p), basis, classes)
        else:
            number = int(irrep[1:])
            size = self.space.sizes[number]
            inside = np.zeros((size, size))
            if irrep[0] == "x":
                inside[[0, 1, 2], [1, 2, 0]] = 1.0
                inside = inside - inside.T
            else:
                inside[:, :] = 2.0 / ((size - 2) * (size - 3))
                inside[:2, :] = inside[:, :2] = -1.0 / (size - 2)
                inside[:2, :2] = 1.0
                np.fill_diagonal(inside, 0.0)
            direction = np.zeros((self.count, self.space.inputs))
            direction[np.ix_(self.rays(number), self.columns[number])] = inside
            cycle = number if irrep[0] == "x" else None
            yield Basis("3" if irrep[0] == "x" else "2", [_unit(direction)], [number], cycle)

    def _standard(self, block: int, x: FloatArray) -> tuple[list[FloatArray], list[int]]:
        basis, classes = [], []
        columns = self.columns[block]
        for number, rows in enumerate(self.space.row_classes):
            rays = self.rays(number)
            if rows.block != block:
                direction = self._zero()
                direction[np.ix_(rays, columns)] = x[None, :]
                basis.append(direction)
                classes.append(number)
                continue
            for other, beside in enumerate(self.columns):
                if other != block:
                    direction = self._zero()
                    direction[np.ix_(rays, beside)] = x[:, None]
                    basis.append(direction)
                    classes.append(number)
            inner = [np.diag(x), x[:, None] - x[None, :], x[:, None] + x[None, :] - 2 * np.diag(x)]
            for inside in inner[: 3 if len(x) > 2 else 2]:
                direction = self._zero()
                direction[np.ix_(rays, columns)] = inside
                basis.append(direction)
                classes.append(number)
        return [_unit(direction) for direction in basis], classes

    def _product(self, first: int, second: int, p: int, q: int) -> tuple[list[FloatArray], list[int]]:
        x, y = axis_vector(self.space.blocks[first], p), axis_vector(self.space.blocks[second], q)
        basis, classes = [], []
        for number, other, along, across in ((first, second, x, y), (second, first, y, x)):
            if number < len(self.space.sizes):
                direction = self._zero()
                direction[np.ix_(self.rays(number), self.columns[other])] = along[:, None] * across[None, :]
                basis.append(_unit(direction))
                classes.append(number)
        return basis, classes

    def _class_of(self, direction: FloatArray) -> int:
        return self.classes[int(np.flatnonzero(np.abs(direction).sum(axis=1))[0])]

    def _in_unused(self, rays: FloatArray) -> FloatArray:
        direction = self._zero()
        direction[:, self.space.teachers] = rays
        return _unit(direction)

    def _zero(self) -> FloatArray:
        return np.zeros((self.count, self.space.inputs))


def axis_sizes(size: int, axes: int) -> tuple[int, ...]:
    """The first `axes` of the sizes 1, n/2, 2, 3, ... up to n/2 (rounded down) of the smaller part of a block of n."""
    order = dict.fromkeys([1, size // 2, *range(2, size // 2)])
    return tuple(order)[:axes]


def axis_vector(size: int, p: int) -> FloatArray:
    """The unit vector of sum 0 with one value on the first p of `size` entries and another on the rest."""
    result = np.full(size, -sqrt(p / (size * (size - p))))
    result[:p] = sqrt((size - p) / (size * p))
    return result


def _unit(direction: FloatArray) -> FloatArray:
    result: FloatArray = direction / float(np.linalg.norm(direction))
    return result
