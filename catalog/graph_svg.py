"""Pictures of the graph of a problem and of its disconnectivity tree as SVG, with full labels as titles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape as xml
from textwrap import wrap
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

CHARACTER = 6.05
"""Width of a letter of the font, in pixels."""

LINE = 16.0
"""Height of a line of the caption or of the legend."""

LEFT = 84.0
"""Where the lines of equal loss begin, to the right of their numbers."""

NARROWEST = 420.0

EDGES = {"transition": "transition", "chain": "chain", "embedding": "embedding", "closure": "in the closure of",
         "symmetry": "symmetry"}


def to_svg(graph: Graph) -> str:
    """The picture as SVG, every node with its full label as a title."""
    picture = graph_picture(graph)
    edges = bent_edges(graph, picture)
    names = {label: short_name(label, graph) for label in graph}
    longest = max(map(len, names.values()), default=0) * CHARACTER
    cell, high, margin = max(130.0, longest + 14), 90.0, max(110.0, LEFT + longest / 2)
    width = max(picture.width * cell + 2 * margin, NARROWEST)
    words = "critical functions" if graph.graph.get("level") == "functions" else "critical strata"
    caption = _lines(f"Graph of the {words} of {graph.graph['problem']}", width)
    legend = _legend({data["kind"] for _, data in graph.nodes(data=True)}, [data for *_, data, _ in edges], width)
    bottom = 50 + LINE * len(legend)
    height = picture.height * high + bottom + 50 + LINE * len(caption)
    shift = (width - picture.width * cell) / 2

    def at(label: str) -> tuple[float, float]:
        x, y = picture.places[label]
        return shift + x * cell, height - bottom - y * high

    body = [*_legend_at(legend, height)]
    for y, loss in picture.rows:
        body += _row(height - bottom - y * high, loss, width)
    for source, target, data, bend in edges:
        body.append(_svg_edge(at(source), at(target), data, bend))
    for label, data in graph.nodes(data=True):
        x, y = at(label)
        title = "\n".join([label, *(f"{name} {value}" for name, value in data.items() if name != "function")])
        body.append(f"<g><title>{xml(title)}</title>{_svg_mark(MARKS[data['kind']], x, y)}")
        body.append(f'<text x="{x:.1f}" y="{y + 20:.1f}">{xml(names[label])}</text></g>')
    return _svg(width, height, body, caption)


def tree_svg(tree: Tree) -> str:
    """The tree as SVG."""
    branches, rows = tree_picture(tree)
    leaves = [one.node for one in branches if isinstance(one.node, Leaf)]
    names = {leaf.function: leaf.function.partition(":")[2] for leaf in leaves}
    longest = max(map(len, names.values()), default=0) * CHARACTER
    cell, high, margin = max(90.0, longest + 14), 70.0, max(110.0, LEFT + longest / 2)
    broad = max((one.x for one in branches), default=0) * cell
    width = max(broad + 2 * margin, NARROWEST)
    caption = _lines("; ".join([f"Minima of {tree.problem} at width {tree.width}", *tree.notes]), width)
    legend = _legend({leaf.kind for leaf in leaves}, [], width)
    bottom = 50 + LINE * len(legend)
    height = max((one.y for one in branches), default=0) * high + bottom + 50 + LINE * len(caption)
    shift = (width - broad) / 2

    def at(x: float, y: float) -> tuple[float, float]:
        return shift + x * cell, height - bottom - y * high

    body = [*_legend_at(legend, height)]
    for y, loss in rows:
        body += _row(at(0, y)[1], loss, width)
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
            body.append(f'<text x="{x:.1f}" y="{y + 20:.1f}">{xml(names[one.node.function])}</text></g>')
        else:
            title = "\n".join([f"loss at most {one.node.loss}, {one.node.evidence}", *one.node.strata])
            body.append(f"<g><title>{xml(title)}</title>")
            body.append(f'<text x="{x:.1f}" y="{y - 6:.1f}">{xml(one.node.evidence)}</text></g>')
    return _svg(width, height, body, caption)


def _lines(text: str, width: float) -> list[str]:
    return wrap(text, int((width - 20) / CHARACTER))


def _row(level: float, loss: str, width: float) -> list[str]:
    """The line of one loss, and the loss."""
    return [
        f'<line class="row" x1="{LEFT:.0f}" y1="{level:.1f}" x2="{width - 20:.1f}" y2="{level:.1f}"/>',
        f'<text class="loss" x="6" y="{level + 4:.1f}">{xml(short_loss(loss))}</text>',
    ]


def _legend(kinds: Iterable[str], edges: Iterable[Mapping[str, Any]], width: float) -> list[list[tuple[float, str]]]:
    """What the marks and lines that occur mean, in lines of entries, each with its place and its SVG at height 0."""
    found = set(kinds)
    entries = [(_svg_mark(mark, 0, 0), kind.replace("_", " ")) for kind, mark in MARKS.items() if kind in found]
    looks = {(data["group"], line_style(data)) for data in edges}
    for group, words in EDGES.items():
        styles = sorted((style for name, style in looks if name == group), reverse=True)
        for style in styles:
            line = f'<line x1="-10" y1="0" x2="10" y2="0" stroke="{COLOURS[group]}"{_dashes(style)}/>'
            entries.append((line, f"{words}, numerical" if style == "dashed" else words))
    rows: list[list[tuple[float, str]]] = []
    place = width
    for mark, words in entries:
        long = 34 + len(words) * CHARACTER
        if place + long > width - 10:
            rows.append([])
            place = 20.0
        rows[-1].append((place, f'{mark}<text class="loss" x="14" y="4">{xml(words)}</text>'))
        place += long
    return rows


def _legend_at(rows: list[list[tuple[float, str]]], height: float) -> list[str]:
    """The legend at the foot of a picture."""
    top = height - LINE * len(rows)
    return [
        f'<g class="legend" transform="translate({x:.1f} {top + LINE * i:.1f})">{entry}</g>'
        for i, row in enumerate(rows)
        for x, entry in row
    ]


def _dashes(style: str) -> str:
    return {"dashed": ' stroke-dasharray="6 4"', "dotted": ' stroke-dasharray="2 4"'}.get(style, "")


def _svg_edge(start: tuple[float, float], end: tuple[float, float], data: Mapping[str, Any], bend: float) -> str:
    (x1, y1), (x2, y2) = start, end
    length = max(((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5, 1e-9)
    ux, uy = (x2 - x1) / length, (y2 - y1) / length
    x1, y1, x2, y2 = x1 + 9 * ux, y1 + 9 * uy, x2 - 9 * ux, y2 - 9 * uy
    mx, my = (x1 + x2) / 2 + bend * 2 * uy, (y1 + y2) / 2 - bend * 2 * ux
    words = "; ".join(f"{name} {value}" for name, value in data.items())
    path = f"M {x1:.1f} {y1:.1f} Q {mx:.1f} {my:.1f} {x2:.1f} {y2:.1f}"
    colour = COLOURS[data["group"]]
    # A symmetry is as good in the other direction.
    tip = "" if data["group"] == "symmetry" else f' marker-end="url(#tip-{colour})"'
    return f'<path d="{path}" stroke="{colour}"{_dashes(line_style(data))}{tip}><title>{xml(words)}</title></path>'


def _svg_mark(mark: str, x: float, y: float) -> str:
    if mark == "square":
        return f'<rect class="full" x="{x - 6:.1f}" y="{y - 6:.1f}" width="12" height="12"/>'
    if mark in ("disk", "circle"):
        return f'<circle class="{"full" if mark == "disk" else "open"}" cx="{x:.1f}" cy="{y:.1f}" r="6"/>'
    corners = [(0, -7), (7, 6), (-7, 6)] if mark == "triangle" else [(0, -7), (7, 0), (0, 7), (-7, 0)]
    points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in corners)
    return f'<polygon class="open" points="{points}"/>'


def _svg(width: float, height: float, body: list[str], caption: list[str]) -> str:
    tips = "".join(
        f'<marker id="tip-{colour}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        f'orient="auto"><path class="tip" d="M 0 0 L 8 4 L 0 8 z" fill="{colour}"/></marker>'
        for colour in sorted(set(COLOURS.values()))
    )
    style = (
        # The white rim keeps a label readable on the lines that it stands on.
        "text{font:10px monospace;text-anchor:middle;"
        "paint-order:stroke;stroke:white;stroke-width:5px;stroke-linejoin:round}"
        "text.loss{text-anchor:start}path{fill:none}"
        "path.tip{fill:context-stroke}.full{fill:#264653}.open{fill:white;stroke:#264653;stroke-width:1.5}"
        "line.row{stroke:#ddd}"
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
            f'viewBox="0 0 {width:.0f} {height:.0f}">',
            f"<title>{xml(' '.join(caption))}</title><style>{style}</style><defs>{tips}</defs>",
            '<rect width="100%" height="100%" fill="white"/>',
            *(
                f'<text x="{width / 2:.1f}" y="{20 + LINE * i:.1f}">{xml(line)}</text>'
                for i, line in enumerate(caption)
            ),
            *body,
            "</svg>",
        ]
    )
