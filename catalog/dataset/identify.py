"""Where the weights of a data set lie (`catalog.identify`); the mathematics is in `symbolic.dataset.nearest`."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from catalog.dataset.record import function_from_record
from catalog.dataset.strata_record import neuron_words
from catalog.identification import Identification, Placed, begun, decide, listed_near, settle_function
from catalog.record import from_text
from symbolic.dataset.nearest import Neuron, Placement, TrainedDataset

if TYPE_CHECKING:
    from catalog.identify import Question
    from symbolic.dataset.functions import DatasetFunction

ALMOST = Fraction(1, 10**4)
"""Within which neurons are remarked on."""


def identify(question: Question) -> Identification:
    """Where the weights lie."""
    problem = question.problem
    network = TrainedDataset(problem, question.weights.w, question.weights.a)
    squares = network.squared_gradient, network.normalized_squared_gradient
    answer = begun(problem.name, network.width, network.loss, *squares)
    _describe(network, answer)
    functions = [function_from_record(from_text(row["record"])) for row in question.functions]
    distances = [(network.distance(one.residuals), one) for one in functions]
    measured = sorted(((distance, distance, one) for distance, one in distances), key=lambda item: item[0])
    nearest = settle_function(answer, measured, max(map(abs, problem.targets)) or Fraction(1), question.surveyed)
    if nearest is not None:
        _settle(question, network, nearest, [one for *_, one in measured[1:]], answer)
    return answer


def _settle(
    question: Question, network: TrainedDataset, function: DatasetFunction, others: list[DatasetFunction],
    answer: Identification,
) -> None:
    def placed(one: Placement) -> Placed:
        return Placed(f"{function.label}@{network.width}:{one.code}", one.at_least, None, one.types)

    found = listed_near(answer, network.placements, question.strata_over(function.label), placed)
    if found is None:
        return
    best = decide(
        answer,
        found,
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
