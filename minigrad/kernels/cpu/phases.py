"""Phase planes: padded copies of pictures in which one tap of all pooling windows is one run; and the loops over them.

Phase (py, px) of a plane (a plane is one channel of one image) holds every stride-th row and column of the padded
plane, with R elements per row. There the pixel under tap (ky, kx) of window q = row * R + column is
`lines[offset[tap] + q]`. What lies outside a plane holds the neutral value; what is computed between two rows is
dropped.

Everything that is compiled for pooling is in this file.
"""
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import int64, uint64

from .jit import jit, part

MANY = 16                # taps above which the adjoint of max_pool2d looks up each winner instead of asking each tap


class Windows(NamedTuple):
    """All windows over one plane, and where phase planes lie in scratch."""
    height: int          # of the plane
    width: int
    rows: int            # of windows
    columns: int
    kernel_y: int
    kernel_x: int
    stride_y: int
    stride_x: int
    top: int
    left: int
    dilation_y: int
    dilation_x: int
    group: int           # planes taken together
    line: int            # scratch elements between two rows (R), two planes, two phases
    plane: int
    phase: int


# Positions are unsigned: for signed ones Numba asks each time whether they are negative and count from the end, and
# LLVM then gives up vectorising. A loop of its own for step 2 lets LLVM load and shuffle whole vectors.

@part
def _extent(size: int, stride: int, phase: int, before: int, count: int) -> Any:
    """Which of `count` elements of a phase lie in the axis, first .. last, and where the first of them comes from."""
    across = phase - before
    first = max(0, -(across // stride))
    return first, max(first, min(count, -((across - size) // stride))), across + first * stride


@part
def _split(lines: Any, x: Any, neutral: Any, first: int, many: int, p: Windows) -> None:
    """Planes first .. first + many -> their phase planes."""
    lines[:] = neutral
    pixels = x.reshape(-1)
    for py in range(p.stride_y):
        i0, i1, y0 = _extent(p.height, p.stride_y, py, p.top, p.plane // p.line)
        for px in range(p.stride_x):
            j0, j1, x0 = _extent(p.width, p.stride_x, px, p.left, p.line)
            step, count = uint64(p.stride_x), uint64(j1 - j0)
            for n in range(many):
                to = uint64((py * p.stride_x + px) * p.phase + n * p.plane + i0 * p.line + j0)
                origin = uint64(((first + n) * p.height + y0) * p.width + x0)
                for _ in range(i0, i1):
                    if step == 1:
                        for j in range(count):
                            lines[to + j] = pixels[origin + j]
                    elif step == 2:
                        for j in range(count):
                            lines[to + j] = pixels[origin + uint64(2) * j]
                    else:
                        for j in range(count):
                            lines[to + j] = pixels[origin + step * j]
                    to += uint64(p.line)
                    origin += uint64(p.stride_y * p.width)


@part
def _join(x: Any, lines: Any, first: int, many: int, p: Windows) -> None:
    """The way back: phase planes -> planes, zero where no window reaches."""
    pixels = x.reshape(-1)
    pixels[first * p.height * p.width:(first + many) * p.height * p.width] = 0
    for py in range(p.stride_y):
        i0, i1, y0 = _extent(p.height, p.stride_y, py, p.top, p.plane // p.line)
        for px in range(p.stride_x):
            j0, j1, x0 = _extent(p.width, p.stride_x, px, p.left, p.line)
            step, count = uint64(p.stride_x), uint64(j1 - j0)
            for n in range(many):
                origin = uint64((py * p.stride_x + px) * p.phase + n * p.plane + i0 * p.line + j0)
                to = uint64(((first + n) * p.height + y0) * p.width + x0)
                for _ in range(i0, i1):
                    if step == 1:
                        for j in range(count):
                            pixels[to + j] = lines[origin + j]
                    else:
                        for j in range(count):
                            pixels[to + step * j] = lines[origin + j]
                    origin += uint64(p.line)
                    to += uint64(p.stride_y * p.width)


@part
def _narrow(y: Any, wide: Any, first: int, many: int, p: Windows) -> None:
    """Results with R elements per row -> y."""
    values, (planes, rows, columns) = y.reshape(-1), _runs(many, p)
    to = uint64(first * p.rows * p.columns)
    for n in range(planes):
        for i in range(rows):
            origin = uint64(n * p.plane + i * p.line)
            for j in range(uint64(columns)):
                values[to + j] = wide[origin + j]
            to += uint64(columns)


@part
def _widen(wide: Any, y: Any, first: int, many: int, p: Windows) -> None:
    """y -> R elements per row, zeros between rows."""
    wide[:] = 0
    values, (planes, rows, columns) = y.reshape(-1), _runs(many, p)
    origin = uint64(first * p.rows * p.columns)
    for n in range(planes):
        for i in range(rows):
            to = uint64(n * p.plane + i * p.line)
            for j in range(uint64(columns)):
                wide[to + j] = values[origin + j]
            origin += uint64(columns)


@part
def _runs(many: int, p: Windows) -> Any:
    """Planes, rows and columns to copy; one long row where no gaps lie between rows, or between planes."""
    if p.line > p.columns:
        return many, p.rows, p.columns
    if p.plane > p.rows * p.columns:
        return many, 1, p.rows * p.columns
    return 1, 1, many * p.rows * p.columns


@part
def _share(units: int, threads: int, t: int, planes: int, p: Windows) -> Any:
    """First planes of the groups that thread t works on."""
    return range(units * t // threads * p.group, min(units * (t + 1) // threads * p.group, planes), p.group)


@jit
def largest(y: Any, k: Any, x: Any, starts: Any, offsets: Any, p: Windows, units: int, threads: int, t: int) -> None:
    """Thread t's share of the planes."""
    lines = np.empty(p.phase * p.stride_y * p.stride_x, x.dtype)
    best, winner, start = np.empty(p.phase, x.dtype), np.empty(p.phase, np.int32), np.empty(p.phase, np.int32)
    other, loser = np.empty_like(best), np.empty_like(winner)
    for n in range(p.group):
        _widen(start[n * p.plane:(n + 1) * p.plane], starts, 0, 1, p)
    for first in _share(units, threads, t, len(x), p):
        many = min(p.group, len(x) - first)
        _split(lines, x, -np.inf, first, many, p)
        best[:] = -np.inf
        for q in range(len(start)):
            winner[q] = start[q]
        for tap in range(len(offsets)):
            _larger(other, loser, best, winner, lines, offsets[tap], np.int32(tap), _length(many, p))
            best, winner, other, loser = other, loser, best, winner
        _narrow(y, best, first, many, p)
        _narrow(k, winner, first, many, p)


@part
def _larger(best: Any, winner: Any, old: Any, by: Any, lines: Any, offset: int, tap: Any, count: int) -> None:
    """best, winner = what tap sees, where that is greater than old or NaN; else old, by.

    In place LLVM would store under a mask, which takes six times as long.
    """
    for q in range(uint64(count)):
        value = lines[uint64(offset) + q]
        wins = (value > old[q]) | np.isnan(value)
        best[q] = value if wins else old[q]
        winner[q] = tap if wins else by[q]


@part
def _length(many: int, p: Windows) -> int:
    """From the first window to the last, over so many planes."""
    return max(0, (many - 1) * p.plane + (p.rows - 1) * p.line + p.columns)


@jit
def max_input(dx: Any, g: Any, k: Any, offsets: Any, p: Windows, units: int, threads: int, t: int) -> None:
    """Thread t's share of the planes."""
    lines, zero = np.empty(p.phase * p.stride_y * p.stride_x, g.dtype), g.dtype.type(0)
    gradient, winner = np.empty(p.phase, g.dtype), np.empty(p.phase, np.int32)
    for first in _share(units, threads, t, len(g), p):
        many = min(p.group, len(g) - first)
        if len(offsets) > MANY:
            for n in range(first, first + many):
                _scatter(dx[n], g[n], k[n], p)
            continue
        lines[:] = 0
        _widen(gradient, g, first, many, p)
        _widen(winner, k, first, many, p)
        for tap in range(len(offsets)):
            offset = uint64(offsets[tap])
            for q in range(uint64(_length(many, p))):
                lines[offset + q] += gradient[q] if winner[q] == np.int32(tap) else zero
        _join(dx, lines, first, many, p)


@part
def _scatter(dx: Any, g: Any, k: Any, p: Windows) -> None:
    """One plane, window by window: for windows of so many taps that asking each of them takes longer."""
    dx[:] = 0
    for i in range(p.rows):
        for j in range(p.columns):
            y, x = _place(i, j, int64(k[i, j]), p)
            if 0 <= y < p.height and 0 <= x < p.width:
                dx[y, x] += g[i, j]


@part
def _place(i: int, j: int, tap: int, p: Windows) -> Any:
    """Row and column that a tap of window (i, j) sees; a window that lies in the padding alone has none."""
    ky, kx = divmod(tap, p.kernel_x)
    return i * p.stride_y + ky * p.dilation_y - p.top, j * p.stride_x + kx * p.dilation_x - p.left


@jit
def gather(y: Any, x: Any, k: Any, offsets: Any, p: Windows, units: int, threads: int, t: int) -> None:
    """Thread t's share of the planes."""
    for n in range(units * t // threads, units * (t + 1) // threads):
        for i in range(p.rows):
            for j in range(p.columns):
                row, column = _place(i, j, int64(k[n, i, j]), p)
                inside = 0 <= row < p.height and 0 <= column < p.width
                y[n, i, j] = x[n, row, column] if inside else x.dtype.type(0)


@jit
def avg(y: Any, x: Any, counts: Any, offsets: Any, p: Windows, units: int, threads: int, t: int) -> None:
    """Thread t's share of the planes."""
    lines, sums = np.empty(p.phase * p.stride_y * p.stride_x, x.dtype), np.empty(p.phase, x.dtype)
    for first in _share(units, threads, t, len(x), p):
        many = min(p.group, len(x) - first)
        _split(lines, x, x.dtype.type(0), first, many, p)
        sums[:] = 0
        for offset in offsets:
            for q in range(uint64(_length(many, p))):
                sums[q] += lines[uint64(offset) + q]
        _narrow(y, sums, first, many, p)
        for n in range(first, first + many):
            for i in range(p.rows):
                for j in range(p.columns):
                    y[n, i, j] /= counts[i, j]


@jit
def avg_input(dx: Any, g: Any, counts: Any, offsets: Any, p: Windows, units: int, threads: int, t: int) -> None:
    """Thread t's share of the planes."""
    lines, shares = np.empty(p.phase * p.stride_y * p.stride_x, g.dtype), np.empty(p.phase, g.dtype)
    share = np.empty(counts.shape, g.dtype)
    for first in _share(units, threads, t, len(g), p):
        many = min(p.group, len(g) - first)
        lines[:] = 0
        shares[:] = 0
        for n in range(many):
            for i in range(p.rows):
                for j in range(p.columns):
                    share[i, j] = g[first + n, i, j] / counts[i, j]
            _widen(shares[n * p.plane:(n + 1) * p.plane], share, 0, 1, p)
        for offset in offsets:
            for q in range(uint64(_length(many, p))):
                lines[uint64(offset) + q] += shares[q]
        _join(dx, lines, first, many, p)


@jit(fastmath={"contract", "reassoc"})
def bin_sums(y: Any, x: Any, rows: Any, columns: Any, mean: bool, units: int, threads: int, t: int) -> None:
    """Thread t's share of the planes: sum, or mean, over each bin."""
    whole = len(columns) == 1                                               # the rows of a bin then are one long row
    line = np.empty(x.shape[2], x.dtype)
    for n in range(units * t // threads, units * (t + 1) // threads):
        pixels = x[n].reshape(-1)
        for i in range(len(rows)):
            top, bottom = rows[i]
            if not whole:                                                   # the bin's rows become one, by whole registers
                line[:] = x[n, top]
                for r in range(top + 1, bottom):
                    row = x[n, r]
                    for c in range(len(line)):
                        line[c] += row[c]
            for j in range(len(columns)):
                total, (left, right) = x.dtype.type(0), columns[j]
                count = x.dtype.type((bottom - top) * (right - left))
                part = pixels[top * x.shape[2]:bottom * x.shape[2]] if whole else line[left:right]
                for c in range(len(part)):
                    total += part[c]
                y[n, i, j] = total / count if mean else total
