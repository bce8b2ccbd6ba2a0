"""Kinds and stationarity: attacks that lower the loss, exact random perturbations, one-sided derivatives."""

from __future__ import annotations

import random

import pytest
from flint import fmpq
from oracles.strata_descent import correlation, flat, is_degenerate, lowered, number, random_moves
from oracles.strata_hessian import Point, Setting, gradient, hessian, inertia_exact, is_rational, loss
from oracles.strata_lists import CORE, SYMMETRIC, UNIT, WIDE, listed, name_of, strata_at
from oracles.strata_naive import PiecewiseFunction, hull_holds_zero

MINIMA = ("global_minimum", "local_minimum")
SADDLES = ("strict_saddle", "saddle")
SIZES = (fmpq(1, 10**5), fmpq(1, 10**8))
LEAST = fmpq(1, 10**45)
"""The rational points are within 2^-240 of the samples, so that the loss is off by much less."""

FURTHER = [("x**3 - x**2/2", 2, "1/3", ("-1", "2")), ("x**2", 2, "9/10", UNIT)]
ATTACKED = [
    *CORE,
    *SYMMETRIC,
    *(pytest.param(*case, marks=pytest.mark.slow, id=name_of(case)) for case in [*WIDE, *FURTHER]),
]


@pytest.mark.parametrize(("target", "width", "leak", "domain"), ATTACKED)
def test_saddles_descend_and_minima_resist(target, width, leak, domain):
    """Every saddle is left downhill by moves of size 1e-5 and 1e-8; no attack lowers the loss at a minimum."""
    seen = set()
    for setting, _, stratum, point in strata_at(target, width, leak, domain):
        kind = stratum.kind.value
        seen.add(kind)
        if kind in SADDLES:
            assert all(lowered(setting, point, size, LEAST) for size in SIZES), stratum.label
        elif kind in MINIMA:
            assert not any(lowered(setting, point, size, LEAST) for size in SIZES), stratum.label
    assert len(seen) >= 2


@pytest.mark.parametrize(("target", "width", "leak", "domain"), [*CORE, *SYMMETRIC])
def test_decidable_kinds_are_decided(target, width, leak, domain):
    """What an attack settles is not to be left undecided."""
    for setting, _, stratum, point in strata_at(target, width, leak, domain):
        if stratum.kind.value == "undecided":
            assert not all(lowered(setting, point, size, LEAST) for size in SIZES), stratum.label


def check_minima(case, count: int) -> int:
    checked = 0
    for setting, _, stratum, point in strata_at(*case):
        if stratum.kind.value not in MINIMA:
            continue
        source = random.Random(stratum.label)
        before = loss(setting, point)
        assert all(loss(setting, other) > before - LEAST for other in random_moves(source, setting, point, count))
        checked += 1
    return checked


@pytest.mark.parametrize("case", [("x", 1, "0", UNIT), ("x", 2, "0", UNIT), ("x**2", 1, "0", UNIT)], ids=name_of)
def test_minima_resist_random_perturbations(case):
    assert check_minima(case, 400) >= 3


@pytest.mark.slow
@pytest.mark.parametrize("case", [*CORE, *SYMMETRIC], ids=name_of)
def test_minima_resist_many_random_perturbations(case):
    """2,000 exact perturbations of sizes 1e-2 to 1e-6 for every minimum."""
    assert check_minima(case, 2000) >= 1


def test_random_perturbations_find_most_saddles():
    """The perturbations are able to refute a minimum: they leave most saddles downhill."""
    left = total = 0
    for setting, _, stratum, point in strata_at("x**2", 2):
        if stratum.kind.value in SADDLES:
            source, before = random.Random(stratum.label), loss(setting, point)
            total += 1
            left += any(loss(setting, other) < before - LEAST for other in random_moves(source, setting, point, 60))
    assert left > 0.8 * total


@pytest.mark.parametrize(("target", "width", "leak", "domain"), [case for case in CORE if case[1] == 2])
def test_strict_saddles_have_a_negative_eigenvalue_and_flat_neurons_do_descend(target, width, leak, domain):
    """Strict if and only if the Hessian exists and has a negative eigenvalue; a non-strict saddle has none.

    A non-strict saddle where the Hessian exists has a flat neuron, and the flat attack alone leaves it.
    """
    for setting, _, stratum, point in strata_at(target, width, leak, domain):
        if stratum.inertia is None:
            assert stratum.kind.value != "strict_saddle"
            continue
        strict = stratum.kind.value == "strict_saddle"
        assert strict == (stratum.inertia.negative > 0), stratum.label
        if is_rational(stratum.sample):
            assert strict == (inertia_exact(hessian(setting, point))[0] > 0)
        if stratum.kind.value == "saddle" and not any(r.code.startswith("con") for r in stratum.roles):
            before = loss(setting, point)
            for size in SIZES:
                assert any(loss(setting, other) < before - LEAST for other in flat(setting, point, size)), stratum.label


# Stationarity -----------------------------------------------------------------------------------------------------


def one_sided(setting: Setting, point: Point, j: int) -> list[float]:
    """dL in the directions (w_j, b_j) = (+-1, -+t) and affine ones, for a neuron with w = b = 0: 2 v G(dw, db)."""
    found = []
    for i in range(-6, 55):
        t = setting.start + (setting.end - setting.start) * fmpq(i, 48)
        for w in (1, -1):
            g, _ = correlation(setting, point, fmpq(w), -w * t)
            found.append(number(2 * point.v[j] * g))
    for w, b in ((0, 1), (0, -1), (1, 9), (-1, 9), (1, -9), (-1, -9)):
        g, _ = correlation(setting, point, fmpq(w), fmpq(b))
        found.append(number(2 * point.v[j] * g))
    return found


@pytest.mark.parametrize(("target", "width", "leak", "domain"), [*CORE, *SYMMETRIC])
def test_directional_stationarity_is_that_of_one_sided_derivatives(target, width, leak, domain):
    for setting, _function, stratum, point in strata_at(target, width, leak, domain):
        if stratum.roles is None:
            continue
        loose = [j for j in range(width) if is_degenerate(point, j) and point.v[j] != 0]
        assert (stratum.stationarity.smooth.value == "no") == bool(loose), stratum.label
        if not loose:
            assert stratum.stationarity.directional.value == stratum.stationarity.clarke.value == "yes"
            continue
        least = min(min(one_sided(setting, point, j)) for j in loose)
        assert least > -1e-30 or least < -1e-9, stratum.label
        expected = "yes" if least > -1e-30 else "no"
        assert stratum.stationarity.directional.value == expected, (stratum.label, least)


@pytest.mark.parametrize(("target", "width", "leak", "domain"), [case for case in CORE if case[1] == 1])
def test_zero_neurons_are_differentiable(target, width, leak, domain):
    """w = b = v = 0: the one-sided difference quotients tend to 0 linearly, in every direction tried."""
    source, compared = random.Random(3), 0
    step = fmpq(1, 10**12)
    for setting, _, stratum, point in strata_at(target, width, leak, domain):
        if stratum.roles is None or all(role.code != "zero" for role in stratum.roles):
            continue
        for _ in range(40):
            direction = [fmpq(source.randint(-9, 9)) for _ in point.list()]
            assert abs(loss(setting, point.moved(direction, step)) - loss(setting, point)) < step * fmpq(1, 10**6)
        compared += 1
    assert compared


@pytest.mark.parametrize(
    ("target", "leak"), [("x", "0"), ("x**2", "0"), ("x", "1/10"), ("x**2", "1/10"), ("x**3 - x", "1/10")]
)
def test_clarke_verdicts_agree_with_the_hull_of_gradients(target, leak):
    """Neurons w = b = 0 != v are listed exactly where 0 is in the hull of the gradients nearby."""
    setting, rows = listed(target, 2, leak)
    for function, found in rows:
        if function.is_target:
            continue
        verdicts = {s.stationarity.clarke.value for s in found.strata if s.stationarity.smooth.value == "no"}
        room = function.record.minimal_width < 2
        holds = hull_holds_zero(PiecewiseFunction.of(setting, function.record))
        assert verdicts == ({"yes"} if room and holds else set()), function.record.label


def test_gradient_of_the_oracle_is_that_of_the_loss():
    """Central differences of the exact loss at a random point."""
    source = random.Random(8)
    setting, _, _, _ = next(iter(strata_at("x**2", 2, "1/10")))
    point = Point.of([fmpq(source.randint(-50, 50), 37) for _ in range(7)])
    slope, step = gradient(setting, point), fmpq(1, 10**12)
    for i in range(7):
        unit = [fmpq(int(i == k)) for k in range(7)]
        difference = loss(setting, point.moved(unit, step)) - loss(setting, point.moved(unit, -step))
        assert abs(difference / (2 * step) - slope[i]) < fmpq(1, 10**9)
