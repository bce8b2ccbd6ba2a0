"""Certified spectrum and inertia of the Hessian at a point of a fixed space, and of the directions of a split."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flint import arb, arb_mat

from symbolic.enclosure import Verdict
from symbolic.errors import InsufficientPrecision
from symbolic.exact.eigenvalues import eigenvalue_enclosures
from symbolic.problem import Inertia
from symbolic.teacher.fixed_spaces import FixedSpace
from symbolic.teacher.hessian_entries import FIRST, HessianEntries
from symbolic.teacher.isotypic import isotypic_blocks
from symbolic.teacher.restricted import RealSize


@dataclass(frozen=True)
class IrrepEigenvalues:
    """Eigenvalues of the Hessian on one isotypic component, in increasing order.

    Attributes:
        irrep: its name (`symbolic.teacher.isotypic`).
        multiplicity: dimension of the irrep: how often each of `eigenvalues` occurs; real for formal sizes.
        eigenvalues: one enclosure for each.
    """

    irrep: str
    multiplicity: arb
    eigenvalues: tuple[arb, ...]

    @property
    def copies(self) -> int:
        """The multiplicity as an integer.

        Raises:
            InsufficientPrecision: formal sizes, no integer.
        """
        return _integer(self.multiplicity)


@dataclass(frozen=True)
class CertifiedInertia:
    """The inertia if every sign was proved, else None and the reason."""

    inertia: Inertia | None
    reason: str = ""


@dataclass(frozen=True)
class Spectrum:
    """The whole spectrum of a Hessian, by irreps."""

    parts: tuple[IrrepEigenvalues, ...]

    def __getitem__(self, irrep: str) -> IrrepEigenvalues:
        for part in self.parts:
            if part.irrep == irrep:
                return part
        raise KeyError(irrep)

    @property
    def irreps(self) -> tuple[str, ...]:
        """Names of the components, in order."""
        return tuple(part.irrep for part in self.parts)

    @property
    def total(self) -> arb:
        """Number of eigenvalues counted with multiplicity, n d."""
        result = arb(0)
        for part in self.parts:
            result += part.multiplicity * len(part.eigenvalues)
        return result

    @property
    def smallest(self) -> arb:
        """An enclosure of the smallest eigenvalue."""
        return _smallest(value for part in self.parts for value in part.eigenvalues)

    def inertia(self, nullity: Mapping[str, int] | None = None) -> CertifiedInertia:
        """(negative, zero, positive) eigenvalues, if every sign is proved.

        Args:
            nullity: for each irrep, a number of independent null vectors of its small matrix that the caller has
                proved (tangents of a flat family), 0 where it is not named.

        Returns:
            The inertia, or None with a reason.

        Guarantee:
            A sign is counted where the ball excludes 0. An eigenvalue is counted as 0 only where as many balls of an
            irrep hold 0 as null vectors are proved: the others are proved not 0, so these are exactly 0.
        """
        known = dict(nullity or {})
        negative = zero = positive = 0
        if any(not part.multiplicity.is_integer() for part in self.parts):
            return CertifiedInertia(None, "formal sizes: the multiplicities are not integers")
        for part in self.parts:
            proved = known.pop(part.irrep, 0)
            below = sum(bool(value < 0) for value in part.eigenvalues)
            over = sum(bool(value > 0) for value in part.eigenvalues)
            open_signs = len(part.eigenvalues) - below - over
            if open_signs < proved:
                return CertifiedInertia(None, f"{part.irrep}: fewer than {proved} eigenvalues can be 0")
            if open_signs > proved:
                return CertifiedInertia(None, f"{part.irrep}: the sign of an eigenvalue is not proved")
            negative += below * part.copies
            zero += open_signs * part.copies
            positive += over * part.copies
        if any(known.values()):
            return CertifiedInertia(None, f"no such irrep: {', '.join(sorted(known))}")
        return CertifiedInertia(Inertia(negative, zero, positive))


def spectrum(space: FixedSpace, sizes: Sequence[RealSize] | None, parameters: Sequence[arb]) -> Spectrum:
    """All eigenvalues of the Hessian of the loss at a point of a fixed space, at a cost independent of the sizes.

    Args:
        space: the fixed space.
        sizes: real sizes of the blocks, None for those of the space.
        parameters: reduced coordinates, enclosed at the precision in force; the point need not be critical.

    Returns:
        One entry per irrep, not merged where eigenvalues of different irreps agree.

    Guarantee:
        Each ball holds its eigenvalue for every point inside `parameters`. With the sizes of the space the
        multiplicities add up to n d (checked); with others the spectrum is formal.

    Raises:
        InvalidProblem: sizes or parameters that do not fit the space; a formal size between 1 and 2.
        InsufficientPrecision: a row could not be proved not 0, or an entry has no finite enclosure.

    Reference:
        See `symbolic.teacher.isotypic.isotypic_blocks` and `symbolic.exact.eigenvalues.eigenvalue_enclosures`.
    """
    blocks = isotypic_blocks(space, sizes, parameters)
    parts = [IrrepEigenvalues(block.irrep, block.multiplicity, eigenvalue_enclosures(block.matrix)) for block in blocks]
    result = Spectrum(tuple(parts))
    if sizes is None:
        assert sum(part.copies * len(part.eigenvalues) for part in parts) == space.width * space.inputs
    return result


def approximate_spectrum(
    space: FixedSpace, sizes: Sequence[float] | None, parameters: Sequence[float]
) -> list[tuple[str, float, list[float]]]:
    """The spectrum in floating point: irrep, multiplicity, eigenvalues. Nothing is proved of it."""
    import numpy as np

    real_sizes = None if sizes is None else [arb(size) for size in sizes]
    result = []
    for block in isotypic_blocks(space, real_sizes, [arb(value) for value in parameters]):
        matrix = np.array([[float(entry.mid()) for entry in row] for row in block.matrix])
        values = [float(value) for value in np.linalg.eigvalsh(matrix)]
        result.append((block.irrep, float(block.multiplicity.mid()), values))
    return result


@dataclass(frozen=True)
class SplittingCurvature:
    """Second variation of the loss when one neuron is split.

    Splitting row w into lam w + e u and (1 - lam) w - e u leaves the network unchanged at e = 0, and there
    d2L/de2 = u^T (H - I/2) u / (lam (1 - lam)) with H the block of w in the Hessian, for 0 < lam < 1.

    Attributes:
        parts: eigenvalues of H - I/2 on the complement of w, by irreps of the stabilizer of the row: `t`, `s<a>` for
            the columns of block a other than the row's own teacher, `e:t` for the inputs no teacher uses. w itself
            is a null vector: it moves lam only.
        smallest: an enclosure of the smallest of them.
    """

    parts: tuple[IrrepEigenvalues, ...]
    smallest: arb

    @property
    def strict_saddle(self) -> Verdict:
        """YES: splitting a critical point here gives a critical point whose Hessian has a negative eigenvalue.
        NO: no direction of this split has negative curvature, which says nothing of other directions."""
        if self.smallest < 0:
            return Verdict.YES
        return Verdict.NO if self.smallest > 0 else Verdict.UNDECIDED


def splitting_curvature(
    space: FixedSpace, sizes: Sequence[RealSize] | None, parameters: Sequence[arb], row_class: int
) -> SplittingCurvature:
    """Eigenvalues of H_ii - I/2 on the complement of w_i, for a row w_i of the given class.

    Args:
        space, sizes, parameters: as in `spectrum`.
        row_class: index into `space.row_classes`: the matched blocks, then the extra rows.

    Returns:
        The eigenvalues by irreps with their multiplicities (d - 1 in all), and the smallest.

    Guarantee:
        Each ball holds its eigenvalue for every point inside `parameters`.

    Raises:
        InvalidProblem, InsufficientPrecision: as in `spectrum`; IndexError: no such class.

    Reference:
        With w' + w'' fixed the parallel pieces have H12 = I/2 and H_ww' = I/2 + (H - I/2)/lam, H_w''w'' likewise with
        1 - lam, so the second variation is u^T (H_w'w' + H_w''w'' - I) u, as stated. H w = w/2 because H11(w, v) w = 0.
    """
    entries = HessianEntries(space, sizes, parameters)
    rows, block = entries.rows[row_class], entries.diagonal(row_class)
    roots = [size.sqrt() for size in block.sizes]
    half = arb(1) / 2
    fixed = [
        [roots[i] * roots[j] * common + (block.diagonal[i] - half if i == j else 0) for j, common in enumerate(row)]
        for i, row in enumerate(block.common)
    ]
    values = []
    for column in block.columns:
        index = rows.own if column.owner == FIRST else rows.off[column.block]
        assert index is not None
        values.append(entries.parameters[index])
    weighted = [root * value for root, value in zip(roots, values, strict=True)]
    parts = []
    if len(weighted) > 1:
        parts.append(IrrepEigenvalues("t", arb(1), eigenvalue_enclosures(_on_complement(fixed, weighted))))
    for column, size, diagonal in zip(block.columns, block.sizes, block.diagonal, strict=True):
        if not (size - 1).is_zero():
            parts.append(IrrepEigenvalues(f"s{column.block}", size - 1, (diagonal - half,)))
    if space.inputs > space.teachers:
        parts.append(IrrepEigenvalues("e:t", arb(space.inputs - space.teachers), (block.unused - half,)))
    return SplittingCurvature(tuple(parts), _smallest(value for part in parts for value in part.eigenvalues))


def _on_complement(matrix: Sequence[Sequence[arb]], vector: Sequence[arb]) -> list[list[arb]]:
    """The symmetric matrix on the orthogonal complement of an eigenvector, by a Householder reflection."""
    size = len(vector)
    length = arb(0)
    for value in vector:
        length += value * value
    length = length.sqrt()
    # Reflect the largest entry's axis onto the vector, with the sign that avoids cancellation.
    pivot = max(range(size), key=lambda i: float(abs(vector[i]).mid()))
    normal = list(vector)
    normal[pivot] += length if float(vector[pivot].mid()) > 0 else -length
    square = arb(0)
    for value in normal:
        square += value * value
    reflection = arb_mat([[int(i == j) - 2 * normal[i] * normal[j] / square for j in range(size)] for i in range(size)])
    turned = (reflection * arb_mat([list(row) for row in matrix]) * reflection).tolist()
    rest = [i for i in range(size) if i != pivot]
    return [[turned[i][j] for j in rest] for i in rest]


def _smallest(values: Iterable[arb]) -> arb:
    result: arb | None = None
    for value in values:
        result = value if result is None else result.min(value)
    if result is None:
        raise InsufficientPrecision("there is no eigenvalue")
    return result


def _integer(value: arb) -> int:
    found = value.unique_fmpz()
    if found is None or not value.is_exact():
        raise InsufficientPrecision(f"the multiplicity {value} of a formal spectrum is not an integer")
    return int(found)
