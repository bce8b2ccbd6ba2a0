"""A random sample of stored records, derived again by the naive implementations of the tests."""

from __future__ import annotations

import json
import random
import sqlite3
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from flint import fmpq
from oracles import dataset_naive, strata_hessian, strata_naive, teacher_dense_spectrum
from oracles.verified_database import verified_database

from catalog.query import open_catalog

INTERVALS = ("x2", "x")


@pytest.fixture(scope="module")
def built() -> Path:
    return verified_database()


def test_a_sample_of_interval_strata_agrees_with_the_naive_hessian(built: Path) -> None:
    with open_catalog(built) as opened:
        every = [row for name in INTERVALS for row in opened.strata(problem=name, width=2)]
    rows = [row for row in every if row["index"] is not None]
    source = random.Random(7)
    setting = {
        "x2": strata_hessian.Setting(strata_hessian.fmpq_poly([0, 0, 1]), fmpq(0), fmpq(1), fmpq(0)),
        "x": strata_hessian.Setting(strata_hessian.fmpq_poly([0, 1]), fmpq(0), fmpq(1), fmpq(0)),
    }
    for row in source.sample(rows, 12):
        sample = row["sample"]
        values = [as_fmpq(text) for part in "wbv" for text in sample[part]] + [as_fmpq(sample["c"])]
        point = strata_hessian.Point.of(values)
        where = setting[row["problem"]]
        assert all(abs(value) < fmpq(1, 10**25) for value in strata_hessian.gradient(where, point)), row["label"]
        inertia = strata_hessian.inertia_rounded(strata_hessian.hessian(where, point), fmpq(1, 10**20))
        assert inertia == (row["index"], row["nullity"], row["positive"]), row["label"]


def as_fmpq(text: str) -> fmpq:
    value = Fraction(text)
    return fmpq(value.numerator, value.denominator)


def test_a_sample_of_strata_of_a_data_set_agrees_with_the_naive_enumeration(built: Path) -> None:
    connection = sqlite3.connect(built)
    problem = json.loads(connection.execute("SELECT record FROM problems WHERE name = 'bpf-toy'").fetchone()[0])
    connection.close()
    inputs = [[Fraction(value) for value in row] for row in problem["inputs"]]
    data = dataset_naive.DataSet.of(inputs, map(Fraction, problem["targets"]), problem["bias"])
    naive = {(tuple(sorted(one.codes)), one.residuals): one for one in dataset_naive.configurations(data, 2)}
    with open_catalog(built) as opened:
        residuals = {
            row["label"]: tuple(map(Fraction, row["residuals"]))
            for row in opened.functions(problem="bpf-toy", width=2, notion="clarke")
        }
        rows = list(opened.strata(problem="bpf-toy", width=2, notion="clarke"))
    keys = [(tuple(sorted(one["code"] for one in row["neurons"])), residuals[row["function"]]) for row in rows]
    assert len(set(keys)) == len(keys)
    assert set(keys) == set(naive)
    for key, row in random.Random(3).sample(list(zip(keys, rows, strict=True)), 20):
        one = naive[key]
        assert (row["dimension"], row["orbit_size"]) == (one.dimension, one.orderings), row["label"]
        notions = row["stationarity"]
        assert (notions["directional"] == "yes") == one.directional
        # There a sample on a kink may be smooth, if its residual is 0.
        assert one.smooth or notions["smooth"] != "yes"


def test_strata_over_a_sample_of_functions_are_those_found_by_trial(built: Path) -> None:
    with open_catalog(built) as opened:
        functions = list(opened.functions(problem="x2", width=2, notion="clarke"))
        strata = list(opened.strata(problem="x2", width=2, notion="clarke"))
    setting = strata_hessian.Setting(strata_hessian.fmpq_poly([0, 0, 1]), fmpq(0), fmpq(1), fmpq(0))
    for row in random.Random(5).sample(functions, 3):
        kinks, slopes = (tuple(map(as_fmpq, row[part])) for part in ("kinks", "slopes"))
        function = strata_naive.PiecewiseFunction(setting, kinks, slopes, as_fmpq(row["offset"]))
        stored = {
            tuple(sorted(neuron["code"] for neuron in one["neurons"])): one["orbit_size"]
            for one in strata if one["function"] == row["label"]
        }
        assert stored == dict(strata_naive.Trials(function).assignments(2)), row["label"]


def test_a_sample_of_teacher_strata_has_the_loss_and_the_inertia_of_the_dense_hessian(built: Path) -> None:
    with open_catalog(built) as opened:
        losses = {row["label"]: float(row["loss"]["decimal"]) for row in opened.functions(problem="small")}
        rows = [row for row in opened.strata(problem="small") if row["index"] is not None]
    for row in random.Random(11).sample(rows, 8):
        weights = np.array([[float(value) for value in line] for line in row["sample"]["w"]])
        loss = teacher_dense_spectrum.loss(weights, 3)
        assert loss == pytest.approx(losses[row["function"]], abs=1e-12), row["label"]
        values = np.linalg.eigvalsh(teacher_dense_spectrum.hessian(weights, 3))
        signs = [int((values < -1e-8).sum()), int((abs(values) <= 1e-8).sum()), int((values > 1e-8).sum())]
        assert signs == [row["index"], row["nullity"], row["positive"]], row["label"]
