"""Stratum -> packed -> text -> record: nothing is lost, and nothing is told twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction

import pytest

from catalog.build_rows import strata_survey_row
from catalog.errors import CatalogError
from catalog.interval.strata_record import (
    Vocabulary,
    descent_lines,
    hessian_of,
    pack,
    role_words,
    stratum_record,
    unpack,
)
from catalog.number_text import number_from_record
from catalog.packed_strata import codes_of, numbers_text
from catalog.record import Record, from_text, to_text
from symbolic.enclosure import Verdict
from symbolic.interval.problem import IntervalProblem
from symbolic.interval.strata.descent import Descent, Term, descents
from symbolic.interval.strata.strata import Stratum
from symbolic.problem import Kind
from symbolic.surveys import StrataSurvey, Survey, survey, survey_strata


@pytest.fixture(scope="module", params=[("x**3 - x", "0", 2), ("x**2", "1/3", 1), ("2*x - 1", "0", 3)])
def functions(request: pytest.FixtureRequest) -> Survey:
    target, leak, width = request.param
    return survey(IntervalProblem.from_text("p", target, leak=leak), width)


@pytest.fixture(scope="module")
def surveyed(functions: Survey) -> StrataSurvey:
    return survey_strata(functions)


def test_a_packed_stratum_is_its_record(functions: Survey, surveyed: StrataSurvey) -> None:
    curves = descents(functions.problem, functions.realized, surveyed.strata)
    packed = pack("p", surveyed.strata, curves)
    words = Vocabulary(numbers_text(packed), to_text(packed.roles))
    assert len(packed.rows) == len(surveyed.strata) > 10
    for stratum, row in zip(surveyed.strata, packed.rows, strict=True):
        descent = curves.get(stratum.label)
        record = stratum_record(stratum, descent)
        assert unpack(row, words.records) == words.record(row) == record
        assert from_text(to_text(record)) == record
        check_record(record, stratum)
        assert curve_of(record) == descent
        for part in ("w", "b", "v"):
            numbers = tuple(number_from_record(one) for one in record["sample"][part])
            assert numbers == getattr(stratum.sample, part)
        assert number_from_record(record["sample"]["c"]) == stratum.sample.c
        shown = words.row(row)
        assert [neuron["code"] for neuron in shown["neurons"]] == record["roles"] == codes_of(stratum.label)
        if stratum.roles is not None:
            assert [neuron["cjr22"] for neuron in shown["neurons"]] == [role.cjr_type for role in stratum.roles]


def check_record(record: Record, stratum: Stratum) -> None:
    """Every field that is no number, from the stratum itself."""
    for name in ("label", "function", "width", "reason", "dimension", "gauge_dimension", "orbit_size"):
        assert record[name] == getattr(stratum, name)
    assert (record["kind"], record["rigor"]) == (stratum.kind.value, stratum.rigor.value)
    inertia = None if stratum.inertia is None else vars(stratum.inertia)
    assert inertia in (None, {"negative": record["index"], "zero": record["nullity"], "positive": record["positive"]})
    assert (record["index"] is None) == (inertia is None)
    assert record["stationarity"] == {name: value.value for name, value in vars(stratum.stationarity).items()}


def curve_of(record: Record) -> Descent | None:
    found = record["descent"]
    if found is None:
        return None
    terms = [Term(one["parameter"], Fraction(one["coefficient"]), one["power"]) for one in found["terms"]]
    return Descent(tuple(terms), found["order"], number_from_record(found["leading"]), found["argument"])


def test_a_descent_curve_is_told_with_its_leading_coefficient(functions: Survey, surveyed: StrataSurvey) -> None:
    curves = descents(functions.problem, functions.realized, surveyed.strata)
    packed = pack("p", surveyed.strata, curves)
    words = Vocabulary(numbers_text(packed), to_text(packed.roles))
    told = {row["label"]: words.row(row)["descent"] for row in packed.rows}
    assert {label for label, descent in told.items() if descent is not None} == set(curves)
    assert {one.label for one in surveyed.strata if one.kind is Kind.SADDLE} == set(curves)
    for label, curve in curves.items():
        descent = told[label]
        assert Fraction(descent["leading"]) < 0
        exact = curve.leading if isinstance(curve.leading, Fraction) else None
        assert descent["leading_exact"] == (None if exact is None else str(exact))
        lines = descent_lines(descent)
        assert lines[0].startswith(f"{curve.argument}: ")
        assert lines[1].endswith(f"eps**{curve.order} + O(eps**{curve.order + 1})" if curve.order > 1 else "O(eps**2)")
    row = next(row for row in packed.rows if row["descent"] is not None)
    for text in ("flat;3", "flat;3;0;b1 -1", "flat;three;0;b1 -1 1"):
        with pytest.raises(CatalogError, match=r"descent curve of p:.* is malformed"):
            words.row(row | {"descent": text})


def test_numbers_are_kept_once(functions: Survey, surveyed: StrataSurvey) -> None:
    packed = pack("p", surveyed.strata, descents(functions.problem, functions.realized, surveyed.strata))
    assert len(set(packed.numbers)) == len(packed.numbers)
    used = {int(i) for row in packed.rows for i in row["sample"].replace(";", " ").split()}
    used |= {int(row["descent"].split(";")[2]) for row in packed.rows if row["descent"] is not None}
    assert used == set(range(len(packed.numbers)))


def test_counts_add_up(surveyed: StrataSurvey) -> None:
    packed = pack("p", surveyed.strata)
    naive = Counter((one.function, one.kind.value, one.by_default) for one in surveyed.strata)
    counted: Counter[tuple[str, str, bool]] = Counter()
    for row in packed.counts:
        counted[row["function"], row["kind"], bool(row["listed"])] += row["strata"]
    assert counted == naive
    row = strata_survey_row(surveyed, packed, 0.0)
    assert row["labelled"] == sum(one.orbit_size for one in surveyed.strata)
    short = replace(packed, counts=packed.counts[1:])
    with pytest.raises(CatalogError, match="do not add up"):
        strata_survey_row(surveyed, short, 0.0)


def test_every_role_is_described(surveyed: StrataSurvey) -> None:
    roles = {role.code: role for one in surveyed.strata for role in one.roles or ()}
    words = role_words(roles.values())
    assert set(words) == set(roles)
    assert len({one["does"] for one in words.values()}) == len(words)


def test_a_hessian_that_is_missing_is_told_from_one_that_was_not_proved(surveyed: StrataSurvey) -> None:
    for stratum in surveyed.strata:
        codes = codes_of(stratum.label)
        rough = any(c.startswith("zero") or (c.startswith("l") and not c.endswith("z")) for c in codes)
        assert hessian_of(stratum) == ("no" if rough or codes == ["all"] else "yes")
    smooth = next(one for one in surveyed.strata if one.inertia is not None)
    assert hessian_of(replace(smooth, inertia=None)) == "undecided"
    rough_one = next(one for one in surveyed.strata if hessian_of(one) == "no" and one.roles is not None)
    assert hessian_of(replace(rough_one, kind=Kind.UNDECIDED, hessian=Verdict.UNDECIDED)) == "undecided"


def test_what_cannot_be_packed(surveyed: StrataSurvey) -> None:
    first, second = surveyed.strata[:2]
    with pytest.raises(CatalogError, match="same label"):
        pack("p", [first, first])
    with pytest.raises(CatalogError, match="does not say the roles"):
        pack("p", [replace(first, label=second.label)])
    assert first.roles is not None
    wrong = replace(first.roles[0], v_sign=None if first.roles[0].v_sign is not None else 1)
    other = replace(second, roles=(wrong, *first.roles[1:]), label=first.label)
    with pytest.raises(CatalogError, match="has two meanings"):
        pack("p", [first, other])
    with pytest.raises(CatalogError, match="malformed"):
        unpack({"label": "p", "sample": "1;2", "descent": None}, [])


def test_nothing_at_all_can_be_packed() -> None:
    packed = pack("p", [])
    assert (packed.rows, packed.numbers, packed.counts) == ((), (), ())
    assert Vocabulary(numbers_text(packed), to_text(packed.roles)).records == []
