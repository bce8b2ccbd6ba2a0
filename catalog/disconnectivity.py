"""The disconnectivity tree: minima as leaves, joined at the lowest loss at which they are known to be connected.

Strata that closure edges join over one function make up one *level set*: between them the loss need not rise. A leaf is
such a set that holds a minimum, up to permutations of the neurons. Two leaves are joined at the loss of the highest
stratum on the lowest path of transitions and closures between them. That loss is an exact upper bound of the barrier
between some point of the one and some point of the other; a lower path that the catalog does not know may exist, so it
is not called the barrier.

The evidence of a join is that of the weakest step on the best path of this height: of its transitions, and of the
strata it passes, which must be connected (docs/graph.md, "Connected strata"): where that is not proved, a step counts
as numerical.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from catalog.errors import CatalogError
from catalog.graph import EVIDENCE, MINIMA
from catalog.graph_views import at_width
from catalog.packed_strata import codes_of

if TYPE_CHECKING:
    from catalog.graph import Graph

AFFINE = ("act", "ina")


@dataclass(frozen=True)
class Leaf:
    """Connected strata over one function, at least one of them a minimum.

    Attributes:
        function: their function, with its loss.
        kind: global_minimum if one of them is, else local_minimum.
        strata: labels of all the minima among them.
        loss_rank, loss: of the function.
    """

    function: str
    kind: str
    strata: tuple[str, ...]
    loss_rank: int
    loss: str


@dataclass(frozen=True)
class Join:
    """Leaves and joins that are known to be connected at a loss, and not known to be below it.

    Attributes:
        children: at least two.
        strata: saddles at this loss out of which transitions connect the children.
        evidence: how it is known that all of them are connected at this loss.
        loss_rank, loss: the height.
    """

    children: tuple[Leaf | Join, ...]
    strata: tuple[str, ...]
    evidence: str
    loss_rank: int
    loss: str

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        return tuple(leaf for child in self.children for leaf in leaves_of(child))


@dataclass(frozen=True)
class Tree:
    """The roots: leaves or joins that are not known to be connected with each other.

    `notes` say what has to be known of it.
    """

    problem: str
    width: int
    roots: tuple[Leaf | Join, ...]
    notes: tuple[str, ...]


def leaves_of(node: Leaf | Join) -> tuple[Leaf, ...]:
    """The leaves below a node of a tree."""
    return node.leaves if isinstance(node, Join) else (node,)


def disconnectivity_tree(graph: Graph, width: int, evidence: str = "numerical") -> Tree:
    """The tree of the minima of one width.

    Args:
        graph: with closure and transition edges (`catalog.graph.graph_of`).
        width: number of neurons.
        evidence: only steps that are known at least so well.

    Guarantee: heights are compared exactly, equal losses make one join of all they connect. A height is an upper bound
        of the barrier, known as well as `evidence` of the join says; nothing is said about lower paths.

    Raises:
        CatalogError: a width without strata in the graph, or unknown evidence.
    """
    if evidence not in EVIDENCE:
        raise CatalogError(f"unknown evidence {evidence!r}; choose from {', '.join(EVIDENCE)}")
    here = at_width(graph, width)
    strata = {label: data for label, data in here.nodes(data=True) if "loss_rank" in data}
    if not strata:
        raise CatalogError(f"the graph of {graph.graph['problem']} has no strata of width {width}")
    steps = _steps(here, strata)
    level = _Partition(strata)
    for step in steps:
        if step.is_level:
            level.join(step.source, step.target)
    leaves = _leaves(level, strata)
    allowed = EVIDENCE[: EVIDENCE.index(evidence) + 1]
    roots = _grow(leaves, [step for step in steps if step.evidence in allowed or step.is_level], level, strata)
    return Tree(graph.graph["problem"], width, tuple(sorted(roots, key=_place)), tuple(_notes(strata, roots, steps)))


def _place(node: Leaf | Join) -> tuple[int, tuple[str, ...]]:
    """Where a node stands among its sisters: by its least loss."""
    return min((leaf.loss_rank, leaf.strata) for leaf in leaves_of(node))


@dataclass(frozen=True)
class _Step:
    source: str
    target: str
    is_level: bool
    rank: int
    evidence: str


def _steps(graph: Graph, strata: dict[str, dict[str, Any]]) -> list[_Step]:
    """Closure and transition edges between strata; the height of a step is that of its source."""
    found = []
    for source, target, data in graph.edges(data=True):
        if data["group"] not in ("closure", "transition") or source not in strata or target not in strata:
            continue
        ends = [_connected(source), _connected(target), data["evidence"]]
        weakest = max(ends, key=EVIDENCE.index)
        found.append(_Step(source, target, data["group"] == "closure", strata[source]["loss_rank"], weakest))
    return found


def _connected(label: str) -> str:
    """How it is known that any two points of a stratum are connected in it."""
    codes = codes_of(label)
    return "numerical" if codes == ["all"] or sum(code in AFFINE for code in codes) == 1 else "proved"


class _Partition:
    """Disjoint sets of labels."""

    def __init__(self, labels: Iterable[str]) -> None:
        self._parent = {label: label for label in labels}

    def root(self, label: str) -> str:
        while self._parent[label] != label:
            self._parent[label] = self._parent[self._parent[label]]
            label = self._parent[label]
        return label

    def join(self, one: str, other: str) -> None:
        first, second = sorted((self.root(one), self.root(other)))
        self._parent[second] = first


def _leaves(level: _Partition, strata: dict[str, dict[str, Any]]) -> dict[str, Leaf]:
    """By the root of each level set with a minimum."""
    members: dict[str, list[str]] = {}
    for label, data in strata.items():
        if data["kind"] in MINIMA:
            members.setdefault(level.root(label), []).append(label)
    leaves = {}
    for root, labels in members.items():
        data = strata[labels[0]]
        kind = min((strata[label]["kind"] for label in labels), key=MINIMA.index)
        leaves[root] = Leaf(data["function"], kind, tuple(sorted(labels)), data["loss_rank"], data["loss"])
    return leaves


def _grow(
    leaves: dict[str, Leaf], steps: Sequence[_Step], level: _Partition, strata: dict[str, dict[str, Any]]
) -> list[Leaf | Join]:
    """Kruskal's algorithm by exact heights: all steps of one height are taken together."""
    joined = _Partition(strata)
    for label in strata:
        joined.join(label, level.root(label))
    top: dict[str, Leaf | Join] = {joined.root(root): leaf for root, leaf in leaves.items()}
    some_leaf = {leaf: leaf.strata[0] for leaf in leaves.values()}
    by_rank: dict[int, list[_Step]] = {}
    for step in steps:
        if not step.is_level:
            by_rank.setdefault(step.rank, []).append(step)
    for rank, here in sorted(by_rank.items()):
        for step in here:
            joined.join(step.source, step.target)
        merged: dict[str, list[Leaf | Join]] = {}
        for root, node in top.items():
            merged.setdefault(joined.root(root), []).append(node)
        top = {}
        for root, nodes in merged.items():
            if len(nodes) == 1:
                top[root] = nodes[0]
                continue
            saddles = sorted({step.source for step in here if joined.root(step.source) == root})
            below = [step for step in steps if step.rank <= rank]
            ends = [some_leaf[leaf] for node in nodes for leaf in leaves_of(node)]
            loss, known = strata[saddles[0]]["loss"], _evidence(ends, below, strata)
            top[root] = Join(tuple(sorted(nodes, key=_place)), tuple(saddles), known, rank, loss)
    return list(top.values())


def _evidence(ends: Sequence[str], steps: Sequence[_Step], strata: Iterable[str]) -> str:
    """The strongest evidence with which steps known at least so well connect all the ends."""
    for position, name in enumerate(EVIDENCE):
        part = _Partition(strata)
        for step in steps:
            if EVIDENCE.index(step.evidence) <= position:
                part.join(step.source, step.target)
        if len({part.root(end) for end in ends}) == 1:
            return name
    return EVIDENCE[-1]


def _notes(strata: dict[str, dict[str, Any]], roots: Sequence[Leaf | Join], steps: Sequence[_Step]) -> list[str]:
    notes = []
    open_kinds = sum(data["kind"] == "undecided" for data in strata.values())
    if open_kinds:
        notes.append(f"{open_kinds} strata of undecided kind are no leaves")
    if any(_connected(label) != "proved" for label in strata):
        notes.append("a stratum with one neuron that is affine on [a, b] may consist of several parts")
    if not any(not step.is_level for step in steps):
        notes.append("there are no transitions between these strata in the graph")
    if len(roots) > 1:
        notes.append(f"the {len(roots)} parts are not known to be connected with each other")
    return notes


def tree_record(tree: Tree) -> dict[str, Any]:
    """The tree as JSON: nested `{"loss", "evidence", "strata", "children"}` and leaves `{"loss", "kind", ...}`."""
    return {
        "problem": tree.problem,
        "width": tree.width,
        "notes": list(tree.notes),
        "roots": [_record(root) for root in tree.roots],
    }


def _record(node: Leaf | Join) -> dict[str, Any]:
    if isinstance(node, Leaf):
        return {"function": node.function, "kind": node.kind, "loss": node.loss, "strata": list(node.strata)}
    return {
        "loss": node.loss,
        "evidence": node.evidence,
        "strata": list(node.strata),
        "children": [_record(child) for child in node.children],
    }
