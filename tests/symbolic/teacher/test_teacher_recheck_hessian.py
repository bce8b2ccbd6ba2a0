"""The Hessian times a direction by the dense formulas in balls, against the dense Hessian in floats."""

from __future__ import annotations

import numpy as np
import pytest
from flint import arb
from oracles.teacher_dense_spectrum import hessian

from symbolic.teacher.recheck import DensePoint


@pytest.mark.parametrize("seed", range(4))
def test_the_hessian_times_a_direction(seed: int) -> None:
    source = np.random.default_rng(seed)
    weights, direction = source.standard_normal((2, 4, 5))
    point = DensePoint([[arb(value) for value in row] for row in weights.tolist()], 3)
    found = point.hessian_times([[arb(value) for value in row] for row in direction.tolist()])
    wanted = (hessian(weights, 3) @ direction.ravel()).reshape(4, 5)
    assert np.array([[float(value.mid()) for value in row] for row in found]) == pytest.approx(wanted, abs=1e-12)


def test_rows_on_one_ray() -> None:
    """Two rows of the same numbers are parallel, whatever their balls."""
    source = np.random.default_rng(9)
    weights, direction = source.standard_normal((2, 3, 4))
    weights[1] = weights[0]
    shared = [arb(value, 1e-30) for value in weights[0].tolist()]
    point = DensePoint([shared, shared, [arb(value) for value in weights[2].tolist()]], 2)
    found = point.hessian_times([[arb(value) for value in row] for row in direction.tolist()])
    wanted = (hessian(weights, 2) @ direction.ravel()).reshape(3, 4)
    assert np.array([[float(value.mid()) for value in row] for row in found]) == pytest.approx(wanted, abs=1e-12)
