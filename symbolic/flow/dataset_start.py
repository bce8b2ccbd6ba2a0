"""Where runs out of a saddle of a data set start: balanced points, escape directions, Hessians on the sides of kinks.

The *core* of a stratum are its neurons that are active at a sample. The others add nothing to f, and with relu'(0) = 0
nothing moves them, whatever the others do: the gradient in their parameters is 0. Rescaling (w, a) -> (s w, a/s) moves
the sample of the stratum to the point with |a_j| = |w_j|, the only one of its orbit that small initialization can
reach, since a^2 - |w|^2 is conserved by the flow; a neuron with a = 0 gets |w_j| = 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod

import numpy as np
from flint import arb

from symbolic.dataset.directions import Fate, settle
from symbolic.dataset.escape import EscapeDirection, Vector, attractors, dot, drive, project_off
from symbolic.dataset.functions import DatasetFunction
from symbolic.dataset.patterns import Arrangement, Face, arrangement, is_face_of
from symbolic.dataset.problem import DatasetProblem
from symbolic.dataset.stationarity import Field, NeuronType
from symbolic.dataset.strata import DatasetStratum
from symbolic.enclosure import AlgebraicNumber, Number, arb_of, midpoint, working_precision
from symbolic.errors import Undecided
from symbolic.exact.eigenvalues import eigenvalue_enclosures
from symbolic.exact.square_roots import RootSum
from symbolic.flow.switching import FloatArray

BITS = 192

CLUSTER = 1e-9
"""Eigenvalues nearer to each other than this fraction of the largest one get eigenvectors chosen by a fixed rule; parts
of unit eigenvectors below it count as 0."""

SIDES_BUDGET = 243
"""Choices of sides of kinks looked at, for one core, at most."""


@dataclass(frozen=True)
class Core:
    """The neurons of a stratum that are active at a sample, at their balanced point.

    Attributes:
        function: label of the critical function.
        neurons: their types, in the order of the stratum.
        positions: their numbers in the stratum, from 1.
        inner: w_j up to a positive factor, exactly.
        sizes: that factor, in floats; the kinks on which w_j is stay exact.
        outer: a_j.
    """

    function: str
    neurons: tuple[NeuronType, ...]
    positions: tuple[int, ...]
    inner: tuple[Vector, ...]
    sizes: tuple[float, ...]
    outer: tuple[float, ...]

    @property
    def code(self) -> str:
        return ".".join((self.function, *(one.code for one in self.neurons)))

    @property
    def weights(self) -> tuple[Vector, ...]:
        """w_j, rational, |w_j| = |a_j| (or 1) up to rounding, on the kinks exactly."""
        return tuple(
            tuple(value * Fraction(size) for value in w) for w, size in zip(self.inner, self.sizes, strict=True)
        )


@dataclass(frozen=True)
class Unstable:
    """A negative eigenvalue of the Hessian on one choice of sides, certified, with an approximate unit eigenvector.

    Attributes:
        eigenvalue: a ball.
        inner: parts of w_1, w_2, ..., exactly on the kinks on which the neurons stay.
        outer: parts of a_1, a_2, ...
        signs: with which of the vector and its negative the neurons go to the chosen sides: among 1, -1.
    """

    eigenvalue: arb
    inner: tuple[Vector, ...]
    outer: tuple[float, ...]
    signs: tuple[int, ...]


def core_of(problem: DatasetProblem, function: DatasetFunction, stratum: DatasetStratum) -> Core:
    """The core of a stratum at the balanced point of its sample.

    Raises:
        Undecided: a neuron on a kink is not at rest there, as where the point is stationary in Clarke's sense alone.
    """
    members = [i for i, one in enumerate(stratum.neurons) if one.active]
    inner = tuple(stratum.sample_w[i] for i in members)
    sizes, outer = [], []
    for i, w in zip(members, inner, strict=True):
        sign = stratum.neurons[i].sign
        if sign and not _rests(problem, function.residuals, sign, w):
            raise Undecided("a neuron on a kink leaves it to first order, without a rate")
        length = float(dot(w, w)) ** 0.5
        sizes.append(length ** (-0.5) if sign else 1 / length)
        outer.append(sign * length**0.5)
    positions = tuple(i + 1 for i in members)
    return Core(stratum.function, tuple(stratum.neurons[i] for i in members), positions, inner, tuple(sizes),
                tuple(outer))


def _rests(problem: DatasetProblem, residuals: Sequence[Fraction], sign: int, weights: Vector) -> bool:
    settled = settle(problem.samples, residuals, sign, weights)
    return settled.fate is Fate.RESTS and settled.weights == weights


def local_escapes(
    problem: DatasetProblem, residuals: Sequence[Fraction], pattern: str
) -> tuple[EscapeDirection, ...]:
    """The directions in which a neuron with a = 0 grows that is active at no sample and on the kinks of some.

    At w_0 + e u with a = s e only the samples x_k on whose kinks w_0 is count, and add terms of order e^2 to f. So
    (u, a) moves as from w_0 = 0 with these samples alone.

    Args:
        problem: a data set.
        residuals: r.
        pattern: of w_0, without "+".

    Returns:
        The attractors; their patterns are words over these samples.

    Guarantee: that of `symbolic.dataset.escape.attractors`.
    """
    near = [k for k, letter in enumerate(pattern) if letter == "0"]
    if not any(residuals[k] for k in near):
        return ()
    samples = tuple(problem.samples[k] for k in near)
    # The mean is over all samples.
    share = Fraction(len(near), len(pattern))
    return attractors(arrangement(samples), samples, [share * residuals[k] for k in near])


def point_inside(problem: DatasetProblem, pattern: str, side: str) -> Vector:
    """A point of the open face `side` of the samples on whose kinks `pattern` is, of length 1 in its largest part."""
    samples = tuple(x for x, letter in zip(problem.samples, pattern, strict=True) if letter == "0")
    face = arrangement(samples).by_pattern[side]
    total = tuple(Fraction(sum(ray[i] for ray in face.rays)) for i in range(problem.dimension))
    largest = max(map(abs, total))
    return tuple(value / largest for value in total) if largest else total


def root_number(value: Fraction) -> Number:
    """The square root of a positive rational, exactly."""
    root = RootSum.square_root(value)
    rational = root.as_rational
    if rational is not None:
        return rational
    upper = max(value, Fraction(1))
    return AlgebraicNumber((-value.numerator, 0, value.denominator), Fraction(0), upper)


@dataclass(frozen=True)
class _Side:
    """A choice of sides of the kinks of one neuron.

    Attributes:
        active: the samples at which it is active.
        kinks: samples on whose kinks it stays.
        open: (sample, side) for the kinks it leaves.
        holds: the signs of a with which it is not pushed off the kinks on which it stays.
    """

    active: tuple[int, ...]
    kinks: tuple[int, ...]
    open: tuple[tuple[int, int], ...]
    holds: tuple[int, ...]


def unstable_directions(
    problem: DatasetProblem, function: DatasetFunction, core: Core, faces: Arrangement
) -> tuple[Unstable, ...]:
    """The negative eigenvalues of the Hessians of the loss on the sides of kinks, from the most negative one on.

    A neuron with a != 0 stays on its kinks. One with a = 0 goes to either side of those kinks where r_k != 0, or stays;
    on each choice of sides the loss is a polynomial. An eigenvector counts if it leads to the sides of its choice, and
    if the neurons are not pushed off the kinks on which they stay. Without such kinks these are the negative
    eigenvalues of the Hessian.

    Args:
        problem: a data set.
        function: a critical function.
        core: of a stratum over it.
        faces: the arrangement of the samples.

    Guarantee: the balls hold the eigenvalues. The eigenvectors are approximate, and so is what they lead to.

    Raises:
        Undecided: more than `SIDES_BUDGET` choices of sides.
    """
    if all(one.sign for one in core.neurons):
        return ()  # the Hessian on the faces is J^T J / n
    choices = [_sides(problem, function.residuals, one, faces) for one in core.neurons]
    number = prod(map(len, choices))
    if number > SIDES_BUDGET:
        raise Undecided(f"its neurons have {number} choices of sides of kinks, more than {SIDES_BUDGET}")
    found: list[Unstable] = []
    known: list[FloatArray] = []
    for sides in product(*choices):
        for one in _on_sides(problem, function.residuals, core, sides):
            vector = np.array([*(float(value) for w in one.inner for value in w), *one.outer])
            # An eigenvector that moves no kinked neuron is found on all of its sides.
            if not any(float(np.abs(vector - other).max()) < 1e-7 for other in known):
                known.append(vector)
                found.append(one)
    return tuple(sorted(found, key=lambda one: midpoint(one.eigenvalue)))


def has_loose_kinks(function: DatasetFunction, core: Core, faces: Arrangement) -> bool:
    """Whether a neuron with a != 0 is on a kink off which the loss does not change to first order, on one side: it may
    leave it."""
    field = Field(faces, function.residuals)
    live = [faces.by_pattern[one.pattern] for one in core.neurons if one.sign]
    return any(slope == 0 for face in live for slope in field.slopes(face))


def _sides(
    problem: DatasetProblem, residuals: Sequence[Fraction], neuron: NeuronType, faces: Arrangement
) -> list[_Side]:
    samples = problem.samples
    on = [k for k, letter in enumerate(neuron.pattern) if letter == "0" and any(samples[k])]
    active = tuple(k for k, letter in enumerate(neuron.pattern) if letter == "+")
    if neuron.sign:
        return [_Side(active, tuple(on), (), (1, -1))]
    felt = [k for k in on if residuals[k]]
    if not felt:
        return [_Side(active, (), (), (1, -1))]
    words: dict[tuple[str, ...], Face] = {}
    for face in faces.faces:
        if is_face_of(neuron.pattern, face.pattern):
            # The last one has the largest dimension.
            words[tuple(face.pattern[k] for k in felt)] = face
    result = []
    for word, face in words.items():
        letters = list(zip(felt, word, strict=True))
        kinks = tuple(k for k, letter in letters if letter == "0")
        holds = _holds(samples, residuals, face, kinks, faces) if kinks else (1, -1)
        beyond = tuple((k, 1 if letter == "+" else -1) for k, letter in letters if letter != "0")
        if holds:
            result.append(_Side(active + tuple(k for k, side in beyond if side > 0), kinks, beyond, holds))
    return result


def _holds(
    samples: Sequence[Vector], residuals: Sequence[Fraction], face: Face, kinks: Sequence[int], faces: Arrangement
) -> tuple[int, ...]:
    """The signs of a with which a neuron in the face is pushed off none of some kinks."""
    normals = [samples[k] for k in kinks]
    slopes = []
    for above in faces.covers(face):
        if all(above.pattern[k] == "0" for k in kinks):
            continue
        generator = tuple(Fraction(sum(ray[i] for ray in above.rays)) for i in range(faces.dimension))
        along = project_off(generator, normals)
        normal = tuple(a - b for a, b in zip(generator, along, strict=True))
        slopes.append(dot(drive(above.pattern, samples, residuals), normal))
    return tuple(sign for sign in (1, -1) if all(sign * slope <= 0 for slope in slopes))


def _on_sides(
    problem: DatasetProblem, residuals: Sequence[Fraction], core: Core, sides: Sequence[_Side]
) -> list[Unstable]:
    dimension, width = problem.dimension, len(core.neurons)
    with working_precision(BITS):
        matrix = _hessian(problem, residuals, core, sides)
    middle = np.array([[float(entry.mid()) for entry in row] for row in matrix])
    values = np.linalg.eigvalsh(middle)
    count = int((values < -CLUSTER * max(float(np.abs(values).max(initial=0.0)), 1e-300)).sum())
    kept = []
    for number, vector in enumerate(lowest_eigenvectors(middle, count)):
        inner = tuple(
            project_off(
                tuple(Fraction(float(value)) for value in vector[j * dimension : (j + 1) * dimension]),
                [problem.samples[k] for k in side.kinks],
            )
            for j, side in enumerate(sides)
        )
        outer = tuple(float(value) for value in vector[width * dimension :])
        signs = tuple(sign for sign in (1, -1) if _leads(problem, sides, inner, outer, sign))
        if signs:
            kept.append((number, inner, outer, signs))
    if not kept:
        return []
    with working_precision(BITS):
        balls = eigenvalue_enclosures(matrix)
    return [
        Unstable(balls[number], inner, outer, signs) for number, inner, outer, signs in kept if balls[number] < 0
    ]


def _leads(
    problem: DatasetProblem, sides: Sequence[_Side], inner: Sequence[Vector], outer: Sequence[float], sign: int
) -> bool:
    """Whether a vector leads to the chosen sides, and no neuron of it is pushed off its kinks."""
    for side, w, a in zip(sides, inner, outer, strict=True):
        size = float(dot(w, w)) ** 0.5
        if any(sign * beyond * float(dot(w, problem.samples[k])) < -CLUSTER * size for k, beyond in side.open):
            return False
        if abs(a) > CLUSTER and (1 if sign * a > 0 else -1) not in side.holds:
            return False
    return True


def _hessian(
    problem: DatasetProblem, residuals: Sequence[Fraction], core: Core, sides: Sequence[_Side]
) -> list[list[arb]]:
    """(1/n) sum_k g_k g_k^T minus D between w_j and a_j, g_k the gradient of f(x_k), in the coordinates w_1, w_2, ...,
    a_1, a_2, ...; everything in w_j projected off the kinks on which neuron j stays."""
    samples, dimension, width = problem.samples, problem.dimension, len(core.neurons)
    count, size = len(samples), width * (dimension + 1)
    matrix = [[arb(0)] * size for _ in range(size)]
    gradients = [[arb(0)] * size for _ in samples]
    for j, (neuron, w, side) in enumerate(zip(core.neurons, core.inner, sides, strict=True)):
        normals = [samples[k] for k in side.kinks]
        length = arb_of(dot(w, w)).sqrt()
        # Balanced, |a| = |w| = sqrt(length); dormant, |w| = 1.
        outer = neuron.sign * length.sqrt()
        factor = 1 / length.sqrt() if neuron.sign else 1 / length
        at, last = j * dimension, width * dimension + j
        for k in side.active:
            moved = project_off(samples[k], normals)
            for i in range(dimension):
                gradients[k][at + i] = outer * arb_of(moved[i])
            gradients[k][last] = arb_of(dot(w, samples[k])) * factor
        pulled = [
            sum((residuals[k] * samples[k][i] for k in side.active), Fraction(0)) / count for i in range(dimension)
        ]
        for i, value in enumerate(project_off(tuple(pulled), normals)):
            matrix[at + i][last] = matrix[last][at + i] = -arb_of(value)
    for i in range(size):
        for j in range(i + 1):
            total = matrix[i][j]
            for gradient in gradients:
                total += gradient[i] * gradient[j] / count
            matrix[i][j] = matrix[j][i] = total
    return matrix


def lowest_eigenvectors(matrix: FloatArray, count: int) -> list[FloatArray]:
    """Unit eigenvectors of the lowest eigenvalues, the same on every machine up to rounding.

    In an eigenspace of several dimensions each is the projection of the coordinate axis nearest to what is left of the
    space (the first of the nearest). The largest entry (the first of the largest) is positive.
    """
    values, vectors = np.linalg.eigh(matrix)
    near = CLUSTER * max(float(np.abs(values).max(initial=0.0)), 1e-300)
    found: list[FloatArray] = []
    while len(found) < count:
        space = vectors[:, np.abs(values - values[len(found)]) <= near]
        left = space @ space.T
        for _ in range(space.shape[1]):
            axis = _first_largest(np.diag(left))
            vector = left[:, axis] / float(np.linalg.norm(left[:, axis]))
            left = left - np.outer(vector, vector @ left)
            found.append(vector * (1.0 if vector[_first_largest(np.abs(vector))] > 0 else -1.0))
    return found[:count]


def _first_largest(values: FloatArray) -> int:
    return int(np.argmax(values >= float(values.max()) * (1 - CLUSTER)))
