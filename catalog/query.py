"""Questions to a catalog and their answers: rows, and how complete *this answer* is."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from catalog.answer import Answer
from catalog.closing import Closing
from catalog.errors import CatalogError
from catalog.families import family_of
from catalog.loss_filter import at_most_all, threshold_of
from catalog.record import from_text
from catalog.schema import functions, regions, strata
from catalog.scopes import (
    NOT_SURVEYED,
    Scope,
    check_width_asked,
    combine,
    complete_as,
    names_of,
    scope_of,
    scopes_of,
    undecided,
    with_caveat,
)
from catalog.store import Row, Store
from catalog.strata_query import (
    StrataFilter,
    answer_strata,
    filter_functions,
    function_summary,
    least_loss_above,
    strata_of_scopes,
    words_of_strata,
)
from catalog.strata_store import labels_of_strata, strata_surveys_of, summary_of_function
from catalog.where import keys_where

if TYPE_CHECKING:
    from catalog.graph import Graph
    from catalog.identification import Identification
    from catalog.weights import Weights

P = ParamSpec("P")
T = TypeVar("T")
Loss = Fraction | int | str

ENTITIES = ("problems", "regions", "functions", "strata", "transitions", "branches", "sweeps")


def _of_one_state(method: Callable[Concatenate[Catalog, P], T]) -> Callable[Concatenate[Catalog, P], T]:
    """The method, reading one state of the database while a builder may be writing to it."""

    @wraps(method)
    def answered(catalog: Catalog, /, *arguments: P.args, **options: P.kwargs) -> T:
        with catalog.store.snapshot():
            return method(catalog, *arguments, **options)

    return answered


class Catalog(Closing):
    """A database opened for reading; every method takes the filters of `saddlery query` as keywords."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def close(self) -> None:
        self.store.close()

    def query(self, entity: str, **filters: Any) -> Answer:
        """The answer for an entity by name.

        Raises:
            CatalogError: an unknown entity, or a filter that does not apply to it.
        """
        if entity not in ENTITIES:
            raise CatalogError(f"unknown entity {entity!r}; choose from {', '.join(ENTITIES)}")
        asked = {name: value for name, value in filters.items() if value is not None}
        method: Callable[..., Answer] = getattr(self, entity)
        allowed = {
            "problems": {"problem", "width", "where"},
            "regions": {"problem", "width", "where"},
            "branches": {"problem", "where"},
            "transitions": {"problem", "width", "kind", "where"},
            "sweeps": {"problem", "width"},
        }
        for name in asked:
            if name not in allowed.get(entity, asked):
                raise CatalogError(f"--{name.replace('_', '-')} does not apply to {entity}")
        return method(**asked)

    @_of_one_state
    def problems(self, *, problem: str | None = None, width: int | None = None, where: str | None = None) -> Answer:
        """The problems of the database, each with the surveys that were made of it.

        Args:
            problem: a name, or a path ending in .toml.
            width: only problems surveyed at this width.
            where: see `catalog.where`.
        """
        check_width_asked(width)
        names = names_of(self.store, problem)
        surveys, of_strata = self.store.surveys(), strata_surveys_of(self.store)
        rows = []
        for stored in self.store.problems():
            mine = [row for row in surveys if row["problem"] == stored["name"]]
            if stored["name"] not in names or (width is not None and width not in {row["width"] for row in mine}):
                continue
            told = [_survey_summary(row, of_strata.get((row["problem"], row["width"]))) for row in mine]
            rows.append(from_text(stored["record"]) | {"surveys": told})
        if where is not None:
            keys = keys_where(self.store, "problems", where)
            rows = [row for row in rows if row["name"] in keys]
        surveyed = {row["problem"] for row in surveys if width in (None, row["width"])}
        if (problem is not None or width is not None) and not names & surveyed:
            return Answer("problems", rows, complete_as("undecided", NOT_SURVEYED))
        return Answer("problems", rows, complete_as("proved", "these are the problems of this database"))

    @_of_one_state
    def regions(self, *, problem: str | None = None, width: int | None = None, where: str | None = None) -> Answer:
        """The regions of exactly one width, up to permutation of neurons.

        `functions` of a row are the critical functions that points of its closure realize; `completeness` and the
        completeness of the answer are that of this list.
        """
        scopes, families = scopes_of(self.store, problem, width), self.store.families()
        rows, unlisted = [], []
        for scope in scopes:
            found = self.store.regions(scope.problem, scope.width or 0) if scope.surveyed else []
            rows += [_region_row(one, families[scope.problem], scope.complete) for one in found]
            survey = self.store.survey(scope.problem, scope.width or 0) if scope.surveyed else None
            if survey is not None and survey["regions"] != len(found):
                unlisted.append(f"the {survey['regions']} regions of {scope.name} are too many to be listed")
        if where is not None:
            keys = keys_where(self.store, "regions", where)
            rows = [row for row in rows if row["label"] in keys]
        complete = combine(scopes)
        complete = undecided(complete, "; ".join(unlisted)) if unlisted else complete
        return Answer("regions", rows, complete, _families_of(scopes, families))

    @_of_one_state
    def functions(
        self, *, problem: str | None = None, width: int | None = None, kind: str | None = None,
        index: int | None = None, max_loss: Loss | None = None, notion: str | None = None, where: str | None = None,
    ) -> Answer:
        """The critical functions of minimal width at most `width`.

        Args:
            problem: a name, or a path ending in .toml; all problems if omitted.
            width: the largest one surveyed of each problem if omitted.
            kind, index: only functions with a stratum of this kind, of this index (or of both) at that width.
            max_loss: only losses at most this rational, compared exactly.
            notion: "clarke": also strata that are stationary only in Clarke's sense, and functions that have no other.
            where: see `catalog.where`.

        Returns:
            Only rows that are proved to pass the filters; where that could not be decided for some function, the
            status is undecided and the reason names it.
        """
        wanted = StrataFilter(kind, index, notion)
        threshold = None if max_loss is None else threshold_of(max_loss)
        scopes = scopes_of(self.store, problem, width)
        complete = combine(scopes)
        keys = None if where is None else keys_where(self.store, "functions", where)
        rows, open_loss, open_strata, silent = [], [], [], []
        for scope, known in zip(scopes, strata_of_scopes(self.store, scopes), strict=True):
            if not scope.surveyed:
                continue
            every = self._functions_over(scope, notion)
            stored, doubtful = at_most_all([row for row in every if keys is None or row["label"] in keys], threshold)
            if not known.lists_every_stratum:
                silent.append(f"{scope.name}: {known.scope.complete['reason']}")
            if wanted.is_about_strata:
                stored, not_known = filter_functions(known, stored, wanted, least_loss_above(every))
                open_strata += not_known
                if kind == "global_minimum" and known.scope.surveyed and not known.names_global_minima:
                    open_strata += [row["label"] for row in every if row["loss_lower"] <= least_loss_above(every)]
            open_loss += doubtful
            rows += [_function_row(row) | function_summary(known, row["label"], wanted) for row in stored]
        if open_loss:
            complete = undecided(complete, _loss_undecided(threshold, open_loss))
        if open_strata:
            words = f"whether there is a stratum of that kind or index is not decided for {_few(open_strata)}"
            complete = undecided(complete, words)
        if silent:
            complete = with_caveat(complete, f"the strata are not all known ({'; '.join(silent)})")
        return Answer("functions", rows, complete, _families_of(scopes, self.store.families()))

    @_of_one_state
    def strata(
        self, *, problem: str | None = None, width: int | None = None, kind: str | None = None,
        index: int | None = None, max_loss: Loss | None = None, notion: str | None = None, where: str | None = None,
    ) -> Answer:
        """The critical strata of exactly one width, up to permutation of neurons.

        Args:
            problem, width, max_loss, where: as for functions; the loss is that of the function.
            kind, index: only strata of this kind, of this index.
            notion: "clarke": also what is stationary only in Clarke's sense; without it, what is stationary in the
                smooth or the directional sense.

        Returns:
            Only strata that are proved to pass the filters. The status is that of the survey of strata; it is
            undecided where a filter asks for a kind or an index that is not decided of some stratum. Without a filter
            undecided kinds leave nothing out; a caveat says how many there are.
        """
        wanted = StrataFilter(kind, index, notion)
        threshold = None if max_loss is None else threshold_of(max_loss)
        scopes = scopes_of(self.store, problem, width)
        looked_at, open_loss = {}, []
        for scope in scopes:
            every = self._functions_over(scope, notion)
            looked_at[scope.problem], doubtful = at_most_all(every, threshold)
            open_loss += doubtful
        rows, complete = answer_strata(self.store, scopes, looked_at, wanted, where)
        if open_loss:
            complete = undecided(complete, _loss_undecided(threshold, open_loss))
        return Answer("strata", rows, complete, _families_of(scopes, self.store.families()))

    @_of_one_state
    def transitions(
        self,
        *,
        problem: str | None = None,
        width: int | None = None,
        kind: str | None = None,
        where: str | None = None,
    ) -> Answer:
        """The transitions of the gradient flow out of the saddles of exactly one width
        (`catalog.transitions.answer_transitions`)."""
        from catalog.transitions import answer_transitions

        return answer_transitions(self.store, problem, width, kind, where)

    def graph(self, problem: str, **options: Any) -> Graph:
        """The strata of a problem and the edges between them (`catalog.graph.graph_of`)."""
        from catalog.graph import graph_of

        with self.store.snapshot():
            return graph_of(self, problem, **options)

    def identify(self, problem: str, weights: Weights | Mapping[str, Any]) -> Identification:
        """Where given weights lie: the nearest stratum with a proved bound (`catalog.identify.identify`)."""
        from catalog.identify import identify

        return identify(self, problem, weights)

    @_of_one_state
    def branches(self, *, problem: str | None = None, where: str | None = None) -> Answer:
        """The changes of sign along the named families of teacher problems in real k
        (`catalog.teacher.branches.answer_branches`)."""
        from catalog.teacher.branches import answer_branches

        return answer_branches(self.store, problem, where)

    @_of_one_state
    def sweeps(self, *, problem: str | None = None, width: int | None = None) -> Answer:
        """The stored sweeps in a target value of data sets (`catalog.sweeps.answer_sweeps`)."""
        from catalog.sweeps import answer_sweeps

        return answer_sweeps(self.store, problem, width)

    def _functions_over(self, scope: Scope, notion: str | None) -> list[Row]:
        if not scope.surveyed:
            return []
        return self.store.functions(scope.problem, scope.width or 0, clarke=notion is not None)

    @_of_one_state
    def record(self, label: str) -> tuple[str, Row, dict[str, str]]:
        """(entity, row, completeness) of one label.

        Raises:
            CatalogError: no such label; the line names the nearest ones.
        """
        surveys = self.store.surveys()
        found = self.store.row(regions, label)
        if found is not None:
            scope = [scope_of(row) for row in surveys if _key(row) == (found["problem"], found["width"])]
            complete = combine(scope)
            return "regions", _region_row(found, self.store.families()[found["problem"]], complete), complete
        found = self.store.row(functions, label)
        if found is not None:
            width = max(self.store.widths_of_function(found), default=0)
            mine = [scope_of(row) for row in surveys if _key(row) == (found["problem"], width)]
            summaries = [
                function_summary(known, label, StrataFilter()) for known in strata_of_scopes(self.store, mine)
            ]
            return "functions", _function_row(found) | (summaries[0] if summaries else {}), combine(mine)
        found = self.store.row(strata, label)
        if found is not None:
            survey = strata_surveys_of(self.store)[_key(found)]
            return "strata", words_of_strata(self.store, *_key(found)).row(found), combine([scope_of(survey)])
        if "@" in label:
            from catalog.sweeps import sweep_of

            swept = sweep_of(self.store, label)
            if swept is not None:
                return "sweeps", *swept
        candidates = labels_of_strata(self.store, label.partition("@")[0]) if "@" in label else []
        near = difflib.get_close_matches(label, candidates[:2000] or self.store.labels(), 3, 0.5)
        hint = f"; near it are {', '.join(near)}" if near else ""
        raise CatalogError(f"no record labelled {label!r} in {self.store.path}{hint}")

    @_of_one_state
    def strata_summary(self, label: str) -> tuple[int, list[Row]]:
        """The largest surveyed width at which the strata over a function are known, and how many there are of each
        kind, reason and index, listed by default; (0, []) if there is none."""
        found = self.store.row(functions, label)
        surveyed = strata_surveys_of(self.store)
        widths = [] if found is None else self.store.widths_of_function(found)
        width = max((one for one in widths if found and (found["problem"], one) in surveyed), default=0)
        return width, summary_of_function(self.store, label, width) if width else []


def open_catalog(location: str | Path | None = None) -> Catalog:
    """Open a catalog for reading.

    Args:
        location: a path or a URL sqlite:///PATH; the default database if omitted.

    Raises:
        DatabaseError: there is no such database, or it is not one of this program.
    """
    return Catalog(Store.reading(location))


def _key(row: Row) -> tuple[str, int]:
    return row["problem"], row["width"]


def _function_row(row: Row) -> Row:
    return family_of(row).function_answer(from_text(row["record"]), row["loss_lower"], row["loss_upper"])


def _region_row(row: Row, family: str, complete: dict[str, str]) -> Row:
    record = from_text(row["record"])
    # In the order in which one record is shown. A fixed space has a completeness of its own.
    head = {"label": record["label"], "problem": record["problem"], "family": family}
    return {**head, **record, "completeness": record.get("completeness", complete["status"])}


def _families_of(scopes: list[Scope], families: dict[str, str]) -> list[str]:
    """The families of the problems looked at; a problem that is not in the database has no rows."""
    return list(dict.fromkeys(families[scope.problem] for scope in scopes if scope.problem in families))


def _survey_summary(survey: Row, of_strata: Row | None) -> Row:
    names = ("width", "status", "reason", "caveat", "functions", "regions")
    told = {name: survey[name] for name in names}
    return told | {"strata": None if of_strata is None else of_strata["strata"]}


def _loss_undecided(threshold: Fraction | None, labels: list[str]) -> str:
    return f"whether the loss is at most {threshold} is not decided for {_few(labels)}"


def _few(labels: list[str]) -> str:
    distinct = list(dict.fromkeys(labels))
    rest = f" and {len(distinct) - 10} more" if len(distinct) > 10 else ""
    return ", ".join(distinct[:10]) + rest
