"""Reading and writing polynomial targets. The text is parsed by a whitelist; nothing in it is ever executed."""

from __future__ import annotations

import ast
import warnings
from fractions import Fraction

from symbolic.errors import InvalidProblem

MAXIMAL_DEGREE = 12
"""Degrees above this are refused: the systems of `symbolic.interval.skeletons` grow with the degree."""

MAXIMAL_DIGITS = 60
"""Numbers with more digits than this in numerator or denominator are refused."""

MAXIMAL_LENGTH = 2000
"""Characters of a target text."""

_MAXIMAL_BITS = 20_000
"""Bits of a power of a number on the way to a coefficient."""


def parse_target(text: str) -> tuple[Fraction, ...]:
    """Coefficients (constant term first, no trailing zero) of the polynomial in x that `text` spells.

    The grammar is integers, `x`, `+ - *`, `/` by an integer constant, `**` by a natural number, parentheses.

    Args:
        text: for example ``"(-3/2)*x**0 + (1)*x**4"``.

    Returns:
        `(c_0, ..., c_d)` with `c_d != 0`; the zero polynomial is `(0,)`.

    Raises:
        InvalidProblem: for anything else, in one line that shows what would be right.

    Example:
        >>> [str(c) for c in parse_target("x**3 - x")]
        ['0', '-1', '0', '1']
    """
    if not isinstance(text, str):
        raise InvalidProblem(f'target must be a text such as "x**2", not {type(text).__name__} {text!r}')
    if len(text) > MAXIMAL_LENGTH:
        raise InvalidProblem(f"target must have at most {MAXIMAL_LENGTH} characters, not {len(text)}")
    try:
        with warnings.catch_warnings():
            # Warnings are for authors of programs; the grammar decides here.
            warnings.simplefilter("ignore")
            tree = ast.parse(text.strip(), mode="eval")
        coefficients = _polynomial(tree.body, text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if isinstance(error, InvalidProblem):
            raise
        raise InvalidProblem(f'target {_short(text)} cannot be read; write it like "x**3 - x/2 + 1"') from None
    for value in coefficients:
        if max(abs(value.numerator), value.denominator) >= 10**MAXIMAL_DIGITS:
            raise InvalidProblem(f"target has a coefficient of more than {MAXIMAL_DIGITS} digits")
    return coefficients


def format_target(coefficients: tuple[Fraction, ...]) -> str:
    """A text that `parse_target` reads back to the same coefficients."""
    terms = []
    for power, value in reversed(list(enumerate(coefficients))):
        if value == 0:
            continue
        monomial = {0: "", 1: "x"}.get(power, f"x**{power}")
        size = abs(value)
        if not monomial:
            body = str(size)
        elif size == 1:
            body = monomial
        else:
            body = f"{size.numerator}*{monomial}" + (f"/{size.denominator}" if size.denominator != 1 else "")
        terms.append(("-" if value < 0 else "+", body))
    if not terms:
        return "0"
    first_sign, first = terms[0]
    return ("-" if first_sign == "-" else "") + first + "".join(f" {s} {body}" for s, body in terms[1:])


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")


def _trim(coefficients: list[Fraction]) -> tuple[Fraction, ...]:
    while len(coefficients) > 1 and coefficients[-1] == 0:
        coefficients.pop()
    return tuple(coefficients)


def _multiply(left: tuple[Fraction, ...], right: tuple[Fraction, ...]) -> tuple[Fraction, ...]:
    product = [Fraction(0)] * (len(left) + len(right) - 1)
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            product[i + j] += a * b
    result = _trim(product)
    _refuse_degree(len(result) - 1)
    return result


def _refuse_degree(degree: int) -> None:
    if degree > MAXIMAL_DEGREE:
        raise InvalidProblem(f"target must have degree at most {MAXIMAL_DEGREE}, not {degree}")


def _polynomial(node: ast.expr, text: str) -> tuple[Fraction, ...]:
    match node:
        case ast.Constant(value=bool()):
            pass
        case ast.Constant(value=int(value)):
            if value.bit_length() > 4 * MAXIMAL_DIGITS:
                raise InvalidProblem(f"target has a number of more than {MAXIMAL_DIGITS} digits")
            return (Fraction(value),)
        case ast.Constant(value=float(value)):
            raise InvalidProblem(
                f"target must be exact, not the float {value!r}; write it as {Fraction(repr(value))}"
                if value == value and abs(value) != float("inf")
                else f"target must be exact, not the float {value!r}"
            )
        case ast.Name(id="x"):
            return (Fraction(0), Fraction(1))
        case ast.Name(id=name):
            raise InvalidProblem(f"target may use the variable x only, not {name!r}")
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return tuple(-value for value in _polynomial(inner, text))
        case ast.UnaryOp(op=ast.UAdd(), operand=inner):
            return _polynomial(inner, text)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(left, right, text)
        case ast.BinOp(left=left, op=operator, right=right):
            a, b = _polynomial(left, text), _polynomial(right, text)
            length = max(len(a), len(b))
            pad_a = list(a) + [Fraction(0)] * (length - len(a))
            pad_b = list(b) + [Fraction(0)] * (length - len(b))
            if isinstance(operator, ast.Add):
                return _trim([p + q for p, q in zip(pad_a, pad_b, strict=True)])
            if isinstance(operator, ast.Sub):
                return _trim([p - q for p, q in zip(pad_a, pad_b, strict=True)])
            if isinstance(operator, ast.Mult):
                return _multiply(a, b)
            if isinstance(operator, ast.Div):
                if len(b) > 1:
                    raise InvalidProblem("target must be a polynomial: divide by an integer, not by x")
                if b[0] == 0:
                    raise InvalidProblem("target divides by 0")
                return tuple(value / b[0] for value in a)
    raise InvalidProblem(
        f"target {_short(text)} must be a polynomial in x built from integers, + - * /, ** and parentheses"
    )


def _power(left: ast.expr, right: ast.expr, text: str) -> tuple[Fraction, ...]:
    exponent = _polynomial(right, text)
    if len(exponent) > 1 or exponent[0].denominator != 1 or exponent[0] < 0:
        raise InvalidProblem("target must be a polynomial: exponents are natural numbers such as x**3")
    base, power = _polynomial(left, text), int(exponent[0])
    if len(base) > 1:
        _refuse_degree((len(base) - 1) * power)
    elif power > MAXIMAL_DIGITS:
        raise InvalidProblem(f"target raises a number to a power beyond {MAXIMAL_DIGITS}, which is not allowed")
    elif power * max(base[0].numerator.bit_length(), base[0].denominator.bit_length()) > _MAXIMAL_BITS:
        raise InvalidProblem(f"target has a power of thousands of digits; coefficients have at most {MAXIMAL_DIGITS}")
    result: tuple[Fraction, ...] = (Fraction(1),)
    for _ in range(power):
        result = _multiply(result, base)
    return result
