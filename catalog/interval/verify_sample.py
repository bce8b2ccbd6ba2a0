"""One stratum of an interval problem with the roles and the numbers of its sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from catalog.interval.verify_roles import read_role
from catalog.record import Record
from catalog.verification import Fault, expect
from catalog.verify_numbers import Value
from catalog.verify_shared import integer
from symbolic.interval.recheck.network import Neuron

if TYPE_CHECKING:
    from catalog.interval.verify import IntervalFunctionView

Key = tuple[int, int, int]
"""Identities of the numbers w, b, v of a neuron."""


class FunctionOver(Protocol):
    """The function of a stratum, which knows its neurons."""

    view: IntervalFunctionView

    def neuron(self, key: Key, w: Value, b: Value, v: Value, ring: bool) -> Neuron[Any]:
        """The neuron of these numbers, exact or in balls."""


class Stratum:
    """One stratum with its roles and the numbers of its sample."""

    def __init__(self, record: Record, over: FunctionOver, value: Callable[[Any], Value]) -> None:
        self.record = record
        self.width = integer(record["width"])
        self.is_whole = record["roles"] == ["all"]
        self.roles = [] if self.is_whole else [read_role(code) for code in record["roles"]]
        sample = record["sample"]
        self.w, self.b, self.v = ([value(one) for one in sample[part]] for part in "wbv")
        self.c = value(sample["c"])
        if not len(self.w) == len(self.b) == len(self.v) == self.width:
            raise ValueError("the sample has not one neuron for each of the width")
        self.keys: list[Key] = [(id(w), id(b), id(v)) for w, b, v in zip(self.w, self.b, self.v, strict=True)]
        exact = over.view.exact is not None
        rational = all(one.rational is not None for one in self.values)
        self.ring = exact and rational
        rows = zip(self.w, self.b, self.v, strict=True)
        self.neurons = [over.neuron(key, *row, self.ring) for key, row in zip(self.keys, rows, strict=True)]

    @property
    def values(self) -> list[Value]:
        return [*self.w, *self.b, *self.v, self.c]

    def rigor_fault(self) -> Fault:
        """Whether the rigor it says is that of its numbers."""
        word = "exact" if all(value.is_exact for value in self.values) else "certified"
        return expect(self.record["rigor"] == word, f"by its numbers it is {word}")
