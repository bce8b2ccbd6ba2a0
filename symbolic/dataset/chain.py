"""The saddle-to-saddle chain of a small initialization: records, and the proved chain of orthogonal inputs.

From balanced weights of size lambda the flow waits near a stationary point while small neurons grow; in units of
log(1/lambda) the waiting times converge as lambda -> 0. A neuron of size lambda^p has p' = -rate in that time, and
fires when p = 0: the flow leaves for the next stationary point.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cmp_to_key
from itertools import combinations

from symbolic.dataset.directions import settle
from symbolic.dataset.escape import Vector, dot
from symbolic.dataset.functions import loss_of
from symbolic.dataset.patterns import pattern_of
from symbolic.dataset.problem import DatasetProblem
from symbolic.errors import InvalidProblem
from symbolic.exact.square_roots import RootSum
from symbolic.problem import Completeness, CompletenessStatus, Kind

MAXIMAL_NEURONS = 1_000


@dataclass(frozen=True)
class InitialNeuron:
    """A neuron of the initialization: the sign of a and its pattern, or also its direction.

    Args:
        sign: 1 or -1.
        pattern: the signs of <w, x_k>, one letter of "+", "-", "0" per sample; taken from `direction` if that is given.
        direction: g, with w = lambda g at the start.
    """

    sign: int
    pattern: str
    direction: Vector | None = None

    @classmethod
    def towards(cls, problem: DatasetProblem, sign: int, direction: Sequence[Fraction]) -> InitialNeuron:
        """The neuron that starts in an exact direction.

        Raises:
            InvalidProblem: another number of coordinates than the samples have (with the bias), or all zero.
        """
        if len(direction) != problem.dimension:
            last = ", the last one for the bias" if problem.bias else ""
            raise InvalidProblem(f"a direction needs {problem.dimension} coordinates{last}, not {len(direction)}")
        if not any(direction):
            raise InvalidProblem("a neuron cannot start in direction zero")
        return cls(sign, pattern_of(direction, problem.samples), tuple(direction))


@dataclass(frozen=True)
class Firing:
    """A class of small neurons that reaches size 1.

    Attributes:
        sign: of a.
        direction: v*, up to a positive factor.
        pattern: of the neurons, with side labels.
        rate: at which it grew.
        neurons: numbers (from 1) of the initial neurons in the class; empty for a wide network.
    """

    sign: int
    direction: Vector
    pattern: str
    rate: RootSum
    neurons: tuple[int, ...]


@dataclass(frozen=True)
class ChainStep:
    """One jump of the chain.

    Attributes:
        before, after: residuals at the stationary points; `after` is None where the flow came to rest at no point that
            could be identified.
        tau: time of the jump, in units of log(1/lambda).
        firings: what fires at that time.
        tie: whether neurons of different directions fire at the same time; exact.
        evidence: "proved" or "numerical".
        stationarity: of `after`, with the side labels that small lambda leaves: "directional", or "clarke" where it is
            only that. (A neuron that keeps to one side of a kink can make the limit of the weights itself stationary in
            Clarke's sense only.)
        gradient_norm: where `after` is None, the norm of the gradient at the end of the run.
    """

    before: tuple[Fraction, ...]
    after: tuple[Fraction, ...] | None
    tau: RootSum
    firings: tuple[Firing, ...]
    tie: bool
    evidence: str
    stationarity: str | None
    gradient_norm: float | None = None

    @property
    def rate(self) -> RootSum:
        """The largest rate among those that fire."""
        return largest(firing.rate for firing in self.firings)


@dataclass(frozen=True)
class Chain:
    """A saddle-to-saddle chain.

    Attributes:
        problem: the data set.
        neurons: the initial neurons; None for a wide network.
        start: residuals of the origin, the targets.
        steps: in the order of tau.
        end: kind of the last point, UNDECIDED where the chain could not be followed.
        reason: why.
        variation_norm: sum_j |a_j| |w_j| of the network at the end: a `RootSum` where exact, a float where measured,
            None where it depends on more than the patterns.
        completeness: what is proved of the chain as a whole.
    """

    problem: DatasetProblem
    neurons: tuple[InitialNeuron, ...] | None
    start: tuple[Fraction, ...]
    steps: tuple[ChainStep, ...]
    end: Kind
    reason: str
    variation_norm: RootSum | float | None
    completeness: Completeness

    @property
    def final(self) -> tuple[Fraction, ...] | None:
        """Residuals at the end."""
        return self.steps[-1].after if self.steps else self.start

    @property
    def losses(self) -> tuple[Fraction, ...]:
        """The losses of the identified points, from the start on."""
        after = [step.after for step in self.steps]
        return tuple(loss_of(residuals) for residuals in (self.start, *after) if residuals is not None)


def check_neurons(problem: DatasetProblem, neurons: Sequence[InitialNeuron]) -> tuple[InitialNeuron, ...]:
    """The neurons themselves.

    Raises:
        InvalidProblem: none, too many, a sign other than 1 and -1, a pattern of another length or other letters.
    """
    if not 1 <= len(neurons) <= MAXIMAL_NEURONS:
        raise InvalidProblem(f"a network needs between 1 and {MAXIMAL_NEURONS} neurons, not {len(neurons)}")
    count = len(problem.targets)
    for number, neuron in enumerate(neurons, start=1):
        if neuron.sign not in (1, -1):
            raise InvalidProblem(f"neuron {number}: the sign of a must be 1 or -1, not {neuron.sign!r}")
        if len(neuron.pattern) != count or set(neuron.pattern) - set("+-0"):
            raise InvalidProblem(
                f"neuron {number}: a pattern of this data set is a word of {count} letters +, -, 0, not "
                f"{neuron.pattern!r}"
            )
    return tuple(neurons)


def orthogonal_chain(problem: DatasetProblem, neurons: Sequence[InitialNeuron] | None = None) -> Chain:
    """The chain of a data set with orthogonal inputs, in closed form.

    Args:
        problem: with nonzero, pairwise orthogonal samples.
        neurons: the initial neurons, balanced and of size lambda; None for a wide network, with all patterns and signs.

    Returns:
        The chain; `tau`, `rate`, ties and the variation norm are exact.

    Guarantee: proved for lambda -> 0. Write u_jk = <w_j, x_k>. Then u_jk' = a_j r_k |x_k|^2 / n where u_jk > 0, and 0
        elsewhere: samples do not mix. While the fit set is S, r_k = y_k outside S and 0 inside, up to powers of lambda,
        so neuron j of size lambda^p grows along D_{B_j \\ S}, with B_j = {k : u_jk(0) > 0, a_j y_k > 0}, at the rate
        |D_{B_j \\ S}|; the preactivations with a_j y_k < 0 fall to 0 and stay, and those that are not positive at
        the start never move. When p reaches 0 the neuron fits B_j \\ S and adds nothing to the other values.

    Raises:
        InvalidProblem: samples that are not orthogonal, or neurons that do not fit them.

    Reference: E. Boursier, L. Pillaud-Vivien, N. Flammarion, Gradient flow dynamics of shallow ReLU networks for square
        loss and orthogonal inputs, arXiv 2206.00939, for the wide network; the rest is derived here.
    """
    if not problem.orthogonal:
        raise InvalidProblem("this chain needs nonzero, pairwise orthogonal samples")
    given = None if neurons is None else check_neurons(problem, neurons)
    y, count = problem.targets, len(problem.targets)
    sizes = [dot(x, x) for x in problem.samples]
    wide = [InitialNeuron(sign, "".join("+" if sign * t > 0 else "-" for t in y)) for sign in (1, -1)]
    classes = wide if given is None else given
    sets = [
        frozenset(k for k in range(count) if one.pattern[k] == "+" and one.sign * y[k] > 0) for one in classes
    ]
    exponents = [RootSum.rational(1) for _ in classes]
    fit = frozenset(k for k in range(count) if y[k] == 0)
    tau, norm, steps = RootSum(), RootSum(), []
    known_norm = True
    while True:
        rates = [sum((y[k] ** 2 * sizes[k] for k in one - fit), Fraction(0)) / count**2 for one in sets]
        times = {j: exponents[j].over_root(rate) for j, rate in enumerate(rates) if rate}
        if not times:
            break
        wait = smallest(times.values())
        firing = [j for j, time in times.items() if compare(time, wait) == 0]
        exponents = [p - wait.times_root(rate) for p, rate in zip(exponents, rates, strict=True)]
        tau = tau + wait
        groups: dict[tuple[int, frozenset[int]], list[int]] = {}
        for j in firing:
            groups.setdefault((classes[j].sign, sets[j] - fit), []).append(j)
        before = _residuals(y, fit)
        for first, second in combinations(groups, 2):
            # How two directions share a sample depends on the sizes of the neurons, not only on their exponents.
            known_norm = known_norm and not first[1] & second[1]
        firings = []
        for (sign, new), members in groups.items():
            norm = norm + RootSum.square_root(sum((y[k] ** 2 / sizes[k] for k in new), Fraction(0)))
            numbers = () if given is None else tuple(j + 1 for j in members)
            direction = tuple(
                sum((sign * y[k] * problem.samples[k][i] for k in new), Fraction(0)) / count
                for i in range(problem.dimension)
            )
            rate = RootSum.square_root(rates[members[0]])
            firings.append(Firing(sign, direction, _after(classes[members[0]], new), rate, numbers))
        fit = fit.union(*(new for _, new in groups))
        steps.append(
            ChainStep(
                before, _residuals(y, fit), tau, tuple(firings), len(groups) > 1, "proved", "directional"
            )
        )
    unfit = frozenset(range(count)) - fit
    kind, reason = _orthogonal_end(problem, given, unfit)
    completeness = Completeness(
        CompletenessStatus.PROVED, "closed form of orthogonal inputs, in the limit of small balanced initialization"
    )
    return Chain(
        problem, given, tuple(y), tuple(steps), kind, reason, norm if known_norm else None, completeness
    )


def _after(neuron: InitialNeuron, new: Iterable[int]) -> str:
    """The pattern when the neuron fires, with side labels: what is not fit keeps its sign or has fallen to 0."""
    grown = set(new)
    return "".join("+" if k in grown else "-" if letter == "-" else "0" for k, letter in enumerate(neuron.pattern))


def _residuals(targets: Sequence[Fraction], fit: frozenset[int]) -> tuple[Fraction, ...]:
    return tuple(Fraction(0) if k in fit else value for k, value in enumerate(targets))


def _orthogonal_end(
    problem: DatasetProblem, neurons: Sequence[InitialNeuron] | None, unfit: frozenset[int]
) -> tuple[Kind, str]:
    """The kind of the point to which the network goes for small lambda."""
    y = problem.targets
    if not unfit:
        return Kind.GLOBAL_MINIMUM, "loss 0"
    if neurons is None:
        raise AssertionError("a wide network fits orthogonal samples")
    if len(neurons) == 1:
        # One neuron fits labels of one sign.
        best = min(sum((v * v for v in y if sign * v < 0), Fraction(0)) for sign in (1, -1))
        if sum((y[k] ** 2 for k in unfit), Fraction(0)) == best:
            return Kind.GLOBAL_MINIMUM, "one neuron fits the labels of one sign, and this is the better one"
    spanning = len(problem.samples) == problem.dimension
    undecided = False
    for neuron in neurons:
        if any(neuron.pattern[k] == "0" and neuron.sign * y[k] > 0 for k in unfit):
            return Kind.SADDLE, "a neuron that starts on a kink could fit a sample and never leaves the kink"
        sinking = {k for k, letter in enumerate(neuron.pattern) if letter == "+" and neuron.sign * y[k] < 0}
        still = any(
            letter == "-" or (letter == "+" and k not in sinking) for k, letter in enumerate(neuron.pattern)
        )
        if still or not sinking or not sinking & unfit or not _spanned(problem, neuron, spanning):
            continue
        if neuron.direction is not None:
            # All of its preactivations that are left sink together; one that is fit in time stays.
            settled = settle(problem.samples, y, neuron.sign, neuron.direction)
            sinking = {k for k in sinking if settled.pattern[k] == "+"}
            if sinking - unfit:
                continue
        if sinking <= unfit:
            return Kind.SADDLE, "a neuron shrinks to zero, where it is an escape neuron"
        undecided = True
    if undecided:
        return Kind.UNDECIDED, "whether a neuron shrinks to zero depends on its direction"
    return Kind.LOCAL_MINIMUM, "no neuron left can fit a sample that is not fit: a spurious minimum"


def _spanned(problem: DatasetProblem, neuron: InitialNeuron, spanning: bool) -> bool:
    """Whether the neuron lies in the span of the samples; one given by its pattern alone is taken in general
    position."""
    if spanning or neuron.direction is None:
        return spanning
    rest = neuron.direction
    for x in problem.samples:
        factor = dot(neuron.direction, x) / dot(x, x)
        rest = tuple(a - factor * b for a, b in zip(rest, x, strict=True))
    return not any(rest)


def compare(left: RootSum, right: RootSum) -> int:
    """-1, 0 or 1, exactly."""
    return (left - right).sign()


def smallest(numbers: Iterable[RootSum]) -> RootSum:
    return min(numbers, key=cmp_to_key(compare))


def largest(numbers: Iterable[RootSum]) -> RootSum:
    return max(numbers, key=cmp_to_key(compare))
