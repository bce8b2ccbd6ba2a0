"""Spot checks of the double-precision enclosures against flint balls: an alarm, not part of any proof.

The enclosures are proved on paper; the audit notices if the paper and the machine disagree (a wrong rounding mode, a
broken library, a margin set to zero).
"""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
from flint import arb

from symbolic.enclosure import arb_of, endpoints, working_precision
from symbolic.solving.float_balls import FloatBall
from symbolic.solving.subdivision import BallSystem, BoxSystem

AUDIT_BITS = 200


def audit_enclosures(boxed: BoxSystem, exact: BallSystem, *, samples: int, seed: int) -> list[str]:
    """Failures of `F(point) in boxed.residual_balls` and `F'(point) in boxed.jacobian_balls` at random dyadic points.

    Boxes of random size around random increasing points, residuals at the points themselves, where the ball is as
    thin as the rounding bound allows.

    Returns:
        One sentence per failure; an empty list says only that none was seen.
    """
    generator = random.Random(seed)
    m = exact.dimension
    failures = []
    for _ in range(samples):
        grid = 2**40
        ticks = sorted(generator.sample(range(1, grid), m))
        size = 2 ** generator.randrange(10, 38)
        lower = [max(0, tick - generator.randrange(size)) for tick in ticks]
        upper = [min(grid, tick + 1 + generator.randrange(size)) for tick in ticks]
        for i in range(1, m):
            lower[i] = max(lower[i], lower[i - 1])
            upper[m - 1 - i] = min(upper[m - 1 - i], upper[m - i])
        point, low, high = (np.array([[value / grid] for value in row]) for row in (ticks, lower, upper))
        with working_precision(AUDIT_BITS):
            where = [arb_of(Fraction(tick, grid)) for tick in ticks]
            residual, jacobian = exact.residual(where), exact.jacobian(where)
        thin, wide = boxed.residual_balls(point, point), boxed.jacobian_balls(low, high)
        for i in range(m):
            if not _holds(thin, (i, 0), residual[i]):
                failures.append(f"the enclosure of equation {i + 1} misses its value at {ticks}/2^40")
            failures.extend(
                f"the enclosure of derivative {i + 1},{j + 1} misses its value at {ticks}/2^40"
                for j in range(m)
                if not _holds(wide, (i, j, 0), jacobian[i][j])
            )
    return failures


def _holds(ball: FloatBall, index: tuple[int, ...], value: arb) -> bool:
    """Whether the double ball holds the flint ball; an infinite radius holds everything."""
    middle, spread = float(ball.m[index]), float(ball.r[index])
    if not np.isfinite(middle) or not np.isfinite(spread):
        return True
    low, high = endpoints(value)
    return Fraction(middle) - Fraction(spread) <= low and high <= Fraction(middle) + Fraction(spread)
