"""Transitions of the gradient flow between critical strata, of any family."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from flint import arb

from symbolic.enclosure import Ball, Number, Verdict, arb_of, enclose, endpoints, midpoint, radius, working_precision
from symbolic.errors import InvalidProblem

HESSIAN, ESCAPE, DESCENT = "hessian", "escape", "descent"

NUMERICAL = "numerical"

DIGITS = 160
"""Certified rates are rounded outward to so many bits."""


@dataclass(frozen=True)
class Transition:
    """A run of the gradient flow theta' = -grad L out of a saddle, and the stratum it ended in.

    Attributes:
        source: label of the stratum it leaves.
        target: label of the stratum it ends in; None where the end was not identified.
        kind: "hessian" (along an eigenvector of a negative eigenvalue), "escape" (a neuron at 0 grows) or "descent"
            (from a point of a curve along which the loss is proved to fall).
        direction: parameters and their rates. Of an eigenvector of length 1, approximately; of an escaping neuron
            (w, b) of length 1, in balls, and v = 1 or -1; of a descent the way from the saddle to the start, divided by
            `perturbation`, approximately.
        sign: 1 or -1: `direction` or its negative is taken; for an escape the sign of v.
        rate: of the exponential growth along the direction; None for a descent, which has none.
        rate_evidence: how the rate is known; None where there is none.
        evidence: how it is known where the run ends.
        distance: how near the end is to the target; None where there is no target.
        gradient_norm: at the end.
        loss_before: of the source.
        loss_after: of the target; of the end of the run, approximately, where there is no target.
        perturbation: size of the first step along the direction; the eps of a descent.
        seed: of the noise added to it; None where none was added.
        cause: why there is no target; empty otherwise.
        order, leading: of a descent; along its curve the loss changes by leading eps^order + O(eps^(order + 1)), where
            `leading` is proved negative. None otherwise.
    """

    source: str
    target: str | None
    kind: str
    direction: tuple[tuple[str, Number], ...]
    sign: int
    rate: Number | None
    rate_evidence: str | None
    evidence: str
    distance: float | None
    gradient_norm: float
    loss_before: Number
    loss_after: Number
    perturbation: float
    seed: int | None
    cause: str = ""
    order: int | None = None
    leading: Number | None = None

    def __post_init__(self) -> None:
        if (self.target is None) != bool(self.cause):
            raise InvalidProblem("a transition has a target or a cause why it has none")
        without = {self.rate is None, self.rate_evidence is None, self.order is not None, self.leading is not None}
        if without != {self.kind == DESCENT}:
            raise InvalidProblem("a descent has an order and a leading coefficient, every other transition a rate")

    @property
    def descends(self) -> Verdict:
        """Whether the loss of the target is less than that of the source; UNDECIDED without a target."""
        if self.target is None:
            return Verdict.UNDECIDED
        return is_less(self.loss_after, self.loss_before)


AnyTransition = TypeVar("AnyTransition", bound=Transition)


@dataclass(frozen=True)
class StratumTransitions(Generic[AnyTransition]):
    """The transitions out of one stratum, and what could not be decided about the list."""

    stratum: str
    transitions: tuple[AnyTransition, ...]
    doubts: tuple[str, ...]


def is_less(one: Number, other: Number) -> Verdict:
    """Whether one < other.

    Guarantee: YES and NO are proved, by balls that do not overlap or by equality of rationals.
    """
    if one == other and not isinstance(one, Ball):
        return Verdict.NO
    bits = 256
    with working_precision(bits):
        gap = enclose(other, bits) - enclose(one, bits)
    if gap.contains(0):
        return Verdict.UNDECIDED
    return Verdict.YES if gap > 0 else Verdict.NO


def rounded(ball: arb, bits: int = DIGITS) -> Ball:
    """A ball with short dyadic numbers that holds a given one."""
    with working_precision(bits):
        center = arb_of(midpoint(ball))
        spread = arb_of(radius(ball)) + arb_of(radius(center))
        return Ball(midpoint(center), endpoints(spread)[1])


@dataclass(frozen=True)
class Tally:
    """How many runs ended in a stratum, and why the others did not."""

    runs: int
    identified: int
    causes: tuple[tuple[str, int], ...]

    @property
    def share(self) -> float:
        return self.identified / self.runs if self.runs else 1.0


def tally(transitions: Iterable[Transition]) -> Tally:
    """Counts of a list of transitions; the causes by number, the most frequent first."""
    runs: Sequence[Transition] = list(transitions)
    causes = Counter(run.cause for run in runs if run.target is None)
    return Tally(len(runs), sum(run.target is not None for run in runs), tuple(causes.most_common()))
