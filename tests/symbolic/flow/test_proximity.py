"""Passages of runs near critical functions: formulas against independent ones, and plateaus of made-up runs."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray

from symbolic.dataset.problem import DatasetProblem
from symbolic.errors import InvalidProblem
from symbolic.flow.gradient_flow import integrate
from symbolic.flow.initialization import balanced
from symbolic.flow.interval_field import IntervalField
from symbolic.flow.proximity import passages, plateaus
from symbolic.flow.proximity_dataset import DatasetProximity
from symbolic.flow.proximity_interval import IntervalProximity
from symbolic.flow.proximity_strata import ConeRole, cone_distance, nearest_stratum, project
from symbolic.flow.proximity_teacher import TeacherProximity, matching, row_distance
from symbolic.interval.problem import IntervalProblem
from symbolic.teacher.dense import float_gradient, float_loss

FloatArray = NDArray[np.float64]

LINE = (np.array([0.0, 0.3, 1.0]), np.array([0.1, -0.4, 2.0]))
TOY = DatasetProblem("toy", ((Fraction(-1, 2),), (Fraction(2),)), (Fraction(-1), Fraction(1)), bias=True)
TOY_RESIDUALS = [[-1.0, 1.0], [0.0, 1.0], [-1.0, 0.0], [0.0, 0.0]]


@dataclass
class MadeUp:
    """A run on a line: the functions are numbers, the distance is the difference."""

    places: FloatArray
    gradient_norms: FloatArray
    functions: tuple[float, ...]
    scale: float = 10.0
    squares_per_loss: float = 1.0

    @property
    def losses(self) -> FloatArray:
        return np.square(self.places)

    @property
    def critical_losses(self) -> FloatArray:
        return np.square(np.array(self.functions))

    def distances_at(self, times: NDArray[np.intp], function: int, enough: float) -> FloatArray:
        return np.abs(self.places[times] - self.functions[function])

    def distances_near(self, function: int, time: int) -> FloatArray:
        return np.abs(self.places - self.functions[function])

    def separation(self, function: int) -> float:
        return min(
            (abs(one - self.functions[function]) for i, one in enumerate(self.functions) if i != function),
            default=float("inf"),
        )


def test_plateaus_are_deep_minima_and_ends() -> None:
    norms = np.array([1e-3, 1.0, 0.9, 1.0, 0.1, 2.0, 1e-5, 1e-5])
    assert plateaus(norms)[:2].tolist() == [0, 4]
    assert plateaus(norms)[2] in (6, 7)
    assert plateaus(np.array([3.0])).tolist() == [0]
    assert len(plateaus(np.zeros(5))) == 1
    with pytest.raises(InvalidProblem):
        plateaus(np.array([]))


def test_rounding_errors_of_the_gradient_are_no_plateaus() -> None:
    noise = 1e-16 * np.exp(np.random.default_rng(1).normal(size=100))
    assert len(plateaus(np.concatenate((np.geomspace(1, 1e-14, 50), noise)))) == 1


def test_passages_need_a_plateau_and_nearness() -> None:
    # At 0 a plateau on a function, at 5 near none, at 7.9 next to 8; 3 is passed without a plateau.
    places = np.array([0.0, 0.1, 1.0, 3.0, 5.0, 5.2, 7.0, 7.9, 7.95])
    norms = np.array([1e-3, 0.1, 1.0, 1.1, 0.1, 1.0, 0.9, 1e-2, 1e-4])
    found = passages(MadeUp(places, norms, (0.0, 3.0, 8.0)))
    assert [(one.function, one.plateau) for one in found] == [(0, 0), (None, 4), (2, 8)]
    assert (found[0].first, found[0].closest, found[0].last) == (0, 0, 1)
    assert (found[2].first, found[2].closest, found[2].last) == (6, 8, 8)
    assert found[2].reach == pytest.approx(1.25)
    assert found[2].distance == pytest.approx(0.05)


def test_plateaus_near_one_function_are_one_passage() -> None:
    norms = np.array([1.0, 0.1, 1.0, 0.2, 1.0])
    (found,) = passages(MadeUp(np.full(5, 2.01), norms, (2.0,)))
    assert (found.plateaus, found.plateau, found.first, found.last, found.closest) == (2, 1, 0, 4, 0)


@pytest.mark.parametrize(
    ("target", "leak", "domain"),
    [((0, 0, 1), 0, (0, 1)), ((1, -1, 0, 2), Fraction(1, 10), (-1, 1)), ((0, 1), 0, (0, 2)), ((1,), 0, (0, 1))],
)
def test_interval_run_measures_what_the_field_does(
    target: tuple[int, ...], leak: Fraction | int, domain: tuple[int, int]
) -> None:
    problem = IntervalProblem(
        "p", tuple(map(Fraction, target)), (Fraction(domain[0]), Fraction(domain[1])), Fraction(leak)
    )
    rng = np.random.default_rng(5)
    w, b, v = rng.normal(size=(3, 20, 3))
    c = rng.normal(size=20)
    w[0, 0] = 0.0
    line = (np.array([float(domain[0]), 0.5, float(domain[1])]), np.array([1.0, 0.0, 2.0]))
    found = IntervalProximity(problem, w, b, v, c, [line])
    field = IntervalField(problem, 3)
    factor = np.sqrt(np.abs(v) / np.hypot(w, b))
    places = np.linspace(domain[0], domain[1], 40001)
    for t in range(20):
        state = np.concatenate((w[t] * factor[t], b[t] * factor[t], v[t] / factor[t], [c[t]]))
        assert found.losses[t] == pytest.approx(field.loss(state), rel=1e-9)
        assert found.gradient_norms[t] == pytest.approx(np.linalg.norm(field.gradient(state)), rel=1e-9)
        gap = field.values(state, places) - np.interp(places, *line)
        quadrature = np.sqrt(np.mean((gap[1:] ** 2 + gap[:-1] ** 2) / 2) * (domain[1] - domain[0]))
        assert found.distances_near(0, 0)[t] == pytest.approx(quadrature, rel=1e-6)
    values = np.interp(places, *line) - np.polynomial.Polynomial(list(map(float, target)))(places)
    assert found.critical_losses[0] == pytest.approx(
        np.mean((values[1:] ** 2 + values[:-1] ** 2) / 2) * (domain[1] - domain[0]), rel=1e-6
    )


def test_interval_separation_is_that_of_the_functions() -> None:
    problem = IntervalProblem.from_text("p", "x**2")
    other = (np.array([0.0, 1.0]), np.array([0.1, 1.1]))
    third = (np.array([0.0, 1.0]), np.array([50.0, 50.0]))
    one = np.ones((1, 1))
    field = IntervalProximity(problem, one, one, one, np.ones(1), [LINE, other, third])
    gap = np.interp(np.linspace(0, 1, 100001), *LINE) - np.interp(np.linspace(0, 1, 100001), *other)
    assert field.separation(0) == pytest.approx(np.sqrt(np.mean(gap**2)), rel=1e-4)
    assert field.separation(0) == field.separation(1)


def test_quadratic_activation_is_refused() -> None:
    problem = IntervalProblem("p", (Fraction(0), Fraction(1)), activation="quadratic")
    one = np.ones((1, 1))
    with pytest.raises(InvalidProblem, match="relu"):
        IntervalProximity(problem, one, one, one, np.ones(1), [])


def test_dataset_run_against_finite_differences() -> None:
    rng = np.random.default_rng(3)
    w, a = rng.normal(size=(30, 3, 2)), rng.normal(size=(30, 3))
    found = DatasetProximity(TOY, w, a, TOY_RESIDUALS)
    samples, targets = found.samples, found.targets

    def loss(inner: FloatArray, outer: FloatArray) -> float:
        return float(np.mean((outer @ np.maximum(inner @ samples.T, 0) - targets) ** 2) / 2)

    factor = np.sqrt(np.abs(a) / np.linalg.norm(w, axis=2))
    inner, outer, step = w * factor[:, :, None], a / factor, 1e-6
    tested = 0
    for t in range(30):
        assert found.losses[t] == pytest.approx(loss(w[t], a[t]), rel=1e-12)
        if (np.abs(inner[t] @ samples.T) < 0.1).any():
            continue
        tested += 1
        square = 0.0
        for array in (inner[t], outer[t]):
            for index in np.ndindex(array.shape):
                kept = array[index]
                array[index] = kept + step
                above = loss(inner[t], outer[t])
                array[index] = kept - step
                square += ((above - loss(inner[t], outer[t])) / (2 * step)) ** 2
                array[index] = kept
        assert found.gradient_norms[t] == pytest.approx(np.sqrt(square), rel=1e-6)
    assert tested > 5


def test_on_a_kink_the_least_subgradient_counts() -> None:
    # <w, x_1> = 0, <w, x_2> = 5/2: D = (weight r_1 x_1 + r_2 x_2) / 2.
    w, a = np.array([[[1.0, 0.5]]]), np.array([[0.7]])
    found = DatasetProximity(TOY, w, a, TOY_RESIDUALS)
    r = found.residuals[0]
    unit, mass = w[0, 0] / np.linalg.norm(w), 0.7 * np.linalg.norm(w)
    height = r[1] * (unit @ found.samples[1]) / 2
    drives = [(weight * r[0] * found.samples[0] + r[1] * found.samples[1]) / 2 for weight in np.linspace(0, 1, 10001)]
    least = min(float(np.linalg.norm(drive)) for drive in drives)
    assert found.gradient_norms[0] == pytest.approx(np.sqrt(mass * (height**2 + least**2)), rel=1e-6)


@pytest.mark.parametrize(("rows", "teachers", "inputs"), [(3, 3, 3), (4, 3, 5), (1, 2, 2)])
def test_teacher_run_measures_what_the_dense_loss_does(rows: int, teachers: int, inputs: int) -> None:
    rng = np.random.default_rng(8)
    weights = rng.normal(size=(6, rows, inputs))
    weights[0] = np.eye(rows, inputs) + 1e-6 * rng.normal(size=(rows, inputs))
    found = TeacherProximity(teachers, weights, [np.eye(teachers, inputs)])
    for t in range(6):
        assert found.losses[t] == pytest.approx(float_loss(weights[t], teachers), abs=1e-13)
        gradient = np.linalg.norm(float_gradient(weights[t], teachers))
        assert found.gradient_norms[t] == pytest.approx(gradient, rel=1e-8)
        # The loss is half the square of the distance to the teacher.
        assert found.distances_near(0, 0)[t] == pytest.approx(np.sqrt(2 * found.losses[t]), abs=1e-7)


def test_a_row_that_vanishes_is_left_out() -> None:
    weights = np.array([[[1.0, 0.0], [0.0, 0.0]]])
    found = TeacherProximity(2, weights, [])
    assert found.losses[0] == pytest.approx(float_loss(weights[0, :1], 2))
    assert found.gradient_norms[0] == pytest.approx(np.linalg.norm(float_gradient(weights[0, :1], 2)))


def test_matching_finds_the_nearest_member_of_an_orbit() -> None:
    rng = np.random.default_rng(2)
    for _ in range(20):
        critical = rng.normal(size=(4, 4))
        order, rows = rng.permutation(4), rng.permutation(4)
        run = critical[rows][:, order] + 1e-3 * rng.normal(size=(4, 4))
        found = critical[:, matching(run, critical, 4)]
        least = min(
            float(np.linalg.norm(run - critical[np.ix_(p, q)])) for p in map(list, permutations(range(4)))
            for q in map(list, permutations(range(4)))
        )
        assert row_distance(run, found) == pytest.approx(least)
        field = TeacherProximity(4, run[None], [critical])
        assert field.distances_at(np.array([0]), 0, 0.0)[0] < 1e-2


def test_projection_on_a_polyhedron_meets_the_optimality_conditions() -> None:
    rng = np.random.default_rng(4)
    tight = 0
    for _ in range(50):
        equalities, inequalities = rng.normal(size=(2, 6)), rng.normal(size=(5, 6))
        inside = rng.normal(size=6)
        inequalities *= np.sign(inequalities @ inside)[:, None]
        values, point = equalities @ inside, 3 * rng.normal(size=6)
        nearest = project(point, equalities, values, inequalities)
        assert nearest is not None
        assert np.allclose(equalities @ nearest, values)
        assert (inequalities @ nearest > -1e-9).all()
        # Towards every other point of the set the distance grows.
        assert (point - nearest) @ (inside - nearest) <= 1e-9
        tight += int((np.abs(inequalities @ nearest) < 1e-9).any())
        active = inequalities[np.abs(inequalities @ nearest) < 1e-9]
        normals = np.vstack((equalities, active))
        weights, *_ = np.linalg.lstsq(normals.T, nearest - point, rcond=None)
        assert np.allclose(normals.T @ weights, nearest - point)
        assert (weights[2:] >= -1e-9).all()
    assert tight > 10


def test_an_empty_polyhedron_has_no_nearest_point() -> None:
    row, none = np.array([[1.0, 0.0]]), np.zeros((0, 2))
    assert project(np.zeros(2), np.vstack((row, row)), np.array([0.0, 1.0]), none) is None
    assert project(np.zeros(2), row, np.array([-1.0]), row) is None
    with pytest.raises(InvalidProblem):
        project(np.zeros(3), row, np.zeros(1), none)


def _roles() -> list[ConeRole]:
    """A neuron on the line (1, 0) that adds |beta|, one in the left half plane that adds nothing, the zero neuron."""
    none = np.zeros((0, 2))
    ray = ConeRole("ray", 1, 1, np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]]), np.array([[1.0, 0.0]]))
    dead = ConeRole("dead", None, 2, none, np.array([[-1.0, 0.0]]), np.zeros((1, 2)))
    return [ray, dead, ConeRole("zero", 0, 0, np.eye(2), none, np.zeros((1, 2)))]


def test_the_nearest_stratum_and_its_distance() -> None:
    labels = {("ray", "zero"): "f@2:ray.zero", ("dead", "ray"): "f@2:dead.ray"}
    betas = np.array([[1.9, 0.1], [0.02, 0.01]])
    found = nearest_stratum(_roles(), labels, betas, [1, -1], None, np.array([2.0]), 0.2)
    # A small neuron that does not point to the left is not dead, though the dead ones are nearer.
    assert found.label == "f@2:ray.zero"
    assert found.distance == pytest.approx(np.sqrt(0.1**2 + 0.1**2 + 0.02**2 + 0.01**2))
    betas[1] = -0.5, 7.0
    found = nearest_stratum(_roles(), labels, betas, [1, -1], None, np.array([2.0]), 0.2)
    assert (found.label, found.distance) == ("f@2:dead.ray", pytest.approx(np.sqrt(0.02)))
    assert nearest_stratum(_roles(), labels, betas, [-1, -1], None, np.array([2.0]), 0.2).label is None
    assert cone_distance(_roles()[0], np.array([-3.0, 4.0])) == pytest.approx(5.0)


def test_the_flow_of_orthogonal_data_passes_the_chain_in_order() -> None:
    for scale, signs in (("1e-4", (1, -1)), ("1e-8", (1, -1))):
        start = balanced([(Fraction(1), Fraction(2)), (Fraction(-1), Fraction(3))], signs, scale)
        run = integrate(TOY.samples, TOY.targets, start.inner, start.outer, 200.0)
        field = DatasetProximity(TOY, run.inner, run.outer, TOY_RESIDUALS)
        assert field.losses == pytest.approx(run.losses, abs=1e-12)
        found = passages(field)
        assert [one.function for one in found] == [0, 2, 3]
        assert [one.plateau for one in found] == sorted(one.plateau for one in found)
        assert all(one.first <= one.closest <= one.last for one in found)
        assert found[-1].last == len(run.times) - 1


def test_permuting_and_rescaling_neurons_changes_nothing() -> None:
    start = balanced([(Fraction(1), Fraction(2)), (Fraction(-1), Fraction(3))], (1, -1), "1e-4")
    run = integrate(TOY.samples, TOY.targets, start.inner, start.outer, 200.0)
    rng = np.random.default_rng(6)
    factors = np.exp(3 * rng.normal(size=run.outer.shape))
    orders = rng.permuted(np.tile(np.arange(2), (len(factors), 1)), axis=1)
    inner = np.take_along_axis(run.inner * factors[:, :, None], orders[:, :, None], axis=1)
    outer = np.take_along_axis(run.outer / factors, orders, axis=1)
    before = DatasetProximity(TOY, run.inner, run.outer, TOY_RESIDUALS)
    after = DatasetProximity(TOY, inner, outer, TOY_RESIDUALS)
    assert after.gradient_norms == pytest.approx(before.gradient_norms, rel=1e-6, abs=1e-13)
    for one, other in zip(passages(before), passages(after), strict=True):
        assert (one.function, one.first, one.closest, one.last) == (
            other.function, other.first, other.closest, other.last
        )
