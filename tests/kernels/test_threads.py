"""Threads and processes: what the environment says, several Python threads at once, forks; each in processes of their own."""
from __future__ import annotations

import ctypes
import os
import sys

import pytest

import minigrad
from minigrad.errors import ArgumentError
from minigrad.kernels.cpu import blas, threads

from .both import compiled
from .processes import python

TRAIN = """
import os, threading
import minigrad as torch, minigrad.nn.functional as F
from minigrad.kernels.cpu import threads
torch.set_num_threads(2)

def train(steps=3):
    x = torch.randn(32, 4, 28, 28, generator=torch.Generator().manual_seed(0))
    w = (torch.randn(8, 4, 3, 3, generator=torch.Generator().manual_seed(1)) / 6).requires_grad_()
    v = (torch.randn(8, 8 * 14 * 14, generator=torch.Generator().manual_seed(2)) / 40).requires_grad_()
    for _ in range(steps):
        hidden = F.max_pool2d(F.relu(F.conv2d(x, w, padding=1)), 2).flatten(1)
        loss = F.cross_entropy(F.linear(hidden, v), torch.arange(32) % 8)
        w.grad = v.grad = None
        loss.backward()
        with torch.no_grad():
            w -= 0.01 * w.grad
            v -= 0.01 * v.grad
    return [round(float(value), 4) for value in (loss, w.sum(), v.sum())]

def in_child(work):
    "What work() gives in a forked child."
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(write, repr(work()).encode())
        finally:
            os._exit(0)
    os.close(write)
    answer = os.read(read, 10000).decode()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    return eval(answer)
"""
forks = pytest.mark.skipif(not hasattr(os, "fork") or sys.platform == "darwin", reason="no fork on this system")
TWO = {"NUMBA_NUM_THREADS": "2", "OMP_NUM_THREADS": "2"}


@compiled
@forks
def test_children_forked_before_during_and_after_work_in_threads() -> None:
    code = TRAIN + """
def layer():
    return train(), threads.threads_for(10 ** 9), "libgomp" in open("/proc/self/maps").read()

early = in_child(layer)                  # nothing has started threads: the child may
right = train()
late = in_child(layer)                   # OpenMP runs here: the child works alone
inner = in_child(lambda: in_child(layer))
started, stop = threading.Event(), threading.Event()
def busy():
    while not stop.is_set():
        train(1)
        started.set()
other = threading.Thread(target=busy)
other.start()
started.wait()                           # nothing is imported or compiled any more: a child would wait for it for ever
during = [in_child(layer) for _ in range(3)]
stop.set()
other.join()
again = train()
print(early[0] == right == late[0] == inner[0] == again, all(d[0] == right for d in during))
print(early[1:], late[1:], inner[1:], {d[1:] for d in during})
"""
    lines = python(code, **TWO).stdout.splitlines()
    assert lines[0] == "True True"
    assert lines[1] == "(2, True) (1, True) (1, True) {(1, True)}"


@compiled
@pytest.mark.parametrize("layer", ["omp", "workqueue"])
def test_several_python_threads_train_at_once(layer: str) -> None:
    """The workqueue layer ends the process when two threads enter it at once."""
    code = TRAIN + """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(4) as pool:
    results = list(pool.map(lambda _: train(), range(12)))
print(all(result == train() for result in results))
from numba import threading_layer
print(threading_layer())
"""
    assert python(code, NUMBA_THREADING_LAYER=layer, **TWO).stdout == f"True\n{layer}\n"


@compiled
def test_threads_sleep_between_regions_unless_the_environment_says_how_they_wait() -> None:
    """A thread that looks for work holds the core that BLAS needs next."""
    code = TRAIN + """
train(1)
print("OMP_WAIT_POLICY" in os.environ)
"""
    quiet = python(code, OMP_DISPLAY_ENV="true", NUMBA_THREADING_LAYER="omp", **TWO)
    assert "OMP_WAIT_POLICY = 'PASSIVE'" in quiet.stderr
    assert quiet.stdout == "False\n"
    told = python(code, OMP_DISPLAY_ENV="true", NUMBA_THREADING_LAYER="omp", OMP_WAIT_POLICY="active", **TWO)
    assert "OMP_WAIT_POLICY = 'ACTIVE'" in told.stderr
    assert told.stdout == "True\n"


@pytest.mark.parametrize(("environment", "count"), [
    ({"NUMBA_NUM_THREADS": "4", "OMP_NUM_THREADS": "3"}, 3),
    ({"NUMBA_NUM_THREADS": "4", "OMP_NUM_THREADS": "3", "MINIGRAD_NUM_THREADS": "2"}, 2),
    ({"NUMBA_NUM_THREADS": "4", "OMP_NUM_THREADS": "9"}, 4),
    ({"NUMBA_NUM_THREADS": "4", "OMP_NUM_THREADS": ""}, 4),
])
def test_the_environment_sets_the_number_of_threads(environment: dict[str, str], count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads.config, "NUM_THREADS", int(environment.pop("MINIGRAD_NUM_THREADS", "0")))
    monkeypatch.setattr(threads._now, "count", 0)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert threads.get_num_threads() == count


def test_at_least_one_thread() -> None:
    before = threads.get_num_threads()
    with pytest.raises(ArgumentError, match="at least one thread is needed; got 0"):
        threads.set_num_threads(0)
    assert threads.get_num_threads() == before


# BLAS -----------------------------------------------------------------------------------------------------------------

def blas_threads(module: str) -> int:
    """How many threads the OpenBLAS behind a module uses."""
    library = ctypes.CDLL(sys.modules[module].__file__)
    names = [name.replace("set", "get") for name in blas.NAMES if "openblas" in name and hasattr(library, name)]
    return int(getattr(library, names[0])()) if names else 0


openblas = pytest.mark.skipif(not blas_threads(blas.MODULES[0]), reason="NumPy uses another BLAS")


@openblas
def test_matrix_products_use_as_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    import scipy.linalg  # noqa: F401
    before = [blas_threads(module) for module in blas.MODULES]
    monkeypatch.setattr(threads._now, "limit", 0)
    monkeypatch.setattr(threads._now, "count", 0)
    monkeypatch.setenv("NUMBA_NUM_THREADS", "3")
    try:
        threads.limit_blas()
        assert threads.get_num_threads() >= 1
        assert [blas_threads(module) for module in blas.MODULES] == before       # nobody has said anything
        for count in (1, 3):
            minigrad.set_num_threads(count)
            assert [blas_threads(module) for module in blas.MODULES] == [count] * len(blas.MODULES)
    finally:
        for module, count in zip(blas.MODULES, before, strict=True):
            blas.setter_behind(module)(count)


@openblas
def test_what_the_environment_says_to_blas() -> None:
    code = """
import ctypes, sys, numpy, minigrad
from minigrad.kernels.cpu import blas
def threads(module):
    library = ctypes.CDLL(sys.modules[module].__file__)
    return [getattr(library, name.replace("set", "get"))() for name in blas.NAMES if "openblas" in name and hasattr(library, name)][0]
print(threads(blas.MODULES[0]), end=" ")
minigrad.linalg.lu_solve(*minigrad.linalg.lu_factor(minigrad.eye(3)), minigrad.ones(3, 1))
print(threads(blas.MODULES[1]), minigrad.get_num_threads())
"""
    mine = {"MINIGRAD_NUM_THREADS": "", "OMP_NUM_THREADS": "", "OPENBLAS_NUM_THREADS": "", "NUMBA_NUM_THREADS": "2"}
    assert python(code, **mine | {"MINIGRAD_NUM_THREADS": "1"}).stdout == "1 1 1\n"
    assert python(code, **mine | {"OPENBLAS_NUM_THREADS": "1"}).stdout == "1 1 2\n"


def test_a_blas_that_is_not_known_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    before = blas_threads(blas.MODULES[0])
    monkeypatch.setattr(blas, "NAMES", ("no_such_function",))
    monkeypatch.setattr(blas, "MODULES", (*blas.MODULES, "sys", "no.such.module"))
    monkeypatch.setattr(blas, "setter_behind", blas.setter_behind.__wrapped__)
    blas.set_num_threads(7)
    monkeypatch.undo()
    assert blas_threads(blas.MODULES[0]) == before

