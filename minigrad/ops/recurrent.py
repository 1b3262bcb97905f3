"""Recurrent layers over whole sequences: one direction of one layer is one op, with its own way back through time.

Sequences are packed: all elements of time 0, then those of time 1, ..., longest sequence first, in one matrix
(total, features); `sizes` says how many sequences reach each time. So a batch of equal lengths is the special case of equal
sizes, and no padding is computed. What the input adds to the gates is one matrix product for all times.

On arrays a rule walks back through what the forward kept. On tensors, for second gradients, it is the gradient of the
same network computed step by step. Both ways of a layer have a compiled kernel for float32; the array form here is for all else.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ..backend import backend_of
from ..engine.op import op
from .composed import keeps, on_tensors, through_steps
from .exponentials import sigmoid, sigmoid_into
from .join import cat
from .linear import linear
from .matmul import matmul
from .rnn import added, affine, loops, parts
from .trigonometry import tanh

if TYPE_CHECKING:
    from .._tensor import Tensor

Sizes = tuple[int, ...]
Spans = list[tuple[int, int]]


# ---------------------------------------------------------------- what all kinds share
def spans(sizes: Sizes, reverse: bool) -> Spans:
    """Where the elements of each time stand, (start, stop), in the order in which times are visited."""
    found = []
    start = 0
    for n in sizes:
        found.append((start, start + n))
        start += n
    return found[::-1] if reverse else found


@lru_cache(maxsize=64)
def table(sizes: Sizes, reverse: bool) -> Any:
    """`spans` for kernels: (times, 2)."""
    return np.array(spans(sizes, reverse), np.int64)


def step_by_step(cell: Callable[[Any, tuple[Any, ...]], tuple[Any, tuple[Any, ...]]], z: Any, states: tuple[Any, ...], sizes: Sizes,
                 reverse: bool) -> tuple[Any, ...]:
    """The outputs and the last states, of tensors: `cell` takes the input of one time and the states of those that reach it."""
    ys = []
    for start, stop in spans(sizes, reverse):
        n = stop - start
        y, new = cell(z[start:stop], tuple([s[:n] for s in states]))
        states = tuple([a if n == s.shape[0] else cat([a, s[n:]], 0) for a, s in zip(new, states)])
        ys.append(y)
    return cat(ys[::-1] if reverse else ys, 0), *states


def split(operands: Sequence[Any], states: int) -> tuple[Any, ...]:
    """x, the states, w_ih, w_hh, then b_ih and b_hh or None, then w_hr or None."""
    first, rest = operands[:states + 3], operands[states + 3:]
    b_ih, b_hh = rest[:2] if len(rest) > 1 else (None, None)
    return *first, b_ih, b_hh, rest[-1] if len(rest) % 2 else None


def parameters(needs: Sequence[bool], dz: Any, hidden: Any, x: Any, w_ih: Any, before: Any, states: Sequence[Any],
               biased: bool) -> list[Any]:
    """One gradient per operand, from those of what x and of what h add to the gates (perhaps the same), and of the states."""
    n = 1 + len(states)
    b_hh = hidden.sum(0) if biased and any(needs[n + 2:n + 4]) else None
    b_ih = b_hh if dz is hidden or b_hh is None else dz.sum(0)
    return [matmul(dz, w_ih) if needs[0] else None, *states, matmul(dz.T, x) if needs[n] else None,
            matmul(hidden.T, before) if needs[n + 1] else None, *([b_ih, b_hh] if biased else [])]


# ---------------------------------------------------------------- LSTM
def lstm_steps(operands: Sequence[Any], sizes: Sizes, reverse: bool) -> tuple[Any, ...]:
    """`lstm_scan` of tensors, step by step."""
    x, h, c, w_ih, w, b_ih, b_hh, w_hr = split(operands, 2)

    def cell(z: Any, states: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
        i, f, g, o = parts(z + matmul(states[0], w.swapaxes(0, 1)), 4)
        memory = sigmoid(f) * states[1] + sigmoid(i) * tanh(g)
        y = sigmoid(o) * tanh(memory)
        y = y if w_hr is None else matmul(y, w_hr.swapaxes(0, 1))
        return y, (y, memory)
    return step_by_step(cell, linear(x, w_ih, added(b_ih, b_hh)), (h, c), sizes, reverse)


def lstm_back(g: Sequence[Any], operands: Sequence[Any], a: Any, t: Any, before: Any, memory: Any, needs: tuple[bool, ...], sizes: Sizes,
              reverse: bool) -> list[Any]:
    """Back through time, from the gradients of the outputs and of the last states."""
    if on_tensors(g):
        return through_steps(lambda own: lstm_steps(own, sizes, reverse), g, operands, needs)
    x, _, _, w_ih, w, b_ih, _, w_hr = split(operands, 2)
    gy, gh, gc = g
    kernels = loops(a)
    found = kernels and kernels.lstm_scan_input(gy, gh, gc, w, w_hr, a, t, memory, table(sizes, reverse))
    dz, dh, dc, dy = found or lstm_back_on_arrays(gy, gh, gc, w, w_hr, a, t, memory, spans(sizes, reverse))
    return [*parameters(needs, dz, dz, x, w_ih, before, (dh, dc), b_ih is not None),
            *([matmul(dy.T, parts(a, 4)[3] * t)] if w_hr is not None else [])]


def lstm_back_on_arrays(gy: Any, gh: Any, gc: Any, w: Any, w_hr: Any, a: Any, t: Any, memory: Any, times: Spans) -> tuple[Any, ...]:
    """The gradients of the gates, of h and c, and with a projection of its outputs."""
    xp, n = backend_of(a).xp, gc.shape[1]
    i, f, m, o = parts(a, 4)
    dh, dc, dz = gh.copy(), gc.copy(), xp.subtract(1, a)
    dz *= a                                          # the slopes of the gates, for all times at once
    by_gate = dz.reshape((-1, 4, n))
    by_gate[:, 0] *= m
    by_gate[:, 1] *= memory
    by_gate[:, 2] = i * (1 - m * m)
    by_gate[:, 3] *= t
    to_memory = o * (1 - t * t)
    dy = None if w_hr is None else xp.empty_like(gy)
    for start, stop in reversed(times):
        d, carried, s = dh[:stop - start], dc[:stop - start], by_gate[start:stop]
        d += gy[start:stop]
        if dy is not None:
            dy[start:stop] = d
        own = d if dy is None else d @ w_hr
        s[:, 3] *= own
        carried += own * to_memory[start:stop]       # now the gradient of the memory after this step
        s[:, :3] *= carried[:, None]
        carried *= f[start:stop]
        xp.matmul(dz[start:stop], w, d)
    return dz, dh, dc, dy


@op(several=True,
    operands=lambda g, operands, a, t, before, memory, needs, sizes, reverse:
    lstm_back(g, operands, a, t, before, memory, needs, sizes, reverse),
    kept=("a", "t", "before", "memory"))
def lstm_scan(operands: Sequence[Tensor], needs: tuple[bool, ...], sizes: Sizes, reverse: bool) -> tuple[Tensor, ...]:
    """x (total, I), h (N, R), c (N, H), w_ih (4H, I), w_hh (4H, R), perhaps b_ih, b_hh (4H,), perhaps w_hr (R, H).

    Gives y (total, R) and h', c' of every sequence at its end.
    """
    x, h, c, w_ih, w, b_ih, b_hh, w_hr = split(operands, 2)
    b = added(b_ih, b_hh)
    z = affine(x, w_ih, None)
    kernels = loops(z)
    found = kernels and kernels.lstm_scan(z, h, c, w, b, w_hr, table(sizes, reverse), keeps(needs))
    if found:
        return found[:3], *found[3:]
    xp, n = backend_of(z).xp, c.shape[1]
    scale = xp.full(4 * n, 0.5, z.dtype)             # sigmoid(x) = tanh(x / 2) / 2 + 1 / 2: one tanh for all four gates
    scale[2 * n:3 * n] = 1
    shift = 1 - scale
    z = z if b is None else z + b
    a, h, c, w = z * scale, h.copy(), c.copy(), w.T * scale
    t, memory = xp.empty((len(a), n), a.dtype), xp.empty((len(a), n), a.dtype)
    before, y = xp.empty((len(a), h.shape[1]), a.dtype), xp.empty((len(a), h.shape[1]), a.dtype)
    for start, stop in spans(sizes, reverse):
        k = stop - start
        before[start:stop], memory[start:stop] = h[:k], c[:k]
        s = a[start:stop]
        s += h[:k] @ w
        xp.tanh(s, s)
        s *= scale
        s += shift
        i, f, m, o = parts(s, 4)
        c[:k] *= f
        c[:k] += i * m
        tt = xp.tanh(c[:k], t[start:stop])
        xp.multiply(o, tt, h[:k]) if w_hr is None else xp.matmul(o * tt, w_hr.T, h[:k])
        y[start:stop] = h[:k]
    return (y, h, c), a, t, before, memory           # type: ignore[return-value]


# ---------------------------------------------------------------- GRU
def gru_steps(operands: Sequence[Any], sizes: Sizes, reverse: bool) -> tuple[Any, ...]:
    """`gru_scan` of tensors, step by step."""
    x, h, w_ih, w, b_ih, b_hh, _ = split(operands, 1)

    def cell(z: Any, states: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
        xr, xu, xn = parts(z, 3)
        hr, hu, hn = parts(linear(states[0], w, b_hh), 3)
        n, u = tanh(xn + sigmoid(xr + hr) * hn), sigmoid(xu + hu)
        y = n + u * (states[0] - n)
        return y, (y,)
    return step_by_step(cell, linear(x, w_ih, b_ih), (h,), sizes, reverse)


def gru_back(g: Sequence[Any], operands: Sequence[Any], a: Any, before: Any, needs: tuple[bool, ...], sizes: Sizes,
             reverse: bool) -> list[Any]:
    """Back through time; hidden: the gradient of what the state adds, which the reset gate scales in its last third."""
    if on_tensors(g):
        return through_steps(lambda own: gru_steps(own, sizes, reverse), g, operands, needs)
    x, _, w_ih, w, b_ih, _, _ = split(operands, 1)
    gy, gh = g
    kernels = loops(a)
    found = kernels and kernels.gru_scan_input(gy, gh, w, a, before, table(sizes, reverse))
    dz, hidden, dh = found or gru_back_on_arrays(gy, gh, w, a, before, spans(sizes, reverse))
    return parameters(needs, dz, hidden, x, w_ih, before, (dh,), b_ih is not None)


def gru_back_on_arrays(gy: Any, gh: Any, w: Any, a: Any, before: Any, times: Spans) -> tuple[Any, ...]:
    """The gradients of what x, and of what h adds to the gates, and of h."""
    xp, n = backend_of(a).xp, gh.shape[1]
    r, u, new, hn = parts(a, 4)
    dh = gh.copy()
    dz, hidden = (xp.empty((len(a), 3 * n), a.dtype) for _ in range(2))
    by_gate = hidden.reshape((-1, 3, n))             # the slopes of the gates, for all times at once
    slope = (1 - u) * (1 - new * new)
    xp.multiply(slope, r, by_gate[:, 2])
    by_gate[:, 0] = slope * hn * (r * (1 - r))
    by_gate[:, 1] = (before - new) * (u * (1 - u))
    for start, stop in reversed(times):
        d = dh[:stop - start]
        d += gy[start:stop]
        slope[start:stop] *= d
        by_gate[start:stop] *= d[:, None]
        d *= u[start:stop]
        d += hidden[start:stop] @ w
    dz[:, :2 * n], dz[:, 2 * n:] = hidden[:, :2 * n], slope
    return dz, hidden, dh


@op(several=True,
    operands=lambda g, operands, a, before, needs, sizes, reverse: gru_back(g, operands, a, before, needs, sizes, reverse),
    kept=("a", "before"))
def gru_scan(operands: Sequence[Tensor], needs: tuple[bool, ...], sizes: Sizes, reverse: bool) -> tuple[Tensor, ...]:
    """x (total, I), h (N, H), w_ih (3H, I), w_hh (3H, H), perhaps b_ih, b_hh (3H,) -> y (total, H), h'."""
    x, h, w_ih, w, b_ih, b_hh, _ = split(operands, 1)
    z = affine(x, w_ih, None)
    kernels = loops(z)
    found = kernels and kernels.gru_scan(z, h, w, b_ih, b_hh, table(sizes, reverse), keeps(needs))
    if found:
        return found[:2], *found[2:]
    xp, n = backend_of(z).xp, h.shape[1]
    z = z if b_ih is None else z + b_ih
    a, h, w = xp.empty((len(z), 4 * n), z.dtype), h.copy(), xp.ascontiguousarray(w.T)
    before, y = xp.empty((len(z), n), z.dtype), xp.empty((len(z), n), z.dtype)
    for start, stop in spans(sizes, reverse):
        k = stop - start
        before[start:stop] = h[:k]
        hidden = h[:k] @ w
        if b_hh is not None:
            hidden += b_hh
        s, now = a[start:stop], z[start:stop]
        xp.add(now[:, :2 * n], hidden[:, :2 * n], s[:, :2 * n])
        sigmoid_into(s[:, :2 * n], s[:, :2 * n])
        r, u, new, hn = parts(s, 4)
        hn[...] = hidden[:, 2 * n:]
        xp.multiply(r, hn, new)
        new += now[:, 2 * n:]
        xp.tanh(new, new)
        h[:k] -= new
        h[:k] *= u
        h[:k] += new
        y[start:stop] = h[:k]
    return (y, h), a, before                         # type: ignore[return-value]


# ---------------------------------------------------------------- plain networks
def rnn_steps(operands: Sequence[Any], sizes: Sizes, reverse: bool, relu: bool) -> tuple[Any, ...]:
    """`rnn_scan` of tensors, step by step."""
    x, h, w_ih, w, b_ih, b_hh, _ = split(operands, 1)

    def cell(z: Any, states: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
        a = z + matmul(states[0], w.swapaxes(0, 1))
        y = a.relu() if relu else tanh(a)
        return y, (y,)
    return step_by_step(cell, linear(x, w_ih, added(b_ih, b_hh)), (h,), sizes, reverse)


def rnn_back(g: Sequence[Any], operands: Sequence[Any], y: Any, before: Any, needs: tuple[bool, ...], sizes: Sizes, reverse: bool,
             relu: bool) -> list[Any]:
    """Back through time."""
    if on_tensors(g):
        return through_steps(lambda own: rnn_steps(own, sizes, reverse, relu), g, operands, needs)
    x, _, w_ih, w, b_ih, _, _ = split(operands, 1)
    gy, gh = g
    kernels = loops(y)
    found = kernels and kernels.rnn_scan_input(gy, gh, w, y, table(sizes, reverse), relu)
    dz, dh = found or rnn_back_on_arrays(gy, gh, w, y, spans(sizes, reverse), relu)
    return parameters(needs, dz, dz, x, w_ih, before, (dh,), b_ih is not None)


def rnn_back_on_arrays(gy: Any, gh: Any, w: Any, y: Any, times: Spans, relu: bool) -> tuple[Any, ...]:
    """The gradients of what the input adds, and of h."""
    xp = backend_of(y).xp
    dh, dz = gh.copy(), xp.empty_like(y)
    slope = (y > 0).astype(y.dtype) if relu else 1 - y * y
    for start, stop in reversed(times):
        d = dh[:stop - start]
        d += gy[start:stop]
        s = xp.multiply(d, slope[start:stop], dz[start:stop])
        xp.matmul(s, w, d)
    return dz, dh


@op(several=True,
    operands=lambda g, operands, y, before, needs, sizes, reverse, relu: rnn_back(g, operands, y, before, needs, sizes, reverse, relu),
    kept=("y", "before"))
def rnn_scan(operands: Sequence[Tensor], needs: tuple[bool, ...], sizes: Sizes, reverse: bool, relu: bool) -> tuple[Tensor, ...]:
    """x (total, I), h (N, H), w_ih (H, I), w_hh (H, H), perhaps b_ih, b_hh (H,) -> y (total, H), h'."""
    x, h, w_ih, w, b_ih, b_hh, _ = split(operands, 1)
    b = added(b_ih, b_hh)
    z = affine(x, w_ih, None)
    kernels = loops(z)
    found = kernels and kernels.rnn_scan(z, h, w, b, table(sizes, reverse), relu)
    if found:
        y, h, before = found
        return (y, h), y.copy(), before              # type: ignore[return-value]
    xp = backend_of(z).xp
    y, h, w = z if b is None else z + b, h.copy(), xp.ascontiguousarray(w.T)
    before = xp.empty_like(y)
    for start, stop in spans(sizes, reverse):
        k = stop - start
        before[start:stop] = h[:k]
        s = y[start:stop]
        s += h[:k] @ w
        if relu:
            xp.maximum(s, backend_of(s).zero(s.dtype), out=s)
        else:
            xp.tanh(s, s)
        h[:k] = s
    return (y, h), y.copy(), before                  # type: ignore[return-value]
