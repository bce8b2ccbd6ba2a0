"""Surveys that look at one width alone: the functions of two widths are no parts of one list, so each survey keeps its
own list of those that it found.

A function that two surveys found is stored once, under one label; it is deleted with the last survey that lists it.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select

from catalog.errors import CatalogError
from catalog.record import from_text
from catalog.schema import functions, regions, survey_functions, surveys
from catalog.store import Row, Store, now
from catalog.strata_store import delete_stale_strata


def save_single_width(
    store: Store, survey: Row, function_rows: Sequence[Row], region_rows: Sequence[Row], same: Sequence[str]
) -> None:
    """Store the survey of one width, with its functions and regions, in the place of an earlier one of that width.

    Args:
        store: a database opened for writing.
        survey: the row of `surveys`.
        function_rows: of `functions`, in the order of the survey.
        region_rows: of `regions`, in their order.
        same: fields of the record by which a function is known again.

    Raises:
        CatalogError: a label under which the survey of another width has a different function.
    """
    name, width = survey["problem"], survey["width"]
    with store.transaction() as connection:
        mine = (survey_functions.c.problem == name) & (survey_functions.c.width == width)
        connection.execute(delete(survey_functions).where(mine))
        for table in (regions, surveys):
            connection.execute(delete(table).where(table.c.problem == name, table.c.width == width))
        listed = select(survey_functions.c.function).where(survey_functions.c.problem == name)
        connection.execute(delete(functions).where(functions.c.problem == name, functions.c.label.not_in(listed)))
        _save_functions(connection, store, function_rows, same)
        if region_rows:
            connection.execute(insert(regions), list(region_rows))
        connection.execute(insert(surveys).values({**survey, "finished_at": now()}))
        members = [
            {"problem": name, "width": width, "function": row["label"], "position": position}
            for position, row in enumerate(function_rows)
        ]
        if members:
            connection.execute(insert(survey_functions), members)
        delete_stale_strata(connection, name, width)


def _save_functions(connection: Connection, store: Store, rows: Sequence[Row], same: Sequence[str]) -> None:
    for row in rows:
        earlier = connection.execute(
            select(functions.c.record).where(functions.c.label == row["label"])
        ).scalar_one_or_none()
        if earlier is None:
            connection.execute(insert(functions).values(row))
            continue
        old, new = from_text(earlier), from_text(row["record"])
        if any(old.get(field) != new[field] for field in same):
            raise CatalogError(
                f"{store.path} has another function labelled {row['label']}, from the survey of another width; "
                "build this width into a database of its own"
            )
