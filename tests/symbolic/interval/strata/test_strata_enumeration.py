"""The list of strata against naive loops over labelled roles, and against the list of the next width."""

from __future__ import annotations

from collections import Counter

import pytest
from flint import fmpq
from oracles.strata_hessian import loss, point_of, setting_of
from oracles.strata_lists import CORE, SYMMETRIC, UNIT, WIDE, code_of, listed, name_of, strata_at
from oracles.strata_naive import PiecewiseFunction, Trials

from symbolic.enclosure import midpoint, to_fmpq
from symbolic.interval.problem import IntervalProblem
from symbolic.interval.strata.sites import sites_of
from symbolic.interval.strata.strata import target_strata
from symbolic.surveys import survey

DEFAULT = [
    *(case for case in CORE if case[1] == 1 or case[0] == "x"),
    ("x**2", 2, "0", UNIT),
    ("x**2", 2, "1/10", ("-1", "1")),
    ("x", 3, "0", UNIT),
    ("x", 3, "1/10", UNIT),
]
HEAVY = [
    *(case for case in [*CORE, *SYMMETRIC, *WIDE] if case not in DEFAULT),
    ("x**4 - x**2", 2, "0", ("-1", "1")),
    ("x**2", 2, "9/10", UNIT),
    ("x**3 - x**2/2", 2, "1/3", ("-1", "2")),
]
NAIVE = [*DEFAULT, *(pytest.param(*case, marks=pytest.mark.slow, id=name_of(case)) for case in HEAVY)]


@pytest.mark.parametrize(("target", "width", "leak", "domain"), NAIVE)
def test_list_is_that_of_the_naive_loop(target, width, leak, domain):
    """Codes and orbit sizes, stratum by stratum, equal the labelled n-tuples counted one by one."""
    setting, rows = listed(target, width, leak, domain)
    total = 0
    for function, found in rows:
        if function.is_target:
            continue
        assert found.doubts == ()
        naive = Trials(PiecewiseFunction.of(setting, function.record)).assignments(width)
        ours = Counter({tuple(sorted(role.code for role in s.roles)): s.orbit_size for s in found.strata})
        assert len(ours) == len(found.strata)
        assert ours == naive, function.record.label
        total += sum(naive.values())
    assert total > 0


@pytest.mark.parametrize(("target", "width", "leak", "domain"), [*CORE, *SYMMETRIC])
def test_roles_can_be_read_off_the_samples(target, width, leak, domain):
    """Place, orientation and sign of v of every neuron of every sample are what its role says."""
    for setting, function, stratum, point in strata_at(target, width, leak, domain):
        if stratum.roles is None:
            continue
        sites = sites_of(function)
        places = [
            [to_fmpq(midpoint(site.position)) for site in group] for group in (sites.kinks, sites.virtual, sites.flat)
        ]
        found = [code_of(setting, *places, point, j) for j in range(width)]
        assert found == [role.code for role in stratum.roles], stratum.label
        moduli = {abs(w) for w in point.w if w != 0}
        assert moduli <= {fmpq(1)}


NESTED = [
    ("x", 1, "0"),
    ("x", 2, "0"),
    ("x**2", 1, "0"),
    ("x**3 - x", 1, "0"),
    ("x**2", 1, "1/10"),
    ("x", 2, "1/10"),
    *(pytest.param(target, 2, "0", marks=pytest.mark.slow) for target in ("x**2", "x**3 - x")),
    pytest.param("x**2", 2, "1/10", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("target", "width", "leak"), NESTED)
def test_strata_embed_in_the_next_width(target, width, leak):
    """One more neuron with w = b = v = 0, with w = v = 0 < b, or (ReLU) an inactive one keeps a stratum a stratum."""
    _, narrow = listed(target, width, leak)
    _, wide = listed(target, width + 1, leak)
    by_function = {
        function.record.label: {tuple(sorted(r.code for r in s.roles)): s for s in found.strata}
        for function, found in wide
        if not function.is_target
    }
    extra = ["zero", "con+", "con-" if leak != "0" else "dead"]
    compared = 0
    for function, found in narrow:
        if function.is_target:
            continue
        above = by_function[function.record.label]
        for stratum in found.strata:
            codes = [role.code for role in stratum.roles]
            for code in extra:
                larger = above[tuple(sorted([*codes, code]))]
                gained = {"zero": 0, "con+": 1, "con-": 1, "dead": 3}[code]
                assert larger.dimension == stratum.dimension + gained
                if code == "dead" and stratum.inertia is not None:
                    assert larger.inertia is not None
                    assert larger.inertia.negative == stratum.inertia.negative
                    assert larger.inertia.positive == stratum.inertia.positive
                    assert larger.inertia.zero == stratum.inertia.zero + 3
                if code == "dead":
                    # Inactive neurons change nothing near the point.
                    same = {stratum.kind.value, larger.kind.value}
                    assert same <= {"local_minimum", "global_minimum"} or len(same) == 1
                compared += 1
    assert compared >= 3


@pytest.mark.parametrize("leak", ["0", "1/10"])
@pytest.mark.parametrize(("target", "slope"), [("3", 0), ("2*x + 1", 2)])
def test_parameters_that_realize_the_target(target, slope, leak):
    """Loss 0 at the sample; the dimension is the largest of a piece of {f = h}, counted piece by piece at width 1.

    Width 1, neuron inactive (ReLU, slope 0): (w, b, v) free. Affine on [a, b]: the slope g v w or v w is bound.
    A breakpoint inside: v = 0. The constant c is determined by the rest.
    """
    problem = IntervalProblem.from_text("p", target, UNIT, leak)
    (record,) = (f for f in survey(problem, 1).functions if f.function_class == "A")
    (stratum,) = target_strata(problem, record, 1).strata
    point, setting = point_of(stratum.sample), setting_of(problem)
    assert loss(setting, point) == 0
    assert stratum.dimension == (3 if slope == 0 and leak == "0" else 2)
    assert stratum.kind.value == "global_minimum"


@pytest.mark.slow
@pytest.mark.parametrize(("target", "leak"), [("x**2", "0"), ("x**3", "0")])
def test_orbit_sizes_at_width_four(target, leak):
    """The naive loop over the role multisets of width 4, for the functions with few roles."""
    setting, rows = listed(target, 4, leak, UNIT)
    compared = 0
    for function, found in rows:
        trials = Trials(PiecewiseFunction.of(setting, function.record))
        if len(trials.roles) > 16:
            continue
        naive = trials.assignments(4)
        assert naive == {tuple(sorted(role.code for role in s.roles)): s.orbit_size for s in found.strata}
        compared += 1
    assert compared >= 1
