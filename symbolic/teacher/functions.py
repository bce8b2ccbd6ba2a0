"""Critical functions of the teacher family: certified critical points with distinct rays, up to symmetry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from flint import arb

from symbolic.enclosure import Ball, Number, Rigor, bounds, midpoint, radius, working_precision
from symbolic.errors import InsufficientPrecision
from symbolic.teacher.certify import ACCURACY, CertifiedPoint
from symbolic.teacher.families import named_point
from symbolic.teacher.fixed_spaces import FixedSpace
from symbolic.teacher.identity import Symmetry
from symbolic.teacher.restricted import loss as ball_loss
from symbolic.teacher.spectrum import CertifiedInertia, Spectrum, SplittingCurvature, spectrum, splitting_curvature

PRECISION = ACCURACY + 32
"""Bits at which losses and spectra are enclosed."""

LABEL_DIGITS = 10

GLOBAL = "global"
"""Name of the teacher itself."""

FamilyNames = Callable[[FixedSpace, Sequence[arb]], str]
"""Gives the name of the published family that a certified point belongs to, or an empty text."""


@dataclass(frozen=True)
class SpectralValue:
    """One eigenvalue of the Hessian and how often it occurs within one irrep."""

    irrep: str
    multiplicity: int
    value: Ball


@dataclass(frozen=True)
class TeacherFunction:
    """A critical point W whose rows are distinct rays, up to permutations of the rows and of the teachers.

    Attributes:
        problem: name of the problem.
        label: `problem:<blocks>.L<loss>`: sizes of the blocks, then the loss cut off after ten significant digits.
        family_name: "A", "I", "II", "I_2", ..., "global", or empty.
        point: the certified point; its fixed space says the true isotropy.
        symmetry: the exact stabilizer.
        loss: a ball, or 0.
        spectrum: of the Hessian in the n d weights at the width of W, one entry for each eigenvalue and irrep.
        inertia: of that Hessian, with the reason where a sign is not proved.
        splitting: for each class of rows, the second variation when such a row is split.
    """

    problem: str
    label: str
    family_name: str
    point: CertifiedPoint
    symmetry: Symmetry = field(repr=False)
    loss: Number
    spectrum: tuple[SpectralValue, ...] = field(repr=False)
    inertia: CertifiedInertia
    splitting: tuple[SplittingCurvature, ...] = field(repr=False, compare=False)

    @property
    def space(self) -> FixedSpace:
        return self.point.space

    @property
    def isotropy(self) -> str:
        """The true isotropy: `Delta(S_9 x S_1)`; blocks of teachers without rows of their own and further rows follow
        as in `FixedSpace.text`. Permutations of equal blocks that fix the point are not shown."""
        return self.space.text

    @property
    def entries(self) -> dict[str, Number]:
        """The reduced coordinates by name."""
        return dict(zip(self.space.names, self.numbers, strict=True))

    @property
    def numbers(self) -> tuple[Number, ...]:
        """The reduced coordinates in the order of `space.names`."""
        if self.point.exact:
            return self.point.center
        return tuple(Ball(value, self.point.error) for value in self.point.center)

    @property
    def minimal_width(self) -> int:
        """The number of distinct rays: fewer students cannot realize the same network."""
        return self.space.width

    @property
    def rigor(self) -> Rigor:
        return Rigor.EXACT if self.point.exact else Rigor.CERTIFIED

    @property
    def zero_loss(self) -> bool:
        """Whether the loss is proved to be 0."""
        return isinstance(self.loss, Fraction) and self.loss == 0

    @property
    def has_negative_eigenvalue(self) -> bool:
        """Whether some eigenvalue is proved negative; False says nothing."""
        return any(part.value.center + part.value.radius < 0 for part in self.spectrum)

    def splits_downhill(self, number: int) -> bool:
        """Whether splitting a row of this class is proved to have negative curvature; False says nothing."""
        return bool(self.splitting[number].smallest < 0)


def function_of(
    problem: str, point: CertifiedPoint, symmetry: Symmetry, names: FamilyNames = named_point
) -> TeacherFunction:
    """The function of a certified point, with loss and spectrum.

    Args:
        problem: name of the problem.
        point: certified, in the fixed space of its largest blocks.
        symmetry: its stabilizer.
        names: gives published names.

    Guarantee: every ball holds its number. The loss is 0 exactly if the point is the teacher itself.

    Raises:
        InsufficientPrecision: an enclosure is not finite, or the digits of the loss could not be settled.
    """
    space = point.space
    with working_precision(PRECISION):
        balls = point.enclose()
        is_teacher = point.exact and point.center == teacher_coordinates(space)
        value: Number = Fraction(0) if is_teacher else as_ball(ball_loss(space, None, balls))
        values = spectrum(space, None, balls)
        splitting = tuple(splitting_curvature(space, None, balls, number) for number in range(len(space.row_classes)))
        name = GLOBAL if is_teacher else names(space, balls)
    return TeacherFunction(
        problem=problem,
        label=f"{problem}:{blocks_word(space)}.L{loss_digits(value)}",
        family_name=name,
        point=point,
        symmetry=symmetry,
        loss=value,
        spectrum=_flattened(values),
        inertia=values.inertia(),
        splitting=splitting,
    )


def teacher_coordinates(space: FixedSpace) -> tuple[Fraction, ...] | None:
    """The coordinates of W = (e_1, ..., e_k), the global minimum; None if the space does not hold it as distinct
    rays."""
    if space.unmatched or space.extra_rows:
        return None
    own = {rows.own for rows in space.row_classes}
    return tuple(Fraction(int(index in own)) for index in range(space.dimension))


def blocks_word(space: FixedSpace) -> str:
    """The isotropy as part of a label: `8-2`; `x` before blocks without rows, `e` and the number of further rows."""
    words = [str(size) for size in space.sizes]
    words += [f"x{size}" for size in space.unmatched]
    words += [f"e{space.extra_rows}"] if space.extra_rows else []
    return "-".join(words)


def loss_digits(loss: Number) -> str:
    """A loss of at least 0 cut off (not rounded) after `LABEL_DIGITS` significant digits, in positional notation.

    Guarantee: every digit is correct.

    Raises:
        InsufficientPrecision: the digits are not determined by the enclosure.
    """
    low, high = bounds(loss)
    if low == high == 0:
        return "0"
    if low <= 0:
        raise InsufficientPrecision("the loss could not be told from 0")
    places = LABEL_DIGITS
    while low * 10**places < 10 ** (LABEL_DIGITS - 1):
        places += 1
    while places > 0 and low * 10**places >= 10**LABEL_DIGITS:
        places -= 1
    digits = int(low * 10**places)
    if digits != int(high * 10**places):
        raise InsufficientPrecision("the digits of the loss are not determined")
    text = str(digits).rjust(places + 1, "0")
    return text if places == 0 else f"{text[:-places]}.{text[-places:]}"


def with_suffixes(functions: Sequence[TeacherFunction]) -> list[TeacherFunction]:
    """Functions whose labels coincide told apart by a letter, in the order given."""
    count: dict[str, int] = {}
    for function in functions:
        count[function.label] = count.get(function.label, 0) + 1
    used: dict[str, int] = {}
    result = []
    for function in functions:
        label = function.label
        if count[label] > 1:
            used[label] = used.get(label, 0) + 1
            function = replace(function, label=f"{label}{chr(ord('a') + used[label] - 1)}")
        result.append(function)
    return result


def as_ball(value: arb) -> Ball:
    """The ball of a finite arb.

    Raises:
        InsufficientPrecision: it is not finite.
    """
    if not value.is_finite():
        raise InsufficientPrecision("a number has no finite enclosure")
    return Ball(midpoint(value), radius(value))


def _flattened(values: Spectrum) -> tuple[SpectralValue, ...]:
    return tuple(
        SpectralValue(part.irrep, part.copies, as_ball(value)) for part in values.parts for value in part.eigenvalues
    )
