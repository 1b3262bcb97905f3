"""Random numbers made on a GPU: counted, so that any number of threads makes the same ones."""
from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from .machine import Array, array_module, launch

GROUP = 4                             # words that one count of Philox gives


def coins(shape: tuple[int, ...], dtype: Any, p: float, yes: float, seed: int, offset: int) -> Array:
    """`yes` with probability p, else 0, of float numbers; groups `offset` to `offset + groups(count)` of the stream."""
    out = array_module().empty(shape, dtype)
    launch("random", "coins", out, out.size, out, out.size, float(yes), round(p * 2 ** 32), seed, offset)
    return out


def words(count: int, seed: int, offset: int) -> Array:
    """The next words of the stream, uint32."""
    out = array_module().empty(count, np.uint32)
    launch("random", "words", array_module().empty(0, np.float32), count, out, count, seed, offset)
    return out


def groups(shape: tuple[int, ...]) -> int:
    """How far the stream moves on for an array of this shape."""
    return -(-prod(shape) // GROUP)
