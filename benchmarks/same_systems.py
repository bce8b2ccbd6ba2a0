"""Each reduced system by each engine: solutions counted beside seconds, and the ratio to the subdivision's time."""

from __future__ import annotations

from collections.abc import Iterator
from time import process_time

from cases import Case
from oracles.skeleton_direct import exact_system, systems
from reduced_systems import reduced_system
from rivals import Outcome, find_msolve, run_msolve, run_sympy

from symbolic.interval.problem import CanonicalProblem
from symbolic.solving.elimination import solve_in_simplex
from symbolic.surveys import solve_cell

ENGINES = ("subdivision", "elimination", "msolve", "SymPy groebner", "SymPy solve_poly_system")


def table(case: Case, knots: int, limit: float) -> Iterator[str]:
    """Lines of the table for all systems with at most `knots` knots; `limit` seconds for each rival and system."""
    canonical, _ = case.problem().canonical()
    yield f"| knots | system | {' | '.join(ENGINES)} |"
    yield "|---|---|" + "---|" * len(ENGINES)
    # Imports and caches are not what is measured.
    _ours(canonical, "free", 1)
    history: list[dict[str, Outcome]] = []
    for m in range(1, knots + 1):
        for system in systems(m):
            outcomes = _ours(canonical, system, m) | _theirs(canonical, system, m, limit)
            history.append(outcomes)
            yield f"| {m} | {system} | {' | '.join(_cell(name, outcomes) for name in ENGINES)} |"
    yield f"| all | {len(history)} systems | {' | '.join(_total(name, history) for name in ENGINES)} |"


def _ours(canonical: CanonicalProblem, system: str, knots: int) -> dict[str, Outcome]:
    started = process_time()
    cell = solve_cell(canonical, (knots, system))
    seconds, proved = process_time() - started, cell.completeness.proved
    subdivision = Outcome(seconds, len(cell.roots), "" if proved else "undecided", proved)
    started = process_time()
    exact = solve_in_simplex(exact_system(canonical.target, system, knots))
    seconds, proved = process_time() - started, exact.completeness.proved
    elimination = Outcome(seconds, len(exact.solutions) if proved else None, "" if proved else "undecided", proved)
    return {"subdivision": subdivision, "elimination": elimination}


def _theirs(canonical: CanonicalProblem, system: str, knots: int, limit: float) -> dict[str, Outcome]:
    reduced = reduced_system(canonical.target, system, knots)
    binary = find_msolve()
    return {
        "msolve": run_msolve(binary, reduced, limit) if binary else Outcome(0.0, None, "not installed", False),
        "SymPy groebner": run_sympy("groebner", reduced, limit),
        "SymPy solve_poly_system": run_sympy("solve_poly_system", reduced, limit),
    }


def _cell(name: str, outcomes: dict[str, Outcome]) -> str:
    """`solutions: seconds (ratio)`; a ratio below 1 means faster than the subdivision; a wrong count in bold."""
    ours, outcome = outcomes["subdivision"], outcomes[name]
    if outcome.note == "not installed":
        return outcome.note
    count = "" if outcome.solutions is None else f"{outcome.solutions}: "
    if count and outcome.solutions != ours.solutions:
        count = f"**{outcome.solutions}**: "
    ratio = "" if name == "subdivision" or not outcome.finished else f" ({outcome.seconds / ours.seconds:.2g})"
    note = f" {outcome.note}" if outcome.note else ""
    return f"{count}{outcome.seconds:.3f} s{ratio}{note}"


def _total(name: str, history: list[dict[str, Outcome]]) -> str:
    """Systems answered, solutions, seconds; the ratio is over the systems that the engine answered."""
    mine = [outcomes[name] for outcomes in history]
    answered = [(row[name].seconds, row["subdivision"].seconds) for row in history if row[name].finished]
    counts = [outcome.solutions for outcome in mine if outcome.finished and outcome.solutions is not None]
    solutions = f"{sum(counts)} solutions, " if counts else ""
    text = f"{len(answered)} answered, {solutions}{sum(outcome.seconds for outcome in mine):.2f} s"
    if name == "subdivision" or not answered:
        return text
    return f"{text} ({sum(a for a, _ in answered) / sum(b for _, b in answered):.2g})"
