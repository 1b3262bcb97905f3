"""2-d pooling and its adjoints on the CPU.

A plane (one channel of one image) is copied row by row into phase rows: phase p holds the columns p, p + stride,
p + 2 * stride, ... of the padded row, so that under any tap the pixels of neighbouring windows lie side by side and
LLVM can work on many windows at once. Rows outside the plane are skipped, columns outside hold the neutral value.
The adjoints do the same backwards: gradients are added into phase rows, which are then interleaved again.
"""
# ruff: noqa: PLR0913, PLR0917, PLR2004
from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numba import int64, prange

from .. import reference
from ..reference import Array, Padding, Pair, Shape, bin_edges, divisors, first_tap, tap_dtype, working
from .jit import call_address, jit, plain, run
from .threads import threads_for

MANY = 16                # taps of a window


class Windows(NamedTuple):
    """All windows over one plane, and how its rows are cut into phases."""
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
    phase: int           # length of a phase row
    line: int            # length of all phase rows of one row


def max_pool2d(x: Array, kernel: Pair, stride: Pair, padding: Padding, dilation: Pair,
               out_size: Pair) -> tuple[Array, Array]:
    """Largest value of each window, and the tap `ky * KW + kx` where it was found.

    The first of equal values wins, NaN wins over all (the last NaN, as in PyTorch). Windows may reach over the padding.
    """
    if x.dtype.kind != "f":
        return reference.max_pool2d(x, kernel, stride, padding, dilation, out_size)
    planes = plain(x).reshape(-1, *x.shape[2:])
    y = np.empty((len(planes), *out_size), planes.dtype)
    k = np.empty(y.shape, tap_dtype(kernel))
    p, starts = _plan(x.shape[2:], out_size, kernel, stride, padding, dilation)
    run(_max, _max_parallel, threads_for(8 * y.size * kernel[0] * kernel[1]), len(planes),
        y, k, planes, starts.astype(k.dtype), p)
    shape = *x.shape[:2], *out_size
    return y.astype(x.dtype, copy=False).reshape(shape), k.reshape(shape)


def max_pool2d_input(g: Array, k: Array, x_shape: Shape, kernel: Pair, stride: Pair, padding: Padding,
                     dilation: Pair) -> Array:
    """Adds each gradient at the place of its winner: (N, C, OH, OW) -> x_shape."""
    if g.dtype.kind != "f":
        return reference.max_pool2d_input(g, k, x_shape, kernel, stride, padding, dilation)
    gp, kp = plain(g).reshape(-1, *g.shape[2:]), plain(k).reshape(-1, *g.shape[2:])
    dx = np.empty((len(gp), *x_shape[2:]), gp.dtype)
    p, _ = _plan(x_shape[2:], g.shape[2:], kernel, stride, padding, dilation)
    run(_max_input, _windows_parallel, threads_for(8 * (g.size + dx.size)), len(gp), dx, gp, kp, p)
    return dx.astype(g.dtype, copy=False).reshape(x_shape)


def max_pool2d_gather(x: Array, k: Array, kernel: Pair, stride: Pair, padding: Padding, dilation: Pair) -> Array:
    """Reads x at the winning taps: (N, C, H, W) -> k.shape. The adjoint of max_pool2d_input in g."""
    if x.dtype.kind != "f":
        return reference.max_pool2d_gather(x, k, kernel, stride, padding, dilation)
    xp, kp = plain(x).reshape(-1, *x.shape[2:]), plain(k).reshape(-1, *k.shape[2:])
    y = np.empty(kp.shape, xp.dtype)
    p, _ = _plan(x.shape[2:], k.shape[2:], kernel, stride, padding, dilation)
    run(_gather, _windows_parallel, threads_for(8 * y.size), len(xp), y, xp, kp, p)
    return y.astype(x.dtype, copy=False).reshape(k.shape)


max_pool2d_flat = reference.max_pool2d_flat               # asked for rarely, and NumPy does it well


def avg_pool2d(x: Array, kernel: Pair, stride: Pair, padding: Padding, out_size: Pair, count_include_pad: bool,
               divisor_override: int | None) -> Array:
    """Mean of each window -> (N, C, *out_size)."""
    planes = plain(x).reshape(-1, *x.shape[2:])
    y = np.empty((len(planes), *out_size), planes.dtype)
    p, _ = _plan(x.shape[2:], out_size, kernel, stride, padding, (1, 1))
    counts = divisors(x.shape[2:], kernel, stride, padding, out_size, count_include_pad, divisor_override)
    run(_avg, _windows_parallel, threads_for(8 * y.size * kernel[0] * kernel[1]), len(planes),
        y, planes, counts.astype(y.dtype), p)
    return y.astype(x.dtype, copy=False).reshape(*x.shape[:2], *out_size)


def avg_pool2d_input(g: Array, x_shape: Shape, kernel: Pair, stride: Pair, padding: Padding, out_size: Pair,
                     count_include_pad: bool, divisor_override: int | None) -> Array:
    """The adjoint of avg_pool2d: (N, C, *out_size) -> x_shape."""
    gp = plain(g).reshape(-1, *g.shape[2:])
    dx = np.empty((len(gp), *x_shape[2:]), gp.dtype)
    p, _ = _plan(x_shape[2:], out_size, kernel, stride, padding, (1, 1))
    counts = divisors(x_shape[2:], kernel, stride, padding, out_size, count_include_pad, divisor_override)
    run(_avg_input, _windows_parallel, threads_for(8 * g.size * kernel[0] * kernel[1]), len(gp),
        dx, gp, counts.astype(dx.dtype), p)
    return dx.astype(g.dtype, copy=False).reshape(x_shape)


def adaptive_avg_pool2d(x: Array, out_size: Pair) -> Array:
    """Mean over out_size bins: (N, C, H, W) -> (N, C, *out_size). Bin i of n covers floor(i*H/n) .. ceil((i+1)*H/n)."""
    planes = plain(x).reshape(-1, *x.shape[2:])
    y = np.empty((len(planes), *out_size), planes.dtype)
    rows, columns = _bins(x.shape[2], out_size[0]), _bins(x.shape[3], out_size[1])
    run(_bin, _bin_parallel, threads_for(8 * x.size), len(planes), y, planes, rows, columns, True)
    return y.astype(x.dtype, copy=False).reshape(*x.shape[:2], *out_size)


def adaptive_avg_pool2d_input(g: Array, x_shape: Shape) -> Array:
    """The adjoint of adaptive_avg_pool2d: gradient -> x_shape."""
    counts = reference.bin_counts(x_shape[2:], g.shape[2:])
    shares = plain(working(g) / counts.astype(working(g).dtype)).reshape(-1, *g.shape[2:])
    dx = np.empty((len(shares), *x_shape[2:]), shares.dtype)
    # Bin i holds place p exactly when, with sizes swapped, bin p holds place i.
    rows, columns = _bins(g.shape[2], x_shape[2]), _bins(g.shape[3], x_shape[3])
    run(_bin, _bin_parallel, threads_for(8 * dx.size), len(shares), dx, shares, rows, columns, False)
    return dx.astype(g.dtype, copy=False).reshape(x_shape)


@lru_cache(maxsize=256)
def _plan(size: Pair, out_size: Pair, kernel: Pair, stride: Pair, padding: Padding,
          dilation: Pair) -> tuple[Windows, Array]:
    """The windows over a plane, and the first tap of each that lies in the plane."""
    phase = out_size[1] + (kernel[1] - 1) * dilation[1] // stride[1]
    p = Windows(size[0], size[1], out_size[0], out_size[1], kernel[0], kernel[1], stride[0], stride[1],
                padding[0][0], padding[1][0], dilation[0], dilation[1], phase, phase * stride[1])
    return p, first_tap(size, kernel, stride, padding, dilation, out_size)


def _bins(size: int, bins: int) -> Array:
    """(bins, 2): start and end of each."""
    return np.stack(bin_edges(size, bins), 1)


# Compiled loops -------------------------------------------------------------------------------------------------------

@jit
def _split(lines: Any, plane: Any, neutral: Any, p: Windows) -> None:
    """Each row of a plane -> its phase rows: column c goes to phase (c + left) % stride, place (c + left) // stride."""
    lines[:] = neutral
    for y in range(p.height):
        row, line = plane[y], lines[y * p.line:(y + 1) * p.line]
        low, high = max(0, -p.left), min(p.width, p.phase * p.stride_x - p.left)
        if p.stride_x == 1:
            to, row = line[low + p.left:], row[low:]
            for j in range(high - low):
                to[j] = row[j]
        elif p.stride_x == 2 and p.left == 0:
            even, odd = line[:p.phase], line[p.phase:]
            for j in range(high // 2):
                even[j], odd[j] = row[2 * j], row[2 * j + 1]
            if high % 2:
                even[high // 2] = row[high - 1]
        else:
            for c in range(low, high):
                line[(c + p.left) % p.stride_x * p.phase + (c + p.left) // p.stride_x] = row[c]


@jit
def _join(plane: Any, lines: Any, p: Windows) -> None:
    """The way back: phase rows -> rows of a plane, zero where no window reaches."""
    for y in range(p.height):
        row, line = plane[y], lines[y * p.line:(y + 1) * p.line]
        low, high = max(0, -p.left), min(p.width, p.phase * p.stride_x - p.left)
        row[:low] = 0
        row[max(high, 0):] = 0
        if p.stride_x == 1:
            source, row = line[low + p.left:], row[low:]
            for j in range(high - low):
                row[j] = source[j]
        elif p.stride_x == 2 and p.left == 0:
            even, odd = line[:p.phase], line[p.phase:]
            for j in range(high // 2):
                row[2 * j], row[2 * j + 1] = even[j], odd[j]
            if high % 2:
                row[high - 1] = even[high // 2]
        else:
            for c in range(low, high):
                row[c] = line[(c + p.left) % p.stride_x * p.phase + (c + p.left) // p.stride_x]


@jit
def _under(lines: Any, i: int, ky: int, kx: int, p: Windows) -> Any:
    """What tap (ky, kx) sees of the i-th row of windows; empty where that row lies outside the plane."""
    y = i * p.stride_y + ky * p.dilation_y - p.top
    if y < 0 or y >= p.height:
        return lines[:0]
    start = y * p.line + kx * p.dilation_x % p.stride_x * p.phase + kx * p.dilation_x // p.stride_x
    return lines[start:start + p.columns]


@jit
def _max(y: Any, k: Any, x: Any, starts: Any, p: Windows, units: int, threads: int, t: int) -> None:
    """Thread t's share of the planes."""
    lines = np.empty(p.height * p.line, x.dtype)
    for n in range(units * t // threads, units * (t + 1) // threads):
        _split(lines, x[n], -np.inf, p)
        for i in range(p.rows):
            best, winner = y[n, i], k[n, i]
            for j in range(p.columns):
                best[j] = -np.inf
                winner[j] = starts[i, j]
            for ky in range(p.kernel_y):
                for kx in range(p.kernel_x):
                    seen, tap = _under(lines, i, ky, kx, p), k.dtype.type(ky * p.kernel_x + kx)
                    for j in range(len(seen)):
                        wins = (seen[j] > best[j]) | (seen[j] != seen[j])            # greater, or NaN
                        best[j] = seen[j] if wins else best[j]
                        winner[j] = tap if wins else winner[j]


@jit
def _max_input(dx: Any, g: Any, k: Any, p: Windows, units: int, threads: int, t: int) -> None:
    """Thread t's share of the planes."""
    lines, zero = np.empty(p.height * p.line, g.dtype), g.dtype.type(0)
    for n in range(units * t // threads, units * (t + 1) // threads):
        if p.kernel_y * p.kernel_x > MANY:
            _scatter(dx[n], g[n], k[n], p)
            continue
        lines[:] = 0
        for i in range(p.rows):
            gradient, winner = g[n, i], k[n, i]
            for ky in range(p.kernel_y):
                for kx in range(p.kernel_x):
                    seen, tap = _under(lines, i, ky, kx, p), k.dtype.type(ky * p.kernel_x + kx)
                    for j in range(len(seen)):
                        seen[j] += gradient[j] if winner[j] == tap else zero
        _join(dx[n], lines, p)


@jit
def _scatter(dx: Any, g: Any, k: Any, p: Windows) -> None:
    """One plane, window by window: for windows of so many taps that asking each of them takes longer."""
    dx[:] = 0
    for i in range(p.rows):
        for j in range(p.columns):
            y, x = _place(i, j, int64(k[i, j]), p)
            if 0 <= y < p.height and 0 <= x < p.width:
                dx[y, x] += g[i, j]


@jit
def _place(i: int, j: int, tap: int, p: Windows) -> Any:
    """Row and column that a tap of window (i, j) sees; a window that lies in the padding alone has none."""
    ky, kx = divmod(tap, p.kernel_x)
    return i * p.stride_y + ky * p.dilation_y - p.top, j * p.stride_x + kx * p.dilation_x - p.left


@jit
def _gather(y: Any, x: Any, k: Any, p: Windows, units: int, threads: int, t: int) -> None:
    """Thread t's share of the planes."""
    for n in range(units * t // threads, units * (t + 1) // threads):
        for i in range(p.rows):
            for j in range(p.columns):
                row, column = _place(i, j, int64(k[n, i, j]), p)
                inside = 0 <= row < p.height and 0 <= column < p.width
                y[n, i, j] = x[n, row, column] if inside else x.dtype.type(0)


@jit
def _avg(y: Any, x: Any, counts: Any, p: Windows, units: int, threads: int, t: int) -> None:
    """Thread t's share of the planes."""
    lines = np.empty(p.height * p.line, x.dtype)
    for n in range(units * t // threads, units * (t + 1) // threads):
        _split(lines, x[n], x.dtype.type(0), p)
        for i in range(p.rows):
            mean = y[n, i]
            mean[:] = 0
            for ky in range(p.kernel_y):
                for kx in range(p.kernel_x):
                    seen = _under(lines, i, ky, kx, p)
                    for j in range(len(seen)):
                        mean[j] += seen[j]
            for j in range(p.columns):
                mean[j] /= counts[i, j]


@jit
def _avg_input(dx: Any, g: Any, counts: Any, p: Windows, units: int, threads: int, t: int) -> None:
    """Thread t's share of the planes."""
    lines, share = np.empty(p.height * p.line, g.dtype), np.empty(p.columns, g.dtype)
    for n in range(units * t // threads, units * (t + 1) // threads):
        lines[:] = 0
        for i in range(p.rows):
            for j in range(p.columns):
                share[j] = g[n, i, j] / counts[i, j]
            for ky in range(p.kernel_y):
                for kx in range(p.kernel_x):
                    seen = _under(lines, i, ky, kx, p)
                    for j in range(len(seen)):
                        seen[j] += share[j]
        _join(dx[n], lines, p)


@jit(fastmath={"contract", "reassoc"})
def _bin(y: Any, x: Any, rows: Any, columns: Any, mean: bool, units: int, threads: int, t: int) -> None:
    """Thread t's share of the planes: sum, or mean, over each bin."""
    for n in range(units * t // threads, units * (t + 1) // threads):
        for i in range(len(rows)):
            for j in range(len(columns)):
                total = x.dtype.type(0)
                for r in range(rows[i, 0], rows[i, 1]):
                    part = x[n, r, columns[j, 0]:columns[j, 1]]
                    for c in range(len(part)):
                        total += part[c]
                count = (rows[i, 1] - rows[i, 0]) * (columns[j, 1] - columns[j, 0])
                y[n, i, j] = total / x.dtype.type(count) if mean else total


# One per kernel: a parallel region that calls the serial function by address ------------------------------------------

@jit(parallel=True)
def _max_parallel(serial: int, y: Any, k: Any, x: Any, starts: Any, p: Windows, units: int, threads: int) -> None:
    for t in prange(threads):
        call_address(serial, (y, k, x, starts, p, units, threads, int64(t)))


@jit(parallel=True)
def _windows_parallel(serial: int, a: Any, b: Any, c: Any, p: Windows, units: int, threads: int) -> None:
    for t in prange(threads):
        call_address(serial, (a, b, c, p, units, threads, int64(t)))


@jit(parallel=True)
def _bin_parallel(serial: int, y: Any, x: Any, rows: Any, columns: Any, mean: bool, units: int, threads: int) -> None:
    for t in prange(threads):
        call_address(serial, (y, x, rows, columns, mean, units, threads, int64(t)))
