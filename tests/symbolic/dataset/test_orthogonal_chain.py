"""The chain of orthogonal inputs: reference paths, ties, spurious ends."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path

import pytest

from symbolic.dataset.chain import InitialNeuron, orthogonal_chain
from symbolic.dataset.labels import labels_of
from symbolic.dataset.problem import DatasetProblem
from symbolic.dataset.survey import survey_dataset
from symbolic.errors import InvalidProblem
from symbolic.problem import CompletenessStatus, Kind

SETS = json.loads((Path(__file__).parents[2] / "ground_truth" / "dataset.json").read_text())["orthogonal"]


def data(rows, labels, name="data"):
    return DatasetProblem(name, tuple(tuple(map(Fraction, row)) for row in rows), tuple(map(Fraction, labels)))


def units(*labels):
    return data([[int(i == j) for j in range(len(labels))] for i in range(len(labels))], labels)


def neurons(*codes):
    return [InitialNeuron(1 if code[-1] == "p" else -1, code[:-1]) for code in codes]


@pytest.mark.parametrize(
    ("name", "losses", "tau", "norm"),
    [
        ("O1_bpf_toy", "1/2 1/4 0", ["2*sqrt(5)/5", "4*sqrt(5)/5"], "3*sqrt(5)/5"),
        ("O2_neg_first", "7/8 5/24 0", ["3/2", "3*sqrt(2)/2"], "2 + sqrt(17)/4"),
    ],
)
def test_wide_network(name, losses, tau, norm):
    chain = orthogonal_chain(data(SETS[name]["x"], SETS[name]["y"]))
    assert [str(loss) for loss in chain.losses] == losses.split()
    assert [step.tau.text() for step in chain.steps] == tau
    assert chain.variation_norm.text() == norm
    assert chain.end is Kind.GLOBAL_MINIMUM
    assert not any(step.tie for step in chain.steps)
    assert chain.completeness.status is CompletenessStatus.PROVED
    # The two signs share the samples: the least variation norm is the sum over the signs (last node of the reference).
    minimal = sum(math.sqrt(Fraction(part)) for part in SETS[name]["nodes"][-1]["sum_sq_min_variation"])
    assert float(chain.variation_norm) == pytest.approx(minimal, rel=1e-12)


@pytest.mark.parametrize("name", sorted(SETS))
def test_given_neurons_take_the_reference_path(name):
    entry = SETS[name]
    problem = data(entry["x"], entry["y"])
    start = [InitialNeuron.towards(problem, one["sign"], tuple(map(Fraction, one["g"]))) for one in entry["init"]]
    chain = orthogonal_chain(problem, start)
    path = entry["predicted"]["path"]
    assert len(chain.steps) == len(path)
    for step, expected in zip(chain.steps, path, strict=True):
        assert float(step.tau) == pytest.approx(expected["tau"], rel=1e-12)
        assert sorted(number for one in step.firings for number in one.neurons) == expected["neurons"]
        assert float(step.rate) == pytest.approx(math.sqrt(Fraction(expected["rate_sq"][0])), rel=1e-12)
        assert [k for k, r in enumerate(step.before, 1) if r == 0] == expected["frm"]
        assert [k for k, r in enumerate(step.after, 1) if r == 0] == expected["to"]
    assert chain.losses[-1] == Fraction(entry["predicted"]["final_loss"])


def test_equal_norms_fire_in_one_step_and_are_a_tie():
    chain = orthogonal_chain(data([["3", "0"], ["0", "1"]], ["1", "-3"]))
    (step,) = chain.steps
    assert step.tie
    assert step.tau.text() == "2/3"
    assert chain.losses == (Fraction(5, 2), 0)


def test_a_tie_of_irrational_rates_is_exact():
    """|D_+|^2 = (2 + 2)/9 and |D_-|^2 = 4/9 agree; one part in 10^20 less and they do not."""
    assert [step.tie for step in orthogonal_chain(units("1", "1", "-1")).steps] == [False, False]
    problem = data([["1", "1", "0"], ["1", "-1", "0"], ["0", "0", "2"]], ["1", "1", "-1"])
    assert [step.tie for step in orthogonal_chain(problem).steps] == [True]
    near = data([["1", "1", "0"], ["1", "-1", "0"], ["0", "0", "2"]], ["1", "1", str(Fraction(1, 10**20) - 1)])
    assert [step.tie for step in orthogonal_chain(near).steps] == [False, False]


def test_neurons_that_share_a_sample_tie_without_a_known_norm():
    problem = units("1", "1", "1")
    chain = orthogonal_chain(problem, neurons("++-p", "-++p"))
    assert [step.tie for step in chain.steps] == [True]
    assert chain.variation_norm is None
    apart = orthogonal_chain(problem, neurons("+--p", "-++p"))
    assert [step.tau.text() for step in apart.steps] == ["3*sqrt(2)/2", "3"]
    assert apart.variation_norm.text() == "1 + sqrt(2)"


def test_exponents_carry_over_when_a_sample_is_fit():
    """Neuron 2 grows at |D_{23}| until neuron 1 takes sample 2 at tau_1, then at |D_3|."""
    problem = units("2", "1", "1")
    chain = orthogonal_chain(problem, neurons("++-p", "-++p"))
    first = 3 / math.sqrt(5)
    left = 1 - first * math.sqrt(2) / 3
    assert float(chain.steps[0].tau) == pytest.approx(first, rel=1e-14)
    assert float(chain.steps[1].tau) == pytest.approx(first + 3 * left, rel=1e-14)
    assert chain.steps[1].tau.text() == "3 + 3*sqrt(5)/5 - 3*sqrt(10)/5"


def test_narrow_networks_end_spuriously():
    problem = units("1", "1")
    chain = orthogonal_chain(problem, neurons("+-p", "+-p"))
    assert chain.end is Kind.LOCAL_MINIMUM
    assert chain.losses == (Fraction(1, 2), Fraction(1, 4))
    assert orthogonal_chain(problem, neurons("--p", "++n")).steps == ()
    assert orthogonal_chain(problem, neurons("--p", "+-n")).end is Kind.LOCAL_MINIMUM
    assert orthogonal_chain(problem, neurons("--p")).end is Kind.LOCAL_MINIMUM


def test_ends_that_are_saddles():
    problem = units("1", "1")
    # On a kink with relu'(0) = 0 the neuron never moves, though one side of the kink descends.
    assert orthogonal_chain(problem, neurons("+0p", "+-p")).end is Kind.SADDLE
    # Balanced and active only where its sign is wrong: it shrinks to zero.
    assert orthogonal_chain(problem, neurons("--p", "++n")).end is Kind.SADDLE


def test_one_neuron_that_fits_the_better_sign_is_at_a_global_minimum():
    problem = units("1", "-2")
    assert orthogonal_chain(problem, neurons("--n")).end is Kind.LOCAL_MINIMUM
    assert orthogonal_chain(problem, neurons("-+n")).end is Kind.GLOBAL_MINIMUM
    assert orthogonal_chain(problem, neurons("+-p")).end is Kind.LOCAL_MINIMUM
    lowest = survey_dataset(problem, 1).lowest
    label = labels_of(problem, [(Fraction(1), Fraction(0))])[Fraction(1), Fraction(0)]
    assert lowest == {label}


def test_labels_are_those_of_the_survey():
    for name in SETS:
        problem = data(SETS[name]["x"], SETS[name]["y"])
        chain = orthogonal_chain(problem)
        points = [chain.start, *(step.after for step in chain.steps)]
        functions = {one.residuals: one.label for one in survey_dataset(problem, 2).functions}
        assert labels_of(problem, points) == {point: functions[point] for point in points}
    assert labels_of(problem, [(Fraction(9),) * len(problem.targets)]) == {}


def test_bad_neurons_are_refused():
    problem = units("1", "1")
    for bad in ([], neurons("+p"), neurons("+xp"), [InitialNeuron(2, "++")]):
        with pytest.raises(InvalidProblem):
            orthogonal_chain(problem, bad)
    with pytest.raises(InvalidProblem, match="2 coordinates"):
        InitialNeuron.towards(problem, 1, (Fraction(1),))
    with pytest.raises(InvalidProblem, match="zero"):
        InitialNeuron.towards(problem, 1, (Fraction(0), Fraction(0)))
    with pytest.raises(InvalidProblem, match="orthogonal"):
        orthogonal_chain(data([["1"], ["2"]], ["1", "1"]))
