"""The answer to the question where given weights lie; what each field means is in docs/identify.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import isfinite
from typing import Any, Protocol, TypeVar

from catalog.answer import describe

T = TypeVar("T")

IDENTIFIED = "identified"
NEAR_FUNCTION = "near_function"
NOT_IN_CATALOG = "not_in_catalog"

REACH = Fraction(1, 1000)
"""A stratum farther than this from the normalized weights does not identify them."""

ROUNDING = Fraction(1, 2**40)
"""Distances of this size are within what rounding to floats makes of a point; they do not tell strata apart."""

SEPARATION = 8
"""How many times as far as the bound every other stratum must be."""

TRIALS = 200
"""Strata for which a point is constructed, at most; the others can still stand in the way of an identification."""

CANDIDATES = 20
"""Strata that could not be told apart, listed at most."""


@dataclass
class Identification:
    """Where weights lie.

    Attributes:
        problem, width: of the question; the width is the number of neurons.
        status: `identified`, `near_function` (a function, not a stratum), or `not_in_catalog`.
        label: of the stratum, where identified.
        function: label of the function, where identified or near one.
        reason: why the status is not better; else what is proved, in one sentence.
        proved: whether `bound` and that every other listed stratum of the width is farther are proved.
        bound: upper bound of the distance to the stratum.
        isolation: interval problems: half-width, as a fraction of the domain, of a cube around the kinks of the
            function that holds the breakpoints of the weights and no other solution of the critical equations.
        distance_function: lower and upper bound of the distance to the nearest function.
        gradient_norm: Euclidean, in the weights as given; `normalized_gradient_norm`: for normalized neurons.
        loss: of the weights.
        region: label of the region, or of the face between regions, that holds the weights.
        neurons: for each neuron `{"neuron", "role", "does", "remarks"}`.
        dead, duplicates, flat, degenerate: numbers of neurons, from 1; duplicates as lists of neurons that nearly
            coincide.
        candidates: strata that could not be told apart, each with its bounds.
        complete: how complete the list is that was compared with.
    """

    problem: str
    width: int
    status: str = NOT_IN_CATALOG
    label: str | None = None
    function: str | None = None
    reason: str = ""
    proved: bool = False
    bound: float | None = None
    distance_function: tuple[float, float] | None = None
    gradient_norm: float | None = None
    normalized_gradient_norm: float | None = None
    loss: Mapping[str, Any] | None = None
    region: str | None = None
    neurons: list[dict[str, Any]] = field(default_factory=list)
    dead: list[int] = field(default_factory=list)
    duplicates: list[list[int]] = field(default_factory=list)
    flat: list[int] = field(default_factory=list)
    degenerate: list[int] = field(default_factory=list)
    candidates: list[dict[str, Any]] = field(default_factory=list)
    critical_point: Mapping[str, Any] | None = None
    isolation: float | None = None
    complete: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The object that `saddlery identify --format json` prints."""
        distance = self.distance_function
        found = {
            "status": self.status,
            "label": self.label,
            "function": self.function,
            "problem": self.problem,
            "width": self.width,
            "reason": self.reason,
            "proved": self.proved,
            "bound": self.bound,
            "isolation": self.isolation,
            "distance_function": None if distance is None else {"lower": distance[0], "upper": distance[1]},
            "gradient_norm": self.gradient_norm,
            "normalized_gradient_norm": self.normalized_gradient_norm,
            "loss": self.loss,
            "region": self.region,
            "neurons": self.neurons,
            "dead": self.dead,
            "duplicates": self.duplicates,
            "flat": self.flat,
            "degenerate": self.degenerate,
            "candidates": self.candidates,
            "critical_point": self.critical_point,
            "complete": self.complete,
        }
        return {key: _finite(value) for key, value in found.items()}

    def to_text(self) -> str:
        """The answer for people."""
        words = {
            IDENTIFIED: f"identified: {self.label}",
            NEAR_FUNCTION: f"near the function {self.function}, stratum undecided",
            NOT_IN_CATALOG: "not in the catalog",
        }
        lines = [words[self.status], f"  {self.reason}"]
        facts: list[tuple[str, str]] = []
        if self.bound is not None:
            facts.append(("distance", f"at most {self.bound:.3g} (proved)"))
        if self.function is not None:
            facts.append(("function", self.function))
        if self.isolation is not None:
            facts.append(("isolation", f"the only zero within {self.isolation:g} of its kinks (Krawczyk)"))
        if self.distance_function is not None:
            low, high = self.distance_function
            facts.append(("from f", f"between {low:.6g} and {high:.6g}"))
        if self.loss is not None:
            facts.append(("loss", str(self.loss["decimal"])))
        if self.gradient_norm is not None:
            facts.append(("gradient", f"{self.gradient_norm:.6g}"))
        if self.normalized_gradient_norm is not None:
            facts.append(("  normalized", f"{self.normalized_gradient_norm:.6g}"))
        if self.region is not None:
            facts.append(("region", self.region))
        for name in ("dead", "flat", "degenerate"):
            members = getattr(self, name)
            if members:
                facts.append((name, ", ".join(map(str, members))))
        if self.duplicates:
            facts.append(("duplicates", "; ".join(", ".join(map(str, group)) for group in self.duplicates)))
        if self.critical_point is not None:
            facts += [(f"point {key}" if key != "isotropy" else key, str(value))
                      for key, value in self.critical_point.items()]
        lines += [f"  {name:<12}  {value}" for name, value in facts]
        for one in self.neurons:
            remarks = f" ({'; '.join(one['remarks'])})" if one["remarks"] else ""
            role = f"{one['role']}: {one['does']}" if one["role"] else "-"
            name = f"neuron {one['neuron']}"
            lines.append(f"  {name:<12}  {role}{remarks}")
        if self.candidates:
            lines.append("  candidates")
            for candidate in self.candidates:
                most = candidate["at_most"]
                known = "not constructed" if most is None else f"at most {most:.3g}"
                lines.append(f"    {candidate['label']}  at least {candidate['at_least']:.3g}, {known}")
        return "\n".join((*lines, f"compared with a list that is {describe(self.complete)}"))


@dataclass(frozen=True)
class Placed:
    """A stratum near the weights: no point of it is nearer than `at_least`, and one is as near as `at_most` (None if
    none was constructed). `roles` are what the neurons do there, in their order."""

    label: str
    at_least: Fraction
    at_most: Fraction | None = None
    roles: Any = ()


def decide(
    answer: Identification,
    near: Iterable[Placed],
    place: Callable[[Any], Fraction | None],
    excludes: Callable[[Fraction], bool],
) -> Placed | None:
    """Settle an answer that is near one function.

    Args:
        answer: of status `near_function`; it becomes `identified` if that is proved.
        near: the listed strata over the function within `REACH`, all that there are, not yet with an upper bound.
        place: the upper bound of the distance to the stratum with given roles.
        excludes: whether no point of a stratum over another listed function is within a distance; only True is a
            proof.

    Returns:
        The stratum with the least upper bound, if that is at most `REACH`.

    Guarantee: `identified` if a point of the stratum is within the bound and no point of another listed stratum of the
        width is within `SEPARATION` times the bound, nor within `ROUNDING`, which floats cannot tell from 0.
    """
    placed: list[Placed] = []
    least: Fraction | None = None
    for number, one in enumerate(sorted(near, key=lambda one: one.at_least)):
        # What is farther than a known bound cannot be the nearest.
        if number < TRIALS and (least is None or one.at_least <= least):
            one = replace(one, at_most=place(one.roles))
            if one.at_most is not None:
                least = one.at_most if least is None else min(least, one.at_most)
        placed.append(one)
    ordered = sorted(placed, key=lambda one: (one.at_most is None, one.at_most or one.at_least, one.at_least))
    if not ordered or ordered[0].at_most is None or ordered[0].at_most > REACH:
        answer.reason = "no listed stratum over the function is proved to be near"
        answer.candidates = _candidates(ordered)
        return None
    best, bound = ordered[0], ordered[0].at_most
    answer.bound = float_above(bound)
    margin = max(SEPARATION * bound, ROUNDING)
    rivals = [one for one in ordered if one.label != best.label and one.at_least <= margin]
    if rivals:
        answer.reason = "several strata over the function are about as near, or within rounding"
        answer.candidates = _candidates([best, *rivals])
    elif not excludes(margin):
        answer.reason = "another listed function may be realized about as near"
        answer.candidates = _candidates([best])
    else:
        answer.status, answer.label, answer.proved = IDENTIFIED, best.label, True
        answer.reason = (
            "a point of the stratum is within the distance; every other listed stratum of this width that has the same "
            f"exact zeros is more than {SEPARATION} times as far"
        )
    return best


class Named(Protocol):
    """A critical function, by its label."""

    @property
    def label(self) -> str: ...


F = TypeVar("F", bound=Named)


def begun(problem: str, width: int, loss: Any, squared_gradient: Fraction, normalized: Fraction) -> Identification:
    """An answer with the loss and the norms of the gradient, in the weights as given and for normalized neurons."""
    answer = Identification(problem, width, loss=loss_of(loss))
    answer.gradient_norm, answer.normalized_gradient_norm = norm_of(squared_gradient), norm_of(normalized)
    return answer


def settle_function(
    answer: Identification, measured: Sequence[tuple[Fraction, Fraction, F]], scale: Fraction, surveyed: bool
) -> F | None:
    """The one listed function that the weights are near, with what the answer then says.

    Args:
        answer: without a function.
        measured: lower and upper bound of the distance to each listed function, the least first.
        scale: of the distances; nothing is near that is farther than `REACH` times this.
        surveyed: whether the strata of the width are listed.

    Returns:
        None, with the reason in the answer, if there is none, if another one may be as near, or if no strata are
        listed.
    """
    low, high, nearest = measured[0]
    answer.distance_function = float_below(low), float_above(high)
    if high > REACH * scale:
        answer.reason = far_from_all(nearest.label, low)
        return None
    answer.status, answer.function = NEAR_FUNCTION, nearest.label
    if len(measured) > 1 and min(one[0] for one in measured[1:]) <= high:
        answer.reason = "another listed function is as near"
        return None
    if not surveyed:
        answer.reason = f"strata of width {answer.width} are not surveyed"
        return None
    return nearest


def listed_near(
    answer: Identification,
    placements: Callable[[Fraction], Iterable[T]],
    listed: frozenset[str],
    placed: Callable[[T], Placed],
) -> list[Placed] | None:
    """The listed ones among the strata over a function that are within `REACH`; None if there are too many to try,
    with the reason in the answer."""
    try:
        near = list(placements(REACH))
    except OverflowError as error:
        answer.reason = str(error)
        return None
    return [one for one in map(placed, near) if one.label in listed]


def far_from_all(label: str, distance: Fraction) -> str:
    """The reason where the nearest listed function is far away."""
    return f"no listed function is near: the nearest, {label}, is at least {float_below(distance):.3g} away"


def _candidates(placed: Iterable[Placed]) -> list[dict[str, Any]]:
    best: dict[str, Placed] = {}
    for one in placed:
        best.setdefault(one.label, one)
    return [
        {
            "label": one.label,
            "at_least": float_below(one.at_least),
            "at_most": None if one.at_most is None else float_above(one.at_most),
        }
        for one in list(best.values())[:CANDIDATES]
    ]


def float_above(value: Fraction) -> float:
    """The least float that is not smaller."""
    from catalog.number_text import outward_floats

    return outward_floats(value)[1]


def float_below(value: Fraction) -> float:
    """The largest float that is not larger."""
    from catalog.number_text import outward_floats

    return outward_floats(value)[0]


def loss_of(value: Any) -> dict[str, Any]:
    """A loss as in other answers, without an exact form: that of floats has hundreds of digits."""
    from catalog.number_text import decimal_text, outward_floats

    low, high = outward_floats(value)
    return {"decimal": decimal_text(value), "lower": low, "upper": high}


def norm_of(square: Fraction) -> float:
    """The square root of a sum of squares, rounded; infinite beyond the range of floats."""
    from symbolic.enclosure import arb_of, working_precision

    with working_precision(128):
        return float(arb_of(square).sqrt().mid())


def _finite(value: Any) -> Any:
    """The same tree, null in the place of what is beyond the range of floats."""
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not isfinite(value) else value
