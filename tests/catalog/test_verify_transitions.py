"""Verification of transitions, sweeps and branches: what is built passes, every corrupted field is refuted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from oracles.verified_database import (
    SWEEP,
    changed,
    corrupt,
    dataset_flow_database,
    flow_database,
    put,
    rational,
)

from catalog import verify_rates
from catalog import verify_transitions as shared
from catalog.dataset import verify_sweeps as sweeps
from catalog.interval import verify_transitions as interval
from catalog.teacher import verify_branches as branches
from catalog.teacher import verify_transitions as teacher
from catalog.verification import Verification
from catalog.verify import verify_database

RATE = {
    "ball": {"midpoint": "1/2**3", "radius": "1/2**120"},
    "decimal": "0.125000000000000000000000000000000000",
}
"""Another rate, of an enclosure that is correct in itself."""

ESCAPE = "problem = 'x' AND kind = 'escape'"
HESSIAN = "problem = 'x' AND kind = 'hessian'"
SURVEY = "problem = 'x' AND width = 1"
UNSTABLE = f"SELECT source FROM transitions WHERE {HESSIAN}"
SWEPT = f"label = '{SWEEP}'"
CROSSED = "name = 'A' AND irrep = 'x0'"
FAMILY = "name = 'A'"

CORRUPTIONS: list[tuple[str, str, str, Any, str]] = [
    ("transitions", ESCAPE, "source", "x:B..1@1:con+", shared.COLUMNS),
    ("transitions", ESCAPE, "kind", "hessian", shared.COLUMNS),
    ("transitions", ESCAPE, "rate_lower", lambda value: value + 1e-9, shared.COLUMNS),
    ("transitions", ESCAPE, "rate_upper", lambda value: value + 1e-9, shared.COLUMNS),
    ("transitions", ESCAPE, "record", put("target")("x:A.0.1@1:k9+p"), shared.ENDS),
    ("transitions", ESCAPE, "record", put("source")("x:A.0.1@1:all"), shared.ENDS),
    ("transitions", ESCAPE, "record", put("target")("x:B..1@1:con+"), shared.FALLS),
    ("transitions", ESCAPE, "record", put("target")(None), shared.FALLS),
    ("transitions", ESCAPE, "record", put("cause")("none"), shared.FALLS),
    ("transitions", ESCAPE, "record", put("kind")("descent"), shared.FACTS),
    ("transitions", ESCAPE, "record", put("kind")("jump"), shared.FACTS),
    ("transitions", ESCAPE, "record", put("rate")(None), shared.FACTS),
    ("transitions", ESCAPE, "record", put("rate")(rational("-1/8", "-0.125")), shared.FACTS),
    ("transitions", ESCAPE, "record", put("rate")(rational("1/8", "0.126")), shared.FACTS),
    ("transitions", ESCAPE, "record", put("rate_evidence")("exact"), shared.FACTS),
    ("transitions", ESCAPE, "record", put("evidence")("believed"), shared.FACTS),
    ("transitions", ESCAPE, "record", put("sign")(2), shared.FACTS),
    ("transitions", ESCAPE, "record", put("seed")(-1), shared.FACTS),
    ("transitions", ESCAPE, "record", put("distance")("-1.0"), shared.FACTS),
    ("transitions", ESCAPE, "record", put("distance")(None), shared.FACTS),
    ("transitions", ESCAPE, "record", put("gradient_norm")("nan"), shared.FACTS),
    ("transitions", ESCAPE, "record", put("perturbation")("small"), shared.FACTS),
    ("transitions", ESCAPE, "record", put("direction")([]), shared.FACTS),
    ("transitions", ESCAPE, "record", put("direction", 0, 0)("b1"), shared.FACTS),
    ("transitions", ESCAPE, "record", put("rate")(RATE), verify_rates.ESCAPE_RATES),
    ("transitions", ESCAPE, "record", put("sign")(lambda sign: -sign), verify_rates.ESCAPE_RATES),
    ("transitions", ESCAPE, "record", put("direction", 2, 1)("2"), verify_rates.ESCAPE_RATES),
    ("transitions", ESCAPE, "record", put("direction", 1, 1)("1/2**1"), verify_rates.ESCAPE_RATES),
    ("transitions", ESCAPE, "record", put("direction", 0, 0)("w2"), verify_rates.ESCAPE_RATES),
    ("transition_surveys", SURVEY, "sources", 3, shared.FOLLOWED),
    ("transition_surveys", SURVEY, "version", 1, shared.FOLLOWED),
    ("transition_surveys", SURVEY, "parameters", '{"seed":-1}', shared.FOLLOWED),
    ("transition_sources", SURVEY, "position", 11, shared.FOLLOWED),
    ("transition_sources", f"{SURVEY} AND source IN ({UNSTABLE})", "runs", 1, shared.FOLLOWED),
    ("transition_sources", SURVEY + " AND runs > 0", "runs", 0, shared.FOLLOWED),
    ("transition_sources", SURVEY, "record", put("doubts")("none"), shared.FOLLOWED),
    ("transition_sources", SURVEY, "record", put("doubts")([""]), shared.FOLLOWED),
    ("sweeps", SWEPT, "sample", 1, sweeps.COLUMNS),
    ("sweeps", SWEPT, "upper", "3", sweeps.COLUMNS),
    ("sweeps", SWEPT, "version", 0, sweeps.COLUMNS),
    ("sweeps", SWEPT, "status", "undecided", sweeps.COLUMNS),
    ("sweeps", SWEPT, "record", put("to")("3"), sweeps.COLUMNS),
    ("sweeps", SWEPT, "record", put("pieces")(lambda pieces: pieces[:-1]), sweeps.PIECES),
    ("sweeps", SWEPT, "record", put("pieces", 1, "to")("1/2"), sweeps.PIECES),
    ("sweeps", SWEPT, "record", put("pieces", 1, "functions", 0, "loss", 0)("7"), sweeps.PIECES),
    ("sweeps", SWEPT, "record", put("pieces", 1, "functions", 0, "residuals", 0, 0)("7"), sweeps.PIECES),
    (
        "sweeps", SWEPT, "record",
        put("pieces", 1, "functions", 2, "strata")(lambda kinds: {"global_minimum": kinds["local_minimum"]}),
        sweeps.LEAST,
    ),
    (
        "sweeps", SWEPT, "record",
        put("pieces", 1, "functions", 0, "strata")(lambda kinds: {**kinds, "saddle": ["++z", *kinds["saddle"]]}),
        sweeps.STATIONARY,
    ),
    (
        "sweeps", SWEPT, "record",
        put("pieces", 1, "functions", 0, "strata")(lambda kinds: {"saddle": kinds["local_minimum"]}),
        sweeps.STATIONARY,
    ),
    ("branches", CROSSED, "k_lower", 5.7, branches.BRANCHES),
    ("branches", CROSSED, "irrep", "s0", branches.BRANCHES),
    ("branches", CROSSED, "record", put("to")("strict_saddle"), branches.BRANCHES),
    ("branches", CROSSED, "record", put("group")("Delta(S_9)"), branches.BRANCHES),
    ("branches", CROSSED, "record", put("k", "decimal")("5.9"), branches.BRANCHES),
    ("branch_surveys", FAMILY, "version", 0, branches.FAMILIES),
    ("branch_surveys", FAMILY, "status", "proved", branches.FAMILIES),
    ("branch_surveys", FAMILY, "record", put("minima")([[5, 1000]]), branches.FAMILIES),
    ("branch_surveys", FAMILY, "record", put("minima")([[8, 1000]]), branches.FAMILIES),
    ("branch_surveys", FAMILY, "record", put("high")("5"), branches.FAMILIES),
    ("branch_surveys", FAMILY, "record", put("name")("I"), branches.FAMILIES),
]

ONLY_SLOW: list[tuple[str, str, Any, dict[str, Any], str]] = [
    ("transitions", HESSIAN, put("direction", 0, 1)("1/2**4"), {}, verify_rates.HESSIAN_RATES),
    ("transitions", HESSIAN, put("direction", 1, 0)("b7"), {}, verify_rates.HESSIAN_RATES),
    (
        "sweeps", SWEPT, put("pieces", 1, "functions", 0, "strata", "saddle")(lambda codes: codes[1:]), {},
        sweeps.FRESH,
    ),
    ("branches", CROSSED, put("irrep")("y0"), {"irrep": "y0"}, branches.CROSSINGS),
]

QUICK = 12


def names_of(table: str) -> list[str]:
    if table == "sweeps":
        return ["bpf-toy"]
    return ["small"] if table.startswith("branch") else ["x"]


def names_in(found: Verification) -> dict[str, int]:
    return {one.name: one.checked for one in found.statements}


def name_of(case: tuple[str, str, str, Any, str]) -> str:
    return f"{case[0]}.{case[2]}.{case[4].partition(':')[2].strip()[:24]}"


def marked(cases: list[tuple[str, str, str, Any, str]]) -> list[Any]:
    marks = (() if i % QUICK == 0 else pytest.mark.slow for i in range(len(cases)))
    return [pytest.param(*case, id=name_of(case), marks=mark) for case, mark in zip(cases, marks, strict=True)]


@pytest.mark.parametrize(("table", "where", "column", "change", "statement"), marked(CORRUPTIONS))
def test_a_corrupted_field_is_refuted_by_its_statement(
    tmp_path: Path, table: str, where: str, column: str, change: Any, statement: str
) -> None:
    path = corrupt(flow_database(), tmp_path, table, where, column, change)
    found = verify_database(path, names_of(table))
    assert any(f": {statement}: " in line for line in found.refuted), (statement, found.refuted[:6])


def test_what_is_built_passes() -> None:
    found = verify_database(flow_database())
    assert found.refuted == []
    checked = names_in(found)
    for name in (
        shared.COLUMNS, shared.ENDS, shared.FALLS, shared.FACTS, shared.FOLLOWED, verify_rates.ESCAPE_RATES,
        interval.WAYS, sweeps.COLUMNS, sweeps.PIECES, sweeps.LEAST, sweeps.STATIONARY, branches.BRANCHES,
        branches.FAMILIES,
    ):
        assert checked[name] > 0, name
    told = {one.name for one in found.statements if one.not_checked}
    assert {shared.RUNS, verify_rates.HESSIAN_RATES, sweeps.FRESH, branches.CROSSINGS, branches.ELSEWHERE} <= told


@pytest.mark.slow
def test_what_is_built_passes_the_slow_checks() -> None:
    found = verify_database(dataset_flow_database(), slow=True)
    assert found.refuted == []
    families = {one.family for one in found.statements if one.name == verify_rates.HESSIAN_RATES and one.checked}
    assert families == {"interval", "dataset", "teacher"}
    checked = names_in(found)
    for name in (sweeps.FRESH, branches.CROSSINGS, teacher.CHOICES):
        assert checked[name] > 0, name


@pytest.mark.slow
@pytest.mark.parametrize(
    ("table", "where", "change", "also", "statement"),
    [pytest.param(*case, id=f"{case[0]}.{number}") for number, case in enumerate(ONLY_SLOW)],
)
def test_some_changes_are_refuted_by_the_slow_checks_alone(
    tmp_path: Path, table: str, where: str, change: Any, also: dict[str, Any], statement: str
) -> None:
    path = corrupt(flow_database(), tmp_path, table, where, "record", change, also)
    names = names_of(table)
    assert verify_database(path, names).refuted == []
    assert any(f": {statement}: " in line for line in verify_database(path, names, slow=True).refuted)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("where", "change", "statement"),
    [
        ("problem = 'bpf-toy' AND kind = 'escape'", put("rate")(rational("1/8", "0.125")), verify_rates.ESCAPE_RATES),
        ("problem = 'bpf-toy' AND kind = 'escape'", put("direction", 0, 1)("1/2**1"), verify_rates.ESCAPE_RATES),
        ("problem = 'bpf-toy' AND kind = 'hessian'", put("rate")(RATE), verify_rates.HESSIAN_RATES),
        ("problem = 'bpf-toy' AND kind = 'hessian'", put("direction", 0, 1)("1/2**1"), verify_rates.HESSIAN_RATES),
        ("problem = 'x2' AND kind = 'hessian'", put("rate")(RATE), verify_rates.HESSIAN_RATES),
        ("problem = 'small'", put("rate")(RATE), verify_rates.HESSIAN_RATES),
        ("problem = 'small'", put("direction", 0, 1)("1/2**1"), verify_rates.HESSIAN_RATES),
        ("problem = 'small'", put("irrep")("q"), teacher.CHOICES),
    ],
)
def test_a_corrupted_rate_is_refuted_in_every_family(tmp_path: Path, where: str, change: Any, statement: str) -> None:
    path = corrupt(dataset_flow_database(), tmp_path, "transitions", where, "record", change)
    name = where.split("'")[1]
    assert any(f": {statement}: " in line for line in verify_database(path, [name], slow=True).refuted)


@pytest.mark.parametrize("kind", ["escape", pytest.param("hessian", marks=pytest.mark.slow)])
def test_dropped_transitions_are_refuted(tmp_path: Path, kind: str) -> None:
    path, connection = changed(flow_database(), tmp_path)
    with connection:
        connection.execute("DELETE FROM transitions WHERE problem = 'x' AND kind = ?", (kind,))
    connection.close()
    statement = shared.FOLLOWED if kind == "escape" else interval.WAYS
    assert any(f": {statement}: " in line for line in verify_database(path, ["x"]).refuted)


def test_a_dropped_saddle_is_refuted(tmp_path: Path) -> None:
    path, connection = changed(flow_database(), tmp_path)
    with connection:
        connection.execute(f"DELETE FROM transition_sources WHERE {SURVEY} AND position > 7")
    connection.close()
    assert any(f": {shared.FOLLOWED}: finished" in line for line in verify_database(path, ["x"]).refuted)
