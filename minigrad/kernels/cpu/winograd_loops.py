"""Compiled loops of Winograd's convolution; what they compute stands in winograd.py.

A tile is 4 x 4 pixels of the padded input, of which the next tile, two pixels on, sees half. In the four phase planes
(even and odd rows, even and odd columns) pixel (i, j) of all tiles of one row is a run without gaps, so a register
holds one pixel of several neighbouring tiles, and the transforms are sums of registers. The 16 points of LANE tiles
make a block: 16 registers that follow each other in memory. Where rows are short, a block holds two half rows.
"""
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import uint64

from .half import number, put
from .jit import jit, part
from .microkernels import (
    POINTS,
    ROWS,
    add_point_tile1,
    add_point_tile2,
    add_point_tile3,
    point_dots1,
    point_dots2,
    point_dots3,
    point_tile1,
    point_tile2,
    point_tile3,
)
from .vectors import LANES, copy_row, fma, greater, load, load_halves, part_row, splat, store, zipped

LANE = LANES["f"]
DEPTH = 128              # channels whose blocks fit the first-level cache, three tiles' worth of each


class Grid(NamedTuple):
    """A 3 x 3 convolution of stride 1, its result cut into 2 x 2 tiles, and these into chunks."""
    batch: int
    groups: int
    channels: int        # per group
    filters: int         # per group
    height: int          # of the input
    width: int
    out_height: int
    out_width: int
    top: int             # padding, 0 to 2
    left: int
    down: int            # tiles that cover the result
    across: int
    images: int          # a chunk: so many images, and rows of tiles of each
    rows: int
    along_n: int         # chunks along each axis
    along_y: int
    per_block: int       # rows of tiles in a block: 1, or 2
    blocks: int          # of a chunk
    pitch: int           # scratch elements between two channels of a chunk


# Transforms: Lavin and Gray 2016, F(2 x 2, 3 x 3) ---------------------------------------------------------------------

@part(forceinline=True)
def _input(a: Any, b: Any, c: Any, d: Any) -> Any:
    return a - c, b + c, c - b, b - d


@part(forceinline=True)
def _output(a: Any, b: Any, c: Any, d: Any) -> Any:
    return a + b + c, b - c - d


@part(forceinline=True)
def _gradient(a: Any, b: Any, zero: Any) -> Any:
    """The adjoint of _output."""
    return a, a + b, a - b, zero - b


# Rows -----------------------------------------------------------------------------------------------------------------

@part(forceinline=True)
def _copy(to: Any, at: int, x: Any, first: int, count: int) -> None:
    """to[at:at + count] = x[first:first + count], touching nothing else; the last register overlaps the one before."""
    if count >= LANE:
        copy_row(to, at, x, first, count)
    else:
        for j in range(count):
            put(to, at + j, number(x, first + j))


@part
def _split(planes: Any, line: Any, x: Any, origin: int, height: int, width: int, y0: int, left: int, rows: int, columns: int,
           span: int) -> None:
    """Rows y0 .. y0 + 2 * rows of one plane of x, zeros around it, into four phase planes `span` apart."""
    zero, none = splat(planes.dtype.type(0)), planes.dtype.type(0)
    registers = (columns + LANE - 1) // LANE
    even, odd = (width + left + 1) // 2, (width + left) // 2                # where the padding on the right starts
    for r in range(2 * rows):
        y, to = y0 + r, (r >> 1) * columns + 2 * (r & 1) * span
        first = origin + y * width - left
        if not 0 <= y < height:
            for j in range(0, columns, LANE):
                store(planes, to + j, zero)
                store(planes, to + span + j, zero)
        elif first >= 0 and first + 2 * registers * LANE <= x.size:
            part_row(planes, to, span, x, first, registers)
            if left > 0:
                planes[uint64(to)] = none
                if left > 1:
                    planes[uint64(to + span)] = none
            store(planes, to + even, zero)                                  # the next row is written after this one
            store(planes, to + span + odd, zero)
        else:                                                               # registers would reach beyond x
            _copy(line, left, x, origin + y * width, width)
            part_row(planes, to, span, line, 0, registers)


@part(forceinline=True)
def _pixels(planes: Any, q: int, columns: int, per_block: int) -> Any:
    """LANE neighbours of one row of tiles, or as many in the halves of two rows."""
    if per_block == 1:
        return load(planes, q)
    return load_halves(planes, q, q + columns)


# Chunks ---------------------------------------------------------------------------------------------------------------

@part
def _chunk(unit: int, p: Grid) -> Any:
    """Unit of work -> group, first image, first row of tiles, how many images and rows."""
    rest, iy = divmod(unit, p.along_y)
    group, i = divmod(rest, p.along_n)
    n0, ty = i * p.images, iy * p.rows
    return group, n0, ty, min(p.images, p.batch - n0), min(p.rows, p.down - ty)


@part
def _transform_input(v: Any, planes: Any, line: Any, x: Any, group: int, n0: int, ty: int, images: int, rows: int, p: Grid) -> None:
    """v[channel, block, point, lane] of one chunk."""
    columns = p.across + 1
    span = (p.rows + p.per_block) * columns + LANE
    for c in range(p.channels):
        to = c * p.pitch
        for n in range(images):
            origin = ((n0 + n) * p.groups * p.channels + group * p.channels + c) * p.height * p.width
            _split(planes, line, x, origin, p.height, p.width, 2 * ty - p.top, p.left, rows + 1, columns, span)
            for r in range(0, rows, p.per_block):
                for j in range(0, p.across, LANE):
                    q = r * columns + j
                    if p.per_block == 1:
                        _input_block(v, to, planes, q, columns, span, 1)
                    else:
                        _input_block(v, to, planes, q, columns, span, 2)
                    to += POINTS * LANE


@part(forceinline=True)
def _input_block(v: Any, to: int, planes: Any, q: int, columns: int, span: int, per_block: int) -> None:
    """Pixel (i, j) of a tile lies in phase plane (i % 2, j % 2), i // 2 rows and j // 2 columns on."""
    below, odd = q + columns, q + 2 * span                                  # even rows, odd rows
    a = _input(_pixels(planes, q, columns, per_block), _pixels(planes, odd, columns, per_block),
               _pixels(planes, below, columns, per_block), _pixels(planes, odd + columns, columns, per_block))
    c = _input(_pixels(planes, q + 1, columns, per_block), _pixels(planes, odd + 1, columns, per_block),
               _pixels(planes, below + 1, columns, per_block), _pixels(planes, odd + columns + 1, columns, per_block))
    q, below, odd = q + span, below + span, odd + span                      # odd columns
    b = _input(_pixels(planes, q, columns, per_block), _pixels(planes, odd, columns, per_block),
               _pixels(planes, below, columns, per_block), _pixels(planes, odd + columns, columns, per_block))
    d = _input(_pixels(planes, q + 1, columns, per_block), _pixels(planes, odd + 1, columns, per_block),
               _pixels(planes, below + 1, columns, per_block), _pixels(planes, odd + columns + 1, columns, per_block))
    for i in range(4):
        _store4(v, to + 4 * i * LANE, _input(a[i], b[i], c[i], d[i]))


@part(forceinline=True)
def _store4(v: Any, at: int, values: Any) -> None:
    store(v, at, values[0])
    store(v, at + LANE, values[1])
    store(v, at + 2 * LANE, values[2])
    store(v, at + 3 * LANE, values[3])


@part(forceinline=True)
def _load4(m: Any, at: int) -> Any:
    return load(m, at), load(m, at + 4 * LANE), load(m, at + 8 * LANE), load(m, at + 12 * LANE)


@part(forceinline=True)
def _many(left: int) -> int:
    """Registers to take at a time: three; four are two and two, as a single one would wait for itself."""
    return 3 if left == 3 or left > 4 else min(left, 2)


@jit
def forward(out: Any, finite: Any, x: Any, u: Any, bias: Any, low: Any, p: Grid, units: int, threads: int, t: int) -> None:
    """Thread t's share of the chunks: transform, multiply at each of the 16 points, transform back."""
    parts = -(-p.filters // ROWS)
    v, m = aligned(p.channels * p.pitch, u), aligned(parts * ROWS * p.pitch, u)
    planes, line = _scratch(p, u)
    wide = 2 * p.across + 2 * LANE
    lines = np.zeros(4 * wide, out.dtype)
    taps = np.arange(p.channels) * p.pitch
    for unit in range(units * t // threads, units * (t + 1) // threads):
        group, n0, ty, images, rows = _chunk(unit, p)
        _transform_input(v, planes, line, x, group, n0, ty, images, rows, p)
        blocks = images * _blocks_of(rows, p)
        for pair in range(0, POINTS, 2):                                     # which share cache lines
            for c in range(0, p.channels, DEPTH):
                _multiply(m, v, u, taps, c, pair, group, blocks, parts, p)
        finite[unit] = _transform_output(out, lines, wide, m, bias, low, group, n0, ty, images, rows, p)


@part
def _multiply(m: Any, v: Any, u: Any, taps: Any, c: int, pair: int, group: int, blocks: int, parts: int, p: Grid) -> None:
    """At two points: m[filter] (+)= sum over c .. c + DEPTH of u[filter, c] * v[c], for all blocks of tiles."""
    count = min(DEPTH, p.channels - c)
    i = 0
    while i < blocks:
        many = _many(blocks - i)
        for point in range(pair, pair + 2):
            seen = (i * POINTS + point) * LANE
            first = ((group * POINTS + point) * parts * p.channels + c) * ROWS
            for piece in range(parts):
                to, weights, start = piece * ROWS * p.pitch + seen, first + piece * p.channels * ROWS, c * p.pitch + seen
                if c == 0:
                    if many == 3:
                        point_tile3(m, to, p.pitch, u, weights, v, start, taps, count)
                    elif many == 2:
                        point_tile2(m, to, p.pitch, u, weights, v, start, taps, count)
                    else:
                        point_tile1(m, to, p.pitch, u, weights, v, start, taps, count)
                elif many == 3:
                    add_point_tile3(m, to, p.pitch, u, weights, v, start, taps, count)
                elif many == 2:
                    add_point_tile2(m, to, p.pitch, u, weights, v, start, taps, count)
                else:
                    add_point_tile1(m, to, p.pitch, u, weights, v, start, taps, count)
        i += many


@part(forceinline=True)
def _blocks_of(rows: int, p: Grid) -> int:
    """Blocks of so many rows of tiles."""
    return (rows + p.per_block - 1) // p.per_block * ((p.across + LANE - 1) // LANE)


@part
def _transform_output(out: Any, lines: Any, wide: int, m: Any, bias: Any, low: Any, group: int, n0: int, ty: int, images: int,
                      rows: int, p: Grid) -> bool:
    """m[filter, block, point, lane] to the pixels of out; whether all of them are finite."""
    zero, least = splat(bias.dtype.type(0)), splat(low)
    check = zero
    last = (p.across - 1) // LANE * LANE
    width, reach = p.out_width, 2 * (last + LANE) // p.per_block
    for f in range(p.filters):
        b = splat(bias[group * p.filters + f])
        block = f * p.pitch
        for n in range(images):
            plane = ((n0 + n) * p.groups * p.filters + group * p.filters + f) * p.out_height
            end = (plane + min(2 * (ty + rows), p.out_height)) * width
            for r in range(0, rows, p.per_block):
                first = (plane + 2 * (ty + r)) * width
                # Where it is sure to be written over afterwards, registers may reach beyond their row.
                direct = first + (2 * p.per_block - 1) * width + reach <= end
                to, at, gap = (out, first, width) if direct else (lines, 0, wide)
                for back in range(0, last + 1, LANE):
                    j = last - back
                    seen = block + j * POINTS
                    a0, a1 = _output(*_load4(m, seen))
                    b0, b1 = _output(*_load4(m, seen + LANE))
                    c0, c1 = _output(*_load4(m, seen + 2 * LANE))
                    d0, d1 = _output(*_load4(m, seen + 3 * LANE))
                    y00, y01 = _output(a0, b0, c0, d0)
                    y10, y11 = _output(a1, b1, c1, d1)
                    y00, y01, y10, y11 = y00 + b, y01 + b, y10 + b, y11 + b
                    check = fma((y00 + y01) + (y10 + y11), zero, check)
                    upper = zipped(greater(y00, least), greater(y01, least))
                    lower = zipped(greater(y10, least), greater(y11, least))
                    if p.per_block == 1:
                        store(to, at + 2 * j, upper[0])
                        store(to, at + 2 * j + LANE, upper[1])
                        store(to, at + gap + 2 * j, lower[0])
                        store(to, at + gap + 2 * j + LANE, lower[1])
                    else:
                        store(to, at, upper[0])
                        store(to, at + gap, lower[0])
                        store(to, at + 2 * gap, upper[1])
                        store(to, at + 3 * gap, lower[1])
                block += (last + LANE) * POINTS
                if not direct:
                    for i in range(2 * p.per_block):
                        if first + i * width < end:
                            _copy(out, first + i * width, lines, i * wide, width)
    lanes = np.zeros(LANE, bias.dtype)
    store(lanes, 0, check)
    return lanes.sum() == 0


@part
def aligned(size: int, like: Any) -> Any:
    """Zeros that start at a cache line."""
    wide = np.zeros(size + 64 // like.itemsize, like.dtype)
    return wide[(-wide.ctypes.data % 64) // like.itemsize:]


@part
def _scratch(p: Grid, like: Any) -> Any:
    """Phase planes of one channel of one image, and one padded row."""
    planes = np.zeros(4 * ((p.rows + p.per_block) * (p.across + 1) + LANE) + 2 * LANE, like.dtype)
    return planes, np.zeros(2 * (p.across + 1) + 2 * LANE + p.width, like.dtype)


@jit
def weight(parts: Any, g: Any, x: Any, p: Grid, units: int, threads: int, t: int) -> None:
    """Thread t's share of the chunks: both transforms, and dot products over the tiles at each of the 16 points."""
    many = -(-p.filters // ROWS)
    v, d = aligned(p.channels * p.pitch, parts), aligned(many * ROWS * p.pitch, parts)
    planes, line = _scratch(p, parts)
    edge = np.zeros(2 * p.across + 2 * LANE, parts.dtype)                    # apart from line: its padding must stay zero
    inside = np.zeros(p.across + LANE, parts.dtype)                          # 1 for each tile of a row, 0 behind
    if p.per_block == 1:
        inside[:p.across] = 1
    else:
        inside[:p.across] = inside[LANE // 2:LANE // 2 + p.across] = 1
    taps = np.arange(p.channels) * p.pitch
    sums = parts[t]
    for unit in range(units * t // threads, units * (t + 1) // threads):
        group, n0, ty, images, rows = _chunk(unit, p)
        _transform_input(v, planes, line, x, group, n0, ty, images, rows, p)
        _transform_gradient(d, planes, edge, inside, g, group, n0, ty, images, rows, p)
        blocks = images * _blocks_of(rows, p)
        for pair in range(0, POINTS, 2):
            for piece in range(many):
                c = 0
                while c < p.channels:
                    terms = _many(p.channels - c)
                    for point in range(pair, pair + 2):
                        seen, first = point * LANE, piece * ROWS * p.pitch + point * LANE
                        to = (((group * POINTS + point) * many + piece) * p.channels + c) * ROWS
                        if terms == 3:
                            point_dots3(sums, to, ROWS, d, first, p.pitch, v, seen, taps, c, blocks)
                        elif terms == 2:
                            point_dots2(sums, to, ROWS, d, first, p.pitch, v, seen, taps, c, blocks)
                        else:
                            point_dots1(sums, to, ROWS, d, first, p.pitch, v, seen, taps, c, blocks)
                    c += terms


@part
def _transform_gradient(d: Any, planes: Any, line: Any, inside: Any, g: Any, group: int, n0: int, ty: int, images: int, rows: int,
                        p: Grid) -> None:
    """d[filter, block, point, lane] of one chunk, zero in lanes behind the last tile of a row."""
    columns = p.across
    span = (p.rows + p.per_block) * columns + LANE
    for f in range(p.filters):
        to = f * p.pitch
        for n in range(images):
            origin = ((n0 + n) * p.groups * p.filters + group * p.filters + f) * p.out_height * p.out_width
            _split(planes, line, g, origin, p.out_height, p.out_width, 2 * ty, 0, rows + p.per_block - 1, columns, span)
            for r in range(0, rows, p.per_block):
                for j in range(0, p.across, LANE):
                    q = r * columns + j
                    if p.per_block == 1:
                        _gradient_block(d, to, planes, q, columns, span, load(inside, j), 1)
                    else:
                        _gradient_block(d, to, planes, q, columns, span, load(inside, j), 2)
                    to += POINTS * LANE


@part(forceinline=True)
def _gradient_block(d: Any, to: int, planes: Any, q: int, columns: int, span: int, inside: Any, per_block: int) -> None:
    zero = splat(planes.dtype.type(0))
    a = _gradient(_pixels(planes, q, columns, per_block) * inside, _pixels(planes, q + 2 * span, columns, per_block) * inside, zero)
    b = _gradient(_pixels(planes, q + span, columns, per_block) * inside, _pixels(planes, q + 3 * span, columns, per_block) * inside,
                  zero)
    for i in range(4):
        _store4(d, to + 4 * i * LANE, _gradient(a[i], b[i], zero))
