"""Where on [a, b] a breakpoint may sit at a critical point of a given function.

With K(t) = int_a^t (t - x) r dx and sigma_+ = 1/(1-g), sigma_- = -g/(1-g), a neuron of orientation s with breakpoint t
in (a, b) is critical with v = 0 iff K(t) = -sigma_s M, and with any v iff also K'(t) = 0. So the sites are

- the kinks, where both hold (class B: for the orientation of the kink; class A, M = 0: for both);
- *virtual* sites, where both hold and f has no kink: neurons there cancel;
- *flat* sites, where only the first holds: v = 0.

On the piece that starts at u, K(t) = K(u) + (t-u)^2 R(t-u) with R of the degree of the target, because K'(u) = 0.
Where K(u) = -sigma_s M is known (u a kink of this orientation, or u = a and sigma_s M = 0) the factor (t-u)^2 is
divided out, and likewise at the right end, so that the remaining polynomial has only the sites inside. If r, which is
K'', vanishes there too (proved exactly, with its order), so many more roots at the end are divided out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from flint import arb

from symbolic.enclosure import arb_of, midpoint, working_precision
from symbolic.errors import Unseparated
from symbolic.exact.number_field import FieldElement
from symbolic.exact.simple_roots import evaluate, simple_roots, squarefree_split
from symbolic.interval.located import BITS
from symbolic.interval.realization import RealizedFunction
from symbolic.interval.skeletons import T, orientations


class SiteKind(StrEnum):
    KINK = "kink"
    VIRTUAL = "virtual"
    FLAT = "flat"


@dataclass(frozen=True, eq=False)
class Site:
    """A place for breakpoints: its kind, number (from 1, from left to right within the kind), place and orientations.

    `position` is a ball; `exact` the same number in the field of the function where it lies there. `residual_sign` is
    the sign of r there, or None where it could not be proved not 0.
    """

    kind: SiteKind
    number: int
    orientations: str
    position: arb
    exact: FieldElement | None
    residual_sign: int | None


@dataclass(frozen=True)
class Sites:
    """All sites of a function, or what could not be decided about them."""

    kinks: tuple[Site, ...]
    virtual: tuple[Site, ...]
    flat: tuple[Site, ...]
    doubts: tuple[str, ...]

    @property
    def all(self) -> tuple[Site, ...]:
        return self.kinks + self.virtual + self.flat


def sites_of(function: RealizedFunction) -> Sites:
    """The sites of a function that is not the target itself.

    Guarantee: without doubts, every breakpoint of a differentiable critical point over the function that lies in (a,
    b) is at one of the sites, with one of its orientations, and has v = 0 if the site is flat.
    """
    with working_precision(BITS + 64):
        return _Finder(function).run()


class _Finder:
    def __init__(self, function: RealizedFunction) -> None:
        self.function = function
        self.values = function.balls
        self.residuals = function.residual_polynomials(function.balls, arb_of)
        self.sigma = orientations(function.problem.leak)
        self.ends = [arb_of(function.problem.domain[0]), *self.values.kinks, arb_of(function.problem.domain[1])]
        self.doubts: list[str] = []
        self.found: list[tuple[SiteKind, str, arb, FieldElement | None, int | None]] = []

    def run(self) -> Sites:
        pattern = self.function.record.pattern
        kinks = []
        for i, position in enumerate(self.values.kinks):
            exact = None if self.function.exact is None else self.function.exact.kinks[i]
            marks = "+-" if pattern is None else pattern[i]
            kinks.append(Site(SiteKind.KINK, i + 1, marks, position, exact, _sign(self.residuals[i + 1][0])))
        for piece in range(len(self.residuals)):
            for marks in ("+-",) if self.function.is_class_a else ("+", "-"):
                self._search(piece, marks)
        self.found.sort(key=lambda item: midpoint(item[2]))
        by_kind: dict[SiteKind, list[Site]] = {SiteKind.VIRTUAL: [], SiteKind.FLAT: []}
        for kind, marks, position, exact, sign in self.found:
            rows = by_kind[kind]
            rows.append(Site(kind, len(rows) + 1, marks, position, exact, sign))
        return Sites(tuple(kinks), tuple(by_kind[SiteKind.VIRTUAL]), tuple(by_kind[SiteKind.FLAT]), tuple(self.doubts))

    def _level(self, end: int) -> Fraction:
        """-K/M at an end of a piece: sigma of the kink, 0 at a, 1 at b (K(b) = -M); 0 throughout for class A."""
        pattern = self.function.record.pattern
        if pattern is None or end == 0:
            return Fraction(0)
        if end == len(self.residuals):
            return Fraction(1)
        return self.sigma[pattern[end - 1]]

    def _search(self, piece: int, marks: str) -> None:
        sigma = Fraction(0) if self.function.is_class_a else self.sigma[marks]
        left, right = self._level(piece), self._level(piece + 1)
        start, stop = self.ends[piece], self.ends[piece + 1]
        length = stop - start
        shift = sigma - left
        known = KnownRoots(
            2 + self._order(piece, right=False) if left == sigma else 0,
            2 + self._order(piece, right=True) if right == sigma else 0,
        )
        reduced = _reduced(self.residuals[piece], self.values.moment, arb_of, shift, known, length)
        try:
            simple, multiple, simple_exact = self._parts(piece, shift, known, reduced)
            for kind, polynomial in ((SiteKind.FLAT, simple), (SiteKind.VIRTUAL, multiple)):
                if len(polynomial) > 1:
                    for root in simple_roots(polynomial, length):
                        exact = self._linear_root(piece, kind, simple_exact)
                        sign = _sign(evaluate(self.residuals[piece], root))
                        self.found.append((kind, marks, start + root, exact, sign))
        except Unseparated as error:
            place = f"({float(start.mid()):.6g}, {float(stop.mid()):.6g})"
            self.doubts.append(f"the sites of orientation {' or '.join(marks)} in {place}: {error}")

    def _order(self, piece: int, *, right: bool) -> int:
        """Order of the zero of r at an end of a piece; 0 also where it is not known (the search then says so)."""
        near = self.function.near_end(piece, right=right)
        return 0 if near is None else near.order

    def _parts(
        self, piece: int, shift: Fraction, known: KnownRoots, reduced: list[arb]
    ) -> tuple[list[arb], list[arb], tuple[list[FieldElement], list[FieldElement]] | None]:
        """The polynomial split into simple and multiple roots; only exact arithmetic can tell that a root is
        multiple."""
        exact = self.function.exact
        field = self.function.solution.field
        if exact is None or field is None:
            return reduced, [], None
        polynomials = self.function.residual_polynomials(exact, field.lift)
        domain = self.function.problem.domain
        ends = [field.lift(domain[0]), *exact.kinks, field.lift(domain[1])]
        length = ends[piece + 1] - ends[piece]
        whole = _reduced(polynomials[piece], exact.moment, field.lift, shift, known, length)
        while whole and whole[-1].is_zero():
            whole.pop()
        simple, multiple = squarefree_split(whole)
        return [e.enclose(BITS) for e in simple], [e.enclose(BITS) for e in multiple], (simple, multiple)

    def _linear_root(
        self, piece: int, kind: SiteKind, parts: tuple[list[FieldElement], list[FieldElement]] | None
    ) -> FieldElement | None:
        """The exact place of the root if its polynomial is linear over the field of the function."""
        exact = self.function.exact
        if parts is None or exact is None:
            return None
        polynomial = parts[0] if kind is SiteKind.FLAT else parts[1]
        if len(polynomial) != 2:
            return None
        field = polynomial[0].field
        start = exact.kinks[piece - 1] if piece else field.lift(self.function.problem.domain[0])
        return start - polynomial[0] / polynomial[1]


class KnownRoots(NamedTuple):
    """Multiplicities of the roots of K + sigma M at the two ends of a piece; 0 where it does not vanish."""

    left: int
    right: int


def _reduced(
    residual: Sequence[T], moment: T, lift: Callable[[Fraction], T], shift: Fraction, known: KnownRoots, length: T
) -> list[T]:
    """K + sigma M on the piece, in powers of the distance from its left end, without the known roots at its ends.

    `shift` is the value of K/M + sigma at the left end.
    """
    polynomial = [coefficient * lift(Fraction(1, (j + 1) * (j + 2))) for j, coefficient in enumerate(residual)]
    if known.left:
        del polynomial[: known.left - 2]
    else:
        polynomial = [moment * lift(shift), lift(Fraction(0)), *polynomial]
    for _ in range(known.right):
        # Division by (y - length), whose remainder is known to be 0.
        quotient = [polynomial[-1]]
        for coefficient in reversed(polynomial[1:-1]):
            quotient.append(quotient[-1] * length + coefficient)
        polynomial = quotient[::-1]
    return polynomial


def _sign(ball: arb) -> int | None:
    if ball.contains(0):
        return None
    return 1 if ball > 0 else -1
