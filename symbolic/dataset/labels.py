"""The labels of given residuals among the critical functions of a data set, where surveying for them is cheap."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import comb

from symbolic.dataset.cases import case_of
from symbolic.dataset.patterns import PATTERN_BUDGET, arrangement
from symbolic.dataset.problem import MAXIMAL_WIDTH, DatasetProblem
from symbolic.dataset.stationarity import Faces
from symbolic.dataset.survey import survey_dataset
from symbolic.errors import BudgetExceeded

CHEAP = 600_000
"""A survey for the sake of a label may look at this many pairs of a face and a set of faces."""


def labels_of(
    problem: DatasetProblem,
    wanted: Iterable[tuple[Fraction, ...]],
    cheap: int = CHEAP,
    *,
    pattern_budget: int = PATTERN_BUDGET,
) -> dict[tuple[Fraction, ...], str]:
    """The labels of some residuals, those of functions that are too dear to number left out.

    Args:
        problem: a data set.
        wanted: residuals.
        cheap: pairs of a face and a set of faces looked at most.
        pattern_budget: activation patterns listed at most.

    Guarantee: a label is that of `survey_dataset` at any width at which the function occurs. What is left out is no
        critical function of a width that was affordable.
    """
    try:
        faces = Faces(arrangement(problem.samples, pattern_budget))
    except BudgetExceeded:
        return {}
    missing = set(wanted)
    found: dict[tuple[Fraction, ...], str] = {}
    count = len(faces.active)
    for width in range(1, MAXIMAL_WIDTH + 1):
        if not missing or count * comb(count + width - 1, width) > cheap:
            break
        # Deciding one residual costs much less than numbering all functions of the width.
        here = {residuals for residuals in missing if case_of(faces, problem.targets, residuals, width).live_sets}
        if here:
            for function in survey_dataset(problem, width, pattern_budget=pattern_budget).functions:
                if function.residuals in here:
                    found[function.residuals] = function.label
            missing -= here
    return found
