"""Number fields against ball arithmetic and SymPy's minimal polynomials."""

from fractions import Fraction

import pytest
import sympy

from symbolic.enclosure import AlgebraicNumber, endpoints
from symbolic.exact.number_field import FieldElement, NumberField

CUBIC = NumberField(AlgebraicNumber((-1, -1, 0, 1), Fraction(1), Fraction(2)))


def value(element: FieldElement) -> float:
    return float(element.enclose(80).mid())


def test_arithmetic_agrees_with_real_arithmetic() -> None:
    theta = CUBIC.theta()
    real = value(theta)
    element = (theta * theta + CUBIC.lift(3)) / (theta - CUBIC.lift(Fraction(1, 7)))
    assert value(element) == pytest.approx((real**2 + 3) / (real - 1 / 7), abs=1e-14)
    assert (element * (theta - CUBIC.lift(Fraction(1, 7))) - theta * theta - CUBIC.lift(3)).is_zero()
    assert not element.is_zero()


def test_zero_is_exact() -> None:
    theta = CUBIC.theta()
    assert (theta * theta * theta - theta - CUBIC.lift(1)).is_zero()
    tiny = CUBIC.lift(Fraction(1, 10**200))
    assert not (theta * theta * theta - theta - CUBIC.lift(1) + tiny).is_zero()
    with pytest.raises(ZeroDivisionError):
        theta / (theta - theta)


def test_minimal_polynomial_agrees_with_sympy() -> None:
    theta = CUBIC.theta()
    x = sympy.Symbol("x")
    root = sympy.CRootOf(x**3 - x - 1, 0)
    number = (theta * theta + CUBIC.lift(2)).number()
    assert isinstance(number, AlgebraicNumber)
    expected = sympy.Poly(sympy.minimal_polynomial(root**2 + 2, x), x).all_coeffs()[::-1]
    assert list(number.minimal_polynomial) == [int(c) for c in expected]
    low, high = endpoints(number.enclose(100))
    reference = Fraction(str(sympy.N(root**2 + 2, 60)))
    assert low <= reference + Fraction(1, 10**50)
    assert high >= reference - Fraction(1, 10**50)


def test_subfield_elements_get_their_own_degree() -> None:
    # Q(2^(1/4)) holds sqrt(2).
    field = NumberField(AlgebraicNumber((-2, 0, 0, 0, 1), Fraction(1), Fraction(2)))
    square = (field.theta() * field.theta()).number()
    assert isinstance(square, AlgebraicNumber)
    assert square.minimal_polynomial == (-2, 0, 1)
    assert square.lower > 0
    fourth = field.theta() * field.theta() * field.theta() * field.theta()
    assert fourth.number() == Fraction(2)
