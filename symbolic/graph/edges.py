"""Strata as nodes of the graph of one problem, and the edges between them that are proved (docs/graph.md)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from symbolic.problem import Kind

if TYPE_CHECKING:
    from symbolic.graph.symmetries import Symmetry

WHOLE = "all"
"""The code of the one stratum of all parameters that realize the target itself."""


class EdgeKind(StrEnum):
    """What a proved edge says.

    SYMMETRY: a symmetry of the problem maps the source onto the target. EMBEDDING: an embedding into a larger width
    maps every point of the source into the target. CLOSURE: the source is contained in the closure of the target.
    """

    SYMMETRY = "symmetry"
    EMBEDDING = "embedding"
    CLOSURE = "closure"


@dataclass(frozen=True)
class Node:
    """A stratum: its label and function, its width, and one code for what each neuron does."""

    label: str
    function: str
    width: int
    codes: tuple[str, ...]
    kind: Kind


@dataclass(frozen=True)
class Edge:
    """A proved edge between two strata, given by labels; `via` names the symmetry or the embedding."""

    source: str
    target: str
    kind: EdgeKind
    via: str


Key = tuple[str, int, tuple[str, ...]]


class Nodes:
    """The strata of one problem, found by what their neurons do."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.all = tuple(nodes)
        self.by_label = {node.label: node for node in self.all}
        self._by_key: dict[Key, Node] = {(n.function, n.width, tuple(sorted(n.codes))): n for n in self.all}
        self.widths = tuple(sorted({node.width for node in self.all}))

    def __iter__(self) -> Iterator[Node]:
        return iter(self.all)

    def __len__(self) -> int:
        return len(self.all)

    def find(self, function: str, codes: Sequence[str]) -> Node | None:
        """The stratum over a function with these neurons, in any order."""
        width = len(codes)
        return self._by_key.get((function, width, tuple(sorted(codes))))

    def whole(self, function: str, width: int) -> Node | None:
        """The stratum of all parameters of a width that realize the target."""
        return self._by_key.get((function, width, (WHOLE,)))

    def groups(self) -> dict[tuple[str, int], list[Node]]:
        """The strata of each function and width."""
        found: dict[tuple[str, int], list[Node]] = {}
        for node in self.all:
            found.setdefault((node.function, node.width), []).append(node)
        return found


def node_codes(label: str) -> tuple[str, ...]:
    """The codes of the neurons in the label of a stratum."""
    return tuple(label.rpartition("@")[2].partition(":")[2].split("."))


@dataclass(frozen=True)
class ProvedEdges:
    """Edges, the symmetries behind some of them, and what is missing.

    Attributes:
        edges: every one is proved.
        symmetries: all but the identity, where symmetry edges were asked for.
        doubts: what was not looked at or not identified, and contradictions between edges and kinds; empty normally.
    """

    edges: tuple[Edge, ...]
    symmetries: tuple[Symmetry, ...]
    doubts: tuple[str, ...]
