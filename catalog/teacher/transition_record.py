"""Transitions of teacher problems as flat records, and the runs that make them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from catalog import transition_text
from catalog.errors import CatalogError
from catalog.record import Reading, Record, from_text
from catalog.transition_text import loss_end_answer, parameters_text
from symbolic.enclosure import Number

if TYPE_CHECKING:
    from catalog.store import Store
    from symbolic.flow.teacher_transitions import TeacherTransition, TeacherTransitions
    from symbolic.teacher.problem import TeacherProblem

__all__ = [
    "direction_answer",
    "explorer",
    "loss_end_answer",
    "parameters",
    "refusal",
    "transition_from_record",
    "transition_record",
]

CHOICE = ("space", "irrep", "axis")
"""Fields of a transition that say which eigenvector was taken."""

SEED = 0
"""Of the noise of repeated runs."""


def refusal(problem: TeacherProblem) -> str:
    """Why there are no transitions of a problem; empty if there are."""
    return ""


def parameters() -> Record:
    """What the runs depend on beside the problem; numbers as text."""
    from symbolic.flow.teacher_transitions import TransitionBudget

    return parameters_text(SEED, asdict(TransitionBudget()))


def explorer(store: Store, problem: TeacherProblem, width: int) -> TeacherTransitions:
    """What makes the runs of one width, from the critical functions that are stored, each certified anew.

    Raises:
        CatalogError: a function is stored otherwise than it is found next to its entries, or the stored strata are not
            those of the stored functions.
    """
    from catalog.strata_store import packed_strata
    from catalog.teacher.record import function_from_record
    from symbolic.flow.teacher_transitions import TeacherTransitions
    from symbolic.problem import Completeness, CompletenessStatus
    from symbolic.teacher.strata import strata_of
    from symbolic.teacher.survey import TeacherStrata

    functions = [function_from_record(from_text(row["record"])) for row in store.functions(problem.name, width)]
    listed = tuple(stratum for function in functions for stratum in strata_of(function, width))
    if [one.label for one in listed] != [row["label"] for row in packed_strata(store, problem.name, width)]:
        raise CatalogError(f"the strata of {problem.name} at width {width} are stored otherwise; build them again")
    searched = Completeness(CompletenessStatus.SEARCHED, "the functions of the database")
    return TeacherTransitions(functions, TeacherStrata(problem, width, listed, searched), seed=SEED)


def transition_record(transition: TeacherTransition) -> Record:
    """The flat form of a transition: that of every family, and how the direction was chosen."""
    return transition_text.transition_record(transition) | {name: getattr(transition, name) for name in CHOICE}


def transition_from_record(record: Mapping[str, Any], losses: Mapping[str, Number]) -> TeacherTransition:
    """The transition of a flat form.

    Args:
        record: from `transition_record`.
        losses: of the critical functions, by label.

    Raises:
        CatalogError: not such a record.
    """
    from symbolic.flow.teacher_transitions import TeacherTransition

    found = transition_text.transition_from_record(record, losses)
    with Reading("transition"):
        told = {one.name: getattr(found, one.name) for one in fields(found)}
        return TeacherTransition(**told, **{name: record[name] for name in CHOICE})


def direction_answer(record: Mapping[str, Any]) -> dict[str, str]:
    """The direction as a query answers it: how it was chosen, then decimals by entry (they are approximate)."""
    return {name: record[name] for name in CHOICE} | transition_text.direction_answer(record)
