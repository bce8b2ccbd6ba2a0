"""Pictures of runs of the gradient flow. Needs the extra `plots` (matplotlib), which is loaded only when a picture is
drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.errors import CatalogError
from catalog.picture_file import picture, picture_path

if TYPE_CHECKING:
    from symbolic.flow.gradient_flow import FlowRun

MARGIN = 1.35
"""The picture ends at this multiple of the last predicted time."""

BEYOND = 1.0
"""Without a predicted step, the picture ends this long after the loss of the last run came within `SETTLED` of its
final value."""

SETTLED = 1e-3

DASHES = (":", "--", "-.", "-")


def loss_plot(
    runs: Sequence[FlowRun], predicted: Sequence[tuple[float, float]], path: str | Path, title: str = ""
) -> None:
    """Draw the loss against t / log(1/lambda), one curve per run, over the predicted steps as a staircase.

    Args:
        runs: at least one, each with its scale lambda in (0, 1).
        predicted: (tau, loss from then on), by increasing tau; the first has tau 0 and the loss of the start. May be
            empty.
        path: of the picture; the suffix .png, .pdf or .svg says what is written.
        title: over the picture.

    Raises:
        CatalogError: matplotlib is not installed, another suffix, a run without a scale in (0, 1), no run, or a file
            that cannot be written.
    """
    picture_path(path)
    if not runs:
        raise CatalogError("a plot of the loss needs at least one run")
    scales = [run.scale for run in runs]
    logarithms = [-math.log(scale) for scale in scales if scale is not None and 0 < scale < 1]
    if len(logarithms) != len(runs):
        raise CatalogError("a plot against t/log(1/lambda) needs runs with a scale lambda between 0 and 1")
    end = MARGIN * predicted[-1][0] if predicted and predicted[-1][0] > 0 else _end(runs, logarithms)
    with picture(path, 5.2, 3.2) as figure:
        axes = figure.add_subplot()
        if predicted:
            times = [tau for tau, _ in predicted] + [end]
            losses = [loss for _, loss in predicted]
            axes.step(times, [*losses, losses[-1]], where="post", color="0.8", linewidth=4, label="predicted")
        # Grays and dashes, which a printer without colours keeps apart.
        for index, (run, logarithm) in enumerate(zip(runs, logarithms, strict=True)):
            shown = run.times <= end * logarithm
            color = str(0.6 - 0.5 * (index + 1) / len(runs))
            label = rf"$\lambda = {_power(run.scale)}$"
            dashes = DASHES[index % len(DASHES)]
            axes.plot(run.times[shown] / logarithm, run.losses[shown], dashes, color=color, linewidth=1.4, label=label)
        axes.set_xlim(0, end)
        axes.set_ylim(bottom=-0.02 * max(float(run.losses[0]) for run in runs))
        axes.set_xlabel(r"$t \,/\, \log(1/\lambda)$")
        axes.set_ylabel("loss")
        axes.legend(frameon=False, fontsize=8)
        if title:
            axes.set_title(title, fontsize=9, parse_math=False)


def _end(runs: Sequence[FlowRun], logarithms: Sequence[float]) -> float:
    ends = []
    for run, logarithm in zip(runs, logarithms, strict=True):
        settled = run.losses <= run.losses[-1] + SETTLED * run.losses[0]
        ends.append(float(run.times[settled][0]) / logarithm + BEYOND)
    return max(ends)


def _power(scale: float | None) -> str:
    """10^{k} where the scale is a power of ten, else its decimal form."""
    if scale is None:
        return ""
    exponent = round(math.log10(scale))
    return f"10^{{{exponent}}}" if math.isclose(scale, 10.0**exponent) else f"{scale:.3g}"
