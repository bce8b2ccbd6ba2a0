"""Values stated or derived for the interval family (data/published) hold, and the survey finds them.

The first test is independent of `symbolic`: it checks the equations of class A or B with exact piecewise integration.
"""

from __future__ import annotations

import tomllib
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from symbolic import IntervalProblem, survey
from symbolic.problem import CompletenessStatus

FOLDER = Path(__file__).parent.parent / "data" / "published"
FILES = sorted(FOLDER.glob("*.toml"))
INSTANCES = [(file.stem, entry) for file in FILES for entry in tomllib.loads(file.read_text())["instance"]]
NAMES = [f"{stem}-{entry['value']}-{len(entry['kinks'])}" for stem, entry in INSTANCES]
TARGETS = {"x": [0, 1], "x**2": [0, 0, 1]}
ORIENTATION = {"+": Fraction(1), "-": Fraction(0)}


def numbers(texts: list[str]) -> list[Fraction]:
    return [Fraction(text) for text in texts]


def integral(coefficients: list[Fraction], low: Fraction, high: Fraction) -> Fraction:
    return sum((c * (high ** (i + 1) - low ** (i + 1)) / (i + 1) for i, c in enumerate(coefficients)), Fraction(0))


def square(coefficients: list[Fraction]) -> list[Fraction]:
    result = [Fraction(0)] * (2 * len(coefficients) - 1)
    for i, a in enumerate(coefficients):
        for j, b in enumerate(coefficients):
            result[i + j] += a * b
    return result


@pytest.mark.parametrize("entry", [entry for _, entry in INSTANCES], ids=NAMES)
def test_published_instance_satisfies_the_equations(entry: dict[str, Any]) -> None:
    assert entry["leak"] == "0"
    target = TARGETS[entry["target"]]
    ends = [Fraction(0), *numbers(entry["kinks"]), Fraction(1)]
    slopes = numbers(entry["slopes"])
    assert len(slopes) == len(ends) - 1
    # f(0) is fixed by int r = 0.
    shape, height, pieces = Fraction(0), Fraction(0), []
    for low, high, slope in zip(ends, ends[1:], slopes, strict=False):
        pieces.append((low, high, [height - slope * low, slope]))
        shape += integral(pieces[-1][2], low, high)
        height += slope * (high - low)
    offset = integral([Fraction(c) for c in target], Fraction(0), Fraction(1)) - shape
    means, moments, loss = [], [], Fraction(0)
    for low, high, line in pieces:
        residual = [Fraction(-c) for c in target]
        residual[0] += line[0] + offset
        residual[1] += line[1]
        means.append(integral(residual, low, high))
        moments.append(integral([Fraction(0), *residual], low, high))
        loss += integral(square(residual), low, high)
    assert loss == Fraction(entry["loss"])
    assert means == [0] * len(means)
    pattern = entry.get("pattern", "" if entry["minimal_width"] == 0 else None)
    moment = sum(moments)
    if pattern is None:
        assert moments == [0] * len(moments)
        assert entry["minimal_width"] == len(entry["kinks"]) + 1
        return
    sigma = [Fraction(0), *(ORIENTATION[mark] for mark in pattern), Fraction(1)]
    assert moment != 0
    assert moments == [(right - left) * moment for left, right in pairwise(sigma)]
    taus = [1 - value for value in sigma[1:-1]]
    jumps = [right - left for left, right in pairwise(slopes)]
    assert slopes[0] + sum(tau * jump for tau, jump in zip(taus, jumps, strict=True)) == 0
    assert 0 not in jumps
    assert entry["minimal_width"] == len(pattern)


def test_affine_formulas_give_the_instances() -> None:
    data = tomllib.loads((FOLDER / "affine-targets.toml").read_text())
    for entry in data["instance"]:
        m = len(entry["kinks"])
        assert Fraction(entry["loss"]) == Fraction(1, 12 * (m + 1) ** 4)
        assert numbers(entry["kinks"]) == [Fraction(i, m + 1) for i in range(1, m + 1)]


def test_every_value_says_how_it_is_known() -> None:
    for file in FILES:
        data = tomllib.loads(file.read_text())
        sources = {entry["key"] for entry in data.get("source", [])}
        keys = {entry["key"] for entry in data["value"]}
        for entry in data["value"]:
            assert entry["obtained"] == "derived"
            assert entry["proof"].startswith("docs/theory.md")
            assert entry.get("topic") in sources | {None}
        for entry in data.get("statement", []):
            assert entry["obtained"] == "stated"
            assert entry["source"] in sources
        assert {entry["value"] for entry in data["instance"]} <= keys


def is_heavy(entry: dict[str, Any]) -> bool:
    return bool(entry["target"] != "x" and entry["minimal_width"] > 3)


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(entry, id=name, marks=[pytest.mark.slow] if is_heavy(entry) else [])
        for name, (_, entry) in zip(NAMES, INSTANCES, strict=True)
    ],
)
def test_survey_finds_the_published_instance(entry: dict[str, Any]) -> None:
    width = max(entry["minimal_width"], 1)
    found = survey(IntervalProblem.from_text("published", entry["target"]), width)
    assert found.completeness.status is CompletenessStatus.PROVED
    matches = [
        function
        for function in found.functions
        if function.kinks == tuple(numbers(entry["kinks"]))
        and function.slopes == tuple(numbers(entry["slopes"]))
        and function.loss == Fraction(entry["loss"])
        and function.minimal_width == entry["minimal_width"]
    ]
    assert len(matches) == 1


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 6])
def test_least_nonzero_critical_value_of_an_affine_target(width: int) -> None:
    """At width n it is 1/(12 (2 floor(n/2) + 1)^4) on [0, 1]; alpha^2 (b-a)^3 times that for any affine target."""
    target = IntervalProblem.from_text("affine", "-3*x/2 + 7", ("-1", "5/2"))
    found = survey(target, width)
    scale = Fraction(9, 4) * Fraction(7, 2) ** 3
    losses = [function.loss for function in found.functions if function.loss != 0]
    assert min(losses) == scale / (12 * (2 * (width // 2) + 1) ** 4)
    assert max(losses) == scale / 12
