"""The interval family as the catalog sees it (`catalog.families.Family`); its modules load on first use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from catalog.families import Columns, Family, Limits, Record, Row, Run, StrataWords, TransitionRecords
from catalog.record import from_text

if TYPE_CHECKING:
    from catalog.store import Store
    from symbolic.interval.problem import IntervalProblem


class IntervalFamily:
    """One real input: polynomial targets on an interval."""

    def read_problem(self, table: Mapping[str, Any]) -> IntervalProblem:
        from catalog.interval.problem_table import read_problem

        return read_problem(table)

    def check_width(self, problem: IntervalProblem, width: int) -> int:
        from symbolic.interval.problem import check_width

        return check_width(width)

    def default_width(self, problem: IntervalProblem) -> int | None:
        return None

    def notes(self, problem: IntervalProblem) -> tuple[str, ...]:
        return ()

    def problem_row(self, problem: IntervalProblem) -> Row:
        from catalog.interval.rows import problem_row

        return problem_row(problem)

    def problem_from_record(self, record: Mapping[str, Any]) -> IntervalProblem:
        from catalog.interval.problem_table import problem_from_record

        return problem_from_record(record)

    def check_limits(self, problem: IntervalProblem, limits: Limits) -> None:
        # A system that runs out of time is undecided; nothing is refused beforehand.
        return None

    def widths(self, width: int) -> Sequence[int]:
        return range(1, width + 1)

    def steps(self, problem: IntervalProblem, width: int) -> int:
        from catalog.interval.building import steps

        return steps(problem, width)

    def build(self, store: Store, problem: IntervalProblem, width: int, run: Run) -> None:
        from catalog.interval.building import build

        build(store, problem, width, run)

    def doubts(self, store: Store, problem: IntervalProblem) -> Sequence[str]:
        return ()

    def transition_records(self) -> TransitionRecords:
        from catalog.interval import transition_record

        return transition_record

    def function_answer(self, record: Record, lower: float, upper: float) -> Row:
        from catalog.interval.record import function_answer

        return function_answer(record, lower, upper)

    def strata_words(self, numbers: str, roles: str) -> StrataWords:
        from catalog.interval.strata_record import Vocabulary

        return Vocabulary(numbers, roles)

    def systems(self, store: Store, problem: Row, width: int) -> list[Record]:
        """The solved systems: status and number of solutions."""
        stored = sorted(store.cells(problem["canonical"]).items(), key=lambda item: item[0])
        records = [from_text(cell.record) for (knots, _), cell in stored if knots <= width]
        return [
            {
                "knots": record["knots"],
                "system": record["system"],
                "status": record["completeness"]["status"],
                "solutions": len(record["roots"]),
            }
            for record in records
        ]

    def columns(self, entity: str) -> Columns:
        from catalog.interval.columns import COLUMNS

        return COLUMNS[entity]

    def short_cells(self, entity: str, row: Mapping[str, Any]) -> list[str]:
        from catalog.interval.columns import short_cells

        return short_cells(entity, row)

    def flat(self, entity: str, row: Mapping[str, Any]) -> Mapping[str, Any]:
        from catalog.interval.columns import flat

        return flat(entity, row)

    def described(self, problem: IntervalProblem) -> str:
        from catalog.interval.latex import described

        return described(problem)

    def latex(
        self, entity: str, rows: Sequence[Row], complete: Mapping[str, Any], problem: IntervalProblem | None
    ) -> str:
        from catalog.interval.latex import render_functions, render_regions
        from catalog.interval.latex_strata import render_strata

        if entity == "functions":
            return render_functions(rows, complete, problem=problem)
        if entity == "strata":
            return render_strata(rows, complete, problem=problem)
        if entity == "transitions":
            from catalog.latex_transitions import render_transitions

            return render_transitions(rows, complete, problem=problem)
        return render_regions(rows, complete, problem=problem)


FAMILY: Family[IntervalProblem] = IntervalFamily()
