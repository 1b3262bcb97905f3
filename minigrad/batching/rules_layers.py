"""Batching rules of matrix products, factorizations, and the layers of neural networks.

Most of these ops take leading dimensions as they come. Those that know one batch dimension, as convolution does, get all
samples folded into it; where the weights are batched too, samples become groups of channels.
"""
from __future__ import annotations

from math import prod
from typing import Any

from ..engine.node import TensorBase
from ..errors import ShapeError, describe
from ..ops.axes import movedim
from ..ops.cast import cast
from ..ops.elementwise import add, mul
from ..ops.matmul import matmul as product
from ..ops.norm import layer_norm as normalized
from ..ops.norm import rms_norm as rms_normalized
from ..ops.raw import conj
from ..ops.reduce import sum
from .dispatch import Call, batches, sample_by_sample, tensor_of


# ---------------------------------------------------------------- products
@batches("matmul mm bmm mv")
def matmul(c: Call) -> Any:
    """Vectors become matrices; leading dimensions broadcast."""
    first, second = c.op.names
    x, y = c[first], c[second]
    if c.op.name != "matmul":
        wanted = {"mm": (2, 2), "bmm": (3, 3), "mv": (2, 1)}[c.op.name]
        if (x.ndim, y.ndim) != wanted or c.op.name == "bmm" and x.shape[0] != y.shape[0]:
            return sample_by_sample(c)               # says what is wrong
    if not x.ndim or not y.ndim:
        return sample_by_sample(c)
    if y.ndim <= 2 and not c.holds(y):
        return product(c.whole(x), y) if y.ndim == 1 or x.ndim == 1 else with_one_matrix(c.whole(x), y)
    row, column = x.ndim == 1, y.ndim == 1
    x = c.padded(x, 2)
    y = c.whole(y).unsqueeze(-1) if column and c.holds(y) else c.whole(y)
    ndim = max(c[first].ndim, c[second].ndim, 2)
    x, y = lead(c, c[first], x, ndim), lead(c, c[second], y, ndim)
    out = product(x, y)
    if row and c.holds(c[first]):
        out = out.squeeze(-2)
    return out.squeeze(-1) if column and c.holds(c[second]) else out


def with_one_matrix(x: Any, y: Any) -> Any:
    """(..., n, k) @ (k, m): one product of matrices instead of one per sample."""
    return product(x.reshape((prod(x.shape[:-1]), x.shape[-1])), y).reshape((*x.shape[:-1], y.shape[-1]))


def lead(c: Call, before: Any, x: Any, ndim: int) -> Any:
    """Samples that are matrices, with leading ones behind the sample dimension."""
    if not c.holds(before):
        return x
    missing = ndim + 1 - x.ndim
    return x.reshape((x.shape[0], *[1] * missing, *x.shape[1:])) if missing > 0 else x


@batches("dot vdot")
def dot(c: Call) -> Any:
    first, second = c.op.names
    x, y = c[first], c[second]
    if x.ndim != 1 or x.shape != y.shape:
        return sample_by_sample(c)                   # says what is wrong
    return sum(mul(conj(x) if c.op.name == "vdot" else x, y), -1)


@batches("linear")
def linear(c: Call) -> Any:
    x, w, b = c["input"], c["weight"], c["bias"]
    if not c.holds(w) and not c.holds(b):
        return c(input=c.whole(x))
    if w.ndim != 2 or not x.ndim or x.shape[-1] != w.shape[1]:
        raise ShapeError(f"linear: mat1 and mat2 shapes cannot be multiplied: last axis of x must be in_features of w (out_features, "
                         f"in_features); got x {describe(x)}, w {describe(w)}")
    out = product(x, w.transpose(-2, -1))
    return out if b is None else add(out, b)


@batches("addmm addmv addr baddbmm addbmm")
def addmm(c: Call) -> Any:
    """beta * input + alpha * product, written out."""
    x, a, b = [c[name] for name in c.op.names[:3]]
    y = a.unsqueeze(-1) * b.unsqueeze(-2) if c.op.name == "addr" else product(a, b)
    y = sum(y, 0) if c.op.name == "addbmm" else y
    y = y if c["alpha"] == 1 else mul(y, c["alpha"])
    if c["beta"] == 0:
        return c.front(y)
    return add(y, x if c["beta"] == 1 else mul(x, c["beta"]))


@batches("contract")
def contract(c: Call) -> Any:
    """einsum of two operands: the samples are one more label, which stays."""
    x, y = c["input"], c["other"]
    label = "samples" + str(c.level.depth)
    xs, ys, out = [tuple(c[name]) for name in ("x_labels", "y_labels", "out_labels")]
    if c.holds(x):
        xs = (label, *xs)
    if c.holds(y):
        ys = (label, *ys)
    return c(input=c.whole(x), other=c.whole(y), x_labels=xs, y_labels=ys, out_labels=(label, *out))


# ---------------------------------------------------------------- matrices
@batches("inv det slogdet_parts cofactors linalg_cholesky qr_factors svd_factors svdvals eigh_factors eigvalsh eig_factors eigvals",
         "matrix_exp pseudo_inverse")
def matrices(c: Call) -> Any:
    return c(**{c.first: c.whole(c[c.first])}) if c[c.first].ndim >= 2 else sample_by_sample(c)


@batches("solve_matrix solve_triangular")
def solve(c: Call) -> Any:
    ndim = max(c["A"].ndim, c["B"].ndim)
    return c(A=c.padded(c["A"], ndim), B=c.padded(c["B"], ndim))


# ---------------------------------------------------------------- norms
@batches("layer_norm rms_norm")
def over_last(c: Call) -> Any:
    """Over the last dimensions; scale and shift that differ between samples are applied afterwards."""
    w, b = c["weight"], c.values.get("bias")
    if not c.holds(w) and not c.holds(b):
        return c(input=c.whole(c["input"]))
    if c.op.name == "rms_norm":
        return mul(rms_normalized(c["input"], c["normalized_shape"], None, c["eps"]), w)
    y = normalized(c["input"], c["normalized_shape"], None, None, c["eps"])
    y = y if w is None else mul(y, w)
    return y if b is None else add(y, b)


@batches("group_normalize")
def group_normalize(c: Call) -> Any:
    if c.holds(c["weight"]) or c.holds(c["bias"]):
        return sample_by_sample(c)
    y, m, var = c(input=folded(c, c["input"]))
    return type_of(c, (unfolded(c, y), unfolded(c, m), unfolded(c, var)))


def type_of(c: Call, parts: tuple[Any, ...]) -> Any:
    return c.op.returns(*parts) if c.op.returns is not None else parts


# ---------------------------------------------------------------- one batch dimension
def folded(c: Call, value: Any) -> Any:
    """All samples, (samples, N, ...) -> (samples * N, ...)."""
    x = c.front(value)
    return x.reshape((-1, *x.shape[2:])) if x.shape[0] * x.shape[1] else x.reshape((0, *x.shape[2:]))


def unfolded(c: Call, x: Any) -> Any:
    """(samples * N, ...) -> (samples, N, ...)."""
    n = c.level.size
    return x.reshape((n, x.shape[0] // n if n else 0, *x.shape[1:]))


@batches("max_pool avg_pool adaptive_mean max_pool_gather")
def pool(c: Call) -> Any:
    changed = {"input": folded(c, c["input"])}
    if "taps" in c.values:
        changed["taps"] = folded(c, c["taps"])
    return unfolded(c, c(**changed))


@batches("max_pool_with_indices adaptive_max")
def pool_with_indices(c: Call) -> Any:
    found = c(input=folded(c, c["input"]))
    return type(found)(*[unfolded(c, part) for part in found])


@batches("max_pool_input avg_pool_input adaptive_mean_input")
def pool_input(c: Call) -> Any:
    changed = {"other": folded(c, c["other"]), "shape": (c.level.size * c["shape"][0], *c["shape"][1:])}
    if "taps" in c.values:
        changed["taps"] = folded(c, c["taps"])
    return unfolded(c, c(**changed))


@batches("drop alpha_drop noisy_relu")
def drop(c: Call) -> Any:
    """Random numbers: a set for each sample, or one for all."""
    c.level.allow_randomness()
    x = c["input"]
    if c.level.randomness == "different":
        shape = {"shape": (c.level.size, *c["shape"])} if "shape" in c.values else {}
        return c(input=c.front(x), **shape)
    if c.op.name == "drop":
        ones = x.detach().new_ones(tuple(x.shape))
        return mul(x, c(input=ones))
    moved = c.whole(x).movedim(0, -1)                # one decision per element of a sample, for all samples
    if "shape" not in c.values:
        return sample_by_sample(c)
    return movedim(c(input=moved, shape=(*c["shape"], 1)), -1, 0)


# ---------------------------------------------------------------- convolution
def many_channels(c: Call, x: Any) -> Any:
    """(samples, N, C, H, W) -> (N, samples * C, H, W): each sample has channels of its own."""
    x = c.front(x).transpose(0, 1)
    return x.reshape((x.shape[0], x.shape[1] * x.shape[2], *x.shape[3:]))


def own_channels(c: Call, x: Any) -> Any:
    """(N, samples * C, H, W) -> (samples, N, C, H, W)."""
    return x.reshape((x.shape[0], c.level.size, x.shape[1] // c.level.size, *x.shape[2:])).transpose(0, 1)


def many_filters(c: Call, w: Any) -> Any:
    """(samples, F, C, KH, KW) -> (samples * F, C, KH, KW)."""
    w = c.front(w)
    return w.reshape((w.shape[0] * w.shape[1], *w.shape[2:]))


@batches("convolution")
def convolution(c: Call) -> Any:
    """One set of filters: all samples in one batch. A set for each sample: a group for each sample."""
    x, w, b = c["input"], c["weight"], c["bias"]
    if not c.holds(w):
        own = b if c.holds(b) else None
        y = unfolded(c, c(input=folded(c, x), bias=None if own is not None else b))
    else:
        own = b
        y = own_channels(c, c(input=many_channels(c, x), weight=many_filters(c, w), bias=None, groups=c["groups"] * c.level.size))
    if own is None:
        return y
    own = c.whole(own)
    return add(y, own.reshape((*own.shape[:-1], 1, own.shape[-1], 1, 1)) if c.holds(b) else own.reshape((-1, 1, 1)))


@batches("conv2d_input")
def convolution_input(c: Call) -> Any:
    n, channels, *size = c["shape"]
    if not c.holds(c["weight"]):
        return unfolded(c, c(other=folded(c, c["other"]), shape=(c.level.size * n, channels, *size)))
    return own_channels(c, c(other=many_channels(c, c["other"]), weight=many_filters(c, c["weight"]),
                             shape=(n, c.level.size * channels, *size), groups=c["groups"] * c.level.size))


@batches("conv2d_weight")
def convolution_weight(c: Call) -> Any:
    """Each sample has a gradient of its own, so each is a group."""
    filters, *rest = c["shape"]
    found = c(other=many_channels(c, c["other"]), input=many_channels(c, c["input"]), shape=(c.level.size * filters, *rest),
              groups=c["groups"] * c.level.size)
    return found.reshape((c.level.size, filters, *rest))


# ---------------------------------------------------------------- losses of classification
@batches("class_cross_entropy nll")
def class_loss(c: Call) -> Any:
    """All samples as one batch, a loss for each element, reduced per sample."""
    x, t, w = c["input"], c["target"], c["weight"]
    if x.ndim < 1 or c.holds(w) or c["reduction"] == "mean" and w is not None or not c.level.size:
        return sample_by_sample(c)
    alone = x.ndim == 1                              # (C,) and (): all samples are one batch already
    each = c(input=c.front(x), target=c.front(t), reduction="none") if alone else unfolded(
        c, c(input=folded(c, x), target=folded(c, t), reduction="none"))
    if c["reduction"] == "none":
        return each
    total = each if alone else sum(each, tuple(range(1, each.ndim)))
    if c["reduction"] == "sum":
        return total
    counted = c.front(t) != c["ignore_index"]
    return total / cast(as_tensor(sum_of(counted)), x.array.dtype)


def sum_of(mask: Any) -> Any:
    """How many are true of each sample."""
    m = as_tensor(mask)
    return sum(m, tuple(range(1, m.ndim))) if m.ndim > 1 else m


def as_tensor(value: Any) -> Any:
    return value if isinstance(value, TensorBase) else tensor_of(value)

