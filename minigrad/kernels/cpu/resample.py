"""Sums of a few weighted rows, the same few at every place: resampling along one dimension, and its adjoint.

Row r of the result is made of rows index[starts[r]] ... index[starts[r + 1] - 1]. Along the last dimension a row is one number.
"""
from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..reference import Array
from .jit import jit, part, run
from .threads import threads_for


def weighted_rows(x: Array, dim: int, starts: Array, index: Array, weights: Array) -> Array | None:
    """(..., C, ...) -> (..., R, ...) along a dimension: float32 or float64, weights in the same dtype. None for all else."""
    if type(x) is not np.ndarray or x.dtype.char not in "fd" or not x.size:
        return None
    x = x if x.flags.carray else np.array(x, order="C")
    outer, inner, count = prod(x.shape[:dim]), prod(x.shape[dim + 1:]), len(starts) - 1
    out = np.empty((*x.shape[:dim], count, *x.shape[dim + 1:]), x.dtype)
    threads = threads_for(2 * outer * inner * len(index))
    if inner == 1:
        run(numbers, threads, outer, out.reshape(outer, count), x.reshape(outer, -1), starts, index, weights)
    else:
        run(rows, threads, outer * count, out.reshape(outer * count, inner), x.reshape(outer, -1, inner), starts, index, weights)
    return out


# What is compiled ------------------------------------------------------------------------------------------------------

@part
def add_two(y: Any, a: Any, v: Any, b: Any, w: Any) -> None:
    """y += v * a + w * b"""
    for e in range(len(y)):
        y[e] += v * a[e] + w * b[e]


@part
def set_two(y: Any, a: Any, v: Any, b: Any, w: Any) -> None:
    """y = v * a + w * b"""
    for e in range(len(y)):
        y[e] = v * a[e] + w * b[e]


@jit
def rows(out: Any, x: Any, starts: Any, index: Any, weights: Any, units: int, threads: int, t: int) -> None:
    count = len(starts) - 1
    for unit in range(units * t // threads, units * (t + 1) // threads):
        o, r = divmod(unit, count)
        y, first, end = out[unit], starts[r], starts[r + 1]
        if end - first < 2:
            y[:] = 0
        else:                                        # two at a time: y is visited half as often
            set_two(y, x[o, index[first]], weights[first], x[o, index[first + 1]], weights[first + 1])
            first += 2
        for k in range(first, end - 1, 2):
            add_two(y, x[o, index[k]], weights[k], x[o, index[k + 1]], weights[k + 1])
        if (end - first) % 2:
            source, w = x[o, index[end - 1]], weights[end - 1]
            for e in range(len(y)):
                y[e] += w * source[e]


@jit
def numbers(out: Any, x: Any, starts: Any, index: Any, weights: Any, units: int, threads: int, t: int) -> None:
    for o in range(units * t // threads, units * (t + 1) // threads):
        y, source = out[o], x[o]
        for r in range(len(y)):
            k, terms = starts[r], starts[r + 1] - starts[r]
            if terms == 2:
                y[r] = weights[k] * source[index[k]] + weights[k + 1] * source[index[k + 1]]
            else:
                s = out.dtype.type(0)
                for i in range(k, k + terms):
                    s += weights[i] * source[index[i]]
                y[r] = s
