"""Closure edges: strata that are contained in the closure of another one over the same function, at the same width."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations_with_replacement, product
from typing import Protocol

from symbolic.graph.edges import WHOLE, Edge, EdgeKind, Node

GROUP_BUDGET = 1500
"""Strata of one function and width among which closures are looked for, at most."""

LIMIT = "limit"

Relation = dict[str, set[str]]


class ClosureRules(Protocol):
    """What is proved about limits of neurons, in one family and over one function."""

    def is_limit(self, code: str, of: str) -> bool:
        """Whether all single neurons that do the first are limits of neurons that do the second."""

    def reaches(self, lower: Sequence[str], upper: Sequence[str]) -> bool:
        """Whether, with neuron j going from upper[j] to its limit lower[j] for all j at once and f kept, every point of
        the first stratum is proved to be a limit of points of the second."""


def closure_relation(group: Sequence[Node], rules: ClosureRules) -> Relation:
    """For each stratum T (by label) the strata S != T with T proved to be contained in the closure of S.

    Args:
        group: strata over one function at one width.
        rules: of their function.
    """
    strata = {tuple(sorted(node.codes)): node.label for node in group if node.codes != (WHOLE,)}
    known = sorted({code for codes in strata for code in codes})
    above = {code: [other for other in known if other == code or rules.is_limit(code, other)] for code in known}
    relation: Relation = {}
    for codes, label in strata.items():
        found = relation.setdefault(label, set())
        for matching in _matchings(codes, above):
            upper = strata.get(tuple(sorted(matching)))
            if upper is not None and upper != label and upper not in found and rules.reaches(codes, matching):
                found.add(upper)
    return relation


def covers(relation: Relation) -> Iterator[tuple[str, str]]:
    """The pairs of a relation that do not follow from others by transitivity: (T, S), T in the closure of S."""
    labels = list(relation)
    position = {label: i for i, label in enumerate(labels)}
    bits = [sum(1 << position[upper] for upper in relation[label]) for label in labels]
    for label in labels:
        through = 0
        for upper in relation[label]:
            through |= bits[position[upper]]
        for upper in sorted(relation[label], key=position.__getitem__):
            if not through >> position[upper] & 1:
                yield label, upper


def closure_edges(group: Sequence[Node], rules: ClosureRules) -> Iterator[Edge]:
    """The covering pairs of the closure relation of one function and width as edges.

    Guarantee: the source is contained in the closure of the target; the same follows for every path of such edges.
    """
    for lower, upper in covers(closure_relation(group, rules)):
        yield Edge(lower, upper, EdgeKind.CLOSURE, LIMIT)


def _matchings(codes: tuple[str, ...], above: dict[str, list[str]]) -> Iterable[tuple[str, ...]]:
    """Every way to replace each neuron by one it is a limit of, up to permutations of equal neurons."""
    counted: dict[str, int] = {}
    for code in codes:
        counted[code] = counted.get(code, 0) + 1
    # `codes` is sorted, so equal codes stand together and the parts line up with it.
    parts = [list(combinations_with_replacement(above[code], count)) for code, count in counted.items()]
    for chosen in product(*parts):
        yield tuple(code for part in chosen for code in part)
