"""The polynomial systems that every engine of the benchmark is given, as text that any of them reads.

Factors that only vanish on the walls (t_i, 1 - t_i, t_j - t_i) are divided out first, which every engine profits from.
Coupled patterns ('+' somewhere before '-') still have components of positive dimension on the walls: they get one more
unknown u and the equation u * (product of the piece lengths) = 1. The subdivision needs neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from flint import fmpq_mpoly
from oracles.skeleton_direct import exact_system


@dataclass(frozen=True)
class ReducedSystem:
    """One system: its unknowns and its equations `equation = 0` with integer coefficients, `^` for powers."""

    name: str
    knots: int
    variables: tuple[str, ...]
    equations: tuple[str, ...]

    @property
    def coupled(self) -> bool:
        return len(self.variables) > self.knots


def reduced_system(target: Sequence[Fraction], system: str, knots: int) -> ReducedSystem:
    """The system of a ReLU network with the target on [0, 1]."""
    equations = exact_system(target, system, knots)
    context = equations[0].context()
    ends = [context.constant(0), *context.gens(), context.constant(1)]
    walls = [right - left for i, left in enumerate(ends) for right in ends[i + 1 :]][:-1]
    if knots == 1:
        walls = [ends[1], ends[2] - ends[1]]
    texts = [_text(_without(equation, walls)) for equation in equations]
    variables = [f"t{i + 1}" for i in range(knots)]
    if system != "free" and "+-" in system:
        marks = ["0", *variables, "1"]
        lengths = "*".join(f"({right}-{left})" for left, right in zip(marks, marks[1:], strict=False))
        texts.append(_expanded_saturation(lengths, knots))
        variables.insert(0, "u")
    return ReducedSystem(system, knots, tuple(variables), tuple(texts))


def _without(polynomial: fmpq_mpoly, walls: Sequence[fmpq_mpoly]) -> fmpq_mpoly:
    for wall in walls:
        while not wall.is_constant():
            quotient, remainder = divmod(polynomial, wall)
            if remainder != 0:
                break
            polynomial = quotient
    return polynomial


def _text(polynomial: fmpq_mpoly) -> str:
    terms = polynomial.to_dict()
    scale = lcm(*(int(value.q) for value in terms.values()))
    words = []
    for exponents, value in terms.items():
        powers = [f"t{i + 1}^{e}" for i, e in enumerate(exponents) if e]
        words.append("*".join([str(int((value * scale).p)), *powers]))
    return "+".join(words).replace("+-", "-")


def _expanded_saturation(lengths: str, knots: int) -> str:
    """u * lengths - 1 multiplied out, because some readers take sums of monomials only."""
    from flint import Ordering, fmpz_mpoly_ctx

    context = fmpz_mpoly_ctx.get(["u", *(f"t{i + 1}" for i in range(knots))], Ordering.lex)
    u, *ts = context.gens()
    ends = [context.constant(0), *ts, context.constant(1)]
    product = u
    for left, right in zip(ends, ends[1:], strict=False):
        product = product * (right - left)
    assert lengths.count("(") == knots + 1
    words = []
    for exponents, value in (product - 1).to_dict().items():
        names = ["u", *(f"t{i + 1}" for i in range(knots))]
        powers = [f"{name}^{e}" for name, e in zip(names, exponents, strict=True) if e]
        words.append("*".join([str(int(value)), *powers]))
    return "+".join(words).replace("+-", "-")
