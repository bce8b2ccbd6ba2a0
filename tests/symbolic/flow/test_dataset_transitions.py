"""Transitions of data sets: rates, ends and proofs against differences, an independent integration and the chain."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import product

import numpy as np
import pytest
from oracles.dataset_descent import Training
from oracles.dataset_problems import DATA_SETS
from scipy.integrate import solve_ivp

from symbolic.dataset.chain import InitialNeuron, orthogonal_chain
from symbolic.dataset.problem import DatasetProblem
from symbolic.dataset.stationarity import NeuronType
from symbolic.dataset.strata import DatasetStratum
from symbolic.dataset.survey import DatasetStrata, DatasetSurvey, survey_dataset, survey_dataset_strata
from symbolic.enclosure import AlgebraicNumber, Number, Verdict, enclose
from symbolic.flow.dataset_descent import Descent, RunBudget, Start, descend
from symbolic.flow.dataset_landing import Landings
from symbolic.flow.dataset_start import core_of, lowest_eigenvectors, root_number, unstable_directions
from symbolic.flow.dataset_transitions import (
    LOOSE,
    Departure,
    TransitionBudget,
    Transitions,
    transitions,
)
from symbolic.flow.gradient_flow import integrate
from symbolic.flow.transitions import StratumTransitions, Transition, tally
from symbolic.problem import Kind

LABELS = {"toy": "bpf-toy"}
NARROW = ((("1", "1", "0"), ("1", "-1", "0"), ("0", "0", "2")), ("1", "2", "-1"), False)


def problem_of(name: str) -> DatasetProblem:
    inputs, targets, bias = NARROW if name == "narrow" else DATA_SETS[name]
    rows = tuple(tuple(map(Fraction, row)) for row in inputs)
    return DatasetProblem(LABELS.get(name, name), rows, tuple(map(Fraction, targets)), bias)


@cache
def surveys(name: str, width: int) -> tuple[DatasetSurvey, DatasetStrata]:
    surveyed = survey_dataset(problem_of(name), width)
    return surveyed, survey_dataset_strata(surveyed)


@cache
def explored(name: str, width: int) -> Transitions:
    return Transitions(*surveys(name, width))


@cache
def found(name: str, width: int) -> dict[str, StratumTransitions[Transition]]:
    return {one.stratum: one for one in transitions(*surveys(name, width))}


def stratum_with(name: str, *codes: str, function: str = "0.1") -> DatasetStratum:
    surveyed, strata = surveys(name, len(codes))
    label = f"{surveyed.problem.name}:{function}@{len(codes)}:{'.'.join(sorted(codes))}"
    (one,) = [one for one in strata.strata if sorted(n.code for n in one.neurons) == sorted(codes)
              and one.function == label.partition("@")[0]]
    return one


def value(number: Number) -> float:
    return float(enclose(number).mid())


def departures(name: str, width: int) -> list[tuple[DatasetStratum, Departure, tuple[str, ...]]]:
    every = {}
    for stratum in explored(name, width).sources():
        ways, doubts = explored(name, width).departures(stratum)
        for one in ways:
            every.setdefault(one.key, (stratum, one, doubts))
    return list(every.values())


def starting_point(departure: Departure) -> tuple[np.ndarray, np.ndarray]:
    """The stationary point that a run without noise leaves: the start without the perturbation."""
    sign = departure.sign if departure.kind == "hessian" else 1
    inner = np.array([[float(x) for x in w] for w in departure.start.inner])
    outer = np.array(departure.start.outer)
    along = np.array([[value(x) for x in w] for w, _ in departure.direction])
    beside = np.array([value(a) for _, a in departure.direction])
    return inner - sign * departure.perturbation * along, outer - sign * departure.perturbation * beside


# Rates


@pytest.mark.parametrize(("name", "width"), [("toy", 2), ("tent3", 2), ("zigzag4", 1), ("narrow", 1)])
def test_every_saddle_but_those_of_first_order_has_a_way_out_and_minima_have_none(name: str, width: int) -> None:
    transitions_of = explored(name, width)
    assert transitions_of.sources()
    for stratum in surveys(name, width)[1].strata:
        ways, doubts = transitions_of.departures(stratum)
        if stratum.kind in (Kind.GLOBAL_MINIMUM, Kind.LOCAL_MINIMUM):
            assert not ways, stratum.label
        elif stratum.stationarity.directional is Verdict.YES:
            assert ways, stratum.label
        else:
            assert ways or doubts


@pytest.mark.parametrize(("name", "width"), [("toy", 2), ("zigzag4", 2), ("narrow", 1)])
def test_where_there_is_a_hessian_its_negative_eigenvalues_are_those_of_differences(name: str, width: int) -> None:
    """Against central differences of the gradient, at the balanced point."""
    surveyed, strata = surveys(name, width)
    training = Training.of(surveyed.problem.samples, surveyed.problem.targets)
    functions = {one.label: one for one in surveyed.functions}
    checked = 0
    for stratum in strata.strata:
        if not stratum.index or any("0" in one.pattern for one in stratum.neurons if one.active):
            continue
        core = core_of(surveyed.problem, functions[stratum.function], stratum)
        found_here = unstable_directions(surveyed.problem, functions[stratum.function], core, surveyed.arrangement)
        assert len(found_here) == stratum.index
        w = np.array([[float(x) for x in row] for row in core.weights])
        a = np.array(core.outer)
        live = a != 0
        np.testing.assert_allclose(np.linalg.norm(w, axis=1)[live], np.abs(a)[live], rtol=1e-14)
        np.testing.assert_allclose(np.linalg.norm(w, axis=1)[~live], 1, rtol=1e-14)
        flat = np.concatenate((w.ravel(), a))
        on = (w @ training.samples.T > 0).astype(float)

        def gradient(point: np.ndarray, shape: tuple[int, ...] = w.shape, on: np.ndarray = on) -> np.ndarray:
            size = math.prod(shape)
            dw, da = training.gradient(point[:size].reshape(shape), point[size:], on)
            return np.concatenate((dw.ravel(), da))

        np.testing.assert_allclose(gradient(flat), 0, atol=1e-14)
        step = 1e-6
        columns = [(gradient(flat + step * e) - gradient(flat - step * e)) / (2 * step) for e in np.eye(len(flat))]
        lowest = np.linalg.eigvalsh((np.array(columns) + np.array(columns).T) / 2)
        for one, other in zip(found_here, lowest, strict=False):
            assert float(one.eigenvalue.mid()) == pytest.approx(other, abs=1e-7)
            assert float(one.eigenvalue.rad()) < 1e-40
            assert one.signs == (1, -1)
        checked += 1
    assert checked > 0


@pytest.mark.parametrize(("name", "width"), [("toy", 1), ("tent3", 1), ("zigzag4", 1)])
def test_escape_rates_are_the_largest_correlations_with_the_residual_nearby(name: str, width: int) -> None:
    """rate = s G(u), u of length 1, and s G is less around u: G is the mean of r relu(<u, x>), summed in floats. A
    neuron that is not at 0 has the slope of G instead."""
    functions = {one.label: one for one in surveys(name, width)[0].functions}
    x = np.array([[float(v) for v in row] for row in problem_of(name).samples])
    rng = np.random.default_rng(5)
    checked = 0
    for stratum, one, _ in departures(name, width):
        if one.kind != "escape" or one.seed is not None:
            continue
        assert one.escaping is not None
        r = np.array([float(v) for v in functions[stratum.function].residuals])
        near = np.array([letter == "0" for letter in one.escaping.pattern])
        u = np.array([value(v) for v in one.direction[-1][0]])
        assert np.linalg.norm(u) == pytest.approx(1, abs=1e-14)

        def climb(v: np.ndarray, r: np.ndarray = r, near: np.ndarray = near, sign: int = one.sign) -> float:
            return sign * float((near * r) @ np.maximum(x @ v, 0)) / len(r)

        assert climb(u) == pytest.approx(value(one.rate), rel=1e-12)
        side = np.array([float(v) for v in one.start.inner[-1]])
        for _ in range(20):
            # On the side of its kinks where the neuron is.
            v = u + 1e-3 * rng.standard_normal(len(u))
            if (np.sign(np.round(x @ side, 12)) == np.sign(np.round(x @ v, 12)))[near].all():
                assert climb(v / np.linalg.norm(v)) <= climb(u) + 1e-15
        checked += 1
    assert checked > 0


@pytest.mark.parametrize(
    ("name", "width", "every"),
    [("toy", 1, 1), ("tent3", 2, 7), pytest.param("zigzag4", 2, 1, marks=pytest.mark.slow),
     pytest.param("xor", 2, 5, marks=pytest.mark.slow)],
)
def test_the_flow_leaves_at_the_rate(name: str, width: int, every: int) -> None:
    """While the distance from the saddle grows by a factor 30 the mean rate is the one told, without doubts."""
    checked = 0
    ways = [(one, doubts) for _, one, doubts in departures(name, width) if one.seed is None and not doubts]
    for one, _ in ways[::every]:
        w, a = starting_point(one)
        time = math.log(30) / value(one.rate)
        run = integrate(one.start.samples, one.start.targets, one.start.inner, one.start.outer, time)
        far = [math.sqrt(float(((inner - w) ** 2).sum() + ((outer - a) ** 2).sum()))
               for inner, outer in ((run.inner[0], run.outer[0]), (run.inner[-1], run.outer[-1]))]
        assert math.log(far[1] / far[0]) / time == pytest.approx(value(one.rate), rel=0.05), one.key
        checked += 1
    assert checked > 0


def test_square_roots_are_exact() -> None:
    assert root_number(Fraction(9, 4)) == Fraction(3, 2)
    root = root_number(Fraction(5, 16))
    assert isinstance(root, AlgebraicNumber)
    assert root.minimal_polynomial == (-5, 0, 16)
    assert value(root) == pytest.approx(math.sqrt(5) / 4, abs=1e-15)
    small = root_number(Fraction(2, 10**40))
    assert value(small) == pytest.approx(math.sqrt(2) * 1e-20, rel=1e-15)


def test_eigenvectors_of_an_eigenspace_do_not_depend_on_its_basis() -> None:
    rng = np.random.default_rng(1)
    turn, _ = np.linalg.qr(rng.standard_normal((4, 4)))
    matrix = turn @ np.diag([-2.0, -1.0, -1.0, 3.0]) @ turn.T
    one = lowest_eigenvectors(matrix, 3)
    order = [2, 0, 3, 1]
    two = lowest_eigenvectors(matrix[np.ix_(order, order)], 3)
    np.testing.assert_allclose(matrix @ np.array(one).T, np.array(one).T @ np.diag([-2.0, -1.0, -1.0]), atol=1e-12)
    np.testing.assert_allclose(np.array(one) @ np.array(one).T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(np.abs(two[0]), np.abs(one[0][order]), atol=1e-12)


# Ends


def check_all(name: str, width: int, causes: tuple[str, ...] = ()) -> None:
    """Every run ends in a stratum of less loss, exactly, or with one of the causes; proofs and runs agree."""
    every = [one for here in found(name, width).values() for one in here.transitions]
    losses = {one.label: one.loss for one in surveys(name, width)[0].functions}
    strata = {one.label: one for one in surveys(name, width)[1].strata}
    assert every
    for one in every:
        assert one.evidence in ("proved", "numerical")
        assert one.rate_evidence in ("exact", "certified", "numerical")
        assert value(one.rate) > 0
        if one.target is None:
            assert one.cause.startswith(causes), one
            continue
        assert one.descends is Verdict.YES
        assert losses[one.target.partition("@")[0]] < losses[one.source.partition("@")[0]]
        assert one.distance is not None
        assert one.distance < 1e-2
        assert (one.source in strata, one.target in strata) == (True, True)
    assert not [doubt for here in found(name, width).values() for doubt in here.doubts if "as is proved" in doubt]
    assert tally(every).share >= 0.95


@pytest.mark.parametrize(("name", "width"), [("toy", 1), ("tent3", 1)])
def test_all_runs_of_width_one_end_in_a_stratum_of_less_loss(name: str, width: int) -> None:
    check_all(name, width)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "width"),
    [("zigzag4", 1), ("xor", 1), ("narrow", 1), ("toy", 2), ("tent3", 2), ("zigzag4", 2), ("even", 2)],
)
def test_nearly_all_runs_end_in_a_stratum_of_less_loss(name: str, width: int) -> None:
    check_all(name, width, ("no stratum over", "no critical function", "the run did not", "two critical"))


@pytest.mark.parametrize("name", ["toy", "tent3"])
def test_ends_are_those_of_an_independent_integration(name: str) -> None:
    """scipy's implicit method on the plain gradient in weights, from the start of each run; neurons that slide along a
    kink are left out, where the plain gradient has no solution."""
    training = Training.of(problem_of(name).samples, problem_of(name).targets)
    functions = {one.label: one for one in surveys(name, 1)[0].functions}
    targets = {}
    for here in found(name, 1).values():
        for one in here.transitions:
            targets[one.source, one.kind, one.sign, one.perturbation, one.seed] = one.target
    checked = 0
    for stratum, one, _ in departures(name, 1):
        target = targets.get((stratum.label, one.kind, one.sign, one.perturbation, one.seed))
        ways = [w for s, w, _ in departures(name, 1) if s is stratum and w.sign == one.sign and w.kind == one.kind]
        if target is None or "0" in target or len({w.key.split("#")[0] for w in ways}) > 1:
            continue
        w = np.array([[float(x) for x in row] for row in one.start.inner])

        def velocity(_: float, state: np.ndarray, shape: tuple[int, ...] = w.shape) -> np.ndarray:
            inner, outer = state[: math.prod(shape)].reshape(shape), state[math.prod(shape) :]
            dw, da = training.gradient(inner, outer, (inner @ training.samples.T > 0).astype(float))
            return -np.concatenate((dw.ravel(), da))

        run = solve_ivp(
            velocity, (0, 400), np.concatenate((w.ravel(), one.start.outer)), method="LSODA", rtol=1e-9, atol=1e-11
        )
        size = w.size
        end = training.residuals(run.y[:size, -1].reshape(w.shape), run.y[size:, -1])
        wanted = [float(v) for v in functions[target.partition("@")[0]].residuals]
        np.testing.assert_allclose(end, wanted, atol=1e-4)
        checked += 1
    assert checked > 0 or name == "toy"


def test_the_runs_are_reproducible_and_their_seeds_are_recorded() -> None:
    origin = stratum_with("toy", "00z")
    again = Transitions(*surveys("toy", 1))
    with ThreadPoolExecutor(2) as executor:
        assert again.prepare(executor, sources=[origin]) == 8
    assert again.prepare(sources=[origin]) == 0
    assert again.transitions_from(origin) == found("toy", 1)[origin.label]
    seeds = [
        {one.seed for one in Transitions(*surveys("toy", 1), seed=seed).departures(origin)[0]} for seed in (0, 1)
    ]
    assert seeds[0] & seeds[1] == {None}
    assert {one.seed for one in found("toy", 1)[origin.label].transitions} <= seeds[0]


def test_runs_with_noise_are_kept_only_where_they_end_elsewhere() -> None:
    """A neuron that leaves the kink x_1 = 0 by noise ends beside it; both ends are there."""
    ways: dict[tuple[str, str, int, tuple[tuple[str, Number], ...]], list[Transition]] = {}
    for here in found("toy", 1).values():
        for one in here.transitions:
            ways.setdefault((one.source, one.kind, one.sign, one.direction), []).append(one)
    several = [group for group in ways.values() if any(one.seed is not None for one in group)]
    assert several
    for group in ways.values():
        assert len({(one.target, one.evidence) for one in group}) == len(group)


def test_a_run_without_end_has_its_cause_and_gradient() -> None:
    budget = TransitionBudget(repeats=1, run=RunBudget(steps=3))
    explored_here = Transitions(*surveys("tent3", 1), budget=budget)
    every = [one for s in explored_here.sources() for one in explored_here.transitions_from(s).transitions]
    assert every
    for one in every:
        assert one.target is None
        assert one.cause == "the run did not come to rest: budget of steps used up"
        assert 0 < one.gradient_norm < 1
        assert one.evidence == "numerical"
        assert 0 < value(one.loss_before) - value(one.loss_after) < 1e-3


def test_a_neuron_that_shrinks_on_a_kink_stays_on_it() -> None:
    """Rounding errors across the kink grow beside a neuron that shrinks; the run ends with the neuron at 0."""
    stratum = stratum_with("zigzag4", "0+++n", "0000z", function="1.3")
    ways = [one for one in explored("zigzag4", 2).departures(stratum)[0] if one.kind == "escape"]
    ends = [descend(one.start) for one in ways if one.sign == -1 and one.seed is None]
    shrunk = [end for end in ends if abs(end.outer[0]) < 1e-3]
    assert shrunk
    for end in shrunk:
        assert end.converged
        w = np.array(end.inner[0])
        assert w @ np.array([-1, -2]) < 0
        assert abs(w @ np.array([-2, 1])) < 1e-12 * np.linalg.norm(w)


# Landings


def test_networks_land_where_they_are_and_nowhere_else() -> None:
    surveyed, strata = surveys("toy", 2)
    landings = Landings(surveyed.problem, surveyed.functions, strata.strata)
    functions = {one.label: one for one in surveyed.functions}
    for stratum in strata.strata:
        if any(neuron.sign and not neuron.active for neuron in stratum.neurons):
            continue
        end = Descent(
            tuple(tuple(map(float, w)) for w in stratum.sample_w),
            tuple(map(float, stratum.sample_a)),
            tuple(neuron.pattern for neuron in stratum.neurons),
            tuple(map(float, functions[stratum.function].residuals)),
            0.0, 0.0, "",
        )
        landing = landings.find(end, ())
        assert landing.stratum is stratum
        moved = replace(end, residuals=tuple(value + 1e-3 for value in end.residuals))
        assert landings.find(moved, ()).cause.startswith("no critical function within")
    unknown = landings.find(end, [NeuronType("++", 1)])
    assert unknown.stratum is None
    assert "has the types" in unknown.cause


def test_a_start_that_cannot_be_followed_says_why() -> None:
    start = departures("toy", 1)[0][1].start
    still = descend(replace(start, inner=((Fraction(0), Fraction(0)),), outer=(0.0,)))
    assert still.converged
    assert still.residuals == tuple(map(float, start.targets))


# Orthogonal samples: the proved chain


def residuals_of(name: str, width: int, label: str) -> tuple[Fraction, ...]:
    (function,) = [one for one in surveys(name, width)[0].functions if one.label == label.partition("@")[0]]
    return function.residuals


@pytest.mark.parametrize(
    "name",
    ["toy", pytest.param("negative-first", marks=pytest.mark.slow), pytest.param("narrow", marks=pytest.mark.slow)],
)
def test_the_escapes_from_the_origin_of_orthogonal_samples_are_the_first_steps_of_chains(name: str) -> None:
    """For every sign and open pattern: rate and end of the proved chain of one neuron, and no escape beside them but
    runs with noise, which may push a small neuron over a kink."""
    problem = problem_of(name)
    count = len(problem.targets)
    origin = stratum_with(name, "0" * count + "z")
    here = explored(name, 1).transitions_from(origin)
    quiet = [one for one in here.transitions if one.seed is None]
    assert all(one.evidence == "numerical" for one in here.transitions if one not in quiet)
    seen = {(one.sign, value(one.rate), residuals_of(name, 1, one.target or "")) for one in quiet}
    wanted = set()
    for sign, letters in product((1, -1), product("+-", repeat=count)):
        chain = orthogonal_chain(problem, [InitialNeuron(sign, "".join(letters))])
        if chain.steps:
            assert chain.steps[0].after is not None
            wanted.add((sign, float(chain.steps[0].rate), chain.steps[0].after))
    assert {(s, round(rate, 12), after) for s, rate, after in seen} == {
        (s, round(rate, 12), after) for s, rate, after in wanted
    }
    proved = [one for one in here.transitions if one.evidence == "proved"]
    assert {(one.sign, residuals_of(name, 1, one.target or "")) for one in proved} == {(s, r) for s, _, r in wanted}
    assert all(one.seed is None and one.rate_evidence == "exact" for one in proved)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["toy", "negative-first"])
def test_chains_of_two_neurons_are_paths_of_proved_transitions(name: str) -> None:
    """Step by step: the neuron that fires is followed from the stratum that the step before ended in."""
    problem = problem_of(name)
    count = len(problem.targets)
    zero = "0" * count + "z"
    followed = 0
    for patterns in product(product("+-", repeat=count), repeat=2):
        neurons = [InitialNeuron(sign, "".join(word)) for sign, word in zip((1, -1), patterns, strict=True)]
        chain = orthogonal_chain(problem, neurons)
        if len(chain.steps) < 2 or any(step.tie for step in chain.steps):
            continue
        at, grown = stratum_with(name, zero, zero), []
        for step in chain.steps:
            (firing,) = step.firings
            # The kinks of the direction itself; the side labels of the firing are met by one of the runs.
            fit = "".join(
                "+" if before != after else letter
                for before, after, letter in zip(step.before, step.after or (), firing.pattern, strict=True)
            )
            ways = [
                one for one in explored(name, 2).transitions_from(at).transitions
                if one.kind == "escape" and one.evidence == "proved" and one.sign == firing.sign
                and value(one.rate) == pytest.approx(float(step.rate), rel=1e-14)
                and one.target is not None and residuals_of(name, 2, one.target) == step.after
            ]
            assert ways, (patterns, at.label, fit)
            grown.append(ways[0])
            at = next(one for one in surveys(name, 2)[1].strata if one.label == ways[0].target)
        assert residuals_of(name, 2, at.label) == chain.final
        followed += 1
    assert followed > 0


@pytest.mark.slow
def test_where_another_neuron_takes_part_nothing_is_proved() -> None:
    """++z moves when the other neuron fits sample 2; so the end of that run is numerical."""
    stratum = stratum_with("toy", "++z", "00z")
    escapes = [one for one in explored("toy", 2).transitions_from(stratum).transitions if one.kind == "escape"]
    assert escapes
    assert {one.evidence for one in escapes} == {"numerical"}
    assert not any(one.evidence == "proved" for here in found("tent3", 1).values() for one in here.transitions)


@pytest.mark.parametrize("name", ["toy", pytest.param("negative-first", marks=pytest.mark.slow)])
def test_what_is_proved_is_where_an_exact_start_goes(name: str) -> None:
    """The reduced flow of one neuron on the samples B: from any exact start with sign(a) r_k > 0 it fits all of B."""
    checked = 0
    for _, one, _ in departures(name, 1):
        if one.proved is None:
            continue
        end = descend(Start(one.start.samples, one.start.targets, one.start.inner, one.start.outer))
        for letter, before, after in zip(one.proved.pattern, problem_of(name).targets, end.residuals, strict=True):
            assert after == pytest.approx(0 if letter == "+" else float(before), abs=1e-7)
        checked += 1
    assert checked > 0


def test_doubts_are_told() -> None:
    """A neuron that may leave its kink makes the rates of the eigenvectors numerical, and no others."""
    noted = 0
    for _, one, doubts in departures("toy", 2):
        if one.kind == "hessian":
            assert one.rate_evidence == ("numerical" if LOOSE in doubts else "certified")
            noted += LOOSE in doubts
    assert noted > 0
    first_order = stratum_with("zigzag4", "+---p", function="1.2")
    assert explored("zigzag4", 1).departures(first_order)[0] == []
