"""Transitions of the gradient flow between critical strata, of any family."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flint import arb

from symbolic.enclosure import Ball, Number, Verdict, arb_of, enclose, endpoints, midpoint, radius, working_precision
from symbolic.errors import InvalidProblem

HESSIAN, ESCAPE = "hessian", "escape"

NUMERICAL = "numerical"

DIGITS = 160
"""Certified rates are rounded outward to so many bits."""


@dataclass(frozen=True)
class Transition:
    """A run of the gradient flow theta' = -grad L out of a saddle, and the stratum it ended in.

    Attributes:
        source: label of the stratum it leaves.
        target: label of the stratum it ends in; None where the end was not identified.
        kind: "hessian" (along an eigenvector of a negative eigenvalue) or "escape" (a neuron at 0 grows).
        direction: parameters and their rates. Of an eigenvector of length 1, approximately; of an escaping neuron
            (w, b) of length 1, in balls, and v = 1 or -1.
        sign: 1 or -1: `direction` or its negative is taken; for an escape the sign of v.
        rate: of the exponential growth along the direction.
        rate_evidence: how the rate is known.
        evidence: how it is known where the run ends.
        distance: how near the end is to the target; None where there is no target.
        gradient_norm: at the end.
        loss_before: of the source.
        loss_after: of the target; of the end of the run, approximately, where there is no target.
        perturbation: size of the first step along the direction.
        seed: of the noise added to it; None where none was added.
        cause: why there is no target; empty otherwise.
    """

    source: str
    target: str | None
    kind: str
    direction: tuple[tuple[str, Number], ...]
    sign: int
    rate: Number
    rate_evidence: str
    evidence: str
    distance: float | None
    gradient_norm: float
    loss_before: Number
    loss_after: Number
    perturbation: float
    seed: int | None
    cause: str = ""

    def __post_init__(self) -> None:
        if (self.target is None) != bool(self.cause):
            raise InvalidProblem("a transition has a target or a cause why it has none")

    @property
    def descends(self) -> Verdict:
        """Whether the loss of the target is less than that of the source; UNDECIDED without a target."""
        if self.target is None:
            return Verdict.UNDECIDED
        return is_less(self.loss_after, self.loss_before)


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
