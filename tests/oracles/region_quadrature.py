"""Exact rational loss, gradient and Hessian of a network, written from its definition only.

The interval is cut at every breakpoint; on a piece the network is the line through its values at two inner
points, and polynomials are integrated term by term. Nothing here knows regions, orders or states of neurons.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

Polynomial = list[Fraction]


@dataclass(frozen=True)
class Network:
    """f(x) = c + sum_j v_j s(w_j x + b_j), s(z) = max(z, leak z), against the target h on [start, end]."""

    w: tuple[Fraction, ...]
    b: tuple[Fraction, ...]
    v: tuple[Fraction, ...]
    c: Fraction
    leak: Fraction
    target: tuple[Fraction, ...]
    start: Fraction
    end: Fraction

    def activation(self, z: Fraction) -> Fraction:
        return max(z, self.leak * z)

    def derivative(self, z: Fraction) -> Fraction:
        """s'(z) for z != 0."""
        assert z != 0
        return Fraction(1) if z > 0 else self.leak

    def value(self, x: Fraction) -> Fraction:
        terms = zip(self.w, self.b, self.v, strict=True)
        return self.c + sum(v * self.activation(w * x + b) for w, b, v in terms)

    def residual(self, x: Fraction) -> Fraction:
        return self.value(x) - sum(h * x**k for k, h in enumerate(self.target))

    def pieces(self) -> list[tuple[Fraction, Fraction]]:
        inside = {-b / w for w, b in zip(self.w, self.b, strict=True) if w and self.start < -b / w < self.end}
        cuts = sorted({self.start, self.end} | inside)
        return list(pairwise(cuts))

    def parameters(self) -> dict[str, Fraction]:
        """By name: w1.., b1.., v1.., c."""
        named = {f"{letter}{j}": x for letter in "wbv" for j, x in enumerate(getattr(self, letter), start=1)}
        return {**named, "c": self.c}


def line(network: Network, j: int | None, low: Fraction, high: Fraction) -> Polynomial:
    """Coefficients on (low, high) of the output of neuron j, or of the whole network for j = None."""
    p, q = low + (high - low) / 3, high - (high - low) / 3
    function = network.value if j is None else lambda x: network.activation(network.w[j] * x + network.b[j])
    slope = (function(q) - function(p)) / (q - p)
    return [function(p) - slope * p, slope]


def times(one: Polynomial, other: Polynomial) -> Polynomial:
    result = [Fraction(0)] * (len(one) + len(other) - 1)
    for i, x in enumerate(one):
        for j, y in enumerate(other):
            result[i + j] += x * y
    return result


def integral(polynomial: Polynomial, low: Fraction, high: Fraction) -> Fraction:
    terms = (x * (high ** (k + 1) - low ** (k + 1)) / (k + 1) for k, x in enumerate(polynomial))
    return sum(terms, Fraction(0))


def residual(network: Network, low: Fraction, high: Fraction) -> Polynomial:
    size = max(2, len(network.target))
    f = line(network, None, low, high) + [Fraction(0)] * (size - 2)
    h = list(network.target) + [Fraction(0)] * (size - len(network.target))
    return [x - y for x, y in zip(f, h, strict=True)]


def loss(network: Network) -> Fraction:
    """integral (f - h)^2."""
    total = Fraction(0)
    for low, high in network.pieces():
        r = residual(network, low, high)
        total += integral(times(r, r), low, high)
    return total


def directions(network: Network, low: Fraction, high: Fraction) -> dict[str, Polynomial]:
    """df/dparameter on (low, high): 1 for c, s for v, v s' for b, v x s' for w."""
    middle = (low + high) / 2
    found = {"c": [Fraction(1)]}
    for j, (w, b, v) in enumerate(zip(network.w, network.b, network.v, strict=True), start=1):
        slope = network.derivative(w * middle + b)
        found[f"v{j}"] = line(network, j - 1, low, high)
        found[f"b{j}"] = [v * slope]
        found[f"w{j}"] = [Fraction(0), v * slope]
    return found


def gradient(network: Network) -> dict[str, Fraction]:
    """2 integral r df/dparameter."""
    total = dict.fromkeys(network.parameters(), Fraction(0))
    for low, high in network.pieces():
        r = residual(network, low, high)
        for name, direction in directions(network, low, high).items():
            total[name] += 2 * integral(times(r, direction), low, high)
    return total


def hessian(network: Network) -> dict[tuple[str, str], Fraction]:
    """2 integral (df)(df)^T + 2 integral r d2f, for breakpoints that are neither equal nor at an end.

    d2f: (w, v) and (b, v) give x s' and s'; in w and b the point mass v (1 - leak)/|w| at t, times t^2, t, 1.
    """
    names = list(network.parameters())
    total = {(x, y): Fraction(0) for x in names for y in names}
    for low, high in network.pieces():
        r = residual(network, low, high)
        along = directions(network, low, high)
        middle = (low + high) / 2
        for x in names:
            for y in names:
                total[x, y] += 2 * integral(times(along[x], along[y]), low, high)
        for j, (w, b) in enumerate(zip(network.w, network.b, strict=True), start=1):
            slope = network.derivative(w * middle + b)
            for name, mixed in ((f"w{j}", [Fraction(0), slope]), (f"b{j}", [slope])):
                amount = 2 * integral(times(r, mixed), low, high)
                total[name, f"v{j}"] += amount
                total[f"v{j}", name] += amount
    for j, (w, b, v) in enumerate(zip(network.w, network.b, network.v, strict=True), start=1):
        if w and network.start < -b / w < network.end:
            t = -b / w
            mass = 2 * v * (1 - network.leak) * network.residual(t) / abs(w)
            for x, power in ((f"w{j}", 1), (f"b{j}", 0)):
                for y, other in ((f"w{j}", 1), (f"b{j}", 0)):
                    total[x, y] += mass * t ** (power + other)
    return total


def random_rational(source: random.Random, low: Fraction, high: Fraction) -> Fraction:
    """A rational strictly between low and high."""
    denominator = source.randint(7, 97)
    return low + (high - low) * Fraction(source.randint(1, denominator - 1), denominator)


def random_network(
    source: random.Random,
    states: Sequence[str],
    target: Sequence[Fraction],
    domain: tuple[Fraction, Fraction],
    leak: Fraction,
) -> Network:
    """A network whose neurons have these states, with distinct breakpoints that increase in their order."""
    start, end = domain
    count = sum(state in ("+", "-") for state in states)
    places: set[Fraction] = set()
    while len(places) < count:
        places.add(random_rational(source, start, end))
    breakpoints = iter(sorted(places))
    w, b = [], []
    for state in states:
        size = random_rational(source, Fraction(1, 5), Fraction(3))
        if state in ("+", "-"):
            weight = size if state == "+" else -size
            w.append(weight)
            b.append(-weight * next(breakpoints))
        else:
            sign = 1 if state == "active" else -1
            at_start, at_end = (sign * random_rational(source, Fraction(0), Fraction(3)) for _ in range(2))
            weight = (at_end - at_start) / (end - start)
            w.append(weight)
            b.append(at_start - weight * start)
    v = [random_rational(source, Fraction(-2), Fraction(2)) for _ in states]
    c = random_rational(source, Fraction(-1), Fraction(1))
    return Network(tuple(w), tuple(b), tuple(v), c, leak, tuple(target), start, end)
