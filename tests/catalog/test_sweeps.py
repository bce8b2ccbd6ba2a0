"""Sweeps: from `build --vary` through the database to every format; what is malformed is refused in one line."""

from __future__ import annotations

import csv
import io
import json
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from conftest import Command, check_compiles, write_problem

from catalog.dataset.sweep_record import polynomial_text, sweep_answer, sweep_from_record, sweep_record
from catalog.errors import CatalogError
from catalog.query import open_catalog
from catalog.record import from_text, to_text
from catalog.store import Store
from catalog.sweeps import Vary, build_sweeps, parse_vary
from catalog.typesetting import typeset
from symbolic import survey
from symbolic.dataset.problem import DatasetProblem
from symbolic.dataset.sweep import Sweep, sweep_target
from symbolic.enclosure import AlgebraicNumber
from symbolic.errors import BudgetExceeded

TOY = 'name = "toy"\nfamily = "dataset"\ninputs = [["-1/2"], ["2"]]\ntargets = [-1, 1]\nbias = true\nwidth = 1\n'
ZIGZAG = (
    'name = "zigzag"\nfamily = "dataset"\ninputs = [[-2], [-1], [1], [2]]\n'
    "targets = [1, -1, 1, -1]\nbias = true\nwidth = 1\n"
)
MOVED = "targets[2]=-3/2..2"
LABEL = "zigzag@1:s2:-3_2..2"


def toy(folder: Path) -> str:
    (folder / "toy.toml").write_text(TOY)
    return str(folder / "toy.toml")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy at widths 1 and 2, and the zigzag at width 1, whose walls are not all rational."""
    folder = tmp_path_factory.mktemp("sweeps")
    path = folder / "catalog.sqlite"
    build_sweeps([toy(folder)], "targets[2]=-1..2", 2, path)
    (folder / "zigzag.toml").write_text(ZIGZAG)
    build_sweeps([folder / "zigzag.toml"], MOVED, None, path)
    return path


@pytest.fixture(scope="module")
def zigzag() -> Sweep:
    inputs = tuple((Fraction(x),) for x in (-2, -1, 1, 2))
    problem = DatasetProblem("zigzag", inputs, tuple(map(Fraction, (1, -1, 1, -1))), bias=True)
    return sweep_target(problem, 2, Fraction(-3, 2), Fraction(2), 1)


def value_at(text: str, t: Fraction) -> Fraction:
    """The value of a polynomial text in t; written for the tests only."""
    total = Fraction(0)
    for sign, body in re.findall(r"(^-?|[+-]) ?([^ ]+)", text):
        term = Fraction(1)
        for factor in body.replace("**", "^").split("*"):
            name, _, power = factor.partition("^")
            term *= t ** int(power or 1) if name == "t" else Fraction(name)
        total += -term if sign == "-" else term
    return total


def test_the_record_is_the_sweep(zigzag: Sweep) -> None:
    text = to_text(sweep_record(zigzag))
    read = sweep_from_record(zigzag.problem, zigzag.width, from_text(text))
    assert read == zigzag
    assert to_text(sweep_record(read)) == text
    assert any(isinstance(wall, AlgebraicNumber) for wall in zigzag.walls)


def test_a_wrong_loss_or_end_in_a_record_is_refused(zigzag: Sweep) -> None:
    for damage in ("loss", "end", "kind"):
        record = json.loads(to_text(sweep_record(zigzag)))
        piece = record["pieces"][3]
        if damage == "loss":
            piece["functions"][0]["loss"][2] = "1/7"
        elif damage == "end":
            piece["from"] = "0.5"
        else:
            piece["functions"][0]["strata"]["minimum"] = ["++--p"]
        with pytest.raises(CatalogError):
            sweep_from_record(zigzag.problem, zigzag.width, record)


def test_the_row_tells_what_the_sweep_says(zigzag: Sweep) -> None:
    row = sweep_answer("label", "zigzag", 1, sweep_record(zigzag))
    assert len(row["walls"]) == len(zigzag.walls)
    for i, (wall, root) in enumerate(zip(row["walls"], zigzag.walls, strict=True)):
        across = {
            (one["stratum"], one["before"], one["after"]) for one in wall["changes"] if one["before"] != one["after"]
        }
        assert across == {(one.code, one.before, one.after) for one in zigzag.changes_at(i)}
        if isinstance(root, Fraction):
            assert Fraction(wall["exact"]) == root
            assert wall["radical"] is None
            continue
        c0, c1, c2 = wall["exact"]["minpoly"]
        match = re.fullmatch(r"\((-?\d+) ([+-]) (?:(\d+)\*)?sqrt\((\d+)\)\)/(\d+)", wall["radical"])
        assert match, wall["radical"]
        a, b, q = int(match[1]), int(match[3] or 1) * (1 if match[2] == "+" else -1), int(match[5])
        # (a + b sqrt d)/q is a root: rational and irrational part of the polynomial vanish.
        d = int(match[4])
        assert c0 * q * q + c1 * a * q + c2 * (a * a + b * b * d) == 0 == c1 * b * q + 2 * c2 * a * b
        near = Fraction(wall["decimal"])
        assert abs(c0 + c1 * near + c2 * near * near) < Fraction(1, 10**30)
        assert len(wall["decimal"].lstrip("-0.")) >= 30


def test_texts_of_polynomials() -> None:
    assert polynomial_text(["0", "0"]) == "0"
    assert polynomial_text(["0", "-1"]) == "-t"
    assert polynomial_text(["-1/2", "1", "-3/4"]) == "-1/2 + t - 3/4*t**2"


def test_rows_agree_with_surveys_at_values_of_t(database: Path) -> None:
    """Residuals, losses and numbers of strata of the stored pieces against a survey of the problem at that target."""
    with open_catalog(database) as opened:
        (row,) = opened.sweeps(problem="zigzag")
        assert opened.sweeps(problem="zigzag").complete["status"] == "proved"
    for piece in row["pieces"]:
        if not isinstance(piece["from"], str) or not isinstance(piece["to"], str):
            continue
        t = (Fraction(piece["from"]) + Fraction(piece["to"])) / 2
        targets = (Fraction(1), t, Fraction(1), Fraction(-1))
        problem = DatasetProblem("z", tuple((Fraction(x),) for x in (-2, -1, 1, 2)), targets, bias=True)
        functions = [one for one in survey(problem, 1).functions if one.minimal_width is not None]
        expected = {one.residuals: one.loss for one in functions}
        told = {
            tuple(value_at(text, t) for text in one["residuals"]): value_at(one["loss"]["exact"], t)
            for one in piece["functions"]
        }
        assert told == expected
        for one in piece["functions"]:
            assert {kind: len(codes) for kind, codes in one["strata"].items()} == one["kinds"]
            coefficients = [Fraction(text) for text in one["loss"]["coefficients"]]
            assert sum(c * t**i for i, c in enumerate(coefficients)) == value_at(one["loss"]["exact"], t)


def test_queries(database: Path, saddlery: Command) -> None:
    found = saddlery("query", "sweeps", "--format", "json", "--db", str(database))
    whole: dict[str, Any] = json.loads(found.out)
    assert whole["complete"]["status"] == "proved"
    assert [row["label"] for row in whole["rows"]] == ["toy@2:s2:-1..2", LABEL]
    assert {"problem", "width", "sample", "from", "to", "walls", "pieces"} <= set(whole["rows"][0])
    one = json.loads(saddlery("query", "sweeps", "--width", "1", "--format", "json", "--db", str(database)).out)
    assert [row["label"] for row in one["rows"]] == ["toy@1:s2:-1..2", LABEL]
    assert [wall["exact"] for wall in one["rows"][0]["walls"]] == ["0", "1"]
    table = saddlery("query", "sweeps", "--problem", "toy", "--width", "1", "--db", str(database)).out.splitlines()
    assert table[0].split() == ["label", "width", "sample", "from", "to", "walls"]
    assert table[1].split() == ["toy@1:s2:-1..2", "1", "2", "-1", "2", "0", "1"]
    cells = saddlery("query", "sweeps", "--problem", "zigzag", "--format", "csv", "--db", str(database)).out
    (row,) = csv.DictReader(io.StringIO(cells))
    assert json.loads(row["pieces"]) == whole["rows"][1]["pieces"]


def test_what_was_not_swept_is_undecided(database: Path, saddlery: Command) -> None:
    for asked in (["--width", "3"], ["--problem", "toy", "--width", "3"]):
        found = saddlery("query", "sweeps", *asked, "--format", "json", "--db", str(database))
        assert json.loads(found.out)["complete"]["status"] == "undecided"
        assert json.loads(found.out)["rows"] == []
    whole = json.loads(saddlery("query", "sweeps", "--width", "2", "--format", "json", "--db", str(database)).out)
    assert len(whole["rows"]) == 1
    assert whole["complete"]["status"] == "undecided"
    assert "zigzag at width 2: not surveyed" in whole["complete"]["reason"]
    # The sweep is no survey of the problem as it stands in the file.
    functions = json.loads(saddlery("query", "functions", "--format", "json", "--db", str(database)).out)
    assert functions["complete"]["status"] == "undecided"


@pytest.mark.parametrize("filters", [["--kind", "saddle"], ["--where", "width = 1"], ["--max-loss", "1"]])
def test_filters_that_do_not_apply(database: Path, saddlery: Command, filters: list[str]) -> None:
    assert saddlery("query", "sweeps", *filters, "--db", str(database)).is_refused()


def test_show_tells_pieces_and_changes(database: Path, saddlery: Command) -> None:
    found = saddlery("show", "toy@1:s2:-1..2", "--db", str(database))
    assert found.code == 0
    lines = found.out.splitlines()
    assert lines[0] == "toy@1:s2:-1..2: y_2 = t from -1 to 2, width 1; walls at t = 0, 1"
    assert any(line.split() == ["0", "<", "t", "<", "1", "1/4", "+", "1/4*t**2", "-1,", "t", "5", "local_minimum,",
                                "3", "saddle,", "1", "strict_saddle"] for line in lines)
    assert "  global_minimum to local_minimum: +-n, +0n" in lines
    irrational = saddlery("show", LABEL, "--db", str(database)).out
    assert "0.0339879351849 = (15 - 4*sqrt(13))/17" in irrational
    assert saddlery("show", "toy@1:s1:-1..2", "--db", str(database)).is_refused()


def test_latex_compiles(database: Path, tmp_path: Path, saddlery: Command) -> None:
    with open_catalog(database) as opened:
        text = typeset(opened, [LABEL, "toy@1:s2:-1..2"], "functions", None, standalone=True)
    body = saddlery("query", "sweeps", "--format", "latex", "--db", str(database))
    assert body.code == 0
    assert r"\tfrac{53}{208} - \tfrac{15 t}{104}" in body.out
    assert r"\sqrt{13}" in body.out
    assert r"\textbf{Completeness: proved.}" in text
    check_compiles(tmp_path, text, runs=1)


def test_latex_says_what_is_not_proved(database: Path, saddlery: Command) -> None:
    empty = saddlery("query", "sweeps", "--width", "5", "--format", "latex", "--db", str(database)).out
    assert "Completeness: undecided" in empty


def test_a_sweep_is_built_once(tmp_path: Path, saddlery: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    first = saddlery("build", toy(tmp_path), "--vary", "targets[2]=-1..2")
    assert first.code == 0
    assert first.out.startswith("toy@1:s2:-1..2: y_2 = t from -1 to 2")
    monkeypatch.setattr("symbolic.dataset.sweep.sweep_target", lambda *_, **__: pytest.fail("it is swept again"))
    assert saddlery("build", toy(tmp_path), "--vary", " targets[2] = -2/2 .. 4/2 ").out == first.out


def test_too_much_is_undecided(tmp_path: Path, saddlery: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise BudgetExceeded("too many sets")

    monkeypatch.setattr("symbolic.dataset.sweep.sweep_target", refuse)
    arguments = ["build", toy(tmp_path), "--vary", "targets[1]=0..1"]
    found = saddlery(*arguments)
    assert found.code == 0
    assert "too many sets" in found.err
    assert saddlery(*arguments, "--strict").code == 1
    asked = json.loads(saddlery("query", "sweeps", "--format", "json").out)
    assert asked == {"complete": {"status": "undecided", "reason": "too many sets", "caveat": ""}, "rows": []}


def test_a_larger_budget_of_patterns_is_asked_for(tmp_path: Path, saddlery: Command) -> None:
    found = saddlery("build", toy(tmp_path), "--vary", "targets[1]=0..1", "--patterns-budget", "3")
    assert found.is_refused()
    assert "--patterns-budget" in found.err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("targets[2]=-0.5..2", 'write "-1/2"'),
        ("targets[2]=-1..2.25", 'write "9/4"'),
        ("targets[2]=1e-3..2", 'write "1/1000"'),
        ("targets[2]=0..nan", "integers and strings"),
        ("targets[2]=0..1/0", "divides by 0"),
        ("targets[2]=2..-1", "not from 2 to -1"),
        ("targets[2]=1..1", "not from 1 to 1"),
        ("targets[2]=0..1..2", "--vary"),
        ("targets[0]=0..1", "no sample 0"),
        ("targets[3]=0..1", "no sample 3"),
        ("targets[-1]=0..1", "must be like"),
        ("targets[2]=1", "must be like"),
        ("targets[2]=..1", "must be like"),
        ("inputs[2]=0..1", "must be like"),
        ("", "must be like"),
        ("targets[2]=0..10000000", "at most 1000000"),
        ("targets[2]=__import__('os')..1", "integers and strings"),
    ],
)
def test_what_is_malformed_is_refused_in_one_line(text: str, words: str, tmp_path: Path, saddlery: Command) -> None:
    found = saddlery("build", toy(tmp_path), "--vary", text)
    assert found.is_refused()
    assert words in found.err
    assert not (tmp_path / "catalog.sqlite").exists()


def test_files_that_cannot_be_swept(tmp_path: Path, saddlery: Command) -> None:
    line = str(write_problem(tmp_path, "line", "x"))
    vary = ["--vary", "targets[1]=0..1"]
    for files, words in (([], "exactly one FILE"), ([toy(tmp_path), line], "exactly one FILE"), ([line], "data set")):
        found = saddlery("build", *files, *vary)
        assert found.is_refused()
        assert words in found.err


def test_another_problem_of_the_name_is_refused(database: Path, tmp_path: Path, saddlery: Command) -> None:
    path = tmp_path / "toy.toml"
    path.write_text(TOY.replace("targets = [-1, 1]", "targets = [-1, 2]"))
    assert saddlery("build", str(path), "--vary", "targets[2]=0..1", "--db", str(database)).is_refused()


def test_labels_say_the_request(database: Path) -> None:
    assert parse_vary("targets[2]=-3/2..4/2") == Vary(2, Fraction(-3, 2), Fraction(2))
    assert parse_vary(MOVED).label("zigzag", 1) == LABEL
    with Store.reading(database) as store:
        assert [row["name"] for row in store.problems()] == ["toy", "zigzag"]
