"""The weights of one network as JSON or arrays, read exactly: a float is the dyadic rational that it is.

The objects are {"w", "b", "v", "c"} for the interval family (one number per neuron, and the output bias c),
{"w": rows, "a"} for data sets (one row per neuron; a bias is one more coordinate of every row), {"w": rows} for
teachers. A number is a JSON number, or a string "p/q". Every refusal is one line.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from pathlib import Path
from typing import Any

from catalog.problem_fields import MAXIMAL_DIGITS, Refusal, number_field, short
from symbolic.problem import Problem

MAXIMAL_BYTES = 50_000_000
"""A larger file of weights is refused."""

LARGEST = 10**MAXIMAL_DIGITS
"""Larger numbers are refused."""

MAXIMAL_NEURONS = 10_000
MAXIMAL_COORDINATES = 10_000

KEYS = {"interval": ("w", "b", "v", "c"), "dataset": ("w", "a"), "teacher": ("w",)}
"""The keys of the object of each family, all of them needed."""

Vector = tuple[Fraction, ...]


@dataclass(frozen=True)
class IntervalWeights:
    """f(x) = c + sum_j v_j s(w_j x + b_j)."""

    w: Vector
    b: Vector
    v: Vector
    c: Fraction

    @property
    def width(self) -> int:
        return len(self.w)


@dataclass(frozen=True)
class DatasetWeights:
    """f(x) = sum_j a_j max(<w_j, x>, 0); a bias is the last coordinate of every row."""

    w: tuple[Vector, ...]
    a: Vector

    @property
    def width(self) -> int:
        return len(self.w)


@dataclass(frozen=True)
class TeacherWeights:
    """One row per student neuron."""

    w: tuple[Vector, ...]

    @property
    def width(self) -> int:
        return len(self.w)


Weights = IntervalWeights | DatasetWeights | TeacherWeights


def read_weights(problem: Problem, table: object) -> Weights:
    """The weights of an object, checked against the problem.

    Args:
        problem: a problem of any family; data sets and teachers give the length of a row.
        table: a mapping from the keys of the family to numbers, lists, or numpy arrays.

    Returns:
        Exact rationals.

    Raises:
        Refusal: one line: a key missing or unknown, a number that is none (NaN, infinity, boolean, other text) or too
            long, lists of unequal lengths, rows that do not have the dimension of the problem.
    """
    keys = KEYS[problem.family]
    spelled = "{" + ", ".join(f'"{key}"' for key in keys) + "}"
    if not isinstance(table, Mapping):
        raise Refusal(f"weights must be an object {spelled}, not {_short(table)}")
    for key in table:
        if key not in keys:
            close = difflib.get_close_matches(str(key), keys, 1, 0.5)
            hint = f" (did you mean {close[0]}?)" if close else ""
            raise Refusal(f"unknown key {_short(key)}{hint}; the weights of this family are {spelled}")
    for key in keys:
        if key not in table:
            raise Refusal(f"{key} is missing; the weights of this family are {spelled}")
    if problem.family == "interval":
        return _interval_weights(table)
    shaped: Any = problem
    rows = _rows("w", table["w"], shaped.dimension)
    if problem.family == "teacher":
        return TeacherWeights(rows)
    outer = _vector("a", table["a"])
    _same_length({"w": len(rows), "a": len(outer)})
    return DatasetWeights(rows, outer)


def read_weights_text(problem: Problem, text: str) -> Weights:
    """The weights of a JSON text.

    Raises:
        Refusal: not JSON, a repeated key, lists too deep, or what `read_weights` refuses.
    """
    try:
        table = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_object)
    except Refusal:
        raise
    except RecursionError:
        raise Refusal("is not JSON that weights could be (lists too deep)") from None
    except ValueError as error:
        reason = "a number too long" if "digits" in str(error) else str(error)
        raise Refusal(f"is not JSON: {reason}") from None
    return read_weights(problem, table)


def read_weights_file(problem: Problem, path: str | Path) -> Weights:
    """The weights of a JSON file.

    Raises:
        Refusal: one line that begins with the path.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAXIMAL_BYTES + 1)
        if len(data) > MAXIMAL_BYTES:
            raise Refusal(f"is larger than {MAXIMAL_BYTES} bytes")
        return read_weights_text(problem, data.decode("utf-8"))
    except FileNotFoundError:
        raise Refusal(f"{path}: no such file") from None
    except IsADirectoryError:
        raise Refusal(f"{path}: is a directory, not a file of weights") from None
    except UnicodeDecodeError:
        raise Refusal(f"{path}: is not a text file") from None
    except Refusal as error:
        raise Refusal(f"{path}: {error}") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise Refusal(f"{path}: cannot be read: {reason}") from None


def exact_number(key: str, value: object) -> Fraction:
    """A number exactly: an integer, a finite float, a numpy scalar, or a string "p/q".

    Raises:
        Refusal: anything else; the line names `key`.
    """
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "ndim", None) == 0:
        value = item()
    if isinstance(value, float):
        if not isfinite(value):
            raise Refusal(f"{key} must be finite, not {value}")
        if abs(value) >= LARGEST:
            raise Refusal(f"{key} must be less than 1e{MAXIMAL_DIGITS} in size, not {value:g}")
        return Fraction(value)
    if isinstance(value, Fraction):
        if abs(value) >= LARGEST or value.denominator >= LARGEST**6:
            raise Refusal(f"{key} has too many digits")
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        if abs(value) >= LARGEST:
            raise Refusal(f"{key} may have at most {MAXIMAL_DIGITS} digits")
        return Fraction(value)
    if isinstance(value, str):
        return number_field(key, value, item=True)
    raise Refusal(f"{key} must be a number or a string \"p/q\", not {_short(value)}")


def _interval_weights(table: Mapping[str, Any]) -> IntervalWeights:
    w, b, v = (_vector(key, table[key]) for key in "wbv")
    _same_length({"w": len(w), "b": len(b), "v": len(v)})
    return IntervalWeights(w, b, v, exact_number("c", table["c"]))


def _vector(key: str, value: object) -> Vector:
    items = _items(key, value, "numbers, one for each neuron", MAXIMAL_NEURONS)
    return tuple(exact_number(f"{key}[{i}]", item) for i, item in enumerate(items, 1))


def _rows(key: str, value: object, dimension: int) -> tuple[Vector, ...]:
    rows = []
    for i, item in enumerate(_items(key, value, "rows, one for each neuron", MAXIMAL_NEURONS), 1):
        name = f"{key}[{i}]"
        row = _items(name, item, "the coordinates of one neuron", MAXIMAL_COORDINATES)
        if len(row) != dimension:
            raise Refusal(f"{name} has {len(row)} coordinates where the problem has {dimension}")
        rows.append(tuple(exact_number(f"{name}[{j}]", number) for j, number in enumerate(row, 1)))
    return tuple(rows)


def _items(key: str, value: object, what: str, most: int) -> Sequence[Any]:
    """The entries of a list, a tuple, or an array."""
    to_list = getattr(value, "tolist", None)
    if callable(to_list):
        value = to_list()
    if not isinstance(value, list | tuple):
        raise Refusal(f"{key} must be a list of {what}, not {_short(value)}")
    if not value:
        raise Refusal(f"{key} is empty; it must be a list of {what}")
    if len(value) > most:
        raise Refusal(f"{key} has {len(value)} entries, more than {most}")
    return value


def _same_length(lengths: Mapping[str, int]) -> None:
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{key} has {length}" for key, length in lengths.items())
        raise Refusal(f"the lists must have one entry for each neuron, but {told}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        raise Refusal("the same key occurs twice")
    return table


def _refuse_constant(name: str) -> None:
    raise Refusal(f"{name} is not a finite number")


def _short(value: object) -> str:
    if isinstance(value, list | tuple | Mapping):
        return "a list" if not isinstance(value, Mapping) else "an object"
    return short(value)
