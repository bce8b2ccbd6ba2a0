"""Fixed spaces of the symmetry group: the weights that a product of symmetric groups leaves unchanged.

The loss is unchanged by a permutation of the n student rows and by a permutation of the k teachers (so of the first k
columns of W). Cut the teachers into blocks of sizes n_0, n_1, ... The group

    Delta(S_n0 x ... x S_n(r-1)) x S_nr x ...

permutes the teachers inside each block. In the blocks 0..r-1 (`sizes`) it permutes as many student rows along with
them; the later blocks (`unmatched`) have no student rows; further student rows (`extra_rows`) stay where they are.
Its fixed space holds the W with

- `A<a>` where a row of block a meets its own teacher, `B<a><a>` at the other teachers of block a (none if n_a = 1);
- `B<a><b>` where a row of block a meets a teacher of another block b;
- `C<m>_<b>` where extra row m meets a teacher of block b;
- 0 in the inputs that no teacher uses.

A critical point of the loss restricted to a fixed space is a critical point of the loss (principle of symmetric
criticality: R. S. Palais, Comm. Math. Phys. 69, 1979).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, Self, TypeVar

from symbolic.errors import InvalidProblem

_NUMBER = r"[1-9][0-9]{0,11}"
_GROUP = re.compile(
    rf"Delta\((?P<matched>S_{_NUMBER}(?: x S_{_NUMBER})*)?\)(?P<unmatched>(?: x S_{_NUMBER})*)"
    rf"(?: \+ (?P<extra>{_NUMBER}))?(?: in R\^(?P<inputs>{_NUMBER}))?"
)

Entry = TypeVar("Entry")


class _Number(Protocol):
    """What the sizes of the blocks must be able to do; they may be real."""

    def __add__(self, other: int, /) -> Self: ...
    def __sub__(self, other: int, /) -> Self: ...
    def __mul__(self, other: Self, /) -> Self: ...


Size = TypeVar("Size", bound=_Number)


@dataclass(frozen=True)
class RowClass:
    """The student rows that the group permutes among each other.

    Attributes:
        block: the teacher block they are matched with; None for an extra row, which is alone in its class.
        own: index of the coordinate where a row meets its own teacher; None for an extra row.
        off: for each block b, the index of the coordinate where a row meets the (other) teachers of block b; None
            where there are none (its own block of size 1).
    """

    block: int | None
    own: int | None
    off: tuple[int | None, ...]

    def towards(self, block: int) -> int:
        """Index of the coordinate at the teachers of a block other than its own.

        Raises:
            InvalidProblem: a block of size 1 has no other teachers.
        """
        index = self.off[block]
        if index is None:
            raise InvalidProblem(f"block {block} has size 1: a row matched with it meets no other teacher there")
        return index


@dataclass(frozen=True)
class FixedSpace:
    """The fixed space of Delta(S_sizes[0] x S_sizes[1] ...) x S_unmatched[0] x ...

    Blocks are numbered from 0: first those of `sizes`, then those of `unmatched`. Which of them have size 1 decides
    which coordinates exist; formulas that take real sizes take them beside the space.

    Args:
        sizes: sizes of the blocks whose teachers have a student row each.
        unmatched: sizes of the blocks of teachers without student rows.
        extra_rows: number of student rows that the group leaves in place.
        inputs: dimension d of the inputs, at least the number k of teachers; 0 stands for k.

    Raises:
        InvalidProblem: a size below 1, fewer than 2 teachers, no student row, fewer inputs than teachers.

    Example:
        >>> FixedSpace((9, 1)).names
        ('A0', 'B00', 'B01', 'A1', 'B10')
    """

    sizes: tuple[int, ...]
    unmatched: tuple[int, ...] = ()
    extra_rows: int = 0
    inputs: int = 0

    def __post_init__(self) -> None:
        if any(isinstance(size, bool) or not isinstance(size, int) or size < 1 for size in self.blocks):
            raise InvalidProblem(f"block sizes are integers of at least 1, not {self.blocks}")
        if isinstance(self.extra_rows, bool) or not isinstance(self.extra_rows, int) or self.extra_rows < 0:
            raise InvalidProblem(f"the number of extra rows is an integer of at least 0, not {self.extra_rows}")
        if self.teachers < 2:
            raise InvalidProblem("a teacher network has at least 2 neurons")
        if self.width < 1:
            raise InvalidProblem("a student network has at least 1 neuron")
        if isinstance(self.inputs, bool) or not isinstance(self.inputs, int):
            raise InvalidProblem(f"the number of inputs is an integer, not {self.inputs!r}")
        if self.inputs == 0:
            object.__setattr__(self, "inputs", self.teachers)
        if self.inputs < self.teachers:
            raise InvalidProblem(f"{self.teachers} orthonormal teachers need as many inputs, not {self.inputs}")

    @property
    def blocks(self) -> tuple[int, ...]:
        """Sizes of all teacher blocks, the unmatched ones last."""
        return self.sizes + self.unmatched

    @property
    def teachers(self) -> int:
        """The number k of teacher neurons."""
        return sum(self.blocks)

    @property
    def width(self) -> int:
        """The number n of student neurons."""
        return sum(self.sizes) + self.extra_rows

    @property
    def dimension(self) -> int:
        """Number of reduced coordinates."""
        return len(self.names)

    @cached_property
    def row_classes(self) -> tuple[RowClass, ...]:
        """The classes of student rows: one per matched block, then one per extra row.

        The reduced coordinates are numbered class by class, the own entry first, then block by block.
        """
        classes = []
        index = 0
        for block, size in enumerate(self.sizes):
            own, index = index, index + 1
            off: list[int | None] = []
            for other in range(len(self.blocks)):
                if other == block and size == 1:
                    off.append(None)
                else:
                    off.append(index)
                    index += 1
            classes.append(RowClass(block, own, tuple(off)))
        for _ in range(self.extra_rows):
            classes.append(RowClass(None, None, tuple(range(index, index + len(self.blocks)))))
            index += len(self.blocks)
        return tuple(classes)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the reduced coordinates, in order: A0, B00, B01, ..., A1, B10, ..., C0_0, C0_1, ...

        With more than ten blocks the two numbers of a B are parted by an underscore.
        """
        between = "_" if len(self.blocks) > 10 else ""
        result = []
        for number, rows in enumerate(self.row_classes):
            if rows.block is None:
                result += [f"C{number - len(self.sizes)}_{other}" for other in range(len(self.blocks))]
                continue
            result.append(f"A{rows.block}")
            result += [f"B{rows.block}{between}{other}" for other, i in enumerate(rows.off) if i is not None]
        return tuple(result)

    def multiplicities(self, sizes: Sequence[Size]) -> list[Size]:
        """How many entries of W each reduced coordinate fills: n_a, n_a (n_a - 1), n_a n_b, n_b.

        Args:
            sizes: one (real) size per block, unmatched ones included; exactly 1 where the space has size 1.
        """
        result: list[Size] = []
        for rows in self.row_classes:
            if rows.block is None:
                result += list(sizes)
                continue
            result.append(sizes[rows.block])
            for other, index in enumerate(rows.off):
                if index is not None:
                    result.append(sizes[rows.block] * (sizes[other] - int(other == rows.block)))
        return result

    def pattern(self) -> list[list[int]]:
        """The n x d matrix whose entry is the index of the reduced coordinate there, -1 where W is 0.

        Rows: the matched blocks in order, then the extra rows. Columns: the teachers of all blocks in order, then the
        inputs that no teacher uses.
        """
        unused = [-1] * (self.inputs - self.teachers)
        result = []
        for rows in self.row_classes:
            copies = 1 if rows.block is None else self.sizes[rows.block]
            for copy in range(copies):
                row: list[int] = []
                for other, size in enumerate(self.blocks):
                    index = rows.off[other]
                    entries = [-1 if index is None else index] * size
                    if other == rows.block and rows.own is not None:
                        entries[copy] = rows.own
                    row += entries
                result.append(row + unused)
        return result

    def dense(self, parameters: Sequence[Entry], zero: Entry) -> list[list[Entry]]:
        """The n x d weights W with the given reduced coordinates; `zero` fills the inputs no teacher uses.

        Raises:
            InvalidProblem: not one parameter per reduced coordinate.
        """
        if len(parameters) != self.dimension:
            raise InvalidProblem(f"{self.text} has {self.dimension} coordinates, not {len(parameters)}")
        return [[zero if index < 0 else parameters[index] for index in row] for row in self.pattern()]

    @property
    def text(self) -> str:
        """The group, the extra rows and the inputs in one line: `Delta(S_8 x S_1) x S_2 + 1 in R^12`."""
        matched = " x ".join(f"S_{size}" for size in self.sizes)
        unmatched = "".join(f" x S_{size}" for size in self.unmatched)
        extra = f" + {self.extra_rows}" if self.extra_rows else ""
        inputs = f" in R^{self.inputs}" if self.inputs > self.teachers else ""
        return f"Delta({matched}){unmatched}{extra}{inputs}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The fixed space whose `text` this is.

        Raises:
            InvalidProblem: the text is not of that form.
        """
        found = _GROUP.fullmatch(text.strip())
        if found is None:
            raise InvalidProblem(f"a fixed space reads 'Delta(S_9 x S_1)', not {text[:80]!r}")
        matched, unmatched = (
            tuple(int(size) for size in re.findall(r"[0-9]+", found[part] or "")) for part in ("matched", "unmatched")
        )
        return cls(matched, unmatched, int(found["extra"] or 0), int(found["inputs"] or 0))
