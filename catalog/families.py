"""What the catalog needs of a family of problems, and where each family's answer to it is.

Everything that is specific to a family stands behind `Family`: reading its problems, surveying them into the database,
its records, and the tables in which people read them. The rest of the catalog knows families by this protocol only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from symbolic.problem import Problem

if TYPE_CHECKING:
    from catalog.store import Store

FAMILIES = ("interval", "dataset", "teacher")
"""Every family that a problem file may name."""

_HOMES = {
    "interval": "catalog.interval.family",
    "dataset": "catalog.dataset.family",
    "teacher": "catalog.teacher.family",
}

AVAILABLE = tuple(_HOMES)
"""The families of this version."""

Row = dict[str, Any]
Record = dict[str, Any]

P = TypeVar("P", bound=Problem)


@dataclass(frozen=True)
class Limits:
    """What the user allows a survey to spend; None is no limit, or the one of the family.

    Attributes:
        seconds: for one system of equations.
        patterns: activation patterns of one data set.
    """

    seconds: float | None = None
    patterns: int | None = None


@dataclass(frozen=True)
class Run:
    """What a build gives to a family.

    Attributes:
        executor: where units of work may run; this process if None.
        limits: see there.
        step: to be called with the width at work and the number of steps done since the last call.
    """

    executor: Executor | None
    limits: Limits
    step: Callable[[int, int], None]


@dataclass(frozen=True)
class Columns:
    """Names of columns: of the table for the eye, and of CSV."""

    short: tuple[str, ...]
    csv: tuple[str, ...]


class StrataWords(Protocol):
    """The numbers and roles that the packed strata of one problem and width refer to."""

    @property
    def roles(self) -> Mapping[str, Mapping[str, Any]]:
        """What a code in a label means."""

    def row(self, packed: Mapping[str, Any]) -> Row:
        """The row that a query answers."""

    def record(self, packed: Mapping[str, Any]) -> Record:
        """The flat record that is released."""


class TransitionRecords(Protocol):
    """What makes the transitions of the problems of one family, and their records: a module of its package."""

    def refusal(self, problem: Any) -> str:
        """Why there are no transitions of a problem; empty if there are."""

    def parameters(self) -> Record:
        """What the runs depend on beside the problem; numbers as text."""

    def explorer(self, store: Store, problem: Any, width: int) -> Any:
        """What makes the runs of one width: an object with the methods and attributes `sources`, `prepare`,
        `departures`, `transitions_from`, `problem` and `strata` of `symbolic.flow.interval_transitions.Transitions`.

        Raises:
            CatalogError: the stored strata are not those of the stored functions.
        """

    def transition_record(self, transition: Any) -> Record:
        """The flat form of a transition."""

    def direction_answer(self, record: Mapping[str, Any]) -> dict[str, str]:
        """The direction as a query answers it, decimals by parameter."""

    def loss_end_answer(self, record: Mapping[str, Any]) -> Record:
        """The loss where a run without a target ended: measured, without bounds."""


class Family(Protocol[P]):
    """One family of problems in the catalog. `entity` is "problems", "regions", "functions" or "strata"."""

    # Problems.

    def read_problem(self, table: Mapping[str, Any]) -> P:
        """The problem of a TOML table.

        Raises:
            InvalidProblem, Refusal: one line that says what would be right.
        """

    def check_width(self, problem: P, width: int) -> int:
        """The width itself if it can be surveyed; else `InvalidProblem`."""

    def default_width(self, problem: P) -> int | None:
        """The width to survey where neither the file nor the user names one; None if there is none."""

    def notes(self, problem: P) -> tuple[str, ...]:
        """What the user should know of a legal problem before reading answers to it."""

    def problem_row(self, problem: P) -> Row:
        """Its row in the database."""

    def problem_from_record(self, record: Mapping[str, Any]) -> P:
        """The problem of a stored record."""

    # Building.

    def check_limits(self, problem: P, limits: Limits) -> None:
        """Refuse, before anything is surveyed, what is known to need more than the limits allow.

        Raises:
            CatalogError: one line with the size, and how to allow it.
        """

    def widths(self, width: int) -> Sequence[int]:
        """The widths that a build up to this one surveys."""

    def steps(self, problem: P, width: int) -> int:
        """How many steps of progress a build up to this width has."""

    def build(self, store: Store, problem: P, width: int, run: Run) -> None:
        """Survey the widths into the database, going on where an earlier build was stopped."""

    def doubts(self, store: Store, problem: P) -> Sequence[str]:
        """What a build left undecided apart from its surveys, one line for each."""

    def transition_records(self) -> TransitionRecords:
        """What makes its transitions."""

    # Records.

    def function_answer(self, record: Record, lower: float, upper: float) -> Row:
        """The row that a query answers for a stored function, with the outward bounds of its loss."""

    def strata_words(self, numbers: str, roles: str) -> StrataWords:
        """The words of the strata of one width, from their stored texts."""

    def systems(self, store: Store, problem: Row, width: int) -> list[Record]:
        """What is released of the systems behind the surveys up to a width."""

    # Tables for people.

    def columns(self, entity: str) -> Columns:
        """The columns of the tables of an entity."""

    def short_cells(self, entity: str, row: Mapping[str, Any]) -> list[str]:
        """The cells of a row under `columns(entity).short`."""

    def flat(self, entity: str, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """A row with a value for each of `columns(entity).csv`."""

    def described(self, problem: P) -> str:
        """The problem in the caption of a LaTeX table, after its name."""

    def latex(self, entity: str, rows: Sequence[Row], complete: Mapping[str, Any], problem: P | None) -> str:
        """The LaTeX table of functions, regions or strata, with the statement of completeness under it."""


@cache
def family_named(name: str) -> Family[Any]:
    """The family of this name, one of `AVAILABLE`."""
    family: Family[Any] = import_module(_HOMES[name]).FAMILY
    return family


def family_of(row: Mapping[str, Any]) -> Family[Any]:
    """The family that a problem, or a row of an answer, says it is of."""
    return family_named(row["family"])
