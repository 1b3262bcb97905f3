"""Batch and layer normalization on a GPU, and sums over rows."""
from __future__ import annotations

from typing import Any

import numpy as np

from .machine import Array, array_module, by_value, compact, launch

ROWS = np.dtype([(name, np.int64) for name in ("count", "outer", "inner", "stride", "offset", "parts")])
BUSY = 512                            # blocks that keep a device at work
LONG_ROW = 4096                       # elements of a row from which on several blocks share it
WIDE = {"e": "f", "f": "f", "d": "d"}                # what sums are kept in


def layer_norm(x: Array, w: Array | None, b: Array | None, eps: float) -> tuple[Array, Array, Array]:
    """Rows (R, K) to mean 0 and variance 1, times w (K,) plus b (K,); and the means and variances, (R, 1)."""
    return normalized(x, w, b, eps, side_by_side(x), 0, (len(x), 1))


def layer_norm_input(g: Array, x: Array, w: Array | None, mean: Array, var: Array, eps: float) -> Array:
    """Gradient of layer_norm for x."""
    rows = side_by_side(x)
    return normalized_input(g, x, w, mean, var, eps, rows, 0, sums(g, x, w, mean, rows, 0))


def layer_norm_weight(g: Array, x: Array, mean: Array, var: Array, eps: float) -> Array:
    """Gradient of layer_norm for w: (K,)."""
    g, x, xp = compact(g), compact(x), array_module()
    count, width = x.shape
    stripes = -(-width // 32)
    parts = max(min(BUSY // max(stripes, 1), count // 32), 1)
    found = xp.empty((parts, width), WIDE[x.dtype.char])
    out = xp.empty(width, x.dtype)
    launch("norm", "columns_sums", x, x.size, found, g, x, compact(mean), compact(var), eps, count, width, parts, blocks=stripes * parts)
    launch("norm", "add_parts", x, width, out, found, parts, width)
    return out


def batch_norm(x: Array, w: Array | None, b: Array | None, eps: float) -> tuple[Array, Array, Array]:
    """Channels of (N, C, P) to mean 0 and variance 1, times w (C,) plus b (C,); and means and variances, (1, C, 1)."""
    return normalized(x, w, b, eps, in_turns(x), 1, (1, x.shape[1], 1))


def batch_norm_input(g: Array, x: Array, w: Array | None, mean: Array, var: Array, eps: float) -> Array:
    """Gradient of batch_norm for x."""
    rows = in_turns(x)
    return normalized_input(g, x, w, mean, var, eps, rows, 1, sums(g, x, w, mean, rows, 1))


def batch_norm_weight(g: Array, x: Array, mean: Array, var: Array, eps: float) -> Array:
    """Gradient of batch_norm for w: (C,)."""
    out = array_module().empty(x.shape[1], x.dtype)
    launch("norm", "scale_gradient", x, x.shape[1], out, sums(g, x, None, mean, in_turns(x), 1), compact(var), eps, x.shape[1])
    return out


def row_sums(x: Array) -> Array:
    """Sums over the first and the last axis: (N, C, P) -> (C,)."""
    xp, rows = array_module(), in_turns(x)
    count, parts = int(rows["count"][0]), int(rows["parts"][0])
    found, out = xp.empty((parts, count), WIDE.get(x.dtype.char, x.dtype.char)), xp.empty(count, x.dtype)
    launch("norm", "row_sums", x, x.size, found, x, rows, blocks=count * parts)
    launch("norm", "add_parts", x, count, out, found, parts, count)
    return out


# What they share --------------------------------------------------------------------------------------------------------

def side_by_side(x: Array) -> Any:
    """The rows of (R, K)."""
    count, width = x.shape
    return rows_of(count, 1, width, 0, width)


def in_turns(x: Array) -> Any:
    """The channels of (N, C, P)."""
    n, channels, places = x.shape
    return rows_of(channels, n, places, channels * places, places)


def rows_of(count: int, outer: int, inner: int, stride: int, offset: int) -> Any:
    """The struct `Rows` of norm.cu."""
    parts = max(min(BUSY // max(count, 1), outer * inner // LONG_ROW), 1)
    return by_value(ROWS, count, outer, inner, stride, offset, parts)


def normalized(x: Array, w: Array | None, b: Array | None, eps: float, rows: Any, by_row: int,
               shape: tuple[int, ...]) -> tuple[Array, Array, Array]:
    """(x - mean) / sqrt(var + eps) * w + b, the mean and the variance of each row."""
    x, xp = compact(x), array_module()
    count, parts = int(rows["count"][0]), int(rows["parts"][0])
    y, mean, var = xp.empty(x.shape, x.dtype), xp.empty(shape, x.dtype), xp.empty(shape, x.dtype)
    found = xp.empty((count, parts, 2), WIDE[x.dtype.char])
    launch("norm", "moments", x, x.size, found, x, rows, blocks=count * parts)
    launch("norm", "whole_moments", x, count, mean, var, found, rows)
    launch("norm", "normalize", x, x.size, y, x, mean, var, compact(w), compact(b), eps, rows, by_row)
    return y, mean, var


def normalized_input(g: Array, x: Array, w: Array | None, mean: Array, var: Array, eps: float, rows: Any, by_row: int,
                     found: Array) -> Array:
    """Gradient of (x - mean) / sqrt(var + eps) * w for x."""
    out = array_module().empty(x.shape, x.dtype)
    launch("norm", "normalize_input", x, x.size, out, compact(g), compact(x), compact(mean), compact(var), compact(w), found, eps, rows,
           by_row)
    return out


def sums(g: Array, x: Array, w: Array | None, mean: Array, rows: Any, by_row: int) -> Array:
    """Of each row, the sums of g * w and of g * w * (x - mean): (rows, 2)."""
    xp = array_module()
    count, parts = int(rows["count"][0]), int(rows["parts"][0])
    kind = WIDE[x.dtype.char]
    found, out = xp.empty((count, parts, 2), kind), xp.empty((count, 2), kind)
    launch("norm", "gradient_sums", x, x.size, found, compact(g), compact(x), compact(mean), compact(w), rows, by_row,
           blocks=count * parts)
    launch("norm", "whole_sums", x, 2 * count, out, found, rows)
    return out
