"""Exact mathematics of critical points of shallow ReLU networks. Heavy modules load on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from symbolic.dataset.problem import DatasetProblem
    from symbolic.interval.problem import IntervalProblem
    from symbolic.surveys import StrataSurvey, Survey, survey, survey_strata
    from symbolic.teacher.problem import TeacherProblem

__all__ = ["DatasetProblem", "IntervalProblem", "StrataSurvey", "Survey", "TeacherProblem", "survey", "survey_strata"]

_HOMES = {
    "DatasetProblem": "symbolic.dataset.problem",
    "IntervalProblem": "symbolic.interval.problem",
    "StrataSurvey": "symbolic.surveys",
    "Survey": "symbolic.surveys",
    "TeacherProblem": "symbolic.teacher.problem",
    "survey": "symbolic.surveys",
    "survey_strata": "symbolic.surveys",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'symbolic' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
