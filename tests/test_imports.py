"""Imports point one way: read from the source of every module, so that lazy imports inside functions count too."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted([*(ROOT / "symbolic").rglob("*.py"), *(ROOT / "catalog").rglob("*.py")])
FAMILIES = {"interval", "dataset", "teacher"}
SYMPY_FILE_OF_THE_CATALOG = 1


def imported(path: Path) -> set[str]:
    """Full names of what a module imports; `from a import b` counts as a.b, relative imports are resolved."""
    return imported_by_source(path.read_text(encoding="utf-8"), path.relative_to(ROOT).parent.parts)


def imported_by_source(source: str, package: tuple[str, ...]) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            stem = ".".join([*base, *([node.module] if node.module else [])])
            found |= {f"{stem}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            constant = node.args[0] if node.args else None
            if name in ("import_module", "__import__") and isinstance(constant, ast.Constant):
                found.add(str(constant.value))
    return found


def under(names: set[str], *packages: str) -> set[str]:
    return {name for name in names if any(name == p or name.startswith(p + ".") for p in packages)}


def place(path: Path) -> tuple[str, ...]:
    return path.relative_to(ROOT).with_suffix("").parts


def offenders(path: Path) -> set[str]:
    """The imports of a module that the house does not allow."""
    parts, names = place(path), imported(path)
    bad: set[str] = set()
    if parts[0] == "symbolic":
        bad |= under(names, "catalog", "sqlalchemy", "typer", "rich", "jinja2", "networkx")
        if parts[1] in ("solving", "exact"):
            bad |= under(names, *(f"symbolic.{family}" for family in FAMILIES), "symbolic.surveys")
        if parts[1] == "exact":
            bad |= under(names, "symbolic.solving")
        if parts[1] in FAMILIES:
            bad |= under(names, *(f"symbolic.{family}" for family in FAMILIES - {parts[1]}))
            bad |= under(names, "symbolic.surveys")
    if parts[0] == "catalog" and parts[1] in ("verify", "certificate"):
        bad |= under(names, "symbolic.solving")
    return bad


@pytest.mark.parametrize("path", MODULES, ids=lambda path: ".".join(place(path)))
def test_module_imports_only_what_its_place_allows(path: Path) -> None:
    assert offenders(path) == set()


def test_the_catalog_touches_sympy_in_one_file_at_most() -> None:
    touching = [path.name for path in MODULES if place(path)[0] == "catalog" and under(imported(path), "sympy")]
    assert len(touching) <= SYMPY_FILE_OF_THE_CATALOG


def test_nothing_imports_pickle_or_marshal() -> None:
    for path in MODULES:
        assert under(imported(path), "pickle", "cPickle", "marshal", "shelve", "dill") == set(), path


def test_the_reader_of_imports_sees_every_form() -> None:
    source = (
        "import a.b, c\n"
        "from d import e\n"
        "from . import f\n"
        "from ..g import h\n"
        "def lazy():\n    from i.j import k\n    import_module('l.m')\n    importlib.import_module('n')\n"
    )
    found = imported_by_source(source, ("symbolic", "interval"))
    assert found == {"a.b", "c", "d.e", "symbolic.interval.f", "symbolic.g.h", "i.j.k", "l.m", "n"}


def test_the_rules_refuse_what_they_should(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    cases = {
        "symbolic/solving/a.py": "from symbolic.interval.problem import IntervalProblem",
        "symbolic/exact/a.py": "import symbolic.solving.subdivision",
        "symbolic/interval/a.py": "from symbolic import teacher",
        "symbolic/a.py": "def f():\n    from catalog import store",
        "catalog/verify.py": "from symbolic.solving import subdivision",
    }
    for name, source in cases.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
        assert offenders(path) != set(), name


HEAVY = ("sympy", "numpy", "flint", "sqlalchemy", "rich", "jinja2", "networkx", "mpmath", "pandas")


@pytest.mark.parametrize(
    ("module", "allowed"),
    [("symbolic", ()), ("catalog", ()), ("catalog.cli", ("rich",)), ("catalog.latex", ("flint",))],
)
def test_importing_a_module_does_not_load_the_heavy_libraries(module: str, allowed: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert set(done.stdout.split()) <= set(allowed)
