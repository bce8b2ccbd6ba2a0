"""What can go wrong between a file and the catalog. The exceptions of the mathematics are in `symbolic.errors`."""

from __future__ import annotations

from symbolic.errors import SaddleryError


class CatalogError(SaddleryError):
    """A file, database, label or filter cannot be used as asked; the text is one line written for the user."""


class DatabaseError(CatalogError):
    """The database is missing, foreign, locked, full or read-only."""


class NotAvailable(CatalogError):
    """The question is well posed, and this version has no answer to it."""
