"""Signs of K by Sturm's theorem and in the Bernstein basis, against dense evaluation of the integral."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from flint import arb, fmpq, fmpq_poly

from symbolic.interval.recheck.beam import beam_signs, exact_signs, roots_inside
from symbolic.interval.recheck.residual import Residual


def best_fit(target: list[fmpq], kink: fmpq | None) -> Residual[fmpq]:
    """r = f - h on [0, 1], f on each side of the kink the least-squares line of h: int r = int x r = 0 on both pieces.

    f may jump, so this is a residual of the kind that K needs without being critical.
    """
    ends = [fmpq(0), *([] if kink is None else [kink]), fmpq(1)]
    residual = Residual(target, ends[0], ends[-1], ends[1:-1], [fmpq(0)] * (len(ends) - 1), fmpq(0), fmpq(0))
    for number, (low, high) in enumerate(pairwise(ends)):
        h = fmpq_poly(target)
        moments = [between(h * fmpq_poly([0] * power + [1]), low, high) for power in range(2)]
        a, b, c = ((high**power - low**power) / power for power in (1, 2, 3))
        slope = (a * moments[1] - b * moments[0]) / (a * c - b * b)
        offset = (moments[0] - slope * b) / a
        line = fmpq_poly([offset, slope]) - h
        residual.pieces[number] = [line[i] for i in range(max(2, h.degree() + 1))]
    return residual


def between(polynomial: fmpq_poly, low: fmpq, high: fmpq) -> fmpq:
    whole = polynomial.integral()
    return whole(high) - whole(low)


def beam(residual: Residual[fmpq], t: fmpq) -> fmpq:
    """int_0^t (t - x) r dx, piece by piece."""
    total = fmpq(0)
    for number, piece in enumerate(residual.pieces):
        low, high = residual.ends[number], min(residual.ends[number + 1], t)
        if low < high:
            total += between(fmpq_poly(piece) * fmpq_poly([t, -1]), low, high)
    return total


def in_balls(residual: Residual[fmpq]) -> Residual[arb]:
    result = Residual([arb(0)], arb(0), arb(1), [arb(k) for k in residual.kinks], [arb(0)] * len(residual.pieces),
                      arb(0), arb(0))
    result.pieces = [[arb(value) for value in piece] for piece in residual.pieces]
    return result


@pytest.mark.parametrize("seed", range(12))
def test_the_signs_are_those_on_a_fine_grid(seed: int) -> None:
    source = random.Random(seed)
    target = [fmpq(source.randint(-9, 9)) for _ in range(source.randint(2, 6))] + [fmpq(1)]
    residual = best_fit(target, None if seed % 3 == 0 else fmpq(source.randint(1, 6), 7))
    values = [beam(residual, fmpq(i, 997)) for i in range(1, 997)]
    wanted = {1 if value > 0 else -1 for value in values if value != 0}
    for found in (beam_signs(residual), beam_signs(in_balls(residual))):
        assert found.occur == wanted
        assert found.complete


def test_a_sign_that_a_grid_of_96_points_misses_is_found() -> None:
    """Q = (y - 1/3)(y - 1/3 - 10^-6): negative on an interval between two places of the grid."""
    root = fmpq(1, 3) + fmpq(1, 10**4)
    inner = fmpq_poly([-root, 1]) * fmpq_poly([-root - fmpq(1, 10**6), 1])
    assert all(inner(fmpq(i, 97)) > 0 for i in range(98))
    assert exact_signs([inner[i] for i in range(3)], fmpq(1)) == {1, -1}
    bump = fmpq_poly([0, 0, 1]) * fmpq_poly([1, -1]) * fmpq_poly([1, -1]) * inner
    r = bump.derivative().derivative()
    residual = Residual([fmpq(0)], fmpq(0), fmpq(1), [], [fmpq(0)], fmpq(0), fmpq(0))
    residual.pieces = [[r[i] for i in range(r.degree() + 1)]]
    assert beam_signs(residual).occur == {1, -1}
    found = beam_signs(in_balls(residual))
    assert found.occur == {1, -1} or not found.complete


def test_a_double_root_is_exact_and_open_in_balls() -> None:
    touch = fmpq_poly([fmpq(-1, 3), 1]) ** 2
    r = (fmpq_poly([0, 0, 1]) * fmpq_poly([1, -1]) ** 2 * touch).derivative().derivative()
    residual = Residual([fmpq(0)], fmpq(0), fmpq(1), [], [fmpq(0)], fmpq(0), fmpq(0))
    residual.pieces = [[r[i] for i in range(r.degree() + 1)]]
    assert beam_signs(residual).occur == {1}
    assert beam_signs(residual).complete
    assert beam_signs(in_balls(residual)).occur == {1}
    assert not beam_signs(in_balls(residual)).complete


@pytest.mark.parametrize(("coefficients", "number"), [([-2, 0, 1], 1), ([-2, 0, 9], 1), ([1, 0, 1], 0), ([-1, 2], 1)])
def test_roots_are_counted_in_the_open_interval(coefficients: list[int], number: int) -> None:
    assert roots_inside(fmpq_poly(coefficients), fmpq(0), fmpq(2)) == number
