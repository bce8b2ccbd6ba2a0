"""Closure edges against linear programs, dimensions, and a closure known by hand."""

from __future__ import annotations

import random

import numpy as np
import pytest
from oracles.closure_by_programming import dataset_neighbour, interval_neighbour
from oracles.graph_problems import proved, surveyed

from symbolic.enclosure import Number, enclose
from symbolic.graph.closure import closure_relation, covers
from symbolic.graph.dataset_rules import DatasetRules
from symbolic.graph.edges import EdgeKind, Node
from symbolic.graph.interval_rules import IntervalRules
from symbolic.interval.strata.sites import sites_of


def samples_of_pairs(group: list[Node], rules: object, count: int) -> list[tuple[str, str, bool]]:
    """Some pairs (T, S) with T said to be in the closure of S, and some others."""
    relation = closure_relation(group, rules)
    yes = [(node.label, upper, True) for node in group for upper in sorted(relation[node.label])]
    no = [(a.label, b.label, False) for a in group for b in group if a is not b and b.label not in relation[a.label]]
    source = random.Random(5)
    return source.sample(yes, min(count, len(yes))) + source.sample(no, min(count, len(no)))


@pytest.mark.parametrize(("name", "width", "count"), [("bpf-toy", 1, 60), ("bpf-toy", 2, 40), ("tent3", 2, 30)])
def test_data_sets_agree_with_linear_programs(name: str, width: int, count: int) -> None:
    one = surveyed(name, width)
    rules = DatasetRules(one.problem)
    inputs = np.array([[float(x) for x in row] for row in one.problem.samples])
    residuals = {f.label: np.array([float(r) for r in f.residuals]) for f in one.functions}
    seen = set()
    for (function, n), group in one.nodes.groups().items():
        if n != width:
            continue
        for lower, upper, claimed in samples_of_pairs(group, rules, count):
            stratum = one.strata[lower]
            weights = [np.array([float(x) for x in w]) for w in stratum.sample_w]
            # Neurons with a = 0 may be scaled; so they are not small beside the margins.
            weights = [
                w / abs(w).max() if a == 0 and w.any() else w for w, a in zip(weights, stratum.sample_a, strict=True)
            ]
            outer = [float(a) for a in stratum.sample_a]
            codes = one.nodes.by_label[upper].codes
            near = dataset_neighbour(inputs, residuals[function], weights, outer, codes)
            assert near == claimed, (lower, upper)
            seen.add(claimed)
    assert seen == {True, False}


@pytest.mark.parametrize(("name", "width", "count"), [("x2", 1, 40), ("x2-sym", 1, 40), ("x2", 2, 25)])
def test_interval_problems_agree_with_linear_programs(name: str, width: int, count: int) -> None:
    one = surveyed(name, width)
    domain = (float(one.problem.domain[0]), float(one.problem.domain[1]))

    def number(value: Number) -> float:
        return float(enclose(value).mid())

    seen = set()
    for (function, n), group in one.nodes.groups().items():
        if n != width:
            continue
        realized = one.realized[function]
        sites = sites_of(realized)
        places = {
            f"{letter}{site.number}": float(site.position.mid())
            for letter, found in (("k", sites.kinks), ("v", sites.virtual), ("f", sites.flat))
            for site in found
        }
        rules = IntervalRules(realized.is_class_a, False)
        for lower, upper, claimed in samples_of_pairs(group, rules, count):
            sample = one.strata[lower].sample
            point = [tuple(map(number, row)) for row in zip(sample.w, sample.b, sample.v, strict=True)]
            codes = one.nodes.by_label[upper].codes
            near = interval_neighbour(point, number(sample.c), codes, places, domain)
            assert near == claimed, (lower, upper)
            seen.add(claimed)
    assert seen == {True, False}


@pytest.mark.parametrize(("name", "width"), [("x2", 2), ("x2-sym", 2), ("x", 3), ("x-leaky", 3), ("tent3", 2)])
def test_a_stratum_in_a_closure_has_smaller_dimension(name: str, width: int) -> None:
    strata = surveyed(name, width).strata
    edges = [edge for edge in proved(name, width).edges if edge.kind is EdgeKind.CLOSURE]
    assert edges
    for edge in edges:
        assert strata[edge.source].dimension < strata[edge.target].dimension, edge


def test_two_flat_neurons_at_a_virtual_site_open_to_a_cancelling_pair_only() -> None:
    rules = IntervalRules(class_a=False, leaky=False)
    assert rules.reaches(["k1+p", "v1-z", "v1-z"], ["k1+p", "v1-p", "v1-n"])
    assert not rules.reaches(["k1+p", "v1-z", "v1-z"], ["k1+p", "v1-p", "v1-p"])
    assert rules.reaches(["k1+p", "k1+z"], ["k1+p", "k1+n"])
    # Class A: what a '-' neuron takes over must be given back as slope.
    pure = IntervalRules(class_a=True, leaky=False)
    assert not pure.reaches(["k1+p", "k1-z"], ["k1+p", "k1-p"])
    assert pure.reaches(["k1+p", "k1-z", "act"], ["k1+p", "k1-p", "act"])


def test_covers_are_the_transitive_reduction() -> None:
    import networkx

    source = random.Random(3)
    relation = {str(i): {str(j) for j in range(i + 1, 12) if source.random() < 0.3} for i in range(12)}
    for label in reversed(relation):
        relation[label] |= {more for upper in relation[label] for more in relation[upper]}
    graph = networkx.DiGraph([(low, high) for low, found in relation.items() for high in found])
    assert set(covers(relation)) == set(networkx.transitive_reduction(graph).edges)
