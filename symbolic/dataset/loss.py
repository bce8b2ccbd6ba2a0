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
    outer = symbols[len(patterns) * dimension :]
    total = sympy.Poly(0, *symbols, domain="QQ")
    for k, (sample, target) in enumerate(zip(problem.samples, problem.targets, strict=True)):
        residual = sympy.Poly(_rational(target), *symbols, domain="QQ")
        for j, pattern in enumerate(patterns):
            if pattern[k] == "+":
                inner = symbols[j * dimension : (j + 1) * dimension]
                linear = sum((_rational(x) * w for x, w in zip(sample, inner, strict=True)), sympy.Integer(0))
                residual -= sympy.Poly(outer[j] * linear, *symbols, domain="QQ")
        total += residual * residual
    return (total * sympy.Rational(1, 2 * count)).as_expr()


def region_gradient(problem: DatasetProblem, patterns: Sequence[str]) -> tuple[sympy.Expr, ...]:
    """The partial derivatives of `region_loss` by `region_symbols`."""
    loss = region_loss(problem, patterns)
    return tuple(sympy.expand(sympy.diff(loss, symbol)) for symbol in region_symbols(problem, len(patterns)))


def region_hessian(problem: DatasetProblem, patterns: Sequence[str]) -> sympy.Matrix:
    """The matrix of second derivatives of `region_loss` by `region_symbols`."""
    return sympy.Matrix(sympy.hessian(region_loss(problem, patterns), region_symbols(problem, len(patterns))))


def _rational(value: Fraction) -> sympy.Rational:
    return sympy.Rational(value.numerator, value.denominator)
