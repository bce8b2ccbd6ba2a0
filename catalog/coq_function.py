"""The Coq file of a critical function: its equations on every piece, its jumps, its moment and its loss."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from catalog.coq_network import Network, Neuron
from catalog.coq_numbers import ONE, ZERO, Quadratic, number_coq, polynomial, quadratics
from catalog.coq_page import beginning, radicand_of, section, setting_of, theorem

if TYPE_CHECKING:
    from symbolic.interval.functions import IntervalFunction
    from symbolic.interval.problem import IntervalProblem

PROVED = (
    "Proved in this file, with the Riemann integral of Coq's standard library and by exact computation: on every piece "
    "S between consecutive kinks the residual r = f - h has the integrals int_S r and int_S x r that are stated; f has "
    "a kink at each of its breakpoints; the moment int x r and the loss int r^2 have the stated values"
)

NOT_PROVED = (
    "Not proved here: that networks realize f, and that these equations say that they are critical. That is Theorem 2 "
    "of docs/theory.md of Saddlery, which also says that critical functions have no other form. Nor is it proved that "
    "the list of critical functions, of which f is one, is complete."
)


def function_file(problem: IntervalProblem, function: IntervalFunction) -> str:
    """The file of one function (see `catalog.coq.coq_text`)."""
    numbers = quadratics((*function.kinks, *function.slopes, function.offset, function.moment, function.loss))
    kinks = numbers[: len(function.kinks)]
    slopes = numbers[len(kinks) : -3]
    offset, moment, loss = numbers[-3:]
    network = hinge_form(problem, kinks, slopes, offset)
    class_b = function.function_class == "B"
    more = ", the slope equation holds and the moment is not 0." if class_b else ", and the moment is 0."
    return "\n".join(
        (
            beginning(
                problem,
                f"The critical function {function.label}.",
                (PROVED + more, NOT_PROVED),
                radicand_of(numbers),
                network=False,
                hinge=True,
            ),
            section("The function f and its residual f - h on every piece", network.definitions(), network.lemmas()),
            section("The critical equations", *_equations(function, network, moment, problem.leak)),
            section("Kinks, moment and loss", *_facts(function, network, slopes, moment, loss)),
            "",
        )
    )


def hinge_form(
    problem: IntervalProblem, kinks: list[Quadratic], slopes: list[Quadratic], offset: Quadratic
) -> Network:
    """f(x) = offset + s_0 (x - a) + sum_i D_i hinge(x - t_i), D_i = s_i - s_(i-1)."""
    start = Quadratic(problem.domain[0])
    hinges = tuple(
        Neuron(polynomial([ONE]), polynomial([-kink]), polynomial([right - left]))
        for kink, (left, right) in zip(kinks, pairwise(slopes), strict=True)
    )
    constant = polynomial([offset - slopes[0] * start])
    setting = setting_of(problem)
    without_leak = replace(setting, leak=Fraction(0))
    return Network(without_leak, constant, polynomial([slopes[0]]), hinges, "f", activation="hinge")


def _sigmas(function: IntervalFunction, leak: Fraction) -> list[Quadratic]:
    """sigma_0 = 0, sigma_+ = 1/(1 - g) or sigma_- = -g/(1 - g) at the kinks, 1 at the end."""
    values = {"+": 1 / (1 - leak), "-": -leak / (1 - leak)}
    return [ZERO, *(Quadratic(values[mark]) for mark in function.pattern or ""), ONE]


def _equations(function: IntervalFunction, network: Network, moment: Quadratic, leak: Fraction) -> list[str]:
    sigmas = _sigmas(function, leak)
    blocks = []
    for i in range(len(network.states)):
        ends = f"{network.cut(i)} {network.cut(i + 1)}"
        value = "0"
        if function.function_class == "B":
            value = f"(({number_coq(sigmas[i + 1])} - {number_coq(sigmas[i])}) * {number_coq(moment)})"
        blocks += [
            theorem(
                f"mean_of_residual_on_piece{i + 1}",
                f"integral (fun x => f x - h x) {ends} 0",
                network.integral_proof(i, i, ["[1]"] * (i + 1)),
            ),
            theorem(
                f"moment_on_piece{i + 1}",
                f"integral (fun x => x * (f x - h x)) {ends} {value}",
                network.integral_proof(i, i, ["[0; 1]"] * (i + 1)),
            ),
        ]
    if function.function_class == "B":
        slopes = [network.slope, *(one.v for one in network.neurons)]
        terms = [number_coq(value[0]) if value else "0" for value in slopes]
        equation = terms[0] + "".join(
            f" + (1 - {number_coq(sigma)}) * {jump}" for sigma, jump in zip(sigmas[1:-1], terms[1:], strict=True)
        )
        blocks.append(theorem("slope_equation", f"{equation} = 0", "  by_field."))
    return blocks


def _facts(
    function: IntervalFunction, network: Network, slopes: list[Quadratic], moment: Quadratic, loss: Quadratic
) -> list[str]:
    last = len(network.states) - 1
    left, right = network.cut(0), network.cut(last + 1)
    ordered = " /\\ ".join(f"{network.cut(i)} < {network.cut(i + 1)}" for i in range(last + 1))
    blocks = [theorem("order_of_kinks", ordered, "  unfold_f. repeat split; by_order.")]
    blocks += [
        theorem(f"kink{i + 1}", f"{number_coq(after)} <> {number_coq(before)}", f"  {_apart(after, before)}")
        for i, (before, after) in enumerate(pairwise(slopes))
    ]
    if function.function_class == "B":
        blocks.append(theorem("moment_is_not_zero", f"{number_coq(moment)} <> 0", f"  {_apart(moment)}"))
    blocks.append(
        theorem(
            "moment",
            f"integral (fun x => x * (f x - h x)) {left} {right} {number_coq(moment)}",
            network.integral_proof(0, last, ["[0; 1]"] * (last + 1)),
        )
    )
    blocks.append(
        theorem(
            "loss",
            f"integral (fun x => (f x - h x) ^ 2) {left} {right} {number_coq(loss)}",
            network.integral_proof(0, last),
        )
    )
    return blocks


def _apart(one: Quadratic, other: Quadratic | None = None) -> str:
    sign = (one - other).sign() if other is not None else one.sign()
    return f"apply {'Rgt' if sign > 0 else 'Rlt'}_not_eq. by_order."
