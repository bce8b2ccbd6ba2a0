"""The interval family as the catalog sees it (`catalog.families.Family`); its modules load on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.families import Family, Record, Row, StrataWords
from catalog.family_package import FamilyPackage
from catalog.record import from_text

if TYPE_CHECKING:
    from catalog.store import Store
    from symbolic.interval.problem import IntervalProblem


class IntervalFamily(FamilyPackage["IntervalProblem"]):
    """One real input: polynomial targets on an interval. A system that runs out of time is undecided, none is refused
    beforehand."""

    def check_width(self, problem: IntervalProblem, width: int) -> int:
        from symbolic.interval.problem import check_width

        return check_width(width)

    def steps(self, problem: IntervalProblem, width: int) -> int:
        from catalog.interval.building import steps

        return steps(problem, width)

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


FAMILY: Family[IntervalProblem] = IntervalFamily(__package__)
