"""Polynomials in several variables over p + q sqrt(d), and a square form as a sum of squares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from catalog.coq_numbers import ONE, ZERO, Quadratic, number_coq, rational_coq

Form = Mapping[tuple[int, ...], Quadratic]
"""Coefficients by monomial: the variables of a monomial, by number, in order and with repetition."""


def constant(value: Quadratic) -> Form:
    return {(): value} if value != ZERO else {}


def shifted(value: Quadratic, variable: int) -> Form:
    """value + the variable."""
    return total([constant(value), {(variable,): ONE}])


def total(forms: Iterable[Form]) -> Form:
    found: dict[tuple[int, ...], Quadratic] = {}
    for form in forms:
        for monomial, value in form.items():
            found[monomial] = found.get(monomial, ZERO) + value
    return {monomial: value for monomial, value in found.items() if value != ZERO}


def product(*forms: Form) -> Form:
    result: Form = constant(ONE)
    for form in forms:
        found: dict[tuple[int, ...], Quadratic] = {}
        for one, left in result.items():
            for other, right in form.items():
                monomial = tuple(sorted(one + other))
                found[monomial] = found.get(monomial, ZERO) + left * right
        result = {monomial: value for monomial, value in found.items() if value != ZERO}
    return result


def multiple(form: Form, factor: Quadratic) -> Form:
    return product(form, constant(factor))


def matrix_of(form: Form, size: int) -> list[list[Quadratic]]:
    """The symmetric matrix of the terms of degree 2."""
    half = Quadratic(Fraction(1, 2))
    return [
        [form.get((i, i), ZERO) if i == j else form.get((min(i, j), max(i, j)), ZERO) * half for j in range(size)]
        for i in range(size)
    ]


def sum_of_squares(matrix: Sequence[Sequence[Quadratic]]) -> list[tuple[Quadratic, list[Quadratic]]] | None:
    """Pairs (d_i, l_i) with d_i > 0 and x^T A x = sum_i d_i (l_i x)^2, l_i = x_i + ...; None if A is not positive
    definite. By completing squares: A = L D L^T."""
    rows = [list(row) for row in matrix]
    found = []
    for i, row in enumerate(rows):
        pivot = row[i]
        if pivot.sign() <= 0:
            return None
        inverse = pivot.inverse()
        line = [ZERO] * i + [value * inverse for value in row[i:]]
        found.append((pivot, line))
        for j in range(i + 1, len(rows)):
            for k in range(i + 1, len(rows)):
                rows[j][k] = rows[j][k] - line[j] * row[k]
    return found


def linear_coq(line: Sequence[Quadratic], names: Sequence[str]) -> str:
    terms = [
        name if value == ONE else f"{number_coq(value)} * {name}"
        for value, name in zip(line, names, strict=True)
        if value != ZERO
    ]
    return f"({' + '.join(terms)})"


def form_coq(form: Form, names: Sequence[str]) -> str:
    """c * x * y + ...: sums and products only, so that `size_coq` follows the same shape."""
    terms = (" * ".join([number_coq(value), *(names[i] for i in one)]) for one, value in form.items())
    return " + ".join(f"({term})" for term in terms)


def size_coq(form: Form, bound: Fraction) -> str:
    """A bound of `form_coq` where all variables are at most `bound` in absolute value."""
    words = rational_coq(bound)
    return " + ".join(
        "(" + " * ".join([rational_coq(value.size()), *(words for _ in one)]) + ")" for one, value in form.items()
    )


def size_of(form: Form, bound: Fraction) -> Fraction:
    return sum((value.size() * bound ** len(one) for one, value in form.items()), Fraction(0))
