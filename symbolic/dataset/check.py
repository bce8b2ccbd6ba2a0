"""Checking the cases of a survey of a data set: the argument for completeness once more, from the record alone.

Nothing is searched for. What the search found is checked by multiplication: weights by the signs and values of the
network that they make, Farkas vectors by their products with the generators. Proof in docs/dataset.md, "Completeness".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import comb

from symbolic.dataset.cases import SET_BUDGET, Case, LiveSet, candidate_residuals
from symbolic.dataset.patterns import PATTERN_BUDGET, arrangement, pattern_of
from symbolic.dataset.problem import DatasetProblem, check_dataset_width
from symbolic.dataset.stationarity import Faces, Field, NeuronType
from symbolic.errors import BudgetExceeded

Residuals = tuple[Fraction, ...]


def check_cases(
    problem: DatasetProblem, width: int, cases: Sequence[Case], *, pattern_budget: int = PATTERN_BUDGET
) -> list[str]:
    """Whether the cases prove the list of critical functions and live sets of a width complete.

    Args:
        problem: the data set.
        width: the number of neurons.
        cases: of a survey of this width (`DatasetSurvey.cases`), in any order.
        pattern_budget: activation patterns listed at most.

    Returns:
        What is wrong, a line for each fault; empty if the cases prove it.

    Guarantee: if it is empty, every point of this width that is stationary in Clarke's sense has the residuals of one
        of the cases, and the types of its active neurons with a != 0 form one of the live sets of that case; every
        live set is realized. For this the faces, the residual of every sum of at most `width` spans and the allowed
        types are computed again, and every set of at most `width` allowed types is a live set or is refuted by one of
        the Farkas vectors of its case.

    Raises:
        InvalidProblem: a width that cannot be surveyed.
        BudgetExceeded: more patterns or sets of types than allowed.
    """
    check_dataset_width(width)
    faces = Faces(arrangement(problem.samples, pattern_budget))
    wanted = candidate_residuals(faces, problem.targets, width)
    found: dict[Residuals, Case] = {}
    faults = []
    for case in cases:
        if case.residuals in found:
            faults.append(f"{_name(case.residuals)} stands twice")
        found[case.residuals] = case
    faults += [f"{_name(one)} is missing: a sum of spans of faces leads to it" for one in wanted if one not in found]
    faults += [f"{_name(one)} belongs to no sum of spans of faces" for one in found if one not in set(wanted)]
    for residuals, case in found.items():
        if len(residuals) == len(problem.targets):
            faults += [f"{_name(residuals)}: {fault}" for fault in _faults_of(problem, faces, width, case)]
    return faults


def _faults_of(problem: DatasetProblem, faces: Faces, width: int, case: Case) -> Iterator[str]:
    directional, only_clarke = _allowed(faces, case.residuals)
    if case.size != width:
        yield f"it is that of width {case.size}, not of width {width}"
    if case.directional != tuple(sorted(directional)):
        yield "its directionally stationary types are others"
    if case.only_clarke != tuple(sorted(only_clarke)):
        yield "the types that are stationary in Clarke's sense alone are others"
    allowed = sorted(directional | only_clarke)
    live: set[tuple[NeuronType, ...]] = set()
    for one in case.live_sets:
        name = _set_name(one.types)
        if one.types in live:
            yield f"the live set {name} stands twice"
        live.add(one.types)
        if list(one.types) != sorted(set(one.types)) or len(one.types) > width or not set(one.types) <= set(allowed):
            yield f"{name} is no sorted set of at most {width} allowed types"
        elif not _is_realized(problem, faces, case.residuals, one):
            yield f"the weights of the live set {name} do not realize the residuals"
        if one.directional != (set(one.types) <= directional):
            yield f"the live set {name} is said to be stationary in another sense than its types are"
    if any(len(vector) != len(problem.targets) for vector in case.refutations):
        yield "a Farkas vector has not one entry for each sample"
        return
    still_open = [one for one in _unrefuted(problem, faces, allowed, width, case) if one not in live]
    if still_open:
        more = f" (and {len(still_open) - 1} more)" if len(still_open) > 1 else ""
        yield f"{_set_name(still_open[0])}{more} is no live set, and no Farkas vector refutes it"


def _allowed(faces: Faces, residuals: Residuals) -> tuple[set[NeuronType], set[NeuronType]]:
    """The types of active neurons with a != 0 that are stationary in the directional sense, and in Clarke's alone."""
    field = Field(faces.arrangement, residuals)
    directional, clarke = set(), set()
    for face in faces.active:
        directional |= {NeuronType(face.pattern, sign) for sign in field.directional_signs(face)}
        if field.is_clarke(face):
            clarke |= {NeuronType(face.pattern, sign) for sign in (1, -1)}
    return directional, clarke - directional


def _is_realized(problem: DatasetProblem, faces: Faces, residuals: Residuals, live: LiveSet) -> bool:
    """Whether the neurons w = sum_i weights[i] rays[i], a = sign have their patterns and these residuals."""
    if len(live.types) != len(live.weights):
        return False
    values = [Fraction(0)] * len(problem.targets)
    for one, weights in zip(live.types, live.weights, strict=True):
        rays = faces.arrangement.by_pattern[one.pattern].rays
        if len(rays) != len(weights) or min(weights, default=Fraction(1)) <= 0:
            return False
        neuron = [
            sum((weight * ray[i] for weight, ray in zip(weights, rays, strict=True)), Fraction(0))
            for i in range(problem.dimension)
        ]
        if pattern_of(neuron, problem.samples) != one.pattern:
            return False
        for k, sample in enumerate(problem.samples):
            inner = sum((w * x for w, x in zip(neuron, sample, strict=True)), Fraction(0))
            values[k] += one.sign * max(inner, Fraction(0))
    return all(y - r == f for y, r, f in zip(problem.targets, residuals, values, strict=True))


def _unrefuted(
    problem: DatasetProblem, faces: Faces, allowed: Sequence[NeuronType], size: int, case: Case
) -> Iterator[tuple[NeuronType, ...]]:
    """The sets of at most `size` allowed types that none of the Farkas vectors refutes.

    A vector z refutes a set if z g >= 0 for all generators g of the set, and either z (y - r) < 0, or z (y - r) = 0
    and z g > 0 for one of them. The vectors are the bits of the masks.
    """
    number = sum(comb(len(allowed), count) for count in range(size + 1))
    if number > SET_BUDGET:
        raise BudgetExceeded(f"{number} sets of at most {size} types are more than {SET_BUDGET}")
    goal = [y - r for y, r in zip(problem.targets, case.residuals, strict=True)]
    below = level = 0
    inside, strict = [0] * len(allowed), [0] * len(allowed)
    for bit, vector in enumerate(case.refutations):
        value = sum((z * x for z, x in zip(vector, goal, strict=True)), Fraction(0))
        below |= int(value < 0) << bit
        level |= int(value == 0) << bit
        for i, one in enumerate(allowed):
            effects = faces.effects[one.pattern]
            products = [one.sign * sum(z * g for z, g in zip(vector, effect, strict=True)) for effect in effects]
            inside[i] |= int(min(products) >= 0) << bit
            strict[i] |= int(max(products) > 0) << bit

    def visit(chosen: tuple[int, ...], kept: int, above: int) -> Iterator[tuple[NeuronType, ...]]:
        if not kept & (below | (level & above)):
            yield tuple(allowed[i] for i in chosen)
        if len(chosen) < size:
            for i in range(chosen[-1] + 1 if chosen else 0, len(allowed)):
                yield from visit((*chosen, i), kept & inside[i], above | strict[i])

    return visit((), (1 << len(case.refutations)) - 1, 0)


def _name(residuals: Sequence[Fraction]) -> str:
    return f"the case of residuals ({', '.join(map(str, residuals))})"


def _set_name(types: Sequence[NeuronType]) -> str:
    return "{" + ", ".join(one.code for one in types) + "}"
