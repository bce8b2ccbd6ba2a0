"""The picture of a critical function on an interval: f against the target, and their difference below."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.neuron_strip import LEGEND, NeuronLine, draw_strip, strip_height
from catalog.picture_file import GRAY, legend_above, picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from symbolic.interval.problem import IntervalProblem

Row = dict[str, Any]

PIECE_POINTS = 120
"""Points on each affine piece."""

NOTHING = Fraction(1, 10**24)
"""Records have more digits than this: a smaller difference, beside the size of f, is 0 for the eye."""


def draw(
    path: Path, title: str, problem: IntervalProblem, function: Row, stratum: Row | None, *, neurons: bool
) -> None:
    """Draw f and the target h with the kinks of f marked, and f - h; for a stratum, below it, where each neuron of
    its sample is active."""
    places, kinks, values = _curve(problem, function)
    heights = [_value(problem.target, x) for x in places]
    gaps = [f - h for f, h in zip(values, heights, strict=True)]
    size = max(map(abs, (*values, *heights)))
    start, end = map(float, problem.domain)
    lines = [] if stratum is None or not neurons else _neuron_lines(stratum)
    tall = [2.7, 1.3, *([strip_height(len(lines))] if lines else [])]
    with picture(path, 5.8, sum(tall) + 0.9) as figure:
        panels = figure.subplots(len(tall), 1, sharex=True, squeeze=False, height_ratios=tall)[:, 0]
        top, below = panels[0], panels[1]
        xs, at_kinks = [float(x) for x in places], [places.index(kink) for kink in kinks]
        for axes in panels:
            for kink in kinks:
                axes.axvline(float(kink), color=GRAY, linewidth=0.6, linestyle=":", zorder=0)
        # f lies on h where the two agree, so that both must be seen: h wide and gray.
        top.plot(xs, [float(h) for h in heights], color="0.72", linewidth=4.5, label="target h", zorder=1)
        top.plot(xs, [float(f) for f in values], color="black", linewidth=1.3, label="f", zorder=2)
        if kinks:
            top.plot([xs[i] for i in at_kinks], [float(values[i]) for i in at_kinks], "o", color="black",
                     markerfacecolor="white", markersize=5, label="kinks of f", zorder=3)
        top.set_ylabel("value")
        legend_above(top)
        _draw_difference(below, xs, gaps, at_kinks, size)
        if lines:
            draw_strip(panels[2], lines, start, end)
            figure.supxlabel(LEGEND, fontsize=7, color="0.3")
        panels[-1].set_xlabel("x")
        panels[-1].set_xlim(start - 0.02 * (end - start), end + 0.02 * (end - start))
        figure.suptitle(title, fontsize=9, parse_math=False)
        figure.align_ylabels()


def _draw_difference(
    axes: Axes, xs: Sequence[float], gaps: Sequence[Fraction], kinks: Sequence[int], size: Fraction
) -> None:
    axes.axhline(0, color=GRAY, linewidth=0.6)
    largest = max(map(abs, gaps))
    if largest <= NOTHING * size:
        axes.plot([xs[0], xs[-1]], [0, 0], color="black", linewidth=1.3)
        axes.set_ylim(-1, 1)
        axes.set_yticks([0])
    else:
        axes.fill_between(xs, [float(gap) for gap in gaps], color="0.88", linewidth=0)
        axes.plot(xs, [float(gap) for gap in gaps], color="black", linewidth=1)
        axes.plot([xs[i] for i in kinks], [float(gaps[i]) for i in kinks], "o", color="black",
                  markerfacecolor="white", markersize=4)
        axes.ticklabel_format(axis="y", style="sci", scilimits=(-2, 3))
    axes.set_ylabel("f - h")


def _curve(problem: IntervalProblem, function: Row) -> tuple[list[Fraction], list[Fraction], list[Fraction]]:
    """Places (ends and kinks among them), kinks and values of f, in rational arithmetic: in floats a small difference
    from the target would drown in rounding."""
    start, end = problem.domain
    kinks = [Fraction(text) for text in function["kinks"]]
    slopes = [Fraction(text) for text in function["slopes"]]
    places, values = [start], [Fraction(function["offset"])]
    for slope, left, right in zip(slopes, [start, *kinks], [*kinks, end], strict=True):
        base = values[-1]
        for i in range(1, PIECE_POINTS + 1):
            step = (right - left) * i / PIECE_POINTS
            places.append(left + step)
            values.append(base + slope * step)
    return places, kinks, values


def _value(coefficients: Sequence[Fraction], x: Fraction) -> Fraction:
    total = Fraction(0)
    for coefficient in reversed(coefficients):
        total = total * x + coefficient
    return total


def _neuron_lines(stratum: Row) -> list[NeuronLine]:
    sample = stratum["sample"]
    numbers = zip(*([float(text) for text in sample[name]] for name in ("w", "b", "v")), strict=True)
    words = [neuron["does"] for neuron in stratum["neurons"]]
    # One code may stand for all neurons together.
    told = words if len(words) == len(sample["w"]) else words[:1] + [""] * (len(sample["w"]) - 1)
    return [NeuronLine(w, b, v, text) for (w, b, v), text in zip(numbers, told, strict=True)]
