"""Embeddings and orbit counts of the strata of a teacher problem (docs/graph.md).

A stratum is an orbit under permutations of rows and teachers: for each class of rays, on how many rows each ray is
shared. Symmetries of the problem are in the orbits already. The strata over one function at one width have one
dimension, and a row that vanishes is in none, so there are no closures between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import comb, factorial

from symbolic.graph.consistency import contradictions
from symbolic.graph.edges import Edge, EdgeKind, Node, Nodes, ProvedEdges

SPLIT = "split"


def teacher_proved_edges(nodes: Nodes, sizes: Mapping[str, int], teachers: int) -> ProvedEdges:
    """The proved edges between the strata of a teacher problem: embeddings. Contradictions are doubts.

    Args:
        nodes: the strata of some widths.
        sizes: the size of the orbit of each, by label.
        teachers: their number k.

    Guarantee: that of `teacher_edges`.
    """
    edges = tuple(teacher_edges(nodes))
    kinds = contradictions(edges, {node.label: node.kind for node in nodes})
    return ProvedEdges(edges, (), (*kinds, *orbit_contradictions(nodes, sizes, teachers)))


def teacher_edges(nodes: Nodes) -> Iterator[Edge]:
    """Embeddings of width n into width n + 1 over one function: a row (1 - q) w, q w for a row w, 0 < q < 1.

    Guarantee: every point of the source is mapped into the target, and the network stays the same: the rays of the
        target are those of the source, one of them on one row more. Where classes of rays can be exchanged, a stratum
        is named after one of its images, and an edge that is seen in another image only is left out.
    """
    known = {(node.function, node.width, copies_of(node)): node for node in nodes}
    for node in nodes:
        for smaller in dict.fromkeys(_with_a_row_less(copies_of(node))):
            source = known.get((node.function, node.width - 1, smaller))
            if source is not None:
                yield Edge(source.label, node.label, EdgeKind.EMBEDDING, SPLIT)


def copies_of(node: Node) -> tuple[tuple[int, ...], ...]:
    """The numbers of rows on the rays of each class, decreasing, from the codes `<rays>x<rows>-...` of a stratum."""
    found = []
    for code in node.codes:
        numbers: list[int] = []
        for part in code.split("-"):
            rays, _, rows = part.partition("x")
            numbers += [int(rows)] * int(rays)
        found.append(tuple(sorted(numbers, reverse=True)))
    return tuple(found)


def _with_a_row_less(copies: tuple[tuple[int, ...], ...]) -> Iterator[tuple[tuple[int, ...], ...]]:
    for i, numbers in enumerate(copies):
        for j, value in enumerate(numbers):
            if value > 1:
                fewer = tuple(sorted((*numbers[:j], value - 1, *numbers[j + 1 :]), reverse=True))
                yield (*copies[:i], fewer, *copies[i + 1 :])


def orbit_contradictions(nodes: Iterable[Node], sizes: Mapping[str, int], teachers: int) -> Iterator[str]:
    """Functions whose strata of one width have orbits of the wrong sizes, in words; there is none in a correct catalog.

    Args:
        nodes: all strata of some widths over some functions.
        sizes: the size of the orbit of each, by label.
        teachers: their number k.

    Guarantee: an orbit of S_n x S_k divides n! k!. With m rays the points of all strata of width n over a function are
        given by one of the images of its set of rays under S_k, and a map of the n rows onto the m rays; so the sizes
        add up to s surj(n, m), s the number of these images, which divides k! and is the same for all widths.
    """
    groups: dict[tuple[str, int], list[Node]] = {}
    for node in nodes:
        groups.setdefault((node.function, node.width), []).append(node)
    images: dict[str, int] = {}
    for (function, width), group in groups.items():
        for node in group:
            if factorial(width) * factorial(teachers) % sizes[node.label]:
                yield f"the orbit of {node.label} has {sizes[node.label]} elements, no divisor of {width}! {teachers}!"
        rays = sum(map(len, copies_of(group[0])))
        total, maps = sum(sizes[node.label] for node in group), surjections(width, rays)
        number, rest = divmod(total, maps)
        if rest or factorial(teachers) % max(number, 1):
            yield f"the orbits over {function} at width {width} have {total} elements, no multiple of {maps}"
        elif images.setdefault(function, number) != number:
            yield f"{function} has {images[function]} sets of rays at one width and {number} at width {width}"


def surjections(rows: int, rays: int) -> int:
    """The number of maps of n rows onto m rays, by inclusion and exclusion."""
    return sum((-1) ** i * comb(rays, i) * (rays - i) ** rows for i in range(rays + 1))
