"""The progress bar of a build, on standard error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catalog.build import Progress, Reporter


@contextmanager
def progress_bar(work: str = "survey") -> Iterator[Reporter]:
    """A bar that follows the reports of a build; its own last state where there is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bar = Bar(*columns, console=Console(stderr=True))
    task = bar.add_task(work, total=None)

    def report(progress: Progress) -> None:
        # Not before there is progress, so that a refusal is one line.
        bar.start()
        words = work if progress.done == progress.total else f"{progress.problem} width {progress.width}"
        bar.update(task, completed=progress.done, total=progress.total, description=words)

    try:
        yield report
    finally:
        if bar.live.is_started:
            bar.stop()
