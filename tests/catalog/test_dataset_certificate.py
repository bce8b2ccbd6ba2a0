"""Certificates of data sets: the checker accepts the true ones and refutes, by mathematics, every corrupted one."""

from __future__ import annotations

import ast
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from conftest import Command, built

from catalog import check_dataset_certificate as checker
from catalog.build import build, jobs_of
from catalog.certificate import linked, write_certificate
from catalog.dataset.case_record import cases_from_record
from catalog.families import family_named
from catalog.problem_file import bundled_problem_files, load_problem
from catalog.query import open_catalog
from catalog.store import Store
from symbolic.dataset.cases import span
from symbolic.dataset.check import check_cases
from symbolic.dataset.functions import residual_of
from symbolic.dataset.patterns import arrangement, pattern_of
from symbolic.dataset.problem import DatasetProblem
from symbolic.dataset.recheck import PointChecker, exact_inertia
from symbolic.exact.cones import Combination, positive_combination

Entry = dict[str, Any]
FILES = {file.stem: file for file in bundled_problem_files()}
WITNESSES = {
    ("face", "point"), ("exclusion", "combination"), ("case", "evidence"), ("case", "live"), ("case", "farkas"),
    ("case", "separations"), ("stratum", "w"), ("stratum", "a"),
}
"""Fields that claim nothing: another value may prove the same. Every other change must be refuted."""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("certificates") / "catalog.sqlite", {"bpf-toy": 2, "tent3": 2})


@pytest.fixture(scope="module")
def certified(database: Path) -> Callable[[str, int], list[Entry]]:
    """The entries of a certificate, without their links."""

    def entries(name: str, width: int) -> list[Entry]:
        return _without_links(json.loads(_written(database, name, width).read_text())["entries"])

    return entries


@pytest.mark.parametrize(("name", "width"), [("bpf-toy", 1), ("bpf-toy", 2), ("tent3", 1), ("tent3", 2)])
def test_the_checker_alone_accepts_a_true_certificate(database: Path, name: str, width: int) -> None:
    path = _written(database, name, width)
    code = subprocess.run(
        [sys.executable, "-I", checker.__file__, str(path)], capture_output=True, text=True, check=False
    )
    assert (code.returncode, code.stderr) == (0, "")
    assert [line.split()[0] for line in code.stdout.splitlines()] == ["CHECKED"] * 4 + ["NOT"]
    assert code.stdout.count("no others") == 4
    assert "NOT CHECKED" not in code.stdout


def test_the_checker_is_one_short_file_with_the_standard_library_alone() -> None:
    text = Path(checker.__file__).read_text()
    assert len(text.splitlines()) <= 600
    nodes = list(ast.walk(ast.parse(text)))
    imported = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    imported |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    assert {str(name).split(".")[0] for name in imported} <= sys.stdlib_module_names
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    assert not names & {"eval", "exec", "compile", "__import__", "float", "getattr", "setattr"}


def test_a_certificate_says_what_the_database_holds(
    database: Path, certified: Callable[[str, int], list[Entry]]
) -> None:
    entries = certified("bpf-toy", 2)
    with open_catalog(str(database)) as opened:
        functions = {row["label"]: row for row in opened.functions(problem="bpf-toy", width=2)}
        strata = {row["label"]: row for row in opened.strata(problem="bpf-toy", width=2)}
    claimed = {one["label"]: one for one in entries if one["entry"] == "function"}
    assert set(functions) <= set(claimed)
    for label, row in functions.items():
        assert [claimed[label][key] for key in ("residuals", "fit", "minimal_width")] == [
            row[key] for key in ("residuals", "fit", "minimal_width")
        ]
    mine = {one["label"]: one for one in entries if one["entry"] == "stratum"}
    assert strata
    assert set(strata) <= set(mine)
    for label, row in strata.items():
        for key in ("kind", "index", "nullity", "dimension", "gauge_dimension", "orbit_size"):
            assert mine[label][key] == row[key]
        assert {"w": mine[label]["w"], "a": mine[label]["a"]} == row["sample"]


# Mutations. The entries are given to the checker directly, or with a chain that fits them: only mathematics refutes.


def test_some_changed_values_are_refuted_and_named(certified: Callable[[str, int], list[Entry]]) -> None:
    _refute_all(certified("bpf-toy", 1), some=40)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "width", "some"), [("bpf-toy", 1, None), ("tent3", 1, None), ("zigzag4", 1, 250), ("xor", 1, 150)]
)
def test_every_changed_value_is_refuted_and_named(tmp_path: Path, name: str, width: int, some: int | None) -> None:
    path = built(tmp_path / "catalog.sqlite", {name: width})
    _refute_all(_without_links(json.loads(_written(path, name, width).read_text())["entries"]), some)


def _refute_all(entries: list[Entry], some: int | None = None) -> None:
    """Change every value of every entry, in every way: what claims something is refuted, and the claim is named; where
    another value proves the same, an independent check agrees that it does."""
    places = [(i, place, value) for i, entry in enumerate(entries) for place, value in _leaves(entry)]
    if some is not None:
        places = random.Random(4).sample(places, some)
    refuted = kept = 0
    for position, place, value in places:
        entry, key = entries[position], str(place[0])
        sort = entry["entry"]
        for other in _variants(value):
            mutated = [*entries]
            mutated[position] = _put(entry, place, other)
            code, text = _judge(mutated)
            refuted, kept = refuted + (code == 1), kept + (code == 0)
            if code == 0:
                # The family is read before the claims.
                assert (sort, key) in WITNESSES or (sort, key) == ("problem", "family")
                assert _proves_the_same(mutated, mutated[position]), (sort, place, value, other)
            elif code == 1 and key not in ("label", "entry", "residuals"):
                if sort in ("function", "stratum"):
                    assert entry["label"] in text
                if sort == "case":
                    assert f"({', '.join(entry['residuals'])})" in text or (key == "separations" and "nullity" in text)
                if sort in ("face", "exclusion") and key != "pattern":
                    assert entry["pattern"] in text
            elif code == 2:
                # No number in lowest terms, or the wrong shape: the file cannot be read.
                assert (sort, key) in WITNESSES or sort == "problem" or key in ("residuals", "entry")
                assert type(other) is not int or type(value) is not int
    assert refuted > 2 * len(places)
    assert 0 < kept < refuted / 4


def _proves_the_same(entries: list[Entry], entry: Entry) -> bool:
    """Whether what a changed witness must do is still done, by the library and not by the checker."""
    problem = _problem(entries[0])
    if entry["entry"] == "problem":
        return True
    if entry["entry"] == "face":
        return pattern_of([Fraction(x) for x in entry["point"]], problem.samples) == entry["pattern"]
    if entry["entry"] == "case":
        # Separations prove nullities, which are those of the database here.
        return not _faults(problem, entries) and _evidence_holds(problem, entry)
    if entry["entry"] == "stratum":
        function = next(one for one in entries if one["entry"] == "function" and one["label"] == entry["function"])
        residuals = [Fraction(r) for r in function["residuals"]]
        point = PointChecker(problem, residuals)
        rows = [tuple(map(Fraction, row)) for row in entry["w"]]
        outer = [Fraction(a) for a in entry["a"]]
        neurons = [point.neuron(w, a) for w, a in zip(rows, outer, strict=True)]
        codes = [one.pattern + "nzp"[(a > 0) - (a < 0) + 1] for one, a in zip(neurons, outer, strict=True)]
        values = [y - r for y, r in zip(problem.targets, residuals, strict=True)]
        return (
            entry["label"].endswith(":" + ".".join(codes)) and all(one.stationary for one in neurons)
            and point.values(rows, outer) == values
            and (entry["index"] is None or point.hessian_inertia(rows, outer)[0] == entry["index"])
        )
    return False


def _evidence_holds(problem: DatasetProblem, entry: Entry) -> bool:
    """Whether the directions rise, and the weights combine to 0, with the gradients at points of the cells."""
    residuals = [Fraction(r) for r in entry["residuals"]]
    gradients = {
        cell.pattern: [
            sum((r * x[i] for r, x, s in zip(residuals, problem.samples, cell.pattern, strict=True) if s == "+"),
                Fraction(0))
            for i in range(problem.dimension)
        ]
        for cell in arrangement(problem.samples).cells
    }
    for pattern, (sort, values) in entry["evidence"].items():
        around = [cell for cell in gradients if all(p in ("0", q) for p, q in zip(pattern, cell, strict=True))]
        if sort == "direction":
            v = list(map(Fraction, values))
            if any(sum(a * b for a, b in zip(gradients[cell], v, strict=True)) <= 0 for cell in around):
                return False
        elif not set(values) <= set(around) or any(
            sum(Fraction(c) * gradients[cell][i] for cell, c in values.items()) for i in range(problem.dimension)
        ):
            return False
    return True


def _faults(problem: DatasetProblem, entries: list[Entry]) -> list[str]:
    """What `symbolic.dataset.check` says about the cases; their weights are recovered from the neurons."""
    faces = arrangement(problem.samples).by_pattern
    records = []
    for entry in entries:
        if entry["entry"] != "case":
            continue
        types = sorted([*entry["directional"], *entry["only_clarke"]], key=lambda code: (code[:-1], code[-1] == "p"))
        live = []
        for codes, neurons in entry["live"]:
            weights = []
            for code, neuron in zip(codes, neurons, strict=True):
                w = [Fraction(x) for x in neuron]
                scale = 1
                for x in w:
                    scale *= x.denominator
                found = positive_combination(faces[code[:-1]].rays, [int(x * scale) for x in w])
                assert isinstance(found, Combination)
                weights.append([str(x / scale) for x in found.weights])
            live.append([[types.index(code) for code in codes], weights])
        records.append({
            "residuals": entry["residuals"], "directional": entry["directional"], "only_clarke": entry["only_clarke"],
            "live": live, "refutations": entry["farkas"],
        })
    width = entries[0]["width"]
    return check_cases(problem, width, cases_from_record({"width": width, "cases": records}))


def test_every_entry_that_is_dropped_or_doubled_is_refuted(certified: Callable[[str, int], list[Entry]]) -> None:
    for entries in (certified("bpf-toy", 1), certified("tent3", 1)):
        assert _judge(entries) == (0, "")
        for position in range(1, len(entries)):
            entry = entries[position]
            assert _judge([*entries[:position], *entries[position + 1 :]])[0] == 1, entry
            assert _judge([*entries[:position], entry, *entries[position:]])[0] == 1, entry
        assert _judge([*entries, entries[0]])[0] == 1


def test_parts_of_a_case_that_are_dropped_are_refuted(certified: Callable[[str, int], list[Entry]]) -> None:
    """A live set, a type, evidence; a Farkas vector that is not needed is one of those that leave the claim true."""
    entries = certified("tent3", 1)
    problem, needed = _problem(entries[0]), 0
    for position, entry in enumerate(entries):
        if entry["entry"] != "case":
            continue
        for field in ("live", "directional", "only_clarke", "evidence", "farkas"):
            for key in list(entry[field]) if field == "evidence" else range(len(entry[field])):
                mutated = [*entries]
                mutated[position] = deepcopy(entry)
                del mutated[position][field][key]
                code, text = _judge(mutated)
                if field == "farkas":
                    needed += code
                    assert (code == 0) is (not _faults(problem, mutated))
                else:
                    assert code == 1, (field, key)
                assert code == 0 or f"({', '.join(entry['residuals'])})" in text
    assert needed > 5


def test_a_dropped_separation_is_refuted_by_a_nullity(certified: Callable[[str, int], list[Entry]]) -> None:
    entries = certified("tent3", 1)
    mutated = [entry | ({"separations": []} if entry["entry"] == "case" else {}) for entry in entries]
    code, text = _judge(mutated)
    assert code == 1
    assert "nullity is None" in text


def test_false_farkas_vectors_are_refuted(certified: Callable[[str, int], list[Entry]]) -> None:
    entries = certified("tent3", 1)
    changes: list[Callable[[list[int]], list[int]]] = [
        lambda z: [0] * len(z), lambda z: [-x for x in z], lambda z: [*z[1:], z[0]], lambda z: [x + 1 for x in z],
    ]
    problem, refuted = _problem(entries[0]), 0
    for position, entry in enumerate(entries):
        for number in range(len(entry["farkas"]) if entry["entry"] == "case" else 0):
            for change in changes:
                mutated = [*entries]
                mutated[position] = deepcopy(entry)
                mutated[position]["farkas"][number] = change(entry["farkas"][number])
                code, text = _judge(mutated)
                assert (code == 0) is (not _faults(problem, mutated))
                assert code == 0 or "refuted by a Farkas vector" in text
                refuted += code
    assert refuted > 15


def test_false_evidence_for_clarkes_notion_is_refuted(certified: Callable[[str, int], list[Entry]]) -> None:
    """Directions and weights that prove nothing, and each kind in the place of the other."""
    seen = set()
    for name in ("bpf-toy", "tent3"):
        entries = certified(name, 1)
        for position, entry in enumerate(entries):
            for face, (sort, values) in entry["evidence"].items() if entry["entry"] == "case" else ():
                seen.add(sort)
                wrong: list[list[Any]] = [["direction", [0, 0]], ["weights", {}], ["direction", [1, -1]]]
                if sort == "direction":
                    cell = face.replace("0", "+")
                    wrong += [["direction", [-x for x in values]], ["weights", {cell: "1"}], ["weights", {face: "0"}]]
                else:
                    cell = next(iter(values))
                    twice = {key: str(2 * Fraction(value)) for key, value in values.items()}
                    wrong += [["weights", twice], ["sum", values], ["weights", {"?" + cell: "1"}]]
                for evidence in wrong:
                    mutated = [*entries]
                    mutated[position] = entry | {"evidence": entry["evidence"] | {face: evidence}}
                    code, text = _judge(mutated)
                    assert code == 1, evidence
                    assert f"face {face}" in text
    assert seen == {"direction", "weights"}


def test_false_neurons_of_a_live_set_are_refuted(certified: Callable[[str, int], list[Entry]]) -> None:
    """Neurons in another face, with other values, one too few or too many, and a set that stands twice."""
    entries, tried = certified("bpf-toy", 2), 0
    for position, entry in enumerate(entries):
        for number, (types, neurons) in enumerate(entry["live"] if entry["entry"] == "case" else ()):
            if not types or number > 5:
                continue
            twice = [str(2 * Fraction(x)) for x in neurons[0]]
            away = [str(-Fraction(x)) for x in neurons[0]]
            for other, words in (
                ([types, [twice, *neurons[1:]]], "values ("), ([types, [away, *neurons[1:]]], f"type {types[0]}"),
                ([types, neurons[1:]], "one neuron for each type"), ([types, [*neurons, twice]], "one neuron"),
                ([types[1:], neurons[1:]], ""), ([types[::-1] + types[:1], neurons[::-1] + neurons[:1]], "in order"),
            ):
                code, text = _judge(_with_live(entries, position, number, [other]))
                assert code == 1
                assert words in text
                tried += 1
            assert _judge(_with_live(entries, position, number, [[types, neurons]] * 2))[1].endswith(" stands once")
    assert tried > 60


def _with_live(entries: list[Entry], position: int, number: int, parts: list[Any]) -> list[Entry]:
    """The entries with one live set of one case replaced by others."""
    live = entries[position]["live"]
    found = [*entries]
    found[position] = entries[position] | {"live": [*live[:number], *parts, *live[number + 1 :]]}
    return found


def test_a_case_that_no_spans_lead_to_is_refuted(certified: Callable[[str, int], list[Entry]]) -> None:
    entries = certified("bpf-toy", 1)
    case = next(entry for entry in entries if entry["entry"] == "case")
    more = case | {"residuals": ["5", "7"], "live": []}
    assert _judge([*entries, more]) == (1, "the case of residuals (5, 7) belongs to a sum of spans of faces")


def test_swapped_values_are_refuted(certified: Callable[[str, int], list[Entry]]) -> None:
    """Two entries exchange a field: labels, functions, residuals, patterns, whatever they differ in."""
    entries, rng, refuted = certified("bpf-toy", 1), random.Random(5), 0
    for sort, fields in checker.FIELDS.items():
        positions = [i for i, entry in enumerate(entries) if entry["entry"] == sort]
        for field in fields.split():
            pairs = [
                (i, j) for i in positions for j in positions if i < j and entries[i][field] != entries[j][field]
            ]
            for i, j in rng.sample(pairs, min(len(pairs), 5)):
                mutated = [*entries]
                mutated[i] = entries[i] | {field: entries[j][field]}
                mutated[j] = entries[j] | {field: entries[i][field]}
                code, text = _judge(mutated)
                if code == 0:
                    assert (sort, field) in {("case", "farkas"), ("case", "separations"), ("stratum", "a")}
                    assert all(_proves_the_same(mutated, mutated[k]) for k in (i, j))
                else:
                    assert code == 1, text
                    refuted += 1
    assert refuted > 80


def test_a_theorem_with_less_in_it_is_refuted(certified: Callable[[str, int], list[Entry]]) -> None:
    """A function left out with all its strata, sets and labels; a face left out with all strata over it."""
    entries = certified("bpf-toy", 1)
    last = [entry for entry in entries if entry["entry"] == "function"][-1]
    mutated = []
    for entry in entries:
        if entry["entry"] == "case" and entry["residuals"] == last["residuals"]:
            entry = entry | {"live": []}
        if last["label"] not in (entry.get("label"), entry.get("function")):
            mutated.append(entry)
    code, text = _judge(mutated)
    assert code == 1
    assert "neither realized nor refuted by a Farkas vector" in text
    mutated = [entry for entry in entries if entry.get("pattern") != "++"]
    mutated = [entry for entry in mutated if not str(entry.get("label")).partition("@")[2].startswith("1:++")]
    mutated.append({"entry": "exclusion", "pattern": "++", "combination": [1, 1]})
    assert _judge(mutated) == (1, "the combination (1, 1) of samples refutes patterns that begin with ++")


def test_what_is_not_needed_or_has_another_shape_is_refuted(certified: Callable[[str, int], list[Entry]]) -> None:
    entries = certified("tent3", 1)
    first = {sort: next(i for i, one in enumerate(entries) if one["entry"] == sort) for sort in checker.FIELDS}

    def judged(sort: str, **fields: Any) -> str:
        mutated = [*entries]
        mutated[first[sort]] = entries[first[sort]] | fields
        code, text = _judge(mutated)
        assert code == 1, text
        return text

    surplus = {"entry": "exclusion", "pattern": "++++", "combination": [0, 0, 0, 0]}
    assert _judge([*entries, surplus])[1].startswith("patterns that begin with ['++++'] are refuted, but need not")
    evidence = entries[first["case"]]["evidence"] | {"+++": ["direction", [1, 1]]}
    assert judged("case", evidence=evidence).endswith("evidence for ['+++'] that is not needed")
    assert judged("case", evidence={"+++": ["direction", [1, 1]]})
    assert judged("face", point=[0, 0, 0]) == "the point of the face 000: it has 2 entries"
    assert judged("face", surprise=1).startswith("an entry face has the fields")
    assert judged("problem", name=3) == judged("problem", bias=1) == "the problem is not one"
    assert judged("problem", width=0) == judged("problem", width=True) == "the width is not one"
    assert judged("problem", bias=False, inputs=[[], [], []]) == "the samples have no coordinate"
    assert "entries" in judged("problem", inputs=[["-1"], ["0", "1"], ["1"]])
    assert "the sample has 1 neurons" in judged("stratum", w=[], a=[])
    assert "has 2 entries" in judged("stratum", w=[["1"]])


def test_the_second_look_at_a_stratum_is_independent_of_the_first(
    certified: Callable[[str, int], list[Entry]]
) -> None:
    """LDL^T of the Hessian, and the least loss, would notice a wrong theorem."""
    entries = certified("bpf-toy", 2)
    certificate = checker.DatasetCertificate([entry | {"link": ""} for entry in entries])
    certificate.check()
    claims = {entry["label"]: entry for entry in entries if entry["entry"] == "stratum"}
    tried = 0
    for function, case in certificate.functions.items():
        for live, kinds in checker.strata_over(case, 2):
            label = f"{function}@2:" + ".".join(kind.code for kind in kinds)
            claim = claims[label]
            if claim["index"] is not None:
                for wrong in ({"index": claim["index"] + 1}, {"nullity": (claim["nullity"] or 0) + 1}):
                    with pytest.raises(checker.Refuted, match=r"LDL\^T of the Hessian"):
                        certificate.check_sample(label, case, kinds, claim | wrong)
                    tried += 1
            if "saddle" in claim["kind"]:
                with pytest.raises(checker.Refuted, match="L descends from it"):
                    checker.stratum(case, live, kinds, least=True)
    assert tried > 40


def test_only_the_chain_betrays_a_change_that_leaves_the_claim_true(
    certified: Callable[[str, int], list[Entry]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = list(linked(certified("bpf-toy", 1)))
    position = next(i for i, entry in enumerate(entries) if entry["entry"] == "face" and any(entry["point"]))
    entries[position] = entries[position] | {"point": [2 * x for x in entries[position]["point"]]}
    assert _main(tmp_path, entries) == 1
    assert capsys.readouterr().out.startswith("REFUTED the chain of digests")
    assert _main(tmp_path, list(linked(_without_links(entries)))) == 0


def test_a_changed_claim_with_a_new_chain_is_refuted_in_words(
    certified: Callable[[str, int], list[Entry]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = certified("bpf-toy", 1)
    position = next(i for i, entry in enumerate(entries) if entry.get("kind") == "global_minimum")
    entries[position] = entries[position] | {"kind": "local_minimum"}
    assert _main(tmp_path, list(linked(entries))) == 1
    label = entries[position]["label"]
    assert capsys.readouterr().out == f"REFUTED {label}: kind is global_minimum, not local_minimum\n"


def test_without_farkas_vectors_completeness_is_not_checked(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "open.json"
    with open_catalog(str(database)) as opened:
        write_certificate(opened, "tent3", path, width=1, covers=False)
    assert checker.main([str(path)]) == 3
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("NOT CHECKED that no other set of types realizes the case of") for line in lines)
    assert sum("no others if the cases are complete" in line for line in lines) == 2


def test_another_format_is_refuted(certified: Callable[[str, int], list[Entry]], tmp_path: Path) -> None:
    entries, path = list(linked(certified("bpf-toy", 1))), tmp_path / "other.json"
    for form, found in (("saddlery certificate 2", entries), (checker.FORMAT, entries[1:])):
        path.write_text(json.dumps({"format": form, "entries": found}))
        assert checker.main([str(path)]) == 1


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "saddlery certificate 1", "entries": []}', "null", '"x"'])
def test_what_is_no_certificate_cannot_be_read(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "broken.json"
    path.write_text(text)
    assert checker.main([str(path)]) == 2
    assert capsys.readouterr().err.startswith("UNREADABLE ")


def test_files_and_families_that_it_does_not_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert checker.main([]) == checker.main([str(tmp_path), "x"]) == checker.main([str(tmp_path / "none")]) == 2
    assert _main(tmp_path, list(linked([{"entry": "problem", "family": "interval"}]))) == 2
    assert "not the certificate of a data set" in capsys.readouterr().err


@pytest.mark.parametrize("value", ["1e999999999", "2/4", "-0", "1_0", " 1", "1.0", True, 1.0, None, "\u0661"])
def test_numbers_have_one_spelling(value: Any) -> None:
    with pytest.raises(ValueError, match="no rational number"):
        checker.number(value)


# The command.


def test_certify_writes_the_file_that_the_checker_accepts(database: Path, tmp_path: Path, saddlery: Command) -> None:
    path = tmp_path / "toy.json"
    outcome = saddlery("certify", "bpf-toy", "-o", str(path), "--db", str(database))
    assert outcome.code == 0
    assert outcome.out == f"{path}: bpf-toy at width 2, 9 faces, 4 cases, 4 functions, 170 strata\n"
    assert checker.main([str(path)]) == 0


def test_teacher_problems_have_no_certificates(tmp_path: Path, saddlery: Command) -> None:
    path, goal = tmp_path / "catalog.sqlite", tmp_path / "none.json"
    store = Store.writing(path)
    store.save_problems([family_named("teacher").problem_row(load_problem(FILES["teacher6"]).problem)])
    store.close()
    outcome = saddlery("certify", "teacher6", "-o", str(goal), "--db", str(path))
    assert outcome.is_refused()
    assert "atan, sqrt and pi are not rational" in outcome.err
    assert not goal.exists()


def test_an_undecided_survey_has_no_certificate(
    tmp_path: Path, saddlery: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, goal = tmp_path / "catalog.sqlite", tmp_path / "none.json"
    monkeypatch.setattr("symbolic.dataset.cases.SET_BUDGET", 1)
    built(path, {"bpf-toy": 1})
    outcome = saddlery("certify", "bpf-toy", "-o", str(goal), "--db", str(path))
    assert outcome.is_refused()
    assert "not proved complete" in outcome.err
    assert not goal.exists()


# Other data sets, and the arithmetic by other routes.


DEGENERATE = {
    "zero-sample": ([["0", "0"], ["1", "2"]], ["1", "-1"], 2),
    "zero-only": ([["0"]], ["2"], 2),
    "repeated": ([["1"], ["1"], ["-2"]], ["1", "-2", "1"], 2),
    "low-rank": ([["1", "1"], ["2", "2"], ["-1", "-1"]], ["1", "1/2", "3"], 1),
    "parallel": ([["1", "0"], ["2", "0"], ["0", "1"]], ["1", "-1", "0"], 1),
    "fitted": ([["1", "0"], ["0", "1"]], ["0", "0"], 2),
}


@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_data_sets_have_certificates(tmp_path: Path, name: str) -> None:
    inputs, targets, width = DEGENERATE[name]
    _check_new(tmp_path, name, inputs, targets, width)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_random_data_sets_have_certificates(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    dimension, count = rng.choice([(1, 4), (2, 3), (2, 4), (3, 3)])
    values = ["0", "1", "-1", "2", "-1/2", "1/3"]
    inputs = [[rng.choice(values) for _ in range(dimension)] for _ in range(count)]
    _check_new(tmp_path, f"random{seed}", inputs, [rng.choice(values) for _ in range(count)], 2 if dimension < 3 else 1)


def _check_new(folder: Path, name: str, inputs: list[list[str]], targets: list[str], width: int) -> None:
    file = folder / f"{name}.toml"
    file.write_text(f'name = "{name}"\nfamily = "dataset"\ninputs = {inputs}\ntargets = {targets}\nwidth = {width}\n')
    build(jobs_of([file], width), folder / "catalog.sqlite")
    assert checker.main([str(_written(folder / "catalog.sqlite", name, width))]) == 0


def test_the_inertia_agrees_with_another_elimination() -> None:
    from flint import fmpq

    rng = random.Random(8)
    for _ in range(200):
        size = rng.randint(1, 6)
        rows = [[Fraction(0)] * size for _ in range(size)]
        for i in range(size):
            for j in range(i + 1):
                rows[i][j] = rows[j][i] = Fraction(rng.choice([0, 0, 0, 1, -1, 2]), rng.choice([1, 3]))
        negative, zero, _ = exact_inertia([[fmpq(x.numerator, x.denominator) for x in row] for row in rows])
        assert checker.inertia([list(row) for row in rows]) == (negative, zero)


def test_spans_and_projections_agree_with_the_solver() -> None:
    rng = random.Random(9)
    for _ in range(100):
        vectors = [tuple(rng.choice([0, 0, 1, -1, 2, 3]) for _ in range(4)) for _ in range(rng.randint(1, 4))]
        targets = tuple(Fraction(rng.randint(-3, 3), rng.randint(1, 3)) for _ in range(4))
        mine = checker.extended((), [tuple(map(Fraction, one)) for one in vectors])
        theirs = span(vectors)
        assert [tuple(x / next(filter(None, row)) for x in map(Fraction, row)) for row in theirs] == list(mine)
        assert checker.residual(targets, mine) == residual_of(targets, theirs)


def _written(database: Path, name: str, width: int) -> Path:
    path = database.parent / f"{name}-{width}.json"
    if not path.exists():
        with open_catalog(str(database)) as opened:
            write_certificate(opened, name, path, width=width)
    return path


def _without_links(entries: list[Entry]) -> list[Entry]:
    return [{key: value for key, value in entry.items() if key != "link"} for entry in entries]


def _main(folder: Path, entries: list[Entry]) -> int:
    path = folder / "certificate.json"
    path.write_text(json.dumps({"format": checker.FORMAT, "entries": entries}))
    return checker.main([str(path)])


def _judge(entries: list[Entry]) -> tuple[int, str]:
    """What the checker says behind its chain."""
    try:
        certificate = checker.DatasetCertificate([entry | {"link": ""} for entry in entries])
        certificate.check()
    except checker.Refuted as error:
        return 1, str(error)
    except checker.NotChecked as error:
        return 3, str(error)
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        return 2, f"{type(error).__name__}: {error}"
    return (3, certificate.open[0]) if certificate.open else (0, "")


def _leaves(value: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(inner, (*place, key))
    else:
        yield place, value


def _variants(value: Any) -> list[Any]:
    """Other values: a digit, the sign, another word, null, another type."""
    if value is None:
        return [0, 1]
    if isinstance(value, bool):
        return [not value, int(value)]
    if isinstance(value, int):
        return [value + 1, -value if value else -1, None, bool(value), str(value) + "x"]
    words = {"yes": "no", "no": "yes", "saddle": "strict_saddle", "weights": "direction"}
    found = [words.get(value, value + "x"), ""]
    digits = [i for i, letter in enumerate(value) if letter.isdigit()]
    found += [value[:i] + str((int(value[i]) + 1) % 10) + value[i + 1 :] for i in digits[:1] + digits[-1:]]
    if digits and value.lstrip("-").replace("/", "").isdigit():
        found.append(value[1:] if value[0] == "-" else "-" + value)
    found += [value.replace("+", "-", 1), value.replace("0", "+", 1), value.replace("-", "0", 1)]
    return [other for other in dict.fromkeys(found) if other != value]


def _put(entry: Entry, place: tuple[str | int, ...], value: Any) -> Entry:
    found = deepcopy(entry)
    inner: Any = found
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return found


def _problem(entry: Entry) -> DatasetProblem:
    inputs = tuple(tuple(map(Fraction, row)) for row in entry["inputs"])
    return DatasetProblem(entry["name"], inputs, tuple(map(Fraction, entry["targets"])), entry["bias"])
