"""The slow, obvious NumPy version of every kernel: the truth in tests, and what runs where Numba is missing.

Shapes are PyTorch's: x (N, C, H, W), w (F, C / groups, KH, KW). Pairs are (vertical, horizontal); `padding` is
((top, bottom), (left, right)), and a negative padding cuts rows or columns off. A tap is one place (ky, kx) of the
window; over all windows it sees `x[..., ky*dilation::stride, kx*dilation::stride]`, so every kernel loops over taps only.
"""
from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from .reference_rows import batch_norm as batch_norm
from .reference_rows import batch_norm_gradients as batch_norm_gradients
from .reference_rows import batch_norm_input as batch_norm_input
from .reference_rows import batch_norm_weight as batch_norm_weight
from .reference_rows import class_loss as class_loss
from .reference_rows import fixed_norm as fixed_norm
from .reference_rows import fixed_norm_gradients as fixed_norm_gradients
from .reference_rows import group_norm as group_norm
from .reference_rows import group_norm_gradients as group_norm_gradients
from .reference_rows import layer_norm as layer_norm
from .reference_rows import layer_norm_gradients as layer_norm_gradients
from .reference_rows import layer_norm_input as layer_norm_input
from .reference_rows import layer_norm_weight as layer_norm_weight
from .reference_rows import log_softmax as log_softmax
from .reference_rows import log_softmax_input as log_softmax_input
from .reference_rows import rms_norm as rms_norm
from .reference_rows import rms_norm_gradients as rms_norm_gradients
from .reference_rows import softmax as softmax
from .reference_rows import softmax_input as softmax_input

Array = np.ndarray[Any, Any]
Pair = tuple[int, int]
Padding = tuple[Pair, Pair]
Shape = tuple[int, ...]


def conv2d(x: Array, w: Array, b: Array | None, stride: Pair, padding: Padding, dilation: Pair, groups: int,
           rectify: bool = False) -> Array:
    """Cross-correlation of (N, C, H, W) with (F, C / groups, KH, KW) -> (N, F, OH, OW); of the result, max(y, 0) if wanted."""
    n, filters = x.shape[0], w.shape[0]
    out_size = conv_size(x.shape[2:], w.shape[2:], stride, padding, dilation)
    wide = pad(working(x), padding, 0)
    wg = split_filters(working(w), groups)
    y = np.zeros((n, groups, filters // groups, out_size[0] * out_size[1]), wide.dtype)
    for ky, kx, seen in taps(w.shape[2:], out_size, stride, dilation):
        xt = wide[seen].reshape(n, groups, w.shape[1], y.shape[3])
        y += np.matmul(wg[..., ky, kx], xt)                     # (G, Fg, Cg) @ (N, G, Cg, P) -> (N, G, Fg, P)
    y = y.reshape(n, filters, *out_size)
    if b is not None:
        y += b.reshape(-1, 1, 1)
    if rectify:
        y[y < 0] = 0                                            # NaN stays
    return y.astype(x.dtype, copy=False)


def conv2d_input(g: Array, w: Array, x_shape: Shape, stride: Pair, padding: Padding, dilation: Pair,
                 groups: int) -> Array:
    """The adjoint of conv2d in x: gradient (N, F, OH, OW) -> x_shape. Also the forward pass of conv_transpose2d."""
    n, channels, height, width = x_shape
    gg = working(g).reshape(n, groups, g.shape[1] // groups, g.shape[2] * g.shape[3])
    wg = split_filters(working(w), groups)
    wide = pad(np.zeros(x_shape, gg.dtype), padding, 0)
    for ky, kx, seen in taps(w.shape[2:], g.shape[2:], stride, dilation):
        back = np.matmul(wg[..., ky, kx].swapaxes(1, 2), gg)    # (G, Cg, Fg) @ (N, G, Fg, P) -> (N, G, Cg, P)
        wide[seen] += back.reshape(n, channels, *g.shape[2:])
    return unpad(wide, (height, width), padding).astype(g.dtype, copy=False)


def conv2d_weight(g: Array, x: Array, w_shape: Shape, stride: Pair, padding: Padding, dilation: Pair,
                  groups: int) -> Array:
    """The adjoint of conv2d in w: gradient (N, F, OH, OW) and input (N, C, H, W) -> w_shape."""
    n, filters, height, width = g.shape
    gg = working(g).reshape(n, groups, filters // groups, height * width)
    wide = pad(working(x), padding, 0)
    dw = np.empty((groups, filters // groups, *w_shape[1:]), gg.dtype)
    for ky, kx, seen in taps(w_shape[2:], (height, width), stride, dilation):
        xt = wide[seen].reshape(n, groups, w_shape[1], height * width)
        dw[..., ky, kx] = np.matmul(gg, xt.swapaxes(2, 3)).sum(0)   # (N, G, Fg, P) @ (N, G, P, Cg) -> (G, Fg, Cg)
    return dw.reshape(w_shape).astype(g.dtype, copy=False)


def conv2d_bias(g: Array) -> Array:
    """The adjoint of conv2d in b: gradient (N, F, OH, OW) -> (F,)."""
    return working(g).sum((0, 2, 3)).astype(g.dtype)


def max_pool2d(x: Array, kernel: Pair, stride: Pair, padding: Padding, dilation: Pair,
               out_size: Pair) -> tuple[Array, Array]:
    """Largest value of each window, and the tap `ky * KW + kx` where it was found.

    The first of equal values wins, NaN wins over all (the last NaN, as in PyTorch). Windows may reach over the padding.
    """
    lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    wide = pad(x, overhang(x.shape[2:], kernel, stride, padding, dilation, out_size), lowest)
    y = np.full((*x.shape[:2], *out_size), lowest, x.dtype)
    k = np.broadcast_to(first_tap(x.shape[2:], kernel, stride, padding, dilation, out_size), y.shape)
    k = k.astype(tap_dtype(kernel))
    for ky, kx, seen in taps(kernel, out_size, stride, dilation):
        v = wide[seen]
        wins = (v > y) | np.not_equal(v, v)                # greater, or NaN
        np.copyto(y, v, where=wins)
        np.copyto(k, ky * kernel[1] + kx, where=wins, casting="unsafe")
    return y, k


def max_pool2d_input(g: Array, k: Array, x_shape: Shape, kernel: Pair, stride: Pair, padding: Padding,
                     dilation: Pair) -> Array:
    """Adds each gradient at the place of its winner: (N, C, OH, OW) -> x_shape."""
    height, width = x_shape[2:]
    outer = overhang((height, width), kernel, stride, padding, dilation, g.shape[2:])
    wide = pad(np.zeros(x_shape, working(g).dtype), outer, 0)
    for ky, kx, seen in taps(kernel, g.shape[2:], stride, dilation):
        wide[seen] += np.where(k == ky * kernel[1] + kx, g, 0)
    return unpad(wide, (height, width), outer).astype(g.dtype, copy=False)


def max_pool2d_gather(x: Array, k: Array, kernel: Pair, stride: Pair, padding: Padding, dilation: Pair) -> Array:
    """Reads x at the winning taps: (N, C, H, W) -> k.shape. The adjoint of max_pool2d_input in g."""
    wide = pad(x, overhang(x.shape[2:], kernel, stride, padding, dilation, k.shape[2:]), 0)
    y = np.zeros(k.shape, x.dtype)
    for ky, kx, seen in taps(kernel, k.shape[2:], stride, dilation):
        np.copyto(y, wide[seen], where=k == ky * kernel[1] + kx)
    return y


def max_pool2d_flat(k: Array, x_shape: Shape, kernel: Pair, stride: Pair, padding: Padding, dilation: Pair) -> Array:
    """The winning taps as int64 positions in the flattened plane, `row * W + column`."""
    ky, kx = np.divmod(k.astype(np.int64), kernel[1])
    row = (np.arange(k.shape[2]) * stride[0] - padding[0][0])[:, None] + ky * dilation[0]
    column = np.arange(k.shape[3]) * stride[1] - padding[1][0] + kx * dilation[1]
    flat: Array = row * x_shape[3] + column
    return flat


def avg_pool2d(x: Array, kernel: Pair, stride: Pair, padding: Padding, out_size: Pair, count_include_pad: bool,
               divisor_override: int | None) -> Array:
    """Mean of each window -> (N, C, *out_size)."""
    wide = pad(working(x), overhang(x.shape[2:], kernel, stride, padding, (1, 1), out_size), 0)
    y = np.zeros((*x.shape[:2], *out_size), wide.dtype)
    for _, _, seen in taps(kernel, out_size, stride, (1, 1)):
        y += wide[seen]
    y /= divisors(x.shape[2:], kernel, stride, padding, out_size, count_include_pad, divisor_override).astype(y.dtype)
    return y.astype(x.dtype, copy=False)


def avg_pool2d_input(g: Array, x_shape: Shape, kernel: Pair, stride: Pair, padding: Padding, out_size: Pair,
                     count_include_pad: bool, divisor_override: int | None) -> Array:
    """The adjoint of avg_pool2d: (N, C, *out_size) -> x_shape."""
    height, width = x_shape[2:]
    gw = working(g)
    share = gw / divisors((height, width), kernel, stride, padding, out_size, count_include_pad,
                          divisor_override).astype(gw.dtype)
    outer = overhang((height, width), kernel, stride, padding, (1, 1), out_size)
    wide = pad(np.zeros(x_shape, gw.dtype), outer, 0)
    for _, _, seen in taps(kernel, out_size, stride, (1, 1)):
        wide[seen] += share
    return unpad(wide, (height, width), outer).astype(g.dtype, copy=False)


def adaptive_avg_pool2d(x: Array, out_size: Pair) -> Array:
    """Mean over out_size bins: (N, C, H, W) -> (N, C, *out_size). Bin i of n covers floor(i*H/n) .. ceil((i+1)*H/n)."""
    y = bin_sums(bin_sums(working(x), 2, out_size[0]), 3, out_size[1])
    y /= bin_counts(x.shape[2:], out_size).astype(y.dtype)
    return y.astype(x.dtype, copy=False)


def adaptive_avg_pool2d_input(g: Array, x_shape: Shape) -> Array:
    """The adjoint of adaptive_avg_pool2d: gradient -> x_shape."""
    gw = working(g)
    share = gw / bin_counts(x_shape[2:], g.shape[2:]).astype(gw.dtype)
    # Bin i holds place p exactly when, with sizes swapped, bin p holds place i.
    return bin_sums(bin_sums(share, 2, x_shape[2]), 3, x_shape[3]).astype(g.dtype, copy=False)


def draw(name: str, bit_generator: Any, out: Array, *numbers: float) -> bool:
    """Whether a loop drew numbers into `out`: here is none, and `rng` does it with NumPy's."""
    return False


def worthwhile() -> int:
    """The least number of elements to use a compiled kernel for where NumPy would do: here is none."""
    return sys.maxsize


# What the kernels share -----------------------------------------------------------------------------------------------

def conv_size(size: Shape, kernel: Shape, stride: Pair, padding: Padding, dilation: Pair) -> Pair:
    """Rows and columns of a convolution's output."""
    oh, ow = ((n + p[0] + p[1] - d * (k - 1) - 1) // s + 1
              for n, k, s, p, d in zip(size, kernel, stride, padding, dilation, strict=True))
    return oh, ow


def working(x: Array) -> Array:
    """float16 is computed in float32 and rounded once at the end."""
    return x.astype(np.float32) if x.dtype == np.float16 else x


def convert(x: Array, dtype: np.dtype[Any]) -> Array:
    """The numbers in another dtype."""
    return x.astype(dtype)


def split_filters(w: Array, groups: int) -> Array:
    """(F, Cg, KH, KW) -> (G, Fg, Cg, KH, KW)"""
    return w.reshape(groups, w.shape[0] // groups, *w.shape[1:])


def pad(x: Array, padding: Padding, value: float) -> Array:
    """x with `value` around its last two axes; where a padding is negative, cut."""
    (top, bottom), (left, right) = padding
    inner = x[..., max(-top, 0):x.shape[-2] - max(-bottom, 0), max(-left, 0):x.shape[-1] - max(-right, 0)]
    wide = np.full((*x.shape[:-2], x.shape[-2] + top + bottom, x.shape[-1] + left + right), value, x.dtype)
    row, column = max(top, 0), max(left, 0)
    wide[..., row:row + inner.shape[-2], column:column + inner.shape[-1]] = inner
    return wide


def unpad(wide: Array, size: Pair, padding: Padding) -> Array:
    """The inverse of pad; rows and columns that pad had cut off are zero."""
    (top, bottom), (left, right) = padding
    return pad(wide, ((-top, -bottom), (-left, -right)), 0).reshape(*wide.shape[:-2], *size)


def taps(kernel: Shape, out_size: Shape, stride: Pair, dilation: Pair) -> Iterator[tuple[int, int, Any]]:
    """Each tap (ky, kx), and the index of what it sees of the padded input over all windows."""
    def seen(start: int, count: int, step: int) -> slice:
        return slice(start, start + step * (count - 1) + 1, step)
    for ky in range(kernel[0]):
        for kx in range(kernel[1]):
            yield ky, kx, (..., seen(ky * dilation[0], out_size[0], stride[0]),
                           seen(kx * dilation[1], out_size[1], stride[1]))


def overhang(size: Shape, kernel: Pair, stride: Pair, padding: Padding, dilation: Pair, out_size: Shape) -> Padding:
    """The padding with bottom and right as far as the last window reaches (ceil_mode), even if that is less."""
    (top, bottom), (left, right) = ((p[0], (o - 1) * s + d * (k - 1) + 1 - n - p[0]) for n, k, s, p, d, o
                                    in zip(size, kernel, stride, padding, dilation, out_size, strict=True))
    return (top, bottom), (left, right)


def tap_dtype(kernel: Pair) -> np.dtype[Any]:
    """The smallest unsigned type that can name every tap of a window."""
    return np.min_scalar_type(kernel[0] * kernel[1] - 1)


def first_tap(size: Shape, kernel: Pair, stride: Pair, padding: Padding, dilation: Pair, out_size: Pair) -> Array:
    """The first tap of each window that lies in the input: what wins where all values are -inf. (OH, OW)"""
    ky, kx = (np.maximum(0, -((np.arange(o) * s - p[0]) // d))
              for s, p, d, o in zip(stride, padding, dilation, out_size, strict=True))
    return np.minimum(ky, kernel[0] - 1)[:, None] * kernel[1] + np.minimum(kx, kernel[1] - 1)


def window_counts(size: int, kernel: int, stride: int, padding: Pair, count: int, include_pad: bool) -> Array:
    """How many places of each window count, along one axis; a window ends at the padded input's end at the latest."""
    start = np.arange(count) * stride - padding[0]
    end = np.minimum(start + kernel, size + padding[1])
    if not include_pad:
        start, end = np.maximum(start, 0), np.minimum(end, size)
    return end - start


def divisors(size: Shape, kernel: Pair, stride: Pair, padding: Padding, out_size: Pair, include_pad: bool,
             override: int | None) -> Array:
    """What avg_pool2d divides each window's sum by, (OH, OW); 1 where no place counts (the sum is 0 there)."""
    if override is not None:
        return np.full(out_size, override)
    rows, columns = (window_counts(n, k, s, p, o, include_pad)
                     for n, k, s, p, o in zip(size, kernel, stride, padding, out_size, strict=True))
    return np.maximum(rows, 1)[:, None] * np.maximum(columns, 1)


def bin_edges(size: int, bins: int) -> tuple[Array, Array]:
    """Where each bin of an adaptive pooling starts, and where it ends (exclusive)."""
    i = np.arange(bins)
    return i * size // bins, -(-(i + 1) * size // bins)


def bin_counts(size: Shape, bins: Shape) -> Array:
    """How many places each bin covers, (rows of bins, columns of bins)."""
    (top, bottom), (left, right) = bin_edges(size[0], bins[0]), bin_edges(size[1], bins[1])
    counts: Array = np.multiply.outer(bottom - top, right - left)
    return counts


def bin_sums(x: Array, axis: int, bins: int) -> Array:
    """Sum over each bin along one axis."""
    edges = np.stack(bin_edges(x.shape[axis], bins), 1).reshape(-1)      # start 0, end 0, start 1, ...
    one_more = np.concatenate([x, np.zeros_like(np.take(x, [0], axis))], axis)   # the last end must be a place
    sums = np.add.reduceat(one_more, edges, axis)                        # between all neighbours; every second is a bin
    return sums[(slice(None),) * axis + (slice(None, None, 2),)]


def matmul(x: Array, y: Array) -> Array:
    """x @ y, where `dot` asks BLAS for an outer product too."""
    found: Array = x.dot(y) if x.ndim == y.ndim == 2 else x @ y
    return found


def linear(x: Array, w: Array, b: Array | None) -> Array:
    """x (N, K) @ w.T (K, F) + b (F,) -> (N, F), of one dtype."""
    y: Array = x.dot(w.T)
    if b is not None:
        y += b
    return y


def add_rows(out: Array, rows: Array, values: Array) -> None:
    """out[rows[i]] += values[i] for every i: (M, R), (N,), (N, R). Rows that repeat add up."""
    width = out.shape[1]
    at = rows if width == 1 else (rows[:, None] * width + np.arange(width)).reshape(-1)
    np.add.at(out.reshape(-1), at, values.reshape(-1))                   # flat: six times as fast as row by row


def multiply_rows(out: Array, rows: Array, values: Array) -> None:
    """out[rows[i]] *= values[i] for every i: (M, R), (N,), (N, R). Rows that repeat multiply up."""
    np.multiply.at(out, rows, values)


def gelu(x: Array, tanh: bool) -> Array:
    """x times the normal distribution function of x, or its approximation by tanh."""
    from scipy.special import ndtr
    return x * (half_turn(x) if tanh else ndtr(x))


def gelu_input(g: Array, x: Array, tanh: bool) -> Array:
    """g times the derivative of gelu at x."""
    from scipy.special import ndtr
    if tanh:
        h = half_turn(x)
        return g * (h + x * h * (1 - h) * (2 * TANH_SCALE) * (1 + 3 * TANH_CUBIC * x * x))
    return g * (ndtr(x) + x * np.exp(x * x * -0.5) * (2 * math.pi) ** -0.5)


TANH_SCALE, TANH_CUBIC = math.sqrt(2 / math.pi), 0.044715             # Hendrycks & Gimpel 2016


def half_turn(x: Array) -> Array:
    """(1 + tanh(u)) / 2, where u is the cubic that makes it resemble the normal distribution."""
    return (1 + np.tanh(TANH_SCALE * x * (1 + TANH_CUBIC * x * x))) / 2
