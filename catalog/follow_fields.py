"""A run of each family against the stored critical functions, and the stratum next to it at one time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from catalog.errors import CatalogError
from catalog.packed_strata import codes_of
from catalog.record import from_text
from catalog.store import Row
from catalog.strata_query import WordsOfStrata
from catalog.trajectory import FloatArray, Trajectory
from symbolic.errors import InvalidProblem
from symbolic.flow.proximity import Passage, ProximityField

if TYPE_CHECKING:
    from symbolic.dataset.problem import DatasetProblem
    from symbolic.flow.proximity_dataset import DatasetProximity
    from symbolic.flow.proximity_interval import IntervalProximity, Polygon
    from symbolic.flow.proximity_strata import ConeRole
    from symbolic.flow.proximity_teacher import TeacherProximity
    from symbolic.interval.problem import IntervalProblem
    from symbolic.problem import Problem
    from symbolic.teacher.problem import TeacherProblem

Found = tuple[str | None, float | None]
"""The label of a stratum and the distance to it, each None where not known."""

_SITE = re.compile(r"([kvf])([0-9]+)([+-])([pnz]?)")
_END = re.compile(r"l([ab])([+-])([pnz])")
_SIGNS = {"p": 1, "n": -1}


@dataclass(frozen=True)
class OverFunction:
    """The strata over one function at the width of a run: packed rows by label, and what they are read with."""

    strata: Mapping[str, Row]
    words: WordsOfStrata

    @cached_property
    def labels(self) -> dict[tuple[str, ...], str]:
        """The labels by the sorted codes of the neurons."""
        return {tuple(sorted(codes_of(label))): label for label in self.strata}

    @cached_property
    def codes(self) -> list[str]:
        """All codes, sorted."""
        return sorted({code for codes in self.labels for code in codes})


class FollowedRun(Protocol):
    """A run with the critical functions that it is compared with."""

    @property
    def run(self) -> Trajectory: ...

    @property
    def field(self) -> ProximityField: ...

    def stratum(self, passage: Passage, over: OverFunction) -> Found:
        """The stratum over a function next to the run where it is closest, and the distance to it.

        Args:
            passage: near the function.
            over: the strata over it at the width of the run.
        """


def followed_run(problem: Problem, run: Trajectory, functions: Sequence[Row]) -> FollowedRun:
    """A run beside the stored functions.

    Raises:
        CatalogError: a problem whose runs cannot be followed, or numbers too large to be squared.
    """
    from symbolic.dataset.problem import DatasetProblem
    from symbolic.interval.problem import IntervalProblem
    from symbolic.teacher.problem import TeacherProblem

    records = [from_text(row["record"]) for row in functions]
    followed: FollowedRun
    try:
        if isinstance(problem, IntervalProblem):
            followed = IntervalRun(problem, run, records)
        elif isinstance(problem, DatasetProblem):
            followed = DatasetRun(problem, run, records)
        elif isinstance(problem, TeacherProblem):
            followed = TeacherRun(problem, run, records)
        else:
            raise CatalogError(f"runs of the family {problem.family} are not followed")
        with np.errstate(all="ignore"):
            fine = np.isfinite(followed.field.losses) & np.isfinite(followed.field.gradient_norms)
    except InvalidProblem as error:
        raise CatalogError(f"{problem.name}: {error}") from None
    if not fine.all():
        raise CatalogError(f"the loss or its gradient overflows at object {int(np.argmin(fine)) + 1} of the run")
    return followed


class IntervalRun:
    """A run of an interval problem."""

    def __init__(self, problem: IntervalProblem, run: Trajectory, records: Sequence[Row]) -> None:
        from symbolic.flow.proximity_interval import IntervalProximity

        self.problem = problem
        self.run = run
        given = run.parameters
        self._polygons = [_polygon(problem, record) for record in records]
        self._roles: dict[int, tuple[list[ConeRole], FloatArray]] = {}
        self.field: IntervalProximity = IntervalProximity(
            problem, given["w"], given["b"], given["v"], given["c"], self._polygons
        )

    def stratum(self, passage: Passage, over: OverFunction) -> Found:
        """In the coordinates |v_j| (w_j, b_j) and c, see `symbolic.flow.proximity_strata`."""
        from symbolic.flow.proximity_strata import nearest_stratum

        if passage.function is None or not over.strata:
            return None, None
        if ("all",) in over.labels:
            return over.labels["all",], None
        corners, heights = self._polygons[passage.function]
        if passage.function not in self._roles:
            sites = self._sites(over, corners)
            places = np.unique(np.concatenate((corners, list(sites.values()))) if sites else corners)
            known = [self._role(code, sites, places) for code in over.codes]
            self._roles[passage.function] = [one for one in known if one is not None], places
        roles, places = self._roles[passage.function]
        field, at = self.field, passage.closest
        betas = field.masses[at][:, None] * np.column_stack((field.slopes[at], field.heights[at]))
        signs = [int(sign) for sign in np.sign(field.signed[at])]
        length = float(np.sqrt(self._square(places[0], places[-1])))
        found = nearest_stratum(
            roles, over.labels, betas, signs, float(field.offsets[at]), np.interp(places, corners, heights),
            passage.reach / length,
        )
        return found.label, None if found.label is None else found.distance

    @staticmethod
    def _square(start: float, end: float) -> float:
        """int x^2 + 1."""
        return float((end**3 - start**3) / 3 + end - start)

    @staticmethod
    def _sites(over: OverFunction, corners: FloatArray) -> dict[str, float]:
        """Where the breakpoints of the codes are: at kinks, else as in the sample of a stratum."""
        found: dict[str, float] = {}
        for packed in over.strata.values():
            for j, code in enumerate(codes_of(packed["label"])):
                site = _SITE.fullmatch(code)
                if site is None or site[1] == "f" or site[4] == "z" or code in found:
                    continue
                if site[1] == "k":
                    found[code] = float(corners[int(site[2])])
                    continue
                sample = over.words.row(packed)["sample"]
                found[code] = -float(sample["b"][j]) / float(sample["w"][j])
        return found

    def _role(self, code: str, sites: dict[str, float], places: FloatArray) -> ConeRole | None:
        """The cone of a code; None for those that are 0 in these coordinates, apart from `zero` itself."""
        from symbolic.flow.proximity_strata import ConeRole

        start, end = places[0], places[-1]
        none, line = np.zeros((0, 2)), np.column_stack((places, np.ones_like(places)))
        leak = float(self.problem.leak)
        at_ends = np.array([[start, 1.0], [end, 1.0]])
        if code == "zero":
            return ConeRole(code, 0, 0, np.eye(2), none, 0 * line)
        if code == "act":
            return ConeRole(code, None, 2, none, at_ends, line)
        if code in ("dead", "ina"):
            return ConeRole(code, None, 2, none, -at_ends, leak * line)
        site, end_of = _SITE.fullmatch(code), _END.fullmatch(code)
        if code in sites and site is not None:
            place, mark, sign = sites[code], site[3], _SIGNS[site[4]]
        elif end_of is not None and end_of[3] in _SIGNS:
            place, mark, sign = (start if end_of[1] == "a" else end), end_of[2], _SIGNS[end_of[3]]
        else:
            return None
        direction = 1.0 if mark == "+" else -1.0
        factors = np.where(direction * (places - place) > 0, 1.0, leak)
        ray = np.array([[direction, 0.0]])
        return ConeRole(code, sign, 1, np.array([[place, 1.0]]), ray, factors[:, None] * line)


class DatasetRun:
    """A run of a data set."""

    def __init__(self, problem: DatasetProblem, run: Trajectory, records: Sequence[Row]) -> None:
        from fractions import Fraction

        from symbolic.flow.proximity_dataset import DatasetProximity

        self.problem = problem
        self.run = run
        self._residuals = [[float(Fraction(value)) for value in record["residuals"]] for record in records]
        self.field: DatasetProximity = DatasetProximity(
            problem, run.parameters["w"], run.parameters["a"], self._residuals
        )

    def stratum(self, passage: Passage, over: OverFunction) -> Found:
        """In the coordinates |a_j| w_j, see `symbolic.flow.proximity_strata`."""
        from symbolic.flow.proximity_strata import nearest_stratum

        if passage.function is None or not over.strata:
            return None, None
        roles = [role for code in over.codes if (role := self._role(code)) is not None]
        field, at = self.field, passage.closest
        length = float(np.sqrt(np.square(field.samples).sum(axis=1).mean()))
        found = nearest_stratum(
            roles,
            over.labels,
            field.masses[at][:, None] * field.directions[at],
            [int(sign) for sign in np.sign(field.signed[at])],
            None,
            field.targets - field.critical[passage.function],
            passage.reach / length if length else 0.0,
        )
        return found.label, None if found.label is None else found.distance

    def _role(self, code: str) -> ConeRole | None:
        """The cone of a code; None for those that are 0 in these coordinates, apart from the zero neuron itself."""
        from symbolic.flow.proximity_strata import ConeRole

        pattern, letter = code[:-1], code[-1]
        samples = self.field.samples
        size = samples.shape[1]
        if letter == "z":
            zero = set(pattern) <= {"0"}
            return ConeRole(code, 0, 0, np.eye(size), np.zeros((0, size)), 0 * samples) if zero else None
        marks = np.array([{"+": 1.0, "-": -1.0, "0": 0.0}[one] for one in pattern])
        on = samples[marks == 0]
        rank = int(np.linalg.matrix_rank(on)) if len(on) else 0
        inside, effect = (marks[:, None] * samples)[marks != 0], (marks > 0)[:, None] * samples
        return ConeRole(code, _SIGNS[letter], size - rank, on, inside, effect)


class TeacherRun:
    """A run of students of a teacher."""

    def __init__(self, problem: TeacherProblem, run: Trajectory, records: Sequence[Row]) -> None:
        from symbolic.flow.proximity_teacher import TeacherProximity

        self.problem = problem
        self.run = run
        self.field: TeacherProximity = TeacherProximity(
            problem.k, run.parameters["w"], [_weights(record) for record in records]
        )

    def stratum(self, passage: Passage, over: OverFunction) -> Found:
        """The orbit of a point: min |W - P V Q| over permutations of the rows, and the Q that was matched. No distance
        to strata in which rows share a ray."""
        from symbolic.flow.proximity_teacher import row_distance

        if passage.function is None or not over.strata:
            return None, None
        weights = self.run.parameters["w"][passage.closest]
        member = self.field.aligned(passage.function, passage.plateau)
        single = next(iter(over.strata)) if len(over.strata) == 1 else None
        if len(member) != len(weights):
            return single, None
        return single, row_distance(weights, member)


def _float(number: Any) -> float:
    return float(number["decimal"])


def _polygon(problem: IntervalProblem, record: Row) -> Polygon:
    start, end = (float(value) for value in problem.domain)
    corners = np.array([start, *map(_float, record["kinks"]), end])
    rises = np.array([_float(value) for value in record["slopes"]]) * np.diff(corners)
    return corners, np.concatenate(([0.0], np.cumsum(rises))) + _float(record["offset"])


def _weights(record: Row) -> FloatArray:
    from catalog.teacher.names import entry_names
    from symbolic.teacher.fixed_spaces import FixedSpace

    space = FixedSpace.parse(record["space"])
    numbers = [_float(record["entries"][name]) for name in entry_names(space)]
    return np.array(space.dense(numbers, 0.0))
