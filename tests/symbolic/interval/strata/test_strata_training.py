"""Brute-force training ends only in functions of the catalog, and there in those with a minimum at the width."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from oracles.multistart import function_values
from oracles.strata_lists import UNIT, listed
from oracles.strata_training import train

from symbolic.enclosure import enclose
from symbolic.interval.target import parse_target

RUNS = [
    ("x", 1, "0", 100),
    ("x", 2, "0", 100),
    ("x**2", 1, "0", 100),
    ("x**2", 2, "0", 60),
    *(
        pytest.param(target, width, leak, 150, marks=pytest.mark.slow)
        for leak, targets in (("0", ("x", "x**2", "x**3", "x**3 - x")), ("1/10", ("x", "x**2")))
        for target in targets
        for width in (1, 2, 3)
    ),
]


@pytest.mark.parametrize(("target", "width", "leak", "runs"), RUNS)
def test_training_ends_in_the_catalog(target, width, leak, runs):
    """Loss and f agree with a function of the list that has a minimum of this width, or is named as a saddle.

    A descent may stop at a saddle; at most one run in ten is allowed to.
    """
    rows = listed(target, width, leak, UNIT)[1]
    known = []
    for function, found in rows:
        numbers = [[float(enclose(x).mid()) for x in row] for row in (function.record.kinks, function.record.slopes)]
        values = function_values(*numbers, float(enclose(function.record.offset).mid()), 0.0, 1.0)
        minimum = any(s.kind.value in ("local_minimum", "global_minimum") for s in found.strata)
        known.append((values, float(enclose(function.record.loss).mid()), minimum, function.record.label))
    ends, lost = train(parse_target(target), (Fraction(0), Fraction(1)), Fraction(leak), width, runs, seed=width)
    assert len(ends) > lost
    met: Counter[str] = Counter()
    at_saddles = 0
    for end in ends:
        near = [item for item in known if np.abs(item[0] - end.values).max() < 1e-5]
        assert near, (end.loss, end.parameters, end.gradient)
        _, value, minimum, label = min(near, key=lambda item: np.abs(item[0] - end.values).max())
        assert abs(value - end.loss) < 1e-9
        at_saddles += not minimum
        met[label] += 1
    assert at_saddles <= len(ends) // 10, met
