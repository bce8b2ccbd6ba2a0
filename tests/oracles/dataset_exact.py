"""Exact rational tools of the data-set oracles: null spaces by elimination, strict inequalities by Fourier-Motzkin.

Written for this use alone: Python fractions, no linear programming, nothing of the package.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import cache
from itertools import combinations, product
from math import gcd, lcm

Vector = tuple[Fraction, ...]


def dot(left: Sequence[Fraction], right: Sequence[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(left, right, strict=True)), Fraction(0))


def with_constant(inputs: Iterable[Sequence[Fraction | int | str]], bias: bool) -> tuple[Vector, ...]:
    """The samples in weight space: a constant coordinate 1 at the end if there is a bias."""
    return tuple((*map(Fraction, row), *((Fraction(1),) if bias else ())) for row in inputs)


def reduced(rows: Iterable[Sequence[Fraction]], columns: int) -> tuple[list[list[Fraction]], list[int]]:
    """Reduced row echelon form without zero rows, and the pivot columns."""
    done: list[list[Fraction]] = []
    pivots: list[int] = []
    left = [list(map(Fraction, row)) for row in rows]
    for column in range(columns):
        pick = next((row for row in left if row[column]), None)
        if pick is None:
            continue
        left.remove(pick)
        pick = [value / pick[column] for value in pick]
        for group in (left, done):
            for i, row in enumerate(group):
                if row[column]:
                    factor = row[column]
                    group[i] = [a - factor * b for a, b in zip(row, pick, strict=True)]
        done.append(pick)
        pivots.append(column)
    return done, pivots


def rank(rows: Sequence[Sequence[Fraction]]) -> int:
    return len(reduced(rows, len(rows[0]))[1]) if rows else 0


def null_space(rows: Sequence[Sequence[Fraction]], dimension: int) -> list[Vector]:
    """A basis of {v : <row, v> = 0 for every row}."""
    echelon, pivots = reduced(rows, dimension)
    basis = []
    for free in sorted(set(range(dimension)) - set(pivots)):
        vector = [Fraction(0)] * dimension
        vector[free] = Fraction(1)
        for row, pivot in zip(echelon, pivots, strict=True):
            vector[pivot] = -row[free]
        basis.append(tuple(vector))
    return basis


def solve(rows: Sequence[Sequence[Fraction]], right: Sequence[Fraction], dimension: int) -> Vector | None:
    """One solution of rows . x = right, or None."""
    echelon, pivots = reduced([[*row, value] for row, value in zip(rows, right, strict=True)], dimension + 1)
    if dimension in pivots:
        return None
    solution = [Fraction(0)] * dimension
    for row, pivot in zip(echelon, pivots, strict=True):
        solution[pivot] = row[dimension]
    return tuple(solution)


def _primitive(row: Sequence[Fraction]) -> tuple[int, ...]:
    scale = lcm(*(Fraction(value).denominator for value in row))
    whole = [int(value * scale) for value in row]
    common = gcd(*whole)
    return tuple(value // common for value in whole) if common else tuple(whole)


def strict_point(rows: Iterable[Sequence[Fraction]], dimension: int) -> Vector | None:
    """A point t with row[:-1] . t + row[-1] > 0 for every row, by Fourier-Motzkin elimination, or None."""
    return _eliminate(frozenset(map(_primitive, rows)), dimension)


def _eliminate(rows: frozenset[tuple[int, ...]], dimension: int) -> Vector | None:
    # A row is (coefficients, constant); the last coefficient goes first.
    if any(not any(row[:-1]) and row[-1] <= 0 for row in rows):
        return None
    if dimension == 0:
        return ()
    last = dimension - 1
    above = [row for row in rows if row[last] > 0]
    below = [row for row in rows if row[last] < 0]
    kept = {(*row[:last], row[-1]) for row in rows if row[last] == 0}
    for high in above:
        for low in below:
            mixed = [-low[last] * a + high[last] * b for a, b in zip(high, low, strict=True)]
            kept.add(_primitive((*mixed[:last], mixed[-1])))
    start = _eliminate(frozenset(kept), last)
    if start is None:
        return None

    def limit(row: tuple[int, ...]) -> Fraction:
        return -(dot(row[:last], start) + row[-1]) / row[last]

    lower = max(map(limit, above), default=None)
    upper = min(map(limit, below), default=None)
    if lower is None:
        value = Fraction(0) if upper is None else upper - 1
    else:
        value = lower + 1 if upper is None else (lower + upper) / 2
    return (*start, value)


def sign_conditions(samples: Sequence[Vector], pattern: str, basis: Sequence[Vector]) -> list[list[Fraction]]:
    """Rows (in coordinates of the basis) that say <w, x_k> has the strict signs of the pattern."""
    rows = []
    for sample, mark in zip(samples, pattern, strict=True):
        if mark != "0":
            sign = 1 if mark == "+" else -1
            rows.append([*(sign * dot(vector, sample) for vector in basis), Fraction(0)])
    return rows


@cache
def realizable(samples: tuple[Vector, ...], letters: str = "+-0") -> dict[str, Vector]:
    """Every word over the letters that some w in R^d has, with such a w: all 3^n words are tried."""
    dimension = len(samples[0])
    found = {}
    for letter_tuple in product(letters, repeat=len(samples)):
        pattern = "".join(letter_tuple)
        if any(mark != "0" and not any(sample) for mark, sample in zip(pattern, samples, strict=True)):
            continue
        basis = null_space([s for s, mark in zip(samples, pattern, strict=True) if mark == "0"], dimension)
        point = strict_point(sign_conditions(samples, pattern, basis), len(basis))
        if point is not None:
            found[pattern] = tuple(dot(point, [b[i] for b in basis]) for i in range(dimension))
    return found


@cache
def directions(walls: tuple[Vector, ...], dimension: int) -> tuple[Vector, ...]:
    """Generators of all cones of the fan cut by the hyperplanes x^perp, x in walls: what is linear on every cone is
    at most 0 everywhere if and only if it is at most 0 on these."""
    lineality = null_space(walls, dimension)
    found = set(lineality)
    full = dimension - len(lineality)
    for size in range(full):
        for chosen in combinations(walls, size):
            line = null_space(chosen, dimension)
            if len(line) == len(lineality) + 1:
                found.add(next(v for v in line if rank([*lineality, v]) == len(line)))
    return tuple(found) + tuple(tuple(-value for value in vector) for vector in found)


def cell_count(samples: Sequence[Vector]) -> int:
    """Cells of the central arrangement, (-1)^d chi(-1) with Whitney's sum over all subsets (Zaslavsky)."""
    walls = [sample for sample in samples if any(sample)]
    total = 0
    for size in range(len(walls) + 1):
        for chosen in combinations(walls, size):
            total += (-1) ** (size + rank(chosen))
    return total


def face_counts(samples: Sequence[Vector]) -> dict[int, int]:
    """Faces of the central arrangement by dimension: the cells of its restriction to every flat (Zaslavsky)."""
    walls = [sample for sample in samples if any(sample)]
    dimension = len(samples[0])
    places = range(len(walls))
    subsets = [chosen for size in range(len(walls) + 1) for chosen in combinations(places, size)]
    ranks = {chosen: rank([walls[i] for i in chosen]) for chosen in subsets}
    found: dict[int, int] = {}
    for flat, flat_rank in ranks.items():
        outside = [i for i in places if i not in flat]
        if any(ranks[tuple(sorted((*flat, i)))] == flat_rank for i in outside):
            continue
        total = 0
        for size in range(len(outside) + 1):
            for chosen in combinations(outside, size):
                total += (-1) ** (size + ranks[tuple(sorted((*flat, *chosen)))] - flat_rank)
        found[dimension - flat_rank] = found.get(dimension - flat_rank, 0) + total
    return found
