"""Compiled kernels on disk: what a file's name depends on, and that nothing stale or broken is loaded."""
from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

import minigrad

from .both import compiled

pytestmark = compiled
ROOT = Path(minigrad.__file__).parent
KERNELS = ROOT / "kernels" / "cpu"

HELPER = """
import os
from .jit import part
WIDTH = int(os.environ.get("WIDTH", "1"))
@part
def grow(x):
    return x + {number}
"""
KERNEL = """
from ._helper import WIDTH, grow
from .jit import jit
@jit
def kernel(x):
    return grow(x) * WIDTH
"""
PROGRAM = "from minigrad.kernels.cpu._kernel import kernel; print(kernel(10), len(kernel._cache_hits))"


def imports_of(file: Path) -> set[Path]:
    """The files with compiled kernels that a file imports, as Python reads it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert not any(alias.name.startswith("minigrad.kernels.cpu") for alias in node.names), f"{file}: import by relative name"
        if isinstance(node, ast.ImportFrom):
            start = file.parents[node.level - 1] if node.level else ROOT.parent
            base = start.joinpath(*(node.module or "").split("."))
            found |= {base.with_suffix(".py"), *(base / f"{alias.name}.py" for alias in node.names)}
    return {path for path in found if path.parent == KERNELS and path.is_file()}


def test_a_kernel_depends_on_all_files_that_its_file_imports() -> None:
    from minigrad.kernels.cpu.cache import files_behind
    for file in KERNELS.glob("*.py"):
        known, new = set(), {file}
        while new:
            known |= new
            new = {other for path in new for other in imports_of(path)} - known
        assert files_behind(file) == sorted(known)


def test_another_helper_another_constant_another_folder(tmp_path: Path) -> None:
    """A copy of the package with a kernel put together from two files, and what it computes after each change."""
    package, kept = tmp_path / "minigrad", tmp_path / "kept"
    shutil.copytree(ROOT, package, ignore=shutil.ignore_patterns("__pycache__", "*.xz"))
    helper, kernel = (package / "kernels" / "cpu" / f"_{name}.py" for name in ("helper", "kernel"))
    kernel.write_text(KERNEL, encoding="utf-8")

    def run(number: int, **environment: str) -> str:
        helper.write_text(HELPER.format(number=number), encoding="utf-8")
        done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=tmp_path, text=True, capture_output=True, check=False, timeout=120,
                              env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1", "NUMBA_CACHE_DIR": str(kept),
                                   **environment})
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert run(1) == "11 0\n"                                # compiled
    assert run(2) == "12 0\n"                                # a helper changed
    mine = {"NUMBA_CACHE_DIR": "", "MINIGRAD_CACHE": str(kept)}
    assert run(2, WIDTH="3", **mine) == "36 0\n"             # a constant changed that the environment decides
    files = list((kept / "minigrad" / "kernels").iterdir())
    assert len(files) == 2
    assert len(list((kept / "kernels").iterdir())) == 1
    for file in files:
        file.write_bytes(file.read_bytes()[:-1])
    assert run(1) == "11 0\n"                                # cut short: compiled again
    assert run(1) == "11 1\n"                                # and loaded


def made(number: Any) -> FunctionType:
    def kernel() -> Any:
        return number
    return kernel


def test_closures_count_but_not_where_things_lie_in_memory() -> None:
    from minigrad.kernels.cpu.cache import constants, values_in
    from minigrad.kernels.cpu.jit import part
    assert list(values_in(made(1))) != list(values_in(made(2)))
    inner = [list(values_in(made(part(made(number))))) for number in (1, 2, 2)]
    assert inner[0] != inner[1] == inner[2]
    assert constants({"WIDE": (1, 2.5), "OTHER": (1, made), "Camel": 3, "x": 4, "NAME": "a"}) == ["NAME='a'", "WIDE=(1, 2.5)"]


def test_what_was_not_used_for_longest_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from minigrad.kernels.cpu import cache
    for number in range(5):
        (tmp_path / f"{number}").touch()
        os.utime(tmp_path / f"{number}", (number, number))
    os.utime(tmp_path / "0")
    monkeypatch.setattr(cache, "MOST", 2)
    cache.remove_old.__wrapped__(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"0", "4"}


LOOP = """
import sys
import numpy as np
from minigrad.kernels import cpu
from minigrad.kernels.cpu.threads import set_num_threads
x = np.linspace(-2, 2, 2_000_000, dtype=np.float32)
for threads in (1, 2):
    set_num_threads(threads)
    for name in sys.argv[1:]:
        print(name, cpu.each(name, (x,))[:3].tolist())
"""


def test_loops_made_of_one_function_are_told_apart_by_what_they_are_made_of(tmp_path: Path) -> None:
    """Compiled each in a process of its own, at the same count of functions, and then loaded together, or compiled beside a loaded one.

    Threads get a loop by the address that its name has.
    """
    def run(*names: str) -> list[str]:
        done = subprocess.run([sys.executable, "-c", LOOP, *names], text=True, capture_output=True, check=False, timeout=300,
                              env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)})
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()
    first = run("expm1")
    beside = run("expm1", "sigmoid")                 # the second one is compiled where the first one is loaded
    alone = run("sigmoid")
    assert first[0] == first[1] != alone[0] == alone[1]
    assert beside == run("expm1", "sigmoid") == [first[0], alone[0]] * 2
    assert run("sigmoid", "expm1") == [alone[0], first[0]] * 2
