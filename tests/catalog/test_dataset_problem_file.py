"""Problem files of data sets: what is read, and one clear line for everything that is not a data set."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from conftest import Command
from hypothesis import given
from hypothesis import strategies as st

from catalog.dataset.problem_table import problem_from_record, problem_record
from catalog.dataset.record import function_from_record, function_record
from catalog.errors import CatalogError
from catalog.problem_file import bundled_problem_files, load_problem
from catalog.record import from_text, to_text
from symbolic.dataset.functions import DatasetFunction
from symbolic.dataset.problem import DatasetProblem

GOOD = {"name": '"p"', "family": '"dataset"', "inputs": '[["-1/2"], [2]]', "targets": '["-1", 1]', "width": "2"}

rationals = st.fractions(max_denominator=1000)


def text_of(**changes: str | None) -> str:
    fields = {key: value for key, value in (GOOD | changes).items() if value is not None}
    return "".join(f"{key} = {value}\n" for key, value in fields.items())


def test_the_bundled_data_sets() -> None:
    loaded = {file.stem: load_problem(file) for file in bundled_problem_files()}
    found = {
        name: (one.problem.canonical_text(), one.width)
        for name, one in loaded.items()
        if isinstance(one.problem, DatasetProblem)
    }
    assert found == {
        "bpf-toy": ("dataset inputs=-1/2;2 targets=-1,1 bias=true", 2),
        "negative-first": ("dataset inputs=1,0,0;0,2,0;0,0,1 targets=1,1/2,-2 bias=false", 2),
        "orthogonal-narrow": ("dataset inputs=1,1,0;1,-1,0;0,0,2 targets=1,2,-1 bias=false", 1),
        "tent3": ("dataset inputs=-1;0;1 targets=0,1,0 bias=true", 3),
        "zigzag4": ("dataset inputs=-2;-1;1;2 targets=1,-1,1,-1 bias=true", 3),
        "xor": ("dataset inputs=0,0;0,1;1,0;1,1 targets=0,1,1,0 bias=true", 2),
    }
    assert all(loaded[name].problem.name == name for name in found)
    for name in ("bpf-toy", "negative-first", "orthogonal-narrow"):
        problem = loaded[name].problem
        assert isinstance(problem, DatasetProblem)
        assert problem.orthogonal


def test_integers_and_defaults(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text(text_of(width=None))
    loaded = load_problem(path)
    halves = ((Fraction(-1, 2),), (Fraction(2),))
    assert loaded.problem == DatasetProblem("p", halves, (Fraction(-1), Fraction(1)), False)
    assert loaded.width is None


REFUSALS = {
    "no samples": (text_of(inputs="[]", targets="[]"), "at least one sample"),
    "no coordinate": (text_of(inputs="[[], []]"), "no coordinate"),
    "ragged": (text_of(inputs="[[1], [1, 2]]"), "sample 1 has 1, sample 2 has 2"),
    "another number of targets": (text_of(targets="[1]"), "2 samples need as many targets, not 1"),
    "float input": (text_of(inputs="[[0.5], [2]]"), 'inputs must be exact: 0.5 -> write "1/2"'),
    "float target": (text_of(targets="[1, -25e-2]"), 'targets must be exact: -25e-2 -> write "-1/4"'),
    "decimal text": (text_of(inputs='[["1.5"], [2]]'), 'inputs must be exact: "1.5" -> write "3/2"'),
    "nan": (text_of(inputs="[[nan], [2]]"), 'integers and strings "p/q", not nan'),
    "infinity": (text_of(targets="[1, inf]"), 'integers and strings "p/q", not inf'),
    "boolean": (text_of(targets="[1, true]"), "targets must hold"),
    "zero denominator": (text_of(targets='[1, "1/0"]'), "divides by 0"),
    "flat inputs": (text_of(inputs="[1, 2]"), "sample 1 must be a list"),
    "text for inputs": (text_of(inputs='"1, 2"'), "one list per sample"),
    "one target": (text_of(targets="1"), "targets must be a list"),
    "nested targets": (text_of(targets="[[1], [2]]"), "targets must hold"),
    "bias of another type": (text_of(bias="1"), "bias must be true or false"),
    "width 0": (text_of(width="0"), "between 1 and"),
    "absurd width": (text_of(width="100"), "between 1 and"),
    "float width": (text_of(width="2.0"), "positive integer"),
    "no inputs": (text_of(inputs=None), "inputs is missing"),
    "no targets": (text_of(targets=None), "targets is missing"),
    "no name": (text_of(name=None), "name is missing"),
    "bad name": (text_of(name='"A B"'), "name must be"),
    "key of another family": (text_of(target="1"), "did you mean targets"),
    "too many samples": (text_of(inputs=f"[{'[1], ' * 61}]", targets=f"[{'1, ' * 61}]"), "at most 60 samples"),
    "code": (text_of(inputs='[["__import__(1)"], [2]]'), "inputs must hold"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_bad_data_set_is_refused_in_one_line(case: str, tmp_path: Path, saddlery: Command) -> None:
    text, words = REFUSALS[case]
    path = tmp_path / "bad.toml"
    path.write_text(text)
    outcome = saddlery("build", str(path))
    assert outcome.is_refused(), outcome
    assert words in outcome.err
    assert "bad.toml" in outcome.err
    assert len(outcome.err) < 400
    assert list(tmp_path.iterdir()) == [path]


def test_a_long_list_of_contradictions_is_told_shortly(tmp_path: Path, saddlery: Command) -> None:
    path = tmp_path / "p.toml"
    path.write_text(text_of(inputs="[[1], [1], [1], [1]]", targets="[1, 2, 3, 4]", width="1"))
    outcome = saddlery("build", str(path), "--workers", "1")
    assert outcome.code == 0
    assert "samples 1 and 2, 1 and 3, 1 and 4 (and 3 more pairs) have equal inputs" in outcome.err


@given(st.lists(st.tuples(rationals, rationals), min_size=1, max_size=4), st.booleans(), st.data())
def test_a_problem_and_its_record_are_the_same(
    inputs: list[tuple[Fraction, Fraction]], bias: bool, data: st.DataObject
) -> None:
    targets = tuple(data.draw(rationals) for _ in inputs)
    problem = DatasetProblem("p", tuple(inputs), targets, bias)
    record = from_text(to_text(problem_record(problem)))
    assert problem_from_record(record) == problem
    assert problem_record(problem_from_record(record)) == record


@given(st.lists(rationals, min_size=1, max_size=4), st.none() | st.integers(0, 9), st.integers(0, 9))
def test_a_function_and_its_record_are_the_same(residuals: list[Fraction], minimal: int | None, clarke: int) -> None:
    loss = sum((one**2 for one in residuals), Fraction(0))
    function = DatasetFunction("p", f"p:{clarke}.1", tuple(residuals), loss, minimal, clarke)
    record = from_text(to_text(function_record(function)))
    assert function_from_record(record) == function
    assert function_record(function_from_record(record)) == record


@pytest.mark.parametrize(
    ("field", "value"), [("loss", {"rational": "0.5"}), ("residuals", ["2/4"]), ("rigor", "numerical"), ("label", None)]
)
def test_a_malformed_record_is_refused(field: str, value: object) -> None:
    record = function_record(DatasetFunction("p", "p:0.1", (Fraction(1),), Fraction(1, 2), 0, 0))
    if value is None:
        del record[field]
    else:
        record[field] = value
    with pytest.raises(CatalogError):
        function_from_record(record)
