"""Certificates: files that anyone can check without this program.

The checkers are `catalog.check_certificate` and, for data sets, `catalog.check_dataset_certificate`.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.check_certificate import FORMAT
from catalog.errors import CatalogError
from catalog.output_file import write_file
from catalog.record import Record, from_text

if TYPE_CHECKING:
    from catalog.build import Reporter
    from catalog.query import Catalog


def write_certificate(
    opened: Catalog,
    problem: str,
    path: str | Path,
    *,
    width: int | None = None,
    covers: bool = True,
    workers: int = 1,
    report: Reporter | None = None,
) -> str:
    """Write the certificate of one surveyed problem and width.

    Args:
        opened: the catalog.
        problem: a name in it, or a path ending in .toml.
        path: of the file; it is replaced as a whole or not at all.
        width: the largest one surveyed if None.
        covers: whether the covers that prove completeness are looked for and written.
        workers: processes that look for them.
        report: called after every system.

    Returns:
        One line that says what was written.

    Guarantee: what the file claims is what the database holds; whether it is true is for the checker to say.

    Raises:
        CatalogError: not surveyed, or a family without certificates.
    """
    from catalog.build import Progress
    from catalog.families import family_of
    from catalog.scopes import names_of
    from catalog.strata_store import strata_surveys_of
    from catalog.workers import worker_pool

    name = min(names_of(opened.store, problem))
    families = opened.store.families()
    entries = _entries_of(families[name]) if name in families else None
    surveyed = [n for owner, n in strata_surveys_of(opened.store) if owner == name]
    chosen = max(surveyed, default=None) if width is None else width
    if chosen not in surveyed or chosen is None or entries is None:
        raise CatalogError(f"{name} is not surveyed at width {chosen}; `saddlery build` does that")
    row = next(row for row in opened.store.problems() if row["name"] == name)
    found = family_of(row).problem_from_record(from_text(row["record"]))

    def tell(done: int, total: int) -> None:
        if report is not None:
            report(Progress(name, chosen, done, total))

    with worker_pool(workers) as executor:
        every = entries(opened.store, found, chosen, covers=covers, executor=executor, tell=tell)
        text, counts = _text(linked(every))
    write_file(path, text)
    plural = {"stratum": "strata"}
    parts = [f"{number} {plural.get(sort, sort + 's')}" for sort, number in counts.items() if sort != "problem"]
    return f"{path}: {name} at width {chosen}, {', '.join(parts)}"


def _entries_of(family: str) -> Callable[..., Iterator[Record]]:
    """The maker of the entries of one family.

    Raises:
        CatalogError: a family without certificates.
    """
    if family == "interval":
        from catalog.interval.certificate import entries as interval_entries

        return interval_entries
    if family == "dataset":
        from catalog.dataset.certificate import entries as dataset_entries

        return dataset_entries
    raise CatalogError(
        f"there are no certificates of {family} problems: atan, sqrt and pi are not rational; `saddlery verify` "
        "re-checks them with balls"
    )


def linked(entries: Iterable[Record]) -> Iterator[Record]:
    """Every entry with the digest of the link before it and of itself: SHA-256 of both texts, one after the other."""
    link = ""
    for entry in entries:
        body = json.dumps(entry, sort_keys=True, separators=(",", ":"))
        link = hashlib.sha256((link + body).encode()).hexdigest()
        yield entry | {"link": link}


def _text(entries: Iterable[Record]) -> tuple[str, dict[str, int]]:
    """The file, one entry a line, and the number of entries of every sort."""
    counts, lines = Counter[str](), []
    for entry in entries:
        lines.append(json.dumps(entry, sort_keys=True, separators=(",", ":")))
        counts[entry["entry"]] += 1
    return f'{{"format":{json.dumps(FORMAT)},"entries":[\n' + ",\n".join(lines) + "\n]}\n", counts
