"""Certificates are checked, and every false one is refuted by the mathematics: the chain of digests is made anew."""

from __future__ import annotations

import ast
import copy
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest
from conftest import built

from catalog import check_certificate as checker
from catalog.certificate import linked, write_certificate
from catalog.check_certificate import BITS, FORMAT
from catalog.output_file import write_file
from catalog.query import open_catalog

CHECKER = Path(checker.__file__)
Entries = list[dict[str, Any]]
Mutation = Callable[[Entries], Any]


@pytest.fixture(scope="session")
def certificates(small_database: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """x2 at widths 1 and 2 (a plain case with a cover), x and x-leaky (Theorem 5, irrational kinks)."""
    folder, made = tmp_path_factory.mktemp("certificates"), {}
    with open_catalog(str(small_database)) as opened:
        for name, width in (("x2", 1), ("x2", 2), ("x", 2), ("x-leaky", 1), ("x3", 1)):
            made[f"{name}@{width}"] = folder / f"{name}.{width}.json"
            write_certificate(opened, name, made[f"{name}@{width}"], width=width)
        made["bare"] = folder / "bare.json"
        write_certificate(opened, "x2", made["bare"], width=1, covers=False)
    return made


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[[Entries], tuple[int, str]]:
    """Write the entries with a new chain and check the file: exit code and what was said."""

    def run(entries: Entries) -> tuple[int, str]:
        chain = list(linked({k: v for k, v in entry.items() if k != "link"} for entry in entries))
        path = tmp_path / "mutated.json"
        path.write_text(json.dumps({"format": FORMAT, "entries": chain}))
        capsys.readouterr()
        code = checker.main(str(path))
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def entries_of(path: Path) -> Entries:
    entries: Entries = json.loads(path.read_text())["entries"]
    return entries


@pytest.mark.parametrize("name", ["x2@1", "x2@2", "x@2", "x-leaky@1", "x3@1"])
def test_what_is_written_is_proved_by_a_python_without_packages(certificates: dict[str, Path], name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(CHECKER), str(certificates[name])], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["CHECKED"] * 3
    assert "no others" in done.stdout


def test_the_checker_is_one_short_file_that_imports_the_standard_library_only() -> None:
    text = CHECKER.read_text()
    modules = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(text))
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import)
                     else [node.module or "."] if isinstance(node, ast.ImportFrom) else [])
    }
    assert modules <= sys.stdlib_module_names
    assert text.count("\n") <= 600


def test_without_a_cover_no_list_is_called_complete(
    certificates: dict[str, Path], check: Callable[[Entries], tuple[int, str]]
) -> None:
    code, said = check(entries_of(certificates["bare"]))
    assert code == 3
    assert "no others" not in said
    for name in ("free", "+", "-"):
        assert f"NOT CHECKED system {name} with 1 knots: the certificate holds no cover" in said


def test_a_broken_chain_is_refuted_as_such(certificates: dict[str, Path], tmp_path: Path,
                                           capsys: pytest.CaptureFixture[str]) -> None:
    data = json.loads(certificates["x2@1"].read_text())
    for number, entry in enumerate(data["entries"]):
        changed = copy.deepcopy(data)
        changed["entries"][number]["link"] = entry["link"][::-1]
        (tmp_path / "file.json").write_text(json.dumps(changed))
        assert checker.main(str(tmp_path / "file.json")) == 1
        assert "the chain of digests" in capsys.readouterr().out


def test_a_swap_of_entries_breaks_the_chain(certificates: dict[str, Path], tmp_path: Path,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    data = json.loads(certificates["x2@1"].read_text())
    data["entries"][-1], data["entries"][-2] = data["entries"][-2], data["entries"][-1]
    (tmp_path / "file.json").write_text(json.dumps(data))
    assert checker.main(str(tmp_path / "file.json")) == 1
    assert "the chain of digests" in capsys.readouterr().out


# ---- every field ----

TRUE_STILL = {
    "narrow": "one unit more or less, the cube is still one in which the solution is alone",
    "inverse": "any approximate inverse with which Krawczyk's test succeeds will do",
    "bounds": "wider bounds",
    "rational": "an empty list of exact coordinates claims nothing, and no jump has to be 0 there",
}
"""Mutations that leave every claim true, and why: they must be accepted."""

EITHER = {
    "center": "moved by one unit of 2^-256, the cube still holds one solution, but a leaf that fills it juts out",
    "tree": "a leaf in a cube may be closed by an equation as well, if it does not hold the solution",
}
"""Mutations that leave the claims true or not, as the case may be: what is accepted is true."""


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every leaf of an entry with the way to it."""
    if isinstance(value, dict):
        for key in value:
            if key != "link":
                yield from places(value[key], (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from places(item, (*path, number))
        yield path, value
    else:
        yield path, value


BOUNDED = ("kinks", "slopes", "offset", "moment", "loss")


def changes(path: tuple[Any, ...], value: Any) -> Iterator[tuple[Any, str]]:
    """Other values for a leaf, with the reason why the claim is still true ("" if it is false)."""
    field = next(key for key in reversed(path) if isinstance(key, str))
    if isinstance(value, list):
        if value:
            yield value[:-1], TRUE_STILL["rational"] if field == "rational" and len(value) == 1 else ""
        if field not in ("cover",):
            yield [*value, value[-1] if value else 1], ""
    elif path[0] in BOUNDED:
        outward = -1 if path[-1] == 0 else 1
        yield str(Fraction(value) - outward * Fraction(1, 10**40)), ""
        yield str(Fraction(value) + outward * Fraction(1, 10**40)), TRUE_STILL["bounds"]
        yield float(value), ""
    elif isinstance(value, int):
        reason = TRUE_STILL.get(field, EITHER.get(field, ""))
        if field != "half":  # see the mutations by name
            yield value + 1, reason
            yield value - 1, reason
        if value and field != "inverse":
            yield -value, ""
        yield float(value) + 0.5, ""
        yield str(value), ""
        yield value > 0, ""
    elif value is None:
        yield 0, ""
        yield "0", ""
    elif field == "tree":
        for number, mark in enumerate(value):
            for other in ".0*aA":
                if other != mark:
                    reason = EITHER["tree"] if mark == "A" and other == "0" else ""
                    yield value[:number] + other + value[number + 1 :], reason
        yield value + ".", ""
    elif field == "rational":
        yield str(Fraction(value) + Fraction(1, 10**30)), ""
        yield str(-Fraction(value)), ""
    elif field in ("leak", "target", "domain"):
        yield str(Fraction(value) + Fraction(1, 7)), ""
        yield str(-Fraction(value) - 3), ""
        yield float(Fraction(value)), ""
    else:
        yield value[:-1] + ("q" if value[-1:] != "q" else "r"), ""
        yield 1, ""
        yield None, ""


def put(entries: Entries, number: int, path: tuple[Any, ...], value: Any) -> Entries:
    changed = [dict(entry) for entry in entries]
    changed[number] = copy.deepcopy(entries[number])
    place: Any = changed[number]
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


def sweep(entries: Entries, check: Callable[[Entries], tuple[int, str]], step: int) -> tuple[int, int]:
    """Every `step`-th mutation of a leaf: how many were refuted and how many were true."""
    refuted = true = count = 0
    for number, entry in enumerate(entries):
        for path, value in places(entry):
            if not path:
                continue
            for other, reason in changes(path, value):
                count += 1
                if count % step:
                    continue
                code, said = check(put(entries, number, path, other))
                where = f"entry {number}, {path}: {value!r} -> {other!r}: {said}"
                if reason in EITHER.values():
                    assert code == 0 or (code == 1 and "of the cover is not closed by" in said), where
                elif reason:
                    assert code == 0, where
                    true += 1
                else:
                    assert code in (1, 2), where
                    assert said.startswith("REFUTED" if code == 1 else "UNREADABLE"), where
                    refuted += 1
    return refuted, true


@pytest.mark.parametrize(("name", "step"), [("x2@1", 41), ("x-leaky@1", 23)])
def test_mutations_of_a_sample_of_all_fields(
    certificates: dict[str, Path], check: Callable[[Entries], tuple[int, str]], name: str, step: int
) -> None:
    refuted, true = sweep(entries_of(certificates[name]), check, step)
    assert refuted > 8
    assert true >= 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["x2@1", "x-leaky@1", "x3@1"])
def test_mutations_of_all_fields(
    certificates: dict[str, Path], check: Callable[[Entries], tuple[int, str]], name: str
) -> None:
    refuted, true = sweep(entries_of(certificates[name]), check, 1)
    assert refuted > 200
    assert true > 10


# ---- the statement that fails is named ----


def of(entries: Entries, sort: str, **fields: Any) -> dict[str, Any]:
    """The first entry of a sort with these fields."""
    return next(
        entry for entry in entries if entry["entry"] == sort and all(entry[key] == fields[key] for key in fields)
    )


def drop(sort: str, **fields: Any) -> Mutation:
    return lambda entries: entries.remove(of(entries, sort, **fields))


def change(sort: str, field: str, value: Any, **fields: Any) -> Mutation:
    return lambda entries: of(entries, sort, **fields).__setitem__(field, value)


def swap_labels(entries: Entries) -> None:
    first, second = (of(entries, "function", label=f"x2:{name}") for name in ("A.1.1", "B.+.1"))
    first["label"], second["label"] = second["label"], first["label"]


def solution(system: str, action: Callable[[dict[str, Any]], Any], number: int = 0) -> Mutation:
    return lambda entries: action(of(entries, "system", knots=1, system=system)["solutions"][number])


def move(size: int) -> Callable[[dict[str, Any]], Any]:
    return lambda one: one.update(center=[x + size for x in one["center"]])


def twice(entries: Entries) -> None:
    system = of(entries, "system", knots=1, system="free")
    system["solutions"] = system["solutions"] * 2


def no_root(entries: Entries) -> None:
    of(entries, "system", knots=1, system="free")["solutions"].clear()


def cut_tree(entries: Entries) -> None:
    cover = of(entries, "system", knots=1, system="+")["cover"]
    cover["tree"] = cover["tree"][:-1]


FALSE = {
    "system dropped": (drop("system", knots=1, system="-"), "system is listed, once; not listed: [(1, '-')]"),
    "function dropped": (drop("function", label="x2:A.1.1"), "not listed: ['x2:A.1.1']"),
    "stratum dropped": (drop("stratum", label="x2:A.0.1@2:act.dead"), "not listed: ['x2:A.0.1@2:act.dead']"),
    "system twice": (lambda e: e.append(dict(of(e, "system", knots=1, system="-"))), "is listed, once"),
    "stratum twice": (lambda e: e.append(dict(of(e, "stratum"))), "is listed, once"),
    "solution dropped": (no_root, "system free with 1 knots: leaf"),
    "solution twice": (twice, "system free with 1 knots: a solution is listed twice"),
    "leaf dropped": (cut_tree, "system + with 1 knots: the cover leaves boxes open"),
    "labels swapped": (swap_labels, ": kinks is "),
    "cube moved": (solution("free", move(1 << (BITS - 3))), "system free with 1 knots: no single zero is proved"),
    "cube off its solution": (solution("+", lambda one: one.update(half=1, narrow=1)), "no single zero is proved"),
    "cube enlarged": (solution("free", lambda one: one.update(half=1 << (BITS - 1))), "no single zero is proved"),
    "cube shrunk below the narrow one": (solution("free", lambda one: one.update(half=1)), "no single zero is proved"),
    "cube too small for its leaf": (
        solution("free", lambda one: one.update(half=one["narrow"])), "of the cover is not closed by 'A'"),
    "inverse of other sign": (
        solution("free", lambda one: one.update(inverse=[[-x for x in row] for row in one["inverse"]])),
        "no single zero is proved"),
    "target": (change("problem", "target", ["0", "1", "1"]), "REFUTED"),
    "target of other degree": (change("problem", "target", ["0", "0", "0", "1"]), "REFUTED"),
    "domain": (change("problem", "domain", ["0", "2"]), "REFUTED x2:"),
    "leak": (change("problem", "leak", "1/10"), "REFUTED"),
    "width": (change("problem", "width", 3), "REFUTED each system is listed, once; not listed: [(3, "),
    "function of a stratum": (change("stratum", "function", "x2:A.1.1", function="x2:A.0.1"), "function is x2:A.0.1"),
    "kind": (change("stratum", "kind", "local_minimum", kind="strict_saddle"), "kind is strict_saddle, not local"),
    "global minimum": (change("stratum", "kind", "local_minimum", kind="global_minimum"), "kind is global_minimum"),
    "index": (change("stratum", "index", 0, index=1), "index is 1, not 0"),
    "no index": (change("stratum", "index", None, index=1), "index is 1, not None"),
    "stationarity": (change("stratum", "stationarity", ["yes", "yes", "no"]), "stationarity is "),
    "loss": (change("function", "loss", ["0.1", "0.2"]), ": loss is ["),
    "coincidence": (change("function", "realizations", ["++"], label="x2:A.0.1"), "realizations is "),
    "an entry of another sort": (lambda e: e.append({"entry": "remark"}), "REFUTED first an interval problem"),
    "another field": (change("stratum", "rigor", "proved"), "the fields of a stratum are"),
    "another field of a system": (change("system", "rigor", "proved"), "the fields of a system are"),
    "another field of a solution": (solution("free", lambda one: one.update(rigor="yes")), "no single zero is proved"),
    "another field of the problem": (change("problem", "rigor", "proved"), "REFUTED first an interval problem"),
    "solution said to be rational": (solution("+", lambda one: one.update(rational=["1/2"])), "is no solution here"),
    "rational coordinates of a longer point": (
        solution("free", lambda one: one.update(rational=["1/2", "1/2"])), "no single zero is proved"),
    "combination dropped": (
        lambda e: of(e, "system", knots=2, system="+-")["cover"]["combinations"].clear(), "is not closed by '*'"),
    "combination too many": (
        lambda e: of(e, "system", knots=2, system="+-")["cover"]["combinations"].append([1, 0]), "combinations unused"),
    "combination of nothing": (
        lambda e: of(e, "system", knots=2, system="+-")["cover"]["combinations"].__setitem__(0, [0, 0]),
        "is not closed by '*'"),
}
"""Mutations of the certificate of x2 at width 2, and what the checker says."""

TRUE = {
    "a larger cube in which the solution is still alone": (
        solution("free", lambda one: one.update(half=one["half"] + (1 << BITS - 60))), "Krawczyk's test succeeds"),
    "a combination scaled": (
        lambda e: [
            entry["cover"].update(combinations=[[3 * x for x in y] for y in entry["cover"]["combinations"]])
            for entry in e if entry["entry"] == "system"],
        "3 y.E has no zero either"),
    "entries in another order": (lambda e: e.__setitem__(slice(1, None), e[:0:-1]), "the order claims nothing"),
    "the mark of a solution's exact coordinates left out": (
        solution("free", lambda one: one.update(rational=None)), "no jump and no S has to be 0 there"),
}
"""Mutations that leave every claim true, with the reason."""


def test_a_certificate_of_another_family_is_sent_to_its_checker(
    certificates: dict[str, Path], check: Callable[[Entries], tuple[int, str]]
) -> None:
    entries = entries_of(certificates["x2@2"])
    change("problem", "family", "dataset")(entries)
    code, said = check(entries)
    assert code == 2
    assert "check_dataset_certificate.py" in said


FULL = ("stratum twice", "kind", "global minimum", "no index", "stationarity", "function of a stratum", "another field")
"""Those that are refuted only after all systems and functions are proved."""


@pytest.mark.parametrize(
    "mutation", [pytest.param(name, marks=pytest.mark.slow) if name in FULL else name for name in FALSE]
)
def test_a_false_claim_is_refuted_by_name(
    certificates: dict[str, Path], check: Callable[[Entries], tuple[int, str]], mutation: str
) -> None:
    entries = entries_of(certificates["x2@2"])
    action, words = FALSE[mutation]
    action(entries)
    code, said = check(entries)
    assert code == 1, said
    assert said.startswith("REFUTED")
    assert words in said


@pytest.mark.parametrize("mutation", TRUE)
def test_a_true_claim_is_accepted(
    certificates: dict[str, Path], check: Callable[[Entries], tuple[int, str]], mutation: str
) -> None:
    entries = entries_of(certificates["x2@2"])
    TRUE[mutation][0](entries)
    code, said = check(entries)
    assert code == 0, said


def test_theorem_5_is_applied(certificates: dict[str, Path], check: Callable[[Entries], tuple[int, str]]) -> None:
    entries = entries_of(certificates["x-leaky@1"])
    system = of(entries, "system", system="+")
    system["solutions"] = []
    code, said = check(entries)
    assert code == 1
    assert "system + with 1 knots has 1 solutions (Theorem 5)" in said


# ---- files that are no certificates ----


@pytest.mark.parametrize("text", [
    "", "{", "[]", "0", "null", '"x"', "{}", '{"format":1}', f'{{"format":"{FORMAT}"}}',
    f'{{"format":"{FORMAT}","entries":[]}}', f'{{"format":"{FORMAT}","entries":[1]}}',
    f'{{"format":"{FORMAT}","entries":{{}}}}', "[" * 5000, '{"format":"saddlery certificate 0","entries":[]}',
    f'{{"format":"{FORMAT}","format":"{FORMAT}","entries":[]}}', "1" * 5000,
])
def test_garbage_is_refused_in_one_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "garbage.json"
    path.write_text(text)
    command = [sys.executable, "-I", "-S", str(CHECKER), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (1, 2)
    assert (done.stdout + done.stderr).count("\n") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["/nowhere/file.json"]])
def test_arguments_are_checked(arguments: list[str]) -> None:
    done = subprocess.run([sys.executable, "-I", str(CHECKER), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("UNREADABLE")


def test_flipped_bytes_never_pass_with_other_claims(
    certificates: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    random, original = Random(11), certificates["x-leaky@1"].read_bytes()
    claims = json.loads(original)
    for _ in range(60):
        changed = bytearray(original)
        for _ in range(random.choice([1, 1, 3])):
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
        path = tmp_path / "flipped.json"
        path.write_bytes(bytes(changed))
        code = checker.main(str(path))
        capsys.readouterr()
        assert code in (0, 1, 2)
        if code == 0:
            assert json.loads(changed) == claims


def test_repeated_names_are_refused(certificates: dict[str, Path], tmp_path: Path) -> None:
    text = certificates["x2@1"].read_text()
    path = tmp_path / "twice.json"
    path.write_text(text.replace('"index":1,', '"index":7,"index":1,', 1))
    assert checker.main(str(path)) == 2


# ---- larger ones ----


@pytest.mark.slow
def test_covers_of_three_knots_are_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = built(tmp_path / "three.sqlite", {"x2-sym": 3, "x3-x": 3})
    with open_catalog(str(database)) as opened:
        for name in ("x2-sym", "x3-x"):
            write_certificate(opened, name, tmp_path / "file.json", width=3)
            assert checker.main(str(tmp_path / "file.json")) == 0
            assert "strata of width 3, no others" in capsys.readouterr().out


@pytest.mark.slow
def test_unusual_problems(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Other scales and domains, a leak with curvature, affine and constant targets."""
    from catalog.build import build, jobs_of

    database = tmp_path / "odd.sqlite"
    for number, (target, start, end, leak) in enumerate([
        ("-3/2 + x**4 - x**2", "0", "1", "0"), ("5*x**3 - x", "-1/2", "2", "0"), ("x**2", "0", "1", "1/10"),
        ("7/3", "-1", "2", "0"), ("7/3", "0", "1", "1/4"), ("2 - 3*x", "-1", "4", "1/3"), ("1/2 - x", "3", "5", "0"),
    ]):
        path = tmp_path / f"odd{number}.toml"
        write_file(path, (
            f'name = "odd{number}"\nfamily = "interval"\ntarget = "{target}"\ndomain = ["{start}", "{end}"]\n'
            f'leak = "{leak}"\nwidth = 2\n'))
        build(jobs_of([path], 2), database)
        with open_catalog(str(database)) as opened:
            write_certificate(opened, f"odd{number}", tmp_path / "file.json")
        assert checker.main(str(tmp_path / "file.json")) == 0, capsys.readouterr().out
