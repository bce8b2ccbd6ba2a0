"""Packing strata into rows of the database, and reading them again: what is the same for every family."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from catalog.errors import CatalogError
from catalog.number_text import exact_form, number_record
from catalog.packed_strata import NOTIONS, PackedStrata
from catalog.record import Record, from_text, to_text
from symbolic.enclosure import Number

if TYPE_CHECKING:
    from symbolic.problem import CriticalStratum

_GROUP = ("function", "listed", "kind", "negative", "hessian")
"""What strata that are counted together have in common."""


class Packing:
    """The packed form of the strata of one problem and width, stratum by stratum.

    Args:
        problem: their problem.

    Attributes:
        roles: what each role means, by code; the family adds to it.
    """

    def __init__(self, problem: str) -> None:
        self.problem = problem
        self.roles: dict[str, Mapping[str, Any]] = {}
        self._numbers: dict[Number, int] = {}
        self._rows: list[dict[str, Any]] = []
        self._counts: Counter[tuple[Any, ...]] = Counter()
        self._labelled: Counter[tuple[Any, ...]] = Counter()

    @property
    def numbers(self) -> list[Record]:
        """The flat records of the numbers, each once, in the order of their positions."""
        return [number_record(number) for number in self._numbers]

    def position(self, number: Number) -> int:
        """Where a number stands among those of all samples."""
        return self._numbers.setdefault(number, len(self._numbers))

    def positions(self, numbers: Iterable[Number]) -> str:
        """Positions joined by spaces."""
        return " ".join(str(self.position(number)) for number in numbers)

    def row(
        self, stratum: CriticalStratum, *, negative: int | None, hessian: str, sample: str, descent: str | None = None
    ) -> dict[str, Any]:
        """The row of the database for a stratum.

        Args:
            stratum: of the problem.
            negative: number of negative eigenvalues of the Hessian, None if there is none or it is not proved.
            hessian: whether there is a Hessian whose index was proved: "yes", "no" or "undecided".
            sample: positions of the numbers of its sample point, in the form of the family.
            descent: a curve along which the loss falls, in the form of the family.
        """
        inertia, notions = stratum.inertia, stratum.stationarity
        return {
            "label": stratum.label,
            "problem": self.problem,
            "width": stratum.width,
            "function": stratum.function,
            "kind": stratum.kind.value,
            "reason": stratum.reason,
            "negative": negative,
            "nullity": None if inertia is None else inertia.zero,
            "positive": None if inertia is None else inertia.positive,
            "hessian": hessian,
            "dimension": stratum.dimension,
            "gauge_dimension": stratum.gauge_dimension,
            "orbit_size": stratum.orbit_size,
            "smooth": notions.smooth.value,
            "directional": notions.directional.value,
            "clarke": notions.clarke.value,
            "listed": int(stratum.by_default),
            "rigor": stratum.rigor.value,
            "sample": sample,
            "descent": descent,
        }

    def add(self, row: dict[str, Any], labelled: int) -> None:
        """Take in a row, which stands for so many labelled assignments."""
        self._rows.append(row)
        key = tuple(row[name] for name in _GROUP)
        self._counts[key] += 1
        self._labelled[key] += labelled

    def packed(self) -> PackedStrata:
        """What was taken in.

        Raises:
            CatalogError: two strata of one label.
        """
        if len({row["label"] for row in self._rows}) != len(self._rows):
            raise CatalogError(f"two strata of {self.problem} have the same label")
        counts = tuple(
            {"problem": self.problem, "width": self._rows[0]["width"], **dict(zip(_GROUP, key, strict=True)),
             "strata": count, "labelled": self._labelled[key]}
            for key, count in self._counts.items()
        )
        return PackedStrata(tuple(self._rows), tuple(map(to_text, self.numbers)), self.roles, counts)


class StrataVocabulary:
    """Numbers and roles of the strata of one problem and width, read from their texts once for all rows."""

    def __init__(self, numbers: str, roles: str) -> None:
        self.records: list[Record] = from_text(numbers)["numbers"]
        self.roles: dict[str, dict[str, Any]] = from_text(roles)
        self._neurons = {code: {"code": code, **words} for code, words in self.roles.items()}

    @cached_property
    def decimals(self) -> list[str]:
        """The decimal of each number."""
        return [one["decimal"] for one in self.records]

    @cached_property
    def exact(self) -> list[Any]:
        """The exact form of each number, None where there is none."""
        return [exact_form(one) for one in self.records]

    def neurons(self, codes: Iterable[str]) -> list[dict[str, Any]]:
        """What neurons of the given codes do."""
        return [self._neurons[code] for code in codes]


def stratum_facts(packed: Mapping[str, Any]) -> Record:
    """What a packed row says of the point set: kind, inertia, dimension, stationarity."""
    return {
        **{name: packed[name] for name in ("function", "width", "kind", "reason")},
        "index": packed["negative"],
        **{name: packed[name] for name in ("nullity", "positive", "hessian", "dimension", "gauge_dimension")},
        "stationarity": {name: packed[name] for name in NOTIONS},
    }
