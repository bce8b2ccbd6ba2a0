"""All critical strata of width n over the critical functions of a survey, with inertia, kind and a sample point."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from flint import arb

from symbolic.enclosure import Ball, Number, Rigor, Verdict, endpoints, is_exact
from symbolic.errors import InsufficientPrecision
from symbolic.exact.number_field import FieldElement
from symbolic.interval.functions import IntervalFunction
from symbolic.interval.problem import IntervalProblem
from symbolic.interval.realization import RealizedFunction
from symbolic.interval.skeletons import GRID_BITS
from symbolic.interval.strata.assignments import Assignment, Enumerator
from symbolic.interval.strata.kinds import Judge, Judgement
from symbolic.interval.strata.roles import Role, roles_of
from symbolic.interval.strata.sample import Sample, ball_sample, exact_sample
from symbolic.interval.strata.sites import Sites, sites_of
from symbolic.problem import SMOOTH, CriticalStratum, Kind


@dataclass(frozen=True)
class Stratum(CriticalStratum):
    """A critical stratum: all parameters of width n in which the neurons have the given roles and f is realized.

    Attributes:
        roles: one per neuron, in the order of the codes; None for the set of all parameters that realize the target.
        kind, reason: the kind and the argument for it (`symbolic.interval.strata.kinds`).
        inertia: of the Hessian in (w, b, v, c); None where L is not twice differentiable or a sign was not proved.
        hessian: whether L is twice differentiable at every point of the set; UNDECIDED if that was not proved. YES
            without an inertia: a sign was not proved, or (over the target itself) the inertia is not constant.
        orbit_size: number of labelled assignments that are permutations of this one.
        sample: a point of the stratum; exact numbers, or canonical balls.
        rigor: EXACT if the sample is exact, else CERTIFIED.
    """

    roles: tuple[Role, ...] | None
    sample: Sample[Number]
    hessian: Verdict = Verdict.YES

    @property
    def by_default(self) -> bool:
        """Whether the stratum is listed by default: stationary in the smooth or the directional sense, or perhaps
        so."""
        return Verdict.NO not in (self.stationarity.directional,) or self.stationarity.smooth is Verdict.YES


@dataclass(frozen=True)
class StrataOfFunction:
    """All strata of one width over one function, and what could not be decided about the list."""

    function: str
    width: int
    strata: tuple[Stratum, ...]
    doubts: tuple[str, ...]


def strata_of(function: RealizedFunction, width: int, *, is_global_minimum: bool = False) -> StrataOfFunction:
    """All strata of width n over one function.

    Args:
        function: a critical function of minimal width at most n.
        is_global_minimum: that its loss is the least at this width and that a minimizer exists are proved.

    Guarantee: without doubts every critical point of width n over the function (differentiable, or with degenerate
    neurons w = b = 0 that are stationary in Clarke's sense) lies in exactly one of the strata.
    """
    if function.is_target:
        return target_strata(function.problem, function.record, width)
    sites = sites_of(function)
    judge = Judge(function, sites)
    enumerator = Enumerator(function, sites, _roles(function, sites, judge))
    assignments = list(enumerator.assignments(width))
    judgements = [judge.judge(assignment) for assignment in assignments]
    strata = tuple(
        _stratum(function, width, assignment, judgement, is_global_minimum)
        for assignment, judgement in zip(assignments, judgements, strict=True)
    )
    doubts = [*sites.doubts, *enumerator.doubts]
    if is_global_minimum:
        # Two independent arguments must agree: the least loss on a complete list, and the local judgement.
        doubts.extend(
            f"{stratum.label} has the least loss but was judged {judgement.kind}: {judgement.reason}"
            for stratum, judgement in zip(strata, judgements, strict=True)
            if judgement.kind in (Kind.SADDLE, Kind.STRICT_SADDLE)
        )
    if not doubts and sum(stratum.orbit_size for stratum in strata) != enumerator.labelled_count(width):
        doubts.append(f"the orbit sizes over {function.record.label} do not add up to the labelled assignments")
    return StrataOfFunction(function.record.label, width, strata, tuple(doubts))


def _roles(function: RealizedFunction, sites: Sites, judge: Judge) -> tuple[Role, ...]:
    """Neurons w = b = 0 != v are left out where they are proved not to be stationary in any sense."""
    degenerate = judge.clarke is not Verdict.NO
    return roles_of(sites, class_a=function.is_class_a, leaky=function.problem.leak > 0, degenerate=degenerate)


def _stratum(
    function: RealizedFunction, width: int, assignment: Assignment, judgement: Judgement, is_global_minimum: bool
) -> Stratum:
    sample = _sample(function, assignment)
    kind, reason = judgement.kind, judgement.reason
    if is_global_minimum:
        kind, reason = Kind.GLOBAL_MINIMUM, "least loss of a complete list, and a minimizer exists"
    exact = all(is_exact(number) for number in (*sample.w, *sample.b, *sample.v, sample.c))
    return Stratum(
        function=function.record.label,
        label=f"{function.record.label}@{width}:{assignment.code}",
        width=width,
        roles=assignment.roles,
        kind=kind,
        reason=reason,
        inertia=judgement.inertia,
        hessian=judgement.hessian,
        dimension=assignment.dimension,
        gauge_dimension=assignment.gauge_dimension,
        orbit_size=assignment.orbit_size,
        stationarity=judgement.stationarity,
        sample=sample,
        rigor=Rigor.EXACT if exact else Rigor.CERTIFIED,
    )


def target_strata(problem: IntervalProblem, record: IntervalFunction, width: int) -> StrataOfFunction:
    """f = h: r = 0, every parameter that realizes the target is a global minimum, loss 0.

    The set is no manifold; its largest pieces have one active neuron that carries the slope and free neurons besides
    (dimension 3n - 1: two equations for slope and value in 3n + 1 parameters), or for
    ReLU and slope 0 all neurons are inactive and free (3n).
    """
    slope, offset = record.slopes[0], record.offset
    assert isinstance(slope, Fraction)
    assert isinstance(offset, Fraction)
    start, zero, one = problem.domain[0], Fraction(0), Fraction(1)
    rest = (zero,) * (width - 1)
    sample: Sample[Number] = Sample((one, *rest), (one - start, *rest), (slope, *rest), offset - slope)
    stratum = Stratum(
        function=record.label,
        label=f"{record.label}@{width}:all",
        width=width,
        roles=None,
        kind=Kind.GLOBAL_MINIMUM,
        reason="f is the target, the loss is 0",
        inertia=None,
        dimension=3 * width if not slope and problem.leak == 0 else 3 * width - 1,
        gauge_dimension=width,
        orbit_size=1,
        stationarity=SMOOTH,
        sample=sample,
        rigor=Rigor.EXACT,
        hessian=Verdict.NO,
    )
    return StrataOfFunction(record.label, width, (stratum,), ())


def _sample(function: RealizedFunction, assignment: Assignment) -> Sample[Number]:
    exact = exact_sample(function, assignment)
    if exact is not None:
        return Sample(
            tuple(map(_number, exact.w)), tuple(map(_number, exact.b)), tuple(map(_number, exact.v)), _number(exact.c)
        )
    balls = ball_sample(function, assignment)
    return Sample(
        tuple(map(_canonical, balls.w)),
        tuple(map(_canonical, balls.b)),
        tuple(map(_canonical, balls.v)),
        _canonical(balls.c),
    )


def _number(element: FieldElement) -> Number:
    return element.number()


def _canonical(ball: arb) -> Number:
    """An integer that the ball is exactly, or the canonical ball on the grid."""
    low, high = endpoints(ball)
    if low == high and low.denominator == 1:
        return low
    step = Fraction(1, 2**GRID_BITS)
    while round(low / step) != round(high / step):
        step *= 2
        if step > 1:
            raise InsufficientPrecision("the enclosure of a sample point is too wide to be rounded")
    return Ball(round(low / step) * step, step)
