"""Signs of Hessian eigenvalues: numpy's dense eigenvalues in floats with a threshold, beside the proved inertia.

    python benchmarks/strata_floats.py [WIDTH...]      default: 3 4

For every stratum that has a Hessian: the Hessian of the loss in double precision at the rounded sample point, its
eigenvalues by `numpy.linalg.eigvalsh`, those of size at most 1e-8 taken for 0. `wrong`: strata whose numbers of
negative, zero and positive eigenvalues then differ from the proved ones. `undecidable`: strata with an eigenvalue
within a factor of ten of the threshold, where another threshold gives another answer. The seconds of ours are those of
all strata, with sites, roles, sample points, inertia and kinds, in one process, after the functions.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "tests"), str(ROOT)]

THRESHOLD = 1e-8
TARGETS = ("x**2", "x**3", "x**3 - x")


@dataclass(frozen=True)
class Comparison:
    """One row: what was listed, the seconds, and the strata on which the floats fail."""

    strata: int
    our_seconds: float
    with_hessian: int
    float_seconds: float
    wrong: int
    undecidable: int


def compare(target: str, width: int) -> Comparison:
    import numpy as np
    from oracles.multistart import NetworkLoss

    from symbolic.enclosure import enclose
    from symbolic.interval.assembly import assemble
    from symbolic.interval.problem import IntervalProblem
    from symbolic.interval.strata.strata import strata_of
    from symbolic.surveys import survey

    problem = IntervalProblem.from_text("bench", target)
    found = assemble(problem, width, {cell.key: cell for cell in survey(problem, width).cells})
    started = perf_counter()
    strata = [s for f in found.functions for s in strata_of(found.realized[f.label], width).strata]
    ours = perf_counter() - started
    smooth = [stratum for stratum in strata if stratum.inertia is not None]
    network = NetworkLoss(problem.target, problem.domain, problem.leak, width)
    points = [
        np.array([float(enclose(x, 64).mid()) for x in (*s.sample.w, *s.sample.b, *s.sample.v, s.sample.c)])
        for s in smooth
    ]
    started = perf_counter()
    spectra = [np.linalg.eigvalsh(network.gradient_and_hessian(point)[1]) for point in points]
    theirs = perf_counter() - started
    wrong = undecidable = 0
    for stratum, values in zip(smooth, spectra, strict=True):
        proved = stratum.inertia
        assert proved is not None
        negative, positive = int((values < -THRESHOLD).sum()), int((values > THRESHOLD).sum())
        wrong += (negative, positive) != (proved.negative, proved.positive)
        undecidable += bool(((abs(values) > THRESHOLD / 10) & (abs(values) < THRESHOLD * 10)).any())
    return Comparison(len(strata), ours, len(smooth), theirs, wrong, undecidable)


def table(widths: tuple[int, ...]) -> Iterator[str]:
    """The rows in Markdown, each as soon as it is known."""
    ours = "strata | seconds | ms per stratum"
    yield f"| target | width | {ours} | with a Hessian | floats: seconds | wrong | undecidable |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for width in widths:
        for target in TARGETS:
            row = compare(target, width)
            yield (
                f"| {target.replace('**', '^')} | {width} | {row.strata} | {row.our_seconds:.2f} "
                f"| {1000 * row.our_seconds / row.strata:.2f} | {row.with_hessian} | {row.float_seconds:.3f} "
                f"| {row.wrong} | {row.undecidable} |"
            )


if __name__ == "__main__":
    for line in table(tuple(map(int, sys.argv[1:])) or (3, 4)):
        print(line, flush=True)
