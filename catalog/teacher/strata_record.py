"""Packed strata of teacher problems: each row of the sample as runs of equal numbers, the numbers written once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from catalog.errors import CatalogError
from catalog.packed_strata import PackedStrata
from catalog.record import Record
from catalog.strata_record import Packing, StrataVocabulary, stratum_facts
from catalog.teacher.names import row_class_names
from catalog.teacher.record import on_grid
from symbolic.enclosure import Number

if TYPE_CHECKING:
    from symbolic.teacher.fixed_spaces import FixedSpace
    from symbolic.teacher.strata import TeacherStratum

LARGEST_INTEGER = 2**63 - 1
"""Of a column of the database."""


def pack(problem: str, spaces: Mapping[str, FixedSpace], strata: Sequence[TeacherStratum]) -> PackedStrata:
    """The strata of one problem and width in packed form.

    Args:
        problem: name of their problem.
        spaces: the fixed space of each function, by label.
        strata: in their order.

    Raises:
        CatalogError: two strata of one label.
    """
    packing = Packing(problem)
    for stratum in strata:
        codes = _codes(spaces[stratum.function], stratum.neurons)
        for code in codes:
            packing.roles.setdefault(code, role_words(code))
        packing.add(_packed_row(packing, stratum, codes), stratum.orbit_size)
    return packing.packed()


def role_words(code: str) -> dict[str, Any]:
    """What a row of a class does: `{"does", "class", "rows"}` of a code such as `A0x2`."""
    name, _, copies = code.rpartition("x")
    if name.startswith("A"):
        what = f"with the entry {name} at its own teacher"
    else:
        what = f"with the entries {name}_0, {name}_1, ... on the blocks"
    shared = f"a row {what}" if copies == "1" else f"one of {copies} rows that share the ray of a row {what}"
    return {"does": shared, "class": name, "rows": int(copies)}


class TeacherWords(StrataVocabulary):
    """Numbers and classes of strata of teacher problems."""

    def row(self, packed: Mapping[str, Any]) -> Record:
        """The row a query answers for a stratum: decimals, with exact forms beside them where there are any."""
        codes, positions = unpacked_sample(packed)
        exact = [[self.exact[i] for i in row] for row in positions]
        sample = {
            "w": [[self.decimals[i] for i in row] for row in positions],
            "w_exact": exact if any(value is not None for row in exact for value in row) else None,
        }
        return {
            "label": packed["label"],
            "problem": packed["problem"],
            **stratum_facts(packed),
            "neurons": self.neurons(codes),
            "orbit_size": orbit_size(packed),
            "sample": sample,
            "rigor": packed["rigor"],
        }

    def record(self, packed: Mapping[str, Any]) -> Record:
        """The flat record of a packed row."""
        codes, positions = unpacked_sample(packed)
        return {
            "label": packed["label"],
            **stratum_facts(packed),
            "roles": codes,
            "orbit_size": orbit_size(packed),
            "sample": {"w": [[self.records[i] for i in row] for row in positions]},
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


def _packed_row(packing: Packing, stratum: TeacherStratum, codes: Sequence[str]) -> dict[str, Any]:
    size = stratum.orbit_size
    large = size > LARGEST_INTEGER
    row = packing.row(
        stratum,
        negative=stratum.index,
        # The loss is twice differentiable where no row vanishes.
        hessian="undecided" if stratum.inertia is None else "yes",
        sample=";".join(f"{code} {_runs(row, packing)}" for code, row in zip(codes, stratum.sample_w, strict=True)),
    )
    return row | {"orbit_size": _near(size) if large else size, "orbit": str(size) if large else None}


def _near(size: int) -> float:
    try:
        return float(size)
    except OverflowError:
        return float("inf")


def _runs(row: Sequence[Number], packing: Packing) -> str:
    runs = [(packing.position(on_grid(value)), len(list(group))) for value, group in groupby(row)]
    return " ".join(str(position) if times == 1 else f"{position}*{times}" for position, times in runs)
