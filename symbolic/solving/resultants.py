"""Factors and resultants over Z, thinned to what may vanish in the open simplex 0 < t_1 < ... < t_m < 1."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate, product
from math import lcm

from flint import Ordering, fmpq, fmpq_mpoly, fmpq_mpoly_ctx, fmpz_mpoly, fmpz_mpoly_ctx

from symbolic.enclosure import to_fraction
from symbolic.errors import BudgetExceeded, Undecided


def integral(polynomial: fmpz_mpoly | fmpq_mpoly) -> fmpz_mpoly:
    """An integer multiple with integer coefficients, in variables t1, ..., tm."""
    terms = {tuple(map(int, power)): to_fraction(value) for power, value in polynomial.to_dict().items()}
    denominator = lcm(*(value.denominator for value in terms.values()))
    names = tuple(f"t{i + 1}" for i in range(len(polynomial.degrees())))
    context = fmpz_mpoly_ctx.get(names, Ordering.lex)
    return context.from_dict({power: int(value * denominator) for power, value in terms.items()})


def factors_in_simplex(polynomial: fmpz_mpoly) -> list[fmpz_mpoly]:
    """The irreducible factors over Z, each once, that may vanish somewhere in the open simplex."""
    if polynomial.is_constant():
        return []
    # Over Q, because python-flint sorts the factors over Z in a way that overflows on large coefficients.
    names = tuple(f"t{i + 1}" for i in range(len(polynomial.degrees())))
    rational = fmpq_mpoly_ctx.get(names, Ordering.lex).from_dict(
        {power: fmpq(value) for power, value in polynomial.to_dict().items()}
    )
    factors = [integral(factor) for factor, _ in rational.factor()[1]]
    return [factor for factor in factors if not one_sign_on_simplex(factor)]


def one_sign_on_simplex(polynomial: fmpz_mpoly) -> bool:
    """Whether the Bernstein coefficients over the simplex have one sign, which proves that there is no zero
    inside.

    With h_0, ..., h_m > 0 of sum 1 and t_i = h_0 + ... + h_{i-1} the polynomial is homogenized by the sum; a
    form with coefficients of one sign, not all 0, does not vanish for positive arguments. Variables that do
    not occur are left out: the others run over their own open simplex. Every wall t_i, t_i - 1, t_i - t_j
    passes.
    """
    used = [i for i, degree in enumerate(polynomial.degrees()) if degree > 0]
    context = fmpz_mpoly_ctx.get(tuple(f"h{i}" for i in range(len(used) + 1)), Ordering.lex)
    partial = list(accumulate(context.gens()))
    total = int(polynomial.total_degree())
    powers = [[context.constant(1)] for _ in partial]
    for base, row in zip(partial, powers, strict=True):
        for _ in range(total):
            row.append(row[-1] * base)
    form = context.constant(0)
    for exponents, value in polynomial.to_dict().items():
        term = powers[-1][total - sum(int(e) for e in exponents)] * value
        for row, index in zip(powers, used, strict=False):
            term = term * row[int(exponents[index])]
        form += term
    coefficients = form.coeffs()
    return all(value > 0 for value in coefficients) or all(value < 0 for value in coefficients)


def project_to_axis(equations: Sequence[fmpz_mpoly], axis: int, maximal_degree: int) -> list[fmpz_mpoly]:
    """Irreducible polynomials in t_axis alone such that each common zero in the simplex is a zero of one of
    them.

    `equations` are irreducible. One variable at a time is eliminated by resultants against the equation of
    least degree in it; a resultant lies in the ideal, so it vanishes wherever the two equations do.

    Raises:
        Undecided: fewer equations than variables are left (the zeros need not be isolated).
        BudgetExceeded: a resultant of too high degree would be needed.
    """
    used: dict[int, list[fmpz_mpoly]] = {}
    for equation in equations:
        for i, degree in enumerate(equation.degrees()):
            if degree > 0 and i != axis:
                used.setdefault(i, []).append(equation)
    if not used:
        if not equations:
            raise Undecided(f"the equations leave t{axis + 1} free: there may be a component of positive dimension")
        # Two different irreducible polynomials of one variable have no common zero.
        return list(equations) if len(equations) == 1 else []
    variable = min(used, key=lambda i: (len(used[i]), sum(int(e.degrees()[i]) for e in used[i])))
    involved = sorted(used[variable], key=lambda e: (int(e.degrees()[variable]), int(e.total_degree())))
    rest = [equation for equation in equations if equation.degrees()[variable] == 0]
    pivot, others = involved[0], involved[1:]
    choices = []
    for other in others:
        bound = int(pivot.total_degree()) * int(other.total_degree())
        if bound > maximal_degree:
            raise BudgetExceeded(f"too large: a resultant of degree up to {bound} (limit {maximal_degree})")
        choices.append(factors_in_simplex(pivot.resultant(other, variable)))
    found: list[fmpz_mpoly] = []
    for choice in product(*choices):
        for factor in project_to_axis(distinct([*rest, *choice]), axis, maximal_degree):
            if factor not in found:
                found.append(factor)
    return found


def distinct(polynomials: Iterable[fmpz_mpoly]) -> list[fmpz_mpoly]:
    kept: list[fmpz_mpoly] = []
    for polynomial in polynomials:
        if polynomial not in kept and -polynomial not in kept:
            kept.append(polynomial)
    return kept
