"""The loss on a fixed space, its critical-point equations and their Jacobian, for real block sizes.

Two rows w, v enter through N = |w|^2, M = |v|^2, P = <w, v> alone: with s = sqrt(N M - P^2), theta = atan2(s, P),

    2 pi f = s + (pi - theta) P,
    2 pi grad f = (s/2) (grad ln N + grad ln M) + (pi - theta) grad P,
    2 pi Hess f = (s/2) (Hess N / N + Hess M / M) + (pi - theta) Hess P
                  + s (grad theta grad theta^T - (1/4) (grad ln N - grad ln M)(grad ln N - grad ln M)^T),

the last because 2 pi f = sqrt(N M) (sin theta + (pi - theta) cos theta). Nothing is divided by s: grad theta stays
bounded at parallel rows, |d theta / d x| <= sqrt(multiplicity of x in w) / |w|, and is multiplied by s.
No difference of large terms is taken for s and grad theta:

- two rows of one block: s = |A - B| sqrt(Q), Q = N + P = (A + B)^2 + 2 (n - 2) B^2 + 2 sum_g n_g B_g^2, and
  theta = 2 atan2(|A - B|, sqrt(Q));
- a row and a teacher: s^2 is the sum of the squares of the other entries;
- rows of different classes: s = |w| |q| and grad_w theta = -q / s with q = v - (P / N) w, entry by entry.

In p-bit balls s and theta have an absolute error of a few 2^-p |w||v| (not 2^(-p/2)) however parallel the rows are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic

from symbolic.teacher.arithmetic import Arithmetic, Scalar
from symbolic.teacher.fixed_spaces import FixedSpace


@dataclass(frozen=True)
class _Row(Generic[Scalar]):
    """A student row of one class: how many there are, its coordinates with their weights, N, and the bounds
    sqrt(weight) / |w| on the derivative of an angle."""

    count: Scalar
    weights: dict[int, Scalar]
    norm: Scalar
    reach: dict[int, Scalar]


@dataclass(frozen=True)
class _Pair(Generic[Scalar]):
    """A kind of pair of rows: its coefficient in the loss, s, pi - theta, P, and the derivatives of P and theta.

    `second` is the class of the other row, None for a teacher. `double_product` holds d2P/dx_i dx_j for i <= j.
    """

    first: int
    second: int | None
    coefficient: Scalar
    sine: Scalar
    supplement: Scalar
    product: Scalar
    gradient: dict[int, Scalar]
    double_product: dict[tuple[int, int], Scalar]
    turn: dict[int, Scalar]


class RestrictedLoss(Generic[Scalar]):
    """The loss at one point of a fixed space (or at an array of points), with its derivatives.

    Args:
        space: decides which coordinates exist.
        sizes: one real size per block, exactly 1 where the space has size 1.
        x: the reduced coordinates in the order of `space.names`.
        numbers: the arithmetic of `sizes` and `x`.
        curvature: whether `hessian` will be asked for.
    """

    def __init__(
        self,
        space: FixedSpace,
        sizes: Sequence[Scalar],
        x: Sequence[Scalar],
        numbers: Arithmetic[Scalar],
        curvature: bool,
    ) -> None:
        self.space = space
        self.sizes: Sequence[Scalar] = sizes
        self.x: Sequence[Scalar] = x
        self.numbers: Arithmetic[Scalar] = numbers
        self.curvature = curvature
        self.rows: list[_Row[Scalar]] = [self._row(index) for index in range(len(space.row_classes))]
        self.pairs: list[_Pair[Scalar]] = []
        for a, first in enumerate(space.row_classes):
            if first.block is not None and space.sizes[first.block] > 1:
                self.pairs.append(self._same_block(a))
            self.pairs += [self._two_classes(a, b) for b in range(a + 1, len(space.row_classes))]
            for block in range(len(space.blocks)):
                if block == first.block:
                    self.pairs.append(self._teacher(a, block, own=True))
                if first.off[block] is not None:
                    self.pairs.append(self._teacher(a, block, own=False))

    @property
    def square_norms(self) -> list[Scalar]:
        """|w|^2 for a row of each class."""
        return [row.norm for row in self.rows]

    def _row(self, index: int) -> _Row[Scalar]:
        rows = self.space.row_classes[index]
        weights: dict[int, Scalar] = {}
        if rows.own is not None:
            weights[rows.own] = self.numbers.one
        for block, coordinate in enumerate(rows.off):
            if coordinate is not None:
                weights[coordinate] = self.sizes[block] - int(block == rows.block)
        norm = self.numbers.zero
        for i, weight in weights.items():
            norm = norm + weight * (self.x[i] * self.x[i])
        count = self.numbers.one if rows.block is None else self.sizes[rows.block]
        reach: dict[int, Scalar] = {}
        if self.curvature:
            length = self.numbers.root(norm)
            reach = {i: self.numbers.root(weight) / length for i, weight in weights.items()}
        return _Row(count, weights, norm, reach)

    def _same_block(self, a: int) -> _Pair[Scalar]:
        """Two different rows of one block; counted n (n - 1) / 2 times."""
        rows, row, numbers = self.space.row_classes[a], self.rows[a], self.numbers
        assert rows.block is not None
        assert rows.own is not None
        size, own, off = self.sizes[rows.block], rows.own, rows.towards(rows.block)
        diagonal, beside = self.x[own], self.x[off]
        total, rest = diagonal + beside, (size - 2) * beside
        others = [(i, row.weights[i] * self.x[i]) for i in row.weights if i not in (own, off)]
        product = 2 * (diagonal * beside) + rest * beside
        gathered = total * total + 2 * (rest * beside)
        gradient = {own: 2 * beside, off: 2 * (diagonal + rest)}
        for i, weighted in others:
            product = product + weighted * self.x[i]
            gathered = gathered + 2 * (weighted * self.x[i])
            gradient[i] = 2 * weighted
        apart = diagonal - beside
        side = numbers.root(gathered)
        sine = numbers.root(apart * apart) * side
        double: dict[tuple[int, int], Scalar] = {}
        turn: dict[int, Scalar] = {}
        if self.curvature:
            double = {(own, off): 2 * numbers.one, (off, off): 2 * (size - 2)}
            scale = side * row.norm
            numerators = {own: gathered - apart * total, off: -(gathered + apart * (total + 2 * rest))}
            for i, weighted in others:
                double[i, i] = 2 * row.weights[i]
                numerators[i] = -2 * (apart * weighted)
            turn = {i: numbers.quotient(value, scale, 2 * row.reach[i]) for i, value in numerators.items()}
        coefficient = size * (size - 1) / 2
        supplement = numbers.supplement(sine, product)
        return _Pair(a, a, coefficient, sine, supplement, product, gradient, double, turn)

    def _two_classes(self, a: int, b: int) -> _Pair[Scalar]:
        """A row of class a and a row of class b; counted n_a n_b times."""
        first, second, numbers = self.rows[a], self.rows[b], self.numbers
        columns = self._columns(a, b)
        product = numbers.zero
        gradient: dict[int, Scalar] = {}
        double: dict[tuple[int, int], Scalar] = {}
        for weight, i, j in columns:
            here, there = weight * self.x[i], weight * self.x[j]
            product = product + here * self.x[j]
            gradient[i] = gradient[i] + there if i in gradient else there
            gradient[j] = gradient[j] + here if j in gradient else here
            double[i, j] = weight
        along = product / first.norm
        residues = [self.x[j] - along * self.x[i] for _, i, j in columns]
        square = numbers.zero
        for (weight, _, _), residue in zip(columns, residues, strict=True):
            square = square + weight * (residue * residue)
        sine = numbers.root(first.norm * square)
        turn: dict[int, Scalar] = {}
        if self.curvature:
            back = product / second.norm
            numerators: dict[int, Scalar] = {}
            for (weight, i, j), residue in zip(columns, residues, strict=True):
                forth = weight * (back * self.x[j] - self.x[i])
                opposite = -(weight * residue)
                numerators[i] = numerators[i] + opposite if i in numerators else opposite
                numerators[j] = numerators[j] + forth if j in numerators else forth
            for i, value in numerators.items():
                bound = first.reach[i] if i in first.reach else second.reach[i]
                turn[i] = numbers.quotient(value, sine, bound)
        supplement = numbers.supplement(sine, product)
        return _Pair(a, b, first.count * second.count, sine, supplement, product, gradient, double, turn)

    def _columns(self, a: int, b: int) -> list[tuple[Scalar, int, int]]:
        """The groups of columns that a row of class a and one of class b see: how many, and the two coordinates."""
        first, second = self.space.row_classes[a], self.space.row_classes[b]
        columns: list[tuple[Scalar, int, int]] = []
        for block, (left, right) in enumerate(zip(first.off, second.off, strict=True)):
            weight = self.sizes[block]
            if block == first.block and first.own is not None and right is not None:
                columns.append((self.numbers.one, first.own, right))
                weight = weight - 1
            if block == second.block and second.own is not None and left is not None:
                columns.append((self.numbers.one, left, second.own))
                weight = weight - 1
            if left is not None and right is not None:
                columns.append((weight, left, right))
        return columns

    def _teacher(self, a: int, block: int, own: bool) -> _Pair[Scalar]:
        """A row of class a and its own teacher (n_a pairs) or another teacher of a block; counted negatively."""
        rows, row, numbers = self.space.row_classes[a], self.rows[a], self.numbers
        column = rows.own if own and rows.own is not None else rows.towards(block)
        product = self.x[column]
        square = numbers.zero
        for i, weight in row.weights.items():
            if i == column:
                # Of these entries one lies along the teacher.
                if not own:
                    square = square + (weight - 1) * (product * product)
            else:
                square = square + weight * (self.x[i] * self.x[i])
        sine = numbers.root(square)
        turn: dict[int, Scalar] = {}
        if self.curvature:
            scale, along = row.norm * sine, product
            for i, weight in row.weights.items():
                beside = weight - 1 if i == column else weight
                if i != column or not own:
                    turn[i] = numbers.quotient(along * (beside * self.x[i]), scale, row.reach[i])
            radial = sine / row.norm
            turn[column] = turn[column] - radial if column in turn else -radial
        coefficient = -row.count if own else -(row.count * row.weights[column])
        supplement = numbers.supplement(sine, product)
        return _Pair(a, None, coefficient, sine, supplement, product, {column: numbers.one}, {}, turn)

    def loss(self) -> Scalar:
        """The loss without the constant that depends on the number of teachers alone."""
        total, own = self.numbers.zero, self.numbers.zero
        for pair in self.pairs:
            total = total + pair.coefficient * (pair.sine + pair.supplement * pair.product)
        for row in self.rows:
            own = own + row.count * row.norm
        return total / (2 * self.numbers.pi) + own / 4

    def gradient(self) -> list[Scalar]:
        """The gradient in the reduced coordinates."""
        result = [self.numbers.zero] * len(self.x)
        radial = [self.numbers.zero] * len(self.rows)
        for pair in self.pairs:
            push = pair.coefficient * pair.sine
            radial[pair.first] = radial[pair.first] + push
            if pair.second is not None:
                radial[pair.second] = radial[pair.second] + push
            turn = pair.coefficient * pair.supplement
            for i, value in pair.gradient.items():
                result[i] = result[i] + turn * value
        for row, push in zip(self.rows, radial, strict=True):
            pull = push / row.norm + self.numbers.pi * row.count
            for i, weight in row.weights.items():
                result[i] = result[i] + pull * (weight * self.x[i])
        return [value / (2 * self.numbers.pi) for value in result]

    def hessian(self) -> list[list[Scalar]]:
        """The Hessian in the reduced coordinates."""
        size, zero = len(self.x), self.numbers.zero
        upper = [[zero] * size for _ in range(size)]
        radial = [zero] * len(self.rows)
        stretch = [zero] * len(self.rows)
        # Half the gradient of ln N.
        log_norm = [{i: weight * self.x[i] / row.norm for i, weight in row.weights.items()} for row in self.rows]
        for pair in self.pairs:
            push, turned = pair.coefficient * pair.sine, pair.coefficient * pair.supplement
            radial[pair.first] = radial[pair.first] + push
            if pair.second is not None:
                radial[pair.second] = radial[pair.second] + push
            if pair.second != pair.first:
                stretch[pair.first] = stretch[pair.first] + push
                if pair.second is not None:
                    stretch[pair.second] = stretch[pair.second] + push
                    for i, left in log_norm[pair.first].items():
                        scaled = push * left
                        for j, right in log_norm[pair.second].items():
                            upper[i][j] = upper[i][j] + scaled * right
            for (i, j), value in pair.double_product.items():
                i, j = min(i, j), max(i, j)
                upper[i][j] = upper[i][j] + turned * value
            for i, left in pair.turn.items():
                scaled = push * left
                for j, right in pair.turn.items():
                    if i <= j:
                        upper[i][j] = upper[i][j] + scaled * right
        for index, row in enumerate(self.rows):
            pull = radial[index] / row.norm + self.numbers.pi * row.count
            for i, left in log_norm[index].items():
                upper[i][i] = upper[i][i] + pull * row.weights[i]
                scaled = stretch[index] * left
                for j, right in log_norm[index].items():
                    if i <= j:
                        upper[i][j] = upper[i][j] - scaled * right
        scale = 2 * self.numbers.pi
        return [[upper[min(i, j)][max(i, j)] / scale for j in range(size)] for i in range(size)]
