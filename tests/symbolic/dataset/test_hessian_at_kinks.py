"""Where an index is given at a kink, the loss has a second-order expansion there with that index: exact differences."""

import random
from fractions import Fraction
from itertools import combinations

import numpy as np

from symbolic import survey, survey_strata
from symbolic.dataset.problem import DatasetProblem
from symbolic.dataset.strata import DatasetStratum
from symbolic.enclosure import Verdict

STEP = Fraction(1, 10**12)


def loss(problem: DatasetProblem, point: list[Fraction], width: int) -> Fraction:
    dimension = problem.dimension
    outer = point[width * dimension :]
    total = Fraction(0)
    for sample, target in zip(problem.samples, problem.targets, strict=True):
        value = Fraction(0)
        for j in range(width):
            inner = point[j * dimension : (j + 1) * dimension]
            value += outer[j] * max(sum(u * x for u, x in zip(inner, sample, strict=True)), 0)
        total += (value - target) ** 2
    return total / (2 * len(problem.targets))


def random_problems(seed: int, count: int) -> list[DatasetProblem]:
    rng = random.Random(seed)
    problems = []
    for _ in range(count):
        samples, dimension, bias = rng.randint(1, 3), rng.randint(1, 2), rng.random() < 0.6
        inputs = tuple(tuple(Fraction(rng.randint(-2, 2)) for _ in range(dimension)) for _ in range(samples))
        targets = tuple(Fraction(rng.randint(-1, 2)) for _ in range(samples))
        problems.append(DatasetProblem("kinks", inputs, targets, bias))
    return problems


def at_kinks(problem: DatasetProblem, width: int) -> list[DatasetStratum]:
    strata = survey_strata(survey(problem, width)).strata
    return [one for one in strata if one.index is not None and one.stationarity.smooth is Verdict.NO]


def test_second_differences_have_the_index() -> None:
    rng = random.Random(2)
    checked, negative = 0, 0
    for problem in random_problems(1, 30):
        for width in (1, 2):
            for stratum in at_kinks(problem, width)[:12]:
                point = [value for row in stratum.sample_w for value in row] + list(stratum.sample_a)
                size, base = len(point), loss(problem, point, width)

                def second(
                    direction: list[int], problem=problem, point=point, width=width, base=base
                ) -> Fraction:
                    moved = [value + STEP * move for value, move in zip(point, direction, strict=True)]
                    return (loss(problem, moved, width) - base) / STEP**2

                units = [[int(i == j) for j in range(size)] for i in range(size)]
                single = [second(unit) for unit in units]
                form = np.diag([2.0 * float(value) for value in single])
                for i, j in combinations(range(size), 2):
                    both = second([a + b for a, b in zip(units[i], units[j], strict=True)])
                    form[i, j] = form[j, i] = float(both - single[i] - single[j])
                for _ in range(4):
                    direction = [rng.randint(-3, 3) for _ in range(size)]
                    expected = np.array(direction) @ form @ np.array(direction) / 2
                    assert abs(float(second(direction)) - expected) < 1e-6 * (1 + abs(expected))
                values = np.linalg.eigvalsh(form)
                counted = int((values < -1e-8).sum()), int((values > 1e-8).sum())
                assert counted[0] == stratum.index
                if stratum.inertia is not None:
                    assert counted == (stratum.inertia.negative, stratum.inertia.positive)
                checked += 1
                negative += counted[0] > 0
    assert checked > 60
    assert negative > 0
