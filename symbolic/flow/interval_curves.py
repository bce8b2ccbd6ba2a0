"""Starts on the descent curves of saddles that the flow leaves neither along an eigenvector nor by an escape.

The curve theta(eps) of `symbolic.interval.strata.descent` starts in the sample of the stratum. Rescaling the neurons,
(w, b, v) -> (s w, s b, v/s), does not change f, so the rescaled curve starts in the balanced point and the loss along
it, with its order and its proved leading coefficient, is the same. A neuron w = b = 0 != v stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

import numpy as np

from symbolic.enclosure import Number, bounds
from symbolic.errors import Undecided
from symbolic.flow.interval_field import FloatArray, IntervalField
from symbolic.flow.interval_start import Core, core_of
from symbolic.interval.problem import IntervalProblem
from symbolic.interval.strata.descent import Descent
from symbolic.interval.strata.roles import RoleKind
from symbolic.interval.strata.sample import Sample
from symbolic.interval.strata.strata import Stratum
from symbolic.interval.trained import TrainedNetwork

LARGEST, SMALLEST = 3, 20
"""The starts that are tried have eps = 2^-LARGEST, ..., 2^-SMALLEST."""

PARTS = tuple(Fraction(part, 8) for part in range(8))
"""Of the way along the curve, where the loss is looked at."""

ROUNDING = 1e-14
"""Of a loss in floats, beside the loss at the saddle."""

KEPT = Fraction(1, 2)
"""At the start the loss has fallen by at least this fraction of |leading| eps^order."""


@dataclass(frozen=True)
class CurveStart:
    """A point of a descent curve.

    Attributes:
        core: the neurons that take part in the flow, at the balanced point.
        curve: in the numbers of the neurons of the core, from 1.
        eps: the parameter of the curve.
        parameters: of the core, in floats; as they are, the loss there is proved to be less than at the saddle.
    """

    core: Core
    curve: Descent
    eps: Fraction
    parameters: tuple[float, ...]

    @property
    def direction(self) -> tuple[tuple[str, int, Fraction], ...]:
        """(parameters - saddle)/eps of the parameters that move, approximately."""
        n = self.core.width
        names = [*((letter, j + 1) for letter in "wbv" for j in range(n)), ("c", 0)]
        shift = (np.array(self.parameters) - self.core.floats) / float(self.eps)
        moved = {term.parameter for term in self.curve.terms}
        return tuple(
            (letter, j, Fraction(value))
            for (letter, j), value in zip(names, map(float, shift), strict=True)
            if (f"{letter}{j}" if j else letter) in moved
        )


def moved_core(problem: IntervalProblem, stratum: Stratum, curve: Descent) -> tuple[Core, Descent]:
    """The neurons that take part in a run along a descent curve of the stratum, and the curve in their numbers.

    Neurons with w = b = 0 != v that the curve does not move stay there for ReLU, s'(0) = 0; for leaky networks they
    take part in the flow with s'(0) = g.

    Raises:
        Undecided: see `core_of`.
    """
    moved = {int(term.parameter[1:]) for term in curve.terms if term.parameter != "c"}
    if problem.leak:
        moved |= {i for i, role in enumerate(stratum.roles or (), start=1) if role.kind is RoleKind.ZERO_LIVE}
    core = core_of(stratum, frozenset(moved))
    numbers = {position: number for number, position in enumerate(core.positions, start=1)}
    terms = tuple(
        term if term.parameter == "c"
        else replace(term, parameter=f"{term.parameter[0]}{numbers[int(term.parameter[1:])]}")
        for term in curve.terms
    )
    return core, replace(curve, terms=terms)


def curve_start(
    problem: IntervalProblem, sample: Sample[Number], core: Core, curve: Descent, loss: Number
) -> CurveStart:
    """The point of a descent curve with the largest eps = 2^-k at which the loss is as the leading term says.

    Args:
        problem: an interval problem.
        sample: of the stratum, where the curve starts.
        core: the neurons that take part, at the balanced point.
        curve: in their numbers.
        loss: of the stratum.

    Guarantee: the loss at `parameters`, computed exactly, is less than that of the stratum by at least
        |leading| eps^order / 2. That it falls all the way is looked at in between, in floating point.

    Raises:
        Undecided: no eps that was tried has a start with this property.
    """
    scales = _scales(sample, core)
    field = IntervalField(problem, core.width)
    lowest, _ = bounds(loss)
    leading = -bounds(curve.leading)[1]
    for power in range(LARGEST, SMALLEST + 1):
        eps = Fraction(1, 2**power)
        point = _point(core, curve, scales, eps)
        if not _falls(field, [_point(core, curve, scales, eps * part) for part in PARTS] + [point]):
            continue
        if lowest - exact_loss(problem, point) >= KEPT * leading * eps**curve.order:
            return CurveStart(core, curve, eps, point)
    raise Undecided("no start on the descent curve was proved to have a smaller loss")


def exact_loss(problem: IntervalProblem, parameters: tuple[float, ...]) -> Fraction:
    """The loss of a network given in floats, as they are."""
    exact = [Fraction(value) for value in parameters]
    n = len(exact) // 3
    return TrainedNetwork(problem, exact[:n], exact[n : 2 * n], exact[2 * n : 3 * n], exact[-1]).loss


def _falls(field: IntervalField, points: list[tuple[float, ...]]) -> bool:
    """Whether the loss falls from each point to the next, as far as floats can tell."""
    losses = [field.loss(np.array(point)) for point in points]
    return all(other < one + ROUNDING * losses[0] for one, other in pairwise(losses))


def _scales(sample: Sample[Number], core: Core) -> list[float]:
    """s of every neuron of the core: that of |(w, b)|, or 1 where w = b = 0."""
    n, flat = core.width, core.floats
    found = []
    for j, position in enumerate(core.positions):
        w, b = (float(sum(bounds(part[position - 1]))) / 2 for part in (sample.w, sample.b))
        size = float(np.hypot(w, b))
        found.append(float(np.hypot(flat[j], flat[n + j])) / size if size else 1.0)
    return found


def _point(core: Core, curve: Descent, scales: list[float], eps: Fraction) -> tuple[float, ...]:
    """The balanced point with what the curve adds to it, rescaled alike."""
    n = core.width
    point: FloatArray = core.floats
    for term in curve.terms:
        added = float(term.coefficient * eps**term.power)
        letter = term.parameter[0]
        if letter == "c":
            point[3 * n] += added
            continue
        j = int(term.parameter[1:]) - 1
        point["wbv".index(letter) * n + j] += added / scales[j] if letter == "v" else added * scales[j]
    return tuple(map(float, point))
