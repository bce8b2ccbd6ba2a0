"""From the record of a critical function back to the certified solution it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from symbolic.enclosure import bounds, enclose, endpoints
from symbolic.errors import InsufficientPrecision
from symbolic.exact.number_field import NumberField
from symbolic.interval.affine import kinks_on_unit_interval
from symbolic.interval.functions import IntervalFunction
from symbolic.interval.located import LocatedSolution, exact_solution, locate
from symbolic.interval.problem import IntervalProblem, mirror_pattern
from symbolic.interval.realization import RealizedFunction
from symbolic.interval.skeletons import FREE, SkeletonSystem


def system_of(problem: IntervalProblem, function: IntervalFunction) -> SkeletonSystem:
    """The system, in the orientation of the canonical problem, that the kinks of a function solve."""
    canonical, transport = problem.canonical()
    if function.pattern is None:
        return SkeletonSystem(canonical, len(function.kinks), FREE)
    pattern = mirror_pattern(function.pattern) if transport.reflected else function.pattern
    return SkeletonSystem(canonical, len(function.kinks), pattern)


def relocate(
    problem: IntervalProblem, function: IntervalFunction, roots: Sequence[Sequence[Fraction]]
) -> RealizedFunction:
    """The function with its certified solution.

    Args:
        problem: of the function.
        function: a record; f = h for an affine target is none that this can do.
        roots: the solutions of its system on the grid of the cells; not used for targets of degree at most 1.

    Guarantee: the solution is certified anew, and its kinks lie where the record says.

    Raises:
        InsufficientPrecision: there is no such solution.
    """
    _, transport = problem.canonical()
    system = system_of(problem, function)
    solution: LocatedSolution
    if not function.kinks:
        solution = exact_solution(system, [], NumberField(Fraction(1)))
    elif problem.degree <= 1:
        kinks = kinks_on_unit_interval(system.system, problem.leak)
        solution = exact_solution(system, kinks, kinks[0].field)
    else:
        start, length = transport.start, transport.length
        places = [bounds(kink) for kink in function.kinks]
        wanted = [((low + high) / 2 - start) / length for low, high in places]
        if transport.reflected:
            wanted = [1 - value for value in reversed(wanted)]
        if not roots:
            raise InsufficientPrecision(f"the system of {function.label} has no stored solution")
        root = min(roots, key=lambda one: max(abs(a - b) for a, b in zip(one, wanted, strict=True)))
        solution = locate(system, tuple(root))
    realized = RealizedFunction(problem, transport, solution, function)
    for ball, kink in zip(realized.balls.kinks, function.kinks, strict=True):
        low, high = endpoints(ball)
        other_low, other_high = endpoints(enclose(kink, 320))
        if low > other_high or high < other_low:
            raise InsufficientPrecision(f"the solution next to the kinks of {function.label} is another one")
    return realized
