"""The change of the loss along a curve of parameters, as a power series in eps >= 0.

    L(theta(eps)) - L(theta(0)) = 2 int r delta + int delta^2,   delta = f_theta(eps) - f,

where only the neurons that move and c occur in delta. Parameters, breakpoints and integrals are truncated power series
with balls as coefficients; the order of two breakpoints for small eps > 0 is that of the first coefficients that
differ. Nothing of the theory of descent curves is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import arb, arb_series, ctx, fmpq

from symbolic.interval.recheck.residual import Residual, antiderivative, vanishes

Terms = Mapping[int, Fraction]
"""Coefficients by power of eps."""


@dataclass(frozen=True)
class Moved:
    """A neuron at its starting point, and what is added to w, b and v."""

    w: arb
    b: arb
    v: arb
    by_w: Terms
    by_b: Terms
    by_v: Terms


@dataclass(frozen=True)
class _Part:
    """factor * (w x + b) between two places of [a, b]."""

    factor: arb_series
    w: arb_series
    b: arb_series
    low: arb_series
    high: arb_series


def change_of_loss(
    residual: Residual[arb], leak: Fraction, moved: Iterable[Moved], constant: Terms, order: int
) -> list[arb]:
    """The coefficients of eps^0, ..., eps^order of L(theta(eps)) - L(theta(0)), each in a ball.

    Args:
        residual: r of the function that the parameters realize at eps = 0.
        leak: g.
        moved: the neurons that move.
        constant: what is added to c.
        order: of the last coefficient.
    """
    cap = int(ctx.cap)
    ctx.cap = order + 2
    try:
        return _Change(residual, leak).run(moved, constant)[: order + 1]
    finally:
        ctx.cap = cap


class _Change:
    def __init__(self, residual: Residual[arb], leak: Fraction) -> None:
        self.residual = residual
        self.leak = arb(fmpq(leak.numerator, leak.denominator))
        self.start, self.stop = arb_series([residual.start]), arb_series([residual.stop])
        self.zero, self.one = arb_series([arb(0)]), arb_series([arb(1)])

    def run(self, moved: Iterable[Moved], constant: Terms) -> list[arb]:
        parts: list[_Part] = []
        for one in moved:
            parts += self._parts(_series(one.w, one.by_w), _series(one.b, one.by_b), _series(one.v, one.by_v))
            parts += self._parts(_series(one.w, {}), _series(one.b, {}), -_series(one.v, {}))
        if constant:
            parts.append(_Part(_series(arb(0), constant), self.zero, self.one, self.start, self.stop))
        total = self.zero
        for part in parts:
            total = total + 2 * self._against_residual(part)
        for i, part in enumerate(parts):
            total = total + self._product(part, part)
            for other in parts[:i]:
                total = total + 2 * self._product(part, other)
        found = total.coeffs()
        return found + [arb(0)] * (int(ctx.cap) - len(found))

    def _parts(self, w: arb_series, b: arb_series, v: arb_series) -> list[_Part]:
        """v s(w x + b) as multiples of w x + b on [a, b] and on one side of the breakpoint."""
        power = _valuation(w, b)
        if power is None:
            return []
        if power:
            w, b, v = _divided(w, power), _divided(b, power), v * _monomial(power)
        left, right = _sign(w * self.start + b), _sign(w * self.stop + b)
        if left >= 0 and right >= 0:
            return [_Part(v, w, b, self.start, self.stop)]
        if left <= 0 and right <= 0:
            return [_Part(v * self.leak, w, b, self.start, self.stop)]
        place = -b / w
        ends = (place, self.stop) if right > 0 else (self.start, place)
        parts = [_Part(v * (1 - self.leak), w, b, *ends)]
        if not vanishes(self.leak):
            parts.append(_Part(v * self.leak, w, b, self.start, self.stop))
        return parts

    def _against_residual(self, part: _Part) -> arb_series:
        low, high = self._until(part.low), self._until(part.high)
        return part.factor * (part.w * (high[1] - low[1]) + part.b * (high[0] - low[0]))

    def _until(self, t: arb_series) -> tuple[arb_series, arb_series]:
        """The integrals of r and x r over [a, t]."""
        residual = self.residual
        piece = sum(1 for kink in residual.kinks if _sign(t - kink) > 0)
        left, coefficients = residual.ends[piece], residual.pieces[piece]
        found = []
        for number, shifted in enumerate((coefficients, [arb(0), *coefficients])):
            before = residual.below[piece][number]
            whole = antiderivative(shifted, arb(0))
            found.append(_horner(whole, t) - _horner(whole, arb_series([left])) + before)
        return found[0], found[1]

    def _product(self, first: _Part, second: _Part) -> arb_series:
        low = first.low if _sign(first.low - second.low) > 0 else second.low
        high = first.high if _sign(second.high - first.high) > 0 else second.high
        if _sign(high - low) <= 0:
            return self.zero
        p, q, s, t = first.b, first.w, second.b, second.w
        middle, length = (low + high) / 2, high - low
        value = (p + q * middle) * (s + t * middle) + q * t * length * length / 12
        return first.factor * second.factor * value * length


def _horner(coefficients: Sequence[arb], x: arb_series) -> arb_series:
    total = arb_series([coefficients[-1]])
    for coefficient in reversed(coefficients[:-1]):
        total = total * x + coefficient
    return total


def _series(value: arb, terms: Terms) -> arb_series:
    coefficients = [value, *[arb(0)] * max(terms, default=0)]
    for power, coefficient in terms.items():
        coefficients[power] = coefficients[power] + arb(fmpq(coefficient.numerator, coefficient.denominator))
    return arb_series(coefficients)


def _monomial(power: int) -> arb_series:
    return arb_series([arb(0)] * power + [arb(1)])


def _sign(series: arb_series) -> int:
    """The sign for small eps > 0; a coefficient whose ball holds 0 is taken for 0."""
    for value in series.coeffs():
        if not value.contains(0):
            return 1 if value > 0 else -1
    return 0


def _valuation(*series: arb_series) -> int | None:
    """The least power that occurs; None if none does."""
    found = [i for one in series for i, value in enumerate(one.coeffs()) if not value.contains(0)]
    return min(found, default=None)


def _divided(series: arb_series, power: int) -> arb_series:
    return arb_series(series.coeffs()[power:] or [arb(0)])
