"""Problem files: TOML in which every number is exact, read by a whitelist of keys."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog.errors import CatalogError, NotAvailable
from catalog.families import AVAILABLE, FAMILIES, family_named
from catalog.problem_fields import Refusal, SpelledFloat, short, width_field
from symbolic.errors import InvalidProblem
from symbolic.problem import Problem

MAXIMAL_BYTES = 100_000
MAXIMAL_BITS = 1000


@dataclass(frozen=True)
class ProblemFile:
    """A problem and the width its file asks for, or that of its family (None if both are silent)."""

    problem: Problem
    width: int | None
    path: Path


def load_problem(path: str | Path) -> ProblemFile:
    """The problem of a TOML file.

    Raises:
        CatalogError: the file cannot be read, or is not a problem; one line that names the file and says what would
            be right.
    """
    path = Path(path)
    try:
        return _problem(_read(path), path)
    except (InvalidProblem, Refusal) as error:
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


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(MAXIMAL_BYTES + 1)
    except FileNotFoundError:
        raise Refusal("no such file") from None
    except IsADirectoryError:
        raise Refusal("is a directory, not a problem file") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise Refusal(f"cannot be read: {reason}") from None
    if len(data) > MAXIMAL_BYTES:
        raise Refusal(f"is larger than {MAXIMAL_BYTES} bytes, which no problem file is")
    try:
        table = tomllib.loads(data.decode("utf-8"), parse_float=SpelledFloat)
    except UnicodeDecodeError:
        raise Refusal("is not a text file") from None
    except tomllib.TOMLDecodeError as error:
        raise Refusal(f"is not TOML: {error}") from None
    except (ValueError, RecursionError):
        raise Refusal("is not TOML that a problem file could hold (a number too long, or lists too deep)") from None
    if _largest(table) > MAXIMAL_BITS:
        raise Refusal(f"holds an integer of more than {MAXIMAL_BITS} bits, which no problem has")
    return table


def _largest(value: object) -> int:
    """Bits of the largest integer anywhere in a table."""
    if isinstance(value, dict | list):
        return max(map(_largest, value.values() if isinstance(value, dict) else value), default=0)
    return value.bit_length() if isinstance(value, int) else 0


def _problem(table: dict[str, Any], path: Path) -> ProblemFile:
    name = table.get("family")
    if name is None:
        raise Refusal('family is missing; write family = "interval"')
    if name not in FAMILIES:
        raise Refusal(f"unknown family {short(name)}; this version has {_quoted()}")
    if name not in AVAILABLE:
        raise NotAvailable(f"family \"{name}\" is not available in this version; {_quoted()} is")
    family = family_named(name)
    problem = family.read_problem(table)
    width = width_field(table)
    if width is None:
        return ProblemFile(problem, family.default_width(problem), path)
    return ProblemFile(problem, family.check_width(problem, width), path)


def _quoted() -> str:
    return ", ".join(f'"{name}"' for name in AVAILABLE)
