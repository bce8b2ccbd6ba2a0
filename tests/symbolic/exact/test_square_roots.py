"""Sums of square roots against SymPy, and the equalities that balls cannot see."""

from __future__ import annotations

import random
import re
from fractions import Fraction

import pytest
import sympy

from symbolic.exact.square_roots import RootSum


def as_sympy(number: RootSum) -> sympy.Expr:
    return sum((sympy.Rational(c.numerator, c.denominator) * sympy.sqrt(d) for d, c in number.terms), sympy.Integer(0))


def root(value: Fraction | int) -> RootSum:
    return RootSum.square_root(value)


def spelled(text: str) -> sympy.Expr:
    """The number of a text such as "1/2 - 3*sqrt(5)/7", read by a grammar of its own."""
    total = sympy.Integer(0)
    for sign, word in re.findall(r"(?:^|(?<= ))([-+]? ?)([^ +-]\S*)", text):
        parts = re.fullmatch(r"(?:(\d+)(?:\*|(?=/|$)))?(?:sqrt\((\d+)\))?(?:/(\d+))?", word)
        assert parts is not None, word
        top, radicand, bottom = parts.groups()
        value = sympy.Rational(int(top or 1), int(bottom or 1)) * sympy.sqrt(int(radicand or 1))
        total += -value if "-" in sign else value
    return total


def test_arithmetic_agrees_with_sympy() -> None:
    rng = random.Random(1)
    for _ in range(40):
        values = [Fraction(rng.randrange(1, 60), rng.randrange(1, 12)) for _ in range(4)]
        factor = Fraction(rng.randrange(-9, 9), 7)
        number = (root(values[0]) - root(values[1]).scaled(factor)).times_root(values[2]).over_root(values[3])
        x = [sympy.Rational(v.numerator, v.denominator) for v in values]
        difference = sympy.sqrt(x[0]) - sympy.Rational(factor.numerator, factor.denominator) * sympy.sqrt(x[1])
        exact = difference * sympy.sqrt(x[2]) / sympy.sqrt(x[3])
        assert sympy.simplify(as_sympy(number) - exact) == 0
        assert number.sign() == sympy.sign(exact)
        assert sympy.simplify(spelled(number.text()) - exact) == 0


def test_zero_and_equality_are_exact() -> None:
    assert (root(8) - root(2).scaled(2)).sign() == 0
    assert (root(18) - root(8) - root(2)).terms == ()
    assert (root(Fraction(1, 2)) - root(2).scaled(Fraction(1, 2))).sign() == 0
    # No square of a small prime is there to be taken out; the classes modulo squares are still seen to be equal.
    prime = 1009
    assert (root(2 * prime**2 * 1013) - root(2 * 1013).scaled(prime)).sign() == 0
    assert root(4).as_rational == 2
    assert root(2).as_rational is None
    assert (root(2) - root(2)).as_rational == 0


def test_close_numbers_are_separated() -> None:
    large = 10**40
    gap = root(large + 1) - RootSum.rational(10**20)
    assert gap.sign() == 1
    assert (gap - RootSum.rational(Fraction(1, 2 * 10**20))).sign() == -1


def test_text() -> None:
    assert RootSum().text() == "0"
    assert (RootSum.rational(Fraction(3, 2)) - root(2).scaled(Fraction(2, 5))).text() == "3/2 - 2*sqrt(2)/5"
    assert root(5).scaled(Fraction(-1, 2)).text() == "-sqrt(5)/2"
    with pytest.raises(ValueError, match="negative"):
        root(-1)
