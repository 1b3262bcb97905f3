"""How kernels are compiled, cached, imported and run; each test in a process of its own."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from minigrad.errors import ArgumentError
from minigrad.kernels.cpu import threads

from .both import compiled

POOL = """
import numpy as np
from minigrad.kernels import cpu
x = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
print(cpu.adaptive_avg_pool2d(x, (1, 1)).item())
"""
NOTICE = "minigrad: compiling kernels for this CPU"


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code with these environment variables; it must succeed."""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], env={**os.environ, **environment}, text=True,
                          capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done


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


@compiled
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_child_runs_serially() -> None:
    code = """
import os
import numpy as np
from minigrad.kernels import cpu
from minigrad.kernels.cpu.threads import set_num_threads, threads_for
set_num_threads(2)
x, w = np.ones((8, 8, 28, 28), np.float32), np.ones((8, 8, 3, 3), np.float32)
options = (1, 1), ((1, 1), (1, 1)), (1, 1), 1
y = cpu.conv2d(x, w, None, *options)
child = os.fork()
if child == 0:
    same = (cpu.conv2d(x, w, None, *options) == y).all()
    os._exit(0 if same and threads_for(10**9) == 1 else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert python(code).stdout == "0\n"


@compiled
@pytest.mark.parametrize("layer", ["omp", "workqueue"])
def test_kernels_may_be_called_from_several_threads(layer: str) -> None:
    """The workqueue layer ends the process when two threads enter it at once."""
    code = """
from concurrent.futures import ThreadPoolExecutor
import numpy as np
from minigrad.kernels import cpu
x, w = np.ones((8, 8, 28, 28), np.float32), np.ones((8, 8, 3, 3), np.float32)
def work(_):
    return cpu.conv2d(x, w, None, (1, 1), ((1, 1), (1, 1)), (1, 1), 1)
with ThreadPoolExecutor(4) as pool:
    print(all((y == work(0)).all() for y in pool.map(work, range(50))))
from numba import threading_layer
print(threading_layer())
"""
    done = python(code, NUMBA_THREADING_LAYER=layer, NUMBA_NUM_THREADS="2", OMP_NUM_THREADS="2")
    assert done.stdout == f"True\n{layer}\n"


@pytest.mark.parametrize(("environment", "count"), [
    ({"NUMBA_NUM_THREADS": "4", "OMP_NUM_THREADS": "3"}, 3),
    ({"NUMBA_NUM_THREADS": "4", "OMP_NUM_THREADS": "3", "MINIGRAD_NUM_THREADS": "2"}, 2),
    ({"NUMBA_NUM_THREADS": "4", "OMP_NUM_THREADS": "9"}, 4),
    ({"NUMBA_NUM_THREADS": "4", "OMP_NUM_THREADS": ""}, 4),
])
def test_the_environment_sets_the_number_of_threads(environment: dict[str, str], count: int) -> None:
    code = "from minigrad.kernels.cpu import threads; print(threads.get_num_threads())"
    assert python(code, **{"MINIGRAD_NUM_THREADS": "", **environment}).stdout == f"{count}\n"


def test_at_least_one_thread() -> None:
    before = threads.get_num_threads()
    with pytest.raises(ArgumentError, match="at least one thread is needed; got 0"):
        threads.set_num_threads(0)
    assert threads.get_num_threads() == before
