"""Orthogonal inputs: what the general machinery finds is the closed form."""

from __future__ import annotations

import json
from collections import Counter
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest
from oracles.dataset_orthogonal import Orthogonal

from symbolic.dataset.problem import DatasetProblem
from symbolic.dataset.survey import survey_dataset, survey_dataset_strata
from symbolic.problem import CompletenessStatus, Kind

REFERENCE = json.loads((Path(__file__).parents[2] / "ground_truth" / "dataset.json").read_text())
COUNTS = [
    pytest.param(entry, id=f"{entry['label_signs']}-{entry['width']}", marks=[pytest.mark.slow] if big else [])
    for entry in REFERENCE["strata_counts"]
    for big in [entry["n"] * entry["width"] > 4]
]
WORDS = {"global_minimum": "global_min", "local_minimum": "local_min", "strict_saddle": "saddle", "saddle": "saddle"}


@cache
def survey_of(inputs, targets, width):
    problem = DatasetProblem("orthogonal", inputs, targets)
    found = survey_dataset(problem, width)
    assert found.completeness.status is CompletenessStatus.PROVED
    return found


@cache
def strata_of(inputs, targets, width):
    found = survey_dataset_strata(survey_of(inputs, targets, width))
    assert found.completeness.status is CompletenessStatus.PROVED
    return found.strata


def rationals(rows):
    return tuple(tuple(map(Fraction, row)) for row in rows)


def units(signs):
    return rationals([[int(i == j) for j in range(len(signs))] for i in range(len(signs))])


@pytest.mark.parametrize("entry", COUNTS)
def test_counts_of_ordered_neurons_are_the_reference_counts(entry):
    signs = tuple(map(Fraction, entry["label_signs"]))
    found = survey_of(units(signs), signs, entry["width"])
    fits = {function.label: function.fit for function in found.functions}
    total, inside, by_fit = Counter(), Counter(), Counter()
    for stratum in strata_of(units(signs), signs, entry["width"]):
        if not stratum.by_default:
            continue
        fit = fits[stratum.function]
        word = WORDS[stratum.kind]
        if word == "global_min" and len(fit) < len(signs):
            word = "local_min"
        total[word] += stratum.orbit_size
        if all("0" not in neuron.pattern for neuron in stratum.neurons):
            inside[word] += stratum.orbit_size
        by_fit["{" + ",".join(map(str, fit)) + "}:" + word] += stratum.orbit_size
    assert total == entry["total"]
    assert inside == entry["total_in_open_regions"]
    assert by_fit == entry["by_fit_set"]


@pytest.mark.parametrize("width", [1, 2])
@pytest.mark.parametrize("name", sorted(REFERENCE["orthogonal"]))
def test_strata_are_those_of_the_closed_form(name, width):
    entry = REFERENCE["orthogonal"][name]
    data = Orthogonal.of(entry["x"], entry["y"])
    arguments = rationals(entry["x"]), tuple(map(Fraction, entry["y"])), width
    found = survey_of(*arguments)
    fits = {function.label: function.fit for function in found.functions}
    expected = {}
    for neurons, fit, kind in data.configurations(width):
        codes = sorted("".join("-0+"[m + 1] for m in marks) + "nzp"[a + 1] for marks, a in neurons)
        expected[tuple(codes)] = (tuple(k + 1 for k in sorted(fit)), kind.removesuffix("_min"))
    met = {}
    for stratum in strata_of(*arguments):
        if stratum.by_default:
            codes = tuple(sorted(neuron.code for neuron in stratum.neurons))
            met[codes] = (fits[stratum.function], WORDS[stratum.kind].removesuffix("_min"))
    assert met == expected


@pytest.mark.parametrize("name", sorted(REFERENCE["orthogonal"]))
def test_fit_sets_appear_at_the_widths_of_the_closed_form(name):
    entry = REFERENCE["orthogonal"][name]
    inputs, targets = rationals(entry["x"]), tuple(map(Fraction, entry["y"]))
    surveyed = survey_of(inputs, targets, 2)
    functions = {function.fit: function for function in surveyed.functions if function.minimal_width is not None}
    assert len(functions) == len(entry["nodes"])
    for node in entry["nodes"]:
        function = functions[tuple(node["fit"])]
        assert function.loss == Fraction(node["loss"])
        assert function.minimal_width == node["min_active_neurons"]
        for width in (1, 2):
            strata = strata_of(inputs, targets, width)
            kinds = {s.kind for s in strata if s.by_default and s.function == function.label}
            assert bool(kinds & {Kind.LOCAL_MINIMUM, Kind.GLOBAL_MINIMUM}) == (
                width >= max(1, node["local_min_exists_for_width_at_least"])
            )
            first = node["saddle_exists_for_width_at_least"]
            assert bool(kinds & {Kind.SADDLE, Kind.STRICT_SADDLE}) == (first is not None and width >= first)
