"""The isotypic blocks of the Hessian for any kind of numbers: series in k as well as balls.

For a critical or any other point of the fixed space of Delta(S_n0 x S_n1 x ...), with the notation of
`symbolic.teacher.isotypic`: N_a = |w|^2 and D_a = A_a - B_aa for a row w of block a; S_ab and theta_ab for the product
|v||w| sin theta and the angle of two rows; S_a:b for |w| times the sine of its angle to a teacher of block b that is
not its own; R_a for the sum of S over the other rows less the sum of S over the teachers:

    q_a       = 1/2 + R_a/(2 pi N_a) - (pi - theta_aa)/(2 pi),
    x<a>      = q_a - 1/(2 pi S_a:a),
    y<a>      = x<a> + D_a^2/(pi S_aa),
    s<a>*s<b> = [[q_a - 1/(2 pi S_a:b) + D_b^2/(2 pi S_ab), D_a D_b/(2 pi S_ab)], [the same, a and b exchanged]].

`t` is the Hessian of the restricted loss. `s<a>` is found in the fixed space of the subgroup that fixes one teacher
of block a: there it has one vector for every copy, the direction of `isotypic` with x_i = 1 at that teacher and
-1/(n_a - 1) at the others of the block, and the Hessian of the finer restricted loss gives the quadratic form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic

from symbolic.errors import InvalidProblem
from symbolic.teacher.arithmetic import Arithmetic, Scalar
from symbolic.teacher.evaluation import RestrictedLoss
from symbolic.teacher.fixed_spaces import FixedSpace


@dataclass(frozen=True)
class FormalBlock(Generic[Scalar]):
    """The Hessian on the copies of one irrep, in a basis that need not be orthonormal.

    Attributes:
        irrep: its name.
        form: the symmetric matrix of the quadratic form.
        gram: the matrix of inner products of the basis, so that the eigenvalues are those of gram^-1 form; None for
            an orthonormal one.
    """

    irrep: str
    form: list[list[Scalar]]
    gram: list[list[Scalar]] | None


def irreps(space: FixedSpace) -> tuple[str, ...]:
    """The irreps of the Hessian for the sizes of the space, matched blocks only.

    Raises:
        InvalidProblem: unmatched blocks, extra rows or unused inputs.
    """
    if space.unmatched or space.extra_rows or space.inputs > space.teachers:
        raise InvalidProblem("formal blocks are for as many students as teachers and inputs")
    names = ["t"]
    for block, size in enumerate(space.sizes):
        names += [f"{letter}{block}" for letter, least in (("s", 2), ("x", 3), ("y", 4)) if size >= least]
    large = [block for block, size in enumerate(space.sizes) if size > 1]
    names += [f"s{a}*s{b}" for i, a in enumerate(large) for b in large[i + 1 :]]
    return tuple(names)


def formal_block(
    space: FixedSpace, sizes: Sequence[Scalar], x: Sequence[Scalar], numbers: Arithmetic[Scalar], irrep: str
) -> FormalBlock[Scalar]:
    """The block of one irrep at the point with reduced coordinates x.

    Args:
        space: says which blocks have size 1, and 2.
        sizes: one number per block.
        irrep: one of `irreps(space)`.

    Raises:
        InvalidProblem: no such irrep.
    """
    if irrep not in irreps(space):
        raise InvalidProblem(f"{space.text} has no irrep {irrep!r}")
    if irrep == "t":
        return _trivial(space, sizes, x, numbers)
    if irrep[0] == "s" and "*" not in irrep:
        return _standard(space, sizes, x, numbers, int(irrep[1:]))
    blocks = [int(part[1:]) for part in irrep.split("*")]
    scalars = _Scalars(space, sizes, x, numbers)
    if irrep[0] in "xy":
        value = scalars.antisymmetric(blocks[0])
        if irrep[0] == "y":
            value = value + scalars.bend(blocks[0], blocks[0]) * 2
        return FormalBlock(irrep, [[value]], None)
    a, b = blocks
    bend = scalars.bend(a, b)
    return FormalBlock(irrep, [[scalars.product(a, b), bend], [bend, scalars.product(b, a)]], None)


def _trivial(
    space: FixedSpace, sizes: Sequence[Scalar], x: Sequence[Scalar], numbers: Arithmetic[Scalar]
) -> FormalBlock[Scalar]:
    form = RestrictedLoss(space, sizes, x, numbers, curvature=True).hessian()
    counts = space.multiplicities(sizes)
    zero = numbers.zero
    gram = [[count if i == j else zero for j in range(len(counts))] for i, count in enumerate(counts)]
    return FormalBlock("t", form, gram)


def _standard(
    space: FixedSpace, sizes: Sequence[Scalar], x: Sequence[Scalar], numbers: Arithmetic[Scalar], block: int
) -> FormalBlock[Scalar]:
    """s<block>, from the fixed space with the block cut into all but one and one."""
    reference: list[int] = list(space.sizes)
    finer = FixedSpace((*reference[:block], reference[block] - 1, 1, *reference[block + 1 :]))
    parents = [*range(block + 1), *range(block, len(reference))]
    one = numbers.one
    rest = sizes[block] - 1
    finer_sizes: list[Scalar] = list(sizes[:block])
    finer_sizes += [one if reference[block] == 2 else rest, one]
    finer_sizes += sizes[block + 1 :]
    weight = [numbers.zero] * len(parents)
    weight[block], weight[block + 1] = -(one / rest), one
    others = [b for b in range(len(reference)) if b != block]
    small = reference[block] == 2
    point: list[Scalar] = []
    directions: list[list[Scalar]] = []
    for rows in finer.row_classes:
        assert rows.block is not None
        here = parents[rows.block]
        old = space.row_classes[here]
        entries: list[tuple[int, bool]] = [(rows.block, True)]
        entries += [(column, False) for column, index in enumerate(rows.off) if index is not None]
        for column, own in entries:
            there = parents[column]
            assert old.own is not None
            point.append(x[old.own] if own else x[old.towards(there)])
            values = [weight[column] if here == b and there == block else numbers.zero for b in others]
            values += [weight[rows.block] if here == block and there == b else numbers.zero for b in others]
            inside = here == block and there == block
            values.append(weight[column] if inside and own else numbers.zero)
            beside = inside and not own
            values.append(weight[rows.block] - weight[column] if beside else numbers.zero)
            if not small:
                values.append(weight[rows.block] + weight[column] if beside else numbers.zero)
            directions.append(values)
    evaluation: RestrictedLoss[Scalar] = RestrictedLoss(finer, finer_sizes, point, numbers, curvature=True)
    hessian = evaluation.hessian()
    counts = finer.multiplicities(finer_sizes)
    columns = [list(column) for column in zip(*directions, strict=True)]
    form = [[_inner(left, hessian, right, numbers.zero) for right in columns] for left in columns]
    gram = []
    for left in columns:
        line = []
        for right in columns:
            total = numbers.zero
            for count, a, b in zip(counts, left, right, strict=True):
                total = total + count * (a * b)
            line.append(total)
        gram.append(line)
    return FormalBlock(f"s{block}", form, gram)


def _inner(left: list[Scalar], matrix: list[list[Scalar]], right: list[Scalar], zero: Scalar) -> Scalar:
    total = zero
    for a, row in zip(left, matrix, strict=True):
        if a is zero:
            continue
        part = zero
        for value, b in zip(row, right, strict=True):
            if b is not zero:
                part = part + value * b
        total = total + a * part
    return total


class _Scalars(Generic[Scalar]):
    """The closed forms for x, y and s*s."""

    def __init__(
        self, space: FixedSpace, sizes: Sequence[Scalar], x: Sequence[Scalar], numbers: Arithmetic[Scalar]
    ) -> None:
        self.space = space
        self.x: Sequence[Scalar] = x
        self.numbers: Arithmetic[Scalar] = numbers
        self.loss: RestrictedLoss[Scalar] = RestrictedLoss(space, sizes, x, numbers, curvature=False)
        self.teacher_sine: dict[tuple[int, int], Scalar] = {}
        self.sine: dict[tuple[int, int], Scalar] = {}
        self.supplement: dict[int, Scalar] = {}
        push = [numbers.zero] * len(space.sizes)
        for pair in self.loss.pairs:
            force = pair.coefficient * pair.sine
            push[pair.first] = push[pair.first] + force
            if pair.second is not None:
                push[pair.second] = push[pair.second] + force
                self.sine[pair.first, pair.second] = self.sine[pair.second, pair.first] = pair.sine
                if pair.first == pair.second:
                    self.supplement[pair.first] = pair.supplement
        for a, rows in enumerate(space.row_classes):
            for block, index in enumerate(rows.off):
                if index is not None:
                    # |w|^2 sin^2 theta, with the teacher's own entry left out of |w|^2.
                    square = self.loss.rows[a].norm - x[index] * x[index]
                    self.teacher_sine[a, block] = numbers.root(square)
        self.radial: list[Scalar] = [
            value / (row.count * row.norm * 2) / numbers.pi for value, row in zip(push, self.loss.rows, strict=True)
        ]

    def delta(self, a: int) -> Scalar:
        rows = self.space.row_classes[a]
        assert rows.own is not None
        return self.x[rows.own] - self.x[rows.towards(a)]

    def base(self, a: int) -> Scalar:
        """q_a."""
        return self.numbers.one / 2 + self.radial[a] - self.supplement[a] / (self.numbers.pi * 2)

    def antisymmetric(self, a: int) -> Scalar:
        return self.base(a) - self.numbers.one / (self.numbers.pi * 2 * self.teacher_sine[a, a])

    def bend(self, a: int, b: int) -> Scalar:
        """Delta_a Delta_b / (2 pi S_ab)."""
        return self.delta(a) * self.delta(b) / (self.numbers.pi * 2 * self.sine[a, b])

    def product(self, a: int, b: int) -> Scalar:
        """The diagonal entry of s<a>*s<b> for the rows of block a."""
        scale = self.numbers.pi * 2
        delta: Scalar = self.delta(b)
        value: Scalar = (
            self.base(a)
            - self.numbers.one / (scale * self.teacher_sine[a, b])
            + delta * delta / (scale * self.sine[a, b])
        )
        return value
