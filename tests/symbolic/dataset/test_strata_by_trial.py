"""The strata of the package against the trial of all labelled configurations, and against their own definition."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from oracles.dataset_exact import dot, rank
from oracles.dataset_hessian import has_hessian, hessian, inertia
from oracles.dataset_naive import DataSet, configurations
from oracles.dataset_problems import QUICK, QUICKEST, SMALL, arguments, data_set

from symbolic.dataset.problem import DatasetProblem
from symbolic.dataset.survey import survey_dataset, survey_dataset_strata
from symbolic.enclosure import Rigor, Verdict
from symbolic.problem import CompletenessStatus, Kind

MINIMA = (Kind.GLOBAL_MINIMUM, Kind.LOCAL_MINIMUM)
SADDLES = (Kind.STRICT_SADDLE, Kind.SADDLE)
LARGE = [("zigzag4", 1), ("xor", 1), ("xor-no-bias", 1), ("negative-first", 1), ("space", 1)]
CASES = [(name, width) for name in SMALL for width in (1, 2) if width == 1 or name in QUICK] + LARGE
SLOW = [(name, 2) for name in SMALL if name not in QUICK]
LARGER = [("toy", 3), ("line", 3), ("line-cancelling", 3), ("one", 3), ("wide-parallel", 3)]
LARGER += [("xor-no-bias", 2), ("zigzag4", 2), ("negative-first", 2), ("space", 2), ("xor", 2)]
EVERY = [*CASES, *(pytest.param(*case, marks=pytest.mark.slow) for case in SLOW + LARGER)]


@cache
def surveyed(name, width):
    found = survey_dataset(DatasetProblem(**arguments(name)), width)
    assert found.completeness.status is CompletenessStatus.PROVED, found.completeness.reason
    return found


@cache
def strata_of(name, width):
    found = survey_dataset_strata(surveyed(name, width))
    assert found.completeness.status is CompletenessStatus.PROVED, found.completeness.reason
    return found.strata


@cache
def tried(name, width):
    return {one.codes: one for one in configurations(data_set(name), width)}


def by_codes(strata):
    found = {tuple(sorted(neuron.code for neuron in stratum.neurons)): stratum for stratum in strata}
    assert len(found) == len(strata)
    return found


@pytest.mark.parametrize(("name", "width"), EVERY)
def test_the_list_is_the_list_of_the_trials(name, width):
    compare(surveyed(name, width), strata_of(name, width), tried(name, width), width)


def compare(survey, strata, trials, width):
    """Codes, residuals, orbit sizes, dimensions, notions and kinds of all strata, one by one."""
    package = by_codes(strata)
    assert set(package) == set(trials)
    residuals = {function.label: function.residuals for function in survey.functions}
    least = min(one.loss for one in trials.values())
    for codes, one in trials.items():
        stratum = package[codes]
        assert residuals[stratum.function] == one.residuals, codes
        assert stratum.orbit_size == one.orderings, codes
        assert stratum.dimension == one.dimension, codes
        assert stratum.stationarity.clarke is Verdict.YES
        assert (stratum.stationarity.directional is Verdict.YES) == one.directional, codes
        assert stratum.by_default == one.directional, codes
        if stratum.stationarity.smooth is Verdict.YES:
            assert one.smooth, codes
        if one.smooth and all("0" not in neuron.pattern for neuron in stratum.neurons):
            assert stratum.stationarity.smooth is Verdict.YES, codes
        if one.kind == "minimum":
            assert stratum.kind is (Kind.GLOBAL_MINIMUM if one.loss == least else Kind.LOCAL_MINIMUM), codes
        else:
            assert stratum.kind in SADDLES, codes
        assert stratum.rigor is Rigor.EXACT
        assert stratum.width == width == len(stratum.neurons)


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 12))])
def test_random_small_integers(seed):
    """Small integers make coincidences: parallel, repeated and zero samples, zero targets, ties of residuals."""
    generator = np.random.default_rng(seed)
    for _ in range(8):
        samples, length, bias = (int(v) for v in generator.integers((1, 1, 0), (4, 3, 2)))
        width = 2 if samples * (length + bias) <= 4 else 1
        inputs = tuple(tuple(Fraction(int(v)) for v in row) for row in generator.integers(-2, 3, (samples, length)))
        targets = tuple(Fraction(int(v)) for v in generator.integers(-2, 3, samples))
        survey = survey_dataset(DatasetProblem("random", inputs, targets, bool(bias)), width)
        trials = {one.codes: one for one in configurations(DataSet.of(inputs, targets, bool(bias)), width)}
        compare(survey, survey_dataset_strata(survey).strata, trials, width)


@pytest.mark.parametrize("name", [*QUICK, *(pytest.param(n, marks=pytest.mark.slow) for n in SMALL if n not in QUICK)])
def test_functions_are_those_of_the_trials_with_their_least_widths(name):
    # f = 0 needs no neuron.
    zero = data_set(name).targets
    clarke, directional = {zero: 0}, {zero: 0}
    for width in (1, 2):
        for one in tried(name, width).values():
            clarke.setdefault(one.residuals, width)
            if one.directional:
                directional.setdefault(one.residuals, width)
    functions = surveyed(name, 2).functions
    assert [f.residuals for f in functions if f.clarke_width < 2] == [f.residuals for f in surveyed(name, 1).functions]
    assert {f.residuals: f.clarke_width for f in functions} == clarke
    assert {f.residuals: f.minimal_width for f in functions if f.minimal_width is not None} == directional
    widths = {(f.clarke_width, f.minimal_width) for f in functions}
    if name == "directional-later":
        assert {(1, 2), (1, 1)} <= widths
    if name == "even":
        assert (1, None) in widths
    for level in (0, 1, 2):
        row = [f for f in functions if f.clarke_width == level]
        assert [f.label for f in row] == [f"{name}:{level}.{i}" for i in range(1, len(row) + 1)]
        order = [(f.loss, [-r for r in f.residuals]) for f in row]
        assert order == sorted(order)
    for function in functions:
        assert function.loss == sum(r * r for r in function.residuals) / (2 * len(function.residuals))
        assert function.fit == tuple(k for k, r in enumerate(function.residuals, start=1) if not r)


@pytest.mark.parametrize(("name", "width"), EVERY)
def test_samples_lie_in_their_stratum(name, width):
    data = data_set(name)
    residuals = {function.label: function.residuals for function in surveyed(name, width).functions}
    for stratum in strata_of(name, width):
        w, a = stratum.sample_w, stratum.sample_a
        assert [data.pattern(row) for row in w] == [neuron.pattern for neuron in stratum.neurons]
        assert [(c > 0) - (c < 0) for c in a] == [neuron.sign for neuron in stratum.neurons]
        assert data.residuals(w, a) == residuals[stratum.function]
        # Rescaling moves every neuron but those that are 0, w and a.
        assert stratum.gauge_dimension == sum(1 for row, c in zip(w, a, strict=True) if c or any(row))
        assert stratum.gauge_dimension <= stratum.dimension
        if rank(data.samples) < data.dimension:
            assert stratum.gauge_dimension == width


def random_vector(generator, size):
    return tuple(Fraction(int(v), int(q)) for v, q in generator.integers((-4, 1), (5, 4), size=(size, 2)))


def small_step(data, w, a, dw, da):
    """A positive step along which no strict sign of <w_j, x_k> or a_j changes."""
    step = Fraction(1)
    for row, c, move, dc in zip(w, a, dw, da, strict=True):
        for here, there in [*((dot(row, x), dot(move, x)) for x in data.samples), (c, dc)]:
            if here and there:
                step = min(step, abs(here) / (2 * abs(there)))
    return step


def check_minimum(data, w, a, generator, count):
    least = data.loss(w, a)
    extremal = [list(data.extremal(data.pattern(row))) for row in w]
    for _ in range(count):
        dw = [random_vector(generator, data.dimension) for _ in w]
        for j, choices in enumerate(extremal):
            if generator.random() < 0.5:
                dw[j] = choices[int(generator.integers(len(choices)))]
        da = random_vector(generator, len(a))
        step = small_step(data, w, a, dw, da)
        rows = [tuple(v + step * m for v, m in zip(row, move, strict=True)) for row, move in zip(w, dw, strict=True)]
        assert data.loss(rows, [c + step * d for c, d in zip(a, da, strict=True)]) >= least


def descends(data, w, a):
    """Whether L decreases along one of the explicit moves of one neuron, tried with exact small steps."""
    before, residuals = data.loss(w, a), data.residuals(w, a)
    for j, (row, c) in enumerate(zip(w, a, strict=True)):
        for v in data.extremal(data.pattern(row)):
            slope = data.pull_derivative(residuals, row, v)
            if not slope or (c and c * slope < 0):
                continue
            for power in (2, 8, 32, 128):
                step = Fraction(1, 2**power)
                moved = tuple(x + step * y for x, y in zip(row, v, strict=True))
                outer = c or (step**2 if slope > 0 else -(step**2))
                if data.loss([*w[:j], moved, *w[j + 1 :]], [*a[:j], outer, *a[j + 1 :]]) < before:
                    return True
    return False


@pytest.mark.parametrize(
    ("name", "width"),
    [
        *((name, 1) for name in SMALL),
        *((name, 2) for name in QUICKEST),
        *(pytest.param(name, 2, marks=pytest.mark.slow) for name in SMALL if name not in QUICKEST),
        *(pytest.param(*case, marks=pytest.mark.slow) for case in LARGE + LARGER),
    ],
)
def test_minima_are_minima_and_saddles_descend(name, width):
    data, generator = data_set(name), np.random.default_rng(5)
    for stratum in strata_of(name, width):
        w, a = stratum.sample_w, stratum.sample_a
        if stratum.kind in MINIMA:
            check_minimum(data, w, a, generator, 8)
            assert not descends(data, w, a)
        else:
            assert stratum.kind in SADDLES
            assert descends(data, w, a), stratum.label


@pytest.mark.parametrize(("name", "width"), EVERY)
def test_inertia_is_that_of_exact_second_differences(name, width):
    data = data_set(name)
    met = 0
    for stratum in strata_of(name, width):
        w, a = stratum.sample_w, stratum.sample_a
        if all("0" not in neuron.pattern for neuron in stratum.neurons):
            assert stratum.index is not None, stratum.label
        if stratum.index is None:
            assert stratum.inertia is None
            assert stratum.kind is not Kind.STRICT_SADDLE
            continue
        assert has_hessian(data, w, a), stratum.label
        found = inertia(hessian(data, w, a))
        assert stratum.index == found[0], stratum.label
        assert (stratum.kind is Kind.STRICT_SADDLE) == (stratum.index > 0), stratum.label
        if stratum.inertia is not None:
            assert (stratum.inertia.negative, stratum.inertia.zero, stratum.inertia.positive) == found, stratum.label
            # The stratum lies in the kernel, up to the directions in which an escape neuron's w may move.
            assert stratum.inertia.zero >= stratum.dimension - stratum.index
            met += 1
    assert met


def test_the_data_sets_meet_every_kind():
    kinds = Counter(stratum.kind for name in QUICK for stratum in strata_of(name, 2))
    assert min(kinds[kind] for kind in (*MINIMA, Kind.STRICT_SADDLE)) > 20
    assert kinds[Kind.UNDECIDED] == 0


def test_labels_are_readable_and_permanent():
    labels = [stratum.label for stratum in strata_of("toy", 2)]
    assert len(set(labels)) == len(labels)
    for stratum in strata_of("toy", 2):
        words = ".".join(neuron.code for neuron in stratum.neurons)
        assert stratum.label == f"{stratum.function}@2:{words}"
        assert list(stratum.neurons) == sorted(stratum.neurons)
