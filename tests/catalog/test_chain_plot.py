"""Pictures of chains: the staircase is the chain's, the runs are of the network it is about and come near it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from catalog import chain_plot
from symbolic.dataset.chain import InitialNeuron
from symbolic.dataset.labels import labels_of
from symbolic.dataset.patterns import PATTERN_BUDGET
from symbolic.dataset.problem import DatasetProblem
from symbolic.flow.saddle_chain import saddle_chain

TOY = DatasetProblem(
    "toy", ((Fraction(-1, 2),), (Fraction(2),)), (Fraction(-1), Fraction(1)), bias=True
)
TEXT = """
name = "toy"
family = "dataset"
inputs = [["-1/2"], ["2"]]
targets = ["-1", "1"]
bias = true
"""


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    calls: list[tuple[Any, ...]] = []
    monkeypatch.setattr(chain_plot, "loss_plot", lambda *arguments: calls.append(arguments))
    return calls


def test_runs_of_a_wide_network_come_near_the_staircase(drawn: list[tuple[Any, ...]], tmp_path: Path) -> None:
    chain_plot.write_chain_plot(saddle_chain(TOY), tmp_path / "toy.png", pattern_budget=PATTERN_BUDGET)
    ((runs, predicted, _, title),) = drawn
    assert title == "toy (wide, here 8 neurons)"
    # tau = 2/sqrt(5) and twice that; the losses fit no, one and both samples.
    assert np.allclose(predicted, [(0, 1 / 2), (2 / 5**0.5, 1 / 4), (4 / 5**0.5, 0)])
    distances = []
    for run in runs:
        times = run.times / -np.log(run.scale)
        stairs = np.array([max((one for one in predicted if one[0] <= t), key=lambda one: one[0])[1] for t in times])
        distances.append(float(np.trapezoid(np.abs(run.losses - stairs), times)))
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] < 0.05 < distances[0]


def test_given_neurons_are_the_ones_that_run(drawn: list[tuple[Any, ...]], tmp_path: Path) -> None:
    neurons = [InitialNeuron(1, "-+"), InitialNeuron.towards(TOY, -1, [Fraction(-3), Fraction(1)])]
    chain_plot.write_chain_plot(saddle_chain(TOY, neurons), tmp_path / "toy.png", pattern_budget=PATTERN_BUDGET)
    ((runs, predicted, _, title),) = drawn
    assert title == "toy (2 neurons)"
    assert predicted[0] == (0.0, 0.5)
    for run in runs:
        assert run.patterns[0][1] == ("-+", "+-")
        assert np.allclose(run.inner[0, 1] / run.scale, [-3, 1])


def test_an_unidentified_end_and_a_chain_without_steps(drawn: list[tuple[Any, ...]], tmp_path: Path) -> None:
    neurons = [InitialNeuron(1, "--")]
    chain_plot.write_chain_plot(saddle_chain(TOY, neurons), tmp_path / "toy.png", pattern_budget=PATTERN_BUDGET)
    ((runs, predicted, _, _),) = drawn
    assert predicted == [(0.0, 0.5)]
    assert all(set(run.losses) == {0.5} for run in runs)


def test_the_command_draws_beside_the_chain(saddlery: Any, tmp_path: Path) -> None:
    problem, target = tmp_path / "toy.toml", tmp_path / "toy.svg"
    problem.write_text(TEXT)
    plain = saddlery("chain", str(problem))
    drawn = saddlery("chain", str(problem), "--plot", str(target))
    assert (drawn.code, drawn.out, drawn.err) == (0, plain.out, "")
    assert target.read_bytes().startswith(b"<?xml")
    assert saddlery("chain", str(problem), "--plot", str(tmp_path / "toy.gif")).is_refused()
    assert not (tmp_path / "toy.gif").exists()


def test_the_pattern_budget_reaches_the_chain_and_its_labels(saddlery: Any, tmp_path: Path) -> None:
    problem = tmp_path / "tent.toml"
    problem.write_text(
        'name = "tent"\nfamily = "dataset"\ninputs = [["-1"], ["0"], ["1"]]\ntargets = ["0", "1", "0"]\nbias = true\n'
    )
    low = saddlery("chain", str(problem), "--patterns-budget", "12")
    assert low.code == 1
    assert "13 in general position" in low.err
    enough = saddlery("chain", str(problem), "--patterns-budget", "13")
    assert (enough.code, enough.err) == (0, "")
    assert "tent:2.1" in enough.out
    assert saddlery("chain", str(problem), "--patterns-budget", "0").is_refused()


def test_the_pattern_budget_of_labels() -> None:
    tent = DatasetProblem(
        "tent", tuple((Fraction(x),) for x in (-1, 0, 1)), (Fraction(0), Fraction(1), Fraction(0)), bias=True
    )
    assert labels_of(tent, [tent.targets], pattern_budget=12) == {}
    assert labels_of(tent, [tent.targets], pattern_budget=13) == {tent.targets: "tent:0.1"}
