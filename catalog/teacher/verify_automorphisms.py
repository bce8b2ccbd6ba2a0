"""The symmetry of a point of a fixed space beyond the permutations inside its blocks, by trial of all."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

from flint import arb

from symbolic.teacher.fixed_spaces import FixedSpace


def automorphisms(space: FixedSpace, entries: Sequence[arb], copies: Sequence[tuple[int, ...]]) -> int:
    """Permutations of the blocks of teachers that carry the point to itself, up to permutations inside the blocks.

    Rows of blocks of one teacher and further rows are looked at as rows alone.
    """
    classes = space.row_classes
    large = [i for i, rows in enumerate(classes) if rows.block is not None and space.sizes[rows.block] > 1]
    small = [i for i in range(len(classes)) if i not in large]
    matched = {classes[i].block: i for i in large}

    def entry(number: int, block: int) -> arb:
        rows = classes[number]
        index = rows.off[block]
        if index is None:
            index = rows.own
        assert index is not None
        return entries[index]

    def blocks_fit(image: Sequence[int]) -> bool:
        return all(
            space.blocks[block] == space.blocks[other] and (block in matched) == (other in matched)
            for block, other in enumerate(image)
        )

    def rows_fit(number: int, other: int, image: Sequence[int]) -> bool:
        if sorted(copies[number]) != sorted(copies[other]):
            return False
        own = classes[number].block if number in large else None
        pairs = [(entry(number, b), entry(other, c)) for b, c in enumerate(image) if b != own]
        if not all(p.overlaps(q) for p, q in pairs):
            return False
        if own is None:
            return True
        ends = [(classes[i].own, classes[i].off[classes[i].block or 0]) for i in (number, other)]
        (a, b), (c, d) = ((entries[p or 0], entries[q or 0]) for p, q in ends)
        straight = a.overlaps(c) and b.overlaps(d)
        crossed = space.blocks[own] == 2 and a.overlaps(d) and b.overlaps(c)
        return straight or crossed

    count = 0
    for image in permutations(range(len(space.blocks))):
        if not blocks_fit(image):
            continue
        if not all(rows_fit(i, matched[image[block]], image) for block, i in matched.items() if block is not None):
            continue
        count += any(
            all(rows_fit(i, j, image) for i, j in zip(small, order, strict=True)) for order in permutations(small)
        )
    # Unmatched blocks of equal size are permuted as blocks here and inside themselves by the caller.
    return count
