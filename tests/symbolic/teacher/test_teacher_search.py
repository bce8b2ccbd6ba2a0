"""Search, certification and identity of critical points of the teacher family."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from itertools import permutations
from math import factorial, prod
from pathlib import Path

import numpy as np
import pytest
from flint import arb
from numpy.typing import NDArray

from symbolic.enclosure import Ball, Verdict, radius, working_precision
from symbolic.errors import InsufficientPrecision
from symbolic.teacher.certify import ACCURACY, CertifiedPoint, alone_in_cube, certify
from symbolic.teacher.dense import float_gradient
from symbolic.teacher.fixed_spaces import FixedSpace
from symbolic.teacher.functions import function_of, loss_digits, teacher_coordinates
from symbolic.teacher.identity import canonical, images, same_orbit, symmetry_of
from symbolic.teacher.search import random_starts, row_lengths, search_round

POINTS = json.loads((Path(__file__).parents[2] / "ground_truth" / "teacher.json").read_text())["points"]

SPACES = [
    FixedSpace((6,)),
    FixedSpace((5, 1)),
    FixedSpace((4, 2)),
    FixedSpace((2, 2, 1)),
    FixedSpace((3,), (2,), extra_rows=1),
    FixedSpace((4, 1), extra_rows=1, inputs=6),
]


def unnamed(space: FixedSpace, point: Sequence[arb]) -> str:
    return ""


def dense(space: FixedSpace, point: list[float]) -> NDArray[np.float64]:
    return np.array(space.dense(point, 0.0))


@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.text)
def test_arrivals_are_critical_in_all_weights(space: FixedSpace) -> None:
    arrivals = search_round(space, 400, (3,))
    assert len(arrivals.points) + arrivals.failed + arrivals.vanished == 400
    assert len(arrivals.points) > 200
    for point in arrivals.points[::25].tolist():
        assert np.abs(float_gradient(dense(space, point), space.teachers)).max() < 1e-10


def test_starts_are_reproducible_and_of_several_scales() -> None:
    space = FixedSpace((8, 2))
    first, again, other = (random_starts(space, 800, np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    lengths = row_lengths(space, first)
    assert lengths.min() < 0.4
    assert lengths.max() > 2.5
    # Some lie near the teacher, some near its antipode 2/n - identity in the large block.
    near = np.abs(first - np.array([1.0, 0, 0, 1, 0, 0])).max(axis=1)
    antipode = np.abs(first[:, :2] - np.array([-0.75, 0.25])).max(axis=1)
    assert near.min() < 0.1
    assert antipode.min() < 0.1


def reference(family: str, k: int) -> tuple[FixedSpace, list[Fraction]]:
    point = next(one for one in POINTS if one["family"] == family and one["k"] == k)
    space = FixedSpace((k - 1, 1)) if "A1" in point["entries"] else FixedSpace((k,))
    return space, [Fraction(point["entries"][name]) for name in space.names]


@pytest.mark.parametrize(("family", "k"), [("A", 6), ("A", 10), ("I", 10), ("II", 6), ("II", 7), ("II", 10)])
def test_reference_points_lie_in_their_certified_balls(family: str, k: int) -> None:
    space, values = reference(family, k)
    point = certify(space, [round(float(value), 4) for value in values])
    assert not point.exact
    # The reference has about 30 digits.
    assert all(abs(a - b) < Fraction(1, 10**28) for a, b in zip(values, point.center, strict=True))
    assert point.reach > Fraction(1, 2**20)


def test_points_are_refined_to_any_precision() -> None:
    space, values = reference("II", 10)
    point = certify(space, [float(value) for value in values])
    with working_precision(700):
        balls = point.enclose(600)
        assert all(radius(ball) < Fraction(1, 2**590) for ball in balls)
        coarse = point.enclose()
        assert all(ball.overlaps(other) for ball, other in zip(balls, coarse, strict=True))
        assert all(radius(ball) <= Fraction(1, 2 ** (ACCURACY - 1)) for ball in coarse)


def test_what_is_no_isolated_zero_is_not_certified() -> None:
    # All rows parallel, of different lengths: one point of a flat family.
    space = FixedSpace((5, 1))
    collapsed = float(certify(FixedSpace((6,)), [0.22427, 0.22427]).center[0])
    with pytest.raises(InsufficientPrecision):
        certify(space, [collapsed * 0.9] * 3 + [collapsed * 1.5] * 2)
    # Nowhere near a zero.
    with pytest.raises(InsufficientPrecision):
        certify(space, [0.3, -0.4, 0.2, 0.1, 0.5])
    with pytest.raises(InsufficientPrecision):
        certify(FixedSpace((6,)), [0.0, 0.0])


def test_the_teacher_is_exact() -> None:
    space = FixedSpace((6,))
    point = certify(space, [1.0001, 0.0001], teacher_coordinates(space))
    assert point.exact
    assert point.center == (1, 0)
    function = function_of("t", point, symmetry_of(point))
    assert (function.loss, function.zero_loss, function.family_name, function.label) == (0, True, "global", "t:6.L0")
    # Another zero near which the teacher does not lie stays a ball.
    other = certify(space, [-0.6634, 0.3307], teacher_coordinates(space))
    assert not other.exact
    assert not function_of("t", other, symmetry_of(other), unnamed).zero_loss


def shuffled(weights: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    generator = np.random.default_rng(seed)
    return weights[generator.permutation(len(weights))][:, generator.permutation(weights.shape[1])]


@pytest.mark.parametrize(
    ("inside", "values", "expected"),
    [
        (FixedSpace((5, 1)), [1.0, 0, 0, 1, 0], FixedSpace((6,))),
        (FixedSpace((4, 2)), [1.0, 0, 0, 0, 0, 1], FixedSpace((6,))),
        (FixedSpace((2, 2, 2)), [0.0, 1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0], FixedSpace((6,))),
        (FixedSpace((4, 2)), [2.0, 2, 3, 2, 3, 2], FixedSpace((), (4, 2), extra_rows=2)),
        (FixedSpace((4, 2)), [2.0, 2, 3, 2, 3, 1], FixedSpace((2,), (4,), extra_rows=1)),
        (FixedSpace((4, 2)), [0.1, 0.1, 0.1, 0.4, 0.4, 0.4], FixedSpace((), (6,), extra_rows=1)),
        (FixedSpace((4, 2)), [0.1, 0.1, 0.1, -0.4, -0.4, -0.4], FixedSpace((), (6,), extra_rows=2)),
        (FixedSpace((4, 2)), [2.0, 0.5, 3, 0.2, 0.4, 0.2], None),
        (FixedSpace((4, 1, 1)), [2.0, 0.5, 0.1, 0.1, 0.3, 0.7, 0.6, 0.3, 0.7, 0.6], FixedSpace((4, 2))),
        (FixedSpace((3, 2, 1)), [2.0, 0.5, 0.5, 0.1, 0.5, 0.5, 2, 0.1, 0.7, 0.8, 0.8], FixedSpace((5, 1))),
        (FixedSpace((2, 1, 3)), [2.0, 0.5, 0.5, 0.1, 2, 0.5, 0.1, 5, 0.8, 0.8, 6], FixedSpace((3, 3))),
    ],
)
def test_points_with_more_symmetry_are_filed_in_the_larger_space(
    inside: FixedSpace, values: list[float], expected: FixedSpace | None
) -> None:
    found = canonical(inside, values)
    if expected is not None:
        assert found.space == expected
    # The entries of the rays are those of W, up to rows that were added up; whatever the space, W is not changed.
    whole = dense(found.space, list(found.start))
    original = dense(inside, values)
    assert np.allclose(whole.sum(axis=0).sum(), original.sum())
    if len(whole) == len(original):
        assert np.allclose(np.sort(whole.ravel()), np.sort(original.ravel()))
    if found.origin is not None:
        back = [found.start[c] * float(share) for c, share in found.origin]
        assert np.allclose(back, values)


def test_images_of_a_point_are_networks_of_one_orbit() -> None:
    for space in (FixedSpace((2, 2)), FixedSpace((3, 1, 1)), FixedSpace((), (2, 2), extra_rows=2)):
        generator = np.random.default_rng(1)
        point = generator.standard_normal(space.dimension)
        weights = dense(space, point.tolist())
        orbit = {
            tuple(np.round(weights[list(rows)][:, list(columns)].ravel(), 9).tolist())
            for rows in permutations(range(space.width))
            for columns in permutations(range(space.teachers))
        }
        assert images(space)[0] == tuple(range(space.dimension))
        for image in images(space):
            moved = dense(space, [point[i] for i in image])
            assert tuple(np.round(moved.ravel(), 9).tolist()) in orbit
        # Conversely: every network of the orbit that lies in the fixed space is an image.
        pattern = np.array(space.pattern())
        inside = 0
        for flat in orbit:
            matrix = np.array(flat).reshape(pattern.shape)
            inside += all(np.ptp(matrix[pattern == i]) == 0 for i in range(space.dimension))
        assert inside == len(set(images(space)))


def brute_force_order(weights: NDArray[np.float64], copies: list[int]) -> int:
    """Order of the stabilizer in S_n x S_k by trying every permutation of the columns."""
    rows = sorted((*np.round(row, 9).tolist(), count) for row, count in zip(weights, copies, strict=True))
    found = 0
    for columns in permutations(range(weights.shape[1])):
        moved = weights[:, list(columns)]
        found += sorted((*np.round(row, 9).tolist(), count) for row, count in zip(moved, copies, strict=True)) == rows
    return found * prod(factorial(count) for count in copies)


@pytest.mark.parametrize(
    "space",
    [
        FixedSpace((2, 2)),
        FixedSpace((3,), extra_rows=1),
        *(pytest.param(FixedSpace(sizes), marks=pytest.mark.slow) for sizes in ((4, 1), (3, 2), (1, 1, 1), (2, 2, 1))),
    ],
    ids=lambda space: space.text,
)
def test_stabilizers_against_all_permutations(space: FixedSpace) -> None:
    arrivals = search_round(space, 300, (1,))
    orders = set()
    for start in arrivals.points[:25].tolist():
        found = canonical(space, start)
        try:
            point = certify(found.space, found.start, teacher_coordinates(found.space))
        except InsufficientPrecision:
            continue
        symmetry = symmetry_of(point)
        weights = dense(found.space, [float(value) for value in point.center])
        classes = [1 if rows.block is None else found.space.sizes[rows.block] for rows in found.space.row_classes]
        for copies in ([[1] * size for size in classes], [[2] + [1] * (size - 1) for size in classes]):
            flat = [value for numbers in copies for value in numbers]
            order = symmetry.order(copies)
            assert order == brute_force_order(weights, flat)
            orders.add(order)
    assert len(orders) > 3


def test_same_orbit_is_proved_both_ways() -> None:
    space, values = reference("II", 7)
    point = certify(space, [float(value) for value in values])
    again = certify(space, [float(value) + 1e-6 for value in values])
    assert same_orbit(point, again) is Verdict.YES
    others = [canonical(space, start) for start in search_round(space, 100, (1,)).points.tolist()]
    far = next(one for one in others if one.space == space and abs(one.start[0] - float(values[0])) > 0.1)
    other = certify(space, far.start)
    assert same_orbit(point, other) is Verdict.NO
    wide = CertifiedPoint(space, other.center, Fraction(10), Fraction(20))
    assert same_orbit(wide, point) is Verdict.UNDECIDED
    # Rows of a block of size 2 exchanged: the same orbit, other coordinates.
    pair = FixedSpace((2, 2))
    for start in search_round(pair, 200, (2,)).points.tolist():
        found = canonical(pair, start)
        if found.space != pair:
            continue
        first = certify(pair, found.start)
        for image in images(pair):
            moved = certify(pair, [found.start[i] for i in image])
            assert same_orbit(first, moved) is Verdict.YES
        break
    else:
        pytest.fail("no point of that isotropy")


def test_a_cube_with_one_zero_ties_two_descriptions() -> None:
    space, values = reference("A", 10)
    point = certify(space, [float(value) for value in values])
    a, b = point.center
    inside = FixedSpace((8, 2))
    embedded = [a, b, b, a, b, b]
    assert alone_in_cube(inside, embedded, [value + Fraction(1, 2**30) for value in embedded])
    assert not alone_in_cube(inside, [value + Fraction(1, 50) for value in embedded], embedded)


def test_the_published_minimum_of_seven_neurons() -> None:
    """The point of Safran and Shamir's code for k = 7, with the matrix transposed: diagonal -0.6327039049 (one row),
    0.9969227988 (six rows), off the diagonal 0.2616910758 in the odd row, 0.1859910463 beside it, -0.0350801559."""
    point = certify(FixedSpace((6, 1)), [0.9969227988, -0.0350801559, 0.2616910758, -0.6327039049, 0.1859910463])
    texts = ("0.9969227988", "-0.0350801559", "0.2616910758", "-0.6327039049", "0.1859910463")
    function = function_of("teacher7", point, symmetry_of(point), unnamed)
    assert point.space.names == ("A0", "B00", "B01", "A1", "B10")
    for value, text in zip(point.center, texts, strict=True):
        assert abs(value - Fraction(text)) <= Fraction(1, 10**10)
    assert function.inertia.inertia is not None
    assert (function.inertia.inertia.negative, function.inertia.inertia.zero) == (0, 0)


@pytest.mark.parametrize(
    ("loss", "digits"),
    [
        (Fraction(0), "0"),
        (Fraction(1, 3), "0.3333333333"),
        (Fraction(2, 300), "0.006666666666"),
        (Fraction(1999999999999, 10**12), "1.999999999"),
        (Fraction(20), "20.00000000"),
        (Fraction(12345678901234, 1), "12345678901234"),
        (Fraction(1), "1.000000000"),
    ],
)
def test_digits_of_the_loss_are_cut_off(loss: Fraction, digits: str) -> None:
    assert loss_digits(loss) == digits


def test_undetermined_digits_are_refused() -> None:
    with pytest.raises(InsufficientPrecision):
        loss_digits(Ball(Fraction(1, 4), Fraction(1, 2**40)))
    with pytest.raises(InsufficientPrecision):
        loss_digits(Ball(Fraction(0), Fraction(1, 2**190)))
