"""Exact elimination against planted solutions, closed forms and Newton's method on independent systems."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from random import Random

import mpmath
import pytest
from flint import Ordering, arb, fmpq_mpoly_ctx, fmpz_mpoly_ctx, fmpz_poly
from oracles.skeleton_direct import evaluate, exact_system, newton_solutions, systems

from symbolic.enclosure import AlgebraicNumber, enclose, working_precision
from symbolic.problem import CompletenessStatus
from symbolic.solving.elimination import solve_in_simplex
from symbolic.solving.real_roots import equal, less, real_roots_in_unit_interval
from symbolic.solving.resultants import one_sign_on_simplex

F = Fraction
X2 = (F(0), F(0), F(1))
X3 = (F(0), F(0), F(0), F(1))
X3_MINUS_X = (F(0), F(-1), F(0), F(1))
# x^4 - x^2 on [-1, 1], moved to [0, 1]: reflection maps its systems to each other.
EVEN_QUARTIC = (F(0), F(-4), F(20), F(-32), F(16))


def variables(count):
    return fmpz_mpoly_ctx.get([f"t{i + 1}" for i in range(count)], Ordering.lex).gens()


def proved(polynomials):
    result = solve_in_simplex(polynomials)
    assert result.completeness.status is CompletenessStatus.PROVED, result.completeness.reason
    return result.solutions


def holds(number, digits):
    """Whether an exact number agrees with an mpmath number to 30 digits."""
    with working_precision(160):
        return abs(enclose(number, 160) - arb(mpmath.nstr(digits, 40))) < arb("1e-30")


def test_one_variable_finds_each_root_inside_once():
    (t,) = variables(1)
    # Roots 0, 1 (walls), 1/3 twice, sqrt(1/2), -1/2 and 2 outside.
    polynomial = t * (t - 1) * (3 * t - 1) ** 2 * (2 * t**2 - 1) * (2 * t + 1) * (t - 2)
    (first,), (second,) = proved([polynomial])
    assert first == F(1, 3)
    assert isinstance(second, AlgebraicNumber)
    assert second.minimal_polynomial == (-1, 0, 2)
    assert second.lower > 0


def test_roots_of_a_product_of_close_linear_and_quadratic_factors_are_ordered():
    tiny = F(1, 10**40)
    (t,) = variables(1)
    # sqrt(1/2), and rationals just below and above it that no double tells apart from it.
    from math import isqrt

    below = F(isqrt(10**80 // 2), 10**40)
    above = below + tiny
    polynomial = (2 * t**2 - 1) * (10**40 * t - below.numerator * (10**40 // below.denominator))
    polynomial *= 10**40 * t - int(above * 10**40)
    found = [point[0] for point in proved([polynomial])]
    assert found[0] == below
    assert isinstance(found[1], AlgebraicNumber)
    assert found[2] == above


def test_cosine_roots_are_counted_and_in_order():
    # cos(2 pi k / 11) > 0 for k = 1, 2, and its minimal polynomial has degree 5.
    doubled = fmpz_poly.cos_minpoly(11)
    halved = fmpz_poly([int(c) * 2**i for i, c in enumerate(doubled.coeffs())])
    roots = real_roots_in_unit_interval(halved)
    assert len(roots) == 2
    assert less(roots[0], roots[1])
    assert not less(roots[1], roots[0])
    with working_precision(128):
        for root, k in zip(roots, (2, 1), strict=True):
            assert enclose(root, 128).overlaps(arb.cos_pi(arb(2 * k) / 11))
    assert equal(roots[0], roots[0])
    assert not equal(roots[0], roots[1])


@pytest.mark.parametrize("size", [1, 2, 3])
def test_planted_rational_grids_are_recovered_exactly(size):
    random = Random(size)
    ts = variables(size)
    for _ in range(5):
        axes = [sorted({F(random.randrange(-3, 12), random.randrange(1, 12)) for _ in range(3)}) for _ in ts]
        equations = []
        for t, values in zip(ts, axes, strict=True):
            equation = t - t + 1
            for value in values:
                equation = equation * (value.denominator * t - value.numerator)
            equations.append(equation)
        # Unimodular mixing keeps the ideal.
        for i in range(1, size):
            equations[i] += equations[i - 1] * (ts[0] + 2)
        expected = sorted(p for p in product(*axes) if all(a < b for a, b in zip((0, *p), (*p, 1), strict=True)))
        assert list(proved(equations)) == expected


def test_coordinates_are_paired_by_proof_and_not_by_order():
    t1, t2 = variables(2)
    # t1 = 3/10 -+ sqrt(2)/10 and t2 = 1 - t1: of the four tuples of roots three are increasing, two are solutions.
    quadratic = 100 * t1**2 - 60 * t1 + 7
    points = proved([quadratic, t1 + t2 - 1])
    assert len(points) == 2
    for first, second in points:
        assert first.minimal_polynomial == (7, -60, 100)
        assert second.minimal_polynomial == (47, -140, 100)
        with working_precision(128):
            assert (enclose(first, 128) + enclose(second, 128)).overlaps(arb(1))


def test_a_tangency_with_irrational_coordinates_is_proved():
    t1, t2 = variables(2)
    parabola = 4 * t2 - 4 * t1**2 - 1
    tangent = parabola + (2 * t1**2 - 1) ** 2
    ((first, second),) = proved([parabola, tangent])
    assert first.minimal_polynomial == (-1, 0, 2)
    assert second == F(3, 4)


def test_a_missed_tangency_is_refuted_however_narrow():
    t1, t2 = variables(2)
    parabola = 4 * t2 - 4 * t1**2 - 1
    huge = 10**60
    missed = huge * parabola + huge * (2 * t1**2 - 1) ** 2 + 1
    cut = huge * parabola + huge * (2 * t1**2 - 1) ** 2 - 1
    assert proved([parabola, missed]) == ()
    assert len(proved([parabola, cut])) == 2


@pytest.mark.parametrize("ladder", [(128,), (128, 256, 512)], ids=["zero-test", "more-bits"])
def test_solutions_closer_than_the_first_precision_are_not_mixed(ladder, monkeypatch):
    # With one rung the exact zero test has to tell the crossed tuples from the solutions.
    monkeypatch.setattr("symbolic.solving.elimination._LADDER", ladder)
    t1, t2 = variables(2)
    huge = 10**60
    # t1 = 1/3 + t2/huge with t2 = 3/4 -+ sqrt(5)/20: the crossed tuples miss by 1/huge only.
    first, second = proved([3 * huge * t1 - huge - 3 * t2, 100 * t2**2 - 150 * t2 + 55])
    assert less(first[0], second[0])
    assert less(first[1], second[1])
    # t1 = 1/3 -+ sqrt(2)/huge, t2 = 2 t1: both coordinates are close, and the Jacobian nearly singular.
    first, second = proved([huge**2 * (3 * t1 - 1) ** 2 - 18, t2 - 2 * t1])
    assert less(first[0], second[0])
    assert less(first[1], second[1])


def test_a_solution_met_in_several_branches_is_listed_once():
    t1, t2 = variables(2)
    points = proved([(3 * t1 - t2) * (5 * t1 - 1) * (2 * t1 - t2), (t1 + 1 - 2 * t2) * (t1 + t2 - 1)])
    assert points == ((F(1, 5), F(3, 5)), (F(1, 5), F(4, 5)), (F(1, 4), F(3, 4)), (F(1, 3), F(2, 3)))


def test_a_singular_solution_of_three_equations():
    t1, t2, t3 = variables(3)
    equations = [(5 * t1 - 1) ** 2 + (2 * t2 - 1) ** 3, 2 * t2 - 1 - (4 * t3 - 3) ** 2, 4 * t3 - 3 + (5 * t1 - 1) ** 2]
    solutions = proved(equations)
    assert (F(1, 5), F(1, 2), F(3, 4)) in solutions


def test_a_component_of_positive_dimension_is_undecided():
    t1, t2 = variables(2)
    shared = 2 * t1 + 2 * t2 - 1
    result = solve_in_simplex([shared * (3 * t1 - t2), shared * (t1 + 1 - 2 * t2)])
    assert result.completeness.status is CompletenessStatus.UNDECIDED
    assert "positive dimension" in result.completeness.reason
    assert (F(1, 5), F(3, 5)) in result.solutions
    assert solve_in_simplex([t1 - t1, t2 - t1]).completeness.status is CompletenessStatus.UNDECIDED


def test_shared_factors_without_a_zero_inside_do_not_disturb():
    t1, t2 = variables(2)
    shared = t1 * (t1 - t2) * (t2 - 1) ** 2 * (t1**2 + t2 + 3) * (t1 + t2 - 2)
    points = proved([shared * (3 * t1 - t2), shared * (t1 + 1 - 2 * t2)])
    assert points == ((F(1, 5), F(3, 5)),)


def test_one_sign_on_simplex_is_never_wrong_about_a_factor_that_vanishes():
    random = Random(5)
    t1, t2, t3 = variables(3)
    assert all(one_sign_on_simplex(wall) for wall in (t1, t3 - 1, t1 - t2, t3 - t1, t1 - 1))
    for _ in range(40):
        point = sorted(random.sample(range(1, 40), 3))
        triples = zip((t1, t2, t3), point, (t2, t1, t3), strict=True)
        polynomial = sum(random.randrange(-9, 10) * (40 * t - p) * u for t, p, u in triples)
        if polynomial != 0:
            assert not one_sign_on_simplex(polynomial)


def test_a_system_beyond_the_bound_is_undecided_and_says_so():
    result = solve_in_simplex(exact_system(X3, "+-", 2), maximal_degree=10)
    assert result.completeness.status is CompletenessStatus.UNDECIDED
    assert "too large" in result.completeness.reason
    assert result.solutions == ()


def test_the_number_of_equations_must_be_the_number_of_variables():
    t1, _ = variables(2)
    with pytest.raises(ValueError, match="as many polynomials as variables"):
        solve_in_simplex([t1 - 2])
    with pytest.raises(ValueError, match="at least one"):
        solve_in_simplex([])


@pytest.mark.parametrize("knots", [1, 2, 3, 4])
def test_closed_forms_for_the_square(knots):
    assert proved(exact_system(X2, "free", knots)) == (tuple(F(i, knots + 1) for i in range(1, knots + 1)),)
    expected = tuple(F(2 * i - 1, 2 * knots + 1) for i in range(1, knots + 1))
    assert proved(exact_system(X2, "+" * knots, knots)) == (expected,)


@pytest.mark.parametrize("target", [X2, X3, X3_MINUS_X, EVEN_QUARTIC], ids=["x2", "x3", "x3-x", "quartic"])
@pytest.mark.parametrize("leak", [F(0), F(1, 10)], ids=["relu", "leaky"])
def test_every_newton_solution_is_listed_and_every_listed_point_is_a_solution(target, leak):
    for knots in (1, 2):
        for system in systems(knots):
            solutions = proved(exact_system(target, system, knots, leak))
            found = newton_solutions(target, system, knots, leak, starts=40, seed=7)
            for point in found:
                matches = [s for s in solutions if all(map(holds, s, point))]
                assert len(matches) == 1, (system, point)
            for solution in solutions:
                with mpmath.workdps(45):
                    knots_of = [mpmath.mpf(enclose(value, 200).mid().str(45, radius=False)) for value in solution]
                    residual = evaluate(target, system, knots_of, leak, mpmath.mpf).residual
                    assert max(map(abs, residual)) < mpmath.mpf(10) ** -35, (system, knots_of)


def test_three_knots_on_chains_agree_with_newton():
    for system, count in (("free", 9), ("+++", 5), ("---", 5)):
        solutions = proved(exact_system(EVEN_QUARTIC, system, 3))
        assert len(solutions) == count
        found = newton_solutions(EVEN_QUARTIC, system, 3, starts=60, seed=1)
        assert found
        for point in found:
            assert sum(all(map(holds, s, point)) for s in solutions) == 1


def test_reflection_maps_the_solutions_of_a_symmetric_target():
    for pattern, mirrored in (("++", "--"), ("+-", "+-"), ("-+", "-+"), ("free", "free")):
        solutions = proved(exact_system(EVEN_QUARTIC, pattern, 2))
        images = proved(exact_system(EVEN_QUARTIC, mirrored, 2))
        assert len(solutions) == len(images)
        for first, second in solutions:
            with working_precision(128):
                turned = (1 - enclose(second, 128), 1 - enclose(first, 128))
                hits = [i for i in images if all(enclose(a, 128).overlaps(b) for a, b in zip(i, turned, strict=True))]
            assert len(hits) == 1


def test_rational_multiples_and_contexts_do_not_matter():
    context = fmpq_mpoly_ctx.get(["u", "v"], Ordering.degrevlex)
    u, v = context.gens()
    assert proved([(3 * u - v) / 7, (u + 1 - 2 * v) / -5]) == ((F(1, 5), F(3, 5)),)
