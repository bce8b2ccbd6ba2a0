"""Embeddings of width n into width n + 1 (or n + 2): what a stratum becomes when a neuron is split or added.

The functions that both strata realize are the same, so an embedding maps critical points to critical points of the same
loss; whether it keeps the kind is what these edges show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from symbolic.graph.edges import WHOLE, Edge, EdgeKind, Node, Nodes

SPLIT, OPPOSITE, PAIR, ZERO = "split", "opposite split", "cancelling pair", "zero neuron"


class NeuronRules(Protocol):
    """What codes of neurons mean for embeddings, in one family."""

    def neutral(self, code: str) -> str:
        """What adding such a neuron is called if it can be added to every point without changing f; else ""."""

    def opposite(self, code: str) -> str | None:
        """The code of the same neuron with the outer weight of the other sign; None for neutral neurons."""


def embedding_edges(nodes: Nodes, rules: NeuronRules) -> Iterator[Edge]:
    """Every edge S -> T of the following kinds, S of width n and T of width n + 1 (n + 2 for a pair).

    - T = S and a neutral neuron: dead, zero, flat, ... (`via` is its name);
    - T = S and a neuron with a code that S has: one neuron (w, b, v) of S is split into (w, b, q v), (w, b, (1-q) v)
      with 0 < q < 1;
    - T = S and a neuron with the code opposite to one of S: the same with q > 1;
    - T = S and a cancelling pair (w, b, v), (w, b, -v) of which S has neither.

    Guarantee: every point of S is mapped into T, and f stays the same (docs/graph.md, "Embedding").
    """
    for node in nodes:
        if node.codes == (WHOLE,):
            smaller = nodes.whole(node.function, node.width - 1)
            if smaller is not None:
                yield Edge(smaller.label, node.label, EdgeKind.EMBEDDING, ZERO)
            continue
        yield from _into(nodes, node, rules)


def _into(nodes: Nodes, node: Node, rules: NeuronRules) -> Iterator[Edge]:
    for code in dict.fromkeys(node.codes):
        rest = _without(node.codes, code)
        smaller = nodes.find(node.function, rest)
        if smaller is not None:
            via = rules.neutral(code) or (SPLIT if code in rest else "")
            other = rules.opposite(code)
            via = via or (OPPOSITE if other in rest else "")
            if via:
                yield Edge(smaller.label, node.label, EdgeKind.EMBEDDING, via)
    yield from _pairs(nodes, node, rules.opposite)


def _pairs(nodes: Nodes, node: Node, opposite: Callable[[str], str | None]) -> Iterator[Edge]:
    for code in dict.fromkeys(node.codes):
        other = opposite(code)
        # Of the two members of a pair one is looked at.
        if other is None or not code < other or node.codes.count(code) != 1 or node.codes.count(other) != 1:
            continue
        smaller = nodes.find(node.function, _without(_without(node.codes, code), other))
        if smaller is not None:
            yield Edge(smaller.label, node.label, EdgeKind.EMBEDDING, PAIR)


def _without(codes: tuple[str, ...], code: str) -> tuple[str, ...]:
    position = codes.index(code)
    return codes[:position] + codes[position + 1 :]
