"""The fields of a problem file: exact numbers, widths and known keys, refused in one line that shows what is right.

Every refusal is a `Refusal`; `catalog.problem_file.load_problem` puts the name of the file before it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from catalog.errors import CatalogError

MAXIMAL_DIGITS = 60
"""Digits of the longest number that a file may hold."""

_NUMBER = re.compile(r"[+-]?[0-9]+(?:/[0-9]+)?")
_DECIMAL = re.compile(r"[+-]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]{1,2})?")


class Refusal(CatalogError):
    """What a file holds is no problem."""


@dataclass(frozen=True)
class SpelledFloat:
    """A TOML float as it was spelled, so that the message can show the exact spelling."""

    text: str

    def __repr__(self) -> str:
        return self.text


def check_keys(table: Mapping[str, Any], known: Sequence[str], needed: Mapping[str, str]) -> None:
    """Refuse an unknown key, and a missing one with an example of it.

    Args:
        table: the file.
        known: all keys that it may have.
        needed: those that it must have, each with an example as TOML.
    """
    for key in table:
        if key not in known:
            close = difflib.get_close_matches(key, known, 1)
            hint = f" (did you mean {close[0]}?)" if close else ""
            raise Refusal(f"unknown key {short(key)}{hint}; the keys are {', '.join(known)}")
    for key, example in needed.items():
        if key not in table:
            raise Refusal(f"{key} is missing; write for example {key} = {example}")


def width_field(table: Mapping[str, Any], key: str = "width") -> int | None:
    """The whole number that a file asks for, None if it is silent; whether it can be surveyed is for its family."""
    value = table.get(key)
    if isinstance(value, SpelledFloat) or (isinstance(value, str) and not re.fullmatch(r"[0-9]{1,9}", value)):
        raise Refusal(f"{key} must be a positive integer, not {short(value)}")
    # What is no number at all is refused by the check of the family.
    return int(value) if isinstance(value, str) else value


def number_field(key: str, value: object, *, item: bool = False) -> Fraction:
    """A number of the file: an integer, or a string "p/q".

    Args:
        key: the field.
        value: as TOML has it.
        item: that the number is one of a list, so that the right spelling is shown without the key.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        if value.bit_length() > 4 * MAXIMAL_DIGITS:
            raise Refusal(f"{key} must have at most {MAXIMAL_DIGITS} digits")
        return Fraction(value)
    if isinstance(value, str) and len(value) <= 2 * MAXIMAL_DIGITS + 3 and _NUMBER.fullmatch(value.strip()):
        top, _, bottom = value.strip().partition("/")
        if bottom and not int(bottom):
            raise Refusal(f"{key} = {short(value)} divides by 0")
        return Fraction(int(top), int(bottom or 1))
    spelled = value.text if isinstance(value, SpelledFloat) else value
    if isinstance(spelled, str) and len(spelled) <= MAXIMAL_DIGITS and _DECIMAL.fullmatch(spelled.strip()):
        exact = Fraction(spelled.strip().replace("_", "").rstrip("."))
        if item:
            raise Refusal(f"{key} must be exact: {short(value)} -> write \"{exact}\"")
        raise Refusal(f"{key} must be exact: {key} = {short(value)} -> write {key} = \"{exact}\"")
    words = "must hold integers and strings \"p/q\"" if item else "must be an integer or a string \"p/q\""
    raise Refusal(f"{key} {words}, not {short(value)}")


def short(value: object) -> str:
    """A value of the file for a message."""
    try:
        text = f"\"{value}\"" if isinstance(value, str) and value.isprintable() else repr(value)
    except ValueError:
        # Integers of thousands of digits, which hexadecimal spelling allows, have no decimal text.
        return "a number of thousands of digits"
    return text if len(text) <= 60 else text[:57] + "..."
