from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import pytest

from catalog.errors import CatalogError
from catalog.plots import loss_plot
from symbolic.flow.gradient_flow import FlowRun, integrate
from symbolic.flow.initialization import balanced

STEPS = [(0.0, 0.5), (0.894, 0.25), (1.789, 0.0)]


@lru_cache
def toy(scale: str) -> FlowRun:
    start = balanced([(1, 1), (-1, Fraction(1, 2))], [1, -1], scale)
    inputs = [(Fraction(-1, 2), 1), (2, 1)]
    return integrate(inputs, [-1, 1], start.inner, start.outer, 200.0, scale=start.scale)


@pytest.mark.parametrize(("suffix", "magic"), [(".svg", b"<?xml"), (".png", b"\x89PNG"), (".pdf", b"%PDF")])
def test_the_suffix_says_what_is_written(tmp_path: Path, suffix: str, magic: bytes) -> None:
    target = tmp_path / f"loss{suffix}"
    loss_plot([toy("1e-3"), toy("1e-6")], STEPS, target)
    assert target.read_bytes().startswith(magic)
    assert target.stat().st_size > 4000


def test_the_picture_has_the_staircase_and_one_curve_per_run(tmp_path: Path) -> None:
    counts = {}
    for name, steps in {"with": STEPS, "without": []}.items():
        loss_plot([toy("1e-3"), toy("1e-6")], steps, tmp_path / f"{name}.svg")
        text = (tmp_path / f"{name}.svg").read_text(encoding="utf-8")
        counts[name] = len(set(re.findall(r"stroke: (#[0-9a-f]{6})", text)) - {"#000000"})
    assert counts == {"with": 3, "without": 2}


def test_the_same_runs_give_the_same_picture(tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        loss_plot([toy("1e-3")], STEPS, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_what_cannot_be_drawn_is_refused(tmp_path: Path) -> None:
    run = toy("1e-3")
    for runs, path in (
        ([run], tmp_path / "loss.jpg"),
        ([], tmp_path / "loss.svg"),
        ([replace(run, scale=None)], tmp_path / "loss.svg"),
        ([replace(run, scale=1.0)], tmp_path / "loss.svg"),
        ([run], tmp_path / "missing" / "loss.svg"),
    ):
        with pytest.raises(CatalogError) as error:
            loss_plot(runs, STEPS, path)
        assert "\n" not in str(error.value)


@pytest.mark.usefixtures("without_matplotlib")
def test_without_matplotlib_the_extra_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"saddlery\[plots\]"):
        loss_plot([toy("1e-3")], STEPS, tmp_path / "loss.svg")
