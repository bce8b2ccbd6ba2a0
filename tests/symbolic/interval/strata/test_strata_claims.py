"""What is stated about the critical points of x, x**2, x**3 and x**3 - x, read off the list of strata."""

from __future__ import annotations

import itertools
import tomllib
from fractions import Fraction
from pathlib import Path

import pytest
from oracles.strata_lists import UNIT, listed

from symbolic.enclosure import enclose
from symbolic.interval.strata.roles import RoleKind

COUNTS = tomllib.loads((Path(__file__).parents[3] / "ground_truth" / "counts.toml").read_text())["count"]
MINIMA = ("local_minimum", "global_minimum")
DECIDED = [
    pytest.param(entry, width, id=f"{entry['target'].replace(' ', '')}-leak{entry['leak']}-{width}", marks=marks)
    for entry in COUNTS
    for width in range(1, len(entry["with_local_minimum"]) + 1)
    for marks in [[pytest.mark.slow] if width > 2 else []]
]

HIGHER = [pytest.param(width, marks=pytest.mark.slow) for width in (3, 4)]


def strata(target, width, leak="0"):
    for function, found in listed(target, width, leak, UNIT)[1]:
        for stratum in found.strata:
            yield function, stratum


def has_minimum(found) -> bool:
    return any(stratum.kind.value in MINIMA for stratum in found.strata)


@pytest.mark.parametrize(("entry", "width"), DECIDED)
def test_numbers_of_functions_with_a_local_minimum(entry, width):
    rows = listed(entry["target"], width, entry["leak"], UNIT)[1]
    assert len(rows) == entry["functions"][width - 1]
    assert sum(has_minimum(found) for _, found in rows) == entry["with_local_minimum"][width - 1]
    # Without the strata that nobody decided: a minimum there would add a function, or not.
    undecided_only = [
        function.record.label
        for function, found in rows
        if not has_minimum(found) and any(s.kind.value == "undecided" for s in found.strata)
    ]
    assert undecided_only == []


def test_a_spurious_minimum_without_a_dead_neuron():
    """x**2 at n = 2: '+-' at (0.0722665, 0.5361332), loss 2.69855e-4, index 0, above the global minimum."""
    found = [(f, s) for f, s in strata("x**2", 2) if [role.code[:3] for role in s.roles] == ["k1+", "k2-"]]
    near = [(f, s) for f, s in found if abs(float(enclose(f.record.kinks[0]).mid()) - 0.0722665) < 1e-6]
    ((function, stratum),) = near
    assert abs(float(enclose(function.record.kinks[1]).mid()) - 0.5361332) < 1e-6
    assert abs(float(enclose(function.record.loss).mid()) - 2.69855e-4) < 1e-9
    assert stratum.kind.value == "local_minimum"
    assert stratum.inertia.negative == 0
    assert all(role.kind is RoleKind.LIVE for role in stratum.roles)
    lowest = min(float(enclose(f.record.loss).mid()) for f, _ in listed("x**2", 2, "0", UNIT)[1])
    assert lowest < 1.43e-4


@pytest.mark.parametrize("width", [1, 2, *HIGHER])
def test_affine_target_has_the_minima_of_dead_neurons_only(width):
    """Non-global minima: f = 1/2, every neuron inactive or with its breakpoint at an end, v > 0 at 0, v < 0 at 1."""
    good = {"dead", "la-p", "lb+n"}
    minima = set()
    for function, stratum in strata("x", width):
        if function.is_target:
            assert stratum.kind.value == "global_minimum"
            continue
        codes = [role.code for role in stratum.roles]
        assert (stratum.kind.value == "local_minimum") == (set(codes) <= good), stratum.label
        if stratum.kind.value == "local_minimum":
            assert function.record.kinks == ()
            assert function.record.loss == Fraction(1, 12)
            minima.add(tuple(codes))
    assert len(minima) == (width + 1) * (width + 2) // 2


@pytest.mark.parametrize("width", [1, 2, *HIGHER])
def test_affine_saddles(width):
    """m even, kinks i/(m+1), '+-+-...', jumps +-2/(m+1), loss 1/(12 (m+1)^4); index m + sum_i (#{r Delta < 0} - 1).

    No other function, all strata over them strict where L is twice differentiable, index m with one neuron per kink.
    """
    seen = set()
    for function, stratum in strata("x", width):
        m = len(function.record.kinks)
        if function.is_target or m == 0:
            continue
        seen.add(m)
        assert m % 2 == 0
        assert m <= width
        assert function.record.kinks == tuple(Fraction(i, m + 1) for i in range(1, m + 1))
        assert function.record.pattern == "+-" * (m // 2)
        assert function.record.loss == Fraction(1, 12 * (m + 1) ** 4)
        slopes = function.record.slopes
        jumps = [right - left for left, right in itertools.pairwise(slopes)]
        assert jumps == [Fraction(2 * (-1) ** i, m + 1) for i in range(m)]
        assert not any(role.kind is RoleKind.ACTIVE for role in stratum.roles)
        live = [role for role in stratum.roles if role.kind is RoleKind.LIVE]
        # r has the sign of -D at every kink here: f turns before it meets the target.
        against = sum(role.v_sign == (1 if jumps[role.site.number - 1] > 0 else -1) for role in live)
        assert stratum.kind.value in ("strict_saddle", "saddle")
        if stratum.inertia is not None:
            flat = sum(role.kind in (RoleKind.CONSTANT, RoleKind.FLAT) for role in stratum.roles)
            assert stratum.inertia.negative == against + flat, stratum.label
            assert stratum.kind.value == "strict_saddle"
            if len(live) == len(stratum.roles) == m:
                assert stratum.inertia.negative == m
    assert seen == {m for m in (2, 4) if m <= width}


@pytest.mark.parametrize("width", [1, 2, pytest.param(3, marks=pytest.mark.slow)])
def test_constant_saddles_are_strict_iff_a_neuron_is_semi_active(width):
    """m = 0: among the points where L is twice differentiable, strict iff some neuron has v = 0, w = 0 < b."""
    compared = 0
    for function, stratum in strata("x", width):
        if function.is_target or function.record.kinks or stratum.inertia is None:
            continue
        semi_active = any(role.kind is RoleKind.CONSTANT for role in stratum.roles)
        assert (stratum.kind.value == "strict_saddle") == semi_active, stratum.label
        compared += 1
    assert compared >= 2


@pytest.mark.parametrize("leak", ["1/10", "1/2", "9/10"])
@pytest.mark.parametrize("width", [1, 2, pytest.param(3, marks=pytest.mark.slow)])
def test_leaky_affine_target_has_saddles_only(leak, width):
    """Two alternating patterns for every m = 1..n, all strict where L is twice differentiable, and no local minimum."""
    patterns = set()
    for function, stratum in strata("x", width, leak):
        if function.is_target:
            continue
        m = len(function.record.kinks)
        assert stratum.kind.value in ("strict_saddle", "saddle"), stratum.label
        if stratum.inertia is None:
            assert any(role.kind in (RoleKind.ZERO, RoleKind.ZERO_LIVE) for role in stratum.roles)
            continue
        patterns.add(function.record.pattern)
        assert stratum.kind.value == "strict_saddle"
        assert stratum.inertia.negative >= max(m, 1)
        if m == width:
            assert stratum.inertia.negative == m
    assert patterns == {(pair * m)[:m] for pair in ("+-", "-+") for m in range(width + 1)}


@pytest.mark.parametrize(("target", "width", "leak"), [("x**2", 2, "1/10"), ("x**2", 1, "1/10")])
def test_leaky_split_minima(target, width, leak):
    """Over a class-B function an opposite-sign split (2D, -D) of a kink with r D < 0 is as good as one neuron.

    So every class-B function with m >= 1 that has a minimum at width m has one at every larger width, too.
    """
    rows = listed(target, width, leak, UNIT)[1]
    wider = {f.record.label: found for f, found in listed(target, width + 1, leak, UNIT)[1]}
    compared = 0
    for function, found in rows:
        if not function.is_class_a and len(function.record.kinks) == width and has_minimum(found):
            assert has_minimum(wider[function.record.label])
            compared += 1
    assert compared >= 1
