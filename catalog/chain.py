"""The command `chain`: the saddle-to-saddle chain of a data set as JSON or as a table.

A file of initial neurons (`--patterns`) is JSON, or TOML if its name ends in .toml, with one list `neurons` (in JSON
the list may also stand alone). A neuron is

- a code such as "+-p": the signs of <w, x_k> at the samples, then p or n for the sign of a;
- `{"sign": 1, "pattern": "+-"}`: the same;
- `{"sign": 1, "g": ["1", "1/3"]}`: the sign of a and the exact direction of w, bias coordinate last.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.errors import CatalogError
from catalog.picture_file import picture_path
from catalog.problem_fields import Refusal, SpelledFloat, number_field, short

if TYPE_CHECKING:
    from symbolic.dataset.chain import Chain, ChainStep, InitialNeuron
    from symbolic.dataset.problem import DatasetProblem
    from symbolic.exact.square_roots import RootSum

Answer = dict[str, Any]

FORMATS = ("table", "json")
MAXIMAL_BYTES = 1_000_000
SIGNS = {"p": 1, "n": -1}
NEURON = 'a neuron is a code such as "+-p", {"sign": 1, "pattern": "+-"} or {"sign": 1, "g": ["1", "1/3"]}'


def chain_text(
    problem: str,
    patterns: str | None = None,
    form: str = "table",
    db: str | None = None,
    *,
    plot: str | None = None,
    patterns_budget: int | None = None,
) -> str:
    """What the command prints.

    Args:
        problem: a name in the database, or a path ending in .toml (then no database is needed).
        patterns: path of a file of initial neurons; None for a wide network.
        form: "table" or "json".
        db: the database.
        plot: path of a picture of the loss in runs of the flow beside the chain (`catalog.chain_plot`).
        patterns_budget: activation patterns listed at most; None for the default.

    Raises:
        CatalogError: an unknown format or problem, a problem that is no data set, a malformed file, a picture that
            cannot be drawn; one clear line.
        Undecided: the chain needs more work than is allowed, or a small neuron sits where its way is not decided.
    """
    if form not in FORMATS:
        raise CatalogError(f"unknown format {form!r}; choose from {', '.join(FORMATS)}")
    if patterns_budget is not None and patterns_budget < 1:
        raise CatalogError(f"--patterns-budget must be a positive integer, not {patterns_budget}")
    if plot is not None:
        picture_path(plot)
    answer = chain_answer(_problem(problem, db), patterns, plot=plot, patterns_budget=patterns_budget)
    return json.dumps(answer, sort_keys=True, allow_nan=False, indent=1) if form == "json" else chain_table(answer)


def chain_answer(
    problem: DatasetProblem,
    patterns: str | None = None,
    *,
    plot: str | None = None,
    patterns_budget: int | None = None,
) -> Answer:
    """The JSON object of the chain of a data set; arguments as for `chain_text`."""
    from symbolic.dataset.labels import labels_of
    from symbolic.dataset.patterns import PATTERN_BUDGET
    from symbolic.flow.saddle_chain import saddle_chain

    budget = PATTERN_BUDGET if patterns_budget is None else patterns_budget
    neurons = None if patterns is None else read_neurons(Path(patterns), problem)
    chain = saddle_chain(problem, neurons, pattern_budget=budget)
    points = [chain.start, *(step.after for step in chain.steps if step.after is not None)]
    answer = _answer(chain, labels_of(problem, points, pattern_budget=budget))
    if plot is not None:
        from catalog.chain_plot import write_chain_plot

        write_chain_plot(chain, plot, pattern_budget=budget)
    return answer


def read_neurons(path: Path, problem: DatasetProblem) -> tuple[InitialNeuron, ...]:
    """The initial neurons of a file.

    Raises:
        CatalogError: the file cannot be read, or a neuron in it does not fit the data set; one clear line.
    """
    from symbolic.dataset.chain import check_neurons
    from symbolic.errors import InvalidProblem

    try:
        rows = _rows(path)
        return check_neurons(problem, [_neuron(row, number, problem) for number, row in enumerate(rows, start=1)])
    except (Refusal, InvalidProblem) as error:
        raise CatalogError(f"{path}: {error}") from None


def chain_table(answer: Answer) -> str:
    """The chain for people: one line for each stationary point."""
    from catalog.answer import describe
    from catalog.tables import plain_table

    header = ["tau", "~", "loss", "rate", "function", "fit", "fires", "tie"]
    start = answer["start"]
    rows = [["0", "0", start["loss"]["exact"], "", start["label"] or "-", _listed(start["fit"]), "", ""]]
    for step in answer["steps"]:
        fires = ", ".join(one["pattern"] + ("p" if one["sign"] > 0 else "n") for one in step["firing"])
        rows.append(
            [
                step["tau"],
                step["tau_decimal"][:8],
                step["loss"]["exact"] if step["loss"] else "?",
                step["rate"],
                step["to"] or "-",
                "?" if step["fit"] is None else _listed(step["fit"]),
                fires,
                "tie" if step["tie"] else "",
            ]
        )
    norm = answer["variation_norm"]
    lines = [
        plain_table(header, rows),
        "",
        f"end: {answer['end']} ({answer['end_reason']}); variation norm {'not determined' if norm is None else norm}",
        describe(answer["complete"]),
    ]
    return "\n".join(lines)


def _problem(name: str, db: str | None) -> DatasetProblem:
    from catalog.families import family_of
    from catalog.problem_file import load_problem
    from symbolic.dataset.problem import DatasetProblem

    problem: object
    if name.endswith(".toml"):
        problem = load_problem(name).problem
    else:
        from catalog.query import open_catalog

        with open_catalog(db) as opened:
            row = opened.problems(problem=name)[0]
        problem = family_of(row).problem_from_record(row)
    if not isinstance(problem, DatasetProblem):
        raise CatalogError(f"{name} is not a data set: only data sets have a saddle-to-saddle chain")
    return problem


def _rows(path: Path) -> list[Any]:
    try:
        with path.open("rb") as file:
            data = file.read(MAXIMAL_BYTES + 1)
        if len(data) > MAXIMAL_BYTES:
            raise Refusal(f"is larger than {MAXIMAL_BYTES} bytes")
        text = data.decode("utf-8")
        if path.suffix == ".toml":
            table: Any = tomllib.loads(text, parse_float=SpelledFloat)
        else:
            table = json.loads(text, parse_float=SpelledFloat, parse_constant=SpelledFloat)
    except FileNotFoundError:
        raise Refusal("no such file") from None
    except OSError as error:
        raise Refusal(f"cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise Refusal("is not a text file") from None
    except (ValueError, RecursionError) as error:
        raise Refusal(f"is not {'TOML' if path.suffix == '.toml' else 'JSON'}: {error}") from None
    rows = table
    if isinstance(table, Mapping):
        unknown = [key for key in table if key != "neurons"]
        if unknown:
            raise Refusal(f"unknown key {short(unknown[0])}; the only key is neurons")
        rows = table.get("neurons")
    if not isinstance(rows, list) or not rows:
        raise Refusal(f"needs a list neurons with at least one neuron; {NEURON}")
    return rows


def _neuron(row: object, number: int, problem: DatasetProblem) -> InitialNeuron:
    from symbolic.dataset.chain import InitialNeuron
    from symbolic.errors import InvalidProblem

    if isinstance(row, str):
        if row[-1:] not in SIGNS:
            raise Refusal(f"neuron {number}: {short(row)} does not end in p or n for the sign of a; {NEURON}")
        return InitialNeuron(SIGNS[row[-1]], row[:-1])
    if not isinstance(row, Mapping) or set(row) not in ({"sign", "pattern"}, {"sign", "g"}):
        raise Refusal(f"neuron {number}: {short(row)} cannot be read; {NEURON}")
    sign = row["sign"]
    if isinstance(sign, bool) or sign not in (1, -1) or not isinstance(sign, int):
        raise Refusal(f"neuron {number}: sign must be 1 or -1, not {short(sign)}")
    if "pattern" in row:
        if not isinstance(row["pattern"], str):
            raise Refusal(f"neuron {number}: pattern must be a word over +, -, 0, not {short(row['pattern'])}")
        return InitialNeuron(sign, row["pattern"])
    if not isinstance(row["g"], list):
        raise Refusal(f"neuron {number}: g must be a list of numbers such as [\"1\", \"1/3\"], not {short(row['g'])}")
    direction = [number_field(f"neuron {number}: g", value, item=True) for value in row["g"]]
    try:
        return InitialNeuron.towards(problem, sign, direction)
    except InvalidProblem as error:
        raise Refusal(f"neuron {number}: {error}") from None


def _answer(chain: Chain, labels: Mapping[tuple[Fraction, ...], str]) -> Answer:
    from catalog.record import completeness_record

    start, *points = [_point(residuals, labels) for residuals in (chain.start, *(step.after for step in chain.steps))]
    steps = []
    previous = start["label"]
    for step, point in zip(chain.steps, points, strict=True):
        steps.append(_step(step, previous, point))
        previous = point["label"]
    norm = chain.variation_norm
    return {
        "problem": chain.problem.name,
        "neurons": None
        if chain.neurons is None
        else [
            {"sign": one.sign, "pattern": one.pattern}
            | ({} if one.direction is None else {"g": [str(value) for value in one.direction]})
            for one in chain.neurons
        ],
        "start": start,
        "steps": steps,
        "end": chain.end.value,
        "end_reason": chain.reason,
        "variation_norm": _measured(norm) if isinstance(norm, float) else norm and norm.text(),
        "variation_norm_decimal": _measured(norm) if isinstance(norm, float) else norm and _decimal(norm),
        "evidence": "numerical" if any(step.evidence == "numerical" for step in chain.steps) else "proved",
        "complete": completeness_record(chain.completeness),
    }


def _point(residuals: tuple[Fraction, ...] | None, labels: Mapping[tuple[Fraction, ...], str]) -> Answer:
    from catalog.number_text import number_record, outward_floats
    from catalog.record import loss_answer
    from symbolic.dataset.functions import loss_of

    if residuals is None:
        return {"label": None, "loss": None, "residuals": None, "fit": None}
    loss = loss_of(residuals)
    return {
        "label": labels.get(residuals),
        "loss": loss_answer(number_record(loss), *(end + 0.0 for end in outward_floats(loss))),
        "residuals": [str(value) for value in residuals],
        "fit": [k for k, value in enumerate(residuals, start=1) if value == 0],
    }


def _step(step: ChainStep, before: str | None, point: Answer) -> Answer:
    rate = step.rate
    answer = {
        "from": before,
        "to": point["label"],
        "loss": point["loss"],
        "residuals": point["residuals"],
        "fit": point["fit"],
        "rate": rate.text(),
        "rate_decimal": _decimal(rate),
        "tau": step.tau.text(),
        "tau_decimal": _decimal(step.tau),
        "tie": step.tie,
        "firing": [
            {
                "sign": one.sign,
                "pattern": one.pattern,
                "direction": [str(value) for value in one.direction],
                "rate": one.rate.text(),
                "neurons": list(one.neurons) or None,
            }
            for one in step.firings
        ],
        "stationarity": step.stationarity,
        "evidence": step.evidence,
    }
    return answer if step.gradient_norm is None else answer | {"gradient_norm": step.gradient_norm}


def _decimal(value: RootSum) -> str:
    from catalog.number_text import decimal_text

    rational = value.as_rational
    return decimal_text(value.ball() if rational is None else rational)


def _measured(value: float) -> str:
    """A number from a run of the flow, to the digits worth having."""
    return f"{value:.7g}"


def _listed(numbers: list[int]) -> str:
    return "{" + ",".join(map(str, numbers)) + "}"
