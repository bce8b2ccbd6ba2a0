"""Attacks on a critical point: ways to lower the loss by arbitrarily small moves, each checked in exact arithmetic.

The attacks read the parameters only, never the catalog. A neuron is *flat* if v = 0, *degenerate* if w = b = 0, *at an
end* if its breakpoint is a or b. At size e they are

- curvature: a step of length e along the eigenvector of the least eigenvalue of the Hessian, in the coordinates in
  which the loss is twice differentiable (not w, b of a degenerate neuron nor of one at an end with v != 0);
- flat: move (w, b) of a flat neuron by about e to where G = integral r s(w x + b) != 0, then v by at most e against G;
- end: move a breakpoint at an end inside by e, with c moved so that the affine part of the neuron stays;
- degenerate: (w, b) = e (+-1, -+t) for t in a grid on [a, b];
- opened: curvature at a nearby point with the same f: constant neurons (w = v = 0) with w = +-e; neurons with
  w = b = 0 moved to b = +-e and c moved along.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product

import numpy as np
from flint import fmpq
from oracles.strata_hessian import Point, Setting, affine, between, factors, hessian, loss, pieces, slope_factor

GRID = 24


def rational_of(value: float) -> fmpq:
    numerator, denominator = float(value).as_integer_ratio()
    return fmpq(numerator, denominator)


def number(value: fmpq) -> float:
    """The nearest float."""
    return int(value.p) / int(value.q)


def breakpoint(setting: Setting, point: Point, j: int) -> fmpq | None:
    return -point.b[j] / point.w[j] if point.w[j] != 0 else None


def is_degenerate(point: Point, j: int) -> bool:
    return point.w[j] == 0 and point.b[j] == 0


def at_end(setting: Setting, point: Point, j: int) -> bool:
    return point.w[j] != 0 and breakpoint(setting, point, j) in (setting.start, setting.end)


def correlation(setting: Setting, point: Point, w: fmpq, b: fmpq) -> tuple[fmpq, fmpq]:
    """G = integral r s(z) and N = integral s(z)^2 for z = w x + b."""
    first = second = fmpq(0)
    probe = Point((*point.w, w), (*point.b, b), (*point.v, fmpq(0)), point.c)
    for low, high in pieces(setting, probe):
        slopes = factors(setting, probe, low, high)
        r = affine(probe, slopes) - setting.target
        s = affine(Point((w,), (b,), (fmpq(1),), fmpq(0)), slopes[-1:])
        first += between(r * s, low, high)
        second += between(s * s, low, high)
    return first, second


def curvature(setting: Setting, point: Point, sizes: tuple[fmpq, ...]) -> Iterator[Point]:
    n = point.width
    kept = [3 * n]
    for j in range(n):
        if is_degenerate(point, j):
            continue
        kept.append(2 * n + j)
        if not (at_end(setting, point, j) and point.v[j] != 0):
            kept += [j, n + j]
    whole = hessian(setting, point)
    matrix = np.array([[number(whole[i][j]) for j in kept] for i in kept])
    values, vectors = np.linalg.eigh(matrix)
    if values[0] > -1e-13:
        return
    # Rounded to a short rational, so that the exact loss stays cheap.
    step = [fmpq(0)] * (3 * n + 1)
    for i, x in zip(kept, vectors[:, 0], strict=True):
        step[i] = fmpq(round(float(x) * 2**40), 2**40)
    for size in sizes:
        for sign in (1, -1):
            yield point.moved(step, sign * size)


def flat(setting: Setting, point: Point, size: fmpq) -> Iterator[Point]:
    n = point.width
    for j in range(n):
        if point.v[j] != 0:
            continue
        if is_degenerate(point, j):
            moves = list(_small_neurons(setting, size))
        else:
            moves = [(size * x, size * y) for x, y in product((-1, 0, 1), repeat=2) if (x, y) != (0, 0)]
        for dw, db in moves:
            w, b = point.w[j] + dw, point.b[j] + db
            g, n2 = correlation(setting, point, w, b)
            if g == 0 or n2 == 0:
                continue
            v = -g / n2
            v = max(min(v, size), -size)
            yield point.replaced(j, w).replaced(n + j, b).replaced(2 * n + j, v)


def _small_neurons(setting: Setting, size: fmpq) -> Iterator[tuple[fmpq, fmpq]]:
    for i in range(GRID + 1):
        t = setting.start + (setting.end - setting.start) * fmpq(i, GRID)
        yield size, -size * t
        yield -size, size * t
    reach = 1 + abs(setting.start) + abs(setting.end)
    for w, b in product((1, 0, -1), (1, -1)):
        yield w * size, b * reach * size


def end(setting: Setting, point: Point, size: fmpq) -> Iterator[Point]:
    n = point.width
    for j in range(n):
        if not at_end(setting, point, j):
            continue
        t = breakpoint(setting, point, j)
        new = t + size if t == setting.start else t - size
        middle = (setting.start + setting.end) / 2
        factor = slope_factor(setting, point.w[j] * middle + point.b[j])
        shift = point.v[j] * factor * point.w[j] * (new - t)
        yield point.replaced(n + j, -point.w[j] * new).replaced(3 * n, point.c + shift)


def degenerate(setting: Setting, point: Point, size: fmpq) -> Iterator[Point]:
    n = point.width
    for j in range(n):
        if is_degenerate(point, j) and point.v[j] != 0:
            for w, b in _small_neurons(setting, size):
                yield point.replaced(j, w).replaced(n + j, b)


def opened(setting: Setting, point: Point, size: fmpq) -> Iterator[Point]:
    """Nearby points with the same f."""
    n = point.width
    for sign in (1, -1):
        moved, changed = point, False
        for j in range(n):
            if point.w[j] == 0 and point.b[j] != 0 and point.v[j] == 0:
                moved, changed = moved.replaced(j, sign * size), True
            elif is_degenerate(point, j):
                factor = 1 if sign > 0 else setting.leak
                shift = point.v[j] * factor * sign * size
                moved = moved.replaced(n + j, sign * size).replaced(3 * n, moved.c - shift)
                changed = True
        if changed:
            yield moved


def moves(setting: Setting, point: Point, size: fmpq) -> Iterator[tuple[str, Point]]:
    """Every attack at one size."""
    steps = (size, size / 16)
    for name, found in (
        ("curvature", curvature(setting, point, steps)),
        ("end", end(setting, point, size)),
        ("degenerate", degenerate(setting, point, size)),
        ("flat", flat(setting, point, size)),
    ):
        for other in found:
            yield name, other
    for nearby in opened(setting, point, size):
        smaller = tuple(size / 16**k for k in (1, 2, 3, 4))
        for other in curvature(setting, nearby, smaller):
            yield "opened", other


def lowered(setting: Setting, point: Point, size: fmpq, least: fmpq) -> str | None:
    """The name of an attack of this size that lowers the loss by more than `least`, or None."""
    before = loss(setting, point)
    for name, other in moves(setting, point, size):
        if before - loss(setting, other) > least:
            return name
    return None


def random_moves(source: random.Random, setting: Setting, point: Point, count: int) -> Iterator[Point]:
    """Perturbations of sizes 1e-2 to 1e-6, dense and sparse; half of them with the output bias and weights refitted.

    A refit is the exact minimization of the loss along one random direction in (v, c), in which it is quadratic.
    """
    n = point.width
    for i in range(count):
        size = fmpq(1, 10 ** source.choice((2, 3, 4, 5, 6)))
        chance = source.choice((0.2, 0.5, 1.0))
        step = [
            fmpq(source.randint(-1000, 1000), 1000) * size if source.random() < chance else fmpq(0)
            for _ in range(3 * n + 1)
        ]
        other = point.moved(step)
        if i % 2:
            along = [fmpq(0)] * (2 * n) + [fmpq(source.randint(-10, 10), 10) for _ in range(n + 1)]
            other = refitted(setting, other, along, size)
        yield other


def refitted(setting: Setting, point: Point, along: list[fmpq], size: fmpq) -> Point:
    """The least loss on the segment of length 2 size along a direction in (v, c)."""
    left, here, right = (loss(setting, point.moved(along, s * size)) for s in (-1, 0, 1))
    bend, slope = left + right - 2 * here, (right - left) / 2
    if bend <= 0:
        return point
    return point.moved(along, max(min(-slope / bend, fmpq(1)), fmpq(-1)) * size)
