"""The saddle-to-saddle chain of any data set: exact directions, rates and times; jumps by integrating the flow.

Between two jumps the residual is that of an exact stationary function, small neurons follow exact directions
(`symbolic.dataset.directions`) and their exponents are exact. Where a jump ends is found by integrating the flow from
the stationary network with the fired neurons added at the size `SEED`, and is then identified exactly: the patterns
at the end determine the residual, and that these types of neurons realize it, stationary, is proved. The small neurons
ride along, because they turn while the residual changes; from where they are then their directions are exact again.
That this run shows the limit of small lambda is not proved: the evidence is numerical.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby

from flint import fmpq_mat, fmpz_mat

from symbolic.dataset.chain import (
    Chain,
    ChainStep,
    Firing,
    InitialNeuron,
    check_neurons,
    compare,
    orthogonal_chain,
    smallest,
)
from symbolic.dataset.directions import Fate, Settled, settle
from symbolic.dataset.escape import Vector, attractors, dot, project_off
from symbolic.dataset.functions import residual_of
from symbolic.dataset.patterns import PATTERN_BUDGET, arrangement, interior_point, pattern_of
from symbolic.dataset.problem import DatasetProblem
from symbolic.dataset.stationarity import Faces, Field, NeuronType
from symbolic.dataset.survey import survey_dataset
from symbolic.enclosure import to_fraction
from symbolic.errors import BudgetExceeded, InvalidProblem
from symbolic.exact.cones import Combination, positive_combination, primitive
from symbolic.exact.square_roots import RootSum
from symbolic.flow.gradient_flow import FlowRun, integrate
from symbolic.flow.switching import Termination
from symbolic.problem import Completeness, CompletenessStatus, Kind

SEED = 1e-6
"""Size of a fired neuron at the start of the run that follows its jump."""

REMNANT = Fraction(1, 2**40)
"""What is left of the earlier direction of a small neuron beside its new one; it decides on which side of a kink the
neuron is."""

STEP_BUDGET = 64
"""Jumps followed at most."""

PATIENCE = 400.0
"""A run may last this many times the time that a fired neuron needs to grow to size 1."""

AT_REST = 1e-6
"""Norm of the gradient, beside its largest one in the run, below which a run that was stopped is at rest."""

NEAR = 1e-4
"""An exact residual must be as near as this to the measured one, beside the targets; so must a preactivation to 0, and
|a| |w| of a neuron that fades (some only do like 1/t) beside the sum over all."""

PATTERNS = "one direction was followed for each pattern"
BORDER = "a small neuron settles on the border of two patterns by coincidence, on the side where the run had it"

PASSENGER = Fraction(1, 10**150)
"""Size of the small neurons that ride along on a jump: they feel the residuals, and add nothing to them."""

LONGEST_RIDE = 300.0
"""Passengers grow by at most this power of e."""

SURVEYED_WIDTH = 3
"""The least width of a network that is compared with is surveyed up to this one."""


@dataclass(frozen=True)
class _Small:
    """A class of small neurons: size lambda^exponent, where they are, and the initial neurons in the class."""

    sign: int
    state: Settled
    exponent: RootSum
    neurons: tuple[int, ...]

    @property
    def weights(self) -> Vector:
        """The direction with its remnant, of order 1."""
        if self.state.fate is Fate.RESTS:
            return _unit(self.state.weights)
        rest = _unit(self.state.weights)
        return tuple(a + REMNANT * b for a, b in zip(_unit(self.state.direction), rest, strict=True))

    @property
    def rate(self) -> RootSum:
        return self.state.rate


@dataclass(frozen=True)
class _Live:
    """A neuron of size 1, as measured: its weights, with the kinks it is on made exact."""

    sign: int
    weights: Vector


@dataclass(frozen=True)
class _Landing:
    """An exact stationary function that a run came to rest at."""

    residuals: tuple[Fraction, ...]
    types: tuple[NeuronType, ...]
    directional: bool


def saddle_chain(
    problem: DatasetProblem, neurons: Sequence[InitialNeuron] | None = None, *, pattern_budget: int = PATTERN_BUDGET
) -> Chain:
    """The saddle-to-saddle chain of a data set from balanced weights of size lambda -> 0.

    Args:
        problem: a data set.
        neurons: the initial neurons; None for a wide network. A neuron given by its pattern alone starts at one
            point inside that face.
        pattern_budget: activation patterns listed at most.

    Returns:
        For orthogonal inputs the proved chain (`symbolic.dataset.chain.orthogonal_chain`). Else the chain with exact
        losses, rates and times, and numerical evidence that the flow goes where the steps say.

    Guarantee: every `after` is the residual of a function that is stationary in the sense the step names, proved. For a
        wide network a neuron is followed from every direction where small neurons settle at the start, on every side
        of a kink they can be on; of the neurons that first rest or shrink, and may grow after a jump, one for each
        cell and sign.

    Raises:
        InvalidProblem: neurons that do not fit the data.
        Undecided: a kink on which the direction of a small neuron is not decided.
        BudgetExceeded: more patterns, or more jumps, than allowed.
    """
    if problem.orthogonal:
        return orthogonal_chain(problem, neurons)
    return general_chain(problem, neurons, pattern_budget=pattern_budget)


def general_chain(
    problem: DatasetProblem, neurons: Sequence[InitialNeuron] | None = None, *, pattern_budget: int = PATTERN_BUDGET
) -> Chain:
    """`saddle_chain` without the closed form of orthogonal inputs."""
    return _Run(problem, neurons, pattern_budget).chain()


class _Run:
    def __init__(
        self, problem: DatasetProblem, neurons: Sequence[InitialNeuron] | None, pattern_budget: int
    ) -> None:
        self.problem = problem
        self.pattern_budget = pattern_budget
        self.samples = problem.samples
        self.arrangement = arrangement(problem.samples, pattern_budget)
        self.faces = Faces(self.arrangement)
        self.neurons = None if neurons is None else check_neurons(problem, neurons)
        self.residuals: tuple[Fraction, ...] = tuple(problem.targets)
        self.live: list[_Live] = []
        self.types: tuple[NeuronType, ...] = ()
        self.tau = RootSum()
        self.fragile = False

    def chain(self) -> Chain:
        small = self._wide_start() if self.neurons is None else self._given_start(self.neurons)
        steps: list[ChainStep] = []
        norm: float | None = 0.0
        while True:
            times = [
                (one.exponent.over_root(one.state.rate_squared), one)
                for one in small
                if one.state.fate is Fate.GROWS
            ]
            if not times:
                kind, reason = self._end(small)
                break
            if len(steps) == STEP_BUDGET:
                raise BudgetExceeded(f"the chain has more than {STEP_BUDGET} steps")
            wait = smallest(time for time, _ in times)
            fired = [one for time, one in times if compare(time, wait) == 0]
            small = [
                replace(one, exponent=one.exponent - _over(wait, one.state)) for one in small if one not in fired
            ]
            self.tau = self.tau + wait
            firings = _firings(fired)
            ways = {(one.sign, _ray(one.direction)) for one in firings}
            run = self._integrate(self._start(fired), self._patience(fired))
            landing = self._identify(run)
            before = self.residuals
            norm = sum(_sizes(run))
            steps.append(
                ChainStep(
                    before,
                    None if landing is None else landing.residuals,
                    self.tau,
                    firings,
                    len(ways) > 1,
                    "numerical",
                    None if landing is None else "directional" if landing.directional else "clarke",
                    None if landing is not None else run.final_gradient_norm,
                )
            )
            if landing is None:
                kind, reason, norm = Kind.UNDECIDED, "the end of a jump could not be identified", None
                break
            self.residuals, self.types = landing.residuals, landing.types
            places = self._places(fired, small, run)
            small = [
                self._settled(one.sign, place, one.exponent, one.neurons)
                for one, place in zip(small, places, strict=True)
            ]
            small = _merged(small + self._shrunk(run))
            self.fragile = self.fragile or any(self._is_fragile(one.state) for one in small)
        return Chain(
            self.problem, self.neurons, tuple(self.problem.targets), tuple(steps), kind, reason, norm,
            self._completeness(kind)
        )

    def _completeness(self, kind: Kind) -> Completeness:
        if kind is Kind.UNDECIDED:
            return Completeness(CompletenessStatus.UNDECIDED, "the chain could not be followed to an end")
        return Completeness(
            CompletenessStatus.SEARCHED,
            "stationary points, directions, rates and times are exact; where each jump ends was found by integrating "
            "the flow",
            "; ".join(text for text, said in ((PATTERNS, self._from_patterns), (BORDER, self.fragile)) if said),
        )

    @property
    def _from_patterns(self) -> bool:
        return self.neurons is None or any(one.direction is None for one in self.neurons)

    # Small neurons

    def _settled(self, sign: int, weights: Vector, exponent: RootSum, neurons: tuple[int, ...]) -> _Small:
        return _Small(sign, settle(self.samples, self.residuals, sign, weights), exponent, neurons)

    def _given_start(self, neurons: Sequence[InitialNeuron]) -> list[_Small]:
        small = []
        for number, neuron in enumerate(neurons, start=1):
            weights = neuron.direction
            if weights is None:
                face = self.arrangement.by_pattern.get(neuron.pattern)
                if face is None:
                    raise InvalidProblem(f"neuron {number}: no w has the pattern {neuron.pattern}")
                weights = interior_point(self.arrangement, face)
            small.append(self._settled(neuron.sign, weights, RootSum.rational(1), (number,)))
        return small

    def _wide_start(self) -> list[_Small]:
        """Classes of neurons of a wide network: those in every direction where small neurons settle, with every side
        label they arrive with, and those that rest or shrink and may grow later."""
        small = []
        for one in attractors(self.arrangement, self.samples, self.residuals):
            inside = interior_point(self.arrangement, self.arrangement.by_pattern[one.side])
            weights = tuple(a + b for a, b in zip(_unit(one.direction), inside, strict=True))
            small.append(self._settled(one.sign, weights, RootSum.rational(1), ()))
        for sign in (1, -1):
            for cell in self.arrangement.cells:
                found = self._settled(sign, interior_point(self.arrangement, cell), RootSum.rational(1), ())
                if found.state.fate is not Fate.GROWS and "+" in found.state.pattern:
                    small.append(found)
        return _merged(small)

    def _shrunk(self, run: FlowRun) -> list[_Small]:
        """Takes the neurons at the end of a run as the live ones, and gives back those that shrank to nothing."""
        live, small = [], []
        sizes = _sizes(run)
        for size, weights, outer, pattern in zip(
            sizes, run.inner[-1], run.outer[-1], run.final_patterns, strict=True
        ):
            sign = 1 if outer > 0 else -1
            exact = tuple(map(Fraction, map(float, weights)))
            kinks = [x for x, letter in zip(self.samples, pattern, strict=True) if letter == "0"]
            exact = project_off(exact, kinks)
            if size > NEAR * sum(sizes):
                live.append(_Live(sign, exact))
            elif any(exact):
                small.append(self._settled(sign, _unit(exact), RootSum(), ()))
        self.live = live
        return small

    # Jumps

    def _start(self, fired: Sequence[_Small]) -> list[tuple[int, Vector]]:
        """Sign and weights of the live neurons and of those that fire."""
        seeds = [(one.sign, tuple(Fraction(SEED) * value for value in one.weights)) for one in fired]
        return [*((one.sign, one.weights) for one in self.live), *seeds]

    def _patience(self, fired: Sequence[_Small]) -> float:
        return PATIENCE * -math.log(SEED) / min(float(one.rate) for one in fired)

    def _integrate(self, start: Sequence[tuple[int, Vector]], end_time: float) -> FlowRun:
        inner = [weights for _, weights in start]
        outer = [sign * math.hypot(*map(float, weights)) for sign, weights in start]
        return integrate(self.samples, self.problem.targets, inner, outer, end_time)

    def _places(self, fired: Sequence[_Small], small: Sequence[_Small], run: FlowRun) -> list[Vector]:
        """Where the small neurons are when the residual has come to its new value.

        While the fired neurons grow, the small ones move by as much as they have moved in all the time before,
        relative to their size; so they ride along.
        """
        weights = [one.weights for one in small]
        if not small:
            return weights
        scale = max(abs(float(y)) for y in self.problem.targets)
        away = abs(run.residuals - run.final_residuals).max(axis=1) > NEAR * scale
        arrival = float(run.times[1:][away[:-1]][-1]) if away[:-1].any() else float(run.times[-1])
        drives = [_norm(x) * abs(float(y)) for x, y in zip(self.samples, self.problem.targets, strict=True)]
        fastest = sum(drives) / len(drives)
        passengers = [
            (one.sign, tuple(PASSENGER * value for value in w)) for one, w in zip(small, weights, strict=True)
        ]
        ride = self._integrate([*self._start(fired), *passengers], min(arrival, LONGEST_RIDE / fastest))
        if ride.termination not in (Termination.TIME_OVER, Termination.CONVERGED):
            return weights
        first = len(ride.final_patterns) - len(small)
        return [
            self._exactly(inner, pattern)
            for inner, pattern in zip(ride.inner[-1][first:], ride.final_patterns[first:], strict=True)
        ]

    def _exactly(self, measured: Sequence[float], pattern: str) -> Vector:
        """A direction as measured, with the signs that its pattern says."""
        weights = _unit(tuple(Fraction(float(value)) for value in measured))
        wrong = [
            x
            for x, letter, seen in zip(self.samples, pattern, pattern_of(weights, self.samples), strict=True)
            if letter == "0" or letter != seen
        ]
        weights = project_off(weights, wrong)
        face = self.arrangement.by_pattern.get(pattern)
        if face is None or pattern_of(weights, self.samples) == pattern:
            return weights
        return tuple(a + REMNANT * b for a, b in zip(weights, interior_point(self.arrangement, face), strict=True))

    def _is_fragile(self, state: Settled) -> bool:
        """Whether a neuron that grows comes to a border of its pattern only because of the values of the residuals."""
        if state.fate is not Fate.GROWS:
            return False
        letters = list(zip(self.samples, state.pattern, strict=True))
        kinks = [x for x, letter in letters if letter == "0"]
        pushes = [project_off(x, kinks) for x, letter in letters if letter == "+"]
        return any(
            letter != "0" and dot(state.direction, x) == 0 and any(dot(push, x) for push in pushes)
            for x, letter in letters
        )

    def _identify(self, run: FlowRun) -> _Landing | None:
        """The exact stationary function at which a run came to rest; None if there is none that can be proved."""
        if not run.converged and run.final_gradient_norm > AT_REST * float(run.gradient_norms.max()):
            return None
        measured, limits = set(), set()
        sizes = _sizes(run)
        for size, weights, outer, pattern in zip(
            sizes, run.inner[-1], run.outer[-1], run.final_patterns, strict=True
        ):
            if size <= NEAR * sum(sizes) or "+" not in pattern:
                continue
            norm = math.hypot(*weights)
            sign = 1 if outer > 0 else -1
            measured.add(NeuronType(pattern, sign))
            letters = [
                "0" if abs(sum(w * float(v) for w, v in zip(weights, x, strict=True))) <= NEAR * norm * _norm(x) else c
                for x, c in zip(self.samples, pattern, strict=True)
            ]
            limits.add(NeuronType("".join(letters), sign))
        scale = max(abs(float(y)) for y in self.problem.targets)
        # The measured patterns keep the side labels of small lambda; a run that is still creeping to a kink has others.
        for types in (measured, limits):
            landing = self._landing(tuple(sorted(types)))
            if landing is not None and all(
                abs(float(exact) - seen) <= NEAR * scale
                for exact, seen in zip(landing.residuals, run.final_residuals, strict=True)
            ):
                return landing
        return None

    def _landing(self, types: tuple[NeuronType, ...]) -> _Landing | None:
        """The function that these types realize as a stationary one, with a proof that they do."""
        if any(one.pattern not in self.arrangement.by_pattern for one in types):
            return None
        faces = [self.arrangement.by_pattern[one.pattern] for one in types]
        effects = [[list(e) for e in self.faces.effects[face.pattern]] for face in faces]
        residuals = residual_of(self.problem.targets, _independent([e for group in effects for e in group]))
        field = Field(self.arrangement, residuals)
        directional = all(one.sign in field.directional_signs(face) for one, face in zip(types, faces, strict=True))
        if not directional and not all(field.is_clarke(face) for face in faces):
            return None
        generators = [[one.sign * v for v in e] for one, group in zip(types, effects, strict=True) for e in group]
        values = [y - r for y, r in zip(self.problem.targets, residuals, strict=True)]
        common = math.lcm(*(value.denominator for value in values))
        found = positive_combination(generators, [int(value * common) for value in values])
        return _Landing(residuals, types, directional) if isinstance(found, Combination) else None

    # The end

    def _end(self, small: Sequence[_Small]) -> tuple[Kind, str]:
        field = Field(self.arrangement, self.residuals)
        rays = {ray for face in self.arrangement.faces for ray in face.rays}
        if all(field.value(ray) == 0 for ray in rays):
            return Kind.GLOBAL_MINIMUM, "no neuron of any direction lowers the loss, which is convex in the function"
        if self.neurons is not None and len(self.neurons) <= SURVEYED_WIDTH:
            surveyed = survey_dataset(self.problem, len(self.neurons), pattern_budget=self.pattern_budget)
            if any(one.residuals == self.residuals and one.label in surveyed.lowest for one in surveyed.functions):
                return Kind.GLOBAL_MINIMUM, f"least loss of a network of width {len(self.neurons)}"
        live = [(self.arrangement.by_pattern[one.pattern], one.sign) for one in self.types]
        resting = [
            (self.arrangement.by_pattern[one.state.pattern], one.sign)
            for one in small
            if one.state.fate is Fate.RESTS
        ]
        if any(sign not in field.directional_signs(face) for face, sign in (*live, *resting)):
            return Kind.SADDLE, "a neuron on a kink could lower the loss and never leaves the kink"
        if any(one.state.fate is Fate.DECAYS for one in small):
            return Kind.SADDLE, "a neuron shrinks to zero, where it is an escape neuron"
        return Kind.LOCAL_MINIMUM, "no neuron left grows: a spurious minimum"


def _sizes(run: FlowRun) -> list[float]:
    """|a| |w| of the neurons at the end of a run."""
    return [abs(float(a)) * math.hypot(*w) for w, a in zip(run.inner[-1], run.outer[-1], strict=True)]


def _over(wait: RootSum, state: Settled) -> RootSum:
    """What the exponent of a small neuron loses in a time: rate * wait, negative where it shrinks."""
    product = wait.times_root(state.rate_squared)
    return product.scaled(-1) if state.fate is Fate.DECAYS else product


def _firings(fired: Sequence[_Small]) -> tuple[Firing, ...]:
    """What fires, one entry for each sign, direction and pattern."""
    def key(one: _Small) -> tuple[int, tuple[int, ...], str]:
        return -one.sign, _ray(one.state.direction), one.state.pattern

    found = []
    for _, group in groupby(sorted(fired, key=key), key=key):
        members = list(group)
        numbers = tuple(sorted(number for one in members for number in one.neurons))
        first = members[0]
        found.append(Firing(first.sign, first.state.direction, first.state.pattern, first.rate, numbers))
    return tuple(found)


def _merged(small: Sequence[_Small]) -> list[_Small]:
    """Classes with the same sign, place and exponent as one."""
    found: dict[tuple[object, ...], _Small] = {}
    for one in small:
        place = one.state.weights if one.state.fate is Fate.RESTS else one.state.direction
        key = (one.sign, one.state.fate, _ray(place), one.state.pattern, one.exponent)
        known = found.get(key)
        found[key] = one if known is None else replace(known, neurons=(*known.neurons, *one.neurons))
    return list(found.values())


def _independent(vectors: Sequence[Sequence[int]]) -> list[tuple[int, ...]]:
    """A basis of the span, as integer vectors."""
    if not vectors:
        return []
    reduced, rank = fmpq_mat(fmpz_mat([list(vector) for vector in vectors])).rref()
    return [primitive([to_fraction(reduced[i, j]) for j in range(reduced.ncols())]) for i in range(rank)]


def _ray(vector: Vector) -> tuple[int, ...]:
    return primitive(vector)


def _unit(vector: Vector) -> Vector:
    """The positive multiple whose largest coordinate is 1 in modulus."""
    largest = max(map(abs, vector))
    return tuple(value / largest for value in vector) if largest else vector


def _norm(vector: Vector) -> float:
    return math.sqrt(float(dot(vector, vector)))
