"""Where the weights of a data set lie (`catalog.identify`); the mathematics is in `symbolic.dataset.nearest`."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from catalog.dataset.record import function_from_record
from catalog.dataset.strata_record import neuron_words
from catalog.identification import (
    NEAR_FUNCTION,
    REACH,
    Identification,
    Placed,
    decide,
    far_from_all,
    float_above,
    float_below,
    loss_of,
    norm_of,
)
from catalog.record import from_text
from symbolic.dataset.nearest import Neuron, TrainedDataset

if TYPE_CHECKING:
    from catalog.identify import Question
    from symbolic.dataset.functions import DatasetFunction

ALMOST = Fraction(1, 10**4)
"""Within which neurons are remarked on."""


def identify(question: Question) -> Identification:
    """Where the weights lie."""
    problem = question.problem
    network = TrainedDataset(problem, question.weights.w, question.weights.a)
    answer = Identification(problem.name, network.width)
    answer.loss = loss_of(network.loss)
    answer.gradient_norm = norm_of(network.squared_gradient)
    answer.normalized_gradient_norm = norm_of(network.normalized_squared_gradient)
    _describe(network, answer)
    functions = [function_from_record(from_text(row["record"])) for row in question.functions]
    measured = sorted(((network.distance(one.residuals), one) for one in functions), key=lambda item: item[0])
    distance, nearest = measured[0]
    answer.distance_function = float_below(distance), float_above(distance)
    scale = max(map(abs, problem.targets)) or Fraction(1)
    if distance > REACH * scale:
        answer.reason = far_from_all(nearest.label, distance)
        return answer
    answer.status, answer.function = NEAR_FUNCTION, nearest.label
    if len(measured) > 1 and measured[1][0] <= distance:
        answer.reason = "another listed function is as near"
    elif not question.surveyed:
        answer.reason = f"strata of width {network.width} are not surveyed"
    else:
        _settle(question, network, nearest, [one for _, one in measured[1:]], answer)
    return answer


def _settle(
    question: Question, network: TrainedDataset, function: DatasetFunction, others: list[DatasetFunction],
    answer: Identification,
) -> None:
    try:
        near = list(network.placements(REACH))
    except OverflowError as error:
        answer.reason = str(error)
        return
    listed, placed = question.strata_over(function.label), []
    for one in near:
        label = f"{function.label}@{network.width}:{one.code}"
        if label in listed:
            placed.append(Placed(label, one.at_least, None, one.types))
    best = decide(
        answer,
        placed,
        lambda types: network.place(types, function.residuals),
        lambda distance: all(network.excludes(one.residuals, distance) for one in others),
    )
    if best is not None:
        for row, one in zip(answer.neurons, best.roles, strict=True):
            row |= {"role": one.code, "does": str(neuron_words(one.pattern, one.sign)["does"])}


def _describe(network: TrainedDataset, answer: Identification) -> None:
    """Region and remarks on the neurons."""
    patterns = []
    groups: dict[int, list[int]] = {}
    zero_samples = {k for k, sample in enumerate(network.samples) if not any(sample)}
    for j, (one, heights) in enumerate(zip(network.neurons, network.heights, strict=True), 1):
        pattern = "".join("+" if height > 0 else "-" if height < 0 else "0" for height in heights)
        patterns.append(pattern)
        remarks = [f"pattern {pattern}"]
        if one.is_zero:
            answer.degenerate.append(j)
            remarks.append("w = 0")
        elif "+" not in pattern:
            answer.dead.append(j)
            remarks.append("dead: active at no sample")
        if not one.is_zero and abs(one.a) < ALMOST:
            answer.flat.append(j)
            remarks.append("a = 0" if one.a == 0 else "almost flat: |a| max|w_i| < 1e-4")
        near = [
            str(k)
            for k, (height, length) in enumerate(zip(heights, network.lengths, strict=True), 1)
            if length and abs(height) < ALMOST * length
        ]
        if near and not one.is_zero:
            remarks.append(f"next to the kink of sample {', '.join(near)}")
        if not one.is_zero:
            twin = next((k for k in groups if _are_twins(network.neurons[k - 1], one)), None)
            groups.setdefault(twin or j, []).append(j)
        answer.neurons.append({"neuron": j, "role": None, "does": None, "remarks": remarks})
    answer.duplicates = [group for group in groups.values() if len(group) > 1]
    on_wall = any(letter == "0" and k not in zero_samples for word in patterns for k, letter in enumerate(word))
    words = ".".join(sorted(patterns))
    answer.region = f"between regions: {words}" if on_wall else f"{network.problem.name}@{network.width}:r:{words}"


def _are_twins(one: Neuron, other: Neuron) -> bool:
    """Whether the inner weights nearly point in one direction."""
    tops = max(map(abs, one.w)), max(map(abs, other.w))
    return all(abs(a / tops[0] - b / tops[1]) < ALMOST for a, b in zip(one.w, other.w, strict=True))
