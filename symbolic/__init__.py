"""Exact mathematics of critical points of shallow ReLU networks. Heavy modules load on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from symbolic.interval.problem import IntervalProblem
    from symbolic.survey import Survey, survey

__all__ = ["IntervalProblem", "Survey", "survey"]

_HOMES = {
    "IntervalProblem": "symbolic.interval.problem",
    "Survey": "symbolic.survey",
    "survey": "symbolic.survey",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'symbolic' has no attribute {name!r}")
    # `from symbolic import survey` must give the function although a submodule has the same name.
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
