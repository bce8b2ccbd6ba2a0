"""The roles of neurons in the labels of strata, read from their codes, and whether the words beside them agree."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from flint import arb

from catalog.verification import Fault, Ledger, expect
from catalog.verify_records import Records

MEANINGS = "strata: the meanings of the roles"

_AT_SITE = re.compile(r"([kvf])([1-9][0-9]*)([+-])([pnz]?)")
_AT_END = re.compile(r"l([ab])([+-])([pnz])")
_SIGNS = {"p": 1, "n": -1, "z": 0, "": 0}


@dataclass(frozen=True)
class Role:
    """What the code of a role says: `letter` k, v, f, l, or the code itself; the rest where it has a meaning."""

    code: str
    letter: str
    number: int = 0
    end: str = ""
    mark: str = ""
    sign: int = 0

    @property
    def is_live(self) -> bool:
        """A breakpoint inside with v != 0."""
        return self.letter in ("k", "v") and self.sign != 0

    @property
    def is_degenerate(self) -> bool:
        return self.code in ("zerop", "zeron")


def read_role(code: str) -> Role:
    """The role of a code; anything else is a ValueError."""
    if found := _AT_SITE.fullmatch(code):
        if (found[1] == "f") != (found[4] == ""):
            raise ValueError(f"{code!r} is no role")
        return Role(code, found[1], int(found[2]), "", found[3], _SIGNS[found[4]])
    if found := _AT_END.fullmatch(code):
        return Role(code, "l", 0, found[1], found[2], _SIGNS[found[3]])
    signs = {"act": 0, "ina": 0, "con+": 0, "con-": 0, "dead": 0, "zero": 0, "zerop": 1, "zeron": -1}
    if code not in signs:
        raise ValueError(f"{code!r} is no role")
    return Role(code, code, sign=signs[code])


def check_meanings(records: Records, width: int, ledger: Ledger) -> None:
    """Check the words of all roles of one width."""
    for code, words in records.roles.get(width, {}).items():
        name = f"role {code} of {records.name} at width {width}"
        ledger.check(MEANINGS, name, lambda code=code, words=words: _meaning_fault(code, words))


def _meaning_fault(code: str, words: Mapping[str, Any]) -> Fault:
    """The words must name the place, the orientation and the sign of v of the code."""
    does = words["does"]
    if code == "all":
        return expect(does == "the neurons together realize the target, in any way", "its words")
    role = read_role(code)
    parts = []
    if role.letter in "kvf":
        place = {"k": "kink", "v": "virtual site", "f": "flat site"}[role.letter]
        parts = [f"breakpoint at {place} {role.number},", f"orientation {role.mark},"]
    elif role.letter == "l":
        parts = [f"at the {'left' if role.end == 'a' else 'right'} end,", f"orientation {role.mark},"]
    else:
        parts = {
            "act": ["w x + b > 0 on [a, b]"], "ina": ["w x + b < 0 on [a, b]", "(w, v) != (0, 0)"],
            "dead": ["w x + b < 0 on [a, b]", "any v"], "con+": ["w = v = 0, b > 0"], "con-": ["w = v = 0, b < 0"],
            "zero": ["w = b = v = 0"], "zerop": ["w = b = 0, v > 0"], "zeron": ["w = b = 0, v < 0"],
        }[role.letter]
    if role.letter in "kvfl":
        parts.append(f"v {'= 0' if role.sign == 0 else '> 0' if role.sign > 0 else '< 0'}")
    types = {
        "dead": "inactive", "con+": "semi-active", "con-": "semi-active", "zero": "degenerate", "zerop": "degenerate",
        "zeron": "degenerate", "act": "type-1 active, or semi-active if w = 0", "ina": "type-1 active",
    }
    named = words["cjr22"]
    known = ("semi-inactive", "type-1 active") if role.letter == "l" else (types.get(role.letter, "type-2 active"),)
    silent = "not active inside" in does
    fault = expect(all(part in does for part in parts), "its words are not those of its code")
    if role.letter == "l":
        fault = fault or expect((named == "semi-inactive") == silent, "its type")
    return fault or expect(named in known, "its type")


def sites_fault(sites: Mapping[tuple[str, int], arb]) -> Fault:
    """Virtual and flat sites, by letter and number, are numbered from left to right."""
    for letter in "vf":
        mine = sorted((number, place) for (kind, number), place in sites.items() if kind == letter)
        for (first, left), (second, right) in pairwise(mine):
            if not left < right:
                return f"sites {letter}{first} and {letter}{second} are not in order"
    return None
