"""The index formula: inertia of the Hessian on a stratum from a few small matrices of the function.

With jumps D_i, r_i = r(t_i) != 0, Delta_ij the jumps of the live neurons at site i, and Lambda the span of the
derivatives of f in the directions of c, v and of affine neurons,

    Q_ik = 2 D_i D_k <(1 - P) H_i, (1 - P) H_k> + 2 delta_ik r_i D_i,   H_i = 1 on (t_i, b], P the projection on Lambda,

over the kinks; the index is n_neg(Q) + sum_i (#{j : r_i Delta_ij < 0} - [r_i D_i < 0]) plus one for every flat neuron
with K' != 0 and every semi-active one. The number of positive eigenvalues is dim Lambda plus the live neurons that do
not count in the index, plus the same flat and semi-active ones. Proof: docs/strata.md, "The Hessian".
"""

from __future__ import annotations

from dataclasses import dataclass, field

from flint import arb, arb_mat

from symbolic.enclosure import arb_of, midpoint, working_precision
from symbolic.errors import InsufficientPrecision
from symbolic.exact.inertia import signature
from symbolic.interval.located import BITS
from symbolic.interval.realization import RealizedFunction
from symbolic.interval.strata.sites import Site

Tangents = tuple[bool, tuple[tuple[Site, str], ...]]
"""Lambda: whether it holds x, and the sites (with one orientation) whose hinge functions it holds."""


@dataclass
class FormOfFunction:
    """Q for every Lambda that occurs over one function; each is computed once."""

    function: RealizedFunction
    kinks: tuple[Site, ...]
    _known: dict[tuple[bool, tuple[tuple[str, int, str], ...]], int | None] = field(default_factory=dict)

    def negative(self, tangents: Tangents) -> int | None:
        """n_neg(Q), or None if Q could not be proved nonsingular or a residual at a kink could not be proved not 0."""
        holds_x, hinges = tangents
        key = (holds_x, tuple((site.kind.value, site.number, "" if holds_x else mark) for site, mark in hinges))
        if key not in self._known:
            self._known[key] = self._compute(tangents)
        return self._known[key]

    def _compute(self, tangents: Tangents) -> int | None:
        if any(site.residual_sign is None for site in self.kinks):
            return None
        if not self.kinks:
            return 0
        with working_precision(BITS + 64):
            try:
                return signature(self._matrix(tangents))[0]
            except (InsufficientPrecision, ZeroDivisionError):
                return None

    def _matrix(self, tangents: Tangents) -> list[list[arb]]:
        holds_x, hinges = tangents
        a, b = (arb_of(end) for end in self.function.problem.domain)
        leak = self.function.problem.leak
        places = [site.position for site, _ in hinges]
        size = len(places) + 2
        base = [[_product(i, j, places, a, b) for j in range(size)] for i in range(size)]
        # Rows of coefficients in the basis 1, x, (x - t)_+ at each site.
        vectors = [[arb(int(j == 0)) for j in range(size)]]
        if holds_x:
            vectors.append([arb(int(j == 1)) for j in range(size)])
        for index, (site, mark) in enumerate(hinges):
            vector = [arb(0)] * size
            if holds_x:
                vector[2 + index] = arb(1)
            else:
                slope = arb_of(leak) if mark == "+" else arb(-1)
                vector[0], vector[1], vector[2 + index] = -(slope * site.position), slope, arb_of(1 - leak)
            vectors.append(vector)
        transform = arb_mat(vectors)
        steps = arb_mat([[_step_product(i, kink.position, places, b) for kink in self.kinks] for i in range(size)])
        gram = transform * arb_mat(base) * transform.transpose()
        mixed = transform * steps
        shares = mixed.transpose() * gram.solve(mixed)
        slopes, residuals = self.function.balls.slopes, self._kink_residuals()
        jumps = [slopes[i + 1] - slopes[i] for i in range(len(self.kinks))]
        matrix = []
        for i, first in enumerate(self.kinks):
            row = []
            for j, second in enumerate(self.kinks):
                inner = b - _later(first.position, second.position) - shares[i, j]
                entry = 2 * jumps[i] * jumps[j] * inner
                if i == j:
                    entry += 2 * residuals[i] * jumps[i]
                row.append(entry)
            matrix.append(row)
        return [[(matrix[i][j] + matrix[j][i]) / 2 for j in range(len(matrix))] for i in range(len(matrix))]

    def _kink_residuals(self) -> list[arb]:
        polynomials = self.function.residual_polynomials(self.function.balls, arb_of)
        return [piece[0] for piece in polynomials[1:]]


def _later(s: arb, t: arb) -> arb:
    return s if midpoint(s) >= midpoint(t) else t


def _moment(start: arb, b: arb, factors: list[arb]) -> arb:
    """int_start^b of the product of (x - p) over p in `factors` (at most two)."""
    length, middle = b - start, (b + start) / 2
    if not factors:
        return length
    if len(factors) == 1:
        return length * (middle - factors[0])
    p, q = factors
    return length * ((middle - p) * (middle - q) + length * length / 12)


def _product(i: int, j: int, places: list[arb], a: arb, b: arb) -> arb:
    """<phi_i, phi_j> for phi = 1, x, (x - t_1)_+, (x - t_2)_+, ... on [a, b]."""
    start, factors = a, []
    for index in (i, j):
        if index == 1:
            factors.append(arb(0))
        elif index > 1:
            factors.append(places[index - 2])
            start = _later(start, places[index - 2])
    return _moment(start, b, factors)


def _step_product(i: int, kink: arb, places: list[arb], b: arb) -> arb:
    """<phi_i, H> with H = 1 on (kink, b]."""
    if i == 0:
        return b - kink
    if i == 1:
        return _moment(kink, b, [arb(0)])
    return _moment(_later(kink, places[i - 2]), b, [places[i - 2]])
