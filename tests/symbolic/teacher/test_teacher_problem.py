"""Teacher problems: what is accepted, which fixed spaces are searched, and the line that says what is wrong."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

import symbolic
from symbolic.errors import InvalidProblem
from symbolic.teacher.fixed_spaces import FixedSpace
from symbolic.teacher.problem import TeacherProblem, check_teacher_width

BUNDLED = sorted((Path(__file__).parents[3] / "data" / "problems").glob("teacher*.toml"))


def test_defaults() -> None:
    problem = TeacherProblem("t", 10, ((10,), (9, 1)))
    assert (problem.family, problem.students, problem.dimension) == ("teacher", 10, 10)
    assert problem.canonical_text() == "teacher k=10 inputs=10 isotropy=10;9,1"
    assert symbolic.TeacherProblem is TeacherProblem


def test_the_order_of_blocks_and_lists_and_the_width_do_not_change_the_mathematics() -> None:
    first = TeacherProblem("t", 10, ((8, 2), (10,)), inputs=12)
    second = TeacherProblem("u", 10, ((10,), (2, 8)), width=11, inputs=12)
    assert first.canonical_text() == second.canonical_text()
    assert first.canonical_text() != TeacherProblem("t", 10, ((8, 2), (10,))).canonical_text()


def test_spaces_by_width() -> None:
    problem = TeacherProblem("t", 6, ((6,), (1, 5), (4, 2)), inputs=7)
    assert problem.spaces(6) == tuple(FixedSpace(sizes, inputs=7) for sizes in ((6,), (5, 1), (4, 2)))
    wider = problem.spaces(7)
    assert len(wider) == 6
    assert FixedSpace((5, 1), extra_rows=1, inputs=7) in wider
    assert FixedSpace((5, 1), inputs=7) in wider
    narrow = TeacherProblem("t", 6, ((5, 1), (4, 2)))
    assert narrow.spaces(5) == (FixedSpace((5,), (1,)), FixedSpace((4,), (2,), extra_rows=1))
    assert TeacherProblem("t", 6, ((3, 2, 1),)).spaces(3) == (FixedSpace((2, 1), (3,)), FixedSpace((3,), (2, 1)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"k": 1, "isotropy": ((1,),)}, "k must be between 2 and 1000, not 1"),
        ({"k": 10.5}, "k must be an integer, not 10.5"),
        ({"k": True}, "k must be an integer, not True"),
        ({"isotropy": ()}, "isotropy needs at least one list"),
        ({"isotropy": ((9, 2),)}, r"the block sizes \[9, 2\] add up to 11, not to k = 10"),
        ({"isotropy": ((10, 0),)}, "block sizes are integers of at least 1"),
        ({"isotropy": ((9.0, 1),)}, "block sizes are integers of at least 1"),
        ({"isotropy": ([9, 1],)}, r"isotropy holds lists of block sizes such as \[9, 1\]"),
        ({"isotropy": ((9, 1), (1, 9))}, "the same block sizes twice"),
        ({"isotropy": ((5, 1, 1, 1, 1, 1),)}, "at most 5 blocks, not 6"),
        ({"inputs": 9}, "inputs must be between 10 and 10000, not 9"),
        ({"width": 0}, "width must be between 1 and 13, not 0"),
        ({"width": 14}, "width must be between 1 and 13, not 14"),
        ({"width": 5}, r"no blocks of \[10\] come within 3 of the 5 students: 5 rows without symmetry are too many"),
        ({"name": "Teacher"}, "name must be"),
    ],
)
def test_bad_input_is_one_line(change: dict[str, Any], words: str) -> None:
    arguments: dict[str, Any] = {"name": "t", "k": 10, "isotropy": ((10,),), **change}
    with pytest.raises(InvalidProblem, match=words) as caught:
        TeacherProblem(**arguments)
    assert "\n" not in str(caught.value)


def test_the_width_of_a_survey_is_checked() -> None:
    wrong: Any = 6.0
    with pytest.raises(InvalidProblem, match="width must be an integer"):
        check_teacher_width(TeacherProblem("t", 6, ((6,),)), wrong)


@pytest.mark.parametrize("path", BUNDLED, ids=lambda path: path.stem)
def test_bundled_problems(path: Path) -> None:
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    k = table["k"]
    problem = TeacherProblem(table["name"], k, tuple(tuple(blocks) for blocks in table["isotropy"]))
    assert problem.isotropy == ((k,), (k - 1, 1), (k - 2, 2))
    assert table["family"] == problem.family


def test_the_four_problems_are_bundled() -> None:
    assert [path.stem for path in BUNDLED] == ["teacher10", "teacher20", "teacher6", "teacher7"]
