"""Flat records of critical functions of the teacher family.

Certified numbers are rounded to one grid, so that a record has the same bytes whatever precision or starting point it
came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from catalog.errors import CatalogError
from catalog.number_text import exact_form, number_from_record, number_record
from catalog.record import Reading, Record
from catalog.teacher.names import entry_names, irrep_name, isotropy_of, row_class_names
from symbolic.enclosure import Ball, Number, bounds

if TYPE_CHECKING:
    from symbolic.teacher.functions import TeacherFunction

GRID_BITS = 160
"""Certified numbers are kept as multiples of 2^-160, within 2^-160: 48 decimals."""


def on_grid(number: Number) -> Number:
    """The ball of radius 2^-GRID_BITS around the multiple of 2^-GRID_BITS next to the centre of a ball.

    Guarantee: it holds the number. A ball that is not much finer than the grid, or near 0 on its scale, and an exact
    number are returned as they are.
    """
    step = Fraction(1, 2**GRID_BITS)
    if not isinstance(number, Ball) or number.radius > step / 256 or abs(number.center) < step * 2**24:
        return number
    return Ball(round(number.center / step) * step, step)


def function_record(function: TeacherFunction) -> Record:
    """The flat form of a critical function; blocks are numbered as `isotropy` lists them."""
    from symbolic.teacher.functions import as_ball

    space, inertia = function.space, function.inertia.inertia
    return {
        "label": function.label,
        "problem": function.problem,
        "family": "teacher",
        "name": function.family_name,
        "space": space.text,
        "isotropy": isotropy_of(space),
        "entries": {
            name: number_record(on_grid(value))
            for name, value in zip(entry_names(space), function.numbers, strict=True)
        },
        "loss": number_record(on_grid(function.loss)),
        "spectrum": [
            {
                "irrep": irrep_name(space, part.irrep),
                "value": number_record(on_grid(part.value)),
                "multiplicity": part.multiplicity,
            }
            for part in function.spectrum
        ],
        "inertia": None if inertia is None else [inertia.negative, inertia.zero, inertia.positive],
        "splitting": [
            {"row": name, "value": number_record(on_grid(as_ball(curvature.smallest)))}
            for name, curvature in zip(row_class_names(space), function.splitting, strict=True)
        ],
        "minimal_width": function.minimal_width,
        "rigor": function.rigor.value,
    }


def function_from_record(record: Mapping[str, Any]) -> TeacherFunction:
    """The critical function of a flat form, certified anew: next to the stored entries, from nothing else.

    Guarantee: its `function_record` is the same record, the label's last letter and the name aside, or this raises.

    Raises:
        CatalogError: malformed, or what is found next to the entries is not what is stored.
        InsufficientPrecision: there is no critical point that could be certified.
    """
    from dataclasses import replace

    from symbolic.teacher.certify import certify
    from symbolic.teacher.fixed_spaces import FixedSpace
    from symbolic.teacher.functions import function_of, teacher_coordinates
    from symbolic.teacher.identity import symmetry_of

    with Reading("function"):
        space = FixedSpace.parse(record["space"])
        numbers = [number_from_record(record["entries"][name]) for name in entry_names(space)]
        label, problem, name = record["label"], record["problem"], record["name"]
        start = [float(sum(bounds(number)) / 2) for number in numbers]
        exact = teacher_coordinates(space) if record["rigor"] == "exact" else None
    point = certify(space, start, exact)
    found = replace(function_of(problem, point, symmetry_of(point)), label=label, family_name=name)
    if function_record(found) != dict(record):
        raise CatalogError(f"the stored record of {label} is not that of the critical point next to its entries")
    return found


def function_answer(record: Mapping[str, Any], loss: Record) -> Record:
    """What a query answers for a function of this family: its record, and the loss as the query answers it."""
    return {
        "name": record["name"],
        "minimal_width": record["minimal_width"],
        "loss": loss,
        "isotropy": list(record["isotropy"]),
        "space": record["space"],
        "entries": {name: value["decimal"] for name, value in record["entries"].items()},
        "entries_exact": {name: exact_form(value) for name, value in record["entries"].items()},
        "spectrum": [{**part, "value": part["value"]["decimal"]} for part in record["spectrum"]],
        "splitting": [{**part, "value": part["value"]["decimal"]} for part in record["splitting"]],
        "rigor": record["rigor"],
    }
