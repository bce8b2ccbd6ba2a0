"""Number records read once each and checked: canonical form, decimal, radical, isolating interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from flint import arb, fmpq, fmpz_poly

from catalog.errors import CatalogError
from catalog.number_text import number_from_record, radical_text
from symbolic.enclosure import (
    AlgebraicNumber,
    Ball,
    Number,
    arb_of,
    bounds,
    enclose,
    endpoints,
    to_fmpq,
    working_precision,
)
from symbolic.errors import Refuted

BITS = 512
"""Accuracy of the balls of exact numbers."""

LARGEST_DEGREE = 200
LARGEST_DIGITS = 100_000


@dataclass(frozen=True, eq=False)
class Value:
    """A number of a record: as it is known, as a ball, and exactly if it is rational."""

    number: Number
    ball: arb
    rational: fmpq | None

    @property
    def is_exact(self) -> bool:
        return isinstance(self.number, Fraction | AlgebraicNumber)


class NumberReader:
    """Reads the number records of one problem; equal records become the same `Value`.

    Args:
        widest: the largest radius of a ball: wider ones would agree with every equation. None for any.
    """

    def __init__(self, widest: Fraction | None = None) -> None:
        self._widest = widest
        self._known: dict[tuple[Any, ...], Value] = {}

    def value(self, record: Any) -> Value:
        """The number of a record.

        Raises:
            CatalogError: not a flat form, or not spelled canonically.
            Refuted: the decimal or the radical is not that of the number, or the interval does not isolate a root of an
                irreducible polynomial.
        """
        key = _key(record)
        known = self._known.get(key)
        if known is None:
            known = read_value(record)
            if self._widest is not None and isinstance(known.number, Ball) and known.number.radius > self._widest:
                raise Refuted("a ball is too wide for a certified number")
            self._known[key] = known
        return known


def read_value(record: Mapping[str, Any]) -> Value:
    """See `NumberReader.value`."""
    if len(str(record)) > LARGEST_DIGITS:
        raise CatalogError("a number of too many digits")
    number = number_from_record(record)
    if isinstance(number, AlgebraicNumber):
        check_algebraic(number)
        wanted = radical_text(number) if number.degree == 2 else None
        if record.get("radical") != wanted:
            raise Refuted("the radical is not that of the number")
    elif "radical" in record:
        raise Refuted("a radical beside a number that is not of degree 2")
    _check_decimal(number, record.get("decimal"))
    rational = to_fmpq(number) if isinstance(number, Fraction) else None
    with working_precision(BITS):
        return Value(number, enclose(number, BITS), rational)


def _key(record: Any) -> tuple[Any, ...]:
    if not isinstance(record, Mapping):
        raise CatalogError("a number must be an object")
    algebraic, ball = record.get("algebraic"), record.get("ball")
    parts: tuple[Any, ...] = (record.get("rational"), record.get("decimal"), record.get("radical"), len(record))
    if isinstance(algebraic, Mapping):
        parts += (*map(str, algebraic.get("minpoly", ())), "|", *map(str, algebraic.get("interval", ())))
    if isinstance(ball, Mapping):
        parts += (str(ball.get("midpoint")), str(ball.get("radius")), len(ball))
    return (*map(type, parts), *map(str, parts))


def check_algebraic(number: AlgebraicNumber) -> None:
    """Irreducible, primitive, positive leading coefficient, and one root between the ends, with a change of sign."""
    coefficients = list(number.minimal_polynomial)
    if len(coefficients) > LARGEST_DEGREE:
        raise CatalogError("a minimal polynomial of too large a degree")
    polynomial = fmpz_poly(coefficients)
    content, factors = polynomial.factor()
    if polynomial.degree() != len(coefficients) - 1 or coefficients[-1] <= 0 or abs(int(content)) != 1:
        raise Refuted("the minimal polynomial is not primitive with a positive leading coefficient")
    if len(factors) != 1 or factors[0][1] != 1:
        raise Refuted("the minimal polynomial is reducible")
    if number.lower >= number.upper:
        raise Refuted("the isolating interval is empty")
    if _value(coefficients, number.lower) * _value(coefficients, number.upper) >= 0:
        raise Refuted("the minimal polynomial does not change its sign on the isolating interval")
    bits = 64
    while True:
        with working_precision(bits):
            roots = [endpoints(root.real) for root, _ in polynomial.complex_roots() if root.imag == 0]
        # An end is no root, so that finer balls leave it.
        if all(not low <= end <= high for low, high in roots for end in (number.lower, number.upper)):
            break
        bits *= 2
    if sum(number.lower < low and high < number.upper for low, high in roots) != 1:
        raise Refuted("the isolating interval holds more than one root")


def _value(coefficients: list[int], x: Fraction) -> Fraction:
    total = Fraction(0)
    for coefficient in reversed(coefficients):
        total = total * x + coefficient
    return total


def _check_decimal(number: Number, text: object) -> None:
    """The number is within one unit of the last digit of the decimal."""
    if not isinstance(text, str) or len(text) > 200 or set(text) - set("0123456789.e-+"):
        raise CatalogError("a number has no decimal")
    try:
        decimal = Decimal(text)
    except ArithmeticError:
        raise CatalogError(f"{text!r} is not a decimal") from None
    exponent = decimal.as_tuple().exponent
    if not isinstance(exponent, int) or abs(exponent) > 10_000:
        raise CatalogError(f"{text!r} is not a decimal of a number")
    low, high = bounds(number)
    unit = Fraction(10) ** exponent
    if abs(Fraction(decimal) - low) > unit or abs(Fraction(decimal) - high) > unit:
        raise Refuted(f"the decimal {text} is not within one unit of its last digit of the number")


def ball_of(value: Fraction | int) -> arb:
    """A rational number as a ball at the accuracy of values."""
    with working_precision(BITS):
        return arb_of(Fraction(value))
