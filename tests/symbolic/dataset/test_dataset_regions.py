"""Regions of a data set: the symbolic loss and its derivatives, and the functions in the closures."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations_with_replacement, permutations

import numpy as np
import pytest
import sympy
from oracles.dataset_hessian import hessian
from oracles.dataset_naive import configurations
from oracles.dataset_problems import arguments, data_set

from symbolic.dataset.loss import region_gradient, region_hessian, region_loss, region_symbols
from symbolic.dataset.patterns import arrangement
from symbolic.dataset.problem import DatasetProblem
from symbolic.dataset.regions import dataset_regions, functions_in_closures
from symbolic.dataset.survey import survey_dataset
from symbolic.errors import InvalidProblem


def rational(value):
    return sympy.Rational(value.numerator, value.denominator)


def value(expression, symbols, point):
    numbers = dict(zip(symbols, map(rational, point), strict=True))
    return Fraction(str(expression.xreplace(numbers)))


@pytest.mark.parametrize(("name", "width"), [("toy", 1), ("toy", 2), ("plane-rational", 2), ("zero-input", 2)])
def test_region_loss_gradient_and_hessian_at_random_points(name, width):
    problem, data = DatasetProblem(**arguments(name)), data_set(name)
    symbols = region_symbols(problem, width)
    generator = np.random.default_rng(12)
    for _ in range(3):
        w = [tuple(Fraction(int(v), 7) for v in generator.integers(-9, 10, data.dimension)) for _ in range(width)]
        a = tuple(Fraction(int(v), 3) for v in generator.integers(-9, 10, width))
        patterns = [data.pattern(row) for row in w]
        point = [*(v for row in w for v in row), *a]
        assert value(region_loss(problem, patterns), symbols, point) == data.loss(w, a)
        gradient = [value(one, symbols, point) for one in region_gradient(problem, patterns)]
        d = data.dimension
        for place, slope in enumerate(gradient):
            unit = [Fraction(int(i == place)) for i in range(len(point))]
            rows = [unit[d * j : d * j + d] for j in range(width)]
            assert slope == data.loss_derivative(w, a, rows, unit[d * width :])
        matrix = region_hessian(problem, patterns)
        found = [[value(matrix[i, j], symbols, point) for j in range(len(point))] for i in range(len(point))]
        assert found == hessian(data, w, a)


def test_the_words_of_the_toy():
    problem = DatasetProblem(**arguments("toy"))
    assert [str(s) for s in region_symbols(problem, 2)] == ["w1_1", "w1_2", "w2_1", "w2_2", "a1", "a2"]
    assert region_loss(problem, ["--"]) == sympy.Rational(1, 2)
    w1, w2, a1 = sympy.symbols("w1_1 w1_2 a1")
    expected = (1 + (1 - a1 * (2 * w1 + w2)) ** 2) / 4
    assert sympy.expand(region_loss(problem, ["-+"]) - expected) == 0
    for bad in (["+"], ["+x"], ["+++"]):
        with pytest.raises(InvalidProblem):
            region_loss(problem, bad)


@pytest.mark.parametrize(("name", "width"), [("toy", 1), ("toy", 2), ("tent3", 2), ("opposite", 2), ("line", 2)])
def test_functions_in_the_closures_are_those_of_the_trials(name, width):
    data = data_set(name)
    survey = survey_dataset(DatasetProblem(**arguments(name)), width)
    regions = dataset_regions(arrangement(data.samples), width)
    assert {region.patterns for region in regions} == set(combinations_with_replacement(sorted(data.cells), width))
    label = {function.residuals: function.label for function in survey.functions}

    def inside(small, large):
        return all(a in ("0", b) for a, b in zip(small, large, strict=True))

    for region, labels in zip(regions, functions_in_closures(survey, regions), strict=True):
        expected = set()
        for one in filter(lambda one: one.directional, configurations(data, width)):
            orders = permutations([code[:-1] for code in one.codes])
            if any(all(map(inside, order, region.patterns)) for order in orders):
                expected.add(label[one.residuals])
        assert set(labels) == expected
        assert len(labels) == len(expected)
