"""From the solutions of the systems to the list of critical functions, in the coordinates of the problem.

A solution is a critical function if all its jumps are proved not to vanish. A solution of a pattern with M = 0 is a
function of class A that one neuron per kink can realize; it is matched with the solution of the free system that it
is. Whatever cannot be decided is said in the list of doubts, and makes the survey undecided.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from flint import arb

from symbolic.enclosure import Ball, Number, Rigor, Verdict, arb_of, endpoints, is_exact, working_precision
from symbolic.errors import InsufficientPrecision
from symbolic.exact.number_field import NumberField
from symbolic.interval.affine import critical_patterns, kinks_on_unit_interval
from symbolic.interval.functions import IntervalFunction
from symbolic.interval.located import BITS, LocatedSolution, exact_solution, is_zero, locate, satisfies_pattern
from symbolic.interval.problem import AffineTransport, CanonicalProblem, IntervalProblem, mirror_pattern
from symbolic.interval.realization import RealizedFunction, Values, carry
from symbolic.interval.skeletons import FREE, GRID_BITS, SkeletonSystem, T
from symbolic.problem import Cell


@dataclass
class Assembly:
    """Critical functions found so far, and the doubts: sentences that each name something undecided."""

    functions: list[IntervalFunction] = field(default_factory=list)
    realized: dict[str, RealizedFunction] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)


def patterns(knots: int) -> tuple[str, ...]:
    """The 2^m orientation patterns of m knots, '+' first."""
    return tuple("".join(marks) for marks in itertools.product("+-", repeat=knots))


def assemble(problem: IntervalProblem, width: int, cells: Mapping[tuple[int, str], Cell]) -> Assembly:
    """All critical functions of minimal width <= `width`, from the solved cells of the canonical problem.

    Args:
        cells: by (knots, system) in the orientation of the canonical problem; a missing one is a doubt.
    """
    if problem.degree <= 1:
        return _assemble_affine(problem, width)
    canonical, transport = problem.canonical()
    result = Assembly()
    _add_best_fits(problem, canonical, transport, result)
    for knots in range(1, width + 1):
        free = _solutions(canonical, cells, knots, FREE, result)
        realized = _add_class_a(problem, canonical, transport, knots, width, free, result)
        for pattern in patterns(knots):
            solutions = _solutions(canonical, cells, knots, pattern, result)
            _add_class_b(problem, transport, pattern, solutions, realized, result)
    result.functions.sort(key=lambda f: f.minimal_width)
    return result


def _add_best_fits(
    problem: IntervalProblem, canonical: CanonicalProblem, transport: AffineTransport, result: Assembly
) -> None:
    """m = 0: the best affine function (A, width 1) and the best constant (B, width 0), one and the same if its slope
    is 0."""
    affine = exact_solution(SkeletonSystem(canonical, 0, FREE), [], NumberField(Fraction(1)))
    constant = exact_solution(SkeletonSystem(canonical, 0, ""), [], NumberField(Fraction(1)))
    level = satisfies_pattern(affine, "", False) is Verdict.YES
    if level:
        _add(result, problem, transport, affine, label="A.0.1", minimal_width=0, realizations=("",))
        return
    _add(result, problem, transport, affine, label="A.0.1", minimal_width=1)
    _add(result, problem, transport, constant, label="B..1", minimal_width=0, pattern="")


def _assemble_affine(problem: IntervalProblem, width: int) -> Assembly:
    """Targets of degree at most 1, in closed form (`symbolic.interval.affine`)."""
    result = Assembly()
    if problem.degree == 0:
        zero = Fraction(0)
        numbers = Values[Number]((), (zero,), problem.target[0], zero, zero)
        result.functions.append(_function(problem, numbers, label="A.0.1", minimal_width=0, realizations=("",)))
        return result
    canonical, transport = problem.canonical()
    _add_best_fits(problem, canonical, transport, result)
    if problem.activation == "quadratic":
        # Only the mean of h and h itself (symbolic.interval.strata.quadratic); h needs two neurons.
        result.functions = [replace(f, minimal_width=2 if f.function_class == "A" else 0) for f in result.functions]
        result.functions = [f for f in result.functions if f.minimal_width <= width]
        result.functions.sort(key=lambda f: f.minimal_width)
        return result
    for knots in range(1, width + 1):
        for pattern in critical_patterns(knots, problem.leak):
            skeleton = SkeletonSystem(canonical, knots, pattern)
            kinks = kinks_on_unit_interval(pattern, problem.leak)
            solution = exact_solution(skeleton, kinks, kinks[0].field)
            _add_class_b(problem, transport, pattern, ([solution], True), {pattern: []}, result)
    result.functions.sort(key=lambda f: f.minimal_width)
    return result


def _solutions(
    canonical: CanonicalProblem, cells: Mapping[tuple[int, str], Cell], knots: int, system: str, result: Assembly
) -> tuple[list[LocatedSolution], bool]:
    """The certified solutions of one cell, and whether they are all; doubts are noted."""
    cell = cells.get((knots, system))
    if cell is None:
        result.doubts.append(f"system {system} with {knots} knots was not solved")
        return [], False
    complete = cell.completeness.proved
    if not complete:
        result.doubts.append(f"system {system} with {knots} knots: {cell.completeness.reason}")
    skeleton = SkeletonSystem(canonical, knots, system)
    found = []
    for root in cell.roots:
        try:
            found.append(locate(skeleton, root))
        except InsufficientPrecision as error:
            complete = False
            result.doubts.append(f"system {system} with {knots} knots: {error}")
    return found, complete


def _jumps_vanish(solution: LocatedSolution) -> Verdict:
    """Whether some jump of slope is 0: then the solution is no function with this many kinks."""
    exact = solution.exact_profile
    undecided = False
    for index, ball in enumerate(solution.profile.jumps):
        verdict = is_zero(ball, None if exact is None else exact.jumps[index])
        if verdict is Verdict.YES:
            return verdict
        undecided = undecided or verdict is Verdict.UNDECIDED
    return Verdict.UNDECIDED if undecided else Verdict.NO


def _place(solution: LocatedSolution) -> str:
    return "(" + ", ".join(f"{float(value):.12g}" for value in solution.center) + ")"


def _add_class_a(
    problem: IntervalProblem,
    canonical: CanonicalProblem,
    transport: AffineTransport,
    knots: int,
    width: int,
    free: tuple[list[LocatedSolution], bool],
    result: Assembly,
) -> dict[str, list[LocatedSolution]]:
    """Class-A functions with `knots` kinks; returns the free solutions that satisfy each pattern's slope equation."""
    solutions, complete = free
    even = canonical.symmetric and canonical.degree % 2 == 0
    realized: dict[str, list[LocatedSolution]] = {pattern: [] for pattern in patterns(knots)}
    accepted = []
    for solution in solutions:
        coincidences: list[str] = []
        for pattern in patterns(knots):
            verdict = satisfies_pattern(solution, pattern, even)
            if verdict is Verdict.YES:
                coincidences.append(pattern)
                realized[pattern].append(solution)
            elif verdict is Verdict.UNDECIDED:
                complete = False
                result.doubts.append(
                    f"whether pattern {pattern} realizes the class-A solution {_place(solution)} at width {knots}"
                )
        vanish = _jumps_vanish(solution)
        if vanish is Verdict.UNDECIDED:
            complete = False
            result.doubts.append(f"whether a jump of the class-A solution {_place(solution)} vanishes")
        elif vanish is Verdict.NO:
            accepted.append((solution, tuple(coincidences)))
    ordered, all_rounded = _in_label_order(accepted, transport, result)
    complete = complete and all_rounded
    for number, (solution, realizing) in enumerate(ordered, start=1):
        minimal = knots if realizing else knots + 1
        if minimal > width:
            continue
        shown = tuple(sorted(mirror_pattern(p) if transport.reflected else p for p in realizing))
        _add(
            result,
            problem,
            transport,
            solution,
            label=f"A.{knots}.{number}",
            minimal_width=minimal,
            realizations=shown,
            provisional=not complete,
        )
    return realized


def _add_class_b(
    problem: IntervalProblem,
    transport: AffineTransport,
    pattern: str,
    found: tuple[list[LocatedSolution], bool],
    realized: Mapping[str, Sequence[LocatedSolution]],
    result: Assembly,
) -> None:
    """Class-B functions of one pattern: M proved not 0, every jump proved not 0."""
    solutions, complete = found
    accepted: list[tuple[LocatedSolution, tuple[str, ...]]] = []
    for solution in solutions:
        exact = solution.exact_profile
        flat = is_zero(solution.profile.slope_sum, None if exact is None else exact.slope_sum)
        if flat is not Verdict.NO:
            if not any(other.is_same(solution) for other in realized[pattern]):
                complete = False
                result.doubts.append(f"whether M = 0 at the solution {_place(solution)} of pattern {pattern}")
            continue
        vanish = _jumps_vanish(solution)
        if vanish is Verdict.UNDECIDED:
            complete = False
            result.doubts.append(f"whether a jump of the solution {_place(solution)} of pattern {pattern} vanishes")
        elif vanish is Verdict.NO:
            accepted.append((solution, ()))
    shown = mirror_pattern(pattern) if transport.reflected else pattern
    ordered, all_rounded = _in_label_order(accepted, transport, result)
    complete = complete and all_rounded
    for number, (solution, _) in enumerate(ordered, start=1):
        _add(
            result,
            problem,
            transport,
            solution,
            label=f"B.{shown}.{number}",
            minimal_width=len(pattern),
            pattern=shown,
            provisional=not complete,
        )


def _in_label_order(
    solutions: list[tuple[LocatedSolution, tuple[str, ...]]], transport: AffineTransport, result: Assembly
) -> tuple[list[tuple[LocatedSolution, tuple[str, ...]]], bool]:
    """By loss, then by kinks from left to right in the problem's own direction, both rounded to the grid.

    The order is a definition made of rounded numbers, the same on every machine; it claims nothing about equal losses.
    A solution that cannot be rounded is left out with a doubt, and the answer says so.
    """
    keyed = []
    for item in solutions:
        solution = item[0]
        try:
            kinks = [_rounded(ball, Fraction(1)).center for ball in solution.balls]
            loss = _rounded(solution.profile.loss, Fraction(1)).center
        except InsufficientPrecision as error:
            result.doubts.append(f"the solution {_place(solution)}: {error}")
            continue
        if transport.reflected:
            kinks = [1 - value for value in reversed(kinks)]
        keyed.append(((loss, tuple(kinks)), item))
    keyed.sort(key=lambda pair: pair[0])
    return [item for _, item in keyed], len(keyed) == len(solutions)


def _rounded(ball: arb, unit: Fraction) -> Ball:
    """The canonical ball of a number: centre correctly rounded to multiples of step = 2^-GRID_BITS unit, radius step.

    Raises:
        InsufficientPrecision: the enclosure straddles a rounding boundary.
    """
    step = unit / 2**GRID_BITS
    low, high = endpoints(ball)
    if round(low / step) != round(high / step):
        raise InsufficientPrecision("the enclosure is too wide to be rounded")
    return Ball(round(low / step) * step, step)


def _power_of_two_above(value: Fraction) -> Fraction:
    exponent = 0
    while Fraction(2) ** exponent < value:
        exponent += 1
    while Fraction(2) ** (exponent - 1) >= value:
        exponent -= 1
    return Fraction(2) ** exponent


def _add(
    result: Assembly, problem: IntervalProblem, transport: AffineTransport, solution: LocatedSolution, **facts: Any
) -> None:
    """Add the function of a solution, in the coordinates of the problem, exact where the solution is."""
    exact, field = solution.exact_profile, solution.field
    numbers: Values[Number]
    if exact is not None and field is not None and solution.exact is not None:
        carried = carry(solution.exact, exact, transport, field.lift)
        numbers = _each(carried, lambda element, _: element.number())
    else:
        units = _units(transport)
        with working_precision(BITS + 64):
            balls = carry(solution.balls, solution.profile, transport, arb_of)
            try:
                numbers = _each(balls, lambda ball, name: _rounded(ball, units[name]))
            except InsufficientPrecision as error:
                result.doubts.append(f"the solution {_place(solution)}: {error}")
                return
    if problem.leak == 0 and len(solution.system.active) == 1:
        # On the piece where every neuron is inactive M is such that s_k + 12 delta_k M / h_k^3 = 0: f is constant
        # there.
        slopes = list(numbers.slopes)
        piece = solution.system.active[0]
        slopes[-1 - piece if transport.reflected else piece] = Fraction(0)
        numbers = replace(numbers, slopes=tuple(slopes))
    function = _function(problem, numbers, **facts)
    result.functions.append(function)
    result.realized[function.label] = RealizedFunction(problem, transport, solution, function)


def _each(values: Values[T], convert: Callable[[T, str], Number]) -> Values[Number]:
    return Values(
        tuple(convert(value, "kinks") for value in values.kinks),
        tuple(convert(value, "slopes") for value in values.slopes),
        convert(values.offset, "offset"),
        convert(values.moment, "moment"),
        convert(values.loss, "loss"),
    )


def _units(transport: AffineTransport) -> dict[str, Fraction]:
    """The power of two that measures each kind of number, so that the grid is relative to the scale of the problem."""
    size, length = abs(transport.scale), transport.length
    scales = {
        "kinks": length,
        "slopes": size / length,
        "offset": size,
        "moment": size * length**2,
        "loss": size**2 * length,
    }
    return {name: _power_of_two_above(value) for name, value in scales.items()}


def _function(
    problem: IntervalProblem,
    numbers: Values[Number],
    *,
    label: str,
    minimal_width: int,
    pattern: str | None = None,
    realizations: tuple[str, ...] = (),
    provisional: bool = False,
) -> IntervalFunction:
    """The record; class B if a pattern is given, else class A, whose moment is exactly 0."""
    moment = Fraction(0) if pattern is None else numbers.moment
    every = (*numbers.kinks, *numbers.slopes, numbers.offset, moment, numbers.loss)
    return IntervalFunction(
        problem=problem.name,
        label=f"{problem.name}:{label}" + ("?" if provisional else ""),
        function_class="A" if pattern is None else "B",
        pattern=pattern,
        realizations=realizations,
        kinks=numbers.kinks,
        slopes=numbers.slopes,
        offset=numbers.offset,
        moment=moment,
        loss=numbers.loss,
        minimal_width=minimal_width,
        rigor=Rigor.EXACT if all(is_exact(number) for number in every) else Rigor.CERTIFIED,
        provisional=provisional,
    )
