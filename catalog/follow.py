"""The command `follow`: which strata a training run passed near, and when, beside what was predicted of it.

Everything here is numerical: the run is a list of floats, "near" is a tolerance (`symbolic.flow.proximity`), and no
statement about the critical points themselves follows from it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from catalog.errors import CatalogError
from catalog.families import family_of
from catalog.follow_fields import FollowedRun, OverFunction, followed_run
from catalog.follow_prediction import prediction
from catalog.record import from_text
from catalog.scopes import NOT_SURVEYED, Scope, check_width_asked, combine, names_of, scope_of
from catalog.store import Row, Store
from catalog.strata_query import words_of_strata
from catalog.strata_store import packed_strata, strata_surveys_of

if TYPE_CHECKING:
    from catalog.query import Catalog
    from symbolic.flow.proximity import Passage
    from symbolic.problem import Problem

Answer = dict[str, Any]

FORMATS = ("table", "json")

RIGOR = "numerical"

SMALL = 1e-9
"""What is smaller is not told apart from 0 in the table for the eye."""

PLATEAUS_SHOWN = 5
"""Plateaus near no known function that the table shows, the deepest ones; JSON has all."""


def follow_text(opened: Catalog, problem: str, trajectory: str, form: str, *, width: int | None = None) -> str:
    """What the command prints.

    Args:
        opened: the database.
        problem: a name in it, or a path ending in .toml.
        trajectory: path of the run, see `catalog.trajectory`.
        form: "table" or "json".
        width: the run is compared with what is known at this width; its own number of neurons if None.

    Raises:
        CatalogError: an unknown format or problem, or a file that holds no such run; one clear line.
    """
    if form not in FORMATS:
        raise CatalogError(f"unknown format {form!r}; choose from {', '.join(FORMATS)}")
    answer = follow(opened, problem, trajectory, width=width)
    return json.dumps(answer, sort_keys=True, allow_nan=False, indent=1) if form == "json" else follow_table(answer)


def follow(opened: Catalog, problem: str, trajectory: str, *, width: int | None = None) -> Answer:
    """The JSON object of a run: its passages near critical functions, in the order of time.

    Each passage has the function and (if the strata of the run's width are known) the nearest stratum over it; `first`
    and `last`, the ends of the stretch of time in which the run is within `reach` of the function; and of the time
    `closest` of the least distance: the `gradient_norm` (balanced), `loss`, `loss_above` (beside that of the
    function), `distance` (L2, of functions) and `parameter_distance` (to the closure of the stratum, in balanced
    coordinates: docs/follow.md).

    Guarantee: numerical.

    Raises:
        CatalogError: see `follow_text`.
    """
    from catalog.trajectory import read_trajectory
    from symbolic.flow.proximity import DIP, NEAR, passages

    check_width_asked(width)
    store = opened.store
    posed = _problem(store, problem)
    run = read_trajectory(trajectory, posed.family, _dimension(posed))
    known = _known(store, posed.name, run.width if width is None else width, run.width)
    followed = followed_run(posed, run, known.functions)
    found = passages(followed.field)
    tell = _Telling(store, posed, followed, known)
    rows = [tell.passage(one) for one in found if one.function is not None]
    losses, norms = followed.field.losses, followed.field.gradient_norms
    return {
        "problem": posed.name,
        "family": posed.family,
        "width": run.width,
        "rigor": RIGOR,
        "criterion": {
            "near": NEAR,
            "dip": DIP,
            "text": f"near: at a local minimum in time of the gradient norm (it rises by {1 / DIP:g} on both sides), "
            f"within {NEAR:g} of the distance to the next critical function",
        },
        "run": {
            "times": len(run.times),
            "timed": run.timed,
            "start": float(run.times[0]),
            "end": float(run.times[-1]),
            "loss_start": float(losses[0]),
            "loss_end": float(losses[-1]),
            "gradient_norm_end": float(norms[-1]),
        },
        "passages": rows,
        "plateaus": [tell.plateau(one) for one in found if one.function is None],
        "strata": known.strata_note,
        "prediction": prediction(store, posed, followed, known.functions, rows),
        "complete": known.complete,
    }


@dataclass(frozen=True)
class _Known:
    """What the database knows that a run of one width can pass.

    Attributes:
        functions: their rows.
        strata_width: the width whose strata are known, None if those of the run are not.
        strata_note: why not; empty if they are.
        complete: of the list of functions.
    """

    functions: list[Row]
    strata_width: int | None
    strata_note: str
    complete: dict[str, str]


def _known(store: Store, name: str, width: int, neurons: int) -> _Known:
    """The functions of the surveyed width: this one, else the next larger one (those that need no more neurons), else
    the largest one: critical functions stay critical when neurons are added."""
    surveys = {row["width"]: row for row in store.surveys() if row["problem"] == name}
    if not surveys:
        return _Known([], None, NOT_SURVEYED, combine([]))
    larger = [one for one in surveys if one >= width]
    taken = min(larger) if larger else max(surveys)
    functions = [row for row in store.functions(name, taken, clarke=True) if _least_width(row) <= neurons]
    complete = combine([scope_of(surveys[taken])])
    if taken < neurons:
        missing = f"width {neurons} is not surveyed: compared with the functions of width {taken}"
        complete = combine([Scope(name, neurons, {"status": "undecided", "reason": missing, "caveat": ""}, False)])
    if neurons not in surveys or (name, neurons) not in strata_surveys_of(store):
        return _Known(functions, None, f"the strata of width {neurons} are not known", complete)
    if taken != neurons:
        return _Known(functions, None, f"compared with width {taken}: strata are not looked for", complete)
    return _Known(functions, neurons, "", complete)


def _least_width(row: Row) -> int:
    widths = [row[name] for name in ("minimal_width", "clarke_width") if row[name] is not None]
    return min(widths, default=0)


def _problem(store: Store, name: str) -> Problem:
    from catalog.problem_file import load_problem

    (stored,) = names_of(store, name)
    if name.endswith(".toml"):
        return load_problem(name).problem
    row = next(row for row in store.problems() if row["name"] == stored)
    problem: Problem = family_of(row).problem_from_record(from_text(row["record"]))
    return problem


def _dimension(problem: Problem) -> int:
    return int(getattr(problem, "dimension", 1))


class _Telling:
    """Passages as rows."""

    def __init__(self, store: Store, problem: Problem, followed: FollowedRun, known: _Known) -> None:
        self.store = store
        self.problem = problem
        self.followed = followed
        self.known = known
        self._strata: dict[str, OverFunction] = {}

    def passage(self, one: Passage) -> Row:
        assert one.function is not None
        field, times = self.followed.field, self.followed.run.times
        function = self.known.functions[one.function]
        row: Row = {"function": function["label"], "stratum": None, "kind": None, "index": None}
        row |= {name: float(times[getattr(one, name)]) for name in ("first", "closest", "last")}
        at = one.closest
        row |= {
            "gradient_norm": float(field.gradient_norms[at]),
            "loss": float(field.losses[at]),
            "loss_above": float(field.losses[at] - field.critical_losses[one.function]),
            "distance": one.distance,
            "reach": one.reach,
            "parameter_distance": None,
            "plateaus": one.plateaus,
        }
        if self.known.strata_width is not None:
            over = self._over(function["label"], self.known.strata_width)
            label, distance = self.followed.stratum(one, over)
            if label is not None:
                packed = over.strata[label]
                row |= {"stratum": label, "kind": packed["kind"], "index": packed["negative"]}
                row["parameter_distance"] = distance
        return row

    def _over(self, function: str, width: int) -> OverFunction:
        if function not in self._strata:
            found = packed_strata(self.store, self.problem.name, width, function=function)
            words = words_of_strata(self.store, self.problem.name, width)
            self._strata[function] = OverFunction({row["label"]: row for row in found}, words)
        return self._strata[function]

    def plateau(self, one: Passage) -> Row:
        field, times = self.followed.field, self.followed.run.times
        return {
            "time": float(times[one.plateau]),
            "gradient_norm": float(field.gradient_norms[one.plateau]),
            "loss": float(field.losses[one.plateau]),
            "plateaus": one.plateaus,
        }


def follow_table(answer: Answer) -> str:
    """The passages for people."""
    from catalog.answer import describe
    from catalog.cells import or_dash
    from catalog.tables import plain_table

    run = answer["run"]
    span = f"{_time(run['start'], run)} to {_time(run['end'], run)}" + ("" if run["timed"] else " (numbers of objects)")
    lines = [
        f"{answer['problem']}: a run of {answer['width']} neurons, {run['times']} times from {span}, "
        f"loss from {_number(run['loss_start'])} to {_number(run['loss_end'])}",
        "",
    ]
    header = ["closest", "first", "last", "function", "stratum", "kind"]
    header += ["gradient", "loss - critical", "distance", "parameters"]
    rows = [
        [
            *(_time(row[name], run) for name in ("closest", "first", "last")),
            row["function"],
            "-" if row["stratum"] is None else "@" + row["stratum"].rpartition("@")[2],
            or_dash(row["kind"]),
            *(_number(row[name]) for name in ("gradient_norm", "loss_above", "distance")),
            "-" if row["parameter_distance"] is None else _number(row["parameter_distance"]),
        ]
        for row in answer["passages"]
    ]
    lines.append(plain_table(header, rows) if rows else "the run passes near no known critical function")
    lines += ["", *_plateau_lines(answer["plateaus"], run)]
    lines += answer["prediction"]["lines"]
    if answer["strata"]:
        lines.append(answer["strata"])
    lines.append(f"{answer['rigor']}; {answer['criterion']['text']}")
    lines.append(f"critical functions known: {describe(answer['complete'])}")
    return "\n".join(lines)


def _plateau_lines(plateaus: Sequence[Row], run: Row) -> list[str]:
    deepest = sorted(sorted(plateaus, key=lambda row: row["gradient_norm"])[:PLATEAUS_SHOWN], key=lambda r: r["time"])
    lines = [
        f"near no known critical function: a plateau at {_time(row['time'], run)}, loss {_number(row['loss'])}, "
        f"gradient {_number(row['gradient_norm'])}"
        for row in deepest
    ]
    if len(plateaus) > len(deepest):
        lines.append(f"and {len(plateaus) - len(deepest)} more plateaus near no known critical function")
    return lines


def _time(value: float, run: Row) -> str:
    return f"{value:.3g}" if run["timed"] else f"{value:.0f}"


def _number(value: float) -> str:
    """Two digits; what may be rounding is not told apart from 0."""
    return f"{value:.1e}" if abs(value) >= SMALL else f"<{SMALL:.0e}"
