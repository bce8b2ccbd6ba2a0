"""Vectorized rigorous enclosures of the skeleton equations over many boxes at once, up to the walls.

The same equations as `symbolic.interval.skeletons`, written once more for arrays because a box that touches a wall
(a piece that may have length 0) needs its own bounds. With omega_k = delta_k^2 h_k^-3 / N in [0, 1] and
beta_k = omega_k h_k / (2 delta_k):

- omega_k increases in every other length and decreases in h_k, so its range over a box is attained at two corners;
- d beta_k / d h_k = omega_k (3 omega_k - 2) / (2 delta_k), a parabola in omega_k;
- d beta_k / d h_j = (3/2) omega_j omega_k h_k / (delta_k h_j) for j != k, whose size is at most (3/2) |delta_k|
  delta_j^2 y^2 / (delta_j^2 + delta_k^2 y^3)^2 with y = h_j/h_k, because N holds at least those two terms; that bound
  increases up to y^3 = delta_j^2 / (2 delta_k^2) and decreases afterwards.

All of this stays bounded on the closed simplex, and beta is continuous there (beta_k -> 0 with h_k), hence Lipschitz;
the mean value form holds up to the walls by passing to the limit from inside.
"""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np

from symbolic.errors import InsufficientPrecision
from symbolic.interval.skeletons import SkeletonSystem, even_factor
from symbolic.solving.float_balls import OUTWARD, FloatBall, Floats

LARGEST = Fraction(2) ** 60
"""Coefficients up to this size keep every product within the range the error analysis of `FloatBall` assumes."""


class BoxedSkeleton:
    """Enclosures of E and E' for arrays of boxes; what `symbolic.solving.subdivision` needs of a system.

    Args:
        system: the equations.

    Raises:
        InsufficientPrecision: a coefficient is too large for the error analysis of `FloatBall`.
    """

    def __init__(self, system: SkeletonSystem) -> None:
        self.system = system
        self.dimension = system.knots
        self.active = system.active
        self.weights = system.weights
        target = system.problem.target
        self.degree = system.problem.degree
        sizes = [*target, *self.weights, *(1 / weight for weight in self.weights if weight)]
        if max(abs(value) for value in sizes) > LARGEST:
            raise InsufficientPrecision(
                "a coefficient of the canonical problem is beyond the range of double precision"
            )
        self.taylor = {
            j: [target[i] * comb(i, j) for i in range(j, self.degree + 1)] for j in range(1, self.degree + 1)
        }

    def residual_balls(self, lower: Floats, upper: Floats) -> FloatBall:
        """E over the boxes; arrays of shape (m, boxes), nondecreasing along the first axis."""
        geometry = _Geometry(self, lower, upper)
        right, left = geometry.end_residuals()
        rows = FloatBall(right.m[:-1], right.r[:-1]) - FloatBall(left.m[1:], left.r[1:])
        if self.active:
            total = geometry.slope_sum()
            beta = geometry.beta()
            for i in range(self.dimension):
                pair = _sum([beta[k] for k in (i, i + 1) if k in beta])
                if pair is not None:
                    row = rows[i] - total * pair
                    rows.m[i], rows.r[i] = row.m, row.r
        return rows.sealed()

    def jacobian_balls(self, lower: Floats, upper: Floats) -> FloatBall:
        """E' over the boxes, shape (m, m, boxes)."""
        m = self.dimension
        geometry = _Geometry(self, lower, upper)
        left_u, left_v, right_u, right_v = geometry.end_derivatives()
        entries = FloatBall.zeros((m, m, lower.shape[1]))
        table: list[list[FloatBall | None]] = [[None] * m for _ in range(m)]
        for i in range(m):
            if i > 0:
                table[i][i - 1] = right_u[i]
            table[i][i] = right_v[i] - left_u[i + 1]
            if i + 1 < m:
                table[i][i + 1] = -left_v[i + 1]
        if self.active:
            total = geometry.slope_sum()
            beta = geometry.beta()
            moved = geometry.beta_derivatives()
            by_left, by_right = geometry.slope_derivatives()
            changes = []
            for j in range(m):
                parts = []
                if j in beta:
                    parts.append(by_right[j].scaled(self.weights[j]))
                if j + 1 in beta:
                    parts.append(by_left[j + 1].scaled(self.weights[j + 1]))
                changes.append(_sum(parts))
            for i in range(m):
                near = [k for k in (i, i + 1) if k in beta]
                pair = _sum([beta[k] for k in near])
                if pair is None:
                    continue
                for j in range(m):
                    drift = _sum(
                        [moved[k, j] for k in near if (k, j) in moved]
                        + [-moved[k, j + 1] for k in near if (k, j + 1) in moved]
                    )
                    parts = []
                    if drift is not None:
                        parts.append(total * drift)
                    change = changes[j]
                    if change is not None:
                        parts.append(change * pair)
                    moved_part = _sum(parts)
                    if moved_part is not None:
                        known = table[i][j]
                        table[i][j] = -moved_part if known is None else known - moved_part
        for i in range(m):
            for j in range(m):
                entry = table[i][j]
                if entry is not None:
                    entries.m[i, j], entries.r[i, j] = entry.m, entry.r
        return entries.sealed()


class _Geometry:
    """Everything about the pieces of an array of boxes; arrays of shape (m + 1, boxes)."""

    def __init__(self, owner: BoxedSkeleton, lower: Floats, upper: Floats) -> None:
        self.owner = owner
        count = lower.shape[1]
        zero, one = np.zeros((1, count)), np.ones((1, count))
        low, high = np.concatenate([zero, lower, one]), np.concatenate([zero, upper, one])
        # Sums, differences and halves of dyadic numbers with at most 50 bits after the point are exact.
        self.low = np.maximum(low[1:] - high[:-1], 0.0)
        self.high = high[1:] - low[:-1]
        center_low, center_high = 0.5 * (low[:-1] + low[1:]), 0.5 * (high[:-1] + high[1:])
        center = FloatBall(0.5 * (center_low + center_high), 0.5 * (center_high - center_low))
        eta = FloatBall.between(0.5 * self.low, 0.5 * self.high)
        self.eta = eta
        self.taylor = {j: _horner(coefficients, center) for j, coefficients in owner.taylor.items()}
        self.powers = [eta, eta]
        for _ in range(2, owner.degree + 1):
            self.powers.append(self.powers[-1] * eta)

    def end_residuals(self) -> tuple[FloatBall, FloatBall]:
        """R and L of every piece."""
        even, odd = FloatBall.zeros(self.eta.m.shape), FloatBall.zeros(self.eta.m.shape)
        for j in range(2, self.owner.degree + 1):
            term = (self.taylor[j] * self.powers[j]).scaled(even_factor(j))
            if j % 2 == 0:
                even = even + term
            else:
                odd = odd + term
        return -(even + odd), odd - even

    def end_derivatives(self) -> tuple[FloatBall, FloatBall, FloatBall, FloatBall]:
        """dL/du, dL/dv, dR/du, dR/dv of every piece [u, v]."""
        shape = self.eta.m.shape
        sums = {(side, parity): FloatBall.zeros(shape) for side in (-1, 1) for parity in (0, 1)}
        for j in range(1, self.owner.degree):
            term = self.taylor[j + 1] * self.powers[j]
            for side in (-1, 1):
                factor = Fraction(-(j + 1), 2) * (even_factor(j) + side * even_factor(j + 1))
                if factor:
                    sums[side, j % 2] = sums[side, j % 2] + term.scaled(factor)
        right_u, right_v = sums[-1, 0] + sums[-1, 1], sums[1, 0] + sums[1, 1]
        left_v, left_u = sums[-1, 0] - sums[-1, 1], sums[1, 0] - sums[1, 1]
        return left_u, left_v, right_u, right_v

    def slope_sum(self) -> FloatBall:
        """S = sum_k delta_k s_k."""
        slopes = self.taylor[1]
        for j in range(3, self.owner.degree + 1, 2):
            slopes = slopes + (self.taylor[j] * self.powers[j - 1]).scaled(Fraction(3, j + 2))
        total = _sum([slopes[k].scaled(self.owner.weights[k]) for k in self.owner.active])
        assert total is not None
        return total

    def slope_derivatives(self) -> tuple[FloatBall, FloatBall]:
        """ds/du and ds/dv of every piece."""
        degree = self.owner.degree
        by_center = self.taylor[2].scaled(Fraction(2))
        by_eta = FloatBall.zeros(self.eta.m.shape)
        for j in range(3, degree + 1, 2):
            factor = Fraction(3, j + 2)
            if j + 1 <= degree:
                by_center = by_center + (self.taylor[j + 1] * self.powers[j - 1]).scaled(factor * (j + 1))
            by_eta = by_eta + (self.taylor[j] * self.powers[j - 2]).scaled(factor * (j - 1))
        half = Fraction(1, 2)
        return (by_center - by_eta).scaled(half), (by_center + by_eta).scaled(half)

    def shares(self) -> dict[int, tuple[Floats, Floats]]:
        """Range of omega_k for every active piece."""
        active, weights = self.owner.active, self.owner.weights
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            least = {k: float(weights[k] ** 2) * self.high[k] ** -3 * (1 - OUTWARD) for k in active}
            most = {k: float(weights[k] ** 2) * self.low[k] ** -3 * (1 + OUTWARD) for k in active}
            result = {}
            for k in active:
                others = [j for j in active if j != k]
                if not others:
                    one = np.ones_like(self.low[k])
                    result[k] = (one, one)
                    continue
                lower = least[k] / (least[k] + sum(most[j] for j in others)) * (1 - OUTWARD)
                upper = 1.0 / (1.0 + sum(least[j] for j in others) / most[k]) * (1 + OUTWARD)
                # inf/inf: two pieces of length 0 at once, where omega may be anything in [0, 1].
                lower = np.where(np.isnan(lower), 0.0, lower)
                upper = np.where(np.isnan(upper), 1.0, np.minimum(upper, 1.0))
                result[k] = (lower, upper)
        return result

    def beta(self) -> dict[int, FloatBall]:
        """beta_k = omega_k eta_k / delta_k of the active pieces."""
        return {
            k: (FloatBall.between(lower, upper) * self.eta[k]).scaled(1 / self.owner.weights[k])
            for k, (lower, upper) in self.shares().items()
        }

    def beta_derivatives(self) -> dict[tuple[int, int], FloatBall]:
        """d beta_k / d h_j of the active pieces."""
        shares, weights = self.shares(), self.owner.weights
        result = {}
        for k, (lower, upper) in shares.items():
            ends = [lower * (3 * lower - 2), upper * (3 * upper - 2)]
            deepest = np.where((lower <= 1 / 3) & (upper >= 1 / 3), -1 / 3, np.minimum(*ends))
            margin = 4 * OUTWARD
            parabola = FloatBall.between(deepest - margin, np.maximum(*ends) + margin)
            result[k, k] = parabola.scaled(1 / (2 * weights[k]))
            for j, (lower_j, upper_j) in shares.items():
                if j == k:
                    continue
                mixed = self._mixed_derivative(k, j, (lower, upper), (lower_j, upper_j))
                result[k, j] = mixed if weights[k] > 0 else -mixed
        return result

    def _mixed_derivative(
        self, k: int, j: int, share_k: tuple[Floats, Floats], share_j: tuple[Floats, Floats]
    ) -> FloatBall:
        """Range of |d beta_k / d h_j|."""
        size_k, size_j = abs(float(self.owner.weights[k])), abs(float(self.owner.weights[j]))
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            least = 1.5 / size_k * share_k[0] * share_j[0] * self.low[k] / self.high[j] * (1 - OUTWARD)
            most = 1.5 / size_k * share_k[1] * share_j[1] * self.high[k] / self.low[j] * (1 + OUTWARD)
            peak = (size_j**2 / (2 * size_k**2)) ** (1 / 3)
            ratio_low, ratio_high = self.low[j] / self.high[k], self.high[j] / self.low[k]
            y = np.where(ratio_low > peak, ratio_low, np.fmin(ratio_high, peak))
            bound = 1.5 * size_k * size_j**2 * y * y / (size_j**2 + size_k**2 * y**3) ** 2 * (1 + OUTWARD)
            summit = 1.5 * size_k * peak**2 / (1.5 * size_j) ** 2 * (1 + OUTWARD)
            bound = np.where(np.isnan(bound), summit, bound)
            most = np.fmin(most, bound)
            least = np.where(np.isfinite(least), least, 0.0)
        return FloatBall.between(np.minimum(least, most), most)


def _horner(coefficients: list[Fraction], x: FloatBall) -> FloatBall:
    value = FloatBall.zeros(x.m.shape).shifted(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        value = (value * x).shifted(coefficient)
    return value


def _sum(balls: list[FloatBall]) -> FloatBall | None:
    if not balls:
        return None
    total = balls[0]
    for ball in balls[1:]:
        total = total + ball
    return total
