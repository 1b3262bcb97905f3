"""One step of a recurrent cell on a GPU, behind its two products of matrices: one launch."""
from __future__ import annotations

from .machine import Array, array_module, compact, launch


def lstm(zx: Array, zh: Array, b: Array | None, c: Array) -> tuple[Array, Array, Array, Array] | None:
    """What x and h add to the gates, (N, 4H) each, a bias (4H,) and c (N, H) -> h', c', gates, tanh(c').

    None unless all have one dtype.
    """
    if not alike(zx, zh, c):
        return None
    h, memory, t, gates = like(c), like(c), like(c), like(zx)
    launch("cells", "lstm", c, c.size, h, memory, t, gates, compact(zx), compact(zh), compact(b), compact(c), *c.shape)
    return h, memory, gates, t


def lstm_input(gh: Array, gc: Array, a: Array, t: Array, c: Array) -> tuple[Array, Array] | None:
    """From the gradients of h' and c': those of the gates before activation (N, 4H), and of c."""
    if not alike(gh, gc, a, t, c):
        return None
    dz, dc = like(a), like(c)
    launch("cells", "lstm_input", c, c.size, dz, dc, compact(gh), compact(gc), compact(a), compact(t), compact(c), *c.shape)
    return dz, dc


def gru(zx: Array, zh: Array, bx: Array | None, bh: Array | None, h: Array) -> tuple[Array, Array] | None:
    """What x and h add to the gates, (N, 3H) each, biases (3H,) and h (N, H) -> h', and r, z, n, what h adds to n: (N, 4H)."""
    if not alike(zx, zh, h):
        return None
    out, a = like(h), array_module().empty((len(h), 4 * h.shape[1]), h.dtype)
    launch("cells", "gru", h, h.size, out, a, compact(zx), compact(zh), compact(bx), compact(bh), compact(h), *h.shape)
    return out, a


def gru_input(g: Array, a: Array, h: Array) -> tuple[Array, Array, Array] | None:
    """From the gradient of h': those of both addends of the gates, (N, 3H) each, and what reaches h directly."""
    if not alike(g, a, h):
        return None
    xp, direct = array_module(), like(h)
    dx, dh = (xp.empty((len(h), 3 * h.shape[1]), h.dtype) for _ in range(2))
    launch("cells", "gru_input", h, h.size, dx, dh, direct, compact(g), compact(a), compact(h), *h.shape)
    return dx, dh, direct


def alike(first: Array, *others: Array) -> bool:
    """Whether all are floats of one dtype."""
    return first.dtype.char in "efd" and all(a.dtype == first.dtype for a in others)


def like(x: Array) -> Array:
    """Memory for another array of this shape."""
    return array_module().empty(x.shape, x.dtype)
