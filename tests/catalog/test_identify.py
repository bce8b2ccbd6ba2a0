"""Where given weights lie: strata by their own samples, what must be a no, and what must not matter."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from catalog.build import build, jobs_of
from catalog.errors import CatalogError
from catalog.problem_file import bundled_problem_files
from catalog.query import open_catalog

# The global minimum of x^2 at width 2: breakpoints 1/5 and 3/5, both "+".
BEST = {"w": ["1", "1"], "b": ["-1/5", "-3/5"], "v": ["4/5", "4/5"], "c": "1/75"}


@pytest.fixture(scope="module")
def opened(small_database: Path):
    with open_catalog(small_database) as catalog:
        yield catalog


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    path = tmp_path_factory.mktemp("toy") / "toy.sqlite"
    files = {file.stem: file for file in bundled_problem_files()}
    build(jobs_of([files["bpf-toy"]], 2), path)
    with open_catalog(path) as catalog:
        yield catalog


def floats(weights):
    if isinstance(weights, dict):
        return {key: floats(value) for key, value in weights.items() if not key.endswith("_exact")}
    return [floats(one) for one in weights] if isinstance(weights, list) else float(Fraction(weights))


def rescaled(weights, factors, order=None):
    """The same network: neurons rescaled and reordered."""
    outer = "v" if "v" in weights else "a"
    order = order or range(len(weights[outer]))
    result = {key: np.array(value, dtype=float) for key, value in weights.items()}
    for j, factor in enumerate(factors):
        for key in set(weights) - {outer, "c"}:
            result[key][j] *= factor
        result[outer][j] /= factor
    return {key: value[list(order)] if value.ndim else value for key, value in result.items()}


def test_the_exact_minimum_is_identified_with_a_bound_of_rounding_size(opened) -> None:
    answer = opened.identify("x2", BEST)
    assert (answer.status, answer.label) == ("identified", "x2:B.++.1@2:k1+p.k2+p")
    assert answer.bound < 1e-90
    assert answer.gradient_norm == 0
    assert answer.loss["decimal"].startswith("0.000142222222")
    assert answer.region == "x2@2:r:++"
    assert answer.complete["status"] == "proved"
    # Krawczyk: no other solution has its kinks near these.
    assert answer.isolation is not None
    assert answer.isolation >= 2**-8


@pytest.mark.slow
@pytest.mark.parametrize(("name", "width"), [("x2", 2), ("x", 2), ("x-leaky", 2)])
def test_the_sample_of_every_stratum_is_identified_as_its_stratum(opened, name: str, width: int) -> None:
    rows = opened.strata(problem=name, width=width, notion="clarke")
    for row in list(rows)[:: max(1, len(rows) // 25)]:
        answer = opened.identify(name, floats(row["sample"]))
        assert answer.label == row["label"]


def test_samples_of_a_data_set_are_identified(toy) -> None:
    rows = toy.strata(problem="bpf-toy", width=2)
    for row in list(rows)[:: max(1, len(rows) // 25)]:
        answer = toy.identify("bpf-toy", floats(row["sample"]))
        assert answer.label == row["label"]
        assert answer.bound < 1e-14


def test_order_and_scaling_do_not_matter(opened, toy) -> None:
    plain = floats(BEST)
    plain["b"][0] += 1e-7
    same = opened.identify("x2", plain)
    for factors in ((1e3, 1e-3), (7.0, 1e5)):
        moved = opened.identify("x2", rescaled(plain, factors, (1, 0)))
        assert moved.label == same.label == "x2:B.++.1@2:k1+p.k2+p"
        assert moved.bound == pytest.approx(same.bound, rel=1e-4)
        assert moved.normalized_gradient_norm == pytest.approx(same.normalized_gradient_norm, rel=1e-4)
    net = {"w": [[-1.0, 0.25], [0.5, -0.5]], "a": [1.0, -1.0]}
    label = toy.identify("bpf-toy", net).function
    assert toy.identify("bpf-toy", rescaled(net, (1e4, 1e-4), (1, 0))).function == label


def test_between_two_strata_is_a_no(opened) -> None:
    minima = [row for row in opened.strata(problem="x2", width=2) if row["label"].endswith(("k1+p.k2+p", "k1+p.k2-n"))]
    one, other = (floats(row["sample"]) for row in minima[:2])
    middle = {key: (np.array(one[key]) + np.array(other[key])) / 2 for key in one}
    answer = opened.identify("x2", middle)
    assert answer.status == "not_in_catalog"
    assert answer.label is None
    assert answer.gradient_norm > 1e-4
    assert "at least" in answer.reason


def test_a_wrong_digit_is_a_no_and_a_late_one_widens_the_bound(opened) -> None:
    wrong = dict(BEST, b=["-1/4", "-3/5"])
    assert opened.identify("x2", wrong).status == "not_in_catalog"
    late = opened.identify("x2", dict(BEST, b=["-1/5", "-600001/1000000"]))
    assert late.label == "x2:B.++.1@2:k1+p.k2+p"
    assert 1e-7 < late.bound < 1e-4


def test_an_almost_flat_neuron_leaves_the_stratum_open_and_an_exact_zero_does_not(opened) -> None:
    base = {"w": [1.0, 1.0], "b": [-1 / 3, -1 / 3], "v": [8 / 9, 0.0]}
    (row,) = [r for r in opened.strata(problem="x2", width=2) if r["label"] == "x2:B.+.1@2:k1+p.k1+z"]
    base = floats(row["sample"])
    exact = opened.identify("x2", base)
    assert exact.label == row["label"]
    assert exact.flat == [2]
    assert exact.duplicates == [[1, 2]]
    almost = opened.identify("x2", dict(base, v=[base["v"][0], 1e-13]))
    assert almost.status == "near_function"
    assert almost.function == "x2:B.+.1"
    assert row["label"] in {one["label"] for one in almost.candidates}


def test_dead_and_degenerate_neurons_are_reported(opened) -> None:
    dead = opened.identify("x", {"w": [1.0, 2.0], "b": [-2.0, -3.0], "v": [5.0, 1.0], "c": 0.5})
    assert dead.label == "x:B..1@2:dead.dead"
    assert dead.dead == [1, 2]
    assert dead.bound < 1e-100
    zero = opened.identify("x", {"w": [0.0, 2.0], "b": [0.0, -3.0], "v": [0.0, 1.0], "c": 0.5})
    assert zero.label == "x:B..1@2:dead.zero"
    assert zero.degenerate == [1]
    end = opened.identify("x", {"w": [1.0, 2.0], "b": [-1.0, -3.0], "v": [-5.0, 1.0], "c": 0.5})
    assert end.label == "x:B..1@2:lb+n.dead"


def test_networks_that_fit_an_affine_target_are_the_one_stratum(opened) -> None:
    answer = opened.identify("x", {"w": [1.0, 1.0], "b": [0.5, -2.0], "v": [1.0, 3.0], "c": -0.5})
    assert answer.label == "x:A.0.1@2:all"
    assert answer.loss["decimal"] == "0"
    assert answer.bound == 0
    near = opened.identify("x", {"w": [1.0, 1.0], "b": [0.5, -2.0], "v": [1.0000001, 3.0], "c": -0.5})
    assert near.label == "x:A.0.1@2:all"
    assert 0 < near.bound < 1e-6


def test_a_width_that_is_not_surveyed_is_matched_by_function_only(opened) -> None:
    wide = {"w": ["1"] * 5, "b": ["-1/5", "-3/5", "-2", "-2", "-2"], "v": ["4/5", "4/5", "1", "1", "1"], "c": "1/75"}
    answer = opened.identify("x2", wide)
    assert answer.status == "near_function"
    assert answer.function == "x2:B.++.1"
    assert answer.label is None
    assert answer.complete["status"] == "undecided"
    assert answer.complete["reason"] == "not surveyed"


def test_numbers_at_the_ends_of_floats_do_no_harm(opened) -> None:
    tiny = opened.identify("x2", {"w": [5e-324], "b": [-1e-300], "v": [1e59], "c": 0.0})
    assert tiny.status == "not_in_catalog"
    huge = opened.identify("x2", {"w": [1e59], "b": [-1e59], "v": [-1e59], "c": 1e59})
    assert json.dumps(huge.as_json(), allow_nan=False)


def test_the_command_prints_a_table_or_json_and_refuses_in_one_line(saddlery, small_database, tmp_path) -> None:
    file = tmp_path / "weights.json"
    file.write_text(json.dumps(BEST))
    table = saddlery("identify", "x2", str(file), "--db", str(small_database))
    assert table.code == 0
    assert table.out.startswith("identified: x2:B.++.1@2:k1+p.k2+p\n")
    assert "neuron 2" in table.out
    answer = json.loads(saddlery("identify", "x2", str(file), "--format", "json", "--db", str(small_database)).out)
    assert answer["status"] == "identified"
    assert [one["role"] for one in answer["neurons"]] == ["k1+p", "k2+p"]
    file.write_text('{"w": [1, 2], "b": [1], "v": [1], "c": 0}')
    assert saddlery("identify", "x2", str(file), "--db", str(small_database)).is_refused()
    assert saddlery("identify", "nosuch", str(file), "--db", str(small_database)).is_refused()


def test_weights_of_another_family_are_refused(opened) -> None:
    with pytest.raises(CatalogError, match="unknown key"):
        opened.identify("x2", {"w": [[1.0]], "a": [1.0]})
