"""Balanced points of strata of the interval family, and their Hessians with certified eigenvalues.

Rescaling (w, b, v) -> (s w, s b, v/s) moves the sample of a stratum to the point with |v_j| = |(w_j, b_j)|, the only
one of its orbit that small initialization can reach, since v^2 - w^2 - b^2 is conserved by the flow. A neuron with
v = 0 cannot be balanced; it gets |(w_j, b_j)| = 1. A neuron w_j = b_j = 0 stays as it is in the sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
from flint import arb

from symbolic.enclosure import Number, arb_of, enclose, midpoint, working_precision
from symbolic.errors import Undecided
from symbolic.exact.eigenvalues import eigenvalue_enclosures
from symbolic.flow.interval_field import FloatArray
from symbolic.interval.located import BITS
from symbolic.interval.realization import RealizedFunction
from symbolic.interval.strata.expansions import Expansions, ball_of, sign_of
from symbolic.interval.strata.roles import Role, RoleKind
from symbolic.interval.strata.strata import Stratum

SPECTATORS = (RoleKind.DEAD, RoleKind.SILENT_END, RoleKind.ZERO)
"""Neurons that add nothing to f and that the flow leaves where they are, whatever the others do: the gradient in their
parameters is 0."""

CLUSTER = 1e-9
"""Eigenvalues nearer to each other than this fraction of the largest one get eigenvectors chosen by a fixed rule."""

EIGENVALUE_BITS = 160


@dataclass(frozen=True)
class Core:
    """The neurons of a stratum that take part in the flow, at a balanced point, in balls.

    Attributes:
        roles: of these neurons, in the order of the stratum.
        positions: their numbers in the stratum, from 1.
        parameters: w, b, v of these neurons and c.
    """

    function: str
    roles: tuple[Role, ...]
    positions: tuple[int, ...]
    parameters: tuple[arb, ...]

    @property
    def width(self) -> int:
        return len(self.roles)

    @property
    def code(self) -> str:
        return ".".join((self.function, *(role.code for role in self.roles)))

    @property
    def floats(self) -> FloatArray:
        return np.array([float(value.mid()) for value in self.parameters])


@dataclass(frozen=True)
class Unstable:
    """A negative eigenvalue of the Hessian, certified, with an approximate unit eigenvector."""

    number: int
    eigenvalue: arb
    vector: tuple[float, ...]


def core_of(stratum: Stratum, moved: frozenset[int] = frozenset()) -> Core:
    """The neurons that take part in the flow, at the balanced point of the stratum's sample.

    Args:
        stratum: with roles.
        moved: numbers, from 1, of neurons that take part whatever their roles are. If there are any, the other neurons
            with w = b = 0 != v are left out.

    Raises:
        Undecided: nothing is moved and the flow is not defined there (a neuron w = b = 0 != v), or a number is not
            known well enough.
    """
    roles = stratum.roles or ()
    if not moved and any(role.kind is RoleKind.ZERO_LIVE for role in roles):
        raise Undecided("a neuron has w = b = 0 and v != 0, where the loss has no gradient")
    resting = (*SPECTATORS, RoleKind.ZERO_LIVE)
    members = [i for i, role in enumerate(roles) if i + 1 in moved or role.kind not in resting]
    with working_precision(BITS + 64):
        parts = (stratum.sample.w, stratum.sample.b, stratum.sample.v)
        rows = [_balanced(roles[i], *(part[i] for part in parts)) for i in members]
        columns = [[row[k] for row in rows] for k in range(3)]
        flat = (*columns[0], *columns[1], *columns[2], enclose(stratum.sample.c, BITS))
    return Core(stratum.function, tuple(roles[i] for i in members), tuple(i + 1 for i in members), flat)


def _balanced(role: Role, w: Number, b: Number, v: Number) -> tuple[arb, arb, arb]:
    balls = [enclose(number, BITS) for number in (w, b, v)]
    if role.kind in (RoleKind.ZERO, RoleKind.ZERO_LIVE):
        return balls[0], balls[1], balls[2]
    size = (balls[0] * balls[0] + balls[1] * balls[1]).sqrt()
    factor = 1 / size if v == 0 or balls[2].contains(0) else (abs(balls[2]) / size).sqrt()
    return balls[0] * factor, balls[1] * factor, balls[2] / factor


def unstable_directions(function: RealizedFunction, core: Core) -> tuple[Unstable, ...]:
    """The negative eigenvalues of the Hessian in the parameters of a core, from the most negative one on.

    Guarantee: the balls hold the eigenvalues, each counted with its multiplicity; all but those enclosed by balls that
    hold 0 are there. The eigenvectors are approximate.

    Raises:
        Undecided: there is no Hessian (a neuron v != 0 with its breakpoint on an end where r != 0), or it was not
            proved that there is one.
    """
    with working_precision(BITS + 64):
        matrix = _hessian(function, core)
    with working_precision(EIGENVALUE_BITS):
        balls = eigenvalue_enclosures(matrix)
    negative = [ball for ball in balls if ball < 0]
    if not negative:
        return ()
    vectors = _eigenvectors(np.array([[float(entry.mid()) for entry in row] for row in matrix]), len(negative))
    return tuple(
        Unstable(number, ball, tuple(map(float, vector)))
        for number, (ball, vector) in enumerate(zip(negative, vectors, strict=True), start=1)
    )


def _eigenvectors(matrix: FloatArray, count: int) -> list[FloatArray]:
    """Unit eigenvectors of the lowest eigenvalues, the same on every machine up to rounding.

    In an eigenspace of several dimensions the projections of the coordinate axes are taken, the longest ones first,
    each orthogonal to those before. The largest entry (the first of the largest) is positive.
    """
    values, vectors = np.linalg.eigh(matrix)
    near = CLUSTER * max(float(np.abs(values).max()), 1e-300)
    chosen: list[FloatArray] = []
    first = 0
    while first < count:
        last = first + 1
        while last < count and values[last] - values[last - 1] < near:
            last += 1
        basis = vectors[:, first:last]
        rest = basis @ basis.T
        for _ in range(first, last):
            lengths = np.linalg.norm(rest, axis=0)
            lead = int(np.argmax(lengths > lengths.max() * (1 - CLUSTER)))
            vector = rest[:, lead] / lengths[lead]
            rest = rest - np.outer(vector, vector @ rest)
            sizes = np.abs(vector)
            top = int(np.argmax(sizes > sizes.max() * (1 - CLUSTER)))
            chosen.append(vector * (1.0 if vector[top] > 0 else -1.0))
        first = last
    return chosen


def _hessian(function: RealizedFunction, core: Core) -> list[list[arb]]:
    """2 int (grad f)(grad f)^T + 2 int r Hess f, the second part by what criticality says of int r s' and int x r s'.

    An end neuron enters by its affine continuation (docs/strata.md, "The Hessian").
    """
    near = Expansions(function)
    n = core.width
    w, b, v = core.parameters[:n], core.parameters[n : 2 * n], core.parameters[2 * n : 3 * n]
    leak = arb_of(function.problem.leak)
    occupied = {role.site for role in core.roles if role.site is not None}
    sites = sorted(occupied, key=lambda site: midpoint(site.position))
    places = {site: number for number, site in enumerate(sites)}
    ends = [arb_of(function.problem.domain[0]), *(site.position for site in sites), arb_of(function.problem.domain[1])]
    pieces = [((left + right) / 2, (right - left) / 2) for left, right in pairwise(ends)]

    def factor(j: int, piece: int) -> arb:
        """s' of neuron j on a piece."""
        role = core.roles[j]
        if role.site is not None:
            return arb(1) if (piece > places[role.site]) == (role.orientation == "+") else leak
        if role.kind is RoleKind.ACTIVE_END:
            return arb(1) if (role.end == "a") == (role.orientation == "+") else leak
        return leak if role.kind is RoleKind.LEAKY_INACTIVE or role.code == "con-" else arb(1)

    heights: list[list[arb]] = []
    rises: list[list[arb]] = []
    zero = arb(0)
    count = range(len(pieces))
    factors = [[factor(j, k) for k in count] for j in range(n)]
    for j in range(n):
        heights.append([v[j] * factors[j][k] * pieces[k][0] for k in count])
        rises.append([v[j] * factors[j][k] for k in count])
    for j in range(n):
        heights.append([v[j] * factors[j][k] for k in count])
        rises.append([zero for _ in count])
    for j in range(n):
        heights.append([factors[j][k] * (w[j] * pieces[k][0] + b[j]) for k in count])
        rises.append([factors[j][k] * w[j] for k in count])
    heights.append([arb(1) for _ in count])
    rises.append([zero for _ in count])
    size = 3 * n + 1
    matrix = [[zero] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            total = zero
            for k, (_, half) in enumerate(pieces):
                total += heights[i][k] * heights[j][k] * 4 * half
                total += rises[i][k] * rises[j][k] * 4 * half * half * half / 3
            matrix[i][j] = matrix[j][i] = total
    for j, role in enumerate(core.roles):
        _add_curvature(matrix, near, role, (j, n + j, 2 * n + j), (w[j], v[j]))
    return matrix


def _add_curvature(
    matrix: list[list[arb]], near: Expansions, role: Role, at: tuple[int, int, int], values: tuple[arb, arb]
) -> None:
    """2 int r Hess f for one neuron: (w, b) block 2 v (1 - g) r(t)/|w| [[t^2, t], [t, 1]]; entries with v
    2 (int x r s', int r s'), which are 0 unless the neuron is flat with K' != 0 or semi-active."""
    leak = near.function.problem.leak
    in_w, in_b, in_v = at
    w, v = values
    site = role.site
    if role.kind is RoleKind.LIVE and site is not None:
        t = site.position
        mass = 2 * v * arb_of(1 - leak) * ball_of(near.residual_at_site(site)[0]) / abs(w)
        for row, column, power in ((in_w, in_w, t * t), (in_w, in_b, t), (in_b, in_w, t), (in_b, in_b, arb(1))):
            matrix[row][column] += mass * power
        return
    mixed: tuple[arb, arb] | None = None
    if role.kind is RoleKind.FLAT and site is not None:
        # int r s' = -+(1 - g) K'(t), and w int x r s' + b int r s' = int r s = 0.
        mass = arb_of(1 - leak) * near.integral_to(site) * (-1 if role.orientation == "+" else 1)
        mixed = (2 * site.position * mass, 2 * mass)
    elif role.kind is RoleKind.CONSTANT and not near.function.is_class_a:
        scale = Fraction(2) if role.code == "con+" else 2 * leak
        mixed = (arb_of(scale) * ball_of(near.moment), arb(0))
    elif role.kind is RoleKind.ACTIVE_END and role.v_sign:
        lead = near.residual_at_end(role.end)[0]
        if sign_of(lead) != 0:
            raise Undecided("no Hessian: a neuron with v != 0 has its breakpoint on an end where r is not proved 0")
    if mixed is not None:
        for index, value in zip((in_w, in_b), mixed, strict=True):
            matrix[index][in_v] += value
            matrix[in_v][index] += value
