"""The teacher family: certified spectra by irreps beside numpy's dense eigenvalues, certified points beside mpmath.

    python benchmarks/teachers.py

`dense`: the Hessian in all k^2 weights and `numpy.linalg.eigvalsh`, floats without proof; the number of eigenvalues it
gives is k^2, ours is the number of different ones with their multiplicities. `findroot`: mpmath at the same number of
digits on the same equations, from the same float start, without a certificate.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import mpmath

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "tests"), str(ROOT)]


def spectra(sizes: Sequence[int], families: Sequence[str]) -> Iterator[str]:
    """Certified spectra at one point, and the dense ones in floats up to k = 40."""
    import numpy as np

    from symbolic.enclosure import enclose, working_precision
    from symbolic.teacher.dense import float_hessian
    from symbolic.teacher.families import branch_of, family_point
    from symbolic.teacher.fixed_spaces import FixedSpace
    from symbolic.teacher.spectrum import spectrum

    yield "| family | k | eigenvalues by irreps | certified, s | dense eigenvalues | floats, s | largest difference |"
    yield "|---|---|---|---|---|---|---|"
    for name in families:
        branch_of(name)
        for k in sizes:
            space = FixedSpace((k,) if name == "A" else (k - 1, 1))
            point = family_point(name, k, 200)
            with working_precision(256):
                balls = [enclose(value, 256) for value in point]
                started = perf_counter()
                found = spectrum(space, None, balls)
                ours = perf_counter() - started
            counts = {part.irrep: round(float(part.multiplicity)) for part in found.parts}
            values = [(float(value.mid()), counts[part.irrep]) for part in found.parts for value in part.eigenvalues]
            if k > 40:
                yield f"| {name} | {k} | {len(values)} | {ours:.4f} | {k * k} | not tried | |"
                continue
            weights = np.array([[float(x) for x in row] for row in space.dense([float(b.mid()) for b in balls], 0.0)])
            started = perf_counter()
            dense = np.linalg.eigvalsh(float_hessian(weights, k))
            theirs = perf_counter() - started
            same = np.sort(np.repeat([value for value, _ in values], [count for _, count in values]))
            gap = float(np.abs(same - dense).max())
            yield f"| {name} | {k} | {len(values)} | {ours:.4f} | {k * k} | {theirs:.3f} | {gap:.1e} |"


def points(sizes: Sequence[int], digits: int) -> Iterator[str]:
    """One point to so many digits: certified, and by mpmath's findroot."""
    import mpmath

    from symbolic.enclosure import arb_of, midpoint, working_precision
    from symbolic.teacher.certify import certify
    from symbolic.teacher.families import family_point
    from symbolic.teacher.fixed_spaces import FixedSpace
    from symbolic.teacher.restricted import system

    bits = int(digits * 3.33) + 16
    yield f"| family | k | certified to {digits} digits, s | mpmath findroot, s | agree to |"
    yield "|---|---|---|---|---|"
    for k in sizes:
        space = FixedSpace((k - 1, 1))
        start = [float(value.center) for value in family_point("II", k, 60)]
        started = perf_counter()
        with working_precision(bits + 32):
            certified = certify(space, start).enclose(bits)
        ours = perf_counter() - started
        with mpmath.workdps(digits + 5), working_precision(bits + 32):

            def equations(*values: mpmath.mpf, space: FixedSpace = space) -> list[mpmath.mpf]:
                balls = [arb_of(Fraction(*map(int, mpmath.libmp.to_rational(value._mpf_)))) for value in values]
                return [_mpf(midpoint(one)) for one in system(space, None, balls)]

            started = perf_counter()
            tolerance = mpmath.mpf(10) ** (-2 * digits)
            root = mpmath.findroot(equations, [mpmath.mpf(value) for value in start], tol=tolerance)
            theirs = perf_counter() - started
            gap = max(abs(_mpf(midpoint(ball)) - value) for ball, value in zip(certified, root, strict=True))
        yield f"| II | {k} | {ours:.3f} | {theirs:.3f} | {mpmath.nstr(gap, 2)} |"


def _mpf(value: Fraction) -> mpmath.mpf:
    import mpmath

    return mpmath.mpf(value.numerator) / value.denominator


if __name__ == "__main__":
    for line in (*spectra((10, 20, 40, 10**6), ("A", "II")), "", *points((10, 20, 40), 50)):
        print(line)
