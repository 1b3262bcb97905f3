"""Planes: padded copies of pictures in which every tap of a convolution is a shifted view; and the loops over them.

Where a plane's row has R elements, the pixel under tap (ky, kx) of output pixel q = row * R + column is
`plane[q + ky * dilation * R + kx * dilation]`: each row of the im2col matrix is the same memory, read from another
offset. A stride s splits each channel into s * s phase planes `x[:, py::s, px::s]`, in which every tap is a stride-1
view again. The columns between two rows of the picture are computed too and dropped.

Everything that is compiled for convolution is in this file, the tuples that it reads included: Numba looks at one
file's text to know whether a compiled function is still good.
"""
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import int64, prange, uint64

from .jit import call_address, jit, part

TILE = 1024              # output pixels per tile at most: 4 rows of sums and a few planes fit the first-level cache
LINE = TILE + 32         # distance between two rows of sums; a multiple of 1024 would fall on the same cache lines
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


# Positions in scratch are unsigned: for signed ones Numba asks each time whether they are negative and count from the
# end, and LLVM then gives up vectorising. All planes are one flat array for the same reason.

@part
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


@part
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


@part
def _multiply_one(sums: Any, n: int, planes: Any, a: Any, b: Any, c: Any, d: Any, w: Any) -> None:
    """The same for a single filter."""
    w0, w1, w2, w3 = w[0], w[1], w[2], w[3]
    a, b, c, d = uint64(a), uint64(b), uint64(c), uint64(d)
    for p in range(uint64(n)):
        sums[p] = sums[p] + w0 * planes[a + p] + w1 * planes[b + p] + w2 * planes[c + p] + w3 * planes[d + p]


@part
def _tile_of(unit: int, tiles: Tiles) -> Any:
    """Unit of work -> its place: part of the filters, group, first image, row, column, and how many of these."""
    rest, ix = divmod(unit, tiles.along_x)
    rest, iy = divmod(rest, tiles.along_y)
    rest, i = divmod(rest, tiles.along_n)
    part, group = divmod(rest, tiles.groups)
    n0, y0, x0 = i * tiles.images, iy * tiles.rows, ix * tiles.columns
    images, rows = min(tiles.images, tiles.batch - n0), min(tiles.rows, tiles.height - y0)
    return part, group, n0, y0, x0, images, rows, min(tiles.columns, tiles.width - x0)


@part
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
def correlate(out: Any, x: Any, w: Any, bias: Any, taps: Any, phases: Any, source: Planes, tiles: Tiles,
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
def correlate_parallel(serial: int, out: Any, x: Any, w: Any, bias: Any, taps: Any, phases: Any, source: Planes,
                        tiles: Tiles, target: Target, units: int, threads: int) -> None:
    for t in prange(threads):
        call_address(serial, (out, x, w, bias, taps, phases, source, tiles, target, units, threads, int64(t)))


@part(fastmath={"contract", "reassoc"})
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


@part
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
def weight(parts: Any, g: Any, x: Any, taps: Any, phases: Any, gradient: Planes, source: Planes, tiles: Tiles,
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
def weight_parallel(serial: int, parts: Any, g: Any, x: Any, taps: Any, phases: Any, gradient: Planes, source: Planes,
                     tiles: Tiles, by_row: bool, units: int, threads: int) -> None:
    for t in prange(threads):
        call_address(serial, (parts, g, x, taps, phases, gradient, source, tiles, by_row, units, threads, int64(t)))
