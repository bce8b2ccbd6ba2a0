"""Side by side in one run: the proved lists, and what a user would take instead. Writes a report in Markdown.

    python benchmarks/bench.py            everything; writes BENCHMARKS.md
    python benchmarks/bench.py --quick    small cases, printed only

It reports and never fails for being slow. Needs the extra `bench` (scipy, msolve); what is absent is said in the table.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

# The workers are the parallelism; a threaded BLAS underneath would blur every ratio.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[1]
# The systems and the brute force are those of the tests: independent of the package.
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "tests"), str(ROOT)]


def report(arguments: argparse.Namespace) -> Iterator[str]:
    """The lines of the report, each as soon as it is known."""
    import machine
    import proved_lists
    import same_systems
    from cases import QUARTIC, SQUARE

    workers, limit = arguments.workers, arguments.limit
    yield "# Benchmarks"
    yield ""
    yield "Written by `make bench` in one run, everything on the same machine:"
    yield ""
    yield from machine.describe()
    yield ""
    yield "## Complete proved lists"
    yield ""
    yield f"Every survey starts from nothing, with {workers} worker processes; their start is counted."
    yield "`growth` is the processor time over that of the width before: the cost of one more knot."
    yield ""
    quick = arguments.quick
    yield from proved_lists.table([(QUARTIC, 2 if quick else 4), (SQUARE, 2 if quick else 5)], workers)
    yield ""
    yield "## The same polynomial systems by each engine"
    yield ""
    yield "Cells read `solutions: processor seconds (ratio to the subdivision's)`: a ratio below 1 means that the other"
    yield "engine was faster, a bold count that it differs from the proved one. One process each, at most"
    yield f"{limit:g} s for each rival and system. Only the first two columns prove that the list is complete in"
    yield "0 < t_1 < ... < t_m < 1; msolve's boxes are counted by their midpoints, SymPy's `groebner` gives a basis and"
    yield "no solutions, and `solve_poly_system` says nothing about the solutions it leaves out. The coupled systems"
    yield "('+' before '-') of the rivals are saturated beforehand."
    for case in (SQUARE, QUARTIC):
        yield ""
        yield f"### {case.title}"
        yield ""
        yield from same_systems.table(case, 2 if quick else 3, limit)
    yield ""
    yield "## Strata with inertia, beside float eigenvalues at the same points"
    yield ""
    yield "Seconds of one process beyond those for the functions. `wrong`: strata whose numbers of negative, zero and"
    yield "positive eigenvalues differ from the proved ones at a threshold of 1e-8; `undecidable`: one within a factor"
    yield "of ten of it. The floats give signs and no proof, and are faster."
    yield ""
    import strata_floats

    yield from strata_floats.table((2,) if quick else (3, 4))
    yield ""
    import data_sets

    zigzag = data_sets.zigzag()
    yield "## Data sets: all stationary strata"
    yield ""
    yield "Scalar inputs with bias, one process, from nothing: seconds for the functions, and with the strata."
    yield ""
    yield from data_sets.growth((4, 5) if quick else (5, 6, 7, 8), (1, 2) if quick else (1, 2, 3))
    yield ""
    yield "General solvers on the gradient equations of one region of `zigzag4` at width 2: neurons can be rescaled, so"
    yield "no solution is isolated, and that is what they answer."
    yield ""
    yield from data_sets.regions(zigzag, 2, limit, 4)
    yield ""
    yield "Gradient descent from random starts, for comparison: it finds minima, not saddles, and proves nothing."
    yield ""
    yield from data_sets.descent(zigzag, (1, 2) if quick else (1, 2, 3), 50 if quick else 400)
    yield ""
    import teachers

    yield "## The teacher family"
    yield ""
    yield "Spectra of the Hessian at a critical point: certified by irreps, and numpy's dense eigenvalues in floats"
    yield "(with the time for the dense Hessian)."
    yield ""
    yield from teachers.spectra((10, 20) if quick else (10, 20, 40, 10**6), ("A",) if quick else ("A", "II"))
    yield ""
    yield "One critical point to 50 digits from the same float start: with a certificate, and by mpmath without one"
    yield "(its numerical Jacobian, our equations)."
    yield ""
    yield from teachers.points((10,) if quick else (10, 20, 40), 50)
    yield ""
    yield "## The gradient flow beside scipy's `solve_ivp`"
    yield ""
    yield "The same gradient from the same starts; processor seconds of one process, a ratio below 1 means that"
    yield "`solve_ivp` was faster. It runs by default (RK45, rtol 1e-3, atol 1e-6), and with the loosest tolerance that"
    yield f"reaches the error of our run, at most {limit:g} s each. Interval problems: near a saddle, along its"
    yield "unstable direction; our run stops by itself at the critical point, `solve_ivp` is told our time and gets the"
    yield "Newton iteration at the end for nothing; the error is the distance from the critical point that LSODA with"
    yield "rtol 1e-13 comes to. Data sets: small balanced weights; the error is that of the residuals at the end,"
    yield "beside DOP853 with rtol 1e-13 or, where that fails because neurons slide along kinks (*), beside our own"
    yield "run at 1e-13."
    yield ""
    import flows

    yield from flows.table(limit, quick=quick)
    yield ""
    yield "## scipy's multistart on the full gradient"
    yield ""
    yield "`scipy.optimize.root(method=\"lm\")` with the exact Hessian from random starts; processor seconds."
    yield ""
    try:
        import full_gradient
    except ImportError as error:
        yield f"Not run: {error.name} is not installed."
        return
    yield from full_gradient.table(QUARTIC, 2 if quick else 3, workers)


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare Saddlery with what a user would otherwise take.")
    parser.add_argument("--quick", action="store_true", help="small cases; print only, unless --output is given")
    parser.add_argument("--workers", type=int, default=2, help="worker processes of a survey (default 2)")
    parser.add_argument("--limit", type=float, default=None, help="seconds for each rival and system (20; quick 3)")
    parser.add_argument("--output", type=Path, default=None, help="file to write (default BENCHMARKS.md, quick: none)")
    arguments = parser.parse_args()
    if arguments.limit is None:
        arguments.limit = 3.0 if arguments.quick else 20.0
    if arguments.output is None and not arguments.quick:
        arguments.output = ROOT / "BENCHMARKS.md"
    lines = []
    for line in report(arguments):
        print(line, flush=True)
        lines.append(line)
    if arguments.output is not None:
        arguments.output.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
