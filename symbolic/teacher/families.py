"""The families of critical points that have names: A, I, II, I_2, I_3, ..., II_2, II_3, ...

With k students, k teachers and k inputs, and up to permutations:

- A: isotropy Delta S_k, every row near minus its teacher;
- I_q (I is I_1): isotropy Delta(S_(k-q) x S_q), k - q rows near minus their teachers, q rows near theirs;
- II_q (II is II_1): isotropy Delta(S_(k-q) x S_q), k - q rows near their teachers, q rows near minus theirs.

A family is an analytic curve in real k. Here it is *defined* as the branch through the zero of the equations to which
Newton's iteration leads from the leading terms of its expansion in k^(-1/2) at k = 20 q (20 for A); it is followed from
there by certified continuation, so at every k reached the name belongs to one proved zero.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import pi

from flint import arb

from symbolic.enclosure import Ball, arb_of, working_precision
from symbolic.errors import InsufficientPrecision, InvalidProblem, Unseparated
from symbolic.exact.krawczyk import has_unique_zero
from symbolic.teacher.continuation import BITS, Branch, Curve
from symbolic.teacher.fixed_spaces import FixedSpace
from symbolic.teacher.identity import images
from symbolic.teacher.restricted import FixedSpaceSystem, RealSize

NAME = re.compile(r"(?P<letter>A|II|I)(?:_(?P<number>[1-9][0-9]{0,5}))?")
START = 20
"""A family starts at this k times the number of rows that differ."""
HIGHEST = 10**6
"""Largest k to which a family is followed."""


@dataclass(frozen=True)
class Family:
    """A named family.

    Attributes:
        letter: "A", "I" or "II".
        number: q, the number of rows that differ from the others; 0 for A.
    """

    letter: str
    number: int

    @classmethod
    def parse(cls, name: str) -> Family:
        """The family called A, I, II, I_q or II_q.

        Raises:
            InvalidProblem: no such name.
        """
        found = NAME.fullmatch(name)
        number = 0 if found is None or found["number"] is None else int(found["number"])
        if found is None or (number and (found["letter"] == "A" or number == 1)):
            raise InvalidProblem(f"a family is called A, I, II, I_2, II_2, I_3, ..., not {name!r}")
        letter = found["letter"]
        return cls(letter, 0 if letter == "A" else max(number, 1))

    @property
    def name(self) -> str:
        return self.letter if self.number < 2 else f"{self.letter}_{self.number}"

    @property
    def curve(self) -> Curve:
        """Its fixed spaces."""
        return Curve((self.number,) if self.number else ())

    @property
    def isotropy(self) -> str:
        """The group, with the symbol k."""
        return f"Delta(S_(k-{self.number}) x S_{self.number})" if self.number else "Delta(S_k)"

    def leading(self, k: float) -> list[float]:
        """The leading terms of the expansion of each coordinate in k^(-1/2), in floating point."""
        q, s2 = self.number, 1 / k
        if self.letter == "A":
            return [-1 + 2 * s2, 2 * s2]
        if self.letter == "I":
            values = [-1 + 2 * s2, 2 * s2, 0.0, 1 + (8 / pi - 8 / pi**2) * s2, (2 - 4 / pi) * s2]
            beside = 4 * (4 - pi) * (pi - 2) / (pi**2 * (pi + 2))
        else:
            values = [1.0, -4 * q / pi * s2**2, 2 * s2, -1 + (2 + 8 / pi + 8 / pi**2) * s2, 4 / pi * s2]
            beside = 2 * (pi**3 + 4 * pi**2 - 12 * pi + 16) / (pi**2 * (pi + 2))
        return values + ([beside * s2] if q > 1 else [])


def families_of(blocks: Sequence[int]) -> tuple[str, ...]:
    """Names of the families whose isotropy has blocks of these sizes (the growing one first): A, or I_q and II_q."""
    if len(blocks) == 1:
        return ("A",)
    if len(blocks) == 2:
        return tuple(Family(letter, blocks[1]).name for letter in ("I", "II"))
    return ()


@lru_cache(maxsize=64)
def branch_of(name: str) -> Branch:
    """The branch of a family, extended on demand; one object for each name, since what it proves can be shared.

    Raises:
        InvalidProblem: no such name.
        InsufficientPrecision: the start could not be certified.
    """
    family = Family.parse(name)
    k = START * max(family.number, 1)
    return Branch(family.curve, Fraction(k), [Fraction(value) for value in family.leading(k)])


def family_point(name: str, k: int | Fraction, bits: int = 128) -> tuple[Ball, ...]:
    """The reduced coordinates of a named family at k, in the order of its fixed space (the growing block first).

    Args:
        name: "A", "I", "II", "I_2", ...
        k: number of teachers; a fraction gives the formal point.
        bits: the radius of each ball is 2^-bits.

    Guarantee: the balls hold the coordinates of one zero of the equations, which is joined to the start of the family
        by a proved analytic branch.

    Raises:
        InvalidProblem: no such family; k below its end, above `HIGHEST`, or with a block below 2.
        InsufficientPrecision: the branch could not be followed to k.

    Example:
        >>> [float(ball.center) for ball in family_point("A", 10)]
        [-0.8003040344628031, 0.1984765224903226]
    """
    family, k = Family.parse(name), Fraction(k)
    if not family.curve.end < k <= HIGHEST:
        raise InvalidProblem(f"family {name} is followed for {family.curve.end} < k <= {HIGHEST}, not k = {k}")
    center, half = branch_of(name).point(k, bits)
    return tuple(Ball(value, half) for value in center)


def name_of(space: FixedSpace, sizes: Sequence[RealSize] | None, point: Sequence[arb]) -> str:
    """The name of a critical point, or "".

    Args:
        space: the fixed space of its whole isotropy group.
        sizes: the block sizes, None for those of the space; they must be integers.
        point: balls that hold the reduced coordinates of exactly one critical point.

    Returns:
        "A", "I", "II", "I_q", "II_q", "global" (the teacher itself), or "" where it is proved to be none of them or no
        family has its isotropy there.

    Guarantee: a name is a proof: an image of the point under the symmetries of the space lies in a box that holds
        exactly one zero, the family's (or W = I).

    Raises:
        Unseparated: the balls lie neither inside nor outside of such a box.
        InsufficientPrecision: a family could not be followed to this k.
    """
    blocks = _integers(space, sizes)
    if space.unmatched or space.extra_rows or space.inputs > space.teachers or blocks is None or len(blocks) > 2:
        return ""
    if len(blocks) == 1 and _is_teacher(space, blocks, point):
        return "global"
    for number in sorted({0} if len(blocks) == 1 else {blocks[0], blocks[1]}):
        values = list(point)
        if number and blocks[1] != number:
            values = _exchanged(space, values)
        for letter in ("I", "II") if number else ("A",):
            family = Family(letter, number)
            k = sum(blocks)
            if family.curve.end < k <= HIGHEST and _is_on(family, k, values):
                return family.name
    return ""


def named_point(space: FixedSpace, point: Sequence[arb]) -> str:
    """`name_of` at the sizes of the space itself; "" also where the question stays open."""
    try:
        return name_of(space, None, point)
    except (Unseparated, InsufficientPrecision):
        return ""


def _integers(space: FixedSpace, sizes: Sequence[RealSize] | None) -> tuple[int, ...] | None:
    result = []
    for size in space.sizes if sizes is None else sizes:
        found = arb_of(size).unique_fmpz() if not isinstance(size, arb) else size.unique_fmpz()
        if found is None or (isinstance(size, arb) and not size.is_exact()):
            return None
        result.append(int(found))
    return tuple(result)


def _is_teacher(space: FixedSpace, blocks: tuple[int, ...], point: Sequence[arb]) -> bool:
    system = FixedSpaceSystem(space, blocks)
    half = Fraction(1, 64)
    with working_precision(BITS):
        if any(not value.overlaps(arb(exact)) for value, exact in zip(point, (1, 0), strict=True)):
            return False
    if not has_unique_zero(system, (Fraction(1), Fraction(0)), half):
        raise Unseparated("the box around the teacher could not be certified")
    with working_precision(BITS):
        if all(bool(abs(value - exact) < arb_of(half)) for value, exact in zip(point, (1, 0), strict=True)):
            return True
    raise Unseparated("the point could not be told from the teacher")


def _exchanged(space: FixedSpace, point: list[arb]) -> list[arb]:
    """The coordinates of a space of two blocks with the blocks exchanged; a block of size 1 has no B of its own."""
    values = dict(zip(space.names, point, strict=True))
    swapped = {name.translate(str.maketrans("01", "10")): value for name, value in values.items()}
    return [swapped[name] for name in sorted(swapped, key=_coordinate_order)]


def _coordinate_order(name: str) -> tuple[str, str]:
    return (name[1], name[0] + name[2:])


def _is_on(family: Family, k: int, point: Sequence[arb]) -> bool:
    segment = branch_of(family.name).at(Fraction(k))
    space = FixedSpace((k - family.number, family.number)) if family.number else FixedSpace((k,))
    undecided = False
    with working_precision(BITS):
        for image in images(space):
            moved = [point[i] for i in image]
            if segment.holds(Fraction(k), moved):
                return True
            undecided = undecided or not segment.misses(Fraction(k), moved)
    if undecided:
        raise Unseparated(f"the point could not be told from family {family.name}")
    return False
