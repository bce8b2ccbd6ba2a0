"""Is a vector a strictly positive combination of given vectors? Exactly, with a witness or a Farkas vector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd

from flint import fmpq_mat, fmpz_mat

from symbolic.enclosure import to_fraction


@dataclass(frozen=True)
class Combination:
    """`sum_i weights[i] generators[i] = target` with every weight positive."""

    weights: tuple[Fraction, ...]


@dataclass(frozen=True)
class Farkas:
    """A proof that no such weights exist.

    With s_i = <vector, generators[i]> all s_i >= 0, and either <vector, target> < 0, or <vector, target> = 0 and
    some s_i > 0. For positive weights sum_i weights[i] s_i would be >= 0, and > 0 if some s_i > 0.
    """

    vector: tuple[int, ...]

    def refutes(self, generators: Sequence[Sequence[int]], target: Sequence[int]) -> bool:
        """Check the inequalities, in integer arithmetic alone."""
        products = [_dot(self.vector, generator) for generator in generators]
        value = _dot(self.vector, target)
        return min(products, default=0) >= 0 and (value < 0 or (value == 0 and any(products)))


def positive_combination(generators: Sequence[Sequence[int]], target: Sequence[int]) -> Combination | Farkas:
    """Decide whether `target` lies in the relative interior of the cone of `generators`.

    Args:
        generators: integer vectors of one length n; none is allowed.
        target: an integer vector of length n.

    Returns:
        Positive weights, or a Farkas vector; always one of the two.

    Guarantee: exact. The alternative is Stiemke's theorem for B = [generators, -target]: either B y = 0 for some
        y > 0, or z B >= 0 and z B != 0 for some z. Weights are checked by the caller for the price of a product;
        a Farkas vector checks itself (`Farkas.refutes`).

    Reference: with a basis N of the null space of B (one row for each column of B) the first case is N t > 0; by
        Gordan's theorem its alternative is c >= 0, c != 0, c N = 0, and then c = z B for some z.
    """
    columns = [*generators, [-value for value in target]]
    size = len(target)
    if not size:
        return Combination((Fraction(1),) * len(generators))
    matrix = fmpz_mat([[int(column[i]) for column in columns] for i in range(size)])
    basis, nullity = matrix.nullspace()
    rows = [[int(basis[i, j]) for j in range(nullity)] for i in range(len(columns))]
    direction, excluded = gordan(rows, nullity)
    if direction is not None:
        positive = [_dot(row, direction) for row in rows]
        return Combination(tuple(Fraction(value, positive[-1]) for value in positive[:-1]))
    return Farkas(_solve_left(columns, excluded, size))


def gordan(rows: Sequence[Sequence[int]], length: int) -> tuple[tuple[int, ...] | None, tuple[int, ...]]:
    """Gordan's alternative: a direction with <row, direction> > 0 for all rows, or multipliers that combine to zero.

    Args:
        rows: integer vectors.
        length: their common length (0 is allowed).

    Returns:
        (t, ()) with <row_i, t> > 0 for all i, or (None, c) with c >= 0, c != 0 and sum_i c_i row_i = 0.

    Guarantee: exact; exactly one of the two exists. Without rows the first is answered.
    """
    if not rows:
        return (0,) * length, ()
    for i, row in enumerate(rows):
        if not any(row):
            return None, tuple(int(j == i) for j in range(len(rows)))
    if length == 1:
        above = next((i for i, row in enumerate(rows) if row[0] > 0), None)
        below = next((i for i, row in enumerate(rows) if row[0] < 0), None)
        if above is None or below is None:
            return ((1,) if below is None else (-1,)), ()
        multipliers = [0] * len(rows)
        multipliers[above], multipliers[below] = -rows[below][0], rows[above][0]
        return None, tuple(multipliers)
    return _first_phase(rows)


def _first_phase(rows: Sequence[Sequence[int]]) -> tuple[tuple[int, ...] | None, tuple[int, ...]]:
    """Gordan's alternative by the first phase of the simplex method (Bland's rule, fraction-free pivots).

    Find c >= 0 with c N = 0 and sum c = 1; artificial variables start the basis. If their least sum is positive, the
    dual prices (p, tau) satisfy N_i p + tau <= 0 and tau > 0, so that t = -p has N t >= tau > 0.
    """
    count, nullity = len(rows), len(rows[0])
    height = nullity + 1
    table = [
        [*(row[j] for row in rows), *(int(i == j) for i in range(height)), 0] for j in range(nullity)
    ] + [[*([1] * count), *(int(i == nullity) for i in range(height)), 1]]
    width = count + height
    # Reduced costs of "minimize the sum of the artificial variables", times the common denominator.
    cost = [-sum(line[i] for line in table) if i < count else 0 for i in range(width)] + [-1]
    basis = list(range(count, width))
    denominator = 1
    while True:
        entering = next((i for i in range(count) if cost[i] < 0), None)
        if entering is None:
            break
        leaving = None
        for j in range(height):
            pivot = table[j][entering]
            if pivot > 0:
                if leaving is None:
                    leaving = j
                    continue
                difference = table[j][-1] * table[leaving][entering] - table[leaving][-1] * pivot
                if difference < 0 or (difference == 0 and basis[j] < basis[leaving]):
                    leaving = j
        if leaving is None:
            raise AssertionError("the first phase of the simplex method is bounded")
        pivot_row = table[leaving]
        pivot = pivot_row[entering]
        for line in (*(table[j] for j in range(height) if j != leaving), cost):
            factor = line[entering]
            if factor:
                line[:] = [(pivot * a - factor * b) // denominator for a, b in zip(line, pivot_row, strict=True)]
            elif pivot != denominator:
                line[:] = [pivot * a // denominator for a in line]
        denominator = pivot
        basis[leaving] = entering
    if cost[-1] == 0:
        solution = [0] * count
        for j, variable in enumerate(basis):
            if variable < count:
                solution[variable] = table[j][-1]
        return None, tuple(solution)
    # The price of row j is 1 minus the reduced cost of its artificial variable.
    return tuple(cost[count + j] - denominator for j in range(nullity)), ()


def _solve_left(columns: Sequence[Sequence[int]], values: Sequence[int], size: int) -> tuple[int, ...]:
    """Integers z, up to a positive factor, with <z, column_i> = values_i."""
    system = fmpq_mat(fmpz_mat([[*map(int, column), value] for column, value in zip(columns, values, strict=True)]))
    reduced, rank = system.rref()
    solution = [Fraction(0)] * size
    for i in range(rank):
        pivot = next(j for j in range(size + 1) if reduced[i, j] != 0)
        if pivot == size:
            raise AssertionError("the values lie in the row space")
        solution[pivot] = to_fraction(reduced[i, size])
    return primitive(solution)


def primitive(values: Sequence[Fraction]) -> tuple[int, ...]:
    """The integer vector without a common factor that is a positive multiple of `values`."""
    common = 1
    for value in values:
        common = common * value.denominator // gcd(common, value.denominator)
    integers = [int(value * common) for value in values]
    factor = gcd(*integers) or 1
    return tuple(value // factor for value in integers)


def _dot(left: Sequence[int], right: Sequence[int]) -> int:
    return sum(a * b for a, b in zip(left, right, strict=True))
