"""Isotypic spectra against dense Hessians, second differences, reference values and exact eigenvalues."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from flint import arb
from oracles.teacher_dense_spectrum import hessian, second_differences

from symbolic.enclosure import Verdict, arb_of, radius, working_precision
from symbolic.errors import InsufficientPrecision, InvalidProblem
from symbolic.exact.krawczyk import refine_zero
from symbolic.problem import Inertia
from symbolic.teacher.fixed_spaces import FixedSpace
from symbolic.teacher.isotypic import isotypic_blocks
from symbolic.teacher.restricted import FixedSpaceSystem, jacobian, size_balls
from symbolic.teacher.spectrum import Spectrum, approximate_spectrum, spectrum, splitting_curvature

SEED = 20240612
REFERENCE = json.loads((Path(__file__).resolve().parents[2] / "ground_truth" / "teacher_spectra.json").read_text())

SPACES = [
    FixedSpace((6,)),
    FixedSpace((9, 1)),
    FixedSpace((5, 2)),
    FixedSpace((3, 3)),
    FixedSpace((3, 2, 1)),
    FixedSpace((4, 3, 2)),
    FixedSpace((1, 1, 1)),
    FixedSpace((2,)),
    FixedSpace((3,)),
    FixedSpace((6,), extra_rows=1),
    FixedSpace((4, 2), extra_rows=2),
    FixedSpace((6,), (1,)),
    FixedSpace((4,), (2,)),
    FixedSpace((3, 2), (3,), extra_rows=1),
    FixedSpace((4, 2), inputs=9),
    FixedSpace((3, 1), (2,), extra_rows=2, inputs=8),
    FixedSpace((), (4, 2), extra_rows=2, inputs=7),
    FixedSpace((2, 2), (1, 1)),
]


def random_point(space: FixedSpace, seed: int = SEED) -> list[float]:
    return [float(value) for value in np.random.default_rng(seed).normal(size=space.dimension)]


def weights(space: FixedSpace, point: Sequence[float]) -> np.ndarray:
    return np.array(space.dense(list(point), 0.0))


def in_order(found: Spectrum) -> np.ndarray:
    return np.sort([float(v.mid()) for part in found.parts for v in part.eigenvalues for _ in range(part.copies)])


@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.text.replace(" ", ""))
def test_the_spectrum_is_that_of_the_dense_hessian_at_any_point(space: FixedSpace) -> None:
    point = random_point(space)
    found = spectrum(space, None, [arb(value) for value in point])
    dense = np.linalg.eigvalsh(hessian(weights(space, point), space.teachers))
    assert in_order(found) == pytest.approx(dense, abs=1e-12)
    floats = [v for _, m, values in approximate_spectrum(space, None, point) for v in values for _ in range(round(m))]
    assert np.sort(floats) == pytest.approx(dense, abs=1e-12)
    inertia = found.inertia().inertia
    assert inertia == Inertia(int((dense < 0).sum()), 0, int((dense > 0).sum()))


@pytest.mark.parametrize("space", [FixedSpace((3, 1)), FixedSpace((2,), (1,), extra_rows=1, inputs=4)])
def test_the_dense_hessian_is_the_second_difference_of_the_loss(space: FixedSpace) -> None:
    w = weights(space, random_point(space))
    assert hessian(w, space.teachers) == pytest.approx(second_differences(w, space.teachers), abs=1e-6)


def test_multiplicities_are_the_orbit_counts() -> None:
    # r blocks: r^2 + r fixed directions less one per block of size 1; s: 2 r + 1 (2 r for size 2).
    space = FixedSpace((4, 3, 2, 1))
    blocks = {b.irrep: len(b.matrix) for b in isotypic_blocks(space, None, [arb(1 + i) for i in range(19)])}
    assert blocks["t"] == 4 * 4 + 4 - 1
    assert (blocks["s0"], blocks["s1"], blocks["s2"]) == (9, 9, 8)
    assert {"x0", "y0", "x1", "s0*s1", "s0*s2", "s1*s2"} <= set(blocks)
    assert not {"y1", "x2", "s3"} & set(blocks)
    assert blocks["s0*s1"] == 2
    space = FixedSpace((4,), (3,), extra_rows=2, inputs=9)
    point = [arb(1 + i) for i in range(space.dimension)]
    blocks = {b.irrep: len(b.matrix) for b in isotypic_blocks(space, None, point)}
    assert blocks == {"t": 7, "s0": 6, "x0": 1, "y0": 1, "s1": 3, "s0*s1": 1, "e:t": 3, "e:s0": 1}


@pytest.mark.parametrize("entry", REFERENCE["points"], ids=lambda e: f"{e['family']}{sum(e['sizes'])}")
def test_reference_spectra(entry: dict) -> None:
    space = FixedSpace(tuple(entry["sizes"]))
    with working_precision(160):
        found = spectrum(space, None, [arb(entry["parameters"][name]) for name in space.names])
        assert set(found.irreps) == {part["irrep"] for part in entry["spectrum"]}
        for part in entry["spectrum"]:
            mine = found[part["irrep"]]
            assert mine.copies == part["multiplicity"]
            for ball, text in zip(mine.eigenvalues, part["eigenvalues"], strict=True):
                assert abs(ball - arb(text)) < arb("1e-28")
    assert found.inertia().inertia == Inertia(0, 0, space.width * space.inputs)


def test_the_global_minimum_exactly() -> None:
    with working_precision(200):
        found = spectrum(FixedSpace((10**6,)), None, [arb(1), arb(0)])
        pi = arb.pi()
        low, high = (pi - 2) / (4 * pi), (pi + 2) / (4 * pi)
        assert found["x0"].eigenvalues[0].overlaps(low)
        assert found["s0"].eigenvalues[0].overlaps(low)
        assert found["y0"].eigenvalues[0].overlaps(high)
        assert radius(found["x0"].eigenvalues[0]) < Fraction(1, 2**160)
        assert radius(found["s0"].eigenvalues[0]) < Fraction(1, 2**140)
        assert found.inertia().inertia == Inertia(0, 0, 10**12)
    with working_precision(64):
        assert spectrum(FixedSpace((10**11, 3 * 10**10 + 1)), None, [arb(i + 1) for i in range(6)])["x0"].copies == (
            (10**11 - 1) * (10**11 - 2) // 2
        )
        # All directions of a split are flat here, and no ball proves that.
        assert splitting_curvature(FixedSpace((8,)), None, [arb(1), arb(0)], 0).strict_saddle is Verdict.UNDECIDED


def test_formal_sizes_continue_the_integer_ones() -> None:
    small, large = FixedSpace((5, 4), (2,), extra_rows=1), FixedSpace((7, 5), (3,), extra_rows=1)
    point = [arb(value) for value in random_point(small)]
    formal = spectrum(small, (7, 5, 3), point)
    for mine, theirs in zip(formal.parts, spectrum(large, None, point).parts, strict=True):
        assert mine.irrep == theirs.irrep
        assert mine.copies == theirs.copies
        for left, right in zip(mine.eigenvalues, theirs.eigenvalues, strict=True):
            assert left.overlaps(right)
    between = spectrum(small, (Fraction(27, 4), 5, 3), point)
    # n d, a polynomial identity in the sizes
    assert between.total.overlaps((arb(27) / 4 + 6) * (arb(27) / 4 + 8))
    assert between.inertia().inertia is None
    for part, neighbour in zip(between.parts, formal.parts, strict=True):
        assert part.eigenvalues[0] != neighbour.eigenvalues[0]


@pytest.mark.parametrize("crossing", REFERENCE["crossings"], ids=lambda c: c["family"])
def test_saddle_below_and_minimum_above_the_reference_size(crossing: dict) -> None:
    entry = next(e for e in REFERENCE["points"] if e["family"] == crossing["family"] and sum(e["sizes"]) == 6)
    space = FixedSpace(tuple(entry["sizes"]))
    start = [Fraction(entry["parameters"][name]) for name in space.names]
    for step in (-Fraction(1, 10**20), Fraction(1, 10**20)):
        sizes = (Fraction(crossing["k"]) + step - sum(entry["sizes"][1:]), *entry["sizes"][1:])
        center, half = refine_zero(FixedSpaceSystem(space, sizes), start, 150)
        with working_precision(200):
            found = spectrum(space, sizes, [arb_of(value, half) for value in center])
        value = found[crossing["irrep"]].eigenvalues[0]
        assert bool(value < 0) is (step < 0)
        assert bool(value > 0) is (step > 0)
        others = [v for part in found.parts for v in part.eigenvalues if v is not value]
        assert all(bool(v > 0) for v in others)


@pytest.mark.parametrize("sizes", [(10**6, 3, 2), (Fraction(25, 4), Fraction(7, 2), 2)])
def test_the_fixed_block_is_the_hessian_of_the_restricted_loss(sizes: tuple[int, ...]) -> None:
    # That Hessian is differentiated from the restricted loss and shares no formula with the row blocks.
    space = FixedSpace((5, 3), (2,), extra_rows=1)
    with working_precision(160):
        point = [arb(value) for value in random_point(space)]
        block = isotypic_blocks(space, sizes, point)[0]
        lengths = [count.sqrt() for count in space.multiplicities(size_balls(space, sizes))]
        for i, row in enumerate(jacobian(space, sizes, point)):
            for j, value in enumerate(row):
                mine = block.matrix[i][j] * lengths[j] / lengths[i]
                assert mine.overlaps(value)
                assert radius(mine) < Fraction(1, 2**100)


def test_balls_hold_every_point_inside() -> None:
    space, rng = FixedSpace((4, 2), extra_rows=1), np.random.default_rng(SEED)
    point = random_point(space)
    found = spectrum(space, None, [arb(value, 1e-6) for value in point])
    for _ in range(20):
        inside = [arb(value + 1e-6 * shift) for value, shift in zip(point, rng.uniform(-1, 1, len(point)), strict=True)]
        for ball, part in zip(found.parts, spectrum(space, None, inside).parts, strict=True):
            assert all(a.contains(b) for a, b in zip(ball.eigenvalues, part.eigenvalues, strict=True))
    assert max(float(value.rad()) for part in found.parts for value in part.eigenvalues) < 1e-2


def test_parallel_rows_are_continuous() -> None:
    # Two rows of the second block nearly agree, and the extra row is nearly a multiple of another.
    space = FixedSpace((4, 2), extra_rows=1)
    a0, b00, b01, _, b10, b11 = random_point(FixedSpace((4, 2)))
    for gap in (arb(0), arb((1, -70)), arb(0, 1) * arb((1, -70))):
        point = [arb(a0), arb(b00), arb(b01), b11 + gap, arb(b10), arb(b11), arb(b10) / 3, arb(b11) / 3]
        found = spectrum(space, None, point)
        w = weights(space, [a0, b00, b01, b11, b10, b11, b10 / 3, b11 / 3])
        dense = np.linalg.eigvalsh(hessian(w, 6))
        assert in_order(found) == pytest.approx(dense, abs=1e-8)


@pytest.mark.parametrize(
    ("space", "point"),
    [
        (FixedSpace((5,)), [1.0, 0.0]),
        (FixedSpace((4, 2)), [-0.7, 0.2, 0.3, 0.4, 0.1, 0.4]),
        (FixedSpace((3, 1), extra_rows=1), [0.9, 0.1, 0.2, -0.6, 0.2, 0.1, -0.3]),
    ],
)
def test_wide_balls_around_parallel_rows_hold_every_point_inside(space: FixedSpace, point: list[float]) -> None:
    rng, spread = np.random.default_rng(SEED), 1e-4
    found = spectrum(space, None, [arb(value, spread) for value in point])
    order = [(v, part.irrep) for part in found.parts for v in part.eigenvalues]
    assert all(float(v.rad()) < 0.05 for v, _ in order)
    for _ in range(10):
        inside = [value + spread * shift for value, shift in zip(point, rng.uniform(-1, 1, len(point)), strict=True)]
        dense = np.linalg.eigvalsh(hessian(weights(space, inside), space.teachers))
        for name, _, values in approximate_spectrum(space, None, inside):
            assert all(np.abs(dense - value).min() < 1e-12 for value in values)
            assert all(ball.contains(value) for ball, value in zip(found[name].eigenvalues, values, strict=True))


def test_a_split_row_gives_null_vectors_that_no_ball_proves() -> None:
    entry = next(e for e in REFERENCE["points"] if e["family"] == "II" and e["sizes"] == [6, 1])
    point = {name: arb(value) for name, value in entry["parameters"].items()}
    third = arb(1) / 3
    space = FixedSpace((6, 1), extra_rows=1)
    point |= {"C0_0": 2 * third * point["B10"], "C0_1": 2 * third * point["A1"]}
    point |= {"B10": third * point["B10"], "A1": third * point["A1"]}
    found = spectrum(space, None, [point[name] for name in space.names])
    assert found.inertia().inertia is None
    assert "t" in found.inertia().reason
    certified = found.inertia({"t": 1})
    assert certified.inertia is not None
    assert certified.inertia.zero == 1
    assert certified.inertia.negative >= 1
    assert found.inertia({"t": 2}).inertia is None
    assert found.inertia({"t": 1, "s7": 1}).inertia is None
    # A false claim in another component is refused as well: every eigenvalue there is proved not 0.
    assert found.inertia({"t": 1, "x0": 1}).inertia is None


def test_a_collapsed_block_moves_along_its_standard_representation() -> None:
    space = FixedSpace((4, 3))
    point = {name: arb(value) for name, value in zip(space.names, random_point(space), strict=True)}
    point["A1"] = point["B11"]
    found = spectrum(space, None, [point[name] for name in space.names])
    certified = found.inertia({"s1": 1})
    assert certified.inertia is not None
    assert certified.inertia.zero == 2


SPLITS = [
    (FixedSpace((5, 2)), 0),
    (FixedSpace((5, 2)), 1),
    (FixedSpace((3, 1), (2,), extra_rows=1, inputs=8), 1),
    (FixedSpace((3, 1), (2,), extra_rows=1, inputs=8), 2),
    (FixedSpace((2, 1)), 0),
]


@pytest.mark.parametrize(("space", "row_class"), SPLITS)
def test_splitting_curvature_is_the_second_variation_of_the_split_network(space: FixedSpace, row_class: int) -> None:
    point = random_point(space)
    found = splitting_curvature(space, None, [arb(value) for value in point], row_class)
    w = weights(space, point)
    d = space.inputs
    row = sum(1 if c.block is None else space.sizes[c.block] for c in space.row_classes[:row_class])
    share = 0.3
    split = np.vstack([w, (1 - share) * w[row]])
    split[row] *= share
    dense = hessian(split, space.teachers).reshape(len(split), d, len(split), d)
    last = len(split) - 1
    variation = dense[row, :, row, :] + dense[last, :, last, :] - dense[row, :, last, :] - dense[last, :, row, :]
    values = np.linalg.eigvalsh(share * (1 - share) * variation)
    assert w[row] @ variation @ w[row] == pytest.approx(0, abs=1e-12)
    mine = [float(v.mid()) for part in found.parts for v in part.eigenvalues for _ in range(part.copies)]
    assert np.sort([*mine, 0.0]) == pytest.approx(values, abs=1e-12)
    assert float(found.smallest.mid()) == pytest.approx(min(mine))


@pytest.mark.parametrize("entry", [e for e in REFERENCE["points"] if e["family"] != "global"])
def test_every_split_of_the_known_minima_is_a_strict_saddle(entry: dict) -> None:
    space = FixedSpace(tuple(entry["sizes"]))
    point = [arb(entry["parameters"][name]) for name in space.names]
    for row_class in range(len(space.row_classes)):
        assert splitting_curvature(space, None, point, row_class).strict_saddle is Verdict.YES


def test_more_bits_make_smaller_balls() -> None:
    space = FixedSpace((7, 1))
    spreads = []
    for bits in (64, 128, 256):
        with working_precision(bits):
            found = spectrum(space, None, [arb(i + 2) / 7 for i in range(space.dimension)])
            spreads.append(max(radius(value) for part in found.parts for value in part.eigenvalues))
    assert spreads[1] < spreads[0] / 2**60
    assert spreads[2] < spreads[1] / 2**120


def test_bad_input() -> None:
    space = FixedSpace((4, 1))
    good = [arb(1), arb(2), arb(3), arb(4), arb(5)]
    with pytest.raises(InvalidProblem, match="5 coordinates"):
        spectrum(space, None, good[:4])
    with pytest.raises(InvalidProblem, match="2 blocks"):
        spectrum(space, [arb(4)], good)
    with pytest.raises(InvalidProblem, match="size"):
        spectrum(space, [arb(4), arb(2)], good)
    with pytest.raises(InvalidProblem, match="at least 2"):
        spectrum(space, [arb(3) / 2, arb(1)], good)
    with pytest.raises(InsufficientPrecision, match="told from 3"):
        spectrum(space, [arb(3, 0.1), arb(1)], good)
    with pytest.raises(InsufficientPrecision, match="vanish"):
        spectrum(space, None, [*good[:3], arb(0), arb(0)])
    with pytest.raises(InsufficientPrecision, match="vanish"):
        spectrum(space, None, [*good[:3], arb(0, 1e-9), arb(0, 1e-9)])
