"""Descent curves against the loss itself, integrated exactly piece by piece at rational points of the curve."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from flint import arb, fmpq, fmpq_poly
from oracles.strata_hessian import Point, between, loss, point_of, rational, setting_of

from symbolic.enclosure import bounds, to_fmpq
from symbolic.interval.problem import IntervalProblem
from symbolic.interval.strata.descent import Descent, DescentFinder, descents
from symbolic.interval.strata.expansions import Expansions
from symbolic.problem import Kind
from symbolic.surveys import StrataSurvey, Survey, survey, survey_strata

SIZES = tuple(fmpq(1, 16**k) for k in (6, 7, 8, 9))
"""Values of eps; the leading term rules there, and eps^5 is still far above the accuracy of a rounded sample."""

Loss = Callable[[Point], fmpq]


def moved(point: Point, descent: Descent, size: fmpq) -> Point:
    """The point of the curve at eps = size."""
    values, n = point.list(), point.width
    for term in descent.terms:
        letter, number = term.parameter[0], term.parameter[1:]
        index = 3 * n if letter == "c" else "wbv".index(letter) * n + int(number) - 1
        values[index] += to_fmpq(term.coefficient) * size**term.power
    return Point.of(values)


def follows(losses: Loss, point: Point, descent: Descent) -> bool:
    """Whether L falls along the curve, and (L(eps) - L(0))/eps^order tends to the leading coefficient like eps.

    eps falls by 16 from one size to the next, so the distance from the limit falls by nearly as much.
    """
    start, leading = losses(point), rational(descent.leading)
    differences = [losses(moved(point, descent, size)) - start for size in SIZES]
    away = [
        abs(difference / size**descent.order - leading) for difference, size in zip(differences, SIZES, strict=True)
    ]
    shrinks = all(far * fmpq(1, 8) >= near or near < fmpq(1, 2**60) for far, near in pairwise(away))
    return all(difference < 0 for difference in differences) and shrinks and away[-1] < -leading / 8


def flipped(descent: Descent, index: int) -> Descent:
    terms = list(descent.terms)
    terms[index] = replace(terms[index], coefficient=-terms[index].coefficient)
    return replace(descent, terms=tuple(terms))


def surveyed(target: str, leak: str, width: int, domain: tuple[str, str] = ("0", "1")) -> tuple[Survey, StrataSurvey]:
    found = survey(IntervalProblem.from_text("p", target, leak=leak, domain=domain), width)
    return found, survey_strata(found)


CASES = [
    ("x", "0", 2, ("-1", "2")),
    ("x", "1/10", 2, ("0", "1")),
    ("x**2", "0", 2, ("0", "1")),
    ("x**2", "1/10", 1, ("0", "1")),
    ("x**3 - x", "0", 1, ("0", "1")),
]
MORE = [
    ("x", "0", 3, ("0", "1")),
    ("x", "1/3", 3, ("0", "1")),
    ("x**2", "0", 3, ("0", "1")),
    ("x**2", "1/3", 2, ("0", "2")),
    ("x**3 - x", "0", 2, ("0", "1")),
    ("x**3", "1/10", 2, ("-1", "1")),
]


def check(target: str, leak: str, width: int, domain: tuple[str, str]) -> Counter[str]:
    found, strata = surveyed(target, leak, width, domain)
    setting = setting_of(found.problem)
    curves = descents(found.problem, found.realized, strata.strata)
    saddles = [one for one in strata.strata if one.kind is Kind.SADDLE]
    assert set(curves) == {one.label for one in saddles}
    for one in saddles:
        descent = curves[one.label]
        assert bounds(descent.leading)[1] < 0
        assert follows(lambda point: loss(setting, point), point_of(one.sample), descent), (one.label, descent)
    return Counter(curve.argument for curve in curves.values())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_saddle_has_a_curve_along_which_the_loss_falls(case: tuple[str, str, int, tuple[str, str]]) -> None:
    assert check(*case)["flat"]


def test_where_the_residual_vanishes_at_an_end() -> None:
    """The best line of x^3 + 3/5 x^2 on [-1, 1] meets it at -1: third order at that end, and seventh where v = 0."""
    curves = every_curve("x**3 + 3*x**2/5", "0", 2, ("-1", "1"))
    assert {("end", 3), ("end", 2), ("flat", 7), ("flat", 5)} <= {(curve.argument, curve.order) for curve in curves}


@pytest.mark.slow
@pytest.mark.parametrize("case", MORE, ids=str)
def test_every_saddle_of_larger_problems_has_one(case: tuple[str, str, int, tuple[str, str]]) -> None:
    assert sum(check(*case).values()) > 50


@pytest.mark.parametrize("leak", ["0", "1/10"])
def test_every_construction_wherever_it_applies(leak: str) -> None:
    """Also at strict saddles, and where another construction would come first."""
    seen = Counter(curve.argument for curve in every_curve("x**2", leak, 2))
    assert set(seen) == {"degenerate", "end", "curvature", "flat"}


@pytest.mark.slow
@pytest.mark.parametrize("leak", ["0", "1/3"])
def test_curvature_with_a_slope_from_constant_and_degenerate_neurons(leak: str) -> None:
    curves = every_curve("x**2", leak, 3, ("-1", "1"))
    assert {"curvature", "opened curvature"} <= {curve.argument for curve in curves}
    curved = [{term.parameter[0] for term in curve.terms} for curve in curves if curve.argument == "curvature"]
    assert any("w" in letters for letters in curved)


def every_curve(
    target: str, leak: str, width: int, domain: tuple[str, str] = ("0", "1")
) -> list[Descent]:
    found, strata = surveyed(target, leak, width, domain)
    setting, seen = setting_of(found.problem), []
    finders = {label: DescentFinder(function) for label, function in found.realized.items()}
    for one in strata.strata:
        curves = list(finders[one.function].all(one))
        if one.kind in (Kind.LOCAL_MINIMUM, Kind.GLOBAL_MINIMUM):
            assert not curves, one.label
        for descent in curves:
            assert follows(lambda point: loss(setting, point), point_of(one.sample), descent), (one.label, descent)
        seen += curves
    return seen


def test_a_curve_with_a_wrong_sign_is_refused() -> None:
    """The sign of v of a flat neuron, of the step inside at an end, of the opening of a degenerate neuron, and of the
    order."""
    found, strata = surveyed("x**2", "0", 2)
    setting = setting_of(found.problem)
    curves = descents(found.problem, found.realized, strata.strata)
    refused = Counter[str]()
    for one in strata.strata:
        descent = curves.get(one.label)
        if descent is None:
            continue
        point = point_of(one.sample)
        if descent.argument in ("flat", "degenerate"):
            wrong = flipped(descent, len(descent.terms) - 1 if descent.argument == "flat" else 0)
        else:
            wrong = replace(descent, order=descent.order + 1)
        assert not follows(lambda point: loss(setting, point), point, wrong), (one.label, wrong)
        refused[descent.argument] += 1
    assert set(refused) >= {"flat", "degenerate", "end"}


def quadratic_loss(problem: IntervalProblem) -> Loss:
    """f = c + sum v (w x + b)^2."""
    target, (a, b) = fmpq_poly([to_fmpq(value) for value in problem.target]), map(to_fmpq, problem.domain)

    def value(point: Point) -> fmpq:
        f = fmpq_poly([point.c])
        for w, shift, v in zip(point.w, point.b, point.v, strict=True):
            f += v * fmpq_poly([shift, w]) ** 2
        return between((f - target) ** 2, a, b)

    return value


@pytest.mark.parametrize(("slope", "width"), [(Fraction(3), 1), (Fraction(-1, 2), 3)])
def test_the_cubic_descent_of_the_quadratic_activation(slope: Fraction, width: int) -> None:
    domain = (Fraction(-1), Fraction(5, 2))
    problem = IntervalProblem("q", (Fraction(7), slope), domain, activation="quadratic")
    strata = survey_strata(survey(problem, width)).strata
    curves = descents(problem, {}, strata)
    (one,) = (one for one in strata if one.kind is Kind.SADDLE)
    assert set(curves) == {one.label}
    descent = curves[one.label]
    assert (descent.order, descent.leading) == (3, -abs(slope) * (domain[1] - domain[0]) ** 3 / 3)
    losses, point = quadratic_loss(problem), point_of(one.sample)
    assert follows(losses, point, descent)
    assert not follows(losses, point, flipped(descent, len(descent.terms) - 1))


def test_no_curve_without_the_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where r at the site is not proved to differ from 0, a flat neuron there gives no curve."""
    found, strata = surveyed("x**2", "0", 2)
    one = next(one for one in strata.strata if one.label.endswith("k1+p.k1+z"))
    assert one.label in descents(found.problem, found.realized, [one])
    monkeypatch.setattr(Expansions, "residual_at_site", lambda *_: [arb(0, 1), arb(1)])
    assert descents(found.problem, found.realized, [one]) == {}
