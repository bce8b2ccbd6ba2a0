"""Exact elimination: all isolated solutions of a polynomial system with 0 < t_1 < ... < t_m < 1.

The second engine, independent of the subdivision: it knows polynomials over Q and nothing else.

1. Every equation is factored over Z. Factors without a zero in the open simplex are dropped: the walls t_i,
   t_i - 1, t_i - t_j, and every factor whose Bernstein coefficients over the simplex have one sign. What is
   left splits the system into branches, one irreducible factor for each equation.
2. In a branch, resultants (factored and thinned in the same way) project the solutions to each axis: a finite
   set of irreducible polynomials R in t_v alone, such that the v-th coordinate of every solution is a root of
   one.
3. Every increasing tuple of such roots in (0, 1) is a candidate, and each candidate is decided by proof:
   - refuted where the ball of an equation's value does not hold 0;
   - proved by the Krawczyk test on a box inside the simplex whose v-th side holds no root of an R in t_v but
     the candidate's own: the test gives a zero in the box, its coordinates are roots by 2, so it *is* the
     candidate;
   - where the Jacobian is singular, by the size of algebraic integers. Let a_i have the minimal polynomial
     A_i of degree d_i and leading coefficient c_i, and let f have degree e_i in t_i. Then f(a) prod c_i^e_i
     is an algebraic integer of degree at most D = prod d_i, and its conjugates are at most H = ||f||_1 prod
     ||A_i||_2^e_i in size (Landau: c_i max(1, |root|) <= ||A_i||_2). Its norm is an integer, so |f(a)| < 1 /
     (H^(D-1) prod c_i^e_i) means f(a) = 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cmp_to_key
from itertools import pairwise, product
from math import isqrt, prod

from flint import arb, arb_mat, fmpq_mpoly, fmpz, fmpz_mpoly, fmpz_poly

from symbolic.enclosure import Verdict, arb_of, enclose, endpoints, midpoint, working_precision
from symbolic.errors import BudgetExceeded, Undecided
from symbolic.problem import Completeness, CompletenessStatus
from symbolic.solving.real_roots import (
    ExactNumber,
    equal,
    isolating_radius,
    less,
    real_roots_in_unit_interval,
)
from symbolic.solving.resultants import distinct, factors_in_simplex, integral, project_to_axis

Point = tuple[ExactNumber, ...]

MAXIMAL_DEGREE = 256
"""A resultant whose degree could exceed this is not formed: the system is then undecided, "too large"."""

MAXIMAL_CANDIDATES = 200_000
"""More tuples of coordinates than this are not examined."""

SINGULAR_BITS = 40_000
"""The zero test at singular solutions is given up where it would need more bits than this."""

_LADDER = (128, 256, 512, 1024, 2048)


@dataclass(frozen=True)
class Elimination:
    """What elimination proved about one system.

    Attributes:
        solutions: exact solutions in 0 < t_1 < ... < t_m < 1, each once, in lexicographic order.
        completeness: PROVED if `solutions` is all of them; otherwise UNDECIDED with the reason.
    """

    solutions: tuple[Point, ...]
    completeness: Completeness


def solve_in_simplex(
    polynomials: Sequence[fmpz_mpoly] | Sequence[fmpq_mpoly], maximal_degree: int = MAXIMAL_DEGREE
) -> Elimination:
    """All isolated solutions of m polynomial equations in m unknowns with 0 < t_1 < ... < t_m < 1.

    Args:
        polynomials: m >= 1 polynomials over Q in one flint context of the m variables t_1, ..., t_m, in
            order.
        maximal_degree: bound on the degree of the resultants that may be formed.

    Returns:
        The solutions as tuples of `Fraction` and `AlgebraicNumber`, and how complete they are.

    Guarantee:
        Every listed tuple is a solution, proved, and none is listed twice. With status PROVED there is no
        other solution in the open simplex. UNDECIDED names what stopped the proof (a possible component of
        positive dimension, a degree beyond the bound, a candidate neither proved nor refuted) and says
        nothing about what is missing.

    Raises:
        ValueError: the number of polynomials is not the number of variables, or is 0.

    Reference:
        The proof is in the module's docstring.

    Example:
        >>> from flint import Ordering, fmpz_mpoly_ctx
        >>> t1, t2 = fmpz_mpoly_ctx.get(["t1", "t2"], Ordering.lex).gens()
        >>> found = solve_in_simplex([3 * t1 - t2, t1 + 1 - 2 * t2])
        >>> [[str(value) for value in point] for point in found.solutions]
        [['1/5', '3/5']]
    """
    equations = [integral(polynomial) for polynomial in polynomials]
    if not equations or any(len(equation.degrees()) != len(equations) for equation in equations):
        raise ValueError("elimination needs as many polynomials as variables, and at least one")
    if any(equation == 0 for equation in equations):
        return Elimination((), _undecided(["an equation is identically zero"]))
    solutions: list[Point] = []
    reasons: list[str] = []
    for branch in product(*(factors_in_simplex(equation) for equation in equations)):
        try:
            points, open_reasons = _solve_branch(branch, maximal_degree)
        except Undecided as error:
            reasons.append(str(error))
            continue
        reasons.extend(open_reasons)
        solutions.extend(point for point in points if not any(_same(point, known) for known in solutions))
    ordered = tuple(sorted(solutions, key=cmp_to_key(_lexicographic)))
    if reasons:
        return Elimination(ordered, _undecided(reasons))
    return Elimination(ordered, Completeness(CompletenessStatus.PROVED, "exact elimination: every candidate decided"))


def _undecided(reasons: Sequence[str]) -> Completeness:
    return Completeness(CompletenessStatus.UNDECIDED, "; ".join(dict.fromkeys(reasons)))


def _solve_branch(branch: Sequence[fmpz_mpoly], maximal_degree: int) -> tuple[list[Point], list[str]]:
    """Solutions of one branch in the simplex, and reasons why there may be more.

    Raises:
        Undecided: the projections could not be formed; nothing is known about this branch.
    """
    size = len(branch)
    if len(distinct(branch)) < size:
        raise Undecided("two equations share a factor: there may be a component of positive dimension")
    axes: list[list[ExactNumber]] = []
    for axis in range(size):
        roots = [root for factor in project_to_axis(branch, axis, maximal_degree) for root in _axis_roots(factor, axis)]
        if not roots:
            return [], []
        axes.append(sorted(roots, key=cmp_to_key(_order)))
    system = _System(branch)
    points: list[Point] = []
    reasons: list[str] = []
    for candidate in _candidates(system, axes):
        verdict = _decide(system, candidate, axes)
        if verdict is Verdict.YES:
            points.append(candidate)
        elif verdict is Verdict.UNDECIDED:
            reasons.append("a singular candidate was neither proved nor refuted")
    return points, reasons


def _axis_roots(factor: fmpz_mpoly, axis: int) -> list[ExactNumber]:
    coefficients = [0] * (int(factor.degrees()[axis]) + 1)
    for exponents, value in factor.to_dict().items():
        coefficients[int(exponents[axis])] = int(value)
    return real_roots_in_unit_interval(fmpz_poly(coefficients))


class _System:
    """Polynomials and their derivatives, ready to be evaluated on balls."""

    def __init__(self, equations: Sequence[fmpz_mpoly]) -> None:
        self.size = len(equations)
        self.terms = [_terms(equation) for equation in equations]
        self.slopes = [[_terms(equation.derivative(i)) for i in range(self.size)] for equation in equations]
        self.degrees = [[int(degree) for degree in equation.degrees()] for equation in equations]
        self.last = [max(i for i, degree in enumerate(row) if degree > 0) for row in self.degrees]
        self.highest = [max(row[i] for row in self.degrees) for i in range(self.size)]

    def powers(self, axis: int, value: arb) -> list[arb]:
        row = [arb(1)]
        for _ in range(self.highest[axis]):
            row.append(row[-1] * value)
        return row


def _terms(polynomial: fmpz_mpoly) -> list[tuple[fmpz, tuple[int, ...]]]:
    return [(value, tuple(map(int, power))) for power, value in polynomial.to_dict().items()]


def _evaluate(terms: Sequence[tuple[fmpz, tuple[int, ...]]], powers: Sequence[Sequence[arb]]) -> arb:
    total = arb(0)
    for value, exponents in terms:
        term = arb(value)
        for row, exponent in zip(powers, exponents, strict=False):
            if exponent:
                term = term * row[exponent]
        total = total + term
    return total


def _candidates(system: _System, axes: Sequence[Sequence[ExactNumber]]) -> list[Point]:
    """Increasing tuples of roots that the first precision does not refute, built one axis at a time."""
    bits = _LADDER[0]
    looked = 0
    with working_precision(bits):
        tables = [[system.powers(i, enclose(root, bits)) for root in roots] for i, roots in enumerate(axes)]
        partial: list[tuple[int, ...]] = [()]
        for axis, roots in enumerate(axes):
            ready = [i for i in range(system.size) if system.last[i] == axis]
            longer = []
            for start in partial:
                for index, root in enumerate(roots):
                    if start and not less(axes[axis - 1][start[-1]], root):
                        continue
                    looked += 1
                    if looked > MAXIMAL_CANDIDATES:
                        raise BudgetExceeded(f"too large: more than {MAXIMAL_CANDIDATES} candidate tuples")
                    chosen = (*start, index)
                    powers = [tables[i][j] for i, j in enumerate(chosen)]
                    if all(0 in _evaluate(system.terms[i], powers) for i in ready):
                        longer.append(chosen)
            partial = longer
    return [tuple(axes[i][j] for i, j in enumerate(chosen)) for chosen in partial]


def _decide(system: _System, candidate: Point, axes: Sequence[Sequence[ExactNumber]]) -> Verdict:
    """Whether the candidate is a common zero (see the module's docstring, 3)."""
    for bits in _LADDER:
        with working_precision(bits):
            balls = [enclose(value, bits) for value in candidate]
            powers = [system.powers(i, ball) for i, ball in enumerate(balls)]
            if any(0 not in _evaluate(terms, powers) for terms in system.terms):
                return Verdict.NO
            if _krawczyk(system, candidate, balls, axes, bits):
                return Verdict.YES
    return _vanishes(system, candidate)


def _krawczyk(
    system: _System, candidate: Point, balls: Sequence[arb], axes: Sequence[Sequence[ExactNumber]], bits: int
) -> bool:
    """Whether the Krawczyk test proves a zero in a box too small to hold any zero but the candidate."""
    ends = [arb(0), *balls, arb(1)]
    room = min(endpoints(right - left)[0] for left, right in pairwise(ends))
    for value, roots in zip(candidate, axes, strict=True):
        room = min(room, isolating_radius(value, roots, bits))
    half = min(room / 4, Fraction(1, 2 ** (bits // 3)))
    if half <= 0:
        return False
    size = system.size
    center = [arb_of(midpoint(ball)) for ball in balls]
    box = [arb_of(midpoint(ball), half) for ball in balls]
    at_center = [system.powers(i, value) for i, value in enumerate(center)]
    on_box = [system.powers(i, value) for i, value in enumerate(box)]
    try:
        inverse = arb_mat([[_evaluate(terms, at_center) for terms in row] for row in system.slopes]).mid().inv().mid()
    except ZeroDivisionError:
        return False
    slopes = arb_mat([[_evaluate(terms, on_box) for terms in row] for row in system.slopes])
    values = arb_mat(size, 1, [_evaluate(terms, at_center) for terms in system.terms])
    identity = arb_mat(size, size, [int(i == j) for i in range(size) for j in range(size)])
    offset = (identity - inverse * slopes) * arb_mat(size, 1, [arb_of(0, half)] * size) - inverse * values
    return all(abs(offset[i, 0]) < arb_of(half) for i in range(size))


def _vanishes(system: _System, candidate: Point) -> Verdict:
    """Exact zero test by the size of algebraic integers (module's docstring, 3); for singular zeros."""
    numbers = [_minimal_polynomial(value) for value in candidate]
    field_degree = prod(len(number) - 1 for number in numbers)
    norms = [isqrt(sum(value * value for value in number)) + 1 for number in numbers]
    for terms, degrees in zip(system.terms, system.degrees, strict=True):
        size = sum(abs(int(value)) for value, _ in terms)
        size *= prod(norm**degree for norm, degree in zip(norms, degrees, strict=True))
        clearing = prod(number[-1] ** degree for number, degree in zip(numbers, degrees, strict=True))
        gap_bits = (field_degree - 1) * size.bit_length() + clearing.bit_length()
        bits = gap_bits + size.bit_length() + 64
        if bits > SINGULAR_BITS:
            return Verdict.UNDECIDED
        with working_precision(bits):
            powers = [system.powers(i, enclose(value, bits)) for i, value in enumerate(candidate)]
            value = _evaluate(terms, powers)
            if 0 not in value:
                return Verdict.NO
            if not abs(value) < arb((1, -gap_bits)):
                return Verdict.UNDECIDED
    return Verdict.YES


def _minimal_polynomial(value: ExactNumber) -> tuple[int, ...]:
    if isinstance(value, Fraction):
        return (-value.numerator, value.denominator)
    return value.minimal_polynomial


def _order(left: ExactNumber, right: ExactNumber) -> int:
    return -1 if less(left, right) else int(less(right, left))


def _lexicographic(left: Point, right: Point) -> int:
    return next((order for a, b in zip(left, right, strict=True) if (order := _order(a, b))), 0)


def _same(left: Point, right: Point) -> bool:
    return all(equal(a, b) for a, b in zip(left, right, strict=True))
