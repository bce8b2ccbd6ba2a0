"""Answers as plain text: aligned tables, CSV, and one record in full. Nothing is cut to the width of a screen."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from catalog.answer import Answer
from catalog.cells import or_dash
from catalog.families import AVAILABLE, Family, family_named, family_of
from catalog.interval.strata_record import descent_lines
from catalog.record import to_text

UNKNOWN = {"kinds": "not known", "indices": "not known", "local_minimum": "undecided"}
"""How a null is said of fields that are known only with the strata over a function."""


def plain_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns aligned by spaces, numbers to the right."""
    columns = list(zip(header, *rows, strict=True)) if rows else [(name,) for name in header]
    widths = [max(map(len, column)) for column in columns]
    right = [bool(rows) and all(_is_number(cell) for cell in column[1:]) for column in columns]
    lines = [header, *rows]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )


def short_columns(
    entity: str, rows: Sequence[Mapping[str, Any]], families: Sequence[str] = ()
) -> tuple[list[str], list[list[str]]]:
    """Header and cells of the table for the eye; a column that a family does not have is a dash in its rows."""
    header = merged([family.columns(entity).short for family in _families(rows, families)])
    body = []
    for row in rows:
        family = family_of(row)
        cells = dict(zip(family.columns(entity).short, family.short_cells(entity, row), strict=True))
        body.append([cells.get(name, "-") for name in header])
    return header, body


def summary_columns(rows: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Header and cells of the summary of the strata over one function."""
    header = ["kind", "index", "strata", "labelled", "dimension", "reason"]
    return header, [
        [
            row["kind"],
            or_dash(row["negative"]),
            str(row["strata"]),
            str(row["labelled"]),
            "-".join(dict.fromkeys((str(row["least"]), str(row["greatest"])))),
            row["reason"],
        ]
        for row in rows
    ]


def json_text(answer: Answer) -> str:
    """The object of an answer as JSON, with a line for each row."""
    whole = answer.as_json()
    rows = ",\n".join(json.dumps(row, sort_keys=True, allow_nan=False) for row in whole["rows"])
    complete = json.dumps(whole["complete"], sort_keys=True)
    return f'{{"complete": {complete}, "rows": [\n{rows}\n]}}' if rows else f'{{"complete": {complete}, "rows": []}}'


def csv_text(entity: str, rows: Sequence[Mapping[str, Any]], families: Sequence[str] = ()) -> str:
    """CSV with a header; lists and objects are cells of JSON, null and what a family does not have are empty cells."""
    header = merged([family.columns(entity).csv for family in _families(rows, families)])
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        family = family_of(row)
        flat, own = family.flat(entity, row), family.columns(entity).csv
        writer.writerow([_csv_cell(flat[name]) if name in own else "" for name in header])
    return out.getvalue()


def merged(headers: Sequence[Sequence[str]]) -> list[str]:
    """The columns of several tables as those of one, each table's in its own order.

    A column that is new in a later table comes right after the one that precedes it there.
    """
    result: list[str] = []
    for header in headers:
        place = 0
        for name in header:
            if name not in result:
                result.insert(place, name)
            place = result.index(name) + 1
    return result


def full_record(row: Mapping[str, Any]) -> str:
    """Every field of a row on lines of its own, exact forms beside the decimals."""
    flat = dict(row)
    if flat.get("descent") is None and flat.get("kind") != "saddle":
        flat.pop("descent", None)
    exact_entries = flat.pop("entries_exact", {})
    if "entries" in flat:
        flat["entries"] = [f"{name} = {_item(value, exact_entries[name])}" for name, value in flat["entries"].items()]
    if "hits" in flat:
        flat["hits"] = [f"{label}: {count}" for label, count in flat["hits"].items()]
    sample = flat.pop("sample", None)
    if sample is not None:
        flat |= {f"sample {name}": value for name, value in sample.items()}
    width = max(len(name) for name in flat if not name.endswith("_exact"))
    lines = []
    for name, value in flat.items():
        if name.endswith("_exact"):
            continue
        if value is None:
            value = UNKNOWN.get(name, "-")
        elif name in ("kinds", "stationarity"):
            value = ", ".join(f"{key} {one}" for key, one in value.items())
        elif name in ("indices", "fit"):
            value = " ".join(map(str, value)) or "-"
        elif name == "descent":
            value = descent_lines(value)
        items = value if isinstance(value, list) else [value]
        exact = flat.get(f"{name}_exact")
        exacts = exact if isinstance(exact, list) else [exact] * len(items)
        texts = [_item(one, form) for one, form in zip(items, exacts, strict=True)] or ["-"]
        for i, text in enumerate(texts):
            lines.append(f"{name if i == 0 else '':<{width}}  {text}".rstrip())
    return "\n".join(lines)


def _item(value: Any, exact: Any) -> str:
    if isinstance(value, Mapping) and "does" in value:
        type_there = f" ({value['cjr22']} in CJR22)" if value.get("cjr22") else ""
        return f"{value['code']}: {value['does']}{type_there}"
    if isinstance(value, Mapping) and "multiplicity" in value:
        return f"{value['irrep']}: {value['value']}, {value['multiplicity']} times"
    if isinstance(value, Mapping) and "row" in value:
        return f"{value['row']}: {value['value']}"
    if isinstance(value, Mapping) and "decimal" in value:
        bounds = f"between {value['lower']!r} and {value['upper']!r}"
        return f"{_item(value['decimal'], value['exact'])}, {bounds}"
    if isinstance(value, list):
        return f"({', '.join(map(str, value))})"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(exact, str):
        return exact if exact == value else f"{exact} = {value}"
    if isinstance(exact, Mapping):
        low, high = exact["interval"]
        return f"{value}, root of {list(exact['minpoly'])} (constant term first) in [{low}, {high}]"
    return str(value)


def _families(rows: Sequence[Mapping[str, Any]], families: Sequence[str]) -> list[Family[Any]]:
    """The families of the rows; where there is no row, those that were looked at, or all."""
    names = dict.fromkeys(row["family"] for row in rows) or families or AVAILABLE
    return [family_named(name) for name in names]


def _csv_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list | dict):
        return to_text({"": value})[4:-1]
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_number(text: str) -> bool:
    try:
        Decimal(text)
    except InvalidOperation:
        return False
    return True
