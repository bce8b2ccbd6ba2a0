"""Faces of the arrangement against all 3^n words, Fourier-Motzkin, and the counts of Cover and Zaslavsky."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from math import comb

import numpy as np
import pytest
from oracles.dataset_exact import cell_count, dot, face_counts, rank, realizable, strict_point
from oracles.dataset_problems import DATA_SETS, data_set
from scipy.optimize import linprog

from symbolic.dataset.patterns import arrangement

LARGER = {
    "six-on-a-line": [[i, 1] for i in range(-3, 3)],
    "cube": [[i, j, k, 1] for i in (0, 1) for j in (0, 1) for k in (0, 1)],
    "seven-in-space": [[i, i * i, i**3] for i in range(1, 8)],
    "repeats-and-opposites": [[1, 0, 0], [-2, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 0], [1, 1, 0], [0, 0, 1]],
    "flat-in-four": [[1, 0, 1, 0], [0, 1, 0, 1], [1, 1, 1, 1], [1, -1, 1, -1], [2, 1, 2, 1]],
}
SAMPLES = {name: data_set(name).samples for name in DATA_SETS}
SAMPLES |= {name: tuple(tuple(map(Fraction, row)) for row in rows) for name, rows in LARGER.items()}


@pytest.mark.parametrize("name", sorted(DATA_SETS))
def test_every_realizable_word_is_a_face_and_nothing_else(name):
    faces = arrangement(SAMPLES[name]).faces
    assert len({face.pattern for face in faces}) == len(faces)
    assert {face.pattern for face in faces} == set(realizable(SAMPLES[name]))


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_faces_and_cells_are_as_many_as_zaslavsky_says(name):
    samples = SAMPLES[name]
    found = arrangement(samples)
    assert dict(Counter(face.dimension for face in found.faces)) == face_counts(samples)
    assert len(found.cells) == cell_count(samples)
    assert found.rank == rank(samples)
    assert len(found.lineality) == len(samples[0]) - found.rank
    assert all(dot(v, x) == 0 for v in found.lineality for x in samples)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_rays_generate_their_face(name):
    samples = SAMPLES[name]
    found = arrangement(samples)
    for face in found.faces:
        center = [sum(ray[i] for ray in face.rays) for i in range(len(samples[0]))]
        signs = [dot(center, x) for x in samples]
        assert face.pattern == "".join("+" if s > 0 else "-" if s < 0 else "0" for s in signs)
        spanned = [*found.lineality, *face.rays]
        assert face.dimension == (rank(spanned) if spanned else 0)
        for ray in face.rays:
            marks = zip((dot(ray, x) for x in samples), face.pattern, strict=True)
            assert all(s == 0 or (mark != "0" and (s > 0) == (mark == "+")) for s, mark in marks)


@pytest.mark.parametrize(("count", "dimension"), [(1, 1), (3, 2), (5, 2), (4, 3), (6, 3), (7, 3), (6, 4)])
def test_cover_counts_in_general_position(count, dimension):
    samples = tuple(tuple(Fraction(i) ** power for power in range(dimension)) for i in range(1, count + 1))
    expected = 2 * sum(comb(count - 1, i) for i in range(dimension))
    assert len(arrangement(samples).cells) == expected == cell_count(samples)


@pytest.mark.parametrize("name", ["seven-in-space", "repeats-and-opposites", "cube"])
def test_random_weights_fall_into_listed_faces(name):
    samples = SAMPLES[name]
    listed = {face.pattern for face in arrangement(samples).faces}
    generator = np.random.default_rng(4)
    met = set()
    for _ in range(400):
        w = [Fraction(int(value)) for value in generator.integers(-4, 5, size=len(samples[0]))]
        met.add("".join("+" if s > 0 else "-" if s < 0 else "0" for s in (dot(w, x) for x in samples)))
    assert met <= listed
    assert len(met) > len(listed) / 8


def test_fourier_motzkin_agrees_with_a_linear_program():
    generator = np.random.default_rng(6)
    verdicts = Counter()
    for _ in range(120):
        rows = generator.integers(-3, 4, size=(int(generator.integers(2, 7)), 4))
        exact = strict_point([list(map(Fraction, map(int, row))) for row in rows], 3)
        if exact is not None:
            assert all(dot(map(int, row[:-1]), exact) + int(row[-1]) > 0 for row in map(list, rows))
        slack = np.append(-rows[:, :3], np.ones((len(rows), 1)), axis=1)
        best = linprog([0, 0, 0, -1], slack, rows[:, 3], bounds=[(None, None)] * 3 + [(None, 1)], method="highs")
        assert (exact is not None) == (-best.fun > 1e-7)
        verdicts[exact is not None] += 1
    assert min(verdicts[True], verdicts[False]) > 10
