"""Recurrent layers over whole sequences, forward and back through time, each one call: float32.

Each thread takes its share of the sequences through all of time, so threads never wait for each other. The recurrent matrix lies
in panels (panels.py); a step is one product with it and one visit to the gates. Sequences are packed as `ops/recurrent.py` says.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from ..reference import Array
from .cells import gate, plain
from .functions import HALF, ONE, ZERO, F, inlined, pick
from .jit import call_address, jit, part, run
from .microkernels import ROWS
from .panels import adder, panels
from .threads import threads_for

ACTIVATION = 30                       # flops, about, that an element of a gate costs beside its products

# tanh(x) = x (T0 + T1 y + ...) / (1 + B1 y + ...) with y = x**2 <= 64: least-squares fit with the weights moved until the relative error,
# 7e-9, is even. Rounding makes it 5 units in the last place; it takes half the time of an exponential.
T0, T1, T2, T3, T4 = map(F, (0.9999999935785852, 0.13444512674115253, 0.003571615471018181, 2.1894950420586874e-05, 1.5230824888192087e-08))
B1, B2, B3, B4 = map(F, (0.4677784000067706, 0.026164509309331327, 0.00034113205840327724, 8.522611376691427e-07))
EIGHT = F(8)                          # its tanh is 1 in the first seven digits

Spans = Array                         # (steps, 2): where the elements of each time begin and end, as times are visited


def lstm_scan(z: Array, h: Array, c: Array, w: Array, b: Array | None, w_hr: Array | None, spans: Spans,
              keep: bool) -> tuple[Array, ...] | None:
    """What the input adds to the gates (total, 4H), overwritten, h (N, R), c (N, H), w_hh (4H, R), b (4H,), w_hr (R, H).

    Gives y (total, R), h', c'; and for the way back, of no use unless `keep`, the activated gates, tanh(c'), and h and c before each
    step. None unless float32.
    """
    if not plain(z) or h.dtype.char != "f":
        return None
    h, c = h.copy(), c.copy()
    total, (n, size), out = len(z), c.shape, h.shape[1]
    y, t = np.empty((total, out), np.float32), np.empty((total if keep else n, size), np.float32)
    before, memory = np.empty((total if keep else 0, out), np.float32), np.empty((total if keep else 0, size), np.float32)
    w_panels, wide, line = panels(w.T, n)
    hr_panels, _, hr_line = (w_panels[:0], wide, 0) if w_hr is None else panels(w_hr.T, n)
    run(lstm_forward, shares(z.size * out), -(-n // ROWS), y, z, t, before, memory, h, c, long_enough(b, line), w_panels, hr_panels, wide,
        hr_line, spans, keep, adder())
    return y, h, c, z, t, before, memory


def lstm_scan_input(gy: Array, gh: Array, gc: Array, w: Array, w_hr: Array | None, a: Array, t: Array, memory: Array,
                    spans: Spans) -> tuple[Array, ...] | None:
    """From the gradients of y, h', c' and what the forward kept: those of the gates, of h, c, and, with w_hr, of its outputs."""
    if not plain(a, t, memory) or not gy.dtype.char == gh.dtype.char == gc.dtype.char == "f":
        return None
    n = len(gc)
    dz, dc = np.empty_like(a), gc.copy()
    w_panels, wide, line = panels(w, n)
    hr_panels, _, hr_line = (w_panels[:0], wide, 0) if w_hr is None else panels(w_hr, n)
    dh, dy = np.zeros((n, line), np.float32), np.empty((len(a) if w_hr is not None else 0, gh.shape[1]), np.float32)
    dh[:, :gh.shape[1]] = gh
    run(lstm_back, shares(a.size * gh.shape[1]), -(-n // ROWS), dz, dh, dc, dy, packed(gy), a, t, memory, w_panels, hr_panels, wide,
        hr_line, spans, adder())
    return dz, dh[:, :gh.shape[1]], dc, dy


def gru_scan(z: Array, h: Array, w: Array, b_ih: Array | None, b_hh: Array | None, spans: Spans, keep: bool) -> tuple[Array, ...] | None:
    """What the input adds to the gates (total, 3H), h (N, H), w_hh (3H, H), biases (3H,) -> y (total, H), h'.

    Also, for the way back: r, z, n and what h adds to n, and h before each step; of no use unless `keep`. None unless float32.
    """
    if not plain(z) or h.dtype.char != "f":
        return None
    h = h.copy()
    total, (n, size) = len(z), h.shape
    w_panels, wide, line = panels(w.T, n)
    bias, new_bias = long_enough(b_hh, line), np.zeros(size, np.float32)
    if b_ih is not None:
        bias[:2 * size] += b_ih[:2 * size]
        new_bias += b_ih[2 * size:]
    y, a = np.empty((total, size), np.float32), np.empty((total if keep else n, 4 * size), np.float32)
    before = np.empty((total if keep else 0, size), np.float32)
    run(gru_forward, shares(z.size * size), -(-n // ROWS), y, a, before, h, z, bias, new_bias, w_panels, wide, spans, keep, adder())
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


def rnn_scan(z: Array, h: Array, w: Array, b: Array | None, spans: Spans, relu: bool) -> tuple[Array, ...] | None:
    """What the input adds (total, H), overwritten with y, h (N, H), w_hh (H, H), b (H,) -> y, h', and h before each step.

    None unless float32.
    """
    if not plain(z) or h.dtype.char != "f":
        return None
    h, before = h.copy(), np.empty_like(z)
    w_panels, wide, line = panels(w.T, len(h))
    run(rnn_forward, shares(z.size * len(w)), -(-len(h) // ROWS), z, before, h, long_enough(b, line), w_panels, wide, spans, relu, adder())
    return z, h, before


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


def long_enough(b: Array | None, line: int) -> Array:
    """A bias, zeros where there is none, and behind it."""
    row = np.zeros(line, np.float32)
    if b is not None:
        row[:len(b)] = b
    return row


def packed(x: Array) -> Array:
    """x in C order and writeable: one layout to compile for."""
    return x if x.flags.carray else x.copy()


def shares(products: int) -> int:
    """How many threads are worth it."""
    return threads_for(2 * products)


# What is compiled ------------------------------------------------------------------------------------------------------

@inlined
def quick_tanh(x: Any) -> Any:
    """tanh(x) within 3e-7."""
    x = pick(x > EIGHT, EIGHT, x)
    x = pick(x < -EIGHT, -EIGHT, x)
    y = x * x
    return x * ((((T4 * y + T3) * y + T2) * y + T1) * y + T0) / ((((B4 * y + B3) * y + B2) * y + B1) * y + ONE)


@inlined
def quick_sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x)) = (1 + tanh(x / 2)) / 2 within 2e-7."""
    return HALF + HALF * quick_tanh(HALF * x)


@part
def add_sigmoid(a: Any, y: Any) -> None:
    """a = sigmoid(a + y)"""
    for j in range(len(a)):
        a[j] = quick_sigmoid(a[j] + y[j])


@part
def add_tanh(a: Any, y: Any) -> None:
    """a = tanh(a + y)"""
    for j in range(len(a)):
        a[j] = quick_tanh(a[j] + y[j])


@part
def copy(to: Any, x: Any) -> None:
    for j in range(len(to)):
        to[j] = x[j]


@part
def own_rows(units: int, threads: int, thread: int, n: int) -> Any:
    """The sequences of a thread: whole blocks of ROWS."""
    return units * thread // threads * ROWS, min(units * (thread + 1) // threads * ROWS, n)


@jit
def lstm_forward(y: Any, a: Any, t: Any, before: Any, memory: Any, h: Any, c: Any, bias: Any, w: Any, w_hr: Any, wide: int, hr_line: int,
                 spans: Any, keep: bool, add: int, units: int, threads: int, thread: int) -> None:
    (n, size), out, line = c.shape, h.shape[1], len(bias)
    low, high = own_rows(units, threads, thread, n)
    s = np.empty((high - low, line), c.dtype)
    long, short = np.empty((high - low if hr_line else 0, size), c.dtype), np.empty((high - low, hr_line), c.dtype)
    flat_h, flat_s, flat_long, flat_short = h.reshape(-1), s.reshape(-1), long.reshape(-1), short.reshape(-1)
    for step in range(len(spans)):
        start = spans[step, 0]
        end = min(high, spans[step, 1] - start)
        if end <= low:
            continue
        for r in range(end - low):
            copy(s[r], bias)
        call_address(add, (flat_s, line, flat_h, low * out, out, 1, end - low, w, wide, line, out))
        for r in range(low, end):
            at, kept = start + r, start + r if keep else r
            row, mine = a[at], s[r - low]
            add_sigmoid(row[:2 * size], mine[:2 * size])
            add_tanh(row[2 * size:3 * size], mine[2 * size:3 * size])
            add_sigmoid(row[3 * size:], mine[3 * size:4 * size])
            i, f, g, o = gate(a, at, 0, size), gate(a, at, 1, size), gate(a, at, 2, size), gate(a, at, 3, size)
            own, tt = c[r], t[kept]
            if keep:
                copy(memory[at], own)
                copy(before[at], h[r])
            for j in range(size):
                own[j] = f[j] * own[j] + i[j] * g[j]
            for j in range(size):
                tt[j] = quick_tanh(own[j])
            to = long[r - low] if hr_line else h[r]
            for j in range(size):
                to[j] = o[j] * tt[j]
            if not hr_line:
                copy(y[start + r], to)
        if hr_line:
            short[:end - low] = 0
            call_address(add, (flat_short, hr_line, flat_long, 0, size, 1, end - low, w_hr, wide, hr_line, size))
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
            call_address(add, (flat_long, hr_line, flat_dy, (start + low) * out, out, 1, end - low, w_hr, wide, hr_line, out))
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
        call_address(add, (flat_dh, line, flat_dz, (start + low) * 4 * size, 4 * size, 1, end - low, w, wide, line, 4 * size))


@jit
def gru_forward(y: Any, a: Any, before: Any, h: Any, z: Any, bias: Any, new_bias: Any, w: Any, wide: int, spans: Any, keep: bool, add: int,
                units: int, threads: int, thread: int) -> None:
    (n, size), line = h.shape, len(bias)
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
        call_address(add, (flat_s, line, flat_h, low * size, size, 1, end - low, w, wide, line, size))
        for row in range(low, end):
            at = start + row if keep else row
            x, mine, old, both = z[start + row], s[row - low], h[row], a[at]
            if keep:
                copy(before[at], old)
            copy(both[:2 * size], x[:2 * size])
            add_sigmoid(both[:2 * size], mine[:2 * size])
            r, u, new, hn = gate(a, at, 0, size), gate(a, at, 1, size), gate(a, at, 2, size), gate(a, at, 3, size)
            copy(hn, mine[2 * size:3 * size])
            xn = x[2 * size:]
            for j in range(size):
                new[j] = quick_tanh(xn[j] + new_bias[j] + r[j] * hn[j])
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
        call_address(add, (flat_dh, line, flat_hidden, (start + low) * 3 * size, 3 * size, 1, end - low, w, wide, line, 3 * size))


@jit
def rnn_forward(y: Any, before: Any, h: Any, bias: Any, w: Any, wide: int, spans: Any, relu: bool, add: int, units: int, threads: int,
                thread: int) -> None:
    (n, size), line = h.shape, len(bias)
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
        call_address(add, (flat_s, line, flat_h, low * size, size, 1, end - low, w, wide, line, size))
        for r in range(low, end):
            to, mine = y[start + r], s[r - low]
            copy(before[start + r], h[r])
            if relu:
                for j in range(size):
                    to[j] += mine[j]
                for j in range(size):
                    to[j] = pick(to[j] < ZERO, ZERO, to[j])
            else:
                add_tanh(to, mine[:size])
            copy(h[r], to)


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
        call_address(add, (flat_dh, line, flat_dz, (start + low) * size, size, 1, end - low, w, wide, line, size))
