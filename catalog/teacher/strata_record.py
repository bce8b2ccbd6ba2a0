"""Packed strata of teacher problems: each row of the sample as runs of equal numbers, the numbers written once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from catalog.errors import CatalogError
from catalog.number_text import exact_form, number_record
from catalog.packed_strata import NOTIONS, PackedStrata
from catalog.record import Record, from_text, to_text
from catalog.teacher.names import row_class_names
from catalog.teacher.record import on_grid
from symbolic.enclosure import Number

if TYPE_CHECKING:
    from symbolic.teacher.fixed_spaces import FixedSpace
    from symbolic.teacher.strata import TeacherStratum

LARGEST_INTEGER = 2**63 - 1
"""Of a column of the database."""

_GROUP = ("function", "listed", "kind", "negative", "hessian")


def pack(problem: str, spaces: Mapping[str, FixedSpace], strata: Sequence[TeacherStratum]) -> PackedStrata:
    """The strata of one problem and width in packed form.

    Args:
        problem: name of their problem.
        spaces: the fixed space of each function, by label.
        strata: in their order.

    Raises:
        CatalogError: two strata of one label.
    """
    numbers: dict[Number, int] = {}
    roles: dict[str, dict[str, Any]] = {}
    counts: Counter[tuple[Any, ...]] = Counter()
    labelled: Counter[tuple[Any, ...]] = Counter()
    rows = []
    for stratum in strata:
        codes = _codes(spaces[stratum.function], stratum.neurons)
        for code in codes:
            roles.setdefault(code, role_words(code))
        row = _packed_row(problem, stratum, codes, numbers)
        rows.append(row)
        key = tuple(row[name] for name in _GROUP)
        counts[key] += 1
        labelled[key] += stratum.orbit_size
    if len({row["label"] for row in rows}) != len(rows):
        raise CatalogError(f"two strata of {problem} have the same label")
    return PackedStrata(
        tuple(rows),
        tuple(to_text(number_record(number)) for number in numbers),
        roles,
        tuple(
            {"problem": problem, "width": strata[0].width, **dict(zip(_GROUP, key, strict=True)),
             "strata": count, "labelled": labelled[key]}
            for key, count in counts.items()
        ),
    )


def role_words(code: str) -> dict[str, Any]:
    """What a row of a class does: `{"does", "class", "rows"}` of a code such as `A0x2`."""
    name, _, copies = code.rpartition("x")
    if name.startswith("A"):
        what = f"with the entry {name} at its own teacher"
    else:
        what = f"with the entries {name}_0, {name}_1, ... on the blocks"
    shared = f"a row {what}" if copies == "1" else f"one of {copies} rows that share the ray of a row {what}"
    return {"does": shared, "class": name, "rows": int(copies)}


class TeacherWords:
    """Numbers and classes of the strata of one problem and width, read from their texts once for all rows."""

    def __init__(self, numbers: str, roles: str) -> None:
        self.roles: dict[str, dict[str, Any]] = from_text(roles)
        records = from_text(numbers)["numbers"]
        self._decimals: list[str] = [one["decimal"] for one in records]
        self._exact = [exact_form(one) for one in records]
        self._records = records
        self._neurons = {code: {"code": code, **words} for code, words in self.roles.items()}

    def row(self, packed: Mapping[str, Any]) -> Record:
        """The row a query answers for a stratum: decimals, with exact forms beside them where there are any."""
        codes, positions = unpacked_sample(packed)
        exact = [[self._exact[i] for i in row] for row in positions]
        sample = {
            "w": [[self._decimals[i] for i in row] for row in positions],
            "w_exact": exact if any(value is not None for row in exact for value in row) else None,
        }
        return {
            "label": packed["label"],
            "problem": packed["problem"],
            **_facts(packed),
            "neurons": [self._neurons[code] for code in codes],
            "orbit_size": orbit_size(packed),
            "sample": sample,
            "rigor": packed["rigor"],
        }

    def record(self, packed: Mapping[str, Any]) -> Record:
        """The flat record of a packed row."""
        codes, positions = unpacked_sample(packed)
        return {
            "label": packed["label"],
            **_facts(packed),
            "roles": codes,
            "orbit_size": orbit_size(packed),
            "sample": {"w": [[self._records[i] for i in row] for row in positions]},
            "rigor": packed["rigor"],
        }


def orbit_size(packed: Mapping[str, Any]) -> int:
    """The size of the orbit, which may be larger than a column of integers holds."""
    return int(packed["orbit_size"] if packed["orbit"] is None else packed["orbit"])


def unpacked_sample(packed: Mapping[str, Any]) -> tuple[list[str], list[list[int]]]:
    """The code of each row of the sample, and the positions of its numbers."""
    codes, rows = [], []
    try:
        for text in packed["sample"].split(";"):
            code, runs = text.split(" ", 1)
            row: list[int] = []
            for run in runs.split(" "):
                position, _, times = run.partition("*")
                row += [int(position)] * int(times or 1)
            codes.append(code)
            rows.append(row)
    except ValueError:
        raise CatalogError(f"the stored sample of {packed['label']} is malformed") from None
    return codes, rows


def _codes(space: FixedSpace, neurons: Sequence[str]) -> list[str]:
    names = row_class_names(space)
    return [f"{names[int(number)]}x{copies}" for number, _, copies in (one.partition("x") for one in neurons)]


def _facts(packed: Mapping[str, Any]) -> Record:
    return {
        **{name: packed[name] for name in ("function", "width", "kind", "reason")},
        "index": packed["negative"],
        **{name: packed[name] for name in ("nullity", "positive", "hessian", "dimension", "gauge_dimension")},
        "stationarity": {name: packed[name] for name in NOTIONS},
    }


def _packed_row(
    problem: str, stratum: TeacherStratum, codes: Sequence[str], numbers: dict[Number, int]
) -> dict[str, Any]:
    inertia, notions, size = stratum.inertia, stratum.stationarity, stratum.orbit_size
    large = size > LARGEST_INTEGER
    return {
        "label": stratum.label,
        "problem": problem,
        "width": stratum.width,
        "function": stratum.function,
        "kind": stratum.kind.value,
        "reason": stratum.reason,
        "negative": stratum.index,
        "nullity": None if inertia is None else inertia.zero,
        "positive": None if inertia is None else inertia.positive,
        # The loss is twice differentiable where no row vanishes.
        "hessian": "undecided" if inertia is None else "yes",
        "dimension": stratum.dimension,
        "gauge_dimension": stratum.gauge_dimension,
        "orbit_size": _near(size) if large else size,
        "orbit": str(size) if large else None,
        "smooth": notions.smooth.value,
        "directional": notions.directional.value,
        "clarke": notions.clarke.value,
        "listed": int(stratum.by_default),
        "rigor": stratum.rigor.value,
        "sample": ";".join(
            f"{code} {_runs(row, numbers)}" for code, row in zip(codes, stratum.sample_w, strict=True)
        ),
        "descent": None,
    }


def _near(size: int) -> float:
    try:
        return float(size)
    except OverflowError:
        return float("inf")


def _runs(row: Sequence[Number], numbers: dict[Number, int]) -> str:
    runs = [
        (numbers.setdefault(on_grid(value), len(numbers)), len(list(group))) for value, group in groupby(row)
    ]
    return " ".join(str(position) if times == 1 else f"{position}*{times}" for position, times in runs)
