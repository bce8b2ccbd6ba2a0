"""The skeleton equations from first principles, by exact integration; their derivatives by
differences."""

import random
from fractions import Fraction
from itertools import pairwise

import pytest

from symbolic.enclosure import arb_of, endpoints, working_precision
from symbolic.exact.number_field import FieldElement, NumberField
from symbolic.interval.problem import IntervalProblem
from symbolic.interval.skeleton_boxes import BoxedSkeleton
from symbolic.interval.skeletons import FREE, SkeletonSystem, orientations
from symbolic.solving import float_balls
from symbolic.solving.audit import audit_enclosures

TARGETS = ["x**2", "x**3 - x", "x**4 - x**2", "x**5 - 7*x**4/3 + x**2 - x"]
LEAKS = ["0", "1/10", "2/3"]
SYSTEMS = [FREE, "+", "-", "+-", "-+", "--", "+-+", "--+"]


def make(target: str, leak: str, system: str, knots: int | None = None) -> SkeletonSystem:
    canonical, _ = IntervalProblem.from_text("p", target, ("-1", "2"), leak).canonical()
    return SkeletonSystem(canonical, len(system) if knots is None else knots, system)


def cases() -> list[SkeletonSystem]:
    return [
        make(target, leak, system, 2 if system == FREE else None)
        for target in TARGETS
        for leak in LEAKS
        for system in SYSTEMS
    ]


def rational_point(seed: int, count: int) -> list[Fraction]:
    generator = random.Random(seed)
    return sorted(Fraction(value, 997) for value in generator.sample(range(1, 997), count))


def exact(system: SkeletonSystem, point: list[Fraction]) -> tuple[list[Fraction], dict[str, list[Fraction]]]:
    """Residuals and profile of the module at a rational point, in exact arithmetic."""
    field = NumberField(Fraction(1))
    knots = [field.lift(value) for value in point]
    constants = system.constants(field.lift)

    def plain(elements: list[FieldElement]) -> list[Fraction]:
        numbers = [element.number() for element in elements]
        assert all(isinstance(number, Fraction) for number in numbers)
        return [number for number in numbers if isinstance(number, Fraction)]

    profile = system.profile(knots, constants)
    values = {
        "slopes": plain(list(profile.slopes)),
        "jumps": plain(list(profile.jumps)),
        "scalars": plain([profile.offset, profile.moment, profile.loss]),
    }
    return plain(system.residual_in(knots, constants)), values


def integral(coefficients: list[Fraction], a: Fraction, b: Fraction) -> Fraction:
    return sum((c * (b ** (i + 1) - a ** (i + 1)) / (i + 1) for i, c in enumerate(coefficients)), Fraction(0))


def times(p: list[Fraction], q: list[Fraction]) -> list[Fraction]:
    result = [Fraction(0)] * (len(p) + len(q) - 1)
    for i, a in enumerate(p):
        for j, b in enumerate(q):
            result[i + j] += a * b
    return result


def piece_line(target: list[Fraction], a: Fraction, b: Fraction, moment: Fraction) -> tuple[Fraction, Fraction]:
    """The line p + q x with int (p + q x - H) = 0 and int x (p + q x - H) = moment on [a, b], from its normal
    equations."""
    m0, m1, m2 = b - a, (b**2 - a**2) / 2, (b**3 - a**3) / 3
    r0, r1 = integral(target, a, b), integral(times(target, [Fraction(0), Fraction(1)]), a, b) + moment
    determinant = m0 * m2 - m1**2
    return (r0 * m2 - r1 * m1) / determinant, (m0 * r1 - m1 * r0) / determinant


@pytest.mark.parametrize("system", cases(), ids=lambda s: f"{s.problem.degree}-{s.problem.leak}-{s.system}")
def test_equations_and_profile_from_first_principles(system: SkeletonSystem) -> None:
    point = rational_point(system.problem.degree, system.knots)
    residuals, values = exact(system, point)
    offset, moment, loss = values["scalars"]
    target = list(system.problem.target)
    ends = [Fraction(0), *point, Fraction(1)]
    sigma = orientations(system.problem.leak)
    # Every piece carries the share (sigma_{k+1} - sigma_k) M of the moment of the residual.
    marks = [Fraction(0)] * (system.knots + 2)
    if system.system != FREE:
        marks = [Fraction(0), *(sigma[mark] for mark in system.system), Fraction(1)]
    lines = [
        piece_line(target, a, b, (right - left) * moment)
        for (a, b), (left, right) in zip(pairwise(ends), pairwise(marks), strict=True)
    ]
    assert values["slopes"] == [q for _, q in lines]
    assert offset == lines[0][0]
    gaps = [(p + q * t) - (p2 + q2 * t) for (p, q), (p2, q2), t in zip(lines, lines[1:], point, strict=False)]
    assert residuals == gaps
    squares = Fraction(0)
    for (p, q), (a, b) in zip(lines, pairwise(ends), strict=True):
        difference = [-c for c in target]
        difference[0] += p
        difference[1] += q
        squares += integral(times(difference, difference), a, b)
    assert loss == squares
    if system.system != FREE:
        # The slope equation s_0 + sum_i tau_i D_i = 0 with tau_+ = -g/(1-g), tau_- = 1/(1-g) (docs/theory.md).
        leak = system.problem.leak
        tau = {"+": -leak / (1 - leak), "-": 1 / (1 - leak)}
        jumps = zip(system.system, values["jumps"], strict=True)
        assert values["slopes"][0] + sum((tau[mark] * jump for mark, jump in jumps), Fraction(0)) == 0


@pytest.mark.parametrize("system", cases(), ids=lambda s: f"{s.problem.degree}-{s.problem.leak}-{s.system}")
def test_jacobian_agrees_with_differences(system: SkeletonSystem) -> None:
    point = rational_point(7, system.knots)
    step = Fraction(1, 2**100)
    with working_precision(400):
        jacobian = system.jacobian([arb_of(value) for value in point])
        for j in range(system.knots):
            ahead, behind = list(point), list(point)
            ahead[j] += step
            behind[j] -= step
            up = system.residual([arb_of(value) for value in ahead])
            down = system.residual([arb_of(value) for value in behind])
            for i in range(system.knots):
                slope = (up[i] - down[i]) / arb_of(2 * step)
                low, high = endpoints(slope - jacobian[i][j])
                assert max(abs(low), abs(high)) < Fraction(1, 2**90)


@pytest.mark.parametrize("system", cases(), ids=lambda s: f"{s.problem.degree}-{s.problem.leak}-{s.system}")
def test_double_precision_enclosures_hold_the_balls(system: SkeletonSystem) -> None:
    assert audit_enclosures(BoxedSkeleton(system), system, samples=15, seed=3) == []


def test_the_audit_notices_a_missing_slack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(float_balls, "UNIT", 0.0)
    noticed = {system: bool(audit_enclosures(BoxedSkeleton(system), system, samples=15, seed=3)) for system in cases()}
    assert all(seen for system, seen in noticed.items() if system.system == FREE)
    # The bounds of omega have a margin of their own, which may hide the missing one in coupled systems.
    assert sum(noticed.values()) > len(noticed) // 2
