"""Pictures of the graph of a problem and of its disconnectivity tree as SVG, with full labels as titles."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape as xml
from typing import TYPE_CHECKING, Any

from catalog.disconnectivity import Leaf, Tree
from catalog.drawing import (
    COLOURS,
    MARKS,
    bent_edges,
    graph_picture,
    line_style,
    short_loss,
    short_name,
    tree_picture,
)

if TYPE_CHECKING:
    from catalog.graph import Graph


def to_svg(graph: Graph) -> str:
    """The picture as SVG, every node with its full label as a title."""
    picture = graph_picture(graph)
    cell, high, margin = 130.0, 90.0, 110.0
    width, height = picture.width * cell + 2 * margin, picture.height * high + 2 * 60

    def at(label: str) -> tuple[float, float]:
        x, y = picture.places[label]
        return margin + x * cell, height - 60 - y * high

    body = []
    for y, loss in picture.rows:
        level = height - 60 - y * high
        body.append(f'<line class="row" x1="70" y1="{level:.1f}" x2="{width - 20:.1f}" y2="{level:.1f}"/>')
        body.append(f'<text class="loss" x="6" y="{level + 4:.1f}">{xml(short_loss(loss))}</text>')
    for source, target, data, bend in bent_edges(graph, picture):
        body.append(_svg_edge(at(source), at(target), data, bend))
    for label, data in graph.nodes(data=True):
        x, y = at(label)
        title = "\n".join([label, *(f"{name} {value}" for name, value in data.items() if name != "function")])
        body.append(f"<g><title>{xml(title)}</title>{_svg_mark(MARKS[data['kind']], x, y)}")
        body.append(f'<text x="{x:.1f}" y="{y + 20:.1f}">{xml(short_name(label, graph))}</text></g>')
    return _svg(width, height, body, f"Graph of {graph.graph['problem']}")


def tree_svg(tree: Tree) -> str:
    """The tree as SVG."""
    branches, rows = tree_picture(tree)
    cell, high, margin = 90.0, 70.0, 110.0
    width = max((one.x for one in branches), default=0) * cell + 2 * margin
    height = max((one.y for one in branches), default=0) * high + 140

    def at(x: float, y: float) -> tuple[float, float]:
        return margin + x * cell, height - 70 - y * high

    body = []
    for y, loss in rows:
        level = at(0, y)[1]
        body.append(f'<line class="row" x1="70" y1="{level:.1f}" x2="{width - 20:.1f}" y2="{level:.1f}"/>')
        body.append(f'<text class="loss" x="6" y="{level + 4:.1f}">{xml(short_loss(loss))}</text>')
    for one in branches:
        x, y = at(one.x, one.y)
        if one.parent is not None:
            px, py = at(*one.parent)
            body.append(f'<path d="M {x:.1f} {y:.1f} L {x:.1f} {py:.1f} L {px:.1f} {py:.1f}" stroke="black"/>')
    for one in branches:
        x, y = at(one.x, one.y)
        if isinstance(one.node, Leaf):
            title = "\n".join([f"{one.node.kind}, loss {one.node.loss}", *one.node.strata])
            body.append(f"<g><title>{xml(title)}</title>{_svg_mark(MARKS[one.node.kind], x, y)}")
            body.append(f'<text x="{x:.1f}" y="{y + 20:.1f}">{xml(one.node.function.partition(":")[2])}</text></g>')
        else:
            title = "\n".join([f"loss at most {one.node.loss}, {one.node.evidence}", *one.node.strata])
            body.append(f"<g><title>{xml(title)}</title>")
            body.append(f'<text x="{x:.1f}" y="{y - 6:.1f}">{xml(one.node.evidence)}</text></g>')
    caption = "; ".join([f"Minima of {tree.problem} at width {tree.width}", *tree.notes])
    return _svg(width, height, body, caption)


def _svg_edge(start: tuple[float, float], end: tuple[float, float], data: Mapping[str, Any], bend: float) -> str:
    (x1, y1), (x2, y2) = start, end
    length = max(((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5, 1e-9)
    ux, uy = (x2 - x1) / length, (y2 - y1) / length
    x1, y1, x2, y2 = x1 + 9 * ux, y1 + 9 * uy, x2 - 9 * ux, y2 - 9 * uy
    mx, my = (x1 + x2) / 2 + bend * 2 * uy, (y1 + y2) / 2 - bend * 2 * ux
    dashes = {"dashed": ' stroke-dasharray="6 4"', "dotted": ' stroke-dasharray="2 4"'}.get(line_style(data), "")
    words = "; ".join(f"{name} {value}" for name, value in data.items())
    path = f"M {x1:.1f} {y1:.1f} Q {mx:.1f} {my:.1f} {x2:.1f} {y2:.1f}"
    colour = COLOURS[data["group"]]
    return (
        f'<path d="{path}" stroke="{colour}"{dashes} marker-end="url(#tip-{colour})"><title>{xml(words)}</title></path>'
    )


def _svg_mark(mark: str, x: float, y: float) -> str:
    if mark == "square":
        return f'<rect class="full" x="{x - 6:.1f}" y="{y - 6:.1f}" width="12" height="12"/>'
    if mark in ("disk", "circle"):
        return f'<circle class="{"full" if mark == "disk" else "open"}" cx="{x:.1f}" cy="{y:.1f}" r="6"/>'
    corners = [(0, -7), (7, 6), (-7, 6)] if mark == "triangle" else [(0, -7), (7, 0), (0, 7), (-7, 0)]
    points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in corners)
    return f'<polygon class="open" points="{points}"/>'


def _svg(width: float, height: float, body: list[str], title: str) -> str:
    tips = "".join(
        f'<marker id="tip-{colour}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        f'orient="auto"><path class="tip" d="M 0 0 L 8 4 L 0 8 z" fill="{colour}"/></marker>'
        for colour in sorted(set(COLOURS.values()))
    )
    style = (
        "text{font:10px monospace;text-anchor:middle}text.loss{text-anchor:start}path{fill:none}"
        "path.tip{fill:context-stroke}.full{fill:#264653}.open{fill:white;stroke:#264653;stroke-width:1.5}"
        "line.row{stroke:#ddd}"
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
            f'viewBox="0 0 {width:.0f} {height:.0f}">',
            f"<title>{xml(title)}</title><style>{style}</style><defs>{tips}</defs>",
            f'<rect width="100%" height="100%" fill="white"/><text x="{width / 2:.1f}" y="20">{xml(title)}</text>',
            *body,
            "</svg>",
        ]
    )
