"""A run of students of an orthonormal teacher beside critical points, vectorized over time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from symbolic.errors import InvalidProblem
from symbolic.flow.proximity import FloatArray, IndexArray, MeasuredRun, chunks

PARALLEL = 1e-4
"""sin^2 of the angle below which it is computed from the part of one vector that is orthogonal to the other."""


class TeacherProximity(MeasuredRun):
    """Networks f_W = sum_i relu<w_i, x> over time, against sum_{j <= k} relu<e_j, x>, x ~ N(0, I_d).

    Distances are the roots of E (f_W - f_V)^2. A critical point stands for its orbit under permutations of the k
    teachers: the member is taken that a matching of the first two Hermite coefficients of f_W and f_V finds,

        sum_i w_i   and   sum_i w_i w_i^T / |w_i|,

    so that a distance is at least that to the orbit, and equal to it next to the critical point unless two members are
    equally near. The gradient is that in W; there is no rescaling.

    Args:
        teachers: k.
        weights: W, indexed by time, row, coordinate.
        functions: V for each critical point, each with any number of rows.

    Guarantee: numerical. A row that vanishes is left out of the gradient: the loss is not differentiable there.

    Raises:
        InvalidProblem: more teachers than coordinates.
    """

    def __init__(self, teachers: int, weights: FloatArray, functions: Sequence[FloatArray]) -> None:
        if not 2 <= teachers <= weights.shape[2]:
            raise InvalidProblem(f"{teachers} teachers in {weights.shape[2]} dimensions")
        self.teachers = teachers
        self.weights = weights
        self.functions = list(functions)
        self.squares_per_loss = 2.0
        self.units = np.eye(teachers, weights.shape[2])
        self.scale = float(np.sqrt(teachers / 2 + teachers * (teachers - 1) / (2 * np.pi)))
        self._orders: dict[tuple[int, int], IndexArray] = {}

    @property
    def count(self) -> int:
        """The number of times."""
        return len(self.weights)

    @property
    def _numbers_per_time(self) -> int:
        rows = int(self.weights.shape[1])
        return 4 * rows * (rows + self.teachers)

    def _measure(self, part: slice) -> tuple[FloatArray, FloatArray]:
        return self._measure_at(self.weights[part])

    def _measure_at(self, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        own, across = _Pairs(weights, weights), _Pairs(weights, self.units)
        constant = self.scale**2 / 2
        losses = own.values().sum(axis=(1, 2)) / 2 - across.values().sum(axis=(1, 2)) + constant
        squares = np.square(weights).sum(axis=2)
        live = squares > 0
        radial = (own.sines.sum(axis=2) - across.sines.sum(axis=2)) / np.where(live, squares, 1.0)
        gradient = radial[:, :, None] * weights + own.supplements @ weights - across.supplements @ self.units
        gradient *= live[:, :, None] / (2 * np.pi)
        norms: FloatArray = np.sqrt(np.square(gradient).sum(axis=(1, 2)))
        return losses, norms

    @cached_property
    def critical_losses(self) -> FloatArray:
        return np.array([float(self._measure_at(one[None])[0][0]) for one in self.functions])

    def aligned(self, function: int, time: int) -> FloatArray:
        """The member of the orbit of a critical point that is matched with the run at a time: V with its first k
        columns permuted."""
        order = self._orders.get((function, time))
        if order is None:
            order = matching(self.weights[time], self.functions[function], self.teachers)
            self._orders[function, time] = order
        return self.functions[function][:, order]

    def distances_at(self, times: IndexArray, function: int, enough: float = 0.0) -> FloatArray:
        """The L2 distance at some times: to a member of the orbit that is within `enough`, else to the one matched."""
        # A run mostly stays next to one member.
        found = self._distances(times, self.aligned(function, int(times[0])))
        for i in np.flatnonzero(found > enough).tolist():
            at = int(times[i])
            found[i] = _distances(self.weights[at][None], self.aligned(function, at))[0]
        return found

    def _distances(self, times: IndexArray, member: FloatArray) -> FloatArray:
        rows = self.weights.shape[1]
        parts = chunks(len(times), 4 * rows * (rows + len(member)))
        return np.concatenate([_distances(self.weights[times[part]], member) for part in parts])

    def distances_near(self, function: int, time: int) -> FloatArray:
        """The L2 distances at all times to the member of the orbit matched at one."""
        return self._distances(np.arange(self.count), self.aligned(function, time))

    def separation(self, function: int) -> float:
        """The L2 distance to the next critical point, over permutations of the teachers."""
        own, least = self.functions[function], np.inf
        for other, rows in enumerate(self.functions):
            if other != function:
                order = matching(own, rows, self.teachers)
                least = min(least, float(_distances(own[None], rows[:, order])[0]))
        return least


def matching(weights: FloatArray, critical: FloatArray, teachers: int) -> IndexArray:
    """The permutation q of the first k columns that brings V[:, q] near W, as functions.

    It matches the entries of the first Hermite coefficient and the sorted rows of the second one, and is then improved
    by exchanging two columns as long as that brings both coefficients nearer.
    """
    from scipy.optimize import linear_sum_assignment

    (mean, form), (other, shape) = _coefficients(weights, teachers), _coefficients(critical, teachers)

    def features(one: FloatArray, two: FloatArray) -> FloatArray:
        return np.column_stack((one, np.diag(two), np.sort(two, axis=1)))

    ours, theirs = features(mean, form), features(other, shape)
    costs = np.square(ours[:, None, :] - theirs[None, :, :]).sum(axis=2)
    _, chosen = linear_sum_assignment(costs)
    order = np.array(chosen)

    def cost(candidate: IndexArray) -> float:
        gap = form - shape[np.ix_(candidate, candidate)]
        return float(np.square(gap).sum() + np.square(mean - other[candidate]).sum())

    best = cost(order)
    improved = True
    while improved:
        improved = False
        for i in range(teachers):
            for j in range(i):
                candidate = order.copy()
                candidate[[i, j]] = candidate[[j, i]]
                value = cost(candidate)
                if value < best * (1 - 1e-9) - 1e-15:
                    order, best, improved = candidate, value, True
    rest = np.arange(teachers, weights.shape[1])
    return np.concatenate((order, rest)).astype(np.intp)


def row_distance(weights: FloatArray, member: FloatArray) -> float:
    """min over permutations P of |W - P V| (Frobenius), for as many rows."""
    from scipy.optimize import linear_sum_assignment

    costs = np.square(weights[:, None, :] - member[None, :, :]).sum(axis=2)
    rows, columns = linear_sum_assignment(costs)
    return float(np.sqrt(costs[rows, columns].sum()))


def _coefficients(weights: FloatArray, teachers: int) -> tuple[FloatArray, FloatArray]:
    lengths = np.linalg.norm(weights, axis=1)
    scaled = weights / np.sqrt(np.where(lengths > 0, lengths, 1.0))[:, None]
    return weights.sum(axis=0)[:teachers], (scaled.T @ scaled)[:teachers, :teachers]


def _distances(weights: FloatArray, member: FloatArray) -> FloatArray:
    own = _Pairs(weights, weights).values().sum(axis=(1, 2))
    across = _Pairs(weights, member).values().sum(axis=(1, 2))
    constant = _Pairs(member[None], member).values().sum()
    found: FloatArray = np.sqrt(np.maximum(own - 2 * across + constant, 0.0))
    return found


class _Pairs:
    """The kernel of all pairs of rows of W (for every time) and of V (for every time, or the same for all)."""

    def __init__(self, first: FloatArray, second: FloatArray) -> None:
        lengths, others = np.linalg.norm(first, axis=2), np.linalg.norm(second, axis=-1)
        self.products: FloatArray = first @ np.swapaxes(second, -1, -2)
        bounds = lengths[:, :, None] * (others[:, None, :] if second.ndim == 3 else others)
        squares = np.maximum(bounds * bounds - self.products * self.products, 0.0)
        self.sines: FloatArray = np.sqrt(squares)
        close = np.nonzero((squares <= PARALLEL * bounds * bounds) & (bounds > 0))
        if len(close[0]):
            # The difference above has lost its digits.
            w = first[close[0], close[1]]
            v = second[close[0], close[2]] if second.ndim == 3 else second[close[2]]
            size = lengths[close[0], close[1]]
            unit = w / size[:, None]
            rest = v - (v * unit).sum(axis=1)[:, None] * unit
            self.sines[close] = size * np.linalg.norm(rest, axis=1)
        self.supplements: FloatArray = np.arctan2(self.sines, -self.products)

    def values(self) -> FloatArray:
        """E relu<w, x> relu<v, x>."""
        found: FloatArray = (self.sines + self.supplements * self.products) / (2 * np.pi)
        return found
