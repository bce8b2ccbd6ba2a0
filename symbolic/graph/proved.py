"""All proved edges between the strata of one problem: symmetry, embedding, closure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from symbolic.dataset.functions import DatasetFunction
from symbolic.dataset.problem import DatasetProblem
from symbolic.errors import BudgetExceeded
from symbolic.graph.closure import GROUP_BUDGET, closure_edges
from symbolic.graph.consistency import contradictions
from symbolic.graph.dataset_rules import DatasetRules
from symbolic.graph.edges import Edge, EdgeKind, Nodes, ProvedEdges
from symbolic.graph.embedding import embedding_edges
from symbolic.graph.interval_rules import IntervalRules
from symbolic.graph.symmetries import Symmetry, dataset_symmetries, interval_symmetries, symmetry_edges
from symbolic.interval.functions import IntervalFunction
from symbolic.interval.problem import IntervalProblem

ALL_KINDS = frozenset(EdgeKind)


def proved_edges(
    problem: IntervalProblem | DatasetProblem,
    functions: Sequence[IntervalFunction] | Sequence[DatasetFunction],
    nodes: Nodes,
    *,
    complete: bool,
    kinds: Iterable[EdgeKind] = ALL_KINDS,
    group_budget: int = GROUP_BUDGET,
) -> ProvedEdges:
    """The proved edges between strata of one problem, at the widths given and between them.

    Args:
        problem: an interval problem or a data set.
        functions: its critical functions at the largest of the widths.
        nodes: its strata.
        complete: whether the lists of functions and strata are proved complete; without that no symmetry edges are
            given, because an image is recognized as the only candidate.
        kinds: which edges.
        group_budget: strata of one function and width among which closure edges are looked for, at most.

    Guarantee: every edge holds at every point of its source (`EdgeKind`; docs/graph.md). Embedding edges are all those
        of the kinds that `symbolic.graph.embedding` names. Closure edges of interval problems are complete where no
        doubt names their function: strata that are not joined by a path of them are not in each other's closure. Those
        of data sets are the ones whose proof is in docs/graph.md.
    """
    wanted = frozenset(kinds)
    edges: list[Edge] = []
    doubts: list[str] = []
    symmetries: list[Symmetry] = []
    if EdgeKind.SYMMETRY in wanted:
        if complete:
            found, open_cases = _symmetries(problem, functions, nodes)
            symmetries, doubts = found, [*doubts, *open_cases]
            edges += symmetry_edges(symmetries)
        else:
            doubts.append("the lists are not proved complete, so images under symmetries are not identified")
    by_function = _rules(problem, functions)
    if EdgeKind.EMBEDDING in wanted and len(nodes):
        edges += embedding_edges(nodes, next(iter(by_function.values())))
    if EdgeKind.CLOSURE in wanted:
        for (function, width), group in nodes.groups().items():
            if len(group) > group_budget:
                where = f"the {len(group)} strata of {function} at width {width}"
                doubts.append(f"closures among {where} were not looked for")
            else:
                edges += closure_edges(group, by_function[function])
    doubts += contradictions(edges, {node.label: node.kind for node in nodes})
    return ProvedEdges(tuple(edges), tuple(symmetries), tuple(doubts))


def _rules(
    problem: IntervalProblem | DatasetProblem, functions: Sequence[IntervalFunction] | Sequence[DatasetFunction]
) -> Mapping[str, IntervalRules | DatasetRules]:
    """The rules over each function. Those of embeddings do not depend on the function."""
    if isinstance(problem, DatasetProblem):
        shared = DatasetRules(problem)
        return {one.label: shared for one in functions}
    leaky = problem.leak > 0
    return {
        one.label: IntervalRules(isinstance(one, IntervalFunction) and one.function_class == "A", leaky)
        for one in functions
    }


def _symmetries(
    problem: IntervalProblem | DatasetProblem,
    functions: Sequence[IntervalFunction] | Sequence[DatasetFunction],
    nodes: Nodes,
) -> tuple[list[Symmetry], list[str]]:
    if isinstance(problem, DatasetProblem):
        try:
            return dataset_symmetries(problem, [one for one in functions if isinstance(one, DatasetFunction)], nodes)
        except BudgetExceeded as error:
            return [], [str(error)]
    return interval_symmetries(problem, [one for one in functions if isinstance(one, IntervalFunction)], nodes)
