"""2-d convolution and its two adjoints on the CPU, as one matrix product over shifted views.

The input is copied, tile by tile and zero-padded, into planes with a fixed row length R. In such a plane the pixel
under tap (ky, kx) of output pixel q = row * R + column is `plane[q + ky * dilation * R + kx * dilation]`: each row of
the im2col matrix is the same memory, read from another offset. So nothing is unfolded; a table of offsets, one per
(channel, tap), turns convolution into

    out[f, q] = sum over k of w[f, k] * planes[offset[k] + q]

over long runs of q. The columns between two rows are computed too and dropped. A stride s splits each channel into
s * s phase planes `x[:, py::s, px::s]`, in which every tap is a stride-1 view again. The adjoint in x is the same
product on the gradient's planes with w transposed, one product per phase of x. The adjoint in w is a dot product
over q. All sums run in an order that depends on shapes and on the number of threads only.
"""
# ruff: noqa: PLR0913, PLR0917
from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numba import int64, prange, uint64

from ..reference import Array, Padding, Pair, Shape, conv_size, working
from .jit import call_address, jit, plain, run
from .threads import threads_for

TILE = 1024              # output pixels per tile at most: 4 rows of sums and a few planes fit the first-level cache
LINE = TILE + 32         # distance between two rows of sums; a multiple of 1024 would fall on the same cache lines
SCRATCH = 384 * 1024     # bytes of planes per tile to aim at: they should stay in the second-level cache
LEAST = 512              # pixels per tile even where planes outgrow that: short loops cost more than slower loads
ROWS, TAPS = 4, 4        # filters and taps per pass over a tile: 16 products per 4 + 4 loads and 4 stores


class Planes(NamedTuple):
    """How one array (N, groups * channels, height, width) is copied into planes."""
    channels: int        # per group
    height: int
    width: int
    stride_y: int        # phase (py, px) of a channel holds every stride-th row and column
    stride_x: int
    top: int             # padding; negative cuts
    left: int
    more_rows: int       # rows and columns that taps reach beyond the tile
    more_columns: int


class Tiles(NamedTuple):
    """How the result, (N, filters, height, width) per group, is cut into tiles, and where a tile's pixels lie."""
    batch: int
    groups: int
    filters: int         # per group
    height: int
    width: int
    images: int          # tile: so many images, rows and columns
    rows: int
    columns: int
    line: int            # scratch elements between two rows (R), images, planes
    image: int
    plane: int
    along_n: int         # number of tiles along each axis
    along_y: int
    along_x: int
    parts: int           # filters are split into so many parts, when there are fewer tiles than threads


class Target(NamedTuple):
    """Where the result goes: row i, column j to out[..., top + i * step_y, left + j * step_x]."""
    top: int
    left: int
    step_y: int
    step_x: int


# The three kernels ----------------------------------------------------------------------------------------------------

def conv2d(x: Array, w: Array, b: Array | None, stride: Pair, padding: Padding, dilation: Pair, groups: int) -> Array:
    """Cross-correlation of (N, C, H, W) with (F, C / groups, KH, KW) -> (N, F, OH, OW)."""
    size = conv_size(x.shape[2:], w.shape[2:], stride, padding, dilation)
    y = np.empty((x.shape[0], w.shape[0], *size), working(x[:0]).dtype)
    per_group = w.shape[0] // groups
    bias = np.zeros(w.shape[0], y.dtype) if b is None else b.astype(y.dtype)
    threads = threads_for(2 * y.size * w[0].size)
    source, phases, taps, tiles = _forward_plan(x.shape, w.shape, size, stride, padding, dilation, groups, threads)
    rows = _padded(plain(w).reshape(groups, per_group, -1), per_group)
    _correlate_tiles(threads, y, plain(x), rows, bias, taps, phases, source, tiles, Target(0, 0, 1, 1))
    return y.astype(x.dtype, copy=False)


def conv2d_input(g: Array, w: Array, x_shape: Shape, stride: Pair, padding: Padding, dilation: Pair,
                 groups: int) -> Array:
    """The adjoint of conv2d in x: gradient (N, F, OH, OW) -> x_shape. Also the forward pass of conv_transpose2d."""
    channels = x_shape[1] // groups
    by_group = plain(w).reshape(groups, w.shape[0] // groups, channels, -1)
    gp, dx = plain(g), np.zeros(x_shape, working(g[:0]).dtype)
    bias = np.zeros(x_shape[1], dx.dtype)
    threads = threads_for(2 * g.size * w[0].size)
    for inside, source, phases, taps, tiles, target in _input_plan(x_shape, g.shape, w.shape, stride, padding,
                                                                   dilation, groups, threads):
        # (G, Fg, Cg, taps) -> (G, Cg, Fg * taps of this phase)
        rows = by_group[..., inside].transpose(0, 2, 1, 3).reshape(groups, channels, -1)
        _correlate_tiles(threads, dx, gp, _padded(rows, channels), bias, taps, phases, source, tiles, target)
    return dx.astype(g.dtype, copy=False)


def conv2d_weight(g: Array, x: Array, w_shape: Shape, stride: Pair, padding: Padding, dilation: Pair,
                  groups: int) -> Array:
    """The adjoint of conv2d in w: gradient (N, F, OH, OW) and input (N, C, H, W) -> w_shape."""
    gp, xp = plain(g), plain(x)
    threads = threads_for(2 * g.size * w_shape[1] * w_shape[2] * w_shape[3])
    source, phases, taps, tiles = _forward_plan(x.shape, w_shape, g.shape[2:], stride, padding, dilation, groups,
                                                threads)
    gradient = Planes(tiles.filters, g.shape[2], g.shape[3], 1, 1, 0, 0, 0, 0)
    units = tiles.groups * tiles.along_n * tiles.along_y * tiles.along_x
    for by_row in (False, True):
        parts = np.zeros((threads, w_shape[0], len(taps)), gp.dtype)               # one sum per thread
        run(_weight, _weight_parallel, threads, units, parts, gp, xp, taps, phases, gradient, source, tiles, by_row)
        dw: Array = parts.sum(0)[:, :w_shape[1] * w_shape[2] * w_shape[3]].reshape(w_shape)
        # Between two rows g is 0, and 0 * inf is nan: only then look at real pixels alone.
        if np.isfinite(dw).all():
            break
    return dw.astype(g.dtype, copy=False)


def _correlate_tiles(threads: int, out: Array, x: Array, rows: Array, bias: Array, taps: Array, phases: Array,
                     source: Planes, tiles: Tiles, target: Target) -> None:
    units = tiles.groups * tiles.parts * tiles.along_n * tiles.along_y * tiles.along_x
    run(_correlate, _correlate_parallel, threads, units, out, x, rows, bias, taps, phases, source, tiles, target)


def _padded(rows: Array, filters: int) -> Array:
    """(G, filters, K) with zero rows and taps up to whole blocks; a single filter (depthwise) has its own loop."""
    groups, _, taps = rows.shape
    wanted = (groups, filters if filters == 1 else _up(filters, ROWS), _up(taps, TAPS))
    if rows.shape == wanted:
        return np.ascontiguousarray(rows)
    wide = np.zeros(wanted, rows.dtype)
    wide[:, :filters, :taps] = rows
    return wide


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
    aim = min(TILE, max(LEAST, SCRATCH // (4 * max(planes, 1))))
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


# Compiled loops -------------------------------------------------------------------------------------------------------

# Positions in scratch are unsigned: for signed ones Numba asks each time whether they are negative and count from the
# end, and LLVM then gives up vectorising. All planes are one flat array for the same reason.

@jit
def _pack(planes: Any, x: Any, phases: Any, source: Planes, tiles: Tiles, n0: int, images: int, group: int, y0: int,
          x0: int, rows: int, columns: int) -> None:
    """Copy what one tile needs of x into its planes, zeros around it."""
    pixels = x.reshape(-1)
    planes[:source.channels * len(phases) * tiles.plane] = 0
    base = 0
    for c in range(group * source.channels, (group + 1) * source.channels):
        for phase in range(len(phases)):
            # Plane row i is row `up + i * stride` of x; the same for columns.
            up = phases[phase, 0] + source.stride_y * y0 - source.top
            across = phases[phase, 1] + source.stride_x * x0 - source.left
            first, low = max(0, -(up // source.stride_y)), max(0, -(across // source.stride_x))
            last = min(rows + source.more_rows, -((up - source.height) // source.stride_y))
            high = min(columns + source.more_columns, -((across - source.width) // source.stride_x))
            count, step = uint64(max(high - low, 0)), uint64(source.stride_x)
            for n in range(images):
                y = ((n0 + n) * x.shape[1] + c) * source.height + up + first * source.stride_y
                origin = uint64(y * source.width + across + low * source.stride_x)
                to = uint64(base + n * tiles.image + first * tiles.line + low)
                for _ in range(first, last):
                    if source.stride_x == 1:
                        for j in range(count):
                            planes[to + j] = pixels[origin + j]
                    else:
                        for j in range(count):
                            planes[to + j] = pixels[origin + j * step]
                    origin += uint64(source.stride_y * source.width)
                    to += uint64(tiles.line)
            base += tiles.plane


@jit
def _multiply(sums: Any, n: int, planes: Any, a: Any, b: Any, c: Any, d: Any, w0: Any, w1: Any, w2: Any,
              w3: Any) -> None:
    """sums[r, :n] += w[r, 0] * planes[a:] + ... + w[r, 3] * planes[d:], for 4 filters at once.

    The rows of `sums` are a constant apart, so that one test tells LLVM that they do not overlap the planes.
    """
    w00, w01, w02, w03 = w0[0], w0[1], w0[2], w0[3]
    w10, w11, w12, w13 = w1[0], w1[1], w1[2], w1[3]
    w20, w21, w22, w23 = w2[0], w2[1], w2[2], w2[3]
    w30, w31, w32, w33 = w3[0], w3[1], w3[2], w3[3]
    a, b, c, d = uint64(a), uint64(b), uint64(c), uint64(d)
    for p in range(uint64(n)):
        x0, x1, x2, x3 = planes[a + p], planes[b + p], planes[c + p], planes[d + p]
        q, r, s = p + uint64(LINE), p + uint64(2 * LINE), p + uint64(3 * LINE)
        # one after the other: four fused steps, where `+=` would be five
        sums[p] = sums[p] + w00 * x0 + w01 * x1 + w02 * x2 + w03 * x3
        sums[q] = sums[q] + w10 * x0 + w11 * x1 + w12 * x2 + w13 * x3
        sums[r] = sums[r] + w20 * x0 + w21 * x1 + w22 * x2 + w23 * x3
        sums[s] = sums[s] + w30 * x0 + w31 * x1 + w32 * x2 + w33 * x3


@jit
def _multiply_one(sums: Any, n: int, planes: Any, a: Any, b: Any, c: Any, d: Any, w: Any) -> None:
    """The same for a single filter."""
    w0, w1, w2, w3 = w[0], w[1], w[2], w[3]
    a, b, c, d = uint64(a), uint64(b), uint64(c), uint64(d)
    for p in range(uint64(n)):
        sums[p] = sums[p] + w0 * planes[a + p] + w1 * planes[b + p] + w2 * planes[c + p] + w3 * planes[d + p]


@jit
def _tile_of(unit: int, tiles: Tiles) -> Any:
    """Unit of work -> its place: part of the filters, group, first image, row, column, and how many of these."""
    rest, ix = divmod(unit, tiles.along_x)
    rest, iy = divmod(rest, tiles.along_y)
    rest, i = divmod(rest, tiles.along_n)
    part, group = divmod(rest, tiles.groups)
    n0, y0, x0 = i * tiles.images, iy * tiles.rows, ix * tiles.columns
    images, rows = min(tiles.images, tiles.batch - n0), min(tiles.rows, tiles.height - y0)
    return part, group, n0, y0, x0, images, rows, min(tiles.columns, tiles.width - x0)


@jit
def _store(out: Any, channel: int, sums: Any, row: int, tiles: Tiles, target: Target, n0: int, y0: int, x0: int,
           images: int, rows: int, columns: int) -> None:
    """Copy one row of sums, without the junk between image rows, to where it belongs."""
    pixels, count, step = out.reshape(-1), uint64(columns), uint64(target.step_x)
    for n in range(images):
        y = ((n0 + n) * out.shape[1] + channel) * out.shape[2] + target.top + y0 * target.step_y
        to = uint64(y * out.shape[3] + target.left + x0 * target.step_x)
        origin = uint64(row * LINE + n * tiles.image)
        for _ in range(rows):
            if target.step_x == 1:
                for j in range(count):
                    pixels[to + j] = sums[origin + j]
            else:
                for j in range(count):
                    pixels[to + j * step] = sums[origin + j]
            to += uint64(target.step_y * out.shape[3])
            origin += uint64(tiles.line)


@jit
def _correlate(out: Any, x: Any, w: Any, bias: Any, taps: Any, phases: Any, source: Planes, tiles: Tiles,
               target: Target, units: int, threads: int, t: int) -> None:
    """Thread t's share of out[f, q] = bias[f] + sum over k of w[f, k] * planes[taps[k] + q]."""
    planes = np.empty(source.channels * len(phases) * tiles.plane + TILE + 16, x.dtype)
    planes[source.channels * len(phases) * tiles.plane:] = 0
    sums = np.empty(ROWS * LINE, x.dtype)
    blocks = -(-tiles.filters // ROWS)
    for unit in range(units * t // threads, units * (t + 1) // threads):
        part, group, n0, y0, x0, images, rows, columns = _tile_of(unit, tiles)
        _pack(planes, x, phases, source, tiles, n0, images, group, y0, x0, rows, columns)
        n = (images - 1) * tiles.image + (rows - 1) * tiles.line + columns
        n = (n + 15) // 16 * 16                                 # junk at the end is cheaper than a scalar loop
        for f in range(part * blocks // tiles.parts * ROWS, (part + 1) * blocks // tiles.parts * ROWS, ROWS):
            many = min(ROWS, tiles.filters - f)
            channel = group * tiles.filters + f
            for r in range(many):
                sums[r * LINE:r * LINE + n] = bias[channel + r]
            for r in range(many, min(ROWS, w.shape[1])):
                sums[r * LINE:r * LINE + n] = 0
            for k in range(0, len(taps), TAPS):
                a, b, c, d = taps[k], taps[k + 1], taps[k + 2], taps[k + 3]
                if w.shape[1] == 1:
                    _multiply_one(sums, n, planes, a, b, c, d, w[group, f, k:k + 4])
                else:
                    _multiply(sums, n, planes, a, b, c, d, w[group, f, k:k + 4], w[group, f + 1, k:k + 4],
                              w[group, f + 2, k:k + 4], w[group, f + 3, k:k + 4])
            for r in range(many):
                _store(out, channel + r, sums, r, tiles, target, n0, y0, x0, images, rows, columns)


@jit(parallel=True)
def _correlate_parallel(serial: int, out: Any, x: Any, w: Any, bias: Any, taps: Any, phases: Any, source: Planes,
                        tiles: Tiles, target: Target, units: int, threads: int) -> None:
    for t in prange(threads):
        call_address(serial, (out, x, w, bias, taps, phases, source, tiles, target, units, threads, int64(t)))


@jit(fastmath={"contract", "reassoc"})
def _dots(g0: Any, g1: Any, planes: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """Dot products of two gradient rows with four shifted views; the order of the sums is LLVM's."""
    s00 = s01 = s02 = s03 = s10 = s11 = s12 = s13 = g0.dtype.type(0)
    a, b, c, d = uint64(a), uint64(b), uint64(c), uint64(d)
    for p in range(uint64(min(g0.size, g1.size))):
        u, v = g0[p], g1[p]
        x0, x1, x2, x3 = planes[a + p], planes[b + p], planes[c + p], planes[d + p]
        s00 += u * x0
        s01 += u * x1
        s02 += u * x2
        s03 += u * x3
        s10 += v * x0
        s11 += v * x1
        s12 += v * x2
        s13 += v * x3
    return s00, s01, s02, s03, s10, s11, s12, s13


@jit
def _add_dots(sums: Any, g0: Any, g1: Any, planes: Any, taps: Any, start: int, n: int) -> None:
    """Add to one or two filters' sums, over all taps, the dot products over pixels start .. start + n."""
    u, v = g0[start:start + n], g1[start:start + n]
    for k in range(0, len(taps), TAPS):
        a, b, c, d = start + taps[k], start + taps[k + 1], start + taps[k + 2], start + taps[k + 3]
        s = _dots(u, v, planes, a, b, c, d)
        for i in range(len(sums)):
            for j in range(TAPS):
                sums[i, k + j] += s[TAPS * i + j]


@jit
def _weight(parts: Any, g: Any, x: Any, taps: Any, phases: Any, gradient: Planes, source: Planes, tiles: Tiles,
            by_row: bool, units: int, threads: int, t: int) -> None:
    """Thread t's share of dw[f, k] += sum over pixels of g[f, q] * planes[taps[k] + q], into parts[t]."""
    planes = np.empty(source.channels * len(phases) * tiles.plane + TILE + 16, x.dtype)
    planes[source.channels * len(phases) * tiles.plane:] = 0
    wide = np.empty(tiles.filters * tiles.plane, x.dtype)            # g in the same layout, zeros between rows
    whole = np.zeros((1, 2), phases.dtype)
    for unit in range(units * t // threads, units * (t + 1) // threads):
        _, group, n0, y0, x0, images, rows, columns = _tile_of(unit, tiles)
        _pack(planes, x, phases, source, tiles, n0, images, group, y0, x0, rows, columns)
        _pack(wide, g, whole, gradient, tiles, n0, images, group, y0, x0, rows, columns)
        n = (images - 1) * tiles.image + (rows - 1) * tiles.line + columns
        n = (n + 15) // 16 * 16
        for f in range(0, tiles.filters, 2):
            sums = parts[t, group * tiles.filters + f:group * tiles.filters + min(f + 2, tiles.filters)]
            g0 = wide[f * tiles.plane:(f + 1) * tiles.plane]
            g1 = g0 if len(sums) == 1 else wide[(f + 1) * tiles.plane:(f + 2) * tiles.plane]
            for i in range(images * rows if by_row else 1):
                start = i // rows * tiles.image + i % rows * tiles.line
                _add_dots(sums, g0, g1, planes, taps, start, columns if by_row else n)


@jit(parallel=True)
def _weight_parallel(serial: int, parts: Any, g: Any, x: Any, taps: Any, phases: Any, gradient: Planes, source: Planes,
                     tiles: Tiles, by_row: bool, units: int, threads: int) -> None:
    for t in prange(threads):
        call_address(serial, (parts, g, x, taps, phases, gradient, source, tiles, by_row, units, threads, int64(t)))
