"""Samples, dimensions and inertia of the strata, against an independent Hessian at the sample points."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
from flint import fmpq, fmpq_mat
from oracles.strata_hessian import (
    Point,
    gradient,
    hessian,
    inertia_exact,
    inertia_rounded,
    is_rational,
    loss,
    pieces,
    rational,
    residual_at,
    roots_above,
    tangents,
)
from oracles.strata_hessian import factors as slope_factors
from oracles.strata_lists import (
    CORE,
    SYMMETRIC,
    UNIT,
    WIDE,
    float_of,
    is_twice_differentiable,
    listed,
    name_of,
    strata_at,
)
from oracles.strata_naive import PiecewiseFunction

from symbolic.enclosure import bounds, to_fmpq
from symbolic.interval.strata.roles import RoleKind

NEAR = fmpq(1, 10**45)
ALL = [
    *CORE,
    *SYMMETRIC,
    *(pytest.param(*case, marks=pytest.mark.slow, id=name_of(case)) for case in WIDE),
]
SHORT = [case for case in CORE if case[1] == 1] + [("x**2", 2, "0", UNIT), ("x", 2, "1/10", UNIT)]


def triple(inertia) -> tuple[int, int, int]:
    return inertia.negative, inertia.zero, inertia.positive


def independent_inertia(setting, stratum, point) -> tuple[int, int, int]:
    matrix = hessian(setting, point)
    return inertia_exact(matrix) if is_rational(stratum.sample) else inertia_rounded(matrix)


def test_signs_of_eigenvalues_are_counted_exactly():
    source = random.Random(5)
    for size in range(1, 8):
        signs = [source.choice((-3, -1, 0, 1, 2)) for _ in range(size)]
        while True:
            frame = fmpq_mat(size, size, [fmpq(source.randint(-4, 4)) for _ in range(size * size)])
            if frame.det() != 0:
                break
        diagonal = fmpq_mat(size, size, [fmpq(signs[i] if i == j else 0) for i in range(size) for j in range(size)])
        matrix = frame * diagonal * frame.transpose()
        rows = [[matrix[i, j] for j in range(size)] for i in range(size)]
        expected = (sum(s < 0 for s in signs), signs.count(0), sum(s > 0 for s in signs))
        assert inertia_exact(rows) == expected
        assert inertia_rounded(rows) == expected
    rows = [[fmpq(1, 10**20), fmpq(0)], [fmpq(0), fmpq(1)]]
    with pytest.raises(ValueError, match="between"):
        inertia_rounded(rows)
    assert roots_above(fmpq_mat(rows).charpoly(), fmpq(1, 2)) == 1


@pytest.mark.parametrize(("target", "width", "leak", "domain"), ALL)
def test_samples_are_critical_and_realize_the_function(target, width, leak, domain):
    """Gradient 0 (exactly where the sample is rational), f at 40 points, and the loss."""
    for setting, function, stratum, point in strata_at(target, width, leak, domain):
        exact = is_rational(stratum.sample)
        slack = fmpq(0) if exact else NEAR
        if stratum.stationarity.smooth.value == "yes":
            assert max(map(abs, gradient(setting, point))) <= slack, stratum.label
        low, high = (to_fmpq(end) for end in bounds(function.record.loss))
        assert low - NEAR <= loss(setting, point) <= high + NEAR
        if stratum.roles is None:
            continue
        known = PiecewiseFunction.of(setting, function.record)
        for left, right, f in known.pieces():
            for k in range(1, 9):
                x = left + (right - left) * fmpq(k, 9)
                assert abs(residual_at(setting, point, x) + setting.target(x) - f(x)) <= slack, stratum.label


@pytest.mark.parametrize(("target", "width", "leak", "domain"), ALL)
def test_inertia_is_that_of_the_dense_hessian(target, width, leak, domain):
    compared = 0
    for setting, _, stratum, point in strata_at(target, width, leak, domain):
        assert (stratum.inertia is not None) == is_twice_differentiable(stratum), stratum.label
        if stratum.inertia is not None:
            assert independent_inertia(setting, stratum, point) == triple(stratum.inertia), stratum.label
            compared += 1
    assert compared >= 3


@pytest.mark.parametrize(("target", "width", "leak", "domain"), SHORT)
def test_hessian_agrees_with_differences_of_the_loss(target, width, leak, domain):
    """Second differences of the exact loss with step 2^-60; across a tie or a wall they are off by O(2^-60)."""
    step = fmpq(1, 2**60)
    for setting, _, stratum, point in strata_at(target, width, leak, domain):
        if stratum.inertia is None:
            continue
        matrix, size = hessian(setting, point), 3 * width + 1
        unit = [[fmpq(int(i == k)) for k in range(size)] for i in range(size)]
        for i, j in product(range(size), repeat=2):
            if i > j:
                continue
            corners = {
                (p, q): loss(setting, point.moved(unit[i], p * step).moved(unit[j], q * step))
                for p, q in product((1, -1), repeat=2)
            }
            difference = corners[1, 1] - corners[1, -1] - corners[-1, 1] + corners[-1, -1]
            assert abs(difference / (4 * step * step) - matrix[i][j]) < fmpq(1, 10**12), (stratum.label, i, j)


def symbolic_hessian(problem, point: Point) -> list[list[fmpq]]:
    """The Hessian of the closed form of the loss on an open region whose closure holds the point."""
    from sympy import Rational, Symbol

    from symbolic.interval import loss as region_loss
    from symbolic.interval.orderings import locate

    n = point.width
    w = [Fraction(int(x.p), int(x.q)) for x in point.w]
    # Breakpoints apart and off the ends: a nearby point in an open region.
    b = [Fraction(int(x.p), int(x.q)) + Fraction(j + 1, 10**9) for j, x in enumerate(point.b)]
    face, order = locate(w, b, problem.domain)
    assert face.codimension == 0
    (region,) = face.regions()
    symbols = region_loss.parameters(region)
    places = [*(k - 1 for k in order), *(n + k - 1 for k in order), *(2 * n + k - 1 for k in order), 3 * n]
    values = point.list()
    rule = {s: Rational(int(values[i].p), int(values[i].q)) for s, i in zip(symbols, places, strict=True)}
    assert rule[Symbol("c")] == Rational(int(point.c.p), int(point.c.q))
    matrix = region_loss.hessian(region, region_loss.setting_of(problem))
    result = [[fmpq(0)] * len(places) for _ in places]
    for i, row in enumerate(places):
        for j, column in enumerate(places):
            if i <= j:
                value = matrix[i, j].xreplace(rule)
                result[row][column] = result[column][row] = fmpq(int(value.p), int(value.q))
    return result


def check_symbolic(target, width, leak, domain):
    for setting, function, stratum, point in strata_at(target, width, leak, domain):
        if stratum.inertia is None:
            continue
        if not is_rational(stratum.sample):
            # Shorter numbers: the two formulas must agree at critical and other points of the same face alike.
            point = Point.of([fmpq(round(float_of(x) * 2**40), 2**40) for x in point.list()])
        symbolic, direct = symbolic_hessian(function.problem, point), hessian(setting, point)
        slack = fmpq(0) if is_rational(stratum.sample) else fmpq(1, 10**9)
        pairs = [pair for rows in zip(symbolic, direct, strict=True) for pair in zip(*rows, strict=True)]
        worst = max(abs(a - b) for a, b in pairs)
        assert worst <= slack, stratum.label


@pytest.mark.parametrize(("target", "width", "leak", "domain"), SHORT)
def test_hessian_agrees_with_the_symbolic_loss_of_a_region(target, width, leak, domain):
    check_symbolic(target, width, leak, domain)


@pytest.mark.slow
@pytest.mark.parametrize(("target", "width", "leak", "domain"), [case for case in CORE if case not in SHORT])
def test_hessian_agrees_with_the_symbolic_loss_of_a_region_everywhere(target, width, leak, domain):
    check_symbolic(target, width, leak, domain)


FREE_DIRECTIONS = {
    RoleKind.LIVE: "sv",
    RoleKind.FLAT_AT_SITE: "s",
    RoleKind.FLAT: "s",
    RoleKind.ACTIVE: "wbv",
    RoleKind.LEAKY_INACTIVE: "wbv",
    RoleKind.DEAD: "wbv",
    RoleKind.CONSTANT: "b",
    RoleKind.ZERO: "",
    RoleKind.ZERO_LIVE: "v",
}


def dot(one: Sequence[fmpq], other: Sequence[fmpq]) -> fmpq:
    return sum((x * y for x, y in zip(one, other, strict=True)), fmpq(0))


def directions(stratum, point: Point) -> list[list[fmpq]]:
    """A basis of the directions that keep every role, before f is held: s rescales (w, b) with v fixed."""
    n = point.width
    found = []
    for j, role in enumerate(stratum.roles):
        letters = ("sv" if role.v_sign else "s") if role.end else FREE_DIRECTIONS[role.kind]
        for letter in letters:
            row = [fmpq(0)] * (3 * n + 1)
            if letter == "s":
                row[j], row[n + j] = point.w[j], point.b[j]
            else:
                row["wbv".index(letter) * n + j] = fmpq(1)
            found.append(row)
    return [*found, [fmpq(0)] * (3 * n) + [fmpq(1)]]


@pytest.mark.parametrize(("target", "width", "leak", "domain"), ALL)
def test_dimension_is_that_of_the_solution_set(target, width, leak, domain):
    """Roles kept and f held: free directions less the rank of f' on them, which is constant near the sample."""
    for setting, _, stratum, point in strata_at(target, width, leak, domain):
        if stratum.roles is None:
            continue
        free = directions(stratum, point)
        columns = []
        for low, high in pieces(setting, point):
            lines = tangents(point, slope_factors(setting, point, low, high))
            columns += [[dot(row, [line[part] for line in lines]) for row in free] for part in (0, 1)]
        derivative = np.array([[float_of(x) for x in column] for column in columns])
        assert stratum.dimension == len(free) - np.linalg.matrix_rank(derivative, tol=1e-9), stratum.label
        scalings = [1 if (w, b, v) != (0, 0, 0) else 0 for w, b, v in zip(point.w, point.b, point.v, strict=True)]
        assert stratum.gauge_dimension == sum(scalings)


@pytest.mark.parametrize(("target", "width", "leak", "domain"), ALL)
def test_morse_bott_strata_have_the_nullity_of_their_dimension(target, width, leak, domain):
    """Index 0 proves a minimum there, because the kernel is the tangent space."""
    for setting, _, stratum, point in strata_at(target, width, leak, domain):
        if stratum.inertia is None or any(role.end or role.kind is RoleKind.CONSTANT for role in stratum.roles):
            continue
        if stratum.reason == "Morse-Bott":
            assert stratum.dimension == independent_inertia(setting, stratum, point)[1], stratum.label


def test_inertia_is_constant_along_the_rescaling_and_permutations():
    source = random.Random(11)
    for setting, _, stratum, point in strata_at("x**2", 2):
        if stratum.inertia is None or not is_rational(stratum.sample):
            continue
        order = source.sample(range(2), 2)
        sizes = [fmpq(source.randint(1, 9), source.randint(1, 9)) for _ in range(2)]
        moved = Point(
            tuple(sizes[j] * point.w[j] for j in order),
            tuple(sizes[j] * point.b[j] for j in order),
            tuple(point.v[j] / sizes[j] for j in order),
            point.c,
        )
        assert inertia_exact(hessian(setting, moved)) == triple(stratum.inertia)


# Ground truth ---------------------------------------------------------------------------------------------------------

FOLDER = Path(__file__).parents[3] / "ground_truth"
TRUTH = {problem["name"]: problem for problem in json.loads((FOLDER / "interval.json").read_text())["problems"]}
POINTS = json.loads((FOLDER / "interval_inertia.json").read_text())["points"]


def same_function(record, entry) -> bool:
    if len(record.kinks) != len(entry["kinks"]) or record.function_class != entry["class"]:
        return False
    pairs = [*zip(record.kinks, entry["kinks"], strict=True), *zip(record.slopes, entry["slopes"], strict=True)]
    return all(abs(rational(mine) - to_fmpq(Fraction(theirs))) < fmpq(1, 10**20) for mine, theirs in pairs)


def check_ground_truth(widths) -> int:
    """'pure' and 'lin' name one stratum; 'mix' leaves the signs of v open, its inertia must be among theirs."""
    compared = 0
    for entry in POINTS:
        if entry["width"] not in widths:
            continue
        problem = TRUTH[entry["problem"]]
        _, rows = listed(problem["target"], entry["width"], problem["leak"], tuple(problem["domain"]))
        wanted = problem["functions"][entry["function"]]
        ((_, found),) = ((f, s) for f, s in rows if same_function(f.record, wanted))
        kind, _, marks = entry["assignment"].partition(":")
        slopes = [Fraction(s) for s in wanted["slopes"]]
        signs = ["p" if b > a else "n" for a, b in pairwise(slopes)]
        if kind == "mix":
            place = marks.index("*") + 1
            alone = [f"k{i}{m}{signs[i - 1]}" for i, m in enumerate(marks, start=1) if m != "*"]
            choices = [
                sorted([*alone, f"k{place}+{p}", f"k{place}-{q}"]) for p, q in product("pn", repeat=2)
            ]
        else:
            codes = [f"k{i}{m}{signs[i - 1]}" for i, m in enumerate(marks, start=1)]
            choices = [sorted([*codes, "act"] if kind == "lin" else codes)]
        matches = [s for s in found.strata if sorted(role.code for role in s.roles) in choices]
        assert matches, entry
        assert kind == "mix" or len(matches) == 1
        assert tuple(entry["inertia"]) in {triple(s.inertia) for s in matches}, entry
        compared += 1
    return compared


def test_ground_truth_at_small_widths():
    assert check_ground_truth((1, 2)) >= 30


@pytest.mark.slow
def test_ground_truth_at_larger_widths():
    assert check_ground_truth((3, 4)) >= 150
