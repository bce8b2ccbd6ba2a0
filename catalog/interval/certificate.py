"""Certificates of interval problems: where the solutions are, and covers that prove there is no other.

What the checker `catalog.check_certificate` cannot find by itself is looked for here, with its own arithmetic, so that
a cover that is written is one that it accepts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import ceil, comb, floor
from typing import TYPE_CHECKING

from catalog import check_certificate as checker
from catalog.check_certificate import BITS, Interval, Skeleton, clip, levels_of
from catalog.errors import CatalogError
from catalog.interval.record import cell_from_record
from catalog.number_text import number_from_record
from catalog.packed_strata import NOTIONS
from catalog.record import Record, from_text
from symbolic.enclosure import bounds

if TYPE_CHECKING:
    from catalog.store import Row, Store
    from symbolic.exact.number_field import FieldElement
    from symbolic.interval.problem import IntervalProblem

MOST_BOXES = 2_000_000
"""Boxes of one cover; a system that needs more gets none, and the checker says so."""

NARROW = 30
"""Bits that the narrow enclosure of a solution is wider than the units of its centre."""

DIGITS = 50
"""Digits after the point of the bounds of the numbers of functions."""


@dataclass(frozen=True)
class Root:
    """A zero of a system: centre in units of 2^-BITS, and its rational coordinates if it has them."""

    center: tuple[int, ...]
    rational: tuple[Fraction, ...] | None


@dataclass(frozen=True)
class Task:
    """One system to be certified, in the orientation of the problem, on [0, 1]."""

    target: tuple[Fraction, ...]
    leak: Fraction
    knots: int
    system: str
    roots: tuple[Root, ...]
    cover: bool


def entries(
    store: Store, problem: IntervalProblem, width: int, *, covers: bool, executor: Executor | None,
    tell: Callable[[int, int], None],
) -> Iterator[Record]:
    """The entries of a certificate, the problem first.

    Args:
        store: with the survey of this width and its strata.
        covers: whether to look for covers.
        executor: where systems are certified; this process if None.
        tell: called with the number of systems done, and of all.

    Raises:
        CatalogError: a problem or a survey that no certificate can be made of.
    """
    if problem.activation != "relu":
        raise CatalogError(f'there are no certificates for activation "{problem.activation}"')
    yield {
        "entry": "problem", "family": "interval", "name": problem.name, "width": width, "leak": str(problem.leak),
        "target": [str(value) for value in problem.target], "domain": [str(end) for end in problem.domain],
    }
    tasks = _tasks(store, problem, width, covers)
    results = map(certified, tasks) if executor is None else executor.map(certified, tasks)
    for done, entry in enumerate(results, start=1):
        yield entry
        tell(done, len(tasks))
    for row in store.functions(problem.name, width):
        yield _function_entry(from_text(row["record"]))
    from catalog.strata_store import packed_strata

    for row in packed_strata(store, problem.name, width):
        yield _stratum_entry(row)


def certified(task: Task) -> Record:
    """The entry of one system: each solution with its cubes, and the cover."""
    system = Skeleton(task.target, levels_of(task.system, task.leak, task.knots))
    solutions = [_solution(system, root, task) for root in task.roots]
    cover = None
    if task.cover:
        cover = Cover(system, task.knots, [(one["center"], one["half"]) for one in solutions]).find()
    return {"entry": "system", "knots": task.knots, "system": task.system, "solutions": solutions, "cover": cover}


def _solution(system: Skeleton, root: Root, task: Task) -> Record:
    """The largest dyadic cube in which the solution is alone, and a narrow one.

    Raises:
        CatalogError: the checker would not accept any cube.
    """
    center, narrow = list(root.center), 1 << NARROW
    inverse = inverted(system, center)
    ends = [0, *center, 1 << BITS]
    half = 1 << (min(b - a for a, b in pairwise(ends)).bit_length() - 2)
    while inverse is not None and half > narrow and not checker.has_one_zero(system, center, half, inverse):
        half >>= 1
    if inverse is None or not checker.has_one_zero(system, center, narrow, inverse):
        raise CatalogError(f"no cube around a solution of system {task.system} could be certified")
    rational = None if root.rational is None else [str(value) for value in root.rational]
    return {"center": center, "half": half, "narrow": narrow, "inverse": inverse, "rational": rational}


def inverted(system: Skeleton, center: Sequence[int]) -> list[list[int]] | None:
    """The inverse of E' at a point, rounded, in units of 1 / SCALE; None where it is singular."""
    _, _, rows = system.linearized(center, center)
    return _inverse(rows, checker.SCALE)


def _inverse(rows: Sequence[Sequence[Interval]], unit: int) -> list[list[int]] | None:
    import numpy as np

    one = 1 << (BITS + 1)
    matrix = np.array([[(entry.lo + entry.hi) / one for entry in row] for row in rows])
    try:
        inverse = np.linalg.inv(matrix)
    except np.linalg.LinAlgError:
        return None
    if not np.isfinite(inverse).all() or abs(inverse).max() > 2.0**60:
        return None
    return [[round(float(value) * unit) for value in row] for row in inverse]


class Cover:
    """The search for a tree of boxes that the checker accepts."""

    def __init__(self, system: Skeleton, knots: int, cubes: Sequence[tuple[list[int], int]]) -> None:
        self.system, self.knots, self.cubes = system, knots, cubes
        self.marks: list[str] = []
        self.combinations: list[list[int]] = []

    def find(self) -> Record | None:
        """The tree in preorder and the combinations it uses; None if it would take more than MOST_BOXES boxes."""
        stack = [([0] * self.knots, [1 << BITS] * self.knots)]
        while stack:
            if len(self.marks) > MOST_BOXES:
                return None
            low, high = stack.pop()
            mark, axis = self._close(low, high)
            self.marks.append(mark)
            if axis >= 0:
                if high[axis] - low[axis] < 1 << (BITS - 60):
                    return None
                middle = (low[axis] + high[axis]) >> 1
                stack.append(([*low[:axis], middle, *low[axis + 1 :]], high))
                stack.append((low, [*high[:axis], middle, *high[axis + 1 :]]))
        return {"tree": "".join(self.marks), "combinations": self.combinations}

    def _close(self, whole_low: Sequence[int], whole_high: Sequence[int]) -> tuple[str, int]:
        """The mark of a box, and the coordinate to halve or -1."""
        low, high = clip(whole_low, whole_high)
        if any(a >= b for a, b in zip(low, high, strict=True)):
            return ".", -1
        for letter, cube in zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", self.cubes, strict=False):
            if checker.inside(cube, low, high):
                return letter, -1
        box = self.system.linearized(low, high)
        rows = box[2]
        for i in range(self.knots):
            if checker.excludes(box, low, high, [int(i == j) for j in range(self.knots)]):
                return str(i), -1
        inverse = _inverse(rows, 1 << 12)
        for row in inverse or []:
            size = max(map(abs, row))
            combination = [round(Fraction(value << 10, size)) for value in row] if size else row
            if size and checker.excludes(box, low, high, combination):
                self.combinations.append(combination)
                return "*", -1
        return self._halve(whole_low, whole_high, low, high, rows)

    def _halve(
        self, whole_low: Sequence[int], whole_high: Sequence[int], low: Sequence[int], high: Sequence[int],
        rows: Sequence[Sequence[Interval]],
    ) -> tuple[str, int]:
        """Where the equations feel it most, but never so that a box becomes very long."""
        widths = [b - a for a, b in zip(whole_low, whole_high, strict=True)]

        def weight(j: int) -> int:
            if 5 * widths[j] < max(widths):
                return -1
            return int(sum(abs(row[j].lo + row[j].hi) for row in rows) * (high[j] - low[j]))

        axis = max(range(self.knots), key=weight)
        return "abcdefghijkl"[axis], axis


def _tasks(store: Store, problem: IntervalProblem, width: int, covers: bool) -> list[Task]:
    """Every system of up to `width` knots in the orientation of the problem, with its solutions."""
    from symbolic.interval.assembly import patterns
    from symbolic.interval.skeletons import FREE

    moved = _moved(problem)
    scale = abs(moved[-1]) or Fraction(1)
    target = tuple(value / scale for value in moved)
    find = _closed_form if problem.degree <= 1 else _stored_roots(store, problem)
    tasks = []
    for knots in range(1, width + 1):
        for system in (FREE, *patterns(knots)):
            roots, complete = find(problem, knots, system)
            tasks.append(Task(target, problem.leak, knots, system, roots, covers and complete and problem.degree > 1))
    return tasks


Found = tuple[tuple[Root, ...], bool]


def _closed_form(problem: IntervalProblem, knots: int, system: str) -> Found:
    """Theorem 5."""
    from symbolic.enclosure import midpoint
    from symbolic.interval.affine import critical_patterns, kinks_on_unit_interval
    from symbolic.interval.skeletons import FREE

    if problem.degree == 0 or system == FREE or system not in critical_patterns(knots, problem.leak):
        return (), True
    kinks = kinks_on_unit_interval(system, problem.leak)
    center = tuple(round(midpoint(kink.enclose(BITS + 8)) * 2**BITS) for kink in kinks)
    return (Root(center, _rational(kinks)),), True


def _stored_roots(store: Store, problem: IntervalProblem) -> Callable[[IntervalProblem, int, str], Found]:
    """The solutions of the stored systems, which are those of the canonical problem."""
    from symbolic.interval.located import locate
    from symbolic.interval.problem import mirror_pattern
    from symbolic.interval.skeletons import FREE, SkeletonSystem

    canonical, transport = problem.canonical()
    stored = store.cells(canonical.text())

    def find(_: IntervalProblem, knots: int, system: str) -> Found:
        key = mirror_pattern(system) if transport.reflected and system != FREE else system
        if (knots, key) not in stored:
            raise CatalogError(f"system {system} with {knots} knots is not solved; build {problem.name} again")
        cell = cell_from_record(from_text(stored[knots, key].record))
        roots = []
        for place in cell.roots:
            found = locate(SkeletonSystem(canonical, knots, key), place)
            center, rational = found.center, _rational(found.exact)
            if transport.reflected:
                center = tuple(1 - value for value in reversed(center))
                rational = None if rational is None else tuple(1 - value for value in reversed(rational))
            roots.append(Root(tuple(round(value * 2**BITS) for value in center), rational))
        return tuple(roots), cell.completeness.proved

    return find


def _rational(coordinates: Sequence[FieldElement] | None) -> tuple[Fraction, ...] | None:
    """The coordinates where all of them are rational."""
    numbers = [element.number() for element in coordinates or ()]
    rational = tuple(number for number in numbers if isinstance(number, Fraction))
    return rational if numbers and len(rational) == len(numbers) else None


def _moved(problem: IntervalProblem) -> list[Fraction]:
    """The coefficients of the target at a + (b - a) y."""
    (start, _), length, target = problem.domain, problem.length, problem.target
    size = range(len(target))
    at_start = [sum((target[i] * comb(i, j) * start ** (i - j) for i in size if i >= j), Fraction(0)) for j in size]
    return [value * length**j for j, value in enumerate(at_start)]


def _function_entry(record: Record) -> Record:
    """Bounds of every number of a function, as decimals."""
    return {
        "entry": "function", "label": record["label"], "minimal_width": record["minimal_width"],
        # The pattern of the constant without a knot is the empty word.
        "realizations": list(record["realizations"]),
        "kinks": [_bounds(value) for value in record["kinks"]],
        "slopes": [_bounds(value) for value in record["slopes"]],
        "offset": _bounds(record["offset"]), "moment": _bounds(record["moment"]), "loss": _bounds(record["loss"]),
    }


def _bounds(record: Record) -> list[str]:
    """Two decimals around a number, strictly."""
    low, high = bounds(number_from_record(record), 256)
    unit = 10**DIGITS
    return [_decimal(floor(low * unit) - 1), _decimal(ceil(high * unit) + 1)]


def _decimal(units: int) -> str:
    """An integer number of units of 10^-DIGITS."""
    text = str(abs(units)).rjust(DIGITS + 1, "0")
    return ("-" if units < 0 else "") + text[:-DIGITS] + "." + text[-DIGITS:]


def _stratum_entry(row: Row) -> Record:
    return {
        "entry": "stratum", "label": row["label"], "function": row["function"], "kind": row["kind"],
        "index": row["negative"], "nullity": row["nullity"], "dimension": row["dimension"],
        "orbit_size": int(row["orbit_size"] if row["orbit"] is None else row["orbit"]),
        "stationarity": [row[notion] for notion in NOTIONS],
    }
