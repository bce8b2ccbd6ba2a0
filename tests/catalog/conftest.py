"""Databases for the tests, all in temporary folders: the user's own is never touched."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

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


@pytest.fixture(autouse=True)
def private_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("SADDLERY_DB", str(tmp_path / "catalog.sqlite"))


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
    files = {file.stem: file for file in bundled_problem_files()}
    for name, width in (("x", 3), ("x-leaky", 3), ("x2", 2), ("x3", 1)):
        build(jobs_of([files[name]], width), path)
    return path


def write_problem(folder: Path, name: str, target: str = "x**2", **more: str) -> Path:
    """A problem file; keyword arguments are TOML values."""
    path = folder / f"{name}.toml"
    fields = {"name": f'"{name}"', "family": '"interval"', "target": f'"{target}"', "width": "2"} | more
    path.write_text("".join(f"{key} = {value}\n" for key, value in fields.items()))
    return path
