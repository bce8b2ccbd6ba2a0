"""A network of given weights next to those that realize an affine target exactly; proofs in docs/identify.md.

f = h on [a, b] iff the jumps at every breakpoint inside add up to 0, the slope at a is that of h, and f(a) = h(a).
From given weights such a point is constructed in rational arithmetic: breakpoints that are close together, or close to
an end of the domain, are moved to one place, then the outer weights by the least squares that satisfy the linear
equations.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from symbolic.exact.least_change import least_change
from symbolic.exact.outward import root_above
from symbolic.interval.trained import TrainedNetwork

ZERO = Fraction(0)

CLOSENESS = (Fraction(0), Fraction(1, 10**9), Fraction(1, 10**6), Fraction(1, 10**4), Fraction(1, 100))
"""Fractions of the domain within which breakpoints are moved to one place; each is tried."""


def distance_to_target(network: TrainedNetwork) -> Fraction | None:
    """An upper bound of the distance to the networks of this width that realize the target, of degree at most 1.

    Guarantee: a point at most this far, in the coordinates of normalized neurons and c, realizes h exactly: the
        equations are solved in rational arithmetic. None if no construction succeeds.
    """
    found = [value for closeness in CLOSENESS if (value := _constructed(network, closeness)) is not None]
    return min(found, default=None)


def _constructed(network: TrainedNetwork, closeness: Fraction) -> Fraction | None:
    leak = network.problem.leak
    start, end = network.problem.domain
    target = (*network.problem.target, ZERO)
    inner = [(one.start, one.end) for one in network.neurons]
    groups = _groups(network, closeness)
    for place, members in groups:
        for j in members:
            inner[j] = _moved(inner[j], place)
    # Equations in the outer weights: the jump at each place inside, then the slope at a.
    rows: list[list[Fraction]] = []
    goals: list[Fraction] = []
    for place, members in groups:
        if 0 < place < 1:
            rows.append([abs(b - a) if j in members else ZERO for j, (a, b) in enumerate(inner)])
            goals.append(ZERO)
    rows.append([(b - a) * _factor(a, b, leak) for a, b in inner])
    goals.append(target[1] * (end - start))
    outer = [one.v for one in network.neurons]
    lacking = [
        goal - sum((x * v for x, v in zip(row, outer, strict=True)), ZERO)
        for row, goal in zip(rows, goals, strict=True)
    ]
    moves = least_change(rows, lacking, len(outer))
    if moves is None:
        return None
    moved = [v + step for v, step in zip(outer, moves, strict=True)]
    height = target[0] + target[1] * start
    offset = height - sum(
        (v * (a if a > 0 else leak * a) for v, (a, _) in zip(moved, inner, strict=True)), ZERO
    )
    total = (offset - network.c) ** 2
    for one, (a, b), v in zip(network.neurons, inner, moved, strict=True):
        total += (a - one.start) ** 2 + (b - one.end) ** 2 + (v - one.v) ** 2
    return root_above(total)


def _groups(network: TrainedNetwork, closeness: Fraction) -> list[tuple[Fraction, list[int]]]:
    """The places of breakpoints in [0, 1] with the neurons to be moved there."""
    places = sorted(
        (place, j)
        for j, one in enumerate(network.neurons)
        if (place := one.place) is not None and -closeness <= place <= 1 + closeness
    )
    groups: list[list[tuple[Fraction, int]]] = []
    for item, before in zip(places, [None, *places], strict=False):
        if before is not None and item[0] - before[0] <= closeness:
            groups[-1].append(item)
        else:
            groups.append([item])
    result = []
    for group in groups:
        first, last = group[0][0], group[-1][0]
        middle = max((abs(network.neurons[j].v), place) for place, j in group)[1]
        place = ZERO if first <= closeness else Fraction(1) if last >= 1 - closeness else middle
        result.append((place, [j for _, j in group]))
    assert all(one[0] <= other[0] for one, other in pairwise(result))
    return result


def _moved(pair: tuple[Fraction, Fraction], place: Fraction) -> tuple[Fraction, Fraction]:
    """The nearest end values with the breakpoint at a place, of the same orientation."""
    a, b = pair
    sign = 1 if b > a else -1
    along = (-place * sign, (1 - place) * sign)
    share = (a * along[0] + b * along[1]) / (along[0] ** 2 + along[1] ** 2)
    return share * along[0], share * along[1]


def _factor(a: Fraction, b: Fraction, leak: Fraction) -> Fraction:
    """s' just right of the left end."""
    return Fraction(1) if a > 0 or (a == 0 and b > 0) else leak
