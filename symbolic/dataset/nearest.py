"""How far a network of given weights is from the critical functions of a data set and from the strata over them, in
rational arithmetic; proofs in docs/identify.md.

The rescaling (w, a) -> (s w, a/s), s > 0, does not change f. A neuron is *normalized* if its largest |w_i| is 1; if
then 0 < |a| < 2^-24 it is rescaled once more by the power of 2 that brings both to about the same size. Distances
between parameters are Euclidean in the entries of normalized neurons.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import prod

from symbolic.dataset.functions import loss_of
from symbolic.dataset.patterns import pattern_of
from symbolic.dataset.problem import DatasetProblem
from symbolic.dataset.stationarity import NeuronType
from symbolic.errors import InvalidProblem
from symbolic.exact.least_change import least_change
from symbolic.exact.outward import root_above, root_below

TINY = Fraction(1, 2**24)
"""A normalized neuron with a smaller outer weight is almost the zero neuron."""

CHOICES = 4096
"""Choices of types looked at most."""

MAXIMAL_UNKNOWNS = 400
"""Larger systems of linear equations are not solved."""

ZERO = Fraction(0)

Vector = tuple[Fraction, ...]


@dataclass(frozen=True)
class Neuron:
    """A normalized neuron."""

    w: Vector
    a: Fraction
    @property
    def size(self) -> Fraction:
        """|a| max|w_i|, which rescaling does not change."""
        return abs(self.a) * max(map(abs, self.w))

    @property
    def is_zero(self) -> bool:
        """Whether w = 0."""
        return not any(self.w)


@dataclass(frozen=True)
class Placement:
    """Types for the neurons in their order; no point of their stratum is nearer than `at_least`, and one is as near as
    `at_most` (None if none was constructed)."""

    types: tuple[NeuronType, ...]
    at_least: Fraction
    at_most: Fraction | None

    @property
    def code(self) -> str:
        """The types as a label has them."""
        return ".".join(one.code for one in sorted(self.types))


class TrainedDataset:
    """The network of weights (w, a) on a data set.

    Args:
        problem: a data set.
        w: one row per neuron, the constant coordinate of a bias included.
        a: outer weights.

    Raises:
        InvalidProblem: more weights than `MAXIMAL_UNKNOWNS`.
    """

    def __init__(self, problem: DatasetProblem, w: Sequence[Vector], a: Vector) -> None:
        if len(w) * problem.dimension > MAXIMAL_UNKNOWNS:
            raise InvalidProblem(f"at most {MAXIMAL_UNKNOWNS} inner weights, not {len(w) * problem.dimension}")
        self.problem, self.w, self.a = problem, tuple(w), tuple(a)
        self.width = len(self.w)
        self.samples = problem.samples

    @cached_property
    def scales(self) -> Vector:
        """By what w is divided, and a multiplied, to normalize each neuron."""
        found = []
        for row, a in zip(self.w, self.a, strict=True):
            scale = max(map(abs, row)) or Fraction(1)
            size = abs(a) * scale
            if any(row) and 0 < size < TINY:
                scale *= 2 ** ((size.denominator.bit_length() - size.numerator.bit_length()) // 2)
            found.append(scale)
        return tuple(found)

    @cached_property
    def neurons(self) -> tuple[Neuron, ...]:
        """The normalized neurons."""
        return tuple(
            Neuron(tuple(value / scale for value in row), a * scale)
            for row, a, scale in zip(self.w, self.a, self.scales, strict=True)
        )

    @cached_property
    def heights(self) -> tuple[Vector, ...]:
        """<w_j, x_k> of the normalized neurons."""
        return tuple(tuple(_dot(one.w, sample) for sample in self.samples) for one in self.neurons)

    @cached_property
    def lengths(self) -> Vector:
        """|x_k|, rounded up."""
        return tuple(root_above(_dot(sample, sample)) for sample in self.samples)

    @cached_property
    def values(self) -> Vector:
        """f(x_k)."""
        return tuple(
            sum((one.a * max(row[k], ZERO) for one, row in zip(self.neurons, self.heights, strict=True)), ZERO)
            for k in range(len(self.samples))
        )

    @cached_property
    def residuals(self) -> Vector:
        """r = y - f."""
        return tuple(y - f for y, f in zip(self.problem.targets, self.values, strict=True))

    @property
    def loss(self) -> Fraction:
        """(1/2n) sum r_k^2."""
        return loss_of(self.residuals)

    @cached_property
    def gradients(self) -> tuple[tuple[Vector, Fraction], ...]:
        """(dL/dw_j, dL/da_j) of the weights as given, with relu'(0) = 0."""
        count = len(self.samples)
        found = []
        for row, a, heights, scale in zip(self.w, self.a, self.heights, self.scales, strict=True):
            active = [k for k, height in enumerate(heights) if height > 0]
            by_a = -sum((self.residuals[k] * heights[k] * scale for k in active), ZERO) / count
            by_w = tuple(
                -a * sum((self.residuals[k] * self.samples[k][i] for k in active), ZERO) / count
                for i in range(len(row))
            )
            found.append((by_w, by_a))
        return tuple(found)

    @property
    def squared_gradient(self) -> Fraction:
        """|grad L|^2 in the weights as given."""
        return sum((_dot(by_w, by_w) + by_a**2 for by_w, by_a in self.gradients), ZERO)

    @property
    def normalized_squared_gradient(self) -> Fraction:
        """|grad L|^2 in the entries of the normalized neurons."""
        return sum(
            (
                _dot(by_w, by_w) * scale**2 + (by_a / scale) ** 2
                for (by_w, by_a), scale in zip(self.gradients, self.scales, strict=True)
            ),
            ZERO,
        )

    def distance(self, residuals: Vector) -> Fraction:
        """max_k |f(x_k) - F(x_k)| for the function F with these residuals."""
        return max(abs(own - other) for own, other in zip(self.residuals, residuals, strict=True))

    def excludes(self, residuals: Vector, distance: Fraction) -> bool:
        """Whether no network within `distance` of the normalized weights has these residuals.

        |a' relu<w',x> - a relu<w,x>| <= |a' - a| relu<w,x> + |a'| |w' - w| |x| <= e relu<w,x> + (|a| + e) e |x|.
        """
        for k, length in enumerate(self.lengths):
            reach = sum(
                (
                    distance * max(row[k], ZERO) + (abs(one.a) + distance) * distance * length
                    for one, row in zip(self.neurons, self.heights, strict=True)
                ),
                ZERO,
            )
            if abs(self.residuals[k] - residuals[k]) > reach:
                return True
        return False

    def options(self, reach: Fraction) -> list[list[tuple[NeuronType, Fraction]]]:
        """For each neuron the types within `reach`, each with a lower bound of the squared distance.

        A weight or a height <w_j, x_k> that is exactly 0 is taken to be meant: types in which it is not are left out.
        """
        found = []
        for one, heights in zip(self.neurons, self.heights, strict=True):
            letters = [
                _letters(height, sample, reach) for height, sample in zip(heights, self.samples, strict=True)
            ]
            own = (one.a > 0) - (one.a < 0)
            # The lesser one: the outer weight of an almost vanishing neuron was enlarged.
            size = abs(one.a) if one.is_zero else min(abs(one.a), one.size)
            signs = [own] if own == 0 or size > reach else [own, 0, -own]
            if prod(map(len, letters)) * len(signs) > CHOICES:
                raise OverflowError("too many patterns are within reach")
            row = []
            for word in product(*letters):
                inner = max((least for _, least in word), default=ZERO)
                for sign in signs:
                    total = inner + (ZERO if sign == own else size**2)
                    if total <= reach**2:
                        row.append((NeuronType("".join(letter for letter, _ in word), sign), total))
            found.append(sorted(row, key=lambda item: item[1]))
        return found

    def placements(self, reach: Fraction) -> Iterator[Placement]:
        """Every choice of types within `reach`, whether or not it realizes anything.

        Raises:
            OverflowError: more than `CHOICES`.
        """
        options = self.options(reach)
        if prod(map(len, options)) > CHOICES:
            raise OverflowError(f"{prod(map(len, options))} choices of types are within reach")
        for chosen in product(*options):
            total = sum((least for _, least in chosen), ZERO)
            if total <= reach**2:
                yield Placement(tuple(one for one, _ in chosen), root_below(total), None)

    def place(self, types: Sequence[NeuronType], residuals: Vector) -> Fraction | None:
        """An upper bound of the distance to the stratum of these types over a function, by a point of it.

        The outer weights stay as they are (0 for flat neurons); the inner weights are moved by the least squares that
        put them on their kinks, give y - r, and G_r(w_j) = 0 for flat neurons: linear equations, solved exactly.

        Guarantee: the point has the types and the residuals. None if it would leave a face.
        """
        dimension, size = self.problem.dimension, self.width * self.problem.dimension
        outer = []
        for one, neuron in zip(types, self.neurons, strict=True):
            if one.sign and (neuron.a > 0) - (neuron.a < 0) != one.sign:
                return None
            outer.append(neuron.a if one.sign else ZERO)
        rows: list[list[Fraction]] = []
        goals: list[Fraction] = []

        def add(parts: dict[int, Vector], goal: Fraction) -> None:
            row = [ZERO] * size
            for j, vector in parts.items():
                row[j * dimension : (j + 1) * dimension] = vector
                goal -= _dot(vector, self.neurons[j].w)
            rows.append(row)
            goals.append(goal)

        for j, one in enumerate(types):
            for letter, sample in zip(one.pattern, self.samples, strict=True):
                if letter == "0" and any(sample):
                    add({j: sample}, ZERO)
            if one.sign == 0 and one.active:
                active = [k for k, letter in enumerate(one.pattern) if letter == "+"]
                slope = tuple(
                    sum((residuals[k] * self.samples[k][i] for k in active), ZERO) for i in range(dimension)
                )
                add({j: slope}, ZERO)
        for k, sample in enumerate(self.samples):
            parts = {
                j: tuple(outer[j] * value for value in sample)
                for j, one in enumerate(types)
                if one.sign and one.pattern[k] == "+"
            }
            add(parts, self.problem.targets[k] - residuals[k])
        moves = least_change(rows, goals, size)
        if moves is None:
            return None
        total = sum((move * move for move in moves), ZERO)
        for j, (one, neuron) in enumerate(zip(types, self.neurons, strict=True)):
            moved = [value + moves[j * dimension + i] for i, value in enumerate(neuron.w)]
            if pattern_of(moved, self.samples) != one.pattern:
                return None
            total += (outer[j] - neuron.a) ** 2
        return root_above(total)


def _letters(height: Fraction, sample: Vector, reach: Fraction) -> list[tuple[str, Fraction]]:
    """The signs within reach of a height, each with the squared distance of w from the half-space or hyperplane."""
    if height == 0:
        return [("0", ZERO)]
    own, other = ("+", "-") if height > 0 else ("-", "+")
    least = height**2 / _dot(sample, sample)
    return [(own, ZERO)] if least > reach**2 else [(own, ZERO), ("0", least), (other, least)]


def _dot(one: Sequence[Fraction], other: Sequence[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(one, other, strict=True)), ZERO)
