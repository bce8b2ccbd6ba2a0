"""The data-set problem: fit finitely many labelled samples.

L(w, a) = 1/(2n) sum_k (f(x_k) - y_k)^2, f(x) = sum_j a_j max(<w_j, x>, 0); a bias is a constant coordinate 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from symbolic.errors import InvalidProblem
from symbolic.problem import check_name

MAXIMAL_SAMPLES = 60
MAXIMAL_DIMENSION = 30
MAXIMAL_DIGITS = 60
MAXIMAL_WIDTH = 12
"""Larger problems are refused at once: their patterns could not be listed in any reasonable time."""


@dataclass(frozen=True)
class DatasetProblem:
    """Samples and labels, exactly.

    Args:
        name: `[a-z0-9][a-z0-9-]*`, part of every label.
        inputs: one tuple of rationals per sample, all of one length, without the constant coordinate.
        targets: one rational per sample.
        bias: whether a constant coordinate 1 is appended to every sample.

    Raises:
        InvalidProblem: no samples, ragged inputs, another number of targets, a number that is not rational.
    """

    name: str
    inputs: tuple[tuple[Fraction, ...], ...]
    targets: tuple[Fraction, ...]
    bias: bool = False

    def __post_init__(self) -> None:
        check_name(self.name)
        if not self.inputs:
            raise InvalidProblem("a data set needs at least one sample; inputs is empty")
        if len(self.inputs) > MAXIMAL_SAMPLES:
            raise InvalidProblem(f"at most {MAXIMAL_SAMPLES} samples, not {len(self.inputs)}")
        lengths = [len(row) for row in self.inputs]
        for i, length in enumerate(lengths):
            if length != lengths[0]:
                raise InvalidProblem(
                    f"all samples need the same number of coordinates: sample 1 has {lengths[0]}, sample {i + 1} has "
                    f"{length}"
                )
        if len(self.targets) != len(self.inputs):
            raise InvalidProblem(f"{len(self.inputs)} samples need as many targets, not {len(self.targets)}")
        for value in (*(value for row in self.inputs for value in row), *self.targets):
            if not isinstance(value, Fraction):
                raise InvalidProblem(f"every number must be a fractions.Fraction, not {value!r}")
            if max(abs(value.numerator), value.denominator) >= 10**MAXIMAL_DIGITS:
                raise InvalidProblem(f"numbers may have at most {MAXIMAL_DIGITS} digits")
        if self.dimension < 1:
            raise InvalidProblem("the samples have no coordinate; add one, or set bias = true")
        if self.dimension > MAXIMAL_DIMENSION:
            raise InvalidProblem(f"at most {MAXIMAL_DIMENSION} coordinates, not {self.dimension}")

    @property
    def family(self) -> str:
        return "dataset"

    @property
    def samples(self) -> tuple[tuple[Fraction, ...], ...]:
        """The samples as the neurons see them, with the constant coordinate last if there is a bias."""
        return tuple((*row, Fraction(1)) if self.bias else row for row in self.inputs)

    @property
    def dimension(self) -> int:
        """Of the weight space of one neuron."""
        return len(self.inputs[0]) + int(self.bias)

    @property
    def conflicts(self) -> tuple[tuple[int, int], ...]:
        """Pairs of samples (from 1) with equal inputs and different targets: no network fits both."""
        count = len(self.inputs)
        return tuple(
            (i + 1, j + 1)
            for i in range(count)
            for j in range(i + 1, count)
            if self.inputs[i] == self.inputs[j] and self.targets[i] != self.targets[j]
        )

    @property
    def orthogonal(self) -> bool:
        """Whether the samples, as the neurons see them, are nonzero and pairwise orthogonal."""
        samples = self.samples
        return all(any(row) for row in samples) and all(
            sum(a * b for a, b in zip(samples[i], samples[j], strict=True)) == 0
            for i in range(len(samples))
            for j in range(i)
        )

    def canonical_text(self) -> str:
        """The mathematics of the problem in one line, whatever its name."""
        rows = ";".join(",".join(map(str, row)) for row in self.inputs)
        return f"dataset inputs={rows} targets={','.join(map(str, self.targets))} bias={str(self.bias).lower()}"


def check_dataset_width(width: int) -> int:
    """The width itself if it can be surveyed.

    Raises:
        InvalidProblem: 0, negative, not an integer, or larger than `MAXIMAL_WIDTH`.
    """
    if isinstance(width, bool) or not isinstance(width, int):
        raise InvalidProblem(f"width must be a positive integer, not {width!r}")
    if not 1 <= width <= MAXIMAL_WIDTH:
        raise InvalidProblem(f"width must be between 1 and {MAXIMAL_WIDTH} for a data set, not {width}")
    return width
