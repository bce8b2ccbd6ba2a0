"""Expansions of the named families in s = k^(-1/2), exact over Q(pi), found by substituting series in the equations.

Newton's iteration x <- x - J(x)^-1 F(x) runs over the field Q(pi)((s)): with a start whose residual is small enough it
fixes more coefficients each time, and the coefficients it no longer changes are those of the only series solution near
the start (Hensel's lemma). F and J are the equations and the Jacobian of `symbolic.teacher.evaluation`, evaluated on
series term by term. Loss and eigenvalues are computed from the solution in the same arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import isqrt
from typing import TYPE_CHECKING

from symbolic.errors import InsufficientPrecision, InvalidProblem
from symbolic.teacher.evaluation import RestrictedLoss
from symbolic.teacher.families import Family
from symbolic.teacher.formal_blocks import formal_block, irreps
from symbolic.teacher.puiseux import NEVER, ONE, PI, ZERO, PiNumber, PuiseuxArithmetic, PuiseuxSeries

if TYPE_CHECKING:
    from sympy import Expr

Matrix = list[list[PuiseuxSeries]]
GUARD = 6
"""Terms lost to cancellation, at most; checked: a result with too few known terms is refused."""


@dataclass(frozen=True)
class FamilySeries:
    """The expansion of a family.

    Attributes:
        name: of the family.
        entries: one series per reduced coordinate, by name, all known up to the same O(s^order).
        loss: the loss.
    """

    name: str
    entries: dict[str, PuiseuxSeries]
    loss: PuiseuxSeries

    @property
    def order(self) -> int:
        """The exponent of the error term of the entries."""
        return min(series.order for series in self.entries.values())

    def latex(self, terms: int = 4) -> list[str]:
        """One line of LaTeX for each entry and for the loss, with at most `terms` nonzero terms."""
        lines = [f"{_symbol(name)} &= {series_latex(series, terms)}" for name, series in self.entries.items()]
        return [*lines, f"L &= {series_latex(self.loss, terms)}"]


@dataclass(frozen=True)
class EigenvalueSeries:
    """The expansions of the eigenvalues of one irrep, those over Q(pi), in the order of their size for small s.

    Attributes:
        irrep: its name.
        eigenvalues: the series that were found.
        missing: how many eigenvalues have a leading coefficient outside of Q(pi), or were not told apart.
    """

    irrep: str
    eigenvalues: tuple[PuiseuxSeries, ...]
    missing: int

    def latex(self, terms: int = 4) -> list[str]:
        """One line for each eigenvalue."""
        return [rf"\lambda_{{{self.irrep}}} &= {series_latex(series, terms)}" for series in self.eigenvalues]


@lru_cache(maxsize=64)
def family_series(name: str, order: int = 6) -> FamilySeries:
    """The expansion of the entries and the loss of a named family.

    Args:
        name: "A", "I", "I_q", or "II_q" for a square q (II is II_1): for other q the coefficients are not in Q(pi).
        order: every entry is given up to O(s^order), at least 3.

    Guarantee: the coefficients are exact: the series solve the critical-point equations to every order computed, and
        no other series with the same leading terms does. That the family has this asymptotic expansion is proved
        in docs/teacher.md.

    Raises:
        InvalidProblem: no such family, a q without such coefficients, an order below 3.
        InsufficientPrecision: the iteration did not settle.

    Example:
        >>> family_series("A", 5).entries["B00"].to_sympy()
        s**4*(-2 + 4/pi) + 2*s**2
    """
    family = Family.parse(name)
    if order < 3:
        raise InvalidProblem(f"the order is at least 3, not {order}")
    _check(family)
    terms = order + GUARD
    for _ in range(3):
        x = _solve(family, terms)
        if min(series.order for series in x) >= order:
            break
        terms += 2
    else:
        raise InsufficientPrecision(f"the series of {family.name} did not settle up to s^{order}")
    space = family.curve.space
    numbers, sizes = _setting(family, terms)
    k = PuiseuxSeries(-2, (ONE,), terms - 2)
    constant = k / 4 + k * (k - 1) / (numbers.pi * 4)
    loss = RestrictedLoss(space, sizes, x, numbers, curvature=False).loss() + constant
    entries = {label: series.truncate(order) for label, series in zip(space.names, x, strict=True)}
    return FamilySeries(family.name, entries, loss)


@lru_cache(maxsize=64)
def eigenvalue_series(name: str, irrep: str, order: int = 2) -> EigenvalueSeries:
    """The expansions of the eigenvalues of one irrep of the Hessian along a family.

    Args:
        name: as for `family_series`.
        irrep: "t", "s0", "x0", "y0", and for two large blocks "s1", "s0*s1".
        order: every eigenvalue is wanted up to O(s^order).

    Returns:
        The eigenvalues whose expansions lie over Q(pi), each with its own error term (order at most `order`).

    Guarantee: the coefficients are exact: each series solves the characteristic equation to the order given.

    Raises:
        InvalidProblem: as `family_series`; no such irrep.
        InsufficientPrecision: no order could be reached.
    """
    family = Family.parse(name)
    space = family.curve.space
    if irrep not in irreps(space):
        raise InvalidProblem(f"family {name} has no irrep {irrep!r}")
    _check(family)
    best: EigenvalueSeries | None = None
    for more in (6, 10, 14):
        terms = order + more
        try:
            x = _solve(family, terms)
            numbers, sizes = _setting(family, terms)
            block = formal_block(space, sizes, x, numbers, irrep)
            matrix = block.form if block.gram is None else _solve_linear(block.gram, block.form)
            found = _roots(_characteristic(matrix, numbers), order)
        except InsufficientPrecision:
            continue
        found = sorted((series.truncate(min(series.order, order)) for series in found), key=_magnitude)
        best = EigenvalueSeries(irrep, tuple(found), len(matrix) - len(found))
        if all(series.order >= order for series in found):
            return best
    if best is None:
        raise InsufficientPrecision(f"no expansion of the eigenvalues of {irrep} was found")
    return best


def series_latex(series: PuiseuxSeries, terms: int = 4) -> str:
    """A series in LaTeX in the letter s, with at most `terms` nonzero terms and its error term."""
    from sympy import latex

    parts: list[str] = []
    count, exponent = 0, series.valuation
    while exponent < series.order and count < terms:
        value = series[exponent]
        if not value.is_zero:
            count += 1
            power = "" if exponent == 0 else " s" if exponent == 1 else f" s^{{{exponent}}}"
            expression = value.to_sympy()
            text = latex(expression)
            if expression.is_Add and power:
                text = rf"\left({text}\right)"
            if power and text in ("1", "-1"):
                text = text[:-1]
            parts.append(text + power)
        exponent += 1
    line = "+".join(parts).replace("+-", "-")
    return (line + "+" if line else "") + ("O(s)" if exponent == 1 else f"O(s^{{{exponent}}})")


def _check(family: Family) -> None:
    if family.letter == "II" and isqrt(family.number) ** 2 != family.number:
        raise InvalidProblem(f"the series of {family.name} needs the root of {family.number}, which is not in Q(pi)")


def _symbol(name: str) -> str:
    return f"{name[0]}_{{{name[1:]}}}"


def _setting(family: Family, terms: int) -> tuple[PuiseuxArithmetic, list[PuiseuxSeries]]:
    sizes = [PuiseuxSeries.polynomial({-2: 1, 0: -family.number}, terms - 2)]
    if family.number:
        sizes.append(PuiseuxSeries.polynomial({0: family.number}, terms))
    return PuiseuxArithmetic(terms), sizes


def _start(family: Family) -> list[dict[int, PiNumber | int]]:
    """The terms of each coordinate that Newton's iteration starts from; the others follow."""
    two, four = PiNumber.rational(2), PiNumber.rational(4)
    if family.letter == "A":
        return [{0: -1, 2: 2}, {2: 2}]
    rest: list[dict[int, PiNumber | int]] = [{}] if family.number > 1 else []
    if family.letter == "I":
        return [{0: -1, 2: 2}, {2: 2}, {}, {0: 1}, {2: two - four / PI}, *rest]
    return [{0: 1}, {}, {2: 2}, {0: -1}, {2: four / PI}, *rest]


@lru_cache(maxsize=64)
def _solve(family: Family, terms: int) -> tuple[PuiseuxSeries, ...]:
    """The series solution; every coordinate carries the order up to which the iteration has settled."""
    space = family.curve.space
    numbers, sizes = _setting(family, terms)
    x = [PuiseuxSeries.polynomial(dict(start), terms) for start in _start(family)]
    counts = space.multiplicities(sizes)
    for _ in range(terms):
        evaluation = RestrictedLoss(space, sizes, x, numbers, curvature=True)
        residual = [[value / count] for value, count in zip(evaluation.gradient(), counts, strict=True)]
        slopes = [
            [value / count for value in row] for row, count in zip(evaluation.hessian(), counts, strict=True)
        ]
        steps = [row[0] for row in _solve_linear(slopes, residual)]
        if all(step.is_zero for step in steps):
            # The corrections are 0 up to their error terms.
            return tuple(value.truncate(min(step.order, terms)) for value, step in zip(x, steps, strict=True))
        x = [(value - step).truncate(terms) for value, step in zip(x, steps, strict=True)]
    raise InsufficientPrecision(f"the series of {family.name} did not settle")


def _solve_linear(matrix: Sequence[Sequence[PuiseuxSeries]], right: Sequence[Sequence[PuiseuxSeries]]) -> Matrix:
    """matrix^-1 right by elimination; the pivot is the entry of least valuation.

    Raises:
        InsufficientPrecision: the matrix is not proved to be regular.
    """
    size = len(matrix)
    rows = [[*left, *values] for left, values in zip(matrix, right, strict=True)]
    for c in range(size):
        pivot = min(range(c, size), key=lambda r: (rows[r][c].is_zero, rows[r][c].valuation))
        rows[c], rows[pivot] = rows[pivot], rows[c]
        for r in range(size):
            if r != c and not rows[r][c].is_zero:
                factor = rows[r][c] / rows[c][c]
                rows[r] = [a - factor * b for a, b in zip(rows[r], rows[c], strict=True)]
    return [[value / rows[i][i] for value in rows[i][size:]] for i in range(size)]


def _characteristic(matrix: Matrix, numbers: PuiseuxArithmetic) -> list[PuiseuxSeries]:
    """Coefficients of det(x I - matrix), constant term first (Faddeev and LeVerrier)."""
    size = len(matrix)
    coefficients = [numbers.one]
    power: Matrix = [[numbers.zero] * size for _ in range(size)]
    for step in range(1, size + 1):
        for i in range(size):
            power[i][i] = power[i][i] + coefficients[-1]
        power = [[_dot(row, [line[j] for line in power], numbers) for j in range(size)] for row in matrix]
        trace = numbers.zero
        for i in range(size):
            trace = trace + power[i][i]
        coefficients.append(-trace / step)
    return coefficients[::-1]


def _dot(left: Sequence[PuiseuxSeries], right: Sequence[PuiseuxSeries], numbers: PuiseuxArithmetic) -> PuiseuxSeries:
    total = numbers.zero
    for a, b in zip(left, right, strict=True):
        total = total + a * b
    return total


def _roots(polynomial: Sequence[PuiseuxSeries], order: int, depth: int = 8) -> list[PuiseuxSeries]:
    """The roots in Q(pi)((s)) of a polynomial, each up to O(s^order) if the coefficients allow (Newton's polygon).

    Raises:
        InsufficientPrecision: the error terms reach the polygon.
    """
    first = next(i for i, c in enumerate(polynomial) if not c.is_zero)
    found: list[PuiseuxSeries] = []
    if first:
        # The lower coefficients vanish up to their error terms, which bound the valuations of as many roots.
        top = polynomial[first].valuation
        bound = min((polynomial[i].order - top) // (first - i) for i in range(first))
        found += [PuiseuxSeries(0, (), min(bound, order))] * first
    for slope, leading in _edges(polynomial):
        if slope >= order:
            found += [PuiseuxSeries(0, (), order)] * (len(leading) - 1)
            continue
        for value, multiplicity in _leading_roots(leading):
            start = PuiseuxSeries(slope, (value,), NEVER)
            if multiplicity == 1:
                found += _lift(polynomial, start, order)
            elif depth:
                moved = _lower(_shifted(polynomial, start), slope)
                found += [start + root for root in _roots(moved, order, depth - 1)]
    return found


def _edges(polynomial: Sequence[PuiseuxSeries]) -> list[tuple[int, list[PiNumber]]]:
    """The edges of integer slope of Newton's polygon: valuation of the roots, polynomial of their leading terms.

    Raises:
        InsufficientPrecision: a coefficient that is not known might lie below the polygon.
    """
    points = [(i, c.valuation) for i, c in enumerate(polynomial) if not c.is_zero]
    result = []
    position = 0
    while position < len(points) - 1:
        i, v = points[position]
        slopes = [Fraction(w - v, j - i) for j, w in points[position + 1 :]]
        least = min(slopes)
        best = position + 1 + max(n for n, slope in enumerate(slopes) if slope == least)
        j = points[best][0]
        for n in range(i + 1, j):
            if polynomial[n].is_zero and polynomial[n].order <= v + least * (n - i):
                raise InsufficientPrecision("an error term reaches Newton's polygon")
        if least.denominator == 1:
            values = [polynomial[n] for n in range(i, j + 1)]
            result.append((int(-least), [c[v + int(least) * n] for n, c in enumerate(values)]))
        position = best
    return result


def _leading_roots(coefficients: Sequence[PiNumber]) -> list[tuple[PiNumber, int]]:
    """The nonzero roots in Q(pi) of a polynomial over Q(pi), with multiplicities."""
    from sympy import Poly, Symbol, factor_list

    p, x = Symbol("p"), Symbol("x")
    common: Expr = Poly(1, p).as_expr()
    total = sum((_in(p, value) * x**i for i, value in enumerate(coefficients)), common * 0)
    numerator = total.together().as_numer_denom()[0]
    result = []
    for factor, multiplicity in factor_list(numerator, x, p)[1]:
        polynomial = Poly(factor, x)
        if polynomial.degree() == 1:
            b, a = polynomial.nth(0), polynomial.nth(1)
            value = _from(p, -b) / _from(p, a)
            if not value.is_zero:
                result.append((value, int(multiplicity)))
    return result


def _in(p: Expr, value: PiNumber) -> Expr:
    from sympy import Integer

    def polynomial(coefficients: Sequence[int]) -> Expr:
        total: Expr = Integer(0)
        for power, coefficient in enumerate(coefficients):
            total += Integer(coefficient) * p**power
        return total

    top, bottom = ([int(c) for c in part.coeffs()] for part in (value.numerator, value.denominator))
    return polynomial(top) / polynomial(bottom)


def _from(p: Expr, value: Expr) -> PiNumber:
    from sympy import Poly

    total = ZERO
    for coefficient in Poly(value, p).all_coeffs():
        total = total * PI + PiNumber.rational(int(coefficient))
    return total


def _lift(polynomial: Sequence[PuiseuxSeries], start: PuiseuxSeries, order: int) -> list[PuiseuxSeries]:
    """The root with a simple leading term, by Newton's iteration; none if no term could be settled."""
    slopes = [coefficient * i for i, coefficient in enumerate(polynomial)][1:]
    root = start.truncate(order + GUARD)
    for _ in range(order - start.valuation + GUARD):
        value, slope = _value(polynomial, root), _value(slopes, root)
        if slope.is_zero:
            return []
        step = value / slope
        if step.is_zero:
            return [root.truncate(min(step.order, root.order))] if step.order > start.valuation else []
        root = (root - step).truncate(order + GUARD)
    return []


def _value(polynomial: Sequence[PuiseuxSeries], x: PuiseuxSeries) -> PuiseuxSeries:
    total = polynomial[-1]
    for coefficient in reversed(polynomial[:-1]):
        total = total * x + coefficient
    return total


def _shifted(polynomial: Sequence[PuiseuxSeries], by: PuiseuxSeries) -> list[PuiseuxSeries]:
    """The polynomial in y with x = by + y (Horner's scheme)."""
    values = list(polynomial)
    for start in range(len(values) - 1):
        for i in range(len(values) - 2, start - 1, -1):
            values[i] = values[i] + values[i + 1] * by
    return values


def _lower(polynomial: Sequence[PuiseuxSeries], slope: int) -> list[PuiseuxSeries]:
    """Only the roots of larger valuation than `slope`: the polynomial up to the vertex where they end.

    Raises:
        InsufficientPrecision: an error term hides the vertex.
    """
    weights = [(c.valuation + slope * i, i) for i, c in enumerate(polynomial) if not c.is_zero]
    least, vertex = min(weights)
    if any(c.is_zero and c.order + slope * i <= least for i, c in enumerate(polynomial)):
        raise InsufficientPrecision("an error term hides a vertex of Newton's polygon")
    return list(polynomial[: vertex + 1])


def _magnitude(series: PuiseuxSeries) -> float:
    """The value near s = 0, for sorting only."""
    from flint import arb

    return float(series.evaluate(arb(1) / 1024).mid())
