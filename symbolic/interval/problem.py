"""The interval problem, and the affine equivalence that brings it to one canonical form.

L(w, b, v, c) = integral_a^b (f - h)^2 dx, f(x) = c + sum_j v_j s(w_j x + b_j), s(z) = max(z, leak z).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import comb

from symbolic.errors import InvalidProblem
from symbolic.interval.target import MAXIMAL_DIGITS, format_target, parse_target
from symbolic.problem import check_name

ENGINE_VERSION = 1
"""To be raised with every change that could alter a solved cell, so that stored cells of older engines are not
reused."""

MAXIMAL_WIDTH = 12
"""Widths above this are refused with the number of regions they would mean."""


def region_count(width: int) -> int:
    """Open breakpoint-ordering regions of width n up to permutation: sum_k 2^k (n - k + 1) = 2^(n+2) - n - 3.

    A region is a sequence of k orientations for the interior breakpoints in increasing order, and a split of the
    other n - k neurons into fully active and inactive ones.
    """
    return (1 << (width + 2)) - width - 3


def check_width(width: int) -> int:
    """The width itself if it can be surveyed.

    Raises:
        InvalidProblem: 0, negative, not an integer, or so large that the regions could not be listed.
    """
    if isinstance(width, bool) or not isinstance(width, int):
        raise InvalidProblem(f"width must be a positive integer, not {width!r}")
    if width < 1:
        raise InvalidProblem(f"width must be at least 1, not {width}")
    if width > MAXIMAL_WIDTH:
        size = str(region_count(width)) if width < 60 else f"about 10^{min(width + 2, 10**9) * 30103 // 10**5}"
        raise InvalidProblem(
            f"width must be at most {MAXIMAL_WIDTH}, not {width if width < 10**9 else 'that'}: "
            f"it would mean {size} regions"
        )
    return width


@dataclass(frozen=True)
class IntervalProblem:
    """Fit a polynomial target on [a, b] by a shallow network with activation max(z, leak z).

    Args:
        name: `[a-z0-9][a-z0-9-]*`, part of every label.
        target: coefficients of h, constant term first (`symbolic.interval.target.parse_target`).
        domain: (a, b) with a < b.
        leak: 0 <= leak < 1; 0 is ReLU.
        activation: "relu" (leaky or not) or "quadratic" (s(z) = z^2, affine targets).

    Raises:
        InvalidProblem: one line that says what must be different.
    """

    name: str
    target: tuple[Fraction, ...]
    domain: tuple[Fraction, Fraction] = (Fraction(0), Fraction(1))
    leak: Fraction = Fraction(0)
    activation: str = "relu"

    def __post_init__(self) -> None:
        check_name(self.name)
        exact = (*self.target, *self.domain, self.leak)
        if not self.target or not all(isinstance(value, Fraction) for value in exact):
            raise InvalidProblem("target, domain and leak must be exact rationals (fractions.Fraction)")
        if any(len(str(max(abs(v.numerator), v.denominator))) > MAXIMAL_DIGITS for v in exact):
            raise InvalidProblem(f"target, domain and leak must have at most {MAXIMAL_DIGITS} digits")
        a, b = self.domain
        if a >= b:
            raise InvalidProblem(f"domain must be an interval [a, b] with a < b, not [{a}, {b}]")
        if not 0 <= self.leak < 1:
            raise InvalidProblem(f"leak must lie in [0, 1), not {self.leak}")
        if self.activation not in ("relu", "quadratic"):
            raise InvalidProblem(f'activation must be "relu" or "quadratic", not {self.activation!r}')
        trimmed = list(self.target)
        while len(trimmed) > 1 and trimmed[-1] == 0:
            trimmed.pop()
        object.__setattr__(self, "target", tuple(trimmed))
        if self.activation == "quadratic" and (self.degree > 1 or self.leak):
            raise InvalidProblem('activation "quadratic" is for targets of degree at most 1, without leak')

    @classmethod
    def from_text(
        cls, name: str, target: str, domain: tuple[str, str] = ("0", "1"), leak: str = "0"
    ) -> IntervalProblem:
        """The problem spelled by texts, for notebooks: `IntervalProblem.from_text("x2", "x**2")`."""
        ends = (Fraction(domain[0]), Fraction(domain[1]))
        return cls(name, parse_target(target), ends, Fraction(leak))

    @property
    def family(self) -> str:
        return "interval"

    @property
    def degree(self) -> int:
        """Degree of the target; the zero polynomial counts as 0."""
        return len(self.target) - 1

    @property
    def length(self) -> Fraction:
        return self.domain[1] - self.domain[0]

    def canonical_text(self) -> str:
        """Everything but the name, on one line."""
        a, b = self.domain
        tail = "" if self.activation == "relu" else f" activation={self.activation}"
        return f"interval target={format_target(self.target)} domain=[{a},{b}] leak={self.leak}{tail}"

    def canonical(self) -> tuple[CanonicalProblem, AffineTransport]:
        """The canonical problem on [0, 1] and the map that carries its functions back to this problem.

        With y = (x - a)/(b - a) the target is beta + alpha H(y), H(0) = 0, leading coefficient 1. Of H and of the
        H of the reflected problem (y -> 1 - y) the lexicographically smaller coefficient list is taken.
        """
        a, _ = self.domain
        straight = _substitute(self.target, a, self.length)
        mirrored = _substitute(straight, Fraction(1), Fraction(-1))
        options = []
        for reflected, coefficients in ((False, straight), (True, mirrored)):
            scale = coefficients[-1] if len(coefficients) > 1 else Fraction(1)
            shifted = (Fraction(0), *(value / scale for value in coefficients[1:]))
            options.append((shifted, reflected, scale, coefficients[0]))
        shape, reflected, scale, shift = min(options, key=lambda option: (option[0], option[1]))
        symmetric = options[0][0] == options[1][0]
        canonical = CanonicalProblem(shape, self.leak, symmetric)
        return canonical, AffineTransport(a, self.length, scale, shift, reflected)


@dataclass(frozen=True)
class CanonicalProblem:
    """Target H on [0, 1] with H(0) = 0 and leading coefficient 1.

    `symmetric`: H(1 - y) = +-H(y) + const. Then reflection maps critical functions to critical functions
    (f and -f are critical for H and -H together, and y -> 1 - y turns every orientation around).
    """

    target: tuple[Fraction, ...]
    leak: Fraction
    symmetric: bool

    @property
    def degree(self) -> int:
        return len(self.target) - 1

    def text(self) -> str:
        """One line that names the problem and the version of the equations and of the search that solve it.

        Equal texts mean equal systems, solved in the same way; stored solutions are shared under this name.
        """
        target = ",".join(str(value) for value in self.target)
        return f"[{target}] leak {self.leak} engine {ENGINE_VERSION}"


@dataclass(frozen=True)
class AffineTransport:
    """x = a + length y (or a + length (1 - y) if reflected), h(x) = shift + scale H(y).

    A critical function F of the canonical problem becomes f(x) = shift + scale F(y): kinks a + length t, slopes
    scale/length times those of F, loss scale^2 length times, and the moment integral x r dx = +-scale length^2
    times (minus if reflected; integral r = 0 removes the shift of x).
    """

    start: Fraction
    length: Fraction
    scale: Fraction
    shift: Fraction
    reflected: bool


def mirror_pattern(pattern: str) -> str:
    """The orientation pattern after x -> -x: the order is reversed and every orientation turned around."""
    return "".join("-" if mark == "+" else "+" for mark in reversed(pattern))


def _substitute(coefficients: tuple[Fraction, ...], start: Fraction, length: Fraction) -> tuple[Fraction, ...]:
    """Coefficients in y of the polynomial at x = start + length y."""
    result = [Fraction(0)] * len(coefficients)
    for i, value in enumerate(coefficients):
        for j in range(i + 1):
            result[j] += value * comb(i, j) * start ** (i - j) * length**j
    return tuple(result)
