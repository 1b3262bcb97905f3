"""Products of float32 matrices by the micro-kernels of microkernels.py: for large ones, where that is faster than BLAS (products.py).

Where the second matrix's rows lie in memory as they are (x @ w), `tile` multiplies a block of ROWS rows of the first by
a panel of columns of the second, which stays in the first-level cache. Where its columns do (x @ w.T, a linear layer),
`dots` multiplies rows with rows, and nothing needs to be copied.
"""
from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ..reference import Array
from .jit import jit, part, run
from .microkernels import COLUMNS, ROWS, add_tile1, add_tile2, add_tile3, dots1, dots2, dots3, tile1, tile2, tile3
from .threads import threads_for
from .vectors import LANES, load, store

LANE = LANES["f"]
PANEL = COLUMNS * LANE   # columns of the second matrix per pass
DEPTH = 256              # terms of a sum per pass: a panel of so many rows fits the first-level cache
ALONG = 1024             # the same for rows with rows
LONG = 256               # terms of a sum from which rows with rows are faster: adding up a register costs as much as ten products


def takes(x: Array, y: Array) -> bool:
    """Whether the matrices are large enough for a block of registers."""
    return min(x.shape[-2], y.shape[-1]) >= ROWS and x.shape[-1] >= LANE


def takes_rows(y: Array) -> bool:
    """Whether x @ y is a product of rows with rows: y's columns lie together, and their sums are long enough for `dots`."""
    return y.strides[0] == 4 and len(y) >= LONG and y.shape[1] >= ROWS


def rows_product(x: Array, w: Array, threads: int) -> Array:
    """x (N, K) @ w.T (K, F) -> (N, F)."""
    (n, k), f = x.shape, len(w)
    out = np.zeros((n, f), np.float32)
    x, w = _rows(x), _rows(w)
    run(rows_with_rows, threads, -(-f // ROWS), out, x.reshape(-1), w.reshape(-1), n, f, k, _steps(n, k))
    return out


def _rows(x: Array) -> Array:
    x = np.ascontiguousarray(x)
    return x if x.flags.writeable else x.copy()


@lru_cache(maxsize=64)
def _steps(count: int, step: int) -> Array:
    """0, step, 2 * step, ..."""
    return np.arange(count) * step


@jit
def rows_with_rows(out: Any, x: Any, w: Any, n: int, f: int, k: int, taps: Any, units: int, threads: int, t: int) -> None:
    """out[i, j] += x[i] . w[j], for thread t's share of the blocks of ROWS rows of w."""
    flat = out.reshape(-1)
    edge = np.zeros(3 * ROWS, x.dtype)
    whole = k // LANE * LANE
    for unit in range(units * t // threads, units * (t + 1) // threads):
        j = min(unit * ROWS, f - ROWS)               # the last block overlaps the one before
        skip = unit * ROWS - j
        for depth in range(0, whole, ALONG):
            count = min(ALONG, whole - depth) // LANE
            i = 0
            while i < n:
                left = n - i
                many = 3 if left == 3 or left > 4 else min(left, 2)
                to, at, line = (edge, 0, ROWS) if skip else (flat, i * f + j, f)
                if skip:
                    edge[:] = 0
                if many == 3:
                    dots3(to, at, line, w, j * k + depth, k, x, depth, taps, i, count)
                elif many == 2:
                    dots2(to, at, line, w, j * k + depth, k, x, depth, taps, i, count)
                else:
                    dots1(to, at, line, w, j * k + depth, k, x, depth, taps, i, count)
                if skip:
                    for row in range(many):
                        for r in range(skip, ROWS):
                            out[i + row, j + r] += edge[row * ROWS + r]
                i += many
        if whole < k:
            for i in range(n):
                for r in range(skip, ROWS):
                    for p in range(whole, k):
                        out[i, j + r] += x[i * k + p] * w[(j + r) * k + p]


def product(x: Array, y: Array, threads: int) -> Array:
    """x (B, N, K), or one (1, N, K) for all, @ y (B, K, M) -> (B, N, M)."""
    batch, k, m = y.shape
    n = x.shape[1]
    out = np.empty((batch, n, m), np.float32)
    if y.strides[2] != 4:
        y = np.ascontiguousarray(y)
    blocks, panels = -(-n // ROWS), -(-m // PANEL)
    a = np.empty((len(x), blocks, k, ROWS), np.float32)
    run(pack_rows, threads_for(8 * a.size), len(x) * blocks, a, _writeable(x))
    parts = min(blocks, -(-threads // (batch * panels))) if batch * panels < 4 * threads else 1
    run(rows_with_columns, threads, batch * panels * parts, out, a.reshape(-1), _writeable(y), parts, _steps(DEPTH, PANEL))
    return out


def _writeable(x: Array) -> Array:
    """Numba would compile again for what is read-only; strides may be any."""
    return x if x.flags.writeable else x.copy()


@jit
def pack_rows(a: Any, x: Any, units: int, threads: int, t: int) -> None:
    """a[b, i, k, r] = x[b, i * ROWS + r, k], zeros below."""
    for unit in range(units * t // threads, units * (t + 1) // threads):
        b, i = divmod(unit, a.shape[1])
        block = a[b, i]
        if x.strides[1] < x.strides[2] and (i + 1) * ROWS <= x.shape[1]:         # a transposed x: its columns lie together
            for k in range(x.shape[2]):
                for r in range(ROWS):
                    block[k, r] = x[b, i * ROWS + r, k]
            continue
        for r in range(ROWS):
            row = i * ROWS + r
            if row < x.shape[1]:
                source = x[b, row]
                for k in range(len(source)):
                    block[k, r] = source[k]
            else:
                block[:, r] = 0


@part
def _pack_panel(panel: Any, y: Any, depth: int, count: int, column: int) -> None:
    """panel[k, :] = y[depth + k, column:column + PANEL], zeros on the right."""
    width = min(PANEL, y.shape[1] - column)
    for k in range(count):
        row = y[depth + k]
        if width == PANEL:
            for j in range(0, PANEL, LANE):
                store(panel, k * PANEL + j, load(row, column + j))
        else:
            for j in range(width):
                panel[k * PANEL + j] = row[column + j]
            for j in range(width, PANEL):
                panel[k * PANEL + j] = 0


@jit
def rows_with_columns(out: Any, a: Any, y: Any, parts: int, taps: Any, units: int, threads: int, t: int) -> None:
    """out[b] = x[b] @ y[b], x being packed in a; a unit is a panel of columns of one product, or a part of its rows."""
    n, m, depth = out.shape[1], out.shape[2], y.shape[1]
    blocks, panels = -(-n // ROWS), -(-m // PANEL)
    flat = out.reshape(-1)
    panel, edge = np.empty(DEPTH * PANEL, a.dtype), np.empty(ROWS * PANEL, a.dtype)
    for unit in range(units * t // threads, units * (t + 1) // threads):
        rest, piece = divmod(unit, parts)
        b, column = divmod(rest, panels)
        column *= PANEL
        width = min(PANEL, m - column)
        registers = (width + LANE - 1) // LANE
        for k in range(0, depth, DEPTH):
            count = min(DEPTH, depth - k)
            _pack_panel(panel, y[b], k, count, column)
            for i in range(blocks * piece // parts, blocks * (piece + 1) // parts):
                rows = min(ROWS, n - i * ROWS)
                first = (b * blocks * depth * ROWS) % len(a) + (i * depth + k) * ROWS         # 0 where one x is for all
                to, at, line = flat, (b * n + i * ROWS) * m + column, m
                whole = rows == ROWS and width == registers * LANE
                if not whole:
                    to, at, line = edge, 0, PANEL
                    if k:
                        for r in range(rows):
                            for j in range(width):
                                edge[r * PANEL + j] = out[b, i * ROWS + r, column + j]
                if k == 0:
                    if registers == 3:
                        tile3(to, at, line, a, first, panel, 0, taps, count)
                    elif registers == 2:
                        tile2(to, at, line, a, first, panel, 0, taps, count)
                    else:
                        tile1(to, at, line, a, first, panel, 0, taps, count)
                elif registers == 3:
                    add_tile3(to, at, line, a, first, panel, 0, taps, count)
                elif registers == 2:
                    add_tile2(to, at, line, a, first, panel, 0, taps, count)
                else:
                    add_tile1(to, at, line, a, first, panel, 0, taps, count)
                if not whole:
                    for r in range(rows):
                        for j in range(width):
                            out[b, i * ROWS + r, column + j] = edge[r * PANEL + j]
