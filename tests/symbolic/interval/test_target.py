"""Targets: exact parsing by a whitelist, and one clear line for everything else."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symbolic.errors import InvalidProblem
from symbolic.interval.target import format_target, parse_target


@pytest.mark.parametrize(
    ("text", "coefficients"),
    [
        ("x", ["0", "1"]),
        ("x**3 - x", ["0", "-1", "0", "1"]),
        ("(-3/2)*x**0 + (1)*x**4", ["-3/2", "0", "0", "0", "1"]),
        ("-(x - 1/2)**2/3", ["-1/12", "1/3", "-1/3"]),
        ("x*x - x**2", ["0"]),
        ("2**3*x", ["0", "8"]),
        ("+x/7", ["0", "1/7"]),
    ],
)
def test_polynomials(text: str, coefficients: list[str]) -> None:
    assert [str(value) for value in parse_target(text)] == coefficients


@given(st.lists(st.fractions(max_denominator=1000), min_size=1, max_size=7))
def test_format_is_read_back(values: list[Fraction]) -> None:
    while len(values) > 1 and values[-1] == 0:
        values.pop()
    assert parse_target(format_target(tuple(values))) == tuple(values)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0.5*x", "write it as 1/2"),
        ("1e400*x", "exact"),
        ("y**2", "variable x only"),
        ("sin(x)", "polynomial"),
        ("x**x", "exponents"),
        ("x**(1/2)", "exponents"),
        ("x**-1", "exponents"),
        ("1/x", "divide by an integer"),
        ("x/0", "divides by 0"),
        ("x**13", "degree at most 12"),
        ("(x**6)**3", "degree at most 12"),
        ("9**9**9", "power"),
        ("10**60*10**60", "digits"),
        ("__import__('os').system('true')", "polynomial"),
        ("x; import os", "cannot be read"),
        ("x if x else x", "polynomial"),
        ("[x for x in (1,)]", "polynomial"),
        ("True", "polynomial"),
        ("'x'", "polynomial"),
        ("x @ x", "polynomial"),
        ("x // 2", "polynomial"),
        ("", "cannot be read"),
        ("(" * 500 + "x" + ")" * 500, "cannot be read"),
        ("x+" * 3000 + "x", "characters"),
        ("x\0", "cannot be read"),
    ],
)
def test_bad_targets_get_one_clear_line(text: str, words: str) -> None:
    with pytest.raises(InvalidProblem) as caught:
        parse_target(text)
    message = str(caught.value)
    assert words in message
    assert "\n" not in message
    assert len(message) < 200


@given(st.text(max_size=40))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        coefficients = parse_target(text)
    except InvalidProblem:
        return
    assert all(isinstance(value, Fraction) for value in coefficients)
