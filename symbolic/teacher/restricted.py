"""The critical-point equations on a fixed space, for real block sizes: balls, floats, and the derivative in a size.

The *system* of a fixed space has one equation per reduced coordinate x_i: the entry of the gradient of the loss at any
of the m_i entries of W that x_i fills, which is (1/m_i) dL/dx_i for the restricted loss L. At integer sizes it is the
gradient itself, without its repetitions, so it neither grows nor shrinks with the multiplicities; its Jacobian is
(1/m_i) d2L/dx_i dx_j (not symmetric).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from flint import arb

from symbolic.enclosure import arb_of
from symbolic.errors import InvalidProblem
from symbolic.teacher.arithmetic import BallArithmetic, Dual, DualArithmetic, FloatArithmetic, FloatArray
from symbolic.teacher.evaluation import RestrictedLoss
from symbolic.teacher.fixed_spaces import FixedSpace

RealSize = int | Fraction | arb


def size_balls(space: FixedSpace, sizes: Sequence[RealSize] | None = None) -> list[arb]:
    """The block sizes as balls at the working precision; those of the space itself where none are given.

    Args:
        sizes: one real size per block, unmatched ones last.

    Raises:
        InvalidProblem: not one size per block; a block of size 1 with another size; a size not proved to exceed 1 at
            another block.
    """
    given: Sequence[RealSize] = space.blocks if sizes is None else sizes
    if len(given) != len(space.blocks):
        raise InvalidProblem(f"{space.text} has {len(space.blocks)} blocks, not {len(given)}")
    result = []
    for size, reference in zip(given, space.blocks, strict=True):
        ball = size if isinstance(size, arb) else arb_of(size)
        if reference == 1 and not ball == 1:
            raise InvalidProblem(f"a block of size 1 keeps this size, not {ball}")
        if reference > 1 and not ball > 1:
            raise InvalidProblem(f"a block size must exceed 1 where the space has {reference}, not {ball}")
        result.append(ball)
    return result


def loss(space: FixedSpace, sizes: Sequence[RealSize] | None, parameters: Sequence[arb]) -> arb:
    """L on the fixed space, with the constant k/4 + k (k - 1)/(4 pi) of the k = sum of the sizes teachers.

    Args:
        sizes: real block sizes, None for those of the space.
        parameters: reduced coordinates in the order of `space.names`.

    Returns:
        A ball that holds the loss everywhere on the box of the operands, or is not finite.

    Raises:
        InvalidProblem: a row that vanishes, sizes or parameters that do not fit the space.
    """
    balls = size_balls(space, sizes)
    teachers = sum(balls, arb(0))
    constant = teachers / 4 + teachers * (teachers - 1) / (4 * arb.pi())
    return _ball_evaluation(space, balls, parameters, curvature=False).loss() + constant


def system(space: FixedSpace, sizes: Sequence[RealSize] | None, parameters: Sequence[arb]) -> list[arb]:
    """F_i = (1/m_i) dL/dx_i, the entry of the gradient of the loss where W holds the reduced coordinate x_i.

    Args:
        sizes: real block sizes, None for those of the space.
        parameters: reduced coordinates in the order of `space.names`.

    Returns:
        One ball per coordinate.

    Guarantee:
        Each ball holds every value on the box of the operands, or is not finite (a row that may vanish). At integer
        sizes F = 0 if and only if W is a critical point of the loss.

    Raises:
        InvalidProblem: a row that vanishes, sizes or parameters that do not fit the space.
    """
    balls = size_balls(space, sizes)
    gradient = _ball_evaluation(space, balls, parameters, curvature=False).gradient()
    return [value / count for value, count in zip(gradient, space.multiplicities(balls), strict=True)]


def jacobian(space: FixedSpace, sizes: Sequence[RealSize] | None, parameters: Sequence[arb]) -> list[list[arb]]:
    """dF_i/dx_j = (1/m_i) d2L/dx_i dx_j of `system`, in closed form.

    Args, Raises: as for `system`.

    Guarantee:
        Each ball holds every value on the box of the operands, or is not finite. Parallel rows are no exception: the
        loss is twice continuously differentiable there, and the balls shrink with the box.
    """
    balls = size_balls(space, sizes)
    hessian = _ball_evaluation(space, balls, parameters, curvature=True).hessian()
    counts = space.multiplicities(balls)
    return [[value / count for value in row] for row, count in zip(hessian, counts, strict=True)]


def size_derivative(
    space: FixedSpace, sizes: Sequence[RealSize], parameters: Sequence[arb], direction: Sequence[int]
) -> list[arb]:
    """d/dt of `system` at the sizes n + t `direction`, t = 0: how the equations move when blocks grow.

    Args:
        direction: one integer per block, e.g. (1, 0) where the first block takes the new teachers.

    Guarantee: each ball holds every value on the box of the operands, or is not finite: where two rows, or
        a row and a teacher, may be parallel.

    Raises:
        InvalidProblem: as for `system`; a direction that changes a block of size 1.
    """
    balls = size_balls(space, sizes)
    if len(direction) != len(balls) or any(
        step and size == 1 for step, size in zip(direction, space.blocks, strict=True)
    ):
        raise InvalidProblem("a direction has one entry per block, 0 at blocks of size 1")
    numbers = DualArithmetic(_sums_of_squares(balls))
    moving = [Dual(size, arb(step)) for size, step in zip(balls, direction, strict=True)]
    point = [Dual(value, arb(0)) for value in _checked(space, parameters)]
    evaluation = RestrictedLoss(space, moving, point, numbers, curvature=False)
    counts = space.multiplicities(moving)
    return [(value / count).slope for value, count in zip(evaluation.gradient(), counts, strict=True)]


class FixedSpaceSystem:
    """`system` and `jacobian` at fixed sizes, as a system whose zeros `symbolic.exact.krawczyk` certifies.

    Sizes given as integers and fractions are enclosed anew at each working precision.
    """

    def __init__(self, space: FixedSpace, sizes: Sequence[RealSize] | None = None) -> None:
        self.space = space
        self.sizes: tuple[RealSize, ...] = space.blocks if sizes is None else tuple(sizes)
        size_balls(space, self.sizes)

    @property
    def dimension(self) -> int:
        return self.space.dimension

    def residual(self, point: Sequence[arb]) -> list[arb]:
        return system(self.space, self.sizes, point)

    def jacobian(self, point: Sequence[arb]) -> list[list[arb]]:
        return jacobian(self.space, self.sizes, point)


def float_loss(space: FixedSpace, sizes: Sequence[float], points: FloatArray) -> FloatArray:
    """L at many points; `points` has shape (..., coordinates), the result (...). Not a number where a row vanishes."""
    teachers = float(sum(sizes))
    constant = teachers / 4 + teachers * (teachers - 1) / (4 * np.pi)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = _float_evaluation(space, sizes, points, curvature=False).loss()
    return np.broadcast_to(value, points.shape[:-1]) + constant


def float_system(space: FixedSpace, sizes: Sequence[float], points: FloatArray) -> FloatArray:
    """`system` at many points, shape (..., coordinates) as `points`. Not a number where a row vanishes."""
    with np.errstate(divide="ignore", invalid="ignore"):
        gradient = _float_evaluation(space, sizes, points, curvature=False).gradient()
        counts = space.multiplicities([np.float64(size) for size in sizes])
        entries = [value / count for value, count in zip(gradient, counts, strict=True)]
        columns = [np.broadcast_to(value, points.shape[:-1]) for value in entries]
    return np.stack(columns, axis=-1)


def float_jacobian(space: FixedSpace, sizes: Sequence[float], points: FloatArray) -> FloatArray:
    """`jacobian` at many points: shape (..., coordinates, coordinates). Not a number where a row vanishes."""
    with np.errstate(divide="ignore", invalid="ignore"):
        hessian = _float_evaluation(space, sizes, points, curvature=True).hessian()
        counts: FloatArray = np.array(space.multiplicities([np.float64(size) for size in sizes]), dtype=np.float64)
        rows = [np.stack([np.broadcast_to(value, points.shape[:-1]) for value in row], axis=-1) for row in hessian]
        result: FloatArray = np.stack(rows, axis=-2) / counts[:, None]
    return result


def _ball_evaluation(
    space: FixedSpace, sizes: list[arb], parameters: Sequence[arb], curvature: bool
) -> RestrictedLoss[arb]:
    evaluation = RestrictedLoss(
        space, sizes, _checked(space, parameters), BallArithmetic(_sums_of_squares(sizes)), curvature
    )
    if any(norm.is_zero() for norm in evaluation.square_norms):
        raise InvalidProblem("a student row vanishes: the loss is not differentiable there")
    return evaluation


def _float_evaluation(
    space: FixedSpace, sizes: Sequence[float], points: FloatArray, curvature: bool
) -> RestrictedLoss[FloatArray]:
    if len(sizes) != len(space.blocks) or points.shape[-1] != space.dimension:
        raise InvalidProblem(f"{space.text} has {len(space.blocks)} sizes and {space.dimension} coordinates")
    columns = [points[..., i] for i in range(space.dimension)]
    return RestrictedLoss(space, [np.asarray(float(size)) for size in sizes], columns, FloatArithmetic(), curvature)


def _checked(space: FixedSpace, parameters: Sequence[arb]) -> Sequence[arb]:
    if len(parameters) != space.dimension:
        raise InvalidProblem(f"{space.text} has {space.dimension} coordinates, not {len(parameters)}")
    return parameters


def _sums_of_squares(sizes: Sequence[arb]) -> bool:
    """Whether n_a, n_a - 1 and n_a - 2, the weights of the squares, are not negative where they occur."""
    return all(size == 1 or size >= 2 for size in sizes)
