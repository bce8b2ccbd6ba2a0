"""Which critical points are the same up to the symmetry of the loss, and how symmetric each one is.

Every point is filed in the fixed space of its largest blocks (`symbolic.teacher.configuration`). Two points of one such
space lie on one orbit if and only if one is an image of the other under the maps that permute blocks of equal size,
the rows that belong to no block of at least 2 teachers, and the two rows of a matched block of size 2: an element of
S_n x S_k that carries one to the other carries the largest blocks of one to those of the other, and permutations inside
the blocks change nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import permutations, product
from math import factorial, prod

from symbolic.enclosure import Verdict
from symbolic.errors import Unseparated
from symbolic.teacher.certify import CertifiedPoint
from symbolic.teacher.configuration import Configuration, can_merge, configuration_of, merged
from symbolic.teacher.fixed_spaces import FixedSpace

TOLERANCE = 1e-7
"""Within which floating-point values are guessed to be equal; every guess is proved or dropped."""

Image = tuple[int, ...]
"""A map of reduced coordinates: coordinate i of the image is coordinate image[i] of the point."""


@dataclass(frozen=True)
class Canonical:
    """A point in floating point, in the fixed space of its largest blocks.

    Attributes:
        space: that space; its rows are distinct rays.
        start: reduced coordinates.
        origin: for each coordinate of the space the point was found in, (c, q): it is q times coordinate c of `start`;
            None if parallel rows were added up, so that it is one point of a flat family.
    """

    space: FixedSpace
    start: tuple[float, ...]
    origin: tuple[tuple[int, Fraction], ...] | None


def canonical(
    space: FixedSpace, point: Sequence[float], tolerance: float = TOLERANCE, parallel: float = 1e-6
) -> Canonical:
    """The largest blocks and the distinct rays of a point, guessed in floating point.

    Args:
        space: the fixed space.
        point: reduced coordinates.
        tolerance: within which values are guessed to be equal; parallel: and directions of rows.
    """
    values = [float(value) for value in point]

    def same(i: int, j: int) -> bool:
        return abs(values[i] - values[j]) <= tolerance * (1 + abs(values[i]))

    configuration = merged(configuration_of(space, values, parallel), same)
    filed, numbers = _filed(configuration, space.inputs)
    start = [values[number] for number in numbers]
    image = max(images(filed), key=lambda image: _rank(filed, start, image))
    numbers = [numbers[i] for i in image]
    origin = None if configuration.flat else _origin(space, configuration, numbers)
    return Canonical(filed, tuple(values[number] for number in numbers), origin)


def _filed(configuration: Configuration, inputs: int) -> tuple[FixedSpace, list[int]]:
    """The fixed space of a configuration and the values that are its coordinates.

    Blocks by decreasing size. Teachers alone in their block are matched with the single rows if there are as many of
    both, and unmatched otherwise.
    """
    sizes = configuration.sizes
    matched = sorted(configuration.matched, key=lambda rows: -sizes[rows.block])
    taken = {rows.block for rows in matched}
    alone = [block for block, size in enumerate(sizes) if size == 1 and block not in taken]
    large = sorted((b for b, size in enumerate(sizes) if size > 1 and b not in taken), key=lambda b: -sizes[b])
    pair = len(alone) == len(configuration.singles)
    order = [rows.block for rows in matched]
    order += [*alone, *large] if pair else [*large, *alone]
    own_blocks = len(matched) + (len(alone) if pair else 0)
    space = FixedSpace(
        tuple(sizes[b] for b in order[:own_blocks]),
        tuple(sizes[b] for b in order[own_blocks:]),
        0 if pair else len(configuration.singles),
        inputs,
    )
    numbers: list[int] = []
    for rows in matched:
        numbers += [rows.own, *(rows.values[b] for b in order)]
    for place, row in enumerate(configuration.singles):
        if pair:
            numbers += [row[alone[place]], *(row[b] for b in order if b != alone[place])]
        else:
            numbers += [row[b] for b in order]
    return space, numbers


def _origin(
    space: FixedSpace, configuration: Configuration, numbers: Sequence[int]
) -> tuple[tuple[int, Fraction], ...] | None:
    """Every coordinate of the original space as a multiple of a coordinate of the filed one."""
    links: dict[int, list[tuple[int, Fraction]]] = {}
    for i, j in configuration.equalities:
        links.setdefault(i, []).append((j, Fraction(1)))
        links.setdefault(j, []).append((i, Fraction(1)))
    for i, j, share in configuration.shares:
        links.setdefault(i, []).append((j, share))
        links.setdefault(j, []).append((i, 1 / share))
    # value = q * coordinate c
    known = {number: (c, Fraction(1)) for c, number in enumerate(numbers)}
    pending = list(known)
    while pending:
        i = pending.pop()
        c, factor = known[i]
        for j, share in links.get(i, ()):
            if j not in known:
                known[j] = (c, factor / share)
                pending.append(j)
    if any(i not in known for i in range(space.dimension)):
        return None
    return tuple(known[i] for i in range(space.dimension))


def _rank(space: FixedSpace, values: Sequence[float], image: Image) -> tuple[float, ...]:
    """The image filed is the one with the largest own entries, then the first in order of its coordinates."""
    own = sum(abs(values[image[rows.own]]) for rows in space.row_classes if rows.own is not None)
    return (round(own, 7), *(round(values[i], 7) for i in image))


@lru_cache(maxsize=256)
def images(space: FixedSpace) -> tuple[Image, ...]:
    """The maps of the coordinates of a fixed space that permute blocks of equal size and single rows, and swap the
    rows of matched blocks of size 2; the identity first. Blocks are those of a space filed by `canonical`."""
    classes = space.row_classes
    large = [number for number, rows in enumerate(classes) if rows.block is not None and space.sizes[rows.block] > 1]
    singles = [number for number in range(len(classes)) if number not in large]
    pairs = [number for number in large if space.blocks[classes[number].block or 0] == 2]
    result: list[Image] = []
    for blocks in _block_permutations(space):
        class_of = {classes[number].block: number for number in large}
        for order in permutations(singles):
            target = {number: class_of[blocks[classes[number].block or 0]] for number in large}
            target.update(zip(singles, order, strict=True))
            for swaps in product((False, True), repeat=len(pairs)):
                swapped = {number for number, swap in zip(pairs, swaps, strict=True) if swap}
                image = [0] * space.dimension
                for number, rows in enumerate(classes):
                    for block in range(len(space.blocks)):
                        own_block = number in large and block == rows.block
                        if own_block:
                            ends = [_at(space, target[number], blocks[block], own=own) for own in (True, False)]
                            if number in swapped:
                                ends.reverse()
                            starts = [_at(space, number, block, own=own) for own in (True, False)]
                            for start, end in zip(starts, ends, strict=True):
                                image[start] = end
                        else:
                            image[_at(space, number, block)] = _at(space, target[number], blocks[block])
                result.append(tuple(image))
    return tuple(result)


def _block_permutations(space: FixedSpace) -> Iterator[tuple[int, ...]]:
    """Permutations of the blocks that keep the size, and whether the block has rows of its own."""
    kinds: dict[tuple[int, bool], list[int]] = {}
    for block, size in enumerate(space.blocks):
        kinds.setdefault((size, block < len(space.sizes)), []).append(block)
    groups = list(kinds.values())
    for choice in product(*(permutations(group) for group in groups)):
        target = [0] * len(space.blocks)
        for group, order in zip(groups, choice, strict=True):
            for block, other in zip(group, order, strict=True):
                target[block] = other
        yield tuple(target)


def _at(space: FixedSpace, number: int, block: int, own: bool = False) -> int:
    """The coordinate of a class at a block; `own` asks for the own entry of a class of at least 2 rows."""
    rows = space.row_classes[number]
    index = rows.own if own or (rows.block == block and space.blocks[block] == 1) else rows.off[block]
    assert index is not None
    return index


def same_orbit(first: CertifiedPoint, second: CertifiedPoint) -> Verdict:
    """Whether two points of one fixed space, both filed in the space of their largest blocks, are symmetric images.

    Guarantee: YES if an image of one provably lies in the cube in which the other is the only critical point of the
        space; NO if every image differs from the other in a coordinate by disjoint balls.
    """
    decided = True
    for image in images(first.space):
        center = [first.center[i] for i in image]
        if second.holds(center, first.error):
            return Verdict.YES
        gap = first.error + second.error
        decided = decided and any(abs(a - b) > gap for a, b in zip(center, second.center, strict=True))
    return Verdict.NO if decided else Verdict.UNDECIDED


def close(start: Sequence[float], point: CertifiedPoint, tolerance: float) -> bool:
    """Whether a floating-point start in the same space is within the tolerance of an image of a point; nothing is
    proved."""
    values = [float(value) for value in point.center]
    return any(
        all(abs(start[i] - value) <= tolerance for i, value in zip(image, values, strict=True))
        for image in images(point.space)
    )


@dataclass(frozen=True)
class Symmetry:
    """The stabilizer of a point in S_n x S_k.

    Attributes:
        space: the fixed space of the largest blocks.
        stabilizing: the maps of `images` that fix the point; the first is the identity. They are a set of
            representatives of the column permutations that map the set of rows to itself, modulo those inside blocks.
    """

    space: FixedSpace
    stabilizing: tuple[Image, ...]

    def class_image(self, image: Image, number: int) -> int:
        """The class that supplies class `number` of the image."""
        coordinates = self._coordinates(number)
        source = image[coordinates[0]]
        return next(other for other in range(len(self.space.row_classes)) if source in self._coordinates(other))

    def order(self, copies: Sequence[Sequence[int]]) -> int:
        """Order of the stabilizer of a network in which each ray is shared by some rows.

        Args:
            copies: for each row class, how many rows lie on each of its rays.

        Guarantee: exact. The column permutations of the stabilizer act on the rays; a ray must go to one with as many
            rows, and the rows on a ray are exchanged freely.
        """
        inner = prod(factorial(size) for size in self.space.unmatched)
        for rows, numbers in zip(self.space.row_classes, copies, strict=True):
            if rows.block is not None:
                # Permutations of the block that map every ray to one with as many rows.
                inner *= prod(factorial(numbers.count(value)) for value in set(numbers))
        sorted_copies = [sorted(numbers) for numbers in copies]
        outer = sum(
            all(
                sorted_copies[number] == sorted_copies[self.class_image(image, number)]
                for number in range(len(sorted_copies))
            )
            for image in self.stabilizing
        )
        return inner * outer * prod(factorial(value) for numbers in copies for value in numbers)

    def _coordinates(self, number: int) -> list[int]:
        rows = self.space.row_classes[number]
        return [index for index in (rows.own, *rows.off) if index is not None]


def symmetry_of(point: CertifiedPoint) -> Symmetry:
    """The exact symmetry of a certified point, in the space it is filed in.

    Guarantee: the blocks of its space are the largest under which the point is symmetric, and `stabilizing` is all maps
        that fix it: equality is proved by the cube in which the point is alone, inequality by disjoint balls. The rows
        are distinct rays: single rows that are parallel could exchange length, so the zero would be degenerate.

    Raises:
        Unseparated: neither could be proved of some pair of coordinates.
    """
    gap = 2 * point.error

    def same(i: int, j: int) -> bool:
        return abs(point.center[i] - point.center[j]) <= gap

    if can_merge(configuration_of(point.space, [], 0.0, reduce=False), same):
        raise Unseparated("the blocks of a point could not be proved to be the largest ones")
    for rows in point.space.row_classes:
        matched = rows.block is not None and point.space.sizes[rows.block] > 1
        if matched and same(rows.own or 0, rows.off[rows.block or 0] or 0):
            raise Unseparated("the rows of a block could not be proved to differ")
    stabilizing = []
    for image in images(point.space):
        center = [point.center[i] for i in image]
        if point.holds(center, point.error):
            stabilizing.append(image)
        elif not any(abs(a - b) > gap for a, b in zip(center, point.center, strict=True)):
            raise Unseparated("a symmetric image of a point could be neither separated from it nor identified with it")
    return Symmetry(point.space, tuple(stabilizing))
