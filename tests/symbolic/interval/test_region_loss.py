"""Loss, gradient and Hessian of every region against exact rational integration of the network's definition."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from itertools import combinations_with_replacement, permutations, product
from pathlib import Path

import pytest
from oracles import region_quadrature as oracle
from sympy import Expr, Integer, Poly, Rational, Symbol, diff, expand, parse_expr, together

from symbolic.errors import InvalidProblem
from symbolic.interval import loss as exact
from symbolic.interval.orderings import Region, adjacency, locate, regions
from symbolic.interval.problem import IntervalProblem

PROBLEMS = (
    IntervalProblem.from_text("line", "2*x - 1/3"),
    IntervalProblem.from_text("x2", "x**2", ("-1", "1")),
    IntervalProblem.from_text("quintic", "x**5 - 3*x**3/2 + x/7 - 1", ("-1/3", "2")),
    IntervalProblem.from_text("zero", "0", ("1", "4/3"), "1/2"),
    IntervalProblem.from_text("leaky", "x**3 - x", ("-2", "1/5"), "1/10"),
)
QUINTIC, LEAKY = PROBLEMS[2], PROBLEMS[4]
SAMPLE = [Region.from_label(f"r:{word}") for word in ("+-+-", "-++a", "--+i", "+aai", "-+ai", "aaii", "++--")]


def number(value: Expr) -> Fraction:
    rational = Rational(value)
    return Fraction(int(rational.p), int(rational.q))


def rational(value: Fraction) -> Rational:
    return Rational(value.numerator, value.denominator)


def at(expression: Expr, network: oracle.Network) -> Fraction:
    return number(expression.xreplace({Symbol(k): rational(v) for k, v in network.parameters().items()}))


def network_in(region, problem, seed):
    source = random.Random(f"{problem.name} {region.label} {seed}")
    return oracle.random_network(source, region.neurons, problem.target, problem.domain, problem.leak)


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)
@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_loss_equals_quadrature(problem, n):
    setting = exact.setting_of(problem)
    for region in regions(n) if n < 4 else SAMPLE:
        formula = exact.loss(region, setting)
        for seed in range(3):
            network = network_in(region, problem, seed)
            assert locate(network.w, network.b, problem.domain)[0] == region.face
            assert at(formula, network) == oracle.loss(network)


@pytest.mark.parametrize("problem", [QUINTIC, LEAKY], ids=lambda problem: problem.name)
@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_gradient_and_hessian_equal_weak_derivatives(problem, n):
    setting = exact.setting_of(problem)
    every = 3 if (problem, n) == (LEAKY, 3) else 1
    for region in regions(n)[::every] if n < 4 else SAMPLE[:2]:
        network = network_in(region, problem, 7)
        symbols = exact.parameters(region)
        names = [symbol.name for symbol in symbols]
        assert sorted(names) == sorted(network.parameters())
        slopes, curvatures = oracle.gradient(network), oracle.hessian(network)
        formulas = exact.gradient(region, setting)
        assert [at(formula, network) for formula in formulas] == [slopes[name] for name in names]
        matrix = exact.hessian(region, setting)
        assert matrix.shape == (len(names), len(names))
        for (i, one), (j, other) in product(enumerate(names), repeat=2):
            assert at(matrix[i, j], network) == curvatures[one, other]


@pytest.mark.parametrize("label", ["r:+-", "r:-a", "r:+i", "r:++", "r:--+"])
def test_gradient_and_hessian_are_the_derivatives_of_the_loss(label):
    region, setting = Region.from_label(label), exact.affine_setting(Symbol("g"))
    for symbols, value, slopes, matrix in (
        (
            exact.parameters(region),
            exact.loss(region, setting),
            exact.gradient(region, setting),
            exact.hessian(region, setting),
        ),
        (
            exact.reduced_coordinates(region, setting.leak),
            exact.reduced_loss(region, setting),
            exact.reduced_gradient(region, setting),
            exact.reduced_hessian(region, setting),
        ),
    ):
        for i, one in enumerate(symbols):
            assert together(diff(value, one) - slopes[i]).expand() == 0
            for j, other in enumerate(symbols):
                assert together(diff(slopes[i], other) - matrix[i, j]).expand() == 0


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)
def test_reduced_loss_is_the_loss_and_a_polynomial(problem):
    setting = exact.setting_of(problem)
    for region in (*regions(1), *regions(2), *SAMPLE):
        coordinates = exact.reduced_coordinates(region, setting.leak)
        reduced = exact.reduced_loss(region, setting)
        assert reduced.free_symbols <= set(coordinates)
        Poly(reduced, *coordinates)  # raises if it is not a polynomial in them
        values = exact.reduction(region, setting.leak)
        assert tuple(values) == coordinates
        network = network_in(region, problem, 1)
        there = {symbol: rational(at(value, network)) for symbol, value in values.items()}
        assert number(reduced.xreplace(there)) == oracle.loss(network)
        # The chain rule of the docstring, against the independent gradient.
        slopes = oracle.gradient(network)
        along = dict(zip(coordinates, exact.reduced_gradient(region, setting), strict=True))
        reduced_slopes = {symbol.name: number(value.xreplace(there)) for symbol, value in along.items()}
        assert reduced_slopes["d"] == slopes["c"]
        for j, state in enumerate(region.neurons, start=1):
            w, b, v = network.w[j - 1], network.b[j - 1], network.v[j - 1]
            if state in "+-":
                by_u, by_t = reduced_slopes[f"u{j}"], reduced_slopes[f"t{j}"]
                expected = (v * by_u + b / w**2 * by_t, -by_t / w, w * by_u)
            else:
                scale = 1 if state == "active" else problem.leak
                by_s = reduced_slopes.get("s", Fraction(0))
                by_d = reduced_slopes["d"]
                expected = (scale * v * by_s, scale * v * by_d, scale * (w * by_s + b * by_d))
            assert expected == (slopes[f"w{j}"], slopes[f"b{j}"], slopes[f"v{j}"])


def test_reduced_coordinates_have_a_slope_only_where_something_is_affine():
    names = {
        (label, leak): [s.name for s in exact.reduced_coordinates(Region.from_label(label), leak)]
        for label in ("r:+-", "r:-i", "r:+a", "r:ii")
        for leak in (0, Fraction(1, 10))
    }
    assert names["r:+-", 0] == names["r:+-", Fraction(1, 10)] == ["t1", "t2", "u1", "u2", "d"]
    assert names["r:-i", 0] == ["t1", "u1", "d"]
    assert names["r:-i", Fraction(1, 10)] == ["t1", "u1", "s", "d"]
    assert names["r:+a", 0] == ["t1", "u1", "s", "d"]
    assert (names["r:ii", 0], names["r:ii", Fraction(1, 10)]) == (["d"], ["s", "d"])


@pytest.mark.parametrize("leak", [0, Fraction(1, 10), Symbol("g")])
def test_symbolic_ends_and_slopes_become_numbers(leak):
    value = Fraction(2, 5) if isinstance(leak, Symbol) else Fraction(leak)
    problem = IntervalProblem("p", (Fraction(2, 3), Fraction(-7, 4)), (Fraction(-1, 2), Fraction(5, 3)), value)
    numbers = {"alpha": problem.target[1], "beta": problem.target[0], "g": value}
    numbers |= {"a": problem.domain[0], "b": problem.domain[1]}
    rule = {Symbol(name): rational(number_) for name, number_ in numbers.items()}
    symbolic, plain = exact.affine_setting(leak), exact.setting_of(problem)
    for region in (*regions(1), *regions(2)[3:9], SAMPLE[3]):
        formula = exact.loss(region, symbolic)
        network = network_in(region, problem, 3)
        assert at(formula.subs(rule), network) == oracle.loss(network)
        slopes = oracle.gradient(network)
        for symbol, slope in zip(exact.parameters(region), exact.gradient(region, symbolic), strict=True):
            assert at(slope.subs(rule), network) == slopes[symbol.name]
        difference = exact.reduced_loss(region, symbolic).subs(rule) - exact.reduced_loss(region, plain)
        assert expand(difference) == 0


# Walls: the two formulas, written in the numbering of one side.


def swapped(symbols, i):
    """Exchanges the numbers i and i + 1 in coordinates such as t1, u1."""
    moved = {str(i): str(i + 1), str(i + 1): str(i)}
    names = [s.name[0] + moved.get(s.name[1:], s.name[1:]) for s in symbols]
    return dict(zip(symbols, map(Symbol, names), strict=True))


@pytest.mark.parametrize("setting", [exact.setting_of(QUINTIC), exact.affine_setting(Symbol("g"))], ids=["q", "g"])
@pytest.mark.parametrize("marks", ["++", "+-", "-+", "--"])
@pytest.mark.parametrize(("left", "right"), [("", ""), ("-", "+"), ("+", "-a")])
def test_across_a_tie_the_formulas_differ_by_a_cube(setting, marks, left, right):
    # On the region i = 1 + len(left) comes before j = i + 1; on the other side the roles are exchanged.
    i = len(left) + 1
    here = Region.from_label(f"r:{left}{marks}{right}")
    there = Region.from_label(f"r:{left}{marks[::-1]}{right}")
    beyond = exact.reduced_loss(there, setting).xreplace(
        swapped(exact.reduced_coordinates(there, setting.leak), i)
    )
    difference = exact.reduced_loss(here, setting) - beyond
    first, second = (Symbol(f"t{i}"), Symbol(f"u{i}")), (Symbol(f"t{i + 1}"), Symbol(f"u{i + 1}"))
    # D = (1 - g) v |w|, u = v w.
    pairs = zip((first, second), marks, strict=True)
    jumps = [(1 - setting.leak) * (u if mark == "+" else -u) for (_, u), mark in pairs]
    assert expand(difference + jumps[0] * jumps[1] * (first[0] - second[0]) ** 3 / 3) == 0


def on_wall(wall, problem, seed):
    """A rational network on the wall, with the numbers its neurons have in the regions on both sides."""
    source = random.Random(f"{wall.face.label} {seed}")
    first, second = wall.regions
    network = oracle.random_network(source, first.neurons, problem.target, problem.domain, problem.leak)
    breakpoints = [-b / w for w, b in zip(network.w, network.b, strict=True)]
    numbers = list(range(first.width))
    w, b = list(network.w), list(network.b)
    if wall.kind == "tie":
        i = next(k for k, tie in enumerate(wall.face.ties) if len(tie) == 2)
        b[i + 1] = -w[i + 1] * breakpoints[i]
        numbers[i], numbers[i + 1] = i + 1, i
    else:
        i = 0 if wall.kind == "start" else len(first.word) - 1
        b[i] = -w[i] * problem.domain[wall.kind == "end"]
        others = [j for j in range(first.width) if j != i]
        place = len(first.word) - 1 + (0 if second.active > first.active else second.active)
        numbers = [*others[:place], i, *others[place:]]
    return replace(network, w=tuple(w), b=tuple(b)), numbers


@pytest.mark.parametrize("problem", [QUINTIC, LEAKY], ids=lambda problem: problem.name)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_formulas_agree_on_walls_to_the_claimed_order_and_no_further(problem, n):
    setting = exact.setting_of(problem)
    for wall in adjacency(n):
        network, numbers = on_wall(wall, problem, 2)
        assert locate(network.w, network.b, problem.domain)[0] == wall.face
        renumbered = replace(
            network,
            **{letter: tuple(getattr(network, letter)[j] for j in numbers) for letter in "wbv"},
        )
        one, other = wall.regions
        value = oracle.loss(network)
        assert at(exact.loss(one, setting), network) == at(exact.loss(other, setting), renumbered) == value
        slopes = oracle.gradient(network)
        for region, point, names in ((one, network, range(n)), (other, renumbered, numbers)):
            expected = [slopes[f"{letter}{j + 1}"] for letter in "wbv" for j in names] + [slopes["c"]]
            assert [at(slope, point) for slope in exact.gradient(region, setting)] == expected
        if n < 3:
            here = exact.hessian(one, setting)
            there = exact.hessian(other, setting)
            places = [[*range(n), *numbers].index(j, n) - n for j in range(n)]
            order = [k * n + place for k in range(3) for place in places] + [3 * n]
            size = range(3 * n + 1)
            equal = all(
                at(here[i, j], network) == at(there[order[i], order[j]], renumbered) for i in size for j in size
            )
            assert equal == (wall.smoothness == 2)


def test_passing_an_end_costs_the_stated_square():
    # Side with the breakpoint inside minus the other: +-D r(e) (t - e)^2 + O((t - e)^3), D = v |w| (1 - g).
    setting = exact.setting_of(LEAKY)
    problem = LEAKY
    for wall in adjacency(1):
        mark = wall.regions[0].word
        w = Integer(1 if mark == "+" else -1)
        t, v, c = Symbol("t"), Symbol("v1"), Symbol("c")
        rule = {Symbol("w1"): w, Symbol("b1"): -w * t}
        inside, outside = (exact.loss(region, setting).xreplace(rule) for region in wall.regions)
        end = rational(problem.domain[wall.kind == "end"])
        step = Symbol("step")
        series = Poly(expand((inside - outside).subs(t, end + step)), step).all_coeffs()[::-1]
        assert series[:2] == [0, 0]
        at_end = sum(rational(h) * end**k for k, h in enumerate(problem.target))
        # With t at the end the neuron is 0 there, so that f = c.
        size = (1 - rational(problem.leak)) * v * (c - at_end)
        assert expand(series[2] - size) == 0 or expand(series[2] + size) == 0


def test_permuting_and_rescaling_keep_the_loss():
    source = random.Random(8)
    for problem in (QUINTIC, LEAKY):
        setting = exact.setting_of(problem)
        for region in (*regions(2), *regions(3)):
            network = network_in(region, problem, 4)
            formula = exact.loss(region, setting)
            factors = [oracle.random_rational(source, Fraction(0), Fraction(5)) for _ in region.neurons]
            scaled = replace(
                network,
                w=tuple(s * w for s, w in zip(factors, network.w, strict=True)),
                b=tuple(s * b for s, b in zip(factors, network.b, strict=True)),
                v=tuple(v / s for s, v in zip(factors, network.v, strict=True)),
            )
            assert at(formula, scaled) == at(formula, network)
            for order in permutations(range(region.width)):
                moved = replace(
                    network, **{letter: tuple(getattr(network, letter)[j] for j in order) for letter in "wbv"}
                )
                face, numbers = locate(moved.w, moved.b, problem.domain)
                assert face == region.face
                back = replace(
                    moved, **{letter: tuple(getattr(moved, letter)[j - 1] for j in numbers) for letter in "wbv"}
                )
                assert at(formula, back) == at(formula, network)


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)
def test_text_reads_back_to_the_same_expression(problem):
    for region in (*regions(1), *regions(2), *regions(3), *SAMPLE):
        formula = exact.loss(region, exact.setting_of(problem))
        text = exact.loss_text(region, problem)
        assert parse_expr(text) == formula
        names = {symbol.name for symbol in formula.free_symbols}
        assert names <= {symbol.name for symbol in exact.parameters(region)}
        assert len(text) < 3200


def test_text_of_one_neuron():
    problem = IntervalProblem.from_text("x2", "x**2")
    assert exact.loss_text(Region("", 0, 1), problem) == "c**2 - 2*c/3 + 1/5"
    assert parse_expr(exact.loss_text(Region("", 1, 0), problem)).subs("c", 0).subs("v1", 1).expand() == parse_expr(
        "w1**2/3 + w1*b1 + b1**2 - w1/2 - 2*b1/3 + 1/5"
    )


def test_text_is_the_same_in_every_run():
    code = (
        "from symbolic.interval.loss import loss_text\n"
        "from symbolic.interval.orderings import regions\n"
        "from symbolic.interval.problem import IntervalProblem\n"
        "problem = IntervalProblem.from_text('p', 'x**3 - x', ('-2', '1/5'), '1/10')\n"
        "print([loss_text(region, problem) for region in regions(2)])\n"
    )
    root = Path(__file__).parents[3]
    texts = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "12345")
    }
    assert len(texts) == 1


def test_quadratic_activation_has_no_regions():
    problem = IntervalProblem("q", (Fraction(0), Fraction(1)), activation="quadratic")
    with pytest.raises(InvalidProblem):
        exact.loss_text(Region("+", 0, 0), problem)


def test_oracle_agrees_with_differences_of_its_own_loss():
    # In (v, c) the loss is quadratic, so that central differences of any step are exact.
    network = network_in(Region("-+", 1, 1), LEAKY, 9)
    slopes, curvatures = oracle.gradient(network), oracle.hessian(network)

    def moved(steps):
        v = tuple(value + steps.get(f"v{j}", 0) for j, value in enumerate(network.v, start=1))
        return oracle.loss(replace(network, v=v, c=network.c + steps.get("c", 0)))

    names = ["v1", "v2", "v3", "v4", "c"]
    for name in names:
        assert (moved({name: Fraction(1, 3)}) - moved({name: Fraction(-1, 3)})) * Fraction(3, 2) == slopes[name]
    for one, other in combinations_with_replacement(names, 2):
        if one == other:
            second = moved({one: 1}) - 2 * moved({}) + moved({one: -1})
        else:
            second = moved({one: 1, other: 1}) - moved({one: 1}) - moved({other: 1}) + moved({})
        assert second == curvatures[one, other]
