"""The gradient flow of a shallow ReLU network on finitely many samples, as a field with modes.

f(x) = sum_j a_j relu(<w_j, x>), L = 1/(2n) sum_k r_k^2, r_k = y_k - f(x_k). With D_j = (1/n) sum_{k in A_j} r_k x_k
over the samples that neuron j is active on, the flow is a_j' = <w_j, D_j>, w_j' = a_j D_j; it conserves
a_j^2 - |w_j|^2.

Coordinates. The flow of one neuron is homogeneous in (a_j, w_j) as long as the residuals stand still, so a neuron is
written (a, w) = exp(l) (alpha, omega) with alpha^2 + |omega|^2 = 2, and then

    l' = alpha <omega, D>,  alpha' = (1 - alpha^2) <omega, D>,  omega' = alpha D - alpha <omega, D> omega:

all of order 1, however small the neuron is; a balanced neuron (|a| = |w|) has alpha = +-1 for ever, to the last bit.

Kinks. Samples on one line through the origin share the hyperplane on which their preactivation changes sign, and are
one kink class with unit normal h. relu'(0) = 0. A neuron that reaches a kink crosses it, or, where the field points to
it from both sides, stays on it and follows the convex combination of the two one-sided fields that is tangent to
the kink (Filippov). A neuron on a kink that the field with relu'(0) = 0 does not move off stays.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from symbolic.errors import BudgetExceeded, InvalidProblem, Undecided
from symbolic.flow.switching import FloatArray

STILL = 1e-12
"""A normal velocity counts as zero below this fraction of the largest drive the samples can exert."""

RELEASE = 1e-11
"""A multiplier of a sliding neuron may violate its bounds by this fraction before the neuron leaves the kink."""

KINKS_AT_ONCE = 6
"""One neuron may meet at most this many kink classes at once where some of them push it."""

Sides = NDArray[np.int8]
Indices = NDArray[np.intp]

SLIDING, RESTING, NEITHER, BEHIND, AHEAD = 0, 1, 2, 3, 4
"""How a neuron is held on a kink: by a multiplier between its bounds; by one that is zero; or, where other kinks
already hold it on this one, with the given multiplier zero or that of the field on one side of the kink."""

LETTERS = {1: "+", 0: "0", -1: "-"}


@dataclass(frozen=True)
class KinkClass:
    """The samples on one line through the origin: x_k = coefficient_k * normal, |normal| = 1."""

    normal: tuple[float, ...]
    samples: tuple[int, ...]
    coefficients: tuple[float, ...]


@dataclass(frozen=True)
class Sliding:
    """What keeps a neuron on its kinks: D -> projector @ D.

    Attributes:
        classes: the kinks it is on.
        holds: one of `SLIDING` to `AHEAD` for each.
        projector: on the complement of their normals.
        solver: D -> minus the multipliers of the kinks that slide or rest, whose normals are independent.
    """

    classes: tuple[int, ...]
    holds: Sides
    projector: FloatArray
    solver: FloatArray


@dataclass(frozen=True)
class SampleMode:
    """The discrete part of the flow.

    Attributes:
        sides: of the kinks; rows are neurons, columns kink classes; 1, 0, -1.
        holds: at the zeros of `sides`, how the neuron is held there.
        active: 1 where a neuron (row) is active on a sample (column), else 0.
        sliding: for each neuron on kinks, what keeps it there.
        outer_signs: for each neuron on kinks, the sign of a with which this was judged.
    """

    sides: Sides
    holds: Sides
    active: FloatArray
    sliding: dict[int, Sliding]
    outer_signs: dict[int, int]


class SampleField:
    """The gradient flow on samples `inputs` with `targets`, for `width` neurons; a `SwitchedField[SampleMode]`.

    Raises:
        InvalidProblem: no samples, ragged inputs, or as many targets as there are not inputs.
    """

    def __init__(
        self, inputs: Sequence[Sequence[Fraction | int]], targets: Sequence[Fraction | int], width: int
    ) -> None:
        if not inputs or len({len(x) for x in inputs}) != 1 or not inputs[0]:
            raise InvalidProblem("the samples must be at least one, of one length, at least 1")
        if len(targets) != len(inputs):
            raise InvalidProblem(f"{len(inputs)} samples need as many targets, not {len(targets)}")
        self.inputs: FloatArray = np.array([[float(value) for value in x] for x in inputs])
        self.targets: FloatArray = np.array([float(y) for y in targets])
        self.count, self.dimension = self.inputs.shape
        self.width = width
        self.classes = kink_classes(inputs)
        self._normals: FloatArray = np.array([c.normal for c in self.classes]).reshape(-1, self.dimension)
        self._norms: FloatArray = np.linalg.norm(self.inputs, axis=1)
        # Row c of `_ahead` has the coefficients of the samples of class c active on its positive side, `_behind` those
        # on its negative side: times r / n they give the multiple of the normal that the class adds to D.
        self._ahead = np.zeros((len(self.classes), self.count))
        self._behind = np.zeros((len(self.classes), self.count))
        for index, c in enumerate(self.classes):
            for k, coefficient in zip(c.samples, c.coefficients, strict=True):
                (self._ahead if coefficient > 0 else self._behind)[index, k] = coefficient

    # Coordinates

    def pack(self, inner: FloatArray, outer: FloatArray) -> FloatArray:
        """The state (l, alpha, omega) of each neuron. A neuron with w = 0 and a = 0 is (0, 0, 0): it never moves."""
        rows = np.zeros((self.width, self.dimension + 2))
        for row, w, a in zip(rows, inner, outer, strict=True):
            size, norm = abs(float(a)), math.hypot(*w)
            if max(size, norm) == 0:
                continue
            if abs(size - norm) <= 8 * np.spacing(size):
                scale, row[1] = size, math.copysign(1.0, a)
            else:
                scale = math.hypot(size, norm) / math.sqrt(2)
                row[1] = a / scale
            row[0], row[2:] = math.log(scale), w / scale
        return rows.ravel()

    def unpack(self, state: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The weights (w, a) of a state."""
        scale, alpha, omega = self._split(state)
        return scale[:, None] * omega, scale * alpha

    def _split(self, state: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        rows = state.reshape(self.width, self.dimension + 2)
        return np.exp(rows[:, 0]), rows[:, 1], rows[:, 2:]

    # The field

    def residuals(self, state: FloatArray, mode: SampleMode) -> FloatArray:
        """r_k = y_k - sum_j a_j relu(<w_j, x_k>), with the activity of the mode."""
        scale, alpha, omega = self._split(state)
        values = mode.active * (omega @ self.inputs.T)
        residuals: FloatArray = self.targets - (scale * scale * alpha) @ values
        return residuals

    def _drives(self, residuals: FloatArray, mode: SampleMode) -> FloatArray:
        """D_j, projected for the neurons that slide."""
        drives: FloatArray = (mode.active * residuals) @ self.inputs / self.count
        for j, sliding in mode.sliding.items():
            drives[j] = sliding.projector @ drives[j]
        return drives

    def velocity(self, state: FloatArray, mode: SampleMode) -> FloatArray:
        _, alpha, omega = self._split(state)
        drives = self._drives(self.residuals(state, mode), mode)
        growth = np.einsum("ij,ij->i", omega, drives)
        rows = np.empty((self.width, self.dimension + 2))
        rows[:, 0] = alpha * growth
        rows[:, 1] = (1 - alpha * alpha) * growth
        # The last term vanishes on alpha^2 + |omega|^2 = 2 and keeps the state there.
        defect = 2 - alpha * alpha - np.einsum("ij,ij->i", omega, omega)
        pull = np.linalg.norm(drives, axis=1) * defect - alpha * growth
        # A neuron that shrinks on a kink is driven off it by every rounding error, which the projection removes.
        held = omega.copy()
        for j, sliding in mode.sliding.items():
            held[j] = sliding.projector @ omega[j]
        rows[:, 2:] = alpha[:, None] * drives + pull[:, None] * held
        return rows.ravel()

    def speed(self, state: FloatArray, mode: SampleMode) -> float:
        """The largest relative rate of change of a neuron: a dormant neuron that grows is not at rest."""
        rows = self.velocity(state, mode).reshape(self.width, -1)
        return float(np.linalg.norm(rows, axis=1).max(initial=0.0))

    def neuron_growth(self, state: FloatArray, mode: SampleMode) -> float:
        """The largest l' = a <w, D> / ((a^2 + |w|^2) / 2) of a neuron: positive where one still grows."""
        return float(self.velocity(state, mode).reshape(self.width, -1)[:, 0].max())

    def gradient_norm(self, state: FloatArray, mode: SampleMode) -> float:
        """|(a', w')|: the norm of the gradient, on kinks of the element of the Clarke subdifferential that is
        followed."""
        scale, alpha, omega = self._split(state)
        drives = self._drives(self.residuals(state, mode), mode)
        outer = np.einsum("ij,ij->i", omega, drives)
        parts = scale * np.sqrt(outer * outer + alpha * alpha * np.einsum("ij,ij->i", drives, drives))
        return float(np.linalg.norm(parts))

    def patterns(self, mode: SampleMode) -> tuple[str, ...]:
        """One word over "+", "0", "-" per neuron, one letter per sample; "0" for a sample at the origin."""
        words = []
        for row in mode.sides:
            letters = ["0"] * self.count
            for side, c in zip(row, self.classes, strict=True):
                for k, coefficient in zip(c.samples, c.coefficients, strict=True):
                    letters[k] = LETTERS[int(side) if coefficient > 0 else -int(side)]
            words.append("".join(letters))
        return tuple(words)

    # Guards

    def guards(self, state: FloatArray, mode: SampleMode) -> FloatArray:
        """Per neuron and class the distance to the kink, on its side; then, for every neuron on kinks, the lower and
        the upper bound of each multiplier and the sign of a."""
        _, alpha, omega = self._split(state)
        distances = mode.sides * (omega @ self._normals.T)
        parts = [distances.ravel()]
        if mode.sliding:
            residuals = self.residuals(state, mode)
            ahead, behind = self._ahead @ residuals / self.count, self._behind @ residuals / self.count
            bare = (mode.active * residuals) @ self.inputs / self.count
            scale = self._largest_drive(residuals)
            for j, sliding in mode.sliding.items():
                sign, on = mode.outer_signs[j], list(sliding.classes)
                given = _given(sliding.holds, ahead[on], behind[on])
                free = sliding.holds <= RESTING
                multipliers = given.copy()
                multipliers[free] = -sliding.solver @ (bare[j] + given @ self._normals[on])
                resting = sliding.holds == RESTING
                lower = np.where(resting, -multipliers, sign * (behind[on] - multipliers)) * free
                upper = np.where(resting, multipliers, sign * (multipliers - ahead[on])) * free
                parts += [lower / scale + RELEASE, upper / scale + RELEASE]
                parts.append(np.array([sign * alpha[j]]))
        return np.concatenate(parts)

    def guard_neuron(self, mode: SampleMode, guard: int) -> int:
        """The neuron that a guard belongs to."""
        if guard < mode.sides.size:
            return guard // len(self.classes)
        offset = guard - mode.sides.size
        for j, sliding in mode.sliding.items():
            size = 2 * len(sliding.classes) + 1
            if offset < size:
                return j
            offset -= size
        raise IndexError(guard)

    def _largest_drive(self, residuals: FloatArray) -> float:
        """A bound of |D|, with the targets added so that rounding is small against it after all is fit."""
        return float((np.abs(residuals) + np.abs(self.targets)) @ self._norms / self.count) or 1.0

    # Modes

    def start(self, inner: FloatArray, outer: FloatArray, sides: Sequence[Sequence[int]]) -> tuple[
        FloatArray, SampleMode
    ]:
        """The state and mode of weights whose preactivations have the given signs (exact zeros are judged)."""
        given = np.array(sides, dtype=np.int8).reshape(self.width, len(self.classes))
        mode = self._mode(given, np.zeros_like(given), {})
        state = self.pack(inner, outer)
        return self._settle(state, mode, [j for j in range(self.width) if (mode.sides[j] == 0).any()])

    def switch(self, state: FloatArray, mode: SampleMode, failed: list[int]) -> tuple[FloatArray, SampleMode]:
        """Put the neurons whose guards failed exactly on their kinks and judge how they go on.

        Raises:
            Undecided: see `_judge`.
        """
        sides = mode.sides.copy()
        neurons = []
        for guard in failed:
            j = self.guard_neuron(mode, guard)
            if guard < sides.size:
                sides[j, guard % len(self.classes)] = 0
            if j not in neurons:
                neurons.append(j)
        return self._settle(state, self._mode(sides, mode.holds, mode.outer_signs), neurons)

    def _settle(
        self, state: FloatArray, mode: SampleMode, neurons: list[int]
    ) -> tuple[FloatArray, SampleMode]:
        """Judge the kinks of some neurons; the residuals do not depend on the answer, so each is judged alone."""
        rows = state.reshape(self.width, -1).copy()
        for j in neurons:
            on = np.flatnonzero(mode.sides[j] == 0)
            rows[j, 2:] = self._onto(rows[j, 1], rows[j, 2:], on)
        state = rows.ravel()
        residuals = self.residuals(state, mode)
        sides, signs, holds = mode.sides.copy(), dict(mode.outer_signs), mode.holds.copy()
        for j in neurons:
            on = np.flatnonzero(mode.sides[j] == 0)
            bare = (mode.active[j] * residuals) @ self.inputs / self.count
            alpha = float(rows[j, 1])
            signs[j] = int(np.sign(alpha if alpha != 0 else rows[j, 2:] @ bare))
            sides[j, on], holds[j, on] = self._judge(bare, residuals, signs[j], on)
        return state, self._mode(sides, holds, signs)

    def _onto(self, alpha: float, omega: FloatArray, on: Indices) -> FloatArray:
        """omega, projected on the kinks `on`, with |omega|^2 = 2 - alpha^2."""
        if len(on) and omega.any():
            omega = omega - np.linalg.pinv(self._normals[on]) @ (self._normals[on] @ omega)
        norm = float(np.linalg.norm(omega))
        return omega if norm == 0 else omega * (math.sqrt(max(2 - alpha * alpha, 0.0)) / norm)

    def _mode(self, sides: Sides, holds: Sides, outer_signs: dict[int, int]) -> SampleMode:
        active = (sides > 0) @ (self._ahead != 0) + (sides < 0) @ (self._behind != 0)
        sliding = {}
        for j, row in enumerate(sides):
            on = tuple(int(c) for c in np.flatnonzero(row == 0))
            if on:
                normals, held = self._normals[list(on)], holds[j, list(on)]
                complement = np.eye(self.dimension) - np.linalg.pinv(normals) @ normals
                solver: FloatArray = np.asarray(np.linalg.pinv(normals[held <= RESTING].T), dtype=np.float64)
                sliding[j] = Sliding(on, held, complement, solver)
        signs = {j: outer_signs.get(j, 0) for j in sliding}
        return SampleMode(sides, holds, active.astype(np.float64), sliding, signs)

    def _judge(
        self, bare: FloatArray, residuals: FloatArray, sign: int, on: Indices
    ) -> tuple[Sides, Sides]:
        """The sides to which a neuron on the kinks `on` goes, 0 where it stays; and how it is held where it stays.

        A choice of sides is consistent if the field it gives moves the neuron to the sides chosen, and the multipliers
        of the kinks it stays on lie between the two one-sided values (or vanish, which is relu'(0) = 0). Where the
        normals of these kinks are dependent, independent ones hold the neuron on all of them.
        Where several choices are consistent (a kink that repels), the negative side is preferred, then staying.

        Raises:
            BudgetExceeded: more than `KINKS_AT_ONCE` kinks, some of which push the neuron.
            Undecided: no choice was found consistent (possible only where the normals of the kinks are dependent).
        """
        still = STILL * self._largest_drive(residuals)
        normals = self._normals[on]
        ahead, behind = self._ahead[on] @ residuals / self.count, self._behind[on] @ residuals / self.count
        if (np.abs(normals @ bare) <= still).all():
            return np.zeros(len(on), dtype=np.int8), _held_by_some(normals)
        if len(on) > KINKS_AT_ONCE:
            raise BudgetExceeded(f"a neuron meets {len(on)} kinks at once; at most {KINKS_AT_ONCE} can be judged")
        for choice in product((-1, 0, 1), repeat=len(on)):
            sides = np.array(choice, dtype=np.int8)
            staying = sides == 0
            for holds in _ways_to_hold(normals, staying):
                multipliers = np.where(staying, _given(holds, ahead, behind), np.where(sides > 0, ahead, behind))
                free = staying & (holds == SLIDING)
                drive = bare + multipliers @ normals
                if free.any():
                    multipliers[free] = -np.linalg.pinv(normals[free].T) @ drive
                    drive = bare + multipliers @ normals
                pushes = sign * (normals @ drive)
                bounded = (sign * (behind - multipliers) >= -still) & (sign * (multipliers - ahead) >= -still)
                resting = free & (np.abs(multipliers) <= still)
                stays = (np.abs(pushes) <= still) & (bounded | resting | ~free)
                if np.where(staying, stays, sides * pushes > still).all():
                    return sides, np.where(resting, RESTING, holds).astype(np.int8)
        raise Undecided(f"no consistent choice of sides for a neuron on {len(on)} kinks at once")


def _given(holds: Sides, ahead: FloatArray, behind: FloatArray) -> FloatArray:
    """The multipliers that are given by a side of the kink; 0 for those that are solved for."""
    return np.where(holds == AHEAD, ahead, np.where(holds == BEHIND, behind, 0.0))


def _ways_to_hold(normals: FloatArray, staying: NDArray[np.bool_]) -> Iterator[Sides]:
    """Holds of the kinks a neuron stays on: independent ones slide, the others have the multiplier of a side."""
    members = np.flatnonzero(staying)
    holds = np.zeros(len(normals), dtype=np.int8)
    rank = int(np.linalg.matrix_rank(normals[members])) if len(members) else 0
    if rank == len(members):
        yield holds
        return
    for sliding in combinations(members, rank):
        if np.linalg.matrix_rank(normals[list(sliding)]) == rank:
            others = [k for k in members if k not in sliding]
            for given in product((BEHIND, AHEAD), repeat=len(others)):
                holds[members] = SLIDING
                holds[others] = given
                yield holds.copy()


def _held_by_some(normals: FloatArray) -> Sides:
    """Holds of a neuron that nothing pushes: it rests on independent kinks and so on all."""
    holds = np.full(len(normals), NEITHER, dtype=np.int8)
    kept: list[int] = []
    for k in range(len(normals)):
        if np.linalg.matrix_rank(normals[[*kept, k]]) > len(kept):
            kept.append(k)
    holds[kept] = RESTING
    return holds


def kink_classes(inputs: Sequence[Sequence[Fraction | int]]) -> tuple[KinkClass, ...]:
    """The nonzero samples, grouped by the line through the origin they lie on (decided exactly)."""
    groups: dict[tuple[Fraction, ...], list[tuple[int, Fraction]]] = {}
    for k, sample in enumerate(inputs):
        values = [Fraction(value) for value in sample]
        lead = next((value for value in values if value), None)
        if lead is not None:
            groups.setdefault(tuple(value / lead for value in values), []).append((k, lead))
    classes = []
    for direction, members in groups.items():
        # The normal points along the first sample of the class: the side 1 is where that sample is active.
        flip = math.copysign(1.0, members[0][1])
        norm = math.hypot(*map(float, direction))
        classes.append(
            KinkClass(
                tuple(flip * float(value) / norm for value in direction),
                tuple(k for k, _ in members),
                tuple(flip * float(lead) * norm for _, lead in members),
            )
        )
    return tuple(classes)
