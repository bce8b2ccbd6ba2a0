"""Certificates of data sets: points of all faces, evidence for every case, the functions and the strata.

What the checker `catalog.check_dataset_certificate` verifies by multiplication is looked for here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from catalog.dataset.case_record import stored_cases
from catalog.dataset.record import function_from_record
from catalog.dataset.strata_record import DatasetWords
from catalog.errors import CatalogError
from catalog.number_text import rational_text
from catalog.packed_strata import NOTIONS
from catalog.record import Record, from_text

if TYPE_CHECKING:
    from catalog.store import Store
    from symbolic.dataset.cases import Case, LiveSet
    from symbolic.dataset.functions import DatasetFunction
    from symbolic.dataset.patterns import Arrangement, Face, Vector
    from symbolic.dataset.problem import DatasetProblem
    from symbolic.dataset.stationarity import Faces, Field


def entries(
    store: Store, problem: DatasetProblem, width: int, *, covers: bool, executor: Executor | None,
    tell: Callable[[int, int], None],
) -> Iterator[Record]:
    """The entries of a certificate, the problem first.

    Args:
        store: with the survey of this width and its strata.
        covers: whether to write the Farkas vectors, which prove the lists complete.
        executor: not needed: everything is fast.
        tell: called with the number of cases done, and of all.

    Raises:
        CatalogError: a survey whose lists are not proved complete.
    """
    from symbolic.dataset.patterns import arrangement
    from symbolic.dataset.stationarity import Faces

    _refuse_undecided(store, problem.name, width)
    yield {
        "entry": "problem", "family": "dataset", "name": problem.name, "width": width, "bias": problem.bias,
        "inputs": [_texts(row) for row in problem.inputs], "targets": _texts(problem.targets),
    }
    faces = Faces(arrangement(problem.samples))
    for face in faces.arrangement.faces:
        yield {"entry": "face", "pattern": face.pattern, "point": _point(faces.arrangement, face)}
    for prefix, combination in absent_prefixes(faces.arrangement):
        yield {"entry": "exclusion", "pattern": prefix, "combination": combination}
    cases = stored_cases(store, problem.name, width)
    for done, case in enumerate(cases, start=1):
        yield _case_entry(faces, case, width, covers)
        tell(done, len(cases))
    for row in store.functions(problem.name, width, clarke=True):
        yield _function_entry(function_from_record(from_text(row["record"])), width)
    yield from _strata(store, problem.name, width)


def absent_prefixes(arrangement: Arrangement) -> Iterator[tuple[str, list[int]]]:
    """The shortest words that no pattern begins with, each with a combination of samples that proves it.

    Guarantee: c has sum_k c_k x_k = 0 over the samples of the word s, c_k s_k >= 0 where s_k is not 0, and one of them
        is > 0; so no w has <w, x_k> of sign s_k for all k.
    """
    count = len(arrangement.samples)
    prefixes = {face.pattern[:k] for face in arrangement.faces for k in range(count + 1)}
    for prefix in sorted(prefixes):
        if len(prefix) < count:
            for sign in "+-0":
                if prefix + sign not in prefixes:
                    yield prefix + sign, _combination(arrangement.samples, prefix + sign)


def _combination(samples: Sequence[Vector], word: str) -> list[int]:
    """Multipliers of the strict samples by Gordan's alternative on the null space of the others, completed to 0."""
    from flint import fmpq_mat, fmpz_mat

    from symbolic.enclosure import to_fraction
    from symbolic.exact.cones import gordan, primitive

    strict = [(k, 1 if sign == "+" else -1) for k, sign in enumerate(word) if sign != "0"]
    flat = [k for k, sign in enumerate(word) if sign == "0"]
    dimension = len(samples[0])
    basis, nullity = fmpz_mat([list(samples[k]) for k in flat] or [[0] * dimension]).nullspace()
    free = [[int(basis[i, j]) for i in range(dimension)] for j in range(nullity)]
    rows = [[sign * _dot(samples[k], w) for w in free] for k, sign in strict]
    direction, multipliers = gordan(rows, nullity)
    if direction is not None:
        raise AssertionError(f"the pattern {word} is realized")
    found = [Fraction(0)] * len(word)
    for (k, sign), multiplier in zip(strict, multipliers, strict=True):
        found[k] = Fraction(sign * multiplier)
    pull = [sum(int(found[k]) * samples[k][i] for k, _ in strict) for i in range(dimension)]
    system = fmpq_mat(fmpz_mat([[*(samples[k][i] for k in flat), -pull[i]] for i in range(dimension)]))
    reduced, rank = system.rref()
    for i in range(rank):
        pivot = next(j for j in range(len(flat) + 1) if reduced[i, j] != 0)
        found[flat[pivot]] = to_fraction(reduced[i, len(flat)])
    return list(primitive(found))


def _point(arrangement: Arrangement, face: Face) -> list[int]:
    """A small point of the open face: the sum of its rays."""
    from symbolic.exact.cones import primitive

    total = [sum(ray[i] for ray in face.rays) for i in range(arrangement.dimension)]
    return list(primitive([Fraction(value) for value in total]))


def _case_entry(faces: Faces, case: Case, width: int, covers: bool) -> Record:
    from symbolic.dataset.stationarity import Field

    field = Field(faces.arrangement, case.residuals)
    return {
        "entry": "case", "residuals": _texts(case.residuals),
        "directional": [one.code for one in case.directional],
        "only_clarke": [one.code for one in case.only_clarke],
        "evidence": {
            face.pattern: _evidence(field, face) for face in faces.arrangement.faces
            if field.vanishes_on(face) and not field.directional_signs(face)
        },
        "live": [[[one.code for one in live.types], _neurons(faces, live)] for live in case.live_sets],
        "farkas": [list(vector) for vector in case.refutations] if covers else None,
        "separations": _separations(faces, field, case, width),
    }


def _evidence(field: Field, face: Face) -> list[Any]:
    """Why 0 is, or is not, a convex combination of the gradients of G around a face."""
    from symbolic.dataset.stationarity import NeuronType

    found = field.evidence(NeuronType(face.pattern, 1))["clarke"]
    if found.direction is not None:
        return ["direction", list(found.direction)]
    return ["weights", {cell: rational_text(weight) for cell, weight in found.multipliers}]


def _neurons(faces: Faces, live: LiveSet) -> list[list[str]]:
    """One neuron with a = 1 or -1 for each type."""
    found = []
    for one, weights in zip(live.types, live.weights, strict=True):
        rays = faces.arrangement.by_pattern[one.pattern].rays
        found.append(_texts([
            sum((weight * ray[i] for weight, ray in zip(weights, rays, strict=True)), Fraction(0))
            for i in range(faces.arrangement.dimension)
        ]))
    return found


def _separations(faces: Faces, field: Field, case: Case, width: int) -> list[list[int]]:
    """For each live span V and each face near which G = 0, whose activations lie outside V: a vector that is 0 on V,
    and >= 0, not only 0, on the rays of the face."""
    from symbolic.dataset.cases import span
    from symbolic.exact.cones import Farkas, positive_combination, primitive

    calm = [face for face in faces.active if field.vanishes_on(face) and not any(field.slopes(face))]
    spans = {
        span([effect for one in live.types for effect in faces.effects[one.pattern]]) if live.types else ()
        for live in case.live_sets if len(live.types) < width
    }
    found: list[list[int]] = []
    for basis in sorted(spans):
        complement = _complement(basis, len(case.residuals))
        for face in calm:
            products = [[_dot(row, effect) for row in complement] for effect in faces.effects[face.pattern]]
            if not any(map(any, products)) or any(
                _separates(z, basis, faces.effects[face.pattern]) for z in found
            ):
                continue
            result = positive_combination(products, [0] * len(complement))
            if isinstance(result, Farkas):
                total = [
                    Fraction(sum(t * row[k] for t, row in zip(result.vector, complement, strict=True)))
                    for k in range(len(case.residuals))
                ]
                found.append(list(primitive(total)))
    return found


def _separates(z: Sequence[int], basis: Sequence[Vector], effects: Sequence[Vector]) -> bool:
    products = [_dot(z, effect) for effect in effects]
    return min(products) >= 0 and any(products) and not any(_dot(z, row) for row in basis)


def _complement(basis: Sequence[Vector], length: int) -> list[list[int]]:
    from flint import fmpz_mat

    found, nullity = fmpz_mat([list(row) for row in basis] or [[0] * length]).nullspace()
    return [[int(found[i, j]) for i in range(length)] for j in range(nullity)]


def _function_entry(function: DatasetFunction, width: int) -> Record:
    """What is known at this width: a larger minimal width is not."""
    minimal = function.minimal_width
    return {
        "entry": "function", "label": function.label, "residuals": _texts(function.residuals),
        "loss": rational_text(function.loss), "fit": list(function.fit),
        "minimal_width": None if minimal is None or minimal > width else minimal,
        "clarke_width": function.clarke_width,
    }


def _strata(store: Store, name: str, width: int) -> Iterator[Record]:
    from catalog.strata_store import packed_strata, strata_words

    words = DatasetWords(*strata_words(store, name, width))
    for row in packed_strata(store, name, width):
        record = words.record(row)
        yield {
            "entry": "stratum", "label": record["label"],
            **{
                key: record[key]
                for key in ("function", "kind", "index", "nullity", "dimension", "gauge_dimension", "orbit_size")
            },
            "stationarity": [record["stationarity"][notion] for notion in NOTIONS],
            **record["sample"],
        }


def _refuse_undecided(store: Store, name: str, width: int) -> None:
    """Raise unless functions and strata of the width are proved complete."""
    from sqlalchemy import select

    from catalog.schema import strata_surveys, surveys

    for table, words in ((surveys, "functions"), (strata_surveys, "strata")):
        found = store.rows(
            select(table.c.status, table.c.reason).where(table.c.problem == name, table.c.width == width)
        )
        if not found or found[0]["status"] != "proved":
            why = found[0]["reason"] if found else "they are not surveyed"
            raise CatalogError(f"no certificate: the {words} of {name} at width {width} are not proved complete: {why}")


def _texts(values: Sequence[Fraction]) -> list[str]:
    return [rational_text(value) for value in values]


def _dot(first: Sequence[int], second: Sequence[int]) -> int:
    return sum(a * b for a, b in zip(first, second, strict=True))
