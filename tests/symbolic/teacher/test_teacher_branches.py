"""Branches in real k: crossings against references and sign changes found in floats, formal blocks, Taylor models."""

from __future__ import annotations

import json
import tomllib
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from flint import arb, arb_series

from symbolic.enclosure import arb_of, endpoints, working_precision
from symbolic.errors import InsufficientPrecision, InvalidProblem
from symbolic.problem import CompletenessStatus, Kind
from symbolic.teacher.arithmetic import FloatArithmetic
from symbolic.teacher.branches import BranchReport, Minima, follow
from symbolic.teacher.families import Family, family_point
from symbolic.teacher.fixed_spaces import FixedSpace
from symbolic.teacher.formal_blocks import formal_block, irreps
from symbolic.teacher.restricted import float_jacobian, float_system
from symbolic.teacher.spectrum import approximate_spectrum, spectrum
from symbolic.teacher.taylor import TaylorArithmetic, expand, restrict, series_terms, taylor_model, unit_range

ROOT = Path(__file__).resolve().parents[3]
REFERENCE = json.loads((ROOT / "tests" / "ground_truth" / "teacher.json").read_text())["crossings"]
PUBLISHED = tomllib.loads((ROOT / "data" / "published" / "teacher-families.toml").read_text())
SEED = 20240705

_reports: dict[tuple[str, int], BranchReport] = {}


def report_of(name: str, high: int = 40) -> BranchReport:
    if (name, high) not in _reports:
        _reports[name, high] = follow(name, high)
    return _reports[name, high]


def crossing_text(report: BranchReport, irrep: str, low: float) -> str:
    found = [c for c in report.crossings if c.irrep == irrep and endpoints(c.k.enclose(160))[0] > low]
    assert len(found) == 1
    return str(found[0].k.enclose(160).str(33, radius=False))


def test_family_a_against_the_reference() -> None:
    report = report_of("A")
    entry = next(entry for entry in REFERENCE if entry["family"] == "A")
    assert crossing_text(report, entry["irrep"], 3)[:31] == entry["k"][:31]
    assert [(c.irrep, c.kind_from, c.kind_to) for c in report.crossings] == [
        ("s0", Kind.STRICT_SADDLE, Kind.STRICT_SADDLE),
        ("x0", Kind.STRICT_SADDLE, Kind.LOCAL_MINIMUM),
    ]
    assert all(c.k.radius <= Fraction(1, 10**35) for c in report.crossings)
    assert report.completeness.status is CompletenessStatus.PROVED_IN_BOX
    assert report.minima == (Minima(6, 40),)
    assert report.high == 40
    assert report.low == 2 + Fraction(1, 64)
    assert "6 <= k <= 40" in report.statement


@pytest.mark.slow
@pytest.mark.parametrize("name", ["I", "II", "I_2", "II_2"])
def test_published_crossings(name: str) -> None:
    report = report_of(name)
    entry = next(entry for entry in PUBLISHED["crossing"] if entry["family"] == name)
    assert crossing_text(report, entry["irrep"], 5)[:22] == entry["k"]
    last = report.crossings[-1]
    assert (last.irrep, str(last.kind_from), str(last.kind_to)) == (entry["irrep"], entry["from"], entry["to"])
    assert report.minima == (Minima({"I": 7, "II": 6, "I_2": 8, "II_2": 8}[name], 40),)
    assert report.completeness.status is CompletenessStatus.PROVED_IN_BOX
    for other in REFERENCE:
        if other["family"] == name:
            assert crossing_text(report, other["irrep"], 3)[:31] == other["k"][:31]
    assert ("meets family A" in report.end) == name.startswith("II")


def float_signs(name: str, values: list[float]) -> list[dict[str, int]]:
    """Numbers of negative eigenvalues along a family, by Newton's iteration in floats: an independent route."""
    curve = Family.parse(name).curve
    start = np.array([float(ball.center) for ball in family_point(name, Fraction(values[0]).limit_denominator(10**6))])
    result = []
    for k in values:
        sizes = [float(size) for size in curve.sizes(Fraction(k))]
        for _ in range(30):
            start = start - np.linalg.solve(
                float_jacobian(curve.space, sizes, start), float_system(curve.space, sizes, start)
            )
        signs = approximate_spectrum(curve.space, sizes, [float(value) for value in start])
        result.append({irrep: sum(value < 0 for value in eigenvalues) for irrep, _, eigenvalues in signs})
    return result


@pytest.mark.slow
@pytest.mark.parametrize("name", ["A", "I", "II", "I_2", "II_2"])
def test_sign_changes_in_floats_are_the_crossings(name: str) -> None:
    report = report_of(name)
    end = Family.parse(name).curve.end
    grid = [float(k) for k in np.concatenate([np.linspace(20, end + 2, 60), np.linspace(end + 2, end + 0.06, 90)])]
    signs = float_signs(name, grid)
    changes = [
        (irrep, later, earlier)
        for earlier, later, above, below in zip(grid, grid[1:], signs, signs[1:], strict=False)
        for irrep in set(above) & set(below)
        if above[irrep] != below[irrep]
    ]
    assert len(changes) == len([c for c in report.crossings if c.k.center > end + 0.06])
    for irrep, low, high in changes:
        assert any(c.irrep == irrep and low <= c.k.center <= high for c in report.crossings)


def test_the_kind_at_integers_is_that_of_the_spectrum() -> None:
    (run,) = report_of("A").minima
    for k in (4, 5, 6, 7, 23):
        with working_precision(192):
            point = [ball.enclose(160) for ball in family_point("A", k)]
            inertia = spectrum(FixedSpace((k,)), None, point).inertia().inertia
        assert inertia is not None
        assert (inertia.negative == 0) == (run.first <= k <= run.last)


def test_refused_ranges() -> None:
    for name, high in (("A", 3), ("I", 4), ("A", 10**7), ("B", 10)):
        with pytest.raises(InvalidProblem):
            follow(name, high)


@pytest.mark.parametrize("sizes", [(6,), (5, 1), (5, 2), (3, 3), (4, 3, 1), (2, 2)])
def test_formal_blocks_have_the_isotypic_spectrum_at_any_point(sizes: tuple[int, ...]) -> None:
    space = FixedSpace(sizes)
    x = np.random.default_rng(SEED).normal(size=space.dimension)
    reference = {irrep: values for irrep, _, values in approximate_spectrum(space, None, [float(v) for v in x])}
    assert set(irreps(space)) == set(reference)
    for irrep in irreps(space):
        numbers = [np.asarray(float(size)) for size in sizes]
        block = formal_block(space, numbers, [np.asarray(v) for v in x], FloatArithmetic(), irrep)
        form = np.array(block.form, dtype=float)
        if block.gram is not None:
            half = np.linalg.inv(np.linalg.cholesky(np.array(block.gram, dtype=float)))
            form = half @ form @ half.T
        assert np.linalg.eigvalsh(form) == pytest.approx(np.array(reference[irrep]), abs=1e-11)


def test_formal_blocks_at_a_size_that_is_no_integer() -> None:
    space, k = FixedSpace((5, 1)), 7.4
    x = [0.99, -0.03, 0.25, -0.64, 0.17]
    for irrep, _, values in approximate_spectrum(space, [k - 1, 1.0], x):
        numbers = [np.asarray(k - 1), np.asarray(1.0)]
        block = formal_block(space, numbers, [np.asarray(v) for v in x], FloatArithmetic(), irrep)
        form = np.array(block.form, dtype=float)
        if block.gram is not None:
            form = np.linalg.solve(np.array(block.gram, dtype=float), form)
        assert np.sort(np.linalg.eigvals(form).real) == pytest.approx(np.array(values), abs=1e-11)


def test_blocks_that_do_not_exist_are_refused() -> None:
    one = np.asarray(1.0)
    with pytest.raises(InvalidProblem):
        formal_block(FixedSpace((3,)), [one * 3], [one, one], FloatArithmetic(), "y0")
    with pytest.raises(InvalidProblem):
        irreps(FixedSpace((3,), extra_rows=1))


def test_a_taylor_model_encloses_the_function() -> None:
    with working_precision(96):
        center, half = arb(2), arb("0.125")

        def functions(terms: int, t: arb) -> list[arb_series]:
            x = arb_series(expand([center, half], t, 2), terms)
            numbers = TaylorArithmetic(terms)
            return [numbers.root(x * x + 1) / x, numbers.supplement(x, 3 - x * x), x * 0]

        models = taylor_model(functions, 6)
        assert all(len(model) == 7 for model in models)
        for part in np.linspace(-1, 1, 21):
            t = arb(float(part))
            x = (center + half * t).mid()
            with working_precision(300):
                exact = [(x * x + 1).sqrt() / x, arb.pi() - arb.atan2(x, 3 - x * x), arb(0)]
            for model, value in zip(models, exact, strict=True):
                enclosure = expand(model, t, 1)[0]
                assert enclosure.contains(value.mid())
                assert unit_range(model).contains(value.mid())
        assert float(models[0][-1].rad()) > 0
        assert abs(models[0][0] - (arb(5) / 4).sqrt()) < arb("1e-20")


def test_taylor_arithmetic_refuses_what_may_vanish() -> None:
    with working_precision(96), series_terms(3):
        numbers = TaylorArithmetic(3)
        wide = arb_series([arb(0, 1), arb(1)], 3)
        for operation in (
            lambda: numbers.root(wide),
            lambda: numbers.supplement(wide, wide),
            lambda: numbers.quotient(numbers.one, wide, numbers.one),
        ):
            with pytest.raises(InsufficientPrecision):
                operation()
        with pytest.raises(InsufficientPrecision):
            taylor_model(lambda terms, t: [arb_series([1], terms) / arb_series([t, 1], terms)], 3)


def test_restriction_is_substitution() -> None:
    with working_precision(96):
        polynomial = [arb(3), arb(-1), arb(2), arb(5)]
        moved = restrict(polynomial, arb("0.25"), arb("0.5"))
        for u in (-1, 0, 1):
            t = arb("0.25") + arb("0.5") * u
            assert abs(expand(moved, arb(u), 1)[0] - expand(polynomial, t, 1)[0]) < arb("1e-25")
        assert expand(polynomial, arb_of(2), 4) == [49, 67, 32, 5]
