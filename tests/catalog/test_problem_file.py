"""Problem files: what is read, and one clear line for everything that is not a problem."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from conftest import Command, write_problem

from catalog.errors import CatalogError
from catalog.problem_file import bundled_problem_files, load_problem
from symbolic.interval.problem import IntervalProblem

GOOD = {"name": '"p"', "family": '"interval"', "target": '"x**2"', "width": "2"}


def text_of(**changes: str | None) -> str:
    fields = {key: value for key, value in (GOOD | changes).items() if value is not None}
    return "".join(f"{key} = {value}\n" for key, value in fields.items())


def test_the_bundled_problems() -> None:
    loaded = {file.stem: load_problem(file) for file in bundled_problem_files()}
    unit, zero = (Fraction(0), Fraction(1)), Fraction(0)
    x, x2, x3 = (zero, Fraction(1)), (zero, zero, Fraction(1)), (zero, zero, zero, Fraction(1))
    x3_x = (zero, Fraction(-1), zero, Fraction(1))
    intervals = {name: one for name, one in loaded.items() if one.problem.family == "interval"}
    assert {name: (one.problem, one.width) for name, one in intervals.items()} == {
        "x": (IntervalProblem("x", x, unit), 6),
        "x-leaky": (IntervalProblem("x-leaky", x, unit, Fraction(1, 10)), 6),
        "x2": (IntervalProblem("x2", x2, unit), 4),
        "x3": (IntervalProblem("x3", x3, unit), 4),
        "x3-x": (IntervalProblem("x3-x", x3_x, unit), 4),
        "x2-sym": (IntervalProblem("x2-sym", x2, (Fraction(-1), Fraction(1))), 4),
    }


def test_integers_and_defaults(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text(text_of(domain='[-1, "3/2"]', width=None, leak='" 1/3 "'))
    loaded = load_problem(path)
    assert loaded.problem.domain == (Fraction(-1), Fraction(3, 2))
    assert loaded.problem.leak == Fraction(1, 3)
    assert loaded.width is None
    path.write_text(text_of(target="3"))
    assert load_problem(path).problem.target == (Fraction(3),)


REFUSALS = {
    "float leak": (text_of(leak="0.1"), 'leak = 0.1 -> write leak = "1/10"'),
    "float leak with exponent": (text_of(leak="25e-2"), 'write leak = "1/4"'),
    "decimal text": (text_of(leak='"0.5"'), 'leak = "0.5" -> write leak = "1/2"'),
    "huge exponent": (text_of(leak="1e-999999999"), 'leak must be an integer or a string "p/q"'),
    "nan": (text_of(leak="nan"), "leak must be an integer"),
    "boolean leak": (text_of(leak="true"), "leak must be an integer"),
    "zero denominator": (text_of(leak='"1/0"'), "divides by 0"),
    "leak 1": (text_of(leak="1"), "leak must lie in [0, 1)"),
    "negative leak": (text_of(leak='"-1/10"'), "leak must lie in [0, 1)"),
    "float domain": (text_of(domain='[0, 0.5]'), 'write "1/2"'),
    "reversed domain": (text_of(domain='["1", "0"]'), "a < b"),
    "empty domain": (text_of(domain='["1", "1"]'), "a < b"),
    "short domain": (text_of(domain='["1"]'), "two numbers"),
    "domain not a list": (text_of(domain='"0,1"'), "two numbers"),
    "float target": (text_of(target="0.5"), 'write target = "1/2"'),
    "float in target": (text_of(target='"0.5*x"'), "1/2"),
    "code in target": (text_of(target='"__import__(\'os\').system(\'touch pwned\')"'), "polynomial"),
    "lambda in target": (text_of(target='"(lambda: 1)()"'), "polynomial"),
    "other variable": (text_of(target='"y**2"'), "variable x"),
    "not polynomial": (text_of(target='"1/x"'), "polynomial"),
    "negative exponent": (text_of(target='"x**(-1)"'), "exponents"),
    "huge degree": (text_of(target='"x**100000000"'), "degree"),
    "tower": (text_of(target='"9**9**9**9"'), "target"),
    "huge target": (text_of(target='"' + "x+" * 5000 + 'x"'), "characters"),
    "huge number": (text_of(target='"' + "9" * 1500 + '"'), "target"),
    "deep target": (text_of(target='"' + "(" * 900 + "x" + ")" * 900 + '"'), "target"),
    "width 0": (text_of(width="0"), "at least 1"),
    "negative width": (text_of(width="-3"), "at least 1"),
    "absurd width": (text_of(width="40"), "4398046511061 regions"),
    "float width": (text_of(width="2.0"), "positive integer"),
    "text width": (text_of(width='"many"'), "positive integer"),
    "boolean width": (text_of(width="true"), "positive integer"),
    "no width": (text_of(width=None), "--width"),
    "no family": (text_of(family=None), "family is missing"),
    "unknown family": (text_of(family='"integral"'), "unknown family"),
    "family of another type": (text_of(family="3"), "unknown family"),
    "teacher": ('name = "t"\nfamily = "teacher"\nk = 10\n', "isotropy is missing"),
    "quadratic": (text_of(target='"x**2"', activation='"quadratic"'), "degree at most 1"),
    "unknown activation": (text_of(activation='"tanh"'), "activation must be"),
    "unknown key": (text_of(leek='"0"'), "did you mean leak"),
    "no name": (text_of(name=None), "name is missing"),
    "no target": (text_of(target=None), "target is missing"),
    "bad name": (text_of(name='"Hello World"'), "name must be"),
    "name with a quote": (text_of(name='"a\\"b"'), "name must be"),
    "name of another type": (text_of(name="7"), "name must be"),
    "name with a newline": (text_of(name='"a\\nb"'), "name must be"),
    "not TOML": ("name = ", "is not TOML"),
    "duplicate key": (text_of() + 'name = "q"\n', "is not TOML"),
    "deep TOML": ("a = " + "[" * 5000, "TOML"),
    "long integer": ("a = " + "9" * 50_000, "TOML"),
    "empty": ("", "family is missing"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_bad_problem_is_refused_in_one_line(case: str, tmp_path: Path, saddlery: Command) -> None:
    text, words = REFUSALS[case]
    path = tmp_path / "bad.toml"
    path.write_text(text)
    good = write_problem(tmp_path, "good")
    before = sorted(tmp_path.iterdir())
    outcome = saddlery("build", str(good), str(path))
    assert outcome.is_refused(), outcome
    assert words in outcome.err
    assert "bad.toml" in outcome.err
    assert len(outcome.err) < 400
    assert sorted(tmp_path.iterdir()) == before


def test_files_that_cannot_be_read(tmp_path: Path, saddlery: Command) -> None:
    binary = tmp_path / "binary.toml"
    binary.write_bytes(bytes(range(256)))
    large = tmp_path / "large.toml"
    large.write_text("#" * 200_000)
    before = sorted(tmp_path.iterdir())
    for path, words in (
        (tmp_path / "missing.toml", "no such file"),
        (tmp_path, "is a directory"),
        (binary, "is not a text file"),
        (large, "is larger than"),
        (binary / "inside", "cannot be read: Not a directory"),
        (Path("nul\0byte"), "cannot be read"),
    ):
        outcome = saddlery("build", str(path))
        assert outcome.is_refused(), outcome
        assert words in outcome.err
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--width", "0"], "at least 1"),
        (["--width", "13"], "32752 regions"),
        (["--width", "999999999999"], "regions"),
        (["--width", "two"], "width"),
        (["--workers", "0"], "--workers"),
        (["--budget", "nan"], "--budget"),
        (["--budget", "-1"], "--budget"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_bad_options_of_build(arguments: list[str], words: str, tmp_path: Path, saddlery: Command) -> None:
    path = write_problem(tmp_path, "good")
    outcome = saddlery("build", str(path), *arguments)
    assert outcome.is_refused(), outcome
    assert words in outcome.err
    assert sorted(tmp_path.iterdir()) == [path]


def test_one_name_for_two_problems(tmp_path: Path, saddlery: Command) -> None:
    one = write_problem(tmp_path, "same", "x", width="1")
    (tmp_path / "other").mkdir()
    other = write_problem(tmp_path / "other", "same", "2*x", width="1")
    both = saddlery("build", str(one), str(other))
    assert both.is_refused()
    assert "also named 'same'" in both.err
    assert saddlery("build", str(one)).code == 0
    later = saddlery("build", str(other))
    assert later.is_refused()
    assert "already has another problem named 'same'" in later.err
    asked = saddlery("query", "functions", "--problem", str(other))
    assert asked.is_refused()
    assert "another problem named 'same'" in asked.err
    spelled_otherwise = write_problem(tmp_path / "other", "same", "(x*2 + x)/3", width="1")
    assert saddlery("build", str(spelled_otherwise)).code == 0


def test_the_message_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"^/nowhere/p\.toml: no such file$"):
        load_problem("/nowhere/p.toml")
