"""Answers as plain text: aligned tables, CSV, and one record in full. Nothing is cut to the width of a screen."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from decimal import Context, Decimal, InvalidOperation
from typing import Any

from catalog.answer import Answer
from catalog.record import to_text

SHORT_DIGITS = 12
"""Significant digits in tables for the eye; every other format has all that is proved."""

UNKNOWN = {"kinds": "not known", "indices": "not known", "local_minimum": "undecided"}
"""How a null is said of fields that are known only with the strata over a function."""

CSV_COLUMNS = {
    "problems": ("name", "family", "target", "domain", "leak", "activation", "surveys"),
    "regions": ("label", "problem", "width", "neurons", "order", "loss", "completeness", "functions"),
    "functions": (
        "label",
        "problem",
        "family",
        "class",
        "pattern",
        "realizations",
        "minimal_width",
        "loss",
        "loss_exact",
        "loss_lower",
        "loss_upper",
        "kinks",
        "kinks_exact",
        "slopes",
        "slopes_exact",
        "offset",
        "offset_exact",
        "moment",
        "moment_exact",
        "rigor",
        "provisional",
        "kinds",
        "indices",
        "local_minimum",
    ),
    "strata": (
        "label",
        "problem",
        "function",
        "width",
        "kind",
        "reason",
        "index",
        "nullity",
        "positive",
        "hessian",
        "dimension",
        "gauge_dimension",
        "smooth",
        "directional",
        "clarke",
        "neurons",
        "orbit_size",
        "w",
        "w_exact",
        "b",
        "b_exact",
        "v",
        "v_exact",
        "c",
        "c_exact",
        "rigor",
    ),
}


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


def short_columns(entity: str, rows: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Header and cells of the table for the eye."""
    if entity == "problems":
        header = ["problem", "family", "target", "domain", "leak", "widths", "completeness"]
        return header, [
            [
                row["name"],
                row["family"],
                row["target"],
                f"[{', '.join(row['domain'])}]",
                row["leak"],
                " ".join(str(survey["width"]) for survey in row["surveys"]) or "none",
                " ".join(dict.fromkeys(survey["status"] for survey in row["surveys"])) or "not surveyed",
            ]
            for row in rows
        ]
    if entity == "regions":
        header = ["label", "width", "neurons", "order", "functions", "completeness"]
        return header, [
            [
                row["label"],
                str(row["width"]),
                " ".join(row["neurons"]),
                " ".join(map(str, row["order"])),
                str(len(row["functions"])),
                row["completeness"],
            ]
            for row in rows
        ]
    if entity == "strata":
        header = ["label", "kind", "index", "nullity", "dimension", "orbit", "reason"]
        return header, [
            [
                row["label"],
                row["kind"],
                _or_dash(row["index"]),
                _or_dash(row["nullity"]),
                str(row["dimension"]),
                str(row["orbit_size"]),
                row["reason"],
            ]
            for row in rows
        ]
    header = ["label", "class", "width", "loss", "kinks", "rigor", "local minimum"]
    return header, [
        [
            row["label"],
            row["class"],
            str(row["minimal_width"]),
            short_number(row["loss"]["decimal"]),
            " ".join(_kink(row, i) for i in range(len(row["kinks"]))) or "-",
            row["rigor"],
            {True: "yes", False: "no", None: "-"}[row["local_minimum"]],
        ]
        for row in rows
    ]


def summary_columns(rows: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Header and cells of the summary of the strata over one function."""
    header = ["kind", "index", "strata", "labelled", "dimension", "reason"]
    return header, [
        [
            row["kind"],
            _or_dash(row["negative"]),
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


def short_number(decimal: str) -> str:
    """A decimal string rounded to `SHORT_DIGITS` significant digits, for the eye."""
    try:
        value = Context(prec=SHORT_DIGITS).create_decimal(decimal)
    except InvalidOperation:
        return decimal
    if value == 0:
        return "0"
    return str(value) if len(decimal.strip("-0.")) > SHORT_DIGITS else decimal


def csv_text(entity: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """CSV with a header; lists and objects are cells of JSON, null is the empty cell."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS[entity])
    for row in rows:
        flat = dict(row)
        if entity == "functions":
            loss = row["loss"]
            flat |= {"loss": loss["decimal"]} | {f"loss_{name}": loss[name] for name in ("exact", "lower", "upper")}
        if entity == "strata":
            flat |= row["sample"] | row["stationarity"] | {"neurons": [one["code"] for one in row["neurons"]]}
        writer.writerow([_csv_cell(flat[name]) for name in CSV_COLUMNS[entity]])
    return out.getvalue()


def full_record(row: Mapping[str, Any]) -> str:
    """Every field of a row on lines of its own, exact forms beside the decimals."""
    flat = dict(row)
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
        elif name == "indices":
            value = " ".join(map(str, value))
        items = value if isinstance(value, list) else [value]
        exact = flat.get(f"{name}_exact")
        exacts = exact if isinstance(exact, list) else [exact] * len(items)
        texts = [_item(one, form) for one, form in zip(items, exacts, strict=True)] or ["-"]
        for i, text in enumerate(texts):
            lines.append(f"{name if i == 0 else '':<{width}}  {text}".rstrip())
    return "\n".join(lines)


def _item(value: Any, exact: Any) -> str:
    if isinstance(value, Mapping) and "does" in value:
        type_there = f" ({value['cjr22']} in CJR22)" if value["cjr22"] else ""
        return f"{value['code']}: {value['does']}{type_there}"
    if isinstance(value, Mapping) and "decimal" in value:
        bounds = f"between {value['lower']!r} and {value['upper']!r}"
        return f"{_item(value['decimal'], value['exact'])}, {bounds}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(exact, str):
        return exact if exact == value else f"{exact} = {value}"
    if isinstance(exact, Mapping):
        low, high = exact["interval"]
        return f"{value}, root of {list(exact['minpoly'])} (constant term first) in [{low}, {high}]"
    return str(value)


def _kink(row: Mapping[str, Any], i: int) -> str:
    exact = row["kinks_exact"][i]
    return exact if isinstance(exact, str) and len(exact) <= SHORT_DIGITS else short_number(row["kinks"][i])


def _or_dash(value: int | None) -> str:
    return "-" if value is None else str(value)


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
