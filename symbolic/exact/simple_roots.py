"""All real roots of a polynomial in an open interval, with the proof that they are all and simple."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from flint import arb

from symbolic.enclosure import arb_of, endpoints, midpoint
from symbolic.errors import Unseparated
from symbolic.exact.number_field import FieldElement


def evaluate(coefficients: Sequence[arb], x: arb) -> arb:
    """The polynomial (constant term first) at x, by Horner's rule."""
    value = arb(0)
    for coefficient in reversed(coefficients):
        value = value * x + coefficient
    return value


def derivative(coefficients: Sequence[arb]) -> list[arb]:
    return [coefficient * i for i, coefficient in enumerate(coefficients)][1:]


def simple_roots(coefficients: Sequence[arb], upper: arb, *, deepest: int = 60) -> list[arb]:
    """Balls around the roots in (0, upper), in increasing order, at the precision in force.

    Args:
        coefficients: enclosed, constant term first.
        upper: positive; the polynomial must be provably not 0 at 0 and at `upper`.

    Guarantee:
        Each ball holds exactly one root, a simple one, and there is no other root in the interval.

    Raises:
        Unseparated: some part of the interval could not be decided, as at a multiple root or at a root at an end.
    """
    low_end, high_end = endpoints(upper)
    if low_end <= 0:
        raise Unseparated("the interval is not proved to be nonempty")
    slopes = derivative(coefficients)
    # Past the lower end of `upper` the sign must not change any more.
    last = evaluate(coefficients, arb_of((low_end + high_end) / 2, (high_end - low_end) / 2))
    if last.contains(0) or coefficients[0].contains(0):
        raise Unseparated("a root lies at an end of the interval, or too close to it")
    roots: list[arb] = []
    stack = [(Fraction(0), low_end, 0)]
    while stack:
        a, b, depth = stack.pop()
        box = arb_of((a + b) / 2, (b - a) / 2)
        if not evaluate(coefficients, box).contains(0):
            continue
        if not evaluate(slopes, box).contains(0):
            left, right = evaluate(coefficients, arb_of(a)), evaluate(coefficients, arb_of(b))
            if not left.contains(0) and not right.contains(0):
                if (left > 0) != (right > 0):
                    roots.append(_newton(coefficients, slopes, a, b))
                continue
        if depth == deepest:
            raise Unseparated(f"a root near {float((a + b) / 2):.12g} could not be proved simple")
        # An odd split point, so that roots at simple fractions do not sit on a boundary.
        middle = a + (b - a) * Fraction(1009, 2048)
        stack.extend([(middle, b, depth + 1), (a, middle, depth + 1)])
    return roots


def _newton(coefficients: Sequence[arb], slopes: Sequence[arb], a: Fraction, b: Fraction) -> arb:
    """Interval Newton on [a, b], which holds exactly one root and a derivative proved not 0."""
    box = arb_of((a + b) / 2, (b - a) / 2)
    for _ in range(64):
        center = arb_of(midpoint(box))
        step = evaluate(coefficients, center) / evaluate(slopes, box)
        image = center - step
        narrower = box.intersection(image)
        if not narrower.rad() < box.rad() * arb(0.9):
            return narrower
        box = narrower
    return box


def squarefree_split(
    polynomial: Sequence[FieldElement],
) -> tuple[list[FieldElement], list[FieldElement]]:
    """(simple part, multiple part): monic polynomials whose roots are the simple and the multiple roots, each once.

    g = gcd(P, P') holds every multiple root; the multiple part is its square-free part, and the simple part is
    P / g divided by the multiple part.
    """
    common = _gcd(list(polynomial), _derivative(polynomial))
    once = _quotient(list(polynomial), common)
    multiple = _quotient(common, _gcd(common, _derivative(common))) if len(common) > 1 else common
    return _quotient(once, multiple), multiple


def _trim(polynomial: list[FieldElement]) -> list[FieldElement]:
    while polynomial and polynomial[-1].is_zero():
        polynomial.pop()
    return polynomial


def _derivative(polynomial: Sequence[FieldElement]) -> list[FieldElement]:
    return [value * value.field.lift(i) for i, value in enumerate(polynomial)][1:]


def _divide(p: list[FieldElement], q: list[FieldElement]) -> tuple[list[FieldElement], list[FieldElement]]:
    rest, quotient = list(p), []
    while len(rest) >= len(q):
        factor = rest[-1] / q[-1]
        quotient.append(factor)
        shift = len(rest) - len(q)
        for i, value in enumerate(q):
            rest[shift + i] = rest[shift + i] - factor * value
        rest.pop()
    return quotient[::-1], _trim(rest)


def _quotient(p: list[FieldElement], q: list[FieldElement]) -> list[FieldElement]:
    return _divide(p, q)[0]


def _gcd(p: list[FieldElement], q: list[FieldElement]) -> list[FieldElement]:
    p, q = _trim(list(p)), _trim(list(q))
    while q:
        p, q = q, _divide(p, q)[1]
    return [value / p[-1] for value in p]
