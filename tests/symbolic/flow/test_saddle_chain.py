"""Chains of general data: against the closed form of orthogonal inputs, and against runs from small weights."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import pytest
from oracles.dataset_problems import arguments

from symbolic.dataset.chain import InitialNeuron, orthogonal_chain
from symbolic.dataset.labels import labels_of
from symbolic.dataset.problem import DatasetProblem
from symbolic.dataset.survey import survey_dataset
from symbolic.errors import InvalidProblem
from symbolic.flow.gradient_flow import integrate
from symbolic.flow.initialization import balanced, random_directions
from symbolic.flow.plateaus import staircase
from symbolic.flow.saddle_chain import general_chain, saddle_chain
from symbolic.problem import CompletenessStatus, Kind


def problem_of(name):
    return DatasetProblem(**arguments(name))


def texts(chain):
    return [str(loss) for loss in chain.losses], [step.tau.text() for step in chain.steps]


@pytest.mark.parametrize("name", ["toy", "one", "orthogonal-cancelling", "one-with-bias"])
def test_the_general_chain_of_orthogonal_inputs_is_the_closed_form(name):
    closed, followed = orthogonal_chain(problem_of(name)), general_chain(problem_of(name))
    assert texts(followed) == texts(closed)
    assert [step.after for step in followed.steps] == [step.after for step in closed.steps]
    assert [step.tie for step in followed.steps] == [step.tie for step in closed.steps]
    assert [step.rate for step in followed.steps] == [step.rate for step in closed.steps]
    assert followed.end is closed.end is Kind.GLOBAL_MINIMUM
    assert followed.variation_norm == pytest.approx(float(closed.variation_norm), rel=1e-6)


def test_given_neurons_of_orthogonal_inputs_too():
    one, zero = Fraction(1), Fraction(0)
    problem = DatasetProblem("units", ((one, zero), (zero, one)), (one, Fraction(2)))
    for codes in (["+-p"], ["+-p", "-+p"], ["-+p", "++p"], ["--p", "+-n"], ["--p", "++n"]):
        start = [InitialNeuron(1 if code[-1] == "p" else -1, code[:-1]) for code in codes]
        closed, followed = orthogonal_chain(problem, start), general_chain(problem, start)
        assert texts(followed) == texts(closed)
        assert followed.end is closed.end, codes


@pytest.mark.parametrize(("height", "end"), [("1/5", Kind.LOCAL_MINIMUM), ("5", Kind.SADDLE)])
def test_whether_a_neuron_shrinks_to_nothing_depends_on_its_direction(height, end):
    """The second neuron sinks on both samples; if sample 1 is left when the first neuron fits it, it stays."""
    one, zero = Fraction(1), Fraction(0)
    problem = DatasetProblem("units", ((one, zero), (zero, one)), (one, one))
    sinking = InitialNeuron.towards(problem, -1, (one, Fraction(height)))
    start = [InitialNeuron.towards(problem, 1, (one, -one)), sinking]
    assert orthogonal_chain(problem, start).end is end
    assert general_chain(problem, start).end is end
    assert orthogonal_chain(problem, [start[0], InitialNeuron(-1, "++")]).end is Kind.UNDECIDED


@pytest.mark.parametrize(
    ("name", "losses", "tau"),
    [
        ("tent3", "1/6 1/9 0", ["3", "12"]),
        ("zigzag4", "1/2 1/4 0", ["4", "4 + 2*sqrt(2) - 4*sqrt(10)/5"]),
        ("circle-mixed", "1 1/3 1/6 0", ["3*sqrt(5)/10", "3*sqrt(5)/5", "3"]),
        ("parallel", "1 1/3 3/10", ["3*sqrt(2)/4", "3*sqrt(2)/2"]),
    ],
)
def test_wide_chains(name, losses, tau):
    chain = saddle_chain(problem_of(name))
    assert texts(chain) == (losses.split(), tau)
    assert chain.end is Kind.GLOBAL_MINIMUM
    assert chain.completeness.status is CompletenessStatus.SEARCHED
    assert {step.evidence for step in chain.steps} == {"numerical"}
    surveyed = {one.residuals for one in survey_dataset(chain.problem, 2).functions}
    points = [chain.start, *(step.after for step in chain.steps)]
    assert all(point in surveyed for point in points[:-1])
    assert labels_of(chain.problem, points).keys() == set(points)
    for before, after in pairwise(chain.losses):
        assert after < before


@pytest.mark.parametrize(
    ("name", "width", "seed", "end"),
    [
        ("toy", 12, 1, 4),
        pytest.param("tent3", 16, 1, 16, marks=pytest.mark.slow),
        pytest.param("scalar3", 16, 1, 8, marks=pytest.mark.slow),
        pytest.param("xor", 20, 1, 20, marks=pytest.mark.slow),
    ],
)
def test_runs_from_small_weights_jump_when_the_chain_says(name, width, seed, end):
    """t / log(1/lambda) has an error of order 1 / log(1/lambda), which the slope between two lambdas is rid of."""
    problem = problem_of(name)
    chain = saddle_chain(problem)
    directions, signs = random_directions(width, problem.dimension, seed)
    jumps = []
    for exponent in (8, 12):
        start = balanced(directions, signs, f"1e-{exponent}")
        run = integrate(problem.samples, problem.targets, start.inner, start.outer, end * exponent * math.log(10))
        found = staircase(run)
        seen = [plateau.loss for plateau in found.plateaus]
        assert seen == pytest.approx([float(loss) for loss in chain.losses], abs=1e-3)
        jumps.append(found.transitions)
    slopes = [(late - early) / (4 * math.log(10)) for early, late in zip(*jumps, strict=True)]
    assert slopes == pytest.approx([float(step.tau) for step in chain.steps], rel=1e-4)


@pytest.mark.slow
def test_small_neurons_move_while_the_others_jump():
    """From where they were before the first jump, the negative neurons would end on the other side of sample 4."""
    inputs = tuple((Fraction(k),) for k in range(5))
    problem = DatasetProblem("later", inputs, tuple(map(Fraction, (-2, -2, 2, 0, 2))), bias=True)
    chain = saddle_chain(problem)
    directions, signs = random_directions(30, 2, 5)
    jumps = []
    for exponent in (8, 12):
        start = balanced(directions, signs, f"1e-{exponent}")
        run = integrate(problem.samples, problem.targets, start.inner, start.outer, 4 * exponent * math.log(10))
        found = staircase(run)
        assert [p.loss for p in found.plateaus] == pytest.approx([float(loss) for loss in chain.losses], abs=2e-3)
        jumps.append(found.transitions)
    slopes = [(late - early) / (4 * math.log(10)) for early, late in zip(*jumps, strict=True)]
    assert slopes == pytest.approx([float(step.tau) for step in chain.steps], rel=1e-3)
    assert [str(loss) for loss in chain.losses] == ["8/5", "8/7", "3/5"]
    assert chain.end is Kind.LOCAL_MINIMUM


@pytest.mark.slow
def test_zigzag_from_forty_random_neurons():
    """The two jumps are so near that lambda must be very small before the plateau between them is flat."""
    problem = problem_of("zigzag4")
    chain = saddle_chain(problem)
    directions, signs = random_directions(40, problem.dimension, 3)
    start = balanced(directions, signs, "1e-12")
    run = integrate(problem.samples, problem.targets, start.inner, start.outer, 8 * 12 * math.log(10))
    seen = [plateau.loss for plateau in staircase(run).plateaus]
    assert seen == pytest.approx([float(loss) for loss in chain.losses], abs=5e-3)


@pytest.mark.slow
def test_given_directions_agree_with_the_wide_chain_or_take_their_own_way():
    problem = problem_of("zigzag4")
    directions, signs = random_directions(40, problem.dimension, 3)
    start = [InitialNeuron.towards(problem, sign, g) for sign, g in zip(signs, directions, strict=True)]
    assert texts(saddle_chain(problem, start)) == texts(saddle_chain(problem))
    narrow = saddle_chain(problem, [InitialNeuron(1, "++--"), InitialNeuron(1, "---+")])
    assert narrow.losses[0] == Fraction(1, 2)
    assert narrow.end in (Kind.LOCAL_MINIMUM, Kind.SADDLE)
    assert narrow.losses[-1] > 0


def test_a_network_that_cannot_start_stays():
    problem = problem_of("tent3")
    chain = saddle_chain(problem, [InitialNeuron(1, "---")])
    assert chain.steps == ()
    assert chain.losses == (Fraction(1, 6),)
    assert chain.end is Kind.LOCAL_MINIMUM


@pytest.mark.slow
def test_slow_decay_is_identified():
    """The first neuron fades like 1/t after the second jump."""
    chain = saddle_chain(problem_of("xor-no-bias"))
    assert texts(chain) == (["1/4", "1/6", "0"], ["2*sqrt(2)", "-6 + 8*sqrt(2)"])


def test_bad_neurons_are_refused():
    problem = problem_of("tent3")
    with pytest.raises(InvalidProblem, match="no w has the pattern"):
        saddle_chain(problem, [InitialNeuron(1, "+-+")])
    with pytest.raises(InvalidProblem, match="3 letters"):
        saddle_chain(problem, [InitialNeuron(1, "+-")])


def test_zero_targets_are_the_end():
    chain = saddle_chain(problem_of("all-zero-targets"))
    assert chain.steps == ()
    assert chain.end is Kind.GLOBAL_MINIMUM
