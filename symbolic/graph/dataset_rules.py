"""What the types of neurons of a data set mean for symmetries, embeddings and limits.

The code of a type is its activation pattern and a letter for the sign of a
(`symbolic.dataset.stationarity.NeuronType`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from symbolic.dataset.patterns import Vector, arrangement, is_face_of
from symbolic.dataset.problem import DatasetProblem
from symbolic.dataset.stationarity import Faces
from symbolic.graph.cone_membership import in_closed_cone

_NEGATED = {"p": "n", "n": "p", "z": "z"}
_SIGNS = {"p": 1, "n": -1, "z": 0}

T = TypeVar("T")

Effects = Mapping[str, tuple[Vector, ...]]


class DatasetRules:
    """The rules of one data set; they are the same over all its functions."""

    def __init__(self, problem: DatasetProblem) -> None:
        self._effects: Effects = Faces(arrangement(problem.samples)).effects
        self._length = len(problem.targets)
        self._reaches = lru_cache(maxsize=65536)(self._check)

    def neutral(self, code: str) -> str:
        """What adding such a neuron is called if it can be added to every point without changing f; else ""."""
        pattern, sign = code[:-1], code[-1]
        if "+" not in pattern:
            return "zero neuron" if sign == "z" and not pattern.strip("0") else "dead neuron"
        return "flat neuron" if sign == "z" else ""

    def opposite(self, code: str) -> str | None:
        """The same pattern with a of the other sign, for neurons that are active at some sample and have a != 0."""
        return None if self.neutral(code) else code[:-1] + _NEGATED[code[-1]]

    def is_limit(self, code: str, of: str) -> bool:
        """Whether the first face is in the closure of the second one, and the sign is the same or 0."""
        return is_face_of(code[:-1], of[:-1]) and (code[-1] == of[-1] or code[-1] == "z")

    def reaches(self, lower: Sequence[str], upper: Sequence[str]) -> bool:
        """Whether the values at the samples can be kept on the way from upper[j] to lower[j], for all j at once.

        Only neurons whose a tends to 0 while they are active need anything: what they add on the way is taken back by
        the others. With phi(w) = (max(<w, x_k>, 0))_k and s_j the sign of a_j before, neuron z with weights in the
        limit face F_z is harmless if -s_z phi(ray) lies, for every ray of F_z, in the closed cone of s_i phi(cl upper
        face of i) + span phi(lower face of i) over the neurons i with a_i != 0 in the limit, and of s_k phi(F_k) over
        the other such neurons k whose F_k is a single ray.

        Guarantee: if so, every point of the lower stratum is a limit of points of the upper one (docs/graph.md,
            "Closure"). If not, nothing is claimed.
        """
        return self._reaches(tuple(lower), tuple(upper))

    def _check(self, lower: tuple[str, ...], upper: tuple[str, ...]) -> bool:
        lines: list[Vector] = []
        rays: list[Vector] = []
        fading: list[tuple[int, tuple[Vector, ...]]] = []
        for after, before in zip(lower, upper, strict=True):
            sign = _SIGNS[before[-1]]
            if not sign or "+" not in before[:-1]:
                continue
            if after[-1] == "z":
                fading.append((sign, self._effects[after[:-1]]))
            else:
                lines += self._effects[after[:-1]]
                rays += [_times(sign, effect) for effect in self._effects[before[:-1]]]
        for i, (sign, effects) in enumerate(fading):
            others = [_times(s, one[0]) for j, (s, one) in enumerate(fading) if j != i and len(one) == 1]
            for effect in effects:
                if any(effect) and not in_closed_cone(lines, [*rays, *others], _times(-sign, effect)):
                    return False
        return True


@dataclass(frozen=True)
class DataSymmetry:
    """A permutation of the samples that a linear map of the inputs induces, with y -> sign y.

    Attributes:
        permutation: sample k goes to permutation[k], counted from 0.
        sign: 1 or -1.
        isometric: whether the linear map is orthogonal on the span of the samples, so that the gradient flow is kept.
    """

    permutation: tuple[int, ...]
    sign: int
    isometric: bool

    @property
    def name(self) -> str:
        """Cycles of the samples, counted from 1: `(1 2)`, `(1 2), y -> -y`, `identity`."""
        cycles, seen = [], set()
        for start in range(len(self.permutation)):
            cycle = []
            while start not in seen:
                seen.add(start)
                cycle.append(start)
                start = self.permutation[start]
            if len(cycle) > 1:
                cycles.append(f"({' '.join(str(k + 1) for k in cycle)})")
        words = "".join(cycles) or ("samples fixed" if self.sign < 0 else "identity")
        return words + (", y -> -y" if self.sign < 0 else "")

    def image(self, code: str) -> str:
        """The code of the image of a neuron: the pattern permuted, and a negated with y."""
        pattern = self.permuted(code[:-1])
        return "".join(pattern) + (_NEGATED[code[-1]] if self.sign < 0 else code[-1])

    def permuted(self, values: Sequence[T]) -> list[T]:
        """The values moved with the samples."""
        result = list(values)
        for k, target in enumerate(self.permutation):
            result[target] = values[k]
        return result


def _times(factor: int, vector: Vector) -> Vector:
    return tuple(factor * value for value in vector)
