"""Where the weights of a student lie (`catalog.identify`); the mathematics is in `symbolic.teacher.nearest`."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING, Any

from catalog.identification import (
    NEAR_FUNCTION,
    REACH,
    Identification,
    Placed,
    decide,
    float_above,
    float_below,
    loss_of,
)
from catalog.number_text import number_from_record
from catalog.record import from_text
from catalog.teacher.names import entry_names, row_class_names
from symbolic.enclosure import bounds, working_precision
from symbolic.teacher.certify import CertifiedPoint
from symbolic.teacher.fixed_spaces import FixedSpace
from symbolic.teacher.functions import as_ball
from symbolic.teacher.nearest import KnownPoint, Match, TrainedStudent
from symbolic.teacher.restricted import loss as ball_loss

if TYPE_CHECKING:
    from catalog.identify import Question


def identify(question: Question) -> Identification:
    """Where the weights lie."""
    student = TrainedStudent(question.problem, question.weights.w)
    answer = Identification(question.problem.name, student.width)
    answer.degenerate = student.vanishing
    answer.neurons = [{"neuron": i, "role": None, "does": None, "remarks": []} for i in range(1, student.width + 1)]
    if student.vanishing:
        answer.reason = f"row {student.vanishing[0]} is 0: the loss is not differentiable there"
        return answer
    answer.duplicates = [[i + 1 for i in group] for group in student.rays if len(group) > 1]
    answer.loss = loss_of(as_ball(student.loss))
    with working_precision(256):
        answer.gradient_norm = float(abs(student.squared_gradient()).sqrt().mid())
    answer.normalized_gradient_norm = answer.gradient_norm
    known = [_known(from_text(row["record"])) for row in question.functions]
    matched = [(match, one) for one in known if (match := student.match(one)) is not None]
    matched.sort(key=lambda item: item[0].at_most)
    if not matched or matched[0][0].at_most > REACH:
        answer.reason = _far(student, matched)
        _certify(student, known, answer)
        return answer
    match, nearest = matched[0]
    answer.status, answer.function = NEAR_FUNCTION, nearest.label
    answer.distance_function = float_below(student.function_at_least(nearest)), float_above(match.function_at_most)
    answer.region = f"fixed space of {nearest.space.text}"
    for row, place in zip(answer.neurons, match.rays, strict=True):
        row["role"], row["does"] = _role(nearest.space, place)
    if not question.surveyed:
        answer.reason = f"strata of width {student.width} are not surveyed"
        return answer
    (record,) = [from_text(row["record"]) for row in question.functions if row["label"] == nearest.label]
    label = _stratum(question, record, nearest.space, match)
    if label is None:
        answer.reason = "the way in which rows share rays is not listed"
        return answer
    others = [one for one in known if one.label != nearest.label]
    split = len(question.strata_over(nearest.label)) > 1

    def excludes(distance: Fraction) -> bool:
        if split and student.other_splittings_at_least(nearest, match) <= distance:
            return False
        return all(student.at_least(one) > distance for one in others)

    decide(answer, [Placed(label, Fraction(0))], lambda _: match.at_most, excludes)
    return answer


def _stratum(question: Question, record: Mapping[str, Any], space: FixedSpace, match: Match) -> str | None:
    """The label of the stratum in which the rows share the rays as in a match."""
    from catalog.teacher.record import function_from_record

    counts = [match.rays.count(place) for place in range(space.width)]
    copies = []
    for rows in space.row_classes:
        size = 1 if rows.block is None else space.sizes[rows.block]
        copies.append(sorted(counts[:size], reverse=True))
        counts = counts[size:]
    label = _label(record["label"], match, copies)
    listed = question.strata_over(record["label"])
    if label in listed:
        return label
    # The label is that of the first of the symmetric images.
    symmetry = function_from_record(record).symmetry
    images = [[copies[symmetry.class_image(one, i)] for i in range(len(copies))] for one in symmetry.stabilizing]
    label = _label(record["label"], match, max(images))
    return label if label in listed else None


def _label(function: str, match: Match, copies: list[list[int]]) -> str:
    words = ["-".join(f"{len(list(same))}x{count}" for count, same in groupby(numbers)) for numbers in copies]
    return f"{function}@{len(match.rays)}:" + ".".join(words)


def _known(record: Mapping[str, Any]) -> KnownPoint:
    space = FixedSpace.parse(record["space"])
    ends = [bounds(number_from_record(record["entries"][name])) for name in entry_names(space)]
    return KnownPoint(
        record["label"],
        space,
        tuple((low + high) / 2 for low, high in ends),
        max((high - low) / 2 for low, high in ends),
        number_from_record(record["loss"]),
    )


def _far(student: TrainedStudent, matched: list[tuple[Match, KnownPoint]]) -> str:
    if not matched:
        return f"no listed function has {len(student.rays)} rays"
    one = matched[0][1]
    found = float_below(student.at_least(one))
    return f"no listed function is near: the nearest found, {one.label}, is at least {found:.3g} away"


def _certify(student: TrainedStudent, known: list[KnownPoint], answer: Identification) -> None:
    """A critical point near the weights that the list does not have."""
    point = student.certified()
    if point is None:
        return
    with working_precision(256):
        loss = as_ball(ball_loss(point.space, None, point.enclose()))
    one = KnownPoint("", point.space, point.center, point.error, loss)
    match = student.match(one)
    if match is None or match.at_most > REACH or any(_may_be(one, other) for other in known):
        return
    answer.reason += "; a critical point that is not in the list is certified near the weights"
    answer.critical_point = _told(point, match, loss)


def _told(point: CertifiedPoint, match: Match, loss: Any) -> dict[str, Any]:
    return {
        "isotropy": point.space.text,
        "loss": loss_of(loss)["decimal"],
        "distance": float_above(match.at_most),
        "certified": "Krawczyk",
    }


def _may_be(one: KnownPoint, other: KnownPoint) -> bool:
    """Whether the losses do not tell two points apart, nor do their largest blocks."""
    (low, high), (other_low, other_high) = bounds(one.loss), bounds(other.loss)
    return low <= other_high and other_low <= high


def _role(space: FixedSpace, place: int) -> tuple[str, str]:
    counts = [1 if rows.block is None else space.sizes[rows.block] for rows in space.row_classes]
    for name, count in zip(row_class_names(space), counts, strict=True):
        if place < count:
            return name, f"one of {count} rows {name}" if count > 1 else f"the row {name}"
        place -= count
    raise AssertionError("a point has as many rows as its classes together")
