"""The rational values of a moving target at which the stationary strata of a data set can change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import combinations, pairwise
from math import comb, lcm

from flint import fmpq_mat, fmpz_mat

from symbolic.dataset.cases import SET_BUDGET, span, spans_of_faces
from symbolic.dataset.functions import residual_of
from symbolic.dataset.patterns import Vector
from symbolic.dataset.stationarity import Faces, Field, NeuronType
from symbolic.enclosure import to_fmpq, to_fraction
from symbolic.errors import BudgetExceeded
from symbolic.exact.cones import Combination, positive_combination

Line = tuple[tuple[Fraction, Fraction], ...]
"""For each sample (c0, c1): c0 + c1 t."""

Interval = tuple[Fraction, Fraction]


def value_at(line: Line, t: Fraction) -> tuple[Fraction, ...]:
    """The residuals at one value of t."""
    return tuple(c0 + c1 * t for c0, c1 in line)


class MovingTarget:
    """A data set whose target at one position is t, at a fixed width.

    Args:
        faces: of the data set.
        targets: y; the value at `position` does not matter.
        position: of the moving target, from 0.
        size: the number of neurons.
    """

    def __init__(self, faces: Faces, targets: Sequence[Fraction], position: int, size: int) -> None:
        self.faces = faces
        self.size = size
        self._fixed = tuple(Fraction(0) if k == position else y for k, y in enumerate(targets))
        self._unit = tuple(Fraction(int(k == position)) for k in range(len(targets)))

    @cached_property
    def lines(self) -> dict[Line, frozenset[tuple[Vector, ...]]]:
        """The residual of every sum of at most `size` spans of faces as a function of t, with the spans it belongs to.

        The projection is linear in the targets, so that two values of t give all.
        """
        lines: dict[Line, set[tuple[Vector, ...]]] = {}
        for basis in spans_of_faces(self.faces, self.size):
            pairs = zip(residual_of(self._fixed, basis), residual_of(self._unit, basis), strict=True)
            lines.setdefault(tuple(pairs), set()).add(basis)
        return {line: frozenset(bases) for line, bases in lines.items()}

    def walls(self, lower: Fraction, upper: Fraction) -> list[Fraction]:
        """Values of t in [lower, upper] at which anything can change, in order.

        Guarantee: between two neighbours (and the ends) the same strata exist, over the same residual lines, no two of
            which meet there. Values at which nothing changes after all may be among them.

        Proof that lines which meet need no walls of their own: let r != r' be lines with spans V != V', both realized
            between two neighbours, that meet at a value s there. u = (r - r')/(t - s) is constant and not 0, because
            both are affine. With y = r + f = r' + f', f in V and f' in V', also u = (f' - f)/(t - s). If u were
            orthogonal to V and to V' it would be orthogonal to itself; so <u, e> != 0 for the activations e of a ray
            of a type that realizes, say, r'. There G_r = <r - r', e> = (t - s) <u, e>, since r' is orthogonal to V':
            G_r changes its sign at s, and s is a wall of r, which is realized around it.

        Raises:
            BudgetExceeded: more sets of types than `SET_BUDGET`.
        """
        return sorted(set().union(*(self.walls_of(line, lower, upper) for line in self.lines)))

    def walls_of(self, line: Line, lower: Fraction, upper: Fraction) -> set[Fraction]:
        """Walls of one residual line in [lower, upper]; empty if no set of types realizes it there.

        Between two sign changes of G_r on a ray the stationary types are the same; at a sign change there may be more
        of them, so that a line can be realized at that single value.
        """
        stops = [lower, *sorted(t for t in self._sign_changes(line) if lower < t < upper), upper]
        walls: set[Fraction] = set()
        for left, right in pairwise(stops):
            for low, high in self._realized(line, (left + right) / 2, left, right):
                walls |= {low, high}
        for t in stops:
            if any(True for _ in self._realized(line, t, t, t)):
                walls.add(t)
        return walls

    def _sign_changes(self, line: Line) -> set[Fraction]:
        found: set[Fraction] = set()
        for ray in {ray for face in self.faces.arrangement.faces for ray in face.rays}:
            activations = self.faces.arrangement.activations(ray)
            c0 = sum((a * z for (a, _), z in zip(line, activations, strict=True)), Fraction(0))
            c1 = sum((b * z for (_, b), z in zip(line, activations, strict=True)), Fraction(0))
            if c1:
                found.add(-c0 / c1)
        return found

    def _realized(self, line: Line, t: Fraction, left: Fraction, right: Fraction) -> Iterator[Interval]:
        """For each set of at most `size` types stationary at t whose effects span a span of the line: the interval of
        targets in [left, right] in which it realizes the line, where there is one."""
        field = Field(self.faces.arrangement, value_at(line, t))
        types = [NeuronType(face.pattern, sign) for face in self.faces.active for sign in field.directional_signs(face)]
        number = sum(comb(len(types), count) for count in range(self.size + 1))
        if number > SET_BUDGET:
            raise BudgetExceeded(
                f"{len(types)} types of active neurons make {number} sets of at most {self.size}, "
                f"more than {SET_BUDGET}"
            )
        effects = {
            one: [tuple(one.sign * x for x in effect) for effect in self.faces.effects[one.pattern]] for one in types
        }
        spans = {one: span(effects[one]) for one in types}
        bases = self.lines[line]
        start = [y - c0 for y, (c0, _) in zip(self._fixed, line, strict=True)]
        slope = [y - c1 for y, (_, c1) in zip(self._unit, line, strict=True)]
        for count in range(self.size + 1):
            for chosen in combinations(types, count):
                rows = [row for one in chosen for row in spans[one]]
                if (span(rows) if rows else ()) in bases:
                    generators = [effect for one in chosen for effect in effects[one]]
                    found = feasible_interval(generators, start, slope, left, right)
                    if found is not None:
                        yield found


def feasible_interval(
    generators: Sequence[Vector], start: Sequence[Fraction], slope: Sequence[Fraction], left: Fraction, right: Fraction
) -> Interval | None:
    """The t in [left, right] with start + t slope = sum_i c_i generators_i for some c > 0.

    Returns:
        The ends of the interval (its interior is meant if they differ), or None if there is no such t.

    Guarantee: exact. The set is the projection of a relatively open polyhedron, so an interval without its ends, or a
        single value, or empty; a value inside decides which.
    """
    low, high = left, right
    if left < right:
        if _independent(generators):
            ends = _ends_of_unique(generators, start, slope, left, right)
        else:
            ends = _ends_by_linear_program(generators, start, slope, left, right)
        if ends is None:
            return None
        low, high = ends
    middle = (low + high) / 2
    goal = [a + middle * b for a, b in zip(start, slope, strict=True)]
    common = lcm(*(value.denominator for value in goal))
    result = positive_combination(generators, [int(value * common) for value in goal])
    return (low, high) if isinstance(result, Combination) else None


def _independent(generators: Sequence[Vector]) -> bool:
    return not generators or int(fmpz_mat([list(one) for one in generators]).rank()) == len(generators)


def _ends_of_unique(
    generators: Sequence[Vector], start: Sequence[Fraction], slope: Sequence[Fraction], left: Fraction, right: Fraction
) -> Interval | None:
    """Independent generators whose span holds start and slope: coefficients are affine in t, and must be >= 0."""
    if not generators:
        return left, right
    basis = fmpq_mat(fmpz_mat([list(one) for one in generators]))
    sides = fmpq_mat([[to_fmpq(a), to_fmpq(b)] for a, b in zip(start, slope, strict=True)])
    solved = (basis * basis.transpose()).solve(basis * sides)
    low, high = left, right
    for i in range(len(generators)):
        c0, c1 = to_fraction(solved[i, 0]), to_fraction(solved[i, 1])
        if c1 > 0:
            low = max(low, -c0 / c1)
        elif c1 < 0:
            high = min(high, -c0 / c1)
        elif c0 <= 0:
            return None
    return (low, high) if low <= high else None


def _ends_by_linear_program(
    generators: Sequence[Vector], start: Sequence[Fraction], slope: Sequence[Fraction], left: Fraction, right: Fraction
) -> Interval | None:
    """Least and greatest t with nonnegative coefficients, by SymPy's exact simplex method."""
    import sympy
    from sympy.solvers.simplex import InfeasibleLPError, linprog

    def rational(value: Fraction | int) -> sympy.Rational:
        return sympy.Rational(value.numerator, value.denominator)

    # Nonnegative unknowns: the coefficients and t - left; each equation is two inequalities.
    count = len(generators)
    rows: list[list[Fraction | int]] = [[*(one[k] for one in generators), -slope[k]] for k in range(len(start))]
    sides: list[Fraction | int] = [a + left * b for a, b in zip(start, slope, strict=True)]
    rows += [[-x for x in row] for row in rows] + [[*([0] * count), 1]]
    sides += [*(-x for x in sides), right - left]
    matrix, vector = [[rational(x) for x in row] for row in rows], [rational(x) for x in sides]
    ends = []
    for sign in (1, -1):
        try:
            value, _ = linprog([*([0] * count), sign], matrix, vector)
        except InfeasibleLPError:
            return None
        ends.append(left + sign * Fraction(int(value.p), int(value.q)))
    return ends[0], ends[1]
