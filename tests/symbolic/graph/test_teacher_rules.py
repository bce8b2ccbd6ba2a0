"""Embeddings and orbit counts of teacher strata, against the rows of sample points and brute force."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import permutations, product

import pytest

from symbolic.graph.edges import EdgeKind, Node, Nodes, node_codes
from symbolic.graph.teacher_rules import (
    copies_of,
    orbit_contradictions,
    surjections,
    teacher_edges,
    teacher_proved_edges,
)
from symbolic.problem import Kind
from symbolic.teacher.functions import TeacherFunction
from symbolic.teacher.problem import TeacherProblem
from symbolic.teacher.strata import TeacherStratum, strata_of
from symbolic.teacher.survey import survey_teacher

PROBLEM = TeacherProblem("small", 3, ((3,),))


@cache
def functions() -> tuple[TeacherFunction, ...]:
    return survey_teacher(PROBLEM, starts=100, rounds=1, names=lambda space, point: "").functions


def strata(*widths: int) -> list[TeacherStratum]:
    return [one for n in widths for function in functions() for one in strata_of(function, n)]


def node(stratum: TeacherStratum) -> Node:
    return Node(stratum.label, stratum.function, stratum.width, node_codes(stratum.label), stratum.kind)


def test_codes_tell_the_numbers_of_rows() -> None:
    for one in strata(3, 4, 5):
        assert copies_of(node(one)) == one.copies


def test_an_edge_splits_one_row_and_every_split_is_an_edge() -> None:
    every = strata(3, 4, 5)
    edges = list(teacher_edges(Nodes(map(node, every))))
    assert {edge.kind for edge in edges} == {EdgeKind.EMBEDDING}
    by_label = {one.label: one for one in every}
    found = {(edge.source, edge.target) for edge in edges}
    # A split adds one to one count; no function here has classes that can be exchanged.
    expected = set()
    for one in every:
        for other in every:
            if one.function == other.function and other.width == one.width + 1:
                pairs = zip(one.copies, other.copies, strict=True)
                grown = {
                    tuple(sorted((*row[:i], row[i] + 1, *row[i + 1 :]), reverse=True))
                    for row in one.copies for i in range(len(row))
                }
                if sum(a != b for a, b in pairs) == 1 and all(
                    a == b or b in grown for a, b in zip(one.copies, other.copies, strict=True)
                ):
                    expected.add((one.label, other.label))
    assert found == expected
    assert len(found) > 5
    assert all(by_label[target].dimension == by_label[source].dimension + 1 for source, target in found)


def test_the_sizes_of_the_orbits_add_up_and_a_wrong_one_is_noticed() -> None:
    every = strata(3, 4, 5)
    sizes = {one.label: one.orbit_size for one in every}
    assert list(orbit_contradictions(map(node, every), sizes, 3)) == []
    for label in sizes:
        assert list(orbit_contradictions(map(node, every), sizes | {label: 2 * sizes[label]}, 3))
    label = every[0].label
    (first, *_) = orbit_contradictions(map(node, every), sizes | {label: 7}, 3)
    assert first == f"the orbit of {label} has 7 elements, no divisor of 3! 3!"


def test_the_edges_of_the_graph_come_with_every_contradiction() -> None:
    every = strata(3, 4)
    nodes, sizes = Nodes(map(node, every)), {one.label: one.orbit_size for one in every}
    proved = teacher_proved_edges(nodes, sizes, 3)
    assert proved.edges == tuple(teacher_edges(nodes))
    assert proved.doubts == ()
    label = every[0].label
    assert any(label in doubt for doubt in teacher_proved_edges(nodes, sizes | {label: 7}, 3).doubts)
    kinds = {one.label: one.kind for one in nodes}
    edge = next(one for one in proved.edges if kinds[one.source] is Kind.STRICT_SADDLE)
    false = Nodes(replace(one, kind=Kind.LOCAL_MINIMUM) if one.label == edge.target else one for one in nodes)
    assert teacher_proved_edges(false, sizes, 3).doubts


@pytest.mark.parametrize("width", [3, 4])
def test_orbit_sizes_are_those_of_all_permuted_samples(width: int) -> None:
    for one in strata(width):
        rays = _rays(one)
        images = {
            tuple(tuple(rays[i][column] for column in columns) for i in order)
            for order in permutations(range(width))
            for columns in permutations(range(3))
        }
        assert len(images) == one.orbit_size


def _rays(one: TeacherStratum) -> list[tuple[str, ...]]:
    """The rows of the sample, each replaced by the sum of the rows parallel to it, to twelve digits."""
    rows = [[float(getattr(value, "center", value)) for value in row] for row in one.sample_w]

    def is_parallel(a: list[float], b: list[float]) -> bool:
        return all(abs(a[i] * b[j] - a[j] * b[i]) < 1e-12 for i in range(3) for j in range(3)) and a[0] * b[0] >= 0

    return [
        tuple(f"{sum(other[i] for other in rows if is_parallel(row, other)):.9f}".replace("-0.000000000", "0.000000000")
              for i in range(3))
        for row in rows
    ]


@pytest.mark.parametrize(("rows", "rays"), [(1, 1), (3, 2), (4, 3), (4, 4), (2, 3)])
def test_surjections_by_listing_all_maps(rows: int, rays: int) -> None:
    maps = product(range(rays), repeat=rows)
    assert surjections(rows, rays) == sum(len(set(images)) == rays for images in maps)
