"""The strata in the database: all of one problem and width are written in one transaction, packed (`packed_strata`).

Beside them stands how many there are of each function, kind and index, so that questions about functions need not read
thousands of strata.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, insert, select

from catalog.errors import CatalogError
from catalog.schema import functions, strata, strata_counts, strata_surveys

if TYPE_CHECKING:
    from catalog.store import Row, Store


def save_strata(store: Store, survey: Row, rows: Sequence[Row], counts: Sequence[Row]) -> None:
    """Store the strata of one width, in the place of earlier ones.

    Args:
        store: a database opened for writing.
        survey: the row of `strata_surveys`.
        rows: of `strata`, in their order.
        counts: of `strata_counts`.

    Raises:
        CatalogError: a stratum over a function that is not stored.
    """
    name, width = survey["problem"], survey["width"]
    with store.transaction() as connection:
        stored = set(connection.execute(select(functions.c.label).where(functions.c.problem == name)).scalars())
        unknown = {row["function"] for row in rows} - stored
        if unknown:
            raise CatalogError(f"a stratum names {min(unknown)}, which is no function of {store.path}")
        _delete(connection, name, width)
        connection.execute(insert(strata_surveys).values(survey))
        if rows:
            connection.execute(insert(strata), list(rows))
            connection.execute(insert(strata_counts), list(counts))


def delete_stale_strata(connection: Connection, problem: str, width: int) -> None:
    """After the functions of a width were stored anew: delete its strata, and those of every other width that name a
    function which is gone."""
    kept = select(functions.c.label).where(functions.c.problem == problem)
    gone = select(strata_counts.c.width).where(
        strata_counts.c.problem == problem, strata_counts.c.function.not_in(kept)
    )
    for stale in {width, *connection.execute(gone).scalars()}:
        _delete(connection, problem, stale)


def strata_surveys_of(store: Store) -> dict[tuple[str, int], Row]:
    """All finished surveys of strata by (problem, width), without the words they are written in."""
    told = [column for column in strata_surveys.c if column.name not in ("numbers", "roles")]
    return {(row["problem"], row["width"]): row for row in store.rows(select(*told))}


def strata_words(store: Store, problem: str, width: int) -> tuple[str, str]:
    """The texts of the numbers and of the roles that the strata of one width refer to."""
    words = select(strata_surveys.c.numbers, strata_surveys.c.roles)
    (row,) = store.rows(words.where(strata_surveys.c.problem == problem, strata_surveys.c.width == width))
    return row["numbers"], row["roles"]


def packed_strata(store: Store, problem: str, width: int, **equal: Any) -> list[Row]:
    """Packed strata of one width, in the order of the survey; `equal` are columns with the value they must have."""
    found = select(strata).where(strata.c.problem == problem, strata.c.width == width)
    for name, value in equal.items():
        found = found.where(strata.c[name] == value)
    return store.rows(found.order_by(strata.c.id))


def counts_of_strata(store: Store, problem: str, width: int) -> list[Row]:
    """How many strata of one width there are of each function, notion, kind and index."""
    found = select(strata_counts)
    return store.rows(found.where(strata_counts.c.problem == problem, strata_counts.c.width == width))


def summary_of_function(store: Store, function: str, width: int) -> list[Row]:
    """The strata listed by default over one function by kind, reason and index, with their number and dimensions."""
    columns = ("kind", "reason", "negative", "dimension", "orbit_size", "orbit")
    found = select(*(strata.c[name] for name in columns)).where(
        strata.c.function == function, strata.c.width == width, strata.c.listed == 1
    )
    groups: dict[tuple[Any, ...], Row] = {}
    for row in store.rows(found.order_by(strata.c.id)):
        key = {name: row[name] for name in ("kind", "reason", "negative")}
        dimension = row["dimension"]
        group = groups.setdefault(
            tuple(key.values()), key | {"strata": 0, "labelled": 0, "least": dimension, "greatest": dimension}
        )
        group["strata"] += 1
        # Orbits may be larger than the integers of the database.
        group["labelled"] += int(row["orbit_size"] if row["orbit"] is None else row["orbit"])
        group["least"], group["greatest"] = min(group["least"], dimension), max(group["greatest"], dimension)
    return list(groups.values())


def labels_of_strata(store: Store, function: str) -> list[str]:
    """Labels of all strata over one function."""
    return [row["label"] for row in store.rows(select(strata.c.label).where(strata.c.function == function))]


def _delete(connection: Connection, problem: str, width: int) -> None:
    for table in (strata, strata_counts, strata_surveys):
        connection.execute(delete(table).where(table.c.problem == problem, table.c.width == width))
