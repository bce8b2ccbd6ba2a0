"""The polynomial systems that every engine of the benchmark is given, as text that any of them reads.

Factors that vanish on the walls only (t_i, 1 - t_i, t_j - t_i) are divided out first, which every engine profits from.
Coupled patterns ('+' somewhere before '-') still have complex components of positive dimension, on the walls and where
the cleared denominator N = sum_k delta_k^2 prod_{j != k} h_j^3 vanishes: they get one more unknown u and the equation
u N prod_k h_k = 1, without which msolve and SymPy answer "infinitely many solutions".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import lcm, prod

from flint import Ordering, fmpq, fmpq_mpoly, fmpq_mpoly_ctx
from oracles.skeleton_direct import deltas, exact_system


@dataclass(frozen=True)
class ReducedSystem:
    """One system: its unknowns and its left-hand sides, sums of integer monomials with `^` for powers."""

    knots: int
    name: str
    variables: tuple[str, ...]
    equations: tuple[str, ...]


def reduced_system(target: Sequence[Fraction], system: str, knots: int) -> ReducedSystem:
    """The system of a ReLU network for the target on [0, 1], saturated where it is coupled."""
    names = [f"t{i + 1}" for i in range(knots)]
    coupled = system != "free" and "+-" in system
    variables = ["u", *names] if coupled else names
    context = fmpq_mpoly_ctx.get(variables, Ordering.lex)
    ts = context.gens()[-knots:]
    ends = [context.constant(0), *ts, context.constant(1)]
    walls = [right - left for i, left in enumerate(ends) for right in ends[i + 1 :] if not (right - left).is_constant()]
    equations = []
    for equation in exact_system(target, system, knots):
        stripped = equation.compose(*ts, ctx=context)
        for wall in walls:
            stripped = _without(stripped, wall)
        equations.append(_text(stripped, variables))
    if coupled:
        lengths = [right - left for left, right in pairwise(ends)]
        active = [(k, delta) for k, delta in enumerate(deltas(system, knots, Fraction(0))) if delta]
        denominator = context.constant(0)
        for k, delta in active:
            others = [lengths[j] ** 3 for j, _ in active if j != k]
            denominator += prod(others, start=context.constant(1)) * fmpq(delta.numerator, delta.denominator) ** 2
        saturation = context.gens()[0] * denominator * prod(lengths, start=context.constant(1))
        equations.append(_text(saturation - 1, variables))
    return ReducedSystem(knots, system, tuple(variables), tuple(equations))


def inside(point: Sequence[float]) -> bool:
    """Whether 0 < t_1 < ... < t_m < 1."""
    return all(left < right for left, right in pairwise([0, *point, 1]))


def _without(polynomial: fmpq_mpoly, wall: fmpq_mpoly) -> fmpq_mpoly:
    while True:
        quotient, remainder = divmod(polynomial, wall)
        if remainder != 0:
            return polynomial
        polynomial = quotient


def _text(polynomial: fmpq_mpoly, variables: Sequence[str]) -> str:
    terms = polynomial.to_dict()
    scale = lcm(*(int(value.q) for value in terms.values()))
    words = []
    for exponents, value in terms.items():
        powers = [f"{name}^{exponent}" for name, exponent in zip(variables, exponents, strict=True) if exponent]
        words.append("*".join([str(int((value * scale).p)), *powers]))
    return "+".join(words).replace("+-", "-")
