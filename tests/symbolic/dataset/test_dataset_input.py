"""Data-set problems that can be posed, and those that cannot."""

from __future__ import annotations

from fractions import Fraction

import pytest

from symbolic.dataset.problem import DatasetProblem
from symbolic.dataset.survey import survey_dataset, survey_dataset_strata
from symbolic.errors import BudgetExceeded, InvalidProblem
from symbolic.problem import CompletenessStatus

ONE, TWO = Fraction(1), Fraction(2)


@pytest.mark.parametrize(
    "arguments",
    [
        {"name": "ok", "inputs": (), "targets": ()},
        {"name": "ok", "inputs": ((ONE,), (ONE, TWO)), "targets": (ONE, TWO)},
        {"name": "ok", "inputs": ((ONE,),), "targets": (ONE, TWO)},
        {"name": "ok", "inputs": ((ONE,), (TWO,)), "targets": (ONE,)},
        {"name": "ok", "inputs": ((0.5,),), "targets": (ONE,)},
        {"name": "ok", "inputs": ((ONE,),), "targets": (float("nan"),)},
        {"name": "ok", "inputs": ((ONE,),), "targets": (float("inf"),)},
        {"name": "ok", "inputs": ((),), "targets": (ONE,)},
        {"name": "Not OK", "inputs": ((ONE,),), "targets": (ONE,)},
    ],
)
def test_what_cannot_be_posed_is_refused_in_one_line(arguments):
    with pytest.raises(InvalidProblem) as caught:
        DatasetProblem(**arguments)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("width", [0, -1, True, 1.0, 10**6])
def test_widths_that_cannot_be_surveyed(width):
    with pytest.raises(InvalidProblem):
        survey_dataset(DatasetProblem("ok", ((ONE,),), (ONE,)), width)


def test_the_constant_coordinate():
    problem = DatasetProblem("ok", ((TWO,), (-ONE,)), (ONE, ONE), bias=True)
    assert problem.samples == ((TWO, ONE), (-ONE, ONE))
    assert problem.dimension == 2
    plain = DatasetProblem("ok", ((TWO,), (-ONE,)), (ONE, ONE))
    assert plain.samples == plain.inputs
    assert plain.canonical_text() != problem.canonical_text()
    renamed = DatasetProblem("other", problem.inputs, problem.targets, bias=True)
    assert problem.canonical_text() == renamed.canonical_text()


def test_repeated_inputs_with_different_targets_are_legal_and_said():
    problem = DatasetProblem("ok", ((ONE,), (TWO,), (ONE,), (ONE,)), (ONE, ONE, ONE, TWO), bias=True)
    assert problem.conflicts == ((1, 4), (3, 4))
    found = survey_dataset_strata(survey_dataset(problem, 1))
    assert found.completeness.status is CompletenessStatus.PROVED
    assert "1 and 4" in found.completeness.caveat
    assert DatasetProblem("ok", ((ONE,), (ONE,)), (ONE, ONE)).conflicts == ()


def test_more_patterns_than_allowed_says_how_many():
    rows = tuple((Fraction(i), Fraction(i * i)) for i in range(1, 7))
    problem = DatasetProblem("ok", rows, (ONE,) * 6, bias=True)
    with pytest.raises(BudgetExceeded) as caught:
        survey_dataset(problem, 1, pattern_budget=20)
    # 32 cells, 60 sectors and 30 rays (Cover), and the origin: the numbers of 6 planes in general position.
    assert "123" in str(caught.value)
    assert survey_dataset(problem, 1, pattern_budget=123).functions
