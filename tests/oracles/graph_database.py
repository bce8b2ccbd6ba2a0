"""A small database for the tests of graphs, built once, and transitions between its strata that are given by hand."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path

from catalog.build import build, jobs_of
from catalog.problem_file import bundled_problem_files
from catalog.query import Catalog, open_catalog

TRANSITIONS = (
    {"source": "bpf-toy:0.1@2:00z.00z", "target": "bpf-toy:1.1@2:+-n.00z", "kind": "escape", "rate": "sqrt(5)/4",
     "evidence": "proved"},
    {"source": "bpf-toy:0.1@2:00z.00z", "target": "bpf-toy:1.2@2:-+p.00z", "kind": "escape", "rate": "sqrt(5)/2",
     "evidence": "proved"},
    {"source": "bpf-toy:1.1@2:+-n.00z", "target": "bpf-toy:2.1@2:+-n.-+p", "kind": "escape", "rate": "sqrt(5)/2",
     "evidence": "proved"},
    {"source": "bpf-toy:1.2@2:-+p.00z", "target": "bpf-toy:2.1@2:+-n.-+p", "kind": "escape",
     "rate": "0.559016994374947", "evidence": "numerical"},
    {"source": "bpf-toy:1.2@2:-+p.00z", "target": None, "kind": "hessian", "rate": "0.5", "evidence": "numerical",
     "gradient_norm": 0.5},
)


@lru_cache
def graph_database() -> Path:
    """bpf-toy and x2-sym up to width 2."""
    path = Path(tempfile.mkdtemp(prefix="saddlery-graph-")) / "graph.sqlite"
    files = {file.stem: file for file in bundled_problem_files()}
    build(jobs_of([files["bpf-toy"], files["x2-sym"]], 2), path)
    return path


def graph_catalog() -> Catalog:
    return open_catalog(graph_database())
