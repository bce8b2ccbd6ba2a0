"""Sweeps of data sets as text: every number is p/q, or a minimal polynomial with an isolating interval.

The record is `{"sample", "from", "to", "pieces": [{"from", "to", "functions": [{"residuals", "loss", "strata"}]}]}`: a
residual is `[c0, c1]` for c0 + c1 t, the loss `[c0, c1, c2]`, and `strata` has the codes of each kind. Values and open
intervals of t stand in turn, in order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from catalog.number_text import decimal_text, number_from_record, parse_rational, radical_text, rational_text
from catalog.record import Reading, Record
from symbolic.enclosure import AlgebraicNumber, Number

if TYPE_CHECKING:
    from symbolic.dataset.problem import DatasetProblem
    from symbolic.dataset.quadratics import Root
    from symbolic.dataset.sweep import Branch, Sweep

Row = dict[str, Any]


def sweep_record(sweep: Sweep) -> Record:
    """The flat form of a sweep; its problem and width stand beside it."""
    return {
        "sample": sweep.sample,
        "from": rational_text(sweep.lower),
        "to": rational_text(sweep.upper),
        "pieces": [
            {
                "from": _root_record(piece.lower),
                "to": _root_record(piece.upper),
                "functions": [_branch_record(branch) for branch in piece.branches],
            }
            for piece in sweep.pieces
        ],
    }


def sweep_from_record(problem: DatasetProblem, width: int, record: Mapping[str, Any]) -> Sweep:
    """The sweep of a flat form; `sweep_record` of it is the same record.

    Raises:
        CatalogError: not such a form, or a loss that is not that of its residuals.
    """
    from symbolic.dataset.sweep import Piece, Sweep

    with Reading("sweep"):
        pieces = tuple(
            Piece(_root(one["from"]), _root(one["to"]), tuple(_branch(branch) for branch in one["functions"]))
            for one in record["pieces"]
        )
        lower, upper = parse_rational(record["from"]), parse_rational(record["to"])
        return Sweep(problem, record["sample"], width, lower, upper, pieces)


def sweep_answer(label: str, problem: str, width: int, record: Mapping[str, Any]) -> Row:
    """The row a query answers for a sweep.

    `walls` are the values of t strictly inside at which something changes, with the strata that are not of one kind
    before, at and after them (null: there is none); `pieces` are all values and open intervals, with the critical
    functions on them as exact texts in t.
    """
    with Reading("sweep"):
        pieces = record["pieces"]
        return {
            "label": label,
            "problem": problem,
            "family": "dataset",
            "width": width,
            "sample": record["sample"],
            "from": record["from"],
            "to": record["to"],
            "walls": [
                {**_told(pieces[i]["from"]), "changes": _changes(*pieces[i - 1 : i + 2])}
                for i in range(2, len(pieces) - 2, 2)
            ],
            "pieces": [
                {
                    "wall": i % 2 == 0,
                    "from": piece["from"],
                    "to": piece["to"],
                    "functions": [_function_answer(one) for one in piece["functions"]],
                }
                for i, piece in enumerate(pieces)
            ],
        }


def polynomial_text(coefficients: Sequence[str]) -> str:
    """A polynomial in t as exact text, from its coefficients with the constant term first."""
    text = ""
    for power, written in enumerate(coefficients):
        value = parse_rational(written)
        if value == 0:
            continue
        size = rational_text(abs(value))
        variable = "t" if power == 1 else f"t**{power}"
        term = size if power == 0 else variable if size == "1" else f"{size}*{variable}"
        sign = "-" if value < 0 else "+"
        text = f"{text} {sign} {term}" if text else f"-{term}" if value < 0 else term
    return text or "0"


def _branch_record(branch: Branch) -> Record:
    strata: dict[str, list[str]] = {}
    for code, kind in branch.strata:
        strata.setdefault(kind.value, []).append(code)
    loss = branch.loss
    return {
        "residuals": [[rational_text(c0), rational_text(c1)] for c0, c1 in branch.residuals],
        "loss": [rational_text(value) for value in (loss.c0, loss.c1, loss.c2)],
        "strata": strata,
    }


def _branch(record: Mapping[str, Any]) -> Branch:
    from symbolic.dataset.quadratics import Quadratic
    from symbolic.dataset.sweep import Branch
    from symbolic.problem import Kind

    residuals = tuple((parse_rational(c0), parse_rational(c1)) for c0, c1 in record["residuals"])
    c0, c1, c2 = loss = [parse_rational(value) for value in record["loss"]]
    columns = zip(*((a * a, 2 * a * b, b * b) for a, b in residuals), strict=True)
    if [2 * len(residuals) * c for c in loss] != [sum(column) for column in columns]:
        raise ValueError("a loss is not that of its residuals")
    strata = sorted((code, Kind(kind)) for kind, codes in record["strata"].items() for code in codes)
    return Branch(residuals, Quadratic(c0, c1, c2), tuple(strata))


def _root_record(root: Root) -> Any:
    if isinstance(root, Fraction):
        return rational_text(root)
    interval = [rational_text(root.lower), rational_text(root.upper)]
    return {"minpoly": list(root.minimal_polynomial), "interval": interval}


def _root(record: Any) -> Root:
    number: Number = number_from_record({"rational" if isinstance(record, str) else "algebraic": record})
    if isinstance(number, Fraction | AlgebraicNumber):
        return number
    raise ValueError("an end of a piece is rational or algebraic")


def _told(record: Any) -> Row:
    """A value of t: exact, as a text with a square root where it is irrational, and as a decimal."""
    root = _root(record)
    radical = radical_text(root) if isinstance(root, AlgebraicNumber) else None
    return {"exact": record, "radical": radical, "decimal": decimal_text(root)}


def _function_answer(record: Mapping[str, Any]) -> Row:
    return {
        "residuals": [polynomial_text(line) for line in record["residuals"]],
        "loss": {"exact": polynomial_text(record["loss"]), "coefficients": list(record["loss"])},
        "kinds": {kind: len(codes) for kind, codes in record["strata"].items()},
        "strata": record["strata"],
    }


def _changes(left: Mapping[str, Any], wall: Mapping[str, Any], right: Mapping[str, Any]) -> list[Row]:
    before, at, after = _kinds(left), _kinds(wall), _kinds(right)
    return [
        {"stratum": code, "before": before.get(code), "at": at.get(code), "after": after.get(code)}
        for code in sorted(before.keys() | at.keys() | after.keys())
        if not before.get(code) == at.get(code) == after.get(code)
    ]


def _kinds(piece: Mapping[str, Any]) -> dict[str, str]:
    strata = (one["strata"] for one in piece["functions"])
    return {code: kind for kinds in strata for kind, codes in kinds.items() for code in codes}
