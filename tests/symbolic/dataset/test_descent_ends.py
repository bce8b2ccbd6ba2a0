"""Where gradient descent ends is in the catalog: random starts on scalar data with bias, and on XOR."""

from __future__ import annotations

import json
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from oracles.dataset_descent import Training
from oracles.dataset_problems import arguments, data_set

from symbolic.dataset.problem import DatasetProblem
from symbolic.dataset.survey import survey_dataset, survey_dataset_strata
from symbolic.problem import CompletenessStatus, Kind

REFERENCE = json.loads((Path(__file__).parents[2] / "ground_truth" / "dataset.json").read_text())["scalar_with_bias"]
NAMES = {"L1_tent3": "tent3", "L3_zigzag4": "zigzag4"}


@cache
def surveyed(name, width):
    found = survey_dataset(DatasetProblem(**arguments(name)), width)
    assert found.completeness.status is CompletenessStatus.PROVED
    return found


def check_ends(name, width, starts, seed):
    """The ends of descent are listed functions with a stratum of this width; returns the functions met."""
    found = surveyed(name, width)
    listed = [function for function in found.functions if function.minimal_width is not None]
    data = data_set(name)
    ends = Training.of(data.samples, data.targets).ends(width, starts, seed)
    assert len(ends) > 0.9 * starts
    met = set()
    for end in ends:
        hits = [f for f in listed if np.abs(np.array(f.residuals, dtype=float) - end.residuals).max() < 1e-6]
        assert len(hits) == 1, (end.loss, end.residuals, end.w, end.a)
        met.add(hits[0])
    return met, listed


@pytest.mark.parametrize("width", [1, 2, pytest.param(3, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["tent3", "zigzag4"])
def test_scalar_data_with_bias(name, width):
    met, listed = check_ends(name, width, 40, 3)
    assert len(met) > len(listed) / 4
    least = min(function.loss for function in listed)
    assert least in {function.loss for function in met}
    minima = {s.function for s in survey_dataset_strata(surveyed(name, width)).strata if s.kind is Kind.GLOBAL_MINIMUM}
    assert minima == {function.label for function in listed if function.loss == least}


@pytest.mark.slow
@pytest.mark.parametrize("width", [1, 2, 3])
@pytest.mark.parametrize("name", ["tent3", "zigzag4", "even", "scalar3", "repeated-conflict"])
def test_many_starts_on_scalar_data_with_bias(name, width):
    met, listed = check_ends(name, width, 600, 9)
    assert len(met) > len(listed) / 3


@pytest.mark.slow
@pytest.mark.parametrize("width", [1, 2])
@pytest.mark.parametrize("name", ["xor", "xor-no-bias"])
def test_exclusive_or(name, width):
    met, _ = check_ends(name, width, 200, 4)
    assert len(met) >= 2


@pytest.mark.parametrize("width", [1, 2, 3])
@pytest.mark.parametrize("entry", sorted(NAMES))
def test_active_strata_have_the_reference_losses(entry, width):
    found = surveyed(NAMES[entry], width)
    active = {
        stratum.function
        for stratum in survey_dataset_strata(found).strata
        if stratum.by_default and all("+" in neuron.pattern and neuron.sign for neuron in stratum.neurons)
    }
    levels = REFERENCE[entry]["widths"][str(width)]
    expected = {tuple(map(Fraction, r)): Fraction(level["loss"]) for level in levels for r in level["residuals"]}
    assert {f.residuals: f.loss for f in found.functions if f.label in active} == expected
