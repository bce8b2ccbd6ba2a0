"""Puiseux series in s = k^(-1/2) with coefficients in Q(pi), exact, and the arithmetic the loss is evaluated in.

pi is transcendental, so Q(pi) is the field of rational functions in one variable: equality is decided by cancelling.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import isqrt
from typing import TYPE_CHECKING

from flint import arb, fmpz_poly

from symbolic.enclosure import working_precision
from symbolic.errors import InsufficientPrecision, InvalidProblem

if TYPE_CHECKING:
    from sympy import Expr

NEVER = 10**9
"""The order of the error term of an exact zero."""


@dataclass(frozen=True)
class PiNumber:
    """An element of Q(pi): `numerator`(pi) / `denominator`(pi), coprime, the leading coefficient below positive."""

    numerator: fmpz_poly
    denominator: fmpz_poly

    @classmethod
    def of(cls, numerator: fmpz_poly, denominator: fmpz_poly) -> PiNumber:
        """The quotient, cancelled.

        Raises:
            ZeroDivisionError: the denominator is 0.
        """
        if denominator.degree() < 0:
            raise ZeroDivisionError("division by zero in Q(pi)")
        common = numerator.gcd(denominator)
        if common != 1:
            numerator, denominator = numerator // common, denominator // common
        if denominator.leading_coefficient() < 0:
            numerator, denominator = -numerator, -denominator
        return cls(numerator, denominator)

    @classmethod
    def rational(cls, value: Fraction | int) -> PiNumber:
        """A rational number."""
        fraction = Fraction(value)
        return cls(fmpz_poly([fraction.numerator]), fmpz_poly([fraction.denominator]))

    @property
    def is_zero(self) -> bool:
        return self.numerator.degree() < 0

    def __add__(self, other: PiNumber) -> PiNumber:
        if self.denominator == other.denominator:
            return PiNumber.of(self.numerator + other.numerator, self.denominator)
        top = self.numerator * other.denominator + other.numerator * self.denominator
        return PiNumber.of(top, self.denominator * other.denominator)

    def __neg__(self) -> PiNumber:
        return PiNumber(-self.numerator, self.denominator)

    def __sub__(self, other: PiNumber) -> PiNumber:
        return self + -other

    def __mul__(self, other: PiNumber) -> PiNumber:
        if self.is_zero or other.is_zero:
            return ZERO
        return PiNumber.of(self.numerator * other.numerator, self.denominator * other.denominator)

    def __truediv__(self, other: PiNumber) -> PiNumber:
        return PiNumber.of(self.numerator * other.denominator, self.denominator * other.numerator)

    def square_root(self) -> PiNumber | None:
        """The root with a positive value if the number is a square in Q(pi), else None."""
        top, bottom = _polynomial_root(self.numerator), _polynomial_root(self.denominator)
        if top is None or bottom is None:
            return None
        root = PiNumber(top, bottom)
        return -root if root.enclose(64) < 0 else root

    def enclose(self, bits: int) -> arb:
        """A ball around the real number, of relative accuracy about `bits` bits; exactly 0 for 0."""
        if self.is_zero:
            return arb(0)
        work = bits + 32
        while True:
            with working_precision(work):
                value = _at_pi(self.numerator) / _at_pi(self.denominator)
            if value.rel_accuracy_bits() >= bits:
                return value
            work *= 2

    @property
    def sign(self) -> int:
        """-1, 0 or 1."""
        if self.is_zero:
            return 0
        return 1 if self.enclose(32) > 0 else -1

    def to_sympy(self) -> Expr:
        """The number as a SymPy expression: expanded where the denominator is a power of pi, else factored."""
        from sympy import Integer, factor, pi

        def polynomial(coefficients: fmpz_poly) -> Expr:
            total: Expr = Integer(0)
            for power, value in enumerate(coefficients.coeffs()):
                total += Integer(int(value)) * pi**power
            return total

        top, bottom = polynomial(self.numerator), polynomial(self.denominator)
        if sum(value != 0 for value in self.denominator.coeffs()) == 1:
            return (top / bottom).expand()
        return factor(top) / factor(bottom)


def _at_pi(polynomial: fmpz_poly) -> arb:
    value = arb(0)
    for coefficient in reversed(polynomial.coeffs()):
        value = value * arb.pi() + coefficient
    return value


def _polynomial_root(polynomial: fmpz_poly) -> fmpz_poly | None:
    if polynomial.degree() < 0:
        return polynomial
    content, factors = polynomial.factor()
    scale = int(content)
    if scale < 0 or isqrt(scale) ** 2 != scale or any(power % 2 for _, power in factors):
        return None
    root = fmpz_poly([isqrt(scale)])
    for factor, power in factors:
        root *= factor ** (power // 2)
    return root


ZERO = PiNumber.rational(0)
ONE = PiNumber.rational(1)
PI = PiNumber(fmpz_poly([0, 1]), fmpz_poly([1]))


class PuiseuxSeries:
    """c_v s^v + c_(v+1) s^(v+1) + ... + O(s^order), v = `valuation` of either sign, the c in Q(pi).

    Args:
        valuation: exponent of the first coefficient given.
        coefficients: c_v, c_(v+1), ...; those not given up to the order are 0.
        order: exponent of the error term.
        known: False for the result of an operation that does not exist here (the root of what is no square), which
            spoils what is computed from it and cannot be read.
    """

    def __init__(self, valuation: int, coefficients: Sequence[PiNumber], order: int, known: bool = True) -> None:
        values = list(coefficients[: max(order - valuation, 0)])
        while values and values[-1].is_zero:
            values.pop()
        start = next((i for i, value in enumerate(values) if not value.is_zero), len(values))
        self.order = order
        self.known = known
        self._values = tuple(values[start:])
        self.valuation = valuation + start if self._values else order

    @classmethod
    def polynomial(cls, terms: dict[int, PiNumber | int | Fraction], order: int) -> PuiseuxSeries:
        """The sum of c s^e over the items e: c, with an error term."""
        if not terms:
            return cls(order, (), order)
        low = min(terms)
        values = [ZERO] * (max(terms) - low + 1)
        for exponent, value in terms.items():
            values[exponent - low] = value if isinstance(value, PiNumber) else PiNumber.rational(value)
        return cls(low, values, order)

    def __getitem__(self, exponent: int) -> PiNumber:
        """The coefficient of s^exponent.

        Raises:
            InsufficientPrecision: it is beyond the error term, or the series does not exist.
        """
        if not self.known:
            raise InsufficientPrecision("the series does not exist over Q(pi)")
        if exponent >= self.order:
            raise InsufficientPrecision(f"the coefficient of s^{exponent} is beyond the error term O(s^{self.order})")
        place = exponent - self.valuation
        return self._values[place] if 0 <= place < len(self._values) else ZERO

    @property
    def is_zero(self) -> bool:
        """Whether no term before the error term is left."""
        return not self._values

    @property
    def leading(self) -> PiNumber:
        """The first coefficient, which is not 0.

        Raises:
            InsufficientPrecision: no term is known.
        """
        if not self.known or not self._values:
            raise InsufficientPrecision("the leading term of the series is not known")
        return self._values[0]

    def truncate(self, order: int) -> PuiseuxSeries:
        """The same with the error term O(s^order), which may drop terms or declare unknown ones to be 0."""
        return PuiseuxSeries(self.valuation, self._values, order, self.known)

    def __add__(self, other: PuiseuxSeries | int) -> PuiseuxSeries:
        if isinstance(other, int):
            other = PuiseuxSeries(0, (PiNumber.rational(other),), NEVER)
        order = min(self.order, other.order)
        low = min(self.valuation, other.valuation, order)
        high = min(order, max(self._end, other._end))
        values = [ZERO] * max(high - low, 0)
        for series in (self, other):
            for place, value in enumerate(series._values, series.valuation - low):
                if place < len(values):
                    values[place] = values[place] + value
        return PuiseuxSeries(low, values, order, self.known and other.known)

    @cached_property
    def _end(self) -> int:
        return self.valuation + len(self._values)

    def __neg__(self) -> PuiseuxSeries:
        return PuiseuxSeries(self.valuation, [-value for value in self._values], self.order, self.known)

    def __sub__(self, other: PuiseuxSeries | int) -> PuiseuxSeries:
        return self + -other

    def __mul__(self, other: PuiseuxSeries | int) -> PuiseuxSeries:
        if isinstance(other, int):
            factor = PiNumber.rational(other)
            return PuiseuxSeries(
                self.valuation, [value * factor for value in self._values], self.order if other else NEVER, self.known
            )
        known = self.known and other.known
        order = min(self.valuation + other.order, other.valuation + self.order, NEVER)
        low = self.valuation + other.valuation
        length = min(order - low, len(self._values) + len(other._values) - 1)
        values = [ZERO] * max(length, 0)
        for i, left in enumerate(self._values[:length]):
            if not left.is_zero:
                for j, right in enumerate(other._values[: length - i]):
                    values[i + j] = values[i + j] + left * right
        return PuiseuxSeries(low, values, order, known)

    __rmul__ = __mul__

    def __truediv__(self, other: PuiseuxSeries | int) -> PuiseuxSeries:
        if isinstance(other, int):
            factor = PiNumber.rational(Fraction(1, other))
            return PuiseuxSeries(self.valuation, [value * factor for value in self._values], self.order, self.known)
        if self.known and not self._values and self.order >= NEVER:
            return self
        return self * other.inverse(self.order - self.valuation)

    def inverse(self, terms: int = NEVER) -> PuiseuxSeries:
        """1 over the series, to at most `terms` terms; an exact series has no other end.

        Raises:
            InsufficientPrecision: its leading term is not known.
        """
        if not self.known:
            return self
        first = ONE / self.leading
        length = min(terms, self.order - self.valuation)
        if len(self._values) == 1:
            return PuiseuxSeries(-self.valuation, (first,), min(length - self.valuation, NEVER))
        if length >= NEVER // 2:
            raise InsufficientPrecision("an exact series has no finite inverse; truncate it first")
        values = [first]
        for n in range(1, length):
            total = ZERO
            for j in range(1, min(n + 1, len(self._values))):
                total = total + self._values[j] * values[n - j]
            values.append(-(total * first))
        return PuiseuxSeries(-self.valuation, values, length - self.valuation)

    def root(self) -> PuiseuxSeries:
        """The square root with a positive leading coefficient; unknown if that is no square or the exponent odd."""
        if self.order >= NEVER and not self._values:
            return self
        top = self.leading.square_root() if self.known and self._values else None
        if top is None or self.valuation % 2:
            return PuiseuxSeries(0, (), 0, known=False)
        half = ONE / (top + top)
        length = min(self.order - self.valuation, NEVER)
        values = [top]
        if len(self._values) > 1 or length < NEVER // 2:
            for n in range(1, length):
                total = self._values[n] if n < len(self._values) else ZERO
                for j in range(1, n):
                    total = total - values[j] * values[n - j]
                values.append(total * half)
        return PuiseuxSeries(self.valuation // 2, values, min(length + self.valuation // 2, NEVER))

    def arctangent(self) -> PuiseuxSeries:
        """The arctangent of a series without a term of exponent 0 or less.

        Raises:
            InvalidProblem: it has one.
        """
        if not self.known or (not self._values and self.order >= NEVER):
            return self
        if self.valuation <= 0:
            raise InvalidProblem("the arctangent is expanded at 0 only")
        square = self * self
        power, total, sign, odd = self, self, 1, 1
        while self._values and (odd + 2) * self.valuation < self.order:
            sign, odd = -sign, odd + 2
            power = power * square
            total = total + power * sign / odd
        return total

    def to_sympy(self, terms: int | None = None) -> Expr:
        """The known terms (the first few of them) as an expression in the positive symbol s."""
        from sympy import Integer, Symbol

        s, total = Symbol("s", positive=True), Integer(0)
        result: Expr = total
        for place, value in enumerate(self._values[:terms]):
            result += value.to_sympy() * s ** (self.valuation + place)
        return result

    def evaluate(self, s: arb) -> arb:
        """The sum of the known terms, without the error term."""
        bits = max(64, s.rel_accuracy_bits() + 32)
        total = arb(0)
        for value in reversed(self._values):
            total = total * s + value.enclose(min(bits, 4096))
        return total * s**self.valuation if self.valuation >= 0 else total / s**-self.valuation


class PuiseuxArithmetic:
    """The loss evaluated on Puiseux series: exact in Q(pi), term by term.

    Args:
        terms: how many terms a constant carries, a bound on the relative precision of everything.
    """

    def __init__(self, terms: int) -> None:
        self.zero = PuiseuxSeries(NEVER, (), NEVER)
        self.one = PuiseuxSeries(0, (ONE,), terms)
        self.pi = PuiseuxSeries(0, (PI,), terms)

    def root(self, square: PuiseuxSeries) -> PuiseuxSeries:
        return square.root()

    def supplement(self, sine: PuiseuxSeries, cosine: PuiseuxSeries) -> PuiseuxSeries:
        if sine.valuation > cosine.valuation:
            small = (sine / cosine).arctangent()
            return self.pi - small if cosine.leading.sign > 0 else -small
        if sine.valuation < cosine.valuation:
            return self.pi / 2 + (cosine / sine).arctangent()
        raise InvalidProblem("an angle tends to neither 0 nor pi/2 nor pi: its series is not over Q(pi)")

    def quotient(self, numerator: PuiseuxSeries, denominator: PuiseuxSeries, bound: PuiseuxSeries) -> PuiseuxSeries:
        return numerator / denominator
