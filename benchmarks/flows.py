"""The gradient flow from the same starts: ours, and scipy's `solve_ivp` on the same gradient.

`solve_ivp` runs with its default settings (RK45, rtol 1e-3, atol 1e-6), and with the loosest tolerance that reaches the
error of our run. A reference run of another solver with far smaller tolerances says what the errors are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from time import process_time

import numpy as np
from scipy.integrate import solve_ivp

from symbolic.dataset.problem import DatasetProblem
from symbolic.flow.interval_field import FloatArray

TOLERANCES = tuple(10.0**-k for k in range(3, 14))

Velocity = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True)
class Outcome:
    """Where a run ended, its processor seconds and how often it evaluated the gradient (and a Jacobian)."""

    state: FloatArray
    seconds: float
    gradients: int
    jacobians: int = 0
    note: str = ""


class _TooLong(Exception):
    pass


def rival(velocity: Velocity, start: FloatArray, end: float, limit: float, **options: float) -> Outcome:
    """`solve_ivp` up to a time; what it did within the limit of seconds."""
    count, begun = 0, process_time()
    last = [0.0, start]

    def counted(time: float, state: FloatArray) -> FloatArray:
        nonlocal count
        count += 1
        last[:] = [time, state]
        if process_time() - begun > limit:
            raise _TooLong
        return velocity(state)

    try:
        found = solve_ivp(counted, (0.0, end), start, **options)
    except _TooLong:
        return Outcome(np.asarray(last[1]), process_time() - begun, count, note=f"stopped at time {last[0]:.5g}")
    return Outcome(found.y[:, -1], process_time() - begun, count, note="" if found.success else found.message)


def rows(
    name: str, ours: Outcome, velocity: Velocity, start: FloatArray, end: float, error: Callable[[FloatArray], float],
    loss: Callable[[FloatArray], float], limit: float,
) -> Iterator[str]:
    """Lines of the table: our run, `solve_ivp` by default, and at the error of ours."""
    goal = error(ours.state)

    def line(who: str, outcome: Outcome, settings: str) -> str:
        wrong = f"{error(outcome.state):.1e}" if not outcome.note else f"{error(outcome.state):.1e}, {outcome.note}"
        ratio = f"{outcome.seconds / ours.seconds:.2g}" if outcome is not ours else "1"
        seen = f"{outcome.gradients}" + (f" + {outcome.jacobians} Hessians" if outcome.jacobians else "")
        return (
            f"| {name} | {end:.4g} | {who} | {settings} | {outcome.seconds:.3f} | {ratio} | {seen} | {wrong} | "
            f"{loss(outcome.state):.9g} |"
        )

    yield line("ours", ours, "")
    yield line("solve_ivp", rival(velocity, start, end, limit), "default")
    outcome = None
    for tolerance in TOLERANCES:
        outcome = rival(velocity, start, end, limit, rtol=tolerance, atol=tolerance * 1e-3)
        if outcome.note or error(outcome.state) <= goal:
            break
    if outcome is not None:
        short = "" if outcome.note or error(outcome.state) <= goal else ", not reached"
        yield line("solve_ivp", outcome, f"rtol {tolerance:.0e}, atol {tolerance * 1e-3:.0e}{short}")


def header() -> Iterator[str]:
    columns = ("start", "time", "by", "settings", "seconds", "ratio", "gradients", "error at the end", "loss")
    yield f"| {' | '.join(columns)} |"
    yield "|" + "---|" * len(columns)


def intervals(cases: Sequence[tuple[str, str, int, int]], limit: float) -> Iterator[str]:
    """Starts near saddles of interval problems: the way out of the saddle of this number, along its first direction.

    The error is the distance of the parameters from the critical point that the reference comes to rest at. Newton's
    iteration, with which our run ends, is given to the ends of the others as well.
    """
    from symbolic import survey, survey_strata
    from symbolic.flow.interval_descent import RunBudget, descend, polish
    from symbolic.flow.interval_field import IntervalField
    from symbolic.flow.interval_transitions import Transitions
    from symbolic.interval.problem import IntervalProblem

    for title, target, width, number in cases:
        problem = IntervalProblem.from_text("flow", target)
        surveyed = survey(problem, width)
        known = Transitions(surveyed, survey_strata(surveyed))
        ways = {one.key: one for stratum in known.sources() for one in known.departures(stratum)[0]}
        keys = [key for key in ways if key.endswith("#0") and ":hessian" in key]
        start = ways[keys[number % len(keys)]].start
        field = IntervalField(problem, (len(start.parameters) - 1) // 3)
        counts = {"gradient": 0, "hessian": 0}

        with Counting(IntervalField, counts):
            begun = process_time()
            run = descend(start)
            seconds = process_time() - begun
        ours = Outcome(np.array(run.parameters), seconds, counts["gradient"], counts["hessian"])
        state = np.array(start.parameters)
        far = solve_ivp(
            lambda _, y, field=field: -field.gradient(y), (0, 10 * run.time), state, method="LSODA",
            jac=lambda _, y, field=field: -field.hessian(y), rtol=1e-13, atol=1e-15,
        )
        limit_point = polish(field, far.y[:, -1], RunBudget().rest)
        if limit_point is None:
            yield f"| {title} | | the reference did not come to rest | | | | | | |"
            continue

        def error(end: FloatArray, goal: FloatArray = limit_point, field: IntervalField = field) -> float:
            rest = polish(field, end, RunBudget().rest)
            return float(np.abs((end if rest is None else rest) - goal).max())

        yield from rows(
            title, ours, lambda y, field=field: -field.gradient(y), state, run.time, error, field.loss, limit
        )


class Counting:
    """Counts the calls of methods of a class while the block runs."""

    def __init__(self, owner: type, counts: dict[str, int]) -> None:
        self.owner, self.counts = owner, counts
        self.kept = {name: getattr(owner, name) for name in counts}

    def __enter__(self) -> None:
        for name, method in self.kept.items():
            setattr(self.owner, name, self._counted(name, method))

    def __exit__(self, *_: object) -> None:
        for name, method in self.kept.items():
            setattr(self.owner, name, method)

    def _counted(self, name: str, method: Callable[..., object]) -> Callable[..., object]:
        def counted(*arguments: object) -> object:
            self.counts[name] += 1
            return method(*arguments)

        return counted


DataSet = tuple[str, tuple[int | str, ...], tuple[int, ...], str, Fraction]
"""Name, inputs, targets, lambda, and the time in units of log(1/lambda)."""


class PlainField:
    """The gradient flow in the plain weights (rows w, then a), with relu'(0) = 0, as one writes it down."""

    def __init__(self, problem: DatasetProblem, width: int) -> None:
        self.samples = np.array(problem.samples, dtype=float)
        self.targets = np.array(problem.targets, dtype=float)
        self.width = width

    def residuals(self, y: FloatArray) -> FloatArray:
        inner, outer = y[: -self.width].reshape(self.width, -1), y[-self.width :]
        return self.targets - np.maximum(self.samples @ inner.T, 0) @ outer

    def loss(self, y: FloatArray) -> float:
        return float((self.residuals(y) ** 2).sum() / (2 * len(self.targets)))

    def velocity(self, y: FloatArray) -> FloatArray:
        inner, outer = y[: -self.width].reshape(self.width, -1), y[-self.width :]
        active = np.maximum(self.samples @ inner.T, 0)
        residuals = self.targets - active @ outer
        pull = (residuals[:, None] * (active > 0)).T @ self.samples * outer[:, None]
        return np.concatenate((pull.ravel(), active.T @ residuals)) / len(self.targets)


def data_sets(cases: Sequence[DataSet], limit: float) -> Iterator[str]:
    """Small balanced starts of data sets with a bias, one neuron for each cell and sign; followed for a multiple of
    log(1/lambda).

    The error is that of the residuals at the end, beside those of DOP853 with rtol 1e-13. Where that fails, because
    neurons slide along kinks, our own run with tolerances of 1e-13 stands in, and the row is marked by a star.
    """
    from symbolic.dataset.patterns import arrangement, interior_point
    from symbolic.flow.gradient_flow import integrate
    from symbolic.flow.initialization import balanced
    from symbolic.flow.sample_field import SampleField
    from symbolic.flow.switching import Accuracy

    for name, inputs, targets, scale, share in cases:
        rows_of = tuple((Fraction(x),) for x in inputs)
        problem = DatasetProblem("flow", rows_of, tuple(map(Fraction, targets)), bias=True)
        known = arrangement(problem.samples)
        points = [interior_point(known, cell) for cell in known.cells]
        start = balanced(points + points, [1] * len(points) + [-1] * len(points), scale)
        end = float(share) * float(np.log(1 / float(start.scale)))
        counts = {"velocity": 0}
        with Counting(SampleField, counts):
            begun = process_time()
            run = integrate(problem.samples, problem.targets, start.inner, start.outer, end, scale=start.scale)
            seconds = process_time() - begun
        weights = np.concatenate((run.inner[-1].ravel(), run.outer[-1]))
        ours = Outcome(weights, seconds, counts["velocity"])
        plain = PlainField(problem, len(start.outer))
        state = np.concatenate((np.array(start.inner, dtype=float).ravel(), np.array(start.outer)))
        far = solve_ivp(
            lambda _, y, plain=plain: plain.velocity(y), (0, end), state, method="DOP853", rtol=1e-13, atol=1e-30
        )
        if far.success:
            mark, exact = "", plain.residuals(far.y[:, -1])
        else:
            sharp = integrate(
                problem.samples, problem.targets, start.inner, start.outer, end, accuracy=Accuracy(1e-13, 1e-15)
            )
            mark, exact = "*", sharp.final_residuals

        def error(y: FloatArray, exact: FloatArray = exact, plain: PlainField = plain) -> float:
            return float(np.abs(plain.residuals(y) - exact).max())

        yield from rows(f"{name}, lambda = {scale}{mark}", ours, plain.velocity, state, end, error, plain.loss, limit)


SADDLES = (
    ("x^2, width 2", "x**2", 2, 0),
    ("x^3 - x, width 2", "x**3 - x", 2, 0),
    ("x^3 - x, width 3", "x**3 - x", 3, 7),
)
SETS: tuple[DataSet, ...] = (
    ("toy", ("-1/2", 2), (-1, 1), "1e-8", Fraction(9, 5)),
    ("tent3", (-1, 0, 1), (0, 1, 0), "1e-4", Fraction(12)),
)


def table(limit: float, *, quick: bool = False) -> Iterator[str]:
    yield from header()
    yield from intervals(SADDLES[:1] if quick else SADDLES, limit)
    yield from data_sets(SETS[:1] if quick else SETS, limit)
