"""Pictures of critical functions and strata: what is drawn is what is recorded, and nothing covers anything."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from conftest import write_problem
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from catalog.build import build, jobs_of
from catalog.errors import CatalogError
from catalog.function_plot import write_plot
from catalog.picture_file import SETTINGS
from catalog.problem_file import bundled_problem_files
from catalog.query import Catalog, open_catalog

HOMES = ("catalog.interval.plot", "catalog.dataset.plot", "catalog.teacher.plot")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """x2, x-leaky and the data sets zigzag4 and xor at width 2, a teacher of 6, 7 inputs and 6 students, and the
    quadratic activation."""
    folder = tmp_path_factory.mktemp("plots")
    path = folder / "plots.sqlite"
    files = {file.stem: file for file in bundled_problem_files()}
    teacher = folder / "six.toml"
    teacher.write_text('name = "six"\nfamily = "teacher"\nk = 6\ninputs = 7\nisotropy = [[6]]\n')
    square = write_problem(folder, "square", "x", activation='"quadratic"')
    build(jobs_of([files[name] for name in ("x2", "x-leaky", "zigzag4", "xor")], 2), path)
    build(jobs_of([teacher, square], None), path)
    return path


@pytest.fixture
def opened(database: Path) -> Iterator[Catalog]:
    with open_catalog(database) as catalog:
        yield catalog


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The figures that are drawn, which are not written."""
    kept: list[Any] = []

    @contextmanager
    def keep(path: Path, width: float, height: float) -> Iterator[Any]:
        with mpl.rc_context(SETTINGS):
            kept.append(Figure(figsize=(width, height), layout="constrained"))
            yield kept[-1]

    for home in HOMES:
        monkeypatch.setattr(f"{home}.picture", keep)
    return kept


def line_called(axes: Any, label: str) -> tuple[np.ndarray, np.ndarray]:
    (line,) = [line for line in axes.lines if line.get_label() == label]
    return np.asarray(line.get_xdata(), dtype=float), np.asarray(line.get_ydata(), dtype=float)


def network(stratum: dict[str, Any], xs: np.ndarray, leak: float = 0.0) -> np.ndarray:
    sample = stratum["sample"]
    total = np.full_like(xs, float(sample["c"]))
    for w, b, v in zip(*(map(float, sample[name]) for name in "wbv"), strict=True):
        z = w * xs + b
        total += v * np.maximum(z, leak * z)
    return total


@pytest.mark.parametrize(("problem", "leak"), [("x2", 0.0), ("x-leaky", 0.1)])
def test_the_curve_is_that_of_the_networks_and_has_the_loss(
    opened: Catalog, figures: list[Any], tmp_path: Path, problem: str, leak: float
) -> None:
    losses = {row["label"]: row["loss"] for row in opened.functions(problem=problem)}
    strata = {row["function"]: row for row in opened.strata(problem=problem)}
    assert len(strata) >= 3
    for stratum in strata.values():
        write_plot(opened, stratum["label"], tmp_path / "f.svg")
        top, below, strip = figures[-1].axes
        xs, ys = line_called(top, "f")
        assert np.allclose(ys, network(stratum, xs, leak), atol=1e-12)
        gaps = ys - line_called(top, "target h")[1]
        assert np.isclose(np.trapezoid(gaps**2, xs), float(losses[stratum["function"]]["decimal"]), rtol=1e-3)
        if float(losses[stratum["function"]]["decimal"]):
            curve = max(below.lines, key=lambda line: len(line.get_xdata()))
            assert np.allclose(curve.get_ydata(), gaps, atol=1e-12)
        assert [text.get_text() for text in strip.get_yticklabels()] == ["1", "2"]


def test_kinks_are_marked_where_they_are(opened: Catalog, figures: list[Any], tmp_path: Path) -> None:
    write_plot(opened, "x2:B.++.1", tmp_path / "f.png")
    top = figures[0].axes[0]
    xs, ys = line_called(top, "kinks of f")
    (row,) = [row for row in opened.functions(problem="x2") if row["label"] == "x2:B.++.1"]
    assert np.allclose(xs, [float(kink) for kink in row["kinks"]])
    curve = line_called(top, "f")
    assert np.allclose(ys, np.interp(xs, *curve))
    slopes = [np.interp(xs + h, *curve) for h in (-1e-3, 0, 1e-3)]
    assert np.all(np.abs(slopes[0] + slopes[2] - 2 * slopes[1]) > 1e-5)


def test_the_strip_tells_active_flat_and_dead_neurons(opened: Catalog, figures: list[Any], tmp_path: Path) -> None:
    (row,) = [
        row for row in opened.strata(problem="x2") if row["label"].startswith("x2:B.+.1@") and "dead" in row["label"]
    ]
    write_plot(opened, row["label"], tmp_path / "f.svg")
    strip = figures[0].axes[2]
    (kink,) = [float(one) for one in opened.record("x2:B.+.1")[1]["kinks"]]
    marks = {(line.get_marker(), *map(float, line.get_xdata())) for line in strip.lines if len(line.get_xdata()) == 1}
    assert ("^", kink) in marks
    dead = [mark for mark in marks if mark[0] in "<>"]
    assert len(dead) == 1
    assert dead[0][1] in (0.0, 1.0)
    active = [line for line in strip.lines if line.get_linewidth() > 3]
    assert [list(map(float, line.get_xdata())) for line in active] == [[kink, 1.0]]
    words = [text.get_text() for text in strip.texts]
    assert words == [one["does"] for one in row["neurons"]]


def test_an_exact_fit_is_drawn_without_rounding(opened: Catalog, figures: list[Any], tmp_path: Path) -> None:
    write_plot(opened, "x-leaky:A.0.1", tmp_path / "f.png")
    below = figures[0].axes[1]
    assert {float(y) for line in below.lines for y in line.get_ydata()} == {0.0}
    assert list(below.get_yticks()) == [0]


def test_scalar_data_show_targets_values_and_a_network(
    opened: Catalog, figures: list[Any], tmp_path: Path
) -> None:
    rows = opened.functions(problem="zigzag4", notion="clarke")
    assert any(row["minimal_width"] is None for row in rows)
    for row in rows:
        write_plot(opened, row["label"], tmp_path / "f.png")
        (top,) = figures[-1].axes
        xs, ys = line_called(top, "target y")
        assert xs.tolist() == [-2, -1, 1, 2]
        assert ys.tolist() == [1, -1, 1, -1]
        values = line_called(top, "value f(x)")[1]
        assert np.allclose(ys - values, [float(Fraction(one)) for one in row["residuals"]])
        (curve,) = [line for line in top.lines if str(line.get_label()).startswith("f of ")]
        # The network is another route to the values than the residuals.
        assert np.allclose(np.interp(xs, curve.get_xdata(), curve.get_ydata()), values)


def test_other_data_show_each_sample_and_the_patterns(opened: Catalog, figures: list[Any], tmp_path: Path) -> None:
    (row,) = [row for row in opened.strata(problem="xor") if row["label"] == "xor:0.1@2:+---z.-0-0z"]
    write_plot(opened, row["label"], tmp_path / "f.pdf")
    top, below = figures[0].axes
    assert line_called(top, "value f(x)")[0].tolist() == [1, 2, 3, 4]
    drawn = [["-"] * 4, ["-"] * 4]
    for line in below.lines:
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True):
            drawn[int(y)][int(x) - 1] = {"s": "+", "o": "0"}[line.get_marker()]
    assert ["".join(one) for one in drawn] == [one["pattern"] for one in row["neurons"]]
    write_plot(opened, "xor:1.1", tmp_path / "f.pdf")
    assert len(figures[1].axes) == 1


def test_a_teacher_shows_the_weights(opened: Catalog, figures: list[Any], tmp_path: Path) -> None:
    (row, *_) = opened.strata(problem="six")
    for label in (row["label"], row["function"]):
        write_plot(opened, label, tmp_path / "f.png")
        shown = np.asarray(figures[-1].axes[0].images[0].get_array())
        assert shown.shape == (6, 7)
    assert np.allclose(np.asarray(figures[0].axes[0].images[0].get_array()), np.array(row["sample"]["w"], dtype=float))
    low, high = figures[0].axes[0].images[0].get_clim()
    assert low == -high


LABELS = ["x2:B.+-.1", "x2:A.1.1", "zigzag4:2.3", "xor:1.1"]


@pytest.mark.slow
def test_nothing_covers_anything(opened: Catalog, figures: list[Any], tmp_path: Path) -> None:
    teacher = next(iter(opened.strata(problem="six")))["label"]
    square = [row["label"] for row in opened.strata(problem="square")][:2]
    strata = [next(row["label"] for row in opened.strata(problem=p) if row["width"] == 2) for p in ("x2", "zigzag4")]
    for label in (*LABELS, *strata, *square, teacher):
        write_plot(opened, label, tmp_path / "f.png")
        figure = figures[-1]
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        renderer = canvas.get_renderer()
        page = figure.bbox
        texts = [figure._suptitle, *([figure._supxlabel] if figure._supxlabel else [])]
        for axes in figure.axes:
            legend = axes.get_legend()
            texts += [axes.xaxis.label, axes.yaxis.label, *axes.texts, *([legend] if legend else [])]
            for axis in (axes.xaxis, axes.yaxis):
                low, high = sorted(axis.get_view_interval())
                texts += [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
        boxes = [text.get_window_extent(renderer) for text in texts if text.get_visible()]
        boxes = [box for box in boxes if box.width > 1 and box.height > 1]
        assert len(boxes) > 5
        for box in boxes:
            assert page.x0 - 1 <= box.x0 <= box.x1 <= page.x1 + 1
            assert page.y0 - 1 <= box.y0 <= box.y1 <= page.y1 + 1
        for one, other in combinations(boxes, 2):
            wide = min(one.x1, other.x1) - max(one.x0, other.x0)
            high = min(one.y1, other.y1) - max(one.y0, other.y0)
            assert wide <= 1 or high <= 1, label


@pytest.mark.parametrize(("suffix", "magic"), [(".svg", b"<?xml"), (".png", b"\x89PNG"), (".pdf", b"%PDF")])
def test_the_same_record_gives_the_same_file(opened: Catalog, tmp_path: Path, suffix: str, magic: bytes) -> None:
    settings = dict(mpl.rcParams)
    for name in ("a", "b"):
        write_plot(opened, "x2:B.+.1", tmp_path / f"{name}{suffix}")
    data = (tmp_path / f"a{suffix}").read_bytes()
    assert data == (tmp_path / f"b{suffix}").read_bytes()
    assert data.startswith(magic)
    assert dict(mpl.rcParams) == settings
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"a{suffix}", f"b{suffix}"]


def test_settings_of_the_user_change_nothing(opened: Catalog, tmp_path: Path) -> None:
    write_plot(opened, "x2:B.+.1", tmp_path / "a.svg")
    with mpl.rc_context({"font.size": 20, "axes.facecolor": "black"}):
        write_plot(opened, "x2:B.+.1", tmp_path / "b.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def refusal(opened: Catalog, label: str, path: Path) -> str:
    with pytest.raises(CatalogError) as error:
        write_plot(opened, label, path)
    text = str(error.value)
    assert "\n" not in text
    return text


def test_what_is_no_function_and_no_stratum_is_refused(opened: Catalog, tmp_path: Path) -> None:
    target = tmp_path / "f.svg"
    region = opened.regions(problem="x2")[0]["label"]
    assert "regions" in refusal(opened, region, target)
    assert "x2 is a problem" in refusal(opened, "x2", target)
    assert "no record" in refusal(opened, "x2:B.+.9", target)
    for name in ("f.jpg", "f", "f.svg.gz"):
        assert ".png, .pdf, .svg" in refusal(opened, "x2:B.+.1", tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_picture_is_written_whole_or_not_at_all(
    opened: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "No such file" in refusal(opened, "x2:B.+.1", tmp_path / "missing" / "f.svg")
    folder = tmp_path / "folder.svg"
    folder.mkdir()
    assert "cannot be written" in refusal(opened, "x2:B.+.1", folder)
    target = tmp_path / "f.svg"
    target.write_text("kept")

    def fails(one: object, other: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", fails)
    assert "Permission denied" in refusal(opened, "x2:B.+.1", target)
    assert target.read_text() == "kept"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f.svg", "folder.svg"]


@pytest.mark.usefixtures("without_matplotlib")
def test_without_matplotlib_the_extra_is_named(opened: Catalog, tmp_path: Path) -> None:
    assert "pip install saddlery[plots]" in refusal(opened, "x2:B.+.1", tmp_path / "f.svg")


def test_the_command_draws_beside_the_record(saddlery: Any, database: Path, tmp_path: Path) -> None:
    target = tmp_path / "f.png"
    plain = saddlery("show", "x2:B.+.1", "--db", str(database))
    drawn = saddlery("show", "x2:B.+.1", "--plot", str(target), "--db", str(database))
    assert (drawn.code, drawn.err) == (0, "")
    assert drawn.out == plain.out
    assert target.read_bytes().startswith(b"\x89PNG")
    assert saddlery("show", "x2:B.+.1", "--plot", str(tmp_path / "f.gif"), "--db", str(database)).is_refused()
