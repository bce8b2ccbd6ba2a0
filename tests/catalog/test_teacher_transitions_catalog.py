"""Transitions of teacher problems in the catalog: records, a small database, its graph and its tree."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path

import networkx
import pytest

from catalog.build import build, jobs_of
from catalog.disconnectivity import Join, Leaf, disconnectivity_tree
from catalog.errors import CatalogError
from catalog.graph_formats import format_graph
from catalog.graph_views import view
from catalog.query import Catalog, open_catalog
from catalog.record import from_text, to_text
from catalog.teacher import building
from catalog.teacher.transition_record import (
    direction_answer,
    explorer,
    loss_end_answer,
    parameters,
    transition_from_record,
    transition_record,
)
from catalog.transitions import build_transitions, refusal, sources_of, stored_transitions
from symbolic.enclosure import Ball
from symbolic.flow.teacher_transitions import TeacherTransition, TransitionBudget
from symbolic.teacher import survey
from symbolic.teacher.problem import TeacherProblem

PROBLEM = 'name = "small"\nfamily = "teacher"\nk = 3\nisotropy = [[3]]\n'

LOST = TeacherTransition(
    source="p:2-1.L0.07@3:2x1.1x1", target=None, kind="hessian", direction=(("w1[1]", Fraction(1, 2)),), sign=-1,
    rate=Ball(Fraction(3, 8), Fraction(1, 2**90)), rate_evidence="certified", evidence="numerical", distance=None,
    gradient_norm=2.5e-13, loss_before=Ball(Fraction(1, 4), Fraction(1, 2**90)),
    loss_after=Ball(Fraction(1, 8), Fraction(1, 2**80)), perturbation=1e-4, seed=7, cause="not in the list",
    space="Delta(S_2 x S_1)", irrep="s0", axis="1",
)


def test_a_record_keeps_how_the_direction_was_chosen_and_the_loss_of_an_unknown_end() -> None:
    record = from_text(to_text(transition_record(LOST)))
    assert transition_from_record(record, {"p:2-1.L0.07": LOST.loss_before}) == LOST
    assert direction_answer(record) == {"space": "Delta(S_2 x S_1)", "irrep": "s0", "axis": "1", "w1[1]": "0.5"}
    assert loss_end_answer(record)["decimal"].startswith("0.125")
    with pytest.raises(CatalogError):
        transition_from_record({name: value for name, value in record.items() if name != "irrep"}, {
            "p:2-1.L0.07": LOST.loss_before
        })


def test_the_parameters_are_text_and_problems_are_not_refused() -> None:
    told = json.loads(to_text(parameters()))
    assert float(told["step"]) == TransitionBudget().step
    assert float(told["run"]["relative"]) == TransitionBudget().run.relative
    assert refusal(TeacherProblem("p", 4, ((3, 1),))) == ""


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    """A problem with few starts, without the named families in real k."""
    folder = tmp_path_factory.mktemp("teacher")
    file, path = folder / "small.toml", folder / "small.sqlite"
    file.write_text(PROBLEM, encoding="utf-8")
    few = partial(survey.survey_teacher, starts=200, rounds=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(survey, "survey_teacher", few)
        patch.setattr(building, "family_names", lambda problem: ())
        jobs = jobs_of([Path(file)], 3)
        build(jobs, path)
        build_transitions(jobs, path, 3)
    with open_catalog(path) as catalog:
        yield catalog


@pytest.mark.slow
def test_what_is_stored_is_what_the_runs_find(opened: Catalog) -> None:
    stored = [from_text(row["record"]) for row in stored_transitions(opened.store, "small", 3)]
    exploring = explorer(opened.store, TeacherProblem("small", 3, ((3,),)), 3)
    found = [exploring.transitions_from(one) for one in exploring.sources()]
    again = [transition_record(one) for result in found for one in result.transitions]
    measured = ("gradient_norm", "distance")
    for first, second in zip(stored, again, strict=True):
        assert {k: v for k, v in first.items() if k not in measured} == {
            k: v for k, v in json.loads(json.dumps(second)).items() if k not in measured
        }
    marks = sources_of(opened.store, "small", 3)
    assert [row["source"] for row in marks] == [result.stratum for result in found]
    assert all(row["runs"] for row in marks)
    assert {record["irrep"] for record in stored} > {"split0:s0"}


@pytest.mark.slow
def test_a_query_answers_rates_ends_and_causes(opened: Catalog) -> None:
    rows = opened.transitions(problem="small", width=3)
    assert len(rows) > 10
    for row in rows:
        assert row["family"] == "teacher"
        assert float(row["rate"]) > 0
        assert (row["target"] is None) == bool(row["cause"])
        assert float(row["loss_after"]["decimal"]) < float(row["loss_before"]["decimal"])
        assert row["direction"]["irrep"]
    assert rows.complete["status"] == "searched"
    assert {row["target"] for row in rows if row["seed"] is not None} <= {"small:3.L0@3:3x1", None}


@pytest.mark.slow
def test_the_graph_has_points_and_transitions_in_every_format(opened: Catalog) -> None:
    graph = opened.graph("small")
    rows = opened.transitions(problem="small", width=3)
    moves = view(graph, "transition")
    told = Counter((source, target) for source, target in moves.edges())
    assert told == Counter((row["source"], row["target"] or "small:unidentified") for row in rows)
    assert not any("descend" in doubt for doubt in graph.graph["doubts"])
    for form in ("json", "graphml", "dot", "tikz", "svg"):
        text = format_graph(graph, form)
        assert "small" in text
        if form in ("svg", "graphml"):
            ElementTree.fromstring(text)
    back = networkx.parse_graphml(format_graph(graph, "graphml"), force_multigraph=True)
    assert sum(data["group"] == "transition" for _, _, data in back.edges(data=True)) == len(rows)


@pytest.mark.slow
def test_the_tree_has_the_teacher_as_its_leaf(opened: Catalog) -> None:
    tree = disconnectivity_tree(opened.graph("small"), 3)
    (root,) = tree.roots
    assert not isinstance(root, Join)
    assert isinstance(root, Leaf)
    assert (root.kind, root.strata) == ("global_minimum", ("small:3.L0@3:3x1",))
    assert "transitions" not in " ".join(tree.notes)


@pytest.mark.slow
def test_strata_stored_otherwise_are_refused(opened: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("symbolic.teacher.strata.strata_of", lambda function, width: ())
    with pytest.raises(CatalogError, match="stored otherwise"):
        explorer(opened.store, TeacherProblem("small", 3, ((3,),)), 3)
