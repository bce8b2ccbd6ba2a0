"""Critical strata of the teacher family: orbits of critical points, and the flat families that splitting makes.

Let W be critical with distinct rays w_1..w_m, and share ray i among c_i rows lam_j w_i, lam_j > 0, sum lam_j = 1. The
network is unchanged and the point is critical for every lam: a family of dimension sum (c_i - 1). Its Hessian is
congruent to that of W plus, for every ray, c_i - 1 copies of M_i = H_ii - I/2: with rows moved by d_j, D = sum d_j and
e_j = d_j - lam_j D on each ray,

    second variation = Hess L(W)[D, D] + sum_i sum_{j on ray i} e_j^T M_i e_j / lam_j,    sum_{j on ray i} e_j = 0,

which follows from H12 = I/2 between parallel rows of one ray and H_jj = I/2 + M_i / lam_j. M_i w_i = 0. So the inertia
is constant on the family and is the sum of those of Hess L(W) and of c_i - 1 copies of M_i; if it has no negative part
and no null vectors but the tangents of the family, the family consists of local minima (Morse-Bott).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from math import factorial

from symbolic.enclosure import Ball, Number
from symbolic.errors import BudgetExceeded
from symbolic.problem import SMOOTH, CriticalStratum, Inertia, Kind
from symbolic.teacher.functions import TeacherFunction
from symbolic.teacher.spectrum import SplittingCurvature

STRATA_BUDGET = 20_000
"""Strata over one function at one width listed at most."""

Copies = tuple[tuple[int, ...], ...]
"""For each class of rows of W, on how many rows each of its rays is shared, in decreasing order."""


@dataclass(frozen=True)
class TeacherStratum(CriticalStratum):
    """The orbit of a critical point, or of a splitting family, under permutations of rows and teachers.

    Attributes:
        label: `function@n:` and, for each class of rays, `<rays>x<copies>` joined by `-`; classes joined by `.`.
        neurons: for each row of `sample_w`, the class of rows and the number of rows on the same ray.
        index: number of negative eigenvalues of the Hessian, None if not proved.
        inertia: the whole inertia, None if a sign is not proved.
        dimension: of the family, 0 for an isolated point.
        gauge_dimension: 0; the loss has no continuous symmetry in W beyond the splitting.
        orbit_size: number of families (points) in the orbit, |S_n x S_k| / |stabilizer|.
        stationarity: smooth: no row vanishes.
        rigor: of the function.
        copies: as above.
        sample_w: rows of a point of the stratum.
    """

    neurons: tuple[str, ...]
    index: int | None
    copies: Copies
    sample_w: tuple[tuple[Number, ...], ...]


def strata_of(function: TeacherFunction, width: int) -> tuple[TeacherStratum, ...]:
    """All ways to share the rays of a function among the rows of a width, up to symmetry.

    Args:
        function: a critical function.
        width: number of rows n; there is no stratum below its minimal width.

    Guarantee: every network of n nonvanishing rows that realizes the function with the rays of W lies in the orbit of
        exactly one of the strata. Inertia, index and kind are proved, or None and `undecided`.

    Raises:
        BudgetExceeded: more than `STRATA_BUDGET`.
    """
    found: dict[Copies, None] = {}
    for number, copies in enumerate(_distributions(function, width)):
        if number >= STRATA_BUDGET:
            raise BudgetExceeded(f"{function.label} has more than {STRATA_BUDGET} strata at width {width}")
        found[_representative(function, copies)] = None
    return tuple(_stratum(function, width, copies) for copies in found)


def _distributions(function: TeacherFunction, width: int) -> Iterator[Copies]:
    space = function.space
    numbers = [1 if rows.block is None else space.sizes[rows.block] for rows in space.row_classes]

    def share(surplus: int, classes: Sequence[int]) -> Iterator[Copies]:
        if not classes:
            if surplus == 0:
                yield ()
            return
        first, rest = classes[0], classes[1:]
        for here in range(surplus if not rest else 0, surplus + 1):
            for parts in _partitions(here, first):
                copies = tuple(1 + part for part in parts) + (1,) * (first - len(parts))
                for others in share(surplus - here, rest):
                    yield (copies, *others)

    if width >= space.width:
        yield from share(width - space.width, numbers)


def _partitions(total: int, parts: int, largest: int | None = None) -> Iterator[tuple[int, ...]]:
    """Partitions of `total` into at most `parts` parts, decreasing."""
    if total == 0:
        yield ()
        return
    if parts == 0:
        return
    for first in range(min(total, total if largest is None else largest), 0, -1):
        for rest in _partitions(total - first, parts - 1, first):
            yield (first, *rest)


def _representative(function: TeacherFunction, copies: Copies) -> Copies:
    """The first of the distributions that the symmetry of W carries to each other."""
    symmetry = function.symmetry
    return max(
        tuple(copies[symmetry.class_image(image, number)] for number in range(len(copies)))
        for image in symmetry.stabilizing
    )


def _stratum(function: TeacherFunction, width: int, copies: Copies) -> TeacherStratum:
    inertia, why = _inertia(function, copies)
    dimension = sum(value - 1 for numbers in copies for value in numbers)
    kind, reason = _kind(function, copies, inertia, why, dimension)
    order = function.symmetry.order(copies)
    total = factorial(width) * factorial(function.space.teachers)
    assert total % order == 0
    words = ["-".join(f"{len(list(group))}x{value}" for value, group in groupby(numbers)) for numbers in copies]
    rows, neurons = _sample(function, copies)
    return TeacherStratum(
        function=function.label,
        label=f"{function.label}@{width}:" + ".".join(words),
        width=width,
        neurons=neurons,
        kind=kind,
        reason=reason,
        index=None if inertia is None else inertia.negative,
        inertia=inertia,
        dimension=dimension,
        gauge_dimension=0,
        orbit_size=total // order,
        stationarity=SMOOTH,
        copies=copies,
        sample_w=rows,
        rigor=function.rigor,
    )


def _inertia(function: TeacherFunction, copies: Copies) -> tuple[Inertia | None, str]:
    base = function.inertia
    if base.inertia is None:
        return None, base.reason
    negative, zero, positive = base.inertia.negative, base.inertia.zero, base.inertia.positive
    for number, numbers in enumerate(copies):
        surplus = sum(value - 1 for value in numbers)
        if surplus == 0:
            continue
        if function.zero_loss:
            # At the teacher H_ii = I/2: H11(e_i, e_i) = 0 and the other terms cancel, so M_i = 0.
            zero += surplus * function.space.inputs
            continue
        signs = _signs(function.splitting[number])
        if signs is None:
            return None, "the sign of a splitting curvature is not proved"
        negative += surplus * signs[0]
        zero += surplus
        positive += surplus * signs[1]
    return Inertia(negative, zero, positive), ""


def _signs(curvature: SplittingCurvature) -> tuple[int, int] | None:
    """(negative, positive) eigenvalues of M on the complement of w, None if a sign is not proved."""
    below = over = 0
    for part in curvature.parts:
        for value in part.eigenvalues:
            if value < 0:
                below += part.copies
            elif value > 0:
                over += part.copies
            else:
                return None
    return below, over


def _kind(
    function: TeacherFunction, copies: Copies, inertia: Inertia | None, why: str, dimension: int
) -> tuple[Kind, str]:
    if function.zero_loss:
        return Kind.GLOBAL_MINIMUM, "the loss is 0 exactly, and never less"
    if function.has_negative_eigenvalue:
        return Kind.STRICT_SADDLE, "a negative eigenvalue of the Hessian is certified"
    shared = [number for number, numbers in enumerate(copies) if max(numbers) > 1]
    if any(function.splits_downhill(number) for number in shared):
        return Kind.STRICT_SADDLE, "splitting a neuron has certified negative curvature"
    if inertia is None:
        return Kind.UNDECIDED, why
    if inertia.zero == dimension:
        if dimension:
            return Kind.LOCAL_MINIMUM, "the Hessian is certified positive definite across the flat family"
        return Kind.LOCAL_MINIMUM, "all eigenvalues of the Hessian are certified positive"
    return Kind.UNDECIDED, "the Hessian has null vectors that are no tangents of the flat family"


def _sample(
    function: TeacherFunction, copies: Copies
) -> tuple[tuple[tuple[Number, ...], ...], tuple[str, ...]]:
    dense = function.space.dense(function.numbers, Fraction(0))
    numbers = [value for part in copies for value in part]
    classes = [number for number, part in enumerate(copies) for _ in part]
    rows: list[tuple[Number, ...]] = []
    neurons: list[str] = []
    for row, copied, number in zip(dense, numbers, classes, strict=True):
        # Shares are powers of 1/2 and a rest, so that centres and radii stay dyadic.
        piece = Fraction(1, 2 ** (copied - 1).bit_length())
        for share in [1 - (copied - 1) * piece] + [piece] * (copied - 1):
            rows.append(tuple(_scaled(value, share) for value in row))
            neurons.append(f"{number}x{copied}")
    return tuple(rows), tuple(neurons)


def _scaled(value: Number, share: Fraction) -> Number:
    if isinstance(value, Ball):
        return Ball(value.center * share, value.radius * share)
    assert isinstance(value, Fraction)
    return value * share
