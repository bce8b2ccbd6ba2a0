"""The cases of a survey of a data set as text: weights and Farkas vectors, from which completeness can be checked.

A case is `{"residuals", "directional", "only_clarke", "live", "refutations"}`: types are codes (pattern, then p or n);
a live set is `[types, weights]`, its types given by their position among all types of the case, sorted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from catalog.errors import CatalogError
from catalog.number_text import parse_rational, rational_text
from catalog.record import Reading, Record, from_text, to_text
from catalog.schema import cases as table
from catalog.store import Store

if TYPE_CHECKING:
    from symbolic.dataset.cases import Case, LiveSet
    from symbolic.dataset.stationarity import NeuronType

_SIGNS = {"p": 1, "n": -1}


def cases_record(width: int, cases: Sequence[Case]) -> Record:
    """The flat form of the cases of one width."""
    return {"width": width, "cases": [_case_record(case) for case in cases]}


def cases_from_record(record: Mapping[str, Any]) -> tuple[Case, ...]:
    """The cases of a flat form; `cases_record` of them is the same record.

    Raises:
        CatalogError: not such a form. Whether it proves anything is for `symbolic.dataset.check`.
    """
    with Reading("case"):
        return tuple(_case(one, _integer(record["width"])) for one in record["cases"])


def save_cases(store: Store, problem: str, width: int, cases: Sequence[Case]) -> None:
    """Store the cases of one width, in the place of earlier ones; none where the survey is undecided."""
    with store.transaction() as connection:
        connection.execute(delete(table).where(table.c.problem == problem, table.c.width == width))
        if cases:
            text = to_text(cases_record(width, cases))
            connection.execute(insert(table).values(problem=problem, width=width, record=text))


def stored_cases(store: Store, problem: str, width: int) -> tuple[Case, ...]:
    """The cases that a database keeps of one width.

    Raises:
        CatalogError: none are stored, or not in their form.
    """
    found = store.rows(select(table.c.record).where(table.c.problem == problem, table.c.width == width))
    if not found:
        raise CatalogError(f"{store.path} has no cases of {problem} at width {width}; build it first")
    return cases_from_record(from_text(found[0]["record"]))


def _case_record(case: Case) -> Record:
    position = {one: i for i, one in enumerate(sorted([*case.directional, *case.only_clarke]))}
    return {
        "residuals": [rational_text(value) for value in case.residuals],
        "directional": [one.code for one in case.directional],
        "only_clarke": [one.code for one in case.only_clarke],
        "live": [
            [
                [position[one] for one in live.types],
                [[rational_text(weight) for weight in weights] for weights in live.weights],
            ]
            for live in case.live_sets
        ],
        "refutations": [list(vector) for vector in case.refutations],
    }


def _case(record: Mapping[str, Any], width: int) -> Case:
    from symbolic.dataset.cases import Case

    directional, only_clarke = (tuple(_type(code) for code in record[name]) for name in ("directional", "only_clarke"))
    types, strict = sorted([*directional, *only_clarke]), set(directional)
    return Case(
        residuals=tuple(parse_rational(value) for value in record["residuals"]),
        directional=directional,
        only_clarke=only_clarke,
        live_sets=tuple(_live_set(one, types, strict) for one in record["live"]),
        refutations=tuple(tuple(_integer(value) for value in vector) for vector in record["refutations"]),
        size=width,
    )


def _live_set(record: Sequence[Any], types: Sequence[NeuronType], strict: set[NeuronType]) -> LiveSet:
    from symbolic.dataset.cases import LiveSet

    positions, weights = record
    if not all(0 <= _integer(i) < len(types) for i in positions):
        raise ValueError("a live set names a type that is not in its case")
    chosen = tuple(types[i] for i in positions)
    parsed: tuple[tuple[Fraction, ...], ...] = tuple(tuple(parse_rational(one) for one in row) for row in weights)
    return LiveSet(chosen, parsed, all(one in strict for one in chosen))


def _type(code: str) -> NeuronType:
    from symbolic.dataset.stationarity import NeuronType

    pattern, letter = code[:-1], code[-1:]
    if letter not in _SIGNS or set(pattern) - set("+-0"):
        raise ValueError(f"{code!r} is no type of a neuron with a != 0")
    return NeuronType(pattern, _SIGNS[letter])


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{value!r} is not an integer")
    return value
