"""What proved edges say about the kinds of the strata they join: an independent check of the kinds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from symbolic.graph.edges import Edge, EdgeKind
from symbolic.problem import Kind

MINIMA = frozenset({Kind.GLOBAL_MINIMUM, Kind.LOCAL_MINIMUM})
SADDLES = frozenset({Kind.SADDLE, Kind.STRICT_SADDLE})


def contradictions(edges: Iterable[Edge], kinds: Mapping[str, Kind]) -> Iterator[str]:
    """Edges whose ends cannot both be what they are said to be, in words; there is none in a correct catalog.

    A symmetry keeps the kind. In the closure of a saddle there is no local minimum: near such a point are points of the
    same loss that are no minima. A saddle is embedded in no local minimum: the added or split neuron can be kept while
    the others descend.
    """
    for edge in edges:
        source, target = kinds[edge.source], kinds[edge.target]
        low, high = source, target
        if edge.kind is EdgeKind.SYMMETRY:
            if source is not target:
                yield f"{edge.source} is a {source}, its image {edge.target} a {target}"
            continue
        if edge.kind is EdgeKind.EMBEDDING:
            low, high = target, source
        if high in SADDLES and low in MINIMA:
            yield f"{edge.source} is a {source} and {edge.target} a {target}, against the {edge.kind} edge"


def decided_by_closure(edges: Iterable[Edge], kinds: Mapping[str, Kind]) -> dict[str, str]:
    """Strata of undecided kind that are no local minima, because they lie in the closure of a saddle or hold an
    embedded one; with the saddle."""
    found: dict[str, str] = {}
    for edge in edges:
        if edge.kind is EdgeKind.SYMMETRY:
            continue
        saddle, other = (edge.target, edge.source) if edge.kind is EdgeKind.CLOSURE else (edge.source, edge.target)
        if kinds[other] is Kind.UNDECIDED and kinds[saddle] in SADDLES:
            found.setdefault(other, saddle)
    return found
