"""The oracles of the data-set family agree with each other and with reference values; the package is not involved."""

from __future__ import annotations

import json
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from oracles.dataset_exact import dot
from oracles.dataset_hessian import hessian, inertia
from oracles.dataset_naive import LETTER, DataSet, configurations
from oracles.dataset_orthogonal import Orthogonal
from oracles.dataset_problems import DATA_SETS, QUICKEST, SMALL, data_set

REFERENCE = json.loads((Path(__file__).parents[2] / "ground_truth" / "dataset.json").read_text())
COUNTS = REFERENCE["strata_counts"]
COUNT_NAMES = [f"{''.join('+' if s > 0 else '-' for s in entry['label_signs'])}-{entry['width']}" for entry in COUNTS]


def unit_vectors(signs):
    """Orthonormal inputs with labels of these signs."""
    return [[int(i == j) for j in range(len(signs))] for i in range(len(signs))]


@pytest.mark.parametrize("entry", COUNTS, ids=COUNT_NAMES)
def test_closed_form_counts_are_the_reference_counts(entry):
    signs = entry["label_signs"]
    total, inside, by_fit = Orthogonal.of(unit_vectors(signs), signs).counts(entry["width"])
    assert total == entry["total"]
    assert inside == entry["total_in_open_regions"]
    assert by_fit == entry["by_fit_set"]


@pytest.mark.parametrize(
    "entry", [e for e in COUNTS if e["n"] * e["width"] <= 4], ids=lambda e: f"{e['label_signs']}-{e['width']}"
)
def test_trial_of_all_configurations_gives_the_reference_counts(entry):
    signs = entry["label_signs"]
    found = Counter()
    for one in configurations(DataSet.of(unit_vectors(signs), signs), entry["width"]):
        word = {"saddle": "saddle", "minimum": "local_min" if one.loss else "global_min"}.get(one.kind, "descent")
        found[word] += one.orderings
    assert found.pop("descent") > 0
    assert found == entry["total"]


def ids(samples):
    return frozenset(k - 1 for k in samples)


@pytest.mark.parametrize("name", sorted(REFERENCE["orthogonal"]))
def test_closed_form_nodes_edges_and_chain_are_the_reference_ones(name):
    entry = REFERENCE["orthogonal"][name]
    data = Orthogonal.of(entry["x"], entry["y"])
    everything = frozenset(range(data.size))
    assert data.squared_rate(ids([k + 1 for k in everything if data.targets[k] > 0])) == Fraction(entry["D_plus_sq"])
    for node in entry["nodes"]:
        fit = ids(node["fit"])
        assert data.loss(fit) == Fraction(node["loss"])
        assert data.signs(fit) == node["min_active_neurons"]
        assert [data.squared_variation(fit, s) for s in (1, -1)] == list(map(Fraction, node["sum_sq_min_variation"]))
        for word, sign in (("plus", 1), ("minus", -1)):
            rest = frozenset(k for k in everything - fit if data.sign(k) == sign)
            rate = node[f"escape_rate_sq_{word}"]
            assert (data.squared_rate(rest) if rest else None) == (None if rate is None else Fraction(rate))
    edges = {
        (ids(e["frm"]), ids(e["to"]), e["sign"], Fraction(e["rate_sq"]), e["maximal"]) for e in entry["edges"]
    }
    assert data.transitions() == edges
    inputs = [tuple(map(Fraction, row)) for row in entry["x"]]
    covered = [
        frozenset(
            k
            for k, x in enumerate(inputs)
            if dot(list(map(Fraction, start["g"])), x) > 0 and start["sign"] == data.sign(k)
        )
        for start in entry["init"]
    ]
    predicted = entry["predicted"]
    assert covered == [ids(block) for block in predicted["active_sets"]]
    chain = data.chain(covered)
    assert chain.fit == ids(predicted["final_fit"])
    assert len(chain.steps) == len(predicted["path"])
    for step, reference in zip(chain.steps, predicted["path"], strict=True):
        assert step.tau == pytest.approx(reference["tau"], rel=1e-12)
        assert [j + 1 for j in step.neurons] == reference["neurons"]
        assert list(step.squared_rates) == list(map(Fraction, reference["rate_sq"]))
        assert (step.before, step.after) == (ids(reference["frm"]), ids(reference["to"]))
        assert step.loss_before == Fraction(reference["loss_before"])
        assert step.loss_after == Fraction(reference["loss_after"])


def test_the_wide_chain_of_the_toy():
    chain = Orthogonal.of([["-1/2", 1], [2, 1]], [-1, 1]).wide_chain()
    assert [step.loss_after for step in chain.steps] == [Fraction(1, 4), 0]
    assert [step.tau for step in chain.steps] == pytest.approx([2 / 5**0.5, 4 / 5**0.5])
    assert chain.variation == pytest.approx(1.3416407864998738)


@pytest.mark.parametrize("name", sorted(REFERENCE["scalar_with_bias"]))
@pytest.mark.parametrize("width", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_trial_of_all_configurations_gives_the_reference_losses(name, width):
    entry = REFERENCE["scalar_with_bias"][name]
    data = DataSet.of([[x] for x in entry["x"]], entry["y"], bias=True)
    found = {
        one.residuals
        for one in configurations(data, width)
        if one.directional and all("+" in code and code[-1] != "z" for code in one.codes)
    }
    assert found == {tuple(map(Fraction, r)) for level in entry["widths"][str(width)] for r in level["residuals"]}


@pytest.mark.parametrize(
    "name", [*QUICKEST, *(pytest.param(n, marks=pytest.mark.slow) for n in SMALL if n not in QUICKEST)]
)
def test_samples_of_the_trials_are_what_they_claim(name):
    data = data_set(name)
    generator = np.random.default_rng(8)
    for width in (1, 2):
        for one in configurations(data, width):
            assert data.residuals(one.w, one.a) == one.residuals
            neurons = zip(one.w, one.a, strict=True)
            assert sorted(data.pattern(row) + LETTER[int(c)] for row, c in neurons) == list(one.codes)
            slopes = []
            for _ in range(3):
                dw = [[Fraction(int(v)) for v in generator.integers(-3, 4, data.dimension)] for _ in range(width)]
                da = [Fraction(int(v)) for v in generator.integers(-3, 4, width)]
                slopes.append(data.loss_derivative(one.w, one.a, dw, da))
            if one.directional:
                assert min(slopes) >= 0
            if one.smooth:
                assert not any(slopes)


def test_inertia_of_known_matrices():
    assert inertia([[Fraction(v) for v in row] for row in ((0, 1), (1, 0))]) == (1, 0, 1)
    assert inertia([[Fraction(v) for v in row] for row in ((1, 2, 0), (2, 4, 0), (0, 0, -3))]) == (1, 1, 1)
    assert inertia([[Fraction(0)]]) == (0, 1, 0)


def test_second_differences_are_the_second_derivatives():
    data = data_set("plane")
    w, a = [(Fraction(1), Fraction(1, 3)), (Fraction(-1, 2), Fraction(2))], (Fraction(1, 2), Fraction(-2))
    matrix = hessian(data, w, a)
    step = Fraction(1, 10**6)
    generator = np.random.default_rng(3)
    for _ in range(5):
        move = [Fraction(int(v)) for v in generator.integers(-2, 3, 6)]

        def at(t, move=move):
            rows = [tuple(w[j][i] + t * move[2 * j + i] for i in range(2)) for j in range(2)]
            return data.loss(rows, [a[j] + t * move[4 + j] for j in range(2)])

        quadratic = sum(move[i] * matrix[i][j] * move[j] for i in range(6) for j in range(6))
        assert abs((at(step) + at(-step) - 2 * at(Fraction(0))) / step**2 - quadratic) < Fraction(1, 10**6)


def test_the_problems_are_as_degenerate_as_they_should_be():
    assert len(DATA_SETS) > 30
    kinds = Counter(one.kind for name in SMALL for one in configurations(data_set(name), 1))
    assert min(kinds[word] for word in ("minimum", "saddle", "descent")) > 20
