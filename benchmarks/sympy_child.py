"""SymPy on one system read from standard input, in a process of its own that can be killed.

Input: {"method": "groebner" or "solve_poly_system", "variables": [...], "equations": [...], "knots": m}.
Output: {"seconds": ..., "solutions": number of real solutions with 0 < t_1 < ... < t_m < 1, or null, "note": text}.
The import of SymPy is not counted.
"""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from time import process_time

from sympy import Poly, Rational, groebner, symbols
from sympy.polys.polyerrors import PolificationFailed
from sympy.solvers.polysys import SolveFailed, solve_poly_system


def read(text: str, variables: list[str]) -> Poly:
    """A sum of integer monomials, read term by term."""
    terms: dict[tuple[int, ...], int] = {}
    for word in text.replace("-", "+-").split("+"):
        if not word:
            continue
        coefficient, *powers = word.split("*")
        exponents = [0] * len(variables)
        for power in powers:
            name, _, exponent = power.partition("^")
            exponents[variables.index(name)] = int(exponent)
        terms[tuple(exponents)] = terms.get(tuple(exponents), 0) + int(coefficient)
    return Poly.from_dict(terms, *symbols(variables), domain="QQ")


def main() -> None:
    job = json.load(sys.stdin)
    variables = job["variables"]
    system = [read(text, variables) for text in job["equations"]]
    started = process_time()
    solutions, note = None, ""
    try:
        if job["method"] == "groebner":
            basis = groebner(system, *symbols(variables), order="lex")
            note = f"basis of {len(basis.exprs)}"
            if not basis.is_zero_dimensional:
                note += ": infinitely many solutions"
        else:
            found = solve_poly_system(system, *symbols(variables)) or []
            solutions = 0
            for point in found:
                values = [value.evalf(30) for value in point[-job["knots"] :]]
                parts = [value.as_real_imag() for value in values]
                if all(abs(imaginary) < Rational(1, 10**20) for _, imaginary in parts):
                    ends = [0, *(real for real, _ in parts), 1]
                    solutions += all(left < right for left, right in pairwise(ends))
    except (NotImplementedError, SolveFailed, PolificationFailed, RecursionError, MemoryError) as error:
        note = f"gave up: {type(error).__name__}"
    print(json.dumps({"seconds": process_time() - started, "solutions": solutions, "note": note}))


if __name__ == "__main__":
    main()
