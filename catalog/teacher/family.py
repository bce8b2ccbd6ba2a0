"""The teacher family as the catalog sees it (`catalog.families.Family`); its modules load on first use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from catalog.families import Family, Record, Row, StrataWords
from catalog.family_package import FamilyPackage
from catalog.record import from_text

if TYPE_CHECKING:
    from catalog.store import Store
    from symbolic.teacher.problem import TeacherProblem


class TeacherFamily(FamilyPackage["TeacherProblem"]):
    """A student network against an orthonormal teacher, Gaussian inputs. A search has its own number of starts; none is
    refused beforehand."""

    def check_width(self, problem: TeacherProblem, width: int) -> int:
        from symbolic.teacher.problem import check_teacher_width

        return check_teacher_width(problem, width)

    def default_width(self, problem: TeacherProblem) -> int | None:
        return problem.k

    def widths(self, width: int) -> Sequence[int]:
        return (width,)

    def steps(self, problem: TeacherProblem, width: int) -> int:
        from catalog.teacher.building import steps

        return steps(problem)

    def doubts(self, store: Store, problem: TeacherProblem) -> Sequence[str]:
        from catalog.teacher.branches import undecided_families

        return undecided_families(store, problem)

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


FAMILY: Family[TeacherProblem] = TeacherFamily(__package__)
