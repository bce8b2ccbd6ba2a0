"""Answers: which rows, which fields, and a completeness that is never more than what is proved."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import sys
import tomllib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from conftest import REGION_FIELDS, Command, write_problem

import catalog
from catalog import __version__
from catalog.answer import Answer
from catalog.cli import _run
from catalog.errors import CatalogError
from catalog.location import connect
from catalog.problem_file import bundled_problem_files
from catalog.query import Catalog, open_catalog

Ask = Callable[..., dict[str, Any]]

FUNCTION_FIELDS = {
    "label": str,
    "problem": str,
    "family": str,
    "class": str,
    "pattern": (str, type(None)),
    "realizations": list,
    "minimal_width": int,
    "loss": dict,
    "kinks": list,
    "kinks_exact": list,
    "slopes": list,
    "slopes_exact": list,
    "offset": str,
    "offset_exact": (str, dict, type(None)),
    "moment": str,
    "moment_exact": (str, dict, type(None)),
    "rigor": str,
    "provisional": bool,
    "kinds": dict,
    "indices": list,
    "local_minimum": bool,
}
PROBLEM_FIELDS = {
    "name": str,
    "family": str,
    "target": str,
    "domain": list,
    "leak": str,
    "activation": str,
    "surveys": list,
}


@pytest.fixture
def small(small_database: Path) -> Catalog:
    return open_catalog(small_database)


@pytest.fixture
def ask(small_database: Path, saddlery: Command) -> Ask:
    def run(*arguments: str) -> dict[str, Any]:
        outcome = saddlery("query", *arguments, "--format", "json", "--db", str(small_database))
        assert outcome.code == 0, outcome
        return json.loads(outcome.out, parse_constant=pytest.fail)

    return run


@pytest.mark.parametrize(
    ("entity", "fields"),
    [
        ("functions", FUNCTION_FIELDS),
        ("regions", REGION_FIELDS | {"order": list}),
        ("problems", PROBLEM_FIELDS),
    ],
)
def test_the_fields_of_every_row(ask: Ask, entity: str, fields: dict[str, Any]) -> None:
    answer = ask(entity)
    assert set(answer) == {"complete", "rows"}
    assert set(answer["complete"]) == {"status", "reason", "caveat"}
    assert answer["rows"]
    for row in answer["rows"]:
        assert set(row) == set(fields)
        for name, kind in fields.items():
            assert isinstance(row[name], kind), (name, row[name])


def test_the_numbers_of_a_function(ask: Ask) -> None:
    for row in ask("functions")["rows"]:
        loss = row["loss"]
        assert set(loss) == {"exact", "decimal", "lower", "upper"}
        value = Fraction(loss["decimal"])
        assert Fraction(loss["lower"]) <= value * (1 + Fraction(1, 10**30))
        assert value <= Fraction(loss["upper"]) * (1 + Fraction(1, 10**30))
        assert len(row["slopes"]) == len(row["kinks"]) + 1
        for name in ("kinks", "slopes"):
            assert len(row[name]) == len(row[f"{name}_exact"])
        single = (row["offset_exact"], row["moment_exact"], loss["exact"])
        for exact in (*row["kinks_exact"], *row["slopes_exact"], *single):
            if isinstance(exact, dict):
                assert set(exact) == {"minpoly", "interval"}
            elif exact is not None:
                assert set(exact) <= set("0123456789+-*/() sqrt")


def test_known_functions(ask: Ask) -> None:
    rows = {row["label"]: row for row in ask("functions", "--problem", "x2")["rows"]}
    assert len(rows) == 7
    best = rows["x2:B.++.1"]
    assert (best["kinks"], best["kinks_exact"], best["loss"]["exact"]) == (["0.2", "0.6"], ["1/5", "3/5"], "4/28125")
    leaky = {row["label"]: row for row in ask("functions", "--problem", "x-leaky", "--width", "1")["rows"]}
    assert len(leaky) == 4
    assert leaky["x-leaky:B.+.1"]["loss"]["exact"] == "(161 - 44*sqrt(10))/972"


def test_widths(ask: Ask) -> None:
    narrow, wide = (ask("functions", "--problem", "x2", "--width", str(width)) for width in (1, 2))
    assert narrow["complete"]["status"] == wide["complete"]["status"] == "proved"
    assert [row["label"] for row in narrow["rows"]] == [row["label"] for row in wide["rows"]][: len(narrow["rows"])]
    assert {row["minimal_width"] for row in narrow["rows"]} == {0, 1}
    assert ask("functions", "--problem", "x2") == wide
    assert {row["width"] for row in ask("regions", "--width", "2")["rows"]} == {2}
    assert {row["width"] for row in ask("regions", "--problem", "x")["rows"]} == {3}


@pytest.mark.parametrize("entity", ["functions", "regions", "problems", "strata"])
def test_a_width_that_was_not_surveyed_is_undecided(ask: Ask, entity: str) -> None:
    for arguments in (["--width", "5"], ["--width", "5", "--problem", "x2"], ["--width", "99999999999"]):
        assert ask(entity, *arguments) == {
            "complete": {"status": "undecided", "reason": "not surveyed", "caveat": ""},
            "rows": [],
        }


def test_one_problem_without_the_width_makes_the_answer_undecided(ask: Ask) -> None:
    answer = ask("functions", "--width", "2")
    assert answer["complete"]["status"] == "undecided"
    assert answer["complete"]["reason"] == "x3 at width 2: not surveyed"
    assert {row["problem"] for row in answer["rows"]} == {"x", "x-leaky", "x2"}


def test_a_problem_file_stands_for_its_name(ask: Ask, tmp_path: Path) -> None:
    file = next(str(path) for path in bundled_problem_files() if path.stem == "x2")
    assert ask("functions", "--problem", file) == ask("functions", "--problem", "x2")
    unknown = write_problem(tmp_path, "unknown")
    for entity in ("functions", "regions", "problems"):
        assert ask(entity, "--problem", str(unknown))["complete"]["reason"] == "not surveyed"


def test_max_loss_compares_exactly(small: Catalog) -> None:
    at = small.functions(problem="x2", max_loss="4/28125")
    assert [row["label"] for row in at] == ["x2:B.++.1"]
    assert at.complete["status"] == "proved"
    tiny = Fraction(1, 10**60)
    assert len(small.functions(problem="x2", max_loss=Fraction(4, 28125) - tiny)) == 0
    algebraic = next(row for row in small.functions(problem="x2") if isinstance(row["loss"]["exact"], dict))
    near = Fraction(algebraic["loss"]["decimal"])
    unit = Fraction(1, 10**37)
    below, above = (small.functions(problem="x2", max_loss=near + shift) for shift in (-unit, unit))
    assert algebraic["label"] in {row["label"] for row in above} - {row["label"] for row in below}
    assert len(small.functions(max_loss=10**400)) == len(small.functions())
    assert len(small.functions(max_loss=-1)) == 0


def test_max_loss_that_a_ball_does_not_decide(small_database: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    copy.write_bytes(small_database.read_bytes())
    connection = sqlite3.connect(copy)
    (text,) = connection.execute("SELECT record FROM functions WHERE label = 'x2:B.++.1'").fetchone()
    record = json.loads(text)
    record["loss"] = {"ball": {"midpoint": "1/2**13", "radius": "1/2**20"}, "decimal": "0.0001"}
    connection.execute(
        "UPDATE functions SET record = ?, loss_lower = 0.00012, loss_upper = 0.000125 WHERE label = 'x2:B.++.1'",
        (json.dumps(record),),
    )
    connection.commit()
    connection.close()
    with open_catalog(copy) as opened:
        answer = opened.functions(problem="x2", max_loss=Fraction(1, 2**13))
        assert len(answer) == 0
        assert answer.complete["status"] == "undecided"
        assert "x2:B.++.1" in answer.complete["reason"]
        assert opened.functions(problem="x2", max_loss=Fraction(1, 2**12)).complete["status"] == "proved"


def test_an_undecided_survey_makes_every_answer_undecided(saddlery: Command, tmp_path: Path) -> None:
    problem = write_problem(tmp_path, "p", width="1")
    built = saddlery("build", str(problem), "--budget", "1e-9", "--workers", "1")
    assert built.code == 0
    assert "undecided" in built.out
    assert "saddlery: p at width 1 is undecided:" in built.err
    strict = saddlery("build", str(problem), "--budget", "1e-9", "--workers", "1", "--strict")
    assert strict.code == 1
    assert strict.out == built.out
    assert strict.err.endswith("saddlery: 1 of 1 surveys stayed undecided\n")
    with open_catalog() as opened:
        for answer in (
            opened.functions(),
            opened.regions(),
            opened.strata(),
            opened.functions(max_loss=1, where="class = 'B'"),
        ):
            assert answer.complete["status"] == "undecided"
            assert "budget" in answer.complete["reason"]
        assert {row["completeness"] for row in opened.regions()} == {"undecided"}
    again = saddlery("build", str(problem), "--workers", "1", "--strict")
    assert again.code == 0, again
    with open_catalog() as opened:
        assert opened.functions().complete["status"] == "proved"
        assert not any(row["label"].endswith("?") for row in opened.functions())


@pytest.mark.parametrize(
    ("expression", "labels"),
    [
        ("class = 'A'", {"x2:A.0.1", "x2:A.1.1"}),
        ("knots = 1 AND minimal_width < 2", {"x2:B.+.1"}),
        ("pattern LIKE '+-%'", {"x2:B.+-.1", "x2:B.+-.2"}),
        ("loss_upper < 0.0002", {"x2:B.++.1"}),
        ("\"class\" = 'B' AND length(pattern) = 0", {"x2:B..1"}),
        ("label IN (SELECT label FROM functions WHERE knots = 1)", {"x2:B.+.1", "x2:A.1.1"}),
        ("pattern IS NULL AND '); -- \"it''s [' <> ''", {"x2:A.0.1", "x2:A.1.1"}),
    ],
)
def test_where(small: Catalog, expression: str, labels: set[str]) -> None:
    answer = small.functions(problem="x2", where=expression)
    assert {row["label"] for row in answer} == labels
    assert answer.complete["status"] == "proved"


def test_where_of_the_other_entities(small: Catalog) -> None:
    assert [row["name"] for row in small.problems(where="degree = 1")] == ["x", "x-leaky"]
    assert [row["label"] for row in small.regions(problem="x2", where="interior = 2 AND active = 0")] == [
        "x2@2:r:++",
        "x2@2:r:+-",
        "x2@2:r:-+",
        "x2@2:r:--",
    ]


ATTACKS = {
    "1; DROP TABLE functions": "; is not part",
    "1); DROP TABLE functions; --": "-- is not part",
    "1) UNION SELECT record FROM functions --": "-- is not part",
    "1) UNION SELECT record FROM functions WHERE (1": "parentheses do not match",
    "label IN (SELECT record FROM functions)": "only the columns",
    "1) LIMIT 1 /*": "/* is not part",
    "1=0) OR (1": "parentheses do not match",
    "(1": "parentheses do not match",
    "1 LIMIT 1": "syntax error",
    "[label] = 1": "[ is not part",
    "`label` = 1": "` is not part",
    "label IN (SELECT name FROM sqlite_schema)": "only the columns",
    "(SELECT count(*) FROM surveys) > 0": "only the columns",
    "record LIKE '%'": "only the columns",
    "functions.rowid = 1": "only the columns",
    "load_extension('evil')": "only the columns",
    "randomblob(1000000000) IS NOT NULL": "only the columns",
    "printf('%.999999999d', 1) > ''": "only the columns",
    "writefile('pwned', 'x')": "no such function",
    "readfile('/etc/passwd') > ''": "no such function",
    "(ATTACH DATABASE 'pwned' AS p)": "syntax error",
    "PRAGMA user_version = 0": "syntax error",
    "(WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT max(n) FROM t) > 0": "only the columns",
    "? = 1": "bindings",
    ":x = 1": "bindings",
    "nosuch = 1": "no such column: nosuch",
    '"nosuch" = 1': "no column 'nosuch'",
    "class = \"B\"": "single quotes",
    "knots =": "syntax error",
    "'open": "",
    "": "needs an expression",
    "  ": "needs an expression",
    "1\x00": "control characters",
    "1 AND " * 2000 + "1": "at most 4000 characters",
    "(" * 300 + "1" + ")" * 300: "",
    "likelihood(1, 0.5)": "only the columns",
    "sum(knots) > 1": "only the columns",
    "raise(ABORT, 'x')": "",
    "match(label, 'x')": "",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_where_refuses(attack: str, small_database: Path, tmp_path: Path, saddlery: Command) -> None:
    before = small_database.read_bytes()
    for entity in ("functions", "regions", "problems", "strata"):
        outcome = saddlery("query", entity, "--where", attack, "--db", str(small_database))
        assert outcome.is_refused(), outcome
        if entity == "functions":
            assert ATTACKS[attack] in outcome.err
    assert small_database.read_bytes() == before
    assert list(tmp_path.iterdir()) == []


def test_where_that_takes_forever_is_stopped(small: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.where.MAXIMAL_SECONDS", 0.0)
    tables = ", ".join(f"functions AS t{i}" for i in range(8))
    with pytest.raises(CatalogError, match="it takes more than"):
        small.functions(where=f"EXISTS (SELECT 1 FROM {tables} WHERE t0.knots + t7.knots = 99)")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["transitions", "--index", "1"], "--index does not apply to transitions"),
        (["transitions", "--kind", "saddle"], "unknown kind 'saddle' of a transition"),
        (["branches", "--width", "2"], "--width does not apply to branches"),
        (["neurons"], "unknown entity 'neurons'"),
        (["functions", "--format", "xml"], "unknown format"),
        (["functions", "--width", "0"], "width must be a positive integer"),
        (["functions", "--width", "x"], "--width"),
        (["functions", "--kind", "maximum"], "unknown kind"),
        (["functions", "--index", "-1"], "natural number"),
        (["functions", "--notion", "vague"], "unknown notion"),
        (["functions", "--max-loss", "0.001"], "write 1/1000 for 0.001"),
        (["functions", "--max-loss", "1/0"], "rational p/q"),
        (["functions", "--max-loss", "1e999999999"], "rational p/q"),
        (["functions", "--max-loss", "loss"], "rational p/q"),
        (["functions", "--problem", "x4"], "no problem 'x4'"),
        (["functions", "--problem", "nowhere.toml"], "no such file"),
        (["regions", "--max-loss", "1"], "--max-loss does not apply to regions"),
        (["problems", "--kind", "saddle"], "--kind does not apply to problems"),
    ],
)
def test_bad_questions(arguments: list[str], words: str, small_database: Path, saddlery: Command) -> None:
    outcome = saddlery("query", *arguments, "--db", str(small_database))
    assert outcome.is_refused(), outcome
    assert words in outcome.err


def test_csv_has_every_row_and_column(small_database: Path, saddlery: Command, ask: Ask) -> None:
    for entity in ("functions", "regions", "problems", "strata"):
        outcome = saddlery("query", entity, "--format", "csv", "--db", str(small_database))
        rows = list(csv.DictReader(io.StringIO(outcome.out)))
        expected = ask(entity)["rows"]
        assert len(rows) == len(expected)
        for row, whole in zip(rows, expected, strict=True):
            nested = {"sample", "stationarity"} & set(whole)
            assert set(whole) - nested <= set(row)
            if entity == "strata":
                assert json.loads(row["w_exact"]) == whole["sample"]["w_exact"]
                assert row["directional"] == whole["stationarity"]["directional"]
                assert json.loads(row["neurons"]) == [one["code"] for one in whole["neurons"]]
            if entity == "functions":
                assert row["loss"] == whole["loss"]["decimal"]
                assert float(row["loss_upper"]) == whole["loss"]["upper"]
                assert json.loads(row["kinks_exact"]) == whole["kinks_exact"]
            if entity == "regions":
                assert row["loss"] == whole["loss"]
        assert outcome.err.startswith("saddlery: ")


def test_the_table_says_how_complete_it_is(small_database: Path, saddlery: Command) -> None:
    out = saddlery("query", "functions", "--problem", "x2", "--db", str(small_database)).out
    assert "x2:B.++.1" in out
    assert "1/5 3/5" in out
    assert out.splitlines()[-1].startswith("7 functions; proved: ")


def test_show(small_database: Path, saddlery: Command) -> None:
    shown = saddlery("show", "x2:B.+-.1", "--db", str(small_database))
    assert shown.code == 0
    assert "0.0722665257878777100128617553012284279, root of [1, -15, 15, 15]" in shown.out
    region = saddlery("show", "x2@2:r:+-", "--db", str(small_database))
    assert "b2**4*v2" in region.out
    near = saddlery("show", "x2:B.+-.7", "--db", str(small_database))
    assert near.is_refused()
    assert "near it are" in near.err
    assert "x2:B.+-.1" in near.err


def test_latex_command(small_database: Path, saddlery: Command, tmp_path: Path) -> None:
    database = ["--db", str(small_database)]
    one = saddlery("latex", "x2", *database)
    assert one.code == 0
    assert one.out == saddlery("latex", "x2", "--width", "2", *database).out
    assert r"\tfrac{4}{28125}" in one.out
    two = saddlery("latex", "x2:B.++.1", "x2@2:r:+-", "x", "--standalone", "-o", str(tmp_path / "o.tex"), *database)
    assert (two.code, two.out) == (0, "")
    text = (tmp_path / "o.tex").read_text()
    assert text.count(r"\begin{longtable}") == 3
    assert r"\end{document}" in text
    for arguments, words in (
        (["x2", "--what", "poems"], "unknown table"),
        (["x2:B.+.77"], "no record labelled"),
        (["nope"], "no problem 'nope'"),
        (["x2", "-o", str(tmp_path / "no" / "o.tex")], "No such file"),
    ):
        outcome = saddlery("latex", *arguments, *database)
        assert outcome.is_refused(), outcome
        assert words in outcome.err


def test_the_python_interface(small: Catalog) -> None:
    answer = small.functions(problem="x2", width=2, where="class = 'A'")
    assert len(answer) == 2
    assert answer[0]["label"] == "x2:A.0.1"
    assert [row["label"] for row in answer[:1]] == ["x2:A.0.1"]
    assert repr(answer).startswith("<2 functions, proved: ")
    assert "x2:A.1.1" in answer._repr_html_()
    assert r"\begin{longtable}" in answer.to_latex()
    frame = answer.to_dataframe()
    assert list(frame["label"]) == ["x2:A.0.1", "x2:A.1.1"]
    assert frame.attrs["complete"] == answer.complete
    with pytest.raises(CatalogError, match="positive integer"):
        small.functions(width=0)
    with pytest.raises(CatalogError, match="rational"):
        small.functions(max_loss=0.5)


def test_the_package_opens_the_default_database(monkeypatch: pytest.MonkeyPatch, small_database: Path) -> None:
    monkeypatch.setenv("SADDLERY_DB", str(small_database))
    with catalog.open_catalog() as opened:
        assert [row["name"] for row in opened.problems()] == ["x", "x-leaky", "x2", "x3"]
    assert catalog.Answer is Answer


def test_html_is_escaped() -> None:
    row = {"name": "<b>", "family": "interval", "target": "x", "domain": ["0", "1"], "leak": "0", "surveys": []}
    html = Answer("problems", [row], {"status": "undecided", "reason": "<i>", "caveat": ""})._repr_html_()
    assert "<b>" not in html
    assert "&lt;i&gt;" in html


def test_without_pandas_the_error_says_what_to_install(small: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(CatalogError, match="pip install pandas"):
        small.functions().to_dataframe()


def test_regions_list_the_functions_of_their_closure(ask: Ask) -> None:
    rows = {row["label"]: row for row in ask("regions", "--problem", "x2")["rows"]}
    assert len(rows) == 2**4 - 2 - 3
    assert rows["x2@2:r:ii"]["functions"] == ["x2:B..1"]
    assert "x2:B.++.1" in rows["x2@2:r:++"]["functions"]
    assert "x2:B.++.1" not in rows["x2@2:r:+-"]["functions"]
    assert {name for row in rows.values() for name in row["functions"]} == {
        row["label"] for row in ask("functions", "--problem", "x2")["rows"]
    }


def test_the_database_of_the_tests_is_not_written(small_database: Path) -> None:
    connection = connect(small_database, "ro")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM functions")
    connection.close()


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    declared = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]["version"]
    assert _run(["--version"]) == 0
    assert capsys.readouterr().out == f"saddlery {declared}\n" == f"saddlery {__version__}\n"
    assert _run(["--help"]) == 0
    assert "query" in capsys.readouterr().out
