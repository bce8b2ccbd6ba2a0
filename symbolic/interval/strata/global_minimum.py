"""Which critical functions of a complete list are global minima at the surveyed width.

A minimizer exists at every width (docs/strata.md, "Minimizers exist"), it can be taken without a neuron w = b = 0 !=
v, and is then a differentiable critical point; so the least loss on a complete list is the global minimum.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from symbolic.enclosure import AlgebraicNumber, Number, bounds
from symbolic.interval.functions import IntervalFunction
from symbolic.interval.problem import IntervalProblem, mirror_pattern


def global_minima(problem: IntervalProblem, functions: Sequence[IntervalFunction]) -> tuple[frozenset[str], str]:
    """Labels of the global minima of a complete list, and a reason where a tie could not be decided.

    Guarantee: every label returned has the least loss. With an empty reason the others have not. With a reason, several
    functions could not be told apart by loss, and none is returned.
    """
    ceiling = min(bounds(function.loss)[1] for function in functions)
    lowest = [function for function in functions if bounds(function.loss)[0] <= ceiling]
    first = lowest[0]
    if all(_tied(problem, first, other) for other in lowest[1:]):
        return frozenset(function.label for function in lowest), ""
    names = ", ".join(function.label for function in lowest)
    return frozenset(), f"the losses of {names} could be neither separated nor proved equal"


def _tied(problem: IntervalProblem, one: IntervalFunction, other: IntervalFunction) -> bool:
    """Whether two functions whose losses overlap provably have the same loss: exact equality, or mirror images."""
    return _equal(one.loss, other.loss) or _mirror_images(problem, one, other)


def _equal(one: Number, other: Number) -> bool:
    if isinstance(one, Fraction) and isinstance(other, Fraction):
        return one == other
    return isinstance(one, AlgebraicNumber) and isinstance(other, AlgebraicNumber) and one.same_as(other)


def _mirror_images(problem: IntervalProblem, one: IntervalFunction, other: IntervalFunction) -> bool:
    """Whether x -> a + b - x, a symmetry of the problem, exchanges the two functions.

    The image of `one` is a critical function with the mirrored kinks; on the grid of the records two different
    solutions of one system are never within a grid step of each other, so kinks that agree to a step belong to the
    same function.
    """
    canonical, _ = problem.canonical()
    mirrored = None if one.pattern is None else mirror_pattern(one.pattern)
    if not canonical.symmetric or len(one.kinks) != len(other.kinks) or mirrored != other.pattern:
        return False
    a, b = problem.domain
    for left, right in zip(one.kinks, reversed(other.kinks), strict=True):
        low, high = bounds(left)
        mirrored_low, mirrored_high = a + b - high, a + b - low
        other_low, other_high = bounds(right)
        if mirrored_high < other_low or other_high < mirrored_low:
            return False
    return True
