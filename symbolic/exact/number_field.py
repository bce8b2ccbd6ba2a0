"""Arithmetic in a real number field Q(theta), theta a fixed real root of an irreducible polynomial."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from flint import arb, fmpq, fmpq_mat, fmpq_poly, fmpz_poly

from symbolic.enclosure import AlgebraicNumber, endpoints, to_fmpq, to_fraction, working_precision


@dataclass(frozen=True)
class NumberField:
    """Q(theta) with theta given as an `AlgebraicNumber`, or Q itself (theta rational: `generator` a Fraction)."""

    generator: AlgebraicNumber | Fraction

    @property
    def degree(self) -> int:
        return 1 if isinstance(self.generator, Fraction) else self.generator.degree

    def modulus(self) -> fmpq_poly:
        """The minimal polynomial of theta."""
        if isinstance(self.generator, Fraction):
            return fmpq_poly([-to_fmpq(self.generator), 1])
        return fmpq_poly(list(self.generator.minimal_polynomial))

    def theta(self) -> FieldElement:
        return FieldElement(self, fmpq_poly([0, 1]) % self.modulus())

    def lift(self, value: Fraction | int) -> FieldElement:
        """The rational `value` as an element."""
        return FieldElement(self, fmpq_poly([to_fmpq(value)]))

    def element(self, coefficients: list[Fraction]) -> FieldElement:
        """sum_i coefficients[i] theta^i."""
        return FieldElement(self, fmpq_poly([to_fmpq(value) for value in coefficients]) % self.modulus())


class FieldElement:
    """An element of a number field with exact `+ - * /` and exact comparison with zero."""

    __slots__ = ("field", "polynomial")

    def __init__(self, field: NumberField, polynomial: fmpq_poly) -> None:
        self.field = field
        self.polynomial = polynomial

    def __add__(self, other: FieldElement) -> FieldElement:
        return FieldElement(self.field, self.polynomial + other.polynomial)

    def __sub__(self, other: FieldElement) -> FieldElement:
        return FieldElement(self.field, self.polynomial - other.polynomial)

    def __neg__(self) -> FieldElement:
        return FieldElement(self.field, -self.polynomial)

    def __mul__(self, other: FieldElement) -> FieldElement:
        return FieldElement(self.field, (self.polynomial * other.polynomial) % self.field.modulus())

    def __truediv__(self, other: FieldElement) -> FieldElement:
        if other.is_zero():
            raise ZeroDivisionError("division by zero in a number field")
        _, inverse, _ = other.polynomial.xgcd(self.field.modulus())
        return FieldElement(self.field, (self.polynomial * inverse) % self.field.modulus())

    def is_zero(self) -> bool:
        """Whether the element is 0. Exact both ways: the modulus is irreducible, so residues are unique."""
        return self.polynomial == 0

    def enclose(self, bits: int) -> arb:
        """A ball that holds the real number, of absolute accuracy growing with `bits`."""
        generator = self.field.generator
        with working_precision(bits + 64):
            theta = arb(to_fmpq(generator)) if isinstance(generator, Fraction) else generator.enclose(bits + 64)
            total = arb(0)
            for value in reversed(self.polynomial.coeffs()):
                total = total * theta + arb(value)
            return total

    def number(self) -> Fraction | AlgebraicNumber:
        """The element as a rational or an algebraic number with its own minimal polynomial.

        The first linear relation among 1, e, e^2, ... over Q is the minimal polynomial of e.
        """
        coefficients = tuple(to_fraction(value) for value in self.polynomial.coeffs())
        if len(coefficients) <= 1:
            return coefficients[0] if coefficients else Fraction(0)
        return _number(self.field, coefficients)

    def _irrational(self) -> AlgebraicNumber:
        degree = self.field.degree
        powers = [self.field.lift(1)]
        for _ in range(degree):
            powers.append(powers[-1] * self)
        for size in range(2, degree + 1):
            rows = [_padded(power.polynomial, degree) for power in powers[:size]]
            matrix = fmpq_mat(size, degree, [value for row in rows for value in row])
            target = _padded(powers[size].polynomial, degree)
            relation = _solve_left(matrix, target, size, degree)
            if relation is not None:
                return _algebraic([-value for value in relation] + [fmpq(1)], self)
        raise ArithmeticError("an element of a number field has a minimal polynomial of at most its degree")


@lru_cache(maxsize=65536)
def _number(field: NumberField, coefficients: tuple[Fraction, ...]) -> AlgebraicNumber:
    """The algebraic number of an irrational element; the same elements occur at many places."""
    return field.element(list(coefficients))._irrational()


def isolated_root(polynomial: fmpz_poly, ball: arb) -> Fraction | AlgebraicNumber | None:
    """The one real root of an irreducible polynomial that meets `ball`, or None if none or several do."""
    coefficients = [int(value) for value in polynomial.coeffs()]
    if len(coefficients) == 2:
        root = Fraction(-coefficients[0], coefficients[1])
        return root if ball.contains(to_fmpq(root)) else None
    if coefficients[-1] < 0:
        coefficients = [-value for value in coefficients]
    found = [root.real for root, _ in polynomial.complex_roots() if root.imag == 0 and root.real.overlaps(ball)]
    if len(found) != 1:
        return None
    return _short_isolation(tuple(coefficients), found[0])


def _short_isolation(coefficients: tuple[int, ...], root: arb) -> AlgebraicNumber:
    """An isolating interval with short dyadic ends around a real root known to some precision."""
    low, high = endpoints(root)
    others = [endpoints(r.real) for r, _ in fmpz_poly(list(coefficients)).complex_roots() if r.imag == 0]
    exponent = 4
    while True:
        step = Fraction(1, 2**exponent)
        lower, upper = (low // step) * step, -((-high) // step) * step
        if sum(1 for a, b in others if a <= upper and lower <= b) == 1:
            return AlgebraicNumber(coefficients, lower, upper)
        exponent += 4


def _padded(polynomial: fmpq_poly, size: int) -> list[fmpq]:
    values = [fmpq(value) for value in polynomial.coeffs()]
    return values + [fmpq(0)] * (size - len(values))


def _solve_left(matrix: fmpq_mat, target: list[fmpq], size: int, degree: int) -> list[fmpq] | None:
    """Rational x with x * matrix = target, or None; the rows of `matrix` are independent."""
    augmented = fmpq_mat(
        degree, size + 1, [x for j in range(degree) for x in [*(matrix[i, j] for i in range(size)), target[j]]]
    )
    reduced, rank = augmented.rref()
    if rank > size or any(reduced[i, i] != 1 for i in range(size)):
        return None
    if rank == size and all(reduced[i, size] == 0 for i in range(size, degree)):
        return [reduced[i, size] for i in range(size)]
    return None


def _algebraic(coefficients: list[fmpq], element: FieldElement) -> AlgebraicNumber:
    polynomial = fmpq_poly(coefficients).numer()
    polynomial = fmpz_poly([int(c) // int(polynomial.content()) for c in polynomial.coeffs()])
    bits = 64
    while True:
        with working_precision(bits):
            root = isolated_root(polynomial, element.enclose(bits))
        if isinstance(root, AlgebraicNumber):
            return root
        bits *= 2
