"""Regions, walls and faces against brute force over numbered neurons; closures against rational linear algebra."""

from __future__ import annotations

import random
import re
from collections import Counter
from fractions import Fraction
from itertools import combinations, permutations, product
from math import comb, factorial

import pytest
from flint import fmpq, fmpq_mat

from symbolic.enclosure import Rigor
from symbolic.errors import InvalidProblem
from symbolic.interval.functions import IntervalFunction
from symbolic.interval.orderings import (
    Face,
    Region,
    adjacency,
    closure_realizes,
    faces,
    locate,
    realized_in_closure,
    regions,
    wall_of,
)
from symbolic.interval.problem import region_count

# The nine places of one neuron: signs of its pre-activation at the two ends of the domain.
SIGNS = tuple(product((-1, 0, 1), repeat=2))
INTERIOR = ((-1, 1), (1, -1))
OPEN = ((-1, 1), (1, -1), (1, 1), (-1, -1))


def labelled_regions(n):
    """Every choice of open quadrants and of an order of the interior breakpoints: (quadrants, neurons in order)."""
    for quadrants in product(OPEN, repeat=n):
        inside = [j for j in range(n) if quadrants[j] in INTERIOR]
        for order in permutations(inside):
            yield quadrants, order


def labelled_faces(n):
    """Every choice of sign vectors and of an ordered set partition of the interior neurons."""
    for signs in product(SIGNS, repeat=n):
        inside = [j for j in range(n) if signs[j] in INTERIOR]
        # A rank function onto 0..r-1 is an ordered set partition.
        for ranks in product(range(len(inside)), repeat=len(inside)):
            if set(ranks) == set(range(len(set(ranks)))):
                yield signs, tuple(zip(inside, ranks, strict=True))


def region_from_label(labelled):
    quadrants, order = labelled
    word = "".join("+" if quadrants[j] == (-1, 1) else "-" for j in order)
    return Region(word, quadrants.count((1, 1)), quadrants.count((-1, -1)))


def parameters(signs, ranks, source):
    """Rational (w, b) on [0, 1] with these signs at the ends and these ranks of the interior breakpoints."""
    cuts = sorted(source.sample(range(1, 50), len(signs) + 1))
    place = {j: Fraction(cuts[rank], 50) for j, rank in ranks}
    weights, biases = [], []
    for j, (p, q) in enumerate(signs):
        size = Fraction(source.randint(1, 9), source.randint(1, 9))
        if j in place:
            weights.append(size * q)
            biases.append(-size * q * place[j])
        else:
            at_start, at_end = size * p, Fraction(source.randint(1, 9), 3) * q
            weights.append(at_end - at_start)
            biases.append(at_start)
    return weights, biases


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_regions_are_the_orbits_of_the_numbered_ones(n):
    orbits = Counter(map(region_from_label, labelled_regions(n)))
    listed = regions(n)
    assert len(listed) == len(set(listed)) == region_count(n) == 2 ** (n + 2) - n - 3
    assert {region: region.orbit_size for region in listed} == dict(orbits)
    # Choose k interior neurons with order and orientation; two states for each of the others.
    total = sum(comb(n, k) * factorial(k) * 2**k * 2 ** (n - k) for k in range(n + 1))
    assert sum(region.orbit_size for region in listed) == total


@pytest.mark.parametrize("n", [5, 8])
def test_region_count_of_larger_widths(n):
    assert len(set(regions(n))) == region_count(n)


def test_canonical_order_of_width_one_and_two():
    assert [region.label for region in regions(1)] == ["r:a", "r:i", "r:+", "r:-"]
    assert [region.label for region in regions(2)] == [
        *("r:aa", "r:ai", "r:ii", "r:+a", "r:+i", "r:-a", "r:-i"),
        *("r:++", "r:+-", "r:-+", "r:--"),
    ]


def test_labels_are_safe_unique_and_read_back():
    for n in (1, 2, 3, 4):
        listed = regions(n)
        labels = [region.label for region in listed]
        assert len(set(labels)) == len(labels)
        assert all(re.fullmatch(r"r:[a-z0-9+.-]+", label) for label in labels)
        assert [Region.from_label(label) for label in labels] == list(listed)


@pytest.mark.parametrize("text", ["", "r:", "+-", "r:+x", "r:ia", "r:a+", "r:+i-", "f:+"])
def test_malformed_labels_are_refused(text):
    with pytest.raises(InvalidProblem):
        Region.from_label(text)


def test_malformed_regions_and_faces_are_refused():
    for wrong in (lambda: Region("+x", 0, 0), lambda: Region("+", -1, 0), lambda: Face("-+", (), "", 0, 0)):
        with pytest.raises(InvalidProblem):
            wrong()
    for wrong in (lambda: Face("", ("",), "", 0, 0), lambda: wall_of(Face("", ("+",), "", 0, 0))):
        with pytest.raises(InvalidProblem):
            wrong()
    with pytest.raises(InvalidProblem):
        regions(0)


def test_neurons_and_order_of_a_region():
    region = Region("-+", 1, 2)
    assert region.neurons == ("-", "+", "active", "inactive", "inactive")
    assert (region.order, region.width, region.orbit_size) == ((1, 2), 5, 60)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_faces_are_the_orbits_of_the_numbered_ones(n):
    source = random.Random(11 * n)
    orbits: Counter[Face] = Counter()
    for signs, ranks in labelled_faces(n):
        weights, biases = parameters(signs, ranks, source)
        face, order = locate(weights, biases, (Fraction(0), Fraction(1)))
        assert sorted(order) == list(range(1, n + 1))
        blocks = len({rank for _, rank in ranks})
        assert face.codimension == sum((p, q).count(0) for p, q in signs) + len(ranks) - blocks
        orbits[face] += 1
    assert {face: face.orbit_size for face in faces(n)} == dict(orbits)
    assert len({face.label for face in faces(n)}) == len(faces(n))


def series(n):
    """Coefficients of 1/((1 - 4x + 2x^2)(1 - x)^5) up to x^n."""
    values = [1]
    for k in range(1, n + 1):
        values.append(4 * values[k - 1] - (2 * values[k - 2] if k > 1 else 0))
    for _ in range(5):
        for k in range(1, n + 1):
            values[k] += values[k - 1]
    return values


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_faces_fill_parameter_space(n):
    listed = faces(n)
    assert len(set(listed)) == len(listed) == series(n)[n]
    # The faces of numbered neurons cut R^2n into cells: the Euler characteristic (with compact support) is 1.
    assert sum(face.orbit_size * (-1) ** face.codimension for face in listed) == 1
    assert [face for face in listed if face.codimension == 0] == list(faces(n, 0))
    assert {region.face for region in regions(n)} == set(faces(n, 0))


def in_closure(signs, ranks, quadrants, order):
    """Whether the numbered face lies in the closure of the numbered region."""
    places = dict(ranks)
    for (p, q), (x, y) in zip(signs, quadrants, strict=True):
        if p not in (0, x) or q not in (0, y):
            return False
    along = []
    for j in order:
        p, q = signs[j]
        if (p, q) != (0, 0):
            along.append(-1 if p == 0 else len(signs) if q == 0 else places[j])
    return along == sorted(along)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_regions_of_a_face_are_those_whose_closure_holds_it(n):
    source = random.Random(5 * n)
    numbered = list(labelled_regions(n))
    expected: dict[Face, set[Region]] = {}
    for signs, ranks in labelled_faces(n):
        face, _ = locate(*parameters(signs, ranks, source), (Fraction(0), Fraction(1)))
        if face not in expected:
            expected[face] = {
                region_from_label(labelled) for labelled in numbered if in_closure(signs, ranks, *labelled)
            }
    assert {face: set(face.regions()) for face in faces(n)} == expected


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_walls_are_the_faces_of_codimension_one(n):
    walls = adjacency(n)
    assert {wall.face for wall in walls} == {face for face in faces(n) if face.codimension == 1}
    # A tie: 3 multisets, k - 1 places, 2^(k-2) other marks; an end: 4 kinds. Times the splits of the others.
    ties = sum(3 * (k - 1) * 2 ** (k - 2) * (n - k + 1) for k in range(2, n + 1))
    ends = sum(4 * 2**k * (n - k) for k in range(n))
    assert len(walls) == ties + ends
    for wall in walls:
        assert set(wall.regions) == set(wall.face.regions())
        assert wall.kind in ("tie", "start", "end")
        assert wall.smoothness == (2 if wall.kind == "tie" else 1)
        inside, outside = (len(region.word) for region in wall.regions)
        assert inside - outside == (wall.kind != "tie")
        if wall.kind == "tie":
            equal = len(set(max(wall.face.ties, key=len))) == 1
            assert equal == (wall.regions[0] == wall.regions[1])


def test_walls_of_width_one():
    walls = {(wall.kind, wall.face.start + wall.face.end): wall.regions for wall in adjacency(1)}
    plus, minus, active, inactive = Region("+", 0, 0), Region("-", 0, 0), Region("", 1, 0), Region("", 0, 1)
    assert walls == {
        ("start", "+"): (plus, active),
        ("start", "-"): (minus, inactive),
        ("end", "+"): (plus, inactive),
        ("end", "-"): (minus, active),
    }


def test_active_meets_inactive_only_at_a_degenerate_neuron():
    both = [face for face in faces(1) if {Region("", 1, 0), Region("", 0, 1)} <= set(face.regions())]
    assert both == [Face("", (), "", 0, 0, 1)]


def test_locate_on_another_domain():
    domain = (Fraction(-1), Fraction(2))
    weights = [Fraction(1), Fraction(-2), Fraction(0), Fraction(3), Fraction(-1), Fraction(0)]
    biases = [Fraction(1), Fraction(1), Fraction(-1), Fraction(-3, 2), Fraction(5), Fraction(0)]
    face, order = locate(weights, biases, domain)
    assert face == Face("+", ("+-",), "", 1, 1, 1)
    assert order == (1, 4, 2, 5, 3, 6)


def solvable(columns, right):
    rows = [[fmpq(x.numerator, x.denominator) for x in row] for row in zip(*columns, right, strict=True)]
    return fmpq_mat([row[:-1] for row in rows]).rank() == fmpq_mat(rows).rank() if columns else not any(right)


def realized_by_brute_force(region, jumps, first_slope, leak, pattern):
    """Puts every neuron of the word at a, at a kink, at b, or at zero, and solves for the slopes.

    `pattern` is None for class A (everything critical); for class B it lists the orientation each kink
    demands, and affine neurons must have v = 0.
    """
    m = len(jumps)
    affine = [Fraction(1)] * region.active + [leak] * region.inactive
    for places in product(range(-1, m + 2), repeat=len(region.word)):
        # -1 stands for zero, 0 for a, 1..m for the kinks, m + 1 for b.
        kept = [(place, mark) for place, mark in zip(places, region.word, strict=True) if place >= 0]
        if [place for place, _ in kept] != sorted(place for place, _ in kept):
            continue
        columns = []
        for place, mark in kept:
            if 1 <= place <= m:
                if pattern is not None and pattern[place - 1] != mark:
                    continue
                # The slope left of the kink and the jump, per unit of v w.
                left, right = (leak, Fraction(1)) if mark == "+" else (Fraction(1), leak)
                column = [left] + [Fraction(0)] * m
                column[place] = right - left
                columns.append(column)
            elif pattern is None:
                on = (place == 0) == (mark == "+")
                columns.append([Fraction(1) if on else leak] + [Fraction(0)] * m)
        if pattern is None:
            columns += [[scale] + [Fraction(0)] * m for scale in affine]
        if solvable(columns, [first_slope, *jumps]):
            return True
    return False


def coincident_slope(pattern, jumps, leak):
    """s_0 of the function that one neuron per kink with these orientations realizes."""
    kappa = leak / (1 - leak)
    return sum(kappa * d if mark == "+" else -(1 + kappa) * d for mark, d in zip(pattern, jumps, strict=True))


JUMPS = (Fraction(3, 7), Fraction(-5, 11), Fraction(13, 17))
LEAKS = (Fraction(0), Fraction(1, 10))


@pytest.mark.parametrize("leak", LEAKS)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_closure_rule_class_a(n, leak):
    for region, m in product(regions(n), range(4)):
        jumps = JUMPS[:m]
        for pattern in (None, *("".join(marks) for marks in product("+-", repeat=m))):
            slope = Fraction(19, 23) if pattern is None else Fraction(coincident_slope(pattern, jumps, leak))
            # A function may coincide for several patterns; the record lists all of them.
            found = [
                "".join(marks)
                for marks in product("+-", repeat=m)
                if coincident_slope("".join(marks), jumps, leak) == slope
            ]
            assert (pattern is None) == (not found)
            expected = realized_by_brute_force(region, jumps, slope, leak, None)
            assert closure_realizes(region, m, None, found, "A", leak == 0) == expected


@pytest.mark.parametrize("leak", LEAKS)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_closure_rule_class_b(n, leak):
    for region, m in product(regions(n), range(4)):
        for marks in product("+-", repeat=m):
            pattern, jumps = "".join(marks), JUMPS[:m]
            slope = Fraction(coincident_slope(pattern, jumps, leak))
            expected = realized_by_brute_force(region, jumps, slope, leak, pattern)
            assert closure_realizes(region, m, pattern, (), "B", leak == 0) == expected


def test_closure_of_some_region_realizes_exactly_what_the_width_allows():
    for n, m in product(range(1, 5), range(4)):
        everywhere = regions(n)
        assert any(closure_realizes(region, m, None, (), "A", True) for region in everywhere) == (m + 1 <= n)
        pattern = ("+-" * m)[:m]
        assert any(closure_realizes(region, m, pattern, (), "B", True) for region in everywhere) == (m <= n)
        assert any(closure_realizes(region, m, None, (pattern,), "A", True) for region in everywhere) == (m <= n)


def test_closure_rule_refuses_what_it_does_not_know():
    region = Region("+", 0, 0)
    for arguments in ((1, None, (), "B"), (2, "+", (), "B"), (1, "+", (), "C")):
        with pytest.raises(InvalidProblem):
            closure_realizes(region, *arguments, True)


def test_records_are_realized_as_the_rule_says():
    def record(function_class, pattern, realizations, kinks, minimal_width):
        numbers = tuple(Fraction(i + 1, 5) for i in range(kinks))
        zero = Fraction(0)
        slopes = (zero,) * (kinks + 1)
        return IntervalFunction(
            *("p", "p:x", function_class, pattern, realizations, numbers, slopes, zero, zero, zero),
            minimal_width=minimal_width,
            rigor=Rigor.EXACT,
        )

    dead, live = Region("", 0, 2), Region("+-", 0, 0)
    constant, line = record("A", None, (), 0, 0), record("A", None, (), 0, 1)
    assert realized_in_closure(dead, constant, True)
    assert not realized_in_closure(dead, line, True)
    assert realized_in_closure(dead, line, False)
    assert realized_in_closure(live, line, True)
    assert realized_in_closure(live, record("B", "-", (), 1, 1), True)
    assert not realized_in_closure(live, record("B", "-+", (), 2, 2), True)
    assert realized_in_closure(live, record("A", None, ("+-",), 2, 2), True)
    assert not realized_in_closure(live, record("A", None, ("++",), 2, 2), True)
    assert all(not realized_in_closure(region, record("A", None, (), 3, 4), True) for region in regions(3))


def test_subsequences_by_brute_force():
    for size, short_size in product(range(5), range(3)):
        for long, short in product(product("+-", repeat=size), product("+-", repeat=short_size)):
            picks = {"".join(pick) for pick in combinations(long, short_size)}
            region = Region("".join(long), 0, 0)
            assert closure_realizes(region, short_size, "".join(short), (), "B", True) == ("".join(short) in picks)
