"""Complete certified search: all solutions of a smooth square system in the open simplex 0 < t_1 < ... < t_m < 1.

The cube [0, 1]^m is bisected into dyadic boxes. A box is closed by one of four proofs:

- order: no point of it is increasing;
- residual: in mean value form around a point of the box some equation cannot vanish;
- Krawczyk: every solution of the box lies in K = c - Y F(c) + (I - Y F'(X))(X - c), for any matrix Y, and K misses
the box
  (or misses one half of it: then that half is closed);
- tied: the box lies in a cube that provably holds exactly one solution, and that solution is on the list.

The volumes 2^-depth of the closed boxes are added up as integers; a finished search has closed exactly volume 1. What
is left when the budget ends, or is too small for doubles, is returned as open boxes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Protocol

import numpy as np
from flint import arb
from numpy.typing import NDArray

from symbolic.errors import InsufficientPrecision
from symbolic.exact.krawczyk import has_unique_zero, refine_zero
from symbolic.problem import OpenBox
from symbolic.solving import float_balls
from symbolic.solving.cover import DEEPEST, Batch, Ledger, open_boxes
from symbolic.solving.float_balls import FloatBall, Floats

CHUNK = 4096
"""Boxes treated together: large enough to hide the interpreter, small enough for the cache."""


class BoxSystem(Protocol):
    """A system that encloses itself over arrays of boxes (shape (m, boxes))."""

    @property
    def dimension(self) -> int: ...

    def residual_balls(self, lower: Floats, upper: Floats) -> FloatBall: ...

    def jacobian_balls(self, lower: Floats, upper: Floats) -> FloatBall: ...


class BallSystem(Protocol):
    """The same system in flint balls, for the certificates."""

    @property
    def dimension(self) -> int: ...

    def residual(self, point: Sequence[arb]) -> list[arb]: ...

    def jacobian(self, point: Sequence[arb]) -> list[list[arb]]: ...


@dataclass(frozen=True)
class Budget:
    """How much work a search may do: boxes looked at, and seconds of wall time."""

    boxes: int = 100_000_000
    seconds: float | None = None


@dataclass(frozen=True)
class Solution:
    """A solution: the only one within `half_width` of `center`, and the only one in the cube `tie_center +-
    tie_half`."""

    center: tuple[Fraction, ...]
    half_width: Fraction
    tie_center: tuple[Fraction, ...]
    tie_half: Fraction


@dataclass(frozen=True)
class SearchResult:
    """Solutions in the open simplex, and what was proved about their being all.

    Guarantee: `complete` means every point of the cube was closed by one of the four proofs, so `solutions` is all
    solutions. Otherwise every solution that is not listed lies in one of the `open_boxes`.
    """

    solutions: tuple[Solution, ...]
    complete: bool
    reason: str
    boxes: int
    open_boxes: tuple[OpenBox, ...]


def search_simplex(boxed: BoxSystem, exact: BallSystem, *, accuracy: int, budget: Budget | None = None) -> SearchResult:
    """All solutions of the system in 0 < t_1 < ... < t_m < 1, each within 2^-accuracy.

    Args:
        boxed, exact: the same equations over arrays of boxes and in flint balls.
        accuracy: bits after the point of the returned centres.
        budget: work allowed; what is left then is returned as open boxes.
    """
    return _Search(boxed, exact, accuracy, budget or Budget()).run()


class _Search:
    def __init__(self, boxed: BoxSystem, exact: BallSystem, accuracy: int, budget: Budget) -> None:
        self.boxed = boxed
        self.exact = exact
        self.accuracy = accuracy
        self.budget = budget
        self.size = boxed.dimension
        self.ledger = Ledger()
        self.solutions: list[Solution] = []
        self.tied: list[tuple[Floats, Floats]] = []
        self.stack: list[Batch] = []
        self.open: list[Batch] = []
        self.boxes = 0

    def run(self) -> SearchResult:
        m = self.size
        self.stack = [Batch(np.zeros((m, 1)), np.ones((m, 1)), np.zeros(1, dtype=np.int64))]
        start = time.monotonic()
        reason = ""
        while self.stack:
            if self.boxes >= self.budget.boxes:
                reason = f"the budget of {self.budget.boxes} boxes was used up"
                break
            if self.budget.seconds is not None and time.monotonic() - start > self.budget.seconds:
                reason = f"the budget of {self.budget.seconds:g} seconds was used up"
                break
            self._step(self._take())
        left = [*self.stack, *self.open]
        if left and not reason:
            reason = "boxes of width 2^-47 could be neither closed nor tied to a solution"
        if not left:
            closed = self.ledger.volume()
            if closed != 1:
                reason = f"the closed boxes have volume {closed}, not 1"
        solutions = tuple(sorted(self.solutions, key=lambda solution: solution.center))
        return SearchResult(solutions, not reason, reason, self.boxes, open_boxes(left))

    def _take(self) -> Batch:
        batch = self.stack.pop()
        while self.stack and len(batch) < CHUNK:
            other = self.stack.pop()
            batch = Batch(
                np.concatenate([batch.lower, other.lower], axis=1),
                np.concatenate([batch.upper, other.upper], axis=1),
                np.concatenate([batch.depth, other.depth]),
            )
        if len(batch) > CHUNK:
            rest = np.arange(len(batch)) >= CHUNK
            self.stack.append(batch.where(rest))
            batch = batch.where(~rest)
        self.boxes += len(batch)
        return batch

    def _step(self, batch: Batch) -> None:
        # Points of the box that are increasing lie between the running maximum of the lower corners and the running
        # minimum of the upper ones; both are nondecreasing, and so is their midpoint.
        low = np.maximum.accumulate(batch.lower, axis=0)
        high = np.minimum.accumulate(batch.upper[::-1], axis=0)[::-1]
        keep = np.all(low < high, axis=0)
        for tie_low, tie_high in self.tied:
            keep &= ~np.all((low >= tie_low[:, None]) & (high <= tie_high[:, None]), axis=0)
        batch, (low, high) = self._close(batch, keep, low, high)
        if not len(batch):
            return
        center, half = 0.5 * (low + high), 0.5 * (high - low)
        value = self.boxed.residual_balls(center, center)
        slopes = self.boxed.jacobian_balls(low, high)
        with np.errstate(invalid="ignore", over="ignore"):
            reach = ((np.abs(slopes.m) + slopes.r) * half[None]).sum(axis=1)
            keep = ~np.any(np.abs(value.m) - value.r > reach * (1 + 2.0**-40), axis=0)
        batch, (low, high, center, half, value.m, value.r) = self._close(
            batch, keep, low, high, center, half, value.m, value.r
        )
        if not len(batch):
            return
        slopes = FloatBall(slopes.m[:, :, keep], slopes.r[:, :, keep])
        image_low, image_high, defect = _krawczyk_bounds(value, slopes, center, half)
        with np.errstate(invalid="ignore"):
            keep = ~np.any((image_low > high) | (image_high < low), axis=0)
            promising = np.all(defect < 0.9, axis=0) & keep
        keep = self._harvest(low, high, center, keep, promising)
        weight = (np.abs(slopes.m) * half[None]).sum(axis=0)
        batch, (image_low, image_high, weight) = self._close(batch, keep, image_low, image_high, weight)
        if len(batch):
            self._split(batch, image_low, image_high, weight)

    def _close(self, batch: Batch, keep: NDArray[np.bool_], *arrays: Floats) -> tuple[Batch, list[Floats]]:
        """Close the boxes that are not kept, and drop their columns everywhere."""
        if keep.all():
            return batch, list(arrays)
        self.ledger.close(batch.depth[~keep])
        return batch.where(keep), [array[:, keep] for array in arrays]

    def _harvest(
        self, low: Floats, high: Floats, center: Floats, keep: NDArray[np.bool_], promising: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Look for solutions from promising boxes; boxes inside a new uniqueness cube need no further work."""
        tries = 4
        for index in np.nonzero(promising)[0]:
            if not keep[index]:
                continue
            if tries == 0:
                break
            tries -= 1
            found = self._certify(center[:, index])
            if found is None:
                continue
            tie_low, tie_high = found
            keep = keep & ~np.all((low >= tie_low[:, None]) & (high <= tie_high[:, None]), axis=0)
        return keep

    def _certify(self, start: Floats) -> tuple[Floats, Floats] | None:
        """Newton from `start`; a new solution in the open simplex goes on the list with its uniqueness cube."""
        try:
            center, half = refine_zero(self.exact, [Fraction(float(value)) for value in start], self.accuracy)
        except InsufficientPrecision:
            return None
        ends = [Fraction(0), *center, Fraction(1)]
        gap = min(right - left for left, right in pairwise(ends))
        if gap <= 2 * half:
            return None
        for known in self.solutions:
            if all(abs(a - b) <= known.tie_half for a, b in zip(center, known.tie_center, strict=True)):
                # The same solution: within the cube there is only one, and both lie in it up to rounding.
                return None
        tie = self._uniqueness_cube(center, gap)
        if tie is None:
            return None
        tie_center, tie_half = tie
        self.solutions.append(Solution(center, half, tie_center, tie_half))
        low = np.array([float(value - tie_half) for value in tie_center])
        high = np.array([float(value + tie_half) for value in tie_center])
        self.tied.append((low, high))
        return low, high

    def _uniqueness_cube(
        self, center: tuple[Fraction, ...], gap: Fraction
    ) -> tuple[tuple[Fraction, ...], Fraction] | None:
        """The largest cube of half-width 2^-k, with corners that are doubles, in which the solution is provably
        alone."""
        grid = 2**50
        rounded = tuple(Fraction(round(value * grid), grid) for value in center)
        half = Fraction(1, 8)
        while half > gap / 2:
            half /= 2
        while half > Fraction(1, 2**46):
            if has_unique_zero(self.exact, rounded, half, 96):
                return rounded, half
            half /= 2
        return None

    def _split(self, batch: Batch, image_low: Floats, image_high: Floats, weight: Floats) -> None:
        """Halve each box once where the Krawczyk image allows it for nothing, then bisect what is left."""
        lower, upper, depth = batch.lower.copy(), batch.upper.copy(), batch.depth.copy()
        smallest = 2.0**-DEEPEST
        with np.errstate(invalid="ignore"):
            for j in range(self.size):
                middle = 0.5 * (lower[j] + upper[j])
                room = upper[j] - lower[j] > smallest
                right = (image_low[j] > middle) & room
                left = (image_high[j] < middle) & room & ~right
                lower[j] = np.where(right, middle, lower[j])
                upper[j] = np.where(left, middle, upper[j])
                moved = right | left
                depth[moved] += 1
                self.ledger.close(depth[moved])
        width = upper - lower
        widest = width.max(axis=0)
        stuck = widest <= smallest
        if stuck.any():
            self.open.append(Batch(lower, upper, depth).where(stuck))
            rest = ~stuck
            lower, upper, depth, width, widest = (
                lower[:, rest],
                upper[:, rest],
                depth[rest],
                width[:, rest],
                widest[rest],
            )
            weight = weight[:, rest]
        if not depth.size:
            return
        # Bisect where the equations feel it most, but never let a box become very long in one direction.
        weight = np.where(np.isfinite(weight), weight, 0.0)
        weight = np.where((width < 0.2 * widest) | (width <= smallest), -1.0, weight)
        axis, column = np.argmax(weight, axis=0), np.arange(depth.size)
        middle = 0.5 * (lower[axis, column] + upper[axis, column])
        left_upper, right_lower = upper.copy(), lower.copy()
        left_upper[axis, column] = middle
        right_lower[axis, column] = middle
        self.stack.append(
            Batch(
                np.concatenate([lower, right_lower], axis=1),
                np.concatenate([left_upper, upper], axis=1),
                np.concatenate([depth + 1, depth + 1]),
            )
        )


def _krawczyk_bounds(
    value: FloatBall, slopes: FloatBall, center: Floats, half: Floats
) -> tuple[Floats, Floats, Floats]:
    """Bounds of K over every box, and the row sums of |I - Y F'(X)|.

    Products of m terms lose at most (m + 2) u of the sum of the sizes; that much is added to the radii beforehand, and
    the bounds themselves, sums of nonnegative numbers, are enlarged by 2^-40.
    """
    m, count = center.shape
    loss = 4 * (m + 4) * float_balls.UNIT
    matrices = np.moveaxis(slopes.m, 2, 0)
    good = np.all(np.isfinite(matrices), axis=(1, 2))
    inverse = np.zeros((count, m, m))
    if good.any():
        try:
            inverse[good] = np.linalg.inv(matrices[good])
        except np.linalg.LinAlgError:
            for index in np.nonzero(good)[0]:
                try:
                    inverse[index] = np.linalg.inv(matrices[index])
                except np.linalg.LinAlgError:
                    inverse[index] = 0.0
    inverse[~np.all(np.isfinite(inverse), axis=(1, 2))] = 0.0
    y = np.moveaxis(inverse, 0, 2)
    size = np.abs(y)
    with np.errstate(invalid="ignore", over="ignore"):
        step = np.einsum("ijn,jn->in", y, value.m)
        spread = np.einsum("ijn,jn->in", size, value.r + loss * np.abs(value.m))
        defect = np.abs(np.einsum("ijn,jkn->ikn", y, slopes.m) - np.eye(m)[:, :, None]) + loss
        defect += np.einsum("ijn,jkn->ikn", size, slopes.r + loss * np.abs(slopes.m))
        reach = (spread + np.einsum("ikn,kn->in", defect, half)) * (1 + 2.0**-40) + loss * (1 + np.abs(step))
        return center - step - reach, center - step + reach, defect.sum(axis=1)
