"""The graph of a problem: strata as nodes, proved edges and transitions between them, as a networkx multigraph.

Attributes of a node (its name is the label of the stratum): `function, width, kind, index, nullity, dimension,
orbit_size, loss, loss_exact, loss_lower, loss_upper, loss_rank, smooth, directional, clarke, rigor`. `loss_rank` orders
the nodes by loss exactly. Attributes of an edge: `group` (symmetry, embedding, closure, transition), `kind` (the group,
or hessian, escape or descent for a transition), `via`, `evidence` (proved, certified, numerical), `change` (kinds
before and after, where they differ), and for transitions what the record says (`rate`, `gradient_norm`, ...). What is
not known is left out. `graph.graph` holds `problem, family, widths, status, reason, caveat` and the list `doubts`.

A transition whose end was not identified leads to the node `PROBLEM:unidentified`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from catalog.errors import CatalogError
from catalog.families import family_named
from catalog.loss_order import loss_ranks
from catalog.number_text import exact_form, number_from_record
from catalog.packed_strata import codes_of
from catalog.record import from_text, to_text
from catalog.scopes import check_width_asked, combine, names_of, scope_of
from catalog.store import Row
from catalog.strata_store import packed_strata, strata_surveys_of

if TYPE_CHECKING:
    from networkx import MultiDiGraph

    from catalog.query import Catalog
    from symbolic.graph.edges import ProvedEdges

    Graph = MultiDiGraph[str]

GROUPS = ("symmetry", "embedding", "closure", "transition")
EVIDENCE = ("proved", "certified", "numerical")
"""From the strongest to the weakest."""

MINIMA = ("global_minimum", "local_minimum")
KINDS = (*MINIMA, "undecided", "strict_saddle", "saddle", "unidentified")


def graph_of(
    catalog: Catalog,
    problem: str,
    *,
    width: int | None = None,
    groups: Sequence[str] = GROUPS,
    notion: str | None = None,
    transitions: Iterable[Mapping[str, Any]] | None = None,
) -> Graph:
    """The graph of the strata of a problem.

    Args:
        catalog: an open catalog.
        problem: a name, or a path ending in .toml.
        width: the strata of all widths surveyed up to this one; the largest one surveyed if None.
        groups: which edges.
        notion: "clarke": also strata that are stationary in Clarke's sense only.
        transitions: records `{"source", "target", "kind", "rate", "evidence", ...}`; those of the catalog if None.

    Guarantee: symmetry, embedding and closure edges are proved (docs/graph.md). `doubts` names what was not looked at
        and every contradiction between an edge and the kinds or losses of its ends.

    Raises:
        CatalogError: an unknown problem or group of edges, or strata that were not surveyed.
    """
    from networkx import MultiDiGraph

    unknown = sorted(set(groups) - set(GROUPS))
    if unknown:
        raise CatalogError(f"unknown edges {unknown[0]!r}; choose from {', '.join(GROUPS)}")
    check_width_asked(width)
    (name,) = names_of(catalog.store, problem)
    surveys = [row for (owner, n), row in sorted(strata_surveys_of(catalog.store).items())
               if owner == name and (width is None or n <= width)]
    if not surveys or width not in (None, surveys[-1]["width"]):
        raise CatalogError(f"the strata of {name}{f' at width {width}' if width else ''} are not surveyed")
    widths = [row["width"] for row in surveys]
    complete = combine([scope_of(row) for row in surveys])
    records = {
        row["label"]: row for row in catalog.store.functions(name, widths[-1], clarke=True)
    }
    moves = _transitions(catalog, name, widths, transitions) if "transition" in groups else []
    ends = {move[end] for move in moves for end in ("source", "target")}
    strata = [
        row for n in widths for row in packed_strata(catalog.store, name, n)
        if row["listed"] or notion is not None or row["label"] in ends
    ]
    family = catalog.store.families()[name]
    graph: Graph = MultiDiGraph()
    graph.graph |= {"problem": name, "family": family, "widths": widths, **complete, "doubts": []}
    proved = _proved(catalog, name, family, records, strata, groups, complete["status"] == "proved")
    ranks, undecided = _ranks(records, proved)
    graph.graph["doubts"] += [f"which of {one} and {other} has the larger loss" for one, other in undecided]
    for row in strata:
        graph.add_node(row["label"], **_node(row, records[row["function"]], ranks))
    graph.graph["doubts"] += proved.doubts
    for edge in proved.edges:
        group = edge.kind.value
        if group in groups:
            told = {"kind": group, "via": edge.via, "evidence": "proved"}
            _add_edge(graph, edge.source, edge.target, group, told)
    for move in moves:
        _add_transition(graph, name, move)
    return graph


def _transitions(
    catalog: Catalog, name: str, widths: Sequence[int], given: Iterable[Mapping[str, Any]] | None
) -> list[Mapping[str, Any]]:
    if given is None:
        # A catalog without the table of transitions has none.
        method = getattr(catalog, "transitions", None)
        given = () if method is None else [row for n in widths for row in method(problem=name, width=n)]
    rows = list(given)
    for row in rows:
        if row.get("evidence") not in EVIDENCE:
            raise CatalogError(f"a transition from {row.get('source')} does not say how it is known")
    return rows


def _proved(
    catalog: Catalog,
    name: str,
    family: str,
    records: Mapping[str, Row],
    strata: Sequence[Row],
    groups: Sequence[str],
    complete: bool,
) -> ProvedEdges:
    from symbolic.graph.edges import EdgeKind, Node, Nodes
    from symbolic.graph.proved import proved_edges
    from symbolic.problem import Kind

    (row,) = [one for one in catalog.store.problems() if one["name"] == name]
    problem = family_named(family).problem_from_record(from_text(row["record"]))
    nodes = Nodes(
        Node(one["label"], one["function"], one["width"], tuple(codes_of(one["label"])), Kind(one["kind"]))
        for one in strata
    )
    if family == "teacher":
        from symbolic.graph.teacher_rules import teacher_proved_edges

        return teacher_proved_edges(nodes, {one["label"]: int(one["orbit_size"]) for one in strata}, problem.k)
    read = _reader(family)
    functions = [read(from_text(one["record"])) for one in records.values()]
    # Symmetries are always looked for: they decide ties between losses.
    kinds = [kind for kind in EdgeKind if kind.value in groups or kind is EdgeKind.SYMMETRY]
    return proved_edges(problem, functions, nodes, complete=complete, kinds=kinds)


def _reader(family: str) -> Any:
    if family == "interval":
        from catalog.interval.record import function_from_record as read_interval

        return read_interval
    from catalog.dataset.record import function_from_record as read_dataset

    return read_dataset


def _ranks(records: Mapping[str, Row], proved: ProvedEdges) -> tuple[dict[str, int], list[tuple[str, str]]]:
    losses = {label: number_from_record(from_text(row["record"])["loss"]) for label, row in records.items()}
    equal = set()
    for one in proved.symmetries:
        equal |= {(source.partition("@")[0], target.partition("@")[0]) for source, target in one.images.items()}
    return loss_ranks(losses, equal)


def _node(row: Row, function: Row, ranks: Mapping[str, int]) -> dict[str, Any]:
    loss = from_text(function["record"])["loss"]
    exact = exact_form(loss)
    told = {
        **{name: row[name] for name in ("function", "width", "kind", "nullity", "dimension", "orbit_size", "rigor")},
        "index": row["negative"],
        "loss": loss["decimal"],
        "loss_exact": exact if exact is None or isinstance(exact, str) else to_text(exact),
        "loss_lower": function["loss_lower"],
        "loss_upper": function["loss_upper"],
        "loss_rank": ranks[row["function"]],
        **{name: row[name] for name in ("smooth", "directional", "clarke")},
    }
    return {name: value for name, value in told.items() if value is not None}


def _add_edge(graph: Graph, source: str, target: str, group: str, told: Mapping[str, Any]) -> None:
    before, after = graph.nodes[source]["kind"], graph.nodes[target]["kind"]
    change = {} if before == after or group != "embedding" else {"change": f"{before} -> {after}"}
    graph.add_edge(source, target, group=group, **told, **change)


def _add_transition(graph: Graph, name: str, move: Mapping[str, Any]) -> None:
    source, target = move["source"], move.get("target")
    for label in (source, target):
        if label is not None and label not in graph:
            raise CatalogError(f"a transition names {label}, which is no stratum of {name}")
    if target is None:
        target = f"{name}:unidentified"
        if target not in graph:
            graph.add_node(target, kind="unidentified")
    elif graph.nodes[source]["loss_rank"] <= graph.nodes[target]["loss_rank"]:
        graph.graph["doubts"].append(f"the transition from {source} to {target} does not descend")
    told = {
        key: value if isinstance(value, str | int | float) else to_text(value)
        for key, value in move.items()
        if key not in ("source", "target", "problem", "family", "group") and value is not None
    }
    _add_edge(graph, source, target, "transition", told)
