"""Databases for the tests, all in temporary folders: the user's own is never touched."""

from __future__ import annotations

import builtins
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from catalog.build import build, jobs_of
from catalog.cli import _run
from catalog.problem_file import bundled_problem_files

sys.path.insert(0, str(Path(__file__).parent))


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    def is_refused(self) -> bool:
        """One clear line on standard error, nothing on standard output, exit 2."""
        one_line = self.err.startswith("saddlery: ") and self.err.count("\n") == 1
        return self.code == 2 and not self.out and one_line and "internal error" not in self.err


Command = Callable[..., Outcome]

STRATUM_FIELDS: dict[str, Any] = {
    "label": str,
    "problem": str,
    "family": str,
    "function": str,
    "width": int,
    "kind": str,
    "reason": str,
    "index": (int, type(None)),
    "nullity": (int, type(None)),
    "positive": (int, type(None)),
    "hessian": str,
    "dimension": int,
    "gauge_dimension": int,
    "stationarity": dict,
    "neurons": list,
    "orbit_size": int,
    "sample": dict,
    "rigor": str,
}
"""What the row of a stratum of any family has."""

REGION_FIELDS: dict[str, Any] = {
    "label": str,
    "problem": str,
    "family": str,
    "width": int,
    "neurons": list,
    "loss": str,
    "completeness": str,
    "functions": list,
}
"""What the row of a region has."""

CELL: dict[str, Any] = {
    "canonical": "c",
    "knots": 1,
    "system": "+",
    "status": "proved",
    "record": "{}",
    "budget": None,
    "software": "{}",
}
"""A solved system as it is stored."""


@pytest.fixture(autouse=True)
def private_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("SADDLERY_DB", str(tmp_path / "catalog.sqlite"))


@pytest.fixture
def without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the extra `plots` were not installed."""
    original = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.split(".")[0] == "matplotlib":
            raise ImportError(name)
        return original(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)


@pytest.fixture
def saddlery(capsys: pytest.CaptureFixture[str]) -> Command:
    """The command, run in this process."""

    def run(*arguments: str) -> Outcome:
        capsys.readouterr()
        code = _run(list(arguments))
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def small_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """x and x-leaky up to width 3, x2 up to width 2, x3 up to width 1."""
    path = tmp_path_factory.mktemp("database") / "small.sqlite"
    return built(path, {"x": 3, "x-leaky": 3, "x2": 2, "x3": 1})


def built(path: Path, widths: Mapping[str, int]) -> Path:
    """The database, with these bundled problems built up to these widths."""
    files = {file.stem: file for file in bundled_problem_files()}
    for name, width in widths.items():
        build(jobs_of([files[name]], width), path)
    return path


def tool(name: str) -> str:
    """The path of a program, without which a test is skipped, or fails where SADDLERY_REQUIRE_TOOLS=1."""
    found = shutil.which(name)
    if found is None:
        if os.environ.get("SADDLERY_REQUIRE_TOOLS") == "1":
            pytest.fail(f"SADDLERY_REQUIRE_TOOLS=1, and {name} is not installed")
        pytest.skip(f"{name} is not installed: nothing was compiled")
    return found


def check_compiles(folder: Path, text: str, name: str = "tables", runs: int = 2) -> None:
    """pdflatex accepts the document and no line is overfull; longtable settles its columns in the second run."""
    (folder / f"{name}.tex").write_text(text)
    command = [tool("pdflatex"), "-interaction=nonstopmode", "-halt-on-error", f"{name}.tex"]
    for _ in range(runs):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
        assert done.returncode == 0, done.stdout[-2000:]
    at = done.stdout.find("Overfull")
    assert at < 0, (name, done.stdout[at : at + 500])


def write_problem(folder: Path, name: str, target: str = "x**2", **more: str) -> Path:
    """A problem file; keyword arguments are TOML values."""
    path = folder / f"{name}.toml"
    fields = {"name": f'"{name}"', "family": '"interval"', "target": f'"{target}"', "width": "2"} | more
    path.write_text("".join(f"{key} = {value}\n" for key, value in fields.items()))
    return path
