"""`follow`: runs of every family, what does not matter of them, and files that are no runs."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Command, Outcome, write_problem
from numpy.typing import NDArray

from catalog.build import build, jobs_of
from catalog.follow import follow, follow_text
from catalog.query import open_catalog
from catalog.trajectory import read_trajectory
from catalog.transitions import build_transitions
from symbolic.dataset.problem import DatasetProblem
from symbolic.flow.gradient_flow import integrate
from symbolic.flow.initialization import balanced
from symbolic.flow.interval_field import IntervalField
from symbolic.interval.problem import IntervalProblem
from symbolic.teacher.dense import float_gradient

FloatArray = NDArray[np.float64]
Answer = dict[str, Any]

TOY = """name = "toy"
family = "dataset"
inputs = [["-1/2"], ["2"]]
targets = ["-1", "1"]
bias = true
width = 2
"""

THREE = """name = "three"
family = "dataset"
inputs = [["1", "0", "0"], ["0", "2", "0"], ["0", "0", "1"]]
targets = ["1", "1/2", "-2"]
width = 2
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """toy and three up to width 2, parabola up to width 2 with its transitions at width 1."""
    folder = tmp_path_factory.mktemp("follow")
    files = [write_problem(folder, "parabola")]
    for name, text in (("toy", TOY), ("three", THREE)):
        files.append(folder / f"{name}.toml")
        files[-1].write_text(text)
    jobs = jobs_of(files, None)
    build(jobs, folder / "catalog.sqlite")
    build_transitions(jobs, folder / "catalog.sqlite", 1)
    return folder / "catalog.sqlite"


def written(path: Path, **arrays: Any) -> Path:
    """A file of JSON lines of arrays stacked over time."""
    columns = {key: np.asarray(array).tolist() for key, array in arrays.items()}
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def followed(database: Path, problem: str, path: Path, **options: Any) -> Answer:
    with open_catalog(database) as opened:
        return follow(opened, problem, str(path), **options)


def small_run(problem: DatasetProblem, directions: list[list[int]], signs: list[int]) -> dict[str, Any]:
    """The flow from small balanced weights."""
    start = balanced([tuple(map(Fraction, one)) for one in directions], signs, "1e-5")
    run = integrate(problem.samples, problem.targets, start.inner, start.outer, 300.0)
    return {"t": run.times, "w": run.inner, "a": run.outer}


def toy() -> DatasetProblem:
    return DatasetProblem("toy", ((Fraction(-1, 2),), (Fraction(2),)), (Fraction(-1), Fraction(1)), bias=True)


def three() -> DatasetProblem:
    rows = tuple(tuple(map(Fraction, row)) for row in ((1, 0, 0), (0, 2, 0), (0, 0, 1)))
    return DatasetProblem("three", rows, (Fraction(1), Fraction(1, 2), Fraction(-2)))


def interval_run(state: FloatArray, width: int, steps: int = 20_000) -> dict[str, Any]:
    """Gradient descent for x^2 on [0, 1]."""
    field = IntervalField(IntervalProblem.from_text("parabola", "x**2"), width)
    states = []
    for step in range(steps + 1):
        if step % 20 == 0:
            states.append(state.copy())
        state = state - 0.2 * field.gradient(state)
    parts = np.array(states)
    w, b, v = (parts[:, i * width : (i + 1) * width] for i in range(3))
    return {"t": 4.0 * np.arange(len(parts)), "w": w, "b": b, "v": v, "c": parts[:, -1]}


def test_orthogonal_data_visit_the_chain_in_order(database: Path, tmp_path: Path) -> None:
    # The patterns are -+ and +- from the start.
    run = small_run(toy(), [[1, 0], [-1, 0]], [1, -1])
    answer = followed(database, "toy", written(tmp_path / "run.jsonl", **run))
    assert [row["function"] for row in answer["passages"]] == ["toy:0.1", "toy:1.2", "toy:2.1"]
    assert [row["stratum"] for row in answer["passages"]] == [
        "toy:0.1@2:00z.00z", "toy:1.2@2:-+p.00z", "toy:2.1@2:+-n.-+p"
    ]
    assert [row["kind"] for row in answer["passages"]] == ["saddle", "saddle", "global_minimum"]
    prediction = answer["prediction"]
    assert (prediction["kind"], prediction["agrees"], prediction["evidence"]) == ("chain", True, "proved")
    assert answer["rigor"] == "numerical"
    assert answer["plateaus"] == []
    for row in answer["passages"]:
        assert row["first"] <= row["closest"] <= row["last"]
        assert row["distance"] <= row["reach"]
        assert row["parameter_distance"] < 0.05
        assert abs(row["loss_above"]) < 0.02
    last = answer["passages"][-1]
    assert last["last"] == run["t"][-1]
    assert last["parameter_distance"] < 1e-5


def test_a_narrow_network_has_a_chain_of_its_own(database: Path, tmp_path: Path) -> None:
    # Only the negative sample and sample 1 have a neuron: sample 2 stays unfit.
    run = small_run(three(), [[1, -1, -1], [-1, -1, 2]], [1, -1])
    answer = followed(database, "three", written(tmp_path / "run.jsonl", **run))
    visited = [row["function"] for row in answer["passages"]]
    assert answer["prediction"]["functions"] == visited
    assert answer["prediction"]["agrees"]
    assert len(visited) == 3
    assert answer["passages"][-1]["loss"] == pytest.approx(1 / 24, rel=1e-3)
    with open_catalog(database) as opened:
        fits = {row["label"]: row["fit"] for row in opened.functions(problem="three")}
    assert [fits[label] for label in visited] == [[], [3], [1, 3]]


def test_an_initialization_that_is_not_small_leaves_the_chain(database: Path, tmp_path: Path) -> None:
    run = small_run(toy(), [[1, 2], [-1, 3]], [1, -1])
    cut = {key: array[len(array) * 3 // 4 :] for key, array in run.items()}
    answer = followed(database, "toy", written(tmp_path / "run.jsonl", **cut))
    assert not answer["prediction"]["agrees"]
    assert "does not pass toy:0.1" in answer["prediction"]["lines"][0]


def test_an_interval_run_from_a_saddle_ends_in_a_minimum(database: Path, tmp_path: Path) -> None:
    # Both neurons at the best single kink 1/3: one of them is the saddle's, with v = 0.
    start = np.array([1.15, 0.02, -0.3834, -0.015, 1.15, 1e-3, 1 / 27])
    answer = followed(database, "parabola", written(tmp_path / "run.jsonl", **interval_run(start, 2)))
    first, last = answer["passages"][0], answer["passages"][-1]
    assert (first["function"], first["stratum"]) == ("parabola:B.+.1", "parabola:B.+.1@2:k1+p.zero")
    assert first["kind"] == "saddle"
    assert first["first"] == 0
    assert last["kind"] in ("local_minimum", "global_minimum")
    assert last["function"] != first["function"]
    assert last["last"] == 4000.0
    assert last["distance"] < 1e-3
    assert last["parameter_distance"] < 1e-2
    assert abs(last["loss_above"]) < 1e-6
    assert answer["prediction"]["kind"] is None
    assert "no transitions" in answer["prediction"]["lines"][0]


def test_stored_transitions_are_the_prediction_of_an_interval_run(database: Path, tmp_path: Path) -> None:
    # From f = mean with a small neuron to an affine or kinked fit.
    start = np.array([1e-3, 1e-3, 1.5e-3, 1 / 3])
    answer = followed(database, "parabola", written(tmp_path / "run.jsonl", **interval_run(start, 1)))
    assert len(answer["passages"]) == 2
    assert answer["passages"][0]["function"] == "parabola:B..1"
    prediction = answer["prediction"]
    assert prediction["kind"] == "transitions"
    with open_catalog(database) as opened:
        pairs = {
            (row["source"].partition("@")[0], row["target"].partition("@")[0])
            for row in opened.transitions(problem="parabola", width=1) if row["target"]
        }
    made = tuple(row["function"] for row in answer["passages"])
    assert prediction["agrees"] == (made in pairs)
    assert prediction["agrees"]


def test_a_width_that_is_not_surveyed_is_compared_by_functions(database: Path, tmp_path: Path) -> None:
    run = small_run(toy(), [[1, 2], [-1, 3], [-1, -1]], [1, -1, 1])
    answer = followed(database, "toy", written(tmp_path / "run.jsonl", **run))
    assert [row["function"] for row in answer["passages"]] == ["toy:0.1", "toy:1.2", "toy:2.1"]
    assert {row["stratum"] for row in answer["passages"]} == {None}
    assert answer["strata"] == "the strata of width 3 are not known"
    assert answer["complete"]["status"] == "undecided"
    narrow = {"w": np.array(run["w"])[:, :1], "a": np.array(run["a"])[:, :1]}
    alone = followed(database, "toy", written(tmp_path / "narrow.jsonl", **narrow))
    assert alone["complete"]["status"] == "proved"
    asked = followed(database, "toy", tmp_path / "run.jsonl", width=1)
    assert "toy:2.1" not in [row["function"] for row in asked["passages"]]


def test_a_plateau_near_nothing_known_is_told(database: Path, tmp_path: Path) -> None:
    # Width 1 knows no function that fits both samples.
    run = small_run(toy(), [[1, 2], [-1, 3]], [1, -1])
    answer = followed(database, "toy", written(tmp_path / "run.jsonl", **run), width=1)
    assert answer["plateaus"][-1]["loss"] < 1e-6
    with open_catalog(database) as opened:
        text = follow_text(opened, "toy", str(tmp_path / "run.jsonl"), "table", width=1)
    assert "near no known critical function: a plateau at" in text


Gauge = Callable[[np.random.Generator, dict[str, Any]], dict[str, Any]]


def rescaled(rng: np.random.Generator, run: dict[str, Any]) -> dict[str, Any]:
    """Neurons permuted and rescaled, at each time in another way."""
    outer = "a" if "a" in run else "v"
    count, width = np.shape(run[outer])
    factors = np.exp(2 * rng.normal(size=(count, width)))
    orders = rng.permuted(np.tile(np.arange(width), (count, 1)), axis=1)
    changed = {}
    for key, array in run.items():
        values = np.asarray(array)
        if key in ("t", "c"):
            changed[key] = values
            continue
        scale = 1 / factors if key == outer else factors
        shape = (count, width) + (1,) * (values.ndim - 2)
        changed[key] = np.take_along_axis(values * scale.reshape(shape), orders.reshape(shape), axis=1)
    return changed


@pytest.mark.parametrize("name", ["toy", "parabola"])
def test_permuting_and_rescaling_changes_nothing(database: Path, tmp_path: Path, name: str) -> None:
    if name == "toy":
        run = small_run(toy(), [[1, 2], [-1, 3]], [1, -1])
    else:
        run = interval_run(np.array([1.15, 0.02, -0.3834, -0.015, 1.15, 1e-3, 1 / 27]), 2)
    before = followed(database, name, written(tmp_path / "run.jsonl", **run))
    changed = rescaled(np.random.default_rng(7), run)
    np.savez(tmp_path / "run.npz", **changed)
    after = followed(database, name, tmp_path / "run.npz")
    assert len(before["passages"]) == len(after["passages"]) > 1
    for one, other in zip(before["passages"], after["passages"], strict=True):
        for key, value in one.items():
            assert other[key] == (pytest.approx(value, rel=1e-5, abs=1e-9) if isinstance(value, float) else value)
    assert before["prediction"] == after["prediction"]


def test_layers_of_frameworks_have_axes_of_length_1(tmp_path: Path) -> None:
    np.savez(tmp_path / "run.npz", w=np.ones((5, 3, 1)), b=np.ones((5, 3)), v=np.ones((5, 1, 3)), c=np.ones((5, 1)))
    run = read_trajectory(tmp_path / "run.npz", "interval", 1)
    assert run.width == 3
    assert {key: array.shape for key, array in run.parameters.items()} == {
        "w": (5, 3), "b": (5, 3), "v": (5, 3), "c": (5,)
    }
    assert run.times.tolist() == [0, 1, 2, 3, 4]
    assert not run.timed


def test_arrays_in_fortran_order_are_read_right(tmp_path: Path) -> None:
    weights = np.asfortranarray(np.random.default_rng(0).normal(size=(4, 3, 2)))
    np.savez_compressed(tmp_path / "run.npz", w=weights, a=np.ones((4, 3), dtype=np.float32))
    assert (read_trajectory(tmp_path / "run.npz", "dataset", 2).parameters["w"] == weights).all()


def test_table_and_json_of_the_command(database: Path, tmp_path: Path, saddlery: Command) -> None:
    path = written(tmp_path / "run.jsonl", **small_run(toy(), [[1, 2], [-1, 3]], [1, -1]))
    done = saddlery("follow", "toy", str(path), "--db", str(database))
    assert (done.code, done.err) == (0, "")
    assert "toy:1.2   @2:-+p.00z  saddle" in done.out
    assert "toy:0.1 -> toy:1.2 -> toy:2.1; the run passes them in this order" in done.out
    assert "\nnumerical; near: " in done.out
    told = json.loads(saddlery("follow", "toy", str(path), "--db", str(database), "--format", "json").out)
    assert told == json.loads(json.dumps(followed(database, "toy", path)))


GOOD = '{"w": [[1, 2], [3, 4]], "a": [1, 2]}\n'

HOSTILE = {
    "empty": "",
    "blank": "\n\n  \n",
    "nan": GOOD + '{"w": [[1, 2], [NaN, 4]], "a": [1, 2]}\n',
    "infinity": GOOD + '{"w": [[1, 2], [-Infinity, 4]], "a": [1, 2]}\n',
    "overflow": GOOD + '{"w": [[1, 2], [1e999, 4]], "a": [1, 2]}\n',
    "large": GOOD + '{"w": [[1, 2], [1e200, 4]], "a": [1, 2]}\n',
    "long integer": GOOD + '{"w": [[1, 2], [' + "9" * 400 + ', 4]], "a": [1, 2]}\n',
    "longest integer": GOOD + '{"w": [[1, 2], [' + "9" * 9000 + ', 4]], "a": [1, 2]}\n',
    "ragged": '{"w": [[1, 2], [3]], "a": [1, 2]}\n',
    "other width": GOOD + '{"w": [[1, 2]], "a": [1]}\n',
    "other count": '{"w": [[1, 2], [3, 4]], "a": [1, 2, 3]}\n',
    "other dimension": '{"w": [[1, 2, 3], [3, 4, 5]], "a": [1, 2]}\n',
    "flat": '{"w": [1, 2, 3, 4], "a": [1, 2]}\n',
    "no neurons": '{"w": [], "a": []}\n',
    "missing key": '{"w": [[1, 2], [3, 4]]}\n',
    "unknown key": '{"w": [[1, 2], [3, 4]], "a": [1, 2], "loss": 3}\n',
    "keys of another family": '{"w": [1, 2], "b": [3, 4], "v": [1, 2], "c": 0}\n',
    "key twice": '{"w": [[1, 2], [3, 4]], "a": [1, 2], "a": [1, 3]}\n',
    "keys change": GOOD + '{"t": 1, "w": [[1, 2], [3, 4]], "a": [1, 2]}\n',
    "text": '{"w": [["1", 2], [3, 4]], "a": [1, 2]}\n',
    "null": '{"w": [[null, 2], [3, 4]], "a": [1, 2]}\n',
    "truth": '{"w": [[true, 2], [3, 4]], "a": [1, 2]}\n',
    "object": '{"w": {"0": [1, 2]}, "a": [1, 2]}\n',
    "list": "[[1, 2], [3, 4]]\n",
    "number": "17\n",
    "not JSON": GOOD + "w = 3\n",
    "cut off": GOOD + '{"w": [[1, 2], [3',
    "deep": "[" * 100_000 + "\n",
    "falling times": '{"t": 2, "w": [[1, 2], [3, 4]], "a": [1, 2]}\n{"t": 1, "w": [[1, 2], [3, 4]], "a": [1, 2]}\n',
    "lists of times": '{"t": [2], "w": [[1, 2], [3, 4]], "a": [1, 2]}\n',
    "infinite time": '{"t": 1e999, "w": [[1, 2], [3, 4]], "a": [1, 2]}\n',
}


def refused(saddlery: Command, database: Path, path: Path) -> Outcome:
    return saddlery("follow", "toy", str(path), "--db", str(database))


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_file_that_is_no_run_is_refused(name: str, database: Path, tmp_path: Path, saddlery: Command) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text(HOSTILE[name])
    done = refused(saddlery, database, path)
    assert done.is_refused(), done
    assert len(done.err) < 400


def archive(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as written_archive:
        for name, data in members.items():
            written_archive.writestr(f"{name}.npy", data)
    return out.getvalue()


def array_bytes(array: Any, *, objects: bool = False) -> bytes:
    out = io.BytesIO()
    np.save(out, np.asarray(array), allow_pickle=objects)
    return out.getvalue()


class Trap:
    """Unpickling it fails the test."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("a pickle was read",))


def bad_archives() -> dict[str, bytes]:
    w, a = array_bytes(np.ones((3, 2, 2))), array_bytes(np.ones((3, 2)))
    header = array_bytes(np.ones((3, 2, 2)))
    whole = archive(w=w, a=a)
    return {
        "binary": bytes(range(256)) * 20,
        "zeros": b"\0" * 1000,
        "pickle": pickle.dumps(Trap()),
        "pickled array": archive(w=array_bytes(np.array([Trap()], dtype=object), objects=True), a=a),
        "cut archive": whole[:-60],
        "damaged archive": whole.replace(b"\x00\x00\xf0?", b"\x01\x00\xf0?", 1),
        "no array": archive(w=b"hello", a=a),
        "short array": archive(w=header[:-8], a=a),
        "lying header": archive(w=header.replace(b"(3, 2, 2)", b"(9, 9, 9)"), a=a),
        "missing array": archive(w=w),
        "other times": archive(w=w, a=array_bytes(np.ones((4, 2)))),
        "no times": archive(w=array_bytes(np.ones((0, 2, 2))), a=array_bytes(np.ones((0, 2)))),
        "scalar": archive(w=array_bytes(1.0), a=a),
        "complex": archive(w=array_bytes(np.ones((3, 2, 2)) * 1j), a=a),
        "nan": archive(w=array_bytes(np.full((3, 2, 2), np.nan)), a=a),
        "empty zip": b"PK\x05\x06" + b"\0" * 18,
    }


@pytest.mark.parametrize("name", sorted(bad_archives()))
def test_an_archive_that_is_no_run_is_refused(name: str, database: Path, tmp_path: Path, saddlery: Command) -> None:
    path = tmp_path / "run.npz"
    path.write_bytes(bad_archives()[name])
    done = refused(saddlery, database, path)
    assert done.is_refused(), done


def test_what_is_too_large_is_refused_before_it_is_read(
    database: Path, tmp_path: Path, saddlery: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "huge.jsonl"
    with path.open("wb") as file:
        file.truncate(2_000_000_000)
    assert refused(saddlery, database, path).is_refused()
    monkeypatch.setattr("catalog.trajectory.MAXIMAL_BYTES", 1000)
    bomb = io.BytesIO()
    np.savez_compressed(bomb, w=np.zeros((50, 2, 2)), a=np.zeros((50, 2)))
    assert len(bomb.getvalue()) < 1000
    (tmp_path / "bomb.npz").write_bytes(bomb.getvalue())
    done = refused(saddlery, database, tmp_path / "bomb.npz")
    assert done.is_refused()
    assert "more than 1000" in done.err


def test_other_bad_questions(database: Path, tmp_path: Path, saddlery: Command) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text(GOOD)
    assert refused(saddlery, database, tmp_path / "nothing.jsonl").is_refused()
    assert refused(saddlery, database, tmp_path).is_refused()
    for arguments in (("nobody", path), ("toy", path, "--width", "0"), ("toy", path, "--format", "xml")):
        assert saddlery("follow", *map(str, arguments), "--db", str(database)).is_refused()


def test_a_problem_that_was_not_built_is_followed_near_nothing(
    database: Path, tmp_path: Path, saddlery: Command
) -> None:
    problem, path = tmp_path / "new.toml", written(tmp_path / "run.jsonl", w=[[1.0, 2.0]] * 3, b=[[0.5, 0.1]] * 3,
                                                   v=[[1.0, 1.0]] * 3, c=[0.0] * 3)
    problem.write_text('name = "new"\nfamily = "interval"\ntarget = "x**3"\n')
    done = saddlery("follow", str(problem), str(path), "--db", str(database))
    assert done.code == 0
    assert "near no known critical function" in done.out
    assert "undecided: not surveyed" in done.out


def test_one_time_is_a_run(database: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text('{"w": [[0, 0], [0, 0]], "a": [0, 0]}\n')
    answer = followed(database, "toy", path)
    assert [row["stratum"] for row in answer["passages"]] == ["toy:0.1@2:00z.00z"]
    assert answer["passages"][0]["parameter_distance"] == 0
    assert answer["prediction"]["agrees"] is None


@pytest.mark.slow
def test_a_teacher_run_ends_at_the_teacher(tmp_path: Path) -> None:
    problem, database = tmp_path / "three.toml", tmp_path / "catalog.sqlite"
    problem.write_text('name = "teacher3"\nfamily = "teacher"\nk = 3\nisotropy = [[3]]\n')
    build(jobs_of([problem], None), database)
    rng = np.random.default_rng(3)
    weights, run = 0.3 * rng.normal(size=(3, 3)), []
    for step in range(3001):
        if step % 10 == 0:
            run.append(weights)
        weights = weights - 0.2 * float_gradient(weights, 3)
    one = followed(database, "teacher3", written(tmp_path / "run.jsonl", w=run))
    permuted = np.array(run)[:, rng.permutation(3)][:, :, rng.permutation(3)]
    other = followed(database, "teacher3", written(tmp_path / "permuted.jsonl", w=permuted))
    for answer in (one, other):
        last = answer["passages"][-1]
        assert last["kind"] == "global_minimum"
        assert last["parameter_distance"] < 1e-5
        assert last["last"] == 300
        assert answer["prediction"]["kind"] is None
    assert [row["stratum"] for row in one["passages"]] == [row["stratum"] for row in other["passages"]]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["toy", "three", "parabola"])
def test_every_stored_sample_lies_in_a_stratum_over_its_function(database: Path, tmp_path: Path, name: str) -> None:
    """At distance 0; the stratum named may be another one, with the sample in its closure or equal up to a = 0."""
    with open_catalog(database) as opened:
        strata = list(opened.strata(problem=name, width=2, notion="clarke"))[::8]
        assert len(strata) >= 10
        for row in strata:
            run = {
                key: [[[float(Fraction(one)) for one in part] for part in value]]
                if key == "w" and isinstance(value[0], list)
                else [[float(Fraction(one)) for one in value] if isinstance(value, list) else float(Fraction(value))]
                for key, value in row["sample"].items()
                if not key.endswith("_exact")
            }
            (found,) = follow(opened, name, str(written(tmp_path / "run.jsonl", **run)))["passages"]
            assert found["function"] == row["function"]
            assert found["stratum"].partition("@")[0] == row["function"]
            assert found["distance"] < 1e-9
            assert found["parameter_distance"] < 1e-8
            assert found["gradient_norm"] < 1e-9
