"""The teacher family as the catalog sees it (`catalog.families.Family`); its modules load on first use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from catalog.families import Columns, Family, Limits, Record, Row, Run, StrataWords, TransitionRecords
from catalog.record import from_text

if TYPE_CHECKING:
    from catalog.store import Store
    from symbolic.teacher.problem import TeacherProblem


class TeacherFamily:
    """A student network against an orthonormal teacher, Gaussian inputs."""

    def read_problem(self, table: Mapping[str, Any]) -> TeacherProblem:
        from catalog.teacher.problem_table import read_problem

        return read_problem(table)

    def check_width(self, problem: TeacherProblem, width: int) -> int:
        from symbolic.teacher.problem import check_teacher_width

        return check_teacher_width(problem, width)

    def default_width(self, problem: TeacherProblem) -> int | None:
        return problem.k

    def notes(self, problem: TeacherProblem) -> tuple[str, ...]:
        return ()

    def problem_row(self, problem: TeacherProblem) -> Row:
        from catalog.teacher.rows import problem_row

        return problem_row(problem)

    def problem_from_record(self, record: Mapping[str, Any]) -> TeacherProblem:
        from catalog.teacher.problem_table import problem_from_record

        return problem_from_record(record)

    def check_limits(self, problem: TeacherProblem, limits: Limits) -> None:
        # A search has its own number of starts; nothing is refused beforehand.
        return None

    def widths(self, width: int) -> Sequence[int]:
        return (width,)

    def steps(self, problem: TeacherProblem, width: int) -> int:
        from catalog.teacher.building import steps

        return steps(problem)

    def build(self, store: Store, problem: TeacherProblem, width: int, run: Run) -> None:
        from catalog.teacher.building import build

        build(store, problem, width, run)

    def doubts(self, store: Store, problem: TeacherProblem) -> Sequence[str]:
        from catalog.teacher.branches import undecided_families

        return undecided_families(store, problem)

    def transition_records(self) -> TransitionRecords:
        from catalog.teacher import transition_record

        return transition_record

    def function_answer(self, record: Record, lower: float, upper: float) -> Row:
        from catalog.teacher.record import function_answer

        return function_answer(record, lower, upper)

    def strata_words(self, numbers: str, roles: str) -> StrataWords:
        from catalog.teacher.strata_record import TeacherWords

        return TeacherWords(numbers, roles)

    def systems(self, store: Store, problem: Row, width: int) -> list[Record]:
        """The searches of the fixed spaces of every width, and the named families in real k."""
        from catalog.teacher.branches import family_names, stored_branches

        widths = [row["width"] for row in store.surveys() if row["problem"] == problem["name"]]
        searches = [
            from_text(row["record"]) for one in widths if one <= width for row in store.regions(problem["name"], one)
        ]
        names = list(family_names(self.problem_from_record(from_text(problem["record"]))))
        followed, crossings = stored_branches(store, names)
        told = [
            {**from_text(row["record"]), **{field: row[field] for field in ("status", "reason", "caveat")}}
            for row in sorted(followed, key=lambda row: names.index(row["name"]))
        ]
        return [*searches, *told, *(from_text(row["record"]) for row in crossings)]

    def columns(self, entity: str) -> Columns:
        from catalog.teacher.columns import COLUMNS

        return COLUMNS[entity]

    def short_cells(self, entity: str, row: Mapping[str, Any]) -> list[str]:
        from catalog.teacher.columns import short_cells

        return short_cells(entity, row)

    def flat(self, entity: str, row: Mapping[str, Any]) -> Mapping[str, Any]:
        from catalog.teacher.columns import flat

        return flat(entity, row)

    def described(self, problem: TeacherProblem) -> str:
        from catalog.teacher.latex import described

        return described(problem)

    def latex(
        self, entity: str, rows: Sequence[Row], complete: Mapping[str, Any], problem: TeacherProblem | None
    ) -> str:
        if entity == "transitions":
            from catalog.latex_transitions import render_transitions

            return render_transitions(rows, complete, problem=problem)
        from catalog.teacher.latex import render_branches, render_functions, render_regions, render_strata

        if entity == "functions":
            return render_functions(rows, complete, problem=problem)
        if entity == "strata":
            return render_strata(rows, complete, problem=problem)
        if entity == "branches":
            return render_branches(rows, complete, problem=problem)
        return render_regions(rows, complete, problem=problem)


FAMILY: Family[TeacherProblem] = TeacherFamily()
