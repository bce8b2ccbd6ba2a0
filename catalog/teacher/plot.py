"""The picture of a critical function of a teacher problem: the weights W as a heat map."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.errors import CatalogError
from catalog.picture_file import picture

if TYPE_CHECKING:
    from symbolic.teacher.problem import TeacherProblem

Row = dict[str, Any]

WRITTEN = 10
"""Up to so many columns the entries are written into the cells."""

SAME = 1e-12
"""Entries are told apart beyond this."""


def draw(
    path: Path, title: str, problem: TeacherProblem, function: Row, stratum: Row | None, *, neurons: bool
) -> None:
    """Draw W of the sample of a stratum, rows the students, columns the inputs: white is 0, red and blue are the signs.
    Without colours, darkness is the size, and negative entries have a minus.

    Raises:
        CatalogError: no stratum over the function is known, so that there is no W.
    """
    if stratum is None:
        raise CatalogError(f"no stratum over {function['label']} is stored, so that there is no W to draw")
    weights = [[float(text) for text in row] for row in stratum["sample"]["w"]]
    rows, columns = len(weights), len(weights[0])
    cell = min(0.52 if columns <= WRITTEN else 0.3, 9.0 / columns, 9.0 / rows)
    with picture(path, max(5.2, cell * columns + 2.0), max(2.0, cell * rows) + 1.4) as figure:
        axes = figure.add_subplot()
        largest = max(abs(value) for row in weights for value in row) or 1.0
        # The darkest fifth of the map is left out, so that writing on it can be read.
        image = axes.imshow(weights, cmap="RdBu_r", vmin=-1.15 * largest, vmax=1.15 * largest, interpolation="nearest")
        if columns <= WRITTEN:
            for i, row in enumerate(weights):
                for j, value in enumerate(row):
                    axes.text(j, i, f"{value:.3f}".replace("-0.000", "0.000"), ha="center", va="center", fontsize=7,
                              color="white" if abs(value) > 0.7 * largest else "black")
        else:
            below = [(j, i) for i, row in enumerate(weights) for j, value in enumerate(row) if value < -SAME]
            axes.plot([j for j, _ in below], [i for _, i in below], "_", color="black",
                      markersize=min(4.0, 72 * cell / 4), markeredgewidth=0.7)
        axes.set_xticks(*_numbers(columns))
        axes.set_yticks(*_numbers(rows))
        axes.spines[["top", "right"]].set_visible(True)
        axes.set_xlabel("input (the teachers are the first)" if columns > problem.k else "input")
        axes.set_ylabel("student")
        bar = figure.colorbar(image, ax=axes, label="entry of W", shrink=0.9)
        bar.set_ticks(_entries(weights, largest))
        bar.ax.yaxis.set_major_formatter("{x:.3g}")
        name = "" if neurons else f"\nW of {stratum['label'].partition('@')[2]}"
        figure.suptitle(title + name, fontsize=9, parse_math=False)


def _numbers(count: int) -> tuple[list[int], list[str]]:
    """Positions and names of the ticks of an axis that counts from 1."""
    step = max(1, -(-count // 20))
    places = list(range(0, count, step))
    return places, [str(place + 1) for place in places]


def _entries(weights: Sequence[Sequence[float]], largest: float) -> list[float]:
    """The distinct entries in order, those left out that would stand on top of another."""
    apart = max(largest / 9, SAME)
    kept: list[float] = []
    for value in sorted({value for row in weights for value in row}):
        if not kept or value - kept[-1] >= apart:
            kept.append(value)
    return kept
