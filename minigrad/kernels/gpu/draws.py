"""Random numbers made on a GPU: counted, so that any number of threads makes the same ones."""
from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ...backend import Backend
from .machine import Array, launch

GROUP = 4                             # words that one count of Philox gives


def coins(backend: Backend, shape: tuple[int, ...], dtype: Any, p: float, yes: float, seed: int, offset: int) -> Array:
    """`yes` with probability p, else 0, of float numbers; groups `offset` to `offset + groups(count)` of the stream."""
    out = backend.xp.empty(shape, dtype)
    launch("random", "coins", out, out.size, out, out.size, float(yes), round(p * 2 ** 32), seed, offset)
    return out


def words(backend: Backend, count: int, seed: int, offset: int) -> Array:
    """The next words of the stream, uint32."""
    out = backend.xp.empty(count, np.uint32)
    launch("random", "words", backend.xp.empty(0, np.float32), count, out, count, seed, offset)
    return out


def groups(shape: tuple[int, ...]) -> int:
    """How far the stream moves on for an array of this shape."""
    return -(-prod(shape) // GROUP)
