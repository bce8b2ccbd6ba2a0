"""All strata of the quadratic activation s(z) = z^2 for affine targets (Cheridito, Jentzen, Rossmannek 2022).

Let h = alpha x + beta, alpha != 0, mu = (a+b)/2, m_k = int x^k r. The gradient equations are int r = 0, int r (w x +
b)^2 = 0, v (w m_2 + b m_1) = 0 and v w m_1 = 0. If some neuron has v != 0 and w != 0, then m_1 = m_2 = 0, and r, a
polynomial of degree 2 orthogonal to 1, x, x^2, is 0: a global minimum. Otherwise f is constant, the mean of h, so m_1
= -alpha (b-a)^3/12 != 0 and m_2 = 2 mu m_1, and a neuron is critical iff

- w = b = 0, v != 0: the block of the Hessian in (w, b) is 4 v [[m_2, m_1], [m_1, 0]], of determinant -(4 v m_1)^2 < 0;
- v = w = 0, b != 0: the entry (v, w) of the Hessian is 4 b m_1;
- v = 0, w != 0, b = -mu w: the entry (v, b) of the Hessian is 4 w m_1;
- w = b = v = 0: the neuron has no part in the Hessian.

L is a polynomial. Each neuron of the first three types has a hyperbolic plane of its own in the Hessian and one zero
direction, the tangent of its one-parameter family; so the index is their number, and c gives one more positive
eigenvalue. If all neurons are of the fourth type the index is 0 and the point is a saddle: along w = e, b = (1 - mu)
e, v = -sign(m_1) e the loss changes by 2 int r v (w x + b)^2 + O(e^6) = 2 v w (w m_2 + 2 b m_1) + O(e^6) = -4 |m_1|
e^3 + O(e^6). At width 1 the infimum 0 is not attained: v (w x + b)^2 + c = alpha x + beta needs v w^2 = 0 and 2 v w b
= alpha.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import combinations_with_replacement
from math import factorial, prod

from symbolic.enclosure import Number, Rigor
from symbolic.interval.functions import IntervalFunction
from symbolic.interval.problem import IntervalProblem
from symbolic.interval.strata.roles import Role, RoleKind
from symbolic.interval.strata.sample import Sample
from symbolic.interval.strata.strata import StrataOfFunction, Stratum
from symbolic.problem import SMOOTH, Inertia, Kind

ROLES = (
    Role("con+", RoleKind.CONSTANT, v_sign=0),
    Role("con-", RoleKind.CONSTANT, v_sign=0),
    Role("sym", RoleKind.SYMMETRIC, v_sign=0),
    Role("zero", RoleKind.ZERO, v_sign=0),
    Role("zerop", RoleKind.ZERO_LIVE, v_sign=1),
    Role("zeron", RoleKind.ZERO_LIVE, v_sign=-1),
)


def quadratic_strata(problem: IntervalProblem, function: IntervalFunction, width: int) -> StrataOfFunction:
    """All strata of width n over one critical function of a problem with the quadratic activation.

    Guarantee: complete, by the classification above.
    """
    if function.function_class == "A":
        return StrataOfFunction(function.label, width, (_target_stratum(problem, function, width),), ())
    strata = tuple(_saddle(problem, function, roles) for roles in combinations_with_replacement(ROLES, width))
    return StrataOfFunction(function.label, width, strata, ())


def _saddle(problem: IntervalProblem, function: IntervalFunction, roles: tuple[Role, ...]) -> Stratum:
    width = len(roles)
    moving = sum(role.kind is not RoleKind.ZERO for role in roles)
    negative, positive = moving, moving + 1
    counts = Counter(role.code for role in roles)
    return Stratum(
        function=function.label,
        label=f"{function.label}@{width}:{'.'.join(role.code for role in roles)}",
        width=width,
        roles=roles,
        kind=Kind.STRICT_SADDLE if moving else Kind.SADDLE,
        reason="index" if moving else "third-order descent",
        inertia=Inertia(negative, 3 * width + 1 - negative - positive, positive),
        dimension=moving,
        gauge_dimension=moving,
        orbit_size=factorial(width) // prod(factorial(count) for count in counts.values()),
        stationarity=SMOOTH,
        sample=_sample(problem, function, roles),
        rigor=Rigor.EXACT,
    )


def _sample(problem: IntervalProblem, function: IntervalFunction, roles: tuple[Role, ...]) -> Sample[Number]:
    middle = (problem.domain[0] + problem.domain[1]) / 2
    zero, one = Fraction(0), Fraction(1)
    w: list[Number] = [one if role.kind is RoleKind.SYMMETRIC else zero for role in roles]
    b: list[Number] = []
    for role in roles:
        side = {"con+": one, "con-": -one}.get(role.code, zero)
        b.append(-middle if role.kind is RoleKind.SYMMETRIC else side)
    v: list[Number] = [Fraction(role.v_sign or 0) for role in roles]
    return Sample(tuple(w), tuple(b), tuple(v), function.offset)


def _target_stratum(problem: IntervalProblem, function: IntervalFunction, width: int) -> Stratum:
    """f = h: all parameters with sum v w^2 = 0, 2 sum v w b = alpha, c + sum v b^2 = beta.

    For alpha != 0 some neuron has v != 0 != w and the three equations are independent where two such neurons differ
    in b/w (they must, or the first two sums are proportional), so the set is a manifold of dimension 3n - 2. For
    alpha = 0 it is larger and
    singular: v = 0 for all neurons gives 2n, w = 0 for all neurons gives 2n.
    """
    alpha = function.slopes[0]
    offset = function.offset
    assert isinstance(alpha, Fraction)
    assert isinstance(offset, Fraction)
    zero, one = Fraction(0), Fraction(1)
    rest = (zero,) * (width - 2)
    start = problem.domain[0]
    if alpha:
        # v ((x + 1)^2 - x^2) = v (2 x + 1)
        v = alpha / 2
        sample: Sample[Number] = Sample(
            (one, one, *rest), (one, zero, *rest), (v, -v, *rest), offset - v * (2 * start + 1)
        )
        dimension = 3 * width - 2
    else:
        sample = Sample((zero,) * width, (zero,) * width, (zero,) * width, offset)
        dimension = max(2 * width, 3 * width - 2)
    return Stratum(
        function=function.label,
        label=f"{function.label}@{width}:all",
        width=width,
        roles=None,
        kind=Kind.GLOBAL_MINIMUM,
        reason="f is the target, the loss is 0",
        inertia=None,
        dimension=dimension,
        gauge_dimension=width if alpha else 0,
        orbit_size=1,
        stationarity=SMOOTH,
        sample=sample,
        rigor=Rigor.EXACT,
    )
