"""Transitions of data sets in the catalog: stored, answered, exported, and the chain of a small start among them."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from conftest import Command
from oracles.transition_database import job

from catalog.build import build
from catalog.chain import chain_answer
from catalog.dataset.transition_record import transition_from_record
from catalog.errors import CatalogError
from catalog.families import AVAILABLE, family_named
from catalog.graph_views import by_function, origin, reachable_minima, view
from catalog.query import open_catalog
from catalog.record import from_text
from catalog.transitions import build_transitions, sources_of, stored_transitions
from symbolic.dataset.problem import DatasetProblem
from symbolic.flow import dataset_transitions
from symbolic.flow.dataset_descent import RunBudget
from symbolic.flow.dataset_transitions import TransitionBudget
from symbolic.surveys import survey, survey_strata

ORIGIN = "bpf-toy:0.1@1:00z"


@cache
def database(width: int) -> Path:
    """bpf-toy with its transitions up to a width."""
    path = Path(tempfile.mkdtemp(prefix="saddlery-dataset-transitions-")) / "toy.sqlite"
    build(job("bpf-toy", width), path)
    build_transitions(job("bpf-toy", width), path, width)
    return path


def test_what_is_stored_is_what_was_found() -> None:
    surveyed = survey(job("bpf-toy", 1)[0].problem, 1)
    found = dataset_transitions.transitions(surveyed, survey_strata(surveyed))
    losses = {one.label: one.loss for one in surveyed.functions}
    with open_catalog(database(1)) as opened:
        records = [from_text(row["record"]) for row in stored_transitions(opened.store, "bpf-toy", 1)]
        sources = sources_of(opened.store, "bpf-toy", 1)
    assert [transition_from_record(record, losses) for record in records] == [t for s in found for t in s.transitions]
    assert [(row["source"], tuple(from_text(row["record"])["doubts"])) for row in sources] == [
        (one.stratum, one.doubts) for one in found
    ]


def test_answers_say_rates_exactly_and_what_is_proved() -> None:
    """Of the two orthogonal samples (-1/2, 1), (2, 1) with labels -1, 1 the rates are |y_k| |x_k| / 2."""
    with open_catalog(database(1)) as opened:
        answer = opened.transitions(problem="bpf-toy")
        escapes = [row for row in opened.transitions(kind="escape") if row["source"] == ORIGIN]
    assert {(row["sign"], row["rate"], row["rate_evidence"]) for row in escapes} == {
        (1, "sqrt(5)/2", "exact"), (-1, "sqrt(5)/4", "exact"),
    }
    proved = sum(row["evidence"] == "proved" for row in answer)
    assert 0 < proved < len(answer)
    assert answer.complete["status"] == "searched"
    assert f"the ends of {proved} of {len(answer)} transitions are proved" in answer.complete["reason"]
    for row in answer:
        assert row["family"] == "dataset"
        assert row["evidence"] in ("proved", "numerical")
        assert row["loss_after"]["upper"] < row["loss_before"]["lower"]
        assert row["rate_lower"] <= float(row["rate_upper"])
        assert set(row["direction"]) <= {"w1_1", "w1_2", "a1"}


def test_the_formats_of_the_command_agree(saddlery: Command) -> None:
    at = ("--db", str(database(1)))
    asked = ("query", "transitions", "--problem", "bpf-toy")
    rows = json.loads(saddlery(*asked, "--format", "json", *at).out)["rows"]
    lines = list(csv.DictReader(io.StringIO(saddlery(*asked, "--format", "csv", *at).out)))
    table = saddlery(*asked, *at).out.splitlines()
    assert [line["source"] for line in lines] == [row["source"] for row in rows]
    assert [json.loads(line["direction"]) for line in lines] == [row["direction"] for row in rows]
    assert [line.split()[:2] for line in table[1 : len(rows) + 1]] == [[row["source"], row["target"]] for row in rows]
    latex = saddlery("latex", "bpf-toy", "--what", "transitions", *at).out
    assert latex.count(r"\addlinespace") == len(rows)
    assert r"$\tfrac{\sqrt{5}}{2}$" in latex
    graph = json.loads(saddlery("graph", "bpf-toy", *at).out)
    edges = [edge for edge in graph["edges"] if edge["group"] == "transition"]
    assert len(edges) == len(rows)
    assert all(edge["evidence"] in ("proved", "numerical") for edge in edges)
    assert graph["graph"]["doubts"] == []


def test_a_run_without_end_leads_nowhere(
    saddlery: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = TransitionBudget(repeats=1, run=RunBudget(steps=3))
    monkeypatch.setattr(dataset_transitions, "TransitionBudget", lambda: short)
    at = ("--db", str(tmp_path / "short.sqlite"))
    build(job("tent3", 1), tmp_path / "short.sqlite")
    (row,) = build_transitions(job("tent3", 1), tmp_path / "short.sqlite", 1)
    assert len(row["unidentified"]) == row["transitions"] > 0
    answer = json.loads(saddlery("query", "transitions", "--format", "json", *at).out)
    assert {one["target"] for one in answer["rows"]} == {None}
    assert all(one["gradient_norm"] > 0 and one["cause"].startswith("the run did not") for one in answer["rows"])
    assert f"{row['transitions']} runs did not end in a known stratum" in answer["complete"]["caveat"]
    graph = json.loads(saddlery("graph", "tent3", *at).out)
    ends = {edge["target"] for edge in graph["edges"] if edge["group"] == "transition"}
    assert ends == {"tent3:unidentified"}


def test_every_family_has_a_maker_of_transitions() -> None:
    names = ("refusal", "parameters", "explorer", "transition_record", "direction_answer", "loss_end_answer")
    for name in AVAILABLE:
        records: Any = family_named(name).transition_records()
        assert all(callable(getattr(records, one)) for one in names)
        assert records.parameters()["seed"] == 0


def test_strata_that_are_stored_otherwise_are_refused(tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "damaged.sqlite"
    build(job("bpf-toy", 1), path)
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("DELETE FROM strata WHERE label = ?", (ORIGIN,))
    connection.close()
    with pytest.raises(CatalogError, match="stored otherwise"):
        build_transitions(job("bpf-toy", 1), path, 1)


@pytest.mark.slow
def test_the_published_chain_is_a_path_of_proved_transitions() -> None:
    """Boursier, Pillaud-Vivien and Flammarion: from small weights the toy problem fits one sample, then the other."""
    problem = job("bpf-toy", 2)[0].problem
    assert isinstance(problem, DatasetProblem)
    with open_catalog(database(2)) as opened:
        graph = opened.graph("bpf-toy", width=2)
    chain = chain_answer(problem)
    steps = [(step["from"], step["to"], step["rate"]) for step in chain["steps"]]
    assert len(steps) == 2
    start = origin(graph, 2)
    assert start == "bpf-toy:0.1@2:00z.00z"
    here = {start}
    for before, after, rate in steps:
        edges = [
            (target, data)
            for source, target, data in graph.edges(data=True)
            if source in here and data["group"] == "transition" and data["kind"] == "escape"
            and graph.nodes[source]["function"] == before and graph.nodes[target]["function"] == after
            and data["rate"] == rate and data["evidence"] == "proved"
        ]
        assert edges, (before, after)
        here = {target for target, _ in edges}
    assert {graph.nodes[label]["kind"] for label in here} == {"global_minimum"}
    minima = reachable_minima(graph, start)
    assert here <= set(minima)
    for path in minima.values():
        ranks = [graph.nodes[label]["loss_rank"] for label in path]
        assert all(one > other for one, other in pairwise(ranks))
    functions = by_function(view(graph, "transition"))
    assert {(before, after) for before, after, _ in steps} <= set(functions.edges())
    assert graph.graph["doubts"] == []


@pytest.mark.slow
def test_workers_do_not_change_the_transitions(tmp_path: Path) -> None:
    path = tmp_path / "two.sqlite"
    build(job("bpf-toy", 2), path)
    build_transitions(job("bpf-toy", 2), path, 2, workers=2)
    with open_catalog(path) as one, open_catalog(database(2)) as other:
        for width in (1, 2):
            found, wanted = (stored_transitions(each.store, "bpf-toy", width) for each in (one, other))
            assert [row | {"id": 0} for row in found] == [row | {"id": 0} for row in wanted]
