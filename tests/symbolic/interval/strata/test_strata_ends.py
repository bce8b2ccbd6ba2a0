"""Breakpoints at an end of [a, b] where r vanishes, and degenerate neurons beside them and beside virtual sites."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import product

import pytest
from flint import fmpq
from oracles.strata_descent import lowered, random_moves
from oracles.strata_hessian import Point, hessian, inertia_exact, is_rational, loss, residual_at
from oracles.strata_lists import name_of, strata_without_kinks, without_kinks

from symbolic.interval.strata.kinds import END_BY_SIZE, END_MIXED

SIZES = (fmpq(1, 10**4), fmpq(1, 10**7))
LEAST = fmpq(1, 10**45)
MINIMA = ("global_minimum", "local_minimum")
SADDLES = ("strict_saddle", "saddle")

SIMPLE = ("x**3 - x", 1, "0", ("-1", "1"))
"""f = 0 has r = x - x**3: simple zeros at both ends, r < 0 inside at -1 and r > 0 inside at 1."""
DOUBLE = ("-(1-x)**2*(x - 1/4)", 1, "0", ("0", "1"))
"""f = 0 has r = (1-x)**2 (x - 1/4): a double zero at 1."""
LEAKY = ("x**3 - x", 1, "1/10", ("-1", "3/2"))
"""The best affine fit has r(-1) = 0."""
QUARTIC = "10*x - 39*x**2 + 60*x**3 - 30*x**4"
"""Class A, m = 0: K = x**2 (1-x)**2 (x - 1/2)**2, a virtual site at 1/2."""
QUINTIC = "-x/2 + 18*x**2 - 65*x**3 + 90*x**4 - 42*x**5"
"""Class A, m = 0: K = x**3 (1-x)**2 (x - 1/2)**2, so that r(0) = 0 besides."""
UNIT = ("0", "1")
CASES = [
    SIMPLE,
    ("x**5 - x**3", 1, "0", ("-1", "1")),
    DOUBLE,
    LEAKY,
    (QUINTIC, 1, "0", UNIT),
    (QUARTIC, 1, "1/10", UNIT),
    *(
        pytest.param(*case, marks=pytest.mark.slow)
        for case in [
            ("x**3 - x", 2, "0", ("-1", "1")),
            (DOUBLE[0], 2, "0", UNIT),
            ("x**3 - x", 2, "0", ("-1", "3/2")),
            ("x**3 - x", 2, "1/10", ("-1", "3/2")),
            (QUARTIC, 2, "0", UNIT),
            (QUARTIC, 2, "1/10", UNIT),
            (QUINTIC, 2, "0", UNIT),
            (QUINTIC, 2, "1/10", UNIT),
        ]
    ),
]


def live_ends(stratum):
    return [role for role in stratum.roles if role.end and role.v_sign]


def resists(setting, point, label: str, count: int) -> bool:
    """No attack and no random perturbation lowers the loss."""
    before = loss(setting, point)
    return not any(lowered(setting, point, size, LEAST) for size in SIZES) and all(
        loss(setting, other) > before - LEAST for other in random_moves(random.Random(label), setting, point, count)
    )


@pytest.mark.parametrize(("target", "width", "leak", "domain"), CASES)
def test_sites_are_decided(target, width, leak, domain):
    for _, found in without_kinks(target, width, leak, domain)[1]:
        assert found.doubts == ()


@pytest.mark.parametrize(("target", "width", "leak", "domain"), CASES)
def test_hessian_exists_if_r_vanishes_at_every_live_end(target, width, leak, domain):
    """Existence read off r at the sample point; the inertia is that of the dense Hessian."""
    compared = 0
    for setting, _, stratum, point in strata_without_kinks(target, width, leak, domain):
        degenerate = any(role.code.startswith("zero") for role in stratum.roles)
        ends = {setting.start if role.end == "a" else setting.end for role in live_ends(stratum)}
        vanishes = all(abs(residual_at(setting, point, end)) < LEAST for end in ends)
        assert stratum.hessian.value == ("yes" if vanishes and not degenerate else "no"), stratum.label
        assert (stratum.inertia is not None) == (stratum.hessian.value == "yes")
        if stratum.inertia is not None and is_rational(stratum.sample):
            found = stratum.inertia
            assert inertia_exact(hessian(setting, point)) == (found.negative, found.zero, found.positive)
            compared += bool(ends)
            if "fixed" in stratum.reason and not any(role.code.startswith("con") for role in stratum.roles):
                assert found.zero == stratum.dimension + len(live_ends(stratum)), stratum.label
    assert compared or "30*x**4" in target


@pytest.mark.parametrize("case", [SIMPLE, DOUBLE, LEAKY], ids=name_of)
def test_second_differences_exist_where_r_vanishes_at_the_end(case):
    step, compared = fmpq(1, 2**60), 0
    for setting, _, stratum, point in strata_without_kinks(*case):
        if stratum.inertia is None or not live_ends(stratum):
            continue
        matrix = hessian(setting, point)
        unit = [[fmpq(int(i == k)) for k in range(4)] for i in range(4)]
        for i, j in product(range(4), repeat=2):
            corners = {
                (p, q): loss(setting, point.moved(unit[i], p * step).moved(unit[j], q * step))
                for p, q in product((1, -1), repeat=2)
            }
            difference = corners[1, 1] - corners[1, -1] - corners[-1, 1] + corners[-1, -1]
            assert abs(difference / (4 * step * step) - matrix[i][j]) < fmpq(1, 10**12)
        compared += 1
    assert compared


@pytest.mark.parametrize(("target", "width", "leak", "domain"), CASES)
def test_kinds_at_vanishing_ends(target, width, leak, domain):
    """Saddles descend, minima resist; undecided is only what depends on |v w| or on neurons of both signs."""
    seen = set()
    for setting, _, stratum, point in strata_without_kinks(target, width, leak, domain):
        kind = stratum.kind.value
        seen.add(kind)
        if kind in SADDLES:
            assert all(lowered(setting, point, size, LEAST) for size in SIZES), stratum.label
        elif kind in MINIMA:
            assert resists(setting, point, stratum.label, 60), stratum.label
        else:
            assert stratum.reason in (END_BY_SIZE, END_MIXED), stratum.label
    assert seen & set(MINIMA)
    assert seen & set(SADDLES)


def test_simple_zero_at_an_end_is_settled_by_the_sign_of_v_or_by_its_size():
    """D (D + rho) with rho = -2 at -1 and 2 at 1: v > 0 at -1 is a saddle below v = 2 and a minimum above."""
    kinds = {stratum.label.rpartition(":")[2]: stratum for *_, stratum, _ in strata_without_kinks(*SIMPLE)}
    assert [kinds[code].kind.value for code in ("la-n", "lb+p")] == ["local_minimum"] * 2
    setting = next(iter(strata_without_kinks(*SIMPLE)))[0]
    for code, w, b, sign in (("la-p", -1, -1, 1), ("lb+n", 1, -1, -1)):
        assert kinds[code].kind.value == "undecided"
        for size, low in ((fmpq(1, 2), True), (fmpq(19, 10), True), (fmpq(21, 10), False), (fmpq(5), False)):
            point = Point((fmpq(w),), (fmpq(b),), (sign * size,), fmpq(0))
            assert all((lowered(setting, point, e, LEAST) is not None) == low for e in SIZES), (code, size)
            assert low or resists(setting, point, code, 400)


@pytest.mark.parametrize(("v", "order"), [(fmpq(1), 3), (fmpq(-1), 3), (fmpq(3), 3)])
def test_third_order_change_at_a_vanishing_end(v, order):
    """Moving the breakpoint of v s(-x - 1 + e) inside from -1: (L - L0) / e^3 -> v (v - 2) / 3."""
    setting = next(iter(strata_without_kinks(*SIMPLE)))[0]
    start = loss(setting, Point((fmpq(-1),), (fmpq(-1),), (v,), fmpq(0)))
    for e in (fmpq(1, 10**5), fmpq(1, 10**8)):
        moved = loss(setting, Point((fmpq(-1),), (fmpq(-1) + e,), (v,), fmpq(0)))
        assert abs((moved - start) / e**order - v * (v - 2) / 3) < 10 * e


def test_double_zero_at_an_end_keeps_the_minimum_for_both_signs():
    kinds = {stratum.label.rpartition(":")[2]: stratum.kind.value for *_, stratum, _ in strata_without_kinks(*DOUBLE)}
    assert kinds["lb+p"] == kinds["lb+n"] == "local_minimum"
    assert (kinds["la-p"], kinds["la-n"]) == ("saddle", "local_minimum")


def test_slope_equation_settles_the_size():
    """f = x/8 + ... carried by one neuron at -1: (1-g) |v w| = 9/80 or 9/8 against |r'(-1)| = 15/8."""
    kinds = {
        stratum.label.rpartition(":")[2]: stratum.kind.value
        for _, function, stratum, _ in strata_without_kinks(*LEAKY)
        if function.record.label == "p:A.0.1"
    }
    assert kinds["la+p"] == "saddle"
    assert kinds["la-n"] == "local_minimum"


def test_neurons_of_both_signs_at_an_end_can_descend_together():
    """v = 1, -1 at 1 for the double zero, each alone harmless: their breakpoints moved apart lower the loss."""
    setting = next(iter(strata_without_kinks(*DOUBLE)))[0]
    base = Point((fmpq(1),) * 2, (fmpq(-1),) * 2, (fmpq(1), fmpq(-1)), fmpq(0))
    before = loss(setting, base)
    for e in (fmpq(1, 10**3), fmpq(1, 10**5)):
        # The breakpoint of v = -1 goes further by e^2/4, of higher order.
        moved = Point(base.w, (fmpq(-1) + e, fmpq(-1) + e + e * e / 4), base.v, base.c)
        assert loss(setting, moved) < before


@pytest.mark.parametrize("leak", ["0", "1/10"])
@pytest.mark.parametrize("target", [QUARTIC, QUINTIC], ids=["quartic", "quintic"])
def test_degenerate_neurons_at_virtual_sites(target, leak):
    """K >= 0 with a zero inside: v > 0 beside an affine neuron is a minimum, v < 0 is not."""
    found = {}
    for setting, function, stratum, point in strata_without_kinks(target, 2, leak, UNIT):
        if function.record.label == "p:A.0.1" and stratum.label.endswith((":act.zerop", ":act.zeron")):
            found[stratum.label[-1]] = stratum.kind.value
            if stratum.kind.value == "local_minimum":
                assert stratum.stationarity.directional.value == "yes"
                assert resists(setting, point, stratum.label, 400)
                assert near_virtual(setting, point)
    assert found == {"p": "local_minimum", "n": "saddle"}


def near_virtual(setting, point) -> bool:
    """Degenerate neuron placed near the virtual site 1/2 and near 0, with the other parameters refitted at random."""
    source, before = random.Random(17), loss(setting, point)
    for _ in range(300):
        size = fmpq(1, 10 ** source.choice((1, 2, 3)))
        shift = fmpq(source.randint(-100, 100), 100) * size
        place, w = source.choice((fmpq(1, 2), fmpq(0))) + shift, size * source.choice((1, -1))
        other = point.replaced(1, w).replaced(3, -w * place)
        # The exact minimum over v_1, c and the size of the affine neuron: two random searches along lines.
        moved = other
        for _ in range(3):
            along = [fmpq(0)] * 7
            for index in (0, 2, 6):
                along[index] = fmpq(source.randint(-10, 10), 10)
            left, here, right = (loss(setting, moved.moved(along, s * size)) for s in (-1, 0, 1))
            bend = left + right - 2 * here
            if bend > 0:
                moved = moved.moved(along, -(right - left) / 2 / bend * size)
            if loss(setting, moved) < before:
                return False
    return True


def test_a_ball_alone_does_not_prove_a_zero():
    """Without exact values r(-1) of f = 0 is not known, and nothing is concluded."""
    from dataclasses import replace

    _, rows = without_kinks(*SIMPLE)
    function = next(f for f, _ in rows if f.record.label == "p:B..1")
    assert function.near_end(0, right=False).order == 1
    assert Fraction(str(function.near_end(0, right=False).coefficient.mid())) == -2
    blurred = replace(function, solution=replace(function.solution, exact=None, field=None))
    blurred.__dict__["balls"] = replace(function.balls, offset=function.balls.offset + rough())
    assert blurred.near_end(0, right=False) is None


def rough():
    from flint import arb

    return arb(0, 1) * arb(2) ** -200
