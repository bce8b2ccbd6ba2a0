"""Teacher problems in the catalog: what is stored is checked from its numbers alone, against formulas of this file."""

from __future__ import annotations

import csv
import io
import json
import random
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import permutations
from math import factorial
from pathlib import Path
from typing import Any

import mpmath
import pytest
from conftest import STRATUM_FIELDS, Command

from catalog.build import Progress, build, jobs_of
from catalog.errors import CatalogError
from catalog.query import Catalog, open_catalog
from catalog.record import from_text, to_text
from catalog.release import release
from catalog.store import Store
from catalog.strata_store import packed_strata, save_strata, strata_surveys_of, summary_of_function
from catalog.teacher.branches import answer_branches, family_names, followed
from catalog.teacher.record import GRID_BITS, function_from_record, function_record, on_grid
from catalog.teacher.strata_record import orbit_size, pack
from symbolic.enclosure import Ball
from symbolic.errors import InsufficientPrecision, SaddleryError
from symbolic.problem import Completeness, CompletenessStatus, Kind
from symbolic.teacher import branches, survey
from symbolic.teacher.branches import BranchCrossing, BranchReport, Minima
from symbolic.teacher.problem import TeacherProblem

TRUTH = json.loads((Path(__file__).parents[1] / "ground_truth" / "teacher.json").read_text())["points"]

FILES = {
    "six": "k = 6\nisotropy = [[6], [5, 1]]\n",
    "four": "k = 4\nisotropy = [[3, 1]]\n",
    "wide": "k = 5\nisotropy = [[5]]\ninputs = 6\n",
}
STARTS = 200
FOLLOW = branches.follow

FUNCTION_FIELDS = {
    "label": str,
    "problem": str,
    "family": str,
    "name": str,
    "minimal_width": int,
    "loss": dict,
    "isotropy": list,
    "space": str,
    "entries": dict,
    "entries_exact": dict,
    "spectrum": list,
    "splitting": list,
    "rigor": str,
    "kinds": dict,
    "indices": list,
    "local_minimum": bool,
}
FIELDS_OF_STRATA = STRATUM_FIELDS | dict.fromkeys(("index", "nullity", "positive"), int)
BRANCH_FIELDS = {
    "problem": str,
    "family": str,
    "name": str,
    "isotropy": list,
    "group": str,
    "irrep": str,
    "k": str,
    "k_lower": float,
    "k_upper": float,
    "from": str,
    "to": str,
}


def report_of(name: str) -> BranchReport:
    """A made-up family with one crossing, at sqrt(2) q + 4."""
    number = int(name.partition("_")[2] or 1)
    with mpmath.workdps(60):
        near = Fraction(int(mpmath.nint((mpmath.sqrt(2) * number + 4) * 2**140)), 2**140)
    proved = Completeness(CompletenessStatus.PROVED_IN_BOX, f"all of {name} was followed")
    crossing = BranchCrossing(
        name, "Delta(S_k)", "x0", Ball(near, Fraction(1, 2**130)), Kind.STRICT_SADDLE, Kind.LOCAL_MINIMUM
    )
    return BranchReport(name, "Delta(S_k)", Fraction(2), Fraction(100), (crossing,), proved, (Minima(6, 100),), "end")


def no_name(*_: object) -> str:
    return ""


@pytest.fixture(scope="module", autouse=True)
def quick_searches() -> Iterator[None]:
    """Searches with few starts and without the named families, whose continuation is tested elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        search = survey.survey_teacher

        @cache
        def quick(problem: TeacherProblem, width: int) -> survey.TeacherSurvey:
            return search(problem, width, starts=STARTS, rounds=1, names=no_name)

        patch.setattr(survey, "survey_teacher", quick)
        patch.setattr(branches, "follow", report_of)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("teacher")
    for name, text in FILES.items():
        (path / f"{name}.toml").write_text(f'name = "{name}"\nfamily = "teacher"\n{text}')
    return path


@pytest.fixture(scope="module")
def database(folder: Path, quick_searches: None) -> Path:
    path = folder / "catalog.sqlite"
    build(jobs_of([folder / f"{name}.toml" for name in FILES], None), path)
    return path


@pytest.fixture
def opened(database: Path) -> Catalog:
    return open_catalog(database)


def weights(row: dict[str, Any]) -> mpmath.matrix:
    return mpmath.matrix([[mpmath.mpf(value) for value in line] for line in row["sample"]["w"]])


def overlap(first: Sequence[Any], second: Sequence[Any]) -> Any:
    """E relu<v, x> relu<w, x> for Gaussian x."""
    size = mpmath.sqrt(mpmath.fdot(first, first) * mpmath.fdot(second, second))
    cosine = mpmath.fdot(first, second) / size
    angle = mpmath.acos(max(min(cosine, mpmath.mpf(1)), mpmath.mpf(-1)))
    return size * (mpmath.sin(angle) + (mpmath.pi - angle) * mpmath.cos(angle)) / (2 * mpmath.pi)


def dense_loss(w: mpmath.matrix, k: int) -> Any:
    """(1/2) E (sum_i relu<w_i, x> - sum_j relu(x_j))^2, over all pairs."""
    rows = [[w[i, j] for j in range(w.cols)] for i in range(w.rows)]
    teachers = [[mpmath.mpf(int(i == j)) for j in range(w.cols)] for i in range(k)]
    signed = [(row, 1) for row in rows] + [(row, -1) for row in teachers]
    return sum(p * q * overlap(a, b) for a, p in signed for b, q in signed) / 2


def test_fields_and_digits(opened: Catalog) -> None:
    for entity, fields in (("functions", FUNCTION_FIELDS), ("strata", FIELDS_OF_STRATA), ("branches", BRANCH_FIELDS)):
        answer = getattr(opened, entity)()
        assert len(answer)
        for row in answer:
            assert {name: type(value) for name, value in row.items()} == fields
    for row in opened.functions():
        for value in (row["loss"]["decimal"], *row["entries"].values(), *(part["value"] for part in row["spectrum"])):
            digits = value.partition("e")[0].replace(".", "").lstrip("-0")
            assert len(digits) >= 30 or row["rigor"] == "exact", value
        assert row["isotropy"] == sorted(row["isotropy"], reverse=True)
        assert sum(part["multiplicity"] for part in row["spectrum"]) == row["minimal_width"] * dimension_of(row)


def dimension_of(row: dict[str, Any]) -> int:
    return {"six": 6, "four": 4, "wide": 6}[row["problem"]]


def test_the_loss_and_the_gradient_of_every_sample(opened: Catalog) -> None:
    """The pairwise kernel in 60 digits; the derivative along random directions by central differences."""
    losses = {row["label"]: row["loss"]["decimal"] for row in opened.functions()}
    teachers = {row["name"]: row["k"] for row in opened.problems()}
    random.seed(5)
    with mpmath.workdps(60):
        for row in opened.strata(problem="six"):
            w, k = weights(row), teachers[row["problem"]]
            assert abs(dense_loss(w, k) - mpmath.mpf(losses[row["function"]])) < mpmath.mpf(10) ** -30
            if row["dimension"] or row["rigor"] == "exact":
                # The kernel of this file has no derivative at parallel rows.
                continue
            step = mpmath.mpf(10) ** -12
            u = mpmath.matrix([[random.randint(-3, 3) for _ in range(w.cols)] for _ in range(w.rows)])
            slope = (dense_loss(w + step * u, k) - dense_loss(w - step * u, k)) / (2 * step)
            assert abs(slope) < mpmath.mpf(10) ** -18


def test_entries_and_spectra_are_those_of_another_program(opened: Catalog) -> None:
    rows = list(opened.functions(problem="six"))
    compared = 0
    for point in TRUTH:
        if point["k"] != 6:
            continue
        near = [
            row for row in rows
            if row["entries"].keys() == point["entries"].keys()
            and all(abs(Fraction(row["entries"][name]) - Fraction(value)) < Fraction(1, 10**28)
                    for name, value in point["entries"].items())
        ]
        assert len(near) == 1, point["family"]
        (row,) = near
        assert abs(Fraction(row["loss"]["decimal"]) - Fraction(point["loss"])) < Fraction(1, 10**27)
        for part in point["spectrum"]:
            mine = [one for one in row["spectrum"] if one["irrep"] == part["irrep"]]
            assert [one["multiplicity"] for one in mine] == [part["dim"]] * len(part["eig"])
            values = sorted(Fraction(one["value"]) for one in mine)
            for mine_value, value in zip(values, sorted(map(Fraction, part["eig"])), strict=True):
                assert abs(mine_value - value) < Fraction(1, 10**27)
        assert row["indices"] == [point["index"]]
        compared += 1
    assert compared >= 2


def test_inertia_dimension_and_kind(opened: Catalog) -> None:
    strata = list(opened.strata())
    for row in strata:
        inputs = dimension_of(row)
        assert row["index"] + row["nullity"] + row["positive"] == row["width"] * inputs
        assert len(row["neurons"]) == row["width"] == len(row["sample"]["w"])
        assert {len(line) for line in row["sample"]["w"]} == {inputs}
        assert row["nullity"] >= row["dimension"]
        if row["index"]:
            assert row["kind"] == "strict_saddle"
        assert (row["kind"] == "global_minimum") == row["function"].endswith(".L0")
    by_function = {row["function"]: row for row in strata if row["dimension"] == 0}
    for row in opened.functions():
        if row["label"] in by_function:
            negative = sum(part["multiplicity"] for part in row["spectrum"] if part["value"].startswith("-"))
            assert by_function[row["label"]]["index"] == negative
            assert row["local_minimum"] is (negative == 0)


def test_orbits_are_counted(opened: Catalog) -> None:
    """Images of the rays of each stratum under all permutations of rows and teachers, one by one."""
    for row in opened.strata(problem="four"):
        lines = []
        for line in row["sample"]["w"]:
            values = [Fraction(value) for value in line]
            size = max(map(abs, values))
            lines.append([round(value / size, 25) for value in values])
        images = set()
        for columns in permutations(range(4)):
            moved = sorted(tuple(line[j] for j in columns) for line in lines)
            images.add(tuple(moved))
        total = 0
        for image in images:
            orders = factorial(len(image))
            for line in set(image):
                orders //= factorial(image.count(line))
            total += orders
        assert row["orbit_size"] == total, row["label"]


@pytest.mark.slow
def test_a_function_is_its_record_and_a_changed_digit_is_refused(database: Path) -> None:
    with Store.reading(database) as store:
        rows = store.functions("six", 6) + store.functions("wide", 5)
    for row in rows:
        record = from_text(row["record"])
        assert function_record(function_from_record(record)) == record
    broken = next(record for record in (from_text(row["record"]) for row in rows) if record["rigor"] == "certified")
    text = broken["entries"]["A0"]["ball"]["midpoint"]
    for changed in (
        broken | {"inertia": [1, 1, 1]},
        broken | {"entries": broken["entries"] | {"A0": {"ball": {"midpoint": "3/2**2", "radius": "1/2**160"}}}},
        broken | {"spectrum": broken["spectrum"][1:]},
        broken | {"space": "Delta(S_0)"},
        {name: value for name, value in broken.items() if name != "entries"},
    ):
        with pytest.raises(SaddleryError):
            function_from_record(changed)
    digit = "1" if text.partition("/")[0][-1] != "1" else "3"
    nudged = text.partition("/")[0][:-1] + digit + "/" + text.partition("/")[2]
    entry = broken["entries"]["A0"] | {"ball": broken["entries"]["A0"]["ball"] | {"midpoint": nudged}}
    with pytest.raises(CatalogError, match="is not that of the critical point"):
        function_from_record(broken | {"entries": broken["entries"] | {"A0": entry}})


def test_the_grid_holds_the_number() -> None:
    random.seed(3)
    for _ in range(200):
        center = Fraction(random.randint(-(10**60), 10**60), 2**195)
        ball = Ball(center, Fraction(1, 2**180))
        found = on_grid(ball)
        assert isinstance(found, Ball)
        assert abs(found.center - center) + ball.radius <= found.radius
        if found != ball:
            assert found.radius == Fraction(1, 2**GRID_BITS)
    wide = Ball(Fraction(1, 3), Fraction(1, 2**100))
    assert on_grid(wide) is wide
    tiny = Ball(Fraction(1, 2**150), Fraction(1, 2**190))
    assert on_grid(tiny) is tiny


def test_regions_are_fixed_spaces_with_their_searches(opened: Catalog) -> None:
    answer = opened.regions(problem="six")
    assert [row["label"] for row in answer] == ["six@6:r:6", "six@6:r:5-1"]
    assert [row["completeness"] for row in answer] == ["proved_in_box", "searched"]
    assert answer.complete["status"] == "searched"
    listed = {row["label"] for row in opened.functions(problem="six")}
    assert listed == {label for row in answer for label in row["functions"]}
    for row in answer:
        assert row["starts"] >= STARTS
        assert row["orbits"] == len(row["hits"]) == len(row["functions"])
        assert sum(row["hits"].values()) + row["failed"] + row["vanished"] + row["unresolved"] <= row["starts"]
    assert answer[1]["neurons"] == ["A0"] * 5 + ["A1"]
    assert opened.functions(problem="wide").complete["status"] == "proved_in_box"
    entity, row, complete = opened.record("six@6:r:6")
    assert (entity, row["space"], complete["status"]) == ("regions", "Delta(S_6)", "searched")


def test_filters(opened: Catalog, saddlery: Command, database: Path) -> None:
    minima = opened.functions(problem="six", kind="local_minimum")
    assert minima.complete["status"] == "searched"
    assert minima
    assert {row["label"] for row in minima} == {
        row["function"] for row in opened.strata(problem="six", kind="local_minimum")
    }
    everything = opened.functions(problem="six")
    assert len(opened.functions(problem="six", max_loss="1/20")) == sum(
        Fraction(row["loss"]["decimal"]) < Fraction(1, 20) for row in everything
    )
    assert [row["label"] for row in opened.functions(problem="six", where="isotropy = '6' AND minimal_width = 6")] == [
        row["label"] for row in everything if row["isotropy"] == [6] and row["minimal_width"] == 6
    ]
    assert [row["name"] for row in opened.problems(where="teachers = 4")] == ["four"]
    for width in ("5", "7"):
        answer = opened.functions(problem="six", width=int(width))
        assert not answer
        assert answer.complete == {"status": "undecided", "reason": "not surveyed", "caveat": ""}
    told = opened.transitions(problem="six")
    assert (list(told), told.complete["status"]) == ([], "undecided")
    assert told.complete["reason"] == "not surveyed"
    for arguments in (["branches", "--width", "6"], ["branches", "--kind", "saddle"], ["branches", "--index", "1"]):
        outcome = saddlery("query", *arguments, "--db", str(database))
        assert outcome.is_refused(), outcome
        assert "does not apply to branches" in outcome.err


def test_every_format_and_show(opened: Catalog, saddlery: Command, database: Path) -> None:
    at = ["--db", str(database)]
    for entity in ("problems", "regions", "functions", "strata", "branches"):
        rows = list(getattr(opened, entity)())
        answer = json.loads(saddlery("query", entity, "--format", "json", *at).out)
        assert answer["rows"] == json.loads(json.dumps(rows))
        table = list(csv.DictReader(io.StringIO(saddlery("query", entity, "--format", "csv", *at).out)))
        assert len(table) == len(rows)
        assert saddlery("query", entity, *at).code == 0
        assert r"\begin{longtable}" in saddlery("query", entity, "--format", "latex", *at).out
    function = next(row for row in opened.functions() if row["minimal_width"] < 4)
    shown = saddlery("show", function["label"], *at)
    assert shown.code == 0
    for name, value in function["entries"].items():
        assert f"{name} = {value}" in shown.out
    assert all(part["value"] in shown.out for part in function["spectrum"])
    assert "Strata over it at width" in shown.out
    stratum = opened.strata(problem="four")[0]
    assert "a row with the entr" in saddlery("show", stratum["label"], *at).out
    assert "starts" in saddlery("show", "six@6:r:5-1", *at).out


@pytest.mark.slow
def test_two_widths_keep_their_own_lists(folder: Path, tmp_path: Path) -> None:
    """Functions that only one width finds stay with it, in whatever order the widths are built."""
    texts = []
    for order in ((4, 5), (5, 4)):
        path = tmp_path / f"{order[0]}.sqlite"
        for width in order:
            build(jobs_of([folder / "four.toml"], width), path)
        with open_catalog(path) as opened:
            listed = {width: [row["label"] for row in opened.functions(width=width)] for width in (4, 5)}
            strata = {width: {row["function"] for row in opened.strata(width=width)} for width in (4, 5)}
            assert {width: set(labels) for width, labels in listed.items()} == strata
            assert [row["width"] for row in opened.regions(width=5)] == [5] * len(opened.regions(width=5))
            only = set(listed[5]) - set(listed[4])
            assert any(label.partition(":")[2].split(".")[0].endswith("e1") for label in only)
            for label in listed[4] + listed[5]:
                entity, row, _ = opened.record(label)
                assert (entity, row["local_minimum"] is not None, bool(row["kinds"])) == ("functions", True, True)
            split = [row for row in opened.strata(width=5) if row["function"] in set(listed[4]) and row["dimension"]]
            assert split
        texts.append(release(tmp_path / f"out{order[0]}", path)[0].read_bytes())
    assert texts[0] == texts[1]
    records = [json.loads(line) for line in texts[0].splitlines()]
    functions = [record["label"] for record in records if record["record"] == "function"]
    assert len(set(functions)) == len(functions)
    assert set(functions) == set(listed[4]) | set(listed[5])


def test_another_function_under_a_label_is_refused(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    build(jobs_of([folder / "four.toml"], 4), path)
    connection = sqlite3.connect(path)
    label, text = connection.execute("SELECT label, record FROM functions WHERE rigor = 'certified'").fetchone()
    record = from_text(text)
    connection.execute("UPDATE functions SET record = ? WHERE label = ?", (to_text(record | {"space": "x"}), label))
    connection.commit()
    connection.close()
    with pytest.raises(CatalogError, match="another function labelled"):
        build(jobs_of([folder / "four.toml"], 5), path)
    with Store.reading(path) as store:
        assert [row["width"] for row in store.surveys()] == [4]


def test_an_interrupted_build_goes_on(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, jobs = tmp_path / "c.sqlite", jobs_of([folder / "four.toml"], None)
    seen: list[Progress] = []

    def stop(progress: Progress) -> None:
        seen.append(progress)
        if progress.done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(jobs, path, report=stop)
    monkeypatch.setattr(survey, "survey_teacher", None)
    calls: list[str] = []
    follow = branches.follow
    monkeypatch.setattr(branches, "follow", lambda name: (calls.append(name), follow(name))[1])
    done: list[Progress] = []
    (row,) = build(jobs, path, report=done.append)
    assert calls == ["II"]
    assert (done[-1].done, done[-1].total) == (4, 4)
    assert (row["status"], row["doubts"]) == ("searched", [])
    build(jobs, path)
    assert calls == ["II"]


def test_branches(opened: Catalog) -> None:
    answer = opened.branches()
    assert [(row["problem"], row["name"], row["isotropy"]) for row in answer] == [
        ("four", "I", [3, 1]),
        ("four", "II", [3, 1]),
        ("six", "A", [6]),
        ("six", "I", [5, 1]),
        ("six", "II", [5, 1]),
        ("wide", "A", [5]),
    ]
    for row in answer:
        with mpmath.workdps(60):
            assert abs(mpmath.mpf(row["k"]) - mpmath.sqrt(2) - 4) < mpmath.mpf(10) ** -34
        assert Fraction(row["k_lower"]) <= Fraction(row["k"]) <= Fraction(row["k_upper"])
        assert (row["from"], row["to"]) == ("strict_saddle", "local_minimum")
    assert answer.complete["status"] == "proved_in_box"
    assert "6 <= k <= 100" in answer.complete["reason"]
    assert {row["name"] for row in opened.branches(where="name <> 'A' AND k_upper < 6")} == {"I", "II"}
    assert opened.branches(where="irrep = 's0'").complete["status"] == "proved_in_box"


def test_names_of_the_families_of_a_problem() -> None:
    problem = TeacherProblem("t", 10, ((10,), (1, 9), (4, 6), (5, 5), (5, 3, 2)))
    assert family_names(problem) == {
        "A": (10,), "I": (9, 1), "II": (9, 1), "I_4": (6, 4), "II_4": (6, 4), "I_5": (5, 5), "II_5": (5, 5),
    }


def test_branches_of_other_problems_and_of_none(small_database: Path, folder: Path) -> None:
    with open_catalog(small_database) as opened:
        answer = opened.branches(problem="x2")
        assert (list(answer), answer.complete["status"]) == ([], "proved")
        assert opened.branches().complete == {"status": "undecided", "reason": "not surveyed", "caveat": ""}
        answer = opened.branches(problem=str(folder / "four.toml"))
        assert answer.complete["status"] == "undecided"


def test_a_family_that_cannot_be_followed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, saddlery: Command
) -> None:
    def fail(name: str) -> BranchReport:
        if name == "II":
            raise InsufficientPrecision("no zero could be certified")
        return report_of(name)

    monkeypatch.setattr(branches, "follow", fail)
    path = tmp_path / "c.sqlite"
    at = ["--workers", "1", "--db", str(path)]
    outcome = saddlery("build", str(folder / "four.toml"), *at)
    assert outcome.code == 0
    assert "family II is undecided: no zero could be certified" in outcome.err
    assert saddlery("build", str(folder / "four.toml"), "--strict", *at).code == 1
    with open_catalog(path) as opened:
        answer = opened.branches()
        assert [row["name"] for row in answer] == ["I"]
        assert answer.complete["status"] == "undecided"
        assert "no zero could be certified" in answer.complete["reason"]


def test_orbits_beyond_the_integers_of_the_database(database: Path, tmp_path: Path) -> None:
    """Orbits of 20! 20! points are stored exactly, and compared in filters as large numbers."""
    found = survey.survey_teacher(TeacherProblem("four", 4, ((3, 1),)), 4)
    strata = survey.survey_teacher_strata(found)
    sizes = [factorial(20) ** 2, factorial(400), 2**63 - 1, 2**63, 12]
    changed = [replace(one, orbit_size=size) for one, size in zip(strata.strata, sizes, strict=False)]
    packed = pack("four", {one.label: one.space for one in found.functions}, changed)
    path = tmp_path / "c.sqlite"
    path.write_bytes(database.read_bytes())
    with Store.writing(path) as store:
        from catalog.strata_store import strata_words

        numbers, roles = strata_words(store, "four", 4)
        words = {"numbers": numbers, "roles": roles, "labelled": sum(sizes)}
        save_strata(store, strata_surveys_of(store)["four", 4] | words, packed.rows, packed.counts)
        rows = packed_strata(store, "four", 4)
        assert [orbit_size(row) for row in rows] == sizes
        assert strata_surveys_of(store)["four", 4]["labelled"] == sum(sizes)
        for row in rows:
            mine = [size for one, size in zip(changed, sizes, strict=True) if one.function == row["function"]]
            assert sum(part["labelled"] for part in summary_of_function(store, row["function"], 4)) == sum(mine)
    with open_catalog(path) as opened:
        large = opened.strata(problem="four", where="orbit_size > 100")
        assert [row["orbit_size"] for row in large] == sizes[:4]


@pytest.mark.slow
def test_a_branch_of_a_real_family(monkeypatch: pytest.MonkeyPatch) -> None:
    """A turns from a saddle into a spurious minimum between k = 5 and 6, on the irrep x."""
    monkeypatch.setattr(branches, "follow", FOLLOW)
    found = followed("A")
    crossing = from_text(found["branches"][-1]["record"])
    assert crossing["k"]["decimal"].startswith("5.76381273491957116692")
    assert (crossing["irrep"], crossing["from"], crossing["to"]) == ("x0", "strict_saddle", "local_minimum")
    assert len(crossing["k"]["decimal"]) >= 31


def test_answers_need_no_survey_of_branches(folder: Path, tmp_path: Path) -> None:
    """A problem that is stored but whose families were not followed yet is undecided."""
    path = tmp_path / "c.sqlite"
    build(jobs_of([folder / "four.toml"], None), path)
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM branches")
    connection.execute("DELETE FROM branch_surveys WHERE name = 'I'")
    connection.commit()
    connection.close()
    with Store.reading(path) as store:
        answer = answer_branches(store, "four")
    assert (list(answer), answer.complete["status"]) == ([], "undecided")
    assert "I: not surveyed" in answer.complete["reason"]
