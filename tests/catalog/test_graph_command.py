"""`saddlery graph` and `Catalog.graph` on a database with transitions."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections import Counter

import networkx
import pytest
from conftest import Command
from oracles.transition_database import transition_catalog, transition_database

from catalog.graph_views import reachable_minima, view


@pytest.fixture(scope="module")
def database() -> tuple[str, str]:
    return "--db", str(transition_database())


def test_the_graph_has_the_stored_transitions(saddlery: Command, database: tuple[str, str]) -> None:
    printed = networkx.node_link_graph(json.loads(saddlery("graph", "x", *database).out), edges="edges")
    with transition_catalog() as opened:
        graph = opened.graph("x")
        rows = [*opened.transitions(problem="x", width=1), *opened.transitions(problem="x", width=2)]
    assert networkx.utils.graphs_equal(printed, graph)
    moves = view(graph, "transition")
    told = Counter((source, target, data["kind"], data.get("rate")) for source, target, data in moves.edges(data=True))
    assert told == Counter((row["source"], row["target"], row["kind"], row["rate"]) for row in rows)
    assert len(rows) == 95
    assert not any("descend" in doubt for doubt in graph.graph["doubts"])
    for source, target, data in moves.edges(data=True):
        assert graph.nodes[source]["loss_rank"] > graph.nodes[target]["loss_rank"]
        certified = None if data["kind"] == "descent" else "certified"
        assert (data["evidence"], data.get("rate_evidence")) == ("numerical", certified)


def test_from_the_origin_only_the_target_is_reached() -> None:
    with transition_catalog() as opened:
        graph = opened.graph("x", width=2)
    assert list(reachable_minima(graph, "x:B..1@2:zero.zero")) == ["x:A.0.1@2:all"]


def test_the_tree_joins_the_minima_at_the_loss_of_the_constant(saddlery: Command, database: tuple[str, str]) -> None:
    tree = json.loads(saddlery("graph", "x", "--tree", *database).out)
    (root,) = tree["roots"]
    assert {leaf["function"] for leaf in root["children"]} == {"x:A.0.1", "x:B..1"}
    assert root["evidence"] == "numerical"
    assert root["loss"].startswith("0.08333333333333333")
    assert "x:B..1@2:con+.con+" in root["strata"]


@pytest.mark.parametrize("form", ["graphml", "dot", "json", "tikz", "svg"])
def test_every_format_tells_the_transitions(saddlery: Command, database: tuple[str, str], form: str) -> None:
    outcome = saddlery("graph", "x", "--format", form, "--width", "1", *database)
    assert (outcome.code, outcome.err) == (0, "")
    if form in ("graphml", "svg"):
        ElementTree.fromstring(outcome.out)
    if form == "graphml":
        graph = networkx.parse_graphml(outcome.out, force_multigraph=True)
        assert sum(data["group"] == "transition" for _, _, data in graph.edges(data=True)) == 10
    if form == "dot":
        assert outcome.out.count('group="transition"') == 10


def test_functions_are_nodes_at_their_level(saddlery: Command, database: tuple[str, str]) -> None:
    graph = json.loads(saddlery("graph", "x", "--level", "functions", *database).out)
    assert {node["id"] for node in graph["nodes"]} == {"x:A.0.1", "x:B..1", "x:B.+-.1"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nope"], "no problem 'nope'"),
        (["x", "--format", "png"], "unknown format 'png'"),
        (["x", "--width", "3"], "not surveyed"),
        (["x", "--width", "0"], "width must be"),
        (["x", "--level", "regions"], "unknown level"),
        (["x", "--tree", "--format", "dot"], "tree has no format"),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    saddlery: Command, database: tuple[str, str], arguments: list[str], words: str
) -> None:
    outcome = saddlery("graph", *arguments, *database)
    assert outcome.is_refused(), outcome
    assert words in outcome.err
