"""Clarke stationarity of w = b = 0 != v over the mean of the target, against a linear program over many gradients."""

from __future__ import annotations

import random

import pytest
from flint import fmpq, fmpq_poly
from oracles.strata_hessian import Setting, setting_of
from oracles.strata_lists import strata_without_kinks
from oracles.strata_naive import PiecewiseFunction, hull_holds_zero

from symbolic.enclosure import Verdict
from symbolic.interval.problem import IntervalProblem
from symbolic.interval.strata.clarke import clarke_at_constant


def mean_function(setting: Setting) -> PiecewiseFunction:
    whole = setting.target.integral()
    mean = (whole(setting.end) - whole(setting.start)) / (setting.end - setting.start)
    return PiecewiseFunction(setting, (), (fmpq(0),), mean)


def random_problems(count: int):
    source = random.Random(4)
    for _ in range(count):
        degree = source.randint(1, 6)
        coefficients = [source.randint(-9, 9) for _ in range(degree)] + [source.choice((-3, -1, 1, 2))]
        text = " + ".join(f"({value})*x**{power}" for power, value in enumerate(coefficients))
        domain = source.choice([("0", "1"), ("-1", "1"), ("-1", "2"), ("-3", "2")])
        yield IntervalProblem.from_text("p", text, domain, source.choice(["1/10", "1/2", "9/10", "1/100"]))


def test_verdicts_agree_with_the_linear_program():
    found = []
    for problem in random_problems(60):
        function = mean_function(setting_of(problem))
        if function.moment() == 0:
            continue
        verdict = clarke_at_constant(problem)
        assert verdict is not Verdict.UNDECIDED
        assert (verdict is Verdict.YES) == hull_holds_zero(function)
        found.append(verdict)
    assert found.count(Verdict.YES) >= 3
    assert found.count(Verdict.NO) >= 30


@pytest.mark.parametrize("target", ["x", "x**2", "-2*x + 1", "x**3"])
@pytest.mark.parametrize("leak", ["1/100", "1/10", "9/10"])
def test_monotone_targets_have_no_stationary_degenerate_neuron(target, leak):
    """r changes sign once, from + to - or back, at p: with tau = p every tangent of K stays between the levels."""
    problem = IntervalProblem.from_text("p", target, ("0", "1"), leak)
    assert clarke_at_constant(problem) is Verdict.NO
    rows = strata_without_kinks(target, 1, leak)
    strata = [stratum for _, function, stratum, _ in rows if function.record.label == "p:B..1"]
    assert strata
    assert not any(role.code in ("zerop", "zeron") for stratum in strata for role in stratum.roles)


def test_a_target_that_has_one():
    """M is small against K: the tangents of K leave the strip on both sides."""
    problem = IntervalProblem.from_text("p", "x**4 - x**2 + x/100", ("-1", "1"), "1/10")
    assert clarke_at_constant(problem) is Verdict.YES
    codes = {
        role.code
        for _, function, stratum, _ in strata_without_kinks("x**4 - x**2 + x/100", 1, "1/10", ("-1", "1"))
        if function.record.label == "p:B..1"
        for role in stratum.roles
    }
    assert {"zerop", "zeron"} <= codes


def test_gradients_are_those_of_the_closed_form():
    """C_+(t), C_-(t) by exact integration of r against x s' and s'."""
    from symbolic.interval.strata.clarke import _curve

    for problem in random_problems(8):
        setting = setting_of(problem)
        function, (first, second) = mean_function(setting), _curve(problem)
        total = (1 + setting.leak) * function.moment()
        for k in range(1, 6):
            t = setting.start + (setting.end - setting.start) * fmpq(k, 6)
            assert function.against(fmpq(1), -t)[1:] == (first(t), second(t))
            assert function.against(fmpq(-1), t)[1:] == (total - first(t), -second(t))
        assert isinstance(first, fmpq_poly)
