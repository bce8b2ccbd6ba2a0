"""The Coq file of a stratum: at its sample point the loss and the critical equations, and, for a saddle, a curve of
networks along which the loss falls; for a minimum, a neighbourhood in which it is least."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from catalog.coq_descent import Curve, curve_of, curve_section
from catalog.coq_minimum import critical_section, minimum_section
from catalog.coq_network import Network, Neuron
from catalog.coq_numbers import (
    ONE,
    ZERO,
    Polynomial,
    Quadratic,
    initial_sign,
    number_coq,
    polynomial,
    polynomial_coq,
    quadratics,
    rational_coq,
)
from catalog.coq_page import beginning, radicand_of, section, setting_of, theorem
from catalog.number_text import number_from_record

if TYPE_CHECKING:
    from symbolic.interval.functions import IntervalFunction
    from symbolic.interval.problem import IntervalProblem

BASE = (
    "Proved in this file, with the Riemann integral of Coq's standard library and by exact computation: the network of "
    "the sample point, its residual r = f - h on every piece, its loss int r^2, and the critical equations: int r = 0 "
    "and, for every neuron v act(w x + b), int r act(w x + b) = 0 (half the derivative by v), and, if v is not 0, the "
    "integrals of r and of x r over the part of the domain where the neuron is on (and off, with the leak): half "
    "the derivatives by b and by w, divided by v. If v is 0 the derivatives by b and w are 0."
)

REDUCED = (
    "Also proved: in the coordinates t = -b/w, u = v |w| of the neurons with a breakpoint inside, and d = c, for all "
    "breakpoints in this order, the loss is the stated polynomial, and its expansion at the sample point has no linear "
    "term. So its derivatives by all parameters of these neurons are 0, without the following remark."
)

DEGENERATE = (
    "Neurons with w = b = 0 have no such equations: there the loss has one-sided derivatives only, or v is 0 and it "
    "does not depend on them to first order."
)

GRADIENT = (
    "Not proved here: that the integrals above are the partial derivatives of the loss (differentiation under the "
    "integral sign), and the dimension and the other numbers of the stratum."
)


def stratum_file(problem: IntervalProblem, function: IntervalFunction, record: Mapping[str, Any]) -> str:
    """The file of one stratum (see `catalog.coq.coq_text`).

    Args:
        problem: its problem.
        function: the function it lies over.
        record: its flat record.
    """
    sample = record["sample"]
    parts = [[number_from_record(one) for one in sample[part]] for part in "wbv"]
    width = len(parts[0])
    numbers = quadratics([*(one for part in parts for one in part), number_from_record(sample["c"]), function.loss])
    loss = numbers.pop()
    neurons = tuple(
        Neuron(*(polynomial([numbers[j + k * width]]) for k in range(3))) for j in range(width)
    )
    network = Network(setting_of(problem), polynomial([numbers[-1]]), (), neurons, "network")
    curve = curve_of(network, record)
    minimum = minimum_section(network, loss) if record["kind"] in ("local_minimum", "global_minimum") else None
    critical = None if minimum is not None else critical_section(network, loss)
    paragraphs = [BASE, _claim(record, curve, minimum)]
    if minimum is not None or critical is not None:
        paragraphs.append(REDUCED)
    if any(not one.w and not one.b for one in neurons):
        paragraphs.append(DEGENERATE)
    sections = [
        section("The network and its residual f - h on every piece", network.definitions(), network.lemmas()),
        section("The critical equations", *_equations(network)),
        section("The loss", _loss(network, loss)),
    ]
    if curve is not None:
        sections.append(section("A curve along which the loss falls", *curve_section(curve, network, loss)))
    if critical is not None:
        sections.append(section("The loss in reduced coordinates has no linear term", *critical))
    if minimum is not None:
        sections.append(section("The sample point is a local minimum", *minimum))
    start = beginning(
        problem,
        f"The stratum {record['label']}, over the critical function {record['function']}.",
        [*paragraphs, GRADIENT],
        radicand_of(numbers),
        network=True,
        hinge=False,
    )
    return "\n".join((start, *sections, ""))


def _claim(record: Mapping[str, Any], curve: Curve | None, minimum: list[str] | None) -> str:
    """What is proved of the kind of the stratum, in words."""
    kind = str(record["kind"]).replace("_", " ")
    if curve is not None:
        return (
            f"The record says: {kind}. Proved here: along the curve of networks below, which starts in the sample "
            "point, the loss is the stated polynomial in e, and it is smaller than at the sample point for all e of "
            "the stated interval. So the sample point is no local minimum. The first term of the change has order "
            f"{curve.order}."
        )
    if minimum is not None:
        return (
            f"The record says: {kind}. Proved here: in the stated neighbourhood of the sample point, no network has a "
            "smaller loss. So the sample point is a local minimum."
        )
    return f"The record says: {kind}. That is not proved here; the critical equations are."


def _equations(network: Network) -> list[str]:
    last = len(network.states) - 1
    residual = "(network x - h x)"
    left, right = network.cut(0), network.cut(last + 1)
    blocks = [
        theorem(
            "derivative_by_c",
            f"integral (fun x => {residual}) {left} {right} 0",
            network.integral_proof(0, last, ["[1]"] * (last + 1)),
        )
    ]
    for j, one in enumerate(network.neurons):
        if not one.w and not one.b:
            continue
        factors = []
        for states in network.states:
            scale = "" if states[j] else "leak * "
            factors.append(f"[{scale}{polynomial_coq(one.b)}; {scale}{polynomial_coq(one.w)}]")
        statement = f"integral (fun x => act ({one.argument}) * {residual}) {left} {right} 0"
        blocks.append(theorem(f"derivative_by_v{j + 1}", statement, network.integral_proof(0, last, factors, neuron=j)))
        if initial_sign(one.v):
            blocks += [_inner(network, j, "b", "[1]", residual), _inner(network, j, "w", "[0; 1]", f"x * {residual}")]
    return blocks


def _inner(network: Network, neuron: int, letter: str, factor: str, integrand: str) -> str:
    """The derivative by b or w: the integral where the neuron is on, plus the leak times the one where it is off."""
    states = [row[neuron] for row in network.states]
    count = len(states)
    parts, names = [], {True: "on", False: "off"}
    shift: list[Polynomial] = [(ONE,)] if letter == "b" else [(), (ONE,)]
    total, words = ZERO, []
    for state in (True, False):
        mine = [i for i in range(count) if states[i] is state]
        if not mine or (not state and not network.setting.leak):
            continue
        first, last = mine[0], mine[-1]
        value = network.integral(first, last, [shift] * count)
        number = value[0] if value else ZERO
        name = f"derivative_by_{letter}{neuron + 1}_{names[state]}"
        statement = f"integral (fun x => {integrand}) {network.cut(first)} {network.cut(last + 1)} {number_coq(number)}"
        parts.append(theorem(name, statement, network.integral_proof(first, last, [factor] * count)))
        words.append(number_coq(number) if state else f"{rational_coq(network.setting.leak)} * {number_coq(number)}")
        total = total + (number if state else number * Quadratic(network.setting.leak))
    if network.setting.leak and words:
        statement = f"{' + '.join(words)} = 0"
        parts.append(theorem(f"derivative_by_{letter}{neuron + 1}", statement, "  by_field."))
    return "\n\n".join(parts)


def _loss(network: Network, loss: Quadratic) -> str:
    last = len(network.states) - 1
    statement = f"integral (fun x => (network x - h x) ^ 2) {network.cut(0)} {network.cut(last + 1)} {number_coq(loss)}"
    return theorem("loss", statement, network.integral_proof(0, last))

