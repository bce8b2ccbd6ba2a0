"""The cover of the cube by dyadic boxes: batches, the exact account of closed volume, and what is left open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from symbolic.problem import OpenBox
from symbolic.solving.float_balls import Floats

DEEPEST = 47
"""Bisections per coordinate after which a box is left open; keeps all box arithmetic exact in doubles."""

MOST_OPEN = 64
"""Open boxes are reported one by one up to this number, then merged into larger dyadic boxes."""


@dataclass
class Batch:
    """Boxes with dyadic corners and the number of bisections that made them."""

    lower: Floats
    upper: Floats
    depth: NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.depth.size)

    def where(self, keep: NDArray[np.bool_]) -> Batch:
        return Batch(self.lower[:, keep], self.upper[:, keep], self.depth[keep])


@dataclass
class Ledger:
    """Exact account of the closed volume: `counts[d]` boxes of volume 2^-d."""

    counts: dict[int, int] = field(default_factory=dict)

    def close(self, depth: NDArray[np.int64]) -> None:
        for value, number in zip(*np.unique(depth, return_counts=True), strict=True):
            self.counts[int(value)] = self.counts.get(int(value), 0) + int(number)

    def volume(self) -> Fraction:
        return sum((Fraction(number, 2**depth) for depth, number in self.counts.items()), Fraction(0))


def open_boxes(left: Sequence[Batch]) -> tuple[OpenBox, ...]:
    """At most `MOST_OPEN` dyadic boxes that cover the boxes left open."""
    if not left:
        return ()
    lower = np.concatenate([batch.lower for batch in left], axis=1)
    upper = np.concatenate([batch.upper for batch in left], axis=1)
    size = lower.shape[0]
    corners = np.unique(np.concatenate([lower, upper]), axis=1)
    level = DEEPEST
    while corners.shape[1] > MOST_OPEN:
        step = 2.0**-level
        rounded = np.concatenate([np.floor(corners[:size] / step), np.ceil(corners[size:] / step)]) * step
        corners = np.unique(rounded, axis=1)
        level -= 1
    return tuple(
        OpenBox(tuple(map(Fraction, column[:size])), tuple(map(Fraction, column[size:])))
        for column in corners.T.tolist()
    )
