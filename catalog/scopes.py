"""What a question looks at (problems at widths), and how complete an answer drawn from it is."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.errors import CatalogError
from catalog.problem_file import load_problem
from catalog.store import Row, Store

NOT_SURVEYED = "not surveyed"
"""The reason of every answer about a width that was not surveyed."""

_ORDER = ("proved", "proved_in_box", "searched", "undecided")


@dataclass(frozen=True)
class Scope:
    """One problem at one width: what a query looks at, and what is proved there."""

    problem: str
    width: int | None
    complete: dict[str, str]
    surveyed: bool = True

    @property
    def name(self) -> str:
        return f"{self.problem} at width {self.width}" if self.width else self.problem


def complete_as(status: str, reason: str, caveat: str = "") -> dict[str, str]:
    """The object that says how complete an answer is."""
    return {"status": status, "reason": reason, "caveat": caveat}


def with_caveat(complete: Mapping[str, str], caveat: str) -> dict[str, str]:
    """The same completeness with one more caveat."""
    return complete_as(complete["status"], complete["reason"], "; ".join(filter(None, (complete["caveat"], caveat))))


def undecided(complete: Mapping[str, str], reason: str) -> dict[str, str]:
    """The completeness of an answer in which one more thing is not decided."""
    if complete["status"] == "undecided":
        reason = f"{complete['reason']}; {reason}"
    return complete_as("undecided", reason, complete["caveat"])


def scope_of(survey: Row) -> Scope:
    """The scope of a stored survey."""
    complete = complete_as(survey["status"], survey["reason"], survey["caveat"])
    return Scope(survey["problem"], survey["width"], complete)


def combine(scopes: Iterable[Scope]) -> dict[str, str]:
    """The completeness of an answer drawn from several surveys: the worst of them, with the reasons for it."""
    scopes = list(scopes)
    if not scopes:
        return complete_as("undecided", NOT_SURVEYED)
    status = max((scope.complete["status"] for scope in scopes), key=_ORDER.index)
    worst = [scope for scope in scopes if scope.complete["status"] == status]
    named: dict[str, list[str]] = {}
    for scope in worst:
        named.setdefault(scope.complete["reason"], []).append(scope.name)
    if len(named) == 1 and len(worst) == len(scopes):
        reason = worst[0].complete["reason"]
    else:
        reason = "; ".join(f"{', '.join(names)}: {reason}" for reason, names in named.items())
    caveats: dict[str, list[str]] = {}
    for scope in scopes:
        if scope.complete["caveat"]:
            caveats.setdefault(scope.complete["caveat"], []).append(scope.name)
    if len(scopes) == 1:
        return complete_as(status, reason, "".join(caveats))
    return complete_as(status, reason, "; ".join(f"{', '.join(names)}: {text}" for text, names in caveats.items()))


def names_of(store: Store, problem: str | None) -> frozenset[str]:
    """Names of the problems that `--problem` means; a file may name one that is not in the database."""
    stored = {row["name"]: row["content"] for row in store.problems()}
    if problem is None:
        return frozenset(stored)
    if problem.endswith(".toml"):
        loaded = load_problem(problem).problem
        if stored.get(loaded.name, loaded.canonical_text()) != loaded.canonical_text():
            raise CatalogError(
                f"{problem}: the database {store.path} has another problem named {loaded.name!r} "
                f"({stored[loaded.name]})"
            )
        return frozenset([loaded.name])
    if problem not in stored:
        near = difflib.get_close_matches(problem, stored, 1) or sorted(stored)[:10]
        hint = f"; it has {', '.join(near)}" if near else "; it is empty"
        raise CatalogError(f"no problem {problem!r} in {store.path}{hint}")
    return frozenset([problem])


def scopes_of(store: Store, problem: str | None, width: int | None) -> list[Scope]:
    """What `--problem` and `--width` mean: the largest width surveyed of each problem if no width is given."""
    check_width_asked(width)
    surveys = store.surveys()
    scopes = []
    for name in sorted(names_of(store, problem)):
        mine = {row["width"]: row for row in surveys if row["problem"] == name}
        asked = width if width is not None else max(mine, default=None)
        if asked is not None and asked in mine:
            scopes.append(scope_of(mine[asked]))
        else:
            scopes.append(Scope(name, asked, complete_as("undecided", NOT_SURVEYED), surveyed=False))
    return scopes


def check_width_asked(width: Any) -> None:
    """Refuse what is no width."""
    if width is not None and (isinstance(width, bool) or not isinstance(width, int) or width < 1):
        raise CatalogError(f"width must be a positive integer, not {width!r}")
