"""Picture files: what the plots of this package have in common. Needs the extra `plots` (matplotlib), which is loaded
only when a picture is drawn.

Figures are made without pyplot, so that its global state and the user's windows are left alone; the settings of the
user's matplotlib do not change a picture, and a picture does not change them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.errors import CatalogError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".pdf", ".svg")

# Without dates, the same picture gives the same file.
UNDATED = {".png": None, ".pdf": {"CreationDate": None}, ".svg": {"Date": None}}

SETTINGS: dict[Any, Any] = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": False,
    "svg.hashsalt": "saddlery",
    "pdf.fonttype": 42,
}

DOTS_PER_INCH = 200

GRAY = "0.55"
FAINT = "0.85"

LINE_LENGTH = 78
"""Characters in one line of a title."""


def picture_path(path: str | Path) -> Path:
    """The path of a picture.

    Raises:
        CatalogError: a suffix in which no picture is written.
    """
    target = Path(path)
    if target.suffix.lower() not in SUFFIXES:
        raise CatalogError(f"a plot is written as {', '.join(SUFFIXES)}, not as {target.name!r}")
    return target


@contextmanager
def picture(path: str | Path, width: float, height: float) -> Iterator[Figure]:
    """A figure of this many inches that is written to `path` at the end of the block, whole or not at all.

    Raises:
        CatalogError: another suffix than `SUFFIXES`, matplotlib is not installed, or a file that cannot be written.
    """
    target = picture_path(path)
    try:
        import matplotlib as mpl
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise CatalogError("plots need matplotlib: pip install saddlery[plots]") from error

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(SETTINGS)
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
        yield figure
        suffix, memory = target.suffix.lower(), BytesIO()
        figure.savefig(memory, format=suffix[1:], dpi=DOTS_PER_INCH, metadata=UNDATED[suffix])
    _write(target, memory.getvalue())


def _write(target: Path, data: bytes) -> None:
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        try:
            with beside.open("xb") as file:
                file.write(data)
            os.replace(beside, target)
        except BaseException:
            with suppress(OSError):
                beside.unlink()
            raise
    except OSError as error:
        raise CatalogError(f"{target} cannot be written: {error.strerror or error}") from error


def legend_above(axes: Axes) -> None:
    """The legend in one line over the axes, where it hides nothing."""
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4, frameon=False, fontsize=8, columnspacing=1.2)


def wrapped(text: str, length: int = LINE_LENGTH) -> str:
    """A long label in several lines, cut after a dot or an at sign where there is one."""
    lines = []
    while len(text) > length:
        cut = max(text.rfind(mark, 1, length) for mark in ".@ ") + 1 or length
        lines.append(text[:cut].rstrip())
        text = text[cut:]
    return "\n".join([*lines, text])
