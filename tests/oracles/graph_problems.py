"""Strata of bundled problems as nodes of a graph, surveyed once for all tests."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from catalog.problem_file import bundled_problem_files, load_problem
from symbolic.graph.edges import Node, Nodes, ProvedEdges, node_codes
from symbolic.graph.proved import proved_edges
from symbolic.surveys import survey, survey_strata


@dataclass(frozen=True)
class Surveyed:
    problem: Any
    functions: tuple[Any, ...]
    strata: dict[str, Any]
    nodes: Nodes
    realized: dict[str, Any]

    @property
    def kinds(self) -> dict[str, Any]:
        return {node.label: node.kind for node in self.nodes}


@lru_cache
def surveyed(name: str, width: int) -> Surveyed:
    """All strata of the widths up to this one."""
    (file,) = [file for file in bundled_problem_files() if file.stem == name]
    problem = load_problem(file).problem
    strata: dict[str, Any] = {}
    for n in range(1, width + 1):
        found = survey(problem, n)
        strata |= {one.label: one for one in survey_strata(found).strata}
    nodes = Nodes(Node(one.label, one.function, one.width, node_codes(one.label), one.kind) for one in strata.values())
    return Surveyed(problem, found.functions, strata, nodes, dict(getattr(found, "realized", {})))


@lru_cache
def proved(name: str, width: int) -> ProvedEdges:
    one = surveyed(name, width)
    return proved_edges(one.problem, one.functions, one.nodes, complete=True)
