"""The formula of the loss of a region against the loss of a network in it, at rational points."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from flint import fmpq

from catalog.verification import Fault
from catalog.verify_formula import value_of
from symbolic.enclosure import to_fmpq
from symbolic.interval.problem import IntervalProblem
from symbolic.interval.recheck.residual import antiderivative, horner

POINTS = 2


def check_loss(problem: IntervalProblem, text: str, neurons: Sequence[str]) -> Fault:
    """Whether the formula takes the value of the loss at seeded random rational networks of the region.

    Args:
        problem: of the region.
        text: the formula in w1, ..., b1, ..., v1, ..., c.
        neurons: the state of each neuron; inner breakpoints are in increasing order.
    """
    source = random.Random(f"{problem.name} {' '.join(neurons)}")
    for _ in range(POINTS):
        rows, c = _network(problem, neurons, source)
        values = {"c": to_fmpq(c)}
        for j, (w, b, v) in enumerate(rows, start=1):
            values |= {f"w{j}": to_fmpq(w), f"b{j}": to_fmpq(b), f"v{j}": to_fmpq(v)}
        if value_of(text, values) != _loss(problem, rows, c):
            return "the formula has another value than the loss of a network in the region"
    return None


def _network(
    problem: IntervalProblem, neurons: Sequence[str], source: random.Random
) -> tuple[list[tuple[Fraction, Fraction, Fraction]], Fraction]:
    a, b = problem.domain
    inner = sum(state in "+-" for state in neurons)
    places = sorted(source.sample(range(1, 64), inner))
    rows: list[tuple[Fraction, Fraction, Fraction]] = []
    for state in neurons:
        size, v = Fraction(source.randint(1, 9), source.randint(1, 9)), Fraction(source.randint(-9, 9), 7)
        if state in "+-":
            t = a + (b - a) * Fraction(places[len(rows)], 64)
            w = size if state == "+" else -size
            rows.append((w, -w * t, v))
        else:
            w = Fraction(source.randint(-5, 5), 3)
            far = abs(w) * max(abs(a), abs(b)) + size
            rows.append((w, far if state == "active" else -far, v))
    return rows, Fraction(source.randint(-9, 9), 5)


def _loss(problem: IntervalProblem, rows: Sequence[tuple[Fraction, Fraction, Fraction]], c: Fraction) -> fmpq:
    a, b = problem.domain
    cuts = sorted({a, b, *(-q / w for w, q, _ in rows if w and a < -q / w < b)})
    total = fmpq(0)
    for left, right in pairwise(cuts):
        middle = (left + right) / 2
        line = [c, Fraction(0)]
        for w, q, v in rows:
            factor = v if w * middle + q > 0 else v * problem.leak
            line = [line[0] + factor * q, line[1] + factor * w]
        r = [-value for value in problem.target] + [Fraction(0)] * (2 - len(problem.target))
        r[0], r[1] = r[0] + line[0], r[1] + line[1]
        square = [fmpq(0)] * (2 * len(r) - 1)
        for i, p in enumerate(r):
            for j, s in enumerate(r):
                square[i + j] += to_fmpq(p * s)
        whole = antiderivative(square, fmpq(0))
        total += horner(whole, to_fmpq(right)) - horner(whole, to_fmpq(left))
    return total
