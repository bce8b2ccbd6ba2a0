"""Rows of the database from the rich objects of a survey of a teacher problem."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog import build_rows
from catalog.number_text import number_from_record
from catalog.record import Record
from catalog.store import Row
from catalog.teacher.names import isotropy_of, isotropy_word, row_class_names
from catalog.teacher.problem_table import problem_record
from catalog.teacher.record import function_record

if TYPE_CHECKING:
    from symbolic.teacher.functions import TeacherFunction
    from symbolic.teacher.problem import TeacherProblem
    from symbolic.teacher.survey import SpaceSearch, TeacherSurvey


def problem_row(problem: TeacherProblem) -> Row:
    sizes = {"teachers": problem.k, "dimension": problem.dimension}
    return build_rows.problem_row(problem, problem_record(problem), **sizes)


def function_row(function: TeacherFunction, position: int) -> Row:
    """The row of the database for a critical function."""
    record = function_record(function)
    own = {"name": function.family_name, "isotropy": isotropy_word(isotropy_of(function.space))}
    return build_rows.function_row(record, number_from_record(record["loss"]), position, **own)


def region_rows(survey: TeacherSurvey) -> list[Row]:
    """The fixed spaces of a survey, each with what its search did and the functions it met."""
    records = (search_record(survey.problem.name, survey.width, search) for search in survey.searches)
    return [build_rows.region_row(record, position) for position, record in enumerate(records)]


def search_record(problem: str, width: int, search: SpaceSearch) -> Record:
    """The flat form of the search of a fixed space.

    `neurons` names the class of each student row; `hits` counts, for each function, the starts that ended on it;
    `families` are the functions met as points of flat families only, recognized in floating point; `unresolved` counts
    the starts that ended at points which could not be certified.
    """
    from symbolic.teacher.functions import blocks_word

    space = search.space
    names = row_class_names(space)
    return {
        "label": f"{problem}@{width}:r:{blocks_word(space)}",
        "problem": problem,
        "width": width,
        "space": space.text,
        "isotropy": isotropy_of(space),
        "neurons": [
            name
            for name, rows in zip(names, space.row_classes, strict=True)
            for _ in range(1 if rows.block is None else space.sizes[rows.block])
        ],
        "seed": search.seed,
        "starts": search.starts,
        "rounds": search.rounds,
        "orbits": search.orbits,
        "hits": dict(search.hits),
        "families": sorted(search.families),
        "failed": search.failed,
        "vanished": search.vanished,
        "unresolved": sum(count for count, _ in search.unresolved),
        "completeness": search.completeness.status.value,
        "reason": search.completeness.reason,
        "caveat": search.completeness.caveat,
        "functions": list(search.hits),
    }
