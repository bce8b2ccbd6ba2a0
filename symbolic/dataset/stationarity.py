"""What a neuron may do where the residual is r: the stationarity notions, read off G_r on the rays of the arrangement.

G_r(v) = (1/n) sum_k r_k max(<v, x_k>, 0) is linear on every cell, so its values on the rays decide everything
(docs/dataset.md, "Stationarity on the rays"). For a neuron with w in the open face F:

- a != 0, directional: G_r = 0 on the rays of F, and sign(a) G_r <= 0 on the faces that cover F;
- a != 0, Clarke: G_r = 0 on the rays of F, and 0 is a convex combination of the gradients of G_r on the cells around F;
- a = 0 (every notion): G_r(w) = 0, possible in F iff G_r takes both signs, or only 0, on the rays of F;
- a = 0 is an *escape neuron* iff G_r is not 0 on all rays of F and of the faces that cover it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from symbolic.dataset.patterns import Arrangement, Face, Vector, is_face_of
from symbolic.enclosure import Verdict
from symbolic.exact.cones import gordan, primitive

SIGN_LETTERS = {1: "p", -1: "n", 0: "z"}


@dataclass(frozen=True, order=True, slots=True)
class NeuronType:
    """What one neuron does: its activation pattern and the sign of its outer weight a."""

    pattern: str
    sign: int

    @property
    def code(self) -> str:
        """The pattern, then p, n or z for a positive, negative, zero: the word in labels."""
        return self.pattern + SIGN_LETTERS[self.sign]

    @property
    def active(self) -> bool:
        """Whether the neuron is active at some sample."""
        return "+" in self.pattern


@dataclass(frozen=True)
class Evidence:
    """Why a neuron type is stationary or not in one sense, at one residual.

    Attributes:
        verdict: YES or NO; every case is decided.
        direction: where NO, a direction v with first-order descent: for the directional notion the derivative of L
            along v is negative; for Clarke's, <g, v> < 0 for every gradient g around the point.
        multipliers: where YES. Directional: pattern of each covering face and sign(a) n G_r at its generator (<= 0).
            Clarke: pattern of each cell around the face and its weight in the convex combination of gradients that
            is 0.
    """

    verdict: Verdict
    direction: tuple[int, ...] | None
    multipliers: tuple[tuple[str, Fraction], ...]


class Field:
    """G_r for one residual r, on the rays of the arrangement, in integers.

    Args:
        arrangement: of the data set.
        residuals: r, one rational per sample.
    """

    def __init__(self, arrangement: Arrangement, residuals: Sequence[Fraction]) -> None:
        self.arrangement = arrangement
        self.residuals = primitive(residuals)
        self._values: dict[Vector, int] = {}

    def value(self, ray: Vector) -> int:
        """A positive multiple, the same for all rays, of G_r(ray)."""
        known = self._values.get(ray)
        if known is None:
            activations = self.arrangement.activations(ray)
            known = sum(r * z for r, z in zip(self.residuals, activations, strict=True))
            self._values[ray] = known
        return known

    def vanishes_on(self, face: Face) -> bool:
        """Whether G_r = 0 on the face: equivalent to sum over its active samples of r_k x_k being orthogonal to it."""
        return all(self.value(ray) == 0 for ray in face.rays)

    def slopes(self, face: Face) -> list[int]:
        """G_r at a generator of every covering face, where it vanishes on the face itself."""
        return [sum(self.value(ray) for ray in above.rays) for above in self.arrangement.covers(face)]

    def directional_signs(self, face: Face) -> tuple[int, ...]:
        """The signs of a with which a neuron in the face is directionally stationary (among 1 and -1)."""
        if not self.vanishes_on(face):
            return ()
        slopes = self.slopes(face)
        above, below = any(slope > 0 for slope in slopes), any(slope < 0 for slope in slopes)
        return tuple(sign for sign, bad in ((1, above), (-1, below)) if not bad)

    def is_clarke(self, face: Face) -> bool:
        """Whether a neuron in the face with a != 0 is stationary in Clarke's sense (for either sign of a)."""
        return bool(self.directional_signs(face)) or (self.vanishes_on(face) and self._combination(face)[0] is None)

    def _combination(self, face: Face) -> tuple[tuple[int, ...] | None, tuple[int, ...]]:
        return gordan([self._gradient(cell) for cell in self._cells(face)], self.arrangement.dimension)

    def _cells(self, face: Face) -> list[Face]:
        return [cell for cell in self.arrangement.cells if is_face_of(face.pattern, cell.pattern)]

    def _gradient(self, cell: Face) -> tuple[int, ...]:
        """A positive multiple, the same for all cells, of the gradient of G_r on the cell."""
        active = [(r, x) for r, x, sign in zip(
            self.residuals, self.arrangement.samples, cell.pattern, strict=True) if sign == "+"]
        return tuple(sum(r * x[i] for r, x in active) for i in range(self.arrangement.dimension))

    def flat_weights(self, face: Face) -> tuple[int, ...] | None:
        """Positive coefficients for the rays of the face that combine to a w with G_r(w) = 0; None if there is no
        such w in the open face."""
        values = [self.value(ray) for ray in face.rays]
        above, below = sum(v for v in values if v > 0), -sum(v for v in values if v < 0)
        if (above == 0) != (below == 0):
            return None
        return tuple(below if value > 0 else above if value < 0 else 1 for value in values)

    def escapes(self, face: Face) -> bool:
        """Whether a neuron with a = 0 in the face is an escape neuron: G_r is not 0 near it."""
        return not self.vanishes_on(face) or any(self.slopes(face))

    def evidence(self, neuron: NeuronType) -> dict[str, Evidence]:
        """Why the type is stationary or not, for the notions "directional" and "clarke".

        Raises:
            KeyError: a pattern that no w realizes.
        """
        face = self.arrangement.by_pattern[neuron.pattern]
        if neuron.sign == 0:
            found = self.flat_weights(face) is not None
            verdict = Verdict.YES if found else Verdict.NO
            one = Evidence(verdict, None, ())
            return {"directional": one, "clarke": one}
        return {"directional": self._directional(face, neuron.sign), "clarke": self._clarke(face, neuron.sign)}

    def _directional(self, face: Face, sign: int) -> Evidence:
        for ray in face.rays:
            value = sign * self.value(ray)
            if value:
                # Inside the face L is differentiable, so one of the two directions along the ray descends.
                return Evidence(Verdict.NO, ray if value > 0 else tuple(-x for x in ray), ())
        multipliers = []
        for above in self.arrangement.covers(face):
            direction = tuple(map(sum, zip(*above.rays, strict=True)))
            value = sign * sum(self.value(ray) for ray in above.rays)
            if value > 0:
                return Evidence(Verdict.NO, direction, ())
            multipliers.append((above.pattern, Fraction(value)))
        return Evidence(Verdict.YES, None, tuple(multipliers))

    def _clarke(self, face: Face, sign: int) -> Evidence:
        cells = self._cells(face)
        direction, multipliers = self._combination(face)
        if direction is not None:
            # The gradient of L in w is -a times that of G_r.
            return Evidence(Verdict.NO, tuple(sign * x for x in direction), ())
        total = sum(multipliers)
        weights = ((cell.pattern, Fraction(c, total)) for cell, c in zip(cells, multipliers, strict=True) if c)
        return Evidence(Verdict.YES, None, tuple(weights))


class Faces:
    """What does not depend on the residual: the effect of the faces of an arrangement on the network's values."""

    def __init__(self, arrangement: Arrangement) -> None:
        self.arrangement = arrangement

    @cached_property
    def active(self) -> tuple[Face, ...]:
        """Faces whose neurons are active at some sample."""
        return tuple(face for face in self.arrangement.faces if "+" in face.pattern)

    @cached_property
    def silent(self) -> tuple[Face, ...]:
        return tuple(face for face in self.arrangement.faces if "+" not in face.pattern)

    @cached_property
    def effects(self) -> dict[str, tuple[Vector, ...]]:
        """By pattern, the activation vectors (times the scale) of the rays of the face.

        A neuron with w = sum_i c_i ray_i in the face adds a sum_i c_i activations(ray_i) to the values at the samples.
        """
        activations = self.arrangement.activations
        return {face.pattern: tuple(activations(ray) for ray in face.rays) for face in self.arrangement.faces}

    def is_smooth(self, pattern: str) -> bool:
        """Whether no nonzero sample lies on the kink of a neuron with this pattern."""
        zero = self.arrangement.zero_samples
        return all(sign != "0" or k in zero for k, sign in enumerate(pattern))
