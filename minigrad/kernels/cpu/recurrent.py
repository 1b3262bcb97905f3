"""Recurrent layers over whole sequences, forward and back through time, each one call: float32.

Each thread takes its share of the sequences through all of time, so threads never wait for each other. The recurrent matrix lies
in panels (panels.py); a step is one product with it and one visit to the gates. Sequences are packed as `ops/recurrent.py` says.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from ..reference import Array
from .cells import gate, plain
from .functions import ONE, ZERO, pick, sigmoid, tanh
from .jit import call_address, jit, part, run
from .microkernels import ROWS
from .panels import adder, panels
from .threads import threads_for

ACTIVATION = 30                       # flops, about, that an element of a gate costs beside its products

Spans = Array                         # (steps, 2): where the elements of each time begin and end, as times are visited


def lstm_scan(z: Array, h: Array, c: Array, w: Array, w_hr: Array | None, spans: Spans, keep: bool) -> tuple[Array, ...] | None:
    """What the input adds to the gates (total, 4H), h (N, R), c (N, H), w_hh (4H, R), w_hr (R, H) -> y (total, R), h', c'.

    Also, for the way back: activated gates, tanh(c'), h and c before each step; of no use unless `keep`. None unless float32.
    """
    if not plain(z) or h.dtype.char != "f":
        return None
    h, c = h.copy(), c.copy()
    total, (n, size), out = len(z), c.shape, h.shape[1]
    y, a, t = (np.empty((rows, k), np.float32) for rows, k in ((total, out), (total if keep else n, 4 * size), (total if keep else n, size)))
    before, memory = np.empty((total if keep else 0, out), np.float32), np.empty((total if keep else 0, size), np.float32)
    w_panels, wide, line = panels(w.T, n)
    hr_panels, _, hr_line = (w_panels[:0], wide, 0) if w_hr is None else panels(w_hr.T, n)
    run(lstm_forward, shares(z.size * out), -(-n // ROWS), y, a, t, before, memory, h, c, z, w_panels, hr_panels, wide, line, hr_line,
        spans, keep, adder())
    return y, h, c, a, t, before, memory


def lstm_scan_input(gy: Array, gh: Array, gc: Array, w: Array, w_hr: Array | None, a: Array, t: Array, memory: Array,
                    spans: Spans) -> tuple[Array, ...] | None:
    """From the gradients of y, h', c' and what the forward kept: those of the gates, of h, c, and, with w_hr, of its outputs."""
    if not plain(a, t, memory) or not gy.dtype.char == gh.dtype.char == gc.dtype.char == "f":
        return None
    n, size = gc.shape
    dz, dc = np.empty_like(a), gc.copy()
    w_panels, wide, line = panels(w, n)
    hr_panels, _, hr_line = (w_panels[:0], wide, 0) if w_hr is None else panels(w_hr, n)
    dh, dy = np.zeros((n, line), np.float32), np.empty((len(a) if w_hr is not None else 0, gh.shape[1]), np.float32)
    dh[:, :gh.shape[1]] = gh
    run(lstm_back, shares(a.size * gh.shape[1]), -(-n // ROWS), dz, dh, dc, dy, packed(gy), a, t, memory, w_panels, hr_panels, wide, hr_line,
        spans, adder())
    return dz, dh[:, :gh.shape[1]], dc, dy


def gru_scan(z: Array, h: Array, w: Array, b: Array | None, spans: Spans, keep: bool) -> tuple[Array, ...] | None:
    """What the input adds to the gates (total, 3H), h (N, H), w_hh (3H, H), b_hh (3H,) -> y (total, H), h'.

    Also, for the way back: r, z, n and what h adds to n, and h before each step; of no use unless `keep`. None unless float32.
    """
    if not plain(z) or h.dtype.char != "f":
        return None
    h = h.copy()
    total, (n, size) = len(z), h.shape
    w_panels, wide, line = panels(w.T, n)
    bias = np.zeros(line, np.float32)
    if b is not None:
        bias[:3 * size] = b
    y, a = np.empty((total, size), np.float32), np.empty((total if keep else n, 4 * size), np.float32)
    before = np.empty((total if keep else 0, size), np.float32)
    run(gru_forward, shares(z.size * size), -(-n // ROWS), y, a, before, h, z, bias, w_panels, wide, line, spans, keep, adder())
    return y, h, a, before


def gru_scan_input(gy: Array, gh: Array, w: Array, a: Array, before: Array, spans: Spans) -> tuple[Array, ...] | None:
    """From the gradients of y and h' and what the forward kept: those of what x, and of what h adds to the gates, and of h."""
    if not plain(a, before) or not gy.dtype.char == gh.dtype.char == "f":
        return None
    n, size = gh.shape
    dz, hidden = (np.empty((len(a), 3 * size), np.float32) for _ in range(2))
    w_panels, wide, line = panels(w, n)
    dh = np.zeros((n, line), np.float32)
    dh[:, :size] = gh
    run(gru_back, shares(dz.size * size), -(-n // ROWS), dz, hidden, dh, packed(gy), a, before, w_panels, wide, spans, adder())
    return dz, hidden, dh[:, :size]


def rnn_scan(z: Array, h: Array, w: Array, spans: Spans, relu: bool) -> tuple[Array, ...] | None:
    """What the input adds (total, H), h (N, H), w_hh (H, H) -> y (total, H), h', and h before each step. None unless float32."""
    if not plain(z) or h.dtype.char != "f":
        return None
    h = h.copy()
    w_panels, wide, line = panels(w.T, len(h))
    y, before = np.empty_like(z), np.empty_like(z)
    run(rnn_forward, shares(z.size * len(w)), -(-len(h) // ROWS), y, before, h, z, w_panels, wide, line, spans, relu, adder())
    return y, h, before


def rnn_scan_input(gy: Array, gh: Array, w: Array, y: Array, spans: Spans, relu: bool) -> tuple[Array, ...] | None:
    """From the gradients of y and h': that of what the input adds, and that of h."""
    if not plain(y) or not gy.dtype.char == gh.dtype.char == "f":
        return None
    n, size = gh.shape
    dz = np.empty_like(y)
    w_panels, wide, line = panels(w, n)
    dh = np.zeros((n, line), np.float32)
    dh[:, :size] = gh
    run(rnn_back, shares(dz.size * size), -(-n // ROWS), dz, dh, packed(gy), y, w_panels, wide, spans, relu, adder())
    return dz, dh[:, :size]


def packed(x: Array) -> Array:
    """x in C order and writeable: one layout to compile for."""
    return x if x.flags.carray else x.copy()


def shares(products: int) -> int:
    """How many threads are worth it."""
    return threads_for(2 * products)


# What is compiled ------------------------------------------------------------------------------------------------------

@part
def sigmoid_of_sum(a: Any, x: Any, y: Any) -> None:
    """a = sigmoid(x + y)"""
    for j in range(len(a)):
        a[j] = sigmoid(x[j] + y[j])


@part
def tanh_of_sum(a: Any, x: Any, y: Any) -> None:
    """a = tanh(x + y)"""
    for j in range(len(a)):
        a[j] = tanh(x[j] + y[j])


@part
def copy(to: Any, x: Any) -> None:
    for j in range(len(to)):
        to[j] = x[j]


@part
def own_rows(units: int, threads: int, thread: int, n: int) -> Any:
    """The sequences of a thread: whole blocks of ROWS."""
    return units * thread // threads * ROWS, min(units * (thread + 1) // threads * ROWS, n)


@jit
def lstm_forward(y: Any, a: Any, t: Any, before: Any, memory: Any, h: Any, c: Any, z: Any, w: Any, w_hr: Any, wide: int, line: int,
                 hr_line: int, spans: Any, keep: bool, add: int, units: int, threads: int, thread: int) -> None:
    (n, size), out = c.shape, h.shape[1]
    low, high = own_rows(units, threads, thread, n)
    s = np.empty((high - low, line), c.dtype)
    long, short = np.empty((high - low if hr_line else 0, size), c.dtype), np.empty((high - low, hr_line), c.dtype)
    flat_h, flat_s, flat_long, flat_short = h.reshape(-1), s.reshape(-1), long.reshape(-1), short.reshape(-1)
    for step in range(len(spans)):
        start = spans[step, 0]
        end = min(high, spans[step, 1] - start)
        if end <= low:
            continue
        s[:end - low] = 0
        call_address(add, (flat_s, line, flat_h, low * out, out, end - low, w, wide, line, out))
        for r in range(low, end):
            at = start + r if keep else r
            row, x, mine = a[at], z[start + r], s[r - low]
            sigmoid_of_sum(row[:2 * size], x[:2 * size], mine[:2 * size])
            tanh_of_sum(row[2 * size:3 * size], x[2 * size:3 * size], mine[2 * size:3 * size])
            sigmoid_of_sum(row[3 * size:], x[3 * size:], mine[3 * size:4 * size])
            i, f, g, o = gate(a, at, 0, size), gate(a, at, 1, size), gate(a, at, 2, size), gate(a, at, 3, size)
            own, tt = c[r], t[at]
            if keep:
                copy(memory[at], own)
                copy(before[at], h[r])
            for j in range(size):
                own[j] = f[j] * own[j] + i[j] * g[j]
            for j in range(size):
                tt[j] = tanh(own[j])
            to = long[r - low] if hr_line else h[r]
            for j in range(size):
                to[j] = o[j] * tt[j]
            if not hr_line:
                copy(y[start + r], to)
        if hr_line:
            short[:end - low] = 0
            call_address(add, (flat_short, hr_line, flat_long, 0, size, end - low, w_hr, wide, hr_line, size))
            for r in range(low, end):
                copy(h[r], short[r - low])
                copy(y[start + r], h[r])


@jit
def lstm_back(dz: Any, dh: Any, dc: Any, dy: Any, gy: Any, a: Any, t: Any, memory: Any, w: Any, w_hr: Any, wide: int, hr_line: int,
              spans: Any, add: int, units: int, threads: int, thread: int) -> None:
    (n, size), line, out = dc.shape, dh.shape[1], gy.shape[1]
    low, high = own_rows(units, threads, thread, n)
    long = np.empty((high - low, hr_line), dc.dtype)
    flat_dh, flat_dz, flat_dy, flat_long = dh.reshape(-1), dz.reshape(-1), dy.reshape(-1), long.reshape(-1)
    flat_dh = flat_dh[low * line:]
    for step in range(len(spans) - 1, -1, -1):
        start = spans[step, 0]
        end = min(high, spans[step, 1] - start)
        if end <= low:
            continue
        for r in range(low, end):
            d, x = dh[r], gy[start + r]
            for j in range(out):
                d[j] += x[j]
            if hr_line:
                copy(dy[start + r], d)
        if hr_line:
            long[:end - low] = 0
            call_address(add, (flat_long, hr_line, flat_dy, (start + low) * out, out, end - low, w_hr, wide, hr_line, out))
        for r in range(low, end):
            at = start + r
            i, f, g, o = gate(a, at, 0, size), gate(a, at, 1, size), gate(a, at, 2, size), gate(a, at, 3, size)
            di, df, dg, do = gate(dz, at, 0, size), gate(dz, at, 1, size), gate(dz, at, 2, size), gate(dz, at, 3, size)
            d, dm, tt, old = long[r - low] if hr_line else dh[r], dc[r], t[at], memory[at]
            for j in range(size):
                do[j] = d[j] * tt[j] * (o[j] * (ONE - o[j]))
            for j in range(size):
                dm[j] += d[j] * o[j] * (ONE - tt[j] * tt[j])
            for j in range(size):
                di[j] = dm[j] * g[j] * (i[j] * (ONE - i[j]))
            for j in range(size):
                df[j] = dm[j] * old[j] * (f[j] * (ONE - f[j]))
            for j in range(size):
                dg[j] = dm[j] * i[j] * (ONE - g[j] * g[j])
            for j in range(size):
                dm[j] *= f[j]
        dh[low:end] = 0
        call_address(add, (flat_dh, line, flat_dz, (start + low) * 4 * size, 4 * size, end - low, w, wide, line, 4 * size))


@jit
def gru_forward(y: Any, a: Any, before: Any, h: Any, z: Any, bias: Any, w: Any, wide: int, line: int, spans: Any, keep: bool, add: int,
                units: int, threads: int, thread: int) -> None:
    n, size = h.shape
    low, high = own_rows(units, threads, thread, n)
    s = np.empty((high - low, line), h.dtype)
    flat_h, flat_s = h.reshape(-1), s.reshape(-1)
    for step in range(len(spans)):
        start = spans[step, 0]
        end = min(high, spans[step, 1] - start)
        if end <= low:
            continue
        for r in range(end - low):
            copy(s[r], bias)
        call_address(add, (flat_s, line, flat_h, low * size, size, end - low, w, wide, line, size))
        for row in range(low, end):
            at = start + row if keep else row
            x, mine, old, both = z[start + row], s[row - low], h[row], a[at]
            if keep:
                copy(before[at], old)
            sigmoid_of_sum(both[:2 * size], x[:2 * size], mine[:2 * size])
            r, u, new, hn = gate(a, at, 0, size), gate(a, at, 1, size), gate(a, at, 2, size), gate(a, at, 3, size)
            copy(hn, mine[2 * size:3 * size])
            xn = x[2 * size:]
            for j in range(size):
                new[j] = tanh(xn[j] + r[j] * hn[j])
            for j in range(size):
                old[j] = new[j] + u[j] * (old[j] - new[j])
            copy(y[start + row], old)


@jit
def gru_back(dz: Any, hidden: Any, dh: Any, gy: Any, a: Any, before: Any, w: Any, wide: int, spans: Any, add: int, units: int, threads: int,
             thread: int) -> None:
    (n, line), size = dh.shape, gy.shape[1]
    low, high = own_rows(units, threads, thread, n)
    flat_dh, flat_hidden = dh.reshape(-1)[low * line:], hidden.reshape(-1)
    for step in range(len(spans) - 1, -1, -1):
        start = spans[step, 0]
        end = min(high, spans[step, 1] - start)
        if end <= low:
            continue
        for row in range(low, end):
            at = start + row
            r, u, new, hn = gate(a, at, 0, size), gate(a, at, 1, size), gate(a, at, 2, size), gate(a, at, 3, size)
            dr, du, dn, dhn = gate(dz, at, 0, size), gate(dz, at, 1, size), gate(dz, at, 2, size), gate(hidden, at, 2, size)
            d, x, old = dh[row][:size], gy[at], before[at]
            for j in range(size):
                d[j] += x[j]
            for j in range(size):
                dn[j] = d[j] * (ONE - u[j]) * (ONE - new[j] * new[j])
            for j in range(size):
                dr[j] = dn[j] * hn[j] * (r[j] * (ONE - r[j]))
            for j in range(size):
                du[j] = d[j] * (old[j] - new[j]) * (u[j] * (ONE - u[j]))
            for j in range(size):
                dhn[j] = dn[j] * r[j]
            copy(hidden[at][:2 * size], dz[at][:2 * size])
            for j in range(size):
                d[j] *= u[j]                         # what reaches h directly
        call_address(add, (flat_dh, line, flat_hidden, (start + low) * 3 * size, 3 * size, end - low, w, wide, line, 3 * size))


@jit
def rnn_forward(y: Any, before: Any, h: Any, z: Any, w: Any, wide: int, line: int, spans: Any, relu: bool, add: int, units: int,
                threads: int, thread: int) -> None:
    n, size = h.shape
    low, high = own_rows(units, threads, thread, n)
    s = np.empty((high - low, line), h.dtype)
    flat_h, flat_s = h.reshape(-1), s.reshape(-1)
    for step in range(len(spans)):
        start = spans[step, 0]
        end = min(high, spans[step, 1] - start)
        if end <= low:
            continue
        s[:end - low] = 0
        call_address(add, (flat_s, line, flat_h, low * size, size, end - low, w, wide, line, size))
        for r in range(low, end):
            copy(before[start + r], h[r])
            to, x, mine = h[r], z[start + r], s[r - low]
            if relu:
                for j in range(size):
                    sum_j = x[j] + mine[j]
                    to[j] = pick(sum_j < ZERO, ZERO, sum_j)
            else:
                tanh_of_sum(to, x, mine)
            copy(y[start + r], to)


@jit
def rnn_back(dz: Any, dh: Any, gy: Any, y: Any, w: Any, wide: int, spans: Any, relu: bool, add: int, units: int, threads: int,
             thread: int) -> None:
    (n, line), size = dh.shape, gy.shape[1]
    low, high = own_rows(units, threads, thread, n)
    flat_dh, flat_dz = dh.reshape(-1)[low * line:], dz.reshape(-1)
    for step in range(len(spans) - 1, -1, -1):
        start = spans[step, 0]
        end = min(high, spans[step, 1] - start)
        if end <= low:
            continue
        for r in range(low, end):
            to, d, x, out = dz[start + r], dh[r], gy[start + r], y[start + r]
            if relu:
                for j in range(size):
                    to[j] = pick(out[j] > ZERO, d[j] + x[j], ZERO)
            else:
                for j in range(size):
                    to[j] = (d[j] + x[j]) * (ONE - out[j] * out[j])
        dh[low:end] = 0
        call_address(add, (flat_dh, line, flat_dz, (start + low) * size, size, end - low, w, wide, line, size))
