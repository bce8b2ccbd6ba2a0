"""Positive combinations and Gordan's alternative: witnesses checked, answers compared with a float solver."""

import random
from fractions import Fraction
from itertools import product

import numpy as np
from scipy.optimize import linprog

from symbolic.exact.cones import Combination, Farkas, gordan, positive_combination, primitive


def strictly_positive_by_floats(generators: list[list[int]], target: list[int]) -> bool:
    """Largest eps with weights >= eps, by HiGHS; the integer data are small, so that eps is far from its tolerance."""
    count = len(generators)
    matrix = np.array([[*column, 0] for column in np.array(generators).T.reshape(len(target), count).tolist()])
    bounds = [(0, None)] * count + [(None, 1)]
    above = np.hstack([-np.eye(count), np.ones((count, 1))])
    found = linprog([0] * count + [-1], above, np.zeros(count), matrix, target, bounds)
    return bool(found.status == 0 and -found.fun > 1e-7)


def test_the_witness_always_checks_and_the_answer_is_that_of_a_float_solver() -> None:
    rng = random.Random(3)
    answers = {Combination: 0, Farkas: 0}
    for _ in range(1500):
        length, count = rng.randint(1, 4), rng.randint(1, 6)
        generators = [[rng.choice((-2, -1, 0, 0, 1, 3)) for _ in range(length)] for _ in range(count)]
        target = [rng.randint(-2, 2) for _ in range(length)]
        result = positive_combination(generators, target)
        answers[type(result)] += 1
        if isinstance(result, Combination):
            assert min(result.weights) > 0
            for i in range(length):
                assert sum(w * g[i] for w, g in zip(result.weights, generators, strict=True)) == target[i]
        else:
            assert result.refutes(generators, target)
        assert isinstance(result, Combination) == strictly_positive_by_floats(generators, target)
    assert min(answers.values()) > 200


def test_a_false_farkas_vector_does_not_refute() -> None:
    generators, target = [[1, 0], [0, 1]], [1, 1]
    assert not any(Farkas(vector).refutes(generators, target) for vector in product(range(-3, 4), repeat=2))
    assert Farkas((1, 0)).refutes(generators, [-1, 5])
    # On the boundary of the cone: no positive combination, though a nonnegative one.
    assert isinstance(positive_combination(generators, [1, 0]), Farkas)
    assert Farkas((0, 1)).refutes(generators, [1, 0])
    assert not Farkas((0, 0)).refutes(generators, [1, 0])


def test_no_generators_and_no_equations() -> None:
    assert positive_combination([], [0, 0]) == Combination(())
    assert isinstance(positive_combination([], [0, 1]), Farkas)
    assert isinstance(positive_combination([(), ()], ()), Combination)


def test_gordan() -> None:
    rng = random.Random(4)
    seen = set()
    for _ in range(800):
        length, count = rng.randint(1, 4), rng.randint(1, 6)
        rows = [[rng.randint(-2, 2) for _ in range(length)] for _ in range(count)]
        direction, multipliers = gordan(rows, length)
        seen.add(direction is None)
        if direction is not None:
            assert all(sum(a * b for a, b in zip(row, direction, strict=True)) > 0 for row in rows)
        else:
            assert min(multipliers) >= 0
            assert any(multipliers)
            assert all(sum(c * row[i] for c, row in zip(multipliers, rows, strict=True)) == 0 for i in range(length))
    assert seen == {True, False}


def test_primitive() -> None:
    assert primitive(()) == ()
    assert primitive((Fraction(0), Fraction(0))) == (0, 0)
    assert primitive((Fraction(2, 3), Fraction(-4, 9))) == (3, -2)
