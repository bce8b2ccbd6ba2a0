"""Transitions between the critical strata of a teacher problem: out of every saddle, along the gradient flow.

From the balanced point of a saddle stratum (`symbolic.flow.teacher_start`) the flow of the loss in all n d weights is
followed along representatives of every negative eigenvalue of the Hessian, in both directions ("hessian"): once from a
start with the symmetry of saddle and eigenvector, which the flow keeps (it may well end in a saddle), and once with
noise, which breaks the symmetry. There is no "escape": a row that vanishes is part of no listed stratum.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby
from zlib import crc32

import numpy as np

from symbolic.enclosure import Number, Rigor, Verdict
from symbolic.errors import Undecided
from symbolic.flow.explorer import MINIMA, Explorer
from symbolic.flow.teacher_descent import Descent, RunBudget, Start, descend
from symbolic.flow.teacher_landing import Landing, TeacherLandings
from symbolic.flow.teacher_start import SaddlePoint, UnstableDirection
from symbolic.flow.transitions import HESSIAN, NUMERICAL, Transition, is_less, rounded
from symbolic.teacher.arithmetic import FloatArray
from symbolic.teacher.functions import TeacherFunction
from symbolic.teacher.strata import TeacherStratum
from symbolic.teacher.survey import TeacherStrata

AWAY = 10.0
"""A run is looked at for its end once it is this many times as far from the saddle as it started."""

NOISE = 0.1
"""Size of the noise of repeated runs, beside the perturbation."""


@dataclass(frozen=True)
class TransitionBudget:
    """How the runs start and what each may use.

    Attributes:
        step: size of the first step along a unit eigenvector.
        axes: representatives of the eigenvectors of an irrep for each block (`SaddlePoint.unstable_directions`).
        repeats: runs for each first representative and sign; the first run has no noise. Further representatives have
            one run.
        noisy_entries: with more weights than this there are no runs with noise.
        run: for each run.
    """

    step: float = 1e-4
    axes: int = 2
    repeats: int = 2
    noisy_entries: int = 150
    run: RunBudget = field(default_factory=RunBudget)


@dataclass(frozen=True)
class TeacherTransition(Transition):
    """A transition of the teacher family.

    Attributes:
        space: the fixed space of the distinct rays, with blocks cut where rays have different numbers of rows.
        irrep: the irrep of its group that the eigenvalue belongs to; blocks are numbered from 0 as `space` lists them.
        axis: which vector of the sphere of eigenvectors was taken (`symbolic.flow.teacher_bases`).
    """

    space: str = ""
    irrep: str = ""
    axis: str = ""


@dataclass(frozen=True)
class Departure:
    """A way out of a stratum. Departures with one key share their run: they are images of each other."""

    key: str
    way: str
    space: str
    direction: UnstableDirection
    sign: int
    seed: int | None
    start: Start


class TeacherTransitions(Explorer[TeacherStratum, Departure, Descent, TeacherTransition]):
    """The ways out of the saddles of one width.

    Args:
        functions: the critical functions of a teacher problem.
        strata: the strata of one width over them.
        seed: of the noise of repeated runs.
        budget: see `TransitionBudget`.

    Guarantee: rates are certified. That a run ends next to its target is numerical; the target is a certified critical
        point, identified with a function of the list by a proof (`TeacherLandings.find`), and its loss is proved to be
        less than that of the source. Without doubts every negative eigenvalue has a representative.
    """

    def __init__(
        self,
        functions: Iterable[TeacherFunction],
        strata: TeacherStrata,
        *,
        seed: int = 0,
        budget: TransitionBudget | None = None,
    ) -> None:
        super().__init__(descend)
        self.problem = strata.problem
        self.strata = strata
        self.seed = seed
        self.budget = budget or TransitionBudget()
        self._functions = {one.label: one for one in functions}
        self._landings = TeacherLandings(self.problem.name, self._functions.values(), strata.strata)
        self._departures: dict[str, tuple[tuple[Departure, ...], tuple[str, ...]]] = {}
        self._ends: dict[str, Landing] = {}

    def sources(self) -> tuple[TeacherStratum, ...]:
        """The strata that are not proved to be minima."""
        return tuple(one for one in self.strata.strata if one.kind not in MINIMA)

    def departures(self, stratum: TeacherStratum) -> tuple[Sequence[Departure], tuple[str, ...]]:
        """The ways out of a stratum, and what could not be decided about them."""
        if stratum.label not in self._departures:
            self._departures[stratum.label] = self._departures_of(stratum)
        return self._departures[stratum.label]

    def _departures_of(self, stratum: TeacherStratum) -> tuple[tuple[Departure, ...], tuple[str, ...]]:
        saddle = SaddlePoint(self._functions[stratum.function], stratum.copies)
        try:
            directions, doubts = saddle.unstable_directions(self.budget.axes)
        except Undecided as error:
            return (), (str(error),)
        if not directions and not doubts:
            return (), ("a saddle without negative eigenvalue: it has descents of another kind",)
        found: list[Departure] = []
        seen: set[tuple[str, str]] = set()
        for number, direction in enumerate(directions, start=1):
            # The eigenvalue in words tells several of one irrep apart.
            key = (direction.irrep, str(direction.eigenvalue))
            repeats = 1 if key in seen or saddle.weights.size > self.budget.noisy_entries else self.budget.repeats
            seen.add(key)
            found += self._of_direction(stratum, saddle, number, direction, repeats)
        return tuple(found), doubts

    def _of_direction(
        self, stratum: TeacherStratum, saddle: SaddlePoint, number: int, direction: UnstableDirection, repeats: int
    ) -> list[Departure]:
        step, found = self.budget.step, []
        mirrored = saddle.is_mirrored(direction)
        for sign in (1, -1):
            way = f"{stratum.label}:{number}{'+' if sign > 0 else '-'}"
            for repeat in range(1 if mirrored and sign < 0 else repeats):
                seed, moved, pattern = None, sign * direction.vector, direction.pattern
                key = f"{way}#{repeat}"
                if repeat:
                    seed = crc32(f"{self.seed}:{way}:{repeat}".encode())
                    noise = np.random.default_rng(seed).standard_normal(moved.shape)
                    moved = moved + NOISE * noise / float(np.linalg.norm(noise))
                    rows, inputs = moved.shape
                    pattern = tuple(tuple(range(i * inputs, (i + 1) * inputs)) for i in range(rows))
                elif mirrored:
                    key = f"{stratum.label}:{number}+#0"
                away = AWAY * step * float(np.linalg.norm(moved))
                weights = _told(saddle.weights + step * moved)
                start = Start(saddle.teachers, _told(saddle.weights), weights, pattern, away, self.budget.run)
                found.append(Departure(key, way, saddle.space.text, direction, sign, seed, start))
        return found

    def _transition(
        self, stratum: TeacherStratum, departure: Departure, descent: Descent
    ) -> tuple[TeacherTransition, tuple[str, ...]]:
        source, landing = self._functions[stratum.function], self._landing(departure, descent)
        target, distance, cause = landing.stratum, landing.distance, landing.cause
        loss: Number = landing.loss if landing.loss is not None else _measured(descent.loss)
        descends = landing.loss is None or is_less(loss, source.loss) is Verdict.YES
        if not descends:
            named = "the critical point next to its end" if target is None else target.label
            cause, target, distance = f"the loss of {named} is not proved to be less", None, None
        found = TeacherTransition(
            source=stratum.label,
            target=None if target is None else target.label,
            kind=HESSIAN,
            direction=told_direction(departure.direction.vector),
            sign=departure.sign,
            rate=rounded(-departure.direction.eigenvalue),
            rate_evidence=Rigor.CERTIFIED.value,
            evidence=NUMERICAL,
            distance=distance,
            gradient_norm=descent.gradient_norm,
            loss_before=source.loss,
            loss_after=loss if target is None else self._functions[target.function].loss,
            perturbation=self.budget.step,
            seed=departure.seed,
            cause=cause,
            space=departure.space,
            irrep=departure.direction.irrep,
            axis=departure.direction.axis,
        )
        return found, ()

    def _landing(self, departure: Departure, descent: Descent) -> Landing:
        if departure.key not in self._ends:
            if descent.vanished:
                found = Landing(None, None, None, "a row vanished: the loss is not differentiable there")
            elif not descent.converged:
                found = Landing(None, None, None, f"the run did not come to rest: {descent.termination}")
            else:
                found = self._landings.find(np.array(descent.weights), self.problem.k)
            self._ends[departure.key] = found
        return self._ends[departure.key]


def told_direction(vector: FloatArray) -> tuple[tuple[str, Number], ...]:
    """A direction as entries `w<i>[<j>]`, or `w<i>[<j>..<l>]` where several in turn are equal; zeros are left out."""
    found: list[tuple[str, Number]] = []
    for i, row in enumerate(vector.tolist(), start=1):
        column = 0
        for value, run in groupby(row):
            length = len(list(run))
            first, column = column + 1, column + length
            if value:
                place = str(first) if length == 1 else f"{first}..{column}"
                found.append((f"w{i}[{place}]", Fraction(value)))
    return tuple(found)


def _measured(loss: float) -> Fraction:
    return Fraction(loss) if np.isfinite(loss) else Fraction(0)


def _told(weights: FloatArray) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(map(float, row)) for row in weights)
