"""Convolutions, pools, norms, attention, embeddings, interpolation: ops that take more than a line."""
from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import UnsupportedError
from ..ops.resample import Filter
from ..ops.resample import table as filter_table
from .graph import Graph, Ref
from .sizes import Size
from .table import INT64_MAX, Converter, reduced

Pads = list[list[int]]                               # ((before, after), ...) per spatial dimension


def ends(pads: Pads) -> list[int]:
    """ONNX's order: all that comes before, then all that comes after."""
    return [before for before, _ in pads] + [after for _, after in pads]


# ---------------------------------------------------------------- convolutions
def convolution(k: Graph, x: Ref, w: Ref, b: Ref | None, stride: Any, padding: Pads, dilation: Any, groups: int) -> Ref:
    if any(p < 0 for pair in padding for p in pair):
        x = pad(k, x, [[0, 0], [0, 0], *[[min(p, 0) for p in pair] for pair in padding]], 0)
        padding = [[max(p, 0) for p in pair] for pair in padding]
    found: Ref = k.Conv(x, w, b, strides=stride, pads=ends(padding), dilations=dilation, group=groups)
    return found


def transposed(k: Graph, x: Ref, w: Ref, shape: Any, stride: Any, padding: Pads, dilation: Any, groups: int) -> Ref:
    """What is cut off the end less than nothing is ONNX's output_padding."""
    more = [max(-after, 0) for _, after in padding]
    cut = [[before, max(after, 0)] for before, after in padding]
    assert w.shape is not None
    if x.shape is not None and not any(isinstance(n, Size) for n in [*x.shape[2:], *shape[2:]]):     # rows that no window reaches
        full = [(n - 1) * s - a - b + d * (f - 1) + 1 for n, s, (a, b), d, f in zip(x.shape[2:], stride, cut, dilation, w.shape[2:])]
        more = [n - m for n, m in zip(shape[2:], full)]
    over = [max(m - s + 1, 0) for m, s in zip(more, stride)]
    y = k.ConvTranspose(x, w, strides=stride, pads=ends(cut), dilations=dilation, group=groups,
                        output_padding=[m - o for m, o in zip(more, over)])
    return k.Pad(y, k.ints(*[0] * 4, 0, 0, *over)) if any(over) else y


def windows(k: Graph, x: Ref, dim: int, kernel: int, count: int, stride: int, padding: int, dilation: int) -> Ref:
    """(..., size, ...) -> (..., kernel, count, ...)"""
    if isinstance(count, Size):
        raise UnsupportedError("the number of windows follows a dynamic axis")
    if padding:
        pads = [0] * (2 * x.ndim)
        pads[dim] = pads[x.ndim + dim] = padding
        x = Ref(k, k.Pad(x, k.ints(*pads)).name, None, x.dtype)
    at = np.arange(kernel)[:, None] * dilation + np.arange(count) * stride
    found: Ref = k.Gather(x, k.constant(at, np.int64), axis=dim)
    return found


def added_windows(k: Graph, x: Ref, dim: int, size: Any, stride: int, padding: int, dilation: int) -> Ref:
    """(..., kernel, count, ...) -> (..., size, ...): the windows added up where they overlap, as a product with a matrix of 0 and 1."""
    assert x.shape is not None
    kernel, count = x.shape[dim:dim + 2]
    if any(isinstance(n, Size) for n in (kernel, count, size)):
        raise UnsupportedError("the number of windows follows a dynamic axis")
    at = np.arange(kernel)[:, None] * dilation + np.arange(count) * stride - padding
    matrix = (at.reshape(-1, 1) == np.arange(size)).astype(x.dtype)
    rest = [d for d in range(x.ndim) if d not in (dim, dim + 1)]
    rows = k.Reshape(k.Transpose(x, perm=[*rest, dim, dim + 1]), k.ints(*[0] * len(rest), -1))
    found: Ref = k.Transpose(k.MatMul(rows, matrix), perm=[*range(dim), len(rest), *range(dim, len(rest))])
    return found


# ---------------------------------------------------------------- pools
def beyond(x: Ref, kernel: Any, stride: Any, padding: Pads, dilation: Any, out_size: Any) -> list[int] | None:
    """How far the last windows reach beyond the padding (ceil_mode); None where the size of the image is not fixed."""
    assert x.shape is not None
    if any(isinstance(n, Size) for n in [*x.shape[2:], *out_size]):
        return None
    return [max((o - 1) * s + d * (f - 1) + 1 - n - a - b, 0)
            for n, f, s, (a, b), d, o in zip(x.shape[2:], kernel, stride, padding, dilation, out_size)]


def max_pool(k: Graph, x: Ref, kernel: Any, stride: Any, padding: Pads, dilation: Any, out_size: Any) -> Ref:
    over = beyond(x, kernel, stride, padding, dilation, out_size) or [0, 0]
    pads = [[a, b + o] for (a, b), o in zip(padding, over)]
    if any(max(pair) >= d * (f - 1) + 1 for pair, f, d in zip(pads, kernel, dilation)):       # more than ONNX's MaxPool may pad
        lowest = k.constant(np.finfo(x.dtype).min, x.dtype)
        x = k.Pad(x, k.ints(0, 0, *[a for a, _ in pads], 0, 0, *[b for _, b in pads]), lowest)
        pads = [[0, 0], [0, 0]]
    found: Ref = k.MaxPool(x, kernel_shape=kernel, strides=stride, pads=ends(pads), dilations=dilation)
    return found


def avg_pool(k: Graph, x: Ref, kernel: Any, stride: Any, padding: Pads, out_size: Any, count_include_pad: bool, divisor: Any) -> Ref:
    over = beyond(x, kernel, stride, padding, [1, 1], out_size)
    if over is None or (not any(over) and divisor is None):
        found: Ref = k.AveragePool(x, kernel_shape=kernel, strides=stride, pads=ends(padding), count_include_pad=int(count_include_pad))
        return found if divisor is None else found * (float(np.prod(kernel)) / divisor)
    pads = [[a, b + o] for (a, b), o in zip(padding, over)]      # sums of windows, divided by what counts in each
    padded = k.Pad(x, k.ints(0, 0, *[a for a, _ in pads], 0, 0, *[b for _, b in pads]))
    sums = k.AveragePool(padded, kernel_shape=kernel, strides=stride) * float(np.prod(kernel))
    assert x.shape is not None
    counts = [np.array([min(i * s - a + f, n + (b if count_include_pad else 0)) - max(i * s - a, -a if count_include_pad else 0)
                        for i in range(o)])
              for n, f, s, (a, b), o in zip(x.shape[2:], kernel, stride, padding, out_size)]
    by = np.multiply.outer(*counts) if divisor is None else np.array(float(divisor))
    return sums / k.constant(by, x.dtype)


def adaptive_mean(k: Graph, x: Ref, out_size: Any) -> Ref:
    """Means of bins: of the whole image, of bins of one size, or as two products with matrices."""
    assert x.shape is not None
    if list(out_size) == [1, 1]:
        found: Ref = k.GlobalAveragePool(x)
        return found
    sizes = x.shape[2:]
    if any(isinstance(n, Size) for n in sizes):
        raise UnsupportedError("the bins follow a dynamic axis")
    if not any(n % o for n, o in zip(sizes, out_size)):
        bins = [n // o for n, o in zip(sizes, out_size)]
        pooled: Ref = k.AveragePool(x, kernel_shape=bins, strides=bins)
        return pooled
    rows, columns = [bin_means(n, o) for n, o in zip(sizes, out_size)]
    product: Ref = k.MatMul(k.MatMul(k.constant(rows, x.dtype), x), k.constant(columns.T, x.dtype))
    return product


def bin_means(size: int, bins: int) -> Any:
    """(bins, size): what the mean of each bin takes of each place."""
    found = np.zeros((bins, size))
    for i in range(bins):
        start, stop = i * size // bins, -(-(i + 1) * size // bins)
        found[i, start:stop] = 1 / (stop - start)
    return found


def adaptive_max(k: Graph, x: Ref, out_size: Any) -> Ref:
    """Maxima of bins; where they stand cannot be exported."""
    assert x.shape is not None
    n = len(out_size)
    if set(out_size) == {1}:
        return k.reduce("ReduceMax", x, list(range(2, x.ndim)), True)
    sizes = x.shape[-n:]
    if any(isinstance(s, Size) for s in sizes):
        raise UnsupportedError("the bins follow a dynamic axis")
    for d, (size, bins) in enumerate(zip(sizes, out_size), x.ndim - n):
        starts = [i * size // bins for i in range(bins)]
        stops = [-(-(i + 1) * size // bins) for i in range(bins)]
        parts = [k.ReduceMax(k.Slice(x, k.ints(a), k.ints(b), k.ints(d)), k.ints(d), keepdims=1) for a, b in zip(starts, stops)]
        x = k.Concat(*parts, axis=d)
    return x


# ---------------------------------------------------------------- norms
def batch_norm(k: Graph, x: Ref, w: Ref | None, b: Ref | None, mean: Any, var: Any, training: bool, eps: float) -> Ref:
    assert x.shape is not None
    channels, dtype = x.shape[1], x.dtype
    w = w if w is not None else k.constant(np.ones(channels), dtype)
    b = b if b is not None else k.constant(np.zeros(channels), dtype)
    if training:                                     # without running statistics, also in evaluation
        dims = [0, *range(2, x.ndim)]
        mean = k.reduce("ReduceMean", x, dims, True)
        away = Ref(k, (x - mean).name, x.shape, dtype)
        var = k.reduce("ReduceMean", Ref(k, (away * away).name, x.shape, dtype), dims, True)
        return away / k.Sqrt(var + eps) * spread(k, w, x) + spread(k, b, x)
    found: Ref = k.BatchNormalization(x, w, b, mean, var, epsilon=eps)
    return found


def spread(k: Graph, w: Ref, x: Ref) -> Ref:
    """(C,) -> (C, 1, ...), to go with (N, C, ...)."""
    return k.reshape(w, [-1, *[1] * (x.ndim - 2)]) if x.ndim > 2 else w


def layer_norm(k: Graph, x: Ref, shape: Any, w: Ref | None, b: Ref | None, eps: float) -> Ref:
    w = w if w is not None else k.constant(np.ones(shape), x.dtype)
    found: Ref = k.LayerNormalization(x, w, b, axis=-len(shape), epsilon=eps)
    return found


def rms_norm(k: Graph, x: Ref, shape: Any, w: Ref | None, eps: float | None) -> Ref:
    square = Ref(k, (x * x).name, x.shape, x.dtype)
    mean = k.reduce("ReduceMean", square, list(range(-len(shape), 0)), True)
    y = x / k.Sqrt(mean + (float(np.finfo(x.dtype).eps) if eps is None else eps))
    return y if w is None else y * w


def group_norm(k: Graph, x: Ref, groups: int, w: Ref | None, b: Ref | None, eps: float) -> Ref:
    """Each group is an instance of its own: (N, C, ...) -> (N, groups, rest)."""
    one, zero = k.constant(np.ones(groups), x.dtype), k.constant(np.zeros(groups), x.dtype)
    y = k.InstanceNormalization(k.Reshape(x, k.ints(0, groups, -1)), one, zero, epsilon=eps)
    y = k.Reshape(y, k.Shape(x))
    y = y if w is None else y * spread(k, w, x)
    return y if b is None else y + spread(k, b, x)


# ---------------------------------------------------------------- attention
def attend(k: Graph, x: Ref, hidden: Ref | None, masked: bool) -> Ref:
    """Softmax over keys; 0 for a query that may look nowhere."""
    if hidden is None and not masked:
        found: Ref = k.Softmax(x, axis=-1)
        return found
    if hidden is not None:
        x = Ref(k, k.Where(hidden, -np.inf, x).name, x.shape, x.dtype)
    blind = k.Equal(k.reduce("ReduceMax", x, -1, True), -np.inf)
    weights: Ref = k.Where(blind, 0.0, k.Softmax(k.Where(blind, 0.0, x), axis=-1))
    return weights


# ---------------------------------------------------------------- tables and sizes
def table_rows(k: Graph, w: Ref, index: Ref, padding_idx: Any, by_frequency: bool) -> Ref:
    found: Ref = k.Gather(w, index, axis=0)
    return found


def resample(k: Graph, x: Ref, dim: int, count: Any, how: Filter) -> Ref:
    """Interpolation along one dimension: Resize, or where ONNX means something else by it, a product with a matrix."""
    assert x.shape is not None
    scales = [1.0] * x.ndim
    scales[dim] = how.scale or 1.0
    size: Any = k.ints(*[count if d == dim else n for d, n in enumerate(x.shape)]) if how.scale is None else None
    factors = None if how.scale is None else k.constant(scales, np.float32)
    if how.mode.startswith("nearest"):
        exact = how.mode == "nearest-exact"
        nearest: Ref = k.Resize(x, None, factors, size, mode="nearest", nearest_mode="round_prefer_ceil" if exact else "floor",
                                coordinate_transformation_mode="half_pixel" if exact else "asymmetric")
        return nearest
    if not how.antialias and not isinstance(count, Size) and not isinstance(x.shape[dim], Size):
        if x.shape[dim] == count == 1:
            return x
    elif how.antialias and (isinstance(count, Size) or isinstance(x.shape[dim], Size)):
        raise UnsupportedError("antialiasing follows a dynamic axis")
    if how.antialias or how.align_corners and count == 1:
        places, weights = filter_table(x.shape[dim], count, how, x.dtype.itemsize < 8)
        matrix = np.zeros((x.shape[dim], count))
        for at, w in zip(places, weights):
            np.add.at(matrix, (at, np.arange(count)), w)
        last = list(range(x.ndim))
        last[dim], last[-1] = last[-1], last[dim]
        product: Ref = k.Transpose(k.MatMul(k.Transpose(x, perm=last), k.constant(matrix, x.dtype)), perm=last)
        return product
    if how.align_corners:                            # then the factor plays no part
        size, factors = k.ints(*[count if d == dim else n for d, n in enumerate(x.shape)]), None
    found: Ref = k.Resize(x, None, factors, size, mode=how.mode, cubic_coeff_a=-0.75,
                          coordinate_transformation_mode="align_corners" if how.align_corners else "half_pixel")
    return found


def pad(k: Graph, x: Ref, pads: Pads, value: Any) -> Ref:
    """A border of one value; where it is less than nothing, something is cut off."""
    cut = [(d, -min(a, 0), min(b, 0)) for d, (a, b) in enumerate(pads) if a < 0 or b < 0]
    if cut:
        dims, starts, stops = zip(*cut)
        x = Ref(k, k.Slice(x, k.ints(*starts), k.ints(*[stop or INT64_MAX for stop in stops]), k.ints(*dims)).name, None, x.dtype)
    pads = [[max(a, 0), max(b, 0)] for a, b in pads]
    found: Ref = k.Pad(x, k.ints(*ends(pads)), k.constant(value, x.dtype)) if any(map(any, pads)) else x
    return found


# ---------------------------------------------------------------- losses
def nll(k: Graph, x: Ref, target: Ref, weight: Ref | None, ignore_index: int, reduction: str) -> Ref:
    found: Ref = k.NegativeLogLikelihoodLoss(x, target, weight, ignore_index=ignore_index, reduction=reduction)
    return found


def cross_entropy(k: Graph, x: Ref, target: Ref, weight: Ref | None, ignore_index: int, reduction: str, label_smoothing: float) -> Ref:
    if label_smoothing:
        raise UnsupportedError("label_smoothing has no counterpart in ONNX")
    found: Ref = k.SoftmaxCrossEntropyLoss(x, target, weight, ignore_index=ignore_index, reduction=reduction)
    return found


def bernoulli(k: Graph, x: Ref, t: Ref, weight: Ref | None, reduction: str) -> Ref:
    loss = -(t * k.Max(k.Log(x), -100.0) + (-t + 1) * k.Max(k.Log(-x + 1), -100.0))
    return reduced(k, loss if weight is None else loss * weight, x, reduction)


def bernoulli_logits(k: Graph, x: Ref, t: Ref, weight: Ref | None, reduction: str, pos_weight: Ref | None) -> Ref:
    sure = -k.Softplus(-x)                           # log(sigmoid(x))
    loss = (-t + 1) * x - (sure if pos_weight is None else (t * (pos_weight - 1) + 1) * sure)
    return reduced(k, loss if weight is None else loss * weight, x, reduction)


TABLE: dict[str, Converter] = {
    "convolution": convolution, "conv2d_input": transposed, "take_windows": windows, "add_windows": added_windows,
    "max_pool": max_pool, "max_pool_with_indices": max_pool, "avg_pool": avg_pool,
    "adaptive_mean": adaptive_mean, "adaptive_max": adaptive_max,
    "batch_normalize": batch_norm, "layer_norm": layer_norm, "rms_norm": rms_norm, "group_normalize": group_norm,
    "attend": attend, "table_rows": table_rows, "resample_along": resample, "pad_constant": pad,
    "nll": nll, "class_cross_entropy": cross_entropy, "bernoulli_nll": bernoulli, "bernoulli_logits_nll": bernoulli_logits,
}
