"""How many threads the CPU kernels use. Knows nothing of Numba, so asking costs no import."""
from __future__ import annotations

import os
from types import SimpleNamespace

from ... import config
from ...errors import ArgumentError

PARALLEL_WORK = 1_000_000         # flops (or a like number of element steps) below which a second thread does not pay

_now = SimpleNamespace(count=0,   # 0: not asked yet
                       forked=False)   # a forked child must not enter OpenMP: libgomp kills it


def get_num_threads() -> int:
    """The most threads that one kernel uses."""
    if not _now.count:
        set_num_threads(config.NUM_THREADS or _environment() or _cores())
    return int(_now.count)


def set_num_threads(count: int) -> None:
    """Let each kernel use at most `count` threads."""
    if count < 1:
        raise ArgumentError(f"set_num_threads: at least one thread is needed; got {count}; pass 1 to run serially")
    _now.count = min(count, _cores())


def threads_for(work: int) -> int:
    """Threads worth using for so many flops: 1 for small work and in a forked child."""
    return 1 if work < PARALLEL_WORK or _now.forked else get_num_threads()


def _environment() -> int:
    text = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return int(text) if text.isdecimal() else 0


def _cores() -> int:
    """The cores this process may run on; Numba starts as many threads and no more."""
    numba_threads = os.environ.get("NUMBA_NUM_THREADS", "")
    if numba_threads.isdecimal() and int(numba_threads):
        return int(numba_threads)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _after_fork() -> None:
    _now.forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
