"""Every bound of the checker of certificates holds the exact value, walls included."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise, product
from random import Random

import numpy as np
import pytest

from catalog.check_certificate import (
    BITS,
    HALF,
    SCALE,
    Interval,
    NotChecked,
    Skeleton,
    clip,
    excludes,
    has_one_zero,
    inertia,
    integral,
    levels_of,
    polynomial,
    simple_zeros,
)
from symbolic.interval.problem import CanonicalProblem
from symbolic.interval.skeletons import SkeletonSystem

UNIT = 1 << BITS


def holds(interval: Interval, value: Fraction) -> bool:
    return Fraction(interval.lo, UNIT) <= value <= Fraction(interval.hi, UNIT)


def around(value: Fraction, random: Random) -> Interval:
    """A random interval that holds a value."""
    below, above = (Fraction(random.randrange(1, 1000), 2 ** random.randrange(1, 300)) for _ in "ab")
    return Interval(Interval.of(value - below).lo, Interval.of(value + above).hi)


def test_operations_hold_the_exact_results() -> None:
    random = Random(1)
    for _ in range(400):
        x, y = (Fraction(random.randrange(-50, 51), random.randrange(1, 50)) for _ in "ab")
        p, q = around(x, random), random.choice([around(y, random), y])
        assert holds(p + q, x + y)
        assert holds(p - q, x - y)
        assert holds(p * q, x * y)
        assert holds(-p, -x)
        assert holds(p**3, x**3)
        assert p.sign() in (0, (x > 0) - (x < 0))
        if Interval.of(q).sign():
            assert holds(p / q, x / y)


def test_operations_on_points_lose_one_unit_at_most() -> None:
    random = Random(2)
    for _ in range(200):
        x, y = (Fraction(random.randrange(-UNIT, UNIT), UNIT) for _ in "ab")
        product_of_points = Interval.of(x) * Interval.of(y)
        assert holds(product_of_points, x * y)
        assert product_of_points.hi - product_of_points.lo <= 1


def test_division_by_an_interval_with_zero_is_not_done() -> None:
    with pytest.raises(NotChecked):
        Interval.of(1) / Interval(-1, 0)


TARGETS = (
    (Fraction(0), Fraction(0), Fraction(1)),
    (Fraction(1, 3), Fraction(-2), Fraction(1, 2), Fraction(-1)),
    (Fraction(0), Fraction(-1), Fraction(0), Fraction(5, 2), Fraction(1)),
)
LEAKS = (Fraction(0), Fraction(1, 10), Fraction(3, 4))


def systems() -> Iterator[tuple[tuple[Fraction, ...], Fraction, int, str]]:
    for target, leak, knots in product(TARGETS, LEAKS, (1, 2, 3)):
        for name in ["free", *map("".join, product("+-", repeat=knots))]:
            yield target, leak, knots, name


def random_box(knots: int, random: Random) -> tuple[list[int], list[int]]:
    """A box with increasing points in it; often at a wall, sometimes very thin or close to one."""
    while True:
        cells = 2 ** random.choice([0, 1, 2, 5])
        place = sorted(random.randrange(cells) for _ in range(knots))
        low = [p * UNIT // cells for p in place]
        high = [(p + 1) * UNIT // cells for p in place]
        if random.random() < 0.3:
            high = [min(h, value + (1 << random.choice([40, 120, 200]))) for value, h in zip(low, high, strict=True)]
        low, high = clip(low, high)
        if all(a < b for a, b in zip(low, high, strict=True)):
            return low, high


def random_point(low: list[int], high: list[int], random: Random) -> list[Fraction] | None:
    """A point of the open simplex in the box, often very close to a face of it."""
    point = []
    for a, b in zip(low, high, strict=True):
        near = Fraction(random.randrange(1, 100), 100 * 2 ** random.choice([0, 0, 3, 30, 90]))
        point.append(Fraction(a + (b - a) * random.choice([near, 1 - near])) / UNIT)
    point.sort()
    ends = [Fraction(0), *point, Fraction(1)]
    return point if all(p < q for p, q in pairwise(ends)) else None


def test_equations_and_derivatives_hold_the_exact_values_on_boxes_that_touch_walls() -> None:
    random, compared = Random(3), 0
    for target, leak, knots, name in systems():
        exact = SkeletonSystem(CanonicalProblem(target, leak, symmetric=False), knots, name)
        known = exact.constants(lambda value: value)
        system = Skeleton(target, levels_of(name, leak, knots))
        for _ in range(2):
            low, high = random_box(knots, random)
            box = [Interval(a, b) for a, b in zip(low, high, strict=True)]
            center, values, rows = system.linearized(low, high)
            over, *_ = system.evaluate(box, Interval.of(1))
            for _ in range(2):
                point = random_point(low, high, random)
                if point is None or not all(a <= x * UNIT <= b for a, x, b in zip(low, point, high, strict=True)):
                    continue
                compared += 1
                for enclosure, value in zip(over, exact.residual_in(point, known), strict=True):
                    assert holds(Interval.of(enclosure), value), (target, leak, name, point)
                for row, derivatives in zip(rows, exact.jacobian_in(point, known), strict=True):
                    for enclosure, value in zip(row, derivatives, strict=True):
                        assert holds(enclosure, value), (target, leak, name, point)
            middle = [Fraction(x, UNIT) for x in center]
            if all(p < q for p, q in pairwise([Fraction(0), *middle, Fraction(1)])):
                for enclosure, value in zip(values, exact.residual_in(middle, known), strict=True):
                    assert holds(Interval.of(enclosure), value)
    assert compared > 200


def test_exact_evaluation_is_that_of_the_package() -> None:
    random = Random(4)
    for target, leak, knots, name in systems():
        point = sorted(Fraction(random.randrange(1, 1000), 1001) for _ in range(knots))
        if len(set(point)) < knots:
            continue
        other = SkeletonSystem(CanonicalProblem(target, leak, symmetric=False), knots, name)
        known = other.constants(lambda value: value)
        system = Skeleton(target, levels_of(name, leak, knots))
        assert system.evaluate(point, Fraction(1))[0] == other.residual_in(point, known)
        slopes, residuals, moment, drop = system.profile(point, Fraction(1))
        profile = other.profile(point, known)
        assert tuple(slopes) == profile.slopes
        assert (moment, drop) == (profile.moment, profile.slope_sum)
        assert residuals[0][0] + target[0] == profile.offset
        ends = [Interval.of(value) for value in (Fraction(0), *point, Fraction(1))]
        assert holds(integral(residuals, residuals, ends), profile.loss)


def test_the_bound_of_the_mixed_derivative_holds_up_to_the_wall() -> None:
    """(3/2) omega_j omega_k h_k / (delta_k h_j) on a box in which both lengths go to 0."""
    random = Random(5)
    for leak, name in product(LEAKS, ("+-", "-+", "++", "--")):
        system = Skeleton(TARGETS[0], levels_of(name, leak, 2))
        wide = [Interval(0, UNIT)] * 3
        share = {k: Interval(0, UNIT) for k in system.active}
        for k, j in product(system.active, repeat=2):
            bound = system.beta_prime(k, j, wide, share)
            for _ in range(30):
                h = [Fraction(1, 2 ** random.randrange(0, 12)) * random.randrange(1, 9) for _ in range(3)]
                inverse = sum((system.weights[i] ** 2 / h[i] ** 3 for i in system.active), Fraction(0))
                omega = {i: system.weights[i] ** 2 / h[i] ** 3 / inverse for i in system.active}
                if j == k:
                    value = omega[k] * (3 * omega[k] - 2) / (2 * system.weights[k])
                else:
                    value = Fraction(3, 2) * omega[j] * omega[k] * h[k] / (system.weights[k] * h[j])
                assert holds(bound, value)


def test_no_box_with_a_solution_is_excluded() -> None:
    """The parabola has the class-A kinks i / (m + 1)."""
    random = Random(6)
    for knots in (1, 2, 3):
        system = Skeleton(TARGETS[0], levels_of("free", Fraction(0), knots))
        solution = [Fraction(i + 1, knots + 1) for i in range(knots)]
        for _ in range(25):
            widths = [Fraction(1, 2 ** random.randrange(2, 60)) for _ in solution]
            low = [max(0, int((x - w * random.random()) * UNIT)) for x, w in zip(solution, widths, strict=True)]
            high = [int((x + w * random.random()) * UNIT) + 1 for x, w in zip(solution, widths, strict=True)]
            low, high = clip(low, high)
            combination = [random.randrange(-1000, 1000) for _ in solution]
            assert not excludes(system.linearized(low, high), low, high, combination)


def test_a_cube_without_a_solution_or_outside_the_simplex_has_no_proof() -> None:
    system = Skeleton(TARGETS[0], levels_of("free", Fraction(0), 1))
    middle, inverse = UNIT // 2, [[SCALE]]
    for scale in range(-32, 33):
        inverse = [[scale * SCALE // 4]]
        assert not has_one_zero(system, [UNIT // 4], UNIT // 16, inverse)
        assert not has_one_zero(system, [middle], UNIT // 2, inverse)
        assert not has_one_zero(system, [middle], 0, inverse)
        assert not has_one_zero(system, [middle], -UNIT // 16, inverse)
    proved = [scale for scale in range(-32, 33) if has_one_zero(system, [middle], UNIT // 16, [[scale * SCALE // 4]])]
    assert proved
    # E = 2/3 ((1 - t)^2 - t^2) / 4 up to its sign, so the inverse of E' is 3 up to its sign.
    assert all(abs(abs(scale) / 4 - 3) < 3 for scale in proved)


def test_clip_keeps_all_increasing_points() -> None:
    random = Random(7)
    for _ in range(500):
        ends = [sorted(random.sample(range(12), 2)) for _ in range(3)]
        low, high = clip([a for a, _ in ends], [b for _, b in ends])
        for point in product(*(range(a, b + 1) for a, b in ends)):
            if list(point) == sorted(set(point)):
                assert all(a <= x <= b for a, x, b in zip(low, point, high, strict=True))


def test_inertia_of_a_schur_complement() -> None:
    random = Random(8)
    for size, first in product((1, 2, 4), (0, 1, 2)):
        for _ in range(20):
            root = np.array([[random.randrange(-5, 6) for _ in range(first)] for _ in range(first)], dtype=float)
            matrix = np.array([[random.randrange(-9, 10) for _ in range(size + first)] for _ in range(size + first)])
            matrix = (matrix + matrix.T).astype(float)
            matrix[:first, :first] = root @ root.T + np.eye(first)
            corner, side = matrix[:first, :first], matrix[:first, first:]
            schur = matrix[first:, first:] - side.T @ np.linalg.solve(corner, side)
            values = np.linalg.eigvalsh(schur)
            if abs(values).min() < 1e-6:
                continue
            exact = [[Interval.of(Fraction(float(x))) for x in row] for row in matrix]
            try:
                found = inertia(exact, first)
            except NotChecked:
                # All remaining pivots are 0, as in (0 1; 1 0).
                continue
            assert found == int((values < 0).sum())


def test_inertia_of_a_singular_matrix_is_not_decided() -> None:
    with pytest.raises(NotChecked):
        inertia([[Interval.of(1), Interval.of(1)], [Interval.of(1), Interval.of(1)]], 0)


def with_roots(*roots: Fraction) -> list[Interval]:
    coefficients = [Fraction(1)]
    for root in roots:
        shifted = [Fraction(0), *coefficients]
        coefficients = [p - root * q for p, q in zip(shifted, [*coefficients, Fraction(0)], strict=True)]
    return [Interval.of(c) for c in coefficients]


def test_zeros_are_all_found_and_separated() -> None:
    random = Random(9)
    for _ in range(12):
        roots = sorted({Fraction(random.randrange(-40, 60), 37) for _ in range(4)})
        found = simple_zeros(with_roots(*roots), Interval.of(Fraction(1, 7)), Interval.of(Fraction(6, 7)))
        inside = [root for root in roots if Fraction(1, 7) < root < Fraction(6, 7)]
        assert len(found) == len(inside)
        for interval, root in zip(sorted(found, key=lambda x: x.lo), inside, strict=True):
            assert holds(interval, root)


@pytest.mark.parametrize("roots", [
    (Fraction(1, 3), Fraction(1, 3)),
    (Fraction(0), Fraction(2)),
    (Fraction(1), Fraction(2)),
    (Fraction(1, 3), Fraction(1, 3) + Fraction(1, 2**200)),
])
def test_a_multiple_zero_or_one_at_an_end_is_not_decided(roots: tuple[Fraction, ...]) -> None:
    with pytest.raises(NotChecked):
        simple_zeros(with_roots(*roots), Interval.of(0), Interval.of(1))


def test_integrals() -> None:
    half = Interval.of(HALF)
    one, x, zero = [Interval.of(1)], [Interval.of(0), Interval.of(1)], [Interval.of(0)]
    cuts = [Interval.of(0), half, Interval.of(1)]
    assert holds(integral([one, zero], [x, x], cuts), Fraction(1, 8))
    assert holds(integral([x, x], [x, x], cuts), Fraction(1, 3))
    assert holds(integral([zero, one], [zero, x], cuts), Fraction(3, 8))


def test_polynomials_are_enclosed_over_intervals() -> None:
    random = Random(10)
    for _ in range(100):
        coefficients = [Fraction(random.randrange(-9, 10), random.randrange(1, 9)) for _ in range(4)]
        place = Fraction(random.randrange(-20, 20), 7)
        exact = sum((c * place**i for i, c in enumerate(coefficients)), Fraction(0))
        assert holds(Interval.of(polynomial(coefficients, around(place, random))), exact)
