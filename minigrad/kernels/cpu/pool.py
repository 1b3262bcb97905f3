"""2-d pooling and its adjoints on the CPU.

A group of planes is copied into phase planes (see phases.py), where one tap of all windows of all planes is one long
run, which LLVM vectorises. The adjoints do the same backwards: gradients are added into phase planes, which are then
put together again.
"""
from __future__ import annotations

from functools import lru_cache

import numpy as np

from .. import reference
from ..reference import Array, Padding, Pair, Shape, bin_edges, divisors, first_tap, tap_dtype
from . import quarters
from .half import like, numbers, plain, seen, working
from .jit import run
from .phases import (
    Windows,
    avg,
    avg_input,
    bin_sums,
    gather,
    largest,
    max_input,
)
from .threads import threads_for

RUN = 1024               # elements of a run to aim at, by taking several small planes together


def max_pool2d(x: Array, kernel: Pair, stride: Pair, padding: Padding, dilation: Pair,
               out_size: Pair) -> tuple[Array, Array]:
    """Largest value of each window, and the tap `ky * KW + kx` where it was found.

    The first of equal values wins, NaN wins over all (the last NaN, as in PyTorch). Windows may reach over the padding.
    """
    if x.dtype.kind != "f":
        return reference.max_pool2d(x, kernel, stride, padding, dilation, out_size)
    side_by_side = _quarters(x.shape[2:], kernel, stride, padding, dilation, out_size)
    planes = (seen(x) if side_by_side else plain(x)).reshape(-1, *x.shape[2:])
    y = np.empty((len(planes), *out_size), planes.dtype)
    k = np.empty(y.shape, tap_dtype(kernel))
    if side_by_side:
        run(quarters.largest, threads_for(32 * y.size), len(planes), y.reshape(-1), k.reshape(-1), planes.reshape(-1), *out_size,
            x.shape[3], x.shape[2])
        return like(numbers(y), x).reshape(*x.shape[:2], *out_size), k.reshape(*x.shape[:2], *out_size)
    p, offsets = _plan(x.shape[2:], out_size, kernel, stride, padding, dilation)
    starts = first_tap(x.shape[2:], kernel, stride, padding, dilation, out_size).astype(np.int32)
    run(largest, threads_for(8 * y.size * kernel[0] * kernel[1]), _units(planes, p),
        y, k, planes, starts, offsets, p)
    shape = *x.shape[:2], *out_size
    return like(y, x).reshape(shape), k.reshape(shape)


def max_pool2d_input(g: Array, k: Array, x_shape: Shape, kernel: Pair, stride: Pair, padding: Padding,
                     dilation: Pair) -> Array:
    """Adds each gradient at the place of its winner: (N, C, OH, OW) -> x_shape."""
    if g.dtype.kind != "f":
        return reference.max_pool2d_input(g, k, x_shape, kernel, stride, padding, dilation)
    side_by_side = _quarters(x_shape[2:], kernel, stride, padding, dilation, g.shape[2:])
    gp, kp = (seen(g) if side_by_side else plain(g)).reshape(-1, *g.shape[2:]), plain(k).reshape(-1, *g.shape[2:])
    dx = np.empty((len(gp), *x_shape[2:]), gp.dtype)
    if side_by_side:
        run(quarters.spread, threads_for(8 * dx.size), len(dx), dx.reshape(-1), gp.reshape(-1), kp.reshape(-1), *g.shape[2:],
            x_shape[3], x_shape[2])
        return like(numbers(dx), g).reshape(x_shape)
    p, offsets = _plan(x_shape[2:], g.shape[2:], kernel, stride, padding, dilation)
    run(max_input, threads_for(8 * (g.size + dx.size)), _units(gp, p), dx, gp, kp, offsets, p)
    return like(dx, g).reshape(x_shape)


def max_pool2d_gather(x: Array, k: Array, kernel: Pair, stride: Pair, padding: Padding, dilation: Pair) -> Array:
    """Reads x at the winning taps: (N, C, H, W) -> k.shape. The adjoint of max_pool2d_input in g."""
    if x.dtype.kind != "f":
        return reference.max_pool2d_gather(x, k, kernel, stride, padding, dilation)
    xp, kp = plain(x).reshape(-1, *x.shape[2:]), plain(k).reshape(-1, *k.shape[2:])
    y = np.empty(kp.shape, xp.dtype)
    p, offsets = _plan(x.shape[2:], k.shape[2:], kernel, stride, padding, dilation)
    run(gather, threads_for(8 * y.size), len(xp), y, xp, kp, offsets, p)
    return like(y, x).reshape(k.shape)


def _quarters(size: Shape, kernel: Pair, stride: Pair, padding: Padding, dilation: Pair, out_size: Shape) -> bool:
    """Whether windows are 2 x 2, side by side, and inside the plane."""
    return (kernel == stride == (2, 2) and dilation == (1, 1) and padding[0][0] == padding[1][0] == 0
            and out_size == (size[0] // 2, size[1] // 2))


max_pool2d_flat = reference.max_pool2d_flat               # asked for rarely, and NumPy does it well


def avg_pool2d(x: Array, kernel: Pair, stride: Pair, padding: Padding, out_size: Pair, count_include_pad: bool,
               divisor_override: int | None) -> Array:
    """Mean of each window -> (N, C, *out_size)."""
    planes = plain(x).reshape(-1, *x.shape[2:])
    y = np.empty((len(planes), *out_size), planes.dtype)
    p, offsets = _plan(x.shape[2:], out_size, kernel, stride, padding, (1, 1))
    counts = divisors(x.shape[2:], kernel, stride, padding, out_size, count_include_pad, divisor_override)
    run(avg, threads_for(8 * y.size * kernel[0] * kernel[1]), _units(planes, p),
        y, planes, counts.astype(y.dtype), offsets, p)
    return like(y, x).reshape(*x.shape[:2], *out_size)


def avg_pool2d_input(g: Array, x_shape: Shape, kernel: Pair, stride: Pair, padding: Padding, out_size: Pair,
                     count_include_pad: bool, divisor_override: int | None) -> Array:
    """The adjoint of avg_pool2d: (N, C, *out_size) -> x_shape."""
    gp = plain(g).reshape(-1, *g.shape[2:])
    dx = np.empty((len(gp), *x_shape[2:]), gp.dtype)
    p, offsets = _plan(x_shape[2:], out_size, kernel, stride, padding, (1, 1))
    counts = divisors(x_shape[2:], kernel, stride, padding, out_size, count_include_pad, divisor_override)
    run(avg_input, threads_for(8 * g.size * kernel[0] * kernel[1]), _units(gp, p),
        dx, gp, counts.astype(dx.dtype), offsets, p)
    return like(dx, g).reshape(x_shape)


def adaptive_avg_pool2d(x: Array, out_size: Pair) -> Array:
    """Mean over out_size bins: (N, C, H, W) -> (N, C, *out_size). Bin i of n covers floor(i*H/n) .. ceil((i+1)*H/n)."""
    planes = plain(x).reshape(-1, *x.shape[2:])
    y = np.empty((len(planes), *out_size), planes.dtype)
    rows, columns = _bins(x.shape[2], out_size[0]), _bins(x.shape[3], out_size[1])
    run(bin_sums, threads_for(8 * x.size), len(planes), y, planes, rows, columns, True)
    return like(y, x).reshape(*x.shape[:2], *out_size)


def adaptive_avg_pool2d_input(g: Array, x_shape: Shape) -> Array:
    """The adjoint of adaptive_avg_pool2d: gradient -> x_shape."""
    counts = reference.bin_counts(x_shape[2:], g.shape[2:])
    shares = plain(working(g) / counts.astype(working(g).dtype)).reshape(-1, *g.shape[2:])
    dx = np.empty((len(shares), *x_shape[2:]), shares.dtype)
    # Bin i holds place p exactly when, with sizes swapped, bin p holds place i.
    rows, columns = _bins(g.shape[2], x_shape[2]), _bins(g.shape[3], x_shape[3])
    run(bin_sums, threads_for(8 * dx.size), len(shares), dx, shares, rows, columns, False)
    return like(dx, g).reshape(x_shape)


@lru_cache(maxsize=256)
def _plan(size: Pair, out_size: Pair, kernel: Pair, stride: Pair, padding: Padding,
          dilation: Pair) -> tuple[Windows, Array]:
    """The windows over a plane, and where in scratch each tap starts."""
    ky, kx = (np.arange(k) * d for k, d in zip(kernel, dilation, strict=True))
    line = out_size[1] + int(kx[-1]) // stride[1]
    plane = line * (out_size[0] + int(ky[-1]) // stride[0])
    group = max(1, RUN // max(plane, 1))
    p = Windows(*size, *out_size, *kernel, *stride, padding[0][0], padding[1][0], *dilation, group, line, plane,
                group * plane)
    phases = np.add.outer(ky % stride[0] * stride[1], kx % stride[1])
    return p, (phases * p.phase + np.add.outer(ky // stride[0] * line, kx // stride[1])).reshape(-1)


def _units(planes: Array, p: Windows) -> int:
    return -(-len(planes) // p.group)


def _bins(size: int, bins: int) -> Array:
    """(bins, 2): start and end of each."""
    return np.stack(bin_edges(size, bins), 1)
