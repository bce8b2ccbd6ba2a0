"""Problem files: TOML in which every number is exact, read by a whitelist of keys."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from catalog.errors import CatalogError, NotAvailable
from symbolic.errors import InvalidProblem
from symbolic.interval.problem import IntervalProblem, check_width
from symbolic.interval.target import MAXIMAL_DIGITS, parse_target

INTERVAL_KEYS = ("name", "family", "target", "domain", "leak", "activation", "width")
FAMILIES = ("interval", "dataset", "teacher")
MAXIMAL_BYTES = 100_000

_NUMBER = re.compile(r"[+-]?[0-9]+(?:/[0-9]+)?")
_DECIMAL = re.compile(r"[+-]?[0-9_]*\.?[0-9_]+\.?(?:[eE][+-]?[0-9]{1,2})?")


@dataclass(frozen=True)
class ProblemFile:
    """A problem and the width its file asks for (None if the file is silent)."""

    problem: IntervalProblem
    width: int | None
    path: Path


@dataclass(frozen=True)
class _Float:
    """A TOML float as it was spelled, so that the message can show the exact spelling."""

    text: str

    def __repr__(self) -> str:
        return self.text


def load_problem(path: str | Path) -> ProblemFile:
    """The problem of a TOML file.

    Raises:
        CatalogError: the file cannot be read, or is not a problem; one line that names the file and says what would
            be right.
    """
    path = Path(path)
    try:
        return _problem(_read(path), path)
    except InvalidProblem as error:
        raise CatalogError(f"{path}: {error}") from None
    except _Refusal as error:
        raise CatalogError(f"{path}: {error}") from None
    except NotAvailable as error:
        raise NotAvailable(f"{path}: {error}") from None


def bundled_problem_files() -> list[Path]:
    """The problem files that come with the distribution, sorted by name; also from an installed wheel."""
    here = Path(__file__).resolve().parent
    for folder in (here / "data" / "problems", here.parent / "data" / "problems"):
        found = sorted(folder.glob("*.toml"))
        if found:
            return found
    raise CatalogError("the bundled problem files are missing from this installation")


class _Refusal(CatalogError):
    """Raised inside this module; `load_problem` puts the name of the file before it."""


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(MAXIMAL_BYTES + 1)
    except FileNotFoundError:
        raise _Refusal("no such file") from None
    except IsADirectoryError:
        raise _Refusal("is a directory, not a problem file") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _Refusal(f"cannot be read: {reason}") from None
    if len(data) > MAXIMAL_BYTES:
        raise _Refusal(f"is larger than {MAXIMAL_BYTES} bytes, which no problem file is")
    try:
        return tomllib.loads(data.decode("utf-8"), parse_float=_Float)
    except UnicodeDecodeError:
        raise _Refusal("is not a text file") from None
    except tomllib.TOMLDecodeError as error:
        raise _Refusal(f"is not TOML: {error}") from None
    except (ValueError, RecursionError):
        raise _Refusal("is not TOML that a problem file could hold (a number too long, or lists too deep)") from None


def _problem(table: dict[str, Any], path: Path) -> ProblemFile:
    family = table.get("family")
    if family is None:
        raise _Refusal('family is missing; write family = "interval"')
    if family not in FAMILIES:
        raise _Refusal(f"unknown family {_short(family)}; this version has \"interval\"")
    if family != "interval":
        raise NotAvailable(f"family \"{family}\" is not available in this version; \"interval\" is")
    for key in table:
        if key not in INTERVAL_KEYS:
            close = difflib.get_close_matches(key, INTERVAL_KEYS, 1)
            hint = f" (did you mean {close[0]}?)" if close else ""
            raise _Refusal(f"unknown key {_short(key)}{hint}; the keys are {', '.join(INTERVAL_KEYS)}")
    for key, example in (("name", "x2"), ("target", "x**2")):
        if key not in table:
            raise _Refusal(f"{key} is missing; write for example {key} = \"{example}\"")
    activation = table.get("activation", "relu")
    if activation not in ("relu", "quadratic"):
        raise _Refusal(f"activation must be \"relu\" or \"quadratic\", not {_short(activation)}")
    problem = IntervalProblem(
        name=table["name"],
        target=_target(table["target"]),
        domain=_domain(table.get("domain", ["0", "1"])),
        leak=_number("leak", table.get("leak", 0)),
        activation=activation,
    )
    return ProblemFile(problem, _width(table), path)


def _target(value: object) -> tuple[Fraction, ...]:
    if isinstance(value, _Float):
        _number("target", value)
    if isinstance(value, str):
        return parse_target(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return (_number("target", value),)
    raise _Refusal(f"target must be a text such as \"x**2\", not {_short(value)}")


def _domain(value: object) -> tuple[Fraction, Fraction]:
    if not isinstance(value, list) or len(value) != 2:
        raise _Refusal(f"domain must be a list of two numbers such as [\"0\", \"1\"], not {_short(value)}")
    return _number("domain", value[0]), _number("domain", value[1])


def _width(table: Mapping[str, Any]) -> int | None:
    value = table.get("width")
    if isinstance(value, _Float) or (isinstance(value, str) and not re.fullmatch(r"[0-9]{1,9}", value)):
        raise _Refusal(f"width must be a positive integer, not {_short(value)}")
    return None if value is None else check_width(int(value) if isinstance(value, str) else value)


def _number(key: str, value: object) -> Fraction:
    """A number of the file: an integer, or a string "p/q"."""
    if isinstance(value, int) and not isinstance(value, bool):
        return Fraction(value)
    if isinstance(value, str) and len(value) <= 2 * MAXIMAL_DIGITS + 3 and _NUMBER.fullmatch(value.strip()):
        top, _, bottom = value.strip().partition("/")
        if bottom and not int(bottom):
            raise _Refusal(f"{key} = {_short(value)} divides by 0")
        return Fraction(int(top), int(bottom or 1))
    spelled = value.text if isinstance(value, _Float) else value
    if isinstance(spelled, str) and len(spelled) <= MAXIMAL_DIGITS and _DECIMAL.fullmatch(spelled.strip()):
        exact = Fraction(spelled.strip().replace("_", "").rstrip("."))
        raise _Refusal(f"{key} must be exact: {key} = {_short(value)} -> write {key} = \"{exact}\"" if key != "domain"
                       else f"domain must be exact: {_short(value)} -> write \"{exact}\"")
    raise _Refusal(f"{key} must be an integer or a string \"p/q\", not {_short(value)}")


def _short(value: object) -> str:
    text = f"\"{value}\"" if isinstance(value, str) and value.isprintable() else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
