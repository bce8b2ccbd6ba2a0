"""The complete list, width by width, and the cost of each further knot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cases import Case, lowest_loss, timed_survey


def table(cases: Sequence[tuple[Case, int]], workers: int) -> Iterator[str]:
    """Lines of the table; each case is surveyed from nothing at every width up to the given one."""
    columns = ["target", "width", "systems searched", "boxes", "functions", "list", "lowest loss"]
    columns += ["seconds", "processor seconds", "growth"]
    yield f"| {' | '.join(columns)} |"
    yield "|" + "---|" * len(columns)
    for case, width in cases:
        before = None
        for n in range(1, width + 1):
            result = timed_survey(case, n, workers)
            seconds = result.processor_seconds
            searched = sum(cell.method == "subdivision" for cell in result.cells)
            cells = [
                case.title,
                str(n),
                f"{searched} of {len(result.cells)}",
                str(sum(cell.boxes for cell in result.cells)),
                str(len(result.functions)),
                result.status.value,
                lowest_loss(result),
                f"{result.seconds:.2f}",
                f"{seconds:.2f}",
                f"x {seconds / before:.1f}" if before else "",
            ]
            yield f"| {' | '.join(cells)} |"
            before = seconds
