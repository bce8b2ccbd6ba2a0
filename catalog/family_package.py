"""What the families answer in the same way, from the modules that the package of each one has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic

from catalog.families import Columns, Limits, P, Record, Row, Run, TransitionRecords

if TYPE_CHECKING:
    from catalog.store import Store


class FamilyPackage(Generic[P]):
    """The part of `catalog.families.Family` that is the same for every family whose package has the modules
    `problem_table`, `rows`, `building`, `transition_record`, `record`, `columns` and `latex`; each loads on first use.

    Where a family says nothing else, a build up to a width surveys all widths up to it, nothing is refused beforehand,
    and there is nothing to note, to doubt, or to release of systems.

    Args:
        package: its name.
    """

    def __init__(self, package: str) -> None:
        self._package = package

    def _module(self, name: str) -> Any:
        return import_module(f"{self._package}.{name}")

    def read_problem(self, table: Mapping[str, Any]) -> P:
        problem: P = self._module("problem_table").read_problem(table)
        return problem

    def default_width(self, problem: P) -> int | None:
        return None

    def notes(self, problem: P) -> tuple[str, ...]:
        return ()

    def problem_row(self, problem: P) -> Row:
        row: Row = self._module("rows").problem_row(problem)
        return row

    def problem_from_record(self, record: Mapping[str, Any]) -> P:
        problem: P = self._module("problem_table").problem_from_record(record)
        return problem

    def check_limits(self, problem: P, limits: Limits) -> None:
        return None

    def widths(self, width: int) -> Sequence[int]:
        return range(1, width + 1)

    def build(self, store: Store, problem: P, width: int, run: Run) -> None:
        self._module("building").build(store, problem, width, run)

    def doubts(self, store: Store, problem: P) -> Sequence[str]:
        return ()

    def transition_records(self) -> TransitionRecords:
        records: TransitionRecords = self._module("transition_record")
        return records

    def function_answer(self, record: Record, lower: float, upper: float) -> Row:
        """`record.function_answer` of the family between what every function has: its label, and what is known of it
        only with the strata over it."""
        from catalog.record import loss_answer

        own = self._module("record").function_answer(record, loss_answer(record["loss"], lower, upper))
        head = {name: record[name] for name in ("label", "problem", "family")}
        return {**head, **own, "kinds": None, "indices": None, "local_minimum": None}

    def systems(self, store: Store, problem: Row, width: int) -> list[Record]:
        return []

    def columns(self, entity: str) -> Columns:
        columns: Columns = self._module("columns").COLUMNS[entity]
        return columns

    def short_cells(self, entity: str, row: Mapping[str, Any]) -> list[str]:
        if entity == "strata":
            from catalog.strata_cells import stratum_cells

            return stratum_cells(row)
        if entity == "transitions":
            from catalog.transition_cells import transition_cells

            return transition_cells(row)
        cells: list[str] = self._module("columns").short_cells(entity, row)
        return cells

    def flat(self, entity: str, row: Mapping[str, Any]) -> Mapping[str, Any]:
        if entity == "strata":
            from catalog.strata_cells import flat_stratum

            return flat_stratum(row)
        if entity == "transitions":
            from catalog.transition_cells import flat_transition

            return flat_transition(row)
        if entity == "functions":
            from catalog.function_cells import flat_function

            return flat_function(row)
        return row

    def described(self, problem: P) -> str:
        words: str = self._module("latex").described(problem)
        return words

    def latex(self, entity: str, rows: Sequence[Row], complete: Mapping[str, Any], problem: P | None) -> str:
        """By `latex.render_functions`, `latex.render_strata` and so on; what a family does not have has no rows, and is
        printed as an empty table of regions. Transitions are the same for every family."""
        if entity == "transitions":
            from catalog.latex_transitions import render_transitions

            return render_transitions(rows, complete, problem=problem)
        tables = self._module("latex")
        render = getattr(tables, f"render_{entity}", tables.render_regions)
        text: str = render(rows, complete, problem=problem)
        return text
