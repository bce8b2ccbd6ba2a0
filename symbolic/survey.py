"""The loop: problem -> systems -> certified solutions -> critical functions, with what is proved about the list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass

from symbolic.interval.functions import IntervalFunction
from symbolic.interval.problem import IntervalProblem
from symbolic.problem import Cell, Completeness


@dataclass(frozen=True)
class Survey:
    """All critical functions of minimal width at most `width`, and how far that "all" is proved.

    `functions` is sorted by minimal width, then label order (class A before B, fewer knots first).
    """

    problem: IntervalProblem
    width: int
    functions: tuple[IntervalFunction, ...]
    completeness: Completeness
    cells: tuple[Cell, ...]


def plan(problem: IntervalProblem, width: int) -> tuple[tuple[int, str], ...]:
    """Keys (knots, system) of the cells a survey of this width needs; empty where a closed form is used."""
    raise NotImplementedError


def survey(
    problem: IntervalProblem,
    width: int,
    *,
    known: Mapping[tuple[int, str], Cell] | None = None,
    executor: Executor | None = None,
    seconds_per_cell: float | None = None,
    on_cell: Callable[[Cell], None] | None = None,
) -> Survey:
    """Survey of one width. Cells in `known` are not solved again; each new one is reported to `on_cell` at once."""
    raise NotImplementedError
