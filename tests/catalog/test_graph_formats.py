"""The graph and the tree as GraphML, JSON, DOT, TikZ and SVG."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import networkx
import pytest
from conftest import check_compiles, tool
from oracles.graph_database import TRANSITIONS, graph_catalog

from catalog.disconnectivity import disconnectivity_tree
from catalog.drawing import graph_picture
from catalog.errors import CatalogError
from catalog.graph import graph_of
from catalog.graph_formats import FORMATS, format_graph, graph_text, tree_text
from catalog.graph_views import by_function
from catalog.latex_transitions import render_transitions


def toy(**options: Any) -> Any:
    with graph_catalog() as opened:
        return graph_of(opened, "bpf-toy", transitions=TRANSITIONS, **options)


def test_json_gives_the_graph_back() -> None:
    graph = toy()
    again = networkx.node_link_graph(json.loads(format_graph(graph, "json")), edges="edges")
    assert networkx.utils.graphs_equal(again, graph)


def test_graphml_gives_nodes_and_edges_back() -> None:
    graph = toy()
    again = networkx.parse_graphml(format_graph(graph, "graphml"), force_multigraph=True)
    assert dict(again.nodes(data=True)) == dict(graph.nodes(data=True))
    assert again.number_of_edges() == graph.number_of_edges()
    kept = {(s, t, d["kind"], d.get("rate")) for s, t, d in again.edges(data=True)}
    assert kept == {(s, t, d["kind"], d.get("rate")) for s, t, d in graph.edges(data=True)}


def test_dot_names_every_node_and_edge_once() -> None:
    graph = toy()
    lines = format_graph(graph, "dot").splitlines()
    assert lines[0] == 'digraph "bpf-toy" {'
    assert lines[-1] == "}"
    assert sum(" -> " in line.partition(" [")[0] for line in lines) == graph.number_of_edges()
    for label in graph:
        assert sum(line.startswith(f'  "{label}" [') for line in lines) == 1


@pytest.mark.parametrize("level", ["strata", "functions"])
def test_svg_shows_every_node_with_its_label(level: str) -> None:
    graph = toy() if level == "strata" else by_function(toy())
    root = ElementTree.fromstring(format_graph(graph, "svg"))
    space = "{http://www.w3.org/2000/svg}"
    titles = [(title.text or "").splitlines()[0] for title in root.iterfind(f"{space}g/{space}title")]
    assert sorted(titles) == sorted(graph)
    drawn = {(s, t, d["group"], d["evidence"] == "numerical") for s, t, d in graph.edges(data=True)}
    pairs = {(min(s, t), max(s, t), *rest) if rest[0] == "symmetry" else (s, t, *rest) for s, t, *rest in drawn}
    assert len(root.findall(f"{space}path")) == len(pairs)


def test_the_loss_grows_upward() -> None:
    graph = toy()
    picture = graph_picture(graph)
    places = picture.places
    for one in graph:
        for other in graph:
            if graph.nodes[one].get("loss_rank", -1) < graph.nodes[other].get("loss_rank", -1):
                assert places[one][1] < places[other][1]
    assert len(set(places.values())) == len(places)
    assert [loss for _, loss in picture.rows] == ["0", "0.25", "0.5"]


def test_large_pictures_show_functions() -> None:
    with graph_catalog() as opened:
        text = graph_text(opened, "x2-sym", "svg")
        assert "B.+.1<" in text
        assert "@2:" not in text
        assert "@2:" in graph_text(opened, "x2-sym", "svg", level="strata")
        assert "@1:" in graph_text(opened, "x2-sym", "svg", width=1)


def test_bad_requests_are_one_clear_line() -> None:
    with graph_catalog() as opened:
        for form, options in (("png", {}), ("json", {"level": "edges"}), ("dot", {"tree": True})):
            with pytest.raises(CatalogError) as caught:
                graph_text(opened, "bpf-toy", form, **options)
            assert "choose from" in str(caught.value)


ROWS = [
    {"problem": "bpf-toy", **TRANSITIONS[0]},
    {"problem": "bpf-toy", **TRANSITIONS[3], "rate_evidence": "certified"},
    {"problem": "bpf-toy", **TRANSITIONS[4], "rate_evidence": "numerical"},
]
COMPLETE = {"status": "searched", "reason": "one run in every direction", "caveat": ""}


def test_the_table_of_transitions_has_exact_rates_and_bounds() -> None:
    text = render_transitions(ROWS, COMPLETE)
    assert r"\sqrt{5}}{4}" in text
    assert "0.559016994" in text
    assert r"\pm" in text
    assert r"\approx 5.00000 \cdot 10^{-1}" in text
    assert r"not identified" in text
    assert "searched, not proved" in text
    assert "no transition" in render_transitions([], COMPLETE)
    with pytest.raises(CatalogError):
        render_transitions([{**ROWS[0], "evidence": None}], COMPLETE)


@pytest.mark.slow
def test_pictures_and_the_table_compile(tmp_path: Path) -> None:
    tool("pdflatex")
    with graph_catalog() as opened:
        texts = {
            "functions": graph_text(opened, "x2-sym", "tikz"),
            "strata": format_graph(toy(), "tikz"),
            "quotient": format_graph(by_function(toy()), "tikz"),
            "tree": tree_text(disconnectivity_tree(toy(), 2), "tikz"),
            "table": render_transitions(ROWS, COMPLETE, standalone=True),
        }
    for name, text in texts.items():
        check_compiles(tmp_path, text, name, runs=1)


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_the_same_twice(form: str) -> None:
    assert format_graph(toy(), form) == format_graph(toy(), form)
