"""Pooling on a GPU."""
from __future__ import annotations

from typing import Any

import numpy as np

from ..reference import Padding, Pair, Shape, tap_dtype
from .machine import UNSIGNED, Array, array_module, compact, launch
from .windows import window


def max_pool2d(x: Array, kernel: Pair, stride: Pair, padding: Padding, dilation: Pair, out_size: Pair) -> tuple[Array, Array]:
    """Largest value of each window, and the tap `ky * KW + kx` where it was found; ties and NaN as in `reference`."""
    xp, shape, kind = array_module(), (*x.shape[:2], *out_size), tap_dtype(kernel)
    y, k = xp.empty(shape, x.dtype), xp.empty(shape, kind)
    run("max_pool", x, y, kind, y, k, compact(x), window(x.shape[2:], kernel, out_size, stride, padding, dilation), planes(x))
    return y, k


def max_pool2d_input(g: Array, k: Array, x_shape: Shape, kernel: Pair, stride: Pair, padding: Padding, dilation: Pair) -> Array:
    """Adds each gradient at the place of its winner: (N, C, OH, OW) -> x_shape."""
    dx = array_module().empty(x_shape, g.dtype)
    run("max_pool_input", g, dx, k.dtype, dx, compact(g), compact(k), window(x_shape[2:], kernel, g.shape[2:], stride, padding, dilation),
        planes(dx))
    return dx


def max_pool2d_gather(x: Array, k: Array, kernel: Pair, stride: Pair, padding: Padding, dilation: Pair) -> Array:
    """Reads x at the winning taps: (N, C, H, W) -> k.shape. The adjoint of max_pool2d_input in g."""
    y = array_module().empty(k.shape, x.dtype)
    run("max_pool_gather", x, y, k.dtype, y, compact(x), compact(k), window(x.shape[2:], kernel, k.shape[2:], stride, padding, dilation),
        planes(x))
    return y


def max_pool2d_flat(k: Array, x_shape: Shape, kernel: Pair, stride: Pair, padding: Padding, dilation: Pair) -> Array:
    """The winning taps as int64 positions in the flattened plane, `row * W + column`."""
    flat = array_module().empty(k.shape, np.int64)
    run("max_pool_flat", flat, flat, k.dtype, flat, compact(k), window(x_shape[2:], kernel, k.shape[2:], stride, padding, dilation),
        planes(k))
    return flat


def avg_pool2d(x: Array, kernel: Pair, stride: Pair, padding: Padding, out_size: Pair, count_include_pad: bool,
               divisor_override: int | None) -> Array:
    """Mean of each window -> (N, C, *out_size)."""
    y = array_module().empty((*x.shape[:2], *out_size), x.dtype)
    run("avg_pool", x, y, BYTE, y, compact(x), window(x.shape[2:], kernel, out_size, stride, padding), planes(x), int(count_include_pad),
        divisor_override or 0)
    return y


def avg_pool2d_input(g: Array, x_shape: Shape, kernel: Pair, stride: Pair, padding: Padding, out_size: Pair, count_include_pad: bool,
                     divisor_override: int | None) -> Array:
    """The adjoint of avg_pool2d: (N, C, *out_size) -> x_shape."""
    dx = array_module().empty(x_shape, g.dtype)
    run("avg_pool_input", g, dx, BYTE, dx, compact(g), window(x_shape[2:], kernel, out_size, stride, padding), planes(dx),
        int(count_include_pad), divisor_override or 0)
    return dx


def adaptive_avg_pool2d(x: Array, out_size: Pair) -> Array:
    """Mean over out_size bins: (N, C, H, W) -> (N, C, *out_size)."""
    y = array_module().empty((*x.shape[:2], *out_size), x.dtype)
    run("bins", x, y, BYTE, y, compact(x), window(x.shape[2:], (1, 1), out_size), planes(x))
    return y


def adaptive_avg_pool2d_input(g: Array, x_shape: Shape) -> Array:
    """The adjoint of adaptive_avg_pool2d: gradient -> x_shape."""
    dx = array_module().empty(x_shape, g.dtype)
    run("bins_input", g, dx, BYTE, dx, compact(g), window(x_shape[2:], (1, 1), g.shape[2:]), planes(dx))
    return dx


# What they share --------------------------------------------------------------------------------------------------------

BYTE = np.dtype(np.uint8)


def planes(x: Array) -> int:
    """N * C."""
    return int(x.shape[0] * x.shape[1])


def run(kernel: str, like: Array, out: Array, taps: np.dtype[Any], *arguments: Any) -> None:
    """Launch one of pool.cu's kernels, a thread per element of the output."""
    launch("pool", kernel, like, out.size, *arguments,
           before=f"typedef {UNSIGNED[taps.itemsize]} TAP;\n#define LOWEST {lowest(like.dtype)}\n")


def lowest(dtype: np.dtype[Any]) -> str:
    """The least number of a dtype, in device code."""
    if dtype.kind == "f":
        return "((T)(-1.0f / 0.0f))"
    least = int(np.iinfo(dtype).min) if dtype.kind in "iu" else 0
    return str(least) if least > -2 ** 63 else "(-9223372036854775807ll - 1)"
