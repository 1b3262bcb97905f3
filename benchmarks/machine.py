"""Where and when figures were measured."""
from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path

from .family import cores

ROOT = Path(__file__).parents[1]
VECTORS = ("avx512f", "avx2", "avx", "sve", "asimd", "sse4_2")


def processor() -> str:
    """The CPU's name, with family and model, which virtual machines leave as they are, and its widest vectors."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    flags = set((facts.get("flags") or facts.get("Features") or "").split())
    vectors = next((name for name in VECTORS if name in flags), "")
    numbers = f"family {facts['cpu family']} model {facts['model']}" if "cpu family" in facts and "model" in facts else ""
    return ", ".join(part for part in (facts.get("model name") or platform.machine(), numbers, vectors) if part)


def version(library: str) -> str:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return "?"


def commit() -> str:
    """The commit that is checked out, with a + when the package or the benchmarks differ from it."""
    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    try:
        return git("rev-parse", "--short", "HEAD") + ("+" if git("status", "--porcelain", "--", "minigrad", "benchmarks") else "")
    except (OSError, subprocess.CalledProcessError):
        return "?"


def describe(libraries: list[str]) -> dict[str, str]:
    """What a reader needs to judge figures by. The load is the system's mean over a minute, before the run."""
    versions = ", ".join(f"{name} {version(name)}" for name in dict.fromkeys(("minigrad", *libraries, "numpy", "numba")))
    return {"cpu": processor(), "cores": str(cores()), "system": f"{platform.system()} {platform.release()}",
            "versions": f"Python {platform.python_version()}, {versions}", "date": datetime.date.today().isoformat(),
            "commit": commit(), "load": system_load()}


def system_load() -> str:
    """The mean number of programs that wanted a core in the last minute."""
    return f"{os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else "?"
