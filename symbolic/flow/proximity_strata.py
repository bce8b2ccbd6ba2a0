"""The stratum over a critical function next to a network, and the distance to it in balanced coordinates.

A neuron with inner weights w and outer weight a has the balanced coordinates beta = |a| w, which rescaling does not
change; sign(a) is kept beside it. Over a critical function a stratum is a choice of a role for each neuron: a closed
polyhedral cone for beta in which the neuron adds a linear function of beta to the values of f at some places. So the
closure of a stratum is, in these coordinates, the polyhedron

    beta_j in the cone of role j,   c e + sum_j sign(a_j) E_j beta_j = values of the critical function,

and the distance is sqrt(sum_j |beta_j - beta'_j|^2 + (c - c')^2) to its nearest point, a least-distance problem
(C. L. Lawson, R. J. Hanson, Solving Least Squares Problems, 1974, chapter 23). A neuron with a = 0 or w = 0 has beta =
0: in these coordinates all of them are the zero neuron.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from symbolic.errors import InvalidProblem
from symbolic.flow.proximity import FloatArray

ANGLE = 0.03
"""A small neuron can have a role other than 0 only if beta is so near to its cone beside |beta|."""

CHOICES = 4096
"""Assignments of roles to the neurons compared at most."""

CODES = 4
"""Roles of one neuron compared at most."""


@dataclass(frozen=True)
class ConeRole:
    """What a neuron may do over one critical function.

    Attributes:
        code: the word in the labels of strata.
        sign: of a; 0 for the zero neuron, None where it is free.
        dimension: of the cone.
        equalities, inequalities: rows A and G of the cone {A beta = 0, G beta >= 0}.
        effect: E, the values at the places that beta adds to f, for a = 1.
    """

    code: str
    sign: int | None
    dimension: int
    equalities: FloatArray
    inequalities: FloatArray
    effect: FloatArray


@dataclass(frozen=True)
class Nearest:
    """The nearest stratum among those compared, and the distance to it; label None if there is none."""

    label: str | None
    distance: float


def nearest_stratum(
    roles: Sequence[ConeRole],
    labels: Mapping[tuple[str, ...], str],
    betas: FloatArray,
    signs: Sequence[int],
    offset: float | None,
    values: FloatArray,
    small: float,
) -> Nearest:
    """The stratum over a critical function next to a network.

    Args:
        roles: over the function; the zero neuron is one of them.
        labels: of the strata, by the sorted codes of their neurons.
        betas: one row |a_j| w_j per neuron.
        signs: of a_j.
        offset: c; None for a network without.
        values: of the critical function at the places.
        small: a neuron with |beta| at most this may be taken for 0, and must be within `ANGLE` of a cone for another
            role; a larger one must be as near as this to the cone of its role.

    Returns:
        The nearest stratum among those whose roles each neuron may have, at most `CODES` for each neuron and
        `CHOICES` in all. Where two are equally near (one in the closure of the other) the one of larger dimension.

    Guarantee: numerical.
    """
    width = len(betas)
    sizes = np.linalg.norm(betas, axis=1)
    options = [_options(roles, betas[j], signs[j], float(sizes[j]), small) for j in range(width)]
    limit = CODES
    while limit > 1 and math.prod(min(len(one), limit) for one in options) > CHOICES:
        limit -= 1
    candidates = []
    for choice in product(*(one[:limit] for one in options)):
        label = labels.get(tuple(sorted(role.code for _, role in choice)))
        if label is not None:
            candidates.append((math.hypot(*(gap for gap, _ in choice)), [role for _, role in choice], label))
    candidates.sort(key=lambda one: (one[0], -sum(role.dimension for role in one[1])))
    tie = 1e-9 * (1.0 + float(sizes.sum()))
    best, found, largest = math.inf, None, -1
    for bound, chosen, label in candidates:
        if bound > best + tie:
            break
        distance = _distance(chosen, betas, signs, offset, values)
        dimension = sum(role.dimension for role in chosen)
        if distance < best - tie or (distance <= best + tie and dimension > largest):
            best, found, largest = min(distance, best), label, dimension
    return Nearest(found, best)


def cone_distance(role: ConeRole, beta: FloatArray) -> float:
    """The distance of beta to the cone of a role."""
    nearest = project(beta, role.equalities, np.zeros(len(role.equalities)), role.inequalities)
    return math.inf if nearest is None else float(np.linalg.norm(beta - nearest))


def project(
    point: FloatArray, equalities: FloatArray, values: FloatArray, inequalities: FloatArray
) -> FloatArray | None:
    """The nearest point x to a point p with A x = q and G x >= 0; None if there is none up to rounding.

    With x = p + d_0 + Z y, d_0 = A^+ (q - A p) and Z a basis of the kernel of A, |y| is least under
    G Z y >= -G (p + d_0): by non-negative least squares.

    Raises:
        InvalidProblem: shapes that do not fit.
    """
    from scipy.optimize import nnls

    size = len(point)
    if equalities.shape != (len(values), size) or inequalities.shape[1:] != (size,):
        raise InvalidProblem("the constraints do not fit the point")
    start, free = point, np.eye(size)
    if len(equalities):
        left, singular, right = np.linalg.svd(equalities)
        rank = int((singular > 1e-10 * max(1.0, singular[0])).sum())
        gap = values - equalities @ point
        step = right[:rank].T @ ((left.T @ gap)[:rank] / singular[:rank])
        if np.abs(equalities @ step - gap).max() > 1e-8 * (1.0 + float(np.abs(values).max())):
            return None
        start, free = point + step, right[rank:].T
    if not len(inequalities):
        return start
    normals, bounds = inequalities @ free, -(inequalities @ start)
    scale = max(float(np.abs(bounds).max()), 1e-300)
    if bounds.max() <= 0:
        return start
    if free.shape[1] == 0:
        return start if bounds.max() <= 1e-9 * (1.0 + float(np.abs(start).max())) else None
    system = np.vstack((normals.T, bounds[None, :] / scale))
    goal = np.zeros(len(system))
    goal[-1] = 1.0
    multipliers, rest = nnls(system, goal)
    residual = system @ multipliers - goal
    if rest < 1e-9 or residual[-1] >= 0:
        return None
    moved: FloatArray = start + free @ (-residual[:-1] / residual[-1]) * scale
    return moved


def _options(
    roles: Sequence[ConeRole], beta: FloatArray, sign: int, size: float, small: float
) -> list[tuple[float, ConeRole]]:
    """The roles that a neuron may have, with the distances of beta to their cones, the nearest first."""
    found = []
    for role in roles:
        if role.sign == 0:
            if size <= small:
                found.append((size, role))
        elif role.sign in (None, sign) and size > 0:
            gap = cone_distance(role, beta)
            if gap <= (ANGLE * size if size <= small else small):
                found.append((gap, role))
    return sorted(found, key=lambda one: (one[0], -one[1].dimension))


def _distance(
    chosen: Sequence[ConeRole], betas: FloatArray, signs: Sequence[int], offset: float | None, values: FloatArray
) -> float:
    width, dimension = betas.shape
    size = width * dimension + (offset is not None)
    point = np.concatenate((betas.ravel(), [] if offset is None else [offset]))
    equalities: list[FloatArray] = []
    inequalities: list[FloatArray] = []
    whole = np.zeros((len(values), size))
    for j, role in enumerate(chosen):
        columns = slice(j * dimension, (j + 1) * dimension)
        for rows, collected in ((role.equalities, equalities), (role.inequalities, inequalities)):
            block = np.zeros((len(rows), size))
            block[:, columns] = rows
            collected.append(block)
        whole[:, columns] = signs[j] * role.effect
    if offset is not None:
        whole[:, -1] = 1.0
    conditions = np.vstack([*equalities, whole])
    goals = np.concatenate((np.zeros(len(conditions) - len(values)), values))
    nearest = project(point, conditions, goals, np.vstack(inequalities))
    return math.inf if nearest is None else float(np.linalg.norm(point - nearest))
