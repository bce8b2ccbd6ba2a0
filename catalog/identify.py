"""Where given weights lie: the nearest stratum with a proved bound, or an honest no (docs/identify.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from catalog.errors import CatalogError, NotAvailable
from catalog.families import family_of
from catalog.identification import NOT_IN_CATALOG, Identification
from catalog.record import from_text
from catalog.scopes import NOT_SURVEYED, complete_as, names_of, scope_of
from catalog.store import Row, Store
from catalog.strata_store import packed_strata, strata_surveys_of
from catalog.weights import DatasetWeights, IntervalWeights, TeacherWeights, Weights, read_weights, read_weights_file

if TYPE_CHECKING:
    from catalog.query import Catalog

HOMES = {name: f"catalog.{name}.identify" for name in ("interval", "dataset", "teacher")}
"""Where each family answers."""


@dataclass(frozen=True)
class Question:
    """What a family answers from: the problem, the weights, and what the database has of their width.

    Attributes:
        store: the database.
        problem: of the family.
        weights: checked against the problem.
        surveyed: whether strata of the width are listed; `complete`: how complete the lists are.
    """

    store: Store
    problem: Any
    weights: Any
    surveyed: bool
    complete: dict[str, str]

    @property
    def width(self) -> int:
        return int(self.weights.width)

    @cached_property
    def functions(self) -> list[Row]:
        """The stored functions of the width, or, where it is not surveyed, of the largest one that is."""
        widths = [row["width"] for row in self.store.surveys() if row["problem"] == self.problem.name]
        width = self.width if self.width in widths else max(widths)
        return self.store.functions(self.problem.name, width, clarke=True)

    def strata_over(self, function: str) -> frozenset[str]:
        """The labels of the strata of the width over a function."""
        if not self.surveyed:
            return frozenset()
        rows = packed_strata(self.store, self.problem.name, self.width, function=function)
        return frozenset(row["label"] for row in rows)


class _Home(Protocol):
    def identify(self, question: Question) -> Identification: ...


def identify(opened: Catalog, problem: str, weights: Weights | Mapping[str, Any]) -> Identification:
    """Where weights lie.

    Args:
        opened: a catalog.
        problem: a name in the database, or a path ending in .toml.
        weights: {"w", "b", "v", "c"}, {"w", "a"} or {"w"}: floats (read as the dyadic rationals they are), integers,
            texts "p/q", lists or numpy arrays; or what `catalog.weights` read.

    Guarantee: what is `proved` in the answer (docs/identify.md).

    Raises:
        CatalogError: no such problem, or weights that do not fit it, in one line.
        NotAvailable: nothing of the problem is surveyed.
    """
    posed = _problem(opened.store, problem)
    if isinstance(weights, IntervalWeights | DatasetWeights | TeacherWeights):
        given = weights
    else:
        given = read_weights(posed, weights)
    return _answer(opened.store, posed, given)


def identify_text(opened: Catalog, problem: str, path: str, form: str) -> str:
    """What `saddlery identify` prints.

    Args:
        opened: a catalog.
        problem: a name in the database, or a path ending in .toml.
        path: the JSON file of the weights.
        form: "table" or "json".
    """
    posed = _problem(opened.store, problem)
    found = _answer(opened.store, posed, read_weights_file(posed, path))
    return json.dumps(found.as_json(), indent=2, allow_nan=False) if form == "json" else found.to_text()


def _problem(store: Store, problem: str) -> Any:
    (name,) = names_of(store, problem)
    stored = {row["name"]: row for row in store.problems()}
    if name not in stored:
        raise NotAvailable(f"{name} is not in {store.path}; build it first")
    return family_of(stored[name]).problem_from_record(from_text(stored[name]["record"]))


def _answer(store: Store, problem: Any, weights: Any) -> Identification:
    from symbolic.errors import SaddleryError

    surveys = [row for row in store.surveys() if row["problem"] == problem.name]
    if not surveys:
        raise NotAvailable(f"{problem.name} is not surveyed at any width; build it first")
    of_strata = strata_surveys_of(store).get((problem.name, weights.width))
    surveyed = of_strata is not None
    if of_strata is not None:
        complete = scope_of(of_strata).complete
    else:
        known = ", ".join(str(row["width"]) for row in surveys)
        complete = complete_as("undecided", NOT_SURVEYED, f"the widths surveyed are {known}")
    home: _Home = import_module(HOMES[problem.family])
    try:
        found = home.identify(Question(store, problem, weights, surveyed, complete))
    except CatalogError:
        raise
    except SaddleryError as error:
        raise CatalogError(str(error)) from None
    if found.status == NOT_IN_CATALOG and not surveyed:
        found.reason += f"; width {weights.width} is not surveyed, the functions are those of another width"
    found.complete = complete
    return found
