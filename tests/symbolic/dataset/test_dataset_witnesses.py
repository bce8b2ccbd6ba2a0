"""What the package keeps as proof, checked from the definitions: Farkas vectors, descent directions, multipliers."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import combinations

import pytest
from oracles.dataset_exact import dot
from oracles.dataset_problems import QUICK, SMALL, arguments, data_set

from symbolic.dataset.problem import DatasetProblem
from symbolic.dataset.stationarity import Field, NeuronType
from symbolic.dataset.survey import survey_dataset
from symbolic.enclosure import Verdict

EVERY = [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in SMALL if name not in QUICK)]


@cache
def surveyed(name):
    return survey_dataset(DatasetProblem(**arguments(name)), 2)


def outputs(data, w):
    return [max(dot(w, x), Fraction(0)) for x in data.samples]


def refutes(vector, generators, wanted):
    """Farkas: products >= 0 with the generators, and < 0 with the goal, or 0 with the goal and some product > 0."""
    products, goal = [dot(vector, g) for g in generators], dot(vector, wanted)
    return min(products, default=0) >= 0 and (goal < 0 or (goal == 0 and any(products)))


@pytest.mark.parametrize("name", EVERY)
def test_every_set_of_types_is_closed_by_weights_or_by_a_farkas_vector(name):
    data, survey = data_set(name), surveyed(name)
    faces = survey.arrangement.by_pattern
    refuted = 0
    for case in survey.cases:
        wanted = [y - r for y, r in zip(data.targets, case.residuals, strict=True)]
        types = [*case.directional, *case.only_clarke]
        effects = {
            one: [[one.sign * value for value in outputs(data, ray)] for ray in faces[one.pattern].rays]
            for one in types
        }
        live = {one.types: one for one in case.live_sets}
        for count in range(3):
            for chosen in combinations(sorted(types), count):
                generators = [effect for one in chosen for effect in effects[one]]
                if chosen in live:
                    weights = [weight for row in live[chosen].weights for weight in row]
                    assert min(weights, default=1) > 0
                    sums = [
                        sum((w * g[k] for w, g in zip(weights, generators, strict=True)), Fraction(0))
                        for k in range(data.size)
                    ]
                    assert sums == wanted
                    assert live[chosen].directional == all(one in case.directional for one in chosen)
                    continue
                refuted += 1
                assert any(refutes(vector, generators, wanted) for vector in case.refutations), (case.residuals, chosen)
        assert all(len(one.types) <= 2 for one in case.live_sets)
    assert refuted or name in ("one-zero", "only-zero-inputs", "pure-conflict")


@pytest.mark.parametrize("name", EVERY)
def test_evidence_shows_what_it_says(name):
    data, survey = data_set(name), surveyed(name)
    for function in survey.functions:
        field = Field(survey.arrangement, function.residuals)
        for pattern, w in data.patterns.items():
            for sign in (1, -1):
                evidence = field.evidence(NeuronType(pattern, sign))
                slopes = [sign * data.pull_derivative(function.residuals, w, v) for v in data.extremal(pattern)]
                directional = evidence["directional"]
                assert (directional.verdict is Verdict.YES) == (max(slopes) <= 0)
                if directional.verdict is Verdict.NO:
                    assert sign * data.pull_derivative(function.residuals, w, directional.direction) > 0
                else:
                    assert all(value <= 0 for _, value in directional.multipliers)
                clarke = evidence["clarke"]
                assert (clarke.verdict is Verdict.YES) == data.in_clarke_hull(function.residuals, pattern)
                if clarke.verdict is Verdict.YES:
                    moments = [(c, data.moment(function.residuals, cell)) for cell, c in clarke.multipliers]
                    assert sum(c for c, _ in moments) == 1
                    assert min(c for c, _ in moments) > 0
                    assert all(sum(c * m[i] for c, m in moments) == 0 for i in range(data.dimension))
                    for cell, _ in clarke.multipliers:
                        assert all(a in ("0", b) for a, b in zip(pattern, cell, strict=True))
                else:
                    around = [p for p in data.cells if all(a in ("0", b) for a, b in zip(pattern, p, strict=True))]
                    assert around
                    # The gradient of L in w is -a times D.
                    assert all(sign * dot(clarke.direction, data.moment(function.residuals, p)) > 0 for p in around)
