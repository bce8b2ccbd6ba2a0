"""A sweep in one target value as tables for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from catalog.cells import short_number

NAMED_STRATA = 4
"""Strata of one change that are named; of more only their number is told."""

HEADER = ["t", "loss", "residuals", "strata"]


def sweep_text(row: Mapping[str, Any]) -> str:
    """A row of `query sweeps` in full: the critical functions on every piece, and what changes at every wall."""
    from catalog.tables import plain_table

    walls = {value_words(wall): wall for wall in row["walls"]}
    told = f"walls at t = {', '.join(walls)}" if walls else "no walls"
    head = f"{row['label']}: y_{row['sample']} = t from {row['from']} to {row['to']}, width {row['width']}; {told}"
    lines = []
    for piece in row["pieces"]:
        where = place_words(row, piece)
        for one in piece["functions"]:
            kinds = ", ".join(f"{count} {kind}" for kind, count in one["kinds"].items())
            lines.append([where, one["loss"]["exact"], ", ".join(one["residuals"]), kinds])
            where = ""
    changes = []
    for name, wall in walls.items():
        changes += ["", f"at t = {name}", *(f"  {words}" for words in change_words(wall["changes"]))]
    return "\n".join([head, "", plain_table(HEADER, lines), *changes])


def place_words(row: Mapping[str, Any], piece: Mapping[str, Any]) -> str:
    """`t = 1`, or `0 < t < 1` for an open interval."""
    low, high = (value_of(row, piece[end]) for end in ("from", "to"))
    return f"t = {low}" if piece["wall"] else f"{low} < t < {high}"


def value_of(row: Mapping[str, Any], exact: Any) -> str:
    """A value of t: itself if it is rational, else its first digits."""
    if isinstance(exact, str):
        return exact
    return next(short_number(wall["decimal"]) for wall in row["walls"] if wall["exact"] == exact)


def value_words(wall: Mapping[str, Any]) -> str:
    """The value of a wall, for an irrational one its digits and its exact form."""
    if wall["radical"] is None:
        return str(wall["exact"])
    return f"{short_number(wall['decimal'])} = {wall['radical']}"


def change_words(changes: Sequence[Mapping[str, Any]]) -> list[str]:
    """What happens at a wall, strata of the same fate together."""
    codes: dict[str, list[str]] = {}
    for change in changes:
        codes.setdefault(_fate(change["before"], change["at"], change["after"]), []).append(change["stratum"])
    named = {
        fate: ", ".join(mine) if len(mine) <= NAMED_STRATA else f"{len(mine)} strata" for fate, mine in codes.items()
    }
    return [f"{fate}: {who}" for fate, who in named.items()] or ["the residuals of a stratum turn"]


def _fate(before: str | None, at: str | None, after: str | None) -> str:
    if before == after:
        if before is None:
            return f"only here, {at}"
        return f"{before}, but not here" if at is None else f"{before}, here {at}"
    if before is None:
        return f"born, {after}"
    return f"dies, {before}" if after is None else f"{before} to {after}"
