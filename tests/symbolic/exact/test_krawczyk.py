"""Certificates: true boxes are accepted, boxes without a zero or with two are not, balls shrink when bits double."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import pytest
from flint import arb

from symbolic.errors import InsufficientPrecision
from symbolic.exact.krawczyk import has_unique_zero, refine_zero
from symbolic.exact.number_field import FieldElement
from symbolic.exact.recognition import recognize_zero


@dataclass(frozen=True)
class Circle:
    """x^2 + y^2 = 4, x y = c: for c = 1 four transversal zeros, for c = 2 two double ones."""

    product: int

    @property
    def dimension(self) -> int:
        return 2

    def residual(self, point: Sequence[arb]) -> list[arb]:
        x, y = point
        return [x * x + y * y - 4, x * y - self.product]

    def jacobian(self, point: Sequence[arb]) -> list[list[arb]]:
        x, y = point
        return [[2 * x, 2 * y], [y, x]]


# (sqrt 6 + sqrt 2)/2 and (sqrt 6 - sqrt 2)/2
ZERO = (Fraction("1.931851652578136573"), Fraction("0.517638090205041525"))


def test_a_zero_is_certified_and_refined() -> None:
    system = Circle(1)
    assert has_unique_zero(system, ZERO, Fraction(1, 100))
    for accuracy in (64, 128, 512):
        center, half = refine_zero(system, ZERO, accuracy)
        assert half == Fraction(1, 2**accuracy)
        # x^2 + y^2 - 4 at the centre is of the order of the half-width.
        assert abs(center[0] ** 2 + center[1] ** 2 - 4) < 8 * half
        assert has_unique_zero(system, center, half, accuracy + 64)


def test_wrong_boxes_are_not_certified() -> None:
    system = Circle(1)
    moved = (ZERO[0] + Fraction(1, 10), ZERO[1])
    assert not has_unique_zero(system, moved, Fraction(1, 20))
    assert not has_unique_zero(system, (Fraction(5, 4), Fraction(5, 4)), Fraction(1))
    assert not has_unique_zero(system, ZERO, Fraction(1, 2**200), 128)


def test_a_double_zero_is_never_certified() -> None:
    system = Circle(2)
    root = Fraction("1.41421356237309504880168872420969807857")
    for exponent in (4, 10, 40):
        assert not has_unique_zero(system, (root, root), Fraction(1, 2**exponent), 256)
    with pytest.raises(InsufficientPrecision):
        refine_zero(system, (root, root), 200)


def test_recognition_proves_what_it_returns() -> None:
    system = Circle(1)
    center, _ = refine_zero(system, ZERO, 320)

    def vanishes(point: list[FieldElement]) -> bool:
        x, y = point
        one = x.field.lift(1)
        four = x.field.lift(4)
        return (x * x + y * y - four).is_zero() and (x * y - one).is_zero()

    exact = recognize_zero(center, 320, vanishes)
    assert exact is not None
    assert exact[0].field.degree == 4
    assert recognize_zero(center, 320, lambda point: False) is None
    # A centre that is off by more than the accuracy claims is not recognized as something else.
    shifted = (center[0] + Fraction(1, 2**200), center[1])
    assert recognize_zero(shifted, 320, vanishes) is None
