"""A network of given weights, exactly: its loss, its gradient, and its neurons in coordinates without scaling freedom.

f(x) = c + sum_j v_j s(w_j x + b_j) with rational weights (floats are dyadic rationals). The *end values* of a neuron
are z_a = w a + b and z_b = w b + b at the two ends of the domain [a, b]. The rescaling (w, b, v) -> (s w, s b, v/s),
s > 0, does not change f; the *normalized* neuron is the one with max(|z_a|, |z_b|) = 1, and (z_a, z_b, v) are its
coordinates. If then 0 < |v| < 2^-24, the neuron is rescaled once more by the power of 2 that brings both to about the
same size, so that the neuron w = b = v = 0 is as near as it should be. A neuron with w = b = 0 stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from symbolic.errors import InvalidProblem
from symbolic.interval.problem import IntervalProblem

MAXIMAL_NEURONS = 64
"""Loss and gradient of wider networks are not computed exactly."""

TINY = Fraction(1, 2**24)
"""A normalized neuron with a smaller outer weight is almost the zero neuron."""

ZERO = Fraction(0)


@dataclass(frozen=True)
class Neuron:
    """A normalized neuron: v s(z), z affine on the domain with the values `start` and `end` at its ends."""

    start: Fraction
    end: Fraction
    v: Fraction
    scale: Fraction = Fraction(1)
    """The end values as given are `scale` times those here, the outer weight is v / scale."""

    @property
    def size(self) -> Fraction:
        """|v| max(|z_a|, |z_b|), which rescaling does not change."""
        return abs(self.v) * max(abs(self.start), abs(self.end))

    @property
    def is_zero(self) -> bool:
        """Whether w = b = 0."""
        return self.start == self.end == 0

    @property
    def place(self) -> Fraction | None:
        """The breakpoint as a fraction of the domain, 0 at a and 1 at b; None where z has no zero or is 0."""
        return None if self.start == self.end else self.start / (self.start - self.end)


@dataclass(frozen=True)
class Gradient:
    """dL by w, b, v (one entry per neuron) and by c."""

    w: tuple[Fraction, ...]
    b: tuple[Fraction, ...]
    v: tuple[Fraction, ...]
    c: Fraction

    @property
    def squared_norm(self) -> Fraction:
        return sum((value * value for value in (*self.w, *self.b, *self.v, self.c)), ZERO)


class TrainedNetwork:
    """The network of weights (w, b, v, c) on the domain of a problem.

    Args:
        problem: with the activation max(z, leak z).
        w, b, v: rational, one entry per neuron.
        c: rational.

    Raises:
        InvalidProblem: the quadratic activation, or more than `MAXIMAL_NEURONS` neurons.
    """

    def __init__(
        self,
        problem: IntervalProblem,
        w: Sequence[Fraction],
        b: Sequence[Fraction],
        v: Sequence[Fraction],
        c: Fraction,
    ) -> None:
        if problem.activation != "relu":
            raise InvalidProblem("trained weights are looked up for the activation max(z, leak z) only")
        if len(w) > MAXIMAL_NEURONS:
            raise InvalidProblem(f"at most {MAXIMAL_NEURONS} neurons, not {len(w)}")
        self.problem, self.w, self.b, self.v, self.c = problem, tuple(w), tuple(b), tuple(v), c
        self.width = len(self.w)

    @cached_property
    def scales(self) -> tuple[Fraction, ...]:
        """By what the end values of each neuron are divided, and v multiplied, to normalize it."""
        start, end = self.problem.domain
        found = []
        for w, b, v in zip(self.w, self.b, self.v, strict=True):
            scale = max(abs(w * start + b), abs(w * end + b)) or Fraction(1)
            size = abs(v) * scale
            if (w or b) and 0 < size < TINY:
                # 2^(2 k) is about 1/size.
                scale *= 2 ** ((size.denominator.bit_length() - size.numerator.bit_length()) // 2)
            found.append(scale)
        return tuple(found)

    @cached_property
    def neurons(self) -> tuple[Neuron, ...]:
        """The normalized neurons."""
        start, end = self.problem.domain
        return tuple(
            Neuron((w * start + b) / scale, (w * end + b) / scale, v * scale, scale)
            for w, b, v, scale in zip(self.w, self.b, self.v, self.scales, strict=True)
        )

    @cached_property
    def breakpoints(self) -> tuple[Fraction | None, ...]:
        """-b/w of each neuron, wherever it lies; None where w = 0."""
        return tuple(-b / w if w else None for w, b in zip(self.w, self.b, strict=True))

    @cached_property
    def vertices(self) -> tuple[Fraction, ...]:
        """The ends of the domain and the breakpoints inside, increasing."""
        start, end = self.problem.domain
        inside = {t for t in self.breakpoints if t is not None and start < t < end}
        return (start, *sorted(inside), end)

    def value(self, x: Fraction) -> Fraction:
        """f(x)."""
        leak = self.problem.leak
        total = self.c
        for w, b, v in zip(self.w, self.b, self.v, strict=True):
            z = w * x + b
            total += v * (z if z > 0 else leak * z)
        return total

    @cached_property
    def _moments(self) -> list[tuple[Fraction, Fraction, Fraction, Fraction]]:
        """For each piece: its middle, and the integrals of r, x r, r^2 over it, r = f - h."""
        found = []
        for left, right in pairwise(self.vertices):
            height, slope = self.value(left), (self.value(right) - self.value(left)) / (right - left)
            residual = [height - slope * left, slope]
            target = self.problem.target
            size = max(2, len(target))
            residual += [ZERO] * (size - 2)
            for i, value in enumerate(target):
                residual[i] -= value
            square = [ZERO] * (2 * size - 1)
            for i, one in enumerate(residual):
                for j, other in enumerate(residual):
                    square[i + j] += one * other
            found.append(
                (
                    (left + right) / 2,
                    _integral(residual, left, right),
                    _integral([ZERO, *residual], left, right),
                    _integral(square, left, right),
                )
            )
        return found

    @cached_property
    def loss(self) -> Fraction:
        """L = int (f - h)^2, exactly."""
        return sum((square for _, _, _, square in self._moments), ZERO)

    @cached_property
    def gradient(self) -> Gradient:
        """The gradient of L in the weights as given, exactly.

        Guarantee: where L is differentiable. At a neuron with w = b = 0 the entries are those with s'(0) = leak.
        """
        leak = self.problem.leak
        rows: list[tuple[Fraction, Fraction, Fraction]] = []
        for w, b, v in zip(self.w, self.b, self.v, strict=True):
            plain = first = ZERO
            for middle, total, moment, _ in self._moments:
                slope = Fraction(1) if w * middle + b > 0 else leak
                plain += slope * total
                first += slope * moment
            rows.append((2 * v * first, 2 * v * plain, 2 * (w * first + b * plain)))
        by_w, by_b, by_v = zip(*rows, strict=True)
        return Gradient(by_w, by_b, by_v, 2 * sum((total for _, total, _, _ in self._moments), ZERO))

    @cached_property
    def normalized_squared_gradient(self) -> Fraction:
        """|grad L|^2 by the coordinates (z_a, z_b, v) of the normalized neurons, and c."""
        start, end = self.problem.domain
        length = end - start
        total = self.gradient.c**2
        for by_w, by_b, by_v, scale in zip(
            self.gradient.w, self.gradient.b, self.gradient.v, self.scales, strict=True
        ):
            # w = s (z_b - z_a)/l, b = s (z_a end - z_b start)/l, v = v'/s
            by_start = scale * (-by_w + by_b * end) / length
            by_end = scale * (by_w - by_b * start) / length
            total += by_start**2 + by_end**2 + (by_v / scale) ** 2
        return total


def _integral(coefficients: Sequence[Fraction], left: Fraction, right: Fraction) -> Fraction:
    """The integral of a polynomial, constant term first."""
    total = ZERO
    high, low = right, left
    for power, coefficient in enumerate(coefficients, 1):
        total += coefficient * (high - low) / power
        high, low = high * right, low * left
    return total
