"""Symmetries against brute force, and orbit counting."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import permutations

import pytest
from flint import fmpq_mat
from oracles.graph_problems import proved, surveyed

from symbolic.dataset.problem import DatasetProblem
from symbolic.enclosure import to_fmpq
from symbolic.errors import Refuted
from symbolic.graph.closure import closure_relation
from symbolic.graph.dataset_rules import DatasetRules
from symbolic.graph.edges import EdgeKind
from symbolic.graph.interval_rules import IntervalRules
from symbolic.graph.orbits import neuron_orbit, strata_by_orbit_counting, symmetry_orbits
from symbolic.graph.proved import proved_edges
from symbolic.graph.symmetries import data_symmetries, has_reflection
from symbolic.interval.problem import IntervalProblem


def has_linear_map(problem: DatasetProblem, permutation: tuple[int, ...]) -> bool:
    """Whether some T maps x_k to x_pi(k): the rank of the samples does not grow beside the permuted ones, and back."""
    rows = problem.samples
    moved = [rows[k] for k in permutation]
    both = fmpq_mat([[to_fmpq(v) for v in (*x, *y)] for x, y in zip(rows, moved, strict=True)])
    return both.rank() == fmpq_mat([[to_fmpq(v) for v in x] for x in rows]).rank()


@pytest.mark.parametrize("name", ["bpf-toy", "tent3", "xor", "zigzag4", "negative-first"])
def test_symmetries_of_data_are_all_of_them(name: str) -> None:
    problem = surveyed(name, 1).problem
    expected = {
        (permutation, sign)
        for permutation in permutations(range(len(problem.targets)))
        for sign in (1, -1)
        if has_linear_map(problem, permutation)
        and all(problem.targets[image] == sign * problem.targets[k] for k, image in enumerate(permutation))
    }
    found = data_symmetries(problem)
    assert {(one.permutation, one.sign) for one in found} == expected
    assert len(found) == len(expected)
    assert found[0].name == "identity"


def test_the_square_keeps_its_diagonals() -> None:
    names = {one.name: one.isometric for one in data_symmetries(surveyed("xor", 1).problem)}
    # Reflections in the diagonals; with the corner at 0 only one of them fixes the lengths of the samples with bias.
    assert set(names) == {"identity", "(1 4)", "(2 3)", "(1 4)(2 3)"}
    assert names["(2 3)"]
    assert not names["(1 4)"]


def test_zero_targets_admit_both_signs() -> None:
    problem = DatasetProblem("flat", ((Fraction(1),),), (Fraction(0),))
    assert [one.name for one in data_symmetries(problem)] == ["identity", "samples fixed, y -> -y"]


@pytest.mark.parametrize(
    ("target", "domain", "sign"),
    [("x**2", ("-1", "1"), 1), ("x**2", ("0", "1"), 0), ("x", ("0", "1"), -1), ("x**3", ("-1", "1"), -1),
     ("x**2 - x", ("0", "1"), 1), ("x**3 + x**2", ("-1", "1"), 0)],
)
def test_reflections_of_targets(target: str, domain: tuple[str, str], sign: int) -> None:
    assert has_reflection(IntervalProblem.from_text("p", target, domain)) == sign


@pytest.mark.parametrize(("name", "width"), [("x2-sym", 2), ("x", 3), ("x-leaky", 3), ("bpf-toy", 2), ("tent3", 2)])
def test_symmetries_are_automorphisms_of_the_graph(name: str, width: int) -> None:
    """Every closure and embedding edge goes to one, and kinds, dimensions and orbit sizes are kept."""
    one, found = surveyed(name, width), proved(name, width)
    assert len(found.symmetries) == 1
    images = found.symmetries[0].images
    assert set(images) == set(images.values()) == set(one.strata)
    assert any(source != target for source, target in images.items())
    edges = Counter((edge.source, edge.target, edge.kind, edge.via) for edge in found.edges)
    moved = Counter((images[edge.source], images[edge.target], edge.kind, edge.via) for edge in found.edges)
    assert edges == moved
    for source, target in images.items():
        a, b = one.strata[source], one.strata[target]
        assert (a.kind, a.dimension, a.orbit_size, a.inertia) == (b.kind, b.dimension, b.orbit_size, b.inertia)


def test_the_parabola_on_a_symmetric_interval_exchanges_its_two_width_one_minima() -> None:
    found = proved("x2-sym", 1)
    assert found.symmetries[0].isometric
    assert found.symmetries[0].images["x2-sym:B.+.1@1:k1+p"] == "x2-sym:B.-.1@1:k1-p"
    assert not proved("x", 1).symmetries[0].isometric


@pytest.mark.parametrize(("name", "width", "order"), [("x2-sym", 2, 2), ("bpf-toy", 2, 2), ("xor", 1, 4), ("x2", 2, 1)])
def test_orbits_and_stabilizers(name: str, width: int, order: int) -> None:
    one, found = surveyed(name, width), proved(name, width)
    orbits = symmetry_orbits(one.nodes, [symmetry.images for symmetry in found.symmetries])
    assert orbits.order == order
    assert sorted(label for orbit in orbits.orbits for label in orbit) == sorted(one.strata)


def test_images_of_no_group_action_are_refuted() -> None:
    one, found = surveyed("x2-sym", 1), proved("x2-sym", 1)
    broken = dict(found.symmetries[0].images)
    broken["x2-sym:B.+.1@1:k1+p"] = "x2-sym:B.+.1@1:k1+p"
    with pytest.raises(Refuted):
        symmetry_orbits(one.nodes, [broken])


@pytest.mark.parametrize(
    ("name", "width"),
    [("x2-sym", 2), ("x-leaky", 3), ("tent3", 2), pytest.param("bpf-toy", 3, marks=pytest.mark.slow),
     pytest.param("x2-sym", 3, marks=pytest.mark.slow)],
)
def test_strata_are_counted_by_orbits_of_permutations(name: str, width: int) -> None:
    one = surveyed(name, width)
    for function in {node.function for node in one.nodes}:
        labelled: dict[int, int] = {}
        strata: dict[int, int] = {}
        for node in one.nodes:
            if node.function == function and node.codes != ("all",):
                # Brute force: the distinct orders of the codes.
                size = len(set(permutations(node.codes)))
                orbit = neuron_orbit(node.codes)
                assert (orbit.size, orbit.size * orbit.stabilizer) == (size, [1, 1, 2, 6][node.width])
                assert size == one.strata[node.label].orbit_size
                labelled[node.width] = labelled.get(node.width, 0) + size
                strata[node.width] = strata.get(node.width, 0) + 1
        for n in range(1, width + 1):
            assert strata_by_orbit_counting(labelled, n) == strata.get(n, 0)


def test_a_wrong_count_is_refuted() -> None:
    with pytest.raises(Refuted):
        strata_by_orbit_counting({1: 2, 2: 5}, 2)


@pytest.mark.parametrize(("name", "rules"), [("x2-sym", IntervalRules), ("bpf-toy", DatasetRules)])
def test_the_graph_of_a_width_embeds_in_that_of_the_next(name: str, rules: type) -> None:
    """Adding a zero neuron is injective, and maps closures and symmetries to closures and symmetries."""
    one, found = surveyed(name, 2), proved(name, 2)
    into = {
        edge.source: edge.target
        for edge in found.edges
        if edge.kind is EdgeKind.EMBEDDING and edge.via == "zero neuron"
    }
    assert len(set(into.values())) == len(into) == sum(node.width == 1 for node in one.nodes)
    assert all(one.strata[a].function == one.strata[b].function for a, b in into.items())
    images = found.symmetries[0].images
    assert all(images[into[label]] == into[images[label]] for label in into)
    checked = 0
    for (function, width), group in one.nodes.groups().items():
        if width != 1:
            continue
        larger = one.nodes.groups()[function, 2]
        rule = (
            DatasetRules(one.problem) if rules is DatasetRules else IntervalRules(":A." in function, False)
        )
        small, large = closure_relation(group, rule), closure_relation(larger, rule)
        for lower, uppers in small.items():
            checked += len(uppers)
            assert {into[upper] for upper in uppers} <= large[into[lower]]
    assert checked > 20


def test_without_a_complete_list_no_symmetry_is_claimed() -> None:
    one = surveyed("x2-sym", 1)
    found = proved_edges(one.problem, one.functions, one.nodes, complete=False)
    assert not [edge for edge in found.edges if edge.kind is EdgeKind.SYMMETRY]
    assert len(found.doubts) == 1


def test_large_groups_of_strata_are_named_and_not_searched() -> None:
    one = surveyed("x2-sym", 1)
    found = proved_edges(one.problem, one.functions, one.nodes, complete=True, group_budget=5)
    assert [doubt for doubt in found.doubts if "x2-sym:A.0.1" in doubt]
    assert not [edge for edge in found.edges if edge.kind is EdgeKind.CLOSURE]
