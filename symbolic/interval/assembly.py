"""From the solutions of the systems to the list of critical functions, in the coordinates of the problem.

A solution is a critical function if all its jumps are proved not to vanish. A solution of a pattern with M = 0 is a
function of class A
that one neuron per kink can realize; it is matched with the solution of the free system that it is. Whatever cannot
be decided
is said in the list of doubts, and makes the survey undecided.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from flint import arb

from symbolic.enclosure import Ball, Number, Rigor, Verdict, arb_of, endpoints, is_exact, working_precision
from symbolic.errors import InsufficientPrecision
from symbolic.exact.number_field import NumberField
from symbolic.interval.affine import critical_patterns, kinks_on_unit_interval
from symbolic.interval.functions import IntervalFunction
from symbolic.interval.located import BITS, LocatedSolution, exact_solution, is_zero, locate, satisfies_pattern
from symbolic.interval.problem import AffineTransport, CanonicalProblem, IntervalProblem, mirror_pattern
from symbolic.interval.skeletons import FREE, GRID_BITS, Profile, SkeletonSystem, T
from symbolic.problem import Cell


@dataclass
class Assembly:
    """Critical functions found so far, and the doubts: sentences that each name something undecided."""

    functions: list[IntervalFunction] = field(default_factory=list)
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
    function = _transported(problem, transport, f"{problem.name}:A.0.1", affine, 0 if level else 1)
    result.functions.append(replace(function, realizations=("",) if level else ()))
    if not level:
        function = _transported(problem, transport, f"{problem.name}:B..1", constant, 0)
        result.functions.append(replace(function, function_class="B", pattern=""))


def _assemble_affine(problem: IntervalProblem, width: int) -> Assembly:
    """Targets of degree at most 1, in closed form (`symbolic.interval.affine`)."""
    result = Assembly()
    if problem.degree == 0:
        zero = Fraction(0)
        numbers = {"kinks": (), "slopes": (zero,), "offset": (problem.target[0],), "moment": (zero,), "loss": (zero,)}
        function = _function(problem, f"{problem.name}:A.0.1", 0, numbers)
        result.functions.append(replace(function, realizations=("",)))
        return result
    canonical, transport = problem.canonical()
    _add_best_fits(problem, canonical, transport, result)
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
    for number, (solution, realizing) in enumerate(_in_label_order(accepted, transport), start=1):
        minimal = knots if realizing else knots + 1
        if minimal > width:
            continue
        label = f"{problem.name}:A.{knots}.{number}" + ("" if complete else "?")
        shown = tuple(sorted(mirror_pattern(p) if transport.reflected else p for p in realizing))
        function = _transported(problem, transport, label, solution, minimal)
        result.functions.append(replace(function, realizations=shown, moment=Fraction(0), provisional=not complete))
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
    for number, (solution, _) in enumerate(_in_label_order(accepted, transport), start=1):
        label = f"{problem.name}:B.{shown}.{number}" + ("" if complete else "?")
        function = _transported(problem, transport, label, solution, len(pattern))
        result.functions.append(replace(function, function_class="B", pattern=shown, provisional=not complete))


def _in_label_order(
    solutions: list[tuple[LocatedSolution, tuple[str, ...]]], transport: AffineTransport
) -> list[tuple[LocatedSolution, tuple[str, ...]]]:
    """By loss, then by kinks from left to right in the problem's own direction, both rounded to the grid.

    The order is a definition made of rounded numbers, the same on every machine; it claims nothing about equal losses.
    """

    def key(item: tuple[LocatedSolution, tuple[str, ...]]) -> tuple[Fraction, tuple[Fraction, ...]]:
        solution = item[0]
        kinks = [_rounded(ball, Fraction(1)).center for ball in solution.balls]
        if transport.reflected:
            kinks = [1 - value for value in reversed(kinks)]
        return _rounded(solution.profile.loss, Fraction(1)).center, tuple(kinks)

    return sorted(solutions, key=key)


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


def _transported(
    problem: IntervalProblem, transport: AffineTransport, label: str, solution: LocatedSolution, minimal_width: int
) -> IntervalFunction:
    """The function in the coordinates of the problem, exact where the solution is."""
    exact = solution.exact_profile
    if exact is not None and solution.exact is not None and solution.field is not None:
        values = _carry(solution.exact, exact, transport, solution.field.lift)
        numbers = {name: tuple(element.number() for element in row) for name, row in values.items()}
        return _function(problem, label, minimal_width, numbers)
    with working_precision(BITS + 64):
        rows = _carry(solution.balls, solution.profile, transport, arb_of)
        units = _units(transport)
        rounded = {name: tuple(_rounded(ball, units[name]) for ball in row) for name, row in rows.items()}
    return _function(problem, label, minimal_width, rounded)


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


def _carry(
    knots: Sequence[T], profile: Profile[T], transport: AffineTransport, lift: Callable[[Fraction], T]
) -> dict[str, list[T]]:
    """Kinks, slopes, offset, moment and loss in the coordinates of the problem (see `AffineTransport`)."""
    scale, length = lift(transport.scale), lift(transport.length)
    rise = lift(transport.scale / transport.length)
    area = lift(transport.scale * transport.length**2)
    start, shift, one = lift(transport.start), lift(transport.shift), lift(Fraction(1))
    if not transport.reflected:
        kinks = [start + length * t for t in knots]
        slopes = [rise * slope for slope in profile.slopes]
        offset, moment = profile.offset, area * profile.moment
    else:
        kinks = [start + length * (one - t) for t in reversed(knots)]
        slopes = [-(rise * slope) for slope in reversed(profile.slopes)]
        offset, moment = profile.offset, -(area * profile.moment)
        ends = [lift(Fraction(0)), *knots, one]
        for k, slope in enumerate(profile.slopes):
            offset = offset + slope * (ends[k + 1] - ends[k])
    return {
        "kinks": kinks,
        "slopes": slopes,
        "offset": [shift + scale * offset],
        "moment": [moment],
        "loss": [lift(transport.scale**2 * transport.length) * profile.loss],
    }


def _function(
    problem: IntervalProblem, label: str, minimal_width: int, numbers: Mapping[str, Sequence[Number]]
) -> IntervalFunction:
    every = [number for row in numbers.values() for number in row]
    return IntervalFunction(
        problem=problem.name,
        label=label,
        function_class="A",
        pattern=None,
        realizations=(),
        kinks=tuple(numbers["kinks"]),
        slopes=tuple(numbers["slopes"]),
        offset=numbers["offset"][0],
        moment=numbers["moment"][0],
        loss=numbers["loss"][0],
        minimal_width=minimal_width,
        rigor=Rigor.EXACT if all(is_exact(number) for number in every) else Rigor.CERTIFIED,
    )
