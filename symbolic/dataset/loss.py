"""The loss of a data set on one open region, as an exact SymPy polynomial, with gradient and Hessian.

On the region where neuron j is active exactly at the samples A_j,
L = (1/2n) sum_k (y_k - sum_{j: k in A_j} a_j <w_j, x_k>)^2, a polynomial of degree 4 in w and a.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import sympy

from symbolic.dataset.problem import DatasetProblem
from symbolic.errors import InvalidProblem


def region_symbols(problem: DatasetProblem, width: int) -> tuple[sympy.Symbol, ...]:
    """w1_1, ..., w1_d, w2_1, ..., then a1, ..., an: neurons and coordinates count from 1, the bias is the last
    coordinate."""
    weights = [sympy.Symbol(f"w{j}_{i}") for j in range(1, width + 1) for i in range(1, problem.dimension + 1)]
    return (*weights, *(sympy.Symbol(f"a{j}") for j in range(1, width + 1)))


def region_loss(problem: DatasetProblem, patterns: Sequence[str]) -> sympy.Expr:
    """The loss on the closed region of the patterns, as an expanded polynomial.

    Args:
        problem: a data set.
        patterns: for each neuron a word over "+", "-", "0" of one letter per sample; "0" counts as inactive.

    Guarantee: equals L at every w whose signs of <w_j, x_k> are those of the patterns or 0.

    Raises:
        InvalidProblem: a pattern of another length, or with another letter.
    """
    count, dimension = len(problem.targets), problem.dimension
    for pattern in patterns:
        if len(pattern) != count or set(pattern) - set("+-0"):
            raise InvalidProblem(f"a pattern of this data set is a word of {count} letters +, -, 0, not {pattern!r}")
    symbols = region_symbols(problem, len(patterns))
    inner = [symbols[j * dimension : (j + 1) * dimension] for j in range(len(patterns))]
    outer = symbols[len(patterns) * dimension :]
    active = [[k for k in range(count) if pattern[k] == "+"] for pattern in patterns]
    samples, targets = problem.samples, problem.targets
    # 2n L = sum y^2 - 2 sum_j a_j <w_j, sum_{A_j} y x> + sum_{j,l} a_j a_l w_j^T (sum_{A_j & A_l} x x^T) w_l.
    terms: dict[tuple[sympy.Symbol, ...], Fraction] = {(): sum((y * y for y in targets), Fraction(0))}

    def add(coefficient: Fraction, *monomial: sympy.Symbol) -> None:
        key = tuple(sorted(monomial, key=symbols.index))
        terms[key] = terms.get(key, Fraction(0)) + coefficient

    for j, mine in enumerate(active):
        for i in range(dimension):
            add(-2 * sum((targets[k] * samples[k][i] for k in mine), Fraction(0)), outer[j], inner[j][i])
        for other in range(len(patterns)):
            both = [k for k in mine if k in active[other]]
            for i in range(dimension):
                for m in range(dimension):
                    moment = sum((samples[k][i] * samples[k][m] for k in both), Fraction(0))
                    add(moment, outer[j], outer[other], inner[j][i], inner[other][m])
    return sympy.Add(
        *(sympy.Mul(_rational(value / (2 * count)), *monomial) for monomial, value in terms.items() if value)
    )


def region_gradient(problem: DatasetProblem, patterns: Sequence[str]) -> tuple[sympy.Expr, ...]:
    """The partial derivatives of `region_loss` by `region_symbols`."""
    loss = region_loss(problem, patterns)
    return tuple(sympy.expand(sympy.diff(loss, symbol)) for symbol in region_symbols(problem, len(patterns)))


def region_hessian(problem: DatasetProblem, patterns: Sequence[str]) -> sympy.Matrix:
    """The matrix of second derivatives of `region_loss` by `region_symbols`."""
    return sympy.Matrix(sympy.hessian(region_loss(problem, patterns), region_symbols(problem, len(patterns))))


def _rational(value: Fraction) -> sympy.Rational:
    return sympy.Rational(value.numerator, value.denominator)
