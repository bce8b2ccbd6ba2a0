"""Where the weights of an interval problem lie (`catalog.identify`); the mathematics: `symbolic.interval.nearest`."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from catalog.identification import Identification, Placed, begun, decide, listed_near, settle_function
from catalog.interval.record import cell_from_record, function_from_record
from catalog.record import from_text
from symbolic.enclosure import endpoints
from symbolic.errors import InsufficientPrecision
from symbolic.exact.krawczyk import has_unique_zero
from symbolic.interval.nearest import NearFunction, Placement, function_reach, sup_distance
from symbolic.interval.nearest_target import distance_to_target
from symbolic.interval.orderings import locate
from symbolic.interval.realization import RealizedFunction
from symbolic.interval.relocation import relocate, system_of
from symbolic.interval.strata.roles import Role, RoleKind
from symbolic.interval.strata.sites import SiteKind, sites_of
from symbolic.interval.trained import Neuron, TrainedNetwork

if TYPE_CHECKING:
    from catalog.identify import Question
    from symbolic.interval.functions import IntervalFunction

ISOLATION = (3, 4, 5, 6, 8, 10, 13, 16, 20, 26)
"""Half-widths 2^-j of cubes tried."""

ALMOST = Fraction(1, 10**4)
"""Within which neurons are remarked on: breakpoints, as fractions of the domain, and outer weights."""


def identify(question: Question) -> Identification:
    """Where the weights lie."""
    weights = question.weights
    network = TrainedNetwork(question.problem, weights.w, weights.b, weights.v, weights.c)
    squares = network.gradient.squared_norm, network.normalized_squared_gradient
    answer = begun(question.problem.name, network.width, network.loss, *squares)
    _describe(network, answer)
    functions = [function_from_record(from_text(row["record"])) for row in question.functions]
    measured = sorted(
        ((*sup_distance(network, function), function) for function in functions), key=lambda item: item[:2]
    )
    nearest = settle_function(answer, measured, _scale(network), question.surveyed)
    if nearest is None:
        return answer
    others = [item[0] for item in measured[1:]]
    if question.problem.degree <= 1 and nearest.function_class == "A":
        _settle_target(question, network, nearest, others, answer)
    else:
        _settle(question, network, nearest, others, answer)
    return answer


def _settle_target(
    question: Question, network: TrainedNetwork, target: IntervalFunction, others: list[Fraction],
    answer: Identification,
) -> None:
    """The function is the target: one stratum of all networks that realize it."""
    label = f"{target.label}@{network.width}:all"
    bound = distance_to_target(network)
    for one in answer.neurons:
        one |= {"role": "all", "does": "the neurons together realize the target"}
    if bound is None or label not in question.strata_over(target.label):
        answer.reason = "no network near these weights that realizes the target was constructed"
    else:
        whole = [Placed(label, Fraction(0))]
        decide(answer, whole, lambda _: bound, lambda distance: _excludes(network, others, distance))


def _settle(
    question: Question, network: TrainedNetwork, function: IntervalFunction, others: list[Fraction],
    answer: Identification,
) -> None:
    problem = question.problem
    canonical, _ = problem.canonical()
    system = system_of(problem, function)
    cell = question.store.cells(canonical.text()).get((system.knots, system.system))
    roots = [] if cell is None else cell_from_record(from_text(cell.record)).roots
    try:
        realized = relocate(problem, function, roots)
    except InsufficientPrecision as error:
        answer.reason = f"the function could not be certified anew: {error}"
        return
    sites = sites_of(realized)
    if sites.doubts:
        answer.reason = f"the sites of neurons are not all known: {sites.doubts[0]}"
        return
    near = NearFunction(network, realized, sites)

    def placed(one: Placement) -> Placed:
        return Placed(f"{function.label}@{network.width}:{near.order(one.roles)}", one.at_least, None, one.roles)

    found = listed_near(answer, near.placements, question.strata_over(function.label), placed)
    if found is None:
        return
    best = decide(answer, found, near.place, lambda distance: _excludes(network, others, distance))
    if best is not None:
        for row, role in zip(answer.neurons, best.roles, strict=True):
            row |= {"role": role.code, "does": _words(question, role.code)}
    if best is not None and answer.proved and function.kinks:
        answer.isolation = _isolation(network, realized, best.roles)


def _isolation(
    network: TrainedNetwork, realized: RealizedFunction, roles: Sequence[Role]
) -> float | None:
    """The largest cube tried around the kinks that is proved to hold one zero of the system and holds the breakpoints
    of the live neurons."""
    start, end = network.problem.domain
    gap = Fraction(0)
    for role, t in zip(roles, network.breakpoints, strict=True):
        if role.kind is RoleKind.LIVE and role.site is not None and role.site.kind is SiteKind.KINK:
            low, high = endpoints(role.site.position)
            gap = max(gap, (max(abs(t - low), abs(t - high)) if t is not None else Fraction(1)) / (end - start))
    for power in ISOLATION:
        half = Fraction(1, 2**power)
        if gap <= half and has_unique_zero(realized.solution.system, realized.solution.center, half):
            return float(half)
    return None


def _excludes(network: TrainedNetwork, others: list[Fraction], distance: Fraction) -> bool:
    """Whether no network within a distance realizes a function that is at least as far as one of `others`."""
    return not others or min(others) > function_reach(network, distance)


def _words(question: Question, code: str) -> str:
    from catalog.strata_store import strata_words

    _, roles = strata_words(question.store, question.problem.name, question.width)
    return str(from_text(roles)[code]["does"])


def _scale(network: TrainedNetwork) -> Fraction:
    """How much the target varies on the domain; 1 if it is constant."""
    start, end = network.problem.domain
    heights = []
    for i in range(9):
        x, value = start + (end - start) * i / 8, Fraction(0)
        for coefficient in reversed(network.problem.target):
            value = value * x + coefficient
        heights.append(value)
    return max(heights) - min(heights) or Fraction(1)


def _describe(network: TrainedNetwork, answer: Identification) -> None:
    """Region and remarks on the neurons."""
    face, _ = locate(network.w, network.b, network.problem.domain)
    if face.codimension == 0:
        (region,) = face.regions()
        answer.region = f"{network.problem.name}@{network.width}:{region.label}"
    else:
        answer.region = f"between regions: {face.label}"
    groups: dict[int, list[int]] = {}
    for j, (one, given) in enumerate(zip(network.neurons, network.breakpoints, strict=True), 1):
        remarks = []
        if one.is_zero:
            answer.degenerate.append(j)
            remarks.append("w = b = 0")
        elif one.start <= 0 and one.end <= 0 and not network.problem.leak:
            answer.dead.append(j)
            remarks.append("dead: not active on the domain")
        if not one.is_zero and abs(one.v) < ALMOST:
            answer.flat.append(j)
            remarks.append("v = 0" if one.v == 0 else "almost flat: |v| max|w x + b| < 1e-4")
        if _is_inside(one):
            remarks.append(f"breakpoint {float(given or 0):.9g}")
            twin = next((k for k in groups if _are_twins(network.neurons[k - 1], one)), None)
            groups.setdefault(twin or j, []).append(j)
        answer.neurons.append({"neuron": j, "role": None, "does": None, "remarks": remarks})
    answer.duplicates = [group for group in groups.values() if len(group) > 1]


def _is_inside(one: Neuron) -> bool:
    return one.place is not None and 0 < one.place < 1


def _are_twins(one: Neuron, other: Neuron) -> bool:
    """Whether breakpoints and orientations nearly agree."""
    if one.place is None or other.place is None or (one.end > one.start) != (other.end > other.start):
        return False
    return abs(one.place - other.place) < ALMOST
