"""Transitions between the stationary strata of a data set: out of every saddle, along the gradient flow.

From the balanced point of a saddle stratum (`symbolic.flow.dataset_start`) the flow with relu'(0) = 0 is followed

- along the eigenvectors of negative eigenvalues of the Hessian, on either side of the kinks of neurons with a = 0, in
  both directions where both lead to these sides ("hessian");
- with one of the neurons with a = 0 that are active at no sample made small beside its kinks, in every direction in
  which it grows ("escape"); a neuron w = 0 = a starts balanced.

Neurons that are active at no sample do not move, so strata that differ only in them share the runs of their *core*.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from fractions import Fraction
from zlib import crc32

import numpy as np

from symbolic.dataset.escape import EscapeDirection, Vector, dot
from symbolic.dataset.functions import DatasetFunction
from symbolic.dataset.stationarity import NeuronType
from symbolic.dataset.strata import DatasetStratum
from symbolic.dataset.survey import DatasetStrata, DatasetSurvey
from symbolic.enclosure import Number, Rigor, Verdict, arb_of, working_precision
from symbolic.errors import Undecided
from symbolic.flow.dataset_descent import Descent, RunBudget, Start, descend
from symbolic.flow.dataset_landing import Landings
from symbolic.flow.dataset_start import (
    Core,
    Unstable,
    core_of,
    has_loose_kinks,
    local_escapes,
    point_inside,
    root_number,
    unstable_directions,
)
from symbolic.flow.explorer import MINIMA, Explorer
from symbolic.flow.transitions import DIGITS, ESCAPE, HESSIAN, NUMERICAL, StratumTransitions, Transition, rounded

PROVED = "proved"

NOISE = 0.1
"""Size of the noise of repeated runs, beside the perturbation."""

LOOSE = "a neuron on a kink may leave it: the rates along eigenvectors are those on its kink"
NO_RATE = "no neuron leaves it at an exponential rate"


@dataclass(frozen=True)
class TransitionBudget:
    """How the runs start and what each may use.

    Attributes:
        hessian_step: size of the first step along a unit eigenvector.
        escape_size: size |a| that an escaping neuron starts with.
        remnant: how far an escaping neuron is on its side of a kink of its direction, beside its size.
        repeats: runs for each direction and sign; the first has no noise.
        run: for each run.
    """

    hessian_step: float = 1e-4
    escape_size: float = 1e-4
    remnant: float = 1e-3
    repeats: int = 2
    run: RunBudget = field(default_factory=RunBudget)


@dataclass(frozen=True)
class Departure:
    """A way out of a core.

    Attributes:
        key: of the run.
        direction: rates of the weights of each neuron in the run, (w, a).
        escaping: the type of the escaping neuron, the last one of the run; None along an eigenvector.
        proved: the type it ends with, where it is proved that the run fits the samples at which it is then active
            and changes nothing else.
    """

    key: str
    kind: str
    direction: tuple[tuple[tuple[Number, ...], Number], ...]
    sign: int
    rate: Number
    rate_evidence: str
    perturbation: float
    seed: int | None
    start: Start
    escaping: NeuronType | None = None
    proved: NeuronType | None = None

    @property
    def way(self) -> str:
        """The key without the number of the repetition."""
        return self.key.partition("#")[0]


@dataclass(frozen=True)
class _Way:
    """A perturbation of the neurons of a core and, for an escape, of one more, which comes last."""

    key: str
    kind: str
    direction: tuple[tuple[tuple[Number, ...], Number], ...]
    sign: int
    rate: Number
    rate_evidence: str
    size: float
    origin: tuple[tuple[Vector, float], ...]
    moved: tuple[tuple[Vector, float], ...]
    balanced: tuple[bool, ...]
    escaping: NeuronType | None = None
    proved: NeuronType | None = None


class Transitions(Explorer[DatasetStratum, Departure, Descent, Transition]):
    """The ways out of the saddles of one width; runs are kept, so that strata with the same core share them.

    Args:
        surveyed: the functions of a data set.
        strata: the strata of the same width.
        seed: of the noise of repeated runs.
        budget: see `TransitionBudget`.

    Guarantee: rates of escapes are exact, those along eigenvectors certified, but where neurons may leave their kinks,
        as a doubt then says. Losses are exact. Where a run ends is numerical: it is identified by distance, and the
        loss of the target is proved to be less than that of the source; for orthogonal samples it is proved where the
        evidence says so (docs/graph.md, "Transitions of data sets").
    """

    def __init__(
        self, surveyed: DatasetSurvey, strata: DatasetStrata, *, seed: int = 0, budget: TransitionBudget | None = None
    ) -> None:
        super().__init__(descend)
        self.problem = surveyed.problem
        self.strata = strata
        self.seed = seed
        self.budget = budget or TransitionBudget()
        self._faces = surveyed.arrangement
        self._functions = {one.label: one for one in surveyed.functions}
        self._residuals = {one.residuals: one for one in surveyed.functions}
        self._landings = Landings(self.problem, surveyed.functions, strata.strata)
        self._hessian: dict[str, tuple[tuple[Departure, ...], tuple[str, ...]]] = {}
        self._escapes: dict[tuple[str, str], tuple[EscapeDirection, ...]] = {}
        self._departures: dict[str, tuple[Departure, ...]] = {}

    def sources(self) -> tuple[DatasetStratum, ...]:
        """The strata that are no minima."""
        return tuple(one for one in self.strata.strata if one.kind not in MINIMA)

    def departures(self, stratum: DatasetStratum) -> tuple[list[Departure], tuple[str, ...]]:
        """The ways out of a stratum, and what could not be decided about them."""
        function = self._functions[stratum.function]
        if not any(function.residuals):
            return [], ()
        try:
            core = core_of(self.problem, function, stratum)
        except Undecided as error:
            return [], (str(error),)
        if core.code not in self._hessian:
            self._hessian[core.code] = self._hessian_departures(function, core)
        along, doubts = self._hessian[core.code]
        departures = list(along)
        for neuron in dict.fromkeys(stratum.neurons):
            if neuron.sign == 0 and not neuron.active:
                key = f"{core.code}:{neuron.code}"
                if key not in self._departures:
                    self._departures[key] = self._escape_departures(function, core, neuron, key)
                departures += self._departures[key]
        if not departures and not doubts:
            doubts = (NO_RATE,)
        return departures, doubts

    def _hessian_departures(
        self, function: DatasetFunction, core: Core
    ) -> tuple[tuple[Departure, ...], tuple[str, ...]]:
        try:
            unstable = unstable_directions(self.problem, function, core, self._faces)
        except Undecided as error:
            return (), (str(error),)
        found: list[Departure] = []
        loose = bool(unstable) and has_loose_kinks(function, core, self._faces)
        evidence = NUMERICAL if loose else Rigor.CERTIFIED.value
        for number, one in enumerate(unstable, start=1):
            for sign in one.signs:
                found += self._repeated(self._along(core, one, number, sign, evidence))
        return tuple(found), (LOOSE,) if loose else ()

    def _along(self, core: Core, one: Unstable, number: int, sign: int, evidence: str) -> _Way:
        step = self.budget.hessian_step
        origin = tuple(zip(core.weights, core.outer, strict=True))
        moved = tuple(
            _balanced(_plus(w, step * sign, inner), a) if a else (_plus(w, step * sign, inner), step * sign * outer)
            for (w, a), inner, outer in zip(origin, one.inner, one.outer, strict=True)
        )
        direction = tuple(
            (tuple(Fraction(float(value)) for value in inner), Fraction(outer))
            for inner, outer in zip(one.inner, one.outer, strict=True)
        )
        key = f"{core.code}:{HESSIAN}{number}{'+' if sign > 0 else '-'}"
        return _Way(
            key, HESSIAN, direction, sign, rounded(-one.eigenvalue), evidence, step, origin, moved,
            tuple(bool(a) for _, a in origin),
        )

    def _escape_departures(
        self, function: DatasetFunction, core: Core, neuron: NeuronType, key: str
    ) -> tuple[Departure, ...]:
        known = (function.label, neuron.pattern)
        if known not in self._escapes:
            self._escapes[known] = local_escapes(self.problem, function.residuals, neuron.pattern)
        found: list[Departure] = []
        for number, one in enumerate(self._escapes[known], start=1):
            found += self._repeated(self._outward(function, core, neuron, one, f"{key}:{ESCAPE}{number}"))
        return tuple(found)

    def _outward(
        self, function: DatasetFunction, core: Core, neuron: NeuronType, one: EscapeDirection, key: str
    ) -> _Way:
        size = self.budget.escape_size
        place = self._place(neuron)
        unit = tuple(value * Fraction(float(one.rate_squared) ** -0.5) for value in one.direction)
        towards = unit
        if one.side != one.pattern:
            towards = _plus(unit, self.budget.remnant, point_inside(self.problem, neuron.pattern, one.side))
        moved = _plus(place, size, towards)
        balanced = not any(place)
        leaving = _balanced(moved, one.sign) if balanced else (moved, one.sign * size)
        with working_precision(DIGITS + 32):
            root = arb_of(one.rate_squared).sqrt()
            direction = tuple(rounded(arb_of(value) / root) for value in one.direction)
        origin = tuple(zip(core.weights, core.outer, strict=True))
        still = ((Fraction(0),) * self.problem.dimension, Fraction(0))
        return _Way(
            key,
            ESCAPE,
            (*(still for _ in origin), (direction, Fraction(one.sign))),
            one.sign,
            root_number(one.rate_squared),
            Rigor.EXACT.value,
            size,
            (*origin, (place, 0.0)),
            (*origin, leaving),
            (*(bool(a) for _, a in origin), balanced),
            neuron,
            self._end_for_orthogonal_samples(function, core, neuron, one),
        )

    def _place(self, neuron: NeuronType) -> Vector:
        """A point of length about 1 in the face of a neuron; 0 if the face holds 0."""
        face = self._faces.by_pattern[neuron.pattern]
        if not neuron.pattern.strip("0"):
            return (Fraction(0),) * self.problem.dimension
        total = tuple(Fraction(sum(ray[i] for ray in face.rays)) for i in range(self.problem.dimension))
        return tuple(value * Fraction(1 / _length(total)) for value in total)

    def _end_for_orthogonal_samples(
        self, function: DatasetFunction, core: Core, neuron: NeuronType, one: EscapeDirection
    ) -> NeuronType | None:
        """The type with which the escaping neuron is proved to end, if it is.

        Let the samples be orthogonal and B those at which the neuron starts active, sign(a) r_k > 0 on B, and let no
        other neuron be active on B. Preactivations u_k move by a (r_k - a u_k) |x_k|^2 / n on B, and not elsewhere. So
        the others are at rest for ever and the neuron moves as if B were all samples. The loss decreases, so a does not
        come back to 0; where r_k - a u_k has not the sign of a, |a| u_k > |r_k|, so u_k stays positive; a^2 - |w|^2 is
        conserved, so the run is bounded. It converges (the loss is a polynomial), so r_k - a u_k goes to 0 on B.
        """
        if not self.problem.orthogonal:
            return None
        local = iter(one.side)
        pattern = "".join(next(local) if letter == "0" else letter for letter in neuron.pattern)
        grown = [k for k, letter in enumerate(pattern) if letter == "+"]
        if not all(one.sign * function.residuals[k] > 0 for k in grown):
            return None
        if any(other.pattern[k] == "+" for other in core.neurons for k in grown):
            return None
        return NeuronType(pattern, one.sign)

    def _repeated(self, way: _Way) -> list[Departure]:
        found = []
        for repeat in range(self.budget.repeats):
            seed, state = None, way.moved
            if repeat:
                seed = crc32(f"{self.seed}:{way.key}:{repeat}".encode())
                state = self._shaken(way, seed)
            start = Start(
                self.problem.samples,
                self.problem.targets,
                tuple(w for w, _ in state),
                tuple(a for _, a in state),
                self.budget.run,
            )
            found.append(
                Departure(
                    f"{way.key}#{repeat}", way.kind, way.direction, way.sign, way.rate, way.rate_evidence, way.size,
                    seed, start, way.escaping, None if repeat else way.proved,
                )
            )
        return found

    def _shaken(self, way: _Way, seed: int) -> tuple[tuple[Vector, float], ...]:
        """The start of a way with noise in all of its weights; balanced neurons stay balanced."""
        dimension = self.problem.dimension
        noise = np.random.default_rng(seed).standard_normal((len(way.moved), dimension + 1))
        noise *= NOISE * way.size / float(np.linalg.norm(noise))
        state = []
        for (w, a), row, balanced in zip(way.moved, noise, way.balanced, strict=True):
            inner = tuple(value + Fraction(float(more)) for value, more in zip(w, row[:dimension], strict=True))
            state.append(_balanced(inner, a) if balanced else (inner, a + float(row[dimension])))
        return tuple(state)

    def _transition(
        self, stratum: DatasetStratum, departure: Departure, descent: Descent
    ) -> tuple[Transition, tuple[str, ...]]:
        others, numbers = _others(stratum.neurons, departure.escaping)
        source = self._functions[stratum.function]
        target, distance, cause = None, None, descent.cause
        loss: Number = Fraction(descent.loss)
        if descent.converged:
            landing = self._landings.find(descent, others)
            cause = landing.cause
            if landing.stratum is not None:
                target, distance = landing.stratum.label, landing.distance
                loss = self._functions[landing.stratum.function].loss
        evidence = NUMERICAL
        doubts: tuple[str, ...] = ()
        if departure.proved is not None:
            proved = self._proved_target(stratum, source, departure.proved, departure.escaping)
            if proved is not None and proved.label == target:
                evidence = PROVED
            else:
                named = proved.label if proved else "a stratum that is not listed"
                doubts = (f"a run does not end in {named}, as is proved",)
        transition = Transition(
            source=stratum.label,
            target=target,
            kind=departure.kind,
            direction=_named(departure.direction, numbers),
            sign=departure.sign,
            rate=departure.rate,
            rate_evidence=departure.rate_evidence,
            evidence=evidence,
            distance=distance,
            gradient_norm=descent.gradient_norm,
            loss_before=source.loss,
            loss_after=loss,
            perturbation=departure.perturbation,
            seed=departure.seed,
            cause=cause,
        )
        if target is None or transition.descends is Verdict.YES:
            return transition, doubts
        return replace(transition, target=None, distance=None, cause=f"the loss of {target} is not less"), doubts

    def _proved_target(
        self, stratum: DatasetStratum, source: DatasetFunction, grown: NeuronType, escaping: NeuronType | None
    ) -> DatasetStratum | None:
        residuals = tuple(
            Fraction(0) if letter == "+" else value
            for letter, value in zip(grown.pattern, source.residuals, strict=True)
        )
        function = self._residuals.get(residuals)
        if function is None:
            return None
        neurons = list(stratum.neurons)
        neurons.remove(escaping or grown)
        return self._landings.stratum(function.label, [*neurons, grown])


def _others(
    neurons: Iterable[NeuronType], escaping: NeuronType | None
) -> tuple[list[NeuronType], list[int]]:
    """The neurons that do not take part in a run, and the numbers of those that do (the escaping one last)."""
    others, numbers, last = [], [], 0
    for number, neuron in enumerate(neurons, start=1):
        if neuron.active:
            numbers.append(number)
        elif neuron == escaping and not last:
            last = number
        else:
            others.append(neuron)
    return others, [*numbers, last] if last else numbers


def _named(
    direction: Iterable[tuple[tuple[Number, ...], Number]], numbers: Iterable[int]
) -> tuple[tuple[str, Number], ...]:
    """The rates of the parameters by name (as in `symbolic.dataset.loss.region_symbols`), without neurons at rest."""
    rows = [(j, inner, outer) for j, (inner, outer) in zip(numbers, direction, strict=True) if any((*inner, outer))]
    weights = [(f"w{j}_{i}", value) for j, inner, _ in rows for i, value in enumerate(inner, start=1)]
    return (*weights, *((f"a{j}", outer) for j, _, outer in rows))


def _plus(vector: Vector, factor: float, other: Vector) -> Vector:
    """vector + factor * other, exactly."""
    exact = Fraction(factor)
    return tuple(one + exact * value for one, value in zip(vector, other, strict=True))


def _balanced(weights: Vector, outer: float) -> tuple[Vector, float]:
    """w, and a with |a| = |w| and the sign of a given number. The flow keeps |w|^2 - a^2, so that all runs that leave a
    balanced point exponentially are balanced."""
    return weights, _length(weights) if outer > 0 else -_length(weights)


def _length(vector: Vector) -> float:
    return math.sqrt(float(dot(vector, vector)))


def transitions(
    surveyed: DatasetSurvey,
    strata: DatasetStrata,
    *,
    seed: int = 0,
    budget: TransitionBudget | None = None,
    executor: Executor | None = None,
    on_run: Callable[[], None] | None = None,
) -> tuple[StratumTransitions[Transition], ...]:
    """All transitions out of the saddles of one width of a data set.

    Args:
        surveyed: the functions.
        strata: the strata of the same width.
        seed: of the noise of repeated runs.
        budget: how the runs start and what each may use.
        executor: where the runs are made; in this process if None.
        on_run: called after each run.

    Returns:
        For every stratum that is no minimum the transitions out of it, in the order of the strata.

    Guarantee: that of `Transitions`.
    """
    return Transitions(surveyed, strata, seed=seed, budget=budget).every_transition(executor, on_run)
