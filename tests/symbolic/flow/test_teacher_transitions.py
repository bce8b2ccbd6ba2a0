"""Transitions of teacher problems: certified rates, symmetric runs, and ends against another way to integrate."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from itertools import permutations

import numpy as np
import pytest
from oracles.teacher_dense_spectrum import hessian as dense_hessian
from oracles.teacher_descent import dense_loss
from scipy.integrate import solve_ivp

from symbolic.enclosure import Verdict, bounds, enclose
from symbolic.flow.switching import Termination
from symbolic.flow.teacher_bases import IsotypicBases, axis_sizes, axis_vector
from symbolic.flow.teacher_descent import RunBudget, Start, SymmetricFlow, descend, polish
from symbolic.flow.teacher_landing import UNLISTED, TeacherLandings, ray_groups
from symbolic.flow.teacher_matching import matching
from symbolic.flow.teacher_start import SaddlePoint, UnstableDirection
from symbolic.flow.teacher_transitions import TeacherTransitions, TransitionBudget, told_direction
from symbolic.flow.transitions import tally
from symbolic.problem import Kind
from symbolic.teacher.dense import float_gradient, float_hessian
from symbolic.teacher.fixed_spaces import FixedSpace
from symbolic.teacher.problem import TeacherProblem
from symbolic.teacher.strata import TeacherStratum
from symbolic.teacher.survey import TeacherStrata, TeacherSurvey, survey_teacher, survey_teacher_strata

SMALL = TeacherProblem("small", 4, ((3, 1),))
UNUSED = TeacherProblem("unused", 3, ((2, 1),), inputs=4)
SIX = TeacherProblem("six", 6, ((6,), (5, 1), (4, 2)))


@cache
def surveyed(problem: TeacherProblem) -> tuple[TeacherSurvey, TeacherStrata]:
    starts = 1500 if problem is SIX else 150
    found = survey_teacher(problem, starts=starts, rounds=1, names=lambda space, point: "")
    return found, survey_teacher_strata(found)


@cache
def explored(problem: TeacherProblem) -> TeacherTransitions:
    found, strata = surveyed(problem)
    return TeacherTransitions(found.functions, strata)


def saddles(problem: TeacherProblem) -> list[tuple[TeacherStratum, SaddlePoint]]:
    found, strata = surveyed(problem)
    functions = {one.label: one for one in found.functions}
    return [
        (one, SaddlePoint(functions[one.function], one.copies))
        for one in strata.strata
        if one.kind is Kind.STRICT_SADDLE
    ]


def orbit_dimensions(irrep: str, saddle: SaddlePoint) -> int:
    """The dimension of an irrep, from its name and the sizes of the blocks."""
    space = saddle.space
    first, _, second = irrep.removeprefix("e:").partition("*")
    unused = space.inputs - space.teachers if irrep.startswith("e:") else 1
    if first == "t":
        return unused
    size = space.blocks[int(first[1:])]
    if first[0] == "x":
        return (size - 1) * (size - 2) // 2
    if first[0] == "y":
        return size * (size - 3) // 2
    return (size - 1) * (space.blocks[int(second[1:])] - 1 if second else unused)


def eigenspace_dimension(direction: UnstableDirection, saddle: SaddlePoint) -> int:
    """How often the eigenvalue of a representative occurs in the Hessian."""
    if not direction.irrep.startswith("split"):
        return orbit_dimensions(direction.irrep, saddle)
    head, irrep = direction.irrep.split(":", 1)
    space, number = saddle.space, int(head.removeprefix("split"))
    rows = space.row_classes[number]
    rays = 1 if rows.block is None else space.sizes[rows.block]
    if irrep == "t":
        columns = 1
    elif irrep == "e:t":
        columns = space.inputs - space.teachers
    else:
        block = int(irrep[1:])
        columns = space.blocks[block] - 1 - int(block == rows.block)
    return rays * (saddle.shared[number] - 1) * columns


@pytest.mark.parametrize("problem", [SMALL, UNUSED, pytest.param(SIX, marks=pytest.mark.slow)])
def test_the_balanced_point_is_critical_and_its_eigenvalues_are_those_of_the_dense_hessian(
    problem: TeacherProblem,
) -> None:
    for stratum, saddle in saddles(problem):
        assert np.abs(float_gradient(saddle.weights, problem.k)).max() < 1e-12
        values = np.linalg.eigvalsh(dense_hessian(saddle.weights, problem.k))
        directions, doubts = saddle.unstable_directions(1)
        assert not doubts
        expected = []
        for one in directions:
            expected += [float(one.eigenvalue.mid())] * eigenspace_dimension(one, saddle)
            assert float(one.eigenvalue.rad()) < 1e-40
        negative = values[values < -1e-8]
        assert len(expected) == len(negative) == stratum.index
        assert np.allclose(sorted(expected), negative, atol=1e-8)


@pytest.mark.parametrize("problem", [SMALL, UNUSED])
def test_representatives_are_eigenvectors_and_their_patterns_are_kept_by_the_gradient(problem: TeacherProblem) -> None:
    for _, saddle in saddles(problem):
        matrix = dense_hessian(saddle.weights, problem.k)
        for one in saddle.unstable_directions(2)[0]:
            vector = one.vector.ravel()
            assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-9)
            assert np.abs(matrix @ vector - float(one.eigenvalue.mid()) * vector).max() < 1e-7
            pattern = np.array(one.pattern)
            moved = saddle.weights + 0.03 * one.vector
            slope = float_gradient(moved, problem.k)
            for label in range(pattern.max() + 1):
                for table in (saddle.weights, one.vector, slope):
                    assert np.ptp(table[pattern == label]) < 1e-12


def test_several_representatives_belong_to_different_orbits() -> None:
    assert axis_sizes(6, 2) == (1, 3)
    assert axis_sizes(7, 9) == (1, 3, 2)
    assert axis_sizes(2, 2) == axis_sizes(3, 2) == (1,)
    for size, p in ((5, 2), (4, 1), (6, 3)):
        x = axis_vector(size, p)
        assert abs(x.sum()) < 1e-12
        assert np.linalg.norm(x) == pytest.approx(1)
        assert len(set(x)) == 2


@pytest.mark.parametrize("space", [FixedSpace((4, 2)), FixedSpace((4, 1)), FixedSpace((3,), (2,), 1, 7)])
def test_bases_are_orthonormal_and_orthogonal_to_those_of_other_irreps(space: FixedSpace) -> None:
    from flint import arb

    from symbolic.teacher.isotypic import isotypic_blocks

    generator = np.random.default_rng(3)
    parameters = generator.standard_normal(space.dimension)
    weights = np.array(space.dense([float(value) for value in parameters], 0.0))
    matrix = float_hessian(weights, space.teachers)
    vectors, total = [], 0
    for block in isotypic_blocks(space, None, [arb(float(value)) for value in parameters]):
        basis = next(iter(IsotypicBases(space).of(block.irrep, 1)))
        columns = np.stack([one.ravel() for one in basis.vectors], axis=1)
        small = np.array([[float(entry.mid()) for entry in row] for row in block.matrix])
        # The same matrix, entry by entry up to the signs of the basis vectors.
        assert np.allclose(np.abs(columns.T @ matrix @ columns), np.abs(small), atol=1e-10)
        assert np.allclose(np.linalg.eigvalsh(columns.T @ matrix @ columns), np.linalg.eigvalsh(small), atol=1e-10)
        vectors.append(columns)
        total += len(small) * int(float(block.multiplicity.mid()))
    every = np.concatenate(vectors, axis=1)
    assert np.allclose(every.T @ every, np.eye(every.shape[1]), atol=1e-10)
    assert total == weights.size


@pytest.mark.parametrize("part", [slice(0, 4), pytest.param(slice(4, None), marks=pytest.mark.slow)])
def test_all_transitions_of_a_small_problem_end_in_certified_points_below(part: slice) -> None:
    model = explored(SMALL)
    results = [model.transitions_from(one) for one in model.sources()[part]]
    every = [one for result in results for one in result.transitions]
    assert not any(result.doubts for result in results)
    assert all(one.cause.startswith(UNLISTED) for one in every if one.target is None)
    labels = {one.label for one in model.strata.strata}
    for one in every:
        assert one.rate_evidence == "certified"
        assert one.evidence == "numerical"
        assert bounds(one.rate)[0] > 0
        assert one.gradient_norm < 4e-12
        assert bounds(one.loss_after)[1] < bounds(one.loss_before)[0]
        if one.target is not None:
            assert one.target in labels
            assert one.distance is not None
            assert one.distance < 1e-8
            assert one.descends is Verdict.YES
    # The teacher is the only minimum, and noise leads to minima.
    noisy = [one for one in every if one.seed is not None]
    assert {one.target for one in noisy} == {"small:4.L0@4:4x1"}
    assert tally(every).identified > len(every) / 2


def follow_with_dop853(start: np.ndarray, time: float) -> np.ndarray:
    """W' = -grad L, with the gradient of the oracle, an explicit solver and no symmetry."""
    shape = start.shape
    solution = solve_ivp(
        lambda _, y: -dense_loss(y.reshape(shape))[1].ravel(), (0, time), start.ravel(),
        method="DOP853", rtol=1e-10, atol=1e-12,
    )
    assert solution.success
    end: np.ndarray = solution.y[:, -1].reshape(shape)
    return end


@pytest.mark.parametrize(
    "label",
    [
        "small:3-1.L0.06770658002@4:3x1.1x1",
        *(pytest.param(one, marks=pytest.mark.slow) for one in (
            "small:3-1.L0.06775457201@4:3x1.1x1",
            "small:x3-x1-e2.L0.1923732069@4:1x3.1x1",
            "small:x4-e1.L0.4714164692@4:1x4",
        )),
    ],
)
def test_an_explicit_solver_in_all_weights_ends_at_the_same_critical_point(label: str) -> None:
    model = explored(SMALL)
    stratum = next(one for one in model.sources() if one.label == label)
    result = {
        (one.irrep, one.axis, round(float(enclose(one.rate).mid()), 9), one.sign, one.seed): one
        for one in model.transitions_from(stratum).transitions
    }
    compared = 0
    for departure in model.departures(stratum)[0]:
        descent = descend(departure.start)
        # Rounding breaks the symmetry that the runs without noise have, after a while.
        if float(departure.direction.eigenvalue.mid()) > -0.1 or descent.time > 400:
            continue
        end = follow_with_dop853(np.array(departure.start.weights), descent.time)
        assert matching_distance(end, np.array(descent.weights)) < 1e-3
        way = departure.direction
        key = (way.irrep, way.axis, round(-float(way.eigenvalue.mid()), 9), departure.sign)
        # Where the noise led to the same end, that is told once.
        found = result.get((*key, departure.seed)) or result[*key, None]
        assert dense_loss(end)[0] == pytest.approx(float(enclose(found.loss_after).mid()), abs=1e-5)
        compared += 1
    assert compared >= 2


def matching_distance(first: np.ndarray, second: np.ndarray) -> float:
    """The least largest difference of entries over all permutations of rows and columns."""
    orders = [list(order) for order in permutations(range(first.shape[0]))]
    return min(float(np.abs(first[rows][:, columns] - second).max()) for rows in orders for columns in orders)


def test_the_run_grows_at_the_certified_rate() -> None:
    _, saddle = saddles(SMALL)[0]
    (one, *_), _ = saddle.unstable_directions(1)
    rate, shape = -float(one.eigenvalue.mid()), saddle.weights.shape
    times = (0.5 / rate, 1.5 / rate)
    solution = solve_ivp(
        lambda _, y: -dense_loss(y.reshape(shape))[1].ravel(), (0, times[1]),
        (saddle.weights + 1e-5 * one.vector).ravel(), t_eval=times, rtol=1e-11, atol=1e-14,
    )
    parts = [(solution.y[:, i] - saddle.weights.ravel()) @ one.vector.ravel() for i in range(2)]
    assert np.log(parts[1] / parts[0]) / (times[1] - times[0]) == pytest.approx(rate, rel=1e-3)


def test_mirrored_directions_have_one_run_for_both_signs() -> None:
    model = explored(SMALL)
    shared = plain = 0
    for stratum in model.sources():
        runs: dict[str, list[int]] = {}
        for departure in model.departures(stratum)[0]:
            if departure.seed is None:
                runs.setdefault(departure.key, []).append(departure.sign)
        for signs in runs.values():
            assert signs in ([1, -1], [1], [-1])
            shared, plain = shared + (len(signs) == 2), plain + (len(signs) == 1)
    assert shared
    assert plain


def test_an_image_of_a_run_is_the_run_of_the_image() -> None:
    model = explored(SMALL)
    for stratum in model.sources():
        for departure in model.departures(stratum)[0]:
            if departure.sign < 0 and departure.key.endswith("+#0"):
                start = departure.start
                weights = 2 * np.array(start.origin) - np.array(start.weights)
                other = replace(start, weights=tuple(map(tuple, weights.tolist())))
                first, second = descend(start), descend(other)
                assert matching_distance(np.array(first.weights), np.array(second.weights)) < 1e-7
                return
    pytest.fail("no mirrored direction")


def test_runs_do_not_depend_on_where_they_are_made() -> None:
    found, strata = surveyed(SMALL)
    sources = [one for one in strata.strata if one.label.startswith("small:3-1")][:2]
    apart = TeacherTransitions(found.functions, strata)
    with ThreadPoolExecutor(2) as executor:
        told: list[int] = []
        count = apart.prepare(executor, lambda: told.append(1), sources)
    assert len(told) == count
    assert apart.prepare(sources=sources) == 0
    for one in sources:
        pair = apart.transitions_from(one), explored(SMALL).transitions_from(one)
        # What is measured at the end is rounding only.
        first, second = ([replace(run, gradient_norm=0.0, distance=None) for run in one.transitions] for one in pair)
        assert first == second
        assert len(first) > 1


def test_a_run_out_of_budget_has_a_cause_and_no_target() -> None:
    found, strata = surveyed(SMALL)
    short = TransitionBudget(repeats=1, run=RunBudget(steps=5))
    model = TeacherTransitions(found.functions, strata, budget=short)
    result = model.transitions_from(model.sources()[0])
    assert result.transitions
    for one in result.transitions:
        assert one.target is None
        assert one.cause == f"the run did not come to rest: {Termination.STEPS_USED_UP}"
        assert one.descends is Verdict.UNDECIDED


def test_a_point_off_the_list_is_certified_and_named() -> None:
    found, strata = surveyed(SMALL)
    missing = next(one for one in found.functions if one.label == "small:3-1.L0.02395771881")
    functions = [one for one in found.functions if one is not missing]
    weights = np.array(missing.space.dense([float(value) for value in missing.point.center], 0.0))
    landing = TeacherLandings("small", functions, strata.strata).find(weights, 4)
    assert landing.stratum is None
    assert landing.cause == f"{UNLISTED} (Delta(S_3 x S_1), 4 rays, index 1 at that width)"
    assert landing.loss is not None
    low, high = bounds(landing.loss)
    assert low <= bounds(missing.loss)[1]
    assert bounds(missing.loss)[0] <= high
    turned = TeacherLandings("small", found.functions, strata.strata).find(weights[[2, 0, 3, 1]][:, [3, 1, 0, 2]], 4)
    assert turned.stratum is not None
    assert turned.stratum.label == "small:3-1.L0.02395771881@4:3x1.1x1"


def test_shared_rays_are_counted_and_points_near_no_critical_one_are_refused() -> None:
    found, strata = surveyed(SMALL)
    landings = TeacherLandings("small", found.functions, strata.strata)
    for stratum, saddle in saddles(SMALL):
        order = np.random.default_rng(5).permutation(4)
        landing = landings.find(saddle.weights[order][:, order[::-1]], 4)
        assert landing.stratum == stratum
    generic = landings.find(np.random.default_rng(1).standard_normal((4, 4)), 4)
    assert generic.stratum is None
    assert generic.cause.startswith("the end could not be certified")


def test_rays_and_matchings_on_known_matrices() -> None:
    assert ray_groups(np.array([[1.0, 0], [0, 1], [2, 0], [-1, 0]])) == [[0, 2], [1], [3]]
    generator = np.random.default_rng(0)
    for size in (3, 5):
        # Few values, so that many rows and columns look alike.
        matrix = generator.integers(0, 2, (size, size)).astype(float)
        rows, columns = generator.permutation(size), generator.permutation(size)
        found = matching(matrix, matrix[rows][:, columns])
        assert found is not None
        assert np.array_equal(matrix[np.ix_(*found)], matrix[rows][:, columns])
    circulant = np.eye(6) + np.roll(np.eye(6), 1, axis=1)
    two_triangles = np.kron(np.eye(2), np.eye(3) + np.roll(np.eye(3), 1, axis=1))
    assert matching(circulant, two_triangles) is None
    assert matching(circulant, circulant[::-1]) is not None
    assert matching(np.eye(2), np.eye(3)) is None


def test_the_symmetric_flow_is_the_dense_one() -> None:
    generator = np.random.default_rng(2)
    pattern = tuple(map(tuple, FixedSpace((3, 2)).pattern()))
    flow = SymmetricFlow(5, pattern)
    state = generator.standard_normal(len(flow.counts))
    weights = flow.weights(state)
    assert np.allclose(flow.weights(flow.gradient(state)), float_gradient(weights, 5), atol=1e-13)
    assert flow.loss(state) == pytest.approx(dense_loss(weights)[0])
    step = 1e-6
    for i, column in enumerate(flow.jacobian(state).T):
        unit = step * np.eye(len(state))[i]
        difference = (flow.gradient(state + unit) - flow.gradient(state - unit)) / (2 * step)
        assert np.allclose(column, difference, atol=1e-6)
    assert flow.norm(state) == pytest.approx(np.linalg.norm(weights))


def test_newton_does_not_climb_back_to_the_saddle() -> None:
    _, saddle = saddles(SMALL)[0]
    (one, *_), _ = saddle.unstable_directions(1)
    flow = SymmetricFlow(4, one.pattern)
    near = flow.state(saddle.weights + 1e-7 * one.vector)
    assert polish(flow, near, 4e-12) is not None
    origin = tuple(map(tuple, saddle.weights.tolist()))
    start = tuple(map(tuple, (saddle.weights + 1e-7 * one.vector).tolist()))
    end = descend(Start(4, origin, start, one.pattern, 1e-7))
    assert end.converged
    assert np.abs(np.array(end.weights) - saddle.weights).max() > 0.01


def test_a_row_that_shrinks_is_reported() -> None:
    # f - f* is not negative anywhere, so the third row only gets shorter, at a speed that does not tend to 0.
    origin = ((3.0, 0.0), (0.0, 3.0), (0.5, 0.5))
    weights = ((3.0, 0.0), (0.0, 3.0), (0.02, 0.03))
    end = descend(Start(2, origin, weights, ((0, 1), (2, 3), (4, 5)), 1e-3))
    assert not end.converged
    assert end.vanished
    assert end.time < 0.1


def test_directions_are_told_by_runs_of_equal_entries() -> None:
    told = told_direction(np.array([[0.5, 0.25, 0.25], [0, 0, -1]]))
    assert [(name, float(value)) for name, value in told] == [("w1[1]", 0.5), ("w1[2..3]", 0.25), ("w2[3]", -1.0)]


@pytest.mark.slow
def test_every_end_at_six_teachers_is_certified() -> None:
    model = explored(SIX)
    sources = model.sources()[::9]
    every = [one for source in sources for one in model.transitions_from(source).transitions]
    assert all(one.cause.startswith(UNLISTED) for one in every if one.target is None)
    noisy = [one for one in every if one.seed is not None]
    assert len(noisy) > 40
    assert sum(one.target is not None for one in noisy) >= 0.95 * len(noisy)
    assert all(one.descends is Verdict.YES for one in every if one.target is not None)
