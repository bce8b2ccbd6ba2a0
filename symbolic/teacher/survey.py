"""The survey of a teacher problem at one width: search, certify, identify, and say what the list is worth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from symbolic.enclosure import Verdict, bounds
from symbolic.errors import InsufficientPrecision, Undecided, Unseparated
from symbolic.problem import Completeness, CompletenessStatus, Kind
from symbolic.teacher.certify import CertifiedPoint, alone_in_cube, certify
from symbolic.teacher.completeness import CircleSearch, search_circle
from symbolic.teacher.families import named_point
from symbolic.teacher.fixed_spaces import FixedSpace
from symbolic.teacher.functions import FamilyNames, TeacherFunction, function_of, teacher_coordinates, with_suffixes
from symbolic.teacher.identity import TOLERANCE, Canonical, canonical, close, same_orbit, symmetry_of
from symbolic.teacher.problem import TeacherProblem, check_teacher_width
from symbolic.teacher.search import Arrivals, search_round
from symbolic.teacher.strata import TeacherStratum, strata_of

STARTS = 4000
"""Starts of one round in one fixed space."""

ROUNDS = 10
"""Rounds at most; the search goes on until every orbit was met `WANTED_HITS` times."""

WANTED_HITS = 5

SEED = 1

LOOSE = 1e-3

TOLERANCES = {False: (TOLERANCE, 1e-6), True: (1e-4, 1e-2)}
"""Within which values are guessed to be equal and rows parallel. Degenerate points, such as the teacher with a neuron
split, are met to a few digits only: they are recognized with the second pair."""

NO_VANISHING_ROW = "points with a vanishing row, where the loss is not differentiable, are not listed"


@dataclass(frozen=True)
class SpaceSearch:
    """What the search in one fixed space did.

    Attributes:
        space: the fixed space.
        seed: of its starts; starts: their number; rounds: of `STARTS` each.
        hits: for each label of a function met here, how many starts ended on it. A function with more symmetry, or
            with fewer rays than the space has rows, is met in many spaces and filed once.
        proved: labels of the functions that the space provably holds: a cube in which it has one critical point holds
            the point of the function.
        families: labels of the functions met as points of flat families only, recognized in floating point.
        failed: starts that arrived nowhere; vanished: starts that ran into a vanishing row.
        unresolved: starts that arrived at points which could not be certified, and one such point each.
        completeness: `proved_in_box` or `searched`.
    """

    space: FixedSpace
    seed: int
    starts: int
    rounds: int
    hits: Mapping[str, int]
    proved: frozenset[str]
    families: frozenset[str]
    failed: int
    vanished: int
    unresolved: tuple[tuple[int, tuple[float, ...]], ...]
    completeness: Completeness

    @property
    def orbits(self) -> int:
        """Number of distinct functions met."""
        return len(self.hits)

    @property
    def rare(self) -> tuple[str, ...]:
        """Labels of functions met less than `WANTED_HITS` times."""
        return tuple(label for label, count in self.hits.items() if count < WANTED_HITS)


@dataclass(frozen=True)
class TeacherSurvey:
    """All critical functions found at a width, in the fixed spaces of a problem.

    Attributes:
        problem, width: what was surveyed.
        functions: sorted by loss, of minimal width at most `width`.
        completeness: `proved_in_box` for the fixed space of Delta(S_k) alone, with k students; else `searched`.
        searches: one for each fixed space.
    """

    problem: TeacherProblem
    width: int
    functions: tuple[TeacherFunction, ...]
    completeness: Completeness
    searches: tuple[SpaceSearch, ...] = field(repr=False)


@dataclass(frozen=True)
class TeacherStrata:
    """All strata of one width over the functions of a survey."""

    problem: TeacherProblem
    width: int
    strata: tuple[TeacherStratum, ...]
    completeness: Completeness

    @property
    def by_function(self) -> dict[str, tuple[TeacherStratum, ...]]:
        """The strata over each function, by label."""
        result: dict[str, list[TeacherStratum]] = {}
        for stratum in self.strata:
            result.setdefault(stratum.function, []).append(stratum)
        return {label: tuple(strata) for label, strata in result.items()}


def survey_teacher(
    problem: TeacherProblem,
    width: int | None = None,
    *,
    seed: int = SEED,
    starts: int = STARTS,
    rounds: int = ROUNDS,
    names: FamilyNames = named_point,
) -> TeacherSurvey:
    """Search every fixed space of a problem, certify what is found, and file each orbit once.

    Args:
        problem: a teacher problem.
        width: number of students n; that of the problem if None.
        seed, starts, rounds: of the search: rounds of `starts` random starts each are added, `rounds` at most, until
            every orbit was met `WANTED_HITS` times.
        names: gives the names of published families.

    Returns:
        The functions with the record of the searches.

    Guarantee:
        Every function is a certified critical point at its minimal width (critical at every larger width after
        splitting), and no two of the list are symmetric images of each other. The list is complete only where
        `completeness` says so; starts that ended at points which could not be certified are in `searches`.

    Raises:
        InvalidProblem: a width that cannot be surveyed.
    """
    width = check_teacher_width(problem, problem.students if width is None else width)
    catalog = _Catalog(problem, names)
    drafts = [
        _search_space(catalog, space, seed, number, starts, rounds)
        for number, space in enumerate(problem.spaces(width))
    ]
    labelled = with_suffixes(sorted(catalog.functions, key=_order))
    labels = {function.point: function.label for function in labelled}
    searches = tuple(draft.finished(labels) for draft in drafts)
    return TeacherSurvey(problem, width, tuple(labelled), _completeness(problem, width, searches), searches)


def survey_teacher_strata(surveyed: TeacherSurvey) -> TeacherStrata:
    """All strata of the width of a survey: orbits of critical points, and splitting families.

    Guarantee: every way to share the rays of a listed function among the rows is in exactly one stratum. The list is as
        complete as that of the functions.

    Raises:
        BudgetExceeded: too many strata over one function.
    """
    strata: list[TeacherStratum] = []
    for function in surveyed.functions:
        strata += strata_of(function, surveyed.width)
    undecided = sum(stratum.kind is Kind.UNDECIDED for stratum in strata)
    base = surveyed.completeness
    notes = [base.caveat] if base.caveat else []
    if undecided:
        notes.append(f"the kind of {undecided} strata is undecided")
    completeness = Completeness(base.status, base.reason, "; ".join(notes))
    return TeacherStrata(surveyed.problem, surveyed.width, tuple(strata), completeness)


class _Catalog:
    """The functions filed so far."""

    def __init__(self, problem: TeacherProblem, names: FamilyNames) -> None:
        self.problem = problem
        self.names = names
        self.functions: list[TeacherFunction] = []

    def file(self, candidate: Canonical, loose: bool) -> TeacherFunction:
        """The function of a candidate, certified and filed if it is new.

        A candidate next to a filed point has arrived there: in the cube in which it is alone, or, if `loose`, nearby.

        Raises:
            Undecided: it could not be certified, or neither identified with a filed one nor separated from it.
        """
        for function in self.functions:
            tolerance = LOOSE if loose else min(float(function.point.reach), LOOSE)
            if function.space == candidate.space and close(candidate.start, function.point, tolerance):
                return function
        point = certify(candidate.space, candidate.start, teacher_coordinates(candidate.space))
        return self.file_point(point)

    def file_point(self, point: CertifiedPoint) -> TeacherFunction:
        """The function of a certified point, filed if it is new. Raises: as `file`."""
        for function in self.functions:
            if function.space == point.space and same_orbit(point, function.point) is Verdict.YES:
                return function
        new = function_of(self.problem.name, point, symmetry_of(point), self.names)
        for function in self.functions:
            if not separated(new, function):
                raise Unseparated(f"a point could be neither identified with {function.label} nor separated from it")
        self.functions.append(new)
        return new


def separated(first: TeacherFunction, second: TeacherFunction) -> bool:
    """Whether two functions are proved to lie on different orbits.

    Guarantee: True is a proof: the losses have disjoint balls, the largest blocks (which are proved to be the largest)
        differ, or every symmetric image of one differs from the other in a coordinate. False says nothing.
    """
    low, high = bounds(first.loss)
    other_low, other_high = bounds(second.loss)
    if high < other_low or other_high < low or first.space != second.space:
        return True
    return same_orbit(first.point, second.point) is Verdict.NO


@dataclass
class _Draft:
    """The record of a search before labels are final."""

    space: FixedSpace
    seed: int
    starts: int = 0
    rounds: int = 0
    hits: dict[CertifiedPoint, int] = field(default_factory=dict)
    proved: set[CertifiedPoint] = field(default_factory=set)
    families: set[CertifiedPoint] = field(default_factory=set)
    failed: int = 0
    vanished: int = 0
    unresolved: dict[tuple[float, ...], int] = field(default_factory=dict)
    circle: CircleSearch | None = None

    def finished(self, labels: Mapping[CertifiedPoint, str]) -> SpaceSearch:
        ordered = sorted(self.hits.items(), key=lambda item: labels[item[0]])
        hits = {labels[point]: count for point, count in ordered}
        return SpaceSearch(
            self.space,
            self.seed,
            self.starts,
            self.rounds,
            hits,
            frozenset(labels[point] for point in self.proved),
            frozenset(labels[point] for point in self.families - self.proved),
            self.failed,
            self.vanished,
            tuple((count, point) for point, count in self.unresolved.items()),
            self._completeness(hits),
        )

    def _completeness(self, hits: Mapping[str, int]) -> Completeness:
        if self.circle is not None and self.circle.completeness.status is CompletenessStatus.PROVED_IN_BOX:
            return self.circle.completeness
        words = f"{self.starts} starts in {self.space.text} met {len(hits)} orbits"
        rare = sum(count < WANTED_HITS for count in hits.values())
        words += f", {rare} of them less than {WANTED_HITS} times" if rare else f", each at least {WANTED_HITS} times"
        notes = [NO_VANISHING_ROW]
        if self.unresolved:
            notes.append(f"{sum(self.unresolved.values())} starts ended at points that could not be certified")
        if self.circle is not None:
            notes.append(self.circle.completeness.reason)
        return Completeness(CompletenessStatus.SEARCHED, words, "; ".join(notes))


def _search_space(
    catalog: _Catalog, space: FixedSpace, seed: int, number: int, starts: int, rounds: int
) -> _Draft:
    draft = _Draft(space, seed)
    for turn in range(rounds):
        arrivals = search_round(space, starts, (seed, number, turn))
        draft.starts += starts
        draft.rounds += 1
        draft.failed += arrivals.failed
        draft.vanished += arrivals.vanished
        _file_arrivals(catalog, draft, arrivals)
        if all(count >= WANTED_HITS for count in draft.hits.values()):
            break
    if len(space.sizes) == 1 and space.width == space.teachers and not space.extra_rows:
        _complete(catalog, draft)
    return draft


def _file_arrivals(catalog: _Catalog, draft: _Draft, arrivals: Arrivals) -> None:
    # Starts at one point agree to many digits; each group is looked at once.
    groups, counts = np.unique(np.round(arrivals.points, 6) + 0.0, axis=0, return_counts=True)
    rounded = {tuple(group): int(count) for group, count in zip(groups.tolist(), counts.tolist(), strict=True)}
    chosen: dict[tuple[float, ...], tuple[float, ...]] = {}
    for key, point in zip((np.round(arrivals.points, 6) + 0.0).tolist(), arrivals.points.tolist(), strict=True):
        chosen.setdefault(tuple(key), tuple(point))
    for key, count in sorted(rounded.items(), key=lambda item: -item[1]):
        for loose in (False, True):
            candidate = canonical(draft.space, chosen[key], *(TOLERANCES[loose]))
            try:
                point = catalog.file(candidate, loose).point
            except Undecided:
                continue
            draft.hits[point] = draft.hits.get(point, 0) + count
            if point not in draft.proved:
                certain = not loose and _is_embedded(draft.space, candidate, chosen[key], point)
                (draft.proved if certain else draft.families).add(point)
            break
        else:
            draft.unresolved[key] = draft.unresolved.get(key, 0) + count


def _is_embedded(space: FixedSpace, candidate: Canonical, found: Sequence[float], point: CertifiedPoint) -> bool:
    """Whether the critical point of the space next to `found` is proved to be a symmetric image of a filed point.

    An image of the filed point lies in the fixed space in the coordinates that `origin` gives, where it is critical; if
    a cube that holds one zero only holds both, they are the same.
    """
    if candidate.origin is None:
        return False
    try:
        exact = certify(candidate.space, candidate.start)
    except InsufficientPrecision:
        return False
    if same_orbit(exact, point) is not Verdict.YES:
        return False
    embedded = [exact.center[c] * share for c, share in candidate.origin]
    return alone_in_cube(space, embedded, [Fraction(value) for value in found])


def _complete(catalog: _Catalog, draft: _Draft) -> None:
    """Prove the list of the fixed space of Delta(S_k) complete, and file what the search missed."""
    circle = search_circle(draft.space, [point for point in draft.hits if point.space == draft.space])
    draft.circle = circle
    for point in circle.points:
        candidate = canonical(draft.space, [float(value) for value in point.center])
        try:
            function = catalog.file(candidate, loose=False)
        except Undecided:
            status = Completeness(CompletenessStatus.UNDECIDED, "a certified point of the circle could not be filed")
            draft.circle = CircleSearch(circle.points, status, circle.arcs, circle.open_arcs)
            continue
        draft.hits.setdefault(function.point, 0)
        draft.proved.add(function.point)


def _order(function: TeacherFunction) -> tuple[Fraction, str, tuple[Fraction, ...]]:
    return bounds(function.loss)[0], function.label, function.point.center


def _completeness(problem: TeacherProblem, width: int, searches: Iterable[SpaceSearch]) -> Completeness:
    listed = list(searches)
    if all(search.completeness.status is CompletenessStatus.PROVED_IN_BOX for search in listed):
        return listed[0].completeness
    starts = sum(search.starts for search in listed)
    searched = [search for search in listed if search.completeness.status is not CompletenessStatus.PROVED_IN_BOX]
    rare = {label for search in searched for label in search.rare}
    words = f"{starts} starts in {len(listed)} fixed spaces, going on until every orbit was met {WANTED_HITS} times"
    if rare:
        words += f" or the rounds ran out; {len(rare)} orbits were met less often in some space"
    proved = [s.space.text for s in listed if s.completeness.status is CompletenessStatus.PROVED_IN_BOX]
    notes = [f"critical points outside the {len(listed)} fixed spaces are not looked for", NO_VANISHING_ROW]
    if proved:
        notes.insert(0, f"the list is proved complete within {', '.join(proved)}")
    unresolved = sum(count for search in listed for count, _ in search.unresolved)
    if unresolved:
        notes.append(f"{unresolved} starts ended at points that could not be certified")
    return Completeness(CompletenessStatus.SEARCHED, words, "; ".join(notes))
