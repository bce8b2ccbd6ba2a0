"""All stationary strata of width n over one critical function of a data set, with dimension, inertia and kind.

A stratum is a choice of a type (pattern and sign of a) for every neuron, up to permutation. Over a residual r it is not
empty iff every type is stationary at r and the types of its active neurons with a != 0 form a live set (`cases`); then
it is the product of a rational polyhedron (the weights beta_j = |a_j| w_j, and the flat neurons' w_j), the scalings of
the live neurons, and nothing else. Proofs are in docs/dataset.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations_with_replacement
from math import comb, factorial, prod

from flint import fmpz_mat

from symbolic.dataset.cases import Case, LiveSet
from symbolic.dataset.functions import DatasetFunction
from symbolic.dataset.patterns import Face
from symbolic.dataset.stationarity import Faces, Field, NeuronType
from symbolic.enclosure import Rigor, Verdict
from symbolic.errors import BudgetExceeded
from symbolic.exact.cones import Combination, positive_combination, primitive
from symbolic.problem import CriticalStratum, Inertia, Kind, Stationarity

STRATA_BUDGET = 2_000_000
"""Strata of one width listed at most."""

Weights = tuple[Fraction, ...]

_NOTIONS = {
    (smooth, directional): Stationarity(
        Verdict.YES if smooth and directional else Verdict.NO, Verdict.YES if directional else Verdict.NO, Verdict.YES
    )
    for smooth in (True, False)
    for directional in (True, False)
}


@dataclass(frozen=True, slots=True)
class DatasetStratum(CriticalStratum):
    """A stationary stratum of width n, up to permutation of the neurons.

    Attributes:
        neurons: the types, sorted; the label has their codes.
        kind, reason: what it is, and the argument (docs/dataset.md, "Kinds").
        index: number of negative eigenvalues of the Hessian; None where L is not twice differentiable, or not
            stationary in the directional sense.
        inertia: the whole inertia in (w, a); None as for the index, and where the nullity is not constant on the
            stratum or was not proved to be.
        orbit_size: number of ordered tuples of types that are permutations of this one.
        stationarity: smooth (no sample on a kink, gradient zero), directional, Clarke.
        rigor: exact.
        sample_w, sample_a: a point of the stratum, with a in {1, -1, 0}.
    """

    neurons: tuple[NeuronType, ...]
    index: int | None
    sample_w: tuple[Weights, ...]
    sample_a: Weights


@dataclass(frozen=True)
class _Facts:
    """What a neuron of one type adds to its stratum, at one residual."""

    neuron: NeuronType
    face: Face
    smooth: bool
    regular: bool
    """Whether L is twice differentiable in the neuron: no kink, or kinks where a = 0 and r_k = 0."""
    escapes: bool
    directional: bool
    dimension: int
    moves: bool
    """Whether rescaling moves the neuron: (w, a) is not 0."""
    point: tuple[Fraction, ...]
    """A w in the face, with G_r(w) = 0 if a = 0."""


class Enumerator:
    """Lists the strata over one case.

    Args:
        faces: of the data set.
        case: a candidate residual with its live sets.
        function: the critical function.
    """

    def __init__(self, faces: Faces, case: Case, function: DatasetFunction) -> None:
        self.faces = faces
        self.case = case
        self.function = function
        self.field = Field(faces.arrangement, case.residuals)

    @cached_property
    def passive(self) -> tuple[_Facts, ...]:
        """The types that add nothing to f: a = 0, or active at no sample."""
        found = []
        for face in self.faces.arrangement.faces:
            weights = self.field.flat_weights(face)
            if weights is not None:
                found.append(self._facts(NeuronType(face.pattern, 0), weights))
            if "+" not in face.pattern:
                signs = self.field.directional_signs(face)
                ones = (1,) * len(face.rays)
                found += [self._facts(NeuronType(face.pattern, sign), ones) for sign in signs]
                if len(signs) < 2 and self.field.is_clarke(face):
                    found += [
                        self._facts(NeuronType(face.pattern, sign), ones, directional=False)
                        for sign in (1, -1)
                        if sign not in signs
                    ]
        return tuple(sorted(found, key=lambda facts: facts.neuron))

    def _facts(self, neuron: NeuronType, weights: Sequence[int], *, directional: bool = True) -> _Facts:
        face = self.faces.arrangement.by_pattern[neuron.pattern]
        flat = neuron.sign == 0
        lineality = self.faces.arrangement.lineality
        point = tuple(map(Fraction, primitive(_combine(weights, face.rays, self.faces.arrangement.dimension))))
        if not any(point) and lineality:
            # The generic point of the lineality space is not 0.
            point = tuple(map(Fraction, lineality[0]))
        constrained = flat and not self.field.vanishes_on(face)
        smooth = self.faces.is_smooth(neuron.pattern)
        return _Facts(
            neuron=neuron,
            face=face,
            smooth=smooth,
            regular=smooth or (flat and self._residuals_vanish_at_kinks(neuron.pattern)),
            escapes=flat and self.field.escapes(face),
            directional=directional,
            dimension=face.dimension - int(constrained) + int(not flat),
            moves=not flat or any(point),
            point=point,
        )

    def _residuals_vanish_at_kinks(self, pattern: str) -> bool:
        zero = self.faces.arrangement.zero_samples
        residuals = self.case.residuals
        return all(sign != "0" or k in zero or residuals[k] == 0 for k, sign in enumerate(pattern))

    @cached_property
    def live(self) -> dict[NeuronType, _Facts]:
        """The types of active neurons with a != 0."""
        found = {}
        for types, directional in ((self.case.directional, True), (self.case.only_clarke, False)):
            for neuron in types:
                face = self.faces.arrangement.by_pattern[neuron.pattern]
                found[neuron] = self._facts(neuron, (1,) * len(face.rays), directional=directional)
        return found

    def count(self, width: int) -> int:
        """Number of strata of the width: sum over the live sets S of the multisets of width n that contain S."""
        total = 0
        for live_set in self.case.live_sets:
            free, kinds = width - len(live_set.types), len(live_set.types) + len(self.passive)
            total += comb(free + kinds - 1, free) if free >= 0 and kinds else int(free == 0)
        return total

    def labelled_count(self, width: int) -> int:
        """Number of ordered tuples of types: words of length n in which every type of a live set S occurs and the
        rest are passive, sum over S of sum_i (-1)^i C(|S|, i) (|S| - i + passive)^n."""
        passive = len(self.passive)
        return sum(
            (-1) ** i * comb(len(one.types), i) * (len(one.types) - i + passive) ** width
            for one in self.case.live_sets
            for i in range(len(one.types) + 1)
        )

    def strata(self, width: int, *, is_global_minimum: bool) -> Iterator[DatasetStratum]:
        """All strata of the width.

        Args:
            width: n, at least 1.
            is_global_minimum: whether the loss is the least one at this width.

        Raises:
            BudgetExceeded: more than `STRATA_BUDGET`; the line says how many there are.
        """
        number = self.count(width)
        if number > STRATA_BUDGET:
            label = self.function.label
            raise BudgetExceeded(f"{label} has {number} strata at width {width}, more than {STRATA_BUDGET}")
        for live_set in self.case.live_sets:
            free = width - len(live_set.types)
            if free < 0:
                continue
            over = _OverLiveSet(self, live_set)
            parts = [*(self.live[one] for one in live_set.types), *self.passive]
            for extra in combinations_with_replacement(parts, free):
                yield over.stratum(extra, is_global_minimum)


class _OverLiveSet:
    """The strata over one live set: what they share is computed once."""

    def __init__(self, enumerator: Enumerator, live_set: LiveSet) -> None:
        self.enumerator = enumerator
        self.function = enumerator.function
        self.field_dimension = enumerator.faces.arrangement.dimension
        self.base = [enumerator.live[one] for one in live_set.types]
        effects = [effect for one in live_set.types for effect in enumerator.faces.effects[one.pattern]]
        self.rank = int(fmpz_mat([list(effect) for effect in effects]).rank()) if effects else 0
        self._complement = _orthogonal(effects, len(enumerator.case.residuals))
        self.beta = {
            one: _combine(weights, enumerator.faces.arrangement.by_pattern[one.pattern].rays, self.field_dimension)
            for one, weights in zip(live_set.types, live_set.weights, strict=True)
        }
        self._position: dict[NeuronType, Verdict] = {}

    def stratum(self, extra: Sequence[_Facts], is_global_minimum: bool) -> DatasetStratum:
        facts = sorted([*self.base, *extra], key=lambda one: one.neuron)
        width = len(facts)
        numbers = Counter(one.neuron for one in facts)
        smooth, directional = all(one.smooth for one in facts), all(one.directional for one in facts)
        escaping = sum(one.escapes for one in facts)
        index = escaping if directional and all(one.regular for one in facts) else None
        kind, reason = _kind(directional, escaping, index, is_global_minimum)
        return DatasetStratum(
            function=self.function.label,
            label=f"{self.function.label}@{width}:" + ".".join(one.neuron.code for one in facts),
            width=width,
            neurons=tuple(one.neuron for one in facts),
            kind=kind,
            reason=reason,
            index=index,
            inertia=None if index is None else self._inertia(facts, index),
            dimension=sum(one.dimension for one in facts) - self.rank,
            gauge_dimension=sum(one.moves for one in facts),
            orbit_size=factorial(width) // prod(map(factorial, numbers.values())),
            stationarity=_NOTIONS[smooth, directional],
            rigor=Rigor.EXACT,
            sample_w=tuple(self._weights(one, numbers[one.neuron]) for one in facts),
            sample_a=tuple(Fraction(one.neuron.sign) for one in facts),
        )

    def _weights(self, one: _Facts, copies: int) -> Weights:
        beta = self.beta.get(one.neuron)
        return one.point if beta is None else tuple(value / copies for value in beta)

    def _inertia(self, facts: Sequence[_Facts], index: int) -> Inertia | None:
        """Inertia of the Hessian at the points of a stratum where there is one (docs/dataset.md, "Inertia").

        The Hessian is (1/n) J^T J, of rank dim(span of the live neurons' effects and of activations(w_j) of flat
        neurons that do not escape), and a hyperbolic pair for each escape neuron.
        """
        rank = self.rank
        calm = [one for one in facts if one.neuron.sign == 0 and one.neuron.active and not one.escapes]
        outside = [one for one in calm if self._inside_span(one) is not Verdict.YES]
        if len(outside) > 1:
            return None
        for one in outside:
            if self._inside_span(one) is Verdict.UNDECIDED:
                return None
            rank += 1
        total = len(facts) * (self.field_dimension + 1)
        positive = rank + index
        return Inertia(index, total - index - positive, positive)

    def _inside_span(self, one: _Facts) -> Verdict:
        """Whether activations(w) lies in the span of the live effects: for all w of the face (YES), for none (NO), or
        for some (UNDECIDED)."""
        known = self._position.get(one.neuron)
        if known is None:
            effects = self.enumerator.faces.effects[one.neuron.pattern]
            outside = [
                tuple(sum(a * b for a, b in zip(row, effect, strict=True)) for row in self._complement)
                for effect in effects
            ]
            if not any(any(vector) for vector in outside):
                known = Verdict.YES
            else:
                meets = positive_combination(outside, (0,) * len(self._complement))
                known = Verdict.UNDECIDED if isinstance(meets, Combination) else Verdict.NO
            self._position[one.neuron] = known
        return known


def _kind(directional: bool, escaping: int, index: int | None, is_global_minimum: bool) -> tuple[Kind, str]:
    if not directional:
        return Kind.SADDLE, "first-order descent at a kink: stationary in Clarke's sense alone"
    if index:
        return Kind.STRICT_SADDLE, "escape neuron where the loss is twice differentiable"
    if escaping:
        return Kind.SADDLE, "escape neuron"
    if is_global_minimum:
        return Kind.GLOBAL_MINIMUM, "least loss of a complete list, and a minimizer exists"
    return Kind.LOCAL_MINIMUM, "directionally stationary without escape neuron"


def _combine(weights: Sequence[Fraction | int], rays: Sequence[Sequence[int]], length: int) -> Weights:
    return tuple(
        sum((Fraction(weight) * ray[i] for weight, ray in zip(weights, rays, strict=True)), Fraction(0))
        for i in range(length)
    )


def _orthogonal(vectors: Sequence[Sequence[int]], length: int) -> list[tuple[int, ...]]:
    """An integer basis of the orthogonal complement of the vectors."""
    if not vectors:
        return [tuple(int(i == j) for i in range(length)) for j in range(length)]
    basis, nullity = fmpz_mat([list(vector) for vector in vectors]).nullspace()
    return [tuple(int(basis[i, j]) for i in range(length)) for j in range(nullity)]
