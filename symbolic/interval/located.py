"""A certified solution of a skeleton system, with exact coordinates where they were found and proved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, lru_cache

from flint import arb

from symbolic.enclosure import Verdict, arb_of, midpoint, working_precision
from symbolic.errors import InsufficientPrecision
from symbolic.exact.krawczyk import has_unique_zero, refine_zero
from symbolic.exact.number_field import FieldElement, NumberField
from symbolic.exact.recognition import recognize_zero
from symbolic.interval.problem import mirror_pattern
from symbolic.interval.skeletons import FREE, GRID_BITS, Profile, SkeletonSystem, weights_of

BITS = 320
"""Accuracy of the balls everything is computed from, well beyond the grid of the records."""

CHAIN_BITS = 1500
"""Accuracy with which the exact coordinates of short chains are looked for."""

LONE = Fraction(1, 2**160)
"""The solution is proved to be the only one within this distance of its centre in every coordinate."""


@dataclass(frozen=True)
class LocatedSolution:
    """One zero of `system`: the only one in the cube `center +- LONE`, and within `half` of the centre.

    `exact` holds the coordinates in the number field `field`, proved to satisfy the equations; or both are None.
    """

    system: SkeletonSystem
    center: tuple[Fraction, ...]
    half: Fraction
    exact: tuple[FieldElement, ...] | None
    field: NumberField | None

    @cached_property
    def balls(self) -> list[arb]:
        """The knots as balls."""
        with working_precision(BITS + 64):
            return [arb_of(value, self.half) for value in self.center]

    @cached_property
    def profile(self) -> Profile[arb]:
        """Slopes, jumps, moment and loss as balls."""
        with working_precision(BITS + 64):
            return self.system.profile(self.balls, self.system.ball_constants())

    @cached_property
    def exact_profile(self) -> Profile[FieldElement] | None:
        if self.exact is None or self.field is None:
            return None
        return self.system.profile(self.exact, self.system.constants(self.field.lift))

    def is_same(self, other: LocatedSolution) -> bool:
        """Whether `other`, if it solves this system too, is this very solution: by uniqueness, if it lies within LONE.

        Guarantee: two solutions of one system are equal iff this is True; cubes of certified solutions that are not
        equal are disjoint.
        """
        return all(abs(a - b) + other.half <= LONE for a, b in zip(self.center, other.center, strict=True))

    def is_own_mirror(self) -> bool:
        """Whether the solution is fixed by y -> 1 - y, given that the reflection maps solutions of the system to
        solutions."""
        return all(abs(a + b - 1) + self.half <= LONE for a, b in zip(self.center, reversed(self.center), strict=True))


@lru_cache(maxsize=4096)
def locate(system: SkeletonSystem, center: tuple[Fraction, ...]) -> LocatedSolution:
    """The solution near `center`, certified again from scratch and recognized where possible.

    Args:
        center: within 2^-GRID_BITS of the solution in every coordinate.

    Raises:
        InsufficientPrecision: there is no certified solution there; a stored record that says so is refuted.
    """
    mirror = mirror_pattern(system.system) if system.problem.symmetric and system.system != FREE else system.system
    if mirror < system.system:
        partner = replace(system, system=mirror)
        return _reflected(system, locate(partner, tuple(1 - value for value in reversed(center))))
    fine, half = refine_zero(system, center, BITS)
    if any(abs(a - b) > Fraction(1, 2**GRID_BITS) for a, b in zip(fine, center, strict=True)):
        raise InsufficientPrecision("the solution is not where the record says")
    if not has_unique_zero(system, fine, LONE, BITS):
        raise InsufficientPrecision("the solution could not be proved to be the only one nearby")
    exact = _recognized(system, fine)
    if exact is None:
        return LocatedSolution(system, fine, half, None, None)
    return LocatedSolution(system, fine, half, tuple(exact), exact[0].field)


def _reflected(system: SkeletonSystem, solution: LocatedSolution) -> LocatedSolution:
    """The image under y -> 1 - y of a solution of the mirror pattern, for a symmetric problem."""
    center = tuple(1 - value for value in reversed(solution.center))
    if solution.exact is None or solution.field is None:
        return LocatedSolution(system, center, solution.half, None, None)
    one = solution.field.lift(1)
    exact = tuple(one - value for value in reversed(solution.exact))
    return LocatedSolution(system, center, solution.half, exact, solution.field)


def _recognized(system: SkeletonSystem, center: tuple[Fraction, ...]) -> list[FieldElement] | None:
    """Exact coordinates where a number field of small degree holds them.

    Chains of at most two knots have fields of degree up to 12 on the targets of interest, for which it pays to look
    with more bits; coupled systems have much larger ones.
    """
    found = recognize_zero(center, BITS, system.vanishes)
    if found is None and system.knots <= 2 and len(system.active) <= 1:
        finer, _ = refine_zero(system, center, CHAIN_BITS)
        found = recognize_zero(finer, CHAIN_BITS, system.vanishes, degrees=(12,))
    return found


def exact_solution(system: SkeletonSystem, point: list[FieldElement], field: NumberField) -> LocatedSolution:
    """A solution given by exact coordinates; the equations are checked exactly.

    Raises:
        InsufficientPrecision: the point does not satisfy the equations.
    """
    if point and not system.vanishes(point):
        raise InsufficientPrecision("the point does not satisfy the equations of its system")
    with working_precision(2 * BITS):
        balls = [element.enclose(BITS) for element in point]
        center = tuple(Fraction(round(midpoint(ball) * 2**BITS), 2**BITS) for ball in balls)
    return LocatedSolution(system, center, Fraction(1, 2**BITS), tuple(point), field)


def is_zero(ball: arb, exact: FieldElement | None) -> Verdict:
    """Whether a number is 0: by exact arithmetic, or NO because its ball excludes 0; a ball alone never says YES."""
    if exact is not None:
        return Verdict.YES if exact.is_zero() else Verdict.NO
    return Verdict.UNDECIDED if ball.contains(0) else Verdict.NO


def satisfies_pattern(solution: LocatedSolution, pattern: str, problem_is_even: bool) -> Verdict:
    """Whether the class-A solution also satisfies the slope equation of `pattern` (S = 0), so that width m suffices.

    S = sum_k delta_k s_k with the slopes s_k of the free solution. S = 0 is proved in the number field, or by
    symmetry: if
    H(1-y) = H(y) + const, the solution is its own mirror image and so is the pattern, then s_{m-k} = -s_k while
    delta_{m-k} = delta_k, and the sum cancels in pairs.
    """
    system = solution.system
    assert system.system == FREE
    weights = weights_of(pattern, system.problem.leak, system.knots)
    with working_precision(BITS + 64):
        total = arb(0)
        for weight, slope in zip(weights, solution.profile.slopes, strict=True):
            total = total + slope * arb_of(weight)
    exact_total = None
    profile = solution.exact_profile
    if profile is not None and solution.field is not None:
        exact_total = solution.field.lift(0)
        for weight, value in zip(weights, profile.slopes, strict=True):
            exact_total = exact_total + value * solution.field.lift(weight)
    verdict = is_zero(total, exact_total)
    if (
        verdict is Verdict.UNDECIDED
        and problem_is_even
        and mirror_pattern(pattern) == pattern
        and solution.is_own_mirror()
    ):
        return Verdict.YES
    return verdict
