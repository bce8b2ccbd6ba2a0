"""Problem files of the teacher family: what is read, and one clear line for everything that is no such problem."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Command

from catalog.build import jobs_of
from catalog.errors import CatalogError
from catalog.problem_file import bundled_problem_files, load_problem
from catalog.record import from_text, to_text
from catalog.teacher.names import entry_names, irrep_name, isotropy_of, row_class_names
from catalog.teacher.problem_table import problem_from_record, problem_record
from symbolic.teacher.fixed_spaces import FixedSpace
from symbolic.teacher.problem import TeacherProblem

GOOD = {"name": '"t"', "family": '"teacher"', "k": "6", "isotropy": "[[6], [1, 5]]"}


def text_of(**changes: str | None) -> str:
    fields = {key: value for key, value in (GOOD | changes).items() if value is not None}
    return "".join(f"{key} = {value}\n" for key, value in fields.items())


def write(folder: Path, **changes: str | None) -> Path:
    path = folder / "t.toml"
    path.write_text(text_of(**changes))
    return path


def test_the_bundled_teacher_problems() -> None:
    loaded = [load_problem(file) for file in bundled_problem_files()]
    found = {
        one.problem.name: (one.problem.k, one.problem.isotropy, one.width)
        for one in loaded
        if isinstance(one.problem, TeacherProblem)
    }
    assert found == {f"teacher{k}": (k, ((k,), (k - 1, 1), (k - 2, 2)), k) for k in (6, 7, 10, 20)}


def test_defaults_and_the_width(tmp_path: Path) -> None:
    loaded = load_problem(write(tmp_path))
    assert loaded.problem == TeacherProblem("t", 6, ((6,), (1, 5)))
    assert loaded.width == 6
    path = write(tmp_path, width="7", inputs='"8"', k='"6"')
    loaded = load_problem(path)
    assert loaded.problem == TeacherProblem("t", 6, ((6,), (1, 5)), inputs=8)
    assert loaded.width == 7
    (job,) = jobs_of([path], 8)
    assert (job.width, tuple(job.widths)) == (8, (8,))


@pytest.mark.parametrize("inputs", [None, 9])
def test_a_problem_is_its_record(inputs: int | None) -> None:
    problem = TeacherProblem("t", 6, ((6,), (5, 1), (3, 2, 1)), inputs=inputs)
    record = from_text(to_text(problem_record(problem)))
    assert problem_from_record(record) == problem
    assert problem_record(problem_from_record(record)) == record


REFUSALS: dict[str, tuple[dict[str, str | None], str]] = {
    "no k": ({"k": None}, "k is missing"),
    "no isotropy": ({"isotropy": None}, "isotropy is missing"),
    "k below 2": ({"k": "1", "isotropy": "[[1]]"}, "k must be between 2 and"),
    "negative k": ({"k": "-3"}, "k must be between 2 and"),
    "too many teachers": ({"k": "100000"}, "k must be between 2 and"),
    "k is a fraction": ({"k": '"21/2"'}, "a build needs an integer k of at least 2"),
    "k is a decimal": ({"k": "5.5"}, "k = 5.5 is no number of neurons"),
    "k is a word": ({"k": '"many"'}, "k must be an integer"),
    "k is true": ({"k": "true"}, "k must be an integer"),
    "sizes do not add up": ({"isotropy": "[[6], [4, 1]]"}, "the block sizes [4, 1] add up to 5, not to k = 6"),
    "a size of 0": ({"isotropy": "[[6, 0]]"}, "block sizes are integers of at least 1"),
    "a real size": ({"isotropy": "[[5.5, 0.5]]"}, "a block size must be an integer"),
    "no lists": ({"isotropy": "[6]"}, "isotropy must hold lists of block sizes"),
    "no list": ({"isotropy": "6"}, "isotropy must be lists of block sizes"),
    "empty": ({"isotropy": "[]"}, "isotropy needs at least one list"),
    "an empty list": ({"isotropy": "[[]]"}, "isotropy holds lists of block sizes"),
    "the same sizes twice": ({"isotropy": "[[5, 1], [1, 5]]"}, "the same block sizes twice"),
    "width 0": ({"width": "0"}, "width must be between 1 and"),
    "width far above k": ({"width": "60"}, "width must be between 1 and"),
    "width far below k": ({"k": "9", "isotropy": "[[9]]", "width": "5"}, "rows without symmetry are too many"),
    "width of words": ({"width": '"wide"'}, "width must be a positive integer"),
    "inputs below k": ({"inputs": "5"}, "inputs must be between 6 and"),
    "inputs are a list": ({"inputs": "[6]"}, "inputs must be an integer"),
    "unknown key": ({"teachers": "6"}, "unknown key"),
    "key of another family": ({"targets": "[1]"}, "unknown key"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_is_no_teacher_problem_is_refused_in_one_line(case: str, tmp_path: Path, saddlery: Command) -> None:
    changes, words = REFUSALS[case]
    path = write(tmp_path, **changes)
    with pytest.raises(CatalogError) as caught:
        load_problem(path)
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")
    outcome = saddlery("build", str(path))
    assert outcome.is_refused(), outcome
    assert words in outcome.err
    assert len(outcome.err) < 400


def test_a_width_on_the_command_line_is_checked(tmp_path: Path, saddlery: Command) -> None:
    for width in ("0", "-1", "10"):
        outcome = saddlery("build", str(write(tmp_path)), "--width", width)
        assert outcome.is_refused(), outcome


def test_blocks_are_numbered_by_decreasing_size() -> None:
    """A fixed space numbers the blocks with rows first; the catalog numbers the largest block 0."""
    space = FixedSpace((2,), (4,), 1)
    assert space.names == ("A0", "B00", "B01", "C0_0", "C0_1")
    assert isotropy_of(space) == [4, 2]
    assert entry_names(space) == ["A1", "B11", "B10", "C0_1", "C0_0"]
    assert row_class_names(space) == ["A1", "C0"]
    assert [irrep_name(space, name) for name in ("t", "s0", "y1", "s0*s1", "e:s0")] == [
        "t", "s1", "y0", "s0*s1", "e:s1",
    ]
    plain = FixedSpace((5, 2, 1), (), 0, 10)
    assert entry_names(plain) == list(plain.names)
    assert [irrep_name(plain, name) for name in ("s0*s2", "x1")] == ["s0*s2", "x1"]
