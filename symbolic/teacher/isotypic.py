"""The Hessian at a point of a fixed space, cut into isotypic blocks of the group that leaves the point fixed.

The group is a product of symmetric groups, one per block of teachers, and acts on the n x d directions U by permuting
columns, and rows of matched blocks along with them. With x, y summing to 0 over a block, every U is a sum of

- `t`: constant where W has one coordinate (dimension 1);
- `s<a>` (dimension n_a - 1): U_ij = x_i in the rows of block a and the columns of another block; U_ij = x_j in the
  columns of block a and the rows of another class; inside block a, U_ii = p x_i and U_ij = q x_i + r x_j (i != j);
- `x<a>` (dimension (n_a - 1)(n_a - 2)/2) and `y<a>` (n_a (n_a - 3)/2): inside a matched block, U antisymmetric, or
  symmetric with zero diagonal, all row sums 0;
- `s<a>*s<b>` (dimension (n_a - 1)(n_b - 1)): U_ij = x_i y_j in the rows of a and the columns of b, and the reverse;
- `e:t`, `e:s<a>`: the columns of the d - k inputs no teacher uses; each of them is alike.

By Schur's lemma the Hessian acts on each type as a symmetric matrix as large as the type's multiplicity. Its entries
are computed here by summing over all pairs of rows: with sum x = 0 and sum x^2 = 1 over a block of size n,
sum_i x_i^2 = 1, sum_{i != j} x_i^2 = n - 1, sum_{i != j} x_i x_j = -1.

Multiplicities for r matched blocks, u unmatched ones, m extra rows: `s<a>` of a matched block occurs r + u - 1 times
in its rows, r - 1 + m times in its columns and 3 times inside it, 2 r + u + m + 1 in all (one less for n_a = 2);
`s<a>` of an unmatched block r + m times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flint import arb

from symbolic.errors import InsufficientPrecision, InvalidProblem
from symbolic.teacher.fixed_spaces import FixedSpace
from symbolic.teacher.hessian_entries import FIRST, SECOND, BlockEntries, Column, HessianEntries
from symbolic.teacher.restricted import RealSize

Linear = tuple[int, int]
"""a x_p + b x_q as (a, b)."""


@dataclass(frozen=True)
class IsotypicBlock:
    """The Hessian on one isotypic component.

    Attributes:
        irrep: its name, as above.
        multiplicity: dimension of the irrep, so how often each eigenvalue of `matrix` is one of the Hessian; an exact
            integer if the sizes are.
        matrix: symmetric.
    """

    irrep: str
    multiplicity: arb
    matrix: tuple[tuple[arb, ...], ...]


@dataclass(frozen=True)
class _Direction:
    """A direction of type s<a>: row p is x_p f + g X with X the values of x on the columns of block a.

    f is `own` at the own teacher of p and `by_block` elsewhere, and occurs in the rows of block a only; g is
    `columns` of the class of p.
    """

    own: arb
    by_block: dict[int, arb]
    columns: dict[int, arb]

    def along(self, column: Column, owner: int) -> arb:
        if column.owner == owner:
            return self.own
        return self.by_block.get(column.block, arb(0))


def isotypic_blocks(
    space: FixedSpace, sizes: Sequence[RealSize] | None, parameters: Sequence[arb]
) -> tuple[IsotypicBlock, ...]:
    """The isotypic blocks of the Hessian at a point of a fixed space, at a cost independent of the sizes.

    Args:
        space: the fixed space; the dimension d - k of the inputs no teacher uses is taken from it.
        sizes: real sizes of the blocks, None for those of the space; other sizes give the formal blocks, defined
            where every size but 1 is at least 2. `x` is listed for sizes above 2, `y` for sizes above 3.
        parameters: reduced coordinates, enclosed at the precision in force.

    Returns:
        `t`, then `s<a>`, `x<a>`, `y<a>` block by block, `s<a>*s<b>`, and `e:t`, `e:s<a>`.

    Guarantee:
        For the sizes of the space: the Hessian at every point inside the balls is orthogonally equivalent to the
        direct sum of the blocks, each repeated `multiplicity` times, for matrices inside the enclosures.

    Raises:
        InvalidProblem: sizes or parameters that do not fit the space, or a size between 1 and 2: there the formal
            direction x_i + x_j has negative length and the blocks are not symmetric.
        InsufficientPrecision: a row could not be proved not 0, or a real size not told from 2 or 3.

    Reference:
        Schur's lemma, with the decomposition derived above. Y. Arjevani, M. Field (arXiv 2107.10370) treat families of
        critical points of this loss by the same symmetry.
    """
    entries = HessianEntries(space, sizes, parameters)
    blocks = [IsotypicBlock("t", arb(1), _fixed_block(entries))]
    for block, size in enumerate(entries.sizes):
        if space.blocks[block] == 1:
            continue
        if not size >= 2:
            raise InvalidProblem(f"formal blocks need sizes of at least 2, or 1 exactly; block {block} has {size}")
        blocks.append(IsotypicBlock(f"s{block}", size - 1, _standard_block(entries, block)))
        if block < len(space.sizes):
            blocks += _inner_blocks(entries, block)
    blocks += _product_blocks(entries)
    if space.inputs > space.teachers:
        blocks += _unused_blocks(entries, space.inputs - space.teachers)
    return tuple(block for block in blocks if block.matrix)


def _above(size: arb, bound: int) -> bool:
    """Whether a real size is above an integer.

    Raises:
        InsufficientPrecision: the ball cannot be told from it.
    """
    if size > bound:
        return True
    if size <= bound:
        return False
    raise InsufficientPrecision(f"a size could not be told from {bound}")


def _half_product(first: arb, second: arb) -> arb:
    """first second/2; an integer is not rounded to the working precision."""
    a, b = first.unique_fmpz(), second.unique_fmpz()
    if a is None or b is None or not (first.is_exact() and second.is_exact()) or int(a) * int(b) % 2:
        return first * second / 2
    return arb(int(a) * int(b) // 2)


def _fixed_block(entries: HessianEntries) -> tuple[tuple[arb, ...], ...]:
    """The Hessian on the fixed space, in the orthonormal basis of its coordinate directions."""
    dimension = entries.space.dimension
    form = [[arb(0) for _ in range(dimension)] for _ in range(dimension)]
    for first, left in enumerate(entries.rows):
        for second, right in enumerate(entries.rows):
            kinds: list[tuple[BlockEntries, arb, int]] = []
            if first == second:
                kinds.append((entries.diagonal(first), entries.counts[first], FIRST))
            pairs = entries.counts[first] * (entries.counts[second] - int(first == second))
            if not pairs.is_zero():
                kinds.append((entries.off_diagonal(first, second), pairs, SECOND))
            for block, count, owner in kinds:
                for i, (a, size) in enumerate(zip(block.columns, block.sizes, strict=True)):
                    row = left.own if a.owner == FIRST else left.off[a.block]
                    for j, (b, other_size) in enumerate(zip(block.columns, block.sizes, strict=True)):
                        column = right.own if b.owner == owner else right.off[b.block]
                        assert row is not None
                        assert column is not None
                        value = size * other_size * block.common[i][j]
                        if i == j:
                            value += size * block.diagonal[i]
                        form[row][column] += count * value
    lengths = [count.sqrt() for count in entries.space.multiplicities(entries.sizes)]
    return tuple(
        tuple(form[i][j] / (lengths[i] * lengths[j]) for j in range(dimension)) for i in range(dimension)
    )


def _standard_block(entries: HessianEntries, block: int) -> tuple[tuple[arb, ...], ...]:
    directions = _standard_directions(entries, block)
    form = [[arb(0) for _ in directions] for _ in directions]
    for first in range(len(entries.rows)):
        for second in range(len(entries.rows)):
            for pairing in _pairings(entries, block, first, second):
                for i, left in enumerate(directions):
                    for j, right in enumerate(directions[: i + 1]):
                        form[i][j] += pairing.value(left, right)
    return tuple(tuple(form[max(i, j)][min(i, j)] for j in range(len(directions))) for i in range(len(directions)))


def _standard_directions(entries: HessianEntries, block: int) -> list[_Direction]:
    """An orthonormal basis of the directions of type s<block> that belong to one x with |x| = 1."""
    zero, size = arb(0), entries.sizes[block]
    result = []
    for rows, count in enumerate(entries.counts):
        if entries.rows[rows].block != block:
            result.append(_Direction(zero, {}, {rows: 1 / count.sqrt()}))
            continue
        for other, length in enumerate(entries.sizes):
            if other != block:
                result.append(_Direction(zero, {other: 1 / length.sqrt()}, {}))
        # The diagonal; U_ij = x_i - x_j; U_ij = x_i + x_j off the diagonal. The last vanishes for size 2.
        result.append(_Direction(arb(1), {}, {}))
        scale = 1 / (2 * size).sqrt()
        result.append(_Direction(scale, {block: scale}, {rows: -scale}))
        if _above(size, 2):
            scale = 1 / (2 * (size - 2)).sqrt()
            result.append(_Direction(-scale, {block: scale}, {rows: scale}))
    return result


@dataclass(frozen=True)
class _Pairing:
    """Sum over one kind of pairs (p, q) of U_p^T H_pq V_q for directions U, V of type s<a>.

    `sums` holds the X of the columns of each class, a x_p + b x_q; `acting` those of H_pq X. `moments`: the sums of
    x_p^2, x_p x_q and x_q^2 over the pairs; `square`: the sum of X^T H_pq X.
    """

    block: BlockEntries
    first: int
    second: int
    second_owner: int
    inside: tuple[bool, bool]
    moments: tuple[arb, arb, arb]
    acting: tuple[tuple[arb, arb], ...]
    square: arb

    def value(self, left: _Direction, right: _Direction) -> arb:
        block, total = self.block, arb(0)
        pp, pq, qq = self.moments
        from_left = [left.along(column, FIRST) for column in block.columns] if self.inside[0] else []
        from_right = [right.along(column, self.second_owner) for column in block.columns] if self.inside[1] else []
        g, h = left.columns.get(self.first), right.columns.get(self.second)
        if from_left and from_right:
            for i, (a, size) in enumerate(zip(from_left, block.sizes, strict=True)):
                part = block.diagonal[i] * from_right[i]
                for j, (b, other) in enumerate(zip(from_right, block.sizes, strict=True)):
                    part += other * block.common[i][j] * b
                total += pq * size * a * part
        if from_left and h is not None:
            for a, (p, q) in zip(from_left, self.acting, strict=True):
                total += h * a * (p * pp + q * pq)
        if from_right and g is not None:
            for b, (p, q) in zip(from_right, self.acting, strict=True):
                total += g * b * (p * pq + q * qq)
        if g is not None and h is not None:
            total += g * h * self.square
        return total


def _pairings(entries: HessianEntries, block: int, first: int, second: int) -> list[_Pairing]:
    """The kinds of pairs of rows of two classes: p = q, and p != q."""
    count, other_count = entries.counts[first], entries.counts[second]
    inside = (entries.rows[first].block == block, entries.rows[second].block == block)
    result = []
    if first == second:
        moment = arb(int(inside[0]))
        result.append(_pairing(entries.diagonal(first), first, second, FIRST, block, inside, (moment,) * 3, count))
        other_count = other_count - 1
    if (count * other_count).is_zero():
        return result
    zero = arb(0)
    moments = (other_count if inside[0] else zero, -arb(int(all(inside))), count - int(first == second))
    if not inside[1]:
        moments = (moments[0], moments[1], zero)
    blocks = entries.off_diagonal(first, second)
    result.append(_pairing(blocks, first, second, SECOND, block, inside, moments, count * other_count))
    return result


def _pairing(
    entries: BlockEntries,
    first: int,
    second: int,
    second_owner: int,
    block: int,
    inside: tuple[bool, bool],
    moments: tuple[arb, arb, arb],
    count: arb,
) -> _Pairing:
    sums: list[Linear] = []
    for column in entries.columns:
        if column.block != block:
            sums.append((0, 0))
        elif column.owner == FIRST:
            sums.append((1, 0))
        elif column.owner == SECOND:
            sums.append((0, 1))
        else:
            sums.append((-int(inside[0]), -int(inside[1] and second_owner == SECOND)))
    every = range(len(sums))
    acting = []
    for i, size in zip(every, entries.sizes, strict=True):
        p, q = entries.diagonal[i] * sums[i][0], entries.diagonal[i] * sums[i][1]
        for j in every:
            p += size * entries.common[i][j] * sums[j][0]
            q += size * entries.common[i][j] * sums[j][1]
        acting.append((p, q))
    pp, pq, qq = moments
    square = arb(0)
    for i, column in enumerate(entries.columns):
        if column.block == block:
            # Sum over the class of X^2: x_p^2 or x_q^2 at a named column, 1 less those elsewhere.
            mass = {FIRST: pp, SECOND: qq}.get(column.owner)
            if mass is None:
                mass = count - (pp if inside[0] else 0) - (qq if inside[1] and second_owner == SECOND else 0)
            square += entries.diagonal[i] * mass
        for j in every:
            (a, b), (c, d) = sums[i], sums[j]
            square += entries.common[i][j] * (a * c * pp + (a * d + b * c) * pq + b * d * qq)
    return _Pairing(entries, first, second, second_owner, inside, moments, tuple(acting), square)


def _inner_blocks(entries: HessianEntries, block: int) -> list[IsotypicBlock]:
    """x and y of a matched block: c_diagonal - c -+ second difference, on U antisymmetric or symmetric."""
    size = entries.sizes[block]
    if not _above(size, 2):
        return []
    diagonal, between = entries.diagonal(block), entries.off_diagonal(block, block)
    base = diagonal.diagonal[diagonal.index(Column(block))] - between.unused
    bend = entries.second_difference(block, block)
    result = [IsotypicBlock(f"x{block}", _half_product(size - 1, size - 2), ((base - bend,),))]
    if _above(size, 3):
        result.append(IsotypicBlock(f"y{block}", _half_product(size, size - 3), ((base + bend,),)))
    return result


def _product_blocks(entries: HessianEntries) -> list[IsotypicBlock]:
    """s<a>*s<b>: for U_ij = u x_i y_j in the rows of a and v x_j y_i in the rows of b, in u and v."""
    matched = len(entries.space.sizes)
    large = [block for block, size in enumerate(entries.space.blocks) if size > 1]
    result = []
    for number, a in enumerate(large):
        for b in large[number + 1 :]:
            values = []
            for row, column in ((a, b), (b, a)):
                if row < matched:
                    diagonal = entries.diagonal(row)
                    value = diagonal.diagonal[diagonal.index(Column(column))]
                    values.append(value - entries.off_diagonal(row, row).unused)
            matrix: tuple[tuple[arb, ...], ...] = tuple((value,) for value in values)
            if len(values) == 2:
                bend = entries.second_difference(a, b)
                matrix = ((values[0], bend), (bend, values[1]))
            dimension = _half_product(2 * (entries.sizes[a] - 1), entries.sizes[b] - 1)
            result.append(IsotypicBlock(f"s{a}*s{b}", dimension, matrix))
    return result


def _unused_blocks(entries: HessianEntries, inputs: int) -> list[IsotypicBlock]:
    """M_pp = c of H_pp, M_pq = (pi - th_pq)/(2 pi), by isotypic blocks of the rows."""
    every = range(len(entries.rows))
    fixed = [[arb(0) for _ in every] for _ in every]
    result = []
    for first in every:
        fixed[first][first] = entries.diagonal(first).unused
        rows, count = entries.rows[first], entries.counts[first]
        if rows.block is not None and entries.space.blocks[rows.block] > 1:
            between = entries.off_diagonal(first, first).unused
            value = entries.diagonal(first).unused - between
            dimension = _half_product(2 * arb(inputs), count - 1)
            result.append(IsotypicBlock(f"e:s{rows.block}", dimension, ((value,),)))
            fixed[first][first] += (count - 1) * between
        for second in range(first):
            value = (count * entries.counts[second]).sqrt() * entries.off_diagonal(first, second).unused
            fixed[first][second] = fixed[second][first] = value
    return [IsotypicBlock("e:t", arb(inputs), tuple(tuple(row) for row in fixed)), *result]
