"""Every labelled configuration (pattern and sign of a per neuron) of a small data set, by trial and by definition.

All pairs (pattern, sign) are combined; the residual is the least-squares residual of the live neurons on the spans of
their faces; one-sided derivatives are evaluated on all extremal directions of every neuron; Clarke's subdifferential
is the convex hull of the gradients on the adjacent cells; strict inequalities are settled by Fourier-Motzkin.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property
from itertools import combinations_with_replacement
from math import factorial, prod

from oracles.dataset_exact import (
    Vector,
    directions,
    dot,
    null_space,
    realizable,
    sign_conditions,
    solve,
    strict_point,
    with_constant,
)

LETTER = {1: "p", -1: "n", 0: "z"}


@dataclass(frozen=True)
class Configuration:
    """A nonempty set of parameters with given patterns and signs where L is stationary in Clarke's sense at least.

    `kind` is "minimum" or "saddle" where the one-sided derivatives are >= 0, else "descent".
    """

    codes: tuple[str, ...]
    orderings: int
    residuals: Vector
    loss: Fraction
    smooth: bool
    directional: bool
    kind: str
    dimension: int
    w: tuple[Vector, ...]
    a: Vector


@dataclass(frozen=True)
class DataSet:
    """Samples x_k in R^d (with the constant coordinate, if any) and targets y_k."""

    samples: tuple[Vector, ...]
    targets: Vector

    @classmethod
    def of(cls, inputs, targets, bias=False) -> DataSet:
        return cls(with_constant(inputs, bias), tuple(map(Fraction, targets)))

    @property
    def size(self) -> int:
        return len(self.samples)

    @property
    def dimension(self) -> int:
        return len(self.samples[0])

    @cached_property
    def patterns(self) -> dict[str, Vector]:
        return realizable(self.samples)

    def values(self, w: Sequence[Vector], a: Sequence[Fraction]) -> Vector:
        return tuple(
            sum((c * max(dot(row, x), Fraction(0)) for row, c in zip(w, a, strict=True)), Fraction(0))
            for x in self.samples
        )

    def residuals(self, w: Sequence[Vector], a: Sequence[Fraction]) -> Vector:
        return tuple(y - f for y, f in zip(self.targets, self.values(w, a), strict=True))

    def loss(self, w: Sequence[Vector], a: Sequence[Fraction]) -> Fraction:
        return sum((r * r for r in self.residuals(w, a)), Fraction(0)) / (2 * self.size)

    def pull(self, residuals: Vector, w: Vector) -> Fraction:
        """G_r(w) = (1/n) sum_k r_k relu(<w, x_k>)."""
        terms = (r * max(dot(w, x), Fraction(0)) for r, x in zip(residuals, self.samples, strict=True))
        return sum(terms, Fraction(0)) / self.size

    def pull_derivative(self, residuals: Vector, w: Vector, v: Vector) -> Fraction:
        """The one-sided derivative of G_r at w in direction v."""
        total = Fraction(0)
        for r, x in zip(residuals, self.samples, strict=True):
            height, slope = dot(w, x), dot(v, x)
            if height > 0:
                total += r * slope
            elif height == 0:
                total += r * max(slope, Fraction(0))
        return total / self.size

    def loss_derivative(self, w, a, dw, da) -> Fraction:
        """The one-sided derivative of L at (w, a) in direction (dw, da), sample by sample."""
        total = Fraction(0)
        for r, x in zip(self.residuals(w, a), self.samples, strict=True):
            change = Fraction(0)
            for row, c, step, dc in zip(w, a, dw, da, strict=True):
                height, slope = dot(row, x), dot(step, x)
                if height > 0:
                    change += dc * height + c * slope
                elif height == 0:
                    change += c * max(slope, Fraction(0))
            total -= r * change
        return total / self.size

    def pattern(self, w: Vector) -> str:
        return "".join("0" if not h else "+" if h > 0 else "-" for h in (dot(w, x) for x in self.samples))

    @cached_property
    def cells(self) -> list[str]:
        """The patterns without a 0 but at zero samples."""
        marks = [[m for m, x in zip(p, self.samples, strict=True) if any(x)] for p in self.patterns]
        return [p for p, kept in zip(self.patterns, marks, strict=True) if "0" not in kept]

    def walls(self, pattern: str) -> tuple[Vector, ...]:
        return tuple(x for x, mark in zip(self.samples, pattern, strict=True) if mark == "0")

    def extremal(self, pattern: str) -> tuple[Vector, ...]:
        """Directions that decide every inequality on one-sided derivatives at a point with this pattern."""
        return directions(self.walls(pattern), self.dimension)

    def moment(self, residuals: Vector, pattern: str) -> Vector:
        """D_A = (1/n) sum of r_k x_k over the samples where the pattern is +."""
        active = [(r, x) for r, x, m in zip(residuals, self.samples, pattern, strict=True) if m == "+"]
        return tuple(sum((r * x[i] for r, x in active), Fraction(0)) / self.size for i in range(self.dimension))

    # Live neurons -------------------------------------------------------------------------------------------------

    def columns(self, live: Sequence[tuple[str, int]]) -> tuple[list[list[Vector]], list[list[Fraction]]]:
        """Bases of the spans of the faces, and the n x (sum of dimensions) matrix of the outputs, with |a_j| = 1."""
        bases = [null_space(self.walls(pattern), self.dimension) for pattern, _ in live]
        matrix = [
            [
                sign * dot(b, x) if pattern[k] == "+" else Fraction(0)
                for (pattern, sign), basis in zip(live, bases, strict=True)
                for b in basis
            ]
            for k, x in enumerate(self.samples)
        ]
        return bases, matrix

    def stationary_residual(self, live: Sequence[tuple[str, int]]) -> Vector:
        """The only residual orthogonal to what the live neurons can do on the spans of their faces."""
        _, matrix = self.columns(live)
        width = len(matrix[0])
        transposed = [[row[i] for row in matrix] for i in range(width)]
        normal = [[dot(left, right) for right in transposed] for left in transposed]
        solution = solve(normal, [dot(column, self.targets) for column in transposed], width)
        assert solution is not None
        return tuple(y - dot(row, solution) for y, row in zip(self.targets, matrix, strict=True))

    def live_point(self, live: Sequence[tuple[str, int]], residuals: Vector) -> tuple[list[Vector], int] | None:
        """Weights in the open faces with these residuals (|a_j| = 1), and the dimension of the set of them."""
        bases, matrix = self.columns(live)
        width = len(matrix[0])
        wanted = [y - r for y, r in zip(self.targets, residuals, strict=True)]
        start = solve(matrix, wanted, width)
        if start is None:
            return None
        free = null_space(matrix, width)
        rows, offset = [], 0
        for (pattern, _), basis in zip(live, bases, strict=True):
            for condition in sign_conditions(self.samples, pattern, basis):
                padded = [Fraction(0)] * offset + condition[:-1]
                padded += [Fraction(0)] * (width - len(padded))
                rows.append([*(dot(padded, vector) for vector in free), dot(padded, start)])
            offset += len(basis)
        point = strict_point(rows, len(free))
        if point is None:
            return None
        flat = [s + dot(point, [vector[i] for vector in free]) for i, s in enumerate(start)]
        weights, offset = [], 0
        for basis in bases:
            part = flat[offset : offset + len(basis)]
            weights.append(tuple(dot(part, [b[i] for b in basis]) for i in range(self.dimension)))
            offset += len(basis)
        return weights, len(free)

    def in_clarke_hull(self, residuals: Vector, pattern: str) -> bool:
        """Whether 0 is a convex combination of D_A over the cells around the face (Gordan: no v has <v, D> > 0)."""
        around = [k for k, (x, m) in enumerate(zip(self.samples, pattern, strict=True)) if m == "0" and any(x)]
        words = realizable(tuple(self.samples[k] for k in around), "+-") if around else {"": ()}
        rows = []
        for word in words:
            marks = list(pattern)
            for k, mark in zip(around, word, strict=True):
                marks[k] = mark
            rows.append([*self.moment(residuals, "".join(marks)), Fraction(0)])
        return strict_point(rows, self.dimension) is None

    def flat_point(self, residuals: Vector, pattern: str) -> tuple[Vector, int] | None:
        """A point of the open face with G_r(w) = 0, and the dimension of the set of them."""
        basis = null_space([*self.walls(pattern), self.moment(residuals, pattern)], self.dimension)
        point = strict_point(sign_conditions(self.samples, pattern, basis), len(basis))
        if point is None:
            return None
        return tuple(dot(point, [b[i] for b in basis]) for i in range(self.dimension)), len(basis)


@cache
def _live(data: DataSet, live: tuple[tuple[str, int], ...]):
    """Residual, weights, dimension and the verdicts on the live neurons, or None."""
    if not live:
        return data.targets, [], 0, True, True
    residuals = data.stationary_residual(live)
    smooth = directional = True
    for pattern, sign in live:
        w = data.patterns[pattern]
        slopes = [sign * data.pull_derivative(residuals, w, v) for v in data.extremal(pattern)]
        smooth = smooth and not any(slopes)
        directional = directional and max(slopes) <= 0
        if not data.in_clarke_hull(residuals, pattern):
            return None
    found = data.live_point(live, residuals)
    return None if found is None else (residuals, *found, smooth, directional)


@cache
def _flat(data: DataSet, residuals: Vector, pattern: str):
    """A point of a neuron with a = 0, the dimension, and whether it is an escape neuron; or None."""
    found = data.flat_point(residuals, pattern)
    if found is None:
        return None
    escape = any(data.pull_derivative(residuals, found[0], v) for v in data.extremal(pattern))
    return (*found, escape)


def configurations(data: DataSet, width: int) -> Iterator[Configuration]:
    """All nonempty stationary configurations up to the order of the neurons; `orderings` counts the orders."""
    types = [(pattern, sign) for pattern in sorted(data.patterns) for sign in (1, -1, 0)]
    for chosen in combinations_with_replacement(types, width):
        live = _live(data, tuple(neuron for neuron in chosen if neuron[1]))
        if live is None:
            continue
        residuals, weights, dimension, smooth, directional = live
        flats = [_flat(data, residuals, pattern) for pattern, sign in chosen if not sign]
        if None in flats:
            continue
        escape = any(flat[2] for flat in flats)
        kind = "descent" if not directional else "saddle" if escape else "minimum"
        live_weights, flat_weights = iter(weights), iter(flat[0] for flat in flats)
        repeats = prod(factorial(chosen.count(neuron)) for neuron in set(chosen))
        yield Configuration(
            codes=tuple(sorted(pattern + LETTER[sign] for pattern, sign in chosen)),
            orderings=factorial(width) // repeats,
            residuals=residuals,
            loss=sum((r * r for r in residuals), Fraction(0)) / (2 * data.size),
            smooth=smooth,
            directional=directional,
            kind=kind,
            dimension=dimension + len(weights) + sum(flat[1] for flat in flats),
            w=tuple(next(live_weights if sign else flat_weights) for _, sign in chosen),
            a=tuple(Fraction(sign) for _, sign in chosen),
        )
