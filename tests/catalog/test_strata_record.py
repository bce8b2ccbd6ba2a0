"""Stratum -> packed -> text -> record: nothing is lost, and nothing is told twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from catalog.build_rows import strata_survey_row
from catalog.errors import CatalogError
from catalog.number_text import number_from_record
from catalog.record import from_text, to_text
from catalog.strata_record import (
    Vocabulary,
    codes_of,
    hessian_of,
    numbers_text,
    pack,
    role_words,
    stratum_record,
    unpack,
)
from symbolic.interval.problem import IntervalProblem
from symbolic.problem import Kind
from symbolic.surveys import StrataSurvey, survey, survey_strata


@pytest.fixture(scope="module", params=[("x**3 - x", "0", 2), ("x**2", "1/3", 1), ("2*x - 1", "0", 3)])
def surveyed(request: pytest.FixtureRequest) -> StrataSurvey:
    target, leak, width = request.param
    return survey_strata(survey(IntervalProblem.from_text("p", target, leak=leak), width))


def test_a_packed_stratum_is_its_record(surveyed: StrataSurvey) -> None:
    packed = pack("p", surveyed.strata)
    words = Vocabulary(numbers_text(packed), to_text(packed.roles))
    assert len(packed.rows) == len(surveyed.strata) > 10
    for stratum, row in zip(surveyed.strata, packed.rows, strict=True):
        record = stratum_record(stratum)
        assert unpack(row, words.records) == record
        assert from_text(to_text(record)) == record
        for part in ("w", "b", "v"):
            numbers = tuple(number_from_record(one) for one in record["sample"][part])
            assert numbers == getattr(stratum.sample, part)
        assert number_from_record(record["sample"]["c"]) == stratum.sample.c
        shown = words.row(row)
        assert [neuron["code"] for neuron in shown["neurons"]] == record["roles"] == codes_of(stratum.label)
        if stratum.roles is not None:
            assert [neuron["cjr22"] for neuron in shown["neurons"]] == [role.cjr_type for role in stratum.roles]


def test_numbers_are_kept_once(surveyed: StrataSurvey) -> None:
    packed = pack("p", surveyed.strata)
    assert len(set(packed.numbers)) == len(packed.numbers)
    used = {int(i) for row in packed.rows for i in row["sample"].replace(";", " ").split()}
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
    reason = "a residual at an end or at a site could not be proved not to vanish"
    assert hessian_of(replace(rough_one, kind=Kind.UNDECIDED, reason=reason)) == "undecided"


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
        unpack({"label": "p", "sample": "1;2"}, [])


def test_nothing_at_all_can_be_packed() -> None:
    packed = pack("p", [])
    assert (packed.rows, packed.numbers, packed.counts) == ((), (), ())
    assert Vocabulary(numbers_text(packed), to_text(packed.roles)).records == []
