"""Batch normalization of rows, (N, C) with a single place per channel: sums down columns, some side by side at a time."""
from __future__ import annotations

from typing import Any

import numpy as np

from ..reference import Array
from .half import plain
from .jit import jit, run
from .norm import FLOPS, ones, reciprocal, zeros
from .threads import threads_for

STRIPE = 64                           # columns at a time: all rows of them should stay in a cache


def normalized_columns(x: Array, w: Array | None, b: Array | None, eps: float) -> tuple[Array, Array, Array]:
    """Columns of (N, C) to mean 0 and variance 1, times w (C,) plus b (C,); and means and variances, (C,)."""
    x = plain(x)
    y, mean, var = np.empty_like(x), np.zeros(x.shape[1], x.dtype), np.zeros(x.shape[1], x.dtype)
    run(forward, threads_for(FLOPS * x.size), stripes(x), y, mean, var, np.empty_like(mean), x, ones(w, x), zeros(b, x), float(eps))
    return y, mean, var


def column_gradients(g: Array, x: Array, w: Array | None, mean: Array, var: Array, eps: float) -> tuple[Array, Array, Array]:
    """Gradients of normalized_columns for x, w and b."""
    g, x = plain(g), plain(x)
    dx, dw, db = np.empty_like(x), np.zeros(x.shape[1], x.dtype), np.zeros(x.shape[1], x.dtype)
    run(backward, threads_for(FLOPS * x.size), stripes(x), dx, dw, db, np.empty((3, x.shape[1]), x.dtype), g, x, ones(w, x),
        plain(mean).reshape(-1), reciprocal(var, eps).reshape(-1))
    return dx, dw, db


def stripes(x: Array) -> int:
    return int(-(-x.shape[1] // STRIPE))


# What is compiled ------------------------------------------------------------------------------------------------------

@jit
def forward(y: Any, mean: Any, var: Any, scale: Any, x: Any, w: Any, b: Any, eps: float, units: int, threads: int, t: int) -> None:
    number, count = x.dtype.type, len(x)
    for u in range(units * t // threads, units * (t + 1) // threads):
        start, end = u * STRIPE, min((u + 1) * STRIPE, x.shape[1])
        m, v, s, shift, width = mean[start:end], var[start:end], scale[start:end], b[start:end], end - start
        for n in range(count):
            row = x[n, start:end]
            for k in range(width):
                m[k] += row[k]
        for k in range(width):
            m[k] = m[k] / number(count)
        for n in range(count):
            row = x[n, start:end]
            for k in range(width):
                v[k] += (row[k] - m[k]) * (row[k] - m[k])
        for k in range(width):
            v[k] = v[k] / number(count)
            s[k] = w[start + k] / np.sqrt(v[k] + number(eps))
        for n in range(count):
            row, to = x[n, start:end], y[n, start:end]
            for k in range(width):
                to[k] = (row[k] - m[k]) * s[k] + shift[k]


@jit
def backward(dx: Any, dw: Any, db: Any, factors: Any, g: Any, x: Any, w: Any, mean: Any, rates: Any,
             units: int, threads: int, t: int) -> None:
    number, count = x.dtype.type, len(x)
    for u in range(units * t // threads, units * (t + 1) // threads):
        start, end = u * STRIPE, min((u + 1) * STRIPE, x.shape[1])
        m, to_w, to_b, width = mean[start:end], dw[start:end], db[start:end], end - start
        scale, slope, shift = factors[0, start:end], factors[1, start:end], factors[2, start:end]
        for n in range(count):
            gr, row = g[n, start:end], x[n, start:end]
            for k in range(width):
                to_b[k] += gr[k]
                to_w[k] += gr[k] * (row[k] - m[k])
        for k in range(width):
            r = rates[start + k]
            to_w[k] *= r
            scale[k] = w[start + k] * r
            slope[k] = scale[k] * r * to_w[k] / number(count)
            shift[k] = scale[k] * to_b[k] / number(count)
        for n in range(count):
            gr, row, to = g[n, start:end], x[n, start:end], dx[n, start:end]
            for k in range(width):
                to[k] = gr[k] * scale[k] - (row[k] - m[k]) * slope[k] - shift[k]
