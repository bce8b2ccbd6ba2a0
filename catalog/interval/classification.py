"""The classification of the critical points for an affine target, in closed form, against the enumerated strata.

For h = alpha x + beta with alpha != 0 on [a, b] and leak g:

- f = h, loss 0;
- m = 0: f is the mean of h. ReLU: a local minimum if every neuron is inactive, or has its breakpoint at a with w < 0
  and alpha v > 0, or at b with w > 0 and alpha v < 0; a saddle otherwise. Leaky: always a saddle. Strict where L is
  twice differentiable and some neuron has w = v = 0 (for ReLU then b > 0), with one negative eigenvalue for each;
- m >= 1 (ReLU: even, pattern +-...+-; leaky: every m, both alternating patterns): saddles of loss
  alpha^2 (1-g)^2 (b-a)^3 / (12 Omega^4), Omega = omega_0 + ... + omega_m, with omega_i = sqrt(1+g) inside, and at the
  ends 1 or sqrt(g) (1 on the left for a first '+', on the right for a last '-'; ReLU: all 1). Where L is twice
  differentiable, the index is the number of neurons whose jump has the sign of the jump of f at their kink, and one
  for each neuron with w = v = 0; so it is at least m.

For the quadratic activation s(z) = z^2 there are f = h (from width 2 on) and the mean of h, with every neuron in one of
four states: w = b = 0 != v, or w = v = 0 != b, or v = 0 != w and b = -w (a+b)/2, or w = b = v = 0. All of the latter
points are saddles; the index is the number of neurons in the first three states, and those of index 0 are not strict.

Reference: Cheridito, Jentzen, Rossmannek (2022); derived in docs/theory.md, "Affine targets", and docs/strata.md, "The
Hessian" and "Quadratic activation".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations_with_replacement
from typing import Any

from catalog.interval.strata_record import WHOLE
from catalog.number_text import number_from_record
from catalog.packed_strata import codes_of
from catalog.record import from_text
from symbolic.enclosure import AlgebraicNumber, Number
from symbolic.errors import Refuted
from symbolic.interval.problem import IntervalProblem

QUADRATIC_CODES = ("con+", "con-", "sym", "zero", "zeron", "zerop")
"""What a neuron of the quadratic activation may do over the mean."""


@dataclass(frozen=True)
class CriticalFamily:
    """The critical function with m kinks and this pattern, and its loss."""

    pattern: str
    loss: Number


def closed_form(problem: IntervalProblem, width: int) -> tuple[CriticalFamily, ...]:
    """The class-B functions of an affine target of slope not 0 at this width: the mean, then m = 1, 2, ..."""
    leak, rise = problem.leak, problem.target[1]
    a, b = problem.domain
    scale = rise**2 * (b - a) ** 3 / 12
    found = [CriticalFamily("", scale)]
    if problem.activation == "quadratic":
        return tuple(found)
    for knots in range(1, width + 1):
        if leak:
            found += [CriticalFamily(p, _leaky_loss(p, leak, scale)) for p in _alternating(knots)]
        elif knots % 2 == 0:
            found.append(CriticalFamily(_alternating(knots)[0], scale / (knots + 1) ** 4))
    return tuple(found)


def check_width(
    problem: IntervalProblem, width: int, functions: Sequence[Mapping[str, Any]], strata: Sequence[Mapping[str, Any]]
) -> None:
    """Check that the stored functions and packed strata of one width are those of the closed form.

    Args:
        problem: of degree 1.
        width: that of the strata, and at least the minimal width of the functions.
        functions: stored rows.
        strata: packed rows; those stationary only in Clarke's sense included.

    Raises:
        Refuted: a function, loss, kind or index is not the one of the closed form.
    """
    expected = {family.pattern: family.loss for family in closed_form(problem, width)}
    targets = [row for row in functions if row["class"] == "A"]
    patterns = {row["label"]: row["pattern"] for row in functions if row["class"] == "B"}
    # One quadratic neuron cannot be affine with a slope.
    realizable = problem.activation != "quadratic" or width > 1
    if len(targets) != int(realizable) or sorted(patterns.values()) != sorted(expected):
        raise Refuted(f"the critical functions of {problem.name} at width {width} are not those of the closed form")
    for row in functions:
        wanted = expected[row["pattern"]] if row["class"] == "B" else Fraction(0)
        if not _equal(number_from_record(from_text(row["record"])["loss"]), wanted):
            raise Refuted(f"the loss of {row['label']} is not that of the closed form")
    for row in strata:
        pattern = patterns.get(row["function"])
        if (row["kind"], row["negative"]) != expected_kind(problem, pattern, row):
            raise Refuted(f"{row['label']} is not of the kind and index that the closed form says")
    if problem.activation == "quadratic":
        _check_quadratic(problem, width, [row for row in strata if row["function"] in patterns])


def _check_quadratic(problem: IntervalProblem, width: int, strata: Sequence[Mapping[str, Any]]) -> None:
    """That the strata over the mean are all multisets of states, each once, and their dimension and inertia."""
    found = sorted(tuple(sorted(codes_of(row["label"]))) for row in strata)
    if found != sorted(combinations_with_replacement(QUADRATIC_CODES, width)):
        raise Refuted(f"the strata of {problem.name} at width {width} are not those of the closed form")
    for row in strata:
        moving = sum(code != "zero" for code in codes_of(row["label"]))
        if (row["dimension"], row["nullity"], row["positive"]) != (moving, 3 * width - 2 * moving, moving + 1):
            raise Refuted(f"{row['label']} has not the dimension and inertia that the closed form says")


def expected_kind(problem: IntervalProblem, pattern: str | None, row: Mapping[str, Any]) -> tuple[str, int | None]:
    """Kind and index of a stratum by the closed form; `pattern` is None for f = h."""
    codes = codes_of(row["label"])
    if pattern is None:
        return ("global_minimum" if codes == [WHOLE] else "", None)
    if problem.activation == "quadratic":
        moving = sum(code != "zero" for code in codes)
        return "strict_saddle" if moving else "saddle", moving
    rising = problem.target[1] > 0
    rough = any(code.startswith("zero") or (code[0] == "l" and code[-1] != "z") for code in codes)
    constants = sum(code in ("con+", "con-") for code in codes)
    if not pattern:
        quiet = {"dead", "la-p" if rising else "la-n", "lb+n" if rising else "lb+p"}
        if set(codes) <= quiet:
            return "local_minimum", None if rough else 0
    # A jump has the sign of v; f jumps upward at '+' if the target rises.
    upward = {"+": "p" if rising else "n", "-": "n" if rising else "p"}
    along = sum(code[0] == "k" and code[-1] == upward[code[-2]] for code in codes)
    index = along + constants
    if rough or not index:
        return "saddle", None if rough else index
    return "strict_saddle", index


def _alternating(knots: int) -> tuple[str, str]:
    return "".join("+-"[i % 2] for i in range(knots)), "".join("-+"[i % 2] for i in range(knots))


def _leaky_loss(pattern: str, leak: Fraction, scale: Fraction) -> Number:
    from symbolic.interval.affine import root_field

    field, inner, outer = root_field(leak)
    one = field.lift(Fraction(1))
    total = one if pattern[0] == "+" else outer
    total = total + (one if pattern[-1] == "-" else outer)
    for _ in range(len(pattern) - 1):
        total = total + inner
    return (field.lift(scale * (1 - leak) ** 2) / (total * total * total * total)).number()


def _equal(one: Number, other: Number) -> bool:
    if isinstance(one, AlgebraicNumber) and isinstance(other, AlgebraicNumber):
        return one.same_as(other)
    return isinstance(one, Fraction) and isinstance(other, Fraction) and one == other
