"""What every Coq file begins with: a comment, the lemmas about integrals, the numbers and the problem."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from importlib.resources import files
from math import isqrt
from textwrap import fill
from typing import TYPE_CHECKING

from catalog.coq_network import Setting
from catalog.coq_numbers import Quadratic, number_coq, polynomial, polynomial_coq, rational_coq
from symbolic.interval.target import format_target

if TYPE_CHECKING:
    from jinja2 import Template

    from symbolic.interval.problem import IntervalProblem

ROOT_DIGITS = 40
"""Binary digits of the bounds of a square root that the order of numbers is proved with."""


def setting_of(problem: IntervalProblem) -> Setting:
    return Setting(problem.target, problem.domain, problem.leak)


def radicand_of(numbers: Iterable[Quadratic]) -> int:
    """The radicand that occurs in the numbers, 1 if there is none."""
    return max((number.radicand for number in numbers if number.factor), default=1)


def beginning(
    problem: IntervalProblem, title: str, paragraphs: Sequence[str], radicand: int, *, network: bool, hinge: bool
) -> str:
    """The beginning of a file.

    Args:
        problem: the problem.
        title: the first line of the comment.
        paragraphs: the rest of the comment.
        radicand: d of the numbers p + q sqrt(d), or 1.
        network, hinge: whether the activation `act` and the function `hinge` are defined.
    """
    leak = "ReLU" if not problem.leak else f"leaky ReLU, leak {problem.leak}"
    left, right = problem.domain
    about = f"Problem {problem.name}: target h = {format_target(problem.target)} on [{left}, {right}], {leak}."
    filled = (fill(text, 108, initial_indent="   ", subsequent_indent="   ") for text in (about, *paragraphs))
    comment = "\n\n".join(filled)
    scale = 1 << ROOT_DIGITS
    below = isqrt(radicand * scale * scale)
    setting = _template().render(
        radicand=radicand if radicand > 1 else None,
        lower=Fraction(below, scale),
        upper=Fraction(below + 1, scale),
        left=str(left),
        right=str(right),
        target=polynomial_coq(polynomial(Quadratic(value) for value in problem.target), "x"),
        leak=rational_coq(problem.leak),
        with_network=network,
        with_hinge=hinge,
    )
    integrals = files("catalog").joinpath("templates/coq_integrals.v").read_text(encoding="utf-8")
    return f"(* {title}\n\n{comment} *)\n\n{integrals}{setting}"


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        trim_blocks=True,
        autoescape=False,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        loader=PackageLoader("catalog", "templates"),
    )
    return environment.get_template("coq_setting.v.j2")


def section(title: str, *blocks: str) -> str:
    """A titled part of a file."""
    return "\n\n".join(("", f"(** * {title} *)", *(block for block in blocks if block)))


def theorem(name: str, statement: str, proof: str) -> str:
    """A theorem whose proof is given as lines."""
    return f"Theorem {name} :\n  {statement}.\nProof.\n{proof}\nQed."


def nested(leading: Quadratic, rest: Sequence[Quadratic]) -> str:
    """(q0 + e * (q1 + e * q2))."""
    return f"({number_coq(leading)} + e * {nested(rest[0], rest[1:])})" if rest else number_coq(leading)


def sum_of_sizes(sizes: Sequence[Fraction], bound: Fraction) -> Fraction:
    """sizes[0] + bound (sizes[1] + bound (...)): a bound of q1 + e (q2 + ...) for 0 <= e <= bound."""
    return sizes[0] + bound * sum_of_sizes(sizes[1:], bound) if sizes else Fraction(0)


def sizes_coq(sizes: Sequence[Fraction], bound: Fraction) -> str:
    """The same sum in Coq."""
    first = rational_coq(sizes[0])
    return f"({first} + {rational_coq(bound)} * {sizes_coq(sizes[1:], bound)})" if len(sizes) > 1 else first
