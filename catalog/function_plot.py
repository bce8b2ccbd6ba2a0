"""The picture of one critical function or stratum: `saddlery show LABEL --plot FILE`.

What is drawn is the family's own: f against the target on an interval, the values at the samples of a data set, the
rows of W of a teacher problem.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from catalog.errors import CatalogError
from catalog.families import family_of
from catalog.picture_file import picture_path, wrapped
from catalog.strata_query import words_of_strata
from catalog.strata_store import packed_strata, strata_surveys_of

if TYPE_CHECKING:
    from catalog.query import Catalog

Row = dict[str, Any]

_HOMES = {
    "interval": "catalog.interval.plot",
    "dataset": "catalog.dataset.plot",
    "teacher": "catalog.teacher.plot",
}


class Draw(Protocol):
    def __call__(
        self, path: Path, title: str, problem: Any, function: Row, stratum: Row | None, *, neurons: bool
    ) -> None:
        """Draw one function.

        Args:
            path: of the picture.
            title: what it shows.
            problem: of the function.
            function: its row, as a query answers it.
            stratum: the row of a stratum over it, None if none is known.
            neurons: whether the picture is of this stratum, with its neurons.
        """


def write_plot(opened: Catalog, label: str, path: str | Path) -> None:
    """Draw the critical function of a label, and for a stratum what its neurons do.

    Args:
        opened: the catalog.
        label: of a function or of a stratum.
        path: of the picture; the suffix .png, .pdf or .svg says what is written.

    Guarantee: a picture, for the eye. The same record gives the same file, and the file is written whole or not at all.

    Raises:
        CatalogError: no such label, a label of something else, another suffix, matplotlib is not installed, or a file
            that cannot be written; one clear line.
    """
    target = picture_path(path)
    if any(row["name"] == label for row in opened.store.problems()):
        raise CatalogError(f"{label} is a problem: a plot shows a function or a stratum, such as those of `query`")
    entity, row, _ = opened.record(label)
    if entity not in ("functions", "strata"):
        raise CatalogError(f"{label} is in the list of {entity}: a plot shows a function or a stratum")
    function = row if entity == "functions" else opened.record(row["function"])[1]
    stratum = row if entity == "strata" else _some_stratum(opened, function)
    stored = opened.problems(problem=function["problem"])[0]
    draw: Draw = import_module(_HOMES[function["family"]]).draw
    problem = family_of(stored).problem_from_record(stored)
    draw(target, _title(entity, row, function), problem, function, stratum, neurons=entity == "strata")


def _some_stratum(opened: Catalog, function: Row) -> Row | None:
    """The first stratum over a function at the least width where there is one; those listed by default first."""
    store = opened.store
    for problem, width in sorted(strata_surveys_of(store)):
        if problem != function["problem"]:
            continue
        packed = packed_strata(store, problem, width, function=function["label"])
        if packed:
            first = min(packed, key=lambda row: (not row["listed"], row["id"]))
            return words_of_strata(store, problem, width).row(first)
    return None


def _title(entity: str, row: Row, function: Row) -> str:
    facts = [f"loss {loss_words(function['loss'])}"]
    if entity == "strata":
        index = "" if row["index"] is None else f", index {row['index']}"
        facts.insert(0, f"{row['kind'].replace('_', ' ')}{index}, dimension {row['dimension']}")
    elif function["minimal_width"] is not None:
        facts.append(f"minimal width {function['minimal_width']}")
    else:
        facts.append(f"stationary only in the sense of Clarke, from width {function['clarke_width']}")
    return "\n".join([wrapped(row["label"]), wrapped("; ".join(facts))])


def loss_words(loss: Row) -> str:
    """A loss for the eye: exact where that is short, and six digits."""
    exact, decimal = loss["exact"], f"{(loss['lower'] + loss['upper']) / 2:.6g}"
    if not isinstance(exact, str) or len(exact) > 24:
        return decimal
    return exact if exact == decimal else f"{exact} ({decimal})"
