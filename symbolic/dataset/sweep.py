"""A data set in one moving target y_k = t: where critical functions and their strata are born, die, or change kind.

For fixed spans of active faces the residual is affine in t. Which types are stationary depends on the signs of affine
functions of t, and a set of types realizes y(t) - r(t) for t in an interval with rational ends: so everything changes
at finitely many rational walls. Between two walls every stratum persists, with residuals affine and losses quadratic
in t; only which of the functions is the lowest can change there, where two quadratics cross (rational or irrational).
Proof in docs/dataset.md, "Sweeps".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import combinations, pairwise

from symbolic.dataset.patterns import PATTERN_BUDGET, arrangement
from symbolic.dataset.problem import DatasetProblem, check_dataset_width
from symbolic.dataset.quadratics import Quadratic, Root, compare, in_order, rational_between
from symbolic.dataset.stationarity import Faces
from symbolic.dataset.survey import survey_dataset, survey_dataset_strata
from symbolic.dataset.walls import Line, MovingTarget, value_at
from symbolic.errors import InvalidProblem
from symbolic.problem import Kind

MAXIMAL_BOUND = 10**6
MINIMA = (Kind.GLOBAL_MINIMUM, Kind.LOCAL_MINIMUM)


@dataclass(frozen=True)
class Branch:
    """A critical function on a piece of the sweep.

    Attributes:
        residuals: (c0, c1) for each sample, r_k(t) = c0 + c1 t; constants at a wall.
        loss: L(t).
        strata: codes of its directionally stationary strata, each with its kind on the piece.
    """

    residuals: Line
    loss: Quadratic
    strata: tuple[tuple[str, Kind], ...]

    @property
    def kinds(self) -> dict[Kind, int]:
        """Number of strata by kind."""
        found: dict[Kind, int] = {}
        for _, kind in self.strata:
            found[kind] = found.get(kind, 0) + 1
        return found

    def with_lowest(self, lowest: bool) -> Branch:
        """The same branch, its minima called global or local."""
        kind = Kind.GLOBAL_MINIMUM if lowest else Kind.LOCAL_MINIMUM
        return replace(self, strata=tuple((code, kind if old in MINIMA else old) for code, old in self.strata))


@dataclass(frozen=True)
class Piece:
    """An open interval of t on which nothing changes, or a single value of t (`lower` is `upper`)."""

    lower: Root
    upper: Root
    branches: tuple[Branch, ...]

    @property
    def is_wall(self) -> bool:
        return compare(self.lower, self.upper) == 0


@dataclass(frozen=True)
class Change:
    """A stratum that is not the same on both sides of a wall; `before`, `after` are None where it does not exist."""

    code: str
    before: Kind | None
    after: Kind | None


@dataclass(frozen=True)
class Sweep:
    """All critical functions and their strata for t in [lower, upper].

    `pieces` cover the interval in order: values and open intervals in turn, the two ends first and last.
    """

    problem: DatasetProblem
    sample: int
    width: int
    lower: Fraction
    upper: Fraction
    pieces: tuple[Piece, ...]

    @cached_property
    def walls(self) -> tuple[Root, ...]:
        """The values of t strictly inside at which a stratum is born, dies or changes kind."""
        return tuple(piece.lower for piece in self.pieces[2:-2:2])

    def changes_at(self, wall: int) -> tuple[Change, ...]:
        """What is different on the two sides of the wall with this number (from 0), sorted by code; empty where only
        the wall itself differs."""
        left, right = self.pieces[2 * wall + 1], self.pieces[2 * wall + 3]
        before, after = _kinds_of(left), _kinds_of(right)
        codes = sorted(before.keys() | after.keys())
        return tuple(
            Change(code, before.get(code), after.get(code)) for code in codes if before.get(code) != after.get(code)
        )


def sweep_target(
    problem: DatasetProblem,
    sample: int,
    lower: Fraction,
    upper: Fraction,
    width: int,
    *,
    pattern_budget: int = PATTERN_BUDGET,
    on_piece: Callable[[int, int], None] | None = None,
) -> Sweep:
    """Move the target of one sample through an interval.

    Args:
        problem: a data set; its own value of that target does not matter.
        sample: which sample, from 1.
        lower, upper: the interval, lower < upper.
        width: number of neurons.
        pattern_budget: activation patterns listed at most.
        on_piece: called with the number of values surveyed, and of all.

    Guarantee: exact and complete for what is stationary in the smooth or the directional sense. The list at every wall
        and at a rational value inside every open piece is that of `survey_dataset`; that nothing changes inside is
        the argument of docs/dataset.md, "Sweeps".

    Raises:
        InvalidProblem: no such sample, or no such interval.
        BudgetExceeded: too many patterns or sets of types.
    """
    check_dataset_width(width)
    count = len(problem.targets)
    if isinstance(sample, bool) or not 1 <= sample <= count:
        raise InvalidProblem(f"samples are counted from 1 to {count}; there is no sample {sample}")
    if not lower < upper or max(abs(lower), abs(upper)) > MAXIMAL_BOUND:
        raise InvalidProblem(
            f"a target moves from a number to a larger one, both at most {MAXIMAL_BOUND} in size, not {lower}..{upper}"
        )
    faces = Faces(arrangement(problem.samples, pattern_budget))
    moving = MovingTarget(faces, problem.targets, sample - 1, width)
    stops = [lower, *(wall for wall in moving.walls(lower, upper) if lower < wall < upper), upper]
    at = _Surveyor(problem, sample - 1, width, list(moving.lines), pattern_budget)
    total = 2 * len(stops) - 1
    pieces = [at.wall(lower)]
    for i, (left, right) in enumerate(pairwise(stops)):
        if on_piece is not None:
            on_piece(2 * i + 1, total)
        pieces += [*at.between(left, right), at.wall(right)]
    return Sweep(problem, sample, width, lower, upper, tuple(_without_idle_walls(pieces)))


class _Surveyor:
    """Surveys the data set at single values of t, and reads off the branches."""

    def __init__(
        self, problem: DatasetProblem, position: int, width: int, lines: Sequence[Line], pattern_budget: int
    ) -> None:
        self.problem = problem
        self.position = position
        self.width = width
        self.lines = lines
        self.pattern_budget = pattern_budget

    def wall(self, t: Fraction) -> Piece:
        """Everything at one value of t; residuals are constants."""
        return Piece(t, t, tuple(self._branches(t, lambda values: tuple((value, Fraction(0)) for value in values))))

    def between(self, left: Fraction, right: Fraction) -> list[Piece]:
        """The open interval between two neighbouring walls, cut where another function becomes the lowest."""
        t = self._generic(left, right)

        def line_at(residuals: tuple[Fraction, ...]) -> Line:
            return next(line for line in self.lines if value_at(line, t) == residuals)

        return _by_lowest(left, right, self._branches(t, line_at))

    def _generic(self, left: Fraction, right: Fraction) -> Fraction:
        """A rational t between, at which no two different residual lines meet."""
        low, high = left, right
        while True:
            t = rational_between(low, high)
            if len({value_at(line, t) for line in self.lines}) == len(self.lines):
                return t
            low = t

    def _branches(self, t: Fraction, line: Callable[[tuple[Fraction, ...]], Line]) -> list[Branch]:
        targets = tuple(t if k == self.position else value for k, value in enumerate(self.problem.targets))
        problem = replace(self.problem, targets=targets)
        survey = survey_dataset(problem, self.width, pattern_budget=self.pattern_budget)
        strata = survey_dataset_strata(survey).by_function
        branches = []
        for function in survey.functions:
            mine = [one for one in strata.get(function.label, ()) if one.by_default]
            if mine:
                residuals = line(function.residuals)
                coded = sorted((one.label.rpartition(":")[2], one.kind) for one in mine)
                branches.append(Branch(residuals, _loss(residuals), tuple(coded)))
        return branches


def _by_lowest(left: Fraction, right: Fraction, branches: Sequence[Branch]) -> list[Piece]:
    """An open interval on which the branches persist, cut where the set of those with the least loss changes."""
    meetings = [
        (root, {i, j})
        for (i, one), (j, other) in combinations(enumerate(branches), 2)
        for root in (one.loss - other.loss).roots()
        if compare(left, root) < 0 < compare(right, root)
    ]
    stops: list[Root] = [left, *_distinct(sorted((root for root, _ in meetings), key=in_order)), right]
    lowest = [_lowest(branches, rational_between(low, high)) for low, high in pairwise(stops)]
    pieces: list[Piece] = []
    start: Root = left
    for i, stop in enumerate(stops[1:], start=1):
        before = lowest[i - 1]
        here = set(before) | (set(lowest[i]) if i < len(lowest) else set())
        for root, pair in meetings:
            if pair & here and compare(root, stop) == 0:
                here |= pair
        if here == before and i < len(lowest):
            continue
        pieces.append(Piece(start, stop, _named(branches, before)))
        if i < len(lowest):
            pieces.append(Piece(stop, stop, _named(branches, here)))
        start = stop
    return pieces


def _lowest(branches: Sequence[Branch], t: Fraction) -> set[int]:
    losses = [branch.loss(t) for branch in branches]
    return {i for i, loss in enumerate(losses) if loss == min(losses)}


def _named(branches: Sequence[Branch], lowest: set[int]) -> tuple[Branch, ...]:
    return tuple(branch.with_lowest(i in lowest) for i, branch in enumerate(branches))


def _loss(line: Line) -> Quadratic:
    scale = Fraction(1, 2 * len(line))
    return Quadratic(
        scale * sum((c0**2 for c0, _ in line), Fraction(0)),
        scale * sum((2 * c0 * c1 for c0, c1 in line), Fraction(0)),
        scale * sum((c1**2 for _, c1 in line), Fraction(0)),
    )


def _distinct(roots: Sequence[Root]) -> list[Root]:
    found: list[Root] = []
    for root in roots:
        if not found or compare(found[-1], root) != 0:
            found.append(root)
    return found


def _kinds_of(piece: Piece) -> dict[str, Kind]:
    return {code: kind for branch in piece.branches for code, kind in branch.strata}


def _without_idle_walls(pieces: list[Piece]) -> list[Piece]:
    """Join two open pieces where the wall between them changes nothing: the same branches before, at and after it."""
    kept = pieces[:2]
    for wall, right in zip(pieces[2:-1:2], pieces[3::2], strict=True):
        left = kept[-1]
        if set(left.branches) == set(right.branches) and _continues(left, wall):
            kept[-1] = Piece(left.lower, right.upper, left.branches)
        else:
            kept += [wall, right]
    return [*kept, pieces[-1]]


def _continues(left: Piece, wall: Piece) -> bool:
    """Whether the branches at a rational wall are those before it."""
    t = wall.lower
    if not isinstance(t, Fraction):
        return False
    before = {(value_at(branch.residuals, t), branch.strata) for branch in left.branches}
    return before == {(value_at(branch.residuals, t), branch.strata) for branch in wall.branches}
