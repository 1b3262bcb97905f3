"""Normalization of rows: a visit for the statistics of a row, and one, from the cache, for its values."""
from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from .. import reference
from ..reference import Array
from .half import plain
from .jit import jit, part, run
from .threads import threads_for

FLOPS = 8                             # of an element, about
SHORT = 8                             # positions of a channel; below it NumPy, which works on many channels at once, is faster


def layer_norm(x: Array, w: Array | None, b: Array | None, eps: float) -> tuple[Array, Array, Array]:
    """Rows (R, K) to mean 0 and variance 1, times w (K,) plus b (K,); and the means and variances, (R, 1)."""
    if not alike(x, w, b):
        return reference.layer_norm(x, w, b, eps)
    x = plain(x)
    y, mean, var = np.empty_like(x), np.empty((len(x), 1), x.dtype), np.empty((len(x), 1), x.dtype)
    run(rows, threads_for(FLOPS * x.size), len(x), y, mean, var, np.empty_like(mean), x, ones(w, x), zeros(b, x), float(eps), True)
    return y, mean, var


def layer_norm_input(g: Array, x: Array, w: Array | None, mean: Array, var: Array, eps: float) -> Array:
    """Gradient of layer_norm for x."""
    if not alike(x, w, g, mean):
        return reference.layer_norm_input(g, x, w, mean, var, eps)
    g, x = plain(g), plain(x)
    dx = np.empty_like(x)
    run(rows_input, threads_for(FLOPS * x.size), len(x), dx, g, x, ones(w, x), mean, reciprocal(var, eps))
    return dx


def layer_norm_weight(g: Array, x: Array, mean: Array, var: Array, eps: float) -> Array:
    """Gradient of layer_norm for w: (K,)."""
    if not alike(x, g, mean):
        return reference.layer_norm_weight(g, x, mean, var, eps)
    g, x = plain(g), plain(x)
    threads = min(threads_for(FLOPS * x.size), len(x))
    parts = np.zeros((threads, x.shape[1]), x.dtype)                     # one sum per thread
    run(rows_weight, threads, len(x), parts, g, x, mean, reciprocal(var, eps))
    return parts.sum(0)


def layer_norm_gradients(g: Array, x: Array, w: Array | None, mean: Array, var: Array, eps: float) -> tuple[Array, Array, Array]:
    """Gradients of layer_norm for x, w and b."""
    if not alike(x, w, g, mean):
        return reference.layer_norm_gradients(g, x, w, mean, var, eps)
    return gradients(g, x, w, mean, reciprocal(var, eps), True)


def rms_norm(x: Array, w: Array | None, eps: float) -> tuple[Array, Array]:
    """Rows (R, K) over the root of their mean square, times w (K,); and 1 / sqrt(mean square + eps), (R, 1)."""
    if not alike(x, w):
        return reference.rms_norm(x, w, eps)
    x = plain(x)
    y, squares = np.empty_like(x), np.empty((len(x), 1), x.dtype)
    r = np.empty_like(squares)
    run(rows, threads_for(FLOPS * x.size), len(x), y, np.empty_like(squares), squares, r, x, ones(w, x), zeros(None, x), float(eps), False)
    return y, r


def rms_norm_gradients(g: Array, x: Array, w: Array | None, r: Array) -> tuple[Array, Array]:
    """Gradients of rms_norm for x and w."""
    if not alike(x, w, g, r):
        return reference.rms_norm_gradients(g, x, w, r)
    return gradients(g, x, w, np.zeros_like(r), r, False)[:2]


def gradients(g: Array, x: Array, w: Array | None, mean: Array, r: Array, centred: bool) -> tuple[Array, Array, Array]:
    """Gradients for x, w and b, of rows that had their mean taken away if `centred`, and were multiplied by r."""
    g, x = plain(g), plain(x)
    threads = min(threads_for(FLOPS * x.size), len(x))
    dx, parts = np.empty_like(x), np.zeros((2, threads, x.shape[1]), x.dtype)        # sums of each thread
    run(rows_backward, threads, len(x), dx, parts[0], parts[1], g, x, ones(w, x), plain(mean), plain(r), centred)
    return dx, parts[0].sum(0), parts[1].sum(0)


def reciprocal(var: Array, eps: float) -> Array:
    """1 / sqrt(var + eps)"""
    found: Array = 1 / np.sqrt(plain(var) + var.dtype.type(eps))
    return found


def alike(x: Array, *others: Array | None) -> bool:
    """True for something in single or double precision, all in the same."""
    char = x.dtype.char
    return char in "fd" and x.size > 0 and {a.dtype.char for a in others if a is not None} <= {char}


def ones(w: Array | None, x: Array) -> Array:
    """The factors of a row's values: 1 where none are given."""
    return np.ones(x.shape[-1], x.dtype) if w is None else plain(w).reshape(-1)


def zeros(b: Array | None, x: Array) -> Array:
    """The summands of a row's values: 0 where none are given."""
    return np.zeros(x.shape[-1], x.dtype) if b is None else plain(b).reshape(-1)


# What is compiled ------------------------------------------------------------------------------------------------------
# Numbers are written to arrays and read back where they shall have the dtype of the values.

@part(fastmath={"reassoc", "contract"})
def sum_of(x: Any) -> Any:
    s = x.dtype.type(0)
    for k in range(len(x)):
        s += x[k]
    return s


@part(fastmath={"reassoc", "contract"})
def squares_of(x: Any, m: Any) -> Any:
    """Sum of (x - m)^2."""
    s = x.dtype.type(0)
    for k in range(len(x)):
        s += (x[k] - m) * (x[k] - m)
    return s


@part(fastmath={"reassoc", "contract"})
def weighted_sums_of(g: Any, w: Any, x: Any, m: Any) -> Any:
    """Sums of g * w and of g * w * (x - m)."""
    s, p = g.dtype.type(0), g.dtype.type(0)
    for k in range(len(g)):
        gw = g[k] * w[k]
        s += gw
        p += gw * (x[k] - m)
    return s, p


@jit
def rows(y: Any, mean: Any, var: Any, r: Any, x: Any, w: Any, b: Any, eps: float, centred: bool, units: int, threads: int, t: int) -> None:
    for i in range(units * t // threads, units * (t + 1) // threads):
        row = x[i]
        mean[i, 0] = sum_of(row) / len(row) if centred else 0
        m = mean[i, 0]
        var[i, 0] = squares_of(row, m) / len(row)
        r[i, 0] = 1 / sqrt(var[i, 0] + eps)
        scale, to = r[i, 0], y[i]
        for k in range(len(row)):
            to[k] = (row[k] - m) * scale * w[k] + b[k]


@jit
def rows_input(dx: Any, g: Any, x: Any, w: Any, mean: Any, r: Any, units: int, threads: int, t: int) -> None:
    number, width = x.dtype.type, x.shape[1]
    for i in range(units * t // threads, units * (t + 1) // threads):
        m, scale, to, gr, xr = mean[i, 0], r[i, 0], dx[i], g[i], x[i]
        s, p = weighted_sums_of(gr, w, xr, m)
        shift, slope = number(s / width), number(p / width) * scale * scale
        for k in range(width):
            to[k] = (gr[k] * w[k] - shift - (xr[k] - m) * slope) * scale


@jit
def rows_weight(dw: Any, g: Any, x: Any, mean: Any, r: Any, units: int, threads: int, t: int) -> None:
    for i in range(units * t // threads, units * (t + 1) // threads):
        m, scale = mean[i, 0], r[i, 0]
        for k in range(x.shape[1]):
            dw[t, k] += g[i, k] * ((x[i, k] - m) * scale)


@jit
def rows_backward(dx: Any, dw: Any, db: Any, g: Any, x: Any, w: Any, mean: Any, r: Any, centred: bool,
                  units: int, threads: int, t: int) -> None:
    number, width = x.dtype.type, x.shape[1]
    to_w, to_b = dw[t], db[t]
    for i in range(units * t // threads, units * (t + 1) // threads):
        m, scale, to, gr, xr = mean[i, 0], r[i, 0], dx[i], g[i], x[i]
        s, p = weighted_sums_of(gr, w, xr, m)
        shift, slope = number(s / width) if centred else number(0), number(p / width) * scale * scale
        for k in range(width):
            d = xr[k] - m
            to[k] = (gr[k] * w[k] - shift - d * slope) * scale
            to_w[k] += gr[k] * (d * scale)
            to_b[k] += gr[k]
