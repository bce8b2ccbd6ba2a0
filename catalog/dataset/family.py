"""The data-set family as the catalog sees it (`catalog.families.Family`); its modules load on first use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from catalog.families import Family, Limits, Row, StrataWords
from catalog.family_package import FamilyPackage

if TYPE_CHECKING:
    from symbolic.dataset.problem import DatasetProblem


class DatasetFamily(FamilyPackage["DatasetProblem"]):
    """Finitely many labelled samples. The cases are closed within the survey of a width: there are no systems to
    release."""

    def check_width(self, problem: DatasetProblem, width: int) -> int:
        from symbolic.dataset.problem import check_dataset_width

        return check_dataset_width(width)

    def notes(self, problem: DatasetProblem) -> tuple[str, ...]:
        from catalog.dataset.problem_table import notes

        return notes(problem)

    def check_limits(self, problem: DatasetProblem, limits: Limits) -> None:
        from catalog.dataset.building import check_limits

        check_limits(problem, limits)

    def steps(self, problem: DatasetProblem, width: int) -> int:
        return width

    def strata_words(self, numbers: str, roles: str) -> StrataWords:
        from catalog.dataset.strata_record import DatasetWords

        return DatasetWords(numbers, roles)

    def latex(
        self, entity: str, rows: Sequence[Row], complete: Mapping[str, Any], problem: DatasetProblem | None
    ) -> str:
        if entity == "sweeps":
            from catalog.dataset.latex_sweeps import render_sweeps

            return render_sweeps(rows, complete)
        return super().latex(entity, rows, complete, problem)


FAMILY: Family[DatasetProblem] = DatasetFamily(__package__)
