"""GELU on a GPU."""
from __future__ import annotations

from ...backend import backend_of
from .machine import Array, launch
from .norm import compact


def gelu(x: Array, tanh: bool) -> Array:
    """x times the normal distribution function of x, or its approximation by tanh."""
    y = backend_of(x).xp.empty(x.shape, x.dtype)
    launch("gates", "gelu", x, x.size, y, compact(x), x.size, int(tanh))
    return y


def gelu_input(g: Array, x: Array, tanh: bool) -> Array:
    """g times the derivative of gelu at x."""
    out = backend_of(x).xp.empty(x.shape, x.dtype)
    launch("gates", "gelu_input", x, x.size, out, compact(g), compact(x), x.size, int(tanh))
    return out
