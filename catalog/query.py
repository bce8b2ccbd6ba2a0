"""Questions to a catalog and their answers: rows, and how complete *this answer* is."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from catalog.answer import Answer
from catalog.errors import CatalogError, NotAvailable
from catalog.number_text import compare_with, number_from_record
from catalog.problem_file import load_problem
from catalog.record import from_text, function_row
from catalog.schema import functions, regions
from catalog.store import Row, Store
from catalog.where import keys_where

ENTITIES = ("problems", "regions", "functions")
LATER_ENTITIES = ("strata", "transitions", "branches")
KINDS = ("global_minimum", "local_minimum", "strict_saddle", "saddle", "undecided")

NOT_SURVEYED = "not surveyed"
"""The reason of every answer about a width that was not surveyed."""

MAXIMAL_LENGTH = 1000
"""Characters of the text of a rational in a filter."""

_RATIONAL = re.compile(r"([+-]?[0-9]+)(?:/([0-9]+))?")
_DECIMAL = re.compile(r"[+-]?[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]{1,2})?")
_ORDER = ("proved", "proved_in_box", "searched", "undecided")


@dataclass(frozen=True)
class _Scope:
    """One problem at one width: what a query looks at, and what is proved there."""

    problem: str
    width: int | None
    complete: dict[str, str]
    surveyed: bool = True

    @property
    def name(self) -> str:
        return f"{self.problem} at width {self.width}" if self.width else self.problem


class Catalog:
    """A database opened for reading; every method takes the filters of `saddlery query` as keywords."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        self.close()
        return False

    def close(self) -> None:
        self.store.close()

    def query(self, entity: str, **filters: Any) -> Answer:
        """The answer for an entity by name.

        Raises:
            NotAvailable: an entity that this version does not have.
            CatalogError: an unknown entity, or a filter that does not apply to it.
        """
        if entity in LATER_ENTITIES:
            raise NotAvailable(f"{entity} are not available in this version; {', '.join(ENTITIES)} are")
        if entity not in ENTITIES:
            raise CatalogError(f"unknown entity {entity!r}; choose from {', '.join(ENTITIES + LATER_ENTITIES)}")
        asked = {name: value for name, value in filters.items() if value is not None}
        method: Callable[..., Answer] = getattr(self, entity)
        allowed = {"problems": {"problem", "width", "where"}, "regions": {"problem", "width", "where"}}
        for name in asked:
            if name not in allowed.get(entity, asked):
                raise CatalogError(f"--{name.replace('_', '-')} does not apply to {entity}")
        return method(**asked)

    def problems(self, *, problem: str | None = None, width: int | None = None, where: str | None = None) -> Answer:
        """The problems of the database, each with the surveys that were made of it.

        Args:
            problem: a name, or a path ending in .toml.
            width: only problems surveyed at this width.
            where: see `catalog.where`.
        """
        _check_width(width)
        names = self._names(problem)
        surveys = self.store.surveys()
        rows = []
        for stored in self.store.problems():
            mine = [row for row in surveys if row["problem"] == stored["name"]]
            if stored["name"] not in names or (width is not None and width not in {row["width"] for row in mine}):
                continue
            rows.append(from_text(stored["record"]) | {"surveys": [_survey_summary(row) for row in mine]})
        if where is not None:
            keys = keys_where(self.store, "problems", where)
            rows = [row for row in rows if row["name"] in keys]
        surveyed = {row["problem"] for row in surveys if width in (None, row["width"])}
        if (problem is not None or width is not None) and not names & surveyed:
            return Answer("problems", rows, _complete("undecided", NOT_SURVEYED))
        return Answer("problems", rows, _complete("proved", "these are the problems of this database"))

    def regions(self, *, problem: str | None = None, width: int | None = None, where: str | None = None) -> Answer:
        """The breakpoint-ordering regions of exactly one width, up to permutation of neurons.

        `functions` of a row are the critical functions that points of its closure realize; `completeness` and the
        completeness of the answer are that of this list.
        """
        scopes = self._scopes(problem, width)
        rows = []
        for scope in scopes:
            found = self.store.regions(scope.problem, scope.width or 0) if scope.surveyed else []
            rows += [from_text(one["record"]) | {"completeness": scope.complete["status"]} for one in found]
        if where is not None:
            keys = keys_where(self.store, "regions", where)
            rows = [row for row in rows if row["label"] in keys]
        return Answer("regions", rows, _combine(scopes))

    def functions(
        self,
        *,
        problem: str | None = None,
        width: int | None = None,
        kind: str | None = None,
        index: int | None = None,
        max_loss: Fraction | int | str | None = None,
        notion: str | None = None,
        where: str | None = None,
    ) -> Answer:
        """The critical functions of minimal width at most `width`.

        Args:
            problem: a name, or a path ending in .toml; all problems if omitted.
            width: the largest one surveyed of each problem if omitted.
            kind, index, notion: questions about strata, which this version does not have: the answer is undecided.
            max_loss: only losses at most this rational, compared exactly.
            where: see `catalog.where`.

        Returns:
            Only rows that are proved to pass the filters; where that could not be decided for some function, the
            status is undecided and the reason names it.
        """
        if kind is not None and kind not in KINDS:
            raise CatalogError(f"unknown kind {kind!r}; choose from {', '.join(KINDS)}")
        if index is not None and index < 0:
            raise CatalogError(f"an index is a natural number, not {index}")
        if notion not in (None, "clarke"):
            raise CatalogError(f"unknown notion {notion!r}; the choice is clarke")
        threshold = None if max_loss is None else _threshold(max_loss)
        scopes = self._scopes(problem, width)
        complete = _combine(scopes)
        for name, value in (("kind", kind), ("index", index), ("notion", notion)):
            if value is not None:
                reason = f"--{name} asks about strata, which are not available in this version"
                return Answer("functions", [], _complete("undecided", reason))
        looked_at = [scope for scope in scopes if scope.surveyed]
        stored = [row for scope in looked_at for row in self.store.functions(scope.problem, scope.width or 0)]
        if where is not None:
            keys = keys_where(self.store, "functions", where)
            stored = [row for row in stored if row["label"] in keys]
        rows, open_labels = [], []
        for row in stored:
            passes = True if threshold is None else _at_most(row, threshold)
            if passes is None:
                open_labels.append(row["label"])
            elif passes:
                rows.append(function_row(from_text(row["record"]), row["loss_lower"], row["loss_upper"]))
        if open_labels:
            reason = f"whether the loss is at most {threshold} is not decided for {', '.join(open_labels)}"
            complete = _complete("undecided", reason, complete["caveat"])
        return Answer("functions", rows, complete)

    def record(self, label: str) -> tuple[str, Row, dict[str, str]]:
        """(entity, row, completeness) of one label.

        Raises:
            CatalogError: no such label; the line names the nearest ones.
        """
        surveys = self.store.surveys()
        found = self.store.row(regions, label)
        if found is not None:
            scope = [_scope_of(row) for row in surveys if _key(row) == (found["problem"], found["width"])]
            complete = _combine(scope)
            return "regions", from_text(found["record"]) | {"completeness": complete["status"]}, complete
        found = self.store.row(functions, label)
        if found is not None:
            mine = [row for row in surveys if row["problem"] == found["problem"]]
            row = function_row(from_text(found["record"]), found["loss_lower"], found["loss_upper"])
            return "functions", row, _combine([_scope_of(mine[-1])] if mine else [])
        near = difflib.get_close_matches(label, self.store.labels(), 3, 0.5)
        hint = f"; near it are {', '.join(near)}" if near else ""
        raise CatalogError(f"no record labelled {label!r} in {self.store.path}{hint}")

    def _names(self, problem: str | None) -> frozenset[str]:
        """Names of the problems that `--problem` means; a file may name one that is not in the database."""
        stored = {row["name"]: row["content"] for row in self.store.problems()}
        if problem is None:
            return frozenset(stored)
        if problem.endswith(".toml"):
            loaded = load_problem(problem).problem
            if stored.get(loaded.name, loaded.canonical_text()) != loaded.canonical_text():
                raise CatalogError(
                    f"{problem}: the database {self.store.path} has another problem named {loaded.name!r} "
                    f"({stored[loaded.name]})"
                )
            return frozenset([loaded.name])
        if problem not in stored:
            near = difflib.get_close_matches(problem, stored, 1) or sorted(stored)[:10]
            hint = f"; it has {', '.join(near)}" if near else "; it is empty"
            raise CatalogError(f"no problem {problem!r} in {self.store.path}{hint}")
        return frozenset([problem])

    def _scopes(self, problem: str | None, width: int | None) -> list[_Scope]:
        _check_width(width)
        surveys = self.store.surveys()
        scopes = []
        for name in sorted(self._names(problem)):
            mine = {row["width"]: row for row in surveys if row["problem"] == name}
            asked = width if width is not None else max(mine, default=None)
            if asked is not None and asked in mine:
                scopes.append(_scope_of(mine[asked]))
            else:
                scopes.append(_Scope(name, asked, _complete("undecided", NOT_SURVEYED), surveyed=False))
        return scopes


def open_catalog(location: str | Path | None = None) -> Catalog:
    """Open a catalog for reading.

    Args:
        location: a path or a URL sqlite:///PATH; the default database if omitted.

    Raises:
        DatabaseError: there is no such database, or it is not one of this program.
    """
    return Catalog(Store.reading(location))


def _complete(status: str, reason: str, caveat: str = "") -> dict[str, str]:
    return {"status": status, "reason": reason, "caveat": caveat}


def _key(survey: Row) -> tuple[str, int]:
    return survey["problem"], survey["width"]


def _scope_of(survey: Row) -> _Scope:
    complete = _complete(survey["status"], survey["reason"], survey["caveat"])
    return _Scope(survey["problem"], survey["width"], complete)


def _survey_summary(survey: Row) -> Row:
    names = ("width", "status", "reason", "caveat", "functions", "regions")
    return {name: survey[name] for name in names}


def _combine(scopes: Iterable[_Scope]) -> dict[str, str]:
    """The completeness of an answer drawn from several surveys: the worst of them, with the reasons for it."""
    scopes = list(scopes)
    if not scopes:
        return _complete("undecided", NOT_SURVEYED)
    status = max((scope.complete["status"] for scope in scopes), key=_ORDER.index)
    worst = [scope for scope in scopes if scope.complete["status"] == status]
    named: dict[str, list[str]] = {}
    for scope in worst:
        named.setdefault(scope.complete["reason"], []).append(scope.name)
    if len(named) == 1 and len(worst) == len(scopes):
        reason = worst[0].complete["reason"]
    else:
        reason = "; ".join(f"{', '.join(names)}: {reason}" for reason, names in named.items())
    caveats = dict.fromkeys(scope.complete["caveat"] for scope in scopes if scope.complete["caveat"])
    return _complete(status, reason, "; ".join(caveats))


def _check_width(width: int | None) -> None:
    if width is not None and (isinstance(width, bool) or not isinstance(width, int) or width < 1):
        raise CatalogError(f"width must be a positive integer, not {width!r}")


def _threshold(value: Fraction | int | str) -> Fraction:
    if isinstance(value, Fraction | int) and not isinstance(value, bool):
        return Fraction(value)
    if isinstance(value, str) and len(value) <= MAXIMAL_LENGTH:
        match = _RATIONAL.fullmatch(value.strip())
        if match and int(match[2] or 1):
            return Fraction(int(match[1]), int(match[2] or 1))
        if not match and _DECIMAL.fullmatch(value.strip()):
            raise CatalogError(f"max-loss must be exact: write {Fraction(value.strip())} for {value.strip()}")
    raise CatalogError(f"max-loss must be an integer or a rational p/q such as 1/1000, not {str(value)[:60]!r}")


def _at_most(row: Row, threshold: Fraction) -> bool | None:
    """Whether the loss is at most the threshold: by the outward bounds, and exactly where these do not tell."""
    if -float("inf") < row["loss_upper"] < float("inf") and Fraction(row["loss_upper"]) <= threshold:
        return True
    if -float("inf") < row["loss_lower"] < float("inf") and Fraction(row["loss_lower"]) > threshold:
        return False
    compared = compare_with(number_from_record(from_text(row["record"])["loss"]), threshold)
    return None if compared is None else compared <= 0
