"""Views of the graph of a problem: by edges, by width, by function; descent paths, reachable minima, basins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from catalog.errors import CatalogError
from catalog.graph import EVIDENCE, GROUPS, KINDS, MINIMA
from catalog.packed_strata import codes_of

if TYPE_CHECKING:
    from catalog.graph import Graph


def view(graph: Graph, *groups: str) -> Graph:
    """The graph with only the edges of some groups; a view, not a copy."""
    from networkx import subgraph_view

    unknown = sorted(set(groups) - {*GROUPS, "chain"})
    if unknown:
        raise CatalogError(f"unknown edges {unknown[0]!r}; choose from {', '.join(GROUPS)}")
    shown: Graph = subgraph_view(
        graph, filter_edge=lambda source, target, key: graph.edges[source, target, key]["group"] in groups
    )
    return shown


def at_width(graph: Graph, width: int) -> Graph:
    """The strata of one width and the edges between them; a copy."""
    kept = [label for label, data in graph.nodes(data=True) if data.get("width", width) == width]
    found: Graph = graph.subgraph(kept).copy()
    found.graph["widths"] = [width]
    return found


def descent_path(graph: Graph, source: str, target: str) -> list[str]:
    """The labels along the fewest transitions from one stratum to another.

    Raises:
        CatalogError: an unknown label, or no such path.
    """
    from networkx import NetworkXNoPath, NodeNotFound, shortest_path

    try:
        return list(shortest_path(view(graph, "transition"), source, target))
    except NodeNotFound as error:
        raise CatalogError(str(error)) from None
    except NetworkXNoPath:
        raise CatalogError(f"no transitions of the graph lead from {source} to {target}") from None


def reachable_minima(graph: Graph, source: str) -> dict[str, list[str]]:
    """The minima that transitions reach from a stratum, each with a shortest path, in the order of their losses."""
    from networkx import single_source_shortest_path

    if source not in graph:
        raise CatalogError(f"{source!r} is no node of the graph of {graph.graph['problem']}")
    paths: dict[str, list[str]] = single_source_shortest_path(view(graph, "transition"), source)
    minima = [label for label in paths if graph.nodes[label]["kind"] in MINIMA]
    return {label: paths[label] for label in sorted(minima, key=lambda one: (graph.nodes[one]["loss_rank"], one))}


def origin(graph: Graph, width: int) -> str | None:
    """The stratum of the network whose weights are all 0, from which small initializations start."""
    for label, data in graph.nodes(data=True):
        if data.get("width") == width and all(_is_zero(code) for code in codes_of(label)):
            return label
    return None


def basins(graph: Graph, width: int) -> dict[str, list[str]]:
    """The minima that are reached by transitions from the origin of a width, each with a shortest path."""
    start = origin(graph, width)
    if start is None:
        raise CatalogError(f"the graph of {graph.graph['problem']} has no stratum of zero weights at width {width}")
    return reachable_minima(graph, start)


def by_function(graph: Graph) -> Graph:
    """The graph of the critical functions: a node for each, an edge where strata over them have one of a kind.

    A node has `strata`, `kinds` (counts as text) and `kind` (the first in the order of `KINDS` among its strata of the
    largest width); an edge the number of edges behind it and the strongest evidence among them. Edges within a function
    are left out.
    """
    from networkx import MultiDiGraph

    quotient: Graph = MultiDiGraph()
    quotient.graph |= graph.graph | {"level": "functions"}
    counts: dict[str, dict[str, int]] = {}
    first: dict[str, tuple[int, int]] = {}
    for label, data in graph.nodes(data=True):
        name = data.get("function", label)
        kept = ("loss", "loss_exact", "loss_lower", "loss_upper", "loss_rank")
        quotient.add_node(name, **{key: data[key] for key in kept if key in data})
        kinds = counts.setdefault(name, {})
        kinds[data["kind"]] = kinds.get(data["kind"], 0) + 1
        widest = (-data.get("width", 0), KINDS.index(data["kind"]))
        first[name] = min(first.get(name, widest), widest)
    for name, kinds in counts.items():
        told = [kind for kind in KINDS if kind in kinds]
        quotient.nodes[name].update(
            kind=KINDS[first[name][1]],
            strata=sum(kinds.values()),
            kinds=", ".join(f"{kind} {kinds[kind]}" for kind in told),
        )
    edges: dict[tuple[str, str, str, str], dict[str, Any]] = {}
    for source, target, data in graph.edges(data=True):
        ends = [graph.nodes[label].get("function", label) for label in (source, target)]
        if ends[0] == ends[1]:
            continue
        key = (ends[0], ends[1], data["group"], data["kind"])
        edge = edges.setdefault(key, {"number": 0, "evidence": data["evidence"]})
        edge["number"] += 1
        edge["evidence"] = min(edge["evidence"], data["evidence"], key=EVIDENCE.index)
    for (one, other, group, kind), edge in edges.items():
        quotient.add_edge(one, other, group=group, kind=kind, **edge)
    return quotient


def add_chain(quotient: Graph, chain: Mapping[str, Any]) -> None:
    """Add the steps of a saddle-to-saddle chain (`catalog.chain.chain_answer`) to a graph of functions.

    Raises:
        CatalogError: a step between functions that are no nodes of the graph.
    """
    for step in chain["steps"]:
        for end in ("from", "to"):
            if step[end] not in quotient:
                raise CatalogError(f"the chain visits {step[end]}, which is not in the graph")
        told = {name: step[name] for name in ("rate", "tau", "evidence")}
        quotient.add_edge(step["from"], step["to"], group="chain", kind="chain", **told)


def _is_zero(code: str) -> bool:
    """Whether a neuron of this code has all weights 0: of the interval family, or of a data set that spans."""
    return code == "zero" or (code.endswith("z") and not code[:-1].strip("0"))
