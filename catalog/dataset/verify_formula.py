"""The formula of the loss of a region of a data set against the loss of a network in it, at rational points."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction

from catalog.verification import Fault
from catalog.verify_formula import value_of
from symbolic.dataset.problem import DatasetProblem
from symbolic.enclosure import to_fmpq

POINTS = 2


def check_loss(problem: DatasetProblem, text: str, patterns: Sequence[str]) -> Fault:
    """Whether the formula takes, at seeded random rational parameters, the value of the polynomial of the patterns.

    L = (1/2n) sum_k (y_k - sum_j a_j <w_j, x_k> [k active in neuron j])^2; as polynomials they agree everywhere if they
    do on the region.

    Args:
        problem: of the region.
        text: the formula in w1_1, w1_2, ..., a1, ...
        patterns: of each neuron.
    """
    source = random.Random(f"{problem.name} {' '.join(patterns)}")
    for _ in range(POINTS):
        rows = [[Fraction(source.randint(-9, 9), 7) for _ in range(problem.dimension)] for _ in patterns]
        outer = [Fraction(source.randint(-9, 9), 5) for _ in patterns]
        values = {f"a{j}": to_fmpq(a) for j, a in enumerate(outer, start=1)}
        for j, row in enumerate(rows, start=1):
            values |= {f"w{j}_{i}": to_fmpq(w) for i, w in enumerate(row, start=1)}
        total = Fraction(0)
        for k, (x, y) in enumerate(zip(problem.samples, problem.targets, strict=True)):
            rest = y
            for pattern, row, a in zip(patterns, rows, outer, strict=True):
                if pattern[k] == "+":
                    rest -= a * sum((p * q for p, q in zip(row, x, strict=True)), Fraction(0))
            total += rest**2
        if value_of(text, values) != to_fmpq(total / (2 * len(problem.targets))):
            return "the formula has another value than the loss of a network in the region"
    return None
