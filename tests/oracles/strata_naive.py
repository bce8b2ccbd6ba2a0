"""Every labelled assignment of roles to the neurons of a width over one function, by trial.

A neuron is tried at every place where K + sigma M has a real root (found by mpmath, to 50 digits), at every kink, at a
generic point and at both ends, with either orientation and every sign of v; as an affine neuron of every kind, and with
w = b = 0. It is kept if its own part of the gradient vanishes there, by exact integration against r = f - h. Then all
n-tuples of the kept roles are looped over; a linear program decides whether jumps and slopes of the required signs add
up to f. Nothing is shared with the package but the numbers of f.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, product

import mpmath
import numpy as np
from flint import fmpq, fmpq_poly
from oracles.strata_hessian import Setting, between, rational, slope_factor
from scipy.optimize import linprog

TINY = fmpq(1, 10**25)
SLACK = 1e-9


@dataclass(frozen=True)
class Trial:
    """One thing a neuron can do: its code in the words of the catalog, place and orientation, sign of v."""

    code: str
    group: str
    place: int
    mark: str
    sign: int


@dataclass(frozen=True)
class PiecewiseFunction:
    """f by its kinks, slopes and left value, as rationals within 2^-240."""

    setting: Setting
    kinks: tuple[fmpq, ...]
    slopes: tuple[fmpq, ...]
    offset: fmpq

    @classmethod
    def of(cls, setting: Setting, record) -> PiecewiseFunction:
        kinks, slopes = (tuple(map(rational, row)) for row in (record.kinks, record.slopes))
        return cls(setting, kinks, slopes, rational(record.offset))

    def pieces(self) -> list[tuple[fmpq, fmpq, fmpq_poly]]:
        """(low, high, f) from left to right."""
        found, height = [], self.offset
        ends = [self.setting.start, *self.kinks, self.setting.end]
        for slope, (low, high) in zip(self.slopes, pairwise(ends), strict=True):
            found.append((low, high, fmpq_poly([height - slope * low, slope])))
            height += slope * (high - low)
        return found

    def residuals(self) -> list[tuple[fmpq, fmpq, fmpq_poly]]:
        return [(low, high, f - self.setting.target) for low, high, f in self.pieces()]

    def against(self, w: fmpq, b: fmpq) -> tuple[fmpq, fmpq, fmpq]:
        """integral r s(z), integral x r s'(z), integral r s'(z) for z = w x + b."""
        total = [fmpq(0)] * 3
        line, x = fmpq_poly([b, w]), fmpq_poly([0, 1])
        for low, high, r in self.residuals():
            inner = [-b / w] if w != 0 and low < -b / w < high else []
            for left, right in pairwise([low, *inner, high]):
                s = slope_factor(self.setting, line((left + right) / 2))
                for i, weight in enumerate((line, x, fmpq_poly([1]))):
                    total[i] += s * between(r * weight, left, right)
        return total[0], total[1], total[2]

    def beam(self) -> list[tuple[fmpq, fmpq, fmpq_poly]]:
        """K on every piece: K'' = r, K and K' continuous, 0 at the left end."""
        value, rise, found = fmpq(0), fmpq(0), []
        for low, high, r in self.residuals():
            first = r.integral()
            first = first - fmpq_poly([first(low) - rise])
            second = first.integral()
            second = second - fmpq_poly([second(low) - value])
            found.append((low, high, second))
            value, rise = second(high), first(high)
        return found

    def moment(self) -> fmpq:
        return sum((between(r * fmpq_poly([0, 1]), low, high) for low, high, r in self.residuals()), fmpq(0))


def hull_holds_zero(function: PiecewiseFunction, steps: int = 100) -> bool:
    """Whether 0 is a convex combination of (integral x r s', integral r s') over many breakpoints and both signs of w.

    These are the limits of the gradient in (w, b) of a neuron near w = b = 0, up to the factor 2 v.
    """
    setting = function.setting
    one, points = fmpq(1), []
    places = [setting.start + (setting.end - setting.start) * fmpq(i, steps) for i in range(steps + 1)]
    for t in [*places, *function.kinks]:
        points += [function.against(one, -t)[1:], function.against(-one, t)[1:]]
    if any(abs(x) < TINY and abs(y) < TINY for x, y in points):
        return True
    matrix = np.array([[int(value.p) / int(value.q) for value in point] for point in points]).T
    matrix = np.vstack([matrix / abs(matrix).max(axis=1, keepdims=True), np.ones(len(points))])
    return bool(linprog(np.zeros(len(points)), A_eq=matrix, b_eq=[0, 0, 1]).status == 0)


def _real_roots(polynomial: fmpq_poly, low: fmpq, high: fmpq) -> list[fmpq]:
    """Places strictly inside where a polynomial known to 70 digits has a real root; close pairs are one double root."""
    with mpmath.workdps(90):
        coefficients = [mpmath.mpf(int(c.p)) / int(c.q) for c in reversed(polynomial.coeffs())]
        while coefficients and abs(coefficients[0]) < mpmath.mpf(10) ** -60:
            coefficients.pop(0)
        if len(coefficients) < 2:
            return []
        roots = mpmath.polyroots(coefficients, maxsteps=2000, extraprec=2000)
        real = sorted(mpmath.re(z) for z in roots if abs(mpmath.im(z)) < mpmath.mpf(10) ** -15)
        groups: list[list] = []
        for z in real:
            if groups and z - groups[-1][-1] < mpmath.mpf(10) ** -15:
                groups[-1].append(z)
            else:
                groups.append([z])
        scale = 2**240
        found = [fmpq(int(mpmath.nint(mpmath.fsum(group) / len(group) * scale)), scale) for group in groups]
    margin = fmpq(1, 10**12)
    return [t for t in found if low + margin < t < high - margin]


class Trials:
    """All roles over one function, and all assignments."""

    def __init__(self, function: PiecewiseFunction) -> None:
        self.function = function
        setting = function.setting
        self.kappa = float(setting.leak.p) / float(setting.leak.q) if setting.leak != 0 else 0.0
        self.kappa = self.kappa / (1 - self.kappa)
        self.jumps = [float((b - a).p) / float((b - a).q) for a, b in pairwise(function.slopes)]
        self.first_slope = float(function.slopes[0].p) / float(function.slopes[0].q)
        self.virtual = 0
        self.roles = [*self._inside(), *self._ends(), *self._affine()]
        self.feasible = lru_cache(maxsize=None)(self._feasible)

    def _stationary(self, w: fmpq, b: fmpq, has_v: bool) -> bool:
        g, p, q = self.function.against(w, b)
        return abs(g) < TINY and (not has_v or (abs(p) < TINY and abs(q) < TINY))

    def _inside(self) -> list[Trial]:
        setting, kinks = self.function.setting, self.function.kinks
        moment = self.function.moment()
        places: list[fmpq] = list(kinks)
        for low, high, k in self.function.beam():
            for sigma in (1 / (1 - setting.leak), -setting.leak / (1 - setting.leak)):
                for root in _real_roots(k + fmpq_poly([sigma * moment]), low, high):
                    if all(abs(root - t) > fmpq(1, 10**12) for t in places):
                        places.append(root)
        places.append(setting.start + (setting.end - setting.start) * fmpq(61, 173))
        places.sort()
        found: list[Trial] = []
        numbers = Counter({"k": 0, "v": 0, "f": 0})
        for t in places:
            flat = [m for m, w in (("+", fmpq(1)), ("-", fmpq(-1))) if self._stationary(w, -w * t, False)]
            live = [m for m, w in (("+", fmpq(1)), ("-", fmpq(-1))) if self._stationary(w, -w * t, True)]
            if not flat and t not in kinks:
                continue
            letter = "k" if t in kinks else "v" if live else "f"
            numbers[letter] += 1
            for mark in flat:
                name = f"{letter}{numbers[letter]}{mark}"
                if mark not in live:
                    found.append(Trial(name, "flat", 0, mark, 0))
                    continue
                place = numbers[letter] if letter == "k" else -numbers[letter]
                found.append(Trial(name + "p", "live", place, mark, 1))
                found.append(Trial(name + "n", "live", place, mark, -1))
                found.append(Trial(name + "z", "flat", 0, mark, 0))
        self.virtual = numbers["v"]
        return found

    def _ends(self) -> list[Trial]:
        setting, found = self.function.setting, []
        for end, t in (("a", setting.start), ("b", setting.end)):
            for mark, w in (("+", fmpq(1)), ("-", fmpq(-1))):
                active = (end == "a") == (mark == "+")
                group = "slope" if active or setting.leak != 0 else "silent"
                for letter, sign in (("p", 1), ("n", -1), ("z", 0)):
                    if self._stationary(w, -w * t, sign != 0):
                        found.append(Trial(f"l{end}{mark}{letter}", group if sign else "flat", 0, mark, sign))
        return found

    def _affine(self) -> list[Trial]:
        setting = self.function.setting
        one, found = fmpq(1), []
        shift = 1 + abs(setting.start) + abs(setting.end)
        if self._stationary(one, shift, False) and self._stationary(one, shift, True):
            found.append(Trial("act", "any slope", 0, "", 0))
        if setting.leak == 0:
            found.append(Trial("dead", "silent", 0, "", 0))
        elif self._stationary(one, -shift, False) and self._stationary(one, -shift, True):
            found.append(Trial("ina", "any slope", 0, "", 0))
        found.append(Trial("con+", "flat", 0, "", 0))
        if setting.leak != 0:
            found.append(Trial("con-", "flat", 0, "", 0))
        found.append(Trial("zero", "degenerate", 0, "", 0))
        if hull_holds_zero(self.function):
            found += [Trial(code, "degenerate", 0, "", sign) for code, sign in (("zerop", 1), ("zeron", -1))]
        return found

    def assignments(self, width: int) -> Counter[tuple[str, ...]]:
        """Labelled assignments, counted by the sorted tuple of their codes: all n-tuples of roles are tried."""
        found: Counter[tuple[str, ...]] = Counter()
        for chosen in product(self.roles, repeat=width):
            ordered = tuple(sorted(chosen, key=lambda trial: trial.code))
            if self.feasible(ordered):
                found[tuple(trial.code for trial in ordered)] += 1
        return found

    def _feasible(self, chosen: Sequence[Trial]) -> bool:
        """Whether slopes with strict signs can add up to f: maximize the slack e <= 1 in sign * x >= e."""
        live = {trial.place for trial in chosen if trial.group == "live"}
        if any(k + 1 not in live for k in range(len(self.jumps))):
            return False
        movers = [trial for trial in chosen if trial.group in ("live", "slope", "any slope")]
        size = len(movers) + 1
        rows, right = [], []
        for place in live:
            rows.append([1.0 if t.group == "live" and t.place == place else 0.0 for t in movers] + [0.0])
            right.append(self.jumps[place - 1] if place > 0 else 0.0)
        share = {"+": self.kappa, "-": -1 - self.kappa}
        rows.append([share[t.mark] if t.group == "live" else 1.0 for t in movers] + [0.0])
        right.append(self.first_slope)
        signs = []
        for i, t in enumerate(movers):
            sign = 0 if t.group == "any slope" else t.sign * (-1 if t.group == "slope" and t.mark == "-" else 1)
            if sign:
                row = [0.0] * size
                row[i], row[-1] = -float(sign), 1.0
                signs.append(row)
        if not movers:
            return abs(self.first_slope) < SLACK
        answer = linprog(
            [0.0] * (size - 1) + [-1.0],
            A_ub=np.array(signs) if signs else None,
            b_ub=np.zeros(len(signs)) if signs else None,
            A_eq=np.array(rows),
            b_eq=np.array(right),
            bounds=[(None, None)] * (size - 1) + [(None, 1.0)],
        )
        if answer.status == 2:
            return False
        assert answer.status == 0, answer.message
        # A slack of rounding size would leave the question open.
        assert not SLACK < answer.x[-1] < 1e-6
        return bool(answer.x[-1] > SLACK)
