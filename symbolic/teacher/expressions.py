"""The restricted loss and its equations as SymPy expressions; the sizes of the blocks are symbols or numbers.

Derived apart from the closed forms of `symbolic.teacher.evaluation`: |w|^2 and <w, v> are written down as sums over the
entries of two rows, and SymPy differentiates.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from symbolic.errors import InvalidProblem
from symbolic.teacher.fixed_spaces import FixedSpace, RowClass
from symbolic.teacher.kernel import symbolic_kernel

if TYPE_CHECKING:
    from sympy import Expr, Symbol


def coordinate_symbols(space: FixedSpace) -> tuple[Symbol, ...]:
    """Real SymPy symbols with the names of the reduced coordinates."""
    from sympy import Symbol

    return tuple(Symbol(name, real=True) for name in space.names)


def size_symbols(space: FixedSpace) -> tuple[Expr, ...]:
    """Positive symbols n0, n1, ... for the block sizes; 1 where the space has size 1."""
    from sympy import Integer, Symbol

    return tuple(
        Integer(1) if size == 1 else Symbol(f"n{block}", positive=True) for block, size in enumerate(space.blocks)
    )


def restricted_loss(space: FixedSpace, sizes: Sequence[Expr], parameters: Sequence[Expr]) -> Expr:
    """L on the fixed space for real sizes, as one expression.

    Args:
        sizes: one expression per block, 1 where the space has size 1.
        parameters: one expression per reduced coordinate, in the order of `space.names`.

    Raises:
        InvalidProblem: sizes or parameters that do not fit the space.
    """
    from sympy import Integer, pi

    if len(sizes) != len(space.blocks) or len(parameters) != space.dimension:
        raise InvalidProblem(f"{space.text} has {len(space.blocks)} sizes and {space.dimension} coordinates")
    one = Integer(1)
    teachers = sum(sizes, Integer(0))
    total = teachers / 4 + teachers * (teachers - 1) / (4 * pi)
    classes = space.row_classes
    norms = [_inner(_groups(space, rows, rows, same_row=True), sizes, parameters) for rows in classes]
    counts = [one if rows.block is None else sizes[rows.block] for rows in classes]
    for a, rows in enumerate(classes):
        total += counts[a] * norms[a] / 4
        if rows.block is not None and space.sizes[rows.block] > 1:
            product = _inner(_groups(space, rows, rows, same_row=False), sizes, parameters)
            total += counts[a] * (counts[a] - 1) / 2 * symbolic_kernel(norms[a], norms[a], product)
        for b in range(a):
            product = _inner(_groups(space, rows, classes[b], same_row=False), sizes, parameters)
            total += counts[a] * counts[b] * symbolic_kernel(norms[a], norms[b], product)
        if rows.own is not None:
            total -= counts[a] * symbolic_kernel(norms[a], one, parameters[rows.own])
        for block, index in enumerate(rows.off):
            if index is not None:
                others = sizes[block] - int(block == rows.block)
                total -= counts[a] * others * symbolic_kernel(norms[a], one, parameters[index])
    return total


def restricted_system(space: FixedSpace, sizes: Sequence[Expr], parameters: Sequence[Symbol]) -> list[Expr]:
    """The equations (1/m_i) dL/dx_i of `symbolic.teacher.restricted.system`, by differentiation.

    Args, Raises: as for `restricted_loss`; the parameters are symbols.
    """
    loss = restricted_loss(space, sizes, parameters)
    counts = space.multiplicities(sizes)
    return [loss.diff(parameter) / count for parameter, count in zip(parameters, counts, strict=True)]


def _groups(space: FixedSpace, first: RowClass, second: RowClass, same_row: bool) -> list[tuple[int, int, int, int]]:
    """The columns that look alike to two rows: (block, how many fewer than its size, coordinate, coordinate).

    A single column has its block numbered -1.
    """
    groups = []
    for block, (left, right) in enumerate(zip(first.off, second.off, strict=True)):
        singles = []
        if first.block == block and first.own is not None:
            partner = second.own if same_row else right
            if partner is not None:
                singles.append((-1, 0, first.own, partner))
        if second.block == block and second.own is not None and not same_row and left is not None:
            singles.append((-1, 0, left, second.own))
        if left is not None and right is not None:
            groups.append((block, len(singles), left, right))
        groups += singles
    return groups


def _inner(groups: list[tuple[int, int, int, int]], sizes: Sequence[Expr], parameters: Sequence[Expr]) -> Expr:
    from sympy import Integer

    total: Expr = Integer(0)
    for block, fewer, i, j in groups:
        weight: Expr = Integer(1) if block < 0 else sizes[block] - fewer
        total += weight * parameters[i] * parameters[j]
    return total
