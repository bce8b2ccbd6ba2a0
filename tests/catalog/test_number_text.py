"""Text forms of numbers: read back to the same number, printed digits within one unit of the last place."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.errors import CatalogError
from catalog.number_text import (
    compare_with,
    decimal_text,
    dyadic_text,
    exact_form,
    number_from_record,
    number_record,
    outward_floats,
    parse_dyadic,
    parse_rational,
    radical_text,
)
from symbolic.enclosure import AlgebraicNumber, Ball, Number, bounds

fractions = st.fractions(max_denominator=10**45) | st.fractions().map(lambda value: value * Fraction(10) ** -60)
dyadics = st.builds(lambda p, e: Fraction(p) / 2**e, st.integers(-(2**230), 2**230), st.integers(0, 260))
balls = st.builds(
    lambda center, mantissa, e: Ball(center, Fraction(mantissa) / 2**e),
    dyadics,
    st.integers(0, 2**30),
    st.integers(0, 260),
)


@st.composite
def quadratics(draw: st.DrawFn) -> AlgebraicNumber:
    """A quadratic irrational, isolated by an interval that need not exclude the vertex."""
    a = draw(st.integers(1, 10**6))
    b = draw(st.integers(-(10**6), 10**6))
    c = draw(st.integers(-(10**6), 10**6))
    discriminant = b * b - 4 * a * c
    if discriminant <= 0 or math.isqrt(discriminant) ** 2 == discriminant:
        a, b, c = 1, draw(st.integers(-5, 5)) * 2, -2
        b, c = 0, -2
        discriminant = 8
    divisor = math.gcd(a, b, c)
    a, b, c = a // divisor, b // divisor, c // divisor
    discriminant = b * b - 4 * a * c
    scale = 10**12
    root = Fraction(math.isqrt(discriminant * scale * scale), scale)
    sign = draw(st.sampled_from((-1, 1)))
    near = (-b + sign * root) / (2 * a)
    half = root / (2 * a)
    # Toward the other root the interval may reach past the vertex, which is `half` away.
    inner = half * draw(st.sampled_from((Fraction(1, 100), Fraction(3, 2))))
    outer = half * draw(st.sampled_from((Fraction(1, 100), Fraction(5))))
    low, high = (near - inner, near + outer) if sign > 0 else (near - outer, near + inner)
    return AlgebraicNumber((c, b, a), low, high)


numbers = fractions | balls | quadratics()


def printed(text: str) -> tuple[Fraction, Fraction]:
    """The value of a decimal text and one unit of its last digit, read without the code under test."""
    mantissa, _, exponent = text.partition("e")
    decimals = len(mantissa.partition(".")[2])
    return Fraction(text), Fraction(10) ** (int(exponent or 0) - decimals)


def digits_of(text: str) -> int:
    return len(text.partition("e")[0].replace(".", "").lstrip("-0"))


@given(numbers)
def test_a_record_is_read_back_to_the_same_number_and_record(number: Number) -> None:
    record = number_record(number)
    assert number_from_record(record) == number
    assert number_record(number_from_record(record)) == record


@given(numbers)
def test_a_decimal_is_within_one_unit_of_its_last_digit(number: Number) -> None:
    value, unit = printed(decimal_text(number))
    low, high = bounds(number, 2000)
    assert value - unit <= low
    assert high <= value + unit


@given(fractions | quadratics())
def test_exact_numbers_have_thirty_digits_or_terminate(number: Number) -> None:
    text = decimal_text(number)
    assert digits_of(text) >= 30 or Fraction(text) == number


@given(balls)
def test_a_ball_gets_every_digit_it_proves(ball: Ball) -> None:
    """With one digit more, no decimal would be within one unit of the whole ball, or it would have over 36 digits."""
    text = decimal_text(ball)
    _, unit = printed(text)
    if ball.center == 0 == ball.radius:
        assert text == "0"
        return
    low, high = bounds(ball)
    finer = unit / 10
    if low <= 0 <= high:
        assert Fraction(text) == 0
        assert max(-low, high) > finer or digits_of(str(int(max(-low, high) / finer))) >= 36
    elif digits_of(text) < 35 and low != high:
        nearest = round((low + high) / 2 / finer) * finer
        assert max(abs(nearest - low), abs(nearest - high)) > finer


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Fraction(0), "0"),
        (Fraction(1, 4), "0.25"),
        (Fraction(-7), "-7"),
        (Fraction(1200), "1200"),
        (Fraction(1, 3), "0." + "3" * 36),
        (Fraction(1, 10**9), "1e-9"),
        (Fraction(1, 3 * 10**9), "3." + "3" * 35 + "e-10"),
        (Ball(Fraction(1, 2), Fraction(1, 1024)), "0.500"),
        (Ball(Fraction(0), Fraction(1, 1024)), "0.000"),
        (AlgebraicNumber((-2, 0, 1), Fraction(1), Fraction(2)), "1.41421356237309504880168872420969808"),
    ],
)
def test_spelling_of_decimals(number: Number, text: str) -> None:
    assert decimal_text(number) == text


@given(quadratics())
def test_a_radical_is_the_number(number: AlgebraicNumber) -> None:
    """By an independent route: sympy's value of the text has the minimal polynomial and lies in the interval."""
    text = radical_text(number)
    assert set(text) <= set("0123456789+-*/() sqrt")
    value = sympy.Rational(0) + sympy.parse_expr(text)
    c, b, a = number.minimal_polynomial
    assert sympy.expand(a * value**2 + b * value + c) == 0
    approximation = Fraction(str(value.evalf(60)))
    assert number.lower <= approximation <= number.upper


@given(numbers)
def test_floats_are_rounded_outward_and_tight(number: Number) -> None:
    lower, upper = outward_floats(number)
    low, high = bounds(number)
    assert Fraction(lower) <= low
    assert high <= Fraction(upper)
    if low == high:
        assert upper in (lower, math.nextafter(lower, math.inf))


def test_floats_beyond_the_range_are_infinite_outward() -> None:
    lower, upper = outward_floats(Fraction(10) ** 400)
    assert lower == math.nextafter(math.inf, 0)
    assert upper == math.inf
    assert outward_floats(Fraction(-1, 10**400)) == (-5e-324, 0.0)


@settings(max_examples=50)
@given(quadratics(), st.fractions(max_denominator=1000))
def test_comparison_agrees_with_squaring(number: AlgebraicNumber, threshold: Fraction) -> None:
    value = sympy.parse_expr(radical_text(number)) - sympy.Rational(threshold.numerator, threshold.denominator)
    assert compare_with(number, threshold) == (1 if value > 0 else -1)


def test_comparison_of_balls_and_rationals() -> None:
    assert compare_with(Fraction(1, 3), Fraction(1, 3)) == 0
    assert compare_with(Ball(Fraction(1, 2), Fraction(1, 8)), Fraction(5, 8)) is None
    assert compare_with(Ball(Fraction(1, 2), Fraction(1, 8)), Fraction(3, 4)) == -1


@pytest.mark.parametrize("text", ["2/4", "0.5", "1/0", "+1", " 1", "1e3", "--1", "01", "1/-2", "", "-0", "x"])
def test_a_rational_has_one_spelling(text: str) -> None:
    with pytest.raises(CatalogError):
        parse_rational(text)


@pytest.mark.parametrize("text", ["2/2**1", "1/2**0", "1/3", "3/2**9999999", "1/2**-1", ""])
def test_a_dyadic_has_one_spelling(text: str) -> None:
    with pytest.raises(CatalogError):
        parse_dyadic(text)


@given(dyadics)
def test_dyadics_are_read_back(value: Fraction) -> None:
    assert parse_dyadic(dyadic_text(value)) == value


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"decimal": "0.5"},
        {"rational": "1", "ball": {"midpoint": "0", "radius": "1"}},
        {"rational": "1", "extra": 1},
        {"rational": 1},
        {"ball": {"midpoint": "0", "radius": "-1"}},
        {"ball": {"midpoint": "0"}},
        {"algebraic": {"minpoly": [1, 2], "interval": ["0", "1"]}},
        {"algebraic": {"minpoly": [1.0, 2, 3], "interval": ["0", "1"]}},
        {"algebraic": {"minpoly": [1, 2, 3], "interval": ["0"]}},
    ],
)
def test_malformed_numbers_are_refused(record: dict[str, object]) -> None:
    with pytest.raises(CatalogError):
        number_from_record(record)


def test_exact_forms() -> None:
    golden = AlgebraicNumber((-1, -1, 1), Fraction(1), Fraction(2))
    cubic = AlgebraicNumber((-2, 0, 0, 1), Fraction(1), Fraction(2))
    assert exact_form(number_record(Fraction(1, 3))) == "1/3"
    assert exact_form(number_record(golden)) == "(1 + sqrt(5))/2"
    assert exact_form(number_record(cubic)) == {"minpoly": [-2, 0, 0, 1], "interval": ["1", "2"]}
    assert exact_form(number_record(Ball(Fraction(1), Fraction(1, 8)))) is None
