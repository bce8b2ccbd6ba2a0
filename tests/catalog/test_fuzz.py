"""Arbitrary problem files, filters, labels, weights and files of neurons: an answer, or a refusal in one line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Command
from hypothesis import HealthCheck, example, given, seed, settings
from hypothesis import strategies as st
from test_damage import captured

from catalog.chain import read_neurons
from catalog.families import family_named
from catalog.loss_filter import threshold_of
from catalog.problem_file import bundled_problem_files, load_problem
from catalog.query import Catalog, open_catalog
from catalog.sweeps import parse_vary
from symbolic.errors import SaddleryError
from symbolic.interval.target import format_target, parse_target

FUZZ = settings(
    max_examples=150,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

digits = st.sampled_from(["0", "1", "3/7", "-2", "1/0", "0.5", "1e5", "1e99", "_", "__.", "+", "٣", "²", "9" * 61, "x"])
words = st.one_of(
    digits,
    st.text(max_size=12),
    st.text("x0123456789+-*/() .e_", max_size=25),
    st.sampled_from(["x**2", "x", "relu", "quadratic", "interval", "dataset", "teacher", "p", "x**x", "(" * 300]),
)
scalars = st.one_of(
    st.integers(-3, 12).map(str),
    st.sampled_from(["true", "nan", "-inf", "1e400", "0.1", "1_000.5"]),
    st.sampled_from(["2026-11-22", "07:32:00", "1979-05-27T07:32:00Z"]),
    st.sampled_from(["0x" + "f" * 9000, "9" * 4000, "1" + "0" * 80, "-0", "0b11", "1e-99"]),
    words.map(lambda text: json.dumps(text)),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda items: "[" + ", ".join(items) + "]"),
        inner.map(lambda item: "{ a = " + item + " }"),
    ),
    max_leaves=8,
)
keys = st.sampled_from(
    ["name", "family", "target", "domain", "leak", "activation", "width", "inputs", "targets", "bias", "k", "isotropy"]
)
GOOD = {
    "interval": {"name": '"p"', "target": '"x**2"'},
    "dataset": {"name": '"p"', "inputs": '[["1"], ["2"]]', "targets": '["1", "0"]'},
    "teacher": {"name": '"p"', "k": "6", "isotropy": "[[6], [5, 1]]"},
}


@st.composite
def problem_texts(draw: st.DrawFn) -> str:
    """A good file of some family in which some fields are anything."""
    family = draw(st.sampled_from(sorted(GOOD)))
    fields = {"family": f'"{family}"'} | GOOD[family] | draw(st.dictionaries(keys, values, max_size=3))
    lines = [f"{key} = {value}" for key, value in fields.items()]
    lines += draw(st.lists(st.sampled_from([*lines, "[table]", "x.y = 1", "", "# \x00", "'"]), max_size=1))
    return "\n".join(lines)


def answer_or_refusal(read: Callable[..., Any], *arguments: Any, **options: Any) -> tuple[Any, str]:
    """(the answer, "") or (None, the text of the refusal); any other exception fails the test."""
    try:
        return read(*arguments, **options), ""
    except SaddleryError as error:
        refusal = str(error)
    # Not more than what is refused, which is at most 5000 digits, and a line about it.
    assert 0 < len(refusal) < 6000
    return None, refusal


def check_file(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    loaded, refusal = answer_or_refusal(load_problem, path)
    if loaded is None:
        assert refusal.startswith(str(path))
    else:
        family = family_named(loaded.problem.family)
        row = family.problem_row(loaded.problem)
        assert family.problem_from_record(json.loads(row["record"])) == loaded.problem


@seed(1)
@FUZZ
@given(text=problem_texts())
@example(text='name = "p"\nfamily = "interval"\ntarget = "x"\nleak = "_"\n')
@example(text='name = "p"\nfamily = "interval"\ntarget = 0x' + "f" * 9000)
@example(text='name = "p"\nfamily = "interval"\ntarget = "x"\nwidth = 0x' + "f" * 9000)
@example(text='name = "p"\nfamily = "teacher"\nisotropy = [[6]]\nk = 0x' + "f" * 9000)
@example(text='name = "p"\nfamily = "teacher"\nk = 6\nisotropy = [[0x' + "f" * 9000 + "]]")
@example(text="family = 0x" + "f" * 9000)
@example(text='"\\u0000" = 1\nfamily = "interval"')
def test_problem_files_of_almost_the_right_form(text: str, tmp_path: Path) -> None:
    check_file(tmp_path / "p.toml", text.encode("utf-8", "surrogatepass"))


@seed(2)
@FUZZ
@given(data=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8"))))
def test_problem_files_of_any_bytes(data: bytes, tmp_path: Path) -> None:
    check_file(tmp_path / "p.toml", data)


@seed(3)
@FUZZ
@given(text=st.one_of(st.text("x0123456789+-*/() ._e,:'\"\\", max_size=60), words))
@example(text="((((9**60)**60)**60)**60)**60")
@example(text="1/(((9**60)**60)**60)**60")
@example(text="(x - x + 9)**" + "9" * 40)
@example(text="*".join(["x"] * 900))
@example(text="(x+1)**12" * 1)
@example(text="0x1for x")
@example(text="'\\d'")
@example(text="1(x)")
@example(text="x" + "-" * 1900 + "1")
@example(text="x\x00")
@example(text="\N{FULLWIDTH LATIN SMALL LETTER X}**\N{FULLWIDTH DIGIT TWO}")
@example(text="1" + "e" * 3 + "5")
@example(text="1e999999")
def test_targets(text: str) -> None:
    coefficients, _ = answer_or_refusal(parse_target, text)
    if coefficients is not None:
        assert len(coefficients) <= 13
        assert parse_target(format_target(coefficients)) == coefficients


@seed(4)
@FUZZ
@given(text=words)
def test_losses_and_intervals_of_filters(text: str) -> None:
    for read in (threshold_of, parse_vary, lambda one: parse_vary(f"targets[1]={one}..{one}")):
        answer_or_refusal(read, text)


odd = st.sampled_from(["\x00", "\udcff", "x:A.0.1\x00", "'", '"', "%", "9" * 5000])
anything = st.one_of(st.text(max_size=20), words, odd)
wheres = st.one_of(
    anything,
    st.lists(
        st.sampled_from(
            ["label", "knots", "class", "=", "<", "1", "'x'", "(", ")", "AND", "NOT", "IN", "SELECT", "FROM",
             "functions", "LIKE", "GLOB", "NULL", "||", "*", "9e999", "x'00'", "CASE", "WHEN", "END", "max(", "abs(",
             ",", "COLLATE", "nocase", "-9223372036854775808", "EXISTS", "UNION", "OVER", "CAST(", "AS", "BLOB",
             "->", "%", "~", "@x"]
        ),
        max_size=9,
    ).map(" ".join),
)


@pytest.fixture(scope="module")
def opened(small_database: Path) -> Iterator[Catalog]:
    with open_catalog(small_database) as one:
        yield one


@seed(5)
@FUZZ
@given(
    entity=st.sampled_from(["functions", "strata", "regions", "problems", "transitions", "branches", "sweeps", "x"]),
    filters=st.fixed_dictionaries(
        {},
        optional={
            "problem": anything,
            "width": st.one_of(st.integers(), st.sampled_from([1, 2, 2**63, 10**400]), st.booleans()),
            "kind": anything,
            "index": st.one_of(st.integers(), st.sampled_from([0, 2**63, 2**64, 10**400])),
            "max_loss": anything,
            "notion": st.one_of(st.just("clarke"), anything),
            "where": wheres,
        },
    ),
)
@example(entity="strata", filters={"index": 2**70})
@example(entity="functions", filters={"where": "abs(-9223372036854775808) > 0"})
def test_filters(entity: str, filters: dict[str, Any], opened: Catalog) -> None:
    answer, _ = answer_or_refusal(opened.query, entity, **filters)
    assert answer is None or json.dumps(answer.as_json(), allow_nan=False)


@pytest.mark.slow
@seed(6)
@settings(FUZZ, max_examples=40)
@given(label=st.one_of(anything, st.text("x2:A.B01@r+-|", max_size=15)), option=st.sampled_from(["--width", "--index"]))
@example(label="x2:B." + "+" * 100_000, option="--width")
@example(label="@" * 5000, option="--width")
def test_labels_on_the_command_line(label: str, option: str, small_database: Path, tmp_path: Path) -> None:
    database = ["--db", str(small_database)]
    for arguments in (
        ["show", *database, "--", label],
        ["latex", *database, "--", label],
        ["graph", *database, "--width", "1", "--", label],
        ["chain", *database, "--", label],
        ["query", "functions", *database, option, label],
        ["query", "functions", *database, "--problem", label],
        ["query", "functions", *database, "--max-loss", label],
        ["release", "-o", str(tmp_path / "out"), *database, "--", label],
    ):
        outcome = captured(arguments)
        assert outcome.code == 0 or outcome.is_refused(), (arguments, outcome)


neurons = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.sampled_from([10**4200, "+-p", "++p", "0-n", "p"]),
        words,
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["sign", "pattern", "g", "neurons", "w", "a"]), inner, max_size=3),
    ),
    max_leaves=8,
)


@seed(7)
@FUZZ
@given(value=neurons, raw=st.one_of(st.none(), st.binary(max_size=60)))
@example(value={"neurons": [{"sign": 1, "g": ["1", "_"]}]}, raw=None)
@example(value=None, raw=b'[{"sign": 1, "g": [' + b"9" * 5000 + b"]}]")
@example(value=None, raw=b"[" * 100_000)
def test_files_of_neurons(value: object, raw: bytes | None, tmp_path: Path) -> None:
    problem = next(load_problem(file).problem for file in bundled_problem_files() if file.stem == "orthogonal-narrow")
    path = tmp_path / "neurons.json"
    path.write_bytes(json.dumps(value).encode() if raw is None else raw)
    for name in ("neurons.json", "neurons.toml"):
        path = path.rename(tmp_path / name)
        found, refusal = answer_or_refusal(read_neurons, path, problem)
        assert found or refusal.startswith(str(path))


OPTIONS = ("--width", "--index", "--workers", "--budget", "--patterns-budget", "--transitions")


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("value", ["9" * 400, "-1", "0x10", "NaN", "٣", "\x00", "", "1_0", "inf", "1e400"])
def test_numbers_of_the_command_line(option: str, value: str, tmp_path: Path, saddlery: Command) -> None:
    bundled = {file.stem: str(file) for file in bundled_problem_files()}
    for arguments in (["query", "strata"], *(["build", bundled[name]] for name in ("x", "xor", "teacher6"))):
        if (arguments[0], option) in (("query", "--width"), ("query", "--index")) or arguments[0] == "build":
            outcome = saddlery(*arguments, option, value, "--db", str(tmp_path / "no" / "\udcff"))
            assert outcome.is_refused(), (arguments, outcome)


@pytest.mark.parametrize("value", ["9" * 400, "9" * 18, "9" * 20, "-1", "0"])
@pytest.mark.parametrize("option", ["--width", "--index"])
def test_numbers_beyond_those_of_the_database(
    option: str, value: str, small_database: Path, saddlery: Command
) -> None:
    for arguments in (["query", "strata"], ["query", "functions"], ["graph", "x"], ["latex", "x"], ["latex", "x2"]):
        outcome = saddlery(*arguments, option, value, "--db", str(small_database))
        assert outcome.code == 0 or outcome.is_refused(), (arguments, outcome)
