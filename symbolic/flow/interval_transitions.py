"""Transitions between the critical strata of an interval problem: out of every saddle, along the gradient flow.

From the balanced point of a saddle stratum (`symbolic.flow.interval_start`) the flow is followed

- along every eigenvector of a negative eigenvalue of the Hessian, in both directions ("hessian");
- with one of the neurons w = b = v = 0 made small and balanced in every direction in which such neurons grow
  ("escape"); the others stay at 0;
- where there is neither, from a point of the stratum's descent curve (`symbolic.flow.interval_curves`, "descent").

Neurons that are inactive on [a, b], or stay at 0, add nothing to f and do not move, so strata that differ only in them
share the runs of their *core*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from fractions import Fraction
from zlib import crc32

import numpy as np
from flint import arb

from symbolic.enclosure import Number, Rigor, Verdict, working_precision
from symbolic.errors import InvalidProblem, Undecided
from symbolic.flow.explorer import MINIMA, Explorer
from symbolic.flow.interval_curves import CurveStart, curve_start, moved_core
from symbolic.flow.interval_descent import Descent, RunBudget, Start, descend
from symbolic.flow.interval_field import FloatArray
from symbolic.flow.interval_landing import Landings
from symbolic.flow.interval_start import EIGENVALUE_BITS, SPECTATORS, Core, core_of, unstable_directions
from symbolic.flow.transitions import DESCENT, ESCAPE, HESSIAN, NUMERICAL, StratumTransitions, Transition, rounded
from symbolic.interval.escape import EscapeDirections, escape_directions
from symbolic.interval.functions import IntervalFunction
from symbolic.interval.problem import IntervalProblem
from symbolic.interval.realization import RealizedFunction
from symbolic.interval.strata.descent import DescentFinder
from symbolic.interval.strata.roles import Role, RoleKind
from symbolic.interval.strata.strata import Stratum
from symbolic.surveys import StrataSurvey, Survey

AWAY = 10.0
"""A run is looked at for its end once it is this many times as far from the saddle as it started."""

NOISE = 0.1
"""Size of the noise of repeated runs, beside the perturbation."""

ONE_CURVE = "it is left along one descent curve only"
NO_CURVE = "no negative eigenvalue, no neuron at 0, and no descent curve is known"


@dataclass(frozen=True)
class TransitionBudget:
    """How the runs start and what each may use.

    Attributes:
        hessian_step: size of the first step along a unit eigenvector.
        escape_size: size |v| = |(w, b)| that an escaping neuron starts with.
        repeats: runs for each direction and sign; the first has no noise. A descent curve has one run.
        run: for each run.
    """

    hessian_step: float = 1e-4
    escape_size: float = 1e-3
    repeats: int = 2
    run: RunBudget = field(default_factory=RunBudget)


@dataclass(frozen=True)
class Departure:
    """A way out of a core: `direction` names parameters of the neurons of the core by their number in it, from 1; the
    escaping neuron comes last. With a `curve` that of a descent, and `positions` are the numbers of these neurons in
    the stratum."""

    key: str
    kind: str
    direction: tuple[tuple[str, int, Number], ...]
    sign: int
    rate: arb | None
    perturbation: float
    seed: int | None
    start: Start
    curve: CurveStart | None = None
    positions: tuple[int, ...] = ()

    @property
    def way(self) -> str:
        """The key without the number of the repetition."""
        return self.key.partition("#")[0]


class Transitions(Explorer[Stratum, Departure, Descent, Transition]):
    """The ways out of the saddles of one width; runs are kept, so that strata with the same core share them.

    Args:
        surveyed: the functions of a problem with activation max(z, g z).
        strata: the strata of the same width.
        seed: of the noise of repeated runs.
        budget: see `TransitionBudget`.

    Guarantee: rates are certified. Where a run ends is numerical: it is identified by distance, at a gradient below the
        rest of the budget, and the loss of the target is proved to be less than that of the source. Without doubts all
        negative eigenvalues that are proved negative and all escape directions were followed.

    Raises:
        InvalidProblem: quadratic activation.
    """

    def __init__(
        self, surveyed: Survey, strata: StrataSurvey, *, seed: int = 0, budget: TransitionBudget | None = None
    ) -> None:
        if surveyed.problem.activation != "relu":
            raise InvalidProblem('transitions are for activation "relu", leaky or not')
        super().__init__(descend)
        self.problem: IntervalProblem = surveyed.problem
        self.strata = strata
        self.seed = seed
        self.budget = budget or TransitionBudget()
        self._functions: Mapping[str, IntervalFunction] = {one.label: one for one in surveyed.functions}
        self._realized: Mapping[str, RealizedFunction] = surveyed.realized
        self._landings = Landings(self.problem, surveyed.functions, self._realized, strata.strata)
        self._escapes: dict[str, EscapeDirections] = {}
        self._hessian: dict[str, tuple[tuple[Departure, ...], tuple[str, ...]]] = {}
        self._finders: dict[str, DescentFinder] = {}
        self._curves: dict[str, CurveStart] = {}
        self._departures: dict[str, tuple[list[Departure], tuple[str, ...]]] = {}

    def sources(self) -> tuple[Stratum, ...]:
        """The strata that are not proved to be minima."""
        return tuple(one for one in self.strata.strata if one.kind not in MINIMA and one.roles is not None)

    def departures(self, stratum: Stratum) -> tuple[list[Departure], tuple[str, ...]]:
        """The ways out of a stratum, and what could not be decided about them."""
        if stratum.label not in self._departures:
            function = self._realized.get(stratum.function)
            if function is None or function.is_target:
                return [], ()
            departures, doubts = self._exponential_departures(function, stratum)
            if not departures:
                departures, doubts = self._curve_departures(function, stratum, doubts)
            self._departures[stratum.label] = departures, doubts
        return self._departures[stratum.label]

    def _exponential_departures(
        self, function: RealizedFunction, stratum: Stratum
    ) -> tuple[list[Departure], tuple[str, ...]]:
        try:
            core = core_of(stratum)
        except Undecided as error:
            return [], (str(error),)
        if core.code not in self._hessian:
            self._hessian[core.code] = self._hessian_departures(function, core)
        along, doubts = self._hessian[core.code]
        departures = list(along)
        if any(role.kind is RoleKind.ZERO for role in stratum.roles or ()):
            if stratum.function not in self._escapes:
                self._escapes[stratum.function] = escape_directions(function)
            escapes = self._escapes[stratum.function]
            departures += self._escape_departures(core, escapes)
            doubts += escapes.doubts
        return departures, doubts

    def _curve_departures(
        self, function: RealizedFunction, stratum: Stratum, doubts: tuple[str, ...]
    ) -> tuple[list[Departure], tuple[str, ...]]:
        """The run along the first descent curve; where there is none, why there is no other run either."""
        if stratum.function not in self._finders:
            self._finders[stratum.function] = DescentFinder(function)
        curve = self._finders[stratum.function].find(stratum)
        if curve is None:
            return [], doubts or (NO_CURVE,)
        try:
            core, moved = moved_core(self.problem, stratum, curve)
            terms = ",".join(f"{term.parameter}:{term.coefficient}^{term.power}" for term in moved.terms)
            key = f"{core.code}:{DESCENT}:{terms}"
            if key not in self._curves:
                loss = self._functions[stratum.function].loss
                self._curves[key] = curve_start(self.problem, stratum.sample, core, moved, loss)
        except Undecided as error:
            return [], (str(error),)
        found = self._curves[key]
        # The loss at the start is less than at the saddle, so the run cannot come back to it.
        start = Start(self.problem, tuple(map(float, core.floats)), found.parameters, 0.0, self.budget.run)
        departure = Departure(
            key, DESCENT, found.direction, 1, None, float(found.eps), None, start, found, core.positions
        )
        return [departure], (ONE_CURVE,)

    def _hessian_departures(
        self, function: RealizedFunction, core: Core
    ) -> tuple[tuple[Departure, ...], tuple[str, ...]]:
        try:
            unstable = unstable_directions(function, core)
        except Undecided as error:
            return (), (str(error),)
        origin, step, n = core.floats, self.budget.hessian_step, core.width
        names = [*((letter, j + 1) for letter in "wbv" for j in range(n)), ("c", 0)]
        found: list[Departure] = []
        for one in unstable:
            vector = np.array(one.vector)
            direction = tuple(
                (letter, j, Fraction(value)) for (letter, j), value in zip(names, one.vector, strict=True)
            )
            with working_precision(EIGENVALUE_BITS):
                rate = -one.eigenvalue
            for sign in (1, -1):
                way = f"{core.code}:{HESSIAN}{one.number}{'+' if sign > 0 else '-'}"
                found += self._repeated(way, HESSIAN, direction, sign, rate, step, origin, sign * vector)
        return tuple(found), ()

    def _escape_departures(self, core: Core, escapes: EscapeDirections) -> list[Departure]:
        size, n = self.budget.escape_size, core.width
        flat = core.floats
        origin = np.concatenate((flat[:n], [0.0], flat[n : 2 * n], [0.0], flat[2 * n : 3 * n], [0.0], flat[3 * n :]))
        found: list[Departure] = []
        for number, one in enumerate(escapes.directions, start=1):
            vector = np.zeros(3 * n + 4)
            vector[n], vector[2 * n + 1] = float(one.weight.mid()), float(one.bias.mid())
            vector[3 * n + 2] = one.outer_sign
            direction: tuple[tuple[str, int, Number], ...] = (
                ("w", n + 1, rounded(one.weight)),
                ("b", n + 1, rounded(one.bias)),
                ("v", n + 1, Fraction(one.outer_sign)),
            )
            way = f"{core.code}:{ESCAPE}{number}"
            found += self._repeated(way, ESCAPE, direction, one.outer_sign, one.rate, size, origin, vector)
        return found

    def _repeated(
        self,
        way: str,
        kind: str,
        direction: tuple[tuple[str, int, Number], ...],
        sign: int,
        rate: arb,
        step: float,
        origin: FloatArray,
        vector: FloatArray,
    ) -> list[Departure]:
        found = []
        for repeat in range(self.budget.repeats):
            seed, moved = None, vector
            if repeat:
                seed = crc32(f"{self.seed}:{way}:{repeat}".encode())
                noise = np.random.default_rng(seed).standard_normal(len(vector))
                moved = vector + NOISE * noise / float(np.linalg.norm(noise))
            start = Start(
                self.problem,
                tuple(map(float, origin)),
                tuple(map(float, origin + step * moved)),
                AWAY * step * float(np.linalg.norm(vector)),
                self.budget.run,
            )
            found.append(Departure(f"{way}#{repeat}", kind, direction, sign, rate, step, seed, start))
        return found

    def _transition(
        self, stratum: Stratum, departure: Departure, descent: Descent
    ) -> tuple[Transition, tuple[str, ...]]:
        roles = stratum.roles or ()
        others, numbers = _others(roles, departure)
        source = self._functions[stratum.function]
        target, distance, cause = None, None, ""
        loss: Number = Fraction(descent.loss)
        if not descent.converged:
            cause = f"the run did not come to rest: {descent.termination}"
        else:
            landing = self._landings.find(descent.parameters, others)
            cause = landing.cause
            if landing.stratum is not None:
                target, distance = landing.stratum.label, landing.distance
                loss = self._functions[landing.stratum.function].loss
        transition = Transition(
            source=stratum.label,
            target=target,
            kind=departure.kind,
            direction=tuple((f"{name}{numbers[j - 1]}" if j else name, rate) for name, j, rate in departure.direction),
            sign=departure.sign,
            rate=None if departure.rate is None else rounded(departure.rate),
            rate_evidence=None if departure.rate is None else Rigor.CERTIFIED.value,
            evidence=NUMERICAL,
            distance=distance,
            gradient_norm=descent.gradient_norm,
            loss_before=source.loss,
            loss_after=loss,
            perturbation=departure.perturbation,
            seed=departure.seed,
            cause=cause,
            order=None if departure.curve is None else departure.curve.curve.order,
            leading=None if departure.curve is None else departure.curve.curve.leading,
        )
        if target is None or transition.descends is Verdict.YES:
            return transition, ()
        cause = f"the loss of {target} is not proved to be less"
        return replace(transition, target=None, distance=None, cause=cause), ()


def _others(roles: Iterable[Role], departure: Departure) -> tuple[list[Role], list[int]]:
    """The neurons that do not take part in a run, and the numbers of those that do (the escaping one last)."""
    if departure.positions:
        taking = departure.positions
        return [role for number, role in enumerate(roles, start=1) if number not in taking], list(taking)
    others, numbers, escaping = [], [], 0
    for number, role in enumerate(roles, start=1):
        if role.kind not in SPECTATORS:
            numbers.append(number)
        elif departure.kind == ESCAPE and role.kind is RoleKind.ZERO and not escaping:
            escaping = number
        else:
            others.append(role)
    return others, [*numbers, escaping] if escaping else numbers


def transitions(
    surveyed: Survey,
    strata: StrataSurvey,
    *,
    seed: int = 0,
    budget: TransitionBudget | None = None,
    executor: Executor | None = None,
    on_run: Callable[[], None] | None = None,
) -> tuple[StratumTransitions[Transition], ...]:
    """All transitions out of the saddles of one width of an interval problem.

    Args:
        surveyed: the functions.
        strata: the strata of the same width.
        seed: of the noise of repeated runs.
        budget: how the runs start and what each may use.
        executor: where the runs are made; in this process if None.
        on_run: called after each run.

    Returns:
        For every stratum not proved to be a minimum the transitions out of it, in the order of the strata.

    Guarantee: that of `Transitions`.
    """
    return Transitions(surveyed, strata, seed=seed, budget=budget).every_transition(executor, on_run)
