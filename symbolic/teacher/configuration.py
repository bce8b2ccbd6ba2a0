"""The rays of a network in a fixed space, and the largest blocks of teachers under which they are symmetric.

A *configuration* is what is left of the rows w_i of a point when equal and parallel rows, which together act as one
neuron (relu is positively homogeneous), are replaced by their sum. Its columns are cut into blocks; its rows are

- matched classes: for a block of at least 2 teachers, one row per teacher j, with `own` at j, another value at the rest
  of the block, and constant on every other block;
- single rows, constant on every block.

Two blocks a, b are *merged* if exchanging a teacher of a with one of b maps the set of rows to itself; then every
permutation of their union does. With rows as above this happens in four ways only: no row tells a and b apart; two
matched classes form one; a matched class and the single row of a further teacher form one; two single rows form a
matched class of size 2. (A row constant on a and b that is not fixed by the permutations of a union b has at least
|a| + |b| images, so |a| = 1 or |b| = 1 or |a| = |b| = 2; rows constant on {1, 3} and {2, 4} are not of the two kinds.)
In a class of size 2 the two values play the same part: `own` may stand for either.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from math import sqrt

from symbolic.teacher.fixed_spaces import FixedSpace

Same = Callable[[int, int], bool]
"""Whether two values, given by their numbers, are equal."""


@dataclass(frozen=True)
class MatchedRows:
    """One row per teacher of `block`; `values` by blocks, that of the own block for the other teachers in it."""

    block: int
    own: int
    values: tuple[int, ...]

    def swapped(self) -> MatchedRows:
        """The same two rows of a block of size 2, `own` standing for the other teacher."""
        values = tuple(self.own if block == self.block else v for block, v in enumerate(self.values))
        return MatchedRows(self.block, self.values[self.block], values)


@dataclass(frozen=True)
class Configuration:
    """Blocks of columns and distinct rays; values are numbers of an external list.

    Attributes:
        sizes: of the blocks.
        matched: classes of at least 2 rows.
        singles: rows by their values on the blocks.
        equalities: pairs of values that were taken to be equal.
        shares: for a coordinate i of the original space that is not itself a value: (v, q) says i is q times value v.
        flat: whether parallel rows of different classes were added up.
    """

    sizes: tuple[int, ...]
    matched: tuple[MatchedRows, ...]
    singles: tuple[tuple[int, ...], ...]
    equalities: tuple[tuple[int, int], ...] = ()
    shares: tuple[tuple[int, int, Fraction], ...] = ()
    flat: bool = False


def configuration_of(
    space: FixedSpace, values: list[float], tolerance: float, *, reduce: bool = True
) -> Configuration:
    """The rays of a point in floating point, before any blocks are merged.

    Args:
        space: the fixed space.
        values: its reduced coordinates; values of sums of rows are appended.
        tolerance: below which rows count as parallel.
        reduce: whether to look for equal and parallel rows; False where they are proved to be distinct rays.
    """
    matched: list[MatchedRows] = []
    rays: list[tuple[tuple[int, ...], list[tuple[tuple[int, ...], int]]]] = []
    for rows in space.row_classes:
        size = 1 if rows.block is None else space.sizes[rows.block]
        own = rows.own
        by_block = []
        for block, index in enumerate(rows.off):
            coordinate = index if index is not None else own
            assert coordinate is not None
            assert block == rows.block or index is not None
            by_block.append(coordinate)
        if size > 1:
            assert own is not None
            assert rows.block is not None
            beside = by_block[rows.block]
            if not reduce or abs(values[own] - values[beside]) > tolerance:
                matched.append(MatchedRows(rows.block, own, tuple(by_block)))
                continue
        rays.append((tuple(by_block), [(tuple(by_block), size)]))
    if not reduce:
        return Configuration(space.blocks, tuple(matched), tuple(ray for ray, _ in rays))
    equalities = []
    for rows in space.row_classes:
        if rows.block is not None and space.sizes[rows.block] > 1 and rows.block not in {m.block for m in matched}:
            assert rows.own is not None
            equalities.append((rows.own, rows.towards(rows.block)))
    return _with_sums(space, values, tolerance, matched, rays, equalities)


def _with_sums(
    space: FixedSpace,
    values: list[float],
    tolerance: float,
    matched: Sequence[MatchedRows],
    rays: Sequence[tuple[tuple[int, ...], list[tuple[tuple[int, ...], int]]]],
    equalities: Sequence[tuple[int, int]],
) -> Configuration:
    """Parallel rays added up."""
    groups: list[list[tuple[tuple[int, ...], int]]] = []
    for ray, members in rays:
        for group in groups:
            if _parallel(space, values, group[0][0], ray, tolerance):
                group += members
                break
        else:
            groups.append(list(members))
    singles, shares = [], []
    for group in groups:
        if len(group) == 1 and group[0][1] == 1:
            singles.append(group[0][0])
            continue
        sums = []
        for block in range(len(space.blocks)):
            values.append(sum(count * values[ray[block]] for ray, count in group))
            sums.append(len(values) - 1)
            if len(group) == 1:
                ray, count = group[0]
                shares.append((ray[block], len(values) - 1, Fraction(1, count)))
        singles.append(tuple(sums))
    flat = any(len(group) > 1 for group in groups)
    return Configuration(space.blocks, tuple(matched), tuple(singles), tuple(equalities), tuple(shares), flat)


def merged(configuration: Configuration, same: Same) -> Configuration:
    """All blocks merged that can be, equality of values being what `same` says."""
    while True:
        for first, second in combinations(range(len(configuration.sizes)), 2):
            found = _merge(configuration, first, second, same)
            if found is not None:
                configuration = found
                break
        else:
            return configuration


def can_merge(configuration: Configuration, same: Same) -> bool:
    """Whether some two blocks could be merged. With a `same` that says False only of values proved to differ, False
    is a proof that the blocks are the largest possible."""
    return any(
        _merge(configuration, first, second, same) is not None
        for first, second in combinations(range(len(configuration.sizes)), 2)
    )


def _merge(configuration: Configuration, first: int, second: int, same: Same) -> Configuration | None:
    """The configuration with block `second` joined to `first`, None if the rows tell them apart."""
    sizes, singles = configuration.sizes, configuration.singles
    inside = [rows for rows in configuration.matched if rows.block in (first, second)]
    others = [rows for rows in configuration.matched if rows.block not in (first, second)]
    pairs: list[tuple[int, int]] = [(rows.values[first], rows.values[second]) for rows in others]
    if not all(same(i, j) for i, j in pairs):
        return None
    rest = [block for block in range(len(sizes)) if block not in (first, second)]
    telling = [row for row in singles if not same(row[first], row[second])]
    pairs += [(row[first], row[second]) for row in singles if row not in telling]

    def joined(
        new: MatchedRows | None, gone: Sequence[tuple[int, ...]], more: Sequence[tuple[int, int]]
    ) -> Configuration:
        def drop(values: Sequence[int]) -> tuple[int, ...]:
            return tuple(value for block, value in enumerate(values) if block != second)

        def renumber(rows: MatchedRows) -> MatchedRows:
            block = first if rows.block == second else rows.block
            return MatchedRows(block - (block > second), rows.own, drop(rows.values))

        total = tuple(sizes[b] + (sizes[second] if b == first else 0) for b in range(len(sizes)) if b != second)
        return replace(
            configuration,
            sizes=total,
            matched=tuple(renumber(rows) for rows in (*others, *([new] if new else []))),
            singles=tuple(drop(row) for row in singles if row not in gone),
            equalities=(*configuration.equalities, *pairs, *more),
        )

    def agree(more: Sequence[tuple[int, int]]) -> bool:
        return all(same(i, j) for i, j in more)

    if not inside and not telling:
        return joined(None, (), ())
    if len(inside) == 2 and not telling:
        one, two = sorted(inside, key=lambda rows: rows.block)
        for left in _readings(one, sizes):
            for right in _readings(two, sizes):
                off = left.values[first]
                more = [(left.own, right.own), (off, right.values[second])]
                more += [(off, left.values[second]), (off, right.values[first])]
                more += [(left.values[b], right.values[b]) for b in rest]
                if agree(more):
                    return joined(left, (), more)
    if len(inside) == 1:
        block = inside[0].block
        lone = second if block == first else first
        # A value may be not proved to differ from another: every single row is tried as the missing one.
        candidates = telling if telling else list(singles)
        if sizes[lone] == 1 and len(telling) <= 1:
            for rows in _readings(inside[0], sizes):
                off = rows.values[block]
                for row in candidates:
                    more = [(rows.own, row[lone]), (off, row[block]), (off, rows.values[lone])]
                    more += [(rows.values[b], row[b]) for b in rest]
                    if agree(more):
                        values = tuple(off if b == lone else v for b, v in enumerate(rows.values))
                        return joined(MatchedRows(first, rows.own, values), (row,), more)
    if not inside and sizes[first] == sizes[second] == 1 and len(telling) == 2:
        one_row, two_row = telling
        more = [(one_row[first], two_row[second]), (one_row[second], two_row[first])]
        more += [(one_row[b], two_row[b]) for b in rest]
        if agree(more):
            values = tuple(one_row[second] if b == first else v for b, v in enumerate(one_row))
            return joined(MatchedRows(first, one_row[first], values), (one_row, two_row), more)
    return None


def _readings(rows: MatchedRows, sizes: Sequence[int]) -> list[MatchedRows]:
    return [rows, rows.swapped()] if sizes[rows.block] == 2 else [rows]


def _parallel(
    space: FixedSpace, values: Sequence[float], first: Sequence[int], second: Sequence[int], tolerance: float
) -> bool:
    left = [values[i] * sqrt(size) for i, size in zip(first, space.blocks, strict=True)]
    right = [values[i] * sqrt(size) for i, size in zip(second, space.blocks, strict=True)]
    one, two = sqrt(sum(v * v for v in left)), sqrt(sum(v * v for v in right))
    if one == 0 or two == 0:
        return False
    return max(abs(a / one - b / two) for a, b in zip(left, right, strict=True)) < tolerance
