"""LaTeX tables of data sets: the numbers are those of the answers, and pdflatex accepts the result."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest
from conftest import built, check_compiles, tool

from catalog import latex
from catalog.dataset.latex import described, render_functions, render_regions, render_strata
from catalog.latex_cells import expression_math
from catalog.query import Catalog, open_catalog
from catalog.typesetting import typeset
from symbolic.dataset.problem import DatasetProblem

UNDECIDED = {"status": "undecided", "reason": "too many strata & 50%", "caveat": "a_b"}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("latex") / "catalog.sqlite"
    return built(path, {"bpf-toy": 2, "zigzag4": 2, "xor": 1, "x": 1})


@pytest.fixture
def opened(database: Path) -> Catalog:
    return open_catalog(database)


def rationals(text: str) -> list[Fraction]:
    """The rationals of a list of cells `$...$`; written for the tests only."""
    found = []
    for cell in re.findall(r"\$([^$]*)\$", text):
        match = re.fullmatch(r"(-?)(?:\\tfrac\{(\d+)\}\{(\d+)\}|(\d+))", cell.replace(" ", ""))
        assert match, cell
        value = Fraction(int(match[4])) if match[4] else Fraction(int(match[2]), int(match[3]))
        found.append(-value if match[1] else value)
    return found


def test_the_table_of_functions_has_the_exact_residuals(opened: Catalog) -> None:
    answer = opened.functions(problem="zigzag4", notion="clarke")
    text = render_functions(answer, answer.complete)
    rows = [line for line in text.splitlines() if line.startswith(r"\texttt{zigzag4")]
    assert len(rows) == len(answer)
    for line, row in zip(rows, answer, strict=True):
        _, width, loss, residuals, fit = line.removesuffix(r"\\\addlinespace").split(" & ")
        assert rationals(loss) == [Fraction(row["loss"]["exact"])]
        assert rationals(residuals) == [Fraction(one) for one in row["residuals"]]
        assert width == ("--" if row["minimal_width"] is None else str(row["minimal_width"]))
        assert fit.strip() == (", ".join(map(str, row["fit"])) or "none")
    assert "Completeness: proved" in text


def test_the_table_of_strata_prints_an_index_only_where_there_is_one(opened: Catalog) -> None:
    answer = opened.strata(problem="bpf-toy", width=1)
    text = render_strata(answer, answer.complete)
    printed = {
        re.sub(r"\\penalty\d+\{\}|[{}]", "", line.split(" & ")[0].removeprefix(r"\texttt")): line.split(" & ")[2]
        for line in text.splitlines()
        if " & " in line and line.startswith(r"\texttt")
    }
    assert len(printed) == len(answer)
    for row in answer:
        (neuron,) = row["neurons"]
        assert printed[neuron["code"]] == ("--" if row["index"] is None else str(row["index"]))


def test_the_names_of_the_weights() -> None:
    assert expression_math("a1**2*w1_12/4 - w10_2") == r"\tfrac{a_{1}^{2} w_{1,12}}{4} - w_{10,2}"


def test_the_caption_has_the_data_where_they_are_few() -> None:
    few = DatasetProblem("p", ((Fraction(-1, 2),), (Fraction(2),)), (Fraction(-1), Fraction(1)), True)
    assert described(few) == r": inputs $-\tfrac{1}{2}$, $2$ with bias, targets $-1$, $1$"
    many = DatasetProblem("p", tuple((Fraction(i), Fraction(1)) for i in range(9)), (Fraction(1),) * 9)
    assert described(many) == ": 9 samples in dimension 2"


def test_a_query_about_both_families_makes_a_table_for_each(opened: Catalog) -> None:
    text = opened.functions().to_latex()
    assert text.count(r"\begin{longtable}") == text.count("Completeness: proved") == 2
    assert "kinks $t_i$" in text
    assert "residuals" in text
    assert opened.problems().to_latex().count(r"\begin{longtable}") == 2


def test_the_classification_is_refused_for_a_data_set(database: Path) -> None:
    from catalog.errors import CatalogError

    with open_catalog(database) as opened, pytest.raises(CatalogError, match="that of interval problems"):
        typeset(opened, ["xor"], "classification", None)


def test_the_tables_of_data_sets_compile_without_overfull_boxes(tmp_path: Path, opened: Catalog) -> None:
    tool("pdflatex")
    zigzag = opened.strata(problem="zigzag4", notion="clarke", where="function = 'zigzag4:2.10'")
    bodies = [
        *(typeset(opened, ["zigzag4"], what, None) for what in ("functions", "regions")),
        typeset(opened, ["xor", "bpf-toy"], "strata", 1),
        typeset(opened, ["bpf-toy:2.1", "bpf-toy:2.1@2:+0n.0+p", "xor@1:r:++++", "x:A.0.1"], "functions", None),
        render_strata(zigzag, zigzag.complete),
        render_functions([], UNDECIDED),
        render_regions([], UNDECIDED),
        render_strata([], UNDECIDED),
        opened.problems().to_latex(),
    ]
    check_compiles(tmp_path, latex.document(bodies))
