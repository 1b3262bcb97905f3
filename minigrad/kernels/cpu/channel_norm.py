"""Normalization of channels, each with a factor and a summand: over groups of them, over the batch, or by given statistics.

x is (N, C, P), or as rows (N * C, P), row r of channel r % C. What is normalized together is a set of rows: those of neighbouring
channels in one sample (group and instance normalization), or of one channel in all samples (batch normalization). Each set is read for
its statistics and again, from the cache, for its values. All that gradients need of a row is two sums: of g, and of g times the
distance from the mean. One visit gives those for x, for the factors and for the summands.
"""
from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from .. import reference
from ..reference import Array
from .column_norm import column_gradients, normalized_columns
from .half import plain
from .jit import jit, part, run
from .norm import FLOPS, SHORT, alike, layer_norm, layer_norm_input, ones, reciprocal, squares_of, sum_of, zeros
from .threads import threads_for

Gradients = tuple[Array, Array, Array]


def group_norm(x: Array, groups: int, w: Array | None, b: Array | None, eps: float) -> tuple[Array, Array, Array]:
    """Groups of channels of (N, C, P) to mean 0 and variance 1, times w (C,) plus b (C,); and means and variances, (N, groups, 1)."""
    if not alike(x, w, b):
        return reference.group_norm(x, groups, w, b, eps)
    if x.shape[2] >= SHORT:
        y, mean, var = normalized(x, w, b, eps, x.shape[0] * groups, False)
    else:
        y, mean, var = layer_norm(x.reshape(x.shape[0] * groups, -1), None, None, eps)
        y = y.reshape(x.shape)
        if w is not None:
            y *= w[:, None]
        if b is not None:
            y += b[:, None]
    return y, mean.reshape(-1, groups, 1), var.reshape(-1, groups, 1)


def group_norm_gradients(g: Array, x: Array, groups: int, w: Array | None, mean: Array, var: Array, eps: float) -> Gradients:
    """Gradients of group_norm for x, w and b."""
    if not alike(x, w, g, mean):
        return reference.group_norm_gradients(g, x, groups, w, mean, var, eps)
    if x.shape[2] >= SHORT:
        return gradients(g, x, w, mean, var, eps, False)
    sets = x.reshape(x.shape[0], groups, -1)
    gw = (g if w is None else g * w[:, None]).reshape(x.shape[0] * groups, -1)
    dx = layer_norm_input(gw, sets.reshape(gw.shape), None, mean.reshape(-1, 1), var.reshape(-1, 1), eps)
    z = (sets - mean) * reciprocal(var, eps)
    return dx.reshape(x.shape), (g * z.reshape(x.shape)).sum((0, 2)), g.sum((0, 2))


def batch_norm(x: Array, w: Array | None, b: Array | None, eps: float) -> tuple[Array, Array, Array]:
    """Channels of (N, C, P) to mean 0 and variance 1, times w (C,) plus b (C,); and means and variances, (1, C, 1)."""
    if not alike(x, w, b) or 1 < x.shape[2] < SHORT:
        return reference.batch_norm(x, w, b, eps)
    if x.shape[2] == 1:
        y, mean, var = normalized_columns(x[:, :, 0], w, b, eps)
    else:
        y, mean, var = normalized(x, w, b, eps, x.shape[1], True)
    return y.reshape(x.shape), mean.reshape(1, -1, 1), var.reshape(1, -1, 1)


def batch_norm_gradients(g: Array, x: Array, w: Array | None, mean: Array, var: Array, eps: float) -> Gradients:
    """Gradients of batch_norm for x, w and b."""
    if not alike(x, w, g, mean) or 1 < x.shape[2] < SHORT:
        return reference.batch_norm_gradients(g, x, w, mean, var, eps)
    if x.shape[2] == 1:
        dx, dw, db = column_gradients(g[:, :, 0], x[:, :, 0], w, mean, var, eps)
        return dx.reshape(x.shape), dw, db
    return gradients(g, x, w, mean, var, eps, True)


def batch_norm_input(g: Array, x: Array, w: Array | None, mean: Array, var: Array, eps: float) -> Array:
    """Gradient of batch_norm for x."""
    return batch_norm_gradients(g, x, w, mean, var, eps)[0]


def batch_norm_weight(g: Array, x: Array, mean: Array, var: Array, eps: float) -> Array:
    """Gradient of batch_norm for w: (C,)."""
    if not alike(x, g, mean) or x.shape[2] < SHORT:
        return reference.batch_norm_weight(g, x, mean, var, eps)
    return gradients(g, x, None, mean, var, eps, True, for_x=False)[1]


def fixed_norm(x: Array, w: Array | None, b: Array | None, mean: Array, var: Array, eps: float) -> Array:
    """Channels of (N, C, P) by given means and variances, (1, C, 1): (x - mean) / sqrt(var + eps) * w + b."""
    if not alike(x, w, b, mean, var) or x.shape[2] < SHORT:
        return reference.fixed_norm(x, w, b, mean, var, eps)
    x, r = plain(x), reciprocal(var, eps).reshape(-1)
    y = np.empty_like(x)
    run(scaled, threads_for(2 * x.size), x.shape[0] * x.shape[1], rows_of(y), rows_of(x), plain(mean).reshape(-1),
        r if w is None else r * w, zeros(b, x[0, :, 0]))
    return y


def fixed_norm_gradients(g: Array, x: Array, w: Array | None, mean: Array, var: Array, eps: float) -> Gradients:
    """Gradients of fixed_norm for x, w and b."""
    if not alike(x, w, g, mean, var) or x.shape[2] < SHORT:
        return reference.fixed_norm_gradients(g, x, w, mean, var, eps)
    return gradients(g, x, w, mean, var, eps, True, fixed=True)


# What they share --------------------------------------------------------------------------------------------------------

def normalized(x: Array, w: Array | None, b: Array | None, eps: float, sets: int, in_turns: bool) -> tuple[Array, Array, Array]:
    """The values, and the mean and the variance of each set of rows."""
    x = plain(x)
    y, mean, var = np.empty_like(x), np.empty(sets, x.dtype), np.empty(sets, x.dtype)
    run(forward, threads_for(FLOPS * x.size), sets, rows_of(y), mean, var, rows_of(x), ones(w, x[0, :, 0]), zeros(b, x[0, :, 0]),
        in_turns, float(eps))
    return y, mean, var


def gradients(g: Array, x: Array, w: Array | None, mean: Array, var: Array, eps: float, in_turns: bool, fixed: bool = False,
              for_x: bool = True) -> Gradients:
    """Gradients for x (empty unless wanted), w and b."""
    g, x = plain(g), plain(x)
    dx, sums = np.empty_like(x) if for_x else np.empty((0, 1), x.dtype), np.empty((*x.shape[:2], 2), x.dtype)
    run(backward, threads_for(FLOPS * x.size), mean.size, rows_of(dx), sums.reshape(-1, 2), rows_of(g), rows_of(x), ones(w, x[0, :, 0]),
        plain(mean).reshape(-1), reciprocal(var, eps).reshape(-1), in_turns, fixed)
    db, dw = sums.sum(0).T
    return dx, dw, db


def rows_of(x: Array) -> Array:
    """(N, C, P) -> (N * C, P)"""
    return x.reshape(-1, x.shape[-1])


# What is compiled ------------------------------------------------------------------------------------------------------
# Rows are put together in double precision: there may be many. For their variance: Chan, Golub and LeVeque, 1979.

@part
def rows_in(i: int, sets: int, rows: int, in_turns: bool) -> Any:
    """The rows of set i: every sets-th one, or so many neighbours."""
    width = rows // sets
    return range(i, rows, sets) if in_turns else range(i * width, (i + 1) * width, 1)


@part(fastmath={"reassoc", "contract"})
def sums_of(g: Any, x: Any, m: Any) -> Any:
    """Sums of g and of g * (x - m)."""
    s, p = g.dtype.type(0), g.dtype.type(0)
    for k in range(len(x)):
        s += g[k]
        p += g[k] * (x[k] - m)
    return s, p


@part
def scale_row(y: Any, x: Any, m: Any, scale: Any, shift: Any) -> None:
    """y = (x - m) * scale + shift"""
    for k in range(len(x)):
        y[k] = (x[k] - m) * scale + shift


@jit
def forward(y: Any, mean: Any, var: Any, x: Any, w: Any, b: Any, in_turns: bool, eps: float, units: int, threads: int, t: int) -> None:
    number, channels, places = x.dtype.type, len(w), x.shape[1]
    for i in range(units * t // threads, units * (t + 1) // threads):
        rows = rows_in(i, units, len(x), in_turns)
        center, squares, done = 0.0, 0.0, 0
        for r in rows:                               # each about its own mean, and these put together
            row_mean = number(sum_of(x[r]) / places)
            d = row_mean - center
            squares += squares_of(x[r], row_mean) + d * d * (places * done / (places + done))
            done += places
            center += d * (places / done)
        m = number(center)
        mean[i], var[i] = m, squares / done
        rate = 1 / sqrt(var[i] + eps)
        for r in rows:
            scale_row(y[r], x[r], m, number(rate * w[r % channels]), b[r % channels])


@jit
def scaled(y: Any, x: Any, mean: Any, scale: Any, shift: Any, units: int, threads: int, t: int) -> None:
    for r in range(units * t // threads, units * (t + 1) // threads):
        c = r % len(mean)
        scale_row(y[r], x[r], mean[c], scale[c], shift[c])


@jit
def backward(dx: Any, sums: Any, g: Any, x: Any, w: Any, mean: Any, rates: Any, in_turns: bool, fixed: bool,
             units: int, threads: int, t: int) -> None:
    number, channels = x.dtype.type, len(w)
    count = len(x) // units * x.shape[1]
    for i in range(units * t // threads, units * (t + 1) // threads):
        rows, m, rate = rows_in(i, units, len(x), in_turns), mean[i], rates[i]
        a, p = 0.0, 0.0
        for r in rows:
            s, q = sums_of(g[r], x[r], m)
            sums[r, 0], sums[r, 1] = s, q * rate
            a += w[r % channels] * s
            p += w[r % channels] * q
        if not len(dx):
            continue
        shift, slope = number(a / count * rate), number(p / count * rate * rate * rate)
        for r in rows:
            scale = w[r % channels] * rate
            to, gr, xr = dx[r], g[r], x[r]
            if fixed:
                for k in range(len(to)):
                    to[k] = gr[k] * scale
            else:
                for k in range(len(to)):
                    to[k] = gr[k] * scale - (xr[k] - m) * slope - shift
