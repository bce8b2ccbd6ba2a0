"""Directions in which a neuron w = b = v = 0 escapes from a critical function.

Let u = (w, b) be a unit vector and G(u) = int_a^b r(x) s(w x + b) dx. A neuron of size rho, (w, b) = rho u and
v = +-rho, grows under the gradient flow as rho' = -+2 G(u) rho while rho is small, and its direction moves to where
|G| is larger. So small neurons end up growing in directions where |G| has a local maximum.

With breakpoint t in (a, b) and orientation s, u = s (1, -t)/sqrt(1 + t^2) and G = (1 - g) P(t)/sqrt(1 + t^2),
P = K + sigma_s M, K(t) = int_a^t (t - x) r dx. So dG/dt = (1 - g) Q(t)/(1 + t^2)^(3/2) with Q = P' (1 + t^2) - t P, a
polynomial on every piece of f. Where the neuron is affine on [a, b], G = w M, or g w M on the leaky side: there only
u = (+-1, 0) can be a maximum of |G|. At t = 0 on an end or on a kink Q vanishes because P' does, and the second order
decides: |G| has a maximum iff (r(0) - P(0)) P(0) < 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import arb

from symbolic.enclosure import arb_of, midpoint, working_precision
from symbolic.errors import Unseparated
from symbolic.exact.simple_roots import derivative, evaluate, simple_roots
from symbolic.interval.located import BITS
from symbolic.interval.realization import RealizedFunction
from symbolic.interval.skeletons import orientations
from symbolic.interval.strata.sites import sites_of


@dataclass(frozen=True)
class EscapeDirection:
    """A unit vector (w, b) at which |G| has a local maximum that is not 0.

    Attributes:
        orientation: the sign of w.
        breakpoint: t = -b/w, a ball; it may lie outside of [a, b].
        weight, bias: w and b, balls.
        strength: G, a ball proved not 0.
    """

    orientation: str
    breakpoint: arb
    weight: arb
    bias: arb
    strength: arb

    @property
    def outer_sign(self) -> int:
        """The sign of v with which the neuron grows: that of -G."""
        return -1 if self.strength > 0 else 1

    @property
    def rate(self) -> arb:
        """The rate 2 |G| at which it grows under theta' = -grad L."""
        with working_precision(BITS):
            return 2 * abs(self.strength)


@dataclass(frozen=True)
class EscapeDirections:
    """All local maxima of |G| but those with G = 0, by orientation and breakpoint, and what could not be decided."""

    directions: tuple[EscapeDirection, ...]
    doubts: tuple[str, ...]


def escape_directions(function: RealizedFunction) -> EscapeDirections:
    """The directions in which dormant neurons escape from a critical function.

    Args:
        function: a critical function that is not the target itself.

    Guarantee: without doubts, the list holds every local maximum of |G| on the circle with G != 0, each in a ball that
    holds no other critical direction, and nothing else.

    Reference: the formulas of the module; for data sets the same step from small initialization is that of Boursier,
    Pillaud-Vivien and Flammarion (2022).
    """
    with working_precision(BITS + 64):
        return _Finder(function).run()


class _Finder:
    def __init__(self, function: RealizedFunction) -> None:
        self.function = function
        self.leak = function.problem.leak
        self.values = function.balls
        self.residuals = function.residual_polynomials(function.balls, arb_of)
        self.sigma = orientations(self.leak)
        self.sites = sites_of(function)
        self.domain = function.problem.domain
        self.ends = [arb_of(self.domain[0]), *self.values.kinks, arb_of(self.domain[1])]
        self.found: list[EscapeDirection] = []
        self.doubts: list[str] = []

    def run(self) -> EscapeDirections:
        for mark in "+-":
            for piece in range(len(self.residuals)):
                try:
                    self._search(piece, mark)
                except Unseparated as error:
                    left, right = (float(end.mid()) for end in self.ends[piece : piece + 2])
                    place = f"({left:.6g}, {right:.6g})"
                    self.doubts.append(f"escape directions {mark} with a breakpoint in {place}: {error}")
            try:
                self._axis(mark)
            except Unseparated as error:
                self.doubts.append(f"the escape direction w = {mark}1, b = 0: {error}")
        self.found.sort(key=lambda one: (one.orientation == "-", midpoint(one.breakpoint)))
        return EscapeDirections(tuple(self.found), tuple(self.doubts))

    def _excess(self, end: int, mark: str) -> Fraction:
        """P/M at an end of a piece: sigma_s - (-K/M); 0 for class A, where K and M are 0 there."""
        if self.function.is_class_a:
            return Fraction(0)
        pattern = self.function.record.pattern or ""
        if end == 0:
            level = Fraction(0)
        elif end == len(self.residuals):
            level = Fraction(1)
        else:
            level = self.sigma[pattern[end - 1]]
        return self.sigma[mark] - level

    def _is_origin(self, end: int) -> bool:
        """Whether an end of a piece is 0; raises where that is not decided."""
        if end in (0, len(self.residuals)):
            return self.domain[0 if end == 0 else 1] == 0
        if not self.ends[end].contains(0):
            return False
        if self.function.exact is None:
            raise Unseparated("a kink at 0 or too close to it")
        return self.function.exact.kinks[end - 1].is_zero()

    def _multiplicity(self, piece: int, mark: str, *, right: bool) -> int:
        """Multiplicity of the root of Q at an end of a piece; P' vanishes there."""
        end = piece + int(right)
        if self._excess(end, mark) == 0:
            near = self.function.near_end(piece, right=right)
            if near is None:
                raise Unseparated("how the residual vanishes at an end of the piece is not known")
            return near.order + 1
        return int(self._is_origin(end))  # a multiple root is not divided out, and then raises later

    def _search(self, piece: int, mark: str) -> None:
        left, length = self.ends[piece], self.ends[piece + 1] - self.ends[piece]
        lead = self.values.moment * arb_of(self._excess(piece, mark)) if self._excess(piece, mark) else arb(0)
        tail = [value / ((j + 1) * (j + 2)) for j, value in enumerate(self.residuals[piece])]
        potential = [lead, arb(0), *tail]
        low = self._multiplicity(piece, mark, right=False)
        high = self._multiplicity(piece, mark, right=True)
        slope = _product(derivative(potential), [1 + left * left, 2 * left, arb(1)])
        turning = _difference(slope, _product(potential, [left, arb(1)]))[low:]
        for _ in range(high):
            turning = _without_root(turning, length)
        if all(value.contains(0) for value in turning):
            raise Unseparated("the derivative may vanish identically")
        slopes = derivative(turning)
        roots = simple_roots(turning, length)
        silent = self._silent(piece, mark, roots)
        for number, root in enumerate(roots):
            if number in silent:
                continue
            # Q = y^low (y - length)^high R, and y - length < 0: the sign of Q' at a root of R.
            bend = evaluate(slopes, root)
            height = evaluate(potential, root)
            if height.contains(0) or bend.contains(0):
                raise Unseparated("G may be 0 at an extremum")
            if ((bend > 0) == (high % 2 == 0)) != (height > 0):
                self._add(mark, left + root, height)

    def _silent(self, piece: int, mark: str, roots: Sequence[arb]) -> set[int]:
        """Numbers of the roots that are virtual sites, where P = P' = 0: a virtual site inside the piece is a root of
        Q, so it is the one root whose ball meets its own."""
        found = set()
        for site in self.sites.virtual:
            after = site.position - self.ends[piece], self.ends[piece + 1] - site.position
            if mark in site.orientations and all(distance > 0 for distance in after):
                meeting = [i for i, root in enumerate(roots) if root.overlaps(after[0])]
                if len(meeting) != 1:
                    raise Unseparated("a virtual site is too close to another extremum")
                found.add(meeting[0])
        return found

    def _axis(self, mark: str) -> None:
        """u = (+-1, 0) where it is not a direction inside a piece."""
        a, b = self.domain
        moment, sign = self.values.moment, 1 if mark == "+" else -1
        if self.function.is_class_a:
            return  # G vanishes there if t = 0 is a kink, an end or outside
        if a > 0 or b < 0:
            factor = Fraction(1) if (a > 0) == (sign > 0) else self.leak
            if factor:
                # G = factor * sign * M, written as (1 - g) P with t = 0.
                self._add(mark, arb(0), moment * arb_of(factor * sign / (1 - self.leak)))
            return
        for end in range(len(self.ends)):
            excess = self._excess(end, mark)
            if excess and self._is_origin(end):
                height = moment * arb_of(excess)
                piece = min(end, len(self.residuals) - 1)
                at = arb(0) if end == piece else self.ends[end] - self.ends[piece]
                bend = (evaluate(self.residuals[piece], at) - height) * height
                if bend.contains(0):
                    raise Unseparated("the second derivative of G may be 0")
                if bend < 0:
                    self._add(mark, arb(0), height)

    def _add(self, mark: str, place: arb, height: arb) -> None:
        size = (1 + place * place).sqrt()
        weight = (1 if mark == "+" else -1) / size
        strength = arb_of(1 - self.leak) * height / size
        self.found.append(EscapeDirection(mark, place, weight, -weight * place, strength))


def _product(p: Sequence[arb], q: Sequence[arb]) -> list[arb]:
    found = [arb(0)] * (len(p) + len(q) - 1)
    for i, one in enumerate(p):
        for j, other in enumerate(q):
            found[i + j] += one * other
    return found


def _difference(p: Sequence[arb], q: Sequence[arb]) -> list[arb]:
    size = max(len(p), len(q))
    padded = [[*values, *[arb(0)] * (size - len(values))] for values in (p, q)]
    return [one - other for one, other in zip(*padded, strict=True)]


def _without_root(polynomial: Sequence[arb], root: arb) -> list[arb]:
    """The quotient by (y - root), whose remainder is known to be 0."""
    quotient = [polynomial[-1]]
    for coefficient in reversed(polynomial[1:-1]):
        quotient.append(quotient[-1] * root + coefficient)
    return quotient[::-1]
