"""SVG pictures of graphs and trees: nothing is cut off, nothing stands on anything else, and marks are explained."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from itertools import combinations, pairwise
from typing import Any

import networkx
import pytest

from catalog.disconnectivity import disconnectivity_tree
from catalog.drawing import CLOSE, bent_edges, graph_picture
from catalog.graph_svg import to_svg, tree_svg

SPACE = "{http://www.w3.org/2000/svg}"
LETTER, HIGH = 6.0, 10.0

Box = tuple[float, float, float, float]


def graph(level: str = "strata") -> Any:
    """A column of four critical functions, a wide row of long labels, and edges of every sort."""
    found = networkx.MultiDiGraph(problem="p", widths=[1, 2], level=level)
    kinds = ("global_minimum", "local_minimum", "strict_saddle", "saddle")
    for rank, kind in enumerate(kinds):
        loss = f"{rank}.23456789012"
        found.add_node(f"p:s{rank}@2:dead", function=f"p:s{rank}", kind=kind, loss=loss, loss_rank=rank, width=2,
                       dimension=1)
    for i in range(5):
        label = f"p:wide{i}@2:k1+p.k2-n.k3+z"
        found.add_node(label, function=f"p:wide{i}", kind="undecided", loss="7", loss_rank=9, width=2, dimension=1)
    for high in range(1, 4):
        for low in range(high):
            found.add_edge(f"p:s{high}@2:dead", f"p:s{low}@2:dead", group="transition", kind="escape",
                           evidence="numerical" if low else "proved")
    first, last = (f"p:wide{i}@2:k1+p.k2-n.k3+z" for i in (0, 4))
    found.add_edge(first, last, group="symmetry", kind="r", evidence="proved")
    return found


def texts(root: ElementTree.Element) -> list[tuple[str, Box]]:
    """Every text with the box it takes, in a font of the width of the style sheet."""
    found = []

    def walk(node: ElementTree.Element, dx: float, dy: float) -> None:
        moved = re.fullmatch(r"translate\((\S+) (\S+)\)", node.get("transform", ""))
        if moved:
            dx, dy = dx + float(moved[1]), dy + float(moved[2])
        if node.tag == f"{SPACE}text":
            words = node.text or ""
            x, y, wide = float(node.get("x", 0)) + dx, float(node.get("y", 0)) + dy, LETTER * len(words)
            left = x if node.get("class") == "loss" else x - wide / 2
            found.append((words, (left, y - HIGH, left + wide, y)))
        for child in node:
            walk(child, dx, dy)

    walk(root, 0.0, 0.0)
    return found


def check(text: str) -> list[str]:
    root = ElementTree.fromstring(text)
    width, height = float(root.get("width", 0)), float(root.get("height", 0))
    boxes = texts(root)
    for words, (left, top, right, bottom) in boxes:
        assert 0 <= left <= right <= width, words
        assert 0 <= top <= bottom <= height, words
    for (one, a), (other, b) in combinations(boxes, 2):
        wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
        assert wide <= 0 or high <= 0, (one, other)
    return [words for words, _ in boxes]


@pytest.mark.parametrize("level", ["strata", "functions"])
def test_labels_of_a_graph_are_apart_and_on_the_page(level: str) -> None:
    words = check(to_svg(graph(level)))
    assert all(words.count(f"{rank}.2345678...") == 1 for rank in range(4))
    for told in ("global minimum", "local minimum", "strict saddle", "saddle", "undecided", "transition",
                 "transition, numerical", "symmetry"):
        assert words.count(told) == 1
    assert "embedding" not in words


def test_a_long_caption_of_a_tree_is_wrapped() -> None:
    some = graph()
    some.remove_edges_from(list(some.edges))
    tree = disconnectivity_tree(some, 2)
    assert len("; ".join(tree.notes)) > 60
    words = check(tree_svg(tree))
    lines = words[: words.index(next(one for one in words if one[0].isdigit() or one == "global minimum"))]
    assert len(lines) > 1
    assert " ".join(lines).startswith("Minima of p at width 2;")


def test_edges_go_around_the_nodes_between_their_ends() -> None:
    some = graph()
    picture = graph_picture(some)
    column = [picture.places[f"p:s{rank}@2:dead"] for rank in range(4)]
    assert len({x for x, _ in column}) == 1
    bends = {(source[2:4], target[2:4]): bend for source, target, _, bend in bent_edges(some, picture)}
    for high in range(1, 4):
        for low in range(high):
            assert (abs(bends[f"s{high}", f"s{low}"]) > 10) == (high - low > 1)
    around = [bend for bend in bends.values() if abs(bend) > 10 and bend != 20]
    assert {one > 0 for one in around} == {True, False}
    assert all(b[1] - a[1] == 1 for a, b in pairwise(column))
    assert 0 < CLOSE < 0.5


def test_a_symmetry_has_no_direction() -> None:
    root = ElementTree.fromstring(to_svg(graph()))
    tips = {path.get("stroke"): path.get("marker-end") for path in root.iterfind(f"{SPACE}path")}
    assert tips == {"red": None, "black": "url(#tip-black)"}
