"""Transitions in the catalog: stored as they were found, resumed, replaced with their strata, and answered."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sqlite3
from collections.abc import Iterable
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any

import mpmath
import pytest
from conftest import Command, write_problem
from oracles.transition_database import job, transition_catalog, transition_database

from catalog import cli, migrations
from catalog import store as store_module
from catalog import transitions as module
from catalog.build import Progress, build
from catalog.errors import CatalogError
from catalog.interval.transition_record import transition_from_record, transition_record
from catalog.number_text import number_from_record
from catalog.query import open_catalog
from catalog.record import from_text, to_text
from catalog.store import Store
from catalog.transitions import (
    build_transitions,
    sources_of,
    stored_transitions,
    transition_survey,
)
from symbolic.enclosure import Ball
from symbolic.flow import interval_transitions
from symbolic.flow.interval_descent import RunBudget
from symbolic.flow.interval_transitions import ONE_CURVE, TransitionBudget, Transitions
from symbolic.flow.transitions import Transition
from symbolic.surveys import survey, survey_strata

SHORT = TransitionBudget(repeats=1, run=RunBudget(steps=5, patience=5))
"""No run comes to rest within it."""


def contents(path: Path, problem: str, width: int) -> list[tuple[Any, ...]]:
    """What is stored of the transitions of a width, without times and numbers of rows."""
    with open_catalog(path) as opened:
        sources = sources_of(opened.store, problem, width)
        rows = stored_transitions(opened.store, problem, width)
    marks = [tuple(row.values()) for row in sources]
    return marks + [tuple(value for name, value in row.items() if name != "id") for row in rows]


@pytest.mark.parametrize(("name", "width"), [("x", 2), ("x2", 1)])
def test_what_is_stored_is_what_was_found(name: str, width: int) -> None:
    surveyed = survey(job(name, width)[0].problem, width)
    found = interval_transitions.transitions(surveyed, survey_strata(surveyed))
    losses = {one.label: one.loss for one in surveyed.functions}
    with transition_catalog() as opened:
        rows = [from_text(row["record"]) for row in stored_transitions(opened.store, name, width)]
        sources = sources_of(opened.store, name, width)
        whole = transition_survey(opened.store, name, width)
    assert [transition_from_record(record, losses) for record in rows] == [t for one in found for t in one.transitions]
    assert [(row["source"], tuple(from_text(row["record"])["doubts"])) for row in sources] == [
        (one.stratum, one.doubts) for one in found
    ]
    assert whole is not None
    assert whole["finished_at"]
    assert whole["sources"] == len(sources) == len(found)
    parameters = json.loads(whole["parameters"])
    assert (parameters["seed"], float(parameters["hessian_step"])) == (0, TransitionBudget().hessian_step)


def test_a_record_keeps_an_end_without_target() -> None:
    lost = Transition(
        source="p:A.1.1@1:k1", target=None, kind="hessian", direction=(("w1", Fraction(1, 2)), ("c", Fraction(0))),
        sign=-1, rate=Ball(Fraction(3, 8), Fraction(1, 2**90)), rate_evidence="certified", evidence="numerical",
        distance=None, gradient_norm=2.5e-3, loss_before=Fraction(1, 3), loss_after=Fraction(1, 8),
        perturbation=1e-4, seed=17, cause="the run did not come to rest",
    )
    record = from_text(to_text(transition_record(lost)))
    assert transition_from_record(record, {"p:A.1.1": Fraction(1, 3)}) == lost
    del record["seed"]
    with pytest.raises(CatalogError, match="no field 'seed'"):
        transition_from_record(record, {"p:A.1.1": Fraction(1, 3)})


def test_every_saddle_with_kinks_of_the_affine_target_ends_at_the_target() -> None:
    with transition_catalog() as opened:
        answer = opened.transitions(problem="x", width=2)
        strata = {row["label"]: row for row in opened.strata(problem="x", width=2)}
        kinked = {row["label"] for row in opened.functions(problem="x", width=2) if row["kinks"]}
        (target,) = [row["label"] for row in opened.functions(problem="x", width=2) if row["loss"]["exact"] == "0"]
    left = {row["source"] for row in answer if row["source"].partition("@")[0] in kinked}
    assert left == {label for label, row in strata.items() if row["function"] in kinked}
    assert left
    for row in answer:
        assert row["target"].partition("@")[0] == target
        assert strata[row["target"]]["kind"] == "global_minimum"
        assert row["loss_after"]["upper"] < row["loss_before"]["lower"]


def test_rates_of_escape_are_twice_the_correlation_with_the_residual() -> None:
    """At f = 1/2 on [0, 1] a small neuron (w, b) with v = 1 or -1 grows at the rate 2 |int (x - 1/2) relu(w x + b)|."""
    with transition_catalog() as opened:
        rows = opened.transitions(problem="x", width=2, kind="escape")
        assert len(rows) > 0
        others = [opened.transitions(problem="x", width=2, kind=kind) for kind in ("hessian", "descent")]
        assert sum(map(len, (rows, *others))) == len(opened.transitions(problem="x", width=2))
    for row in rows:
        (w,) = [float(value) for name, value in row["direction"].items() if name.startswith("w")]
        (b,) = [float(value) for name, value in row["direction"].items() if name.startswith("b")]
        breaks = sorted({0.0, 1.0, min(max(-b / w, 0.0), 1.0)})
        mean = mpmath.quad(lambda x, w=w, b=b: (x - 0.5) * max(w * x + b, 0), breaks)
        assert row["sign"] == (1 if mean > 0 else -1)
        assert row["rate_lower"] - 1e-12 <= abs(2 * mean) <= row["rate_upper"] + 1e-12
        assert float(row["rate"]) == pytest.approx(float(abs(2 * mean)), rel=1e-12)


def test_an_interrupted_build_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "resumed.sqlite"
    build(job("x2", 2), path)
    monkeypatch.setattr(module, "BATCH", 2)

    def interrupt(progress: Progress) -> None:
        if progress.done >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_transitions(job("x2", 1), path, 1, report=interrupt)
    with open_catalog(path) as opened:
        answer = opened.transitions(problem="x2")
        followed = [row["source"] for row in sources_of(opened.store, "x2", 1)]
    assert len(followed) == 4
    assert answer.complete["status"] == "undecided"
    assert "5 saddles are not followed yet" in answer.complete["reason"]
    looked_at: list[str] = []
    real = Transitions.prepare

    def spy(self: Transitions, executor: Any = None, on_run: Any = None, sources: Iterable[Any] | None = None) -> int:
        part = list(sources or ())
        looked_at.extend(one.label for one in part)
        return real(self, executor, on_run, part)

    monkeypatch.setattr(Transitions, "prepare", spy)
    reports: list[Progress] = []
    (row,) = build_transitions(job("x2", 1), path, 1, report=reports.append)
    assert len(looked_at) == 5
    assert not set(looked_at) & set(followed)
    assert (row["sources"], row["unidentified"]) == (9, [])
    assert [one.done for one in reports] == sorted(one.done for one in reports)
    assert reports[-1].done == reports[-1].total
    assert contents(path, "x2", 1) == contents(transition_database(), "x2", 1)
    looked_at.clear()
    assert build_transitions(job("x2", 1), path, 1) == [row]
    assert looked_at == []


@pytest.mark.slow
def test_workers_do_not_change_the_transitions(tmp_path: Path) -> None:
    path = tmp_path / "two.sqlite"
    build(job("x", 2), path)
    build_transitions(job("x", 2), path, 2, workers=2)
    assert contents(path, "x", 2) == contents(transition_database(), "x", 2)


def test_new_strata_take_the_old_transitions_with_them(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    shutil.copy(transition_database(), path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE strata_surveys SET version = 0 WHERE problem = 'x2' AND width = 1")
    connection.close()
    build(job("x2", 2), path)
    with open_catalog(path) as opened:
        assert opened.transitions(problem="x2").complete["reason"] == "not surveyed"
        assert len(opened.transitions(problem="x")) > 0
    assert contents(path, "x2", 1) == []
    build_transitions(job("x2", 2), path, 1)
    assert contents(path, "x2", 1) == contents(transition_database(), "x2", 1)


def test_strata_that_are_not_surveyed_are_said(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="strata of x at width 1 are not surveyed"):
        build_transitions(job("x", 1), tmp_path / "empty.sqlite", 1)


def test_a_run_without_end_is_an_edge_to_nothing(
    saddlery: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = str(write_problem(tmp_path, "p", width="1"))
    arguments = ("build", file, "--transitions", "3", "--workers", "1")
    with monkeypatch.context() as patch:
        patch.setattr(interval_transitions, "TransitionBudget", lambda: SHORT)
        outcome = saddlery(*arguments, "--strict")
    lines = [line for line in outcome.err.splitlines() if "has no known end: the run did not come to rest" in line]
    answer = json.loads(saddlery("query", "transitions", "--problem", "p", "--format", "json").out)
    assert outcome.code == 1
    assert len(lines) == len(answer["rows"]) > 0
    assert f"{len(lines)} transitions did not end in a known stratum" in outcome.err.splitlines()[-1]
    assert f"{len(lines)} runs did not end in a known stratum" in answer["complete"]["caveat"]
    for row in answer["rows"]:
        assert row["target"] is None
        assert row["gradient_norm"] > 0
        assert row["cause"].startswith("the run did not come to rest")
        assert row["loss_after"]["exact"] is row["loss_after"]["lower"] is None
    assert "not identified" in saddlery("query", "transitions").out
    assert saddlery("query", "transitions", "--where", "target IS NOT NULL", "--format", "csv").out.count("\n") == 1
    graph = json.loads(saddlery("graph", "p").out)
    ends = [edge["target"] for edge in graph["edges"] if edge["group"] == "transition"]
    assert ends == ["p:unidentified"] * len(lines)
    again = saddlery(*arguments, "--strict")
    assert (again.code, "no known end" in again.err) == (0, False)
    with open_catalog() as opened:
        rows = opened.transitions(problem="p")
        assert [row["target"] for row in rows] == [row["target"] for row in transition_catalog_rows("x2", 1, "p")]


def transition_catalog_rows(problem: str, width: int, renamed: str) -> list[dict[str, Any]]:
    """The rows of a problem under another name."""
    with transition_catalog() as opened:
        rows = opened.transitions(problem=problem, width=width)
        return [row | {"target": f"{renamed}:{row['target'].partition(':')[2]}"} for row in rows]


def test_answers_say_how_complete_they_are() -> None:
    with transition_catalog() as opened:
        x, x2, toy = (opened.transitions(problem=name) for name in ("x", "x2", "bpf-toy"))
        not_there = opened.transitions(problem="x2", width=2)
        runs = {row["source"]: row["runs"] for row in sources_of(opened.store, "x", 2)}
        everything = opened.transitions()
    assert x.complete["status"] == x2.complete["status"] == "searched"
    assert x.complete["reason"] == "numerical runs from one balanced sample of each saddle"
    along = len({row["source"] for row in x if row["kind"] == "descent"})
    assert all(runs.values())
    assert 0 < along < len(runs)
    assert x.complete["caveat"] == f"{along} saddles may have more ways out ({along}: {ONE_CURVE})"
    assert {row["width"] for row in x} == {2}
    assert {row["width"] for row in x2} == {1}
    assert {row["source"] for row in x} == set(runs)
    assert (list(not_there), not_there.complete["status"], not_there.complete["reason"]) == (
        [], "undecided", "not surveyed",
    )
    assert {row["family"] for row in toy} == {"dataset"}
    assert len(everything) == len(x) + len(x2) + len(toy)
    assert everything.complete["status"] == "searched"


def test_rates_lie_between_their_bounds_and_ends_are_near() -> None:
    with transition_catalog() as opened:
        rows = opened.transitions(problem="x")
        stored = stored_transitions(opened.store, "x", 2)
    for row, kept in zip(rows, stored, strict=True):
        if row["kind"] == "descent":
            continue
        rate = number_from_record(from_text(kept["record"])["rate"])
        assert isinstance(rate, Ball)
        assert Fraction(row["rate_lower"]) <= rate.center - rate.radius
        assert rate.center + rate.radius <= Fraction(row["rate_upper"])
        assert (row["rate_evidence"], row["evidence"]) == ("certified", "numerical")
        assert row["distance"] < 1e-3
        assert row["gradient_norm"] < 1e-11


def test_a_descent_has_no_rate_but_the_order_of_its_curve() -> None:
    """Its curve is that of the source; the loss falls along it by |leading| eps^order, which is proved."""
    with transition_catalog() as opened:
        rows = opened.transitions(problem="x", kind="descent")
        curves = {row["label"]: row["descent"] for row in opened.strata(problem="x", width=2, notion="clarke")}
        missing = opened.transitions(problem="x", where="rate_lower IS NULL AND rate_upper IS NULL")
        (width,) = {row["width"] for row in rows}
        graph = opened.graph("x", width=width)
        others = [row for row in opened.transitions(problem="x") if row["kind"] != "descent"]
    assert list(missing) == list(rows)
    assert len(rows) > 0
    for row in rows:
        curve = curves[row["source"]]
        assert row["order"] == curve["order"]
        assert (row["leading"], row["leading_exact"]) == (curve["leading"], curve["leading_exact"])
        assert Fraction(row["leading_exact"]) < 0
        assert set(row["direction"]) == {term["parameter"] for term in curve["terms"]}
        assert row["evidence"] == "numerical"
        rate = [row[name] for name in ("rate", "rate_exact", "rate_lower", "rate_upper", "rate_evidence", "seed")]
        assert rate == [None] * 6
        assert row["target"] is None or row["loss_after"]["upper"] < row["loss_before"]["lower"]
    told = {name: row[name] for row in others for name in ("order", "leading", "leading_exact")}
    assert told == {"order": None, "leading": None, "leading_exact": None}
    edges = [data for *_, data in graph.edges(data=True) if (data["kind"], data.get("width")) == ("descent", width)]
    assert len(edges) == len(rows)
    assert all("rate" not in data and data["order"] in (1, 2, 5) for data in edges)


def test_the_formats_tell_a_descent_without_a_rate(saddlery: Command) -> None:
    asked = ("query", "transitions", "--problem", "x", "--kind", "descent", "--db", str(transition_database()))
    rows = json.loads(saddlery(*asked, "--format", "json").out)["rows"]
    lines = list(csv.DictReader(io.StringIO(saddlery(*asked, "--format", "csv").out)))
    table = saddlery(*asked).out.splitlines()[1 : len(rows) + 1]
    latex = saddlery(*asked, "--format", "latex").out
    assert [(line["rate"], line["order"], line["leading"]) for line in lines] == [
        ("", str(row["order"]), row["leading"]) for row in rows
    ]
    assert [line.split()[2:4] for line in table] == [["descent", "-"]] * len(rows)
    assert latex.count("descent & --") == len(rows)
    drawn = saddlery("graph", "x", "--format", "graphml", "--db", str(transition_database()))
    assert drawn.code == 0
    assert "descent" in drawn.out


def test_a_database_of_the_schema_before_descents_keeps_its_transitions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "old.sqlite"
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:8])
        patch.setattr(store_module, "MIGRATIONS", migrations.MIGRATIONS[:8])
        patch.setattr(store_module, "SCHEMA_VERSION", 8)
        with Store.writing(path) as old:
            assert len(old.migrations()) == 8
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        kept = ("x", 1, "x:B..1@1:zero", "x:A.0.1@1:all", "escape")
        connection.execute(
            "INSERT INTO transitions (problem, width, source, target, kind, rate_lower, rate_upper, record) "
            "VALUES (?, ?, ?, ?, ?, 0.25, 0.5, '{}')", kept
        )
    connection.close()
    with Store.writing(path) as new:
        assert new.migrations()[-1]["name"] == "transitions without a rate"
        (row,) = stored_transitions(new, "x", 1)
    assert (row["rate_lower"], row["rate_upper"], row["record"]) == (0.25, 0.5, "{}")
    assert tuple(row[name] for name in ("problem", "width", "source", "target", "kind")) == kept


def test_the_formats_of_the_command_agree(saddlery: Command) -> None:
    database = ("--db", str(transition_database()))
    asked = ("query", "transitions", "--problem", "x", "--kind", "hessian")
    rows = json.loads(saddlery(*asked, "--format", "json", *database).out)["rows"]
    table = saddlery(*asked, *database).out.splitlines()
    lines = list(csv.DictReader(io.StringIO(saddlery(*asked, "--format", "csv", *database).out)))
    assert [line["source"] for line in lines] == [row["source"] for row in rows]
    assert [line["rate"] for line in lines] == [row["rate"] for row in rows]
    assert [json.loads(line["direction"]) for line in lines] == [row["direction"] for row in rows]
    assert [line.split()[:2] for line in table[1 : len(rows) + 1]] == [[row["source"], row["target"]] for row in rows]
    latex = saddlery(*asked, "--format", "latex", *database).out
    whole = saddlery("latex", "x", "--what", "transitions", "--standalone", *database).out
    assert latex.count(r"\addlinespace") == len(rows)
    assert whole.count(r"\addlinespace") == 85
    assert "searched, not proved" in whole
    assert r"\end{document}" in whole
    at_one = saddlery("query", "transitions", "--problem", "x", "--where", "rate_lower > 0.1 AND width = 2", *database)
    assert 0 < sum("numerical" in line for line in at_one.out.splitlines()[1:-1]) < 42


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["query", "transitions", "--kind", "saddle"], "unknown kind 'saddle' of a transition"),
        (["query", "transitions", "--max-loss", "1"], "--max-loss does not apply to transitions"),
        (["query", "transitions", "--width", "0"], "width must be a positive integer"),
        (["query", "transitions", "--where", "seed = 1"], "no such column"),
        (["build", "--transitions", "-1"], "must not be negative"),
        (["build", "zigzag.toml", "--vary", "targets[1]=0..1", "--transitions", "1"], "does not apply to --vary"),
    ],
)
def test_what_does_not_apply_is_refused(saddlery: Command, arguments: list[str], words: str) -> None:
    outcome = saddlery(*arguments, "--db", str(transition_database()))
    assert outcome.is_refused(), outcome
    assert words in outcome.err


def test_problems_without_transitions_are_noted(saddlery: Command, tmp_path: Path) -> None:
    quadratic = str(write_problem(tmp_path, "q", "x", activation='"quadratic"', width="1"))
    outcome = saddlery("build", quadratic, "--width", "1", "--transitions", "1", "--workers", "1")
    assert outcome.code == 0
    assert 'note on q: transitions are for activation "relu"' in outcome.err
    assert "saddles" not in outcome.out


def test_transitions_of_one_saddle_are_together() -> None:
    """In the order of the strata, whatever the batches."""
    with transition_catalog() as opened:
        sources = [one for one, _ in groupby(row["source"] for row in opened.transitions(problem="x", width=2))]
        order = [row["label"] for row in opened.strata(problem="x", width=2, notion="clarke")]
    assert len(sources) == len(set(sources))
    assert sources == [label for label in order if label in set(sources)]


@pytest.mark.parametrize(("status", "lost"), [("proved", 2), ("searched", 0)])
def test_ends_outside_a_list_that_is_only_searched_are_no_loss(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], status: str, lost: int
) -> None:
    record = {"source": "p:s@1:a", "kind": "hessian", "cause": "no stratum is near", "gradient_norm": "1e-9"}
    row = {"problem": "p", "width": 1, "sources": 1, "runless": 0, "transitions": 2, "unidentified": [record, record],
           "status": status, "seconds": 0.0}
    monkeypatch.setattr(module, "build_transitions", lambda *_, **__: [row])
    assert cli._follow([], None, 1, 1) == lost
    said = capsys.readouterr().err.splitlines()
    assert sum("no stratum is near" in line for line in said) == lost
    assert sum("2 transitions of p at width 1 end outside the list" in line for line in said) == (lost == 0)
