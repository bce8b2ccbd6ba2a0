"""A teacher problem as the table of a TOML file and as a flat record."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from catalog.problem_fields import Refusal, SpelledFloat, check_keys, short, width_field
from catalog.record import Reading, Record
from symbolic.teacher.problem import TeacherProblem, check_teacher_width

KEYS = ("name", "family", "k", "isotropy", "width", "inputs")

_REAL = re.compile(r"[+-]?[0-9]+(?:/[0-9]+|\.[0-9]*)?")


def read_problem(table: Mapping[str, Any]) -> TeacherProblem:
    """The problem of a TOML table.

    Raises:
        InvalidProblem, Refusal: one line that says what would be right.
    """
    check_keys(table, KEYS, {"name": '"teacher10"', "k": "10", "isotropy": "[[10], [9, 1]]"})
    inputs = table.get("inputs")
    problem = TeacherProblem(
        table["name"],
        _whole("k", table["k"]),
        _isotropy(table["isotropy"]),
        inputs=None if inputs is None else _whole("inputs", inputs),
    )
    width = width_field(table)
    if width is not None:
        check_teacher_width(problem, width)
    return problem


def problem_record(problem: TeacherProblem) -> Record:
    """The flat form of a problem: its name and what `canonical_text` says, field by field."""
    return {
        "name": problem.name,
        "family": problem.family,
        "k": problem.k,
        "inputs": problem.dimension,
        "isotropy": [list(blocks) for blocks in isotropy_lists(problem)],
    }


def problem_from_record(record: Mapping[str, Any]) -> TeacherProblem:
    """The problem of a flat form."""
    with Reading("problem"):
        k, inputs = record["k"], record["inputs"]
        isotropy = tuple(tuple(blocks) for blocks in record["isotropy"])
        return TeacherProblem(record["name"], k, isotropy, inputs=None if inputs == k else inputs)


def isotropy_lists(problem: TeacherProblem) -> list[tuple[int, ...]]:
    """The lists of block sizes, each decreasing, the coarsest first."""
    return sorted((tuple(sorted(blocks, reverse=True)) for blocks in problem.isotropy), reverse=True)


def _whole(key: str, value: object) -> int:
    """An integer of the file; what is out of range is refused by the problem."""
    spelled = value.text if isinstance(value, SpelledFloat) else value
    if isinstance(spelled, int) and not isinstance(spelled, bool):
        return spelled
    if isinstance(spelled, str) and re.fullmatch(r"[0-9]{1,9}", spelled.strip()):
        return int(spelled)
    if key == "k" and isinstance(spelled, str) and _REAL.fullmatch(spelled.strip()):
        raise Refusal(
            f"k = {short(value)} is no number of neurons: a build needs an integer k of at least 2; "
            "points for other real k are formal and occur in branches only"
        )
    raise Refusal(f"{key} must be an integer, not {short(value)}")


def _isotropy(value: object) -> tuple[tuple[int, ...], ...]:
    if not isinstance(value, list):
        raise Refusal(f"isotropy must be lists of block sizes, such as [[10], [9, 1]], not {short(value)}")
    lists = []
    for blocks in value:
        if not isinstance(blocks, list):
            raise Refusal(f"isotropy must hold lists of block sizes, such as [9, 1], not {short(blocks)}")
        lists.append(tuple(_whole("isotropy: a block size", size) for size in blocks))
    return tuple(lists)
