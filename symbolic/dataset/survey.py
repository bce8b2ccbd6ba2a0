"""The survey of a data set at one width: all critical functions and all stationary strata, proved complete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from symbolic.dataset.cases import Case, candidate_residuals, case_of
from symbolic.dataset.functions import DatasetFunction, loss_of
from symbolic.dataset.patterns import PATTERN_BUDGET, Arrangement, arrangement
from symbolic.dataset.problem import DatasetProblem, check_dataset_width
from symbolic.dataset.stationarity import Faces
from symbolic.dataset.strata import STRATA_BUDGET, DatasetStratum, Enumerator
from symbolic.errors import BudgetExceeded
from symbolic.problem import Completeness, CompletenessStatus

PROOF = "every set of types of active neurons was closed by exact weights or by a Farkas vector"


@dataclass(frozen=True)
class DatasetStrata:
    """All stationary strata of one width."""

    problem: DatasetProblem
    width: int
    strata: tuple[DatasetStratum, ...]
    completeness: Completeness

    @property
    def by_function(self) -> dict[str, tuple[DatasetStratum, ...]]:
        """The strata over each function, by label."""
        result: dict[str, list[DatasetStratum]] = {}
        for stratum in self.strata:
            result.setdefault(stratum.function, []).append(stratum)
        return {label: tuple(strata) for label, strata in result.items()}


@dataclass(frozen=True)
class DatasetSurvey:
    """All critical functions of a data set that occur at width at most n.

    Attributes:
        problem, width: what was surveyed.
        functions: with `clarke_width` at most n, sorted by (clarke_width, number).
        completeness: always proved; a problem too large for that raises instead.
        cases: every candidate residual, realized or not, with its live sets and Farkas vectors.
        arrangement: of the samples.
    """

    problem: DatasetProblem
    width: int
    functions: tuple[DatasetFunction, ...]
    completeness: Completeness
    cases: tuple[Case, ...] = field(repr=False)
    arrangement: Arrangement = field(repr=False)

    def case(self, function: DatasetFunction) -> Case:
        """The case of one of the functions."""
        return next(case for case in self.cases if case.residuals == function.residuals)

    @property
    def lowest(self) -> frozenset[str]:
        """Labels of the functions of least loss at this width.

        Guarantee: global minima. The values that networks of width n take at the samples form a finite union of
            closed polyhedral cones (sums of images of closed faces), so the least distance to the targets is attained;
            a minimizer is directionally stationary, and the list of such functions is complete.
        """
        reached = [one for one in self.functions if one.minimal_width is not None and one.minimal_width <= self.width]
        least = min(one.loss for one in reached)
        return frozenset(one.label for one in reached if one.loss == least)


def survey_dataset(problem: DatasetProblem, width: int, *, pattern_budget: int = PATTERN_BUDGET) -> DatasetSurvey:
    """All critical functions of a data set up to a width.

    Args:
        problem: a data-set problem.
        width: number of neurons n.
        pattern_budget: activation patterns listed at most.

    Guarantee: `functions` is exactly the set of functions realized by points of width n that are stationary in
        Clarke's sense; those with `minimal_width` at most n are exactly the ones realized by directionally stationary
        points (docs/dataset.md, "Completeness").

    Raises:
        InvalidProblem: a width that cannot be surveyed.
        BudgetExceeded: more patterns, or more sets of types, than allowed.
    """
    check_dataset_width(width)
    faces = Faces(arrangement(problem.samples, pattern_budget))
    targets = problem.targets
    cases = tuple(case_of(faces, targets, residuals, width) for residuals in candidate_residuals(faces, targets, width))
    proved = Completeness(CompletenessStatus.PROVED, PROOF)
    return DatasetSurvey(problem, width, _functions(problem, cases), proved, cases, faces.arrangement)


def survey_dataset_strata(surveyed: DatasetSurvey) -> DatasetStrata:
    """All stationary strata of the width of a survey.

    Guarantee: every point of width n that is stationary in Clarke's sense lies in exactly one stratum.

    Raises:
        BudgetExceeded: more strata than allowed; the line says how many there are.
    """
    faces, width = Faces(surveyed.arrangement), surveyed.width
    enumerators = [Enumerator(faces, surveyed.case(function), function) for function in surveyed.functions]
    number = sum(enumerator.count(width) for enumerator in enumerators)
    if number > STRATA_BUDGET:
        raise BudgetExceeded(f"{surveyed.problem.name} has {number} strata at width {width}, more than {STRATA_BUDGET}")
    lowest = surveyed.lowest
    strata: list[DatasetStratum] = []
    for enumerator in enumerators:
        found = list(enumerator.strata(width, is_global_minimum=enumerator.function.label in lowest))
        if sum(one.orbit_size for one in found) != enumerator.labelled_count(width):
            raise AssertionError(f"the orbit sizes over {enumerator.function.label} do not add up")
        strata += found
    caveats = []
    if surveyed.problem.conflicts:
        pairs = ", ".join(f"{i} and {j}" for i, j in surveyed.problem.conflicts)
        caveats.append(f"samples {pairs} have equal inputs and different targets: no network fits both")
    reason = PROOF + ", and every choice of types over them listed"
    completeness = Completeness(CompletenessStatus.PROVED, reason, "; ".join(caveats))
    return DatasetStrata(surveyed.problem, width, tuple(strata), completeness)


def _functions(problem: DatasetProblem, cases: Sequence[Case]) -> tuple[DatasetFunction, ...]:
    by_width: dict[int, list[tuple[Fraction, tuple[Fraction, ...], int | None]]] = {}
    for case in cases:
        if not case.live_sets:
            continue
        clarke = min(len(one.types) for one in case.live_sets)
        directional = [len(one.types) for one in case.live_sets if one.directional]
        found = (loss_of(case.residuals), case.residuals, min(directional) if directional else None)
        by_width.setdefault(clarke, []).append(found)
    functions = []
    for clarke, found_here in sorted(by_width.items()):
        ordered = sorted(found_here, key=lambda one: (one[0], tuple(-value for value in one[1])))
        functions += [
            DatasetFunction(problem.name, f"{problem.name}:{clarke}.{i}", residuals, loss, minimal, clarke)
            for i, (loss, residuals, minimal) in enumerate(ordered, start=1)
        ]
    return tuple(functions)
