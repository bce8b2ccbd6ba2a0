"""Where things stand in a picture of a graph or of a disconnectivity tree, and how they look.

Positions are in units of one cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from catalog.disconnectivity import Join, Leaf, Tree

if TYPE_CHECKING:
    from catalog.graph import Graph

ROW = 14
"""Nodes in one row at most; more of one loss take several rows."""

SWEEPS = 6

CLOSE = 0.12
"""A line passes through a node if it comes as near as this to it in its row, in cells."""

COLOURS = {"transition": "black", "chain": "black", "embedding": "blue", "closure": "gray", "symmetry": "red"}
MARKS = {
    "global_minimum": "square",
    "local_minimum": "disk",
    "strict_saddle": "triangle",
    "saddle": "diamond",
    "undecided": "circle",
    "unidentified": "circle",
}


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
    """Rows by loss, the largest on top, and for one loss by dimension; in a row every node near the mean of its
    neighbours (barycenter sweeps).

    A node without loss (an unidentified end) stands below all others.
    """
    levels: dict[tuple[int, int], list[str]] = {}
    for label, data in graph.nodes(data=True):
        levels.setdefault((data.get("loss_rank", -1), data.get("dimension", 0)), []).append(label)
    rows: list[list[str]] = []
    for level in sorted(levels):
        labels = sorted(levels[level])
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
    told: list[tuple[float, str]] = []
    for y, row in enumerate(rows):
        loss = graph.nodes[row[0]].get("loss")
        # Several rows of one loss are told once.
        if loss is not None and (not told or told[-1][1] != loss):
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
    """The branches of a tree, and the losses of the rows; heights in the exact order of the losses, not to scale."""
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


def bent_edges(graph: Graph, picture: Picture) -> list[tuple[str, str, Mapping[str, Any], float]]:
    """Edges with a bend each, so that several between two nodes, and those along a row, can be told apart; edges that
    look the same are drawn once. An edge that would run through other nodes is bent around them,
    in turn to either side."""
    standing: dict[float, list[float]] = {}
    for x, y in picture.places.values():
        standing.setdefault(y, []).append(x)
    side = 1.0
    seen: dict[tuple[str, str], int] = {}
    drawn = set()
    found: list[tuple[str, str, Mapping[str, Any], float]] = []
    for source, target, data in graph.edges(data=True):
        pair = (min(source, target), max(source, target))
        ends = pair if data["group"] == "symmetry" else (source, target)
        look = (*ends, data["group"], line_style(data))
        if look in drawn or source == target:
            continue
        drawn.add(look)
        number = seen.get(pair, 0)
        seen[pair] = number + 1
        start, end = picture.places[source], picture.places[target]
        bend = 20.0 if start[1] == end[1] else side * _around(start, end, standing)
        side = side if bend == 0 or start[1] == end[1] else -side
        found.append((source, target, data, 8.0 * number + bend))
    return found


def _around(start: tuple[float, float], end: tuple[float, float], standing: Mapping[float, list[float]]) -> float:
    """The bend of a line between two rows: 0 if it meets no node of a row between."""
    (x1, y1), (x2, y2) = sorted((start, end), key=lambda place: place[1])
    for y in range(int(y1) + 1, int(y2)):
        x = x1 + (x2 - x1) * (y - y1) / (y2 - y1)
        if any(abs(x - other) < CLOSE for other in standing.get(float(y), ())):
            return 12.0 + 8.0 * min(y2 - y1, 6.0)
    return 0.0


def line_style(data: Mapping[str, Any]) -> str:
    """How the line of an edge is drawn: solid where it is proved or certified."""
    if data["group"] == "closure":
        return "dotted"
    return "dashed" if data["evidence"] == "numerical" else "solid"


def short_name(label: str, graph: Graph) -> str:
    """The short name of a node: the label without the problem."""
    return label.removeprefix(f"{graph.graph['problem']}:")


def short_loss(loss: str) -> str:
    """The leading digits of a loss, for the eye: cut off, with dots."""
    return loss if len(loss) <= 9 or "e" in loss else f"{loss[:9]}..."
