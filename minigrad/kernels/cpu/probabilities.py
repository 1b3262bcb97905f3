"""Softmax and the loss of classification: one visit to each row, which stays in the cache while it is read again.

Along the last axis a row is contiguous. Along another one, (outer, K, inner), neighbours lie side by side: STRIP rows are
worked on at a time, so that vectors go across them.
"""
from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from .. import reference
from ..reference import Array
from .functions import exp_of_negative as exp
from .functions import log_of_any as log
from .functions import pick
from .half import like, plain, working
from .jit import jit, part, run
from .threads import threads_for

FLOPS = 15                            # what an element is worth
STRIP = 128                           # rows side by side, whose sums and largest fit the first-level cache


def softmax(x: Array, axis: int) -> Array:
    """exp(x) / sum(exp(x)) along an axis."""
    if not fits(x):
        return reference.softmax(x, axis)
    return over(softmax_rows, softmax_strips, axis, x)


def log_softmax(x: Array, axis: int) -> Array:
    """x - log(sum(exp(x))) along an axis."""
    if not fits(x):
        return reference.log_softmax(x, axis)
    return over(log_softmax_rows, log_softmax_strips, axis, x)


def softmax_input(g: Array, y: Array, axis: int) -> Array:
    """Gradient of y = softmax(x): y * (g - <g, y>)."""
    if g.dtype == y.dtype == np.float16:
        return like(softmax_input(working(g), working(y), axis), y)
    if not fits(y) or g.dtype != y.dtype:
        return reference.softmax_input(g, y, axis)
    return over(pull_softmax_rows, pull_softmax_strips, axis, g, y)


def log_softmax_input(g: Array, y: Array, axis: int) -> Array:
    """Gradient of y = log_softmax(x): g - exp(y) * sum(g)."""
    if g.dtype == y.dtype == np.float16:
        return like(log_softmax_input(working(g), working(y), axis), y)
    if not fits(y) or g.dtype != y.dtype:
        return reference.log_softmax_input(g, y, axis)
    return over(pull_log_softmax_rows, pull_log_softmax_strips, axis, g, y)


def class_loss(x: Array, t: Array, ignore: int, mean: bool) -> tuple[Array, Array, int] | None:
    """Cross entropy of logits (N, K, ...) and labels (N, ...): losses, the gradient of their sum or mean, how many count.

    Rows whose label is `ignore` have neither loss nor gradient. None where a label is neither that nor a class.
    """
    if not fits(x):
        return reference.class_loss(x, t, ignore, mean)
    x, t = plain(x), plain(t)
    count = labels(t.reshape(-1), x.shape[1], ignore)
    if count < 0:
        return None
    d, losses = np.empty(x.shape, x.dtype), np.empty(t.shape, x.dtype)
    shape, units, rows = cut(x.shape, 1)
    run(lose_rows if rows else lose_strips, threads_for(FLOPS * x.size), units, d.reshape(shape), x.reshape(shape), t.reshape(shape[::2]),
        losses.reshape(shape[::2]), ignore, 1 / max(count, 1) if mean else 1.0)
    return losses, d, count


def fits(x: Array) -> bool:
    """True for single or double precision with something in it."""
    return x.dtype.char in "fd" and x.size > 0 and x.ndim > 0


def over(rows_kernel: Any, strips_kernel: Any, axis: int, *arrays: Array) -> Array:
    """Run one kernel or the other over arrays of one shape."""
    arrays = tuple([a if a.flags.carray else plain(a) for a in arrays])
    first = arrays[0]
    out, threads = np.empty(first.shape, first.dtype), threads_for(FLOPS * first.size)
    if first.ndim == 2 and axis in (1, -1):
        run(rows_kernel, threads, len(out), out, *arrays)
        return out
    shape, units, rows = cut(first.shape, axis)
    run(rows_kernel if rows else strips_kernel, threads, units, *[a.reshape(shape) for a in (out, *arrays)])
    return out


def cut(shape: tuple[int, ...], axis: int) -> tuple[tuple[int, ...], int, bool]:
    """The shape as (outer, K) or (outer, K, inner), how many rows or strips there are, and which of the two."""
    axis %= len(shape)
    outer, inner = prod(shape[:axis]), prod(shape[axis + 1:])
    if inner == 1:
        return (outer, shape[axis]), outer, True
    return (outer, shape[axis], inner), outer * -(-inner // STRIP), False


# What is compiled: rows ---------------------------------------------------------------------------------------------------

@part(fastmath={"nnan", "nsz", "reassoc", "contract"})
def largest(x: Any) -> Any:
    """The largest of a row; any, where one is nan: what is subtracted from it stays nan."""
    m = x[0]
    for k in range(1, len(x)):
        m = max(m, x[k])
    return m


@part(fastmath={"reassoc", "contract"})
def exponentials(out: Any, x: Any) -> Any:
    """exp(x - m), with m the largest of x, into `out`; returns m and their sum."""
    m, s = largest(x), x.dtype.type(0)
    for k in range(len(x)):
        out[k] = exp(x[k] - m)
        s += out[k]
    return m, s


@part(fastmath={"reassoc", "contract"})
def sum_of_exponentials(x: Any, m: Any) -> Any:
    """The sum of exp(x - m)."""
    s = x.dtype.type(0)
    for k in range(len(x)):
        s += exp(x[k] - m)
    return s


@part(fastmath={"reassoc", "contract"})
def product(x: Any, y: Any) -> Any:
    """The inner product of two rows."""
    s = x.dtype.type(0)
    for k in range(len(x)):
        s += x[k] * y[k]
    return s


@part(fastmath={"reassoc", "contract"})
def total(x: Any) -> Any:
    """The sum of a row."""
    s = x.dtype.type(0)
    for k in range(len(x)):
        s += x[k]
    return s


@jit
def softmax_rows(out: Any, x: Any, units: int, threads: int, t: int) -> None:
    for r in range(units * t // threads, units * (t + 1) // threads):
        y = out[r]
        _, s = exponentials(y, x[r])
        for k in range(len(y)):
            y[k] /= s


@jit
def log_softmax_rows(out: Any, x: Any, units: int, threads: int, t: int) -> None:
    for r in range(units * t // threads, units * (t + 1) // threads):
        y, row = out[r], x[r]
        m = largest(row)
        s = log(sum_of_exponentials(row, m))
        for k in range(len(y)):
            y[k] = (row[k] - m) - s


@jit
def pull_softmax_rows(out: Any, g: Any, y: Any, units: int, threads: int, t: int) -> None:
    for r in range(units * t // threads, units * (t + 1) // threads):
        dx, dy, p = out[r], g[r], y[r]
        s = product(dy, p)
        for k in range(len(dx)):
            dx[k] = p[k] * (dy[k] - s)


@jit
def pull_log_softmax_rows(out: Any, g: Any, y: Any, units: int, threads: int, t: int) -> None:
    for r in range(units * t // threads, units * (t + 1) // threads):
        dx, dy, logp = out[r], g[r], y[r]
        s = total(dy)
        for k in range(len(dx)):
            dx[k] = dy[k] - exp(logp[k]) * s


@jit
def labels(t: Any, classes: int, ignore: int) -> int:
    """How many labels count; -1 where one is neither a class nor to be ignored."""
    count = 0
    for r in range(len(t)):
        if t[r] != ignore:
            if t[r] < 0 or t[r] >= classes:
                return -1
            count += 1
    return count


@jit
def lose_rows(d: Any, x: Any, label: Any, losses: Any, ignore: int, scale: float, units: int, threads: int, t: int) -> None:
    flat_label, flat_losses = label.reshape(-1), losses.reshape(-1)
    for r in range(units * t // threads, units * (t + 1) // threads):
        at, row = flat_label[r], d[r]
        if at == ignore:
            flat_losses[r] = 0
            row[:] = 0
        else:
            m, s = exponentials(row, x[r])
            flat_losses[r] = log(s) - (x[r, at] - m)
            f = x.dtype.type(scale) / s
            for k in range(len(row)):
                row[k] *= f
            row[at] -= x.dtype.type(scale)


# What is compiled: strips of rows side by side ----------------------------------------------------------------------------
# `line(x, u, k)` is what strip u has of class k; contiguous, and LLVM knows it.

@part
def line(x: Any, u: int, k: int) -> Any:
    count = (x.shape[2] + STRIP - 1) // STRIP
    start = u % count * STRIP
    return x[u // count, k, start:min(start + STRIP, x.shape[2])]


@part
def largest_of(x: Any, u: int, m: Any) -> int:
    """The largest of each row of a strip; returns how many rows there are."""
    width = len(line(x, u, 0))
    m[:width] = line(x, u, 0)
    for k in range(1, x.shape[1]):
        row = line(x, u, k)
        for j in range(width):
            m[j] = pick(row[j] > m[j], row[j], m[j])
    return width


@part
def exponentials_of(out: Any, x: Any, u: int, m: Any, s: Any) -> int:
    """exp(x - m), with m the largest of each row of a strip, into `out`, and their sum; returns how many rows there are."""
    width = largest_of(x, u, m)
    s[:] = 0
    for k in range(x.shape[1]):
        row, e = line(x, u, k), line(out, u, k)
        for j in range(width):
            e[j] = exp(row[j] - m[j])
            s[j] += e[j]
    return width


@part
def largest_and_sum(x: Any, u: int, m: Any, s: Any) -> int:
    """The largest of each row of a strip, and the sum of exp(x - largest); returns how many rows there are."""
    width = largest_of(x, u, m)
    s[:] = 0
    for k in range(x.shape[1]):
        row = line(x, u, k)
        for j in range(width):
            s[j] += exp(row[j] - m[j])
    return width


@jit
def softmax_strips(out: Any, x: Any, units: int, threads: int, t: int) -> None:
    m, s = np.empty(STRIP, x.dtype), np.empty(STRIP, x.dtype)
    for u in range(units * t // threads, units * (t + 1) // threads):
        width = exponentials_of(out, x, u, m, s)
        for k in range(x.shape[1]):
            y = line(out, u, k)
            for j in range(width):
                y[j] /= s[j]


@jit
def log_softmax_strips(out: Any, x: Any, units: int, threads: int, t: int) -> None:
    m, s = np.empty(STRIP, x.dtype), np.empty(STRIP, x.dtype)
    for u in range(units * t // threads, units * (t + 1) // threads):
        width = largest_and_sum(x, u, m, s)
        for j in range(width):
            s[j] = log(s[j])
        for k in range(x.shape[1]):
            y, row = line(out, u, k), line(x, u, k)
            for j in range(width):
                y[j] = (row[j] - m[j]) - s[j]


@jit
def pull_softmax_strips(out: Any, g: Any, y: Any, units: int, threads: int, t: int) -> None:
    s = np.empty(STRIP, y.dtype)
    for u in range(units * t // threads, units * (t + 1) // threads):
        s[:] = 0
        for k in range(y.shape[1]):
            dy, p = line(g, u, k), line(y, u, k)
            for j in range(len(p)):
                s[j] += dy[j] * p[j]
        for k in range(y.shape[1]):
            dx, dy, p = line(out, u, k), line(g, u, k), line(y, u, k)
            for j in range(len(p)):
                dx[j] = p[j] * (dy[j] - s[j])


@jit
def pull_log_softmax_strips(out: Any, g: Any, y: Any, units: int, threads: int, t: int) -> None:
    s = np.empty(STRIP, y.dtype)
    for u in range(units * t // threads, units * (t + 1) // threads):
        s[:] = 0
        for k in range(y.shape[1]):
            dy = line(g, u, k)
            for j in range(len(dy)):
                s[j] += dy[j]
        for k in range(y.shape[1]):
            dx, dy, logp = line(out, u, k), line(g, u, k), line(y, u, k)
            for j in range(len(dy)):
                dx[j] = dy[j] - exp(logp[j]) * s[j]


@jit
def lose_strips(d: Any, x: Any, label: Any, losses: Any, ignore: int, scale: float, units: int, threads: int, t: int) -> None:
    m, s, one = np.empty(STRIP, x.dtype), np.empty(STRIP, x.dtype), x.dtype.type(scale)
    labels, found = label.reshape((label.shape[0], 1, label.shape[1])), losses.reshape((label.shape[0], 1, label.shape[1]))
    for u in range(units * t // threads, units * (t + 1) // threads):
        at, loss = line(labels, u, 0), line(found, u, 0)
        width = exponentials_of(d, x, u, m, s)
        for j in range(width):
            loss[j] = log(s[j])
            s[j] = one / s[j]
        for k in range(x.shape[1]):
            dx = line(d, u, k)
            for j in range(width):
                dx[j] *= s[j]
        for j in range(width):
            if at[j] == ignore:
                loss[j] = 0
                for k in range(x.shape[1]):
                    line(d, u, k)[j] = 0
            else:
                loss[j] -= line(x, u, at[j])[j] - m[j]
                line(d, u, at[j])[j] -= one
