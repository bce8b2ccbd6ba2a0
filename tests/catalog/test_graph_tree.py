"""The disconnectivity tree against brute force on graphs given by hand."""

from __future__ import annotations

import json
import random
from typing import Any

import networkx
import pytest
from oracles.graph_database import TRANSITIONS, graph_catalog

from catalog.disconnectivity import Join, Leaf, disconnectivity_tree, leaves_of
from catalog.errors import CatalogError
from catalog.graph import EVIDENCE, graph_of
from catalog.graph_formats import tree_text


def graph_from(ranks: dict[str, int], minima: set[str], steps: list[tuple[str, str, str]]) -> Any:
    """A graph of strata `p:<name>@1:dead` with the given ranks of loss, and transitions (source, target, evidence)."""

    def label(name: str) -> str:
        return f"p:{name}@1:dead"

    graph = networkx.MultiDiGraph(problem="p", widths=[1])
    for name, rank in ranks.items():
        kind = "local_minimum" if name in minima else "saddle"
        graph.add_node(label(name), function=f"p:{name}", width=1, kind=kind, loss=str(rank), loss_rank=rank)
    for source, target, evidence in steps:
        graph.add_edge(label(source), label(target), group="transition", kind="escape", evidence=evidence)
    return graph


def heights(node: Leaf | Join) -> dict[frozenset[str], tuple[int, str]]:
    """Height and evidence at which each pair of leaves is joined."""
    if isinstance(node, Leaf):
        return {}
    found: dict[frozenset[str], tuple[int, str]] = {}
    for i, child in enumerate(node.children):
        found |= heights(child)
        for other in node.children[:i]:
            for a in leaves_of(child):
                for b in leaves_of(other):
                    found[frozenset((a.function, b.function))] = (node.loss_rank, node.evidence)
    return found


@pytest.mark.parametrize("seed", range(8))
def test_heights_are_least_largest_losses_of_paths(seed: int) -> None:
    """Brute force: the least rank such that the steps out of strata of at most this rank connect two minima."""
    source = random.Random(seed)
    names = [f"s{i}" for i in range(14)]
    ranks = {name: source.randint(0, 5) for name in names}
    minima = {name for name in names if ranks[name] < 3 and source.random() < 0.7} or {names[0]}
    steps = [
        (a, b, source.choice(EVIDENCE))
        for a in names for b in names
        if ranks[a] > ranks[b] and a not in minima and source.random() < 0.3
    ]
    tree = disconnectivity_tree(graph_from(ranks, minima, steps), 1)
    told = {pair: height for root in tree.roots for pair, height in heights(root).items()}
    assert sorted(leaf.function for root in tree.roots for leaf in leaves_of(root)) == sorted(f"p:{m}" for m in minima)
    for a in minima:
        for b in minima - {a}:
            levels = []
            for rank in range(6):
                low = networkx.Graph([(s, t) for s, t, _ in steps if ranks[s] <= rank])
                if low.has_node(a) and low.has_node(b) and networkx.has_path(low, a, b):
                    levels.append(rank)
            height = told.get(frozenset((f"p:{a}", f"p:{b}")))
            assert (None if height is None else height[0]) == min(levels, default=None)


def test_ties_are_one_join_and_the_weakest_step_marks_it() -> None:
    ranks = {"a": 0, "b": 0, "c": 1, "s": 2, "t": 2}
    steps = [("s", "a", "proved"), ("s", "b", "proved"), ("t", "b", "numerical"), ("t", "c", "proved")]
    tree = disconnectivity_tree(graph_from(ranks, {"a", "b", "c"}, steps), 1)
    (root,) = tree.roots
    assert isinstance(root, Join)
    assert (len(root.children), root.loss_rank, root.evidence) == (3, 2, "numerical")
    assert root.strata == ("p:s@1:dead", "p:t@1:dead")
    strict = disconnectivity_tree(graph_from(ranks, {"a", "b", "c"}, steps), 1, "proved")
    assert len(strict.roots) == 2
    join = next(root for root in strict.roots if isinstance(root, Join))
    assert join.evidence == "proved"
    assert [leaf.function for leaf in join.leaves] == ["p:a", "p:b"]


def test_a_higher_proved_path_does_not_strengthen_a_lower_numerical_one() -> None:
    ranks = {"a": 0, "b": 0, "s": 1, "t": 2}
    steps = [("s", "a", "numerical"), ("s", "b", "numerical"), ("t", "a", "proved"), ("t", "b", "proved")]
    graph = graph_from(ranks, {"a", "b"}, steps)
    (low,) = disconnectivity_tree(graph, 1).roots
    (high,) = disconnectivity_tree(graph, 1, "proved").roots
    assert isinstance(low, Join)
    assert isinstance(high, Join)
    assert (low.loss_rank, low.evidence) == (1, "numerical")
    assert (high.loss_rank, high.evidence) == (2, "proved")


def test_strata_joined_by_closures_are_one_leaf() -> None:
    graph = graph_from({"a": 0, "b": 0, "flat": 0}, {"a", "b"}, [])
    for end in ("a", "b"):
        graph.add_edge("p:flat@1:dead", f"p:{end}@1:dead", group="closure", kind="closure", evidence="proved")
    (leaf,) = disconnectivity_tree(graph, 1).roots
    assert isinstance(leaf, Leaf)
    assert leaf.strata == ("p:a@1:dead", "p:b@1:dead")


def test_the_toy_problem() -> None:
    with graph_catalog() as opened:
        graph = graph_of(opened, "bpf-toy", transitions=TRANSITIONS)
    tree = disconnectivity_tree(graph, 2)
    leaves = [leaf for root in tree.roots for leaf in leaves_of(root)]
    minima = [label for label, data in graph.nodes(data=True)
              if data.get("width") == 2 and data["kind"] in ("global_minimum", "local_minimum")]
    assert sorted(label for leaf in leaves for label in leaf.strata) == sorted(minima)
    assert len({leaf.function for leaf in leaves}) == 4
    record = json.loads(tree_text(tree, "json"))
    assert record["problem"] == "bpf-toy"
    assert "<svg" in tree_text(tree, "svg")


def test_a_stratum_that_may_have_several_parts_weakens_a_join() -> None:
    ranks = {"a": 0, "b": 0, "s": 1}
    graph = graph_from(ranks, {"a", "b"}, [("s", "a", "proved"), ("s", "b", "proved")])
    moved = networkx.relabel_nodes(graph, {"p:s@1:dead": "p:s@1:act"})
    (root,) = disconnectivity_tree(moved, 1).roots
    assert isinstance(root, Join)
    assert root.evidence == "numerical"


def test_bad_requests() -> None:
    graph = graph_from({"a": 0}, {"a"}, [])
    with pytest.raises(CatalogError, match="evidence"):
        disconnectivity_tree(graph, 1, "sure")
    with pytest.raises(CatalogError, match="width 2"):
        disconnectivity_tree(graph, 2)
