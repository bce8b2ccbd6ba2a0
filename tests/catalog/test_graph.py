"""The networkx graph of a problem: nodes and edges from the database, views, paths, basins."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import pairwise
from typing import Any

import networkx
import pytest
from oracles.graph_database import TRANSITIONS, graph_catalog

from catalog.chain import chain_answer
from catalog.errors import CatalogError
from catalog.graph import graph_of
from catalog.graph_views import (
    add_chain,
    at_width,
    basins,
    by_function,
    descent_path,
    origin,
    reachable_minima,
    view,
)
from catalog.loss_order import compare_losses, loss_ranks
from catalog.problem_file import bundled_problem_files, load_problem
from symbolic.enclosure import AlgebraicNumber, Ball


def toy(**options: Any) -> Any:
    with graph_catalog() as opened:
        return graph_of(opened, "bpf-toy", transitions=TRANSITIONS, **options)


def test_the_nodes_are_the_listed_strata() -> None:
    with graph_catalog() as opened:
        graph = graph_of(opened, "x2-sym", transitions=())
        rows = [*opened.strata(problem="x2-sym", width=1), *opened.strata(problem="x2-sym", width=2)]
        clarke = graph_of(opened, "x2-sym", notion="clarke", transitions=())
    assert isinstance(graph, networkx.MultiDiGraph)
    assert set(graph) == {row["label"] for row in rows}
    assert graph.graph["widths"] == [1, 2]
    assert graph.graph["status"] == "proved"
    assert graph.graph["doubts"] == []
    for row in rows:
        node = graph.nodes[row["label"]]
        assert (node["kind"], node["width"], node["dimension"]) == (row["kind"], row["width"], row["dimension"])
        assert node.get("index") == row["index"]
    assert len(clarke) == 170
    assert all(data["evidence"] == "proved" for _, _, data in graph.edges(data=True))


def test_the_reflection_of_the_parabola_is_an_automorphism() -> None:
    """x -> -x on [-1, 1], as the symmetry edges say it: an involution that keeps all edges and the losses."""
    with graph_catalog() as opened:
        graph = graph_of(opened, "x2-sym", transitions=())
    image = {label: label for label in graph}
    image |= {source: target for source, target, data in graph.edges(data=True) if data["group"] == "symmetry"}
    assert all(image[image[label]] == label for label in graph)
    edges = Counter((source, target, data["kind"]) for source, target, data in graph.edges(data=True))
    assert edges == Counter((image[s], image[t], kind) for (s, t, kind), number in edges.items() for _ in range(number))
    assert all(graph.nodes[a]["loss_rank"] == graph.nodes[b]["loss_rank"] for a, b in image.items())
    assert sum(a != b for a, b in image.items()) > 80


def test_views_show_the_edges_of_their_groups() -> None:
    graph = toy()
    numbers = Counter(data["group"] for _, _, data in graph.edges(data=True))
    assert set(numbers) == {"symmetry", "embedding", "closure", "transition"}
    for group, number in numbers.items():
        assert view(graph, group).number_of_edges() == number
    assert view(graph, *numbers).number_of_edges() == graph.number_of_edges()
    only = toy(groups=("closure",))
    assert networkx.utils.edges_equal(sorted(only.edges()), sorted(view(graph, "closure").edges()))
    with pytest.raises(CatalogError, match="unknown edges"):
        view(graph, "barrier")
    with pytest.raises(CatalogError, match="unknown edges"):
        toy(groups=("barrier",))


def test_embedding_edges_tell_how_the_kind_changes() -> None:
    graph = toy()
    for source, target, data in view(graph, "embedding").edges(data=True):
        before, after = graph.nodes[source]["kind"], graph.nodes[target]["kind"]
        assert data.get("change") == (None if before == after else f"{before} -> {after}")


def test_paths_minima_and_basins() -> None:
    graph = toy()
    start = origin(graph, 2)
    assert start == "bpf-toy:0.1@2:00z.00z"
    assert basins(graph, 2) == reachable_minima(graph, start)
    (found,) = [path for label, path in basins(graph, 2).items() if label == "bpf-toy:2.1@2:+-n.-+p"]
    assert [graph.nodes[label]["function"] for label in found] == ["bpf-toy:0.1", "bpf-toy:1.2", "bpf-toy:2.1"] or [
        graph.nodes[label]["function"] for label in found
    ] == ["bpf-toy:0.1", "bpf-toy:1.1", "bpf-toy:2.1"]
    assert descent_path(graph, found[0], found[-1]) == found
    assert all(graph.nodes[a]["loss_rank"] > graph.nodes[b]["loss_rank"] for a, b in pairwise(found))
    with pytest.raises(CatalogError, match="no transitions"):
        descent_path(graph, found[-1], found[0])
    with pytest.raises(CatalogError):
        reachable_minima(graph, "nothing")


def test_an_unidentified_end_is_kept() -> None:
    graph = toy()
    (edge,) = graph.in_edges("bpf-toy:unidentified", data=True)
    assert edge[2]["gradient_norm"] == 0.5
    assert graph.nodes["bpf-toy:unidentified"]["kind"] == "unidentified"


def test_transitions_that_cannot_be_are_refused_or_named() -> None:
    up = {"source": "bpf-toy:2.1@2:+-n.-+p", "target": "bpf-toy:0.1@2:00z.00z", "kind": "escape", "evidence": "proved"}
    with graph_catalog() as opened:
        assert "does not descend" in graph_of(opened, "bpf-toy", transitions=[up]).graph["doubts"][-1]
        with pytest.raises(CatalogError, match="names"):
            graph_of(opened, "bpf-toy", transitions=[up | {"target": "bpf-toy:9.9@2:x"}])
        with pytest.raises(CatalogError, match="how it is known"):
            graph_of(opened, "bpf-toy", transitions=[up | {"evidence": "sure"}])


def test_the_published_chain_is_a_path_in_the_graph_of_functions() -> None:
    (file,) = [file for file in bundled_problem_files() if file.stem == "bpf-toy"]
    chain = chain_answer(load_problem(file).problem)
    quotient = by_function(toy())
    add_chain(quotient, chain)
    path = [chain["start"]["label"], *(step["to"] for step in chain["steps"])]
    steps = view(quotient, "chain")
    assert networkx.is_path(steps, path)
    assert len(path) == 3
    assert [quotient.nodes[name]["loss_exact"] for name in path] == ["1/2", "1/4", "0"]


def test_the_graph_of_functions_counts_strata_and_edges() -> None:
    graph = toy()
    quotient = by_function(graph)
    assert set(quotient) == {"bpf-toy:0.1", "bpf-toy:1.1", "bpf-toy:1.2", "bpf-toy:2.1", "bpf-toy:unidentified"}
    assert sum(data["strata"] for _, data in quotient.nodes(data=True)) == len(graph)
    assert quotient.nodes["bpf-toy:2.1"]["kind"] == "global_minimum"
    # A global minimum at width 1, a local one at width 2.
    assert quotient.nodes["bpf-toy:1.1"]["kind"] == "local_minimum"
    across = [
        (a, b) for a, b in graph.edges() if graph.nodes[a].get("function", a) != graph.nodes[b].get("function", b)
    ]
    assert sum(data["number"] for _, _, data in quotient.edges(data=True)) == len(across)


def test_one_width_of_the_graph() -> None:
    graph = toy()
    small = at_width(graph, 1)
    assert {data["width"] for _, data in small.nodes(data=True) if "width" in data} == {1}
    assert view(small, "embedding").number_of_edges() == 0


def test_what_was_not_surveyed_is_refused() -> None:
    with graph_catalog() as opened:
        for arguments in ({"width": 3}, {"width": 0}):
            with pytest.raises(CatalogError):
                graph_of(opened, "bpf-toy", **arguments)
        with pytest.raises(CatalogError, match="no problem"):
            graph_of(opened, "nowhere")
        assert graph_of(opened, "bpf-toy", width=1, transitions=()).graph["widths"] == [1]


def test_losses_are_compared_exactly() -> None:
    root = AlgebraicNumber((-2, 0, 1), Fraction(1), Fraction(2))
    same = AlgebraicNumber((-2, 0, 1), Fraction(5, 4), Fraction(3, 2))
    close = Fraction(1414213562373095048801688724209698078569671875376948073176679737990732478462, 10**75)
    assert compare_losses(root, same) == 0
    assert compare_losses(root, close) == 1
    assert compare_losses(close, root) == -1
    ball = Ball(Fraction(3, 2), Fraction(1, 4))
    assert compare_losses(ball, ball) is None
    assert compare_losses(ball, Fraction(2)) == -1
    losses = {"a": root, "b": same, "c": ball, "d": ball, "e": Fraction(2)}
    ranks, undecided = loss_ranks(losses, [("c", "d")])
    assert ranks == {"a": 0, "b": 0, "c": 0, "d": 0, "e": 1}
    assert ("c", "d") not in undecided
    assert ("d", "c") not in undecided
    assert undecided
