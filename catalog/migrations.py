"""The schema of the database, as ordered named migrations. A migration that was released is never edited.

`PRAGMA application_id` says that a file is ours, `PRAGMA user_version` which migration it has reached; the table
`migrations` records when each one ran and under which version of the software. All three change in one transaction.
"""

from __future__ import annotations

from dataclasses import dataclass

APPLICATION_ID = 0x5344_4C52
"""`SDLR`, written into the header of every database."""


@dataclass(frozen=True)
class Migration:
    """One step of the schema: statements that are executed in order, in one transaction."""

    version: int
    name: str
    statements: tuple[str, ...]


def _made_nullable(table: str, column: str, affinity: str) -> tuple[str, ...]:
    """Statements that let a column be NULL, which SQLite cannot do in place."""
    return (
        f"ALTER TABLE {table} RENAME COLUMN {column} TO {column}_before",
        f"ALTER TABLE {table} ADD COLUMN {column} {affinity}",
        f"UPDATE {table} SET {column} = {column}_before",
        f"ALTER TABLE {table} DROP COLUMN {column}_before",
    )


def _broken_seal(table: str) -> tuple[str, ...]:
    """Triggers by which every change of a table breaks the seal of the database."""
    return tuple(
        f"CREATE TRIGGER {table}_{event.lower()} AFTER {event} ON {table} WHEN (SELECT state FROM seals) <> 'open' "
        "BEGIN UPDATE seals SET state = 'open'; END"
        for event in ("INSERT", "UPDATE", "DELETE")
    )


_SEALED = (
    "migrations", "problems", "cells", "surveys", "functions", "regions", "strata_surveys", "strata", "strata_counts",
    "survey_functions", "branch_surveys", "branches", "cases", "sweeps", "transition_surveys", "transition_sources",
    "transitions",
)

MIGRATIONS = (
    Migration(
        1,
        "problems, cells, surveys, functions, regions",
        (
            """CREATE TABLE migrations (
                version INTEGER PRIMARY KEY,
                name TEXT NOT NULL,
                applied_at TEXT NOT NULL,
                software TEXT NOT NULL
            ) STRICT""",
            """CREATE TABLE problems (
                name TEXT PRIMARY KEY,
                family TEXT NOT NULL,
                content TEXT NOT NULL,
                canonical TEXT NOT NULL,
                degree INTEGER NOT NULL,
                record TEXT NOT NULL
            ) STRICT""",
            """CREATE TABLE cells (
                canonical TEXT NOT NULL,
                knots INTEGER NOT NULL,
                system TEXT NOT NULL,
                status TEXT NOT NULL,
                record TEXT NOT NULL,
                budget REAL,
                solved_at TEXT NOT NULL,
                software TEXT NOT NULL,
                PRIMARY KEY (canonical, knots, system)
            ) STRICT""",
            """CREATE TABLE surveys (
                problem TEXT NOT NULL REFERENCES problems (name),
                width INTEGER NOT NULL,
                status TEXT NOT NULL,
                reason TEXT NOT NULL,
                caveat TEXT NOT NULL,
                functions INTEGER NOT NULL,
                regions INTEGER NOT NULL,
                seconds REAL NOT NULL,
                finished_at TEXT NOT NULL,
                software TEXT NOT NULL,
                parameters TEXT NOT NULL,
                PRIMARY KEY (problem, width)
            ) STRICT""",
            """CREATE TABLE functions (
                label TEXT PRIMARY KEY,
                problem TEXT NOT NULL REFERENCES problems (name),
                family TEXT NOT NULL,
                class TEXT NOT NULL,
                pattern TEXT,
                knots INTEGER NOT NULL,
                minimal_width INTEGER NOT NULL,
                rigor TEXT NOT NULL,
                provisional INTEGER NOT NULL,
                loss_lower REAL NOT NULL,
                loss_upper REAL NOT NULL,
                position INTEGER NOT NULL,
                record TEXT NOT NULL
            ) STRICT""",
            "CREATE INDEX functions_by_width ON functions (problem, minimal_width, position)",
            """CREATE TABLE regions (
                label TEXT PRIMARY KEY,
                problem TEXT NOT NULL REFERENCES problems (name),
                width INTEGER NOT NULL,
                interior INTEGER NOT NULL,
                active INTEGER NOT NULL,
                inactive INTEGER NOT NULL,
                position INTEGER NOT NULL,
                record TEXT NOT NULL
            ) STRICT""",
            "CREATE INDEX regions_by_width ON regions (problem, width, position)",
        ),
    ),
    Migration(
        2,
        "strata",
        (
            """CREATE TABLE strata_surveys (
                problem TEXT NOT NULL REFERENCES problems (name),
                width INTEGER NOT NULL,
                status TEXT NOT NULL,
                reason TEXT NOT NULL,
                caveat TEXT NOT NULL,
                strata INTEGER NOT NULL,
                labelled INTEGER NOT NULL,
                numbers TEXT NOT NULL,
                roles TEXT NOT NULL,
                version INTEGER NOT NULL,
                seconds REAL NOT NULL,
                finished_at TEXT NOT NULL,
                software TEXT NOT NULL,
                PRIMARY KEY (problem, width)
            ) STRICT""",
            """CREATE TABLE strata (
                id INTEGER PRIMARY KEY,
                label TEXT NOT NULL UNIQUE,
                problem TEXT NOT NULL,
                width INTEGER NOT NULL,
                function TEXT NOT NULL,
                kind TEXT NOT NULL,
                reason TEXT NOT NULL,
                negative INTEGER,
                nullity INTEGER,
                positive INTEGER,
                hessian TEXT NOT NULL,
                dimension INTEGER NOT NULL,
                gauge_dimension INTEGER NOT NULL,
                orbit_size INTEGER NOT NULL,
                smooth TEXT NOT NULL,
                directional TEXT NOT NULL,
                clarke TEXT NOT NULL,
                listed INTEGER NOT NULL,
                rigor TEXT NOT NULL,
                sample TEXT NOT NULL,
                FOREIGN KEY (problem, width) REFERENCES strata_surveys (problem, width)
            ) STRICT""",
            "CREATE INDEX strata_by_kind ON strata (problem, width, function, kind, negative)",
            """CREATE TABLE strata_counts (
                problem TEXT NOT NULL,
                width INTEGER NOT NULL,
                function TEXT NOT NULL,
                listed INTEGER NOT NULL,
                kind TEXT NOT NULL,
                negative INTEGER,
                hessian TEXT NOT NULL,
                strata INTEGER NOT NULL,
                labelled INTEGER NOT NULL,
                FOREIGN KEY (problem, width) REFERENCES strata_surveys (problem, width)
            ) STRICT""",
            "CREATE INDEX strata_counts_by_width ON strata_counts (problem, width)",
        ),
    ),
    Migration(
        3,
        "descent curves of strata",
        # NULL: not a saddle, or none is known. Strata of an older version are surveyed again by the next build.
        ("ALTER TABLE strata ADD COLUMN descent TEXT",),
    ),
    Migration(
        4,
        "columns that a family does not have are NULL",
        (
            *_made_nullable("problems", "degree", "INTEGER"),
            "ALTER TABLE problems ADD COLUMN samples INTEGER",
            "ALTER TABLE problems ADD COLUMN dimension INTEGER",
            "DROP INDEX functions_by_width",
            *_made_nullable("functions", "class", "TEXT"),
            *_made_nullable("functions", "knots", "INTEGER"),
            *_made_nullable("functions", "minimal_width", "INTEGER"),
            "ALTER TABLE functions ADD COLUMN clarke_width INTEGER NOT NULL DEFAULT 0",
            "UPDATE functions SET clarke_width = minimal_width",
            "ALTER TABLE functions ADD COLUMN fitted INTEGER",
            "CREATE INDEX functions_by_width ON functions (problem, clarke_width, position)",
            *_made_nullable("regions", "interior", "INTEGER"),
            *_made_nullable("regions", "active", "INTEGER"),
            *_made_nullable("regions", "inactive", "INTEGER"),
        ),
    ),
    Migration(
        5,
        "teacher problems: surveys of one width alone, branches, orbits of any size",
        (
            "ALTER TABLE problems ADD COLUMN teachers INTEGER",
            "ALTER TABLE functions ADD COLUMN name TEXT",
            "ALTER TABLE functions ADD COLUMN isotropy TEXT",
            # Which functions a survey lists, where those of different widths are not parts of one list.
            """CREATE TABLE survey_functions (
                problem TEXT NOT NULL,
                width INTEGER NOT NULL,
                function TEXT NOT NULL REFERENCES functions (label),
                position INTEGER NOT NULL,
                PRIMARY KEY (problem, width, function),
                FOREIGN KEY (problem, width) REFERENCES surveys (problem, width)
            ) STRICT""",
            # An orbit beyond 64 bits: orbit_size is a REAL near it, for comparisons, and orbit the exact text.
            *_made_nullable("strata", "orbit_size", "ANY"),
            "ALTER TABLE strata ADD COLUMN orbit TEXT",
            *_made_nullable("strata_surveys", "labelled", "TEXT"),
            *_made_nullable("strata_counts", "labelled", "TEXT"),
            # The named families do not depend on the problem.
            """CREATE TABLE branch_surveys (
                name TEXT PRIMARY KEY,
                status TEXT NOT NULL,
                reason TEXT NOT NULL,
                caveat TEXT NOT NULL,
                record TEXT NOT NULL,
                version INTEGER NOT NULL,
                seconds REAL NOT NULL,
                finished_at TEXT NOT NULL,
                software TEXT NOT NULL
            ) STRICT""",
            """CREATE TABLE branches (
                id INTEGER PRIMARY KEY,
                name TEXT NOT NULL REFERENCES branch_surveys (name),
                irrep TEXT NOT NULL,
                kind_from TEXT NOT NULL,
                kind_to TEXT NOT NULL,
                k_lower REAL NOT NULL,
                k_upper REAL NOT NULL,
                position INTEGER NOT NULL,
                record TEXT NOT NULL
            ) STRICT""",
        ),
    ),
    Migration(
        6,
        "cases and sweeps of data sets",
        (
            """CREATE TABLE cases (
                problem TEXT NOT NULL REFERENCES problems (name),
                width INTEGER NOT NULL,
                record TEXT NOT NULL,
                PRIMARY KEY (problem, width)
            ) STRICT""",
            """CREATE TABLE sweeps (
                label TEXT PRIMARY KEY,
                problem TEXT NOT NULL REFERENCES problems (name),
                width INTEGER NOT NULL,
                sample INTEGER NOT NULL,
                lower TEXT NOT NULL,
                upper TEXT NOT NULL,
                status TEXT NOT NULL,
                reason TEXT NOT NULL,
                record TEXT NOT NULL,
                version INTEGER NOT NULL,
                seconds REAL NOT NULL,
                finished_at TEXT NOT NULL,
                software TEXT NOT NULL
            ) STRICT""",
        ),
    ),
    Migration(
        7,
        "transitions of the gradient flow",
        (
            # Strata that are surveyed anew take the transitions between the old ones with them.
            """CREATE TABLE transition_surveys (
                problem TEXT NOT NULL,
                width INTEGER NOT NULL,
                sources INTEGER NOT NULL,
                parameters TEXT NOT NULL,
                version INTEGER NOT NULL,
                seconds REAL NOT NULL,
                finished_at TEXT,
                software TEXT NOT NULL,
                PRIMARY KEY (problem, width),
                FOREIGN KEY (problem, width) REFERENCES strata_surveys (problem, width) ON DELETE CASCADE
            ) STRICT""",
            """CREATE TABLE transition_sources (
                problem TEXT NOT NULL,
                width INTEGER NOT NULL,
                source TEXT NOT NULL,
                position INTEGER NOT NULL,
                runs INTEGER NOT NULL,
                record TEXT NOT NULL,
                PRIMARY KEY (problem, width, source),
                FOREIGN KEY (problem, width) REFERENCES transition_surveys (problem, width) ON DELETE CASCADE
            ) STRICT""",
            """CREATE TABLE transitions (
                id INTEGER PRIMARY KEY,
                problem TEXT NOT NULL,
                width INTEGER NOT NULL,
                source TEXT NOT NULL,
                target TEXT,
                kind TEXT NOT NULL,
                rate_lower REAL NOT NULL,
                rate_upper REAL NOT NULL,
                record TEXT NOT NULL,
                FOREIGN KEY (problem, width, source)
                    REFERENCES transition_sources (problem, width, source) ON DELETE CASCADE
            ) STRICT""",
            "CREATE INDEX transitions_by_source ON transitions (problem, width, source)",
        ),
    ),
    Migration(
        8,
        "the seal of the database",
        (
            # 'open', or the digest of the file (`catalog.seal`).
            "CREATE TABLE seals (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL) STRICT",
            "INSERT INTO seals (id, state) VALUES (1, 'open')",
            *(statement for table in _SEALED for statement in _broken_seal(table)),
        ),
    ),
    Migration(
        9,
        "transitions without a rate",
        # NULL: a descent, along a curve whose order and leading coefficient are in the record.
        (*_made_nullable("transitions", "rate_lower", "REAL"), *_made_nullable("transitions", "rate_upper", "REAL")),
    ),
)

SCHEMA_VERSION = MIGRATIONS[-1].version
