"""Re-checking of points of a data set's loss from its definition, in rational arithmetic.

L = (1/2n) sum_k (y_k - f_k)^2, f_k = sum_j a_j max(<w_j, x_k>, 0), r = y - f. At w with <w, x_k> > 0 for k in A and
= 0 for k in Z (samples x_k != 0), the derivative of L in the direction (v, s) is -(1/n) (a F(v) + s G) with

    G = sum_A r_k <w, x_k>,   F(v) = sum_A r_k <v, x_k> + sum_Z r_k max(<v, x_k>, 0).

F is linear on the cones of the arrangement of the samples in Z alone, so its signs on their rays decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from flint import arb, arb_mat, fmpq, fmpq_mat, fmpz_mat

from symbolic.dataset.patterns import arrangement, pattern_of
from symbolic.dataset.problem import DatasetProblem
from symbolic.enclosure import to_fmpq
from symbolic.exact.cones import gordan

Vector = tuple[Fraction, ...]


NEAR = Fraction(1, 10**8)
"""Beside the size of a rounded direction, what counts as 0."""


@dataclass(frozen=True)
class NeuronFacts:
    """What a neuron (w, a) is at a residual.

    Attributes:
        pattern: signs of <w, x_k>.
        stationary: G = 0.
        smooth: no sample x_k != 0 on its kink.
        directional, clarke: a F <= 0 in all directions; 0 in the hull of the limits of the gradient. Both for a = 0.
        escapes: a = 0 and F is not 0.
        regular: L is twice differentiable in it: no kink, or a = 0 and r_k = 0 on the kinks.
        dimension: of its parameters (w, a) alone, at G = 0.
        bends: a != 0.
        effects: what the span of its face adds to the values at the samples, if a != 0.
    """

    pattern: str
    stationary: bool
    smooth: bool
    directional: bool
    clarke: bool
    escapes: bool
    regular: bool
    dimension: int
    bends: bool
    effects: tuple[Vector, ...]


class PointChecker:
    """Looks at neurons against one residual.

    Args:
        problem: the data set.
        residuals: r.
    """

    def __init__(self, problem: DatasetProblem, residuals: Sequence[Fraction]) -> None:
        self.problem, self.samples, self.residuals = problem, problem.samples, tuple(residuals)

    def values(self, rows: Sequence[Vector], outer: Sequence[Fraction]) -> list[Fraction]:
        """f_1, ..., f_n."""
        return [
            sum((a * max(_dot(w, x), Fraction(0)) for w, a in zip(rows, outer, strict=True)), Fraction(0))
            for x in self.samples
        ]

    def neuron(self, w: Vector, a: Fraction) -> NeuronFacts:
        """See `NeuronFacts`."""
        pattern = pattern_of(w, self.samples)
        kinks = [k for k, sign in enumerate(pattern) if sign == "0" and any(self.samples[k])]
        active = [k for k, sign in enumerate(pattern) if sign == "+"]
        pull = sum((self.residuals[k] * _dot(w, self.samples[k]) for k in active), Fraction(0))
        slopes = [self._slope(v, active, kinks) for v in self._directions(kinks)]
        sign = (a > 0) - (a < 0)
        directional = not sign or all(sign * slope <= 0 for slope in slopes)
        clarke = directional or self._in_hull(active, kinks)
        face = self._span(kinks)
        climbs = any(
            sum((self.residuals[k] * _dot(v, self.samples[k]) for k in active), Fraction(0)) for v in face
        )
        effects = tuple(
            tuple(_dot(v, x) if k in active else Fraction(0) for k, x in enumerate(self.samples)) for v in face
        )
        return NeuronFacts(
            pattern=pattern,
            stationary=pull == 0,
            smooth=not kinks,
            directional=directional,
            clarke=clarke,
            escapes=not sign and any(slopes),
            regular=not kinks or (not sign and not any(self.residuals[k] for k in kinks)),
            dimension=len(face) + int(sign != 0) - int(not sign and climbs),
            bends=sign != 0,
            effects=effects if sign else (),
        )

    def slope(self, w: Sequence[Fraction], pattern: str) -> Fraction:
        """G at w in the closure of the face with this pattern."""
        active = (k for k, letter in enumerate(pattern) if letter == "+")
        return sum((self.residuals[k] * _dot(w, self.samples[k]) for k in active), Fraction(0))

    def _slope(self, v: Sequence[Fraction | int], active: Sequence[int], kinks: Sequence[int]) -> Fraction:
        """F(v)."""
        total = sum((self.residuals[k] * _dot(v, self.samples[k]) for k in active), Fraction(0))
        return total + sum(
            (self.residuals[k] * max(_dot(v, self.samples[k]), Fraction(0)) for k in kinks), Fraction(0)
        )

    def _directions(self, kinks: Sequence[int]) -> list[tuple[Fraction | int, ...]]:
        """Generators of the closed cells of the arrangement of the samples on the kinks."""
        dimension = self.problem.dimension
        if not kinks:
            return [tuple(sign * int(i == j) for j in range(dimension)) for i in range(dimension) for sign in (1, -1)]
        local = arrangement(tuple(self.samples[k] for k in kinks))
        found = {ray for face in local.faces for ray in face.rays}
        found |= {tuple(sign * x for x in vector) for vector in local.lineality for sign in (1, -1)}
        return sorted(found)

    def _in_hull(self, active: Sequence[int], kinks: Sequence[int]) -> bool:
        """Whether 0 is a convex combination of the gradients of F on the cells."""
        if not kinks:
            return False
        gradients = []
        for cell in arrangement(tuple(self.samples[k] for k in kinks)).cells:
            chosen = [*active, *(k for k, sign in zip(kinks, cell.pattern, strict=True) if sign == "+")]
            gradients.append(
                [sum((self.residuals[k] * self.samples[k][i] for k in chosen), Fraction(0))
                 for i in range(self.problem.dimension)]
            )
        scale = lcm(*(value.denominator for row in gradients for value in row))
        vectors = [tuple(int(value * scale) for value in row) for row in gradients]
        return gordan(vectors, self.problem.dimension)[0] is None

    def _span(self, kinks: Sequence[int]) -> list[tuple[Fraction | int, ...]]:
        """A basis of the w orthogonal to the samples on the kinks."""
        dimension = self.problem.dimension
        if not kinks:
            return [tuple(int(i == j) for j in range(dimension)) for i in range(dimension)]
        scale = lcm(*(value.denominator for k in kinks for value in self.samples[k]))
        rows = fmpz_mat([[int(value * scale) for value in self.samples[k]] for k in kinks])
        basis, nullity = rows.nullspace()
        return [tuple(int(basis[i, j]) for i in range(dimension)) for j in range(nullity)]

    def hessian_inertia(self, rows: Sequence[Vector], outer: Sequence[Fraction]) -> tuple[int, int, int]:
        """(negative, zero, positive) eigenvalues of the Hessian of n L in all (w_j, a_j), entry by entry.

        sum_k (grad f_k grad f_k^T - r_k Hess f_k), where L is twice differentiable.
        """
        d, count = self.problem.dimension, len(rows)
        size = count * (d + 1)
        table = [[Fraction(0)] * size for _ in range(size)]
        for x, r in zip(self.samples, self.residuals, strict=True):
            gradient: list[Fraction] = []
            for j, (w, a) in enumerate(zip(rows, outer, strict=True)):
                z = _dot(w, x)
                gradient += [a * value if z > 0 else Fraction(0) for value in x]
                gradient.append(max(z, Fraction(0)))
                if z > 0 and r:
                    for i, value in enumerate(x):
                        place, last = j * (d + 1) + i, j * (d + 1) + d
                        table[place][last] -= r * value
                        table[last][place] -= r * value
            for i, p in enumerate(gradient):
                if p:
                    for j, q in enumerate(gradient):
                        table[i][j] += p * q
        return exact_inertia([[to_fmpq(value) for value in row] for row in table])


def hessian_on_sides(
    problem: DatasetProblem, residuals: Sequence[Fraction], rows: Sequence[Vector], signs: Sequence[int],
    towards: Sequence[Sequence[Fraction]],
) -> list[list[arb]]:
    """The Hessian of L at a balanced point, on the sides of kinks to which a direction leads, in (w_1, a_1, w_2, ...).

    The neurons are w/|w|^(1/2), a = sign |w|^(1/2), or w/|w| and a = 0. One with a != 0 stays on its kinks; one with
    a = 0 goes to the side of x_k, r_k != 0, where the direction has <v, x_k> > 0 or < 0, or stays if that is nearly 0.
    Where a neuron stays, its part of the Hessian is P H P, P the projection off the samples on these kinks.

    Args:
        problem: the data set.
        residuals: r.
        rows: w up to a positive factor, not 0.
        signs: of a.
        towards: v for each neuron.
    """
    d, n = problem.dimension, len(problem.samples)
    size = len(rows) * (d + 1)
    table = arb_mat(size, size)
    gradients = [arb_mat(size, 1) for _ in problem.samples]
    for j, (w, sign, v) in enumerate(zip(rows, signs, towards, strict=True)):
        active, stays = _sides(problem, residuals, w, sign, v)
        kept = _projection([problem.samples[k] for k in stays], d)
        length = _ball(_dot(w, w)).sqrt()
        factor, outer = (1 / length.sqrt(), sign * length.sqrt()) if sign else (1 / length, arb(0))
        last = j * (d + 1) + d
        for k in active:
            x = problem.samples[k]
            gradients[k][last, 0] = _ball(_dot(w, x)) * factor
            for i in range(d):
                part = _ball(_dot(kept[i], x))
                gradients[k][j * (d + 1) + i, 0] = outer * part
                pull = _ball(residuals[k] / n) * part
                table[j * (d + 1) + i, last] -= pull
                table[last, j * (d + 1) + i] -= pull
    for gradient in gradients:
        table += gradient * gradient.transpose() / n
    return [list(row) for row in table.tolist()]


def _sides(
    problem: DatasetProblem, residuals: Sequence[Fraction], w: Vector, sign: int, v: Sequence[Fraction]
) -> tuple[list[int], list[int]]:
    """The samples at which a neuron is active, and those on whose kinks it stays."""
    active, stays = [], []
    bound = NEAR * sum(map(abs, v), Fraction(0))
    for k, (letter, x) in enumerate(zip(pattern_of(w, problem.samples), problem.samples, strict=True)):
        beyond = _dot(v, x)
        if letter == "+" or (letter == "0" and not sign and residuals[k] and beyond > bound):
            active.append(k)
        elif letter == "0" and any(x) and (sign or (residuals[k] and abs(beyond) <= bound)):
            stays.append(k)
    return active, stays


def _projection(normals: Sequence[Vector], d: int) -> list[Vector]:
    """The matrix of the projection off some vectors, exactly."""
    unit = [tuple(Fraction(int(i == j)) for j in range(d)) for i in range(d)]
    basis: list[Vector] = []
    for normal in normals:
        rest = normal
        for one in basis:
            share = _dot(rest, one) / _dot(one, one)
            rest = tuple(a - share * b for a, b in zip(rest, one, strict=True))
        if any(rest):
            basis.append(rest)
    for one in basis:
        square = _dot(one, one)
        unit = [
            tuple(a - one[i] * b / square for a, b in zip(row, one, strict=True)) for i, row in enumerate(unit)
        ]
    return unit


def _ball(value: Fraction) -> arb:
    return arb(to_fmpq(value))


def rank_of(vectors: Sequence[Vector]) -> int:
    """The dimension of the span."""
    if not vectors:
        return 0
    return int(fmpq_mat([[to_fmpq(Fraction(value)) for value in vector] for vector in vectors]).rref()[1])


def exact_inertia(matrix: Sequence[Sequence[fmpq]]) -> tuple[int, int, int]:
    """(negative, zero, positive) of a symmetric rational matrix, by symmetric elimination (Sylvester)."""
    rows = [list(row) for row in matrix]
    negative = zero = positive = 0
    while rows:
        size = len(rows)
        pivot = next((i for i in range(size) if rows[i][i] != 0), None)
        if pivot is None:
            pair = next(((i, j) for i in range(size) for j in range(i) if rows[i][j] != 0), None)
            if pair is None:
                return negative, zero + size, positive
            # x_i -> x_i + x_j makes the diagonal entry 2 rows[i][j].
            i, j = pair
            rows[i] = [p + q for p, q in zip(rows[i], rows[j], strict=True)]
            for row in rows:
                row[i] = row[i] + row[j]
            pivot = i
        head = rows[pivot][pivot]
        positive, negative = positive + int(head > 0), negative + int(head < 0)
        rest = [i for i in range(size) if i != pivot]
        rows = [[rows[i][j] - rows[i][pivot] * rows[pivot][j] / head for j in rest] for i in rest]
    return negative, zero, positive


def _dot(first: Sequence[Fraction | int], second: Sequence[Fraction | int]) -> Fraction:
    return sum((Fraction(p) * q for p, q in zip(first, second, strict=True)), Fraction(0))
