"""Coq files: what they say, what is refused, and that coqc accepts them and rejects corrupted ones."""

from __future__ import annotations

import random
import re
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest
from conftest import Command, tool

from catalog.coq import coq_text
from catalog.coq_forms import matrix_of, product, shifted, sum_of_squares, total
from catalog.coq_network import Network, Neuron, Setting
from catalog.coq_numbers import (
    ONE,
    ZERO,
    NotQuadratic,
    Quadratic,
    number_coq,
    plus,
    polynomial,
    polynomial_coq,
    quadratics,
    quotient,
    times,
)
from catalog.coq_reduced import Reduced
from catalog.errors import CatalogError
from catalog.query import open_catalog
from symbolic.enclosure import AlgebraicNumber, Ball

Q = Fraction
ACCEPTED = (
    "x:B.+-.1",
    "x-leaky:B.+.1",
    "x2:A.1.1",
    "x:B.+-.1@2:k1+p.k2-n",
    "x2:B.+.1@1:k1+p",
    "x:B..1@2:la-n.zero",
    "x:B.+-.1@3:k1+p.k2-n.dead",
    "x-leaky:B.+.1@1:k1+p",
)


def text_of(database: Path, label: str) -> str:
    with open_catalog(database) as opened:
        return coq_text(opened, label)


def statement(text: str, name: str) -> str:
    """The statement of a theorem, on one line."""
    found = re.search(rf"Theorem {name} :(.*?)\.\nProof", text, re.DOTALL)
    assert found is not None, name
    return " ".join(found[1].split())


def quadratic(seed: random.Random, radicand: int) -> Quadratic:
    rational, factor = (Q(seed.randint(-9, 9), seed.randint(1, 9)) for _ in range(2))
    return Quadratic(rational, factor, radicand if factor else 1)


def test_arithmetic_and_signs_agree_with_floats() -> None:
    seed = random.Random(7)
    for _ in range(400):
        radicand = seed.choice([2, 3, 10])
        one, other = quadratic(seed, radicand), quadratic(seed, radicand)
        assert float(one * other) == pytest.approx(float(one) * float(other))
        assert float(one - other) == pytest.approx(float(one) - float(other), abs=1e-12)
        if one != ZERO:
            assert one * one.inverse() == ONE
            assert one.sign() == (1 if float(one) > 0 else -1)
        assert float(one.size()) >= abs(float(one)) - 1e-12
    close = Quadratic(Q(-1393, 985), Q(1), 2)
    assert (close.sign(), (-close).sign(), ZERO.sign()) == (1, -1, 0)
    with pytest.raises(NotQuadratic):
        Quadratic(Q(0), Q(1), 2) + Quadratic(Q(0), Q(1), 3)


def test_numbers_are_written_with_one_root() -> None:
    upper = AlgebraicNumber((9, -20, 10), Q(1), Q(2))
    assert [number_coq(value) for value in quadratics([upper, Q(-3, 4), Q(2)])] == ["(1 + 1/10 * root)", "(-3/4)", "2"]
    lower = AlgebraicNumber((-40, 0, 1), Q(-7), Q(-6))
    first, second = quadratics([upper, lower])
    assert (float(first), float(second)) == (pytest.approx(1.3162277660168379), pytest.approx(-6.324555320336759))
    assert first.radicand == second.radicand == 10
    for bad in ([Ball(Q(1), Q(0))], [AlgebraicNumber((-2, 0, 0, 1), Q(1), Q(2))],
                [upper, AlgebraicNumber((-2, 0, 1), Q(1), Q(2))]):
        with pytest.raises(NotQuadratic):
            quadratics(bad)


def test_polynomials() -> None:
    one, other = polynomial([Quadratic(Q(1, 3)), -ONE]), polynomial([ZERO, ONE, Quadratic(Q(2))])
    both = times(one, other)
    assert quotient(both, one) == other
    assert quotient(plus(both, (ONE,)), one) is None
    assert polynomial_coq(both) == "((1/3) * e - (1/3) * e ^ 2 - 2 * e ^ 3)"
    assert polynomial_coq(()) == "0"


def test_a_form_is_a_sum_of_squares_only_if_it_is_positive() -> None:
    x, y = shifted(ZERO, 0), shifted(ZERO, 1)
    form = total([product(x, x), product(x, y), product(y, y)])
    found = sum_of_squares(matrix_of(form, 2))
    assert found == [(ONE, [ONE, Quadratic(Q(1, 2))]), (Quadratic(Q(3, 4)), [ZERO, ONE])]
    assert sum_of_squares(matrix_of(total([form, product(x, y), product(x, y)]), 2)) is None


def test_the_loss_near_a_sample_is_that_of_moved_networks() -> None:
    """The polynomial in reduced coordinates, against the integral over the pieces of the moved network itself."""
    setting = Setting((Q(0), Q(1, 2), Q(1)), (Q(-1), Q(1)), Q(1, 5))

    def network(t: list[Fraction], u: list[Fraction], d: Fraction) -> Network:
        neurons = [
            Neuron(*(polynomial([Quadratic(value)]) for value in (w, -w * place, weight / abs(w))))
            for place, weight, w in zip(t, u, (Q(2), Q(-3)), strict=True)
        ]
        return Network(setting, polynomial([Quadratic(d)]), (), tuple(neurons), "f")

    t, u, d = [Q(-1, 3), Q(1, 4)], [Q(1), Q(-2)], Q(1, 7)
    reduced = Reduced(network(t, u, d))
    assert [one.rational for one in reduced.base] == [*t, *u, d]
    steps = [Q(1, 10), Q(-1, 20), Q(1, 3), Q(-1, 9), Q(1, 8)]
    value = Q(0)
    for monomial, coefficient in reduced.loss().items():
        term = coefficient.rational
        for i in monomial:
            term *= steps[i]
        value += term
    t, u = [a + b for a, b in zip(t, steps, strict=False)], [a + b for a, b in zip(u, steps[2:], strict=False)]
    (expected,) = network(t, u, d + steps[4]).loss()
    assert value == expected.rational


def test_the_file_of_a_function(small_database: Path) -> None:
    text = text_of(small_database, "x:B.+-.1")
    assert text.startswith("(* The critical function x:B.+-.1.\n\n   Problem x: target h = x on [0, 1], ReLU.\n")
    assert "Not proved here: that networks realize f" in text
    assert "Definition h (x : R) : R := x." in text
    assert (
        "Definition f (x : R) : R :=\n  (1/18)\n  + (2/3) * x\n  + (2/3) * hinge (1 * x + (-1/3))\n"
        "  + (-2/3) * hinge (1 * x + (-2/3))."
    ) in text
    assert statement(text, "moment_on_piece1") == (
        "integral (fun x => x * (f x - h x)) f_cut0 f_cut1 ((1 - 0) * (-1/972))"
    )
    assert statement(text, "slope_equation") == "(2/3) + (1 - 1) * (2/3) + (1 - 0) * (-2/3) = 0"
    assert statement(text, "loss") == "integral (fun x => (f x - h x) ^ 2) f_cut0 f_cut3 (1/972)"
    assert "root" not in text.replace("the square root", "")


def test_the_file_of_a_strict_saddle(small_database: Path) -> None:
    text = text_of(small_database, "x:B.+-.1@2:k1+p.k2-n")
    assert statement(text, "derivative_by_v2") == (
        "integral (fun x => act ((-1) * x + (2/3)) * (network x - h x)) network_cut0 network_cut3 0"
    )
    assert statement(text, "derivative_by_w1_on") == (
        "integral (fun x => x * (network x - h x)) network_cut1 network_cut3 0"
    )
    leading = re.findall(r"\+ e \^ (\d+) \* \(\((-[\d/]+)\) \+ e", statement(text, "loss_along_the_curve"))
    assert [(order, Q(value) < 0) for order, value in leading] == [("2", True)]
    assert "So the sample point is no local minimum." in text


def test_the_file_of_a_minimum(small_database: Path) -> None:
    text = text_of(small_database, "x2:B.+.1@1:k1+p")
    claim = statement(text, "local_minimum")
    assert claim.startswith("forall c w1 b1 v1 value, 0 < w1 -> Rabs ((- b1 / w1) - (1/3)) <= (1/")
    assert claim.endswith("integral (fun x => (c + v1 * act (w1 * x + b1) - h x) ^ 2) 0 1 value -> (4/3645) <= value")
    assert "no network has a smaller loss" in " ".join(text.split())


def test_a_root_is_bounded_and_named_once(small_database: Path) -> None:
    text = text_of(small_database, "x-leaky:B.+.1")
    assert "Definition root : R := sqrt 10." in text
    ((low, high),) = re.findall(r"Lemma root_bounds : ([\d/]+) < root < ([\d/]+)\.", text)
    assert Q(low) ** 2 < 10 < Q(high) ** 2


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("x2:B.+-.1", "not all of the form p + q sqrt(d)"),
        ("x2:B.+-.1@2:k1+p.k2-p", "not all of the form p + q sqrt(d)"),
        ("x:2:1", "no record labelled"),
        ("x:B.+-.9", "no record labelled"),
    ],
)
def test_what_is_refused(saddlery: Command, small_database: Path, label: str, words: str) -> None:
    outcome = saddlery("export", "coq", label, "--db", str(small_database))
    assert outcome.is_refused()
    assert words in outcome.err


def test_regions_are_refused(small_database: Path) -> None:
    with open_catalog(small_database) as opened:
        label = opened.regions(problem="x", width=1)[0]["label"]
        with pytest.raises(CatalogError, match="Coq files are of functions and strata of interval problems"):
            coq_text(opened, label)


def test_the_command_writes_the_file(saddlery: Command, small_database: Path, tmp_path: Path) -> None:
    out = tmp_path / "saddle.v"
    outcome = saddlery("export", "coq", "x:B.+-.1", "-o", str(out), "--db", str(small_database))
    assert (outcome.code, outcome.out) == (0, "")
    assert out.read_text() == text_of(small_database, "x:B.+-.1")


def compiled(folder: Path, text: str) -> tuple[bool, str]:
    """Whether coqc accepts a file, and what it says."""
    (folder / "record.v").write_text(text)
    done = subprocess.run(
        [tool("coqc"), "-q", "record.v"], cwd=folder, capture_output=True, text=True, errors="replace", check=False
    )
    return done.returncode == 0, done.stderr


@pytest.mark.coq
@pytest.mark.slow
@pytest.mark.parametrize("label", ACCEPTED)
def test_coq_accepts_the_files(tmp_path: Path, small_database: Path, label: str) -> None:
    text = text_of(small_database, label)
    assert not re.search(r"\b(Admitted|admit|Axiom|Parameter|Abort)\b", text)
    accepted, said = compiled(tmp_path, text)
    assert accepted, said


CORRUPTIONS = [
    ("x:B.+-.1", "hinge (1 * x + (-1/3))", "hinge (1 * x + (-1/4))"),
    ("x:B.+-.1", "Definition f_cut2 : R := (2/3)", "Definition f_cut2 : R := (2/5)"),
    ("x:B.+-.1", "  + (2/3) * x", "  + (-2/3) * x"),
    ("x:B.+-.1", "  (1/18)\n", "  (-1/18)\n"),
    ("x:B.+-.1", "f_cut3 (1/972)", "f_cut3 (1/973)"),
    ("x:B.+-.1", "x * (f x - h x)) f_cut0 f_cut3 (-1/972)", "x * (f x - h x)) f_cut0 f_cut3 (1/972)"),
    ("x-leaky:B.+.1", "sqrt 10", "sqrt 11"),
    ("x:B.+-.1@2:k1+p.k2-n", "  + (2/3) * act (1 * x + (-1/3))", "  + (-2/3) * act (1 * x + (-1/3))"),
    ("x:B.+-.1@2:k1+p.k2-n", "curve_cut1 (e : R) : R := ((1/3) - e)", "curve_cut1 (e : R) : R := ((1/3) + e)"),
    ("x2:B.+.1@1:k1+p", "  (1/27)\n", "  (1/28)\n"),
    ("x2:B.+.1@1:k1+p", "(4/3645) <= value", "(4/3644) <= value"),
    ("x2:B.+.1@1:k1+p", "Rabs ((- b1 / w1) - (1/3)) <= (1/", "Rabs ((- b1 / w1) - (2/3)) <= (1/"),
]


@pytest.mark.coq
@pytest.mark.slow
@pytest.mark.parametrize(("label", "old", "new"), CORRUPTIONS)
def test_coq_rejects_corrupted_files(tmp_path: Path, small_database: Path, label: str, old: str, new: str) -> None:
    text = text_of(small_database, label)
    assert old in text
    accepted, said = compiled(tmp_path, text.replace(old, new, 1))
    assert not accepted
    assert "Error" in said


@pytest.mark.coq
@pytest.mark.slow
def test_coq_rejects_a_curve_with_another_direction(tmp_path: Path, small_database: Path) -> None:
    """The sign of every rate in the definition of the curve, one at a time; at least one such curve is tried."""
    text = text_of(small_database, "x:B.+-.1@2:k1+p.k2-n")
    definition = re.search(r"Definition curve .*?\.\n\n", text, re.DOTALL)
    assert definition is not None
    body = definition[0]
    signs = [match.start() for match in re.finditer(r"[+-] e\b", body)]
    assert signs
    for place in signs[:2]:
        turned = body[:place] + ("+" if body[place] == "-" else "-") + body[place + 1 :]
        accepted, said = compiled(tmp_path, text.replace(body, turned))
        assert not accepted
        assert "Error" in said
