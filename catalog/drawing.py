"""Where things stand in a picture of a graph or of a disconnectivity tree; positions in units of one cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalog.disconnectivity import Join, Leaf, Tree

if TYPE_CHECKING:
    from catalog.graph import Graph

ROW = 14
"""Nodes in one row at most; more of one loss take several rows."""

SWEEPS = 6


@dataclass(frozen=True)
class Picture:
    """Positions of the nodes, with the loss at the height of each row; y grows upward with the loss."""

    places: dict[str, tuple[float, float]]
    rows: tuple[tuple[float, str], ...]

    @property
    def width(self) -> float:
        return max((x for x, _ in self.places.values()), default=0.0)

    @property
    def height(self) -> float:
        return max((y for _, y in self.places.values()), default=0.0)


def graph_picture(graph: Graph) -> Picture:
    """Rows by loss, the largest on top; in a row every node near the mean of its neighbours (barycenter sweeps).

    A node without loss (an unidentified end) stands below all others.
    """
    ranks: dict[int, list[str]] = {}
    for label, data in graph.nodes(data=True):
        ranks.setdefault(data.get("loss_rank", -1), []).append(label)
    rows: list[list[str]] = []
    for rank in sorted(ranks):
        labels = sorted(ranks[rank])
        rows += [labels[i : i + ROW] for i in range(0, len(labels), ROW)]
    neighbours = {label: sorted({*graph.predecessors(label), *graph.successors(label)} - {label}) for label in graph}
    places: dict[str, float] = {}
    widest = max(map(len, rows), default=0)
    for row in rows:
        _spread(row, widest, places)
    for _ in range(SWEEPS):
        for row in rows:
            row.sort(key=lambda label: (_mean([places[one] for one in neighbours[label]], places[label]), label))
            _spread(row, widest, places)
        rows.reverse()
    heights = {label: float(y) for y, row in enumerate(rows) for label in row}
    told = []
    for y, row in enumerate(rows):
        loss = graph.nodes[row[0]].get("loss")
        if loss is not None and (y == 0 or graph.nodes[rows[y - 1][0]].get("loss_rank") != graph.nodes[row[0]]["loss_rank"]):
            told.append((float(y), str(loss)))
    return Picture({label: (places[label], heights[label]) for label in graph}, tuple(told))


def _spread(row: list[str], widest: int, places: dict[str, float]) -> None:
    start = (widest - len(row)) / 2
    for i, label in enumerate(row):
        places[label] = start + i


def _mean(values: list[float], default: float) -> float:
    return sum(values) / len(values) if values else default


@dataclass(frozen=True)
class Branch:
    """A node of a drawn tree: where it stands, and where its parent's line begins (None for a root)."""

    node: Leaf | Join
    x: float
    y: float
    parent: tuple[float, float] | None


def tree_picture(tree: Tree) -> tuple[list[Branch], list[tuple[float, str]]]:
    """The branches of a tree, and the losses of the rows. Heights are in the exact order of the losses, not to scale."""
    ranks: dict[int, str] = {}

    def collect(node: Leaf | Join) -> None:
        ranks[node.loss_rank] = node.loss
        for child in node.children if isinstance(node, Join) else ():
            collect(child)

    for root in tree.roots:
        collect(root)
    row = {rank: float(y) for y, rank in enumerate(sorted(ranks))}
    branches: list[Branch] = []
    next_leaf = 0

    def place(node: Leaf | Join) -> float:
        nonlocal next_leaf
        y = row[node.loss_rank]
        if isinstance(node, Leaf):
            x = float(next_leaf)
            next_leaf += 1
        else:
            first = len(branches)
            xs = [place(child) for child in node.children]
            x = (xs[0] + xs[-1]) / 2
            for i in range(first, len(branches)):
                if branches[i].parent is None:
                    branches[i] = Branch(branches[i].node, branches[i].x, branches[i].y, (x, y))
        branches.append(Branch(node, x, y, None))
        return x

    for root in tree.roots:
        place(root)
    return branches, [(row[rank], ranks[rank]) for rank in sorted(ranks)]
