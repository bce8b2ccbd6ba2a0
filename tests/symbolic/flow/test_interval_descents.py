"""Runs along descent curves: starts against the stored curves by quadrature, ends against another integrator."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache

import networkx
import numpy as np
import pytest
from oracles.interval_flow import Setting

from symbolic.enclosure import Number, Verdict, enclose
from symbolic.errors import InvalidProblem, Undecided
from symbolic.flow.interval_curves import curve_start, exact_loss, moved_core
from symbolic.flow.interval_descent import RunBudget
from symbolic.flow.interval_transitions import ONE_CURVE, TransitionBudget, Transitions
from symbolic.flow.switching import Termination
from symbolic.flow.transitions import DESCENT, StratumTransitions, Transition, tally
from symbolic.interval.problem import IntervalProblem
from symbolic.interval.strata.descent import Descent, DescentFinder, descents
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
MINIMA = (Kind.GLOBAL_MINIMUM, Kind.LOCAL_MINIMUM)


@cache
def surveys(problem: IntervalProblem, width: int) -> tuple[Survey, StrataSurvey]:
    surveyed = survey(problem, width)
    return surveyed, survey_strata(surveyed)


@cache
def explored(problem: IntervalProblem, width: int) -> Transitions:
    return Transitions(*surveys(problem, width), budget=TransitionBudget(repeats=1))


@cache
def found(problem: IntervalProblem, width: int) -> dict[str, StratumTransitions[Transition]]:
    runs = explored(problem, width)
    return {one.label: runs.transitions_from(one) for one in runs.sources()}


@cache
def left_along_a_curve(problem: IntervalProblem, width: int) -> list[tuple[Stratum, Transition, Descent]]:
    """The saddles that are left along a curve, with their only transition and the curve that the catalog stores."""
    surveyed, strata = surveys(problem, width)
    curves = descents(problem, surveyed.realized, strata.strata)
    rows = []
    for one in strata.strata:
        edges = found(problem, width)[one.label].transitions if one.label in found(problem, width) else ()
        if any(edge.kind == DESCENT for edge in edges):
            (edge,) = edges
            rows.append((one, edge, curves[one.label]))
    return rows


def number(value: Number) -> float:
    return float(enclose(value).mid())


def on_the_curve(stratum: Stratum, curve: Descent, eps: float) -> np.ndarray:
    """The sample with what the curve adds: all neurons, in the scale of the sample."""
    n = stratum.width
    point = np.array([number(x) for part in (stratum.sample.w, stratum.sample.b, stratum.sample.v) for x in part]
                     + [number(stratum.sample.c)])
    for term in curve.terms:
        at = 3 * n if term.parameter == "c" else "wbv".index(term.parameter[0]) * n + int(term.parameter[1:]) - 1
        point[at] += float(term.coefficient) * eps**term.power
    return point


@pytest.mark.parametrize(
    ("problem", "width"),
    [
        (X, 2),
        (X2, 1),
        *(pytest.param(*case, marks=pytest.mark.slow) for case in ((X_LEAKY, 2), (X3_X, 1), (X2, 2), (X2_SYM, 2))),
    ],
)
def test_the_start_of_a_run_is_on_the_stored_curve_and_lower(problem: IntervalProblem, width: int) -> None:
    setting = Setting.of(problem)
    rows = left_along_a_curve(problem, width)
    assert rows
    for one, edge, curve in rows:
        (departure,) = explored(problem, width).departures(one)[0]
        before, start = number(edge.loss_before), np.array(departure.start.parameters)
        assert (edge.order, edge.leading) == (curve.order, curve.leading)
        # Rescaled neurons give the same function, and those that are left out add nothing to it.
        on_it = on_the_curve(one, curve, edge.perturbation)
        assert setting.loss(start) == pytest.approx(setting.loss(on_it), abs=1e-13)
        assert setting.loss(start) < before
        assert float(exact_loss(problem, departure.start.parameters)) == pytest.approx(setting.loss(start), abs=1e-14)
        # The leading term is that of the loss along the curve.
        eps = edge.perturbation / 64 if curve.order < 3 else edge.perturbation / 4
        if abs(number(curve.leading)) * eps**curve.order > 1e-12:
            fall = setting.loss(on_the_curve(one, curve, eps)) - before
            assert fall == pytest.approx(number(curve.leading) * eps**curve.order, rel=0.3, abs=1e-14), one.label


def test_the_direction_leads_from_the_balanced_point_to_the_start() -> None:
    for one, edge, curve in left_along_a_curve(X, 2):
        (departure,) = explored(X, 2).departures(one)[0]
        moved = np.array(departure.start.parameters) - np.array(departure.start.origin)
        assert {name for name, _ in edge.direction} == {term.parameter for term in curve.terms}
        assert sorted(number(value) * edge.perturbation for _, value in edge.direction) == pytest.approx(
            sorted(float(value) for value in moved if value), abs=1e-15
        )
        assert edge.sign == 1
        assert edge.seed is None
        assert edge.rate is None
        assert edge.rate_evidence is None


@pytest.mark.parametrize(("problem", "width"), [(X, 2), (X2, 1)])
def test_every_saddle_of_small_width_has_a_run_to_a_stratum_of_less_loss(problem: IntervalProblem, width: int) -> None:
    check_all(problem, width)


@pytest.mark.slow
@pytest.mark.parametrize("width", [2, 3])
@pytest.mark.parametrize("problem", BUNDLED, ids=lambda problem: problem.name)
def test_every_saddle_has_a_run_and_nearly_all_end_in_a_stratum(problem: IntervalProblem, width: int) -> None:
    check_all(problem, width)


def check_all(problem: IntervalProblem, width: int) -> None:
    rows = left_along_a_curve(problem, width)
    assert rows
    assert tally(edge for _, edge, _ in rows).share >= 0.95
    for one, edge, _ in rows:
        assert one.inertia is None or not one.inertia.negative
        assert not any(role.kind is RoleKind.ZERO for role in one.roles or ()) or one.inertia is None
        if edge.target is not None:
            assert edge.descends is Verdict.YES
        else:
            assert edge.cause
    assert all(one.transitions for one in found(problem, width).values())
    for one, _, _ in rows:
        assert found(problem, width)[one.label].doubts == (ONE_CURVE,)


@pytest.mark.parametrize("label", ["x2:B..1@1:zerop", "x2:B..1@1:lb+z"])
def test_an_independent_integration_from_the_same_start_ends_at_the_same_loss(label: str) -> None:
    ((one, edge),) = [(one, edge) for one, edge, _ in left_along_a_curve(X2, 1) if one.label == label]
    (departure,) = explored(X2, 1).departures(one)[0]
    setting = Setting.of(X2)
    end = setting.flow(departure.start.parameters, 1e4)
    assert setting.loss(end) == pytest.approx(number(edge.loss_after), abs=1e-7)


def test_strata_that_differ_in_neurons_that_do_nothing_share_their_run() -> None:
    runs = explored(X, 3)
    ways = {one.label: runs.departures(one)[0][0] for one in runs.sources()}
    along = [way for way in ways.values() if way.kind == DESCENT]
    assert len({way.key for way in along}) * 5 < len(along)
    one, other = (ways[f"x:B..1@3:{roles}"] for roles in ("lb+p.dead.dead", "lb+p.zerop.zerop"))
    assert one.positions == (1,)
    assert other.positions == (2,)
    assert other.key != one.key
    same = [ways[f"x:B..1@3:{roles}"] for roles in ("dead.dead.zerop", "lb+p.dead.zerop", "dead.zerop.zeron")]
    assert len({way.key for way in same}) == len({way.start for way in same}) == 1
    assert [way.positions for way in same] == [(3,), (3,), (2,)]


def test_degenerate_neurons_that_do_not_move_stay_degenerate() -> None:
    """For ReLU s'(0) = 0, so that their gradient is 0 whatever r is; leaky ones move with s'(0) = g."""
    runs = explored(X2, 2)
    for codes in (("zerop", "zerop"), ("zerop", "zeron"), ("zeron", "zeron")):
        (one,) = [one for one in runs.sources() if one.label == f"x2:B..1@2:{'.'.join(codes)}"]
        (edge,) = runs.transitions_from(one).transitions
        (moved,) = {name[1:] for name, _ in edge.direction}
        assert edge.target is not None
        assert codes[2 - int(moved)] in edge.target.split(":")[-1].split(".")
    leaky = explored(X_LEAKY, 3)
    (one,) = [one for one in leaky.sources() if one.label == "x-leaky:B.-.1@3:k1-n.zerop.zerop"]
    (departure,) = leaky.departures(one)[0]
    assert departure.positions == (1, 2, 3)
    assert len(departure.start.parameters) == 10


@pytest.mark.parametrize("width", [1, 2, 3, pytest.param(4, marks=pytest.mark.slow)])
def test_saddles_of_the_affine_target_lead_to_the_target_or_to_dead_neurons(width: int) -> None:
    """Every saddle, with kinks or without, has a way down, and the minima at the ends are the target or have only
    neurons that are inactive."""
    strata = surveys(X, width)[1].strata
    kinds = {one.label: one.kind for one in strata}
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    graph.add_nodes_from(kinds)
    for one in found(X, width).values():
        assert one.transitions
        for edge in one.transitions:
            assert edge.descends is Verdict.YES
            graph.add_edge(edge.source, edge.target)
    minima = {one.label: one for one in strata if one.kind in MINIMA}
    for label in found(X, width):
        reached = [minima[end] for end in networkx.descendants(graph, label) if end in minima]
        assert reached, label
        for end in reached:
            is_dead = all(role.kind in (RoleKind.DEAD, RoleKind.SILENT_END) for role in end.roles or (None,) if role)
            assert end.kind is Kind.GLOBAL_MINIMUM or is_dead, (label, end.label)
    kinked = {one.label for one in strata if one.function.startswith("x:B.+-")}
    assert bool(kinked) is (width > 1)
    assert kinked <= set(found(X, width))


def test_a_run_that_does_not_end_is_recorded_with_its_cause() -> None:
    runs = Transitions(*surveys(X2, 1), budget=TransitionBudget(run=RunBudget(steps=5)))
    one = next(one for one, _, _ in left_along_a_curve(X2, 1))
    (edge,) = runs.transitions_from(one).transitions
    assert (edge.kind, edge.target) == (DESCENT, None)
    assert edge.cause == f"the run did not come to rest: {Termination.STEPS_USED_UP}"
    assert edge.descends is Verdict.UNDECIDED


def test_without_a_curve_or_a_start_there_is_no_run_and_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    one, _, curve = left_along_a_curve(X2, 1)[0]
    core, moved = moved_core(X2, one, curve)
    with pytest.raises(Undecided, match="no start on the descent curve"):
        curve_start(X2, one.sample, core, replace(moved, leading=Fraction(-(10**9))), Fraction(4, 45))
    monkeypatch.setattr(DescentFinder, "find", lambda *_: None)
    runs = Transitions(*surveys(X2, 1))
    silent = runs.transitions_from(one)
    assert silent.transitions == ()
    assert len(silent.doubts) == 1
    assert silent.doubts != (ONE_CURVE,)


def test_only_descents_have_an_order_and_only_they_have_no_rate() -> None:
    edge = left_along_a_curve(X2, 1)[0][1]
    for wrong in ({"order": None}, {"leading": None}, {"rate": Fraction(1)}, {"rate_evidence": "exact"},
                  {"kind": "escape"}):
        with pytest.raises(InvalidProblem, match="order and a leading coefficient"):
            replace(edge, **wrong)
