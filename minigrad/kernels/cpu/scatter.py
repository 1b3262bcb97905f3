"""The loop behind rows.py. Threads share the columns, as any of them may meet any row."""
from __future__ import annotations

from typing import Any

from ..reference import Array
from .jit import jit, run
from .threads import threads_for

FLOPS = 8                             # of a number, about
NARROW = 64                           # columns that are not shared


def add(out: Array, rows: Array, values: Array) -> None:
    """out[rows[i]] += values[i] for every i, of reals in C order."""
    threads = threads_for(FLOPS * values.size) if values.shape[1] >= 2 * NARROW else 1
    run(add_columns, threads, values.shape[1], out, rows, values)


@jit
def add_columns(out: Any, rows: Any, values: Any, units: int, threads: int, t: int) -> None:
    first, last = units * t // threads, units * (t + 1) // threads
    for i in range(len(rows)):
        target, value = out[rows[i], first:last], values[i, first:last]
        for j in range(len(value)):
            target[j] += value[j]
