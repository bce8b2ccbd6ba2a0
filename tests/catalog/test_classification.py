r"""The classification for affine targets: closed form against enumeration, refuted where they differ, and printed."""

from __future__ import annotations

import re
from fractions import Fraction
from math import comb, isqrt
from pathlib import Path

import pytest
from conftest import Command, check_compiles, write_problem

from catalog.build import build, jobs_of
from catalog.interval.classification import check_width, closed_form
from catalog.interval.rows import function_row
from catalog.interval.strata_record import pack
from catalog.query import open_catalog
from catalog.store import Row, Store
from catalog.strata_store import packed_strata
from symbolic.enclosure import bounds
from symbolic.errors import Refuted
from symbolic.interval.problem import IntervalProblem
from symbolic.surveys import survey, survey_strata

PLACES = 10**40


def root(value: Fraction) -> Fraction:
    """The square root to 40 places."""
    return Fraction(isqrt(value.numerator * PLACES**2 // value.denominator), PLACES)


@pytest.mark.parametrize(("target", "leak"), [("x", "0"), ("1 - 2*x", "0"), ("3*x", "1/10"), ("5 - x/2", "1/2")])
def test_the_enumeration_of_other_slopes_and_domains_agrees(target: str, leak: str, tmp_path: Path) -> None:
    file = write_problem(tmp_path, "line", target, leak=f'"{leak}"', domain='["-1", "5/2"]', width="3")
    build(jobs_of([file], None), tmp_path / "line.sqlite")
    problem = jobs_of([file], None)[0].problem
    with Store.reading(tmp_path / "line.sqlite") as store:
        for width in (1, 2, 3):
            check_width(problem, width, store.functions("line", width), packed_strata(store, "line", width))


def test_losses_against_numbers_known_otherwise() -> None:
    leaky = IntervalProblem.from_text("line", "x", leak="1/10")
    assert len(closed_form(leaky, 6)) == 13
    for family in closed_form(leaky, 6):
        low, high = bounds(family.loss)
        assert low <= leaky_loss(family.pattern, Fraction(1, 10)) + Fraction(1, 10**30)
        assert high >= leaky_loss(family.pattern, Fraction(1, 10)) - Fraction(1, 10**30)
        assert high - low < Fraction(1, 10**30)
    relu = IntervalProblem.from_text("line", "7 - 3*x", domain=("1", "3"))
    assert [(one.pattern, one.loss) for one in closed_form(relu, 5)] == [
        ("", Fraction(9 * 8, 12)),
        ("+-", Fraction(9 * 8, 12 * 3**4)),
        ("+-+-", Fraction(9 * 8, 12 * 5**4)),
    ]


def leaky_loss(pattern: str, g: Fraction) -> Fraction:
    """The loss for x on [0, 1] by integrating the residual: pieces of length omega / Omega, alternating slopes."""
    if not pattern:
        return Fraction(1, 12)
    omega = [root(1 + g)] * (len(pattern) + 1)
    omega[0] = Fraction(1) if pattern[0] == "+" else root(g)
    omega[-1] = Fraction(1) if pattern[-1] == "-" else root(g)
    total = sum(omega)
    # On each piece the residual is linear with mean 0 and slope -+(1 - g) / (omega Omega).
    return sum(((1 - g) / (one * total)) ** 2 * (one / total) ** 3 / 12 for one in omega)


def test_kinks_and_slopes_that_the_table_prints(small_database: Path) -> None:
    """q_i and the sums of v w at each kink, at the strata with one neuron for each kink."""
    with open_catalog(small_database) as opened:
        for name, g in (("x", Fraction(0)), ("x-leaky", Fraction(1, 10))):
            functions = {row["label"]: row for row in opened.functions(problem=name)}
            chosen = [row for row in opened.strata(problem=name) if is_plain(row, functions)]
            assert len(chosen) == (0 if name == "x" else 2)
            chosen += [row for row in opened.strata(problem=name, width=2) if is_plain(row, functions)]
            for row in chosen:
                pattern = functions[row["function"]]["pattern"]
                omega = [root(1 + g)] * (len(pattern) + 1)
                omega[0] = Fraction(1) if pattern[0] == "+" else root(g)
                omega[-1] = Fraction(1) if pattern[-1] == "-" else root(g)
                total, sample = sum(omega), row["sample"]
                for i in range(len(pattern)):
                    w, b, v = (Fraction(sample[part][i]) for part in "wbv")
                    assert abs(-b / w - sum(omega[: i + 1]) / total) < Fraction(1, 10**30)
                    assert abs(v * w - (1 / omega[i] + 1 / omega[i + 1]) / total) < Fraction(1, 10**30)
                assert row["index"] == len(pattern)


def is_plain(row: Row, functions: dict[str, Row]) -> bool:
    pattern = functions[row["function"]]["pattern"]
    codes = [one["code"] for one in row["neurons"]]
    return bool(pattern) and len(pattern) == row["width"] and all(code[0] == "k" for code in codes)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "local_minimum"}, "kind and index"),
        ({"negative": 7}, "kind and index"),
        ({"label": "x:B.+-.1@3:k1+p.k1+p.k2-p"}, "kind and index"),
    ],
)
def test_a_stratum_of_another_kind_refutes_it(change: dict[str, object], words: str, small_database: Path) -> None:
    problem = IntervalProblem.from_text("x", "x")
    with Store.reading(small_database) as store:
        functions, strata = store.functions("x", 3), packed_strata(store, "x", 3)
    check_width(problem, 3, functions, strata)
    strata = [row | change if row["label"] == "x:B.+-.1@3:k1+p.k1+p.k2-n" else row for row in strata]
    with pytest.raises(Refuted, match=words):
        check_width(problem, 3, functions, strata)


def test_another_function_or_loss_refutes_it(small_database: Path) -> None:
    with Store.reading(small_database) as store:
        functions = store.functions("x", 3)
    problem = IntervalProblem.from_text("x", "x")
    with pytest.raises(Refuted, match="are not those"):
        check_width(problem, 3, functions[:-1], [])
    with pytest.raises(Refuted, match="are not those"):
        check_width(problem, 4, functions, [])
    with pytest.raises(Refuted, match="the loss of x:B"):
        check_width(IntervalProblem.from_text("x", "2*x"), 3, functions, [])


def quadratic(name: str = "q") -> IntervalProblem:
    return IntervalProblem(name, (Fraction(1), Fraction(-2, 3)), (Fraction(-1), Fraction(5, 2)), activation="quadratic")


def quadratic_rows(width: int) -> tuple[list[Row], list[Row]]:
    """Functions and strata as the database has them."""
    found = survey(quadratic(), width)
    functions = [function_row(one, i) for i, one in enumerate(found.functions)]
    return functions, list(pack("q", survey_strata(found).strata).rows)


@pytest.mark.parametrize("width", range(1, 7))
def test_the_quadratic_activation_at_widths_one_to_six(width: int) -> None:
    functions, strata = quadratic_rows(width)
    check_width(quadratic(), width, functions, strata)
    (mean,) = closed_form(quadratic(), width)
    # int (alpha (x - mu))^2 = alpha^2 (b - a)^3 / 12
    assert (mean.pattern, mean.loss) == ("", Fraction(4, 9) * Fraction(7, 2) ** 3 / 12)
    targets = sum(row["class"] == "A" for row in functions)
    assert (targets, len(strata)) == (int(width > 1), comb(width + 5, 5) + targets)
    assert sum(row["orbit_size"] for row in strata) == 6**width + targets
    zero = ".".join(["zero"] * width)
    assert [row["label"] for row in strata if row["kind"] == "saddle"] == [f"q:B..1@{width}:{zero}"]
    assert {row["kind"] for row in strata} == {"saddle", "strict_saddle", *["global_minimum"] * targets}


def test_what_refutes_the_quadratic_classification() -> None:
    functions, strata = quadratic_rows(2)
    chosen = next(row for row in strata if row["label"].endswith("con+.zero"))
    for change, words in (
        ({"kind": "saddle"}, "kind and index"),
        ({"negative": 2}, "kind and index"),
        ({"dimension": 2}, "dimension and inertia"),
        ({"nullity": 5}, "dimension and inertia"),
        ({"label": "q:B..1@2:con+.con+"}, "kind and index|not those"),
    ):
        changed = [row | change if row is chosen else row for row in strata]
        with pytest.raises(Refuted, match=words):
            check_width(quadratic(), 2, functions, changed)
    with pytest.raises(Refuted, match="strata of q at width 2 are not those"):
        check_width(quadratic(), 2, functions, [row for row in strata if row is not chosen])
    with pytest.raises(Refuted, match="functions of q at width 1 are not those"):
        check_width(quadratic(), 1, functions, strata)


def test_the_quadratic_table_is_printed_and_compiles(saddlery: Command, tmp_path: Path) -> None:
    file = write_problem(tmp_path, "q", "1 - 2*x/3", activation='"quadratic"', domain='["-1", "5/2"]', width="3")
    database = ["--db", str(tmp_path / "q.sqlite")]
    assert saddlery("build", str(file), *database).code == 0
    text = saddlery("latex", "q", "--what", "classification", "--standalone", *database).out
    assert "quadratic activation" in text
    assert "widths 1, 2, 3: 85 strata" in re.sub(r"\s+", " ", text)
    assert r"(m,\ 3n - 2m,\ m + 1)" in text
    check_compiles(tmp_path, text, runs=1)


def test_the_command_prints_it_for_affine_targets_only(small_database: Path, saddlery: Command, tmp_path: Path) -> None:
    database = ["--what", "classification", "--db", str(small_database)]
    relu, leaky = (saddlery("latex", name, *database) for name in ("x", "x-leaky"))
    assert "widths 1, 2, 3: 384 strata" in re.sub(r"\s+", " ", relu.out)
    assert r"\tfrac{\alpha^2 (b-a)^3}{12\,(m+1)^4}" in relu.out
    assert "Threshold" in relu.out
    assert "Threshold" not in leaky.out
    assert r"12\,\Omega^4" in leaky.out
    for arguments, words in (
        (["x2"], "target of degree 1"),
        (["x", "--width", "2"], "does not apply"),
        ([str(write_problem(tmp_path, "unknown", "2*x"))], "is not in"),
    ):
        refused = saddlery("latex", *arguments, *database)
        assert refused.is_refused(), refused
        assert words in refused.err


def test_a_refuted_classification_is_not_printed(
    small_database: Path, saddlery: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refute(*_: object) -> None:
        raise Refuted("x is not of the kind")

    monkeypatch.setattr("catalog.interval.latex_classification.check_width", refute)
    outcome = saddlery("latex", "x", "--what", "classification", "--db", str(small_database))
    assert (outcome.code, outcome.out) == (1, "")
