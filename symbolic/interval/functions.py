"""The critical function of the interval family: a record of what is proved about one f on [a, b]."""

from __future__ import annotations

from dataclasses import dataclass

from symbolic.enclosure import Number, Rigor


@dataclass(frozen=True)
class IntervalFunction:
    """One critical function: continuous, piecewise affine, in the coordinates of the problem.

    Attributes:
        problem: name of the problem.
        label: `problem:A.m.i` or `problem:B.<pattern>.i`.
        function_class: "A" (moment 0) or "B" (moment not 0).
        pattern: orientation of each kink, for class B; None for class A.
        realizations: for class A the patterns with one neuron per kink that realize it at width m (coincidences).
        kinks: t_1 < ... < t_m, all with a jump of slope that is proved not to vanish.
        slopes: the m + 1 slopes from left to right.
        offset: f(a).
        moment: M = integral_a^b x (f - h) dx.
        loss: integral_a^b (f - h)^2 dx.
        minimal_width: the least width of a differentiable critical point that realizes f.
        rigor: EXACT if every number is rational or algebraic, else CERTIFIED.
        provisional: the system it belongs to is undecided, so that its number may still change.
    """

    problem: str
    label: str
    function_class: str
    pattern: str | None
    realizations: tuple[str, ...]
    kinks: tuple[Number, ...]
    slopes: tuple[Number, ...]
    offset: Number
    moment: Number
    loss: Number
    minimal_width: int
    rigor: Rigor
    provisional: bool = False
