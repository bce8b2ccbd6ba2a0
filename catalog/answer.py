"""An answer of the catalog: rows, and what is proved about their completeness."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib import import_module
from typing import Any, overload

from catalog.errors import CatalogError

Row = dict[str, Any]


class Answer(Sequence[Row]):
    """The rows of an answer, with `.complete` = `{"status", "reason", "caveat"}` of this answer.

    `status` is `proved` only if the rows are proved to be all there is to the question that was asked. `families` are
    those of the problems that were looked at: they have the columns of the tables, also where there are no rows.
    """

    def __init__(
        self, entity: str, rows: list[Row], complete: dict[str, str], families: Sequence[str] = ()
    ) -> None:
        self.entity = entity
        self.complete = complete
        self.families = tuple(families)
        self._rows = rows

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        return self._rows[index]

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return f"<{len(self)} {self.entity}, {self.complete['status']}: {self.complete['reason']}>"

    def as_json(self) -> Row:
        """The object that `saddlery query --format json` prints."""
        return {"complete": self.complete, "rows": self._rows}

    def to_dataframe(self) -> Any:
        """The rows as a pandas data frame; its `attrs["complete"]` is `.complete`.

        Raises:
            CatalogError: pandas is not installed.
        """
        try:
            pandas = import_module("pandas")
        except ImportError:
            raise CatalogError("to_dataframe needs pandas; install it with: pip install pandas") from None
        frame = pandas.DataFrame(self._rows)
        frame.attrs["complete"] = self.complete
        return frame

    def to_latex(self) -> str:
        """The rows as a LaTeX table with exact cells and the statement of completeness."""
        from catalog.latex import table_latex

        return table_latex(self.entity, self._rows, self.complete, families=self.families)

    def _repr_html_(self) -> str:
        from catalog.tables import short_columns

        header, body = short_columns(self.entity, self._rows, self.families)
        head = "".join(f"<th>{escape(name)}</th>" for name in header)
        lines = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in line) + "</tr>" for line in body)
        said = escape(describe(self.complete))
        return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table><p>{said}</p>"


def describe(complete: dict[str, str]) -> str:
    """The completeness of an answer as one line."""
    caveat = f" ({complete['caveat']})" if complete["caveat"] else ""
    return f"{complete['status']}: {complete['reason']}{caveat}"
