"""The symmetries of a problem: maps of the parameters that keep the loss and map strata to strata."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import fmpq_mat

from symbolic.dataset.functions import DatasetFunction
from symbolic.dataset.problem import DatasetProblem
from symbolic.enclosure import Number, bounds, to_fmpq, to_fraction
from symbolic.errors import BudgetExceeded
from symbolic.graph.dataset_rules import DataSymmetry
from symbolic.graph.edges import WHOLE, Edge, EdgeKind, Node, Nodes
from symbolic.graph.interval_rules import Reflection, site_numbers
from symbolic.interval.functions import IntervalFunction
from symbolic.interval.problem import IntervalProblem, mirror_pattern

GROUP_BUDGET = 5_000
"""Symmetries of a data set listed at most."""


@dataclass(frozen=True)
class Symmetry:
    """One symmetry acting on the strata of a problem.

    Attributes:
        name: what it is.
        isometric: whether it is an isometry of the parameters, so that the gradient flow and its rates are kept too.
        images: label of the image of each stratum.
    """

    name: str
    isometric: bool
    images: Mapping[str, str]


def symmetry_edges(symmetries: Sequence[Symmetry]) -> Iterator[Edge]:
    """An edge S -> g S for every given symmetry g and every stratum that it moves."""
    for one in symmetries:
        for source, target in one.images.items():
            if source != target:
                yield Edge(source, target, EdgeKind.SYMMETRY, one.name)


def has_reflection(problem: IntervalProblem) -> int:
    """1 if h(a + b - x) = h(x) + const, -1 if it is -h(x) + const, 0 if neither."""
    canonical, _ = problem.canonical()
    # The leading coefficient of h(a + b - x) has the factor (-1)^degree.
    return 0 if not canonical.symmetric else 1 if canonical.degree % 2 == 0 else -1


def interval_symmetries(
    problem: IntervalProblem, functions: Sequence[IntervalFunction], nodes: Nodes
) -> tuple[list[Symmetry], list[str]]:
    """The reflection of an interval problem with an even or odd target, as far as its images are identified.

    Args:
        problem: the problem.
        functions: all its critical functions of the widths of the strata; the list has to be proved complete.
        nodes: its strata.

    Returns:
        At most one symmetry, and what could not be identified. The group has the order 2, or 1 without a reflection.

    Guarantee: the reflected function is critical, so it is on the list; it is the only one of its class and pattern
        whose kinks its enclosures can be.
    """
    sign = has_reflection(problem)
    if not sign:
        return [], []
    images: dict[str, str] = {}
    doubts: list[str] = []
    partner = {one.label: _reflected(problem, one, functions) for one in functions}
    numbers: dict[str, list[str]] = {}
    for node in nodes:
        if node.codes != (WHOLE,):
            numbers.setdefault(node.function, []).extend(node.codes)
    actions = {label: Reflection(sign < 0, site_numbers(codes)) for label, codes in numbers.items()}
    for node in nodes:
        function = partner.get(node.function)
        if function is None:
            doubts.append(f"the reflection of {node.function} is not identified")
            continue
        image: Node | None
        if node.codes == (WHOLE,):
            image = nodes.whole(function, node.width)
        else:
            action = actions[node.function]
            image = nodes.find(function, [action.image(code) for code in node.codes])
        if image is None:
            doubts.append(f"the reflection of {node.label} is not on the list")
        else:
            images[node.label] = image.label
    name = "reflection and negation" if sign < 0 else "reflection"
    isometric = sum(problem.domain) == 0
    return [Symmetry(name, isometric, images)], list(dict.fromkeys(doubts))


def _reflected(problem: IntervalProblem, one: IntervalFunction, functions: Sequence[IntervalFunction]) -> str | None:
    """The label of the reflected function; None unless exactly one function can be it."""
    pattern = None if one.pattern is None else mirror_pattern(one.pattern)
    total = sum(problem.domain)
    kinks = [(total - high, total - low) for low, high in map(_bounds, reversed(one.kinks))]
    found = [
        other.label
        for other in functions
        if (other.function_class, other.pattern, len(other.kinks)) == (one.function_class, pattern, len(kinks))
        and all(low <= end and start <= high for (low, high), (start, end) in zip(
            kinks, map(_bounds, other.kinks), strict=True))
    ]
    return found[0] if len(found) == 1 else None


def _bounds(number: Number) -> tuple[Fraction, Fraction]:
    return bounds(number, 512)


def dataset_symmetries(
    problem: DatasetProblem, functions: Sequence[DatasetFunction], nodes: Nodes
) -> tuple[list[Symmetry], list[str]]:
    """All symmetries of a data set but the identity, acting on its strata.

    Returns:
        The symmetries, and what could not be identified (nothing, if the lists are complete).

    Raises:
        BudgetExceeded: more than `GROUP_BUDGET` symmetries.
    """
    by_residuals = {one.residuals: one.label for one in functions}
    residuals = {one.label: one.residuals for one in functions}
    symmetries: list[Symmetry] = []
    doubts: list[str] = []
    for action in data_symmetries(problem):
        if action.name == "identity":
            continue
        images: dict[str, str] = {}
        for node in nodes:
            moved = tuple(action.sign * value for value in action.permuted(residuals[node.function]))
            function = by_residuals.get(moved)
            image = None
            if function is not None:
                image = nodes.find(function, [action.image(code) for code in node.codes])
            if image is None:
                doubts.append(f"the image of {node.label} under {action.name} is not on the list")
            else:
                images[node.label] = image.label
        symmetries.append(Symmetry(action.name, action.isometric, images))
    return symmetries, doubts


def data_symmetries(problem: DatasetProblem) -> list[DataSymmetry]:
    """All (permutation pi, sign e) with x_pi(k) = T x_k for a linear T and y_pi(k) = e y_k: a group, identity first.

    Guarantee: complete. With P the projection of R^n on the columns of the matrix of samples, such a T exists iff
        P_pi(j)pi(k) = P_jk for all j, k; it is orthogonal on the span of the samples iff the same holds for the Gram
        matrix. So the permutations are found by extending partial ones, entry by entry. Targets that are all 0 admit
        both signs.

    Raises:
        BudgetExceeded: more than `GROUP_BUDGET` symmetries.
    """
    projection, gram = _projection(problem.samples), _gram(problem.samples)
    found: list[DataSymmetry] = []
    for sign in (1, -1):
        for permutation in _permutations(projection, problem.targets, sign):
            if len(found) == GROUP_BUDGET:
                raise BudgetExceeded(f"{problem.name} has more than {GROUP_BUDGET} symmetries")
            size = range(len(permutation))
            isometric = all(gram[permutation[j]][permutation[k]] == gram[j][k] for j in size for k in size)
            found.append(DataSymmetry(permutation, sign, isometric))
    return found


def _permutations(
    projection: Sequence[Sequence[Fraction]], targets: Sequence[Fraction], sign: int
) -> Iterator[tuple[int, ...]]:
    count = len(targets)
    partial: list[int] = []

    def extend() -> Iterator[tuple[int, ...]]:
        k = len(partial)
        if k == count:
            yield tuple(partial)
            return
        for image in range(count):
            if image in partial or targets[image] != sign * targets[k]:
                continue
            row, moved = projection[k], projection[image]
            if row[k] == moved[image] and all(row[j] == moved[partial[j]] for j in range(k)):
                partial.append(image)
                yield from extend()
                partial.pop()

    yield from extend()


def _gram(samples: Sequence[Sequence[Fraction]]) -> list[list[Fraction]]:
    return [[sum((a * b for a, b in zip(x, y, strict=True)), Fraction(0)) for y in samples] for x in samples]


def _projection(samples: Sequence[Sequence[Fraction]]) -> list[list[Fraction]]:
    """X (X^T X)^-1 X^T with X reduced to independent columns."""
    matrix = fmpq_mat([[to_fmpq(value) for value in row] for row in samples])
    reduced, rank = matrix.rref()
    if not rank:
        return [[Fraction(0)] * len(samples) for _ in samples]
    columns = [next(j for j in range(matrix.ncols()) if reduced[i, j] != 0) for i in range(rank)]
    basis = fmpq_mat([[matrix[k, j] for j in columns] for k in range(matrix.nrows())])
    middle = (basis.transpose() * basis).solve(basis.transpose())
    product = basis * middle
    return [[to_fraction(product[j, k]) for k in range(len(samples))] for j in range(len(samples))]
