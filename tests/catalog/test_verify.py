"""`saddlery verify`: what is built passes, every corrupted field is refuted by the statement that it breaks."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from oracles.verified_database import changed, corrupt, digit, entry, put, rational, verified_database

from catalog.dataset import verify as dataset
from catalog.errors import CatalogError
from catalog.interval import verify as interval
from catalog.interval import verify_regions, verify_roles, verify_strata
from catalog.release import release
from catalog.store import Store
from catalog.teacher import verify as teacher
from catalog.verify import INTACT, SEALED, TABLES_READ, verify_database, verify_lines
from catalog.verify_records import CANONICAL, READABLE, DatabaseReader
from catalog.verify_shared import (
    FUNCTION_COLUMNS,
    NUMBERS,
    ORBIT_COUNTING,
    ORBITS,
    PROBLEM,
    REGION_COLUMNS,
    SAME_RIGOR,
    STRATA_COUNTS,
    STRATA_FACTS,
    STRATA_LABELS,
    SURVEYS,
)


@pytest.fixture(scope="module")
def built() -> Path:
    return verified_database()


def test_what_is_built_passes(built: Path) -> None:
    found = verify_database(built)
    assert found.refuted == []
    names = {one.name for one in found.statements}
    assert {interval.EQUATIONS, interval.ROOTS, verify_strata.DESCENT, dataset.CASES, teacher.GRADIENT} <= names
    assert found.checked > 1000
    assert json.loads(found.to_json())["refuted"] == []
    table = found.to_text()
    assert f"NOT CHECKED: {interval.COVERS}" in table
    assert table.startswith("statement")


@pytest.mark.slow
def test_what_is_built_passes_the_slow_checks(built: Path) -> None:
    found = verify_database(built, slow=True)
    assert found.refuted == []
    slow = {one.name: one for one in found.statements}
    formulas = (verify_regions.REGION_LOSS, dataset.REGION_LOSS)
    for name in (verify_strata.DENSE, interval.UNIQUE, *formulas, teacher.SQUARES):
        assert slow[name].checked
    assert not slow[verify_strata.DENSE].not_checked


@pytest.mark.slow
def test_nothing_is_solved_again() -> None:
    code = (
        "import sys, catalog.verify, catalog.interval.verify, catalog.dataset.verify, catalog.teacher.verify;"
        "print(*[m for m in sys.modules if m.startswith('symbolic.solving') or m == 'symbolic.surveys'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


# Corruptions. Each is a table, a condition that chooses one row, a column, and the change of its value; for a column of
# records the change is made in the record.


HALF = rational("1/2", "0.5")
WIDE = {"ball": {"midpoint": "0", "radius": "8"}, "decimal": "0e1"}
PLUS = "label = 'x2:B.+.1'"
BEST = "label = 'x2:A.0.1'"
STRICT = "label = (SELECT min(label) FROM strata WHERE problem = 'x2' AND kind = 'strict_saddle' AND width = 2)"
MINIMUM = "label = (SELECT min(label) FROM strata WHERE problem = 'x2' AND kind = 'local_minimum' AND width = 2)"
SADDLE = "label = (SELECT min(label) FROM strata WHERE problem = 'x2' AND descent LIKE 'flat%' AND width = 2)"
CURVED = "label = (SELECT min(label) FROM strata WHERE problem = 'x2' AND descent LIKE 'end%' AND width = 2)"
LIVE = "label = 'x2:B.+.1@1:k1+p'"
CELL = "knots = 1 AND system = '-'"
TOY = "label = 'bpf-toy:1.1'"
TOY_STRATUM = "label = (SELECT min(label) FROM strata WHERE problem = 'bpf-toy' AND kind = '{}' AND width = 2)"
SMALL = "label = (SELECT min(label) FROM functions WHERE problem = 'small' AND rigor = 'certified')"
SPLIT = "label = (SELECT min(label) FROM strata WHERE problem = 'small' AND dimension > 0)"

CORRUPTIONS: list[tuple[str, str, str, Any, str]] = [
    # Functions of interval problems.
    ("functions", PLUS, "record", put("kinks", 0)(HALF), interval.EQUATIONS),
    ("functions", PLUS, "record", put("slopes", 1)(HALF), interval.EQUATIONS),
    ("functions", PLUS, "record", put("offset")(HALF), interval.EQUATIONS),
    ("functions", PLUS, "record", put("moment")(HALF), interval.MOMENT),
    ("functions", BEST, "record", put("moment")(HALF), interval.MOMENT),
    ("functions", PLUS, "record", put("loss")(HALF), interval.LOSS),
    ("functions", PLUS, "record", put("loss", "decimal")(digit), NUMBERS),
    ("functions", PLUS, "record", put("kinks", 0, "decimal")(digit), NUMBERS),
    ("functions", PLUS, "record", put("minimal_width")(2), interval.WIDTHS),
    ("functions", PLUS, "record", put("rigor")("numerical"), FUNCTION_COLUMNS),
    ("functions", BEST, "record", put("rigor")("certified"), interval.RIGOR),
    ("functions", PLUS, "record", put("pattern")("-"), interval.EQUATIONS),
    ("functions", PLUS, "record", put("class")("A"), interval.EQUATIONS),
    ("functions", BEST, "record", put("realizations")([""]), interval.SLOPES),
    ("functions", PLUS, "record", put("label")("x2:B.+.2"), interval.LABELS),
    ("functions", PLUS, "record", put("provisional")(True), interval.LABELS),
    ("functions", PLUS, "record", put("problem")("x3"), FUNCTION_COLUMNS),
    ("functions", PLUS, "record", put("family")("dataset"), FUNCTION_COLUMNS),
    ("functions", PLUS, "loss_lower", lambda value: value + 1e-9, FUNCTION_COLUMNS),
    ("functions", PLUS, "loss_upper", lambda value: value - 1e-9, FUNCTION_COLUMNS),
    ("functions", PLUS, "knots", 2, FUNCTION_COLUMNS),
    ("functions", PLUS, "position", 0, FUNCTION_COLUMNS),
    ("functions", PLUS, "clarke_width", 2, FUNCTION_COLUMNS),
    # Problems, surveys, systems, regions.
    ("problems", "name = 'x2'", "record", put("leak")("1/3"), PROBLEM),
    ("problems", "name = 'x2'", "record", put("target")("x**2 + x"), PROBLEM),
    ("problems", "name = 'x2'", "degree", 3, PROBLEM),
    ("problems", "name = 'bpf-toy'", "record", put("targets", 0)("7"), PROBLEM),
    ("problems", "name = 'small'", "record", put("k")(4), PROBLEM),
    ("surveys", "problem = 'x2' AND width = 2", "functions", 8, SURVEYS),
    ("surveys", "problem = 'x2' AND width = 2", "regions", 12, SURVEYS),
    ("surveys", "problem = 'x2' AND width = 2", "status", "certain", SURVEYS),
    ("surveys", "problem = 'x2' AND width = 2", "reason", "", SURVEYS),
    ("surveys", "problem = 'bpf-toy' AND width = 2", "parameters", '{"survey_version":1}', dataset.VERSION),
    ("surveys", "problem = 'small'", "status", "proved", teacher.SEARCHES),
    ("strata_surveys", "problem = 'x2' AND width = 2", "strata", 7, SURVEYS),
    ("strata_surveys", "problem = 'x2' AND width = 2", "labelled", "7", SURVEYS),
    ("strata_surveys", "problem = 'x2' AND width = 2", "version", 1, SURVEYS),
    ("strata_surveys", "problem = 'small'", "status", "proved", SURVEYS),
    ("strata_surveys", "problem = 'x2' AND width = 2", "numbers", put("numbers", 3, "decimal")("8"), NUMBERS),
    ("strata_surveys", "problem = 'x2' AND width = 2", "roles", put("k1+p", "does")("nothing"), verify_roles.MEANINGS),
    ("strata_counts", "problem = 'x2' AND width = 2 AND kind = 'strict_saddle'", "strata", 99, STRATA_COUNTS),
    ("strata_counts", "problem = 'x2' AND width = 2 AND kind = 'strict_saddle'", "labelled", "99", STRATA_COUNTS),
    ("cells", CELL, "record", put("roots", 0, 0)(digit), interval.ROOTS),
    ("cells", CELL, "record", put("roots")([]), interval.MATCHED),
    ("cells", CELL, "record", put("completeness", "status")("undecided"), interval.CELLS),
    ("cells", CELL, "record", put("open_boxes")([{"lower": ["0"], "upper": ["1"]}]), interval.CELLS),
    ("cells", CELL, "record", put("method")("guess"), interval.CELLS),
    ("cells", CELL, "status", "undecided", interval.CELLS),
    ("regions", "label = 'x2@2:r:+a'", "record", put("neurons", 0)("-"), verify_regions.REGIONS),
    ("regions", "label = 'x2@2:r:+a'", "record", put("order")([2]), verify_regions.REGIONS),
    ("regions", "label = 'x2@2:r:+a'", "record", put("functions")(lambda found: found[1:]), verify_regions.CLOSURES),
    ("regions", "label = 'x2@2:r:+a'", "record", put("width")(1), REGION_COLUMNS),
    ("regions", "label = 'x2@2:r:+a'", "interior", 2, verify_regions.REGIONS),
    ("regions", "label LIKE 'bpf-toy@2:%'", "record", put("functions")([]), dataset.CLOSURES),
    # Strata of interval problems.
    ("strata", STRICT, "negative", lambda value: value + 1, verify_strata.INERTIA),
    ("strata", STRICT, "nullity", lambda value: value + 1, verify_strata.INERTIA),
    ("strata", STRICT, "positive", lambda value: value + 1, verify_strata.INERTIA),
    ("strata", STRICT, "kind", "local_minimum", STRATA_FACTS),
    ("strata", STRICT, "reason", "flat neuron", verify_strata.KINDS),
    ("strata", STRICT, "hessian", "no", STRATA_FACTS),
    ("strata", MINIMUM, "kind", "saddle", verify_strata.KINDS),
    ("strata", MINIMUM, "kind", "global_minimum", verify_strata.LEAST),
    ("strata", SADDLE, "kind", "local_minimum", verify_strata.MINIMA),
    ("strata", MINIMUM, "dimension", lambda value: value + 1, verify_strata.DIMENSION),
    ("strata", MINIMUM, "gauge_dimension", 0, verify_strata.DIMENSION),
    ("strata", MINIMUM, "orbit_size", 17, ORBITS),
    ("strata", MINIMUM, "smooth", "no", verify_strata.KINDS),
    ("strata", MINIMUM, "directional", "no", STRATA_FACTS),
    ("strata", MINIMUM, "clarke", "no", STRATA_FACTS),
    ("strata", MINIMUM, "listed", 0, STRATA_FACTS),
    ("strata", LIVE, "width", 2, STRATA_LABELS),
    ("strata", LIVE, "rigor", "certified", SAME_RIGOR),
    ("strata", LIVE, "function", "x2:A.0.1", STRATA_LABELS),
    ("strata", LIVE, "label", "x2:B.+.1@1:k1+n", verify_strata.ROLES),
    ("strata", LIVE, "sample", entry(3, lambda part: "0"), verify_strata.REALIZED),
    ("strata", LIVE, "sample", entry(2, lambda part: "0"), verify_strata.REALIZED),
    ("strata", LIVE, "sample", entry(1, lambda part: "0"), verify_strata.ROLES),
    ("strata", LIVE, "sample", entry(0, lambda part: "99999"), READABLE),
    ("strata", SADDLE, "descent", entry(1, lambda part: str(int(part) + 1)), verify_strata.DESCENT),
    ("strata", SADDLE, "descent", entry(2, lambda part: "0"), verify_strata.DESCENT),
    ("strata", SADDLE, "descent", entry(0, lambda part: "magic"), verify_strata.DESCENT),
    ("strata", SADDLE, "descent", entry(3, lambda part: part[:-1] + "9"), verify_strata.DESCENT),
    ("strata", CURVED, "descent", entry(3, lambda part: part.replace(" ", " 9", 1)), verify_strata.DESCENT),
    # Data sets.
    ("functions", TOY, "record", put("residuals", 0)("22/7"), dataset.LOSS),
    ("functions", TOY, "record", put("loss")(HALF), dataset.LOSS),
    ("functions", TOY, "record", put("clarke_width")(2), dataset.ORDER),
    ("functions", TOY, "record", put("minimal_width")(2), dataset.LISTED),
    ("functions", TOY, "fitted", 7, FUNCTION_COLUMNS),
    ("cases", "problem = 'bpf-toy' AND width = 2", "record", put("cases", 0, "residuals", 0)("5/3"), dataset.CASES),
    ("cases", "problem = 'bpf-toy' AND width = 2", "record", put("cases", -1, "refutations")([]), dataset.CASES),
    ("cases", "problem = 'bpf-toy' AND width = 2", "record", put("cases", -1, "live")([]), dataset.CASES),
    ("strata", TOY_STRATUM.format("local_minimum"), "kind", "saddle", dataset.KINDS),
    ("strata", TOY_STRATUM.format("local_minimum"), "reason", "escape neuron", dataset.KINDS),
    ("strata", TOY_STRATUM.format("local_minimum"), "kind", "global_minimum", dataset.LEAST),
    ("strata", TOY_STRATUM.format("strict_saddle"), "negative", 3, dataset.HESSIAN),
    ("strata", TOY_STRATUM.format("strict_saddle"), "positive", 0, dataset.HESSIAN),
    ("strata", TOY_STRATUM.format("strict_saddle"), "hessian", "no", STRATA_FACTS),
    ("strata", TOY_STRATUM.format("saddle"), "dimension", 0, dataset.DIMENSION),
    ("strata", TOY_STRATUM.format("saddle"), "gauge_dimension", 0, dataset.DIMENSION),
    ("strata", TOY_STRATUM.format("saddle"), "orbit_size", 9, ORBITS),
    ("strata", TOY_STRATUM.format("saddle"), "clarke", "no", dataset.STATIONARY),
    ("strata", TOY_STRATUM.format("local_minimum"), "smooth", "undecided", dataset.STATIONARY),
    ("strata", TOY_STRATUM.format("local_minimum"), "rigor", "certified", SAME_RIGOR),
    (
        "strata", TOY_STRATUM.format("local_minimum"), "sample",
        lambda text: " ".join(reversed(text.partition(";")[0].split())) + ";" + text.partition(";")[2], dataset.ROLES,
    ),
    # Teachers.
    ("functions", SMALL, "record", put("entries", "A0")(HALF), teacher.GRADIENT),
    ("functions", SMALL, "record", put("entries", "A0")(WIDE), teacher.SPACE),
    ("functions", PLUS, "record", put("offset")(WIDE), interval.EQUATIONS),
    ("functions", SMALL, "record", put("loss")(HALF), teacher.LOSS),
    ("functions", SMALL, "record", put("label")(lambda text: text + "7"), teacher.LOSS),
    ("functions", SMALL, "record", put("spectrum", 0, "value")(HALF), teacher.SPECTRUM),
    ("functions", SMALL, "record", put("spectrum", 0, "multiplicity")(2), teacher.SPECTRUM),
    ("functions", SMALL, "record", put("spectrum", 0, "irrep")("s7"), teacher.SPECTRUM),
    ("functions", SMALL, "record", put("inertia", 0)(8), teacher.INERTIA),
    ("functions", SMALL, "record", put("splitting", 0, "value")(HALF), teacher.SPLITTING),
    ("functions", SMALL, "record", put("splitting", 0, "row")("Q0"), teacher.SPACE),
    ("functions", SMALL, "record", put("isotropy")([1, 1, 1]), teacher.SPACE),
    ("functions", SMALL, "record", put("space")("Delta(S_4)"), teacher.SPACE),
    ("functions", SMALL, "record", put("minimal_width")(2), teacher.SPACE),
    ("functions", SMALL, "record", put("name")("global"), teacher.SPACE),
    ("strata", SPLIT, "dimension", 0, teacher.FACTS),
    ("strata", SPLIT, "negative", 0, teacher.FACTS),
    ("strata", SPLIT, "kind", "local_minimum", teacher.FACTS),
    ("strata", SPLIT, "orbit_size", 5, teacher.ORBITS),
    ("strata", SPLIT, "reason", "index", teacher.FACTS),
    ("strata", SPLIT, "sample", lambda text: ";".join(reversed(text.split(";"))), teacher.RAYS),
    ("regions", "problem = 'small'", "record", put("starts")(7), teacher.SEARCHES),
    ("regions", "problem = 'small'", "record", put("orbits")(70), teacher.SEARCHES),
    ("regions", "problem = 'small'", "record", put("neurons", 0)("C0"), teacher.SEARCHES),
]

REGION = "label = 'x2@2:r:+a'"
SURVEY = "problem = 'x2' AND width = 2"

LEAVES_THE_CLAIM_TRUE: list[tuple[str, str, str, Any]] = [
    ("surveys", SURVEY, "seconds", 1e6),
    ("surveys", SURVEY, "finished_at", "2001-01-01T00:00:00+00:00"),
    ("surveys", SURVEY, "software", '{"saddlery":"0"}'),
    ("surveys", SURVEY, "caveat", "a caveat that need not be there"),
    ("strata_surveys", SURVEY, "seconds", 1e6),
    ("strata_surveys", SURVEY, "status", "undecided"),
    ("cells", CELL, "budget", 7.5),
    ("cells", CELL, "solved_at", "2001-01-01T00:00:00+00:00"),
    ("cells", CELL, "record", put("boxes")(lambda number: number + 1)),
    ("regions", "problem = 'small'", "record", put("rounds")(9)),
    ("strata", MINIMUM, "smooth", "undecided"),
]
"""They say how a result came about, or claim less than was proved."""

ONLY_SLOW: list[tuple[str, str, Any, dict[str, Any], str]] = [
    ("regions", REGION, put("loss")(lambda loss: loss.replace("1/5", "1/7")), {}, verify_regions.REGION_LOSS),
    ("functions", SMALL, put("name")("I"), {"name": "I"}, teacher.NAMES),
]
"""Refuted by the slow checks alone."""

QUICK = 24


def name_of(case: tuple[str, str, str, Any, str]) -> str:
    return f"{case[0]}.{case[2]}.{case[4].partition(':')[2].strip()[:24]}"


@pytest.mark.parametrize(
    ("table", "where", "column", "change", "statement"),
    [
        pytest.param(*case, id=name_of(case), marks=() if i % QUICK == 0 else pytest.mark.slow)
        for i, case in enumerate(CORRUPTIONS)
    ],
)
def test_a_corrupted_field_is_refuted_by_its_statement(
    built: Path, tmp_path: Path, table: str, where: str, column: str, change: Any, statement: str
) -> None:
    path = corrupt(built, tmp_path, table, where, column, change)
    names = [name for name in ("x2", "bpf-toy", "small") if name in where] or ["x2"]
    found = verify_database(path, names)
    assert any(f": {statement}: " in line for line in found.refuted), (statement, found.refuted[:6])


@pytest.mark.parametrize(
    ("table", "where", "column", "change"),
    [
        pytest.param(*case, id=f"{case[0]}.{case[2]}", marks=() if i % QUICK == 0 else pytest.mark.slow)
        for i, case in enumerate(LEAVES_THE_CLAIM_TRUE)
    ],
)
def test_a_change_that_leaves_the_claim_true_is_not_refuted(
    built: Path, tmp_path: Path, table: str, where: str, column: str, change: Any
) -> None:
    path = corrupt(built, tmp_path, table, where, column, change)
    assert verify_database(path, ["x2", "small"]).refuted == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("table", "where", "change", "also", "statement"),
    [pytest.param(*case, id=f"{case[0]}.{case[4].partition(':')[2].strip()[:24]}") for case in ONLY_SLOW],
)
def test_some_changes_are_refuted_by_the_slow_checks_alone(
    built: Path, tmp_path: Path, table: str, where: str, change: Any, also: dict[str, Any], statement: str
) -> None:
    path = corrupt(built, tmp_path, table, where, "record", change, also)
    names = ["x2" if "x2" in where else "small"]
    fast = verify_database(path, names)
    assert fast.refuted == []
    assert {one.not_checked > 0 for one in fast.statements if one.name == statement} == {True}
    assert any(f": {statement}: " in line for line in verify_database(path, names, slow=True).refuted)


def test_the_seal_is_looked_at(built: Path, tmp_path: Path) -> None:
    def sealed(path: Path) -> tuple[int, int, int]:
        (one,) = (one for one in verify_database(path, ["x"]).statements if one.name == SEALED)
        return one.checked, one.refuted, one.not_checked

    assert sealed(built) == (1, 0, 0)
    path, connection = changed(built, tmp_path)
    with connection:
        connection.execute("UPDATE surveys SET seconds = 7")
    connection.close()
    assert sealed(path) == (0, 0, 1)
    with Store.writing(path):
        pass
    assert sealed(path) == (1, 0, 0)


@pytest.mark.slow
def test_rows_that_nothing_looks_at_are_told(built: Path, tmp_path: Path) -> None:
    (one,) = (one for one in verify_database(built).statements if one.name == TABLES_READ)
    assert (one.refuted, one.not_checked) == (0, 0)
    path, connection = changed(built, tmp_path)
    with connection:
        connection.execute("CREATE TABLE notes (words TEXT)")
        connection.execute("INSERT INTO notes VALUES ('mine')")
        connection.execute("DELETE FROM surveys WHERE problem = 'x'")
    connection.close()
    (one,) = (one for one in verify_database(path).statements if one.name == TABLES_READ)
    assert one.not_checked > 1
    assert "1 of notes" in one.why_not
    assert "strata" in one.why_not


def test_a_problem_is_read_in_one_state(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer between two reads waits, or is not seen."""
    path, connection = changed(built, tmp_path)
    connection.close()
    real = DatabaseReader._strata
    outcomes: list[str] = []

    def interrupted(self: DatabaseReader, *arguments: Any) -> None:
        writer = sqlite3.connect(path, timeout=0)
        try:
            with writer:
                writer.execute("UPDATE strata_surveys SET strata = 1")
        except sqlite3.OperationalError as error:
            outcomes.append(str(error))
        writer.close()
        real(self, *arguments)

    monkeypatch.setattr(DatabaseReader, "_strata", interrupted)
    assert verify_database(path, ["x2"]).refuted == []
    assert outcomes in ([], ["database is locked"])


def test_a_dropped_stratum_is_refuted_though_the_counts_agree(built: Path, tmp_path: Path) -> None:
    path, connection = changed(built, tmp_path)
    with connection:
        row, function, orbit = connection.execute(
            f"SELECT id, function, orbit_size FROM strata WHERE {MINIMUM}"
        ).fetchone()
        connection.execute("DELETE FROM strata WHERE id = ?", (row,))
        mine = "problem = 'x2' AND width = 2"
        connection.execute(
            f"UPDATE strata_surveys SET strata = strata - 1, labelled = labelled - {orbit} WHERE {mine}"
        )
    connection.close()
    found = verify_database(path, ["x2"])
    assert any(f"{function} at width 2: {ORBIT_COUNTING}" in line for line in found.refuted)


def test_a_dropped_system_function_or_case_is_refuted(built: Path, tmp_path: Path) -> None:
    path, connection = changed(built, tmp_path)
    with connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(f"DELETE FROM cells WHERE {CELL}")
        connection.execute("DELETE FROM functions WHERE label = 'x2:B.+.1'")
        connection.execute("DELETE FROM cases WHERE problem = 'bpf-toy'")
    connection.close()
    found = verify_database(path, ["x2", "bpf-toy"])
    for statement in (interval.CELLS, SURVEYS, STRATA_LABELS, dataset.CASES):
        assert any(f": {statement}: " in line for line in found.refuted), statement


@pytest.mark.parametrize("value", ["garbage", *(pytest.param(v, marks=pytest.mark.slow) for v in ("\x00{", -7, None))])
def test_no_value_in_any_column_makes_a_traceback(built: Path, tmp_path: Path, value: object) -> None:
    path, connection = changed(built, tmp_path)
    source = random.Random(str(value))
    with connection:
        tables = ["functions", "strata", "regions", "cells", "cases", "strata_surveys", "surveys", "problems"]
        for table in tables:
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            for column in columns:
                if column not in ("name", "problem", "family", "canonical", "id"):
                    rows = [row[0] for row in connection.execute(f"SELECT rowid FROM {table}")]
                    for row in source.sample(rows, min(2, len(rows))):
                        # A column may refuse a value; then it holds the old one.
                        with suppress(sqlite3.IntegrityError):
                            connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (value, row))
    connection.close()
    found = lines_of(path)
    assert found
    assert all("\n" not in line for line in found)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_flipped_bytes_are_reported_or_refused_in_one_line(built: Path, tmp_path: Path, seed: int) -> None:
    source, path = random.Random(seed), tmp_path / "flipped.sqlite"
    content = bytearray(built.read_bytes())
    for _ in range(20):
        content[source.randrange(100, len(content))] = source.randrange(256)
    path.write_bytes(content)
    assert all("\n" not in line for line in lines_of(path))


def lines_of(path: Path) -> list[str]:
    """The refuted records, or the one line of a refusal."""
    try:
        return verify_database(path).refuted
    except CatalogError as error:
        return [str(error)]


@pytest.mark.slow
def test_a_released_file_is_verified_and_a_corrupted_one_refuted(built: Path, tmp_path: Path) -> None:
    files = {path.stem: path for path in release(tmp_path / "released", built)}
    for path in files.values():
        assert verify_lines(path).refuted == []
    text = files["x2"].read_text()
    cases = [
        (text.replace('"offset":{"decimal":"0.', '"offset":{"decimal":"1.', 1), NUMBERS),
        (text.replace('"orbit_size":2', '"orbit_size":1', 1), ORBITS),
        (text.replace('"functions":7', '"functions":6'), SURVEYS),
        (text[: text.rindex('{"descent"')], SURVEYS),
        (text.replace('"pattern":"+"', '"pattern":"-"'), interval.EQUATIONS),
        (text.replace('"kind":"local_minimum"', '"kind":"saddle"', 1), verify_strata.KINDS),
        (text + "{\n", READABLE),
        (text + '{"record": "header"}\n', CANONICAL),
        ("\x00" + text, READABLE),
    ]
    for number, (changed_text, statement) in enumerate(cases):
        assert changed_text != text
        path = tmp_path / f"case{number}.jsonl"
        path.write_text(changed_text)
        refuted = verify_lines(path).refuted
        assert any(f": {statement}: " in line for line in refuted), (statement, refuted[:5])
    with pytest.raises(CatalogError, match="cannot be read"):
        verify_lines(tmp_path / "missing.jsonl")


@pytest.mark.slow
def test_the_command_answers_with_a_table_and_fails_on_a_refuted_record(
    built: Path, tmp_path: Path, saddlery: Callable[..., Any]
) -> None:
    passed = saddlery("verify", "x2", "bpf-toy", "--db", str(built))
    assert passed.code == 0
    assert verify_strata.DESCENT in passed.out
    path = corrupt(built, tmp_path, "functions", PLUS, "record", put("loss")(HALF))
    failed = saddlery("verify", "--format", "json", "--db", str(path))
    assert failed.code == 1
    assert "x2:B.+.1" in failed.err
    assert "Traceback" not in failed.err
    assert any(interval.LOSS in line for line in json.loads(failed.out)["refuted"])


def test_an_unknown_problem_and_a_missing_database_are_refused(built: Path, tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="no survey of 'nothing'"):
        verify_database(built, ["nothing"])
    with pytest.raises(CatalogError, match="no database"):
        verify_database(tmp_path / "none.sqlite")


def test_a_damaged_file_is_not_intact(built: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.sqlite"
    path.write_bytes(built.read_bytes()[:-4096])
    with pytest.raises(CatalogError, match="is damaged"):
        verify_database(path)
    other, connection = changed(built, tmp_path)
    with connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("DELETE FROM problems WHERE name = 'x'")
    connection.close()
    assert any(INTACT in line for line in verify_database(other, ["bpf-toy"]).refuted)
