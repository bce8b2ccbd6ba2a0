"""Fixed spaces: names and shapes, and the restricted loss against the dense loss, SymPy and differences."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy
from flint import arb
from numpy.typing import NDArray

from symbolic.enclosure import arb_of, working_precision
from symbolic.errors import InvalidProblem
from symbolic.exact.krawczyk import has_unique_zero, refine_zero
from symbolic.teacher import expressions
from symbolic.teacher.dense import ball_gradient, ball_loss, float_gradient, float_hessian, float_loss
from symbolic.teacher.fixed_spaces import FixedSpace
from symbolic.teacher.restricted import (
    FixedSpaceSystem,
    float_jacobian,
    float_system,
    jacobian,
    loss,
    size_balls,
    size_derivative,
    system,
)
from symbolic.teacher.restricted import float_loss as restricted_float_loss

POINTS = json.loads((Path(__file__).parents[2] / "ground_truth" / "teacher.json").read_text())["points"]
BITS = 160

SPACES = [
    FixedSpace((4,)),
    FixedSpace((6,)),
    FixedSpace((5, 1)),
    FixedSpace((1, 1)),
    FixedSpace((2, 2)),
    FixedSpace((5, 2)),
    FixedSpace((4, 2, 1)),
    FixedSpace((3, 3, 2)),
    FixedSpace((2, 1, 1)),
    FixedSpace((5,), extra_rows=1),
    FixedSpace((5,), extra_rows=2),
    FixedSpace((3, 2), extra_rows=2),
    FixedSpace((4, 1), extra_rows=1, inputs=7),
    FixedSpace((5,), (1,)),
    FixedSpace((3, 2), (1,)),
    FixedSpace((3,), (2, 1)),
    FixedSpace((4, 1), (1,), extra_rows=1),
    FixedSpace((), (3, 1), extra_rows=2),
    FixedSpace((3, 1), inputs=6),
]


@pytest.fixture(autouse=True)
def _precision() -> Iterator[None]:
    with working_precision(BITS):
        yield


def space_of(point: dict[str, Any]) -> FixedSpace:
    k = point["k"]
    return FixedSpace((k,)) if point["family"] in ("A", "global") else FixedSpace((k - 1, 1))


def random_point(space: FixedSpace, seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).standard_normal(space.dimension)


def balls(point: NDArray[np.float64]) -> list[arb]:
    return [arb(float(value)) for value in point]


def floats(matrix: list[list[arb]]) -> NDArray[np.float64]:
    return np.array([[float(value) for value in row] for row in matrix])


def dense(space: FixedSpace, point: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array(space.dense(point.tolist(), 0.0))


def test_names_are_those_of_the_contract() -> None:
    assert FixedSpace((10,)).names == ("A0", "B00")
    assert FixedSpace((9, 1)).names == ("A0", "B00", "B01", "A1", "B10")
    assert FixedSpace((8, 2)).names == ("A0", "B00", "B01", "A1", "B10", "B11")
    assert FixedSpace((4, 1), (2,), extra_rows=1).names == (
        *("A0", "B00", "B01", "B02", "A1", "B10", "B12"),
        *("C0_0", "C0_1", "C0_2"),
    )
    many = FixedSpace((1,) * 12).names
    assert len(set(many)) == len(many) == 144
    assert "B1_11" in many


def test_weights_have_the_symmetry() -> None:
    space = FixedSpace((3, 1), (2,), extra_rows=1, inputs=8)
    weights = space.dense(list(space.names), "0")
    assert weights[0] == ["A0", "B00", "B00", "B01", "B02", "B02", "0", "0"]
    assert weights[1] == ["B00", "A0", "B00", "B01", "B02", "B02", "0", "0"]
    assert weights[3] == ["B10", "B10", "B10", "A1", "B12", "B12", "0", "0"]
    assert weights[4] == ["C0_0", "C0_0", "C0_0", "C0_1", "C0_2", "C0_2", "0", "0"]
    assert (space.teachers, space.width, space.inputs) == (6, 5, 8)


@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.text)
def test_multiplicities_count_the_entries(space: FixedSpace) -> None:
    entries = [index for row in space.pattern() for index in row]
    assert space.multiplicities(space.blocks) == [entries.count(i) for i in range(space.dimension)]
    assert (len(space.pattern()), len(space.pattern()[0])) == (space.width, space.inputs)


@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.text)
def test_text_is_read_back(space: FixedSpace) -> None:
    assert FixedSpace.parse(space.text) == space


@pytest.mark.parametrize(
    "text",
    ["", "S_3", "Delta(S_0)", "Delta(S_3 S_2)", "Delta(S_3) x S_0", "Delta(S_3) + -1", "Delta(S_03)", "Delta(S_1)"],
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(InvalidProblem):
        FixedSpace.parse(text)


def test_impossible_spaces_are_refused() -> None:
    for sizes, unmatched, extra, inputs in (
        ((0, 3), (), 0, 0),
        ((1,), (), 0, 0),
        ((), (4,), 0, 0),
        ((3,), (), -1, 0),
        ((3, 1), (), 0, 3),
        ((True, 2), (), 0, 0),
    ):
        with pytest.raises(InvalidProblem):
            FixedSpace(sizes, unmatched, extra, inputs)
    with pytest.raises(InvalidProblem):
        FixedSpace((3,)).dense([1.0], 0.0)


@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.text)
def test_restricted_loss_and_system_are_the_dense_ones(space: FixedSpace) -> None:
    """Balls: at a random point the dense loss and the dense gradient, entry by entry, with nothing left over."""
    point = balls(random_point(space))
    weights = space.dense(point, arb(0))
    difference = loss(space, None, point) - ball_loss(weights, space.teachers)
    assert difference.contains(0)
    assert difference.rad() < 1e-40
    equations = system(space, None, point)
    for indices, entries in zip(space.pattern(), ball_gradient(weights, space.teachers), strict=True):
        for index, entry in zip(indices, entries, strict=True):
            expected = equations[index] if index >= 0 else arb(0)
            assert (entry - expected).contains(0)
            assert (entry - expected).rad() < 1e-40


@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.text)
def test_jacobian_is_the_dense_hessian_on_the_space(space: FixedSpace) -> None:
    point = random_point(space, 1)
    pattern = np.array(space.pattern()).reshape(-1)
    embedding = (pattern[:, None] == np.arange(space.dimension)).astype(float)
    counts = embedding.sum(axis=0)
    expected = embedding.T @ float_hessian(dense(space, point), space.teachers) @ embedding / counts[:, None]
    found = floats(jacobian(space, None, balls(point)))
    assert np.abs(found - expected).max() < 1e-12 * max(1.0, float(np.abs(expected).max()))
    assert max(value.rad() for row in jacobian(space, None, balls(point)) for value in row) < 1e-40


@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.text)
def test_arrays_of_floats_agree_with_the_dense_ones(space: FixedSpace) -> None:
    points = np.random.default_rng(2).standard_normal((5, space.dimension))
    losses, equations = (f(space, space.blocks, points) for f in (restricted_float_loss, float_system))
    slopes = float_jacobian(space, space.blocks, points)
    assert slopes.shape == (5, space.dimension, space.dimension)
    for point, value, equation, slope in zip(points, losses, equations, slopes, strict=True):
        weights = dense(space, point)
        assert abs(value - float_loss(weights, space.teachers)) < 1e-12
        gradient = float_gradient(weights, space.teachers)
        for index, entry in zip(np.array(space.pattern()).ravel(), gradient.ravel(), strict=True):
            assert abs(entry - (equation[index] if index >= 0 else 0.0)) < 1e-12
        expected = floats(jacobian(space, None, balls(point)))
        assert np.abs(slope - expected).max() < 1e-11 * max(1.0, float(np.abs(expected).max()))


REAL_SIZES = [
    (FixedSpace((6,)), ("11/2",)),
    pytest.param(FixedSpace((5, 1)), ("17/3", "1"), marks=pytest.mark.slow),
    pytest.param(FixedSpace((4, 3)), ("29/7", "5/2"), marks=pytest.mark.slow),
    pytest.param(FixedSpace((3, 1), (2,), extra_rows=1), ("10/3", "1", "9/4"), marks=pytest.mark.slow),
]


def rational_point(space: FixedSpace) -> list[Fraction]:
    return [Fraction(int(8 * value), 8) + Fraction(1, 16) for value in random_point(space, 4)]


@pytest.mark.parametrize(("space", "sizes"), REAL_SIZES)
def test_real_sizes_agree_with_sympys_derivation(space: FixedSpace, sizes: tuple[str, ...]) -> None:
    """Loss and equations as SymPy derives them from the sums over the entries of two rows."""
    names, blocks = expressions.coordinate_symbols(space), expressions.size_symbols(space)
    assert [str(name) for name in names] == list(space.names)
    numbers, exact_sizes = rational_point(space), [Fraction(size) for size in sizes]
    at = dict(zip(names, map(sympy.Rational, numbers), strict=True))
    at.update({b: sympy.Rational(s) for b, s in zip(blocks, exact_sizes, strict=True) if isinstance(b, sympy.Symbol)})
    point = [arb_of(value) for value in numbers]
    values = [loss(space, exact_sizes, point), *system(space, exact_sizes, point)]
    derived = [expressions.restricted_loss(space, blocks, names), *expressions.restricted_system(space, blocks, names)]
    for value, expression in zip(values, derived, strict=True):
        assert abs(value - arb(str(expression.evalf(40, subs=at)))) < 1e-33
        assert value.rad() < 1e-38


@pytest.mark.parametrize(("space", "sizes"), REAL_SIZES)
def test_derivatives_at_real_sizes_are_differences(space: FixedSpace, sizes: tuple[str, ...]) -> None:
    """Central differences of the equations, step 2^-40, in each coordinate and in the first size."""
    point, balls_of_sizes = [arb_of(value) for value in rational_point(space)], [arb_of(Fraction(s)) for s in sizes]
    step = arb((1, -40))
    slopes = jacobian(space, balls_of_sizes, point)
    for j in range(space.dimension):
        up, down = list(point), list(point)
        up[j], down[j] = up[j] + step, down[j] - step
        above, below = system(space, balls_of_sizes, up), system(space, balls_of_sizes, down)
        for i in range(space.dimension):
            assert abs((above[i] - below[i]) / (2 * step) - slopes[i][j]) < 1e-19
    above, below = (system(space, [balls_of_sizes[0] + h, *balls_of_sizes[1:]], point) for h in (step, -step))
    moved = size_derivative(space, balls_of_sizes, point, [1] + [0] * (len(sizes) - 1))
    assert all(abs((a - b) / (2 * step) - slope) < 1e-19 for a, b, slope in zip(above, below, moved, strict=True))


@pytest.mark.parametrize("point", POINTS, ids=lambda point: f"{point['family']}-{point['k']}")
def test_known_critical_points(point: dict[str, Any]) -> None:
    """The decimals of a separate program: small residual, the loss, and one certified zero within 10^-25."""
    space = space_of(point)
    assert set(point["entries"]) == set(space.names)
    values = [arb(point["entries"][name]) for name in space.names]
    assert all(abs(value) < 1e-27 for value in system(space, None, values))
    assert abs(loss(space, None, values) - arb(point["loss"])) < 1e-27
    center = [Fraction(point["entries"][name]) for name in space.names]
    assert has_unique_zero(FixedSpaceSystem(space), center, Fraction(1, 10**25))
    refined, half = refine_zero(FixedSpaceSystem(space), center, 300)
    assert all(abs(a - b) < Fraction(1, 10**27) for a, b in zip(center, refined, strict=True))
    assert half == Fraction(1, 2**300)


def test_parallel_rows_have_a_jacobian() -> None:
    """The global minimum: every student is parallel to its teacher, and the balls of a box shrink with it."""
    space = FixedSpace((5, 1))
    for radius, bound in ((1e-6, 1e-3), (1e-12, 1e-9)):
        box = [arb(value, radius) for value in (1, 0, 0, 1, 0)]
        slopes = jacobian(space, None, box)
        center = jacobian(space, None, [arb(value) for value in (1, 0, 0, 1, 0)])
        for row, middle in zip(slopes, center, strict=True):
            for ball, exact in zip(row, middle, strict=True):
                assert ball.contains(exact.mid())
                assert ball.rad() < bound
    # Two extra rows that are parallel to each other and to a teacher row.
    twice = FixedSpace((3, 1), extra_rows=2)
    point = [arb(value) for value in (1, 2, 2, 1, 3, 1, -2, 2, -4)]
    weights = twice.dense([float(value) for value in point], 0.0)
    pattern = np.array(twice.pattern()).reshape(-1)
    embedding = (pattern[:, None] == np.arange(twice.dimension)).astype(float)
    expected = embedding.T @ float_hessian(np.array(weights), 4) @ embedding / embedding.sum(axis=0)[:, None]
    assert np.abs(floats(jacobian(twice, None, point)) - expected).max() < 1e-13


@pytest.mark.parametrize(
    ("space", "middle", "radius"),
    [
        (FixedSpace((6, 2)), random_point(FixedSpace((6, 2)), 7), 0.01),
        (FixedSpace((5, 1)), np.array([1.0, 0.0, 0.0, 1.0, 0.0]), 0.01),
        (FixedSpace((4,)), np.array([0.5, 0.5]), 0.01),
        (FixedSpace((3, 1), extra_rows=2), np.array([1.0, 2, 2, 1, 3, 1, -2, -2, 4]), 0.001),
    ],
    ids=["generic", "parallel to teachers", "parallel in a block", "opposite extra rows"],
)
def test_a_ball_of_sizes_and_coordinates_holds_its_points(
    space: FixedSpace, middle: NDArray[np.float64], radius: float
) -> None:
    box, sizes = [arb(float(value), radius) for value in middle], [arb(size) for size in space.blocks]
    sizes[0] += arb(0.5, radius)
    wide, wide_slopes = system(space, sizes, box), jacobian(space, sizes, box)
    assert all(value.is_finite() and value.rad() < 1 for row in [wide, *wide_slopes] for value in row)
    rng = np.random.default_rng(8)
    for _ in range(20):
        inside = balls(middle + rng.uniform(-radius, radius, space.dimension))
        at = [space.blocks[0] + 0.5 + arb(float(rng.uniform(-radius, radius))), *sizes[1:]]
        assert all(a.contains(b) for a, b in zip(wide, system(space, at, inside), strict=True))
        for a, b in zip(wide_slopes, jacobian(space, at, inside), strict=True):
            assert all(x.contains(y) for x, y in zip(a, b, strict=True))


def test_vanishing_rows_and_wrong_sizes_are_refused() -> None:
    space = FixedSpace((5, 1))
    zero_row = [arb(value) for value in (1, 0, 0, 0, 0)]
    for question in (loss, system, jacobian):
        with pytest.raises(InvalidProblem, match="vanishes"):
            question(space, None, zero_row)
        with pytest.raises(InvalidProblem):
            question(space, None, zero_row[:4])
    assert not system(space, None, [arb(1), arb(0), arb(0), arb(0, 1), arb(0, 1)])[3].is_finite()
    assert np.isnan(float_system(space, space.blocks, np.array([[1.0, 0, 0, 0, 0]]))).any()
    for sizes in ([5], [5, 2], [1, 1], [Fraction(1, 2), 1], [arb(1, 0.5), 1]):
        with pytest.raises(InvalidProblem):
            size_balls(space, sizes)
    with pytest.raises(InvalidProblem):
        size_derivative(space, [5, 1], [arb(1)] * 5, [0, 1])
    with pytest.raises(InvalidProblem):
        float_system(space, (5,), np.ones((2, 5)))


def test_a_million_neurons_cost_what_ten_cost() -> None:
    """No loop over k: two terms of family A's entries in 1/k leave a residual of the next order at k = 10^6."""
    space = FixedSpace((10**6,))
    k, c = 1e6, 8 / np.pi - 4
    first = system(space, None, [arb(-1 + 2 / k), arb(2 / k)])
    second = system(space, None, [arb(-1 + 2 / k + c / k**2), arb(2 / k + c / (2 * k**2))])
    assert all(1e-8 < abs(value) < 1e-6 for value in first)
    assert all(abs(value) < 2e-9 for value in second)
