"""Regions of a data set: an open cell of the arrangement for every neuron, and the functions their closures realize."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from math import comb

from symbolic.dataset.patterns import Arrangement, is_face_of
from symbolic.dataset.survey import DatasetSurvey
from symbolic.errors import BudgetExceeded

REGION_BUDGET = 200_000


@dataclass(frozen=True)
class DatasetRegion:
    """The patterns of all neurons, sorted: a region up to permutation of the neurons."""

    patterns: tuple[str, ...]

    @property
    def label(self) -> str:
        """The roles part of the label: `r:` and the patterns."""
        return "r:" + ".".join(self.patterns)


def dataset_regions(arrangement: Arrangement, width: int) -> tuple[DatasetRegion, ...]:
    """All regions of a width, up to permutation of the neurons: C(cells + n - 1, n) of them.

    Raises:
        BudgetExceeded: more than `REGION_BUDGET`; the line says how many there are.
    """
    cells = sorted(cell.pattern for cell in arrangement.cells)
    number = comb(len(cells) + width - 1, width)
    if number > REGION_BUDGET:
        raise BudgetExceeded(f"{len(cells)} cells make {number} regions of width {width}, more than {REGION_BUDGET}")
    return tuple(DatasetRegion(patterns) for patterns in combinations_with_replacement(cells, width))


def functions_in_closures(survey: DatasetSurvey, regions: Sequence[DatasetRegion]) -> list[tuple[str, ...]]:
    """For each region the labels of the functions that directionally stationary points of its closure realize.

    A live set S is realized in the closure iff its types can be given to different neurons whose cells have the faces
    in their closures; the other neurons can be 0.
    """
    found: list[list[str]] = [[] for _ in regions]
    for function in survey.functions:
        sets = {
            tuple(sorted(one.pattern for one in live.types))
            for live in survey.case(function).live_sets
            if live.directional
        }
        minimal = sorted(sets, key=len)
        for position, region in enumerate(regions):
            if any(_matches(patterns, region.patterns) for patterns in minimal):
                found[position].append(function.label)
    return [tuple(labels) for labels in found]


def _matches(faces: Sequence[str], cells: Sequence[str]) -> bool:
    """Whether the faces can be given to different cells with the face in their closure (augmenting paths)."""
    if len(faces) > len(cells):
        return False
    taken: dict[int, int] = {}

    def place(face: int, seen: set[int]) -> bool:
        for cell in range(len(cells)):
            if cell not in seen and is_face_of(faces[face], cells[cell]):
                seen.add(cell)
                if cell not in taken or place(taken[cell], seen):
                    taken[cell] = face
                    return True
        return False

    return all(place(face, set()) for face in range(len(faces)))
