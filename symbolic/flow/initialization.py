"""Balanced initializations |a_j| = |w_j| of a given scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from symbolic.errors import InvalidProblem

GRID = 1000
"""Random directions have coordinates k / GRID with |k| <= GRID."""


@dataclass(frozen=True)
class Start:
    """Initial weights w_j = scale * g_j, exactly, and a_j = s_j |w_j|, rounded."""

    scale: Fraction
    inner: tuple[tuple[Fraction, ...], ...]
    outer: tuple[float, ...]


def balanced(
    directions: Sequence[Sequence[Fraction | int]], signs: Sequence[int], scale: Fraction | int | str
) -> Start:
    """w_j = lambda g_j and a_j = s_j lambda |g_j|.

    Args:
        directions: g_j, rational; not all coordinates zero.
        signs: s_j, 1 or -1.
        scale: lambda > 0, rational ("1e-12" and "1/1000" are read exactly).

    Returns:
        The weights; the inner ones are exact, so that the activation patterns of the start are those of the g_j.

    Raises:
        InvalidProblem: signs that are not one of +-1 per direction, a zero direction, a scale that is not positive.

    Example:
        >>> balanced([(3, 4)], [-1], "1/10").outer
        (-0.5,)
    """
    try:
        size = Fraction(scale)
    except (ValueError, ZeroDivisionError) as error:
        raise InvalidProblem(f"the scale must be a rational number, not {scale!r}") from error
    if size <= 0:
        raise InvalidProblem(f"the scale must be positive, not {scale}")
    if len(directions) != len(signs) or not all(sign in (1, -1) for sign in signs):
        raise InvalidProblem("every direction needs one sign, 1 or -1")
    if not all(any(g) for g in directions):
        raise InvalidProblem("a balanced neuron cannot start in direction zero")
    inner = tuple(tuple(size * value for value in g) for g in directions)
    return Start(
        size, inner, tuple(sign * math.hypot(*map(float, w)) for w, sign in zip(inner, signs, strict=True))
    )


def random_directions(
    width: int, dimension: int, seed: int
) -> tuple[tuple[tuple[Fraction, ...], ...], tuple[int, ...]]:
    """Nonzero rational directions with Gaussian angles, and signs +-1, for `balanced`; the same for the same seed.

    Args:
        width: number of neurons, at least 1.
        dimension: number of coordinates, at least 1.
        seed: of numpy's default generator.

    Returns:
        The directions (multiples of 1 / `GRID`, largest coordinate 1 in modulus) and the signs.

    Raises:
        InvalidProblem: a width or dimension below 1.
    """
    import numpy as np

    if width < 1 or dimension < 1:
        raise InvalidProblem("random directions need a width and a dimension of at least 1")
    generator = np.random.default_rng(seed)
    rows = generator.standard_normal((width, dimension))
    grid = np.rint(GRID * rows / np.abs(rows).max(axis=1, keepdims=True)).astype(int)
    signs = generator.choice((-1, 1), size=width)
    return tuple(tuple(Fraction(int(k), GRID) for k in row) for row in grid), tuple(int(s) for s in signs)
