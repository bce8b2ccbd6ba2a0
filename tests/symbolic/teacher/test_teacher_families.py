"""Named families: reference points, names under the symmetries, and the statements of the sources."""

from __future__ import annotations

import json
import tomllib
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from flint import arb

from symbolic.enclosure import Verdict, arb_of, working_precision
from symbolic.errors import InvalidProblem, Unseparated
from symbolic.problem import Inertia
from symbolic.teacher.continuation import Branch, Curve, prove_segment
from symbolic.teacher.dense import float_gradient
from symbolic.teacher.families import Family, branch_of, families_of, family_point, name_of, named_point
from symbolic.teacher.fixed_spaces import FixedSpace
from symbolic.teacher.restricted import loss
from symbolic.teacher.spectrum import spectrum, splitting_curvature

ROOT = Path(__file__).resolve().parents[3]
REFERENCE = json.loads((ROOT / "tests" / "ground_truth" / "teacher.json").read_text())
PUBLISHED = tomllib.loads((ROOT / "data" / "published" / "teacher-families.toml").read_text())
NAMED = [entry for entry in REFERENCE["points"] if entry["family"] in ("A", "I", "II")]


def space_of(name: str, k: int) -> FixedSpace:
    number = Family.parse(name).number
    return FixedSpace((k - number, number)) if number else FixedSpace((k,))


def balls(name: str, k: int, bits: int = 160) -> list[arb]:
    return [ball.enclose(bits) for ball in family_point(name, k, bits)]


@pytest.mark.parametrize("entry", NAMED, ids=lambda entry: f"{entry['family']}{entry['k']}")
def test_reference_points(entry: dict) -> None:
    space = space_of(entry["family"], entry["k"])
    with working_precision(192):
        for name, ball in zip(space.names, balls(entry["family"], entry["k"]), strict=True):
            assert abs(ball - arb(entry["entries"][name])) < arb("1e-28")


@pytest.mark.parametrize(
    "name", ["A", "I", "II", *(pytest.param(name, marks=pytest.mark.slow) for name in ("I_2", "II_2", "I_3", "II_3"))]
)
def test_a_named_point_is_critical_for_the_dense_loss_and_gets_its_name_back(name: str) -> None:
    space = space_of(name, 9)
    with working_precision(192):
        point = balls(name, 9)
        assert name_of(space, None, point) == name
        moved = [value + arb(1) / 8 for value in point]
        assert name_of(space, None, moved) == ""
    weights = np.array(space.dense([float(value.mid()) for value in point], 0.0))
    assert np.abs(float_gradient(weights, 9)).max() < 1e-13


@pytest.mark.slow
def test_names_do_not_depend_on_the_order_of_blocks_and_rows() -> None:
    with working_precision(192):
        a0, b00, b01, a1, b10, b11 = balls("II_2", 9)
        assert name_of(FixedSpace((7, 2)), None, [a0, b00, b01, b11, b10, a1]) == "II_2"
        assert name_of(FixedSpace((2, 7)), None, [a1, b11, b10, a0, b01, b00]) == "II_2"
        assert name_of(FixedSpace((2, 7)), None, [b11, a1, b10, a0, b01, b00]) == "II_2"
        a0, b00, b01, a1, b10 = balls("I", 9)
        assert name_of(FixedSpace((1, 8)), None, [a1, b10, a0, b01, b00]) == "I"
        assert name_of(FixedSpace((7,)), None, [arb(1), arb(0)]) == "global"
        assert name_of(FixedSpace((4, 3, 2)), None, [arb(1)] * 12) == ""
        assert name_of(FixedSpace((8,)), (7,), balls("A", 7)) == "A"


def test_what_is_neither_inside_nor_outside_has_no_name() -> None:
    with working_precision(192):
        wide = [value + arb(0, 1) / 100 for value in balls("A", 9)]
        with pytest.raises(Unseparated):
            name_of(FixedSpace((9,)), None, wide)
        assert named_point(FixedSpace((9,)), wide) == ""
        with pytest.raises(Unseparated):
            name_of(FixedSpace((9,)), None, [arb(1, 1), arb(0, 1)])


@pytest.mark.parametrize("name", ["", "B", "A_2", "I_1", "II_0", "I_02", "III", "i", "I_2 "])
def test_refused_names(name: str) -> None:
    with pytest.raises(InvalidProblem):
        Family.parse(name)


def test_refused_numbers_of_teachers() -> None:
    for name, k in (("A", 2), ("I", 3), ("II_2", 4), ("A", 10**6 + 1)):
        with pytest.raises(InvalidProblem):
            family_point(name, k)
    assert families_of((9,)) == ("A",)
    assert families_of((8, 1)) == ("I", "II")
    assert families_of((8, 2)) == ("I_2", "II_2")
    assert families_of((6, 2, 2)) == ()


def test_the_boxes_of_a_segment_hold_the_zero_at_other_k_and_no_more() -> None:
    segment = branch_of("I").at(Fraction(20))
    k = segment.low + (segment.high - segment.low) / 7
    center, half = segment.point(k, 100)
    with working_precision(192):
        point = [arb_of(value, half) for value in center]
        assert segment.holds(k, point)
        assert not segment.misses(k, point)
        moved = [value + 2 * radius for value, radius in zip(point, segment.radii, strict=True)]
        assert not segment.holds(k, moved)
        assert segment.misses(k, moved)


def test_speeds_bound_the_difference_quotients() -> None:
    segment = branch_of("II").at(Fraction(20))
    with working_precision(256):
        for part in (Fraction(-9, 10), Fraction(1, 3), Fraction(4, 5)):
            step = Fraction(1, 2**20)
            deviations = []
            for t in (part, part + step):
                k = segment.center + t * segment.half
                center, half = segment.point(k, 180)
                box = [value.mid() for value in segment.box(k)]
                deviations.append([arb_of(c, half) - middle for c, middle in zip(center, box, strict=True)])
            for early, late, speed in zip(*deviations, segment.speeds, strict=True):
                assert abs(late - early) / arb_of(step) < speed * arb("1.001")


def test_no_segment_is_proved_where_there_is_no_zero_or_over_too_much() -> None:
    with working_precision(192):
        far = [arb("0.3"), arb("0.3")]
        near = balls("A", 20)
    assert prove_segment(Curve(()), Fraction(20), Fraction(1, 4), near) is not None
    assert prove_segment(Curve(()), Fraction(20), Fraction(17), near) is None
    assert prove_segment(Curve(()), Fraction(20), Fraction(1, 4), far) is None


def test_a_branch_from_another_start_is_the_same_family() -> None:
    at_ten = [ball.center for ball in family_point("II", 10)]
    other = Branch(Curve((1,)), Fraction(10), at_ten)
    assert other.reach(Fraction(13))
    center, half = other.point(Fraction(13), 100)
    with working_precision(192):
        assert name_of(FixedSpace((12, 1)), None, [arb_of(value, half) for value in center]) == "II"


def test_the_published_minimum_of_seven_neurons() -> None:
    # The point that came with the code of Safran and Shamir, rows and columns in our order.
    entry = PUBLISHED["point"][0]
    space = FixedSpace((6, 1))
    with working_precision(192):
        point = balls("II", entry["k"])
        found = dict(zip(space.names, point, strict=True))
        for name, text in entry["entries"].items():
            assert abs(found[name] - arb(text)) < arb("1e-9")
        assert spectrum(space, None, point).inertia().inertia == Inertia(0, 0, 49)


@pytest.mark.slow
@pytest.mark.parametrize("k", [10**4, 10**6])
def test_spectra_of_all_families_agree_with_that_of_the_teacher_up_to_the_root_of_k(k: int) -> None:
    names = ("A", "I", "II") if k < 10**6 else ("A", "I", "II", "I_2", "II_2")
    for name in names:
        space = space_of(name, k)
        with working_precision(256):
            found = spectrum(space, None, balls(name, k, 200))
            teacher = spectrum(space, None, [arb(int(label[0] == "A")) for label in space.names])
            bound = 1 / arb(k).sqrt()
            for part in found.parts:
                for mine, other in zip(part.eigenvalues, teacher[part.irrep].eigenvalues, strict=True):
                    assert abs(mine - other) < bound


@pytest.mark.slow
def test_the_loss_of_the_second_family_falls_like_a_constant_over_k() -> None:
    k = 10**4
    with working_precision(256):
        value = k * loss(space_of("II", k), None, balls("II", k, 200))
        assert abs(value - arb("0.2974")) < arb("0.002")
        hidden = loss(space_of("A", k), None, balls("A", k, 200))
        assert abs(hidden - (arb(1) / 2 - 1 / arb.pi())) < arb("0.005")


@pytest.mark.parametrize("name", ["A", "I", "II"])
def test_every_split_of_a_spurious_minimum_is_a_strict_saddle(name: str) -> None:
    space = space_of(name, 10)
    with working_precision(192):
        point = balls(name, 10)
        for row_class in range(len(space.row_classes)):
            found = splitting_curvature(space, None, point, row_class)
            assert found.strict_saddle is Verdict.YES
            assert found.smallest < 0
