"""Data sets in the catalog: every stored stratum, function and region is checked from its numbers alone."""

from __future__ import annotations

import ast
import csv
import io
import json
import random
import sqlite3
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from math import factorial, prod
from pathlib import Path
from typing import Any

import pytest
from conftest import REGION_FIELDS, STRATUM_FIELDS, Command, built, write_problem

from catalog.build import Progress, build, jobs_of
from catalog.errors import CatalogError
from catalog.problem_file import bundled_problem_files
from catalog.query import Catalog, open_catalog
from catalog.release import release
from catalog.store import Store
from symbolic.errors import BudgetExceeded

BUILT = {"bpf-toy": 3, "negative-first": 1, "tent3": 2, "zigzag4": 2, "xor": 1}
CONFLICT = 'name = "conflict"\nfamily = "dataset"\ninputs = [[1], [1], [-1]]\ntargets = [1, -2, 1]\nwidth = 1\n'

FUNCTION_FIELDS = {
    "label": str,
    "problem": str,
    "family": str,
    "minimal_width": (int, type(None)),
    "clarke_width": int,
    "loss": dict,
    "residuals": list,
    "fit": list,
    "rigor": str,
    "kinds": dict,
    "indices": list,
    "local_minimum": bool,
}
SIGNS = {"p": 1, "n": -1, "z": 0}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bundled data sets at small widths, a contradictory one, and an interval problem beside them."""
    folder = tmp_path_factory.mktemp("dataset")
    files = {file.stem: file for file in bundled_problem_files()}
    path = folder / "catalog.sqlite"
    built(path, BUILT)
    (folder / "conflict.toml").write_text(CONFLICT)
    build(jobs_of([folder / "conflict.toml", files["x"]], 1), path)
    return path


@pytest.fixture
def opened(database: Path) -> Catalog:
    return open_catalog(database)


def samples_of(problem: dict[str, Any]) -> list[list[Fraction]]:
    return [[Fraction(value) for value in row] + [Fraction(1)] * problem["bias"] for row in problem["inputs"]]


def residuals_at(problem: dict[str, Any], w: Sequence[Sequence[Fraction]], a: Sequence[Fraction]) -> list[Fraction]:
    found = []
    for x, y in zip(samples_of(problem), problem["targets"], strict=True):
        values = [sum((p * q for p, q in zip(row, x, strict=True)), Fraction(0)) for row in w]
        total = sum((outer * max(value, Fraction(0)) for outer, value in zip(a, values, strict=True)), Fraction(0))
        found.append(Fraction(y) - total)
    return found


def signs_at(problem: dict[str, Any], row: Sequence[Fraction]) -> str:
    values = [sum(p * q for p, q in zip(row, x, strict=True)) for x in samples_of(problem)]
    return "".join("+" if value > 0 else "-" if value < 0 else "0" for value in values)


def half_mean_square(residuals: Sequence[Fraction]) -> Fraction:
    return sum((one * one for one in residuals), Fraction(0)) / (2 * len(residuals))


def value_of(text: str, names: dict[str, Fraction]) -> Fraction:
    """The value of a polynomial text, read term by term; written for the tests only."""

    def walk(node: ast.expr) -> Fraction:
        match node:
            case ast.Constant(value=int(number)):
                return Fraction(number)
            case ast.Name(id=name):
                return names[name]
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return -walk(inner)
            case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int(power))):
                return walk(left) ** power
            case ast.BinOp(left=left, op=operation, right=right):
                one, other = walk(left), walk(right)
                return {
                    ast.Add: lambda: one + other,
                    ast.Sub: lambda: one - other,
                    ast.Mult: lambda: one * other,
                    ast.Div: lambda: one / other,
                }[type(operation)]()
        raise AssertionError(ast.dump(node))

    return walk(ast.parse(text, mode="eval").body)


@pytest.mark.parametrize(
    ("entity", "fields"), [("functions", FUNCTION_FIELDS), ("strata", STRATUM_FIELDS), ("regions", REGION_FIELDS)]
)
def test_the_fields_of_every_row(opened: Catalog, entity: str, fields: dict[str, Any]) -> None:
    rows = [row for row in opened.query(entity) if row["family"] == "dataset"]
    assert {row["problem"] for row in rows} == {*BUILT, "conflict"}
    assert len({row["label"] for row in rows}) == len(rows)
    for row in rows:
        assert set(row) == set(fields)
        for name, kind in fields.items():
            assert isinstance(row[name], kind), (name, row[name])
        assert set(row["label"]).isdisjoint(" '\"*")


def test_every_sample_realizes_its_function_with_the_patterns_of_its_label(opened: Catalog) -> None:
    problems = {row["name"]: row for row in opened.problems() if row["family"] == "dataset"}
    looked_at = 0
    for name, problem in problems.items():
        for width in range(1, BUILT.get(name, 1) + 1):
            functions = {row["label"]: row for row in opened.functions(problem=name, width=width, notion="clarke")}
            for row in opened.strata(problem=name, width=width, notion="clarke"):
                w = [[Fraction(value) for value in one] for one in row["sample"]["w"]]
                a = [Fraction(value) for value in row["sample"]["a"]]
                codes = [neuron["code"] for neuron in row["neurons"]]
                assert row["label"] == f"{row['function']}@{width}:{'.'.join(codes)}"
                assert [signs_at(problem, one) for one in w] == [code[:-1] for code in codes]
                assert [(value > 0) - (value < 0) for value in a] == [SIGNS[code[-1]] for code in codes]
                assert [neuron["pattern"] for neuron in row["neurons"]] == [code[:-1] for code in codes]
                assert [neuron["sign"] for neuron in row["neurons"]] == [SIGNS[code[-1]] for code in codes]
                assert residuals_at(problem, w, a) == [Fraction(one) for one in functions[row["function"]]["residuals"]]
                assert row["orbit_size"] == factorial(width) // prod(map(factorial, Counter(codes).values()))
                assert (row["stationarity"]["smooth"] == "yes") == all("0" not in code for code in codes)
                assert (row["hessian"] == "yes") == (row["index"] is not None)
                assert row["stationarity"]["clarke"] == "yes"
                if row["nullity"] is not None:
                    parameters = width * (len(samples_of(problem)[0]) + 1)
                    assert row["index"] + row["nullity"] + row["positive"] == parameters
                looked_at += 1
    assert looked_at > 1500


def growth(problem: dict[str, Any], sample: dict[str, Any], step: Sequence[Fraction]) -> Fraction:
    """(L(p + t d) - L(p))/t^2 at the sample point p, for a small t."""
    count, length, losses = len(sample["w"]), len(sample["w"][0]), []
    for t in (Fraction(1, 10**6), Fraction(0)):
        w = [[Fraction(sample["w"][j][i]) + t * step[j * length + i] for i in range(length)] for j in range(count)]
        a = [Fraction(sample["a"][j]) + t * step[count * length + j] for j in range(count)]
        losses.append(half_mean_square(residuals_at(problem, w, a)))
    return (losses[0] - losses[1]) * 10**12


def test_where_there_is_said_to_be_no_hessian_there_is_none(opened: Catalog) -> None:
    """Along a line through a point where L is twice differentiable with gradient 0, L(t) - L(0) is q t^2 + o(t^2) with
    the same q on both sides, and q obeys the parallelogram law."""
    generator = random.Random(3)
    looked_at = Counter[str]()
    for name in ("bpf-toy", "negative-first", "tent3", "xor", "conflict"):
        (problem,) = opened.problems(problem=name)
        for row in opened.strata(problem=name, width=1, notion="clarke"):
            size = len(row["sample"]["w"][0]) + 1
            defects = []
            for _ in range(20):
                one, other = ([Fraction(generator.randint(-5, 5)) for _ in range(size)] for _ in range(2))
                plus, minus = ([p + sign * q for p, q in zip(one, other, strict=True)] for sign in (1, -1))
                values = [growth(problem, row["sample"], step) for step in (plus, minus, one, other)]
                defects.append(values[0] + values[1] - 2 * values[2] - 2 * values[3])
            bound = Fraction(1, 100)
            looked_at[row["hessian"]] += 1
            if row["hessian"] == "yes":
                assert max(map(abs, defects)) < bound, row["label"]
            if row["hessian"] == "no":
                assert max(map(abs, defects)) > bound, row["label"]
    assert looked_at["yes"] > 20
    assert looked_at["no"] > 20
    assert looked_at["undecided"] > 0


def test_loss_and_fit_are_those_of_the_residuals(opened: Catalog) -> None:
    for row in opened.functions(notion="clarke"):
        if row["family"] == "dataset":
            residuals = [Fraction(one) for one in row["residuals"]]
            assert Fraction(row["loss"]["exact"]) == half_mean_square(residuals)
            assert row["loss"]["lower"] <= Fraction(row["loss"]["exact"]) <= row["loss"]["upper"]
            assert row["fit"] == [k for k, one in enumerate(residuals, start=1) if one == 0]


def test_published_losses_of_the_orthogonal_sets(opened: Catalog) -> None:
    """Each sample is fit or predicted 0, and a fit set needs as many neurons as it has signs."""
    first = opened.functions(problem="bpf-toy")
    toy = {tuple(row["fit"]): (row["loss"]["exact"], row["minimal_width"]) for row in first}
    assert toy == {(): ("1/2", 0), (1,): ("1/4", 1), (2,): ("1/4", 1), (1, 2): ("0", 2)}
    second = {tuple(row["fit"]): row["loss"]["exact"] for row in opened.functions(problem="negative-first")}
    assert second == {(): "7/8", (3,): "5/24", (1, 2): "2/3", (1,): "17/24", (2,): "5/6"}


def test_published_number_of_ordered_strata(opened: Catalog) -> None:
    """Labels (+, -), global minima / local minima / saddles: 0/9/4 at width 1, 18/113/80 at width 2.

    The published count calls the local minima of width 1 local; there no network is exact, and the best one is the
    global minimum.
    """
    for width, expected in ((1, (9, 4)), (2, (131, 80))):
        numbers: Counter[str] = Counter()
        for row in opened.strata(problem="bpf-toy", width=width):
            numbers["minimum" if "minimum" in row["kind"] else "saddle"] += row["orbit_size"]
        assert (numbers["minimum"], numbers["saddle"]) == expected
    exact = [row for row in opened.strata(problem="bpf-toy", width=2) if row["kind"] == "global_minimum"]
    assert sum(row["orbit_size"] for row in exact) == 18


def test_the_loss_of_a_region_is_the_loss_of_the_network(opened: Catalog) -> None:
    generator = random.Random(5)
    problems = {row["name"]: row for row in opened.problems() if row["family"] == "dataset"}
    for name, problem in problems.items():
        rows = opened.regions(problem=name)
        by_word = {tuple(row["neurons"]): row for row in rows}
        dimension, width = len(samples_of(problem)[0]), rows[0]["width"]
        assert len(by_word) == len(rows)
        seen = set()
        for _ in range(60):
            w = [[Fraction(generator.randint(-9, 9), 4) for _ in range(dimension)] for _ in range(width)]
            words = [signs_at(problem, one) for one in w]
            if any("0" in word for word in words):
                continue
            order = sorted(range(width), key=words.__getitem__)
            a = [Fraction(generator.randint(-9, 9), 5) for _ in range(width)]
            ordered = [w[j] for j in order]
            names = {f"w{j}_{i}": value for j, one in enumerate(ordered, 1) for i, value in enumerate(one, 1)}
            names |= {f"a{j}": value for j, value in enumerate(a, 1)}
            row = by_word[tuple(words[j] for j in order)]
            assert value_of(row["loss"], names) == half_mean_square(residuals_at(problem, ordered, a))
            seen.add(row["label"])
        assert len(seen) >= min(len(rows), 4)


def test_regions_list_the_functions_of_the_strata_in_their_closure(opened: Catalog) -> None:
    """At width 1 a stratum lies in the closure of the cells that refine its pattern."""
    for name in ("bpf-toy", "tent3", "zigzag4", "xor", "negative-first"):
        strata = opened.strata(problem=name, width=1)
        for region in opened.regions(problem=name, width=1):
            (word,) = region["neurons"]
            inside = {
                row["function"]
                for row in strata
                if all(mine in ("0", other) for mine, other in zip(row["neurons"][0]["pattern"], word, strict=True))
            }
            assert set(region["functions"]) == inside, region["label"]


def test_summaries_of_functions_are_those_of_their_strata(opened: Catalog) -> None:
    for notion in (None, "clarke"):
        strata = opened.strata(problem="zigzag4", notion=notion)
        for row in opened.functions(problem="zigzag4", notion=notion):
            mine = [one for one in strata if one["function"] == row["label"]]
            assert row["kinds"] == Counter(one["kind"] for one in mine)
            assert row["indices"] == sorted({one["index"] for one in mine} - {None})
            listed = [one for one in mine if one["stationarity"]["directional"] == "yes"]
            assert row["local_minimum"] == any("minimum" in one["kind"] for one in listed)


def test_what_is_stationary_in_clarkes_sense_alone_is_listed_on_request(opened: Catalog) -> None:
    listed, every = (opened.functions(problem="zigzag4", width=2, notion=notion) for notion in (None, "clarke"))
    more = [row for row in every if row["label"] not in {one["label"] for one in listed}]
    assert more
    assert all(row["minimal_width"] is None for row in more)
    assert {row["clarke_width"] for row in every} == {0, 1, 2}
    for row in more:
        (kind,) = row["kinds"]
        assert kind == "saddle"
        assert row["local_minimum"] is False
    default = opened.strata(problem="zigzag4", width=2)
    everywhere = opened.strata(problem="zigzag4", width=2, notion="clarke")
    extra = [row for row in everywhere if row["stationarity"]["directional"] == "no"]
    assert len(default) + len(extra) == len(everywhere)
    assert {row["function"] for row in extra} >= {row["label"] for row in more}


def test_filters(opened: Catalog) -> None:
    best = opened.functions(problem="bpf-toy", width=2, kind="global_minimum")
    assert [row["label"] for row in best] == ["bpf-toy:2.1"]
    assert best.complete["status"] == "proved"
    strict = opened.strata(problem="bpf-toy", width=1, index=1)
    assert [row["label"] for row in strict] == ["bpf-toy:0.1@1:++z"]
    assert {row["kind"] for row in strict} == {"strict_saddle"}
    low = opened.functions(problem="zigzag4", max_loss="9/28")
    assert {row["loss"]["exact"] for row in low} == {"1/4", "9/28"}
    assert [row["fit"] for row in opened.functions(where="fitted = 2 AND problem = 'bpf-toy'")] == [[1, 2]]
    assert {row["name"] for row in opened.problems(where="dimension = 3")} == {"negative-first", "xor"}
    assert {row["name"] for row in opened.problems(where="degree = 1")} == {"x"}


def test_a_width_that_was_not_surveyed_is_undecided(opened: Catalog) -> None:
    for entity in ("functions", "strata", "regions", "problems"):
        answer = opened.query(entity, problem="xor", width=5)
        assert list(answer) == []
        assert answer.complete == {"status": "undecided", "reason": "not surveyed", "caveat": ""}


def test_contradictory_samples_are_legal_and_said(database: Path, tmp_path: Path, saddlery: Command) -> None:
    file = tmp_path / "conflict.toml"
    file.write_text(CONFLICT)
    outcome = saddlery("build", str(file), "--workers", "1")
    assert outcome.code == 0
    assert "saddlery: note on conflict: samples 1 and 2 have equal inputs and different targets" in outcome.err
    with open_catalog(database) as opened:
        for entity in ("functions", "strata", "regions"):
            complete = opened.query(entity, problem="conflict").complete
            assert complete["status"] == "proved"
            assert complete["caveat"].startswith("samples 1 and 2 have equal inputs and different targets")
        assert min(Fraction(row["loss"]["exact"]) for row in opened.functions(problem="conflict")) > 0


def test_answers_about_both_families_have_the_columns_of_both(database: Path, saddlery: Command) -> None:
    where = ["--db", str(database)]
    for entity in ("functions", "strata", "regions", "problems"):
        rows = json.loads(saddlery("query", entity, "--format", "json", *where).out)["rows"]
        table = list(csv.DictReader(io.StringIO(saddlery("query", entity, "--format", "csv", *where).out)))
        assert {row["family"] for row in rows} == {"interval", "dataset"}
        assert [line.get("label", line.get("name")) for line in table] == [
            row.get("label", row.get("name")) for row in rows
        ]
        text = saddlery("query", entity, *where).out.splitlines()
        assert len(text) == len(rows) + 3
    table = list(csv.DictReader(io.StringIO(saddlery("query", "functions", "--format", "csv", *where).out)))
    for line in table:
        of_interval = line["family"] == "interval"
        assert bool(line["slopes"]) == of_interval == (not line["residuals"]) == bool(line["class"])
    only = saddlery("query", "functions", "--problem", "xor", "--max-loss", "-1", "--format", "csv", *where).out
    assert "residuals" in only
    assert "slopes" not in only


def test_show(database: Path, saddlery: Command) -> None:
    where = ["--db", str(database)]
    function = saddlery("show", "tent3:1.1", *where).out
    assert "1/9 = 0.1111" in function
    assert "residuals      -1/3\n               2/3\n" in function
    assert "Strata over it at width 2" in function
    stratum = saddlery("show", "bpf-toy:1.1@2:+0n.--z", *where).out
    assert "+0n: active at 1; on the kink of 2; a < 0" in stratum
    assert "--z: inactive at 1, 2; a = 0" in stratum
    region = saddlery("show", "xor@1:r:++++", *where).out
    assert "a1**2*w1_1**2/4" in region
    refused = saddlery("show", "bpf-toy:1.1@2:+0n.--q", *where)
    assert refused.is_refused()
    assert "near it are" in refused.err


def test_a_finished_build_does_no_work_and_a_stopped_one_goes_on(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "copy.sqlite"
    copy.write_bytes(database.read_bytes())
    file = next(path for path in bundled_problem_files() if path.stem == "bpf-toy")
    seen: list[Progress] = []
    with monkeypatch.context() as patched:
        patched.setattr("symbolic.surveys.survey", lambda *_, **__: pytest.fail("a finished build surveys again"))
        build(jobs_of([file], 3), copy, report=seen.append)
    assert [one.done for one in seen] == [1, 2, 3]
    assert copy.read_bytes() == database.read_bytes()
    with sqlite3.connect(copy) as connection:
        for table in ("strata", "strata_counts", "strata_surveys"):
            assert connection.execute(f"DELETE FROM {table} WHERE problem = 'bpf-toy' AND width = 2").rowcount
    connection.close()
    surveyed: list[int] = []
    survey = __import__("symbolic.surveys").surveys.survey
    monkeypatch.setattr(
        "symbolic.surveys.survey",
        lambda problem, width, **options: surveyed.append(width) or survey(problem, width, **options),
    )
    build(jobs_of([file], 3), copy)
    assert surveyed == [2]
    with open_catalog(copy) as here, open_catalog(database) as there:
        for entity in ("functions", "strata", "regions"):
            for width in (1, 2, 3):
                mine, theirs = (one.query(entity, problem="bpf-toy", width=width) for one in (here, there))
                assert mine.as_json() == theirs.as_json()


def test_a_minimal_width_that_is_known_stays_known(tmp_path: Path) -> None:
    """zigzag4 has functions that Clarke points realize at width 2 and no better ones at that width."""
    file = next(path for path in bundled_problem_files() if path.stem == "zigzag4")
    database = tmp_path / "catalog.sqlite"
    build(jobs_of([file], 2), database)
    with Store.writing(database) as store:
        (row, *_) = [one for one in store.functions("zigzag4", 2, clarke=True) if one["minimal_width"] is None]
        record = row["record"].replace('"minimal_width":null', '"minimal_width":7')
        with store.transaction() as connection:
            statement = "UPDATE functions SET minimal_width = 7, record = ? WHERE label = ?"
            connection.exec_driver_sql(statement, (record, row["label"]))
            connection.exec_driver_sql("UPDATE surveys SET parameters = '{}' WHERE width = 2")
    build(jobs_of([file], 2), database)
    with Store.reading(database) as store:
        (again,) = [one for one in store.functions("zigzag4", 7) if one["label"] == row["label"]]
        assert again["record"] == record
        assert again["label"] not in {one["label"] for one in store.functions("zigzag4", 2)}


def test_what_is_too_large_is_undecided_and_says_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, saddlery: Command
) -> None:
    file = next(path for path in bundled_problem_files() if path.stem == "tent3")
    monkeypatch.setattr("symbolic.dataset.survey.STRATA_BUDGET", 100)
    monkeypatch.setattr("symbolic.dataset.regions.REGION_BUDGET", 20)
    outcome = saddlery("build", str(file), "--width", "2", "--workers", "1", "--strict")
    assert outcome.code == 1
    assert "tent3 has 178 strata at width 2" in outcome.err
    with open_catalog() as opened:
        assert opened.strata(problem="tent3", width=1).complete["status"] == "proved"
        strata = opened.strata(problem="tent3", width=2)
        assert list(strata) == []
        assert strata.complete["status"] == "undecided"
        regions = opened.regions(problem="tent3", width=2)
        assert list(regions) == []
        assert regions.complete["reason"] == "the 21 regions of tent3 at width 2 are too many to be listed"
        assert regions.complete["status"] == "undecided"
        functions = opened.functions(problem="tent3", width=2)
        assert functions.complete["status"] == "proved"
        assert [row["local_minimum"] for row in functions] == [None] * 3

    def exhausted(*_: object, **__: object) -> None:
        raise BudgetExceeded("too many sets")

    monkeypatch.setattr("symbolic.surveys.survey", exhausted)
    rows = build(jobs_of([file], 3))
    assert [row["status"] for row in rows] == ["proved", "proved", "undecided"]
    with open_catalog() as opened:
        wide = opened.functions(problem="tent3", width=3)
        assert [row["label"] for row in wide] == ["tent3:0.1", "tent3:1.1", "tent3:2.1"]
        assert (wide.complete["status"], wide.complete["reason"]) == ("undecided", "too many sets")


def test_too_many_patterns_are_refused_before_anything_is_written(tmp_path: Path, saddlery: Command) -> None:
    good = write_problem(tmp_path, "good", width="1")
    file = next(path for path in bundled_problem_files() if path.stem == "xor")
    outcome = saddlery("build", str(good), str(file), "--patterns-budget", "40")
    assert outcome.is_refused(), outcome
    assert "more than 40 activation patterns" in outcome.err
    assert "build --patterns-budget N" in outcome.err
    assert not (tmp_path / "catalog.sqlite").exists()
    assert saddlery("build", str(file), "--patterns-budget", "51", "--workers", "1", "--width", "1").code == 0
    assert saddlery("build", str(file), "--patterns-budget", "0").is_refused()


def test_another_data_set_of_the_same_name_is_refused(database: Path, tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text(CONFLICT.replace("[-1]", "[-2]"))
    copy = tmp_path / "copy.sqlite"
    copy.write_bytes(database.read_bytes())
    with pytest.raises(CatalogError, match="already has another problem named 'conflict'"):
        build(jobs_of([tmp_path / "other.toml"], None), copy)


def test_the_release(database: Path, tmp_path: Path) -> None:
    (path,) = release(tmp_path, database, ["bpf-toy"])
    records = [json.loads(line) for line in path.read_text().splitlines()]
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        by_kind.setdefault(record["record"], []).append(record)
    assert len(by_kind["survey"]) == 3
    assert len(by_kind["function"]) == len(by_kind["strata_count"]) == 4
    sizes = {record["width"]: record["strata"] for record in by_kind["strata_survey"]}
    assert Counter(record["width"] for record in by_kind["stratum"]) == {1: sizes[1], 2: sizes[2]}
    assert sum(sum(one["kinds"].values()) + one["only_clarke"] for one in by_kind["strata_count"]) == sizes[3]
    explained = {(record["width"], record["code"]) for record in by_kind["role"]}
    assert explained == {(record["width"], code) for record in by_kind["stratum"] for code in record["roles"]}
    text = path.read_text()
    for word in ("seconds", "software", "finished_at"):
        assert word not in text
