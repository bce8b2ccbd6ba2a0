"""The strip under a picture that shows where each neuron of a network on the line is active."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalog.picture_file import FAINT, GRAY

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW_HEIGHT = 0.36
"""Inches for one neuron."""

MARKS = {1: "^", -1: "v", 0: "o"}
"""Of a breakpoint, by the sign of the outer weight."""

LEGEND = (
    "mark: the breakpoint, triangle up / down / circle for outer weight > 0 / < 0 / = 0; arrow: it lies outside\n"
    "thick where active, hollow for outer weight 0"
)


@dataclass(frozen=True)
class NeuronLine:
    """The neuron outer * max(weight x + bias, 0), and in words what it does."""

    weight: float
    bias: float
    outer: float
    words: str

    @property
    def breakpoint(self) -> float | None:
        return -self.bias / self.weight if self.weight else None


def strip_height(count: int) -> float:
    """Inches for the strip of this many neurons."""
    return 0.45 + ROW_HEIGHT * count


def draw_strip(axes: Axes, neurons: Sequence[NeuronLine], start: float, end: float) -> None:
    """One row for each neuron over [start, end]: a thick line where it is active (hollow if its outer weight is 0), a
    mark at its breakpoint, an arrow at the end behind which a breakpoint lies outside."""
    for row, neuron in enumerate(neurons):
        sign = (neuron.outer > 0) - (neuron.outer < 0)
        place = neuron.breakpoint
        axes.plot([start, end], [row, row], color=FAINT, linewidth=0.8, zorder=1)
        if place is None:
            active = (start, end) if neuron.bias > 0 else None
        else:
            left, right = (max(place, start), end) if neuron.weight > 0 else (start, min(place, end))
            active = (left, right) if left < right else None
        if active is not None:
            axes.plot(active, [row, row], color="black", linewidth=3.2, solid_capstyle="butt", zorder=2)
            if sign == 0:
                axes.plot(active, [row, row], color="white", linewidth=1.6, solid_capstyle="butt", zorder=3)
        fill = "black" if sign else "white"
        if place is not None and start <= place <= end:
            axes.plot([place], [row], MARKS[sign], color="black", markerfacecolor=fill, markersize=6,
                      clip_on=False, zorder=5)
        elif place is not None:
            edge, mark = (start, "<") if place < start else (end, ">")
            axes.plot([edge], [row], mark, color=GRAY, markersize=5, clip_on=False, zorder=5)
        axes.annotate(
            neuron.words, ((start + end) / 2, row), (0, 5), textcoords="offset points", ha="center", va="bottom",
            fontsize=7, parse_math=False, bbox={"facecolor": "white", "linewidth": 0, "pad": 0.5},
        )
    axes.set_ylim(len(neurons) - 0.5, -0.85)
    axes.set_yticks(range(len(neurons)), [str(number) for number in range(1, len(neurons) + 1)])
    axes.set_ylabel("neuron")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
