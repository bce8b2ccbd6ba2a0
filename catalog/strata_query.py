"""Questions about strata: which of them pass a filter, which functions have one that does, and what stays open.

A stratum whose kind or inertia is undecided never counts as passing a filter on it; that it might is said in the
completeness of the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from catalog.errors import CatalogError
from catalog.families import Row, StrataWords, family_named
from catalog.record import Record
from catalog.scopes import NOT_SURVEYED, Scope, combine, complete_as, scope_of, undecided
from catalog.store import Store
from catalog.strata_store import counts_of_strata, packed_strata, strata_surveys_of, strata_words
from catalog.where import keys_where

KINDS = ("global_minimum", "local_minimum", "strict_saddle", "saddle", "undecided")
MINIMA = ("global_minimum", "local_minimum")

STRATA_NOT_SURVEYED = "strata not surveyed"


@dataclass(frozen=True)
class StrataFilter:
    """What is asked of a stratum.

    Raises:
        CatalogError: an unknown kind or notion, or an index that is no natural number.
    """

    kind: str | None = None
    index: int | None = None
    notion: str | None = None

    def __post_init__(self) -> None:
        if self.kind is not None and self.kind not in KINDS:
            raise CatalogError(f"unknown kind {self.kind!r}; choose from {', '.join(KINDS)}")
        if self.index is not None and (not isinstance(self.index, int) or self.index < 0):
            raise CatalogError(f"an index is a natural number, not {self.index}")
        if self.notion not in (None, "clarke"):
            raise CatalogError(f"unknown notion {self.notion!r}; the choice is clarke")

    @property
    def is_about_strata(self) -> bool:
        return self.kind is not None or self.index is not None

    @property
    def columns(self) -> dict[str, Any]:
        """The columns of a packed stratum that a database can compare."""
        equal = {"kind": self.kind, "negative": self.index, "listed": None if self.notion else 1}
        return {name: value for name, value in equal.items() if value is not None}

    def passes(self, row: Mapping[str, Any]) -> bool:
        """Whether a packed stratum, or a group of equal ones, is proved to be what is asked for."""
        return all(row[name] == value for name, value in self.columns.items())

    def may_pass(self, row: Mapping[str, Any], above_minimum: bool) -> bool:
        """Whether one that does not pass is not proved to be something else.

        Args:
            row: with `kind`, `negative`, `hessian`, `listed`.
            above_minimum: that the loss is proved to be larger than the least one.
        """
        if self.notion is None and not row["listed"]:
            return False
        kind = self.kind in (None, row["kind"]) or (
            row["kind"] == "undecided"
            # A strict saddle has a Hessian, and a global minimum has the least loss.
            and not (self.kind == "strict_saddle" and row["hessian"] == "no")
            and not (self.kind == "global_minimum" and above_minimum)
        )
        index = self.index in (None, row["negative"]) or row["hessian"] == "undecided"
        return kind and index and not self.passes(row)


@dataclass
class StrataOfScope:
    """What is known of the strata of one problem at one width: their survey and how many there are of each sort."""

    scope: Scope
    counts: list[Row]
    by_function: dict[str, list[Row]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for row in self.counts:
            self.by_function.setdefault(row["function"], []).append(row)

    @property
    def lists_every_stratum(self) -> bool:
        """Whether all strata over each listed function are there: a search may miss functions, not strata of them."""
        return self.scope.surveyed and self.scope.complete["status"] != "undecided"

    @property
    def names_global_minima(self) -> bool:
        return any(row["kind"] == "global_minimum" for row in self.counts)


def strata_of_scopes(store: Store, scopes: Iterable[Scope]) -> list[StrataOfScope]:
    """The strata behind each scope; the scope in it is that of the survey of strata."""
    surveys = strata_surveys_of(store)
    found = []
    for scope in scopes:
        survey = surveys.get((scope.problem, scope.width or 0)) if scope.surveyed else None
        if survey is None:
            reason = STRATA_NOT_SURVEYED if scope.surveyed else NOT_SURVEYED
            missing = Scope(scope.problem, scope.width, complete_as("undecided", reason), surveyed=False)
            found.append(StrataOfScope(missing, []))
        else:
            counts = counts_of_strata(store, scope.problem, scope.width or 0)
            found.append(StrataOfScope(scope_of(survey), counts))
    return found


class WordsOfStrata:
    """The words of the strata of one problem and width; their rows name the family."""

    def __init__(self, words: StrataWords, family: str) -> None:
        self._words = words
        self._family = {"family": family}

    def row(self, packed: Mapping[str, Any]) -> Row:
        row = self._words.row(packed)
        # In the order in which one record is shown.
        return {"label": row["label"], "problem": row["problem"], **self._family, **row}


def words_of_strata(store: Store, problem: str, width: int) -> WordsOfStrata:
    """What the packed strata of one problem and width are read with."""
    family = store.families()[problem]
    return WordsOfStrata(family_named(family).strata_words(*strata_words(store, problem, width)), family)


def function_summary(known: StrataOfScope, label: str, wanted: StrataFilter) -> Record:
    """`kinds`, `indices` and `local_minimum` of a function at the width of its strata; null where not known.

    `local_minimum` is about the strata that are listed by default: true if one is a minimum, false if all of them are
    proved not to be, and all strata over the function are listed.
    """
    if not known.scope.surveyed:
        return {"kinds": None, "indices": None, "local_minimum": None}
    kinds: dict[str, int] = {}
    indices: set[int] = set()
    seen: set[str] = set()
    for row in known.by_function.get(label, ()):
        if row["listed"]:
            seen.add(row["kind"])
        if row["listed"] or wanted.notion:
            kinds[row["kind"]] = kinds.get(row["kind"], 0) + row["strata"]
            if row["negative"] is not None:
                indices.add(row["negative"])
    is_open = "undecided" in seen or not known.lists_every_stratum
    minimum = True if seen & set(MINIMA) else None if is_open else False
    ordered = {kind: kinds[kind] for kind in KINDS if kind in kinds}
    return {"kinds": ordered, "indices": sorted(indices), "local_minimum": minimum}


def filter_functions(
    known: StrataOfScope, rows: Sequence[Row], wanted: StrataFilter, ceiling: float
) -> tuple[list[Row], list[str]]:
    """The functions with a stratum that passes, and the labels of those that might have one."""
    passing, open_labels = [], []
    is_open = not known.lists_every_stratum
    for row in rows:
        groups = known.by_function.get(row["label"], [])
        if any(wanted.passes(group) for group in groups):
            passing.append(row)
        elif is_open or any(wanted.may_pass(group, row["loss_lower"] > ceiling) for group in groups):
            open_labels.append(row["label"])
    return passing, open_labels


def least_loss_above(rows: Iterable[Row]) -> float:
    """A number that the least loss does not exceed."""
    return min((row["loss_upper"] for row in rows), default=float("inf"))


def answer_strata(
    store: Store, scopes: Sequence[Scope], functions: Mapping[str, Sequence[Row]], wanted: StrataFilter,
    where: str | None,
) -> tuple[list[Row], dict[str, str]]:
    """The strata of every scope that pass, and how complete this answer is.

    Args:
        store: the database.
        scopes: of the surveys of functions.
        functions: by problem, the stored functions whose strata are looked at.
        wanted: the filter.
        where: see `catalog.where`.
    """
    known = strata_of_scopes(store, scopes)
    keys = None if where is None else keys_where(store, "strata", where)
    complete = combine([*(one.scope for one in known)])
    rows: list[Row] = []
    open_count, no_global = 0, []
    for one in known:
        if not one.scope.surveyed:
            continue
        problem, width = one.scope.problem, one.scope.width or 0
        lower = {row["label"]: row["loss_lower"] for row in functions[problem]}
        ceiling = least_loss_above(store.functions(problem, width))
        words = words_of_strata(store, problem, width)
        if wanted.is_about_strata and keys is not None:
            # Which strata the expression leaves open has to be looked at one by one.
            columns = {} if wanted.notion else {"listed": 1}
        else:
            columns = wanted.columns
        for packed in packed_strata(store, problem, width, **columns):
            if packed["function"] not in lower or (keys is not None and packed["label"] not in keys):
                continue
            if wanted.passes(packed):
                rows.append(words.row(packed))
            elif wanted.may_pass(packed, lower[packed["function"]] > ceiling):
                open_count += 1
        if wanted.is_about_strata and keys is None:
            open_count += sum(
                group["strata"]
                for group in one.counts
                if group["function"] in lower and wanted.may_pass(group, lower[group["function"]] > ceiling)
            )
        if wanted.kind == "global_minimum" and not one.names_global_minima:
            no_global.append(one.scope.name)
    if open_count:
        asked = " and ".join(
            f"{name} {value}" for name, value in (("kind", wanted.kind), ("index", wanted.index)) if value is not None
        )
        complete = undecided(complete, f"whether {open_count} more strata have {asked} is not decided")
    if no_global:
        complete = undecided(complete, f"the global minima of {', '.join(no_global)} are not known")
    return rows, complete
