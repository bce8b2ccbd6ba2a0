"""Transitions of data sets: the runs that make them, from what is stored."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from catalog.errors import CatalogError
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
    from symbolic.dataset.problem import DatasetProblem
    from symbolic.flow.dataset_transitions import Transitions

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

ALL_PATTERNS = 10**9
"""The patterns were listed before, within the limits of that build."""


def refusal(problem: DatasetProblem) -> str:
    """Why there are no transitions of a problem: empty, there always are."""
    return ""


def parameters() -> Record:
    """What the runs depend on beside the problem; numbers as text."""
    from symbolic.flow.dataset_transitions import TransitionBudget

    return parameters_text(SEED, asdict(TransitionBudget()))


def explorer(store: Store, problem: DatasetProblem, width: int) -> Transitions:
    """What makes the runs of one width, from the functions and cases that are stored.

    Raises:
        CatalogError: the strata of this width were too many to be listed, or are stored otherwise.
    """
    from catalog.dataset.case_record import stored_cases
    from catalog.dataset.record import function_from_record
    from catalog.strata_store import packed_strata, strata_surveys_of
    from symbolic.dataset.patterns import arrangement
    from symbolic.dataset.survey import PROOF, DatasetStrata, DatasetSurvey, survey_dataset_strata
    from symbolic.flow.dataset_transitions import Transitions
    from symbolic.problem import Completeness, CompletenessStatus

    rows = store.functions(problem.name, width, clarke=True)
    functions = tuple(function_from_record(from_text(row["record"])) for row in rows)
    stored = [row["label"] for row in packed_strata(store, problem.name, width)]
    listed = strata_surveys_of(store)[problem.name, width]["status"] != CompletenessStatus.UNDECIDED.value
    proved = Completeness(CompletenessStatus.PROVED, PROOF)
    cases = stored_cases(store, problem.name, width) if listed else ()
    faces = arrangement(problem.samples, ALL_PATTERNS)
    surveyed = DatasetSurvey(problem, width, functions, proved, cases, faces)
    strata = survey_dataset_strata(surveyed) if listed else DatasetStrata(problem, width, (), proved)
    if [one.label for one in strata.strata] != stored:
        raise CatalogError(f"the strata of {problem.name} at width {width} are stored otherwise; build them again")
    return Transitions(surveyed, strata, seed=SEED)
