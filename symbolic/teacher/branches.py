"""Where along a named family, in real k, an eigenvalue of the Hessian changes sign.

The family is followed by `symbolic.teacher.continuation`. On each piece of it and for each irrep it is proved either
that the block of the Hessian is regular, so its numbers of negative and positive eigenvalues do not change, or that it
is singular at exactly one k, where one eigenvalue passes through 0 with nonzero speed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from flint import arb, arb_mat, arb_series

from symbolic.enclosure import Ball, arb_of, midpoint, working_precision
from symbolic.errors import InsufficientPrecision, InvalidProblem
from symbolic.exact.eigenvalues import eigenvalue_enclosures
from symbolic.problem import Completeness, CompletenessStatus, Kind
from symbolic.teacher.continuation import BITS, TERMS, Branch, Segment, prove_segment
from symbolic.teacher.families import HIGHEST, Family, branch_of
from symbolic.teacher.formal_blocks import formal_block, irreps
from symbolic.teacher.isotypic import isotypic_blocks
from symbolic.teacher.spectrum import spectrum
from symbolic.teacher.taylor import (
    Matrix,
    TaylorArithmetic,
    expand,
    multiply,
    series_inverse,
    series_terms,
    taylor_model,
    unit_range,
)

CROSSING_BITS = 120
"""k is enclosed to 2^-CROSSING_BITS."""
MARGIN = Fraction(1, 64)
"""How near the end of a family its spectrum is followed."""
NARROWEST = Fraction(1, 2**24)
"""Intervals relative to k in which a sign change that resists is given up."""
MOST_OPEN = 8
"""After so many of them the search for crossings is given up."""
DEFAULT_HIGH = 1000


@dataclass(frozen=True)
class BranchCrossing:
    """An eigenvalue that changes sign.

    Attributes:
        name: of the family.
        isotropy: its group, with the symbol k.
        irrep: the irrep of the eigenvalue, whose eigenvectors are as many as its dimension.
        k: where it vanishes.
        kind_from, kind_to: what the points of the family are just below and just above k.
    """

    name: str
    isotropy: str
    irrep: str
    k: Ball
    kind_from: Kind
    kind_to: Kind


@dataclass(frozen=True)
class Minima:
    """Integers first <= k <= last at which the family is proved to be a local minimum of positive loss."""

    first: int
    last: int


@dataclass(frozen=True)
class BranchReport:
    """What is proved of a family over an interval of real k.

    Attributes:
        name, isotropy: of the family.
        low, high: the interval followed.
        crossings: all sign changes found, by k.
        completeness: PROVED_IN_BOX where these are all of the interval, else UNDECIDED with the reason.
        minima: the integers of the interval where it is a spurious minimum.
        end: what happens at the lower end.
    """

    name: str
    isotropy: str
    low: Fraction
    high: Fraction
    crossings: tuple[BranchCrossing, ...]
    completeness: Completeness
    minima: tuple[Minima, ...]
    end: str

    @property
    def statement(self) -> str:
        """For which integers k of the interval the family is proved to be a spurious minimum, in one sentence."""
        runs = " and ".join(f"{run.first} <= k <= {run.last}" for run in self.minima) or "no k proved"
        return f"family {self.name} is a spurious local minimum for {runs}, k an integer from {ceil(self.low)} on"


def follow(name: str, high: int = DEFAULT_HIGH) -> BranchReport:
    """Follow a family from its end up to k = high, with all changes of sign in its spectrum.

    Args:
        name: "A", "I", "II", "I_2", "II_2", ...
        high: the largest k, an integer.

    Returns:
        The crossings with their completeness.

    Guarantee:
        Between `low` and `high` the family is one analytic curve of nondegenerate zeros of the equations: it has no
        fold, and no other branch meets it in its fixed spaces. Each crossing lies in its ball, is simple, and is the
        only one of its irrep nearby. With completeness PROVED_IN_BOX there are no others. Kinds are proved.

    Raises:
        InvalidProblem: no such family; `high` not an integer between its start and `HIGHEST`.
        InsufficientPrecision: no part of the branch could be followed.

    Reference:
        Taylor's formula with remainder in balls; Krawczyk's operator, uniformly in k (`prove_segment`); for a symmetric
        block M bordered by a vector v, the solution of M w + g v = 0, <v, w> = 1 has g' = -<w, M' w> and
        g = 0 exactly where M is singular.
    """
    family = Family.parse(name)
    if isinstance(high, bool) or not isinstance(high, int) or not family.curve.end + 1 < high <= HIGHEST:
        raise InvalidProblem(f"family {name} is followed up to an integer k from {family.curve.end + 2} to {HIGHEST}")
    branch = branch_of(name)
    branch.reach(Fraction(high))
    branch.reach(family.curve.end + MARGIN)
    bottom, top = max(branch.low, family.curve.end + MARGIN), min(branch.high, Fraction(high))
    crossings: list[tuple[_Place, str]] = []
    open_places: list[str] = []
    for irrep in irreps(family.curve.space):
        if irrep == "t":
            continue
        # y exists where the growing block is larger than 3.
        start = max(bottom, Fraction(family.curve.end + 1)) if irrep == "y0" else bottom
        for place in _singular_places(branch, irrep, start, top):
            if place.simple:
                crossings.append((place, irrep))
            else:
                open_places.append(f"{irrep} at {float(place.low):.9g} <= k <= {float(place.high):.9g}")
            if len(open_places) >= MOST_OPEN:
                break
    crossings.sort(key=lambda item: item[0].low)
    with working_precision(BITS):
        listed = [_crossing(family, branch, place, irrep) for place, irrep in crossings]
        end = _end_of(branch, family)
        minima = _minima(family, branch, [place for place, _ in crossings], open_places, bottom, top)
    return BranchReport(
        family.name,
        family.isotropy,
        bottom,
        top,
        tuple(listed),
        _completeness(family, bottom, top, high, open_places),
        minima,
        end,
    )


@dataclass(frozen=True)
class _Place:
    """An interval with exactly one, simple crossing of an irrep, or one where nothing was decided."""

    low: Fraction
    high: Fraction
    simple: bool


def _singular_places(branch: Branch, irrep: str, low: Fraction, high: Fraction) -> Iterator[_Place]:
    for segment in branch.segments:
        left, right = max(segment.low, low), min(segment.high, high)
        if left < right:
            yield from _search(segment, irrep, left, right)


def _search(segment: Segment, irrep: str, low: Fraction, high: Fraction) -> Iterator[_Place]:
    """The places inside [low, high] where the block of the irrep is singular, by bisection."""
    with working_precision(BITS):
        if _is_regular(segment, irrep, low, high):
            return
        if (high - low) * 16 < low and _is_one_crossing(segment, irrep, low, high):
            yield _Place(low, high, simple=True)
            return
    if high - low < NARROWEST * low:
        yield _Place(low, high, simple=False)
        return
    if (high - low) * 4 < segment.high - segment.low:
        # Near a crossing the width of the box counts: prove a narrower one.
        segment = _narrowed(segment, low, high)
    # Not the middle: a crossing at a round number should not fall on an end.
    cut = low + (high - low) * Fraction(61, 128)
    yield from _search(segment, irrep, low, cut)
    yield from _search(segment, irrep, cut, high)


def _narrowed(segment: Segment, low: Fraction, high: Fraction) -> Segment:
    """A segment over [low, high] with the same zeros, or the segment itself."""
    center = (low + high) / 2
    with working_precision(BITS):
        found = prove_segment(segment.curve, center, (high - low) / 2, segment.box(center))
        if found is not None:
            try:
                if found.holds(center, _point(segment, center, BITS // 2)):
                    return found
            except InsufficientPrecision:
                pass
    return segment


def _is_regular(segment: Segment, irrep: str, low: Fraction, high: Fraction) -> bool:
    """Whether the block is proved to be regular all over [low, high]: Z M is near the identity for an approximate Z."""
    at = segment.series(low, high)
    space = segment.curve.space

    def form(terms: int, u: arb) -> Matrix:
        sizes, x = at(terms, u)
        return formal_block(space, sizes, x, TaylorArithmetic(terms), irrep).form

    try:
        with series_terms(TERMS):
            middle = form(TERMS, arb(0))
            approximate = [[entry.coeffs() for entry in row] for row in series_inverse(middle, TERMS)]

        def products(terms: int, u: arb) -> list[arb_series]:
            inverse = [
                [arb_series(expand(entry, u, min(terms, len(entry))), terms) for entry in row] for row in approximate
            ]
            return [entry for row in multiply(inverse, form(terms, u)) for entry in row]

        found = [unit_range(model) for model in taylor_model(products, TERMS)]
    except (InsufficientPrecision, ZeroDivisionError, ValueError):
        return False
    size = len(approximate)
    sums = [sum((abs(int(i == j) - found[i * size + j]) for j in range(size)), arb(0)) for i in range(size)]
    return all(bool(total < 1) for total in sums)


def _is_one_crossing(segment: Segment, irrep: str, low: Fraction, high: Fraction) -> bool:
    """Whether exactly one eigenvalue vanishes in [low, high], once, and passes through 0 with nonzero speed."""
    try:
        counts = [_negative(segment, irrep, k) for k in (low, high)]
        if abs(counts[0] - counts[1]) != 1:
            return False
        with series_terms(2):
            sizes, x = segment.tangents(low, high)
            form = formal_block(segment.curve.space, sizes, x, TaylorArithmetic(2), irrep).form
            values = [[entry[0] for entry in row] for row in form]
            slopes = [[entry[1] for entry in row] for row in form]
        size = len(form)
        vector = _null_vector(values)
        bordered = [[*row, v] for row, v in zip(values, vector, strict=True)] + [[*vector, arb(0)]]
        solution = arb_mat(bordered).solve(arb_mat(size + 1, 1, [0] * size + [1]))
    except (InsufficientPrecision, InvalidProblem, ZeroDivisionError, ValueError):
        return False
    speed = arb(0)
    for i in range(size):
        for j in range(size):
            speed += solution[i, 0] * slopes[i][j] * solution[j, 0]
    return bool(speed > 0) or bool(speed < 0)


def _null_vector(matrix: Sequence[Sequence[arb]]) -> list[arb]:
    """An approximate eigenvector of the eigenvalue nearest to 0 (nothing is proved of it)."""
    import numpy as np

    values, vectors = np.linalg.eigh(np.array([[float(entry.mid()) for entry in row] for row in matrix]))
    return [arb(float(value)) for value in vectors[:, int(np.argmin(abs(values)))]]


def _point(segment: Segment, k: Fraction, accuracy: int) -> list[arb]:
    center, half = segment.point(k, accuracy)
    return [arb_of(value, half) for value in center]


def _block(segment: Segment, irrep: str, k: Fraction, accuracy: int) -> list[list[arb]]:
    blocks = isotypic_blocks(segment.curve.space, segment.curve.sizes(k), _point(segment, k, accuracy))
    for block in blocks:
        if block.irrep == irrep:
            return [list(row) for row in block.matrix]
    raise InsufficientPrecision(f"there is no {irrep} at k = {k}")


def _negative(segment: Segment, irrep: str, k: Fraction) -> int:
    """The number of negative eigenvalues of an irrep at k, proved.

    Raises:
        InsufficientPrecision: an eigenvalue could not be told from 0.
    """
    values = eigenvalue_enclosures(_block(segment, irrep, k, BITS // 2))
    if any(value.contains(0) for value in values):
        raise InsufficientPrecision("an eigenvalue could not be told from 0")
    return sum(bool(value < 0) for value in values)


def _crossing(family: Family, branch: Branch, place: _Place, irrep: str) -> BranchCrossing:
    segment = next(part for part in branch.segments if part.low <= place.low and place.high <= part.high)
    kinds = [_kind(segment, k) for k in (place.low, place.high)]
    return BranchCrossing(family.name, family.isotropy, irrep, _sharpened(segment, irrep, place), kinds[0], kinds[1])


def _sharpened(segment: Segment, irrep: str, place: _Place) -> Ball:
    """The ball of radius 2^-CROSSING_BITS that the determinant's change of sign proves to hold the crossing.

    Raises:
        InsufficientPrecision: no change of sign was found at the ends of such a ball.
    """
    accuracy = CROSSING_BITS + 80

    def determinant(k: Fraction) -> arb:
        with working_precision(accuracy + 32):
            return arb(arb_mat(_block(segment, irrep, k, accuracy)).det())

    grid, ball = 2 ** (CROSSING_BITS + 8), Fraction(1, 2**CROSSING_BITS)
    (old, guess), (f_old, f) = (place.low, place.high), (determinant(place.low), determinant(place.high))
    for _ in range(40):
        a, b = midpoint(f_old), midpoint(f)
        if a == b:
            break
        # The secant, kept in the interval.
        following = Fraction(round((old * b - guess * a) / (b - a) * grid), grid)
        following = min(max(following, place.low), place.high)
        if abs(following - guess) < ball / 4:
            ends = [determinant(following - ball), determinant(following + ball)]
            if (ends[0] > 0 and ends[1] < 0) or (ends[0] < 0 and ends[1] > 0):
                return Ball(following, ball)
            break
        old, f_old, guess, f = guess, f, following, determinant(following)
    raise InsufficientPrecision(f"the crossing of {irrep} near k = {float(guess):.6f} was not enclosed")


def _kind(segment: Segment, k: Fraction) -> Kind:
    """What the formal critical point at k is, by the signs of all its eigenvalues."""
    values = spectrum(segment.curve.space, segment.curve.sizes(k), _point(segment, k, BITS // 2))
    signs = [value for part in values.parts for value in part.eigenvalues]
    if any(bool(value < 0) for value in signs):
        return Kind.STRICT_SADDLE
    return Kind.LOCAL_MINIMUM if all(bool(value > 0) for value in signs) else Kind.UNDECIDED


def _minima(
    family: Family, branch: Branch, places: Sequence[_Place], open_places: Sequence[str], low: Fraction, high: Fraction
) -> tuple[Minima, ...]:
    """The integers in [low, high] where the family is a spurious minimum.

    Between two crossings one integer decides for all. Integers next to a crossing, and those where the growing block
    has at most 3 rows (an irrep is missing there), are looked at one by one.
    """
    if open_places or not _loss_is_positive(branch, low, high):
        return ()
    start, last = family.curve.end + 2, floor(high)
    runs = [(k, k) for k in range(ceil(low), min(start, last + 1))]
    for place in places:
        runs.append((start, min(floor(place.low), last)))
        runs += [(k, k) for k in range(max(ceil(place.low), start), min(floor(place.high), last) + 1)]
        start = max(start, ceil(place.high))
    runs.append((start, last))
    found = []
    for first, final in runs:
        if first <= final and _kind(branch.at(Fraction(first)), Fraction(first)) is Kind.LOCAL_MINIMUM:
            found.append(Minima(first, final))
    return tuple(_joined(sorted(set(found), key=lambda item: (item.first, item.last))))


def _joined(ranges: Sequence[Minima]) -> list[Minima]:
    result: list[Minima] = []
    for item in ranges:
        if result and result[-1].last + 1 >= item.first:
            result[-1] = Minima(result[-1].first, max(result[-1].last, item.last))
        else:
            result.append(item)
    return result


def _loss_is_positive(branch: Branch, low: Fraction, high: Fraction) -> bool:
    """Whether some coordinate is proved to be neither 0 nor 1 on each segment.

    The loss of k rows vanishes only where they are the k teachers: kinks of the two networks lie on the same
    hyperplanes, so each row is a multiple of its own teacher, by 1 or -1, and -1 would leave a linear term.
    """
    for segment in branch.segments:
        if segment.low < high and low < segment.high:
            ranges = [
                unit_range(line) + arb(0, 1) * radius
                for line, radius in zip(segment.coefficients, segment.radii, strict=True)
            ]
            if all(value.contains(0) or value.contains(1) for value in ranges):
                return False
    return True


def _completeness(
    family: Family, low: Fraction, high: Fraction, wanted: int, open_places: Sequence[str]
) -> Completeness:
    reached = f"{float(low):.6g} <= k <= {float(high):.6g}"
    if open_places:
        return Completeness(CompletenessStatus.UNDECIDED, f"no proof for {', '.join(open_places)}")
    if high < wanted or low > family.curve.end + MARGIN:
        return Completeness(CompletenessStatus.UNDECIDED, f"the branch could be followed for {reached} only")
    return Completeness(
        CompletenessStatus.PROVED_IN_BOX,
        f"the Hessian is regular on every irrep for all real k with {reached}, but at the crossings listed",
    )


def _end_of(branch: Branch, family: Family) -> str:
    """What happens where the growing block has 2 rows.

    There the rows of that block can be exchanged, and family A, written that way, lies in the fixed spaces of II_q: if
    its point is in a box that holds one zero, the two families meet.
    """
    end = Fraction(family.curve.end)
    limit = f"at k = {end} the growing block has 2 rows; the formal continuation to smaller k is not followed"
    if family.letter != "II" or not branch.reach(end):
        return limit
    try:
        center, half = branch_of("A").point(end, BITS // 2)
    except InsufficientPrecision:
        return limit
    own, beside = (arb_of(value, half) for value in center)
    image = [own if name in ("B00", "A1") else beside for name in family.curve.space.names]
    if branch.at(end).holds(end, image):
        return f"at k = {end} it meets family A, with the rows of the block of 2 exchanged (proved)"
    return limit
