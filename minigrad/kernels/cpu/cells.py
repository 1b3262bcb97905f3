"""One step of a recurrent cell behind its two matrix products: all gates in one visit to each row, and the way back.

Each row is worked on in passes with one output each, so that LLVM can tell that no write changes what is read later; the row
stays in the first-level cache meanwhile. Equations and order of gates are those of `ops/rnn.py`.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from ..reference import Array
from .functions import ONE, sigmoid, tanh
from .jit import jit, part, run
from .threads import threads_for

FLOPS = 60                            # what an element of the state is worth


def lstm(zx: Array, zh: Array, b: Array | None, c: Array) -> tuple[Array, Array, Array, Array] | None:
    """What x and h add to the gates, (N, 4H) each, of which the first is overwritten, a bias (4H,) and c (N, H) -> h', c', gates, tanh(c').

    None unless all are float32 in C order.
    """
    if not plain(zx, zh, c):
        return None
    h, memory, t = (np.empty(c.shape, c.dtype) for _ in range(3))
    run(lstm_rows, threads_for(FLOPS * c.size), len(c), h, memory, t, zx, zh, bias(b, zx), c)
    return h, memory, zx, t


def lstm_input(gh: Array, gc: Array, a: Array, t: Array, c: Array) -> tuple[Array, Array] | None:
    """From the gradients of h' and c': those of the gates before activation (N, 4H), and of c."""
    if not plain(gh, gc, a, t, c):
        return None
    dz, dc = np.empty(a.shape, a.dtype), np.empty(c.shape, c.dtype)
    run(lstm_rows_back, threads_for(FLOPS * c.size), len(c), dz, dc, gh, gc, a, t, c)
    return dz, dc


def gru(zx: Array, zh: Array, bx: Array | None, bh: Array | None, h: Array) -> tuple[Array, Array] | None:
    """What x and h add to the gates, (N, 3H) each, biases (3H,) and h (N, H) -> h', and r, z, n, what h adds to n: (N, 4H).

    None unless all are float32 in C order.
    """
    if not plain(zx, zh, h):
        return None
    out, a = np.empty(h.shape, h.dtype), np.empty((len(h), 4 * h.shape[1]), h.dtype)
    run(gru_rows, threads_for(FLOPS * h.size), len(h), out, a, zx, zh, bias(bx, zx), bias(bh, zh), h)
    return out, a


def gru_input(g: Array, a: Array, h: Array) -> tuple[Array, Array, Array] | None:
    """From the gradient of h': those of both addends of the gates, (N, 3H) each, and what reaches h directly."""
    if not plain(g, a, h):
        return None
    dx, dh = (np.empty((len(h), 3 * h.shape[1]), h.dtype) for _ in range(2))
    direct = np.empty(h.shape, h.dtype)
    run(gru_rows_back, threads_for(FLOPS * h.size), len(h), dx, dh, direct, g, a, h)
    return dx, dh, direct


def plain(*arrays: Array) -> bool:
    """True for float32 in C order."""
    for a in arrays:
        if type(a) is not np.ndarray or a.dtype.char != "f" or not a.flags.c_contiguous:
            return False
    return True


def bias(b: Array | None, z: Array) -> Array:
    """A bias in C order; zeros where there is none."""
    return np.zeros(z.shape[1], z.dtype) if b is None else np.ascontiguousarray(b)


# What is compiled ------------------------------------------------------------------------------------------------------

# Loops start at 0, which LLVM needs to know to vectorise.

@part
def gate(x: Any, r: int, k: int, h: int) -> Any:
    """Gate k of row r."""
    return x[r, k * h:(k + 1) * h]


@part
def sigmoid_of_sum(x: Any, y: Any, b: Any) -> None:
    """x = sigmoid(x + y + b)"""
    for j in range(len(x)):
        x[j] = sigmoid(x[j] + y[j] + b[j])


@part
def tanh_of_sum(x: Any, y: Any, b: Any) -> None:
    """x = tanh(x + y + b)"""
    for j in range(len(x)):
        x[j] = tanh(x[j] + y[j] + b[j])


@jit
def lstm_rows(h: Any, memory: Any, t: Any, a: Any, zh: Any, b: Any, c: Any, units: int, threads: int, thread: int) -> None:
    n = c.shape[1]
    for r in range(units * thread // threads, units * (thread + 1) // threads):
        sigmoid_of_sum(a[r, :2 * n], zh[r, :2 * n], b[:2 * n])
        tanh_of_sum(gate(a, r, 2, n), gate(zh, r, 2, n), b[2 * n:3 * n])
        sigmoid_of_sum(gate(a, r, 3, n), gate(zh, r, 3, n), b[3 * n:])
        i, f, g, o = gate(a, r, 0, n), gate(a, r, 1, n), gate(a, r, 2, n), gate(a, r, 3, n)
        new, tt, out, old = memory[r], t[r], h[r], c[r]
        for j in range(n):
            new[j] = f[j] * old[j] + i[j] * g[j]
        for j in range(n):
            tt[j] = tanh(new[j])
        for j in range(n):
            out[j] = o[j] * tt[j]


@jit
def lstm_rows_back(dz: Any, dc: Any, gh: Any, gc: Any, a: Any, t: Any, c: Any, units: int, threads: int, thread: int) -> None:
    n = c.shape[1]
    for r in range(units * thread // threads, units * (thread + 1) // threads):
        i, f, g, o = gate(a, r, 0, n), gate(a, r, 1, n), gate(a, r, 2, n), gate(a, r, 3, n)
        di, df, dg, do = gate(dz, r, 0, n), gate(dz, r, 1, n), gate(dz, r, 2, n), gate(dz, r, 3, n)
        d, dy, dm, tt, old = dc[r], gh[r], gc[r], t[r], c[r]
        for j in range(n):
            do[j] = dy[j] * tt[j] * (o[j] * (ONE - o[j]))
        for j in range(n):
            d[j] = dm[j] + dy[j] * o[j] * (ONE - tt[j] * tt[j])
        for j in range(n):
            di[j] = d[j] * g[j] * (i[j] * (ONE - i[j]))
        for j in range(n):
            df[j] = d[j] * old[j] * (f[j] * (ONE - f[j]))
        for j in range(n):
            dg[j] = d[j] * i[j] * (ONE - g[j] * g[j])
        for j in range(n):
            d[j] *= f[j]


@jit
def gru_rows(out: Any, a: Any, zx: Any, zh: Any, bx: Any, bh: Any, h: Any, units: int, threads: int, thread: int) -> None:
    n = h.shape[1]
    for row in range(units * thread // threads, units * (thread + 1) // threads):
        r, z, new, hn = gate(a, row, 0, n), gate(a, row, 1, n), gate(a, row, 2, n), gate(a, row, 3, n)
        both, x, y, old, result = a[row], zx[row], zh[row], h[row], out[row]
        for j in range(2 * n):
            both[j] = x[j] + bx[j]
        for j in range(2 * n):
            both[j] = sigmoid(both[j] + (y[j] + bh[j]))
        xn, yn, bxn, bhn = gate(zx, row, 2, n), gate(zh, row, 2, n), bx[2 * n:], bh[2 * n:]
        for j in range(n):
            hn[j] = yn[j] + bhn[j]
        for j in range(n):
            new[j] = tanh(xn[j] + bxn[j] + r[j] * hn[j])
        for j in range(n):
            result[j] = new[j] + z[j] * (old[j] - new[j])


@jit
def gru_rows_back(dx: Any, dh: Any, direct: Any, g: Any, a: Any, h: Any, units: int, threads: int, thread: int) -> None:
    n = h.shape[1]
    for row in range(units * thread // threads, units * (thread + 1) // threads):
        r, z, new, hn = gate(a, row, 0, n), gate(a, row, 1, n), gate(a, row, 2, n), gate(a, row, 3, n)
        dr, dz, dn, dhn = gate(dx, row, 0, n), gate(dx, row, 1, n), gate(dx, row, 2, n), gate(dh, row, 2, n)
        d, old, through = g[row], h[row], direct[row]
        for j in range(n):
            dn[j] = d[j] * (ONE - z[j]) * (ONE - new[j] * new[j])
        for j in range(n):
            dr[j] = dn[j] * hn[j] * (r[j] * (ONE - r[j]))
        for j in range(n):
            dz[j] = d[j] * (old[j] - new[j]) * (z[j] * (ONE - z[j]))
        for j in range(n):
            dhn[j] = dn[j] * r[j]
        for j in range(n):
            through[j] = d[j] * z[j]
        dh[row, :2 * n] = dx[row, :2 * n]
