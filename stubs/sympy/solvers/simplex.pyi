"""The exact simplex method of SymPy, as far as the project calls it."""

from collections.abc import Sequence

from sympy import Rational

class InfeasibleLPError(Exception): ...
class UnboundedLPError(Exception): ...

def linprog(
    c: Sequence[Rational | int],
    A: Sequence[Sequence[Rational | int]],
    b: Sequence[Rational | int],
) -> tuple[Rational, list[Rational]]: ...
