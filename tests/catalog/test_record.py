"""Record -> rich object -> record is the identity, and so is record -> text -> record."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_number_text import dyadics, numbers

from catalog.errors import CatalogError
from catalog.interval.problem_table import problem_from_record, problem_record
from catalog.interval.record import cell_from_record, cell_record, function_from_record, function_record
from catalog.query import open_catalog
from catalog.record import from_text, to_text
from symbolic.enclosure import Rigor
from symbolic.interval.functions import IntervalFunction
from symbolic.interval.problem import IntervalProblem
from symbolic.problem import Cell, Completeness, CompletenessStatus, OpenBox

patterns = st.text("+-", max_size=4)
functions = st.builds(
    IntervalFunction,
    problem=st.just("p"),
    label=st.builds("p:B.{}.1".format, patterns),
    function_class=st.sampled_from("AB"),
    pattern=st.none() | patterns,
    realizations=st.lists(patterns, max_size=2).map(tuple),
    kinks=st.lists(numbers, max_size=3).map(tuple),
    slopes=st.lists(numbers, max_size=3).map(tuple),
    offset=numbers,
    moment=numbers,
    loss=numbers,
    minimal_width=st.integers(0, 12),
    rigor=st.sampled_from([Rigor.EXACT, Rigor.CERTIFIED]),
    provisional=st.booleans(),
)
completenesses = st.builds(Completeness, st.sampled_from(CompletenessStatus), st.text(max_size=20), st.text(max_size=9))
points = st.lists(dyadics, max_size=3).map(tuple)
rational_points = st.lists(st.fractions(max_denominator=10**6), max_size=3).map(tuple)
cells = st.builds(
    Cell,
    knots=st.integers(1, 9),
    system=patterns | st.just("free"),
    completeness=completenesses,
    roots=st.lists(points, max_size=3).map(tuple),
    boxes=st.integers(0, 10**9),
    open_boxes=st.lists(st.builds(OpenBox, rational_points, rational_points), max_size=2).map(tuple),
    method=st.sampled_from(["subdivision", "reflection"]),
)
problems = st.builds(
    IntervalProblem,
    st.just("p-1"),
    st.lists(st.fractions(max_denominator=50), min_size=1, max_size=5).map(tuple),
    st.tuples(st.fractions(-9, 0, max_denominator=9), st.fractions(1, 9, max_denominator=9)),
    st.fractions(0, Fraction(9, 10), max_denominator=20),
)


@given(functions)
def test_functions(function: IntervalFunction) -> None:
    record = function_record(function)
    assert function_from_record(record) == function
    assert function_record(function_from_record(from_text(to_text(record)))) == record


@given(cells)
def test_cells(cell: Cell) -> None:
    assert cell_from_record(from_text(to_text(cell_record(cell)))) == cell


@given(problems)
def test_problems(problem: IntervalProblem) -> None:
    assert problem_from_record(from_text(to_text(problem_record(problem)))) == problem


def test_no_float_is_in_a_stored_record(small_database: object) -> None:
    def leaves(value: object) -> list[object]:
        if isinstance(value, dict):
            return [leaf for one in value.values() for leaf in leaves(one)]
        return [leaf for one in value for leaf in leaves(one)] if isinstance(value, list) else [value]

    with open_catalog(str(small_database)) as opened:
        stored = [row for name in ("x", "x-leaky", "x2", "x3") for row in opened.store.functions(name, 9)]
    assert len(stored) == 3 + 8 + 7 + 3
    for row in stored:
        record = from_text(row["record"])
        assert not any(isinstance(leaf, float) for leaf in leaves(record))
        assert to_text(record) == row["record"]
        assert function_record(function_from_record(record)) == record


def test_text_is_canonical_and_has_no_nan() -> None:
    assert to_text({"b": 1, "a": "ä"}) == '{"a":"\\u00e4","b":1}'
    with pytest.raises(ValueError, match="JSON compliant"):
        to_text({"a": math.nan})
    for text in ("[1]", "NaN", '{"a":NaN}', '{"a":Infinity}', "{", ""):
        with pytest.raises(CatalogError):
            from_text(text)


def test_malformed_records_are_refused_in_one_line() -> None:
    function = {"label": "p:B.+.1", "problem": "p"}
    for record in (function, function | {"class": "B", "pattern": None, "realizations": 3}):
        with pytest.raises(CatalogError, match="stored function record"):
            function_from_record(record)
