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
from itertools import combinations_with_replacement
from math import comb, factorial, prod
from typing import Any, NamedTuple

FORMAT = "saddlery certificate 1"
MOST_SETS = 5_000_000  # of types, tried against the Farkas vectors of one case
FIELDS = {
    "problem": "family name width inputs targets bias",
    "face": "pattern point",
    "absent": "pattern combination",
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
    """A claim that this program cannot decide."""


def require(condition: bool, statement: str) -> None:
    if not condition:
        raise Refuted(statement)


def number(value: Json) -> Fraction:
    """An integer, or a text like "-3/4"."""
    if type(value) is int or (isinstance(value, str) and re.fullmatch(r"-?[0-9]+(/[0-9]+)?", value)):
        return Fraction(value)
    raise ValueError(f"{value!r} is no rational number")


def vector(values: Json, length: int) -> Vector:
    require(isinstance(values, list) and len(values) == length, f"{values} has not {length} entries")
    return tuple(map(number, values))


def same(claim: Json, fact: Json) -> bool:
    """Equal as JSON: 1 is neither 1.0 nor true."""
    return json.dumps(claim, sort_keys=True) == json.dumps(fact, sort_keys=True)


def dot(u: Iterable[Fraction], v: Iterable[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(u, v, strict=True) if a and b), Fraction(0))


def words(values: Iterable[Any]) -> str:
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
        for i in left:
            for j in left:
                a[i][j] -= (a[i][p] * a[q][j] + a[i][q] * a[p][j]) / a[p][q]
    return negative, len(left)


class Face(NamedTuple):
    """An open face of the arrangement: pattern, a point, dimension, max(<point, x_k>, 0), and around it the patterns
    of the rays and of the faces one dimension higher and the cells that have it in their closure."""

    pattern: str
    point: Vector
    dimension: int
    values: Vector
    rays: tuple[str, ...]
    covers: tuple[str, ...]
    cells: tuple[str, ...]
    span: Span
    """Of max(<w, x_k>, 0), w in the face."""
    smooth: bool
    """No sample but a zero one has sign 0."""

    @property
    def active(self) -> bool:
        return "+" in self.pattern


class Kind(NamedTuple):
    """What neurons of one type (face and sign of a) are at one residual."""

    face: Face
    sign: int
    directional: bool
    escapes: bool
    regular: bool
    """L is twice differentiable in the neuron."""
    free: int
    """Dimension of its set of (w, a) alone."""

    @property
    def code(self) -> str:
        return self.face.pattern + "nzp"[self.sign + 1]

    @property
    def order(self) -> tuple[str, int]:
        return self.face.pattern, self.sign


class Live(NamedTuple):
    """A set of types of active neurons with a != 0 that realizes the residuals."""

    kinds: tuple[Kind, ...]
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

    def find_faces(self, points: dict[str, Json], absent: dict[str, Json]) -> None:
        """Every partial pattern belongs to a listed face or is refuted by c with sum_k c_k x_k = 0, c_k s_k >= 0 where
        s_k is not 0, one of them > 0."""
        count, raw = len(self.samples), dict[str, tuple[Vector, Vector, int]]()
        for pattern, values in points.items():
            point = vector(values, self.dimension)
            heights = self.heights(point)
            require(signs(heights) == pattern, f"the point {words(point)} lies in the face {pattern}")
            kinks = [x for x, sign in zip(self.samples, pattern, strict=True) if sign == "0"]
            raw[pattern] = point, tuple(max(h, Fraction(0)) for h in heights), self.dimension - len(extended((), kinks))
        prefixes = {pattern[:k] for pattern in raw for k in range(count + 1)} | {""}
        children = {prefix + sign for prefix in prefixes if len(prefix) < count for sign in "+-0"}
        lacking, surplus = sorted(children - prefixes - set(absent)), sorted(set(absent) - (children - prefixes))
        require(not lacking, f"patterns that begin with {lacking[:1]}: none is listed, and no combination refutes them")
        require(not surplus, f"patterns that begin with {surplus[:1]} are refuted, but need not or cannot be")
        for pattern, values in absent.items():
            c = vector(values, len(pattern))
            zero = all(not dot(c, column) for column in zip(*self.samples[: len(pattern)], strict=True))
            pulls = [x if s == "+" else -x for x, s in zip(c, pattern, strict=True) if s != "0"]
            sound = zero and min(pulls, default=Fraction(0)) >= 0 and any(pulls)
            require(sound, f"the combination {words(c)} of samples refutes patterns that begin with {pattern}")
        lowest = min(dimension for _, _, dimension in raw.values())
        for pattern, (point, values, dimension) in raw.items():
            above = [q for q in raw if is_face(pattern, q)]
            rays = tuple(q for q, one in raw.items() if one[2] == lowest + 1 and is_face(q, pattern))
            self.faces[pattern] = Face(
                pattern, point, dimension, values, rays,
                tuple(q for q in above if raw[q][2] == dimension + 1),
                tuple(q for q in above if raw[q][2] == self.dimension),
                extended((), (raw[ray][1] for ray in rays)),
                not any(sign == "0" and any(x) for x, sign in zip(self.samples, pattern, strict=True)),
            )

    def hessian(self, r: Vector, rows: Sequence[Vector], outer: Sequence[Fraction]) -> list[list[Fraction]]:
        """Of n L in all (w_j, a_j): sum_k (grad f_k grad f_k^T - r_k Hess f_k)."""
        d, size = self.dimension, len(rows) * (self.dimension + 1)
        table = [[Fraction(0)] * size for _ in range(size)]
        for x, rest in zip(self.samples, r, strict=True):
            heights = [dot(w, x) for w in rows]
            slope = [y for h, a in zip(heights, outer, strict=True) for y in
                     ((*(a * value for value in x), h) if h > 0 else [Fraction(0)] * (d + 1))]
            places = [i for i, value in enumerate(slope) if value]
            for i in places:
                for j in places:
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
        self.moving: dict[str, Kind] = {}  # active, a != 0, by code
        self.passive: list[Kind] = []
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
                self.passive.append(Kind(face, 0, True, not flat or rises or falls, face.smooth or not any(kinks),
                                         face.dimension - int(not flat)))
            for sign in (-1, 1) if clarke else ():
                kind = Kind(face, sign, sign in allowed, False, face.smooth, face.dimension + 1)
                if face.active:
                    self.moving[kind.code] = kind
                else:
                    self.passive.append(kind)
        self.moving = {kind.code: kind for kind in sorted(self.moving.values(), key=lambda kind: kind.order)}
        require(not evidence, f"{self.where}: evidence for {sorted(evidence)[:1]} that is not needed")

    def hull(self, face: Face, claim: Json) -> bool:
        """Whether 0 is a convex combination of the gradients of G on the cells around a face: the weights, or a
        direction in which all of them are positive (Gordan)."""
        where = f"{self.where}, face {face.pattern}"
        require(isinstance(claim, list), f"{where}: evidence for Clarke's notion is lacking")
        sort, *values = claim
        gradients = {cell: self.gradient(cell) for cell in face.cells}
        if sort == "direction":
            v = vector(*values, self.data.dimension)
            require(all(dot(g, v) > 0 for g in gradients.values()), f"{where}: all gradients rise along {words(v)}")
            return False
        weights = {cell: number(weight) for cell, weight in dict(*values).items()}
        require(sort == "weights" and set(weights) <= set(gradients), f"{where}: weights for the cells around it")
        zero = all(not sum(weights[cell] * gradients[cell][i] for cell in weights) for i in range(self.data.dimension))
        sound = zero and min(weights.values()) >= 0 and any(weights.values())
        require(sound, f"{where}: 0 is the combination of gradients with weights {words(weights.values())}")
        return True

    def gradient(self, cell: str) -> Vector:
        found = [(r, x) for r, x, sign in zip(self.residuals, self.data.samples, cell, strict=True) if sign == "+"]
        return tuple(sum((r * x[i] for r, x in found), Fraction(0)) for i in range(self.data.dimension))

    def find_live(self, types: Json, neurons: Json) -> None:
        name = f"{self.where}, set {words(types)}"
        allowed = list(self.moving)
        fine = all(code in self.moving for code in types) and types == [code for code in allowed if code in types]
        require(fine and len(types) <= self.data.width, f"{name}: its types are allowed, in order, at most the width")
        kinds, total = tuple(self.moving[code] for code in types), [Fraction(0)] * len(self.goal)
        require(len(neurons) == len(kinds), f"{name}: one neuron for each type")
        for kind, values in zip(kinds, neurons, strict=True):
            heights = self.data.heights(vector(values, self.data.dimension))
            require(signs(heights) == kind.face.pattern, f"{name}: the neuron {words(values)} lies in {kind.face.pattern}")
            total = [f + kind.sign * max(h, Fraction(0)) for f, h in zip(total, heights, strict=True)]
        require(tuple(total) == self.goal, f"{name}: its neurons have the values {words(self.goal)} at the samples")
        require(all(kinds != other.kinds for other in self.live), f"{name} stands once")
        self.live.append(Live(kinds, extended((), (row for kind in kinds for row in kind.face.span))))

    def close(self, vectors: Sequence[Vector]) -> None:
        """Every other set of types is refuted by a vector z: z g >= 0 for all generators g of its cones, and z (y - r)
        < 0, or = 0 and some z g > 0 (Stiemke). Bits stand for vectors."""
        kinds, size = list(self.moving.values()), self.data.width
        number_of_sets = sum(comb(len(kinds), k) for k in range(min(size, len(kinds)) + 1))
        if number_of_sets > MOST_SETS:
            raise NotChecked(f"{self.where}: {number_of_sets} sets of types")
        below = level = 0
        inside, strict = [0] * len(kinds), [0] * len(kinds)
        for bit, z in enumerate(vectors):
            at_goal = dot(z, self.goal)
            below |= int(at_goal < 0) << bit
            level |= int(at_goal == 0) << bit
            for i, kind in enumerate(kinds):
                products = [kind.sign * dot(z, self.data.faces[ray].values) for ray in kind.face.rays]
                inside[i] |= int(min(products) >= 0) << bit
                strict[i] |= int(max(products) > 0) << bit
        live = {tuple(kinds.index(kind) for kind in one.kinds) for one in self.live}
        stack: list[tuple[tuple[int, ...], int, int]] = [((), (1 << len(vectors)) - 1, 0)]
        while stack:
            chosen, kept, above = stack.pop()
            closed = chosen in live or kept & (below | level & above)
            named = words(kinds[i].code for i in chosen)
            require(bool(closed), f"{self.where}: the set {named} is neither realized nor refuted by a Farkas vector")
            if len(chosen) < size:
                start = chosen[-1] + 1 if chosen else 0
                stack += [((*chosen, i), kept & inside[i], above | strict[i]) for i in range(start, len(kinds))]
        self.tried, self.vectors = number_of_sets, len(vectors)

    def rank(self, live: Live, kinds: Iterable[Kind]) -> int | None:
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
        for z in self.separations:
            products = [dot(z, self.data.faces[ray].values) for ray in face.rays]
            if min(products) >= 0 and any(products) and not any(dot(z, row) for row in span):
                return True
        return False


class DatasetCertificate:
    """The claims about one data set at one width: faces, cases, critical functions, strata."""

    def __init__(self, entries: list[Json]) -> None:
        for entry in entries:
            fields = {"entry", "link", *FIELDS[entry["entry"]].split()}
            require(set(entry) == fields, f"the fields of a {entry['entry']} are {sorted(fields)}")
        self.data, self.entries = Data(entries[0]), entries[1:]
        self.notes, self.open, self.unclaimed = list[str](), list[str](), list[str]()
        self.cases: dict[Vector, Case] = {}
        self.functions: dict[str, Case] = {}
        self.points: dict[tuple[str, ...], tuple[Vector, Vector]] = {}

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
        points = {pattern: claim["point"] for pattern, claim in self.claims("face", "pattern").items()}
        absent = {pattern: claim["combination"] for pattern, claim in self.claims("absent", "pattern").items()}
        self.data.find_faces(points, absent)
        self.notes.append(f"{len(points)} activation patterns with a point in the face of each, and no others: "
                          f"{len(absent)} combinations of samples refute the rest")
        self.check_cases()
        self.check_functions()
        self.check_strata(strata)

    def check_cases(self) -> None:
        """The residuals are the projections of the targets for all sums of spans of faces, and every case is closed."""
        count, single = len(self.data.targets), {face.span for face in self.data.faces.values() if face.active}
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
        lacking, surplus = map(words, sorted(wanted - set(entries))), map(words, sorted(set(entries) - wanted))
        for words_of in lacking:
            raise Refuted(f"the case of residuals {words_of} is missing: a sum of spans of faces leads to it")
        for words_of in surplus:
            raise Refuted(f"the case of residuals {words_of} is one: no sum of spans of faces leads to it")
        self.cases = {residuals: Case(self.data, residuals, entry) for residuals, entry in entries.items()}
        found = self.cases.values()
        note = (f"{len(spans)} sums of spans of at most {self.data.width} faces give {len(found)} candidate residuals; "
                f"{sum(len(case.live) for case in found)} sets of types realize "
                f"{sum(bool(case.live) for case in found)} of them")
        if all(case.complete for case in found):
            note += (f", and no others: {sum(case.tried for case in found)} sets are realized or refuted by one of "
                     f"{sum(case.vectors for case in found)} Farkas vectors")
        self.notes.append(note)
        self.open += [f"{case.where}: that no other set of types realizes it; the certificate has no Farkas vectors, and "
                      "the lists of functions and strata, least widths and global minima rest on it"
                      for case in found if not case.complete]

    @property
    def no_others(self) -> str:
        return " if the cases are complete" if self.open else ", no others"

    def check_functions(self) -> None:
        """Those of the cases that are realized, numbered by least width, loss and residuals."""
        facts = dict[str, Json]()
        realized = [case for case in self.cases.values() if case.live]
        realized.sort(key=lambda case: (clarke_width(case), case.loss, [-r for r in case.residuals]))
        numbers = Counter[int]()
        for case in realized:
            width = clarke_width(case)
            numbers[width] += 1
            label = f"{self.data.name}:{width}.{numbers[width]}"
            self.functions[label] = case
            facts[label] = {
                "residuals": [str(r) for r in case.residuals], "loss": str(case.loss), "fit": case.fit,
                "minimal_width": minimal_width(case), "clarke_width": width,
            }
        self.compare("function", self.claims("function", "label"), facts)
        self.notes.append(f"they give {len(facts)} critical functions of width {self.data.width}{self.no_others}, with "
                          "residuals, loss, fitted samples and least widths")

    def compare(self, sort: str, claims: dict[str, Json], facts: dict[str, Json]) -> None:
        lacking, surplus = sorted(facts.keys() - claims.keys()), sorted(claims.keys() - facts.keys())
        require(not lacking and not surplus, f"{sort}s not listed: {lacking[:3]}, listed but not there: {surplus[:3]}")
        for label, fact in facts.items():
            for field, value in fact.items():
                claim = claims[label][field]
                require(same(claim, value), f"{label}: {field} is {value}, not {claim}")

    def check_strata(self, claims: dict[str, Json]) -> None:
        number_of_strata = sum(
            comb(free + len(live.kinds) + len(case.passive) - 1, free) if free else 1
            for case in self.functions.values() for live in case.live for free in [self.data.width - len(live.kinds)]
        )
        fine = number_of_strata <= 2 * len(claims) + 1000
        require(fine, f"there are {number_of_strata} strata of width {self.data.width}, not {len(claims)}")
        losses = [case.loss for case in self.functions.values() if minimal_width(case) is not None]
        require(bool(losses), "a minimizer exists, and is directionally stationary")
        facts, parts = dict[str, Json](), dict[str, tuple[Case, list[Kind]]]()
        for function, case in self.functions.items():
            for live, kinds in strata_over(case, self.data.width):
                label = f"{function}@{self.data.width}:" + ".".join(kind.code for kind in kinds)
                facts[label] = {"function": function} | stratum(case, live, kinds, case.loss == min(losses))
                parts[label] = case, kinds
        self.compare("stratum", claims, facts)
        for label, (case, kinds) in parts.items():
            self.check_sample(label, case, kinds, claims[label])
        indexed = [fact for fact in facts.values() if fact["index"] is not None]
        self.notes.append(
            f"over them lie {len(facts)} strata of width {self.data.width}{self.no_others}, with notions, kinds and "
            f"dimensions by docs/dataset.md; each sample lies in its faces and realizes the residuals, and LDL^T of "
            f"the Hessian there confirms the {len(indexed)} indices"
        )
        self.unclaimed.append(f"of {len(facts) - len(indexed)} strata the index, of "
                              f"{sum(fact['nullity'] is None for fact in facts.values())} the nullity")

    def check_sample(self, label: str, case: Case, kinds: Sequence[Kind], claim: Json) -> None:
        rows, total = [], [Fraction(0)] * len(case.goal)
        outer = vector(claim["a"], len(kinds))
        for j, (kind, values, a) in enumerate(zip(kinds, claim["w"], outer, strict=True), start=1):
            w, heights = self.point(values)
            fits = signs(heights) == kind.face.pattern and kind.sign == (a > 0) - (a < 0)
            require(fits, f"{label}: neuron {j} of the sample is of type {kind.code}")
            output = [max(h, Fraction(0)) for h in heights]
            require(not dot(case.residuals, output), f"{label}: at the sample dL/da_{j} = 0")
            total = [f + a * h for f, h in zip(total, output, strict=True)]
            rows.append(w)
        require(tuple(total) == case.goal, f"{label}: the sample has the values {words(case.goal)}")
        if claim["index"] is not None:
            negative, zero = inertia(self.data.hessian(case.residuals, rows, outer))
            agrees = negative == claim["index"] and claim["nullity"] in (None, zero)
            require(agrees, f"{label}: LDL^T of the Hessian at the sample has {negative} negative, {zero} zero pivots")

    def point(self, values: Json) -> tuple[Vector, Vector]:
        """A vector and its products with the samples; the strata have few different ones."""
        key = tuple(values)
        if key not in self.points:
            w = vector(values, self.data.dimension)
            self.points[key] = w, self.data.heights(w)
        return self.points[key]


def clarke_width(case: Case) -> int:
    return min(len(live.kinds) for live in case.live)


def minimal_width(case: Case) -> int | None:
    """In the directional sense; None if it is larger than the width of the certificate."""
    return min((len(one.kinds) for one in case.live if all(kind.directional for kind in one.kinds)), default=None)


def strata_over(case: Case, width: int) -> Iterator[tuple[Live, list[Kind]]]:
    """Each live set with the types of all neurons: those of the set, and any more of them or of passive ones."""
    for live in case.live:
        for extra in combinations_with_replacement([*live.kinds, *case.passive], width - len(live.kinds)):
            yield live, sorted([*live.kinds, *extra], key=lambda kind: kind.order)


def stratum(case: Case, live: Live, kinds: Sequence[Kind], least: bool) -> dict[str, Json]:
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
        with open(*arguments, encoding="utf-8") as file:
            data = json.load(file)
        require(data["format"] == FORMAT and data["entries"][0]["entry"] == "problem", f"this is a {FORMAT}")
        require(data["entries"][0]["family"] == "dataset", "this is the certificate of a data set")
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
    found = certificate
    for word, lines in (("CHECKED", found.notes), ("NOT CHECKED", found.open), ("NOT CLAIMED", found.unclaimed)):
        for line in lines:
            print(word, line)
    return 3 if certificate.open else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
