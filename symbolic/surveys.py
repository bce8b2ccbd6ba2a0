"""The loop: problem -> systems -> certified solutions -> critical functions, with what is proved about the list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future, as_completed
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, overload

from symbolic.dataset.problem import DatasetProblem
from symbolic.dataset.survey import DatasetStrata, DatasetSurvey, survey_dataset, survey_dataset_strata
from symbolic.errors import InsufficientPrecision
from symbolic.exact.krawczyk import has_unique_zero
from symbolic.interval.assembly import assemble, patterns
from symbolic.interval.functions import IntervalFunction
from symbolic.interval.problem import CanonicalProblem, IntervalProblem, check_width, mirror_pattern
from symbolic.interval.realization import RealizedFunction
from symbolic.interval.skeletons import FREE, GRID_BITS, SkeletonSystem
from symbolic.interval.strata.global_minimum import global_minima
from symbolic.interval.strata.quadratic import quadratic_strata
from symbolic.interval.strata.strata import Stratum, strata_of, target_strata
from symbolic.problem import Cell, Completeness, CompletenessStatus, Kind, OpenBox
from symbolic.solving.audit import audit_enclosures
from symbolic.solving.subdivision import Budget, Solution, search_simplex
from symbolic.teacher.problem import TeacherProblem

if TYPE_CHECKING:
    from symbolic.teacher.survey import TeacherStrata, TeacherSurvey

CellKey = tuple[int, str]

AUDIT_SAMPLES = 8
"""Spot checks of the double-precision enclosures per cell; one failure makes the cell undecided."""


@dataclass(frozen=True)
class Survey:
    """All critical functions of minimal width at most `width`, and how far that "all" is proved.

    `functions` is sorted by minimal width, then by number of knots, class A before B, then label order.
    """

    problem: IntervalProblem
    width: int
    functions: tuple[IntervalFunction, ...]
    completeness: Completeness
    cells: tuple[Cell, ...]
    realized: Mapping[str, RealizedFunction] = field(default_factory=dict, compare=False, repr=False)


def plan(problem: IntervalProblem, width: int) -> tuple[CellKey, ...]:
    """Keys (knots, system) of the cells a survey of this width needs, in the orientation of the canonical problem.

    Empty for targets of degree at most 1, where a closed form is used.
    """
    check_width(width)
    if problem.degree <= 1:
        return ()
    return tuple((knots, system) for knots in range(1, width + 1) for system in (FREE, *patterns(knots)))


@overload
def survey(
    problem: IntervalProblem,
    width: int,
    *,
    known: Mapping[CellKey, Cell] | None = None,
    executor: Executor | None = None,
    seconds_per_cell: float | None = None,
    on_cell: Callable[[Cell], None] | None = None,
) -> Survey: ...


@overload
def survey(problem: DatasetProblem, width: int, *, pattern_budget: int = ...) -> DatasetSurvey: ...


@overload
def survey(
    problem: TeacherProblem, width: int, *, seed: int = ..., starts: int = ..., rounds: int = ...
) -> TeacherSurvey: ...


def survey(
    problem: IntervalProblem | DatasetProblem | TeacherProblem, width: int, **options: Any
) -> Survey | DatasetSurvey | TeacherSurvey:
    """All critical functions of width `width`, of a problem of any family.

    Args:
        problem: an interval, a data-set or a teacher problem.
        width: number of neurons n.
        options: those of `survey_interval`, of `symbolic.dataset.survey.survey_dataset` or of
            `symbolic.teacher.survey.survey_teacher`.

    Guarantee: that of the family's own survey; `completeness` says how far the list is proved.

    Raises:
        InvalidProblem: a width that cannot be surveyed.
    """
    if isinstance(problem, DatasetProblem):
        return survey_dataset(problem, width, **options)
    if isinstance(problem, TeacherProblem):
        from symbolic.teacher.survey import survey_teacher

        return survey_teacher(problem, width, **options)
    return survey_interval(problem, width, **options)


def survey_interval(
    problem: IntervalProblem,
    width: int,
    *,
    known: Mapping[CellKey, Cell] | None = None,
    executor: Executor | None = None,
    seconds_per_cell: float | None = None,
    on_cell: Callable[[Cell], None] | None = None,
) -> Survey:
    """All critical functions of width `width`: solve every system of up to `width` knots, then assemble.

    Args:
        problem: an interval problem.
        width: number of neurons n.
        known: cells solved before, by key; they are not solved again.
        executor: where new cells are solved (any `concurrent.futures` executor); in this process if None.
        seconds_per_cell: budget; a cell that needs more stays undecided.
        on_cell: called with each new cell as soon as it is there.

    Guarantee:
        With completeness `proved`, `functions` is exactly the set of functions realized by differentiable critical
        points of width n, each once (docs/theory.md, "The critical functions"). Otherwise the reason names what is
        open.

    Raises:
        InvalidProblem: a width that cannot be surveyed.
    """
    canonical, _ = problem.canonical()
    cells = dict(known or {})
    wanted = plan(problem, width)

    def add(cell: Cell) -> None:
        cells[cell.key] = cell
        if on_cell is not None:
            on_cell(cell)

    to_solve = [key for key in wanted if key not in cells and _representative(canonical, key) == key]
    # The longest first, so that no worker ends with a long one alone.
    to_solve.sort(key=_expected_cost, reverse=True)
    if executor is None:
        for key in to_solve:
            add(solve_cell(canonical, key, seconds_per_cell))
    else:
        futures: list[Future[Cell]] = [
            executor.submit(solve_cell, canonical, key, seconds_per_cell) for key in to_solve
        ]
        try:
            for future in as_completed(futures):
                add(future.result())
        except BaseException:
            for future in futures:
                future.cancel()
            raise
    for key in wanted:
        if key not in cells:
            partner = _representative(canonical, key)
            if partner not in cells:
                add(solve_cell(canonical, partner, seconds_per_cell))
            add(_mirrored(cells[partner], key))
    assembly = assemble(problem, width, cells)
    used = tuple(cells[key] for key in wanted)
    completeness = _completeness(problem, width, assembly.doubts)
    return Survey(problem, width, tuple(assembly.functions), completeness, used, assembly.realized)


@dataclass(frozen=True)
class StrataSurvey:
    """All critical strata of one width, and how far that "all" is proved."""

    problem: IntervalProblem
    width: int
    strata: tuple[Stratum, ...]
    completeness: Completeness

    @property
    def by_function(self) -> dict[str, tuple[Stratum, ...]]:
        """The strata over each function, by label."""
        result: dict[str, list[Stratum]] = {}
        for stratum in self.strata:
            result.setdefault(stratum.function, []).append(stratum)
        return {label: tuple(strata) for label, strata in result.items()}


@overload
def survey_strata(surveyed: Survey) -> StrataSurvey: ...


@overload
def survey_strata(surveyed: DatasetSurvey) -> DatasetStrata: ...


@overload
def survey_strata(surveyed: TeacherSurvey) -> TeacherStrata: ...


def survey_strata(
    surveyed: Survey | DatasetSurvey | TeacherSurvey,
) -> StrataSurvey | DatasetStrata | TeacherStrata:
    """All strata of the width of a survey, over each of its functions, for a problem of any family."""
    if isinstance(surveyed, DatasetSurvey):
        return survey_dataset_strata(surveyed)
    if not isinstance(surveyed, Survey):
        from symbolic.teacher.survey import survey_teacher_strata

        return survey_teacher_strata(surveyed)
    return survey_interval_strata(surveyed)


def survey_interval_strata(surveyed: Survey) -> StrataSurvey:
    """All strata of the width of a survey of an interval problem, over each of its functions.

    Guarantee:
        With completeness `proved`, every differentiable critical point of this width, and every point with degenerate
        neurons w = b = 0 that is stationary in Clarke's sense, lies in exactly one stratum. A kind may still be
        `undecided`.
    """
    problem, width = surveyed.problem, surveyed.width
    doubts = [] if surveyed.completeness.proved else [surveyed.completeness.reason]
    lowest: frozenset[str] = frozenset()
    caveat = "global minima are called local ones, because the list of functions is not proved complete"
    if surveyed.completeness.proved:
        lowest, caveat = global_minima(problem, surveyed.functions)
    strata: list[Stratum] = []
    for function in surveyed.functions:
        realized = surveyed.realized.get(function.label)
        if problem.activation == "quadratic":
            found = quadratic_strata(problem, function, width)
        elif realized is None:
            found = target_strata(problem, function, width)
        else:
            found = strata_of(realized, width, is_global_minimum=function.label in lowest)
        strata.extend(found.strata)
        doubts.extend(found.doubts)
    return StrataSurvey(problem, width, tuple(strata), _strata_completeness(doubts, caveat, strata))


def _strata_completeness(doubts: list[str], caveat: str, strata: list[Stratum]) -> Completeness:
    undecided = sum(stratum.kind is Kind.UNDECIDED for stratum in strata)
    notes = [caveat] if caveat else []
    if undecided:
        notes.append(f"the kind of {undecided} strata is undecided")
    if doubts:
        more = f" (and {len(doubts) - 1} more)" if len(doubts) > 1 else ""
        return Completeness(CompletenessStatus.UNDECIDED, doubts[0] + more, "; ".join(notes))
    reason = "all assignments of roles over a complete list of functions were enumerated"
    return Completeness(CompletenessStatus.PROVED, reason, "; ".join(notes))


def solve_cell(canonical: CanonicalProblem, key: CellKey, seconds: float | None = None) -> Cell:
    """Solve one system completely; a top-level function, so that any executor can run it."""
    from symbolic.interval.skeleton_boxes import BoxedSkeleton

    knots, system = key
    skeleton = SkeletonSystem(canonical, knots, system)
    try:
        boxed = BoxedSkeleton(skeleton)
    except InsufficientPrecision as error:
        everywhere = OpenBox((Fraction(0),) * knots, (Fraction(1),) * knots)
        undecided = Completeness(CompletenessStatus.UNDECIDED, str(error))
        return Cell(knots, system, undecided, (), 0, (everywhere,), "subdivision")
    found = search_simplex(boxed, skeleton, accuracy=GRID_BITS + 64, budget=Budget(seconds=seconds))
    alarms = audit_enclosures(boxed, skeleton, samples=AUDIT_SAMPLES, seed=knots)
    roots, reason = [], found.reason or "".join(alarms[:1])
    for solution in found.solutions:
        try:
            roots.append(_on_grid(skeleton, solution))
        except InsufficientPrecision as error:
            reason = reason or str(error)
    status = CompletenessStatus.UNDECIDED if reason else CompletenessStatus.PROVED
    words = reason or "every point of the simplex was excluded or tied to a certified solution"
    completeness = Completeness(status, words)
    return Cell(knots, system, completeness, tuple(sorted(roots)), found.boxes, found.open_boxes, "subdivision")


def _on_grid(skeleton: SkeletonSystem, solution: Solution) -> tuple[Fraction, ...]:
    """The centre correctly rounded to the grid, with the proof that the solution is alone within a grid step."""
    grid = 2**GRID_BITS
    rounded = []
    for value in solution.center:
        low, high = round((value - solution.half_width) * grid), round((value + solution.half_width) * grid)
        if low != high:
            raise InsufficientPrecision("a solution lies on a rounding boundary of the grid")
        rounded.append(Fraction(low, grid))
    if not has_unique_zero(skeleton, rounded, Fraction(1, grid), GRID_BITS + 64):
        raise InsufficientPrecision("a solution could not be certified within a grid step")
    return tuple(rounded)


def _representative(canonical: CanonicalProblem, key: CellKey) -> CellKey:
    """Of a system and its mirror image, the one that is solved; the same solutions reflected serve the other."""
    knots, system = key
    if not canonical.symmetric or system == FREE:
        return key
    return knots, min(system, mirror_pattern(system))


def _mirrored(cell: Cell, key: CellKey) -> Cell:
    """The cell of the mirror pattern of a symmetric problem: t -> 1 - t in reversed order, exactly."""
    roots = sorted(tuple(1 - value for value in reversed(root)) for root in cell.roots)
    boxes = tuple(
        replace(
            box,
            lower=tuple(1 - value for value in reversed(box.upper)),
            upper=tuple(1 - value for value in reversed(box.lower)),
        )
        for box in cell.open_boxes
    )
    return replace(cell, system=key[1], roots=tuple(roots), open_boxes=boxes, boxes=0, method="reflection")


def _expected_cost(key: CellKey) -> tuple[int, int]:
    knots, system = key
    return knots, 0 if system == FREE else sum(a != b for a, b in pairwise(system))


def _completeness(problem: IntervalProblem, width: int, doubts: list[str]) -> Completeness:
    if doubts:
        more = f" (and {len(doubts) - 1} more)" if len(doubts) > 1 else ""
        return Completeness(CompletenessStatus.UNDECIDED, doubts[0] + more)
    if problem.degree <= 1:
        return Completeness(CompletenessStatus.PROVED, "closed form for targets of degree at most 1")
    words = f"all systems of classes A and B with up to {width} knots were searched completely"
    return Completeness(CompletenessStatus.PROVED, words)
