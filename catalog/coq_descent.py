"""Curves of networks that start in the sample point of a saddle and along which the loss falls, in Coq."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from typing import Any

from catalog.coq_network import Network, Neuron, NotPolynomial
from catalog.coq_numbers import (
    ZERO,
    Polynomial,
    Quadratic,
    abs_lower,
    initial_sign,
    number_coq,
    order_of,
    plus,
    polynomial,
    polynomial_coq,
    rational_coq,
)
from catalog.coq_page import nested, sizes_coq, sum_of_sizes, theorem
from catalog.number_text import parse_rational

DENOMINATORS = (2, 4, 8, 16, 32, 64, 256)
"""Those that a direction of negative curvature is rounded with, one after the other."""

Direction = Mapping[str, Fraction]
"""A rate for each parameter that moves: w1, ..., b1, ..., v1, ..., c."""


@dataclass(frozen=True)
class Curve:
    """A curve of networks, and the loss along it less that at its start."""

    network: Network
    change: Polynomial

    @property
    def order(self) -> int:
        return order_of(self.change)


def curve_of(sample: Network, record: Mapping[str, Any]) -> Curve | None:
    """The curve of a saddle: the stored one, or a line of negative curvature; None if there is none of which the
    pieces are polynomials in e with signs that are proved simply, and for other kinds."""
    if record["kind"] not in ("saddle", "strict_saddle"):
        return None
    if record["descent"] is None:
        return _line(sample)
    terms: dict[str, dict[int, Fraction]] = {}
    for term in record["descent"]["terms"]:
        powers = terms.setdefault(term["parameter"], {})
        powers[term["power"]] = powers.get(term["power"], Fraction(0)) + parse_rational(term["coefficient"])
    return _falling(sample, _moved(sample, terms))


def _moved(sample: Network, terms: Mapping[str, Mapping[int, Fraction]]) -> Network:
    def moved(value: Polynomial, name: str) -> Polynomial:
        powers = terms.get(name, {})
        size = max(powers, default=0) + 1
        return plus(value, polynomial(Quadratic(powers.get(i, Fraction(0))) for i in range(size)))

    neurons = tuple(
        Neuron(moved(one.w, f"w{j}"), moved(one.b, f"b{j}"), moved(one.v, f"v{j}"))
        for j, one in enumerate(sample.neurons, start=1)
    )
    return replace(sample, constant=moved(sample.constant, "c"), neurons=neurons, name="curve", moving=True)


def _falling(sample: Network, network: Network) -> Curve | None:
    try:
        loss = network.loss()
        network.limit()
    except NotPolynomial:
        return None
    change = plus(loss, tuple(-value for value in sample.loss()))
    return Curve(network, change) if change and initial_sign(change) < 0 and order_of(change) > 0 else None


def _line(sample: Network) -> Curve | None:
    """A line of rational direction along which the second derivative of the loss is negative, as simple as is found."""
    names = _parameters(sample)
    second: dict[tuple[str, str], Quadratic] = {}
    try:
        for name in names:
            second[name, name] = _second(sample, {name: Fraction(1)})
        for one, other in combinations(names, 2):
            both = _second(sample, {one: Fraction(1), other: Fraction(1)})
            second[one, other] = both - second[one, one] - second[other, other]
    except NotPolynomial:
        return None
    for direction in _directions(names, second):
        value = ZERO
        for (one, other), entry in second.items():
            rate = direction.get(one, Fraction(0)) * direction.get(other, Fraction(0))
            value = value + entry * Quadratic(rate)
        if value.sign() < 0:
            found = _falling(sample, _moved(sample, {name: {1: rate} for name, rate in direction.items()}))
            if found is not None:
                return found
    return None


def _parameters(sample: Network) -> list[str]:
    """c, all v and b, and w of the neurons without a breakpoint inside: the pieces then move as polynomials."""
    left, right = sample.cuts[0], sample.cuts[-1]
    names = ["c"]
    for j, one in enumerate(sample.neurons, start=1):
        ends = initial_sign(one.at(left)), initial_sign(one.at(right))
        names += [f"v{j}", f"b{j}"] + ([f"w{j}"] if ends[0] * ends[1] > 0 else [])
    return names


def _second(sample: Network, direction: Direction) -> Quadratic:
    """The coefficient of e^2 of the loss along a line."""
    loss = _moved(sample, {name: {1: rate} for name, rate in direction.items()}).loss()
    return loss[2] if len(loss) > 2 else ZERO


def _directions(names: Sequence[str], second: Mapping[tuple[str, str], Quadratic]) -> Iterator[Direction]:
    """One parameter, two, and the rounded eigenvector of the least eigenvalue."""
    import numpy as np

    for name in names:
        yield {name: Fraction(1)}
    for one, other in combinations(names, 2):
        for sign in (1, -1):
            yield {one: Fraction(1), other: Fraction(sign)}
    matrix = np.zeros((len(names), len(names)))
    for (one, other), entry in second.items():
        i, j = names.index(one), names.index(other)
        matrix[i, j] += float(entry) / 2
        matrix[j, i] += float(entry) / 2
    vector = np.linalg.eigh(matrix)[1][:, 0]
    vector = vector / max(vector, key=abs)
    for denominator in DENOMINATORS:
        rates = [Fraction(round(float(x) * denominator), denominator) for x in vector]
        yield {name: rate for name, rate in zip(names, rates, strict=True) if rate}


def curve_section(curve: Curve, sample: Network, loss: Quadratic) -> list[str]:
    """The curve, its pieces, the loss along it, and that it is smaller than at the start."""
    network, order = curve.network, curve.order
    leading, *rest = curve.change[order:]
    bound, bounds = _bounds(leading, rest, network.limit())
    limit = rational_coq(network.limit())
    last = len(network.states) - 1
    total = number_coq(loss)
    change = nested(leading, rest)
    along = f"integral (fun x => (curve e x - h x) ^ 2) {network.cut(0)} {network.cut(last + 1)}"
    value = f"({total} + e ^ {order} * {change})"
    start = ["  intro x. unfold curve, network."]
    for one, other in zip(network.neurons, sample.neurons, strict=True):
        moved = f"{polynomial_coq(one.w, '0')} * x + {polynomial_coq(one.b, '0')}"
        if one.w != other.w or one.b != other.b:
            start.append(f"  replace ({moved}) with ({other.argument}) by by_field.")
    start.append("  by_field.")
    smaller = f"{along} value /\\ value < {number_coq(loss)}"
    return [
        network.definitions(),
        theorem("curve_starts_in_the_sample_point", "forall x, curve 0 x = network x", "\n".join(start)),
        network.lemmas(),
        theorem(
            "loss_along_the_curve",
            f"forall e, 0 <= e <= {limit} ->\n  {along}\n    {value}",
            "  intros e range.\n" + network.integral_proof(0, last),
        ),
        theorem(
            "the_loss_falls",
            f"forall e, 0 < e <= {rational_coq(bound)} ->\n  {value} < {number_coq(loss)}",
            _descent_proof(order, leading, rest, bound, bounds),
        ),
        theorem(
            "no_local_minimum",
            f"forall e, 0 < e <= {rational_coq(bound)} ->\n  exists value, {smaller}",
            f"  intros e range. exists {value}. split.\n"
            "  - apply loss_along_the_curve. lra.\n  - apply the_loss_falls. exact range.",
        ),
    ]


def _bounds(leading: Quadratic, rest: Sequence[Quadratic], limit: Fraction) -> tuple[Fraction, list[Fraction]]:
    """(e1, sizes): e1 <= limit with |leading| > e1 (sizes[0] + e1 (sizes[1] + ...)), sizes >= |rest|."""
    sizes = [value.size() for value in rest]
    least, bound = abs_lower(leading), limit
    while rest and bound * sum_of_sizes(sizes, bound) >= least:
        bound /= 2
    return bound, sizes


def _descent_proof(
    order: int, leading: Quadratic, rest: Sequence[Quadratic], bound: Fraction, sizes: Sequence[Fraction]
) -> str:
    lines = ["  intros e range."]
    if not rest:
        lines.append("  apply falls; [lra|by_order].")
        return "\n".join(lines)
    size = sizes_coq(sizes, bound)
    lines.append(f"  apply falls; [lra|]. apply (negative e {rational_coq(bound)} _ {size} _); [lra| |by_order].")
    lines += ["  apply bounded_step; [lra|by_size|]."] * (len(rest) - 1)
    return "\n".join([*lines, "  by_size."])
