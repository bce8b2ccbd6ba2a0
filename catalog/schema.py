"""The tables of the database as SQLAlchemy sees them; `catalog.migrations` makes them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Float, Integer, MetaData, Table, Text
from sqlalchemy.types import NullType, TypeDecorator


class IntegerText(TypeDecorator[int]):
    """An integer of any size, kept as text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Any) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Any) -> int | None:
        return None if value is None else int(value)


metadata = MetaData()
_text, _integer, _real = Text(), Integer(), Float()

problems = Table(
    "problems",
    metadata,
    Column("name", _text, primary_key=True),
    Column("family", _text),
    Column("content", _text),
    Column("canonical", _text),
    Column("record", _text),
    Column("degree", _integer),
    Column("samples", _integer),
    Column("dimension", _integer),
    Column("teachers", _integer),
)
cells = Table(
    "cells",
    metadata,
    Column("canonical", _text, primary_key=True),
    Column("knots", _integer, primary_key=True),
    Column("system", _text, primary_key=True),
    Column("status", _text),
    Column("record", _text),
    Column("budget", _real),
    Column("solved_at", _text),
    Column("software", _text),
)
surveys = Table(
    "surveys",
    metadata,
    Column("problem", _text, primary_key=True),
    Column("width", _integer, primary_key=True),
    Column("status", _text),
    Column("reason", _text),
    Column("caveat", _text),
    Column("functions", _integer),
    Column("regions", _integer),
    Column("seconds", _real),
    Column("finished_at", _text),
    Column("software", _text),
    Column("parameters", _text),
)
functions = Table(
    "functions",
    metadata,
    Column("label", _text, primary_key=True),
    Column("problem", _text),
    Column("family", _text),
    Column("pattern", _text),
    Column("rigor", _text),
    Column("provisional", _integer),
    Column("loss_lower", _real),
    Column("loss_upper", _real),
    Column("position", _integer),
    Column("record", _text),
    Column("class", _text),
    Column("knots", _integer),
    Column("minimal_width", _integer),
    Column("clarke_width", _integer),
    Column("fitted", _integer),
    Column("name", _text),
    Column("isotropy", _text),
)
survey_functions = Table(
    "survey_functions",
    metadata,
    Column("problem", _text, primary_key=True),
    Column("width", _integer, primary_key=True),
    Column("function", _text, primary_key=True),
    Column("position", _integer),
)
regions = Table(
    "regions",
    metadata,
    Column("label", _text, primary_key=True),
    Column("problem", _text),
    Column("width", _integer),
    Column("position", _integer),
    Column("record", _text),
    Column("interior", _integer),
    Column("active", _integer),
    Column("inactive", _integer),
)
strata_surveys = Table(
    "strata_surveys",
    metadata,
    Column("problem", _text, primary_key=True),
    Column("width", _integer, primary_key=True),
    Column("status", _text),
    Column("reason", _text),
    Column("caveat", _text),
    Column("strata", _integer),
    Column("numbers", _text),
    Column("roles", _text),
    Column("version", _integer),
    Column("seconds", _real),
    Column("finished_at", _text),
    Column("software", _text),
    Column("labelled", IntegerText()),
)
strata = Table(
    "strata",
    metadata,
    Column("id", _integer, primary_key=True),
    Column("label", _text),
    Column("problem", _text),
    Column("width", _integer),
    Column("function", _text),
    Column("kind", _text),
    Column("reason", _text),
    Column("negative", _integer),
    Column("nullity", _integer),
    Column("positive", _integer),
    Column("hessian", _text),
    Column("dimension", _integer),
    Column("gauge_dimension", _integer),
    Column("smooth", _text),
    Column("directional", _text),
    Column("clarke", _text),
    Column("listed", _integer),
    Column("rigor", _text),
    Column("sample", _text),
    Column("descent", _text),
    Column("orbit_size", NullType()),
    Column("orbit", _text),
)
strata_counts = Table(
    "strata_counts",
    metadata,
    Column("problem", _text),
    Column("width", _integer),
    Column("function", _text),
    Column("listed", _integer),
    Column("kind", _text),
    Column("negative", _integer),
    Column("hessian", _text),
    Column("strata", _integer),
    Column("labelled", IntegerText()),
)
branch_surveys = Table(
    "branch_surveys",
    metadata,
    Column("name", _text, primary_key=True),
    Column("status", _text),
    Column("reason", _text),
    Column("caveat", _text),
    Column("record", _text),
    Column("version", _integer),
    Column("seconds", _real),
    Column("finished_at", _text),
    Column("software", _text),
)
branches = Table(
    "branches",
    metadata,
    Column("id", _integer, primary_key=True),
    Column("name", _text),
    Column("irrep", _text),
    Column("kind_from", _text),
    Column("kind_to", _text),
    Column("k_lower", _real),
    Column("k_upper", _real),
    Column("position", _integer),
    Column("record", _text),
)
cases = Table(
    "cases",
    metadata,
    Column("problem", _text, primary_key=True),
    Column("width", _integer, primary_key=True),
    Column("record", _text),
)
sweeps = Table(
    "sweeps",
    metadata,
    Column("label", _text, primary_key=True),
    Column("problem", _text),
    Column("width", _integer),
    Column("sample", _integer),
    Column("lower", _text),
    Column("upper", _text),
    Column("status", _text),
    Column("reason", _text),
    Column("record", _text),
    Column("version", _integer),
    Column("seconds", _real),
    Column("finished_at", _text),
    Column("software", _text),
)
transition_surveys = Table(
    "transition_surveys",
    metadata,
    Column("problem", _text, primary_key=True),
    Column("width", _integer, primary_key=True),
    Column("sources", _integer),
    Column("parameters", _text),
    Column("version", _integer),
    Column("seconds", _real),
    Column("finished_at", _text),
    Column("software", _text),
)
transition_sources = Table(
    "transition_sources",
    metadata,
    Column("problem", _text, primary_key=True),
    Column("width", _integer, primary_key=True),
    Column("source", _text, primary_key=True),
    Column("position", _integer),
    Column("runs", _integer),
    Column("record", _text),
)
transitions = Table(
    "transitions",
    metadata,
    Column("id", _integer, primary_key=True),
    Column("problem", _text),
    Column("width", _integer),
    Column("source", _text),
    Column("target", _text),
    Column("kind", _text),
    Column("record", _text),
    Column("rate_lower", _real),
    Column("rate_upper", _real),
)
