"""How far student weights are from critical points of the teacher loss that are known, up to permutations; proofs in
docs/identify.md.

Distances are Euclidean (Frobenius) in the n x d weights W as given: the loss has no scaling freedom in W. Matching rows
and teachers is done in floats; every bound is then computed for the matching found in rational arithmetic, and lower
bounds hold for all matchings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from math import factorial, prod

import numpy as np
from flint import arb
from scipy.optimize import linear_sum_assignment

from symbolic.enclosure import Number, arb_of, bounds, endpoints, working_precision
from symbolic.errors import InsufficientPrecision, InvalidProblem, Unseparated
from symbolic.exact.outward import root_above, root_below
from symbolic.teacher.arithmetic import FloatArray
from symbolic.teacher.certify import CertifiedPoint, certify
from symbolic.teacher.configuration import configuration_of, merged
from symbolic.teacher.dense import ball_gradient, ball_loss
from symbolic.teacher.fixed_spaces import FixedSpace
from symbolic.teacher.identity import canonical
from symbolic.teacher.problem import TeacherProblem

BITS = 256

PARALLEL = 1e-6
"""Rows whose directions differ by less are taken to lie on one ray."""

MAXIMAL_ENTRIES = 10_000
"""Larger weights are not looked up."""

MAXIMAL_COORDINATES = 16
"""Critical points with more reduced coordinates are not certified here."""

MAXIMAL_IMAGES = 5000
"""Points with more symmetric images are not filed, so not certified either."""

Row = tuple[Fraction, ...]


@dataclass(frozen=True)
class KnownPoint:
    """A critical point with distinct rays: reduced coordinates within `error` of `center`, and its loss."""

    label: str
    space: FixedSpace
    center: tuple[Fraction, ...]
    error: Fraction
    loss: Number

    @cached_property
    def dense(self) -> list[list[Fraction]]:
        """The n x d weights, each entry within `error`."""
        return self.space.dense(self.center, Fraction(0))


@dataclass(frozen=True)
class Match:
    """W next to a known point.

    Attributes:
        rays: for each row of W, the row of the point on whose ray it is put.
        columns: column c of the point stands at column `columns[c]` of W.
        at_most: upper bound of the distance from W to the orbit of the point, or to its splitting family.
        function_at_most: upper bound of the L2 distance of the networks under the Gaussian.
    """

    rays: tuple[int, ...]
    columns: tuple[int, ...]
    at_most: Fraction
    function_at_most: Fraction


class TrainedStudent:
    """Student weights W.

    Args:
        problem: the teacher problem.
        rows: of W.

    Raises:
        InvalidProblem: more than `MAXIMAL_ENTRIES` entries.
    """

    def __init__(self, problem: TeacherProblem, rows: Sequence[Row]) -> None:
        if len(rows) * len(rows[0]) > MAXIMAL_ENTRIES:
            raise InvalidProblem(f"at most {MAXIMAL_ENTRIES} weights, not {len(rows) * len(rows[0])}")
        self.problem, self.rows = problem, tuple(rows)
        self.width = len(self.rows)

    @cached_property
    def floats(self) -> FloatArray:
        return np.array([[float(value) for value in row] for row in self.rows])

    @property
    def vanishing(self) -> list[int]:
        """Rows (from 1) that are 0: the loss is not differentiable there."""
        return [i for i, row in enumerate(self.rows, 1) if not any(row)]

    @cached_property
    def loss(self) -> arb:
        """L(W), in a ball; no row may vanish."""
        with working_precision(BITS):
            return ball_loss(self._balls(), self.problem.k)

    def squared_gradient(self) -> arb:
        """|grad L(W)|^2, in a ball; no row may vanish."""
        with working_precision(BITS):
            entries = [value for row in ball_gradient(self._balls(), self.problem.k) for value in row]
            return sum((value * value for value in entries), arb(0))

    def _balls(self) -> list[list[arb]]:
        return [[arb_of(value) for value in row] for row in self.rows]

    @cached_property
    def rays(self) -> list[list[int]]:
        """The rows grouped by direction, in floats."""
        groups: list[list[int]] = []
        lengths = np.linalg.norm(self.floats, axis=1)
        directions = self.floats / np.where(lengths > 0, lengths, 1.0)[:, None]
        for i in range(self.width):
            for group in groups:
                if np.linalg.norm(directions[group[0]] - directions[i]) < PARALLEL and lengths[i] > 0:
                    group.append(i)
                    break
            else:
                groups.append([i])
        return groups

    def match(self, known: KnownPoint) -> Match | None:
        """The point, moved by permutations, next to W; None if it has another number of rays.

        Rows on one ray w* are put at lam_j w* with lam_j = <w_j, W>/|W|^2, W their sum, so that sum lam_j = 1.

        Guarantee: the bounds hold for the point of the orbit, or of the splitting family, that is said.
        """
        if known.space.width != len(self.rays) or known.space.inputs != len(self.rows[0]):
            return None
        exact = [tuple(sum(column) for column in zip(*(self.rows[i] for i in group), strict=True)) for group in
                 self.rays]
        sums = np.array([[float(value) for value in row] for row in exact])
        target = np.array([[float(value) for value in row] for row in known.dense])
        places, columns = _permutations(sums, target, self.problem.k)
        rays = [0] * self.width
        total = lengths = Fraction(0)
        for place, group, whole in zip(places, self.rays, exact, strict=True):
            goal = [Fraction(0)] * len(whole)
            for c, column in enumerate(columns):
                goal[column] = known.dense[place][c]
            square = sum((value * value for value in whole), Fraction(0))
            for i in group:
                rays[i] = place
                share = Fraction(1)
                if len(group) > 1:
                    share = sum((a * b for a, b in zip(self.rows[i], whole, strict=True)), Fraction(0)) / square
                    if share <= 0:
                        return None
                part = sum(
                    ((abs(a - share * b) + share * known.error) ** 2 for a, b in zip(self.rows[i], goal, strict=True)),
                    Fraction(0),
                )
                total += part
                lengths += root_above(part)
        return Match(tuple(rays), tuple(columns), root_above(total), lengths)

    def function_at_least(self, known: KnownPoint) -> Fraction:
        """A lower bound of the L2 distance of the networks: |sqrt(2 L) - sqrt(2 L')|, the triangle inequality with the
        teacher."""
        low, high = (max(value, Fraction(0)) for value in endpoints(self.loss))
        other_low, other_high = (max(value, Fraction(0)) for value in bounds(known.loss))
        return max(
            Fraction(0),
            root_below(2 * low) - root_above(2 * other_high),
            root_below(2 * other_low) - root_above(2 * high),
        )

    def at_least(self, known: KnownPoint) -> Fraction:
        """A lower bound of the distance from W to all weights of this width that realize the point's network with its
        rays.

        |relu a - relu b| <= |a - b| gives |f - f'| <= sum_i |w_i - w_i'| <= sqrt(n) |W - W'| in L2. If no ray is
        shared, the rearrangement inequality gives |W - W'| >= |sorted entries of W - sorted entries of W'| for all
        permutations at once.
        """
        found = self.function_at_least(known) / root_above(Fraction(self.width))
        if known.space.width == self.width:
            mine = sorted(value for row in self.rows for value in row)
            other = sorted(value for row in known.dense for value in row)
            square = sum(
                (max(abs(a - b) - known.error, Fraction(0)) ** 2 for a, b in zip(mine, other, strict=True)),
                Fraction(0),
            )
            found = max(found, root_below(square))
        return found

    def other_splittings_at_least(self, known: KnownPoint, match: Match) -> Fraction:
        """A lower bound of the distance to the other ways to share the rays of the point of `match` among the rows.

        Rows i, j at an angle t come onto one ray only beyond min(|w_i|, |w_j|) sin(t/2). Within less than that for all
        pairs of different groups, a network with as many rays has the same groups; their sums then move by at most
        sqrt(n) times the distance, while two different images of the point differ in some entry, by at least the least
        difference of two coordinates. 0 where that is not known to be positive.
        """
        with working_precision(BITS):
            nearest: list[Fraction] = []
            lengths = [sum((arb_of(value * value) for value in row), arb(0)).sqrt() for row in self.rows]
            group_of = {i: number for number, group in enumerate(self.rays) for i in group}
            for i, row in enumerate(self.rows):
                for j in range(i):
                    if group_of[i] != group_of[j]:
                        product = sum((a * b for a, b in zip(row, self.rows[j], strict=True)), Fraction(0))
                        half = (1 - arb_of(product) / (lengths[i] * lengths[j])) / 2
                        shorter = min(endpoints(lengths[i])[0], endpoints(lengths[j])[0])
                        nearest.append(shorter * root_below(endpoints(half)[0]))
        values = sorted(known.center)
        gap = min((b - a - 2 * known.error for a, b in pairwise(values)), default=Fraction(1))
        nearest.append(gap / root_above(Fraction(self.width)) - match.at_most)
        return max(Fraction(0), min(nearest))

    def certified(self) -> CertifiedPoint | None:
        """A critical point next to W, in the fixed space of the largest blocks that W shows in floats; None where it
        has too little symmetry, or could not be certified."""
        k, inputs = self.problem.k, len(self.rows[0])
        matched = (1,) * k if self.width == k else ()
        unmatched = () if matched else (1,) * k
        space = FixedSpace(matched, unmatched, 0 if matched else self.width, inputs)
        if space.dimension > 400:
            return None
        values = _coordinates(space, self.floats)

        def same(i: int, j: int) -> bool:
            return abs(values[i] - values[j]) <= 1e-7 * (1 + abs(values[i]))

        try:
            # The values of sums of rows are appended to the list.
            shape = merged(configuration_of(space, list(values), PARALLEL), same)
            images = prod(factorial(count) for count in Counter(shape.sizes).values()) * factorial(len(shape.singles))
            if images > MAXIMAL_IMAGES:
                return None
            filed = canonical(space, values)
            if filed.origin is None or filed.space.dimension > MAXIMAL_COORDINATES:
                return None
            return certify(filed.space, filed.start)
        except (InsufficientPrecision, InvalidProblem, Unseparated):
            return None


def _coordinates(space: FixedSpace, weights: FloatArray) -> list[float]:
    values = [0.0] * space.dimension
    for row, line in zip(space.pattern(), weights, strict=True):
        for index, value in zip(row, line, strict=True):
            if index >= 0:
                values[index] = float(value)
    return values


def _permutations(sums: FloatArray, target: FloatArray, teachers: int) -> tuple[list[int], list[int]]:
    """(places, columns): row i of `sums` is next to row places[i] of `target`, and column columns[c] of `sums` to
    column c, for the first `teachers` columns; found by assignments of rows and columns in turn."""
    inputs = sums.shape[1]
    best: tuple[float, list[int], list[int]] | None = None
    own, other = np.sort(sums[:, :teachers], axis=1), np.sort(target[:, :teachers], axis=1)
    of_columns = np.sort(sums[:, :teachers], axis=0).T, np.sort(target[:, :teachers], axis=0).T
    for by_rows in (True, False):
        if by_rows:
            places = _assigned(own, other)
            columns = _assigned(target[places, :teachers].T, sums[:, :teachers].T)
        else:
            columns = _assigned(of_columns[1], of_columns[0])
            places = _assigned(sums[:, columns], target[:, :teachers])
        for _ in range(6):
            places = _assigned(sums[:, columns], target[:, :teachers])
            columns = _assigned(target[places, :teachers].T, sums[:, :teachers].T)
        gap = float(((sums[:, columns] - target[places, :teachers]) ** 2).sum())
        if best is None or gap < best[0]:
            best = gap, places, columns
    assert best is not None
    return best[1], [*best[2], *range(teachers, inputs)]


def _assigned(left: FloatArray, right: FloatArray) -> list[int]:
    """For each row of `left` a row of `right`, all different, with the least sum of squared distances."""
    cost = ((left[:, None, :] - right[None, :, :]) ** 2).sum(axis=2)
    rows, columns = linear_sum_assignment(cost)
    return [int(column) for _, column in sorted(zip(rows, columns, strict=True))]
