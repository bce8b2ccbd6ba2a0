"""Transitions of interval problems: certified rates, and ends against an independent integration of the flow."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from oracles.interval_flow import Setting

from symbolic.enclosure import Number, Verdict, bounds, enclose
from symbolic.errors import InvalidProblem, Undecided
from symbolic.flow.interval_descent import RunBudget, Start, descend, polish
from symbolic.flow.interval_field import IntervalField
from symbolic.flow.interval_landing import Landings
from symbolic.flow.interval_start import core_of, unstable_directions
from symbolic.flow.interval_transitions import TransitionBudget, Transitions, transitions
from symbolic.flow.switching import Termination
from symbolic.flow.transitions import StratumTransitions, Transition, tally
from symbolic.interval.problem import IntervalProblem
from symbolic.interval.strata.roles import RoleKind
from symbolic.interval.strata.strata import Stratum
from symbolic.problem import Kind
from symbolic.surveys import StrataSurvey, Survey, survey, survey_strata

X = IntervalProblem.from_text("x", "x")
X_LEAKY = IntervalProblem.from_text("x-leaky", "x", leak="1/10")
X2 = IntervalProblem.from_text("x2", "x**2")
X2_SYM = IntervalProblem.from_text("x2-sym", "x**2", ("-1", "1"))
X3 = IntervalProblem.from_text("x3", "x**3")
X3_X = IntervalProblem.from_text("x3-x", "x**3 - x")
BUNDLED = [X, X_LEAKY, X2, X2_SYM, X3, X3_X]


@cache
def surveys(problem: IntervalProblem, width: int) -> tuple[Survey, StrataSurvey]:
    surveyed = survey(problem, width)
    return surveyed, survey_strata(surveyed)


@cache
def found(problem: IntervalProblem, width: int) -> dict[str, StratumTransitions[Transition]]:
    budget = TransitionBudget(repeats=1)
    return {one.stratum: one for one in transitions(*surveys(problem, width), budget=budget)}


def stratum(problem: IntervalProblem, width: int, label: str) -> Stratum:
    return next(one for one in surveys(problem, width)[1].strata if one.label == label)


def balanced_point(one: Stratum) -> np.ndarray:
    """All neurons of the sample, each rescaled to |v| = |(w, b)|, or to |(w, b)| = 1 where v = 0."""
    w, b, v = (
        np.array([float(enclose(x).mid()) for x in row]) for row in (one.sample.w, one.sample.b, one.sample.v)
    )
    size = np.hypot(w, b)
    for j in range(len(w)):
        if size[j] and v[j]:
            factor = np.sqrt(abs(v[j]) / size[j])
            w[j], b[j], v[j] = w[j] * factor, b[j] * factor, v[j] / factor
        elif size[j]:
            w[j], b[j] = w[j] / size[j], b[j] / size[j]
    return np.concatenate((w, b, v, [float(enclose(one.sample.c).mid())]))


@pytest.mark.parametrize(("problem", "width"), [(X, 2), (X_LEAKY, 2), (X2, 2), (X3_X, 1)])
def test_negative_eigenvalues_are_those_of_differences_and_as_many_as_the_index(
    problem: IntervalProblem, width: int
) -> None:
    surveyed, strata = surveys(problem, width)
    checked = 0
    for one in strata.strata:
        if one.roles is None or one.inertia is None or one.inertia.negative == 0:
            continue
        core = core_of(one)
        unstable = unstable_directions(surveyed.realized[one.function], core)
        assert len(unstable) == one.inertia.negative
        if any(role.kind is RoleKind.ACTIVE_END for role in one.roles):
            continue
        point, setting = balanced_point(one), Setting.of(problem)
        step = 1e-7
        sides = [(setting.gradient(point + step * e), setting.gradient(point - step * e)) for e in np.eye(len(point))]
        columns = [(ahead - behind) / (2 * step) for ahead, behind in sides]
        lowest = np.linalg.eigvalsh((np.array(columns) + np.array(columns).T) / 2)
        for direction, value in zip(unstable, lowest, strict=False):
            assert float(direction.eigenvalue.mid()) == pytest.approx(value, abs=1e-6)
            assert float(direction.eigenvalue.rad()) < 1e-30
        hessian = IntervalField(problem, core.width).hessian(core.floats)
        for direction in unstable:
            vector = np.array(direction.vector)
            assert np.linalg.norm(vector) == pytest.approx(1)
            np.testing.assert_allclose(hessian @ vector, float(direction.eigenvalue.mid()) * vector, atol=1e-9)
        checked += 1
    assert checked > 0


def test_a_core_is_balanced_critical_and_without_the_neurons_that_do_nothing() -> None:
    for one in surveys(X2, 2)[1].strata:
        if any(role.kind is RoleKind.ZERO_LIVE for role in one.roles or ()):
            with pytest.raises(Undecided, match="no gradient"):
                core_of(one)
            continue
        core = core_of(one)
        field = IntervalField(X2, core.width)
        w, b, v, _ = field.split(core.floats)
        for j, role in enumerate(core.roles):
            size = np.hypot(w[j], b[j])
            assert size == pytest.approx(abs(v[j]) if role.v_sign or v[j] else 1)
        assert np.linalg.norm(field.gradient(core.floats)) < 1e-13
        loss = next(f.loss for f in surveys(X2, 2)[0].functions if f.label == one.function)
        assert field.loss(core.floats) == pytest.approx(float(enclose(loss).mid()), abs=1e-14)
        assert len(core.roles) == len(core.positions)


@pytest.mark.parametrize(("problem", "width"), [(X, 2), (X2, 1)])
def test_all_runs_of_small_width_end_in_a_stratum_of_less_loss(problem: IntervalProblem, width: int) -> None:
    check_all(problem, width)


@pytest.mark.slow
@pytest.mark.parametrize("width", [1, 2, 3])
@pytest.mark.parametrize("problem", BUNDLED, ids=lambda problem: problem.name)
def test_nearly_all_runs_end_in_a_stratum_of_less_loss(problem: IntervalProblem, width: int) -> None:
    check_all(problem, width)


def check_all(problem: IntervalProblem, width: int) -> None:
    strata = surveys(problem, width)[1]
    labels = {one.label for one in strata.strata}
    edges = [edge for one in found(problem, width).values() for edge in one.transitions]
    assert edges
    assert tally(edges).share >= 0.95
    for edge in edges:
        assert edge.source in labels
        assert edge.target is None or edge.target in labels
        assert (edge.target is None) == bool(edge.cause)
        assert edge.gradient_norm < 1e-11 or edge.cause
        if edge.kind != "descent":
            assert edge.rate is not None
            low, high = bounds(edge.rate)
            assert 0 < low <= high
        if edge.target is not None:
            assert edge.descends is Verdict.YES
            assert edge.distance is not None
            assert edge.distance < 1e-2
    # Every saddle was left, or says why not.
    minima = (Kind.GLOBAL_MINIMUM, Kind.LOCAL_MINIMUM)
    sources = {one.label for one in strata.strata if one.kind not in minima and one.roles is not None}
    assert set(found(problem, width)) == sources
    assert all(one.transitions or one.doubts for one in found(problem, width).values())
    for one in strata.strata:
        if one.label in sources and one.inertia is not None and one.inertia.negative:
            ways = [edge for edge in found(problem, width)[one.label].transitions if edge.kind == "hessian"]
            assert len([edge for edge in ways if edge.seed is None]) == 2 * one.inertia.negative


def test_every_saddle_with_kinks_of_the_affine_target_descends_to_a_minimum_of_the_theory() -> None:
    _, strata = surveys(X, 2)
    kinds = {one.label: (one.function, one.kind) for one in strata.strata}
    for label, one in found(X, 2).items():
        if label.startswith("x:B.+-.1@"):
            assert one.transitions
            for edge in one.transitions:
                assert kinds[str(edge.target)] == ("x:A.0.1", Kind.GLOBAL_MINIMUM)


@pytest.mark.parametrize(
    "label", [pytest.param("x2:B..1@2:zero.zero", marks=pytest.mark.slow), "x2:B.+-.2@2:k1+p.k2-n"]
)
def test_an_independent_integration_from_the_same_start_ends_at_the_same_loss(label: str) -> None:
    explored = Transitions(*surveys(X2, 2), budget=TransitionBudget(repeats=1))
    setting = Setting.of(X2)
    departures, doubts = explored.departures(stratum(X2, 2, label))
    edges = explored.transitions_from(stratum(X2, 2, label)).transitions
    assert len(edges) == len(departures) == 2
    assert doubts == ()
    for departure, edge in zip(departures, edges, strict=True):
        end = setting.flow(departure.start.parameters, 1e5)
        assert setting.loss(end) == pytest.approx(float(enclose(edge.loss_after).mid()), abs=1e-8)


def test_the_rate_of_an_escape_is_how_fast_the_neuron_grows() -> None:
    explored = Transitions(*surveys(X2, 2))
    setting = Setting.of(X2)
    checked = 0
    for label in ("x2:B..1@2:zero.zero", "x2:B.+.1@2:k1+p.zero"):
        for departure in explored.departures(stratum(X2, 2, label))[0]:
            if departure.kind != "escape" or departure.seed is not None:
                continue
            origin, start = np.array(departure.start.origin), np.array(departure.start.parameters)
            small = origin + (start - origin) / 1000
            n = (len(small) - 1) // 3
            end = setting.flow(small, 1.0)
            grown = np.log(end[3 * n - 1] / small[3 * n - 1])
            assert grown == pytest.approx(float(departure.rate.mid()), rel=1e-4)
            checked += 1
    assert checked >= 4


def test_strata_that_differ_in_neurons_that_do_nothing_share_their_ends() -> None:
    plain, more = (
        Transitions(*surveys(X2, width), budget=TransitionBudget(repeats=1)).transitions_from(stratum(X2, width, label))
        for width, label in ((1, "x2:B..1@1:zero"), (2, "x2:B..1@2:dead.zero"))
    )
    assert len(plain.transitions) == len(more.transitions) == 2
    for one, other in zip(plain.transitions, more.transitions, strict=True):
        assert one.target is not None
        assert other.target is not None
        function, roles = one.target.split("@1:")
        assert other.target.startswith(f"{function}@2:")
        assert sorted(other.target.split(":")[-1].split(".")) == sorted([*roles.split("."), "dead"])
        assert {name for name, _ in other.direction} == {"w2", "b2", "v2"}
        assert (one.rate, one.sign) == (other.rate, other.sign)


def test_a_run_that_does_not_end_is_recorded_with_its_cause() -> None:
    budget = TransitionBudget(run=RunBudget(steps=30), repeats=1)
    explored = Transitions(*surveys(X2, 2), budget=budget)
    one = stratum(X2, 2, "x2:B.+-.2@2:k1+p.k2-n")
    edges = explored.transitions_from(one).transitions
    assert len(edges) == 2
    for edge in edges:
        assert edge.target is None
        assert edge.cause == f"the run did not come to rest: {Termination.STEPS_USED_UP}"
        assert edge.gradient_norm > 0
        assert edge.descends is Verdict.UNDECIDED


def test_runs_are_repeatable_and_do_not_depend_on_where_they_are_made() -> None:
    budget = TransitionBudget(repeats=3)
    one = stratum(X2, 2, "x2:B.+-.2@2:k1+p.k2-n")
    first = Transitions(*surveys(X2, 2), seed=5, budget=budget).transitions_from(one)
    explored = Transitions(*surveys(X2, 2), seed=5, budget=budget)
    with ThreadPoolExecutor(2) as executor:
        assert explored.prepare(executor, sources=[one]) == 6
    assert explored.prepare(sources=[one]) == 0
    assert explored.transitions_from(one) == first
    # The runs without noise are all there; repeated ones only where they end elsewhere.
    ways = [(edge.sign, edge.seed) for edge in first.transitions if edge.seed is None]
    assert ways == [(1, None), (-1, None)]
    ends = [(edge.sign, edge.target) for edge in first.transitions]
    assert len(set(ends)) == len(ends)


class TestLanding:
    """`Landings.find` on points that are known, and on points that are near nothing."""

    def landings(self) -> Landings:
        surveyed, strata = surveys(X2, 2)
        return Landings(X2, surveyed.functions, surveyed.realized, strata.strata)

    def test_the_sample_of_every_stratum_is_found_again(self) -> None:
        landings = self.landings()
        for one in surveys(X2, 2)[1].strata:
            codes = [role.code for role in one.roles or ()]
            if any(code.startswith("zero") for code in codes):
                continue
            landing = landings.find(tuple(balanced_point(one)), [])
            assert landing.stratum is one, (one.label, landing)
            assert landing.distance < 1e-12

    def test_a_point_off_the_stratum_is_not_identified(self) -> None:
        landings = self.landings()
        one = stratum(X2, 2, "x2:B.++.1@2:k1+p.k2+p")
        point = balanced_point(one)
        for shift, word in ((1e-3, "no critical function"), (1e-2, "no critical function")):
            moved = point.copy()
            moved[2] += shift
            landing = landings.find(tuple(moved), [])
            assert landing.stratum is None
            assert word in landing.cause

    def test_a_neuron_at_no_site_is_named(self) -> None:
        # The function is the one of width 1 with a second neuron that adds nothing but sits anywhere.
        one = stratum(X2, 1, "x2:B.+.1@1:k1+p")
        w, b, v, c = np.split(balanced_point(one), [1, 2, 3])
        point = np.concatenate((w, [1.0], b, [-0.77], v, [0.0], c))
        landing = self.landings().find(tuple(point), [])
        assert landing.stratum is None
        assert "neuron 2" in landing.cause
        assert "at no site" in landing.cause


def test_a_neuron_that_fades_away_is_at_0() -> None:
    landings = TestLanding().landings()
    one = stratum(X2, 1, "x2:B.+.1@1:k1+p")
    w, b, v, c = np.split(balanced_point(one), [1, 2, 3])
    for size, label in ((1e-4, "x2:B.+.1@2:k1+p.zero"), (0.1, None)):
        point = np.concatenate((w, [size], b, [-0.77 * size], v, [size / 10], c))
        landing = landings.find(tuple(point), [])
        assert (landing.stratum.label if landing.stratum else None) == label
        assert label is None or 1e-5 < landing.distance < 1e-2


def test_quadratic_activation_is_refused() -> None:
    problem = IntervalProblem("q", (Fraction(0), Fraction(1)), activation="quadratic")
    with pytest.raises(InvalidProblem, match="activation"):
        Transitions(*surveys(problem, 1))


def test_newton_goes_to_a_critical_point_and_not_far() -> None:
    one = stratum(X2, 2, "x2:B.++.1@2:k1+p.k2+p")
    field, point = IntervalField(X2, 2), balanced_point(one)
    noise = np.random.default_rng(0).standard_normal(7)
    near = polish(field, point + 1e-5 * noise, 1e-13)
    assert near is not None
    assert Setting.of(X2).loss(near) == pytest.approx(float(enclose(loss_of(one)).mid()), abs=1e-15)
    assert polish(field, point + 0.3 * noise, 1e-13) is None


def loss_of(one: Stratum) -> Number:
    return next(f.loss for f in surveys(X2, 2)[0].functions if f.label == one.function)


def test_a_sleeping_neuron_that_would_come_back_is_woken() -> None:
    # f is the best line; a second neuron sleeps with its breakpoint on the end b, where r = x - 1/6 - x^2 is -1/6.
    line = stratum(X2, 1, "x2:A.0.1@1:act")
    w, b, v, c = np.split(balanced_point(line), [1, 2, 3])
    for outer, wakes in ((1.0, True), (-1.0, False)):
        origin = np.concatenate((w, [1.0], b, [-1.0 - 1e-9], v, [outer], c))
        start = origin + np.array([0, 0, 0, 0, 1e-3, 0, 0])
        end = descend(Start(X2, tuple(origin), tuple(start), 1e-4))
        assert end.converged
        assert (end.wakes > 0) is wakes
        assert (end.loss < 1 / 180 - 1e-4) is wakes


def test_the_slow_integrator_gives_the_same_end() -> None:
    explored = Transitions(*surveys(X2, 2))
    departure = explored.departures(stratum(X2, 2, "x2:B.+-.2@2:k1+p.k2-n"))[0][0]
    ends = [descend(replace(departure.start, budget=RunBudget(patience=p))) for p in (3000, 40)]
    assert all(end.converged for end in ends)
    assert ends[0].loss == pytest.approx(ends[1].loss, abs=1e-13)
