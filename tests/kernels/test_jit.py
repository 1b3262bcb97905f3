"""When kernels are compiled, and what is said about it; each test in a process of its own."""
from __future__ import annotations

import os
from pathlib import Path

from .both import compiled
from .processes import python

POOL = """
import numpy as np
from minigrad.kernels import cpu
x = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
print(cpu.adaptive_avg_pool2d(x, (1, 1)).item())
"""
NOTICE = "minigrad: compiling kernels for this CPU"


@compiled
def test_the_first_compile_says_so_and_later_processes_are_silent(tmp_path: Path) -> None:
    first, second = (python(POOL, NUMBA_CACHE_DIR=str(tmp_path)) for _ in range(2))
    assert first.stdout == second.stdout == "7.5\n"
    assert first.stderr.count(NOTICE) == 1
    assert second.stderr == ""


@compiled
def test_without_a_writeable_cache_kernels_still_run_and_one_line_says_it() -> None:
    done = python(POOL, NUMBA_CACHE_DIR=os.devnull + "/no/such/folder")
    assert done.stdout == "7.5\n"
    assert done.stderr.count("minigrad: compiled kernels cannot be kept") == 1
    assert done.stderr.count("NUMBA_CACHE_DIR") == 1


def test_importing_the_kernels_does_not_import_numba() -> None:
    assert python("import sys, minigrad.kernels.cpu; print('numba' in sys.modules)").stdout == "False\n"
