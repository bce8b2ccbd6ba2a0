"""Strata in the catalog: every answer recomputed from the rows, filters that say what they leave open, samples."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from fractions import Fraction
from math import factorial, prod
from pathlib import Path
from typing import Any

import pytest
from conftest import STRATUM_FIELDS, Command

from catalog.errors import CatalogError
from catalog.query import Catalog, open_catalog

FIELDS = STRATUM_FIELDS | {"descent": (dict, type(None))}
KINDS = ("global_minimum", "local_minimum", "strict_saddle", "saddle", "undecided")
SURVEYED = (("x", 1), ("x", 2), ("x", 3), ("x-leaky", 2), ("x-leaky", 3), ("x2", 1), ("x2", 2), ("x3", 1))


@pytest.fixture
def small(small_database: Path) -> Catalog:
    return open_catalog(small_database)


def edited(database: Path, folder: Path, *statements: str) -> Path:
    """A copy of a database in which something stored was changed."""
    copy = folder / "copy.sqlite"
    copy.write_bytes(database.read_bytes())
    with sqlite3.connect(copy) as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount > 0, statement
    connection.close()
    return copy


@pytest.fixture
def doubtful(small_database: Path, tmp_path: Path) -> Catalog:
    """As if the kind of the saddles without a Hessian over x2:A.1.1 at width 2 had not been decided."""
    group = "function = 'x2:A.1.1' AND width = 2 AND kind = 'saddle' AND hessian = 'no' AND listed = 1"
    copy = edited(
        small_database,
        tmp_path,
        f"UPDATE strata SET kind = 'undecided' WHERE {group}",
        f"UPDATE strata_counts SET kind = 'undecided' WHERE {group}",
        "UPDATE strata_surveys SET caveat = 'some kinds are undecided' WHERE problem = 'x2' AND width = 2",
    )
    return open_catalog(copy)


def test_the_fields_of_every_stratum(small_database: Path, saddlery: Command) -> None:
    outcome = saddlery("query", "strata", "--format", "json", "--notion", "clarke", "--db", str(small_database))
    rows = json.loads(outcome.out, parse_constant=pytest.fail)["rows"]
    assert {(row["problem"], row["width"]) for row in rows} == {("x", 3), ("x-leaky", 3), ("x2", 2), ("x3", 1)}
    assert len({row["label"] for row in rows}) == len(rows)
    for row in rows:
        assert set(row) == set(FIELDS)
        for name, kind in FIELDS.items():
            assert isinstance(row[name], kind), (name, row[name])
        assert row["kind"] in KINDS
        assert set(row["stationarity"]) == {"smooth", "directional", "clarke"}
        assert set(row["stationarity"].values()) <= {"yes", "no", "undecided"}
        codes = [neuron["code"] for neuron in row["neurons"]]
        assert row["label"] == f"{row['function']}@{row['width']}:{'.'.join(codes)}"
        assert set(row["label"]).isdisjoint(" '\"*")
        assert not row["label"].startswith("-")
        numbers = (row["index"], row["nullity"], row["positive"])
        if row["hessian"] == "yes":
            assert sum(numbers) == 3 * row["width"] + 1
            assert row["nullity"] >= row["dimension"] or row["kind"] == "saddle"
        else:
            assert numbers == (None, None, None)
        if codes != ["all"]:
            repeats = Counter(codes).values()
            assert row["orbit_size"] == factorial(row["width"]) // prod(map(factorial, repeats))
            assert len(codes) == row["width"]


def test_the_sample_realizes_the_function(small: Catalog) -> None:
    """f from its kinks and slopes, and the network at the sample point, agree at rational points to 30 digits."""
    for name, width in SURVEYED:
        leak = Fraction(small.problems(problem=name)[0]["leak"])
        functions = {row["label"]: row for row in small.functions(problem=name, width=width)}
        for row in small.strata(problem=name, width=width, notion="clarke"):
            sample, function = row["sample"], functions[row["function"]]
            w, b, v = ([Fraction(text) for text in sample[part]] for part in "wbv")
            assert len(w) == len(b) == len(v) == width
            assert set(map(abs, w)) <= {0, 1}
            for x in (Fraction(0), Fraction(1, 7), Fraction(5, 9), Fraction(1)):
                inner = [one * x + other for one, other in zip(w, b, strict=True)]
                network = Fraction(sample["c"])
                network += sum(weight * max(z, leak * z) for weight, z in zip(v, inner, strict=True))
                assert abs(network - value_at(function, x)) < Fraction(1, 10**28), row["label"]
            for part in ("w", "b", "v"):
                for decimal, exact in zip(sample[part], sample[f"{part}_exact"], strict=True):
                    if isinstance(exact, str) and "sqrt" not in exact:
                        assert abs(Fraction(decimal) - Fraction(exact)) < Fraction(1, 10**30)


def value_at(function: dict[str, Any], x: Fraction) -> Fraction:
    kinks = [Fraction(0), *map(Fraction, function["kinks"]), Fraction(1)]
    value = Fraction(function["offset"])
    for slope, left, right in zip(function["slopes"], kinks, kinks[1:], strict=False):
        value += Fraction(slope) * max(Fraction(0), min(x, right) - left)
    return value


def test_known_strata_of_the_parabola(small: Catalog) -> None:
    rows = {row["label"]: row for row in small.strata(problem="x2")}
    best = rows["x2:B.++.1@2:k1+p.k2+p"]
    assert (best["kind"], best["index"], best["dimension"], best["orbit_size"]) == ("global_minimum", 0, 2, 2)
    assert best["sample"]["b_exact"] == ["-1/5", "-3/5"]
    assert best["neurons"][0] == {
        "code": "k1+p",
        "does": "breakpoint at kink 1, orientation +, v > 0",
        "cjr22": "type-2 active",
    }
    spurious = rows["x2:B.+-.1@2:k1+p.k2-p"]
    assert (spurious["kind"], spurious["index"]) == ("local_minimum", 0)
    dead = rows["x2:B..1@2:dead.dead"]
    assert (dead["kind"], dead["dimension"], dead["neurons"][0]["cjr22"]) == ("local_minimum", 6, "inactive")


@pytest.mark.parametrize(
    ("name", "width", "minima"),
    [("x", 1, 2), ("x", 2, 2), ("x", 3, 2), ("x-leaky", 3, 1), ("x2", 1, 3), ("x2", 2, 6), ("x3", 1, 3)],
)
def test_how_many_functions_have_a_local_minimum(small: Catalog, name: str, width: int, minima: int) -> None:
    """Counts of an independent multi-start search."""
    rows = small.functions(problem=name, width=width)
    assert sum(row["local_minimum"] is True for row in rows) == minima
    assert all(row["local_minimum"] is not None for row in rows)


@pytest.mark.parametrize("notion", [None, "clarke"])
def test_functions_say_what_their_strata_are(small: Catalog, notion: str | None) -> None:
    for name, width in SURVEYED:
        strata = small.strata(problem=name, width=width, notion=notion)
        for row in small.functions(problem=name, width=width, notion=notion):
            mine = [one for one in strata if one["function"] == row["label"]]
            assert row["kinds"] == Counter(one["kind"] for one in mine)
            assert row["indices"] == sorted({one["index"] for one in mine} - {None})


def test_clarke_adds_what_is_stationary_in_no_other_sense(small: Catalog) -> None:
    for name, width in SURVEYED:
        usual = small.strata(problem=name, width=width)
        more = small.strata(problem=name, width=width, notion="clarke")
        labels = {row["label"] for row in usual}
        assert labels < {row["label"] for row in more}
        for row in more:
            degenerate = any(one["code"] in ("zerop", "zeron") for one in row["neurons"])
            assert (row["stationarity"]["directional"] == "no") == (row["label"] not in labels)
            assert row["stationarity"]["smooth"] == ("no" if degenerate else "yes")


@pytest.mark.parametrize("entity", ["functions", "strata"])
def test_filters_by_kind_and_index(doubtful: Catalog, entity: str) -> None:
    every = doubtful.strata(problem="x2", width=2)
    open_kinds = [row for row in every if row["kind"] == "undecided"]
    assert open_kinds
    key = "function" if entity == "functions" else "label"
    for kind in (None, *KINDS):
        for index in (None, 0, 1, 2, 7):
            answer = doubtful.query(entity, problem="x2", width=2, kind=kind, index=index)
            found = {
                row[key] for row in every if kind in (None, row["kind"]) and index in (None, row["index"])
            }
            assert [row["label"] for row in answer] == list(dict.fromkeys(r["label"] for r in answer))
            assert {row["label"] for row in answer} == found
            # The open ones have no Hessian, so they are no strict saddles and have no index; and they lie over a
            # function of more than the least loss.
            left = {row[key] for row in open_kinds} - found
            is_open = index is None and kind in ("local_minimum", "saddle") and left
            assert answer.complete["status"] == ("undecided" if is_open else "proved"), (kind, index)


def test_an_undecided_kind_is_said_and_leaves_nothing_out(doubtful: Catalog, small: Catalog) -> None:
    answer = doubtful.strata(problem="x2", width=2)
    open_kinds = sum(row["kind"] == "undecided" for row in answer)
    assert len(answer) == len(small.strata(problem="x2", width=2))
    assert answer.complete["status"] == "proved"
    assert "some kinds are undecided" in answer.complete["caveat"]
    filtered = doubtful.strata(problem="x2", width=2, kind="saddle")
    assert filtered.complete["reason"] == f"whether {open_kinds} more strata have kind saddle is not decided"
    elsewhere = doubtful.strata(problem="x2", width=2, kind="saddle", where="function <> 'x2:A.1.1'")
    assert elsewhere.complete["status"] == "proved"
    listed = {row["label"]: row["local_minimum"] for row in doubtful.functions(problem="x2", width=2)}
    assert listed["x2:A.1.1"] is True


def test_an_index_that_was_not_proved_leaves_the_filters_open(small_database: Path, tmp_path: Path) -> None:
    label = "x2:B.+-.1@2:k1+p.k2-p"
    change = "SET negative = NULL, hessian = 'undecided', kind = 'undecided' WHERE"
    copy = edited(
        small_database,
        tmp_path,
        f"UPDATE strata {change} label = '{label}'",
        f"UPDATE strata_counts {change} function = 'x2:B.+-.1' AND negative = 0 AND kind = 'local_minimum'",
    )
    with open_catalog(copy) as opened:
        for entity, name in (("strata", "1 more strata have index 5"), ("functions", "x2:B.+-.1")):
            answer = opened.query(entity, problem="x2", index=5)
            assert answer.complete["status"] == "undecided"
            assert name in answer.complete["reason"]
            assert len(answer) == 0
        where = opened.strata(problem="x2", index=5, where="function = 'x2:B.+-.1'")
        assert where.complete["status"] == "undecided"
        assert opened.strata(problem="x2", index=5, where="function = 'x2:B.++.1'").complete["status"] == "proved"
        (row,) = opened.functions(problem="x2", where="label = 'x2:B.+-.1'")
        assert row["local_minimum"] is None


def test_global_minima_that_are_not_known_are_said(small_database: Path, tmp_path: Path) -> None:
    change = "SET kind = 'local_minimum' WHERE kind = 'global_minimum' AND problem = 'x2'"
    copy = edited(small_database, tmp_path, f"UPDATE strata {change}", f"UPDATE strata_counts {change}")
    with open_catalog(copy) as opened:
        for entity in ("strata", "functions"):
            answer = opened.query(entity, problem="x2", kind="global_minimum")
            assert (len(answer), answer.complete["status"]) == (0, "undecided")
            assert opened.query(entity, problem="x", kind="global_minimum").complete["status"] == "proved"


def test_strata_that_were_not_surveyed_leave_functions_unknown(small_database: Path, tmp_path: Path) -> None:
    tables = ("strata", "strata_counts", "strata_surveys")
    gone = [f"DELETE FROM {table} WHERE problem = 'x2' AND width = 2" for table in tables]
    with open_catalog(edited(small_database, tmp_path, *gone)) as opened:
        answer = opened.strata(problem="x2")
        assert (len(answer), answer.complete["status"], answer.complete["reason"]) == (
            0,
            "undecided",
            "strata not surveyed",
        )
        functions = opened.functions(problem="x2")
        assert functions.complete["status"] == "proved"
        assert "strata not surveyed" in functions.complete["caveat"]
        assert {(row["kinds"], row["local_minimum"]) for row in functions} == {(None, None)}
        assert opened.functions(problem="x2", kind="saddle").complete["status"] == "undecided"
        assert opened.functions(problem="x2", width=1)[0]["local_minimum"] is True
        assert len(opened.strata(problem="x2", width=1)) == 13
        assert opened.problems(problem="x2")[0]["surveys"][1]["strata"] is None


def test_an_undecided_list_of_strata_makes_no_claims(small_database: Path, tmp_path: Path) -> None:
    copy = edited(
        small_database,
        tmp_path,
        "UPDATE strata_surveys SET status = 'undecided', reason = 'a site' WHERE problem = 'x2' AND width = 2",
    )
    with open_catalog(copy) as opened:
        assert opened.strata(problem="x2").complete["reason"] == "a site"
        functions = opened.functions(problem="x2")
        assert [row["local_minimum"] for row in functions] == [True, True, True, True, True, None, True]
        filtered = opened.functions(problem="x2", index=7)
        assert filtered.complete["status"] == "undecided"
        assert "x2:B.+-.2" in filtered.complete["reason"]


def test_filters_by_loss_and_by_columns(small: Catalog) -> None:
    cheap = small.strata(problem="x2", max_loss="1/5000")
    assert {row["function"] for row in cheap} == {"x2:B.++.1"}
    assert len(small.strata(problem="x2", max_loss=1)) == len(small.strata(problem="x2"))
    wide = small.strata(problem="x2", where="dimension >= 5 AND negative IS NULL")
    assert {row["label"] for row in wide} == {
        row["label"] for row in small.strata(problem="x2") if row["dimension"] >= 5 and row["index"] is None
    }
    with pytest.raises(CatalogError, match="unknown kind"):
        small.strata(kind="maximum")
    with pytest.raises(CatalogError, match="only the columns"):
        small.strata(where="sample = ''")


def test_show_a_stratum_and_the_summary_of_a_function(small_database: Path, saddlery: Command, small: Catalog) -> None:
    label = "x2:B.+-.1@2:k1+p.k2-p"
    shown = saddlery("show", label, "--db", str(small_database))
    assert shown.code == 0
    assert "k1+p: breakpoint at kink 1, orientation +, v > 0 (type-2 active in CJR22)" in shown.out
    assert "smooth yes, directional yes, clarke yes" in shown.out
    assert "sample b" in shown.out
    function = saddlery("show", "x2:B.+-.1", "--db", str(small_database))
    assert "Strata over it at width 2:" in function.out
    width, summary = small.strata_summary("x2:B.+-.1")
    strata = [row for row in small.strata(problem="x2") if row["function"] == "x2:B.+-.1"]
    assert width == 2
    assert sum(row["strata"] for row in summary) == len(strata)
    assert sum(row["labelled"] for row in summary) == sum(row["orbit_size"] for row in strata)
    near = saddlery("show", "x2:B.+-.1@2:k1+p.k2-q", "--db", str(small_database))
    assert near.is_refused()
    assert label in near.err


def test_strata_are_queried_by_name_with_every_format(small_database: Path, saddlery: Command) -> None:
    database = ["--db", str(small_database)]
    table = saddlery("query", "strata", "--problem", "x2", "--kind", "global_minimum", *database)
    assert table.out.splitlines()[-1].startswith("1 strata; proved: ")
    latex = saddlery("query", "strata", "--problem", "x2", "--kind", "global_minimum", "--format", "latex", *database)
    assert latex.code == 0
    assert r"\texttt{k1+p}" in latex.out
    empty = saddlery("query", "strata", "--problem", "x2", "--index", "9", "--format", "json", *database)
    assert json.loads(empty.out)["rows"] == []
