"""Directions of negative second variation at a critical point with neurons at which the loss has no Hessian.

Moved are b of the live neurons, the outer weights, the slope of affine neurons and c; neurons at the ends keep their
breakpoint. With g = d f/d eps along the direction, b_j changing at the rate beta_j and |w_j| = 1,

    L(theta + eps xi) = L(theta) + eps^2 (int g^2 + sum_live (1-g) v_j beta_j^2 r(t_j)) + O(eps^3),

because int r s'(w_j x + b_j) = 0 at a live neuron and int r = int x r = 0 with affine ones. A direction is looked for
in floating point, rounded to a rational one, and the bracket is enclosed in balls at that direction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, pairwise
from math import sqrt

from flint import arb

from symbolic.enclosure import arb_of, midpoint
from symbolic.interval.realization import RealizedFunction
from symbolic.interval.strata.expansions import Expansions, ball_of, scalar_of
from symbolic.interval.strata.roles import RoleKind
from symbolic.interval.strata.sites import Site
from symbolic.interval.strata.strata import Stratum

DENOMINATORS = (2, 8, 64, 4096, 2**24)
"""The direction found, of largest entry 1, is rounded to multiples of 1 over these in turn."""

LEAST = 1e-11
"""Relative size below which an entry of the float elimination is taken for 0; no proof depends on it."""

Line = tuple[arb, arb]
"""A function p + q x on one piece."""


@dataclass(frozen=True)
class Direction:
    """A direction of negative second variation.

    Attributes:
        step: the rate of every parameter that moves.
        slope: the multiple of x that f is moved by besides, by no parameter of `step`.
        form: the coefficient of eps^2, proved negative.
    """

    step: tuple[tuple[str, Fraction], ...]
    slope: Fraction
    form: arb


@dataclass(frozen=True)
class _Move:
    """One coordinate: the derivative of f on every piece, and what the point mass of s'' adds."""

    name: str
    lines: list[Line]
    mass: arb


def negative_direction(
    function: RealizedFunction, near: Expansions, stratum: Stratum, *, with_slope: bool = False
) -> Direction | None:
    """A rational direction in which the second variation is negative.

    Args:
        function: of class A if `with_slope`.
        near: its expansions.
        stratum: over it; the direction is one at its sample point.
        with_slope: let f move in the direction x as well.

    Guarantee: `form` is proved negative. None proves nothing.
    """
    moves = _Moves(function, near, stratum).all(with_slope)
    a, b = function.problem.domain
    ends = _ends(stratum, arb_of(a), arb_of(b))
    matrix = _form_in_floats(moves, ends)
    found = _negative_vector(matrix)
    if found is None:
        return None
    size = max(map(abs, found))
    for denominator in DENOMINATORS:
        vector = [Fraction(round(value / size * denominator), denominator) for value in found]
        form = _form(moves, vector, ends)
        if form < 0:
            return _direction(function, stratum, moves, vector, form)
    return None


def _direction(
    function: RealizedFunction, stratum: Stratum, moves: Sequence[_Move], vector: Sequence[Fraction], form: arb
) -> Direction:
    """The parameters behind the coordinates; a degenerate neuron that carries a slope is active on [a, b]."""
    a, b = function.problem.domain
    rates: dict[str, Fraction] = {}
    slope = Fraction(0)
    for move, value in zip(moves, vector, strict=True):
        if move.name == "x":
            slope = value
        elif move.name.startswith("x"):
            j = int(move.name[1:]) - 1
            v = stratum.sample.v[j]
            assert isinstance(v, Fraction)
            w = value / v
            rates[f"w{j + 1}"], rates[f"b{j + 1}"] = w, -w * (a if w > 0 else b)
            rates["c"] = rates.get("c", Fraction(0)) - v * rates[f"b{j + 1}"]
        else:
            rates[move.name] = rates.get(move.name, Fraction(0)) + value
    return Direction(tuple((name, rate) for name, rate in rates.items() if rate), slope, form)


class _Moves:
    """The coordinates of the direction at the sample point of a stratum."""

    def __init__(self, function: RealizedFunction, near: Expansions, stratum: Stratum) -> None:
        self.function = function
        self.near = near
        self.stratum = stratum
        self.leak = arb_of(function.problem.leak)
        self.sites = _sites(stratum)

    def all(self, with_slope: bool) -> list[_Move]:
        zero, one = arb(0), arb(1)
        pieces = len(self.sites) + 1
        moves: list[_Move] = []
        slope_free = with_slope
        for j, role in enumerate(self.stratum.roles or ()):
            w, b, v = (scalar_of(part[j]) for part in (self.stratum.sample.w, self.stratum.sample.b,
                                                       self.stratum.sample.v))
            if role.site is not None and role.kind in (RoleKind.LIVE, RoleKind.FLAT_AT_SITE):
                factors = self._factors(role.site, role.orientation)
                if role.kind is RoleKind.LIVE:
                    ball = ball_of(v)
                    mass = (1 - self.leak) * ball * ball_of(self.near.residual_at_site(role.site)[0])
                    moves.append(_Move(f"b{j + 1}", [(ball * factor, zero) for factor in factors], mass))
            elif role.kind in (RoleKind.ACTIVE, RoleKind.ACTIVE_END, RoleKind.LEAKY_INACTIVE):
                factors = [self._factor_of_affine(role.kind, role.end, role.orientation)] * pieces
                if role.kind is not RoleKind.ACTIVE_END:
                    moves.append(_Move(f"w{j + 1}", [(zero, ball_of(v) * factor) for factor in factors], zero))
            elif role.kind is RoleKind.ZERO_LIVE and self.function.is_class_a and not slope_free:
                moves.append(_Move(f"x{j + 1}", [(zero, one)] * pieces, zero))
                slope_free = True
                continue
            else:
                continue
            lines = [(factor * ball_of(b), factor * ball_of(w)) for factor in factors]
            moves.append(_Move(f"v{j + 1}", lines, zero))
        if with_slope:
            moves.append(_Move("x", [(zero, one)] * pieces, zero))
        moves.append(_Move("c", [(one, zero)] * pieces, zero))
        return moves

    def _factors(self, site: Site, orientation: str) -> list[arb]:
        """s' on every piece."""
        before = self.sites.index(site) + 1
        left, right = (self.leak, arb(1)) if orientation == "+" else (arb(1), self.leak)
        return [left] * before + [right] * (len(self.sites) + 1 - before)

    def _factor_of_affine(self, kind: RoleKind, end: str, orientation: str) -> arb:
        is_active = kind is RoleKind.ACTIVE or (
            kind is RoleKind.ACTIVE_END and (end == "a") == (orientation == "+")
        )
        return arb(1) if is_active else self.leak


def _sites(stratum: Stratum) -> list[Site]:
    """The sites at which the derivatives of f have a jump, from left to right."""
    kinds = (RoleKind.LIVE, RoleKind.FLAT_AT_SITE)
    found = {role.site for role in stratum.roles or () if role.site is not None and role.kind in kinds}
    return sorted(found, key=lambda site: midpoint(site.position))


def _ends(stratum: Stratum, a: arb, b: arb) -> list[arb]:
    return [a, *(site.position for site in _sites(stratum)), b]


def _form(moves: Sequence[_Move], vector: Sequence[Fraction], ends: Sequence[arb]) -> arb:
    """int g^2 + sum of the masses; on a piece of length l and middle m, int (p + q x)^2 = l ((p + q m)^2 + q^2 l^2/12).
    """
    chosen = [(move, arb_of(value)) for move, value in zip(moves, vector, strict=True) if value]
    total = arb(0)
    for move, value in chosen:
        total += move.mass * value * value
    for i, (left, right) in enumerate(pairwise(ends)):
        p, q = arb(0), arb(0)
        for move, value in chosen:
            p, q = p + value * move.lines[i][0], q + value * move.lines[i][1]
        length, height = right - left, p + q * (left + right) / 2
        total += length * (height * height + q * q * length * length / 12)
    return total


def _form_in_floats(moves: Sequence[_Move], ends: Sequence[arb]) -> list[list[float]]:
    places = [float(end.mid()) for end in ends]
    rows = []
    for move in moves:
        row = []
        for (p, q), (left, right) in zip(move.lines, pairwise(places), strict=True):
            slope, root = float(q.mid()), sqrt(right - left)
            # Height in the middle and slope, scaled to an orthonormal basis of the affine functions on the piece.
            row += [(float(p.mid()) + slope * (left + right) / 2) * root, slope * (right - left) * root / sqrt(12)]
        rows.append(row)
    matrix = [[sum(x * y for x, y in zip(one, other, strict=True)) for other in rows] for one in rows]
    for k, move in enumerate(moves):
        matrix[k][k] += float(move.mass.mid())
    return matrix


def _negative_vector(matrix: list[list[float]]) -> list[float] | None:
    """A vector with x^T A x < 0 by elimination with the largest diagonal entry as pivot, or None.

    Only sums, products and quotients in a fixed order, so that the answer is the same on every machine.
    """
    size = len(matrix)
    rest = [list(row) for row in matrix]
    least = LEAST * max((abs(value) for row in matrix for value in row), default=0.0)
    free = list(range(size))
    pivots: list[tuple[int, list[float]]] = []
    while free:
        lowest = min(free, key=lambda k: rest[k][k])
        pivot = max(free, key=lambda k: rest[k][k])
        vector = [0.0] * size
        if rest[lowest][lowest] < -least:
            vector[lowest] = 1.0
        elif rest[pivot][pivot] <= least:
            # No diagonal left: a hyperbolic plane, or nothing.
            i, k = max(combinations(free, 2), key=lambda pair: abs(rest[pair[0]][pair[1]]), default=(pivot, pivot))
            if abs(rest[i][k]) <= least:
                return None
            vector[i], vector[k] = 1.0, -1.0 if rest[i][k] > 0 else 1.0
        else:
            head, row = rest[pivot][pivot], rest[pivot]
            free.remove(pivot)
            pivots.append((pivot, [row[i] if i in free or i == pivot else 0.0 for i in range(size)]))
            for i in free:
                factor = row[i] / head
                for k in free:
                    rest[i][k] -= factor * row[k]
            continue
        # Back substitution: an eliminated coordinate takes the value that minimizes the form.
        for k, row in reversed(pivots):
            vector[k] = -sum(row[i] * vector[i] for i in range(size) if i != k) / row[k]
        return vector
    return None
