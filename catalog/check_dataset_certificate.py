#!/usr/bin/env python3
"""Check a certificate of a data set of Saddlery with the standard library: python -I check_dataset_certificate.py FILE

Nothing in the file is believed: what it claims is computed again from the samples alone, in integers and fractions.
The file only says where to look: points of faces, weights of networks, Farkas vectors, which are tried by
multiplication. The theorems used are those of docs/dataset.md ("Patterns", "Completeness", "Kinds", "Inertia").

Exit code: 0 all claims are proved; 1 a claim is refuted; 2 the file cannot be read; 3 something was not checked.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import combinations_with_replacement, product
from math import comb, factorial, prod
from typing import Any, NamedTuple

FORMAT = "saddlery certificate 1"
MOST_SETS = 5_000_000  # of types, tried against the Farkas vectors of one case
FIELDS = {
    "problem": "family name width inputs targets bias",
    "face": "pattern point",
    "exclusion": "pattern combination",
    "case": "residuals directional only_clarke evidence live farkas separations",
    "function": "label residuals loss fit minimal_width clarke_width",
    "stratum": "label function kind index nullity dimension gauge_dimension orbit_size stationarity w a",
}

Json = Any
Vector = tuple[Fraction, ...]
Span = tuple[Vector, ...]  # its reduced echelon form


class Refuted(Exception):
    """A claim that is false, or that does not follow from what the file offers for it."""


class NotChecked(Exception):
    """A claim that is not decided here."""


def require(condition: bool, statement: str) -> None:
    if not condition:
        raise Refuted(statement)


def number(value: Json) -> Fraction:
    """An integer, or a text like "-3/4", in lowest terms."""
    if type(value) is int or (isinstance(value, str) and re.fullmatch(r"-?[0-9]+(/[0-9]+)?", value)):
        found = Fraction(value)
        if str(found) == str(value):
            return found
    raise ValueError(f"{value!r} is no rational number in lowest terms")


def vector(values: Json, length: int, where: str = "a vector of the file") -> Vector:
    require(isinstance(values, list) and len(values) == length, f"{where}: it has {length} entries")
    return tuple(map(number, values))


def same(claim: Json, fact: Json) -> bool:
    """Equal as JSON: 1 is neither 1.0 nor true."""
    return json.dumps(claim, sort_keys=True) == json.dumps(fact, sort_keys=True)


def dot(u: Iterable[Fraction], v: Iterable[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(u, v, strict=True) if a and b), Fraction(0))


def words(values: Iterable[Any] = ()) -> str:
    return "(" + ", ".join(map(str, values)) + ")"


def extended(basis: Span, vectors: Iterable[Vector]) -> Span:
    """The reduced echelon form of the span of both."""
    rows = {next(i for i, x in enumerate(row) if x): row for row in basis}
    for one in vectors:
        new = one
        for pivot, row in rows.items():
            if new[pivot]:
                new = tuple(x - new[pivot] * y for x, y in zip(new, row, strict=True))
        lead = next((i for i, x in enumerate(new) if x), None)
        if lead is not None:
            new = tuple(x / new[lead] for x in new)
            rows = {p: tuple(x - row[lead] * y for x, y in zip(row, new, strict=True)) for p, row in rows.items()}
            rows[lead] = new
    return tuple(rows[pivot] for pivot in sorted(rows))


def residual(targets: Vector, basis: Span) -> Vector:
    """The targets minus their orthogonal projection on a span, by the method of Gram and Schmidt."""
    rest, orthogonal = targets, list[Vector]()
    for one in basis:
        for other in orthogonal:
            one = minus(one, dot(one, other) / dot(other, other), other)
        orthogonal.append(one)
        rest = minus(rest, dot(rest, one) / dot(one, one), one)
    return rest


def minus(u: Vector, factor: Fraction, v: Vector) -> Vector:
    return tuple(x - factor * y for x, y in zip(u, v, strict=True))


def inertia(matrix: list[list[Fraction]]) -> tuple[int, int]:
    """Negative and zero eigenvalues of a symmetric matrix: LDL^T with blocks of size 1 and, on a zero diagonal, 2."""
    a, left, negative = matrix, list(range(len(matrix))), 0
    while left:
        p = next((i for i in left if a[i][i]), None)
        if p is not None:
            negative += int(a[p][p] < 0)
            left.remove(p)
            for i in left:
                if a[i][p]:
                    factor = a[i][p] / a[p][p]
                    for j in left:
                        a[i][j] -= factor * a[p][j]
            continue
        pair = next(((i, j) for i in left for j in left if a[i][j]), None)
        if pair is None:
            break
        (p, q), negative = pair, negative + 1  # [[0, h], [h, 0]] has the signs +, -
        left = [i for i in left if i not in pair]
        for i, j in product(left, repeat=2):
            a[i][j] -= (a[i][p] * a[q][j] + a[i][q] * a[p][j]) / a[p][q]
    return negative, len(left)


class Face(NamedTuple):
    """An open face of the arrangement: pattern, dimension, values max(<w, x_k>, 0) at a point w; patterns of the rays
    in its closure, of the faces one dimension higher and of the cells that have it in theirs; the span of the values
    at all its points; whether (smooth) no sample but a zero one has sign 0."""

    pattern: str
    dimension: int
    values: Vector
    rays: tuple[str, ...]
    covers: tuple[str, ...]
    cells: tuple[str, ...]
    span: Span
    smooth: bool


class NeuronType(NamedTuple):
    """What neurons of one type (face and sign of a) are at one residual; regular: L is twice differentiable in them;
    free: the dimension of their set of (w, a) alone."""

    face: Face
    sign: int
    directional: bool
    escapes: bool
    regular: bool
    free: int

    @property
    def code(self) -> str:
        return self.face.pattern + "nzp"[self.sign + 1]


def by_code(kind: NeuronType) -> tuple[str, int]:
    return kind.face.pattern, kind.sign


class Live(NamedTuple):
    """A set of types of active neurons with a != 0 that realizes the residuals."""

    kinds: tuple[NeuronType, ...]
    span: Span


class Data:
    """The samples and the faces of their arrangement."""

    def __init__(self, head: Json) -> None:
        self.name, self.width, bias = head["name"], head["width"], head["bias"]
        require(isinstance(self.name, str) and isinstance(bias, bool), "the problem is not one")
        require(type(self.width) is int and self.width >= 1, "the width is not one")
        one = [1] if bias else []
        self.samples = [vector([*row, *one], len(head["inputs"][0]) + len(one)) for row in head["inputs"]]
        self.targets = vector(head["targets"], len(self.samples))
        self.dimension = len(self.samples[0])
        require(self.dimension >= 1, "the samples have no coordinate")
        self.faces: dict[str, Face] = {}

    def heights(self, w: Vector) -> Vector:
        return tuple(dot(w, x) for x in self.samples)

    def find_faces(self, points: dict[str, Json], excluded: dict[str, Json]) -> None:
        """Every partial pattern belongs to a listed face or is refuted by c with sum_k c_k x_k = 0, c_k s_k >= 0 where
        s_k is not 0, one of them > 0."""
        count, raw = len(self.samples), dict[str, tuple[Vector, int]]()
        for pattern, claim in points.items():
            point = vector(claim["point"], self.dimension, f"the point of the face {pattern}")
            heights = self.heights(point)
            require(signs(heights) == pattern, f"the point {words(point)} lies in the face {pattern}")
            kinks = [x for x, sign in zip(self.samples, pattern, strict=True) if sign == "0"]
            raw[pattern] = positive(heights), self.dimension - len(extended((), kinks))
        prefixes = {pattern[:k] for pattern in raw for k in range(count + 1)} | {""}
        children = {prefix + sign for prefix in prefixes if len(prefix) < count for sign in "+-0"}
        lacking, surplus = sorted(children - prefixes - set(excluded)), sorted(set(excluded) - (children - prefixes))
        require(not lacking, f"patterns that begin with {lacking[:1]}: none is listed, and no combination refutes them")
        require(not surplus, f"patterns that begin with {surplus[:1]} are refuted, but need not or cannot be")
        for pattern, claim in excluded.items():
            c = vector(claim["combination"], len(pattern), f"the combination for {pattern}")
            zero = all(not dot(c, column) for column in zip(*self.samples[: len(pattern)], strict=True))
            pulls = [x if s == "+" else -x for x, s in zip(c, pattern, strict=True) if s != "0"]
            sound = zero and min(pulls, default=Fraction(0)) >= 0 and any(pulls)
            require(sound, f"the combination {words(c)} of samples refutes patterns that begin with {pattern}")
        lowest = min(dimension for _, dimension in raw.values())
        for pattern, (output, dimension) in raw.items():
            above = [q for q in raw if is_face(pattern, q)]
            rays = tuple(q for q, one in raw.items() if one[1] == lowest + 1 and is_face(q, pattern))
            self.faces[pattern] = Face(
                pattern, dimension, output, rays,
                tuple(q for q in above if raw[q][1] == dimension + 1),
                tuple(q for q in above if raw[q][1] == self.dimension),
                extended((), (raw[ray][0] for ray in rays)),
                not any(sign == "0" and any(x) for x, sign in zip(self.samples, pattern, strict=True)),
            )

    def hessian(self, r: Vector, rows: Sequence[Vector], outer: Sequence[Fraction]) -> list[list[Fraction]]:
        """Of n L in all (w_j, a_j): sum_k (grad f_k grad f_k^T - r_k Hess f_k)."""
        d = self.dimension
        table = [[Fraction(0)] * len(rows) * (d + 1) for _ in range(len(rows) * (d + 1))]
        for x, rest in zip(self.samples, r, strict=True):
            heights = [dot(w, x) for w in rows]
            slope = [y for h, a in zip(heights, outer, strict=True) for y in
                     ((*(a * value for value in x), h) if h > 0 else [Fraction(0)] * (d + 1))]
            places = [i for i, value in enumerate(slope) if value]
            for i, j in product(places, repeat=2):
                table[i][j] += slope[i] * slope[j]
            for j, h in enumerate(heights):
                if h > 0 and rest:
                    last = j * (d + 1) + d
                    for i, value in enumerate(x, start=j * (d + 1)):
                        table[i][last] -= rest * value
                        table[last][i] -= rest * value
        return table


def signs(values: Iterable[Fraction]) -> str:
    return "".join("+" if value > 0 else "-" if value < 0 else "0" for value in values)


def positive(values: Iterable[Fraction]) -> Vector:
    return tuple(max(value, Fraction(0)) for value in values)


def is_face(p: str, q: str) -> bool:
    """Whether the face p lies in the closure of the face q."""
    return all(a in ("0", b) for a, b in zip(p, q, strict=True))


class Case:
    """One candidate residual r: the types that are stationary there, and the sets of them that realize it."""

    def __init__(self, data: Data, residuals: Vector, claim: Json) -> None:
        self.data, self.residuals, self.where = data, residuals, f"the case of residuals {words(residuals)}"
        self.goal = minus(data.targets, Fraction(1), residuals)
        self.loss = dot(residuals, residuals) / (2 * len(residuals))
        self.fit = [k for k, rest in enumerate(residuals, start=1) if not rest]
        # n G at the point of each face; G is linear on the closure of each.
        self.pull = {pattern: dot(residuals, face.values) for pattern, face in data.faces.items()}
        self.moving: dict[str, NeuronType] = {}  # active, a != 0, by code
        self.passive: list[NeuronType] = []
        self.live: list[Live] = []
        self.tried = self.vectors = 0
        self.find_types(dict(claim["evidence"]))
        for field, directional in (("directional", True), ("only_clarke", False)):
            fact = [code for code, kind in self.moving.items() if kind.directional is directional]
            require(same(claim[field], fact), f"{self.where}: the {field} types of active neurons are {fact}")
        for types, neurons in claim["live"]:
            self.find_live(types, neurons)
        self.complete = claim["farkas"] is not None
        if self.complete:
            self.close([vector(z, len(residuals)) for z in claim["farkas"]])
        self.separations = [vector(z, len(residuals)) for z in claim["separations"]]
        # The least width in the directional sense is None if it is larger than that of the certificate.
        sizes = [(len(one.kinds), all(kind.directional for kind in one.kinds)) for one in self.live]
        self.clarke_width = min((size for size, _ in sizes), default=0)
        self.minimal_width = min((size for size, directional in sizes if directional), default=None)

    def find_types(self, evidence: dict[str, Json]) -> None:
        """The types that a neuron can have at r; where G' has both signs Clarke's notion needs evidence."""
        for face in self.data.faces.values():
            at_rays, above = [self.pull[ray] for ray in face.rays], [self.pull[q] for q in face.covers]
            flat, rises, falls = not any(at_rays), any(g > 0 for g in above), any(g < 0 for g in above)
            allowed = {sign for sign, bad in ((1, rises), (-1, falls)) if flat and not bad}
            clarke = bool(allowed) or (flat and self.hull(face, evidence.pop(face.pattern, None)))
            kinks = (r for r, x, s in zip(self.residuals, self.data.samples, face.pattern, strict=True)
                     if s == "0" and any(x))
            if any(g > 0 for g in at_rays) == any(g < 0 for g in at_rays):
                regular, escapes = face.smooth or not any(kinks), not flat or rises or falls
                self.passive.append(NeuronType(face, 0, True, escapes, regular, face.dimension - int(not flat)))
            for sign in (-1, 1) if clarke else ():
                kind = NeuronType(face, sign, sign in allowed, False, face.smooth, face.dimension + 1)
                if "+" in face.pattern:
                    self.moving[kind.code] = kind
                else:
                    self.passive.append(kind)
        self.moving = {kind.code: kind for kind in sorted(self.moving.values(), key=by_code)}
        require(not evidence, f"{self.where}: evidence for {sorted(evidence)[:1]} that is not needed")

    def hull(self, face: Face, claim: Json) -> bool:
        """Whether 0 is a convex combination of the gradients of G on the cells around a face: the weights, or a
        direction in which all of them are positive (Gordan)."""
        where = f"{self.where}, face {face.pattern}"
        require(isinstance(claim, list), f"{where}: evidence for Clarke's notion is lacking")
        sort, values = claim
        gradients = {cell: self.gradient(cell) for cell in face.cells}
        if sort == "direction":
            v = vector(values, self.data.dimension, where)
            require(all(dot(g, v) > 0 for g in gradients.values()), f"{where}: all gradients rise along {words(v)}")
            return False
        weights = {cell: number(weight) for cell, weight in dict(values).items()}
        require(sort == "weights" and set(weights) <= set(gradients), f"{where}: weights for the cells around it")
        zero = all(not sum(weights[cell] * gradients[cell][i] for cell in weights) for i in range(self.data.dimension))
        sound = zero and min(weights.values(), default=-1) >= 0 and sum(weights.values()) == 1
        require(sound, f"{where}: 0 is the combination of gradients with weights {words(weights.values())}")
        return True

    def gradient(self, cell: str) -> Vector:
        active = [r if sign == "+" else Fraction(0) for r, sign in zip(self.residuals, cell, strict=True)]
        return tuple(dot(active, column) for column in zip(*self.data.samples, strict=True))

    def find_live(self, types: Json, neurons: Json) -> None:
        name = f"{self.where}, set {words(types)}"
        fine = all(code in self.moving for code in types) and types == [code for code in self.moving if code in types]
        require(fine and len(types) <= self.data.width, f"{name}: its types are allowed, in order, at most the width")
        kinds, total = tuple(self.moving[code] for code in types), [Fraction(0)] * len(self.goal)
        require(len(neurons) == len(kinds), f"{name}: one neuron for each type")
        for kind, values in zip(kinds, neurons, strict=True):
            heights = self.data.heights(vector(values, self.data.dimension))
            require(signs(heights) == kind.face.pattern, f"{name}: the neuron {words(values)} is of type {kind.code}")
            total = [f + kind.sign * h for f, h in zip(total, positive(heights), strict=True)]
        require(tuple(total) == self.goal, f"{name}: its neurons have the values {words(self.goal)} at the samples")
        require(all(kinds != other.kinds for other in self.live), f"{name} stands once")
        self.live.append(Live(kinds, extended((), (row for kind in kinds for row in kind.face.span))))

    def close(self, vectors: Sequence[Vector]) -> None:
        """Every other set of types is refuted by a vector z: z g >= 0 for all generators g of its cones, and z (y - r)
        < 0, or = 0 and some z g > 0 (Stiemke). Bits stand for vectors."""
        kinds, size = list(self.moving.values()), self.data.width
        self.tried, self.vectors = sum(comb(len(kinds), k) for k in range(min(size, len(kinds)) + 1)), len(vectors)
        if self.tried > MOST_SETS:
            raise NotChecked(f"{self.where}: {self.tried} sets of types")
        below = level = 0
        inside, strict = [0] * len(kinds), [0] * len(kinds)
        for bit, z in enumerate(vectors):
            at_goal = dot(z, self.goal)
            below |= int(at_goal < 0) << bit
            level |= int(at_goal == 0) << bit
            for i, kind in enumerate(kinds):
                products = [kind.sign * product for product in self.at_rays(z, kind.face)]
                inside[i] |= int(min(products) >= 0) << bit
                strict[i] |= int(max(products) > 0) << bit
        live = {tuple(kinds.index(kind) for kind in one.kinds) for one in self.live}
        stack: list[tuple[tuple[int, ...], int, int]] = [((), (1 << len(vectors)) - 1, 0)]
        while stack:
            chosen, kept, above = stack.pop()
            if not kept & (below | level & above) and chosen not in live:
                named = words(kinds[i].code for i in chosen)
                raise Refuted(f"{self.where}: the set {named} is neither realized nor refuted by a Farkas vector")
            if len(chosen) < size:
                start = chosen[-1] + 1 if chosen else 0
                stack += [((*chosen, i), kept & inside[i], above | strict[i]) for i in range(start, len(kinds))]

    def at_rays(self, z: Vector, face: Face) -> list[Fraction]:
        return [dot(z, self.data.faces[ray].values) for ray in face.rays]

    def rank(self, live: Live, kinds: Iterable[NeuronType]) -> int | None:
        """The rank of J on the whole stratum: that of the live span V and of max(<w, x>, 0) for its neurons with a = 0
        that do not escape; None where it is not proved to be constant."""
        outside = [kind.face for kind in kinds if not kind.sign and not kind.escapes
                   and len(extended(live.span, kind.face.span)) > len(live.span)]
        if len(outside) > 1 or (outside and not self.apart(live.span, outside[0])):
            return None
        return len(live.span) + len(outside)

    def apart(self, span: Span, face: Face) -> bool:
        """Whether max(<w, x>, 0) lies outside the span for all w in the open face: a vector that is 0 on the span, and
        >= 0, not always 0, on the rays of the face."""
        found = (self.at_rays(z, face) for z in self.separations if not any(dot(z, row) for row in span))
        return any(min(products) >= 0 and any(products) for products in found)


class DatasetCertificate:
    """The claims about one data set at one width: faces, cases, critical functions, strata."""

    def __init__(self, entries: list[Json]) -> None:
        for entry in entries:
            fields = {"entry", "link", *FIELDS.get(entry["entry"], "").split()}
            require(set(entry) == fields, f"an entry {entry['entry']} has the fields {sorted(fields)}")
        self.data, self.entries = Data(entries[0]), entries[1:]
        self.lines = self.notes, self.open, self.unclaimed = list[str](), list[str](), list[str]()
        self.cases, self.functions, self.tail = dict[Vector, Case](), dict[str, Case](), ", no others"
        self.points: dict[str, tuple[Vector, Vector]] = {}

    def claims(self, sort: str, key: str) -> dict[str, Json]:
        mine = [entry for entry in self.entries if entry["entry"] == sort]
        found = {entry[key]: entry for entry in mine}
        require(len(found) == len(mine), f"every {sort} stands once")
        return found

    def check(self) -> None:
        strata = self.claims("stratum", "label")
        for label, claim in strata.items():
            fits = len(claim["w"]) == len(claim["a"]) == self.data.width
            require(fits, f"{label}: the sample has {self.data.width} neurons")
        require(not self.claims("problem", "name"), "there is one problem")
        self.data.find_faces(points := self.claims("face", "pattern"), excluded := self.claims("exclusion", "pattern"))
        self.notes.append(f"{len(points)} activation patterns with a point in the face of each, and no others: "
                          f"{len(excluded)} combinations of samples refute the rest")
        self.check_cases()
        self.check_functions()
        self.check_strata(strata)

    def check_cases(self) -> None:
        """The residuals are the projections of the targets for all sums of spans of faces, and every case is closed."""
        count, single = len(self.data.targets), {face.span for face in self.data.faces.values() if "+" in face.pattern}
        spans: set[Span] = {()}
        level = set(spans)
        for _ in range(self.data.width):
            level = {extended(basis, more) for basis in level for more in single} - spans
            if not level:
                break
            spans |= level
        wanted = {residual(self.data.targets, basis) for basis in spans}
        mine = [entry for entry in self.entries if entry["entry"] == "case"]
        entries = {vector(entry["residuals"], count): entry for entry in mine}
        require(len(entries) == len(mine), "every case stands once")
        lacking, surplus = sorted(wanted - set(entries)), sorted(set(entries) - wanted)
        require(not lacking, f"the case of residuals {words(*lacking[:1])} is missing: a sum of spans leads to it")
        require(not surplus, f"the case of residuals {words(*surplus[:1])} belongs to a sum of spans of faces")
        self.cases = {residuals: Case(self.data, residuals, entry) for residuals, entry in entries.items()}
        found = self.cases.values()
        live, realized = sum(len(case.live) for case in found), sum(bool(case.live) for case in found)
        note = (f"{len(spans)} sums of spans of at most {self.data.width} faces give {len(found)} candidate residuals; "
                f"{live} sets of types realize {realized} of them")
        unproved = [case.where for case in found if not case.complete]
        if unproved:
            self.tail = ", no others if the cases are complete"
            self.open.append(f"that no other set of types realizes {unproved[0]} (one of {len(unproved)}), on which "
                             "the lists, least widths and global minima rest: there are no Farkas vectors")
        else:
            note += (f", and no others: {sum(case.tried for case in found)} sets are realized or refuted by one of "
                     f"{sum(case.vectors for case in found)} Farkas vectors")
        self.notes.append(note)

    def check_functions(self) -> None:
        """Those of the cases that are realized, numbered by least width, loss and residuals."""
        facts = dict[str, Json]()
        realized, numbers = [case for case in self.cases.values() if case.live], Counter[int]()
        for case in sorted(realized, key=lambda case: (case.clarke_width, case.loss, [-r for r in case.residuals])):
            numbers[case.clarke_width] += 1
            label = f"{self.data.name}:{case.clarke_width}.{numbers[case.clarke_width]}"
            self.functions[label] = case
            facts[label] = {
                "residuals": [str(r) for r in case.residuals], "loss": str(case.loss), "fit": case.fit,
                "minimal_width": case.minimal_width, "clarke_width": case.clarke_width,
            }
        self.compare("function", self.claims("function", "label"), facts)
        self.notes.append(f"they give {len(facts)} critical functions of width {self.data.width}{self.tail}, with "
                          "residuals, loss, fitted samples and least widths")

    def compare(self, sort: str, claims: dict[str, Json], facts: dict[str, Json]) -> None:
        lacking, surplus = sorted(facts.keys() - claims.keys()), sorted(claims.keys() - facts.keys())
        require(not lacking and not surplus, f"{sort}s not listed: {lacking[:3]}, listed but not there: {surplus[:3]}")
        for label, fact in facts.items():
            for field, value in fact.items():
                claim = claims[label][field]
                require(same(claim, value), f"{label}: {field} is {value}, not {claim}")

    def check_strata(self, claims: dict[str, Json]) -> None:
        n = self.data.width
        number_of_strata = sum(comb(n + len(case.passive) - 1, n - len(live.kinds)) if n > len(live.kinds) else 1
                               for case in self.functions.values() for live in case.live)
        missing = number_of_strata - len(claims)
        require(missing < len(claims) + 1000, f"there are {number_of_strata} strata of width {n}, not {len(claims)}")
        losses = [case.loss for case in self.functions.values() if case.minimal_width is not None]
        require(bool(losses), "a minimizer exists and is directionally stationary")
        facts, parts = dict[str, Json](), dict[str, tuple[Case, list[NeuronType]]]()
        for function, case in self.functions.items():
            for live, kinds in strata_over(case, n):
                label = f"{function}@{n}:" + ".".join(kind.code for kind in kinds)
                facts[label] = {"function": function} | stratum(case, live, kinds, case.loss == min(losses))
                parts[label] = case, kinds
        self.compare("stratum", claims, facts)
        for label, (case, kinds) in parts.items():
            self.check_sample(label, case, kinds, claims[label])
        without, flat = ([fact for fact in facts.values() if fact[key] is None] for key in ("index", "nullity"))
        self.notes.append(
            f"over them lie {len(facts)} strata of width {n}{self.tail}, with notions, kinds and dimensions by "
            "docs/dataset.md; each sample lies in its faces and realizes the residuals, and LDL^T of the Hessian there "
            f"confirms the {len(facts) - len(without)} indices"
        )
        self.unclaimed += [f"the index of {len(without)} strata, the nullity of {len(flat)}"] if flat else []

    def check_sample(self, label: str, case: Case, kinds: Sequence[NeuronType], claim: Json) -> None:
        rows, total = [], [Fraction(0)] * len(case.goal)
        outer = vector(claim["a"], len(kinds))
        for j, (kind, values, a) in enumerate(zip(kinds, claim["w"], outer, strict=True), start=1):
            w, heights = self.point(values, label)
            fits = signs(heights) == kind.face.pattern and kind.sign == (a > 0) - (a < 0)
            require(fits, f"{label}: neuron {j} of the sample is of type {kind.code}")
            output = positive(heights)
            require(not dot(case.residuals, output), f"{label}: at the sample dL/da_{j} = 0")
            total = [f + a * h for f, h in zip(total, output, strict=True)]
            rows.append(w)
        require(tuple(total) == case.goal, f"{label}: the sample has the values {words(case.goal)}")
        if claim["index"] is not None:
            negative, zero = inertia(self.data.hessian(case.residuals, rows, outer))
            agrees = negative == claim["index"] and claim["nullity"] in (None, zero)
            require(agrees, f"{label}: LDL^T of the Hessian at the sample has {negative} negative, {zero} zero pivots")

    def point(self, values: Json, label: str) -> tuple[Vector, Vector]:
        """A vector and its products with the samples; the strata have few different ones."""
        key = repr(values)
        if key not in self.points:
            w = vector(values, self.data.dimension, label)
            self.points[key] = w, self.data.heights(w)
        return self.points[key]


def strata_over(case: Case, width: int) -> Iterator[tuple[Live, list[NeuronType]]]:
    """Each live set with the types of all neurons: those of the set, and any more of them or of passive ones."""
    for live in case.live:
        for extra in combinations_with_replacement([*live.kinds, *case.passive], width - len(live.kinds)):
            yield live, sorted([*live.kinds, *extra], key=by_code)


def stratum(case: Case, live: Live, kinds: Sequence[NeuronType], least: bool) -> dict[str, Json]:
    """The facts about a stratum, by the theorems of docs/dataset.md."""
    directional, escapes = all(kind.directional for kind in kinds), sum(kind.escapes for kind in kinds)
    index = escapes if directional and all(kind.regular for kind in kinds) else None
    rank = None if index is None else case.rank(live, kinds)
    require(not least or (directional and not escapes), f"{case.where} has the least loss, but L descends from it")
    if not directional:
        kind = "saddle"
    elif escapes:
        kind = "strict_saddle" if index else "saddle"
    else:
        kind = "global_minimum" if least else "local_minimum"
    smooth = directional and all(one.face.smooth for one in kinds)
    size = len(kinds) * (case.data.dimension + 1)
    return {
        "kind": kind, "index": index,
        "nullity": None if index is None or rank is None else size - 2 * index - rank,
        "dimension": sum(one.free for one in kinds) - len(live.span),
        "gauge_dimension": sum(one.sign != 0 or one.face.dimension > 0 for one in kinds),
        "orbit_size": factorial(len(kinds)) // prod(map(factorial, Counter(one.code for one in kinds).values())),
        "stationarity": ["yes" if notion else "no" for notion in (smooth, directional, True)],
    }


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
        (path,) = arguments
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
        require(data["format"] == FORMAT and data["entries"][0]["entry"] == "problem", f"this is a {FORMAT}")
        if data["entries"][0]["family"] != "dataset":
            raise ValueError("this is not the certificate of a data set")
        require(chained(data["entries"]), "the chain of digests: the file was changed after it was made")
        certificate = DatasetCertificate(data["entries"])
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
    for word, lines in zip(("CHECKED", "NOT CHECKED", "NOT CLAIMED"), certificate.lines, strict=True):
        for line in lines:
            print(word, line)
    return 3 if certificate.open else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
