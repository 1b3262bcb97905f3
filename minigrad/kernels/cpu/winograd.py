"""Convolution with 3 x 3 kernels by Winograd's minimal filtering: 16 products for four pixels, not 36.

Two outputs of a 1-d filter with three taps need four products, not six: with transforms B, G and A of small integers
and halves, y = A' [(G w) * (B' x)]. Nested in two dimensions a tile of 2 x 2 outputs takes 16 products of a transformed
4 x 4 tile of the input, and the sum over channels is a matrix product at each of the 16 points:

    out = A' [ sum over c of (G w[f, c] G') * (B' x[c] B) ] A

The adjoint in x is the same with flipped kernels; the one in w is G' [ sum over tiles of (A g A') * (B' x B) ] G.
(Lavin and Gray, Fast algorithms for convolutional neural networks, 2016, F(2 x 2, 3 x 3).)

Differences of pixels turn Inf into NaN, and the adjoint in w spreads it over taps that never met it: a result that is not
finite throughout is computed again without.
"""
from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ..reference import Array, Padding, Pair, Shape
from .half import numbers, plain, seen
from .jit import run
from .microkernels import POINTS, ROWS
from .threads import threads_for
from .winograd_loops import LANE, Grid, forward, weight
from .winograd_weights import adjoint_weights, transform_weights

BYTES = 384 * 1024       # of transformed tiles per chunk to aim at
FEWEST = 64              # tiles per chunk all the same: with fewer, weights are read too often
LONG = 160               # the same for the adjoint in w, whose sums over tiles have an end that costs
MOST = 512
LINE = 16                # numbers per cache line
PIXELS = 512             # of all images' results; for fewer the weights' transform is not worth while
CHANNELS = 4             # of the input; with fewer the transforms cost more than they save


def usable(dtype: np.dtype[Any], w_shape: Shape, stride: Pair, padding: Padding, dilation: Pair, groups: int, batch: int,
           size: Shape) -> bool:
    """Whether a convolution is of this kind, and gains by it; size is that of the result."""
    return (w_shape[2:] == (3, 3) and stride == dilation == (1, 1) and dtype.char in "fe"
            and min(w_shape[0] // groups, w_shape[1]) >= CHANNELS and size[0] >= 4 and 2 * size[1] > LANE
            and batch * size[0] * size[1] >= PIXELS
            and all(0 <= p <= 2 for side in padding for p in side))


def correlate(x: Array, w: Array, b: Array | None, padding: Padding, out_size: Pair, groups: int,
              rectify: bool) -> Array | None:
    """(N, C, H, W), (F, C / groups, 3, 3), (F,) -> (N, F, *out_size); None where that is not finite."""
    channels, filters = x.shape[1] // groups, w.shape[0] // groups
    return _correlate(seen(x), plain(w).reshape(groups, -1), b, (filters, channels * 9, 9), False, padding, out_size, groups,
                      0.0 if rectify else -np.inf)


def correlate_input(g: Array, w: Array, x_shape: Shape, padding: Padding, groups: int) -> Array | None:
    """The adjoint of correlate in x: the same with input and output channels exchanged and kernels flipped."""
    channels = x_shape[1] // groups
    (top, bottom), (left, right) = padding
    padding = (2 - top, 2 - bottom), (2 - left, 2 - right)
    return _correlate(seen(g), plain(w).reshape(groups, -1), None, (channels, 9, channels * 9), True, padding,
                      (x_shape[2], x_shape[3]), groups)


def _correlate(x: Array, w: Array, b: Array | None, strides: tuple[int, int, int], flip: bool, padding: Padding, out_size: Pair,
               groups: int, low: float = -np.inf) -> Array | None:
    """w (groups, numbers): filter f, channel c starts at f * strides[1] + c * strides[2]."""
    filters, per_filter, per_channel = strides
    y = np.empty((x.shape[0], filters * groups, *out_size), x.dtype)
    channels = x.shape[1] // groups
    threads = threads_for(2 * y.size * channels * 4)
    grid = _grid(x.shape, filters, groups, padding, out_size, threads, FEWEST)
    blocks = -(-filters // ROWS)
    u = np.empty(groups * POINTS * blocks * channels * ROWS, w.dtype)
    run(transform_weights, threads_for(64 * u.size), groups * blocks, u, w, filters, channels, per_filter, per_channel, flip)
    units = _units(grid)
    finite = np.empty(units, np.bool_)
    bias = np.zeros(y.shape[1], w.dtype) if b is None else b.astype(w.dtype)
    run(forward, threads, units, y.reshape(-1), finite, x.reshape(-1), u, bias, w.dtype.type(low), grid)
    return numbers(y) if finite.all() else None


def correlate_weight(g: Array, x: Array, w_shape: Shape, padding: Padding, groups: int) -> Array | None:
    """The adjoint of correlate in w -> w_shape; None where that is not finite."""
    g, x = seen(g), seen(x)
    channels, filters = w_shape[1], w_shape[0] // groups
    threads = threads_for(2 * g.size * channels * 4)
    grid = _grid(x.shape, filters, groups, padding, (g.shape[2], g.shape[3]), threads, LONG)
    units = _units(grid)
    parts = np.zeros((max(1, min(threads, units)), groups * POINTS * -(-filters // ROWS) * channels * ROWS), np.float32)
    run(weight, len(parts), units, parts, g.reshape(-1), x.reshape(-1), grid)
    dw = np.empty((w_shape[0], channels, 9), np.float32)
    run(adjoint_weights, threads_for(64 * parts.size), len(dw), dw, parts, filters, channels)
    return dw.reshape(w_shape) if np.isfinite(dw).all() else None


@lru_cache(maxsize=256)
def _grid(x_shape: Shape, filters: int, groups: int, padding: Padding, out_size: Pair, threads: int,
          fewest: int) -> Grid:
    """Chunks of about as many tiles as the caches hold, one for each thread at least where there is enough work."""
    batch, channels = x_shape[0], x_shape[1] // groups
    down, across = -(-out_size[0] // 2), -(-out_size[1] // 2)
    per_block = 2 if 2 * across <= LANE else 1
    aim = min(MOST, max(fewest, BYTES // (POINTS * 4 * (channels + filters))))
    aim = min(aim, max(LANE, -(-batch * groups * down * across // (2 * threads)))) if threads > 1 else aim
    rows = max(1, min(down, aim // across))
    rows = -(-down // -(-down // rows))                                      # evenly
    if rows < down:
        rows += rows % per_block
    images = max(1, min(batch, aim // (rows * across))) if rows == down else 1
    chunks = max(1, -(-batch // images))
    if chunks * groups >= threads:
        chunks = -(-chunks // threads) * threads                             # as many for each thread
    images = max(1, -(-batch // chunks))
    blocks = images * -(-rows // per_block) * -(-across // LANE)
    return Grid(batch, groups, channels, filters, x_shape[2], x_shape[3], *out_size, padding[0][0], padding[1][0], down, across,
                images, rows, -(-batch // images), -(-down // rows), per_block, blocks,
                blocks * POINTS * LANE + LINE)                               # one line off: not all channels in the same sets


def _units(grid: Grid) -> int:
    return grid.groups * grid.along_n * grid.along_y
