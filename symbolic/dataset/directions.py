"""The motion of the direction of a small neuron while the residual stands still, in rational arithmetic.

A balanced neuron (|a| = |w|, so that a keeps its sign s) moves by w' = a D: as long as its pattern holds, w runs
through the ray w + c s D, c = the integral of |a|, which grows without bound unless w runs into 0. So the events (a
preactivation vanishes) are rational points of a polygon, and nothing is integrated.

relu'(0) = 0. On a kink the neuron goes to a side if the field there takes it away from the kink; it stays if the two
sides push it together (Filippov), or if the field with relu'(0) = 0 does not move it off. Where several choices are
consistent the negative side is preferred, then staying.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import product

from symbolic.dataset.escape import Vector, dot, drive, project_off
from symbolic.dataset.patterns import pattern_of
from symbolic.errors import BudgetExceeded, Undecided
from symbolic.exact.cones import primitive
from symbolic.exact.square_roots import RootSum

EVENT_BUDGET = 2_000
"""Changes of pattern followed at most."""

KINK_BUDGET = 8
"""A neuron may meet at most this many kinks at once where some of them push it."""

LETTERS = {1: "+", 0: "0", -1: "-"}


class Fate(StrEnum):
    """What a small neuron does in the end."""

    GROWS = "grows"
    RESTS = "rests"
    DECAYS = "decays"


@dataclass(frozen=True)
class Settled:
    """Where the direction of a small neuron goes.

    Attributes:
        fate: GROWS along `direction`; RESTS at `weights` (no drive); DECAYS to 0 along `direction`.
        direction: the limit of the direction, of length |rate|; 0 where the neuron rests.
        weights: a point of the last piece of the path; together with the direction it tells on which side of a kink
            of the limit the neuron is.
        pattern: of the last piece: the side labels.
        rate_squared: square of the rate |a|' / |a| in the limit; negative rate where the neuron decays.
    """

    fate: Fate
    direction: Vector
    weights: Vector
    pattern: str
    rate_squared: Fraction

    @property
    def rate(self) -> RootSum:
        """s G_r(v) / |v| at the limit v."""
        size = RootSum.square_root(self.rate_squared)
        return size.scaled(-1) if self.fate is Fate.DECAYS else size


def settle(
    samples: Sequence[Vector], residuals: Sequence[Fraction], sign: int, weights: Sequence[Fraction]
) -> Settled:
    """Follow the direction of a small balanced neuron for ever, with the residual fixed.

    Args:
        samples: x_k, as the neurons see them.
        residuals: r.
        sign: of a.
        weights: w, of which only the direction matters.

    Guarantee: exact, for the flow with relu'(0) = 0 and the choices of this module on kinks.

    Raises:
        Undecided: no consistent choice on a kink.
        BudgetExceeded: too many events, or too many kinks at once.

    Reference: the sphere is climbed strictly (d/dt of s G_r(w/|w|) is the squared length of its gradient there), and
        every face holds at most one critical direction that is not flat.
    """
    here: Vector = tuple(weights)
    for _ in range(EVENT_BUDGET):
        pattern, velocity = _choice(samples, residuals, sign, here)
        if not any(velocity):
            return Settled(Fate.RESTS, velocity, here, pattern, Fraction(0))
        speeds = [dot(velocity, sample) for sample in samples]
        heights = [dot(here, sample) for sample in samples]
        times = [-height / speed for height, speed in zip(heights, speeds, strict=True) if height * speed < 0]
        if not times:
            return Settled(Fate.GROWS, velocity, here, pattern, dot(velocity, velocity))
        time = min(times)
        reached = tuple(w + time * v for w, v in zip(here, velocity, strict=True))
        if not any(reached):
            backwards = tuple(-value for value in velocity)
            return Settled(Fate.DECAYS, backwards, here, pattern, dot(velocity, velocity))
        here = tuple(map(Fraction, primitive(reached)))
    raise BudgetExceeded(f"the direction of a small neuron changes its pattern more than {EVENT_BUDGET} times")


def _choice(
    samples: Sequence[Vector], residuals: Sequence[Fraction], sign: int, weights: Vector
) -> tuple[str, Vector]:
    """The pattern in which the neuron goes on, and s D, projected on the kinks on which it stays."""
    pattern = pattern_of(weights, samples)
    bare = tuple(sign * value for value in drive(pattern, samples, residuals))
    classes = _kink_classes(pattern, samples)
    if all(dot(normal, bare) == 0 for normal in classes):
        return pattern, bare
    if len(classes) > KINK_BUDGET:
        raise BudgetExceeded(f"a neuron meets {len(classes)} kinks at once; at most {KINK_BUDGET} can be judged")
    for sides in product((-1, 0, 1), repeat=len(classes)):
        letters = list(pattern)
        for side, members in zip(sides, classes.values(), strict=True):
            for k, coefficient in members:
                letters[k] = LETTERS[side if coefficient > 0 else -side]
        word = "".join(letters)
        outside = tuple(sign * value for value in drive(word, samples, residuals))
        staying = [normal for normal, side in zip(classes, sides, strict=True) if not side]
        velocity = project_off(outside, staying)
        moves = all(
            side * dot(normal, velocity) > 0 for normal, side in zip(classes, sides, strict=True) if side
        )
        if moves and _held(samples, residuals, sign, classes, sides, outside):
            return word, velocity
    raise Undecided(f"no consistent choice of sides for a neuron on {len(classes)} kinks at once")


def _held(
    samples: Sequence[Vector],
    residuals: Sequence[Fraction],
    sign: int,
    classes: dict[Vector, list[tuple[int, Fraction]]],
    sides: Sequence[int],
    outside: Vector,
) -> bool:
    """Whether, on each kink h where the neuron stays, the two sides push it together or relu'(0) = 0 leaves it.

    Along the other kinks the neuron still slides. With the projected velocity outside + sum_i m_i h_i, the product of h
    with what a side drives, projected on the other kinks, is (s share - m) |projected h|^2: m lies between the shares.
    """
    count = len(samples)
    staying = [(normal, members) for (normal, members), side in zip(classes.items(), sides, strict=True) if not side]
    for index, (normal, members) in enumerate(staying):
        others = [other for j, (other, _) in enumerate(staying) if j != index]
        if dot(normal, project_off(outside, others)) == 0:
            continue
        for side in (1, -1):
            share = sum((residuals[k] * c for k, c in members if c * side > 0), Fraction(0)) / count
            pushed = tuple(value + sign * share * h for value, h in zip(outside, normal, strict=True))
            tangent = project_off(pushed, others)
            if side * dot(normal, tangent) > 0:
                return False
    return True


def _kink_classes(pattern: str, samples: Sequence[Vector]) -> dict[Vector, list[tuple[int, Fraction]]]:
    """The nonzero samples marked 0, by the line through the origin they lie on, with their coefficients.

    The normal of a class is a positive multiple of its first sample.
    """
    classes: dict[Vector, list[tuple[int, Fraction]]] = {}
    for k, (letter, sample) in enumerate(zip(pattern, samples, strict=True)):
        if letter != "0" or not any(sample):
            continue
        unit = tuple(map(Fraction, primitive(sample)))
        opposite = tuple(-value for value in unit)
        key = opposite if opposite in classes else unit
        pivot = next(i for i, value in enumerate(key) if value)
        classes.setdefault(key, []).append((k, sample[pivot] / key[pivot]))
    return classes
