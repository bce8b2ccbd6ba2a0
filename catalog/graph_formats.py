r"""The graph of a problem and its disconnectivity tree as text: GraphML, DOT, JSON, TikZ, SVG.

In pictures the loss grows upward, in exact order and not to scale. Minima are filled squares (global) and disks
(local), strict saddles triangles, other saddles open diamonds, what is undecided open circles. Transitions are drawn as
arrows, solid where proved or certified and dashed where numerical; embeddings are blue, closures grey and dotted,
symmetries red.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from catalog.disconnectivity import Leaf, Tree, disconnectivity_tree, tree_record
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
from catalog.errors import CatalogError
from catalog.graph import GROUPS, graph_of
from catalog.graph_svg import to_svg, tree_svg
from catalog.graph_views import by_function

if TYPE_CHECKING:
    from catalog.graph import Graph
    from catalog.query import Catalog

FORMATS = ("graphml", "dot", "json", "tikz", "svg")
LEVELS = ("strata", "functions")

DRAWN = 150
"""Strata of a picture at most; of more, the functions are drawn."""

def graph_text(
    catalog: Catalog,
    problem: str,
    form: str = "json",
    *,
    width: int | None = None,
    tree: bool = False,
    groups: tuple[str, ...] = GROUPS,
    level: str | None = None,
) -> str:
    """What `saddlery graph` prints.

    Args:
        catalog: an open catalog.
        problem: a name, or a path ending in .toml.
        form: graphml, dot, json, tikz or svg.
        width: the largest one; all up to the largest one surveyed if None.
        tree: the disconnectivity tree of that width instead of the graph (json, tikz or svg).
        groups: which edges.
        level: nodes are "strata" or "functions"; if None, strata, but functions in a picture of more than `DRAWN`.

    Raises:
        CatalogError: an unknown problem, format or edge, or no strata surveyed; one clear line.
    """
    if form not in FORMATS:
        raise CatalogError(f"unknown format {form!r}; choose from {', '.join(FORMATS)}")
    if level not in (None, *LEVELS):
        raise CatalogError(f"unknown level {level!r}; choose from {', '.join(LEVELS)}")
    if tree:
        if form not in ("json", "tikz", "svg"):
            raise CatalogError(f"the disconnectivity tree has no format {form!r}; choose from json, tikz, svg")
        graph = graph_of(catalog, problem, width=width, groups=("closure", "transition"))
        return tree_text(disconnectivity_tree(graph, graph.graph["widths"][-1]), form)
    graph = graph_of(catalog, problem, width=width, groups=groups)
    is_picture = form in ("tikz", "svg")
    if level == "functions" or (level is None and is_picture and len(graph) > DRAWN):
        graph = by_function(graph)
    if is_picture and len(graph) > 10 * DRAWN:
        raise CatalogError(f"a picture of {len(graph)} strata cannot be read; draw functions, or take json or graphml")
    return format_graph(graph, form)


def format_graph(graph: Graph, form: str) -> str:
    """A graph in one of the formats."""
    writers = {"graphml": to_graphml, "dot": to_dot, "json": to_json, "tikz": to_tikz, "svg": to_svg}
    return writers[form](graph)


def tree_text(tree: Tree, form: str) -> str:
    """A disconnectivity tree as json, tikz or svg."""
    writers = {"json": tree_json, "tikz": tree_tikz, "svg": tree_svg}
    return writers[form](tree)


def to_json(graph: Graph) -> str:
    """Node-link JSON, as `networkx.node_link_graph(..., edges="edges")` reads it."""
    from networkx import node_link_data

    return json.dumps(node_link_data(graph, edges="edges"), indent=1, sort_keys=True, allow_nan=False)


def to_graphml(graph: Graph) -> str:
    """GraphML; attributes of the graph that are lists are written as JSON texts."""
    from networkx import generate_graphml

    flat = graph.copy()
    flat.graph = {name: value if isinstance(value, str) else json.dumps(value) for name, value in graph.graph.items()}
    return "\n".join(generate_graphml(flat, named_key_ids=True))


def to_dot(graph: Graph) -> str:
    """DOT, for Graphviz: nodes by loss from the top, edges with their group, kind and evidence."""
    lines = [f"digraph {_quoted(graph.graph['problem'])} {{", "  rankdir=TB;", "  node [fontname=monospace];"]
    ranks: dict[int, list[str]] = {}
    shapes = {"square": "box", "disk": "ellipse", "triangle": "triangle", "diamond": "diamond", "circle": "circle"}
    for label, data in graph.nodes(data=True):
        ranks.setdefault(data.get("loss_rank", -1), []).append(label)
        told = {"shape": shapes[MARKS[data["kind"]]], "label": f"{label}\n{short_loss(data.get('loss', ''))}"}
        told |= {name: str(data[name]) for name in ("kind", "index", "dimension", "loss", "loss_rank") if name in data}
        lines.append(f"  {_quoted(label)} [{_attributes(told)}];")
    lines += [f"  {{ rank=same; {' '.join(map(_quoted, labels))} }}" for labels in ranks.values()]
    for source, target, data in graph.edges(data=True):
        told = {name: str(value) for name, value in data.items()}
        told |= {"color": COLOURS[data["group"]], "style": line_style(data)}
        lines.append(f"  {_quoted(source)} -> {_quoted(target)} [{_attributes(told)}];")
    return "\n".join([*lines, "}"])


def to_tikz(graph: Graph) -> str:
    """A document with the picture in TikZ, which pdflatex compiles."""
    from catalog.latex_cells import escape
    from catalog.latex_page import finish

    picture = graph_picture(graph)
    numbers = {label: i for i, label in enumerate(picture.places)}
    nodes = [
        {
            "name": f"n{numbers[label]}",
            "x": _unit(x * 2.4),
            "y": _unit(y * 1.8),
            "mark": MARKS[graph.nodes[label]["kind"]],
            "label": escape(short_name(label, graph)),
        }
        for label, (x, y) in picture.places.items()
    ]
    edges = [
        {
            "source": f"n{numbers[source]}",
            "target": f"n{numbers[target]}",
            "style": f"{COLOURS[data['group']]}, {line_style(data)}",
            "bend": bend,
        }
        for source, target, data, bend in bent_edges(graph, picture)
    ]
    rows = [{"y": _unit(y * 1.8), "loss": short_loss(loss)} for y, loss in picture.rows]
    return finish("graph.tex.j2", False, nodes=nodes, edges=edges, rows=rows, left=_unit(-2.6), caption=_title(graph))


def tree_json(tree: Tree) -> str:
    """The tree as JSON (`catalog.disconnectivity.tree_record`)."""
    return json.dumps(tree_record(tree), indent=1, sort_keys=True, allow_nan=False)


def tree_tikz(tree: Tree) -> str:
    """A document with the tree in TikZ, which pdflatex compiles."""
    from catalog.latex_cells import escape
    from catalog.latex_page import finish

    branches, rows = tree_picture(tree)
    nodes, lines = [], []
    for one in branches:
        x, y = one.x * 1.6, one.y * 1.4
        if isinstance(one.node, Leaf):
            text = one.node.function.partition(":")[2]
            nodes.append({"x": _unit(x), "y": _unit(y), "mark": MARKS[one.node.kind], "label": escape(text)})
        if one.parent is not None:
            px, py = one.parent[0] * 1.6, one.parent[1] * 1.4
            lines.append({"x": _unit(x), "y": _unit(y), "px": _unit(px), "py": _unit(py)})
    joins = [
        {"x": _unit(one.x * 1.6), "y": _unit(one.y * 1.4), "label": one.node.evidence}
        for one in branches
        if not isinstance(one.node, Leaf)
    ]
    told = [{"y": _unit(y * 1.4), "loss": short_loss(loss)} for y, loss in rows]
    caption = escape("; ".join([f"Minima of {tree.problem} at width {tree.width}", *tree.notes]))
    return finish(
        "tree.tex.j2", False, nodes=nodes, lines=lines, joins=joins, rows=told, left=_unit(-2.2), caption=caption
    )


def _title(graph: Graph) -> str:
    from catalog.latex_cells import escape

    words = "critical functions" if graph.graph.get("level") == "functions" else "critical strata"
    return escape(f"Graph of the {words} of {graph.graph['problem']}, width up to {graph.graph['widths'][-1]}")


def _unit(value: float) -> str:
    return f"{value:.2f}"


def _quoted(text: str) -> str:
    return json.dumps(text)


def _attributes(told: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={_quoted(value)}" for name, value in told.items())
