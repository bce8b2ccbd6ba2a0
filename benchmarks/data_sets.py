"""Data sets: the proved lists of stationary strata, beside general solvers on one region and beside descent.

    python benchmarks/data_sets.py [SAMPLES...]      default: 5 6 7 8

`regions`: the gradient equations of one open region are given to SymPy's `groebner` and to msolve. Their solutions are
never isolated (neurons can be rescaled), so the best possible answer of a solver of polynomial systems is "infinitely
many"; ours are the strata in the closure of that region. `descent`: gradient descent from random starts.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "tests"), str(ROOT)]

if TYPE_CHECKING:
    import sympy

    from symbolic.dataset.problem import DatasetProblem


def scalar_set(samples: int) -> DatasetProblem:
    """Unevenly spaced scalar inputs with bias and alternating, growing targets."""
    from symbolic.dataset.problem import DatasetProblem

    inputs = tuple((Fraction(k * k + k, 2),) for k in range(samples))
    targets = tuple(Fraction((-1) ** k * (k + 2)) for k in range(samples))
    return DatasetProblem(f"scalar-{samples}", inputs, targets, bias=True)


def zigzag() -> DatasetProblem:
    from symbolic.dataset.problem import DatasetProblem

    inputs = tuple((Fraction(x),) for x in (-2, -1, 1, 2))
    return DatasetProblem("zigzag4", inputs, tuple(map(Fraction, (1, -1, 1, -1))), bias=True)


def growth(samples: Sequence[int], widths: Sequence[int]) -> Iterator[str]:
    """All patterns, functions and strata, in one process from nothing."""
    from symbolic import survey, survey_strata
    from symbolic.dataset.patterns import arrangement

    yield "| samples | patterns | width | cases | functions | strata | list | lowest loss | functions s | strata s |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for count in samples:
        problem = scalar_set(count)
        for width in widths:
            arrangement.cache_clear()
            started = perf_counter()
            found = survey(problem, width)
            functions = perf_counter() - started
            strata = survey_strata(found).strata
            seconds = perf_counter() - started
            lowest, status = min(one.loss for one in found.functions), found.completeness.status
            yield (
                f"| {count} | {len(found.arrangement.faces)} | {width} | {len(found.cases)} | {len(found.functions)} | "
                f"{len(strata)} | {status} | {float(lowest):.10g} | {functions:.3f} | {seconds:.3f} |"
            )


def regions(problem: DatasetProblem, width: int, limit: float, at_most: int) -> Iterator[str]:
    """The gradient equations of the regions that realize most functions, by each engine."""
    from reduced_systems import ReducedSystem
    from rivals import find_msolve, run_msolve, run_sympy

    from symbolic import survey
    from symbolic.dataset.loss import region_gradient, region_symbols
    from symbolic.dataset.regions import dataset_regions, functions_in_closures

    found = survey(problem, width)
    every = dataset_regions(found.arrangement, width)
    chosen = sorted(
        zip(every, functions_in_closures(found, every), strict=True), key=lambda pair: (-len(pair[1]), pair[0].label)
    )[:at_most]
    msolve = find_msolve()
    yield "| region | functions in its closure | their losses | SymPy groebner | msolve |"
    yield "|---|---|---|---|---|"
    losses = {one.label: one.loss for one in found.functions}
    names = tuple(str(one) for one in region_symbols(problem, width))
    for region, labels in chosen:
        equations = tuple(_integer_text(one, names) for one in region_gradient(problem, region.patterns) if one != 0)
        system = ReducedSystem(0, region.label, names, equations)
        groebner = run_sympy("groebner", system, limit)
        other = run_msolve(msolve, system, limit) if msolve else None
        told = "not installed" if other is None else f"{other.seconds:.3f} s {other.note or other.solutions}"
        values = ", ".join(str(value) for value in sorted({losses[label] for label in labels}))
        yield f"| `{region.label}` | {len(labels)} | {values} | {groebner.seconds:.3f} s {groebner.note} | {told} |"


def _integer_text(expression: sympy.Expr, names: Sequence[str]) -> str:
    """A polynomial as a sum of integer monomials with `^` for powers, as the rivals read it."""
    import sympy

    terms = sympy.Poly(expression, *sympy.symbols(names), domain="QQ").clear_denoms()[1].terms()
    words = []
    for exponents, coefficient in terms:
        powers = [f"*{name}^{power}" for name, power in zip(names, exponents, strict=True) if power]
        words.append(f"{int(coefficient):+d}" + "".join(powers))
    return "".join(words).removeprefix("+")


def descent(problem: DatasetProblem, widths: Sequence[int], starts: int) -> Iterator[str]:
    """Losses at which gradient descent ends, beside those of the proved minima."""
    from oracles.dataset_descent import Training

    from symbolic import survey, survey_strata

    yield "| data set | width | losses of minima, proved | seconds | found by descent | runs that settled | seconds |"
    yield "|---|---|---|---|---|---|---|"
    for width in widths:
        started = perf_counter()
        surveyed = survey(problem, width)
        strata = survey_strata(surveyed).strata
        ours = perf_counter() - started
        minima = {one.function for one in strata if one.kind.value.endswith("minimum")}
        losses = {one.loss for one in surveyed.functions if one.label in minima}
        started = perf_counter()
        ends = Training.of(problem.samples, problem.targets).ends(width, starts, seed=width)
        theirs = perf_counter() - started
        found = {loss for loss in losses if any(abs(end.loss - float(loss)) < 1e-8 for end in ends)}
        yield (
            f"| {problem.name} | {width} | {len(losses)} | {ours:.3f} | {len(found)} | {len(ends)} of {starts} | "
            f"{theirs:.2f} |"
        )


if __name__ == "__main__":
    chosen = [int(word) for word in sys.argv[1:]] or [5, 6, 7, 8]
    for line in (
        *growth(chosen, (1, 2, 3)),
        "",
        *regions(zigzag(), 2, 5.0, 4),
        "",
        *descent(zigzag(), (1, 2, 3), 200),
    ):
        print(line)
