"""Which way matrices are multiplied: by NumPy, by BLAS in our threads (sgemm.py), or by our own micro-kernels (gemm.py).

Our own are the fastest where registers have 512 bits, for float32. Elsewhere OpenBLAS is: one thread of it where a product is too small
to be shared, and each of our threads with its own part of a large one. One case stays ours: a few rows by a matrix whose columns lie
together, as a small batch by a linear layer's weight. BLAS would copy that matrix first.
"""
from __future__ import annotations

from enum import Enum

import numpy as np

from .. import reference
from ..reference import Array
from . import blas, gemm, sgemm
from .threads import get_num_threads, threads_for
from .vectors import BITS

WORK = 500_000           # multiplications below which our own kernels lose to NumPy
SHARED = 8_000_000       # multiplications below which one thread is done before a second has woken up
FEW = 32                 # rows up to which copying the other matrix costs more than it gains


class Way(Enum):
    """Who multiplies."""

    NUMPY = 1            # with as many threads as its BLAS has
    ALONE = 2            # NumPy, whose BLAS is told to use this thread only
    BLAS = 3             # each of our threads calls it
    OURS = 4


def way(work: int) -> tuple[Way, int]:
    """The way for so many multiplications, and how many of our threads take part."""
    most = get_num_threads()
    threads = threads_for(2 * work) if work >= SHARED else 1
    if BITS == 512 or most > 1 and not blas.sgemm():
        return (Way.OURS, threads) if work >= WORK else (Way.NUMPY, 1)
    if most == 1:
        return Way.NUMPY, 1
    return (Way.ALONE if threads == 1 else Way.BLAS), threads


def matmul(x: Array, y: Array) -> Array:
    """x @ y for any shapes and dtypes that NumPy takes."""
    if x.dtype.char != "f" or y.dtype.char != "f" or x.ndim < 2 or y.ndim < 2 or x.shape[-1] != y.shape[-2]:
        return reference.matmul(x, y)
    work, flat = x.size * y.shape[-1], x.ndim == y.ndim == 2
    how, threads = way(work)
    if flat and work >= WORK and (how is Way.OURS or 1 < len(x) <= FEW) and gemm.takes_rows(y):
        return gemm.rows_product(x, y.T, threads)
    if how is Way.ALONE:
        with blas.alone:
            return reference.matmul(x, y)
    if how is Way.NUMPY or how is Way.OURS and not gemm.takes(x, y):
        return reference.matmul(x, y)
    if flat:
        return sgemm.product(x, y, threads) if how is Way.BLAS else gemm.product(x[None], y[None], threads)[0]
    batch, (n, k), m = np.broadcast_shapes(x.shape[:-2], y.shape[:-2]), x.shape[-2:], y.shape[-1]
    x = x[None] if x.ndim == 2 and how is Way.OURS else np.broadcast_to(x, (*batch, n, k)).reshape(-1, n, k)
    y = np.broadcast_to(y, (*batch, k, m)).reshape(-1, k, m)
    product = sgemm.product if how is Way.BLAS else gemm.product
    return product(x, y, threads).reshape(*batch, n, m)


def linear(x: Array, w: Array, b: Array | None) -> Array:
    """x (N, K) @ w.T (K, F) + b (F,) -> (N, F), of one dtype."""
    out = matmul(x, w.T)
    if b is not None:
        out += b
    return out
