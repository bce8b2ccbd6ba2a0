"""The picture of a critical function of a data set: targets and values at the samples."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.neuron_strip import LEGEND, NeuronLine, draw_strip, strip_height
from catalog.picture_file import FAINT, GRAY, legend_above, picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from symbolic.dataset.problem import DatasetProblem

Row = dict[str, Any]

MARGIN = Fraction(1, 8)
"""Beside the samples, in units of their extent."""

def draw(
    path: Path, title: str, problem: DatasetProblem, function: Row, stratum: Row | None, *, neurons: bool
) -> None:
    """Draw targets and values at the samples: over the line with f of a sample network where the inputs are scalar,
    else sample by sample; for a stratum, below it, what each neuron does."""
    values = [y - Fraction(r) for y, r in zip(problem.targets, function["residuals"], strict=True)]
    if len(problem.inputs[0]) == 1:
        _draw_line(path, title, problem, values, stratum, neurons=neurons)
    else:
        _draw_samples(path, title, problem, values, stratum if neurons else None)


def _draw_line(
    path: Path, title: str, problem: DatasetProblem, values: Sequence[Fraction], stratum: Row | None, *, neurons: bool
) -> None:
    places = [row[0] for row in problem.inputs]
    margin = MARGIN * ((max(places) - min(places)) or 2)
    start, end = float(min(places) - margin), float(max(places) + margin)
    lines = [] if stratum is None else _neuron_lines(problem, stratum)
    tall = [3.0, *([strip_height(len(lines))] if neurons else [])]
    with picture(path, 5.8, sum(tall) + 0.8) as figure:
        panels = figure.subplots(len(tall), 1, sharex=True, squeeze=False, height_ratios=tall)[:, 0]
        top = panels[0]
        if stratum is not None:
            name = "f of the sample" if neurons else f"f of {stratum['label'].partition(':')[2]}"
            xs = sorted({start, end, *(t for one in lines if (t := one.breakpoint) is not None and start < t < end)})
            top.plot(xs, [_value(lines, x) for x in xs], color="black", linewidth=1.2, label=name, zorder=2)
        _draw_points(top, [float(x) for x in places], problem.targets, values)
        for axes in panels:
            for x in places:
                axes.axvline(float(x), color=FAINT, linewidth=0.6, zorder=0)
        top.set_ylabel("value")
        legend_above(top)
        if neurons:
            draw_strip(panels[1], lines, start, end)
            figure.supxlabel(LEGEND, fontsize=7, color="0.3")
        panels[-1].set_xlabel("x (a line at each sample)")
        panels[-1].set_xlim(start, end)
        figure.suptitle(title, fontsize=9, parse_math=False)
        figure.align_ylabels()


def _draw_samples(
    path: Path, title: str, problem: DatasetProblem, values: Sequence[Fraction], stratum: Row | None
) -> None:
    count = len(values)
    rows = [] if stratum is None else stratum["neurons"]
    tall = [2.8, *([0.3 + 0.26 * len(rows)] if rows else [])]
    with picture(path, max(5.2, min(1.5 + 0.3 * count, 16)), sum(tall) + 0.8) as figure:
        panels = figure.subplots(len(tall), 1, sharex=True, squeeze=False, height_ratios=tall)[:, 0]
        top = panels[0]
        numbers = [float(k) for k in range(1, count + 1)]
        top.axhline(0, color=GRAY, linewidth=0.6, zorder=0)
        _draw_points(top, numbers, problem.targets, values)
        top.set_ylabel("value")
        legend_above(top)
        if rows:
            _draw_patterns(panels[1], rows, numbers)
            words = "filled: active, circle: on the kink, empty: inactive; right: sign of the outer weight"
            figure.supxlabel(words, fontsize=7, color="0.3")
        panels[-1].set_xlabel("sample")
        panels[-1].set_xlim(0.5, count + 0.5)
        panels[-1].set_xticks(numbers if count <= 30 else numbers[::5], None)
        panels[-1].xaxis.set_major_formatter("{x:.0f}")
        figure.suptitle(title, fontsize=9, parse_math=False)
        figure.align_ylabels()


def _draw_points(axes: Axes, xs: Sequence[float], targets: Sequence[Fraction], values: Sequence[Fraction]) -> None:
    """Targets as squares, values as dots, and between them the residual."""
    ys, fs = [float(y) for y in targets], [float(f) for f in values]
    axes.vlines(xs, fs, ys, color=GRAY, linewidth=2.2, label="residual", zorder=1)
    axes.plot(xs, ys, "s", color="black", markerfacecolor="white", markersize=8, label="target y", zorder=3)
    axes.plot(xs, fs, "o", color="black", markersize=4, label="value f(x)", zorder=4)
    low, high = min(*ys, *fs), max(*ys, *fs)
    margin = 0.1 * ((high - low) or 1.0)
    axes.set_ylim(low - margin, high + margin)


def _draw_patterns(axes: Axes, rows: Sequence[Row], numbers: Sequence[float]) -> None:
    for row, neuron in enumerate(rows):
        for letter, mark, fill in (("+", "s", "black"), ("0", "o", "white")):
            at = [x for x, one in zip(numbers, neuron["pattern"], strict=True) if one == letter]
            axes.plot(at, [row] * len(at), mark, color="black", markerfacecolor=fill, markersize=6)
        sign = {1: "a > 0", -1: "a < 0", 0: "a = 0"}[neuron["sign"]]
        axes.annotate(sign, (1, row), (4, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
                      va="center", fontsize=7)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), [str(number) for number in range(1, len(rows) + 1)])
    axes.set_ylabel("neuron")
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="both", color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)


def _neuron_lines(problem: DatasetProblem, stratum: Row) -> list[NeuronLine]:
    sample = stratum["sample"]
    lines = []
    for weights, outer, neuron in zip(sample["w"], sample["a"], stratum["neurons"], strict=True):
        bias = float(Fraction(weights[1])) if problem.bias else 0.0
        lines.append(NeuronLine(float(Fraction(weights[0])), bias, float(Fraction(outer)), neuron["does"]))
    return lines


def _value(lines: Sequence[NeuronLine], x: float) -> float:
    return sum(one.outer * max(one.weight * x + one.bias, 0.0) for one in lines)
