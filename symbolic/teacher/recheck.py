"""Re-checking of points of the teacher loss by the dense formulas, row by row, in balls.

With P = <w, v>, S = sqrt(|w|^2 |v|^2 - P^2), theta the angle, for student rows w_i and teachers e_j, j <= k:

    f(w, v) = (S + (pi - theta) P)/(2 pi),   grad_w f = (S w/|w|^2 + (pi - theta) v)/(2 pi),
    H11 = S/(2 pi |w|^2) (I - e e^T) + q q^T/(2 pi S),   q = v - (P/|w|^2) w, e = w/|w|,
    L = sum |w_i|^2/4 + sum_{i<l} f(w_i, w_l) - sum f(w_i, e_j) + k/4 + k (k - 1)/(4 pi).
"""

from __future__ import annotations

from collections.abc import Sequence

from flint import arb, arb_mat

from symbolic.errors import InsufficientPrecision
from symbolic.exact.inertia import signature

Row = Sequence[arb]


class PairOfRows:
    """P, S and pi - theta of two rows.

    Raises:
        InsufficientPrecision: S could not be enclosed (rows that may be parallel).
    """

    def __init__(self, w: Row, v: Row) -> None:
        self.w, self.v = w, v
        self.square = _dot(w, w)
        self.product = _dot(w, v)
        rest = self.square * _dot(v, v) - self.product * self.product
        # Rows of the same numbers, or constant on the same entries of a fixed space, are parallel, whatever their
        # balls.
        columns = {(id(a), id(b)) for a, b in zip(w, v, strict=True) if a != 0 or b != 0}
        same = all(a is b for a, b in zip(w, v, strict=True))
        self.is_parallel = same or bool(rest == 0) or len(columns) == 1
        self.sine = arb(0) if self.is_parallel else rest.sqrt()
        self.supplement = arb.pi() - arb.atan2(self.sine, self.product)
        if not self.supplement.is_finite():
            raise InsufficientPrecision("two rows may be parallel")

    def value(self) -> arb:
        """f."""
        return (self.sine + self.supplement * self.product) / (2 * arb.pi())

    def normal(self) -> list[arb]:
        """q."""
        share = self.product / self.square
        return [b - share * a for a, b in zip(self.w, self.v, strict=True)]


class DensePoint:
    """A matrix W of student rows against the teachers e_1, ..., e_k.

    Args:
        rows: of W, in R^d.
        teachers: k.
    """

    def __init__(self, rows: Sequence[Row], teachers: int) -> None:
        self.rows = [list(row) for row in rows]
        self.inputs = len(self.rows[0])
        self.teachers = [[arb(int(i == j)) for j in range(self.inputs)] for i in range(teachers)]

    def loss(self) -> arb:
        """L."""
        k = len(self.teachers)
        total = arb(k) / 4 + arb(k * (k - 1)) / (4 * arb.pi())
        for i, row in enumerate(self.rows):
            total += _dot(row, row) / 4
            for other in self.rows[:i]:
                total += PairOfRows(row, other).value()
            for unit in self.teachers:
                total -= PairOfRows(row, unit).value()
        return total

    def gradient(self, number: int) -> list[arb]:
        """dL/dw of one row."""
        radial, entries = arb(0), [arb(0)] * self.inputs
        for pair, sign in self._pairs(number):
            radial += sign * pair.sine
            entries = [a + sign * pair.supplement * b for a, b in zip(entries, pair.v, strict=True)]
        row = self.rows[number]
        radial /= _dot(row, row)
        return [w / 2 + (radial * w + b) / (2 * arb.pi()) for w, b in zip(row, entries, strict=True)]

    def trace_of_row(self, number: int) -> arb:
        """The trace of the diagonal block of the Hessian: d (1/2 + sum +-S/(2 pi |w|^2))."""
        row = self.rows[number]
        total = arb(0)
        for pair, sign in self._pairs(number):
            total += sign * pair.sine
        return self.inputs * (arb(1) / 2 + total / (2 * arb.pi() * _dot(row, row)))

    def splitting(self, number: int) -> arb_mat:
        """M = H_ii - I/2, the second variation of splitting a row."""
        row, size = self.rows[number], self.inputs
        square = _dot(row, row)
        total, columns, weights = arb(0), [], []
        for pair, sign in self._pairs(number):
            total += sign * pair.sine
            if not pair.is_parallel:
                columns.append(pair.normal())
                weights.append(sign / (2 * arb.pi() * pair.sine))
        total /= 2 * arb.pi() * square
        result = arb_mat(
            [[total * (int(i == j) - row[i] * row[j] / square) for j in range(size)] for i in range(size)]
        )
        if columns:
            tall = arb_mat(columns)
            weighted = arb_mat(
                [[weight * value for value in column] for weight, column in zip(weights, columns, strict=True)]
            )
            result = result + tall.transpose() * weighted
        return result

    def splitting_signature(self, number: int, shift: arb) -> tuple[int, int]:
        """(negative, positive) eigenvalues of M - shift I on the complement of the row."""
        row, size = self.rows[number], self.inputs
        square = _dot(row, row)
        matrix = self.splitting(number).tolist()
        shifted = [
            [matrix[i][j] - shift * int(i == j) + (1 + shift) * row[i] * row[j] / square for j in range(size)]
            for i in range(size)
        ]
        symmetric = [[(shifted[i][j] + shifted[j][i]) / 2 for j in range(size)] for i in range(size)]
        negative, positive = signature(symmetric)
        return negative, positive - 1

    def square_of_hessian(self) -> arb:
        """The trace of the square of the Hessian, the sum of the squares of its entries."""
        total, half = arb(0), arb(1) / 2
        for i, row in enumerate(self.rows):
            block = self.splitting(i).tolist()
            for a, line in enumerate(block):
                for b, value in enumerate(line):
                    entry = value + half * int(a == b)
                    total += entry * entry
            for other in self.rows[:i]:
                total += 2 * _square_of_mixed(PairOfRows(row, other), self.inputs)
        return total

    def hessian_times(self, direction: Sequence[Row]) -> list[list[arb]]:
        """H V, row by row: H_ii = M_i + I/2, and H12 of each two rows.

        Args:
            direction: V, of the shape of W.
        """
        half = arb(1) / 2
        result = []
        for i, own in enumerate(direction):
            column = self.splitting(i) * arb_mat([[value] for value in own])
            result.append([column[j, 0] + half * value for j, value in enumerate(own)])
        for i, row in enumerate(self.rows):
            for p, other in enumerate(self.rows[:i]):
                pair = PairOfRows(row, other)
                for target, moved, mixed in ((i, direction[p], pair), (p, direction[i], PairOfRows(other, row))):
                    total = result[target]
                    result[target] = [a + b for a, b in zip(total, _mixed_times(mixed, moved), strict=True)]
        return result

    def _pairs(self, number: int) -> list[tuple[PairOfRows, int]]:
        row = self.rows[number]
        pairs = [(PairOfRows(row, other), 1) for i, other in enumerate(self.rows) if i != number]
        return pairs + [(PairOfRows(row, unit), -1) for unit in self.teachers]


def _mixed_times(pair: PairOfRows, moved: Row) -> list[arb]:
    """H12 u = ((pi - theta) u + e <n, u> + <m, u> v/|v|)/(2 pi), e = w/|w|, for the derivatives in w and v.

    n is the part of v at right angles to w, m that of w at right angles to v, both of length 1.
    """
    result = [pair.supplement * value for value in moved]
    if not pair.is_parallel:
        size_w, size_v = pair.square.sqrt(), _dot(pair.v, pair.v).sqrt()
        normal = pair.normal()
        # |q| = S/|w|; with the roles exchanged S/|v|.
        n = [value * size_w / pair.sine for value in normal]
        share = pair.product / (size_v * size_v)
        m = [(a - share * b) * size_v / pair.sine for a, b in zip(pair.w, pair.v, strict=True)]
        along, beside = _dot(n, moved) / size_w, _dot(m, moved) / size_v
        result = [r + a * along + b * beside for r, a, b in zip(result, pair.w, pair.v, strict=True)]
    return [value / (2 * arb.pi()) for value in result]


def _square_of_mixed(pair: PairOfRows, inputs: int) -> arb:
    """The squared Frobenius norm of H12 = (a I + sin (cos (e e^T - n n^T) + sin (e n^T + n e^T)))/(2 pi).

    With a = pi - theta: the second part has rank 2 with eigenvalues +-sin theta, so the square is
    (inputs a^2 + 2 sin^2 theta)/(4 pi^2).
    """
    square = pair.sine * pair.sine / (pair.square * _dot(pair.v, pair.v))
    return (inputs * pair.supplement * pair.supplement + 2 * square) / (4 * arb.pi() * arb.pi())


def _dot(first: Row, second: Row) -> arb:
    total = arb(0)
    for a, b in zip(first, second, strict=True):
        total += a * b
    return total
