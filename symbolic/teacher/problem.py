"""The teacher problem: a ReLU student against k orthonormal ReLU teachers, Gaussian inputs.

L(W) = (1/2) E (sum_i relu<w_i, x> - sum_{j <= k} relu<e_j, x>)^2 for x ~ N(0, I_d) and student rows w_1..w_n in R^d.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from symbolic.errors import InvalidProblem
from symbolic.problem import check_name
from symbolic.teacher.fixed_spaces import FixedSpace

MAXIMAL_TEACHERS = 1000
MAXIMAL_INPUTS = 10_000
MAXIMAL_BLOCKS = 5
MAXIMAL_EXTRA_ROWS = 3
MAXIMAL_SPACES = 20
"""Larger problems are refused at once: their searches would not end in any reasonable time."""


@dataclass(frozen=True)
class TeacherProblem:
    """Teachers, inputs, and the symmetry of the critical points looked for.

    Args:
        name: `[a-z0-9][a-z0-9-]*`, part of every label.
        k: number of teacher neurons, at least 2.
        isotropy: lists of block sizes n_1, n_2, ... that add up to k: the fixed spaces of Delta(S_n1 x S_n2 x ...) are
            searched.
        width: number n of students that a survey takes if it is not told another; None for k.
        inputs: dimension d of the inputs, at least k; None for k.

    Raises:
        InvalidProblem: fewer than 2 teachers, block sizes that do not add up, a width or inputs out of range.
    """

    name: str
    k: int
    isotropy: tuple[tuple[int, ...], ...]
    width: int | None = None
    inputs: int | None = None

    def __post_init__(self) -> None:
        check_name(self.name)
        _check_integer("k", self.k, 2, MAXIMAL_TEACHERS)
        if self.inputs is not None:
            _check_integer("inputs", self.inputs, self.k, MAXIMAL_INPUTS)
        if not self.isotropy:
            raise InvalidProblem("isotropy needs at least one list of block sizes, e.g. [[9, 1]] for k = 10")
        if len(self.isotropy) > MAXIMAL_SPACES:
            raise InvalidProblem(f"at most {MAXIMAL_SPACES} lists of block sizes, not {len(self.isotropy)}")
        for blocks in self.isotropy:
            _check_blocks(blocks, self.k)
        ordered = [tuple(sorted(blocks, reverse=True)) for blocks in self.isotropy]
        if len(set(ordered)) < len(ordered):
            raise InvalidProblem("isotropy names the same block sizes twice")
        if self.width is not None:
            check_teacher_width(self, self.width)

    @property
    def family(self) -> str:
        return "teacher"

    @property
    def dimension(self) -> int:
        """Dimension d of the inputs."""
        return self.k if self.inputs is None else self.inputs

    @property
    def students(self) -> int:
        """Number of student neurons unless a survey is told another."""
        return self.k if self.width is None else self.width

    def spaces(self, width: int) -> tuple[FixedSpace, ...]:
        """The fixed spaces that a survey of this width searches, without repetition.

        For every list of block sizes: the blocks matched with student rows are those whose sizes add up to the most
        that fits in the width; with more students than teachers, 0 to n - k extra rows.

        Raises:
            InvalidProblem: as for `check_teacher_width`.
        """
        check_teacher_width(self, width)
        found: dict[FixedSpace, None] = {}
        for blocks in self.isotropy:
            for space in _spaces_of(tuple(sorted(blocks, reverse=True)), width, self.dimension):
                found[space] = None
        return tuple(found)

    def canonical_text(self) -> str:
        """The mathematics of the problem in one line, whatever its name; the width is chosen by each survey."""
        lists = sorted((tuple(sorted(blocks, reverse=True)) for blocks in self.isotropy), reverse=True)
        words = ";".join(",".join(map(str, blocks)) for blocks in lists)
        return f"teacher k={self.k} inputs={self.dimension} isotropy={words}"


def check_teacher_width(problem: TeacherProblem, width: int) -> int:
    """The width itself if it can be surveyed.

    Raises:
        InvalidProblem: not an integer of at least 1; more than `MAXIMAL_EXTRA_ROWS` students above k; a list of block
            sizes of which no part comes within `MAXIMAL_EXTRA_ROWS` of the width.
    """
    _check_integer("width", width, 1, problem.k + MAXIMAL_EXTRA_ROWS)
    for blocks in problem.isotropy:
        missing = width - _best_fit(blocks, width)
        if missing > MAXIMAL_EXTRA_ROWS:
            raise InvalidProblem(
                f"no blocks of {list(blocks)} come within {MAXIMAL_EXTRA_ROWS} of the {width} students: "
                f"{missing} rows without symmetry are too many"
            )
    return width


def _spaces_of(blocks: tuple[int, ...], width: int, inputs: int) -> Iterator[FixedSpace]:
    best = _best_fit(blocks, width)
    places = range(len(blocks))
    seen = set()
    for count in range(len(blocks), -1, -1):
        for chosen in combinations(places, count):
            matched = tuple(blocks[i] for i in chosen)
            if sum(matched) != best or matched in seen:
                continue
            seen.add(matched)
            unmatched = tuple(blocks[i] for i in places if i not in chosen)
            # Functions of fewer students occur among the points of more as splitting families.
            fewest = 0 if best == sum(blocks) else width - best
            for extra in range(fewest, width - best + 1):
                if matched or extra:
                    yield FixedSpace(matched, unmatched, extra, inputs)


def _best_fit(blocks: tuple[int, ...], width: int) -> int:
    sums = {0}
    for size in blocks:
        sums |= {total + size for total in sums if total + size <= width}
    return max(sums)


def _check_integer(what: str, value: object, lowest: int, highest: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidProblem(f"{what} must be an integer, not {value!r}")
    if not lowest <= value <= highest:
        raise InvalidProblem(f"{what} must be between {lowest} and {highest}, not {value}")


def _check_blocks(blocks: object, k: int) -> None:
    if not isinstance(blocks, tuple) or not blocks:
        raise InvalidProblem(f"isotropy holds lists of block sizes such as [{k - 1}, 1], not {blocks!r}")
    if any(isinstance(size, bool) or not isinstance(size, int) or size < 1 for size in blocks):
        raise InvalidProblem(f"block sizes are integers of at least 1, not {list(blocks)}")
    if sum(blocks) != k:
        raise InvalidProblem(f"the block sizes {list(blocks)} add up to {sum(blocks)}, not to k = {k}")
    if len(blocks) > MAXIMAL_BLOCKS:
        raise InvalidProblem(f"at most {MAXIMAL_BLOCKS} blocks, not {len(blocks)}")
