"""The ways out of the strata of any family: every run is made once, and told for each stratum that it serves."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from typing import Any, Generic, Protocol, TypeVar

from symbolic.flow.transitions import AnyTransition, StratumTransitions
from symbolic.problem import Kind

MINIMA = (Kind.GLOBAL_MINIMUM, Kind.LOCAL_MINIMUM)


class Labelled(Protocol):
    """A stratum of any family."""

    @property
    def label(self) -> str: ...


class WayOut(Protocol):
    """A way out of a stratum: departures with one key share a run; repeated runs of one way differ in their seed."""

    @property
    def key(self) -> str: ...

    @property
    def way(self) -> str: ...

    @property
    def seed(self) -> int | None: ...

    @property
    def start(self) -> Any: ...


AnyStratum = TypeVar("AnyStratum", bound=Labelled)
AnyDeparture = TypeVar("AnyDeparture", bound=WayOut)
AnyDescent = TypeVar("AnyDescent")


class Explorer(ABC, Generic[AnyStratum, AnyDeparture, AnyDescent, AnyTransition]):
    """The ways out of the strata of one width; runs are kept, so that strata can share them.

    Args:
        descend: makes the run of a start; a function of a module, so that any executor can run it.
    """

    def __init__(self, descend: Callable[[Any], AnyDescent]) -> None:
        self._descend = descend
        self._descents: dict[str, AnyDescent] = {}

    @abstractmethod
    def sources(self) -> Sequence[AnyStratum]:
        """The strata that are not proved to be minima."""

    @abstractmethod
    def departures(self, stratum: AnyStratum) -> tuple[Sequence[AnyDeparture], tuple[str, ...]]:
        """The ways out of a stratum, and what could not be decided about them."""

    @abstractmethod
    def _transition(
        self, stratum: AnyStratum, departure: AnyDeparture, descent: AnyDescent
    ) -> tuple[AnyTransition, tuple[str, ...]]:
        """What a run says about a stratum, and what is doubtful about it."""

    def prepare(
        self,
        executor: Executor | None = None,
        on_run: Callable[[], None] | None = None,
        sources: Iterable[AnyStratum] | None = None,
    ) -> int:
        """Make all runs that the sources need and that were not made yet; returns their number.

        Args:
            executor: where they are made (any `concurrent.futures` executor); in this process if None.
            on_run: called after each.
            sources: the strata whose transitions are wanted, as where a part of them is stored already; all if None.
        """
        wanted: dict[str, Any] = {}
        for stratum in self.sources() if sources is None else sources:
            for departure in self.departures(stratum)[0]:
                if departure.key not in self._descents:
                    wanted[departure.key] = departure.start
        starts = wanted.values()
        found = map(self._descend, starts) if executor is None else executor.map(self._descend, starts, chunksize=4)
        for key, descent in zip(wanted, found, strict=True):
            self._descents[key] = descent
            if on_run is not None:
                on_run()
        return len(wanted)

    def transitions_from(self, stratum: AnyStratum) -> StratumTransitions[AnyTransition]:
        """All transitions out of one stratum: for every way one per different end.

        Guarantee: every run whose end was not identified is there, with its cause. What is proved of rates, ends and
            losses is said by the family.
        """
        departures, doubts = self.departures(stratum)
        found: list[AnyTransition] = []
        ends: set[tuple[str, str | None]] = set()
        for departure in departures:
            if departure.key not in self._descents:
                self._descents[departure.key] = self._descend(departure.start)
            transition, doubt = self._transition(stratum, departure, self._descents[departure.key])
            doubts += doubt
            if departure.seed is None or transition.target is None or (departure.way, transition.target) not in ends:
                found.append(transition)
            ends.add((departure.way, transition.target))
        return StratumTransitions(stratum.label, tuple(found), doubts)

    def every_transition(
        self, executor: Executor | None = None, on_run: Callable[[], None] | None = None
    ) -> tuple[StratumTransitions[AnyTransition], ...]:
        """The transitions out of every source, in the order of the strata; arguments as for `prepare`."""
        self.prepare(executor, on_run)
        return tuple(self.transitions_from(stratum) for stratum in self.sources())
