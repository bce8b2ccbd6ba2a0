#!/usr/bin/env python3
"""Check a certificate of Saddlery with nothing but the standard library: python -I check_certificate.py FILE.json
Nothing in the file is believed: what it claims is computed again from the problem alone, with integers, fractions and
intervals of integers (directed rounding). The file only says where to look: where solutions lie and how to cut boxes.
The theorems named here are those of docs/theory.md ("Theorem 2") and docs/strata.md ("index formula", "Kinds").
Exit code: 0 all claims are proved; 1 a claim is refuted; 2 the file cannot be read; 3 something was not checked.
"""
from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import accumulate, combinations, combinations_with_replacement, pairwise, permutations, product
from math import comb, factorial, prod
from typing import Any, NamedTuple

FORMAT = "saddlery certificate 1"
BITS, SCALE, HALF = 256, 1 << 20, Fraction(1, 2)  # of intervals; of the entries of approximate inverses
Value = Any  # a Fraction or an Interval: the formulas below are the same for both

class Refuted(Exception):
    """A claim that is false, or that does not follow from what the file offers for it."""
class NotChecked(Exception):
    """A claim that this program cannot decide."""
def require(condition: bool, statement: str) -> None:
    if not condition:
        raise Refuted(statement)
def undecided(words: str) -> int:
    raise NotChecked(words)

class Interval:
    """[lo, hi] / 2^BITS with integers, and where wanted enclosures d of the partial derivatives, by number of the knot.
    Every operation encloses the exact result for all numbers in its arguments, and takes fractions as well."""
    def __init__(self, lo: int, hi: int, d: dict[int, Interval] | None = None) -> None:
        self.lo, self.hi, self.d = lo, hi, d or {}
    @staticmethod
    def of(x: Value) -> Interval:
        if isinstance(x, Interval):
            return x
        return Interval((x.numerator << BITS) // x.denominator, -(-(x.numerator << BITS) // x.denominator))
    def __add__(self, other: Value) -> Interval:
        o = Interval.of(other)
        d = {j: self.d.get(j, ZERO) + o.d.get(j, ZERO) for j in self.d | o.d}
        return Interval(self.lo + o.lo, self.hi + o.hi, d)
    def __neg__(self) -> Interval:
        return Interval(-self.hi, -self.lo, {j: -x for j, x in self.d.items()})
    def __sub__(self, other: Value) -> Interval:
        return self + Interval.of(-other)
    def __mul__(self, other: Value) -> Interval:
        o, d = Interval.of(other), {}
        a, b, c, e = self.lo * o.lo, self.lo * o.hi, self.hi * o.lo, self.hi * o.hi
        if self.d or o.d:
            p, q = Interval(self.lo, self.hi), Interval(o.lo, o.hi)
            d = {j: p * o.d.get(j, ZERO) + q * self.d.get(j, ZERO) for j in self.d | o.d}
        return Interval(min(a, b, c, e) >> BITS, -(-max(a, b, c, e) >> BITS), d)
    def __truediv__(self, other: Value) -> Interval:
        o, one = Interval.of(other), 1 << 2 * BITS
        if o.lo <= 0 <= o.hi or self.d or o.d:
            raise NotChecked("a division by an interval that holds 0")
        return self * Interval(one // o.hi, -(-one // o.lo))
    __radd__, __rmul__ = __add__, __mul__
    def __pow__(self, n: int) -> Interval:
        return prod([self] * n, start=ONE)
    def size(self) -> int:
        return max(-self.lo, self.hi)
    def sign(self) -> int:
        """1 or -1, or 0 where 0 is not excluded."""
        return int(self.lo > 0) - int(self.hi < 0)
    def __repr__(self) -> str:
        return f"[{self.lo / 2**BITS}, {self.hi / 2**BITS}]"
    def meets(self, o: Interval) -> bool:
        return self.lo <= o.hi and o.lo <= self.hi
ZERO, ONE = Interval(0, 0), Interval(1 << BITS, 1 << BITS)
def polynomial(coefficients: Sequence[Value], x: Value) -> Value:
    value = coefficients[-1]
    for c in reversed(coefficients[:-1]):
        value = value * x + c
    return value
def inertia(matrix: list[list[Interval]], first: int) -> int:
    """Negative eigenvalues of the Schur complement of the leading `first` rows, by LDL^T with pivots of known sign."""
    a, left, negative = [list(row) for row in matrix], list(range(len(matrix))), 0
    while left:
        p = next((i for i in [i for i in left if i < first] or left if a[i][i].sign()), left[0])
        inverse, negative = ONE / a[p][p], negative + int(p >= first and a[p][p].hi < 0)
        left.remove(p)
        for i, j in product(left, left):
            a[i][j] = a[i][j] - a[i][p] * inverse * a[p][j]
    return negative

class Skeleton:
    """The equations E_1 = ... = E_m = 0 of Proposition 3 for knots in [0, 1], delta_k = sigma_{k+1} - sigma_k."""
    def __init__(self, target: Sequence[Fraction], levels: Sequence[Fraction]) -> None:
        self.target, self.weights, d = target, [q - p for p, q in pairwise(levels)], range(len(target))
        self.active, self.even, self.odd = [k for k, w in enumerate(self.weights) if w], d[2::2], d[3::2]
        self.taylor = [[target[i] * comb(i, j) for i in d if i >= j] for j in d]
        self.ratio = {(k, j): (self.weights[j] / self.weights[k]) ** 2 for k, j in permutations(self.active, 2)}
    def evaluate(self, knots: Sequence[Value], one: Value) -> tuple[list[Value], list[Any], dict[int, Value], Value]:
        """E; of every piece the length, the midpoint, the Taylor coefficients of the target there and the slope of the
        best fit; beta; S. The knots are increasing: lengths below 0 are cut off."""
        pieces, ends = [], []
        for u, v in pairwise([one - one, *knots, one]):
            h, center = v - u, (u + v) * HALF
            if isinstance(h, Interval):
                h.lo = max(h.lo, 0)
            theta, eta = [polynomial(row, center) for row in self.taylor], h * HALF
            slope = one * theta[1] + sum(theta[j] * eta ** (j - 1) * Fraction(3, j + 2) for j in self.odd)
            p = sum(theta[j] * eta**j * Fraction(j, j + 1) for j in self.even)
            q = sum(theta[j] * eta**j * Fraction(j - 1, j + 2) for j in self.odd)
            pieces.append((h, center, theta, slope))
            ends.append((q + -p, -(p + q)))  # L and R: best fit minus target at the ends of the piece
        beta, drop = self.beta([piece[0] for piece in pieces]), sum(self.weights[k] * pieces[k][3] for k in self.active)
        pairs = [sum(beta[k] for k in (i, i + 1) if k in beta) for i in range(len(knots))]
        return [-drop * pair + ends[i][1] + -ends[i + 1][0] for i, pair in enumerate(pairs)], pieces, beta, drop
    def profile(self, knots: Sequence[Value], one: Value) -> tuple[list[Value], list[list[Value]], Value, Value]:
        """Slopes of f, residuals f - H on the pieces in powers of x, M, S."""
        (_, pieces, beta, drop), slopes, residuals, moment = self.evaluate(knots, one), [], [], one - one
        for k, (h, center, theta, slope) in enumerate(pieces):
            slopes.append(slope - 2 * drop * beta[k] / h if k in beta else slope)  # 12 delta_k M / h_k^3 more
            moment = drop * beta[k] * h**2 * (-1 / (6 * self.weights[k])) if k in beta else moment
            mean = theta[0] + sum(theta[j] * (h * HALF) ** j * Fraction(1, j + 1) for j in self.even)
            f = [mean - slopes[k] * center, slopes[k], *([one - one] * (len(theta) - 2))]
            residuals.append([p - c for p, c in zip(f, self.target, strict=True)])
        return slopes, residuals, moment, drop
    def beta(self, h: Sequence[Value]) -> dict[int, Value]:
        """beta_k = omega_k h_k / (2 delta_k); with derivatives on boxes that may touch the walls (Proposition 4)."""
        if not isinstance(h[0], Interval):
            return {k: self.share(k, h[k], h, 0) * h[k] / (2 * self.weights[k]) for k in self.active}
        plain, low, high = [Interval(x.lo, x.hi) for x in h], [x.lo for x in h], [x.hi for x in h]
        ends = {k: (self.share(k, high[k], low, 0), self.share(k, low[k], high, 1)) for k in self.active}
        share = {k: Interval(Interval.of(a).lo, Interval.of(b).hi) for k, (a, b) in ends.items()}
        found = {k: share[k] * plain[k] * (1 / (2 * self.weights[k])) for k in self.active}
        for k, j in product(self.active, repeat=2) if h[0].d else ():
            found[k] = found[k] + Interval(0, 0, h[j].d) * self.beta_prime(k, j, plain, share)
        return found
    def share(self, k: int, own: Fraction | int, lengths: Sequence[Fraction | int], corner: int) -> Fraction:
        """omega_k = 1 / (1 + sum_j (delta_j / delta_k)^2 (h_k / h_j)^3): increasing in every h_j, decreasing in h_k."""
        others = [(lengths[j], self.ratio[k, j]) for j in self.active if j != k]
        if not all(x for x, _ in others):
            return Fraction(0 if own else corner)
        return 1 / sum((q * Fraction(own, x) ** 3 for x, q in others), start=Fraction(1))
    def beta_prime(self, k: int, j: int, h: Sequence[Interval], share: dict[int, Interval]) -> Interval:
        """d beta_k / d h_j = omega_k (3 omega_k - 2) / (2 delta_k), or (3/2) omega_j omega_k h_k / (delta_k h_j), of
        the sign of delta_k and at most (1/|delta_j| + 1/|delta_k|) 2/9 (Proposition 4 and the inequality of means)."""
        s, d = share[k] * 3 - 1, self.weights[k]
        if j == k:
            return (s * s - 1) * (1 / (6 * d))
        least, most = 0, Interval.of((1 / abs(self.weights[j]) + 1 / abs(d)) * Fraction(2, 9)).hi
        if h[j].lo > 0:
            exact = share[k] * share[j] * h[k] / h[j] * (Fraction(3, 2) / abs(d))
            least, most = max(0, exact.lo), min(most, exact.hi)
        return Interval(least, most) if d > 0 else Interval(-most, -least)
    def linearized(self, low: Sequence[int], high: Sequence[int]) -> tuple[list[int], list[Value], list[list[Value]]]:
        """The centre of a box, E there, and E' over the box."""
        center, one = [(a + b) >> 1 for a, b in zip(low, high, strict=True)], ONE
        box = [Interval(a, b, {i: one}) for i, (a, b) in enumerate(zip(low, high, strict=True))]
        rows = [[e.d.get(j, ZERO) for j in range(len(box))] for e in self.evaluate(box, one)[0]]
        return center, self.evaluate([Interval(x, x) for x in center], one)[0], rows
def levels_of(system: str, leak: Fraction, knots: int) -> list[Fraction]:
    """sigma_0, ..., sigma_{m+1} of a pattern; all 0 for the free system."""
    inside = [(1 if mark == "+" else -leak) / (1 - leak) for mark in system]
    return [Fraction(0)] * (knots + 2) if system == "free" else [Fraction(0), *inside, Fraction(1)]
def combined(y: Sequence[Value], values: Sequence[Value], rows: Sequence[Sequence[Value]]) -> list[Interval]:
    """y.E', and y.E at the end."""
    return [Interval.of(sum(c * x for c, x in zip(y, column, strict=True) if c))
            for column in [*zip(*rows, strict=True), values]]
def excludes(box: tuple[Any, Any, Any], low: Sequence[int], high: Sequence[int], y: Sequence[int]) -> bool:
    """Whether y.E has no zero in a linearized box: |y.E(center)| > sum_j |(y.E')_j| half_j (mean value form)."""
    *slopes, value = combined(y, *box[1:])
    reach = sum(slope.size() * max(b - x, x - a) for slope, x, a, b in zip(slopes, box[0], low, high, strict=True))
    return bool(max(value.lo, -value.hi) << BITS > reach)
def has_one_zero(system: Skeleton, center: Sequence[int], half: int, inverse: Sequence[Sequence[int]]) -> bool:
    """Krawczyk: |Y E(c)| + |1 - Y E'(X)| half < half, so exactly one zero lies in the cube X; X is in the simplex."""
    if half <= 0 or not all(p + half <= q - half for p, q in pairwise([half, *center, (1 << BITS) - half])):
        return False
    _, values, rows = system.linearized([x - half for x in center], [x + half for x in center])
    for i, row in enumerate(inverse):
        *slopes, value = combined([Fraction(entry, SCALE) for entry in row], values, rows)
        step = sum((slope - int(i == j)).size() for j, slope in enumerate(slopes)) * half
        if step + (value.size() << BITS) >= half << BITS:
            return False
    return True
def clip(low: Sequence[int], high: Sequence[int]) -> tuple[list[int], list[int]]:
    """The smallest box around the increasing points of a box."""
    return list(accumulate(low, max)), list(accumulate(reversed(high), min))[::-1]
def inside(cube: tuple[Sequence[int], int], low: Sequence[int], high: Sequence[int]) -> bool:
    return all(c - cube[1] <= a and b <= c + cube[1] for c, a, b in zip(cube[0], low, high, strict=True))
def check_cover(system: Skeleton, cubes: Sequence[Any], where: str, tree: str, combinations: Any) -> int:
    """Every point of the simplex is excluded or lies in a cube with one zero. The tree, in preorder: a letter a, b, ...
    halves that coordinate; '.' no point is increasing; a digit: that equation has no zero; '*': the next combination
    of equations has none; A, B, ...: inside that cube. Returns the number of leaves."""
    m, leaves, rest = len(system.weights) - 1, 0, iter(combinations)
    stack = [([0] * m, [1 << BITS] * m)]
    for mark in tree:
        require(bool(stack), f"{where}: the tree of the cover has more marks than boxes")
        low, high = stack.pop()
        axis, cube = "abcdefghijkl"[:m].find(mark), "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[: len(cubes)].find(mark)
        if axis >= 0:
            middle = (low[axis] + high[axis]) >> 1
            stack += [([*low[:axis], middle, *low[axis + 1 :]], high), (low, [*high[:axis], middle, *high[axis + 1 :]])]
            continue
        (low, high), leaves = clip(low, high), leaves + 1
        if any(a >= b for a, b in zip(low, high, strict=True)):
            good = mark == "."
        elif cube >= 0:
            good = inside(cubes[cube], low, high)
        else:
            y = next(rest, []) if mark == "*" else [int(str(i) == mark) for i in range(m)]
            good = len(y) == m and excludes(system.linearized(low, high), low, high, y)
        require(good, f"{where}: leaf {leaves} of the cover is not closed by {mark!r}")
    require(not stack and next(rest, None) is None, f"{where}: the cover leaves boxes open, or combinations unused")
    return leaves

class Solution:
    """A zero of a system, alone in its cube, and the function it is, with intervals: slopes, jumps, residuals r = f - H
    on the pieces in powers of x, moment M, loss; exactly where S or jumps are 0 (the knots are rational there)."""
    def __init__(self, target: Sequence[Fraction], name: str, leak: Fraction, knots: int, claim: Any) -> None:
        self.name, self.where = name, f"system {name or '(no knot)'} with {knots} knots"
        system, rational, narrow = Skeleton(target, levels_of(name, leak, knots)), list[Fraction](), 0
        center, half = list[int](), 0
        if knots:
            center, half, narrow, inverse = (claim[key] for key in ("center", "half", "narrow", "inverse"))
            lengths = [*map(len, (center, claim["rational"] or center, inverse, *inverse)), len(claim)]
            unique = lengths == [knots] * (knots + 3) + [5] and narrow <= half and all(
                has_one_zero(system, center, x, inverse) for x in (half, narrow))
            require(unique, f"{self.where}: no single zero is proved within {half} and {narrow} of {center} / 2^{BITS}")
            rational = [fraction(text) for text in ([] if claim["rational"] is None else claim["rational"])]
        self.cube, self.knots = (center, half), [Interval(x - narrow, x + narrow) for x in center]
        self.flat, self.level = list[int](), False  # knots without a jump; whether S = 0
        self.slopes, self.residuals, self.moment, drop = system.profile(self.knots, ONE)
        self.jumps, self.ends = [q - p for p, q in pairwise(self.slopes)], [ZERO, *self.knots, ONE]
        self.loss = integral(self.residuals, self.residuals, self.ends)
        if len(rational) == knots and (rational or name != "free"):
            here = all(x.lo <= q * 2**BITS <= x.hi for q, x in zip(rational, self.knots, strict=True))
            exact = here and not any(system.evaluate(rational, Fraction(1))[0])
            require(exact, f"{self.where}: {rational} is no solution here")
            slopes, _, _, drop = system.profile(rational, Fraction(1))
            self.flat = [i for i, (p, q) in enumerate(pairwise(slopes)) if p == q]
            self.level = name != "free" and not drop
        elif not all(x.sign() for x in [*self.jumps, *([] if name == "free" else [drop])]):
            raise NotChecked(f"{self.where}: whether S or a jump is 0 at a solution that is not rational")
        self.pattern, self.label, self.virtual = None if name == "free" else name, "", list[tuple[Interval, str]]()
        self.minimal_width, self.realizations = knots + int(name == "free"), list[str]()
    def is_at(self, knots: Sequence[Interval]) -> bool:
        """Whether knots that solve the system are this solution."""
        return len(knots) == len(self.knots) and inside(self.cube, [x.lo for x in knots], [x.hi for x in knots])
    def after(self, other: Solution) -> bool:
        """The order of labels: by loss, then by kinks from left to right."""
        ends = zip([self.loss, *self.knots], [other.loss, *other.knots], strict=True)
        return next(x.lo > y.hi for x, y in ends if not x.meets(y))
def fraction(text: Any) -> Fraction:
    require(isinstance(text, str) and set(text) <= set("-0123456789./"), f"{text!r} is not a number as text")
    return Fraction(text)
def integral(p: Sequence[Sequence[Value]], q: Sequence[Sequence[Value]], cuts: Sequence[Interval]) -> Interval:
    """int p q of two functions that are polynomials in x on the cells between the cuts."""
    value = ZERO
    for (u, v), a, b in zip(pairwise(cuts), p, q, strict=True):
        for (i, x), (j, y) in product(enumerate(a), enumerate(b)):
            value = value + x * y * (v ** (i + j + 1) - u ** (i + j + 1)) * Fraction(1, i + j + 1)
    return value
class Role(NamedTuple):
    """What one neuron does (docs/strata.md): the code in labels, the sort, the site or end, orientation, sign of v."""
    code: str
    sort: str
    place: str = ""
    mark: str = ""
    sign: int = 0
    free: int = 1  # parameters before the equations shared with other neurons

class Strata:
    """What neurons do over a critical function f: its sites on [0, 1], their roles, and what follows from these."""
    def __init__(self, f: Solution, leak: Fraction, width: int) -> None:
        self.f, self.pattern, self.kappa = f, f.pattern, leak / (1 - leak)
        self.sigma, self.known = {"+": 1 + self.kappa, "-": -self.kappa}, dict[Any, int]()
        self.jump = {f"k{i}": d for i, d in enumerate(f.jumps, 1)}
        self.levels = levels_of(f.name, leak, len(f.knots))
        marks = ["+-"] * len(f.knots) if self.pattern is None else list(self.pattern)
        named = {f"k{i}": pair for i, pair in enumerate(zip(f.knots, marks, strict=True), 1)}
        self.sites = named | {f"v{i}": pair for i, pair in enumerate(sorted(f.virtual, key=lambda pair: pair[0].lo), 1)}
        places = {name: x for name, (x, _) in self.sites.items()} | {"a": ZERO, "b": f.ends[-1]}
        self.value = {name: polynomial(f.residuals[self.piece(x)], x) for name, x in places.items()}
        free = range(len(f.slopes) if len(f.knots) < width else 0)  # else every neuron is at a kink
        both = {"+-": Fraction(0)} if self.pattern is None else self.sigma
        flat = [(x, mark) for piece in free for mark in both for x in self.zeros(piece, mark, both[mark])]
        self.flat = sorted(flat, key=lambda pair: pair[0].lo)
        if any(p.meets(q) for (p, _), (q, _) in pairwise(self.flat)):
            raise NotChecked(f"{f.label}: the order of flat sites")
    def piece(self, x: Interval) -> int:
        return sum(knot.lo <= x.lo for knot in self.f.knots)
    def beam(self, piece: int, sigma: Fraction) -> list[Value]:
        """K + sigma M on a piece, in powers of x: it is (sigma - sigma_k) M, with slope 0, at the left end u."""
        p, u = [c * Fraction(1, (j + 1) * (j + 2)) for j, c in enumerate(self.f.residuals[piece])], self.f.ends[piece]
        slope = [c * (j + 2) for j, c in enumerate(p)]
        steep = polynomial([ZERO, *slope], u)
        return [self.f.moment * (sigma - self.levels[piece]) - polynomial([ZERO, ZERO, *p], u) + steep * u, -steep, *p]
    def zeros(self, piece: int, mark: str, sigma: Fraction) -> list[Interval]:
        """All zeros of K + sigma M inside a piece but for its double zeros at kinks, ends and virtual sites."""
        p, double = self.beam(piece, sigma), [self.f.ends[k] for k in (piece, piece + 1) if self.levels[k] == sigma]
        for name, (x, marks) in self.sites.items():
            if name[0] == "v" and mark[0] in marks and self.piece(x) == piece:
                self.sign(name)  # r is not 0 there, so the zero is double
                double.append(x)
        for place in double + double:
            quotient = [p[-1]]
            for c in reversed(p[1:-1]):
                quotient.append(quotient[-1] * place + c)
            p = quotient[::-1]
        return simple_zeros(p, *self.f.ends[piece : piece + 2])
    def roles(self) -> list[Role]:
        """Every role a neuron may have, in the order of the codes of a label."""
        class_a, leaky, silent = self.pattern is None, bool(self.kappa), () if self.kappa else ("a-", "b+")
        letters = (("p", 1, "live"), ("n", -1, "live"), ("z", 0, "at a site"))
        found = [Role(name + mark + letter, sort, name, mark, sign, 1 + abs(sign))
                 for name, (_, marks) in self.sites.items() for mark, (letter, sign, sort) in product(marks, letters)]
        found += [Role(f"f{i}{mark}", "flat", mark=mark) for i, (_, marks) in enumerate(self.flat, 1) for mark in marks]
        found += [Role(f"l{end}{mark}{letter}", "silent end" if end + mark in silent else "affine end", end, mark, sign,
                       1 + abs(sign)) for end, mark, (letter, sign, _) in product("ab", "+-", letters)
                  if class_a or end + mark in silent]
        found += [Role(code, "affine", free=3) for code in ("act", "ina") if class_a and (leaky or code == "act")]
        found += [Role("con+", "constant"), Role("con-", "constant") if leaky else Role("dead", "dead", free=3)]
        zero = [Role("zero", "zero", free=0), Role("zerop", "degenerate", sign=1), Role("zeron", "degenerate", sign=-1)]
        return found + (zero if class_a or not leaky or not self.repels() else zero[:1])
    def repels(self) -> bool:
        """Class B, leaky: whether no neuron w = b = 0 != v is stationary in Clarke's sense. All are if f has a site; if
        f is constant, none is where all tangents of K lie between -sigma_+ M and -sigma_- M at 1/2 ("Kinds", 7)."""
        k, sigmas = [*self.beam(0, Fraction(0)), ZERO], self.sigma.values()
        cells = [Interval(i << BITS - 8, (i + 1) << BITS - 8) for i in range(256)]
        tangent = [k[i] * (1 - i) + k[i + 1] * (i + 1) * HALF for i in range(len(k) - 1)]
        lines = [[tangent[0] + self.f.moment * sigma, *tangent[1:]] for sigma in sigmas]
        proved = self.sites or all(polynomial(line, cell).sign() for cell in cells for line in lines)
        return not self.sites if proved else bool(undecided(f"{self.f.label}: stationarity of neurons w = b = 0"))
    def feasible(self, roles: Sequence[Role]) -> tuple[bool, bool]:
        """Whether these roles together realize f, and whether the slope equation ties parameters. The jump q of the '-'
        neurons at a site is 0 or D, or has an open range; low and high are its ends: 0, 1 for D, None for none."""
        live, low, high = dict[str, dict[str, set[int]]](), dict[str, int | None](), dict[str, int | None]()
        for role in [role for role in roles if role.sort == "live"]:
            live.setdefault(role.place, {"+": set(), "-": set()})[role.mark].add(role.sign)
        for name, signs in live.items():
            jump, plus, minus = self.jump.get(name, ZERO).sign(), signs["+"], signs["-"]
            low[name], high[name] = None if -1 in minus else 0, None if 1 in minus else 0
            if not plus or not minus:
                low[name] = high[name] = int(bool(minus))
            elif plus == {1} and (high[name] is None or jump < 0):
                high[name] = 1
            elif plus == {-1} and (low[name] is None or jump > 0):
                low[name] = 1
            if (plus | minus) not in ({1, -1}, {jump}):
                return False, False
        if self.pattern is not None or self.jump.keys() - live.keys():
            return not self.jump.keys() - live.keys(), False
        affine = [role for role in roles if role.sort == "affine" or (role.sort == "affine end" and role.sign)]
        if not affine and not any(signs["+"] and signs["-"] for signs in live.values()):
            return "".join("+-"[low[name] or 0] for name in self.jump) in self.f.realizations, False
        rising = {(role.sign > 0) == (role.mark == "+") for role in affine if role.sign}
        rising |= {True, False} if any(not role.sign for role in affine) else set()
        lower = True in rising or None in low.values() or self.room(low) > 0
        return lower and (False in rising or None in high.values() or self.room(high) < 0), True
    def room(self, choice: dict[str, int | None]) -> int:
        """The sign of kappa sum D - s_0 - (1 + 2 kappa) sum q with the q of this choice."""
        minus = "".join("+-"[choice[name] or 0] for name in self.jump)
        carried = sum((d for name, d in self.jump.items() if choice[name]), start=ZERO) * (1 + 2 * self.kappa)
        sign = (sum(self.f.jumps, start=ZERO) * self.kappa - self.f.slopes[0] - carried).sign()
        return sign if sign or minus in self.f.realizations else undecided(f"{self.f.label}: a slope equation")
    def index(self, live: Sequence[Role], holds_x: bool, hinges: tuple[tuple[str, str], ...]) -> int:
        """n_- of the index formula, without l, for Lambda = span(1, [x], the hinges)."""
        key, weak = (holds_x, tuple(name for name, _ in hinges) if holds_x else hinges), Interval.of(self.kappa)
        if key not in self.known:
            places = sorted({name for name, _ in hinges} | self.jump.keys(), key=lambda name: self.sites[name][0].lo)
            cuts, last = [ZERO, *(self.sites[name][0] for name in places), ONE], len(places) + 1
            rows = [[[ONE]] * last, *([[[ZERO, ONE]] * last] if holds_x else [])]  # powers of x on the cells
            for name, mark in hinges:
                here, x = places.index(name) + 1, self.sites[name][0]
                before, after = (weak, weak + 1) if mark == "+" else (-weak - 1, -weak)
                rows.append([[-(x * c), c] for c in [before] * here + [after] * (last - here)])
            first, kinks = len(rows), [(name, places.index(name) + 1) for name in self.jump]
            rows += [[[ZERO]] * here + [[self.jump[name]]] * (last - here) for name, here in kinks]
            matrix = [[integral(p, q, cuts) for q in rows] for p in rows]
            for i, (name, jump) in enumerate(self.jump.items(), first):
                matrix[i][i] = matrix[i][i] + self.value[name] * jump
            down = sum(self.sign(name) != jump.sign() for name, jump in self.jump.items())
            self.known[key] = inertia(matrix, first) - down
        return int(self.known[key] + sum(role.sign != self.sign(role.place) for role in live))
    def sign(self, name: str) -> int:
        """The sign of r at a site or an end."""
        return self.value[name].sign() or undecided(f"{self.f.label}: the sign of r at {name}")
    def judge(self, roles: Sequence[Role]) -> tuple[str, int | None, int | None, list[str]]:
        """Kind, index, nullity and stationarity (smooth, directional, Clarke): docs/strata.md, "Kinds"."""
        sorts, hinged, class_a = {role.sort for role in roles}, dict[str, set[str]](), self.pattern is None
        for role in [role for role in roles if role.sort in ("live", "at a site")]:
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
            # K has the sign of r next to ends, kinks and virtual sites and changes it at flat sites.
            signs = {self.sign(name) for name in self.value} if class_a and not self.flat else {1, -1}
            directional = all({role.sign} == signs for role in roles if role.sort == "degenerate")
            how = ["no" if "degenerate" in sorts else "yes", "yes" if directional else "no", "yes"]
            if index or flat or not directional or descent or self.index(live, True, hinges):
                return "saddle", None, None, how
            rest = tuple((name, "+") for name in self.sites if name[0] == "v" and name not in hinged)
            if self.index(live, True, hinges + rest):
                raise NotChecked(f"{self.f.label}: neurons w = b = 0 beside virtual sites")
            return "local_minimum", None, None, how
        opened = class_a and "constant" in sorts and self.index(live, True, hinges) > 0
        kind = "saddle" if index or descent or flat or opened else "local_minimum"
        if any(role.sign for role in ends):
            return kind, None, None, ["yes"] * 3
        nullity = 3 * len(roles) - int(holds_x) - len(hinges) - len(live) - 2 * extra
        return "strict_saddle" if index + extra else kind, index + extra, nullity, ["yes"] * 3

def simple_zeros(p: Sequence[Interval], start: Interval, end: Interval) -> list[Interval]:
    """All zeros of a polynomial between start and end, which must be simple and inside, as narrow intervals."""
    slope, found, stack = [c * j for j, c in enumerate(p)][1:] or [ZERO], [], [(start.lo, end.hi)]
    while stack:
        a, b = stack.pop()
        box, cut = Interval(a, b), a + (b - a) * 4 // 9
        steep, center = polynomial(slope, box), Interval(cut, cut)
        if polynomial(p, box).sign() or (polynomial(p, center) + steep * (box - center)).sign():
            continue
        left, right = (polynomial(p, Interval(x, x)).sign() for x in (a, b))
        if b - a < 1 << BITS - 64 and start.hi < a and b < end.lo and steep.sign() and left and right:
            found += [box] if left != right else []
        elif b - a < 1 << BITS // 2:
            raise NotChecked("a zero of K + sigma M that may be multiple or at an end")
        else:
            stack += [(a, cut), (cut, b)]
    return found

class IntervalCertificate:
    """The claims about one interval problem at one width: systems, critical functions, strata."""
    def __init__(self, entries: list[Any]) -> None:
        head, *self.entries = entries
        self.name, self.width, self.leak = head["name"], head["width"], fraction(head["leak"])
        h, (a, b) = [fraction(c) for c in head["target"]], map(fraction, head["domain"])
        good = head["entry"] == "problem" and head["family"] == "interval" and a < b and 0 <= self.leak < 1
        good &= 1 <= self.width <= 12 and {one["entry"] for one in self.entries} <= {"system", "function", "stratum"}
        require(good and len(head) == 8, "first an interval problem of width at most 12 is stated, then three sorts")
        # H(y) = h(a + (b - a) y) / scale on [0, 1]; f / scale is a critical function of H.
        target = [sum(h[i] * comb(i, j) * a ** (i - j) for i in range(j, len(h))) * (b - a) ** j for j in range(len(h))]
        while len(target) > 2 and not target[-1]:
            target.pop()
        self.scale, self.start, self.length = abs(target[-1]) or Fraction(1), a, b - a
        self.target = [c / self.scale for c in [*target, Fraction(0)][: max(2, len(target))]]
        self.constant, self.affine = not any(self.target[1:]), len(self.target) == 2
        self.notes, self.open, self.others = list[str](), list[str](), ", no others"
        self.roots = {(0, name): [Solution(self.target, name, self.leak, 0, None)] for name in names(0)}
    def claims(self, sort: str, wanted: Iterable[Any], *fields: str) -> dict[Any, Any]:
        """The entries of one sort, which must have these labels and fields, and no others."""
        mine = [entry for entry in self.entries if entry["entry"] == sort]
        found = {entry.get("label") or (entry["knots"], entry["system"]): entry for entry in mine}
        lacking, surplus = sorted(set(wanted) - found.keys())[:3], sorted(found.keys() - set(wanted))[:3]
        good = not lacking and not surplus and len(found) == len(mine)
        require(good, f"each {sort} is listed, once; not listed: {lacking}, listed but not there: {surplus}")
        require(all(set(entry) == {"entry", "link", *fields} for entry in mine), f"the fields of a {sort} are {fields}")
        return found
    def compare(self, sort: str, facts: dict[str, dict[str, Any]]) -> None:
        """Every entry of this sort claims these facts, bounds for intervals, and nothing else."""
        for label, claim in self.claims(sort, facts, "label", *min(facts.values(), key=len)).items():
            for field, fact in facts[label].items():
                require(agrees(claim[field], fact), f"{label}: {field} is {fact}, not {claim[field]}")
    def check_systems(self) -> None:
        wanted, leaves = [(m, name) for m in range(1, self.width + 1) for name in names(m)], 0
        for (m, name), claim in self.claims("system", wanted, "knots", "system", "solutions", "cover").items():
            roots = [Solution(self.target, name, self.leak, m, solution) for solution in claim["solutions"]]
            self.roots[m, name], where = roots, f"system {name} with {m} knots"
            system = Skeleton(self.target, levels_of(name, self.leak, m))
            apart = all(not all(map(Interval.meets, p.knots, q.knots)) for p, q in combinations(roots, 2))
            require(apart, f"{where}: a solution is listed twice")
            if self.affine:
                number = int(not self.constant and all(p * q < 0 for p, q in pairwise(system.weights)))
                require((len(roots), claim["cover"]) == (number, None), f"{where} has {number} solutions (Theorem 5)")
            elif claim["cover"] is None:
                self.open.append(f"{where}: the certificate holds no cover, so there may be more solutions")
                self.others = ""
            else:
                cubes = [root.cube for root in roots]
                leaves += check_cover(system, cubes, where, claim["cover"]["tree"], claim["cover"]["combinations"])
        number, how = sum(len(self.roots[key]) for key in wanted), "Theorem 5" if self.affine else f"{leaves} boxes"
        self.notes.append(f"{len(wanted)} systems have {number} solutions, each alone in its cube{self.others}: {how}")
    def find_functions(self) -> None:
        """Theorem 2: solutions with M != 0 or of the free system; M = 0 is a coincidence, a jump 0 a virtual site."""
        self.functions = list[Solution]()
        for knots, name in ((m, name) for m in range(self.width + 1) for name in names(m)):
            roots = [root for root in self.roots[knots, name] if not root.flat]
            for root in [root for root in roots if root.level]:
                partner = self.at(root.knots, "free", f"{root.where}: a coincidence")
                partner.realizations, partner.minimal_width = [*partner.realizations, name], knots
            kept = [root for root in roots if not root.level]
            for root in kept:
                place = 1 + sum(root.after(other) for other in kept if other is not root)
                root.label = f"{self.name}:" + (f"A.{knots}." if name == "free" else f"B.{name}.") + str(place)
            self.functions += sorted(kept, key=lambda root: root.label)
        for root in [root for roots in self.roots.values() for root in roots if root.flat]:
            free, rest = root.pattern is None or root.level, [i for i in range(len(root.knots)) if i not in root.flat]
            name = "free" if free else "".join(root.name[i] for i in rest)
            owner = self.at([root.knots[i] for i in rest], name, f"{root.where}: a solution with a vanishing jump")
            new = [i for i in root.flat if not any(root.knots[i].meets(x) for x, _ in owner.virtual)]
            owner.virtual += [(root.knots[i], "+-" if free else root.name[i]) for i in new]
        self.functions = [f for f in self.functions if f.minimal_width <= self.width]
    def at(self, knots: Sequence[Interval], name: str, words: str) -> Solution:
        found = [f for f in self.functions if f.name == name and f.is_at(knots)]
        require(len(found) == 1, f"{words} belongs to no function")
        return found[0]
    def check_functions(self) -> None:
        facts = {f.label: {
            "kinks": [x * self.length + self.start for x in f.knots], "realizations": f.realizations,
            "slopes": [x * (self.scale / self.length) for x in f.slopes], "minimal_width": f.minimal_width,
            "loss": f.loss * (self.scale**2 * self.length), "moment": f.moment * (self.scale * self.length**2),
            "offset": (f.residuals[0][0] + self.target[0]) * self.scale} for f in self.functions}
        self.compare("function", facts)
        self.notes.append(f"they give {len(facts)} critical functions of width {self.width}{self.others} (Theorem 2)")
    def least(self) -> list[Solution]:
        """The functions of least loss; losses are called equal only by the symmetry of the target."""
        best, t = min(self.functions, key=lambda f: f.loss.hi), self.target
        flipped = [sum(c * comb(i, j) * (-1) ** j for i, c in enumerate(t) if i >= j) for j in range(len(t))]
        symmetric = any(all(p == sign * q for p, q in zip(flipped[1:], t[1:], strict=True)) for sign in (1, -1))
        mirror = best.name if best.pattern is None else best.name[::-1].translate(str.maketrans("+-", "-+"))
        ties = [f for f in self.functions if f.loss.meets(best.loss)]
        image = [-x + 1 for x in reversed(best.knots)]
        if not all(f is best or (symmetric and f.name == mirror and f.is_at(image)) for f in ties):
            raise NotChecked(f"which has the lowest loss: {[f.label for f in ties]}")
        return ties
    def check_strata(self) -> None:
        least, facts = self.least(), dict[str, dict[str, Any]]()
        for f in self.functions:
            if self.affine and f.pattern is None:  # f is the target
                free = 3 * self.width - int(not self.constant or self.leak > 0)
                facts[f"{f.label}@{self.width}:all"] = {
                    "function": f.label, "kind": "global_minimum", "index": None, "nullity": None, "dimension": free,
                    "orbit_size": 1, "stationarity": ["yes"] * 3}
            else:
                facts |= self.strata_over(f, f in least)
        self.compare("stratum", facts)
        self.notes.append(f"over them lie {len(facts)} strata of width {self.width}{self.others}, with the inertia, "
                          "kinds, dimensions and stationarity that follow (docs/strata.md) from signs proved here")
    def strata_over(self, f: Solution, least: bool) -> dict[str, dict[str, Any]]:
        strata, n = Strata(f, self.leak, self.width), self.width
        roles, found, known = strata.roles(), dict[str, dict[str, Any]](), dict[Any, tuple[bool, bool]]()
        for chosen in combinations_with_replacement(range(len(roles)), n):
            mine, support = [roles[i] for i in chosen], tuple(dict.fromkeys(chosen))
            places = {role.place for role in mine if role.sort == "live"}
            possible, tied = known[support] = known.get(support) or strata.feasible([roles[i] for i in support])
            if possible:
                kind, index, nullity, how = strata.judge(mine)
                require(not (least and "saddle" in kind), f"{f.label} has the least loss, but a stratum descends")
                found[f"{f.label}@{n}:{'.'.join(role.code for role in mine)}"] = {
                    "function": f.label, "kind": "global_minimum" if least else kind, "stationarity": how,
                    "index": index, "nullity": nullity,
                    "dimension": sum(role.free for role in mine) - len(places) - int(tied),
                    "orbit_size": factorial(n) // prod(factorial(chosen.count(i)) for i in support)}
        return found
def names(knots: int) -> list[str]:
    return ["free", *map("".join, product("+-", repeat=knots))]
def agrees(claim: Any, fact: Any) -> bool:
    if isinstance(fact, Interval):
        low, high = (Interval.of(fraction(text)) for text in claim)
        return low.hi <= fact.lo and fact.hi <= high.lo
    return len(claim) == len(fact) and all(map(agrees, claim, fact)) if isinstance(fact, list) else bool(claim == fact)
def check_chain(entries: list[Any]) -> None:
    """Every entry carries the digest of the one before it and of itself, and holds no numbers but integers."""
    link = ""
    for entry in entries:
        body = json.dumps({key: entry[key] for key in entry if key != "link"}, sort_keys=True, separators=(",", ":"))
        link = hashlib.sha256((link + body).encode()).hexdigest()
        require(entry["link"] == link, "the chain of digests: the file was changed after it was made")
        rest = set(re.sub(r'"(\\.|[^"\\])*"|null', "", body))
        require(rest <= set("[]{}:,-0123456789"), "every number is an integer")
def main(path: str) -> int:
    try:
        with open(path, encoding="utf-8") as file:
            data = json.load(file, object_pairs_hook=lambda xs: dict(xs) if len(dict(xs)) == len(xs) else 0)
        if (data["format"], data["entries"][0].get("family")) != (FORMAT, "interval"):
            raise ValueError(f"no {FORMAT} of an interval problem; data sets: check_dataset_certificate.py")
        check_chain(data["entries"])
        certificate = IntervalCertificate(data["entries"])
        certificate.check_systems()
        certificate.find_functions()
        certificate.check_functions()
        certificate.check_strata()
    except NotChecked as error:
        certificate.open.append(f"{error}, and what would follow")
    except Refuted as error:
        print(f"REFUTED {error}")
        return 1
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        print(f"UNREADABLE {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    lines = [f"CHECKED {x}" for x in certificate.notes] + [f"NOT CHECKED {x}" for x in certificate.open]
    print(*lines, sep="\n")
    return 3 if certificate.open else 0
if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) == 2 else ""))
