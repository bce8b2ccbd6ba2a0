"""Certify one zero of a smooth square system in ball arithmetic, and refine it to any precision."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Protocol

from flint import arb, arb_mat

from symbolic.enclosure import arb_of, midpoint, radius, working_precision
from symbolic.errors import InsufficientPrecision


class SmoothSystem(Protocol):
    """F: R^m -> R^m with enclosures of F and of its Jacobian over a box of balls.

    Both must hold every value over the box, or hold a non-finite entry where they cannot.
    """

    @property
    def dimension(self) -> int: ...

    def residual(self, point: Sequence[arb]) -> list[arb]: ...

    def jacobian(self, point: Sequence[arb]) -> list[list[arb]]: ...


def krawczyk_image(system: SmoothSystem, center: Sequence[Fraction], half: Fraction) -> list[arb] | None:
    """K(X) = z - Y F(z) + (I - Y F'(X)) (X - z) for the cube X of half-width `half` around z, Y ~ F'(z)^-1.

    Works at the precision in force. None where the midpoint Jacobian could not be inverted.
    Reference: R. Krawczyk (1969); R. E. Moore (1977).
    """
    size = system.dimension
    exact_center = [arb_of(value) for value in center]
    box = [arb_of(value, half) for value in center]
    slopes = arb_mat(system.jacobian(box))
    try:
        inverse = arb_mat(system.jacobian(exact_center)).mid().inv().mid()
    except ZeroDivisionError:
        return None
    defect = arb_mat(size, size, [int(i == j) for i in range(size) for j in range(size)]) - inverse * slopes
    step = inverse * arb_mat(size, 1, system.residual(exact_center))
    spread = defect * arb_mat(size, 1, [arb_of(0, half)] * size)
    return [exact_center[i] - step[i, 0] + spread[i, 0] for i in range(size)]


def has_unique_zero(system: SmoothSystem, center: Sequence[Fraction], half: Fraction, bits: int = 128) -> bool:
    """Whether the closed cube of half-width `half` around `center` provably holds exactly one zero.

    Guarantee: True is a proof (K(X) in the interior of X) that X holds exactly one zero, that it is nondegenerate and
    lies in the interior. False says nothing: the cube may hold none, one or several.
    """
    with working_precision(bits):
        image = krawczyk_image(system, center, half)
        if image is None:
            return False
        for value, middle in zip(image, center, strict=True):
            if not value.is_finite():
                return False
            if abs(midpoint(value) - middle) + radius(value) >= half:
                return False
        return True


def refine_zero(
    system: SmoothSystem, center: Sequence[Fraction], accuracy: int
) -> tuple[tuple[Fraction, ...], Fraction]:
    """Newton from `center` to a cube of half-width 2^-accuracy that provably holds exactly one zero.

    Returns:
        The centre of the cube (dyadic) and its half-width.

    Raises:
        InsufficientPrecision: Newton did not settle, or the final cube could not be certified.
    """
    bits = accuracy + 64
    half = Fraction(1, 2**accuracy)
    point = [Fraction(value) for value in center]
    with working_precision(bits):
        for _ in range(12 + accuracy.bit_length()):
            exact = [arb_of(value) for value in point]
            try:
                inverse = arb_mat(system.jacobian(exact)).mid().inv().mid()
            except ZeroDivisionError:
                raise InsufficientPrecision("the Jacobian at the starting point is singular") from None
            step = inverse * arb_mat(len(point), 1, system.residual(exact))
            if not all(step[i, 0].is_finite() for i in range(len(point))):
                raise InsufficientPrecision("Newton's iteration left the domain")
            point = [value - midpoint(step[i, 0]) for i, value in enumerate(point)]
            scale = Fraction(2) ** (bits - 8)
            point = [Fraction(round(value * scale), 1) / scale for value in point]
            if all(abs(midpoint(step[i, 0])) < half / 16 for i in range(len(point))):
                break
    if not has_unique_zero(system, point, half, bits):
        raise InsufficientPrecision(f"no zero could be certified within 2^-{accuracy} of the starting point")
    return tuple(point), half
