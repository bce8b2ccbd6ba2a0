r"""LaTeX for single cells: exact numbers, bounded decimals, SymPy text, escaped user text.

A number is printed exactly where it is known exactly (rational, radicals, minimal polynomial with isolating
interval), and otherwise as decimal digits *with a bound*; digits without a bound are never printed.
The text of an expression is parsed by a whitelist (integers, names, `+ - * / **`, parentheses, `sqrt`);
nothing in it is ever executed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from decimal import Context, Decimal, InvalidOperation
from fractions import Fraction
from itertools import pairwise
from typing import Any

from catalog.errors import CatalogError
from catalog.number_text import radical_text
from symbolic.enclosure import AlgebraicNumber

_RATIONAL = re.compile(r"[+-]?\d+(/\d+)?")
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "-": "{-}",
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
}
DIGITS = 12
"""Significant digits of a printed decimal."""

_GREEK = {"alpha", "beta", "pi", "kappa", "sigma", "delta"}


def escape(text: object) -> str:
    """User text as LaTeX: special characters printed literally, other alphabets as their code points."""
    pieces = []
    for char in str(text):
        if char in _SPECIAL:
            pieces.append(_SPECIAL[char])
        elif char.isspace() or not char.isprintable():
            pieces.append(" ")
        elif ord(char) > 126:
            pieces.append(f"[U+{ord(char):04X}]")
        else:
            pieces.append(char)
    return "".join(pieces)


def label_cell(label: object) -> str:
    """A label in typewriter type; a line may break after the problem's name, elsewhere only if it must."""
    text = escape(label)
    for mark, penalty in ((":", 0), ("@", 0), (".", 500), ("{-}", 900)):
        text = text.replace(mark, rf"{mark}\penalty{penalty}{{}}")
    return rf"\texttt{{{text}}}"


def rational_math(value: Fraction) -> str:
    r"""A rational as `\tfrac`, an integer as it is; the sign stands in front."""
    sign = "-" if value < 0 else ""
    size = abs(value)
    if size.denominator == 1:
        return f"{sign}{size.numerator}"
    return rf"{sign}\tfrac{{{size.numerator}}}{{{size.denominator}}}"


def bounded_decimal(decimal: str, digits: int) -> str:
    r"""A stored decimal with at most `digits` significant digits and a bound: `0.072267\,(\pm 10^{-6})`.

    Guarantee: the number lies within the printed bound of the printed value. A stored decimal is within one
    unit of its own last digit. If it is printed in full, that is the bound; if digits are cut off, rounding
    moves it by at most half a unit of the last printed digit, the stored decimal is off by at most a tenth
    of one, and one such unit is a bound.

    Raises:
        CatalogError: not a finite decimal, or fewer than one digit asked for.
    """
    try:
        value = Decimal(decimal)
    except InvalidOperation:
        value = Decimal("NaN")
    _, figures, stored_unit = value.as_tuple()
    if not isinstance(stored_unit, int) or digits < 1:
        raise CatalogError(f"cannot print {digits} digits of {decimal!r}")
    wide = Context(prec=max(digits, len(figures)) + 1)
    if len(figures) > digits:
        rounded = Context(prec=digits).plus(value)
        value = rounded.quantize(Decimal(1).scaleb(rounded.adjusted() - digits + 1), context=wide)
    unit = value.as_tuple().exponent
    if value == 0:
        return rf"0\,(\pm 10^{{{unit}}})"
    exponent = value.adjusted()
    if exponent >= -3 and isinstance(unit, int) and unit <= 0:
        return rf"{value:f}\,(\pm 10^{{{unit}}})"
    mantissa = value.scaleb(-exponent, context=wide)
    return rf"{mantissa:f}\cdot 10^{{{exponent}}}\,(\pm 10^{{{unit}}})"


def polynomial_math(coefficients: Sequence[int], variable: str = "z") -> str:
    """An integer polynomial, constant term first in `coefficients`, printed from the leading term down."""
    text = ""
    for power, value in reversed(list(enumerate(coefficients))):
        if value == 0:
            continue
        monomial = "" if power == 0 else variable if power == 1 else f"{variable}^{{{power}}}"
        size = str(abs(value)) if abs(value) != 1 or power == 0 else ""
        sign = "-" if value < 0 else "+" if text else ""
        text += f" {sign} {size}{monomial}" if text else f"{sign}{size}{monomial}"
    return text or "0"


def interval_math(coefficients: Sequence[int], interval: tuple[Fraction, Fraction]) -> str:
    """An isolating interval with ends short to print, widened only as far as Sturm's theorem allows."""
    lower, upper = interval
    for places in (2, 4, 8, 16, 32):
        unit = Fraction(1, 10**places)
        low = Fraction(lower // unit) * unit
        high = -(Fraction(-upper // unit) * unit)
        if low == high:
            continue
        if _roots_between(coefficients, low, high) == 1:
            return f"[{_decimal_text(low, places)}, {_decimal_text(high, places)}]"
    return rf"\bigl[{rational_math(lower)}, {rational_math(upper)}\bigr]"


def _decimal_text(value: Fraction, places: int) -> str:
    scaled = value * 10**places
    digits = str(abs(int(scaled))).rjust(places + 1, "0")
    text = f"{digits[:-places]}.{digits[-places:]}".rstrip("0").rstrip(".")
    return f"-{text}" if value < 0 and text != "0" else text


def _roots_between(coefficients: Sequence[int], low: Fraction, high: Fraction) -> int:
    """Number of real roots of a square-free polynomial in [low, high], by Sturm's theorem."""
    chain = [[Fraction(c) for c in coefficients]]
    chain.append([i * c for i, c in enumerate(chain[0])][1:])
    while len(chain[-1]) > 1:
        rest = _remainder(chain[-2], chain[-1])
        if not rest:
            break
        chain.append([-c for c in rest])

    def changes(x: Fraction) -> int:
        signs = [value > 0 for value in (_value(p, x) for p in chain) if value]
        return sum(left != right for left, right in pairwise(signs))

    return changes(low) - changes(high) + (_value(chain[0], low) == 0)


def _value(polynomial: Sequence[Fraction], x: Fraction) -> Fraction:
    total = Fraction(0)
    for c in reversed(polynomial):
        total = total * x + c
    return total


def _remainder(dividend: Sequence[Fraction], divisor: Sequence[Fraction]) -> list[Fraction]:
    rest = list(dividend)
    while len(rest) >= len(divisor):
        factor = rest[-1] / divisor[-1]
        shift = len(rest) - len(divisor)
        for i, c in enumerate(divisor):
            rest[i + shift] -= factor * c
        rest.pop()
    while rest and rest[-1] == 0:
        rest.pop()
    return rest


class RootNotes:
    """Algebraic numbers of degree 3 and more met in one table: each gets a name that notes below define."""

    def __init__(self) -> None:
        self._names: dict[tuple[tuple[int, ...], Fraction, Fraction], str] = {}

    def name(self, coefficients: tuple[int, ...], interval: tuple[Fraction, Fraction]) -> str:
        key = (coefficients, *interval)
        return self._names.setdefault(key, rf"\rho_{{{len(self._names) + 1}}}")

    def lines(self) -> list[str]:
        """One sentence per number: the root of its minimal polynomial in its isolating interval."""
        return [
            rf"${name}$ is the root of ${polynomial_math(p)}$ in ${interval_math(p, (low, high))}$."
            for (p, low, high), name in self._names.items()
        ]


def number_math(decimal: str | None, exact: object, notes: RootNotes, digits: int) -> str:
    """One number as math: exact if `exact` is given, else the decimal with its bound."""
    if isinstance(exact, Mapping):
        coefficients = tuple(int(c) for c in exact["minpoly"])
        low, high = (Fraction(str(end)) for end in exact["interval"])
        if len(coefficients) == 2:
            return rational_math(Fraction(-coefficients[0], coefficients[1]))
        if len(coefficients) == 3:
            return expression_math(radical_text(AlgebraicNumber(coefficients, low, high)))
        name = notes.name(coefficients, (low, high))
        return name if decimal is None else f"{name} = {bounded_decimal(decimal, digits)}"
    if isinstance(exact, int):
        return str(exact)
    if isinstance(exact, str) and exact:
        return rational_math(Fraction(exact)) if _RATIONAL.fullmatch(exact) else expression_math(exact)
    if decimal is None:
        return r"\text{not known}"
    return bounded_decimal(decimal, digits)


def expression_math(text: str) -> str:
    """LaTeX math of an exact text or of SymPy text; a line may break at the signs of its outermost sum.

    Raises:
        CatalogError: the text is not in the grammar.
    """
    pieces: list[str] = []
    for sign, part in _top_level_terms(text):
        body = _term_math(part)
        if not pieces:
            pieces.append(f"-{body}" if sign == "-" else body)
        else:
            pieces.append(f"{sign} {body}")
    return " ".join(pieces)


def _top_level_terms(text: str) -> list[tuple[str, str]]:
    """Split at the `+` and `-` outside parentheses that join two terms."""
    terms: list[tuple[str, str]] = []
    sign, depth, start, body = "+", 0, 0, text.strip()
    position = 0
    while position < len(body):
        char = body[position]
        if char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
        elif char in "+-" and depth == 0:
            before = body[start:position].strip()
            if before and before[-1] not in "*/(":
                terms.append((sign, before))
                sign, start = char, position + 1
            elif not before:
                sign = char if sign == "+" else ("+" if char == "-" else "-")
                start = position + 1
        position += 1
    terms.append((sign, body[start:].strip()))
    return terms


def _term_math(text: str) -> str:
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise CatalogError(f"cannot read the expression {text[:60]!r}") from None
    return _math(tree, 0)


def _math(node: ast.expr, level: int) -> str:
    """LaTeX of a node in a place of level 0 (sum), 1 (term), 2 (factor) or 3 (base of a power)."""
    match node:
        case ast.Constant(value=int(value)) if not isinstance(value, bool):
            return str(value)
        case ast.Name(id=name):
            return _name_math(name)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return _wrap(f"-{_math(inner, 1)}", level > 0)
        case ast.Call(func=ast.Name(id="sqrt"), args=[inner], keywords=[]):
            return rf"\sqrt{{{_math(inner, 0)}}}"
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _wrap(f"{_math(left, 0)} + {_math(right, 0)}", level > 0)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return _wrap(f"{_math(left, 0)} - {_math(right, 1)}", level > 0)
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int(power))):
            return _wrap(f"{_math(left, 3)}^{{{power}}}", level > 2)
        case ast.BinOp(
            left=left, op=ast.Pow(), right=ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(power)))
        ):
            return _wrap(rf"\tfrac{{1}}{{{_math(left, 3)}^{{{power}}}}}", level > 2)
        case ast.BinOp(op=ast.Mult() | ast.Div()):
            above, below = _factors(node)
            sign, body = _product(above)
            if below:
                other_sign, denominator = _product(below)
                sign = "" if sign == other_sign else "-"
                body = rf"{_fraction_command(body)}{{{body}}}{{{denominator}}}"
            return _wrap(sign + body, level > 2 or bool(sign and level > 0))
    raise CatalogError(f"cannot print the expression {ast.unparse(node)[:60]!r}")


def _factors(node: ast.expr) -> tuple[list[ast.expr], list[ast.expr]]:
    match node:
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            (a, b), (c, d) = _factors(left), _factors(right)
            return a + c, b + d
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            (a, b), (c, d) = _factors(left), _factors(right)
            return a + d, b + c
    return [node], []


def _product(factors: Sequence[ast.expr]) -> tuple[str, str]:
    """Sign and text of a product; a factor 1 is left out, a dot stands before a number inside it."""
    texts: list[str] = []
    sign = ""
    for factor in factors:
        if isinstance(factor, ast.UnaryOp) and isinstance(factor.op, ast.USub):
            sign = "" if sign else "-"
            factor = factor.operand
        text = _math(factor, 2 if len(factors) > 1 else 0)
        if text == "1" and len(factors) > 1:
            continue
        texts.append(rf"\cdot {text}" if texts and text[:1].isdigit() else text)
    if sign and len(factors) == 1:
        return sign, _math(factor, 1)
    return sign, " ".join(texts) or "1"


def _fraction_command(numerator: str) -> str:
    return r"\tfrac" if len(numerator) < 60 else r"\frac"


def _wrap(text: str, parentheses: bool) -> str:
    return f"({text})" if parentheses else text


def _name_math(name: str) -> str:
    found = re.fullmatch(r"([A-Za-z]+?)_?(\d*)", name)
    double = re.fullmatch(r"([A-Za-z])(\d+)_(\d+)", name)
    if double:
        return f"{double[1]}_{{{double[2]},{double[3]}}}"
    if not found:
        return rf"\mathit{{{escape(name)}}}"
    stem, index = found.groups()
    head = rf"\{stem}" if stem in _GREEK else stem if len(stem) == 1 else rf"\mathit{{{stem}}}"
    return f"{head}_{{{index}}}" if index else head


def exact_item(values: Any, index: int) -> object:
    """Entry of an optional list of exact forms; None where nothing exact is known."""
    if isinstance(values, Sequence) and not isinstance(values, str) and index < len(values):
        return values[index]
    return None


def loss_math(loss: Mapping[str, Any], notes: RootNotes, digits: int) -> str:
    """The loss of a function as a query answers it."""
    if loss.get("exact") is None and loss.get("decimal") is None:
        raise CatalogError("a loss has neither an exact form nor a decimal")
    return number_math(loss.get("decimal"), loss.get("exact"), notes, digits)
