"""What is known beforehand of the strata that a run passes: the chain of a data set, or the stored transitions."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from catalog.follow_fields import DatasetRun, FollowedRun
from catalog.record import from_text
from catalog.store import Row, Store
from symbolic.errors import SaddleryError

if TYPE_CHECKING:
    from symbolic.dataset.chain import InitialNeuron
    from symbolic.problem import Problem

Answer = dict[str, Any]

DIGITS = 10**6
"""Of the directions from which the chain of a data set is computed."""

NONE_KNOWN = "prediction: no transitions of this problem and width are known"


def prediction(
    store: Store, problem: Problem, followed: FollowedRun, functions: Sequence[Row], passages: Sequence[Row]
) -> Answer:
    """The predicted sequence beside the passages.

    Args:
        store: the database.
        problem: the problem.
        followed: the run.
        functions: the stored functions it was compared with.
        passages: as `catalog.follow` answers them.

    Returns:
        `{"kind", "functions", "evidence", "agrees", "lines"}`; kind is "chain" (data sets: the functions of the
        chain of the run's own initial neurons, in the limit of small balanced ones), "transitions" (for each two
        passages in a row whether a stored transition leads from one to the other) or null. `agrees` is null where
        nothing is predicted.
    """
    if isinstance(followed, DatasetRun):
        return _chain(followed, functions, passages)
    return _transitions(store, problem, followed.run.width, passages)


def _nothing(line: str = NONE_KNOWN) -> Answer:
    return {"kind": None, "functions": None, "evidence": None, "agrees": None, "lines": [line]}


def _chain(followed: DatasetRun, functions: Sequence[Row], passages: Sequence[Row]) -> Answer:
    from symbolic.flow.saddle_chain import saddle_chain

    try:
        neurons = _neurons(followed)
        if not neurons:
            return _nothing("prediction: none, because no neuron of the run starts with a and w different from 0")
        chain = saddle_chain(followed.problem, neurons)
    except SaddleryError as error:
        return _nothing(f"prediction: the chain of its initial neurons is not known ({error})")
    labels = {
        tuple(Fraction(value) for value in from_text(row["record"])["residuals"]): row["label"] for row in functions
    }
    points = [chain.start, *(step.after for step in chain.steps)]
    names = ["?" if point is None else labels.get(point, "?") for point in points]
    evidence = "numerical" if any(step.evidence == "numerical" for step in chain.steps) else "proved"
    visited = [row["function"] for row in passages]
    missed = [name for name in names if name not in visited]
    beside = [name for name in visited if name not in names]
    if visited == names:
        verdict = "the run passes them in this order"
    else:
        parts = []
        if missed:
            parts.append(f"the run does not pass {', '.join(missed)}")
        if beside:
            parts.append(f"it passes {', '.join(beside)} beside them")
        verdict = "; ".join(parts) or f"the run passes {', '.join(visited)}"
    line = (
        f"predicted for small initial weights of these directions ({evidence}): {' -> '.join(names)}; {verdict}"
    )
    return {
        "kind": "chain",
        "functions": names,
        "evidence": evidence,
        "agrees": visited == names,
        "lines": [line],
    }


def _neurons(followed: DatasetRun) -> list[InitialNeuron]:
    """The neurons at the first time: by pattern where inputs are orthogonal, else by rounded directions."""
    from symbolic.dataset.chain import InitialNeuron

    problem, field = followed.problem, followed.field
    found = []
    for direction, signed in zip(field.directions[0], field.signed[0], strict=True):
        if signed == 0:
            continue
        sign = 1 if signed > 0 else -1
        products = field.samples @ direction
        marks = "".join("+" if one > 0 else "-" if one < 0 else "0" for one in products)
        rounded = [Fraction(round(float(value) * DIGITS), DIGITS) for value in direction]
        towards = InitialNeuron.towards(problem, sign, rounded) if any(rounded) else None
        if problem.orthogonal or towards is None or towards.pattern != marks:
            found.append(InitialNeuron(sign, marks))
        else:
            found.append(towards)
    return found


def _transitions(store: Store, problem: Problem, width: int, passages: Sequence[Row]) -> Answer:
    from catalog.transitions import stored_transitions, transition_survey

    if transition_survey(store, problem.name, width) is None:
        return _nothing()
    stored = [row for row in stored_transitions(store, problem.name, width) if row["target"] is not None]
    exact = {(row["source"], row["target"]) for row in stored}
    coarse = {tuple(label.partition("@")[0] for label in pair) for pair in exact}
    lines, agrees = [], True
    for before, after in pairwise(passages):
        way = f"{before['stratum'] or before['function']} -> {after['stratum'] or after['function']}"
        if (before["stratum"], after["stratum"]) in exact:
            lines.append(f"{way}: a stored transition")
        elif (before["function"], after["function"]) in coarse:
            lines.append(f"{way}: a stored transition joins other strata of these functions")
        else:
            agrees = False
            lines.append(f"{way}: no stored transition")
    if not lines:
        return _nothing("prediction: transitions are known, and the run makes none between known functions")
    return {"kind": "transitions", "functions": None, "evidence": "numerical", "agrees": agrees, "lines": lines}
