#!/usr/bin/env python3
"""Check a certificate of Saddlery with nothing but the standard library: python -I check_certificate.py FILE.json

Nothing in the file is believed: what it claims is computed again from the problem alone, with integers, fractions and
intervals of integers (directed rounding). The file only says where to look: where solutions lie and how to cut boxes.
The theorems used are those of docs/theory.md and docs/strata.md ("Theorem 2", "index formula", ...).

Exit code: 0 all claims are proved; 1 a claim is refuted; 2 the file cannot be read; 3 something was not checked.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import combinations_with_replacement, pairwise, product
from math import comb, factorial, prod
from typing import Any, NamedTuple

FORMAT = "saddlery certificate 1"
COVER_BITS, FINE_BITS = 80, 320
SHIFT = FINE_BITS - COVER_BITS
SCALE = 1 << 20  # of the entries of approximate inverses

Json = Any
Value = Any  # an Interval, a Dual or a Fraction: the formulas below are the same for all
Lift = Callable[[Fraction], Value]


class Refuted(Exception):
    """A claim that is false, or that does not follow from what the file offers for it."""


class NotChecked(Exception):
    """A claim that this program cannot decide."""


def require(condition: bool, statement: str) -> None:
    if not condition:
        raise Refuted(statement)


class Interval:
    """[lo, hi] / 2^bits with integers; every operation encloses the exact result."""

    __slots__ = ("hi", "lo")
    bits = COVER_BITS

    def __init__(self, lo: int, hi: int) -> None:
        self.lo, self.hi = lo, hi

    @staticmethod
    def of(q: Fraction | int) -> Interval:
        n = q.numerator << Interval.bits
        return Interval(n // q.denominator, -(-n // q.denominator))

    def __add__(self, o: Interval) -> Interval:
        return Interval(self.lo + o.lo, self.hi + o.hi)

    def __sub__(self, o: Interval) -> Interval:
        return Interval(self.lo - o.hi, self.hi - o.lo)

    def __neg__(self) -> Interval:
        return Interval(-self.hi, -self.lo)

    def __mul__(self, o: Interval) -> Interval:
        a, b, c, d = self.lo * o.lo, self.lo * o.hi, self.hi * o.lo, self.hi * o.hi
        return Interval(min(a, b, c, d) >> Interval.bits, -(-max(a, b, c, d) >> Interval.bits))

    def __truediv__(self, o: Interval) -> Interval:
        if o.lo <= 0 <= o.hi:
            raise NotChecked("an interval that holds 0 occurs as a divisor")
        one = 1 << 2 * Interval.bits
        return self * Interval(one // o.hi, -(-one // o.lo))

    def size(self) -> int:
        return max(-self.lo, self.hi)

    def sign(self) -> int | None:
        """1 or -1, or None where 0 is not excluded."""
        return 1 if self.lo > 0 else -1 if self.hi < 0 else None

    def meets(self, o: Interval) -> bool:
        return self.lo <= o.hi and o.lo <= self.hi


class Dual:
    """An interval with enclosures of its partial derivatives in the knots, by number of the knot."""

    __slots__ = ("d", "v")

    def __init__(self, v: Interval, d: dict[int, Interval]) -> None:
        self.v, self.d = v, d

    @staticmethod
    def of(q: Fraction) -> Dual:
        return Dual(Interval.of(q), {})

    def __add__(self, o: Dual) -> Dual:
        return Dual(self.v + o.v, {j: total(x.d[j] for x in (self, o) if j in x.d) for j in {**self.d, **o.d}})

    def __neg__(self) -> Dual:
        return Dual(-self.v, {j: -x for j, x in self.d.items()})

    def __sub__(self, o: Dual) -> Dual:
        return self + -o

    def __mul__(self, o: Dual) -> Dual:
        d = {j: x * o.v for j, x in self.d.items()}
        for j, x in o.d.items():
            d[j] = d[j] + x * self.v if j in d else x * self.v
        return Dual(self.v * o.v, d)


def total(values: Iterable[Value], lift: Lift = Interval.of) -> Value:
    found = list(values)
    value = found[0] if found else lift(Fraction(0))
    for other in found[1:]:
        value = value + other
    return value


def polynomial(coefficients: Sequence[Value], x: Value) -> Value:
    value = coefficients[-1]
    for c in reversed(coefficients[:-1]):
        value = value * x + c
    return value


def inertia(matrix: list[list[Interval]], first: int) -> int:
    """Negative eigenvalues of the Schur complement of the leading `first` rows, by LDL^T with pivots of known sign."""
    a, left, negative = [list(row) for row in matrix], list(range(len(matrix))), 0
    while left:
        block = [i for i in left if i < first] or left
        p = max(block, key=lambda i: min(abs(a[i][i].lo), abs(a[i][i].hi)) if a[i][i].sign() else -1)
        if a[p][p].sign() is None:
            raise NotChecked("the inertia of a matrix: a pivot cannot be told from 0")
        negative += int(a[p][p].sign() == -1 and p >= first)
        left.remove(p)
        for i in left:
            factor = a[i][p] / a[p][p]
            for j in left:
                a[i][j] = a[i][j] - factor * a[p][j]
    return negative


class Skeleton:
    """The equations E_1 = ... = E_m = 0 of Proposition 3 for knots in [0, 1] and weights delta_0 ... delta_m."""

    def __init__(self, target: Sequence[Fraction], weights: Sequence[Fraction], lift: Lift) -> None:
        self.weights, self.active, self.lift = weights, [k for k, d in enumerate(weights) if d], lift
        self.degree = d = len(target) - 1
        self.taylor = [[lift(target[i] * comb(i, j)) for i in range(j, d + 1)] for j in range(d + 1)]
        self.end = [lift(Fraction(j, j + 1) if j % 2 == 0 else Fraction(j - 1, j + 2)) for j in range(d + 1)]
        self.tilt = [lift(Fraction(3, j + 2)) for j in range(d + 1)]
        self.ratio = {(k, j): (weights[j] / weights[k]) ** 2 for k in self.active for j in self.active if j != k}
        self.summit = {(k, j): Interval.of(Fraction(2, 3) * abs(weights[k]) / weights[j] ** 2 * cube_root((q / 2) ** 2))
                       for (k, j), q in self.ratio.items()}
        self.wide = Skeleton(target, weights, Dual.of) if lift is Interval.of else self

    def evaluate(self, knots: Sequence[Value]) -> tuple[list[Value], list[Any], dict[int, Value], Value]:
        """E; for every piece its length, Taylor coefficients of the target at the midpoint, powers of the half-length
        and slope of the best fit; beta; S."""
        lift, half, pieces, ends = self.lift, self.lift(Fraction(1, 2)), [], []
        even, odd = range(2, self.degree + 1, 2), range(3, self.degree + 1, 2)
        for u, v in pairwise([lift(Fraction(0)), *knots, lift(Fraction(1))]):
            h, theta, power = v - u, [polynomial(row, (u + v) * half) for row in self.taylor], [lift(Fraction(1))]
            inner = h.v if isinstance(h, Dual) else h
            if isinstance(inner, Interval):
                inner.lo = max(inner.lo, 0)
            for _ in range(self.degree):
                power.append(power[-1] * h * half)
            slope = theta[1] + total((self.tilt[j] * theta[j] * power[j - 1] for j in odd), lift)
            p, q = (total((self.end[j] * theta[j] * power[j] for j in js), lift) for js in (even, odd))
            pieces.append((h, theta, power, slope))
            ends.append((q - p, -(p + q)))  # L and R: best fit minus target at the ends of the piece
        beta = self.beta([piece[0] for piece in pieces])
        drop = total((lift(self.weights[k]) * pieces[k][3] for k in self.active), lift)
        pairs = [total((beta[k] for k in (i, i + 1) if k in beta), lift) for i in range(len(knots))]
        return [ends[i][1] - ends[i + 1][0] - drop * pair for i, pair in enumerate(pairs)], pieces, beta, drop

    def beta(self, h: Sequence[Value]) -> dict[int, Value]:
        """beta_k = omega_k h_k / (2 delta_k); with derivatives on boxes that may touch the walls (Proposition 4)."""
        plain = [x.v if isinstance(x, Dual) else x for x in h]
        share = {k: self.share(k, plain) for k in self.active}
        lift = Fraction if isinstance(plain[0], Fraction) else Interval.of
        found = {k: share[k] * plain[k] * lift(1 / (2 * self.weights[k])) for k in self.active}
        if not isinstance(h[0], Dual):
            return found
        slopes = {(k, j): self.beta_prime(k, j, plain, share) for k in self.active for j in self.active}
        return {
            k: Dual(found[k], {i: total(slopes[k, j] * h[j].d[i] for j in self.active if i in h[j].d)
                               for i in set().union(*(h[j].d for j in self.active))})
            for k in self.active
        }

    def share(self, k: int, h: Sequence[Value]) -> Value:
        """omega_k = 1 / (1 + sum_j (delta_j / delta_k)^2 (h_k / h_j)^3): increasing in every h_j, decreasing in h_k."""
        others = [(h[j], self.ratio[k, j]) for j in self.active if j != k]
        if isinstance(h[k], Fraction):
            return 1 / (1 + sum(q * (h[k] / x) ** 3 for x, q in others))
        most: int | None = 1 << Interval.bits
        least: int | None = 1 << Interval.bits  # of 1 / omega; None for infinity
        for x, q in others:
            top, bottom = h[k].hi ** 3 * q.numerator << Interval.bits, x.lo ** 3 * q.denominator
            most = most - -top // bottom if most is not None and bottom else None
            top, bottom = h[k].lo ** 3 * q.numerator << Interval.bits, x.hi ** 3 * q.denominator
            if top and least is not None:
                least = least + top // bottom if bottom else None
        unit = 1 << 2 * Interval.bits
        return Interval(unit // most if most else 0, -(-unit // least) if least else 0)

    def beta_prime(self, k: int, j: int, h: Sequence[Interval], share: dict[int, Interval]) -> Interval:
        """d beta_k / d h_j = omega_k (3 omega_k - 2) / (2 delta_k), or (3/2) omega_j omega_k h_k / (delta_k h_j), whose
        size is at most (2/3) |delta_k| p^(2/3) / delta_j^2 with p = delta_j^2 / (2 delta_k^2)."""
        w, d, unit = share[k], self.weights[k], 1 << Interval.bits
        if j == k:
            ends = [Interval(x, x) * Interval(3 * x - 2 * unit, 3 * x - 2 * unit) for x in (w.lo, w.hi)]
            lowest = -(unit // 3) - 1 if 3 * w.lo <= unit <= 3 * w.hi else min(end.lo for end in ends)
            return Interval(lowest, max(end.hi for end in ends)) * Interval.of(1 / (2 * d))
        most, least = self.summit[k, j].hi, 0
        if h[j].lo > 0:
            exact = w * share[j] * h[k] / h[j] * Interval.of(Fraction(3, 2) / abs(d))
            most, least = min(most, exact.hi), max(0, exact.lo)
        return Interval(least, most) if d > 0 else Interval(-most, -least)

    def linearized(self, low: Sequence[int], high: Sequence[int]) -> tuple[list[int], list[Value], list[list[Interval]]]:
        """The centre of a box, E there, and E' over the box."""
        center, one = [(a + b) >> 1 for a, b in zip(low, high, strict=True)], Interval.of(1)
        box = [Dual(Interval(a, b), {i: one}) for i, (a, b) in enumerate(zip(low, high, strict=True))]
        rows = [[e.d.get(j, Interval(0, 0)) for j in range(len(box))] for e in self.wide.evaluate(box)[0]]
        return center, self.evaluate([Interval(x, x) for x in center])[0], rows


def cube_root(q: Fraction) -> Fraction:
    """An upper bound, by at most a factor 2."""
    root = Fraction(float(q) ** (1 / 3)) * Fraction(1001, 1000)
    while root**3 < q:
        root = 2 * root + q
    return root


def weights_of(system: str, leak: Fraction, knots: int) -> list[Fraction]:
    """delta_0, ..., delta_m of a pattern, or of the free system."""
    if system == "free":
        return [Fraction(0)] * (knots + 1)
    sigma = {"+": 1 / (1 - leak), "-": -leak / (1 - leak)}
    return [q - p for p, q in pairwise([Fraction(0), *(sigma[mark] for mark in system), Fraction(1)])]


def excluded(system: Skeleton, low: Sequence[int], high: Sequence[int], combination: Sequence[int]) -> bool:
    """Whether y.E has no zero in the box: |y.E(center)| > sum_j |(y.E')_j| half_j (mean value form)."""
    center, values, rows = system.linearized(low, high)
    y = [Interval.of(c) for c in combination]
    value = total(values[i] * c for i, c in enumerate(y) if c.hi)
    slopes = [total(rows[i][j] * c for i, c in enumerate(y) if c.hi).size() for j in range(len(y))]
    reach = sum(size * max(b - x, x - a) for size, x, a, b in zip(slopes, center, low, high, strict=True))
    return max(value.lo, -value.hi) << Interval.bits > reach


def has_one_zero(system: Skeleton, center: Sequence[int], half: int, inverse: Sequence[Sequence[int]]) -> bool:
    """Krawczyk: |Y E(c)| + |1 - Y E'(X)| half < half, so exactly one zero lies in the cube X; X is in the simplex."""
    ends = [half, *center, (1 << Interval.bits) - half]
    if not all(p + half <= q - half for p, q in pairwise(ends)) or half <= 0:
        return False
    _, values, rows = system.linearized([x - half for x in center], [x + half for x in center])
    for i, row in enumerate(inverse):
        y = [Interval.of(Fraction(entry, SCALE)) for entry in row]
        step = total(c * value for c, value in zip(y, values, strict=True)).size() << Interval.bits
        for j in range(len(center)):
            step += (Interval.of(int(i == j)) - total(c * rows[k][j] for k, c in enumerate(y))).size() * half
        if step >= half << Interval.bits:
            return False
    return True


def clip(low: Sequence[int], high: Sequence[int]) -> tuple[list[int], list[int]]:
    """The smallest box around the increasing points of a box."""
    bottom, top = list(low), list(high)
    for i in range(1, len(bottom)):
        bottom[i] = max(bottom[i], bottom[i - 1])
        top[-1 - i] = min(top[-1 - i], top[-i])
    return bottom, top


def within(center: Sequence[int], half: int, low: Sequence[int], high: Sequence[int]) -> bool:
    return all(c - half <= a and b <= c + half for c, a, b in zip(center, low, high, strict=True))


def check_cover(system: Skeleton, m: int, cubes: Sequence[tuple[Sequence[int], int]], tree: str, vectors: Json) -> int:
    """Every point of the simplex is excluded or lies in a cube with one zero. The tree, in preorder: a letter a, b, ...
    halves that coordinate; '.' no point is increasing; a digit: that equation has no zero; '*': the next combination
    of equations has none; A, B, ...: inside that cube. Returns the number of leaves."""
    stack, leaves, rest = [([0] * m, [1 << COVER_BITS] * m)], 0, iter(vectors)
    for mark in tree:
        require(bool(stack), "the tree of the cover has more marks than boxes")
        low, high = stack.pop()
        axis = "abcdefghijkl"[:m].find(mark)
        if axis >= 0:
            middle = (low[axis] + high[axis]) >> 1
            stack.append(([*low[:axis], middle, *low[axis + 1 :]], high))
            stack.append((low, [*high[:axis], middle, *high[axis + 1 :]]))
            continue
        leaves += 1
        (low, high), cube = clip(low, high), "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[: len(cubes)].find(mark)
        if any(a >= b for a, b in zip(low, high, strict=True)):
            require(mark == ".", f"leaf {leaves} of the cover holds no increasing point but is marked {mark!r}")
        elif cube >= 0:
            require(within(*cubes[cube], low, high), f"leaf {leaves} of the cover does not lie in the cube {mark}")
        else:
            require(mark in "*0123456789"[: m + 1], f"leaf {leaves} of the cover has the mark {mark!r}, which closes nothing")
            combination = next(rest, None) if mark == "*" else [int(str(i) == mark) for i in range(m)]
            require(isinstance(combination, list) and len(combination) == m, "the cover lacks a combination")
            require(excluded(system, low, high, combination or []), f"leaf {leaves} of the cover is not excluded by {mark!r}")
    require(not stack, "the tree of the cover leaves boxes open")
    require(next(rest, None) is None, "the cover has combinations that are not used")
    return leaves


class Solution:
    """A zero of a system, alone in its cube, and the function it is: slopes, residuals r = f - H on the pieces in powers
    of the distance from the midpoint, moment, S, loss; with intervals, and exactly where the knots are rational."""

    def __init__(self, target: Sequence[Fraction], name: str, leak: Fraction, knots: int, claim: Json) -> None:
        self.name, self.where = name, f"system {name or '(no knot)'} with {knots} knots"
        weights, self.exact = weights_of(name, leak, knots), None if knots else ([], Fraction(0))
        self.cube: tuple[list[int], int] = ([], 0)
        self.knots: list[Interval] = []
        for bits, center, half in ((COVER_BITS, "cube", "half"), (FINE_BITS, "fine", "fine_half")) if knots else ():
            Interval.bits, place, size, inverse = bits, claim[center], claim[half], claim["inverse"]
            shape = [len(place), len(inverse), *map(len, inverse)] == [knots] * (knots + 2)
            unique = shape and has_one_zero(Skeleton(target, weights, Interval.of), place, size, inverse)
            require(unique, f"{self.where}: no single zero is proved near {[x / (1 << bits) for x in place]}")
            self.cube, self.knots = self.cube if self.knots else (place, size), [Interval(x - size, x + size) for x in place]
        Interval.bits = FINE_BITS
        require(self.is_at(self.knots), f"{self.where}: the enclosure of a solution is not in its cube")
        self.slopes, self.residuals, self.moment, self.drop, self.lengths = profile(
            Skeleton(target, weights, Interval.of), self.knots)
        self.jumps = [q - p for p, q in pairwise(self.slopes)]
        self.loss = total(square_integral(r, h) for r, h in zip(self.residuals, self.lengths, strict=True))
        self.flat, self.level = [], False  # knots without a jump; whether S = 0
        rational = [Fraction(text) for text in (claim or {}).get("rational") or []]
        if (name == "free" or self.drop.sign()) and all(jump.sign() for jump in self.jumps):
            return
        if len(rational) != knots:
            raise NotChecked(f"{self.where}: whether S or a jump is 0 at a solution that is not rational")
        system = Skeleton(target, weights, Fraction)
        here = all(Interval.of(q).meets(x) for q, x in zip(rational, self.knots, strict=True))
        require(here and not any(system.evaluate(rational)[0]), f"{self.where}: {rational} is no solution here")
        slopes, _, _, drop, _ = profile(system, rational)
        self.flat = [i for i, (p, q) in enumerate(pairwise(slopes)) if p == q]
        self.level = name != "free" and not drop

    def is_at(self, knots: Sequence[Interval]) -> bool:
        """Whether knots that solve the system are this solution."""
        center, half = self.cube
        ends = [x.lo for x in knots], [x.hi for x in knots]
        return len(center) == len(knots) and within([c << SHIFT for c in center], half << SHIFT, *ends)


def profile(system: Skeleton, knots: Sequence[Value]) -> tuple[list[Value], list[list[Value]], Value, Value, list[Value]]:
    """Slopes of f, residuals on the pieces, M, S and the lengths of the pieces."""
    (_, pieces, beta, drop), lift = system.evaluate(knots), system.lift
    slopes, residuals, moment, degree = [], [], lift(Fraction(0)), system.degree
    for k, (h, theta, power, slope) in enumerate(pieces):
        turn = -(drop * beta[k] * lift(Fraction(2)) / h) if k in beta else lift(Fraction(0))  # 12 delta_k M / h_k^3
        moment = turn * h * h * h * lift(1 / (12 * system.weights[k])) if k in beta else moment
        mean = total((theta[j] * power[j] * lift(Fraction(1, j + 1)) for j in range(2, degree + 1, 2)), lift)
        tilt = total((theta[j] * power[j - 1] * system.tilt[j] for j in range(3, degree + 1, 2)), lift)
        slopes.append(slope + turn)
        residuals.append([mean, tilt + turn, *(-theta[j] for j in range(2, degree + 1))])
    return slopes, residuals, moment, drop, [piece[0] for piece in pieces]


def square_integral(r: Sequence[Interval], h: Interval) -> Interval:
    half = h * Interval.of(Fraction(1, 2))
    pairs = [(i, j) for i in range(len(r)) for j in range(len(r)) if (i + j) % 2 == 0]
    return total(r[i] * r[j] * prod([half] * (i + j), start=half) * Interval.of(Fraction(2, i + j + 1)) for i, j in pairs)


class Role(NamedTuple):
    """What one neuron does (docs/strata.md): the code in labels, the sort, the site or end, orientation, sign of v."""

    code: str
    sort: str
    place: str = ""
    mark: str = ""
    sign: int = 0
    free: int = 1  # parameters before the equations shared with other neurons


class CriticalFunction:
    """A critical function, its sites on [0, 1], and what neurons do over it."""

    def __init__(self, solution: Solution, label: str, leak: Fraction) -> None:
        self.solution, self.label, self.kappa = solution, label, leak / (1 - leak)
        self.pattern = None if solution.name == "free" else solution.name
        self.sigma = {"+": 1 / (1 - leak), "-": -leak / (1 - leak)}
        self.minimal_width = len(solution.knots) + int(self.pattern is None)
        self.realizations: list[str] = []
        self.virtual: list[tuple[Interval, str]] = []
        self.known: dict[Any, int] = {}
        self.jump = {f"k{i + 1}": d for i, d in enumerate(solution.jumps)}

    def find_sites(self, width: int) -> None:
        s, self.flat = self.solution, list[tuple[Interval, str]]()
        self.ends = [Interval(0, 0), *s.knots, Interval.of(1)]
        self.from_left = []  # r in powers of the distance from the left end of the piece
        for r, h in zip(s.residuals, s.lengths, strict=True):
            moved, by = [r[-1]], h * Interval.of(Fraction(-1, 2))
            for c in reversed(r[:-1]):
                moved = [c + by * moved[0], *(p + by * q for p, q in pairwise(moved)), moved[-1]]
            self.from_left.append(moved)
        marks = ["+-"] * len(s.knots) if self.pattern is None else list(self.pattern)
        self.virtual.sort(key=lambda pair: pair[0].lo)
        self.sites = {f"k{i + 1}": pair for i, pair in enumerate(zip(s.knots, marks, strict=True))}
        self.sites |= {f"v{i + 1}": pair for i, pair in enumerate(self.virtual)}
        self.value = {name: self.residual(x) for name, (x, _) in self.sites.items()}
        self.value |= {"a": self.residual(self.ends[0]), "b": polynomial(self.from_left[-1], s.lengths[-1])}
        for piece in range(len(s.lengths) if len(s.knots) < width else 0):  # else every neuron is at a kink
            for mark in ("+-",) if self.pattern is None else ("+", "-"):
                self.flat += [(x, mark) for x in self.zeros(piece, mark)]
        self.flat.sort(key=lambda pair: pair[0].lo)

    def residual(self, x: Interval) -> Interval:
        piece = sum(knot.lo <= x.lo for knot in self.solution.knots)
        return polynomial(self.from_left[piece], x - self.ends[piece])

    def zeros(self, piece: int, mark: str) -> list[Interval]:
        """All zeros of K + sigma M inside a piece but for its double zeros at kinks, ends and virtual sites."""
        s, sigma = self.solution, Fraction(0) if self.pattern is None else self.sigma[mark]
        levels = [0] * len(self.ends) if self.pattern is None else [0, *(self.sigma[x] for x in self.pattern), 1]
        p = [c * Interval.of(Fraction(1, (j + 1) * (j + 2))) for j, c in enumerate(self.from_left[piece])]
        if levels[piece] != sigma:
            p = [s.moment * Interval.of(sigma - levels[piece]), Interval(0, 0), *p]
        known = [s.lengths[piece]] * 2 if levels[piece + 1] == sigma else []
        here = [x for x, marks in self.virtual if mark[0] in marks and sum(knot.lo <= x.lo for knot in s.knots) == piece]
        for place in [*known, *(x - self.ends[piece] for x in here for _ in range(2))]:
            quotient = [p[-1]]
            for c in reversed(p[1:-1]):
                quotient.append(quotient[-1] * place + c)
            p = quotient[::-1]
        return [self.ends[piece] + d for d in simple_zeros(p, s.lengths[piece].hi)]

    def roles(self) -> list[Role]:
        """Every role a neuron may have, in the order of the codes of a label."""
        class_a, leaky, letters, found = self.pattern is None, bool(self.kappa), (("p", 1), ("n", -1), ("z", 0)), []
        for name, (_, marks) in self.sites.items():
            for mark, (letter, sign) in product(marks, letters):
                found.append(Role(name + mark + letter, "live" if sign else "at a site", name, mark, sign, 1 + abs(sign)))
        found += [Role(f"f{i + 1}{mark}", "flat", mark=mark) for i, (_, marks) in enumerate(self.flat) for mark in marks]
        for end, mark, (letter, sign) in product("ab", "+-", letters):
            silent = not leaky and end + mark in ("a-", "b+")
            if silent or class_a:
                sort = "silent end" if silent else "affine end"
                found.append(Role(f"l{end}{mark}{letter}", sort, end, mark, sign, 1 + abs(sign)))
        found += [Role(code, "affine", free=3) for code in ("act", "ina") if class_a and (leaky or code == "act")]
        found += [Role("con+", "constant"), Role("con-", "constant") if leaky else Role("dead", "dead", free=3)]
        found.append(Role("zero", "zero", free=0))
        if class_a or not leaky or self.sites:
            found += [Role("zerop", "degenerate", sign=1), Role("zeron", "degenerate", sign=-1)]
        return found

    def feasible(self, roles: Sequence[Role]) -> tuple[bool, bool]:
        """Whether neurons with these roles realize f, and whether the slope equation ties their parameters.

        The jump q that the '-' neurons of a site carry has an open range; its ends are 0 ('+'), D ('-') or open (None).
        """
        live: dict[str, dict[str, set[int]]] = {}
        for role in roles:
            if role.sort == "live":
                live.setdefault(role.place, {}).setdefault(role.mark, set()).add(role.sign)
        low: dict[str, str | None] = {}
        high: dict[str, str | None] = {}
        for name, signs in live.items():
            jump = (self.jump[name].sign() or 0) if name in self.jump else 0
            plus, minus = signs.get("+", set()), signs.get("-", set())
            both = plus and minus
            if ((plus | minus) not in ({1, -1}, {jump})) if not both else (plus == minus != {jump} and len(plus) == 1):
                return False, False
            bottom, top = ("+" if minus == {1} else None), ("+" if minus == {-1} else None)
            if plus == {1} and (top is None or jump < 0):
                top = "-"
            if plus == {-1} and (bottom is None or jump > 0):
                bottom = "-"
            low[name], high[name] = (bottom, top) if both else ("-" if minus else "+",) * 2
        if self.jump.keys() - live.keys() or self.pattern is not None:
            return not self.jump.keys() - live.keys(), False
        affine = [role for role in roles if role.sort == "affine" or (role.sort == "affine end" and role.sign)]
        if not affine and all(len(signs) == 1 for signs in live.values()):
            return "".join(low[name] or "" for name in self.jump) in self.realizations, False
        rising = {(role.sign > 0) == (role.mark == "+") for role in affine if role.sign}
        rising |= {True, False} if any(role.sort == "affine" for role in affine) else set()
        lower = True in rising or None in low.values() or self.room(low) > 0
        return lower and (False in rising or None in high.values() or self.room(high) < 0), True

    def room(self, choice: dict[str, str | None]) -> int:
        """The sign of kappa sum D - s_0 - (1 + 2 kappa) sum q with the q of this choice."""
        chosen = [jump for name, jump in self.jump.items() if choice[name] == "-"]
        need = total(self.solution.jumps) * Interval.of(self.kappa) - self.solution.slopes[0]
        sign = (need - total(chosen) * Interval.of(1 + 2 * self.kappa)).sign()
        if sign is None and "".join(choice[name] or "" for name in self.jump) not in self.realizations:
            raise NotChecked(f"{self.label}: the sign of a slope equation")
        return sign or 0

    def negative(self, holds_x: bool, hinges: tuple[tuple[str, str], ...]) -> int:
        """n_-(Q) - #{i : r_i D_i < 0} of the index formula for Lambda = span(1, [x], the hinges)."""
        key = (holds_x, tuple(name for name, _ in hinges) if holds_x else hinges)
        if key not in self.known:
            one, zero, weak = Interval.of(1), Interval(0, 0), Interval.of(self.kappa)
            places = sorted({name for name, _ in hinges} | self.jump.keys(), key=lambda name: self.sites[name][0].lo)
            cuts, last = [zero, *(self.sites[name][0] for name in places), one], len(places)
            rows = [[(one, zero)] * (last + 1)] + [[(zero, one)] * (last + 1)] * int(holds_x)
            for name, mark in hinges:
                before, after = (weak, one + weak) if mark == "+" else (-one - weak, -weak)
                here, x = places.index(name) + 1, self.sites[name][0]
                rows.append([(-(x * c), c) for c in [before] * here + [after] * (last + 1 - here)])
            first = len(rows)
            for name, jump in self.jump.items():
                here = places.index(name) + 1
                rows.append([(zero, zero)] * here + [(jump, zero)] * (last + 1 - here))
            matrix = [[integral(p, q, cuts) for q in rows] for p in rows]
            for i, (name, jump) in enumerate(self.jump.items(), first):
                matrix[i][i] = matrix[i][i] + self.value[name] * jump
            down = sum(self.sign(name) != jump.sign() for name, jump in self.jump.items())
            self.known[key] = inertia(matrix, first) - down
        return self.known[key]

    def sign(self, name: str) -> int:
        """The sign of r at a site or an end."""
        sign = self.value[name].sign()
        if sign is None:
            raise NotChecked(f"{self.label}: the sign of r at {name}")
        return sign

    def judge(self, roles: Sequence[Role]) -> tuple[str, int | None, int | None, list[str]]:
        """Kind, index, nullity and stationarity (smooth, directional, Clarke): docs/strata.md, "Kinds"."""
        sorts, hinged, class_a = {role.sort for role in roles}, dict[str, set[str]](), self.pattern is None
        for role in roles:
            if role.sort in ("live", "at a site"):
                hinged.setdefault(role.place, set()).add(role.mark)
        holds_x = bool({"affine", "affine end"} & sorts) or any(len(marks) == 2 for marks in hinged.values())
        hinges = tuple((name, min(hinged[name])) for name in self.sites if name in hinged)
        live = [role for role in roles if role.sort == "live"]
        ends = [role for role in roles if role.sort in ("silent end", "affine end")]
        extra = sum(role.sort == "flat" or (role.sort == "constant" and not class_a) for role in roles)
        flat = extra or {"at a site", "zero"} & sorts or any(not role.sign for role in ends)
        index = self.index(live, holds_x, hinges)
        descent = any(role.sign and role.sign != self.sign(role.place) for role in ends)
        if {"zero", "degenerate"} & sorts:
            k = self.sign_of_k() if "degenerate" in sorts else 0
            directional = all(role.sign == k for role in roles if role.sort == "degenerate")
            how = ["no" if "degenerate" in sorts else "yes", "yes" if directional else "no", "yes"]
            if index or flat or not directional or descent or self.index(live, True, hinges):
                return "saddle", None, None, how
            rest = tuple((name, "+") for name in self.sites if name[0] == "v" and name not in hinged)
            if self.index(live, True, hinges + rest):
                raise NotChecked(f"{self.label}: a degenerate neuron beside virtual sites")
            return "local_minimum", None, None, how
        opened = class_a and "constant" in sorts and self.index(live, True, hinges) > 0
        kind = "saddle" if index or descent or flat or opened else "local_minimum"
        if any(role.sign for role in ends):
            return kind, None, None, ["yes"] * 3
        positive = 1 + int(holds_x) + len(hinges) + len(live) - index + extra
        index += extra
        return "strict_saddle" if index else kind, index, 3 * len(roles) + 1 - positive - index, ["yes"] * 3

    def index(self, live: Sequence[Role], holds_x: bool, hinges: tuple[tuple[str, str], ...]) -> int:
        return self.negative(holds_x, hinges) + sum(role.sign != self.sign(role.place) for role in live)

    def sign_of_k(self) -> int:
        """The sign of K, 0 if it has both: that of r next to ends, kinks and virtual sites; flat sites change it."""
        signs = {self.sign(name) for name in self.value} if self.pattern is None and not self.flat else {1, -1}
        return signs.pop() if len(signs) == 1 else 0


def integral(p: Any, q: Any, cuts: Sequence[Interval]) -> Interval:
    """int p q over [0, 1] of two functions that are c_0 + c_1 x on every cell."""
    half, third, value = Interval.of(Fraction(1, 2)), Interval.of(Fraction(1, 3)), Interval(0, 0)
    for (u, v), (p0, p1), (q0, q1) in zip(pairwise(cuts), p, q, strict=True):
        value = value + p0 * q0 * (v - u) + (p0 * q1 + p1 * q0) * (v * v - u * u) * half
        value = value + p1 * q1 * (v * v * v - u * u * u) * third
    return value


def simple_zeros(p: Sequence[Interval], end: int) -> list[Interval]:
    """All zeros of a polynomial between 0 and end / 2^bits, which must be simple and inside, as narrow intervals."""
    slope, found, stack = [c * Interval.of(j) for j, c in enumerate(p)][1:] or [Interval(0, 0)], [], [(0, end)]

    def at(x: int) -> int | None:
        return polynomial(p, Interval(x, x)).sign()

    while stack:
        a, b = stack.pop()
        box, center = Interval(a, b), Interval((a + b) >> 1, (a + b) >> 1)
        steep = polynomial(slope, box)
        if polynomial(p, box).sign() or (polynomial(p, center) + steep * (box - center)).sign():
            continue
        if steep.sign() and at(a) and at(b):
            while at(a) != at(b) and b - a > 1 << 40:
                middle = a + (b - a) * 4 // 9
                a, b = (middle, b) if at(middle) == at(a) else (a, middle)
            found += [Interval(a, b)] if at(a) != at(b) else []
        elif b - a < 1 << FINE_BITS // 2:
            raise NotChecked("a zero of K + sigma M that may be multiple")
        else:
            stack += [(a, a + (b - a) * 4 // 9), (a + (b - a) * 4 // 9, b)]
    return sorted(found, key=lambda x: x.lo)


class IntervalCertificate:
    """The claims about one interval problem at one width: systems, critical functions, strata."""

    def __init__(self, entries: list[Json]) -> None:
        head, self.entries = entries[0], entries[1:]
        self.name, self.width, self.leak = head["name"], head["width"], Fraction(head["leak"])
        h, (a, b) = [Fraction(c) for c in head["target"]], (Fraction(end) for end in head["domain"])
        require(bool(h) and a < b and 0 <= self.leak < 1 and self.width >= 1, "the problem is not one")
        # H(y) = h(a + (b - a) y) / scale on [0, 1]; f / scale is a critical function of H.
        moved = [sum(h[i] * comb(i, j) * a ** (i - j) for i in range(j, len(h))) * (b - a) ** j for j in range(len(h))]
        while len(moved) > 1 and not moved[-1]:
            moved.pop()
        self.scale, self.start, self.length = Fraction(abs(moved[-1]) or 1), a, b - a
        self.target, self.affine = [c / self.scale for c in moved], len(moved) <= 2
        self.notes, self.open = list[str](), list[str]()
        self.roots: dict[tuple[int, str], list[Solution]] = {}
        self.functions: list[CriticalFunction] = []

    def claims(self, sort: str, *keys: str) -> dict[Any, Json]:
        mine = [entry for entry in self.entries if entry["entry"] == sort]
        found = {tuple(entry[key] for key in keys): entry for entry in mine}
        require(len(found) == len(mine), f"a {sort} occurs twice")
        return found

    def check(self) -> None:
        self.check_systems()
        self.find_functions()
        self.check_functions()
        self.check_strata()

    def check_systems(self) -> None:
        entries, leaves = self.claims("system", "knots", "system"), 0
        wanted = [(m, name) for m in range(1, self.width + 1) for name in names(m)]
        require(sorted(entries) == sorted(wanted), f"the systems are not all those of 1 to {self.width} knots")
        for (m, name), entry in entries.items():
            roots = [Solution(self.target, name, self.leak, m, claim) for claim in entry["solutions"]]
            self.roots[m, name] = roots
            Interval.bits, weights, where = COVER_BITS, weights_of(name, self.leak, m), f"system {name} with {m} knots"
            if self.affine:
                number = int(all(p * q < 0 for p, q in pairwise(weights)) and len(self.target) == 2)
                require(len(roots) == number, f"{where} has {number} solutions (Theorem 5)")
            elif entry["cover"] is None:
                self.open.append(f"{where}: the certificate holds no cover")
            else:
                system, cubes = Skeleton(self.target, weights, Interval.of), [root.cube for root in roots]
                try:
                    leaves += check_cover(system, m, cubes, entry["cover"]["tree"], entry["cover"]["combinations"])
                except Refuted as error:
                    raise Refuted(f"{where}: {error}") from None
        how = "Theorem 5" if self.affine else f"{leaves} boxes that cover the simplices"
        self.notes.append(f"{len(wanted)} systems have {sum(map(len, self.roots.values()))} solutions, each the only one "
                          f"in its cube, and no others: by {how}")

    def find_functions(self) -> None:
        """Theorem 2: solutions with M != 0 or of the free system; M = 0 is a coincidence, a jump 0 a virtual site."""
        for knots in range(self.width + 1):
            for name in names(knots):
                roots = self.roots.get((knots, name), []) if knots else [Solution(self.target, name, self.leak, 0, None)]
                for root in [root for root in roots if root.level and not root.flat]:
                    partner = self.at(root.knots, "free", f"{root.where}: a coincidence")
                    partner.realizations.append(name)
                    partner.minimal_width = knots
                kept = [root for root in roots if not root.level and not root.flat]
                for number, root in enumerate(sorted(kept, key=lambda p: sum(after(p, q) for q in kept if q is not p)), 1):
                    label = f"{self.name}:A.{knots}.{number}" if name == "free" else f"{self.name}:B.{name}.{number}"
                    self.functions.append(CriticalFunction(root, label, self.leak))
        if len(self.target) == 1:
            del self.functions[1:]
        for root in [root for roots in self.roots.values() for root in roots if root.flat]:
            kept = [x for i, x in enumerate(root.knots) if i not in root.flat]
            free = root.name == "free" or root.level
            name = "free" if free else "".join(mark for i, mark in enumerate(root.name) if i not in root.flat)
            owner = self.at(kept, name, f"{root.where}: a solution with a vanishing jump")
            new = [i for i in root.flat if not any(root.knots[i].meets(x) for x, _ in owner.virtual)]
            owner.virtual += [(root.knots[i], "+-" if free else root.name[i]) for i in new]
        self.functions = [f for f in self.functions if f.minimal_width <= self.width]

    def at(self, knots: Sequence[Interval], name: str, words: str) -> CriticalFunction:
        found = [f for f in self.functions if f.solution.name == name and f.solution.is_at(knots)]
        require(len(found) == 1, f"{words} belongs to no function")
        return found[0]

    def check_functions(self) -> None:
        claims, labels = self.claims("function", "label"), {f.label for f in self.functions}
        lacking, surplus = sorted(labels - {key[0] for key in claims}), sorted({key[0] for key in claims} - labels)
        require(not lacking and not surplus, f"critical functions not listed: {lacking}, listed but not there: {surplus}")
        for f in self.functions:
            claim, s, ratio = claims[f.label,], f.solution, self.scale / self.length
            start = polynomial(s.residuals[0], s.lengths[0] * Interval.of(Fraction(-1, 2))) + Interval.of(self.target[0])
            moment = Interval(0, 0) if f.pattern is None else s.moment
            for field, values, factor, shift in (
                ("kinks", s.knots, self.length, self.start), ("slopes", s.slopes, ratio, 0),
                ("offset", [start], self.scale, 0), ("moment", [moment], self.scale * self.length**2, 0),
                ("loss", [s.loss], self.scale**2 * self.length, 0),
            ):
                bounds = claim[field] if field in ("kinks", "slopes") else [claim[field]]
                require(len(bounds) == len(values), f"{f.label}: the number of {field} is {len(values)}")
                for x, (low, high) in zip(values, bounds, strict=True):
                    y, lo, hi = x * Interval.of(factor) + Interval.of(shift), Fraction(low), Fraction(high)
                    inside = Interval.of(lo).lo <= y.lo and y.hi <= Interval.of(hi).hi
                    require(inside, f"{f.label}: {field} between {low} and {high}")
            for field, fact in (("minimal_width", f.minimal_width), ("realizations", f.realizations)):
                require(claim[field] == fact, f"{f.label}: {field} is {fact}, not {claim[field]}")
        self.notes.append(f"they give {len(claims)} critical functions of width {self.width}, no others (Theorem 2)")

    def least(self) -> set[str]:
        """The functions of least loss; losses are called equal only by the symmetry of the target."""
        best, t = min(self.functions, key=lambda f: f.solution.loss.hi), self.target
        flipped = [sum(c * comb(i, j) * (-1) ** j for i, c in enumerate(t) if i >= j) for j in range(len(t))]
        symmetric = any(all(p == sign * q for p, q in zip(flipped[1:], t[1:], strict=True)) for sign in (1, -1))
        mirrored = [Interval.of(1) - x for x in reversed(best.solution.knots)]
        ties = [f for f in self.functions if f.solution.loss.meets(best.solution.loss)]
        for f in ties:
            if f is not best and not (symmetric and f.solution.is_at(mirrored)):
                raise NotChecked(f"which of {best.label} and {f.label} has the lower loss")
        return {f.label for f in ties}

    def check_strata(self) -> None:
        claims, least, found = self.claims("stratum", "label"), self.least(), dict[str, Any]()
        for f in self.functions:
            if self.affine and f.pattern is None:
                free = 3 * self.width - int(len(self.target) > 1 or self.leak > 0)
                found[f"{f.label}@{self.width}:all"] = (f.label, "global_minimum", None, None, free, 1, ["yes"] * 3)
            else:
                found |= self.strata_over(f, f.label in least)
        lacking, surplus = sorted(found.keys() - {key[0] for key in claims}), sorted({key[0] for key in claims} - found.keys())
        require(not lacking and not surplus, f"strata not listed: {lacking[:3]}, listed but not there: {surplus[:3]}")
        fields = ("function", "kind", "index", "nullity", "dimension", "orbit_size", "stationarity")
        for label, facts in found.items():
            for field, fact in zip(fields, facts, strict=True):
                claim = claims[label,][field]
                require(claim == fact, f"{label}: {field} is {fact}, not {claim}")
        self.notes.append(f"over them lie {len(claims)} strata of width {self.width}, no others, with the kinds, indices, "
                          "nullities and dimensions that follow by docs/strata.md from signs proved here")

    def strata_over(self, f: CriticalFunction, least: bool) -> dict[str, Any]:
        f.find_sites(self.width)
        found, known, roles, n = dict[str, Any](), dict[Any, tuple[bool, bool]](), f.roles(), self.width
        kinks = [{i for i, role in enumerate(roles) if role.sort == "live" and role.place == name} for name in f.jump]
        for chosen in combinations_with_replacement(range(len(roles)), n):
            support = tuple(dict.fromkeys(chosen))
            if any(group.isdisjoint(support) for group in kinks):
                continue
            if support not in known:
                known[support] = f.feasible([roles[i] for i in support])
            possible, tied = known[support]
            if possible:
                mine = [roles[i] for i in chosen]
                kind, index, nullity, how = f.judge(mine)
                require(not (least and "saddle" in kind), f"{f.label} has the least loss, but a stratum over it descends")
                orbit = factorial(n) // prod(factorial(chosen.count(i)) for i in support)
                places = {role.place for role in mine if role.sort == "live"}
                free = sum(role.free for role in mine) - len(places) - int(tied)
                label = f"{f.label}@{n}:{'.'.join(role.code for role in mine)}"
                found[label] = (f.label, "global_minimum" if least else kind, index, nullity, free, orbit, how)
        return found


def names(knots: int) -> list[str]:
    return ["free", *map("".join, product("+-", repeat=knots))]


def after(p: Solution, q: Solution) -> bool:
    """The order of labels: by loss, then by kinks from left to right."""
    for x, y in zip([p.loss, *p.knots], [q.loss, *q.knots], strict=True):
        if not x.meets(y):
            return x.lo > y.hi
    raise NotChecked(f"{p.where}: two solutions are not told apart")


def chained(entries: list[Json]) -> bool:
    """Whether every entry carries the digest of the one before it and of itself."""
    link = ""
    for entry in entries:
        body = json.dumps({key: entry[key] for key in entry if key != "link"}, sort_keys=True, separators=(",", ":"))
        link = hashlib.sha256((link + body).encode()).hexdigest()
        if entry["link"] != link:
            return False
    return True


def main(arguments: list[str]) -> int:
    try:
        with open(*arguments, encoding="utf-8") as file:
            data = json.load(file)
        require(data["format"] == FORMAT and data["entries"][0]["entry"] == "problem", f"this is a {FORMAT}")
        require(chained(data["entries"]), "the chain of digests: the file was changed after it was made")
        certificate = IntervalCertificate(data["entries"])
        try:
            certificate.check()
        except NotChecked as error:
            certificate.open.append(str(error))
    except Refuted as error:
        print(f"REFUTED {error}")
        return 1
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        print(f"UNREADABLE {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    for word, lines in (("CHECKED", certificate.notes), ("NOT CHECKED", certificate.open)):
        for line in lines:
            print(word, line)
    return 3 if certificate.open else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
