"""The formulas of the re-checks against the naive ones of the tests and against the dense formulas of the package."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import pairwise

from flint import arb, fmpq, fmpq_poly
from oracles import strata_hessian

from symbolic.dataset.recheck import exact_inertia
from symbolic.enclosure import to_fmpq, working_precision
from symbolic.interval.recheck.curves import Moved, change_of_loss
from symbolic.interval.recheck.network import neuron_at
from symbolic.interval.recheck.residual import Residual
from symbolic.interval.recheck.second_order import definite_directions, dense_hessian
from symbolic.teacher.dense import ball_gradient, ball_hessian, ball_loss
from symbolic.teacher.recheck import DensePoint

TARGET = (Fraction(1, 3), Fraction(-1), Fraction(0), Fraction(2))
LEAK = Fraction(1, 5)
SETTING = strata_hessian.Setting(fmpq_poly([to_fmpq(c) for c in TARGET]), fmpq(-1), fmpq(2), fmpq(1, 5))
POINT = strata_hessian.Point(
    (fmpq(2), fmpq(-1), fmpq(1)), (fmpq(1), fmpq(1, 2), fmpq(5)), (fmpq(1), fmpq(-3, 2), fmpq(2, 7)), fmpq(1, 9)
)


def residual_of(point: strata_hessian.Point, kind: type) -> Residual:
    cuts = strata_hessian.pieces(SETTING, point)
    lines = [strata_hessian.affine(point, strata_hessian.factors(SETTING, point, low, high)) for low, high in cuts]
    offset = lines[0](cuts[0][0])
    kinks, slopes = [kind(low) for low, _ in cuts[1:]], [kind(line[1]) for line in lines]
    target = [kind(to_fmpq(c)) for c in TARGET]
    return Residual(target, kind(cuts[0][0]), kind(cuts[-1][1]), kinks, slopes, kind(offset), kind(0))


def test_loss_and_gradient_are_those_of_the_naive_integrals() -> None:
    residual = residual_of(POINT, fmpq)
    assert residual.loss() == strata_hessian.loss(SETTING, POINT)
    gradient = strata_hessian.gradient(SETTING, POINT)
    neurons = [neuron_at(residual, LEAK, *row) for row in zip(POINT.w, POINT.b, POINT.v, strict=True)]
    assert [2 * one.v * one.pulls[1] for one in neurons] == gradient[:3]
    assert [2 * one.v * one.pulls[2] for one in neurons] == gradient[3:6]
    assert [2 * one.pulls[0] for one in neurons] == gradient[6:9]
    assert 2 * residual.total[0] == gradient[9]
    assert POINT.c + sum((one.height for one in neurons), fmpq(0)) == residual.offset
    assert sum((one.slope for one in neurons), fmpq(0)) == residual.slopes[0]
    assert {one.place: one.jump for one in neurons if one.jump != 0} == dict(
        zip(residual.kinks, residual.jumps(), strict=True)
    )


def test_the_dense_hessian_is_the_naive_one() -> None:
    with working_precision(256):
        rows = [tuple(map(arb, row)) for row in zip(POINT.w, POINT.b, POINT.v, strict=True)]
        found = dense_hessian(residual_of(POINT, arb), LEAK, rows)
        naive = strata_hessian.hessian(SETTING, POINT)
        for row, other in zip(found, naive, strict=True):
            for a, b in zip(row, other, strict=True):
                assert a.overlaps(arb(b))
                assert float(a.rad()) < 1e-60
        negative, _, positive = strata_hessian.inertia_exact(naive)
        assert definite_directions(found, negative, positive)
        assert not definite_directions(found, negative + 1, 0)
        assert not definite_directions(found, 0, positive + 1)


def test_the_change_of_the_loss_is_the_difference_of_losses() -> None:
    steps = [(0, "b", Fraction(1)), (1, "w", Fraction(-2)), (1, "v", Fraction(3)), (2, "w", Fraction(1, 2))]
    with working_precision(400):
        moved = []
        for j, row in enumerate(zip(POINT.w, POINT.b, POINT.v, strict=True)):
            parts = {name: {1: c} for i, name, c in steps if i == j}
            moved.append(Moved(*map(arb, row), *(parts.get(name, {}) for name in "wbv")))
        series = change_of_loss(residual_of(POINT, arb), LEAK, moved, {2: Fraction(5)}, 4)
        eps = fmpq(1, 2**40)
        w, b, v = list(POINT.w), list(POINT.b), list(POINT.v)
        for j, name, c in steps:
            {"w": w, "b": b, "v": v}[name][j] += eps * to_fmpq(c)
        after = strata_hessian.Point(tuple(w), tuple(b), tuple(v), POINT.c + 5 * eps * eps)
        change = strata_hessian.loss(SETTING, after) - strata_hessian.loss(SETTING, POINT)
        value = sum((coefficient * arb(eps) ** i for i, coefficient in enumerate(series)), arb(0))
        assert abs(value - change) < arb(eps) ** 5 * 10**6
        assert not abs(value - change) < arb(eps) ** 6


def test_dense_formulas_of_the_teacher_agree() -> None:
    source = random.Random(5)
    with working_precision(192):
        rows = [[arb(source.randint(-9, 9)) / 7 for _ in range(4)] for _ in range(3)]
        point = DensePoint(rows, 3)
        assert point.loss().overlaps(ball_loss(rows, 3))
        gradient = ball_gradient(rows, 3)
        hessian = ball_hessian(rows, 3)
        for i in range(3):
            assert all(a.overlaps(b) for a, b in zip(point.gradient(i), gradient[i], strict=True))
            trace = sum((hessian[4 * i + a, 4 * i + a] for a in range(4)), arb(0))
            assert point.trace_of_row(i).overlaps(trace)
            split = point.splitting(i)
            for a in range(4):
                for b in range(4):
                    assert (split[a, b] + arb(int(a == b)) / 2).overlaps(hessian[4 * i + a, 4 * i + b])
        square = sum((hessian[a, b] ** 2 for a in range(12) for b in range(12)), arb(0))
        assert point.square_of_hessian().overlaps(square)
        assert float(square.rad()) < 1e-30


def test_exact_inertia_is_that_of_the_characteristic_polynomial() -> None:
    source = random.Random(2)
    for size in range(1, 7):
        for _ in range(10):
            upper = [[source.choice([0, 0, 1, -1, 2]) for _ in range(size)] for _ in range(size)]
            table = [[fmpq(upper[min(i, j)][max(i, j)]) for j in range(size)] for i in range(size)]
            assert exact_inertia(table) == strata_hessian.inertia_exact(table)


def test_pieces_of_a_residual_add_up() -> None:
    residual = residual_of(POINT, fmpq)
    areas = [residual.over_piece(k) for k in range(len(residual.pieces))]
    assert sum((area for area, _ in areas), fmpq(0)) == residual.total[0]
    assert sum((area for _, area in areas), fmpq(0)) == residual.total[1]
    assert all(residual.until(t)[0] == below[0] for t, below in zip(residual.ends, residual.below, strict=True))
    assert all(left < right for left, right in pairwise(residual.ends))
