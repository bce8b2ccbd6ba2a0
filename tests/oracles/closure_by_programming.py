"""Whether a point of one stratum has points of another one nearby, by linear programming on the parameters.

Independent of the rules: the inner weights near the point are chosen with the signs that the codes ask for, and a
linear program looks for the rest such that the network stays the same. A "yes" for a small distance supports that the
point is a limit, a "no" for all choices of scales speaks against it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import permutations, product

import numpy as np
from scipy.optimize import linprog

DELTA = 0.05
MARGIN = DELTA / 200
SCALES = (DELTA / 4, DELTA**2 / 16)
FACTOR = 1e4
"""The equations are multiplied by this, so that the tolerance of the solver is far below the numbers that matter."""


def interval_neighbour(
    point: Sequence[tuple[float, float, float]],
    offset: float,
    codes: Sequence[str],
    places: dict[str, float],
    domain: tuple[float, float],
) -> bool:
    """Whether neurons with the given codes realize the ReLU network (w, b, v), c within DELTA in every parameter.

    Args:
        point: (w, b, v) of every neuron; offset: c.
        codes: of the other stratum; every order is tried.
        places: of the sites, by `k1`, `v1`, `f1`; domain: (a, b).
    """
    grid = np.linspace(*domain, 41) + 0.0
    target = sum((v * np.maximum(w * grid + b, 0) for w, b, v in point), np.full_like(grid, offset))
    for order in set(permutations(codes)):
        choices = [list(_inner(code, one, places, domain)) for code, one in zip(order, point, strict=True)]
        for chosen in product(*choices):
            columns = [np.maximum(w * grid + b, 0) for w, b, _, _ in chosen] + [np.ones_like(grid)]
            bounds = [(low, high) for _, _, low, high in chosen] + [(None, None)]
            equal = FACTOR * np.array(columns).T
            found = linprog(np.zeros(len(columns)), A_eq=equal, b_eq=FACTOR * target, bounds=bounds)
            if found.status == 0:
                return True
    return False


def _inner(
    code: str, one: tuple[float, float, float], places: dict[str, float], domain: tuple[float, float]
) -> Iterator[tuple[float, float, float, float]]:
    """(w, b) near a neuron with the signs of the code, and the bounds of v."""
    w, b, v = one
    near = {"p": (max(v - DELTA, MARGIN), v + DELTA), "n": (v - DELTA, min(v + DELTA, -MARGIN)), "z": (0.0, 0.0)}
    if found := re.fullmatch(r"([kvf]\d+|l[ab])([+-])([pnz]?)", code):
        place = {"la": domain[0], "lb": domain[1]}.get(found[1], places.get(found[1], 0.0))
        side = 1 if found[2] == "+" else -1
        low, high = near[found[3] or "z"]
        for size in [w] if w * side > 0 else [side * scale for scale in SCALES] if w == 0 else []:
            if low <= high and abs(v - min(max(v, low), high)) <= DELTA and abs(-size * place - b) <= DELTA:
                yield size, -size * place, low, high
    elif code in ("act", "dead"):
        side = 1 if code == "act" else -1
        for turn, lift in product((0.0, SCALES[0], -SCALES[0], SCALES[1], -SCALES[1]), (0.0, DELTA / 2)):
            slope, height = w + turn, b + side * lift
            if min(side * (slope * end + height) for end in domain) > 0:
                if slope == 0 and code == "act":
                    for low, high in (near["p"], near["n"]):
                        if low <= high:
                            yield slope, height, low, high
                else:
                    yield slope, height, v - DELTA, v + DELTA
    elif code == "con+":
        if w == 0 and abs(v) <= DELTA and b >= 0:
            yield 0.0, b or DELTA / 2, 0.0, 0.0
    elif (w, b) == (0, 0) and code in ("zero", "zerop", "zeron"):
        low, high = near["z" if code == "zero" else code[-1]]
        if low <= high and v - DELTA <= high and low <= v + DELTA:
            yield 0.0, 0.0, low, high


def dataset_neighbour(
    samples: np.ndarray,
    residual: np.ndarray,
    weights: Sequence[np.ndarray],
    outer: Sequence[float],
    codes: Sequence[str],
) -> bool:
    """Whether neurons with the given codes add the same to the samples within DELTA in every weight.

    Args:
        samples: one row for each; residual: y - f there.
        weights, outer: w and a of the neurons of the point.
        codes: of the other stratum; every order is tried.
    """
    values = sum(a * np.maximum(samples @ w, 0) for w, a in zip(weights, outer, strict=True))
    signs = {"p": 1, "n": -1, "z": 0}
    for order in set(permutations(codes)):
        wanted = [signs[code[-1]] for code in order]
        if any(a and np.sign(a) != sign for a, sign in zip(outer, wanted, strict=True)):
            continue
        options = [[a] if a or not sign else [sign * e for e in SCALES] for a, sign in zip(outer, wanted, strict=True)]
        for amounts in product(*options):
            if _solve(samples, residual, weights, order, amounts, values):
                return True
    return False


def _solve(
    samples: np.ndarray,
    residual: np.ndarray,
    weights: Sequence[np.ndarray],
    codes: Sequence[str],
    outer: Sequence[float],
    values: np.ndarray,
) -> bool:
    size, count = samples.shape[1], len(weights)
    equal, goal, less, most = [], [], [], []

    def row(j: int, part: np.ndarray) -> np.ndarray:
        whole = np.zeros(size * count)
        whole[j * size : (j + 1) * size] = part
        return whole

    total = np.zeros((len(samples), size * count))
    for j, code in enumerate(codes):
        active = np.array([letter == "+" for letter in code[:-1]], dtype=float)
        for k, letter in enumerate(code[:-1]):
            if letter == "0":
                equal.append(row(j, samples[k]))
                goal.append(0.0)
            else:
                less.append(row(j, -samples[k] if letter == "+" else samples[k]))
                most.append(-MARGIN if samples[k].any() else 0.0)
            total[k] += row(j, outer[j] * active[k] * samples[k])
        if outer[j] == 0:
            equal.append(row(j, (active * residual) @ samples))
            goal.append(0.0)
    bounds = [(x - DELTA, x + DELTA) for w in weights for x in w]
    found = linprog(
        np.zeros(size * count),
        A_ub=np.array(less) if less else None,
        b_ub=np.array(most) if less else None,
        A_eq=FACTOR * np.array([*equal, *total]),
        b_eq=FACTOR * np.array([*goal, *values]),
        bounds=bounds,
    )
    return found.status == 0
