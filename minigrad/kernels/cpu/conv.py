"""2-d convolution and its two adjoints on the CPU, as one matrix product over shifted views.

The input is copied, tile by tile and zero-padded, into planes (see planes.py). Nothing is unfolded: a table of offsets,
one per (channel, tap), turns convolution into

    out[f, q] = sum over k of w[f, k] * planes[offset[k] + q]

over long runs of pixels q. The adjoint in x is the same product on the gradient's planes with w transposed, one
product per phase of x. The adjoint in w is a dot product over q. All sums run in an order that depends on shapes and
on the number of threads only.
"""
from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from .. import reference
from ..reference import Array, Padding, Pair, Shape, conv_size
from . import products, winograd
from .half import like, numbers, plain, seen, working
from .jit import run
from .microkernels import ROWS
from .planes import TAPS, TILE, Planes, Target, Tiles, bias, correlate, exact_weight, weight
from .threads import threads_for

SCRATCH = 384 * 1024     # bytes of planes per tile to aim at: they should stay in the second-level cache
LEAST = 512              # pixels per tile even where planes outgrow that: short loops cost more than slower loads


# The three kernels ----------------------------------------------------------------------------------------------------

def conv2d(x: Array, w: Array, b: Array | None, stride: Pair, padding: Padding, dilation: Pair, groups: int,
           rectify: bool = False) -> Array:
    """Cross-correlation of (N, C, H, W) with (F, C / groups, KH, KW) -> (N, F, OH, OW); of the result, max(y, 0) if wanted."""
    if x.dtype.kind != "f":
        return reference.conv2d(x, w, b, stride, padding, dilation, groups, rectify)
    size = conv_size(x.shape[2:], w.shape[2:], stride, padding, dilation)
    if winograd.usable(x.dtype, w.shape, stride, padding, dilation, groups, len(x), size):
        found = winograd.correlate(x, w, b, padding, size, groups, rectify)
        if found is not None:
            return like(found, x)
    if _pointwise(x.dtype, w.shape, padding, groups):
        y = products.matmul(w[:, :, 0, 0], np.ascontiguousarray(x[:, :, ::stride[0], ::stride[1]]).reshape(*x.shape[:2], size[0] * size[1]))
        y = y.reshape(len(x), len(w), *size)
        if b is not None:
            y += b.reshape(-1, 1, 1)
        return np.maximum(y, y.dtype.type(0), out=y) if rectify else y
    rows = plain(w).reshape(groups, w.shape[0] // groups, -1)
    xs = seen(x)
    y = np.empty((x.shape[0], w.shape[0], *size), xs.dtype)
    shift = np.zeros(w.shape[0], rows.dtype) if b is None else b.astype(rows.dtype)
    threads = threads_for(2 * y.size * w[0].size)
    source, phases, taps, tiles = _forward_plan(x.shape, w.shape, size, stride, padding, dilation, groups, threads)
    _correlate_tiles(threads, y, xs, rows, shift, taps, phases, source, tiles, Target(0, 0, 1, 1),
                     0.0 if rectify else -np.inf)
    return like(numbers(y), x)


def conv2d_input(g: Array, w: Array, x_shape: Shape, stride: Pair, padding: Padding, dilation: Pair,
                 groups: int) -> Array:
    """The adjoint of conv2d in x: gradient (N, F, OH, OW) -> x_shape. Also the forward pass of conv_transpose2d."""
    if g.dtype.kind != "f":
        return reference.conv2d_input(g, w, x_shape, stride, padding, dilation, groups)
    if winograd.usable(g.dtype, w.shape, stride, padding, dilation, groups, len(g), x_shape[2:]):
        found = winograd.correlate_input(g, w, x_shape, padding, groups)
        if found is not None:
            return like(found, g)
    if _pointwise(g.dtype, w.shape, padding, groups):
        found = products.matmul(w[:, :, 0, 0].T, np.ascontiguousarray(g).reshape(*g.shape[:2], g.shape[2] * g.shape[3]))
        found = found.reshape(x_shape[0], x_shape[1], *g.shape[2:])
        if stride == (1, 1):
            return found
        dx = np.zeros(x_shape, g.dtype)
        dx[:, :, ::stride[0], ::stride[1]] = found
        return dx
    channels = x_shape[1] // groups
    by_group = plain(w).reshape(groups, w.shape[0] // groups, channels, -1)
    gp = seen(g)
    dx = np.zeros(x_shape, gp.dtype)
    shift = np.zeros(x_shape[1], by_group.dtype)
    threads = threads_for(2 * g.size * w[0].size)
    for inside, source, phases, taps, tiles, target in _input_plan(x_shape, g.shape, w.shape, stride, padding,
                                                                   dilation, groups, threads):
        # (G, Fg, Cg, taps) -> (G, Cg, Fg * taps of this phase)
        rows = by_group[..., inside].transpose(0, 2, 1, 3).reshape(groups, channels, -1)
        _correlate_tiles(threads, dx, gp, rows, shift, taps, phases, source, tiles, target)
    return like(numbers(dx), g)


def conv2d_weight(g: Array, x: Array, w_shape: Shape, stride: Pair, padding: Padding, dilation: Pair,
                  groups: int) -> Array:
    """The adjoint of conv2d in w: gradient (N, F, OH, OW) and input (N, C, H, W) -> w_shape."""
    if g.dtype.kind != "f":
        return reference.conv2d_weight(g, x, w_shape, stride, padding, dilation, groups)
    if winograd.usable(g.dtype, w_shape, stride, padding, dilation, groups, len(g), g.shape[2:]):
        found = winograd.correlate_weight(g, x, w_shape, padding, groups)
        if found is not None:
            return like(found, g)
    gp, xp = seen(g), seen(x)
    filters, count = w_shape[0] // groups, w_shape[1] * w_shape[2] * w_shape[3]
    threads = threads_for(2 * g.size * count)
    source, phases, taps, tiles = _forward_plan(x.shape, w_shape, g.shape[2:], stride, padding, dilation, groups,
                                                threads)
    gradient = Planes(filters, g.shape[2], g.shape[3], 1, 1, 0, 0, 0, 0)
    units = tiles.groups * tiles.along_n * tiles.along_y * tiles.along_x
    block = 1 if filters == 1 else ROWS
    blocks = -(-filters // block)
    parts = np.zeros((max(1, min(threads, units)), groups * blocks * count * block + TAPS), working(g[:0]).dtype)   # one sum per thread
    run(weight, len(parts), units, parts, gp, xp, taps, count, phases, gradient, source, tiles)
    total = parts.sum(0) if len(parts) > 1 else parts[0]
    dw: Array = total[:groups * blocks * count * block].reshape(groups, blocks, count, block).swapaxes(2, 3)
    dw = np.ascontiguousarray(dw.reshape(groups, blocks * block, count)[:, :filters]).reshape(w_shape)
    if not np.isfinite(dw).all():                # between two rows g is 0, and 0 * inf is nan
        run(exact_weight, threads, len(dw), dw, plain(g), plain(x), groups, stride, (padding[0][0], padding[1][0]), dilation)
    return like(dw, g)


def conv2d_bias(g: Array) -> Array:
    """The adjoint of conv2d in b: gradient (N, F, OH, OW) -> (F,)."""
    if g.dtype.kind != "f":
        return reference.conv2d_bias(g)
    threads = min(threads_for(8 * g.size), max(1, len(g)))
    parts = np.zeros((threads, g.shape[1]), np.float64)
    run(bias, threads, len(g), parts, plain(g).reshape(*g.shape[:2], g.shape[2] * g.shape[3]))
    return parts.sum(0).astype(g.dtype)


def _correlate_tiles(threads: int, out: Array, x: Array, rows: Array, shift: Array, taps: Array, phases: Array,
                     source: Planes, tiles: Tiles, target: Target, low: float = -np.inf) -> None:
    units = tiles.groups * tiles.parts * tiles.along_n * tiles.along_y * tiles.along_x
    run(correlate, threads, units, out, x, _blocks(rows), shift, taps, rows.shape[2], phases, source, tiles, target, rows.dtype.type(low))


def _pointwise(dtype: np.dtype[Any], w_shape: Shape, padding: Padding, groups: int) -> bool:
    """Whether a convolution is one product of matrices per image: a 1 x 1 kernel, all pixels inside."""
    return w_shape[2:] == (1, 1) and groups == 1 and dtype.char in "fd" and padding == ((0, 0), (0, 0)) and w_shape[0] * w_shape[1] > 0


def _blocks(rows: Array) -> Array:
    """(G, filters, K) -> flat (G, blocks, K, ROWS), with zeros for filters that fill the last block; one filter stays alone."""
    groups, filters, count = rows.shape
    if filters == 1:
        return np.ascontiguousarray(rows).reshape(-1)
    blocks = -(-filters // ROWS)
    wide = np.empty((groups, blocks, count, ROWS), rows.dtype)
    if filters % ROWS:
        rows = np.concatenate([rows, np.zeros((groups, blocks * ROWS - filters, count), rows.dtype)], 1)
    by_block = rows.reshape(groups, blocks, ROWS, count)
    for r in range(ROWS):                            # a third of the time of one copy with its axes exchanged
        wide[..., r] = by_block[:, :, r]
    return wide.reshape(-1)


# Plans: plain numbers that depend on shapes only ----------------------------------------------------------------------

@lru_cache(maxsize=256)
def _forward_plan(x_shape: Shape, w_shape: Shape, out_size: Pair, stride: Pair, padding: Padding, dilation: Pair,
                  groups: int, threads: int) -> tuple[Planes, Array, Array, Tiles]:
    """Planes of x, the phases in use, the offset of each (channel, tap), tiles of the output."""
    (ay, py), (ax, px) = (np.divmod(np.arange(k) * d, s)
                          for k, d, s in zip(w_shape[2:], dilation, stride, strict=True))
    phases, which = np.unique(_pairs(py, px), axis=0, return_inverse=True)
    reach = int(ay[-1]), int(ax[-1])
    source = Planes(w_shape[1], x_shape[2], x_shape[3], *stride, padding[0][0], padding[1][0], *reach)
    shared = (_shared(padding[0][0], x_shape[2], out_size[0] + reach[0], stride[0]),
              _shared(padding[1][0], x_shape[3], out_size[1] + reach[1], stride[1]))
    tiles = _tiles(x_shape[0], groups, w_shape[0] // groups, out_size, reach, shared, source.channels * len(phases),
                   threads)
    shift = _pairs(ay, ax) @ (tiles.line, 1) + which.reshape(-1) * tiles.plane
    return source, phases, _offsets(source.channels, len(phases), shift, tiles), tiles


@lru_cache(maxsize=256)
def _input_plan(x_shape: Shape, g_shape: Shape, w_shape: Shape, stride: Pair, padding: Padding, dilation: Pair,
                groups: int, threads: int) -> list[tuple[Array, Planes, Array, Array, Tiles, Target]]:
    """One product per phase (a, b) of the padded x: which taps meet it, planes of g, offsets, tiles, where it goes.

    Tap ky sees padded row y from output row (y - ky * dilation) / stride, when that divides: with y = a + stride * i
    and ky * dilation = a + stride * e, from row i - e.
    """
    plans = []
    filters = w_shape[0] // groups
    for ty, ys, (top, first_y), rows in _axis_phases(x_shape[2], w_shape[2], stride[0], padding[0], dilation[0]):
        for tx, xs, (left, first_x), columns in _axis_phases(x_shape[3], w_shape[3], stride[1], padding[1],
                                                             dilation[1]):
            reach = int(ys.max() - ys.min()), int(xs.max() - xs.min())
            # Row i of this phase reads row i + first - e of g; plane row 0 is the lowest of them, at i = 0.
            low_y, low_x = first_y - int(ys.max()), first_x - int(xs.max())
            source = Planes(filters, g_shape[2], g_shape[3], 1, 1, -low_y, -low_x, *reach)
            shared = (_shared(-low_y, g_shape[2], rows + reach[0], 1),
                      _shared(-low_x, g_shape[3], columns + reach[1], 1))
            tiles = _tiles(x_shape[0], groups, x_shape[1] // groups, (rows, columns), reach, shared, filters,
                           threads)
            shift = _pairs(first_y - ys - low_y, first_x - xs - low_x) @ (tiles.line, 1)
            inside = _pairs(ty, tx) @ (w_shape[3], 1)
            plans.append((inside, source, np.zeros((1, 2), np.int64), _offsets(filters, 1, shift, tiles), tiles,
                          Target(top, left, *stride)))
    return plans


def _axis_phases(size: int, kernel: int, stride: int, padding: Pair,
                 dilation: int) -> list[tuple[Array, Array, Pair, int]]:
    """Along one axis, for each phase that some tap meets: the taps, their e, (first pixel, its i), count of pixels."""
    found = []
    for phase in range(stride):
        taps = np.flatnonzero(np.arange(kernel) * dilation % stride == phase)
        first = max(0, -(-(padding[0] - phase) // stride))
        start = phase + first * stride - padding[0]
        count = max(0, -(-(size - start) // stride))
        if len(taps) and count:
            found.append((taps, taps * dilation // stride, (start, first), count))
    return found


def _tiles(batch: int, groups: int, filters: int, size: Pair, reach: Pair, shared: Pair, planes: int,
           threads: int) -> Tiles:
    """Cut (batch, *size) into tiles whose pixels, junk between rows included, number at most TILE."""
    height, width = size
    aim = min(TILE if filters == 1 else TILE // 4, max(LEAST, SCRATCH // (4 * max(planes, 1))))
    columns = min(width, aim)
    line = columns + reach[1] - (shared[1] if columns == width else 0)
    line = max(line, columns)
    rows = max(1, min(height, (aim - columns) // line + 1))
    if batch * groups < threads:
        rows = min(rows, max(1, -(-height * batch * groups // threads)))
    image = max(rows + reach[0] - (shared[0] if rows == height else 0), rows) * line
    images = max(1, min((aim + image - (rows - 1) * line - columns) // image, -(-batch * groups // threads), batch))
    if rows < height or columns < width:
        images = 1
    plane = (images - 1) * image + (rows + reach[0] + 1) * line + reach[1] + 16
    plane = (-(-plane // 16) | 1) * 16                                       # an odd number of cache lines: all sets are used
    along = -(-batch // images), -(-height // rows), -(-width // columns)
    units = max(1, groups * along[0] * along[1] * along[2])
    parts = max(1, min(-(-threads // units), -(-filters // ROWS)))
    return Tiles(batch, groups, filters, height, width, images, rows, columns, line, image, plane, *along, parts)


def _offsets(channels: int, phases: int, shift: Array, tiles: Tiles) -> Array:
    """Where each (channel, tap) starts; taps up to a whole block read zeros, which follow the planes."""
    start = np.arange(channels)[:, None] * (phases * tiles.plane) + shift
    offsets = np.full(_up(start.size, TAPS), channels * phases * tiles.plane)
    offsets[:start.size] = start.reshape(-1)
    return offsets


def _shared(before: int, size: int, seen: int, stride: int) -> int:
    """How many padding elements the end of a row (or image) of so many seen pixels and the next one's start share."""
    after = seen - size - before
    return max(0, min(before, after)) if stride == 1 else 0


def _pairs(a: Array, b: Array) -> Array:
    """All pairs (a[i], b[j]), row by row."""
    return np.stack(np.broadcast_arrays(a[:, None], b), -1).reshape(-1, 2)


def _up(n: int, block: int) -> int:
    return -(-n // block) * block
