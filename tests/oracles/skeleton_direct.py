"""The polynomial systems of the critical functions, written down once more and straight from their
definition.

On [0, 1] with knots t_1 < ... < t_m, t_0 = 0, t_{m+1} = 1 and h_k = t_{k+1} - t_k, a critical function f is
affine on every piece, with int (f - h) = 0 and int x (f - h) = delta_k M there. So on piece k it is the best
affine fit of the target (mean mu_k, slope s_k) with its slope changed by 12 delta_k M / h_k^3 about the
midpoint. The unknown knots solve the m equations "left and right value agree at t_i"; M = -S / (12 sum
delta_j^2 h_j^-3), S = sum delta_j s_j, comes from "sum of delta_j times slope of piece j = 0". The free
system has M = 0.

Nothing here is shared with the package: one route makes exact polynomials in flint's rational polynomials,
another evaluates the same definition in floats or mpmath numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise, product
from random import Random
from typing import Any

import mpmath
from flint import Ordering, fmpq, fmpq_mpoly, fmpq_mpoly_ctx


def sigmas(pattern: str, leak: Fraction) -> list[Fraction]:
    """sigma_0 = 0, then 1/(1 - g) for '+' and -g/(1 - g) for '-', then sigma_{m+1} = 1."""
    values = {"+": 1 / (1 - leak), "-": -leak / (1 - leak)}
    return [Fraction(0), *(values[mark] for mark in pattern), Fraction(1)]


def deltas(system: str, knots: int, leak: Fraction) -> list[Fraction]:
    """delta_k = sigma_{k+1} - sigma_k of each piece; all 0 for the free system."""
    if system == "free":
        return [Fraction(0)] * (knots + 1)
    sigma = sigmas(system, leak)
    return [right - left for left, right in pairwise(sigma)]


def exact_system(
    target: Sequence[Fraction], system: str, knots: int, leak: Fraction = Fraction(0)
) -> list[fmpq_mpoly]:
    """The m continuity equations, denominators cleared by factors that are positive in the open simplex."""
    context = fmpq_mpoly_ctx.get([f"t{i + 1}" for i in range(knots)], Ordering.lex)
    ends = [context.constant(0), *context.gens(), context.constant(1)]
    lengths = [right - left for left, right in pairwise(ends)]
    means, slopes = [], []
    for left, right, length in zip(ends, ends[1:], lengths, strict=False):
        zeroth, first = context.constant(0), context.constant(0)
        for power, value in enumerate(target):
            factor = fmpq(value.numerator, value.denominator)
            zeroth += (right ** (power + 1) - left ** (power + 1)) * (factor / (power + 1))
            first += (right ** (power + 2) - left ** (power + 2)) * (factor / (power + 2))
        means.append(_exact_quotient(zeroth, length))
        slopes.append(_exact_quotient((first - (left + right) * zeroth * fmpq(1, 2)) * 12, length**3))
    delta = [fmpq(value.numerator, value.denominator) for value in deltas(system, knots, leak)]
    active = [k for k in range(knots + 1) if delta[k] != 0]
    weight = context.constant(0) if active else context.constant(1)
    for k in active:
        weight += delta[k] ** 2 * _product([lengths[j] ** 3 for j in active if j != k], context.constant(1))
    moment_slope = context.constant(0)
    for k in active:
        moment_slope += slopes[k] * delta[k]
    equations = []
    for i in range(1, knots + 1):
        left_value = means[i - 1] + slopes[i - 1] * lengths[i - 1] * fmpq(1, 2)
        right_value = means[i] - slopes[i] * lengths[i] * fmpq(1, 2)
        equation = (left_value - right_value) * weight
        for k in (i - 1, i):
            # 6 delta_k M / h_k^2 with M = -S prod h^3 / (12 weight), cleared by `weight`.
            if k in active:
                others = _product([lengths[j] ** 3 for j in active if j != k], context.constant(1))
                equation -= moment_slope * lengths[k] * others * (delta[k] * fmpq(1, 2))
        equations.append(equation)
    return equations


def _product(factors: Sequence[fmpq_mpoly], one: fmpq_mpoly) -> fmpq_mpoly:
    result = one
    for factor in factors:
        result = result * factor
    return result


def _exact_quotient(numerator: fmpq_mpoly, denominator: fmpq_mpoly) -> fmpq_mpoly:
    quotient, remainder = divmod(numerator, denominator)
    assert remainder == 0
    return quotient


@dataclass(frozen=True)
class DirectFunction:
    """What one solution realizes, in mpmath numbers."""

    kinks: tuple[Any, ...]
    slopes: tuple[Any, ...]
    offset: Any
    moment: Any
    loss: Any
    residual: tuple[Any, ...]


def evaluate(
    target: Sequence[Fraction],
    system: str,
    knots: Sequence[Any],
    leak: Fraction = Fraction(0),
    number: Callable[[Any], Any] = float,
) -> DirectFunction:
    """Slopes, offset, moment, loss and the jumps of value at the knots, in the number type `number`."""
    ends = [number(0), *knots, number(1)]
    coefficients = [number(value.numerator) / number(value.denominator) for value in target]
    delta = [number(v.numerator) / number(v.denominator) for v in deltas(system, len(knots), leak)]
    lengths = [right - left for left, right in pairwise(ends)]
    middles = [(right + left) / 2 for left, right in pairwise(ends)]
    means, fits, squares = [], [], []
    for middle, length in zip(middles, lengths, strict=True):
        # The target in powers of y = x - middle, then even and odd moments on [-length/2, length/2].
        local = _shift(coefficients, middle, number)
        half = length / 2
        mean = sum((value * half**p / (p + 1) for p, value in enumerate(local) if p % 2 == 0), number(0))
        fit = 3 * sum(
            (value * half ** (p - 1) / (p + 2) for p, value in enumerate(local) if p % 2), number(0)
        )
        means.append(mean)
        fits.append(fit)
        local[0] -= mean
        if len(local) > 1:
            local[1] -= fit
        squares.append(
            sum(
                (
                    2 * a * b * half ** (p + q + 1) / (p + q + 1)
                    for p, a in enumerate(local)
                    for q, b in enumerate(local)
                    if (p + q) % 2 == 0
                ),
                number(0),
            )
        )
    weight = sum((d * d / length**3 for d, length in zip(delta, lengths, strict=True)), number(0))
    moment = (
        -sum((d * s for d, s in zip(delta, fits, strict=True)), number(0)) / (12 * weight)
        if weight
        else number(0)
    )
    slopes = [s + 12 * d * moment / length**3 for s, d, length in zip(fits, delta, lengths, strict=True)]
    # f - h = (fit - h) + delta 12 M / h^3 (x - middle); the two parts are orthogonal on every piece.
    loss = sum(squares, number(0)) + 12 * moment * moment * weight
    jumps = [
        means[i] + slopes[i] * lengths[i] / 2 - means[i + 1] + slopes[i + 1] * lengths[i + 1] / 2
        for i in range(len(knots))
    ]
    return DirectFunction(
        tuple(knots), tuple(slopes), means[0] - slopes[0] * lengths[0] / 2, moment, loss, tuple(jumps)
    )


def _shift(coefficients: Sequence[Any], center: Any, number: Callable[[Any], Any]) -> list[Any]:
    result = [number(0)]
    for value in reversed(coefficients):
        raised = [number(0), *result]
        for power, entry in enumerate(result):
            raised[power] += center * entry
        raised[0] += value
        result = raised
    return result[: max(2, len(coefficients))]


def newton_solutions(
    target: Sequence[Fraction],
    system: str,
    knots: int,
    leak: Fraction = Fraction(0),
    starts: int = 200,
    seed: int = 0,
    digits: int = 34,
) -> list[tuple[Any, ...]]:
    """Solutions in the open simplex met by Newton from random starts: float descent to a root, then mpmath
    digits.

    A search: what it returns are solutions to `digits` digits, and nothing says that they are all.
    """
    random = Random(seed)
    found: list[tuple[Any, ...]] = []
    for _ in range(starts):
        cuts = sorted(random.random() ** random.choice((1, 2)) for _ in range(knots))
        rough = _newton(lambda t: list(evaluate(target, system, t, leak).residual), cuts, 1e-13, 60)
        if rough is None or any(
            max(abs(a - b) for a, b in zip(rough, old, strict=True)) < 1e-9 for old in found
        ):
            continue
        with mpmath.workdps(digits + 10):
            fine = _newton(
                lambda t: list(evaluate(target, system, t, leak, mpmath.mpf).residual),
                [mpmath.mpf(value) for value in rough],
                mpmath.mpf(10) ** -(digits + 4),
                30,
            )
        if fine is None or any(
            max(abs(a - b) for a, b in zip(fine, old, strict=True)) < 1e-9 for old in found
        ):
            continue
        found.append(tuple(fine))
    return sorted(found)


def _newton(
    function: Callable[[list[Any]], list[Any]], start: list[Any], tolerance: Any, steps: int
) -> list[Any] | None:
    """Damped Newton with difference quotients, kept inside the simplex; None where it fails."""
    point = list(start)
    values = function(point)
    for _ in range(steps):
        size = max(abs(value) for value in values)
        columns = []
        for i in range(len(point)):
            # A central difference of a smooth function: error about step^2, far below what convergence needs.
            step = type(point[i])(tolerance) ** (type(point[i])(1) / 3)
            ahead, behind = list(point), list(point)
            ahead[i] += step
            behind[i] -= step
            if not (_inside(ahead) and _inside(behind)):
                return None
            up, down = function(ahead), function(behind)
            columns.append([(a - b) / (2 * step) for a, b in zip(up, down, strict=True)])
        change = _solve([[column[row] for column in columns] for row in range(len(point))], values)
        if change is None:
            return None
        damping = type(point[0])(1)
        while damping > 1e-4:
            trial = [p - damping * c for p, c in zip(point, change, strict=True)]
            if _inside(trial):
                trial_values = function(trial)
                if max(abs(v) for v in trial_values) < size or max(abs(c) for c in change) < tolerance * 100:
                    break
            damping /= 2
        else:
            return None
        point, values = trial, trial_values
        if max(abs(c) for c in change) < tolerance * 100:
            return point
    return None


def _inside(point: Sequence[Any]) -> bool:
    ends = [0, *point, 1]
    return all(left < right for left, right in pairwise(ends))


def _solve(matrix: list[list[Any]], right: Sequence[Any]) -> list[Any] | None:
    """Gaussian elimination with partial pivoting."""
    size = len(right)
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for i in range(size):
        pivot = max(range(i, size), key=lambda r: abs(rows[r][i]))
        if rows[pivot][i] == 0:
            return None
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for r in range(size):
            if r != i:
                factor = rows[r][i] / rows[i][i]
                rows[r] = [a - factor * b for a, b in zip(rows[r], rows[i], strict=True)]
    return [rows[i][size] / rows[i][i] for i in range(size)]


def systems(knots: int) -> Iterator[str]:
    """Names of the 2^m + 1 systems with m knots."""
    yield "free"
    for marks in product("+-", repeat=knots):
        yield "".join(marks)


def direct_functions(
    target: Sequence[Fraction], width: int, leak: Fraction = Fraction(0), starts: int = 200, seed: int = 0
) -> list[DirectFunction]:
    """Critical functions of minimal width at most `width` met by the search, by increasing loss, each
    function once.

    Class A (free system) needs width m + 1, or m where sum delta_k slope_k = 0 for some pattern; class B
    width m. Solutions with a vanishing jump of slope, or with M = 0 in a pattern, are left out (they are met
    elsewhere).
    """
    found: list[DirectFunction] = []
    with mpmath.workdps(44):
        for knots in range(width + 1):
            for system in systems(knots):
                solutions = newton_solutions(target, system, knots, leak, starts, seed) if knots else [()]
                for solution in solutions:
                    function = evaluate(target, system, solution, leak, mpmath.mpf)
                    jumps = [b - a for a, b in zip(function.slopes, function.slopes[1:], strict=False)]
                    if any(abs(jump) < 1e-20 for jump in jumps):
                        continue
                    if system == "free":
                        if knots == width and not _coincidence(function, leak):
                            continue
                    elif abs(function.moment) < 1e-20:
                        continue
                    if not any(_same(function, other) for other in found):
                        found.append(function)
    return sorted(found, key=lambda function: (function.loss, function.kinks))


def _coincidence(function: DirectFunction, leak: Fraction) -> bool:
    patterns = [system for system in systems(len(function.kinks)) if system != "free"]
    for pattern in patterns:
        delta = deltas(pattern, len(function.kinks), leak)
        total = sum(
            mpmath.mpf(d.numerator) / d.denominator * s for d, s in zip(delta, function.slopes, strict=True)
        )
        if abs(total) < 1e-20:
            return True
    return False


def _same(one: DirectFunction, other: DirectFunction) -> bool:
    if len(one.kinks) != len(other.kinks):
        return False
    left, right = (*one.kinks, *one.slopes, one.offset), (*other.kinks, *other.slopes, other.offset)
    return bool(max(abs(a - b) for a, b in zip(left, right, strict=True)) < 1e-15)
