"""Compiled loops of Winograd's convolution; what they compute stands in winograd.py.

A tile is 4 x 4 pixels of the padded input, of which the next tile, two pixels on, sees half. In the four phase planes
(even and odd rows, even and odd columns) pixel (i, j) of all tiles of one row is a run without gaps, so a register
holds one pixel of several neighbouring tiles, and the transforms are sums of registers.
"""
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .jit import jit, part
from .vectors import LANES, ROWS, dots1, dots2, dots3, fma, greater, halves, load, splat, store, tile1, tile2, tile3, zipped

LANE = LANES["f"]
POINTS = 16              # products per tile, where nine taps times four pixels are 36


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
    pitch: int           # distance between rows of a chunk's tiles (all of them and a register more)
    seen: int            # distance between two points of the transformed input, of the products
    made: int


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


@part
def _kernel(a: Any, b: Any, c: Any) -> Any:
    half = np.float32(0.5)
    return a, half * (a + b + c), half * (a - b + c), c


@part
def _kernel_gradient(a: Any, b: Any, c: Any, d: Any) -> Any:
    """The adjoint of _kernel."""
    half = np.float32(0.5)
    return a + half * (b + c), half * (b - c), half * (b + c) + d


# Weights --------------------------------------------------------------------------------------------------------------

@jit
def transform_weights(u: Any, w: Any, filters: int, channels: int, per_filter: int, per_channel: int, flip: bool, units: int,
                      threads: int, t: int) -> None:
    """w (3 x 3 each) -> u[group, point, block of ROWS filters, channel, filter of the block]."""
    blocks = -(-filters // ROWS)
    for unit in range(units * t // threads, units * (t + 1) // threads):
        group, block = divmod(unit, blocks)
        for c in range(channels):
            for r in range(ROWS):
                f = block * ROWS + r
                to = (group * POINTS * blocks + block) * channels * ROWS + c * ROWS + r
                if f >= filters:
                    for point in range(POINTS):
                        u[to + point * blocks * channels * ROWS] = 0
                    continue
                k = w[group, f * per_filter + c * per_channel:f * per_filter + c * per_channel + 9]
                if flip:
                    k = k[::-1]
                a0, a1, a2, a3 = _kernel(k[0], k[3], k[6])
                b0, b1, b2, b3 = _kernel(k[1], k[4], k[7])
                c0, c1, c2, c3 = _kernel(k[2], k[5], k[8])
                point = 0
                for x, y, z in ((a0, b0, c0), (a1, b1, c1), (a2, b2, c2), (a3, b3, c3)):
                    for value in _kernel(x, y, z):
                        u[to + point * blocks * channels * ROWS] = value
                        point += 1


@jit
def adjoint_weights(dw: Any, parts: Any, filters: int, channels: int, units: int, threads: int, t: int) -> None:
    """The adjoint of transform_weights: parts (as u, one per thread, to be summed) -> dw (groups * filters, channels, 9)."""
    blocks = -(-filters // ROWS)
    for unit in range(units * t // threads, units * (t + 1) // threads):
        group, f = divmod(unit, filters)
        block, r = divmod(f, ROWS)
        m = np.empty(POINTS, dw.dtype)
        for c in range(channels):
            for point in range(POINTS):
                at = ((group * POINTS + point) * blocks + block) * channels * ROWS + c * ROWS + r
                total = parts[0, at]
                for other in range(1, len(parts)):
                    total += parts[other, at]
                m[point] = total
            a0, a1, a2 = _kernel_gradient(m[0], m[4], m[8], m[12])
            b0, b1, b2 = _kernel_gradient(m[1], m[5], m[9], m[13])
            c0, c1, c2 = _kernel_gradient(m[2], m[6], m[10], m[14])
            d0, d1, d2 = _kernel_gradient(m[3], m[7], m[11], m[15])
            k = dw[unit, c]
            k[0], k[1], k[2] = _kernel_gradient(a0, b0, c0, d0)
            k[3], k[4], k[5] = _kernel_gradient(a1, b1, c1, d1)
            k[6], k[7], k[8] = _kernel_gradient(a2, b2, c2, d2)


# Rows -----------------------------------------------------------------------------------------------------------------

@part(forceinline=True)
def _copy(to: Any, at: int, x: Any, first: int, count: int) -> None:
    """to[at:at + count] = x[first:first + count], touching nothing else; the last register overlaps the one before."""
    if count >= LANE:
        for j in range(0, count - LANE, LANE):
            store(to, at + j, load(x, first + j))
        store(to, at + count - LANE, load(x, first + count - LANE))
    else:
        for j in range(count):
            to[at + j] = x[first + j]


@part(forceinline=True)
def _phases(planes: Any, at: int, span: int, x: Any, first: int, count: int) -> None:
    """The even ones of 2 * count numbers to planes[at], the odd ones to planes[at + span]."""
    for j in range(0, count, LANE):
        even, odd = halves(load(x, first + 2 * j), load(x, first + 2 * j + LANE))
        store(planes, at + j, even)
        store(planes, at + span + j, odd)


@part(forceinline=True)
def _clear(planes: Any, at: int, start: int, stop: int) -> None:
    for j in range(start, stop):
        planes[at + j] = 0


@part
def _split(planes: Any, line: Any, x: Any, origin: int, height: int, width: int, y0: int, left: int, rows: int, columns: int,
           span: int) -> None:
    """Rows y0 .. y0 + 2 * rows of one plane of x, zeros around it, into four phase planes `span` apart."""
    zero = splat(x.dtype.type(0))
    reach = (columns + LANE - 1) // LANE * LANE * 2
    before = (left + 1) // 2, left // 2                                     # columns of padding, even and odd ones
    after = (width + left + 1) // 2, (width + left) // 2                    # where the right padding starts
    for r in range(2 * rows):
        y, to = y0 + r, (r >> 1) * columns + 2 * (r & 1) * span
        if not 0 <= y < height:
            for j in range(0, columns, LANE):
                store(planes, to + j, zero)
                store(planes, to + span + j, zero)
            continue
        first = origin + y * width
        if first >= left and first - left + reach <= x.size:
            _phases(planes, to, span, x, first - left, columns)
            _clear(planes, to, 0, before[0])
            _clear(planes, to + span, 0, before[1])
            _clear(planes, to, after[0], columns)
            _clear(planes, to + span, after[1], columns)
        else:                                                               # registers would reach beyond x
            _copy(line, left, x, first, width)
            _phases(planes, to, span, line, 0, columns)


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
    """v[point, channel, tile] of one chunk."""
    columns = p.across + 1
    span = (rows + 1) * columns + LANE
    for c in range(p.channels):
        for n in range(images):
            origin = ((n0 + n) * p.groups * p.channels + group * p.channels + c) * p.height * p.width
            _split(planes, line, x, origin, p.height, p.width, 2 * ty - p.top, p.left, rows + 1, columns, span)
            for r in range(rows):
                for j in range(0, p.across, LANE):
                    q = r * columns + j
                    e, o = q, q + 2 * span                                   # even rows, odd rows
                    s = q + span, q + 3 * span
                    a0, a1, a2, a3 = _input(load(planes, e), load(planes, o), load(planes, e + columns), load(planes, o + columns))
                    b0, b1, b2, b3 = _input(load(planes, s[0]), load(planes, s[1]), load(planes, s[0] + columns),
                                            load(planes, s[1] + columns))
                    c0, c1, c2, c3 = _input(load(planes, e + 1), load(planes, o + 1), load(planes, e + columns + 1),
                                            load(planes, o + columns + 1))
                    d0, d1, d2, d3 = _input(load(planes, s[0] + 1), load(planes, s[1] + 1), load(planes, s[0] + columns + 1),
                                            load(planes, s[1] + columns + 1))
                    at = c * p.pitch + (n * rows + r) * p.across + j
                    step = p.seen
                    _store4(v, at, step, _input(a0, b0, c0, d0))
                    _store4(v, at + 4 * step, step, _input(a1, b1, c1, d1))
                    _store4(v, at + 8 * step, step, _input(a2, b2, c2, d2))
                    _store4(v, at + 12 * step, step, _input(a3, b3, c3, d3))


@part(forceinline=True)
def _store4(v: Any, at: int, step: int, values: Any) -> None:
    store(v, at, values[0])
    store(v, at + step, values[1])
    store(v, at + 2 * step, values[2])
    store(v, at + 3 * step, values[3])


@part(forceinline=True)
def _store2(to: Any, at: int, values: Any) -> None:
    store(to, at, values[0])
    store(to, at + LANE, values[1])


@part(forceinline=True)
def _load4(m: Any, at: int, step: int) -> Any:
    return load(m, at), load(m, at + step), load(m, at + 2 * step), load(m, at + 3 * step)


@jit
def forward(out: Any, finite: Any, x: Any, u: Any, bias: Any, low: Any, p: Grid, units: int, threads: int, t: int) -> None:
    """Thread t's share of the chunks: transform, multiply at each of the 16 points, transform back."""
    blocks = -(-p.filters // ROWS)
    v, m = aligned(POINTS * p.seen, x), aligned(POINTS * p.made, x)
    planes, line = _scratch(p, x)
    wide = 2 * p.across + 2 * LANE
    lines = np.zeros(2 * wide, x.dtype)
    taps = np.arange(p.channels) * p.pitch
    for unit in range(units * t // threads, units * (t + 1) // threads):
        group, n0, ty, images, rows = _chunk(unit, p)
        _transform_input(v, planes, line, x, group, n0, ty, images, rows, p)
        registers = (images * rows * p.across + LANE - 1) // LANE
        for point in range(POINTS):
            w = (group * POINTS + point) * blocks * p.channels * ROWS
            i = 0
            while i < registers:
                left = registers - i
                many = 3 if left == 3 or left > 4 else min(left, 2)
                seen = point * p.seen + i * LANE
                for block in range(blocks):
                    to, first = point * p.made + block * ROWS * p.pitch + i * LANE, w + block * p.channels * ROWS
                    if many == 3:
                        tile3(m, to, p.pitch, u, first, v, seen, taps, p.channels)
                    elif many == 2:
                        tile2(m, to, p.pitch, u, first, v, seen, taps, p.channels)
                    else:
                        tile1(m, to, p.pitch, u, first, v, seen, taps, p.channels)
                i += many
        finite[unit] = _transform_output(out, lines, wide, m, bias, low, group, n0, ty, images, rows, p)


@part
def _transform_output(out: Any, lines: Any, wide: int, m: Any, bias: Any, low: Any, group: int, n0: int, ty: int, images: int,
                      rows: int, p: Grid) -> bool:
    """m[point, filter, tile] to the pixels of out; whether all of them are finite."""
    zero, least = splat(bias.dtype.type(0)), splat(low)
    check = zero
    step = p.made
    last = (p.across - 1) // LANE * LANE
    for f in range(p.filters):
        b = splat(bias[group * p.filters + f])
        for n in range(images):
            plane = ((n0 + n) * p.groups * p.filters + group * p.filters + f) * p.out_height
            end = (plane + min(2 * (ty + rows), p.out_height)) * p.out_width
            for r in range(rows):
                first = (plane + 2 * (ty + r)) * p.out_width
                # Where it is sure to be written over afterwards, registers may reach beyond their row.
                direct = first + p.out_width + 2 * (last + LANE) <= end
                to, at, gap = (out, first, p.out_width) if direct else (lines, 0, wide)
                for back in range(0, last + 1, LANE):
                    j = last - back
                    seen = f * p.pitch + (n * rows + r) * p.across + j
                    a0, a1 = _output(*_load4(m, seen, 4 * step))
                    b0, b1 = _output(*_load4(m, seen + step, 4 * step))
                    c0, c1 = _output(*_load4(m, seen + 2 * step, 4 * step))
                    d0, d1 = _output(*_load4(m, seen + 3 * step, 4 * step))
                    y00, y01 = _output(a0, b0, c0, d0)
                    y10, y11 = _output(a1, b1, c1, d1)
                    y00, y01, y10, y11 = y00 + b, y01 + b, y10 + b, y11 + b
                    check = fma((y00 + y01) + (y10 + y11), zero, check)
                    _store2(to, at + 2 * j, zipped(greater(y00, least), greater(y01, least)))
                    _store2(to, at + gap + 2 * j, zipped(greater(y10, least), greater(y11, least)))
                if not direct:
                    _copy(out, first, lines, 0, p.out_width)
                    if first + p.out_width < end:
                        _copy(out, first + p.out_width, lines, wide, p.out_width)
    lanes = np.zeros(LANE, bias.dtype)
    store(lanes, 0, check)
    return lanes.sum() == 0


@part
def aligned(size: int, like: Any) -> Any:
    """Zeros that start at a cache line."""
    wide = np.zeros(size + 64 // like.itemsize, like.dtype)
    return wide[(-wide.ctypes.data % 64) // like.itemsize:]


@part
def _scratch(p: Grid, x: Any) -> Any:
    """Phase planes of one channel of one image, and one padded row."""
    planes = np.zeros(4 * ((p.rows + 1) * (p.across + 1) + LANE) + LANE, x.dtype)
    return planes, np.zeros(2 * (p.across + 1) + 2 * LANE + p.width, x.dtype)


@jit
def weight(parts: Any, g: Any, x: Any, p: Grid, units: int, threads: int, t: int) -> None:
    """Thread t's share of the chunks: both transforms, and dot products over the tiles at each of the 16 points."""
    blocks = -(-p.filters // ROWS)
    v, d = aligned(POINTS * p.seen, x), aligned(POINTS * p.made, x)
    planes, line = _scratch(p, x)
    edge = np.zeros(2 * p.across + 2 * LANE, x.dtype)                        # apart from line: its padding must stay zero
    taps = np.arange(p.channels) * p.pitch
    sums = parts[t]
    for unit in range(units * t // threads, units * (t + 1) // threads):
        group, n0, ty, images, rows = _chunk(unit, p)
        _transform_input(v, planes, line, x, group, n0, ty, images, rows, p)
        _transform_gradient(d, planes, edge, g, group, n0, ty, images, rows, p)
        registers = (images * rows * p.across + LANE - 1) // LANE
        for point in range(POINTS):
            seen = point * p.seen
            for block in range(blocks):
                first = point * p.made + block * ROWS * p.pitch
                to = ((group * POINTS + point) * blocks + block) * p.channels * ROWS
                c = 0
                while c < p.channels:
                    left = p.channels - c
                    if left == 3 or left > 4:
                        dots3(sums, to + c * ROWS, ROWS, d, first, p.pitch, v, seen, taps, c, registers)
                        c += 3
                    elif left > 1:
                        dots2(sums, to + c * ROWS, ROWS, d, first, p.pitch, v, seen, taps, c, registers)
                        c += 2
                    else:
                        dots1(sums, to + c * ROWS, ROWS, d, first, p.pitch, v, seen, taps, c, registers)
                        c += 1


@part
def _transform_gradient(d: Any, planes: Any, line: Any, g: Any, group: int, n0: int, ty: int, images: int, rows: int,
                        p: Grid) -> None:
    """d[point, filter, tile] of one chunk, zero in lanes behind the last tile."""
    zero = splat(g.dtype.type(0))
    columns, step = p.across, p.made
    span = rows * columns + LANE
    tiles = images * rows * p.across
    for f in range(p.filters):
        for n in range(images):
            origin = ((n0 + n) * p.groups * p.filters + group * p.filters + f) * p.out_height * p.out_width
            _split(planes, line, g, origin, p.out_height, p.out_width, 2 * ty, 0, rows, columns, span)
            for r in range(rows):
                for j in range(0, p.across, LANE):
                    q = r * columns + j
                    a0, a1, a2, a3 = _gradient(load(planes, q), load(planes, q + 2 * span), zero)
                    b0, b1, b2, b3 = _gradient(load(planes, q + span), load(planes, q + 3 * span), zero)
                    at = f * p.pitch + n * rows * p.across + q
                    _store4(d, at, step, _gradient(a0, b0, zero))
                    _store4(d, at + 4 * step, step, _gradient(a1, b1, zero))
                    _store4(d, at + 8 * step, step, _gradient(a2, b2, zero))
                    _store4(d, at + 12 * step, step, _gradient(a3, b3, zero))
        for point in range(POINTS):
            store(d, point * step + f * p.pitch + tiles, zero)
