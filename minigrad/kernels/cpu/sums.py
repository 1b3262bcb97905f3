"""Sums over the last dimensions of large arrays: of runs in single precision, these in double."""
from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..reference import Array
from .elementwise import float_of
from .functions import ZERO
from .half import bits, number
from .jit import jit, part, run
from .loops import share
from .threads import threads_for

RUN = 1024                            # numbers that are added in single precision


def total(x: Array, dims: int) -> Array | None:
    """The sum over so many last dimensions: of runs in single precision, these in double. None for other arrays than `each` takes."""
    to = float_of("f", (x,))
    if to is None:
        return None
    shape = x.shape[:x.ndim - dims]
    out, n = np.zeros(shape, np.float32), prod(x.shape[x.ndim - dims:])
    threads = threads_for(x.size)
    if out.size > 1:
        run(row_sums, threads, out.size, out.reshape(-1), bits(x).reshape(-1, n))
        return out.astype(to, copy=False)
    parts = np.zeros(threads)
    run(add_up, threads, x.size, parts, bits(x).reshape(-1))
    out[...] = parts.sum()
    return out.astype(to, copy=False)


# What is compiled ------------------------------------------------------------------------------------------------------

@part(fastmath={"reassoc", "contract"})
def sum_of_run(x: Any) -> Any:
    """The sum of a few numbers."""
    s = ZERO
    for i in range(x.size):
        s += number(x, i)
    return s


@part
def sum_of(x: Any) -> Any:
    """The sum of an array, float64."""
    s: Any = 0.0
    for start in range(0, x.size, RUN):
        s += sum_of_run(x[start:start + RUN])
    return s


@jit
def add_up(parts: Any, x: Any, units: int, threads: int, t: int) -> None:
    parts[t] = sum_of(share(x, units, threads, t))


@jit
def row_sums(out: Any, x: Any, units: int, threads: int, t: int) -> None:
    for r in range(units * t // threads, units * (t + 1) // threads):
        out[r] = sum_of_run(x[r]) if x.shape[1] <= RUN else sum_of(x[r])
