"""The catalog: records, storage and queries of what `symbolic` proves. Heavy modules load on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from catalog.answer import Answer
    from catalog.query import Catalog, open_catalog

__all__ = ["Answer", "Catalog", "__version__", "open_catalog"]

__version__ = "0.1.0"

_HOMES = {"Answer": "catalog.answer", "Catalog": "catalog.query", "open_catalog": "catalog.query"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'catalog' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
