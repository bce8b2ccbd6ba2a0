"""Ways out of the saddles of the teacher family: eigenvectors of the Hessian of much symmetry, with certified rates.

A stratum is left from its *balanced* point: c rows on a ray share it equally. There the Hessian is an orthogonal sum of

- S H S, H the Hessian at the distinct rays W and S = diag(sqrt(c)): the rows of a ray move together; direction V of W
  becomes V_i / sqrt(c_i) in each of the rows of ray i;
- c M_i for every ray with c > 1 rows, M_i = H_ii - I/2 (`symbolic.teacher.strata`): rows of one ray move apart, by
  z_j u with |u| = 1, sum_j z_j = 0, |z| = 1. z times w_i is tangent to the stratum.

S is constant on the classes of rows of the fixed space in which blocks whose rays have different numbers of rows are
cut, and each vector of the isotypic basis lies in one class, so the eigenvalues are certified on the small matrices of
`symbolic.teacher.isotypic` at a cost independent of k.

An eigenvalue on an irrep has a sphere of eigenvectors, of which representatives are taken
(`symbolic.flow.teacher_bases`), determined up to their sign for simple eigenvalues of the small matrix.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby
from math import sqrt

import numpy as np
from flint import arb

from symbolic.enclosure import working_precision
from symbolic.errors import InsufficientPrecision, Undecided
from symbolic.exact.eigenvalues import eigenvalue_enclosures
from symbolic.flow.teacher_bases import IsotypicBases, axis_sizes, axis_vector
from symbolic.flow.teacher_matching import ALIKE, matching
from symbolic.teacher.arithmetic import FloatArray
from symbolic.teacher.dense import float_hessian
from symbolic.teacher.fixed_spaces import FixedSpace
from symbolic.teacher.functions import PRECISION, TeacherFunction
from symbolic.teacher.isotypic import isotypic_blocks
from symbolic.teacher.spectrum import splitting_curvature
from symbolic.teacher.strata import Copies

RESIDUAL = 1e-7
"""A representative v must satisfy |H v - lambda v| below this, beside 1 + |lambda|."""

MIXED = 0.3719
"""A number without relation to the entries: symmetries of W + 0.3719 v are looked for to find those of both."""

Permutation = tuple[list[int], list[int]]
"""Of rows and of columns."""

_Choice = tuple[str, list[FloatArray], list[Permutation]]
"""An axis, a basis in weights, and permutations besides transpositions that fix it."""


@dataclass(frozen=True)
class UnstableDirection:
    """An eigenvector of a negative eigenvalue.

    Attributes:
        irrep: the irrep of the fixed space; `split<c>:<irrep>` where rows of a ray of class c of it move apart.
        axis: the sizes p that single out the vector in the sphere of eigenvectors, joined by `,`; empty where there is
            no choice.
        vector: n x d, of length 1, in floats.
        eigenvalue: certified.
        pattern: n x d; entries with one number are exchanged by permutations that fix the saddle and the vector.
    """

    irrep: str
    axis: str
    vector: FloatArray
    eigenvalue: arb
    pattern: tuple[tuple[int, ...], ...]


class SaddlePoint:
    """The balanced point of a stratum of the teacher family.

    Args:
        function: a critical function.
        copies: for each class of its rows on how many rows each ray is shared, decreasing.

    Attributes:
        space: the fixed space of W with blocks cut where the numbers of rows differ.
        weights: n x d, in floats.
        shared: for each class of `space`, the number of rows on each ray.
        rows: for each ray the rows of `weights` on it.
    """

    def __init__(self, function: TeacherFunction, copies: Copies) -> None:
        self.function = function
        coarse = function.space
        cuts: list[list[tuple[int, int]]] = []
        for numbers in copies:
            if list(numbers) != sorted(numbers, reverse=True):
                raise ValueError("numbers of rows must decrease")
            cuts.append([(value, len(list(group))) for value, group in groupby(numbers)])
        matched = len(coarse.sizes)
        sizes = tuple(size for part in cuts[:matched] for _, size in part)
        self.space = FixedSpace(sizes, coarse.unmatched, coarse.extra_rows, coarse.inputs)
        self.shared = [value for part in cuts for value, _ in part]
        self._origin = _coarse_coordinates(coarse, self.space, [len(part) for part in cuts[:matched]])
        per_ray = [value for numbers in copies for value in numbers]
        base: FloatArray = np.array(self.space.dense([float(function.point.center[i]) for i in self._origin], 0.0))
        self.rows: list[list[int]] = []
        for count in per_ray:
            first = sum(map(len, self.rows))
            self.rows.append(list(range(first, first + count)))
        self.weights = np.repeat(base / np.array(per_ray)[:, None], per_ray, axis=0)
        self._bases = IsotypicBases(self.space)

    @property
    def teachers(self) -> int:
        return self.space.teachers

    def unstable_directions(self, axes: int) -> tuple[tuple[UnstableDirection, ...], tuple[str, ...]]:
        """Representatives of the negative eigenvalues of the Hessian, and what could not be decided about them.

        Args:
            axes: how many sizes p are taken for an axis of a block: of 1, n/2, 2, 3, ... (at most n/2) the first ones.

        Guarantee: eigenvalues are certified. Without doubts every negative one has a representative. That the vectors
            belong to them is numerical (`RESIDUAL`).

        Raises:
            InsufficientPrecision: the point could not be enclosed well enough.
        """
        hessian = float_hessian(self.weights, self.teachers)
        found: list[UnstableDirection] = []
        doubts: list[str] = []
        with working_precision(PRECISION):
            balls = self.function.point.enclose()
            parameters = [balls[i] for i in self._origin]
            for irrep, values, bases in (*self._together(parameters, axes), *self._apart(parameters, axes)):
                if not all(value < 0 or value > 0 for value in values):
                    doubts.append(f"the sign of an eigenvalue of {irrep} is not proved")
                negative = [value for value in values if value < 0]
                try:
                    for axis, basis, turns in bases if negative else ():
                        found += self._vectors(hessian, irrep, axis, basis, turns, negative)
                except Undecided as error:
                    doubts.append(str(error))
        return tuple(found), tuple(doubts)

    def is_mirrored(self, direction: UnstableDirection) -> bool:
        """Whether some symmetry of the loss that fixes the saddle maps the direction to its negative.

        Guarantee: numerical, but for the reflection of an input that no teacher uses. False says nothing.
        """
        vector = direction.vector
        if not np.any(vector[:, : self.teachers]):
            return True
        found = matching(self.weights + MIXED * vector, self.weights - MIXED * vector)
        if found is None or sorted(found[1][: self.teachers]) != list(range(self.teachers)):
            return False
        place = np.ix_(*found)
        return bool(
            np.abs(self.weights[place] - self.weights).max() < ALIKE and np.abs(vector[place] + vector).max() < ALIKE
        )

    def _vectors(
        self,
        hessian: FloatArray,
        irrep: str,
        axis: str,
        basis: Sequence[FloatArray],
        turns: Sequence[Permutation],
        negative: Sequence[arb],
    ) -> Iterator[UnstableDirection]:
        columns = np.stack([vector.ravel() for vector in basis], axis=1)
        _, vectors = np.linalg.eigh(columns.T @ hessian @ columns)
        for number, value in enumerate(negative):
            vector = columns @ vectors[:, number]
            middle = float(value.mid())
            if float(np.linalg.norm(hessian @ vector - middle * vector)) > RESIDUAL * (1 + abs(middle)):
                raise Undecided(f"no eigenvector of {irrep} belongs to the eigenvalue {middle:.6g}")
            vector = vector * (1 if vector[np.abs(vector).argmax()] > 0 else -1)
            matrix = vector.reshape(self.weights.shape)
            pattern = self._pattern(matrix, turns)
            labels = np.array(pattern)
            sums = np.bincount(labels.ravel(), weights=matrix.ravel()) / np.bincount(labels.ravel())
            yield UnstableDirection(irrep, axis, sums[labels], value, pattern)

    def _together(
        self, parameters: Sequence[arb], axes: int
    ) -> Iterator[tuple[str, tuple[arb, ...], list[_Choice]]]:
        """The irreps of S H S: certified eigenvalues, and for each axis an orthonormal basis in weights."""
        for block in isotypic_blocks(self.space, None, parameters):
            bases = list(self._bases.of(block.irrep, axes))
            classes = bases[0].classes
            if len(classes) != len(block.matrix):
                raise InsufficientPrecision(f"the small matrix of {block.irrep} has {len(block.matrix)} rows")
            scale = [arb(self.shared[number]).sqrt() for number in classes]
            matrix = [
                [scale[i] * value * scale[j] for j, value in enumerate(row)] for i, row in enumerate(block.matrix)
            ]
            told: list[_Choice] = []
            for basis in bases:
                turns = [] if basis.cycle is None else [self._turn([0, 1, 2], [1, 2, 0], basis.cycle)]
                told.append((basis.axis, [self._spread(one) for one in basis.vectors], turns))
            yield block.irrep, eigenvalue_enclosures(matrix), told

    def _spread(self, direction: FloatArray) -> FloatArray:
        """A direction of the rays as one of the rows, of the same length."""
        result = np.zeros_like(self.weights)
        for row, rows in zip(direction, self.rows, strict=True):
            result[rows] = row / sqrt(len(rows))
        return result

    def _apart(
        self, parameters: Sequence[arb], axes: int
    ) -> Iterator[tuple[str, tuple[arb, ...], list[_Choice]]]:
        """The blocks c M_i for one ray of each class that is shared."""
        for number, count in enumerate(self.shared):
            if count == 1:
                continue
            ray = self._bases.rays(number)[0]
            curvature = splitting_curvature(self.space, None, parameters, number)
            for part in curvature.parts:
                bases: list[_Choice] = []
                for axis, vectors in self._columns_of(part.irrep, number, ray, axes):
                    for p in axis_sizes(count, axes):
                        z = axis_vector(count, p)
                        basis = []
                        for u in vectors:
                            direction = np.zeros_like(self.weights)
                            direction[self.rows[ray]] = z[:, None] * u[None, :]
                            basis.append(direction)
                        bases.append((f"{p},{axis}" if axis else str(p), basis, []))
                values = tuple(count * value for value in part.eigenvalues)
                yield f"split{number}:{part.irrep}", values, bases

    def _columns_of(self, irrep: str, number: int, ray: int, axes: int) -> Iterator[tuple[str, list[FloatArray]]]:
        """Directions of one row: an orthonormal basis for each axis."""
        own_block = self.space.row_classes[number].block
        own = None if own_block is None else self._bases.columns[own_block][ray - self._bases.rays(number)[0]]
        groups = [[column for column in columns if column != own] for columns in self._bases.columns]
        inputs = self.space.inputs

        def vector(columns: Sequence[int], values: FloatArray | float) -> FloatArray:
            result = np.zeros(inputs)
            result[list(columns)] = values
            return result / float(np.linalg.norm(result))

        if irrep == "e:t":
            yield "", [vector([self.teachers], 1.0)]
        elif irrep == "t":
            classes = [vector(group, 1.0) for group in groups if group]
            classes += [] if own is None else [vector([own], 1.0)]
            basis = np.stack(classes, axis=1)
            row = basis.T @ self.weights[self.rows[ray][0]]
            # An orthonormal basis whose first vector is the row itself.
            turned, _ = np.linalg.qr(np.column_stack([row, np.eye(len(row))]))
            yield "", [basis @ turned[:, i] for i in range(1, len(row))]
        else:
            columns = groups[int(irrep[1:])]
            for p in axis_sizes(len(columns), axes):
                yield str(p), [vector(columns, axis_vector(len(columns), p))]

    def _pattern(self, vector: FloatArray, turns: Sequence[Permutation]) -> tuple[tuple[int, ...], ...]:
        """Orbits of the entries under the transpositions that fix the saddle and the vector, and `turns`."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        shape = self.weights.shape
        numbers = np.arange(vector.size).reshape(shape)
        starts, ends = [numbers.ravel()], [numbers.ravel()]
        for rows, columns in (*self._transpositions(), *turns):
            moved = vector[np.ix_(rows, columns)]
            if float(np.abs(moved - vector).max()) < 1e-9:
                starts.append(numbers.ravel())
                ends.append(numbers[np.ix_(rows, columns)].ravel())
        one, other = np.concatenate(starts), np.concatenate(ends)
        links = coo_array((np.ones(len(one)), (one, other)), shape=(vector.size, vector.size))
        _, labels = connected_components(links, directed=False)
        return tuple(tuple(int(label) for label in row) for row in labels.reshape(shape))

    def _transpositions(self) -> Iterator[Permutation]:
        for block, columns in enumerate(self._bases.columns):
            for i, j in combinations(range(len(columns)), 2):
                yield self._turn([i, j], [j, i], block)
        for rows in self.rows:
            for i, j in combinations(rows, 2):
                order = list(range(len(self.weights)))
                order[i], order[j] = j, i
                yield order, list(range(self.space.inputs))

    def _turn(self, members: Sequence[int], images: Sequence[int], block: int) -> Permutation:
        """The permutation of some teachers of a block, with their rows if it has any."""
        rows, columns = list(range(len(self.weights))), list(range(self.space.inputs))
        for i, j in zip(members, images, strict=True):
            columns[self._bases.columns[block][i]] = self._bases.columns[block][j]
            if block < len(self.space.sizes):
                first = self._bases.rays(block)
                for one, other in zip(self.rows[first[i]], self.rows[first[j]], strict=True):
                    rows[one] = other
        return rows, columns


def _coarse_coordinates(coarse: FixedSpace, fine: FixedSpace, parts: Sequence[int]) -> list[int]:
    """For each coordinate of the space with cut blocks the coordinate of the original one."""
    owner = [block for block, count in enumerate(parts) for _ in range(count)]
    block_of = [*owner, *range(len(coarse.sizes), len(coarse.blocks))]
    result = [0] * fine.dimension

    def place(index: int | None, source: int | None) -> None:
        if index is not None:
            assert source is not None
            result[index] = source

    for number, rows in enumerate(fine.row_classes):
        shift = len(coarse.sizes) - len(fine.sizes)
        wide = coarse.row_classes[number + shift if rows.block is None else block_of[number]]
        place(rows.own, wide.own)
        for block, index in enumerate(rows.off):
            place(index, wide.off[block_of[block]])
    return result
