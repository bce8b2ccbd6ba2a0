"""Strata of a problem at a width, listed once per test run, and what the tests read off a stratum."""

from __future__ import annotations

from functools import cache

from flint import fmpq
from oracles.strata_hessian import Point, Setting, point_of, setting_of

from symbolic.interval.assembly import assemble
from symbolic.interval.problem import IntervalProblem
from symbolic.interval.strata.roles import RoleKind
from symbolic.interval.strata.strata import strata_of
from symbolic.surveys import survey

UNIT = ("0", "1")
CORE = [
    ("x", 1, "0", UNIT),
    ("x", 2, "0", UNIT),
    ("x**2", 1, "0", UNIT),
    ("x**2", 2, "0", UNIT),
    ("x**3", 1, "0", UNIT),
    ("x**3", 2, "0", UNIT),
    ("x**3 - x", 1, "0", UNIT),
    ("x**3 - x", 2, "0", UNIT),
    ("x", 1, "1/10", UNIT),
    ("x", 2, "1/10", UNIT),
    ("x**2", 1, "1/10", UNIT),
    ("x**2", 2, "1/10", UNIT),
]
SYMMETRIC = [("x**2", 2, "0", ("-1", "1")), ("x**2", 2, "1/10", ("-1", "1")), ("2*x + 1", 2, "0", ("-1", "3"))]
WIDE = [
    ("x", 3, "0", UNIT),
    ("x**2", 3, "0", UNIT),
    ("x**3", 3, "0", UNIT),
    ("x**3 - x", 3, "0", UNIT),
    ("x", 3, "1/10", UNIT),
    ("x**2", 3, "1/10", UNIT),
    ("x**2", 3, "0", ("-1", "1")),
]


def name_of(case) -> str:
    target, width, leak, domain = case
    return f"{target.replace(' ', '')}[{domain[0]},{domain[1]}]leak{leak}@{width}"


@cache
def listed(target: str, width: int, leak: str = "0", domain: tuple[str, str] = UNIT):
    """(setting, [(function with its residual, its strata)]) of a problem; the strata are all of width n."""
    problem = IntervalProblem.from_text("p", target, domain, leak)
    result = survey(problem, width)
    assert result.completeness.proved
    assembly = assemble(problem, width, {cell.key: cell for cell in result.cells})
    functions = [assembly.realized[function.label] for function in assembly.functions]
    return setting_of(problem), [(function, strata_of(function, width)) for function in functions]


@cache
def without_kinks(target: str, width: int, leak: str = "0", domain: tuple[str, str] = UNIT):
    """The same over the mean and the best affine fit only, which need no system to be solved."""
    problem = IntervalProblem.from_text("p", target, domain, leak)
    realized = assemble(problem, width, {}).realized
    return setting_of(problem), [(function, strata_of(function, width)) for function in realized.values()]


def strata_without_kinks(target: str, width: int, leak: str = "0", domain: tuple[str, str] = UNIT):
    setting, rows = without_kinks(target, width, leak, domain)
    for function, found in rows:
        for stratum in found.strata:
            yield setting, function, stratum, point_of(stratum.sample)


def strata_at(target: str, width: int, leak: str = "0", domain: tuple[str, str] = UNIT):
    """(setting, function, stratum, rational point of its sample) for every stratum."""
    setting, rows = listed(target, width, leak, domain)
    for function, found in rows:
        for stratum in found.strata:
            yield setting, function, stratum, point_of(stratum.sample)


def is_twice_differentiable(stratum) -> bool:
    """No degenerate neuron, and v = 0 wherever a breakpoint is at an end (r does not vanish at the ends here)."""
    if stratum.roles is None:
        return False
    return not any(
        role.kind in (RoleKind.ZERO, RoleKind.ZERO_LIVE) or (role.end and role.v_sign) for role in stratum.roles
    )


def orientation(point: Point, j: int) -> str:
    return "+" if point.w[j] > 0 else "-"


def code_of(setting: Setting, kinks, virtual, flat, point: Point, j: int) -> str:
    """The role of neuron j read off the parameters alone; places are compared to 2^-150."""
    w, b, v = point.w[j], point.b[j], point.v[j]
    letter = "p" if v > 0 else "n" if v < 0 else "z"
    if w == 0 and b == 0:
        return "zero" + letter.replace("z", "")
    at_start, at_end = w * setting.start + b, w * setting.end + b
    if at_start > 0 and at_end > 0:
        return "con+" if w == 0 and v == 0 else "act"
    if at_start < 0 and at_end < 0:
        if setting.leak == 0:
            return "dead"
        return "con-" if w == 0 and v == 0 else "ina"
    for end, value in (("a", at_start), ("b", at_end)):
        if value == 0:
            return f"l{end}{orientation(point, j)}{letter}"
    for name, places in (("k", kinks), ("v", virtual), ("f", flat)):
        for number, place in enumerate(places, start=1):
            if abs(place + b / w) < fmpq(1, 2**150):
                return f"{name}{number}{orientation(point, j)}" + ("" if name == "f" else letter)
    return "nowhere"


def float_of(value) -> float:
    return int(value.p) / int(value.q)
