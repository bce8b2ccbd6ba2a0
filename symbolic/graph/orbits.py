"""Orbits and stabilizers: of the permutations and rescalings of neurons, and of the symmetries of a problem."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import factorial, prod

from symbolic.errors import Refuted
from symbolic.graph.edges import WHOLE, Node


@dataclass(frozen=True)
class NeuronOrbit:
    """How the permutations of the neurons act on a stratum: `size * stabilizer = n!`.

    Attributes:
        size: number of labelled strata that are permutations of this one.
        stabilizer: number of permutations that keep the labelled stratum.
    """

    size: int
    stabilizer: int


def neuron_orbit(codes: Sequence[str]) -> NeuronOrbit:
    """The orbit of a stratum under permutations of its neurons: equal neurons are exchanged within the stratum."""
    if tuple(codes) == (WHOLE,):
        return NeuronOrbit(1, 1)
    stabilizer = prod(factorial(number) for number in Counter(codes).values())
    return NeuronOrbit(factorial(len(codes)) // stabilizer, stabilizer)


def strata_by_orbit_counting(labelled: Mapping[int, int], width: int) -> int:
    """The number of strata over one function at width n from the numbers of labelled ones at the widths 1..n.

    (1/n!) sum_c s(n, c) L(c), with s(n, c) permutations of n with c cycles and L(c) labelled strata of width c.

    Args:
        labelled: L(c) for c = 1..n; a missing width counts 0.
        width: n.

    Guarantee: the orbit-counting identity. A labelled stratum of width n is fixed by a permutation iff it is constant
        on its cycles; and which sets of neurons realize a function depends on the codes that occur, not on how often,
        so those with c cycles correspond to the labelled strata of width c (docs/strata.md, docs/dataset.md).

    Raises:
        Refuted: the sum is not divisible by n!, so that some L(c) is wrong.
    """
    total = sum(number * labelled.get(cycles, 0) for cycles, number in _permutations_by_cycles(width).items())
    count, rest = divmod(total, factorial(width))
    if rest:
        raise Refuted(f"{total} fixed labelled strata are not a multiple of {width}!")
    return count


def _permutations_by_cycles(size: int) -> dict[int, int]:
    """Unsigned Stirling numbers of the first kind: s(n+1, c) = n s(n, c) + s(n, c-1)."""
    row = {0: 1}
    for n in range(size):
        row = {c: n * row.get(c, 0) + row.get(c - 1, 0) for c in range(n + 2)}
    return row


@dataclass(frozen=True)
class SymmetryOrbits:
    """Orbits of the strata of a problem under its symmetries.

    Attributes:
        order: of the group.
        orbits: labels, each orbit sorted.
        stabilizers: order of the stabilizer of each label.
    """

    order: int
    orbits: tuple[tuple[str, ...], ...]
    stabilizers: Mapping[str, int]


def symmetry_orbits(nodes: Iterable[Node], images: Sequence[Mapping[str, str]]) -> SymmetryOrbits:
    """The orbits of the strata under a finite group.

    Args:
        nodes: the strata.
        images: for every element of the group but the identity, the image of every label.

    Guarantee: checked, for every orbit, by |orbit| |stabilizer| = |group|, and for their number by the orbit-counting
        identity: it is the mean number of fixed strata of a group element.

    Raises:
        Refuted: an identity does not hold; then the images are not those of a group action.
    """
    labels = [node.label for node in nodes]
    order = len(images) + 1
    stabilizers = {label: 1 + sum(image[label] == label for image in images) for label in labels}
    seen: set[str] = set()
    orbits = []
    for label in labels:
        orbit = {label, *(image[label] for image in images)}
        if len(orbit) * stabilizers[label] != order:
            raise Refuted(f"the orbit of {label} has {len(orbit)} strata, its stabilizer order {stabilizers[label]}")
        if label not in seen:
            seen |= orbit
            orbits.append(tuple(sorted(orbit)))
    if len(orbits) * order != sum(stabilizers.values()):
        raise Refuted(f"{len(orbits)} orbits under a group of order {order} contradict the numbers of fixed strata")
    return SymmetryOrbits(order, tuple(orbits), stabilizers)
