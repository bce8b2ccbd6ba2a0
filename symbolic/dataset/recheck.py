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

from flint import fmpq, fmpq_mat, fmpz_mat

from symbolic.dataset.patterns import arrangement, pattern_of
from symbolic.dataset.problem import DatasetProblem
from symbolic.enclosure import to_fmpq
from symbolic.exact.cones import gordan

Vector = tuple[Fraction, ...]


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
