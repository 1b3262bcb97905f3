"""Softmax and the loss of classification, row by row: each is NumPy's exponential between two passes of our own."""
from __future__ import annotations

from math import log
from typing import Any

import numpy as np

from .. import reference
from ..reference import Array
from .jit import jit, part, plain, run
from .threads import threads_for

FLOPS = 8                             # of an element, about


def softmax(x: Array, axis: int) -> Array:
    """exp(x) / sum(exp(x)) along an axis."""
    if not along_rows(x, axis):
        return reference.softmax(x, axis)
    e = exponentials(plain(x))[0]
    in_rows(divide_by_sum, e)
    return e


def log_softmax(x: Array, axis: int) -> Array:
    """x - log(sum(exp(x))) along an axis."""
    if not along_rows(x, axis):
        return reference.log_softmax(x, axis)
    e, z = exponentials(plain(x))
    in_rows(subtract_log_of_sum, z, e)
    return z


def softmax_input(g: Array, y: Array, axis: int) -> Array:
    """Gradient of y = softmax(x): y * (g - <g, y>)."""
    if not along_rows(y, axis) or g.dtype != y.dtype:
        return reference.softmax_input(g, y, axis)
    out = np.empty(y.shape, y.dtype)
    in_rows(pull_softmax, out, plain(g), plain(y))
    return out


def log_softmax_input(g: Array, y: Array, axis: int) -> Array:
    """Gradient of y = log_softmax(x): g - exp(y) * sum(g)."""
    if not along_rows(y, axis) or g.dtype != y.dtype:
        return reference.log_softmax_input(g, y, axis)
    out = np.exp(plain(y))
    in_rows(pull_log_softmax, out, plain(g))
    return out


def class_loss(x: Array, t: Array, ignore: int, mean: bool) -> tuple[Array, Array, int] | None:
    """Cross entropy of logits (R, K) and labels (R,): losses (R,), the gradient of their sum or mean, how many count.

    Rows whose label is `ignore` have neither loss nor gradient. None where a label is neither that nor a class.
    """
    if not along_rows(x, 1):
        return reference.class_loss(x, t, ignore, mean)
    x, t = plain(x), plain(t)
    count = labels(t, x.shape[1], ignore)
    if count < 0:
        return None
    z, losses, threads = np.empty_like(x), np.empty(len(t), x.dtype), threads_for(FLOPS * x.size)
    run(below_largest, threads, len(x), z, x)
    d = np.exp(z)
    run(lose, threads, len(x), d, z, t, losses, ignore, 1 / max(count, 1) if mean else 1.0)
    return losses, d, count


def along_rows(x: Array, axis: int) -> bool:
    """True where the axis is the last one, of single or double precision, with something in it."""
    return axis in (-1, x.ndim - 1) and x.dtype.char in "fd" and x.size > 0 and x.ndim > 0


def exponentials(x: Array) -> tuple[Array, Array]:
    """exp(z), and z: x minus the largest of its row."""
    z = np.empty_like(x)
    in_rows(below_largest, z, x)
    return np.exp(z), z


def in_rows(kernel: Any, out: Array, *arrays: Array) -> None:
    """Run a kernel over the rows of arrays; those of `out`'s shape are seen as (R, K)."""
    wide = [a.reshape(-1, out.shape[-1]) if a.shape == out.shape else a for a in (out, *arrays)]
    run(kernel, threads_for(FLOPS * out.size), len(wide[0]), *wide)


# What is compiled ------------------------------------------------------------------------------------------------------

@part(fastmath={"nnan", "nsz", "reassoc", "contract"})
def largest(x: Any, r: int) -> Any:
    """The largest of a row; any, where one is nan: what is subtracted from it stays nan."""
    m = x[r, 0]
    for k in range(1, x.shape[1]):
        m = max(m, x[r, k])
    return m


@part(fastmath={"reassoc", "contract"})
def total(x: Any, r: int) -> Any:
    """The sum of a row."""
    s = x[r, 0]
    for k in range(1, x.shape[1]):
        s += x[r, k]
    return s


@part(fastmath={"reassoc", "contract"})
def product(x: Any, y: Any, r: int) -> Any:
    """The inner product of two rows."""
    s = x[r, 0] * y[r, 0]
    for k in range(1, x.shape[1]):
        s += x[r, k] * y[r, k]
    return s


@jit
def below_largest(z: Any, x: Any, units: int, threads: int, t: int) -> None:
    for r in range(units * t // threads, units * (t + 1) // threads):
        m = largest(x, r)
        for k in range(x.shape[1]):
            z[r, k] = x[r, k] - m


@jit
def divide_by_sum(e: Any, units: int, threads: int, t: int) -> None:
    for r in range(units * t // threads, units * (t + 1) // threads):
        s = total(e, r)
        for k in range(e.shape[1]):
            e[r, k] /= s


@jit
def subtract_log_of_sum(z: Any, e: Any, units: int, threads: int, t: int) -> None:
    for r in range(units * t // threads, units * (t + 1) // threads):
        s = log(total(e, r))
        for k in range(e.shape[1]):
            z[r, k] -= s


@jit
def pull_softmax(out: Any, g: Any, y: Any, units: int, threads: int, t: int) -> None:
    for r in range(units * t // threads, units * (t + 1) // threads):
        s = product(g, y, r)
        for k in range(y.shape[1]):
            out[r, k] = y[r, k] * (g[r, k] - s)


@jit
def pull_log_softmax(out: Any, g: Any, units: int, threads: int, t: int) -> None:
    for r in range(units * t // threads, units * (t + 1) // threads):
        s = total(g, r)
        for k in range(g.shape[1]):
            out[r, k] = g[r, k] - out[r, k] * s


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
def lose(d: Any, z: Any, label: Any, losses: Any, ignore: int, scale: float, units: int, threads: int, t: int) -> None:
    for r in range(units * t // threads, units * (t + 1) // threads):
        at = label[r]
        if at == ignore:
            losses[r] = 0
            for k in range(d.shape[1]):
                d[r, k] = 0
        else:
            s = total(d, r)
            losses[r] = scale / s                    # written and read back: so that it has the dtype of d
            f = losses[r]
            for k in range(d.shape[1]):
                d[r, k] *= f
            d[r, at] -= scale
            losses[r] = log(s) - z[r, at]
