"""Planes: padded copies of pictures in which every tap of a convolution is a shifted view; and the loops over them.

Where a plane's row has R elements, the pixel under tap (ky, kx) of output pixel q = row * R + column is
`plane[q + ky * dilation * R + kx * dilation]`: each row of the im2col matrix is the same memory, read from another
offset. A stride s splits each channel into s * s phase planes `x[:, py::s, px::s]`, in which every tap is a stride-1
view again. The columns between two rows of the picture are computed too and dropped.

The sums are made by the micro-kernels of microkernels.py.
"""
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import uint64

from .half import number, put
from .jit import jit, part
from .microkernels import ROWS, dots1, dots2, dots3, one_dots4, one_tile1, one_tile8, tile1, tile2, tile3
from .vectors import LANES, copy_row, raise_row, splat, store

TILE = 4096              # output pixels per tile at most, of a single filter; of more a quarter, so that the sums stay in a near cache
TAPS = 4                 # taps of a single filter that are summed at a time
LANE = max(LANES.values())


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
    pixels, zero = x.reshape(-1), splat(planes.dtype.type(0))
    lanes = LANE * 4 // planes.itemsize
    base = 0
    for c in range(group * source.channels, (group + 1) * source.channels):
        for phase in range(len(phases)):
            # Plane row i is row `up + i * stride` of x; the same for columns.
            up = phases[phase, 0] + source.stride_y * y0 - source.top
            across = phases[phase, 1] + source.stride_x * x0 - source.left
            first, low = max(0, -(up // source.stride_y)), max(0, -(across // source.stride_x))
            last = min(rows + source.more_rows, -((up - source.height) // source.stride_y))
            high = min(columns + source.more_columns, -((across - source.width) // source.stride_x))
            count, step = max(high - low, 0), uint64(source.stride_x)
            for n in range(images):
                y = ((n0 + n) * x.shape[1] + c) * source.height + up
                for r in range(rows + source.more_rows):
                    at = base + n * tiles.image + r * tiles.line
                    inside = first <= r < last and count > 0
                    # Registers of zeros may reach beyond their place: what is there is written afterwards.
                    for j in range(0, low if inside else tiles.line, lanes):
                        store(planes, at + j, zero)
                    if not inside:
                        continue
                    for j in range(high, tiles.line, lanes):
                        store(planes, at + j, zero)
                    origin, to = uint64((y + r * source.stride_y) * source.width + across + low * source.stride_x), uint64(at + low)
                    if source.stride_x == 1 and count >= lanes:
                        copy_row(planes, at + low, pixels, origin, count)
                    elif source.stride_x == 2:
                        for j in range(uint64(count)):                     # LLVM takes whole registers apart
                            put(planes, to + j, number(pixels, origin + 2 * j))
                    else:
                        for j in range(uint64(count)):
                            put(planes, to + j, number(pixels, origin + j * step))
            # The padding on the right of the last row, where rows share it.
            end = base + (images - 1) * tiles.image + (rows + source.more_rows) * tiles.line
            for j in range(0, source.more_columns + 1, lanes):
                store(planes, end + j, zero)
            base += tiles.plane


@part
def _multiply(sums: Any, pitch: int, registers: int, lanes: int, planes: Any, taps: Any, count: int, w: Any, first: int,
              blocks: int) -> None:
    """sums[f, q] = sum over k of w[f, k] * planes[taps[k] + q], for blocks of ROWS filters.

    The few pixels of the inner loop stay in the first-level cache, and weights pass by in order.
    """
    i = 0
    while i < registers:
        left, q = registers - i, i * lanes
        many = 3 if left == 3 or left > 4 else min(left, 2)     # four are two and two: a single register waits for itself
        for b in range(blocks):
            to, weights = b * ROWS * pitch + q, first + b * ROWS * count
            if many == 3:
                tile3(sums, to, pitch, w, weights, planes, q, taps, count)
            elif many == 2:
                tile2(sums, to, pitch, w, weights, planes, q, taps, count)
            else:
                tile1(sums, to, pitch, w, weights, planes, q, taps, count)
        i += many


@part
def _multiply_one(sums: Any, registers: int, lanes: int, planes: Any, taps: Any, count: int, w: Any, first: int) -> None:
    """The same for a single filter."""
    whole = registers // 8 * 8
    for i in range(0, whole, 8):
        one_tile8(sums, i * lanes, 0, w, first, planes, i * lanes, taps, count)
    for i in range(whole, registers):
        one_tile1(sums, i * lanes, 0, w, first, planes, i * lanes, taps, count)


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
def _store(out: Any, channel: int, sums: Any, row: int, bias: Any, low: Any, tiles: Tiles, target: Target, n0: int, y0: int,
           x0: int, images: int, rows: int, columns: int) -> None:
    """Copy one row of sums plus bias, at least low, without the junk between image rows, to where it belongs."""
    pixels, count, step = out.reshape(-1), uint64(columns), uint64(target.step_x)
    lanes = LANE * 4 // sums.itemsize
    for n in range(images):
        row_of = ((n0 + n) * out.shape[1] + channel) * out.shape[2] + target.top + y0 * target.step_y
        to = uint64(row_of * out.shape[3] + target.left + x0 * target.step_x)
        origin = uint64(row + n * tiles.image)
        for _ in range(rows):
            if target.step_x == 1 and columns >= lanes:
                raise_row(pixels, to, sums, origin, columns, bias, low)
            else:
                for j in range(count):
                    y = sums[origin + j] + bias
                    put(pixels, to + j * step, low if y < low else y)
            to += uint64(target.step_y * out.shape[3])
            origin += uint64(tiles.line)


@part
def _pixels(images: int, rows: int, columns: int, tiles: Tiles) -> int:
    """From a tile's first pixel to its last, junk included."""
    return (images - 1) * tiles.image + (rows - 1) * tiles.line + columns


@jit
def correlate(out: Any, x: Any, w: Any, bias: Any, taps: Any, count: int, phases: Any, source: Planes, tiles: Tiles,
              target: Target, low: Any, units: int, threads: int, t: int) -> None:
    """Thread t's share of out[f, q] = bias[f] + sum over k < count of w[f, k] * planes[taps[k] + q], at least low.

    w is flat: (groups, blocks of filters, taps, filters of a block), a block being ROWS filters or, alone, one.
    """
    planes = np.empty(source.channels * len(phases) * tiles.plane + TILE + 16, w.dtype)
    planes[source.channels * len(phases) * tiles.plane:] = 0
    block = 1 if tiles.filters == 1 else ROWS
    blocks = -(-tiles.filters // block)
    lanes = LANE * 4 // w.itemsize
    pitch = (_pixels(tiles.images, tiles.rows, tiles.columns, tiles) // 16 + 1 | 1) * 16
    sums = np.empty(-(-blocks // tiles.parts) * block * pitch, w.dtype)
    for unit in range(units * t // threads, units * (t + 1) // threads):
        part, group, n0, y0, x0, images, rows, columns = _tile_of(unit, tiles)
        _pack(planes, x, phases, source, tiles, n0, images, group, y0, x0, rows, columns)
        registers = (_pixels(images, rows, columns, tiles) + lanes - 1) // lanes
        start, stop = part * blocks // tiles.parts, (part + 1) * blocks // tiles.parts
        first = (group * blocks + start) * count * block
        if block == 1:
            _multiply_one(sums, registers, lanes, planes, taps, count, w, first)
        else:
            _multiply(sums, pitch, registers, lanes, planes, taps, count, w, first, stop - start)
        for r in range(min(stop * block, tiles.filters) - start * block):
            channel = group * tiles.filters + start * block + r
            _store(out, channel, sums, r * pitch, bias[channel], low, tiles, target, n0, y0, x0, images, rows, columns)


@jit
def weight(parts: Any, g: Any, x: Any, taps: Any, count: int, phases: Any, gradient: Planes, source: Planes, tiles: Tiles,
           units: int, threads: int, t: int) -> None:
    """Thread t's share of dw[f, k] += sum over pixels of g[f, q] * planes[taps[k] + q], into parts[t] in the layout of w."""
    planes = np.zeros(source.channels * len(phases) * tiles.plane + TILE + 16, parts.dtype)
    block = 1 if tiles.filters == 1 else ROWS
    blocks = -(-tiles.filters // block)
    wide = np.zeros(blocks * block * tiles.plane, parts.dtype)       # g in the same layout, zeros between rows
    whole = np.zeros((1, 2), phases.dtype)
    lanes, sums = LANE * 4 // parts.itemsize, parts[t]
    for unit in range(units * t // threads, units * (t + 1) // threads):
        _, group, n0, y0, x0, images, rows, columns = _tile_of(unit, tiles)
        _pack(planes, x, phases, source, tiles, n0, images, group, y0, x0, rows, columns)
        _pack(wide, g, whole, gradient, tiles, n0, images, group, y0, x0, rows, columns)
        pixels = _pixels(images, rows, columns, tiles)
        for f in range(tiles.filters):               # the last register's end may hold what was there before
            store(wide, f * tiles.plane + pixels, splat(parts.dtype.type(0)))
        registers = (pixels + lanes - 1) // lanes
        for b in range(blocks):
            first, to = b * block * tiles.plane, (group * blocks + b) * count * block
            k = 0
            while k < count:
                if block == 1:
                    one_dots4(sums, to + k, 0, wide, first, tiles.plane, planes, 0, taps, k, registers)
                    k += 4
                elif count - k == 3 or count - k > 4:
                    dots3(sums, to + k * block, block, wide, first, tiles.plane, planes, 0, taps, k, registers)
                    k += 3
                elif count - k > 1:
                    dots2(sums, to + k * block, block, wide, first, tiles.plane, planes, 0, taps, k, registers)
                    k += 2
                else:
                    dots1(sums, to + k * block, block, wide, first, tiles.plane, planes, 0, taps, k, registers)
                    k += 1


@jit(fastmath={"contract", "reassoc"})
def bias(parts: Any, g: Any, units: int, threads: int, t: int) -> None:
    """Thread t's share of the images: parts[t, f] += sum of g[n, f]; parts are float64, so that many images add up well."""
    for n in range(units * t // threads, units * (t + 1) // threads):
        for f in range(g.shape[1]):
            row, total = g[n, f], g.dtype.type(0)
            for i in range(len(row)):
                total += row[i]
            parts[t, f] += total


@jit
def exact_weight(dw: Any, g: Any, x: Any, groups: int, stride: Any, padding: Any, dilation: Any, units: int, threads: int,
                 t: int) -> None:
    """Thread t's share of the filters, pixel by pixel: where 0 * inf between two rows would give NaN."""
    for f in range(units * t // threads, units * (t + 1) // threads):
        group = f // (len(dw) // groups)
        for c in range(dw.shape[1]):
            for ky in range(dw.shape[2]):
                for kx in range(dw.shape[3]):
                    total = dw.dtype.type(0)
                    for n in range(len(x)):
                        for i in range(g.shape[2]):
                            y = i * stride[0] + ky * dilation[0] - padding[0]
                            if not 0 <= y < x.shape[2]:
                                continue
                            for j in range(g.shape[3]):
                                z = j * stride[1] + kx * dilation[1] - padding[1]
                                if 0 <= z < x.shape[3]:
                                    total += g[n, f, i, j] * x[n, group * dw.shape[1] + c, y, z]
                    dw[f, c, ky, kx] = total
