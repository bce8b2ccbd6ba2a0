"""Transitions of interval problems as flat records, and the runs that make them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from catalog.errors import CatalogError
from catalog.interval.record import cell_from_record
from catalog.record import Record, from_text
from catalog.transition_text import (
    direction_answer,
    loss_end_answer,
    parameters_text,
    transition_from_record,
    transition_record,
)

if TYPE_CHECKING:
    from catalog.store import Store
    from symbolic.flow.interval_transitions import Transitions
    from symbolic.interval.problem import IntervalProblem

__all__ = [
    "direction_answer",
    "explorer",
    "loss_end_answer",
    "parameters",
    "refusal",
    "transition_from_record",
    "transition_record",
]

SEED = 0
"""Of the noise of repeated runs."""


def refusal(problem: IntervalProblem) -> str:
    """Why there are no transitions of a problem; empty if there are."""
    return "" if problem.activation == "relu" else 'transitions are for activation "relu", leaky or not'


def parameters() -> Record:
    """What the runs depend on beside the problem; numbers as text."""
    from symbolic.flow.interval_transitions import TransitionBudget

    return parameters_text(SEED, asdict(TransitionBudget()))


def explorer(store: Store, problem: IntervalProblem, width: int) -> Transitions:
    """What makes the runs of one width, from the systems that are stored.

    Raises:
        CatalogError: the stored strata are not those of the stored systems.
    """
    from catalog.strata_store import packed_strata
    from symbolic.flow.interval_transitions import Transitions
    from symbolic.surveys import plan, survey, survey_strata

    keys = set(plan(problem, width))
    stored = store.cells(problem.canonical()[0].text())
    known = {key: cell_from_record(from_text(cell.record)) for key, cell in stored.items() if key in keys}
    surveyed = survey(problem, width, known=known)
    strata = survey_strata(surveyed)
    if [one.label for one in strata.strata] != [row["label"] for row in packed_strata(store, problem.name, width)]:
        raise CatalogError(f"the strata of {problem.name} at width {width} are stored otherwise; build them again")
    return Transitions(surveyed, strata, seed=SEED)
