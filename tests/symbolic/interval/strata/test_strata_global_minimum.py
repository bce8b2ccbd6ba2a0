"""The least loss of a complete list and the local judgement are two arguments, which must agree."""

from dataclasses import replace

import pytest

from symbolic import IntervalProblem, survey, survey_strata
from symbolic.interval.strata.assignments import Assignment
from symbolic.interval.strata.kinds import Judge, Judgement
from symbolic.interval.strata.strata import strata_of
from symbolic.problem import Kind

CASES = [("x**2", ("0", "1"), 2), ("x**3 - x", ("0", "1"), 2), ("x**3", ("-1", "1"), 3), ("x**2", ("-1", "1"), 3)]


@pytest.mark.parametrize(("target", "domain", "width"), CASES)
def test_global_minima_are_judged_local_minima(target: str, domain: tuple[str, str], width: int) -> None:
    surveyed = survey(IntervalProblem.from_text("p", target, domain), width)
    lowest = {s.function for s in survey_strata(surveyed).strata if s.kind is Kind.GLOBAL_MINIMUM}
    assert lowest
    for label in lowest:
        kinds = {stratum.kind for stratum in strata_of(surveyed.realized[label], width).strata}
        assert kinds == {Kind.LOCAL_MINIMUM}


def test_mirror_images_are_both_global_minima() -> None:
    surveyed = survey(IntervalProblem.from_text("p", "x**2", ("-1", "1")), 3)
    lowest = {s.function for s in survey_strata(surveyed).strata if s.kind is Kind.GLOBAL_MINIMUM}
    assert lowest == {"p:B.--+.1", "p:B.-++.1"}


def test_a_contradiction_is_a_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Judge.judge

    def pessimist(self: Judge, assignment: Assignment) -> Judgement:
        return replace(honest(self, assignment), kind=Kind.STRICT_SADDLE)

    monkeypatch.setattr(Judge, "judge", pessimist)
    result = survey_strata(survey(IntervalProblem.from_text("p", "x**2"), 1))
    assert not result.completeness.proved
    assert "least loss" in result.completeness.reason
