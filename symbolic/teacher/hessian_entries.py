"""Entries of the Hessian of the loss at a point of a fixed space, one set per class of pairs of rows.

The Hessian has one d x d block H_pq per pair of student rows (w_p, w_q). At a point of a fixed space a block depends
only on the classes of p and q and on whether p = q, and its entries only on which columns meet the own teacher of p,
that of q, or another teacher of some block. Over these few *column classes*, with E the 0/1 matrix of membership,

    H_pq = diag(c) + E K E^T,

so a block costs the same whatever the sizes, and the sizes may be real numbers. With th the angle of v and w,
hats for unit vectors, n = (v^ - cos th w^)/sin th and m = (w^ - cos th v^)/sin th,

    H_pp = I/2 + sum_{l != p} H11(w_p, w_l) - sum_j H11(w_p, e_j),   H_pq = H12(w_p, w_q),
    H11(w, v) = |v| sin th/(2 pi |w|) (I - w^ w^T + n n^T),
    H12(w, v) = (1/(2 pi)) ((pi - th) I + w^ n^T + v^ m^T).

At parallel vectors (sin th = 0) both are continuous: H11 = 0 and H12 = (pi - th)/(2 pi) I, because n is a unit vector
and w^ n^T + v^ m^T = sin th (2 x 2 reflection in the plane of v and w).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flint import arb

from symbolic.errors import InsufficientPrecision, InvalidProblem
from symbolic.teacher.arithmetic import BallArithmetic
from symbolic.teacher.fixed_spaces import FixedSpace, RowClass
from symbolic.teacher.restricted import RealSize, size_balls

FIRST, SECOND = 1, 2


@dataclass(frozen=True)
class Column:
    """A class of columns: the teachers of a block, or the one that the `FIRST` or `SECOND` row of a pair owns."""

    block: int
    owner: int = 0


@dataclass(frozen=True)
class BlockEntries:
    """H_pq = diag(c) + E K E^T for one class of pairs of rows.

    Attributes:
        columns: the column classes that are not empty.
        sizes: how many columns each holds.
        diagonal: c on each class.
        unused: c on the inputs that no teacher uses (E is 0 there).
        common: K, symmetric.
    """

    columns: tuple[Column, ...]
    sizes: tuple[arb, ...]
    diagonal: tuple[arb, ...]
    unused: arb
    common: tuple[tuple[arb, ...], ...]

    def index(self, column: Column) -> int:
        """The place of a column class.

        Raises:
            ValueError: it is empty.
        """
        return self.columns.index(column)


@dataclass(frozen=True)
class _Crowd:
    """Vectors v of equal length and angle to w, one for each column of the class at `column`: `values` on the column
    classes, plus `peak` at that column. `column` is None for a single vector."""

    count: arb
    norm: arb
    values: list[arb]
    column: int | None
    peak: arb
    sign: int


class HessianEntries:
    """The blocks H_pq at the point of `space` with the given reduced coordinates.

    Args:
        space: the fixed space.
        sizes: real block sizes, None for those of the space; with other sizes the blocks are formal.
        parameters: its reduced coordinates, enclosed at the precision in force.

    Guarantee:
        Every entry encloses the entry of the Hessian at every point inside the balls, or is not finite.

    Raises:
        InvalidProblem: sizes or parameters that do not fit the space.
        InsufficientPrecision: a row could not be proved not 0 (the loss has no second derivatives at a zero row).
    """

    def __init__(self, space: FixedSpace, sizes: Sequence[RealSize] | None, parameters: Sequence[arb]) -> None:
        if len(parameters) != space.dimension:
            raise InvalidProblem(f"{space.text} has {space.dimension} coordinates, not {len(parameters)}")
        self.space = space
        self.parameters = tuple(parameters)
        self.sizes = tuple(size_balls(space, sizes))
        self.rows = space.row_classes
        self.counts = tuple(arb(1) if rows.block is None else self.sizes[rows.block] for rows in self.rows)
        self._numbers = BallArithmetic(all(bool(size == 1) or bool(size >= 2) for size in self.sizes))
        self.norms = tuple(self._norm(rows) for rows in self.rows)
        self._blocks: dict[tuple[int, int | None], BlockEntries] = {}

    def diagonal(self, rows: int) -> BlockEntries:
        """H_pp for a row p of this class."""
        if (rows, None) not in self._blocks:
            self._blocks[rows, None] = self._diagonal_block(rows)
        return self._blocks[rows, None]

    def off_diagonal(self, first: int, second: int) -> BlockEntries:
        """H_pq for two different rows p, q of these classes."""
        if (first, second) not in self._blocks:
            self._blocks[first, second] = self._off_diagonal_block(first, second)
        return self._blocks[first, second]

    def second_difference(self, first: int, second: int) -> arb:
        """K(a', a) - K(a', b) - K(b', a) + K(b', b) = Delta_p Delta_q/(2 pi |w_p| |w_q| sin th) in H_pq.

        Here a and a' are the own columns of p and q, b and b' further columns of their blocks, and Delta = A - B.
        """
        columns, sizes = self._columns(self.rows[first], self.rows[second])
        left, right = self._values(first, columns, FIRST), self._values(second, columns, SECOND)
        norms = self.norms[first] * self.norms[second]
        cross = self._cross_product(left, right, sizes)
        # E K E^T is sin th/(2 pi) times a matrix of norm 1, and the difference has four of its entries.
        bound = 4 * self._bound(cross / norms, sizes)
        return self._numbers.quotient(self._peak(first) * self._peak(second), cross, bound) / (2 * arb.pi())

    def _diagonal_block(self, rows: int) -> BlockEntries:
        numbers, norm = self._numbers, self.norms[rows]
        columns, sizes = self._columns(self.rows[rows], None)
        values = self._values(rows, columns, FIRST)
        unit = [value / norm for value in values]
        every = range(len(columns))
        radial = arb(0)
        extra = [arb(0) for _ in every]
        common = [[arb(0) for _ in every] for _ in every]
        for crowd in self._crowds(rows, columns, sizes):
            inner, square = arb(0), arb(0)
            whole = list(crowd.values)
            if crowd.column is not None:
                # The column class at the peak is cut in two: the peak and the others.
                whole[crowd.column] += crowd.peak
            cut = [*sizes]
            left, right = list(values), list(crowd.values)
            if crowd.column is not None:
                cut[crowd.column] -= 1
                cut.append(arb(1))
                left.append(values[crowd.column])
                right.append(whole[crowd.column])
            for size, a, b in zip(cut, left, right, strict=True):
                inner += size * a * b
            square = self._cross_product(left, right, cut)
            lengths = norm * crowd.norm
            sine, cosine = square / lengths, inner / lengths
            weight = crowd.sign * crowd.norm / (2 * arb.pi() * norm)
            radial += weight * crowd.count * sine
            bound = self._bound(sine, cut)
            base = [value / crowd.norm - cosine * along for value, along in zip(crowd.values, unit, strict=True)]
            peak = crowd.peak / crowd.norm
            for i in every:
                for j in range(i + 1):
                    common[i][j] += weight * crowd.count * numbers.quotient(base[i] * base[j], sine, bound)
            if crowd.column is not None:
                # Other columns of the class see no peak, so |peak| <= |n at the peak| + |n beside it|, times sin th.
                extra[crowd.column] += weight * numbers.quotient(peak * peak, sine, 2 * bound)
                for i in every:
                    mixed = weight * numbers.quotient(peak * base[i], sine, 2 * bound)
                    common[max(i, crowd.column)][min(i, crowd.column)] += 2 * mixed if i == crowd.column else mixed
        for i in every:
            for j in range(i + 1):
                common[i][j] -= radial * unit[i] * unit[j]
        unused = arb(1) / 2 + radial
        return BlockEntries(
            columns,
            sizes,
            tuple(unused + value for value in extra),
            unused,
            tuple(tuple(common[max(i, j)][min(i, j)] for j in every) for i in every),
        )

    def _off_diagonal_block(self, first: int, second: int) -> BlockEntries:
        numbers, norms = self._numbers, self.norms[first] * self.norms[second]
        columns, sizes = self._columns(self.rows[first], self.rows[second])
        left, right = self._values(first, columns, FIRST), self._values(second, columns, SECOND)
        inner = arb(0)
        for size, a, b in zip(sizes, left, right, strict=True):
            inner += size * a * b
        sine, cosine = self._cross_product(left, right, sizes) / norms, inner / norms
        scale, bound = 2 * arb.pi(), self._bound(sine, sizes)
        identity = numbers.supplement(sine, cosine) / scale
        w = [value / self.norms[first] for value in left]
        v = [value / self.norms[second] for value in right]
        every = range(len(columns))
        common = [[arb(0) for _ in every] for _ in every]
        for i in every:
            for j in range(i + 1):
                numerator = w[i] * (v[j] - cosine * w[j]) + v[i] * (w[j] - cosine * v[j])
                common[i][j] = common[j][i] = numbers.quotient(numerator, sine, bound) / scale
        return BlockEntries(
            columns, sizes, (identity,) * len(columns), identity, tuple(tuple(row) for row in common)
        )

    def _crowds(self, rows: int, columns: Sequence[Column], sizes: Sequence[arb]) -> list[_Crowd]:
        """The other student rows and the teachers, as a row of class `rows` sees them."""
        own_block = self.rows[rows].block
        zero = arb(0)
        crowds: list[_Crowd] = []
        for other, found in enumerate(self.rows):
            if found.block is None or self.counts[other] == 1:
                if other != rows:
                    values = self._values(other, columns, SECOND)
                    if found.block is not None and found.own is not None:
                        values[columns.index(Column(found.block))] = self.parameters[found.own]
                    crowds.append(_Crowd(arb(1), self.norms[other], values, None, zero, 1))
                continue
            count = self.counts[other] - int(other == rows)
            values = self._values(other, columns, SECOND)
            crowds.append(self._crowd(count, self.norms[other], values, found.block, self._peak(other), columns, 1))
        for block, size in enumerate(self.sizes):
            count = size - int(block == own_block)
            if block == own_block:
                values = [arb(int(column.owner == FIRST)) for column in columns]
                crowds.append(_Crowd(arb(1), arb(1), values, None, zero, -1))
            if not count.is_zero():
                flat = [zero for _ in columns]
                crowds.append(self._crowd(count, arb(1), flat, block, arb(1), columns, -1))
        return crowds

    def _crowd(
        self,
        count: arb,
        norm: arb,
        values: list[arb],
        block: int,
        peak: arb,
        columns: Sequence[Column],
        sign: int,
    ) -> _Crowd:
        """One vector for each column of the class of `block`; a class of one column needs no peak."""
        column = columns.index(Column(block))
        if count == 1:
            values[column] += peak
            return _Crowd(count, norm, values, None, arb(0), sign)
        return _Crowd(count, norm, values, column, peak, sign)

    def _cross_product(self, first: Sequence[arb], second: Sequence[arb], sizes: Sequence[arb]) -> arb:
        """|v| |w| sin th by Lagrange's identity, |v|^2 |w|^2 - <v, w>^2 = sum_{a<b} N_a N_b (v_a w_b - w_a v_b)^2.

        A sum without cancellation: the absolute error is a few roundings of |v| |w| however parallel v and w are.
        """
        square = arb(0)
        for a in range(len(sizes)):
            for b in range(a):
                bracket = first[a] * second[b] - second[a] * first[b]
                square += sizes[a] * sizes[b] * bracket * bracket
        return self._numbers.root(square)

    @staticmethod
    def _bound(sine: arb, sizes: Sequence[arb]) -> arb:
        """sin th, a bound on the entries of sin th n n^T, where every column class holds at least one column."""
        if all(bool(size >= 1) or size.is_zero() for size in sizes):
            return arb(sine.abs_upper())
        return arb.pos_inf()

    def _peak(self, rows: int) -> arb:
        """Delta = A - B: how a row changes from its own teacher to the others of its block."""
        found = self.rows[rows]
        if found.block is None or found.own is None:
            raise InvalidProblem("an extra row has no own teacher")
        return self.parameters[found.own] - self.parameters[found.towards(found.block)]

    def _norm(self, rows: RowClass) -> arb:
        columns, sizes = self._columns(rows, None)
        square = arb(0)
        for column, size in zip(columns, sizes, strict=True):
            value = self._value(rows, column, FIRST)
            square += size * value * value
        if not square > 0:
            raise InsufficientPrecision("a row could not be proved not to vanish")
        return square.sqrt()

    def _columns(self, first: RowClass, second: RowClass | None) -> tuple[tuple[Column, ...], tuple[arb, ...]]:
        """The nonempty column classes of a pair of rows, with their sizes."""
        named = [first.block] if second is None else [first.block, second.block]
        columns = [Column(block, owner) for owner, block in enumerate(named, FIRST) if block is not None]
        sizes = [arb(1) for _ in columns]
        for block, size in enumerate(self.sizes):
            rest = size - named.count(block)
            if not rest.is_zero():
                columns.append(Column(block))
                sizes.append(rest)
        return tuple(columns), tuple(sizes)

    def _values(self, rows: int, columns: Sequence[Column], owner: int) -> list[arb]:
        return [self._value(self.rows[rows], column, owner) for column in columns]

    def _value(self, rows: RowClass, column: Column, owner: int) -> arb:
        if column.owner == owner and rows.own is not None:
            return self.parameters[rows.own]
        index = rows.off[column.block]
        # A row alone in its block has no entry beside its own teacher; the caller puts the own entry there.
        return arb(0) if index is None else self.parameters[index]
