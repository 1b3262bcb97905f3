"""How many threads the CPU kernels use. Knows nothing of Numba, so asking costs no import."""
from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

from ... import config
from ...errors import ArgumentError

# Flops (or a like number of element steps) below which a second thread does not pay: it takes 15 us to be there, and 60
# where it must first get a core from another program.
PARALLEL_WORK = 3_000_000

_now = SimpleNamespace(count=0,          # 0: not asked yet
                       limit=0,          # what BLAS was told; 0: nothing
                       alone=False)      # a process that must not start threads


def get_num_threads() -> int:
    """The most threads that one kernel uses."""
    if not _now.count:
        _now.count = min(config.NUM_THREADS or _environment() or cores(), cores())
    return int(_now.count)


def set_num_threads(count: int) -> None:
    """Let each kernel, and each matrix product of NumPy and SciPy, use at most `count` threads."""
    if count < 1:
        raise ArgumentError(f"set_num_threads: at least one thread is needed; got {count}; pass 1 to run serially")
    _now.count = _now.limit = min(count, cores())
    limit_blas()


def limit_blas() -> None:
    """Tell a BLAS that was loaded since, too. Where nobody has set a number of threads it keeps its own."""
    if _now.limit:
        from . import blas
        blas.set_num_threads(_now.limit)


def threads_for(work: int) -> int:
    """Threads worth using for so many flops: 1 for small work, and in a forked child that cannot have threads."""
    return 1 if work < PARALLEL_WORK or _now.alone else get_num_threads()


def cores() -> int:
    """The cores this process may run on; Numba starts as many threads and no more."""
    numba_threads = os.environ.get("NUMBA_NUM_THREADS", "")
    if numba_threads.isdecimal() and int(numba_threads):
        return int(numba_threads)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _environment() -> int:
    text = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return int(text) if text.isdecimal() else 0


def _after_fork() -> None:
    _now.alone = _now.alone or _openmp_is_loaded()


def _openmp_is_loaded() -> bool:
    """True where OpenMP may have threads, which do not survive a fork: a child that asks for them is killed, or waits for ever."""
    try:
        libraries = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
    return any(name in libraries for name in ("libgomp", "libomp", "libiomp"))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
