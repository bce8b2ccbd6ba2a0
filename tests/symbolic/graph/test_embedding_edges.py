"""Embedding edges against networks that are really split and enlarged."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest
from oracles.graph_problems import proved, surveyed

from symbolic.dataset.patterns import pattern_of
from symbolic.graph.consistency import contradictions, decided_by_closure
from symbolic.graph.edges import Edge, EdgeKind, Node, Nodes
from symbolic.graph.embedding import OPPOSITE, PAIR, SPLIT
from symbolic.problem import Kind

LETTERS = {1: "p", -1: "n", 0: "z"}
Neurons = list[tuple[tuple[Fraction, ...], Fraction]]


def edges_of(name: str, width: int) -> list[Edge]:
    return [edge for edge in proved(name, width).edges if edge.kind is EdgeKind.EMBEDDING]


def stratum_of(name: str, width: int, function: str, neurons: Neurons) -> Node | None:
    """The stratum of a point, read off its weights."""
    one = surveyed(name, width)
    codes = [pattern_of(w, one.problem.samples) + LETTERS[(a > 0) - (a < 0)] for w, a in neurons]
    return one.nodes.find(function, codes)


@pytest.mark.parametrize(
    ("name", "width"), [("bpf-toy", 2), ("tent3", 2), pytest.param("bpf-toy", 3, marks=pytest.mark.slow)]
)
def test_embedded_networks_of_data_sets_lie_in_the_targets(name: str, width: int) -> None:
    """Brute force: split every neuron of every sample point, and take every silent neuron out of every sample point."""
    one = surveyed(name, width)
    samples = one.problem.samples
    expected: set[tuple[str, str]] = set()
    for label, stratum in one.strata.items():
        neurons: Neurons = list(zip(stratum.sample_w, stratum.sample_a, strict=True))
        values = [
            [a * max(sum(p * q for p, q in zip(w, x, strict=True)), Fraction(0)) for x in samples] for w, a in neurons
        ]
        for j, (w, a) in enumerate(neurons):
            rest = neurons[:j] + neurons[j + 1 :]
            for share in (Fraction(1, 3), Fraction(2)):
                larger = stratum_of(name, width, stratum.function, [*rest, (w, share * a), (w, (1 - share) * a)])
                if any(values[j]) and stratum.width < width:
                    if larger is not None:
                        expected.add((label, larger.label))
                    # A split with weights of one sign is always critical.
                    assert larger is not None or share > 1
            if not any(values[j]) and stratum.width > 1:
                smaller = stratum_of(name, width, stratum.function, rest)
                assert smaller is not None
                expected.add((smaller.label, label))
    assert {(edge.source, edge.target) for edge in edges_of(name, width) if edge.via != PAIR} == expected


@pytest.mark.parametrize(
    ("name", "width"), [("x2", 2), ("x2-sym", 2), ("x", 3), ("x-leaky", 3), ("negative-first", 2),
     *(pytest.param(name, 3, marks=pytest.mark.slow) for name in ("x2", "x2-sym", "bpf-toy"))]
)
def test_every_stratum_is_embedded_and_kinds_agree(name: str, width: int) -> None:
    one, found = surveyed(name, width), proved(name, width)
    assert found.doubts == ()
    assert list(contradictions(found.edges, one.kinds)) == []
    embedded = {edge.source for edge in edges_of(name, width) if edge.via == "zero neuron"}
    assert embedded == {node.label for node in one.nodes if node.width < width}


def test_a_minimum_becomes_a_strict_saddle_when_its_neuron_is_split() -> None:
    """x^2 on [0, 1], by the index formula: at a kink with r D < 0 a split into equal signs adds a negative square."""
    kinds = surveyed("x2", 2).kinds
    changes = Counter(
        (edge.via, str(kinds[edge.source]), str(kinds[edge.target]))
        for edge in edges_of("x2", 2)
        if edge.via in (SPLIT, OPPOSITE)
    )
    assert changes[SPLIT, "global_minimum", "strict_saddle"] == 1
    assert changes[OPPOSITE, "global_minimum", "local_minimum"] == 1


@pytest.mark.slow
def test_pairs_join_widths_that_differ_by_two() -> None:
    pairs = [edge for edge in edges_of("x2", 3) if edge.via == PAIR]
    widths = {node.label: node.width for node in surveyed("x2", 3).nodes}
    assert pairs
    assert {widths[edge.target] - widths[edge.source] for edge in pairs} == {2}


def test_contradictions_are_seen() -> None:
    kinds = {"low": Kind.LOCAL_MINIMUM, "high": Kind.SADDLE, "open": Kind.UNDECIDED}
    closure = Edge("low", "high", EdgeKind.CLOSURE, "limit")
    assert len(list(contradictions([closure], kinds))) == 1
    assert len(list(contradictions([Edge("high", "low", EdgeKind.EMBEDDING, SPLIT)], kinds))) == 1
    assert len(list(contradictions([Edge("high", "low", EdgeKind.SYMMETRY, "reflection")], kinds))) == 1
    assert list(contradictions([Edge("high", "low", EdgeKind.CLOSURE, "limit")], kinds)) == []
    assert decided_by_closure([Edge("open", "high", EdgeKind.CLOSURE, "limit")], kinds) == {"open": "high"}
    assert decided_by_closure([Edge("high", "open", EdgeKind.CLOSURE, "limit")], kinds) == {}


def test_nodes_are_found_in_any_order() -> None:
    node = Node("p:1.1@2:+p.-z", "p:1.1", 2, ("+p", "-z"), Kind.SADDLE)
    nodes = Nodes([node])
    assert nodes.find("p:1.1", ["-z", "+p"]) is node
    assert nodes.find("p:1.1", ["-z", "-z"]) is None
