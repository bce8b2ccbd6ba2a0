"""The ground truth is consistent in itself: equations, counts and inertia, by exact integration of its decimals."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent / "ground_truth"
PROBLEMS = json.loads((FOLDER / "interval.json").read_text())["problems"]
POINTS = json.loads((FOLDER / "interval_inertia.json").read_text())["points"]
COUNTS = tomllib.loads((FOLDER / "counts.toml").read_text())["count"]
TARGETS = {"x": (0, 1), "x**2": (0, 0, 1), "x**3": (0, 0, 0, 1), "x**3 - x": (0, -1, 0, 1)}
TINY = Fraction(1, 10**28)


def integral(coefficients: Sequence[Fraction], low: Fraction, high: Fraction) -> Fraction:
    return sum((c * (high ** (i + 1) - low ** (i + 1)) / (i + 1) for i, c in enumerate(coefficients)), Fraction(0))


def defects(problem: dict[str, Any], function: dict[str, Any]) -> list[Fraction]:
    """What should vanish: the equations of class A or B, the moment and the loss."""
    ends = [Fraction(0), *map(Fraction, function["kinks"]), Fraction(1)]
    slopes = [Fraction(s) for s in function["slopes"]]
    target = TARGETS[problem["target"]]
    height, means, moments, loss = Fraction(function["offset"]), [], [], Fraction(0)
    for (low, high), slope in zip(pairwise(ends), slopes, strict=True):
        residual = [Fraction(-c) for c in target]
        residual[0] += height - slope * low
        residual[1] += slope
        means.append(integral(residual, low, high))
        moments.append(integral([Fraction(0), *residual], low, high))
        square = [Fraction(0)] * (2 * len(residual) - 1)
        for i, a in enumerate(residual):
            for j, b in enumerate(residual):
                square[i + j] += a * b
        loss += integral(square, low, high)
        height += slope * (high - low)
    moment = sum(moments)
    found = [*means, moment - Fraction(function["moment"]), loss - Fraction(function["loss"])]
    if function["class"] == "A":
        return found + moments
    leak = Fraction(problem["leak"])
    sigma = {"+": 1 / (1 - leak), "-": -leak / (1 - leak)}
    marks = [Fraction(0), *(sigma[mark] for mark in function["pattern"]), Fraction(1)]
    found += [have - (right - left) * moment for have, (left, right) in zip(moments, pairwise(marks), strict=True)]
    jumps = [right - left for left, right in pairwise(slopes)]
    return [*found, slopes[0] + sum((1 - s) * d for s, d in zip(marks[1:-1], jumps, strict=True))]


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem["name"])
def test_every_entry_satisfies_the_equations(problem: dict[str, Any]) -> None:
    for function in problem["functions"]:
        assert max(map(abs, defects(problem, function))) < TINY
        spoiled = {**function, "offset": str(Fraction(function["offset"]) + Fraction(1, 10**20))}
        assert max(map(abs, defects(problem, spoiled))) > TINY


def test_counts_and_lists_agree() -> None:
    compared = 0
    for entry in COUNTS:
        (problem,) = (p for p in PROBLEMS if (p["target"], p["leak"]) == (entry["target"], entry["leak"]))
        for width in range(1, problem["width"] + 1):
            listed = [Fraction(f["loss"]) for f in problem["functions"] if f["minimal_width"] <= width]
            assert len(listed) == entry["functions"][width - 1]
            if "lowest_loss" in entry:
                assert abs(min(listed) / Fraction(entry["lowest_loss"][width - 1]) - 1) < Fraction(1, 10**8)
            compared += 1
    assert compared == 23


def test_inertia_has_as_many_entries_as_there_are_parameters() -> None:
    functions = {problem["name"]: problem["functions"] for problem in PROBLEMS}
    for point in POINTS:
        function = functions[point["problem"]][point["function"]]
        assert sum(point["inertia"]) == 3 * point["width"] + 1
        assert point["width"] >= function["minimal_width"]
        kind, _, marks = point["assignment"].partition(":")
        assert len(marks) == len(function["kinks"])
        if kind == "pure" and function["class"] == "B":
            assert marks == function["pattern"]
