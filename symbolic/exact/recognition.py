"""Guess exact coordinates of a certified zero, then prove the guess by exact arithmetic.

The guess (lattice reduction) carries no weight: a candidate counts only after every equation was evaluated to
exactly zero in the number field and the candidate was located in the box that holds one zero only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from flint import fmpz_mat, fmpz_poly

from symbolic.enclosure import arb_of, midpoint, working_precision
from symbolic.exact.number_field import FieldElement, NumberField, isolated_root

SMALL_DEGREES = (1, 2, 3, 4, 6, 8)

Verifier = Callable[[list[FieldElement]], bool]


def recognize_zero(
    center: Sequence[Fraction], accuracy: int, vanishes: Verifier, *, degrees: Sequence[int] = SMALL_DEGREES
) -> list[FieldElement] | None:
    """Exact coordinates in one number field of the zero within 2^-accuracy of `center`, or None.

    Args:
        center: dyadic point with exactly one zero of the system within 2^-accuracy in every coordinate.
        vanishes: evaluates the system exactly at a point of a number field: True iff every equation is 0.
        degrees: degrees of the relations that are looked for, in this order; a relation of larger degree than that of
        the
            number is factored.

    Guarantee:
        A returned point satisfies the system exactly and lies in the cube, hence it *is* the zero.
        None says nothing: the coordinates may have a larger degree or height.
    """
    spread = Fraction(1, 2**accuracy)
    with working_precision(accuracy + 32):
        fields = []
        for value in center:
            field = _guess_field(value, spread, accuracy, degrees)
            if field is None:
                # One coordinate outside every small field puts the whole point outside.
                return None
            fields.append(field)
        fields.sort(key=lambda field: field.degree, reverse=True)
        candidates = fields[:1]
        if len(center) > 1 and fields[1].degree > 1:
            mixed = sum(((k + 1) * value for k, value in enumerate(center)), Fraction(0))
            field = _guess_field(mixed, spread * len(center) * (len(center) + 1), accuracy, degrees)
            candidates += [] if field is None else [field]
        for field in candidates:
            point = [_guess_element(field, coordinate, accuracy) for coordinate in center]
            known = [element for element in point if element is not None]
            if len(known) == len(center) and _inside(known, center, accuracy) and vanishes(known):
                return known
    return None


def _guess_field(value: Fraction, spread: Fraction, accuracy: int, degrees: Sequence[int]) -> NumberField | None:
    ball = arb_of(value, spread)
    for degree in degrees:
        relation = _integer_relation([value**i for i in range(degree + 1)], accuracy)
        if relation is None:
            continue
        for factor, _ in fmpz_poly(relation).factor()[1]:
            if factor.degree() < 1:
                continue
            root = isolated_root(factor, ball)
            if root is not None:
                return NumberField(root)
    return None


def _guess_element(field: NumberField, value: Fraction, accuracy: int) -> FieldElement | None:
    theta = midpoint(field.theta().enclose(accuracy))
    powers = [theta**i for i in range(field.degree)]
    relation = _integer_relation([value, *powers], accuracy)
    if relation is None or relation[0] == 0:
        return None
    return field.element([Fraction(-c, relation[0]) for c in relation[1:]])


def _inside(point: list[FieldElement], center: Sequence[Fraction], accuracy: int) -> bool:
    half = Fraction(1, 2**accuracy)
    return all(
        bool(abs(element.enclose(accuracy + 32) - arb_of(value)) < arb_of(half))
        for element, value in zip(point, center, strict=True)
    )


def _integer_relation(values: Sequence[Fraction], accuracy: int) -> list[int] | None:
    """Small integers c with sum c_i values_i close to 0, by lattice reduction; None if nothing stands out."""
    size = len(values)
    scale = 2 ** (accuracy - 8)
    rows = [[int(i == j) for j in range(size)] + [round(values[i] * scale)] for i in range(size)]
    reduced = fmpz_mat(rows).lll()
    first = [int(reduced[0, j]) for j in range(size + 1)]
    length = max(abs(value) for value in first)
    # A random lattice of this shape has shortest vectors of about accuracy/size bits.
    if length.bit_length() * size > accuracy * 7 // 10:
        return None
    return first[:size] if any(first[:size]) else None
