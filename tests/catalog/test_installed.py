"""What a user has: light imports, a quiet pipe, clear ends, and a wheel that works outside the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from conftest import Command

from catalog.problem_file import bundled_problem_files

ROOT = Path(__file__).parents[2]
HEAVY = ("sympy", "mpmath", "numpy", "networkx", "pandas", "scipy", "matplotlib", "jinja2")


def loaded_by(arguments: list[str]) -> set[str]:
    """Top-level packages that a command imports."""
    code = (
        "import sys\nfrom catalog.cli import _run\n"
        f"code = _run({arguments!r})\nassert code == 0\n"
        "print('\\n' + ' '.join(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_help_imports_nothing_heavy() -> None:
    loaded = loaded_by(["--help"]) | loaded_by(["query", "--help"])
    assert not loaded & {*HEAVY, "sqlalchemy", "flint", "rich"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["query", "functions", "--format", "json"],
        ["query", "functions", "--max-loss", "1/1000", "--where", "class = 'B'"],
        ["query", "regions"],
        ["query", "problems", "--format", "csv"],
        ["show", "x2@2:r:++"],
        ["query", "strata", "--kind", "saddle", "--format", "json"],
        ["show", "x2:B.++.1@2:k1+p.k2+p"],
    ],
)
def test_queries_import_nothing_heavy(arguments: list[str], small_database: Path) -> None:
    assert not loaded_by([*arguments, "--db", str(small_database)]) & {*HEAVY, "rich"}


def test_opening_the_packages_imports_nothing_heavy() -> None:
    code = "import sys, catalog, symbolic; print(' '.join(sys.modules))"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {*HEAVY, "sqlalchemy", "flint", "typer"}


def test_a_reader_that_leaves_is_no_error(small_database: Path) -> None:
    command = [sys.executable, "-m", "catalog", "query", "regions", "--format", "json", "--db", str(small_database)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert (process.wait(timeout=60), err) == (0, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_standard_output_that_is_full_is_said(small_database: Path) -> None:
    command = [sys.executable, "-m", "catalog", "query", "functions", "--db", str(small_database)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, env=environment, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "saddlery: No space left on device\n"


def test_an_error_of_ours_is_one_line_and_never_a_traceback(saddlery: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("two\nlines\x1b[31m")

    monkeypatch.setattr("catalog.query.open_catalog", broken)
    outcome = saddlery("query", "functions")
    assert outcome.code == 2
    assert outcome.err.startswith("saddlery: internal error, RuntimeError: two lines?[31m")
    assert outcome.err.count("\n") == 1
    monkeypatch.setenv("SADDLERY_TRACEBACK", "1")
    with pytest.raises(RuntimeError):
        saddlery("query", "functions")


def test_an_interrupt_says_how_to_go_on(saddlery: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("catalog.query.open_catalog", interrupted)
    outcome = saddlery("query", "functions")
    assert outcome.code == 130
    assert "repeat the command to go on" in outcome.err


def test_every_package_of_the_checkout_is_in_the_distribution() -> None:
    assert "packages" not in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    for package in ("symbolic", "catalog"):
        for folder in {path.parent for path in (ROOT / package).rglob("*.py")}:
            assert (folder / "__init__.py").exists(), folder


@pytest.mark.slow
def test_the_wheel_works_outside_the_checkout(tmp_path: Path) -> None:
    """Built from a copy, installed without its dependencies, which this interpreter lends."""
    list_files = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
    listed = subprocess.run(list_files, cwd=ROOT, capture_output=True, check=True)
    source = tmp_path / "source"
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    wheels = tmp_path / "wheels"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", str(wheels), str(source)]
    subprocess.run(build, check=True, capture_output=True, cwd=tmp_path)
    (wheel,) = wheels.glob("saddlery-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for path in (ROOT / "data" / "problems").glob("*.toml"):
        assert f"catalog/data/problems/{path.name}" in names
    for path in (ROOT / "catalog" / "templates").iterdir():
        assert f"catalog/templates/{path.name}" in names
    assert {"catalog/py.typed", "symbolic/py.typed"} <= names
    assert not [name for name in names if name.startswith(("tests", "benchmarks", "stubs", "data"))]
    target = tmp_path / "installed"
    install = [*pip, "install", "--no-deps", "--no-index", "--target", str(target), str(wheel)]
    subprocess.run(install, check=True, capture_output=True, cwd=tmp_path)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment |= {"PYTHONPATH": str(target), "SADDLERY_DB": str(tmp_path / "outside.sqlite")}
    away = tmp_path / "away"
    away.mkdir()

    def saddlery(*arguments: str) -> str:
        # -P: the current folder is not on the path, so that only the installed files are used.
        command = [sys.executable, "-P", "-m", "catalog", *arguments]
        done = subprocess.run(command, env=environment, cwd=away, capture_output=True, text=True, check=True)
        return done.stdout

    where = [sys.executable, "-P", "-c", "import catalog; print(catalog.__file__)"]
    found = subprocess.run(where, env=environment, cwd=away, capture_output=True, text=True, check=True).stdout
    assert found.startswith(str(target))
    table = saddlery("build", "--width", "2", "--workers", "2")
    # Teacher problems have one width of their own, which is not 2.
    surveyed = [path for path in bundled_problem_files() if not path.stem.startswith("teacher")]
    assert table.count(" proved ") == 2 * len(surveyed) >= 24
    assert "x2:B.++.1" in saddlery("query", "functions")
    assert r"\begin{longtable}" in saddlery("latex", "x2", "--what", "regions", "--standalone")
    assert list(away.iterdir()) == []
