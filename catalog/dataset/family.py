"""The data-set family as the catalog sees it (`catalog.families.Family`); its modules load on first use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from catalog.families import Columns, Family, Limits, Record, Row, Run, StrataWords, TransitionRecords

if TYPE_CHECKING:
    from catalog.store import Store
    from symbolic.dataset.problem import DatasetProblem


class DatasetFamily:
    """Finitely many labelled samples."""

    def read_problem(self, table: Mapping[str, Any]) -> DatasetProblem:
        from catalog.dataset.problem_table import read_problem

        return read_problem(table)

    def check_width(self, problem: DatasetProblem, width: int) -> int:
        from symbolic.dataset.problem import check_dataset_width

        return check_dataset_width(width)

    def default_width(self, problem: DatasetProblem) -> int | None:
        return None

    def notes(self, problem: DatasetProblem) -> tuple[str, ...]:
        from catalog.dataset.problem_table import notes

        return notes(problem)

    def problem_row(self, problem: DatasetProblem) -> Row:
        from catalog.dataset.rows import problem_row

        return problem_row(problem)

    def problem_from_record(self, record: Mapping[str, Any]) -> DatasetProblem:
        from catalog.dataset.problem_table import problem_from_record

        return problem_from_record(record)

    def check_limits(self, problem: DatasetProblem, limits: Limits) -> None:
        from catalog.dataset.building import check_limits

        check_limits(problem, limits)

    def widths(self, width: int) -> Sequence[int]:
        return range(1, width + 1)

    def steps(self, problem: DatasetProblem, width: int) -> int:
        return width

    def build(self, store: Store, problem: DatasetProblem, width: int, run: Run) -> None:
        from catalog.dataset.building import build

        build(store, problem, width, run)

    def doubts(self, store: Store, problem: DatasetProblem) -> Sequence[str]:
        return ()

    def transition_records(self) -> TransitionRecords:
        from catalog.dataset import transition_record

        return transition_record

    def function_answer(self, record: Record, lower: float, upper: float) -> Row:
        from catalog.dataset.record import function_answer

        return function_answer(record, lower, upper)

    def strata_words(self, numbers: str, roles: str) -> StrataWords:
        from catalog.dataset.strata_record import DatasetWords

        return DatasetWords(numbers, roles)

    def systems(self, store: Store, problem: Row, width: int) -> list[Record]:
        """None: the cases of a data set are closed within the survey of a width."""
        return []

    def columns(self, entity: str) -> Columns:
        from catalog.dataset.columns import COLUMNS

        return COLUMNS[entity]

    def short_cells(self, entity: str, row: Mapping[str, Any]) -> list[str]:
        from catalog.dataset.columns import short_cells

        return short_cells(entity, row)

    def flat(self, entity: str, row: Mapping[str, Any]) -> Mapping[str, Any]:
        from catalog.dataset.columns import flat

        return flat(entity, row)

    def described(self, problem: DatasetProblem) -> str:
        from catalog.dataset.latex import described

        return described(problem)

    def latex(
        self, entity: str, rows: Sequence[Row], complete: Mapping[str, Any], problem: DatasetProblem | None
    ) -> str:
        if entity == "transitions":
            from catalog.latex_transitions import render_transitions

            return render_transitions(rows, complete, problem=problem)
        from catalog.dataset.latex import render_functions, render_regions, render_strata
        from catalog.dataset.latex_sweeps import render_sweeps

        if entity == "sweeps":
            return render_sweeps(rows, complete)
        if entity == "functions":
            return render_functions(rows, complete, problem=problem)
        if entity == "strata":
            return render_strata(rows, complete, problem=problem)
        return render_regions(rows, complete, problem=problem)


FAMILY: Family[DatasetProblem] = DatasetFamily()
