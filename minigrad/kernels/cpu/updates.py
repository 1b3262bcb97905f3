"""One step of an optimizer for many parameters at once: each element is read once and written once.

A kernel gets a table with the addresses of every parameter, its gradient and its state, and the formula's numbers. Its
threads share all elements evenly, wherever one parameter ends and the next begins. Each formula stands in `optim` too, for
whole arrays; here it makes the same roundings, so that results do not depend on which of the two runs.
"""
from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
from llvmlite import ir
from numba import carray, types  # type: ignore[attr-defined]
from numba.extending import intrinsic

from ..reference import Array
from .jit import jit, part, run
from .threads import threads_for

COLUMNS = 5                           # a parameter, its gradient, and up to three arrays of state
PIECE = 16384                         # elements; five arrays of them fit the second-level cache
FLOPS = 12                            # of an element, about

def table(columns: list[list[Array]]) -> Array:
    """Addresses for `update`, (n, COLUMNS): of n parameters and, in further lists, of arrays of their state, at most three.

    All lie in C order and may be written; those of one parameter have the same size. The table does not keep them alive.
    """
    found = np.empty((len(columns[0]), COLUMNS), np.int64)
    found[:] = addresses_of(columns[0])[:, None]                         # of what a formula does not use, any
    for k, column in enumerate(columns[1:], 2):
        found[:, k] = addresses_of(column)
    return found


def update(name: str, table: Array, ends: Array, gradients: list[Array], numbers: Array) -> None:
    """Run the formula of this name on the arrays of a table, whose dtype is that of the numbers.

    ends: where each parameter would end if one followed the other, in elements.
    """
    table[:, 1] = addresses_of(gradients)
    units = int(ends[-1])
    run(globals()[name], threads_for(FLOPS * units), units, table, ends, numbers)


def addresses_of(arrays: list[Array]) -> Array:
    """Where the elements of each array begin, int64."""
    if not HEADER:
        return np.array([a.__array_interface__["data"][0] for a in arrays], np.int64)
    found = np.array(list(map(id, arrays)), np.int64)
    read(found, HEADER)
    return found


# What is compiled ------------------------------------------------------------------------------------------------------

def _pointer(_: Any, address: Any, like: Any) -> Any:
    """A pointer to elements of an array's dtype."""
    kind = types.CPointer(like.dtype)               # type: ignore[no-untyped-call]

    def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.inttoptr(values[0], context.get_value_type(kind))

    return kind(address, like), codegen


def _word(_: Any, address: Any) -> Any:
    """The int64 at an address."""
    def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.load(builder.inttoptr(values[0], ir.IntType(64).as_pointer()))

    return types.int64(address), codegen


pointer: Any = intrinsic(_pointer)
word: Any = intrinsic(_word)


@jit
def read(table: Any, offset: int) -> None:
    """Replace each address of a Python object by the word that stands so many bytes behind it."""
    for i in range(len(table)):
        table[i] = word(table[i] + offset)


@part
def block(table: Any, k: int, column: int, first: int, last: int, like: Any) -> Any:
    """Elements first ... last - 1 of an array of the table."""
    return carray(pointer(table[k, column] + first * like.itemsize, like), last - first)


@part
def pieces(table: Any, ends: Any, like: Any, units: int, threads: int, t: int) -> Any:
    """What thread t does of all elements, in pieces that stay in the cache."""
    begin, end, start = units * t // threads, units * (t + 1) // threads, 0
    for k in range(len(ends)):
        stop = min(end, ends[k]) - start
        for first in range(max(begin - start, 0), stop, PIECE):
            last = min(first + PIECE, stop)
            yield (block(table, k, 0, first, last, like), block(table, k, 1, first, last, like), block(table, k, 2, first, last, like),
                   block(table, k, 3, first, last, like), block(table, k, 4, first, last, like))
        start = ends[k]


@jit(fastmath=False)
def sgd(table: Any, ends: Any, c: Any, units: int, threads: int, t: int) -> None:
    sign, decay, lr, momentum, more, nesterov = c[0], c[1], c[2], c[3], c[4], c[5]
    for w, g, v, _, _ in pieces(table, ends, c, units, threads, t):
        if momentum == 0:
            for i in range(w.size):
                d = sign * g[i]
                d = w[i] * decay + d if decay != 0 else d
                w[i] -= d * lr
        else:
            for i in range(w.size):
                d = sign * g[i]
                d = w[i] * decay + d if decay != 0 else d
                v[i] = v[i] * momentum + d * more
                w[i] -= (v[i] * momentum + d if nesterov != 0 else v[i]) * lr


@jit(fastmath=False)
def adam(table: Any, ends: Any, c: Any, units: int, threads: int, t: int) -> None:
    sign, decay, shrink, step, more_m, keep_v, more_v, eps, amsgrad = c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8]
    for w, g, m, v, top in pieces(table, ends, c, units, threads, t):
        if amsgrad == 0:
            for i in range(w.size):
                p = w[i] * shrink
                d = sign * g[i]
                d = p * decay + d if decay != 0 else d
                m[i] += (d - m[i]) * more_m
                v[i] = v[i] * keep_v + d * d * more_v
                w[i] = p - m[i] / (sqrt(v[i]) + eps) * step
        else:
            moments(w, g, m, v, sign, decay, shrink, more_m, keep_v, more_v)
            for i in range(v.size):
                top[i] = v[i] if v[i] >= top[i] or v[i] != v[i] else top[i]
            for i in range(w.size):
                w[i] -= m[i] / (sqrt(top[i]) + eps) * step


@part(fastmath=False)
def moments(w: Any, g: Any, m: Any, v: Any, sign: Any, decay: Any, shrink: Any, more_m: Any, keep_v: Any, more_v: Any) -> None:
    """What the family of Adam begins with: decay, and the means of g and g**2."""
    for i in range(w.size):
        w[i] *= shrink
        d = sign * g[i]
        d = w[i] * decay + d if decay != 0 else d
        m[i] += (d - m[i]) * more_m
        v[i] = v[i] * keep_v + d * d * more_v


@jit(fastmath=False)
def nadam(table: Any, ends: Any, c: Any, units: int, threads: int, t: int) -> None:
    sign, decay, shrink, more_m, keep_v, more_v, eps, along_g, along_m = c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8]
    for w, g, m, v, _ in pieces(table, ends, c, units, threads, t):
        for i in range(w.size):
            p = w[i] * shrink
            d = sign * g[i]
            d = p * decay + d if decay != 0 else d
            m[i] += (d - m[i]) * more_m
            v[i] = v[i] * keep_v + d * d * more_v
            w[i] = p - (d * along_g + m[i] * along_m) / (sqrt(v[i]) + eps)


@jit(fastmath=False)
def radam(table: Any, ends: Any, c: Any, units: int, threads: int, t: int) -> None:
    sign, decay, shrink, more_m, keep_v, more_v, eps, step, adaptive = c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8]
    for w, g, m, v, _ in pieces(table, ends, c, units, threads, t):
        moments(w, g, m, v, sign, decay, shrink, more_m, keep_v, more_v)
        if adaptive != 0:
            for i in range(w.size):
                w[i] -= m[i] / (sqrt(v[i]) + eps) * step
        else:
            for i in range(w.size):
                w[i] -= m[i] * step


@jit(fastmath=False)
def adamax(table: Any, ends: Any, c: Any, units: int, threads: int, t: int) -> None:
    sign, decay, step, more_m, keep_u, eps = c[0], c[1], c[2], c[3], c[4], c[5]
    for w, g, m, u, _ in pieces(table, ends, c, units, threads, t):
        for i in range(w.size):
            d = sign * g[i]
            d = w[i] * decay + d if decay != 0 else d
            m[i] += (d - m[i]) * more_m
            faded, size = u[i] * keep_u, abs(d) + eps
            u[i] = faded if faded >= size or faded != faded else size
            w[i] -= m[i] / u[i] * step


@jit(fastmath=False)
def adagrad(table: Any, ends: Any, c: Any, units: int, threads: int, t: int) -> None:
    sign, decay, lr, eps = c[0], c[1], c[2], c[3]
    for w, g, v, _, _ in pieces(table, ends, c, units, threads, t):
        for i in range(w.size):
            d = sign * g[i]
            d = w[i] * decay + d if decay != 0 else d
            v[i] += d * d
            w[i] -= d / (sqrt(v[i]) + eps) * lr


@jit(fastmath=False)
def adadelta(table: Any, ends: Any, c: Any, units: int, threads: int, t: int) -> None:
    sign, decay, lr, eps, keep, more = c[0], c[1], c[2], c[3], c[4], c[5]
    for w, g, v, u, _ in pieces(table, ends, c, units, threads, t):
        for i in range(w.size):
            d = sign * g[i]
            d = w[i] * decay + d if decay != 0 else d
            v[i] = v[i] * keep + d * d * more
            d = d / sqrt(v[i] + eps) * sqrt(u[i] + eps)
            u[i] = u[i] * keep + d * d * more
            w[i] -= d * lr


@jit(fastmath=False)
def rmsprop(table: Any, ends: Any, c: Any, units: int, threads: int, t: int) -> None:
    sign, decay, lr, eps, keep, more, momentum, centered = c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]
    step = np.empty(PIECE, c.dtype)
    for w, g, v, velocity, mean in pieces(table, ends, c, units, threads, t):
        if momentum == 0 and centered == 0:
            for i in range(w.size):
                d = sign * g[i]
                d = w[i] * decay + d if decay != 0 else d
                v[i] = v[i] * keep + d * d * more
                w[i] -= d / (sqrt(v[i]) + eps) * lr
            continue
        for i in range(w.size):
            d = sign * g[i]
            step[i] = w[i] * decay + d if decay != 0 else d
        for i in range(w.size):
            v[i] = v[i] * keep + step[i] * step[i] * more
        if centered != 0:
            for i in range(w.size):
                mean[i] += (step[i] - mean[i]) * more
                step[i] /= sqrt(v[i] - mean[i] * mean[i]) + eps
        else:
            for i in range(w.size):
                step[i] /= sqrt(v[i]) + eps
        if momentum != 0:
            for i in range(w.size):
                velocity[i] = velocity[i] * momentum + step[i]
                w[i] -= velocity[i] * lr
        else:
            for i in range(w.size):
                w[i] -= step[i] * lr


@jit(fastmath=False)
def asgd(table: Any, ends: Any, c: Any, units: int, threads: int, t: int) -> None:
    sign, decay, shrink, eta, mu = c[0], c[1], c[2], c[3], c[4]
    for w, g, mean, _, _ in pieces(table, ends, c, units, threads, t):
        for i in range(w.size):
            d = sign * g[i]
            d = w[i] * decay + d if decay != 0 else d
            w[i] = w[i] * shrink - d * eta
            mean[i] = w[i] if mu == 1 else mean[i] + (w[i] - mean[i]) * mu


@jit(fastmath=False)
def rprop(table: Any, ends: Any, c: Any, units: int, threads: int, t: int) -> None:
    sign, shrink, grow, least, most = c[0], c[1], c[2], c[3], c[4]
    for w, g, before, size, _ in pieces(table, ends, c, units, threads, t):
        for i in range(w.size):
            d = sign * g[i]
            agreement = d * before[i]
            s = size[i] * shrink if agreement < 0 else size[i] * grow if agreement > 0 else size[i]
            s = least if s < least else s
            s = most if s > most else s
            d = d * 0 if agreement < 0 else d
            before[i], size[i] = d, s
            w[i] -= (s if d > 0 else -s if d < 0 else d * 0)


def _header() -> int:
    """Where the C structure of an array holds the address of its elements: behind what every Python object begins with.

    0 where that is not so. (`__array_interface__` says the same in 60 times the time.)
    """
    arrays = [np.empty(2), np.empty((3, 2), "f4")]
    found = np.array(list(map(id, arrays)))
    read(found, object.__basicsize__)
    return object.__basicsize__ if found.tolist() == [a.__array_interface__["data"][0] for a in arrays] else 0


HEADER = _header()
