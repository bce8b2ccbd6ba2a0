"""One neuron of a network against a function: where it bends, what it adds, and its part of the gradient.

    dL/dv = 2 int r s(z),   dL/dw = 2 v int x r s'(z),   dL/db = 2 v int r s'(z),   z = w x + b,

from I_0(t) = int_a^t r and I_1(t) = int_a^t x r at the breakpoint t; dL/dc = 2 int_a^b r.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Generic

from flint import arb, fmpq

from symbolic.interval.recheck.residual import N, Residual, sign_of, vanishes

INSIDE, ACTIVE, INACTIVE, ZERO = "inside", "active", "inactive", "zero"


@dataclass(frozen=True)
class Neuron(Generic[N]):
    """What a neuron (w, b, v) is and does.

    Attributes:
        w, b, v: the parameters.
        shape: `inside` (breakpoint in (a, b)), `active` or `inactive` on [a, b], or `zero` (w = b = 0).
        place: the breakpoint, None for w = 0.
        orientation: "+" for w > 0, "-" for w < 0, "" for w = 0.
        end: "a" or "b" if the breakpoint is there, else "".
        height, slope: v s(z) at a, and the slope of v s(z) right of a.
        jump: of the slope at an inner breakpoint, else 0.
        pulls: int r s(z), int x r s'(z), int r s'(z); the last two are 0 for `zero`.
    """

    w: N
    b: N
    v: N
    shape: str
    place: N | None
    orientation: str
    end: str
    height: N
    slope: N
    jump: N
    pulls: tuple[N, N, N]

    @property
    def is_critical(self) -> bool:
        """Whether its part of the gradient is 0; at w = b = 0 only the derivative in v is looked at."""
        pull, by_w, by_b = self.pulls
        return vanishes(pull) and vanishes(self.v * by_w) and vanishes(self.v * by_b)


def neuron_at(residual: Residual[N], leak: Fraction, w: N, b: N, v: N) -> Neuron[N]:
    """The neuron with these parameters, against r."""
    zero = residual.zero
    left, right = w * residual.start + b, w * residual.stop + b
    place, orientation, end = None, "", ""
    slope_left: N | int = 1
    g = _leak(leak, zero)
    if sign := sign_of(w):
        place, orientation = -b / w, "+" if sign > 0 else "-"
        end = "a" if vanishes(left) else "b" if vanishes(right) else ""
    elif not sign_of(b):
        return Neuron(w, b, v, ZERO, None, "", "", zero, zero, zero, (zero, zero, zero))
    signs = {sign_of(left), sign_of(right)} - {0} or {sign_of(b)}
    whole, moment = residual.total
    jump = zero
    if len(signs) == 2:
        assert place is not None
        shape = INSIDE
        first, second = residual.until(place)
        slope_left, slope_right = (g, 1) if orientation == "+" else (1, g)
        by_b = slope_left * first + slope_right * (whole - first)
        by_w = slope_left * second + slope_right * (moment - second)
        jump = v * w * (slope_right - slope_left)
    else:
        shape = ACTIVE if signs == {1} else INACTIVE
        slope_left = 1 if shape == ACTIVE else g
        by_w, by_b = slope_left * moment, slope_left * whole
    pull = w * by_w + b * by_b
    return Neuron(
        w, b, v, shape, place, orientation, end, v * left * slope_left, v * w * slope_left, jump, (pull, by_w, by_b)
    )


def _leak(leak: Fraction, zero: N) -> N:
    if isinstance(zero, arb):
        return arb(fmpq(leak.numerator, leak.denominator))
    return fmpq(leak.numerator, leak.denominator)
