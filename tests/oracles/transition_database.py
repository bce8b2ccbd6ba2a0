"""A small database with transitions for the tests, built once."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path

from catalog.build import Job, build, jobs_of
from catalog.problem_file import bundled_problem_files
from catalog.query import Catalog, open_catalog
from catalog.transitions import build_transitions


def job(name: str, width: int) -> list[Job]:
    files = {file.stem: file for file in bundled_problem_files()}
    return jobs_of([files[name]], width)


@lru_cache
def transition_database() -> Path:
    """x with its transitions up to width 2; x2 up to width 2, with the transitions of width 1; bpf-toy at width 1."""
    path = Path(tempfile.mkdtemp(prefix="saddlery-transitions-")) / "transitions.sqlite"
    build([*job("x", 2), *job("x2", 2), *job("bpf-toy", 1)], path)
    build_transitions(job("x", 2), path, 2)
    build_transitions([*job("x2", 2), *job("bpf-toy", 1)], path, 1)
    return path


def transition_catalog() -> Catalog:
    return open_catalog(transition_database())
