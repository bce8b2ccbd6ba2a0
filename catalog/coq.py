"""Coq files of records: `saddlery export coq LABEL`.

A file states what a record of an interval problem claims, about Riemann integrals of real functions of the standard
library, and proves it by exact computation. It needs nothing but that library, and its first comment says in words
what is proved in it and what is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.coq_numbers import NotQuadratic
from catalog.errors import CatalogError
from catalog.interval.problem_table import problem_from_record
from catalog.interval.record import function_from_record
from catalog.interval.strata_record import Vocabulary
from catalog.record import from_text
from catalog.schema import functions, strata
from catalog.strata_store import strata_words

if TYPE_CHECKING:
    from catalog.query import Catalog
    from symbolic.interval.functions import IntervalFunction
    from symbolic.interval.problem import IntervalProblem


def coq_text(opened: Catalog, label: str) -> str:
    """The Coq file of a critical function or of a stratum of an interval problem.

    Args:
        opened: an open catalog.
        label: of the record.

    Returns:
        The text of a file that `coqc` (8.16 or newer) accepts with the standard library alone.

    Guarantee: the statements are computed from the numbers of the record, and proved by the file itself; a wrong record
        gives a refusal or a file that `coqc` rejects.

    Raises:
        CatalogError: no such label; not a function or a stratum of an interval problem; numbers that are not of the
            form p + q sqrt(d) with one d.
    """
    from catalog.coq_function import function_file
    from catalog.coq_stratum import stratum_file

    entity, row, _ = opened.record(label)
    if entity not in ("functions", "strata") or row.get("family") != "interval":
        raise CatalogError(f"Coq files are of functions and strata of interval problems; {label} is none")
    problem = _problem(opened, row["problem"])
    if problem.activation != "relu":
        raise CatalogError(f"Coq files are of problems with activation relu; that of {problem.name} is quadratic")
    try:
        if entity == "functions":
            return function_file(problem, _function(opened, label))
        packed = opened.store.row(strata, label)
        if packed is None:
            raise CatalogError(f"no stratum is labelled {label}")
        record = Vocabulary(*strata_words(opened.store, problem.name, packed["width"])).record(packed)
        return stratum_file(problem, _function(opened, record["function"]), record)
    except NotQuadratic:
        raise CatalogError(
            f"the numbers of {label} are not all of the form p + q sqrt(d), p and q rational, with one integer d"
        ) from None


def _problem(opened: Catalog, name: str) -> IntervalProblem:
    (row,) = (row for row in opened.store.problems() if row["name"] == name)
    return problem_from_record(from_text(row["record"]))


def _function(opened: Catalog, label: str) -> IntervalFunction:
    row = opened.store.row(functions, label)
    if row is None:
        raise CatalogError(f"no function is labelled {label}")
    return function_from_record(from_text(row["record"]))
