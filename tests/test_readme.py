"""The README is true: its commands run, and print what it shows."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from catalog.families import AVAILABLE

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SECONDS = re.compile(r" +\d+\.\d+$", re.MULTILINE)


def blocks(language: str) -> list[str]:
    """The code blocks of one language, in their order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def transcript(block: str) -> list[tuple[str, str]]:
    """The commands of a console block, each with the output that is shown under it."""
    parts = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)
    assert parts[0] == ""
    return list(zip(parts[1::2], parts[2::2], strict=True))


COMMANDS = [entry for block in blocks("console") for entry in transcript(block)]


BUILDS = [(command, shown) for command, shown in COMMANDS if command.startswith("saddlery build ")]
OTHERS = [(command, shown) for command, shown in COMMANDS if not command.startswith("saddlery build ")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the problem files of the README and a database built from them."""
    path = tmp_path_factory.mktemp("readme")
    for block in blocks("toml"):
        (path / f"{tomllib.loads(block)['name']}.toml").write_text(block)
    (weights,) = blocks("json")
    (path / "weights.json").write_text(weights)
    for number, (command, _) in enumerate(BUILDS):
        done = saddlery(command, path)
        assert done.returncode == 0, done.stderr
        (path / f"built{number}.txt").write_text(done.stdout)
    for block in blocks("python"):
        subprocess.run([sys.executable, "-c", block], cwd=path, check=True)
    return path


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "SADDLERY_DB": str(folder / "catalog.sqlite"), "PYTHONPATH": str(ROOT), "COLUMNS": "200"}


def saddlery(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a shown command; the package stands in for the installed script, `python3` for this interpreter."""
    program, *arguments = command.split()
    if program == "python3":
        option, script, *rest = arguments
        begin = [sys.executable, option, str(ROOT / script), *rest]
    else:
        assert program == "saddlery"
        begin = [sys.executable, "-m", "catalog", *arguments]
    return subprocess.run(
        begin,
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("number", range(len(BUILDS)), ids=[command for command, _ in BUILDS])
def test_the_build_prints_the_table_that_is_shown(folder: Path, number: int) -> None:
    shown = SECONDS.sub("", BUILDS[number][1])
    assert SECONDS.sub("", (folder / f"built{number}.txt").read_text()).split() == shown.split()


@pytest.mark.parametrize(("command", "shown"), OTHERS, ids=[command for command, _ in OTHERS])
def test_command_prints_what_is_shown(folder: Path, command: str, shown: str) -> None:
    done = saddlery(command, folder)
    assert done.returncode == 0, done.stderr
    if " -o " not in command or command.startswith("saddlery certify "):
        assert tidy(done.stdout) == tidy(shown)
        return
    assert done.stdout == shown == ""
    written = (folder / command.split()[-1]).read_text()
    if command.endswith(".tex"):
        assert written.startswith(r"\documentclass")
        assert "Completeness: proved" in written
    else:
        assert "Theorem" in written


def tidy(text: str) -> list[str]:
    """Lines without what may differ between machines: the cover of a certificate is found with floats."""
    return [re.sub(r"\d+ boxes", "... boxes", line.rstrip()) for line in text.strip().splitlines()]


def test_python_cells_print_what_is_shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SADDLERY_DB", str(folder / "catalog.sqlite"))
    names: dict[str, object] = {}
    tried = 0
    for number, block in enumerate(blocks("pycon"), start=1):
        test = doctest.DocTestParser().get_doctest(block, names, f"README cell {number}", "README.md", None)
        said: list[str] = []
        runner = doctest.DocTestRunner()
        runner.run(test, out=said.append, clear_globs=False)
        names = test.globs
        tried += runner.summarize(verbose=False).attempted
        assert runner.failures == 0, "".join(said)
    assert tried >= 10


def test_the_problem_files_of_the_readme_can_be_read() -> None:
    for block in blocks("toml"):
        assert tomllib.loads(block)["family"] in AVAILABLE


def test_install_section_names_targets_that_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^make (\S+)", README, re.MULTILINE):
        assert re.search(rf"^[\w -]*\b{target}\b[\w -]*:", makefile, re.MULTILINE), target


def test_links_of_the_readme_and_the_documents_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]:
        text = page.read_text(encoding="utf-8")
        for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
            if "://" not in link:
                assert (page.parent / link).exists(), (page.name, link)


def test_each_word_is_defined_once() -> None:
    """A defined word stands in italics and is followed by a colon, a comma or what belongs to it."""
    section = README.split("## The words")[1].split("\n## ")[0]
    defined = [word.lower() for word in re.findall(r"(?:^- |\. |\.\n  |; )\*([^*]+)\*", section, re.MULTILINE)]
    needed = (
        "region, wall, breakpoint, kink, slope, gauge, flat, dead, fully active, critical function, "
        "critical stratum, inertia, index, nullity, loss, saddle, strict saddle, certificate, enclosure, bits"
    )
    for word in needed.split(", "):
        assert sum(entry.split(" (")[0] == word for entry in defined) == 1, (word, defined)
