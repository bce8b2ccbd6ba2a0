"""Which sets of active neurons realize a critical function: every set is closed by weights or by a Farkas vector.

At a stationary point let S be the set of distinct types of its active neurons with a != 0. The values at the samples
lie in the Minkowski sum of the open cones sign * activations(face) over S (a copy of a convex cone added to itself is
the same cone, so that multiplicities do not matter), and the residual is the projection of the targets on the
complement of their span. So a width n needs only the sets of at most n types.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import comb, lcm

import numpy as np
from flint import fmpq_mat, fmpz_mat
from numpy.typing import NDArray

from symbolic.dataset.functions import residual_of
from symbolic.dataset.patterns import Vector
from symbolic.dataset.stationarity import Faces, Field, NeuronType
from symbolic.enclosure import to_fraction
from symbolic.errors import BudgetExceeded
from symbolic.exact.cones import Farkas, positive_combination, primitive

SET_BUDGET = 3_000_000
"""Sets of types of active neurons looked at, for one residual, at most."""

WORD = 64


@dataclass(frozen=True)
class LiveSet:
    """A set of types of active neurons with a != 0 that together realize the function.

    Attributes:
        types: the types, sorted.
        weights: for each type, positive coefficients for the rays of its face: the neurons of the type have
            sum |a_j| w_j = sum_i weights[i] rays[i].
        directional: whether every type is directionally stationary (else some are so only in Clarke's sense).
    """

    types: tuple[NeuronType, ...]
    weights: tuple[tuple[Fraction, ...], ...]
    directional: bool


@dataclass(frozen=True)
class Case:
    """One candidate residual: the sets of active types that realize it, and proofs that no other set does.

    Attributes:
        residuals: r.
        directional: types of active neurons with a != 0 that are directionally stationary at r.
        only_clarke: those stationary in Clarke's sense alone.
        live_sets: the sets of at most `size` of these types that realize y - r.
        refutations: Farkas vectors; each other set of at most `size` of these types is refuted by one of them.
    """

    residuals: tuple[Fraction, ...]
    directional: tuple[NeuronType, ...]
    only_clarke: tuple[NeuronType, ...]
    live_sets: tuple[LiveSet, ...]
    refutations: tuple[tuple[int, ...], ...]
    size: int


def spans_of_faces(faces: Faces, size: int) -> list[tuple[Vector, ...]]:
    """All sums of at most `size` spans of effects of active faces, each by its canonical basis; {0} is the first.

    Guarantee: complete; independent of the targets.
    """
    single = dict.fromkeys(span(faces.effects[face.pattern]) for face in faces.active)
    spans: dict[tuple[Vector, ...], None] = {(): None}
    level: list[tuple[Vector, ...]] = [()]
    for _ in range(size):
        grown: dict[tuple[Vector, ...], None] = {}
        for basis in level:
            for more in single:
                joined = span((*basis, *more))
                if joined not in spans:
                    grown[joined] = None
        spans |= grown
        level = list(grown)
    return list(spans)


def candidate_residuals(faces: Faces, targets: Sequence[Fraction], size: int) -> list[tuple[Fraction, ...]]:
    """Every residual that a stationary point with at most `size` types of active neurons can have.

    Guarantee: complete: all projections of the targets for all sums of at most `size` spans of faces.
    """
    return list(dict.fromkeys(residual_of(targets, basis) for basis in spans_of_faces(faces, size)))


def case_of(faces: Faces, targets: Sequence[Fraction], residuals: tuple[Fraction, ...], size: int) -> Case:
    """Close one candidate residual.

    Args:
        faces: of the data set.
        targets: y.
        residuals: r.
        size: the number of distinct active types allowed.

    Guarantee: exact and complete (`Case`); `symbolic.dataset.check` repeats the argument from the record alone.

    Raises:
        BudgetExceeded: more than `SET_BUDGET` sets.
    """
    field = Field(faces.arrangement, residuals)
    directional: list[NeuronType] = []
    only_clarke: list[NeuronType] = []
    for face in faces.active:
        signs = field.directional_signs(face)
        directional += [NeuronType(face.pattern, sign) for sign in signs]
        if len(signs) < 2 and field.is_clarke(face):
            only_clarke += [NeuronType(face.pattern, sign) for sign in (1, -1) if sign not in signs]
    types = sorted([*directional, *only_clarke])
    strict = set(directional)
    count = sum(comb(len(types), k) for k in range(size + 1))
    if count > SET_BUDGET:
        raise BudgetExceeded(
            f"{len(types)} types of active neurons make {count} sets of at most {size}, more than {SET_BUDGET}"
        )
    search = _Search(faces, types, targets, residuals)
    live_sets = [
        LiveSet(chosen, weights, all(one in strict for one in chosen)) for chosen, weights in search.feasible(size)
    ]
    live_sets.sort(key=lambda one: (len(one.types), one.types))
    return Case(
        residuals,
        tuple(sorted(directional)),
        tuple(sorted(only_clarke)),
        tuple(live_sets),
        tuple(search.refutations),
        size,
    )


class _Search:
    """All sets of types whose open cones add up to y - r.

    A Farkas vector refutes every set inside the types on which it is >= 0, so each new one is tried on all sets left.
    """

    def __init__(
        self, faces: Faces, types: Sequence[NeuronType], targets: Sequence[Fraction], residuals: Sequence[Fraction]
    ) -> None:
        values = [target - residual for target, residual in zip(targets, residuals, strict=True)]
        common = lcm(*(value.denominator for value in values))
        self.types = types
        self.goal = tuple(int(value * common) for value in values)
        self.factor = Fraction(faces.arrangement.scale, common)
        self.generators = [
            [tuple(one.sign * value for value in effect) for effect in faces.effects[one.pattern]] for one in types
        ]
        self.refutations: list[tuple[int, ...]] = []
        self.words = max(1, -(-len(types) // WORD))

    def feasible(self, size: int) -> Iterator[tuple[tuple[NeuronType, ...], tuple[tuple[Fraction, ...], ...]]]:
        """The sets of at most `size` types that realize y - r, each with weights; fills `refutations`."""
        for count in range(size + 1):
            subsets, masks = self._subsets(count)
            alive = np.ones(len(subsets), dtype=bool)
            for vector in self.refutations:
                alive &= ~self._refuted(vector, masks)
            for position, subset in enumerate(subsets):
                if not alive[position]:
                    continue
                chosen = [int(i) for i in subset]
                result = positive_combination([g for i in chosen for g in self.generators[i]], self.goal)
                if isinstance(result, Farkas):
                    self.refutations.append(result.vector)
                    alive[position:] &= ~self._refuted(result.vector, masks[position:])
                else:
                    yield tuple(self.types[i] for i in chosen), self._by_type(chosen, result.weights)

    def _by_type(self, chosen: Sequence[int], weights: Sequence[Fraction]) -> tuple[tuple[Fraction, ...], ...]:
        scaled = iter([self.factor * weight for weight in weights])
        return tuple(tuple(next(scaled) for _ in self.generators[i]) for i in chosen)

    def _subsets(self, count: int) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """The subsets of that many types as rows of positions, and as bit masks."""
        every = list(combinations(range(len(self.types)), count))
        subsets = np.array(every, dtype=np.int64).reshape(len(every), count)
        masks = np.zeros((len(every), self.words), dtype=np.uint64)
        rows = np.arange(len(every))
        for column in range(count):
            index = subsets[:, column]
            masks[rows, index // WORD] |= np.uint64(1) << (index % WORD).astype(np.uint64)
        return subsets, masks

    def _refuted(self, vector: tuple[int, ...], masks: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Which of the sets the Farkas vector refutes (`symbolic.exact.cones.Farkas`)."""
        allowed, strict = [0] * self.words, [0] * self.words
        for i, generators in enumerate(self.generators):
            products = [sum(a * b for a, b in zip(vector, g, strict=True)) for g in generators]
            if min(products) >= 0:
                allowed[i // WORD] |= 1 << (i % WORD)
                if any(products):
                    strict[i // WORD] |= 1 << (i % WORD)
        value = sum(a * b for a, b in zip(vector, self.goal, strict=True))
        if value > 0:
            return np.zeros(len(masks), dtype=np.bool_)
        inside = ((masks & ~np.array(allowed, dtype=np.uint64)) == 0).all(axis=1)
        if value == 0:
            inside &= ((masks & np.array(strict, dtype=np.uint64)) != 0).any(axis=1)
        return np.asarray(inside)


def span(vectors: Sequence[Vector]) -> tuple[Vector, ...]:
    """The basis of the span in reduced echelon form, as primitive integer vectors: a canonical key of the span."""
    reduced, rank = fmpq_mat(fmpz_mat([list(vector) for vector in vectors])).rref()
    columns = reduced.ncols()
    return tuple(primitive([to_fraction(reduced[i, j]) for j in range(columns)]) for i in range(rank))
