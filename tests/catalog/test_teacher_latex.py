"""LaTeX tables of teacher problems, from rows made by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import check_compiles, tool

from catalog.latex import document, table_latex
from catalog.teacher.latex import (
    group_math,
    irrep_math,
    render_branches,
    render_functions,
    render_regions,
    render_strata,
)
from symbolic.teacher.problem import TeacherProblem

SEARCHED = {"status": "searched", "reason": "4000 starts in 1 fixed space", "caveat": "rows that vanish are left out"}
PROBLEM = TeacherProblem("t10", 10, ((10,), (8, 2)))

FUNCTION: dict[str, Any] = {
    "label": "t10:2-x8-e1.L1.119812068",
    "problem": "t10",
    "family": "teacher",
    "name": "",
    "minimal_width": 3,
    "loss": {"exact": None, "decimal": "1.11981206812345678901234567890123", "lower": 1.1, "upper": 1.2},
    "isotropy": [8, 2],
    "space": "Delta(S_2) x S_8 + 1 in R^12",
    "entries": {"A1": "0.98670381888857684224142221698", "B10": "0", "C0_0": "-0.000123456789012345678901234567890"},
    "entries_exact": {"A1": None, "B10": "0", "C0_0": None},
    "spectrum": [
        {"irrep": "t", "value": "-0.0624419451821757726474593911031926114", "multiplicity": 1},
        {"irrep": "s0", "value": "0.221172340102833668230610569932941177", "multiplicity": 7},
        {"irrep": "s0", "value": "0.321172340102833668230610569932941177", "multiplicity": 7},
        {"irrep": "s0*s1", "value": "0.421172340102833668230610569932941177", "multiplicity": 7},
        {"irrep": "e:s1", "value": "0.5", "multiplicity": 2},
    ],
    "splitting": [],
    "rigor": "certified",
    "kinds": {"strict_saddle": 2},
    "indices": [17, 18],
    "local_minimum": False,
}
STRATUM: dict[str, Any] = {
    "label": "t10:2-x8-e1.L1.119812068@10:1x4-1x5.1x1",
    "problem": "t10",
    "family": "teacher",
    "function": FUNCTION["label"],
    "width": 10,
    "kind": "strict_saddle",
    "reason": "a negative eigenvalue of the Hessian is certified",
    "index": 18,
    "nullity": None,
    "dimension": 7,
    "orbit_size": 5919012181389927685417441689600000000,
}
REGION: dict[str, Any] = {
    "label": "t10@10:r:8-2",
    "problem": "t10",
    "family": "teacher",
    "width": 10,
    "space": "Delta(S_8 x S_2)",
    "starts": 4000,
    "seed": 1,
    "completeness": "proved_in_box",
    "hits": {FUNCTION["label"]: 37, "t10:10.L0": 611},
}
BRANCH: dict[str, Any] = {
    "problem": "t10",
    "family": "teacher",
    "name": "II_2",
    "isotropy": [8, 2],
    "group": "Delta(S_(k-2) x S_2)",
    "irrep": "s0*s1",
    "k": "5.00680323250999999999999999999999999",
    "k_lower": 5.0,
    "k_upper": 5.1,
    "from": "strict_saddle",
    "to": "local_minimum",
}
TABLES = {
    "functions": (render_functions, FUNCTION),
    "strata": (render_strata, STRATUM),
    "regions": (render_regions, REGION),
    "branches": (render_branches, BRANCH),
}


def test_groups_and_irreps() -> None:
    assert group_math("Delta(S_8 x S_1) x S_2 + 1") == r"$\Delta(S_{8} \times S_{1}) \times S_{2} + 1$"
    assert group_math("Delta(S_(k-1) x S_1)") == r"$\Delta(S_{k-1} \times S_{1})$"
    assert group_math("Delta(S_k)") == r"$\Delta(S_{k})$"
    assert group_math("Delta(S_6) in R^12") == r"$\Delta(S_{6}) \text{ in } \mathbf{R}^{12}$"
    assert [irrep_math(name) for name in ("t", "x0", "s0*s11", "e:t")] == [
        "t", "x_{0}", r"s_{0} \otimes s_{11}", r"e \otimes t",
    ]


def test_functions_have_bounds_and_exact_zeros() -> None:
    text = render_functions([FUNCTION], SEARCHED, problem=PROBLEM)
    assert r"B_{1,0} = 0$" in text
    assert r"A_{1} = 0.986703818889\,(\pm 10^{-12})" in text
    assert r"C_{0,0} = -1.23456789012\cdot 10^{-4}\,(\pm 10^{-15})" in text
    assert r"$s_{0}$ ($\times 7$): $0.22117234\,(\pm 10^{-8})$, $0.32117234\,(\pm 10^{-8})$" in text
    assert "17, 18" in text
    assert r"$10$ orthonormal teachers in dimension $10$" in text


def test_a_dash_stands_for_what_is_not_proved() -> None:
    text = render_strata([STRATUM], SEARCHED)
    assert " & 7 & 18 & -- & " in text
    assert r"5\,\penalty0{}919\,\penalty0{}012" in text


def test_a_family_of_two_problems_is_printed_once() -> None:
    text = render_branches([BRANCH, BRANCH | {"problem": "t20"}], SEARCHED)
    assert text.count("II\\_2 &") == 1
    assert r"5.006803232510000000000000000000\,(\pm 10^{-30})" in text


@pytest.mark.parametrize("entity", TABLES)
def test_the_statement_of_completeness_is_under_every_table(entity: str) -> None:
    render, row = TABLES[entity]
    for rows in ([row], []):
        text = render(rows, SEARCHED)
        assert "Completeness: searched, not proved." in text
        assert "Caveat: rows that vanish are left out." in text
    assert table_latex(entity, [row], SEARCHED) == render([row], SEARCHED)


@pytest.mark.slow
def test_the_tables_compile_without_overfull_lines(tmp_path: Path) -> None:
    tool("pdflatex")
    bodies = [render([row] * 3, SEARCHED, problem=PROBLEM) for render, row in TABLES.values()]
    check_compiles(tmp_path, document(bodies))
