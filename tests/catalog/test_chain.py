"""The command `chain`: its JSON, its table, its files of neurons, its refusals."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

from catalog.chain import chain_text
from catalog.errors import CatalogError
from symbolic.errors import InvalidProblem

TOY = """
name = "toy"
family = "dataset"
inputs = [["-1/2"], ["2"]]
targets = ["-1", "1"]
bias = true
"""
TENT = """
name = "tent3"
family = "dataset"
inputs = [["-1"], ["0"], ["1"]]
targets = ["0", "1", "0"]
bias = true
"""


@pytest.fixture
def toy(tmp_path: Path) -> str:
    path = tmp_path / "toy.toml"
    path.write_text(TOY)
    return str(path)


@pytest.fixture
def tent(tmp_path: Path) -> str:
    path = tmp_path / "tent.toml"
    path.write_text(TENT)
    return str(path)


def answer_of(problem, patterns=None):
    return json.loads(chain_text(problem, patterns, "json"))


def test_json_of_the_toy(toy):
    answer = answer_of(toy)
    assert answer["start"]["label"] == "toy:0.1"
    assert answer["start"]["loss"] == {"exact": "1/2", "decimal": "0.5", "lower": 0.5, "upper": 0.5}
    first, second = answer["steps"]
    assert (first["from"], first["to"], first["loss"]["exact"], first["rate"], first["tau"], first["tie"]) == (
        "toy:0.1",
        "toy:1.2",
        "1/4",
        "sqrt(5)/2",
        "2*sqrt(5)/5",
        False,
    )
    assert (second["from"], second["to"], second["loss"]["exact"]) == ("toy:1.2", "toy:2.1", "0")
    assert first["residuals"] == ["-1", "0"]
    assert first["fit"] == [2]
    assert first["firing"][0]["pattern"] == "-+"
    assert len(first["tau_decimal"].replace(".", "").strip("0")) >= 30
    assert answer["end"] == "global_minimum"
    assert answer["variation_norm"] == "3*sqrt(5)/5"
    assert answer["variation_norm_decimal"].startswith("1.341640786499873817845504")
    assert answer["evidence"] == "proved"
    assert answer["complete"]["status"] == "proved"


def test_json_of_data_that_is_not_orthogonal(tent):
    answer = answer_of(tent)
    assert [step["loss"]["exact"] for step in answer["steps"]] == ["1/9", "0"]
    assert [step["tau"] for step in answer["steps"]] == ["3", "12"]
    assert [step["tie"] for step in answer["steps"]] == [False, True]
    assert [step["evidence"] for step in answer["steps"]] == ["numerical", "numerical"]
    assert answer["complete"]["status"] == "searched"
    assert float(answer["variation_norm"]) == pytest.approx(3, rel=1e-6)


def test_table(toy):
    lines = chain_text(toy).splitlines()
    assert lines[0].split() == ["tau", "~", "loss", "rate", "function", "fit", "fires", "tie"]
    assert lines[2].split() == ["2*sqrt(5)/5", "0.894427", "1/4", "sqrt(5)/2", "toy:1.2", "{2}", "-+p"]
    assert "global_minimum" in lines[-2]
    assert lines[-1].startswith("proved: ")


def test_patterns_are_read_in_every_spelling(toy, tmp_path):
    spellings = {
        "a.json": '{"neurons": ["-+p", "+-n"]}',
        "b.json": '["-+p", {"sign": -1, "pattern": "+-"}]',
        "c.json": '{"neurons": [{"sign": 1, "g": ["1", "1/3"]}, {"sign": -1, "g": ["-1", "1/2"]}]}',
        "d.toml": 'neurons = ["-+p", "+-n"]',
        "e.toml": '[[neurons]]\nsign = 1\npattern = "-+"\n[[neurons]]\nsign = -1\ng = ["-1", "1/2"]\n',
    }
    for name, text in spellings.items():
        path = tmp_path / name
        path.write_text(text)
        answer = answer_of(toy, str(path))
        assert [step["tau"] for step in answer["steps"]] == ["2*sqrt(5)/5", "4*sqrt(5)/5"], name
        assert [step["firing"][0]["neurons"] for step in answer["steps"]] == [[1], [2]], name
        assert [one["sign"] for one in answer["neurons"]] == [1, -1]


def test_the_command(saddlery, toy, tmp_path):
    outcome = saddlery("chain", toy, "--format", "json")
    assert (outcome.code, outcome.err) == (0, "")
    assert json.loads(outcome.out) == answer_of(toy)
    bad = tmp_path / "bad.json"
    bad.write_text('["+++p"]')
    assert saddlery("chain", toy, "--patterns", str(bad)).is_refused()
    assert saddlery("chain", "nothing").is_refused()


def test_a_narrow_network_ends_spuriously(toy, tmp_path):
    path = tmp_path / "narrow.json"
    path.write_text('["-+p", "-+p"]')
    answer = answer_of(toy, str(path))
    assert answer["end"] == "local_minimum"
    assert answer["steps"][-1]["loss"]["exact"] == "1/4"
    assert answer["steps"][0]["firing"][0]["neurons"] == [1, 2]
    assert Fraction(answer["steps"][-1]["residuals"][0]) == -1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "is not JSON"),
        ("[]", "at least one neuron"),
        ('{"neuron": ["-+p"]}', "only key is neurons"),
        ("3", "list neurons"),
        ('["-+"]', "p or n"),
        ('["-+-p"]', "2 letters"),
        ('["-xp"]', "2 letters"),
        ('[{"sign": 0, "pattern": "-+"}]', "sign must be 1 or -1"),
        ('[{"sign": true, "pattern": "-+"}]', "sign must be 1 or -1"),
        ('[{"sign": 1}]', "cannot be read"),
        ('[{"sign": 1, "pattern": 3}]', "word over"),
        ('[{"sign": 1, "g": ["1"]}]', "2 coordinates"),
        ('[{"sign": 1, "g": ["0", "0"]}]', "direction zero"),
        ('[{"sign": 1, "g": [0.5, 1]}]', '"1/2"'),
        ('[{"sign": 1, "g": [NaN, 1]}]', "NaN"),
        ('[{"sign": 1, "g": ["1/0", 1]}]', "divides by 0"),
        ("[[1]]", "cannot be read"),
    ],
)
def test_malformed_neurons_are_refused_in_one_line(toy, tmp_path, text, said):
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(CatalogError) as caught:
        chain_text(toy, str(path))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_other_refusals(toy, tmp_path):
    with pytest.raises(CatalogError, match="no such file"):
        chain_text(toy, str(tmp_path / "missing.json"))
    with pytest.raises(CatalogError, match="unknown format"):
        chain_text(toy, form="csv")
    interval = tmp_path / "x.toml"
    interval.write_text('name = "x"\nfamily = "interval"\ntarget = "x"\ndomain = ["0", "1"]\nleak = "0"\nwidth = 1\n')
    with pytest.raises(CatalogError, match="only data sets"):
        chain_text(str(interval))


def test_patterns_that_no_weights_realize_are_refused(tent, tmp_path):
    path = tmp_path / "bad.json"
    path.write_text('["+-+p"]')
    with pytest.raises(InvalidProblem, match="no w has the pattern"):
        chain_text(tent, str(path))
