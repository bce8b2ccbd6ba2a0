r"""The LaTeX tables: every printed number is exact or within its printed bound, and pdflatex accepts the result."""

from __future__ import annotations

import json
import random
import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
import sympy
from conftest import check_compiles, tool

from catalog import latex
from catalog.errors import CatalogError
from catalog.interval import latex as interval_latex
from catalog.latex_cells import (
    RootNotes,
    bounded_decimal,
    escape,
    expression_math,
    interval_math,
    label_cell,
    number_math,
    polynomial_math,
)
from catalog.number_text import decimal_text
from catalog.query import open_catalog
from catalog.typesetting import typeset
from symbolic.interval.loss import reduced_coordinates, reduced_loss, setting_of
from symbolic.interval.orderings import Region, regions
from symbolic.interval.problem import IntervalProblem

GROUND_TRUTH = Path(__file__).parent.parent / "ground_truth" / "interval.json"
PROVED = {"status": "proved", "reason": "every system with at most 2 knots was covered", "caveat": ""}


class Reader:
    """Reads the LaTeX math that the tables use back to a rational number; written for the tests only."""

    def __init__(self, text: str, values: dict[str, Fraction]) -> None:
        self.tokens = re.findall(r"\\tfrac|\\frac|\\cdot|[A-Za-z]_\{\d+\}|[A-Za-z]|\d+|\S", text)
        self.values = values

    def peek(self) -> str:
        return self.tokens[0] if self.tokens else ""

    def take(self, expected: str = "") -> str:
        token = self.tokens.pop(0)
        assert not expected or token == expected, (expected, token)
        return token

    def group(self) -> Fraction:
        self.take("{")
        value = self.sum()
        self.take("}")
        return value

    def sum(self) -> Fraction:
        negative = self.peek() == "-" and bool(self.take())
        total = -self.product() if negative else self.product()
        while self.peek() in ("+", "-"):
            sign = self.take()
            total += self.product() if sign == "+" else -self.product()
        return total

    def product(self) -> Fraction:
        value = self.power()
        while self.peek() and self.peek() not in "+-)}":
            if self.peek() == r"\cdot":
                self.take()
            value *= self.power()
        return value

    def power(self) -> Fraction:
        token = self.take()
        if token in (r"\tfrac", r"\frac"):
            above = self.group()
            value = above / self.group()
        elif token == "(":
            value = self.sum()
            self.take(")")
        elif token.isdigit():
            value = Fraction(int(token))
        else:
            value = self.values[token]
        if self.peek() == "^":
            self.take()
            value **= int(self.group())
        return value


def read_math(text: str, values: dict[str, Fraction]) -> Fraction:
    reader = Reader(text, values)
    value = reader.sum()
    assert not reader.tokens
    return value


@pytest.mark.parametrize(
    "text",
    [
        "(-a + b)/2",
        "-(a - b)/2",
        "a - (b + c)/2",
        "a - (b - c)*d",
        "2*(a/b)**2",
        "(a**2)**3/7",
        "-a**2*3 + b*c*2/3",
        "x*(-y)/(-2)",
        "a*(-b/c + 1)**3/3 - 1/(2*d**2)",
        "a - -b",
        "-7/3",
        "a*(b - c)*(d + 1)/(x*(y + 2))",
    ],
)
def test_printed_expression_has_the_value_of_its_text(text: str) -> None:
    rng = random.Random(5)
    for _ in range(5):
        values = {name: Fraction(rng.randint(1, 40), rng.randint(1, 9)) for name in "abcdxy"}
        expected = eval_rational(text, values)
        assert read_math(expression_math(text), values) == expected


def eval_rational(text: str, values: dict[str, Fraction]) -> Fraction:
    """The value of a text by SymPy's own parser, the independent route."""
    symbols = {name: sympy.Rational(v.numerator, v.denominator) for name, v in values.items()}
    value = sympy.parse_expr(text, local_dict=symbols)
    return Fraction(int(value.p), int(value.q))


@pytest.mark.parametrize("leak", ["0", "1/10"])
def test_printed_loss_of_a_region_has_the_value_of_the_loss(leak: str) -> None:
    problem = IntervalProblem.from_text("cubic", "x**3 - x/2 + 1", ("-1/2", "3"), leak)
    setting = setting_of(problem)
    rng = random.Random(11)
    for region in regions(2):
        symbols = reduced_coordinates(region, setting.leak)
        point = {symbol: Fraction(rng.randint(-30, 30), rng.randint(1, 12)) for symbol in symbols}
        values = {expression_math(str(symbol)): value for symbol, value in point.items()}
        line = interval_latex.region_equations(problem, {"neurons": list(region.neurons)})[0]
        exact = reduced_loss(region, setting).subs(
            {symbol: sympy.Rational(v.numerator, v.denominator) for symbol, v in point.items()}
        )
        assert read_math(line.removeprefix("L = "), values) == Fraction(int(exact.p), int(exact.q))


def test_every_gradient_equation_is_printed() -> None:
    problem = IntervalProblem.from_text("x2", "x**2")
    lines = interval_latex.region_equations(problem, {"neurons": ["+", "-", "active"]})
    names = [line.split("=")[0].strip() for line in lines]
    assert names == ["L", *(rf"\partial L/\partial {name}" for name in ("t_{1}", "t_{2}", "u_{1}", "u_{2}", "s", "d"))]
    assert all(line.endswith("= 0") for line in lines[1:])


def test_printed_decimals_lie_within_their_printed_bound() -> None:
    rng = random.Random(2)
    for _ in range(400):
        value = Fraction(rng.randint(-(10**9), 10**9), rng.randint(1, 10**9)) * Fraction(10) ** rng.randint(-12, 12)
        digits = rng.randint(1, 34)
        printed = bounded_decimal(decimal_text(value), digits)
        found = re.fullmatch(r"(-?[\d.]+)(?:\\cdot 10\^\{(-?\d+)\})?\\,\(\\pm 10\^\{(-?\d+)\}\)", printed)
        assert found, printed
        shown = Fraction(Decimal(found[1])) * Fraction(10) ** int(found[2] or 0)
        bound = Fraction(10) ** int(found[3])
        assert abs(shown - value) <= bound
        if value:
            # The bound is no looser than the digits that were asked for.
            assert bound <= abs(value) * Fraction(10) ** (2 - min(digits, len(found[1]))) or digits == 1


def test_a_decimal_zero_is_never_printed_as_an_exact_zero() -> None:
    assert bounded_decimal("0.000", 12) == r"0\,(\pm 10^{-3})"
    assert number_math("0", "0", RootNotes(), 12) == "0"


@pytest.mark.parametrize("text", ["nan", "inf", "", "1..2", "0x3"])
def test_what_is_not_a_number_is_refused(text: str) -> None:
    with pytest.raises(CatalogError):
        bounded_decimal(text, 12)


@pytest.mark.parametrize("text", ["__import__('os')", "a.b", "a if b else c", "f(2)", "1.5", "'x'", "a**b", "(a"])
def test_expressions_outside_the_grammar_are_refused(text: str) -> None:
    with pytest.raises(CatalogError):
        expression_math(text)


def test_radicals_and_roots() -> None:
    notes = RootNotes()
    golden = number_math("1.618", {"minpoly": [-1, -1, 1], "interval": ["1", "2"]}, notes, 12)
    assert golden == r"\tfrac{1 + \sqrt{5}}{2}"
    other = number_math("-0.618", {"minpoly": [-1, -1, 1], "interval": ["-1", "0"]}, notes, 12)
    assert other == r"\tfrac{1 - \sqrt{5}}{2}"
    assert notes.lines() == []
    cube = {"minpoly": [-2, 0, 0, 1], "interval": ["5/4", "13/10"]}
    first = number_math("1.2599210498948731647672106072782283505703", cube, notes, 12)
    again = number_math(None, cube, notes, 12)
    assert first == r"\rho_{1} = 1.25992104989\,(\pm 10^{-11})"
    assert again == r"\rho_{1}"
    assert notes.lines() == [r"$\rho_{1}$ is the root of $z^{3} - 2$ in $[1.25, 1.3]$."]
    assert polynomial_math([0, 3, -1]) == "-z^{2} + 3z"


def test_printed_isolating_intervals_hold_exactly_one_root() -> None:
    rng = random.Random(4)
    z = sympy.Symbol("z")
    checked = 0
    while checked < 25:
        # Roots close together: a careless widening of the interval would catch a second one.
        a = rng.randint(1, 300)
        close = (1000 * z - a) * (1000 * z - a - rng.randint(1, 9))
        polynomial = sympy.Poly(close * (z**2 - 3) + rng.choice([0, 1]), z)
        coefficients = [int(c) for c in reversed(polynomial.all_coeffs())]
        for (low, high), multiplicity in polynomial.intervals(eps=sympy.Rational(1, 10**12)):
            if multiplicity > 1:
                continue
            ends = Fraction(int(low.p), int(low.q)), Fraction(int(high.p), int(high.q))
            printed = interval_math(coefficients, ends)
            pair = re.findall(r"-?\d+(?:\.\d+)?", printed) if "tfrac" not in printed else None
            if pair is None:
                continue
            left, right = (sympy.Rational(end) for end in pair)
            assert left <= low
            assert high <= right
            assert polynomial.count_roots(left, right) == 1
            checked += 1


def test_user_text_is_escaped() -> None:
    assert escape("a_b & 50% {x} #1 $y$ \\z ~^") == (
        r"a\_b \& 50\% \{x\} \#1 \$y\$ \textbackslash{}z \textasciitilde{}\textasciicircum{}"
    )
    assert escape("\u00e9\n") == "[U+00E9] "
    # Two hyphens would become a dash.
    assert "--" not in label_cell("x2:B.+--.1")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("proved", "proved to be all there is"),
        ("undecided", "must not be cited as complete"),
        ("searched", "not proved"),
        ("proved_in_box", "inside the box"),
    ],
)
def test_the_completeness_statement_says_what_is_proved(status: str, words: str) -> None:
    complete = {"status": status, "reason": "because of_this", "caveat": "unless 5% of that"}
    text = interval_latex.render_functions([], complete)
    assert words in text
    assert r"Because of\_this." in text
    assert r"Caveat: unless 5\% of that." in text
    if status != "proved":
        assert "all there is" not in text


def test_a_table_without_a_known_status_is_refused() -> None:
    with pytest.raises(CatalogError):
        interval_latex.render_functions([], {"status": "surely", "reason": "", "caveat": ""})


def test_a_float_is_never_printed() -> None:
    with pytest.raises(CatalogError):
        latex.table_latex("problems", [{"name": "x2", "seconds": 0.25}], PROVED)


def test_the_problem_table_says_which_widths_were_surveyed() -> None:
    surveys = [{"width": 1, "status": "proved"}, {"width": 2, "status": "undecided"}]
    row = {"name": "x2", "target": "x**3 - x/2", "domain": ["-1/2", "1"], "leak": "1/10", "surveys": surveys}
    text = latex.table_latex("problems", [row], PROVED)
    math = [r"$x^{3} - \tfrac{x}{2}$", r"$[-\tfrac{1}{2}, 1]$", r"$\tfrac{1}{10}$"]
    assert " & ".join([*math, "width 1: proved; width 2: undecided"]) in text


def function_rows() -> list[dict[str, object]]:
    problem = json.loads(GROUND_TRUTH.read_text())["problems"][1]
    rows: list[dict[str, object]] = []
    for number, function in enumerate(problem["functions"], start=1):
        moment_exact = "0" if function["class"] == "A" else None
        rows.append(
            {
                "label": f"x2:{function['class']}.{function['pattern'] or len(function['kinks'])}.{number}?",
                "problem": "x2",
                "class": function["class"],
                "pattern": function["pattern"],
                "minimal_width": function["minimal_width"],
                "loss": {"exact": None, "decimal": function["loss"], "lower": 0.0, "upper": 1.0},
                "kinks": function["kinks"],
                "kinks_exact": [None] * len(function["kinks"]),
                "slopes": function["slopes"],
                "slopes_exact": ["0" if slope == "0" else None for slope in function["slopes"]],
                "offset": function["offset"],
                "offset_exact": None,
                "moment": function["moment"],
                "moment_exact": moment_exact,
                "rigor": "certified",
            }
        )
    rows[0] |= {
        "slopes_exact": [{"minpoly": [-2, 0, 0, 1], "interval": ["5/4", "13/10"]}],
        "offset_exact": "(3 - sqrt(5))/2",
        "loss": {"exact": "1/180", "decimal": "0.00555", "lower": 0.0, "upper": 1.0},
    }
    return rows


def region_rows(chosen: list[Region]) -> list[dict[str, object]]:
    return [
        {
            "label": f"x2@{region.width}:{region.label}",
            "problem": "x2",
            "width": region.width,
            "neurons": list(region.neurons),
            "order": list(region.order),
            "loss": "c**2",
            "completeness": "proved",
            "functions": ["x2:A.1.1", "x2:B.+-.1"],
        }
        for region in chosen
    ]


def test_the_function_table_names_every_row_and_every_kink() -> None:
    rows = function_rows()
    text = interval_latex.render_functions(rows, PROVED, problem=IntervalProblem.from_text("x2", "x**2"))
    for row in rows:
        assert label_cell(row["label"]) in text
    assert text.count("$t_{1} = ") == sum(bool(row["kinks"]) for row in rows)
    assert r"\tfrac{1}{180}" in text
    assert "may still change" in text
    assert "target $x^{2}$ on $[0, 1]$, ReLU" in text


def test_the_table_of_strata_explains_every_code(small_database: Path) -> None:
    with open_catalog(small_database) as opened:
        answer = opened.strata(problem="x2")
    text = answer.to_latex()
    codes = {neuron["code"] for row in answer for neuron in row["neurons"]}
    for code in codes:
        assert rf"\texttt{{{escape(code)}}} " in text
    assert text.count(r" \\" + "\n") >= len(answer)
    assert "global minimum & least loss of a complete list" in text
    unproved = [answer[0] | {"index": None, "nullity": None}]
    assert " & -- & -- & " in interval_latex.render_strata(unproved, PROVED)
    assert "no stratum" in interval_latex.render_strata([], PROVED)
    assert "Completeness: undecided" in interval_latex.render_strata([], PROVED | {"status": "undecided"})


def test_the_tables_compile_without_overfull_boxes(tmp_path: Path, small_database: Path) -> None:
    tool("pdflatex")
    problem = IntervalProblem.from_text("x2", "x**2")
    chosen = [*regions(1), *regions(3)[-4:], *regions(4)[-1:]]
    undecided = {"status": "undecided", "reason": "system +- kept 3 open boxes", "caveat": "a_b & 50%"}
    bodies = [
        interval_latex.render_functions(function_rows(), undecided, problem=problem),
        interval_latex.render_regions(region_rows(chosen), PROVED, problem=problem),
        latex.table_latex("problems", [{"name": "x2", "target": "x**2", "domain": ["0", "1"]}], PROVED),
        interval_latex.render_functions([], PROVED),
    ]
    with open_catalog(small_database) as opened:
        strata = opened.strata(problem="x2", notion="clarke", where="function <> 'x2:A.1.1'")
        bodies.append(interval_latex.render_strata(strata, strata.complete, problem=problem))
        bodies.append(interval_latex.render_strata([], undecided))
        bodies.append(typeset(opened, ["x", "x-leaky"], "classification", None))
    check_compiles(tmp_path, latex.document(bodies))
    assert (tmp_path / "tables.pdf").stat().st_size > 10_000
