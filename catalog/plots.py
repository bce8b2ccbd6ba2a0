"""Pictures of runs of the gradient flow. Needs the extra `plots` (matplotlib), which is loaded only when a picture is
drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.errors import CatalogError

if TYPE_CHECKING:
    from symbolic.flow.gradient_flow import FlowRun

SUFFIXES = (".svg", ".png", ".pdf")

MARGIN = 1.35
"""The picture ends at this multiple of the last predicted time."""

BEYOND = 1.0
"""Without a predicted step, the picture ends this long after the loss of the last run came within `SETTLED` of its
final value."""

SETTLED = 1e-3


def loss_plot(runs: Sequence[FlowRun], predicted: Sequence[tuple[float, float]], path: str | Path) -> None:
    """Draw the loss against t / log(1/lambda), one curve per run, over the predicted steps as a staircase.

    Args:
        runs: at least one, each with its scale lambda in (0, 1).
        predicted: (tau, loss from then on), by increasing tau; the first has tau 0 and the loss of the start. May be
            empty.
        path: of the picture; the suffix .svg, .png or .pdf says what is written.

    Raises:
        CatalogError: matplotlib is not installed, another suffix, a run without a scale in (0, 1), no run, or a file
            that cannot be written.
    """
    target = Path(path)
    if target.suffix.lower() not in SUFFIXES:
        raise CatalogError(f"a plot is written as {', '.join(SUFFIXES)}, not as {target.name!r}")
    if not runs:
        raise CatalogError("a plot of the loss needs at least one run")
    scales = [run.scale for run in runs]
    logarithms = [-math.log(scale) for scale in scales if scale is not None and 0 < scale < 1]
    if len(logarithms) != len(runs):
        raise CatalogError("a plot against t/log(1/lambda) needs runs with a scale lambda between 0 and 1")
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise CatalogError("plots need matplotlib: pip install 'saddlery[plots]'") from error

    end = MARGIN * predicted[-1][0] if predicted and predicted[-1][0] > 0 else _end(runs, logarithms)
    with mpl.rc_context(
        {
            "font.size": 9,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "svg.hashsalt": "saddlery",  # the same picture gives the same file
            "pdf.fonttype": 42,
        }
    ):
        figure = Figure(figsize=(5.2, 3.2), layout="constrained")
        axes = figure.add_subplot()
        if predicted:
            times = [tau for tau, _ in predicted] + [end]
            losses = [loss for _, loss in predicted]
            axes.step(times, [*losses, losses[-1]], where="post", color="0.8", linewidth=4, label="predicted")
        colors = mpl.colormaps["viridis"]
        for index, (run, logarithm) in enumerate(zip(runs, logarithms, strict=True)):
            shown = run.times <= end * logarithm
            color = colors(0.85 * index / max(len(runs) - 1, 1))
            label = rf"$\lambda = {_power(run.scale)}$"
            axes.plot(run.times[shown] / logarithm, run.losses[shown], color=color, linewidth=1.4, label=label)
        axes.set_xlim(0, end)
        axes.set_ylim(bottom=-0.02 * max(float(run.losses[0]) for run in runs))
        axes.set_xlabel(r"$t \,/\, \log(1/\lambda)$")
        axes.set_ylabel("loss")
        axes.legend(frameon=False)
        metadata = {"Date": None} if target.suffix.lower() == ".svg" else None
        try:
            figure.savefig(target, dpi=200, metadata=metadata)
        except OSError as error:
            raise CatalogError(f"{target} cannot be written: {error.strerror}") from error


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
