"""Names of coordinates and irreps by blocks in decreasing order of size, as the catalog prints them.

A fixed space numbers the blocks of teachers that have student rows before the others. In the catalog block 0 is the
largest one, with ties in the order of the fixed space, so that `isotropy[i]` is the size of block i.
"""

from __future__ import annotations

import re

from symbolic.teacher.fixed_spaces import FixedSpace

_BLOCK = re.compile(r"(?<=[sxy])[0-9]+")


def block_places(space: FixedSpace) -> list[int]:
    """For each block of the space its number in the catalog."""
    order = sorted(range(len(space.blocks)), key=lambda block: -space.blocks[block])
    return [order.index(block) for block in range(len(space.blocks))]


def isotropy_of(space: FixedSpace) -> list[int]:
    """Sizes of the blocks, decreasing."""
    return sorted(space.blocks, reverse=True)


def entry_names(space: FixedSpace) -> list[str]:
    """`A0`, `B00`, `B01`, ..., `C0_0`: the reduced coordinates, in the order of the space.

    `A<a>` is where a row of block a meets its own teacher, `B<a><b>` where it meets another one of block b, `C<m>_<b>`
    where row m, which belongs to no block, meets a teacher of block b.
    """
    place, names = block_places(space), [""] * space.dimension
    between = "_" if len(space.blocks) > 10 else ""
    for number, rows in enumerate(space.row_classes):
        if rows.own is not None and rows.block is not None:
            names[rows.own] = f"A{place[rows.block]}"
        for block, index in enumerate(rows.off):
            if index is None:
                continue
            if rows.block is None:
                names[index] = f"C{number - len(space.sizes)}_{place[block]}"
            else:
                names[index] = f"B{place[rows.block]}{between}{place[block]}"
    return names


def row_class_names(space: FixedSpace) -> list[str]:
    """`A0`, ..., `C0`, ...: a name for each class of rows."""
    place = block_places(space)
    return [
        f"C{number - len(space.sizes)}" if rows.block is None else f"A{place[rows.block]}"
        for number, rows in enumerate(space.row_classes)
    ]


def irrep_name(space: FixedSpace, irrep: str) -> str:
    """An irrep by the numbers of the catalog."""
    place = block_places(space)
    named = _BLOCK.sub(lambda found: str(place[int(found[0])]), irrep)
    if "*" in named:
        named = "*".join(sorted(named.split("*"), key=lambda part: int(part[1:])))
    return named


def isotropy_word(sizes: list[int] | tuple[int, ...]) -> str:
    """`9-1`: sizes as one word of a column."""
    return "-".join(map(str, sizes))
