"""Numbers as text and back: rationals, algebraic numbers, certified balls, and the decimals printed for people.

Text forms: rational `"p/q"` in lowest terms (or an integer); algebraic `{"minpoly": [constant term first],
"interval": [lo, hi]}`; ball `{"midpoint": dyadic, "radius": dyadic}` with a dyadic written `"p/2**e"`. Nothing here
evaluates text: every form is read by a whitelist and must be spelled the one canonical way.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from catalog.errors import CatalogError
from symbolic.enclosure import AlgebraicNumber, Ball, Number, bounds

SIGNIFICANT_DIGITS = 36
"""Digits of a printed decimal, where so many are proved."""

_RATIONAL = re.compile(r"(-?[0-9]+)(?:/([0-9]+))?")
_DYADIC = re.compile(r"(-?[0-9]+)(?:/2\*\*([0-9]+))?")


def rational_text(value: Fraction) -> str:
    """`p/q` in lowest terms, or an integer."""
    return str(value)


def parse_rational(text: str) -> Fraction:
    """The rational that `rational_text` spells `text`.

    Raises:
        CatalogError: any other spelling, `2/4` and `0.5` included.
    """
    match = _RATIONAL.fullmatch(text) if isinstance(text, str) else None
    if match and (match[2] is None or int(match[2])):
        value = Fraction(int(match[1]), int(match[2] or 1))
        if str(value) == text:
            return value
    raise CatalogError(f"{text!r} is not a rational in lowest terms, such as -3/7")


def dyadic_text(value: Fraction) -> str:
    """`p/2**e` with odd p, or an integer."""
    exponent = value.denominator.bit_length() - 1
    if value.denominator != 1 << exponent:
        raise CatalogError(f"{value} is not a dyadic rational")
    return f"{value.numerator}/2**{exponent}" if exponent else str(value.numerator)


def parse_dyadic(text: str) -> Fraction:
    """The dyadic rational that `dyadic_text` spells `text`; any other spelling is a `CatalogError`."""
    match = _DYADIC.fullmatch(text) if isinstance(text, str) else None
    if match and len(match[2] or "") < 7:
        value = Fraction(int(match[1]), 1 << int(match[2] or 0))
        if dyadic_text(value) == text:
            return value
    raise CatalogError(f"{text!r} is not a dyadic rational, such as 3/2**5")


def number_record(number: Number) -> dict[str, Any]:
    """The flat form of a number: how it is known, and a decimal for people.

    Returns:
        One of the keys `rational`, `algebraic`, `ball` with the text forms of this module; `decimal`; and
        `radical`, a text with `sqrt( )`, for an algebraic number of degree 2.
    """
    if isinstance(number, Fraction):
        return {"rational": rational_text(number), "decimal": decimal_text(number)}
    if isinstance(number, Ball):
        ball = {"midpoint": dyadic_text(number.center), "radius": dyadic_text(number.radius)}
        return {"ball": ball, "decimal": decimal_text(number)}
    interval = [rational_text(number.lower), rational_text(number.upper)]
    record: dict[str, Any] = {
        "algebraic": {"minpoly": list(number.minimal_polynomial), "interval": interval},
        "decimal": decimal_text(number),
    }
    if number.degree == 2:
        record["radical"] = radical_text(number)
    return record


def number_from_record(record: Mapping[str, Any]) -> Number:
    """The number of a flat form. The decimal and the radical are for people and are not read.

    Raises:
        CatalogError: not a flat form, or not spelled canonically.
    """
    known = [key for key in ("rational", "algebraic", "ball") if key in record]
    if len(known) != 1 or not set(record) <= {known[0], "decimal", "radical"}:
        raise CatalogError(f"a number must be one of rational, algebraic, ball, not {sorted(record)}")
    value = record[known[0]]
    if known[0] == "rational":
        return parse_rational(value)
    if known[0] == "ball":
        center, radius = _fields(value, ("midpoint", "radius"))
        if parse_dyadic(radius) < 0:
            raise CatalogError("the radius of a ball must not be negative")
        return Ball(parse_dyadic(center), parse_dyadic(radius))
    minpoly, interval = _fields(value, ("minpoly", "interval"))
    if not isinstance(minpoly, list) or not isinstance(interval, list) or len(minpoly) < 3 or len(interval) != 2:
        raise CatalogError("an algebraic number needs a minimal polynomial of degree at least 2 and an interval")
    if any(isinstance(value, bool) or not isinstance(value, int) for value in minpoly):
        raise CatalogError("the coefficients of a minimal polynomial must be integers")
    return AlgebraicNumber(tuple(minpoly), parse_rational(interval[0]), parse_rational(interval[1]))


def exact_form(record: Mapping[str, Any]) -> str | dict[str, Any] | None:
    """What a query answers as the exact form: text, `{"minpoly", "interval"}`, or None where only a ball is known."""
    form = record.get("rational", record.get("radical", record.get("algebraic")))
    return form if form is None or isinstance(form, str) else dict(form)


def decimal_text(number: Number, digits: int = SIGNIFICANT_DIGITS) -> str:
    """A decimal of at most `digits` significant digits.

    Guarantee:
        The number is within one unit of the last printed digit. A terminating decimal that fits is printed exactly;
        exact zero is "0". A wider ball gets the digits it proves; a ball that holds 0 gets zeros, with as many
        decimals as are proved.
    """
    if isinstance(number, Fraction):
        return _decimal_of_interval(number, number, digits)
    if isinstance(number, Ball):
        return _decimal_of_interval(*bounds(number), digits)
    # A relative enclosure of this size proves the digits; the loop ends because the number is not 0.
    bits = 4 * digits + 16
    while True:
        low, high = bounds(number, bits)
        if low * high > 0 and (high - low) * 10 ** (digits + 2) < min(abs(low), abs(high)):
            return _decimal_of_interval(low, high, digits)
        bits *= 2


def _decimal_of_interval(low: Fraction, high: Fraction, digits: int) -> str:
    largest = max(abs(low), abs(high))
    if largest == 0:
        return "0"
    unit = _magnitude(largest) - digits + 1
    if low <= 0 <= high:
        while largest > Fraction(10) ** unit:
            unit += 1
        return _spell(0, unit, exact=False)
    middle = (low + high) / 2
    while True:
        step = Fraction(10) ** unit
        count = round(middle / step)
        if abs(count * step - low) <= step and abs(count * step - high) <= step:
            return _spell(count, unit, exact=low == high == count * step)
        unit += 1


def _magnitude(value: Fraction) -> int:
    """The exponent e with 10^e <= value < 10^(e+1)."""
    exponent = len(str(value.numerator)) - len(str(value.denominator))
    while Fraction(10) ** exponent > value:
        exponent -= 1
    while Fraction(10) ** (exponent + 1) <= value:
        exponent += 1
    return exponent


def _spell(count: int, unit: int, *, exact: bool) -> str:
    """`count * 10^unit`. Trailing zeros are kept unless the value is exact, because they are proved digits."""
    if exact:
        while count % 10 == 0:
            count, unit = count // 10, unit + 1
        if unit > 0 and unit + len(str(count)) <= 30:
            count, unit = count * 10**unit, 0
    mark, text = ("-" if count < 0 else ""), str(abs(count))
    leading = len(text) - 1 + unit
    if unit > 0 or (count and leading < -6):
        tail = f".{text[1:]}" if len(text) > 1 else ""
        return f"{mark}{text[0]}{tail}e{leading}"
    if unit == 0:
        return mark + text
    text = text.rjust(1 - unit, "0")
    return f"{mark}{text[:unit]}.{text[unit:]}"


def radical_text(number: AlgebraicNumber) -> str:
    """`(-b +- s*sqrt(d))/(2a)` in lowest terms, for a number of degree 2.

    Guarantee:
        The text is the number: a real root of a x^2 + b x + c with a > 0 lies on the side of the vertex -b/(2a) that
        its sign of the square root says, and the isolating interval holds one root only, so the side is decided by
        rational comparisons (Proof: right of the vertex the polynomial increases, so the larger root is at most
        `upper` if and only if `upper` is right of the vertex and the polynomial is not negative there).
    """
    if number.degree != 2:
        raise CatalogError(f"only a number of degree 2 has a square-root form here, not one of degree {number.degree}")
    c, b, a = number.minimal_polynomial
    discriminant = b * b - 4 * a * c
    if a <= 0 or discriminant <= 0 or math.isqrt(discriminant) ** 2 == discriminant:
        raise CatalogError("the minimal polynomial of a real number of degree 2 must be irreducible with real roots")
    vertex = Fraction(-b, 2 * a)
    upper = number.upper
    larger = upper > vertex and (a * upper + b) * upper + c >= 0
    if not larger and number.lower > vertex:
        raise CatalogError("the isolating interval holds no root")
    factor, core = _square_part(discriminant)
    divisor = math.gcd(b, factor, 2 * a)
    b, factor, denominator = b // divisor, factor // divisor, 2 * a // divisor
    root = f"sqrt({core})" if factor == 1 else f"{factor}*sqrt({core})"
    sign = "+" if larger else "-"
    if b == 0:
        body = root if larger else f"-{root}"
        return body if denominator == 1 else f"{body}/{denominator}"
    body = f"{-b} {sign} {root}"
    return body if denominator == 1 else f"({body})/{denominator}"


def _square_part(value: int) -> tuple[int, int]:
    """`(s, d)` with value = s^2 d; every square of a prime below 1000 is taken out, and a square cofactor."""
    factor = 1
    for prime in range(2, 1000):
        while value % (prime * prime) == 0:
            value //= prime * prime
            factor *= prime
    for small in range(2, 1000):
        if value % small == 0 and math.isqrt(value // small) ** 2 == value // small:
            return factor * math.isqrt(value // small), small
    return factor, value


def outward_floats(number: Number) -> tuple[float, float]:
    """Floats `lower <= number <= upper`, next to each other or equal where the number allows it.

    Guarantee: checked with rational arithmetic; beyond the range of floats an end is infinite.
    """
    low, high = bounds(number)
    return _float_below(low), 0.0 - _float_below(-high)


def _float_below(value: Fraction) -> float:
    try:
        candidate = float(value)
    except OverflowError:
        return math.nextafter(math.inf, 0) if value > 0 else -math.inf
    while math.isinf(candidate) or Fraction(candidate) > value:
        candidate = math.nextafter(candidate, -math.inf)
    return candidate + 0.0


def compare_with(number: Number, threshold: Fraction) -> int | None:
    """The sign of `number - threshold`; None where a ball does not decide it.

    Guarantee: decided for exact numbers (an algebraic number of degree >= 2 never equals a rational).
    """
    if isinstance(number, AlgebraicNumber):
        bits = 64
        while True:
            low, high = bounds(number, bits)
            if low > threshold or high < threshold:
                return 1 if low > threshold else -1
            bits *= 2
    low, high = bounds(number)
    if low == high == threshold:
        return 0
    if low > threshold or high < threshold:
        return 1 if low > threshold else -1
    return None


def _fields(value: object, keys: tuple[str, str]) -> tuple[Any, Any]:
    if not isinstance(value, Mapping) or set(value) != set(keys):
        raise CatalogError(f"a number must have exactly the keys {' and '.join(keys)}")
    return value[keys[0]], value[keys[1]]
