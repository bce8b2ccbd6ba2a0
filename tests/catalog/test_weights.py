"""Weights are read exactly, and everything else is refused in one line."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from catalog.problem_fields import Refusal
from catalog.weights import DatasetWeights, IntervalWeights, read_weights, read_weights_file, read_weights_text
from symbolic.dataset.problem import DatasetProblem
from symbolic.interval.problem import IntervalProblem
from symbolic.teacher.problem import TeacherProblem

ONE = Fraction(1)
LINE = IntervalProblem("line", (Fraction(0), ONE))
PAIR = DatasetProblem("pair", ((ONE,), (2 * ONE,)), (ONE, -ONE), bias=True)
STUDENT = TeacherProblem("student", 3, ((3,),))


def test_floats_are_the_dyadic_rationals_that_they_are() -> None:
    read = read_weights(LINE, {"w": [0.1, 2], "b": ["1/3", "-2"], "v": [1e-300, 0.0], "c": -0.5})
    assert isinstance(read, IntervalWeights)
    assert read.w == (Fraction(3602879701896397, 2**55), 2)
    assert read.b == (Fraction(1, 3), -2)
    assert read.v[0] == Fraction(1e-300) != 0
    assert read.c == Fraction(-1, 2)
    assert read.width == 2


def test_arrays_and_scalars_of_numpy_are_read() -> None:
    single = np.array([0.1], dtype=np.float32)
    read = read_weights(LINE, {"w": single, "b": np.zeros(1), "v": np.ones(1), "c": np.float64(0.25)})
    assert isinstance(read, IntervalWeights)
    assert read.w == (Fraction(float(single[0])),)
    assert read.c == Fraction(1, 4)
    rows = read_weights(PAIR, {"w": np.ones((3, 2)), "a": np.arange(3)})
    assert isinstance(rows, DatasetWeights)
    assert rows.a == (0, 1, 2)
    assert read_weights(STUDENT, {"w": np.eye(3)}).width == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"w": [1], "b": [1], "v": [1]}', "c is missing"),
        ('{"w": [1], "b": [1], "v": [1], "c": 0, "d": 1}', "unknown key"),
        ('{"w": [1, 2], "b": [1], "v": [1], "c": 0}', "w has 2, b has 1, v has 1"),
        ('{"w": [NaN], "b": [1], "v": [1], "c": 0}', "NaN is not a finite number"),
        ('{"w": [1e999], "b": [1], "v": [1], "c": 0}', "w[1] must be finite"),
        ('{"w": [1e70], "b": [1], "v": [1], "c": 0}', "less than 1e60"),
        ('{"w": [true], "b": [1], "v": [1], "c": 0}', "w[1] must be a number"),
        ('{"w": [null], "b": [1], "v": [1], "c": 0}', "w[1] must be a number"),
        ('{"w": ["x"], "b": [1], "v": [1], "c": 0}', 'w[1] must hold integers and strings "p/q"'),
        ('{"w": ["1/0"], "b": [1], "v": [1], "c": 0}', "divides by 0"),
        ('{"w": [1], "b": [1], "v": [1], "c": [0]}', "c must be a number"),
        ('{"w": [], "b": [], "v": [], "c": 0}', "w is empty"),
        ('{"w": 1, "b": [1], "v": [1], "c": 0}', "w must be a list"),
        ('{"w": [1], "w": [1], "b": [1], "v": [1], "c": 0}', "the same key occurs twice"),
        ("[1]", "weights must be an object"),
        ("{", "is not JSON"),
        ("[" * 100_000, "too deep"),
        ('{"w": [' + "9" * 5000 + "]}", "number too long"),
        ('{"w": [' + "9" * 70 + '], "b": [1], "v": [1], "c": 0}', "at most 60 digits"),
    ],
)
def test_what_is_no_network_is_refused_in_one_line(text: str, words: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_weights_text(LINE, text)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_rows_must_have_the_dimension_of_the_problem() -> None:
    with pytest.raises(Refusal, match="1 coordinates where the problem has 2"):
        read_weights(PAIR, {"w": [[1.0]], "a": [1.0]})
    with pytest.raises(Refusal, match="w has 1, a has 2"):
        read_weights(PAIR, {"w": [[1.0, 2.0]], "a": [1.0, 1.0]})
    with pytest.raises(Refusal, match="unknown key"):
        read_weights(STUDENT, {"w": np.eye(3), "a": [1, 1, 1]})


def test_files_that_cannot_be_read_are_refused(tmp_path) -> None:
    missing = tmp_path / "none.json"
    with pytest.raises(Refusal, match="no such file"):
        read_weights_file(LINE, missing)
    with pytest.raises(Refusal, match="is a directory"):
        read_weights_file(LINE, tmp_path)
    missing.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Refusal, match="not a text file"):
        read_weights_file(LINE, missing)
    missing.write_text('{"w": [1], "b": [0], "v": [2], "c": "1/2"}')
    assert read_weights_file(LINE, missing) == IntervalWeights((ONE,), (Fraction(0),), (2 * ONE,), Fraction(1, 2))
