"""Surveys: proved counts, closed forms, invariances, the critical point equations themselves, and injected faults."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from flint import arb

from symbolic import IntervalProblem, survey
from symbolic.enclosure import Ball, Number, Rigor, arb_of, enclose, endpoints, working_precision
from symbolic.errors import InsufficientPrecision, InvalidProblem
from symbolic.interval import assembly
from symbolic.interval.functions import IntervalFunction
from symbolic.interval.problem import mirror_pattern
from symbolic.interval.skeletons import FREE, orientations
from symbolic.problem import Cell, Completeness, CompletenessStatus
from symbolic.solving import float_balls
from symbolic.surveys import Survey, plan, solve_cell

UNIT_INTERVAL = ("0", "1")
COUNTS = {
    ("x", UNIT_INTERVAL, "0"): [2, 3, 3, 4],
    ("x**2", UNIT_INTERVAL, "0"): [3, 7, 15, 35],
    ("x**3", UNIT_INTERVAL, "0"): [3, 8, 18, 42],
    ("x**3 - x", UNIT_INTERVAL, "0"): [4, 9, 20, 44],
    ("x", UNIT_INTERVAL, "1/10"): [4, 6, 8, 10],
    ("x**2", UNIT_INTERVAL, "1/10"): [6, 16, 36, 84],
}
_surveys: dict[tuple[str, tuple[str, str], str, int], Survey] = {}


def surveyed(target: str, width: int, domain: tuple[str, str] = UNIT_INTERVAL, leak: str = "0") -> Survey:
    """One survey per problem and width for the whole module."""
    key = (target, domain, leak, width)
    if key not in _surveys:
        known = {cell.key: cell for other, old in _surveys.items() if other[:3] == key[:3] for cell in old.cells}
        _surveys[key] = survey(IntervalProblem.from_text("p", target, domain, leak), width, known=known)
    return _surveys[key]


def lowest(result: Survey) -> Fraction:
    return min(endpoints(enclose(f.loss))[0] for f in result.functions)


@pytest.mark.parametrize(("problem", "counts"), COUNTS.items(), ids=lambda v: v[0] if isinstance(v, tuple) else "")
@pytest.mark.parametrize("width", [1, 2, 3, pytest.param(4, marks=pytest.mark.slow)])
def test_counts_are_proved(problem: tuple[str, tuple[str, str], str], counts: list[int], width: int) -> None:
    target, domain, leak = problem
    result = surveyed(target, width, domain, leak)
    assert result.completeness.status is CompletenessStatus.PROVED
    assert len(result.functions) == counts[width - 1]
    assert all(not f.provisional and f.rigor is not Rigor.NUMERICAL for f in result.functions)


@pytest.mark.parametrize(
    ("target", "losses"),
    [
        ("x**2", ["0.00109739368999", "1.42222222e-4", "3.70216113656e-5"]),
        ("x**3", ["0.00150524903509", "2.11547059108e-4", "5.6982030115e-5"]),
    ],
)
def test_lowest_losses(target: str, losses: list[str]) -> None:
    for width, text in enumerate(losses, start=1):
        assert abs(lowest(surveyed(target, width)) - Fraction(text)) < Fraction(text) / 10**8


def test_closed_forms_of_the_square() -> None:
    """Class A is equally spaced with loss l^5/(180 (m+1)^4); '+^m' has t_i = (2i-1)/(2m+1), loss 16/(180 (2m+1)^4)."""
    by_label = {f.label: f for f in surveyed("x**2", 3).functions}
    for m in range(3):
        f = by_label[f"p:A.{m}.1"]
        assert f.kinks == tuple(Fraction(i, m + 1) for i in range(1, m + 1))
        assert f.loss == Fraction(1, 180 * (m + 1) ** 4)
    for m in range(1, 4):
        f = by_label[f"p:B.{'+' * m}.1"]
        assert f.kinks == tuple(Fraction(2 * i - 1, 2 * m + 1) for i in range(1, m + 1))
        assert f.loss == Fraction(16, 180 * (2 * m + 1) ** 4)
    stretched = {f.label: f for f in surveyed("x**2", 2, ("-1", "1")).functions}
    assert stretched["p:A.1.1"].loss == Fraction(32, 180 * 16)


def test_affine_saddles_in_closed_form() -> None:
    """CJR22 for h = alpha x + beta on [a, b]: even m, q_i = a + i(b-a)/(m+1), loss alpha^2 (b-a)^3/(12 (m+1)^4)."""
    problem = IntervalProblem.from_text("p", "-3*x + 1/2", ("-1", "3/2"))
    result = survey(problem, 6)
    labels = [f.label for f in result.functions]
    assert labels == ["p:B..1", "p:A.0.1", "p:B.+-.1", "p:B.+-+-.1", "p:B.+-+-+-.1"]
    for f in result.functions:
        m = len(f.kinks)
        if f.function_class == "A":
            assert f.loss == 0
            assert f.slopes == (Fraction(-3),)
            continue
        assert f.kinks == tuple(-1 + Fraction(i, m + 1) * Fraction(5, 2) for i in range(1, m + 1))
        assert f.loss == Fraction(9) * Fraction(5, 2) ** 3 / (12 * (m + 1) ** 4)
        jumps = [right - left for left, right in pairwise(f.slopes) if isinstance(left, Fraction)]
        assert all(abs(jump) == Fraction(6, m + 1) for jump in jumps)


@pytest.mark.parametrize("leak", ["1/10", "9/16", "1/2"])
def test_leaky_affine_losses(leak: str) -> None:
    """L = alpha^2 (1-g)^2 (b-a)^3/(12 Omega^4) with Omega = sum of sqrt(1+g) inside, 1 or sqrt(g) at the ends."""
    result = survey(IntervalProblem.from_text("p", "2*x", UNIT_INTERVAL, leak), 4)
    g = Fraction(leak)
    assert len(result.functions) == 10
    for f in result.functions:
        if not f.pattern:
            continue
        m = len(f.pattern)
        with working_precision(200):
            root = arb_of(g).sqrt()
            total = arb_of(1 + g).sqrt() * (m - 1)
            total += arb(1) if f.pattern[0] == "+" else root
            total += arb(1) if f.pattern[-1] == "-" else root
            expected = arb_of(4 * (1 - g) ** 2) / (12 * total**4)
            assert expected.overlaps(enclose(f.loss, 200))
            assert f.rigor is Rigor.EXACT
        assert all(a != b for a, b in pairwise(f.pattern))


def test_constant_target_has_one_function() -> None:
    result = survey(IntervalProblem.from_text("p", "3"), 2)
    assert [(f.label, f.loss, f.offset, f.minimal_width) for f in result.functions] == [("p:A.0.1", 0, 3, 0)]


def residual_moments(problem: IntervalProblem, f: IntervalFunction) -> list[tuple[arb, arb]]:
    """int r and int x r over the pieces of f, from its kinks, slopes and offset alone."""
    ends = [arb_of(problem.domain[0]), *(enclose(k, 300) for k in f.kinks), arb_of(problem.domain[1])]
    value = enclose(f.offset, 300)
    result = []
    for (a, b), slope in zip(pairwise(ends), (enclose(s, 300) for s in f.slopes), strict=True):
        zeroth = value * (b - a) + slope * (b - a) ** 2 / 2
        # int x (value + slope (x - a)) dx
        first = (value - slope * a) * (b**2 - a**2) / 2 + slope * (b**3 - a**3) / 3
        for i, c in enumerate(problem.target):
            zeroth -= arb_of(c) * (b ** (i + 1) - a ** (i + 1)) / (i + 1)
            first -= arb_of(c) * (b ** (i + 2) - a ** (i + 2)) / (i + 2)
        result.append((zeroth, first))
        value = value + slope * (b - a)
    return result


@pytest.mark.parametrize(
    ("target", "domain", "leak"),
    [
        ("x**2", ("0", "1"), "0"),
        ("x**3 - x", ("0", "1"), "0"),
        ("x**3", ("-2", "1/3"), "1/10"),
        ("x**4-x**2", ("-1", "1"), "0"),
    ],
)
def test_every_function_satisfies_the_beam_conditions(target: str, domain: tuple[str, str], leak: str) -> None:
    """int r = 0; K'(t_i) = int_a^{t_i} r = 0 and K(t_i) = int_a^{t_i} (t_i - x) r = -sigma_i M at every kink."""
    problem = IntervalProblem.from_text("p", target, domain, leak)
    sigma = orientations(problem.leak)
    tiny = arb_of(0, Fraction(1, 2**150))
    with working_precision(400):
        for f in survey(problem, 3).functions:
            moments = residual_moments(problem, f)
            total = [sum((pair[k] for pair in moments), arb(0)) for k in (0, 1)]
            assert tiny.contains(total[0].mid())
            assert tiny.contains((total[1] - enclose(f.moment, 300)).mid())
            mass, moment = arb(0), arb(0)
            for i, kink in enumerate(f.kinks):
                mass, moment = mass + moments[i][0], moment + moments[i][1]
                deflection = enclose(kink, 300) * mass - moment
                factor = sigma[f.pattern[i]] if f.pattern else Fraction(0)
                assert tiny.contains(mass.mid())
                assert tiny.contains((deflection + arb_of(factor) * enclose(f.moment, 300)).mid())
            jumps = [enclose(right, 300) - enclose(left, 300) for left, right in pairwise(f.slopes)]
            assert all(not jump.contains(0) for jump in jumps)


def same(a: IntervalFunction, b: IntervalFunction) -> bool:
    return replace(a, problem="", label=a.label.split(":")[1]) == replace(b, problem="", label=b.label.split(":")[1])


def test_functions_at_width_n_are_among_those_at_width_n_plus_1() -> None:
    for narrow, wide in pairwise([1, 2, 3]):
        small, large = surveyed("x**3 - x", narrow).functions, surveyed("x**3 - x", wide).functions
        assert set(small) <= set(large)
        assert all(f.minimal_width == wide for f in set(large) - set(small))


def test_no_function_is_listed_twice() -> None:
    for target, domain in (("x**2", ("0", "1")), ("x**4-x**2", ("-1", "1"))):
        functions = surveyed(target, 3, domain).functions
        assert len({f.label for f in functions}) == len(functions)
        for i, f in enumerate(functions):
            for g in functions[:i]:
                if not f.kinks:
                    continue
                assert len(f.kinks) != len(g.kinks) or any(
                    not enclose(s, 200).overlaps(enclose(t, 200)) for s, t in zip(f.kinks, g.kinks, strict=True)
                ), (f.label, g.label)


def test_even_target_realizes_symmetric_class_a_functions_at_width_m() -> None:
    """On [-1, 1] the symmetric patterns have M = 0 at symmetric solutions: class A, minimal width m, counted once."""
    by_label = {f.label: f for f in surveyed("x**2", 3, ("-1", "1")).functions}
    assert by_label["p:A.0.1"].minimal_width == 0
    assert "p:B..1" not in by_label
    assert by_label["p:A.2.1"].realizations == ("+-", "-+")
    assert by_label["p:A.2.1"].minimal_width == 2
    assert by_label["p:A.1.1"].minimal_width == 2


def test_affine_equivalence() -> None:
    """h -> 5 - 2 h(1 - (x-3)/4): kinks mirrored and stretched, slopes times 1/2, loss times 16, moment times 32."""
    plain = survey(IntervalProblem.from_text("p", "x**3 - x"), 2)
    moved = survey(IntervalProblem.from_text("q", "5 - 2*((1-(x-3)/4)**3 - (1-(x-3)/4))", ("3", "7")), 2)
    assert len(plain.functions) == len(moved.functions)

    def name(f: IntervalFunction, mirrored: bool) -> tuple[str, str]:
        pattern = f.pattern or ""
        return f.function_class, mirror_pattern(pattern) if mirrored else pattern

    for f in plain.functions:
        partners = [
            g
            for g in moved.functions
            if name(g, True) == name(f, False)
            and len(g.kinks) == len(f.kinks)
            and enclose(g.loss).overlaps(enclose(f.loss) * 16)
        ]
        assert len(partners) == 1
        g = partners[0]
        for s, t in zip(f.kinks, reversed(g.kinks), strict=True):
            assert (7 - 4 * enclose(s)).overlaps(enclose(t))
        for s, t in zip(f.slopes, reversed(g.slopes), strict=True):
            assert (enclose(s) / 2).overlaps(enclose(t))
        assert (enclose(f.moment) * 32).overlaps(enclose(g.moment))
        assert g.minimal_width == f.minimal_width


def test_reflection_of_a_symmetric_problem_agrees_with_solving_both() -> None:
    problem = IntervalProblem.from_text("p", "x**4 - x**2", ("-1", "1"))
    canonical, _ = problem.canonical()
    assert canonical.symmetric
    cells = {cell.key: cell for cell in surveyed("x**4 - x**2", 3, ("-1", "1")).cells}
    reflected = [key for key, cell in cells.items() if cell.method == "reflection"]
    assert len(reflected) == 6
    for key in reflected[:4]:
        assert solve_cell(canonical, key).roots == cells[key].roots


def test_results_do_not_depend_on_the_executor() -> None:
    problem = IntervalProblem.from_text("p", "x**2")
    with ThreadPoolExecutor(1) as executor:
        assert survey(problem, 2, executor=executor).functions == surveyed("x**2", 2).functions


def test_known_cells_are_not_solved_again() -> None:
    problem = IntervalProblem.from_text("p", "x**2")
    first = surveyed("x**2", 2)
    seen: list[Cell] = []
    again = survey(problem, 2, known={cell.key: cell for cell in first.cells}, on_cell=seen.append)
    assert again.functions == first.functions
    assert seen == []


def test_plan_lists_every_system() -> None:
    assert len(plan(IntervalProblem.from_text("p", "x**2"), 3)) == 3 + 2 + 4 + 8
    assert plan(IntervalProblem.from_text("p", "x"), 3) == ()
    for width in (0, -1, 13, 10**9):
        with pytest.raises(InvalidProblem, match="width"):
            plan(IntervalProblem.from_text("p", "x"), width)


def test_a_budget_of_no_time_is_said_aloud() -> None:
    result = survey(IntervalProblem.from_text("p", "x**2"), 2, seconds_per_cell=0.0)
    assert result.completeness.status is CompletenessStatus.UNDECIDED
    assert "budget" in result.completeness.reason
    assert all(f.provisional for f in result.functions if f.kinks)
    assert all(cell.open_boxes for cell in result.cells)


def test_the_name_survey_is_the_function_whatever_was_imported_before() -> None:
    import symbolic
    import symbolic.surveys

    assert symbolic.survey is symbolic.surveys.survey


def test_the_quadratic_activation_has_its_own_list() -> None:
    """The mean of h, and h itself from width 2 on (CJR22)."""
    problem = IntervalProblem("q", (Fraction(1), Fraction(3)), activation="quadratic")
    narrow, wide = survey(problem, 1), survey(problem, 3)
    assert [(f.label, f.loss) for f in narrow.functions] == [("q:B..1", Fraction(9, 12))]
    assert [(f.label, f.loss, f.minimal_width) for f in wide.functions] == [
        ("q:B..1", Fraction(9, 12), 0),
        ("q:A.0.1", 0, 2),
    ]


def test_a_number_on_a_rounding_boundary_is_a_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(ball: arb, unit: Fraction) -> Ball:
        raise InsufficientPrecision("the enclosure is too wide to be rounded")

    monkeypatch.setattr(assembly, "_rounded", refuse)
    result = survey(IntervalProblem.from_text("p", "x**3"), 1)
    assert result.completeness.status is CompletenessStatus.UNDECIDED
    assert "rounded" in result.completeness.reason


def test_missing_slack_makes_the_survey_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(float_balls, "UNIT", 0.0)
    result = survey(IntervalProblem.from_text("p", "x**2"), 1)
    assert result.completeness.status is CompletenessStatus.UNDECIDED
    assert "enclosure" in result.completeness.reason


def test_a_tampered_cell_is_noticed() -> None:
    problem = IntervalProblem.from_text("p", "x**3 - x")
    cells = {cell.key: cell for cell in surveyed("x**3 - x", 2).cells}
    victim = next(cell for cell in cells.values() if cell.roots and cell.system != FREE)
    moved = tuple(value + Fraction(1, 2**100) for value in victim.roots[0])
    altered = dict(cells)
    altered[victim.key] = replace(victim, roots=(moved, *victim.roots[1:]))
    assert survey(problem, 2, known=altered).completeness.status is CompletenessStatus.UNDECIDED
    missing = dict(cells)
    undecided = Completeness(CompletenessStatus.UNDECIDED, "stopped by hand")
    missing[victim.key] = replace(victim, completeness=undecided)
    result = survey(problem, 2, known=missing)
    assert "stopped by hand" in result.completeness.reason
    assert any(f.label.endswith("?") for f in result.functions)


def test_certified_numbers_are_on_the_grid_and_hold_the_refined_value() -> None:
    def check(number: Number, step: Fraction) -> None:
        if isinstance(number, Ball):
            assert number.radius == step
            assert (number.center / step).denominator == 1

    found = 0
    for f in surveyed("x**3", 3).functions:
        found += f.rigor is Rigor.CERTIFIED
        for number in (*f.kinks, f.loss, f.moment):
            check(number, Fraction(1, 2**192))
    assert found > 5
