"""Normalization in one pass for the statistics of a row or channel, and one for its values."""
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
    run(rows, threads_for(FLOPS * x.size), len(x), y, mean, var, np.empty_like(mean), x, ones(w, x), zeros(b, x), float(eps))
    return y, mean, var


def layer_norm_input(g: Array, x: Array, w: Array | None, mean: Array, var: Array, eps: float) -> Array:
    """Gradient of layer_norm for x."""
    if not alike(x, w, g, mean):
        return reference.layer_norm_input(g, x, w, mean, var, eps)
    g, x = plain(g), plain(x)
    dx = np.empty_like(x)
    r = 1 / np.sqrt(var + x.dtype.type(eps))
    run(rows_input, threads_for(FLOPS * x.size), len(x), dx, np.empty((len(x), 2), x.dtype), g, x, ones(w, x), mean, r)
    return dx


def layer_norm_weight(g: Array, x: Array, mean: Array, var: Array, eps: float) -> Array:
    """Gradient of layer_norm for w: (K,)."""
    if not alike(x, g, mean):
        return reference.layer_norm_weight(g, x, mean, var, eps)
    g, x = plain(g), plain(x)
    threads = min(threads_for(FLOPS * x.size), len(x))
    parts = np.zeros((threads, x.shape[1]), x.dtype)                     # one sum per thread
    run(rows_weight, threads, len(x), parts, g, x, mean, 1 / np.sqrt(var + x.dtype.type(eps)))
    return parts.sum(0)


def batch_norm(x: Array, w: Array | None, b: Array | None, eps: float) -> tuple[Array, Array, Array]:
    """Channels of (N, C, P) to mean 0 and variance 1, times w (C,) plus b (C,); and means and variances, (1, C, 1)."""
    if not alike(x, w, b) or x.shape[2] < SHORT:
        return reference.batch_norm(x, w, b, eps)
    x = plain(x)
    channels = x.shape[1]
    y, stats = np.empty_like(x), np.empty((2, channels), x.dtype)
    run(channels_forward, threads_for(FLOPS * x.size), channels, y, stats, np.empty_like(stats), x,
        ones(w, x[0, :, 0]), zeros(b, x[0, :, 0]), float(eps))
    return y, stats[0].reshape(1, -1, 1), stats[1].reshape(1, -1, 1)


def batch_norm_input(g: Array, x: Array, w: Array | None, mean: Array, var: Array, eps: float) -> Array:
    """Gradient of batch_norm for x."""
    if not alike(x, w, g, mean) or x.shape[2] < SHORT:
        return reference.batch_norm_input(g, x, w, mean, var, eps)
    g, x = plain(g), plain(x)
    dx, channels = np.empty_like(x), x.shape[1]
    r = (1 / np.sqrt(var + x.dtype.type(eps))).reshape(-1)
    run(channels_input, threads_for(FLOPS * x.size), channels, dx, np.empty((channels, 3), x.dtype), g, x,
        ones(w, x[0, :, 0]), plain(mean).reshape(-1), r)
    return dx


def batch_norm_weight(g: Array, x: Array, mean: Array, var: Array, eps: float) -> Array:
    """Gradient of batch_norm for w: (C,)."""
    if not alike(x, g, mean) or x.shape[2] < SHORT:
        return reference.batch_norm_weight(g, x, mean, var, eps)
    dw = np.empty(x.shape[1], x.dtype)
    run(channels_weight, threads_for(FLOPS * x.size), len(dw), dw, plain(g), plain(x), plain(mean).reshape(-1),
        (1 / np.sqrt(var + x.dtype.type(eps))).reshape(-1))
    return dw


def alike(x: Array, *others: Array | None) -> bool:
    """True for something in single or double precision, all in the same."""
    return x.dtype.char in "fd" and x.size > 0 and all(a is None or a.dtype == x.dtype for a in others)


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
    s = x[0]
    for k in range(1, len(x)):
        s += x[k]
    return s


@part(fastmath={"reassoc", "contract"})
def squares_of(x: Any, m: Any) -> Any:
    """Sum of (x - m)^2."""
    s = (x[0] - m) * (x[0] - m)
    for k in range(1, len(x)):
        s += (x[k] - m) * (x[k] - m)
    return s


@part(fastmath={"reassoc", "contract"})
def product_of(g: Any, x: Any, m: Any) -> Any:
    """Sum of g * (x - m)."""
    s = g[0] * (x[0] - m)
    for k in range(1, len(x)):
        s += g[k] * (x[k] - m)
    return s


@part(fastmath={"reassoc", "contract"})
def weighted_sum_of(g: Any, w: Any) -> Any:
    s = g[0] * w[0]
    for k in range(1, len(g)):
        s += g[k] * w[k]
    return s


@part(fastmath={"reassoc", "contract"})
def weighted_product_of(g: Any, w: Any, x: Any, m: Any) -> Any:
    """Sum of g * w * (x - m)."""
    s = g[0] * w[0] * (x[0] - m)
    for k in range(1, len(g)):
        s += g[k] * w[k] * (x[k] - m)
    return s


@jit
def rows(y: Any, mean: Any, var: Any, r: Any, x: Any, w: Any, b: Any, eps: float, units: int, threads: int, t: int) -> None:
    for i in range(units * t // threads, units * (t + 1) // threads):
        row = x[i]
        mean[i, 0] = sum_of(row) / len(row)
        m = mean[i, 0]
        var[i, 0] = squares_of(row, m) / len(row)
        r[i, 0] = 1 / sqrt(var[i, 0] + eps)
        scale = r[i, 0]
        for k in range(len(row)):
            y[i, k] = (row[k] - m) * scale * w[k] + b[k]


@jit
def rows_input(dx: Any, means: Any, g: Any, x: Any, w: Any, mean: Any, r: Any, units: int, threads: int, t: int) -> None:
    for i in range(units * t // threads, units * (t + 1) // threads):
        m, scale = mean[i, 0], r[i, 0]
        means[i, 0] = weighted_sum_of(g[i], w) / x.shape[1]
        means[i, 1] = weighted_product_of(g[i], w, x[i], m) / x.shape[1] * scale * scale
        a, c = means[i, 0], means[i, 1]
        for k in range(x.shape[1]):
            dx[i, k] = (g[i, k] * w[k] - a - (x[i, k] - m) * c) * scale


@jit
def rows_weight(dw: Any, g: Any, x: Any, mean: Any, r: Any, units: int, threads: int, t: int) -> None:
    for i in range(units * t // threads, units * (t + 1) // threads):
        m, scale = mean[i, 0], r[i, 0]
        for k in range(x.shape[1]):
            dw[t, k] += g[i, k] * ((x[i, k] - m) * scale)


@jit
def channels_forward(y: Any, stats: Any, scales: Any, x: Any, w: Any, b: Any, eps: float, units: int, threads: int, t: int) -> None:
    for c in range(units * t // threads, units * (t + 1) // threads):
        s = 0.0                                      # of runs in double precision: there may be many
        for n in range(len(x)):
            s += sum_of(x[n, c])
        stats[0, c] = s / (len(x) * x.shape[2])
        m = stats[0, c]
        s = 0.0
        for n in range(len(x)):
            s += squares_of(x[n, c], m)
        stats[1, c] = s / (len(x) * x.shape[2])
        scales[0, c] = w[c] / sqrt(stats[1, c] + eps)
        scale, shift = scales[0, c], b[c]
        for n in range(len(x)):
            for k in range(x.shape[2]):
                y[n, c, k] = (x[n, c, k] - m) * scale + shift


@jit
def channels_input(dx: Any, means: Any, g: Any, x: Any, w: Any, mean: Any, r: Any, units: int, threads: int, t: int) -> None:
    for c in range(units * t // threads, units * (t + 1) // threads):
        m, scale = mean[c], r[c]
        a, p = 0.0, 0.0
        for n in range(len(x)):
            a += sum_of(g[n, c])
            p += product_of(g[n, c], x[n, c], m)
        count = len(x) * x.shape[2]
        means[c, 0], means[c, 1], means[c, 2] = a / count, p / count * scale * scale, scale * w[c]
        a32, p32, scale = means[c, 0], means[c, 1], means[c, 2]
        for n in range(len(x)):
            for k in range(x.shape[2]):
                dx[n, c, k] = (g[n, c, k] - a32 - (x[n, c, k] - m) * p32) * scale


@jit
def channels_weight(dw: Any, g: Any, x: Any, mean: Any, r: Any, units: int, threads: int, t: int) -> None:
    for c in range(units * t // threads, units * (t + 1) // threads):
        p = 0.0
        for n in range(len(x)):
            p += product_of(g[n, c], x[n, c], mean[c])
        dw[c] = p * r[c]
