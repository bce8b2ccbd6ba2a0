"""Which critical stratum of the teacher family a run ended in: certified, and compared with a list up to symmetry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import factorial, prod

import numpy as np
from flint import arb

from symbolic.enclosure import Ball, Number, Verdict
from symbolic.errors import InvalidProblem, Undecided
from symbolic.flow.teacher_matching import ALIKE, matching
from symbolic.flow.transitions import DIGITS
from symbolic.problem import Inertia
from symbolic.teacher.arithmetic import FloatArray
from symbolic.teacher.certify import CertifiedPoint, certify
from symbolic.teacher.configuration import Configuration, configuration_of, merged
from symbolic.teacher.fixed_spaces import FixedSpace
from symbolic.teacher.functions import TeacherFunction, function_of, teacher_coordinates
from symbolic.teacher.identity import TOLERANCE, canonical, close, same_orbit, symmetry_of
from symbolic.teacher.strata import Copies, TeacherStratum
from symbolic.teacher.survey import separated

PARALLEL = 1e-6
"""Directions of rows within this are taken for one ray; the certified point has one ray for them."""

CLOSE = 1e-6
"""An end is compared with the points already certified within this."""

LARGEST_SYMMETRY = 5_000
"""A point with more symmetric images in the fixed space of its blocks is not looked at."""

UNLISTED = "a certified critical point that is not in the list"


@dataclass(frozen=True)
class Landing:
    """Where a run ended.

    Attributes:
        stratum: of the list; None if there is none, and then `cause` says why.
        distance: largest distance of an entry of the distinct rays from that of the certified point.
        loss: certified, of the certified critical point next to the end; None if there is none.
    """

    stratum: TeacherStratum | None
    distance: float | None
    loss: Number | None
    cause: str = ""


@dataclass(frozen=True)
class _Found:
    """A certified critical function, of the list or not."""

    function: TeacherFunction
    listed: bool


class TeacherLandings:
    """The critical functions and strata of one width.

    Args:
        problem: name of the problem.
        functions: its critical functions.
        strata: all strata of the width over them.
    """

    def __init__(
        self, problem: str, functions: Iterable[TeacherFunction], strata: Iterable[TeacherStratum]
    ) -> None:
        self.problem = problem
        self._functions = list(functions)
        self._strata: dict[tuple[str, Copies], TeacherStratum] = {(one.function, one.copies): one for one in strata}
        self._others: list[TeacherFunction] = []

    def find(self, weights: FloatArray, teachers: int) -> Landing:
        """The stratum of weights at which the gradient is nearly 0.

        Args:
            weights: n x d.
            teachers: their number.

        Returns:
            The stratum; or the reason why there is none: the point was certified and is none of the list, it was not
            certified, or it was certified and could not be compared with the list.

        Guarantee: the critical point next to the distinct rays of the end is certified by Krawczyk's test, and it is
            proved to be a symmetric image of the function of the stratum, or `UNLISTED`. That it is the end of the run,
            and on how many rows a ray is shared, is numerical.
        """
        groups = ray_groups(weights)
        rays = np.stack([weights[group].sum(axis=0) for group in groups])
        if np.abs(rays[:, teachers:]).max(initial=0.0) > ALIKE:
            return Landing(None, None, None, "inputs that no teacher uses matter: not in any of the fixed spaces")
        try:
            found = self._certified(rays, teachers)
        except (Undecided, InvalidProblem) as error:
            return Landing(None, None, None, f"the end could not be certified: {error}")
        function = found.function
        if not found.listed:
            words = f"{UNLISTED} ({_described(function)})"
            return Landing(None, None, _on_grid(function.loss), words)
        model: FloatArray = np.array(function.space.dense([float(value) for value in function.point.center], 0.0))
        matched = matching(rays, model)
        if matched is None:
            return Landing(None, None, function.loss, f"its rays could not be matched with those of {function.label}")
        rows, columns = matched
        distance = float(np.abs(rays[np.ix_(rows, columns)] - model).max())
        copies = _copies(function, [len(groups[row]) for row in rows])
        stratum = self._strata.get((function.label, copies))
        if stratum is None:
            return Landing(None, None, function.loss, f"no stratum over {function.label} has rays on {copies} rows")
        return Landing(stratum, distance, function.loss)

    def _certified(self, rays: FloatArray, teachers: int) -> _Found:
        whole = FixedSpace((), (1,) * teachers, len(rays), rays.shape[1])
        # Sums of rows are appended to the entries if any are parallel.
        entries = [float(value) for value in rays[:, :teachers].ravel()]

        def same(i: int, j: int) -> bool:
            return abs(entries[i] - entries[j]) <= TOLERANCE * (1 + abs(entries[i]))

        blocks = merged(configuration_of(whole, entries, PARALLEL), same)
        if _image_bound(blocks) > LARGEST_SYMMETRY:
            raise Undecided(f"a point with blocks {'-'.join(map(str, sorted(blocks.sizes, reverse=True)))} "
                            f"and {len(blocks.singles)} single rows has too little symmetry")
        candidate = canonical(whole, entries[: whole.dimension], TOLERANCE, PARALLEL)
        for listed, functions in ((True, self._functions), (False, self._others)):
            for function in functions:
                # In the cube where the certified point is the only critical one there is nothing else to certify.
                reach = min(float(function.point.reach), CLOSE)
                if function.space == candidate.space and close(candidate.start, function.point, reach):
                    return _Found(function, listed)
        point = certify(candidate.space, candidate.start, teacher_coordinates(candidate.space))
        return self._compared(point)

    def _compared(self, point: CertifiedPoint) -> _Found:
        """Raises: Undecided: neither identified with a function nor proved different from all."""
        for listed, functions in ((True, self._functions), (False, self._others)):
            for function in functions:
                if function.space == point.space and same_orbit(point, function.point) is Verdict.YES:
                    return _Found(function, listed)
        new = function_of(self.problem, point, symmetry_of(point), _nameless)
        for function in self._functions:
            if not separated(new, function):
                raise Undecided(f"it could be neither identified with {function.label} nor told from it")
        self._others.append(new)
        return _Found(new, listed=False)


def _on_grid(loss: Number) -> Number:
    """The same ball whichever run met the point first: a multiple of 2^-DIGITS, within 2^-DIGITS."""
    step = Fraction(1, 2**DIGITS)
    if not isinstance(loss, Ball) or loss.radius > step / 256:
        return loss
    return Ball(round(loss.center / step) * step, step)


def _nameless(space: FixedSpace, point: Sequence[arb]) -> str:
    return ""


def _described(function: TeacherFunction) -> str:
    inertia: Inertia | None = function.inertia.inertia
    if inertia is None:
        return function.isotropy
    kind = "a local minimum" if inertia.negative == inertia.zero == 0 else f"index {inertia.negative}"
    return f"{function.isotropy}, {function.minimal_width} rays, {kind} at that width"


def ray_groups(weights: FloatArray) -> list[list[int]]:
    """The rows on each ray, guessed in floating point."""
    units = weights / np.linalg.norm(weights, axis=1, keepdims=True)
    groups: list[list[int]] = []
    for number, row in enumerate(units):
        for group in groups:
            if float(np.abs(row - units[group[0]]).max()) < PARALLEL:
                group.append(number)
                break
        else:
            groups.append([number])
    return groups


def _image_bound(blocks: Configuration) -> int:
    """At least the number of maps that `symbolic.teacher.identity.images` lists."""
    sizes = [blocks.sizes.count(size) for size in set(blocks.sizes)]
    pairs = sum(blocks.sizes[rows.block] == 2 for rows in blocks.matched)
    orders = [factorial(size) for size in sizes]
    bound: int = prod(orders) * factorial(len(blocks.singles)) * 2**pairs
    return bound


def _copies(function: TeacherFunction, numbers: Sequence[int]) -> Copies:
    """How many rows lie on the rays of each class, in the form the strata are listed by."""
    copies: list[tuple[int, ...]] = []
    place = 0
    for rows in function.space.row_classes:
        size = 1 if rows.block is None else function.space.sizes[rows.block]
        copies.append(tuple(sorted(numbers[place : place + size], reverse=True)))
        place += size
    symmetry = function.symmetry
    return max(
        tuple(copies[symmetry.class_image(image, number)] for number in range(len(copies)))
        for image in symmetry.stabilizing
    )
