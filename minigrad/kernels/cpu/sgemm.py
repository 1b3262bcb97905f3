"""Products of float32 matrices by OpenBLAS, in the threads of our own parallel region: each takes a part and calls it alone.

OpenBLAS has threads of its own, but two pools on the same cores wait for each other. It shares out no batch of matrices, either.
"""
from __future__ import annotations

import numpy as np
from numba import float32, int32, int64

from ..reference import Array
from .blas import alone, sgemm
from .jit import call_address, jit, run

BY_ROWS, AS_IT_IS, TRANSPOSED = 101, 111, 112            # what CBLAS calls them
MOST = 64                # threads that may call OpenBLAS at once: NumPy's has room for 128 calls
ALIGNED = 8              # parts begin at a multiple of so many rows or columns, as OpenBLAS's own blocks do


def product(x: Array, y: Array, threads: int) -> Array:
    """x (B, N, K) @ y (B, K, M) -> (B, N, M), or the same without B. Batches may be broadcast: nothing is copied for that."""
    x, x_order, x_line = _laid_out(x)
    y, y_order, y_line = _laid_out(y)
    n, k = x.shape[-2:]
    m = y.shape[-1]
    out = np.empty((*x.shape[:-2], n, m), np.float32)
    batch, *steps = (len(out), x.strides[0], y.strides[0], out.strides[0]) if x.ndim == 3 else (1, 0, 0, 0)
    threads = min(threads, MOST)
    parts = 1 if batch >= threads else min(-(-threads // batch), max(n, m) // ALIGNED or 1)
    with alone:
        run(parts_of_products, threads, batch * parts, sgemm(), parts, n, m, k, out.ctypes.data, x.ctypes.data, y.ctypes.data, *steps,
            x_order, x_line, y_order, y_line)
    return out


def _laid_out(x: Array) -> tuple[Array, int, int]:
    """The matrices as BLAS can read them, whether it is to transpose them, and from one line to the next, in numbers."""
    (n, k), (down, across) = x.shape[-2:], x.strides[-2:]
    if x.flags.aligned:
        if across == 4 and n > 1 and down >= 4 * k and down % 4 == 0:
            return x, AS_IT_IS, down // 4
        if down == 4 and k > 1 and across >= 4 * n and across % 4 == 0:
            return x, TRANSPOSED, across // 4
    return np.ascontiguousarray(x), AS_IT_IS, k


@jit
def parts_of_products(address: int, parts: int, n: int, m: int, k: int, out: int, x: int, y: int, x_step: int, y_step: int, out_step: int,
                      x_order: int, x_line: int, y_order: int, y_line: int, units: int, threads: int, t: int) -> None:
    """Thread t's share: each unit is a product, or a part of its rows or, where those are more, columns. Addresses; steps in bytes."""
    for unit in range(units * t // threads, units * (t + 1) // threads):
        b, piece = divmod(unit, parts)
        longer = max(n, m)
        first = longer * piece // parts // ALIGNED * ALIGNED
        count = (longer if piece == parts - 1 else longer * (piece + 1) // parts // ALIGNED * ALIGNED) - first
        from_x, from_y, to = x + b * x_step, y + b * y_step, out + b * out_step
        if n >= m:
            rows, columns = count, m
            from_x += 4 * first * (1 if x_order == TRANSPOSED else x_line)
            to += 4 * first * m
        else:
            rows, columns = n, count
            from_y += 4 * first * (y_line if y_order == TRANSPOSED else 1)
            to += 4 * first
        call_address(address, (int32(BY_ROWS), int32(x_order), int32(y_order), int64(rows), int64(columns), int64(k), float32(1),
                               int64(from_x), int64(x_line), int64(from_y), int64(y_line), float32(0), int64(to), int64(m)))
