"""The picture of `saddlery chain PROBLEM --plot FILE`: runs of the gradient flow from small weights beside the chain.

The chain says what happens as the scale lambda of the weights goes to 0, in units of log(1/lambda); the runs at a few
scales show how near that is. They are for the eye and prove nothing.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.plots import MARGIN, loss_plot
from symbolic.dataset.functions import loss_of
from symbolic.dataset.patterns import arrangement, interior_point
from symbolic.flow.gradient_flow import FlowRun, integrate
from symbolic.flow.initialization import balanced, random_directions
from symbolic.flow.switching import Accuracy

if TYPE_CHECKING:
    from fractions import Fraction

    from symbolic.dataset.chain import Chain

    Neurons = tuple[list[tuple[Fraction, ...]], list[int]]

SCALES = ("1e-2", "1e-4", "1e-8", "1e-16")

EYE = Accuracy(relative=1e-6, absolute=1e-8)
"""Enough for a picture."""

WIDEST = 120
"""A wide network has a neuron of each sign in each cell, or, where these are more, so many random ones."""

WITHOUT_STEPS = 4.0
"""Where the chain has no step the flow is followed this long, in units of log(1/lambda)."""


def write_chain_plot(chain: Chain, path: str | Path, *, pattern_budget: int) -> None:
    """Draw the losses of runs from balanced weights of size lambda over the staircase of a chain.

    Args:
        chain: of any data set.
        path: of the picture; the suffix .png, .pdf or .svg says what is written.
        pattern_budget: activation patterns listed at most.

    Raises:
        CatalogError: matplotlib is not installed, another suffix, or a file that cannot be written.
        Undecided: a neuron of the start is on a kink that the flow cannot be followed from.
    """
    predicted = [(0.0, float(loss_of(chain.start)))]
    for step in chain.steps:
        if step.after is None:
            break
        predicted.append((float(step.tau.ball().center), float(loss_of(step.after))))
    end = MARGIN * predicted[-1][0] or WITHOUT_STEPS
    directions, signs = _neurons(chain, pattern_budget)
    runs = [_run(chain, directions, signs, scale, end) for scale in SCALES]
    wide = "" if chain.neurons is not None else "wide, here "
    loss_plot(runs, predicted, path, f"{chain.problem.name} ({wide}{len(signs)} neurons)")


def _run(chain: Chain, directions: list[tuple[Fraction, ...]], signs: list[int], scale: str, end: float) -> FlowRun:
    start = balanced(directions, signs, scale)
    time = end * math.log(1 / float(start.scale))
    problem = chain.problem
    return integrate(problem.samples, problem.targets, start.inner, start.outer, time, scale=start.scale, accuracy=EYE)


def _neurons(chain: Chain, pattern_budget: int) -> Neurons:
    """Directions and signs of the start that the chain is about."""
    problem = chain.problem
    if chain.neurons is not None and all(one.direction is not None for one in chain.neurons):
        return [one.direction for one in chain.neurons if one.direction is not None], [
            one.sign for one in chain.neurons
        ]
    known = arrangement(problem.samples, pattern_budget)
    if chain.neurons is not None:
        return [
            interior_point(known, known.by_pattern[one.pattern]) if one.direction is None else one.direction
            for one in chain.neurons
        ], [one.sign for one in chain.neurons]
    if 2 * len(known.cells) > WIDEST:
        drawn, signs = random_directions(WIDEST, problem.dimension, 0)
        return list(drawn), list(signs)
    points = [interior_point(known, cell) for cell in known.cells]
    return points + points, [1] * len(points) + [-1] * len(points)
