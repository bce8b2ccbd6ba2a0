"""The values of data/published/orthogonal-toy.toml hold, and the survey has the functions its chain passes."""

from __future__ import annotations

import tomllib
from fractions import Fraction
from pathlib import Path

import pytest
from oracles.dataset_exact import with_constant
from oracles.dataset_orthogonal import Orthogonal

from symbolic.dataset.problem import DatasetProblem
from symbolic.dataset.survey import survey_dataset

DATA = tomllib.loads((Path(__file__).parents[3] / "data" / "published" / "orthogonal-toy.toml").read_text())


@pytest.mark.parametrize("entry", DATA["chain"], ids=lambda entry: entry["key"])
def test_the_chain_is_that_of_the_closed_form(entry):
    assert entry["obtained"] == "derived"
    assert entry["topic"] in {source["key"] for source in DATA["source"]}
    data = Orthogonal.of(with_constant(entry["inputs"], entry["bias"]), entry["targets"])
    chain = data.wide_chain()
    assert data.loss(frozenset()) == Fraction(entry["start_loss"])
    assert [[k + 1 for k in sorted(step.after)] for step in chain.steps] == entry["fit"]
    assert [step.loss_after for step in chain.steps] == list(map(Fraction, entry["loss"]))
    assert [step.squared_rates for step in chain.steps] == [(Fraction(rate),) for rate in entry["rate_squared"]]
    assert [step.tau**2 for step in chain.steps] == pytest.approx([float(Fraction(t)) for t in entry["tau_squared"]])
    assert chain.variation**2 == pytest.approx(float(Fraction(entry["variation_norm_squared"])))


@pytest.mark.parametrize("entry", DATA["chain"], ids=lambda entry: entry["key"])
def test_the_survey_has_the_functions_of_the_chain(entry):
    inputs = tuple(tuple(map(Fraction, row)) for row in entry["inputs"])
    problem = DatasetProblem("toy", inputs, tuple(map(Fraction, entry["targets"])), entry["bias"])
    functions = {f.fit: f for f in survey_dataset(problem, 2).functions if f.minimal_width is not None}
    assert functions[()].loss == Fraction(entry["start_loss"])
    for fit, loss in zip(entry["fit"], entry["loss"], strict=True):
        assert functions[tuple(fit)].loss == Fraction(loss)
        assert functions[tuple(fit)].minimal_width == len(fit)
