"""Softmax, its logarithm, and the loss of classification on a GPU."""
from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from .machine import THREADS, Array, array_module, by_value, compact, launch

WALK = np.dtype([(name, np.int64) for name in ("outer", "length", "inner")])
SHORT = 32                            # elements of a row below which one thread does it


def softmax(x: Array, axis: int) -> Array:
    """exp(x) / sum(exp(x)) along an axis."""
    return over_rows("softmax", axis, x)


def log_softmax(x: Array, axis: int) -> Array:
    """x - log(sum(exp(x))) along an axis."""
    return over_rows("log_softmax", axis, x)


def softmax_input(g: Array, y: Array, axis: int) -> Array:
    """Gradient of y = softmax(x): y * (g - <g, y>)."""
    return over_rows("softmax_input", axis, g, y)


def log_softmax_input(g: Array, y: Array, axis: int) -> Array:
    """Gradient of y = log_softmax(x): g - exp(y) * sum(g)."""
    return over_rows("log_softmax_input", axis, g, y)


def class_loss(x: Array, t: Array, ignore: int, mean: bool) -> tuple[Array, Array, Any]:
    """Cross entropy of logits (N, K, ...) and labels (N, ...): losses, the gradient of their sum or mean, how many count.

    Rows whose label is `ignore` have neither loss nor gradient. The count stays on the device, so that nothing waits for it. A label
    that is no class has the loss nan.
    """
    x, t, xp = compact(x), compact(t), array_module()
    losses, d = xp.empty(t.shape, x.dtype), xp.empty(x.shape, x.dtype)
    count = (t != ignore).sum(dtype=x.dtype)
    run("class_loss", x, walk(x, 1), losses, d, x, t, count if mean else None, after=(ignore,))
    return losses, d, count


# What they share --------------------------------------------------------------------------------------------------------

def over_rows(kernel: str, axis: int, *arrays: Array) -> Array:
    """Launch a kernel for every row of arrays of one shape."""
    arrays = tuple([compact(a) for a in arrays])
    out = array_module().empty(arrays[0].shape, arrays[0].dtype)
    if out.size:
        run(kernel, arrays[0], walk(arrays[0], axis), out, *arrays)
    return out


def walk(x: Array, axis: int) -> Any:
    """The struct `Walk` of probabilities.cu: the rows along an axis."""
    axis %= x.ndim
    return by_value(WALK, prod(x.shape[:axis]), x.shape[axis], prod(x.shape[axis + 1:]))


def run(kernel: str, like: Array, rows: Any, *arguments: Any, after: tuple[int, ...] = ()) -> None:
    """Launch with a block for each row, or a thread where rows are short or their elements lie apart."""
    (outer, length, inner), = rows.tolist()
    alone = inner > 1 or length < SHORT
    blocks = -(-outer * inner // THREADS) if alone else outer * inner
    launch("probabilities", kernel, like, like.size, *arguments, rows, *after, int(alone), blocks=min(blocks, 65535))
