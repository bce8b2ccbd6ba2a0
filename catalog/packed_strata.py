"""The packed form in which the database keeps thousands of strata, the same for every family.

The strata of one problem and width have a few hundred different numbers and roles among them: these are written once,
and each packed row refers to them by position or by code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NOTIONS = ("smooth", "directional", "clarke")


@dataclass(frozen=True)
class PackedStrata:
    """The strata of one problem and width: rows of the database, and what they refer to by position or by code.

    Attributes:
        rows: one per stratum, in their order.
        numbers: the flat records of the numbers of all samples, each once, as texts.
        roles: what each role means, by code.
        counts: how many strata and labelled assignments there are of each function, notion, kind and index.
    """

    rows: tuple[dict[str, Any], ...]
    numbers: tuple[str, ...]
    roles: Mapping[str, Mapping[str, Any]]
    counts: tuple[dict[str, Any], ...]


def numbers_text(packed: PackedStrata) -> str:
    """The texts of the numbers as one canonical text, `{"numbers":[...]}`."""
    return '{"numbers":[' + ",".join(packed.numbers) + "]}"


def codes_of(label: str) -> list[str]:
    """The codes of the roles in the label of a stratum, one for each neuron."""
    return label.rpartition("@")[2].partition(":")[2].split(".")
