"""What every family has in common: how complete a list is, and what a problem can be asked.

Rigor is a statement about one entry (`symbolic.enclosure.Rigor`); completeness is a statement about a list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Protocol

from symbolic.enclosure import Rigor, Verdict
from symbolic.errors import InvalidProblem

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def check_name(name: object) -> None:
    """Refuse a name that cannot be part of a label.

    Raises:
        InvalidProblem: anything but 1 to 63 of a-z, 0-9 and -, starting with a letter or digit.
    """
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise InvalidProblem(f"name must be 1 to 63 of a-z, 0-9 and -, starting with a letter or digit, not {name!r}")


class CompletenessStatus(StrEnum):
    """Whether a list is all there is."""

    PROVED = "proved"
    PROVED_IN_BOX = "proved_in_box"
    SEARCHED = "searched"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Completeness:
    """A status with the reason for it in words, and what the reader should know before citing it.

    Guarantee: `PROVED` is set only where every case of a covering list of cases was closed by a proof; anything
    that ran out of budget, failed to separate, or was not looked at makes the status `UNDECIDED`.
    """

    status: CompletenessStatus
    reason: str
    caveat: str = ""

    @property
    def proved(self) -> bool:
        return self.status is CompletenessStatus.PROVED


class Kind(StrEnum):
    """What a critical stratum is; `UNDECIDED` says nothing about it."""

    GLOBAL_MINIMUM = "global_minimum"
    LOCAL_MINIMUM = "local_minimum"
    STRICT_SADDLE = "strict_saddle"
    SADDLE = "saddle"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Inertia:
    """Numbers of negative, zero and positive eigenvalues of the Hessian in all parameters."""

    negative: int
    zero: int
    positive: int


@dataclass(frozen=True)
class Stationarity:
    """Whether the point is differentiable with zero gradient, directionally stationary, stationary in Clarke's
    sense."""

    smooth: Verdict
    directional: Verdict
    clarke: Verdict


SMOOTH = Stationarity(Verdict.YES, Verdict.YES, Verdict.YES)


@dataclass(frozen=True, slots=True)
class CriticalStratum:
    """What a critical stratum of any family is, up to permutation of the neurons.

    Attributes:
        function: label of the critical function.
        label: `function@n:` and codes of what the neurons do.
        width: n.
        kind, reason: what it is, and the argument.
        inertia: of the Hessian; None where there is none, where it is not constant, or where it was not proved.
        dimension: of the set; gauge_dimension: of the orbit of a point under rescaling of the neurons.
        orbit_size: how many there are that are permutations of this one.
        stationarity: smooth, directional, Clarke.
        rigor: of the numbers.
    """

    function: str
    label: str
    width: int
    kind: Kind
    reason: str
    inertia: Inertia | None
    dimension: int
    gauge_dimension: int
    orbit_size: int
    stationarity: Stationarity
    rigor: Rigor

    @property
    def by_default(self) -> bool:
        """Whether the stratum is listed by default: stationary in the smooth or the directional sense."""
        return self.stationarity.directional is Verdict.YES


class Problem(Protocol):
    """What the catalog needs of a problem of any family."""

    @property
    def name(self) -> str: ...

    @property
    def family(self) -> str: ...

    def canonical_text(self) -> str:
        """One line that two problems share if and only if their mathematics is the same, whatever their names."""


@dataclass(frozen=True)
class OpenBox:
    """A box of the search in which neither a solution nor its absence was proved: `lower[i] <= t_i <= upper[i]`."""

    lower: tuple[Fraction, ...]
    upper: tuple[Fraction, ...]


@dataclass(frozen=True)
class Cell:
    """One solved system of a survey: the unit of work, of storage and of resuming.

    Attributes:
        knots: number m of unknown knots.
        system: "free" (class A) or a pattern of m orientations.
        completeness: whether `roots` is all solutions in 0 < t_1 < ... < t_m < 1.
        roots: one tuple of m dyadic rationals per solution, each correctly rounded to the grid of
            `symbolic.interval.skeletons.GRID_BITS` bits; the solution is the only one within a grid step.
        boxes: boxes the search looked at.
        open_boxes: where the search stopped undecided; empty if and only if `completeness` is proved.
        method: "subdivision" or "reflection" (carried over from the mirror image).
    """

    knots: int
    system: str
    completeness: Completeness
    roots: tuple[tuple[Fraction, ...], ...]
    boxes: int
    open_boxes: tuple[OpenBox, ...]
    method: str

    @property
    def key(self) -> tuple[int, str]:
        return self.knots, self.system
