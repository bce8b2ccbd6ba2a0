"""The proved lists against naive oracles, published-style reference values, closed forms, and the second engine."""

from __future__ import annotations

import json
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import mpmath
import numpy as np
import pytest
from flint import arb, fmpq
from oracles.multistart import NetworkLoss, critical_functions, function_values, numerical_gradient
from oracles.skeleton_direct import direct_functions, exact_system, systems

from symbolic.enclosure import bounds, enclose, working_precision
from symbolic.interval.problem import IntervalProblem
from symbolic.problem import CompletenessStatus
from symbolic.solving.elimination import solve_in_simplex
from symbolic.surveys import survey

TESTS = Path(__file__).resolve().parents[1]
GROUND_TRUTH = json.loads((TESTS / "ground_truth" / "interval.json").read_text())["problems"]

# name: target, domain, leak
PROBLEMS = {
    "x2": ("x**2", ("0", "1"), "0"),
    "x3": ("x**3", ("0", "1"), "0"),
    "x3-x": ("x**3 - x", ("0", "1"), "0"),
    "x2-leak": ("x**2", ("0", "1"), "1/10"),
    "quartic": ("16*x**4 - 32*x**3 + 20*x**2 - 4*x", ("0", "1"), "0"),
}


@lru_cache
def problem_of(name):
    target, domain, leak = PROBLEMS[name]
    return IntervalProblem.from_text(name, target, domain, leak)


@lru_cache
def proved(problem, width):
    result = survey(problem, width)
    assert result.completeness.status is CompletenessStatus.PROVED, result.completeness.reason
    return result


def agrees(number, text, digits=28):
    """Whether a number is the decimal `text` to `digits` significant digits (absolute below 1e-3)."""
    with working_precision(192):
        value = arb(text)
        size = max(abs(float(text)), 1e-3)
        return abs(enclose(number, 192) - value) < arb(size) * arb(10) ** -digits


def same_function(function, kinks, loss, digits=28):
    if len(function.kinks) != len(kinks):
        return False
    return agrees(function.loss, loss, digits) and all(map(lambda k, t: agrees(k, t, digits), function.kinks, kinks))


def decimal(value):
    return mpmath.nstr(value, 40)


def check_ground_truth(entry, width):
    problem = IntervalProblem.from_text(entry["name"], entry["target"], tuple(entry["domain"]), entry["leak"])
    functions = proved(problem, width).functions
    expected = [f for f in entry["functions"] if f["minimal_width"] <= width]
    assert len(functions) == len(expected)
    for reference in expected:
        hits = [f for f in functions if same_function(f, reference["kinks"], reference["loss"])]
        assert len(hits) == 1, reference
        hit = hits[0]
        assert hit.minimal_width == reference["minimal_width"]
        assert hit.function_class == reference["class"]
        assert all(map(agrees, hit.slopes, reference["slopes"]))
        assert agrees(hit.offset, reference["offset"])
        assert agrees(hit.moment, reference["moment"])


@pytest.mark.parametrize("entry", GROUND_TRUTH, ids=[entry["name"] for entry in GROUND_TRUTH])
def test_the_reference_functions_are_the_proved_ones(entry):
    for width in (1, 2) if entry["target"] != "x" else (1, 2, 3, 4):
        check_ground_truth(entry, width)


@pytest.mark.slow
@pytest.mark.parametrize("entry", GROUND_TRUTH, ids=[entry["name"] for entry in GROUND_TRUTH])
def test_the_reference_functions_are_the_proved_ones_at_full_width(entry):
    for width in range(3, entry["width"] + 1):
        check_ground_truth(entry, width)


def check_direct(name, width, starts):
    problem = problem_of(name)
    functions = proved(problem, width).functions
    met = direct_functions(problem.target, width, problem.leak, starts=starts, seed=11)
    for found in met:
        kinks, loss = [decimal(kink) for kink in found.kinks], decimal(found.loss)
        hits = [function for function in functions if same_function(function, kinks, loss)]
        assert len(hits) == 1, (kinks, loss)
        assert all(agrees(mine, decimal(theirs)) for mine, theirs in zip(hits[0].slopes, found.slopes, strict=True))
        assert agrees(hits[0].offset, decimal(found.offset))
        assert agrees(hits[0].moment, decimal(found.moment))
    assert len(met) == len(functions)


@pytest.mark.parametrize("name", sorted(PROBLEMS))
def test_newton_on_the_systems_finds_the_proved_list_and_nothing_else(name):
    check_direct(name, 1, 40)
    if name != "quartic":
        check_direct(name, 2, 60)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "width", "starts"), [("quartic", 2, 400), ("x2", 3, 300), ("x3", 3, 300), ("x3-x", 3, 300)]
)
def test_newton_on_larger_systems_finds_the_proved_list_and_nothing_else(name, width, starts):
    check_direct(name, width, starts)


def check_multistart(name, width, starts):
    problem = problem_of(name)
    functions = proved(problem, width).functions

    def number(value):
        return float(enclose(value).mid())

    a, b = map(float, problem.domain)
    listed = []
    for function in functions:
        kinks, slopes = list(map(number, function.kinks)), list(map(number, function.slopes))
        listed.append((number(function.loss), function_values(kinks, slopes, number(function.offset), a, b)))
    met = critical_functions(problem.target, problem.domain, problem.leak, width, starts, seed=5)
    for found in met:
        hits = [values for loss, values in listed if abs(loss - found.loss) < 1e-9]
        assert hits, (found.loss, found.parameters)
        assert min(np.abs(values - found.values).max() for values in hits) < 1e-6, (found.loss, found.parameters)
    return len(met), len(functions)


@pytest.mark.parametrize("name", sorted(PROBLEMS))
@pytest.mark.parametrize("width", [1, 2])
def test_random_starts_on_the_true_loss_end_at_listed_functions_only(name, width):
    found, listed = check_multistart(name, width, 60)
    # The search is worth something: it reaches at least a third of the list.
    assert listed / 3 <= found <= listed


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(PROBLEMS))
def test_many_random_starts_at_width_three_end_at_listed_functions_only(name):
    found, listed = check_multistart(name, 3, 1500)
    assert listed / 4 <= found <= listed


def test_the_gradient_of_the_brute_force_is_the_gradient_of_its_loss():
    problem = problem_of("x2-leak")
    network = NetworkLoss(problem.target, problem.domain, problem.leak, 3)
    generator = np.random.default_rng(2)
    for _ in range(5):
        point = network.random_start(generator)
        gradient, hessian = network.gradient_and_hessian(point)
        assert np.abs(gradient - numerical_gradient(network, point)).max() < 1e-7
        for i in range(len(point)):
            ahead, behind = point.copy(), point.copy()
            ahead[i] += 1e-6
            behind[i] -= 1e-6
            column = (network.gradient_and_hessian(ahead)[0] - network.gradient_and_hessian(behind)[0]) / 2e-6
            assert np.abs(column - hessian[:, i]).max() < 1e-5


def check_engines(name, knots, chains_only):
    problem = problem_of(name)
    canonical, _ = problem.canonical()
    cells = {cell.key: cell for cell in proved(problem, knots).cells}
    for system in systems(knots):
        if chains_only and system != "free" and "+-" in system:
            continue
        exact = solve_in_simplex(exact_system(canonical.target, system, knots, canonical.leak))
        assert exact.completeness.status is CompletenessStatus.PROVED, (system, exact.completeness.reason)
        roots = cells[knots, system].roots
        assert len(roots) == len(exact.solutions), system
        for root, solution in zip(sorted(roots), exact.solutions, strict=True):
            for rounded, value in zip(root, solution, strict=True):
                low, high = bounds(value, 256)
                assert low - Fraction(1, 2**191) < rounded < high + Fraction(1, 2**191), system


@pytest.mark.parametrize("name", sorted(PROBLEMS))
def test_elimination_and_subdivision_find_the_same_solutions(name):
    check_engines(name, 1, chains_only=False)
    check_engines(name, 2, chains_only=False)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(PROBLEMS) - {"x2-leak"}))
def test_elimination_and_subdivision_agree_on_chains_of_three_knots(name):
    check_engines(name, 3, chains_only=True)


def test_square_target_has_the_closed_forms_of_equal_pieces():
    # Class A: equal pieces, loss l^5/(180 (m+1)^4); pure '+^m': t_i = (2i-1)/(2m+1), loss 16/(180 (2m+1)^4).
    for a, b in ((Fraction(0), Fraction(1)), (Fraction(-1), Fraction(1))):
        problem = IntervalProblem("square", (Fraction(0), Fraction(0), Fraction(1)), (a, b))
        functions = proved(problem, 3 if a == 0 else 2).functions
        length = b - a
        for m in range(3):
            (hit,) = [f for f in functions if f.function_class == "A" and len(f.kinks) == m]
            assert hit.kinks == tuple(a + length * Fraction(i, m + 1) for i in range(1, m + 1))
            assert hit.loss == length**5 / (180 * (m + 1) ** 4)
            # On [-1, 1] and with m even the middle piece is level: '-..-+..+' realizes f without a further neuron.
            assert hit.minimal_width == (m if a == -1 and m % 2 == 0 else m + 1)
        if a == 0:
            for m in range(1, 4):
                (hit,) = [f for f in functions if f.pattern == "+" * m]
                assert hit.kinks == tuple(Fraction(2 * i - 1, 2 * m + 1) for i in range(1, m + 1))
                assert hit.loss == Fraction(16, 180 * (2 * m + 1) ** 4)
                assert hit.loss == min((f.loss for f in functions if f.minimal_width <= m), key=lambda v: bounds(v)[0])


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 6])
def test_affine_target_of_a_relu_network(width):
    alpha, a, b = Fraction(-3, 2), Fraction(-1), Fraction(2)
    problem = IntervalProblem("affine", (Fraction(5), alpha), (a, b))
    functions = proved(problem, width).functions
    listed = [((), Fraction(0))]
    for m in range(0, width + 1, 2):
        kinks = tuple(a + (b - a) * Fraction(i, m + 1) for i in range(1, m + 1))
        listed.append((kinks, alpha**2 * (b - a) ** 3 / (12 * (m + 1) ** 4)))
    assert sorted((f.kinks, f.loss) for f in functions) == sorted(listed)
    for function in functions:
        if function.function_class == "B":
            # Orientation of knot i is (-1)^(i+1) for a rising target; a falling one mirrors the slopes only.
            assert function.pattern == "+-" * (len(function.kinks) // 2)


@pytest.mark.parametrize("leak", ["1/10", "1/2", "9/10"])
def test_affine_target_of_a_leaky_network(leak):
    problem = IntervalProblem.from_text("leaky", "x", ("0", "1"), leak)
    width = 4
    functions = [f for f in proved(problem, width).functions if f.kinks]
    expected = []
    with mpmath.workdps(45):
        g = mpmath.mpf(Fraction(leak).numerator) / Fraction(leak).denominator
        for m in range(1, width + 1):
            for first in "+-":
                pattern = "".join(first if i % 2 == 0 else "-+"["-+".index(first) - 1] for i in range(m))
                sizes = [mpmath.sqrt(1 + g)] * (m + 1)
                sizes[0] = mpmath.mpf(1) if pattern[0] == "+" else mpmath.sqrt(g)
                sizes[-1] = mpmath.mpf(1) if pattern[-1] == "-" else mpmath.sqrt(g)
                total = sum(sizes)
                kinks = [decimal(sum(sizes[: i + 1]) / total) for i in range(m)]
                expected.append((pattern, kinks, decimal((1 - g) ** 2 / (12 * total**4))))
    assert len(functions) == len(expected) == 2 * width
    for pattern, kinks, loss in expected:
        hits = [f for f in functions if f.pattern == pattern and same_function(f, kinks, loss)]
        assert len(hits) == 1, pattern


def test_functions_of_a_width_contain_those_of_the_width_below():
    for name in ("x2", "x3-x"):
        labels = [{f.label for f in proved(problem_of(name), width).functions} for width in (1, 2, 3)]
        assert labels[0] < labels[1] < labels[2]


def test_agreement_is_refused_one_digit_away():
    # The comparison itself must be able to fail.
    third = Fraction(1, 3)
    assert agrees(third, "0." + "3" * 30)
    assert not agrees(third, "0." + "3" * 25 + "4")
    assert not agrees(Fraction(0), "1e-20")
    assert float(fmpq(1, 3)) == pytest.approx(1 / 3)
